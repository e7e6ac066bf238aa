"""Costs in words: what a person cost, a completer, a component, a point of effect."""

from __future__ import annotations

import math
from collections.abc import Callable

from rung.finding import Finding, Table
from rung.messages import Scalar, english, phrase
from rung.share.numbers import dollars, percent, with_year
from rung.share.say.pieces import opened, range_of


def _money(value: float, year: int | None, language: str | None) -> str:
    return with_year(dollars(value), year, language)


def _each(finding: Finding, language: str | None) -> list[str]:
    question = finding.estimand
    given: dict[str, Scalar] = {
        "n": finding.counts.analysed,
        "amount": _money(finding.value, question.dollar_year, language),
        "population": question.population,
        "horizon": question.horizon,
    }
    return [opened(phrase("say.cost-each", given, language))]


def _effect(finding: Finding, language: str | None) -> list[str]:
    """A price of a unit; or that it went the wrong way; and whether any price is told at all."""
    question, ends = finding.estimand, finding.interval
    before, _, after = english("label.cost-effect", {"unit": "\0"}).partition("\0")
    unit = question.outcome.removeprefix(before).removesuffix(after)
    amount = _money(abs(finding.value), question.dollar_year, language)
    which = "cost-effect" if finding.value >= 0 else "cost-effect-wrong"
    told = [opened(phrase(f"say.{which}", {"unit": unit, "amount": amount}, language))]
    if ends is None:
        return told
    if len(ends.pieces) > 1 or math.isinf(ends.low) or math.isinf(ends.high):
        told.append(phrase("say.cost-effect-open", {}, language))
    return [*told, opened(phrase("say.fits", {"range": range_of(finding, language)}, language))]


def _begun(table: Table, language: str | None) -> list[str]:
    """Whose costs a table tells, and when."""
    given = {"population": table.estimand.population, "horizon": table.estimand.horizon}
    return [opened(phrase(f"say.{table.name}", given, language))]


def _per(table: Table, language: str | None) -> list[str]:
    """The last milestone anyone came to: what each of them cost, all costs counted."""
    rows = [r for r in table.rows if r["cost_each"] is not None]
    told = _begun(table, language)
    if rows:
        last = rows[-1]
        amount = _money(float(last["cost_each"] or 0), table.estimand.dollar_year, language)
        more: dict[str, Scalar] = {"milestone": last["per"], "n": last["n"], "amount": amount}
        told.append(opened(phrase("say.costs-per-last", more, language)))
    return told


def _components(table: Table, language: str | None) -> list[str]:
    told = _begun(table, language)
    rows = [r for r in table.rows if r["cost"] is not None and r["share"] is not None]
    if rows:
        top = max(rows, key=lambda r: float(r["share"] or 0))
        more: dict[str, Scalar] = {
            "component": top["component"],
            "percent": percent(float(top["share"] or 0)),
        }
        told.append(opened(phrase("say.costs-largest", more, language)))
    return told


def _stages(table: Table, language: str | None) -> list[str]:
    """The stage at which each person who came to it cost the most."""
    told = _begun(table, language)
    rows = [
        r
        for r in table.rows
        if r["cost_each"] is not None and r["stage"] != english("label.costs-any")
    ]
    if rows:
        top = max(rows, key=lambda r: float(r["cost_each"] or 0))
        amount = _money(float(top["cost_each"] or 0), table.estimand.dollar_year, language)
        more: dict[str, Scalar] = {"stage": top["stage"], "n": top["n"], "amount": amount}
        told.append(opened(phrase("say.costs-stages-most", more, language)))
    return told


def _arms(table: Table, language: str | None) -> list[str]:
    """Cost by arm, and how much more or less each cost than control."""
    told = _begun(table, language)
    for row in table.rows:
        net = row["cost_net"]
        if isinstance(net, float):
            which = "more" if net >= 0 else "less"
            amount = _money(abs(net), table.estimand.dollar_year, language)
            more: dict[str, Scalar] = {"arm": row["arm"], "amount": amount}
            told.append(opened(phrase(f"say.costs-arms-{which}", more, language)))
    return told


FINDINGS: dict[str, Callable[[Finding, str | None], list[str]]] = {
    "ingredients": _each,
    "cost-effect": _effect,
}
TABLES: dict[str, Callable[[Table, str | None], list[str]]] = {
    "costs": _components,
    "costs-arms": _arms,
    "costs-per": _per,
    "costs-stages": _stages,
}
