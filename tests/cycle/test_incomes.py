"""What is kept of a file of incomes, and what is not."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from rung import cycle
from rung.errors import RecordsError


def sent(folder: Path, columns: dict[str, list[object]], name: str = "people.csv") -> Path:
    rows = zip(*columns.values(), strict=True)
    lines = [",".join(columns), *(",".join(map(str, row)) for row in rows)]
    file = folder / name
    file.write_text("\n".join(lines), "utf-8")
    return file


def test_numbers_and_groups_are_kept_and_nobody_is_named(tmp_path: Path) -> None:
    n = 40
    file = sent(tmp_path, {
        "Full name": [f"Ana{i % 4}" for i in range(n)],  # headed as a name, whatever it holds
        "apodo": [f"ZQX{i}" for i in range(n)],  # another one for everybody
        "SSN": [100_000_000 + 17 * i for i in range(n)],
        "household_id": [i // 3 for i in range(n)],
        "line": list(range(1, n + 1)),
        "dob": ["1990-01-02"] * n,
        "seen": ["2020-05-06"] * n,
        "earnings": [1000 * i for i in range(n)],
        "share": [i / 7 for i in range(n)],
        "year": [2015 + i % 2 for i in range(n)],
        "county": ["Kings" if i % 2 else "Queens" for i in range(n)],
        "nothing": [""] * n,
    })  # fmt: skip
    made = cycle.keep_incomes(file, tmp_path)
    assert made.numbers == ("earnings", "share", "year")
    assert made.groups == ("year", "county", "nothing")
    assert set(made.left_out) == {
        "Full name", "apodo", "SSN", "household_id", "line", "dob", "seen"
    }  # fmt: skip
    assert made.rows == n
    assert cycle.kept_incomes(tmp_path) == made
    with duckdb.connect() as session:
        held = session.read_parquet(str(cycle.incomes_file(tmp_path)))
        assert held.columns == ["earnings", "share", "year", "county", "nothing"]
    assert b"ZQX" not in cycle.incomes_file(tmp_path).read_bytes()
    cycle.delete_incomes(tmp_path)
    assert cycle.kept_incomes(tmp_path) is None
    assert {f.name for f in tmp_path.iterdir()} == {"people.csv"}


@pytest.mark.parametrize(("rows", "kept"), [(1_999, True), (2_000, False)])
def test_whole_numbers_all_different_number_people_in_a_large_file(
    tmp_path: Path, rows: int, kept: bool
) -> None:
    file = sent(tmp_path, {"serie": [7 * i + 3 for i in range(rows)], "pay": [5] * rows})
    assert ("serie" in cycle.keep_incomes(file, tmp_path).numbers) is kept


@pytest.mark.parametrize("name", ["people.duckdb", "people.db"])
def test_a_database_is_not_opened(tmp_path: Path, name: str) -> None:
    """A view of somebody else's database could read any file of this machine."""
    with duckdb.connect(str(tmp_path / name)) as made:
        made.sql("CREATE VIEW people AS SELECT 1.5 AS income FROM range(9)")
    with pytest.raises(RecordsError):
        cycle.keep_incomes(tmp_path / name, tmp_path)
    assert cycle.kept_incomes(tmp_path) is None


def test_a_file_without_numbers_leaves_the_one_before(tmp_path: Path) -> None:
    before = cycle.keep_incomes(sent(tmp_path, {"pay": [1.5, 2.5]}), tmp_path)
    with pytest.raises(RecordsError) as wrong:
        cycle.keep_incomes(sent(tmp_path, {"pay": ["$5", "x"]}, "words.csv"), tmp_path)
    assert [p.code for p in wrong.value.problems] == ["REC-no-numbers"]
    assert cycle.kept_incomes(tmp_path) == before
