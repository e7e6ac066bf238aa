"""Wage records at the size of a state: the floor, the pay cycle, pandas; `make bench-wages`.

    python -m bench.wages --people 1000000 --rows-a-person 10

The floor is measured in the same run: one scan of the columns that are needed, and one hash join
of the two keys (person, quarter) with one row a person. Each job runs in a process of its own, so
that its peak memory is its own, with DuckDB held to 3 GB and free to spill.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

HERE = Path(__file__).parent
DATA = HERE / "data"
MEMORY = "3GB"
FIRST, QUARTERS = 2020 * 4, 16


def _wages(people: int) -> Path:
    return DATA / f"wages-{people}.parquet"


def _people(people: int) -> Path:
    return DATA / f"wage-people-{people}.parquet"


def make(people: int) -> None:
    """About ten rows a person: 16 quarters, 56 % of them paid, one in eight by two employers."""
    from rung.records.query import Session

    DATA.mkdir(exist_ok=True)
    if _wages(people).exists():
        return
    with Session(memory=MEMORY, spill=DATA / "spill") as s:
        s.connection.execute(
            f"""COPY (SELECT pid, quarter,
                  CAST((hash(pid * 100003 + quarter * 7 + e) % 900000) / 100.0 AS DECIMAL(18, 4))
                    AS amount,
                  CAST(hash(pid + quarter // 3 + e) % 20000 AS INTEGER) AS employer
                FROM (SELECT i // {QUARTERS} AS pid,
                        CAST({FIRST} + i % {QUARTERS} AS INTEGER) AS quarter
                      FROM range({people} * {QUARTERS}) t(i) WHERE hash(i) % 100 < 56),
                  (SELECT unnest([0, 1]) AS e)
                WHERE e = 0 OR hash(pid * 31 + quarter) % 100 < 12)
              TO '{_wages(people)}'"""
        )
        s.connection.execute(
            f"""COPY (SELECT i AS pid,
                  CAST(DATE '2022-01-15' + INTERVAL (hash(i) % 12) MONTH AS DATE) AS entered_on,
                  CAST({FIRST} + 8 + hash(i) % 4 AS INTEGER) AS quarter,
                  CASE hash(i + 1) % 4 WHEN 0 THEN 'a' WHEN 1 THEN 'b' WHEN 2 THEN 'c' ELSE 'd' END
                    AS site
                FROM range({people}) t(i)) TO '{_people(people)}'"""
        )


# -- jobs; each prints nothing and returns how many it spoke of


def scan(people: int) -> int:
    """One scan of the columns that are needed."""
    from rung.records.query import Session

    with Session(memory=MEMORY) as s:
        s.attach("wages", _wages(people))
        s.connection.execute("SELECT sum(pid), sum(quarter), sum(amount) FROM wages").fetchall()
    return people


def join(people: int) -> int:
    """One hash join of the two keys with a row a person."""
    from rung.records.query import Session

    with Session(memory=MEMORY, spill=DATA / "spill") as s:
        s.attach("wages", _wages(people))
        s.attach("people", _people(people))
        s.connection.execute(
            """SELECT count(*), sum(wages.amount) FROM wages
               JOIN people ON wages.pid = people.pid AND wages.quarter = people.quarter"""
        ).fetchall()
    return people


def _churn(people: int, *, others: int, by: bool, window: int = 8) -> int:
    from rung.discovery.churn import OTHERS, Line, summarise
    from rung.records.lab import Group
    from rung.records.query import Session
    from rung.records.wages import Coverage

    line = Line.dollars(Decimal(3000))
    with Session(memory=MEMORY, spill=DATA / "spill") as s:
        s.attach("wages", _wages(people))
        if by:
            s.attach("journeys", _people(people))
        made = summarise(
            s,
            lines=[line, *(line.times(f) for f in OTHERS[:others])],
            window=window,
            journeys="journeys" if by else None,
            groups=[Group(key="site")] if by else (),
            covered=Coverage(FIRST, FIRST + QUARTERS - 1, declared=True),
        )
    return made.everyone(made.main).n


def churn(people: int) -> int:
    """`rung churn WAGES --low-pay 3000`: the last eight quarters, three lines."""
    return _churn(people, others=2, by=False)


def churn_all(people: int) -> int:
    """The pay cycle over all sixteen quarters, one line."""
    return _churn(people, others=0, by=False, window=QUARTERS)


def churn_whole(people: int) -> int:
    """As `rung churn LAB` runs it: before and after entry, three lines, by a group of four."""
    return _churn(people, others=2, by=True)


def pandas_churn(people: int) -> int:
    """The same cycle over all sixteen quarters as most people would write it in pandas."""
    import pandas as pd

    from rung.records.query import Session

    with Session(memory=MEMORY) as s:  # its own reader needs a package of its own
        s.attach("wages", _wages(people))
        wages = pd.DataFrame(
            s.connection.execute(
                "SELECT pid, quarter, CAST(amount AS DOUBLE) AS amount FROM wages"
            ).fetchnumpy()
        )
    paid = wages.groupby(["pid", "quarter"], sort=False)["amount"].sum().unstack(fill_value=0.0)
    state = (paid > 0).astype("int8") + (paid >= 3000).astype("int8")
    before, after = state.iloc[:, :-1].to_numpy(), state.iloc[:, 1:].to_numpy()
    up, down = ((before == 0) & (after == 1)).any(1), ((before == 1) & (after == 0)).any(1)
    (up & down).mean(), (state == 2).sum(1).mean()
    return len(state)


JOBS: dict[str, Callable[[int], int]] = {
    f.__name__: f for f in (scan, join, churn, churn_all, churn_whole, pandas_churn)
}


def one(job: str, people: int) -> None:
    """Run one job in this process; print its seconds, processor seconds and peak memory."""
    import duckdb
    import numpy  # noqa: F401
    import scipy.special  # noqa: F401

    import rung.discovery.churn  # noqa: F401

    assert duckdb.__version__
    start, cpu = time.perf_counter(), time.process_time()
    n = JOBS[job](people)
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found = {"wall": time.perf_counter() - start, "cpu": time.process_time() - cpu}
    print(json.dumps({**found, "mb": used, "n": n}))


def measured(job: str, people: int) -> dict[str, float]:
    """One job in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.wages", "--people", str(people), "--one", job],
        capture_output=True,
        text=True,
        check=False,
        cwd=HERE.parent,
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _best(job: str, people: int, rounds: int) -> dict[str, float]:
    """The quickest of a few rounds by processor time: what else runs adds, and never takes away."""
    return min((measured(job, people) for _ in range(rounds)), key=lambda f: f["cpu"])


def main() -> None:
    """Measure at three sizes up to the one asked for, print ratios and the exponent of growth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        one(asked.one, asked.people)
        return
    sizes = [asked.people // 100, asked.people // 10, asked.people]
    costs = []
    for people in sizes:
        subprocess.run(
            [sys.executable, "-c", f"from bench.wages import make; make({people})"],
            check=True,
            cwd=HERE.parent,
        )
        floor = {job: _best(job, people, asked.rounds) for job in ("scan", "join")}
        print(
            f"{people:,} people: scan {floor['scan']['wall']:.2f} s, "
            f"hash join {floor['join']['wall']:.2f} s"
        )
        for job, target in (("churn", 6), ("churn_all", 6), ("churn_whole", None)):
            found = _best(job, people, asked.rounds)
            if job == "churn_all":
                costs.append(found["cpu"])
            said = f" (target {target} x)" if target else ""
            print(
                f"  {job}: {found['wall'] / floor['scan']['wall']:.1f} x the scan{said}, "
                f"processor time {found['cpu'] / floor['scan']['cpu']:.1f} x, "
                f"{found['wall']:.2f} s, peak {found['mb']:,.0f} MB (target under 4,000)"
            )
    for (a, b), (x, y) in zip(pairwise(sizes), pairwise(costs), strict=True):
        exponent = math.log(y / x) / math.log(b / a)
        print(f"exponent of churn_all's cost, {a:,} to {b:,} people: {exponent:.2f} (linear is 1)")
    compared = min(asked.people, 1_000_000)
    make(compared)
    ours = _best("churn_all", compared, asked.rounds)
    try:
        theirs = _best("pandas_churn", compared, 1)
    except SystemExit as e:
        print(f"pandas was not compared: {str(e).splitlines()[-1] if str(e) else 'it failed'}")
    else:
        print(
            f"pandas at {compared:,} people: {theirs['wall'] / ours['wall']:.1f} x our time, "
            f"{theirs['mb'] / ours['mb']:.1f} x our memory ({theirs['wall']:.1f} s, "
            f"{theirs['mb']:,.0f} MB)"
        )
    shutil.rmtree(DATA / "spill", ignore_errors=True)


if __name__ == "__main__":
    main()
