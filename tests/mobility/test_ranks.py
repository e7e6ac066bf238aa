"""Midranks, tallies and errors: worked by hand, and what must be true of any incomes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rung.mobility import ranks
from rung.mobility.ranks import Cells, added, both, midranks, percentile, tallies

INCOMES = st.lists(
    st.tuples(st.integers(0, 12), st.integers(-3, 9), st.integers(1, 4)), min_size=12, max_size=60
)


def test_midranks_by_hand() -> None:
    """Two of five have nothing: they share the rank 1/5. The one above stands at 2.5 of 5."""
    values = np.array([0.0, 700.5, 0.0, 90000.25, 700.5])
    assert midranks(values) == pytest.approx([0.2, 0.6, 0.2, 0.9, 0.6])
    weights = np.array([1.0, 1.0, 3.0, 4.0, 1.0])
    assert midranks(values, weights) == pytest.approx([0.2, 0.5, 0.2, 0.8, 0.5])


def test_whole_numbers_are_counted_to_the_same_ranks() -> None:
    rng = np.random.default_rng(5)
    dollars = rng.integers(-40, 400, 500).astype(float)
    weights = rng.uniform(0.5, 2, 500)
    assert midranks(dollars) == pytest.approx(midranks(dollars * 1e6), abs=1e-12)
    assert midranks(dollars, weights) == pytest.approx(midranks(dollars * 1e6, weights), abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(INCOMES)
def test_a_weight_is_so_many_people(rows: list[tuple[int, int, int]]) -> None:
    parent, child, times = (np.array(c, float) for c in zip(*rows, strict=True))
    again = np.repeat(np.arange(len(rows)), times.astype(int))
    weighted = tallies(*both(parent, child, times), times)[0]
    repeated = tallies(*both(parent[again], child[again]))[0]
    for name in ("joint", "child", "moved", "moments"):
        assert getattr(weighted, name) == pytest.approx(getattr(repeated, name), abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(INCOMES)
def test_ranks_are_blind_to_units_and_order(rows: list[tuple[int, int, int]]) -> None:
    parent, child, _ = (np.array(c, float) for c in zip(*rows, strict=True))
    before = tallies(*both(parent, child))[0]
    order = np.random.default_rng(len(rows)).permutation(len(rows))
    after = tallies(*both(np.exp(parent / 3)[order], (7 * child - 100)[order]))[0]
    assert np.array_equal(before.counts, after.counts)
    assert before.moments == pytest.approx(after.moments, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(INCOMES)
def test_groups_add_up_to_everyone(rows: list[tuple[int, int, int]]) -> None:
    parent, child, kind = (np.array(c, float) for c in zip(*rows, strict=True))
    x, y = both(parent, child)
    whole = tallies(x, y)[0]
    parts = added(tallies(x, y, None, kind.astype(np.intp), 5))
    for name in ("joint", "counts", "child", "moved", "climbers", "moments"):
        assert getattr(parts, name) == pytest.approx(getattr(whole, name), abs=1e-9)


def test_the_same_rank_as_the_parents_is_a_slope_of_one() -> None:
    parent = np.arange(1.0, 201.0) ** 2
    x, y = both(parent, np.log(parent))
    tally = tallies(x, y)[0]
    assert tally.line[0] == pytest.approx(1, abs=1e-12)
    assert tally.fitted(0.25) == pytest.approx(0.25, abs=1e-12)
    assert tally.matrix() == pytest.approx(np.eye(5))
    assert tally.directed(0, 100).share == 0
    reversed_ = tallies(*both(parent, -parent))[0]
    assert reversed_.line[0] == pytest.approx(-1, abs=1e-12)
    assert reversed_.directed(0, 20).share == 1
    assert reversed_.directed(80, 100, up=False).share == 1


def test_a_rank_that_is_an_edge_is_below_it() -> None:
    """0.07 times 100 is 7.000000000000001, and still the seventh percentile."""
    edges = np.arange(1, 101) / 100
    assert list(percentile(edges)) == list(range(100))
    assert list(percentile(np.array([0.001, 0.0101, 1.0]))) == [0, 1, 99]


def test_margins_of_a_climb_by_hand() -> None:
    """Ten pairs: the lowest parent's child is third (20 hundredths up), the third's is first."""
    parent = np.arange(10.0) * 1e6
    child = parent[[2, 1, 0, 3, 4, 5, 6, 7, 8, 9]]
    tally = tallies(*both(parent, child))[0]
    assert tally.directed(0, 100).people == 1
    assert tally.directed(0, 100, 10).people == 1
    assert tally.directed(0, 100, 20).people == 0  # 20 hundredths exactly are not over 20
    assert tally.directed(0, 100, 10, up=False).people == 1
    assert tally.directed(0, 20).of == 2


def test_a_grid_of_ranks_gives_the_errors_of_people(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(11)
    n = 40_000
    z = rng.standard_normal((2, n))
    parent = np.where(z[0] < -1.2, 0, np.exp(z[0]))
    child = np.exp(0.4 * z[0] + z[1])
    weights, level = rng.uniform(0.5, 2, n), rng.integers(0, 2, n)
    x, y = both(parent, child, weights)
    exact = Cells.of(x, y, weights, level)
    monkeypatch.setattr(ranks, "MOST_EXACT", 1000)
    grid = Cells.of(x, y, weights, level)
    assert len(exact.share) == n > len(grid.share)

    def errors(cells: Cells) -> list[float]:
        effects = (
            cells.line(),
            cells.line(0.25, 1),
            cells.mean(0.2, 0.3),
            cells.chance((0, 0.2), (0.8, 1), 0),
            cells.directed(0.4, 0.6),
        )
        return [cells.error(e) for e in effects]

    assert errors(grid) == pytest.approx(errors(exact), rel=0.02)


def test_nobody_in_a_row_is_no_share() -> None:
    parent = np.array([0.0] * 8 + [1.5e7, 2.5e7])
    matrix = tallies(*both(parent, np.arange(10.0)))[0].matrix()
    assert np.isnan(matrix[0]).all()
    assert matrix[1].sum() == pytest.approx(1)
