"""Inequality of incomes in a file of people: read once by value, decomposed, compared over time.

    summarise     one DuckDB pass: incomes added up by value, group and period
    decompose     between groups and within them (exact for generalised entropy; the Gini's overlap
                  is a term of its own)
    beside        two files as two periods
    change        what each group adds to a change of the mean log deviation (Mookherjee and
                  Shorrocks 1982), exactly

The answers are in `inequality_tables`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from sqlglot import exp

from rung.errors import CannotAnswer, PlanError, Problem
from rung.finding import Origin
from rung.learning.rows import kind
from rung.messages import english
from rung.mobility.indices import Array, Distribution, entropy, gini, se
from rung.records import query
from rung.records.query import Session

MOST_GROUPS = 60
MOST_INCOME = 1e100
NOT_RECORDED = english("label.not-recorded")


@dataclass(frozen=True)
class Question:
    """Whose income is how unequal: names of columns. `over` is a period, such as a year."""

    income: str
    weights: str | None = None
    by: str | None = None
    over: str | None = None


@dataclass(frozen=True)
class Summary:
    """Incomes by value, for each period and group (one group "" where none was asked for).

    `excluded` counts rows by reason ("income-missing", "weight-missing").
    """

    question: Question
    periods: Mapping[str, Mapping[str, Distribution]]
    excluded: Mapping[str, int]
    origin: Origin = field(default_factory=Origin)
    _together: dict[str, Distribution] = field(default_factory=dict, repr=False, compare=False)

    @property
    def latest(self) -> str:
        """The last period; every index is of it."""
        return list(self.periods)[-1]

    @property
    def groups(self) -> Mapping[str, Distribution]:
        """Groups of the last period."""
        return self.periods[self.latest]

    def everyone(self, period: str | None = None) -> Distribution:
        """Everyone of a period (the last one)."""
        which = period or self.latest
        if which not in self._together:
            self._together[which] = Distribution.together(list(self.periods[which].values()))
        return self._together[which]


def summarise(
    session: Session, view: str, question: Question, *, inputs: Sequence[str] = ()
) -> Summary:
    """Read the table `view`.

    Raises PlanError (PLAN-no-column, PLAN-income-kind, PLAN-weights-kind, PLAN-weights-negative),
    or CannotAnswer: ANS-not-finite, ANS-no-incomes, ANS-many-levels, ANS-one-period.
    """
    income, weight = _columns(session, view, question)
    shared: dict[str, query.Value] = {
        "people": query.Name(view),
        "income": income,
        "weight": weight,
    }
    listing = query.load("rung.mobility", "inequality_people")
    listed = session.run(
        listing, level=_label(question.by), period=_label(question.over), **shared
    ).dicts()
    _check(listed, question)
    levels, periods = _order(r["level"] for r in listed), _order(r["period"] for r in listed)
    for column, named in ((question.by, levels), (question.over, periods)):
        if column and len(named) > MOST_GROUPS:
            raise CannotAnswer(
                "ANS-many-levels",
                saw={"levels": len(named)}, needs={"most": MOST_GROUPS}, group=column,
            )  # fmt: skip
    found = session.arrays(
        query.load("rung.mobility", "inequality"),
        level=_codes(question.by, levels),
        period=_codes(question.over, periods),
        **shared,
    )
    read = {
        period: {level: d for j, level in enumerate(levels) if (d := _cut(found, j, i))}
        for i, period in enumerate(periods)
    }
    cells = {_said(p): {_said(g): d for g, d in by.items()} for p, by in read.items() if by}
    if not cells or sum(d.people for d in list(cells.values())[-1].values()) < 2:
        raise CannotAnswer("ANS-no-incomes", saw={"people": sum(r["people"] for r in listed)})
    if question.over and len(cells) < 2:
        raise CannotAnswer("ANS-one-period", column=question.over)
    excluded = {reason: sum(r[column] for r in listed) for reason, column in _LEFT_OUT.items()}
    origin = Origin(inputs=tuple(inputs), queries=tuple(session.log[-2:]))
    return Summary(question, cells, {k: n for k, n in excluded.items() if n}, origin)


def beside(before: Summary, after: Summary, names: tuple[str, str]) -> Summary:
    """Two files without periods as two periods of one: `names` are theirs, in that order.

    What is told is what one file with both, and a column of these names, would tell.
    """
    excluded = {
        k: n for k in _LEFT_OUT if (n := before.excluded.get(k, 0) + after.excluded.get(k, 0))
    }
    origins = before.origin, after.origin
    inputs, queries = ([x for o in origins for x in getattr(o, k)] for k in ("inputs", "queries"))
    return Summary(
        replace(after.question, over=english("label.file")),
        dict(zip(names, (before.groups, after.groups), strict=True)),
        excluded,
        Origin(inputs=tuple(inputs), queries=tuple(queries)),
    )


_LEFT_OUT = {"income-missing": "without_income", "weight-missing": "without_weight"}


def _columns(session: Session, view: str, question: Question) -> tuple[exp.Expr, exp.Expr]:
    """Income and weight as trees; PlanError when a column is not there or no number."""
    have = session.columns(view)
    named = [question.income, question.weights, question.by, question.over]
    problems = [
        Problem(code="PLAN-no-column", column=c, weight="break")
        for c in dict.fromkeys(n for n in named if n is not None and n not in have)
    ]
    numbers = {"PLAN-income-kind": question.income, "PLAN-weights-kind": question.weights}
    problems += [
        Problem(code=code, column=c, weight="break")
        for code, c in numbers.items()
        if c in have and kind(have[str(c)]) != "number"
    ]
    if problems:
        raise PlanError(problems)
    one = query.tree(1.0)
    return query.name(question.income), (
        one if question.weights is None else query.as_double(query.name(question.weights))
    )


def _label(column: str | None) -> exp.Expr:
    return query.tree("") if column is None else exp.cast(query.name(column), "VARCHAR")


def _codes(column: str | None, levels: Sequence[str | None]) -> exp.Expr:
    """Each level as its place: numbers travel fast, names do not."""
    if column is None:
        return query.tree(0)
    made = exp.Case()
    for at, level in enumerate(levels):
        here = _label(column)
        made = made.when(here.is_(exp.null()) if level is None else here.eq(level), query.tree(at))
    return made


def _order(found: Iterable[str | None]) -> list[str | None]:
    """Levels once each: numbers by size, then names, then those not recorded."""
    return sorted(dict.fromkeys(found), key=lambda v: (v is None, *_sorted_as(v or "")))


def _sorted_as(text: str) -> tuple[bool, float, str]:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    return (False, number, text) if math.isfinite(number) else (True, 0.0, text)


def _said(level: str | None) -> str:
    return NOT_RECORDED if level is None else level


def _check(listed: Sequence[Mapping[str, float]], question: Question) -> None:
    for column, least, most in (
        (question.weights, "lightest", "heaviest"),
        (question.income, "largest", "largest"),
    ):
        ends = [v for r in listed for v in (r[least], r[most]) if v is not None]
        unbounded = any(not abs(v) <= MOST_INCOME for v in ends)
        if column == question.weights and (unbounded or any(v < 0 for v in ends)):
            raise PlanError("PLAN-weights-negative", column=column)
        if unbounded:
            raise CannotAnswer("ANS-not-finite", column=column)


def _cut(found: Mapping[str, Array], level: int, period: int) -> Distribution | None:
    here = (found["level"] == level) & (found["period"] == period)
    if not here.any():
        return None
    return Distribution(*(found[k][here] for k in ("value", "people", "weights", "squares")))


# -- between groups and within them


class Split(NamedTuple):
    """An index as parts that add up: `overlap` is the Gini's alone.

    `share` is what lies between groups, of the total; `share_se` its standard error (None for the
    Gini, and where there is no inequality to share).
    """

    total: float
    within: float
    between: float
    overlap: float | None
    share: float | None
    share_se: float | None


def decompose(
    groups: Mapping[str, Distribution], alpha: float, whole: Distribution | None = None
) -> Split:
    """Generalised entropy between groups and within them; `alpha` is 0, 1 or 2.

    `whole` are the groups together, where that is known already.

    Between is the inequality left if everyone had their group's mean. Every group's mean must be
    above zero (the caller refuses otherwise).
    """
    parts = list(groups.values())
    whole = whole or Distribution.together(parts)
    total = entropy(whole, alpha)
    between = entropy(_means(parts), alpha).value
    share = between / total.value if total.value > 0 else None
    spread = (
        []
        if share is None
        else [
            (
                d,
                (_of_between(whole, parts, d, alpha) - share * total.of_each(d.values))
                / total.value,
            )
            for d in parts
        ]
    )
    return Split(
        total.value, total.value - between, between, None, share, se(spread) if spread else None
    )


def _means(parts: Sequence[Distribution]) -> Distribution:
    """Everyone at their group's mean."""
    return Distribution.of(np.array([d.mean for d in parts]), np.array([d.total for d in parts]))


