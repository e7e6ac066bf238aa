"""The poverty guidelines, against families as the Federal Register prints them."""

from __future__ import annotations

import pytest

from rung.records.poverty import GUIDELINES, Where, guideline


@pytest.mark.parametrize(
    ("year", "people", "where", "printed"),
    [
        (2018, 4, "contiguous", 25_100), (2018, 2, "hawaii", 18_930),
        (2023, 1, "contiguous", 14_580), (2023, 8, "contiguous", 50_560),
        (2024, 4, "contiguous", 31_200),
        (2025, 4, "contiguous", 32_150), (2026, 4, "contiguous", 33_000),
        (2026, 1, "alaska", 19_950), (2026, 1, "hawaii", 18_360), (2026, 8, "contiguous", 55_720),
    ],
)  # fmt: skip
def test_as_printed(year: int, people: int, where: Where, printed: int) -> None:
    assert guideline(year, people, where) == printed


def test_every_year_rises_and_what_is_not_there_is_refused() -> None:
    for table in GUIDELINES.values():
        assert sorted(table) == list(range(2017, 2027))
        assert [table[y] for y in sorted(table)] == sorted(table.values())
    with pytest.raises(KeyError):
        guideline(2016)
    with pytest.raises(ValueError, match="family"):
        guideline(2024, 0)
