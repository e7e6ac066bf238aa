"""What the program costs: a table of ingredients, kept with every earlier version.

The table is the text of a CSV, kept in a document of the program together with what is asked of
it: whose costs, in which year's dollars, which arms, beside which effect. The people are those of
the newest import. The outside view is a preview: nothing is released.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

from django import forms
from django.http import HttpRequest, HttpResponse
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
from rung.returns.costs import COLUMNS, Written, decoded, parse
from rung.returns.costs_tables import Effect
from rung.share import say
from rung.share.release import Inside, Outside
from rung.web import answers, receiving
from rung.web.access import needs, trace
from rung.web.models import Generation, Program
from rung.web.store import DatabaseStore, ProgramLab
from rung.web.views.journey import now
from rung.web.views.returns import number_of, versions

KIND = NAME = "costs"
LONGEST = 200_000  # characters of a table of ingredients; a long one has 10,000
MOST_TOLD = 20  # problems of one file
TABLES = ("costs-per", "costs", "costs-stages", "costs-arms")


class Bring(forms.Form):
    """What is asked of a table of ingredients. `arm` is a group and the level to compare with."""

    dollar_year = forms.IntegerField(min_value=1913, max_value=2100, required=False)
    rate = forms.DecimalField(min_value=0, max_value=100, decimal_places=2, required=False)
    effect = forms.DecimalField(max_digits=12, decimal_places=4, required=False)
    effect_se = forms.DecimalField(min_value=0, max_digits=12, decimal_places=4, required=False)
    effect_unit = forms.CharField(max_length=60, required=False)

    def __init__(self, generation: Generation | None, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.generation = generation
        known = answers.choices(generation) if generation else None
        self.cohorts = [(c, word(c)) for c in (*known.years, *known.classes)] if known else []
        self.arms = [
            (word(label), [(f"{key}={each}", word(each)) for each in levels])
            for key, label, levels in (answers.arms(generation) if generation else ())
        ]
        self.fields["cohort"] = forms.ChoiceField(choices=[("", ""), *self.cohorts], required=False)
        self.fields["arm"] = forms.ChoiceField(choices=[("", ""), *self.arms], required=False)

    def clean(self) -> dict[str, Any]:
        """An effect has its error and its unit, or none of them is there."""
        given = super().clean() or {}
        names = ("effect", "effect_se", "effect_unit")
        missing = [n for n in names if given.get(n) in (None, "")]
        for name in missing if len(missing) < len(names) else ():
            if name not in self.errors:
                self.add_error(name, sentence("web.costs.effect-whole"))
        return given


class View(NamedTuple):
    """What the page shows, in one language and for one audience."""

    title: str
    articles: tuple[SafeString, ...]


@needs("costs.see")
@require_GET
def look(request: HttpRequest, program: Program) -> HttpResponse:
    """What each person cost, by milestone, component, stage and arm."""
    number = _asked(program, request.GET.get("version", ""))
    outside = request.GET.get("audience") == "outside"
    if number and outside:
        trace(request, "costs.see", program.organisation, program, audience="outside")
    return _page(request, program, number=number, outside=outside)


@receiving.brings("costs.bring")
def keep(request: HttpRequest, program: Program) -> HttpResponse:
    """Check what was brought, and keep it as the newest version; the body is read here."""
    number = _asked(program, request.POST.get("version", ""))
    form = Bring(now(program), request.POST)
    body = _body(program, number)
    file = request.FILES.get("file")
    if isinstance(file, receiving.Received) and file.size:
        with file.place.open("rb") as sent:
            raw = sent.read(4 * LONGEST + 1)
        body |= {"text": decoded(raw)[: LONGEST + 1], "name": (file.name or "")[-100:]}
    problems = _problems(form, body)
    if problems or form.errors:
        return _page(request, program, form, number=number, problems=problems)
    DatabaseStore(program).put(NAME, Document(KIND, 1, body))
    return redirect("costs", program.uid)


def _problems(form: Bring, body: dict[str, Any]) -> tuple[Problem, ...]:
    """What is wrong with a table and what is asked of it; both are in the body when nothing is."""
    if not body.get("text"):
        return (Problem(code="WEB-no-file", weight="break"),)
    if len(body["text"]) > LONGEST:
        most = {"most": LONGEST // 1000}
        return (Problem(code="WEB-ingredients-long", params=most, weight="break"),)
    if form.is_valid():
        body |= {k: "" if v is None else str(v) for k, v in form.cleaned_data.items()}
        try:
            parse(body["text"], body["name"])
            if form.generation:
                _view(form.generation, body, outside=False)
        except RungError as wrong:
            return wrong.problems
    return ()


@needs("costs.bring")
@require_GET
def download(request: HttpRequest, program: Program) -> HttpResponse:
    """The table as it is kept; a blank one before, or when that is asked for."""
    number = _asked(program, request.GET.get("version", ""))
    body = {} if "blank" in request.GET else _body(program, number)
    text = body.get("text") or ",".join(COLUMNS) + "\r\n"
    # the mark in front is how spreadsheets know that accents are UTF-8
    answer = HttpResponse("\ufeff" + text, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="ingredients.csv"'
    return answer


def _asked(program: Program, text: str) -> int | None:
    """The version that is meant, the newest without one; None before there is any."""
    kept = versions(program, KIND)
    return number_of(text, kept) if kept or text else None


def _body(program: Program, number: int | None) -> dict[str, Any]:
    return dict(DatabaseStore(program).get(KIND, NAME, number).body) if number else {}


def _page(
    request: HttpRequest,
    program: Program,
    form: Bring | None = None,
    *,
    number: int | None = None,
    outside: bool = False,
    problems: tuple[Problem, ...] = (),
) -> HttpResponse:
    generation, body = now(program), _body(program, number)
    view = None
    if generation and body and form is None:
        try:
            view = _view(generation, body, outside)
        except RungError as wrong:
            problems = wrong.problems
    return render(
        request,
        "web/costs.html",
        {
            "view": view,
            "form": form or Bring(generation, initial=body or {"rate": 3}),
            "brought": body.get("name", ""),
            "records": generation is not None,
            "milestones": answers.choices(generation).milestones if generation else (),
            "outside": outside,
            "switch": _address(program, number, not outside),
            "problems": problems[:MOST_TOLD],
            "number": number,
            "versions": [(p, _address(program, p.number)) for p in versions(program, KIND)],
            "columns": [(c, sentence(f"web.costs.column-{c}")) for c in COLUMNS],
        },
        status=422 if request.method == "POST" else 200,
    )


def _address(program: Program, number: int | None, outside: bool = False) -> str:
    given = {"version": number or "", **({"audience": "outside"} if outside else {})}
    return reverse("costs", args=[program.uid]) + "?" + urlencode(given)


def _view(generation: Generation, body: dict[str, Any], outside: bool) -> View:
    """What the records say; made once for an import, a table, a language and an audience."""
    key = ("costs", messages.current(), tuple(sorted(body.items())), outside)
    return answers.kept(generation, key, lambda: _made(generation, body, outside))


def _made(generation: Generation, body: dict[str, Any], outside: bool) -> View:
    arm, _, control = body["arm"].partition("=")
    effect = (body["effect"], body["effect_se"], body["effect_unit"])
    found = cycle.costs(
        ProgramLab.of(generation),
        Written(body["text"], body["name"]),
        rate=Decimal(body["rate"]) / 100 if body["rate"] else None,
        dollar_year=int(body["dollar_year"]) if body["dollar_year"] else None,
        cohort=body["cohort"] or None,
        arm=arm or None,
        control=control or None,
        effect=Effect(float(effect[0]), float(effect[1]), effect[2]) if effect[0] else None,
        audience=Outside() if outside else Inside(),
    )
    first, told = found[0], isinstance(found[0].answer, Refusal)
    about = say.caveats(first)
    tables = {r.answer.name: r for r in found if r.answer.kind == "table"}
    beside = [r for r in found.answers[1:] if r.answer.kind != "table"]
    return View(
        sentence("web.costs.title") if told else say.headline(first).rstrip("."),
        (
            answers.article(first, 2 if told else 0, drawn=False),
            *(answers.article(r, 2, about, drawn=False) for r in beside),
            *(answers.article(tables[name], 2, about) for name in TABLES if name in tables),
        ),
    )


urls = [
    path("p/<slug:program>/costs/", look, name="costs"),
    path("p/<slug:program>/costs/keep/", keep, name="costs-keep"),
    path("p/<slug:program>/costs/file/", download, name="costs-file"),
]
