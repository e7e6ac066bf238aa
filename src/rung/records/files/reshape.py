"""Tabs under one another, as query trees: nothing is read until the result is scanned."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from sqlglot import exp

from rung.records.files.sheet import Sheet
from rung.records.query import alias, name

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
