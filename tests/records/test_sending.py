"""What a simulated provider sends: every mess that was planted is there, and nothing else."""

from __future__ import annotations

import csv
import datetime as dt
from collections import Counter
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from rung.errors import UsageError
from rung.records import simulate
from rung.records.lab import Lab
from rung.records.mapping import FileMap
from rung.records.schema import TABLES
from rung.records.simulate import Settings, Truth
from rung.records.simulating import sending

PEOPLE = 1_500
DATES = {c.header for c in sending.PEOPLE if "date_format" in c.kinds}
FILLED = {"Phone", "DOB", "Zip"}
WORDS = {"n/a", "N/A", "unknown", "declined", "?", "-"}
SAID = {c.word for c in sending.PEOPLE if c.word}


@pytest.fixture(scope="module")
def messy(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    out = tmp_path_factory.mktemp("messy") / "lab"
    settings = Settings(tables=("services", "wages"), missing=0.0)
    return out, simulate.provider(out, people=PEOPLE, seed=11, dirt=0.08, settings=settings)


def people(file: Path) -> list[dict[str, Any]]:
    """The people in a workbook, by the headers as they should be spelt."""
    right = {c.misspelt or c.header: c.header for c in sending.PEOPLE}
    found = []
    for sheet in openpyxl.load_workbook(file):
        rows = list(sheet.iter_rows(values_only=True))
        at = next(i for i, row in enumerate(rows) if "ID" in row)
        headers = [right.get(str(h), str(h)) for h in rows[at]]
        found += [
            dict(zip(headers, row, strict=True), _tab=sheet.title)
            for row in rows[at + 1 :]
            if any(v is not None for v in row)
        ]
    return found


def kind(header: str, value: Any) -> str | None:
    """The mess that a reader sees in a cell, if it can be seen."""
    if value is None:
        return "blank" if header in FILLED else None
    if header in DATES and isinstance(value, dt.datetime):
        year = value.year
        return "wrong_year" if header != "DOB" and not 2000 <= year <= 2027 else None
    if header in ("ID", "Zip"):
        return "lost_zeros" if isinstance(value, int) else None
    if not isinstance(value, str):
        return None
    seen = {
        "spaces": value != value.strip(),
        "zero_date": value == "1900-01-00",
        "impossible_date": value in ("31/02/2024", "02/30/2024"),
        "unknown_word": value in WORDS,
        "no_date": value in SAID and header in DATES,
        "emoji": value.endswith(" 🎓"),
        "formula": value.startswith("="),
        "capitals": header in ("Name", "Email") and value == value.upper(),
        "money_words": header == "Wage",
        "respelled": header.lower() in sending.SPELLINGS
        and value not in sending.SPELLINGS[header.lower()]
        and "; " not in value,
        "date_format": header in DATES,
    }
    return next((k for k, yes in seen.items() if yes), None)


def test_every_planted_mess_is_found_and_no_other(messy: tuple[Path, Truth]) -> None:
    out, truth = messy
    planted = truth.dirt["applicants.xlsx"]
    rows = people(out / "private" / "applicants.xlsx")
    assert len(rows) == planted["rows"]["rows"]
    for column in sending.PEOPLE:
        found = Counter(kind(column.header, row[column.header]) for row in rows)
        found.pop(None, None)
        expected = dict(planted.get(column.header, {}))
        if column.header not in FILLED:
            expected.pop("blank", None)  # a blank that was planted looks like any other
        assert dict(found) == expected, column.header
    assert sum(sum(kinds.values()) for kinds in planted.values()) > 2_000


def test_the_same_person_twice(messy: tuple[Path, Truth]) -> None:
    out, truth = messy
    rows = people(out / "private" / "applicants.xlsx")
    copies = truth.dirt["applicants.xlsx"]["rows"]
    assert copies["same_person_same_id"] > 5
    assert copies["same_person_other_id"] > 5
    ids = Counter(int(row["ID"]) for row in rows)
    assert sum(n - 1 for n in ids.values()) == copies["same_person_same_id"]
    assert sum(i > PEOPLE for i in ids) == copies["same_person_other_id"]


def test_the_sheets_look_like_a_provider_s(messy: tuple[Path, Truth]) -> None:
    out, truth = messy
    planted = truth.dirt["applicants.xlsx"]["sheet"]
    book = openpyxl.load_workbook(out / "private" / "applicants.xlsx")
    assert planted["merged_cells"] == sum(len(s.merged_cells.ranges) for s in book)
    yellow = sum(
        row[0].fill.fgColor.rgb == "00FFFF00"
        for sheet in book
        for row in sheet.iter_rows(min_row=5)
    )
    assert yellow == planted["coloured_rows"] > 0
    assert book.sheetnames[:2] == ["Fall 2022", "Spring 2023"]
    formulas = [c for s in book for row in s.iter_rows() for c in row if c.data_type == "f"]
    assert formulas == []


def test_event_files_carry_their_dirt(messy: tuple[Path, Truth]) -> None:
    out, truth = messy
    with (out / "private" / "services.csv").open(encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f))
    planted = truth.dirt["services.csv"]
    assert sum(len(r["Client ID"]) < 5 for r in rows) == planted["Client ID"]["lost_zeros"]
    blank = sum(not r["Date"] for r in rows)
    assert blank == planted["Date"]["blank"]
    impossible = sum(r["Date"] in ("31/02/2024", "02/30/2024") for r in rows)
    assert impossible == planted["Date"]["impossible_date"]


