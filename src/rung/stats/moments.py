"""Moments: what least squares needs to know of many rows, small enough to travel.

Raw products of a year squared lose eight digits, so moments are centred: around an origin near
the data while the rows are read, around their own mean ever after. Two summaries add exactly.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Moments:
    """Weighted first and second moments of p columns over n rows.

    `weight` is Σw (n when unweighted). The weighted mean is `origin + shift`; it is kept in two
    parts, each (p,), so that means of two summaries with one origin subtract without loss.
    `scatter` (p, p) is Σ w (x − mean)(x − mean)ᵀ, in the columns' own units squared.
    """

    columns: tuple[str, ...]
    n: int
    weight: float
    origin: Floats
    shift: Floats
    scatter: Floats

    @classmethod
    def from_sums(
        cls,
        columns: Iterable[str],
        n: int,
        weight: float,
        origin: ArrayLike,
        sums: ArrayLike,
        products: ArrayLike,
    ) -> Moments:
        """From Σ w(x − origin), (p,), and Σ w(x − origin)(x − origin)ᵀ, (p, p)."""
        first = np.asarray(sums, dtype=np.float64)
        second = np.asarray(products, dtype=np.float64)
        shift = first / weight
        scatter = second - np.outer(shift, first)
        return cls(tuple(columns), n, weight, np.asarray(origin, dtype=np.float64), shift, scatter)

    @classmethod
    def of(
        cls,
        columns: Iterable[str],
        rows: ArrayLike,
        weights: ArrayLike | None = None,
        origin: ArrayLike | None = None,
    ) -> Moments:
        """From rows in memory, (n, p) with weights (n,); the origin defaults to their mean."""
        x = np.asarray(rows, dtype=np.float64)
        w = np.ones(len(x)) if weights is None else np.asarray(weights, dtype=np.float64)
        start = np.average(x, axis=0, weights=w) if origin is None else np.asarray(origin, float)
        away = x - start
        weighted = away * w[:, None]
        return cls.from_sums(
            columns, len(x), float(w.sum()), start, weighted.sum(axis=0), weighted.T @ away
        )

    def only(self, columns: Iterable[str]) -> Moments:
        """The moments of some of the columns, in the order given."""
        kept = tuple(columns)
        at = [self.columns.index(c) for c in kept]
        return Moments(
            kept,
            self.n,
            self.weight,
            self.origin[at],
            self.shift[at],
            self.scatter[np.ix_(at, at)],
        )

    @property
    def mean(self) -> Floats:
        """The weighted mean of each column, (p,)."""
        return self.origin + self.shift

    def __add__(self, other: Moments) -> Moments:
        """The moments of both sets of rows together, around the first one's origin.

        The pairwise update (chan1983): no cancellation, any order.
        """
        if self.columns != other.columns:
            raise ValueError("moments of different columns do not add")
        weight = self.weight + other.weight
        apart = (other.origin - self.origin) + other.shift - self.shift
        return Moments(
            self.columns,
            self.n + other.n,
            weight,
            self.origin,
            self.shift + apart * (other.weight / weight),
            self.scatter
            + other.scatter
            + np.outer(apart, apart) * (self.weight * (other.weight / weight)),
        )


def together(each: Iterable[Moments]) -> Moments:
    """The moments of all the rows together; at least one summary is needed."""
    return reduce(Moments.__add__, each)
