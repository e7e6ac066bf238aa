"""Bring records: what came in, bringing a file, going back, people who stand twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from rung import cycle
from rung.errors import Problem
from rung.messages import sentence
from rung.records.importing.duplicates import DIFFERENT, SAME
from rung.web import access, importing, receiving, store, work
from rung.web.access import needs
from rung.web.models import Generation, Job, Program, Upload
from rung.web.views import mapping

ENDINGS = (".csv,.tsv,.txt,.xlsx,.xlsm,.xlsb,.xls,.ods,.parquet,.pq,"
           ".sas7bdat,.xpt,.dta,.sav")  # fmt: skip
State = Upload.State
PAGE = 25


@dataclass(frozen=True)
class Import:
    """One generation as the page tells it."""

    generation: Generation
    current: bool
    people: int | None
    changes: dict[str, int]
    files: list[dict[str, Any]]
    problems: int
    review: int

    @classmethod
    def of(cls, generation: Generation, program: Program) -> Import:
        """From what the import kept of itself."""
        told = generation.summary
        came = told.get("came")
        return cls(
            generation=generation,
            current=generation.pk == program.generation_id,
            people=told.get("people"),
            changes=told.get("changes") or {},
            files=[came] if came else _inputs(told.get("inputs") or {}),
            problems=importing.kinds(work.problems(told.get("problems"))),
            review=told.get("review") or 0,
        )


def _inputs(inputs: dict[str, str]) -> list[dict[str, Any]]:
    return [{"name": k.rsplit("/", 1)[-1], "sha256": v, "size": None} for k, v in inputs.items()]


@needs("records.see")
@require_GET
def records(request: HttpRequest, program: Program) -> HttpResponse:
    """What came in, what is under way, and a place to bring a file."""
    return _room(request, program)


def _room(
    request: HttpRequest, program: Program, problem: Problem | None = None, status: int = 200
) -> HttpResponse:
    generations = [
        Import.of(g, program) for g in program.generations.select_related("by").order_by("-number")
    ]
    drafts = program.uploads.exclude(state__in=(State.IMPORTED, State.SET_ASIDE))
    current = next((g for g in generations if g.current), None)
    return render(
        request,
        "web/records.html",
        {
            "imports": generations,
            "current": current,
            "drafts": [_under_way(u) for u in drafts.select_related("by").order_by("-at")],
            "problem": problem,
            "endings": ENDINGS,
            "most": settings.UPLOAD_BYTES,
            "seen": current.generation.uid if current else "",
        },
        status=status,
    )


def _under_way(upload: Upload) -> dict[str, Any]:
    importing.settle(upload)
    state = upload.state
    if state in (State.RECEIVED, State.READY) and not upload.file.is_file():
        state = "gone"
    elif state == State.FAILED and upload.looked is None:
        state = "unreadable"
    return {"upload": upload, "says": f"web.records.state-{state}", "state": state}


# -- bringing a file


@receiving.receives
@csrf_protect
def _add(request: HttpRequest, program: Program) -> HttpResponse:
    """Keep one file; the body is read here and not before."""
    received = request.FILES.get("file")
    if receiving.too_large(request):
        return _refused(request, program, _too_large())
    if received is None:
        return _refused(request, program, Problem(code="WEB-no-file", weight="break"))
    if not isinstance(received, receiving.Received):
        raise TypeError("files come through their own handler")
    problem = importing.refusal(received.place, received.name or "")
    if problem is not None:
        return _refused(request, program, problem)
    user = request.user
    if not user.is_authenticated:
        raise TypeError("a program is shown to members")
    upload = importing.take(received, program, user)
    access.trace(request, "records.bring", program.organisation, program, thing=upload.uid)
    job = importing.start_look(upload, user)
    return _on(request, reverse("work", args=[program.uid, job.uid]))


@needs("records.bring")
@require_http_methods(["GET", "POST"])
def _allowed(request: HttpRequest, program: Program) -> HttpResponse:
    """Who may bring a file is known before any of it is read, and so is a file too large."""
    if request.method == "GET":  # a refusal was shown at this address, and someone came back to it
        return redirect("records", program.uid)
    if receiving.too_large(request):
        return _refused(request, program, _too_large())
    return _add(request, program)


# the check of the form's token reads the whole body, so it comes after the check of the person
add = csrf_exempt(_allowed)


def _too_large() -> Problem:
    most = settings.UPLOAD_BYTES >> 20
    return Problem(code="WEB-too-large", params={"most": most}, weight="break")


def _refused(request: HttpRequest, program: Program, problem: Problem) -> HttpResponse:
    return _room(request, program, problem, status=422)


def _on(request: HttpRequest, to: str) -> HttpResponse:
    """On to the next page, also for a script that sent the file."""
    if request.headers.get("X-Requested-With") != "XMLHttpRequest":
        return redirect(to)
    response = HttpResponse(status=204)
    response["X-Next"] = to
    return response


@needs("records.bring")
@require_POST
def aside(request: HttpRequest, program: Program, upload: str) -> HttpResponse:
    """Set an upload aside: its bytes go."""
    given = get_object_or_404(Upload, uid=upload, program=program)
    importing.settle(given)
    if importing.put_aside(given):
        messages.success(request, sentence("web.records.aside-done"))
    else:
        messages.warning(request, sentence("web.records.aside-late"))
    return redirect("records", program.uid)


@needs("records.bring")
@require_POST
def again(request: HttpRequest, program: Program, upload: str) -> HttpResponse:
    """Look once more at a file whose look ended without an answer."""
    given = get_object_or_404(Upload, uid=upload, program=program)
    user = request.user
    if given.state == State.RECEIVED and user.is_authenticated:
        job = importing.at_work(given) or importing.start_look(given, user)
        return redirect("work", program.uid, job.uid)
    return redirect("records-mapping", program.uid, given.uid)


# -- one import, and going back


@needs("records.see")
@require_GET
def was(request: HttpRequest, program: Program, generation: str) -> HttpResponse:
    """What one import did, and what to do next."""
    made = get_object_or_404(
        Generation.objects.select_related("by", "base"), uid=generation, program=program
    )
    told = Import.of(made, program)
    tables = made.summary.get("tables") or {}
    return render(
        request,
        "web/records_was.html",
        {
            "told": told,
            "tables": [(f"choice.table-{k}", v) for k, v in tables.items() if k != "journeys"],
            "waiting": told.review if told.current else 0,
            "seen": program.generation.uid if program.generation else "",
        },
    )


@needs("records.bring")
@require_POST
def switch(request: HttpRequest, program: Program) -> HttpResponse:
    """Make another import the current one. Nothing is deleted."""
    to: Generation | None = None
    if wanted := request.POST.get("to", ""):
        to = get_object_or_404(Generation, uid=wanted, program=program)
    elif program.generation is None or program.generation.base_id is not None:
        return redirect("records", program.uid)  # only the first import can be undone to nothing
    done = importing.switch(program, to, seen=request.POST.get("seen", ""))
    if done:
        access.trace(
            request, "records.bring", program.organisation, program, thing=to.uid if to else ""
        )
        say = "web.records.switched" if to else "web.records.switched-none"
        messages.success(request, sentence(say, {"number": to.number if to else 0}))
    else:
        messages.warning(request, sentence("web.records.switch-late"))
    return redirect("records", program.uid)


# -- people who stand twice


@needs("records.bring")
@require_http_methods(["GET", "POST"])
def twice(request: HttpRequest, program: Program) -> HttpResponse:
    """Rows that may be one person, side by side, for people to decide."""
    if not access.may(request.user, "people.names", program.organisation):
        raise PermissionDenied
    made = program.generation
    pairs = list(cycle.duplicates(store.folder(made))) if made else []
    pairs.sort(key=lambda p: p.decision != "")
    if request.method == "POST":
        return _decided(request, program, {p.key: p.decision for p in pairs})
    page = Paginator(pairs, PAGE).get_page(request.GET.get("page"))
    shown = [
        {
            "pair": p,
            "kind": f"web.twice.{p.kind.replace(' ', '-')}",
            "rows": p.rows,
            "differ": _differ(p),
            "headers": list(dict.fromkeys(h for row in p.rows for h in row)),
        }
        for p in page.object_list
    ]
    people = sum(len(p.rows) for p in page.object_list)
    access.trace(
        request, "people.names", program.organisation, program,
        thing=made.uid if made else "", count=people,
    )  # fmt: skip
    return render(
        request,
        "web/records_twice.html",
        {"pairs": shown, "page": page, "open": sum(not p.decision for p in pairs), "all": pairs,
         "same": SAME, "different": DIFFERENT},
    )  # fmt: skip


def _differ(pair: cycle.Pair) -> set[str]:
    """The columns in which the rows of a pair are not alike."""
    headers = {h for row in pair.rows for h in row} - {"Row"}
    return {h for h in headers if len({row.get(h, "") for row in pair.rows}) > 1}


def _decided(request: HttpRequest, program: Program, before: dict[str, str]) -> HttpResponse:
    said = {key: request.POST.get(f"d-{key}", "") for key in before}
    fresh = {k: v for k, v in said.items() if v in (SAME, DIFFERENT) and v != before[k]}
    user = request.user
    if not fresh or not user.is_authenticated:
        messages.info(request, sentence("web.twice.nothing"))
        return redirect("records-twice", program.uid)
    job: Job = work.start("import", by=user, program=program, decisions=fresh)
    return redirect("work", program.uid, job.uid)


urls = [
    path("p/<slug:program>/records/", records, name="records"),
    path("p/<slug:program>/records/add/", add, name="records-add"),
    path("p/<slug:program>/records/twice/", twice, name="records-twice"),
    path("p/<slug:program>/records/switch/", switch, name="records-switch"),
    path("p/<slug:program>/records/was/<slug:generation>/", was, name="records-was"),
    path("p/<slug:program>/records/<slug:upload>/aside/", aside, name="records-aside"),
    path("p/<slug:program>/records/<slug:upload>/again/", again, name="records-again"),
    *mapping.urls,
]
