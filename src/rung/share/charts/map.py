"""A map of a state's counties: one hue, darker where more; hatched where nothing is known.

Shapes are the US Census Bureau's, as `us-atlas` (ISC) has them, from the package `dubois-charts`
(extra `rung[maps]`), which carries them for use without a network. The package is not imported:
its data file is read.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from rung.finding import Table
from rung.messages import sentence
from rung.share.charts.frame import HATCH, INK, QUIET, base, draw, number
from rung.share.numbers import amount

HUE = ("#d9e4f0", "#a9c2de", "#7ba1cb", "#4b7fb8", "#1c4f87")
_LINE = "#ffffff"


def installed() -> bool:
    """Whether the shapes of counties are there (extra `rung[maps]`)."""
    return _file() is not None


def _file() -> Path | None:
    found = importlib.util.find_spec("dubois_charts")
    if found is None or found.origin is None:
        return None
    path = Path(found.origin).parent / "charts/data/us-counties-10m.json"
    return path if path.is_file() else None


@cache
def _shapes() -> dict[str, Any]:
    path = _file()
    if path is None:
        raise FileNotFoundError("the shapes of counties are not installed")
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def county_names() -> dict[str, str]:
    """The name and state of each county by its code; empty without the shapes."""
    if not installed():
        return {}
    objects = _shapes()["objects"]
    states = {str(g["id"]): g["properties"]["name"] for g in objects["states"]["geometries"]}
    return {
        str(g["id"]): f"{g['properties']['name']}, {states.get(str(g['id'])[:2], '')}"
        for g in objects["counties"]["geometries"]
    }


def county_map(table: Table, width: int, language: str | None) -> str | None:
    """The counties of the first row's state; None without shapes, or where none has a number.

    The first row is the place asked for, which gets an outline.
    """
    known = {str(r["code"]): v for r in table.rows if (v := number(r["value"])) is not None}
    if not known or not installed():
        return None
    place = str(table.rows[0]["code"])
    state = place[:2]
    edges = _edges(sorted(known.values()))
    names = _classes(edges, table.columns[-1].unit, language)
    blank = sentence("chart.map-blank", {}, language)
    classes = {code: names[sum(v >= e for e in edges[1:-1])] for code, v in known.items()}
    topology = _of_state(state, classes, blank, place)
    phone = width < 480
    height = int(width * 0.72)
    spec = base(width, height, 8, 8, 132 if phone else 84)
    spec["data"] = {"values": topology, "format": {"type": "topojson", "feature": "counties"}}
    # islands and Alaska have their own frame in albersUsa; the territories have none
    spec["projection"] = {"type": "albersUsa" if int(state) <= 56 else "mercator"}
    shown = [*names, blank]
    colour = {
        "field": "properties.class",
        "type": "nominal",
        "scale": {"domain": shown, "range": [*HUE[-len(names) :], HATCH]},
        "legend": {
            "title": None, "orient": "bottom", "columns": 2 if phone else 3, "labelColor": QUIET,
            "labelFontSize": 13, "labelLimit": 300, "symbolType": "square", "symbolSize": 220,
            "symbolStrokeColor": QUIET, "symbolStrokeWidth": 1, "offset": 12, "columnPadding": 28,
        },
    }  # fmt: skip
    spec["layer"] = [
        {
            "mark": {"type": "geoshape", "stroke": _LINE, "strokeWidth": 0.8},
            "encoding": {"color": colour},
        },
        {
            "transform": [{"filter": "datum.properties.own"}],
            "mark": {"type": "geoshape", "fill": None, "stroke": INK, "strokeWidth": 2},
        },
    ]
    return draw(spec)


def _edges(values: Sequence[float]) -> list[float]:
    """Edges of up to five classes of as many counties each."""
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


def _of_state(state: str, classes: dict[str, str], blank: str, place: str) -> dict[str, Any]:
    """The shapes of one state, each with its class."""
    shapes = _shapes()
    kept = [
        {
            **g,
            "properties": {
                "class": classes.get(str(g["id"]), blank),
                "own": str(g["id"]) == place,
            },
        }
        for g in shapes["objects"]["counties"]["geometries"]
        if str(g["id"]).startswith(state)
    ]
    counties = {"type": "GeometryCollection", "geometries": kept}
    return {**shapes, "objects": {"counties": counties}}
