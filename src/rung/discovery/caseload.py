"""A coach's people, with reasons and never a score: what is open, since when, and what is due.

    absences      several missed appointments in the last days
    no contact    nobody has seen the person for some days, or so long that the case is dormant
    planned end   the day the program should have ended has passed
    job ended     the job on record has ended and there is no other
    follow-up     30, 90, 180 and 365 days after the job began: due, overdue, or to be tried again

The first three are about people in the program: not closed and not in a job. People come with
what is most overdue first, then what is due first. A reason is a code with its numbers, and rests
only on the columns named here: what the program did and when. Race, gender, disability, age and
every other trait are not read at all (`followups.narrow`), so they cannot move anyone up or down.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field
from sqlglot import exp

from rung.discovery import followups
from rung.discovery.followups import Check, Checks, Entered, FollowUpRules, narrow
from rung.errors import PlanError
from rung.finding import Note
from rung.messages import Scalar
from rung.records import query
from rung.records.lab import Milestone
from rung.records.query import Name, Session

ROOM = "rung.discovery"
_VIEW = "rung caseload"  # a blank: no table of a lab is named so
_COMPLETED = "completed"

# Everything a reason can rest on, beside the milestones.
JOURNEYS = {
    "pid": "VARCHAR",
    "period": "BIGINT",
    "coach": "VARCHAR",
    "entered_on": "DATE",
    "last_service_on": "DATE",
    "planned_end_on": "DATE",
    "closed": "BOOLEAN",
    "closed_on": "DATE",
    "placed_on": "DATE",
    "placed": "BOOLEAN",
}
SERVICES = {"pid": "VARCHAR", "service_on": "DATE", "attendance": "VARCHAR", "staff": "VARCHAR"}
EMPLOYMENT = {"pid": "VARCHAR", "employed": "BOOLEAN", "start_on": "DATE", "end_on": "DATE"}

DayCount = Annotated[int, Field(ge=1, le=3_650)]


class CaseloadSettings(FollowUpRules):
    """`[caseload]`: when something becomes a reason to get in touch."""

    absences: Annotated[int, Field(ge=1, le=100)] = 2
    absences_within_days: DayCount = 14
    count_excused: bool = False  # whether an excused absence is one
    no_contact_days: DayCount = 14
    dormant_after_days: DayCount = 90
    job_ended_days: DayCount = 60  # how long the end of a job stays a reason


@dataclass(frozen=True, kw_only=True)
class Matter:
    """One open matter. `due_on` is the day something was or is to be done, if there is one;
    `overdue` the days since; `due_days` says which follow-up it is."""

    why: Note
    due_on: dt.date | None = None
    overdue: int = 0
    due_days: int | None = None


@dataclass(frozen=True, kw_only=True)
class Case:
    """One person of a caseload. `stage` is the last milestone reached, `start_on` the day the
    job began, `follow_ups` what is known of each follow-up by its days."""

    pid: str
    coach: str
    stage: Milestone
    last_contact: dt.date | None
    closed: bool
    start_on: dt.date | None
    matters: tuple[Matter, ...]
    follow_ups: Mapping[int, Check]

    @property
    def reasons(self) -> tuple[Note, ...]:
        """Why, in codes; `note.words(language)` says them."""
        return tuple(m.why for m in self.matters)

    @property
    def overdue(self) -> int:
        """Days that the most overdue matter is overdue."""
        return max((m.overdue for m in self.matters), default=0)

    @property
    def due_on(self) -> dt.date | None:
        """The earliest day by which something is or was due."""
        return min((m.due_on for m in self.matters if m.due_on), default=None)

    @property
    def order(self) -> tuple[int, dt.date, str]:
        """What people are listed by."""
        return -self.overdue, self.due_on or dt.date.max, self.pid


def caseload(
    session: Session,
    *,
    milestones: Sequence[Milestone],
    settings: CaseloadSettings,
    as_of: dt.date,
    coach: str | None = None,
    pid: str | None = None,
    entered: Sequence[Entered] = (),
    everyone: bool = False,
    day: dt.date | None = None,
) -> tuple[Case, ...]:
    """The people of a coach (None: of all coaches, in one pass) with an open matter.

    With `everyone`, also those without one; with `pid`, that person alone. A lab that names no
    coach in `enrolments.coach` takes who gave the latest service (`services.staff`). Follow-ups
    are due by `day` (default: `as_of`): they go on after the records end, absences do not.
    Raises PlanError for a lab without milestones.
    """
    if not milestones:
        raise PlanError("PLAN-few-milestones")
    rules = settings
    kept = followups.kept(milestones, rules)
    _view(session, milestones, kept, as_of, coach=coach, pid=pid)
    rows = _rows(session, kept, rules, as_of)
    starts = {r["pid"]: r["start_on"] for r in rows if r["start_on"]}
    known = [
        (r["pid"], n, r[f"{key}_on"]) for r in rows for n, key in kept.items() if r[key]
    ]  # fmt: skip
    found = followups.checks(
        session, starts, rules=rules, as_of=as_of, entered=entered, known=known, who=_VIEW
    )
    ended = next((i for i, m in enumerate(milestones) if m.key == _COMPLETED), len(milestones))
    cases = [_case(r, milestones, ended, found, rules, as_of, day or as_of) for r in rows]
    return tuple(sorted((c for c in cases if everyone or c.matters), key=lambda c: c.order))


def coaches(
    session: Session, *, milestones: Sequence[Milestone], as_of: dt.date
) -> tuple[tuple[str, int], ...]:
    """Names of coaches and how many people each goes along with, closed cases included."""
    _view(session, milestones, {}, as_of)
    rows = session.run(query.load(ROOM, "caseload_coaches"), people=Name(_VIEW)).rows
    return tuple((str(name), int(n)) for name, n in rows)


# -- what is read


def _view(
    session: Session,
    milestones: Sequence[Milestone],
    kept: Mapping[int, str],
    as_of: dt.date,
    **only: str | None,
) -> None:
    """Name the people of the caseload, so that every query looks at the same ones."""
    columns = JOURNEYS | followups.columns_of(milestones)
    journeys = narrow(session, "journeys", columns)
    if "coach" not in session.columns("journeys"):
        journeys = _staffed(session, journeys, columns, as_of)
    mine = exp.and_(
        *(
            exp.EQ(this=query.name(column, "people"), expression=query.tree(value))
            for column, value in only.items()
            if value is not None
        ),
        exp.true(),
    )
    session.view(
        _VIEW,
        query.fill(
            query.load(ROOM, "caseload_people"),
            {
                "journeys": journeys,
                "as_of": as_of,
                "stage": _stage(milestones, as_of),
                "seen": _seen(milestones, as_of),
                "kept": [
                    part
                    for key in kept.values()
                    for part in (
                        query.alias(_reached(key, as_of), key),
                        query.alias(_by(f"{key}_on", as_of), f"{key}_on"),
                    )
                ],
                "mine": mine,
            },
        ),
    )


def _staffed(
    session: Session, journeys: exp.Expr, columns: Mapping[str, str], as_of: dt.date
) -> exp.Expr:
    """The journeys with the staff of each person's latest service as the coach."""
    staff = query.fill(
        query.load(ROOM, "caseload_staff"),
        {"services": narrow(session, "services", SERVICES), "as_of": as_of},
    )
    picked = [query.name(c, "staff" if c == "coach" else "entries") for c in columns]
    same = exp.EQ(this=query.name("pid", "entries"), expression=query.name("pid", "staff"))
    entries = exp.alias_(journeys, "entries", table=True)
    query_ = exp.select(*picked).from_(entries)
    who = exp.Subquery(this=staff, alias=exp.TableAlias(this=exp.to_identifier("staff")))
    return query_.join(who, on=same, join_type="left").subquery()


