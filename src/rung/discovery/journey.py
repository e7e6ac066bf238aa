"""The journey: who reached what, when, and where people are lost.

One query gives the summary: a row a kind of person (how far they came within H days and by the
as-of date, whether they are gone, whether they entered long enough ago to be judged), by group.
Everything else is arithmetic on it.

- A person counts once, by the first period of participation; the cohort is fixed at entry.
- The rate of a milestone is "reached within H days of entry" among everyone who entered at least
  H days before the as-of date. That denominator is kept through all milestones. Younger people are
  counted (reached, lost, in progress) but never enter a percentage.
- A milestone without a record of its own, but with a later one reached, is implied by it.
- Gone ("lost", when short of a milestone): a closing status, or no recorded activity for D days.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

from pydantic import Field
from sqlglot import exp

from rung.discovery import cohorts
from rung.errors import CannotAnswer, PlanError, RecordsError
from rung.finding import (
    Cell,
    Column,
    Counts,
    Dimension,
    Estimand,
    Exclusion,
    Method,
    Note,
    Origin,
    Table,
)
from rung.messages import english
from rung.records import query
from rung.records.engine import Engine
from rung.records.lab import Group, Milestone, Section
from rung.records.query import Name
from rung.stats.intervals import wilson

EVERYONE = "everyone"
NOT_RECORDED = "not recorded"
MOST_LEVELS = 60
MOST_DAYS = 36_500
MOST_MILESTONES = 21  # twenty octal digits fit a BIGINT


class JourneySettings(Section):
    """`[journey]`: the rules that decide who counts as having reached, lost, or in progress."""

    within_days: Annotated[int, Field(ge=1, le=MOST_DAYS)] = 365
    lost_after_days: Annotated[int, Field(ge=1, le=MOST_DAYS)] = 90
    closing: tuple[str, ...] = ()  # status codes that close; empty: the column `closed` says it


NOT_REACHED, IN_TIME, LATE, UNDATED, UNKNOWN = range(5)
"""What a milestone's digit in a path says; see `sql/journey.sql`."""


@dataclass(frozen=True)
class Kind:
    """People who came equally far: one row of the summary, without its group.

    `path` has one digit a milestone after entry. `within` and `ever` are the furthest milestone
    reached within H days and by the as-of date; a later one implies an earlier.
    """

    mature: bool
    gone: bool
    path: tuple[int, ...]

    @cached_property
    def within(self) -> int:
        """The furthest milestone reached within H days.

        An undated one counts, unless an earlier milestone is dated later than H days.
        """
        furthest, late = 0, False
        for i, d in enumerate(self.path, 1):
            late = late or d == LATE
            if d == IN_TIME or (d == UNDATED and not late):
                furthest = i
        return furthest

    @cached_property
    def ever(self) -> int:
        """The furthest milestone reached by the as-of date."""
        return max(
            (i for i, d in enumerate(self.path, 1) if d in (IN_TIME, LATE, UNDATED)), default=0
        )


@dataclass(frozen=True)
class Summary:
    """The additive summary of a journey: people by kind, overall and by level of each group."""

    milestones: tuple[Milestone, ...]
    groups: tuple[Group, ...]
    as_of: dt.date
    within_days: int
    lost_after_days: int
    unit: str
    cohort: str
    everyone: Counter[Kind]  # who is counted
    left_out: Counter[str]  # who is not, by reason
    by_level: dict[tuple[str, str], Counter[Kind]]  # (group key, level) -> people
    notes: tuple[Note, ...]
    origin: Origin

    def levels(self, group: Group) -> tuple[str, ...]:
        """The levels of a group in order, "not recorded" last."""
        found = [level for key, level in self.by_level if key == group.key]
        return tuple(sorted(found, key=lambda level: (level == NOT_RECORDED, level)))

    def label(self, group: Group, level: str) -> str:
        """What people read for a level."""
        if level == NOT_RECORDED:
            return english("label.not-recorded")
        return group.labels.get(level, level)

    def mature(self, people: Counter[Kind]) -> int:
        """People who entered at least H days before the as-of date."""
        return sum(n for k, n in people.items() if k.mature)

    def reached(self, people: Counter[Kind], milestone: int) -> int:
        """Mature people who reached milestone `milestone` (0 is entry) within H days."""
        return sum(n for k, n in people.items() if k.mature and k.within >= milestone)


