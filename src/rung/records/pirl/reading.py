"""A federal file as text, then as typed rows: nothing coerced, every state kept apart.

Blank is not 0 and not 9. What says "not yet available" (9, 5, 999999.99 in elements about
employment after exit) is NULL in its column and named in `_pending`: it is never a number.
A cell that does not fit its element is counted and left out.
"""

from __future__ import annotations

import csv
import gzip
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
from sqlglot import exp

from rung.errors import Problem, RecordsError
from rung.records.files.encoding import HEAD, encoding_of, to_utf8
from rung.records.files.sheet import FIRST_ROWS, Tally, csv_scan
from rung.records.importing.source import copy_to
from rung.records.pirl import elements as dictionary
from rung.records.pirl.elements import Element, elements
from rung.records.query import Session, alias, name, tree

_DELIMITERS = (",", "|", "\t", ";")


@dataclass(frozen=True)
class Text:
    """A federal file staged as text: Parquet with `_row` and a column an element.

    `left_out` are headers that are no element; they are not imported.
    """

    path: Path
    label: str
    elements: tuple[Element, ...]
    left_out: tuple[str, ...]
    rows: int

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Columns that are no elements."""
        return tuple(
            Problem(code="REC-pirl-left-out", table=self.label, column=dictionary.clipped(h))
            for h in self.left_out
        )


def staged(session: Session, path: Path, work: Path, schema: str | None = None) -> Text:
    """Read a CSV of federal records as text; RecordsError with all that is wrong with its shape.

    `schema` says which element each column is, for a file without a header (see
    `elements.schema_order`); a header, where there is one, decides.
    """
    if not path.is_file():
        raise RecordsError("REC-no-file", file=path.name)
    if not path.stat().st_size:
        raise RecordsError(Problem(code="REC-empty", table=path.name, params={"file": path.name},
                                   weight="break"))  # fmt: skip
    plain = _plain(path, work)
    with plain.open(newline="", encoding="utf-8-sig", errors="replace") as file:
        line = file.readline()
        delimiter = max(_DELIMITERS, key=line.count)
        file.seek(0)
        first = next(csv.reader(file, delimiter=delimiter), [])
    headed = dictionary.looks_like_header(first)
    numbers = _numbers(first, headed, schema, path.name)
    known = elements()
    kept = {f"column{i}": known[n] for i, n in enumerate(numbers) if n}
    if not any(e.number == dictionary.ID for e in kept.values()):
        raise RecordsError("REC-pirl-no-id", file=path.name)
    staged_at = work / "pirl_text.parquet"
    try:
        rows = _stage(session, plain, delimiter, len(first), headed, kept, staged_at)
    except duckdb.Error as e:
        _uneven(plain, delimiter, len(first), path.name)
        raise RecordsError("REC-unreadable", file=path.name) from e
    left = [h for h, n in zip(first, numbers, strict=True) if not n] if headed else []
    return Text(staged_at, path.name, tuple(kept.values()), tuple(left), rows)


def _plain(path: Path, work: Path) -> Path:
    """The file as UTF-8 text that is not compressed."""
    if path.suffix.lower() == ".gz":
        target = work / "pirl_plain.csv"
        try:
            with gzip.open(path) as source, target.open("wb") as out:
                shutil.copyfileobj(source, out)
        except OSError as e:
            raise RecordsError("REC-unreadable", file=path.name) from e
        path = target
    with path.open("rb") as file:
        head = file.read(HEAD)
        whole = not file.read(1)
    encoding = encoding_of(path, head, whole)
    if encoding.replace("-", "").casefold() in ("utf8", "ascii"):
        return path
    target = work / "pirl_utf8.csv"
    to_utf8(path, encoding, target)
    return target


def _numbers(first: Sequence[str], headed: bool, schema: str | None, label: str) -> tuple[str, ...]:
    if headed:
        return dictionary.matched(first, label)
    if schema is None:
        raise RecordsError(
            Problem(code="REC-pirl-no-header", table=label, params={"columns": len(first)},
                    weight="break")
        )  # fmt: skip
    order = dictionary.schema_order(schema)
    if len(order) != len(first):
        raise RecordsError(
            Problem(code="REC-pirl-columns", table=label, weight="break",
                    params={"columns": len(first), "expected": len(order)})
        )  # fmt: skip
    return order


def _uneven(path: Path, delimiter: str, columns: int, label: str) -> None:
    """Stop where a row has more or fewer cells than the first: columns would shift silently."""
    uneven, seen = Tally(), columns
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
        for i, cells in enumerate(csv.reader(file, delimiter=delimiter), 1):
            if cells and len(cells) != columns:
                uneven.add(i)
                seen = len(cells)
    if uneven.count:
        raise RecordsError(
            Problem(code="REC-pirl-columns", table=label, rows=uneven.count, weight="break",
                    first_rows=tuple(uneven.first),
                    params={"columns": seen, "expected": columns})
        )  # fmt: skip


def _stage(
    session: Session, path: Path, delimiter: str, columns: int, headed: bool,
    kept: dict[str, Element], target: Path,
) -> int:  # fmt: skip
    with path.open("rb") as file:
        newline = "" if file.readline().endswith(b"\r\n") else "\n"
    names = [f"column{i}" for i in range(columns)]
    scan = csv_scan(path, names, delimiter=delimiter, skip=int(headed), newline=newline)
    row = exp.Add(
        this=exp.Window(this=exp.RowNumber()), expression=exp.Literal.number(1 if headed else 0)
    )
    picked = [alias(row, "_row"), *(alias(name(c), e.column) for c, e in kept.items())]
    return copy_to(session, exp.select(*picked).from_(scan), target)


# -- cells


def scan(path: Path) -> exp.Anonymous:
    """read_parquet of one file."""
    return exp.Anonymous(this="read_parquet", expressions=[tree(str(path))])


def _matches(text: exp.Expr, pattern: str) -> exp.Expr:
    return exp.Anonymous(this="regexp_matches", expressions=[text, tree(pattern)])


def trimmed(e: Element) -> exp.Expr:
    """The cell without spaces around it; NULL when nothing is left."""
    return exp.Nullif(this=exp.Trim(this=name(e.column)), expression=tree(""))


def _padded(e: Element) -> bool:
    return len(e.codes) > 0 and all(len(c) == 2 for c in e.codes)


def said(e: Element) -> exp.Expr:
    """The cell as its element writes it: trimmed, a one-digit code of two digits with its zero."""
    text = trimmed(e)
    if _padded(e):
        short = exp.EQ(this=exp.Length(this=text.copy()), expression=tree(1))
        zero = exp.DPipe(this=tree("0"), expression=text.copy())
        return exp.Case().when(short, zero).else_(text)
    return text


BATCH = 50  # tests in one query
_SHAPES = {
    "DT": r"^\d{8}$",
    "IN": r"^\d+$",
    "DE": r"^-?\d{1,6}(\.\d{1,2})?$",
}


# trees of a whole file are large, and copying them at every step is what costs: these take what
# they are given as part of what they make


def _null(text: exp.Expr) -> exp.Expr:
    return exp.Is(this=text, expression=exp.null())


def _filled(text: exp.Expr) -> exp.Expr:
    return exp.not_(exp.paren(_null(text), copy=False), copy=False)


def _surely(test: exp.Expr) -> exp.Expr:
    return exp.Coalesce(this=test, expressions=[exp.false()])


def misfit(e: Element) -> exp.Expr:
    """Whether a filled cell is not what its element's type allows (format, stage 1)."""
    text = trimmed(e)
    if e.type == "AN":
        return exp.false()
    wrong: exp.Expr = exp.not_(_matches(text.copy(), _SHAPES[e.type]), copy=False)
    if e.type == "DT":
        wrong = exp.or_(wrong, _null(_date(text.copy())), copy=False)
    return exp.and_(_filled(text), exp.paren(wrong, copy=False), copy=False)


