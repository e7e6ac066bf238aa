"""The list of cells to mend, for the people who can: a sheet for each, worst first.

It names records and shows cells as they are in the provider's file, so it stays inside.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rung.errors import Problem
from rung.messages import sentence
from rung.records.check import FIX_ROWS, Fix, Report
from rung.records.importing.sheets_out import Page
from rung.records.importing.sheets_out import write as write_pages

MOST = 20_000  # lines of one owner's sheet
_SUMMARY = ("weight", "file", "column", "rows", "first", "wrong", "expected", "next", "who")
_LINES = ("file", "row", "record", "column", "says", "wrong", "expected")


def write(path: Path, report: Report) -> Path:
    """Write `fix-list.xlsx`, in the language spoken: a summary, then a sheet an owner."""
    pages = {sentence("label.fix-summary"): _summary(report)}
    owners = {f.problem.owner or "data": 0 for f in report.fixes}
    for owner in sorted(owners):
        lines = [f for f in report.fixes if (f.problem.owner or "data") == owner]
        pages[owner_words(owner).capitalize()] = _page(lines)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_pages(path, pages)
    os.chmod(path, 0o600)
    return path


def owner_words(owner: str | None) -> str:
    """Who mends it, in words."""
    return sentence(f"label.fix-owner-{owner or 'data'}")


def _summary(report: Report) -> Page:
    header = tuple(sentence(f"label.fix-{name}") for name in _SUMMARY)
    lines: list[list[Any]] = [
        [
            sentence(f"label.fix-{p.weight}"), p.table or "", p.column or "", p.rows,
            ", ".join(map(str, p.first_rows)), p.what(), p.expected(), p.next(),
            owner_words(p.owner),
        ]
        for p in report.problems
    ]  # fmt: skip
    note = sentence("label.fix-note", {"rows": FIX_ROWS, "lines": MOST})
    return Page(header, lines, note=note)


def _page(fixes: Iterable[Fix]) -> Page:
    order = list(fixes)
    weight = {"break": 0, "care": 1}
    order.sort(key=lambda f: (weight[f.problem.weight], -(f.problem.rows or 0), f.table, f.row))
    some = {"most": MOST, "n": len(order)}
    note = sentence("label.fix-first-lines", some) if len(order) > MOST else ""
    words: dict[int, tuple[str, str]] = {}
    lines = [
        [f.table, f.row, f.record, f.column, f.cell, *_words(f.problem, words)]
        for f in order[:MOST]
    ]
    header = tuple(sentence(f"label.fix-{name}") for name in _LINES)
    return Page(header, lines, marked=(sentence("label.fix-says"),), note=note)


def _words(problem: Problem, known: dict[int, tuple[str, str]]) -> tuple[str, str]:
    if id(problem) not in known:
        known[id(problem)] = (problem.what(), problem.expected())
    return known[id(problem)]
