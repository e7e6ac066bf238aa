"""A test's result by group: one arm against the control within each level of each grouping."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from sqlglot import exp

from rung.errors import PlanError, Problem
from rung.finding import (
    Cell,
    Column,
    Dimension,
    Method,
    Note,
    Origin,
    Refusal,
    Row,
    Strength,
    Table,
)
from rung.learning.question import FEW_EVENTS, SMALL_ARM, OutcomeWords, Question
from rung.learning.rows import MOST_LEVELS, Frame, arm_label, as_number, count, kind
from rung.learning.settings import Grouping
from rung.learning.tables import everyone, made_or_refused
from rung.messages import english
from rung.records.engine import Engine
from rung.records.query import alias, name, tree
from rung.stats.intervals import chi2_p, t_quantile
from rung.stats.linear import fit, residuals_of_means, standard_error
from rung.stats.moments import Moments


@dataclass(frozen=True)
class _Level:
    """One level of a grouping: a label and each arm's outcome in it (arms with nobody absent)."""

    label: str
    moments: dict[str, Moments]


def by_groups(
    session: Engine,
    view: str,
    *,
    outcome: str,
    arm: str,
    groups: Sequence[Grouping],
    control: str | None = None,
    level: float = 0.95,
    words: OutcomeWords | None = None,
    plan: str | None = None,
    inputs: Sequence[str] = (),
) -> tuple[Table | Refusal, ...]:
    """Each arm against the control within each level of each grouping: differences in means, HC2.

    One table an arm, in arm order. Columns group, level,
    control_n, treated_n, (control_yes, treated_yes,) control_mean, treated_mean, difference, se,
    low, high, and p_differs: the p of a test that the effect is the same in all levels of the
    group (chi-square on precision-weighted differences; none where levels overlap).
    """
    question = Question(
        outcome=outcome, arm=arm, control=control, level=level, words=words or OutcomeWords()
    )
    columns = session.columns(view)
    absent = [c for g in groups for c in g.named if c not in columns]
    if absent:
        raise PlanError(
            Problem(code="PLAN-no-column", column=c, weight="break") for c in dict.fromkeys(absent)
        )
    _check_kinds(groups, columns)

    def make(frame: Frame, origin: Callable[[], Origin]) -> tuple[Table, ...]:
        read = [(each, *_read_levels(session, frame, each, columns)) for each in groups]
        return tuple(
            _forest(frame, question, each.label, read, origin())
            for each in frame.arms
            if each.label != frame.control
        )

    return made_or_refused(session, view, question, make, plan, inputs)


def _check_kinds(groups: Sequence[Grouping], columns: dict[str, str]) -> None:
    """Cuts need a number, overlapping columns a number or yes and no; raises PlanError."""
    wrong: list[tuple[str, str, tuple[str, ...]]]
    wrong = [("PLAN-not-yes-no", c, ("number", "boolean")) for g in groups for c in g.columns]
    wrong += [("PLAN-not-a-number", g.column, ("number",)) for g in groups if g.cuts]
    problems = [
        Problem(code=code, column=c, weight="break")
        for code, c, kinds in wrong
        if kind(columns[c]) not in kinds
    ]
    if problems:
        raise PlanError(problems)


def _read_levels(
    session: Engine, frame: Frame, group: Grouping, columns: dict[str, str]
) -> tuple[list[_Level], bool]:
    """Every level with its moments by arm, and whether levels share people."""
    found: dict[str, dict[str, Moments]] = {}
    overlap = 0
    for at, (labels, node) in enumerate(_level_nodes(group, columns)):
        for row in session.run(_level_query(frame, node)).dicts():
            label = labels(row["level"])
            which = arm_label(row["arm"])
            if label is None or which is None:
                continue
            moments = Moments.from_sums(
                ("u0",), row["n"], row["n"], [frame.outcome.origin], [row["s"]], [[row["ss"]]]
            )
            found.setdefault(label, {})[which] = moments
            overlap += row["n"] if group.columns and at < len(group.columns) else 0
    if len(found) > MOST_LEVELS:
        raise PlanError("PLAN-group-levels", group=group.label, most=MOST_LEVELS)
    if group.columns:
        overlap -= _in_any(session, frame, group, columns)
    return [_Level(label, moments) for label, moments in _in_order(group, found)], overlap > 0


Labels = Callable[[Any], str | None]


