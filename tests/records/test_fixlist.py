"""The fix list, and the check of a single file."""

from __future__ import annotations

from pathlib import Path

from openpyxl import load_workbook

from rung.records import check, fixlist, intake
from tests.records.intake_lab import bring, csv, now, wide


def test_a_sheet_an_owner_and_nothing_runs(tmp_path: Path) -> None:
    made = wide(
        tmp_path / "lab",
        [["A1", "Ana", "1/2/1990", "1/5/2024", "=HYPERLINK(1)", "31/02/2024", "Z", "=cmd|x"],
         ["A2", "Bo", "1/2/1990", "1/5/2024", "", "", "", "+A1|x\x07"]],
    )  # fmt: skip
    path = fixlist.write(made.path / "private" / "fix-list.xlsx", bring(made).report)
    book = load_workbook(path)
    assert book.sheetnames[0] == "Summary"
    assert {"Data", "Intake"} <= set(book.sheetnames)
    cells = [c for sheet in book for line in sheet.iter_rows() for c in line if c.value is not None]
    assert not [c for c in cells if c.data_type == "f"]
    says = [c for c in cells if c.value == "=HYPERLINK(1)"]
    assert says
    assert says[0].quotePrefix
    assert says[0].fill.fgColor.rgb == "FFFBE9C6"
    records = {line[2].value for line in book["Data"].iter_rows(min_row=2)}
    assert {"A1", "A2"} <= records
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_list_says_where_it_stops(tmp_path: Path) -> None:
    made = wide(tmp_path / "lab", [[f"A{i}", "", "", "1/5/2024", "zz"] for i in range(700)])
    report = bring(made).report
    assert len(report.fixes) == check.FIX_ROWS
    assert [p.rows for p in report.problems if p.code == "REC-cell-unreadable"] == [700]
    path = fixlist.write(tmp_path / "fix.xlsx", report)
    assert "500" in str(load_workbook(path)["Summary"]["A1"].value)


def test_a_file_by_itself(tmp_path: Path) -> None:
    people = [[f"P{i:03}", f"{1 + i % 12}/15/1990", f"{1 + i % 12}/10/2024", "Female"]
              for i in range(40)]  # fmt: skip
    people[3][2] = "31/02/2024"
    people[5][3] = "Q?"
    file = tmp_path / "people.csv"
    file.write_text(csv([["Client ID", "DOB", "Enrollment Date", "Gender"], *people]), "utf-8")
    work = tmp_path / "work"
    work.mkdir()
    report = intake.check_file(file, clock=now, work=work)
    told = {(p.code, p.column): p.first_rows for p in report.problems}
    assert told["REC-cell-unreadable", "Enrollment Date"] == (5,)
    assert told["REC-not-in-list", "Gender"] == (7,)
    assert all(c.sure is not None for c in report.columns)
    assert report.files[0].rows == 40
    assert "fixes" not in report.to_json()