def _reached(key: str, as_of: dt.date) -> exp.Expr:
    """Whether a milestone was reached by the as-of date, dated or not."""
    on = query.name(f"{key}_on")
    by_then = exp.LTE(this=on, expression=query.tree(as_of))
    known = exp.or_(on.copy().is_(exp.null()), by_then)
    return exp.func("coalesce", exp.and_(query.name(key), known), exp.false())


def _by(column: str, as_of: dt.date) -> exp.Expr:
    """A day, if it is not after the as-of date."""
    on = query.name(column)
    return exp.Case().when(exp.LTE(this=on, expression=query.tree(as_of)), on.copy())


def _stage(milestones: Sequence[Milestone], as_of: dt.date) -> exp.Expr:
    """The place of the furthest milestone reached; entry when there is none."""
    case = exp.Case()
    for i, m in reversed(list(enumerate(milestones))[1:]):
        if m.key not in followups.TRAITS:
            case = case.when(_reached(m.key, as_of), query.tree(i))
    return case.else_(query.tree(0)) if case.args.get("ifs") else query.tree(0)


def _seen(milestones: Sequence[Milestone], as_of: dt.date) -> exp.Expr:
    """The latest day on which a milestone shows that the person was there."""
    keys = [m.key for m in milestones if m.key not in followups.TRAITS]
    days = [_by(c, as_of) for c in ("entered_on", *(f"{k}_on" for k in keys))]
    return exp.func("greatest", *days) if len(days) > 1 else days[0]


