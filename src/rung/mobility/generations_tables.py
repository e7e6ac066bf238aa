"""What is told of two generations: findings of the whole, then tables, then each group.

Every number says by which definition it is: the expected rank at the 25th percentile is told by the
fitted line (as in Chetty et al. 2014) and by the mean of the cell, and both are named.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from rung.discovery.journey import EVERYONE
from rung.errors import CannotAnswer
from rung.finding import (
    Cell,
    Column,
    Dimension,
    Estimand,
    Finding,
    Method,
    Note,
    Part,
    Refusal,
    Table,
)
from rung.messages import english
from rung.mobility import transitions
from rung.mobility.generations import LEAST, Generations, Question
from rung.mobility.generations_dollars import above, absolute, absolute_method, elasticity
from rung.mobility.ranks import PERCENT, Floats
from rung.mobility.telling import Share, Telling, fifth, method

AnyAnswer = Finding | Table | Refusal
FIFTHS = 5

RANK_SLOPE = method(
    "rank-rank",
    ("chetty2014", "chetverikov2023", "nybom2017"),
    Note("rank-slope-no-correction"),
)
BY_LINE = method("expected-rank-line", ("chetty2014", "chetverikov2023"), Note("rank-by-line"))
BY_CELL = method(
    "expected-rank-cell", ("chetty2014", "chetverikov2023", "segers2012"), Note("rank-by-cell")
)
TRANSITION = method(
    "transition-share", ("formby2004", "chetverikov2023", "segers2012"), Note("fifths-of-ranks")
)
INDICES = method(
    "transition-indices",
    ("shorrocks1978", "sommers1979", "bartholomew1973", "formby2004"),
    Note("fifths-of-ranks"),
)
STAYS = method("prais-stays", ("prais1955", "formby2004"), Note("fifths-of-ranks"))
DIRECTED = method("directional-mobility", ("bhattacharya2011", "chetverikov2023"))


def answers(pairs: Generations, level: float = 0.95, margin: int = 0) -> tuple[AnyAnswer, ...]:
    """Everything, the findings first."""
    t = Telling(pairs, level, margin)
    found: list[AnyAnswer] = [slope(t), *expected(t), bottom_to_top(t), absolute(t)]
    found += [*elasticity(t), mean_ranks(t), *matrix(t), direction(t), *years(t)]
    return (*found, *groups(t))


# -- ranks


def slope(t: Telling) -> Finding:
    """The rank-rank slope."""
    value, se = t.pairs.everyone.line[0], t.pairs.cells.error(t.pairs.cells.line())
    question = t.estimand("label.rank-slope", "number", "rank-rank slope")
    return t.finding(question, value, t.ends(value, se), se, RANK_SLOPE)


def expected(t: Telling) -> Iterator[AnyAnswer]:
    """The expected ranks at the 25th and the 75th percentile, by the line and by the cell."""
    tally, cells = t.pairs.everyone, t.pairs.cells
    for at in (25, 75):
        value = PERCENT * tally.fitted(at / PERCENT)
        se = PERCENT * cells.error(cells.line(at / PERCENT))
        question = t.estimand("label.expected-line", "number", "expected rank", at=at)
        yield t.finding(question, value, t.ends(value, se), se, BY_LINE)
        question = t.estimand("label.expected-cell", "number", "expected rank", at=at)
        people = int(tally.counts[at - 1].sum())
        if not people:
            yield t.refusal(question, "ANS-empty-cell", BY_CELL, needs={"percentile": at})
            continue
        value = PERCENT * float(tally.child[at - 1] / tally.joint[at - 1].sum())
        se = PERCENT * cells.error(cells.mean((at - 1) / PERCENT, at / PERCENT))
        part = Part(english("label.percentile", {"n": at}), people, value)
        yield t.finding(question, value, t.ends(value, se), se, BY_CELL, parts=(part,))


def mean_ranks(t: Telling) -> Table:
    """Mean ranks of children along the parents' ranks, beside the fitted line."""
    tally, cells, n = t.pairs.everyone, t.pairs.cells, t.pairs.n
    many = next((k for k in (100, 50, 20, 10) if n >= 50 * k), FIFTHS)
    cut = PERCENT // many
    rows: list[dict[str, Cell]] = []
    for i in range(many):
        these = slice(i * cut, (i + 1) * cut)
        people, value, se = int(tally.counts[these].sum()), None, None
        if people:
            value = PERCENT * float(tally.child[these].sum() / tally.joint[these].sum())
            se = PERCENT * cells.error(cells.mean(i / many, (i + 1) / many))
        row = t.number_row("mean_rank", people, value, se)
        line = PERCENT * tally.fitted((i + 0.5) / many)
        rows.append({"percentile": (i + 1) * cut, **row, "fitted_rank": line})
    columns = (
        Column("percentile", "key"),
        *t.number_columns("mean_rank"),
        Column("fitted_rank", "value"),
    )
    question = t.estimand("label.mean-ranks", "number", "mean rank by parents' rank")
    by = [Dimension("percentile", True)]
    return t.table("generations-ranks", question, columns, rows, by, BY_CELL)


