"""The surrogate index: what it recovers, how often its range holds, what it refuses."""

from __future__ import annotations

import json
from math import sqrt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from typer.testing import CliRunner

from rung import cycle
from rung.cli.app import app
from rung.errors import CannotAnswer, PlanError
from rung.finding import Estimand, Finding, Table
from rung.returns.surrogate import Index, Surrogate, answers, fit
from rung.share import say
from rung.share.release import Inside, Outside, release

Array = NDArray[np.float64]
QUARTERS, SEEN = 36, 6
WHEN = [Surrogate(f"quarter {q}", month=3.0 * q) for q in range(1, SEEN + 1)]


def careers(n: int, offered: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """(n,) easy to place or not; (n, 36) at work or not, quarter by quarter.

    Work leads to work: who is at work stays so with 0.45 more chance than others find it. The
    offer brings people to a job sooner for six quarters and does nothing after, so it reaches the
    later quarters through the sixth alone: surrogacy holds, and the early gap fades.
    """
    easy = (rng.random(n) < 0.4).astype(float)
    work = np.zeros((n, QUARTERS))
    before = rng.random(n) < 0.2
    for q in range(QUARTERS):
        finds = 0.10 + 0.15 * easy + 0.10 * offered * (q < SEEN)
        before = rng.random(n) < finds + 0.55 * before
        work[:, q] = before
    return easy, work


def foretold(n: int, m: int, rng: np.random.Generator) -> tuple[Index, float, float]:
    """The index, the early gap, and the gap over all 36 quarters, of one experiment."""
    arm = rng.random(n) < 0.5
    easy, work = careers(n, arm.astype(float), rng)
    known, past = careers(m, np.zeros(m), rng)
    made = fit(
        arm,
        [*work[:, :SEEN].T, easy],
        past.mean(axis=1),
        [*past[:, :SEEN].T, known],
        surrogates=WHEN,
        covariates=["easy to place"],
        training_ends=0,
    )
    gap = work[arm].mean(axis=0) - work[~arm].mean(axis=0)
    return made, float(gap[:SEEN].mean()), float(gap.mean())


def test_early_quarters_alone_more_than_double_the_effect_and_the_index_does_not() -> None:
    """As Athey and others found for Riverside GAIN: six quarters alone told twice as much."""
    made, naive, truth = foretold(400_000, 400_000, np.random.default_rng(12))
    assert truth > 0.02
    assert naive > 2 * truth
    assert made.value == pytest.approx(truth, abs=0.003)
    assert made.se < 0.001


@pytest.mark.parametrize("worlds", [1_500, pytest.param(20_000, marks=pytest.mark.deep)])
def test_the_range_holds_as_often_as_it_says(worlds: int) -> None:
    """Coverage of 95 % ranges in small samples, the fit's error as large as the arms'."""
    rng = np.random.default_rng(5)
    b, effect = np.array([2.0, -1.0, 0.5]), np.array([0.4, 0.0, 0.0])
    held, z = 0, 1.959963984540054
    for _ in range(worlds):
        there, here, arm = rng.normal(size=(60, 3)), rng.normal(size=(80, 3)), np.arange(80) < 40
        here[arm] += effect
        y = there @ b + rng.normal(size=60) * (1 + 2 * np.abs(there[:, 0]))  # unequal spread
        made = fit(arm, list(here.T), y, list(there.T), surrogates=WHEN[:3], training_ends=1)
        held += abs(made.value - effect @ b) <= z * made.se
    # normal quantiles in samples of 40 to 80: a little under 95 is allowed
    assert 0.93 - 3 * sqrt(0.05 * 0.95 / worlds) < held / worlds < 0.965


def test_leaving_the_fits_error_out_would_be_too_sure() -> None:
    made, _, _ = foretold(4_000, 400, np.random.default_rng(3))
    assert made.se > made.se_arms
    assert made.se == pytest.approx(np.hypot(made.se_arms, made.se_index))


@given(st.integers(0, 10_000), st.floats(0.01, 1e4), st.floats(-1e4, 1e4))
def test_units_swaps_and_order_do_as_they_must(seed: int, scale: float, shift: float) -> None:
    rng = np.random.default_rng(seed)
    here, there, y = rng.normal(size=(50, 2)), rng.normal(size=(70, 2)), rng.normal(size=70)
    arm = rng.permutation(50) < 25
    names = {"surrogates": WHEN[:2], "training_ends": 1.0}
    one = fit(arm, list(here.T), y, list(there.T), **names)  # type: ignore[arg-type]
    # the outcome in other units
    more = fit(arm, list(here.T), shift + scale * y, list(there.T), **names)  # type: ignore[arg-type]
    assert more.value == pytest.approx(scale * one.value, rel=1e-6, abs=1e-9 * (scale + abs(shift)))
    assert more.se == pytest.approx(scale * one.se, rel=1e-6)
    # a surrogate in other units, in both samples
    turned = fit(arm, list((shift + scale * here).T), y, list((shift + scale * there).T), **names)  # type: ignore[arg-type]
    assert turned.value == pytest.approx(one.value, rel=1e-5, abs=1e-7)
    assert turned.se == pytest.approx(one.se, rel=1e-5)
    # arms swapped; rows in another order
    swapped = fit(~arm, list(here.T), y, list(there.T), **names)  # type: ignore[arg-type]
    assert (swapped.value, swapped.se) == pytest.approx((-one.value, one.se))
    o, p = rng.permutation(50), rng.permutation(70)
    mixed = fit(arm[o], list(here[o].T), y[p], list(there[p].T), **names)  # type: ignore[arg-type]
    assert (mixed.value, mixed.se) == pytest.approx((one.value, one.se))


def example(**change: object) -> Index:
    rng = np.random.default_rng(1)
    here, there = rng.normal(size=(2, 200)), rng.normal(size=(2, 300))
    asked = {
        "treated": np.arange(200) < 100,
        "experiment": list(here),
        "outcome": 500 * there[0] + rng.normal(size=300),
        "comparison": list(there),
        "surrogates": [Surrogate("pay", 18.0)],
        "covariates": ["age"],
        "training_ends": 12.0,
    }
    return fit(**{**asked, **change})


def test_people_with_a_missing_value_are_left_out_and_counted() -> None:
    rng = np.random.default_rng(1)
    here, there = rng.normal(size=(2, 200)), rng.normal(size=(2, 300))
    here[0, :7], there[1, :5] = np.nan, np.nan
    made = example(experiment=list(here), comparison=list(there))
    assert made.missing == (7, 5)
    assert (made.people, made.fitted_on) == ((93, 100), 295)


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("PLAN-surrogate-early", {"training_ends": 18.0}),
        ("PLAN-surrogate-rows", {"surrogates": []}),
        ("PLAN-surrogate-rows", {"covariates": ["age", "schooling"]}),
        ("PLAN-surrogate-rows", {"outcome": np.zeros(299)}),
        ("ANS-surrogate-few", {"treated": np.arange(200) < 1}),
        ("ANS-surrogate-collinear", {"comparison": [np.ones(300), np.arange(300.0)]}),
        ("ANS-surrogate-collinear", {"comparison": [np.arange(300.0), 2 * np.arange(300.0)]}),
        ("ANS-surrogate-unlike", {"experiment": [np.full(200, 99.0), np.zeros(200)]}),
    ],
)
def test_what_cannot_be_foretold_is_told(code: str, change: dict[str, object]) -> None:
    with pytest.raises((PlanError, CannotAnswer)) as told:
        example(**change)
    assert told.value.code == code


