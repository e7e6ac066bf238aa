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
from typing import Any

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
from rung.messages import sentence
from rung.records import query
from rung.records.lab import Group, Milestone, Section
from rung.records.query import Name, Session
from rung.stats.intervals import wilson

EVERYONE = "everyone"
NOT_RECORDED = "not recorded"
MOST_LEVELS = 60


class JourneySettings(Section):
    """`[journey]`: the rules that decide who counts as having reached, lost, or in progress."""

    within_days: int = 365
    lost_after_days: int = 90
    closing: tuple[str, ...] = ()  # status codes that close; empty: the column `closed` says it


@dataclass(frozen=True)
class Kind:
    """People who came equally far: one row of the summary, without its groups."""

    left_out: str | None
    mature: bool
    gone: bool
    within: int
    ever: int
    own: int
    undated: int
    unknown: int


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
    everyone: Counter[Kind]
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
            return sentence("label.not-recorded")
        return group.labels.get(level, level)

    def mature(self, people: Counter[Kind]) -> int:
        """People who entered at least H days before the as-of date."""
        return sum(n for k, n in people.items() if k.mature)

    def reached(self, people: Counter[Kind], milestone: int) -> int:
        """Mature people who reached milestone `milestone` (0 is entry) within H days."""
        return sum(n for k, n in people.items() if k.mature and k.within >= milestone)


def _recorded(m: Milestone, as_of: dt.date) -> exp.Expr:
    """The milestone itself is recorded as reached by the as-of date."""
    on, reached = query.name(f"{m.key}_on"), query.name(m.key)
    in_time = exp.or_(
        exp.Is(this=on, expression=exp.null()),
        exp.LTE(this=on.copy(), expression=query.tree(as_of)),
    )
    return exp.func("coalesce", exp.and_(reached, exp.paren(in_time)), exp.false())


def _within(m: Milestone, as_of: dt.date, days: int) -> exp.Expr:
    """Recorded within `days` of entry; an undated one counts, since rates need no date."""
    on = query.name(f"{m.key}_on")
    waited = exp.func(
        "date_diff", exp.Literal.string("day"), query.name("entered_on"), on, dialect=query.DIALECT
    )
    quick = exp.or_(
        exp.Is(this=on.copy(), expression=exp.null()),
        exp.LTE(this=waited, expression=query.tree(days)),
    )
    return exp.and_(_recorded(m, as_of), exp.paren(quick))


def _furthest(conditions: Sequence[exp.Expr]) -> exp.Expr:
    case = exp.Case()
    for i in range(len(conditions), 0, -1):
        case = case.when(conditions[i - 1].copy(), query.tree(i))
    return case.else_(query.tree(0)) if conditions else query.tree(0)


def _bits(conditions: Sequence[exp.Expr]) -> exp.Expr:
    total: exp.Expr = query.tree(0)
    for i, condition in enumerate(conditions, 1):
        bit = exp.Case().when(condition.copy(), query.tree(1 << i)).else_(query.tree(0))
        total = exp.Add(this=total, expression=bit)
    return total


def _gone(
    milestones: Sequence[Milestone],
    columns: Iterable[str],
    settings: JourneySettings,
    as_of: dt.date,
) -> exp.Expr:
    """A closing status by the as-of date, or no recorded activity for D days before it."""
    have = set(columns)
    closed: exp.Expr = exp.false()
    if settings.closing and "status" in have:
        closed = query.name("status").isin(*settings.closing)
    elif "closed" in have:
        closed = query.name("closed")
    if "closed_on" in have:
        on = query.name("closed_on")
        by_then = exp.or_(
            exp.Is(this=on, expression=exp.null()),
            exp.LTE(this=on.copy(), expression=query.tree(as_of)),
        )
        closed = exp.and_(exp.paren(closed), exp.paren(by_then))
    seen = [f"{m.key}_on" for m in milestones[1:]]
    if "last_service_on" in have:
        seen.append("last_service_on")
    activity = [query.name("entered_on")] + [
        exp.func("coalesce", query.name(c), query.name("entered_on")) for c in seen
    ]
    last = exp.func("greatest", *activity) if len(activity) > 1 else activity[0]
    idle = exp.func(
        "date_diff", exp.Literal.string("day"), last, query.tree(as_of), dialect=query.DIALECT
    )
    quiet = exp.GTE(this=idle, expression=query.tree(settings.lost_after_days))
    return exp.or_(exp.func("coalesce", exp.paren(closed), exp.false()), quiet)


