"""A lab opened for work, in a notebook or a program: the verbs as methods."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rung.records.lab import Lab
from rung.share.release import Audience

if TYPE_CHECKING:
    from rung.cycle.outcome import Clock, Outcome


def _clock(today: dt.date) -> Clock:
    return lambda: dt.datetime.combine(today, dt.time(), dt.UTC)


@dataclass
class OpenLab(Lab):
    """A lab with the verbs as methods.

    `audience` is who will see the answers (staff, unless given); showing them outside needs
    `today`, the day of the release, for the ledger.
    """

    def diagnose(
        self,
        *,
        by: Sequence[str] | None = None,
        cohort: str | None = None,
        as_of: dt.date | None = None,
        within: int | None = None,
        audience: Audience | None = None,
        today: dt.date | None = None,
    ) -> Outcome:
        """Where are people lost, and for whom? See `rung.cycle.diagnose`."""
        from rung.cycle.discover import diagnose

        return diagnose(
            self,
            by=by,
            cohort=cohort,
            as_of=as_of,
            within=within,
            audience=audience,
            clock=_clock(today) if today else None,
        )

    def reconcile(self, *, milestone: str, period: str, reported: int) -> Outcome:
        """Why does our number differ from a report's? See `rung.cycle.reconcile`."""
        from rung.cycle.discover import reconcile

        return reconcile(self, milestone=milestone, period=period, reported=reported)

    def run(
        self, *, audience: Audience | None = None, language: str | None = None, today: dt.date
    ) -> Outcome:
        """Everything the lab declares, and its brief. See `rung.cycle.run`."""
        from rung.cycle.run import run

        return run(self, audience=audience, language=language, clock=_clock(today))

    def brief(
        self,
        *,
        out: Path | None = None,
        audience: Audience | None = None,
        language: str | None = None,
        xlsx: bool = False,
        today: dt.date,
    ) -> Outcome:
        """Write the brief, with `xlsx` also as a workbook. See `rung.cycle.brief`."""
        from rung.cycle.run import brief

        return brief(
            self, out=out, audience=audience, language=language, xlsx=xlsx, clock=_clock(today)
        )


def open_lab(path: Path | str) -> OpenLab:
    """Open a lab folder; raises RecordsError when there is none."""
    return OpenLab.open(Path(path))
