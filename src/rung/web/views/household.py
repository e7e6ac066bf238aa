"""A coach and a participant look together at what a raise leaves the family with.

The page holds nobody's records and keeps nothing: what is entered travels in the body of one
request, is answered, and is gone. So there is one view of it, which anyone may be shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import translation
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_http_methods

from rung import cycle
from rung.errors import PlanError
from rung.messages import sentence, speaking
from rung.share import charts, say, tables
from rung.share.release import AnyAnswer, Released
from rung.sources import cite
from rung.web.access import needs
from rung.web.models import Program
from rung.web.views.front import remember_language

_ONE = Lock()
"""The full model takes a minute and more than a gigabyte: one at a time, nobody waits in line."""
FIELD_OF = {
    "PLAN-household-wage": "offered",
    "PLAN-household-range": "offered",
    "PLAN-household-steps": "offered",
    "PLAN-household-path": "offered",
    "PLAN-household-state": "state",
    "PLAN-household-adults": "adults",
    "PLAN-household-partner": "partner",
    "PLAN-household-children": "ages",
    "PLAN-household-hours": "hours",
    "PLAN-household-amount": "rent",
    "PLAN-household-help": "has",
    "PLAN-household-utilities": "utilities",
}
"""Where on the page a problem is told."""


class Ages(forms.CharField):
    """Whole years with commas or spaces between."""

    def to_python(self, value: Any) -> Any:
        """The ages; ValidationError for what is no age."""
        try:
            return tuple(int(age) for age in str(value or "").replace(",", " ").split())
        except ValueError:
            raise forms.ValidationError(sentence("web.household.ages-wrong")) from None


def _money(most: float, start: float | None = None) -> forms.FloatField:
    return forms.FloatField(min_value=0, max_value=most, required=False, initial=start)


class Look(forms.Form):
    """The two wages, the family, and the help it gets."""

    now = forms.FloatField(min_value=0, max_value=500)
    offered = forms.FloatField(min_value=0, max_value=500)
    hours = forms.FloatField(min_value=1, max_value=100, initial=40)
    state = forms.ChoiceField()
    adults = forms.TypedChoiceField(choices=[(1, "1"), (2, "2")], coerce=int, initial=1)
    married = forms.BooleanField(required=False)
    partner = _money(1_000_000)
    ages = Ages(required=False, max_length=60)
    rent = _money(20_000)
    utilities = forms.BooleanField(required=False)
    childcare = _money(20_000)
    has = forms.MultipleChoiceField(choices=[(h, h) for h in cycle.HELP], required=False)
    full = forms.BooleanField(required=False)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        named = sorted((sentence(f"web.state.{s}"), s) for s in cycle.STATES)
        self.fields["state"] = forms.ChoiceField(choices=[("", ""), *((s, n) for n, s in named)])

    def answered(self) -> cycle.Outcome | None:
        """The outcome; None when something is wrong, which then stands at its field."""
        said = self.cleaned_data
        two = said["adults"] == 2
        family = cycle.Family(
            said["state"],
            adults=said["adults"],
            children=len(said["ages"]),
            ages=said["ages"],
            married=two and said["married"],
            hours=said["hours"],
            rent=said["rent"] or 0,
            utilities=said["utilities"],
            childcare=said["childcare"] or 0,
            partner_earnings=(said["partner"] or 0) if two else 0,
            has=frozenset(said["has"]),
        )
        wages = cycle.Wages.around(said["now"], said["offered"])
        fully = said["full"] and cycle.full_model()
        if fully and not _ONE.acquire(blocking=False):
            self.add_error("full", sentence("web.household.busy"))
            return None
        try:
            return cycle.household(family, wages, model="full" if fully else "built-in")
        except PlanError as error:
            for problem in error.problems:
                known = FIELD_OF.get(problem.code)
                told = problem.told()
                if problem.code == "PLAN-household-path":
                    told = sentence("web.household.not-higher")
                self.add_error(known, told)
            return None
        finally:
            if fully:
                _ONE.release()


@dataclass(frozen=True)
class Shown:
    """What the page shows of an outcome."""

    title: str
    told: list[str]
    refused: list[str]
    fall: bool
    wide: SafeString | None
    narrow: SafeString | None
    key: str
    change: tables.Grid
    wages: tables.Grid
    notes: tuple[str, ...]
    assumptions: list[str]
    sources: list[str]


def _shown(outcome: cycle.Outcome) -> Shown:
    """Words first, then the chart, what changes part by part, and every wage."""
    by_name: dict[str, Released[AnyAnswer]] = {
        r.answer.name: r for r in outcome if r.answer.kind == "table"
    }
    line, first = by_name["cliff"], outcome[0]
    others = [r for r in outcome if r.answer.kind == "finding" and r is not first]
    wide, narrow = (charts.svg(line, w) for w in (charts.WIDE, charts.NARROW))
    refused = first.answer.kind == "refusal"
    words = say.words(first)[len(say.headline(first)) :].strip()
    return Shown(
        title=say.headline(first).rstrip("."),
        told=[] if refused else [words, *(say.words(r) for r in others)],
        refused=[words] if refused else [],
        fall=bool(others),
        wide=mark_safe(wide) if wide else None,  # noqa: S308 (escaped where it is made)
        narrow=mark_safe(narrow) if narrow else None,  # noqa: S308
        key=charts.key(line),
        change=tables.table(by_name["rungs"]),
        wages=tables.table(line),
        notes=say.caveats(line)[:-1],  # the page itself says that it rests on no records
        assumptions=[n.words() for n in line.answer.method.assumptions],
        sources=[str(cite(key)) for key in line.answer.method.sources],
    )


@needs("household.see")
@require_http_methods(["GET", "POST"])
def household(request: HttpRequest, program: Program) -> HttpResponse:
    """The wage now, the wage offered, and what changes.

    Another language is asked for with the form, so that what was entered stays.
    """
    chosen = request.POST.get("language", "")
    if chosen not in dict(settings.LANGUAGES):
        return _page(request)
    request.LANGUAGE_CODE = chosen
    with speaking(chosen), translation.override(chosen):
        response = _page(request)
    remember_language(request, response, chosen)
    return response


def _page(request: HttpRequest) -> HttpResponse:
    form = Look(request.POST) if request.method == "POST" else Look()
    outcome = form.answered() if request.method == "POST" and form.is_valid() else None
    return render(
        request,
        "web/household.html",
        {
            "form": form,
            "shown": _shown(outcome) if outcome else None,
            "full": cycle.full_model(),
        },
    )


urls = [path("p/<slug:program>/household/", household, name="household")]
