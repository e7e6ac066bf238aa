"""Two generations: mean ranks along a fitted line, the fifths as a square, groups as dots."""

from __future__ import annotations

from typing import Any

from rung.finding import Table
from rung.messages import sentence, word
from rung.share.charts.dots import _Axis, _Dot, dots
from rung.share.charts.frame import (
    ACCENT,
    AXIS,
    GREY,
    HATCH,
    INK,
    LIGHTER,
    LINE,
    base,
    draw,
    number,
)
from rung.share.numbers import amount, percent

_FIFTHS = 5


def mean_ranks(table: Table, width: int, language: str | None) -> str | None:
    """A dot and its range a cell of parents' ranks, with the fitted line; None when all is hidden.

    A dot stands in the middle of its cell.
    """
    half = 50 / len(table.rows) if len(table.rows) > 1 else 0.0
    rows = [
        {
            "parents": (number(r["percentile"]) or 0.0) - half,
            "children": number(r["mean_rank"]),
            "low": number(r.get("low")),
            "high": number(r.get("high")),
            "line": number(r["fitted_rank"]),
        }
        for r in table.rows
    ]
    if all(r["children"] is None for r in rows):
        return None
    side = min(width - 72, 440)
    spec = base(side + 72, side, 56, 16, 48)
    scale = {"domain": [0, 100], "nice": False, "clamp": True}
    axis = {"axis": _hundredths("parents-rank", language), "scale": scale}
    x = {"field": "parents", "type": "quantitative", **axis}
    y: dict[str, Any] = {"type": "quantitative", "scale": scale}
    y["axis"] = _hundredths("children-rank", language)
    ranged = "isValid(datum.low) && isValid(datum.children)"
    spec["data"] = {"values": rows}
    spec["layer"] = [
        {
            "transform": [{"filter": ranged}],
            "mark": {"type": "rule", "color": LIGHTER, "strokeWidth": 2},
            "encoding": {"x": x, "y": {"field": "low", **y}, "y2": {"field": "high"}},
        },
        {
            "transform": [{"filter": "isValid(datum.line)"}],
            "mark": {"type": "line", "color": GREY, "strokeDash": [4, 4], "strokeWidth": 1.5},
            "encoding": {"x": x, "y": {"field": "line", **y}},
        },
        {
            "transform": [{"filter": "isValid(datum.children)"}],
            "mark": {"type": "point", "filled": True, "color": ACCENT, "size": 28, "opacity": 1},
            "encoding": {"x": x, "y": {"field": "children", **y}},
        },
    ]
    return draw(spec)


def _hundredths(which: str, language: str | None) -> dict[str, Any]:
    return {**_axis(which, language), "values": [0, 20, 40, 60, 80, 100], "gridColor": LINE}


def _axis(which: str, language: str | None) -> dict[str, Any]:
    return {
        "title": sentence(f"chart.axis-{which}", {}, language),
        **AXIS,
        "labelPadding": 6,
        "labelAngle": 0,
    }


def fifths(table: Table, width: int, language: str | None) -> str | None:
    """A square of 25 shares, the darker the more; parents from the lowest fifth at the bottom."""
    if len(table.rows) != _FIFTHS**2:
        return None
    hidden = sentence("hidden.too-few-short", {}, language)
    rows = []
    for at, row in enumerate(table.rows):
        share = number(row["share"])
        told = hidden if share is None else percent(share)
        places = {"parents": at // _FIFTHS + 1, "children": at % _FIFTHS + 1}
        rows.append({**places, "share": share, "told": told})
    known = [r["share"] for r in rows if isinstance(r["share"], float)]
    if not known:
        return None
    side = min(width - 72, 440)
    spec = base(side + 72, side, 56, 16, 48)
    bands = {"type": "ordinal", "scale": {"paddingInner": 0.04, "paddingOuter": 0}}
    x = {"field": "children", **bands, "axis": {**_axis("children-fifth", language), "grid": False}}
    y = {"field": "parents", **bands, "sort": "descending"}
    y["axis"] = {**_axis("parents-fifth", language), "grid": False}
    dark = {"domain": [0, max(known)], "range": [0.08, 1]}
    opacity = {"field": "share", "type": "quantitative", "scale": dark, "legend": None}
    spec["data"] = {"values": rows}
    spec["layer"] = [
        {
            "transform": [{"filter": "isValid(datum.share)"}],
            "mark": {"type": "rect", "color": LIGHTER},
            "encoding": {"x": x, "y": y, "opacity": opacity},
        },
        {
            "transform": [{"filter": "!isValid(datum.share)"}],
            "mark": {"type": "rect", "color": HATCH},
            "encoding": {"x": x, "y": y},
        },
        {
            "mark": {"type": "text", "color": INK, "fontSize": 13},
            "encoding": {"x": x, "y": y, "text": {"field": "told"}},
        },
    ]
    return draw(spec)


def group_dots(table: Table, width: int, language: str | None) -> str | None:
    """A dot and its range a group, everyone first and grey; None when all is hidden."""
    key = table.columns[0].name
    value = next(c for c in table.columns if c.role == "value")
    total = next((d.total for d in table.dimensions if d.name == key), None)
    rows = [
        _Dot(
            label=word(str(r[key]), language),
            n=f"{n:,}" if isinstance(n := r.get("n"), int) else "",
            value=shown,
            low=number(r["low"]),
            high=number(r["high"]),
            told="" if shown is None else amount(shown, value.unit, language),
            main=r[key] != total,
        )
        for r in table.rows
        for shown in (number(r[value.name]),)
    ]
    if all(r.value is None for r in rows):
        return None
    if value.unit == "share":
        title = sentence("chart.axis-share", {}, language)
        axis = _Axis(100.0, "d", title, False, (0.0, 100.0))
    else:
        axis = _Axis(1.0, "~r", word(table.estimand.outcome, language), False)
    return dots(rows, axis, width, language)


CHARTS = {
    "generations-ranks": (mean_ranks, "ranks"),
    "generations-fifths": (fifths, "fifths"),
    **{
        f"generations-{kind}": (group_dots, "dots")
        for kind in ("slope", "expected-25", "expected-75", "up", "above", "direction")
    },
}
"""How each table is drawn, and the key to its marks."""
