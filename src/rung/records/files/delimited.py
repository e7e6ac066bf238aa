"""CSV and its kin: commas, tabs, semicolons, pipes.

A clean file is scanned where it lies, by DuckDB in strict mode: a row that does not fit raises,
so nothing can be lost. Everything else is read by Python's csv, row by row, with full accounts.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import duckdb
from sqlglot import exp

from rung.errors import Problem, RecordsError
from rung.records.files.encoding import HEAD, encoding_of, mend, to_utf8
from rung.records.files.sheet import (
    MOST_COLUMNS,
    Header,
    Sheet,
    Tally,
    TextTable,
    clean_header,
    csv_scan,
    find_header,
    is_blank,
    stop,
    width,
    work_file,
)
from rung.records.query import Session

DELIMITERS = (",", "\t", ";", "|")
_NONE = "\x1f"  # of a file with one column: a sign that nobody types
_LONGEST_CELL = 1 << 24  # characters
_REREAD = 1 << 28  # characters read again after quotes that never close
_AGREE = 1000  # rows on which DuckDB and Python must agree before DuckDB is trusted


class Record(NamedTuple):
    """One row as csv reads it; `odd` when its quotes are not as they should be; its line end."""

    cells: list[str]
    odd: bool
    end: str


class _Feed(Iterator[str]):
    """Lines, with those taken since the last row remembered, and a way to put them back."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._back: list[str] = []
        self.taken: list[str] = []

    def __next__(self) -> str:
        line = self._back.pop() if self._back else next(self._lines)
        self.taken.append(line)
        return line

    def put_back(self, lines: Sequence[str]) -> None:
        self._back += reversed(lines)


def _well_quoted(lines: Sequence[str], delimiter: str) -> bool:
    try:
        return len(list(csv.reader(lines, delimiter=delimiter, strict=True))) == 1
    except csv.Error:
        return False


def records(lines: Iterator[str], delimiter: str) -> Iterator[Record]:
    """Every record of a text, blank lines too (as no cells).

    A quote that opens and never closes would swallow the rows after it: then its line stands
    alone, read without quotes, and the next line begins a row. Raises csv.Error when that happens
    so often that the file is not a table.
    """
    csv.field_size_limit(_LONGEST_CELL)
    feed = _Feed(lines)
    reader = csv.reader(feed, delimiter=delimiter)
    again = 0
    while True:
        feed.taken.clear()
        try:
            cells, broken = next(reader), False
        except StopIteration:
            return
        except csv.Error:
            cells, broken = [], True
            reader = csv.reader(feed, delimiter=delimiter)
        taken = feed.taken
        odd = broken or (any('"' in line for line in taken) and not _well_quoted(taken, delimiter))
        if odd and (broken or len(taken) > 1):
            again += sum(map(len, taken))
            if again > _REREAD:
                raise csv.Error("quotes open and never close")
            feed.put_back(taken[1:])
            cells = taken[0].rstrip("\r\n").split(delimiter)
            last = taken[0]
        else:
            last = taken[-1]
        yield Record(cells, odd, last[len(last.rstrip("\r\n")) :])


@dataclass(frozen=True)
class _Head:
    """The first megabyte of a file, in UTF-8.

    `text` is where the whole file is in UTF-8 (the source itself, or a copy); `raw` still has
    bytes that are not UTF-8, as surrogates. `whole` says that there is no more.
    """

    source: Path
    text: Path
    raw: str
    whole: bool
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Dialect:
    """How a text file is laid out.

    `header_row` counts records from 1, blank lines included. `clean` says that the head has no
    trouble, so that DuckDB may read the file.
    """

    text: Path
    delimiter: str
    newline: str
    header_row: int
    header: Header
    clean: bool
    problems: tuple[Problem, ...]

    def scan(self) -> exp.Expr:
        """DuckDB's strict reading of the file."""
        return csv_scan(
            self.text,
            self.header.names,
            delimiter=self.delimiter,
            skip=self.header_row,
            newline=self.newline,
        )


def _head_records(text: str, whole: bool, delimiter: str) -> list[Record]:
    found = list(records(iter(io.StringIO(text, newline="")), delimiter))
    # the last record of a cut head may be cut itself
    return found if whole or len(found) < 2 else found[:-1]


