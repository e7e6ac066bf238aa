"""The Gini's range by resampling: wider, and nearer to what it promises, where a few have much.

A sum of a few very high incomes is far from normal, and the plain range then misses the truth too
often, nearly always from below. The studentised (percentile-t) bootstrap draws people again with
replacement, looks how many of its own standard errors each draw's Gini is off, and takes its ends
from there (Davidson 2009). It cannot know of incomes that nobody in the file has, so a very heavy
tail stays short of its promise.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rung.documents import digest
from rung.errors import PlanError
from rung.finding import Finding, Interval, Note
from rung.mobility.indices import Array, Distribution
from rung.mobility.inequality import Summary

FEWEST, MOST = 199, 9_999
MOST_PEOPLE = 50_000  # about ten seconds of draws
_BLOCK = 4_000_000  # incomes drawn at a time


def deviations(d: Distribution, draws: int, seed: int) -> Array:
    """How many of its own standard errors the Gini of each draw is off; shape (draws,), sorted.

    Everyone has weight one. Draws in which all have the same income say nothing and are left out.
    """
    n, y = d.people, d.values
    rng, chance = np.random.default_rng(seed), d.rows / n
    value = _ginis(y, d.rows[None, :], n)[0][0]
    found = []
    for start in range(0, draws, block := max(1, _BLOCK // len(y))):
        times = rng.multinomial(n, chance, size=min(block, draws - start)).astype(float)
        ginis, errors = _ginis(y, times, n)
        told = errors > 0
        found.append((ginis[told] - value) / errors[told])
    return np.sort(np.concatenate(found))


def _ginis(y: Array, times: Array, n: int) -> tuple[Array, Array]:
    """Ginis and their standard errors, with `times` (draws, K) people at each of K incomes."""
    share = times / n
    mean = share @ y
    upto = np.cumsum(share, axis=1)
    income = np.cumsum(share * y, axis=1)
    gaps = 2 * (y * upto - income) + mean[:, None] - y  # mean distance of an income to everyone's
    difference = np.sum(share * gaps, axis=1)
    value = difference / (2 * mean)
    u = (gaps - difference[:, None] - value[:, None] * (y - mean[:, None])) / mean[:, None]
    return value, np.sqrt(np.sum(share * u * u, axis=1) / (n - 1))


def studentised(finding: Finding, summary: Summary, draws: int, seed: int | None) -> Finding:
    """The Gini with the range of the studentised bootstrap; the value and its error stay.

    Raises PlanError: PLAN-resample-draws, PLAN-resample-weights (draws are of people, not of
    weights), PLAN-resample-negative, PLAN-resample-many.
    """
    d = summary.everyone()
    if not FEWEST <= draws <= MOST:
        raise PlanError("PLAN-resample-draws", least=FEWEST, most=MOST)
    if summary.question.weights is not None:
        raise PlanError("PLAN-resample-weights")
    if d.values[0] < 0:
        raise PlanError("PLAN-resample-negative")
    if d.people > MOST_PEOPLE:
        raise PlanError("PLAN-resample-many", most=MOST_PEOPLE)
    if finding.se is None or finding.interval is None:
        return finding
    if seed is None:
        told = [summary.question.income, str(summary.question.over), draws]
        seed = int(digest([*told, *summary.origin.inputs])[:8], 16)
    level = finding.interval.level
    low, high = np.quantile(deviations(d, draws, seed), [(1 - level) / 2, (1 + level) / 2])
    ends = max(finding.value - high * finding.se, 0.0), min(finding.value - low * finding.se, 1.0)
    method = replace(
        finding.method,
        assumptions=(*finding.method.assumptions, Note("gini-resampled", {"n": draws})),
        sources=(*finding.method.sources, "davidson2009"),
    )
    return replace(
        finding,
        interval=Interval(((float(ends[0]), float(ends[1])),), level),
        method=method,
        origin=replace(finding.origin, seed=seed),
    )