def test_the_mapping_names_every_header_and_word(messy: tuple[Path, Truth]) -> None:
    out, _ = messy
    lab = Lab.open(out)
    maps = lab.sections("files", FileMap)
    assert [m.table for m in maps] == ["journeys", "services", "wages"]
    sheet = openpyxl.load_workbook(out / "private" / "applicants.xlsx").worksheets[0]
    headers = [" ".join(str(c.value).split()) for c in sheet[4]]
    assert list(maps[0].columns) == headers
    for each in maps:
        for header, target in each.columns.items():
            table, _, column = target.partition(".")
            if table in TABLES and table != "milestones":
                declared = TABLES[table].column(column)
                codes = set(declared.code_list.codes) if declared.code_list else set()
                assert set(each.values.get(header, {}).values()) <= codes
    targets = {t for m in maps for t in m.columns.values()}
    own = {f"{t}.{g.key}" for g in lab.groups for t in ("groups", "participants", "enrolments")}
    assert len(own & targets) == len(lab.groups)
    assert {f"milestones.{m.key}" for m in lab.milestones} <= targets
    assert not list((out / "records").glob("*.parquet"))


def test_same_seed_same_files(tmp_path: Path) -> None:
    for name, threads in (("a", 1), ("b", 3)):
        settings = Settings(tables=("wages",), trial=simulate.COACHING)
        simulate.provider(
            tmp_path / name, people=400, seed=2, dirt=0.1, settings=settings, threads=threads
        )
    files = sorted(p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*.*"))
    assert Path("private/applicants.xlsx") in files
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes(), file


def test_without_dirt_the_list_is_clean(tmp_path: Path) -> None:
    settings = Settings(tables=(), missing=0.0)
    truth = simulate.provider(tmp_path / "lab", people=300, seed=1, raw=True, settings=settings)
    assert truth.dirt == {"applicants.xlsx": {}}
    rows = [
        row
        for sheet in openpyxl.load_workbook(tmp_path / "lab" / "private" / "applicants.xlsx")
        for row in sheet.iter_rows(values_only=True)
    ]
    headers, people_rows = rows[0], [r for r in rows if r != rows[0]]
    assert headers == tuple(c.header for c in sending.PEOPLE)
    assert len(people_rows) == 300
    assert all(
        kind(str(h), v) is None for row in people_rows for h, v in zip(headers, row, strict=True)
    )


def test_too_many_for_a_workbook_are_sent_as_csv(tmp_path: Path) -> None:
    truth = simulate.provider(tmp_path / "lab", people=20_001, seed=1, dirt=0.05,
                              settings=Settings(tables=()))  # fmt: skip
    with (tmp_path / "lab" / "private" / "applicants.csv").open(encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f))
    planted = truth.dirt["applicants.csv"]
    assert len(rows) == planted["rows"]["rows"]
    assert sum(len(r["ID"]) < 5 for r in rows) == planted["ID"]["lost_zeros"]
    assert sum(r["Grad Date"] == "Graduated" for r in rows) == planted["Grad Date"]["no_date"]
    assert {r["Cohort"].strip() for r in rows} >= {"Fall 2022", "Spring 2026"}


def test_a_workbook_alone(tmp_path: Path) -> None:
    truth = simulate.workbook(tmp_path / "list.xlsx", people=120, seed=5, dirt=0.1)
    assert len(people(tmp_path / "list.xlsx")) == truth.dirt["list.xlsx"]["rows"]["rows"]
    with pytest.raises(UsageError, match="not a share"):
        simulate.workbook(tmp_path / "no.xlsx", people=120, seed=5, dirt=5)
