"""What do these columns mean? The proposal for a file, to be corrected by picking."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import formats, timezone
from django.views.decorators.http import require_GET, require_http_methods

from rung import cycle
from rung.cycle.look import Looked, LookedColumn, LookedTable
from rung.errors import Problem
from rung.messages import sentence, word
from rung.records.importing.layout import JOURNEYS
from rung.records.mapping import IGNORE
from rung.records.schema import TABLES
from rung.web import clock, importing, picks, work
from rung.web.access import me, needs
from rung.web.models import Program, Upload
from rung.web.picks import Draft, Pick, Picks

SURE, LIKELY = 0.9, 0.7
WHOLE_LISTS = 12  # columns that show everything they could be from the start
VALUE_FIELDS = 1_500  # a form has an end
DOUBTS = frozenset(
    ("REC-match-dates", "REC-match-id", "REC-match-number", "REC-match-refused", "REC-match-unsure")
)
_TAGS = ("look", "likely", "picked", "remembered", "sure")
State = Upload.State
Choices = Mapping[str, cycle.Choice]
Options = list[tuple[str, list[tuple[str, str]]]]


@dataclass
class Value:
    """One raw value of a column and what it may mean."""

    name: str
    raw: str
    count: int
    meant: str


@dataclass
class Row:
    """One column of the file as the page shows it."""

    table: int
    column: int
    header: str
    now: LookedColumn
    tag: str
    options: Options
    meaning: str
    sensitive: str
    whole: bool
    values: list[Value] = field(default_factory=list)
    codes: Mapping[str, str] = field(default_factory=dict)
    wrong: list[Problem] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What its fields are called."""
        return f"c{self.table}-{self.column}"

    @property
    def unmeant(self) -> list[Value]:
        """Values that have no meaning yet."""
        return [v for v in self.values if not v.meant]

    @property
    def meant(self) -> list[Value]:
        """Values that have one."""
        return [v for v in self.values if v.meant]

    @property
    def first(self) -> bool:
        """Whether people should look at it before the others."""
        doubtful = self.tag in ("look", "likely") or bool(self.unmeant)
        return bool(self.wrong) or (doubtful and not self.apart)

    @property
    def apart(self) -> bool:
        """Whether it is left out to protect people, unless someone says why it is needed."""
        return bool(self.sensitive)

    @property
    def invalid(self) -> bool:
        """Whether something must be mended here."""
        return bool(self.wrong)


@dataclass
class Sheet:
    """One table of the file."""

    number: int
    title: str
    table: LookedTable
    rows: list[Row]
    doubtful_dates: bool

    @property
    def first(self) -> list[Row]:
        """Columns to look at: those with something wrong, then the least sure."""
        found = [r for r in self.rows if r.first]
        return sorted(found, key=lambda r: (not r.wrong, _TAGS.index(r.tag)))

    @property
    def apart(self) -> list[Row]:
        """Columns that are left out to protect people."""
        return [r for r in self.rows if r.apart and not r.first]

    @property
    def sure(self) -> list[Row]:
        """The rest."""
        return [r for r in self.rows if not r.first and not r.apart]


