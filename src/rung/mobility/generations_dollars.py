"""What is told of two generations in dollars: the elasticity, and who has more than the parents."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from rung.discovery.journey import EVERYONE
from rung.finding import (
    Cell,
    Column,
    Counts,
    Dimension,
    Exclusion,
    Finding,
    Method,
    Note,
    Part,
    Refusal,
    Table,
)
from rung.messages import english
from rung.mobility import elasticity as slopes
from rung.mobility.elasticity import Elasticity
from rung.mobility.generations import LEAST, Question
from rung.mobility.ranks import Floats
from rung.mobility.telling import Share, Telling, method, money

SMALL = (1.0, 1000.0)  # dollars that stand in for an income of zero, in the sensitivity table
ELASTICITY = method(
    "intergenerational-elasticity",
    ("chetty2014", "mackinnon1985"),
    Note("elasticity-logs"),
    ranked=False,
)
BY_ZEROS = method(
    "elasticity-zeros",
    ("chetty2014", "mitnik2020", "santossilva2006"),
    Note("elasticity-logs"),
    ranked=False,
)


def _kept(
    weights: Floats | None, kept: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> Floats | None:
    return None if weights is None else weights[kept]


def elasticity(t: Telling) -> Iterator[Finding | Table | Refusal]:
    """The elasticity of pairs with incomes above zero, then what zeros do to it."""
    question = t.estimand("label.elasticity", "number", "elasticity")
    parent, child, weights = t.pairs.parent, t.pairs.child, t.pairs.weights
    negative = int(((parent < 0) | (child < 0)).sum())
    if negative:
        yield t.refusal(question, "ANS-negative-income", ELASTICITY, saw={"pairs": negative})
        return
    kept = (parent > 0) & (child > 0)
    left = int(len(kept) - kept.sum())
    found = slopes.log_log(parent[kept], child[kept], _kept(weights, kept))
    if found is None or found.n < LEAST:
        saw, needs = {"pairs": int(kept.sum())}, {"least": LEAST}
        yield t.refusal(question, "ANS-few-incomes", ELASTICITY, saw=saw, needs=needs)
        return
    excluded = (Exclusion("no-income", left),) if left else ()
    zeros = (Note("elasticity-zeros", {"n": left}),) if left else ()
    yield t.finding(
        question, found.value, t.ends(found.value, found.se), found.se, ELASTICITY,
        parts=(Part(EVERYONE, found.n, found.value),), caveats=(*zeros, *t.caveats),
        counts=Counts(found.n, excluded=(*t.counts.excluded, *excluded)),
    )  # fmt: skip
    if left:
        yield _by_zeros(t, found)


def _by_zeros(t: Telling, dropped: Elasticity) -> Table:
    parent, child, weights = t.pairs.parent, t.pairs.child, t.pairs.weights
    made: list[tuple[str, Elasticity | None]] = [(english("label.zeros-out"), dropped)]
    for dollars in SMALL:
        told = english("label.zeros-as", {"amount": f"{dollars:,.0f}"})
        before, after = (np.where(v == 0, dollars, v) for v in (parent, child))
        made.append((told, slopes.log_log(before, after, weights)))
    kept = parent > 0
    expected = slopes.expected(parent[kept], child[kept], _kept(weights, kept))
    made.append((english("label.zeros-expected"), expected))
    rows: list[dict[str, Cell]] = [
        {"zeros": told, **t.number_row("elasticity", e.n, e.value, e.se)}
        for told, e in made
        if e is not None
    ]
    columns = (Column("zeros", "key", "text"), *t.number_columns("elasticity"))
    question = t.estimand("label.elasticity-zeros", "number", "elasticity by rule for zeros")
    by = [Dimension("zeros", False, nested=True)]
    return t.table("generations-zeros", question, columns, rows, by, BY_ZEROS)


def absolute_method(question: Question) -> Method:
    """What is compared, in whose dollars, and what becomes of zeros."""
    known = question.parent_year is not None and question.child_year is not None
    prices = ("cpi",) if known and question.parent_year != question.child_year else ()
    return method(
        "absolute-mobility",
        ("chetty2017", *prices),
        Note("strictly-above", {"concept": question.concept}),
        *((money(question),) if known else ()),
        Note("zero-parents"),
        ranked=False,
    )


def above(t: Telling, level: int | None = None) -> Share | None:
    """The share of a group (or everyone) with strictly more than their parents, real dollars."""
    of = t.pairs.members(level)
    higher = t.pairs.child[of] > t.pairs.parent[of] * (t.pairs.factor or math.nan)
    if not len(higher):
        return None
    weights = t.pairs.weights
    if weights is None:
        value = float(higher.mean())
        se = math.sqrt(value * (1 - value) / len(higher))
    else:
        p = weights[of] / weights[of].sum()
        value = float(p[higher].sum())
        se = math.sqrt(float(((p * (higher - value)) ** 2).sum()))
    return Share(value, int(higher.sum()), len(higher), se)


def absolute(t: Telling) -> Finding | Refusal:
    """The share of children whose real income is strictly above their parents'."""
    how, year = absolute_method(t.question), t.question.child_year
    question = t.estimand("label.above-parents", "share", "share above", year=year)
    found = above(t) if t.pairs.factor is not None else None
    if found is None:
        return t.refusal(question, "ANS-dollar-years", how)
    none = int((t.pairs.parent == 0).sum())
    notes = (Note("parents-at-zero", {"n": none}),) if none else ()
    return t.finding(
        question, found.value, t.share_ends(found.value, found.se, found.n), found.se, how,
        parts=(found.part(EVERYONE, t.question.weights),), caveats=(*notes, *t.caveats),
    )  # fmt: skip
