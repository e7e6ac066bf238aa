"""What a raise leaves a family with, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping

from rung.finding import Finding, Table
from rung.messages import Scalar, phrase
from rung.share.numbers import amount, percent, size
from rung.share.say.pieces import opened


def step(finding: Finding, language: str | None) -> list[str]:
    """One wage against another: more left, or less."""
    after, before = finding.parts
    question = finding.estimand
    given: dict[str, Scalar] = {
        "population": question.population,
        "after": after.group,
        "before": before.group,
        "size": size(finding.value, "dollars", language),
    }
    how = "less" if finding.value < -0.5 else "more" if finding.value > 0.5 else "same"
    levels = {
        "first": amount(before.value or 0, "dollars", language),
        "last": amount(after.value or 0, "dollars", language),
        "year": question.dollar_year or "",
    }
    told = phrase(f"say.household-{how}", given, language)
    return [opened(told), phrase("say.household-levels", {**given, **levels}, language)]


def next_rung(finding: Finding, language: str | None) -> list[str]:
    """Until when, and what the next rung must pay."""
    if math.isinf(finding.value):
        return [phrase("say.household-never", {}, language)]
    paid = amount(finding.value, "dollars", language)
    return [phrase("say.household-next", {"wage": paid}, language)]


def no_cliff(finding: Finding, language: str | None) -> list[str]:
    """Every raise leaves more."""
    given: Mapping[str, Scalar] = {
        "population": finding.estimand.population,
        "range": finding.estimand.contrast,
    }
    return [opened(phrase("say.household-no-cliff", given, language))]


def wages(table: Table, language: str | None) -> list[str]:
    """From the lowest wage to the highest: what is earned more, and what of it is kept."""
    first, last = table.rows[0], table.rows[-1]
    given: dict[str, Scalar] = {
        "population": table.estimand.population,
        "low": amount(float(first["hourly"] or 0), "dollars", language),
        "high": amount(float(last["hourly"] or 0), "dollars", language),
        "first": amount(float(first["net"] or 0), "dollars", language),
        "last": amount(float(last["net"] or 0), "dollars", language),
    }
    known = any(c.name == "behind" for c in table.columns)
    key = "say.household-wages" if len(table.rows) > 1 else "say.household-wage"
    key += "" if known else "-federal"
    told = [opened(phrase(key, given, language))]
    if not known:  # what these rules leave is not what the family has
        return told
    rates = [float(r["emtr"]) for r in table.rows if r["emtr"] is not None]
    most = max(rates, default=0.0)
    if most > 0:
        where = table.rows[rates.index(most)]["hourly"]
        worst: dict[str, Scalar] = {
            "wage": amount(float(where or 0), "dollars", language),
            "percent": percent(most),
        }
        key = "say.household-all-taken" if most >= 1 else "say.household-most-taken"
        told.append(phrase(key, worst, language))
    return told


def rungs(table: Table, language: str | None) -> list[str]:
    """What changes from rung to rung."""
    given = {"population": table.estimand.population}
    return [opened(phrase("say.household-rungs", given, language))]


def falls(table: Table, language: str | None) -> list[str]:
    """How many times net income falls."""
    given: dict[str, Scalar] = {"population": table.estimand.population, "n": len(table.rows)}
    return [opened(phrase("say.household-falls", given, language))]


FINDINGS = {
    "household-step": step,
    "household-cliff": step,
    "household-next": next_rung,
    "household-no-cliff": no_cliff,
}
TABLES = {"cliff": wages, "rungs": rungs, "cliff-falls": falls}
