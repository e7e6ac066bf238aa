"""Shapes of US counties and states: the Census Bureau's of 2017, from a package that ships them.

They are `us-atlas` 3.0.1 (ISC), a TopoJSON topology in which neighbours share an arc, so that
borders never part. The package `dubois-charts` (extra `rung[maps]`) carries the file for use
without a network; the package itself is not imported.
"""

from __future__ import annotations

import importlib.util
import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from rung.errors import PlanError

_TERRITORIES = 56  # codes past it are Puerto Rico and the islands


def file() -> Path | None:
    """Where the shapes are; None when the extra is not installed."""
    found = importlib.util.find_spec("dubois_charts")
    if found is None or found.origin is None:
        return None
    path = Path(found.origin).parent / "charts/data/us-counties-10m.json"
    return path if path.is_file() else None


@cache
def topology() -> dict[str, Any]:
    """The whole topology; nobody may change it. PlanError (PLAN-map) when it is not installed."""
    path = file()
    if path is None:
        raise PlanError("PLAN-map")
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def of(kind: str) -> dict[str, dict[str, Any]]:
    """The shapes of all "counties" or "states" by their code."""
    return {str(g["id"]): g for g in topology()["objects"][kind]["geometries"]}


@cache
def state_names() -> Mapping[str, str]:
    """The name of each state by its code."""
    return {code: g["properties"]["name"] for code, g in of("states").items()}


@cache
def county_names() -> Mapping[str, str]:
    """The name and state of each county by its code."""
    states = state_names()
    return {
        code: f"{g['properties']['name']}, {states.get(code[:2], '')}"
        for code, g in of("counties").items()
    }


def drawn_with_the_nation(code: str) -> bool:
    """Whether a map of the nation has a place for it: Puerto Rico and the islands have none."""
    return int(code[:2]) <= _TERRITORIES


def polygons(shape: Mapping[str, Any]) -> list[Any]:
    """The polygons of a shape, each a list of rings, each a list of arcs."""
    arcs: list[Any] = shape["arcs"]
    return arcs if shape["type"] == "MultiPolygon" else [arcs]


def _arcs(shape: Mapping[str, Any]) -> Iterator[int]:
    for polygon in polygons(shape):
        for ring in polygon:
            for arc in ring:
                yield arc if arc >= 0 else ~arc


def borders(shapes: Mapping[str, Mapping[str, Any]]) -> list[list[int]]:
    """The arcs between two shapes, each once; coasts are left out."""
    used = Counter(arc for shape in shapes.values() for arc in set(_arcs(shape)))
    return [[arc] for arc, times in used.items() if times > 1]


Box = tuple[float, float, float, float]


def _box(polygon: Any) -> Box:
    """West, south, east and north of a polygon in degrees; past the date line, further west."""
    whole = topology()
    scale, origin = whole["transform"]["scale"], whole["transform"]["translate"]
    xs, ys = [], []
    for arc in polygon[0]:
        x = y = 0
        for dx, dy in whole["arcs"][arc if arc >= 0 else ~arc]:
            x, y = x + dx, y + dy
            across = x * scale[0] + origin[0]
            xs.append(across - 360 if across > 100 else across)
            ys.append(y * scale[1] + origin[1])
    return min(xs), min(ys), max(xs), max(ys)


def middle(shape: Mapping[str, Any]) -> tuple[float, float]:
    """Longitude and latitude of the middle of the largest part's box: where a mark is put."""
    boxes = [_box(polygon) for polygon in polygons(shape)]
    west, south, east, north = max(boxes, key=lambda b: (b[2] - b[0]) * (b[3] - b[1]))
    return (west + east) / 2, (south + north) / 2


def proportion(parts: Iterable[Mapping[str, Any]]) -> float:
    """Height over width of shapes together, about as a map shows them."""
    boxes = [_box(polygon) for shape in parts for polygon in polygons(shape)]
    ends = zip(*boxes, strict=True)
    west, south, east, north = (f(e) for f, e in zip((min, min, max, max), ends, strict=True))
    across = (east - west) * math.cos(math.radians((south + north) / 2))
    return (north - south) / across if across > 0 else 1.0
