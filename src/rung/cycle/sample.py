"""The sample: a small provider that never was, with something to see on every page of a lab."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from tempfile import TemporaryDirectory

from rung.cycle.outcome import Clock, Progress
from rung.cycle.start import init
from rung.cycle.story import quiet
from rung.errors import UsageError
from rung.records import simulate
from rung.records.lab import Lab
from rung.records.simulating import area, funding

PROVIDER, PROGRAM = "Riverside Works", "Sector training"
PEOPLE, SEED, DIRT = 320, 5, 0.05
AS_OF = dt.date(2026, 3, 31)
SETTINGS = simulate.Settings(as_of=AS_OF, entries_from=dt.date(2024, 5, 1), closed=0.92)


def files(folder: Path) -> tuple[Path, ...]:
    """What Riverside Works would send: a messy workbook and four CSV files, always the same."""
    return simulate.coached(folder, people=PEOPLE, seed=SEED, dirt=DIRT, settings=SETTINGS)


def sample(folder: Path, *, clock: Clock, progress: Progress = quiet) -> Lab:
    """Make the sample lab in `folder` by the same way as anyone's: the files, a proposed mapping,
    an import. Its as-of date is a day on which follow-ups are due.

    Raises PlanError when `folder` has a lab.
    """
    with TemporaryDirectory(prefix="rung-") as work:
        sent = files(Path(work))
        started = init(sent, folder, provider=PROVIDER, clock=clock, progress=progress)
    if started.imported is None:
        raise started.failed or UsageError("USE-no-example", name="sample")
    lab = Lab.open(folder)
    lab.toml["lab"]["program"] = PROGRAM
    lab.toml["clock"] = {"as_of": AS_OF}
    lab.toml["ladder"] = area.settings_of(SETTINGS)
    area.write(lab.path / "private", SETTINGS)
    funding.declare(lab.toml, (m.key for m in lab.milestones))
    lab.save()
    return lab
