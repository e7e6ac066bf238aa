"""Briefs: write one, see what it would tell, release it, take it back; and what others may read."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from rung.errors import ReleaseError
from rung.messages import sentence
from rung.web import access, briefing, clock
from rung.web.access import me, needs, signed_in, trace
from rung.web.briefing import Written
from rung.web.models import Brief, Generation, Program
from rung.web.views.journey import now


@needs("brief.see")
@require_GET
def briefs(request: HttpRequest, program: Program) -> HttpResponse:
    """The briefs that were released, the latest first."""
    found = program.briefs.select_related("by", "partner").defer("html", "xlsx").order_by("-number")
    rows = [(brief, _state(brief)) for brief in found]
    draft = briefing.draft_of(program)
    return render(
        request,
        "web/briefs.html",
        {"rows": rows, "generation": program.generation, "draft": draft},
    )


def _state(brief: Brief) -> str:
    if brief.withdrawn_at:
        return "withdrawn"
    return "ended" if briefing.ended(brief) else "open"


# -- writing


@needs("brief.write")
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, program: Program) -> HttpResponse:
    """Write a brief: for whom, in which language, which parts. The draft is kept."""
    generation = now(program)
    if generation is None:
        return redirect("briefs", program.uid)
    if request.method == "GET":
        draft = briefing.draft_of(program)
        whole = tuple(key for key, _ in briefing.parts(generation))
        written = Written.of(draft.body) if draft else Written(
            parts=whole, language=request.LANGUAGE_CODE
        )  # fmt: skip
        return _form(request, program, generation, written, version=draft.version if draft else 0)
    written = Written.of({**request.POST.dict(), "parts": request.POST.getlist("parts")})
    return _saved(request, program, generation, written)


def _saved(
    request: HttpRequest, program: Program, generation: Generation, written: Written
) -> HttpResponse:
    by_itself = bool(request.POST.get("draft"))  # the page saves while one writes
    try:
        version = briefing.save(program, written, seen=_version(request), by=me(request))
    except briefing.Changed as other:
        if by_itself:
            return JsonResponse({"error": "changed"}, status=409)
        theirs = Written.of(other.draft.body)
        return _form(
            request, program, generation, written, version=other.draft.version, status=409,
            other=other.draft, theirs=theirs, different=_different(written, theirs),
        )  # fmt: skip
    if by_itself:
        return JsonResponse({"version": version, "says": sentence("web.briefs.kept")})
    wrong = briefing.wrong_with(written, program, generation)
    if wrong:
        return _form(
            request, program, generation, written, version=version, wrong=wrong, status=422
        )
    return redirect("briefs-check", program.uid)


def _version(request: HttpRequest) -> int:
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _different(mine: Written, theirs: Written) -> list[str]:
    """What the two drafts say differently, as keys of the catalogue."""
    a, b = mine.to_json(), theirs.to_json()
    return [f"web.briefs.{key}" for key in a if a[key] != b[key]]


def _form(
    request: HttpRequest,
    program: Program,
    generation: Generation,
    written: Written,
    *,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    context = {
        "written": written,
        "audiences": briefing.AUDIENCES,
        "parts": [(k, words, k in written.parts) for k, words in briefing.parts(generation)],
        "partners": briefing.partners(program),
        "earliest": clock.day().isoformat(),
        **more,
    }
    return render(request, "web/briefs_new.html", context, status=status)


@needs("brief.write")
@require_GET
def check(request: HttpRequest, program: Program) -> HttpResponse:
    """What the brief will tell and what is hidden in it, before anyone gets it."""
    return _check(request, program)


def _check(
    request: HttpRequest, program: Program, *, status: int = 200, **more: Any
) -> HttpResponse:
    generation, draft = now(program), briefing.draft_of(program)
    if generation is None or draft is None:
        return redirect("briefs", program.uid)
    written = Written.of(draft.body)
    wrong = briefing.wrong_with(written, program, generation)
    if wrong:
        return _form(
            request, program, generation, written, version=draft.version, wrong=wrong, status=422
        )
    context = {
        "written": written,
        "partner": briefing.partner_of(written, program),
        "made": briefing.made(program, generation, written),
        "version": draft.version,
        "records": generation.uid,
        **more,
    }
    return render(request, "web/briefs_check.html", context, status=status)


@needs("brief.write")
@require_GET
def preview(request: HttpRequest, program: Program) -> HttpResponse:
    """The draft as the document it would be, marked as not released."""
    made, written = _drafted(program)
    if written.audience == "inside":
        return briefing.document(made.html)
    words = sentence("web.briefs.preview-mark", language=written.language)
    return briefing.document(briefing.marked(made.html, words))


@needs("brief.write")
@require_GET
def inside(request: HttpRequest, program: Program, kind: str) -> HttpResponse:
    """The brief for staff as a file, made on the fly: it is never released."""
    made, written = _drafted(program)
    if written.audience != "inside" or kind not in ("html", "xlsx"):
        raise Http404
    trace(request, "brief.inside", program.organisation, program, audience="inside")
    return briefing.attachment(made.html if kind == "html" else made.xlsx, kind, "brief-inside")


def _drafted(program: Program) -> tuple[briefing.Made, Written]:
    generation, draft = now(program), briefing.draft_of(program)
    if generation is None or draft is None:
        raise Http404
    written = Written.of(draft.body)
    if briefing.wrong_with(written, program, generation):
        raise Http404
    return briefing.made(program, generation, written), written


# -- releasing


@needs("brief.release")
@require_POST
def release(request: HttpRequest, program: Program) -> HttpResponse:
    """Give the brief out: into the ledger, kept under a number."""
    generation, draft = now(program), briefing.draft_of(program)
    if generation is None or draft is None:
        return redirect("briefs", program.uid)
    written = Written.of(draft.body)
    if draft.version != _version(request):
        return _check(request, program, changed=draft, status=409)
    if request.POST.get("records", generation.uid) != generation.uid:
        return _check(request, program, moved=True, status=409)  # nobody has read what it tells now
    if written.audience == "inside" or briefing.wrong_with(written, program, generation):
        return _check(request, program, status=422)
    try:
        brief = briefing.release(program, generation, written, by=me(request), draft=draft)
    except briefing.Changed as other:
        return _check(request, program, changed=other.draft, status=409)
    except ReleaseError as error:
        return _check(request, program, problems=error.problems, status=422)
    trace(request, "brief.released", program.organisation, program, thing=brief.uid,
          audience=brief.audience)  # fmt: skip
    return redirect("briefs", program.uid)


@needs("brief.release")
@require_POST
def withdraw(request: HttpRequest, program: Program, brief: str) -> HttpResponse:
    """Take a brief back: partners no longer find it. What was given cannot be called back."""
    found = get_object_or_404(Brief, program=program, uid=brief)
    if found.withdrawn_at is None:
        found.withdrawn_at = clock.now()
        found.save(update_fields=["withdrawn_at"])
        trace(request, "brief.withdrawn", program.organisation, program, thing=found.uid,
              audience=found.audience)  # fmt: skip
    return redirect("briefs", program.uid)


@needs("brief.see")
@require_GET
def download(request: HttpRequest, program: Program, brief: str, kind: str) -> HttpResponse:
    """A released brief as a file, for the provider's own people."""
    found = get_object_or_404(Brief, program=program, uid=brief)
    trace(request, "brief.see", program.organisation, program, thing=found.uid,
          audience=found.audience)  # fmt: skip
    return _file(found, kind)


