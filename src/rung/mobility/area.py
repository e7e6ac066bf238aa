"""Published percentiles of an area, and where an amount stands among them.

Two kinds, both brought by the user as CSV:

    earnings   of people, zeros included, by area, year and age band (ACS-style): columns year,
               percentile, earnings, and where there are several area, age_from, age_to
    hourly     wages of jobs (OEWS-style): occ_code, h_pct10, h_pct25, h_median, h_pct75, h_pct90,
               and where there are several area (or area_title) and year

Between two published percentiles an amount is placed by a straight line. An amount that many people
share (nothing at all, above all) spans several percentiles; everyone who has it stands in the
middle of them (a midrank). Outside the lowest and the highest published percentile only bounds are
known: half their width is the `spread` around the middle.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Literal

from sqlglot import exp

from rung.documents import digest
from rung.errors import PlanError, Problem, RecordsError
from rung.records import query

HOURLY = (("h_pct10", 10), ("h_pct25", 25), ("h_median", 50), ("h_pct75", 75), ("h_pct90", 90))
LEAST = 3  # percentiles that make a distribution
STEP = Decimal("0.0001")  # money has four decimals: nothing lies between two steps
FAR = 1e15
_UNKNOWN = {"", "*", "**", "#", "na", "n/a", "-"}

Key = tuple[str, int, int, int]  # area, year, youngest, oldest
Side = Literal["earnings", "hourly"]
BIN: Mapping[Side, int] = {"earnings": 1000, "hourly": 1}  # dollars: what a join goes by


@dataclass(frozen=True)
class Piece:
    """A stretch of dollars: rank at its start, ranks a dollar, half the width of the bounds."""

    start: Decimal | None  # None: no end on this side
    end: Decimal | None
    rank: float
    slope: float = 0.0
    spread: float = 0.0

    def at(self, amount: Decimal) -> float:
        """The rank of an amount on this stretch."""
        return self.rank + self.slope * float(amount - (self.start or 0))


@dataclass(frozen=True)
class Percentiles:
    """One distribution: percentiles (0 to 100, rising) and their dollars (never falling)."""

    at: tuple[float, ...]
    dollars: tuple[Decimal, ...]

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        """All of the dollars, from the lowest up, without a gap."""
        runs: list[tuple[Decimal, float, float]] = []
        for p, amount in zip(self.at, self.dollars, strict=True):
            if runs and runs[-1][0] == amount:
                runs[-1] = (amount, runs[-1][1], p)
            else:  # whoever has nothing is the lowest: that stretch begins at 0
                runs.append((amount, 0.0 if amount == 0 else p, p))
        first, low, _ = runs[0]
        made = [Piece(None, first, low / 2, spread=low / 2)]
        for (amount, a, b), (after, c, _) in pairwise([*runs, runs[-1]]):
            made.append(Piece(amount, amount + STEP, (a + b) / 2))
            if after - amount > STEP:
                slope = (c - b) / float(after - amount)
                made.append(Piece(amount + STEP, after, b + slope * float(STEP), slope))
        last, _, high = runs[-1]
        made.append(Piece(last + STEP, None, (high + 100) / 2, spread=(100 - high) / 2))
        return tuple(made)

    def place(self, amount: Decimal) -> tuple[float, float]:
        """The lowest and the highest rank an amount can have; the same one where it is known."""
        piece = next(p for p in self.pieces if p.end is None or amount < p.end)
        return piece.at(amount) - piece.spread, piece.at(amount) + piece.spread


@dataclass(frozen=True)
class Distribution:
    """The distributions of a file by area, year and age band. `digest` is the file's."""

    side: Side
    cells: Mapping[Key, Percentiles]
    digest: str = ""
    years_off: int = 0
    areas: tuple[str, ...] = field(init=False)
    years: tuple[int, ...] = field(init=False)
    bands: tuple[tuple[int, int], ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "areas", tuple(sorted({k[0] for k in self.cells})))
        object.__setattr__(self, "years", tuple(sorted({k[1] for k in self.cells})))
        object.__setattr__(self, "bands", tuple(sorted({(k[2], k[3]) for k in self.cells})))

    def number(self, key: Key) -> int:
        """A whole number for a cell, which a join can go by."""
        at = self.bands.index((key[2], key[3]))
        return (self.areas.index(key[0]) * 10_000 + key[1]) * 100 + at

    def of(self, area: exp.Expr | None, year: exp.Expr, age: exp.Expr | None) -> exp.Expr:
        """The number of a person's cell, as a tree; NULL where nothing is published."""
        place = query.tree(0)
        if area is not None:
            place = exp.Case()
            for i, name in enumerate(self.areas):
                place = place.when(_is(area, name), query.tree(i))
        band: exp.Expr = query.tree(0)
        if self.bands != ((0, 200),):
            band = exp.Case()
            for i, (low, high) in enumerate(self.bands):
                if age is not None:
                    inside = exp.Between(
                        this=age.copy(), low=query.tree(low), high=query.tree(high)
                    )
                    band = band.when(inside, query.tree(i))
            if age is None:
                band = exp.cast(exp.null(), "INTEGER")
        return _plus(_times(_plus(_times(place, 10_000), self._year(year)), 100), band)

    def _year(self, year: exp.Expr) -> exp.Expr:
        """The published year that serves for a year: itself, or the nearest not too far off."""
        if not self.years_off:
            return year.copy()
        case = exp.Case()
        for each in range(self.years[0] - self.years_off, self.years[-1] + self.years_off + 1):
            near = min(self.years, key=lambda y: (abs(y - each), -y))
            if abs(near - each) <= self.years_off:
                case = case.when(_is(year, each), query.tree(near))
        return case

    def bin_of(self, amount: exp.Expr) -> exp.Expr:
        """The bin of dollars of an amount, as a tree; NULL without one."""
        size = query.tree(float(BIN[self.side]))
        floor = exp.func("floor", exp.Div(this=query.as_double(amount), expression=size))
        whole = exp.cast(floor, "INTEGER")
        inside = exp.func("least", exp.func("greatest", whole, query.tree(0)), query.tree(self.top))
        # the greatest of nothing and 0 would be 0
        return exp.Case().when(exp.not_(amount.copy().is_(exp.null())), inside)

    @cached_property
    def top(self) -> int:
        """The bin in which everything above the highest published percentile lies."""
        return int(max(d for p in self.cells.values() for d in p.dollars) // BIN[self.side]) + 1

    def rows(self) -> Iterator[tuple[int, int, float, float, float, float, float]]:
        """Every stretch in every bin that it touches: cell, bin, start, end, rank, slope, spread.

        In a bin exactly one stretch holds an amount.
        """
        size = BIN[self.side]
        for key, percentiles in self.cells.items():
            for p in percentiles.pieces:
                first = 0 if p.start is None else max(0, min(self.top, int(p.start // size)))
                last = self.top if p.end is None else min(self.top, int((p.end - STEP) // size))
                for at in range(first, max(first, last) + 1):
                    yield (
                        self.number(key), at,
                        -FAR if p.start is None else float(p.start),
                        FAR if p.end is None else float(p.end),
                        p.rank, p.slope, p.spread,
                    )  # fmt: skip

    def write(self, file: Path) -> Path:
        """The rows as CSV, for an engine to attach."""
        with file.open("w", encoding="utf-8", newline="") as f:
            out = csv.writer(f)
            out.writerow(("cell", "bin", "start_at", "end_at", "rank_at", "slope", "spread"))
            out.writerows((c, b, *(repr(float(v)) for v in more)) for c, b, *more in self.rows())
        return file


def _is(column: exp.Expr, value: str | int) -> exp.Expr:
    return exp.EQ(this=column.copy(), expression=query.tree(value))


def _times(node: exp.Expr, by: int) -> exp.Expr:
    return exp.Mul(this=exp.Paren(this=node), expression=query.tree(by))


def _plus(a: exp.Expr, b: exp.Expr) -> exp.Expr:
    return exp.Add(this=a, expression=b)


# -- reading


def read(
    file: Path,
    side: Side = "earnings",
    *,
    area: str = "",
    every_area: bool = False,
    occupation: str = "00-0000",
    years_off: int = 0,
) -> Distribution:
    """The distributions of a file, of one area or of every one.

    Raises RecordsError (REC-no-file, REC-no-column, REC-percentiles, REC-percentiles-order) and
    PlanError (PLAN-ladder-area) when the area is not in the file, or several are and none is named.
    """
    if not file.is_file():
        raise RecordsError("REC-no-file", file=file.name)
    try:
        text = file.read_text("utf-8-sig")
    except UnicodeDecodeError as e:
        raise RecordsError("REC-percentiles", file=file.name) from e
    return parse(
        text, file.name, side, area=area, every_area=every_area, occupation=occupation,
        years_off=years_off,
    )  # fmt: skip


def parse(
    text: str,
    file: str,
    side: Side = "earnings",
    *,
    area: str = "",
    every_area: bool = False,
    occupation: str = "00-0000",
    years_off: int = 0,
) -> Distribution:
    """The same from the text of a file, which `file` is the name of."""
    lines = csv.DictReader(text.splitlines())
    lines.fieldnames = [h.strip().lower() for h in lines.fieldnames or ()]
    needed = (
        ("year", "percentile", "earnings") if side == "earnings" else tuple(c for c, _ in HOURLY)
    )
    missing = [c for c in needed if c not in lines.fieldnames]
    if missing:
        raise RecordsError("REC-no-column", table=file, column=missing[0])
    found = _points(lines, file, side, occupation)
    kept = _of_area(found, file, area, every_area=every_area)
    return Distribution(side, _sound(kept, file), digest(text), years_off)


def _points(
    lines: Iterable[Mapping[str | None, str | None]], file: str, side: Side, occupation: str
) -> dict[Key, dict[float, Decimal]]:
    """Percentiles and dollars by cell; RecordsError (REC-percentiles) with every bad row."""
    reader = _earnings if side == "earnings" else _hourly
    found: dict[Key, dict[float, Decimal]] = {}
    wrong: list[int] = []
    for row, cells in enumerate(lines, 2):
        given = {k: (v or "").strip() for k, v in cells.items() if isinstance(k, str)}
        if not any(given.values()) or (
            side == "hourly" and given.get("occ_code", occupation) != occupation
        ):
            continue
        try:
            key, points = reader(given)
        except (ValueError, InvalidOperation):
            wrong.append(row)
            continue
        mine = found.setdefault(key, {})
        if any(mine.get(p, d) != d for p, d in points):
            wrong.append(row)
        mine.update(points)
    if wrong or not found:
        problem = Problem(
            code="REC-percentiles", table=file, rows=len(wrong) or None,
            first_rows=tuple(wrong[:5]), params={"file": file}, weight="break",
        )  # fmt: skip
        raise RecordsError(problem)
    return found


def _earnings(row: Mapping[str, str]) -> tuple[Key, list[tuple[float, Decimal]]]:
    percentile, amount = float(row["percentile"]), _dollars(row["earnings"])
    low, high = int(row.get("age_from") or 0), int(row.get("age_to") or 200)
    if not 0 < percentile < 100 or low > high or amount is None:
        raise ValueError
    return (row.get("area", ""), _year(row["year"]), low, high), [(percentile, amount)]


def _hourly(row: Mapping[str, str]) -> tuple[Key, list[tuple[float, Decimal]]]:
    known = [(float(p), _dollars(row[column])) for column, p in HOURLY]
    points = [(p, d) for p, d in known if d is not None]
    if any(d <= 0 for _, d in points):
        raise ValueError
    area = row.get("area_title") or row.get("area", "")
    return (area, _year(row["year"]) if row.get("year") else 0, 0, 200), points


def _year(text: str) -> int:
    year = int(text)
    if not 1900 <= year <= 2200:
        raise ValueError
    return year


def _dollars(text: str) -> Decimal | None:
    """An amount; None where the publisher says that it is not told."""
    if text.lower() in _UNKNOWN:
        return None
    amount = Decimal(text.replace(",", "").removeprefix("$"))
    if not amount.is_finite() or abs(amount) > 10**9:
        raise ValueError
    return amount.quantize(STEP)


def _of_area(
    found: Mapping[Key, Mapping[float, Decimal]], file: str, area: str, *, every_area: bool
) -> Mapping[Key, Mapping[float, Decimal]]:
    areas = sorted({k[0] for k in found})
    if every_area:
        return found
    if (area and area not in areas) or (not area and len(areas) > 1):
        raise PlanError("PLAN-ladder-area", file=file, known=", ".join(areas[:12]))
    return {k: v for k, v in found.items() if not area or k[0] == area}


def _sound(found: Mapping[Key, Mapping[float, Decimal]], file: str) -> Mapping[Key, Percentiles]:
    """Enough percentiles, dollars that do not fall, age bands that do not overlap."""
    made = {
        key: Percentiles(tuple(sorted(points)), tuple(points[p] for p in sorted(points)))
        for key, points in found.items()
    }
    bad = sum(
        len(p.at) < LEAST or any(b < a for a, b in pairwise(p.dollars)) for p in made.values()
    )
    bands = sorted({(k[2], k[3]) for k in made})
    bad += sum(b[0] <= a[1] for a, b in pairwise(bands))
    if bad:
        raise RecordsError("REC-percentiles-order", file=file, n=bad, least=LEAST)
    return made
