"""Workbooks: .xlsx, .xlsm, .xlsb, .xls and .ods, each tab a sheet of the text people see."""

from __future__ import annotations

import datetime as dt
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain, islice, repeat
from pathlib import Path

from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from rung.errors import Problem
from rung.records.files.markup import MOST_CELLS, Marks, Merge, guard, read
from rung.records.files.sheet import (
    MOST_COLUMNS,
    Sheet,
    Tally,
    TextTable,
    clean_header,
    find_header,
    is_blank,
    label,
    stop,
    work_file,
)

ENDINGS = {".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"}
_CFB = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEAD = 200  # rows in which the header is looked for

Cell = int | float | str | bool | dt.time | dt.date | dt.datetime | dt.timedelta


def text_of(value: Cell) -> str:
    """A value as the text a person sees: no 1.0 for an id, dates as ISO."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        # a spreadsheet keeps and shows 15 digits
        text = f"{value:.15g}"
        return f"{float(text):.0f}" if "e+" in text else text
    if isinstance(value, dt.datetime):
        return (
            value.date().isoformat()
            if value.time() == dt.time(0)
            else value.isoformat(" ", "seconds")
        )
    if isinstance(value, dt.timedelta):
        seconds = round(value.total_seconds())
        return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return value.isoformat() if isinstance(value, (dt.date, dt.time)) else str(value)


def _open(path: Path) -> CalamineWorkbook:
    with path.open("rb") as f:
        start = f.read(8)
    if not start:
        raise stop("REC-empty", path)
    if start.startswith(b"PK"):
        guard(path)
    elif start.startswith(_CFB) and "EncryptedPackage".encode("utf-16-le") in path.read_bytes():
        raise stop("REC-protected", path)
    with _calm(path):
        return CalamineWorkbook.from_path(str(path))


def _marks(path: Path) -> dict[str, Marks]:
    """What the markup says; only the XML formats of Excel have it."""
    if not zipfile.is_zipfile(path):
        return {}
    with zipfile.ZipFile(path) as packed:
        if "xl/workbook.xml" not in packed.namelist():
            return {}
    return dict(read(path))


def sheets(path: Path, work: Path) -> tuple[Sheet, ...]:
    """Each tab with a header and rows as a sheet.

    Raises REC-empty, REC-header-only, REC-protected, REC-zip-bomb, REC-workbook, REC-too-wide,
    REC-sheet-large.
    """
    book, marks = _open(path), _marks(path)
    for each in marks.values():
        if each.cells > MOST_CELLS:
            raise stop("REC-sheet-large", path, cells=each.cells, most=MOST_CELLS)
    found: list[Sheet] = []
    empty: list[Problem] = []
    for meta in book.sheets_metadata:
        if meta.typ != SheetTypeEnum.WorkSheet:
            continue
        table = label(path, meta.name)
        hidden = meta.visible != SheetVisibleEnum.Visible
        seen = _seen(_rows(path, book, meta.name), marks.get(meta.name, Marks()))
        sheet = _sheet(path, meta.name, seen, marks.get(meta.name, Marks()), work)
        if sheet is None:
            empty.append(Problem(code="REC-tab-empty", table=table))
        else:
            said = (Problem(code="REC-tab-hidden", table=table),) if hidden else ()
            found.append(replace(sheet, problems=(*sheet.problems, *said)))
    if not found:
        blank = all(m.cells == 0 for m in marks.values())
        raise stop("REC-empty" if marks and blank else "REC-header-only", path)
    found[0] = replace(found[0], problems=(*found[0].problems, *empty))
    return tuple(found)


@contextmanager
def _calm(path: Path) -> Iterator[None]:
    """Turn what calamine throws into a coded error."""
    try:
        yield
    except PasswordError as e:
        raise stop("REC-protected", path) from e
    except (CalamineError, OSError, ValueError) as e:
        raise stop("REC-workbook", path) from e
    except BaseException as e:
        # a damaged file can make the Rust reader panic, which is no Exception
        if type(e).__name__ != "PanicException":
            raise
        raise stop("REC-workbook", path) from e


def _rows(path: Path, book: CalamineWorkbook, name: str) -> Iterator[list[str]]:
    """Every row of a tab as text, from the sheet's first row and column on."""
    with _calm(path):
        tab = book.get_sheet_by_name(name)
        if tab.start is None:
            return
        left = [""] * tab.start[1]
        rows = iter(tab.iter_rows())
    while True:
        with _calm(path):
            row = next(rows, None)
        if row is None:
            return
        yield left + [v if isinstance(v, str) else text_of(v) for v in row]


Seen = tuple[int, list[str], list[Merge]]


