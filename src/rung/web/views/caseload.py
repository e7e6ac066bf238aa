"""My people: who to reach and why, one person, what was learned, and retention."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from django.contrib import messages as say
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods

from rung import cycle
from rung.cycle.people import Named
from rung.discovery.caseload import Case
from rung.errors import PlanError, Problem, RecordsError
from rung.messages import sentence
from rung.share.release import Inside, Outside
from rung.web import access, caseload, clock, keys
from rung.web.access import needs
from rung.web.caseload import Learned, Open, SomeoneElseWrote, Whose
from rung.web.models import Draft, FollowUp, Program, User

PAGE = 25
LATELY = 20
SHOWN = ("due", "reason", "all")


@dataclass(frozen=True)
class Row:
    """A person of a list: the case, the key for its address ("": no address can be made), and
    the name or a number for it."""

    case: Case
    key: str
    name: str

    @property
    def reasons(self) -> list[str]:
        """Why, in the reader's words."""
        return [why.words() for why in self.case.reasons]


@dataclass(frozen=True)
class Tab:
    """One way to list people, and how many it lists."""

    name: str
    n: int | None
    query: str
    here: bool


def number_of(pid: str) -> str:
    """What stands for a person whose name is not known here."""
    return sentence("web.people.number", {"number": pid[:6].upper()})


def named(pid: str, names: Mapping[str, Named] | None) -> str:
    """A person's name, or the number that stands for it."""
    known = (names or {}).get(pid)
    return known.name if known and known.name else number_of(pid)


def rows_of(
    program: Program, who: Whose, found: cycle.Caseload, page: Sequence[Case]
) -> tuple[list[Row], bool]:
    """A page of people with their names, and whether names could be read."""
    names = caseload.named_page(program, who, found, page)
    try:
        rows = [Row(c, keys.key(program, c.pid), named(c.pid, names)) for c in page]
    except RecordsError:  # the lab's secret is not here: neither names nor addresses
        return [Row(c, "", named(c.pid, None)) for c in page], False
    return rows, names is not None


@needs("caseload.own")
@require_GET
def people(request: HttpRequest, program: Program) -> HttpResponse:
    """Who is due this week or late, then everyone else with a reason."""
    if program.generation is None:
        return render(request, "web/people_none.html", {"why": "empty"})
    picked = request.GET.get("coach", "")
    who = caseload.whose(request.user, program, standing_of(request), picked)
    if who.missing:
        owners = caseload.owners(program.organisation)
        return render(request, "web/people_none.html", {"why": who.missing, "owners": owners})
    shown = request.GET.get("show", "due")
    shown = shown if shown in SHOWN else "due"
    opened = caseload.opened(program, who.coach, everyone=shown == "all")
    found = opened.load
    cases = opened.due if shown == "due" else found.cases
    page = Paginator(cases, PAGE).get_page(request.GET.get("page"))
    rows, have_names = rows_of(program, who, found, list(page))
    access.trace(
        request, "people.names", program.organisation, program, audience="inside", count=len(rows)
    )
    context = {
        "who": who,
        "load": found,
        "due": len(opened.due),
        "rows": rows,
        "page": page,
        "have_names": have_names,
        "others": opened.reasons - len(opened.due),
        "shown": shown,
        "tabs": _tabs(opened, shown, picked),
        "coaches": _choices(program, picked) if not _coach_only(request) else (),
        "picked": picked,
        "stale": (found.day - found.as_of).days > found.settings.no_contact_days,
    }
    return render(request, "web/people.html", context)


def standing_of(request: HttpRequest) -> str:
    """How the reader stands, as `needs` found it."""
    return str(access.asked(request).standing)


def _coach_only(request: HttpRequest) -> bool:
    return standing_of(request) not in access.MAY["caseload.all"]


def _tabs(opened: Open, shown: str, picked: str) -> list[Tab]:
    more = f"&coach={picked}" if picked else ""
    every = len(opened.load.cases) if shown == "all" else None
    n = {"due": len(opened.due), "reason": opened.reasons, "all": every}
    return [Tab(name, n[name], f"?show={name}{more}", name == shown) for name in SHOWN]


def _choices(program: Program, picked: str) -> list[dict[str, Any]]:
    """The coaches to pick from; an address names them by key."""
    found = []
    for name, n in caseload.coaches(program):
        key = caseload.coach_key(program, name)
        found.append({"key": key, "name": name, "n": n, "here": key == picked})
    return found


# -- one person


def _seen(request: HttpRequest, program: Program, key: str) -> tuple[Whose, cycle.Person]:
    """The person whom a key means, if the reader may see them; else 404."""
    pid = keys.pid(program, key)
    who = caseload.whose(request.user, program, standing_of(request))
    found = caseload.person(program, pid)
    if found is None or not caseload.may_see(who, found.case):
        raise Http404
    _trace(request, "people.names", pid)
    return who, found


def _trace(request: HttpRequest, action: str, pid: str) -> None:
    program = cast("Program", access.asked(request).program)
    access.trace(
        request, action, program.organisation, program, thing=pid, audience="inside", count=1
    )


