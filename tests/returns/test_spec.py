"""SPEC.toml: what is read, what is refused, and that everything wrong is told at once."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rung.errors import PlanError, RecordsError
from rung.returns.perspectives import net_present_value
from rung.returns.sensitivity import tornado, wider
from rung.returns.spec import Spec

EXAMPLES = sorted((Path(__file__).parents[2] / "docs" / "returns").glob("*.toml"))
BASE: dict[str, Any] = {
    "program": {"name": "Works", "people": 120, "dollar_year": 2024},
    "costs": [{"name": "Training", "paid_by": "funder", "per_year": [4000.0]}],
    "streams": [
        {
            "name": "Earnings",
            "accounts": "participant",
            "per_year": [-500.0, 1500.0, 1800.0],
            "se": [200.0, 400.0, 500.0],
        }
    ],
}


def made(**more: Any) -> Spec:
    return Spec.of({**BASE, **more})


def stream(**more: Any) -> dict[str, Any]:
    return {"streams": [{**BASE["streams"][0], **more}]}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_every_example_reads(path: Path) -> None:
    spec = Spec.read(path)
    assert spec.file.program.name
    assert spec.seed == Spec.read(path).seed


def wrong(given: Mapping[str, Any]) -> set[tuple[str | None, str | None, str]]:
    with pytest.raises(PlanError) as why:
        Spec.of(given)
    assert {p.code for p in why.value.problems} <= {"PLAN-spec", "PLAN-no-displacement"}
    return {(p.table, p.column, str(p.params.get("kind", ""))) for p in why.value.problems}


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"colour": 1}, ("[colour]", None, "there is no such setting")),
        (stream(coulour=1), ("[streams[1]]", "coulour", "there is no such setting")),
        (stream(per_year=["ZQX"]), ("[streams[1]]", "per_year[1]", "a number is needed")),
        (stream(per_year=[math.nan]), ("[streams[1]]", "per_year[1]", "a number is needed")),
        (stream(se=[1.0]), ("[streams[1]]", "se", None)),
        (stream(se=[1.0, -1.0, 1.0]), ("[streams[1]]", "se", None)),
        (stream(accounts="taxpayer"), ("[streams[1]]", "accounts", None)),
        (stream(observed=9), ("[streams[1]]", "observed", None)),
        (stream(covariance=[[1.0]]), ("[streams[1]]", "covariance", None)),
        (stream(name="Training"), ("[streams[1]]", "name", "the name stands twice")),
        ({"program": {"name": "Works", "people": 0}}, ("[program]", "people", None)),
        (
            {"program": {"name": "Works", "people": 0}},
            ("[program]", "dollar_year", "it is missing"),
        ),
        ({"rates": {"of": "Wages", "tax": 0.1}}, ("[rates]", "of", "no stream has this name")),
        ({"rates": {"tax": 0.1, "poverty": 90.0}}, ("[rates]", "poverty", None)),
        ({"rates": {"poverty": 900.0}}, ("[rates]", "poverty", None)),
        ({"rates": {"tax": 1.5}}, ("[rates]", "tax.government", None)),
        ({"persistence": {"of": ["Wages"], "years": 3}}, ("[persistence]", "of", None)),
        ({"mvpf": {"payers": ["taxpayer"]}}, ("[mvpf]", "payers[1]", None)),
        ({"draws": {"n": 5}}, ("[draws]", "n", None)),
        ({"wider": {}}, ("[wider]", None, "")),
        (
            {"costs": [{"name": "T", "paid_by": {"funder": 0.5, "state": 0.4}, "per_year": [1.0]}]},
            ("[costs[1]]", "paid_by", "the shares must be positive and add up to 1"),
        ),
        (
            {
                "wider": {
                    "displacement": {"value": 0.5, "low": 0.6, "high": 1.0, "source": "a guess"}
                }
            },
            ("[wider]", "displacement", None),
        ),
        (
            {
                "perspectives": {
                    "weights": {"elasticity": 1.0, "reference": 5e4, "income": {"me": 1e4}}
                }
            },
            ("[perspectives]", "weights.income", None),
        ),
    ],
)
def test_what_is_wrong_has_its_place(
    more: dict[str, Any], place: tuple[str, str | None, str | None]
) -> None:
    found = wrong({**BASE, **more})
    assert any(f[:2] == place[:2] and place[2] in (None, f[2]) for f in found), found


def test_everything_wrong_is_told_at_once() -> None:
    given = {
        **BASE,
        "costs": [{"name": "T", "paid_by": "funders", "per_year": []}],
        "discount": {"rate": "three"},
        "colour": "red",
    }
    assert {(t, c) for t, c, _ in wrong(given)} == {
        ("[costs[1]]", "paid_by"),
        ("[costs[1]]", "per_year"),
        ("[discount]", "rate"),
        ("[colour]", None),
    }


def test_nothing_of_a_value_is_told() -> None:
    with pytest.raises(PlanError) as why:
        Spec.of({**BASE, **stream(per_year=["ZQX123"], accounts="ZQX456")})
    assert "ZQX" not in str(why.value.to_json())


def test_a_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(RecordsError) as gone:
        Spec.read(tmp_path / "no.toml")
    assert gone.value.code == "REC-no-file"
    with pytest.raises(PlanError) as broken:
        Spec.parse("[program\nname = 1")
    assert broken.value.code == "PLAN-spec-toml"
    assert "line 1" in broken.value.problems[0].what("en")
    odd = tmp_path / "odd.toml"
    odd.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PlanError) as unread:
        Spec.read(odd)
    assert unread.value.code == "PLAN-spec-toml"
    with pytest.raises(PlanError):
        Spec.of({"program": BASE["program"]})  # nothing is paid and nothing is gained
    with pytest.raises(PlanError) as late:
        made(derived=[{"name": "x", "of": "y", "rate": 0.1, "accounts": "state"}])
    assert late.value.code == "PLAN-stream-parent"


def test_the_seed_is_of_the_question() -> None:
    assert made().seed == made().seed
    assert made().seed != made(discount={"rate": 0.05}).seed
    assert made(draws={"seed": 4}).seed == 4


def test_rates_of_earnings() -> None:
    spec = made(
        rates={"tax": {"federal": 0.1, "state": 0.03}, "fringe": 0.2, "benefits_lost": 0.05}
    )
    ledger = spec.ledger()
    gained = {a: ledger.flows(a).expected[1] for a in ("participant", "federal", "state")}
    # benefits_lost is government's without a level, entered under one of them
    assert gained["participant"] == pytest.approx(1500 * (1 - 0.1 - 0.03 + 0.2 - 0.05))
    assert gained["federal"] == pytest.approx(1500 * (0.1 + 0.05))
    assert spec.unsplit
    assert not made(rates={"tax": {"federal": 0.1}}).unsplit
    assert made(rates={"tax": 0.1}).unsplit


@pytest.mark.parametrize(
    ("poverty", "rate"),
    [(0.0, 0.142), (49.9, 0.142), (50.0, 0.235), (120.0, 0.338), (250.0, 0.325), (450.0, 0.335)],
)
def test_a_tax_by_the_poverty_line(poverty: float, rate: float) -> None:
    """CBO's effective marginal rates of 2016, without payroll tax."""
    by = {s.name: s for s in made(rates={"poverty": poverty}).streams()}
    assert by["Taxes"].estimate == pytest.approx(rate * by["Earnings"].estimate)
    assert "Tax rate" in {
        t.parameter for t in tornado(made(rates={"poverty": poverty}), "government")
    }


