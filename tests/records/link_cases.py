"""Two simulated files of the same town, one with typing mistakes, whose truth is known."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import numpy as np

GIVEN = [
    "Maria",
    "James",
    "Luz",
    "Robert",
    "Aisha",
    "Chen",
    "Priya",
    "Omar",
    "Grace",
    "Samuel",
    "Elena",
    "Victor",
    "Ruth",
    "Hassan",
    "Nora",
    "Felix",
    "Ingrid",
    "Pablo",
    "Denise",
    "Walter",
    "Yolanda",
    "Marcus",
    "Tamika",
    "Andre",
    "Keisha",
    "Duc",
    "Linh",
    "Rosa",
    "Hector",
    "Joanna",
]
SYLLABLES = [
    "ba",
    "ker",
    "mor",
    "ris",
    "on",
    "dal",
    "ton",
    "gar",
    "cia",
    "wel",
    "lin",
    "ford",
    "ham",
    "rez",
    "sto",
    "van",
    "der",
    "hol",
    "mes",
    "ca",
]
HEADER = ["First name", "Last name", "Date of birth", "Gender", "ZIP", "Phone"]


def people(n: int, seed: int) -> list[list[str]]:
    """People with names, birth dates, genders, ZIP codes and phones."""
    draw = np.random.default_rng(seed)
    found: list[list[str]] = []
    for i in range(n):
        if i % 4 == 3:  # a brother or sister: same family name, ZIP and phone
            found.append(
                [str(draw.choice([g for g in GIVEN if g != found[-1][0]])), *found[-1][1:]]
            )
            born = dt.date(1960, 1, 1) + dt.timedelta(days=int(draw.integers(0, 16000)))
            found[-1][2:4] = [born.isoformat(), str(draw.choice(["F", "M"]))]
            continue
        family = "".join(draw.choice(SYLLABLES, 3)).capitalize()
        born = dt.date(1960, 1, 1) + dt.timedelta(days=int(draw.integers(0, 16000)))
        found.append(
            [
                str(draw.choice(GIVEN)), family, born.isoformat(), str(draw.choice(["F", "M"])),
                f"{10001 + int(draw.integers(0, 60))}", f"212555{int(draw.integers(0, 10000)):04d}",
            ]
        )  # fmt: skip
    return found


def mistyped(person: list[str], draw: np.random.Generator) -> list[str]:
    """Up to three cells wrong or empty: letters swapped, a digit off, moved, a phone left out."""
    again = list(person)
    for at in draw.choice([0, 1, 2, 4, 5], int(draw.integers(0, 4)), replace=False):
        text = again[at]
        if at in (0, 1):
            i = int(draw.integers(1, len(text) - 1))
            again[at] = text[:i] + text[i + 1] + text[i] + text[i + 2 :]
        elif at == 2:
            day = dt.date.fromisoformat(text)
            again[at] = day.replace(day=day.day % 28 + 1).isoformat()
        else:
            again[at] = "" if at == 5 else f"{10001 + int(draw.integers(0, 60))}"
    return again


def two_files(
    folder: Path, *, shared: int = 300, alone: int = 200, seed: int = 5, times: int = 1
) -> tuple[Path, Path, set[tuple[int, int]]]:
    """Both files, and the true pairs by row number. `times`: how often theirs were typed anew."""
    draw = np.random.default_rng(seed)
    town = people(shared + 2 * alone, seed)
    everyone = [town[i] for i in draw.permutation(len(town))]
    ours = everyone[: shared + alone]
    theirs = list(enumerate(everyone[:shared]))
    for _ in range(times):
        theirs = [(i, mistyped(p, draw)) for i, p in theirs]
    theirs += [(-1, p) for p in everyone[shared + alone :]]
    theirs = [theirs[i] for i in draw.permutation(len(theirs))]
    truth = {(i + 2, place + 2) for place, (i, _) in enumerate(theirs) if i >= 0}
    write(folder / "a.csv", HEADER, ours)
    write(folder / "b.csv", HEADER, [p for _, p in theirs])
    return folder / "a.csv", folder / "b.csv", truth


def write(path: Path, header: list[str], rows: list[list[str]]) -> Path:
    """A CSV file."""
    with path.open("w", encoding="utf-8", newline="") as f:
        sheet = csv.writer(f)
        sheet.writerow(header)
        sheet.writerows(rows)
    return path
