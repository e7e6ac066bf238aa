"""Streams: what they check, how they are drawn, projected, discounted."""

from __future__ import annotations

import numpy as np
import pytest

from rung.errors import PlanError
from rung.returns.streams import ACCOUNTS, Stream, derived, draws, known

EARNED = {"participant": 1.0}
TAXED = {"participant": -1.0, "federal": 1.0}
COVARIANCE = np.array([[400.0, 150.0, 0.0], [150.0, 900.0, 300.0], [0.0, 300.0, 2500.0]])


def earnings() -> Stream:
    return Stream("earnings", EARNED, [-500.0, 800.0, 950.0], COVARIANCE, 3, "made up")


def test_draws_have_the_mean_and_covariance_they_were_made_of() -> None:
    made = draws([earnings()], 200_000, seed=3)[:, 0]
    error = 4 / np.sqrt(200_000)  # four standard errors of a mean, in SDs
    assert np.abs(made.mean(0) - earnings().estimate).max() < error * 50
    assert np.cov(made.T) == pytest.approx(COVARIANCE, abs=0.02 * 2500)


def test_a_derived_stream_follows_its_parents_draws() -> None:
    tax = derived("tax", TAXED, earnings(), 0.186)
    made = draws([tax, earnings()], 500, seed=3)
    assert made[:, 0] == pytest.approx(0.186 * made[:, 1])


def test_the_variance_of_an_unsure_rate_is_that_of_its_draws() -> None:
    fringe = derived("fringe", EARNED, earnings(), 0.2, rate_se=0.05)
    made = draws([earnings(), fringe], 400_000, seed=9)[:, 1]
    assert np.cov(made.T) == pytest.approx(fringe.covariance, rel=0.02, abs=8)


def test_draws_of_one_stream_do_not_move_when_another_comes() -> None:
    cost = known("cost", {"funder": -1.0}, 5_000.0, "books")
    alone = draws([earnings()], 50, seed=1)[:, 0]
    together = draws([cost, earnings()], 50, seed=1)
    assert np.array_equal(together[:, 1], alone)
    assert np.array_equal(together[:, 0], np.tile([5_000.0, 0.0, 0.0], (50, 1)))


def test_perfectly_correlated_years_move_together() -> None:
    se = np.array([10.0, 20.0, 30.0])
    stream = Stream("earnings", EARNED, np.zeros(3), np.outer(se, se), 3, "made up")
    made = draws([stream], 20, seed=5)[:, 0]
    assert made / se == pytest.approx(np.repeat(made[:, :1] / 10, 3, axis=1))


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("PLAN-stream-years", {"observed": 4}),
        ("PLAN-stream-years", {"covariance": np.eye(2)}),
        ("PLAN-stream-years", {"estimate": np.zeros(0), "covariance": np.zeros((0, 0))}),
        ("PLAN-stream-number", {"estimate": [1.0, np.nan, 2.0]}),
        ("PLAN-stream-number", {"rate": np.inf}),
        ("PLAN-stream-covariance", {"covariance": -np.eye(3)}),
        ("PLAN-stream-covariance", {"covariance": np.triu(np.ones((3, 3)))}),
        ("PLAN-stream-covariance", {"rate_se": -0.1}),
        ("PLAN-stream-account", {"accounts": {"society": 1.0}}),
        ("PLAN-stream-account", {"accounts": {}}),
    ],
)
def test_a_stream_that_is_not_whole_is_told(code: str, change: dict[str, object]) -> None:
    whole = {
        "name": "earnings",
        "accounts": EARNED,
        "estimate": np.zeros(3),
        "covariance": np.eye(3),
        "observed": 3,
        "source": "made up",
    }
    with pytest.raises(PlanError) as told:
        Stream(**{**whole, **change})  # type: ignore[arg-type]
    assert told.value.code == code


def test_streams_that_lean_on_nothing_or_share_a_name_are_told() -> None:
    tax = derived("tax", TAXED, earnings(), 0.1)
    with pytest.raises(PlanError, match="earnings"):
        draws([tax], 3, seed=1)
    with pytest.raises(PlanError) as told:
        draws([earnings(), earnings()], 3, seed=1)
    assert told.value.code == "PLAN-stream-twice"


def test_accounts_are_disjoint_and_society_is_none_of_them() -> None:
    assert len(set(ACCOUNTS)) == len(ACCOUNTS) == 7
    assert not {"society", "government"} & set(ACCOUNTS)
