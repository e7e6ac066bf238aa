"""Asking a state for wage records, checking what it sent, and bringing it into a lab."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import tomlkit

from rung.cycle.outcome import Clock
from rung.cycle.start import Written
from rung.documents import Document
from rung.errors import CannotAnswer, RecordsError
from rung.messages import sentence
from rung.records import intake, wage_imports, wage_requests
from rung.records.lab import Lab
from rung.records.mapping import FileMap
from rung.records.wage_files import Layout
from rung.records.wage_imports import By
from rung.records.wages import Coverage, coverage, quarter_name


def wage_request(
    lab: Lab,
    out: Path,
    *,
    quarters: str,
    purpose: str = wage_requests.PURPOSE,
    layout: Literal["csv", "fixed"] = "csv",
    clock: Clock,
) -> Written:
    """Write a request for the wage records of everyone whose consent stands today.

    `quarters` is like 2024Q1..2025Q4. How many were left out, and why, is told. Raises PlanError
    (PLAN-quarter), or RecordsError when the lab has no consents or the key table does not open.
    """
    window = Coverage.named(quarters)
    day = clock().date()
    made = wage_requests.write(lab, out, window, day=day, purpose=purpose, layout=layout)
    lines = [sentence("label.wages-asked", {"n": len(made.asked)})]
    lines += [sentence(f"label.wages-left-{why}", {"n": n}) for why, n in made.left_out.items()]
    more = {"asked": len(made.asked), "left_out": dict(made.left_out), "day": day.isoformat()}
    return Written(tuple(lines), (out,), f"rung wages check {out} EXTRACT", more)


def import_wages(
    lab: Lab,
    files: Sequence[Path],
    *,
    layout: Layout | None = None,
    by: By | None = None,
    clock: Clock,
) -> Written:
    """Wage files (long, wide, or a state's fixed-width layout) into a lab's table of wages.

    They are kept in `private/` and declared in `lab.toml`, so that later imports read them again.
    `by` says what names people in them: "ssn", "id" or "pid" (told from the file by default).
    Raises RecordsError when nothing was imported yet, or for a file that cannot be read.
    """
    lab.need("journeys")
    before = lab.toml.as_string()
    wage_imports.declare(lab, [intake.receive(lab, f) for f in files], layout, by)
    target = lab.table(wage_imports.TABLE)
    try:
        with TemporaryDirectory(dir=lab.path / "records", prefix=".new-") as new:
            made = Path(new) / target.name
            found = wage_imports.write(lab, made)
            if not _mapped(lab):
                made.replace(target)
        if _mapped(lab):  # then the table is of both kinds of file
            intake.bring(lab, clock=clock)
    except RecordsError:
        lab.toml = tomlkit.parse(before)
        lab.save()
        raise
    read = asdict(found) if found else {}
    lines = [sentence("label.wages-read", read)]
    lines += [
        sentence(f"label.wages-read-{kind}", {"n": n})
        for kind in ("unreadable", "strangers", "repeated", "negative")
        if (n := read.get(kind))
    ]
    more: dict[str, Any] = {**read, "covers": None, "missing": []}
    try:
        with lab.session() as session:
            window = coverage(session)
    except CannotAnswer:  # sources without a quarter in common: kept, and told
        lines.append(sentence("label.wages-read-apart"))
    else:
        ends = {"first": quarter_name(window.first), "last": quarter_name(window.last)}
        more |= {"covers": ends, "missing": [quarter_name(q) for q in sorted(window.missing)]}
        lines.append(sentence("label.wages-read-covers", ends))
        lines += [note.words() for note in window.notes()]
    body = {"at": clock().isoformat(timespec="seconds"), **more}
    body["inputs"] = {f.path: lab.digest(lab.path / f.path) for f in wage_imports.declared(lab)}
    lab.store.put("wages", Document("wages", 1, body))
    step = f"rung churn {lab.path} --low-pay 3000"
    return Written(tuple(lines), (target,), step, more)


def _mapped(lab: Lab) -> bool:
    """Whether a file of `[[files]]` tells wages too."""
    files = lab.sections("files", FileMap)
    return any(t.startswith("wages.") for f in files for t in f.columns.values())


def wage_check(request: Path, extract: Path) -> Written:
    """Compare what a state sent with the request file it answers; nothing is kept.

    Raises RecordsError: REC-wage-request when the first file is none, or what is wrong with the
    second.
    """
    with TemporaryDirectory(prefix="rung-") as work:
        found = asdict(wage_requests.check_files(request, extract, Path(work)))
    lines = [sentence("label.wages-answered", found)]
    lines += [
        sentence(f"label.wages-{kind}", {"n": n})
        for kind in ("silent", "unasked", "repeated", "outside", "unreadable")
        if (n := found[kind])
    ]
    return Written(tuple(lines), (), "", found)
