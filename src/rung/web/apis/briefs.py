"""Briefs: what one would say, releasing it, and what was released."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from ninja import Router, Status

from rung.errors import PlanError, Problem
from rung.messages import speaking
from rung.web import access, briefing
from rung.web.apis.answers import now
from rung.web.apis.asking import Asked, needs
from rung.web.apis.shapes import BriefIn, BriefOut, Headline, PreviewOut
from rung.web.briefing import Written
from rung.web.models import Brief, Generation

router = Router(tags=["briefs"])


def _out(b: Brief) -> BriefOut:
    return BriefOut(
        uid=b.uid, number=b.number, audience=b.audience, recipient=b.recipient, purpose=b.purpose,
        expires=b.expires, language=b.language, title=b.title, digest=b.digest,
        withdrawn_at=b.withdrawn_at, at=b.at,
    )  # fmt: skip


@router.get("/programs/{program}/briefs", **needs("briefs:read", "brief.see", ok=list[BriefOut]))
def briefs(request: Asked, program: str) -> list[BriefOut]:
    """What was released, newest first."""
    return [_out(b) for b in request.program.briefs.order_by("-number")]


@router.post(
    "/programs/{program}/briefs/preview", **needs("briefs:read", "brief.write", ok=PreviewOut)
)
def preview(request: Asked, program: str, body: BriefIn) -> PreviewOut:
    """What a brief would say to that audience; nothing is released."""
    generation = now(request)
    made = briefing.made(request.program, generation, _written(request, generation, body))
    told = [Headline(headline=t.headline, hidden=t.hidden, withheld=t.withheld) for t in made.told]
    return PreviewOut(title=made.title, hiding=made.hiding, answers=told, html=made.html)


def _written(request: Asked, generation: Generation, body: BriefIn) -> Written:
    """The brief as the pages write it; PlanError with everything that is missing."""
    given = body.model_dump(exclude={"parts"})
    given["expires"] = body.expires.isoformat() if body.expires else ""
    every = [key for key, _ in briefing.parts(generation)]
    written = Written.of({**given, "parts": every if body.parts is None else body.parts})
    with speaking("en"):
        wrong = briefing.wrong_with(written, request.program, generation)
    if wrong:
        raise PlanError(
            Problem(code="WEB-brief", column=field, params={"says": says}, weight="break")
            for field, says in wrong.items()
        )
    return written


@router.post(
    "/programs/{program}/briefs", **needs("briefs:release", "brief.release", made=BriefOut)
)
def release(request: Asked, program: str, body: BriefIn) -> Status[BriefOut]:
    """Release a brief: it is kept, and written into the ledger."""
    generation = now(request)
    written = _written(request, generation, body)
    made = briefing.release(request.program, generation, written, by=request.user)
    access.trace(
        request, "brief.release", request.organisation, request.program,
        thing=made.uid, audience=made.audience,
    )  # fmt: skip
    return Status(201, _out(made))


_KINDS = {"html": "text/html", "xlsx": briefing.XLSX}
_download = needs("briefs:read", "brief.see")
_download["openapi_extra"]["responses"] = {
    200: {
        "description": "The document",
        "content": {k: {"schema": {"type": "string", "format": "binary"}} for k in _KINDS.values()},
    }
}


@router.get("/programs/{program}/briefs/{brief}.{kind}", **_download)
def download(request: Asked, program: str, brief: str, kind: str) -> HttpResponse:
    """The bytes that were released, as html or xlsx."""
    found = Brief.objects.filter(program=request.program, uid=brief, withdrawn_at=None).first()
    if found is None or kind not in _KINDS:
        raise Http404
    access.trace(
        request, "brief.see", request.organisation, request.program,
        thing=found.uid, audience=found.audience,
    )  # fmt: skip
    content = found.html if kind == "html" else bytes(found.xlsx)
    return briefing.attachment(content, kind, f"brief-{found.number}")
