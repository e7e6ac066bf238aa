"""A lab survives being killed: what was there stays whole, or what is new is complete."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from rung.records import privacy
from rung.records.lab import Lab
from tests.journeys.terminal import rung

pytestmark = pytest.mark.deep

RUNG = Path(sys.executable).with_name("rung")
PEOPLE = 200_000
KILLS = 15


def send(file: Path, version: int) -> None:
    """The provider's file; `version` stands in every row, so that tables cannot mix unseen."""
    with duckdb.connect() as plain:
        plain.execute(
            f"""COPY (SELECT printf('%07d', i) AS "ID", 'Name ' || i AS "Full Name",
                  strftime(DATE '2022-01-01' + CAST(i % 600 AS INTEGER), '%m/%d/%Y') AS "Applied",
                  CASE WHEN i % 3 > 0 THEN strftime(DATE '2022-02-01' + CAST(i % 600 AS INTEGER),
                    '%m/%d/%Y') END AS "Enrolled",
                  'FM'[1 + i % 2] AS "Gender", 'version {version}' AS "Site"
                FROM range({PEOPLE}) t(i)) TO '{file}'"""
        )


def stop(command: list[str], after: float) -> bool:
    """Start a command and kill it, if it still runs; whether it was killed."""
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        running.wait(after)
    except subprocess.TimeoutExpired:
        running.kill()
        running.wait()
        return True
    assert running.returncode == 0
    return False


def documents(lab: Path) -> int:
    """Every document opens; how many there are."""
    files = list((lab / "documents").rglob("*.json"))
    for file in files:
        assert json.loads(file.read_text("utf-8"))["kind"]
    return len(files)


def test_an_import_killed_anywhere_leaves_whole_tables(tmp_path: Path) -> None:
    lab, file = tmp_path / "lab", tmp_path / "people.csv"
    send(file, 0)
    assert rung("init", file, "-o", lab, "--json").status == 0
    toml = (lab / "lab.toml").read_bytes()
    began = time.monotonic()
    assert not stop([str(RUNG), "check", str(lab)], 60)
    whole = time.monotonic() - began
    draw = random.Random(8)
    killed, seen = 0, {0}
    for version in range(1, KILLS + 1):
        send(lab / "private" / "people.csv", version)
        # the last third of the work, where things are put in place, twice as often
        part = draw.uniform(0.15, 1.0) if version % 2 else draw.uniform(0.7, 1.02)
        began = time.monotonic()
        if stop([str(RUNG), "check", str(lab)], part * whole):
            killed += 1
        else:  # the machine was busy while the first run was timed
            whole = min(whole, time.monotonic() - began)
        with duckdb.connect() as plain:
            found = plain.execute(
                f"SELECT site, count(*), count(DISTINCT pid) FROM '{lab}/records/journeys.parquet'"
                " GROUP BY ALL"
            ).fetchall()
        ((site, rows, people),) = found
        assert (rows, people) == (PEOPLE, PEOPLE)
        seen.add(int(site.split()[1]))
        assert (lab / "lab.toml").read_bytes() == toml
        documents(lab)
        if version % 5 == 0:
            assert rung("diagnose", lab, "--by", "", "--json").status == 0
    assert killed >= KILLS // 2
    send(lab / "private" / "people.csv", 99)
    after = rung("check", lab, "--json").document["import"]
    assert after["people"] == PEOPLE
    assert after["changes"] == {"new": 0, "changed": PEOPLE, "gone": 0, "same": 0}
    left = [p.name for d in ("private", "records") for p in (lab / d).iterdir()]
    assert not [n for n in left if n.startswith((".work-", ".new-", ".keys-"))]
    with duckdb.connect() as plain:
        row = plain.execute(f"SELECT min(pid) FROM '{lab}/records/journeys.parquet'").fetchone()
    assert row
    known = privacy.people(Lab.open(lab), row)[row[0]]["id"]
    assert known
    assert len(known) == 7


def test_a_brief_killed_anywhere_is_the_old_one_or_the_new_one(tmp_path: Path) -> None:
    lab = tmp_path / "lab"
    rung("simulate", "provider", "--people", 400, "--seed", 2, "-o", lab)
    assert rung("run", lab).status == 0
    page = lab / "out" / "brief-inside.html"
    began = time.monotonic()
    assert not stop([str(RUNG), "run", str(lab)], 60)
    whole = time.monotonic() - began
    toml = (lab / "lab.toml").read_bytes()
    draw, killed = random.Random(5), 0
    for _ in range(8):
        began = time.monotonic()
        if stop([str(RUNG), "run", str(lab)], draw.uniform(0.4, 1.0) * whole):
            killed += 1
        else:  # the machine was busy while the first run was timed
            whole = min(whole, time.monotonic() - began)
        assert page.read_text("utf-8").rstrip().endswith("</html>")
        assert (lab / "lab.toml").read_bytes() == toml
        assert documents(lab) >= 1
    assert killed >= 4
    assert rung("run", lab).status == 0
    assert rung("diagnose", lab, "--json").status == 0
