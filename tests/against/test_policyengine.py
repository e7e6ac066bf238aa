"""The built-in model against PolicyEngine-US, a dollar at most apart where the rules are the same.

policyengine/make.py and make_states.py made the values: see policyengine/versions.txt. SNAP is
that of September, in every state and DC. Where the two differ, docs/disagreements.md says who is
right.
"""

from __future__ import annotations

import csv
import json
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rung.returns.household import federal, full, states
from rung.returns.household.family import Family
from rung.returns.household.parameters import YEARS

FOLDER = Path(__file__).parent / "policyengine"
CLOSE = 1.0  # dollars a year
FAMILIES: dict[str, dict[str, Any]] = json.loads((FOLDER / "families.json").read_text("utf-8"))
STATES: dict[str, dict[str, Any]] = json.loads((FOLDER / "states.json").read_text("utf-8"))


@cache
def expected() -> dict[tuple[str, int], dict[str, list[float]]]:
    found: dict[tuple[str, int], dict[str, list[float]]] = {}
    with (FOLDER / "expected.csv").open() as f:
        for row in csv.DictReader(f):
            lines = found.setdefault((row.pop("family"), int(row.pop("year"))), {})
            for name, value in row.items():
                lines.setdefault(name, []).append(float(value))
    return found


def family(name: str) -> Family:
    return family_of(FAMILIES[name])


def family_of(asked: dict[str, Any]) -> Family:
    return Family(
        asked["state"],
        adults=len(asked["adults"]),
        children=len(asked["ages"]),
        ages=tuple(asked["ages"]),
        married=asked["married"],
        rent=asked["rent"] / 12,
        childcare=asked["childcare"] / 12,
        partner_earnings=sum(asked["adults"][1:]),
        utilities=asked.get("utilities", False),
    )


@pytest.mark.parametrize("year", sorted(YEARS))
@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_taxes_and_credits_agree(name: str, year: int) -> None:
    theirs = expected()[name, year]
    ours = federal.components(family(name), np.array(theirs["earnings"]), YEARS[year])
    for part in ("payroll_tax", "income_tax", "care_credit", "child_credit", "eitc"):
        apart = np.abs(ours[part] - np.array(theirs[part]))
        assert apart.max() <= CLOSE, (part, theirs["earnings"][int(apart.argmax())], apart.max())


@pytest.mark.parametrize("year", sorted(YEARS))
@pytest.mark.parametrize("name", sorted(n for n in FAMILIES if "idle" not in n))
def test_snap_agrees_at_every_wage(name: str, year: int) -> None:
    theirs = expected()[name, year]
    wages = np.array(theirs["earnings"])
    ours = federal.components(family(name), wages, YEARS[year])["snap"]
    apart = np.abs(ours - np.array(theirs["snap"]))
    assert apart.max() <= CLOSE, (wages[int(apart.argmax())], apart.max())


def test_snap_agrees_in_every_state_at_every_wage() -> None:
    """Four families, two years, 121 wages; Hawaii's allowances go bill by bill and are not ours."""
    seen = 0
    with (FOLDER / "states.csv").open() as f:
        for row in csv.DictReader(f):
            name, year, state = row.pop("family"), int(row.pop("year")), row.pop("state")
            asked = STATES[name] | {"state": state}
            if state in states.NO_ALLOWANCE:
                asked["utilities"] = False
            wages = np.array([float(wage) for wage in row])
            ours = federal.components(family_of(asked), wages, YEARS[year])["snap"]
            apart = np.abs(ours - 12 * np.array([float(v) for v in row.values()]))
            assert apart.max() <= CLOSE, (name, year, state, wages[int(apart.argmax())])
            seen += 1
    assert seen == len(STATES) * len(YEARS) * 51


@pytest.mark.deep
def test_the_full_model_gives_the_pinned_values() -> None:
    python = full.interpreter()
    if python is None or shutil.which(python) is None:
        pytest.skip("policyengine-us is not installed; RUNG_POLICYENGINE names where it is")
    for name in ("one-2-MS", "two-2-KS"):
        theirs = expected()[name, 2026]
        reply = full.ask(family(name), 2026, 0, 90_000, 61)
        for part in ("earnings", "payroll_tax", "income_tax", "child_credit", "eitc", "snap"):
            assert np.abs(reply.parts[part] - np.array(theirs[part])).max() <= CLOSE, part


@pytest.mark.deep
def test_help_ends_as_earnings_rise_by_the_full_model() -> None:
    python = full.interpreter()
    if python is None or shutil.which(python) is None:
        pytest.skip("policyengine-us is not installed; RUNG_POLICYENGINE names where it is")
    helped = Family(
        "NY", children=2, ages=(4, 7), rent=1_200, childcare=800,
        has=frozenset({"medicaid", "childcare", "housing", "tanf"}),
    )  # fmt: skip
    reply = full.ask(helped, 2026, 10_000, 90_000, 81)
    for part in ("tanf", "housing", "child_care", "snap", "eitc"):
        line = reply.parts[part]
        assert line.max() > 500, part
        assert line[-1] < line.max() / 2 or part == "child_care", part
    assert reply.covered[0] == 3
    assert (reply.parts["health_premium"] <= 0).all()


def test_an_idle_adult_without_children_is_where_work_rules_differ() -> None:
    """PolicyEngine leaves them out of SNAP; the built-in model has no work rules, and says so."""
    theirs = expected()["two-idle-WY", 2026]["snap"][0]
    idle = federal.components(family("two-idle-WY"), np.array([0.0]), YEARS[2026])["snap"][0]
    assert (idle, theirs) == (12 * 546, 12 * 298)
