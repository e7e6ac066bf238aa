"""The journey's answers for pages: asked once for each import and question, then kept.

An import never changes, so what it says to a question never does either. Answers, articles and
whole views are kept in the cache `answers` by the import and the question, and by the Rung that
made them; nothing has to be forgotten when records change, because a new import has a new name.

All groups of a lab are asked and released together: what is hidden of one group in one table is
hidden in the others. The outside view is a preview for staff: it is released to nobody, so no
clock is given to `cycle` and nothing is written into the release ledger.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar, cast

from django.core.cache import caches
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.http import urlencode
from django.utils.safestring import SafeString, mark_safe

import rung
from rung import cycle, messages
from rung.cycle.outcome import AnyAnswer, Outcome
from rung.discovery.journey import JourneySettings
from rung.errors import RungError
from rung.finding import Refusal, Table
from rung.messages import english, sentence
from rung.share import brief, say, tables
from rung.share.release import Audience, Inside, Outside, Released
from rung.web import work
from rung.web.models import Generation, Job, Program
from rung.web.store import ProgramLab

PERIODS = ("entry_year", "entry_quarter")
"""Ways to look at people that every lab has."""
COUNTED = frozenset(
    (
        *("entered", "reached", "not_reached", "implied", "undated", "unknown"),
        *("people", "reached_any", "in_progress", "lost"),
    )
)
"""Columns of a journey behind which people stand."""
STEP = ("reached", "rate", "reached_any", "in_progress", "lost")
BOOKS = ("implied", "undated", "unknown")
"""What a line of the journey shows, and how it was written down, where there is any."""
_DAYS = 30 * 86_400
_making = threading.RLock()  # one at a time: the first who asks makes it, the others take it
T = TypeVar("T")


@dataclass(frozen=True)
class Question:
    """What is asked of a journey. `by` is a group's key, "" for everyone; `cohort` a period or a
    class; `within` days (None: the lab's); `outside` as an outsider may see it."""

    by: str = ""
    cohort: str = ""
    within: int | None = None
    outside: bool = False

    @property
    def audience(self) -> Audience:
        """Who looks."""
        return Outside() if self.outside else Inside()


@dataclass(frozen=True)
class Choices:
    """What may be asked of a lab: groups and milestones (key, words), years and classes."""

    groups: tuple[tuple[str, str], ...]
    milestones: tuple[tuple[str, str], ...]
    years: tuple[str, ...]
    classes: tuple[str, ...]
    within: int
    as_of: str


@dataclass(frozen=True)
class Cell:
    """A cell of a page's table: its column in words, its text, and where its people are."""

    head: str
    text: str
    hidden: bool = False
    href: str = ""
    note: str = ""


@dataclass(frozen=True)
class Line:
    """A row of a page's table. `state` says of a cohort how many of it can be judged."""

    label: str
    cells: tuple[Cell, ...]
    state: str = ""
    young: bool = False


@dataclass(frozen=True)
class View:
    """A journey ready to be shown: the finding, and everything under it as HTML."""

    finding: str
    as_of: str
    hidden: int
    html: SafeString


# -- asking


def choices(generation: Generation) -> Choices:
    """What may be asked of this import."""
    return kept(generation, ("choices",), lambda: _choices(generation))


def outcome(generation: Generation, asked: Question) -> Outcome:
    """The released answers to a question, as the terminal's `diagnose` gives them.

    Raises PlanError for a group, cohort or number of days that the lab does not have.
    """
    asked = replace(asked, by=asked.by if asked.by in PERIODS else "")
    key = ("outcome", asked.by, asked.cohort, asked.within, asked.outside)
    return kept(generation, key, lambda: _diagnosed(ProgramLab.of(generation), asked))


def reconciled(generation: Generation, milestone: str, period: str, reported: int) -> Outcome:
    """Our count of a milestone beside a reported one; for staff. Raises PlanError."""

    def make() -> Outcome:
        lab = ProgramLab.of(generation)
        return cycle.reconcile(lab, milestone=milestone, period=period, reported=reported)

    return kept(generation, ("reconcile", milestone, period, reported), make)


def _diagnosed(lab: ProgramLab, asked: Question) -> Outcome:
    by = [asked.by] if asked.by else [g.key for g in lab.groups]
    while True:
        found = cycle.diagnose(
            lab,
            by=by,
            cohort=asked.cohort or None,
            within=asked.within,
            audience=asked.audience,
        )
        crowded = [
            str(r.answer.params.get("group"))
            for r in found
            if isinstance(r.answer, Refusal) and r.answer.code == "ANS-many-levels"
        ]
        if len(by) < 2 or not crowded or crowded[0] not in by:
            return found
        by.remove(crowded[0])  # a group of too many levels does not keep the others from answers


def _choices(generation: Generation) -> Choices:
    lab = ProgramLab.of(generation)
    found = outcome(generation, Question())
    years = _by(outcome(generation, Question("entry_year")), "entry_year")
    classes = _by(found, "cohort")
    return Choices(
        groups=tuple((g.key, g.words) for g in lab.groups),
        milestones=tuple((m.key, m.label) for m in lab.milestones),
        years=tuple(y for y in levels(years, "entry_year") if y.isdigit()) if years else (),
        classes=tuple(levels(classes, "cohort")) if classes else (),
        within=lab.section("journey", JourneySettings).within_days,
        as_of=next((r.answer.origin.as_of for r in found if r.answer.origin.as_of), None) or "",
    )


def _by(found: Outcome, group: str, name: str = "journey") -> Table | None:
    each = _released(found, group, name)
    return cast("Table", each.answer) if each else None


def _released(found: Outcome, group: str, name: str) -> Released[AnyAnswer] | None:
    """The table of this name, of everyone ("") or by a group."""
    for each in found:
        table = each.answer
        if (
            isinstance(table, Table)
            and table.name == name
            and (say.group_key(table) or "") == group
        ):
            return each
    return None


def levels(table: Table, group: str) -> list[str]:
    """The levels of a group in the order of its table, without everyone."""
    totals = {d.total for d in table.dimensions if d.name == group}
    return [str(v) for v in dict.fromkeys(table.column(group)) if v not in totals]


def arms(generation: Generation) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """Ways to tell arms apart: a group's key, its words, and from two to ten levels."""
    found = []
    for key, label in choices(generation).groups:
        table = _by(outcome(generation, Question()), key)
        if table is not None and table.dimensions[0].partition:
            named = tuple(v for v in levels(table, key) if v != english("label.not-recorded"))
            if 2 <= len(named) <= 10:
                found.append((key, label, named))
    return tuple(found)


def mark(program: Program, value: str) -> str:
    """What stands in an address for a level or a class, whose name is a cell of the records."""
    return salted_hmac(f"rung level {program.uid}", value, algorithm="sha256").hexdigest()[:16]


# -- showing


def view(generation: Generation, asked: Question, *, linked: bool = False) -> View:
    """What a page shows of a question, in the language that is spoken.

    `linked` makes numbers lead to their people, for someone who may see them.
    """
    linked = linked and not asked.outside
    key = ("view", messages.current(), asked, linked)
    return kept(generation, key, lambda: _view(generation, asked, linked))


def finding(generation: Generation) -> tuple[str, str]:
    """The main finding for staff, for a program's first page: its headline, and how large it is."""
    found = outcome(generation, Question())
    return say.headline(found[0]).rstrip("."), say.beside_number(found[0])


def prepare(generation: Generation) -> None:
    """Ask for the first views of a new import in the background: whoever looks does not wait."""
    work.start("warm", by=None, program=generation.program, generation=generation.uid)


@work.kind("warm")
def _warm(job: Job, tell: work.Tell) -> dict[str, Any]:
    generation = Generation.objects.filter(uid=job.params["generation"], program=job.program)
    for each in generation.select_related("program"):
        warm(each)
    return {}


def warm(generation: Generation) -> None:
    """Make the views that people open first, in every language.

    Records that cannot be answered for are left to their pages, which say why.
    """
    for language in messages.LANGUAGES:
        with messages.speaking(language), suppress(RungError):
            for key in ("", *(key for key, _ in choices(generation).groups), PERIODS[0]):
                view(generation, Question(key), linked=True)
            view(generation, Question())
            view(generation, Question(outside=True))


def _view(generation: Generation, asked: Question, linked: bool) -> View:
    found = outcome(generation, asked)
    if asked.by:
        shown = [_released(found, asked.by, name) for name in ("gap", "journey")]
        if not any(shown) and asked.by not in PERIODS:  # too many levels, or hidden altogether
            alone = ProgramLab.of(generation)
            found = cycle.diagnose(
                alone, by=[asked.by], cohort=asked.cohort or None, within=asked.within,
                audience=asked.audience,
            )  # fmt: skip
            shown = [_released(found, asked.by, name) for name in ("gap", "journey")]
    else:
        gaps = (r for r in found.answers[1:] if r.answer.method.key == "gap")
        shown = [*found.answers[:1], _released(found, "", "journey")]
        shown.append(next((r for r in gaps if r.answer.kind == "finding"), None))
    told = [r for r in shown if r is not None] or list(found.answers[:1])
    table = _released(found, asked.by, "journey")
    lines = _lines(generation, table, asked, linked) if table else ()
    hidden = sum(c.hidden for line in lines for c in line.cells)
    hidden += sum(isinstance(r.answer, Refusal) for r in told)
    context = {
        "articles": _articles(generation, asked, told),
        "lines": lines,
        "heads": [c.head for c in lines[0].cells] if lines else (),
        "asked": asked,
        "linked": linked,
        "within": asked.within or choices(generation).within if lines else 0,
        "immature": any(line.state for line in lines),
    }
    page = render_to_string("web/journey_found.html", context)
    return View(
        finding=_title(asked, told[0]),
        as_of=next((r.answer.origin.as_of for r in told if r.answer.origin.as_of), None) or "",
        hidden=hidden if asked.outside else 0,
        html=mark_safe(page),  # noqa: S308 (made by a template, which escapes)
    )


def _title(asked: Question, first: Released[AnyAnswer]) -> str:
    """A page's title: the finding, or the question where the finding is long."""
    if not asked.by:
        return say.headline(first).rstrip(".")
    return sentence("web.journey.by-title", {"group": say.column_label(asked.by)})


def article(
    released: Released[AnyAnswer],
    heading: int = 2,
    said: Collection[str] = (),
    *,
    drawn: bool = True,
) -> SafeString:
    """One answer as `brief.article` writes it, in the page's language; it escapes what it shows."""
    made = brief.article(released, messages.current(), heading, said, drawn)
    return mark_safe(made)  # noqa: S308 (escaped where it is made)


def _articles(
    generation: Generation, asked: Question, told: Sequence[Released[AnyAnswer]]
) -> list[SafeString]:
    """Each answer as an article; what the page's title or an article above says is not repeated."""
    language, made = messages.current(), []
    said: tuple[str, ...] = ()
    for i, each in enumerate(told):
        write = partial(brief.article, each, language, 2 if i or asked.by else 0, said)
        text = kept(generation, ("article", each.answer.id, asked, i, language), write)
        made.append(mark_safe(text))  # noqa: S308 (escaped where it is made)
        said += say.caveats(each, language)
    return made


def _lines(
    generation: Generation, released: Released[AnyAnswer], asked: Question, linked: bool
) -> tuple[Line, ...]:
    table = cast("Table", released.answer)
    steps = [key for key, _ in choices(generation).milestones]

    def people(row: int, counted: str) -> str:
        value = table.rows[row].get(counted)
        if not linked or counted not in COUNTED or not value:
            return ""
        given: dict[str, Any] = {"milestone": steps[row % len(steps)], "counted": counted}
        if asked.by:
            given["by"] = asked.by
            level = str(table.rows[row][asked.by])
            if level in levels(table, asked.by):
                given["level"] = mark(generation.program, level)
        if asked.cohort:
            given["cohort"] = cohort_mark(generation, asked.cohort)
        if asked.within:
            given["within"] = asked.within
        return reverse("journey-people", args=[generation.program.uid]) + "?" + urlencode(given)

    faces = _faces(released)
    return _groups(table, faces, asked.by, people) if asked.by else _steps(table, faces, people)


def _faces(released: Released[AnyAnswer]) -> list[dict[str, tables.Text]]:
    """The table's rows as people read them, by column; "range" is the range of its share."""
    table = cast("Table", released.answer)
    names = {say.column_label(c.name): c.name for c in table.columns}
    grid = tables.table(released)
    heads = [names.get(h.label, "range") for h in grid.heads]
    return [dict(zip(heads, row, strict=True)) for row in grid.rows]


def _steps(
    table: Table, faces: list[dict[str, tables.Text]], people: Callable[[int, str], str]
) -> tuple[Line, ...]:
    """Everyone's journey: a line a milestone. Who is counted stands in the first one's numbers."""
    lines = []
    for i, face in enumerate(faces):
        cells = tuple(
            Cell(say.column_label(c), face[c].text, face[c].hidden, people(i, c))
            for c in (*STEP, *(c for c in face if c in BOOKS))
        )
        lines.append(Line(face["milestone"].text, cells))
    return tuple(lines)


def _groups(
    table: Table,
    faces: list[dict[str, tables.Text]],
    by: str,
    people: Callable[[int, str], str],
) -> tuple[Line, ...]:
    """A line a level: who entered, who can be judged, and the share that reached each milestone.

    A level of which nobody can be judged shows how many reached it so far, never a share.
    """
    at: dict[str, list[int]] = {}
    for i, row in enumerate(table.rows):
        at.setdefault(str(row[by]), []).append(i)
    lines = []
    for rows in at.values():
        first, whole = rows[0], table.rows[rows[0]]
        cells = [
            Cell(
                say.column_label(c), faces[first][c].text, faces[first][c].hidden, people(first, c)
            )
            for c in ("people", "entered")
        ]
        for i in rows[1:]:
            cells.append(_reached(faces[i], table.rows[i], i, people))
        state, young = _maturity(whole["people"], whole["entered"])
        lines.append(Line(faces[first][by].text, tuple(cells), state, young))
    return tuple(lines)


def _reached(
    face: dict[str, tables.Text],
    row: Any,
    i: int,
    people: Callable[[int, str], str],
) -> Cell:
    head, rate = face["milestone"].text, face["rate"]
    if rate.hidden:
        return Cell(head, rate.text, hidden=True)
    if row["rate"] is not None:
        return Cell(head, rate.text, href=people(i, "reached"), note=face["reached"].text)
    so_far = face["reached_any"]
    if so_far.hidden or row["reached_any"] is None:
        return Cell(head, so_far.text, hidden=so_far.hidden)
    said = sentence("web.journey.so-far", {"n": int(row["reached_any"])})
    return Cell(head, said, href=people(i, "reached_any"))


def _maturity(people: Any, entered: Any) -> tuple[str, bool]:
    """How many of a level entered long enough ago to be judged; "" when all did."""
    if not isinstance(people, int) or not isinstance(entered, int) or entered == people:
        return "", False
    given = {"n": entered, "of": people}
    return sentence(f"web.journey.{'partly' if entered else 'too-early'}", given), not entered


def cohort_mark(generation: Generation, cohort: str) -> str:
    """A period as it is; a class by its mark."""
    return cohort if cohort.isascii() and cohort.isdigit() else mark(generation.program, cohort)


# -- keeping


def kept(of: Generation | Program, key: tuple[Any, ...], make: Callable[[], T]) -> T:
    """What is kept under a key of an import or a program, or made now. Who looks is no part."""
    said = hashlib.sha256(repr((_made_by(), of.uid, key)).encode()).hexdigest()
    store = caches["answers"]
    found = store.get(said)
    if found is None:
        with _making:
            found = store.get(said)
            if found is None:
                found = make()
                store.set(said, found, _DAYS)
    return cast("T", found)


@cache
def _made_by() -> str:
    """Which Rung this is: its version, when its files were written, and the secret of marks."""
    home = Path(rung.__file__).parent
    kinds = ("*.py", "*.html", "*.mo", "*.sql", "*.css")
    stamps = sorted((f.name, f.stat().st_mtime_ns) for k in kinds for f in home.rglob(k))
    marks = salted_hmac("rung answers", "", algorithm="sha256").hexdigest()
    return hashlib.sha256(repr((rung.__version__, stamps, marks)).encode()).hexdigest()


def forget() -> None:
    """Throw away everything that is kept; it is made again when someone asks."""
    caches["answers"].clear()