def _level_nodes(group: Grouping, columns: dict[str, str]) -> list[tuple[Labels, exp.Expr]]:
    """Queries' level expressions, with what a value of each reads as (None: not in it)."""
    if group.columns:
        nodes: list[tuple[Labels, exp.Expr]] = []
        for column, label in group.columns.items():
            nodes.append((_if_one(label), as_number(column, columns[column])))
        if group.otherwise:
            nodes.append((_if_one(group.otherwise), _none_of(group, columns)))
        return nodes
    if group.cuts:
        return [(_cut_label(group), _cut(group, columns))]
    missing = english("label.not-recorded")

    def read(value: Any) -> str:
        label = arm_label(value)
        return missing if label is None else group.labels.get(label, label)

    node = name(group.column)
    return [(read, exp.cast(node, "VARCHAR") if kind(columns[group.column]) == "other" else node)]


def _if_one(label: str) -> Labels:
    return lambda value: label if value == 1 else None


def _none_of(group: Grouping, columns: dict[str, str]) -> exp.Expr:
    zero = [exp.EQ(this=as_number(c, columns[c]), expression=tree(0.0)) for c in group.columns]
    return exp.case().when(exp.and_(*zero), tree(1.0)).else_(tree(0.0))


def _cut(group: Grouping, columns: dict[str, str]) -> exp.Expr:
    """The number of the interval, from 0; null where the value is missing."""
    value = as_number(group.column, columns[group.column])
    made = exp.case()
    for i, end in enumerate(group.cuts):
        made = made.when(exp.LT(this=value.copy(), expression=tree(end)), tree(i))
    present = exp.Not(this=exp.Is(this=value.copy(), expression=exp.Null()))
    return made.when(present, tree(len(group.cuts)))


def _cut_label(group: Grouping) -> Labels:
    ends = [f"{c:g}" for c in group.cuts]
    names = [
        english("label.under", {"high": ends[0]}),
        *(english("label.from-to-under", {"low": a, "high": b}) for a, b in pairwise(ends)),
        english("label.and-over", {"low": ends[-1]}),
    ]
    missing = english("label.not-recorded")
    return lambda value: missing if value is None else names[int(value)]


def _level_query(frame: Frame, node: exp.Expr) -> exp.Expr:
    inner = (
        exp.select(
            alias(name(frame.arm_column), "arm"),
            alias(node, "level"),
            alias(frame.outcome.centred, "u"),
        )
        .from_(exp.table_(frame.view, quoted=True))
        .where(frame.analysed)
    )
    square = exp.Mul(this=name("u"), expression=name("u"))
    return (
        exp.select(
            name("level"),
            name("arm"),
            alias(count(), "n"),
            alias(exp.Sum(this=name("u")), "s"),
            alias(exp.Sum(this=square), "ss"),
        )
        .from_(inner.subquery("people"))
        .group_by(name("level"), name("arm"))
    )


def _in_any(session: Engine, frame: Frame, group: Grouping, columns: dict[str, str]) -> int:
    some = exp.or_(
        *(exp.EQ(this=as_number(c, columns[c]), expression=tree(1.0)) for c in group.columns)
    )
    query = (
        exp.select(alias(count(where=some), "n"))
        .from_(exp.table_(frame.view, quoted=True))
        .where(frame.analysed)
    )
    return int(session.run(query).one()["n"])


def _in_order(
    group: Grouping, found: dict[str, dict[str, Moments]]
) -> list[tuple[str, dict[str, Moments]]]:
    """Levels as declared, else sorted, with "not recorded" last."""
    if group.columns:
        declared = [*group.columns.values(), group.otherwise]
    elif group.cuts:
        labels = _cut_label(group)
        declared = [labels(i) or "" for i in range(len(group.cuts) + 1)]
    else:
        declared = list(group.labels.values())
    last = english("label.not-recorded")
    at = {label: i for i, label in enumerate(declared)}
    return sorted(found.items(), key=lambda kv: (kv[0] == last, at.get(kv[0], len(at)), kv[0]))


def _forest_row(
    frame: Frame, question: Question, group: Grouping, level: _Level, treated: str
) -> dict[str, Cell]:
    row: dict[str, Cell] = {"group": group.label, "level": level.label}
    pair: tuple[tuple[Literal["control", "treated"], str], ...] = (
        ("control", frame.control),
        ("treated", treated),
    )
    for side, arm in pair:
        own = level.moments.get(arm)
        row[f"{side}_n"] = own.n if own else 0
        mean = float(own.mean[0]) if own else None
        if frame.share:
            yes = round(mean * own.n) if own and mean is not None else 0
            row[f"{side}_yes"] = yes
            mean = yes / own.n if own else None
        row[f"{side}_mean"] = mean
    row |= dict.fromkeys(("difference", "se", "low", "high"))
    both = {arm: level.moments[arm] for _, arm in pair if arm in level.moments}
    if len(both) < 2 or min(m.n for m in both.values()) < 2:
        return row
    fitted = fit(both, frame.control, "none")
    contrast = fitted.contrasts[treated]
    se, df = standard_error(fitted, contrast, residuals_of_means(fitted, "hc2"), "hc2")
    if not se > 1e-12 * (abs(contrast.value) + abs(float(both[treated].mean[0]))):
        return row
    value = contrast.value
    if frame.share and any(row[f"{s}_yes"] in (0, row[f"{s}_n"]) for s, _ in pair):
        # nobody or everybody of an arm: the spread seen there is 0, and a range would lie
        return row | {"difference": value}
    reach = t_quantile(question.level, df) * se
    return row | {"difference": value, "se": se, "low": value - reach, "high": value + reach}


