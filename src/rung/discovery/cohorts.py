"""Cohorts: who entered when, by the names people give to stretches of time.

2024        calendar year          2024Q3      calendar quarter
FY2025      fiscal year, July to June, named by the year it ends
PY2024      WIOA program year, July to June, named by the year it starts
2024-05     month                  anything else: a value of the column `cohort`
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping

from sqlglot import exp

from rung.errors import PlanError
from rung.records import query

_FORMS = {
    "year": re.compile(r"(\d{4})\Z"),
    "quarter": re.compile(r"(\d{4})-?Q([1-4])\Z", re.IGNORECASE),
    "fiscal": re.compile(r"FY(\d{4})\Z", re.IGNORECASE),
    "program": re.compile(r"PY(\d{4})\Z", re.IGNORECASE),
    "month": re.compile(r"(\d{4})-(\d{2})\Z"),
}


def _months(first: dt.date, months: int) -> tuple[dt.date, dt.date]:
    index = first.year * 12 + first.month - 1 + months
    return first, dt.date(index // 12, index % 12 + 1, 1) - dt.timedelta(days=1)


def span(period: str) -> tuple[dt.date, dt.date] | None:
    """First and last day of a named stretch of time; None when the name is not one."""
    for form, pattern in _FORMS.items():
        found = pattern.match(period.strip())
        if not found:
            continue
        year = int(found[1])
        if not 1900 <= year <= 2200:
            return None
        if form == "quarter":
            return _months(dt.date(year, 3 * int(found[2]) - 2, 1), 3)
        if form == "fiscal":
            return _months(dt.date(year - 1, 7, 1), 12)
        if form == "program":
            return _months(dt.date(year, 7, 1), 12)
        if form == "month":
            if not 1 <= int(found[2]) <= 12:
                return None
            return _months(dt.date(year, int(found[2]), 1), 1)
        return _months(dt.date(year, 1, 1), 12)
    return None


def between(column: str, period: tuple[dt.date, dt.date]) -> exp.Expr:
    """`column` lies in the period, both ends included."""
    return exp.and_(
        exp.GTE(this=query.name(column), expression=query.tree(period[0])),
        exp.LTE(this=query.name(column), expression=query.tree(period[1])),
    )


def condition(cohort: str, columns: Iterable[str]) -> exp.Expr:
    """Who is in a cohort: entered in a stretch of time, or has that value in `cohort`."""
    period = span(cohort)
    if period is not None:
        return between("entered_on", period)
    if "cohort" not in set(columns):
        raise PlanError("PLAN-no-cohort", cohort=cohort)
    return exp.EQ(this=query.name("cohort"), expression=query.tree(cohort))


def _year() -> exp.Expr:
    return exp.Extract(this=exp.var("year"), expression=query.name("entered_on"))


def _quarter() -> exp.Expr:
    quarter = exp.Extract(this=exp.var("quarter"), expression=query.name("entered_on"))
    text = exp.DataType.build("VARCHAR")
    return exp.func(
        "concat",
        exp.Cast(this=_year(), to=text),
        exp.Literal.string("Q"),
        exp.Cast(this=quarter, to=text.copy()),
    )


DERIVED: Mapping[str, Callable[[], exp.Expr]] = {
    "entry_year": _year,
    "entry_quarter": _quarter,
}
"""Groupings that every lab has, made from the date of entry."""
