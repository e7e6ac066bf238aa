"""Reports by the standards: federal indicators, the pay cycle, funders' definitions, exits to
review, and forgetting a person.

What is looked at is released to nobody: the outside view is a preview for staff. Exits that are
accepted and people who are forgotten change the records as they stand, so everything that was kept
of them is thrown away.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

from django.contrib import messages as said
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_GET, require_http_methods

from rung import cycle, messages
from rung.errors import PlanError, Problem, RecordsError, RungError
from rung.messages import sentence, word
from rung.share import brief, say
from rung.share.release import AnyAnswer, Audience, Inside, Outside, Released
from rung.web import answers, caseload, clock, keys
from rung.web.access import MAY, asked, needs, trace
from rung.web.models import FollowUp, Generation, Program
from rung.web.store import ProgramLab

PAGE = 25
LOW_PAY, WINDOW = Decimal(3000), 8
ROOMS = (("standards", "standards.see"), ("standards-pay", "standards.see"),
         ("standards-funders", "standards.see"), ("standards-exits", "exits.decide"),
         ("standards-forget", "people.forget"))  # fmt: skip


@dataclass(frozen=True)
class Ask:
    """What one of the report pages asks: its own choice ("" for the page's default), a group, and
    for whom."""

    which: str = ""
    by: str = ""
    window: int = WINDOW
    outside: bool = False

    @property
    def audience(self) -> Audience:
        """Who looks."""
        return Outside() if self.outside else Inside()


@needs("standards.see")
@require_GET
def indicators(request: HttpRequest, program: Program) -> HttpResponse:
    """The federal indicators for a report quarter."""
    generation = _now(program)
    if generation is None:
        return _empty(request, program)
    quarters = cycle.reports(_as_of(generation))
    ask = _asked(request, generation, quarters)

    def make() -> cycle.Outcome:
        lab = ProgramLab.of(generation)
        by = [ask.by] if ask.by else []
        return cycle.wioa_of(lab, report=ask.which, by=by, audience=ask.audience)

    return _report(request, program, generation, ask, make, options=quarters)


@needs("standards.see")
@require_GET
def pay(request: HttpRequest, program: Program) -> HttpResponse:
    """The low-pay, no-pay cycle, where there are wage records."""
    generation = _now(program)
    if generation is None:
        return _empty(request, program)
    if not ProgramLab.of(generation).table("wages").is_file():
        return _page(request, program, {"room": "standards-pay", "none": "web.standards.no-wages"})
    ask, wrong = _asked(request, generation, ()), ""
    low_pay = _amount(request.GET.get("low_pay", "") or str(LOW_PAY))
    window = request.GET.get("window", "") or str(WINDOW)
    if low_pay is None or not (window.isascii() and window.isdigit() and 2 <= int(window) <= 20):
        wrong, low_pay, window = sentence("web.standards.pay-wrong"), LOW_PAY, str(WINDOW)
    ask = replace(ask, which=str(low_pay), window=int(window))

    def make() -> cycle.Outcome:
        by = [ask.by] if ask.by else []
        line = cycle.line_of(Decimal(ask.which))
        return cycle.churn(
            generation.folder, line=line, window=ask.window, by=by, audience=ask.audience
        )

    return _report(request, program, generation, ask, make, wrong=wrong)


@needs("standards.see")
@require_GET
def funders(request: HttpRequest, program: Program) -> HttpResponse:
    """What each funder counts, beside Rung's own and the WIOA-style one."""
    generation = _now(program)
    if generation is None:
        return _empty(request, program)
    years = cycle.fiscal_years(_as_of(generation))
    ask = _asked(request, generation, years)

    def make() -> cycle.Outcome:
        lab = ProgramLab.of(generation)
        by = [ask.by] if ask.by else []
        return cycle.funders(lab, year=ask.which, by=by, audience=ask.audience)

    return _report(request, program, generation, ask, make, options=years)


# -- what the three have in common


def _now(program: Program) -> Generation | None:
    generation = program.generation
    if generation is not None:
        generation.program = program
    return generation


def _as_of(generation: Generation) -> dt.date:
    text = answers.choices(generation).as_of
    return dt.date.fromisoformat(text) if text else clock.day()


def _asked(request: HttpRequest, generation: Generation, options: Iterable[str]) -> Ask:
    """The question in an address; 404 for a group or a choice that is none."""
    given, choices = request.GET, tuple(options)
    by, which = given.get("by", ""), given.get("which", "")
    if by and by not in dict(answers.choices(generation).groups):
        raise Http404
    if choices and which and which not in choices:
        raise Http404
    if choices and not which:
        which = choices[0]
    return Ask(which, by, outside=given.get("audience") == "outside")


def _amount(text: str) -> Decimal | None:
    try:
        amount = Decimal(text.replace(",", "").replace("$", "").strip())
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and 0 < amount <= 1_000_000 else None


def _report(
    request: HttpRequest,
    program: Program,
    generation: Generation,
    ask: Ask,
    make: Callable[[], cycle.Outcome],
    *,
    options: Iterable[str] = (),
    wrong: str = "",
) -> HttpResponse:
    """A page of one report: its answers as articles, made once for each import and question."""
    room = str(request.resolver_match.url_name) if request.resolver_match else ""
    if ask.outside:
        trace(request, "standards.see", program.organisation, program, audience="outside")
    key = ("standards", room, messages.current(), ask)
    articles: tuple[tuple[SafeString, str], ...] = ()
    problems: tuple[Problem, ...] = ()
    try:
        articles = answers.kept(generation, key, partial(_articles, make))
    except RungError as error:
        problems = error.problems
    groups = answers.choices(generation).groups
    return _page(request, program, {
        "room": room,
        "ask": ask,
        "wrong": wrong,
        "problems": problems,
        "articles": articles,
        "options": [(o, o == ask.which) for o in options],
        "groups": [(k, word(label), k == ask.by) for k, label in groups],
        "switch": _address(room, program, replace(ask, outside=not ask.outside)),
    })  # fmt: skip


def _articles(make: Callable[[], cycle.Outcome]) -> tuple[tuple[SafeString, str], ...]:
    """Each answer as an article. Refusals for one reason are one, with all that they refuse."""
    language, made = messages.current(), []
    before: tuple[str, ...] = ()
    refused: dict[str, list[Released[AnyAnswer]]] = {}
    for each in make():
        if each.answer.kind == "refusal":
            alike = refused.setdefault(say.reason(each, language), [])
            alike.append(each)
            if len(alike) > 1:
                continue
        made.append((each, brief.article(each, language, 2, before)))
        before += say.caveats(each, language)
    told = []
    for each, article in made:
        alike = refused.get(say.reason(each, language), [])
        asked_ = dict.fromkeys(word(r.answer.estimand.outcome) for r in alike)
        also = "; ".join(asked_) if len(asked_) > 1 else ""
        told.append((mark_safe(article), also))  # noqa: S308 (escaped where it is made)
    return tuple(told)


def _address(room: str, program: Program, ask: Ask) -> str:
    given: dict[str, Any] = {"by": ask.by, "audience": "outside" if ask.outside else ""}
    if room == "standards-pay":
        given |= {"low_pay": ask.which, "window": ask.window}
    else:
        given["which"] = ask.which
    told = urlencode({k: v for k, v in given.items() if v})
    return reverse(room, args=[program.uid]) + f"?{told}"


def _page(
    request: HttpRequest,
    program: Program,
    context: dict[str, Any],
    template: str = "standards",
    status: int = 200,
) -> HttpResponse:
    standing = asked(request).standing
    rooms = [
        (room, reverse(room, args=[program.uid]), room == context["room"])
        for room, action in ROOMS
        if standing in MAY[action]
    ]
    return render(request, f"web/{template}.html", {**context, "tabs": rooms}, status=status)


def _empty(request: HttpRequest, program: Program) -> HttpResponse:
    return render(request, "web/journey_empty.html")


# -- exits to review


@needs("exits.decide")
@require_http_methods(["GET", "POST"])
def exits(request: HttpRequest, program: Program) -> HttpResponse:
    """Periods that seem to have ended, and periods that seem one: for staff to decide."""
    generation = _now(program)
    if generation is None:
        return _empty(request, program)
    lab = ProgramLab.of(generation)
    try:
        proposed, decided = cycle.exit_review(lab)
    except RecordsError as error:
        wrong = {"room": "standards-exits", "problems": error.problems}
        return _page(request, program, wrong, "standards_exits")
    waiting = [p for p in proposed if decided.get(p.key) not in ("stay open", "keep apart")]
    shown = waiting[:PAGE]
    marks = {keys.key(program, p.key): p for p in shown}
    if request.method == "POST":
        told = {
            p.key: _decision(p, given)
            for mark, p in marks.items()
            if (given := request.POST.get(mark, "")) in ("yes", "no")
        }
        if told:
            done = cycle.decide_exits(lab, told, clock=clock.now)
            _changed()
            trace(request, "exits.decide", program.organisation, program, count=len(told))
            said.success(request, done.lines[0])
        else:
            said.warning(request, sentence("web.standards.exits-nothing"))
        return redirect("standards-exits", program.uid)
    try:
        names = cycle.named(lab, {p.period.pid for p in shown})
    except RecordsError:
        names = {}
    trace(request, "exits.decide", program.organisation, program, audience="inside",
          count=len(shown))  # fmt: skip
    rows = [
        {
            "mark": mark,
            "name": names[p.period.pid].name if p.period.pid in names else "",
            "merge": p.merge,
            "period": p.period,
            "yes": decided.get(p.key) in ("exit", "merge"),
        }
        for mark, p in marks.items()
    ]
    context: dict[str, Any] = {"room": "standards-exits", "rows": rows, "n": len(waiting),
               "declined": len(proposed) - len(waiting)}  # fmt: skip
    return _page(request, program, context, "standards_exits")


def _decision(proposal: cycle.Proposal, given: str) -> str:
    if proposal.merge:
        return "merge" if given == "yes" else "keep apart"
    return "exit" if given == "yes" else "stay open"


def _changed() -> None:
    """The records are not what was kept of them."""
    answers.forget()
    caseload.forget()


# -- forgetting a person


@needs("people.forget")
@require_http_methods(["GET", "POST"])
def forget(request: HttpRequest, program: Program) -> HttpResponse:
    """Remove someone for good: first what it would mean, then, confirmed, it is done."""
    generation = _now(program)
    if generation is None:
        return _empty(request, program)
    room: dict[str, Any] = {"room": "standards-forget"}
    if request.method != "POST":
        return _page(request, program, room, "standards_forget")
    try:
        if request.POST.get("confirm") == "yes":
            pid = keys.pid(program, request.POST.get("who", ""))
            done = _forgotten(program, pid)
            trace(request, "people.forget", program.organisation, program)
            return _page(request, program, {**room, "done": done}, "standards_forget")
        person = request.POST.get("person", "").strip()
        lab = ProgramLab.of(generation)
        told = cycle.forget(lab, person, clock=clock.now, only_tell=True)
        context = {"told": told, "who": keys.key(program, cycle.found(lab, person)),
                   "rows": sum(told.removed.values())}  # fmt: skip
    except (RecordsError, PlanError) as error:
        wrong = {**room, "problems": error.problems}
        return _page(request, program, wrong, "standards_forget", status=422)
    return _page(request, program, {**room, **context}, "standards_forget")


def _forgotten(program: Program, pid: str) -> dict[str, Any]:
    """Take them out of every import that is kept, and of what coaches wrote."""
    found: list[cycle.Forgotten] = []
    for generation in Generation.objects.filter(program=program).order_by("-number"):
        if not generation.folder.is_dir():
            continue
        generation.program = program
        try:
            found.append(cycle.forget(ProgramLab.of(generation), pid, clock=clock.now))
        except RecordsError as error:
            if error.code != "REC-forget-unknown":
                raise
    if not found:
        raise RecordsError("REC-forget-unknown")
    notes, _ = FollowUp.objects.filter(program=program, pid=pid).delete()
    _changed()
    lines = dict.fromkeys(line for each in found for line in each.lines)
    return {"rows": sum(sum(f.removed.values()) for f in found), "imports": len(found),
            "notes": notes, "lines": list(lines)}  # fmt: skip


urls = [
    path("p/<slug:program>/standards/", indicators, name="standards"),
    path("p/<slug:program>/standards/pay/", pay, name="standards-pay"),
    path("p/<slug:program>/standards/funders/", funders, name="standards-funders"),
    path("p/<slug:program>/standards/exits/", exits, name="standards-exits"),
    path("p/<slug:program>/standards/forget/", forget, name="standards-forget"),
]
