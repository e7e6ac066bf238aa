"""Two generations' incomes in a file of linked pairs: read, ranked and counted once.

    Question     which columns, and of which years' dollars
    summarise    a Generations: incomes, ranks, a Tally a group, the cells that errors come from
    margins      the same columns as two lists of incomes that are not linked

The answers are in `generations_tables`; the arithmetic in `ranks`, `transitions`, `elasticity` and
`copula`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from sqlglot import exp

from rung.errors import CannotAnswer, PlanError, Problem
from rung.finding import Origin
from rung.learning.rows import kind
from rung.messages import english
from rung.mobility.copula import Margin
from rung.mobility.ranks import Cells, Codes, Floats, Tally, added, both, tallies
from rung.records import query
from rung.records.prices import Prices
from rung.records.query import Session

LEAST = 10  # pairs: fewer have no ranks to speak of
MOST_LEVELS = 60
MOST_INCOME = 1e100
ROOM = "rung.mobility"


@dataclass(frozen=True)
class Question:
    """Names of columns; several of parents or of children are years, which are averaged.

    `parent_year` and `child_year` say of which year each generation's dollars are; without them
    nobody can say who has more. `concept` is what the income is, in the user's words.
    """

    parent: tuple[str, ...]
    child: tuple[str, ...]
    weights: str | None = None
    by: str | None = None
    parent_year: int | None = None
    child_year: int | None = None
    concept: str = "income"


class Fewer(NamedTuple):
    """The rank-rank slope from the first years only: a sensitivity, not a correction."""

    parents: int
    children: int
    slope: float
    se: float


@dataclass(frozen=True)
class Generations:
    """Linked pairs. Incomes (n,) are as in the file; ranks are of everyone, 0 to 1.

    `factor` turns parents' dollars into the children's (None when a year is not known).
    `excluded` counts pairs left out by reason. `levels` names the groups in `level`'s order.
    """

    question: Question
    parent: Floats
    child: Floats
    weights: Floats | None
    level: Codes | None
    levels: tuple[str, ...]
    groups: tuple[Tally, ...]
    cells: Cells
    factor: float | None
    fewer: tuple[Fewer, ...]
    excluded: Mapping[str, int]
    origin: Origin

    @cached_property
    def everyone(self) -> Tally:
        """All pairs."""
        return added(self.groups)

    @property
    def n(self) -> int:
        """Pairs."""
        return len(self.parent)

    def of(self, level: int | None) -> Tally:
        """The tally of a group, or of everyone."""
        return self.everyone if level is None else self.groups[level]

    def members(self, level: int | None) -> slice | np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Who is in a group."""
        return slice(None) if level is None or self.level is None else self.level == level


def summarise(
    session: Session,
    view: str,
    question: Question,
    *,
    prices: Prices | None = None,
    inputs: Sequence[str] = (),
) -> Generations:
    """Read linked pairs from the table `view`.

    Raises PlanError (PLAN-no-column, PLAN-generation-kind, PLAN-weights-kind,
    PLAN-weights-negative, PLAN-prices, PLAN-no-price) and CannotAnswer (ANS-not-finite,
    ANS-many-levels, ANS-no-weight, ANS-one-generation, ANS-few-pairs, ANS-one-rank).
    """
    parent, child, weight = _columns(session, view, question)
    listed = session.run(
        query.load(ROOM, "generations_people"),
        people=query.Name(view),
        level=_label(question.by), parent=parent, child=child, weight=weight,
    ).dicts()  # fmt: skip
    excluded = _checked(listed, question)
    names = [r["level"] for r in listed]
    found = session.arrays(
        query.load(ROOM, "generations"),
        people=query.Name(view),
        columns=_wanted(question, parent, child, weight, names),
        known=exp.and_(
            parent.is_(exp.null()).not_(), child.is_(exp.null()).not_(), weight > query.tree(0.0)
        ),
    )
    level = found["level"].astype(np.intp) if question.by else None
    weights = found.get("weight")
    ranks = both(found["parent"], found["child"], weights)
    if any(rank.min() == rank.max() for rank in ranks):
        raise CannotAnswer("ANS-one-rank")
    return Generations(
        question=question,
        parent=found["parent"],
        child=found["child"],
        weights=weights,
        level=level,
        levels=tuple(english("label.not-recorded") if x is None else str(x) for x in names),
        groups=tuple(tallies(*ranks, weights, level, len(names))),
        cells=Cells.of(*ranks, weights, level),
        factor=_factor(question, prices),
        fewer=tuple(_fewer(question, found, weights)),
        excluded=excluded,
        origin=Origin(inputs=tuple(inputs), queries=tuple(session.log[-2:])),
    )


