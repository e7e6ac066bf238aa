"""A simulated provider to look around in; or, as first program, the lab that was there before."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from django.db import transaction

from rung import cycle
from rung.cycle.sample import PROGRAM, PROVIDER
from rung.cycle.sample import sample as simulated
from rung.records.lab import Lab
from rung.web import answers, clock, work
from rung.web.models import Generation, Job, Organisation, Program
from rung.web.store import DatabaseStore


def ask() -> Job | None:
    """Ask a worker for the sample, in a lab that has nothing else and where nobody is at it."""
    with transaction.atomic():
        program = Program.objects.filter(sample=True, generation=None).first()
        if program is None:
            if Organisation.objects.exists():
                return None
            provider = Organisation.objects.create(name=PROVIDER)
            program = Program.objects.create(organisation=provider, name=PROGRAM, sample=True)
        return None if preparing() else work.start("sample", by=None, program=program)


def preparing() -> bool:
    """Whether the sample is still being made."""
    states = (Job.State.WAITING, Job.State.RUNNING)
    return Job.objects.filter(kind="sample", state__in=states).exists()


@work.kind("sample")
def make(job: Job, tell: work.Tell) -> dict[str, Any]:
    """Simulate a provider and make it the program's first generation."""
    program = job.program
    if program is None or program.generation is not None:
        return {}
    shutil.rmtree(program.folder, ignore_errors=True)  # what an earlier try has left
    generation = Generation(program=program, number=1)
    generation.folder.parent.mkdir(parents=True)
    lab = simulated(generation.folder, clock=clock.now, progress=tell)
    brought = cycle.bring_in(lab, clock=clock.now, progress=tell)
    _switch(generation, brought.model_copy(update={"changes": None}))  # nothing was there before
    answers.prepare(generation)
    return {}


def adopt(folder: Path) -> Program | None:
    """Make an ordinary lab the first generation of a new program; None when the web has one.

    What Rung replaces and never rewrites is linked, the rest copied; `folder` stays as it is.
    """
    if Program.objects.exists():
        return None
    lab = Lab.open(folder)
    about = lab.about
    with transaction.atomic():
        provider = Organisation.objects.create(name=about.provider)
        program = Program.objects.create(
            organisation=provider, name=about.program or about.provider
        )
        generation = Generation(program=program, number=1)
        shutil.copytree(
            folder, generation.folder, copy_function=_linked, ignore=_only(folder, "web")
        )
        for kind in sorted(p.name for p in (folder / "documents").glob("*") if p.is_dir()):
            for name in lab.store.names(kind):
                for number in lab.store.history(kind, name):
                    DatabaseStore(program).put(name, lab.store.get(kind, name, number))
        _switch(generation, cycle.last_import(lab))
    return program


def _only(top: Path, name: str) -> Any:
    """Leave out the folder `name` at the top, and what work that was stopped has left."""
    begun = (".work-", ".new-", ".keys-", ".writing-")
    return lambda at, names: {
        n for n in names if n.startswith(begun) or (n == name and Path(at) == top)
    }


def _linked(source: str, target: str) -> str:
    if Path(source).suffix in (".parquet", ".enc"):
        try:
            Path(target).hardlink_to(source)
        except OSError:  # another disk, or one that knows no links
            pass
        else:
            return target
    return str(shutil.copy2(source, target))


def _switch(generation: Generation, brought: cycle.Brought | None) -> None:
    if brought is not None:
        generation.summary = brought.to_json()
        del generation.summary["columns"]  # long, and in the folder
    with transaction.atomic():
        generation.save()
        generation.program.generation = generation
        generation.program.save(update_fields=["generation"])