@needs("caseload.own")
@require_GET
def person(request: HttpRequest, program: Program, key: str) -> HttpResponse:
    """One person: how far they came, what they received, their jobs, what was learned."""
    who, found = _seen(request, program, key)
    pid = found.case.pid
    names = caseload.names(program, who.coach, [pid])
    asked = caseload.open_checks(program, found)
    context = {
        "person": found,
        "key": key,
        "name": named(pid, names),
        "contacts": (names or {}).get(pid, Named()).contacts,
        "have_names": names is not None,
        "reasons": [why.words() for why in found.case.reasons],
        "services": found.services[:LATELY],
        "checks": [(days, on, check) for days, (on, check) in found.due.items()],
        "written": caseload.written(program, pid),
        "ways": caseload.ways(),
        "can_write": bool(asked),
    }
    return render(request, "web/people_person.html", context)


# -- what was learned

FIELDS = ("due_days", "result", "how", "on")


@needs("caseload.write")
@require_http_methods(["GET", "POST"])
def follow_up(request: HttpRequest, program: Program, key: str) -> HttpResponse:
    """Write down what was learned of someone's job; what is half written is kept."""
    who, found = _seen(request, program, key)
    page = _Form(request, program, key, who, found)
    if request.method == "GET":
        return page.show(page.draft.body if page.draft else {})
    if request.POST.get("draft"):
        return page.keep()
    given = request.POST.dict()
    try:
        caseload.write(
            program, found, page.learned(), by=cast("User", request.user), seen=page.seen()
        )
    except PlanError as error:
        return page.show(given, wrong=error.problems)
    except SomeoneElseWrote as other:
        return page.show(given, other=other.row)
    if page.draft:
        page.draft.delete()
    _trace(request, "followup.written", found.case.pid)
    say.success(request, sentence("web.people.written"))
    return redirect("people-person", program.uid, key)


class _Form:
    """The form of a follow-up, as it stands for one person and one writer."""

    def __init__(
        self, request: HttpRequest, program: Program, key: str, who: Whose, found: cycle.Person
    ) -> None:
        self.request, self.program, self.key = request, program, key
        self.who, self.found = who, found
        self.pid = found.case.pid
        user = cast("User", request.user)
        self.draft_key = f"follow-up {user.uid} {self.pid}"
        self.draft = Draft.objects.filter(program=program, key=self.draft_key).first()

    def learned(self) -> Learned:
        """What was sent, as far as it can be read."""
        given = self.request.POST
        days = given.get("due_days", "")
        try:
            on = dt.date.fromisoformat(given.get("on", ""))
        except ValueError:
            on = dt.date.min
        return Learned(
            due_days=int(days) if days.isdecimal() and len(days) < 5 else 0,
            result=given.get("result", ""),
            how=given.get("how", ""),
            on=on,
        )

    def seen(self) -> int:
        """The last row that the writer saw."""
        said = self.request.POST.get("seen", "")
        return int(said) if said.isdecimal() and len(said) < 18 else 0

    def keep(self) -> JsonResponse:
        """Keep what is half written; it is the writer's own."""
        version = (self.draft.version if self.draft else 0) + 1
        body = {f: self.request.POST.get(f, "")[:20] for f in FIELDS}
        Draft.objects.update_or_create(
            program=self.program,
            key=self.draft_key,
            defaults={
                "body": body,
                "version": version,
                "by": cast("User", self.request.user),
                "at": clock.now(),
            },
        )
        return JsonResponse({"version": version, "says": sentence("web.people.draft-kept")})

    def show(
        self,
        given: Mapping[str, str],
        *,
        wrong: Sequence[Problem] = (),
        other: FollowUp | None = None,
    ) -> HttpResponse:
        """The page; 422 when something cannot be, 409 when someone else wrote meanwhile."""
        asked = caseload.open_checks(self.program, self.found)
        names = caseload.names(self.program, self.who.coach, [self.pid])
        first = next((m.due_days for m in self.found.case.matters if m.due_days), None)
        context = {
            "person": self.found,
            "key": self.key,
            "name": named(self.pid, names),
            "asked": asked,
            "checks": [
                (days, on, check, days in asked) for days, (on, check) in self.found.due.items()
            ],
            "given": given,
            "picked": given.get("due_days") or str(first or ""),
            "on": given.get("on") or self.found.day.isoformat(),
            "results": caseload.RESULTS,
            "ways": caseload.ways(),
            "wrong": {p.column: p.told() for p in wrong},
            "other": other,
            "seen": caseload.last_entry(self.program, self.pid),
            "drafted": self.draft if self.request.method == "GET" else None,
            "version": self.draft.version if self.draft else 0,
        }
        status = 409 if other else 422 if wrong else 200
        return render(self.request, "web/people_followup.html", context, status=status)


@needs("retention.see")
@require_GET
def retention(request: HttpRequest, program: Program) -> HttpResponse:
    """Who still works 30, 90, 180 and 365 days after the job began, at worst and at best."""
    if program.generation is None:
        return render(request, "web/people_none.html", {"why": "empty"})
    outside = request.GET.get("view") == "outside"
    outcome = caseload.retention(program, Outside() if outside else Inside())
    access.trace(
        request, "retention.see", program.organisation, program, audience=outcome.audience.kind
    )
    context = {"outcome": outcome, "outside": outside}
    return render(request, "web/people_retention.html", context)


urls = [
    path("p/<slug:program>/people/", people, name="people"),
    path("p/<slug:program>/people/retention/", retention, name="people-retention"),
    path("p/<slug:program>/people/<slug:key>/", person, name="people-person"),
    path("p/<slug:program>/people/<slug:key>/follow-up/", follow_up, name="people-followup"),
]
