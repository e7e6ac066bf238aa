"""A table of text, and what every reader needs to make one: its header, its columns, its file.

Readers hand over rows of text; from here on, a file's format no longer matters.
"""

from __future__ import annotations

import csv
import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlglot import exp

from rung.errors import Problem, RecordsError
from rung.records.query import Session, tree

MOST_COLUMNS = 4096
FIRST_ROWS = 5  # how many row numbers a problem names
_LONGEST_HEADER = 200
_TAKEN = {"_row", "_tab"}  # names the reader gives itself
_HEAD_ROWS = 60  # a header further down than this is not looked for

_NUMBER = re.compile(r"[$€£(+-]?\s*[$€£]?\d[\d,.\s]*%?\)?")
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T]\d{1,2}:\d{2}(:\d{2})?.*)?")


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One table of text: a CSV file, one tab of a workbook, a form of a folder.

    `scan` is what stands in a FROM clause: it gives `columns`, all VARCHAR, in the file's row
    order, plus `_row` BIGINT when `numbered` (the row number a person sees; otherwise data row i,
    from 0, is row `header_row + 1 + i`). An empty cell is NULL. `problems` are what the reader
    saw and could mend. `rows` is how many rows `scan` gives, when that is known.
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
    """What a column holds, enough to tell what it means.

    `rows` and `blanks` count the whole file. `distinct`, `common` (up to 60 values with counts,
    most common first) and `sample` (up to 100 distinct values, picked by hash) describe the
    `profiled` rows: all of them, or in a large file some picked by a hash of their content.
    Values are trimmed, and cut after 200 characters. They are for deciding, never for showing.
    """

    header: str
    rows: int
    blanks: int
    distinct: int
    common: tuple[tuple[str, int], ...]
    sample: tuple[str, ...]
    profiled: int


@dataclass
class Tally:
    """Rows that share one trouble: how many, and the numbers of the first few."""

    count: int = 0
    first: list[int] = field(default_factory=list)

    def add(self, row: int, times: int = 1) -> None:
        """One more row (or `times` cells of it)."""
        self.count += times
        if len(self.first) < FIRST_ROWS and row not in self.first:
            self.first.append(row)

    def problem(
        self, code: str, table: str, column: str | None = None, **params: str | int
    ) -> list[Problem]:
        """The problem these rows make; nothing when there are none."""
        if not self.count:
            return []
        return [
            Problem(
                code=code,
                table=table,
                column=column,
                rows=self.count,
                first_rows=tuple(self.first),
                params=params,
            )
        ]


def label(source: Path, name: str) -> str:
    """How a sheet is called in a problem: the file, and its tab when it has several names."""
    return source.name if name == source.stem else f"{source.name}, {name}"


def stop(code: str, source: Path, **params: str | int) -> RecordsError:
    """The error that ends the reading of a file."""
    return RecordsError(
        Problem(
            code=code, table=source.name, params={"file": source.name, **params}, weight="break"
        )
    )


def is_blank(cells: Iterable[str | None]) -> bool:
    """Whether a row has nothing in it."""
    return not any(c and not c.isspace() for c in cells)


def width(cells: Sequence[str | None]) -> int:
    """How many cells a row has, empty ones at its end aside."""
    for i in range(len(cells), 0, -1):
        cell = cells[i - 1]
        if cell and not cell.isspace():
            return i
    return 0


def _like_data(cell: str) -> bool:
    text = cell.strip()
    return bool(_NUMBER.fullmatch(text) or _DATE.fullmatch(text))


