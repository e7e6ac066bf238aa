"""How far apart the incomes in a file of people are, and whether children rise above their parents.

Someone brings a file. Rung writes the columns that a question can use to the program's own folder
and throws the rest away before it answers, so names never lie here; a button deletes what is left.
It is no part of a program's records. The outside view is a preview: nothing is released.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET, require_POST

from rung import cycle, messages
from rung.errors import Problem, RungError
from rung.finding import Refusal
from rung.share import say
from rung.share.release import Audience, Inside, Outside
from rung.web import answers, receiving
from rung.web.access import MAY, asked, needs, trace
from rung.web.models import Program

FIELD_OF = {
    "PLAN-weights-negative": "weights", "PLAN-prices": "child_year", "PLAN-no-price": "child_year",
    "ANS-no-incomes": "income", "ANS-no-weight": "weights", "ANS-many-levels": "by",
    "ANS-one-period": "over", "ANS-one-generation": "child", "ANS-few-pairs": "child",
    "ANS-one-rank": "child",
}  # fmt: skip
"""Where a problem is told; one with a column is told where that column is picked."""
_OPEN = ("lorenz", "inequality-groups", "inequality-parts", "inequality-periods",
         "generations-fifths", "generations-ranks", "generations-up",
         "generations-above")  # fmt: skip
"""Tables that are looked at first, in this order; the others are unfolded."""
_TOLD = ("absolute-mobility", "transition-share", "expected-rank-line", "gini-change")
"""Findings that are told below the first, in this order; the others stand with the tables."""


class _Ask(forms.Form):
    """What either question has."""

    weights = forms.CharField(max_length=300, required=False)
    by = forms.CharField(max_length=300, required=False)

    def tell(self, problem: Problem) -> None:
        """Say what is wrong where it was picked, without the terminal's ways to mend it."""
        column = problem.column or problem.params.get("column")
        picked = [f for f, given in self.cleaned_data.items() if column and given == column]
        field = picked[0] if picked else FIELD_OF.get(problem.code, "")
        self.add_error(
            field if field in self.fields else None, f"{problem.what()} {problem.expected()}"
        )


class Apart(_Ask):
    """Whose incomes, between which groups, and since when."""

    income = forms.CharField(max_length=300)
    over = forms.CharField(max_length=300, required=False)

    def outcome(self, file: Path, audience: Audience) -> cycle.Outcome:
        """How far apart incomes are."""
        said = self.cleaned_data
        return cycle.inequality(
            file,
            income=said["income"],
            weights=said["weights"] or None,
            by=said["by"] or None,
            over=said["over"] or None,
            audience=audience,
        )


class Rise(_Ask):
    """Which columns are the parents' and the children's, and of which years their dollars are."""

    parent = forms.CharField(max_length=300)
    child = forms.CharField(max_length=300)
    parent_year = forms.IntegerField(min_value=1900, max_value=2100, required=False)
    child_year = forms.IntegerField(min_value=1900, max_value=2100, required=False)

    def outcome(self, file: Path, audience: Audience) -> cycle.Outcome:
        """Whether children rise above their parents."""
        said = self.cleaned_data
        return cycle.generations(
            file,
            parent=[said["parent"]],
            child=[said["child"]],
            weights=said["weights"] or None,
            by=said["by"] or None,
            parent_year=said["parent_year"],
            child_year=said["child_year"],
            audience=audience,
        )


@dataclass(frozen=True)
class Shown:
    """What the page says."""

    title: str
    finding: SafeString
    told: tuple[str, ...]
    later: tuple[str, ...]
    open: tuple[SafeString, ...]
    more: tuple[SafeString, ...]
    refused: tuple[str, ...]


@needs("incomes.see")
@require_GET
def look(request: HttpRequest, program: Program) -> HttpResponse:
    """What the file says to the question; else what to ask, or what to bring."""
    held = cycle.kept_incomes(program.folder)
    outside = request.GET.get("audience") == "outside"
    if outside:
        trace(request, "incomes.see", program.organisation, program, audience="outside")
    given = request.GET if held and {"income", "parent"} & set(request.GET) else None
    form = Rise(given) if request.GET.get("about") == "rise" else Apart(given)
    shown = None
    if held and form.is_valid():
        try:
            found = _asked(program, held, form, outside)
            if isinstance(found, Shown):
                shown = found
            else:
                form.tell(found)
        except RungError as wrong:
            for problem in wrong.problems:
                form.tell(problem)
    return _page(request, program, form, shown=shown, outside=outside)


