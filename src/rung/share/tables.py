"""A released answer as rows of text, for the terminal, HTML and Excel alike."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from rung.finding import Cell, Column, Finding, Refusal, Row, Table
from rung.messages import sentence, word
from rung.share import say
from rung.share.numbers import amount, change, size
from rung.share.release import AnyAnswer, Released

Align = Literal["left", "right"]


@dataclass(frozen=True)
class Head:
    """A column's label and the side its text keeps to."""

    label: str
    align: Align


@dataclass(frozen=True)
class Text:
    """A cell as people read it; `value` is the released number behind it, when there is one."""

    text: str
    value: Cell = None
    unit: str = ""
    hidden: bool = False


@dataclass(frozen=True)
class Grid:
    """A table ready to be set: nothing in it needs computing."""

    title: str
    heads: tuple[Head, ...]
    rows: tuple[tuple[Text, ...], ...]
    notes: tuple[str, ...] = ()


def table(
    released: Released[AnyAnswer], language: str | None = None, *, narrow: bool = False
) -> Grid:
    """The data behind an answer; a refusal has no rows and one note.

    `narrow` leaves out book-keeping columns, for a page of 100 characters.
    """
    answer = released.answer
    if isinstance(answer, Refusal):
        return Grid(say.headline(released, language), (), (), (say.words(released, language),))
    if isinstance(answer, Finding):
        return _of_finding(answer, language)
    return _of_table(answer, language, narrow)


def _number(value: float | None, unit: str, language: str | None, signed: bool = False) -> Text:
    if value is None:
        return Text("")
    said = (change if signed else amount)(value, unit, language)
    return Text(said, value, unit)


def _range(low: float, high: float, unit: str, language: str | None, signed: bool) -> Text:
    if signed:
        ends = (change(low, unit, language), change(high, unit, language))
    elif unit == "share":
        ends = (amount(low, unit), amount(high, unit))
        if ends[0] == ends[1]:  # so many people that whole percents hide the range
            ends = (f"{100 * low:.1f}", f"{100 * high:.1f}\N{NO-BREAK SPACE}%")
        ends = (ends[0].rstrip("\N{NO-BREAK SPACE}%"), ends[1])
    else:
        ends = (amount(low, unit, language), amount(high, unit, language))
    return Text(sentence("label.range", {"low": ends[0], "high": ends[1]}, language))


def _label(key: str, language: str | None) -> str:
    return sentence(f"label.{key}", {}, language)


def _of_finding(finding: Finding, language: str | None) -> Grid:
    unit = finding.estimand.unit
    reached = any(p.numerator is not None for p in finding.parts)
    counted = "n_places" if finding.method.key.startswith("place") else "n"
    heads = [Head(_label("who", language), "left")]
    heads.append(Head(say.column_label(counted, language), "right"))
    if reached:
        heads.append(Head(say.column_label("reached", language), "right"))
    heads.append(Head(_label("share" if unit == "share" else "average", language), "right"))
    heads.append(Head(_label("range-head", language), "right"))
    rows = []
    for part in finding.parts:
        row = [Text(word(part.group, language)), Text(f"{part.n:,}", part.n, "people")]
        if reached:
            x = part.numerator
            row.append(Text("") if x is None else Text(f"{x:,}", x, "people"))
        rows.append((*row, _number(part.value, unit, language), Text("")))
    signed = len(finding.parts) > 1 and finding.method.key != "bottleneck"
    label = "difference" if signed else "lost-here" if len(finding.parts) > 1 else "whole"
    n = finding.counts.analysed
    last = [Text(_label(label, language)), Text(f"{n:,}", n, "people")]
    ends = finding.interval
    shown = ends is not None and ends.kind != "complete count"
    rows.append(
        (
            *last,
            *([Text("")] if reached else []),
            _number(finding.value, unit, language, signed),
            _whole_range(finding, language, signed) if shown else Text(""),
        )
    )
    return Grid(word(finding.estimand.outcome, language), tuple(heads), tuple(rows))


def _whole_range(finding: Finding, language: str | None, signed: bool) -> Text:
    """The range in figures; in words where it has no end on a side."""
    ends = finding.interval
    if ends is None or math.isinf(ends.low) or math.isinf(ends.high):
        return Text(say.range_of(finding, language))
    return _range(ends.low, ends.high, finding.estimand.unit, language, signed)


_BESIDE = (
    *(("retention", "possible"), ("tornado", "npv")),
    *(("place-overview", "unit"), ("place-overview", "n_peers")),
)
"""Columns for programs: people read what they say in the cells beside, or need not."""

_CLIFF = frozenset(
    {
        *("hourly", "earnings", "snap", "tanf", "housing", "child_care", "health_premium"),
        *("net", "behind", "emtr", "covered"),
    }
)
"""What a narrow page shows of a family with much help: taxes and credits stand rung by rung."""


