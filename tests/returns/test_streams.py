"""Streams: what they check, how they are drawn, projected, discounted."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr, ndtri

from rung.errors import PlanError, RecordsError
from rung.records.prices import Prices
from rung.returns.perspectives import discounts
from rung.returns.streams import (
    ACCOUNTS,
    RHOS,
    Profile,
    Starred,
    Stream,
    constant,
    covariance_of,
    derived,
    draws,
    exponential,
    in_dollars_of,
    known,
    linear,
    prolonged,
    se_from_p_range,
)

EARNED = {"participant": 1.0}
TAXED = {"participant": -1.0, "federal": 1.0}
COVARIANCE = np.array([[400.0, 150.0, 0.0], [150.0, 900.0, 300.0], [0.0, 300.0, 2500.0]])


def earnings() -> Stream:
    return Stream("earnings", EARNED, np.array([-500.0, 800.0, 950.0]), COVARIANCE, 3, "made up")


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


# -- published: impacts by year as printed


# Schochet (2018), National Job Corps Study: 20-Year Follow-Up Study Using Tax Data, Table A.2:
# impacts on annual earnings per participant, 2015 dollars, years 0 to 20, and standard errors.
JOB_CORPS = (
    *(-537, -355, 348, 441, 85, -21, 185, 234, 109, 120, -32),
    *(-70, -184, -124, -275, 4, -168, -275, 81, 412, 383),
)
JOB_CORPS_SE = (
    *(86, 127, 170, 206, 235, 265, 349, 359, 374, 392, 415),
    *(430, 449, 453, 447, 458, 467, 478, 490, 516, 538),
)
# Roder and Elliott (2019), Nine Year Gains, Figure 1: years 1 to 9.
QUEST = (-1801, -2369, 1881, 3925, 3980, 4691, 2176, 2952, 5239)
# Fein and Hamadyk (2018), Bridging the Opportunity Divide: years 1 to 3.
YEAR_UP = (-5338, 5181, 7011)


@pytest.mark.parametrize(
    ("impacts", "total", "first", "present"),
    [
        (JOB_CORPS, 361, 0, 187),  # years 0 to 20: year 0 is not discounted
        (QUEST, 20_674, 1, 16_704),  # years 1 to 9: year 1 is discounted once
        (YEAR_UP, 6_854, 0, 6_301),  # the year of the program is the first, not discounted
    ],
)
def test_sums_and_present_values_at_three_percent(
    impacts: tuple[int, ...], total: int, first: int, present: int
) -> None:
    stream = known("earnings", EARNED, impacts, "published")
    assert stream.estimate.sum() == total
    at = discounts(stream.years, 0.03, first)
    assert stream.estimate @ at == pytest.approx(present, abs=0.5)


def test_years_that_move_together_are_far_less_sure_in_sum() -> None:
    """Nobody published the covariance of Job Corps' years: both ends are shown."""
    at = discounts(21, 0.03)
    se = {
        rho: float(np.sqrt(at @ covariance_of(JOB_CORPS_SE, rho) @ at)) for rho in RHOS
    }  # fmt: skip
    assert se[0.0] == pytest.approx(np.sqrt(np.sum((at * JOB_CORPS_SE) ** 2)))
    assert se[1.0] == pytest.approx(at @ np.array(JOB_CORPS_SE))
    assert se[1.0] > 4 * se[0.0]


# -- p-values known to a range


def test_a_known_p_gives_the_standard_error_it_came_from() -> None:
    # p of 1.96 standard errors is 0.05
    se = se_from_p_range(1_960.0, 0.05 - 1e-9, 0.05 + 1e-9, seed=1)
    assert se == pytest.approx(1_960 / 1.959963985, rel=1e-6)


@given(
    estimate=st.floats(1, 1e5).flatmap(lambda x: st.sampled_from([x, -x])),
    low=st.floats(0, 0.5),
    width=st.floats(0.001, 0.4),
)
def test_standard_errors_stay_where_the_range_says(
    estimate: float, low: float, width: float
) -> None:
    se = se_from_p_range(estimate, low, low + width, seed=4, n=300)
    p = 2 * ndtr(-abs(estimate) / se)
    assert ((p >= low - 1e-9) & (p <= low + width + 1e-9)).all()


