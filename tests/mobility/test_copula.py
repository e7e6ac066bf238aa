"""Absolute mobility without linked families: closed forms, linear programmes, a public matrix."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.special import ndtr, ndtri

from rung.errors import RecordsError
from rung.mobility import transitions
from rung.mobility.copula import Margin, PercentileMatrix, above, bounds, same_rank

FEW = st.lists(st.integers(0, 6), min_size=1, max_size=7)


def normal_copula(rho: float, k: int) -> np.ndarray:
    """The shares of k equal cells under jointly normal logs, each row by 200 points of its cell."""
    edges = ndtri(np.linspace(0, 1, k + 1))
    middle = ndtri((np.arange(k * 200) + 0.5) / (k * 200)).reshape(k, 200)
    under = ndtr((edges - rho * middle[:, :, None]) / np.sqrt(1 - rho**2)).mean(axis=1)
    return np.diff(under, axis=1)


def lognormal(mean: float, sd: float, n: int = 20_000) -> Margin:
    return Margin.of(np.exp(mean + sd * ndtri((np.arange(n) + 0.5) / n)))


@pytest.mark.parametrize("rho", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("gap", [-0.3, 0.0, 0.6])
def test_lognormal_incomes_have_a_closed_form(rho: float, gap: float) -> None:
    """Phi(gap / sqrt(s² + t² − 2 rho s t)); what is left is the cells' evenness."""
    s, t = 0.7, 0.9
    exact = ndtr(gap / np.sqrt(s**2 + t**2 - 2 * rho * s * t))
    parent, child = lognormal(10, s), lognormal(10 + gap, t)
    found = above(normal_copula(rho, 100), parent, child)
    assert found == pytest.approx(exact, abs=1e-3)
    coarse = above(normal_copula(rho, 10), parent, child)
    assert abs(found - exact) <= abs(coarse - exact) + 1e-5
    low, high = bounds(parent, child)
    assert low < exact < high


def test_growth_and_growing_apart() -> None:
    """As in Chetty et al. (2017): of two generations with one copula, the one with even growth has
    far more children above their parents than the one whose middle stood still."""
    copula = normal_copula(0.45, 100)
    parent = lognormal(10, 0.6)
    even = above(copula, parent, lognormal(10.75, 0.62))
    apart = above(copula, parent, lognormal(10.0, 1.0))
    assert even == pytest.approx(ndtr(0.75 / np.sqrt(0.36 + 0.3844 - 0.9 * 0.372)), abs=1e-3)
    assert even > 0.85
    assert apart == pytest.approx(0.5, abs=1e-3)


def extreme(parent: list[int], child: list[int], sign: int) -> float:
    """The least (or most) share above by a linear programme over all joint tables."""
    p, c = np.array(parent), np.array(child)
    cost = sign * (c[None, :] > p[:, None]).astype(float).ravel()
    rows = [np.kron(np.eye(len(p))[i], np.ones(len(c))) for i in range(len(p))]
    columns = [np.kron(np.ones(len(p)), np.eye(len(c))[j]) for j in range(len(c))]
    right = [1 / len(p)] * len(p) + [1 / len(c)] * len(c)
    found = linprog(cost, A_eq=np.array(rows + columns), b_eq=right, method="highs")
    assert found.fun is not None
    return sign * float(found.fun)


@settings(max_examples=80, deadline=None)
@given(FEW, FEW)
def test_bounds_are_the_least_and_the_most_that_can_be(parent: list[int], child: list[int]) -> None:
    one, other = Margin.of(np.array(parent, float)), Margin.of(np.array(child, float))
    low, high = bounds(one, other)
    assert low == pytest.approx(extreme(parent, child, 1), abs=1e-9)
    assert high == pytest.approx(extreme(parent, child, -1), abs=1e-9)
    alike = np.full((4, 4), 0.25)
    for each in (same_rank(one, other), above(alike, one, other)):
        assert low - 1e-9 <= each <= high + 1e-9


@settings(max_examples=50, deadline=None)
@given(FEW, FEW)
def test_an_even_matrix_is_every_child_with_every_parent(
    parent: list[int], child: list[int]
) -> None:
    p, c = np.array(parent, float), np.array(child, float)
    found = above(np.full((3, 3), 1 / 3), Margin.of(p), Margin.of(c))
    assert found == pytest.approx(float((c[None, :] > p[:, None]).mean()), abs=1e-9)


def test_by_hand() -> None:
    """Parents 1, 2; children 0, 3. A child of 3 is above either: half, whoever comes from where."""
    parent, child = Margin.of(np.array([1.0, 2.0])), Margin.of(np.array([0.0, 3.0]))
    assert bounds(parent, child) == (0.5, 0.5)
    # parents 1, 3; children 2, 4: at least the one of 4 with 1 or 3; at most both
    parent, child = Margin.of(np.array([1.0, 3.0])), Margin.of(np.array([2.0, 4.0]))
    assert bounds(parent, child) == (0.5, 1.0)
    assert same_rank(parent, child) == 1
    assert above(np.array([[0.25, 0.75], [0.75, 0.25]]), parent, child) == pytest.approx(0.625)