# -- transitions


def _reached(t: Telling, level: int | None = None) -> Share | None:
    """From the lowest fifth to the highest."""
    people = t.pairs.of(level).people()
    if not people[0].sum():
        return None
    se = t.pairs.cells.error(t.pairs.cells.chance((0, 0.2), (0.8, 1), level))
    value = float(t.pairs.of(level).matrix()[0, -1])
    return Share(value, int(people[0, -1]), int(people[0].sum()), se)


def bottom_to_top(t: Telling) -> Finding | Refusal:
    """The share of children from the lowest fifth who reach the highest."""
    question = t.estimand("label.bottom-to-top", "share", "share who reached")
    found = _reached(t)
    if found is None:
        return t.refusal(question, "ANS-empty-fifth", TRANSITION)
    ends = t.share_ends(found.value, found.se, found.n)
    part = found.part(fifth(0), t.question.weights)
    return t.finding(question, found.value, ends, found.se, TRANSITION, parts=(part,))


def matrix(t: Telling) -> Iterator[Table]:
    """The matrix by fifths, Prais's stays, and the indices."""
    tally = t.pairs.everyone
    joint, people = tally.joint_shares(), tally.people()
    covariance = transitions.joint_covariance(t.pairs.cells)
    shares = tally.matrix()
    rows: list[dict[str, Cell]] = []
    for i in range(FIFTHS):
        for j in range(FIFTHS):
            found, n = None, int(people[i].sum())
            if n:
                se = transitions.error(_share_at(i, j), joint, covariance)
                found = Share(float(shares[i, j]), int(people[i, j]), n, se)
            row = t.share_row("reached", found)
            rows.append({"parents": fifth(i), "children": fifth(j), **row})
    keys = (Column("parents", "key", "text"), Column("children", "key", "text"))
    question = t.estimand("label.transitions", "share", "transition matrix")
    columns = (*keys, *t.share_columns("reached"))
    by = [Dimension("parents", True), Dimension("children", True)]
    rests = _cells(people)
    yield t.table("generations-fifths", question, columns, rows, by, TRANSITION, parts=rests)
    if people.sum(axis=1).all():
        yield _stays(t, joint, people)
        yield _indices(t, joint, covariance, rests)


def _cells(people: NDArray[np.int64]) -> tuple[Part, ...]:
    """Every cell: a matrix leaves whole or not at all, for what else is told of it adds it up."""
    rows = ((fifth(i), int(row.sum()), row) for i, row in enumerate(people) if row.sum())
    return tuple(Part(name, n, numerator=int(x)) for name, n, row in rows for x in row)


def _share_at(i: int, j: int) -> Callable[[Floats], float]:
    """One share of the matrix, from the joint shares."""
    return lambda joint: float(joint[i, j] / joint[i].sum())


def _stays(t: Telling, joint: Floats, people: NDArray[np.int64]) -> Table:
    stay, by_chance = transitions.stays(joint)
    rows: list[dict[str, Cell]] = [
        {
            "parents": fifth(i),
            "n": int(people[i].sum()),
            "same_fifth": int(people[i, i]),
            "share": float(transitions.shares(joint)[i, i]),
            "stay": _bounded(stay[i]),
            "stay_by_chance": _bounded(by_chance[i]),
        }
        for i in range(FIFTHS)
    ]
    columns = (
        Column("parents", "key", "text"),
        *t.share_columns("same_fifth")[:3],
        Column("stay", "value"),
        Column("stay_by_chance", "value"),
    )
    question = t.estimand("label.stays", "number", "mean stay in a fifth")
    by = [Dimension("parents", True)]
    return t.table("generations-stays", question, columns, rows, by, STAYS)


