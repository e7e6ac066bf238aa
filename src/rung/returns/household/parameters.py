"""The figures of the federal rules, one table a year, each with its source.

A tax year is paired with the SNAP fiscal year that covers most of it (2026: October 2025 to
September 2026), as it ends: what states change in it counts (`states`). Tax figures are dollars a
year, SNAP's dollars a month. What the law fixes and no year changes stands at the top.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from rung.returns.household import states

Status = Literal["single", "head", "joint"]
Region = Literal["48 states", "AK", "HI"]

RATES = (0.10, 0.12, 0.22, 0.24, 0.32, 0.35, 0.37)  # 26 USC 1(j)
SOCIAL_SECURITY, MEDICARE = 0.062, 0.0145  # what an employee pays, 26 USC 3101
MEDICARE_MORE = 0.009  # of wages over the next line
MEDICARE_MORE_OVER: Mapping[Status, int] = {"single": 200_000, "head": 200_000, "joint": 250_000}

# by number of children: none, 1, 2, 3 or more; 26 USC 32(b)
EITC_IN = (0.0765, 0.34, 0.40, 0.45)
EITC_OUT = (0.0765, 0.1598, 0.2106, 0.2106)

# 26 USC 24: the child tax credit
CTC_UNDER_AGE = 17
CTC_OTHER_DEPENDENT = 500
CTC_FALLS_FROM: Mapping[Status, int] = {"single": 200_000, "head": 200_000, "joint": 400_000}
CTC_FALL, CTC_FALL_EACH = 50, 1_000
CTC_REFUND_OVER, CTC_REFUND_RATE = 2_500, 0.15

# 26 USC 21: the credit for child and dependent care
CARE_UNDER_AGE = 13
CARE_MOST = (0, 3_000, 6_000)  # of spending, by children: none, 1, 2 or more
CARE_RATE_EACH = 2_000  # the rate goes down one point for each, or part of one

# SNAP, 7 CFR 273.9 and 273.10
SNAP_EARNED = 0.20  # of earnings, not counted
SNAP_SHELTER_OVER = 0.5  # of income: what shelter costs above it is deducted
SNAP_PAID = 0.30  # of net income, which a family is expected to pay for food
SNAP_GROSS, SNAP_NET = 1.30, 1.00  # of the poverty guideline
SNAP_LEAST = 0.08  # of a one-person allotment, for one or two people


@dataclass(frozen=True)
class Taxes:
    """A year's figures of the income tax, by filing status, and of payroll tax."""

    standard_deduction: Mapping[Status, int]
    brackets: Mapping[Status, tuple[int, ...]]  # upper ends; the last rate has none
    wage_base: int
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Credits:
    """A year's figures of the EITC (by children: none, 1, 2, 3 or more), the child tax credit
    and the credit for child care (its rate at the top, at the bottom, and where a second fall
    takes it further down)."""

    eitc_most: tuple[int, int, int, int]
    eitc_falls_from: tuple[int, int, int, int]
    eitc_joint_adds: tuple[int, int, int, int]
    child: int
    child_refundable: int
    care_rate: tuple[float, float]
    care_second_fall: Mapping[Status, tuple[int, int]]  # from which income, a point for each
    care_last_rate: float
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Snap:
    """A fiscal year's figures of SNAP in a region, and the poverty guideline that it uses."""

    allotment: tuple[int, ...]  # of 1 to 8 people
    allotment_more: int
    deduction: tuple[int, ...]  # of 1 to 6 people or more
    shelter_cap: int
    poverty_first: int
    poverty_more: int
    new_poverty: tuple[int, int] | None = None  # the calendar year's, which four states use


@dataclass(frozen=True)
class Year:
    """Everything the built-in model knows of one year."""

    year: int
    fiscal_year: int
    taxes: Taxes
    credits: Credits
    snap: Mapping[Region, Snap]
    snap_sources: tuple[str, ...]

    @property
    def snap_on(self) -> date:
        """The day whose rules of SNAP are used: in the fiscal year's last month."""
        return date(self.fiscal_year, 9, 1)

    @property
    def sources(self) -> tuple[str, ...]:
        """Every source, once, in order."""
        return tuple(
            dict.fromkeys((*self.taxes.sources, *self.credits.sources, *self.snap_sources))
        )


