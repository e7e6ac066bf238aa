"""Charts of released answers: SVG by Vega-Lite, without a network, the same every time.

    journey          bars from one baseline: reached, on the way (lighter), lost (the gap)
    journey by group, gap, forest, one estimate, one share      a dot and its range a row
    retention        a line from the lowest to the highest share, a dot for those known

Two widths: WIDE for a page, NARROW for a phone, where labels stand above their row. Colours are
LOOK's; a style inside the SVG changes them for dark screens, so that a chart works alone. Data
marks carry text, never colour alone. What is hidden for privacy is hatched and says so.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rung.documents import digest
from rung.finding import Cell, Finding, Refusal, Row, Table
from rung.messages import phrase, sentence, word
from rung.share import say
from rung.share.numbers import amount, change, percent
from rung.share.release import AnyAnswer, Released

WIDE, NARROW = 720, 320
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"
INK, QUIET, LINE, ACCENT, GREY = "#1b2430", "#565f6b", "#d8d4cb", "#1d5c9e", "#8b919b"
LIGHTER, GAP, HATCH = "#a5bedb", "#ece9e2", "#d1ccc0"
_DARK = {
    INK: "#e8e6e1",
    QUIET: "#a6adb8",
    LINE: "#3a424e",
    ACCENT: "#7fb2e8",
    LIGHTER: "#3f5f80",
    GAP: "#262d36",
    HATCH: "#4a525e",
}
STYLE = "@media screen and (prefers-color-scheme: dark) {{ {} }}".format(
    " ".join(
        f'.rung-chart [{kind}="{light}"] {{ {kind}: {dark} }}'
        for light, dark in _DARK.items()
        for kind in ("fill", "stroke")
    )
)


def allowed(style: str) -> str:
    """What a content security policy says to let one inline style in."""
    digest = hashlib.sha256(style.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


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


def svg(
    released: Released[AnyAnswer], width: int = WIDE, language: str | None = None
) -> str | None:
    """The chart of an answer as SVG; None when words and a table tell it better."""
    answer = released.answer
    if isinstance(answer, Refusal):
        return None
    if isinstance(answer, Table):
        if answer.name == "journey" and say.group_key(answer) is None:
            drawn = _bars(answer, width, language)
        elif answer.name in ("journey", "gap", "forest", "retention"):
            drawn = _table_dots(answer, width, language)
        else:
            return None
    else:
        dots = _finding_dots([answer], language)
        if not dots:
            return None
        drawn = _dots(dots, _axis(answer, language), width, language)
    return _finish(drawn, released, width, language)


def several(
    released: Sequence[Released[Finding]], width: int = WIDE, language: str | None = None
) -> str | None:
    """Several findings of one unit under one axis; None when they cannot stand under one."""
    findings = [r.answer for r in released]
    if not findings or len({f.estimand.unit for f in findings}) != 1:
        return None
    dots = _finding_dots(findings, language)
    if not dots:
        return None
    drawn = _dots(dots, _axis(findings[0], language), width, language)
    return _finish(drawn, released[0], width, language)


def key(released: Released[AnyAnswer], language: str | None = None) -> str:
    """How to read the chart: what its marks are."""
    answer = released.answer
    bars = isinstance(answer, Table) and answer.name == "journey" and not say.group_key(answer)
    bounds = isinstance(answer, Table) and answer.name == "retention"
    marks = "bars" if bars else "bounds" if bounds else "dots"
    return sentence(f"chart.key-{marks}", {}, language)


def describe(released: Released[AnyAnswer], language: str | None = None) -> str:
    """What the chart shows, in one sentence."""
    answer = released.answer
    bars = isinstance(answer, Table) and answer.name == "journey" and not say.group_key(answer)
    told = say.headline(released, language).rstrip(".")
    n = _people(answer)
    parts = {"told": told, "n": f"{n:,}" if n else "", "range": _range_told(answer, language)}
    form = "bars" if bars else "dots" if parts["range"] else "dots-only"
    return sentence(f"chart.{form}", parts, language)


def _people(answer: AnyAnswer) -> int:
    if isinstance(answer, Finding):
        return answer.counts.analysed
    if isinstance(answer, Table):
        column = {"journey": "entered", "retention": "due"}.get(answer.name, "n")
        cells = [r.get(column) for r in (say.main_rows(answer) or answer.rows)]
        known = [c for c in cells if isinstance(c, int)]
        return sum(known) if column == "n" else max(known, default=0)
    return 0


def _range_told(answer: AnyAnswer, language: str | None) -> str:
    if not isinstance(answer, Finding) or answer.interval is None:
        return ""
    show = change if len(answer.parts) > 1 else amount
    ends = answer.interval
    if not (math.isfinite(ends.low) and math.isfinite(ends.high)):
        return ""
    unit = answer.estimand.unit
    given = {k: show(v, unit, language) for k, v in (("low", ends.low), ("high", ends.high))}
    return sentence("label.range", given, language)


# -- what to draw


@dataclass(frozen=True)
class _Axis:
    """How the horizontal axis reads. `zero`: a reference line to compare with."""

    scale: float
    format: str
    title: str
    zero: bool
    domain: tuple[float, float] | None = None


def _axis(answer: Finding | Table, language: str | None) -> _Axis:
    unit = answer.estimand.unit
    rates = isinstance(answer, Table) and answer.name in ("journey", "retention")
    level = isinstance(answer, Finding) and len(answer.parts) < 2
    if unit == "share" and (rates or level):
        return _Axis(100.0, "d", sentence("chart.axis-share", {}, language), False, (0.0, 100.0))
    if unit == "share":
        return _Axis(100.0, "+d", sentence("chart.axis-hundred", {}, language), True)
    title = sentence(f"chart.axis-{unit}", {}, language) if unit in ("dollars", "days") else ""
    sign = "" if level else "+"
    return _Axis(1.0, f"{sign}$,d" if unit == "dollars" else f"{sign},~r", title, not level)


def _finding_dots(findings: Sequence[Finding], language: str | None) -> list[_Dot]:
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
        n = f"{finding.counts.analysed:,}"
        dots.append(_Dot(label, n, finding.value, ends.low, ends.high, told))
    return dots


def _number(value: Cell) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None


def _table_dots(table: Table, width: int, language: str | None) -> str:
    by = say.group_key(table) or ""
    if table.name == "journey":
        dots = _rate_dots(table, by, language)
    elif table.name == "retention":
        dots = _bounds_dots(table, by, language)
    else:
        value = next(c.name for c in table.columns if c.role == "value")
        unit = table.estimand.unit
        rows = sorted(
            table.rows, key=lambda r: (r[value] is None, _number(r[value]) or 0.0, str(r[by]))
        )
        show: Callable[[float], str] = lambda v: change(v, unit, language)  # noqa: E731
        counted = [c.name for c in table.columns if c.role == "denominator"]
        if table.name == "gap":
            counted = counted[:1]  # the level itself; the others are everyone else
        dots = [_row_dot(r, by, value, counted, show, language) for r in rows]
    return _dots(dots, _axis(table, language), width, language)


def _row_dot(
    row: Row,
    by: str,
    value: str,
    counted: Sequence[str],
    show: Callable[[float], str],
    language: str | None,
) -> _Dot:
    number = _number(row[value])
    people = [n for n in (row[c] for c in counted) if isinstance(n, int)]
    return _Dot(
        label=word(str(row[by]), language),
        n=f"{sum(people):,}" if len(people) == len(counted) else "",
        value=number,
        low=_number(row["low"]),
        high=_number(row["high"]),
        told="" if number is None else show(number),
    )


def _bounds_dots(table: Table, by: str, language: str | None) -> list[_Dot]:
    """The bounds a row, told in words: the dot is only the share of those known."""
    hidden = {h.row for h in table.hidden}
    dots = []
    for i, row in enumerate(table.rows):
        dot = _row_dot(row, by, "share_known", ["due"], percent, language)
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
            dot = _row_dot(row, by, "rate", ["entered"], percent, language)
            if dot.value is None and (i, "rate") not in hidden:
                dot = replace(dot, told=sentence("chart.too-early", {}, language))
            dots.append(_Dot(**{**vars(dot), "main": row[by] != total}))
    return dots


# -- Vega-Lite


def _text(field: str, **more: Any) -> dict[str, Any]:
    colour, x, mark = more.pop("colour", INK), more.pop("x"), more
    place = {"field": x, "type": "quantitative"} if isinstance(x, str) else {"value": x}
    return {
        "mark": {"type": "text", "baseline": "middle", "fontSize": 13, "color": colour, **mark},
        "encoding": {"text": {"field": field}, "x": place},
    }


def _base(width: int, height: int, left: int, right: int, bottom: int) -> dict[str, Any]:
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": width - left - right,
        "height": height,
        "autosize": "none",
        "padding": {"left": left, "right": right, "top": 8, "bottom": bottom},
        "background": "transparent",
        "config": {"view": {"stroke": None}, "font": FONT},
    }


def _dot_rows(
    dots: Sequence[_Dot], scale: float, phone: bool, pitch: int, language: str | None
) -> Any:
    hidden = sentence("hidden.too-few", {}, language)
    rows = []
    for i, d in enumerate(dots):
        shown = d.value is not None or d.low is not None
        mark = "main" if d.main else "all"
        rows.append(
            {
                "y": i * pitch + pitch * (0.68 if phone else 0.5),
                "label_y": i * pitch + pitch * (0.28 if phone else 0.5),
                "label": _beside(d.label, d.n if shown else "") if phone else d.label,
                "n": "" if phone else d.n,
                "value": None if d.value is None else d.value * scale,
                "low": _finite(d.low, scale),
                "high": _finite(d.high, scale),
                "told": d.told or ("" if shown or d.head else hidden),
                "what": mark if shown else "head" if d.head else "early" if d.told else "hidden",
            }
        )
    return rows


def _dots(dots: Sequence[_Dot], axis: _Axis, width: int, language: str | None) -> str:
    phone = width < 480
    left, right, pitch = (0, 8, 44) if phone else (250, 130, 30)
    rows = _dot_rows(dots, axis.scale, phone, pitch, language)
    if not phone:  # room for what is told, which is longer in some languages
        right += 16 * max(0, *(len(r["told"]) - 18 for r in rows))
    height, plot = pitch * len(dots), width - left - right
    y = _down(height)
    colour = {"condition": {"test": "datum.what == 'main'", "value": ACCENT}, "value": GREY}
    label = _text("label", x=8 - left if left else 0, align="left", limit=180)
    label["mark"]["fontWeight"] = {"expr": "datum.what == 'head' ? 600 : 400"}
    texts = [
        label,
        _text("n", x=-16, align="right", colour=QUIET),
        _text("told", x=plot + (12 if left else 0), align="left" if left else "right"),
    ]
    scale = {"domain": list(axis.domain or _domain(rows, axis)), "nice": False, "zero": False}
    x = {"type": "quantitative", "scale": scale, "axis": _axis_of(axis, phone)}
    ranged = [{"filter": "isValid(datum.low) && isValid(datum.high)"}]
    known = [{"filter": "isValid(datum.value)"}]
    spec = _base(width, height, left, right, 48)
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
        *(_at_label(text, y) for text in texts),
    ]
    return _draw(spec)


def _beside(label: str, count: str) -> str:
    return f"{label} · {count}" if count else label


def _down(height: int) -> dict[str, Any]:
    """Rows by their pixel, from the top."""
    scale = {"domain": [height, 0], "zero": False, "nice": False}
    return {"field": "y", "type": "quantitative", "axis": None, "scale": scale}


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


def _axis_of(axis: _Axis, phone: bool) -> dict[str, Any]:
    return {
        "title": axis.title or None,
        "format": axis.format,
        "tickCount": (3 if phone else 4) if axis.scale == 1 else (4 if phone else 5),
        "labelOverlap": "greedy",
        "labelFlush": True,
        "labelExpr": "datum.value == 0 ? '0' : datum.label",
        "grid": not phone,
        "gridColor": LINE,
        "domain": False,
        "ticks": False,
        "labelColor": QUIET,
        "titleColor": QUIET,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": 400,
        "labelPadding": 6,
    }


def _bar_rows(table: Table, phone: bool, pitch: int, language: str | None) -> list[dict[str, Any]]:
    """A row a milestone, in people; without the split, those counted and those who reached."""
    rows: list[dict[str, Any]] = []
    for i, row in enumerate(table.rows):
        split = all(isinstance(row[k], int) for k in ("reached_any", "in_progress", "lost"))
        kept = ("reached_any", "people") if split else ("reached", "entered")
        reached, people = (int(row[k] or 0) for k in kept)
        known, rate = isinstance(row[kept[0]], int), _number(row["rate"])
        going, lost = (int(row[k] or 0) if split else 0 for k in ("in_progress", "lost"))
        count = f"{reached:,}" if known else sentence("hidden.too-few", {}, language)
        label = word(str(row["milestone"]), language)
        rows.append(
            {
                "y": i * pitch + pitch * (0.68 if phone else 0.5),
                "label_y": i * pitch + pitch * (0.26 if phone else 0.5),
                "label": _beside(label, count) if phone else label,
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


def _bars(table: Table, width: int, language: str | None) -> str:
    """Everyone who entered so far: reached, on the way, lost; the percentage is of the mature."""
    phone = width < 480
    left, right, pitch, thick = (0, 0, 56, 16) if phone else (230, 76, 44, 22)
    rows = _bar_rows(table, phone, pitch, language)
    height, plot = pitch * len(rows), width - left - right
    y = _down(height)
    most = max((r["people"] for r in rows), default=1) or 1
    x = {"type": "quantitative", "axis": None, "scale": {"domain": [0, most], "nice": False}}

    def bar(start: str, end: str, colour: str, only: str) -> dict[str, Any]:
        return {
            "transform": [{"filter": only}, {"calculate": "0", "as": "zero"}],
            "mark": {"type": "rect", "color": colour, "height": thick},
            "encoding": {"y": y, "x": {"field": start, **x}, "x2": {"field": end}},
        }

    texts = [
        _text("label", x=8 - left if left else 0, align="left", limit=150 if left else 230),
        _text("n", x=-16, align="right", colour=QUIET),
        _text("percent", x=plot + right - 4, align="right", fontWeight=600, fontSize=14),
    ]
    lost = _text("lost", x="middle", align="center", colour=QUIET, fontSize=12)
    lost["encoding"] |= {"x": {"field": "middle", **x}, "y": y}
    spec = _base(width, height, left, right, 8)
    spec["data"] = {"values": rows}
    spec["layer"] = [
        bar("zero", "people", GAP, "!datum.hidden"),
        bar("zero", "people", HATCH, "datum.hidden"),
        bar("reached", "going", LIGHTER, "!datum.hidden"),
        bar("zero", "reached", ACCENT, "!datum.hidden"),
        lost,
        *(_at_label(text, y) for text in texts),
    ]
    return _draw(spec)


def _at_label(text: dict[str, Any], y: Mapping[str, Any]) -> dict[str, Any]:
    return {**text, "encoding": {**text["encoding"], "y": {**y, "field": "label_y"}}}


def _draw(spec: Mapping[str, Any]) -> str:
    import vl_convert

    return str(vl_convert.vegalite_to_svg(json.dumps(spec)))


# -- the SVG itself

_NOISE = re.compile(r' (?:aria-[a-z]+|role|class|aria-roledescription)="[^"]*"')


def _finish(drawn: str, released: Released[AnyAnswer], width: int, language: str | None) -> str:
    """Title, description and dark colours; Vega's own roles inside an image say nothing."""
    mark = f"c{digest([released.answer.id, width])[:10]}"
    head, _, body = drawn.partition(">")
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', head)
    across, down = (float(v) for v in size.groups()) if size else (float(width), 100.0)
    body = _NOISE.sub("", body)
    body = body.replace(f'fill="{HATCH}"', f'fill="url(#{mark}h)"')
    title = html.escape(say.headline(released, language))
    told = html.escape(describe(released, language))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="rung-chart" role="img" '
        f'aria-labelledby="{mark}t {mark}d" viewBox="0 0 {across:g} {down:g}" '
        f'width="{across:g}" height="{down:g}">'
        f'<title id="{mark}t">{title}</title><desc id="{mark}d">{told}</desc>'
        f"<style>{STYLE}</style>"
        f'<defs><pattern id="{mark}h" width="6" height="6" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(45)"><path d="M0,0V6" stroke="{HATCH}" stroke-width="3"/>'
        f"</pattern></defs>{body}"
    )
