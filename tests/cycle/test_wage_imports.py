"""Wage files into a lab: found by its key table, counted, and read again at every import."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rung import cycle
from rung.cli import main
from rung.errors import RecordsError
from rung.records import intake, privacy
from rung.records.lab import Lab
from rung.records.query import Session
from tests.records.intake_lab import csv, lab, now
from tests.records.test_wages import line

COLUMNS = {
    "ID": "id", "SSN": "private.ssn", "Applied": "milestones.applied",
    "Enrolled": "milestones.enrolled",
}  # fmt: skip
PEOPLE = [
    ["ID", "SSN", "Applied", "Enrolled"],
    *[[f"A{i}", f"123-45-678{i}", "2024-01-05", "2024-02-05"] for i in range(1, 6)],
]


@pytest.fixture
def made(tmp_path: Path) -> Lab:
    maps = [{"path": "private/people.csv", "columns": COLUMNS}]
    new = lab(tmp_path / "lab", {"people.csv": csv(PEOPLE)}, maps, steps=("applied", "enrolled"))
    intake.bring(new, clock=now)
    return new


def _wages(made: Lab) -> list[tuple[Any, ...]]:
    """Pay by the id the provider knows and the quarter."""
    known = {privacy.of(f"A{i}", privacy.key(made)): f"A{i}" for i in range(1, 6)}
    with Session() as s:
        s.attach("t", made.table("wages"))
        rows = s.connection.execute("SELECT pid, quarter, amount FROM t").fetchall()
    return sorted((known[p], f"{q // 4}Q{q % 4 + 1}", a) for p, q, a in rows)


def _fixed(path: Path) -> Path:
    lines = [
        line("123456781", 2024, 1, "0000123456"),
        line("123456781", 2024, 1, "0000123456"),
        line("123456782", 2024, 2, "-000005000"),
        line("987654321", 2024, 1, "0000077777"),
        line("123456783", 2024, 9, "0000000100"),
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_states_file(made: Lab, tmp_path: Path) -> None:
    done = cycle.import_wages(made, [_fixed(tmp_path / "sent.dat")], clock=now)
    assert _wages(made) == [("A1", "2024Q1", Decimal("1234.56")), ("A2", "2024Q2", Decimal(-50))]
    counted = {k: done.more[k] for k in ("rows", "kept", "people", "unreadable", "strangers",
                                         "repeated", "negative")}  # fmt: skip
    assert counted == {"rows": 5, "kept": 2, "people": 2, "unreadable": 1, "strangers": 1,
                       "repeated": 1, "negative": 1}  # fmt: skip
    assert done.more["covers"] == {"first": "2024Q1", "last": "2024Q2"}
    assert not any("12345678" in text for text in done.lines)
    assert (made.path / "private/sent.dat").is_file()
    (kept,) = made.toml.unwrap()["wage_files"]
    assert kept == {"path": "private/sent.dat", "layout": "fixed", "by": "ssn"}
    document = made.store.get("wages", "wages").body
    assert document["kept"] == 2
    assert list(document["inputs"]) == ["private/sent.dat"]


def test_three_layouts_together_and_again(made: Lab, tmp_path: Path) -> None:
    long, wide = tmp_path / "long.csv", tmp_path / "wide.csv"
    long.write_text("id,quarter,amount,employer\nA3,2024Q1,100,X\nA3,2024Q2,200,X\n")
    wide.write_text("ssn,year,q1_wage,q2_wage,q3_wage,q4_wage\n123456784,2024,10,,30,\n")
    cycle.import_wages(made, [_fixed(tmp_path / "sent.dat"), long], clock=now)
    cycle.import_wages(made, [wide], clock=now)
    before = _wages(made)
    assert [(who, quarter) for who, quarter, _ in before] == [
        ("A1", "2024Q1"), ("A2", "2024Q2"), ("A3", "2024Q1"), ("A3", "2024Q2"), ("A4", "2024Q1"),
        ("A4", "2024Q3"),
    ]  # fmt: skip
    by = [f["by"] for f in made.toml.unwrap()["wage_files"]]
    assert by == ["ssn", "id", "ssn"]
    cycle.check(made.path, clock=now)
    assert _wages(made) == before, "an import of the other files reads them again"
    cycle.import_wages(made, [_fixed(tmp_path / "sent.dat")], clock=now)
    assert _wages(made) == before, "the same file again takes its own place"


def test_wages_that_a_mapped_file_tells_stay(tmp_path: Path) -> None:
    maps = [
        {"path": "private/people.csv", "columns": COLUMNS},
        {"path": "private/pay.csv", "table": "wages", "columns": {
            "ID": "id", "Quarter": "wages.quarter", "Pay": "wages.amount"}},
    ]  # fmt: skip
    files = {"people.csv": csv(PEOPLE), "pay.csv": "ID,Quarter,Pay\nA5,2024Q4,70\n"}
    new = lab(tmp_path / "lab", files, maps, steps=("applied", "enrolled"))
    intake.bring(new, clock=now)
    done = cycle.import_wages(new, [_fixed(tmp_path / "sent.dat")], clock=now)
    assert [who for who, _, _ in _wages(new)] == ["A1", "A2", "A5"]
    assert done.more["covers"] is None, (
        "the state's quarters and the provider's have none in common"
    )


def test_a_file_that_does_not_read_leaves_the_lab_as_it_was(made: Lab, tmp_path: Path) -> None:
    cycle.import_wages(made, [_fixed(tmp_path / "sent.dat")], clock=now)
    toml, before = (made.path / "lab.toml").read_text(), _wages(made)
    bad = tmp_path / "bad.csv"
    bad.write_text("id,quarter\nA1,2024Q1\n")
    with pytest.raises(RecordsError) as told:
        cycle.import_wages(made, [bad], clock=now)
    assert told.value.code == "REC-no-column"
    assert (made.path / "lab.toml").read_text() == toml
    assert _wages(made) == before


def test_nobody_to_know_them_by(tmp_path: Path) -> None:
    new = lab(tmp_path / "lab", {"people.csv": csv(PEOPLE)}, [
        {"path": "private/people.csv", "columns": COLUMNS}], steps=("applied",))  # fmt: skip
    with pytest.raises(RecordsError) as told:
        cycle.import_wages(new, [_fixed(tmp_path / "sent.dat")], clock=now)
    assert told.value.code == "REC-not-imported"


def test_a_forgotten_persons_wages_stay_away(made: Lab, tmp_path: Path) -> None:
    cycle.import_wages(made, [_fixed(tmp_path / "sent.dat")], clock=now)
    done = cycle.forget(made, "A1", clock=now)
    assert done.removed["wages"] == 1
    assert done.still["private/sent.dat"] == 2
    assert [who for who, _, _ in _wages(made)] == ["A2"]
    cycle.check(made.path, clock=now)
    assert [who for who, _, _ in _wages(made)] == ["A2"]


def test_from_the_terminal(made: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main(["import", "wages", str(_fixed(tmp_path / "sent.dat")), "-o", str(made.path)])
    assert done.value.code == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "2 wage records of 2 people are in the lab, from 5 rows." in printed
    assert "cover 2024Q1 to 2024Q2" in printed
    assert "1 row is about people whom the lab does not have" in printed
