"""Links put to use: a partner's numbers find wages of the provider's people; it can be undone."""

from __future__ import annotations

import csv
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest

from rung import cycle
from rung.cli import main
from rung.errors import RecordsError
from rung.records import intake, privacy
from rung.records.lab import Lab
from rung.records.query import Session
from tests.records.intake_lab import csv as written
from tests.records.intake_lab import lab, now

COLUMNS = {
    "ID": "id", "Email": "private.email", "Applied": "milestones.applied",
    "Enrolled": "milestones.enrolled",
}  # fmt: skip


@pytest.fixture
def made(tmp_path: Path) -> Lab:
    """Five people without a Social Security number; a partner's list has it for three of them."""
    people = [
        ["ID", "Email", "Applied", "Enrolled"],
        *[[f"A{i}", f"zqx{i}@example.org", "2024-01-05", "2024-02-05"] for i in range(1, 6)],
    ]
    maps = [{"path": "private/people.csv", "columns": COLUMNS}]
    new = lab(
        tmp_path / "lab", {"people.csv": written(people)}, maps, steps=("applied", "enrolled")
    )
    intake.bring(new, clock=now)
    rows = "".join(f"zqx{i}@example.org,{ssn}\n" for i, ssn in
                   ((2, "900-00-0002"), (4, "900000004"), (5, ""), (9, "900000009")))  # fmt: skip
    (tmp_path / "theirs.csv").write_text("Email,SSN\n" + rows)
    (tmp_path / "wages.csv").write_text(
        "ssn,quarter,amount\n900000002,2024Q1,100\n900000004,2024Q1,200\n900000009,2024Q1,300\n"
    )
    return new


def _link(made: Lab, tmp_path: Path) -> Path:
    review = tmp_path / "pairs.csv"
    ours, theirs = made.path / "private/people.csv", tmp_path / "theirs.csv"
    cycle.link(ours, theirs, review, exact=True, lab=made.path, clock=now)
    cycle.decide_links(review, tmp_path / "links.parquet", lab=made.path, clock=now)
    return review


def _paid(made: Lab) -> dict[str, Decimal]:
    known = {privacy.of(f"A{i}", privacy.key(made)): f"A{i}" for i in range(1, 6)}
    with Session() as s:
        s.attach("t", made.table("wages"))
        return {
            known[p]: a for p, a in s.connection.execute("SELECT pid, amount FROM t").fetchall()
        }


def test_a_partners_numbers_find_wages(made: Lab, tmp_path: Path) -> None:
    _link(made, tmp_path)
    ours, theirs = made.path / "private/people.csv", tmp_path / "theirs.csv"
    with pytest.raises(RecordsError) as told:
        cycle.import_wages(made, [tmp_path / "wages.csv"], clock=now)
    assert told.value.code == "REC-no-column", "nobody has a number yet"
    done = cycle.apply_links(made, ours, theirs, clock=now)
    assert {k: done.more[k] for k in ("linked", "by", "without", "twice", "unknown")} == {
        "linked": 2, "by": "ssn", "without": 1, "twice": 0, "unknown": 0,
    }  # fmt: skip
    found = cycle.import_wages(made, [tmp_path / "wages.csv"], clock=now)
    assert (found.more["people"], found.more["strangers"]) == (2, 1)
    assert _paid(made) == {"A2": Decimal(100), "A4": Decimal(200)}
    cycle.check(made.path, clock=now)
    assert _paid(made) == {"A2": Decimal(100), "A4": Decimal(200)}, "an import keeps them"


def test_another_decision_takes_it_back(made: Lab, tmp_path: Path) -> None:
    review = _link(made, tmp_path)
    ours, theirs = made.path / "private/people.csv", tmp_path / "theirs.csv"
    cycle.apply_links(made, ours, theirs, clock=now)
    cycle.import_wages(made, [tmp_path / "wages.csv"], clock=now)
    lines = list(csv.DictReader(StringIO(review.read_text("utf-8-sig"))))
    lines[0]["decision"] = "different"
    with review.open("w", encoding="utf-8", newline="") as out:
        sheet = csv.DictWriter(out, lines[0].keys())
        sheet.writeheader()
        sheet.writerows(lines)
    cycle.decide_links(review, tmp_path / "links.parquet", lab=made.path, clock=now)
    done = cycle.apply_links(made, ours, theirs, clock=now)
    assert done.more["linked"] == 1
    assert done.more["wages"]["people"] == 1, "wage files are read again"
    assert _paid(made) == {"A4": Decimal(200)}


def test_what_cannot_be_applied_is_told(made: Lab, tmp_path: Path) -> None:
    ours, theirs = made.path / "private/people.csv", tmp_path / "theirs.csv"
    with pytest.raises(RecordsError) as told:
        cycle.apply_links(made, ours, theirs, clock=now)
    assert told.value.code == "REC-no-document"
    cycle.link(theirs, ours, tmp_path / "p.csv", exact=True, lab=made.path, clock=now)
    cycle.decide_links(tmp_path / "p.csv", tmp_path / "l.parquet", lab=made.path, clock=now)
    with pytest.raises(RecordsError) as told:
        cycle.apply_links(made, theirs, ours, clock=now)
    assert told.value.code == "REC-link-ours"


def test_the_terminal_says_no_number(
    made: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _link(made, tmp_path)
    files = [str(made.path / "private/people.csv"), str(tmp_path / "theirs.csv")]
    with pytest.raises(SystemExit) as done:
        main(["link", *files, "--apply", "--lab", str(made.path)])
    assert done.value.code == 0
    printed = capsys.readouterr().out
    assert "2 people of the lab have the other file's number" in " ".join(printed.split())
    assert "90000000" not in printed
    with pytest.raises(SystemExit) as wrong:
        main(["link", *files, "--apply"])
    assert wrong.value.code == 2


def test_a_forgotten_persons_number_goes_too(made: Lab, tmp_path: Path) -> None:
    _link(made, tmp_path)
    ours, theirs = made.path / "private/people.csv", tmp_path / "theirs.csv"
    cycle.apply_links(made, ours, theirs, clock=now)
    cycle.forget(made, "A2", clock=now)
    cycle.import_wages(made, [tmp_path / "wages.csv"], clock=now)
    assert _paid(made) == {"A4": Decimal(200)}
    assert cycle.apply_links(made, ours, theirs, clock=now).more["unknown"] == 1
