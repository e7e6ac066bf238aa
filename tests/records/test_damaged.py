"""Files of a lab that were damaged, and names in `lab.toml` that are taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from rung.errors import PlanError, RungError
from tests.records.intake_lab import bring, lab, wide

ROWS = [["1", "Ann", "1990-01-02", "2024-01-08"], ["2", "Bo", "1991-01-02", "2024-01-09"]]


def test_a_damaged_table_is_made_anew(tmp_path: Path) -> None:
    made = wide(tmp_path / "lab", ROWS)
    bring(made)
    table = made.table("journeys")
    table.write_bytes(table.read_bytes()[:40])
    with pytest.raises(RungError) as e:
        made.session()
    assert e.value.code == "REC-parquet"
    again = bring(made)
    assert (again.people, again.changes) == (2, None)


def test_a_damaged_review_is_told(tmp_path: Path) -> None:
    made = wide(tmp_path / "lab", ROWS)
    (made.path / "private/duplicates.xlsx").write_bytes(b"PK cut short")
    with pytest.raises(RungError) as e:
        bring(made)
    assert e.value.code == "REC-workbook"


@pytest.mark.parametrize("steps", [("applied", "applied"), ("applied", "status"), ("pid",)])
def test_milestones_have_names_of_their_own(tmp_path: Path, steps: tuple[str, ...]) -> None:
    with pytest.raises(PlanError) as e:
        bring(wide(tmp_path / "lab", ROWS, steps=steps))
    assert e.value.code == "PLAN-lab-toml"


@pytest.mark.parametrize("group", ["pid", "_row", "applied", "applied_on", "status"])
def test_groups_have_names_of_their_own(tmp_path: Path, group: str) -> None:
    columns = {"ID": "id", "Applied": "milestones.applied", "Kind": f"groups.{group}"}
    files = {"people.csv": "ID,Applied,Kind\n1,2024-01-08,x\n"}
    with pytest.raises(PlanError) as e:
        bring(lab(tmp_path / "lab", files, [{"path": "private/people.csv", "columns": columns}]))
    assert e.value.code == "PLAN-map-target-near"


def test_a_lab_without_milestones_is_told(tmp_path: Path) -> None:
    files = {"people.csv": "ID,Sex\n1,F\n2,M\n"}
    maps = [{"path": "private/people.csv", "columns": {"ID": "id", "Sex": "participants.gender"}}]
    with pytest.raises(PlanError) as e:
        bring(lab(tmp_path / "lab", files, maps, steps=()))
    assert e.value.code == "PLAN-few-milestones"


def test_no_tab_at_all_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(PlanError) as e:
        bring(wide(tmp_path / "lab", ROWS, map={"sheets": []}))
    assert e.value.code == "PLAN-lab-toml"
