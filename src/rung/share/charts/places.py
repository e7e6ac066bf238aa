"""Places, groups and years on one axis: the place asked for in the accent, the rest grey."""

from __future__ import annotations

from rung.finding import Table
from rung.messages import word
from rung.share.charts.dots import _Axis, _Dot, dots
from rung.share.charts.frame import number
from rung.share.numbers import amount


def place_dots(table: Table, width: int, language: str | None) -> str | None:
    """A dot and its range a row, best first for places, in order for groups and years."""
    key = table.columns[0].name
    unit = next(c.unit for c in table.columns if c.name == "value")
    rows = list(table.rows)
    first = rows[0]
    if table.name == "place-peers":
        rows.sort(key=lambda r: -(number(r["value"]) or 0.0))
    shown = [
        _Dot(
            label=word(str(r[key]), language),
            n="",
            value=value,
            low=number(r["low"]),
            high=number(r["high"]),
            told=amount(value, unit, language),
            main=table.name != "place-peers" or r is first,
        )
        for r in rows
        if (value := number(r["value"])) is not None
    ]
    if not shown:
        return None
    scale = 100.0 if unit == "share" else 1.0
    form = "$,d" if unit == "dollars" else "d" if unit == "share" else ",~r"
    return dots(shown, _Axis(scale, form, "", False), width, language)
