"""Net income against the wage: the fall shaded, the rungs and the next safe wage marked."""

from __future__ import annotations

from typing import Any

from rung.finding import Table
from rung.messages import english, sentence
from rung.share.charts.frame import ACCENT, GAP, INK, LINE, QUIET, base, draw, number
from rung.share.numbers import amount

FALL = 50.0  # dollars a year: what the words call a fall
Mark = dict[str, Any]


def cliff(table: Table, width: int, language: str | None) -> str | None:
    """A line of net income; None for fewer than two wages."""
    rows: list[dict[str, Any]] = [
        {
            **{k: number(r.get(k)) or 0.0 for k in ("hourly", "net", "behind")},
            "mark": str(r["mark"] or ""),
        }
        for r in table.rows
        if number(r["net"]) is not None
    ]
    if len(rows) < 2:
        return None
    phone, known = width < 480, any(c.name == "behind" for c in table.columns)
    left, right, height = (58, 14, 230) if phone else (76, 24, 320)
    nets = [r["net"] for r in rows]
    room = 0.15 * ((max(nets) - min(nets)) or 1.0)
    ends = (rows[0]["hourly"], rows[-1]["hourly"])
    x = _scale("hourly", ends, sentence("chart.cliff-wage", {}, language), "$,.6~f", phone)
    y = _scale("net", (min(nets) - room, max(nets) + room), "", "$,.0f", phone)
    spec = base(width, height, left, right, 56)
    spec["padding"]["top"] = 26
    spec["data"] = {"values": rows}
    spec["layer"] = [
        _shades(rows, x),
        {
            "mark": {"type": "line", "color": ACCENT, "strokeWidth": 2.5},
            "encoding": {"x": x, "y": y},
        },
        *(layer for m in _marked(rows, ends, language, phone) for layer in _dot(m, x, y)),
        _title(sentence(f"chart.cliff-{'net' if known else 'federal'}", {}, language), left),
    ]
    return draw(spec)


def _scale(field: str, ends: tuple[Any, Any], title: str, form: str, phone: bool) -> dict[str, Any]:
    across = field == "hourly"
    axis = {
        "title": title or None,
        "format": form,
        "tickCount": 4 if phone else 6,
        "labelOverlap": "greedy",
        "labelFlush": across,
        "grid": not across,
        "gridColor": LINE,
        "domain": across,
        "domainColor": LINE,
        "ticks": False,
        "labelColor": QUIET,
        "titleColor": QUIET,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": 400,
        "labelPadding": 6,
        "titlePadding": 8,
    }
    scale = {"domain": ends, "nice": False, "zero": False}
    return {"field": field, "type": "quantitative", "scale": scale, "axis": axis}


def _shades(rows: list[dict[str, Any]], x: dict[str, Any]) -> dict[str, Any]:
    """From the high before each fall to the first wage that is as high again."""
    found: list[dict[str, float]] = []
    highest, fallen = 0, False
    for i, row in enumerate(rows):
        fallen = fallen or row["behind"] >= FALL
        if row["behind"] < 0.01 or i == len(rows) - 1:
            if fallen:
                found.append({"a": rows[highest]["hourly"], "b": row["hourly"]})
            highest, fallen = i, False
    return {
        "data": {"values": found},
        "mark": {"type": "rect", "color": GAP},
        "encoding": {"x": {**x, "field": "a"}, "x2": {"field": "b"}},
    }


def _marked(
    rows: list[dict[str, Any]], ends: tuple[Any, Any], language: str | None, phone: bool
) -> list[Mark]:
    """Rungs by their wage; the next rung, or without rungs where a fall is made up for."""
    names = {english(f"label.household-at-{k}"): k for k in ("rung", "next", "high-again")}
    kinds = {names.get(r["mark"], "") for r in rows}
    safe = "next" if "rung" in kinds else "high-again"
    found: list[Mark] = []
    labelled = ends[0]
    for row in rows:
        kind = names.get(row["mark"], "")
        if kind not in ("rung", safe):
            continue
        said = amount(row["hourly"], "dollars", language)
        share = (row["hourly"] - ends[0]) / ((ends[1] - ends[0]) or 1)
        mark: Mark = {**row, "kind": kind, "text": said, "late": share > (0.4 if phone else 0.7)}
        mark["share"], mark["place"] = share, "right"
        if found and share - found[-1]["share"] < 0.15:
            mark["place"] = "left"
            if found[-1]["place"] == "right":
                found[-1]["place"] = "above"
        if kind == safe:
            # two sentences under each other cannot be told apart
            clear = not any(m["kind"] == safe for m in found) or row["hourly"] - labelled > 0.4 * (
                ends[1] - ends[0]
            )
            mark["text"] = sentence("chart.cliff-safe", {"wage": said}, language) if clear else ""
            labelled = row["hourly"] if clear else labelled
        found.append(mark)
    return found


def _dot(mark: Mark, x: dict[str, Any], y: dict[str, Any]) -> list[dict[str, Any]]:
    """A rung: a ring and its wage above; what makes up for a fall: a dot and a sentence below."""
    rung = mark["kind"] == "rung"
    shape = {"type": "point", "filled": True, "size": 80, "opacity": 1}
    shape["color"] = INK if rung else ACCENT
    text = {"type": "text", "fontSize": 13, "fontWeight": 600, "color": INK}
    if rung:  # a wage stands under the line, unless the next mark is right there
        places = {"left": ("right", -6, 12), "above": ("center", 0, -14), "right": ("left", 8, 14)}
        text["align"], text["dx"], text["dy"] = places[mark["place"]]
    else:
        late = mark["late"]  # above the line there is room on the left, under it on the right
        text |= {"align": "right" if late else "left", "dx": -6 if late else 4}
        text["dy"] = -14 if late else 20
    data = {"values": [mark]}
    return [
        {"data": data, "mark": shape, "encoding": {"x": x, "y": y}},
        {"data": data, "mark": text, "encoding": {"x": x, "y": y, "text": {"field": "text"}}},
    ]


def _title(text: str, left: int) -> dict[str, Any]:
    """The axis's name above it, level, so that nobody turns the head."""
    return {
        "data": {"values": [{"text": text}]},
        "mark": {"type": "text", "align": "left", "fontSize": 12, "color": QUIET},
        "encoding": {"text": {"field": "text"}, "x": {"value": 4 - left}, "y": {"value": -14}},
    }
