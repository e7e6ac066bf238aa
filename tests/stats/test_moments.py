"""Moments add, whatever their origins, and lose nothing to size."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rung.stats.moments import Moments, together

NAMES = ("y", "x")
numbers = st.floats(-1e6, 1e6, allow_subnormal=False).map(lambda v: round(v, 3))
rows = st.integers(1, 30).flatmap(lambda n: arrays(float, (n, 2), elements=numbers))


def close(a: Moments, b: Moments, scale: float) -> None:
    assert a.n == b.n
    assert a.weight == pytest.approx(b.weight)
    np.testing.assert_allclose(a.mean, b.mean, rtol=0, atol=1e-9 * scale)
    np.testing.assert_allclose(a.scatter, b.scatter, rtol=1e-9, atol=1e-9 * scale**2)


@given(rows, rows, numbers, st.randoms(use_true_random=False))
def test_parts_add_to_the_whole(
    a: np.ndarray, b: np.ndarray, origin: float, random: np.random.Generator
) -> None:
    weights = np.array([0.1 + random.random() for _ in range(len(a) + len(b))])
    one = Moments.of(NAMES, a, weights[: len(a)], origin=[origin, -origin])
    two = Moments.of(NAMES, b, weights[len(a) :])
    whole = Moments.of(NAMES, np.vstack([a, b]), weights)
    scale = 1 + float(np.abs(np.vstack([a, b])).max()) + abs(origin)
    close(one + two, whole, scale)
    close(two + one, whole, scale)


def test_a_year_squared_keeps_its_digits() -> None:
    """Raw products of a year squared lose half of their digits; centred ones do not."""
    years = [1990 + i % 31 for i in range(310)]
    exact = [Fraction(y * y) for y in years]
    mean = sum(exact) / len(exact)
    truth = float(sum((v - mean) ** 2 for v in exact))
    parts = [
        Moments.of(("y2",), np.array(years[i : i + 31], float)[:, None] ** 2, origin=[4e6])
        for i in range(0, 310, 31)
    ]
    assert float(together(parts).scatter[0, 0]) == pytest.approx(truth, rel=1e-13)


def test_weights_count_as_repeats() -> None:
    x = np.array([[1.0, 2.0], [4.0, -1.0], [9.0, 3.0]])
    repeated = Moments.of(NAMES, np.repeat(x, [2, 1, 3], axis=0))
    weighted = Moments.of(NAMES, x, [2, 1, 3])
    np.testing.assert_allclose(weighted.mean, repeated.mean)
    np.testing.assert_allclose(weighted.scatter, repeated.scatter)
    assert (weighted.n, repeated.n) == (3, 6)


def test_other_columns_do_not_add() -> None:
    with pytest.raises(ValueError, match="different columns"):
        Moments.of(("a",), [[1.0]]) + Moments.of(("b",), [[1.0]])


def test_some_columns_are_the_same_as_reading_them_alone() -> None:
    x = np.array([[1.0, 2.0], [4.0, -1.0], [9.0, 3.0]])
    alone = Moments.of(("x",), x[:, 1:])
    picked = Moments.of(NAMES, x).only(["x"])
    np.testing.assert_allclose(picked.scatter, alone.scatter)
    np.testing.assert_allclose(picked.mean, alone.mean)
