"""What is told where families are not linked: a published matrix, or two lists of incomes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rung.finding import (
    Cell,
    Column,
    Counts,
    Dimension,
    Estimand,
    Finding,
    Method,
    Note,
    Origin,
    Part,
    Table,
)
from rung.messages import english
from rung.mobility import transitions
from rung.mobility.copula import Margin, PercentileMatrix, above, bounds, same_rank
from rung.mobility.generations import Question
from rung.mobility.generations_tables import FIFTHS
from rung.mobility.ranks import PERCENT
from rung.mobility.telling import fifth, method, money

_MATRIX = (Note("matrix-labels"),)
SLOPE = method("rank-rank-matrix", ("chetty2014",), *_MATRIX, ranked=False)
BY_LINE = method("expected-rank-line-matrix", ("chetty2014",), *_MATRIX, ranked=False)
BY_CELL = method("expected-rank-cell-matrix", ("chetty2014",), *_MATRIX, ranked=False)
TRANSITION = method("transition-matrix", ("chetty2014",), *_MATRIX, ranked=False)
INDICES = method(
    "transition-indices-matrix",
    ("shorrocks1978", "sommers1979", "bartholomew1973"),
    *_MATRIX,
    ranked=False,
)


class _Published:
    """A matrix that somebody published: exact figures of an unknown number of people."""

    def __init__(self, matrix: PercentileMatrix, digest: str) -> None:
        self.matrix, self.origin = matrix, Origin(inputs=(digest,))

    def _question(self, outcome: str, unit: str, summary: str, **given: Any) -> Estimand:
        return Estimand(
            outcome=english(outcome, {"concept": "income", **given}),
            unit=unit, population=english("label.matrix-people"), contrast="",
            summary=summary, horizon="",
        )  # fmt: skip

    def _finding(self, question: Estimand, value: float, how: Method) -> Finding:
        return Finding(
            estimand=question, value=value, counts=Counts(0), method=how, strength="described",
            caveats=(Note("matrix-people"),), origin=self.origin,
        )  # fmt: skip

    def _table(
        self, name: str, question: Estimand, columns: Sequence[Column], rows: Sequence[Any],
        dimensions: Sequence[Dimension], how: Method,
    ) -> Table:  # fmt: skip
        return Table(
            name=name, estimand=question, columns=tuple(columns), rows=tuple(rows),
            dimensions=tuple(dimensions), method=how, caveats=(Note("matrix-people"),),
            origin=self.origin,
        )  # fmt: skip

    def findings(self) -> Iterator[Finding]:
        question = self._question("label.rank-slope", "number", "rank-rank slope")
        yield self._finding(question, self.matrix.slope, SLOPE)
        for at in (25, 75):
            question = self._question("label.expected-line", "number", "expected rank", at=at)
            yield self._finding(question, self.matrix.fitted(at), BY_LINE)
            question = self._question("label.expected-cell", "number", "expected rank", at=at)
            yield self._finding(question, float(self.matrix.expected[at - 1]), BY_CELL)
        question = self._question("label.bottom-to-top", "share", "share who reached")
        share = float(transitions.shares(self.matrix.joint())[0, -1])
        yield self._finding(question, share, TRANSITION)

    def tables(self) -> Iterator[Table]:
        joint = self.matrix.joint()
        shares = transitions.shares(joint)
        rows: list[dict[str, Cell]] = [
            {"parents": fifth(i), "children": fifth(j), "share": float(shares[i, j])}
            for i in range(FIFTHS)
            for j in range(FIFTHS)
        ]
        columns = [Column("parents", "key", "text"), Column("children", "key", "text")]
        yield self._table(
            "generations-fifths",
            self._question("label.transitions", "share", "transition matrix"),
            [*columns, Column("share", "value", "share")], rows,
            [Dimension("parents", True), Dimension("children", True)], TRANSITION,
        )  # fmt: skip
        named = transitions.INDICES.items()
        rows = [{"index": english(f"label.index-{k}"), "value": f(joint)} for k, f in named]
        yield self._table(
            "generations-indices",
            self._question("label.indices", "number", "indices of the transition matrix"),
            [Column("index", "key", "text"), Column("value", "value")], rows,
            [Dimension("index", False)], INDICES,
        )  # fmt: skip
        yield self._ranks()

    def _ranks(self) -> Table:
        rows: list[dict[str, Cell]] = [
            {
                "percentile": i + 1,
                "mean_rank": float(self.matrix.expected[i]),
                "fitted_rank": self.matrix.fitted(i + 1),
            }
            for i in range(PERCENT)
        ]
        return self._table(
            "generations-ranks",
            self._question("label.mean-ranks", "number", "mean rank by parents' rank"),
            [
                Column("percentile", "key"), Column("mean_rank", "value"),
                Column("fitted_rank", "value"),
            ],
            rows, [Dimension("percentile", True)], BY_CELL,
        )  # fmt: skip


def of_matrix(matrix: PercentileMatrix, digest: str) -> tuple[Finding | Table, ...]:
    """Slope, expected ranks, transitions by fifths and their indices, of a published matrix."""
    published = _Published(matrix, digest)
    return (*published.findings(), *published.tables())


@dataclass(frozen=True)
class Unlinked:
    """Two generations' incomes in one year's dollars, not linked, `sizes` of them counted."""

    parent: Margin
    child: Margin
    sizes: tuple[int, int]
    question: Question
    origin: Origin

    def answers(self, matrix: PercentileMatrix | None) -> tuple[Finding | Table, ...]:
        """Absolute mobility: by a matrix where there is one, then the bounds."""
        if matrix is None:
            return (self._bounds(None),)
        value = above(matrix.shares, self.parent, self.child)
        return self._by_matrix(value), self._bounds(value)

    def _asked(self) -> Estimand:
        return Estimand(
            outcome=english("label.above-parents", {"concept": self.question.concept}),
            unit="share", population=english("label.unlinked-people"), contrast="",
            summary="share above", horizon="", dollar_year=self.question.child_year,
        )  # fmt: skip

    def _method(self, key: str, note: str, *sources: str) -> Method:
        prices = () if self.question.parent_year == self.question.child_year else ("cpi",)
        return method(
            key, ("chetty2017", *sources, *prices), Note(note),
            Note("strictly-above", {"concept": self.question.concept}),
            money(self.question), Note("zero-parents"), ranked=False,
        )  # fmt: skip

    @property
    def _counts(self) -> Counts:
        named = (english("label.parents"), english("label.children"))
        return Counts(min(self.sizes), by_group=dict(zip(named, self.sizes, strict=True)))

    def _by_matrix(self, value: float) -> Finding:
        part = Part(english("label.both-lists"), min(self.sizes), value)
        return Finding(
            estimand=self._asked(), value=value, counts=self._counts, parts=(part,),
            method=self._method("absolute-copula", "copula-cells"), strength="described",
            caveats=(Note("margins-known"),), origin=self.origin,
        )  # fmt: skip

    def _bounds(self, by_matrix: float | None) -> Table:
        low, high = bounds(self.parent, self.child)
        alike = above(np.ones((1, 1)), self.parent, self.child)
        cases: dict[str, float | None] = {
            "any": None,
            "same": same_rank(self.parent, self.child),
            "independent": alike,
        }
        if by_matrix is not None:
            cases["matrix"] = by_matrix
        rows: list[dict[str, Cell]] = [
            {
                "who_comes_from_where": english(f"label.copula-{key}"),
                "parents_counted": self.sizes[0], "children_counted": self.sizes[1],
                "share": value,
                "low": low if value is None else None, "high": high if value is None else None,
            }
            for key, value in cases.items()
        ]  # fmt: skip
        columns = (
            Column("who_comes_from_where", "key", "text"),
            Column("parents_counted", "denominator", "people"),
            Column("children_counted", "denominator", "people"),
            Column("share", "value", "share"), Column("low", "low", "share"),
            Column("high", "high", "share"),
        )  # fmt: skip
        return Table(
            name="generations-bounds", estimand=self._asked(), columns=columns, rows=tuple(rows),
            dimensions=(Dimension("who_comes_from_where", False),), counts=self._counts,
            method=self._method("absolute-bounds", "bounds-sharp", "fan2010", "makarov1982"),
            caveats=(Note("margins-known"),), origin=self.origin,
        )  # fmt: skip
