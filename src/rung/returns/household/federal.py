"""The built-in model: federal income and payroll tax, EITC, child credits; SNAP with the states'
income limits.

Wages are the only income. Each function takes a year's earnings as an array and gives dollars a
year in an array of the same shape. Tax is by formula, not by the $50 steps of the tax tables; net
income is continuous but for the rules' own steps: SNAP's income limits and whole dollars, and the
steps of the child and care credits. Written from the law and the agencies' figures
(`parameters`); checked against PolicyEngine-US.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from rung.returns.household import parameters as law
from rung.returns.household import states
from rung.returns.household.family import Family
from rung.returns.household.parameters import Credits, Snap, Status, Taxes, Year

Dollars = NDArray[np.float64]
COMPONENTS = (
    *("earnings", "partner_earnings", "payroll_tax", "income_tax"),
    *("care_credit", "child_credit", "eitc", "snap"),
)
"""What net income is the sum of; taxes are negative."""


def components(family: Family, earnings: Dollars, year: Year) -> Mapping[str, Dollars]:
    """Every part of net income at each of `earnings` (dollars a year of the first adult)."""
    first = np.asarray(earnings, dtype=np.float64)
    partner = np.full_like(first, family.partner_earnings)
    care = np.full_like(first, 12 * family.childcare)
    if family.married:
        parts = _tax_unit(family.status, family.child_ages, (first, partner), care, year)
    else:
        parts = _tax_unit(family.status, family.child_ages, (first,), care, year)
        if family.adults == 2:  # files alone, without the children
            alone = _tax_unit("single", (), (partner,), 0 * care, year)
            parts = {name: value + alone[name] for name, value in parts.items()}
    food = snap(family, first + partner, year)
    return {"earnings": first, "partner_earnings": partner, **parts, "snap": food}


def _tax_unit(
    status: Status, ages: tuple[int, ...], wages: tuple[Dollars, ...], care: Dollars, year: Year
) -> dict[str, Dollars]:
    """Taxes and credits of those who file together."""
    total = np.sum(wages, axis=0)
    payroll = payroll_tax(status, wages, year.taxes)
    before = income_tax(status, total, year.taxes)
    for_care = np.minimum(care_credit(status, ages, wages, care, year.credits), before)
    earned = eitc(status, len(ages), total, year.credits)
    for_children = child_credit(
        status, ages, total, before - for_care, payroll, earned, year.credits
    )
    return {
        "payroll_tax": -payroll,
        "income_tax": -before,
        "care_credit": for_care,
        "child_credit": for_children,
        "eitc": earned,
    }


def payroll_tax(status: Status, wages: tuple[Dollars, ...], taxes: Taxes) -> Dollars:
    """Social Security up to each one's wage base, and Medicare."""
    total = np.sum(wages, axis=0)
    capped = np.sum([np.minimum(w, taxes.wage_base) for w in wages], axis=0)
    more = np.maximum(total - law.MEDICARE_MORE_OVER[status], 0)
    return np.asarray(
        law.SOCIAL_SECURITY * capped + law.MEDICARE * total + law.MEDICARE_MORE * more
    )


def income_tax(status: Status, income: Dollars, taxes: Taxes) -> Dollars:
    """Federal income tax before credits, with the standard deduction."""
    taxable = np.maximum(income - taxes.standard_deduction[status], 0)
    ends = (0, *taxes.brackets[status], np.inf)
    owed = np.zeros_like(taxable)
    for rate, low, high in zip(law.RATES, ends, ends[1:], strict=False):
        owed += rate * np.clip(taxable - low, 0, high - low)
    return owed


def eitc(status: Status, children: int, income: Dollars, credits_: Credits) -> Dollars:
    """The earned income credit of adults of 25 to 64 whose only income is wages (26 USC 32)."""
    k = min(children, 3)
    start = credits_.eitc_falls_from[k] + (credits_.eitc_joint_adds[k] if status == "joint" else 0)
    rising = np.minimum(law.EITC_IN[k] * income, credits_.eitc_most[k])
    falling = law.EITC_OUT[k] * np.maximum(income - start, 0)
    return np.maximum(np.minimum(rising, credits_.eitc_most[k] - falling), 0)


def care_credit(
    status: Status,
    ages: tuple[int, ...],
    wages: tuple[Dollars, ...],
    care: Dollars,
    credits_: Credits,
) -> Dollars:
    """The credit for child care before the limit of the tax itself (26 USC 21).

    Spending counts up to what the one who earns less of a couple earns.
    """
    young = min(sum(a < law.CARE_UNDER_AGE for a in ages), 2)
    spent = np.minimum(care, law.CARE_MOST[young])
    for each in wages:
        spent = np.minimum(spent, each)
    income = np.sum(wages, axis=0)
    top, bottom = credits_.care_rate
    rate = np.maximum(top - 0.01 * _steps(income - 15_000, law.CARE_RATE_EACH), bottom)
    if status in credits_.care_second_fall:
        start, each_point = credits_.care_second_fall[status]
        rate = np.maximum(rate - 0.01 * _steps(income - start, each_point), credits_.care_last_rate)
    return np.asarray(spent * rate)


