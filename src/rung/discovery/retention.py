"""Retention: who still works 30, 90, 180 and 365 days after the job began, with its bounds.

Of everyone whose day has come, some were verified to work, some not to, some could not be
reached, and some were not asked yet. Nothing is assumed of those two last: the lower bound counts
all of them as not working, the upper bound all of them as working (Manski 1990). The share among
those reached stands between the two and says so; it is what retention would be if people who are
hard to reach kept their jobs as often as the rest, which nobody knows.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from rung.discovery import followups
from rung.discovery.caseload import EMPLOYMENT
from rung.discovery.followups import Entered, FollowUpRules, narrow
from rung.errors import CannotAnswer
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
from rung.records.lab import Milestone
from rung.records.query import Name, Session

NOT_ASKED = "not_asked"
_JOURNEYS = {
    "pid": "VARCHAR",
    "entered_on": "DATE",
    "placed_on": "DATE",
    "placed": "BOOLEAN",
}


@dataclass(frozen=True)
class Tally:
    """What is known of the people whose `days` have come."""

    days: int
    verified: int
    not_retained: int
    not_reached: int
    not_asked: int

    @property
    def due(self) -> int:
        """Everyone whose day has come."""
        return self.answered + self.not_reached + self.not_asked

    @property
    def answered(self) -> int:
        """Those of whom it is known."""
        return self.verified + self.not_retained


@dataclass(frozen=True, kw_only=True)
class Placements:
    """Everyone who was placed by the as-of date, tallied. `undated`: no day of the first job."""

    tallies: tuple[Tally, ...]
    placed: int
    undated: int
    as_of: dt.date
    origin: Origin


def tally(
    session: Session,
    *,
    milestones: Sequence[Milestone],
    rules: FollowUpRules,
    as_of: dt.date,
    entered: Sequence[Entered] = (),
    inputs: Sequence[str] = (),
) -> Placements:
    """Count the placed, by what is known of each follow-up. A person counts once, by the first job.

    Raises CannotAnswer when nobody was placed."""
    begun = len(session.log)
    kept = followups.kept(milestones, rules)
    rows = _placed(session, kept, as_of)
    if not rows:
        raise CannotAnswer("ANS-nobody-placed")
    starts = {r["pid"]: r["start_on"] for r in rows if r["start_on"]}
    known = [
        (r["pid"], n, r[f"{key}_on"]) for r in rows for n, key in kept.items() if r[key]
    ]  # fmt: skip
    found = followups.checks(
        session, starts, rules=rules, as_of=as_of, entered=entered, known=known
    )
    tallies = []
    for days in rules.days:
        last = as_of - dt.timedelta(days=days)
        said = Counter(
            check.result if (check := found.get((pid, days))) else NOT_ASKED
            for pid, start in starts.items()
            if start <= last
        )
        tallies.append(
            Tally(
                days,
                said["verified"],
                said["not_retained"],
                said["not_reached"],
                said[NOT_ASKED],
            )
        )
    return Placements(
        tallies=tuple(tallies),
        placed=len(rows),
        undated=len(rows) - len(starts),
        as_of=as_of,
        origin=Origin(
            inputs=tuple(inputs), queries=tuple(session.log[begun:]), as_of=as_of.isoformat()
        ),
    )


def _placed(session: Session, kept: dict[int, str], as_of: dt.date) -> list[dict[str, Any]]:
    columns = _JOURNEYS | {f"{k}_on": "DATE" for k in kept.values()}
    columns |= dict.fromkeys(kept.values(), "BOOLEAN")
    flags: list[exp.Expr] = []
    for key in kept.values():
        on = query.name(f"{key}_on")
        by_then = exp.LTE(this=on, expression=query.tree(as_of))
        said = exp.and_(query.name(key), exp.or_(on.copy().is_(exp.null()), by_then))
        one = exp.Case().when(said, query.tree(1)).else_(query.tree(0))
        flags.append(query.alias(exp.Max(this=one), key))
        day = exp.Case().when(by_then.copy(), on.copy())
        flags.append(query.alias(exp.Min(this=day), f"{key}_on"))
    return session.run(
        query.load("rung.discovery", "placements"),
        journeys=narrow(session, "journeys", columns),
        employment=narrow(session, "employment", EMPLOYMENT),
        as_of=as_of,
        kept=flags,
        known=[Name(c, "people") for key in kept.values() for c in (key, f"{key}_on")],
    ).dicts()


_COLUMNS = (
    Column("after", "key", "text"),
    Column("due", "denominator", "people"),
    Column("answered", "denominator", "people"),
    Column("retained", "numerator", "people"),
    Column("not_retained", "count", "people"),
    Column("not_reached", "count", "people"),
    Column("not_asked", "count", "people"),
    Column("possible", "numerator", "people"),  # retained for all that is known
    Column("share_known", "value", "share", of=("retained", "answered")),
    Column("low", "low", "share", of=("retained", "due")),
    Column("high", "high", "share", of=("possible", "due")),
)

METHOD = Method(
    key="retention-bounds",
    assumptions=(Note("retention-rule"), Note("retention-bounds")),
    sources=("manski1990",),
)


def estimand(done: str, as_of: dt.date | None) -> Estimand:
    """The question. `done` says what the people did ("were placed in a job")."""
    population = english("label.people-who", {"done": done}) if done else ""
    known = english("label.known-on", {"as_of": as_of.isoformat()}) if as_of else ""
    return Estimand(
        outcome=english("label.retention"),
        unit="share",
        population=population or english("label.people-placed"),
        contrast="",
        summary="share working",
        horizon=known,
    )


def table(found: Placements, done: str = "") -> Table:
    """Retention by follow-up, with the two bounds. `done` says what the people did ("were placed").

    Raises CannotAnswer when nobody's first follow-up has come."""
    shown = [t for t in found.tallies if t.due]
    if not shown:
        raise CannotAnswer(
            "ANS-no-follow-up-due",
            saw={"placed": found.placed},
            needs={"days": found.tallies[0].days},
        )
    unknown = any(t.not_reached or t.not_asked for t in shown)
    caveats = [Note("retention-unknown")] if unknown else []
    waiting = [str(t.days) for t in found.tallies if not t.due]
    if waiting:
        caveats.append(Note("retention-none-due", {"days": ", ".join(waiting)}))
    left_out = {
        "no-start-date": found.undated,
        "not-due-yet": found.placed - found.undated - shown[0].due,
    }
    return Table(
        name="retention",
        estimand=estimand(done, found.as_of),
        columns=_COLUMNS,
        rows=tuple(_row(t) for t in shown),
        dimensions=(Dimension("after", False),),
        method=METHOD,
        counts=Counts(
            shown[0].due, excluded=tuple(Exclusion(r, n) for r, n in left_out.items() if n)
        ),
        caveats=tuple(caveats),
        origin=found.origin,
    )


def _row(t: Tally) -> dict[str, Cell]:
    possible = t.due - t.not_retained
    return {
        "after": english("label.after-days", {"n": t.days}),
        "due": t.due,
        "answered": t.answered,
        "retained": t.verified,
        "possible": possible,
        "share_known": t.verified / t.answered if t.answered else None,
        "low": t.verified / t.due,
        "high": possible / t.due,
        "not_retained": t.not_retained,
        "not_reached": t.not_reached,
        "not_asked": t.not_asked,
    }