def _of_between(
    whole: Distribution, parts: Sequence[Distribution], d: Distribution, alpha: float
) -> Array:
    """Influence of each income of group `d` on the inequality between groups."""
    mean, own, y = whole.mean, d.mean, d.values
    shares = [(p.total / whole.total, p.mean) for p in parts]
    if alpha == 0:
        logs = sum(v * math.log(m) for v, m in shares)
        return (y - mean) / mean - (math.log(own) - logs) - (y - own) / own
    if alpha == 1:
        about = sum(v * m * math.log(m) for v, m in shares)
        log = math.log(own)
        return (y * (log + 1) - own - about) / mean - (about / mean**2 + 1 / mean) * (y - mean)
    square = sum(v * m * m for v, m in shares)
    moved = 2 * own * y - own**2 - square
    return 0.5 * moved / mean**2 - square * (y - mean) / mean**3


def decompose_gini(groups: Mapping[str, Distribution], whole: Distribution | None = None) -> Split:
    """The Gini within groups, between their means, and the overlap of their incomes.

    Within is each group's Gini by its share of people times its share of income. The overlap is
    what is left: none when the groups' incomes do not overlap (Lambert and Aronson 1993).
    """
    parts = list(groups.values())
    whole = whole or Distribution.together(parts)
    total = gini(whole).value
    within = sum(
        d.total / whole.total * (d.total * d.mean) / (whole.total * whole.mean) * gini(d).value
        for d in parts
        if d.mean > 0
    )
    between = gini(_means(parts)).value
    share = between / total if total > 0 else None
    return Split(total, within, between, total - within - between, share, None)


