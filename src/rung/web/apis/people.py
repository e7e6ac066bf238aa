"""People: a caseload, one person, what was learned, and who is behind a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from django.http import Http404
from ninja import Router, Status
from pydantic import Field

from rung import cycle
from rung.cycle.people import Named
from rung.discovery.caseload import Case
from rung.discovery.members import Counted
from rung.errors import RecordsError
from rung.web import access, caseload, keys
from rung.web.apis.answers import Days, now
from rung.web.apis.asking import Asked, Refused, needs
from rung.web.apis.shapes import (
    BehindOut,
    CaseloadOut,
    CaseOut,
    CheckOut,
    CoachOut,
    Count,
    FollowUpIn,
    FollowUpOut,
    MemberOfCell,
    Offset,
    PersonOut,
    Reason,
    ServiceOut,
    StepOut,
    Word,
    WorkOut,
)
from rung.web.caseload import Learned, SomeoneElseWrote, Whose
from rung.web.models import FollowUp
from rung.web.store import ProgramLab

router = Router(tags=["people"])
KeyText = Annotated[str, Field(max_length=200)]


def _names(request: Asked, coach: str | None, pids: Sequence[str]) -> Mapping[str, Named]:
    """Names by pid, for those whose role may see them; nothing for others."""
    if request.standing not in access.MAY["people.names"]:
        return {}
    return caseload.names(request.program, coach, pids) or {}


def _name(names: Mapping[str, Named], pid: str) -> str | None:
    return names[pid].name or None if pid in names else None


def _shown(request: Asked, count: int, thing: str = "") -> None:
    access.trace(
        request, "people.names", request.organisation, request.program,
        thing=thing, audience="inside", count=count,
    )  # fmt: skip


def _case(request: Asked, case: Case, names: Mapping[str, Named]) -> CaseOut:
    return CaseOut(
        key=keys.key(request.program, case.pid),
        name=_name(names, case.pid),
        coach=case.coach,
        stage=case.stage.key,
        last_contact=case.last_contact,
        due_on=case.due_on,
        overdue=case.overdue,
        reasons=[
            Reason(
                code=m.why.code, params=dict(m.why.params), text=m.why.words("en"),
                due_on=m.due_on, overdue=m.overdue, due_days=m.due_days,
            )
            for m in case.matters
        ],
    )  # fmt: skip


# -- caseloads


@router.get(
    "/programs/{program}/coaches", **needs("people:read", "caseload.all", ok=list[CoachOut])
)
def coaches(request: Asked, program: str) -> list[CoachOut]:
    """The coaches in the records."""
    return [
        CoachOut(key=caseload.coach_key(request.program, name), name=name, people=n)
        for name, n in caseload.coaches(request.program)
    ]


@router.get("/programs/{program}/caseload", **needs("people:read", "caseload.own", ok=CaseloadOut))
def people(
    request: Asked,
    program: str,
    show: Literal["due", "reason", "all"] = "due",
    coach: KeyText = "",
    limit: Count = 50,
    offset: Offset = 0,
) -> CaseloadOut:
    """People to reach and why, most urgent first; a coach's key sees that coach's people."""
    caseload.generation(request.program)
    who = _whose(request, coach)
    opened = caseload.opened(request.program, who.coach, everyone=show == "all")
    cases = opened.due if show == "due" else opened.load.cases
    page = cases[offset : offset + limit]
    names = _names(request, who.coach, [c.pid for c in page])
    _shown(request, len(page))
    return CaseloadOut(
        as_of=opened.load.as_of,
        day=opened.load.day,
        count=len(cases),
        offset=offset,
        people=[_case(request, c, names) for c in page],
    )


def _whose(request: Asked, coach: str = "") -> Whose:
    who = caseload.whose(request.user, request.program, request.standing, coach)
    if who.missing:
        raise Refused(403, "WEB-no-caseload")
    return who


# -- one person


def _seen(request: Asked, key: str) -> tuple[Whose, cycle.Person]:
    """The person whom a key means, if the asker may see them; else 404."""
    pid = keys.pid(request.program, key)
    who = caseload.whose(request.user, request.program, request.standing)
    found = caseload.person(request.program, pid)
    if found is None or not caseload.may_see(who, found.case):
        raise Http404
    _shown(request, 1, pid)
    return who, found


@router.get(
    "/programs/{program}/people/{key}", **needs("people:read", "caseload.own", ok=PersonOut)
)
def person(request: Asked, program: str, key: KeyText) -> PersonOut:
    """One person: steps, services, jobs, follow-ups."""
    who, found = _seen(request, key)
    pid = found.case.pid
    names = _names(request, who.coach, [pid])
    asked = caseload.open_checks(request.program, found)
    return PersonOut(
        case=_case(request, found.case, names),
        contacts=dict(names[pid].contacts) if pid in names else {},
        steps=[
            StepOut(key=s.milestone.key, label=s.milestone.label, reached=s.reached, on=s.on)
            for s in found.steps
        ],
        services=[
            ServiceOut(on=s.on, service=s.service, attendance=s.attendance)
            for s in found.services
        ],
        jobs=[
            WorkOut(employer=j.employer, title=j.title, start_on=j.start_on, end_on=j.end_on)
            for j in found.jobs
        ],
        follow_ups=[
            CheckOut(
                due_days=days, due_on=on, open=days in asked,
                result=check.result if check else None, on=check.on if check else None,
                how=check.how if check else None,
            )
            for days, (on, check) in found.due.items()
        ],
        last_entry=caseload.last_entry(request.program, pid),
    )  # fmt: skip


@router.get(
    "/programs/{program}/people/{key}/follow-ups",
    **needs("people:read", "caseload.own", ok=list[FollowUpOut]),
)
def follow_ups(request: Asked, program: str, key: KeyText) -> list[FollowUpOut]:
    """Everything that was written down of a person, the latest first."""
    _, found = _seen(request, key)
    return [_row(r) for r in caseload.written(request.program, found.case.pid)]


def _row(r: FollowUp) -> FollowUpOut:
    return FollowUpOut(
        number=r.pk, due_days=r.due_days, due_on=r.due_on, result=r.result, how=r.how, on=r.on,
        by=str(r.by) if r.by else None, at=r.at,
    )  # fmt: skip


@router.post(
    "/programs/{program}/people/{key}/follow-ups",
    **needs("people:write", "caseload.write", made=FollowUpOut),
)
def write(request: Asked, program: str, key: KeyText, body: FollowUpIn) -> Status[FollowUpOut]:
    """Write down what was learned. 409 when another answer came since `seen` was read."""
    _, found = _seen(request, key)
    learned = Learned(due_days=body.due_days, result=body.result, how=body.how, on=body.on)
    try:
        row = caseload.write(request.program, found, learned, by=request.user, seen=body.seen)
    except SomeoneElseWrote as other:
        raise Refused(409, "WEB-follow-up-written", days=body.due_days) from other
    access.trace(
        request, "followup.written", request.organisation, request.program, thing=found.case.pid
    )
    return Status(201, _row(row))


# -- behind a number


@router.get(
    "/programs/{program}/answers/people", **needs("people:read", "journey.people", ok=BehindOut)
)
def behind(
    request: Asked,
    program: str,
    milestone: Word,
    counted: Counted = "reached",
    by: Word = "",
    level: Word = "",
    cohort: Word = "",
    within: Days | None = None,
    limit: Count = 50,
    offset: Offset = 0,
) -> BehindOut:
    """Exactly the people whom a cell of the journey counted: its milestone and column.

    `by` and `level` are the group and its level as the journey's table has them.
    """
    generation = now(request)
    found = cycle.people(
        ProgramLab.of(generation),
        milestone=milestone,
        counted=counted,
        group=(by, level) if by and level else None,
        cohort=cohort or None,
        within=within,
        limit=limit,
        offset=offset,
    )
    names: Mapping[str, Named] = {}
    if request.standing in access.MAY["people.names"]:
        try:
            names = cycle.named(ProgramLab.of(generation), [r.pid for r in found.rows])
        except RecordsError:  # the key table is not here: pseudonyms alone
            names = {}
    access.trace(
        request, "journey.people", request.organisation, request.program,
        thing=f"{milestone}.{counted}"[:80], audience="inside", count=len(found.rows),
    )  # fmt: skip
    return BehindOut(
        n=found.n,
        as_of=found.as_of,
        offset=found.offset,
        people=[
            MemberOfCell(
                key=keys.key(request.program, r.pid), name=_name(names, r.pid), status=r.status,
                dates=dict(r.dates),
            )
            for r in found.rows
        ],
    )  # fmt: skip
