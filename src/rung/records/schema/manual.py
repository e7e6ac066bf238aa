"""The manual page of the records: written from the declarations, never by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from rung.records.schema.codes import STATES
from rung.records.schema.types import CodeList, Column, Kind, Side, TableSchema
from rung.sources import cite

_OPENING = """\
# Records

What Rung reads from a provider's files, table by table. This page is made from the declarations
in `rung.records.schema`; the same declarations check each cell, fill the drop-downs of the intake
workbook and tell the matcher what to look for.

A column is one of three sides. **Records** go to the checked tables. **Private** columns (names,
contact details, free text) stay in the encrypted key table. **Left out** columns (immigration,
criminal record, health, domestic violence) are imported only with a reason, written in `lab.toml`
under `[files.because]`.

Each imported cell has a state:
"""
_SIDES = {Side.RECORDS: "", Side.PRIVATE: "private", Side.REFUSED: "left out"}
_KINDS = {
    Kind.ID: "id",
    Kind.TEXT: "text",
    Kind.CODE: "code",
    Kind.INTEGER: "whole number",
    Kind.DECIMAL: "number",
    Kind.DATE: "date",
    Kind.BOOLEAN: "yes or no",
    Kind.QUARTER: "quarter",
}


def page(tables: Mapping[str, TableSchema]) -> str:
    """The page in Markdown."""
    lines = [_OPENING]
    lines += [f"- `{state}`: {meaning.lower()}" for state, meaning in STATES.items()]
    for table in tables.values():
        lines += ["", *_table(table)]
    lines += ["", *_sources(tables.values())]
    return "\n".join(lines) + "\n"


def _table(table: TableSchema) -> Iterator[str]:
    yield f"## {table.name}"
    yield ""
    yield f"{table.meaning} One row is {table.row}. Told apart by {_named(table.key)}."
    for caveat in table.caveats:
        yield ""
        yield f"> {caveat}"
    yield ""
    yield "| column | kind | meaning | limits | federal element | side |"
    yield "| --- | --- | --- | --- | --- | --- |"
    yield from (_row(column) for column in table.columns)
    for column in table.columns:
        if column.kind is Kind.CODE and column.code_list is not None:
            yield ""
            yield from _codes(column, column.code_list)


def _named(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _row(column: Column) -> str:
    kind = _KINDS[column.kind] + (", several" if column.many else "")
    cells = (
        f"`{column.name}`",
        kind,
        column.meaning + (" Required." if column.required else ""),
        _limits(column),
        column.pirl,
        _SIDES[column.side],
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _limits(column: Column) -> str:
    found = []
    if column.low is not None and column.high is not None:
        found.append(f"{_number(column.low)} to {_number(column.high)}")
    elif column.low is not None:
        found.append(f"from {_number(column.low)}")
    if column.unit:
        found.append(column.unit)
    if column.not_before:
        found.append(f"not before {_named(column.not_before)}")
    return ", ".join(found)


def _number(limit: float | str) -> str:
    return limit if isinstance(limit, str) else f"{limit:,}"


def _codes(column: Column, codes: CodeList) -> Iterator[str]:
    federal: dict[str, list[str]] = {}
    for raw, code in codes.pirl.items():
        federal.setdefault(code, []).append(raw)
    yield f"`{column.name}`:"
    yield ""
    for code, label in codes.codes.items():
        numbers = (
            f" (federal {', '.join(federal[code])})" if code in federal and column.pirl else ""
        )
        yield f"- `{code}`: {label}{numbers}"
    for state in STATES:
        if state in federal and column.pirl:
            yield f"- *{STATES[state].lower()}* (federal {', '.join(federal[state])})"


def _sources(tables: Iterable[TableSchema]) -> Iterator[str]:
    lists = (c.code_list for t in tables for c in t.columns if c.code_list is not None)
    keys = {"pirl", *(each.source for each in lists if each.source)}
    yield "## Sources"
    yield ""
    yield from (f"- {cite(key)}" for key in sorted(keys))