# -- over time


class Contribution(NamedTuple):
    """What a group adds to the change of the mean log deviation; the three parts add up.

    inside: its own inequality changed; size: it grew or shrank; income: its mean moved against
    the mean of all.
    """

    group: str
    before: Distribution
    after: Distribution
    inside: float
    size: float
    income: float

    @property
    def together(self) -> float:
        """All of it."""
        return self.inside + self.size + self.income


def change(
    before: Mapping[str, Distribution], after: Mapping[str, Distribution]
) -> tuple[Contribution, ...]:
    """What each group adds to the change of the mean log deviation, exactly.

    MLD = sum of v L - sum of v log(m), with a group's share of people v, its own MLD L and its
    relative mean m; each product changes by the mean of one factor times the change of the other
    (Mookherjee and Shorrocks 1982, equation 5). Groups need incomes above zero in both periods:
    CannotAnswer (ANS-group-comes-and-goes) names how many are in one period only.
    """
    odd = set(before) ^ set(after)
    if odd:
        raise CannotAnswer("ANS-group-comes-and-goes", saw={"groups": len(odd)})
    whole = [Distribution.together(list(x.values())) for x in (before, after)]

    def of(d: Distribution, all_: Distribution) -> tuple[float, float, float]:
        return d.total / all_.total, entropy(d, 0).value, math.log(d.mean / all_.mean)

    found = []
    for group, first in before.items():
        second = after[group]
        (v0, l0, m0), (v1, l1, m1) = of(first, whole[0]), of(second, whole[1])
        share = (v0 + v1) / 2
        found.append(
            Contribution(
                group,
                first,
                second,
                inside=share * (l1 - l0),
                size=((l0 + l1) / 2 - (m0 + m1) / 2) * (v1 - v0),
                income=-share * (m1 - m0),
            )
        )
    return tuple(found)
