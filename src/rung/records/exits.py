"""Exits by the 90-day rule, and periods that are one: proposed, reviewed, then applied.

The federal exit is the day of the last qualifying service, known only after 90 days without one
and with none planned; it is then set back to that day. Follow-up and supportive services,
self-service and information only never extend participation (TAC-17-01). Two periods of one person
with fewer than 90 days between the exit and the next entry are one.

Nothing is changed before a person said so in `private/exits.xlsx`; what was decided is kept as a
document of the lab, and the table before it as `private/journeys-before.parquet`.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field
from sqlglot import exp

from rung.documents import Document
from rung.errors import PlanError, RecordsError
from rung.records.importing import sheets_out
from rung.records.importing.source import copy_to
from rung.records.lab import Lab, Section
from rung.records.query import Name, Session, alias, load, name, tree

EXIT, OPEN, MERGE, APART = "exit", "stay open", "merge", "keep apart"
Verdict = Literal["ended", "planned", "open"]


class ExitRules(Section):
    """`[exits]`: how many quiet days end a period, and which services do not extend it."""

    quiet_days: Annotated[int, Field(ge=1, le=730)] = 90
    not_extending: tuple[str, ...] = (
        "follow-up", "follow up", "followup", "support", "self-service", "self service",
        "information only", "information-only",
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Period:
    """What is known of the end of one period. `last_on` is the last qualifying service (or the
    entry), `other_on` the last that does not extend, `planned_on` what blocks the exit, and
    `merge_days` the days to the person's next period, when they are too few to be apart."""

    pid: str
    period: int
    entered_on: dt.date
    closed_on: dt.date | None
    last_on: dt.date
    other_on: dt.date | None
    planned_on: dt.date | None
    verdict: Verdict
    next_entry: dt.date | None
    merge_days: int | None

    @property
    def key(self) -> str:
        """What the review calls the period."""
        return f"{self.pid}-{self.period}"

    @property
    def proposed(self) -> bool:
        """Whether an exit is proposed: the period has ended, on another day than is recorded."""
        return self.verdict == "ended" and self.closed_on != self.last_on


def periods(
    session: Session, rules: ExitRules, as_of: dt.date, tables: Sequence[str]
) -> tuple[Period, ...]:
    """Every period that began by `as_of`, with what its services say of its end."""
    if "services" not in tables:
        raise RecordsError("REC-not-imported", table="services")
    have, served = session.columns("journeys"), session.columns("services")

    def column(which: str, kind: str) -> exp.Expr:
        return alias(name(which) if which in have else exp.cast(exp.null(), kind), which)

    session.view(
        "exit_periods",
        exp.select(
            name("pid"),
            column("period", "SMALLINT") if "period" in have else alias(tree(1), "period"),
            name("entered_on"),
            column("closed_on", "DATE"),
            column("planned_end_on", "DATE"),
        )
        .from_("journeys")
        .where(exp.not_(exp.paren(name("entered_on").is_(exp.null())))),
    )
    label = exp.Lower(this=name("service", "services"))
    alike = [exp.Like(this=label.copy(), expression=tree(f"%{w.lower()}%"))
             for w in rules.not_extending]  # fmt: skip
    absent = exp.In(
        this=name("attendance", "services"), expressions=[tree("absent"), tree("excused")]
    )
    came = exp.not_(exp.func("coalesce", absent, exp.false()))
    found = session.run(
        load("rung.records", "exits"),
        periods=Name("exit_periods"),
        services=Name("services"),
        not_extending=exp.paren(exp.or_(*alike)) if alike and "service" in served else exp.false(),
        came=came if "attendance" in served else exp.true(),
        quiet=rules.quiet_days,
        as_of=as_of,
    )
    return tuple(
        Period(
            pid=r["pid"],
            period=int(r["period"]),
            entered_on=r["entered_on"],
            closed_on=r["closed_on"],
            last_on=r["last_on"],
            other_on=r["other_on"],
            planned_on=r["planned_on"],
            verdict=r["verdict"],
            next_entry=r["next_entry"],
            merge_days=int(r["days_to_next"])
            if r["days_to_next"] is not None and int(r["days_to_next"]) < rules.quiet_days
            else None,
        )
        for r in found.dicts()
    )


@dataclass(frozen=True, kw_only=True)
class Reviewed:
    """What was proposed and what was done. Counts of periods."""

    exits: int
    blocked: int
    merges: int
    set: int = 0
    merged: int = 0
    review: Path | None = None


def _review(lab: Lab) -> Path:
    return lab.path / "private" / "exits.xlsx"


def listed(lab: Lab, as_of: dt.date | None = None) -> tuple[tuple[Period, ...], Mapping[str, str]]:
    """The periods whose exit, or merging with the next one, is proposed; and what was decided."""
    lab.need("journeys")
    with lab.session() as session:
        found = _all(lab, session, as_of)
    wanted = tuple(p for p in found if p.proposed or p.merge_days is not None)
    return wanted, decisions(_review(lab))


