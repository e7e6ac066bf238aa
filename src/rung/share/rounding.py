"""Rounding of what leaves: as people speak, and never claiming more than is known.

    share      whole percent (two decimals); a probability too
    rate       a rate of return a year: tenths of a percent
    dollars    to 10 cents below $100 (hourly wages), to $10 below $1,000, to $100 from there on
    days       whole days
    people     whole people
    other      three significant digits

Values go to the nearest step; the ends of a range go outward, so that a range is never narrower
than the exact one and never loses a sign it had.
"""

from __future__ import annotations

import math


def step(value: float, unit: str) -> float:
    """The step a value of this size and unit is rounded to."""
    if unit in ("share", "probability"):
        return 0.01
    if unit == "rate":
        return 0.001
    if unit == "dollars":
        return 0.1 if abs(value) < 100 else 10.0 if abs(value) < 1000 else 100.0
    if unit in ("days", "people"):
        return 1.0
    if abs(value) < 1e-12:
        return 1e-12
    return float(10.0 ** (math.floor(math.log10(abs(value))) - 2))


def rounded(value: float, unit: str, towards: int = 0) -> float:
    """`value` to its step: the nearest (0), down (-1) or up (1). Infinite ends stay infinite."""
    if not math.isfinite(value):
        return value
    size = step(value, unit)
    steps = value / size
    # 0.29 / 0.01 is 28.999…: a step short by a rounding error is not outward
    near = math.copysign(math.floor(abs(steps) + 0.5 + 1e-9), steps)  # halves away from zero
    if towards == 0 or abs(steps - near) < 1e-9:
        whole = near
    else:
        whole = float(math.floor(steps) if towards < 0 else math.ceil(steps))
    places = max(0, -math.floor(math.log10(size)))
    return round(whole * size, places) + 0.0
