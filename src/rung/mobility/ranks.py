"""Ranks in a whole population, and how sure anything made of them is.

    midranks    the share below, plus half the share level with: ties and zeros have one rank
    Tally       what is counted of a group whose ranks are those of the whole population
    Cells       people, or cells of people alike, for the errors
    Effect      what one person's income changes in an estimate, directly and by others' ranks

Ranks are estimated: everyone's income moves everyone else's rank. Chetverikov and Wilhelm (2023)
show what that adds to the error of a rank-rank slope, in a whole population or by groups that keep
its ranks. The same step is taken here for every estimate: an average of g(parent's rank, child's
rank) answers to person k by g itself, and by the mean over others of the derivative of g times the
change in their rank when k is added. With weights, each person counts by their share of the sum.
At a jump (the edge of a fifth) the derivative is a density, taken as the share of people within a
half-width n^(-1/2) of the edge (Rémillard and Scaillet 2009 for empirical copulas; Segers 2012).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]

PERCENT = 100  # cells of the transition matrix that is counted
MOST_EXACT = 50_000  # pairs whose errors are made person by person; past it, from a grid of ranks
GRID = 200
MARGINS = (0, 10, 20)  # hundredths that count as a climb, or a fall
_BLOCK = 1 << 21
_HAIR = 1e-9  # of a percentile: a rank that is an edge belongs below it, however it was rounded


def midranks(values: Floats, weights: Floats | None = None) -> Floats:
    """The rank of each value, (n,) between 0 and 1: the share below plus half the share level.

    `weights` (n,), positive, are shares of the population; without them everyone counts once.
    Whole numbers close together (dollars) are counted, others sorted; memory grows with n.
    """
    counted = _counted(values, weights)
    if counted is not None:
        return counted
    order = np.argsort(values)
    ascending = values[order]
    first = np.flatnonzero(np.concatenate(([True], ascending[1:] != ascending[:-1])))
    del ascending
    ends = np.append(first, len(values))
    rank = np.empty(len(values))
    if weights is None:
        middle = (ends[:-1] + ends[1:]) / (2 * len(values))
    else:
        below = np.concatenate(([0.0], np.cumsum(weights[order])))
        middle = (below[ends[:-1]] + below[ends[1:]]) / (2 * below[-1])
    rank[order] = np.repeat(middle, np.diff(ends))
    return rank


def _counted(values: Floats, weights: Floats | None) -> Floats | None:
    low = float(values.min())
    if float(values.max()) - low > 2 * len(values):
        return None
    if not all(np.array_equal(np.rint(values[b]), values[b]) for b in _blocks(len(values))):
        return None
    codes = np.subtract(values, low).astype(np.intp)
    size = np.bincount(codes, weights=weights)
    upto = np.cumsum(size, dtype=np.float64)
    ranks: Floats = ((upto - size / 2) / upto[-1])[codes]
    return ranks


def both(parent: Floats, child: Floats, weights: Floats | None = None) -> tuple[Floats, Floats]:
    """The midranks of parents among parents and of children among children."""
    with ThreadPoolExecutor(2) as pool:  # sorting lets go of the interpreter
        first, second = (pool.submit(midranks, v, weights) for v in (parent, child))
        return first.result(), second.result()


def percentile(rank: Floats) -> Codes:
    """The cell of a rank, 0 to 99: cell k holds ranks over k and up to k + 1 hundredths."""
    return np.asarray(np.clip(np.ceil(rank * PERCENT - _HAIR).astype(np.intp) - 1, 0, PERCENT - 1))


def dot(a: Floats, b: Floats) -> float:
    """The sum of products in one thread: the same on any machine, and quick on a busy one."""
    return float(np.einsum("i,i->", a, b))


def _blocks(n: int) -> Iterator[slice]:
    return (slice(start, min(start + _BLOCK, n)) for start in range(0, n, _BLOCK))


class Directed(NamedTuple):
    """A share, the people it counts, and those it is of."""

    share: float
    people: int
    of: int


@dataclass(frozen=True)
class Tally:
    """Counts and sums of one group, whose ranks are the whole population's. It adds up.

    `joint` (100, 100) is the weight by percentile of parents (rows) and of children, `counts` the
    people; `child` (100,) the weighted sum of children's ranks by the parents' percentile; `moved`
    (100, 7) the weight of those whose rank is under their parents' by over 20, 10 or 0 hundredths,
    the same, or above it by over 0, 10 or 20; `climbers` the people. `moments` are weighted sums of
    1, x, y, x², xy and y² of ranks less one half.
    """

    joint: Floats
    counts: NDArray[np.int64]
    child: Floats
    moved: Floats
    climbers: NDArray[np.int64]
    moments: Floats

    @property
    def n(self) -> int:
        """People."""
        return int(self.counts.sum())

    @property
    def line(self) -> tuple[float, float]:
        """The rank-rank slope, and the expected rank (0 to 1) at a parents' rank of one half.

        NaN, for nobody else to see, when all parents have one rank.
        """
        _, x, y, xx, xy, _ = self.moments / self.moments[0]
        spread = xx - x * x
        slope = (xy - x * y) / spread if spread > 1e-15 else math.nan
        return slope, 0.5 + y - slope * x

    def fitted(self, at: float) -> float:
        """The expected rank (0 to 1) of children of parents at a rank, by the fitted line."""
        slope, middle = self.line
        return middle + slope * (at - 0.5)

    def matrix(self, classes: int = 5) -> Floats:
        """Shares of children's classes (columns) by the parents' (rows); a row without people NaN.

        The classes are equal cuts of ranks, so `classes` divides 100.
        """
        blocks = _summed(self.joint, classes)
        rows = blocks.sum(axis=1, keepdims=True)
        empty = np.full_like(blocks, np.nan)
        return np.asarray(np.divide(blocks, rows, out=empty, where=rows > 0))

    def directed(self, low: int, high: int, margin: int = 0, *, up: bool = True) -> Directed:
        """Children who rank above (or under) their parents by over so many hundredths.

        Of those whose parents are in percentiles `low` + 1 to `high`; `margin` is 0, 10 or 20.
        Source: Bhattacharya and Mazumder (2011), their directional rank mobility.
        """
        first = MARGINS.index(margin)
        these = slice(4 + first, 7) if up else slice(0, 3 - first)
        weight, people = self.moved[low:high], self.climbers[low:high]
        return Directed(
            float(weight[:, these].sum() / weight.sum()) if weight.sum() > 0 else math.nan,
            int(people[:, these].sum()),
            int(people.sum()),
        )

    def joint_shares(self, classes: int = 5) -> Floats:
        """Shares of everyone by class of parents (rows) and of children; they sum to 1."""
        blocks = _summed(self.joint, classes)
        return np.asarray(blocks / blocks.sum())

    def copula(self) -> Floats:
        """Shares of children's percentiles by the parents', with ties spread over what they span.

        (100, 100): every row and every column sums to 1, as a matrix of ranks that is to say who
        comes from where for other generations' incomes must.
        """
        joint = self.joint / self.joint.sum()
        across = _spread(joint.sum(axis=0))
        return np.asarray(PERCENT * _spread(joint.sum(axis=1)).T @ joint @ across)

    def people(self, classes: int = 5) -> NDArray[np.int64]:
        """People by class of parents and of children."""
        return _summed(self.counts, classes).astype(np.int64)


def _spread(weight: Floats) -> Floats:
    """How the weight in each cell falls on cells of equal weight: rows, of which no empty one."""
    upto = np.concatenate(([0.0], np.cumsum(weight)))
    edges = np.arange(PERCENT + 1) / PERCENT
    low = np.maximum(upto[:-1, None], edges[None, :-1])
    high = np.minimum(upto[1:, None], edges[None, 1:])
    shared = np.clip(high - low, 0.0, None)
    whole = shared.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(shared, whole, out=np.zeros_like(shared), where=whole > 0))


def _summed(cells: NDArray[np.generic], classes: int) -> Floats:
    cut = PERCENT // classes
    shaped: Floats = cells.reshape(classes, cut, classes, cut).sum(axis=(1, 3), dtype=np.float64)
    return shaped


def tallies(
    parent: Floats,
    child: Floats,
    weights: Floats | None = None,
    level: Codes | None = None,
    levels: int = 1,
) -> list[Tally]:
    """One pass over ranks: a Tally a level (0 to `levels` − 1), in blocks."""
    size = PERCENT * PERCENT
    joint, counts = np.zeros(levels * size), np.zeros(levels * size, np.int64)
    sums = np.zeros(levels * PERCENT)
    moved, climbers = np.zeros(levels * PERCENT * 7), np.zeros(levels * PERCENT * 7, np.int64)
    moments = np.zeros((levels, 6))
    for b in _blocks(len(parent)):
        x, y = parent[b], child[b]
        w = np.ones(len(x)) if weights is None else weights[b]
        of = np.zeros(len(x), np.intp) if level is None else level[b]
        row = of * PERCENT + percentile(x)
        cell = row * PERCENT + percentile(y)
        found = np.bincount(cell, minlength=len(counts))
        counts += found
        joint += found if weights is None else np.bincount(cell, weights=w, minlength=len(joint))
        sums += np.bincount(row, weights=w * y, minlength=len(sums))
        step = row * 7 + _band(y - x)
        found = np.bincount(step, minlength=len(climbers))
        climbers += found
        moved += found if weights is None else np.bincount(step, weights=w, minlength=len(moved))
        for each in range(levels):
            mine = of == each if levels > 1 else slice(None)
            moments[each] += _moments(x[mine] - 0.5, y[mine] - 0.5, w[mine])
    shaped = (
        joint.reshape(levels, PERCENT, PERCENT),
        counts.reshape(levels, PERCENT, PERCENT),
        sums.reshape(levels, PERCENT),
        moved.reshape(levels, PERCENT, 7),
        climbers.reshape(levels, PERCENT, 7),
        moments,
    )
    return [Tally(*each) for each in zip(*shaped, strict=True)]


def _band(gap: Floats) -> Codes:
    """0 to 6: how far a child's rank is from the parents', by MARGINS."""
    band = np.full(len(gap), 3, np.intp)
    for margin in MARGINS:
        band += gap > margin / PERCENT + _HAIR / PERCENT
        band -= gap < -margin / PERCENT - _HAIR / PERCENT
    return band


def _moments(x: Floats, y: Floats, w: Floats) -> Floats:
    wx, wy = w * x, w * y
    return np.array([w.sum(), wx.sum(), wy.sum(), dot(wx, x), dot(wx, y), dot(wy, y)])


def added(found: Sequence[Tally]) -> Tally:
    """Everyone, from groups that leave nobody out and count nobody twice."""
    whole: dict[str, Any] = {
        f.name: np.sum([getattr(t, f.name) for t in found], axis=0) for f in fields(Tally)
    }
    return Tally(**whole)


# -- errors


class Effect(NamedTuple):
    """An estimate's answer to each cell: directly, and to a change of its rank as parent, child."""

    own: Floats
    parent: Floats
    child: Floats


