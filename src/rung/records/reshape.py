"""Sheets into other sheets, as query trees: tabs stacked, long milestones widened, wide ones
lengthened. Nothing is read until the result is scanned."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sqlglot import exp

from rung.errors import Problem, RecordsError
from rung.records.query import Session, alias, name
from rung.records.sheet import Sheet, label

_ALIKE = 0.8  # share of columns that two tabs must have in common to be stacked


def numbered(sheet: Sheet) -> exp.Select:
    """The sheet's rows with `_row` BIGINT, the row number a person sees, in front."""
    if sheet.numbered:
        number = name("_row")
    else:
        place = exp.Window(this=exp.RowNumber())
        number = exp.Add(this=place, expression=exp.Literal.number(sheet.header_row))
    columns = [name(c) for c in sheet.columns]
    return exp.select(alias(number, "_row"), *columns).from_(sheet.scan)


def key(column: str) -> str:
    """A column's name as sheets are compared: without case and punctuation."""
    return re.sub(r"[\W_]+", "", column).casefold() or column


def alike(one: Iterable[str], other: Iterable[str]) -> bool:
    """Whether two sheets have nearly the same columns, case and punctuation aside."""
    a, b = ({key(c) for c in columns} for columns in (one, other))
    return len(a & b) >= _ALIKE * len(a | b)


def stack(sheets: Sequence[Sheet]) -> Sheet:
    """Sheets under one another; the column `_tab` says which one a row is from.

    Columns are matched by name, case and punctuation aside, and take the spelling and order of
    the first sheet that has them; a column that a sheet lacks is empty there.
    """
    columns: dict[str, str] = {}
    for sheet in sheets:
        for c in sheet.columns:
            columns.setdefault(key(c), c)
    parts: list[exp.Expr] = []
    for sheet in sheets:
        own = {key(c): c for c in reversed(sheet.columns)}
        picks = [
            alias(name(own[k]) if k in own else exp.cast(exp.null(), "VARCHAR"), c)
            for k, c in columns.items()
        ]
        tab = alias(exp.Literal.string(sheet.name), "_tab")
        rows = numbered(sheet).subquery()
        parts.append(exp.select(name("_row"), *picks, tab).from_(rows))
    whole = parts[0] if len(parts) == 1 else exp.union(*parts, distinct=False)
    known = [s.rows for s in sheets]
    return Sheet(
        source=sheets[0].source,
        name=sheets[0].name,
        columns=(*columns.values(), "_tab"),
        scan=exp.Subquery(this=whole),
        header_row=sheets[0].header_row,
        numbered=True,
        rows=None if None in known else sum(n or 0 for n in known),
        problems=tuple(p for s in sheets for p in s.problems),
    )


def stack_alike(sheets: Sequence[Sheet]) -> tuple[Sheet, ...]:
    """Stack the sheets of one file whose columns are nearly the same; leave the others."""
    groups: list[list[Sheet]] = []
    for sheet in sheets:
        for group in groups:
            if group[0].source == sheet.source and alike(group[0].columns, sheet.columns):
                group.append(sheet)
                break
        else:
            groups.append([sheet])
    return tuple(stack(g) if len(g) > 1 else g[0] for g in groups)


def _has(sheet: Sheet, *columns: str) -> None:
    for c in columns:
        if c not in sheet.columns:
            raise RecordsError(
                Problem(
                    code="REC-no-column",
                    table=label(sheet.source, sheet.name),
                    column=c,
                    weight="break",
                )
            )


def _blank(column: str) -> exp.Expr:
    """NULL for an empty cell, else the cell."""
    return exp.Nullif(this=exp.func("trim", name(column)), expression=exp.Literal.string(""))


