"""What two generations' incomes say without linked families: with a matrix of ranks, or without.

Absolute mobility is the share of children whose real income is strictly above their parents'. It
rests on each generation's incomes (the margins) and on who comes from where (the copula). Chetty et
al. (2017) take the copula from a matrix of percentiles. Without one only bounds are known; they are
sharp (Makarov 1982; Williamson and Downs 1990; Fan and Park 2010).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rung.errors import RecordsError
from rung.mobility.ranks import PERCENT, Floats

_SUM = 0.005  # shares of a published matrix are rounded


@dataclass(frozen=True)
class Margin:
    """One generation's incomes: distinct values, ascending, and the share at or under each."""

    values: Floats
    upto: Floats

    @classmethod
    def of(cls, values: Floats, weights: Floats | None = None) -> Margin:
        """From incomes (n,), and weights above zero."""
        distinct, at = np.unique(values, return_inverse=True)
        size = np.bincount(at, weights=weights)
        upto = np.cumsum(size) / size.sum()
        upto[-1] = 1.0
        return cls(distinct, upto)

    def up_to(self, income: Floats) -> Floats:
        """The share with this income or less."""
        return self._share(np.searchsorted(self.values, income, side="right"))

    def under(self, income: Floats) -> Floats:
        """The share with less than this income."""
        return self._share(np.searchsorted(self.values, income, side="left"))

    def _share(self, place: np.ndarray[tuple[int, ...], np.dtype[np.intp]]) -> Floats:
        return np.concatenate(([0.0], self.upto))[place]

    def at(self, rank: Floats) -> Floats:
        """The income at a rank between two of `upto`."""
        return self.values[np.searchsorted(self.upto, rank, side="left")]


class Bounds(NamedTuple):
    """The least and the most that a share can be."""

    low: float
    high: float


def bounds(parent: Margin, child: Margin) -> Bounds:
    """The share of children strictly above their parents, whoever comes from where: sharp bounds.

    Low: the most by which the share of parents up to an income exceeds the children's. High: one
    less the most by which the share of children up to an income exceeds that of parents under it.
    """
    t = np.union1d(parent.values, child.values)
    low = float(np.max(parent.up_to(t) - child.up_to(t)))
    high = 1 - float(np.max(child.up_to(t) - parent.under(t)))
    return Bounds(min(max(low, 0.0), 1.0), max(min(high, 1.0), 0.0))


def same_rank(parent: Margin, child: Margin) -> float:
    """The share above their parents when every child has the parents' rank."""
    edges = np.union1d(parent.upto, child.upto)
    size = np.diff(edges, prepend=0.0)
    middle = edges - size / 2
    return float(size @ (child.at(middle) > parent.at(middle)))


def above(matrix: Floats, parent: Margin, child: Margin) -> float:
    """The share of children strictly above their parents, by a matrix (k, k) of ranks.

    Row i holds the shares by rank of the children of parents in the i-th of k equal cells. Within a
    cell children's ranks are spread evenly, and do not rest on where in their cell the parents are.
    """
    k = len(matrix)
    edges = np.union1d(parent.upto, np.arange(1, k + 1) / k)
    size = np.diff(edges, prepend=0.0)
    middle = edges - size / 2
    row = np.minimum((middle * k).astype(np.intp), k - 1)
    rank = child.up_to(parent.at(middle)) * k
    cell = np.minimum(rank.astype(np.intp), k - 1)
    upto = np.concatenate([np.zeros((k, 1)), np.cumsum(matrix, axis=1)], axis=1)
    under = upto[row, cell] + (rank - cell) * matrix[row, cell]
    return float(size @ (1 - under))


_INSIDE = "not for release"


