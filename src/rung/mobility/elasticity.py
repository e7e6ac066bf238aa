"""The intergenerational elasticity: by how many percent a child's income is higher for each percent
of the parents'.

A logarithm has no place for an income of zero, and what is done with zeros moves the elasticity far
more than its standard error says (Chetty et al. 2014). So it is told with what became of zeros:

    log_log    least squares of logs, of pairs where both incomes are above zero
    expected   the elasticity of the expected income of children, who may have none: Poisson
               regression (Mitnik and Grusky 2020; Santos Silva and Tenreyro 2006)

Negative incomes have no elasticity of either kind.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from rung.mobility.ranks import Floats


class Elasticity(NamedTuple):
    """An elasticity, its standard error robust to unequal variances, and pairs it rests on."""

    value: float
    se: float
    n: int


def log_log(parent: Floats, child: Floats, weights: Floats | None = None) -> Elasticity | None:
    """Weighted least squares of log child income on log parent income, HC1 errors.

    All incomes are above zero. None when there are fewer than three pairs or parents do not differ.
    """
    n = len(parent)
    if n < 3:
        return None
    p = np.full(n, 1 / n) if weights is None else weights / weights.sum()
    x, y = np.log(parent), np.log(child)
    nu = x - p @ x
    spread = p @ nu**2
    if spread < 1e-15:
        return None
    slope = p @ (nu * y) / spread
    off = y - p @ y - slope * nu
    variance = (p * nu * off) @ (p * nu * off) / spread**2 * n / (n - 2)
    return Elasticity(float(slope), math.sqrt(variance), n)


def expected(parent: Floats, child: Floats, weights: Floats | None = None) -> Elasticity | None:
    """The elasticity of expected child income, by Poisson pseudo-likelihood, robust errors.

    Parents' incomes are above zero, children's zero or more. None when there are fewer than three
    pairs, parents do not differ, or no child has an income.
    """
    n = len(parent)
    if n < 3 or child.max() <= 0:
        return None
    p = np.full(n, 1 / n) if weights is None else weights / weights.sum()
    x, mean = np.log(parent), p @ child
    x = x - p @ x
    if p @ x**2 < 1e-15:
        return None
    design = np.column_stack([np.ones(n), x])
    y = child / mean
    at = np.zeros(2)
    for _ in range(100):
        fitted = np.exp(design @ at)
        bread = design.T @ (design * (p * fitted)[:, None])
        move = np.linalg.solve(bread, design.T @ (p * (y - fitted)))
        at = at + move * min(1.0, 2.0 / max(1e-300, float(np.abs(move).max())))
        if np.abs(move).max() < 1e-12:
            break
    else:
        return None
    fitted = np.exp(design @ at)
    score = design * (p * (y - fitted))[:, None]
    side = np.linalg.inv(design.T @ (design * (p * fitted)[:, None]))
    return Elasticity(float(at[1]), math.sqrt((side @ score.T @ score @ side)[1, 1]), n)
