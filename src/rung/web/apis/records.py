"""Programs, files in, mappings, imports, the fix list."""

from __future__ import annotations

from typing import cast

from django.http import Http404, HttpRequest, HttpResponse
from ninja import Router, Status

from rung import cycle
from rung.errors import PlanError, Problem
from rung.records.lab import Lab
from rung.web import access, importing, picks, receiving, work
from rung.web.apis.asking import ANY, Asked, Refused, needs
from rung.web.apis.shapes import (
    Begun,
    Correction,
    GenerationOut,
    JobOut,
    ProblemOut,
    ProgramOut,
    ProposalOut,
    Switch,
    UploadOut,
    Version,
)
from rung.web.models import Generation, Job, Program, Upload
from rung.web.picks import Draft

router = Router(tags=["records"])
State = Upload.State
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("/programs", **needs(ANY, "organisation.see", of="organisation", ok=list[ProgramOut]))
def programs(request: Asked) -> list[ProgramOut]:
    """The programs of the key's organisation."""
    mine = Program.objects.filter(organisation=request.organisation).select_related("generation")
    return [ProgramOut.of(p) for p in mine.order_by("name", "pk")]


@router.get("/programs/{program}", **needs(ANY, "program.see", ok=ProgramOut))
def program(request: Asked, program: str) -> ProgramOut:
    """One program."""
    return ProgramOut.of(request.program)


@router.get("/programs/{program}/jobs/{job}", **needs(ANY, "program.see", ok=JobOut))
def job(request: Asked, program: str, job: str) -> JobOut:
    """How far a piece of work is."""
    found = Job.objects.filter(program=request.program, uid=job).first()
    if found is None:
        raise Http404
    return JobOut.of(found)


# -- files


@router.get(
    "/programs/{program}/uploads", **needs("records:read", "records.see", ok=list[UploadOut])
)
def uploads(request: Asked, program: str) -> list[UploadOut]:
    """Files that were sent, newest first."""
    return [UploadOut.of(u) for u in request.program.uploads.order_by("-pk")]


_FILE = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}
_upload = needs("records:write", "records.bring", begun=Begun)
_upload["openapi_extra"] |= _FILE


@router.post("/programs/{program}/uploads", **_upload)
def upload(request: Asked, program: str) -> Status[Begun]:
    """Send one file (CSV, Excel, Parquet, …) as the field `file`; it is looked at."""
    if receiving.too_large(request):
        raise Refused(413, "WEB-too-large", most=_most())
    return cast("Status[Begun]", _received(request))


@receiving.receives
def _received(request: HttpRequest) -> HttpResponse:
    asked = cast("Asked", request)
    file = request.FILES.get("file")
    if receiving.too_large(request):
        raise Refused(413, "WEB-too-large", most=_most())
    if not isinstance(file, receiving.Received):
        raise Refused(422, "WEB-no-file")
    wrong = importing.refusal(file.place, file.name or "")
    if wrong is not None:
        raise PlanError(wrong)
    made = importing.take(file, asked.program, asked.user)
    access.trace(request, "records.bring", asked.organisation, asked.program, thing=made.uid)
    begun = importing.start_look(made, asked.user)
    return cast("HttpResponse", Status(202, Begun(upload=UploadOut.of(made), job=JobOut.of(begun))))


def _most() -> int:
    from django.conf import settings

    return int(settings.UPLOAD_BYTES) >> 20


def _found(request: Asked, uid: str) -> Upload:
    found = Upload.objects.filter(program=request.program, uid=uid).first()
    if found is None:
        raise Http404
    found.program = request.program
    importing.settle(found)
    return found


@router.get(
    "/programs/{program}/uploads/{upload}", **needs("records:read", "records.bring", ok=ProposalOut)
)
def proposal(request: Asked, program: str, upload: str) -> ProposalOut:
    """What a file seems to hold, with every pick so far."""
    return _proposed(_found(request, upload))


def _proposed(found: Upload) -> ProposalOut:
    about = UploadOut.of(found).model_dump()
    if found.looked is None:
        problems = work.problems(found.problem)
        listed = [ProblemOut.of(p) for p in problems]
        return ProposalOut(**about, proposal=None, replaces=None, problems=listed)
    draft = Draft.of(found)
    looked, wrong = draft.tried()
    return ProposalOut(
        **about,
        proposal=looked.to_json(),
        replaces=draft.replaces,
        problems=[ProblemOut.of(p) for p in wrong],
    )


@router.patch(
    "/programs/{program}/uploads/{upload}",
    **needs("records:write", "records.bring", ok=ProposalOut),
)
def correct(request: Asked, program: str, upload: str, body: Correction) -> ProposalOut:
    """Say what columns mean. 409 when somebody saved since `version` was read."""
    found = _waiting(_found(request, upload))
    draft = Draft.of(found)
    if body.replaces and body.replaces not in importing.files(request.program):
        raise PlanError("WEB-replaced")
    said = draft.having(_picks(draft, body))
    if not importing.save(found, said, version=body.version, by=request.user):
        raise Refused(409, "WEB-changed")
    return _proposed(found)


def _waiting(found: Upload) -> Upload:
    """An upload whose mapping can be changed."""
    if found.state not in (State.READY, State.FAILED) or found.looked is None:
        raise Refused(409, "WEB-not-ready", state=found.state)
    return found