class _Page:
    """Makes the rows of a draft."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.looked = draft.tried()[0]
        self.choices: Choices = picks.known(self.looked.milestones)
        self.left = VALUE_FIELDS
        self.lists = WHOLE_LISTS

    def sheets(self, wrong: Iterable[Problem] = (), opened: Sequence[str] = ()) -> list[Sheet]:
        """Every table with its columns and what is wrong there; `loose` is wrong as a whole."""
        dates = any(p.code == "REC-match-dates" for p in self.draft.proposed.problems)
        made = []
        for t, table in enumerate(self.looked.tables):
            rows = [self.row(t, i, whole=f"c{t}-{i}" in opened) for i in range(len(table.columns))]
            settled = t in self.draft.picks.dates or any(r.now.remembered for r in rows)
            made.append(Sheet(t, self._title(table), table, rows, dates and not settled))
        self.loose = [picks.told(p, self.choices) for p in wrong if not self._place(made, p)]
        for row in (r for sheet in made for r in sheet.first):
            if self.lists > 0 and not row.whole:
                self.lists -= 1
                row.options, row.whole = self._options(row, whole=True), True
        return made

    def _place(self, sheets: list[Sheet], problem: Problem) -> bool:
        """Put a problem at its column."""
        given = problem.params.get("target")
        for row in (r for sheet in sheets for r in sheet.rows):
            if row.now.header == problem.column and given in (None, row.now.target):
                row.wrong.append(picks.told(problem, self.choices))
                return True
        return False

    def _title(self, table: LookedTable) -> str:
        return "" if table.sheets == ("*",) else ", ".join(table.sheets)

    def row(self, t: int, i: int, *, whole: bool = False) -> Row:
        """One column."""
        now = self.looked.tables[t].columns[i]
        proposed = self.draft.proposed.tables[t].columns[i]
        picked = self.draft.picks.of(t, i) != Pick()
        kind = now.target.partition(".")[0]
        choice = self.choices.get(now.target) or self.choices.get(f"{kind}.")
        row = Row(
            table=t,
            column=i,
            header=picks.column_name(now.header),
            now=now,
            tag=_tag(proposed, picked),
            options=[],
            meaning=choice.meaning if choice else "",
            sensitive=picks.label(now.sensitive, self.choices) if now.sensitive else "",
            whole=whole,
            codes=picks.codes(now.target, self.choices),
        )
        row.options = self._options(row, whole=whole)
        if row.codes:
            row.values = self._values(row, proposed)
        return row

    def _values(self, row: Row, proposed: LookedColumn) -> list[Value]:
        found = []
        for j, raw in enumerate(picks.raws(proposed)):
            if picks.together(raw, row.now) or self.left <= 0:
                continue
            self.left -= 1
            meant = picks.meant(raw, row.now)
            found.append(Value(f"{row.name}-v{j}", raw, proposed.seen.get(raw, 0), meant))
        return sorted(found, key=lambda v: (v.meant != "", -v.count))

    def _options(self, row: Row, *, whole: bool) -> Options:
        """What the column may be: what it seems to be first, then everything there is."""
        proposed = self.draft.proposed.tables[row.table].columns[row.column]
        likely = dict.fromkeys(
            [row.now.target, proposed.target, *proposed.alternatives, row.now.sensitive, IGNORE]
        )
        first = [(t, picks.label(t, self.choices)) for t in likely if t]
        options: Options = [(sentence("web.mapping.likely"), first)]
        if not whole:
            more = [(picks.OTHER, sentence("web.mapping.other"))]
            return [*options, (sentence("web.mapping.more"), more)]
        own = sentence("web.mapping.own-step")
        for choice in self.choices.values():
            if choice.target in likely:
                continue
            if options[-1][0] != choice.heading:
                options.append((choice.heading, []))
                if choice.group == "milestones":
                    options[-1][1].append(("milestones.", own))
            options[-1][1].append((choice.target, choice.label))
        return options


def _tag(proposed: LookedColumn, picked: bool) -> str:
    if picked:
        return "picked"
    if proposed.remembered:
        return "remembered"
    sure = proposed.sure
    return "sure" if sure >= SURE else "likely" if sure >= LIKELY else "look"


# -- the page


@needs("records.bring")
@require_http_methods(["GET", "POST"])
def mapping(request: HttpRequest, program: Program, upload: str) -> HttpResponse:
    """The proposal column by column; saved as a draft; imported when it is whole."""
    given = get_object_or_404(
        Upload.objects.select_related("by", "edited_by"), uid=upload, program=program
    )
    given.program = program
    importing.settle(given)
    elsewhere = _elsewhere(request, program, given)
    if elsewhere is not None:
        return elsewhere
    draft = Draft.of(given)
    if request.method == "GET":
        return _page(request, program, given, draft)
    said = draft.having(picks.read(request.POST, draft))
    if not _saved(request, given, said):
        return _conflict(request, program, given, said)
    if request.POST.get("draft"):
        return JsonResponse({"version": given.version, "says": _saved_at()})
    if request.POST.get("do") == "import":
        return _import(request, program, given, said)
    opened = [k.removesuffix("-target") for k, v in request.POST.items() if v == picks.OTHER]
    if opened:  # everything that these columns may be was asked for
        return _page(request, program, given, said, opened=opened)
    messages.success(request, _saved_at())
    response = redirect("records-mapping", program.uid, given.uid)
    if request.POST.get("move"):
        response["Location"] += "#journey"
    return response


def _elsewhere(request: HttpRequest, program: Program, upload: Upload) -> HttpResponse | None:
    """Where a person goes whose file is not waiting for picks."""
    job = importing.at_work(upload)
    if job is not None and upload.state in (State.RECEIVED, State.IMPORTING):
        if request.POST.get("draft"):
            return JsonResponse({"says": sentence("web.mapping.importing")}, status=409)
        return redirect("work", program.uid, job.uid)
    if upload.state == State.IMPORTED:
        made = importing.brought_before(program, upload.sha256)
        if made is not None:
            return redirect("records-was", program.uid, made.uid)
    here = upload.file.is_file()
    if upload.state in (State.READY, State.FAILED) and upload.looked is not None and here:
        return None
    unreadable = upload.state == State.FAILED and upload.looked is None
    which = (
        "unreadable" if unreadable
        else "aside" if upload.state == State.SET_ASIDE
        else "waits" if here
        else "gone"
    )  # fmt: skip
    return render(
        request,
        "web/mapping_none.html",
        {
            "upload": upload,
            "which": which,
            "title": f"web.mapping.none-{which}",
            "says": f"web.mapping.none-{which}-next",
            "problems": work.problems(upload.problem) if unreadable else (),
        },
        status=200 if request.method == "GET" else 409,
    )


def _page(
    request: HttpRequest, program: Program, upload: Upload, draft: Draft, *,
    mend: Sequence[Problem] = (), theirs: Sequence[Mapping[str, str]] | None = None,
    opened: Sequence[str] = (), status: int = 200,
) -> HttpResponse:  # fmt: skip
    """The page; `mend` is what keeps the file from being imported, when someone tried."""
    page = _Page(draft)
    failed = work.problems(upload.problem) if upload.state == State.FAILED and not mend else ()
    sheets = page.sheets(mend or failed, opened)
    looked = page.looked
    wrong = [(r, p) for s in sheets for r in s.rows for p in r.wrong]
    before = importing.brought_before(program, upload.sha256)
    return render(
        request,
        "web/mapping.html",
        {
            "upload": upload,
            "looked": looked,
            "sheets": sheets,
            "rows": sum(t.rows for t in looked.tables),
            "columns": sum(len(t.columns) for t in looked.tables),
            "look": sum(len(s.first) for s in sheets),
            "wrong": wrong,
            "loose": page.loose,
            "failed": bool(failed),
            "theirs": theirs,
            "noticed": _noticed(looked),
            "files": importing.files(program),
            "replaces": draft.replaces or "",
            "remembered": [p.rsplit("/", 1)[-1] for p in looked.remembered],
            "before": before,
            "kinds": _kinds(),
            "dates": [(d, f"web.mapping.dates-{d}") for d in picks.DATES],
            "milestones": [(m.key, word(m.label)) for m in looked.milestones],
        },
        status=status,
    )


def _kinds() -> list[tuple[str, str]]:
    names = [JOURNEYS, *(t for t in TABLES if t not in ("participants", "enrolments"))]
    return [(n, sentence(f"web.mapping.rows-{n}" if n in (JOURNEYS, "milestones")
                         else f"choice.table-{n}")) for n in names]  # fmt: skip


def _noticed(looked: Looked) -> list[tuple[Problem, int]]:
    """What was seen while reading; the same of several tabs once. Doubts stand at their columns."""
    seen: dict[str, Problem] = {}
    times = Counter(p.code for p in looked.problems)
    for problem in looked.problems:
        if problem.code not in DOUBTS:
            seen.setdefault(problem.code, problem)
    return [(p, times[p.code] - 1) for p in seen.values()]


# -- saving


def _saved(request: HttpRequest, upload: Upload, said: Draft) -> bool:
    """Keep the picks, when nobody saved since this person's page was made."""
    try:
        version = int(request.POST.get("version", ""))
    except ValueError:
        version = -1
    return importing.save(upload, said, version=version, by=me(request))


