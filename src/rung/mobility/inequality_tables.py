"""What is told of inequality: the Gini, every index, the Lorenz curve, groups, periods."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from rung.discovery.journey import EVERYONE
from rung.errors import CannotAnswer
from rung.finding import (
    Cell,
    Column,
    Counts,
    Dimension,
    Estimand,
    Exclusion,
    Finding,
    Interval,
    Method,
    Note,
    Part,
    Refusal,
    Row,
    Table,
)
from rung.messages import english
from rung.mobility import inequality
from rung.mobility.indices import INDICES, Distribution, entropy, gini, lorenz, undefined
from rung.mobility.inequality import Question, Split, Summary
from rung.stats.intervals import normal_quantile

FEW = 100  # people, under which the ranges are known to be too narrow for skewed incomes
_N = Column("n", "denominator", "people")
_FEWEST = Column("fewest", "denominator", "people")
_HALF = Column("half_held_by", "numerator", "people")
_RANGE = (Column("low", "low"), Column("high", "high"))
_TAILS = {"palma": 0.1, "s80-s20": 0.2, "p90-p10": 0.1, "p90-p50": 0.1, "p50-p10": 0.1}
_SPLITS = {"mld": 0.0, "theil": 1.0, "ge-2": 2.0}
_SOURCES = {
    "gini": ("cowell2011", "deville1999"),
    "gini-change": ("cowell2011", "deville1999"),
    "inequality": (
        "cowell2011", "atkinson1970", "theil1967", "palma2011", "deville1999", "woodruff1952",
    ),
    "lorenz": ("lorenz1905", "deville1999"),
    "inequality-groups": ("cowell2011", "deville1999"),
    "inequality-parts": ("shorrocks1980", "lambert1993", "deville1999"),
    "inequality-periods": ("cowell2011", "deville1999"),
    "inequality-change": ("mookherjee1982",),
}  # fmt: skip
_ASSUMES = {
    "gini-change": ("periods-apart",),
    "inequality-parts": ("inequality-overlap",),
    "inequality-change": ("inequality-exact-change",),
}


def _method(key: str, question: Question) -> Method:
    notes = ["people-drawn", "inequality-own-population", *_ASSUMES.get(key, ())]
    if question.weights is not None:
        notes.append("inequality-weights")
    return Method(key=key, assumptions=tuple(Note(n) for n in notes), sources=_SOURCES[key])


def _estimand(
    question: Question, key: str, when: str = "", summary: str = "inequality"
) -> Estimand:
    """The question of a table or finding by its key: who, of what, when."""
    return Estimand(
        outcome=english(f"label.{key}", {"income": question.income}),
        unit="number",
        population=english("label.inequality-people", {"income": question.income}),
        contrast=english("label.inequality-by", {"group": question.by}) if question.by else "",
        summary=summary,
        horizon=when or english("label.as-recorded"),
    )


def _when(summary: Summary) -> str:
    return summary.latest if summary.question.over else ""


def _notes(summary: Summary, d: Distribution) -> tuple[Note, ...]:
    negative, notes = d.count(d.values < 0), []
    if negative:
        notes.append(Note("negative-incomes", {"n": negative}))
    if d.people < FEW:
        notes.append(Note("inequality-few", {"few": FEW}))
    return tuple(notes)


def _counts(summary: Summary, d: Distribution) -> Counts:
    left = tuple(Exclusion(reason, n) for reason, n in summary.excluded.items())
    return Counts(d.people, excluded=left)


def ends(value: float, se: float | None, level: float) -> tuple[float, float] | None:
    """Value less and plus so many standard errors; no index of inequality is below zero."""
    if se is None:
        return None
    reach = normal_quantile(level) * se
    return max(value - reach, 0.0), value + reach


def _ranged(value: float, se: float | None, level: float) -> dict[str, Cell]:
    low, high = ends(value, se, level) or (None, None)
    return {"low": low, "high": high}


def finding(summary: Summary, level: float = 0.95) -> Finding:
    """The Gini coefficient of everyone in the last period."""
    d, question = summary.everyone(), summary.question
    index = gini(d)
    found = ends(index.value, index.se(d), level)
    return Finding(
        estimand=_estimand(question, "gini", _when(summary)),
        value=index.value,
        se=index.se(d),
        interval=Interval((found,), level) if found else None,
        counts=_counts(summary, d),
        parts=(Part(EVERYONE, d.people, index.value),),
        method=_method("gini", question),
        strength="described",
        caveats=(Note("gini-means", {"percent": round(200 * index.value)}), *_notes(summary, d)),
        origin=summary.origin,
    )


def _table(
    summary: Summary,
    key: str,
    columns: Sequence[Column],
    rows: Sequence[Row],
    dimension: Dimension,
    level: float,
    when: str = "",
    parts: tuple[Part, ...] = (),
) -> Table:
    d = summary.everyone()
    return Table(
        parts=parts,
        name=key,
        estimand=_estimand(summary.question, key, when or _when(summary)),
        columns=tuple(columns),
        rows=tuple(rows),
        dimensions=(dimension,),
        method=_method(key, summary.question),
        counts=_counts(summary, d),
        caveats=_notes(summary, d),
        level=level,
        origin=summary.origin,
    )


def indices(summary: Summary, level: float = 0.95) -> Table:
    """Every index that has a meaning for these incomes, a row each."""
    d, rows = summary.everyone(), []
    without = undefined(d)
    for key in INDICES:
        if key in without:
            continue
        index = INDICES[key](d)
        row: dict[str, Cell] = {"index": english(f"label.index-{key}"), "n": d.people}
        row["fewest"] = d.tail(_TAILS[key]) if key in _TAILS else d.people
        se = index.se(d)
        rows.append(row | {"value": index.value, "se": se} | _ranged(index.value, se, level))
    columns = (
        Column("index", "key", "text"), _N, _FEWEST, Column("value", "value"), *_RANGE,
        Column("se", "se"),
    )  # fmt: skip
    return _table(summary, "inequality", columns, rows, Dimension("index", False), level)


def curve(summary: Summary, level: float = 0.95) -> Table:
    """The Lorenz curve, in steps of so many people that none is of fewer than about ten."""
    d = summary.everyone()
    steps = 20 if d.people >= 400 else 10 if d.people >= 100 else 5
    counted, rows = 0, []
    for i in range(1, steps):
        p = i / steps
        point = lorenz(d, p)
        upto = d.heads_below(p)
        row: dict[str, Cell] = {"poorest": p, "n": upto - counted, "income_share": point.value}
        counted = upto
        rows.append(row | _ranged(point.value, point.se(d), level))
    columns = (
        Column("poorest", "key", "share"),
        _N,
        Column("income_share", "value", "share"),
        Column("low", "low", "share"),
        Column("high", "high", "share"),
    )
    return _table(summary, "lorenz", columns, rows, Dimension("poorest", True), level)


def _gini_row(d: Distribution, level: float) -> dict[str, Cell]:
    """Mean, Gini with its range, and MLD of some people; None where an index has no meaning."""
    row: dict[str, Cell] = dict.fromkeys(("gini", "low", "high", "mld"))
    row |= {"n": d.people, "half_held_by": d.half_held_by, "mean": d.mean}
    try:
        without = undefined(d)
    except CannotAnswer:
        return row
    index = gini(d)
    row |= {"gini": index.value} | _ranged(index.value, index.se(d), level)
    return row if "mld" in without else row | {"mld": entropy(d, 0).value}


_GINI = (
    _HALF,  # where one or two hold half, a mean tells what they have
    Column("mean", "value", "dollars"),
    Column("mld", "value"),
    Column("gini", "value"),
    *_RANGE,
)


def by_group(summary: Summary, level: float = 0.95) -> Table:
    """How unequal each group is in itself, everyone first."""
    key, whole = str(summary.question.by), summary.everyone()
    rows = []
    for name, d in {EVERYONE: whole, **summary.groups}.items():
        shares: dict[str, Cell] = {
            "people_share": d.total / whole.total,
            "income_share": d.total * d.mean / (whole.total * whole.mean),
        }
        rows.append({key: name, **shares, **_gini_row(d, level)})
    columns = (
        Column(key, "key", "text"),
        _N,
        *_GINI[:1],
        Column("people_share", "value", "share"),
        Column("income_share", "value", "share"),
        *_GINI[1:],
    )
    dimension = Dimension(key, True, EVERYONE, named=False)
    return _table(summary, "inequality-groups", columns, rows, dimension, level)


def parts(summary: Summary, level: float = 0.95) -> Table:
    """How much of each index lies between the groups, how much within them."""
    groups, whole = summary.groups, summary.everyone()
    without = undefined(whole)
    splits: dict[str, Split] = {}
    if all(d.mean > 0 for d in groups.values()):
        splits = {
            key: inequality.decompose(groups, alpha, whole)
            for key, alpha in _SPLITS.items()
            if key not in without
        }
    splits["gini"] = inequality.decompose_gini(groups, whole)
    rows = []
    for key, split in splits.items():
        row: dict[str, Cell] = {"index": english(f"label.index-{key}"), "n": whole.people}
        row |= {"total": split.total, "within": split.within, "overlap": split.overlap}
        row |= {"between": split.between, "between_share": split.share}
        row |= _ranged(split.share or 0.0, split.share_se, level)
        rows.append(row)
    columns = (
        Column("index", "key", "text"),
        _N,
        *(Column(c, "value") for c in ("total", "within", "overlap", "between")),
        Column("between_share", "value", "share"),
        Column("low", "low", "share"),
        Column("high", "high", "share"),
    )
    rests = tuple(Part(g, d.people, numerator=d.half_held_by) for g, d in groups.items())
    by = Dimension("index", False)
    return _table(summary, "inequality-parts", columns, rows, by, level, parts=rests)


# -- over time


def _ends_of_time(summary: Summary) -> tuple[str, str]:
    return next(iter(summary.periods)), summary.latest


def change_finding(summary: Summary, level: float = 0.95) -> Finding:
    """By how much the Gini changed from the first period to the last, each with its own people."""
    first, last = _ends_of_time(summary)
    before, after = summary.everyone(first), summary.everyone(last)
    a, b = gini(after), gini(before)
    errors = [a.se(after), b.se(before)]
    known = [e for e in errors if e is not None]
    se = math.hypot(*known) if len(known) == 2 else None
    value = a.value - b.value
    reach = None if se is None else normal_quantile(level) * se
    return Finding(
        estimand=_estimand(summary.question, "gini-change", _span(summary)),
        value=value,
        se=se,
        interval=None if reach is None else Interval(((value - reach, value + reach),), level),
        counts=Counts(before.people + after.people),
        parts=(Part(last, after.people, a.value), Part(first, before.people, b.value)),
        method=_method("gini-change", summary.question),
        strength="described",
        caveats=_notes(summary, after),
        origin=summary.origin,
    )


def _span(summary: Summary) -> str:
    first, last = _ends_of_time(summary)
    return english("label.from-period", {"first": first, "last": last})


def periods(summary: Summary, level: float = 0.95) -> Table:
    """How unequal each period is, in order."""
    key = str(summary.question.over)
    rows = [
        {key: period, **_gini_row(summary.everyone(period), level)} for period in summary.periods
    ]
    columns = (Column(key, "key", "text"), _N, *_GINI)
    dimension = Dimension(key, True)
    return _table(summary, "inequality-periods", columns, rows, dimension, level, _span(summary))


def changes(summary: Summary, level: float = 0.95) -> Table:
    """What each group adds to the change of the mean log deviation; the last row is everyone.

    Raises CannotAnswer where the mean log deviation has no meaning (ANS-income-zero, …) or a group
    is in one period only (ANS-group-comes-and-goes).
    """
    first, last = _ends_of_time(summary)
    before, after = summary.periods[first], summary.periods[last]
    for d in (*before.values(), *after.values()):
        code = undefined(d).get("mld")
        if code:
            whole = [summary.everyone(p) for p in (first, last)]
            raise CannotAnswer(code, saw=_seen(whole))
    found = inequality.change(before, after)
    key = str(summary.question.by)
    rows: list[dict[str, Cell]] = [
        {
            key: c.group, "n": c.before.people, "n_after": c.after.people, "inside": c.inside,
            "size": c.size, "relative_income": c.income, "together": c.together,
        }
        for c in found
    ]  # fmt: skip
    total: dict[str, Cell] = {key: EVERYONE}
    for column in ("n", "n_after", "inside", "size", "relative_income", "together"):
        total[column] = sum(float(r[column] or 0) for r in rows)
    total |= {c: int(float(total[c] or 0)) for c in ("n", "n_after")}
    columns = (
        Column(key, "key", "text"),
        _N,
        Column("n_after", "denominator", "people"),
        *(Column(c, "value") for c in ("inside", "size", "relative_income", "together")),
    )
    dimension = Dimension(key, True, EVERYONE, named=False)
    return _table(
        summary, "inequality-change", columns, [*rows, total], dimension, level, _span(summary)
    )


# -- everything


def _seen(parts: Sequence[Distribution]) -> dict[str, int]:
    """How many people have no income, and how many less than none."""
    return {
        "zeros": sum(d.count(d.values == 0) for d in parts),
        "negative": sum(d.count(d.values < 0) for d in parts),
    }


def refusal(why: CannotAnswer, question: Question, key: str = "inequality") -> Refusal:
    """Why an answer has no number."""
    return Refusal(
        estimand=_estimand(question, key, summary=why.code),
        code=why.code,
        params=why.problems[0].params,
        saw=why.saw,
        needs=why.needs,
        method=_method(key, question),
    )


def _of_indices(summary: Summary, without: Mapping[str, str]) -> list[Refusal]:
    """One refusal a reason, for the indices that have no meaning here."""
    saw = _seen([summary.everyone()])
    return [
        refusal(CannotAnswer(code, saw=saw), summary.question)
        for code in dict.fromkeys(without.values())
    ]


def answers(summary: Summary, level: float = 0.95) -> tuple[Finding | Table | Refusal, ...]:
    """Everything that was asked for; what has no meaning for these incomes is a refusal."""
    question = summary.question
    try:
        without = undefined(summary.everyone())
        for period in summary.periods:
            undefined(summary.everyone(period))
    except CannotAnswer as why:
        return (refusal(why, question),)
    made: list[Finding | Table | Refusal] = [finding(summary, level)]
    if question.over:
        made.append(change_finding(summary, level))
    made += [indices(summary, level), curve(summary, level)]
    if question.by:
        made += [by_group(summary, level), parts(summary, level)]
    if question.over:
        made.append(periods(summary, level))
    if question.over and question.by:
        try:
            made.append(changes(summary, level))
        except CannotAnswer as why:
            made.append(refusal(why, question, "inequality-change"))
    return (*made, *_of_indices(summary, without))
