"""The queries that are built, as the SQL files must be: portable, and few."""

from __future__ import annotations

from typing import Any

import pytest
import sqlglot

from rung.learning.declared import run_test
from rung.learning.settings import DeclaredTest
from rung.records.query import Session
from tests.contract.portable import faults
from tests.learning.data import ask, opened, trial

GAPS = {**trial(), "x": [None if i % 9 == 0 else v for i, v in enumerate(trial()["x"])]}


def everything(session: Session) -> list[str]:
    """Every query of a test with groups, gaps, weights, text and shares."""
    common: dict[str, Any] = {"label": "T", "table": "people", "arm": "z"}
    covariates = ["x", "site"]
    groups = [
        {"label": "Site", "column": "site"},
        {"label": "Age", "column": "age", "cuts": [30, 40]},
        {"label": "Yes", "columns": {"yes": "Yes"}, "otherwise": "No"},
    ]
    for declared in (
        {"key": "a", "outcome": "y", "groups": groups},
        {"key": "d", "outcome": "y", "adjust": ["lin"], "covariates": covariates, "weights": "w"},
        {
            "key": "b",
            "outcome": "y",
            "above": 50,
            "adjust": ["ancova"],
            "se": "hc3",
            "covariates": covariates,
        },
        {"key": "c", "outcome": "answer", "adjust": ["lin"], "squares": ["age"]},
    ):
        run_test(session, DeclaredTest(**common, **declared))
    return session.log


def test_every_built_query_is_portable() -> None:
    data = {**GAPS, "answer": ["yes" if v else "no" for v in GAPS["yes"]]}
    with opened(data) as session:
        queries = everything(session)
    assert len(queries) > 20
    for sql in queries:
        tree = sqlglot.parse_one(sql, dialect="duckdb")
        assert not list(faults(tree))
        assert sqlglot.transpile(sql, read="duckdb", write="spark")


@pytest.mark.parametrize(
    ("asked", "queries"),
    [
        ({}, 3),
        ({"adjust": "lin", "covariates": ("x", "age")}, 4),
        ({"adjust": "lin", "covariates": ("x", "site"), "weights": "w"}, 5),
        ({"outcome": "yes"}, 4),
    ],
)
def test_readings_are_few(asked: dict[str, Any], queries: int) -> None:
    """Arms, ranges, moments and residuals; one more for each text column and for 0/1."""
    (found,) = ask(trial(), **asked)
    assert len(found.origin.queries) == queries
