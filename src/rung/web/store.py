"""The same documents as in a lab folder, kept in the database; and labs that use it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Self

from django.db import IntegrityError, models, transaction
from tomlkit import TOMLDocument

from rung.documents import Document, canonical
from rung.errors import RecordsError
from rung.records.lab import Lab
from rung.web import clock
from rung.web.models import Generation, Paper, Program


class DatabaseStore:
    """A Store of one program. Versions are added, never changed."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def put(self, name: str, document: Document) -> int:
        """Keep a version; the same content as the latest keeps its number."""
        digest = document.digest
        text = canonical(document.to_json()).decode()
        while True:
            last = self._versions(document.kind, name).order_by("-number").first()
            if last is not None and last.digest == digest:
                return last.number
            number = (last.number if last else 0) + 1
            try:
                with transaction.atomic():
                    Paper.objects.create(
                        program=self.program,
                        kind=document.kind,
                        name=name,
                        number=number,
                        text=text,
                        digest=digest,
                        at=clock.now(),
                    )
            except IntegrityError:  # another writer took the number
                continue
            return number

    def get(self, kind: str, name: str, number: int | None = None) -> Document:
        """Read one version; raises RecordsError when it is not there."""
        versions = self._versions(kind, name)
        if number is not None:
            versions = versions.filter(number=number)
        paper = versions.order_by("-number").first()
        if paper is None:
            raise RecordsError("REC-no-document", kind=kind, name=name)
        return Document.parse(paper.text)

    def history(self, kind: str, name: str) -> tuple[int, ...]:
        """The numbers kept, oldest first."""
        return tuple(self._versions(kind, name).order_by("number").values_list("number", flat=True))

    def names(self, kind: str) -> tuple[str, ...]:
        """The names kept of one kind, sorted."""
        names = Paper.objects.filter(program=self.program, kind=kind).values_list("name", flat=True)
        return tuple(sorted(set(names)))

    def _versions(self, kind: str, name: str) -> models.QuerySet[Paper]:
        return Paper.objects.filter(program=self.program, kind=kind, name=name)


@dataclass
class ProgramLab(Lab):
    """A generation's folder whose documents are in the database."""

    program: Program | None = None

    @property
    def store(self) -> DatabaseStore:
        """The program's documents."""
        if self.program is None:
            raise ValueError("a program's lab knows its program")
        return DatabaseStore(self.program)

    @classmethod
    def of(cls, generation: Generation) -> Self:
        """Open a generation. Its lab.toml is read once: nothing changes it any more."""
        return cls(generation.folder, _toml(generation.folder), generation.program)


@lru_cache(maxsize=64)
def _toml(folder: Path) -> TOMLDocument:
    """A generation's lab.toml, to look at; an import makes the next one from a copy."""
    return Lab.open(folder).toml


def folder(generation: Generation) -> Lab:
    """A generation as the folder it is, with the documents that lie in it."""
    return Lab(generation.folder, _toml(generation.folder))


def current(program: Program) -> ProgramLab | None:
    """The lab as it is now; None before the first import."""
    return ProgramLab.of(program.generation) if program.generation else None