def find_header(rows: Sequence[Sequence[str | None]], several: bool = False) -> int:
    """The place of the header among the first rows of a file (from 0).

    Titles above it are short; a header fills at least half of the usual width. Of two levels of
    header the lower, fuller one is meant. `several` says that there is more than one column.
    Raises ValueError when every row is blank.
    """
    widths = Counter(w for r in rows if (w := width(r)))
    if not widths:
        raise ValueError("every row is blank")
    # titles are one cell wide; where a third of the rows is wider, these are the table
    wide = {w: n for w, n in widths.items() if w > 1}
    most = wide and (several or sum(wide.values()) * 3 >= widths.total())
    table = wide if most else widths
    usual = max(table, key=lambda w: (table[w], w))
    for i, row in enumerate(rows[:_HEAD_ROWS]):
        filled = [c for c in row if c and not c.isspace()]
        if len(filled) * 2 < usual or not filled or (usual > 1 and len(filled) < 2):
            continue
        below = [c for c in rows[i + 1] if c and not c.isspace()] if i + 1 < len(rows) else []
        fuller = len(below) > len(filled) and len(filled) < 0.8 * usual
        if fuller and not any(map(_like_data, below)) and len(set(below)) == len(below):
            continue
        return i
    return next(i for i, r in enumerate(rows) if width(r) >= min(2, usual))


@dataclass(frozen=True)
class Header:
    """Clean column names, what had to be changed to get them, and which had none (from 0)."""

    names: tuple[str, ...]
    problems: tuple[Problem, ...]
    nameless: tuple[int, ...]
    table: str
    row: int

    def kept(self, used: Sequence[bool]) -> tuple[tuple[str, ...], tuple[Problem, ...]]:
        """The columns that have a name or hold something, and what is wrong with their names."""
        empty = {i for i in self.nameless if not used[i]}
        names = tuple(n for i, n in enumerate(self.names) if i not in empty)
        nameless = [i for i in self.nameless if i not in empty]
        return names, (*self.problems, *_renamed("REC-header-empty", nameless, self))

    @property
    def all_problems(self) -> tuple[Problem, ...]:
        """What is wrong with the names when it is not known which columns hold something."""
        return self.kept([True] * len(self.names))[1]


def _renamed(code: str, places: Sequence[int], header: Header) -> tuple[Problem, ...]:
    if not places:
        return ()
    # places, not names: in a file without a header the first row is a person's
    shown = ", ".join(str(i + 1) for i in places[:10])
    return (
        Problem(
            code=code,
            table=header.table,
            first_rows=(header.row,),
            params={"columns": len(places), "places": shown},
        ),
    )


def clean_header(cells: Sequence[str | None], table: str, row: int) -> Header:
    """Unique, printable names for columns: one a cell, in order.

    Line breaks become spaces, an empty name becomes `column 7`, a repeated one gets `_2`
    (DuckDB does not tell upper from lower case, so neither do we).
    """
    names: list[str] = []
    seen: set[str] = set()
    nameless: list[int] = []
    long: list[int] = []
    repeated: list[int] = []
    for i, cell in enumerate(cells):
        text = _printable(cell or "")
        if not text:
            text = f"column {i + 1}"
            nameless.append(i)
        elif len(text) > _LONGEST_HEADER:
            text = text[:_LONGEST_HEADER]
            long.append(i)
        name, n = text, 1
        while name.casefold() in seen or name.casefold() in _TAKEN:
            n += 1
            name = f"{text}_{n}"
        if n > 1 and i not in nameless:
            repeated.append(i)
        seen.add(name.casefold())
        names.append(name)
    header = Header(tuple(names), (), tuple(nameless), table, row)
    problems = [
        *_renamed("REC-header-long", long, header),
        *_renamed("REC-header-repeated", repeated, header),
    ]
    given = [c for c in cells if c and c.strip()]
    if len(given) > 1 and sum(map(_like_data, given)) * 2 > len(given):
        problems.append(Problem(code="REC-no-header", table=table, first_rows=(row,)))
    return replace(header, problems=tuple(problems))


def _printable(text: str) -> str:
    text = unicodedata.normalize("NFC", text)
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def one_file(path: Path) -> str:
    """A path as DuckDB's readers want it: `*`, `?` and `[` in a name are no pattern."""
    return re.sub(r"[*?\[]", r"[\g<0>]", str(path))


