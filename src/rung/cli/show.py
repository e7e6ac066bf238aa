"""Printing: a title line, a table that fits 100 columns, one sentence, the next command.

Standard output gets either words or exactly one JSON document; progress and errors go to standard
error. Colour is for structure alone, and off when the output is not a terminal.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

from rung.cli import lines
from rung.errors import Problem, RungError
from rung.messages import sentence

if TYPE_CHECKING:
    from rung.cycle.demo import Demo
    from rung.cycle.forget import Forgotten
    from rung.cycle.outcome import AnyAnswer, Outcome
    from rung.cycle.start import Checked, Started, Written
    from rung.records.intake import Imported
    from rung.records.pirl.bring import Brought
    from rung.share.release import Released
    from rung.share.tables import Align, Grid

WIDTH = 100
SURE = 0.75  # below it a person is asked to look


def _console(*, err: bool = False) -> Console:
    console = Console(stderr=err, highlight=False, soft_wrap=False)
    if not console.is_terminal:
        console.width = WIDTH
    return console


def _say(console: Console, text: str, style: str = "", *, first: str = "", hang: str = "") -> None:
    """A paragraph, within the page; `first` stands before its first line, `hang` before others."""
    page = min(console.width, WIDTH)
    for line in lines.filled(text, page, hang, first).split("\n"):
        console.print(line, style=style, markup=False, soft_wrap=True)


def _table(console: Console, made: Grid, strong: Sequence[int] = ()) -> None:
    """A table in whole words, its heads dim and its `strong` rows bold."""
    shown = lines.laid(
        [h.label for h in made.heads],
        [h.align for h in made.heads],
        [[cell.text for cell in row] for row in made.rows],
        console.width,
    )
    for line in shown.heads:
        console.print(line, style="dim", markup=False, soft_wrap=True)
    for i, row in enumerate(shown.rows):
        for line in row:
            console.print(line, style="bold" if i in strong else "", markup=False, soft_wrap=True)


def _grid(heads: Sequence[tuple[str, Align]], rows: Sequence[Sequence[str]]) -> Grid:
    """A table that is no answer's."""
    from rung.share.tables import Grid, Head, Text

    labels = tuple(Head(sentence(key) if key else "", side) for key, side in heads)
    return Grid("", labels, tuple(tuple(Text(cell) for cell in row) for row in rows))


def _json(document: Mapping[str, Any]) -> None:
    from rung.share.contract import json_text

    sys.stdout.write(json_text(document))


@contextmanager
def progress(as_json: bool) -> Iterator[Callable[[str, float], None]]:
    """A bar on standard error for what takes more than a second; silent when not a terminal."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = _console(err=True)
    if as_json or not console.is_terminal:
        yield lambda _what, _share: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, refresh_per_second=4) as bar:
        task = bar.add_task("", total=1.0, visible=False, start=True)

        def step(what: str, share: float) -> None:
            # shown from the second second on: what is quick needs no bar
            late = (bar.tasks[0].elapsed or 0) > 1
            bar.update(task, description=escape(what), completed=share, visible=late)

        yield step


def error(failure: RungError, *, as_json: bool) -> int:
    """Print an error's four parts; returns the exit status."""
    if as_json:
        _json(failure.to_json())
        return failure.exit_status
    console = _console(err=True)
    most = 5 if failure.exit_status == 10 else 20  # settings are few, and mended together
    for problem in failure.problems[:most]:
        _say(console, problem.what(), "bold")
        told = {"where": _where(problem), "expected": problem.expected(), "next": problem.next()}
        for part, said in told.items():
            if said:
                _say(console, f"{sentence(f'label.{part}')}: {said}", first="  ", hang="  ")
    more = len(failure.problems) - most
    if more > 0:
        _say(console, sentence("label.more-problems", {"n": more}))
    console.print(f"[dim]{failure.code}[/dim]")
    return failure.exit_status


def _where(problem: Problem) -> str:
    parts = [p for p in (problem.table, problem.column) if p]
    if problem.rows is not None:
        parts.append(sentence("label.rows", {"n": problem.rows}))
    if problem.first_rows:
        rows = ", ".join(f"{r:,}" for r in problem.first_rows)
        parts.append(sentence("label.first-rows", {"rows": rows}))
    return " · ".join(parts)


def outcome(done: Outcome, *, as_json: bool, next_step: str = "") -> None:
    """Print a verb's answers: for each its sentence, its table, its caveats."""
    if as_json:
        _json(done.to_json())
        return
    console = _console()
    audience = sentence(f"label.audience-{done.audience.kind}")
    console.print(f"[dim]{escape(audience)}[/dim]")
    said: set[str] = set()
    for released in done.answers:
        _answer(console, released, said, grids=done.verb not in ("run", "brief"))
    files(console, done.files)
    if next_step:
        _next(console, next_step)


def _next(console: Console, step: str) -> None:
    """The next command stands on a line of its own."""
    console.print()
    _say(console, f"{sentence('label.next')}: {step}")


def _answer(
    console: Console, released: Released[AnyAnswer], said: set[str], *, grids: bool
) -> None:
    """One answer; a caveat that was said above is not said again.

    Without `grids` only what is one number is told: a brief holds the tables.
    """
    if not grids and released.answer.kind == "table":
        return
    from rung.share import say, tables

    console.print()
    _say(console, say.words(released), "bold")
    if released.answer.kind == "table":
        short = _short(released)
        _table(console, tables.table(released, narrow=True) if short else tables.shares(released))
    for note in say.caveats(released):
        if note not in said:
            said.add(note)
            _say(console, note, "dim", first="  · ", hang="    ")