def propose(
    lab: Lab, as_of: dt.date | None = None, decided: Mapping[str, str] | None = None
) -> Reviewed:
    """Write the review (`private/exits.xlsx`); decisions made before stay. Nothing is changed.

    `decided` are decisions made elsewhere, by period (a merge with a plus behind), to write too.
    """
    lab.need("journeys")
    with lab.session() as session:
        found = _all(lab, session, as_of)
    path = _review(lab)
    before = {**decisions(path), **(decided or {})}
    lines: list[list[Any]] = [
        [p.key, before.get(p.key, ""), "exit", p.entered_on, p.closed_on, p.last_on, p.other_on, ""]
        for p in found
        if p.proposed
    ]
    lines += [
        [f"{p.key}+", before.get(f"{p.key}+", ""), "merge", p.entered_on,
         p.closed_on or p.last_on, p.last_on, p.next_entry, p.merge_days]
        for p in found
        if p.merge_days is not None
    ]  # fmt: skip
    header = ["Period", "Decision", "Proposal", "Entry", "Exit so far", "Last qualifying service",
              "Other service, or next entry", "Days between"]  # fmt: skip
    text = [[str(c) if isinstance(c, dt.date) else c for c in line] for line in lines]
    page = sheets_out.Page(header, text, choices={"Decision": (EXIT, OPEN, MERGE, APART)})
    sheets_out.write(path, {"Review": page})
    return Reviewed(
        exits=sum(p.proposed for p in found),
        blocked=sum(p.verdict == "planned" for p in found),
        merges=sum(p.merge_days is not None for p in found),
        review=path,
    )


def decisions(path: Path) -> dict[str, str]:
    """What people decided, by period (a merge: by the earlier one, with a plus behind)."""
    if not path.exists():
        return {}
    said: dict[str, str] = {}
    for row in sheets_out.rows(path):
        decision = str(row.get("Decision") or "").strip().lower()
        if row.get("Period") and decision:
            key = str(row["Period"])
            if decision not in ((MERGE, APART) if key.endswith("+") else (EXIT, OPEN)):
                raise PlanError("PLAN-exit-decision", decision=decision[:20])
            said[key] = decision
    return said


def _all(lab: Lab, session: Session, as_of: dt.date | None) -> tuple[Period, ...]:
    tables = [t.stem for t in (lab.path / "records").glob("*.parquet")]
    day = as_of or lab.clock.as_of
    if day is None:
        top = exp.Max(this=name("service_on"))
        row = session.execute(exp.select(top).from_("services")).fetchone() if (
            "services" in tables
        ) else None  # fmt: skip
        day = row[0] if row and row[0] else dt.date(1900, 1, 1)
    return periods(session, lab.section("exits", ExitRules), day, tables)


def apply(lab: Lab, clock: dt.datetime, as_of: dt.date | None = None) -> Reviewed:
    """Do what people decided in the review, and keep it as a document of the lab."""
    lab.need("journeys")
    said = decisions(_review(lab))
    with lab.session() as session:
        found = {p.key: p for p in _all(lab, session, as_of)}
        ends = {k: found[k].last_on for k, d in said.items()
                if d == EXIT and k in found and found[k].proposed}  # fmt: skip
        joined = [k[:-1] for k, d in said.items() if d == MERGE and k[:-1] in found]
        target = lab.table("journeys")
        kept = lab.path / "private" / "journeys-before.parquet"
        shutil.copyfile(target, kept)
        fresh = target.with_name(".journeys.fresh")
        session.attach("kept", kept)
        copy_to(session, _changed(session, found, ends, joined), fresh)
    fresh.replace(target)
    body: dict[str, Any] = {
        "at": clock.isoformat(timespec="seconds"),
        "exits": {k: d.isoformat() for k, d in ends.items()},
        "merged": joined,
        "undecided": sum(1 for p in found.values() if p.proposed and p.key not in said),
    }
    lab.store.put("exits", Document("exits", 1, body))
    return Reviewed(
        exits=sum(p.proposed for p in found.values()),
        blocked=sum(p.verdict == "planned" for p in found.values()),
        merges=sum(p.merge_days is not None for p in found.values()),
        set=len(ends),
        merged=len(joined),
    )


def _changed(
    session: Session,
    found: Mapping[str, Period],
    ends: Mapping[str, dt.date],
    joined: Sequence[str],
) -> exp.Select:
    """The journeys with exits set and merged periods as one: the first row, with the last's end."""
    have = session.columns("kept")
    numbered = name("period") if "period" in have else tree(1)
    key = exp.func("concat", name("pid"), tree("-"), exp.cast(numbered, "VARCHAR"))
    order: dict[str, list[Period]] = {}
    for p in sorted(found.values(), key=lambda p: (p.pid, p.entered_on, p.period)):
        order.setdefault(p.pid, []).append(p)
    close = {k: p.closed_on for k, p in found.items()} | dict(ends)
    gone: set[str] = set()
    for each in order.values():
        for before, after in zip(reversed(each[:-1]), reversed(each[1:]), strict=True):
            if before.key in joined:  # from the last to the first, so that chains become one
                close[before.key] = close[after.key]
                gone.add(after.key)
    rows: exp.Select = exp.select("*").from_("kept")
    if gone:
        listed = exp.In(this=key.copy(), expressions=[tree(k) for k in sorted(gone)])
        rows = rows.where(exp.not_(listed))
    touched = {k: d for k, d in close.items()
               if k not in gone and d != found[k].closed_on}  # fmt: skip
    if not touched:
        return rows
    case, over = exp.Case(), exp.Case()
    for k, day in sorted(touched.items()):
        same = exp.EQ(this=key.copy(), expression=tree(k))
        case = case.when(same, tree(day) if day else exp.cast(exp.null(), "DATE"))
        over = over.when(same.copy(), exp.Boolean(this=day is not None))
    picked = {
        "closed_on": case.else_(name("closed_on") if "closed_on" in have else exp.null()),
        "closed": over.else_(name("closed") if "closed" in have else exp.null()),
    }
    columns = [alias(picked.get(c, name(c)), c) for c in dict.fromkeys([*have, *picked])]
    return exp.select(*columns).from_(rows.subquery("r"))
