"""Our uncertainty is what we say: enumerated where it can be, simulated where it cannot."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from tests.learning.calibration import METHODS, Population, coverage, deal, estimate, populations
from tests.learning.data import Columns, one


def test_over_all_lotteries_the_estimate_and_its_variance_are_right_on_average() -> None:
    """Neyman (1923): exact for any ten people, whatever the effects."""
    rng = np.random.default_rng(3)
    without = rng.exponential(1000, 10)
    people = Population(
        "ten", without, without * rng.uniform(0.5, 2, 10) + 100, np.zeros((10, 0)), 5, 0, 1
    )
    values, variances = [], []
    for chosen in combinations(range(10), 5):
        offered = np.isin(np.arange(10), chosen)
        value, error, _ = estimate(deal(people, offered), "none", "hc2")
        values.append(value)
        variances.append(error**2)
    assert len(values) == 252
    assert np.mean(values) == pytest.approx(people.effect, rel=1e-12)
    neyman = np.var(people.with_, ddof=1) / 5 + np.var(people.without, ddof=1) / 5
    assert np.mean(variances) == pytest.approx(neyman, rel=1e-12)
    # and it never promises too much: the true variance of the estimate is below it
    assert np.var(values) <= neyman


@pytest.mark.parametrize(("name", "adjust", "se"), METHODS)
def test_rows_in_memory_give_what_queries_give(name: str, adjust: str, se: str) -> None:
    """The simulation measures the estimator that people use."""
    people = populations()[2]
    rng = np.random.default_rng(5)
    offered = rng.permutation(np.arange(30) < 10)
    rows = deal(people, offered)
    columns: Columns = {
        "z": ["control"] * 20 + ["program"] * 10,
        **{
            c: [float(v) for arm in ("control", "program") for v in rows[arm][:, i]]
            for i, c in enumerate(("y", "a", "b"))
        },
    }
    covariates = () if adjust == "none" else ("a", "b")
    found = one(columns, adjust=adjust, se=se, covariates=covariates)
    value, error, df = estimate(rows, adjust, se)  # type: ignore[arg-type]
    assert found.value == pytest.approx(value, rel=1e-10)
    assert found.se == pytest.approx(error, rel=1e-10)
    assert found.df == pytest.approx(df)


def within(people: Population, share: float, error: float) -> bool:
    return people.low - 3 * error <= share <= people.high + 3 * error


@pytest.mark.parametrize(("people", "method"), [(0, 0), (1, 0), (2, 4)])
def test_ranges_hold_the_truth(people: int, method: int) -> None:
    """A small version; the tolerance is the stated limits and three simulation errors."""
    these = populations()[people]
    _, adjust, se = METHODS[method]
    found = coverage(these, adjust, se, draws=600)
    assert within(these, found.share, found.error), found


@pytest.mark.deep
@pytest.mark.parametrize("people", populations(), ids=lambda p: p.name)
@pytest.mark.parametrize(("name", "adjust", "se"), METHODS)
def test_every_method_holds_the_truth(people: Population, name: str, adjust: str, se: str) -> None:
    found = coverage(people, adjust, se, draws=10_000)  # type: ignore[arg-type]
    assert people.low <= found.share <= people.high, (name, found)