def _file(brief: Brief, kind: str) -> HttpResponse:
    if kind not in ("html", "xlsx"):
        raise Http404
    content = brief.html if kind == "html" else bytes(brief.xlsx)
    return briefing.attachment(content, kind, f"brief-{brief.number}")


# -- reading what was released


@signed_in
@require_GET
def released(request: HttpRequest) -> HttpResponse:
    """What this person may read of every provider that lets them."""
    found = briefing.readable(me(request)).defer("html", "xlsx")
    return render(request, "web/released.html", {"found": found})


@signed_in
@require_GET
def one(request: HttpRequest, brief: str) -> HttpResponse:
    """A released brief as a page of its own."""
    return briefing.document(_read(request, brief).html)


@signed_in
@require_GET
def one_file(request: HttpRequest, brief: str, kind: str) -> HttpResponse:
    """A released brief as a file."""
    return _file(_read(request, brief), kind)


def _read(request: HttpRequest, uid: str) -> Brief:
    """The brief, when this person may read it; every look and every refusal is written down."""
    brief = briefing.readable(me(request)).filter(uid=uid).first()
    if brief is not None:
        organisation = brief.program.organisation
        if access.may(request.user, "released.see", organisation):
            trace(request, "released.see", organisation, brief.program, thing=uid,
                  audience=brief.audience)  # fmt: skip
            return brief
    hidden = Brief.objects.select_related("program__organisation").filter(uid=uid).first()
    if hidden is not None and access.standing(request.user, hidden.program.organisation):
        trace(request, "released.see", hidden.program.organisation, hidden.program, thing=uid,
              audience=hidden.audience, allowed=False)  # fmt: skip
    raise Http404


_HERE = "p/<slug:program>/briefs/"
urls = [
    path(_HERE, briefs, name="briefs"),
    path(_HERE + "new/", new, name="briefs-new"),
    path(_HERE + "check/", check, name="briefs-check"),
    path(_HERE + "preview/", preview, name="briefs-preview"),
    path(_HERE + "inside/brief.<slug:kind>", inside, name="briefs-inside"),
    path(_HERE + "release/", release, name="briefs-release"),
    path(_HERE + "<slug:brief>/brief.<slug:kind>", download, name="briefs-file"),
    path(_HERE + "<slug:brief>/withdraw/", withdraw, name="briefs-withdraw"),
    path("released/", released, name="released"),
    path("released/<slug:brief>/", one, name="released-one"),
    path("released/<slug:brief>/brief.<slug:kind>", one_file, name="released-file"),
]
