"""Maps of the US: one hue, darker where more; hatched where nothing is known; the place marked.

    place-map           the counties of the place's state
    place-map-nation    all counties, with the borders of states
    place-map-states    all states

Puerto Rico and the islands have a map of their own counties; a map of the nation leaves them out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from rung.finding import Table
from rung.messages import sentence
from rung.share.charts import shapes
from rung.share.charts.frame import HATCH, INK, QUIET, base, draw, number
from rung.share.numbers import amount

HUE = ("#d9e4f0", "#a9c2de", "#7ba1cb", "#4b7fb8", "#1c4f87")
_LINE = "#ffffff"
_NATION = 0.64  # height of the nation over its width
_TOLD = 0.6  # pixels, under which two points of an outline are one


def county_map(table: Table, width: int, language: str | None) -> str | None:
    """The counties of the first row's state, which gets an outline; None where none is known."""
    state = str(table.rows[0]["code"])[:2]
    wanted = {c: g for c, g in shapes.of("counties").items() if c[:2] == state}
    # islands and Alaska have their own frame in albersUsa; the territories have none
    projection = "albersUsa" if shapes.drawn_with_the_nation(state) else "mercator"
    tall = shapes.proportion(wanted.values()) if wanted else _NATION
    return _each(table, wanted, projection, min(max(tall, 0.35), 0.9), width, language)


def state_map(table: Table, width: int, language: str | None) -> str | None:
    """All states, the first row's with an outline and a ring; None where none is known."""
    wanted = {c: g for c, g in shapes.of("states").items() if shapes.drawn_with_the_nation(c)}
    return _each(table, wanted, "albersUsa", _NATION, width, language, ringed=True)


def nation_map(table: Table, width: int, language: str | None) -> str | None:
    """All counties, a ring around the first row's; None where none is known.

    Counties of a class are drawn as one shape: 3,100 borders would hide what they are around.
    """
    classes, names, blank = _classed(table, language)
    if not names:
        return None
    counties, together = shapes.of("counties"), dict[str, list[Any]]()
    for code, shape in counties.items():
        if shapes.drawn_with_the_nation(code):
            together.setdefault(classes.get(code, blank), []).extend(shapes.polygons(shape))
    drawn: list[dict[str, Any]] = [
        {"type": "MultiPolygon", "arcs": arcs, "properties": {"class": name, "own": False}}
        for name, arcs in together.items()
    ]
    edges = shapes.borders(shapes.of("states"))
    drawn.append({"type": "MultiLineString", "arcs": edges, "properties": {"border": True}})
    spec = _spec(drawn, "albersUsa", _NATION, width)
    colour = _colour(names, blank, width)
    seam = {k: colour[k] for k in ("field", "type", "scale")} | {"legend": None}
    spec["layer"] = [
        {
            "transform": [{"filter": "!datum.properties.border"}],
            "mark": {"type": "geoshape", "strokeWidth": 0.4},
            "encoding": {"fill": colour, "stroke": seam},
        },
        {
            "transform": [{"filter": "datum.properties.border"}],
            "mark": {"type": "geoshape", "fill": None, "stroke": INK, "strokeWidth": 0.7},
        },
        *_ring(counties.get(str(table.rows[0]["code"]))),
    ]
    return _lighter(draw(spec))


def _each(
    table: Table,
    wanted: Mapping[str, Mapping[str, Any]],
    projection: str,
    tall: float,
    width: int,
    language: str | None,
    ringed: bool = False,
) -> str | None:
    """Every shape with its own outline."""
    classes, names, blank = _classed(table, language)
    if not names or not wanted:
        return None
    own = str(table.rows[0]["code"])
    drawn = [
        {**g, "properties": {"class": classes.get(code, blank), "own": code == own}}
        for code, g in wanted.items()
    ]
    spec = _spec(drawn, projection, tall, width)
    spec["layer"] = [
        {
            "mark": {"type": "geoshape", "stroke": _LINE, "strokeWidth": 0.8},
            "encoding": {"fill": _colour(names, blank, width)},
        },
        {
            "transform": [{"filter": "datum.properties.own"}],
            "mark": {"type": "geoshape", "fill": None, "stroke": INK, "strokeWidth": 2},
        },
        *(_ring(wanted.get(own)) if ringed else ()),
    ]
    return _lighter(draw(spec))


def _spec(
    drawn: Sequence[Mapping[str, Any]], projection: str, tall: float, width: int
) -> dict[str, Any]:
    spec = base(width, int(width * tall), 8, 8, 132 if width < 480 else 84)
    objects = {"shown": {"type": "GeometryCollection", "geometries": drawn}}
    spec["data"] = {
        "values": {**shapes.topology(), "objects": objects},
        "format": {"type": "topojson", "feature": "shown"},
    }
    spec["projection"] = {"type": projection}
    return spec


