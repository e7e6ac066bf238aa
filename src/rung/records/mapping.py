"""`[[files]]` of `lab.toml`: how a provider's columns and values become ours.

Written by the matcher as a proposal, corrected by a person, obeyed by the import.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from rung.records.lab import Section

IGNORE = "ignore"


class Target(NamedTuple):
    """Where a column goes, taken apart: `training.start_on.2` is ("training", "start_on", 2).

    `id` and `ignore` have no column; `slot` is 1 unless the target says otherwise.
    """

    table: str
    column: str = ""
    slot: int = 1

    @classmethod
    def read(cls, text: str) -> Target:
        """Take a target apart; ValueError when it is not one."""
        table, *rest = text.split(".")
        if not rest:
            if table not in ("id", IGNORE):
                raise ValueError("not a target")
            return cls(table)
        if len(rest) > 2 or not all((table, *rest)) or not (len(rest) == 1 or rest[1].isdecimal()):
            raise ValueError("not a target")
        return cls(table, rest[0], int(rest[1]) if len(rest) == 2 else 1)

    def __str__(self) -> str:
        end = f".{self.slot}" if self.slot > 1 else ""
        return f"{self.table}.{self.column}{end}" if self.column else self.table


class FileMap(Section):
    """One source file, or one sheet of it, and where its columns go.

    `columns` maps a header (as the reader gives it) to a target:

    - `id`: the person's id in this file (pseudonymised on the way in);
    - `<table>.<column>`: a column of the schema, as `participants.gender`, `services.service_on`;
    - `<table>.<column>.<n>`: the same for the n-th of several on one row, as the start of the
      second training, `training.start_on.2`; each n becomes a row of its own. `wages.amount.<n>`
      is the pay of the n-th quarter of the row's `wages.year`;
    - `milestones.<key>`: a date, or yes/no, that says a milestone was reached;
    - `groups.<name>`: the provider's own grouping, kept as text;
    - `private.<name>`: kept on the private side only (names, SSN, contact details, notes);
    - `ignore`: left out.

    `values` maps a header's raw values to the codes of its target ("yes" and "no" for a yes/no or
    a milestone), or to a state (`schema.STATES`: "declined", "unknown", "pending", …). Raw values
    are compared without case and outer spaces; the parts of a cell with several are mapped one
    by one. What `schema.YES`, `NO` and `STATE_WORDS` already say is not repeated. `because` gives,
    for a header whose field is refused by default (health, criminal record, …), the reason to
    import it.
    """

    path: str  # relative to the lab, `private/applicants.xlsx`
    sheets: Annotated[tuple[str, ...], Field(min_length=1)] = (
        "*",
    )  # names of tabs that are stacked; "*" is all
    table: str = "journeys"  # "journeys": one row a person or period; else a table of the schema
    dates: Literal["mdy", "dmy", "ymd"] = "mdy"  # how 03/04/2025 reads
    columns: Mapping[str, str] = {}
    values: Mapping[str, Mapping[str, str]] = {}
    because: Mapping[str, str] = {}
