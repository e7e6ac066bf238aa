"""Records in: start a lab, check it, simulate one, write a blank workbook."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import tomlkit

from rung.cycle.outcome import Clock, Progress
from rung.cycle.story import quiet
from rung.errors import PlanError, RecordsError
from rung.messages import sentence
from rung.records import fixlist, intake, match, read
from rung.records import simulate as simulation
from rung.records import template as blank
from rung.records.check import Report
from rung.records.files.profile import profile
from rung.records.lab import Lab
from rung.records.matching import proposal
from rung.records.pirl import bring
from rung.records.pirl.bring import Brought
from rung.records.query import Session


@dataclass(frozen=True)
class Written:
    """Files that a verb wrote, what to say of them, and what to do next."""

    lines: tuple[str, ...]
    files: tuple[Path, ...]
    next_step: str = ""
    more: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """What was written, as provenance."""
        return {"files": [str(f) for f in self.files], **self.more}


@dataclass(frozen=True)
class Started:
    """A new lab: the proposed mapping, and the first import."""

    lab: Path
    proposed: proposal.Proposal
    imported: intake.Imported | None
    failed: PlanError | RecordsError | None = None

    def to_json(self) -> dict[str, Any]:
        """The mapping with how sure it is, and what the first import found; no cell's value."""
        columns = [
            {
                "file": file.path,
                "column": m.header,
                "target": m.target,
                "sure": round(m.sure, 2),
                "alternatives": [t for t, _ in m.alternatives],
            }
            for file, found in zip(self.proposed.files, self.proposed.matches, strict=True)
            for m in found
        ]
        problems = [p.to_json() for p in self.proposed.problems]
        document: dict[str, Any] = {"lab": str(self.lab), "columns": columns, "problems": problems}
        if self.imported is not None:
            document["import"] = _import(self.imported)
        if self.failed is not None:
            document |= self.failed.to_json()
        return document


def init(
    files: Sequence[Path],
    out: Path,
    *,
    provider: str = "",
    clock: Clock,
    progress: Progress = quiet,
) -> Started:
    """Make a lab from files as they were sent: keep them, propose a mapping, import.

    The files are copied to `private/`. When the first import cannot be done as proposed, the lab
    and the proposal stand, and `failed` says what to correct in `lab.toml`.
    """
    if (out / "lab.toml").exists():
        raise PlanError("PLAN-lab-exists", folder=out.name)
    sent = _sent(files)
    private = out / "private"
    private.mkdir(parents=True, exist_ok=True)
    for file in sent:
        shutil.copy2(file, private / file.name)
    progress(sentence("label.doing-look"), 0.0)
    with TemporaryDirectory(prefix="rung-") as work, Session() as session:
        profiles = [
            proposal.SheetProfile(
                source=sheet.source, name=sheet.name, columns=profile(session, sheet)
            )
            for file in sent
            for sheet in read.open_sheets(private / file.name, Path(work))
        ]
        proposed = match.propose(profiles)
    toml = tomlkit.document()
    toml["lab"] = {"provider": provider or sentence("label.our-program"), "program": ""}
    proposal.write(toml, proposed)
    lab = Lab.create(out, toml)
    progress(sentence("label.doing-import"), 0.3)
    try:
        imported = intake.bring(lab, clock=clock, progress=progress)
    except (PlanError, RecordsError) as failed:
        return Started(out, proposed, None, failed)
    return Started(out, proposed, imported)


@dataclass(frozen=True)
class Checked:
    """What a check found. `imported` is None for a single file, which goes into no lab."""

    report: Report
    imported: intake.Imported | None
    files: tuple[Path, ...] = ()
    federal: Brought | None = None

    def to_json(self) -> dict[str, Any]:
        """Problems worst first, files and columns; for a lab also what changed."""
        document = self.report.to_json()
        if self.federal is not None:
            document["federal"] = self.federal.to_json()
        if self.imported is not None:
            document["import"] = _import(self.imported)
        return document


def check(
    path: Path,
    *,
    fix_list: Path | None = None,
    clock: Clock,
    progress: Progress = quiet,
) -> Checked:
    """Check a file as it was sent, or read a lab's files again.

    A file is checked by the mapping that `init` would propose, and leaves nothing behind. The
    federal file of a lab that was made from one runs through every stage of its checks again. For a
    lab the fix list goes to `private/fix-list.xlsx` unless `fix_list` says where.
    """
    if (path / "lab.toml").is_file():
        lab = Lab.open(path)
        if bring.PIRL in lab.toml:
            done = bring.again(lab, clock=clock)
            report = Report(problems=done.problems, files=(), columns=(), fixes=())
            return Checked(report, None, federal=done)
        imported = intake.bring(lab, clock=clock, progress=progress)
        target = fix_list or path / "private" / "fix-list.xlsx"
        return Checked(imported.report, imported, (fixlist.write(target, imported.report),))
    progress(sentence("label.doing-look"), 0.0)
    with TemporaryDirectory(prefix="rung-") as scratch:
        report = intake.check_file(path, clock=clock, work=Path(scratch))
    # without a sure id an import tells people apart by name and birth date, and goes on
    if any(p.weight == "break" and p.code != "REC-match-id" for p in report.problems):
        raise RecordsError(report.problems)
    written = (fixlist.write(fix_list, report),) if fix_list else ()
    return Checked(report, None, written)


def _import(done: intake.Imported) -> dict[str, Any]:
    """An import in numbers."""
    return {
        "people": done.people,
        "tables": dict(done.tables),
        "changes": dict(done.changes) if done.changes is not None else None,
        "to_review": done.review,
        "problems": [p.to_json() for p in done.problems],
    }


def _sent(files: Sequence[Path]) -> list[Path]:
    """Every file that was named, or lies in a folder that was named; names must not clash."""
    found: list[Path] = []
    for each in files:
        if not each.exists():
            raise RecordsError("REC-no-file", file=each.name)
        found += sorted(p for p in each.iterdir() if p.is_file()) if each.is_dir() else [each]
    names = [f.name for f in found]
    if not found:
        raise RecordsError("REC-empty-folder", folder=files[0].name)
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise PlanError("PLAN-same-name", file=twice[0])
    return found


def simulate(
    out: Path,
    *,
    people: int,
    seed: int,
    dirt: float = 0.0,
    trial: bool = False,
    truth: Path | None = None,
    clock: Clock,
    progress: Progress = quiet,
) -> Written:
    """Write a lab of a simulated provider; with dirt, import its messy files.

    With `trial`, half of those who enrol are offered coaching by lottery.
    """
    steps = iter(range(1, 100))
    known = simulation.provider(
        out,
        people=people,
        seed=seed,
        dirt=dirt,
        settings=simulation.Settings(trial=simulation.COACHING) if trial else None,
        progress=lambda what: progress(what, min(0.9, next(steps) / 10)),
    )
    files = [out / "lab.toml"]
    if truth is not None:
        known.save(truth)
        files.append(truth)
    more: dict[str, Any] = {"people": people, "seed": seed, "dirt": dirt}
    if dirt > 0:
        more["import"] = _import(intake.bring(Lab.open(out), clock=clock, progress=progress))
    line = sentence("label.simulated", {"people": people, "seed": seed})
    return Written((line,), tuple(files), f"rung diagnose {out}", more)


def template(out: Path) -> Written:
    """Write the blank intake workbook."""
    return Written((sentence("label.template"),), (blank.write(out),), f"rung init {out}")
