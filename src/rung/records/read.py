"""Reading files as they are sent: text in, nothing coerced, nothing lost uncounted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import duckdb

from rung.errors import RecordsError
from rung.records import delimited
from rung.records.sheet import ColumnProfile as ColumnProfile
from rung.records.sheet import Sheet as Sheet

T = TypeVar("T")

TEXT = {".csv", ".tsv", ".tab", ".txt", ".psv"}


def open_sheets(path: Path, work: Path) -> tuple[Sheet, ...]:
    """Every table of a file or folder, as text.

    `work` is a scratch folder for what has to be rewritten to be scanned; it must outlive the
    sheets. Raises RecordsError (REC-…) with everything that is wrong, worst first.
    """
    if not path.exists():
        raise RecordsError("REC-no-file", file=path.name)
    return (delimited.fast(path, work),)


def careful(sheet: Sheet, work: Path) -> Sheet:
    """The same sheet read row by row, every row accounted for.

    For when the fast scan of a text file raised: a row far down does not fit. Sheets that are
    not scanned from text directly come back as they are.
    """
    return sheet if sheet.numbered else delimited.careful(sheet.source, work)


def either(sheet: Sheet, work: Path, use: Callable[[Sheet], T]) -> T:
    """What `use` gives for the sheet, or for its careful reading when the fast scan raises."""
    try:
        return use(sheet)
    except duckdb.Error:
        again = careful(sheet, work)
        if again is sheet:
            raise
        return use(again)
