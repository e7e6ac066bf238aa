"""Numbers as people say them: "62 %", "about $1,790", "8 in 100", "12 days"."""

from __future__ import annotations

import math

from rung.messages import sentence

_MORE_LESS = {True: "more", False: "less"}


def spoken(value: float) -> float:
    """Three digits are as many as people remember."""
    if value == 0 or not math.isfinite(value):
        return value
    places = 2 - math.floor(math.log10(abs(value)))
    return round(value, places)


def plain(value: float) -> str:
    """A number with thousands apart and without digits nobody says."""
    said = spoken(value)
    if said == int(said):
        return f"{said:,.0f}"
    if abs(said) < 1e-4:  # Python would write 5.64e-05, which nobody says
        return f"{said:.10f}".rstrip("0").rstrip(".")
    return f"{said:,}"


def _nearest(value: float) -> int:
    """Halves go up, as people expect, also where a sum left a half a hair too small."""
    return math.floor(value + 0.5 + 1e-9)


def percent(value: float) -> str:
    """A share in whole percent; a tiny one is not called 0."""
    hundred = 100 * value
    if 0 < hundred < 1 or 99 < hundred < 100:
        return f"{min(max(hundred, 0.1), 99.9):.1f}\N{NO-BREAK SPACE}%"
    return f"{_nearest(hundred)}\N{NO-BREAK SPACE}%"


def in_hundred(value: float) -> str:
    """The size of a share as so many in 100, without the words."""
    hundred = 100 * abs(value)
    return f"{hundred:.1f}" if 0 < hundred < 0.95 else f"{_nearest(hundred)}"


def dollars(value: float) -> str:
    """Cents under a hundred dollars, $10 from there on; the sign in front."""
    if abs(value) < 100:
        said, places = round(abs(value), 2), 2
        places = 0 if said == int(said) else 2
    else:
        said, places = abs(round(spoken(value), -1)), 0
    return f"{'−' if value < 0 else ''}${said:,.{places}f}"


def size(value: float, unit: str, language: str | None = None) -> str:
    """How much, without its sign, in natural units."""
    if unit == "share":
        return sentence("say.in-hundred", {"n": in_hundred(value)}, language)
    if unit == "dollars":
        return dollars(abs(value))
    if unit in ("days", "people"):
        n = round(abs(value))
        return sentence(f"say.{unit}-{'one' if n == 1 else 'many'}", {"n": n}, language)
    if unit == "percentiles":
        said = tenths(value)
        return sentence(f"say.percentile-{'one' if said == '1' else 'many'}", {"n": said}, language)
    return plain(abs(value))


def tenths(value: float) -> str:
    """How much in tenths, without its sign."""
    return plain(_nearest(10 * abs(value)) / 10)


def amount(value: float, unit: str, language: str | None = None) -> str:
    """A level: a share or a rate as percent, dollars, days, a number; ∞ where it has no end."""
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if unit == "share":
        return percent(value)
    if unit == "dollars":
        return dollars(value)
    if unit == "whole dollars":  # parts of a budget are seen to add up
        return f"{'−' if value <= -0.5 else ''}${_nearest(abs(value)):,}"
    if unit == "rate":
        return f"{'−' if value < 0 else ''}{percent(abs(value))}"
    if unit in ("days", "people") and value >= 0:
        return size(value, unit, language)
    return f"{'−' if value < 0 else ''}{plain(abs(value))}"


def change(value: float, unit: str, language: str | None = None) -> str:
    """A difference: "$240 less", "8 in 100 more", "no more and no less"."""
    if value == 0:
        return sentence("say.no-change", {}, language)
    which = _MORE_LESS[value > 0]
    return sentence(f"say.{which}", {"size": size(value, unit, language)}, language)


def between(low: float, high: float, unit: str, language: str | None = None) -> str:
    """The range of a difference: "between $550 and $3,040 more", "from $240 less to $90 more"."""
    if math.isinf(low) and math.isinf(high):
        return sentence("say.from-any", {}, language)
    if math.isinf(low) or math.isinf(high):
        end = high if math.isinf(low) else low
        key = "say.at-most" if math.isinf(low) else "say.at-least"
        return sentence(key, {"end": change(end, unit, language)}, language)
    if low * high > 0:
        small, large = sorted((low, high), key=abs)
        bare = {"share": in_hundred, "percentiles": tenths}.get(unit)  # the unit is said once
        first = bare(small) if bare else size(small, unit, language)
        last = size(large, unit, language)
        which = _MORE_LESS[low > 0]
        return sentence(f"say.between-{which}", {"first": first, "last": last}, language)
    ends = {"low": change(low, unit, language), "high": change(high, unit, language)}
    return sentence("say.from-to", ends, language)


def around(low: float, high: float, unit: str, language: str | None = None) -> str:
    """The range of a level: "33 to 42 in 100", "$4,100 to $5,000", "$18.57 or more"."""
    if math.isinf(low) and math.isinf(high):
        return sentence("say.any-value", {}, language)
    if math.isinf(high):
        return sentence("say.or-more", {"low": amount(low, unit, language)}, language)
    if math.isinf(low):
        return sentence("say.or-less", {"high": amount(high, unit, language)}, language)
    first = in_hundred(low) if unit == "share" else amount(low, unit, language)
    last = size(high, unit, language) if unit == "share" else amount(high, unit, language)
    return sentence("say.around", {"first": first, "last": last}, language)


def with_year(text: str, year: int | None, language: str | None = None) -> str:
    """Dollars with the year they are of."""
    if year is None:
        return text
    return sentence("say.dollar-year", {"text": text, "year": year}, language)
