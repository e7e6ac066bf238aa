"""Five factors of economic mobility, as indicators for people and for places, and which are moving.

    education and skills · jobs and wages · wealth and assets · social and cultural capital ·
    policy and supports

Each indicator declares its measure, where it comes from, which way is better and between whom the
gap is looked at. Those of people come from the lab's own records: the ladder, the check-ins, the
credentials and supports on record. Those of a place come from public tables that the user brings as
one CSV (indicator, year, value, and low and high where they are published). What nobody measured
stays in the table without a number, so that a provider or a city sees what it does not know.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from sqlglot import exp

from rung.errors import Problem, RecordsError
from rung.finding import Cell, Column, Counts, Dimension, Estimand, Method, Note, Origin, Table
from rung.messages import english
from rung.mobility.changes import Changes, Pairs
from rung.mobility.ladder import Ladder
from rung.mobility.standing import ROOM
from rung.records import query
from rung.records.engine import Engine
from rung.records.lab import Section
from rung.records.query import name, tree
from rung.stats.intervals import normal_quantile, paired_shares, t_quantile, wilson

Factor = Literal["education", "jobs", "wealth", "social", "policy"]
FACTORS: tuple[Factor, ...] = ("education", "jobs", "wealth", "social", "policy")
YEAR_DAYS = 365  # people who entered less than this ago are too new to judge


class FactorsSettings(Section):
    """`[factors]`: `places` is a CSV of a place's indicators over time."""

    places: str = ""


@dataclass(frozen=True)
class Indicator:
    """One thing to watch. `made` says from which records it comes; `source` where it is defined.

    `gap` names the groups between which it is looked at.
    """

    key: str
    factor: Factor
    whom: Literal["people", "place"]
    up: bool
    gap: str
    source: str
    made: str = ""
    kind: Literal["mean", "change", "now"] = "mean"  # of people: a mean, a share twice, or once

    @property
    def words(self) -> str:
        """What people read."""
        return english(f"label.indicator-{self.key}")

    @property
    def better(self) -> str:
        """Which way is better."""
        return english("label.better-more" if self.up else "label.better-less")


_ONCE = ("credential", "training", "coached", "supports")
_TWICE = ("paid", "living-wage", "behind", "housing")


def _person(
    key: str, factor: Factor, made: str, source: str, *, up: bool = True, gap: str = "race"
) -> Indicator:
    kind: Literal["mean", "change", "now"] = "now" if key in _ONCE else "mean"
    if key in _TWICE:
        kind = "change"
    return Indicator(key, factor, "people", up, gap, source, made, kind)


def _place(
    key: str, factor: Factor, source: str, *, up: bool = True, gap: str = "race"
) -> Indicator:
    return Indicator(key, factor, "place", up, gap, source)


INDICATORS = (
    _person("credential", "education", "credentials", "rung"),
    _person("training", "education", "training", "rung", gap="gender"),
    _person("pay", "jobs", "dollars", "ladder", gap="gender"),
    _person("paid", "jobs", "paid", "ladder", gap="gender"),
    _person("rank", "jobs", "rank", "ladder"),
    _person("living-wage", "jobs", "wage", "ladder"),
    _person("wellbeing", "wealth", "measure", "cfpb2015"),
    _person("savings", "wealth", "measure", "rung"),
    _person("debt", "wealth", "measure", "rung", up=False),
    _person("behind", "wealth", "measure", "rung", up=False),
    _person("contacts", "social", "measure", "chetty2022"),
    _person("coached", "social", "coach", "rung"),
    _person("housing", "policy", "measure", "rung"),
    _person("supports", "policy", "supports", "rung"),
    _place("place-preschool", "education", "urban2022"),
    _place("place-degree", "education", "acs"),
    _place("place-employed", "jobs", "acs", gap="gender"),
    _place("place-living-pay", "jobs", "urban2022"),
    _place("place-collections", "wealth", "urban2022", up=False),
    _place("place-owners", "wealth", "acs"),
    _place("place-connected", "social", "chetty2022", gap="income"),
    _place("place-associations", "social", "urban2022", gap="income"),
    _place("place-uninsured", "policy", "acs", up=False),
    _place("place-rent", "policy", "urban2022", up=False, gap="income"),
)
"""Every indicator, factor by factor, people before places."""