def test_weights_are_shares() -> None:
    weighted = Margin.of(np.array([5.0, 1.0, 5.0]), np.array([1.0, 2.0, 1.0]))
    assert list(weighted.values) == [1, 5]
    assert weighted.upto == pytest.approx([0.5, 1.0])


# -- a matrix of ranks


def write(file: Path, who: str, across: list[int], down: list[int], cells: np.ndarray) -> Path:
    with file.open("w", newline="") as f:
        out = csv.writer(f)
        out.writerow([who, *across])
        out.writerows([d, *row] for d, row in zip(down, cells.tolist(), strict=True))
    return file


RANKS = list(range(1, 101))


def mixed(stay: float) -> np.ndarray:
    """Each child keeps the parents' percentile with a chance, else has any."""
    return (1 - stay) / 100 + stay * np.eye(100)


def test_a_matrix_by_hand(tmp_path: Path) -> None:
    """Expected rank 0.66 · 50.5 + 0.34 · p: slope 0.34, 41.83 at 25 by line and by cell."""
    matrix = PercentileMatrix.read(
        write(tmp_path / "m.csv", "child_rank", RANKS, RANKS, mixed(0.34))
    )
    assert matrix.slope == pytest.approx(0.34, abs=1e-12)
    assert matrix.fitted(25) == pytest.approx(41.83)
    assert matrix.expected[24] == pytest.approx(41.83)
    assert matrix.expected[74] == pytest.approx(58.83)
    shares = transitions.shares(matrix.joint())
    assert shares == pytest.approx(0.132 + 0.34 * np.eye(5))
    assert transitions.trace(matrix.joint()) == pytest.approx(0.66)


def test_which_way_the_file_lies(tmp_path: Path) -> None:
    cells = np.random.default_rng(2).dirichlet(np.ones(100), 100)
    down = PercentileMatrix.read(write(tmp_path / "a.csv", "parent_rank", RANKS, RANKS, cells))
    across = PercentileMatrix.read(write(tmp_path / "b.csv", "child_rank", RANKS, RANKS, cells.T))
    assert down.shares == pytest.approx(across.shares)
    assert down.shares == pytest.approx(cells)


def test_pooled_ranks_stand_at_their_middle(tmp_path: Path) -> None:
    """Children at ranks 2 to 6 share the rank 4, which spreads over five percentiles."""
    children = [1, 4, *range(7, 101)]
    cells = np.full((len(children), 100), 0.01)
    cells[1] = 0.05
    matrix = PercentileMatrix.read(write(tmp_path / "m.csv", "child_rank", RANKS, children, cells))
    assert list(matrix.label[:7]) == [1, 4, 4, 4, 4, 4, 7]
    assert matrix.shares == pytest.approx(np.full((100, 100), 0.01))
    assert matrix.expected == pytest.approx(np.full(100, 50.5))


@pytest.mark.parametrize("wrong", ["who", "sum", "parents", "children", "negative", "words"])
def test_a_file_that_is_none(tmp_path: Path, wrong: str) -> None:
    cells, who, across, down = mixed(0.2), "child_rank", list(RANKS), list(RANKS)
    if wrong == "who":
        who = "rank"
    if wrong == "sum":
        cells[:, 3] *= 1.1
    if wrong == "parents":
        across[0] = 0
    if wrong == "children":
        down[5] = 7
    if wrong == "negative":
        cells[3, 3], cells[3, 4] = -0.01, cells[3, 4] + cells[3, 3] + 0.01
    file = write(tmp_path / "m.csv", who, across, down, cells)
    if wrong == "words":
        file.write_text(file.read_text("utf-8").replace("0.008", "few", 1), "utf-8")
    with pytest.raises(RecordsError) as caught:
        PercentileMatrix.read(file)
    assert caught.value.code == "REC-mobility-matrix"


US = os.environ.get("RUNG_US_MATRIX", "")


@pytest.mark.skipif(not US, reason="RUNG_US_MATRIX names no file: the matrix is not ours to ship")
def test_the_united_states() -> None:
    """The 100 by 100 matrix of Chetty et al. (2014): slope, bottom row, expected ranks."""
    matrix = PercentileMatrix.read(Path(US))
    assert matrix.slope == pytest.approx(0.3405, abs=0.00005)
    row = 100 * transitions.shares(matrix.joint())[0]
    assert row == pytest.approx([33.7, 28.0, 18.4, 12.3, 7.5], abs=0.05)
    assert matrix.fitted(25) == pytest.approx(41.8, abs=0.05)
    assert matrix.expected[24] == pytest.approx(42.1, abs=0.05)
    assert matrix.fitted(75) == pytest.approx(58.8, abs=0.05)
    assert matrix.expected[74] == pytest.approx(58.5, abs=0.05)
