"""Who is behind a number of the journey: exactly the people whom a cell of its table counted.

The rules are the journey's own: the same trees decide who is left out, mature, gone, and how far
each person came; a cell is a set of kinds of people, and these are the people of those kinds.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from sqlglot import exp

from rung.discovery import cohorts, journey
from rung.discovery.journey import IN_TIME, UNDATED, UNKNOWN, JourneySettings, Kind, Summary
from rung.errors import PlanError
from rung.records import query
from rung.records.lab import Group
from rung.records.query import Name, Session

Counted = Literal[
    "entered", "reached", "not_reached", "implied", "undated", "unknown",
    "people", "reached_any", "in_progress", "lost",
]  # fmt: skip
"""A column of the journey's table; `not_reached` is `entered` less `reached`."""


@dataclass(frozen=True)
class Member:
    """One person behind a number; `dates` has the day of each milestone by its key."""

    pid: str
    status: str
    dates: Mapping[str, dt.date | None]


def kinds(summary: Summary, at: int, counted: Counted) -> list[Kind]:
    """The kinds of people that a cell counts: milestone number `at`, column `counted`."""

    def digit(k: Kind) -> int:
        return k.path[at - 1] if at else IN_TIME

    rules: Mapping[Counted, Callable[[Kind], bool]] = {
        "entered": lambda k: k.mature,
        "reached": lambda k: k.mature and k.within >= at,
        "not_reached": lambda k: k.mature and k.within < at,
        "implied": lambda k: (
            k.mature and at > 0 and k.within >= at and digit(k) not in (IN_TIME, UNDATED)
        ),
        "undated": lambda k: k.mature and digit(k) == UNDATED,
        "unknown": lambda k: k.mature and digit(k) == UNKNOWN and k.within < at,
        "people": lambda _: True,
        "reached_any": lambda k: k.ever >= at,
        "in_progress": lambda k: k.ever < at and not k.gone,
        "lost": lambda k: k.ever < at and k.gone,
    }
    return [k for k in summary.everyone if rules[counted](k)]


def members(
    session: Session,
    summary: Summary,
    *,
    settings: JourneySettings,
    milestone: str,
    counted: Counted = "reached",
    group: tuple[str, str] | None = None,
    limit: int = 50,
    offset: int = 0,
    view: str = "journeys",
) -> tuple[int, tuple[Member, ...]]:
    """How many people a cell counts, and a page of them, the latest to enter first.

    `group` is a group's key and a level of it, as the table shows it or as it is recorded.
    Raises PlanError for a milestone or group that the journey does not have.
    """
    at = next((i for i, m in enumerate(summary.milestones) if m.key == milestone), None)
    if at is None:
        known = ", ".join(m.key for m in summary.milestones)
        raise PlanError("PLAN-no-milestone", milestone=milestone, known=known)
    people, level = _chosen(session, summary, group, view)
    wanted = {k for k in kinds(summary, at, counted) if people[k]}
    if not wanted:
        return 0, ()
    have = session.columns(view)
    steps, as_of = summary.milestones[1:], summary.as_of
    days = [f"{m.key}_on" for m in steps]
    other = cohorts.condition(summary.cohort, have) if summary.cohort else None
    rows = session.run(
        query.load("rung.discovery", "journey_people"),
        milestones=[Name(c) for m in steps for c in (m.key, f"{m.key}_on")],
        left_out=journey.left_out_of(have, as_of, other),
        within_days=summary.within_days,
        gone=journey.gone_by(steps, have, settings, as_of),
        level=level,
        status=query.name("status") if "status" in have else exp.null(),
        journeys=Name(view),
        as_of=as_of,
        path=journey.path_of(steps, as_of),
        dates=[Name(c) for c in days],
        kinds=[_code(k) for k in sorted(wanted, key=_code)],
        limit=limit,
        offset=offset,
    ).rows
    keys = [m.key for m in summary.milestones]
    page = tuple(
        Member(pid, status or "", dict(zip(keys, dates, strict=True)))
        for pid, status, *dates in rows
    )
    return sum(people[k] for k in wanted), page


def _code(kind: Kind) -> int:
    """A kind as one number: its path, then whether mature and whether gone."""
    path = sum(digit << 3 * i for i, digit in enumerate(kind.path))
    return path * 4 + 2 * kind.mature + kind.gone


def _chosen(
    session: Session, summary: Summary, group: tuple[str, str] | None, view: str
) -> tuple[Counter[Kind], exp.Expr]:
    """The people of a level by kind, and what says of a row that it is of that level."""
    if group is None or group[1] == journey.EVERYONE:
        return summary.everyone, exp.true()
    key, said = group
    chosen = next((g for g in summary.groups if g.key == key), None)
    if chosen is None:
        known = ", ".join(g.key for g in summary.groups)
        raise PlanError("PLAN-no-group", group=key, known=known)
    shown = (x for x in summary.levels(chosen) if summary.label(chosen, x) == said)
    level = next(shown, said)
    return summary.by_level.get((key, level), Counter()), _is(chosen, level, session.columns(view))


def _is(group: Group, level: str, have: Mapping[str, str]) -> exp.Expr:
    none = level == journey.NOT_RECORDED
    if group.partition:
        text = query.tree("" if none else level)
        return exp.EQ(this=journey.level_of(group, have), expression=text)
    if none:
        return exp.and_(*(query.name(c).is_(exp.null()) for c in group.columns))
    return query.name(level)
