"""The surrogate index and its standard error against R: see r/surrogate.R."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from rung.returns.surrogate import Index, Surrogate, fit

FOLDER = Path(__file__).parent / "surrogate"


def columns(file: str) -> dict[str, np.ndarray]:
    with (FOLDER / file).open() as f:
        rows = list(csv.DictReader(f))
    return {k: np.array([float(r[k]) for r in rows]) for k in rows[0]}


def index() -> Index:
    e, c = columns("experiment.csv"), columns("comparison.csv")
    return fit(
        e["treated"] == 1,
        [e[k] for k in ("s1", "s2", "x")],
        c["y"],
        [c[k] for k in ("s1", "s2", "x")],
        surrogates=[Surrogate("s1", 18), Surrogate("s2", 24)],
        covariates=["x"],
        training_ends=12,
    )


def test_effect_standard_errors_and_fit_are_those_of_r() -> None:
    with (FOLDER / "expected.csv").open() as f:
        expected = {r["name"]: float(r["value"]) for r in csv.DictReader(f)}
    made = index()
    for name in ("value", "se_arms", "se_index", "se", "r_squared"):
        assert getattr(made, name) == pytest.approx(expected[name], rel=1e-8), name
    told = [expected[k] for k in ("(Intercept)", "s1", "s2", "x")]
    assert made.coefficients == pytest.approx(told, rel=1e-8)
