"""The marginal value of public funds: what people would pay for it, a dollar it costs the public.

Hendren and Sprung-Keyser (2020). Where people gain and the public pays nothing on balance the
value is infinite. Where people lose and the public does not pay, where nothing changes, or where
nobody gains and the public saves, there is no public dollar to speak of: it is undefined.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rung.errors import CannotAnswer
from rung.returns.perspectives import Array, Ledger, Quadrants, moments, quadrants
from rung.stats.ratio import EVERYTHING, Pieces, directions

Valued = Literal["earnings", "cost", "least"]
LEAST = 0.01  # of the program's cost: their lower bound


@dataclass(frozen=True)
class Value:
    """A marginal value of public funds, and how often it is what in the draws.

    `pieces` are the values that the data allow, none when everything they allow is undefined.
    `infinite` and `undefined` are shares of draws.
    """

    valued: Valued
    wtp: float
    cost: float
    pieces: Pieces
    infinite: float
    undefined: float
    plane: Quadrants | None = None

    @property
    def value(self) -> float:
        """The ratio; CannotAnswer (ANS-mvpf-undefined) where there is none."""
        return ratio(self.wtp, self.cost)


def ratio(wtp: float, cost: float) -> float:
    """What people would pay over net public cost; may be infinite.

    CannotAnswer (ANS-mvpf-undefined) unless the public pays (cost above zero) or people gain
    (willingness to pay above zero).
    """
    if cost > 0:
        return wtp / cost
    if wtp > 0:
        return math.inf
    raise CannotAnswer("ANS-mvpf-undefined")


def allowed(
    wtp: float,
    cost: float,
    variance_wtp: float = 0.0,
    variance_cost: float = 0.0,
    covariance: float = 0.0,
    level: float = 0.95,
) -> Pieces:
    """Every value that the data allow: it may reach infinity, or be infinity alone, or in pieces.

    Fieller's set with its directions told apart: a line through the origin is one ratio but two
    policies, one that costs the public and one that pays it.
    """
    seen = directions(wtp, cost, variance_wtp, variance_cost, covariance, level)
    if seen is None:
        return EVERYTHING
    first, last = seen
    found: list[tuple[float, float]] = []
    for turn in (-2 * math.pi, 0.0, 2 * math.pi):
        low, high = max(first + turn, -math.pi / 2), min(last + turn, math.pi)
        if low > high or high <= -math.pi / 2 or low >= math.pi - 1e-15:
            continue
        if low >= math.pi / 2:  # people gain and the public pays nothing
            found.append((math.inf, math.inf))
            continue
        ends = (-math.inf if low <= -math.pi / 2 else math.tan(low),
                math.inf if high >= math.pi / 2 else math.tan(high))  # fmt: skip
        if ends != (-math.inf, -math.inf):
            found.append(ends)
    return tuple(sorted(found))


def quick(
    wtp: float,
    cost: float,
    wtp_se: float = 0.0,
    cost_se: float = 0.0,
    correlation: float = 0.0,
    level: float = 0.95,
) -> tuple[float, Pieces]:
    """The value of two figures and, from their errors, the values that the data allow."""
    covariance = correlation * wtp_se * cost_se
    return ratio(wtp, cost), allowed(wtp, cost, wtp_se**2, cost_se**2, covariance, level)


def values(
    ledger: Ledger, payers: Sequence[str], beneficiaries: Sequence[str] = ("participant",)
) -> tuple[Value, ...]:
    """The value by what people get, by what it costs, and at the lower bound, from joint draws.

    `beneficiaries` are the accounts whose gain is what people would pay; `payers` those whose
    dollar is the public's. Net cost is what the payers' accounts lose on balance.
    """
    gain, gains = _sum(ledger, beneficiaries)
    net, nets = _sum(ledger, payers)
    spent, spends = _sum(ledger, payers, costs=True)
    made = []
    by: tuple[tuple[Valued, float, Array], ...] = (
        ("earnings", gain, gains),
        ("cost", -spent, -spends),
        ("least", -LEAST * spent, -LEAST * spends),
    )
    for valued, wtp, drawn in by:
        free = -nets <= 0
        pieces = allowed(wtp, -net, *moments(drawn, -nets), level=ledger.level)
        infinite = float((free & (drawn > 0)).mean())
        undefined = float((free & (drawn <= 0)).mean())
        plane = quadrants(drawn, -nets)
        made.append(Value(valued, wtp, -net, pieces, infinite, undefined, plane))
    return tuple(made)


def _sum(ledger: Ledger, accounts: Sequence[str], costs: bool = False) -> tuple[float, Array]:
    """Present values of some accounts together, expected and drawn."""
    values = [ledger.flows(a, "costs" if costs else "all").at(ledger.factors) for a in accounts]
    return sum(v for v, _ in values), np.sum([d for _, d in values], axis=0)