def test_persistence_is_of_what_it_names_and_a_scenario() -> None:
    stipend = {"name": "Stipend", "accounts": "participant", "per_year": [600.0]}
    spec = made(
        streams=[*BASE["streams"], stipend],
        rates={"tax": 0.1},
        persistence={"years": 2, "fades": 0.5},
    )
    by = {s.name: s for s in spec.streams()}
    assert by["Earnings"].estimate == pytest.approx([-500, 1500, 1800, 900, 450])
    assert by["Stipend"].estimate == pytest.approx([600])
    assert by["Taxes"].estimate == pytest.approx([-50, 150, 180, 90, 45])
    assert spec.ledger().observed == 3
    assert spec.scenario


def test_how_errors_go_together() -> None:
    assert made().open_rho
    assert not made(**stream(rho=0.3)).open_rho
    by = {r: made().ledger(rho=r, n=4000) for r in (0.0, 1.0)}
    assert net_present_value(by[0.0]).se < net_present_value(by[1.0]).se  # type: ignore[operator]
    fixed = made(**stream(rho=0.0))
    assert net_present_value(fixed.ledger(rho=1.0)) == net_present_value(fixed.ledger(rho=0.0))


def test_stars_become_errors() -> None:
    """Three stars: 0 < p < 0.01, so |estimate|/SE is over 2.576, and under 3.9 in nine of ten."""
    spec = made(**stream(se=None, stars=["", "***", "*"], per_year=[0.0, 1500.0, 1800.0]))
    se = next(s for s in spec.streams() if s.name == "Earnings").se
    assert se[0] == 0
    assert 1500 / 3.9 < se[1] < 1500 / 2.576
    assert 1800 / 1.96 < se[2] < 1800 / 1.645
    p = np.linspace(0.05, 0.1, 200_001)
    from scipy.special import ndtri

    exact = math.sqrt(np.mean((1800 / ndtri(1 - p / 2)) ** 2))
    assert se[2] == pytest.approx(exact, rel=2e-3)