@dataclass(frozen=True)
class Reading:
    """What is known of an indicator: how many people, before, after, the change and its range.

    Of a share `x_before` and `x_after` are its people. A reading without `before` is of now alone,
    and so is its range.
    """

    n: int | None = None
    before: float | None = None
    after: float | None = None
    change: float | None = None
    low: float | None = None
    high: float | None = None
    x_before: int | None = None
    x_after: int | None = None


@dataclass(frozen=True)
class Factors:
    """Readings by indicator."""

    readings: Mapping[str, Reading]
    origin: Origin = field(default_factory=Origin)


def _mean(pairs: Pairs, level: float) -> Reading | None:
    """A mean of the same people before and after."""
    if not pairs.n:
        return None
    change, low, high = pairs.change, None, None
    if pairs.se is not None:
        reach = t_quantile(level, pairs.n - 1.0) * pairs.se
        low, high = change - reach, change + reach
    return Reading(pairs.n, pairs.before / pairs.n, pairs.after / pairs.n, change, low, high)


def _share(n: int, before: int, rose: int, fell: int, level: float) -> Reading | None:
    """A share of the same people before and after."""
    if not n:
        return None
    after = before + rose - fell
    low, high = paired_shares(rose, fell, n, level)
    return Reading(n, before / n, after / n, (after - before) / n, low, high, before, after)


def _crossed(counts: Mapping[tuple[int, int], int], level: float) -> Reading | None:
    """The share of people at 1 or above, from a table of before and after."""
    rose = sum(v for (a, b), v in counts.items() if a < 1 <= b)
    fell = sum(v for (a, b), v in counts.items() if b < 1 <= a)
    before = sum(v for (a, _), v in counts.items() if a >= 1)
    return _share(sum(counts.values()), before, rose, fell, level)


def _told(changes: Changes, key: str, level: float) -> Reading | None:
    """A measure of the check-ins."""
    measure = next((m for m in changes.told if m.key == key), None)
    if measure is None:
        return None
    pairs = changes.of(measure)
    if measure.unit == "share":
        return _share(pairs.n, round(pairs.before), pairs.rose, pairs.fell, level)
    return _mean(pairs, level)


def _of_ladder(ladder: Ladder, made: str, level: float) -> Reading | None:
    t = ladder.of(ladder.main)
    if made == "dollars":
        return _mean(Pairs(t.n, t.dollars_before, t.dollars_after, t.dollar_squares), level)
    if made == "rank":
        return _mean(Pairs(t.ranked, t.rank_before, t.rank_after, t.squares), level)
    return _crossed(t.pay if made == "paid" else t.wage, level)


def _since(engine: Engine, made: str, have: Iterable[str]) -> exp.Expr | None:
    """People with a credential, a training, a coach, or every support received, as a query."""
    tables = set(have)
    if made == "credentials" and "credentials" in tables:
        return _whose(engine, "credentials", "earned_on")
    if made == "training" and "training" in tables:
        return _whose(engine, "training", "completed")
    if made == "coach" and "enrolments" in tables:
        return _whose(engine, "enrolments", "coach")
    return None


def _whose(engine: Engine, table: str, column: str) -> exp.Expr | None:
    types = engine.columns(table)
    if column not in types:
        return None
    told: exp.Expr = exp.not_(name(column).is_(exp.null()))
    if types[column] == "BOOLEAN":
        told = name(column)
    return exp.select("pid").distinct().from_(exp.table_(table, quoted=True)).where(told)


def _event(engine: Engine, people: exp.Expr, since: exp.Expr, level: float) -> Reading | None:
    row = engine.run(
        query.load(ROOM, "factors_events"),
        people=exp.Subquery(this=people.copy()),
        since=exp.Subquery(this=since),
    ).one()
    n, x = int(row["n"]), int(row["x"] or 0)
    if not n:
        return None
    low, high = wilson(x, n, level)
    return Reading(n, after=x / n, low=low, high=high, x_after=x)


