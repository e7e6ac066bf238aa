"""Charts are pure functions of released answers: same bytes, readable, named."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import altair
import pytest
import vl_convert

from rung.finding import Interval
from rung.share import charts
from rung.share.release import AnyAnswer, Inside, Outside, release
from tests.share import examples

SVG = "{http://www.w3.org/2000/svg}"
GROUPS = {"women": (180, 120, 70), "men": (110, 60, 30), "other": (12, 5, 1)}
DRAWN: list[AnyAnswer] = [
    examples.journey(),
    examples.journey(GROUPS),
    examples.gap({"women": (180, 90), "men": (110, 50), "<other> & 'more'": (12, 2)}),
    examples.forest(),
    examples.difference(1794.34, 550.57, 3038.11),
    examples.level(151, 412),
]


def texts(svg: str) -> list[str]:
    return [e.text or "" for e in ET.fromstring(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize("answer", DRAWN)
@pytest.mark.parametrize("width", [charts.WIDE, charts.NARROW])
def test_a_chart_is_named_and_the_same_every_time(answer: AnyAnswer, width: int) -> None:
    (released,) = release([answer], Outside())
    svg = charts.svg(released, width)
    assert svg is not None
    assert svg == charts.svg(released, width)
    root = ET.fromstring(svg)
    assert root.get("role") == "img"
    assert float(root.get("width") or 0) == width
    ids = (root.get("aria-labelledby") or "").split()
    named = [e for e in root.iter() if e.get("id") in ids]
    assert [e.tag for e in named] == [f"{SVG}title", f"{SVG}desc"]
    assert all(e.text for e in named)
    assert svg.count("role=") == 1
    assert not re.search(r"https?://(?!www\.w3\.org)", svg)
    assert "<script" not in svg
    assert "system-ui" in svg


def test_bars_show_counts_and_shares_of_the_first_milestone() -> None:
    svg = charts.svg(release([examples.journey()], Inside())[0])
    said = texts(svg or "")
    assert {"Completed", "151", "174"} <= set(said)
    assert "37\N{NO-BREAK SPACE}%" in said


def test_young_cohorts_have_no_percentages() -> None:
    table = examples.journey()
    blank = {"rate": None, "low": None, "high": None, "entered": 0, "reached": 0}
    young = replace(table, rows=tuple({**r, **blank} for r in table.rows))
    svg = charts.svg(release([young], Inside())[0])
    assert svg is not None
    assert "%" not in "".join(texts(svg))
    assert "151" in texts(svg)


def test_what_is_hidden_is_hatched_and_says_so() -> None:
    svg = charts.svg(release([examples.gap({k: v[:2] for k, v in GROUPS.items()})], Inside())[0])
    assert "url(#" not in (svg or "")
    table = examples.gap({"women": (180, 90), "men": (110, 50), "other": (12, 2)})
    svg = charts.svg(release([table], Outside())[0])
    assert (svg or "").count('fill="url(#') == 2
    assert texts(svg or "").count("too few to publish") == 2


def test_refusals_and_arms_have_no_chart() -> None:
    for answer in (examples.refusal(), examples.arms()):
        assert charts.svg(release([answer], Outside())[0]) is None


def test_unbounded_ranges_draw() -> None:
    made = examples.difference(5.0, 1.0, 9.0)
    open_ended = replace(made, interval=Interval(((1.0, math.inf),), 0.95))
    assert charts.svg(release([open_ended], Inside())[0])


def test_several_findings_share_an_axis_when_their_unit_is_the_same() -> None:
    two = release([examples.difference(5, 1, 9), examples.difference(7, 2, 9)], Inside())
    assert charts.several(two) is not None  # type: ignore[arg-type]
    mixed = release([examples.difference(5, 1, 9), examples.level(3, 40)], Inside())
    assert charts.several(mixed) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("answer", DRAWN)
def test_a_description_is_one_line_with_its_n(answer: AnyAnswer) -> None:
    told = charts.describe(release([answer], Outside())[0])
    assert "\n" not in told
    assert re.search(r"[\d,]+ people counted\.$", told)


def test_specs_are_vega_lite(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every spec we draw validates against altair's copy of the Vega-Lite schema."""
    seen: list[dict[str, Any]] = []

    def keep(spec: str) -> str:
        seen.append(json.loads(spec))
        return '<svg viewBox="0 0 1 1"></svg>'

    monkeypatch.setattr(vl_convert, "vegalite_to_svg", keep)
    for answer in DRAWN:
        charts.svg(release([answer], Outside())[0])
    assert len(seen) == len(DRAWN)
    for spec in seen:
        altair.Chart.from_dict(spec)


def test_a_long_label_wraps_on_a_phone_where_it_was_cut() -> None:
    long = "household income rank of children whose parents stood at percentile 25"
    made = examples.level(111, 412, outcome=long)
    drawn = charts.svg(release([made], Inside())[0], charts.NARROW)
    assert drawn is not None
    body = drawn.split("</desc>")[1]
    assert "…" not in body
    assert "household income rank" in body
    assert "percentile 25" in body
