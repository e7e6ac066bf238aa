from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from rung.records import match, read, template
from rung.records.lab import Milestone
from rung.records.match import Proposal, SheetProfile
from rung.records.query import Session
from rung.records.schema import TABLES

PEOPLE = 40
_NAMES = ("Maria", "James", "Aisha", "Wei", "Luis", "Tanya")
_TEXT = {
    "First name": _NAMES,
    "Last name": ("Lopez", "Smith", "Khan"),
    "Notes": ("Called twice and left a message.", "Needs a bus pass for the first week."),
    "ZIP code": ("01104", "60612"),
    "Person id": tuple(f"{i:05d}" for i in range(PEOPLE)),
    "Phone": tuple(f"555-010-{1000 + i}" for i in range(PEOPLE)),
    "Email": tuple(f"person{i}@example.org" for i in range(PEOPLE)),
}


def _dummy(sheet: Worksheet, choices: dict[str, list[str]]) -> None:
    """Fill a sheet by its own rules: the first choice of a list, dates, numbers, some text."""
    rules = {
        str(rule.sqref).split(":")[0].rstrip("0123456789"): rule
        for rule in sheet.data_validations.dataValidation
    }
    for at, cell in enumerate(sheet[1], 1):
        heading, rule = str(cell.value), rules.get(get_column_letter(at))
        for i in range(PEOPLE):
            value: object
            if heading in _TEXT:
                value = _TEXT[heading][i % len(_TEXT[heading])]
            elif heading == "Birth date":
                value = dt.datetime(1970 + i % 30, 1 + i % 12, 1 + i % 28)  # noqa: DTZ001
            elif rule is None:
                value = ("Westside", "Downtown", "Riverside")[i % 3]
            elif rule.type == "list":
                listed = choices[str(rule.formula1)]
                value = listed[i % len(listed)]
            elif rule.type == "date":
                value = dt.datetime(2024, 1 + i % 12, 1 + i % 28)  # noqa: DTZ001
            else:
                value = int(float(str(rule.formula1))) + 1 + i % 3
            sheet.cell(i + 2, at, value)


def _filled(path: Path) -> None:
    book = load_workbook(path)
    lists = book["Lists"]
    choices = {}
    for at, column in enumerate(lists.iter_cols(), 1):
        values = [str(c.value) for c in column if c.value is not None]
        letter = get_column_letter(at)
        choices[f"Lists!${letter}$1:${letter}${len(values)}"] = values
    for title in match.TEMPLATE_SHEETS:
        _dummy(book[title], choices)
    book.save(path)


def _proposed(path: Path, work: Path, milestones: tuple[Milestone, ...] = ()) -> Proposal:
    session = Session()
    sheets = read.open_sheets(path, work)
    profiles = [
        SheetProfile(source=s.source, name=s.name, columns=read.profile(session, s)) for s in sheets
    ]
    return match.propose(profiles, milestones=milestones)


def test_what_is_typed_into_the_workbook_is_recognised_without_a_doubt(tmp_path: Path) -> None:
    path = template.write(tmp_path / "intake.xlsx")
    _filled(path)
    found = _proposed(path, tmp_path / "work")
    assert [f.table for f in found.files] == list(match.TEMPLATE_SHEETS.values())
    for file, columns in zip(found.files, found.matches, strict=True):
        assert {m.header: m.sure for m in columns} == {m.header: 1.0 for m in columns}, file.table
        assert all(m.target != "ignore" for m in columns)
        assert all(m.strange == 0 for m in columns)
    assert found.problems == ()
    assert [m.key for m in found.milestones] == [m.key for m in template.DEFAULT]


def test_each_column_comes_back_to_the_column_it_was_made_from(tmp_path: Path) -> None:
    path = template.write(tmp_path / "intake.xlsx")
    _filled(path)
    for file, columns in zip(
        (found := _proposed(path, tmp_path / "work")).files, found.matches, strict=True
    ):
        for each in columns:
            table, _, name = each.target.partition(".")
            if table in TABLES and table != "milestones":
                assert TABLES[table].column(name).heading == each.header
            if file.table != "journeys" and each.target != "id":
                assert table == file.table


def test_a_providers_own_milestones_get_their_columns(tmp_path: Path) -> None:
    own = (
        Milestone(key="applied", label="Handed in the form"),
        Milestone(key="toolkit", label="=Got the toolkit"),
    )
    path = template.write(tmp_path / "intake.xlsx", milestones=own)
    _filled(path)
    found = _proposed(path, tmp_path / "work", own)
    columns = found.files[0].columns
    assert columns["Handed in the form (date)"] == "milestones.applied"
    assert columns["=Got the toolkit (date)"] == "milestones.toolkit"


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return template.write(tmp_path_factory.mktemp("blank") / "intake.xlsx")


def test_the_workbook_explains_itself(book: Path) -> None:
    opened = load_workbook(book)
    assert opened.sheetnames[0] == "Read me first"
    assert opened["Lists"].sheet_state == "hidden"
    for title in match.TEMPLATE_SHEETS:
        sheet = opened[title]
        assert sheet.freeze_panes == "B2"
        assert all(cell.comment and cell.comment.text for cell in sheet[1])
        assert len({cell.value for cell in sheet[1]}) == len(sheet[1])


def test_ids_are_text_and_dates_are_dates(book: Path) -> None:
    sheet = load_workbook(book)["People"]
    formats = {
        str(cell.value): sheet.column_dimensions[get_column_letter(at)].number_format
        for at, cell in enumerate(sheet[1], 1)
    }
    assert formats["Person id"] == formats["ZIP code"] == "@"
    assert formats["Applied (date)"] == formats["Birth date"] == "yyyy-mm-dd"


def test_nothing_sensitive_is_asked_for(book: Path) -> None:
    opened = load_workbook(book)
    refused = {
        c.heading
        for t in TABLES.values()
        for c in t.columns
        if c.side.value == "refused" or c.name == "ssn"
    }
    assert refused
    assert not refused & {str(c.value) for title in match.TEMPLATE_SHEETS for c in opened[title][1]}
