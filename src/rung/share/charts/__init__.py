"""Charts of released answers: SVG by Vega-Lite, without a network, the same every time.

    journey          bars from one baseline: reached, on the way (lighter), lost (the gap)
    journey by group, gap, forest, one estimate, one share      a dot and its range a row
    place-map        a state's counties, one hue; of the nation by county or by state too
    lorenz           a curve and its band under the straight line of equal shares
    costs            a bar a component, milestone, stage or arm, in dollars from zero
    returns          a dot and its range a perspective: what it is worth to whom
    tornado          a bar a setting, from the net worth at its low end to that at its high end
    ladder           the same rungs before and after, flows as wide as the people who moved
    retention        a line from the lowest to the highest share, a dot for those known

Two widths: WIDE for a page, NARROW for a phone, where labels stand above their row. Colours are
LOOK's; a style inside the SVG changes them for dark screens, so that a chart works alone. Data
marks carry text, never colour alone. What is hidden for privacy is hatched and says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rung.finding import Finding, Refusal, Table
from rung.messages import sentence
from rung.share import say
from rung.share.charts.bars import bars
from rung.share.charts.cliff import cliff
from rung.share.charts.costs import CHARTS as COSTS
from rung.share.charts.dots import axis_of, dots, finding_dots, table_dots
from rung.share.charts.frame import FONT as FONT
from rung.share.charts.frame import NARROW as NARROW
from rung.share.charts.frame import STYLE as STYLE
from rung.share.charts.frame import WIDE as WIDE
from rung.share.charts.frame import allowed as allowed
from rung.share.charts.frame import finish
from rung.share.charts.generations import CHARTS as GENERATIONS
from rung.share.charts.ladder import ladder
from rung.share.charts.lorenz import lorenz
from rung.share.charts.map import county_map, nation_map, state_map
from rung.share.charts.places import place_dots
from rung.share.charts.standards import CHARTS as STANDARDS
from rung.share.charts.tornado import tornado, worth
from rung.share.numbers import amount, change
from rung.share.release import AnyAnswer, Released


@dataclass(frozen=True)
class _Chart:
    """How a table of this name is drawn, and the sentence that says how to read its marks.

    `draw` gives None when words and a table tell it better. `form` picks the description:
    `chart.<form>`.
    """

    draw: Callable[[Table, int, str | None], str | None]
    key: str
    form: str = "dots"


def _journey(table: Table) -> _Chart:
    return _BARS if say.group_key(table) is None else _DOTS


_BARS, _DOTS = _Chart(bars, "bars", "bars"), _Chart(table_dots, "dots")
_TABLES = {
    "cliff": _Chart(cliff, "cliff", "cliff"),
    "gap": _DOTS,
    "forest": _DOTS,
    "ladder-groups": _DOTS,
    "retention": _Chart(table_dots, "bounds"),
    "returns": _Chart(worth, "worth", "worth"),
    "tornado": _Chart(tornado, "tornado", "tornado"),
    "lorenz": _Chart(lorenz, "lorenz", "lorenz"),
    **dict.fromkeys(("ladder-rungs", "ladder-kinds"), _Chart(ladder, "ladder", "ladder")),
    **{
        name: _Chart(draw, form, form)
        for name, (draw, form) in (GENERATIONS | STANDARDS | COSTS).items()
    },
    "place-map": _Chart(county_map, "map", "map"),
    "place-map-nation": _Chart(nation_map, "map-nation", "map-nation"),
    "place-map-states": _Chart(state_map, "map-nation", "map-states"),
    **dict.fromkeys(
        ("place-peers", "place-groups", "place-trend"), _Chart(place_dots, "places", "places")
    ),
}


def _of(answer: AnyAnswer) -> _Chart:
    if not isinstance(answer, Table):
        return _DOTS
    return _journey(answer) if answer.name == "journey" else _TABLES.get(answer.name, _NONE)


_COUNTED = (
    "lorenz",
    "ladder-rungs",
    "ladder-kinds",
    "churn-quarters",
    *("costs", "costs-per", "costs-stages"),
)  # a row is not a group of people
_NONE = _Chart(lambda _table, _width, _language: None, "dots")


def svg(
    released: Released[AnyAnswer], width: int = WIDE, language: str | None = None
) -> str | None:
    """The chart of an answer as SVG; None when words and a table tell it better."""
    answer = released.answer
    if isinstance(answer, Refusal):
        return None
    if isinstance(answer, Table):
        drawn = _of(answer).draw(answer, width, language)
    else:
        rows = finding_dots([answer], language)
        drawn = dots(rows, axis_of(answer, language), width, language) if rows else None
    return None if drawn is None else _finish(drawn, released, width, language)


def several(
    released: Sequence[Released[Finding]], width: int = WIDE, language: str | None = None
) -> str | None:
    """Several findings of one unit under one axis; None when they cannot stand under one."""
    findings = [r.answer for r in released]
    if not findings or len({f.estimand.unit for f in findings}) != 1:
        return None
    rows = finding_dots(findings, language)
    if not rows:
        return None
    drawn = dots(rows, axis_of(findings[0], language), width, language)
    return _finish(drawn, released[0], width, language)


def key(released: Released[AnyAnswer], language: str | None = None) -> str:
    """How to read the chart: what its marks are."""
    return sentence(f"chart.key-{_of(released.answer).key}", {}, language)


def describe(released: Released[AnyAnswer], language: str | None = None) -> str:
    """What the chart shows, in one sentence."""
    answer = released.answer
    told = say.headline(released, language).rstrip(".")
    n = _people(answer)
    parts = {"told": told, "n": f"{n:,}" if n else "", "range": _range_told(answer, language)}
    form = _of(answer).form
    if isinstance(answer, Finding) and answer.method.key.startswith("place"):
        form = "places-ranged" if parts["range"] else "places"
    elif form == "dots" and not parts["range"]:
        form = "dots-only"
    return sentence(f"chart.{form}", parts, language)


def _people(answer: AnyAnswer) -> int:
    if isinstance(answer, Finding):
        return answer.counts.analysed
    if isinstance(answer, Table) and answer.name.startswith("place-map"):
        return len(answer.rows)
    if isinstance(answer, Table) and answer.name in _COUNTED and answer.counts:
        return answer.counts.analysed  # a row is a step of the people
    if isinstance(answer, Table):
        column = {"journey": "entered", "retention": "due", "returns": "rests_on"}.get(
            answer.name, "n"
        )
        cells = [r.get(column) for r in (say.main_rows(answer) or answer.rows)]
        known = [c for c in cells if isinstance(c, int)]
        return sum(known) if column == "n" else max(known, default=0)
    return 0


def _range_told(answer: AnyAnswer, language: str | None) -> str:
    if not isinstance(answer, Finding) or answer.interval is None:
        return ""
    show = change if len(answer.parts) > 1 else amount
    ends = answer.interval
    if not (math.isfinite(ends.low) and math.isfinite(ends.high)):
        return ""
    unit = answer.estimand.unit
    given = {k: show(v, unit, language) for k, v in (("low", ends.low), ("high", ends.high))}
    return sentence("label.range", given, language)


def _finish(drawn: str, released: Released[AnyAnswer], width: int, language: str | None) -> str:
    title, told = say.headline(released, language), describe(released, language)
    return finish(drawn, released.answer.id, width, title, told)