def margins(
    session: Session,
    view: str,
    question: Question,
    *,
    prices: Prices | None = None,
) -> tuple[Margin, Margin, tuple[int, int], tuple[str, ...]]:
    """Parents' and children's incomes in the children's dollars, how many, and the queries.

    A row need not hold both. Raises what `summarise` does, and CannotAnswer (ANS-dollar-years)
    when a year is not known.
    """
    parent, child, weight = _columns(session, view, question)
    factor = _factor(question, prices)
    if factor is None:
        raise CannotAnswer("ANS-dollar-years")
    made, sizes = [], []
    for columns, income, times in (
        (question.parent, parent, factor),
        (question.child, child, 1.0),
    ):
        seen = session.run(
            query.load(ROOM, "generations_margin"),
            people=query.Name(view), income=income, weight=weight,
        ).one()  # fmt: skip
        _finite(seen["largest"], columns)
        _weights_fit(question, seen["lightest"], seen["heaviest"])
        if not seen["people"]:
            raise CannotAnswer("ANS-one-generation")
        found = session.arrays(
            query.load(ROOM, "generations"),
            people=query.Name(view),
            columns=[query.alias(income, "income"), query.alias(weight, "weight")],
            known=exp.and_(income.is_(exp.null()).not_(), weight > query.tree(0.0)),
        )
        if not len(found["income"]):
            raise CannotAnswer("ANS-no-weight", column=question.weights or "")
        made.append(Margin.of(found["income"] * times, found["weight"]))
        sizes.append(len(found["income"]))
    return made[0], made[1], (sizes[0], sizes[1]), tuple(session.log[-4:])


# -- reading


def _columns(
    session: Session, view: str, question: Question
) -> tuple[exp.Expr, exp.Expr, exp.Expr]:
    """Parents' and children's income, and the weight, as trees of doubles."""
    have = session.columns(view)
    incomes = (*question.parent, *question.child)
    named = [*incomes, question.weights, question.by]
    problems = [
        Problem(code="PLAN-no-column", column=c, weight="break")
        for c in dict.fromkeys(n for n in named if n is not None and n not in have)
    ]
    wanted = [("PLAN-generation-kind", c) for c in incomes] + [
        ("PLAN-weights-kind", question.weights)
    ]
    problems += [
        Problem(code=code, column=c, weight="break")
        for code, c in dict.fromkeys(wanted)
        if c in have and kind(have[str(c)]) != "number"
    ]
    if problems:
        told = [p.column for p in problems if p.code == "PLAN-generation-kind"]
        if len(told) == len(problems) and not any(_values(session, view, str(c)) for c in told):
            raise CannotAnswer("ANS-one-generation")  # a column without a value has no type
        raise PlanError(problems)
    weight = query.tree(1.0)
    if question.weights is not None:
        weight = query.as_double(query.name(question.weights))
    return _mean(question.parent), _mean(question.child), weight


def _values(session: Session, view: str, column: str) -> int:
    counted = exp.select(query.alias(exp.Count(this=query.name(column)), "n"))
    return int(session.run(counted.from_(exp.table_(view, quoted=True))).one()["n"])


def _mean(columns: Sequence[str]) -> exp.Expr:
    """The mean of some years; missing when one is."""
    years = [query.as_double(query.name(c)) for c in columns]
    if len(years) == 1:
        return years[0]
    total = years[0]
    for each in years[1:]:
        total = exp.Add(this=total, expression=each)
    return exp.Div(this=exp.Paren(this=total), expression=query.tree(float(len(years))))


def _label(column: str | None) -> exp.Expr:
    return query.tree("") if column is None else exp.cast(query.name(column), "VARCHAR")