def _ring(shape: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """A ring where a place may be too small for its outline: dark within light, on any ground."""
    if shape is None or not shapes.drawn_with_the_nation(str(shape["id"])):
        return []
    longitude, latitude = shapes.middle(shape)
    return [
        {
            "data": {"values": [{"longitude": longitude, "latitude": latitude}]},
            "mark": {
                "type": "point", "filled": False, "opacity": 1,
                "size": size, "stroke": stroke, "strokeWidth": wide,
            },
            "encoding": {
                "longitude": {"field": "longitude", "type": "quantitative"},
                "latitude": {"field": "latitude", "type": "quantitative"},
            },
        }
        for size, stroke, wide in ((200, _LINE, 6), (200, INK, 2.5))
    ]  # fmt: skip


# -- classes and their legend


def _classed(table: Table, language: str | None) -> tuple[dict[str, str], list[str], str]:
    """The class of each code in words, all classes from low to high, and what is said of none."""
    known = {str(r["code"]): v for r in table.rows if (v := number(r["value"])) is not None}
    blank = sentence("chart.map-blank", {}, language)
    if not known:
        return {}, [], blank
    edges = _edges(sorted(known.values()))
    unit = next(c.unit for c in table.columns if c.name == "value")
    names = _classes(edges, unit, language)
    return (
        {code: names[sum(v >= e for e in edges[1:-1])] for code, v in known.items()},
        names,
        blank,
    )


def _edges(values: Sequence[float]) -> list[float]:
    """Edges of up to five classes of as many places each."""
    n = len(values)
    cuts = [values[0], *(values[min(n - 1, round(n * i / 5))] for i in range(1, 5)), values[-1]]
    edges = sorted(set(cuts))
    return edges if len(edges) > 1 else [edges[0], edges[0]]


def _classes(edges: Sequence[float], unit: str, language: str | None) -> list[str]:
    """Each class in words: "0.38 to 0.41"; classes that round to the same words stay apart."""
    names: list[str] = []
    for low, high in pairwise(edges):
        ends = {"low": amount(low, unit, language), "high": amount(high, unit, language)}
        name = sentence("label.range", ends, language)
        names.append(name if name not in names else f"{name} ({len(names) + 1})")
    return names


def _colour(names: Sequence[str], blank: str, width: int) -> dict[str, Any]:
    return {
        "field": "properties.class",
        "type": "nominal",
        "scale": {"domain": [*names, blank], "range": [*HUE[-len(names) :], HATCH]},
        "legend": {
            "title": None, "orient": "bottom", "columns": 2 if width < 480 else 3,
            "labelColor": QUIET, "labelFontSize": 13, "labelLimit": 300, "symbolType": "square",
            "symbolSize": 220, "symbolStrokeColor": QUIET, "symbolStrokeWidth": 1, "offset": 12,
            "columnPadding": 28,
        },
    }  # fmt: skip


# -- outlines no finer than can be seen

_OUTLINE = re.compile(r' d="(M[^"]{400,})"')
_STEP = re.compile(r"([ML])(-?[\d.]+(?:e-?\d+)?),(-?[\d.]+(?:e-?\d+)?)|(Z)")


def _lighter(drawn: str) -> str:
    """Long outlines in steps of a tenth of a pixel, without points that cannot be told apart."""
    return _OUTLINE.sub(lambda m: f' d="{_coarser(m[1])}"', drawn)


def _coarser(outline: str) -> str:
    said: list[str] = []
    ring: list[tuple[int, int]] = []

    def close(end: str) -> None:
        if len(ring) > (2 if end else 1):
            (x, y), *rest = ring
            steps = []
            for u, v in rest:
                steps.append(f"{_tenths(u - x)},{_tenths(v - y)}")
                x, y = u, v
            said.append(f"M{_tenths(ring[0][0])},{_tenths(ring[0][1])}l{' '.join(steps)}{end}")
        ring.clear()

    last = (0.0, 0.0)
    for kind, across, down, end in _STEP.findall(outline):
        if end:
            close("Z")
            continue
        x, y = float(across), float(down)
        if kind == "M":
            close("")
        elif abs(x - last[0]) + abs(y - last[1]) < _TOLD:
            continue
        last = (x, y)
        ring.append((round(10 * x), round(10 * y)))
    close("")
    return "".join(said)


def _tenths(of: int) -> str:
    """3 tenths as ".3"."""
    whole, rest = divmod(abs(of), 10)
    return f"{'-' if of < 0 else ''}{whole or ''}{f'.{rest}' if rest else '' if whole else '0'}"
