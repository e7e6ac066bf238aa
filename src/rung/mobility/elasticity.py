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

from rung.mobility.ranks import Floats, dot


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
    nu = x - dot(p, x)
    spread = dot(p, nu**2)
    if spread < 1e-15:
        return None
    slope = dot(p, nu * y) / spread
    off = y - dot(p, y) - slope * nu
    variance = float(((p * nu * off) ** 2).sum()) / spread**2 * n / (n - 2)
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
    x, mean = np.log(parent), dot(p, child)
    x = x - dot(p, x)
    if dot(p, x**2) < 1e-15:
        return None
    y = child / mean
    wanted = np.array([dot(p, y), dot(p, x * y)])
    at = np.zeros(2)
    for _ in range(100):
        fitted = p * np.exp(at[0] + at[1] * x)
        bread = _squares(fitted, x)
        move = np.linalg.solve(bread, wanted - bread[:, 0])
        at = at + move * min(1.0, 2.0 / max(1e-300, float(np.abs(move).max())))
        if np.abs(move).max() < 1e-12:
            break
    else:
        return None
    off = p * (y - np.exp(at[0] + at[1] * x))
    side = np.linalg.inv(bread)
    variance = (side @ _squares(off * off, x) @ side)[1, 1]
    return Elasticity(float(at[1]), math.sqrt(variance), n)


def _squares(w: Floats, x: Floats) -> Floats:
    """The weighted cross-products of 1 and x."""
    wx = w * x
    first, second = w.sum(), wx.sum()
    return np.array([[first, second], [second, dot(wx, x)]])
