"""What is told where families are not linked: a published matrix, or two lists of incomes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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


def unlinked(
    parent: Margin,
    child: Margin,
    sizes: tuple[int, int],
    question: Question,
    matrix: PercentileMatrix | None,
    origin: Origin,
) -> tuple[Finding | Table, ...]:
    """Absolute mobility from two lists of incomes: by a matrix where there is one, and bounds."""
    asked = Estimand(
        outcome=english("label.above-parents", {"concept": question.concept}),
        unit="share", population=english("label.unlinked-people"), contrast="",
        summary="share above", horizon="", dollar_year=question.child_year,
    )  # fmt: skip
    same = question.parent_year == question.child_year
    concept = Note("strictly-above", {"concept": question.concept})
    notes = (concept, money(question), Note("zero-parents"))
    sources = ("chetty2017", *(() if same else ("cpi",)))
    parts = (
        Part(english("label.parents"), sizes[0]),
        Part(english("label.children"), sizes[1]),
    )
    found: list[Finding | Table] = []
    counts = Counts(min(sizes), by_group={p.group: p.n for p in parts})
    caveats = (Note("margins-known"),)
    low, high = bounds(parent, child)
    cases: list[tuple[str, float | None, float | None, float | None]] = [
        ("any", None, low, high),
        ("same", same_rank(parent, child), None, None),
        ("independent", above(np.ones((1, 1)), parent, child), None, None),
    ]
    if matrix is not None:
        value = above(matrix.shares, parent, child)
        how = method("absolute-copula", sources, Note("copula-cells"), *notes, ranked=False)
        found.append(
            Finding(
                estimand=asked,
                value=value,
                counts=counts,
                method=how,
                strength="described",
                parts=(Part(english("label.both-lists"), min(sizes), value),),
                caveats=caveats,
                origin=origin,
            )
        )
        cases.append(("matrix", value, None, None))
    rows = [
        {
            "who_comes_from_where": english(f"label.copula-{key}"),
            "parents_counted": sizes[0], "children_counted": sizes[1],
            "share": value, "low": least, "high": most,
        }
        for key, value, least, most in cases
    ]  # fmt: skip
    how = method(
        "absolute-bounds", (*sources, "fan2010", "makarov1982"), Note("bounds-sharp"), *notes,
        ranked=False,
    )  # fmt: skip
    columns = (
        Column("who_comes_from_where", "key", "text"),
        Column("parents_counted", "denominator", "people"),
        Column("children_counted", "denominator", "people"),
        Column("share", "value", "share"), Column("low", "low", "share"),
        Column("high", "high", "share"),
    )  # fmt: skip
    found.append(
        Table(
            name="generations-bounds",
            estimand=asked,
            columns=columns,
            rows=tuple(rows),
            dimensions=(Dimension("who_comes_from_where", False),),
            method=how,
            counts=counts,
            caveats=caveats,
            origin=origin,
        )
    )
    return tuple(found)
