"""How well a hidden number is hidden: its feasible range under everything that is shown.

Used by the audit of released tables (Fischetti and Salazar 2001: a cell is protected when the
range an attacker can compute for it is wide). Every range is two linear programmes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

Key = TypeVar("Key")


@dataclass(frozen=True)
class Relation(Generic[Key]):
    """sum(coefficient * number) == constant, or >= constant when `at_least`."""

    terms: Mapping[Key, float]
    constant: float = 0.0
    at_least: bool = False


def feasible_range(
    target: Mapping[Key, float], relations: Sequence[Relation[Key]]
) -> tuple[float, float]:
    """Lowest and highest value of a linear form of unknown counts (all at least 0).

    `relations` speak of unknowns alone: known numbers are already in their constants. Unbounded
    ends are infinite. Raises ValueError when no numbers fit: then the relations are not true.
    """
    from scipy.optimize import linprog  # 0.5 s to import, and most releases hide nothing

    at = {
        k: i
        for i, k in enumerate(dict.fromkeys([*target, *(k for r in relations for k in r.terms)]))
    }
    cost = np.zeros(len(at))
    for key, c in target.items():
        cost[at[key]] = c
    equal = [r for r in relations if not r.at_least]
    least = [r for r in relations if r.at_least]

    def matrix(of: Sequence[Relation[Key]], sign: float) -> tuple[np.ndarray, np.ndarray] | None:
        if not of:
            return None
        left = np.zeros((len(of), len(at)))
        for i, r in enumerate(of):
            for key, c in r.terms.items():
                left[i, at[key]] += sign * c
        return left, sign * np.array([r.constant for r in of])

    eq, ub = matrix(equal, 1.0), matrix(least, -1.0)
    ends = []
    for sign in (1.0, -1.0):
        found = linprog(
            sign * cost,
            A_eq=eq[0] if eq else None,
            b_eq=eq[1] if eq else None,
            A_ub=ub[0] if ub else None,
            b_ub=ub[1] if ub else None,
            method="highs",
        )
        if found.status == 3:
            ends.append(-sign * math.inf)
        elif found.status == 0:
            ends.append(sign * float(found.fun or 0.0))
        else:
            raise ValueError("no numbers fit the relations")
    return ends[0], ends[1]
