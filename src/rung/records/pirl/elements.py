"""The element dictionary, and which element each column of a file is.

A header may say the number (`PIRL100`, `PIRL 201`, `108-A`), the name, or both
(`900 Date of Program Entry (WIOA)`). Where both are said and disagree the file stops: numbers
that belong to other elements circulate, and a guess would move a column silently.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Literal

from rung.errors import Problem, RecordsError
from rung.records.matching.headers import likeness
from rung.records.schema import TABLES

SCHEMA = "PIRL2025"
ID, SSN, BORN, OBS = "100", "2700", "200", "OBS"
PRIVATE = (OBS, ID, SSN, BORN)
"""Elements that name a person or a day of birth: never in the checked table."""
_ALIKE, _UNLIKE = 0.9, 0.34
_NUMBER = re.compile(
    r"(?:(PIRL|CALC|ELEMENT|ELM|E)[\s_.#-]*)?(\d{3,4})(?:[\s-]?([ABC])(?![A-Za-z]))?(?!\d)",
    re.IGNORECASE,
)
_SAID_BEFORE = {
    "gender": "201", "birthday": "200", "dob": "200", "ssn": "2700", "program start date": "900",
    "program entry date": "900", "date of entry": "900", "program exit date": "901",
}  # fmt: skip


Type = Literal["DT", "IN", "AN", "DE"]
_TYPES: dict[str, Type] = {"DT": "DT", "IN": "IN", "AN": "AN", "DE": "DE"}


@dataclass(frozen=True)
class Element:
    """One element. `codes` are the values it may have; `digits` those it may pack in one cell.

    `pending` is the value that says "not yet available"; it is a state, never a number or a code.
    """

    number: str
    name: str
    type: Type
    length: int
    codes: tuple[str, ...] = ()
    digits: str = ""
    pending: str = ""
    source: str = ""

    @property
    def column(self) -> str:
        """Its column in the checked table: e900, e108a."""
        return f"e{self.number.replace('-', '').lower()}"

    @property
    def calculated(self) -> bool:
        """Whether only public-use files have it, made from other elements."""
        return self.number.startswith("CALC")

    @property
    def yes_no(self) -> bool:
        """Whether it is a question answered yes or no."""
        return "0" in self.codes and "1" in self.codes and set(self.codes) <= {"0", "1", "9"}

    @property
    def stored(self) -> str:
        """Its SQL type in the checked table."""
        return {"DT": "DATE", "DE": "DECIMAL(18, 4)"}.get(self.type, "VARCHAR")


@cache
def elements() -> dict[str, Element]:
    """Every element by its number, in the order of the layout."""
    text = resources.files("rung.records.schema").joinpath("pirl.csv").read_text("utf-8")
    found = {}
    for row in csv.DictReader(text.splitlines()):
        packed = row["codes"].startswith("digits:")
        found[row["number"]] = Element(
            number=row["number"],
            name=row["name"],
            type=_TYPES[row["type"]],
            length=int(float(row["length"])) if row["type"] != "DE" else 9,
            codes=() if packed else tuple(row["codes"].split()),
            digits=row["codes"].removeprefix("digits:") if packed else "",
            pending=row["pending"],
            source=row["source"],
        )
    return found


def schema_order(schema: str) -> tuple[str, ...]:
    """The elements of a schema, in the order of its columns.

    `PIRL2025` is the whole layout; anything else is a file with the numbers in order, separated
    by commas or line breaks (a header row will do). Raises RecordsError when it names none.
    """
    if schema.upper() == SCHEMA:
        return tuple(n for n, e in elements().items() if not e.calculated)
    path = Path(schema)
    if not path.is_file():
        raise RecordsError("REC-pirl-schema", schema=path.name, known=SCHEMA)
    said = path.read_text("utf-8-sig").replace("\n", ",").split(",")
    return matched([s.strip().strip('"') for s in said if s.strip()], path.name)


def _normal(text: str) -> str:
    return re.sub(r"[^a-z0-9#]+", " ", text.casefold().replace("(wioa)", " ")).strip()


@cache
def _by_name() -> dict[str, str]:
    """Every way to say an element's name that belongs to one element only."""
    said: dict[str, set[str]] = {}
    for e in elements().values():
        said.setdefault(_normal(e.name), set()).add(e.number)
    for table in TABLES.values():
        for column in table.columns:
            for text in (column.heading, *column.also) if column.pirl else ():
                said.setdefault(_normal(text), set()).add(column.pirl)
    for text, number in _SAID_BEFORE.items():
        said[text] = {number}
    names = {text: next(iter(numbers)) for text, numbers in said.items() if len(numbers) == 1}
    return names | {_normal(e.name): e.number for e in elements().values()}


