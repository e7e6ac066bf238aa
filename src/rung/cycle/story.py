"""Everything a lab declares, answered: the sections of a run and of a brief, not yet released."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rung.cycle import discover
from rung.cycle.outcome import AnyAnswer, Progress
from rung.errors import PlanError
from rung.learning.declared import run_test
from rung.learning.settings import DeclaredTest
from rung.messages import sentence
from rung.records import packaged, read
from rung.records.lab import Lab
from rung.records.query import Session


@dataclass(frozen=True)
class Section:
    """A question and its answers, in the order they are read."""

    key: str
    title: str
    answers: tuple[AnyAnswer, ...]


def quiet(_what: str, _share: float) -> None:
    """Progress that no one watches."""


def tests(lab: Lab) -> tuple[DeclaredTest, ...]:
    """The tests that a lab declares."""
    return lab.sections("tests", DeclaredTest)


def sections(
    lab: Lab, progress: Progress = quiet, *, only: Collection[str] | None = None
) -> tuple[Section, ...]:
    """Discovery ("journey", "whom"), when the lab has milestones, then each declared test.

    `only` names the sections to keep by key; raises PlanError for one the lab does not have.
    """
    declared = tests(lab)
    known = (*(("journey", "whom") if lab.milestones else ()), *(t.key for t in declared))
    wanted = set(known if only is None else only)
    if not wanted <= set(known):
        raise PlanError("PLAN-choice", option="sections", allowed=", ".join(known))
    found: list[Section] = []
    if wanted & {"journey", "whom"}:
        progress(sentence("label.doing-diagnose"), 0)
        answers = discover.found(lab)
        parts = {"journey": answers[:2], "whom": answers[2:]}
        for key, some in parts.items():
            if some and key in wanted:
                found.append(Section(key, sentence(f"label.section-{key}"), some))
    for i, test in enumerate(declared, 1):
        if test.key in wanted:
            progress(test.label, i / (len(declared) + 1))
            found.append(Section(test.key, test.label, _test(lab, test)))
    return tuple(found)


def _test(lab: Lab, test: DeclaredTest) -> tuple[AnyAnswer, ...]:
    with _rows(lab, test) as (session, file):
        return run_test(session, test, view=test.table, inputs=(lab.digest(file),))


@contextmanager
def _rows(lab: Lab, test: DeclaredTest) -> Iterator[tuple[Session, Path]]:
    """A session in which the test's rows are a table, and the file they come from."""
    with TemporaryDirectory(prefix="rung-") as work, lab.session() as session:
        if test.file:
            packaged.fetch(lab)
            file = lab.path / test.file
            read.attach(session, test.table, file, Path(work))
            yield session, file
        else:
            yield session, lab.need(test.table)


def flat(found: tuple[Section, ...]) -> Iterator[AnyAnswer]:
    """Every answer of every section, in order."""
    for section in found:
        yield from section.answers