def _digit(m: Milestone, as_of: dt.date) -> exp.Expr:
    """What the records say of one milestone, as a digit of the path."""
    reached, on = query.name(m.key), query.name(f"{m.key}_on")
    return (
        exp.Case()
        .when(exp.not_(reached), query.tree(NOT_REACHED))
        .when(reached.copy().is_(exp.null()), query.tree(UNKNOWN))
        .when(on.is_(exp.null()), query.tree(UNDATED))
        .when(exp.GT(this=on.copy(), expression=query.tree(as_of)), query.tree(NOT_REACHED))
        .when(exp.LTE(this=on.copy(), expression=query.name("due")), query.tree(IN_TIME))
        .else_(query.tree(LATE))
    )


def path_of(steps: Sequence[Milestone], as_of: dt.date) -> exp.Expr:
    """Everything the records say of the milestones after entry, a digit each (see journey.sql)."""
    total: exp.Expr = exp.cast(query.tree(0), "BIGINT")
    for i, m in enumerate(steps):
        digit = exp.Mul(this=exp.cast(query.tree(8**i), "BIGINT"), expression=_digit(m, as_of))
        total = exp.Add(this=total, expression=digit)
    return total


def gone_by(
    steps: Sequence[Milestone], columns: Iterable[str], settings: JourneySettings, as_of: dt.date
) -> exp.Expr:
    """A closing status by the as-of date, or no recorded activity in the D days before it."""
    have = set(columns)
    closed: exp.Expr = exp.false()
    if settings.closing and "status" in have:
        closed = query.name("status").isin(*settings.closing)
    elif "closed" in have:
        closed = query.name("closed")
    if "closed_on" in have:
        by_then = exp.LTE(this=query.name("closed_on"), expression=query.tree(as_of))
        closed = exp.and_(closed, exp.func("coalesce", by_then, exp.true()))
    quiet_since = query.tree(as_of - dt.timedelta(days=settings.lost_after_days))
    seen: list[exp.Expr] = [
        cohorts.between(c, (as_of - dt.timedelta(days=settings.lost_after_days - 1), as_of))
        for c in ("entered_on", *(f"{m.key}_on" for m in steps))
    ]
    if "last_service_on" in have:
        # a last service after the as-of date leaves open what was before it: not called lost
        seen.append(exp.GT(this=query.name("last_service_on"), expression=quiet_since))
    active = exp.or_(*seen)
    return exp.or_(
        exp.func("coalesce", closed, exp.false()),
        exp.not_(exp.func("coalesce", active, exp.false())),
    )


_LEFT_OUT = ("later-period", "no-entry-date", "after-as-of", "other-cohort")


def left_out_of(columns: Iterable[str], as_of: dt.date, cohort: exp.Expr | None) -> exp.Expr:
    """Why a row is not counted: its place in `_LEFT_OUT` from 1, or 0 for those who are."""
    entered = query.name("entered_on")
    reasons: dict[str, exp.Expr] = {
        "no-entry-date": entered.is_(exp.null()),
        "after-as-of": exp.GT(this=entered.copy(), expression=query.tree(as_of)),
    }
    if "period" in set(columns):
        reasons["later-period"] = exp.GT(this=query.name("period"), expression=query.tree(1))
    if cohort is not None:
        reasons["other-cohort"] = exp.not_(exp.func("coalesce", cohort, exp.false()))
    case = exp.Case()
    for i, reason in enumerate(_LEFT_OUT, 1):
        if reason in reasons:
            case = case.when(reasons[reason], query.tree(i))
    return case.else_(query.tree(0))


