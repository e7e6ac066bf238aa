"""A declared test carried out: every answer that its section of lab.toml asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlglot import exp

from rung.errors import PlanError, Problem
from rung.finding import Finding, Refusal, Table
from rung.learning.estimate import estimate
from rung.learning.groups import by_groups
from rung.learning.rows import TOO_BIG, as_number, kind
from rung.learning.settings import DeclaredTest
from rung.learning.tables import arms, over_time
from rung.messages import english
from rung.records.engine import Engine
from rung.records.query import alias, tree


def run_test(
    session: Engine,
    test: DeclaredTest,
    *,
    view: str | None = None,
    plan: str | None = None,
    inputs: Sequence[str] = (),
) -> tuple[Finding | Table | Refusal, ...]:
    """Each estimator's findings, the arms, the results by group, and before and after, in order.

    `view` is where the rows are, by default the table the test names. Raises PlanError.
    """
    view = test.table if view is None else view
    outcome = test.outcome
    covariates = (*test.covariates, *(test.squared(c) for c in test.squares))
    if covariates and set(test.adjust) == {"none"}:
        raise PlanError("PLAN-covariates-unused")
    if test.weights and test.groups:
        raise PlanError("PLAN-groups-weighted")
    if test.above is not None or test.squares:
        view, outcome = _derived(session, test, view)
    asked: dict[str, Any] = {
        "outcome": outcome,
        "arm": test.arm,
        "control": test.control,
        "words": test.words,
        "plan": plan,
        "inputs": inputs,
    }
    weights = test.weights
    found: list[Finding | Table | Refusal] = []
    for adjust in test.adjust:
        found += estimate(
            session,
            view,
            adjust=adjust,
            covariates=() if adjust == "none" else covariates,
            weights=weights,
            se=test.se,
            level=test.level,
            **asked,
        )
    found.append(arms(session, view, weights=weights, **asked))
    if test.groups:
        found += by_groups(session, view, groups=test.groups, level=test.level, **asked)
    if test.before_after:
        found.append(over_time(session, view, moments=test.before_after, weights=weights, **asked))
    return tuple(found)


def _derived(session: Engine, test: DeclaredTest, view: str) -> tuple[str, str]:
    """A view with the yes/no outcome and the squares beside the columns, and the outcome's name."""
    types = session.columns(view)
    sources = [*test.squares, *([test.outcome] if test.above is not None else [])]
    names = {c: test.squared(c) for c in test.squares}
    outcome = test.outcome
    if test.above is not None:
        limit = f"{test.above:g}"
        outcome = english("label.above", {"column": test.outcome, "limit": limit})
    problems = [
        Problem(code="PLAN-no-column", column=c, weight="break") for c in sources if c not in types
    ]
    problems += [
        Problem(code="PLAN-not-a-number", column=c, weight="break")
        for c in sources
        if c in types and kind(types[c]) != "number"
    ]
    made = [*names.values(), *([outcome] if test.above is not None else [])]
    problems += [
        Problem(code="PLAN-column-twice", column=c, weight="break") for c in made if c in types
    ]
    if problems:
        raise PlanError(problems)
    items = []
    for column, squared in names.items():
        value = as_number(column, types[column])
        items.append(alias(exp.Mul(this=value, expression=value.copy()), squared))
    if test.above is not None:
        items.append(
            alias(_above(as_number(test.outcome, types[test.outcome]), test.above), outcome)
        )
    derived = f"{view} for {test.key}"
    session.view(derived, exp.select("*", *items).from_(exp.table_(view, quoted=True)))
    return derived, outcome


def _above(value: exp.Expr, limit: float) -> exp.Expr:
    """1 above the limit, 0 up to it; what is not a number stays as it is, to be refused later."""
    usable = exp.LT(this=exp.Abs(this=value.copy()), expression=tree(TOO_BIG))
    above = exp.GT(this=value.copy(), expression=tree(float(limit)))
    return (
        exp.case()
        .when(exp.and_(usable, above), tree(1.0))
        .when(usable.copy(), tree(0.0))
        .else_(value)
    )
