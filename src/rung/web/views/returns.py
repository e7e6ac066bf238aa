"""What the program is worth: a few numbers or a SPEC.toml, kept with every earlier version.

What is kept is the text of a SPEC.toml, a document of the program's lab like any other, so that
the terminal can read the same file. The form is a short way to write one. The outside view is a
preview: nothing is released, and nothing is written into the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tomlkit
from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_POST

from rung import cycle, messages
from rung.documents import Document
from rung.errors import PlanError, Problem
from rung.finding import Refusal
from rung.messages import sentence
from rung.share import say
from rung.share.release import AnyAnswer, Inside, Outside, Released
from rung.web import answers, clock, receiving
from rung.web.access import MAY, asked, needs, trace
from rung.web.models import Paper, Program
from rung.web.store import DatabaseStore

KIND = NAME = "returns"
LONGEST = 100_000  # characters of a SPEC.toml; the longest example has 3,000
PAYERS = ("funder", "government", "federal", "state", "local", "employer")
_DESIGN = "web.returns.design-"
DESIGNS = ("randomised", "randomised with departures", "compared", "described")


class Amounts(forms.CharField):
    """Dollars by year, with spaces or semicolons between: "-900 1,800 2,300"."""

    def to_python(self, value: Any) -> Any:
        """The numbers; ValidationError for what is no number."""
        text = str(value or "").replace(";", " ").replace("$", "").replace("−", "-")
        try:
            return [float(each.replace(",", "")) for each in text.split() if each.strip(",")]
        except ValueError:
            raise forms.ValidationError(sentence("web.returns.amounts-wrong")) from None


class Short(forms.Form):
    """The few numbers that most programs have."""

    cost = forms.FloatField(min_value=0, max_value=1_000_000)
    payer = forms.ChoiceField(choices=[(p, p) for p in PAYERS])
    effects = Amounts(max_length=1000)
    errors_ = Amounts(max_length=1000, required=False)
    tax = forms.FloatField(min_value=0, max_value=100, required=False)
    lasts = forms.IntegerField(min_value=0, max_value=40, required=False)
    people = forms.IntegerField(min_value=1, max_value=10_000_000)
    year = forms.IntegerField(min_value=1913, max_value=2100)
    design = forms.ChoiceField(choices=[(d, d) for d in DESIGNS])

    def clean(self) -> dict[str, Any]:
        """As many errors as effects."""
        given = super().clean() or {}
        effects, errors = given.get("effects", []), given.get("errors_", [])
        if errors and len(errors) != len(effects):
            wrong = sentence("web.returns.errors-length", {"n": len(effects)})
            self.add_error("errors_", wrong)
        return given

    def text(self, name: str) -> str:
        """The SPEC.toml that says the same."""
        given = self.cleaned_data
        made = tomlkit.document()
        made["program"] = {
            "name": name,
            "people": given["people"],
            "dollar_year": given["year"],
            "design": given["design"],
        }
        cost = {"name": "Program", "paid_by": given["payer"], "per_year": [given["cost"]]}
        gain: dict[str, Any] = {
            "name": "Earnings",
            "accounts": "participant",
            "per_year": given["effects"],
        }
        if given["errors_"]:
            gain["se"] = given["errors_"]
        made["costs"], made["streams"] = [cost], [gain]
        if given["tax"]:
            made["rates"] = {"tax": given["tax"] / 100}
        if given["lasts"]:
            made["persistence"] = {"years": given["lasts"]}
        return tomlkit.dumps(made)


@dataclass(frozen=True)
class View:
    """What the page shows of a file, in one language and for one audience."""

    title: str
    finding: SafeString
    worth: SafeString
    lines: tuple[str, ...]
    others: tuple[str, ...]
    refused: tuple[str, ...]
    public: tuple[str, ...]
    hangs: tuple[SafeString, ...]
    sure: tuple[SafeString, ...]


@needs("returns.see")
@require_GET
def returns(request: HttpRequest, program: Program) -> HttpResponse:
    """What the program is worth, to whom, and what that hangs on."""
    kept = versions(program)
    if not kept:
        return _page(request, program, Short(initial=_start()))
    number = number_of(request.GET.get("version", ""), kept)
    outside = request.GET.get("audience") == "outside"
    if outside:
        trace(request, "returns.see", program.organisation, program, audience="outside")
    body = DatabaseStore(program).get(KIND, NAME, number).body
    form = Short(initial=body.get("form") or _start())
    return _page(request, program, form, text=str(body["toml"]), number=number, outside=outside)


@csrf_protect
def _keep(request: HttpRequest, program: Program) -> HttpResponse:
    """Check what was written, and keep it as the newest version; the body is read here."""
    if request.POST.get("way") == "file":
        text, form, given = _sent(request), Short(initial=_start()), None
    else:
        form = Short(request.POST)
        if not form.is_valid():
            return _page(request, program, form)
        text, given = form.text(program.name), {k: request.POST.get(k, "") for k in form.fields}
    try:
        if len(text) > LONGEST:
            raise PlanError("PLAN-spec-toml", place="")
        cycle.returns(cycle.Spec.parse(text))
    except PlanError as wrong:
        return _page(
            request, program, form, typed=text[:LONGEST].strip("\0"), problems=wrong.problems
        )
    body: dict[str, Any] = {"toml": text}
    if given is not None:
        body["form"] = given
    DatabaseStore(program).put(NAME, Document(KIND, 1, body))
    return redirect("returns", program.uid)


@needs("returns.write")
@require_POST
def _allowed(request: HttpRequest, program: Program) -> HttpResponse:
    """Who may write is known before any of a file is read."""
    if request.content_type == "multipart/form-data":
        return receiving.receives(_keep)(request, program)
    return _keep(request, program)  # a form without a file has been read already


# the check of the form's token reads the whole body, so it comes after the check of the person
keep = csrf_exempt(_allowed)


def _sent(request: HttpRequest) -> str:
    """The file that was sent, or else what was written into the page."""
    file = request.FILES.get("file")
    if not isinstance(file, receiving.Received) or not file.size:
        return request.POST.get("toml", "").replace("\r\n", "\n")
    with file.place.open("rb") as sent:
        raw = sent.read(4 * LONGEST + 1)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "\0"  # no TOML has it: told as a file that does not read


@needs("returns.see")
@require_GET
def download(request: HttpRequest, program: Program) -> HttpResponse:
    """The file itself, for the terminal."""
    kept = versions(program)
    if not kept:
        raise Http404
    body = (
        DatabaseStore(program).get(KIND, NAME, number_of(request.GET.get("version", ""), kept)).body
    )
    answer = HttpResponse(str(body["toml"]), content_type="application/toml; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="SPEC.toml"'
    return answer


def versions(program: Program, kind: str = KIND) -> list[Paper]:
    """What was kept, the newest first."""
    return list(Paper.objects.filter(program=program, kind=kind, name=kind).order_by("-number"))


def number_of(text: str, kept: list[Paper]) -> int:
    """The version that an address means; the newest without one, 404 for one that is not there."""
    if not text:
        return kept[0].number
    found = next((p.number for p in kept if str(p.number) == text), None)
    if found is None:
        raise Http404
    return found


def _start() -> dict[str, Any]:
    return {"year": clock.now().year - 1, "design": "described"}


def _page(
    request: HttpRequest,
    program: Program,
    form: Short,
    *,
    text: str = "",
    typed: str = "",
    number: int | None = None,
    outside: bool = False,
    problems: tuple[Problem, ...] = (),
) -> HttpResponse:
    kept = versions(program)
    return render(
        request,
        "web/returns.html",
        {
            "form": form,
            "view": _view(program, text, outside) if text else None,
            "text": text,
            "typed": typed or text,
            "problems": problems,
            "number": number,
            "newest": kept[0].number if kept else None,
            "versions": [(p, _address(program, p.number, False)) for p in kept],
            "outside": outside,
            "switch": _address(program, number, not outside),
            "may_write": str(asked(request).standing) in MAY["returns.write"],
            "payers": [(p, sentence(f"label.who-{p}")) for p in PAYERS],
            "designs": [
                (d, sentence(f"web.returns.design-{d.replace(' ', '-')}")) for d in DESIGNS
            ],
        },
    )


def _address(program: Program, number: int | None, outside: bool) -> str:
    given = {"version": number, "audience": "outside" if outside else None}
    said = urlencode({k: v for k, v in given.items() if v})
    return reverse("returns", args=[program.uid]) + (f"?{said}" if said else "")


def _view(program: Program, text: str, outside: bool) -> View:
    """What the file says; made once for a text, a language and an audience."""
    key = ("returns", messages.current(), text, outside)
    return answers.kept(program, key, lambda: _made(text, outside))


def _made(text: str, outside: bool) -> View:
    found = cycle.returns(cycle.Spec.parse(text), audience=Outside() if outside else Inside())
    first = next(r for r in found if r.answer.estimand.summary == "npv")
    about = say.caveats(first)
    tables = [r for r in found if _name(r)]
    shown = {_name(r): answers.article(r, 2, about) for r in tables}
    ratios = [r for r in found if not _name(r) and r is not first and not _public(r)]
    # what each gains is in the first table: here is what is made of it
    told = [r for r in ratios if r.answer.kind == "finding" and r.answer.method.key != "npv"]
    public, whose = [r for r in found if _public(r)], _whose(first)
    return View(
        title=say.headline(first).rstrip("."),
        finding=answers.article(first, 0, drawn=False),
        worth=shown.get("returns", answers.article(found[0], 2, about)),
        lines=tuple(say.words(r) for r in told if _whose(r) == whose),
        others=tuple(say.words(r) for r in told if _whose(r) != whose),
        refused=tuple(say.words(r) for r in ratios if isinstance(r.answer, Refusal)),
        public=tuple(
            " ".join([say.words(r), *(n for n in say.caveats(r)[:1] if n not in about)])
            for r in public
        ),
        hangs=tuple(shown[n] for n in ("tornado", "wider") if n in shown),
        sure=tuple(shown[n] for n in ("quadrants", "rho") if n in shown),
    )


def _name(released: Released[AnyAnswer]) -> str:
    answer = released.answer
    return answer.name if answer.kind == "table" else ""


def _whose(released: Released[AnyAnswer]) -> str:
    return released.answer.estimand.population


def _public(released: Released[AnyAnswer]) -> bool:
    return _whose(released) == "public funds"


urls = [
    path("p/<slug:program>/returns/", returns, name="returns"),
    path("p/<slug:program>/returns/keep/", keep, name="returns-keep"),
    path("p/<slug:program>/returns/file/", download, name="returns-file"),
]
