"""What a program costs: bars of dollars from zero, with what was given softer.

costs                                  a bar a component
costs-per, costs-stages, costs-arms    a bar a milestone, a stage, an arm: dollars for each person
"""

from __future__ import annotations

from typing import Any

from rung.finding import Table
from rung.messages import sentence, word
from rung.share.charts.frame import (
    ACCENT,
    AXIS,
    HATCH,
    LIGHTER,
    LINE,
    QUIET,
    at_label,
    base,
    beside,
    down,
    draw,
    number,
    text,
)
from rung.share.numbers import dollars

STUB = 48
"""Pixels of hatching where a bar may not be shown."""


def _rows(table: Table, phone: bool, pitch: int, language: str | None) -> list[dict[str, Any]]:
    """A row a bar; what is not told is hidden for privacy, or is of nobody."""
    key, whole = table.columns[0].name, table.name == "costs"
    hidden = {h.row for h in table.hidden}
    rows = []
    for i, row in enumerate(table.rows):
        cost, n = number(row["cost" if whole else "cost_each"]), row["n"]
        given = number(row["in_kind"]) or 0.0 if whole else 0.0
        count = f"{n:,}" if isinstance(n, int) and not whole else ""
        label = word(str(row[key]), language)
        missing = "hidden.too-few" if i in hidden else "chart.nobody"
        known = cost is not None
        rows.append(
            {
                "y": i * pitch + pitch * (0.7 if phone else 0.5),
                "label_y": i * pitch + pitch * (0.28 if phone else 0.5),
                "label": beside(label, count) if phone else label,
                "n": "" if phone else count,
                "paid": (cost or 0.0) - given,
                "cost": cost or 0.0,
                "told": dollars(cost) if cost is not None else "",
                "missing": "" if known else sentence(missing, {}, language),
                "hidden": not known and i in hidden,
            }
        )
    return rows


def costs(table: Table, width: int, language: str | None) -> str | None:
    """Dollars a row from one baseline, each with its number at its end."""
    phone = width < 480
    left, right, pitch, thick = (0, 16, 50, 16) if phone else (260, 16, 36, 20)
    rows = _rows(table, phone, pitch, language)
    right += 9 * max((len(r["told"]) for r in rows), default=0)
    most = max((r["cost"] for r in rows), default=0.0)
    if most <= 0:
        return None
    height = pitch * len(rows)
    y = down(height)
    title = "chart.axis-cost" if table.name == "costs" else "chart.axis-cost-each"
    axis = {
        "title": sentence(title, {}, language),
        "format": "$,d",
        "tickCount": 3 if phone else 5,
        "labelFlush": True,
        "labelOverlap": "parity",
        "labelSeparation": 12,
        "grid": not phone,
        "gridColor": LINE,
        **AXIS,
    }
    x = {"type": "quantitative", "axis": axis, "scale": {"domain": [0, most], "nice": False}}

    def bar(start: str, end: str, colour: str) -> dict[str, Any]:
        return {
            "transform": [{"filter": "datum.missing == ''"}, {"calculate": "0", "as": "zero"}],
            "mark": {"type": "rect", "color": colour, "height": thick},
            "encoding": {"y": y, "x": {"field": start, **x}, "x2": {"field": end}},
        }

    told = text("told", x="cost", align="left", dx=8, fontWeight=600)
    told["encoding"] |= {"x": {"field": "cost", **x}, "y": y}
    missing = text(
        "missing", x={"expr": f"datum.hidden ? {STUB + 8} : 0"}, align="left", colour=QUIET
    )
    missing["encoding"] |= {"y": y}
    label = text("label", x=8 - left if left else 0, align="left", limit=width if phone else 190)
    spec = base(width, height, left, right, 48)
    spec["data"] = {"values": rows}
    spec["layer"] = [
        bar("zero", "paid", ACCENT),
        bar("paid", "cost", LIGHTER),
        {
            "transform": [{"filter": "datum.hidden"}],
            "mark": {"type": "rect", "color": HATCH, "height": 10},
            "encoding": {"y": y, "x": {"value": 0}, "x2": {"value": STUB}},
        },
        told,
        missing,
        at_label(label, y),
        at_label(text("n", x=-16, align="right", colour=QUIET), y),
    ]
    return draw(spec)


CHARTS = {
    "costs": (costs, "costs"),
    **dict.fromkeys(("costs-per", "costs-stages", "costs-arms"), (costs, "costs-each")),
}