@dataclass(frozen=True)
class PercentileMatrix:
    """Shares of children's percentiles (columns) by the parents' (rows), each row summing to 1.

    `label` (100,) is the rank that each percentile of children stands for: where incomes tie (at
    zero) a file has one rank for several percentiles, and the share is spread over them.
    """

    shares: Floats
    label: Floats
    inside: bool = False  # made of few people's records, so not for release

    @classmethod
    def read(cls, file: Path) -> PercentileMatrix:
        """A CSV file: the first cell says `child_rank` (rows are children) or `parent_rank`.

        The other heads, and the first cell of each row, are ranks from 1 to 100. All 100 of parents
        are there; children's that are pooled stand in their middle. Raises RecordsError.
        """
        if not file.is_file():
            raise RecordsError("REC-no-file", file=file.name)
        try:
            with file.open(encoding="utf-8-sig", newline="") as f:
                rows = [row for row in csv.reader(f) if row]
            who = rows[0][0].strip().lower()
            across = np.array([float(c) for c in rows[0][1:]])
            down = np.array([float(row[0]) for row in rows[1:]])
            cells = np.array([[float(c) for c in row[1:]] for row in rows[1:]])
            if not who.startswith(("child", "parent")) or cells.shape != (len(down), len(across)):
                raise ValueError
            parents, children = (down, across) if who.startswith("parent") else (across, down)
            found = cells if who.startswith("parent") else cells.T
            return replace(cls._of(parents, children, found), inside=_INSIDE in who)
        except (ValueError, IndexError, csv.Error, UnicodeDecodeError) as e:
            raise RecordsError("REC-mobility-matrix", file=file.name) from e

    def write(self, file: Path) -> None:
        """The file that `read` reads, a row for each rank of parents."""
        ranks = [str(r) for r in range(1, PERCENT + 1)]
        with file.open("w", encoding="utf-8", newline="") as f:
            out = csv.writer(f)
            out.writerow(["parent_rank" + self.inside * f" ({_INSIDE})", *ranks])
            out.writerows([r, *row] for r, row in zip(ranks, self.shares.tolist(), strict=True))

    @classmethod
    def _of(cls, parents: Floats, children: Floats, found: Floats) -> PercentileMatrix:
        wanted = np.arange(1.0, PERCENT + 1)
        sums = found.sum(axis=1)
        right = np.array_equal(parents, wanted) and np.isfinite(found).all() and (found >= 0).all()
        if not right or np.abs(sums - 1).max() > _SUM:
            raise ValueError
        shares, label = np.zeros((PERCENT, PERCENT)), np.zeros(PERCENT)
        start = 0
        for at, rank in enumerate(children):
            end = 2 * rank - start - 1  # the pool's middle is its label
            if end != int(end) or not start < end <= PERCENT:
                raise ValueError
            pool = slice(start, int(end))
            shares[:, pool] = (found[:, at] / sums / (int(end) - start))[:, None]
            label[pool] = rank
            start = int(end)
        if start != PERCENT:
            raise ValueError
        return cls(shares, label)

    @cached_property
    def expected(self) -> Floats:
        """The mean rank of children (1 to 100) by the parents' percentile."""
        return np.asarray(self.shares @ self.label)

    @property
    def slope(self) -> float:
        """The slope of a line through the mean ranks."""
        x = np.arange(1.0, PERCENT + 1)
        x -= x.mean()
        return float(x @ self.expected / (x @ x))

    def fitted(self, at: float) -> float:
        """The expected rank at a percentile of parents, by that line."""
        return float(self.expected.mean() + self.slope * (at - (PERCENT + 1) / 2))

    def joint(self, classes: int = 5) -> Floats:
        """Joint shares by class; a pooled rank belongs to the class of its label."""
        of = np.minimum(np.ceil(self.label * classes / PERCENT), classes).astype(np.intp) - 1
        rows = self.shares.reshape(classes, PERCENT // classes, PERCENT).sum(axis=1)
        found = np.zeros((classes, classes))
        for column, where in enumerate(of):
            found[:, where] += rows[:, column]
        return np.asarray(found / PERCENT)
