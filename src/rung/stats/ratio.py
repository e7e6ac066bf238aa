"""Ratios of two estimates: sets of values that the data allow, also where the divisor may be zero.

A ratio a/b is the direction of the point (a, b). The values that the data allow are those of the
lines through the origin that meet the confidence ellipse of (a, b) (Fieller 1954; in pictures von
Luxburg and Franz 2009): one interval, or two half-lines, or everything. No bounded interval can
hold its level for a ratio whose divisor may be zero (Gleser and Hwang 1987), so none is given.
"""

from __future__ import annotations

import math

import numpy as np

from rung.errors import CannotAnswer
from rung.stats.intervals import t_quantile

Pieces = tuple[tuple[float, float], ...]
EVERYTHING: Pieces = ((-math.inf, math.inf),)


def fieller(
    a: float,
    b: float,
    variance_a: float,
    variance_b: float,
    covariance: float = 0.0,
    level: float = 0.95,
    df: float = math.inf,
) -> Pieces:
    """Fieller's set for a/b: every θ for which a − θb is not told from zero.

    One interval when b is told from zero; otherwise two half-lines that leave a gap out, or
    everything. Raises CannotAnswer (ANS-ratio) when b is exactly zero and known to be.
    Source: fieller1954.
    """
    _check(variance_a, variance_b, covariance)
    if b == 0 and variance_b == 0:
        raise CannotAnswer("ANS-ratio")
    z2 = t_quantile(level, df) ** 2
    # (a − θb)² ≤ z² Var(a − θb) as Aθ² − 2Bθ + C ≤ 0
    A = b * b - z2 * variance_b
    B = a * b - z2 * covariance
    C = a * a - z2 * variance_a
    if abs(A) <= 1e-12 * max(b * b, z2 * variance_b):  # b stands exactly at the edge
        if B == 0:
            return EVERYTHING
        return ((C / (2 * B), math.inf),) if B > 0 else ((-math.inf, C / (2 * B)),)
    inside = B * B - A * C
    if inside < 0 and A > 0:  # a rounding error: no spread at all
        inside = 0.0
    if inside < 0:
        return EVERYTHING
    # the larger root first, the other from their product: no digits are lost
    q = B + math.copysign(math.sqrt(inside), B)
    ends = sorted((q / A, C / q)) if q else [0.0, 0.0]
    if A > 0:
        return ((ends[0], ends[1]),)
    return ((-math.inf, ends[0]), (ends[1], math.inf))


def directions(
    a: float,
    b: float,
    variance_a: float,
    variance_b: float,
    covariance: float = 0.0,
    level: float = 0.95,
) -> tuple[float, float] | None:
    """The angles (radians, atan2(a, b)) under which the confidence ellipse is seen from the origin.

    First to last, less than half a turn apart; None when the origin lies in the ellipse and every
    direction is allowed. Where a ratio's meaning depends on the signs of both, this says which
    the data allow; Fieller's set cannot tell (−1)/(−2) from 1/2.
    """
    _check(variance_a, variance_b, covariance)
    point = np.array([b, a], dtype=np.float64)
    spread = np.array([[variance_b, covariance], [covariance, variance_a]], dtype=np.float64)
    form = np.outer(point, point) - t_quantile(level, math.inf) ** 2 * spread
    (least, most), axes = np.linalg.eigh(form)
    if most <= 0:
        return None
    middle = axes[:, 1] if axes[:, 1] @ point >= 0 else -axes[:, 1]
    half = math.atan(math.sqrt(max(-least, 0.0) / most))
    at = math.atan2(middle[1], middle[0])
    return at - half, at + half


def _check(variance_a: float, variance_b: float, covariance: float) -> None:
    # a correlation of exactly one may come out a rounding error above it
    most = math.sqrt(max(variance_a, 0.0) * max(variance_b, 0.0)) * (1 + 1e-9)
    if variance_a < 0 or variance_b < 0 or abs(covariance) > most:
        raise ValueError("two variances and their covariance do not fit together")
