"""Ask PolicyEngine-US about one family: run by an interpreter that has it, never imported.

    python worker.py < request.json > reply.json

PolicyEngine-US is free software under the AGPL; this file runs as a program of its own and
exchanges JSON. A request has `adults` (each an annual `earnings`; the first one's is replaced by
`low` to `high` dollars a year in `count` equal steps), `ages`, `married`, `state`, `year`,
`hours`, `rent` and `childcare` (dollars a year), `utilities` (pays for heating or cooling apart
from the rent), `has` (help the family gets). A reply has
`version` and `parts`: dollars a year by component, one number a step; `covered` counts people with
public health cover, and `health_premium` is what a benchmark marketplace plan costs those without
it, after the premium credit, with what public cover costs. Written for
policyengine-us 2.68; it imports nothing of Rung, so that any environment can run it.
"""

from __future__ import annotations

import contextlib
import json
import sys
from typing import Any

ADULT = 35  # years old: an adult of working age
UTILITY_AREAS = {"AK": "AK_C", "NY": "NY_ONY"}  # Anchorage; outside New York City and Long Island


def situation(asked: dict[str, Any]) -> dict[str, Any]:
    """The family as PolicyEngine-US reads it, the first adult's earnings along an axis."""
    year, has = str(asked["year"]), set(asked["has"])

    def said(value: Any) -> dict[str, Any]:
        return {year: value}

    people: dict[str, Any] = {}
    for i, earnings in enumerate(asked["adults"]):
        people[f"adult{i}"] = {
            "age": said(ADULT),
            "employment_income": said(earnings),
            "weekly_hours_worked": said(asked["hours"] if i == 0 or earnings else 0),
        }
    children = [f"child{i}" for i in range(len(asked["ages"]))]
    for name, age in zip(children, asked["ages"], strict=True):
        people[name] = {"age": said(age), "is_tax_unit_dependent": said(True)}
        if age < 13 and asked["childcare"]:
            people[name] |= {
                "childcare_hours_per_day": said(8),
                "childcare_days_per_week": said(5),
                "childcare_attending_days_per_month": said(21),
            }
    people["adult0"]["pre_subsidy_rent"] = said(asked["rent"])
    adults = [n for n in people if n.startswith("adult")]
    with_children = [*adults, *children] if asked["married"] else [adults[0], *children]
    insured = {"takes_up_aca_if_eligible": said("medicaid" in has)}
    units = {"first": {"members": with_children, **insured}}
    if len(adults) == 2 and not asked["married"]:
        units["second"] = {"members": [adults[1]], **insured}
    for name in people:
        people[name] |= {
            "takes_up_medicaid_if_eligible": said("medicaid" in has),
            "takes_up_chip_if_eligible": said("medicaid" in has),
            "ak_permanent_fund_dividend": said(0),  # wages are the only income
        }
    marital = [{"members": adults if asked["married"] else adults[:1]}]
    marital += [{"members": [a]} for a in adults[1:] if not asked["married"]]
    marital += [{"members": [c]} for c in children]
    everyone = {"members": list(people)}
    together = {
        "takes_up_tanf_if_eligible": said("tanf" in has),
        "takes_up_housing_assistance_if_eligible": said("housing" in has),
        "receives_housing_assistance": said("housing" in has),
        "spm_unit_pre_subsidy_childcare_expenses": said(asked["childcare"]),
    }
    if "childcare" not in has:  # no take-up of its own: a subsidy would lower what care costs
        together["child_care_subsidies"] = said(0)
    if asked.get("utilities"):
        together["has_heating_cooling_expense"] = said(True)
    # the rent is taken to be within the local payment standard: no county is asked for
    home = {"state_code": said(asked["state"]), "pha_payment_standard": said(asked["rent"])}
    if asked["state"] in UTILITY_AREAS:
        home["snap_utility_region"] = said(UTILITY_AREAS[asked["state"]])
    return {
        "people": people,
        "tax_units": units,
        "marital_units": {f"m{i}": unit for i, unit in enumerate(marital)},
        "families": {"family": everyone},
        "spm_units": {"spm": {**everyone, **together}},
        "households": {"household": {**everyone, **home}},
        "axes": [[{
            "name": "employment_income", "period": year, "count": asked["count"],
            "min": asked["low"], "max": asked["high"], "index": 0,
        }]],
    }  # fmt: skip


def parts(asked: dict[str, Any]) -> dict[str, list[float]]:
    """Each component of net income along the axis."""
    from policyengine_us import Simulation

    given = situation(asked)
    if asked["count"] == 1:  # an axis has two ends
        del given["axes"]
        given["people"]["adult0"]["employment_income"] = {str(asked["year"]): asked["low"]}
    run = Simulation(situation=given)

    def of(name: str) -> Any:
        return run.calculate(name, asked["year"], map_to="household").astype(float)

    before, care, earned = (of(v) for v in ("income_tax_before_credits", "cdcc", "eitc"))
    nothing = 0 * earned
    premiums = of("marketplace_net_premium") + of("chip_premium") + of("medicaid_premium")
    covered = of("medicaid_enrolled") + of("chip_enrolled") + of("basic_health_program_enrolled")
    own = of("employee_state_payroll_tax")
    # SNAP of September: the fiscal year ends, and the states' changes in it are in force
    food = run.calculate("snap", f"{asked['year']}-09", map_to="household").astype(float) * 12
    has = asked["has"]
    found = {
        "earnings": of("employment_income") - sum(asked["adults"][1:]),
        "payroll_tax": own - of("employee_payroll_tax"),
        "income_tax": -before,
        "care_credit": care,
        "child_credit": before - of("income_tax") - care - earned,
        "eitc": earned,
        "state_tax": -of("state_income_tax") - own,
        "snap": food,
        "tanf": of("tanf"),
        "housing": of("housing_assistance"),
        "child_care": of("child_care_subsidies"),
        "health_premium": -premiums if "medicaid" in has else nothing,
        "covered": covered if "medicaid" in has else nothing,
    }
    return {name: [round(float(v), 2) for v in values] for name, values in found.items()}


def main() -> None:
    """Read one request, write one reply; whatever the model prints goes to standard error."""
    from importlib.metadata import version

    asked = json.load(sys.stdin)
    with contextlib.redirect_stdout(sys.stderr):
        reply = {"version": version("policyengine-us"), "parts": parts(asked)}
    json.dump(reply, sys.stdout)


if __name__ == "__main__":
    main()