def _steps(over: Dollars, each: int) -> Dollars:
    """How many times `each`, or a part of it, is in what is over."""
    return np.ceil(np.maximum(over, 0) / each)


def child_credit(
    status: Status,
    ages: tuple[int, ...],
    income: Dollars,
    tax: Dollars,
    payroll: Dollars,
    earned: Dollars,
    credits_: Credits,
) -> Dollars:
    """The child tax credit with its refundable part, and the credit for other dependents.

    `tax` is what is left of income tax after credits that come before. With three children or
    more, payroll tax over the EITC may be paid out where that is more (Schedule 8812).
    """
    young = sum(a < law.CTC_UNDER_AGE for a in ages)
    most = credits_.child * young + law.CTC_OTHER_DEPENDENT * (len(ages) - young)
    fall = law.CTC_FALL * _steps(income - law.CTC_FALLS_FROM[status], law.CTC_FALL_EACH)
    credit = np.maximum(most - fall, 0)
    against_tax = np.minimum(credit, tax)
    paid_out = law.CTC_REFUND_RATE * np.maximum(income - law.CTC_REFUND_OVER, 0)
    if young >= 3:
        paid_out = np.maximum(paid_out, payroll - earned)
    limit = np.minimum(credit - against_tax, credits_.child_refundable * young)
    return np.asarray(against_tax + np.minimum(limit, paid_out))


def snap(family: Family, income: Dollars, year: Year) -> Dollars:
    """SNAP a year of a family whose members are all eligible (7 CFR 273.9, 273.10).

    With the state's income limits, its least benefit and, where the family says that it pays for
    heating or cooling, its utility allowance; no asset or work rules.
    """
    figures = year.snap[family.region]
    n, month = family.size, _cents(income / 12)  # so that a wage at a limit is within it
    after = np.maximum(
        month
        - law.SNAP_EARNED * month
        - figures.deduction[min(n, len(figures.deduction)) - 1]
        - family.childcare,
        0,
    )
    housed = family.rent
    if family.utilities:
        housed += states.utility_allowance(family.state, n, year.fiscal_year)
    shelter = np.clip(housed - law.SNAP_SHELTER_OVER * after, 0, figures.shelter_cap)
    net = np.floor(_cents(np.maximum(after - shelter, 0)) + 0.5)
    most = _of_size(figures.allotment, figures.allotment_more, n)
    least = round(law.SNAP_LEAST * figures.allotment[0]) if n <= 2 else 0
    least = max(least, states.LEAST.get(family.state, 0))
    benefit = np.maximum(most - np.ceil(_cents(law.SNAP_PAID * net)), least)
    return np.where(_allowed(family, month, net, year), 12 * benefit, 0.0)


def _allowed(family: Family, month: Dollars, net: Dollars, year: Year) -> NDArray[np.bool_]:
    """Within both federal limits, or within the state's wider ones."""
    figures = year.snap[family.region]
    net_fits = net <= income_limit(figures, family.size, law.SNAP_NET)
    fits = (month <= income_limit(figures, family.size, law.SNAP_GROSS)) & net_fits
    wider = states.wider(family.state, family.childcare > 0, year.snap_on)
    if wider is None:
        return fits
    first, more = figures.poverty_first, figures.poverty_more
    if wider.new_guideline and figures.new_poverty:
        first, more = figures.new_poverty
    # to the cent: each state's chart rounds it to dollars its own way, at most two from here
    limit = wider.gross * (first + (family.size - 1) * more) / 12
    return fits | ((month <= round(limit, 2)) & (net_fits | (not wider.net_test)))


def _cents(amount: Dollars) -> Dollars:
    """Whole cents, so that no binary remainder tips the rounding to dollars that follows."""
    return np.round(amount, 2)


def _of_size(amounts: tuple[int, ...], more: int, n: int) -> int:
    known = len(amounts)
    return amounts[min(n, known) - 1] + more * max(n - known, 0)


def income_limit(figures: Snap, n: int, times: float) -> int:
    """A monthly SNAP income limit: the guideline of up to 8, and each person more, rounded up."""
    eight = min(n, 8)
    year = figures.poverty_first + (eight - 1) * figures.poverty_more
    # cents first: 1.3 has no exact binary form
    up = int(np.ceil(round(times * year / 12, 2)))
    each = int(np.ceil(round(times * figures.poverty_more / 12, 2)))
    return up + each * (n - eight)
