"""How measures of people's lives changed: the same people at the last check-in before and after.

Before is the last check-in up to `before_within_days` after entry, after is the last one at least
`after_days` after it. Only people who told a measure both times count for it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field
from sqlglot import exp

from rung.discovery.journey import NOT_RECORDED, level_of, members_of
from rung.finding import Origin
from rung.messages import english
from rung.mobility.standing import ROOM
from rung.records import query, wellbeing
from rung.records.engine import Engine
from rung.records.lab import Group, Section
from rung.records.query import Name, as_double, name, tree

Unit = Literal["points", "dollars", "share"]
STABLE = ("owns", "rents", "subsidised")
"""Kinds of housing that are a home of one's own."""


class MeasuresSettings(Section):
    """`[measures]`."""

    before_within_days: Annotated[int, Field(ge=0, le=365)] = 30
    after_days: Annotated[int, Field(ge=1, le=3_650)] = 180


@dataclass(frozen=True)
class Measure:
    """One measure: its columns in the table of check-ins, its unit, which way is better."""

    key: str
    columns: tuple[str, ...]  # any of them will do
    unit: Unit
    up: bool

    @property
    def words(self) -> str:
        """What people read."""
        return english(f"label.measure-{self.key}")


MEASURES = (
    Measure("wellbeing", ("wellbeing_score", "wellbeing_total"), "points", up=True),
    Measure("stress", ("stress",), "points", up=False),
    Measure("contacts", ("contacts",), "points", up=True),
    Measure("savings", ("savings",), "dollars", up=True),
    Measure("debt", ("debt",), "dollars", up=False),
    Measure("behind", ("behind",), "share", up=False),
    Measure("housing", ("housing_now",), "share", up=True),
)


@dataclass(frozen=True)
class Pairs:
    """People who told a measure twice: sums, squared changes, how many rose and how many fell."""

    n: int = 0
    before: float = 0.0
    after: float = 0.0
    squares: float = 0.0
    rose: int = 0
    fell: int = 0

    def __add__(self, other: Pairs) -> Pairs:
        return Pairs(
            self.n + other.n,
            self.before + other.before,
            self.after + other.after,
            self.squares + other.squares,
            self.rose + other.rose,
            self.fell + other.fell,
        )

    @property
    def change(self) -> float:
        """Mean change."""
        return (self.after - self.before) / self.n

    @property
    def se(self) -> float | None:
        """Its standard error; None for one person."""
        if self.n < 2:
            return None
        left = max(self.squares - self.n * self.change**2, 0.0)
        return math.sqrt(left / (self.n - 1) / self.n)


@dataclass(frozen=True)
class Changes:
    """Pairs by measure and by (group key, level); ("", "") is everyone."""

    settings: MeasuresSettings
    groups: tuple[Group, ...]
    pairs: Mapping[tuple[str, str, str], Pairs]
    origin: Origin

    def of(self, measure: Measure, group: str = "", level: str = "") -> Pairs:
        """The pairs of a measure."""
        return self.pairs.get((measure.key, group, level), Pairs())

    def levels(self, group: Group) -> tuple[str, ...]:
        """The levels of a group in order, "not recorded" last."""
        found = {level for _, key, level in self.pairs if key == group.key}
        return tuple(sorted(found, key=lambda level: (level == NOT_RECORDED, level)))

    @property
    def told(self) -> tuple[Measure, ...]:
        """The measures that somebody told twice."""
        return tuple(m for m in MEASURES if self.of(m).n)