@receiving.brings("incomes.bring")
def bring(request: HttpRequest, program: Program) -> HttpResponse:
    """Keep what may be kept of the file; the body is read here and not before."""
    received = request.FILES.get("file")
    if receiving.too_large(request):
        params = {"most": settings.UPLOAD_BYTES >> 20}
        return _wrong(request, program, Problem(code="WEB-too-large", params=params))
    if not isinstance(received, receiving.Received):
        return _wrong(request, program, Problem(code="WEB-no-file"))
    try:
        _take(received, program)
    except RungError as wrong:
        return _wrong(request, program, *wrong.problems)
    return redirect("incomes", program.uid)


@needs("incomes.delete")
@require_POST
def delete(request: HttpRequest, program: Program) -> HttpResponse:
    """Throw the file away, and what was said of it."""
    cycle.delete_incomes(program.folder)
    answers.forget()
    return redirect("incomes", program.uid)


def _take(received: receiving.Received, program: Program) -> None:
    """Keep the columns that can be asked about, and nothing else of the file."""
    name = re.sub(r"[^\w.\- ]", "_", Path(received.name or "").name)[-100:].lstrip(". ")
    program.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="rung-") as work:
        sent = Path(work) / (name or "file")
        shutil.move(received.place, sent)
        cycle.keep_incomes(sent, program.folder)
    answers.forget()


def _asked(
    program: Program, held: cycle.KeptIncomes, form: Apart | Rise, outside: bool
) -> Shown | Problem:
    """What the file says, made once for a question, a language and an audience."""
    file, audience = cycle.incomes_file(program.folder), Outside() if outside else Inside()
    given = (type(form).__name__, *sorted(form.cleaned_data.items()))
    key = ("incomes", held.digest, given, outside, messages.current())
    return answers.kept(program, key, lambda: _shown(form.outcome(file, audience)))


def _problem(refusal: Refusal) -> Problem:
    given = {**refusal.params, **refusal.saw, **refusal.needs}
    return Problem(code=refusal.code, params=given)


def _shown(outcome: cycle.Outcome) -> Shown | Problem:
    first = outcome[0]
    if isinstance(first.answer, Refusal):
        return _problem(first.answer)
    about = say.caveats(first)
    found = [r for r in outcome.answers[1:] if r.answer.kind == "finding"]
    refused = [_problem(r.answer) for r in outcome if isinstance(r.answer, Refusal)]
    tables = {r.answer.name: r for r in outcome if r.answer.kind == "table"}
    return Shown(
        title=say.headline(first).rstrip("."),
        finding=answers.article(first, 0, drawn=False),
        told=tuple(say.words(r) for key in _TOLD for r in found if r.answer.method.key == key),
        later=tuple(say.words(r) for r in found if r.answer.method.key not in _TOLD),
        open=tuple(answers.article(tables[n], 2, about) for n in _OPEN if n in tables),
        more=tuple(answers.article(r, 3, about) for n, r in tables.items() if n not in _OPEN),
        refused=tuple(dict.fromkeys(f"{p.what()} {p.expected()}" for p in refused)),
    )


def _wrong(request: HttpRequest, program: Program, *problems: Problem) -> HttpResponse:
    return _page(request, program, Apart(), problems=problems)


def _page(
    request: HttpRequest,
    program: Program,
    form: Apart | Rise,
    *,
    shown: Shown | None = None,
    outside: bool = False,
    problems: tuple[Problem, ...] = (),
) -> HttpResponse:
    held = cycle.kept_incomes(program.folder)
    given = request.GET.copy()
    given["audience"] = "" if outside else "outside"
    return render(
        request,
        "web/incomes.html",
        {
            "form": form,
            "about": "rise" if isinstance(form, Rise) else "apart",
            "held": held,
            "others": [c for c in held.groups if c not in held.numbers] if held else (),
            "shown": shown,
            "outside": outside,
            "switch": f"?{given.urlencode()}",
            "problems": problems,
            "may_bring": str(asked(request).standing) in MAY["incomes.bring"],
        },
        status=422 if problems or form.errors else 200,
    )


urls = [
    path("p/<slug:program>/incomes/", look, name="incomes"),
    path("p/<slug:program>/incomes/file/", bring, name="incomes-file"),
    path("p/<slug:program>/incomes/delete/", delete, name="incomes-delete"),
]
