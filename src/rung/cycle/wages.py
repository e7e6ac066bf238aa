"""Asking a state for wage records, and checking what it sent."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from rung.cycle.outcome import Clock
from rung.cycle.start import Written
from rung.messages import sentence
from rung.records import wage_requests
from rung.records.lab import Lab
from rung.records.wages import Coverage


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