def summarise(
    engine: Engine,
    *,
    tables: Iterable[str],
    as_of: exp.Expr,
    ladder: Ladder | None,
    changes: Changes,
    places: Mapping[str, Reading] | None = None,
    people: str = "journeys",
    level: float = 0.95,
    inputs: Sequence[str] = (),
) -> Factors:
    """What is known of every indicator; `as_of` is the day the records speak of, as a tree."""
    started = len(engine.log)
    tables = tuple(tables)
    entered = exp.cast(
        exp.Add(
            this=name("entered_on"),
            expression=exp.Interval(this=tree(YEAR_DAYS), unit=exp.var("DAY")),
        ),
        "DATE",
    )
    mature = (
        exp.select("pid")
        .distinct()
        .from_(exp.table_(people, quoted=True))
        .where(exp.LTE(this=entered, expression=as_of))
    )
    found: dict[str, Reading | None] = {}
    for i in INDICATORS:
        if i.whom == "place":
            found[i.key] = (places or {}).get(i.key)
        elif i.source == "ladder":
            found[i.key] = _of_ladder(ladder, i.made, level) if ladder else None
        elif i.made == "measure":
            found[i.key] = _told(changes, i.key, level)
        elif i.made == "supports":
            found[i.key] = _supports(engine, level) if "supports" in tables else None
        else:
            since = _since(engine, i.made, tables)
            found[i.key] = _event(engine, mature, since, level) if since else None
    logs = (*(ladder.origin.queries if ladder else ()), *changes.origin.queries)
    return Factors(
        {k: r for k, r in found.items() if r is not None},
        Origin(inputs=tuple(inputs), queries=(*logs, *engine.log[started:])),
    )


def _supports(engine: Engine, level: float) -> Reading | None:
    """Supports that were needed: those received."""
    if "received" not in engine.columns("supports"):
        return None
    asked = exp.select("pid").from_(exp.table_("supports", quoted=True))
    needed = asked.where(exp.not_(name("received").is_(exp.null()))).distinct()
    missed = asked.where(exp.not_(name("received"))).distinct()
    missing = _event(engine, needed, missed, level)
    if missing is None or missing.n is None or missing.x_after is None:
        return None
    x = missing.n - missing.x_after
    low, high = wilson(x, missing.n, level)
    return Reading(missing.n, after=x / missing.n, low=low, high=high, x_after=x)


# -- places


def read_places(file: Path, level: float = 0.95) -> dict[str, Reading]:
    """A place's indicators over time: the first year against the last, from one CSV.

    Raises RecordsError (REC-no-file, REC-no-column, REC-factors) for a file that is none.
    """
    if not file.is_file():
        raise RecordsError("REC-no-file", file=file.name)
    known = {i.key.removeprefix("place-"): i.key for i in INDICATORS if i.whom == "place"}
    series: dict[str, dict[int, tuple[float, float]]] = {}
    wrong: list[int] = []
    with file.open(encoding="utf-8-sig", newline="") as f:
        rows = csv.DictReader(f)
        missing = [c for c in ("indicator", "year", "value") if c not in (rows.fieldnames or ())]
        if missing:
            raise RecordsError("REC-no-column", table=file.name, column=missing[0])
        for at, row in enumerate(rows, 2):
            try:
                key = known[row["indicator"].strip()]
                value = float(row["value"])
                low, high = (float(row.get(c) or "nan") for c in ("low", "high"))
                if not math.isfinite(value) or high < low:
                    raise ValueError
                series.setdefault(key, {})[int(row["year"])] = (value, (high - low) / 2)
            except (KeyError, ValueError, TypeError, AttributeError):
                wrong.append(at)
    if wrong:
        problem = Problem(
            code="REC-factors", table=file.name, rows=len(wrong), first_rows=tuple(wrong[:5]),
            params={"file": file.name, "known": ", ".join(known)}, weight="break",
        )  # fmt: skip
        raise RecordsError(problem)
    return {key: _over_time(years, level) for key, years in series.items()}


