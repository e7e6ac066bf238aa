"""Net income against the wage: the fall shaded, the next safe wage marked."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from rung.finding import Table
from rung.messages import sentence
from rung.share.charts.frame import ACCENT, GAP, INK, LINE, QUIET, base, draw, number
from rung.share.numbers import amount


def stretches(rows: list[dict[str, float]]) -> list[tuple[int, int]]:
    """Where net income is below an earlier high: the rows before the fall and after it."""
    found: list[tuple[int, int]] = []
    start: int | None = None
    for i, row in enumerate(rows):
        fallen = row["behind"] >= FALL
        if fallen and start is None:
            start = max(i - 1, 0)
        if start is not None and (not fallen or i == len(rows) - 1):
            found.append((start, i))
            start = None
    return found


FALL = 50.0  # dollars a year: what the words call a fall
_SANE = 24  # labels keep so many pixels apart from the edge


def cliff(table: Table, width: int, language: str | None) -> str | None:
    """A line of net income; None for fewer than two wages."""
    rows = [
        {k: number(r[k]) or 0.0 for k in ("hourly", "net", "behind")}
        for r in table.rows
        if number(r["net"]) is not None
    ]
    if len(rows) < 2:
        return None
    phone = width < 480
    left, right, height = (58, 14, 220) if phone else (76, 24, 300)
    nets = [r["net"] for r in rows]
    room = 0.12 * ((max(nets) - min(nets)) or 1.0)
    x_ends, y_ends = (rows[0]["hourly"], rows[-1]["hourly"]), (min(nets) - room, max(nets) + room)
    spec = base(width, height, left, right, 56)
    spec["padding"]["top"] = 26
    marks, shades = [], []
    for first, last in stretches(rows):
        safe = rows[last]["behind"] < FALL
        shades.append({"a": rows[first]["hourly"], "b": rows[last]["hourly"]})
        if safe:
            said = amount(rows[last]["hourly"], "dollars", language)
            marks.append(
                {**rows[last], "text": sentence("chart.cliff-safe", {"wage": said}, language)}
            )
    x: dict[str, Any] = {
        "field": "hourly",
        "type": "quantitative",
        "scale": {"domain": x_ends, "nice": False, "zero": False},
        "axis": _axis(sentence("chart.cliff-wage", {}, language), "$,.6~f", phone, grid=False),
    }
    y: dict[str, Any] = {
        "field": "net",
        "type": "quantitative",
        "scale": {"domain": y_ends, "nice": False, "zero": False},
        "axis": _axis("", "$,.0f", phone, grid=True),
    }
    spec["data"] = {"values": rows}
    spec["layer"] = [
        _shades(shades, x),
        {
            "mark": {"type": "line", "color": ACCENT, "strokeWidth": 2.5, "interpolate": "linear"},
            "encoding": {"x": x, "y": y},
        },
        *_safe(marks, x, y, x_ends, phone),
        _title(sentence("chart.cliff-net", {}, language), left),
    ]
    return draw(spec)


def _axis(title: str, form: str, phone: bool, *, grid: bool) -> dict[str, Any]:
    return {
        "title": title or None,
        "format": form,
        "tickCount": 4 if phone else 6,
        "labelOverlap": "greedy",
        "labelFlush": not grid,
        "grid": grid,
        "gridColor": LINE,
        "domain": not grid,
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


def _shades(shades: list[dict[str, float]], x: dict[str, Any]) -> dict[str, Any]:
    return {
        "data": {"values": shades},
        "mark": {"type": "rect", "color": GAP},
        "encoding": {"x": {**x, "field": "a"}, "x2": {"field": "b"}},
    }


def _safe(
    marks: list[dict[str, Any]],
    x: dict[str, Any],
    y: dict[str, Any],
    ends: tuple[float, float],
    phone: bool,
) -> list[dict[str, Any]]:
    """A dot where net income is made up for, and the wage beside it; labels never collide."""
    across = (ends[1] - ends[0]) or 1.0
    apart = (0.45 if phone else 0.22) * across
    said = [m for m in marks if True]
    kept = [said[0]] if said else []
    for a, b in pairwise(said):
        if b["hourly"] - kept[-1]["hourly"] >= apart and a is not b:
            kept.append(b)
    layers: list[dict[str, Any]] = []
    for mark in marks:
        dot = {"type": "point", "filled": True, "size": 80, "color": ACCENT, "opacity": 1}
        layers.append({"data": {"values": [mark]}, "mark": dot, "encoding": {"x": x, "y": y}})
        if mark in kept:
            late = (mark["hourly"] - ends[0]) / across > 0.55
            text = {
                "type": "text",
                "align": "right" if late else "left",
                "dx": -10 if late else 10,
                "dy": -12 if late else 14,
                "fontSize": 13,
                "fontWeight": 600,
                "color": INK,
            }
            layers.append(
                {
                    "data": {"values": [mark]},
                    "mark": text,
                    "encoding": {"x": x, "y": y, "text": {"field": "text"}},
                }
            )
    return layers


def _title(text: str, left: int) -> dict[str, Any]:
    """The axis's name above it, level, so that nobody turns the head."""
    return {
        "data": {"values": [{"text": text}]},
        "mark": {"type": "text", "align": "left", "fontSize": 12, "color": QUIET, "clip": False},
        "encoding": {"text": {"field": "text"}, "x": {"value": 4 - left}, "y": {"value": -14}},
    }
