"""The journey: who reached what, who is behind a number, and why a report said another one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast, get_args

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods

from rung import cycle
from rung.discovery.members import Counted
from rung.errors import PlanError, RecordsError
from rung.messages import sentence, word
from rung.share import say
from rung.web import answers, clock, keys
from rung.web.access import MAY, needs, trace
from rung.web.answers import Choices, Question
from rung.web.models import Draft, Generation, Program, User
from rung.web.store import ProgramLab

PAGE = 50


@dataclass(frozen=True)
class Option:
    """One choice of a list."""

    value: str
    words: str
    chosen: bool


@needs("journey.see")
@require_GET
def journey(request: HttpRequest, program: Program) -> HttpResponse:
    """Who reached what, where people are lost, and for whom."""
    generation = now(program)
    if generation is None:
        return render(request, "web/journey_empty.html")
    known = answers.choices(generation)
    asked, wrong = _asked(request, generation, known)
    linked = _standing(request) in MAY["journey.people"]
    if asked.outside:
        trace(request, "journey.see", program.organisation, program, audience="outside")
    view = answers.view(generation, asked, linked=linked)
    return render(
        request,
        "web/journey.html",
        {
            "view": view,
            "asked": asked,
            "wrong": wrong,
            "known": known,
            **_lists(generation, known, asked),
            "switch": _address(generation, replace(asked, outside=not asked.outside)),
            "others": [
                (_words(key, label), _address(generation, replace(asked, by=key)))
                for key, label in _ways(known)
                if key != asked.by
            ],
        },
    )


def now(program: Program) -> Generation | None:
    """The import that a program shows now."""
    generation = program.generation
    if generation is not None:
        generation.program = program  # known already: no need to ask for it
    return generation


def _standing(request: HttpRequest) -> str:
    return str(getattr(request, "standing", ""))


def _ways(known: Choices) -> list[tuple[str, str]]:
    return [*known.groups, *((p, p) for p in answers.PERIODS)]


def _words(key: str, label: str) -> str:
    return say.column_label(key) if key in answers.PERIODS else word(label)


def _asked(
    request: HttpRequest, generation: Generation, known: Choices
) -> tuple[Question, dict[str, str]]:
    """The question in an address, and what is wrong with it by field."""
    given, wrong = request.GET, dict[str, str]()
    by = given.get("by", "")
    if by and by not in dict(_ways(known)):
        raise Http404
    cohort = _cohort(generation, known, given.get("cohort", ""))
    if cohort is None:
        cohort, wrong["cohort"] = "", sentence("web.journey.cohort-gone")
    within = None
    if text := given.get("within", "").strip():
        days = _number(text, 36_500)
        if days:
            within = None if days == known.within else days
        else:
            wrong["within"] = sentence("web.journey.within-wrong")
    return Question(by, cohort, within, given.get("audience") == "outside"), wrong


def _cohort(generation: Generation, known: Choices, text: str) -> str | None:
    """The period or class that an address means; None for one that is not in the records."""
    if not text:
        return ""
    return next(
        (c for c in (*known.years, *known.classes) if answers.cohort_mark(generation, c) == text),
        None,
    )


def _address(generation: Generation, asked: Question) -> str:
    given: dict[str, Any] = {
        "by": asked.by,
        "cohort": answers.cohort_mark(generation, asked.cohort) if asked.cohort else "",
        "within": asked.within,
        "audience": "outside" if asked.outside else "",
    }
    said = urlencode({k: v for k, v in given.items() if v})
    return reverse("journey", args=[generation.program.uid]) + (f"?{said}" if said else "")


def _lists(generation: Generation, known: Choices, asked: Question) -> dict[str, list[Option]]:
    ways = [Option(key, _words(key, label), key == asked.by) for key, label in _ways(known)]
    cohorts = [
        Option(answers.cohort_mark(generation, c), word(c), c == asked.cohort)
        for c in (*known.years, *known.classes)
    ]
    return {"ways": ways, "years": cohorts[: len(known.years)],
            "classes": cohorts[len(known.years) :]}  # fmt: skip


# -- the people behind a number


@needs("journey.people")
@require_GET
def people(request: HttpRequest, program: Program) -> HttpResponse:
    """Exactly the people whom a cell of the journey counted."""
    generation = now(program)
    if generation is None:
        raise Http404
    known = answers.choices(generation)
    asked, wrong = _asked(request, generation, known)
    counted, milestone = request.GET.get("counted", ""), request.GET.get("milestone", "")
    if wrong or counted not in get_args(Counted) or milestone not in dict(known.milestones):
        raise Http404
    level = _level(generation, asked, request.GET.get("level", ""))
    at = _page(request)
    lab = ProgramLab.of(generation)
    found = cycle.people(
        lab,
        milestone=milestone,
        counted=cast("Counted", counted),
        group=(asked.by, level) if level else None,
        cohort=asked.cohort or None,
        within=asked.within,
        limit=PAGE,
        offset=PAGE * (at - 1),
    )
    thing = f"{milestone}.{counted}"
    trace(request, "journey.people", program.organisation, program, thing=thing,
          audience="inside", count=len(found.rows))  # fmt: skip
    entitled = _standing(request) in MAY["people.names"]
    names, sealed = _names(lab, found, entitled)
    pages = max(1, -(-found.n // PAGE))
    if at > pages:
        raise Http404
    given = request.GET.copy()

    def turn(to: int) -> str:
        given["page"] = str(to)
        return f"?{given.urlencode()}" if 1 <= to <= pages else ""

    return render(
        request,
        "web/journey_people.html",
        {
            "found": found,
            "counted": f"web.behind.{counted}",
            "milestone": dict(known.milestones)[milestone],
            "within": asked.within or known.within,
            "group": _words(asked.by, dict(_ways(known)).get(asked.by, "")) if level else "",
            "level": level,
            "cohort": asked.cohort,
            "entitled": entitled,
            "sealed": sealed,
            "rows": [
                {
                    "number": found.offset + i,
                    "name": names.get(row.pid, ""),
                    "person": _person(program, row.pid) if entitled else "",
                    "dates": [(word(m.label), row.dates.get(m.key)) for m in found.milestones],
                }
                for i, row in enumerate(found.rows, 1)
            ],
            "page": at,
            "pages": pages,
            "before": turn(at - 1),
            "after": turn(at + 1),
            "back": _address(generation, asked),
        },
    )


def _level(generation: Generation, asked: Question, text: str) -> str:
    """The level that an address means, as the table shows it; 404 for one it does not have."""
    if not (asked.by and text):
        return ""
    found = answers.outcome(generation, replace(asked, outside=False))
    for each in found:
        table = each.answer
        if table.kind == "table" and say.group_key(table) == asked.by:
            for level in answers.levels(table, asked.by):
                if answers.mark(generation.program, level) == text:
                    return level
    raise Http404


def _page(request: HttpRequest) -> int:
    at = _number(request.GET.get("page", "1"), 1_000_000)
    if not at:
        raise Http404
    return at


def _number(text: str, most: int) -> int:
    """A number from 1 to `most`; 0 for anything else, however long."""
    plain = text.isascii() and text.isdigit() and len(text) <= len(str(most))
    return int(text) if plain and int(text) <= most else 0


def _names(lab: ProgramLab, found: cycle.People, entitled: bool) -> tuple[dict[str, str], bool]:
    """Names by pseudonym for who may see them, and whether the key table could not be opened."""
    if not entitled or not found.rows:
        return {}, False
    try:
        named = cycle.named(lab, (r.pid for r in found.rows))
    except RecordsError:
        return {}, True
    return {pid: who.name for pid, who in named.items()}, False


def _person(program: Program, pid: str) -> str:
    return reverse("people-person", args=[program.uid, keys.key(program, pid)])


# -- our number and the report's


@needs("journey.match")
@require_http_methods(["GET", "POST"])
def match(request: HttpRequest, program: Program) -> HttpResponse:
    """Why our number differs from the one in the last report: rows, dates or rules."""
    generation = now(program)
    if generation is None:
        return render(request, "web/journey_empty.html")
    user = cast("User", request.user)
    name = f"match-{user.uid}"
    if request.method == "POST":
        body = {
            k: request.POST.get(k, "").strip()[:60] for k in ("milestone", "period", "reported")
        }
        Draft.objects.update_or_create(
            program=program,
            key=name,
            defaults={"body": body, "by": user, "at": clock.now()},
        )
        return redirect("journey-match", program.uid)
    draft = Draft.objects.filter(program=program, key=name).first()
    body = draft.body if draft else {}
    known = answers.choices(generation)
    wrong, found = _matched(generation, known, body) if body else ({}, None)
    return render(
        request,
        "web/journey_match.html",
        {
            "body": body,
            "wrong": wrong,
            "known": known,
            "milestones": [
                Option(key, word(label), key == body.get("milestone"))
                for key, label in known.milestones
            ],
            **(_told(found) if found else {}),
        },
    )


def _told(found: cycle.Outcome) -> dict[str, Any]:
    """What the two numbers say, words first, then the table of rules."""
    count, rules = found.answers
    known = say.caveats(count)
    return {
        "finding": say.headline(count).rstrip("."),
        "why": known[:1],
        "found": [
            answers.article(count, 0, known[:1]),
            answers.article(rules, 2, known),
        ],
    }


def _matched(
    generation: Generation, known: Choices, body: dict[str, str]
) -> tuple[dict[str, str], cycle.Outcome | None]:
    """The answer to a draft, or what is wrong with it by field."""
    reported = body.get("reported", "").replace(",", "").replace(" ", "")
    wrong: dict[str, str] = {}
    if body.get("milestone") not in dict(known.milestones):
        wrong["milestone"] = sentence("web.match.milestone-wrong")
    if not (reported.isascii() and reported.isdigit() and len(reported) < 10):
        wrong["reported"] = sentence("web.match.reported-wrong")
    if wrong:
        return wrong, None
    try:
        return {}, answers.reconciled(
            generation, body["milestone"], body.get("period", ""), int(reported)
        )
    except PlanError as error:
        problem = error.problems[0]
        field = "reported" if problem.code == "PLAN-reported" else "period"
        return {field: problem.told()}, None


urls = [
    path("p/<slug:program>/journey/", journey, name="journey"),
    path("p/<slug:program>/journey/people/", people, name="journey-people"),
    path("p/<slug:program>/journey/match/", match, name="journey-match"),
]
