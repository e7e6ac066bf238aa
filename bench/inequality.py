"""Inequality of ten million incomes, beside a sort of the one column; `make bench-inequality`.

    python -m bench.inequality --people 10000000

The floor is measured in the same run: DuckDB sorts the column of incomes with as many threads. Ours
reads the file and tells every index with its error and the Lorenz curve; then, with weights, also
five groups and what lies between them. Incomes are to the cent.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from bench.measure import DATA, best, here, made

JOBS_OF_OURS = ("everyone", "groups")


def _file(people: int) -> Path:
    return DATA / f"incomes-{people}.parquet"


def make(people: int) -> None:
    """Incomes near a lognormal, a weight of 1 to 4, five groups."""
    from rung.records.query import Session

    if _file(people).exists():
        return
    with Session(threads=2) as s:
        s.connection.execute(
            f"""COPY (
              SELECT
                CAST(round(exp(10 + 0.9 * (hash(i) % 1000003 + hash(i + 1) % 1000003
                  + hash(i + 2) % 1000003 + hash(i + 3) % 1000003 - 2000006.0) / 577350), 2)
                  AS DECIMAL(18, 4)) AS pay,
                CAST(1 + hash(i + 4) % 4 AS DOUBLE) AS weight,
                'group ' || CAST(hash(i + 5) % 5 AS VARCHAR) AS part
              FROM range({people}) t(i)) TO '{_file(people)}'"""
        )


def sort(people: int) -> None:
    """DuckDB sorts the column."""
    from rung.records.query import Session

    with Session(threads=2) as s:
        s.attach("people", _file(people))
        s.connection.execute("CREATE TEMP TABLE sorted AS SELECT pay FROM people ORDER BY 1")


def everyone(people: int) -> int:
    """Every index with its error, and the Lorenz curve."""
    from rung import cycle

    return len(cycle.inequality(_file(people), income="pay"))


def groups(people: int) -> int:
    """The same with weights, by group, and between groups."""
    from rung import cycle

    return len(cycle.inequality(_file(people), income="pay", weights="weight", by="part"))


JOBS: dict[str, Callable[[int], object]] = {f.__name__: f for f in (sort, everyone, groups)}


def main() -> None:
    """Print each job beside the sort."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        here(JOBS[asked.one], asked.people)
        return
    made("inequality", asked.people)
    floor = best("inequality", "sort", asked.people, asked.rounds)
    print(f"{asked.people:,} people: sorting the column {floor['wall']:.2f} s")
    for job in JOBS_OF_OURS:
        found = best("inequality", job, asked.people, asked.rounds)
        print(
            f"  {job}: {found['wall'] / floor['wall']:.2f} x the sort, "
            f"{found['wall']:.2f} s, peak {found['mb']:,.0f} MB"
        )


if __name__ == "__main__":
    main()
