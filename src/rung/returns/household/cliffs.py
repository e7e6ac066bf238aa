"""Where net income falls as the wage rises, and which wage makes up for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Dollars = NDArray[np.float64]
Model = Callable[[Dollars], Mapping[str, Dollars]]
"""Components of net income, dollars a year, at wages an hour."""

FALL_LEAST = 50.0  # dollars a year: smaller falls are steps of rounding, gone with the next cents


@dataclass(frozen=True)
class Step:
    """From one wage to a higher one: net income at both, and where it is made up for.

    `until` is the lowest wage from `after` on at which net income is again as high as at
    `before`: `after` itself when nothing is lost, None when no wage looked at is enough.
    """

    before: float
    after: float
    net_before: float
    net_after: float
    until: float | None
    name: str = ""

    @property
    def change(self) -> float:
        """Dollars a year more (or, negative, less) at the higher wage."""
        return self.net_after - self.net_before


def net_of(parts: Mapping[str, Dollars]) -> Dollars:
    """Net income: the sum of its components."""
    return np.asarray(np.sum([np.asarray(v) for v in parts.values()], axis=0))


def falls(wages: Dollars, net: Dollars, up_to: float) -> tuple[Step, ...]:
    """Every stretch below an earlier high that begins at a wage up to `up_to`, in order.

    `wages` rise; a stretch that is nowhere `FALL_LEAST` below is left out.
    """
    high = np.maximum.accumulate(net)
    below = net < high - 0.005
    edges = np.flatnonzero(np.diff(np.concatenate(([0], below.view(np.int8), [0]))))
    found = []
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        worst = start + int(np.argmin(net[start:end]))
        peak = start - 1
        if high[worst] - net[worst] < FALL_LEAST or wages[peak] > up_to:
            continue
        until = float(wages[end]) if end < len(wages) else None
        found.append(
            Step(
                float(wages[peak]), float(wages[worst]), float(net[peak]), float(net[worst]), until
            )
        )
    return tuple(found)


def rungs(path: tuple[tuple[str, float], ...], wages: Dollars, net: Dollars) -> Iterator[Step]:
    """Each rung of a career path against the one before; every rung stands in `wages`."""
    at = {w: i for i, w in enumerate(np.round(wages, 4).tolist())}
    for (_, low), (name, up) in pairwise(path):
        first, last = at[round(low, 4)], at[round(up, 4)]
        enough = np.flatnonzero(net[last:] >= net[first] - 0.005)
        until = float(wages[last + enough[0]]) if enough.size else None
        yield Step(low, up, float(net[first]), float(net[last]), until, name)