def _picks(draft: Draft, body: Correction) -> picks.Picks:
    """The picks so far with those of a correction."""
    before, tables = draft.picks, draft.proposed.tables
    columns = {t: dict(mine) for t, mine in before.columns.items()}
    wrong: list[Problem] = []
    for pick in body.columns:
        heads = [c.header for c in tables[pick.table].columns] if pick.table < len(tables) else []
        if pick.header not in heads:
            # the header that was sent is not repeated
            wrong.append(Problem(code="REC-column-missing", table=draft.proposed.name,
                                 column="", weight="break"))  # fmt: skip
            continue
        i = heads.index(pick.header)
        old = before.of(pick.table, i)
        target = old.target if pick.target is None else pick.target.strip()
        values = pick.values
        if values is None and target == old.target:
            values = dict(old.values) if old.values is not None else None
        because = old.because if pick.because is None else pick.because.strip() or None
        mine = columns.setdefault(pick.table, {})
        mine[i] = picks.Pick(target=target, because=because, values=values)
    kinds, dates = dict(before.kinds), dict(before.dates)
    for each in body.tables:
        if each.table >= len(tables):
            wrong.append(Problem(code="REC-column-missing", table=draft.proposed.name,
                                 column="", weight="break"))  # fmt: skip
        if each.kind is not None:
            kinds[each.table] = each.kind
        if each.dates is not None:
            dates[each.table] = each.dates
    if wrong:
        raise PlanError(wrong)
    steps = body.milestones
    return picks.Picks(
        columns=columns,
        kinds=kinds,
        dates=dates,
        milestones=before.milestones if steps is None else tuple((s.key, s.label) for s in steps),
        replaces=before.replaces if body.replaces is None else body.replaces,
    )


@router.post(
    "/programs/{program}/uploads/{upload}/import",
    **needs("records:write", "records.bring", begun=Begun),
)
def bring(request: Asked, program: str, upload: str, body: Version) -> Status[Begun]:
    """Import it as it is mapped. 409 when somebody saved since `version` was read."""
    found = _waiting(_found(request, upload))
    if found.version != body.version:
        raise Refused(409, "WEB-changed")
    wrong = importing.keeps_from(found, Draft.of(found))
    if wrong:
        raise PlanError(wrong)
    begun = importing.start(found, request.user)
    if begun is None:
        raise Refused(409, "WEB-changed")
    found.refresh_from_db()
    return Status(202, Begun(upload=UploadOut.of(found), job=JobOut.of(begun)))


@router.delete(
    "/programs/{program}/uploads/{upload}", **needs("records:write", "records.bring", gone=None)
)
def aside(request: Asked, program: str, upload: str) -> Status[None]:
    """Set a file aside: its bytes go."""
    if not importing.put_aside(_found(request, upload)):
        raise Refused(409, "WEB-changed")
    return Status(204, None)


# -- imports


@router.get(
    "/programs/{program}/generations",
    **needs("records:read", "records.see", ok=list[GenerationOut]),
)
def generations(request: Asked, program: str) -> list[GenerationOut]:
    """Every import, newest first."""
    listed = request.program.generations.select_related("base").order_by("-number")
    return [GenerationOut.of(g, request.program) for g in listed]


@router.put("/programs/{program}/current", **needs("records:write", "records.bring", ok=ProgramOut))
def switch(request: Asked, program: str, body: Switch) -> ProgramOut:
    """Show another import (undo). Nothing is deleted. 409 when `seen` is not current any more."""
    to = None
    if body.to is not None:
        to = Generation.objects.filter(program=request.program, uid=body.to).first()
        if to is None:
            raise Http404
    elif request.program.generation is None or request.program.generation.base_id is not None:
        raise Refused(409, "WEB-not-first")
    if not importing.switch(request.program, to, seen=body.seen):
        raise Refused(409, "WEB-changed")
    access.trace(
        request, "records.bring", request.organisation, request.program,
        thing=to.uid if to else "",
    )  # fmt: skip
    fresh = Program.objects.select_related("generation").get(pk=request.program.pk)
    return ProgramOut.of(fresh)


# -- what to mend


@router.get("/programs/{program}/fixes", **needs("records:read", "fixes.see", ok=list[ProblemOut]))
def fixes(request: Asked, program: str) -> list[ProblemOut]:
    """What is wrong in the records, worst first."""
    made = request.program.generation
    found = cycle.problems(Lab.open(made.folder)) if made else ()
    return [ProblemOut.of(p) for p in found]


_workbook = needs("records:read", "fixes.download")
_workbook["openapi_extra"]["responses"] = {
    200: {"description": "The workbook", "content": {XLSX: {"schema": {"type": "string",
                                                                     "format": "binary"}}}}
}  # fmt: skip


@router.get("/programs/{program}/fixes.xlsx", **_workbook)
def workbook(request: Asked, program: str) -> HttpResponse:
    """The workbook with the cells marked: it names people."""
    made = request.program.generation
    if made is None:
        raise Http404
    content = cycle.fix_list(Lab.open(made.folder)).read_bytes()
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = 'attachment; filename="fix-list.xlsx"'
    return response
