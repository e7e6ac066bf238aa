"""What the columns of a sheet hold: counts of all rows, values of some, types of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlglot import exp

from rung.errors import Problem
from rung.records.files.sheet import ColumnProfile, Sheet, copy, label
from rung.records.query import Session, alias, fill, load, name

_CELLS = 2_000_000  # cells looked at for values: 50,000 rows of 40 columns
_COMMON, _SAMPLE, _CUT = 60, 100, 200

# What people write for "there is no value"; only where all else in the column is typed.
MISSING = ("NA", "N/A", "#N/A", "n/a", "NaN", "nan", "NULL", "null", "None", ".")


def _filled(column: str) -> exp.Expr:
    """Whether a cell has something in it; NULL when the cell is NULL."""
    return exp.NEQ(this=exp.func("trim", name(column)), expression=exp.Literal.string(""))


def _count_if(condition: exp.Expr, called: str) -> exp.Expr:
    return alias(exp.Count(this=exp.If(this=condition, true=exp.Literal.number(1))), called)


def profile(session: Session, sheet: Sheet) -> tuple[ColumnProfile, ...]:
    """What each column holds, in the sheet's order, from two passes over the file.

    Raises duckdb.Error when a text file's fast scan does: use it within `read.either`.
    """
    picks = [_count_if(_filled(c), f"c{i}") for i, c in enumerate(sheet.columns)]
    counts = session.run(
        exp.select(alias(exp.Count(this=exp.Star()), "n"), *picks).from_(sheet.scan)
    ).rows[0]
    rows = int(counts[0])
    _keep_some(session, sheet, rows)
    profiled = int(session.run(exp.select(exp.Count(this=exp.Star())).from_("profiled")).rows[0][0])
    query = fill(load("rung.records", "profile"), _limits())
    found = {row[0]: row[1:] for row in session.run(query).rows}
    session.execute(exp.Drop(tables=[exp.to_table("profiled")], kind="TABLE"))
    made: list[ColumnProfile] = []
    for i, header in enumerate(sheet.columns):
        distinct, common, times, sample = found.get(f"c{i}", (0, [], [], []))
        made.append(
            ColumnProfile(
                header=header,
                rows=rows,
                blanks=rows - int(counts[i + 1]),
                distinct=int(distinct),
                common=tuple(zip(common, times, strict=True)),
                sample=tuple(sample),
                profiled=profiled,
            )
        )
    return tuple(made)


def _limits() -> Mapping[str, int]:
    return {"common": _COMMON, "sample": _SAMPLE, "cut": _CUT}


def _keep_some(session: Session, sheet: Sheet, rows: int) -> None:
    """The table `profiled`: every row, or one in so many by a hash of what it holds."""
    columns = [alias(name(c), f"c{i}") for i, c in enumerate(sheet.columns)]
    query = exp.select(*columns).from_(sheet.scan)
    most = max(2_000, min(50_000, _CELLS // len(sheet.columns)))
    if rows > most:
        content = exp.Anonymous(this="hash", expressions=[name(c) for c in sheet.columns[:32]])
        part = exp.Mod(this=content, expression=exp.Literal.number(-(-rows // most)))
        query = query.where(exp.EQ(this=part, expression=exp.Literal.number(0)))
    session.execute(
        exp.Create(
            this=exp.to_table("profiled"),
            kind="TABLE",
            replace=True,
            properties=exp.Properties(expressions=[exp.TemporaryProperty()]),
            expression=query,
        )
    )


def _matches(column: str, pattern: str) -> exp.Expr:
    return exp.Anonymous(
        this="regexp_full_match",
        expressions=[exp.func("trim", name(column)), exp.Literal.string(pattern)],
    )


def _reads_as(column: str, pattern: str, kind: str) -> exp.Expr:
    """Whether a cell is written as `pattern` says and is a value of the type."""
    read = exp.TryCast(this=exp.func("trim", name(column)), to=exp.DataType.build(kind))
    return exp.and_(
        _matches(column, pattern), exp.Not(this=exp.Is(this=read, expression=exp.null()))
    )


# Narrowest first; the first type that fits every filled cell is taken. Up to 18 digits are whole
# numbers; longer ones are ids.
_TYPES: tuple[tuple[str, str], ...] = (
    ("BIGINT", r"[+-]?\d{1,18}"),
    ("DOUBLE", r"[+-]?(\d{1,17}(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?"),
    ("BOOLEAN", r"(?i)true|false"),
    ("DATE", r"\d{4}-\d{2}-\d{2}"),
    ("TIMESTAMP", r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?"),
)
_ZERO_LED = r"[+-]?0\d.*"


def _missing(column: str) -> exp.Expr:
    return exp.In(
        this=exp.func("trim", name(column)),
        expressions=[exp.Literal.string(m) for m in MISSING],
    )


def infer(session: Session, sheet: Sheet) -> tuple[dict[str, str], tuple[Problem, ...]]:
    """The type of each column over all its rows, and cells that say there is no value."""
    picks: list[exp.Expr] = []
    for i, c in enumerate(sheet.columns):
        picks += [
            _count_if(_filled(c), f"filled{i}"),
            _count_if(_missing(c), f"missing{i}"),
            _count_if(_matches(c, _ZERO_LED), f"zero{i}"),
            *(_count_if(_reads_as(c, p, k), f"{k}{i}") for k, p in _TYPES),
        ]
    counts: Sequence[int] = session.run(exp.select(*picks).from_(sheet.scan)).rows[0]
    step = 3 + len(_TYPES)
    types: dict[str, str] = {}
    problems: list[Problem] = []
    for i, c in enumerate(sheet.columns):
        filled, missing, zero, *fits = counts[i * step : (i + 1) * step]
        types[c] = "VARCHAR"
        said = filled - missing
        if not said or zero:
            continue
        types[c] = next((k for (k, _), n in zip(_TYPES, fits, strict=True) if n == said), "VARCHAR")
        if missing and types[c] != "VARCHAR":
            problems.append(
                Problem(
                    code="REC-marked-missing",
                    table=label(sheet.source, sheet.name),
                    column=c,
                    rows=missing,
                )
            )
    return types, tuple(problems)


def typed(session: Session, sheet: Sheet, types: Mapping[str, str], target: Path) -> None:
    """Write the sheet to a Parquet file with its types; what is empty or said missing is NULL."""
    picks: list[exp.Expr] = []
    for c, kind in types.items():
        value, good = name(c), _filled(c)
        if kind == "VARCHAR":  # "café" typed in two ways, or with a space behind, is one arm
            value = exp.Anonymous(this="nfc_normalize", expressions=[exp.func("trim", value)])
        else:
            value = exp.cast(exp.func("trim", value), kind)
            good = exp.and_(good, exp.Not(this=_missing(c)))
        picks.append(alias(exp.Case().when(good, value), c))
    copy(session, exp.select(*picks).from_(sheet.scan), target)
