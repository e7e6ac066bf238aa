"""A lab of the first release, its database and its backup, comes forward with every row."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.web.first_release import DATA
from tests.web.running import rung

OURS = ("web_", "account_", "mfa_")


def told(database: Path) -> dict[str, list[dict[str, Any]]]:
    """Every row by the names of its columns."""
    with closing(sqlite3.connect(database)) as plain:
        plain.row_factory = sqlite3.Row
        names = [r[0] for r in plain.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            name: [dict(r) for r in plain.execute(f'SELECT * FROM "{name}" ORDER BY id')]
            for name in names
            if name.startswith(OURS) and "cache" not in name
        }


def first(folder: Path) -> Path:
    """The database as the first release left it."""
    folder.mkdir()
    with closing(sqlite3.connect(folder / "lab.sqlite3")) as plain:
        plain.executescript((DATA / "first.sql").read_text("utf-8"))
    return folder / "lab.sqlite3"


def kept(before: dict[str, list[dict[str, Any]]], after: dict[str, list[dict[str, Any]]]) -> None:
    """What was said in a column that is still there is still said."""
    for table, rows in before.items():
        assert rows, f"{table} has no row to come forward"
        there = {row["id"]: row for row in after[table]}
        for row in rows:
            now = there[row["id"]]
            assert {k: v for k, v in row.items() if k in now} == {
                k: now[k] for k in row if k in now
            }


def test_the_first_database_comes_forward(tmp_path: Path) -> None:
    database = first(tmp_path / "lab")
    before = told(database)
    rung("user", "add", "new@example.org", "--organisation", "New", "--lab", tmp_path / "lab")
    kept({t: r for t, r in before.items() if t != "account_emailconfirmation"}, told(database))
    # every column that the models know can be read
    backup = rung("backup", tmp_path / "lab.rung", "--lab", tmp_path / "lab")
    assert backup["rows"] > sum(map(len, before.values()))


def test_the_first_backup_comes_forward(tmp_path: Path) -> None:
    before = told(first(tmp_path / "lab"))
    rung("restore", DATA / "first.rung", "--lab", tmp_path / "again")
    after = told(tmp_path / "again" / "lab.sqlite3")
    kept({t: r for t, r in before.items() if t != "account_emailconfirmation"}, after)
