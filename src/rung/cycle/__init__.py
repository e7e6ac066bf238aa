"""One function per verb, over a lab or a file. Both front ends call these and nothing below."""

from __future__ import annotations

from pathlib import Path

from rung.cycle.discover import diagnose as diagnose
from rung.cycle.discover import reconcile as reconcile
from rung.cycle.learn import estimate as estimate
from rung.cycle.outcome import Outcome as Outcome
from rung.records.lab import Lab


def open_lab(path: Path | str) -> Lab:
    """Open a lab folder; raises RecordsError when there is none."""
    return Lab.open(Path(path))