@cache
def _spoken(number: str) -> tuple[str, ...]:
    """What an element is called, its official name first."""
    also = [
        text
        for table in TABLES.values()
        for column in table.columns
        if column.pirl == number
        for text in (column.heading, *column.also)
    ]
    also += [text for text, n in _SAID_BEFORE.items() if n == number]
    return (elements()[number].name, *also)


def _like(words: str, number: str) -> float:
    return max(likeness(_normal(words), _normal(said)) for said in _spoken(number))


def _numbers(header: str) -> list[tuple[str, int]]:
    """Element numbers that a header says, and where each ends. Four-digit years are none."""
    found: list[tuple[str, int]] = []
    for match in _NUMBER.finditer(header):
        kind, number, letter = match[1] or "", match[2], match[3] or ""
        start = header[: match.start()].strip(" /,;|&+-_.#")
        if start and not kind and not found:
            break  # a number inside words is a part of the name
        if letter:
            number = f"{number}-{letter.upper()}"
        calc = f"CALC{number}"
        calculated = kind.upper() == "CALC" or (number not in elements() and calc in elements())
        found.append((calc if calculated else number, match.end()))
        rest = header[match.end() :]
        if not re.match(r"\s*[/,;|&+]\s*|\s+(PIRL|CALC)", rest, re.IGNORECASE):
            break
    return found


@dataclass(frozen=True)
class _Said:
    """One header: the element it is, or what is wrong with it."""

    number: str | None = None
    code: str = ""


def _understood(header: str) -> _Said:
    text = " ".join(header.replace("\ufeff", "").split())
    if re.fullmatch(r"(pirl ?)?obs(ervation)?( obs)?( number)?", _normal(text)):
        return _Said(OBS)
    numbers = _numbers(text)
    if len(numbers) > 1:
        return _Said(code="REC-pirl-two-in-one")
    if not numbers:
        number = _by_name().get(_normal(text))
        return _Said(number) if number else _Said(code="REC-pirl-left-out")
    number, end = numbers[0]
    words = text[end:].strip(" -:._–")
    if number not in elements():
        return _Said(code="REC-pirl-unknown-element")
    if not words:
        return _Said(number)
    named = _by_name().get(_normal(words))
    own = _like(words, number)
    others = max(_like(words, n) for n in elements() if n != number) if own < _ALIKE else 0.0
    if named == number or (named is None and own >= _UNLIKE and own >= others):
        return _Said(number)
    if named is None and not re.search(r"[A-Za-z]{3}", words):
        return _Said(number)
    return _Said(code="REC-pirl-disagree")


def matched(headers: Sequence[str], label: str) -> tuple[str, ...]:
    """The element of every column; "" for one that is left out.

    Raises RecordsError with everything that is wrong with the header: a number and a name that
    disagree, a number that is no element (a file of another schema year), two elements in one
    column, one element in two columns.
    """
    found: list[str] = []
    wrong: list[Problem] = []
    for at, header in enumerate(headers, 1):
        said = _understood(header)
        if said.code and said.code != "REC-pirl-left-out":
            wrong.append(
                Problem(code=said.code, table=label, column=clipped(header), params={"at": at},
                        weight="break")
            )  # fmt: skip
        found.append(said.number or "")
    twice = sorted({n for n in found if n and found.count(n) > 1})
    wrong += [
        Problem(code="REC-pirl-twice", table=label, column=n,
                params={"times": found.count(n), "name": elements()[n].name}, weight="break")
        for n in twice
    ]  # fmt: skip
    if wrong:
        raise RecordsError(wrong)
    return tuple(found)


def clipped(header: str) -> str:
    """A header as a problem names it."""
    return " ".join(header.split())[:80]


def looks_like_header(cells: Iterable[str]) -> bool:
    """Whether a first row names columns: mostly words or element numbers, hardly any data."""
    cells = [c.strip() for c in cells]
    named = sum(1 for c in cells if _names_a_column(c))
    return named >= 2 or (named == 1 and len(cells) <= 2)


def _names_a_column(cell: str) -> bool:
    if not cell or re.fullmatch(r"[\d.,/-]*", cell):
        return False
    said = _understood(cell)
    return said.number is not None or said.code in (
        "REC-pirl-disagree", "REC-pirl-two-in-one",
    ) or (said.code == "REC-pirl-unknown-element" and not cell.isdigit())  # fmt: skip