def not_allowed(e: Element) -> exp.Expr:
    """Whether a cell that fits the type has a value or a length the element does not (stage 2)."""
    text = said(e)
    wrong: list[exp.Expr] = []
    if e.codes:
        allowed = [tree(c) for c in (*e.codes, e.pending) if c]
        wrong.append(exp.not_(exp.In(this=text.copy(), expressions=allowed), copy=False))
    elif e.digits:
        wrong.append(exp.not_(_matches(text.copy(), f"^[{e.digits}]+$"), copy=False))
    if e.type in ("IN", "AN") and not e.codes:
        wrong.append(exp.GT(this=exp.Length(this=text.copy()), expression=tree(e.length)))
    if not wrong:
        return exp.false()
    fits = exp.not_(exp.paren(misfit(e), copy=False), copy=False)
    either = exp.paren(exp.or_(*wrong, copy=False), copy=False)
    return exp.and_(_filled(text), fits, either, copy=False)


def spaced(e: Element) -> exp.Expr:
    """Whether a cell has spaces around it, or nothing but spaces (stage 1)."""
    trimmed_off = exp.NEQ(this=exp.Trim(this=name(e.column)), expression=name(e.column))
    return exp.and_(_filled(name(e.column)), trimmed_off, copy=False)


def unpadded(e: Element) -> exp.Expr:
    """Whether a code of two digits lost its leading zero."""
    if not _padded(e):
        return exp.false()
    return exp.and_(
        exp.EQ(this=exp.Length(this=trimmed(e)), expression=tree(1)),
        exp.not_(exp.paren(not_allowed(e), copy=False), copy=False),
        copy=False,
    )


