"""Documents: canonical JSON with kind, version and digest, kept in a Store that forgets nothing.

A document is written as the author gave it (defaults are not filled in), in RFC 8785 canonical
form, so that the same content always has the same digest. Money and other exact decimals are
strings; paths are relative to the lab.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import rfc8785

from rung.errors import RecordsError

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}\Z")


def canonical(value: Any) -> bytes:
    """RFC 8785 bytes of a JSON value. NaN and infinities are refused by the standard itself."""
    return bytes(rfc8785.dumps(value))


def digest(value: Any) -> str:
    """SHA-256 (hex) of the canonical form of a JSON value."""
    return hashlib.sha256(canonical(value)).hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes."""
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


@dataclass(frozen=True)
class Document:
    """An envelope: what it is, which version of that kind's format, and its content."""

    kind: str
    version: int
    body: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """The JSON value that is written; `kind` and `version` stand inside."""
        return {"kind": self.kind, "version": self.version, **self.body}

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical form."""
        return digest(self.to_json())

    @classmethod
    def parse(cls, raw: bytes | str) -> Document:
        """Read a document back; raises RecordsError when it is not one."""
        try:
            value = json.loads(raw)
            return cls(value.pop("kind"), int(value.pop("version")), value)
        except (ValueError, TypeError, KeyError, AttributeError) as e:
            raise RecordsError("REC-document") from e


class Store(Protocol):
    """Where documents live: a folder here, a database in the web lab."""

    def put(self, name: str, document: Document) -> int:
        """Keep `document` under `name`; returns its number (1, 2, …). Same content, same number."""
        ...

    def get(self, kind: str, name: str, number: int | None = None) -> Document:
        """The latest version, or the one numbered `number`."""
        ...

    def history(self, kind: str, name: str) -> tuple[int, ...]:
        """The numbers kept, oldest first; empty when there is none."""
        ...

    def names(self, kind: str) -> tuple[str, ...]:
        """The names kept of one kind, sorted."""
        ...


class FolderStore:
    """A Store in a folder: `documents/<kind>/<name>/<number>.json`. Nothing is overwritten."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _place(self, kind: str, name: str) -> Path:
        for part in (kind, name):
            if not _NAME.match(part):
                raise ValueError(f"not a document name: {part!r}")
        return self.folder / kind / name

    def put(self, name: str, document: Document) -> int:
        """Keep a version; written whole or not at all, also when the machine stops half-way."""
        place = self._place(document.kind, name)
        place.mkdir(parents=True, exist_ok=True)
        numbers = self.history(document.kind, name)
        if numbers and self.get(document.kind, name).digest == document.digest:
            return numbers[-1]
        handle, temporary = tempfile.mkstemp(dir=place, prefix=".writing-")
        try:
            with os.fdopen(handle, "wb") as f:
                f.write(canonical(document.to_json()))
                f.flush()
                os.fsync(f.fileno())
            number = (numbers[-1] if numbers else 0) + 1
            while True:
                try:
                    # link fails if the number is taken, so two writers never share one
                    os.link(temporary, place / f"{number}.json")
                    return number
                except FileExistsError:
                    number += 1
        finally:
            os.unlink(temporary)

    def get(self, kind: str, name: str, number: int | None = None) -> Document:
        """Read one version; raises RecordsError when it is not there."""
        numbers = self.history(kind, name)
        if not numbers or (number is not None and number not in numbers):
            raise RecordsError("REC-no-document", kind=kind, name=name)
        place = self._place(kind, name)
        return Document.parse((place / f"{number or numbers[-1]}.json").read_bytes())

    def history(self, kind: str, name: str) -> tuple[int, ...]:
        """The numbers kept, oldest first."""
        place = self._place(kind, name)
        return tuple(sorted(int(p.stem) for p in place.glob("*.json") if p.stem.isdigit()))

    def names(self, kind: str) -> tuple[str, ...]:
        """The names kept of one kind."""
        folder = self.folder / kind
        return tuple(sorted(p.name for p in folder.iterdir())) if folder.is_dir() else ()
