"""Supplemental wages: a rate of pay turned into what was paid in one calendar quarter.

Only a rate is converted, and only for the part of the quarter in which it was paid: a job that
began in the middle of a quarter is never scaled up to 13 weeks (TAC-17-04; TAC-17-01, Att. III).
"""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from rung.discovery.program_year import days_of
from rung.errors import PlanError

Per = Literal["hour", "week", "two weeks", "month", "year"]
WEEKS = 13  # in a quarter
_IN_A_QUARTER: dict[Per, Decimal] = {
    "hour": Decimal(WEEKS),  # times the hours of a week
    "week": Decimal(WEEKS),
    "two weeks": Decimal("6.5"),
    "month": Decimal(3),
    "year": Decimal("0.25"),
}


def supplemental(rate: Decimal, per: Per, hours: Decimal | None = None) -> Decimal:
    """Pay of a whole quarter from a rate, to the cent: hourly × weekly hours × 13; weekly × 13;
    every two weeks × 6.5; monthly × 3; yearly ÷ 4.

    `hours` are the hours of a week, for an hourly rate alone. Raises PlanError without them, or
    with them for another rate, and for a negative amount.
    """
    if (per == "hour") != (hours is not None) or rate < 0 or (hours is not None and hours < 0):
        raise PlanError("PLAN-wioa-rate", per=per)
    pay = rate * _IN_A_QUARTER[per] * (hours if hours is not None else 1)
    return pay.quantize(Decimal("0.01"), ROUND_HALF_UP)


def paid_in_quarter(
    quarter: int,
    rate: Decimal,
    per: Per,
    hours: Decimal | None = None,
    *,
    start: dt.date,
    end: dt.date | None = None,
) -> Decimal:
    """What was paid in a calendar quarter (year * 4 + quarter - 1) by a job from `start` to `end`.

    A job that lasted all quarter pays the whole conversion; another pays its share of the
    quarter's days. A job outside the quarter pays nothing.
    """
    first, last = days_of(quarter)
    begun, done = max(first, start), min(last, end or last)
    if done < begun:
        return Decimal("0.00")
    whole = supplemental(rate, per, hours)
    share = Decimal((done - begun).days + 1) / Decimal((last - first).days + 1)
    return (whole * share).quantize(Decimal("0.01"), ROUND_HALF_UP)
