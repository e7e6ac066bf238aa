"""The poverty guidelines of the Department of Health and Human Services, 2017 to 2026.

A guideline is dollars a year for a family of a size: so many for the first person and so many more
for each further one. There is one set for the 48 contiguous states and D.C., one for Alaska and one
for Hawaii, published each January in the Federal Register (hhs-guidelines). In these years the step
from each size to the next is the same, which it was not in 2016.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Where = Literal["contiguous", "alaska", "hawaii"]
GUIDELINES: Mapping[Where, Mapping[int, tuple[int, int]]] = {
    "contiguous": {
        2017: (12_060, 4_180),
        2018: (12_140, 4_320),
        2019: (12_490, 4_420),
        2020: (12_760, 4_480),
        2021: (12_880, 4_540),
        2022: (13_590, 4_720),
        2023: (14_580, 5_140),
        2024: (15_060, 5_380),
        2025: (15_650, 5_500),
        2026: (15_960, 5_680),
    },
    "alaska": {
        2017: (15_060, 5_230),
        2018: (15_180, 5_400),
        2019: (15_600, 5_530),
        2020: (15_950, 5_600),
        2021: (16_090, 5_680),
        2022: (16_990, 5_900),
        2023: (18_210, 6_430),
        2024: (18_810, 6_730),
        2025: (19_550, 6_880),
        2026: (19_950, 7_100),
    },
    "hawaii": {
        2017: (13_860, 4_810),
        2018: (13_960, 4_970),
        2019: (14_380, 5_080),
        2020: (14_680, 5_150),
        2021: (14_820, 5_220),
        2022: (15_630, 5_430),
        2023: (16_770, 5_910),
        2024: (17_310, 6_190),
        2025: (17_990, 6_330),
        2026: (18_360, 6_530),
    },
}
"""Dollars a year for the first person and for each further one, by year."""


def guideline(year: int, people: int = 1, where: Where = "contiguous") -> int:
    """The guideline of a year for a family of so many people, dollars; KeyError without one."""
    if people < 1:
        raise ValueError("a family has one person at least")
    first, more = GUIDELINES[where][year]
    return first + (people - 1) * more
