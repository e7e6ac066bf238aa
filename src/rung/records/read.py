"""Reading files as they are sent: text in, nothing coerced, nothing lost uncounted.

open_sheets     every table of a file or folder, as text
recognise       whether a file may be records, by its name and first bytes
careful         a text file again, row by row, when its fast scan raised
profile         what the columns hold
attach          a data file with types, for an analysis
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import duckdb
from sqlglot import exp

from rung.errors import Problem, RecordsError, RungError
from rung.records.files import delimited, statfiles, workbook
from rung.records.files.encoding import HEAD, kind_of
from rung.records.files.profile import infer, profile, typed
from rung.records.files.reshape import stack, stack_alike
from rung.records.files.sheet import (
    MOST_COLUMNS,
    ColumnProfile,
    Sheet,
    clean_header,
    label,
    parquet_scan,
    stop,
    work_file,
)
from rung.records.query import Session, name

__all__ = [
    "ColumnProfile",
    "Sheet",
    "attach",
    "careful",
    "either",
    "open_sheets",
    "profile",
    "recognise",
    "safe_cell",
    "stack",
    "stack_alike",
]

T = TypeVar("T")

_TEXT = {".csv", ".tsv", ".tab", ".txt", ".psv", ".dat"}
_PARQUET = {".parquet", ".pq"}
_ALL = _TEXT | _PARQUET | workbook.ENDINGS | statfiles.ENDINGS
# With these a person cannot be counted as the file says: an analysis must not go on without them.
SET_ASIDE = {"REC-ragged-long"}

_HOLDS = {
    "a zip archive or a workbook": workbook.ENDINGS,
    "an old or protected Office file": workbook.ENDINGS,
    "a Parquet file": _PARQUET,
    "a web page or XML": workbook.ENDINGS,  # many a system's "Excel export"
}
_PROGRAMS = (b"MZ", b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")


def recognise(path: Path, name: str) -> Problem | None:
    """Why a file sent as `name` is no table of records, from its first megabyte; None if it may be.

    It is quick and has not the last word: REC-empty, REC-not-text and REC-ending only.
    """
    label, ending = Path(name).name, Path(name).suffix.lower()
    with path.open("rb") as f:
        head = f.read(HEAD)
    looks = kind_of(head)
    if looks is None and head.startswith(_PROGRAMS) and b"\0" in head:
        looks = "a program"
    said: dict[str, str] = {"file": label}
    if not head:
        code = "REC-empty"
    elif ending in statfiles.ENDINGS:
        return None
    elif looks is not None and ending not in _HOLDS.get(looks, ()):
        code, said = "REC-not-text", {**said, "looks": looks}
    elif ending in _ALL or delimited.is_text_table(path):
        return None
    else:
        code = "REC-ending"
    return Problem(code=code, table=label, params=said, weight="break")


def open_sheets(path: Path, work: Path) -> tuple[Sheet, ...]:
    """Every table of a file or folder, as text.

    `work` is a scratch folder for what has to be rewritten to be scanned; it must outlive the
    sheets. Raises RecordsError (REC-…) with everything that is wrong, worst first.
    """
    if path.is_dir():
        return _folder(path, work)
    if not path.is_file():
        raise RecordsError("REC-no-file", file=path.name)
    try:
        return _file(path, work)
    except OSError as e:
        raise stop("REC-unreadable", path) from e


def _file(path: Path, work: Path) -> tuple[Sheet, ...]:
    ending = path.suffix.lower()
    if not path.stat().st_size:
        raise stop("REC-empty", path)
    if ending in _PARQUET:
        return (_parquet(path),)
    if ending in statfiles.ENDINGS:
        return (statfiles.sheet(path, work),)
    # exports named .xls are often text with tabs, or a web page; the content decides
    if ending in workbook.ENDINGS and not delimited.is_text_table(path):
        return workbook.sheets(path, work)
    if ending not in _ALL and not delimited.is_text_table(path):
        raise stop("REC-ending", path)
    return (delimited.fast(path, work),)


def _folder(path: Path, work: Path) -> tuple[Sheet, ...]:
    """The sheets of every file that Rung reads; all files that cannot be read are told at once."""
    files = sorted(f for f in path.iterdir() if f.is_file() and not f.name.startswith((".", "~$")))
    known = [f for f in files if f.suffix.lower() in _ALL]
    if not known:
        raise RecordsError(Problem(code="REC-folder", params={"file": path.name}, weight="break"))
    sheets: list[Sheet] = []
    problems: list[Problem] = []
    for file in known:
        try:
            sheets += open_sheets(file, work)
        except RungError as e:
            problems += e.problems
    if problems:
        raise RecordsError(problems)
    left = len(files) - len(known)
    if left:
        said = Problem(code="REC-left-out", table=path.name, params={"files": left})
        sheets[0] = replace(sheets[0], problems=(*sheets[0].problems, said))
    return tuple(sheets)


def _parquet(path: Path) -> Sheet:
    """A Parquet file as text: whole numbers without a point, midnight without a time."""
    try:
        with Session(threads=1) as session:
            session.view("given", exp.select("*").from_(parquet_scan(path)))
            types = session.columns("given")
            rows = session.execute(
                exp.select(exp.Count(this=exp.Star())).from_("given")
            ).fetchall()[0][0]
    except duckdb.Error as e:
        raise stop("REC-parquet", path) from e
    if len(types) > MOST_COLUMNS:
        raise stop("REC-too-wide", path, columns=len(types), most=MOST_COLUMNS)
    if not rows:
        raise stop("REC-header-only", path)
    header = clean_header(list(types), label(path, path.stem), 0)
    picks = [
        exp.alias_(_as_text(given, kind), clean, quoted=True)
        for (given, kind), clean in zip(types.items(), header.names, strict=True)
    ]
    return Sheet(
        source=path,
        name=path.stem,
        columns=header.names,
        scan=exp.select(*picks).from_(parquet_scan(path)).subquery(),
        header_row=0,
        rows=int(rows),
        problems=header.problems,
    )


def _as_text(column: str, kind: str) -> exp.Expr:
    text: exp.Expr = exp.cast(name(column), "VARCHAR")
    if kind in ("DOUBLE", "FLOAT") or kind.startswith("TIMESTAMP"):
        tail = r"\.0$" if kind in ("DOUBLE", "FLOAT") else " 00:00:00$"
        text = exp.Anonymous(
            this="regexp_replace",
            expressions=[text, exp.Literal.string(tail), exp.Literal.string("")],
        )
    return exp.Nullif(this=text, expression=exp.Literal.string(""))


def careful(sheet: Sheet, work: Path) -> Sheet:
    """The same sheet read row by row, every row accounted for.

    For when the fast scan of a text file raised: a row far down does not fit. Sheets that are
    not scanned from text directly come back as they are.
    """
    if sheet.numbered or sheet.source.suffix.lower() in _PARQUET:
        return sheet
    return delimited.careful(sheet.source, work)


def either(sheet: Sheet, work: Path, use: Callable[[Sheet], T]) -> T:
    """What `use` gives for the sheet, or for its careful reading when the fast scan raises."""
    try:
        return use(sheet)
    except duckdb.Error:
        again = careful(sheet, work)
        if again is sheet:
            raise
        return use(again)


def attach(session: Session, view: str, path: Path, work: Path) -> tuple[Problem, ...]:
    """Make a data file the table `view`, with its columns in order and typed over all its rows.

    Types are BIGINT, DOUBLE, BOOLEAN, DATE, TIMESTAMP or text; ids with zeros in front stay text;
    what is empty is NULL. A Parquet file is taken as it is. Returns what was seen and mended.
    Raises RecordsError, also when rows would be set aside: an answer needs everyone.
    """
    if path.suffix.lower() in _PARQUET and path.is_file():
        try:
            session.view(view, exp.select("*").from_(parquet_scan(path)))
        except duckdb.Error as e:
            raise stop("REC-parquet", path) from e
        return ()
    sheet = _one_table(path, work)
    target = work_file(work, path, "typed", ".parquet")

    def write(sheet: Sheet) -> tuple[Problem, ...]:
        lost = [replace(p, weight="break") for p in sheet.problems if p.code in SET_ASIDE]
        if lost:
            raise RecordsError(lost)
        types, marked = infer(session, sheet)
        typed(session, sheet, types, target)
        return (*sheet.problems, *marked)

    problems = either(sheet, work, write)
    session.view(view, exp.select("*").from_(parquet_scan(target)))
    return problems


def _one_table(path: Path, work: Path) -> Sheet:
    if path.suffix.lower() in statfiles.ENDINGS and path.is_file():
        return statfiles.sheet(path, work, labels=False)
    sheets = stack_alike(open_sheets(path, work))
    if len(sheets) > 1:
        raise stop("REC-which-sheet", path, sheets=len(sheets))
    return sheets[0]


def safe_cell(text: str) -> str:
    """Text that a spreadsheet shows and never runs, for what Rung writes into CSV and XLSX.

    A cell that begins with = + - @, a tab or a line break gets an apostrophe in front (OWASP,
    CSV injection); plain numbers such as -3.5 stay as they are.
    """
    if not text.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")):
        return text
    number = text[1:].replace(".", "", 1)
    if text[0] in "+-" and number.isascii() and number.isdigit():
        return text
    return "'" + text
