"""Indices of transition matrices: by hand, and at both ends of what can be."""

from __future__ import annotations

import numpy as np
import pytest

from rung.mobility import transitions
from rung.mobility.transitions import INDICES, stays

THREE = np.array([[0.6, 0.3, 0.1], [0.3, 0.4, 0.3], [0.1, 0.3, 0.6]])


@pytest.mark.parametrize(
    ("index", "value"),
    [
        ("trace", 0.7),  # (3 - 1.6) / 2
        ("determinant", 0.95),  # 1 - 0.05, the product of the eigenvalues 1, 0.5 and 0.1
        ("eigenvalue", 0.5),
        ("steps", 1.6 / 3),  # rows 0.5, 0.6 and 0.5
    ],
)
def test_three_classes_by_hand(index: str, value: float) -> None:
    assert INDICES[index](THREE / 3) == pytest.approx(value, abs=1e-12)


def test_rows_of_different_size_count_by_their_size() -> None:
    """Bartholomew's mean is over people: half are in the first class."""
    joint = THREE * np.array([[0.5], [0.3], [0.2]])
    assert transitions.steps(joint) == pytest.approx(0.5 * 0.5 + 0.3 * 0.6 + 0.2 * 0.5)
    assert transitions.trace(joint) == pytest.approx(0.7)


@pytest.mark.parametrize("k", [3, 5])
def test_the_ends(k: int) -> None:
    stay, chance = np.eye(k) / k, np.full((k, k), 1 / k**2)
    assert [f(stay) for f in INDICES.values()] == pytest.approx([0, 0, 0, 0])
    steps = (k * k - 1) / (3 * k)  # mean distance of two even draws from 1 to k
    assert [f(chance) for f in INDICES.values()] == pytest.approx([1, 1, 1, steps], abs=1e-12)


def test_stays_by_hand() -> None:
    stay, by_chance = stays(THREE / 3)
    assert stay == pytest.approx([2.5, 1 / 0.6, 2.5])
    assert by_chance == pytest.approx([1.5, 1.5, 1.5])
    assert np.isinf(stays(np.eye(2) / 2)[0]).all()


def test_an_index_of_one_share_has_its_error() -> None:
    """The slope of J[0, 0] itself is 1: its error is the square root of its variance."""
    variance = np.zeros((9, 9))
    variance[0, 0] = 0.0004
    error = transitions.error(lambda joint: float(joint[0, 0]), THREE / 3, variance)
    assert error == pytest.approx(0.02)
