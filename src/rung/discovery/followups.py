"""Follow-ups after a job began: whose is due, and what is known of each.

A person's job begins on the first `employment.start_on` since entry, or else on the day of the
milestone `placed` (the key the schema knows). What is known of a follow-up comes from the
`follow_ups` table, from milestones such as `retained_90`, and from what staff entered by hand:

    verified       someone made sure that the person works
    not_retained   someone made sure that the person does not
    not_reached    someone tried

An answer stands against any number of tries; of two answers the later one stands, of two on one
day the one entered by hand, and then the one that says "not". A call that nobody answered says
nothing about work.

Tables are read through `narrow`, which names every column it lets through: no trait of a person
(race, gender, disability, age, …) can reach a follow-up or a caseload.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field
from sqlglot import exp

from rung.records import query
from rung.records.lab import Milestone, Section
from rung.records.query import Name, Session
from rung.records.schema import TABLES

Result = Literal["verified", "not_retained", "not_reached"]
PLACED = "placed"
Days = Annotated[int, Field(ge=1, le=3_650)]

TRAITS = frozenset(c.name for c in TABLES["participants"].columns) - {"pid"}
"""What a caseload never reads."""


class FollowUpRules(Section):
    """What `[caseload]` says of follow-ups: when they are due, and how long they stay open."""

    follow_up_days: Annotated[tuple[Days, ...], Field(min_length=1)] = (30, 90, 180, 365)
    due_ahead_days: Annotated[int, Field(ge=0, le=90)] = 7
    follow_up_open_days: Annotated[int, Field(ge=0, le=3_650)] = 60

    @property
    def days(self) -> tuple[int, ...]:
        """The days in order, each once."""
        return tuple(sorted(set(self.follow_up_days)))


@dataclass(frozen=True, kw_only=True)
class Entered:
    """A follow-up that staff entered by hand. `due_on` is the day it was for, `on` when."""

    pid: str
    due_days: int
    due_on: dt.date
    result: Result
    on: dt.date
    how: str = ""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One try or answer, from the records or by hand."""

    result: Result
    on: dt.date | None
    how: str = ""
    by_hand: bool = False

    @property
    def weight(self) -> tuple[bool, dt.date, bool, bool]:
        """The check with the greatest weight stands."""
        answered = self.result != "not_reached"
        return answered, self.on or dt.date.min, self.by_hand, self.result == "not_retained"


Checks = Mapping[tuple[str, int], Check]
"""The check that stands, by person and due days."""


def narrow(session: Session, table: str, columns: Mapping[str, str]) -> exp.Expr:
    """Those columns of a table and no other; NULL where it lacks one, no rows where it lacks all.

    `columns` maps names to SQL types."""
    have = session.columns(table) if table in _tables(session) else {}
    picked = [
        query.name(c) if c in have else query.alias(exp.cast(exp.null(), kind), c)
        for c, kind in columns.items()
    ]
    select = exp.select(*picked)
    rows = select.from_(exp.table_(table, quoted=True)) if have else select.where(exp.false())
    return rows.subquery()


def _tables(session: Session) -> set[str]:
    return {row[0] for row in session.connection.execute("SHOW TABLES").fetchall()}


def kept(milestones: Sequence[Milestone], rules: FollowUpRules) -> dict[int, str]:
    """Milestones that say a person worked so many days later, by the days."""
    keys = {m.key for m in milestones}
    return {n: f"retained_{n}" for n in rules.days if f"retained_{n}" in keys}


def columns_of(milestones: Iterable[Milestone]) -> dict[str, str]:
    """The columns of milestones, with their types; none may be a trait."""
    keys = [m.key for m in milestones if m.key not in TRAITS]
    return {f"{k}_on": "DATE" for k in keys} | dict.fromkeys(keys, "BOOLEAN")


def checks(
    session: Session,
    starts: Mapping[str, dt.date],
    *,
    rules: FollowUpRules,
    as_of: dt.date,
    entered: Sequence[Entered] = (),
    known: Iterable[tuple[str, int, dt.date | None]] = (),
    who: str | None = None,
) -> dict[tuple[str, int], Check]:
    """The check that stands for each person and due days.

    `starts` is when each person's job began, `known` what milestones verify, `who` a view with
    the people to look at (default: everyone). What was entered by hand counts whatever its day;
    the records count up to `as_of`.
    """
    found: dict[tuple[str, int], Check] = {}

    def add(pid: str, due: int, check: Check) -> None:
        before = found.get((pid, due))
        if pid in starts and (before is None or check.weight > before.weight):
            found[pid, due] = check

    for pid, due, on in known:
        add(pid, due, Check(result="verified", on=on))
    listed = narrow(session, "follow_ups", _FOLLOW_UPS)
    every = exp.select("pid").from_(listed.copy()).subquery()
    rows = session.run(
        query.load("rung.discovery", "follow_ups"),
        follow_ups=listed,
        who=Name(who) if who else every,
        as_of=as_of,
    ).rows
    for pid, due, on, worked, tried, how in rows:
        begun = starts.get(pid)
        if begun is None or (on is not None and on < begun):
            continue  # of an earlier job
        which = _due(due, on, begun, rules)
        if which is not None and (worked is not None or tried):
            said: Result = (
                "not_reached" if worked is None else "verified" if worked else "not_retained"
            )
            add(pid, which, Check(result=said, on=on, how=how or ""))
    for e in entered:
        add(e.pid, e.due_days, Check(result=e.result, on=e.on, how=e.how, by_hand=True))
    return found


_FOLLOW_UPS = {
    "pid": "VARCHAR",
    "due_days": "BIGINT",
    "contacted_on": "DATE",
    "reached": "BOOLEAN",
    "employed": "BOOLEAN",
    "method": "VARCHAR",
}


def _due(due: int | None, on: dt.date | None, begun: dt.date, rules: FollowUpRules) -> int | None:
    """Which follow-up a row is: as it says, or by its day."""
    if due is not None:
        return int(due) if int(due) in rules.days else None
    if on is None:
        return None
    gone = (on - begun).days + rules.due_ahead_days
    return max((n for n in rules.days if n <= gone), default=None)