def test_p_is_uniform_in_its_range() -> None:
    p = 2 * ndtr(-500 / se_from_p_range(500.0, 0.0, 0.01, seed=2, n=40_000))
    deciles = np.histogram(p, bins=10, range=(0, 0.01))[0]
    assert np.abs(deciles - 4_000).max() < 5 * np.sqrt(40_000 * 0.09)


@pytest.mark.parametrize("asked", [(0.0, 0, 0.05), (5.0, 0.05, 0.01), (5.0, -0.1, 0.05)])
def test_a_range_that_says_nothing_is_told(asked: tuple[float, float, float]) -> None:
    with pytest.raises(PlanError) as told:
        se_from_p_range(*asked, seed=1)
    assert told.value.code == "PLAN-p-range"


@pytest.mark.parametrize("rho", [0.0, 1.0])
def test_each_draw_of_a_starred_estimate_has_errors_of_its_own(rho: float) -> None:
    """Against a mixture drawn apart: wider tails than the normal draw of the same variance."""
    n, estimate, p = (
        200_000,
        np.array([1_500.0, 0.0, 1_800.0]),
        ((0.0, 0.01), (0.1, 1.0), (0.05, 0.1)),
    )
    starred = Starred(estimate, p, rho, np.eye(3))
    covariance = starred.covariance
    stream = Stream("a", {"participant": 1}, estimate, covariance, 3, "", starred=starred)
    made = draws([stream], n, 7)[:, 0]
    assert np.allclose(np.cov(made.T), covariance, rtol=0.03, atol=2e3)
    assert (made[:, 1] == 0).all()
    chance = np.random.default_rng(8)
    apart = [
        estimate[j] * (1 + chance.standard_normal(n) / ndtri(1 - chance.uniform(*p[j], n) / 2))
        for j in (0, 2)
    ]
    for mine, theirs in zip(made.T[[0, 2]], apart, strict=True):
        at = [0.5, 2.5, 25, 50, 75, 97.5, 99.5]
        spread = np.std(theirs)
        assert np.abs(np.percentile(mine, at) - np.percentile(theirs, at)).max() < 0.03 * spread
    far = 3 * np.sqrt(covariance[0, 0])
    reach = ndtri(1 - np.linspace(1e-9, 0.01, 100_001) / 2) / 1_500
    exact = np.mean(2 * ndtr(-far * reach))
    assert np.mean(np.abs(made[:, 0] - 1_500) > far) == pytest.approx(exact, rel=0.15)
    assert exact > 1.15 * 2 * ndtr(-3)  # of a normal draw, 0.27 % are as far


def test_what_is_done_to_a_starred_stream_is_done_to_its_draws() -> None:
    starred = Starred(np.array([100.0, 80.0]), ((0.0, 0.01), (0.01, 0.05)), 1.0, np.eye(2))
    covariance = starred.covariance
    stream = Stream("a", {"participant": 1}, starred.estimate, covariance, 2, "", starred=starred)
    made = draws([prolonged(stream, [0.5, 0.25])], 500, 3)[:, 0]
    assert made[:, :2] == pytest.approx(draws([stream], 500, 3)[:, 0])
    assert made[:, 2] == pytest.approx(0.5 * made[:, 1])
    assert made[:, 3] == pytest.approx(0.25 * made[:, 1])


# -- prices


def prices() -> Prices:
    return Prices({(y, m): Decimal(100 + 10 * (y - 2013)) for y in (2013, 2014, 2015)
                   for m in range(1, 13)})  # fmt: skip


def test_nominal_years_come_into_dollars_of_one() -> None:
    real = in_dollars_of(earnings(), prices(), 2015, first=2013)
    factor = np.array([1.2, 120 / 110, 1.0])
    assert real.estimate == pytest.approx(factor * earnings().estimate)
    assert real.se == pytest.approx(factor * earnings().se)
    assert real.dollar_year == 2015
    assert in_dollars_of(real, prices(), 2013).estimate == pytest.approx(real.estimate / 1.2)