QUESTION = Estimand(
    outcome="earnings in year 5",
    unit="dollars",
    population="people who entered in 2024",
    contrast="offered the program or not",
    summary="difference in means",
    horizon="5 years after entry",
)


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_answers_say_what_the_range_leaves_out(language: str) -> None:
    told = answers(example(), QUESTION, surrogates=[Surrogate("pay", 18.0)])
    found, alike = told
    assert isinstance(found, Finding)
    assert isinstance(alike, Table)
    assert found.strength == "compared"
    assert found.interval is not None
    assert found.se is not None
    assert found.interval.high - found.interval.low == pytest.approx(
        2 * 1.959964 * found.se, rel=1e-5
    )
    assert "surrogate-se" in {note.code for note in found.caveats}
    for audience in (Inside(), Outside()):
        for released in release(told, audience):
            assert say.words(released, language)
            assert all(say.caveats(released, language)) or released.answer.kind == "table"
    assert alike.column("column") == ("pay", "age")


# -- the verb

FOLDER = Path(__file__).parents[1] / "against" / "surrogate"
ASKED = {
    "outcome": "y",
    "surrogates": [Surrogate("s1", 18), Surrogate("s2", 24)],
    "covariates": ["x"],
    "training_ends": 12,
    "arm": "treated",
    "control": "0",
}


def foretell(**change: object) -> cycle.Outcome:
    files = FOLDER / "experiment.csv", FOLDER / "comparison.csv"
    return cycle.foretell(*files, **{**ASKED, **change})  # type: ignore[arg-type]


def test_files_give_what_arrays_give() -> None:
    found = foretell()[0].answer
    assert isinstance(found, Finding)
    assert found.value == pytest.approx(568.813196982752)
    assert found.counts.by_group == {
        "people offered the program": 50,
        "people not offered it": 70,
        "people compared with": 160,
    }


def test_a_blank_cell_is_a_missing_value(tmp_path: Path) -> None:
    lines = (FOLDER / "experiment.csv").read_text().splitlines()
    cells = lines[1].split(",")
    (tmp_path / "e.csv").write_text("\n".join([lines[0], ",".join(["", *cells[1:]]), *lines[2:]]))
    made = cycle.foretell(tmp_path / "e.csv", FOLDER / "comparison.csv", **ASKED)  # type: ignore[arg-type]
    found = made[0].answer
    assert isinstance(found, Finding)
    assert found.counts.excluded[0].n == 1


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("PLAN-no-column", {"outcome": "pay"}),
        ("PLAN-no-control", {"control": "nobody"}),
        ("PLAN-surrogate-early", {"training_ends": 20}),
        ("PLAN-level", {"level": 1.0}),
    ],
)
def test_files_that_do_not_fit_are_told(code: str, change: dict[str, object]) -> None:
    with pytest.raises(PlanError) as told:
        foretell(**change)
    assert told.value.code == code


def test_the_verb_prints_one_document() -> None:
    asked = ["surrogate", str(FOLDER / "experiment.csv"), str(FOLDER / "comparison.csv")]
    asked += ["--outcome", "y", "--early", "s1=18,s2=24", "--training-ends", "12"]
    asked += ["--arm", "treated", "--control", "0"]
    run = CliRunner()
    assert json.loads(run.invoke(app, [*asked, "--json"]).stdout)["verb"] == "surrogate"
    assert run.invoke(app, [*asked, "--outside", "--language", "es"]).exit_code == 0
    wrong = ["18" if a == "s1=18,s2=24" else a for a in asked]
    assert run.invoke(app, wrong).exit_code == 2