def _same_effect(rows: Sequence[Row]) -> float | None:
    """p that all levels share one effect; None with fewer than two results."""
    known = [
        (float(row["difference"]), 1 / float(row["se"]) ** 2)
        for row in rows
        if row["difference"] is not None and row["se"] is not None
    ]
    if len(known) < 2:
        return None
    weight = sum(w for _, w in known)
    middle = sum(w * d for d, w in known) / weight
    return chi2_p(sum(w * (d - middle) ** 2 for d, w in known), len(known) - 1)


def _forest(
    frame: Frame,
    question: Question,
    treated: str,
    read: Sequence[tuple[Grouping, list[_Level], bool]],
    origin: Origin,
) -> Table:
    rows: list[Row] = []
    for group, levels, overlap in read:
        made = [_forest_row(frame, question, group, each, treated) for each in levels]
        p = None if overlap else _same_effect(made)
        rows += [{**row, "p_differs": p} for row in made]
    overlapping = [group.label for group, _, overlap in read if overlap]
    contrast = question.contrast(treated, frame.control)
    estimand = question.estimand(english("label.by-group-of", {"contrast": contrast}), frame.share)
    unit = estimand.unit
    sides = ("control", "treated")
    yes = [Column(f"{s}_yes", "numerator", "people") for s in sides] if frame.share else []
    means = [
        Column(f"{s}_mean", "count", unit, of=(f"{s}_yes", f"{s}_n") if frame.share else None)
        for s in sides
    ]
    caveats = [Note("groups-looked-at", {"groups": len(read), "levels": len(rows)})]
    caveats.append(Note("groups-not-randomised"))
    caveats += [Note("groups-overlap", {"group": g}) for g in overlapping]
    if any(row["difference"] is None for row in rows):
        caveats.append(Note("group-few"))
    caveats += _rough(rows, frame.share)
    complete = not (frame.no_arm or any(a.missing for a in frame.arms))
    strength: Strength = "randomised" if complete else "randomised with departures"
    return Table(
        name="forest",
        estimand=estimand,
        columns=(
            Column("group", "key", "text"),
            Column("level", "key", "text"),
            *(Column(f"{s}_n", "denominator", "people") for s in sides),
            *yes,
            *means,
            Column("difference", "value", unit),
            Column("se", "se", unit),
            Column("low", "low", unit),
            Column("high", "high", unit),
            Column("p_differs", "count", "probability"),
        ),
        rows=tuple(rows),
        # a person stands in one level of every grouping, so the rows together count people again
        dimensions=(Dimension("group", False), Dimension("level", not overlapping)),
        method=Method(
            key="difference-by-group",
            assumptions=(Note("arms-by-lottery"), Note("own-arm-only"), Note("se-hc2")),
            sources=("neyman1923", "mackinnon1985", "samii2012"),
        ),
        strength=strength,
        counts=everyone(frame, question),
        caveats=tuple(caveats),
        level=question.level,
        origin=origin,
    )


def _rough(rows: Sequence[Row], share: bool) -> list[Note]:
    """Levels whose ranges rest on few people or few events, by name."""
    small, few = [], []
    for row in rows:
        sides = [(int(row[f"{s}_n"] or 0), row.get(f"{s}_yes")) for s in ("control", "treated")]
        if row["difference"] is not None and min(n for n, _ in sides) < SMALL_ARM:
            small.append(str(row["level"]))
        events = [
            e for n, yes in sides if share and yes is not None for e in (int(yes), n - int(yes))
        ]
        if row["difference"] is not None and events and min(events) < FEW_EVENTS:
            few.append(str(row["level"]))
    notes = []
    if small:
        notes.append(Note("small-levels", {"least": SMALL_ARM, "levels": ", ".join(small)}))
    if few:
        notes.append(Note("few-events-levels", {"least": FEW_EVENTS, "levels": ", ".join(few)}))
    return notes
