"""`[[files]]` of `lab.toml`: how a provider's columns and values become ours.

Written by the matcher as a proposal, corrected by a person, obeyed by the import.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from rung.records.lab import Section

IGNORE = "ignore"


class FileMap(Section):
    """One source file, or one sheet of it, and where its columns go.

    `columns` maps a header (as the reader gives it) to a target:

    - `id`: the person's id in this file (pseudonymised on the way in);
    - `<table>.<column>`: a column of the schema, as `participants.gender`, `services.service_on`;
    - `milestones.<key>`: a date, or yes/no, that says a milestone was reached;
    - `groups.<name>`: the provider's own grouping, kept as text;
    - `private.<name>`: kept on the private side only (names, SSN, contact details, notes);
    - `ignore`: left out.

    `values` maps a header's raw values to the codes of its target. `because` gives, for a header
    whose field is refused by default (health, criminal record, …), the reason to import it.
    """

    path: str  # relative to the lab, `private/applicants.xlsx`
    sheets: tuple[str, ...] = ("*",)  # names of tabs that are stacked; "*" is all
    table: str = "journeys"  # "journeys": one row a person or period; else a table of the schema
    dates: Literal["mdy", "dmy", "ymd"] = "mdy"  # how 03/04/2025 reads
    columns: Mapping[str, str] = {}
    values: Mapping[str, Mapping[str, str]] = {}
    because: Mapping[str, str] = {}
