"""The messy workbook in examples/ is the one that its seed makes."""

from __future__ import annotations

import json
from pathlib import Path

from rung.records import simulate

EXAMPLE = Path(__file__).parents[2] / "examples/provider"


def test_the_workbook_and_its_truth_are_what_the_seed_makes(tmp_path: Path) -> None:
    truth = simulate.workbook(tmp_path / "applicants.xlsx", people=2000, seed=2026, dirt=0.03)
    assert (tmp_path / "applicants.xlsx").read_bytes() == (EXAMPLE / "applicants.xlsx").read_bytes()
    truth.save(tmp_path / "truth.json")
    made, kept = (
        # sums of shares differ in the last digit with the order of their terms
        json.loads((f / "truth.json").read_text("utf-8"), parse_float=lambda x: round(float(x), 9))
        for f in (tmp_path, EXAMPLE)
    )
    assert made == kept