def _bounded(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _indices(t: Telling, joint: Floats, covariance: Floats, rests: tuple[Part, ...]) -> Table:
    rows: list[dict[str, Cell]] = []
    for key, index in transitions.INDICES.items():
        # a determinant near 0 is a product of small numbers, with no slope to make a range of
        se = None if key == "determinant" else transitions.error(index, joint, covariance)
        row = t.number_row("value", t.pairs.n, index(joint), se)
        rows.append({"index": english(f"label.index-{key}"), **row})
    columns = (Column("index", "key", "text"), *t.number_columns("value"))
    question = t.estimand("label.indices", "number", "indices of the transition matrix")
    by = [Dimension("index", False)]
    return t.table("generations-indices", question, columns, rows, by, INDICES, parts=rests)


def direction(t: Telling) -> Table:
    """Who ranks above their parents, by the parents' fifth, by over `margin` hundredths."""
    tally, cells = t.pairs.everyone, t.pairs.cells
    rows: list[dict[str, Cell]] = []
    for i in range(FIFTHS):
        of, found = tally.directed(i * 20, i * 20 + 20, t.margin), None
        if of.of:
            effect = cells.directed(i / FIFTHS, (i + 1) / FIFTHS, t.margin / PERCENT)
            found = Share(of.share, of.people, of.of, cells.error(effect))
        rows.append({"parents": fifth(i), **t.share_row("higher", found)})
    columns = (Column("parents", "key", "text"), *t.share_columns("higher"))
    key = "label.higher" if t.margin == 0 else "label.higher-by"
    question = t.estimand(key, "share", "share who rank higher", margin=t.margin)
    by = [Dimension("parents", True)]
    return t.table("generations-direction", question, columns, rows, by, DIRECTED)


# -- groups and years


def groups(t: Telling) -> Iterator[Table]:
    """The same by group: slope, expected ranks, lowest to highest fifth, above the parents."""
    if t.question.by is None:
        return
    yield _numbers(t, "generations-slope", "label.rank-slope", "slope", RANK_SLOPE)
    for at in (25, 75):
        name = f"generations-expected-{at}"
        yield _numbers(t, name, "label.expected-line", "expected_rank", BY_LINE, at)
    yield _shares(t, "generations-up", "label.bottom-to-top", TRANSITION, _reached)
    if t.pairs.factor is not None:
        how = absolute_method(t.question)
        yield _shares(t, "generations-above", "label.above-parents", how, above)


def _numbers(
    t: Telling, name: str, outcome: str, column: str, how: Method, at: int | None = None
) -> Table:
    rows: list[dict[str, Cell]] = []
    for label, level in _everyone_first(t):
        tally, cells, value, se = t.pairs.of(level), t.pairs.cells, None, None
        if tally.n >= LEAST and not math.isnan(tally.line[0]):
            if at is None:
                value, se = tally.line[0], cells.error(cells.line(level=level))
            else:
                value = PERCENT * tally.fitted(at / PERCENT)
                se = PERCENT * cells.error(cells.line(at / PERCENT, level))
        rows.append({"group": label, **t.number_row(column, tally.n, value, se)})
    columns = (Column("group", "key", "text"), *t.number_columns(column))
    question = t.estimand(outcome, "number", "by group", at=at)
    by = [Dimension("group", True, EVERYONE, named=False)]
    return t.table(name, question, columns, rows, by, how, Note("ranks-kept"))


def _shares(
    t: Telling,
    name: str,
    outcome: str,
    how: Method,
    share: Callable[[Telling, int | None], Share | None],
) -> Table:
    rows: list[dict[str, Cell]] = [
        {"group": label, **t.share_row("reached", share(t, level))}
        for label, level in _everyone_first(t)
    ]
    columns = (Column("group", "key", "text"), *t.share_columns("reached"))
    by = [Dimension("group", True, EVERYONE, named=False)]
    question = t.estimand(outcome, "share", "by group")
    return t.table(name, question, columns, rows, by, how, Note("ranks-kept"))


def _everyone_first(t: Telling) -> list[tuple[str, int | None]]:
    return [(EVERYONE, None), *((label, i) for i, label in enumerate(t.pairs.levels))]


def years(t: Telling) -> Iterator[Table]:
    """The slope from fewer years of income, where there are several."""
    if not t.pairs.fewer:
        return
    rows: list[dict[str, Cell]] = []
    for each in t.pairs.fewer:
        given = {"parents": each.parents, "children": each.children}
        row = t.number_row("slope", t.pairs.n, each.slope, each.se)
        rows.append({"years": english("label.years-averaged", given), **row})
    columns = (Column("years", "key", "text"), *t.number_columns("slope"))
    question = t.estimand("label.slope-by-years", "number", "rank-rank slope by years")
    by = [Dimension("years", False)]
    yield t.table("generations-years", question, columns, rows, by, RANK_SLOPE)


def refusal(why: CannotAnswer, question: Question, *, unlinked: bool = False) -> Refusal:
    """Why nothing can be told of the two generations."""
    asked = ("label.rank-slope", "number", "rank-rank slope")
    if unlinked:
        asked = ("label.above-parents", "share", "share above")
    return Refusal(
        estimand=Estimand(
            outcome=english(asked[0], {"concept": question.concept}),
            unit=asked[1],
            population=english("label.unlinked-people" if unlinked else "label.pairs"),
            contrast="",
            summary=asked[2],
            horizon="",
        ),
        code=why.code,
        params=why.problems[0].params,
        saw=why.saw,
        needs=why.needs,
        method=absolute_method(question) if unlinked else RANK_SLOPE,
    )
