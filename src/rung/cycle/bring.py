"""Records in, generation by generation: each import makes a complete new lab beside the last.

The lab before is never touched: what both have is linked, not copied, and nothing is written in
place. Whoever keeps the labs switches to the new one when the import is done, and back to undo it;
an import that is stopped leaves a folder that nobody refers to.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import tomlkit
from pydantic import BaseModel, ConfigDict, ValidationError

from rung.cycle.look import Looked, in_order
from rung.cycle.outcome import Clock, Progress
from rung.cycle.story import quiet
from rung.errors import PlanError, Problem, RecordsError
from rung.records import fixlist, intake
from rung.records.check import ColumnReport, FileReport
from rung.records.importing.duplicates import (
    DIFFERENT,
    SAME,
    read_decisions,
    read_review,
    write_review,
)
from rung.records.lab import Lab, Milestone
from rung.records.mapping import FileMap
from rung.records.matching import proposal

MEMORY = "600MB"  # of DuckDB; the process stays under 1 GB with a file of 1 GB
_SUMMARY = "import.json"
_NOT_CARRIED = {"fix-list.xlsx", "duplicates.xlsx"}


@dataclass(frozen=True, kw_only=True)
class Incoming:
    """A file on its way in: where it is stored, its (corrected) draft, and the path in lab.toml of
    the file whose place it takes; None when it comes beside the others."""

    path: Path
    looked: Looked
    replaces: str | None = None


class Brought(BaseModel):
    """What an import did, without a cell of it: it may be kept and shown to all staff.

    `changes` compares people with the lab before (new, changed, gone, same); None at first.
    `inputs` is the SHA-256 of each file by its path; `review` counts the groups of possible
    duplicates that wait for a decision.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    at: str
    people: int
    tables: Mapping[str, int]
    changes: Mapping[str, int] | None
    problems: tuple[Problem, ...]
    inputs: Mapping[str, str]
    files: tuple[FileReport, ...]
    columns: tuple[ColumnReport, ...]
    review: int
    document: int

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return self.model_dump(mode="json")

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Brought:
        """Read back; RecordsError (REC-document) when it is none."""
        try:
            return cls.model_validate(value)
        except ValidationError as e:
            raise RecordsError("REC-document") from e


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Rows that may be one person, for staff who may see names.

    `kind` is "one id" (of two people?) or "two ids" (of one person?); `rows` have `Row`, `Id` and
    the private columns by their headers; `decision` is "same person", "different people" or "".
    """

    key: str
    kind: str
    file: str
    rows: tuple[Mapping[str, str], ...]
    decision: str = ""


# -- a new generation


def next_generation(
    base: Lab | None,
    folder: Path,
    incoming: Sequence[Incoming],
    *,
    provider: str = "",
    program: str = "",
    decisions: Mapping[str, str] | None = None,
    without: Sequence[str] = (),
    milestones: Sequence[Milestone] | None = None,
) -> Lab:
    """A new lab in `folder`: `base` with files added, replaced or left out; nothing imported yet.

    `decisions` say of groups of possible duplicates (by `Pair.key`) whether they are the same
    person; `without` names paths of lab.toml to leave out; `milestones`, when given, become the
    journey. What `base` knows (lab.toml with its comments, the secret, the key table, earlier
    decisions, documents) goes along. Raises PlanError when `folder` is taken, RecordsError for a
    path that `base` does not have; `folder` is then as it was.
    """
    if folder.exists() and any(folder.iterdir()):
        raise PlanError("PLAN-lab-exists", folder=folder.name)
    toml = tomlkit.parse(tomlkit.dumps(base.toml)) if base else tomlkit.document()
    _named(toml, provider, program)
    have = list(dict.fromkeys(f.path for f in base.sections("files", FileMap))) if base else []
    leaving = [*without, *(i.replaces for i in incoming if i.replaces is not None)]
    for path in leaving:
        if path not in have:
            raise RecordsError("REC-no-file", file=Path(path).name)
    staying = [p for p in have if p not in leaving]
    arriving = _arriving(incoming, staying)
    for path in without:
        proposal.drop(toml, path)
    for each, name in arriving:
        _mapped(toml, each, f"private/{name}")
    _journey(toml, base, [i.looked for i in incoming], milestones)
    try:
        _folders(folder)
        if base is not None:
            _carried(base, folder, [p for p in leaving if p not in staying])
        for each, name in arriving:
            intake.place(each.path, folder / "private" / name)
        _decided(base, folder, decisions or {})
        return Lab.create(folder, toml)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _named(toml: tomlkit.TOMLDocument, provider: str, program: str) -> None:
    if "lab" not in toml:
        toml["lab"] = {"provider": provider, "program": program}
    about: Any = toml["lab"]
    for key, value in (("provider", provider), ("program", program)):
        if value and about.get(key) != value:
            about[key] = value


def _arriving(incoming: Sequence[Incoming], staying: Sequence[str]) -> list[tuple[Incoming, str]]:
    """Each file with the name it is kept under: its own, numbered where another has it."""
    taken = {Path(p).name.casefold() for p in staying}
    found = []
    for each in incoming:
        path = Path(intake.kept_name(each.looked.name))
        name, n = path.name, 1
        while name.casefold() in taken:
            n += 1
            name = f"{path.stem} ({n}){path.suffix}"
        taken.add(name.casefold())
        found.append((each, name))
    return found


def _mapped(toml: tomlkit.TOMLDocument, each: Incoming, path: str) -> None:
    whole = each.looked.proposal
    files = tuple(f.model_copy(update={"path": path}) for f in whole.files)
    # milestones and groups of all files together are written later
    told = replace(whole, files=files, milestones=(), groups=())
    proposal.revise(toml, each.replaces or path, told)


def _journey(
    toml: tomlkit.TOMLDocument,
    base: Lab | None,
    looked: Sequence[Looked],
    milestones: Sequence[Milestone] | None,
) -> None:
    """Milestones and groups, where the lab has none; steps that people added to its own."""
    mine = base.milestones if base else ()
    if milestones is None:
        spoken = {m.key: m for each in looked for m in each.milestones}
        if mine:
            used = {
                t.removeprefix("milestones.")
                for each in looked
                for f in each.files
                if f.table != "milestones"
                for t in f.columns.values()
            }
            spoken = {k: m for k, m in spoken.items() if k in used}
        given = mine or (looked[0].milestones if looked else ())
        milestones = in_order(given, {**spoken, **{m.key: m for m in mine}})
    if tuple(milestones) != mine:
        proposal.journey(toml, milestones)
    if "groups" not in toml:
        groups = {g.key: g for each in reversed(looked) for g in reversed(each.groups)}
        proposal.write_groups(toml, tuple(reversed(groups.values())))


def _folders(folder: Path) -> None:
    for name in ("private", "records", "documents", "out"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "private").chmod(0o700)


def _carried(base: Lab, folder: Path, leaving: Sequence[str]) -> None:
    """Link what the new lab has in common with the one before.

    The tables too: the import compares people with them, and puts its own in their place.
    """
    gone = {base.path / p for p in leaving}
    for room in ("private", "documents"):
        for source in sorted((base.path / room).rglob("*")):
            inside = source.relative_to(base.path)
            hidden = any(part.startswith(".") for part in inside.parts)
            dropped = source in gone or gone.intersection(source.parents)
            own = room == "private" and source.name in _NOT_CARRIED
            if source.is_file() and not (hidden or dropped or own):
                intake.place(source, folder / inside)
    for table in sorted((base.path / "records").glob("*.parquet")):
        intake.place(table, folder / "records" / table.name)


def _decided(base: Lab | None, folder: Path, decisions: Mapping[str, str]) -> None:
    for said in decisions.values():
        if said not in (SAME, DIFFERENT):
            raise ValueError("a decision is “same person” or “different people”")
    before = read_decisions(base.path / "private" / "duplicates.xlsx") if base else {}
    if before or decisions:
        write_review(folder / "private" / "duplicates.xlsx", (), {**before, **decisions})


# -- its import


def bring_in(
    lab: Lab, *, clock: Clock, progress: Progress = quiet, memory: str = MEMORY
) -> Brought:
    """Import a lab's files; the summary is kept beside the tables, the fix list in `private/`.

    Raises PlanError or RecordsError, with everything that is wrong, when something must be mended
    first. `memory` bounds what DuckDB holds at once.
    """
    done = intake.bring(lab, clock=clock, progress=progress, memory=memory)
    fixlist.write(lab.path / "private" / "fix-list.xlsx", done.report)
    brought = Brought(
        at=clock().isoformat(timespec="seconds"),
        people=done.people,
        tables=done.tables,
        changes=done.changes,
        problems=done.problems,
        inputs={
            f.path: lab.digest(lab.path / f.path)
            for f in lab.sections("files", FileMap)
            if (lab.path / f.path).is_file()
        },
        files=done.report.files,
        columns=done.report.columns,
        review=done.review,
        document=done.document,
    )
    target = lab.path / "records" / _SUMMARY
    writing = target.with_suffix(".writing")
    writing.write_text(brought.model_dump_json(), "utf-8")
    writing.replace(target)
    return brought


def last_import(lab: Lab) -> Brought | None:
    """What the import of this lab did; None before it, or when another program made it."""
    summary = lab.path / "records" / _SUMMARY
    if not summary.is_file():
        return None
    try:
        return Brought.model_validate_json(summary.read_text("utf-8"))
    except (ValidationError, UnicodeDecodeError) as e:
        raise RecordsError("REC-document") from e


def problems(lab: Lab) -> tuple[Problem, ...]:
    """Everything that the last import counted, worst first; empty before any."""
    brought = last_import(lab)
    return intake.problems(lab) if brought is None else brought.problems


def fix_list(lab: Lab) -> Path:
    """The list of cells to mend, for staff who may see names; RecordsError before an import."""
    path = lab.path / "private" / "fix-list.xlsx"
    if not path.is_file():
        raise RecordsError("REC-not-imported", table="journeys")
    return path


def duplicates(lab: Lab) -> tuple[Pair, ...]:
    """Who may be one person, as the last import listed them, with what was decided."""
    review = lab.path / "private" / "duplicates.xlsx"
    decided = read_decisions(review)
    found: dict[str, Pair] = {}
    for key, kind, row in read_review(review):
        cells = {
            name: str(value)
            for name, value in row.items()
            if value is not None and name not in ("Group", "Decision", "Why it is listed", "File")
        }
        pair = found.get(key)
        rows = (*(pair.rows if pair else ()), cells)
        found[key] = Pair(
            key=key, kind=kind, file=str(row.get("File") or ""), rows=rows,
            decision=decided.get(key, ""),
        )  # fmt: skip
    return tuple(found.values())
