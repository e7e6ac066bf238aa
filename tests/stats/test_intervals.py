"""Intervals for shares against published tables."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rung.stats.intervals import newcombe, paired_shares, t_p, t_quantile, two_share_p, wilson

# Newcombe (1998), Statistics in Medicine 17, 873-890, Table II, row 10 (score, no correction):
# x1/n1, x2/n2 and the 95 % interval printed to four places.
NEWCOMBE_TABLE_II = [
    ((56, 70, 48, 80), (0.0524, 0.3339)),
    ((9, 10, 3, 10), (0.1705, 0.8090)),
    ((6, 7, 2, 7), (0.0582, 0.8062)),
    ((5, 56, 0, 29), (-0.0381, 0.1926)),
    ((0, 10, 0, 20), (-0.1611, 0.2775)),
    ((0, 10, 0, 10), (-0.2775, 0.2775)),
    ((10, 10, 0, 20), (0.6791, 1.0000)),
    ((10, 10, 0, 10), (0.6075, 1.0000)),
]


@pytest.mark.parametrize(("counts", "printed"), NEWCOMBE_TABLE_II)
def test_newcombe_reproduces_table_ii(
    counts: tuple[int, int, int, int], printed: tuple[float, float]
) -> None:
    assert newcombe(*counts) == pytest.approx(printed, abs=5.01e-5)


def test_wilson_reproduces_newcombes_single_proportion_table() -> None:
    """Newcombe (1998), Statistics in Medicine 17, 857-872, Table I, method 3."""
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5.01e-5)
    assert wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=5.01e-5)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5.01e-5)
    assert wilson(1, 29) == pytest.approx((0.0061, 0.1718), abs=5.01e-5)


counts = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts)
def test_wilson_holds_the_share_and_mirrors(count: tuple[int, int]) -> None:
    x, n = count
    low, high = wilson(x, n)
    assert 0 <= low <= x / n <= high <= 1
    mirrored = wilson(n - x, n)
    assert (1 - mirrored[1], 1 - mirrored[0]) == pytest.approx((low, high), abs=1e-12)


@given(counts, counts)
def test_newcombe_flips_when_groups_swap(a: tuple[int, int], b: tuple[int, int]) -> None:
    low, high = newcombe(*a, *b)
    assert newcombe(*b, *a) == pytest.approx((-high, -low), abs=1e-12)
    assert -1 <= low <= a[0] / a[1] - b[0] / b[1] <= high <= 1


def test_t_matches_printed_tables() -> None:
    assert t_quantile(0.95, 10) == pytest.approx(2.228, abs=5e-4)
    assert t_quantile(0.95, math.inf) == pytest.approx(1.959964, abs=5e-7)
    assert t_p(2.228139, 10) == pytest.approx(0.05, abs=1e-6)
    assert t_p(1.959964, math.inf) == pytest.approx(0.05, abs=1e-7)


def test_two_share_p_is_pearsons() -> None:
    """R: prop.test(c(56, 48), c(70, 80), correct = FALSE)$p.value  # 0.008045081368 (R 4.2.2)"""
    assert two_share_p(56, 70, 48, 80) == pytest.approx(0.008045081368, rel=1e-9)
    assert two_share_p(0, 10, 0, 20) == 1


@pytest.mark.parametrize(("x", "n"), [(-1, 10), (11, 10), (0, 0)])
def test_impossible_shares_are_refused(x: int, n: int) -> None:
    with pytest.raises(ValueError, match="share"):
        wilson(x, n)


@pytest.mark.parametrize(("up", "down"), [(0.3, 0.1), (0.05, 0.05), (0.0, 0.2), (0.5, 0.3)])
def test_a_paired_change_of_shares_holds_as_often_as_it_says(up: float, down: float) -> None:
    """Enumerated over every outcome of 30 people."""
    n, held = 30, 0.0
    for a in range(n + 1):
        for b in range(n + 1 - a):
            low, high = paired_shares(a, b, n)
            if low <= up - down <= high:
                ways = math.comb(n, a) * math.comb(n - a, b)
                held += ways * up**a * down**b * (1 - up - down) ** (n - a - b)
    assert 0.93 <= held <= 1.0


def test_a_paired_change_turns_around() -> None:
    low, high = paired_shares(7, 2, 40)
    assert paired_shares(2, 7, 40) == pytest.approx((-high, -low))
    with pytest.raises(ValueError, match="moves"):
        paired_shares(30, 20, 40)
