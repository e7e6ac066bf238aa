"""A provider whose records name coaches and jobs: what a caseload needs."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

from rung import cycle

NOW = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
LAST = dt.date(2026, 3, 1)
"""The day the records end."""
ANA, BEN = "Ana Ruiz", "Ben Okafor"
HEADERS = (
    "Participant ID", "First Name", "Last Name", "Phone", "Gender", "Race", "Disability",
    "Application Date", "Enrollment Date", "Completion Date", "Case Manager", "Employer",
    "Job Start Date",
)  # fmt: skip


def rows(people: int = 60) -> list[list[str]]:
    """Two thirds are Ana's people, one third Ben's; half of each have a job."""
    made = []
    for i in range(people):
        applied = dt.date(2025, 1, 6) + dt.timedelta(days=3 * (i % 60))
        placed = i % 2 == 0
        start = LAST - dt.timedelta(days=(28, 95, 170, 240)[i // 2 % 4])
        made.append(
            [
                f"P{1000 + i}", f"Given{i}", f"Family{i}", f"(555) 010-{i % 10000:04d}",
                ("Female", "Male", "Non-binary")[i % 3], ("Black", "White", "Asian")[i % 3],
                ("Yes", "No")[i % 2], f"{applied:%m/%d/%Y}",
                f"{applied + dt.timedelta(days=14):%m/%d/%Y}",
                f"{applied + dt.timedelta(days=60):%m/%d/%Y}" if placed or i % 3 else "",
                BEN if i % 3 == 2 else ANA,
                "Bayside Clinic" if placed else "", f"{start:%m/%d/%Y}" if placed else "",
            ]
        )  # fmt: skip
    made[-1][7] = f"{LAST:%m/%d/%Y}"  # the latest event
    made[-1][8] = made[-1][9] = ""
    return made


def lab(folder: Path, people: int = 60) -> Path:
    """The lab, imported."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    file = folder.parent / "caseload.csv"
    with file.open("w", newline="", encoding="utf-8") as f:
        csv.writer(f).writerows([HEADERS, *rows(people)])
    cycle.init([file], folder, provider="Riverside Works", clock=lambda: NOW)
    return folder
