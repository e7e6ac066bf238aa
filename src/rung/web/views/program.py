"""A program's first page, its settings, and waiting for work."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from django.contrib import messages as said
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_GET, require_http_methods

from rung import cycle
from rung.errors import RungError
from rung.messages import sentence
from rung.web import answers, briefing, caseload, clock, importing, store
from rung.web import work as background
from rung.web.access import MAY, needs, trace
from rung.web.models import Generation, Job, Program, Site, Upload
from rung.web.views.journey import now

OLD = 45
"""Days after which newer records are asked for."""
MANY = 20_000
"""People of whom a first page does not count who is due: the list itself does."""


@dataclass(frozen=True)
class Step:
    """What to do next: a key of the catalogue, and where."""

    key: str
    url: str


@needs("program.see")
@require_GET
def program(request: HttpRequest, program: Program) -> HttpResponse:
    """Where this program stands and what to do next."""
    generation = now(program)
    stands = str(getattr(request, "standing", ""))
    found = _found(generation) if generation else {}
    return render(
        request,
        "web/program.html",
        {
            "generation": generation,
            **found,
            "people": generation.summary.get("people") if generation else None,
            "mend": _mending(generation) if generation else 0,
            "due": _due(request, generation, stands) if generation and "as_of" in found else None,
            "step": _next(program, generation, stands),
        },
    )


def _found(generation: Generation) -> dict[str, Any]:
    """The main finding and its day, or why there is none."""
    try:
        headline, size = answers.finding(generation)
        return {"headline": headline, "size": size, "as_of": answers.choices(generation).as_of}
    except RungError as error:
        return {"problems": error.problems}


def _mending(generation: Generation) -> int:
    """How many things there are to mend, as the fix list counts them."""

    def make() -> int:
        return importing.kinds(cycle.problems(store.folder(generation)))

    return answers.kept(generation, ("mending",), make)


def _due(request: HttpRequest, generation: Generation, stands: str) -> int | str | None:
    """How many people to reach this week; "" for too many to count here, None without caseload."""
    if stands not in MAY["caseload.own"]:
        return None
    who = caseload.whose(request.user, generation.program, stands)
    if who.missing:
        return None
    if who.coach is None and (generation.summary.get("people") or 0) > MANY:
        return ""
    return len(caseload.opened(generation.program, who.coach).due)


def _next(program: Program, generation: Generation | None, stands: str) -> Step | None:
    """The one thing to do next, for someone who stands so."""

    def step(key: str, room: str, action: str) -> Step | None:
        return Step(key, reverse(room, args=[program.uid])) if stands in MAY[action] else None

    waiting = program.uploads.filter(state=Upload.State.READY).order_by("-at").first()
    if waiting is not None and stands in MAY["records.bring"]:
        return Step("finish", importing.mapping_page(waiting))
    if generation is None:
        return step("bring", "records", "records.bring")
    if (clock.now() - generation.at).days > OLD and not program.sample:
        newer = step("newer", "records", "records.bring")
        if newer is not None:
            return newer
    if briefing.draft_of(program) is not None:
        go_on = step("go-on", "briefs-new", "brief.write")
        if go_on is not None:
            return go_on
    return step("journey", "journey", "journey.see")


# -- settings


@dataclass(frozen=True)
class Settings:
    """What can be set of a program; `seen` tells whether it changed meanwhile."""

    name: str
    phase: str
    sites: str

    @property
    def seen(self) -> str:
        """A digest of what stands there."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]

    @property
    def places(self) -> list[str]:
        """The sites, each once."""
        lines = (line.strip()[:160] for line in self.sites.splitlines())
        return list(dict.fromkeys(line for line in lines if line))


def _set(program: Program) -> Settings:
    sites = program.sites.order_by("name").values_list("name", flat=True)
    return Settings(program.name, program.phase, "\n".join(sites))


@needs("program.edit")
@require_http_methods(["GET", "POST"])
def settings(request: HttpRequest, program: Program) -> HttpResponse:
    """Its name, its phase and its sites."""
    if request.method == "GET":
        there = _set(program)
        return _settings(request, there, there.seen)
    given = Settings(
        request.POST.get("name", "").strip()[:160],
        request.POST.get("phase", ""),
        request.POST.get("sites", "")[:20_000],
    )
    if not given.name or given.phase not in Program.PHASES:
        wrong = {} if given.name else {"name": sentence("web.settings.name-wrong")}
        if given.phase not in Program.PHASES:
            wrong["phase"] = sentence("web.settings.phase-wrong")
        return _settings(request, given, request.POST.get("seen", ""), wrong=wrong, status=422)
    with transaction.atomic():
        locked = Program.objects.select_for_update().get(pk=program.pk)
        there = _set(locked)
        if request.POST.get("seen") != there.seen and there != given:
            return _settings(request, given, there.seen, there=there, status=409)
        locked.name, locked.phase = given.name, given.phase
        locked.save(update_fields=["name", "phase"])
        locked.sites.exclude(name__in=given.places).delete()
        have = set(locked.sites.values_list("name", flat=True))
        Site.objects.bulk_create(
            Site(program=locked, name=n) for n in given.places if n not in have
        )
    trace(request, "program.changed", program.organisation, program)
    said.success(request, sentence("web.said.saved"))
    return redirect("program", program.uid)


def _settings(
    request: HttpRequest,
    given: Settings,
    seen: str,
    *,
    there: Settings | None = None,
    wrong: dict[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    page = {"given": given, "seen": seen, "there": there, "wrong": wrong or {},
            "phases": Program.PHASES}  # fmt: skip
    return render(request, "web/program_settings.html", page, status=status)


# -- waiting


@needs("program.see")
@require_GET
def waiting(request: HttpRequest, program: Program, job: str) -> HttpResponse:
    """How far a piece of work is; when it is done, on to where it leads."""
    work = get_object_or_404(Job, uid=job, program=program)
    leads = work.result.get("next") or work.params.get("next") or ""
    if work.state == Job.State.DONE and leads:
        if getattr(request, "htmx", False):
            response = HttpResponse()
            response["HX-Redirect"] = leads
            return response
        return redirect(leads)
    page = "web/waiting_part.html" if getattr(request, "htmx", False) else "web/waiting.html"
    return render(request, page, {"job": work, "problems": background.problems(work.problem)})


urls = [
    path("p/<slug:program>/", program, name="program"),
    path("p/<slug:program>/settings/", settings, name="program-settings"),
    path("p/<slug:program>/jobs/<slug:job>/", waiting, name="work"),
]