def _left_out(columns: Iterable[str], as_of: dt.date, cohort: exp.Expr | None) -> exp.Expr:
    """Why a row is not counted, as a code; null for those who are."""
    case = exp.Case()
    if "period" in set(columns):
        later = exp.GT(this=query.name("period"), expression=query.tree(1))
        case = case.when(later, query.tree("later-period"))
    entered = query.name("entered_on")
    case = case.when(exp.Is(this=entered, expression=exp.null()), query.tree("no-entry-date"))
    case = case.when(
        exp.GT(this=entered.copy(), expression=query.tree(as_of)), query.tree("after-as-of")
    )
    if cohort is not None:
        outside = exp.not_(exp.func("coalesce", exp.paren(cohort), exp.false()))
        case = case.when(outside, query.tree("other-cohort"))
    return case


def latest_event(
    session: Session, milestones: Sequence[Milestone], view: str = "journeys"
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


def _check(have: dict[str, str], milestones: Sequence[Milestone], groups: Sequence[Group]) -> None:
    if len(milestones) < 2:
        raise PlanError("PLAN-few-milestones")
    if len(milestones) > 30:
        raise PlanError("PLAN-many-milestones", most=30)
    wanted = ["entered_on"]
    for m in milestones[1:]:
        wanted += [m.key, f"{m.key}_on"]
    missing = [c for c in wanted if c not in have]
    if missing:
        raise RecordsError("REC-no-column", table="journeys", column=missing[0])
    for g in groups:
        for c in g.columns or (g.key,):
            if c not in have and c not in cohorts.DERIVED:
                raise PlanError("PLAN-no-group", group=c)


def summarise(
    session: Session,
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
    _check(have, milestones, groups)
    start = len(session.log)
    notes = []
    if as_of is None:
        as_of = latest_event(session, milestones, view)
        notes.append(Note("as-of-latest", {"as_of": as_of.isoformat()}))
    if "last_service_on" not in have:
        notes.append(Note("no-services", {"days": settings.lost_after_days}))
    steps = milestones[1:]
    recorded = [_recorded(m, as_of) for m in steps]
    quick = [_within(m, as_of, settings.within_days) for m in steps]
    columns = [c for g in groups for c in (g.columns or (g.key,))]
    result = session.run(
        query.load("rung.discovery", "journey"),
        groups=[
            query.alias(
                cohorts.DERIVED[c]() if c in cohorts.DERIVED and c not in have else query.name(c),
                f"g{i}",
            )
            for i, c in enumerate(columns)
        ],
        levels=[Name(f"g{i}") for i in range(len(columns))],
        left_out=_left_out(have, as_of, cohorts.condition(cohort, have) if cohort else None),
        as_of=as_of,
        within_days=settings.within_days,
        gone=_gone(milestones, have, settings, as_of),
        furthest_within=_furthest(quick),
        furthest_ever=_furthest(recorded),
        own=_bits(quick),
        undated=_bits(
            [
                exp.and_(r, exp.Is(this=query.name(f"{m.key}_on"), expression=exp.null()))
                for r, m in zip(recorded, steps, strict=True)
            ]
        ),
        unknown=_bits([exp.Is(this=query.name(m.key), expression=exp.null()) for m in steps]),
        journeys=Name(view),
    )
    everyone, by_level = _roll_up(result.rows, groups)
    if not any(k.left_out is None for k in everyone):
        raise CannotAnswer("ANS-nobody", saw={"people": sum(everyone.values())})
    return Summary(
        milestones=tuple(milestones),
        groups=tuple(groups),
        as_of=as_of,
        within_days=settings.within_days,
        lost_after_days=settings.lost_after_days,
        unit=unit,
        cohort=cohort or "",
        everyone=everyone,
        by_level=by_level,
        notes=tuple(notes),
        origin=Origin(
            inputs=tuple(inputs), queries=tuple(session.log[start:]), as_of=as_of.isoformat()
        ),
    )


def _roll_up(
    rows: Sequence[tuple[Any, ...]], groups: Sequence[Group]
) -> tuple[Counter[Kind], dict[tuple[str, str], Counter[Kind]]]:
    """Cells of all groups together, added up to everyone and to each level of each group."""
    width = sum(len(g.columns or (g.key,)) for g in groups)
    everyone: Counter[Kind] = Counter()
    by_level: dict[tuple[str, str], Counter[Kind]] = {}
    for row in rows:
        left_out, mature, gone, within, ever, own, undated, unknown, n = row[width:]
        kind = Kind(left_out, bool(mature), bool(gone), within, ever, own, undated, unknown)
        everyone[kind] += n
        if left_out is not None:
            continue
        at = 0
        for g in groups:
            if g.partition:
                value = row[at]
                levels = [NOT_RECORDED if value is None else str(value)]
                at += 1
            else:
                levels = [c for i, c in enumerate(g.columns) if row[at + i]]
                at += len(g.columns)
            for level in levels:
                by_level.setdefault((g.key, level), Counter())[kind] += n
    for g in groups:
        found = sum(1 for key, _ in by_level if key == g.key)
        if found > MOST_LEVELS:
            raise CannotAnswer(
                "ANS-many-levels", saw={"levels": found}, needs={"most": MOST_LEVELS}, group=g.key
            )
    return everyone, by_level


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
    counted = Counter({k: n for k, n in people.items() if k.left_out is None})
    entered, reached = summary.mature(counted), summary.reached(counted, i)
    bit = 1 << i
    short = [(k, n) for k, n in counted.items() if k.ever < i]
    row: dict[str, Cell] = {
        "entered": entered,
        "reached": reached,
        "rate": None,
        "low": None,
        "high": None,
        "implied": sum(
            n for k, n in counted.items() if i and k.mature and k.within >= i and not k.own & bit
        ),
        "undated": sum(n for k, n in counted.items() if k.mature and k.undated & bit),
        "unknown": sum(
            n for k, n in counted.items() if k.mature and k.unknown & bit and k.within < i
        ),
        "people": sum(counted.values()),
        "reached_any": sum(n for k, n in counted.items() if k.ever >= i),
        "in_progress": sum(n for k, n in short if not k.gone),
        "lost": sum(n for k, n in short if k.gone),
    }
    if entered:
        row["rate"] = reached / entered
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
    whole = sentence("label.everyone-who", {"done": summary.milestones[0].words})
    return f"{whole} ({summary.cohort})" if summary.cohort else whole


def horizon(summary: Summary) -> str:
    """By when, in words."""
    return sentence(
        "label.horizon", {"days": summary.within_days, "as_of": summary.as_of.isoformat()}
    )


def counts(summary: Summary) -> Counts:
    """Who is counted in rates, and everyone left out with the reason."""
    excluded: Counter[str] = Counter()
    for k, n in summary.everyone.items():
        if k.left_out is not None:
            excluded[k.left_out] += n
        elif not k.mature:
            excluded["not-yet-mature"] += n
    analysed = sum(n for k, n in summary.everyone.items() if k.left_out is None and k.mature)
    return Counts(analysed, excluded=tuple(Exclusion(r, n) for r, n in sorted(excluded.items())))


def caveats(summary: Summary) -> tuple[Note, ...]:
    """What a reader must know beside any number of this journey."""
    found = list(summary.notes)
    undated = Counter(
        {
            i: _row(summary, summary.everyone, i, 0.95)["undated"]
            for i in range(1, len(summary.milestones))
        }
    )
    for i, n in sorted(undated.items()):
        if n:
            found.append(Note("undated", {"milestone": summary.milestones[i].label, "n": n}))
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
            sentence("label.by-group", {"population": _population(summary), "group": group.words})
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
