"""Who the family is and what it is asked about: both checked whole, every problem told at once."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from rung.errors import Problem
from rung.returns.household.parameters import NEWEST, YEARS, Region, Status
from rung.returns.household.states import NO_ALLOWANCE

STATES = (
    *("AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "DC", "FL", "GA", "HI", "ID", "IL", "IN"),
    *("IA", "KS", "KY", "LA", "ME", "MD", "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV", "NH"),
    *("NJ", "NM", "NY", "NC", "ND", "OH", "OK", "OR", "PA", "RI", "SC", "SD", "TN", "TX", "UT"),
    *("VT", "VA", "WA", "WV", "WI", "WY"),
)
HELP = ("medicaid", "childcare", "housing", "tanf")
"""Help that depends on income and that the built-in model does not know."""

MOST_CHILDREN, OLDEST_CHILD = 10, 18
MOST_HOURLY, MOST_ROWS = 500.0, 400
A_CHILD_IS = 6  # years old, when nobody said


@dataclass(frozen=True)
class Family:
    """A family with one adult whose wage rises; a second adult's pay stays as it is.

    `ages` are the children's, in any order. `rent` and `childcare` are dollars a month,
    `partner_earnings` dollars a year. With `utilities` it pays for heating or cooling apart from
    its rent, and the state's allowance stands for it and other bills; otherwise they are in
    `rent`. `has` names the help of `HELP` it gets.
    """

    state: str
    adults: int = 1
    children: int = 0
    ages: tuple[int, ...] = ()
    married: bool = False
    hours: float = 40.0
    weeks: float = 52.0
    rent: float = 0.0
    childcare: float = 0.0
    partner_earnings: float = 0.0
    has: frozenset[str] = field(default_factory=frozenset)
    utilities: bool = False

    def __post_init__(self) -> None:
        """The order of children says nothing; a state is written in capitals."""
        object.__setattr__(self, "ages", tuple(sorted(self.ages)))
        object.__setattr__(self, "state", self.state.strip().upper())

    @property
    def child_ages(self) -> tuple[int, ...]:
        """Their ages, or the age that is taken when nobody said."""
        return self.ages or (A_CHILD_IS,) * self.children

    @property
    def size(self) -> int:
        """Everyone."""
        return self.adults + self.children

    @property
    def status(self) -> Status:
        """How the first adult files."""
        return "joint" if self.married else "head" if self.children else "single"

    @property
    def region(self) -> Region:
        """Where SNAP's and the poverty guideline's figures are of their own."""
        own: Mapping[str, Region] = {"AK": "AK", "HI": "HI"}
        return own.get(self.state, "48 states")

    def earnings(self, hourly: float) -> float:
        """A year's pay at a wage."""
        return hourly * self.hours * self.weeks

    def problems(self) -> Iterator[Problem]:
        """Everything that is wrong with it."""
        if self.state not in STATES:
            yield _wrong("PLAN-household-state")
        if self.adults not in (1, 2):
            yield _wrong("PLAN-household-adults")
        elif self.adults == 1 and (self.married or self.partner_earnings):
            yield _wrong("PLAN-household-partner")
        ages = self.ages
        counted = 0 <= self.children <= MOST_CHILDREN and len(ages) in (0, self.children)
        if not counted or any(not 0 <= a <= OLDEST_CHILD for a in ages):
            yield _wrong("PLAN-household-children", most=MOST_CHILDREN, oldest=OLDEST_CHILD)
        if not (0 < self.hours <= 100 and 0 < self.weeks <= 52):
            yield _wrong("PLAN-household-hours")
        amounts = (self.rent, self.childcare, self.partner_earnings)
        if any(not (math.isfinite(a) and 0 <= a <= 1_000_000) for a in amounts):
            yield _wrong("PLAN-household-amount")
        if self.utilities and self.state in NO_ALLOWANCE:
            yield _wrong("PLAN-household-utilities")
        if not self.has <= set(HELP):
            yield _wrong("PLAN-household-help", known=", ".join(HELP))


@dataclass(frozen=True)
class Wages:
    """The wages looked at: from `low` to `high` by `step`, and rungs of a career path.

    `path` is (name, wage) from the first rung to the last; a name may be empty.
    """

    low: float
    high: float
    step: float = 0.5
    path: tuple[tuple[str, float], ...] = ()

    @classmethod
    def around(cls, now: float, offered: float) -> Wages:
        """The wage now against the one offered, and the wages about both, for a page to show."""
        if not (_cents(now) and _cents(offered)):
            return cls(now, offered, path=(("", now), ("", offered)))  # told as a problem
        low = max(math.floor(min(now, offered)) - 2, 0)
        high = min(math.ceil(1.25 * max(now, offered)) + 2, math.floor(MOST_HOURLY))
        step = 0.25 if high - low <= 40 else 1.0
        return cls(float(low), float(high), step, (("", now), ("", offered)))

    @property
    def grid(self) -> tuple[float, ...]:
        """Every wage of the table; the last is `high` or the last step under it."""
        n = math.floor((self.high - self.low) / self.step + 1e-9) + 1
        return tuple(round(self.low + i * self.step, 4) for i in range(n))

    def problems(self) -> Iterator[Problem]:
        """Everything that is wrong with them."""
        rungs = [w for _, w in self.path]
        if not all(_cents(w) and 0 <= w <= MOST_HOURLY for w in (self.low, self.high, *rungs)):
            yield _wrong("PLAN-household-wage", most=round(MOST_HOURLY))
            return
        if self.low > self.high:
            yield _wrong("PLAN-household-range")
        elif not (
            _cents(self.step) and self.step > 0 and (self.high - self.low) / self.step < MOST_ROWS
        ):
            yield _wrong("PLAN-household-steps", most=MOST_ROWS)
        rises = all(a < b for a, b in pairwise(rungs))
        if rungs and not (
            len(rungs) > 1 and rises and self.low <= rungs[0] <= rungs[-1] <= self.high
        ):
            yield _wrong("PLAN-household-path")


def _cents(amount: float) -> bool:
    """Whether an amount is a number of whole cents."""
    return math.isfinite(amount) and abs(100 * amount - round(100 * amount)) < 1e-6


def wrong_year(year: int | None) -> Sequence[Problem]:
    """A problem when the rules of that year are not known."""
    if year is None or year in YEARS:
        return ()
    return (_wrong("PLAN-household-year", first=min(YEARS), last=NEWEST),)


def _wrong(code: str, **params: int | str) -> Problem:
    return Problem(code=code, params=params, weight="break")