def _rows(
    session: Session, kept: Mapping[int, str], rules: CaseloadSettings, as_of: dt.date
) -> list[dict[str, Any]]:
    """The facts of each person.

    The journeys have the last service of everyone, so only recent services are read: a log of
    years is long. Whoever was last recorded as absent, with no contact since, is looked up in
    all of it."""
    recent = as_of - dt.timedelta(days=max(rules.dormant_after_days, rules.absences_within_days))
    known = "last_service_on" in session.columns("journeys")
    rows = _read(session, kept, rules, as_of, recent if known else dt.date.min)
    if known and any(row["unsure"] for row in rows):
        whole = _read(session, kept, rules, as_of, dt.date.min)
        exact = {row["pid"]: row for row in whole}
        rows = [exact[row["pid"]] if row["unsure"] else row for row in rows]
    return rows


def _read(
    session: Session,
    kept: Mapping[int, str],
    rules: CaseloadSettings,
    as_of: dt.date,
    from_day: dt.date,
) -> list[dict[str, Any]]:
    return session.run(
        query.load(ROOM, "caseload"),
        people=Name(_VIEW),
        services=narrow(session, "services", SERVICES),
        employment=narrow(session, "employment", EMPLOYMENT),
        absent=["absent", "excused"] if rules.count_excused else ["absent"],
        since=as_of - dt.timedelta(days=rules.absences_within_days),
        from_day=max(from_day, dt.date(1900, 1, 1)),
        as_of=as_of,
        kept=[query.name(c, "mine") for key in kept.values() for c in (key, f"{key}_on")],
    ).dicts()


# -- what is open


def _case(
    row: Mapping[str, Any],
    milestones: Sequence[Milestone],
    ended: int,
    found: Checks,
    rules: CaseloadSettings,
    as_of: dt.date,
    day: dt.date,
) -> Case:
    pid, start = row["pid"], row["start_on"]
    mine = {n: found[pid, n] for n in rules.days if (pid, n) in found}
    matters = [*_follow_ups(start, mine, rules, day), *_job_ended(row, rules, as_of)]
    if not (row["closed"] or row["placed"] or start):
        matters += _in_program(row, row["stage"] < ended, rules, as_of)
    matters.sort(key=lambda m: (-m.overdue, m.due_on or dt.date.max, m.why.code))
    return Case(
        pid=pid,
        coach=row["coach"] or "",
        stage=milestones[row["stage"]],
        last_contact=row["contact_on"],
        closed=row["closed"],
        start_on=start,
        matters=tuple(matters),
        follow_ups=mine,
    )


def _in_program(
    row: Mapping[str, Any], unfinished: bool, rules: CaseloadSettings, as_of: dt.date
) -> Iterator[Matter]:
    """Absences, silence, and a program that should have ended."""
    if row["absences"] >= rules.absences:
        given = {"n": int(row["absences"]), "days": rules.absences_within_days}
        yield _late(Note("care-absences", given), row["absent_on"], as_of)
    last, end = row["contact_on"], row["planned_end_on"]
    quiet = (as_of - last).days if last else 0
    if quiet >= max(rules.dormant_after_days, rules.no_contact_days):
        yield Matter(why=Note("care-dormant", {"days": quiet}))
        return
    if quiet >= rules.no_contact_days:
        due = last + dt.timedelta(days=rules.no_contact_days)
        yield _late(Note("care-no-contact", {"days": quiet}), due, as_of)
    if end and end < as_of and unfinished:
        yield _late(Note("care-planned-end", {"on": end.isoformat()}), end, as_of)


def _job_ended(row: Mapping[str, Any], rules: CaseloadSettings, as_of: dt.date) -> Iterator[Matter]:
    on = row["job_ended_on"]
    if on and (as_of - on).days <= rules.job_ended_days:
        yield _late(Note("care-job-ended", {"on": on.isoformat()}), on, as_of)


def _follow_ups(
    start: dt.date | None, known: Mapping[int, Check], rules: CaseloadSettings, as_of: dt.date
) -> Iterator[Matter]:
    """A follow-up is open from some days before its day until an answer, the next one's day, or
    so long after it that an answer would say little of it."""
    if start is None:
        return
    for days, after in zip(rules.days, (*rules.days[1:], None), strict=True):
        due = start + dt.timedelta(days=days)
        gone, check = (as_of - due).days, known.get(days)
        if not -rules.due_ahead_days <= gone <= rules.follow_up_open_days:
            continue
        if after is not None and gone >= after - days:
            continue
        if check and check.result != "not_reached":
            continue
        given: dict[str, Scalar] = {"days": days, "on": due.isoformat()}
        if check:
            tried = (check.on or due).isoformat()
            why = Note("care-follow-up-again", {**given, "tried": tried})
        elif gone > 0:
            why = Note("care-follow-up-late", given)
        else:
            why = Note("care-follow-up", given)
        yield Matter(why=why, due_on=due, overdue=max(0, gone), due_days=days)


def _late(why: Note, due: dt.date, as_of: dt.date) -> Matter:
    return Matter(why=why, due_on=due, overdue=max(0, (as_of - due).days))
