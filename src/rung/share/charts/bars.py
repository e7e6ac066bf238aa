"""The journey: bars from one baseline, a milestone a row."""

from __future__ import annotations

from typing import Any

from rung.finding import Table
from rung.messages import sentence, word
from rung.share.charts.frame import (
    ACCENT,
    GAP,
    HATCH,
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


def _bar_rows(table: Table, phone: bool, pitch: int, language: str | None) -> list[dict[str, Any]]:
    """A row a milestone, in people; without the split, those counted and those who reached."""
    rows: list[dict[str, Any]] = []
    for i, row in enumerate(table.rows):
        split = all(isinstance(row[k], int) for k in ("reached_any", "in_progress", "lost"))
        kept = ("reached_any", "people") if split else ("reached", "entered")
        reached, people = (int(row[k] or 0) for k in kept)
        known, rate = isinstance(row[kept[0]], int), number(row["rate"])
        going, lost = (int(row[k] or 0) if split else 0 for k in ("in_progress", "lost"))
        count = f"{reached:,}" if known else sentence("hidden.too-few", {}, language)
        label = word(str(row["milestone"]), language)
        rows.append(
            {
                "y": i * pitch + pitch * (0.68 if phone else 0.5),
                "label_y": i * pitch + pitch * (0.26 if phone else 0.5),
                "label": beside(label, count) if phone else label,
                "n": "" if phone else count,
                "reached": reached,
                "going": reached + going,
                "people": people,
                "middle": (reached + going + people) / 2,
                "lost": f"{lost:,}" if lost > 0.07 * people else "",
                "percent": percent(rate) if rate is not None and known else "",
                "hidden": not known,
            }
        )
    return rows


def bars(table: Table, width: int, language: str | None) -> str:
    """Everyone who entered so far: reached, on the way, lost; the percentage is of the mature."""
    phone = width < 480
    left, right, pitch, thick = (0, 0, 56, 16) if phone else (230, 76, 44, 22)
    rows = _bar_rows(table, phone, pitch, language)
    height, plot = pitch * len(rows), width - left - right
    y = down(height)
    most = max((r["people"] for r in rows), default=1) or 1
    x = {"type": "quantitative", "axis": None, "scale": {"domain": [0, most], "nice": False}}

    def bar(start: str, end: str, colour: str, only: str) -> dict[str, Any]:
        return {
            "transform": [{"filter": only}, {"calculate": "0", "as": "zero"}],
            "mark": {"type": "rect", "color": colour, "height": thick},
            "encoding": {"y": y, "x": {"field": start, **x}, "x2": {"field": end}},
        }

    texts = [
        text("label", x=8 - left if left else 0, align="left", limit=150 if left else 230),
        text("n", x=-16, align="right", colour=QUIET),
        text("percent", x=plot + right - 4, align="right", fontWeight=600, fontSize=14),
    ]
    lost = text("lost", x="middle", align="center", colour=QUIET, fontSize=12)
    lost["encoding"] |= {"x": {"field": "middle", **x}, "y": y}
    spec = base(width, height, left, right, 8)
    spec["data"] = {"values": rows}
    spec["layer"] = [
        bar("zero", "people", GAP, "!datum.hidden"),
        bar("zero", "people", HATCH, "datum.hidden"),
        bar("reached", "going", LIGHTER, "!datum.hidden"),
        bar("zero", "reached", ACCENT, "!datum.hidden"),
        lost,
        *(at_label(text, y) for text in texts),
    ]
    return draw(spec)
