"""Places beside each other: who is like whom, how sure a rank is, and estimates pulled together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rung.mobility.places.layouts import SIZES
from rung.stats.intervals import normal_quantile

Array = NDArray[np.float64]
Places = NDArray[np.intp]
_BLOCK = 4_000_000  # draws held at a time
MOST_DRAWN = 5_000  # places whose largest difference is drawn; past it, Bonferroni's bound


class Peers(NamedTuple):
    """The places most like one: rows (nearest first) and how far each is, in deviations."""

    rows: Places
    distance: Array


def peers(
    likeness: Mapping[str, Array],
    place: int,
    count: int,
    weights: Mapping[str, float] | None = None,
    among: NDArray[np.bool_] | None = None,
) -> Peers:
    """The `count` places nearest to `place` by standardised characteristics.

    Each characteristic is measured in standard deviations over all places that have it, sizes of
    population in proportion (their logarithm); the distance is the root of the mean of squares by
    `weights` (each 1 by default). A place without one of the characteristics is nobody's peer.
    Returns no rows when `place` itself lacks one.
    """
    n = len(next(iter(likeness.values())))
    total, together = np.zeros(n), 0.0
    for name, given in likeness.items():
        x = given
        if name.casefold() in SIZES:
            x = np.log(np.where(x > 0, x, np.nan))
        spread = float(np.nanstd(x)) if np.isfinite(x).any() else 0.0
        weight = (weights or {}).get(name, 1.0)
        together += weight
        if spread > 0:
            total = total + weight * ((x - x[place]) / spread) ** 2
        else:
            total = total + np.where(np.isfinite(x), 0.0, np.nan)
    distance = np.sqrt(total / together)
    able = np.isfinite(distance) & (among if among is not None else True)
    able[place] = False
    found = np.flatnonzero(able)
    order = found[np.argsort(distance[found], kind="stable")][:count]
    return Peers(order, distance[order])


class Shrunken(NamedTuple):
    """Estimates pulled towards the mean of all, the less sure the more.

    `tau2` is the variance of the true values between places, `mean` theirs, with its standard
    error; `value`, `se` and `reliability` (the weight of a place's own estimate) have shape (n,),
    NaN where a place has no estimate or no error.
    """

    tau2: float
    mean: float
    mean_se: float
    value: Array
    se: Array
    reliability: Array


def shrink(value: Array, se: Array) -> Shrunken | None:
    """Empirical Bayes of the normal-normal model with known errors; None for fewer than three.

    The variance between places is by restricted maximum likelihood; the standard errors allow for
    the mean being estimated and take the variance as known (as `metafor::blup` does).
    """
    able = np.isfinite(value) & np.isfinite(se) & (se > 0)
    y, v = value[able], se[able] ** 2
    if len(y) < 3:
        return None
    tau2 = _between(y, v)
    w = 1 / (v + tau2)
    mean, mean_se = float(w @ y / w.sum()), math.sqrt(1 / float(w.sum()))
    reliability = tau2 / (tau2 + v)
    made, spread, own = (np.full(len(value), np.nan) for _ in range(3))
    made[able] = mean + reliability * (y - mean)
    spread[able] = np.sqrt(reliability * v + ((1 - reliability) * mean_se) ** 2)
    own[able] = reliability
    return Shrunken(tau2, mean, mean_se, made, spread, own)


def _between(y: Array, v: Array) -> float:
    """The REML variance between places: where the score of the likelihood is zero."""

    def score(tau2: float) -> float:
        w = 1 / (v + tau2)
        total = float(w.sum())
        apart = y - float(w @ y) / total
        return float((w * w) @ (apart * apart)) - (total - float(w @ w) / total)

    low, high = 0.0, float(np.var(y)) + float(v.max())
    if score(low) <= 0:
        return 0.0
    while score(high) > 0:
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if score(middle) > 0 else (low, middle)
    return (low + high) / 2


def rank(value: Array, place: int) -> int:
    """The place's rank, 1 the highest value; places level with it share the better rank."""
    return 1 + int(np.sum(value > value[place]))


def rank_set(
    value: Array, se: Array, place: int, level: float, *, draws: int = 2_000, seed: int = 0
) -> tuple[int, int]:
    """The ranks that fit: a two-sided confidence set for one place's rank.

    Mogstad, Romano, Shaikh and Wilhelm (2024), marginal, with the step-down: the critical value is
    the quantile of the largest studentised difference between this place and another, drawn with
    the estimates independent; places that are surely above or below are left out and the rest is
    drawn again, until nothing more is sure. Among more than `MOST_DRAWN` places the critical value
    is Bonferroni's, which is hardly larger. All of `value` and `se` must be numbers.
    """
    others = np.delete(np.arange(len(value)), place)
    gap = value[others] - value[place]
    spread = np.hypot(se[others], se[place])
    # no error on either side: the order is known
    sure = (spread == 0) & (gap != 0)
    ratio = np.divide(gap, spread, out=np.zeros_like(gap), where=spread > 0)
    left = ~sure & (spread > 0)
    while left.any():
        n = int(left.sum())
        critical = (
            normal_quantile(1 - (1 - level) / n)
            if n > MOST_DRAWN
            else _largest(se[others][left], se[place], level, draws, seed)
        )
        new = left & (np.abs(ratio) > critical)
        if not new.any():
            break
        sure |= new
        left &= ~new
    above, below = int(np.sum(sure & (gap > 0))), int(np.sum(sure & (gap < 0)))
    return 1 + above, len(value) - below


def _largest(se: Array, own: float, level: float, draws: int, seed: int) -> float:
    """Quantile of the largest |difference| over its error, over places of these errors."""
    rng = np.random.default_rng(seed)
    spread, most = np.hypot(se, own), np.empty(draws)
    step = max(1, _BLOCK // max(1, len(se)))
    mine = rng.standard_normal(draws) * own
    for start in range(0, draws, step):
        part = mine[start : start + step]
        theirs = rng.standard_normal((len(part), len(se))) * se
        most[start : start + step] = np.max(np.abs(part[:, None] - theirs) / spread, axis=1)
    return float(np.quantile(most, level, method="higher"))


class Correlation(NamedTuple):
    """Spearman's rank correlation, its range, and how many places it is of."""

    rho: float
    low: float
    high: float
    places: int


def spearman(x: Array, y: Array, level: float) -> Correlation | None:
    """Rank correlation over places that have both; None for fewer than ten or without variation.

    The range is Fisher's, with the variance of Bonett and Wright (2000).
    """
    able = np.isfinite(x) & np.isfinite(y)
    n = int(able.sum())
    if n < 10:
        return None
    a, b = _ranks(x[able]), _ranks(y[able])
    if not np.ptp(a) or not np.ptp(b):
        return None
    rho = float(np.corrcoef(a, b)[0, 1])
    if abs(rho) > 1 - 1e-12:
        return Correlation(math.copysign(1.0, rho), *((math.copysign(1.0, rho),) * 2), n)
    reach = normal_quantile(level) * math.sqrt((1 + rho * rho / 2) / (n - 3))
    low, high = (math.tanh(math.atanh(rho) + d) for d in (-reach, reach))
    return Correlation(rho, low, high, n)


def _ranks(x: Array) -> Array:
    """Ranks from 1, ties at their middle."""
    _, at, count = np.unique(x, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    ranks: Array = (last - (count - 1) / 2)[at]
    return ranks
