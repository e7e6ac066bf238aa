"""What the cells of a column look like: dates, yes or no, money, codes, emails, …

Works on profiles (the commonest cells with their counts, and a sample), never on rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from rung.records.files.sheet import ColumnProfile
from rung.records.schema import NO, STATE_WORDS, YES, CodeList

Order = Literal["mdy", "dmy", "ymd"]

_DATE = re.compile(r"(\d{1,4})[/\-. ](\d{1,2})[/\-. ](\d{1,4})(?:[ T]\d{1,2}:\d{2}.*)?")
_EIGHT = re.compile(r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_WORDY = re.compile(
    r"(?:\d{1,2}[ \-]?)?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
    r"[ \-,]*(?:\d{1,2}(?:st|nd|rd|th)?[ \-,]+)?(\d{2}|\d{4})",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"-?[\d,]*\.?\d+")
_MONEY = re.compile(
    r"-?\$?\s*[\d,]*\.?\d+\s*k?\s*(?:(?:/|per|an|a)\s*(?:hr|hour|h|yr|year|wk|week|mo|month)\.?"
    r"|hourly|annually|usd)?",
    re.IGNORECASE,
)
_SHAPES: Mapping[str, re.Pattern[str]] = {
    "email": re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}"),
    "ssn": re.compile(r"(?:\d{3}|[Xx*]{3})[- ](?:\d{2}|[Xx*]{2})[- ]\d{4}"),
    "phone": re.compile(r"(?:\+?1[\s.-]?)?\(?\d{3}\)?[\s.-]?\d{3}[\s.-]?\d{4}(?:\s*x\d+)?"),
    "zip": re.compile(r"\d{5}(?:-\d{4})?"),
    "nine": re.compile(r"\d{9}"),
    "percent": re.compile(r"\d{1,3}(?:\.\d+)?\s*%"),
    "quarter": re.compile(r"(?:19|20)\d{2}[ -]?Q?[1-4]|Q[1-4][ /-]?(?:19|20)\d{2}", re.IGNORECASE),
    "year": re.compile(r"(?:19|20)\d{2}"),
    "soc": re.compile(r"\d{2}-?\d{4}(?:\.?\d{2})?"),
    "naics": re.compile(r"\d{4,6}"),
    "cip": re.compile(r"\d{2}\.?\d{4}"),
    "key": re.compile(r"(?=.*\d)[\w.:-]+"),
    "name": re.compile(r"[^\W\d_][^\d@]*"),
}


def fold(text: str) -> str:
    """A raw value as value maps compare it: no case, no outer or double spaces."""
    return " ".join(text.casefold().split())


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9<+#&]+", " ", fold(text).replace("'", "")).strip()


@cache
def _states() -> Mapping[str, str]:
    return {fold(word): state for state, words in STATE_WORDS.items() for word in words}


_YES = frozenset(map(fold, YES))
_NO = frozenset(map(fold, NO))


def state_of(text: str) -> str | None:
    """The state that a raw value says, where it says one ("N/A", "Prefer not to say")."""
    return _states().get(fold(text))


def yes_no(text: str) -> bool | None:
    """True, False, or None when a raw value is neither."""
    word = fold(text)
    return True if word in _YES else False if word in _NO else None


@dataclass
class Shape:
    """Shares of the non-blank cells that look like something, weighted by how often they occur."""

    cells: tuple[tuple[str, int], ...]
    filled: int
    distinct: int
    unique: float  # distinct cells over filled cells
    words: float  # mean words a cell
    share: dict[str, float] = field(default_factory=dict)
    orders: dict[Order, int] = field(default_factory=dict)  # cells that read one way only
    years: tuple[int, ...] = ()  # sorted years of the dates

    def __getitem__(self, shape: str) -> float:
        return self.share.get(shape, 0.0)

    @property
    def middle_year(self) -> int | None:
        """The median year of the dates."""
        return self.years[len(self.years) // 2] if self.years else None


def order_of(text: str) -> Order | None:
    """How a date must be read, where only one reading is possible."""
    found = _DATE.fullmatch(text.strip())
    if not found:
        return "ymd" if _EIGHT.fullmatch(text.strip()) else None
    a, b = int(found[1]), int(found[2])
    if len(found[1]) == 4:
        return "ymd"
    if a > 12 >= b:
        return "dmy"
    if b > 12 >= a:
        return "mdy"
    return None


def year_of(text: str) -> int | None:
    """The year of a cell that reads as a date, in whatever order; None when it does not."""
    text = text.strip()
    if _EIGHT.fullmatch(text):
        return int(text[:4])
    found = _DATE.fullmatch(text)
    if found:
        a, b, c = int(found[1]), int(found[2]), int(found[3])
        if len(found[1]) == 4:
            return a if 1 <= b <= 12 and 1 <= c <= 31 else None
        if min(a, b) < 1 or min(a, b) > 12 or max(a, b) > 31 or len(found[3]) == 3:
            return None
        return c if c > 99 else 2000 + c if c < 50 else 1900 + c
    found = _WORDY.fullmatch(text)
    if found:
        year = int(found[1])
        return year if year > 99 else 2000 + year if year < 50 else 1900 + year
    return None


def number_of(text: str) -> float | None:
    """The number in "$15.50/hr", "1,200" or "85%"; None when there is none."""
    text = text.strip().rstrip("%").strip()
    if not text or not _MONEY.fullmatch(text):
        return None
    found = _NUMBER.search(text.replace("$", ""))
    digits = found[0].replace(",", "") if found else ""
    return float(digits) if re.search(r"\d", digits) else None


def look(profile: ColumnProfile) -> Shape:
    """The shape of a column."""
    seen = dict(profile.common)
    cells = list(profile.common) + [(c, 1) for c in profile.sample if c not in seen]
    filled = profile.rows - profile.blanks
    looked = filled * profile.profiled / profile.rows if profile.rows else 0.0
    stated = [(c, n) for c, n in cells if state_of(c) is None]
    total = sum(n for _, n in stated) or 1
    share: dict[str, float] = {}
    orders: dict[Order, int] = {}
    years: list[int] = []
    words = 0.0
    for cell, n in stated:
        part = n / total
        words += part * len(cell.split())
        for name, pattern in _SHAPES.items():
            if pattern.fullmatch(cell):
                share[name] = share.get(name, 0.0) + part
        year = year_of(cell)
        if year is not None:
            share["date"] = share.get("date", 0.0) + part
            years.append(year)
            order = order_of(cell)
            if order:
                orders[order] = orders.get(order, 0) + n
        if yes_no(cell) is not None:
            share["yes_no"] = share.get("yes_no", 0.0) + part
        if year is not None or yes_no(cell) is not None:
            share["step"] = share.get("step", 0.0) + part
        if number_of(cell) is not None:
            share["number"] = share.get("number", 0.0) + part
    return Shape(
        cells=tuple(stated),
        filled=filled,
        distinct=profile.distinct,
        unique=min(profile.distinct / looked, 1.0) if looked else 0.0,
        words=words,
        share={k: round(v, 9) for k, v in share.items()},
        orders=orders,
        years=tuple(sorted(years)),
    )


def within(shape: Shape, low: float | None, high: float | None) -> float:
    """Share of the cells that are numbers between two limits."""
    total = sum(n for _, n in shape.cells) or 1
    fine = 0
    for cell, n in shape.cells:
        value = number_of(cell)
        if value is not None and (low is None or value >= low) and (high is None or value <= high):
            fine += n
    return fine / total


def parts(cell: str) -> tuple[str, ...]:
    """The parts of a cell that may hold several values."""
    return tuple(p.strip() for p in re.split(r"[|;]", cell) if p.strip())


@cache
def _spellings(chosen: CodeList) -> dict[str, str]:
    words: dict[str, str] = {}
    for code, label in chosen.codes.items():
        for raw in (*chosen.spelt.get(code, ()), code, code.replace("_", " "), label):
            words.setdefault(fold(raw), code)
            words.setdefault(_plain(raw), code)
    return words


def code_of(cell: str, codes: CodeList, *, federal: bool = False) -> str | None:
    """The code (or state) that a raw value stands for; None when it cannot be told.

    `federal` says that digits are the codes of the federal layout ("1", "09").
    """
    if federal:
        found = codes.pirl.get(cell) or codes.pirl.get(cell.lstrip("0") or "0")
        return found or codes.pirl.get(cell.zfill(2))
    words = _spellings(codes)
    return words.get(fold(cell)) or words.get(_plain(cell))


def coded(
    cells: Iterable[tuple[str, int]], codes: CodeList, *, many: bool, federal: bool
) -> tuple[float, dict[str, str], int]:
    """Share of cells understood, raw value to code, and rows not understood."""
    found: dict[str, str] = {}
    total = fine = 0
    for cell, n in cells:
        total += n
        pieces = parts(cell) if many else (cell,)
        known = True
        for piece in pieces:
            code = code_of(piece, codes, federal=federal)
            if code is None and many and state_of(piece) is not None:
                continue
            if code is None:
                known = False
            else:
                found.setdefault(piece, code)
        fine += n if known else 0
    return (fine / total if total else 0.0), found, total - fine