def _delimiter(text: str, whole: bool) -> str:
    """The separator under which most rows have the same number of cells, more than one."""
    piece = text[:200_000]
    best, delimiter, broken = 0.0, _NONE, None
    for candidate in DELIMITERS:
        if candidate not in piece:
            continue
        try:
            rows = _head_records(piece, whole and len(piece) == len(text), candidate)
        except csv.Error as e:
            broken = e
            continue
        # under a wrong separator quotes stand in odd places
        widths = Counter(0 if r.odd else len(r.cells) for r in rows if not is_blank(r.cells))
        split = {w: n for w, n in widths.items() if w > 1}
        if split and sum(split.values()) * 2 >= widths.total():
            score = max(split.values()) / widths.total()
            if score > best:
                best, delimiter = score, candidate
    if delimiter == _NONE and broken is not None:
        raise broken
    return delimiter


def _declared(text: str) -> str | None:
    """The separator that Excel's first line `sep=;` names."""
    line = text[:8].lower()
    ends = line[5:6] in ("\r", "\n")
    return line[4] if line.startswith("sep=") and ends and line[4] in DELIMITERS else None


def _start(path: Path) -> tuple[bytes, bool]:
    with path.open("rb") as f:
        head = f.read(HEAD)
        return head, not f.read(1)


def _head(path: Path, work: Path) -> _Head:
    head, whole = _start(path)
    if not head.strip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n\x1a"):
        raise stop("REC-empty", path)
    encoding = encoding_of(path, head, whole)
    if encoding == "utf-8":
        text, problems = path, tuple[Problem, ...]()
    else:
        text = work_file(work, path, "utf8", ".txt")
        to_utf8(path, encoding, text)
        head, whole = _start(text)
        told = Problem(code="REC-reencoded", table=path.name, params={"encoding": encoding})
        problems = (told,)
    raw = head.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    if not whole:  # a character cut at the end of the head must not look like bad bytes
        raw = raw.rstrip("".join(map(chr, range(0xDC80, 0xDD00))))
    return _Head(path, text, raw, whole, problems)


def _columns(header: Sequence[str], body: Sequence[Record]) -> int:
    """How many columns a table has: as its header, or as most rows when these are wider."""
    widths = Counter(len(r.cells) for r in body if not is_blank(r.cells))
    if not widths:
        return len(header)
    usual = max(widths, key=lambda w: (widths[w], w))
    if usual > len(header) and widths[usual] * 2 > widths.total():
        return usual
    return max(width(header), min(usual, len(header)))


def look(path: Path, work: Path) -> Dialect:
    """Encoding, separator, header and first troubles of a text file.

    Raises REC-empty, REC-not-text, REC-header-only, REC-too-wide, REC-quotes.
    """
    head = _head(path, work)
    text = mend(head.raw)
    if head.whole and not text.strip(' \t\r\n\0\x1a",;|'):
        raise stop("REC-empty", path)
    try:
        delimiter = _declared(text) or _delimiter(text, head.whole)
        rows = _head_records(text, head.whole, delimiter)
    except csv.Error as e:
        raise stop("REC-quotes", path) from e
    try:
        at = find_header([r.cells for r in rows], several=delimiter != _NONE)
    except ValueError as e:
        raise stop("REC-empty", path) from e
    cells, body, problems = rows[at].cells, rows[at + 1 :], list(head.problems)
    if head.whole and all(is_blank(r.cells) for r in body):
        raise stop("REC-header-only", path)
    columns = _columns(cells, body)
    if columns > MOST_COLUMNS:
        raise stop("REC-too-wide", path, columns=columns, most=MOST_COLUMNS)
    if not is_blank(c for r in rows[:at] for c in r.cells):
        problems.append(Problem(code="REC-title-rows", table=path.name, rows=at, first_rows=(1,)))
    clean = (
        head.raw == text
        and "\0" not in text
        and len(cells) == columns
        and not any(r.odd for r in rows)
        and all(r.end == rows[at].end for r in rows[:-1])
        and all(len(r.cells) == columns and not is_blank(r.cells) for r in body)
    )
    dialect = Dialect(
        text=head.text,
        delimiter=delimiter,
        newline=rows[at].end,
        header_row=at + 1,
        header=clean_header([*cells, *[""] * columns][:columns], path.name, at + 1),
        clean=clean,
        problems=tuple(problems),
    )
    return replace(dialect, clean=_agrees(dialect, body)) if clean else dialect