def _date(text: exp.Expr) -> exp.Expr:
    parsed = exp.Anonymous(this="try_strptime", expressions=[text, tree("%Y%m%d")])
    return exp.cast(parsed, "DATE", copy=False)


def is_pending(e: Element) -> exp.Expr:
    """Whether the cell says "not yet available"."""
    if e.type == "DE":
        number = exp.TryCast(this=trimmed(e), to=exp.DataType.build("DECIMAL(18, 4)"))
        return exp.EQ(this=number, expression=exp.Literal.number(e.pending))
    return exp.EQ(this=said(e), expression=tree(e.pending))


def value(e: Element) -> exp.Expr:
    """The typed value: NULL for blank, for not yet available, and for what does not fit."""
    text: exp.Expr = said(e)
    typed: exp.Expr = text
    if e.type == "DT":
        typed = _date(text)
    elif e.type == "DE":
        typed = exp.TryCast(this=text, to=exp.DataType.build("DECIMAL(18, 4)"))
    out = [misfit(e), not_allowed(e)]
    if e.pending:
        out.append(is_pending(e))
    case = exp.Case()
    for when in out:
        case = case.when(_surely(when), exp.null(), copy=False)
    return exp.cast(case.else_(typed, copy=False), e.stored, copy=False)


def pending(kept: Sequence[Element]) -> exp.Expr:
    """Which elements of the row are not yet available: ",1602,1704,", or "" for none."""
    parts: list[exp.Expr] = [
        exp.Case()
        .when(_surely(is_pending(e)), tree(f",{e.number}"), copy=False)
        .else_(tree(""), copy=False)
        for e in kept
        if e.pending
    ]
    if not parts:
        return tree("")
    told = exp.Anonymous(this="concat", expressions=parts) if len(parts) > 1 else parts[0]
    return (
        exp.Case()
        .when(exp.EQ(this=told.copy(), expression=tree("")), tree(""))
        .else_(exp.DPipe(this=told, expression=tree(",")))
    )


def counted(
    session: Session, source: exp.Expr, tests: Sequence[exp.Expr]
) -> list[tuple[int, tuple[int, ...]]]:
    """How many rows pass each test, and the first few row numbers; a scan reads each column once.

    In batches: the time to plan a query grows faster than the query. Takes the tests over.
    """
    told: list[tuple[int, tuple[int, ...]]] = []
    for begin in range(0, len(tests), BATCH):
        picked: list[exp.Expr] = []
        batch = tests[begin : begin + BATCH]
        for test in batch:
            yes = _surely(exp.paren(test, copy=False))
            row = exp.Case().when(yes, name("_row"), copy=False)
            first = exp.Anonymous(this="min", expressions=[row.copy(), tree(FIRST_ROWS)])
            picked += [exp.Count(this=row), first]
        asked = exp.select(*picked, copy=False).from_(source.copy(), copy=False)
        found = session.execute(asked).fetchone() or ()
        told += [
            (int(found[2 * i]), tuple(int(r) for r in found[2 * i + 1] or ()))
            for i in range(len(batch))
        ]
    return told
