"""How often the ranges hold, and whether a bootstrap that ranks anew agrees with the errors.

Pairs are drawn from a population whose figures are known: jointly normal logs of income, with and
without zeros, weights and groups. A range of 95 percent should hold in 95 of 100 samples.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pytest

from rung.mobility import transitions
from rung.mobility.ranks import Cells, Floats, both, tallies
from rung.mobility.telling import share_range

pytestmark = pytest.mark.deep
RHO, N, REPEATS = 0.4, 1_000, 4_000
SHARES = {"up", "higher", "group up"}  # their ranges are made on the scale of log odds
NAMES = ("slope", "line", "cell", "up", "higher", "trace", "steps", "group slope", "group up")


class Sample(NamedTuple):
    parent: Floats
    child: Floats
    weights: Floats | None
    group: np.ndarray


def draw(rng: np.random.Generator, design: str, n: int) -> Sample:
    """`zeros`: one parent in eight and one child in five have none. `weights`: unequal ones."""
    x, u = rng.standard_normal((2, n))
    group = (rng.random(n) < 0.4).astype(np.intp)
    y = RHO * x + math.sqrt(1 - RHO**2) * u - 0.3 * group
    parent, child = np.exp(0.8 * x), np.exp(0.9 * y)
    if design == "zeros":
        parent[x < -1.15], child[y < -0.96] = 0, 0
    weights = rng.uniform(0.4, 2.5, n) * (1 + group) if design == "weights" else None
    return Sample(parent, child, weights, group)


def figures(s: Sample, errors: bool) -> tuple[list[float], list[float]]:
    """Every estimate, and its standard error."""
    x, y = both(s.parent, s.child, s.weights)
    whole = tallies(x, y, s.weights)[0]
    group = tallies(x, y, s.weights, s.group, 2)[1]
    joint = whole.joint_shares()
    cell = whole.child[20:30].sum() / whole.joint[20:30].sum()
    found = [
        whole.line[0], whole.fitted(0.25), float(cell), whole.matrix()[0, 4],
        whole.directed(20, 40, 10).share, transitions.trace(joint), transitions.steps(joint),
        group.line[0], group.matrix()[0, 4],
    ]  # fmt: skip
    if not errors:
        return found, []
    cells = Cells.of(x, y, s.weights, s.group)
    covariance = transitions.joint_covariance(cells)
    effects = [
        cells.line(), cells.line(0.25), cells.mean(0.2, 0.3), cells.chance((0, 0.2), (0.8, 1)),
        cells.directed(0.2, 0.4, 0.1), None, None, cells.line(level=1),
        cells.chance((0, 0.2), (0.8, 1), 1),
    ]  # fmt: skip
    indices = iter((transitions.trace, transitions.steps))
    errors_ = [
        transitions.error(next(indices), joint, covariance) if e is None else cells.error(e)
        for e in effects
    ]
    return found, errors_


def truth(design: str) -> Floats:
    """The population's figures, from ten million pairs."""
    parts = [draw(np.random.default_rng([7, i]), design, 1_000_000) for i in range(10)]
    columns = [[getattr(p, f) for p in parts] for f in ("parent", "child", "group")]
    weights = [p.weights for p in parts if p.weights is not None]
    parent, child, group = (np.concatenate(c) for c in columns)
    joined = np.concatenate(weights) if weights else None
    return np.array(figures(Sample(parent, child, joined, group), False)[0])


def _held(name: str, values: Floats, errors: Floats, known: float) -> float:
    """How many of the ranges hold what is known."""
    if name not in SHARES:
        return float((np.abs(values - known) <= 1.959964 * errors).mean())
    n = N // 5 if name != "group up" else N // 12
    ends = (share_range(v, e, n) for v, e in zip(values, errors, strict=True))
    return float(np.mean([low <= known <= high for low, high in ends]))


@pytest.mark.parametrize("design", ["smooth", "zeros", "weights"])
def test_ranges_hold_as_often_as_they_say(design: str) -> None:
    known = truth(design)
    if design == "smooth":  # without the groups' shift Spearman's rho would be 6/pi asin(rho/2)
        assert known[0] == pytest.approx(6 / math.pi * math.asin(RHO / 2), abs=0.01)
    rng = np.random.default_rng(2026)
    made = [figures(draw(rng, design, N), True) for _ in range(REPEATS)]
    values, errors = (np.array([m[i] for m in made]) for i in (0, 1))
    held = np.array([_held(*each) for each in zip(NAMES, values.T, errors.T, known, strict=True)])
    ratio = errors.mean(axis=0) / values.std(axis=0)
    for name, share, each in zip(NAMES, held, ratio, strict=True):
        print(f"{design} {name}: held {100 * share:.1f} %, error to spread {each:.3f}")
    exact = [NAMES.index(n) for n in ("slope", "line", "group slope")]
    assert held[exact] == pytest.approx(0.95, abs=0.012)
    assert ratio[exact] == pytest.approx(1, abs=0.04)
    assert held.min() > 0.92
    assert ratio == pytest.approx(1, abs=0.12)


@pytest.mark.parametrize("design", ["zeros", "weights"])
def test_a_bootstrap_that_ranks_anew_agrees(design: str) -> None:
    sample = draw(np.random.default_rng(31), design, 1_500)
    _, errors = figures(sample, True)
    rng = np.random.default_rng(32)
    again = []
    for _ in range(REPEATS):
        i = rng.integers(0, 1_500, 1_500)
        weights = None if sample.weights is None else sample.weights[i]
        drawn = Sample(sample.parent[i], sample.child[i], weights, sample.group[i])
        again.append(figures(drawn, False)[0])
    ratio = np.array(errors) / np.array(again).std(axis=0)
    for name, each in zip(NAMES, ratio, strict=True):
        print(f"{design} {name}: error to bootstrap {each:.3f}")
    assert ratio[[0, 1, 7]] == pytest.approx(1, abs=0.06)
    assert ratio == pytest.approx(1, abs=0.2)