def _wanted(
    question: Question,
    parent: exp.Expr,
    child: exp.Expr,
    weight: exp.Expr,
    names: Sequence[str | None],
) -> list[exp.Expr]:
    """What is fetched: no column of ones, groups as numbers, single years where there are any."""
    wanted = [query.alias(parent, "parent"), query.alias(child, "child")]
    if question.weights is not None:
        wanted.append(query.alias(weight, "weight"))
    if question.by is not None:
        place = exp.Case()
        for at, level in enumerate(names):
            here = _label(question.by)
            when = here.is_(exp.null()) if level is None else here.eq(level)
            place = place.when(when, query.tree(at))
        wanted.append(query.alias(place, "level"))
    for side in ("parent", "child"):
        years = getattr(question, side)
        for at, column in enumerate(years if len(years) > 1 else ()):
            wanted.append(query.alias(query.as_double(query.name(column)), f"{side}_{at}"))
    return wanted


def _checked(listed: Sequence[Mapping[str, float]], question: Question) -> dict[str, int]:
    """Who is left out, by reason; raises when what is left cannot be ranked."""
    for row in listed:
        _weights_fit(question, row["lightest"], row["heaviest"])
        _finite(row["largest_parent"], question.parent)
        _finite(row["largest_child"], question.child)
    if len(listed) > MOST_LEVELS:
        raise CannotAnswer(
            "ANS-many-levels",
            saw={"levels": len(listed)}, needs={"most": MOST_LEVELS}, group=question.by or "",
        )  # fmt: skip
    counted = {
        reason: int(sum(r[f"without_{column}"] for r in listed))
        for reason, column in (
            ("parent-income-missing", "parent"),
            ("child-income-missing", "child"),
            ("both-incomes-missing", "both"),
            ("weight-missing", "weight"),
        )
    }
    people = int(sum(r["people"] for r in listed))
    linked = people - sum(counted[k] for k in list(counted)[:3])
    if people and not linked:
        raise CannotAnswer("ANS-one-generation")
    left = linked - counted["weight-missing"]
    if linked and not left:
        raise CannotAnswer("ANS-no-weight", column=question.weights or "")
    if left < LEAST:
        raise CannotAnswer("ANS-few-pairs", saw={"pairs": left}, needs={"least": LEAST})
    return {reason: n for reason, n in counted.items() if n}


def _finite(largest: float | None, columns: Sequence[str]) -> None:
    if largest is not None and not largest <= MOST_INCOME:
        raise CannotAnswer("ANS-not-finite", column=", ".join(columns))


def _weights_fit(question: Question, low: float | None, high: float | None) -> None:
    if any(v is not None and not 0 <= v <= MOST_INCOME for v in (low, high)):
        raise PlanError("PLAN-weights-negative", column=question.weights or "")


def _factor(question: Question, prices: Prices | None) -> float | None:
    """What a dollar of the parents' year is worth in the children's; None when a year is missing"""
    if question.parent_year is None or question.child_year is None:
        return None
    if question.parent_year == question.child_year:
        return 1.0
    index = prices or Prices.packaged()
    return float(index.of_year(question.child_year) / index.of_year(question.parent_year))


def _fewer(question: Question, found: Mapping[str, Floats], weights: Floats | None) -> list[Fewer]:
    """The slope from the first year, the first two, … of each generation that has several."""
    made = []
    most = max(len(question.parent), len(question.child))
    for years in range(1, most + 1) if most > 1 else ():
        sides, used = [], []
        for side, columns in (("parent", question.parent), ("child", question.child)):
            used.append(min(years, len(columns)))
            several = [found[f"{side}_{i}"] for i in range(used[-1])] if len(columns) > 1 else []
            sides.append(np.mean(several, axis=0) if several else found[side])
        ranks = both(sides[0], sides[1], weights)
        if any(rank.min() == rank.max() for rank in ranks):
            continue
        cells = Cells.of(*ranks, weights)
        slope = tallies(*ranks, weights)[0].line[0]
        made.append(Fewer(used[0], used[1], slope, cells.error(cells.line())))
    return made