def csv_scan(
    path: Path,
    columns: Sequence[str],
    *,
    delimiter: str,
    skip: int,
    newline: str = "\n",
    longest: int = 0,
) -> exp.Expr:
    """DuckDB's strict reading of a CSV file, nothing guessed; a bad row raises, is never lost.

    `skip` counts records up to and with the header. `longest` is the size in bytes of the longest
    record, when it is known to be large.

    The line end is named where it is a line feed: DuckDB would take the first one it sees, be it
    inside quotes. Naming another is worse: `\\r\\n` makes DuckDB 2.0 join rows.
    """
    types = exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier(c, quoted=True), expression=tree("VARCHAR"))
            for c in columns
        ]
    )
    options: dict[str, exp.Expr] = {
        "auto_detect": exp.false(),
        "header": exp.false(),
        "skip": tree(skip),
        "delim": tree(delimiter),
        "quote": tree('"'),
        "escape": tree('"'),
        "nullstr": tree(""),
        "strict_mode": exp.true(),
        "compression": tree("none"),
        "columns": types,
    }
    if newline == "\n":
        options["new_line"] = tree(r"\n")
    if longest > 1_000_000:
        options["max_line_size"] = tree(longest * 2)
    return exp.ReadCSV(
        this=tree(one_file(path)),
        expressions=[exp.EQ(this=exp.column(k), expression=v) for k, v in options.items()],
    )


def parquet_scan(*paths: Path) -> exp.Expr:
    """What reads Parquet files in a FROM clause."""
    return exp.func("read_parquet", exp.Array(expressions=[tree(one_file(p)) for p in paths]))


def work_file(work: Path, source: Path, name: str, ending: str) -> Path:
    """A place in the scratch folder for what is made of one sheet; the same each time."""
    work.mkdir(parents=True, exist_ok=True)
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", f"{source.stem}-{name}")[:60]
    # the digest keeps sheets apart whose names differ in odd characters only
    key = hashlib.sha256(f"{source.resolve()}\0{name}".encode("utf-8", "replace")).hexdigest()
    return work / f"{stem}-{key[:12]}{ending}"


class TextTable:
    """Rows of text on their way into a Parquet file with `_row` and one column a header."""

    def __init__(self, target: Path, columns: Sequence[str]) -> None:
        self.target = target
        self.columns = tuple(columns)
        self.rows = 0
        self._longest = 0
        self._between = target.with_suffix(".csv")
        self._file = self._between.open("w", encoding="utf-8", newline="", buffering=1 << 20)
        # all quoted: before Python 3.13 a lone carriage return would not be
        self._writer = csv.writer(self._file, lineterminator="\n", quoting=csv.QUOTE_ALL)

    def add(self, row: int, cells: Sequence[str | None]) -> None:
        """One row, as long as there are columns."""
        self.rows += 1
        self._writer.writerow((row, *cells))
        size = sum(len(c) for c in cells if c)
        if size > self._longest:
            self._longest = size

    def abandon(self) -> None:
        """Leave nothing behind."""
        self._file.close()
        self._between.unlink(missing_ok=True)

    def close(self) -> exp.Expr:
        """Write the Parquet file and give what scans it."""
        self._file.close()
        # at most four bytes a character, and every quote may have been doubled
        scan = csv_scan(
            self._between,
            ("_row", *self.columns),
            delimiter=",",
            skip=0,
            longest=self._longest * 8,
        )
        number = exp.cast(exp.column(exp.to_identifier("_row", quoted=True)), "BIGINT")
        picked: list[exp.Expr] = [exp.alias_(number, "_row", quoted=True)]
        picked += [exp.column(exp.to_identifier(c, quoted=True)) for c in self.columns]
        # a copy streams; the caller's own session holds memory beside it
        with Session(memory="400MB", spill=self.target.parent) as session:
            copy(session, exp.select(*picked).from_(scan), self.target)
        self._between.unlink()
        return parquet_scan(self.target)


def copy(session: Session, query: exp.Expr, target: Path) -> None:
    """Write a query's rows to a Parquet file, in order, whole or not at all."""
    writing = target.with_suffix(".writing")
    session.execute(
        exp.Copy(
            this=exp.Subquery(this=query),
            kind=False,
            files=[tree(str(writing))],
            params=[
                exp.CopyParameter(this=exp.var("FORMAT"), expression=exp.var("PARQUET")),
            ],
        )
    )
    writing.replace(target)