_2025 = Year(
    2025,
    2025,
    Taxes(
        {"single": 15_750, "head": 23_625, "joint": 31_500},
        {
            "single": (11_925, 48_475, 103_350, 197_300, 250_525, 626_350),
            "head": (17_000, 64_850, 103_350, 197_300, 250_500, 626_350),
            "joint": (23_850, 96_950, 206_700, 394_600, 501_050, 751_600),
        },
        176_100,
        ("revproc2024-40", "pl119-21", "ssa-base"),
    ),
    Credits(
        (649, 4_328, 7_152, 8_046),
        (10_620, 23_350, 23_350, 23_350),
        (7_110, 7_120, 7_120, 7_120),
        2_200,
        1_700,
        (0.35, 0.20),
        {},
        0.20,
        ("revproc2024-40", "pl119-21", "usc26-21"),
    ),
    {
        "48 states": Snap(
            (292, 536, 768, 975, 1_158, 1_390, 1_536, 1_756), 220,
            (204, 204, 204, 217, 254, 291), 712, 15_060, 5_380, (15_650, 5_500),
        ),
        "AK": Snap(
            (377, 692, 991, 1_258, 1_494, 1_793, 1_982, 2_265), 283,
            (348, 348, 348, 348, 348, 364), 1_137, 18_810, 6_730,
        ),
        "HI": Snap(
            (517, 948, 1_357, 1_723, 2_046, 2_456, 2_714, 3_102), 388,
            (287, 287, 287, 287, 292, 335), 959, 17_310, 6_190,
        ),
    },
    ("fns-cola2025", "hhs-poverty2024", "hhs-poverty2025", "cfr7-273", *states.SOURCES),
)  # fmt: skip

_2026 = Year(
    2026,
    2026,
    Taxes(
        {"single": 16_100, "head": 24_150, "joint": 32_200},
        {
            "single": (12_400, 50_400, 105_700, 201_775, 256_225, 640_600),
            "head": (17_700, 67_450, 105_700, 201_750, 256_200, 640_600),
            "joint": (24_800, 100_800, 211_400, 403_550, 512_450, 768_700),
        },
        184_500,
        ("revproc2025-32", "pl119-21", "ssa-base"),
    ),
    Credits(
        (664, 4_427, 7_316, 8_231),
        (10_860, 23_890, 23_890, 23_890),
        (7_280, 7_270, 7_270, 7_270),
        2_200,
        1_700,
        (0.50, 0.35),
        {"single": (75_000, 2_000), "head": (75_000, 2_000), "joint": (150_000, 4_000)},
        0.20,
        ("revproc2025-32", "pl119-21", "usc26-21"),
    ),
    {
        "48 states": Snap(
            (298, 546, 785, 994, 1_183, 1_421, 1_571, 1_789), 218,
            (209, 209, 209, 223, 261, 299), 744, 15_650, 5_500, (15_960, 5_680),
        ),
        "AK": Snap(
            (385, 707, 1_015, 1_285, 1_529, 1_838, 2_031, 2_314), 282,
            (358, 358, 358, 358, 358, 374), 1_189, 19_550, 6_880,
        ),
        "HI": Snap(
            (506, 929, 1_334, 1_689, 2_010, 2_415, 2_668, 3_040), 371,
            (295, 295, 295, 295, 300, 344), 1_003, 17_990, 6_330,
        ),
    },
    ("fns-cola2026", "hhs-poverty2025", "hhs-poverty2026", "cfr7-273", *states.SOURCES),
)  # fmt: skip

YEARS: Mapping[int, Year] = {y.year: y for y in (_2025, _2026)}
NEWEST = max(YEARS)
