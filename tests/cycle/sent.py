"""A provider's file with things in it that must never be shown, and what is done with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rung import cycle
from rung.cycle import Change, Incoming, Looked
from rung.records.lab import Lab
from tests.records.intake_lab import csv

FIRST = ("Zyxander", "Quimby", "Ottoline", "Bartholomea", "Wolfgang", "Xiomara")
LAST = ("Quillfeather", "Brackenbury", "Ostrogska", "Thistlewood", "Ümlauter")
HEAD = ("Client ID", "First Name", "Last Name", "DOB", "SSN", "Phone", "Email", "Gender", "Site",
        "Application Date", "Enrollment Date", "Graduation Date", "Status", "Disability",
        "Case Notes")  # fmt: skip
ROWS = 60


def now() -> dt.datetime:
    return dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)


def person(i: int, **more: str) -> list[str]:
    """One row; the same person for the same number."""
    cells = {
        "Client ID": f"ZQ-{4000 + i}",
        "First Name": FIRST[i % len(FIRST)] + "aeiou"[i % 5],
        "Last Name": LAST[i // 7 % len(LAST)] + "bcdf"[i % 4],
        "DOB": f"{i % 12 + 1:02}/{i % 28 + 1:02}/{1961 + i % 40}",
        "SSN": f"{100 + i}-{10 + i}-{2000 + i}",
        "Phone": f"({210 + i}) 555-{3000 + i}",
        "Email": f"zq{i}@secret{i}.example",
        "Gender": ("F", "M", "Dama")[i % 3],
        "Site": ("North", "South")[i % 2],
        "Application Date": f"01/{i % 28 + 1:02}/2024",
        "Enrollment Date": f"02/{i % 28 + 1:02}/2024" if i % 4 else "",
        "Graduation Date": f"06/{i % 28 + 1:02}/2024" if i % 4 > 1 else "",
        "Status": ("Applied", "Dropped", "Graduated", "Graduated")[i % 4],
        "Disability": ("Yes", "No")[i % 2],
        "Case Notes": f"Spoke with plumage{i} about the matter of housing",
    }
    return list({**cells, **{k.replace("_", " "): v for k, v in more.items()}}.values())


def table(rows: Sequence[Sequence[str]], head: Sequence[str] = HEAD) -> str:
    return csv([list(head), *map(list, rows)])


def people(n: int = ROWS, start: int = 0) -> list[list[str]]:
    return [person(i) for i in range(start, start + n)]


def sent(folder: Path, text: str | bytes, stored: str = "5f0c9d2e4a") -> Path:
    """A file as an upload is stored: under a name that says nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / stored
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def looked(
    path: Path, work: Path, name: str = "clients.csv", lab: Lab | None = None, **more: Any
) -> Looked:
    return cycle.look(path, name=name, work=work, lab=lab, **more)


def first(folder: Path, rows: Sequence[Sequence[str]] | None = None) -> Lab:
    """The first generation, imported."""
    path = sent(folder / "uploads", table(people() if rows is None else rows))
    seen = looked(path, folder / "work")
    lab = cycle.next_generation(
        None, folder / "one", [Incoming(path=path, looked=seen)],
        provider="Bridge Street", program="Welding",
    )  # fmt: skip
    cycle.bring_in(lab, clock=now)
    return lab


def targets(seen: Looked, at: int = 0) -> Mapping[str, str]:
    return {c.header: c.target for c in seen.tables[at].columns}


def pick(header: str, target: str | None = None, **more: Any) -> Change:
    return Change(header=header, target=target, **more)


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Every file under a folder, byte by byte."""
    return {
        str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()
    }
