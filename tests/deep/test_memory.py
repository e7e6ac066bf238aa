"""A file of a gigabyte, with people who stand twice, is looked at and imported in less than one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

pytestmark = pytest.mark.deep

MOST = 1_000  # MB of the process
LOOK = """
import datetime as dt, sys
from pathlib import Path
from rung import cycle
file, folder, step = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
draft = folder / "draft.json"
if step == "look":
    draft.write_text(cycle.look(file, name="all.csv", work=folder / "work").model_dump_json())
else:
    looked = cycle.Looked.model_validate_json(draft.read_text())
    lab = cycle.next_generation(None, folder / "one", [cycle.Incoming(path=file, looked=looked)])
    done = cycle.bring_in(lab, clock=lambda: dt.datetime(2026, 11, 21, tzinfo=dt.UTC))
    print(done.people)
# what getrusage gives may be the peak of the process that started this one
peak = next(l for l in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in l)
print(int(peak.split()[1]) // 1024)
"""


def send(file: Path) -> None:
    """4.2 million rows with names and notes; every two hundredth has another person's id."""
    with duckdb.connect(config={"memory_limit": "600MB"}) as plain:
        plain.execute(
            f"""COPY (SELECT printf('PE-%08d', i - (i % 200 = 7)::INT) AS "Client ID",
                'First' || (hash(i) % 50000) AS "First Name",
                'Last' || (hash(i * 7) % 200000) AS "Last Name",
                strftime(DATE '1960-01-01' + (hash(i * 3) % 15000)::INT, '%m/%d/%Y') AS "DOB",
                'person' || i || '@mail' || (i % 977) || '.example.org' AS "Email",
                printf('(%03d) 555-%04d', 200 + i % 700, i % 9999) AS "Phone",
                (hash(i * 11) % 9999) || ' North Longstreet Avenue' AS "Street Address",
                ['Female', 'Male', 'F'][(1 + hash(i * 5) % 3)::INT] AS "Gender",
                ['North', 'South'][(1 + hash(i * 17) % 2)::INT] AS "Site",
                strftime(DATE '2015-01-01' + (hash(i * 19) % 3600)::INT, '%m/%d/%Y')
                    AS "Application Date",
                CASE WHEN hash(i * 23) % 3 > 0 THEN
                    strftime(DATE '2015-03-01' + (hash(i * 19) % 3600)::INT, '%m/%d/%Y')
                END AS "Enrollment Date",
                'Called on ' || (i % 365) || ' about transport, housing and the start of class '
                    || hash(i) || hash(i + 1) AS "Notes"
              FROM range(4200000) t(i)) TO '{file}' (HEADER)"""
        )


def test_a_gigabyte_in_less_than_a_gigabyte(tmp_path: Path) -> None:
    file = tmp_path / "stored"
    send(file)
    assert file.stat().st_size > 1_000_000_000
    for step in ("look", "import"):
        done = subprocess.run(
            [sys.executable, "-c", LOOK, file, tmp_path, step],
            stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
        *people, peak = done.stdout.split()
        assert int(peak) < MOST, step
        # of two people with one id, a few were born on the same day and count as one
        assert not people or 4_199_900 < int(people[0]) <= 4_200_000
