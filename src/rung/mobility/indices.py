"""Indices of inequality, each with the influence of every income on it.

An index is a function of the weighted distribution of incomes, and its influence function says how
it moves when one income gets a little more weight. The standard error is then that of a weighted
mean of the influences (linearisation; Deville 1999), people being drawn one by one:

    V = n / (n - 1) * sum(w^2 u^2) / sum(w)^2

Weights are sampling weights: the value is the same as with each row repeated so often, the
standard error is not. All indices are the population's own (no n / (n - 1) in the Gini), so that
a population and its replica are equally unequal.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rung.errors import CannotAnswer

Array = NDArray[np.float64]
Influence = Callable[[Array], Array]
_WOODRUFF = 1.959963984540054  # half-width, in standard errors, at which a quantile's slope is read


@dataclass(frozen=True)
class Distribution:
    """Incomes added up by value, in increasing order without repeats.

    All have shape (K,): the `values`, how many `rows` have each, the sum of their weights
    (`weight`) and of their squared weights (`square`).
    """

    values: Array
    rows: Array
    weight: Array
    square: Array

    @classmethod
    def of(cls, values: Array, weights: Array | None = None) -> Distribution:
        """From one income a row, shape (n,), and its weight."""
        w = np.ones(len(values)) if weights is None else np.asarray(weights, float)
        y, at = np.unique(np.asarray(values, float), return_inverse=True)
        return cls(y, _sums(at, np.ones(len(w))), _sums(at, w), _sums(at, w * w))

    @classmethod
    def together(cls, parts: Sequence[Distribution]) -> Distribution:
        """Several groups as one."""
        if len(parts) == 1:
            return parts[0]
        values = np.concatenate([p.values for p in parts])
        order = np.argsort(values, kind="stable")  # runs that are sorted already are merged
        values = values[order]
        first = np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]]))
        rows, weight, square = (
            np.add.reduceat(np.concatenate(column)[order], first)
            for column in zip(*((p.rows, p.weight, p.square) for p in parts), strict=True)
        )
        return cls(values[first], rows, weight, square)

    @cached_property
    def people(self) -> int:
        """How many rows."""
        return round(float(self.rows.sum()))

    def heads_below(self, p: float) -> int:
        """How many rows, whatever their weight, the poorest share `p` of all weight is made of."""
        return round(float(np.interp(p, self.upto, np.cumsum(self.rows))))

    def tail(self, p: float) -> int:
        """How many rows the poorest share `p` or the richest is made of, the fewer of the two."""
        return min(self.heads_below(p), self.people - self.heads_below(1 - p))

    @cached_property
    def half_held_by(self) -> int:
        """How few people hold half of all that is above zero, the richest (by weight) first."""
        each = np.maximum(self.values, 0.0) * self.weight / self.rows
        order = np.argsort(-each)
        held = np.cumsum((each * self.rows)[order])
        at = int(np.searchsorted(held, held[-1] / 2))
        before = held[at] - (each * self.rows)[order][at]
        alone = each[order][at]
        more = math.ceil((held[-1] / 2 - before) / alone - 1e-9) if alone > 0 else self.people
        return min(self.people, int(self.rows[order][:at].sum()) + more)

    @cached_property
    def total(self) -> float:
        """Sum of weights."""
        return float(self.weight.sum())

    @cached_property
    def share(self) -> Array:
        """Each value's share of the people."""
        return self.weight / self.total

    @cached_property
    def mean(self) -> float:
        """Mean income."""
        return float(self.share @ self.values)

    @cached_property
    def upto(self) -> Array:
        """Share of people at or below each value."""
        return np.cumsum(self.share)

    @cached_property
    def income_upto(self) -> Array:
        """Income of those at or below each value, a head of everyone."""
        return np.cumsum(self.share * self.values)

    def count(self, where: NDArray[np.bool_]) -> int:
        """How many people have values of a kind, told by a mask of shape (K,)."""
        return round(float(self.rows[where].sum()))

    def quantile(self, p: float) -> float:
        """The income that a share `p` of people are at or below; the middle of two on a tie."""
        at = int(np.searchsorted(self.upto, p * (1 - 1e-12) if p < 1 else p - 1e-12))
        at = min(at, len(self.values) - 1)
        after = min(at + 1, len(self.values) - 1)
        if abs(self.upto[at] - p) <= 1e-12:
            return float(self.values[at] + self.values[after]) / 2
        return float(self.values[at])

    def at_most(self, income: float) -> float:
        """Share of people at or below an income."""
        return float(self.share[self.values <= income].sum())

    def below(self, p: float) -> tuple[float, float]:
        """Income of the poorest share `p`, a head of everyone, and the income at its edge."""
        at = min(int(np.searchsorted(self.upto, p - 1e-15)), len(self.values) - 1)
        before = (0.0, 0.0) if at == 0 else (self.upto[at - 1], self.income_upto[at - 1])
        edge = float(self.values[at])
        return float(before[1] + edge * (p - before[0])), edge