def _over_time(years: Mapping[int, tuple[float, float]], level: float) -> Reading:
    """First against last; published margins are 90 percent ones, as the Census has them."""
    first, last = min(years), max(years)
    (a, margin_a), (b, margin_b) = years[first], years[last]
    if first == last:
        return Reading(after=b)
    low = high = None
    if math.isfinite(margin_a) and math.isfinite(margin_b):
        reach = math.hypot(margin_a, margin_b) / normal_quantile(0.90) * normal_quantile(level)
        low, high = b - a - reach, b - a + reach
    return Reading(None, a, b, b - a, low, high)


# -- what is told


_KEYS = tuple(Column(k, "key", "text") for k in ("factor", "indicator", "better"))
_PEOPLE = Column("n", "denominator", "people")
_OVER_TIME = (
    Column("change", "value"),
    Column("low", "low"),
    Column("high", "high"),
    Column("before_value", "value"),
    Column("after_value", "value"),
)
_COLUMNS = {
    "mean": (_PEOPLE, *_OVER_TIME),
    "change": (
        _PEOPLE,
        Column("above_before", "numerator", "people"),
        Column("share_before", "value", "share", of=("above_before", "n")),
        Column("above_after", "numerator", "people"),
        Column("share_after", "value", "share", of=("above_after", "n")),
        Column("difference", "value", "share"),
        Column("low", "low", "share"),
        Column("high", "high", "share"),
    ),
    "now": (
        _PEOPLE,
        Column("reaching", "numerator", "people"),
        Column("reaching_share", "value", "share", of=("reaching", "n"), interval="wilson"),
        Column("low", "low", "share"),
        Column("high", "high", "share"),
    ),
    "place": _OVER_TIME,
}


def tables(factors: Factors, level: float = 0.95) -> tuple[Table, ...]:
    """Every indicator, factor by factor; what nobody measured has no number.

    Of people: means before and after, shares before and after, and shares known for now alone. Of
    their place: a table of its own, for what it tells is public already.
    """
    return tuple(_table(factors, kind, level) for kind in _COLUMNS)


def _table(factors: Factors, kind: str, level: float) -> Table:
    whom = "place" if kind == "place" else "people"
    most = max((r.n or 0 for r in factors.readings.values()), default=0)
    return Table(
        name=f"factors-{kind}",
        estimand=Estimand(
            english("label.factors-place-all" if kind == "place" else f"label.factors-{kind}"),
            "share" if kind in ("change", "now") else "number",
            english(f"label.factors-{whom}"),
            "",
            f"factors, {kind}",
            "",
        ),
        columns=(*_KEYS, *_COLUMNS[kind]),
        rows=tuple(_rows(factors, kind)),
        dimensions=tuple(Dimension(c.name, False) for c in _KEYS),
        method=Method("factors", (Note("factors-rule"),), ("urban2022", "chetty2022")),
        counts=Counts(most) if whom == "people" else None,
        caveats=(Note("measures-not-effect"),),
        level=level,
        origin=factors.origin,
    )


def _rows(factors: Factors, kind: str) -> Iterator[dict[str, Cell]]:
    for i in sorted(INDICATORS, key=lambda i: FACTORS.index(i.factor)):
        if kind != ("place" if i.whom == "place" else i.kind):
            continue
        r = factors.readings.get(i.key, Reading())
        cells: dict[str, Cell] = {
            "factor": english(f"label.factor-{i.factor}"),
            "indicator": i.words,
            "better": i.better,
            "n": r.n,
            "low": r.low,
            "high": r.high,
            "change": r.change,
            "difference": r.change,
            "before_value": r.before,
            "after_value": r.after,
            "above_before": r.x_before,
            "share_before": r.before,
            "above_after": r.x_after,
            "share_after": r.after,
            "reaching": r.x_after,
            "reaching_share": r.after,
        }
        yield {c.name: cells[c.name] for c in (*_KEYS, *_COLUMNS[kind])}
