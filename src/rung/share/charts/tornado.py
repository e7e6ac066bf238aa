"""What an answer hangs on: a bar a setting, from its low end to its high end; and who gains."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from rung.finding import Row, Table
from rung.messages import sentence, word
from rung.share.charts.dots import axis_of, dots, row_dot
from rung.share.charts.frame import (
    ACCENT,
    AXIS,
    INK,
    LIGHTER,
    LINE,
    QUIET,
    at_label,
    base,
    down,
    draw,
    number,
    text,
)
from rung.share.numbers import amount, change


def _rows(table: Table, phone: bool, pitch: int, language: str | None) -> list[dict[str, Any]]:
    """A row a setting; one with a number that may not be shown is left out."""
    shown = [r for r in table.rows if None not in (r["npv_low"], r["npv_high"])]
    return [_row(r, i, phone, pitch, language) for i, r in enumerate(shown)]


def _row(row: Row, i: int, phone: bool, pitch: int, language: str | None) -> dict[str, Any]:
    low, high = (number(row[k]) or 0.0 for k in ("npv_low", "npv_high"))
    ends = {k: amount(v, "dollars", language) for k, v in (("low", low), ("high", high))}
    return {
        "y": i * pitch + pitch * (0.78 if phone else 0.5),
        "label_y": i * pitch + pitch * (0.2 if phone else 0.34),
        "tried_y": i * pitch + pitch * (0.48 if phone else 0.68),
        "label": word(str(row["parameter"]), language),
        "tried": word(str(row["tried"]), language),
        "base": number(row["npv"]) or 0.0,
        "npv_low": low,
        "npv_high": high,
        "told": sentence("label.range", ends, language),
    }


def tornado(table: Table, width: int, language: str | None) -> str | None:
    """Bars around the net worth as it stands; the widest swing is on top."""
    phone = width < 480
    left, right, pitch, thick = (8, 8, 66, 14) if phone else (240, 150, 46, 18)
    rows = _rows(table, phone, pitch, language)
    if not rows:
        return None
    height, plot = pitch * len(rows), width - left - right
    values = [r[k] for r in rows for k in ("npv_low", "npv_high", "base")]
    room = 0.05 * ((max(values) - min(values)) or 1.0)
    axis = {
        "title": sentence("chart.axis-worth", {}, language),
        "format": "$,d",
        "tickCount": 3 if phone else 4,
        "labelFlush": True,
        "grid": not phone,
        "gridColor": LINE,
        **AXIS,
    }
    scale = {"domain": [min(values) - room, max(values) + room], "nice": False, "zero": False}
    x = {"type": "quantitative", "scale": scale, "axis": axis}
    y = down(height)

    def bar(end: str, colour: str) -> dict[str, Any]:
        return {
            "mark": {"type": "rect", "color": colour, "height": thick},
            "encoding": {"y": y, "x": {"field": "base", **x}, "x2": {"field": end}},
        }

    side = 0 if phone else 8 - left
    texts = [
        text("label", x=side, align="left", limit=plot if phone else 230),
        text("told", x=plot if phone else plot + 12, align="right" if phone else "left"),
    ]
    tried = text("tried", x=side, align="left", colour=QUIET, fontSize=12, limit=230)
    tried["encoding"] |= {"y": {**y, "field": "tried_y"}}
    if not phone:
        texts[1]["encoding"] |= {"y": y}
    spec = base(width, height, left, right, 48)
    spec["data"] = {"values": rows}
    spec["layer"] = [
        bar("npv_low", LIGHTER),
        bar("npv_high", ACCENT),
        _now(x, y, height, thick + 8 if phone else None),
        tried,
        at_label(texts[0], y),
        at_label(texts[1], y) if phone else texts[1],
    ]
    return draw(spec)


def _now(x: Any, y: Any, height: int, tall: int | None) -> dict[str, Any]:
    """The net worth as it stands: a line; on a phone, where text is in between, a tick a bar."""
    if tall:
        mark = {"type": "tick", "orient": "vertical", "size": tall, "thickness": 2, "color": INK}
        return {"mark": mark, "encoding": {"x": {"field": "base", **x}, "y": y}}
    ends = {"y": {"value": 0}, "y2": {"value": height}}
    return {
        "mark": {"type": "rule", "color": INK},
        "encoding": {"x": {"field": "base", **x}, **ends},
    }


def _signed(language: str | None) -> Callable[[float], str]:
    return lambda v: change(v, "dollars", language)


def worth(table: Table, width: int, language: str | None) -> str | None:
    """What it is worth to each: a dot and its range against nothing gained and nothing paid."""
    rows = [
        replace(row_dot(r, "perspective", "npv", (), _signed(language), language), n="")
        for r in table.rows
    ]
    return dots(rows, axis_of(table, language), width, language) if rows else None
