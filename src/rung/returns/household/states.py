"""What the states have chosen in SNAP: wider income limits, utility allowances, least benefits.

Most states give families up to a wider gross income limit a token TANF service, which makes them
"categorically eligible" (7 CFR 273.2(j)(2)): the federal gross limit, and nearly everywhere the net
one, no longer binds. The limits are those of the USDA's chart, checked against its version of July
2023 and PolicyEngine-US (Louisiana's by its code, LAC 67:III.1953). Families here have no elderly
or disabled member, for whom other limits hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

SOURCES = ("fns-bbce", "snap-bbce-history")

# share of the poverty guideline, in force before October 2024 and since unchanged
_GROSS = {
    1.30: "AL GA ID IN OH OK SC",
    1.60: "IA",
    1.65: "IL NE TX",
    1.85: "NJ RI VT",
    2.00: "CA CO CT DE DC FL HI KY LA ME MD MA MI MN MT NV NH NM NC ND OR PA VA WA WV WI",
}
# Arizona and Alaska changed theirs: from which day, which limit
_CHANGED = {
    "AK": ((date(2025, 7, 1), 2.00),),
    "AZ": ((date(2015, 10, 1), 1.85), (date(2026, 3, 1), 2.00)),
}
# New York's families with earnings (16-ADM-06); with what they pay for care of a dependent
_NEW_YORK, _NEW_YORK_CARE = 1.50, 2.00
# where net income must be under the federal limit still
_NET_TEST = ("HI", "IN", "LA", "ND", "RI")
# whose limit follows the new poverty guideline early in the calendar year, not in October: Maine
# (10-144 CMR 301), Massachusetts, Oregon (OAR 461-155-0180), Washington (WAC 388-414-0001)
_NEW_GUIDELINE = ("ME", "MA", "OR", "WA")
# what a state pays at least, dollars a month, whatever the size (New Jersey; DC Code 4-261.04)
LEAST: Mapping[str, int] = {"NJ": 95, "DC": 30}


@dataclass(frozen=True)
class Wider:
    """A state's gross income limit, as a share of the poverty guideline."""

    gross: float
    net_test: bool
    new_guideline: bool  # of the calendar year, not of the fiscal year


def wider(state: str, pays_for_care: bool, on: date) -> Wider | None:
    """The state's limit on a day; None where only the federal limits hold."""
    if state == "NY":
        gross = _NEW_YORK_CARE if pays_for_care else _NEW_YORK
    elif state in _CHANGED:
        known = [share for since, share in _CHANGED[state] if since <= on]
        if not known:
            return None
        gross = known[-1]
    else:
        shares = [share for share, states in _GROSS.items() if state in states.split()]
        if not shares:
            return None
        gross = shares[0]
    return Wider(gross, state in _NET_TEST, state in _NEW_GUIDELINE)


# Dollars a month that count as heat, power and water for a family that pays for heating or
# cooling apart from its rent; in September of fiscal years 2025 and 2026. New York's is that of
# the counties outside New York City and Long Island, the least of three, Alaska's that of Anchorage
_UTILITIES = {
    "AL": (616, 637), "AK": (609, 625), "AR": (333, 342), "CA": (645, 663), "CO": (578, 594),
    "CT": (950, 976), "DC": (374, 384), "DE": (529, 543), "FL": (419, 430), "GA": (394, 405),
    "IA": (539, 554), "ID": (379, 390), "IL": (532, 546), "IN": (502, 486), "KS": (456, 469),
    "KY": (378, 388), "LA": (453, 465), "MA": (890, 914), "MD": (557, 572), "ME": (1_047, 1_096),
    "MI": (664, 682), "MN": (649, 667), "MO": (495, 509), "MS": (300, 308), "MT": (778, 799),
    "ND": (765, 772), "NE": (599, 615), "NH": (991, 1_018), "NJ": (878, 977), "NM": (408, 419),
    "NV": (434, 446), "NY": (854, 877), "OH": (746, 766), "OK": (401, 412), "OR": (502, 515),
    "PA": (758, 857), "RI": (822, 844), "SC": (378, 388), "SD": (922, 950), "TX": (434, 445),
    "UT": (500, 514), "VT": (1_067, 1_096), "WA": (502, 515), "WI": (538, 870), "WV": (504, 518),
    "WY": (497, 510),
}  # fmt: skip
# by the number of people; the last holds for more
_UTILITIES_BY_SIZE = {
    "AZ": ((314, 314, 314, 426), (323, 323, 323, 438)),
    "NC": ((620, 681, 748, 815, 888), (637, 699, 768, 837, 912)),
    "TN": (
        (439, 454, 472, 490, 505, 522, 537, 553, 572, 586),
        (451, 466, 485, 503, 519, 536, 551, 568, 587, 602),
    ),
    "VA": ((369, 369, 369, 467), (375, 375, 375, 476)),
}  # fmt: skip
_FIRST_YEAR = 2025
NO_ALLOWANCE = ("HI",)  # has one for each kind of bill instead
UTILITY_AREAS = ("AK", "NY")  # where it differs within the state
UTILITY_SOURCES = ("fns-sua",)


def utility_allowance(state: str, people: int, fiscal_year: int) -> int:
    """Dollars a month for a family that pays for heating or cooling apart from its rent."""
    which = fiscal_year - _FIRST_YEAR
    if state in _UTILITIES_BY_SIZE:
        amounts = _UTILITIES_BY_SIZE[state][which]
        return amounts[min(people, len(amounts)) - 1]
    return _UTILITIES[state][which]