def _sums(at: NDArray[np.intp], of: Array) -> Array:
    sums: Array = np.bincount(at, of).astype(float)
    return sums


def se(parts: Sequence[tuple[Distribution, Array]]) -> float | None:
    """Standard error from the influences of values, group by group; None for a single person."""
    people = sum(d.people for d, _ in parts)
    if people < 2:
        return None
    total = sum(d.total for d, _ in parts)
    spread = sum(float(d.square @ (u * u)) for d, u in parts)
    return math.sqrt(people / (people - 1) * spread) / total


@dataclass(frozen=True)
class Index:
    """An index of a distribution: its value, and the influence of any income on it."""

    value: float
    influence: Influence | None  # None: no standard error can be told

    def of_each(self, y: Array) -> Array:
        """The influence of incomes `y`; zero where none can be told."""
        return np.zeros_like(y) if self.influence is None else self.influence(y)

    def se(self, d: Distribution) -> float | None:
        """Standard error, None when it cannot be told."""
        return None if self.influence is None else se([(d, self.influence(d.values))])


def gini(d: Distribution) -> Index:
    """Gini coefficient: half the mean difference between two people, over the mean. Ties exact."""
    mean = d.mean

    def gaps(y: Array) -> Array:
        """Mean distance of an income to everyone's."""
        at = np.searchsorted(d.values, y, side="right")
        share = np.concatenate([[0.0], d.upto])[at]
        income = np.concatenate([[0.0], d.income_upto])[at]
        distance: Array = 2 * (y * share - income) + mean - y
        return distance

    difference = float(d.share @ gaps(d.values))
    value = difference / (2 * mean)
    return Index(value, lambda y: (gaps(y) - difference) / mean - value * (y - mean) / mean)


def entropy(d: Distribution, alpha: float) -> Index:
    """Generalised entropy: 0 is the mean log deviation (Theil L), 1 is Theil's T."""
    mean = d.mean
    if alpha == 0:
        logs = float(d.share @ np.log(d.values))
        return Index(math.log(mean) - logs, lambda y: (y - mean) / mean - (np.log(y) - logs))
    if alpha == 1:
        about = float(d.share @ _times_log(d.values))
        value = about / mean - math.log(mean)
        slope = about / mean**2 + 1 / mean
        return Index(value, lambda y: (_times_log(y) - about) / mean - slope * (y - mean))
    # relative incomes: their powers stay in range whatever the unit
    power = float(d.share @ (d.values / mean) ** alpha)
    scale = 1 / (alpha * (alpha - 1))
    return Index(
        scale * (power - 1),
        lambda y: scale * ((y / mean) ** alpha - power - alpha * power * (y - mean) / mean),
    )


def _times_log(y: Array) -> Array:
    """y log y, which is 0 at 0."""
    return y * np.log(np.where(y > 0, y, 1.0))


def atkinson(d: Distribution, epsilon: float) -> Index:
    """Atkinson's index: the share of income that could go if the rest were shared equally."""
    mean = d.mean
    if epsilon == 1:
        logs = float(d.share @ np.log(d.values / mean))
        kept = math.exp(logs)
        return Index(1 - kept, lambda y: -kept * (np.log(y / mean) - logs - (y - mean) / mean))
    e = 1 - epsilon
    power = float(d.share @ (d.values / mean) ** e)
    kept = power ** (1 / e)
    return Index(
        1 - kept,
        lambda y: -kept * (((y / mean) ** e - power) / (e * power) - (y - mean) / mean),
    )