def test_a_cost_of_another_year_comes_in_dollars_of_the_programs() -> None:
    from importlib.util import find_spec

    if find_spec("cpi") is None:
        pytest.skip("the price index is an optional part")
    cost = {"name": "Training", "paid_by": "funder", "per_year": [16158.0], "dollar_year": 1995}
    program = {**BASE["program"], "dollar_year": 2015}
    spec = made(program=program, costs=[cost])
    # CPI-U 152.4 in 1995, 237.017 in 2015
    assert spec.streams()[0].estimate[0] == pytest.approx(16158 * 237.017 / 152.4, rel=2e-4)


def test_tornado_has_the_widest_swing_first_and_both_ends_of_each() -> None:
    spec = made(rates={"tax": 0.142}, persistence={"years": 4})
    society = tornado(spec)
    swings = [abs(t.high - t.low) for t in society]
    assert swings == sorted(swings, reverse=True)
    assert {t.parameter for t in society} == {
        *("Earnings", "Discount rate", "Program cost", "Years the effect goes on"),
    }  # a tax is nobody's loss to society
    assert "Tax rate" in {t.parameter for t in tornado(spec, "government")}
    cost = next(t for t in society if t.parameter == "Program cost")
    assert cost.low - cost.high == pytest.approx(0.4 * 4000)
    now = net_present_value(spec.ledger()).value
    earnings = next(t for t in society if t.parameter == "Earnings")
    assert (earnings.low + earnings.high) / 2 == pytest.approx(now)
    sd = net_present_value(spec.ledger(n=60_000)).se
    assert earnings.high - earnings.low == pytest.approx(2 * 1.959964 * sd, rel=0.02)  # type: ignore[operator]


def test_the_wider_economy_by_hand() -> None:
    def number(value: float, low: float, high: float) -> dict[str, Any]:
        return {"value": value, "low": low, "high": high, "source": "made up"}

    spec = made(
        rates={"tax": 0.1},
        discount={"rate": 0.0},
        wider={
            "displacement": number(0.25, 0.0, 0.5),
            "spent": number(0.5, 0.4, 0.9),
            "multiplier": number(1.5, 1.0, 2.0),
            "downturn": {
                "pay_with": 30_000.0,
                "pay_without": 28_000.0,
                "lost_with": 0.05,
                "lost_without": 0.1,
                "source": "made up",
            },
        },
    )
    found = [(s.value, s.low, s.high) for s in wider(spec, spec.ledger())]
    added = 2800.0  # -500 + 1500 + 1800
    assert found[0] == pytest.approx((-700, -1400, 0))
    assert found[1] == pytest.approx((2100, 1400, 2800))
    assert found[2] == pytest.approx((280 - 70, 280 - 140, 280))
    assert found[3] == pytest.approx((-1200 - 700, -1200 - 1400, -1200))
    spent = 0.9 * added * np.array([0.75 * 0.5, 0.5 * 0.4, 1.0 * 0.9])
    assert found[4] == pytest.approx(tuple(spent))
    assert found[5] == pytest.approx((1.5 * spent[0], 1.0 * spent[1], 2.0 * spent[2]))
    assert [v for v, _, _ in found[6:]] == pytest.approx([-1500, -2800, 1300])


def test_the_page_names_every_setting() -> None:
    page = (EXAMPLES[0].parents[1] / "returns.md").read_text("utf-8")
    from rung.returns import settings

    parts = [p for p in vars(settings).values() if isinstance(p, type)]
    named = {f for p in parts for f in getattr(p, "model_fields", {})}
    assert len(named) > 30
    missing = {f for f in named if f"`{f}`" not in page and f"`[{f}]`" not in page}
    assert {f for f in missing if f"[[{f}]]" not in page and f".{f}]" not in page} == set()
    for block in page.split("```toml\n")[1:]:
        Spec.of(tomllib.loads(block.split("```")[0]))