def test_dollars_of_nobody_knows_which_year_are_told() -> None:
    with pytest.raises(PlanError) as told:
        in_dollars_of(earnings(), prices(), 2015)
    assert told.value.code == "PLAN-stream-dollars"


# -- scenarios


def test_what_goes_on_is_a_share_of_the_last_effect_and_as_unsure() -> None:
    longer = prolonged(earnings(), linear(4))
    assert longer.estimate[3:] == pytest.approx(950 * np.array([0.75, 0.5, 0.25, 0.0]))
    assert longer.se[3:] == pytest.approx(50 * np.array([0.75, 0.5, 0.25, 0.0]))
    assert longer.covariance[2, 3] == pytest.approx(0.75 * 2500)
    assert (longer.observed, longer.years) == (3, 7)


def test_an_anchor_of_two_years_takes_their_mean() -> None:
    longer = prolonged(earnings(), constant(1), anchor=2)
    assert longer.estimate[3] == pytest.approx((800 + 950) / 2)
    assert longer.se[3] == pytest.approx(np.sqrt(900 + 2 * 300 + 2500) / 2)


def test_another_scenario_takes_the_place_of_the_first() -> None:
    twice = prolonged(prolonged(earnings(), constant(9)), exponential(2, 0.5))
    assert twice.estimate == pytest.approx(prolonged(earnings(), [0.5, 0.25]).estimate)
    assert prolonged(twice, []).estimate == pytest.approx(earnings().estimate)


def test_a_rate_of_a_stream_is_not_prolonged_by_itself() -> None:
    tax = derived("tax", TAXED, earnings(), 0.1)
    with pytest.raises(PlanError) as told:
        prolonged(tax, constant(2))
    assert told.value.code == "PLAN-stream-follows"
    with pytest.raises(PlanError) as told:
        in_dollars_of(tax, prices(), 2014)
    assert told.value.code == "PLAN-stream-follows"


@given(rate=st.floats(-0.2, 0.5), fades=st.floats(0, 1), years=st.integers(0, 40))
def test_a_growing_annuity_has_its_closed_form(rate: float, fades: float, years: int) -> None:
    """Constant, exponential: the present value is the geometric series."""
    stream = prolonged(known("e", EARNED, [1.0], "one"), exponential(years, fades))
    q = (1 - fades) / (1 + rate)
    series = years + 1 if q == 1 else (1 - q ** (years + 1)) / (1 - q)
    assert stream.estimate @ discounts(years + 1, rate) == pytest.approx(series, rel=1e-6)


def test_a_profile_goes_by_age_and_by_growth() -> None:
    profile = Profile((20.0, 40.0, 65.0), (20_000.0, 40_000.0, 30_000.0))
    assert profile.shares(30, 2) == pytest.approx([31 / 30, 32 / 30])
    assert profile.shares(40, 25)[-1] == pytest.approx(0.75)
    assert profile.shares(30, 2, growth=0.01) == pytest.approx([1.01 * 31 / 30, 1.01**2 * 32 / 30])
    with pytest.raises(PlanError) as told:
        profile.shares(40, 26)
    assert told.value.code == "PLAN-profile-age"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("age,level\n20,1\n20,2\n", "REC-profile"),
        ("age,level\n20,-1\n", "REC-profile"),
        ("age,level\n20,much\n", "REC-profile"),
        ("age,level\n", "REC-profile"),
        ("age,pay\n20,1\n", "REC-no-column"),
    ],
)
def test_a_table_that_is_no_profile_is_told(tmp_path: Path, text: str, code: str) -> None:
    (tmp_path / "profile.csv").write_text(text)
    with pytest.raises(RecordsError) as told:
        Profile.read(tmp_path / "profile.csv")
    assert told.value.code == code


def test_a_profile_is_read_in_any_order(tmp_path: Path) -> None:
    (tmp_path / "profile.csv").write_text("level,age\n30000,40\n15000,20\n")
    assert Profile.read(tmp_path / "profile.csv") == Profile((20.0, 40.0), (15_000.0, 30_000.0))
    with pytest.raises(RecordsError):
        Profile.read(tmp_path / "none.csv")
