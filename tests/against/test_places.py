"""Shrinkage against metafor; rank sets and rank correlations against R written out by hand.

See r/places.R and places/versions.txt. Rank sets are made of random draws on both sides: a set may
differ by a rank or two where a difference stands at the edge of the critical value.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from rung.mobility.places.compare import Array, rank_set, shrink, spearman

FOLDER = Path(__file__).parent / "places"


@cache
def columns(name: str) -> dict[str, Array]:
    with (FOLDER / f"{name}.csv").open() as f:
        rows = list(csv.DictReader(f))
    return {c: np.array([float(r[c]) for r in rows]) for c in rows[0] if c != "name"}


@cache
def expected() -> dict[str, float]:
    with (FOLDER / "expected.csv").open() as f:
        return {r["name"]: float(r["value"]) for r in csv.DictReader(f)}


def test_shrinkage_is_metafors() -> None:
    places, blup = columns("places"), columns("shrunken")
    found = shrink(places["y"], places["se"])
    assert found is not None
    told = expected()
    # REML is flat near its top: metafor's own steps stop at 1e-9 of the variance
    assert found.tau2 == pytest.approx(told["tau2"], rel=1e-6)
    assert found.mean == pytest.approx(told["mean"], rel=1e-8)
    assert found.mean_se == pytest.approx(told["mean_se"], rel=1e-7)
    np.testing.assert_allclose(found.value, blup["value"], rtol=1e-7)
    np.testing.assert_allclose(found.se, blup["se"], rtol=1e-7)


def test_the_correlation_of_ranks_is_rs() -> None:
    places, told = columns("places"), expected()
    found = spearman(places["x"], places["y"], 0.95)
    assert found is not None
    assert (found.rho, found.low, found.high) == pytest.approx(
        (told["rho"], told["rho_low"], told["rho_high"]), rel=1e-10
    )


def test_the_ranks_that_fit_are_rs() -> None:
    places, sets = columns("places"), columns("ranks")
    found = np.array(
        [
            rank_set(places["y"], places["se"], j, 0.95, draws=20_000, seed=j)
            for j in range(len(places["y"]))
        ]
    )
    apart = np.abs(found - np.column_stack([sets["low"], sets["high"]]))
    assert apart.max() <= 2
    assert np.mean(apart == 0) > 0.9
