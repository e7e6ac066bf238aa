"""How far people climbed: the ladder, who stayed up, the factors, and what people's lives tell.

The records are the program's newest import. What a page needs beside them is brought here: the
percentiles of the area, and a living wage that someone typed in. They are kept as a document of the
program, every version of it. The outside view is a preview: nothing is released.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET

from rung import cycle, messages
from rung.documents import Document
from rung.errors import Problem, RungError
from rung.finding import Refusal
from rung.messages import sentence, word
from rung.share import say
from rung.share.release import AnyAnswer, Inside, Outside, Released
from rung.web import answers, receiving
from rung.web.access import MAY, asked, needs, trace
from rung.web.models import Generation, Paper, Program
from rung.web.store import DatabaseStore, ProgramLab
from rung.web.views.journey import now

KIND = NAME = "ladder"
LONGEST = 1_000_000  # characters of a table of percentiles; a metropolitan area's has 40,000
_FIRST = ("ladder-rungs", "ladder-moves", "ladder-stays")
_LINES = ("ladder-change", "ladder-lines")
_PAY = ("ladder", "ladder-kinds")
_HOURLY = ("ladder-hourly", "ladder-hourly-climb", "ladder-quality")


class Bring(forms.Form):
    """What is brought beside the records."""

    area = forms.CharField(max_length=200, required=False)
    living_wage = forms.DecimalField(
        min_value=Decimal("0.01"), max_value=500, decimal_places=2, required=False
    )


@dataclass(frozen=True)
class View:
    """What the page shows, in one language and for one audience."""

    title: str
    finding: SafeString
    against: tuple[str, ...]
    group: tuple[SafeString, ...]
    first: tuple[SafeString, ...]
    pay: tuple[SafeString, ...]
    lines: tuple[SafeString, ...]
    hourly: tuple[SafeString, ...]
    lives: tuple[SafeString, ...]
    factors: tuple[SafeString, ...]
    refused: tuple[str, ...]


@needs("mobility.see")
@require_GET
def look(request: HttpRequest, program: Program) -> HttpResponse:
    """How far people climbed, for everyone or by a group."""
    generation = now(program)
    outside = request.GET.get("audience") == "outside"
    by = request.GET.get("by", "")
    ways = answers.choices(generation).groups if generation else ()
    if by and by not in dict(ways):
        raise Http404
    if generation and outside:
        trace(request, "mobility.see", program.organisation, program, audience="outside")
    return _page(request, program, Bring(initial=_body(program)), by=by, outside=outside)


@receiving.brings("mobility.bring")
def keep(request: HttpRequest, program: Program) -> HttpResponse:
    """Check what was brought, and keep it as the newest version; the body is read here."""
    form = Bring(request.POST)
    if not form.is_valid():
        return _page(request, program, form)
    body = _body(program)
    file = request.FILES.get("file")
    if isinstance(file, receiving.Received) and file.size:
        text = _text(file)
        if text is None:
            problem = Problem(
                code="REC-percentiles", params={"file": file.name or ""}, weight="break"
            )
            return _page(request, program, form, problems=(problem,))
        body |= {"text": text, "name": (file.name or "")[:200]}
    wage = form.cleaned_data["living_wage"]
    body |= {"area": form.cleaned_data["area"], "living_wage": str(wage) if wage else ""}
    try:
        _area(body).read()
    except RungError as wrong:
        return _page(request, program, form, problems=wrong.problems)
    DatabaseStore(program).put(NAME, Document(KIND, 1, body))
    return redirect("mobility", program.uid)


def _text(file: receiving.Received) -> str | None:
    """The text of a file that was sent; None for one that is no text, or far too long."""
    with file.place.open("rb") as sent:
        raw = sent.read(4 * LONGEST + 1)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return text if len(text) <= LONGEST and "\0" not in text else None


def _body(program: Program) -> dict[str, Any]:
    """What was brought last."""
    if not Paper.objects.filter(program=program, kind=KIND, name=NAME).exists():
        return {}
    return dict(DatabaseStore(program).get(KIND, NAME).body)


def _area(body: dict[str, Any]) -> cycle.Area:
    wage = body.get("living_wage")
    return cycle.Area(
        text=body.get("text", ""),
        name=body.get("name", ""),
        area=body.get("area", ""),
        living_wage=Decimal(wage) if wage else None,
    )


def _page(
    request: HttpRequest,
    program: Program,
    form: Bring,
    *,
    by: str = "",
    outside: bool = False,
    problems: tuple[Problem, ...] = (),
) -> HttpResponse:
    generation = now(program)
    body = _body(program)
    view = None
    if generation and not problems and not form.errors:
        try:
            view = _view(generation, body, by, outside)
        except RungError as wrong:
            problems = wrong.problems
    ways = answers.choices(generation).groups if generation else ()
    return render(
        request,
        "web/mobility.html",
        {
            "view": view,
            "form": form,
            "by": by,
            "ways": [(key, word(label), key == by) for key, label in ways],
            "outside": outside,
            "switch": _address(program, by, not outside),
            "problems": problems,
            "brought": body.get("name", ""),
            "records": generation is not None,
            "may_bring": str(asked(request).standing) in MAY["mobility.bring"],
        },
    )


def _address(program: Program, by: str, outside: bool) -> str:
    given = {"by": by, "audience": "outside" if outside else ""}
    said = urlencode({k: v for k, v in given.items() if v})
    return reverse("mobility", args=[program.uid]) + (f"?{said}" if said else "")


def _view(generation: Generation, body: dict[str, Any], by: str, outside: bool) -> View:
    """What the records say; made once for an import, what was brought, a language, an audience."""
    key = ("mobility", messages.current(), tuple(sorted(body.items())), by, outside)
    return answers.kept(generation, key, lambda: _made(generation, body, by, outside))


def _made(generation: Generation, body: dict[str, Any], by: str, outside: bool) -> View:
    lab, brought = ProgramLab.of(generation), _area(body)
    audience = Outside() if outside else Inside()
    found, lives, moving = cycle.standing(
        lab, by=(by,) if by else (), brought=brought, audience=audience
    )
    first = found[0]
    told = isinstance(first.answer, Refusal)
    headline = say.headline(first)
    about = say.caveats(first)
    tables = [r for r in found if _name(r)]

    def shown(*names: str, group: str = "") -> tuple[SafeString, ...]:
        return tuple(
            answers.article(r, 3, about) for name in names for r in tables
            if _name(r) == name and _grouped(r, by) == bool(group)
        )  # fmt: skip

    refused = [r for r in (*found.answers[1:], *lives.answers) if isinstance(r.answer, Refusal)]
    return View(
        title=sentence("web.mobility.title") if told else headline.rstrip("."),
        finding=answers.article(first, 2 if told else 0, drawn=False),
        against=tuple(
            " ".join([say.words(r), *(n for n in say.caveats(r) if n not in about)])
            for r in found.answers[1:]
            if r.answer.kind == "finding"
        ),
        group=shown("ladder-groups", "ladder-change", group=by) if by else (),
        first=shown(*_FIRST),
        pay=shown(*_PAY),
        lines=shown(*_LINES),
        hourly=shown(*_HOURLY),
        lives=tuple(answers.article(r, 3, about) for r in lives if _name(r)),
        factors=tuple(answers.article(r, 3, about) for r in moving if _name(r)),
        refused=tuple(dict.fromkeys(say.words(r) for r in refused)),
    )


def _name(released: Released[AnyAnswer]) -> str:
    answer = released.answer
    return answer.name if answer.kind == "table" else ""


def _grouped(released: Released[AnyAnswer], by: str) -> bool:
    answer = released.answer
    return bool(by) and answer.kind == "table" and any(d.name == by for d in answer.dimensions)


urls = [
    path("p/<slug:program>/mobility/", look, name="mobility"),
    path("p/<slug:program>/mobility/area/", keep, name="mobility-area"),
]