@dataclass(frozen=True)
class _Side:
    """One generation's ranks, to say how a person moves those of all the others."""

    rank: Floats

    @cached_property
    def _at(self) -> tuple[Codes, int]:
        distinct, at = np.unique(self.rank, return_inverse=True)
        return at, len(distinct)

    def pull(self, z: Floats) -> Floats:
        """For each person k: the sum of z over all i times the change in i's rank by adding k.

        k adds 1 to the rank of those above, one half to those level, and everyone's rank counts
        for less: the sum of z (I(k, i) − rank of i).
        """
        at, values = self._at
        total = np.bincount(at, weights=z, minlength=values)
        above = total[::-1].cumsum()[::-1] - total / 2
        return np.asarray(above[at] - dot(z, self.rank))


@dataclass(frozen=True)
class Cells:
    """People (or, in a large population, cells of people alike) in both generations' ranks.

    `parent` and `child` (m,) are ranks, `level` (m,) a group's number, `share` (m,) the share of
    the whole weight, `squared` (m,) the sum of squared shares of the people in the cell.
    """

    parent: Floats
    child: Floats
    level: Codes
    share: Floats
    squared: Floats
    width: float  # half of the window a density at an edge is taken from
    grain: float = (
        0.0  # half of the side of a cell: closer than that, who ranks higher is not known
    )

    @classmethod
    def of(
        cls,
        parent: Floats,
        child: Floats,
        weights: Floats | None = None,
        level: Codes | None = None,
    ) -> Cells:
        """One cell a person up to 50,000 people; past it a grid of 200 by 200 ranks."""
        n = len(parent)
        if n > MOST_EXACT:
            return cls._grid(parent, child, weights, level)
        share = np.full(n, 1 / n) if weights is None else weights / weights.sum()
        squared = share**2
        of = np.zeros(n, np.intp) if level is None else level
        return cls(parent, child, of, share, squared, math.sqrt(squared.sum()))

    @classmethod
    def _grid(
        cls, parent: Floats, child: Floats, weights: Floats | None, level: Codes | None
    ) -> Cells:
        levels = 1 if level is None else int(level.max()) + 1
        sums = np.zeros((2, levels * GRID * GRID))
        margins = np.zeros((2, 2, GRID))
        for b in _blocks(len(parent)):
            w = np.ones(len(parent[b])) if weights is None else weights[b]
            cell = np.zeros(len(w), np.intp) if level is None else level[b]
            for side, rank in enumerate((parent[b], child[b])):
                bin_ = np.clip(np.ceil(rank * GRID - _HAIR).astype(np.intp) - 1, 0, GRID - 1)
                margins[side, 0] += np.bincount(bin_, weights=w, minlength=GRID)
                margins[side, 1] += np.bincount(bin_, weights=w * rank, minlength=GRID)
                cell = cell * GRID + bin_
            for at, each in enumerate((w, w * w)):
                sums[at] += np.bincount(cell, weights=each, minlength=sums.shape[1])
        kept = np.flatnonzero(sums[0])
        mean = np.divide(margins[:, 1], margins[:, 0], out=np.zeros((2, GRID)),
                         where=margins[:, 0] > 0)  # fmt: skip
        whole = sums[0].sum()
        squared = sums[1, kept] / whole**2
        return cls(
            mean[0, kept // GRID % GRID],
            mean[1, kept % GRID],
            kept // GRID**2,
            sums[0, kept] / whole,
            squared,
            max(round(GRID * math.sqrt(squared.sum())), 1) / GRID,  # whole cells on either side
            0.5 / GRID,
        )

    @cached_property
    def _sides(self) -> tuple[_Side, _Side]:
        return _Side(self.parent), _Side(self.child)

    def influence(self, effect: Effect) -> Floats:
        """What each cell's people, once more, would add to an estimate; (m,), centred."""
        mine, theirs = self._sides
        found = effect.own + mine.pull(self.share * effect.parent)
        found += theirs.pull(self.share * effect.child)
        return np.asarray(found - dot(self.share, found))

    def error(self, effect: Effect) -> float:
        """The standard error of an estimate."""
        return math.sqrt(dot(self.squared, self.influence(effect) ** 2))

    def covariance(self, effects: Sequence[Effect]) -> Floats:
        """The covariances of several estimates."""
        found = np.array([self.influence(e) for e in effects])
        return np.asarray(np.einsum("ik,jk->ij", found * self.squared, found))

    # -- effects; `level` None is everyone

    def _of(self, level: int | None) -> Floats:
        return np.ones(len(self.share)) if level is None else (self.level == level).astype(float)

    def _edge(self, rank: Floats, at: float) -> Floats:
        """The density of people at an edge, as weights over those near it; none at 0 and at 1."""
        if at <= 0 or at >= 1:
            return np.zeros(len(rank))
        low, high = max(at - self.width, 0.0), min(at + self.width, 1.0)
        return ((rank > low - 1e-12) & (rank <= high + 1e-12)) / (high - low)

    def line(self, at: float | None = None, level: int | None = None) -> Effect:
        """The rank-rank slope, or with `at` the expected rank there by the fitted line."""
        d, (x, y) = self._of(level), (self.parent, self.child)
        p = self.share * d / dot(self.share, d)
        nu, v = d * (x - dot(p, x)), y - dot(p, y)
        spread = dot(p, nu**2)
        slope = dot(p, nu * v) / spread
        size = dot(self.share, d)
        off = d * (v - slope * nu)
        tilt = Effect(off * nu, off - slope * nu, nu)
        tilt = Effect(*(e / (spread * size) for e in tilt))
        if at is None:
            return tilt
        away = at - dot(p, x)
        return Effect(
            off / size + away * tilt.own,
            -slope * d / size + away * tilt.parent,
            d / size + away * tilt.child,
        )

    def _cell(self, low: float, high: float, level: int | None) -> tuple[Floats, Floats]:
        """Parents in a cell of ranks, over their share; and how that changes with their rank."""
        d = self._of(level)
        x = self.parent
        inside = d * ((x > low + _HAIR / PERCENT) & (x <= high + _HAIR / PERCENT))
        size = dot(self.share, inside)
        return inside / size, d * (self._edge(x, low) - self._edge(x, high)) / size

    def mean(self, low: float, high: float, level: int | None = None) -> Effect:
        """The mean rank of children whose parents rank over `low` and up to `high`."""
        inside, moved = self._cell(low, high, level)
        off = self.child - dot(self.share * inside, self.child)
        return Effect(inside * off, moved * off, inside)

    def chance(
        self,
        parents: tuple[float, float],
        children: tuple[float, float],
        level: int | None = None,
    ) -> Effect:
        """The share of children in a cell of ranks, among those whose parents are in another."""
        inside, moved = self._cell(*parents, level)
        low, high = children
        y = self.child
        there = ((y > low + _HAIR / PERCENT) & (y <= high + _HAIR / PERCENT)).astype(float)
        off = there - dot(self.share * inside, there)
        edges = self._edge(y, low) - self._edge(y, high)
        return Effect(inside * off, moved * off, inside * edges)

    def joint(self, parents: tuple[float, float], children: tuple[float, float]) -> Effect:
        """The share of everyone whose parents are in a cell of ranks and who are in another."""
        found = []
        for rank, (low, high) in ((self.parent, parents), (self.child, children)):
            inside = (rank > low + _HAIR / PERCENT) & (rank <= high + _HAIR / PERCENT)
            found.append((inside.astype(float), self._edge(rank, low) - self._edge(rank, high)))
        (x, at_x), (y, at_y) = found
        return Effect(x * y, at_x * y, x * at_y)

    def directed(
        self,
        low: float,
        high: float,
        margin: float = 0,
        *,
        up: bool = True,
        level: int | None = None,
    ) -> Effect:
        """The share who rank above (under) their parents by over `margin`, of a cell of parents."""
        inside, moved = self._cell(low, high, level)
        sign = 1.0 if up else -1.0
        gap = sign * (self.child - self.parent) - margin
        there = (gap > max(self.grain, _HAIR / PERCENT)) + 0.5 * (np.abs(gap) < self.grain)
        off = there - dot(self.share * inside, there)
        width = self.width + self.grain
        edge = sign * inside * (np.abs(gap) <= width + _HAIR / PERCENT) / (2 * width)
        return Effect(inside * off, moved * off - edge, edge)
