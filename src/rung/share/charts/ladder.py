"""The ladder: where people stood before and after on the same rungs, flows as wide as the people.

Each rung is a lane, the lowest at the bottom. The bars at both sides are as tall as their share of
the people; a flow is a move from one to the other. Up is dark, staying or down is light. The
comparison stands beside it in grey, on a phone below it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rung.finding import Row, Table
from rung.messages import sentence, word
from rung.share.charts.frame import ACCENT, GREY, HATCH, INK, LIGHTER, LINE, QUIET, base, draw, text
from rung.share.numbers import percent

_FULL = 0.78  # of a lane, by the tallest bar
_BAR = 14  # pixels


@dataclass(frozen=True)
class _Panel:
    """One arm: its people by (before, after) lane, and how many stood in each lane before.

    None is what may not be shown.
    """

    title: str
    moved: dict[tuple[int, int], int | None]
    before: dict[int, int | None]
    main: bool

    @property
    def people(self) -> int:
        return sum(n or 0 for n in self.before.values())

    @property
    def whole(self) -> bool:
        """Whether nothing is hidden, so that the bars after are known."""
        return None not in self.moved.values() and None not in self.before.values()


def ladder(table: Table, width: int, language: str | None) -> str | None:
    """The chart of a table of moves; None when all of it is hidden."""
    lanes = list(dict.fromkeys(str(r["stood_before"]) for r in table.rows))
    panels = [p for p in _panels(table, lanes, language) if p.people]
    if not panels:
        return None
    phone = width < 480
    beside = 1 if phone else len(panels)
    labels = 84 if phone else 112
    pitch = 54 if phone else 62
    head = 46 if len(panels) > 1 else 24
    each = (width - labels) // beside
    tall = len(lanes) * pitch + head
    shapes: dict[str, list[dict[str, Any]]] = {
        k: [] for k in ("lane", "bar", "flow", "text", "strong", "hidden")
    }
    scale = pitch * _FULL / max(_shares(panels))
    for i, panel in enumerate(panels):
        left = labels + (0 if phone else i * each)
        top = (i if phone else 0) * (tall + 26)
        if phone or i == 0:
            _lane_names(shapes, lanes, language, top + head, pitch, width)
        _panel(shapes, panel, lanes, (left, top + head, each, pitch), scale, language)
    height = tall if not phone else len(panels) * (tall + 26) - 26
    return draw(_spec(shapes, width, height))


def _panels(table: Table, lanes: Sequence[str], language: str | None) -> list[_Panel]:
    """An arm a panel, the comparison (which the table has last) in grey."""
    arms = list(dict.fromkeys(str(r.get("arm", "")) for r in table.rows))
    made = []
    for i, arm in enumerate(arms):
        rows = [r for r in table.rows if str(r.get("arm", "")) == arm]
        moved = {
            (_lane(r, lanes, "before"), _lane(r, lanes, "after")): _n(r, "moved") for r in rows
        }
        before = {_lane(r, lanes, "before"): _n(r, "n") for r in rows}
        main = len(arms) == 1 or i < len(arms) - 1
        made.append(_Panel(word(arm, language), moved, before, main))
    return made


def _lane(row: Row, lanes: Sequence[str], side: str) -> int:
    return lanes.index(str(row[f"stood_{side}"]))


def _n(row: Row, column: str) -> int | None:
    value = row[column]
    return value if isinstance(value, int) else None


def _after(panel: _Panel, lane: int) -> int:
    return sum(n or 0 for (_, b), n in panel.moved.items() if b == lane)


def _shares(panels: Sequence[_Panel]) -> list[float]:
    """Every bar's share of its panel's people."""
    return [
        n / p.people
        for p in panels
        for lane, known in p.before.items()
        for n in (known or 0, _after(p, lane))
    ]


def _lane_names(
    shapes: dict[str, list[dict[str, Any]]],
    lanes: Sequence[str],
    language: str | None,
    top: int,
    pitch: int,
    width: int,
) -> None:
    for i, lane in enumerate(lanes):
        foot = top + (len(lanes) - i) * pitch
        shapes["lane"].append({"x": 0, "x2": width, "y": foot - 4})
        shapes["text"].append({"x": 0, "y": foot - pitch / 2, "text": word(lane, language)})


def _panel(
    shapes: dict[str, list[dict[str, Any]]],
    panel: _Panel,
    lanes: Sequence[str],
    place: tuple[int, int, int, int],
    scale: float,
    language: str | None,
) -> None:
    left, top, each, pitch = place
    number = 40
    a, b = left + number, left + each - number - _BAR
    strong, light = (ACCENT, LIGHTER) if panel.main else (GREY, "#c5c8cd")
    unit = scale / panel.people
    if panel.title:
        named = f"{panel.title} · {panel.people:,}"
        shapes["strong"].append({"x": left + 4, "y": top - 36, "text": named})
    for x, side in ((a, "before"), (b + _BAR, "after")):
        words = sentence(f"chart.ladder-{side}", {}, language)
        anchor = "text" if side == "before" else "right"
        shapes.setdefault(anchor, []).append({"x": x, "y": top - 14, "text": words})
    foot = {i: float(top + (len(lanes) - i) * pitch - 4) for i in range(len(lanes))}
    out, into = dict(foot), dict(foot)
    for i in range(len(lanes)):
        n = panel.before[i]
        if n is None:
            continue
        shapes["bar"].append(
            {"x": a, "x2": a + _BAR, "y": foot[i] - n * unit, "y2": foot[i], "colour": strong}
        )
        if n:
            share = percent(n / panel.people)
            shapes.setdefault("right", []).append(
                {"x": a - 5, "y": _inside(foot[i] - n * unit / 2, foot[i]), "text": share}
            )
    for (i, j), moved in sorted(panel.moved.items()):
        if not moved or panel.before[i] is None:
            continue
        thick = moved * unit
        colour = strong if j > i else light
        ends = ((a + _BAR, out[i]), (b, into[j]))
        middle = [(a + _BAR + (b - a - _BAR) * f, ends[f > 0.5][1]) for f in (0.3, 0.7)]
        key = f"{left}-{top}-{i}-{j}"
        shapes["flow"] += [
            {"flow": key, "x": x, "y": y - thick, "y2": y, "colour": colour,
             "strong": 0.62 if j > i else 0.5}
            for x, y in (ends[0], *middle, ends[1])
        ]  # fmt: skip
        out[i] -= thick
        into[j] -= thick
    for i in range(len(lanes)):
        n = panel.before[i]
        gone = foot[i] - (n or 0) * unit
        if n and out[i] - gone > 0.5 and not panel.whole:  # moves that may not be shown
            shapes["hidden"].append({"x": a + _BAR, "x2": a + _BAR + 26, "y": gone, "y2": out[i]})
        after = _after(panel, i)
        if not after:
            continue
        shapes["bar"].append(
            {"x": b, "x2": b + _BAR, "y": foot[i] - after * unit, "y2": foot[i], "colour": strong}
        )
        if panel.whole:
            share = percent(after / panel.people)
            shapes["text"].append(
                {
                    "x": b + _BAR + 5,
                    "y": _inside(foot[i] - after * unit / 2, foot[i]),
                    "text": share,
                }
            )
    if not panel.whole:
        told = sentence("hidden.too-few", {}, language)
        shapes["text"].append({"x": a + _BAR + 30, "y": top - 14, "text": f"▨ {told}"})


def _inside(middle: float, foot: float) -> float:
    """A thin bar's number stands clear of the lane's line."""
    return min(middle, foot - 8)


def _spec(shapes: dict[str, list[dict[str, Any]]], width: int, height: int) -> dict[str, Any]:
    spec = base(width, height + 4, 0, 0, 0)
    x = {"type": "quantitative", "axis": None, "scale": {"domain": [0, width], "nice": False}}
    y = {
        "type": "quantitative",
        "axis": None,
        "scale": {"domain": [height + 4, 0], "zero": False, "nice": False},
    }

    def box(which: str, colour: Any) -> dict[str, Any]:
        return {
            "data": {"values": shapes[which]},
            "mark": {"type": "rect"},
            "encoding": {
                "x": {"field": "x", **x},
                "x2": {"field": "x2"},
                "y": {"field": "y", **y},
                "y2": {"field": "y2"},
                "color": colour,
            },
        }

    def words(which: str, **more: Any) -> dict[str, Any]:
        made = text("text", x="x", **more)
        made["encoding"] |= {"x": {"field": "x", **x}, "y": {"field": "y", **y}}
        return {"data": {"values": shapes.get(which, [])}, **made}

    own = {"field": "colour", "type": "nominal", "scale": None}
    spec["layer"] = [
        {
            "data": {"values": shapes["lane"]},
            "mark": {"type": "rule", "color": LINE},
            "encoding": {"x": {"field": "x", **x}, "x2": {"field": "x2"}, "y": {"field": "y", **y}},
        },
        {
            "data": {"values": shapes["flow"]},
            "mark": {"type": "area", "interpolate": "monotone"},
            "encoding": {
                "x": {"field": "x", **x},
                "y": {"field": "y", **y},
                "y2": {"field": "y2"},
                "detail": {"field": "flow", "type": "nominal"},
                "color": own,
                "opacity": {"field": "strong", "type": "quantitative", "scale": None},
            },
        },
        box("hidden", {"value": HATCH}),
        box("bar", own),
        words("text", align="left", colour=QUIET, fontSize=12),
        words("right", align="right", colour=QUIET, fontSize=12),
        words("strong", align="left", colour=INK, fontWeight=600),
    ]
    return spec