def lorenz(d: Distribution, p: float) -> Index:
    """The share of all income that the poorest share `p` of people have."""
    sum_below, edge = d.below(p)
    mean, value = d.mean, sum_below / d.mean
    return Index(
        value,
        lambda y: (
            (np.where(y <= edge, y - edge, 0.0) + p * edge - sum_below) / mean
            - value * (y - mean) / mean
        ),
    )


def share_ratio(d: Distribution, top: float, bottom: float) -> Index:
    """Income of the richest 1 - `top` over that of the poorest `bottom`: Palma is .9 and .4."""
    rich, poor = lorenz(d, top), lorenz(d, bottom)
    value = (1 - rich.value) / poor.value
    return Index(value, lambda y: (-rich.of_each(y) - value * poor.of_each(y)) / poor.value)


def quantile_ratio(d: Distribution, high: float, low: float) -> Index:
    """One quantile over another; the slope at each is read off as in Woodruff (1952)."""
    a, b = d.quantile(high), d.quantile(low)
    value, slopes = a / b, (_slope(d, high, a), _slope(d, low, b))
    if None in slopes:
        return Index(value, None)
    rise, fall = (float(s or 0) for s in slopes)
    return Index(
        value,
        lambda y: (rise * (d.at_most(a) - (y <= a)) - value * fall * (d.at_most(b) - (y <= b))) / b,
    )


def _slope(d: Distribution, p: float, edge: float) -> float | None:
    """How fast the quantile rises at `p`; None where many share one income, or people are few."""
    spread = se([(d, (d.values <= edge).astype(float) - d.at_most(edge))])
    if not spread:
        return None
    reach = _WOODRUFF * spread
    ends = max(p - reach, 0.0), min(p + reach, 1.0)
    rise = d.quantile(ends[1]) - d.quantile(ends[0])
    return rise / (ends[1] - ends[0]) if rise > 0 else None


# -- the indices that are told, and for which incomes each has a meaning

INDICES: Mapping[str, Callable[[Distribution], Index]] = {
    "gini": gini,
    "theil": lambda d: entropy(d, 1),
    "mld": lambda d: entropy(d, 0),
    "ge-2": lambda d: entropy(d, 2),
    "atkinson-05": lambda d: atkinson(d, 0.5),
    "atkinson-1": lambda d: atkinson(d, 1),
    "atkinson-2": lambda d: atkinson(d, 2),
    "palma": lambda d: share_ratio(d, 0.9, 0.4),
    "s80-s20": lambda d: share_ratio(d, 0.8, 0.2),
    "p90-p10": lambda d: quantile_ratio(d, 0.9, 0.1),
    "p90-p50": lambda d: quantile_ratio(d, 0.9, 0.5),
    "p50-p10": lambda d: quantile_ratio(d, 0.5, 0.1),
}
_POSITIVE = ("mld", "atkinson-1", "atkinson-2")
_NOT_NEGATIVE = ("theil", "atkinson-05", *_POSITIVE)
_DIVISOR: Mapping[str, Callable[[Distribution], float]] = {
    "palma": lambda d: d.below(0.4)[0],
    "s80-s20": lambda d: d.below(0.2)[0],
    "p90-p10": lambda d: d.quantile(0.1),
    "p50-p10": lambda d: d.quantile(0.1),
    "p90-p50": lambda d: d.quantile(0.5),
}


def undefined(d: Distribution) -> dict[str, str]:
    """The indices that have no meaning for these incomes, and the code that says why.

    Logarithms and powers below 1 need incomes above zero (or not below it); a ratio needs
    something to divide by. Raises CannotAnswer (ANS-income-mean) when the mean is not above zero,
    since then none has a meaning.
    """
    if d.mean <= 0:
        raise CannotAnswer("ANS-income-mean")
    lowest = float(d.values[0])
    found: dict[str, str] = {}
    if lowest < 0:
        found |= dict.fromkeys(_NOT_NEGATIVE, "ANS-income-negative")
    elif lowest == 0:
        found |= dict.fromkeys(_POSITIVE, "ANS-income-zero")
    return found | {k: "ANS-income-bottom" for k, of in _DIVISOR.items() if of(d) <= 0}
