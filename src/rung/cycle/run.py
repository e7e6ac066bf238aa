"""The whole declared cycle, and its brief."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

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
from rung.share.release import Audience


def _ready(lab: Lab, clock: Clock, progress: Progress) -> None:
    """Fetch packaged data, and import when the lab names files that were not imported yet."""
    packaged.fetch(lab)
    if lab.sections("files", FileMap) and not lab.table("journeys").is_file():
        intake.bring(lab, clock=clock, progress=lambda what, share: progress(what, share / 2))


def _answered(
    verb: str, lab: Lab, audience: Audience | None, clock: Clock, progress: Progress
) -> tuple[Outcome, tuple[story.Section, ...]]:
    _ready(lab, clock, progress)
    sections = story.sections(lab, lambda what, share: progress(what, 0.5 + share / 2.5))
    outcome = told(
        verb,
        tuple(story.flat(sections)),
        audience=audience,
        exempt=lab.about.public_use,
        today=clock().date(),
        ledger=lab.store,
    )
    return outcome, sections


def brief(
    lab: Lab,
    *,
    out: Path | None = None,
    audience: Audience | None = None,
    clock: Clock,
    progress: Progress = quiet,
) -> Outcome:
    """Write the brief: one HTML file. Returns its answers and where it is."""
    outcome, sections = _answered("brief", lab, audience, clock, progress)
    name = f"brief-{outcome.audience.kind}.html"
    file = out or lab.path / "out"
    if out is None or out.is_dir():
        file /= name
    _page(lab, outcome, sections, file)
    return replace(outcome, files=(file,))


def run(
    lab: Lab, *, audience: Audience | None = None, clock: Clock, progress: Progress = quiet
) -> Outcome:
    """Everything the lab declares: import, diagnosis, tests; findings kept, brief written."""
    outcome, sections = _answered("run", lab, audience, clock, progress)
    file = lab.path / "out" / f"brief-{outcome.audience.kind}.html"
    _page(lab, outcome, sections, file)
    if outcome.audience.kind == "inside":
        kept = {"answers": [to_json(r.answer) for r in outcome.answers]}
        lab.store.put("run", Document("findings", 1, kept))
    return replace(outcome, files=(file,))


def _page(lab: Lab, outcome: Outcome, sections: Sequence[story.Section], file: Path) -> None:
    released = iter(outcome.answers)
    days = {r.answer.origin.as_of for r in outcome.answers if r.answer.origin.as_of}
    day = lab.clock.as_of
    text = page.html(
        page.BriefInput(
            title="",
            provider=lab.about.provider,
            program=lab.about.program,
            audience=outcome.audience,
            as_of=day.isoformat() if day else max(days, default=""),
            phase="discovery" if lab.milestones else "learning",
            sections=tuple(
                page.Section(s.title, tuple(islice(released, len(s.answers)))) for s in sections
            ),
            next_steps=_next_steps(lab, outcome),
            command=f"rung run {lab.path.name}",
        )
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".writing")
    part.write_text(text, "utf-8")
    part.replace(file)


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
