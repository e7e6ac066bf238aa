"""The Gini's range by resampling: by hand, seeded, and how often it holds the truth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rung import cycle
from rung.errors import PlanError
from rung.finding import Finding
from rung.mobility.indices import Distribution, gini
from rung.mobility.resampling import _ginis, deviations


def test_a_draw_is_measured_as_the_people_in_it() -> None:
    """Ginis by how often each income is drawn agree with those of the people themselves."""
    y, times = np.array([1.0, 2.0, 5.0, 9.0]), np.array([[1.0, 0, 2, 1], [2, 2, 0, 0]])
    values, errors = _ginis(y, times, 4)
    for drawn, value, se in zip(([1, 5, 5, 9], [1, 1, 2, 2]), values, errors, strict=True):
        d = Distribution.of(np.array(drawn, float))
        assert value == pytest.approx(gini(d).value, rel=1e-12)
        assert se == pytest.approx(gini(d).se(d), rel=1e-12)


def test_draws_of_one_income_say_nothing() -> None:
    d = Distribution.of(np.array([1.0, 3.0]))
    found = deviations(d, 400, 1)
    assert 150 < len(found) < 250  # half of all draws of two have one of each
    assert np.isfinite(found).all()


def people(path: Path, incomes: Any) -> Path:
    path.write_text("pay\n" + "\n".join(f"{y:.4f}" for y in incomes) + "\n")
    return path


def test_the_range_of_a_heavy_tail_reaches_further_up(tmp_path: Path) -> None:
    file = people(tmp_path / "p.csv", 1e4 * (np.random.default_rng(3).pareto(2, 200) + 1))
    plain = cycle.inequality(file, income="pay")
    drawn = cycle.inequality(file, income="pay", draws=499)
    a, b = plain[0].answer, drawn[0].answer
    assert isinstance(a, Finding)
    assert isinstance(b, Finding)
    assert (a.value, a.se) == (b.value, b.se)
    assert a.interval is not None
    assert b.interval is not None
    assert b.interval.high > a.interval.high
    assert b.interval.low <= b.value <= b.interval.high
    assert "davidson2009" in b.method.sources
    assert [r.answer for r in list(plain)[1:]] == [r.answer for r in list(drawn)[1:]]
    assert cycle.inequality(file, income="pay", draws=499)[0].answer == b  # the same seed
    other = cycle.inequality(file, income="pay", draws=499, seed=8)[0].answer
    assert other.origin.seed == 8
    assert isinstance(other, Finding)
    assert other.interval != b.interval


def test_what_cannot_be_drawn(tmp_path: Path) -> None:
    file = people(tmp_path / "p.csv", [1, 2, 3, 4])
    for given, told in (
        ({"draws": 10}, "between 199 and 9,999"),
        ({"seed": 1}, "no draws were asked for"),
        ({"draws": 999, "weights": "pay"}, "a row stands for several"),
    ):
        with pytest.raises(PlanError, match=told):
            cycle.inequality(file, income="pay", **given)
    with pytest.raises(PlanError, match="below zero"):
        cycle.inequality(people(tmp_path / "n.csv", [-1, 2, 3, 4]), income="pay", draws=999)


def coverage(samples: int, people: int, exponent: float) -> tuple[float, float]:
    """How often the usual range and the studentised one hold a Pareto's Gini, 1 / (2a - 1)."""
    rng, truth, held = np.random.default_rng(7), 1 / (2 * exponent - 1), [0, 0]
    for i in range(samples):
        d = Distribution.of(rng.pareto(exponent, people) + 1)
        found = gini(d)
        se = found.se(d) or 0.0
        low, high = np.quantile(deviations(d, 399, i), [0.025, 0.975])
        held[0] += abs(found.value - truth) <= 1.959963984540054 * se
        held[1] += found.value - high * se <= truth <= found.value - low * se
    return held[0] / samples, held[1] / samples


def test_it_holds_the_truth_more_often() -> None:
    usual, drawn = coverage(300, 100, 2.5)
    assert usual < 0.86
    assert drawn > usual + 0.04


@pytest.mark.deep
def test_it_holds_the_truth_as_often_as_is_said() -> None:
    """docs/inequality.md: 82 and 90 in 100 at 100 people, exponent 2.5 (2,000 samples)."""
    usual, drawn = coverage(2_000, 100, 2.5)
    assert usual == pytest.approx(0.82, abs=0.01)
    assert drawn == pytest.approx(0.90, abs=0.01)
