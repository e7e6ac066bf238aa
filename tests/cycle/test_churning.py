"""`churn` as a verb: a lab, a file of wage records, and what it says when it cannot answer."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from rung import cycle
from rung.cli import main
from rung.errors import PlanError, RecordsError
from rung.finding import Finding, Refusal, Table
from rung.records import simulate
from rung.share import say

LINE = cycle.line_of(Decimal(3000))


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("churn") / "lab"
    simulate.provider(folder, people=600, seed=2)
    return folder


def test_a_lab_before_and_after(lab: Path) -> None:
    found = cycle.churn(lab, line=LINE, window=4, by=("gender",))
    first, *tables = (r.answer for r in found)
    assert isinstance(first, Finding)
    assert first.origin.inputs
    assert [t.name for t in tables if isinstance(t, Table)] == [
        "churn", "churn-quarters", "churn-moves", "churn-lines", "churn", "churn-quarters",
    ]  # fmt: skip
    assert found.provenance["engine"].startswith("duckdb")
    with pytest.raises(PlanError):
        cycle.churn(lab, line=LINE, by=("shoe size",))


def test_what_falling_back_is_a_share_of_is_said(lab: Path) -> None:
    (moves,) = (
        r
        for r in cycle.churn(lab, line=LINE, window=4)
        if isinstance(r.answer, Table) and r.answer.name == "churn-moves"
    )
    assert isinstance(moves.answer, Table)
    back, below, share = (
        moves.answer.rows[-1][k] for k in ("ever_back", "ever_below", "back_share")
    )
    assert isinstance(back, int)
    assert isinstance(below, int)
    assert share == back / below
    said = say.words(moves, "en")
    assert "in the 4 quarters after exit: " in said
    assert "Of these same people, those who got above the line and later fell back" in said
    assert "De esas mismas personas" in say.words(moves, "es")


def test_entry_counts_people_whose_exit_nobody_knows(lab: Path) -> None:
    by_exit, by_entry = (
        cycle.churn(lab, line=LINE, window=4, after=after)[0].answer for after in ("exit", "entry")
    )
    assert isinstance(by_exit, Finding)
    assert isinstance(by_entry, Finding)
    assert by_entry.counts.analysed > by_exit.counts.analysed


@pytest.mark.parametrize("quarters", ["text", "number", "apart"])
def test_a_file_of_wage_records(tmp_path: Path, quarters: str) -> None:
    file = tmp_path / "wages.csv"
    head = {"text": "quarter", "number": "quarter", "apart": "year,quarter"}[quarters]
    lines = [f"pid,{head},amount"]
    for person in range(12):
        for i in range(4):
            told = {"text": f"2024Q{i + 1}", "number": f"{2024 * 4 + i}", "apart": f"2024,{i + 1}"}
            if person % 2 or i % 2:
                lines.append(f"ZQX{person},{told[quarters]},{500 + person}")
    file.write_text("\n".join(lines) + "\n")
    found = cycle.churn(file, line=LINE, window=4)[0].answer
    assert isinstance(found, Finding)
    assert (found.counts.analysed, found.value) == (12, 0.5)
    assert "2024Q4" in found.estimand.horizon


def test_a_folder_and_a_file_without_amounts(tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("pid,quarter\nZQX1,2024Q1\n")
    with pytest.raises(RecordsError, match="amount"):
        cycle.churn(tmp_path / "bad.csv", line=LINE)


def test_nothing_covered_is_refused_with_its_own_status(
    lab: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = cycle.churn(lab, line=LINE, window=30)
    assert isinstance(asked[0].answer, Refusal)
    assert asked.refused
    with pytest.raises(SystemExit) as left:
        main(["churn", str(lab), "--low-pay", "3000", "--window", "30", "--json"])
    assert left.value.code == 12
    assert "ANS-none-covered" in capsys.readouterr().out


def test_the_terminal_gives_one_document(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["churn", str(lab), "--low-pay", "$3,000", "--window", "4", "--outside", "--json"])
    assert left.value.code == 0
    document = json.loads(capsys.readouterr().out)
    assert document["verb"] == "churn"
    assert [a["kind"] for a in document["answers"]].count("table") == 4


@pytest.mark.parametrize(
    "given", [{}, {"low_pay": Decimal(1), "share": Decimal(1)}, {"hours": Decimal(1)}]
)
def test_a_line_is_told_in_one_way(given: dict[str, Decimal]) -> None:
    with pytest.raises(PlanError):
        cycle.line_of(**given)
