"""Every index and its standard error against R: survey's symbolic derivatives, numeric ones.

R/inequality.R made the data and the values: see r/inequality.R and inequality/versions.txt. The
numeric derivatives are good to about ten digits, so all are held to 1e-8.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from rung.mobility.indices import INDICES, Array, Distribution, gini, lorenz, quantile_ratio, se
from rung.mobility.inequality import decompose, decompose_gini

FOLDER = Path(__file__).parent / "inequality"
CLOSE = 1e-8


@cache
def people() -> tuple[Array, Array, list[str]]:
    with (FOLDER / "people.csv").open() as f:
        rows = list(csv.DictReader(f))
    y, w = (np.array([float(r[k]) for r in rows]) for k in ("y", "w"))
    return y, w, [r["g"] for r in rows]


@cache
def expected() -> dict[str, tuple[float, float]]:
    with (FOLDER / "expected.csv").open() as f:
        return {r["name"]: (float(r["value"]), float(r["se"])) for r in csv.DictReader(f)}


def groups() -> dict[str, Distribution]:
    y, w, names = people()
    g = np.array(names)
    return {k: Distribution.of(y[g == k], w[g == k]) for k in sorted(set(names))}


@pytest.mark.parametrize("key", [k for k in INDICES if not k.startswith("p")] + ["palma"])
def test_an_index_agrees_with_r(key: str) -> None:
    d = Distribution.of(*people()[:2])
    index = INDICES[key](d)
    assert (index.value, index.se(d)) == pytest.approx(expected()[key], rel=CLOSE)


def test_a_point_of_the_lorenz_curve_agrees_with_r() -> None:
    d = Distribution.of(*people()[:2])
    point = lorenz(d, 0.3)
    assert (point.value, point.se(d)) == pytest.approx(expected()["lorenz-3"], rel=CLOSE)


@pytest.mark.parametrize("key", ["mld", "theil", "ge-2"])
def test_the_share_between_groups_agrees_with_r(key: str) -> None:
    split = decompose(groups(), {"mld": 0, "theil": 1, "ge-2": 2}[key])
    assert (split.share, split.share_se) == pytest.approx(expected()[f"between-{key}"], rel=CLOSE)


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_a_quantile_has_woodruffs_standard_error(p: float) -> None:
    d = Distribution.of(*people()[:2])
    value, error = expected()[f"quantile-{p * 10:.0f}"]
    assert d.quantile(p) == value
    # a ratio to a constant: everyone's income has the same lowest value put beside it
    ratio = quantile_ratio(d, p, p)
    assert ratio.value == 1.0
    assert ratio.se(d) == pytest.approx(0.0, abs=1e-12)
    from rung.mobility.indices import _slope

    slope = _slope(d, p, value)
    assert slope is not None
    below = (d.values <= value).astype(float) - d.at_most(value)
    spread = se([(d, below)])
    assert spread is not None
    assert slope * spread == pytest.approx(error, rel=CLOSE)


def test_the_ginis_parts_by_hand() -> None:
    """Within, between and overlap from every pair of people, group by group."""
    y, w, names = people()
    g, p = np.array(names), w / w.sum()
    mean = float(p @ y)
    apart = np.abs(y[:, None] - y[None, :]) * np.outer(p, p)
    levels = sorted(set(names))
    within = 0.0
    centre = {k: float(p[g == k] @ y[g == k] / p[g == k].sum()) for k in levels}
    for k in levels:
        inside = apart[np.ix_(g == k, g == k)].sum() / p[g == k].sum() ** 2 / (2 * centre[k])
        within += p[g == k].sum() * (p[g == k] @ y[g == k]) / mean * inside
    between = sum(
        p[g == a].sum() * p[g == b].sum() * abs(centre[a] - centre[b])
        for a in levels
        for b in levels
    ) / (2 * mean)
    split = decompose_gini(groups())
    assert split.within == pytest.approx(within, rel=1e-12)
    assert split.between == pytest.approx(between, rel=1e-12)
    assert split.overlap == pytest.approx(
        gini(Distribution.of(y, w)).value - within - between, rel=1e-9
    )