def _agrees(dialect: Dialect, body: Sequence[Record]) -> bool:
    """Whether DuckDB reads the first rows of a file exactly as Python does."""
    try:
        with Session(threads=1) as session:
            first = exp.select("*").from_(dialect.scan()).limit(_AGREE)
            seen = session.execute(first).fetchall()
    except duckdb.Error:
        return False
    ours = [tuple(c or None for c in r.cells) for r in body[:_AGREE]]
    return seen[: len(ours)] == ours


def fast(path: Path, work: Path) -> Sheet:
    """The file as one sheet: scanned where it lies when its head is clean, else read carefully."""
    dialect = look(path, work)
    if not dialect.clean:
        return _exact(path, work, dialect)
    return Sheet(
        source=path,
        name=path.stem,
        columns=dialect.header.names,
        scan=dialect.scan(),
        header_row=dialect.header_row,
        problems=(*dialect.problems, *dialect.header.all_problems),
    )


def careful(path: Path, work: Path) -> Sheet:
    """The file as one sheet, every row of it read and accounted for."""
    return _exact(path, work, look(path, work))


@dataclass
class _Account:
    """What became of every row."""

    blank: Tally = field(default_factory=Tally)
    short: Tally = field(default_factory=Tally)
    long: Tally = field(default_factory=Tally)
    quotes: Tally = field(default_factory=Tally)
    zeros: Tally = field(default_factory=Tally)
    bytes: Tally = field(default_factory=Tally)

    def problems(self, table: str, columns: int) -> list[Problem]:
        return [
            *self.blank.problem("REC-blank-rows", table),
            *self.short.problem("REC-ragged-short", table, columns=columns),
            *self.long.problem("REC-ragged-long", table, columns=columns),
            *self.quotes.problem("REC-quotes-odd", table),
            *self.zeros.problem("REC-nul", table),
            *self.bytes.problem("REC-encoding", table),
        ]


def _exact(path: Path, work: Path, dialect: Dialect) -> Sheet:
    names = dialect.header.names
    table = TextTable(work_file(work, path, path.stem, ".parquet"), names)
    account, used = _Account(), [False] * len(names)
    try:
        with dialect.text.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
            _fill(table, lines, dialect, account, used)
    except csv.Error as e:
        table.abandon()
        raise stop("REC-quotes", path) from e
    if not table.rows:
        table.abandon()
        raise stop("REC-header-only" if not account.long.count else "REC-ragged", path)
    if account.long.count > table.rows:
        table.abandon()
        raise stop("REC-ragged", path)
    kept, renamed = dialect.header.kept(used)
    scan: exp.Expr = table.close()
    return Sheet(
        source=path,
        name=path.stem,
        columns=kept,
        scan=scan,
        header_row=dialect.header_row,
        numbered=True,
        rows=table.rows,
        problems=(
            *dialect.problems,
            *renamed,
            *account.problems(path.name, len(names)),
        ),
    )


def _fill(
    table: TextTable, lines: Iterator[str], dialect: Dialect, account: _Account, used: list[bool]
) -> None:
    n = len(used)
    for row, record in enumerate(records(lines, dialect.delimiter), 1):
        if row <= dialect.header_row:
            continue
        cells = record.cells
        joined = "".join(cells)
        if not joined or joined.isspace():
            account.blank.add(row)
            continue
        if "\0" in joined:
            account.zeros.add(row)
            cells = [c.replace("\0", "") for c in cells]
        if not joined.isascii() and (mended := [mend(c) for c in cells]) != cells:
            account.bytes.add(row)
            cells = mended
        if record.odd:
            account.quotes.add(row)
        if len(cells) > n:
            if not is_blank(cells[n:]):
                account.long.add(row)
                continue
            del cells[n:]
        elif len(cells) < n:
            account.short.add(row)
            cells += [""] * (n - len(cells))
        for i, cell in enumerate(cells):
            if cell:
                used[i] = True
        table.add(row, cells)


def is_text_table(path: Path) -> bool:
    """Whether a file of an unknown kind may be read as delimited text."""
    try:
        with path.open("rb") as f:
            head = f.read(HEAD)
        encoding_of(path, head, len(head) < HEAD)
    except RecordsError:
        return False
    return True
