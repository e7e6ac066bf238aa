"""Indices of a transition matrix: how much of one generation's place is passed on.

P (k, k) has a row a class of parents, and each row's shares of children by class sum to 1.

    trace        (k − tr P) / (k − 1), Shorrocks (1978), which is Prais's too: 0 when all stay,
                 1 when where one starts says nothing
    determinant  1 − |det P|, Shorrocks (1978)
    eigenvalue   1 − |λ₂|, the second largest in size: how fast the start is forgotten over
                 generations (Sommers and Conlisk 1979)
    steps        Σ π_i p_ij |i − j|, Bartholomew (1973): classes crossed by a child on average
    stays        1 / (1 − p_ii), Prais (1955): generations a family stays in a class on average
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from rung.mobility.ranks import Cells, Effect, Floats


def shares(joint: Floats) -> Floats:
    """Each row over its sum: shares of children by the parents' class."""
    return np.asarray(joint / joint.sum(axis=1, keepdims=True))


def trace(joint: Floats) -> float:
    """Shorrocks's trace index, from the joint shares (k, k) of a population."""
    k = len(joint)
    return float((k - np.trace(shares(joint))) / (k - 1))


def determinant(joint: Floats) -> float:
    """Shorrocks's determinant index."""
    return float(1 - abs(np.linalg.det(shares(joint))))


def eigenvalue(joint: Floats) -> float:
    """One less the size of the second largest eigenvalue."""
    return float(
        1 - np.sort(np.absolute(np.asarray(np.linalg.eigvals(shares(joint)), complex)))[-2]
    )


def steps(joint: Floats) -> float:
    """Bartholomew's mean number of classes between a child and the parents."""
    at = np.arange(len(joint))
    return float((joint * np.abs(at[:, None] - at)).sum() / joint.sum())


INDICES: dict[str, Callable[[Floats], float]] = {
    "trace": trace,
    "determinant": determinant,
    "eigenvalue": eigenvalue,
    "steps": steps,
}


def stays(joint: Floats) -> tuple[Floats, Floats]:
    """Prais's mean stay in each class, and what it would be if the start said nothing.

    Infinite where all children stay; NaN where there are no parents. The comparison is with a
    matrix whose rows are the children's shares by class.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        stay = 1 / (1 - np.diag(shares(joint)))
        chance = 1 / (1 - joint.sum(axis=0) / joint.sum())
    return stay, chance


def joint_covariance(cells: Cells, classes: int = 5) -> Floats:
    """The covariance (k², k²) of the joint shares, whose edges are estimated, row by row."""
    cuts = [(i / classes, (i + 1) / classes) for i in range(classes)]
    effects: list[Effect] = [cells.joint(a, b) for a in cuts for b in cuts]
    return cells.covariance(effects)


def error(index: Callable[[Floats], float], joint: Floats, covariance: Floats) -> float:
    """The standard error of an index, by its slope in each joint share (central differences)."""
    slope = np.empty(joint.size)
    for at in range(joint.size):
        moved = np.zeros(joint.shape)
        moved.flat[at] = 1e-6
        slope[at] = (index(joint + moved) - index(joint - moved)) / 2e-6
    return math.sqrt(max(float(slope @ covariance @ slope), 0.0))