def _seen(rows: Iterator[list[str]], marks: Marks) -> Iterator[Seen]:
    """Rows as people see them, with their place and the merged ranges that touch them.

    Errors and zeros in front are shown; merged cells are filled downwards.
    """
    starts: dict[int, list[Merge]] = {}
    for merge in marks.merges:
        starts.setdefault(merge.top, []).append(merge)
    shown: dict[int, list[tuple[int, str]]] = {}
    for (i, column), text in marks.shown.items():
        shown.setdefault(i, []).append((column, text))
    touching: list[Merge] = []
    texts: dict[Merge, str] = {}
    for i, row in enumerate(chain(rows, repeat([]))):
        if not row and i > marks.box[2]:
            return
        row += [""] * (marks.box[3] + 1 - len(row))
        for column, text in shown.get(i, ()):
            row[column] = text
        touching = [m for m in touching if m.bottom >= i] + starts.get(i, [])
        for merge in touching:
            if merge.left >= len(row):
                continue
            if i == merge.top:
                texts[merge] = row[merge.left]
            else:
                row[merge.left] = texts[merge]
        yield i, row, touching


def _fill_right(row: list[str], touching: list[Merge]) -> int:
    """Fill merged cells of a row to the right; how many cells were filled under a merge.

    A banner over half the table or more is a heading, not a value of every column.
    """
    filled = 0
    for merge in touching:
        text = row[merge.left] if merge.left < len(row) else ""
        span = range(merge.left, min(merge.right + 1, len(row)))
        if not text or (merge.top == merge.bottom and len(span) * 2 >= len(row)):
            continue
        for c in span:
            row[c] = text
        filled += len(span)
    return filled


def _sheet(path: Path, name: str, seen: Iterator[Seen], marks: Marks, work: Path) -> Sheet | None:
    """One tab as a sheet; None when it has no rows under a header."""
    table = label(path, name)
    head = list(islice(seen, _HEAD))
    try:
        at = find_header([row for _, row, _ in head], several=True)
    except ValueError:
        return None
    columns = max(len(row) for _, row, _ in head)
    if columns > MOST_COLUMNS:
        raise stop("REC-too-wide", path, columns=columns, most=MOST_COLUMNS)
    header_row = head[at][0] + 1
    header = clean_header((head[at][1] + [""] * columns)[:columns], table, header_row)
    used = [False] * columns
    text = TextTable(work_file(work, path, name, ".parquet"), header.names)
    blank, waiting, filled = Tally(), [], Tally()
    for i, row, touching in chain(head[at + 1 :], seen):
        if is_blank(row):
            waiting.append(i + 1)
            continue
        for each in waiting:
            blank.add(each)
        waiting.clear()
        row += [""] * (columns - len(row))
        merged = _fill_right(row, touching)
        if merged:
            filled.add(i + 1, merged)
        for c, cell in enumerate(row):
            if cell:
                used[c] = True
        text.add(i + 1, row)
    if not text.rows:
        text.abandon()
        return None
    kept, renamed = header.kept(used)
    above = any(not is_blank(row) for _, row, _ in head[:at])
    problems = [
        *renamed,
        *([Problem(code="REC-title-rows", table=table, rows=header_row - 1)] if above else ()),
        *blank.problem("REC-blank-rows", table),
        *filled.problem("REC-merged", table),
        *_marked(marks, table, header.names, header_row, text.rows),
    ]
    return Sheet(
        source=path,
        name=name,
        columns=kept,
        scan=text.close(),
        header_row=header_row,
        numbered=True,
        rows=text.rows,
        problems=tuple(problems),
    )


def _marked(
    marks: Marks, table: str, names: tuple[str, ...], header_row: int, rows: int
) -> list[Problem]:
    """What the markup says of the rows under the header."""
    hidden = Tally()
    for i in marks.hidden_rows:
        if header_row <= i <= marks.box[2]:
            hidden.add(i + 1)
    problems = hidden.problem("REC-rows-hidden", table)
    places = (
        ("REC-error-cells", marks.errors),
        ("REC-formula", marks.unsaved),
        ("REC-day-zero", marks.day_zero),
    )
    for code, cells in places:
        by_column: dict[int, Tally] = {}
        for i, c in cells:
            if i >= header_row and c < len(names):
                by_column.setdefault(c, Tally()).add(i + 1)
        for c, tally in sorted(by_column.items()):
            problems += tally.problem(code, table, names[c])
    return problems + _colours(marks, table, names, header_row, rows)


def _colours(
    marks: Marks, table: str, names: tuple[str, ...], header_row: int, rows: int
) -> list[Problem]:
    """Providers colour-code status; a column coloured from top to end is decoration."""
    below = {i: cs for i, cs in marks.coloured.items() if header_row <= i <= marks.box[2]}
    times = Counter(c for cs in below.values() for c in cs if c < len(names))
    telling = {c for c, n in times.items() if n < rows}
    tally = Tally()
    for i, cs in sorted(below.items()):
        if telling.intersection(cs):
            tally.add(i + 1)
    shown = ", ".join(names[c] for c in sorted(telling)[:10])
    return tally.problem("REC-colour", table, columns=shown)
