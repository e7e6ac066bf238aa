"""Reading files as they are sent: text in, nothing coerced, nothing lost uncounted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlglot import exp

from rung.errors import Problem


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One table of text: a CSV file, one tab of a workbook, a form of a folder.

    `scan` is what stands in a FROM clause: it gives `columns`, all VARCHAR, in the file's row
    order, plus `_row` BIGINT when `numbered` (the row number a person sees; otherwise data row i,
    from 0, is row `header_row + 1 + i`). `problems` are what the reader saw and could mend.
    """

    source: Path
    name: str
    columns: tuple[str, ...]
    scan: exp.Expr
    header_row: int = 1
    numbered: bool = False
    rows: int | None = None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ColumnProfile:
    """What a column of a sheet looks like: counts and the commonest cells, never every cell.

    `common` holds up to 60 of the most common non-blank cells, trimmed, with how often each
    occurs, commonest first (ties in text order); `sample` a few more, chosen by a hash of the
    cell, so that a column of distinct values still shows its shape. `blanks` of `rows` are empty
    once trimmed; `distinct` counts the different non-blank cells.
    """

    header: str
    rows: int
    blanks: int
    distinct: int
    common: tuple[tuple[str, int], ...] = ()
    sample: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SheetProfile:
    """The columns of one sheet, in the sheet's order: what the matcher reads."""

    source: Path
    name: str
    columns: tuple[ColumnProfile, ...]
