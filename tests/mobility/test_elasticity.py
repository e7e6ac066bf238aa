"""The elasticity: exact curves, units, and what zeros do."""

from __future__ import annotations

import numpy as np
import pytest

from rung.mobility.elasticity import expected, log_log

PARENT = np.array([8000.0, 12000, 20000, 31000, 47000, 90000])


def test_an_exact_power_has_its_exponent_and_no_error() -> None:
    child = 3 * PARENT**0.4
    for found in (log_log(PARENT, child), expected(PARENT, child)):
        assert found is not None
        assert found.value == pytest.approx(0.4, abs=1e-9)
        assert found.se == pytest.approx(0, abs=1e-9)


def test_units_change_nothing() -> None:
    child = np.array([0.0, 21000, 9000, 44000, 30000, 52000])
    one, other = expected(PARENT, child), expected(PARENT / 100, child * 1.7)
    assert one is not None
    assert other == pytest.approx(one, rel=1e-8)


def test_two_groups_by_hand() -> None:
    """Parents of 1 and e: the elasticity of expected income is the log of the ratio of means."""
    parent = np.array([1.0, 1, 1, np.e, np.e, np.e])
    child = np.array([0.0, 10, 20, 0, 30, 60])
    found = expected(parent, child)
    assert found is not None
    assert found.value == pytest.approx(np.log(3), abs=1e-10)


@pytest.mark.parametrize("estimator", [log_log, expected])
def test_parents_alike_or_too_few_have_none(estimator) -> None:  # type: ignore[no-untyped-def]
    assert estimator(np.full(5, 9000.0), np.arange(1.0, 6)) is None
    assert estimator(PARENT[:2], PARENT[:2]) is None
    assert expected(PARENT, np.zeros(6)) is None