def _saved_at() -> str:
    time = formats.time_format(timezone.localtime(clock.now()).time(), "TIME_FORMAT")
    return sentence("web.mapping.saved", {"time": time})


def _conflict(request: HttpRequest, program: Program, upload: Upload, mine: Draft) -> HttpResponse:
    """Someone saved meanwhile: say who, when and what differs; overwrite nothing."""
    upload.refresh_from_db()
    who = str(upload.edited_by) if upload.edited_by else ""
    if request.POST.get("draft"):
        return JsonResponse({"says": sentence("web.mapping.moved", {"who": who})}, status=409)
    if upload.state not in (State.READY, State.FAILED) or upload.looked is None:
        return redirect("records-mapping", program.uid, upload.uid)
    theirs = Draft.of(upload)
    return _page(request, program, upload, mine, theirs=_differences(mine, theirs), status=409)


def _differences(mine: Draft, theirs: Draft) -> list[Mapping[str, str]]:
    """Columns, names and choices that two drafts of one file have otherwise."""
    one, other = mine.tried()[0], theirs.tried()[0]
    choices = picks.known((*one.milestones, *other.milestones))
    found: list[Mapping[str, str]] = []
    for table, their in zip(one.tables, other.tables, strict=True):
        for a, b in zip(table.columns, their.columns, strict=True):
            if a.target != b.target:
                pair = (picks.label(a.target, choices), picks.label(b.target, choices))
            elif dict(a.values) != dict(b.values):
                pair = (_values_said(a, b, choices), _values_said(b, a, choices))
            elif a.because != b.because:
                pair = (a.because, b.because)
            else:
                continue
            found.append({"what": picks.column_name(a.header), "mine": pair[0], "theirs": pair[1]})
    steps = [", ".join(word(m.label) for m in x.milestones) for x in (one, other)]
    if steps[0] != steps[1]:
        found.append(
            {"what": sentence("web.mapping.journey"), "mine": steps[0], "theirs": steps[1]}
        )
    return found


