"""Two generations at the size of a country, beside a sort of the two columns.

    python -m bench.generations --people 40000000

The floor is measured in the same run: DuckDB sorts each of the two columns of incomes, with as many
threads. Ours reads the file, ranks both generations with ties, and makes the rank-rank slope and
the 100 by 100 matrix; then the same with the errors. Incomes are to the cent (most are distinct),
or whole dollars. Each job runs in a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from math import log
from pathlib import Path

HERE = Path(__file__).parent
DATA = HERE / "data"
MEMORY, THREADS = "3GB", 2
TARGET = 4


def _file(people: int, kind: str) -> Path:
    return DATA / f"generations-{kind}-{people}.parquet"


def make(people: int, kind: str) -> None:
    """Lognormal incomes, correlated 0.4; one parent in ten and one child in seven has none."""
    from rung.records.query import Session

    DATA.mkdir(exist_ok=True)
    if _file(people, kind).exists():
        return
    places = 2 if kind == "cents" else 0
    with Session(memory=MEMORY, threads=THREADS, spill=DATA / "spill") as s:
        s.connection.execute(
            f"""COPY (
              WITH drawn AS (
                SELECT sqrt(-2 * ln((hash(i) % 1000000007 + 1) / 1000000008))
                         * cos(6.283185307 * (hash(i + 1) % 1000003) / 1000003) AS x,
                       sqrt(-2 * ln((hash(i + 2) % 1000000007 + 1) / 1000000008))
                         * cos(6.283185307 * (hash(i + 3) % 1000003) / 1000003) AS y,
                       hash(i + 4) % 10 AS p, hash(i + 5) % 7 AS c
                FROM range({people}) t(i))
              SELECT
                CAST(CASE WHEN p = 0 THEN 0 ELSE round(exp(10.6 + 0.8 * x), {places}) END AS DOUBLE)
                  AS parent,
                CAST(CASE WHEN c = 0 THEN 0
                     ELSE round(exp(10.7 + 0.9 * (0.4 * x + 0.9165 * y)), {places}) END AS DOUBLE)
                  AS child
              FROM drawn) TO '{_file(people, kind)}'"""
        )


def sort(people: int, kind: str) -> None:
    """DuckDB sorts each of the two columns."""
    from rung.records.query import Session

    with Session(memory=MEMORY, threads=THREADS, spill=DATA / "spill") as s:
        s.attach("pairs", _file(people, kind))
        for column in ("parent", "child"):
            s.connection.execute(f"CREATE TEMP TABLE t AS SELECT {column} FROM pairs ORDER BY 1")
            s.connection.execute("DROP TABLE t")


def _summary(people: int, kind: str, *, errors: bool) -> None:
    from rung.mobility.generations import ROOM
    from rung.mobility.ranks import Cells, both, tallies
    from rung.records import query
    from rung.records.query import Session

    with Session(memory=MEMORY, threads=THREADS) as s:
        s.attach("pairs", _file(people, kind))
        found = s.arrays(
            query.load(ROOM, "generations"),
            people=query.Name("pairs"),
            columns=[query.name("parent"), query.name("child")],
            known=query.name("parent").is_(query.tree(None)).not_(),
        )
    ranks = both(found["parent"], found["child"])
    tally = tallies(*ranks)[0]
    assert 0 < tally.line[0] < 1
    assert tally.n == people
    if errors:
        cells = Cells.of(*ranks)
        assert cells.error(cells.line()) > 0


def ranks(people: int, kind: str) -> None:
    """Ranks with ties, the slope, the 100 by 100 matrix."""
    _summary(people, kind, errors=False)


def ranks_errors(people: int, kind: str) -> None:
    """The same, and the error of the slope."""
    _summary(people, kind, errors=True)


def whole(people: int, kind: str) -> None:
    """Everything that `rung mobility generations` tells, elasticities too."""
    from rung import cycle

    done = cycle.generations(
        _file(people, kind), parent=["parent"], child=["child"], parent_year=2010, child_year=2010
    )
    assert len(done) > 10


JOBS: dict[str, Callable[[int, str], None]] = {
    f.__name__: f for f in (sort, ranks, ranks_errors, whole)
}


def one(job: str, people: int, kind: str) -> None:
    """Run one job in this process; print its seconds and peak memory."""
    import duckdb
    import numpy  # noqa: F401

    import rung.cycle  # noqa: F401

    assert duckdb.__version__
    start = time.perf_counter()
    JOBS[job](people, kind)
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"wall": time.perf_counter() - start, "mb": used}))


def measured(job: str, people: int, kind: str, rounds: int) -> dict[str, float]:
    """The quickest of a few rounds, each in a process of its own."""
    command = [sys.executable, "-m", "bench.generations", "--people", str(people)]
    found = []
    for _ in range(rounds):
        done = subprocess.run(
            [*command, "--one", job, "--kind", kind],
            capture_output=True,
            text=True,
            check=False,
            cwd=HERE.parent,
        )
        if done.returncode:
            raise SystemExit(done.stderr)
        found.append(json.loads(done.stdout.splitlines()[-1]))
    return min(found, key=lambda f: float(f["wall"]))


def main() -> None:
    """Measure at two sizes, print ratios to the sort and the exponent of growth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=40_000_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--kind", default="cents", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        one(asked.one, asked.people, asked.kind)
        return
    for kind in ("cents", "dollars"):
        sizes = (asked.people // 4, asked.people)
        walls, memory = [], []
        for people in sizes:
            command = f"from bench.generations import make; make({people}, {kind!r})"
            subprocess.run([sys.executable, "-c", command], check=True, cwd=HERE.parent)
            floor = measured("sort", people, kind, asked.rounds)
            print(f"{people:,} pairs in {kind}: sorting both columns {floor['wall']:.2f} s")
            for job in ("ranks", "ranks_errors", "whole"):
                found = measured(job, people, kind, asked.rounds)
                said = f" (target {TARGET} x)" if job == "ranks" else ""
                print(
                    f"  {job}: {found['wall'] / floor['wall']:.2f} x the sort{said}, "
                    f"{found['wall']:.2f} s, peak {found['mb']:,.0f} MB"
                )
                if job == "ranks":
                    walls.append(found["wall"])
                    memory.append(found["mb"])
        for what, costs in (("time", walls), ("memory", memory)):
            (a, b), (x, y) = next(pairwise(sizes)), next(pairwise(costs))
            print(f"  exponent of {what}: {log(y / x) / log(b / a):.2f} (linear is 1)")


if __name__ == "__main__":
    main()
