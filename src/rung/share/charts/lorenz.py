"""The Lorenz curve: income shared, against the same for everyone."""

from __future__ import annotations

from typing import Any

from rung.finding import Table
from rung.messages import sentence
from rung.share.charts.frame import ACCENT, AXIS, GREY, LIGHTER, LINE, QUIET, base, draw, number


def lorenz(table: Table, width: int, language: str | None) -> str | None:
    """A curve with its band under the straight line of equal shares; None when all is hidden."""
    rows = [
        {
            "poorest": 100 * (number(row["poorest"]) or 0.0),
            "share": 100 * share,
            **{k: None if (v := number(row[k])) is None else 100 * v for k in ("low", "high")},
        }
        for row in table.rows
        if (share := number(row["income_share"])) is not None
    ]
    if not rows:
        return None
    ends = [{"poorest": p, "share": p, "low": p, "high": p} for p in (0.0, 100.0)]
    least = min(0.0, *(r["low"] or 0.0 for r in rows))
    side = min(width - 72, 440)
    spec = base(side + 72, side, 56, 16, 48)
    x = {"field": "poorest", "type": "quantitative", "axis": _axis("poorest", language)}
    scale = {"domain": [least, 100], "nice": False}
    y = {"type": "quantitative", "scale": scale, "axis": _axis("income", language)}
    told = {"text": sentence("chart.equal", {}, language), "baseline": "bottom", "align": "right"}
    spec["data"] = {"values": [ends[0], *rows, ends[1]]}
    spec["layer"] = [
        {
            "data": {"values": ends},
            "mark": {"type": "line", "color": GREY, "strokeDash": [4, 4], "strokeWidth": 1.5},
            "encoding": {"x": x, "y": {"field": "share", **y}},
        },
        {
            "data": {"values": [{"poorest": 58, "share": 62}]},
            "mark": {"type": "text", "color": QUIET, "fontSize": 13, **told},
            "encoding": {"x": x, "y": {"field": "share", **y}},
        },
        {
            "mark": {"type": "area", "color": LIGHTER, "opacity": 0.6},
            "encoding": {"x": x, "y": {"field": "low", **y}, "y2": {"field": "high"}},
        },
        {
            "mark": {"type": "line", "color": ACCENT, "strokeWidth": 2.5},
            "encoding": {"x": x, "y": {"field": "share", **y}},
        },
    ]
    return draw(spec)


def _axis(which: str, language: str | None) -> dict[str, Any]:
    return {
        "title": sentence(f"chart.axis-{which}", {}, language),
        "values": [0, 20, 40, 60, 80, 100],
        "gridColor": LINE,
        **AXIS,
        "labelPadding": 6,
    }
