"""Every estimator and variance against R's estimatr; the badly scaled ones against fractions.

R/estimatr.R made the data and the values: see r/estimatr.R and estimatr/versions.txt.
"""

from __future__ import annotations

import csv
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from rung.finding import Finding
from rung.learning.estimate import estimate
from rung.records.query import Session
from tests.against import exact

FOLDER = Path(__file__).parent / "estimatr"
COVARIATES = {
    "two": ("x", "veteran", "site"),
    "three": ("x", "veteran", "site"),
    "scaled": ("year", "year_squared", "dollars", "share"),
}
CLOSE = 1e-8


@cache
def expected() -> list[dict[str, str]]:
    with (FOLDER / "expected.csv").open() as f:
        return list(csv.DictReader(f))


def ours(data: str, **asked: Any) -> dict[str, Finding]:
    """Findings by arm, on one of the simulated data sets."""
    with Session(threads=1) as session:
        file = str(FOLDER / f"{data}.csv")
        session.connection.read_csv(file).create_view("data")
        found = estimate(session, "data", arm="arm", **asked)
        return {f.parts[0].group: f for f in found if f.kind == "finding"}


CASES = sorted(
    {
        (r["data"], r["outcome"], r["adjust"], r["se"], r["weighted"])
        for r in expected()
        if r["data"] in ("two", "three")
    }
)


@pytest.mark.parametrize(("data", "outcome", "adjust", "se", "weighted"), CASES)
def test_agrees_with_estimatr(data: str, outcome: str, adjust: str, se: str, weighted: str) -> None:
    found = ours(
        data,
        outcome=outcome,
        adjust=adjust,
        se=se,
        covariates=() if adjust == "none" else COVARIATES[data],
        weights="w" if weighted == "TRUE" else None,
    )
    key = (data, outcome, adjust, se, weighted)
    rows = [
        r
        for r in expected()
        if (r["data"], r["outcome"], r["adjust"], r["se"], r["weighted"]) == key
    ]
    assert list(found) == sorted(r["arm"] for r in rows)
    for row in rows:
        one = found[row["arm"]]
        assert one.interval is not None
        error = float(row["std.error"])
        for value, name in ((one.value, "estimate"), (one.se, "std.error"), (one.df, "df")):
            assert value == pytest.approx(float(row[name]), rel=CLOSE)
        assert one.p == pytest.approx(float(row["p"]), rel=CLOSE)
        assert one.interval.low == pytest.approx(float(row["low"]), abs=CLOSE * error)
        assert one.interval.high == pytest.approx(float(row["high"]), abs=CLOSE * error)


@cache
def scaled() -> tuple[list[Fraction], list[int], list[list[Fraction]], list[Fraction]]:
    with (FOLDER / "scaled.csv").open() as f:
        rows = list(csv.DictReader(f))
    return (
        [Fraction(r["y"]) for r in rows],
        [int(r["arm"] == "program") for r in rows],
        [[Fraction(r[c]) for c in COVARIATES["scaled"]] for r in rows],
        [Fraction(r["w"]) for r in rows],
    )


def truth(adjust: str, se: str, weighted: bool) -> tuple[float, float, int]:
    """Estimate, standard error and df on the badly scaled data, exactly."""
    y, z, x, w = scaled()
    weights = w if weighted else [Fraction(1)] * len(y)
    return exact.effect(y, exact.design(z, x, adjust, weights), weights, se)


@pytest.mark.parametrize("se", ["hc0", "hc1", "hc2", "hc3", "classical"])
@pytest.mark.parametrize("adjust", ["ancova", "lin"])
@pytest.mark.parametrize("weighted", [False, True])
def test_badly_scaled_covariates_are_exact(adjust: str, se: str, weighted: bool) -> None:
    found = ours(
        "scaled",
        outcome="y",
        adjust=adjust,
        se=se,
        covariates=COVARIATES["scaled"],
        weights="w" if weighted else None,
    )["program"]
    value, error, df = truth(adjust, se, weighted)
    assert found.value == pytest.approx(value, rel=CLOSE)
    assert found.se == pytest.approx(error, rel=CLOSE)
    assert found.df == df


@pytest.mark.parametrize("adjust", ["ancova", "lin"])
def test_r_agrees_once_its_columns_are_centred(adjust: str) -> None:
    """docs/disagreements.md: on the raw columns R loses digits, on centred ones it does not."""
    value, error, _ = truth(adjust, "hc2", False)
    (row,) = (
        r
        for r in expected()
        if (r["data"], r["adjust"], r["se"], r["weighted"]) == ("centred", adjust, "hc2", "FALSE")
    )
    assert float(row["estimate"]) == pytest.approx(value, rel=CLOSE)
    assert float(row["std.error"]) == pytest.approx(error, rel=CLOSE)
