"""What every chart has: colours, the frame, its text, and the SVG around it."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Mapping
from typing import Any

from rung.documents import digest
from rung.finding import Cell

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


def number(value: Cell) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None


AXIS: Mapping[str, Any] = {
    "domain": False,
    "ticks": False,
    "labelColor": QUIET,
    "titleColor": QUIET,
    "labelFontSize": 12,
    "titleFontSize": 12,
    "titleFontWeight": 400,
}
"""An axis that steps back: labels and a title, no line and no ticks."""


def text(field: str, **more: Any) -> dict[str, Any]:
    colour, x, mark = more.pop("colour", INK), more.pop("x"), more
    place = {"field": x, "type": "quantitative"} if isinstance(x, str) else {"value": x}
    return {
        "mark": {"type": "text", "baseline": "middle", "fontSize": 13, "color": colour, **mark},
        "encoding": {"text": {"field": field}, "x": place},
    }


def base(width: int, height: int, left: int, right: int, bottom: int) -> dict[str, Any]:
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": width - left - right,
        "height": height,
        "autosize": "none",
        "padding": {"left": left, "right": right, "top": 8, "bottom": bottom},
        "background": "transparent",
        "config": {"view": {"stroke": None}, "font": FONT},
    }


def beside(label: str, count: str) -> str:
    return f"{label} · {count}" if count else label


def down(height: int) -> dict[str, Any]:
    """Rows by their pixel, from the top."""
    scale = {"domain": [height, 0], "zero": False, "nice": False}
    return {"field": "y", "type": "quantitative", "axis": None, "scale": scale}


def at_label(text: dict[str, Any], y: Mapping[str, Any]) -> dict[str, Any]:
    return {**text, "encoding": {**text["encoding"], "y": {**y, "field": "label_y"}}}


def draw(spec: Mapping[str, Any]) -> str:
    import vl_convert

    return str(vl_convert.vegalite_to_svg(json.dumps(_printed(spec))))


_UNPRINTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that XML cannot hold: one of them in a cell would end the process that draws."""


def _printed(value: Any) -> Any:
    """The same without characters that XML cannot hold."""
    if isinstance(value, str):
        return _UNPRINTED.sub("", value)
    if isinstance(value, Mapping):
        return {k: _printed(v) for k, v in value.items()}
    return [_printed(v) for v in value] if isinstance(value, (list, tuple)) else value


_NOISE = re.compile(r' (?:aria-[a-z]+|role|class|aria-roledescription)="[^"]*"')


def finish(drawn: str, answer_id: str, width: int, title: str, told: str) -> str:
    """Title, description and dark colours; Vega's own roles inside an image say nothing."""
    mark = f"c{digest([answer_id, width])[:10]}"
    head, _, body = drawn.partition(">")
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', head)
    across, down = (float(v) for v in size.groups()) if size else (float(width), 100.0)
    body = _NOISE.sub("", body)
    body = body.replace(f'fill="{HATCH}"', f'fill="url(#{mark}h)"')
    title, told = (html.escape(_UNPRINTED.sub("", text)) for text in (title, told))
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
