"""The types of a declaration: a table, a column, a code list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What a cell of a column is."""

    ID = "id"  # verbatim NFC text; never a number
    TEXT = "text"
    CODE = "code"  # one of `codes`
    INTEGER = "integer"
    DECIMAL = "decimal"  # DECIMAL(18,4); money has a unit
    DATE = "date"
    BOOLEAN = "boolean"
    QUARTER = "quarter"  # year*4 + quarter - 1


class Side(StrEnum):
    """Which side of the lab a column goes to on import, unless a person says otherwise."""

    RECORDS = "records"  # the checked tables
    PRIVATE = "private"  # names, SSN, contact details, free text: the encrypted key table
    REFUSED = "refused"  # immigration, criminal record, health, domestic violence: not imported


@dataclass(frozen=True, kw_only=True, eq=False)  # told apart by identity, so it can be a key
class CodeList:
    """Codes as stored, what people read, how the field spells them, and where they come from.

    `spelt` maps a code to raw spellings seen in exports, compared without case or punctuation.
    `pirl` maps a federal code ("1", "09") to ours or to a state ("declined"). `source` is a key
    of the bibliography.
    """

    codes: Mapping[str, str]
    spelt: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    pirl: Mapping[str, str] = field(default_factory=dict)
    asked: Mapping[str, str] = field(default_factory=dict)
    source: str = ""

    @property
    def choices(self) -> tuple[str, ...]:
        """What a form offers, in order."""
        return tuple(self.asked.get(code, label) for code, label in self.codes.items())


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column: name, meaning, and everything that follows from them.

    `codes` maps a stored code to what people read. `low`/`high` are inclusive limits (numbers, or
    ISO dates as text). `not_before` names date columns of the same table that this one may not
    precede. `pirl` is the federal element number. `also` lists header spellings
    seen in the field, for the matcher. With `many` a cell may hold several codes joined by `|`
    or `;`, each mapped by itself.
    """

    name: str
    kind: Kind
    meaning: str
    codes: Mapping[str, str] = field(default_factory=dict)
    required: bool = False
    low: float | str | None = None
    high: float | str | None = None
    not_before: tuple[str, ...] = ()
    unit: str = ""
    pirl: str = ""
    also: tuple[str, ...] = ()
    side: Side = Side.RECORDS
    group: bool = False  # people may be told apart by it in a diagnosis
    owner: str = "data"  # who mends it: "intake", "instruction", "career services", "data"
    title: str = ""  # what heads the column for people; default from the name
    many: bool = False
    code_list: CodeList | None = None

    def __post_init__(self) -> None:
        if self.code_list and self.kind is Kind.CODE:
            object.__setattr__(self, "codes", self.code_list.codes)

    @property
    def heading(self) -> str:
        """What heads the column in a workbook or on a page."""
        if self.title:
            return self.title
        words = self.name.removesuffix("_on").replace("_", " ").capitalize()
        return f"{words} date" if self.name.endswith("_on") else words


@dataclass(frozen=True, kw_only=True)
class TableSchema:
    """One table: what a row is, its key, its columns, and the data's own caveats."""

    name: str
    row: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    caveats: tuple[str, ...] = ()
    also: tuple[str, ...] = ()  # names of sheets and files seen in the field

    def column(self, name: str) -> Column:
        """The declaration of a column; KeyError when there is none."""
        for each in self.columns:
            if each.name == name:
                return each
        raise KeyError(name)
