"""Dollars of one time in dollars of another, by the Consumer Price Index for all urban consumers.

The index (CPI-U, U.S. city average, all items, not seasonally adjusted: CUUR0000SA0) comes from
the data file of the package `cpi` (the extra `rung[prices]`), of which nothing is imported but the
file's place, or from a table of your own with year, month and value. A quarter's index is the mean
of its three months; a quarter that lacks one has none, and asking for it is an error, never a
guess.
"""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from importlib.util import find_spec
from pathlib import Path

from rung.errors import PlanError, RecordsError

SERIES = "CUUR0000SA0"
_PLACES = Decimal("0.00000001")


@dataclass(frozen=True)
class Prices:
    """An index by (year, month)."""

    months: Mapping[tuple[int, int], Decimal]

    @classmethod
    def packaged(cls, package: str = "cpi") -> Prices:
        """The index in the data of a package; PlanError (PLAN-prices) when it is not installed."""
        found = find_spec(package)
        file = Path(found.origin).with_name(f"{package}.db") if found and found.origin else None
        if file is None or not file.is_file():
            raise PlanError("PLAN-prices")
        with sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True) as connection:
            rows = connection.execute(
                "SELECT year, period, value FROM indexes WHERE series = ?", (SERIES,)
            ).fetchall()
        connection.close()
        months = {
            (int(year), int(period[1:])): Decimal(str(value))
            for year, period, value in rows
            if period[:1] == "M" and 1 <= int(period[1:]) <= 12  # M13 is the year's mean
        }
        return cls(months)

    @classmethod
    def read(cls, file: Path) -> Prices:
        """A table of one's own, CSV with year, month and value; RecordsError when it is none."""
        if not file.is_file():
            raise RecordsError("REC-no-file", file=file.name)
        months: dict[tuple[int, int], Decimal] = {}
        try:
            with file.open(encoding="utf-8-sig", newline="") as f:
                rows = csv.DictReader(f)
                for row in rows:
                    month, value = int(row["month"]), Decimal(row["value"])
                    if not 1 <= month <= 12 or not value > 0:
                        raise ValueError
                    months[int(row["year"]), month] = value
        except KeyError as e:
            raise RecordsError("REC-no-column", table=file.name, column=str(e.args[0])) from e
        except (ValueError, TypeError, InvalidOperation, UnicodeDecodeError) as e:
            raise RecordsError("REC-prices", file=file.name) from e
        return cls(months)

    def of_quarter(self, quarter: int) -> Decimal:
        """The mean of a quarter's three months; PlanError (PLAN-no-price) when one is missing."""
        first = quarter % 4 * 3 + 1
        return self._mean([(quarter // 4, first + i) for i in range(3)])

    def of_year(self, year: int) -> Decimal:
        """The mean of a year's twelve months; PlanError (PLAN-no-price) when one is missing."""
        return self._mean([(year, month) for month in range(1, 13)])

    def _mean(self, months: list[tuple[int, int]]) -> Decimal:
        found = [self.months.get(m) for m in months]
        known = [v for v in found if v is not None]
        if len(known) < len(months):
            year, month = months[found.index(None)]
            raise PlanError("PLAN-no-price", month=f"{year}-{month:02d}")
        return sum(known, Decimal(0)) / len(known)

    def factors(self, quarters: Iterable[int], *, year: int) -> dict[int, Decimal]:
        """What a dollar of each quarter is worth in dollars of a year, to eight places."""
        base = self.of_year(year)
        return {
            q: (base / self.of_quarter(q)).quantize(_PLACES, ROUND_HALF_EVEN) for q in set(quarters)
        }