def _short(released: Released[AnyAnswer]) -> bool:
    """Whether a table fits a screen as it is; a journey by group does not."""
    answer = released.answer
    return not (answer.kind == "table" and answer.name == "journey" and len(answer.dimensions) > 1)


def files(console: Console, paths: Sequence[Path]) -> None:
    """Where the files went."""
    for path in paths:
        _say(console, sentence("label.written", {"file": str(path)}))


def problems(console: Console, found: Sequence[Problem], most: int = 20) -> None:
    """Problems worst first: how many rows, where, what, what to do, whose."""
    if not found:
        _say(console, sentence("label.no-problems"))
        return
    rows = [
        (
            "" if p.rows is None else f"{p.rows:,}",
            " · ".join(x for x in (p.table, p.column) if x),
            p.what(),
            p.owner or "",
        )
        for p in found[:most]
    ]
    heads: list[tuple[str, Align]] = [("label.column-rows", "right")]
    heads += [(f"label.column-{name}", "left") for name in ("where", "what", "owner")]
    breaking = [i for i, p in enumerate(found[:most]) if p.weight == "break"]
    _table(console, _grid(heads, rows), breaking)
    if len(found) > most:
        _say(console, sentence("label.more-problems", {"n": len(found) - most}))


def written(done: Written, *, as_json: bool, verb: str) -> None:
    """Files that a verb wrote, with a sentence each."""
    if as_json:
        _document(verb, done.to_json())
        return
    console = _console()
    for line in done.lines:
        _say(console, line)
    files(console, done.files)
    if done.next_step:
        _next(console, done.next_step)


def forgotten(done: Forgotten, *, as_json: bool) -> None:
    """What forgetting removed, which files still have the person, and what had counted them."""
    if as_json:
        _document("forget", done.to_json())
        return
    console = _console()
    for line in (sentence("label.forgotten", {"n": sum(done.removed.values())}), *done.lines):
        _say(console, line)


def started(made: Started, *, as_json: bool) -> None:
    """A new lab: which column goes where, what a person should look at, what the import found."""
    if as_json:
        _document("init", made.to_json())
        if made.failed is not None:
            raise SystemExit(made.failed.exit_status)
        return
    console = _console()
    _say(console, sentence("label.lab-made", {"lab": str(made.lab)}))
    rows = [
        (
            " ".join(m.header.split()),
            m.target,
            sentence("label.look-at-this") if m.sure < SURE else "",
        )
        for found in made.proposed.matches
        for m in found
    ]
    _table(
        console,
        _grid(
            [("label.column-header", "left"), ("label.column-target", "left"), ("", "left")], rows
        ),
    )
    unsure = len(made.proposed.unsure)
    if unsure:
        _say(console, sentence("label.unsure", {"n": unsure}))
    if made.failed is not None:
        error(made.failed, as_json=False)
        raise SystemExit(made.failed.exit_status)
    if made.imported is not None:
        _imported(console, made.imported)
    _next(console, f"rung diagnose {made.lab}")


def brought(done: Brought, *, as_json: bool) -> None:
    """Print what an import of federal records counted, and which checks wait."""
    if as_json:
        _document("import", done.to_json())
        return
    console = _console()
    _federal(console, done)
    _next(console, f"rung wioa {done.lab} --report PY2025Q4")


def _federal(console: Console, done: Brought) -> None:
    told: dict[str, int | str] = {
        "rows": done.rows,
        "people": done.people,
        "as_of": done.as_of.isoformat(),
    }
    _say(console, sentence("label.pirl-imported", told), "bold")
    problems(console, done.problems)
    if done.waiting:
        waiting = ", ".join(sentence(f"label.pirl-stage-{s}") for s in done.waiting)
        _say(console, sentence("label.pirl-waiting", {"stages": waiting}))


def checked(done: Checked, *, as_json: bool) -> None:
    """What a check found, worst first, and where the fix list is."""
    if as_json:
        _document("check", done.to_json())
        return
    console = _console()
    if done.federal is not None:
        _federal(console, done.federal)
    elif done.imported is not None:
        _imported(console, done.imported)
    else:
        problems(console, done.report.problems)
    files(console, done.files)


def _imported(console: Console, done: Imported) -> None:
    kept = {"people": done.people, "rows": sum(f.rows for f in done.report.files)}
    console.print()
    _say(console, sentence("label.imported", kept))
    if done.changes is not None:
        _say(console, sentence("label.changes", dict(done.changes)))
    if done.review:
        _say(console, sentence("label.review", {"n": done.review}))
    problems(console, done.problems)


def demo(shown: Demo, *, as_json: bool) -> None:
    """The short summary of the demo: a sentence an answer, and where the briefs are."""
    if as_json:
        _document("demo", shown.to_json())
        return
    from rung.share import say

    console = _console()
    for title, outcome_ in (("label.demo-nsw", shown.nsw), ("label.demo-provider", shown.provider)):
        console.print()
        _say(console, sentence(title), "bold")
        for released in outcome_.answers:
            if released.answer.kind == "finding":
                _say(console, say.words(released), first="  ", hang="  ")
    console.print()
    _say(console, sentence("label.demo-records"), "bold")
    problems(console, shown.imported.problems, most=6)
    console.print()
    files(console, shown.briefs)


def _document(verb: str, about: Mapping[str, Any]) -> None:
    """One JSON document for a verb whose result is not an answer."""
    from rung.share import contract
    from rung.share.release import Inside

    document = contract.envelope(verb, (), audience=Inside(), provenance={})
    _json({**document, **about})
