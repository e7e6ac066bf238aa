"""The charts of returns: who gains, and what the answer hangs on; also where values have no end."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from rung import cycle
from rung.finding import Finding, Table
from rung.share import charts
from rung.share.release import AnyAnswer, Outside, Released

EXAMPLES = Path(__file__).parents[2] / "docs" / "returns"
SVG = "{http://www.w3.org/2000/svg}"


def told(name: str, outside: bool = False) -> dict[str, Released[AnyAnswer]]:
    found = cycle.returns(EXAMPLES / f"{name}.toml", audience=Outside() if outside else None)
    return {r.answer.name: r for r in found if isinstance(r.answer, Table)}


def texts(svg: str) -> list[str]:
    return [e.text or "" for e in ET.fromstring(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize("width", [charts.WIDE, charts.NARROW])
@pytest.mark.parametrize("outside", [False, True])
@pytest.mark.parametrize("kind", ["returns", "tornado"])
def test_a_chart_fits_and_has_its_words(kind: str, outside: bool, width: int) -> None:
    released = told("riverbend", outside)[kind]
    svg = charts.svg(released, width)
    assert svg is not None
    assert svg == charts.svg(released, width)
    root = ET.fromstring(svg)
    assert float(root.get("width") or 0) == width
    assert charts.key(released)
    assert charts.describe(released, "es") != charts.describe(released, "en")


def test_the_tornado_has_a_row_a_setting_with_what_was_tried() -> None:
    released = told("riverbend")["tornado"]
    said = texts(charts.svg(released) or "")
    for row in released.answer.rows:  # type: ignore[union-attr]
        assert row["parameter"] in said
        assert row["tried"] in said
    bars = list(ET.fromstring(charts.svg(released) or "").iter(f"{SVG}path"))
    assert len(bars) >= 2 * len(released.answer.rows)  # type: ignore[union-attr]


def test_the_dots_are_of_net_worth_and_count_people_once() -> None:
    released = told("riverbend")["returns"]
    said = texts(charts.svg(released) or "")
    assert "$3,530 more" in said
    assert "412" in charts.describe(released)


@pytest.mark.parametrize("name", ["riverside-gain", "riverbend", "towards-employment"])
def test_values_without_end_are_drawn_or_left_to_words(name: str) -> None:
    for released in cycle.returns(EXAMPLES / f"{name}.toml"):
        svg = charts.svg(released)
        if svg is not None:
            assert "NaN" not in svg
            assert "Infinity" not in svg
            ET.fromstring(svg)
        elif isinstance(released.answer, Finding):
            assert released.answer.interval is None