def level_of(group: Group, columns: Iterable[str]) -> exp.Expr:
    """A group as text: the level, or for overlapping members one character a member: 1, 0 or ?."""
    if not group.partition:
        members = [
            exp.Case()
            .when(query.name(c), query.tree("1"))
            .when(exp.not_(query.name(c)), query.tree("0"))
            .else_(query.tree("?"))
            for c in group.columns
        ]
        return exp.func("concat", *members)
    derived = group.key in cohorts.DERIVED and group.key not in set(columns)
    value = cohorts.DERIVED[group.key]() if derived else query.name(group.key)
    return exp.func("coalesce", exp.cast(value, "VARCHAR"), query.tree(""))


def latest_event(
    session: Engine, milestones: Sequence[Milestone], view: str = "journeys"
) -> dt.date:
    """The latest date in the journeys; CannotAnswer when there is none."""
    have = session.columns(view)
    dated = ["entered_on", *(f"{m.key}_on" for m in milestones[1:]), "last_service_on", "closed_on"]
    tops = [exp.Max(this=query.name(c)) for c in dated if c in have]
    latest = exp.func("greatest", *tops) if len(tops) > 1 else tops[0]
    found = session.run(
        query.load("rung.discovery", "latest"), latest=latest, journeys=Name(view)
    ).one()["latest"]
    if found is None:
        raise CannotAnswer("ANS-no-dates")
    return found  # type: ignore[no-any-return]


def check(have: dict[str, str], milestones: Sequence[Milestone], groups: Sequence[Group]) -> None:
    """PlanError or RecordsError unless the table has these milestones and groups."""
    if len(milestones) < 2:
        raise PlanError("PLAN-few-milestones")
    if len(milestones) > MOST_MILESTONES:
        raise PlanError("PLAN-many-milestones", most=MOST_MILESTONES)
    wanted = ["entered_on"]
    for m in milestones[1:]:
        wanted += [m.key, f"{m.key}_on"]
    missing = [c for c in wanted if c not in have]
    if missing:
        raise RecordsError("REC-no-column", table="journeys", column=missing[0])
    for g in groups:
        for c in g.columns or (g.key,):
            if c not in have and c not in cohorts.DERIVED:
                raise PlanError("PLAN-no-group", group=c, known=", ".join(cohorts.DERIVED))
            if g.columns and have.get(c) != "BOOLEAN":
                raise PlanError("PLAN-not-yes-no", column=c)


def summarise(
    session: Engine,
    *,
    milestones: Sequence[Milestone],
    groups: Sequence[Group] = (),
    settings: JourneySettings,
    as_of: dt.date | None = None,
    cohort: str | None = None,
    unit: str = "person",
    inputs: Sequence[str] = (),
    view: str = "journeys",
) -> Summary:
    """Reduce the `journeys` table to its summary, in one pass.

    Raises PlanError for milestones or groups that the table does not have, CannotAnswer when no
    one entered by the as-of date.
    """
    have = session.columns(view)
    check(have, milestones, groups)
    start = len(session.log)
    notes = []
    latest = latest_event(session, milestones, view)
    if as_of is None:
        as_of = latest
        notes.append(Note("as-of-latest", {"as_of": as_of.isoformat()}))
    elif as_of < latest:
        notes.append(Note("as-of-past", {"as_of": as_of.isoformat()}))
    if "last_service_on" not in have:
        notes.append(Note("no-services", {"days": settings.lost_after_days}))
    steps = milestones[1:]
    levels = [Name(f"g{i}") for i in range(len(groups))]
    kind = [Name(c) for c in ("left_out", "mature", "gone", "path")]
    result = session.run(
        query.load("rung.discovery", "journey"),
        groups=[
            query.alias(level_of(g, have), at.column) for g, at in zip(groups, levels, strict=True)
        ],
        milestones=[Name(c) for m in steps for c in (m.key, f"{m.key}_on")],
        left_out=left_out_of(have, as_of, cohorts.condition(cohort, have) if cohort else None),
        within_days=settings.within_days,
        gone=gone_by(steps, have, settings, as_of),
        journeys=Name(view),
        levels=levels,
        as_of=as_of,
        path=path_of(steps, as_of),
        sets=[
            exp.Tuple(expressions=[query.tree(c) for c in (*kind, *level)])
            for level in ([], *([at] for at in levels))
        ],
    )
    everyone, left_out, by_level = _roll_up(result.rows, groups, len(steps))
    if not everyone:
        raise CannotAnswer("ANS-nobody", saw={"people": sum(left_out.values())})
    return Summary(
        milestones=tuple(milestones),
        groups=tuple(groups),
        as_of=as_of,
        within_days=settings.within_days,
        lost_after_days=settings.lost_after_days,
        unit=unit,
        cohort=cohort or "",
        everyone=everyone,
        left_out=left_out,
        by_level=by_level,
        notes=tuple(notes),
        origin=Origin(
            inputs=tuple(inputs), queries=tuple(session.log[start:]), as_of=as_of.isoformat()
        ),
    )


