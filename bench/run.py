"""Speed and memory, both sides in one run: `make bench`, or `PEOPLE=1000000 make bench`.

Ratios are what counts: figures from one machine drift, a ratio of two things measured one after the
other does not. Each job runs in a process of its own, so that its peak memory is its own. The
history is kept in `bench/history.csv`.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bench.measure import DATA, apart, here, made, remember

if TYPE_CHECKING:
    from rung.records.lab import Lab

ROUNDS = 3


def _lab(people: int) -> Path:
    return DATA / f"lab-{people}"


def make(people: int) -> None:
    """A clean simulated provider, a trial and a CSV export, once."""
    from rung.records import simulate
    from rung.records.query import Session

    lab = _lab(people)
    if (lab / "done").exists():
        return
    shutil.rmtree(lab, ignore_errors=True)
    simulate.provider(lab, people=people, seed=1)
    with Session(threads=2) as s:
        s.attach("journeys", lab / "records" / "journeys.parquet")
        s.connection.execute(f"COPY (SELECT * FROM journeys) TO '{lab}/people.csv' (HEADER)")
        s.connection.execute(
            f"""COPY (SELECT i % 2 AS arm, (hash(i) % 1000000) / 50.0 AS y,
                  hash(i + 1) % 60 AS x1, (hash(i + 2) % 1000) / 10.0 AS x2,
                  hash(i + 3) % 2 AS x3, hash(i + 4) % 12 AS x4,
                  power(1990 + hash(i + 5) % 30, 2) AS x5
                FROM range({people}) t(i)) TO '{lab}/trial.parquet'"""
        )
    (lab / "done").touch()


# -- the two sides of each comparison; each prints nothing and returns nothing


def scan_journey(people: int) -> None:
    """One scan of the columns that the journey by four groups needs."""
    from rung.records.lab import Lab
    from rung.records.query import Session

    lab = Lab.open(_lab(people))
    columns = ["period", "entered_on", "closed", "closed_on", "last_service_on", *GROUPS]
    columns += [c for m in lab.milestones[1:] for c in (m.key, f"{m.key}_on")]
    with Session() as s:
        s.attach("journeys", lab.table("journeys"))
        s.connection.execute(
            "SELECT " + ", ".join(f'max("{c}")' for c in columns) + " FROM journeys"
        ).fetchall()


GROUPS = ("gender", "site", "education", "age_group")


def journey(people: int) -> None:
    """The journey by four groups."""
    from rung.discovery.journey import JourneySettings, summarise
    from rung.records.lab import Group, Lab

    lab = Lab.open(_lab(people))
    with lab.session() as s:
        summarise(
            s,
            milestones=lab.milestones,
            groups=tuple(Group(key=g) for g in GROUPS),
            settings=JourneySettings(),
            as_of=lab.clock.as_of,
        )


def scan_trial(people: int) -> None:
    """One scan of the columns of an estimate with five covariates."""
    from rung.records.query import Session

    with Session() as s:
        s.attach("t", _lab(people) / "trial.parquet")
        # sum, not max: a maximum is read off the file's statistics without a scan
        s.connection.execute(
            "SELECT sum(arm), sum(y), sum(x1), sum(x2), sum(x3), sum(x4), sum(x5) FROM t"
        ).fetchall()


def estimate(people: int) -> None:
    """`rung estimate` with five covariates and HC2."""
    from rung import cycle

    cycle.estimate(
        _lab(people) / "trial.parquet",
        outcome="y",
        arm="arm",
        covariates=("x1", "x2", "x3", "x4", "x5"),
        adjust="ancova",
    )


def copy_text(people: int) -> None:
    """DuckDB copies the CSV to Parquet as text."""
    from rung.records.query import Session

    lab = _lab(people)
    with Session() as s:
        s.connection.execute(
            f"""COPY (SELECT * FROM read_csv('{lab}/people.csv', all_varchar = true))
                TO '{lab}/text.parquet'"""
        )


def _import_lab(people: int) -> Lab:
    """A new lab with the CSV and its mapping, nothing imported."""
    from rung.records.lab import Lab

    lab = DATA / f"import-{people}"
    shutil.rmtree(lab, ignore_errors=True)
    (lab / "private").mkdir(parents=True)
    (lab / "records").mkdir()
    source = _lab(people)
    os.link(source / "people.csv", lab / "private" / "people.csv")
    (lab / "lab.toml").write_text(
        (source / "lab.toml").read_text("utf-8") + _mapping(source / "people.csv"), "utf-8"
    )
    return Lab.open(lab)


NOW = datetime(2026, 11, 1, tzinfo=UTC)


def check_csv(people: int) -> None:
    """CSV to checked Parquet: typed, every cell's state, every rule counted."""
    from rung.records import check
    from rung.records.importing.source import copy_to
    from rung.records.intake import open_source
    from rung.records.mapping import FileMap
    from rung.records.query import Session

    lab = _import_lab(people)
    (given,) = lab.sections("files", FileMap)
    work = lab.path / "work"
    work.mkdir()
    with Session(spill=work / "spill") as s:
        source = open_source(
            s, lab.path / given.path, given, lab.milestones, work, number=0, today=NOW.date()
        )
        checked = check.examine(s, source, allow_ssn="", as_of=lab.clock.as_of)
        copy_to(s, source.typed(), work / "checked.parquet")
        check.count(s, checked, work / "checked.parquet")


