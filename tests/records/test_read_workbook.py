"""Workbooks: what people see is what the sheet gives, and what cannot be seen is told."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from openpyxl.styles import PatternFill
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from rung.errors import RecordsError
from rung.records import read
from rung.records.files import markup
from rung.records.read import Sheet
from tests.records.test_read import code_of, found, numbers_of, one, rows_of

Make = Callable[[Workbook, Worksheet], None]


def made(folder: Path, make: Make, name: str = "people.xlsx") -> tuple[Sheet, ...]:
    book = openpyxl.Workbook()
    tab = book.worksheets[0]
    make(book, tab)
    book.save(folder / name)
    return read.open_sheets(folder / name, folder / "work")


def single(folder: Path, make: Make) -> Sheet:
    (sheet,) = made(folder, make)
    return sheet


def test_values_are_the_text_people_see(tmp_path: Path) -> None:
    def make(_: Workbook, tab: Worksheet) -> None:
        moment = dt.datetime.fromisoformat("2024-01-02 03:04")
        tab.append(["text id", "id", "wage", "sum", "day", "moment", "yes", "zip", "ssn", "share"])
        numbers = (True, 6511, 12345678, 0.375)
        tab.append(["007", 7.0, 15.5, 0.1 + 0.2, moment.date(), moment, *numbers])
        tab["H2"].number_format = "00000"
        tab["I2"].number_format = "000-00-0000"
        tab["J2"].number_format = "0.0%"

    assert rows_of(single(tmp_path, make)) == [
        (
            *("007", "7", "15.5", "0.3", "2024-01-02", "2024-01-02 03:04:00"),
            *("TRUE", "06511", "012-34-5678", "37.5%"),
        )
    ]


def test_large_ids_have_no_exponent(tmp_path: Path) -> None:
    def make(_: Workbook, tab: Worksheet) -> None:
        tab.append(["id", "b"])
        tab.append([123456789012345, 1e20])
        tab.append([1e-7, -0.5])

    assert rows_of(single(tmp_path, make)) == [
        ("123456789012345", "100000000000000000000"),
        ("1e-07", "-0.5"),
    ]


def test_each_tab_is_a_sheet_and_tabs_alike_stack(tmp_path: Path) -> None:
    def make(book: Workbook, tab: Worksheet) -> None:
        tab.title = "Class 1"
        tab.append(["ID", "Start Date", "Status"])
        tab.append(["1", "a", "x"])
        other = book.create_sheet("Class 2")
        other.append(["status", "id", "start date ", "Notes", "e"])
        other.append(["y", "2", "b", "n", "m"])
        third = book.create_sheet("Class 3")
        third.append(["Id", "start_date", "Status"])
        third.append(["3", "c", "z"])
        book.create_sheet("Legend").append(["Colour", "Meaning"])
        book.worksheets[3].append(["red", "left"])

    sheets = made(tmp_path, make)
    assert [s.name for s in sheets] == ["Class 1", "Class 2", "Class 3", "Legend"]
    stacked, second, legend = read.stack_alike(sheets)
    assert stacked.columns == ("ID", "Start Date", "Status", "_tab")
    assert rows_of(stacked) == [("1", "a", "x", "Class 1"), ("3", "c", "z", "Class 3")]
    assert numbers_of(stacked) == [2, 2]
    assert (second.name, legend.name) == ("Class 2", "Legend")
    everything = read.stack(sheets[:2])
    assert everything.columns == ("ID", "Start Date", "Status", "Notes", "e", "_tab")
    assert rows_of(everything)[1] == ("2", "b", "y", "n", "m", "Class 2")


def test_merged_cells_are_filled_and_told(tmp_path: Path) -> None:
    def make(_: Workbook, tab: Worksheet) -> None:
        tab.append(["Participants 2024"])
        tab.merge_cells("A1:D1")
        tab.append(["id", "cohort", "start", "end"])
        for i in range(4):
            tab.append([str(i), None, None, None])
        tab["B3"] = "A"
        tab.merge_cells("B3:B5")
        tab["B6"] = "B"
        tab["A7"] = "Second group"
        tab.merge_cells("A7:D7")

    sheet = single(tmp_path, make)
    assert sheet.columns == ("id", "cohort", "start", "end")
    assert [r[:2] for r in rows_of(sheet)] == [
        ("0", "A"),
        ("1", "A"),
        ("2", "A"),
        ("3", "B"),
        ("Second group", None),
    ]
    assert found(sheet)["REC-merged"].first_rows == (3, 4, 5)
    assert found(sheet)["REC-title-rows"].rows == 1


def test_a_header_merged_over_two_rows(tmp_path: Path) -> None:
    def make(_: Workbook, tab: Worksheet) -> None:
        tab.append(["id", "Training", None])
        tab.append([None, "start", "end"])
        tab.merge_cells("A1:A2")
        tab.merge_cells("B1:C1")
        tab.append(["1", "2024-01-02", "2024-02-03"])

    sheet = single(tmp_path, make)
    assert sheet.columns == ("id", "start", "end")
    assert numbers_of(sheet) == [3]


def test_colours_below_the_header_are_told(tmp_path: Path) -> None:
    def make(_: Workbook, tab: Worksheet) -> None:
        tab.append(["id", "status", "decorated"])
        for i in range(5):
            tab.append([i, "x", "y"])
            tab.cell(i + 2, 3).fill = PatternFill("solid", fgColor="FFDDDDDD")
        for row in (1, 3, 4):
            tab.cell(row, 2).fill = PatternFill("solid", fgColor="FFFF0000")
        tab.cell(5, 1).fill = PatternFill("solid", fgColor="FFFFFFFF")

    problem = found(single(tmp_path, make))["REC-colour"]
    assert (problem.rows, problem.first_rows) == (2, (3, 4))
    assert problem.params["columns"] == "status"


def test_formulas_errors_and_day_zero_are_told(tmp_path: Path) -> None:
    def make(_: Workbook, tab: Worksheet) -> None:
        tab.append(["id", "sum", "broken", "day"])
        tab.append(["1", "=1+1", "#REF!", 0])
        tab.append(["2", 5, "fine", 45000])
        tab["C2"].data_type = "e"
        tab["D2"].number_format = tab["D3"].number_format = "yyyy-mm-dd"

    sheet = single(tmp_path, make)
    assert rows_of(sheet) == [
        ("1", None, "#REF!", "1900-01-00"),
        ("2", "5", "fine", "2023-03-15"),
    ]
    problems = found(sheet)
    assert problems["REC-formula"].column == "sum"
    assert problems["REC-error-cells"].column == "broken"
    assert problems["REC-day-zero"].column == "day"
    assert all(p.rows == 1 and p.first_rows == (2,) for p in sheet.problems)


def test_hidden_tabs_and_rows_are_read_and_told(tmp_path: Path) -> None:
    def make(book: Workbook, tab: Worksheet) -> None:
        tab.append(["id", "a"])
        tab.append(["1", "x"])
        tab.append(["2", "y"])
        tab.row_dimensions[3].hidden = True
        other = book.create_sheet("Old")
        other.append(["id", "a"])
        other.append(["3", "z"])
        other.sheet_state = "hidden"

    first, second = made(tmp_path, make)
    assert found(first)["REC-rows-hidden"].first_rows == (3,)
    assert len(rows_of(first)) == 2
    assert "REC-tab-hidden" in found(second)


def test_a_table_that_starts_elsewhere(tmp_path: Path) -> None:
    def make(_: Workbook, tab: Worksheet) -> None:
        tab["C5"], tab["D5"], tab["C7"] = "id", "a", 1

    sheet = single(tmp_path, make)
    assert sheet.columns == ("id", "a")
    assert (sheet.header_row, numbers_of(sheet)) == (5, [7])
    assert found(sheet)["REC-blank-rows"].first_rows == (6,)


def test_empty_tabs_are_told(tmp_path: Path) -> None:
    def make(book: Workbook, tab: Worksheet) -> None:
        tab.append(["id", "a"])
        tab.append(["1", "x"])
        book.create_sheet("Empty")
        book.create_sheet("Only names").append(["id", "a"])

    sheet = single(tmp_path, make)
    said = [p.table for p in sheet.problems if p.code == "REC-tab-empty"]
    assert said == ["people.xlsx, Empty", "people.xlsx, Only names"]


@pytest.mark.parametrize(("rows", "code"), [([], "REC-empty"), ([["id", "a"]], "REC-header-only")])
def test_workbooks_without_rows(tmp_path: Path, rows: list[list[str]], code: str) -> None:
    def make(_: Workbook, tab: Worksheet) -> None:
        for row in rows:
            tab.append(row)

    with pytest.raises(RecordsError) as e:
        made(tmp_path, make)
    assert e.value.code == code


def test_text_named_xls_is_read_as_text(tmp_path: Path) -> None:
    assert rows_of(one(tmp_path, "id\ta\n1\tx\n", "export.xls")) == [("1", "x")]


def test_a_workbook_named_csv_is_refused(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].append(["id"])
    out = io.BytesIO()
    book.save(out)
    assert code_of(tmp_path, out.getvalue(), "people.csv") == "REC-not-text"


def test_protected_workbooks(tmp_path: Path) -> None:
    # an encrypted workbook is an OLE file with a stream of this name
    shell = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
    content = shell + "EncryptedPackage".encode("utf-16-le") + b"\0" * 600
    assert code_of(tmp_path, content, "people.xlsx") == "REC-protected"


def _zipped(entries: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in entries.items():
            z.writestr(name, data)
    return out.getvalue()


def test_zip_bombs_are_measured_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(markup, "_SMALL", 100_000)
    content = _zipped({"xl/workbook.xml": b"0" * 3_000_000})
    assert code_of(tmp_path, content, "bomb.xlsx") == "REC-zip-bomb"
    # the same with the declared size made small in both headers
    size = (3_000_000).to_bytes(4, "little")
    assert code_of(tmp_path, content.replace(size, (10).to_bytes(4, "little")), "liar.xlsx") in {
        "REC-zip-bomb",
        "REC-workbook",
    }


def test_one_stray_cell_far_away_does_not_fill_the_memory(tmp_path: Path) -> None:
    def make(_: Workbook, tab: Worksheet) -> None:
        tab.append(["id", "a"])
        tab["XFD1048576"] = "x"

    with pytest.raises(RecordsError) as e:
        made(tmp_path, make)
    assert e.value.code == "REC-sheet-large"


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04" + b"junk" * 50,
        _zipped({"a.txt": b"x"}),
        _zipped({"xl/workbook.xml": b"<not xml"}),
        _zipped(
            {
                "[Content_Types].xml": b"<Types/>",
                "xl/workbook.xml": b'<!DOCTYPE x [<!ENTITY a "aaaa">]><workbook>&a;</workbook>',
                "xl/_rels/workbook.xml.rels": b"<Relationships/>",
            }
        ),
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\1" * 2000,
    ],
)
def test_broken_workbooks(tmp_path: Path, content: bytes) -> None:
    assert code_of(tmp_path, content, "people.xlsx") in {"REC-workbook", "REC-empty"}


def test_a_damaged_workbook_never_ends_in_a_traceback(tmp_path: Path) -> None:
    """Bytes of a real workbook flipped one by one: rows or a coded error, nothing else."""
    book = openpyxl.Workbook()
    for i in range(5):
        book.worksheets[0].append([f"c{i}", i, dt.date(2024, 1, i + 1)])
    out = io.BytesIO()
    book.save(out)
    good = out.getvalue()
    for at in range(0, len(good), 97):
        bad = bytearray(good)
        bad[at] ^= 0xFF
        (tmp_path / "bad.xlsx").write_bytes(bytes(bad))
        with contextlib.suppress(RecordsError):
            read.open_sheets(tmp_path / "bad.xlsx", tmp_path / "work")


@pytest.mark.parametrize(
    "text",
    [
        b"<!--" + b"x" * 5000 + b"--><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
        "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>".encode("utf-16"),
    ],
)
def test_a_document_type_is_seen_wherever_it_stands(text: bytes) -> None:
    with pytest.raises(ValueError, match="document type"):
        markup._plain_xml(text)