def _roll_up(
    rows: Sequence[tuple[Any, ...]], groups: Sequence[Group], steps: int
) -> tuple[Counter[Kind], Counter[str], dict[tuple[str, str], Counter[Kind]]]:
    """The query's rows: people by kind, people left out by reason, people by kind and level."""
    everyone: Counter[Kind] = Counter()
    aside: Counter[str] = Counter()
    by_level: dict[tuple[str, str], Counter[Kind]] = {}
    for *at, left_out, mature, gone, path, n in rows:
        kind = Kind(bool(mature), gone, tuple(path >> 3 * i & 7 for i in range(steps)))
        found = next(
            ((g, level) for g, level in zip(groups, at, strict=True) if level is not None), None
        )
        if found is None and left_out:
            aside[_LEFT_OUT[left_out - 1]] += int(n)
        elif found is None:
            everyone[kind] += int(n)
        elif not left_out:
            group, level = found
            for each in members_of(group, level):
                by_level.setdefault((group.key, each), Counter())[kind] += int(n)
    for g in groups:
        count = sum(1 for key, _ in by_level if key == g.key)
        if count > MOST_LEVELS:
            raise CannotAnswer(
                "ANS-many-levels", saw={"levels": count}, needs={"most": MOST_LEVELS}, group=g.key
            )
    return everyone, aside, by_level


def members_of(group: Group, level: str) -> list[str]:
    """The levels a person is in: one of a partition, any number of overlapping ones."""
    if group.partition:
        return [level or NOT_RECORDED]
    if set(level) == {"?"}:
        return [NOT_RECORDED]
    return [c for c, mark in zip(group.columns, level, strict=True) if mark == "1"]


_COLUMNS = (
    Column("entered", "denominator", "people"),
    Column("reached", "numerator", "people"),
    Column("rate", "value", "share", of=("reached", "entered"), interval="wilson"),
    Column("low", "low", "share"),
    Column("high", "high", "share"),
    Column("implied", "count", "people"),
    Column("undated", "count", "people"),
    Column("unknown", "count", "people"),
    Column("people", "count", "people"),
    Column("reached_any", "count", "people"),
    Column("in_progress", "count", "people"),
    Column("lost", "count", "people"),
)


def _row(summary: Summary, people: Counter[Kind], i: int, level: float) -> dict[str, Cell]:
    """One milestone of one group: mature counts with their rate, then everyone's state today."""
    entered, reached = summary.mature(people), summary.reached(people, i)
    short = [(k, n) for k, n in people.items() if k.ever < i]
    mature = [(k, n) for k, n in people.items() if k.mature and i]
    row: dict[str, Cell] = {
        "entered": entered,
        "reached": reached,
        "rate": None,
        "low": None,
        "high": None,
        "implied": sum(
            n for k, n in mature if k.within >= i and k.path[i - 1] not in (IN_TIME, UNDATED)
        ),
        "undated": sum(n for k, n in mature if k.path[i - 1] == UNDATED),
        "unknown": sum(n for k, n in mature if k.path[i - 1] == UNKNOWN and k.within < i),
        "people": sum(people.values()),
        "reached_any": sum(n for k, n in people.items() if k.ever >= i),
        "in_progress": sum(n for k, n in short if not k.gone),
        "lost": sum(n for k, n in short if k.gone),
    }
    if entered:
        row["rate"] = reached / entered
        if i:  # everyone has reached the first milestone: that is no estimate
            row["low"], row["high"] = wilson(reached, entered, level)
    return row


