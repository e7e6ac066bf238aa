"""One person: the steps of the journey with their days, what they received, their jobs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from rung.discovery.caseload import EMPLOYMENT, SERVICES
from rung.discovery.followups import columns_of, narrow
from rung.records import query
from rung.records.lab import Milestone
from rung.records.query import Session

_MOST_SERVICES = 500


@dataclass(frozen=True, kw_only=True)
class Step:
    """A milestone and what is known of it: True reached, False not, None unknown; and its day."""

    milestone: Milestone
    reached: bool | None
    on: dt.date | None


@dataclass(frozen=True, kw_only=True)
class Service:
    """One service a person received, or missed."""

    on: dt.date
    service: str
    attendance: str
    staff: str


@dataclass(frozen=True, kw_only=True)
class Job:
    """One job on record."""

    employer: str
    title: str
    start_on: dt.date | None
    end_on: dt.date | None


def _of(session: Session, table: str, columns: Mapping[str, str], pid: str) -> exp.Select:
    rows = exp.select("*").from_(narrow(session, table, columns))
    return rows.where(exp.EQ(this=query.name("pid"), expression=query.tree(pid)))


def steps(session: Session, milestones: Sequence[Milestone], pid: str) -> tuple[Step, ...]:
    """The journey of a person, by the latest period."""
    columns = {"pid": "VARCHAR", "period": "BIGINT", "entered_on": "DATE"}
    rows = session.run(
        _of(session, "journeys", columns | columns_of(milestones), pid)
        .order_by(exp.Ordered(this=query.name("period"), desc=True, nulls_first=False))
        .limit(1)
    ).dicts()
    if not rows or not milestones:
        return ()
    row, first = rows[0], milestones[0]
    entry = Step(milestone=first, reached=True, on=row["entered_on"])
    return (
        entry,
        *(
            Step(milestone=m, reached=row.get(m.key), on=row.get(f"{m.key}_on"))
            for m in milestones[1:]
        ),
    )


def services(session: Session, pid: str) -> tuple[Service, ...]:
    """What a person received or missed, the latest first (at most 500)."""
    columns = {**SERVICES, "service": "VARCHAR"}
    latest = [
        exp.Ordered(this=query.name(c), desc=c == "service_on", nulls_first=False)
        for c in ("service_on", "service")
    ]
    rows = session.run(
        _of(session, "services", columns, pid).order_by(*latest).limit(_MOST_SERVICES)
    ).dicts()
    return tuple(
        Service(
            on=row["service_on"],
            service=row["service"] or "",
            attendance=row["attendance"] or "",
            staff=row["staff"] or "",
        )
        for row in rows
    )


def jobs(session: Session, pid: str) -> tuple[Job, ...]:
    """The jobs on record, the latest first."""
    columns = {**EMPLOYMENT, "employer": "VARCHAR", "title": "VARCHAR"}
    rows: list[dict[str, Any]] = session.run(
        _of(session, "employment", columns, pid).order_by(
            exp.Ordered(this=query.name("start_on"), desc=True, nulls_first=False)
        )
    ).dicts()
    return tuple(
        Job(
            employer=row["employer"] or "",
            title=row["title"] or "",
            start_on=row["start_on"],
            end_on=row["end_on"],
        )
        for row in rows
    )
