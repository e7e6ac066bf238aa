"""The fix list: what is wrong in the records, worst first, and who can mend it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import cast

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_GET

from rung import cycle
from rung.errors import Problem, worst_first
from rung.web import importing, store, work
from rung.web.access import needs
from rung.web.models import Generation, Program

WIDTH = 160  # of the longest bar
PLACES = 12  # listed of one problem; the workbook has all


@dataclass
class Fix:
    """One kind of problem, wherever it is."""

    worst: Problem
    rows: int = 0
    places: list[Problem] = field(default_factory=list)

    @property
    def owner(self) -> str:
        """Whose it is, as a key of the catalogue."""
        return f"web.fixes.owner-{self.who}"

    @property
    def who(self) -> str:
        """Who can mend it."""
        return importing.kind_of(self.worst)[2]

    @property
    def more(self) -> int:
        """How many other places there are."""
        return len(self.places) - 1

    @property
    def others(self) -> list[Problem]:
        """The first of the other places."""
        return self.places[1 : PLACES + 1]

    @property
    def rest(self) -> int:
        """How many more places there are."""
        return max(0, len(self.places) - 1 - PLACES)


@dataclass(frozen=True)
class Point:
    """What one import counted, for the table over time."""

    generation: Generation
    rows: int
    width: int


def grouped(problems: Iterable[Problem]) -> list[Fix]:
    """The problems by kind and owner, worst first."""
    found: dict[tuple[str, str, str], Fix] = {}
    for problem in worst_first(problems):
        fix = found.setdefault(importing.kind_of(problem), Fix(problem))
        fix.places.append(problem)
        fix.rows += problem.rows or 0
    return sorted(found.values(), key=lambda f: (f.worst.weight != "break", -f.rows))


@needs("fixes.see")
@require_GET
def fixes(request: HttpRequest, program: Program) -> HttpResponse:
    """What to mend, how many rows, what to do, whose it is, and whether it gets less."""
    made = program.generation
    everything = grouped(cycle.problems(store.folder(made))) if made else []
    found = [f for f in everything if f.worst.code not in importing.NOTES]
    who = request.GET.get("who", "")
    owners = [(o, f"web.fixes.owner-{o}", sum(f.who == o for f in found)) for o in importing.OWNERS]
    shown = [f for f in found if not who or f.who == who]
    return render(
        request,
        "web/fixes.html",
        {
            "fixes": shown,
            "count": len(found),
            "notes": [f for f in everything if f not in found],
            "rows": sum(f.rows for f in found),
            "owners": [o for o in owners if o[2]],
            "who": who,
            "points": _over_time(made),
        },
    )


def _over_time(made: Generation | None) -> list[Point]:
    """Every import on the way to the current one, oldest first."""
    told = []
    for generation in importing.chain(made):
        listed = generation.summary.get("problems")
        if listed is not None:
            mend = [p for p in work.problems(listed) if p.code not in importing.NOTES]
            told.append((generation, sum(p.rows or 0 for p in mend)))
    most = max((rows for _, rows in told), default=0) or 1
    return [Point(g, rows, round(WIDTH * rows / most)) for g, rows in reversed(told)]


@needs("fixes.download")
@require_GET
def download(request: HttpRequest, program: Program) -> HttpResponse:
    """The workbook with the cells marked: it names people, so it goes to staff alone."""
    if program.generation is None:
        return redirect("fixes", program.uid)
    workbook = cycle.fix_list(store.folder(program.generation))
    file = FileResponse(workbook.open("rb"), as_attachment=True, filename="fix-list.xlsx")
    return cast("HttpResponse", file)


urls = [
    path("p/<slug:program>/fixes/", fixes, name="fixes"),
    path("p/<slug:program>/fixes/download/", download, name="fixes-download"),
]
