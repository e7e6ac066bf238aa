"""The whole declared cycle, and its brief: as a page, as a workbook, as text for a web page."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from rung import messages
from rung.cycle import story
from rung.cycle.outcome import Clock, Outcome, Progress, told
from rung.cycle.story import quiet
from rung.documents import Document
from rung.finding import to_json
from rung.messages import sentence
from rung.records import intake, packaged
from rung.records.lab import Lab
from rung.records.mapping import FileMap
from rung.share import brief as page
from rung.share import workbook as book
from rung.share.brief import BriefInput
from rung.share.release import Audience


def _ready(lab: Lab, clock: Clock, progress: Progress) -> None:
    """Fetch packaged data, and import when the lab names files that were not imported yet."""
    packaged.fetch(lab)
    if lab.sections("files", FileMap) and not lab.table("journeys").is_file():
        intake.bring(lab, clock=clock, progress=lambda what, share: progress(what, share / 2))


def prepare(
    lab: Lab,
    *,
    verb: str = "brief",
    audience: Audience | None = None,
    language: str | None = None,
    title: str = "",
    sections: Collection[str] | None = None,
    next_steps: Sequence[str] | None = None,
    recorded: bool = True,
    clock: Clock,
    progress: Progress = quiet,
) -> tuple[Outcome, BriefInput]:
    """Answer and release once; the answers, and all that any face of the brief shows.

    Without `recorded` nobody is given anything yet: nothing is written into the release ledger.

    `sections` keeps some: "journey", "whom", and keys of declared tests (raises PlanError for
    others). `title` and `next_steps` stand in for the ones made from the answers. `language` is
    that of the brief (None: the one spoken now); the outcome's JSON is English all the same.
    """
    _ready(lab, clock, progress)
    with messages.speaking(language):
        found = story.sections(
            lab, lambda what, share: progress(what, 0.5 + share / 2.5), only=sections
        )
        outcome = told(
            verb,
            tuple(story.flat(found)),
            audience=audience,
            exempt=lab.about.public_use,
            today=clock().date(),
            ledger=lab.store if recorded else None,
        )
        if next_steps is None:
            next_steps = _next_steps(lab, outcome)
        return outcome, _input(lab, outcome, found, title, next_steps)


def _input(
    lab: Lab,
    outcome: Outcome,
    sections: Sequence[story.Section],
    title: str,
    next_steps: Sequence[str],
) -> BriefInput:
    released = iter(outcome.answers)
    days = {r.answer.origin.as_of for r in outcome.answers if r.answer.origin.as_of}
    day = lab.clock.as_of
    return BriefInput(
        title=title,
        provider=lab.about.provider,
        program=lab.about.program,
        audience=outcome.audience,
        as_of=day.isoformat() if day else max(days, default=""),
        phase="discovery" if lab.milestones else "learning",
        sections=tuple(
            page.Section(s.title, tuple(islice(released, len(s.answers)))) for s in sections
        ),
        next_steps=tuple(next_steps),
        command=f"rung run {lab.path.name}",
        language=messages.current(),
    )


def brief_page(
    lab: Lab,
    *,
    audience: Audience | None = None,
    language: str | None = None,
    title: str = "",
    sections: Collection[str] | None = None,
    clock: Clock,
    progress: Progress = quiet,
) -> tuple[Outcome, str]:
    """The brief as HTML text, without writing a file. See `prepare`."""
    outcome, shown = prepare(
        lab,
        audience=audience,
        language=language,
        title=title,
        sections=sections,
        clock=clock,
        progress=progress,
    )
    return outcome, page.html(shown)


def brief(
    lab: Lab,
    *,
    out: Path | None = None,
    audience: Audience | None = None,
    language: str | None = None,
    xlsx: bool = False,
    clock: Clock,
    progress: Progress = quiet,
) -> Outcome:
    """Write the brief: one HTML file, with `xlsx` also a workbook beside it.

    Returns its answers and where the files are.
    """
    outcome, shown = prepare(
        lab, audience=audience, language=language, clock=clock, progress=progress
    )
    file = out or lab.path / "out"
    if out is None or out.is_dir():
        file /= _name(shown)
    files = [_write(shown, file)]
    if xlsx:
        files.append(book.write(file.with_suffix(".xlsx"), shown))
    return replace(outcome, files=tuple(files))


def workbook(
    lab: Lab,
    *,
    out: Path | None = None,
    audience: Audience | None = None,
    language: str | None = None,
    clock: Clock,
    progress: Progress = quiet,
) -> Outcome:
    """Write the brief as an Excel workbook alone. Returns its answers and where it is."""
    outcome, shown = prepare(
        lab, audience=audience, language=language, clock=clock, progress=progress
    )
    file = out or lab.path / "out"
    if out is None or out.is_dir():
        file = (file / _name(shown)).with_suffix(".xlsx")
    return replace(outcome, files=(book.write(file, shown),))


def run(
    lab: Lab,
    *,
    audience: Audience | None = None,
    language: str | None = None,
    clock: Clock,
    progress: Progress = quiet,
) -> Outcome:
    """Everything the lab declares: import, diagnosis, tests; findings kept, brief written."""
    outcome, shown = prepare(
        lab, verb="run", audience=audience, language=language, clock=clock, progress=progress
    )
    file = _write(shown, lab.path / "out" / _name(shown))
    if outcome.audience.kind == "inside":
        kept = {
            "answers": [to_json(r.answer) for r in outcome.answers],
            "inputs": outcome.provenance["inputs"],
        }
        lab.store.put("run", Document("findings", 1, kept))
    return replace(outcome, files=(file,))


def _name(shown: BriefInput) -> str:
    other = "" if shown.language == "en" else f"-{shown.language}"
    return f"brief-{shown.audience.kind}{other}.html"


def _write(shown: BriefInput, file: Path) -> Path:
    """Write the page, whole or not at all."""
    text = page.html(shown)
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".writing")
    part.write_text(text, "utf-8")
    part.replace(file)
    return file


def _next_steps(lab: Lab, outcome: Outcome) -> tuple[str, ...]:
    """What a program manager can do with these answers."""
    steps = []
    kinds = {r.answer.method.key for r in outcome.answers if r.answer.kind == "finding"}
    if "bottleneck" in kinds:
        steps.append(sentence("label.next-bottleneck"))
    if "gap" in kinds:
        steps.append(sentence("label.next-gap"))
    if any(r.answer.kind == "refusal" for r in outcome.answers):
        steps.append(sentence("label.next-refusal"))
    if story.tests(lab):
        steps.append(sentence("label.next-test"))
    return tuple(steps)
