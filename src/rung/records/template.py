"""The blank intake workbook, for providers who keep spreadsheets.

Made from the schema: a sheet for each form that providers keep, drop-downs from the code lists,
dates that Excel checks, a note on every header. What is typed into it is recognised by the matcher
without a doubt.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell import Cell, MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from rung.messages import sentence
from rung.records.lab import Milestone
from rung.records.match import TEMPLATE_SHEETS
from rung.records.matching.steps import BY_KEY
from rung.records.schema import TABLES, YES_NO, Column, Kind, Side

ROWS = 2_000  # rows with drop-downs and checks
_WIDTH = 22
_HEAD = PatternFill("solid", fgColor="1D5C9E")
_HEAD_PRIVATE = PatternFill("solid", fgColor="565F6B")
_WHITE = Font(bold=True, color="FFFFFF")

DEFAULT: tuple[Milestone, ...] = tuple(
    Milestone(key=step.key, label=step.label, done=step.done)
    for step in (
        BY_KEY[key]
        for key in (
            "applied", "accepted", "enrolled", "completed", "credentialed", "placed", "retained",
        )
    )
)  # fmt: skip
"""The milestones of a sector-based training provider, when a lab has none of its own."""

_PEOPLE = (
    "participants.pid", "participants.first_name", "participants.last_name",
    "participants.email", "participants.phone", "participants.birth_date",
    "participants.gender", "participants.race", "participants.education",
    "participants.veteran", "participants.disability", "participants.work_at_entry",
    "participants.zip", "referrals.source", "enrolments.program", "enrolments.site",
    "enrolments.cohort", "enrolments.coach",
)  # fmt: skip
_AFTER = ("enrolments.status", "enrolments.closed_on", "enrolments.exit_reason",
          "participants.notes")  # fmt: skip
_SHEETS: Mapping[str, tuple[str, ...]] = {
    "services": ("pid", "service_on", "service", "quantity", "unit", "attendance"),
    "credentials": ("pid", "credential", "type", "earned_on", "issuer"),
    "employment": (
        "pid", "employer", "title", "start_on", "hourly_wage", "hours_week", "type",
        "training_related", "health_insurance", "retirement", "paid_time_off", "sick_leave",
        "end_on", "end_reason",
    ),
    "follow_ups": (
        "pid", "due_days", "contacted_on", "reached", "employed", "same_employer",
        "hourly_wage", "hours_week", "method",
    ),
    "supports": ("pid", "support", "needed_on", "referred_on", "received_on", "amount"),
}  # fmt: skip
_ASKED_OF_PEOPLE = {"gender", "race", "veteran", "disability", "education", "work_at_entry"}


@dataclass(frozen=True)
class _Head:
    """One column of a sheet: heading, note, and how its cells are checked."""

    heading: str
    note: str
    kind: Kind
    choices: tuple[str, ...] = ()
    several: bool = False
    private: bool = False
    low: float | None = None
    high: float | None = None


def write(path: Path, *, milestones: Sequence[Milestone] = DEFAULT) -> Path:
    """Write the blank workbook to `path`, with one dated column for each milestone; returns it."""
    book = Workbook()
    lists = book.create_sheet("Lists")
    ranges: dict[tuple[str, ...], str] = {}
    for title, table in TEMPLATE_SHEETS.items():
        heads = list(_people(milestones)) if table == "journeys" else list(_table(table))
        _sheet(book.create_sheet(title), heads, lists, ranges)
    lists.sheet_state = "hidden"
    book.move_sheet(lists, len(book.sheetnames))
    first = book.active
    if not isinstance(first, Worksheet):
        raise TypeError("a new workbook begins with a worksheet")
    _read_me(first)
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    return path


def _people(milestones: Sequence[Milestone]) -> Iterator[_Head]:
    for key in _PEOPLE:
        yield _head(key)
    for each in milestones:
        note = sentence("label.template-milestone", {"label": each.label})
        yield _Head(f"{each.label} (date)", note, Kind.DATE)
    for key in _AFTER:
        yield _head(key)


def _table(table: str) -> Iterator[_Head]:
    for name in _SHEETS[table]:
        yield _head(f"{table}.{name}")


def _head(key: str) -> _Head:
    table, _, name = key.partition(".")
    column = TABLES[table].column(name)
    note = column.meaning
    private = column.side is Side.PRIVATE or name in ("pid", "birth_date")
    if name == "pid":
        note = sentence("label.template-id")
    elif private:
        note = f"{note} {sentence('label.template-private')}"
    if column.many:
        note = f"{note} {sentence('label.template-several')}"
    return _Head(
        column.heading,
        note,
        column.kind,
        choices=_choices(column),
        several=column.many,
        private=private,
        low=_limit(column.low),
        high=_limit(column.high),
    )


def _choices(column: Column) -> tuple[str, ...]:
    if column.kind is Kind.BOOLEAN:
        choices = YES_NO.choices
    elif column.kind is Kind.CODE and column.code_list is not None:
        choices = column.code_list.choices
    else:
        return ()
    return (*choices, "Prefer not to say") if column.name in _ASKED_OF_PEOPLE else choices


def _limit(value: float | str | None) -> float | None:
    try:
        return None if value is None else float(value)
    except ValueError:
        return None  # a date limit; Excel's own range of dates does


def _text(cell: Cell | MergedCell, text: str) -> None:
    """Write text that stays text, whatever it begins with."""
    cell.value = text
    cell.data_type = "s"


def _sheet(
    sheet: Worksheet,
    heads: Sequence[_Head],
    lists: Worksheet,
    ranges: dict[tuple[str, ...], str],
) -> None:
    sheet.freeze_panes = "B2"
    sheet.row_dimensions[1].height = 34
    for at, head in enumerate(heads, 1):
        cell = sheet.cell(1, at)
        _text(cell, head.heading)
        cell.font = _WHITE
        cell.fill = _HEAD_PRIVATE if head.private else _HEAD
        cell.alignment = Alignment(wrap_text=True, vertical="center")
        note = Comment(head.note, "Rung")
        note.width, note.height = 320, 120
        cell.comment = note
        letter = get_column_letter(at)
        sheet.column_dimensions[letter].width = _WIDTH
        if head.kind in _FORMATS:
            sheet.column_dimensions[letter].number_format = _FORMATS[head.kind]
            cell.number_format = "General"
        check = _check(head, lists, ranges)
        if check is not None:
            check.add(f"{letter}2:{letter}{ROWS + 1}")
            sheet.add_data_validation(check)


_FORMATS = {Kind.DATE: "yyyy-mm-dd", Kind.ID: "@"}  # text keeps the zeros an id begins with


def _check(
    head: _Head, lists: Worksheet, ranges: dict[tuple[str, ...], str]
) -> DataValidation | None:
    if head.choices:
        check = DataValidation(
            type="list", formula1=_range(head.choices, lists, ranges), allow_blank=True
        )
        check.showErrorMessage = not head.several  # several are typed with | between them
        check.error = sentence("label.template-choose")
    elif head.kind is Kind.DATE:
        check = DataValidation(
            type="date", operator="between", formula1=_serial(1900), formula2=_serial(2100)
        )
        check.error = sentence("label.template-date")
        check.showErrorMessage = True
    elif head.kind in (Kind.INTEGER, Kind.DECIMAL):
        check = DataValidation(
            type="whole" if head.kind is Kind.INTEGER else "decimal",
            operator="between",
            formula1=str(head.low if head.low is not None else 0),
            formula2=str(head.high if head.high is not None else 1_000_000),
        )
        check.error = sentence("label.template-number")
        check.showErrorMessage = True
    else:
        return None
    check.showInputMessage = True
    return check


def _serial(year: int) -> str:
    """The first of January as the day number of a workbook."""
    return str((dt.date(year, 1, 1) - dt.date(1899, 12, 30)).days)


def _range(choices: tuple[str, ...], lists: Worksheet, ranges: dict[tuple[str, ...], str]) -> str:
    """The cells of the hidden sheet that hold these choices; each list is written once."""
    if choices not in ranges:
        at = len(ranges) + 1
        for row, choice in enumerate(choices, 1):
            _text(lists.cell(row, at), choice)
        letter = get_column_letter(at)
        ranges[choices] = f"Lists!${letter}$1:${letter}${len(choices)}"
    return ranges[choices]


def _read_me(sheet: Worksheet) -> None:
    sheet.title = "Read me first"
    sheet.column_dimensions["A"].width = 92
    sheet.sheet_view.showGridLines = False
    _text(sheet.cell(1, 1), sentence("label.template-title"))
    sheet.cell(1, 1).font = Font(bold=True, size=20, color="1B2430")
    for at in range(1, 9):
        cell = sheet.cell(at + 2, 1)
        _text(cell, sentence(f"label.template-line-{at}"))
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        cell.font = Font(size=12, color="1B2430")
