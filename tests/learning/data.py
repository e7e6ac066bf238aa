"""Small tests with arms, made from a seed, as tables of a session."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from rung.finding import Finding, Refusal
from rung.learning.estimate import estimate
from rung.records.query import Session

Columns = Mapping[str, Sequence[Any]]


SQL_TYPES: tuple[tuple[type, str], ...] = (
    (bool, "BOOLEAN"),
    (int, "BIGINT"),
    (float, "DOUBLE"),
    (str, "VARCHAR"),
    (dt.date, "DATE"),
)


def sql_type(values: Sequence[Any]) -> str:
    known = [v for v in values if v is not None]
    for python, sql in SQL_TYPES:
        if known and all(isinstance(v, python) for v in known):
            return sql
    return "DOUBLE"


@contextmanager
def opened(columns: Columns, threads: int = 1) -> Iterator[Session]:
    """A session whose table `people` has these columns."""
    with Session(threads=threads) as session:
        quoted = {c.replace('"', '""'): v for c, v in columns.items()}
        items = ", ".join(f'unnest(CAST(? AS {sql_type(v)}[])) AS "{c}"' for c, v in quoted.items())
        session.connection.execute(
            f"CREATE TABLE people AS SELECT {items}", [list(v) for v in columns.values()]
        )
        yield session


def ask(columns: Columns, **asked: Any) -> tuple[Finding | Refusal, ...]:
    """`estimate` on these columns; outcome y and arm z unless said otherwise."""
    with opened(columns) as session:
        return estimate(session, "people", **{"outcome": "y", "arm": "z", **asked})


def one(columns: Columns, **asked: Any) -> Finding:
    """The only finding of a test with two arms."""
    (found,) = ask(columns, **asked)
    assert found.kind == "finding", found
    return found


def trial(
    n: int = 60, seed: int = 1, arms: Sequence[str] = ("control", "program")
) -> dict[str, Any]:
    """A test: z arm, y outcome, x and age covariates, site text, w weights, yes 0/1."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n).round(6)
    z = [arms[i] for i in rng.permutation(np.arange(n) % len(arms))]
    y = (50 + 3 * x + np.array([arms.index(a) for a in z]) + rng.normal(size=n) * 4).round(6)
    return {
        "z": z,
        "y": y.tolist(),
        "x": x.tolist(),
        "age": rng.integers(18, 60, n).tolist(),
        "site": [("east", "west", "north")[i] for i in rng.integers(0, 3, n)],
        "w": rng.uniform(0.2, 3, n).round(4).tolist(),
        "yes": [int(v) for v in rng.random(n) < 0.5],
    }
