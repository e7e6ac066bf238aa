"""What it is worth, to whom: identities that must hold, and ratios and rates where they break."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rung.errors import CannotAnswer
from rung.returns import mvpf
from rung.returns.perspectives import (
    GOVERNMENT,
    Array,
    Ledger,
    benefit_cost,
    break_even_persistence,
    break_even_year,
    discounts,
    how_many_rates,
    income_weights,
    internal_rate,
    net_present_value,
    quadrants,
    rates_of,
    shown,
)
from rung.returns.streams import ACCOUNTS, Stream, derived, known

dollars = st.floats(-1e4, 1e4).filter(lambda v: v == 0 or abs(v) > 1e-2)


def ledger(
    cost: float = 5000,
    gains: tuple[float, ...] = (0, 1945, 1865),
    se: float = 500,
    tax: float = 0.142,
    **more: float,
) -> Ledger:
    """One cost to a funder, earnings to people, a tax on them to the state."""
    covariance = np.diag([(se if g else 0.0) ** 2 for g in gains])
    earned = Stream("Earnings", {"participant": 1.0}, np.array(gains), covariance, len(gains), "")
    paid = known("Program", {"funder": -1.0}, [cost], "")
    taxes = derived("Taxes", {"participant": -1.0, "state": 1.0}, earned, tax)
    return Ledger((paid, earned, taxes), frozenset({"Program"}), **more)  # type: ignore[arg-type]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.dictionaries(st.sampled_from(ACCOUNTS), st.floats(-2, 2), min_size=1),
            st.lists(dollars, min_size=1, max_size=6),
        ),
        min_size=1,
        max_size=5,
    ),
    st.floats(-0.1, 0.3),
)
def test_the_accounts_add_up_to_society(
    given: list[tuple[dict[str, float], list[float]]], rate: float
) -> None:
    streams = [known(str(i), accounts, amounts, "") for i, (accounts, amounts) in enumerate(given)]
    made = Ledger(tuple(streams), frozenset(), rate=rate, n=4)
    size = 1e-9 * sum(abs(v) for _, amounts in given for v in amounts) * 100 + 1e-9
    parts = [net_present_value(made, a).value for a in ACCOUNTS]
    assert net_present_value(made).value == pytest.approx(sum(parts), abs=size)
    levels = [net_present_value(made, a).value for a in GOVERNMENT]
    assert net_present_value(made, "government").value == pytest.approx(sum(levels), abs=size)
    # in every draw too, not only on average
    whole = made.flows("society").drawn
    assert whole == pytest.approx(sum(made.flows(a).drawn for a in ACCOUNTS), abs=size)


@given(st.lists(dollars, min_size=1, max_size=12), st.floats(-0.2, 0.5))
def test_discounting_by_its_own_definition(amounts: list[float], rate: float) -> None:
    made = np.array(amounts) @ discounts(len(amounts), rate)
    value = 0.0
    for amount in reversed(amounts):  # Horner: a year later is worth 1/(1 + rate) as much
        value = amount + value / (1 + rate)
    assert made == pytest.approx(value, rel=1e-9, abs=1e-6)
    later = np.array(amounts) @ discounts(len(amounts), rate, first_year=1)
    assert later * (1 + rate) == pytest.approx(made, rel=1e-12, abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.floats(0.1, 50))
def test_dollars_of_another_size_scale_values_and_leave_ratios(times: float) -> None:
    one = ledger()
    other = ledger(5000 * times, tuple(times * g for g in (0, 1945, 1865)), 500 * times)
    for p in ("society", "participant", "funder"):
        mine, theirs = net_present_value(one, p), net_present_value(other, p)
        assert theirs.value == pytest.approx(times * mine.value)
        assert theirs.pieces[0] == pytest.approx([times * e for e in mine.pieces[0]])
    assert benefit_cost(other).value == pytest.approx(benefit_cost(one).value)
    assert benefit_cost(other).pieces[0] == pytest.approx(benefit_cost(one).pieces[0])
    assert internal_rate(other).value == pytest.approx(internal_rate(one).value)
    assert break_even_persistence(other).value == pytest.approx(break_even_persistence(one).value)


def test_ranges_follow_the_covariance() -> None:
    """The middle 95 % of draws beside the normal interval of the same linear sum."""
    made = ledger(n=100_000)
    found = net_present_value(made)
    sd = math.sqrt(sum((500 / 1.03**t) ** 2 for t in (1, 2)))
    assert found.se == pytest.approx(sd, rel=0.01)
    assert found.pieces[0] == pytest.approx(
        [found.value - 1.959964 * sd, found.value + 1.959964 * sd], abs=0.03 * sd
    )


def test_a_fellow_draw_moves_every_perspective_at_once() -> None:
    made = ledger()
    taxes = made.flows("state").drawn.sum(axis=1)
    people = made.flows("participant").drawn.sum(axis=1)
    assert taxes / 0.142 == pytest.approx(people / 0.858)


def test_the_same_seed_has_the_same_draws() -> None:
    assert net_present_value(ledger(seed=7)) == net_present_value(ledger(seed=7))
    assert net_present_value(ledger(seed=7)) != net_present_value(ledger(seed=8))


# -- the rate of return


@settings(max_examples=60, deadline=None)
@given(st.lists(dollars, min_size=2, max_size=8))
def test_rates_make_present_value_nothing(amounts: list[float]) -> None:
    flows = np.array(amounts)
    for rate in rates_of(flows):
        if 0.01 < 1 + rate < 20:
            value = flows @ discounts(len(flows), rate)
            assert abs(value) < 1e-4 * np.abs(flows * discounts(len(flows), rate)).sum()


@given(st.floats(0.01, 1e4), st.lists(st.floats(0.01, 1e4), min_size=1, max_size=8))
def test_costs_before_gains_have_one_rate(cost: float, gains: list[float]) -> None:
    flows = np.array([-cost, *gains])
    (rate,) = rates_of(flows)
    # bisection, which needs no roots of polynomials
    low, high = -1 + 1e-9, 1e9
    for _ in range(300):
        middle = math.sqrt((1 + low) * (1 + high)) - 1
        low, high = (middle, high) if flows @ discounts(len(flows), middle) > 0 else (low, middle)
    assert rate == pytest.approx(low, rel=1e-5, abs=1e-7)
    assert how_many_rates(flows[None, :])[0] == 1


def test_textbook_rates() -> None:
    """A loan paid back with 10 %; an annuity of 1,000 for ten years that costs 6,144.57 (10 %)."""
    assert rates_of(np.array([-100.0, 110.0])) == pytest.approx([0.1])
    assert rates_of(np.array([-6144.567, *([1000.0] * 10)])) == pytest.approx([0.1], abs=1e-6)
    assert rates_of(np.array([100.0, 50.0])) == []
    assert rates_of(np.array([0.0, 0.0])) == []
    # a pound now for two later and one back: x = 1 twice over is one rate
    assert rates_of(np.array([-1.0, 2.0, -1.0])) == pytest.approx([0.0], abs=1e-4)


def test_counts_of_rates_agree_with_the_roots() -> None:
    chance = np.random.default_rng(3)
    flows: Array = chance.normal(size=(400, 6)) * 100
    counted = how_many_rates(flows)
    found = np.array([min(len(_within(rates_of(row))), 2) for row in flows])
    assert (counted == found).mean() > 0.995  # two roots nearer than the grid's step


def _within(rates: list[float]) -> list[float]:
    return [r for r in rates if -0.999 < r < 1000]


def test_a_rate_tells_how_many_draws_have_none() -> None:
    rate = internal_rate(ledger(cost=3000, se=2500, n=4000))
    assert 0.02 < rate.none < 0.5
    with pytest.raises(CannotAnswer) as why:
        internal_rate(ledger(), "participant")
    assert why.value.code == "ANS-no-irr"


def test_the_range_of_a_rate_is_where_present_value_is_not_told_from_nothing() -> None:
    made = ledger(cost=3000)
    rate = internal_rate(made)
    ((low, high),) = rate.pieces
    assert low < rate.value < high
    for end in (low, high):
        flows = made.flows("society")
        x = discounts(made.years, end)
        sd = (flows.drawn @ x).std(ddof=1)
        assert abs(flows.expected @ x) == pytest.approx(1.959964 * sd, rel=1e-3)
    wide = internal_rate(ledger(cost=300, se=2500))
    assert wide.pieces[0][0] == -1.0  # nothing under −100 %
    sure = internal_rate(ledger(cost=3000, se=0))
    assert sure.pieces == ((sure.value, sure.value),)


# -- ratios and break-even


def test_a_ratio_needs_a_cost() -> None:
    with pytest.raises(CannotAnswer) as why:
        benefit_cost(ledger(), "participant")
    assert why.value.code == "ANS-no-cost"


def test_a_ratio_and_a_value_agree_on_breaking_even() -> None:
    for cost in (2000, 3646.2909794495238, 6000):
        made = ledger(cost=cost)
        ratio, value = benefit_cost(made).value, net_present_value(made).value
        assert np.sign(round(ratio - 1, 9)) == np.sign(round(value, 6))
        assert ratio == pytest.approx(1 + value / cost)


def test_an_unsure_cost_may_leave_the_ratio_without_an_end() -> None:
    cost = Stream("Program", {"funder": -1.0}, np.array([1000.0]), np.array([[700.0**2]]), 1, "")
    gain = Stream("Earnings", {"participant": 1.0}, np.array([1500.0]), np.array([[1.0]]), 1, "")
    made = Ledger((cost, gain), frozenset({"Program"}))
    pieces = benefit_cost(made).pieces
    assert pieces[-1][1] == math.inf


def test_break_even_year() -> None:
    made = ledger(cost=3000, se=300)
    assert break_even_year(made).value == 2
    assert break_even_year(made, "participant").value == 0
    with pytest.raises(CannotAnswer):
        break_even_year(made, "funder")
    dip = ledger(cost=1000, gains=(2000, -1500, 300, 600), se=0, tax=0)
    assert break_even_year(dip).value == 3  # it was above, fell under, and came back


@settings(max_examples=40, deadline=None)
@given(st.floats(500, 20_000), st.just(0.0) | st.floats(1e-5, 0.15), st.floats(500, 3000))
def test_break_even_persistence_breaks_even(cost: float, rate: float, last: float) -> None:
    made = ledger(cost=cost, gains=(0, 900, last), se=0, rate=rate)
    try:
        years = break_even_persistence(made).value
    except CannotAnswer:
        assert rate > 0  # even for ever is not enough
        assert net_present_value(made).value + last / rate / (1 + rate) ** 2 <= 1e-6 * cost
        return
    if years == 0:
        assert net_present_value(made).value >= -1e-6
        return
    whole, part = int(years), years - int(years)
    v = 1 / (1 + rate)
    # a whole number of years, and then the same annuity for the part of a year
    annuity = (1 - v**years) / rate if rate else years
    lasted = net_present_value(made).value + last * v**2 * annuity
    assert lasted == pytest.approx(0, abs=1e-6 * cost)
    assert whole + part == years


def test_quadrants_are_shares_of_the_draws() -> None:
    gains, costs = np.array([1.0, 1.0, -1.0, -1.0, 0.0]), np.array([1.0, -1.0, 1.0, -1.0, 0.0])
    found = quadrants(gains, costs)
    assert (found.gain_cost, found.gain_saving) == (0.2, 0.4)
    assert (found.loss_cost, found.loss_saving) == (0.2, 0.2)


def test_weights_by_income() -> None:
    weights = income_weights({"participant": 15_000.0}, reference=60_000, elasticity=1.0)
    assert weights == {"participant": 4.0}
    made = ledger()
    parts = {p: net_present_value(made, p).value for p in ("participant", "state", "funder")}
    weighted = net_present_value(made, weights=weights).value
    assert weighted == pytest.approx(4 * parts["participant"] + parts["state"] + parts["funder"])
    flat = income_weights({"participant": 15_000.0}, 60_000, 0)
    assert net_present_value(made, weights=flat).value == net_present_value(made).value


def test_what_is_shown() -> None:
    made = ledger()
    assert shown(made) == ("society", "participant", "government", "funder")
    assert shown(made, ("funder", "society")) == ("society", "funder")
    federal = derived("More", {"federal": 1.0}, made.streams[1], 0.1)
    both = Ledger((*made.streams, federal), made.costs)
    assert shown(both)[2:5] == ("government", "federal", "state")
    assert "federal" not in shown(both, unsplit=True)


# -- the marginal value of public funds


@pytest.mark.parametrize(
    ("wtp", "cost", "value"),
    [(1, 2, 0.5), (-1, 2, -0.5), (0, 2, 0.0), (1, 0, math.inf), (1, -2, math.inf)],
)
def test_mvpf_by_the_signs(wtp: float, cost: float, value: float) -> None:
    assert mvpf.ratio(wtp, cost) == value


@pytest.mark.parametrize(("wtp", "cost"), [(0, 0), (0, -2), (-1, 0), (-1, -2)])
def test_mvpf_is_not_defined_without_gain_or_cost(wtp: float, cost: float) -> None:
    with pytest.raises(CannotAnswer) as why:
        mvpf.ratio(wtp, cost)
    assert why.value.code == "ANS-mvpf-undefined"


def test_mvpf_sets_by_where_they_lie() -> None:
    inf = math.inf
    bounded = mvpf.allowed(1000, 2000, 100**2, 100**2)
    assert len(bounded) == 1
    assert 0 < bounded[0][0] < 0.5 < bounded[0][1] < 1
    up = mvpf.allowed(1000, 100, 50**2, 100**2)
    assert up[0][0] > 0
    assert up[0][1] == inf  # the cost may be nothing or less
    assert mvpf.allowed(1000, -2000, 100**2, 100**2) == ((inf, inf),)
    down = mvpf.allowed(-1000, 100, 50**2, 100**2)
    assert down[0][0] == -inf
    assert down[0][1] < 0
    assert mvpf.allowed(10, 10, 100**2, 100**2) == ((-inf, inf),)
    assert mvpf.allowed(-1000, -1000, 10**2, 10**2) == ()  # all of it is undefined
    # gain and loss, cost and saving: infinite at one end, undefined between, negative at the other
    union = mvpf.allowed(-5, -300, 300**2, 10**2)
    assert union == ((inf, inf),)


def test_mvpf_shares_of_draws() -> None:
    paid = known("Program", {"federal": -1.0}, [1000.0], "")
    saved = Stream("Saved", {"federal": 1.0}, np.array([1000.0]), np.array([[100.0**2]]), 1, "")
    gain = Stream("Gain", {"participant": 1.0}, np.array([50.0]), np.array([[50.0**2]]), 1, "")
    made = Ledger((paid, saved, gain), frozenset({"Program"}), n=40_000)
    found = {v.valued: v for v in mvpf.values(made, GOVERNMENT)}
    # half of the draws pay for themselves; of all, Φ(1) = 0.841 gain
    assert found["earnings"].infinite == pytest.approx(0.5 * 0.8413, abs=0.01)
    assert found["earnings"].undefined == pytest.approx(0.5 * 0.1587, abs=0.01)
    assert found["least"].wtp == pytest.approx(10)
    assert found["cost"].wtp == 1000


@given(st.floats(-5000, 5000), st.floats(-5000, 5000), st.floats(1, 3000), st.floats(1, 3000))
def test_a_value_is_always_in_its_set(wtp: float, cost: float, sw: float, sc: float) -> None:
    try:
        value = mvpf.ratio(wtp, cost)
    except CannotAnswer:
        return
    pieces = mvpf.allowed(wtp, cost, sw**2, sc**2)
    near = 1e-6 * max(1.0, abs(value)) if math.isfinite(value) else 0.0
    assert any(low - near <= value <= high + near for low, high in pieces)


@pytest.mark.parametrize(("wtp", "cost"), [(3000, 4000), (2500, 900), (1500, -2000), (-1200, 700)])
def test_mvpf_sets_hold_the_truth(wtp: float, cost: float) -> None:
    """2,000 draws with errors of 600 and 500, correlation −0.5; 0.95 has an error of 0.005."""
    chance = np.random.default_rng(11)
    covariance = -0.5 * 600 * 500
    cov = np.array([[600.0**2, covariance], [covariance, 500.0**2]])
    truth, held = mvpf.ratio(wtp, cost), 0
    for w, c in chance.multivariate_normal([wtp, cost], cov, 2000):
        pieces = mvpf.allowed(w, c, 600.0**2, 500.0**2, covariance)
        held += any(low <= truth <= high for low, high in pieces)
    # "infinite" is one value for a whole range of costs, so it is held more often
    assert 0.93 <= held / 2000 <= (1.0 if truth == math.inf else 0.97)
