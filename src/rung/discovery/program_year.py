"""Program years, report quarters, and whose exits feed which report.

A program year PYn runs from 1 July n to 30 June n+1; its quarters are July to September (Q1),
October to December, January to March, April to June. A calendar quarter is the number
year * 4 + quarter - 1, so quarter n after exit is the quarter of exit plus n. Wage data lag two
quarters: what is measured in the 2nd quarter after exit is reported 4 quarters after the quarter
of exit, what is measured in the 4th, 6 quarters after it (TAC-17-04, table 2).
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Self

from rung.errors import PlanError

Q2_LAG, Q4_LAG = 4, 6
"""Quarters from the quarter of exit to the report."""
Span = tuple[dt.date, dt.date]
"""First and last day, both included."""

_REPORT = re.compile(r"PY(\d{4})(?:-?Q([1-4]))?\Z", re.IGNORECASE)


def quarter_of(day: dt.date) -> int:
    """The calendar quarter of a day, as year * 4 + quarter - 1."""
    return day.year * 4 + (day.month - 1) // 3


def days_of(quarter: int) -> Span:
    """First and last day of a calendar quarter."""
    first, after = (dt.date(q // 4, q % 4 * 3 + 1, 1) for q in (quarter, quarter + 1))
    return first, after - dt.timedelta(days=1)


@dataclass(frozen=True)
class Report:
    """A report quarter of a program year: over the four quarters that end with it, or `alone`.

    PY2025Q4 over four quarters is the annual report of PY2025.
    """

    year: int
    quarter: int
    alone: bool = False

    @classmethod
    def parse(cls, text: str, *, alone: bool = False) -> Self:
        """PY2025Q4, or PY2025 for the annual report; PlanError for anything else."""
        found = _REPORT.match(text.strip())
        if not found or not 2000 <= int(found[1]) <= 2150 or (alone and not found[2]):
            raise PlanError("PLAN-wioa-report", report=text.strip()[:20])
        return cls(int(found[1]), int(found[2] or 4), alone)

    def __str__(self) -> str:
        return f"PY{self.year}Q{self.quarter}"

    @property
    def index(self) -> int:
        """The calendar quarter of the report."""
        return self.year * 4 + self.quarter + 1

    @property
    def last_day(self) -> dt.date:
        """The day the report's quarter ends: its wage data are in, and what lacks is final."""
        return days_of(self.index)[1]

    @property
    def period(self) -> Span:
        """The reporting period itself: measurable skill gains, and participants served."""
        return self.exits(0)

    def exits(self, lag: int) -> Span:
        """Which exits are judged, when data come `lag` quarters after the quarter of exit."""
        last = self.index - lag
        return days_of(last if self.alone else last - 3)[0], days_of(last)[1]
