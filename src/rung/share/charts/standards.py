"""Charts of reports by the standards: rates by definition or indicator, and quarters by pay.

wioa            a dot and its range a level, under a heading for each indicator
funders         a dot a definition (by group: a level under a heading for each definition)
churn-quarters  a bar a window: quarters above the line, with low pay, without pay
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from rung.finding import Row, Table
from rung.messages import sentence, word
from rung.share.charts.dots import _Dot, axis_of, dots
from rung.share.charts.frame import (
    ACCENT,
    GAP,
    HATCH,
    INK,
    LIGHTER,
    QUIET,
    at_label,
    base,
    beside,
    down,
    draw,
    number,
    text,
)
from rung.share.numbers import percent

_STATES = (("quarters_above", ACCENT), ("quarters_low", LIGHTER), ("quarters_none", GAP))


def rates(table: Table, width: int, language: str | None) -> str | None:
    """Rates of everyone, or of each level under what the rate is of."""
    by = next((d.name for d in table.dimensions), None)
    head = next(c.name for c in table.columns if c.role == "key" and c.name != by)
    total = next((d.total for d in table.dimensions), None)
    hidden = {h.row for h in table.hidden if h.column == "rate"}
    rows: list[_Dot] = []
    before = None
    for i, row in enumerate(table.rows):
        if row["rate"] is None and i not in hidden:  # a median, or nobody to judge
            continue
        if by is None:
            rows.append(_dot(row, head, main=True, language=language))
            continue
        if row[head] != before:
            before = row[head]
            rows.append(_Dot(word(str(before), language), "", None, None, None, "", head=True))
        rows.append(_dot(row, by, main=row[by] != total, language=language))
    if not any(r.value is not None for r in rows):
        return None
    return dots(rows, axis_of(table, language), width, language)


def _dot(row: Row, label: str, *, main: bool, language: str | None) -> _Dot:
    rate, n = number(row["rate"]), row["n"]
    return _Dot(
        label=word(str(row[label]), language),
        n=f"{n:,}" if isinstance(n, int) else "",
        value=rate,
        low=number(row.get("low")),
        high=number(row.get("high")),
        told="" if rate is None else percent(rate),
        main=main,
    )


def _stacked(table: Table, phone: bool, pitch: int, language: str | None) -> list[dict[str, Any]]:
    """A row a window, or a heading a window and a row a level; a level of nobody has none."""
    when, *by = (c.name for c in table.columns if c.role == "key")
    told: list[tuple[str, Row | None]] = []
    before = None
    for row in table.rows:
        if by and row[when] != before:
            before = row[when]
            told.append((word(str(before), language), None))
        if row["n"] != 0:
            told.append((word(str(row[by[0] if by else when]), language), row))
    rows = []
    for i, (label, each) in enumerate(told):
        n = each["n"] if each else None
        known = [number(each[k]) if each else None for k, _ in _STATES]
        shown = None not in known
        ends = [0.0]
        for quarters_ in known:
            ends.append(ends[-1] + (quarters_ or 0.0))
        count = f"{n:,}" if isinstance(n, int) and shown else ""
        made = {
            "y": i * pitch + pitch * (0.68 if phone else 0.5),
            "label_y": i * pitch + pitch * (0.26 if phone else 0.5),
            "label": beside(label, count) if phone else label,
            "n": "" if phone else count,
            "what": "head" if each is None else "shown" if shown else "hidden",
            "hidden": "" if shown or each is None else sentence("hidden.too-few", {}, language),
        }
        made |= {f"end_{k}": end for k, end in enumerate(ends)}
        made |= {f"middle_{k}": (a + b) / 2 for k, (a, b) in enumerate(pairwise(ends))}
        room = 0.06 * ends[-1]
        made |= {f"told_{k}": f"{v:.1f}" if v and v > room else "" for k, v in enumerate(known)}
        rows.append(made)
    return rows


def quarters(table: Table, width: int, language: str | None) -> str | None:
    """Quarters of a window by pay, on average: a bar a window, or a window and level."""
    phone = width < 480
    left, right, pitch, thick = (0, 0, 50, 16) if phone else (250, 24, 36, 20)
    rows = _stacked(table, phone, pitch, language)
    if not any(r["what"] == "shown" for r in rows):
        return None
    height, plot = pitch * len(rows), width - left - right
    y = down(height)
    most = max(r["end_3"] for r in rows)
    x = {"type": "quantitative", "axis": None, "scale": {"domain": [0, most], "nice": False}}

    def bar(start: str, end: str, colour: str) -> dict[str, Any]:
        return {
            "transform": [{"filter": "datum.what == 'shown'"}],
            "mark": {"type": "rect", "color": colour, "height": thick},
            "encoding": {"y": y, "x": {"field": start, **x}, "x2": {"field": end}},
        }

    layers: list[dict[str, Any]] = [{
        "transform": [{"filter": "datum.what == 'hidden'"}],
        "mark": {"type": "rect", "color": HATCH, "height": 10},
        "encoding": {"y": y, "x": {"value": 0}, "x2": {"value": plot}},
    }]  # fmt: skip
    for k, (_, colour) in enumerate(_STATES):
        layers.append(bar(f"end_{k}", f"end_{k + 1}", colour))
        inside = "#ffffff" if colour == ACCENT else INK
        told = text(f"told_{k}", x=f"middle_{k}", align="center", colour=inside, fontSize=12)
        told["encoding"] |= {"x": {"field": f"middle_{k}", **x}, "y": y}
        layers.append(told)
    label = text("label", x=8 - left if left else 0, align="left", limit=width - 12)
    label["mark"]["fontWeight"] = {"expr": "datum.what == 'head' ? 600 : 400"}
    few = text("hidden", x=8, align="left", colour=QUIET)
    layers.append({**few, "encoding": {**few["encoding"], "y": y}})
    labels = [label, text("n", x=-16, align="right", colour=QUIET)]
    spec = base(width, height, left, right, 8)
    spec["data"] = {"values": rows}
    spec["layer"] = [*layers, *(at_label(each, y) for each in labels)]
    return draw(spec)


CHARTS = {
    "wioa": (rates, "rates"),
    "funders": (rates, "rates"),
    "churn-quarters": (quarters, "pay"),
}
