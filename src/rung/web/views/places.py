"""A place beside the places like it, from a published file that someone brings.

The data are public, so there is one view, which anyone may be shown. The file is kept as a
convenience (`published/`, the last few of the web lab), so that it need not be brought for every
question; the program's document says which one is looked at.
"""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET

from rung import cycle, messages
from rung.documents import Document
from rung.errors import Problem, RungError
from rung.messages import sentence
from rung.share import say
from rung.share.release import AnyAnswer, Released
from rung.web import answers, place, receiving
from rung.web.access import MAY, asked, needs
from rung.web.models import Paper, Program
from rung.web.store import DatabaseStore

KIND = NAME = "places"
KEPT = 20
"""Files kept of the whole web lab; the one used longest ago goes first."""
MOST_NAMES = 5_000
"""Places offered by name; tracts and ZIP codes are written as codes."""


class Ask(forms.Form):
    """Which place, by what, beside how many, and over what the map goes."""

    place = forms.CharField(max_length=100)
    measure = forms.CharField(max_length=200, required=False)
    peers = forms.IntegerField(min_value=1, max_value=500, initial=10)
    like = forms.CharField(max_length=300, required=False)
    over = forms.ChoiceField(choices=[("state", ""), ("nation", "")], required=False)


@dataclass(frozen=True)
class Held:
    """What a kept file holds: its kind, measures, and places by code and name."""

    file: Path
    name: str
    kind: str
    level: str
    measures: tuple[str, ...]
    named: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Shown:
    """What the page says of a place."""

    title: str
    finding: SafeString
    told: tuple[str, ...]
    articles: tuple[SafeString, ...]


@needs("places.see")
@require_GET
def look(request: HttpRequest, program: Program) -> HttpResponse:
    """The place that is asked for; else what to bring, or what to ask."""
    held = _held(program)
    form = Ask(request.GET) if held and "place" in request.GET else Ask(initial={"peers": 10})
    if not held or not form.is_bound or not form.is_valid():
        return _page(request, program, held, form)
    try:
        return _page(request, program, held, form, shown=_asked(program, held, form.cleaned_data))
    except RungError as wrong:
        return _page(request, program, held, form, problems=wrong.problems)


@receiving.brings("places.bring")
def bring(request: HttpRequest, program: Program) -> HttpResponse:
    """Keep the file if it is one that Rung knows; the body is read here and not before."""
    received = request.FILES.get("file")
    problem = None
    if receiving.too_large(request):
        most = settings.UPLOAD_BYTES >> 20
        problem = Problem(code="WEB-too-large", params={"most": most}, weight="break")
    elif not isinstance(received, receiving.Received):
        problem = Problem(code="WEB-no-file", weight="break")
    else:
        try:
            _take(received, program)
        except RungError as wrong:
            return _page(request, program, _held(program), Ask(), problems=wrong.problems)
    if problem is not None:
        return _page(request, program, _held(program), Ask(), problems=(problem,))
    return redirect("places", program.uid)


# -- the file


def _published() -> Path:
    return place.home() / "published"


def _take(received: receiving.Received, program: Program) -> None:
    """Move the file to its place and see what it is; RecordsError when Rung does not know it."""
    plain = re.sub(r"[^\w.\- ]", "_", Path(received.name or "").name)[-100:].lstrip(". ")
    folder = _published() / received.sha256
    file = folder / (plain or "file")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # another program may have brought it too
    received.place.rename(file)
    try:
        cycle.place_file(file)
    except RungError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    os.utime(folder)
    DatabaseStore(program).put(
        NAME, Document(KIND, 1, {"sha256": received.sha256, "file": file.name})
    )
    kept = sorted(_published().iterdir(), key=lambda f: f.stat().st_mtime, reverse=True)
    for old in kept[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)


def _held(program: Program) -> Held | None:
    """The file that this program looks at; None when there is none, or it is gone."""
    paper = Paper.objects.filter(program=program, kind=KIND, name=NAME).order_by("-number").first()
    if paper is None:
        return None
    body = DatabaseStore(program).get(KIND, NAME, paper.number).body
    file = _published() / str(body["sha256"]) / str(body["file"])
    if not file.is_file():
        return None
    os.utime(file.parent)

    def make() -> Held:
        layout, measures, named = cycle.place_file(file)
        return Held(file, file.name, layout.key, layout.level, measures, named)

    return answers.kept(program, ("place-file", str(body["sha256"]), file.name), make)


# -- the answer


def _asked(program: Program, held: Held, given: dict[str, Any]) -> Shown:
    """What the file says of the place, made once for a question and a language."""
    said = (given["place"], given["measure"], given["peers"], given["like"])
    over = (given["over"] or None) if held.level == "county" else None

    def make() -> Shown:
        return _shown(
            cycle.places(
                held.file,
                place=given["place"],
                measure=given["measure"] or None,
                peers=given["peers"],
                like=cycle.alike(given["like"]),
                with_map=True,
                over=over,
            )
        )

    key = ("place", held.file.parent.name, held.name, *said, over, messages.current())
    return answers.kept(program, key, make)


def _shown(outcome: cycle.Outcome) -> Shown:
    first = outcome[0]
    about = say.caveats(first)
    numbers = [r for r in outcome if r.answer.kind != "table"]
    tables = [r for r in outcome if r.answer.kind == "table"]
    return Shown(
        title=say.headline(first).rstrip("."),
        finding=answers.article(first, 0, drawn=False),
        told=tuple(say.words(r) for r in numbers[1:]),
        articles=tuple(answers.article(r, 2, about) for r in sorted(tables, key=_last_but_peers)),
    )


def _last_but_peers(released: Released[AnyAnswer]) -> int:
    """Peers, then the map, then all measures, then the rest as they come."""
    key = released.answer.method.key
    order = ("place-peers", "place-map", "place-overview")
    return next((i for i, start in enumerate(order) if key.startswith(start)), len(order))


def _page(
    request: HttpRequest,
    program: Program,
    held: Held | None,
    form: Ask,
    *,
    shown: Shown | None = None,
    problems: tuple[Problem, ...] = (),
) -> HttpResponse:
    return render(
        request,
        "web/places.html",
        {
            "form": form,
            "held": held,
            "kind": sentence(f"web.places.kind-{held.kind}") if held else "",
            "level": sentence(f"label.level-{held.level}") if held else "",
            "mapped": held is not None and held.level in ("county", "state"),
            "names": held.named if held and len(held.named) <= MOST_NAMES else (),
            "shown": shown,
            "problems": problems,
            "may_bring": str(asked(request).standing) in MAY["places.bring"],
        },
        status=422 if problems else 200,
    )


urls = [
    path("p/<slug:program>/places/", look, name="places"),
    path("p/<slug:program>/places/file/", bring, name="places-file"),
]
