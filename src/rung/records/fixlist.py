"""The list of cells to mend, for the people who can: a sheet for each, worst first.

It names records and shows cells as they are in the provider's file, so it stays inside.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rung.errors import Problem
from rung.records.check import FIX_ROWS, Fix, Report
from rung.records.importing.sheets_out import Page
from rung.records.importing.sheets_out import write as write_pages

MOST = 20_000  # lines of one owner's sheet
_HEADER = ("File", "Row", "Record", "Column", "What it says", "What is wrong", "What is expected")


def write(path: Path, report: Report) -> Path:
    """Write `fix-list.xlsx`: a summary, then a sheet an owner. Returns `path`."""
    pages = {"Summary": _summary(report)}
    owners = {f.problem.owner or "data": 0 for f in report.fixes}
    for owner in sorted(owners):
        lines = [f for f in report.fixes if (f.problem.owner or "data") == owner]
        pages[owner.capitalize()] = _page(lines)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_pages(path, pages)
    os.chmod(path, 0o600)
    return path


def _summary(report: Report) -> Page:
    header = ("Weight", "File", "Column", "Rows", "First rows", "What is wrong",
              "What is expected", "What to do", "Who")  # fmt: skip
    weights = {"break": "Mend first", "care": "Counted"}
    lines: list[list[Any]] = [
        [
            weights[p.weight], p.table or "", p.column or "", p.rows,
            ", ".join(map(str, p.first_rows)), p.what(), p.expected(), p.next(), p.owner or "data",
        ]
        for p in report.problems
    ]  # fmt: skip
    note = (
        f"Inside only: this list names records. At most {FIX_ROWS:,} rows of each problem and "
        f"{MOST:,} lines a sheet are listed; the counts on this page are of all rows."
    )
    return Page(header, lines, note=note)


def _page(fixes: Iterable[Fix]) -> Page:
    order = list(fixes)
    weight = {"break": 0, "care": 1}
    order.sort(key=lambda f: (weight[f.problem.weight], -(f.problem.rows or 0), f.table, f.row))
    note = f"The first {MOST:,} of {len(order):,} lines." if len(order) > MOST else ""
    words: dict[int, tuple[str, str]] = {}
    lines = [
        [f.table, f.row, f.record, f.column, f.cell, *_words(f.problem, words)]
        for f in order[:MOST]
    ]
    return Page(_HEADER, lines, marked=("What it says",), note=note)


def _words(problem: Problem, known: dict[int, tuple[str, str]]) -> tuple[str, str]:
    if id(problem) not in known:
        known[id(problem)] = (problem.what(), problem.expected())
    return known[id(problem)]
