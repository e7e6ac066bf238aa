"""A lab is a folder: `lab.toml`, `private/`, `records/`, `documents/`, `out/`.

This module knows the folder and the general part of `lab.toml`; each room parses the section it
owns with `Lab.section`. The file is read and written with tomlkit, so that a person's comments
and order survive when Rung writes a proposal into it.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

import tomlkit
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from tomlkit.exceptions import TOMLKitError

from rung.documents import FolderStore, Store, file_digest
from rung.errors import PlanError, Problem, RecordsError
from rung.records.query import Session


class Section(BaseModel):
    """Base of every section of `lab.toml`: unknown keys are mistakes, never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class About(Section):
    """`[lab]`: who this is. `unit` is what one record stands for."""

    provider: str
    program: str = ""
    unit: Literal["person", "household", "landlord", "address"] = "person"
    public_use: str | None = None  # the reason why small numbers need not be hidden


class Clock(Section):
    """`[clock]`: the day the records speak of; by default the latest event recorded."""

    as_of: Annotated[dt.date | None, Field(ge=dt.date(1900, 1, 1))] = None


Told = Literal[
    "training.start_on", "training.end_on", "credentials.earned_on", "employment.start_on"
]


class Milestone(Section):
    """`[[milestones]]`, in order; the first is the entry that defines a cohort.

    In the `journeys` table a milestone is two columns: `<key>_on` DATE, null when not reached or
    not dated, and `<key>` BOOLEAN: true reached, false not reached, null unknown. `told_by` is the
    date of a table of events that tells it, where no file of people does.
    """

    key: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    label: str
    done: str = ""  # "completed training": what people did who reached it; default the label
    told_by: Told | Literal[""] = ""

    @property
    def words(self) -> str:
        """What people did who reached it."""
        return self.done or self.label.lower()


# Columns of `journeys` that every lab has: no milestone and no group of a provider may take them.
OWN = frozenset(
    (
        *("pid", "period", "age_at_entry", "status", "entered", "entered_on"),
        *("closed", "closed_on", "last_service", "last_service_on"),
    )
)


class Group(Section):
    """`[[groups]]`: a way to look at people; a partition, or overlapping boolean columns."""

    key: str  # a column of `journeys`, or a name when `columns` is given
    label: str = ""
    columns: tuple[str, ...] = ()  # overlapping: one boolean column per member (race "any")
    labels: Mapping[str, str] = {}  # level or column -> what people read

    @property
    def partition(self) -> bool:
        """Whether each person is in one level at most."""
        return not self.columns

    @property
    def words(self) -> str:
        """What people read."""
        return self.label or self.key.replace("_", " ")


S = TypeVar("S", bound=Section)


def _problems(section: str, error: ValidationError) -> list[Problem]:
    return [
        Problem(
            code="PLAN-lab-toml",
            params={
                "section": section,
                "key": ".".join(str(p) for p in e["loc"]) or section,
                "kind": e["type"],
            },
            weight="break",
        )
        for e in error.errors()
    ]


@dataclass
class Lab:
    """An opened lab folder."""

    path: Path
    toml: tomlkit.TOMLDocument

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a lab; raises RecordsError when there is none, PlanError when it is not TOML."""
        file = path / "lab.toml"
        if not file.is_file():
            raise RecordsError("REC-no-lab", folder=path.name)
        try:
            return cls(path, tomlkit.parse(file.read_text("utf-8")))
        except (TOMLKitError, UnicodeDecodeError) as e:
            line = getattr(e, "line", 0)
            raise PlanError("PLAN-not-toml", line=line) from e

    @classmethod
    def create(cls, path: Path, toml: tomlkit.TOMLDocument) -> Self:
        """Make the folders of a new lab and write its `lab.toml`; never over an existing one."""
        if (path / "lab.toml").exists():
            raise PlanError("PLAN-lab-exists", folder=path.name)
        for folder in ("private", "records", "documents", "out"):
            (path / folder).mkdir(parents=True, exist_ok=True)
        (path / "private").chmod(0o700)
        lab = cls(path, toml)
        lab.save()
        return lab

    def save(self) -> None:
        """Write `lab.toml`, whole or not at all."""
        temporary = self.path / ".lab.toml.writing"
        temporary.write_text(tomlkit.dumps(self.toml), "utf-8")
        temporary.replace(self.path / "lab.toml")

    def section(self, name: str, kind: type[S]) -> S:
        """One section of `lab.toml` as its room declares it; defaults when it is absent."""
        try:
            return kind.model_validate(self._plain(name, {}))
        except ValidationError as e:
            raise PlanError(_problems(name, e)) from e

    def sections(self, name: str, kind: type[S]) -> tuple[S, ...]:
        """An array of sections (`[[name]]`)."""
        given = self._plain(name, [])
        if not isinstance(given, list):
            raise PlanError("PLAN-lab-toml", section=name, key=name, kind="list_type")
        found: list[S] = []
        problems: list[Problem] = []
        for i, each in enumerate(given, 1):
            try:
                found.append(kind.model_validate(each))
            except ValidationError as e:
                problems += _problems(f"{name}[{i}]", e)
        if problems:
            raise PlanError(problems)
        return tuple(found)

    def _plain(self, name: str, default: Any) -> Any:
        return self.toml.unwrap().get(name, default)

    @property
    def about(self) -> About:
        """Who this is."""
        return self.section("lab", About)

    @property
    def clock(self) -> Clock:
        """The day the records speak of."""
        return self.section("clock", Clock)

    @property
    def milestones(self) -> tuple[Milestone, ...]:
        """The steps of the journey, in order; PlanError when two share a key, or one is taken."""
        found = self.sections("milestones", Milestone)
        taken = set(OWN)
        for i, m in enumerate(found, 1):
            if m.key in taken:
                section = f"milestones[{i}]"
                raise PlanError("PLAN-lab-toml", section=section, key="key", kind="name_taken")
            taken |= {m.key, f"{m.key}_on"}
        return found

    @property
    def groups(self) -> tuple[Group, ...]:
        """The ways to look at people."""
        return self.sections("groups", Group)

    @property
    def store(self) -> Store:
        """The lab's documents: a folder here; a subclass may keep them in a database."""
        return FolderStore(self.path / "documents")

    def table(self, name: str) -> Path:
        """Where the checked table `name` is."""
        return self.path / "records" / f"{name}.parquet"

    def need(self, name: str) -> Path:
        """The checked table `name`; RecordsError when nothing was imported yet."""
        if not self.table(name).is_file():
            raise RecordsError("REC-not-imported", table=name)
        return self.table(name)

    def digest(self, file: Path) -> str:
        """SHA-256 of a file of the lab, remembered while its size and time stand."""
        cache = self.path / "records" / ".digests.json"
        try:
            known = json.loads(cache.read_text("utf-8"))
        except (OSError, ValueError):
            known = {}
        if not isinstance(known, dict):
            known = {}
        status = file.stat()
        key = file.relative_to(self.path).as_posix()
        stamp = [status.st_size, status.st_mtime_ns]
        if known.get(key, [None])[0] != stamp:
            known[key] = [stamp, file_digest(file)]
            cache.parent.mkdir(exist_ok=True)
            temporary = cache.with_suffix(".writing")
            temporary.write_text(json.dumps(known), "utf-8")
            temporary.replace(cache)
        return str(known[key][1])

    def session(self) -> Session:
        """A session with every checked table attached under its own name."""
        session = Session()
        for file in sorted((self.path / "records").glob("*.parquet")):
            session.attach(file.stem, file)
        return session
