"""The web lab on PostgreSQL: the whole suite, and backups that go from one engine to the other."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.deep.postgres import Cluster, cluster
from tests.web.running import clean, get, rung, served, until
from tests.web.test_backup import MADE, files, rows

pytestmark = pytest.mark.deep
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    with cluster() as running:
        yield running


def test_the_whole_web_suite_passes_on_postgresql(server: Cluster, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "tests/web", "-m", "not deep", "-n", "2",
         "-p", "no:cacheprovider", f"--basetemp={tmp_path}/suite"],
        cwd=ROOT, env=os.environ | {"DATABASE_URL": server.database()},
        capture_output=True, text=True, timeout=1500,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout


def told(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of a database of PostgreSQL that a backup keeps."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    with psycopg.connect(url) as plain:
        names = plain.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        ).fetchall()
        for (name,) in names:
            if name.startswith(("web_", "account_", "mfa_")) and "cache" not in name:
                found[name] = plain.execute(
                    f'SELECT * FROM "{name}" ORDER BY id'.encode()
                ).fetchall()
    return found


def test_a_backup_goes_from_one_engine_to_the_other_and_back(
    server: Cluster, tmp_path: Path
) -> None:
    first, second = server.database(), server.database()
    lab, file = tmp_path / "lab", tmp_path / "lab.rung"
    subprocess.run(
        [sys.executable, "-c", MADE, "700"],
        check=True, env=clean(RUNG_LAB=str(lab), DATABASE_URL=first),
    )  # fmt: skip
    rung("backup", file, "--lab", lab, env={"DATABASE_URL": first})
    rung("restore", file, "--lab", tmp_path / "lite")
    assert {n: len(r) for n, r in rows(tmp_path / "lite").items()} == {
        n: len(r) for n, r in told(first).items()
    }
    rung("backup", tmp_path / "again.rung", "--lab", tmp_path / "lite")
    there = {"DATABASE_URL": second}
    rung("restore", tmp_path / "again.rung", "--lab", tmp_path / "back", env=there)
    before, after = told(first), told(second)
    before.pop("web_job"), after.pop("web_job")  # nobody is at it any more
    assert before == after
    assert files(lab) == files(tmp_path / "back") == files(tmp_path / "lite")
    full = rung("restore", file, "--lab", tmp_path / "x", status=10, env={"DATABASE_URL": first})
    assert full["error"]["code"] == "REC-web-database-full"
    # numbers go on where they were
    rung("user", "add", "new@example.org", "--organisation", "New", "--lab", tmp_path / "back",
         env=there)  # fmt: skip
    assert len(told(second)["web_organisation"]) == 2


def test_it_is_served_from_postgresql_with_its_sample(server: Cluster, tmp_path: Path) -> None:
    url = server.database()
    with served(tmp_path / "lab", DATABASE_URL=url) as running:
        assert get(running.address)[0] == 200
        until(lambda: told(url)["web_generation"], 120)
        assert running.told["welcome"]
    assert not (tmp_path / "lab/lab.sqlite3").exists()


def test_a_database_that_does_not_answer_is_told(tmp_path: Path) -> None:
    away = {"DATABASE_URL": "postgres://rung@127.0.0.1:1/lab"}
    error = rung("serve", "--port", 0, "--lab", tmp_path / "lab", status=10, env=away)["error"]
    assert error["code"] == "REC-web-database"
