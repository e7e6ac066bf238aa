"""Ratios: Fieller's set, the directions the data allow, and how often they hold the truth."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rung.errors import CannotAnswer
from rung.stats.intervals import normal_quantile
from rung.stats.ratio import EVERYTHING, directions, fieller

AGAINST = Path(__file__).parents[1] / "against" / "fieller"
INF = math.inf


def test_it_agrees_with_r() -> None:
    """tests/against/r/fieller.R: roots of Fieller's quadratic by polyroot and by uniroot."""
    cases = json.loads((AGAINST / "fieller.json").read_text("utf-8"))["cases"]
    assert len(cases) >= 6
    for case in cases:
        found = fieller(*(case[k] for k in ("a", "b", "va", "vb", "cab", "level")))
        ends = [e for piece in found for e in piece if math.isfinite(e)]
        assert ends == pytest.approx(case["roots"], rel=1e-8), case
        kind = {(1, 2): "interval", (2, 2): "two half-lines", (1, 0): "everything"}
        assert kind[len(found), len(ends)] == case["kind"], case


def test_the_set_of_a_divisor_at_the_edge_is_a_half_line() -> None:
    z = normal_quantile(0.95)
    ((low, high),) = fieller(5.0, z, 1.0, 1.0)
    assert high == INF
    assert low == pytest.approx((25 - z * z) / (10 * z))


def test_without_errors_it_is_the_ratio_itself() -> None:
    assert fieller(3.0, 4.0, 0.0, 0.0) == ((0.75, 0.75),)
    with pytest.raises(CannotAnswer) as why:
        fieller(3.0, 0.0, 1.0, 0.0)
    assert why.value.code == "ANS-ratio"


def test_errors_that_do_not_fit_together_are_refused() -> None:
    with pytest.raises(ValueError, match="fit together"):
        fieller(1.0, 1.0, 1.0, 1.0, covariance=1.1)
    with pytest.raises(ValueError, match="fit together"):
        directions(1.0, 1.0, -1.0, 1.0)


estimates = st.floats(-1e4, 1e4).filter(lambda v: abs(v) > 1e-2)
errors = st.floats(1e-2, 1e4)
correlations = st.floats(-0.95, 0.95)


@given(estimates, estimates, errors, errors, correlations)
def test_the_estimate_is_always_in_its_set(
    a: float, b: float, sa: float, sb: float, r: float
) -> None:
    pieces = fieller(a, b, sa**2, sb**2, r * sa * sb)
    assert any(low <= a / b <= high or abs(a / b - low) < 1e-9 for low, high in pieces)


@given(estimates, estimates, errors, errors, correlations, st.floats(0.01, 100))
def test_the_set_scales_with_the_ratio(
    a: float, b: float, sa: float, sb: float, r: float, times: float
) -> None:
    """A dividend in cents has a hundred times the set; the sign of both changes nothing."""
    one = fieller(a, b, sa**2, sb**2, r * sa * sb)
    other = fieller(times * a, b, (times * sa) ** 2, sb**2, r * times * sa * sb)
    turned = fieller(-a, -b, sa**2, sb**2, r * sa * sb)
    assert len(one) == len(other)
    for mine, theirs, back in zip(one, other, turned, strict=True):
        assert theirs == pytest.approx([times * e for e in mine], rel=1e-5, abs=1e-9)
        assert back == pytest.approx(mine, rel=1e-9, abs=1e-12)


@given(estimates, estimates, errors, errors, correlations)
def test_the_directions_are_those_of_the_set(
    a: float, b: float, sa: float, sb: float, r: float
) -> None:
    """Lines of the cone through both its ends are the ends of Fieller's set."""
    covariance = r * sa * sb
    pieces = fieller(a, b, sa**2, sb**2, covariance)
    seen = directions(a, b, sa**2, sb**2, covariance)
    if seen is None:
        assert pieces == EVERYTHING
        return
    assert seen[0] <= math.atan2(a, b) + 1e-9 or seen[0] - 2 * math.pi <= math.atan2(a, b)
    assert 0 <= seen[1] - seen[0] < math.pi
    ends = sorted(e for piece in pieces for e in piece if math.isfinite(e))
    if len(ends) == 2 and max(map(abs, ends)) < 1e6:
        assert sorted(map(math.tan, seen)) == pytest.approx(ends, rel=1e-4, abs=1e-6)


def _coverage(a: float, b: float, r: float, n: int) -> tuple[float, float]:
    """How often the set holds a/b, and the cone the direction of (a, b); errors of 1."""
    chance = np.random.default_rng(20_240_601)
    cov = np.array([[1.0, r], [r, 1.0]])
    drawn = chance.multivariate_normal([a, b], cov, n)
    truth, angle = a / b, math.atan2(a, b)
    held = cone = 0
    for x, y in drawn:
        held += any(low <= truth <= high for low, high in fieller(x, y, 1.0, 1.0, r))
        seen = directions(x, y, 1.0, 1.0, r)
        turns = (-2 * math.pi, 0.0, 2 * math.pi)
        cone += seen is None or any(seen[0] <= angle + t <= seen[1] for t in turns)
    return held / n, cone / n


@pytest.mark.parametrize(("a", "b"), [(5.0, 4.0), (2.0, 0.5), (0.5, -3.0)])
def test_sets_hold_their_level(a: float, b: float) -> None:
    """1,500 draws: a share of 0.95 has a standard error of 0.0056."""
    held, cone = _coverage(a, b, 0.4, 1500)
    assert held == pytest.approx(0.95, abs=0.02)
    # a direction is told a little less often where both are near zero: never under 0.92
    assert 0.92 <= cone <= 0.97


@pytest.mark.deep
@pytest.mark.parametrize("r", [-0.8, 0.0, 0.8])
@pytest.mark.parametrize(("a", "b"), [(5, 4), (2, 0.5), (0.5, -3), (0.5, 0.5), (1.5, 0.1)])
def test_sets_hold_their_level_at_full_size(a: float, b: float, r: float) -> None:
    held, cone = _coverage(a, b, r, 40_000)
    assert held == pytest.approx(0.95, abs=0.0045)
    assert 0.92 <= cone <= 0.9545