def import_csv(people: int) -> None:
    """The whole import: also pseudonyms, duplicates, the encrypted key table, fix list, digests."""
    from rung.records import intake

    intake.bring(_import_lab(people), clock=lambda: NOW)


def _mapping(file: Path) -> str:
    """`[[files]]` for the exported journeys: every column goes where it came from."""
    from rung.records.schema import TABLES

    with file.open(encoding="utf-8") as f:
        headers = next(csv.reader(f))
    targets = {"pid": "id", **dict.fromkeys(("period", "entered_on", "closed"), "ignore")}
    for header in headers:
        if header in targets:
            continue
        stem = header.removesuffix("_on")
        if header.endswith("_on") and stem in headers and header not in ("closed_on",):
            targets[header] = f"milestones.{stem}"
            targets[stem] = "ignore"
            continue
        for table in ("participants", "enrolments"):
            if header in {c.name for c in TABLES[table].columns}:
                targets.setdefault(header, f"{table}.{header}")
        targets.setdefault(header, f"groups.{header}")
    lines = "\n".join(f'"{h}" = "{targets[h]}"' for h in headers)
    return f'\n\n[[files]]\npath = "private/people.csv"\ndates = "ymd"\n[files.columns]\n{lines}\n'


def help_page(_: int) -> None:
    """`rung --help`, as a whole process."""
    subprocess.run([sys.executable, "-m", "rung", "--help"], stdout=subprocess.DEVNULL, check=True)


JOBS: dict[str, Callable[[int], None]] = {
    f.__name__: f
    for f in (
        *(scan_journey, journey, scan_trial, estimate),
        *(copy_text, check_csv, import_csv, help_page),
    )
}
COMPARISONS = (
    ("journey by four groups / one scan of its columns", "journey", "scan_journey", 3.0, ROUNDS),
    (
        "estimate, five covariates, HC2 / one scan of its columns",
        "estimate",
        "scan_trial",
        15.0,
        ROUNDS,
    ),
    ("CSV to checked Parquet / CSV copied as text", "check_csv", "copy_text", 2.0, ROUNDS),
    ("the whole import, key table and all / CSV copied as text", "import_csv", "copy_text", 4.0, 1),
)


def compare(people: int) -> list[dict[str, object]]:
    """Every comparison: the two sides in turn, medians, ratios, peak memory."""
    rows: list[dict[str, object]] = []
    for title, ours, other, target, rounds in COMPARISONS:
        pairs = [(apart("run", other, people), apart("run", ours, people)) for _ in range(rounds)]
        ratios = sorted(b["wall"] / a["wall"] for a, b in pairs)
        cpu = sorted(b["cpu"] / a["cpu"] for a, b in pairs)
        row = {
            "what": title,
            "ratio": round(ratios[len(ratios) // 2], 2),
            "cpu_ratio": round(cpu[len(cpu) // 2], 2),
            "target": target,
            "seconds": round(min(b["wall"] for _, b in pairs), 2),
            "other_seconds": round(min(a["wall"] for a, _ in pairs), 2),
            "peak_mb": round(max(b["mb"] for _, b in pairs)),
        }
        rows.append(row)
        print(
            f"{title}: {row['ratio']} x (target {target} x; processor time {row['cpu_ratio']} x), "
            f"{row['seconds']} s against {row['other_seconds']} s, peak {row['peak_mb']} MB"
        )
    return rows


def main() -> None:
    """Measure, print, and add to the history."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=10_000_000)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        here(JOBS[asked.one], asked.people)
        return
    start = time.perf_counter()
    made("run", asked.people)
    print(f"{asked.people:,} people simulated or found in {time.perf_counter() - start:.0f} s")
    rows = compare(asked.people)
    start = time.perf_counter()
    help_page(0)
    seconds = time.perf_counter() - start
    print(f"rung --help: {seconds:.2f} s (target 0.4 s)")
    rows.append({"what": "rung --help, seconds", "ratio": round(seconds, 2), "target": 0.4})
    remember(rows, asked.people)


if __name__ == "__main__":
    main()
