"""The verbs of the field's standards, as a person or a program calls them."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import json
from pathlib import Path
from typing import Any

import pytest

from rung import cycle
from rung.cli import main
from rung.errors import PlanError
from rung.finding import Finding
from rung.records import simulate
from rung.records.pirl import manual
from rung.share.release import Outside

DOCS = Path(__file__).parents[2] / "docs"


def clock() -> dt.datetime:
    return dt.datetime(2026, 11, 22, tzinfo=dt.UTC)


def rung(*arguments: str) -> tuple[int, Any]:
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            main([*arguments, "--json"])
        except SystemExit as e:
            return int(e.code or 0), json.loads(out.getvalue())
    raise AssertionError("main always leaves by SystemExit")


@pytest.fixture
def six(tmp_path: Path) -> Path:
    """The example of the page, as a file."""
    page = (DOCS / "wioa.md").read_text("utf-8")
    file = tmp_path / "six.csv"
    file.write_text(page.split("```csv six.csv\n")[1].split("```")[0])
    return file


def test_the_example_of_the_page(six: Path) -> None:
    status, document = rung("wioa", str(six), "--report", "PY2025Q4")
    assert status == 0
    found = {
        a["method"]["key"]: (a["parts"][0]["numerator"], a["parts"][0]["n"], a["value"])
        for a in document["answers"]
        if a["kind"] == "finding"
    }
    assert found == {
        "wioa-er-q2": (3, 5, 0.6),
        "wioa-er-q4": (3, 5, 0.6),
        "wioa-median": (None, 3, 8200.0),
        "wioa-credential": (2, 4, 0.5),
        "wioa-same-employer": (1, 3, pytest.approx(1 / 3)),
    }
    assert document["provenance"]["report"] == "PY2025Q4"
    assert "six.csv" in str(document["provenance"]["problems"])  # what the import counted


def test_a_lab_by_group_alone_and_outside(six: Path, tmp_path: Path) -> None:
    lab = tmp_path / "state"
    assert (
        rung("import", "pirl", str(six), "-o", str(lab), "--as-of", "2026-06-30", "--all")[0] == 0
    )
    status, document = rung("wioa", str(lab), "--report", "PY2025", "--by", "entry_year")
    assert status == 0
    assert [a["kind"] for a in document["answers"]].count("table") == 1
    status, document = rung("wioa", str(lab), "--report", "PY2025Q4", "--outside")
    assert status == 12  # six people: nothing may be told
    assert {a["kind"] for a in document["answers"]} == {"refusal"}
    # as the lab says, its records are of June 2026: the next report has to wait
    _, document = rung("wioa", str(lab), "--report", "PY2026Q1")
    codes = {a["code"] for a in document["answers"] if a["kind"] == "refusal"}
    assert "ANS-wioa-early" in codes
    assert rung("wioa", str(lab), "--report", "PY2025Q4", "--program", "welding")[0] == 11
    assert rung("wioa", str(lab), "--report", "2025", "--alone")[0] == 11


def test_there_and_back_by_the_terminal(six: Path, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    status, document = rung("import", "pirl", str(six), "-o", str(one))
    assert status == 0
    assert (document["rows"], document["people"]) == (6, 6)
    again = tmp_path / "again.csv"
    assert rung("export", "pirl", str(one), "-o", str(again))[0] == 0
    assert rung("import", "pirl", str(again), "-o", str(two))[0] == 0
    third = tmp_path / "third.csv"
    assert rung("export", "pirl", str(two), "-o", str(third))[0] == 0
    assert again.read_bytes() == third.read_bytes()
    assert rung("import", "pirl", str(again), "-o", str(two))[0] == 11


def test_a_simulated_federal_file_goes_all_the_way(tmp_path: Path) -> None:
    sim = tmp_path / "sim"
    made = ("simulate", "provider", "--people", "500", "--format", "pirl", "-o", str(sim))
    assert rung(*made)[0] == 0
    lab = tmp_path / "lab"
    status, document = rung("import", "pirl", str(sim / "pirl.csv"), "-o", str(lab))
    assert (status, document["problems"]) == (0, [])
    status, document = rung("wioa", str(lab), "--report", "PY2024Q4", "--by", "gender,race")
    assert status == 0
    assert {a["kind"] for a in document["answers"]} == {"finding", "table"}
    assert rung("diagnose", str(lab), "--by", "gender")[0] == 0


def test_a_provider_s_own_lab_is_wioa_style(tmp_path: Path) -> None:
    lab = tmp_path / "provider"
    simulate.provider(lab, people=700, seed=2)
    told = cycle.wioa(lab, report="PY2024Q4", by=("gender",), clock=clock)
    assert all(f.answer.estimand.horizon.startswith("WIOA-style") for f in told.findings)
    found = [f.answer for f in told.findings if isinstance(f.answer, Finding)]
    notes = {n.code for f in found for n in f.caveats}
    assert "wioa-style" in notes
    # the same records by way of a federal file give the same numbers
    file = tmp_path / "own.csv"
    cycle.export_pirl(cycle.open_lab(lab), file, clock=clock)
    federal = cycle.wioa(file, report="PY2024Q4", as_of=dt.date(2026, 3, 31), clock=clock)
    own, again = (
        {a.method.key: (a.value, a.counts.analysed) for a in answers if isinstance(a, Finding)}
        for answers in ([f.answer for f in t.findings] for t in (told, federal))
    )
    assert own == again
    assert len(own) == 6
    outside = cycle.wioa(lab, report="PY2024Q4", by=("gender",), audience=Outside(), clock=clock)
    assert any(a.answer.kind == "finding" for a in outside)


def test_without_outcomes_there_is_no_number(tmp_path: Path) -> None:
    lab = tmp_path / "provider"
    simulate.provider(lab, people=60, seed=2)
    (lab / "records/wages.parquet").unlink()
    told = cycle.wioa(lab, report="PY2024Q4", clock=clock)
    assert told.refused
    with pytest.raises(PlanError):
        cycle.wioa(lab, report="PY2024Q9", clock=clock)


def test_the_page_of_federal_records_is_generated() -> None:
    assert (DOCS / "pirl.md").read_text("utf-8") == manual.page(), "run `make docs`"


def test_a_federal_lab_is_checked_again(tmp_path: Path) -> None:
    """Every stage runs; who was forgotten stays away, and what the import needed is remembered."""
    source = tmp_path / "pirl.csv"
    source.write_text(
        "PIRL100,PIRL900,PIRL901,PIRL1800,PIRL1801\n"
        "ZQX1,20240110,20240815,1,\nZQX2,20240110,20230815,,\nZQX3,20240110,,,\n"
    )
    status, document = rung("import", "pirl", str(source), "-o", str(tmp_path / "lab"), "--all")
    assert status == 0
    first = {(p["code"], p["column"]) for p in document["problems"]}
    status, document = rung("check", str(tmp_path / "lab"))
    assert status == 0
    assert {(p["code"], p["column"]) for p in document["problems"]} == first
    assert document["federal"]["waiting"] == []
    assert any(code.startswith("REC-pirl") for code, _ in first)
    rung("forget", "ZQX1", "--lab", str(tmp_path / "lab"))
    status, document = rung("check", str(tmp_path / "lab"))
    assert status == 0
    assert document["federal"]["people"] == 2
    told = [p for p in document["problems"] if p["code"] == "REC-forgotten"]
    assert [p["count"] for p in told] == [1]


def test_a_federal_lab_without_a_header_is_checked_by_its_order(tmp_path: Path) -> None:
    order, source = tmp_path / "order.txt", tmp_path / "pirl.csv"
    order.write_text("100,900,901\n")
    source.write_text("123-45-6789,20240110,20240815\n")
    arguments = ("--schema", str(order), "--allow-ssn", "the state's own ids")
    assert rung("import", "pirl", str(source), "-o", str(tmp_path / "lab"), *arguments)[0] == 0
    order.unlink()
    status, document = rung("check", str(tmp_path / "lab"))
    assert status == 0
    assert document["federal"]["rows"] == 1