def method(summary: Summary) -> Method:
    """How a journey is counted; the rules are its assumptions."""
    return Method(
        key="journey",
        assumptions=(
            Note("once-per-person", {"unit": summary.unit}),
            Note("within-days", {"days": summary.within_days}),
            Note("lost-rule", {"days": summary.lost_after_days}),
            Note("implied-rule"),
        ),
        sources=("wilson1927", "mdrc-eml"),
    )


def estimand(summary: Summary, population: str = "") -> Estimand:
    """The question a journey answers."""
    return Estimand(
        outcome=" → ".join(m.label for m in summary.milestones),
        unit="share",
        population=population or _population(summary),
        contrast="",
        summary="share reached",
        horizon=horizon(summary),
    )


def _population(summary: Summary) -> str:
    whole = english("label.everyone-who", {"done": summary.milestones[0].words})
    if not summary.cohort:
        return whole
    return english("label.of-cohort", {"population": whole, "cohort": summary.cohort})


def horizon(summary: Summary) -> str:
    """By when, in words."""
    return english(
        "label.horizon", {"days": summary.within_days, "as_of": summary.as_of.isoformat()}
    )


def counts(summary: Summary) -> Counts:
    """Who is counted in rates, and everyone left out with the reason."""
    mature = summary.mature(summary.everyone)
    excluded = Counter(summary.left_out)
    young = sum(summary.everyone.values()) - mature
    if young:
        excluded["not-yet-mature"] = young
    return Counts(mature, excluded=tuple(Exclusion(r, n) for r, n in sorted(excluded.items())))


def caveats(summary: Summary) -> tuple[Note, ...]:
    """What a reader must know beside any number of this journey."""
    found = list(summary.notes)
    for code, digit in (("undated", UNDATED), ("unknown", UNKNOWN)):
        counted = {
            m.label: sum(
                n
                for k, n in summary.everyone.items()
                # an unknown one that a later milestone implies is known after all
                if k.mature and k.path[i] == digit and (digit == UNDATED or k.within <= i)
            )
            for i, m in enumerate(summary.milestones[1:])
        }
        if any(counted.values()):
            where = ", ".join(label for label, n in counted.items() if n)
            found.append(Note(code, {"n": sum(counted.values()), "milestones": where}))
    if not summary.mature(summary.everyone):
        found.append(Note("none-mature", {"days": summary.within_days}))
    return tuple(found)


def table(summary: Summary, group: Group | None = None, level: float = 0.95) -> Table:
    """The journey of everyone, or of each level of a group with everyone as the margin."""
    rows: list[dict[str, Cell]] = []
    parts: list[tuple[str, Counter[Kind]]] = [(EVERYONE, summary.everyone)]
    if group is not None:
        parts += [
            (summary.label(group, each), summary.by_level[group.key, each])
            for each in summary.levels(group)
        ]
    for name, people in parts:
        for i, m in enumerate(summary.milestones):
            key: dict[str, Cell] = {group.key: name} if group else {}
            rows.append({**key, "milestone": m.label, **_row(summary, people, i, level)})
    keys = [Column(group.key, "key", "text")] if group else []
    dimensions = [Dimension(group.key, group.partition, EVERYONE)] if group else []
    return Table(
        name="journey",
        estimand=estimand(
            summary,
            english("label.by-group", {"population": _population(summary), "group": group.words})
            if group
            else "",
        ),
        columns=(*keys, Column("milestone", "key", "text"), *_COLUMNS),
        rows=tuple(rows),
        dimensions=(*dimensions, Dimension("milestone", False)),
        method=method(summary),
        counts=counts(summary),
        caveats=caveats(summary),
        level=level,
        origin=summary.origin,
    )