def _values_said(column: LookedColumn, other: LookedColumn, choices: Choices) -> str:
    words = picks.codes(column.target, choices)
    mine, its = dict(column.values), dict(other.values)
    changed = [raw for raw in {**mine, **its} if mine.get(raw) != its.get(raw)]
    return "; ".join(f"{raw} → {words.get(mine.get(raw, ''), '–')}" for raw in changed[:5])


def _import(request: HttpRequest, program: Program, upload: Upload, draft: Draft) -> HttpResponse:
    """Start the import, or show what must be mended first."""
    wrong = importing.keeps_from(upload, draft)
    if wrong:
        return _page(request, program, upload, draft, mend=wrong, status=422)
    job = importing.start(upload, me(request))
    if job is None:
        return redirect("records-mapping", program.uid, upload.uid)
    return redirect("work", program.uid, job.uid)


# -- one column again, with another meaning


@needs("records.bring")
@require_GET
def column(
    request: HttpRequest, program: Program, upload: str, table: int, column: int
) -> HttpResponse:
    """One column as it would be with what was picked; nothing is saved here."""
    given = get_object_or_404(Upload, uid=upload, program=program)
    if given.looked is None:
        raise Http404
    draft = Draft.of(given)
    tables = draft.proposed.tables
    if table >= len(tables) or column >= len(tables[table].columns):
        raise Http404
    said = picks.read(request.GET, draft)
    picked = said.of(table, column)
    columns = {**draft.picks.columns}
    columns[table] = {**columns.get(table, {}), column: picked}
    whole = request.GET.get(f"c{table}-{column}-target") == picks.OTHER or "whole" in request.GET
    trial = draft.having(Picks(**{**draft.picks.model_dump(), "columns": columns}))
    row = _Page(trial).row(table, column, whole=whole)
    row = replace(row, tag="picked" if picked != Pick() else row.tag)
    context: dict[str, Any] = {"row": row, "upload": given}
    return render(request, "web/mapping_column.html", context)


urls = [
    path("p/<slug:program>/records/<slug:upload>/", mapping, name="records-mapping"),
    path(
        "p/<slug:program>/records/<slug:upload>/column/<int:table>/<int:column>/",
        column,
        name="records-column",
    ),
]