def summarise(
    engine: Engine,
    settings: MeasuresSettings,
    *,
    measures: str | None = "measures",
    people: str = "journeys",
    groups: Sequence[Group] = (),
    inputs: Sequence[str] = (),
) -> Changes:
    """Add up the check-ins, measure by measure.

    `measures` has pid, measured_on and any of the columns of `MEASURES`, `people` pid, entered_on,
    age_at_entry where the scale's total is to be scored, and the groups.
    """
    started = len(engine.log)
    pairs: dict[tuple[str, str, str], Pairs] = {}
    if measures is not None:
        asked = engine.columns(measures)
        own = _own(engine, people)
        for m in MEASURES:
            if not any(c in asked for c in m.columns):
                continue
            told = query.fill(
                query.load(ROOM, "changes_told"),
                {
                    "grace": settings.before_within_days,
                    "least": settings.after_days,
                    "values": [query.alias(_value(m, asked, engine.columns(own)), "value")],
                    "measures": Name(measures),
                    "people": Name(own),
                },
            )
            engine.view("measures_told", told)
            pairs |= _added(engine, m, own, tuple(groups))
    return Changes(
        settings, tuple(groups), pairs,
        Origin(inputs=tuple(inputs), queries=tuple(engine.log[started:])),
    )  # fmt: skip


def _own(engine: Engine, people: str) -> str:
    """A view of people with one row each."""
    rows = exp.select("*").from_(exp.table_(people, quoted=True))
    if "period" in engine.columns(people):
        first = exp.LTE(this=name("period"), expression=tree(1))
        rows = rows.where(exp.or_(name("period").is_(exp.null()), first))
    engine.view("measures_people", rows)
    return "measures_people"


def _value(m: Measure, asked: Mapping[str, str], people: Mapping[str, str]) -> exp.Expr:
    """A measure as a number: a score, dollars, or 1 and 0."""
    if m.key == "wellbeing":
        scored = name("wellbeing_score", "measures") if "wellbeing_score" in asked else exp.null()
        if "wellbeing_total" in asked and "age_at_entry" in people:
            days = exp.func(
                "date_diff", tree("day"), name("entered_on", "own"),
                name("measured_on", "measures"), dialect=query.DIALECT,
            )  # fmt: skip
            years = exp.Div(this=as_double(days), expression=tree(365.25))
            past = exp.cast(exp.func("floor", years), "INTEGER")
            age = exp.Paren(this=exp.Add(this=name("age_at_entry", "own"), expression=past))
            aloud = name("read_aloud", "measures") if "read_aloud" in asked else exp.false()
            total = wellbeing.score_of(name("wellbeing_total", "measures"), age, aloud)
            scored = exp.func("coalesce", scored, total)
        return as_double(scored)
    if m.key == "housing":
        home = exp.In(this=name("housing_now", "measures"), expressions=[tree(h) for h in STABLE])
        return as_double(_one(home))
    column = name(m.columns[0], "measures")
    return as_double(_one(column) if m.unit == "share" else column)


def _one(condition: exp.Expr) -> exp.Expr:
    return exp.Case().when(condition, tree(1)).when(exp.not_(condition.copy()), tree(0))


def _added(
    engine: Engine, m: Measure, people: str, groups: tuple[Group, ...]
) -> dict[tuple[str, str, str], Pairs]:
    have = engine.columns(people)
    names = [f"g{i}" for i in range(len(groups))]
    rows = engine.run(
        query.load(ROOM, "changes_pairs"),
        told=Name("measures_told"),
        people=Name(people),
        levels=[query.alias(level_of(g, have), at) for g, at in zip(groups, names, strict=True)],
        names=[Name(at) for at in names],
        sets=[
            exp.Tuple(expressions=[name(c) for c in level])
            for level in ([], *([at] for at in names))
        ],
    )
    found: dict[tuple[str, str, str], Pairs] = {}
    for row in rows.dicts():
        mine = Pairs(
            n=int(row["n"]),
            before=float(row["before"]),
            after=float(row["after"]),
            squares=float(row["squares"]),
            rose=int(row["rose"]),
            fell=int(row["fell"]),
        )
        level = next(
            ((g, row[at]) for g, at in zip(groups, names, strict=True) if row[at] is not None),
            None,
        )
        places = [("", "")]
        if level is not None:
            places = [(level[0].key, each) for each in members_of(level[0], str(level[1]))]
        for key, each in places:
            at = (m.key, key, each)
            found[at] = found.get(at, Pairs()) + mine
    return found
