"""What must be true of any estimate of a randomised test."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rung.finding import Finding
from tests.learning.data import one, trial

ASKED: list[dict[str, Any]] = [
    {},
    {"se": "welch"},
    {"weights": "w"},
    {"adjust": "ancova", "covariates": ("x", "age")},
    {"adjust": "lin", "covariates": ("x", "age"), "se": "hc3"},
    {"adjust": "lin", "covariates": ("x", "site"), "weights": "w", "se": "classical"},
]
asked = st.sampled_from(ASKED)
seeds = st.integers(0, 10**6)
few = settings(max_examples=8, deadline=None)


def same(a: Finding, b: Finding, sign: float = 1.0, scale: float = 1.0) -> None:
    assert a.se is not None
    assert b.se is not None
    assert b.value == pytest.approx(sign * scale * a.value, rel=1e-7, abs=1e-9 * scale)
    assert b.se == pytest.approx(scale * a.se, rel=1e-8)
    assert b.p == pytest.approx(a.p, rel=1e-6)
    assert b.df == pytest.approx(a.df)


@few
@given(seeds, asked)
def test_swapping_the_arms_flips_the_sign(seed: int, how: dict[str, Any]) -> None:
    data = trial(seed=seed)
    same(one(data, **how), one(data, control="program", **how), sign=-1.0)


@few
@given(seeds, asked, st.floats(-1e4, 1e4))
def test_a_constant_added_to_the_outcome_changes_nothing(
    seed: int, how: dict[str, Any], constant: float
) -> None:
    data = trial(seed=seed)
    same(one(data, **how), one({**data, "y": [v + constant for v in data["y"]]}, **how))


@few
@given(seeds, asked, st.floats(1e-6, 1e6))
def test_rescaling_the_outcome_rescales_the_answer(
    seed: int, how: dict[str, Any], scale: float
) -> None:
    data = trial(seed=seed)
    same(one(data, **how), one({**data, "y": [v * scale for v in data["y"]]}, **how), scale=scale)


@few
@given(seeds, st.sampled_from(ASKED[3:]), st.floats(1e-5, 1e5), st.floats(-1e3, 1e3))
def test_rescaling_and_shifting_a_covariate_changes_nothing(
    seed: int, how: dict[str, Any], scale: float, shift: float
) -> None:
    data = trial(seed=seed)
    moved = [(v + shift) * scale for v in data["x"]]
    same(one(data, **how), one({**data, "x": moved}, **how))


@few
@given(seeds, asked, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(seed: int, how: dict[str, Any], random: Any) -> None:
    data = trial(seed=seed)
    order = list(range(len(data["y"])))
    random.shuffle(order)
    same(one(data, **how), one({c: [v[i] for i in order] for c, v in data.items()}, **how))


@few
@given(seeds, asked)
def test_the_order_of_covariates_does_not_matter(seed: int, how: dict[str, Any]) -> None:
    data = trial(seed=seed)
    turned = {**how, "covariates": tuple(reversed(how.get("covariates", ())))}
    same(one(data, **how), one(data, **turned))


@few
@given(seeds)
def test_equal_weights_are_no_weights(seed: int) -> None:
    data = trial(seed=seed)
    how: dict[str, Any] = {"adjust": "lin", "covariates": ("x",)}
    same(one(data, **how), one({**data, "w": [2.5] * 60}, weights="w", **how))


@few
@given(seeds)
def test_weights_estimate_as_repeats_do(seed: int) -> None:
    """Whole weights give the estimate of repeated rows; the spread counts people, not repeats."""
    data = trial(seed=seed)
    times = [1 + i % 3 for i in range(60)]
    repeated = {c: [v for v, k in zip(vs, times, strict=True) for _ in range(k)]
                for c, vs in data.items()}  # fmt: skip
    for how in ({}, {"adjust": "ancova", "covariates": ("x",)}):
        weighted = one({**data, "w": times}, weights="w", **how)
        assert weighted.value == pytest.approx(one(repeated, **how).value, rel=1e-9)
        assert weighted.counts.analysed == 60


@few
@given(seeds)
def test_what_stands_in_for_a_missing_covariate_does_not_matter(seed: int) -> None:
    """With its indicator, Lin's answer is the same whatever fills the gap (zhao2024)."""
    data = trial(seed=seed)
    gaps = [None if i % 7 == 0 else v for i, v in enumerate(data["x"])]
    filled = [999.0 if v is None else v for v in gaps]
    flag = [int(v is None) for v in gaps]
    missing = [arm for arm, v in zip(data["z"], gaps, strict=True) if v is None]
    assume(min(missing.count(arm) for arm in ("control", "program")) > 1)  # else it stands alone
    a = one({**data, "x": gaps}, adjust="lin", covariates=("x",))
    b = one({**data, "x": filled, "flag": flag}, adjust="lin", covariates=("x", "flag"))
    same(a, b)


def test_arms_far_apart_are_still_compared_exactly() -> None:
    """A balanced design in which half the answer cancels."""
    data: dict[str, Any] = {"z": ["control"] * 4 + ["program"] * 4, "y": [1.0, 2, 3, 4, 2, 3, 4, 6]}
    found = one(data)
    assert found.value == pytest.approx(1.25, rel=1e-15)
    # s² = 5/3 and 35/12, over four people each
    assert found.se == pytest.approx((5 / 12 + 35 / 48) ** 0.5, rel=1e-15)
