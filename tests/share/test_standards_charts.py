"""Charts of the standards: a dot and its range a rate, a bar of quarters by pay a window."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from rung.discovery.indicators import _COLUMNS
from rung.finding import Cell, Column, Counts, Dimension, Estimand, Method, Note, Table
from rung.share import charts
from rung.share.release import Inside, Outside, release
from rung.stats.intervals import wilson
from tests.share.test_charts import texts

NARROW = "\N{NO-BREAK SPACE}"
METHOD = Method("funders", (Note("funder-several"),), ("tac1701",))


def table(name: str, columns: tuple[Column, ...], rows: list[dict[str, Cell]], by: str) -> Table:
    dimension = (Dimension(by, True, "everyone"),) if by else ()
    return Table(
        name=name,
        estimand=Estimand("Reports", "share", "everyone", "", "share", "PY2024Q4"),
        columns=columns, rows=tuple(rows), dimensions=dimension, method=METHOD,
        counts=Counts(90), level=0.95,
    )  # fmt: skip


def wioa() -> Table:
    rows: list[dict[str, Cell]] = []
    for indicator in ("were employed in the 2nd quarter after exit", "made a gain", "median pay"):
        for level, x, n in (("everyone", 60, 90), ("Women", 40, 55), ("Men", 20, 35)):
            row: dict[str, Cell] = {"gender": level, "indicator": indicator}
            row |= dict.fromkeys((c.name for c in _COLUMNS[1:]), None)
            row |= {"n": n}
            if indicator != "median pay":
                low, high = wilson(x, n, 0.95)
                row |= {"x": x, "rate": x / n, "low": low, "high": high}
            else:
                row["median"] = 5000.0
            rows.append(row)
    return table("wioa", (Column("gender", "key", "text"), *_COLUMNS), rows, "gender")


def funders(hidden: bool = False) -> Table:
    columns = (
        Column("definition", "key", "text"), Column("n", "denominator", "people"),
        Column("x", "numerator", "people"), Column("rate", "value", "share", of=("x", "n")),
        Column("only_here", "count", "people"), Column("not_here", "count", "people"),
    )  # fmt: skip
    rows: list[dict[str, Cell]] = [
        {"definition": "Rung", "n": 80, "x": 40, "rate": 0.5, "only_here": None, "not_here": None},
        {"definition": "Harbor (1)", "n": 60, "x": 39 if hidden else 45,
         "rate": (39 if hidden else 45) / 60, "only_here": 0 if hidden else 9,
         "not_here": 1 if hidden else 4},
    ]  # fmt: skip
    return table("funders", columns, rows, "")


def pay() -> Table:
    columns = (
        Column("when", "key", "text"), Column("n", "denominator", "people"),
        Column("ever_above", "numerator", "people"), Column("quarters_above", "value"),
        Column("quarters_low", "value"), Column("quarters_none", "value"),
    )  # fmt: skip
    rows: list[dict[str, Cell]] = [
        {"when": "8 quarters before entry", "n": 90, "ever_above": 30, "quarters_above": 1.5,
         "quarters_low": 4.0, "quarters_none": 2.5},
        {"when": "8 quarters after exit", "n": 90, "ever_above": 60, "quarters_above": 5.0,
         "quarters_low": 2.9, "quarters_none": 0.1},
    ]  # fmt: skip
    return table("churn-quarters", columns, rows, "")


@pytest.mark.parametrize("made", [wioa(), funders(), pay()], ids=lambda t: t.name)
@pytest.mark.parametrize("width", [charts.WIDE, charts.NARROW])
def test_they_draw_at_both_widths_the_same_every_time(made: Table, width: int) -> None:
    for audience in (Inside(), Outside()):
        (released,) = release([made], audience)
        svg = charts.svg(released, width)
        assert svg is not None
        assert svg == charts.svg(released, width)
        assert ET.fromstring(svg).get("role") == "img"
        for language in ("en", "es"):
            assert charts.key(released, language)
            assert "\n" not in charts.describe(released, language)


def test_indicators_have_their_rates_under_headings_and_no_median() -> None:
    said = texts(charts.svg(release([wioa()], Inside())[0]) or "")
    assert {"made a gain", "Women", f"73{NARROW}%", f"57{NARROW}%"} <= set(said)
    assert said.count("everyone") == 2, "a median is no share"
    assert any(t.startswith("were employed in the 2nd quarter after exit") for t in said)


def test_a_rate_made_again_for_outside_keeps_its_range() -> None:
    (released,) = release([wioa()], Outside())
    assert isinstance(released.answer, Table)
    row = released.answer.rows[1]
    low, high = wilson(40, 55, 0.95)
    assert float(row["low"] or 0) <= low <= high <= float(row["high"] or 0)


def test_a_definition_that_is_too_close_is_hatched() -> None:
    said = texts(charts.svg(release([funders(hidden=True)], Outside())[0]) or "")
    assert "too few to publish" in said
    assert f"65{NARROW}%" not in said


def test_quarters_stand_side_by_side() -> None:
    svg = charts.svg(release([pay()], Inside())[0]) or ""
    said = texts(svg)
    assert {"1.5", "4.0", "2.5", "5.0", "2.9"} <= set(said)
    assert "0.1" not in said, "no room to say it in the bar"
    assert len(re.findall(r"8 quarters (?:before|after)", svg)) >= 2
