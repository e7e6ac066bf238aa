"""Charts of costs: bars from zero with their dollars, hidden rows, rows of nobody."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from rung import cycle
from rung.finding import Table
from rung.records.simulate import provider
from rung.returns.costs import Written
from rung.share import charts
from rung.share.release import AnyAnswer, Outside, Released, release
from tests.share.test_returns_charts import texts

SHEET = """ingredient,component,stage,quantity,price,in_kind
Teachers,Training,enrolled,1200,60,
Mentors,Coaching,placed,300,30,yes
Rent,Facilities,,12,8000,
"""
NAMES = ("costs", "costs-per", "costs-stages", "costs-arms")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, dict[str, Released[AnyAnswer]]]:
    folder = tmp_path_factory.mktemp("costs") / "lab"
    provider(folder, people=400, seed=4)
    lab = cycle.open_lab(folder)
    return {
        outside: {
            r.answer.name: r
            for r in cycle.costs(
                lab, Written(SHEET, "costs.csv"), arm="gender", control="Women",
                audience=Outside() if outside else None,
            )
            if isinstance(r.answer, Table)
        }
        for outside in (False, True)
    }  # fmt: skip


@pytest.mark.parametrize("width", [charts.WIDE, charts.NARROW])
@pytest.mark.parametrize("outside", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_a_chart_fits_begins_at_zero_and_has_its_words(
    told: dict[bool, dict[str, Released[AnyAnswer]]], name: str, outside: bool, width: int
) -> None:
    released = told[outside][name]
    svg = charts.svg(released, width) or ""
    assert svg == charts.svg(released, width)
    assert float(ET.fromstring(svg).get("width") or 0) == width
    assert "$0" in texts(svg)
    assert "400" in charts.describe(released) or name == "costs-arms"
    assert charts.describe(released, "es") != charts.describe(released, "en")
    assert charts.key(released, "es") != charts.key(released, "en")


def test_a_bar_ends_at_its_dollars_and_what_was_given_is_softer(
    told: dict[bool, dict[str, Released[AnyAnswer]]],
) -> None:
    said = texts(charts.svg(told[False]["costs"]) or "")
    assert {"Training", "$72,000", "Coaching", "$9,000", "Facilities", "$96,000"} <= set(said)
    svg = charts.svg(told[False]["costs"]) or ""
    assert svg.count("#a5bedb") >= 2  # the marks, and the rule that turns them for the dark


def test_what_is_hidden_is_hatched_and_names_no_dollars(
    told: dict[bool, dict[str, Released[AnyAnswer]]],
) -> None:
    inside, outside = (texts(charts.svg(told[o]["costs-arms"]) or "") for o in (False, True))
    assert "too few to publish" in outside
    assert "too few to publish" not in inside
    assert len([t for t in outside if t.startswith("$")]) < len(
        [t for t in inside if t.startswith("$")]
    )


def test_letters_that_no_chart_can_hold_are_left_out(tmp_path: Path) -> None:
    provider(tmp_path / "lab", people=30, seed=2)
    sheet = Written("ingredient,quantity,price,component\nA,1,5,Ren\x00t\x1b\ufffe\n", "costs.csv")
    found = cycle.costs(cycle.open_lab(tmp_path / "lab"), sheet)
    table = next(r for r in found if r.answer.kind == "table" and r.answer.name == "costs")
    assert "Rent" in texts(charts.svg(table) or "")


def test_a_milestone_of_nobody_has_no_bar(
    told: dict[bool, dict[str, Released[AnyAnswer]]],
) -> None:
    released = told[False]["costs-per"]
    table = released.answer
    assert isinstance(table, Table)
    nobody = {**table.rows[-1], "n": 0, "cost_each": None}
    (made,) = release([replace(table, rows=(*table.rows[:-1], nobody))], released.audience)
    svg = charts.svg(made)
    assert "nobody so far" in texts(svg or "")
