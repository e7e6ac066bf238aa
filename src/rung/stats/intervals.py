"""Intervals for shares and means, from counts and moments.

Shares: Wilson (1927) for one, Newcombe (1998, method 10) for a difference of two disjoint groups.
Means: Student's t. Distribution functions come from scipy.special.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtr, ndtri, stdtr, stdtrit


def normal_quantile(level: float) -> float:
    """z such that a standard normal lies within ±z with probability `level`."""
    return float(ndtri(0.5 + level / 2))


def normal_quantiles(levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """`normal_quantile` of many levels."""
    return np.asarray(ndtri(0.5 + levels / 2), dtype=np.float64)


def t_quantile(level: float, df: float) -> float:
    """t such that Student's t with `df` degrees of freedom lies within ±t with probability `level`.

    `df` may be infinite.
    """
    if math.isinf(df):
        return normal_quantile(level)
    return float(stdtrit(df, 0.5 + level / 2))


def t_p(statistic: float, df: float) -> float:
    """Two-sided p of a t statistic; `df` may be infinite."""
    if math.isinf(df):
        df = 1e300
    return float(2 * stdtr(df, -abs(statistic)))


def chi2_p(statistic: float, df: float) -> float:
    """Upper-tail p of a chi-square statistic."""
    return float(chdtrc(df, statistic))


def wilson(numerator: int, denominator: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval for a share, without continuity correction.

    Raises ValueError when the denominator is not positive or the numerator is outside it.
    Source: wilson1927; Newcombe (1998), method 3 of his single-proportion paper.
    """
    if denominator <= 0 or not 0 <= numerator <= denominator:
        raise ValueError("a share needs 0 <= numerator <= denominator and a denominator above 0")
    z = normal_quantile(level)
    p = numerator / denominator
    centre = p + z * z / (2 * denominator)
    spread = z * math.sqrt(p * (1 - p) / denominator + (z / (2 * denominator)) ** 2)
    scale = 1 + z * z / denominator
    # at the ends the exact bound is 0 or 1; say so instead of 1e-17
    low = 0.0 if numerator == 0 else (centre - spread) / scale
    high = 1.0 if numerator == denominator else (centre + spread) / scale
    return low, high


def newcombe(
    numerator_1: int,
    denominator_1: int,
    numerator_2: int,
    denominator_2: int,
    level: float = 0.95,
) -> tuple[float, float]:
    """Newcombe's hybrid score interval for p1 − p2 of two disjoint groups, uncorrected.

    Source: newcombe1998, method 10. Not for groups that share people.
    """
    low_1, high_1 = wilson(numerator_1, denominator_1, level)
    low_2, high_2 = wilson(numerator_2, denominator_2, level)
    p_1, p_2 = numerator_1 / denominator_1, numerator_2 / denominator_2
    difference = p_1 - p_2
    return (
        difference - math.hypot(p_1 - low_1, high_2 - p_2),
        difference + math.hypot(high_1 - p_1, p_2 - low_2),
    )


def two_share_p(
    numerator_1: int, denominator_1: int, numerator_2: int, denominator_2: int
) -> float:
    """Two-sided p of the pooled z test of two shares (Pearson's chi-square, uncorrected).

    1 when both shares are 0 or both are 1: such data say nothing of a difference.
    """
    pooled = (numerator_1 + numerator_2) / (denominator_1 + denominator_2)
    if pooled in (0.0, 1.0):
        return 1.0
    se = math.sqrt(pooled * (1 - pooled) * (1 / denominator_1 + 1 / denominator_2))
    z = (numerator_1 / denominator_1 - numerator_2 / denominator_2) / se
    return t_p(z, math.inf)


def paired_shares(gained: int, lost: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """The adjusted Wald interval for a change in a share among the same `n` people.

    `gained` were not counted before and are now, `lost` the other way about. Source: bonett2012,
    which adds one to each and two to everyone.
    """
    if n <= 0 or min(gained, lost) < 0 or gained + lost > n:
        raise ValueError("a change needs people, and moves that are among them")
    up, down = (gained + 1) / (n + 2), (lost + 1) / (n + 2)
    centre = up - down
    reach = normal_quantile(level) * math.sqrt((up + down - centre**2) / (n + 2))
    return max(-1.0, centre - reach), min(1.0, centre + reach)


def bounded_mean(
    low: float, low_se: float, high: float, high_se: float, level: float = 0.95
) -> tuple[float, float]:
    """An interval that covers a mean of which two bounds are estimated, at least at `level`.

    Source: imbens2004. Between the normal's one-sided quantile (bounds far apart) and its
    two-sided one (bounds that meet).
    """
    if high < low or min(low_se, high_se) < 0:
        raise ValueError("the low bound lies under the high one, and errors are not negative")
    larger = max(low_se, high_se)
    gap = (high - low) / larger if larger else math.inf
    near, far = float(ndtri(level)), normal_quantile(level)
    for _ in range(60):  # the coverage rises with the quantile: halve until nothing moves
        middle = (near + far) / 2
        if float(ndtr(middle + gap) - ndtr(-middle)) < level:
            near = middle
        else:
            far = middle
    return low - far * low_se, high + far * high_se