def widen(
    session: Session,
    sheet: Sheet,
    *,
    record: str,
    milestone: str,
    date: str,
    steps: Mapping[str, str],
) -> Sheet:
    """One row a person from one row a milestone: (record, milestone, date) → a column a step.

    `steps` maps the values of `milestone` to columns of the result. A step's cell is the date as
    text, or `yes` when it was reached without a date. Where a person has a step twice the first
    row counts. Problems count what was left out: REC-long-no-record, REC-long-unknown,
    REC-long-repeated. Raises REC-no-column.
    """
    _has(sheet, record, milestone, date)
    label_of = exp.Case()
    for value, column in steps.items():
        label_of = label_of.when(
            exp.EQ(this=exp.func("trim", name(milestone)), expression=exp.Literal.string(value)),
            exp.Literal.string(column),
        )
    step = alias(label_of, "step")
    reached = exp.Coalesce(this=_blank(date), expressions=[exp.Literal.string("yes")])
    rows = exp.select(
        name("_row"), alias(_blank(record), "record"), step, alias(reached, "reached")
    ).from_(numbered(sheet).subquery())
    wide = [alias(name("record"), record)]
    for column in dict.fromkeys(steps.values()):
        here = exp.EQ(this=name("step"), expression=exp.Literal.string(column))
        first = exp.ArgMin(this=name("reached"), expression=name("_row"))
        wide.append(alias(exp.Filter(this=first, expression=exp.Where(this=here)), column))
    named = exp.Not(this=exp.Is(this=name("record"), expression=exp.null()))
    scan = (
        exp.select(alias(exp.Min(this=name("_row")), "_row"), *wide)
        .from_(rows.subquery())
        .where(named)
        .group_by(name("record"))
        .order_by(name("_row"))
    )
    return replace(
        sheet,
        columns=(record, *dict.fromkeys(steps.values())),
        scan=exp.Subquery(this=scan),
        numbered=True,
        rows=None,
        problems=(*sheet.problems, *_left_out(session, sheet, rows)),
    )


def _left_out(session: Session, sheet: Sheet, rows: exp.Select) -> tuple[Problem, ...]:
    """Rows of a long sheet that its wide form does not have."""
    nobody = exp.Is(this=name("record"), expression=exp.null())
    unknown = exp.Is(this=name("step"), expression=exp.null())
    some = exp.and_(exp.Not(this=nobody.copy()), exp.Not(this=unknown.copy()))
    pair = exp.Tuple(expressions=[name("record"), name("step")])
    counts = exp.select(
        alias(exp.CountIf(this=nobody), "nobody"),
        alias(exp.CountIf(this=exp.and_(unknown, exp.Not(this=nobody.copy()))), "unknown"),
        alias(
            exp.Sub(
                this=exp.CountIf(this=some),
                expression=exp.Filter(
                    this=exp.Count(this=exp.Distinct(expressions=[pair])),
                    expression=exp.Where(this=some.copy()),
                ),
            ),
            "repeated",
        ),
    ).from_(rows.subquery())
    found = session.run(counts).one()
    codes = {
        "nobody": "REC-long-no-record",
        "unknown": "REC-long-unknown",
        "repeated": "REC-long-repeated",
    }
    table = label(sheet.source, sheet.name)
    return tuple(
        Problem(code=code, table=table, rows=found[k]) for k, code in codes.items() if found[k]
    )


def lengthen(
    sheet: Sheet,
    *,
    record: str,
    steps: Mapping[str, str],
    milestone: str = "milestone",
    date: str = "date",
) -> Sheet:
    """One row a milestone from one column a milestone: empty cells give no row.

    `steps` maps columns of the sheet to values of `milestone`. Raises REC-no-column.
    """
    _has(sheet, record, *steps)
    parts = [
        exp.select(
            name("_row"),
            alias(name(record), record),
            alias(exp.Literal.string(value), milestone),
            alias(name(column), date),
        )
        .from_(numbered(sheet).subquery())
        .where(exp.Not(this=exp.Is(this=_blank(column), expression=exp.null())))
        for column, value in steps.items()
    ]
    whole = parts[0] if len(parts) == 1 else exp.union(*parts, distinct=False)
    return replace(
        sheet,
        columns=(record, milestone, date),
        scan=exp.Subquery(this=whole),
        numbered=True,
        rows=None,
    )