def _worth_showing(table: Table, column: Column, narrow: bool) -> bool:
    """Book-keeping columns without a single number to tell stay out."""
    if table.name == "cliff" and column.name == "mark":
        return not narrow and any(row["mark"] for row in table.rows)
    if narrow and table.name == "cliff" and len(table.columns) > 12:
        return column.name in _CLIFF
    if column.role in ("low", "high") or column.name == "rests_on":
        return False
    if (table.name, column.name) in _BESIDE:
        return False
    if column.role != "count" or column.name in ("people", "reached_any", "in_progress", "lost"):
        return True
    if narrow and column.name in ("implied", "undated", "unknown"):
        return False
    if narrow and table.name == "wioa" and column.name != "verified":
        return False
    return any(row[column.name] for row in table.rows)


def _of_table(table: Table, language: str | None, narrow: bool) -> Grid:
    shown = [c for c in table.columns if _worth_showing(table, c, narrow)]
    ends = {c.role: c for c in table.columns if c.role in ("low", "high")}
    owner = None
    for column in table.columns:
        if column.role == "value":
            owner = column
        if column.role == "low":
            break
    hidden = {(h.row, h.column): h.reason for h in table.hidden}
    if len(ends) == 2 and all(  # where nobody said how sure, there is no range to look for
        row[ends["low"].name] is None and (i, ends["low"].name) not in hidden
        for i, row in enumerate(table.rows)
    ):
        ends = {}
    signs = {c.name for c in shown if c.role == "value" and _signed(table, c)}
    heads: list[Head] = []
    for column in shown:
        align: Align = "left" if column.role == "key" else "right"
        heads.append(Head(say.column_label(column.name, language), align))
        if column is owner and len(ends) == 2:
            ends_are = "worst-best" if table.name == "retention" else "range-head"
            heads.append(Head(_label(ends_are, language), "right"))
    rows = []
    for i, row in enumerate(table.rows):
        cells: list[Text] = []
        for each in shown:
            column = _in_its_unit(table, each, row)
            reason = hidden.get((i, column.name))
            if reason:
                cells.append(Text(sentence(f"hidden.{reason}", {}, language), hidden=True))
            else:
                cells.append(_cell(column, row[column.name], language, column.name in signs))
            if each is owner and len(ends) == 2:
                low, high = row[ends["low"].name], row[ends["high"].name]
                if isinstance(low, (int, float)) and isinstance(high, (int, float)):
                    cells.append(_range(low, high, column.unit, language, column.name in signs))
                else:
                    cells.append(Text("", hidden=(i, ends["low"].name) in hidden))
        rows.append(tuple(cells))
    notes = (_label("too-few-note", language),) if hidden else ()
    return Grid(word(table.estimand.outcome, language), tuple(heads), tuple(rows), notes)


def shares(released: Released[AnyAnswer], language: str | None = None) -> Grid:
    """A journey by group, for a narrow page: a row a milestone, a column a level, its share."""
    answer = released.answer
    if not isinstance(answer, Table):
        raise TypeError("only a journey by group has shares by level")
    group = answer.columns[0].name
    said: dict[str, dict[str, Text]] = {}
    hidden = {(h.row, h.column): h.reason for h in answer.hidden}
    rate = next(c for c in answer.columns if c.role == "value")
    for i, row in enumerate(answer.rows):
        reason = hidden.get((i, rate.name))
        cell = (
            Text(sentence(f"hidden.{reason}", {}, language), hidden=True)
            if reason
            else _cell(rate, row[rate.name], language, signed=False)
        )
        said.setdefault(str(row["milestone"]), {})[str(row[group])] = cell
    levels = list(next(iter(said.values())))
    heads = (
        Head(say.column_label("milestone", language), "left"),
        *(Head(word(level, language), "right") for level in levels),
    )
    rows = tuple(
        (Text(word(m, language)), *(cells[level] for level in levels)) for m, cells in said.items()
    )
    notes = (_label("too-few-note", language),) if hidden else ()
    return Grid(word(answer.estimand.outcome, language), heads, rows, notes)


def _in_its_unit(table: Table, column: Column, row: Row) -> Column:
    """The column with the unit of this row, in a table whose rows are in several."""
    if table.name != "place-overview" or column.name not in ("value", "peers"):
        return column
    return replace(column, unit=str(row["unit"]))


def _signed(table: Table, column: Column) -> bool:
    return table.name == "forest" or column.interval == "newcombe" or column.name == "difference"


def _cell(column: Column, value: Cell, language: str | None, signed: bool) -> Text:
    if value is None:
        return Text("")
    if isinstance(value, str):
        return Text(word(value, language), value)
    if column.unit in ("people", "number") and isinstance(value, int):
        return Text(f"{value:,}", value, column.unit)
    if column.role == "se":
        return Text(size(value, column.unit, language), value, column.unit)
    return _number(float(value), column.unit, language, signed)
