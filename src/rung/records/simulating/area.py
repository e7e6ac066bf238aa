"""The invented area of a simulated provider: what its people earn, and what its jobs pay.

Two tables in the layouts that a user brings for a real area. Every row says that it is invented;
nobody drew it from a survey. Of the people of an age some earn nothing, and the pay of the others
is lognormal; jobs pay by the hour as five percentiles of the Bureau of Labor Statistics would say.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import NormalDist
from typing import Any

from rung.records.simulating.scenario import Settings

AREA = "Riverside (invented)"
EARNINGS, WAGES = "area-percentiles.csv", "area-wages.csv"
AT = (*range(5, 100, 5), 98, 99)
BANDS: Sequence[tuple[int, int, float, float]] = (
    # youngest, oldest, the share who earn nothing, the median of those who earn
    (16, 24, 0.34, 14_500.0),
    (25, 34, 0.19, 33_000.0),
    (35, 44, 0.18, 40_000.0),
    (45, 64, 0.26, 42_000.0),
    (65, 99, 0.78, 24_000.0),
)
SPREAD, GROWTH, FROM = 0.85, 0.035, 2023  # of pay in logs; a year; the year of the medians
HOURLY = (("h_pct10", 13.1), ("h_pct25", 16.4), ("h_median", 21.2), ("h_pct75", 31.5),
          ("h_pct90", 47.8))  # fmt: skip


def _years(settings: Settings) -> range:
    """Every year that a wage record of the provider can be of."""
    before = -(-settings.quarters_before // 4)
    return range(settings.entries_from.year - before, settings.as_of.year + 1)


def _earnings(settings: Settings) -> Iterable[tuple[Any, ...]]:
    for year in _years(settings):
        growth = (1 + GROWTH) ** (year - FROM)
        for low, high, nothing, median in BANDS:
            for p in AT:
                above = (p / 100 - nothing) / (1 - nothing)
                pay = (
                    median * growth * math.exp(SPREAD * NormalDist().inv_cdf(above))
                    if above > 0
                    else 0
                )
                yield AREA, year, low, high, p, round(pay)


def _hourly(settings: Settings) -> Iterable[tuple[Any, ...]]:
    for year in _years(settings):
        growth = (1 + GROWTH) ** (year - FROM)
        yield AREA, year, "00-0000", *(f"{wage * growth:.2f}" for _, wage in HOURLY)


def write(folder: Path, settings: Settings) -> tuple[Path, Path]:
    """Write both tables into `folder`."""
    made: tuple[tuple[str, tuple[str, ...], Iterable[tuple[Any, ...]]], ...] = (
        (
            EARNINGS,
            ("area", "year", "age_from", "age_to", "percentile", "earnings"),
            _earnings(settings),
        ),
        (WAGES, ("area_title", "year", "occ_code", *(c for c, _ in HOURLY)), _hourly(settings)),
    )
    for file, head, rows in made:
        with (folder / file).open("w", encoding="utf-8", newline="") as f:
            out = csv.writer(f, lineterminator="\n")
            out.writerow(head)
            out.writerows(rows)
    return folder / EARNINGS, folder / WAGES


def settings_of(settings: Settings) -> dict[str, Any]:
    """The `[ladder]` of a simulated lab."""
    return {
        "distribution": f"private/{EARNINGS}",
        "hourly": f"private/{WAGES}",
        "quarters_before": settings.quarters_before,
        "living_wage": 21.5,
        "living_wage_for": "one adult",
        "quality_job": {"wage": 18, "hours_week": 30, "benefits": ["health_insurance"]},
    }
