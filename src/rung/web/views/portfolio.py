"""The portfolio of a team of coaches: every program that let them in, and which needs them next."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.contrib import messages as said
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods

from rung import messages
from rung.web import clock
from rung.web.access import me, needs, trace
from rung.web.forms import Plan
from rung.web.models import Draft, Organisation, Program, Trace

OLD = 45
"""Days after which data is called old: a month's export and half of the next."""


@dataclass(frozen=True)
class Entry:
    """A program as its coaches see it; `signs` are what needs attention, worst first."""

    program: Program
    days: int | None
    mend: int
    signs: tuple[str, ...]
    form: Plan
    drafted: bool


@needs("portfolio.see", of="organisation")
@require_GET
def portfolio(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """All programs of the providers that invited this team, by what needs attention."""
    if organisation.kind != Organisation.Kind.COACH:
        raise Http404
    programs = (
        Program.objects.filter(organisation__partners__partner=organisation)
        .select_related("organisation", "generation")
        .order_by("organisation__name", "name")
    )
    drafts = Draft.objects.filter(program__in=programs, key=_key(request))
    begun = {draft.program_id: draft for draft in drafts}
    entries = sorted((_entry(p, begun.get(p.pk)) for p in programs), key=_attention)
    providers = organisation.providers.count()
    return render(
        request,
        "web/portfolio.html",
        {
            "entries": entries,
            "needing": sum(bool(e.signs) for e in entries),
            "providers": providers,
        },
    )


SIGNS = ("stuck", "no-data", "old", "mend", "past", "no-meeting")


def _entry(program: Program, draft: Draft | None) -> Entry:
    generation = program.generation
    days = (clock.now() - generation.at).days if generation else None
    mend = len(generation.summary.get("problems") or ()) if generation else 0
    meeting = program.next_meeting
    signs = {
        "stuck": bool(program.stuck_on),
        "no-data": generation is None,
        "old": days is not None and days > OLD,
        "mend": mend > 0,
        "past": meeting is not None and meeting < clock.day(),
        "no-meeting": meeting is None,
    }
    found = tuple(s for s in SIGNS if signs[s])
    return Entry(program, days, mend, found, _form(program, draft), draft is not None)


def _attention(entry: Entry) -> tuple[Any, ...]:
    """Worst sign first, then how many, then the nearest meeting."""
    first = SIGNS.index(entry.signs[0]) if entry.signs else len(SIGNS)
    return (first, -len(entry.signs), entry.program.next_meeting or dt.date.max)


def _form(program: Program, draft: Draft | None) -> Plan:
    """What is said of a program, or what this person had begun to write."""
    shown: dict[str, Any] = {"next_meeting": program.next_meeting, "stuck_on": program.stuck_on}
    if draft is not None:
        shown |= {name: draft.body.get(name, "") for name in shown}
    return Plan(auto_id=f"id_{program.uid}_%s", initial=shown)


def _key(request: HttpRequest) -> str:
    """Where a person's own draft of a plan is kept."""
    return f"plan:{me(request).uid}"


@needs("program.plan")
@require_http_methods(["GET", "POST"])
def plan(request: HttpRequest, program: Program) -> HttpResponse:
    """The next meeting and what the program is stuck on; nobody's change is lost unseen."""
    key = _key(request)
    draft = Draft.objects.filter(program=program, key=key).first()
    if request.method == "GET":
        return _plan(request, program, _form(program, draft), drafted=draft is not None)
    if request.POST.get("draft"):
        return _keep(request, program, key)
    form = Plan(request.POST)
    if not form.is_valid():
        return _plan(request, program, form)
    given = form.cleaned_data
    # written only where it still says what this person had read
    Program.objects.filter(
        pk=program.pk, next_meeting=given["was_meeting"], stuck_on=given["was_stuck"]
    ).update(next_meeting=given["next_meeting"], stuck_on=given["stuck_on"])
    program.refresh_from_db()
    if (program.next_meeting, program.stuck_on) != (given["next_meeting"], given["stuck_on"]):
        last = Trace.objects.filter(program=program, action="plan.changed").order_by("-at").first()
        return _plan(request, program, form, changed=True, by=last, status=409)
    Draft.objects.filter(program=program, key=key).delete()
    trace(request, "plan.changed", program.organisation, program)
    said.success(request, messages.sentence("web.said.saved"))
    return redirect(_back(request) or reverse("program", args=[program.uid]))


def _back(request: HttpRequest) -> str:
    """The portfolio that the form was in."""
    there = request.POST.get("next", "") or request.GET.get("next", "")
    ours = url_has_allowed_host_and_scheme(there, {request.get_host()}, request.is_secure())
    return there if ours else ""


def _plan(
    request: HttpRequest, program: Program, form: Plan, *, status: int = 200, **more: Any
) -> HttpResponse:
    page = {"form": form, "next": _back(request), **more}
    return render(request, "web/plan.html", page, status=status)


def _keep(request: HttpRequest, program: Program, key: str) -> JsonResponse:
    """What is being written, kept for this person until they save it."""
    body = {k: request.POST.get(k, "")[:300] for k in ("next_meeting", "stuck_on")}
    Draft.objects.update_or_create(
        program=program, key=key, defaults={"body": body, "by": me(request), "at": clock.now()}
    )
    return JsonResponse({"says": messages.sentence("web.plan.draft-kept")})


urls = [
    path("portfolio/<slug:organisation>/", portfolio, name="portfolio"),
    path("p/<slug:program>/plan/", plan, name="program-plan"),
]
