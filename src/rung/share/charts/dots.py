"""A dot and its range a row: estimates, gaps, rates by group."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rung.finding import Finding, Row, Table
from rung.messages import phrase, sentence, word
from rung.share import say
from rung.share.charts.frame import (
    ACCENT,
    AXIS,
    GREY,
    HATCH,
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
from rung.share.numbers import amount, change, percent


@dataclass(frozen=True)
class _Dot:
    """A row of a dot-and-range chart."""

    label: str
    n: str
    value: float | None
    low: float | None
    high: float | None
    told: str
    head: bool = False  # a heading between rows, without a mark
    main: bool = True  # the thing talked about; the rest is grey


@dataclass(frozen=True)
class _Axis:
    """How the horizontal axis reads. `zero`: a reference line to compare with."""

    scale: float
    format: str
    title: str
    zero: bool
    domain: tuple[float, float] | None = None


def axis_of(answer: Finding | Table, language: str | None) -> _Axis:
    unit = answer.estimand.unit
    rates = isinstance(answer, Table) and answer.name in ("journey", "retention", "wioa", "funders")
    level = isinstance(answer, Finding) and len(answer.parts) < 2
    if unit == "share" and (rates or level):
        return _Axis(100.0, "d", sentence("chart.axis-share", {}, language), False, (0.0, 100.0))
    if unit == "share":
        return _Axis(100.0, "+d", sentence("chart.axis-hundred", {}, language), True)
    title = sentence(f"chart.axis-{unit}", {}, language) if unit in ("dollars", "days") else ""
    sign = "" if level else "+"
    return _Axis(1.0, f"{sign}$,d" if unit == "dollars" else f"{sign},~r", title, not level)


def finding_dots(findings: Sequence[Finding], language: str | None) -> list[_Dot]:
    dots = []
    for finding in findings:
        ends, parts = finding.interval, finding.parts
        if ends is None or ends.kind == "complete count" or finding.method.key == "bottleneck":
            continue
        unit = finding.estimand.unit
        difference = len(parts) > 1
        given = {"a": parts[0].group, "b": parts[1].group} if difference else {}
        several = len(findings) > 1
        label = word(parts[0].group if difference else finding.estimand.outcome, language)
        if difference and several:
            label = phrase("chart.against", given, language)
        told = (change if difference else amount)(finding.value, unit, language)
        places = finding.method.key.startswith("place")  # how many places is no size of a group
        n = "" if places else f"{finding.counts.analysed:,}"
        dots.append(_Dot(label, n, finding.value, ends.low, ends.high, told))
    return dots


def table_dots(table: Table, width: int, language: str | None) -> str:
    by = say.group_key(table) or ""
    if table.name == "journey":
        rows = _rate_dots(table, by, language)
    elif table.name == "retention":
        rows = _bounds_dots(table, by, language)
    else:
        value = next(c.name for c in table.columns if c.role == "value")
        unit = table.estimand.unit
        found = sorted(
            table.rows, key=lambda r: (r[value] is None, number(r[value]) or 0.0, str(r[by]))
        )
        show: Callable[[float], str] = lambda v: change(v, unit, language)  # noqa: E731
        counted = [c.name for c in table.columns if c.role == "denominator"]
        if table.name == "gap":
            counted = counted[:1]  # the level itself; the others are everyone else
        rows = [row_dot(r, by, value, counted, show, language) for r in found]
    return dots(rows, axis_of(table, language), width, language)


def row_dot(
    row: Row,
    by: str,
    value: str,
    counted: Sequence[str],
    show: Callable[[float], str],
    language: str | None,
) -> _Dot:
    known = number(row[value])
    people = [n for n in (row[c] for c in counted) if isinstance(n, int)]
    return _Dot(
        label=word(str(row[by]), language),
        n=f"{sum(people):,}" if len(people) == len(counted) else "",
        value=known,
        low=number(row["low"]),
        high=number(row["high"]),
        told="" if known is None else show(known),
    )


def _bounds_dots(table: Table, by: str, language: str | None) -> list[_Dot]:
    """The bounds a row, told in words: the dot is only the share of those known."""
    hidden = {h.row for h in table.hidden}
    dots = []
    for i, row in enumerate(table.rows):
        dot = row_dot(row, by, "share_known", ["due"], percent, language)
        told = say.bounds(row, language)
        if i in hidden and not told:
            dot = replace(dot, value=None)
        elif dot.value is None and not told:
            continue
        dots.append(replace(dot, told=told))
    return dots


def _rate_dots(table: Table, by: str, language: str | None) -> list[_Dot]:
    total = next((d.total for d in table.dimensions if d.name == by), None)
    steps = list(dict.fromkeys(str(r["milestone"]) for r in table.rows))
    hidden = {(h.row, h.column) for h in table.hidden}
    dots = []
    for step in steps[1:]:
        dots.append(_Dot(word(step, language), "", None, None, None, "", head=True))
        for i, row in enumerate(table.rows):
            if row["milestone"] != step:
                continue
            dot = row_dot(row, by, "rate", ["entered"], percent, language)
            if dot.value is None and (i, "rate") not in hidden:
                dot = replace(dot, told=sentence("chart.too-early", {}, language))
            dots.append(_Dot(**{**vars(dot), "main": row[by] != total}))
    return dots


def _dot_rows(
    dots: Sequence[_Dot], scale: float, phone: bool, pitch: int, language: str | None
) -> Any:
    hidden = sentence("hidden.too-few", {}, language)
    extra = pitch - _PITCH if phone else 0
    rows = []
    for i, d in enumerate(dots):
        shown = d.value is not None or d.low is not None
        mark = "main" if d.main else "all"
        rows.append(
            {
                "y": i * pitch + extra + 0.68 * _PITCH if phone else (i + 0.5) * pitch,
                "label_y": i * pitch + 0.28 * _PITCH if phone else (i + 0.5) * pitch,
                "label": _phone_label(d) if phone else d.label,
                "n": "" if phone else d.n,
                "value": None if d.value is None else d.value * scale,
                "low": _finite(d.low, scale),
                "high": _finite(d.high, scale),
                "told": d.told or ("" if shown or d.head else hidden),
                "what": mark if shown else "head" if d.head else "early" if d.told else "hidden",
            }
        )
    return rows


_PITCH, _LINE = 44, 16  # of a row on a phone, and of each further line of its label
_WRAP = 40  # characters beside which what is told has room on a phone


def _phone_label(dot: _Dot) -> str:
    shown = dot.value is not None or dot.low is not None
    said = beside(dot.label, dot.n if shown else "")
    return said if dot.head else "\n".join(textwrap.wrap(said, max(18, _WRAP - len(dot.told))))


def dots(dots: Sequence[_Dot], axis: _Axis, width: int, language: str | None) -> str:
    phone = width < 480
    left, right, pitch = (0, 8, _PITCH) if phone else (250, 130, 30)
    if phone:
        pitch += _LINE * max(0, *(_phone_label(d).count("\n") for d in dots))
    rows = _dot_rows(dots, axis.scale, phone, pitch, language)
    if not phone:  # room for what is told, which is longer in some languages
        right += 16 * max(0, *(len(r["told"]) - 18 for r in rows))
    height, plot = pitch * len(dots), width - left - right
    y = down(height)
    colour = {"condition": {"test": "datum.what == 'main'", "value": ACCENT}, "value": GREY}
    label = text("label", x=8 - left if left else 0, align="left", limit=180)
    label["mark"]["fontWeight"] = {"expr": "datum.what == 'head' ? 600 : 400"}
    label["mark"]["limit"] = {
        "expr": f"datum.what == 'head' ? {width - 12} : {240 if phone else 180}"
    }
    if phone:
        label["mark"] |= {"lineBreak": "\n", "lineHeight": _LINE}
        label["mark"]["fontSize"] = {"expr": "datum.what == 'head' ? 12 : 13"}
    texts = [
        label,
        text("n", x=-16, align="right", colour=QUIET),
        text("told", x=plot + (12 if left else 0), align="left" if left else "right"),
    ]
    scale = {"domain": list(axis.domain or _domain(rows, axis)), "nice": False, "zero": False}
    x = {"type": "quantitative", "scale": scale, "axis": _scale(axis, phone)}
    ranged = [{"filter": "isValid(datum.low) && isValid(datum.high)"}]
    known = [{"filter": "isValid(datum.value)"}]
    spec = base(width, height, left, right, 48)
    spec["data"] = {"values": rows}
    spec["layer"] = [
        *([_reference(height)] if axis.zero else []),
        {
            "transform": [{"filter": "datum.what == 'hidden'"}],
            "mark": {"type": "rect", "color": HATCH, "height": 10},
            "encoding": {"y": y, "x": {"value": 0}, "x2": {"value": plot}},
        },
        {
            "transform": ranged,
            "mark": {"type": "rule", "strokeWidth": 3, "opacity": 0.45},
            "encoding": {
                "y": y,
                "x": {"field": "low", **x},
                "x2": {"field": "high"},
                "color": colour,
            },
        },
        {
            "transform": known,
            "mark": {"type": "point", "filled": True, "size": 90, "opacity": 1},
            "encoding": {"y": y, "x": {"field": "value", **x}, "color": colour},
        },
        *(at_label(text, y) for text in texts),
    ]
    return draw(spec)


def _finite(value: float | None, scale: float) -> float | None:
    return value * scale if value is not None and math.isfinite(value) else None


def _reference(height: int) -> dict[str, Any]:
    return {
        "data": {"values": [{"zero": 0}]},
        "mark": {"type": "rule", "color": QUIET, "strokeDash": [2, 3]},
        "encoding": {
            "x": {"field": "zero", "type": "quantitative"},
            "y": {"value": 0},
            "y2": {"value": height},
        },
    }


def _domain(rows: Iterable[Mapping[str, Any]], axis: _Axis) -> tuple[float, float]:
    ends = [r[k] for r in rows for k in ("low", "high", "value") if r[k] is not None]
    ends += [0.0] if axis.zero or not ends else []
    low, high = min(ends), max(ends)
    room = 0.06 * ((high - low) or 1.0)
    return low - room, high + room


def _scale(axis: _Axis, phone: bool) -> dict[str, Any]:
    return {
        "title": axis.title or None,
        "format": axis.format,
        "tickCount": (3 if phone else 4) if axis.scale == 1 else (4 if phone else 5),
        "labelOverlap": "greedy",
        "labelFlush": 24
        if phone and "$" in axis.format
        else True,  # pixels from an edge where a label turns inwards
        "labelExpr": "datum.value == 0 ? '0' : datum.label",
        "grid": not phone,
        "gridColor": LINE,
        **AXIS,
        "labelPadding": 6,
    }
