"""The first reading of a test's rows: which arms, who is counted, what each column is.

Everything later is built on what this reading found: a `Frame` says which rows are analysed and
how each column becomes a number, as trees for the queries that follow.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlglot import exp

from rung.errors import CannotAnswer, PlanError
from rung.learning.question import Question
from rung.records.engine import Engine
from rung.records.query import Plain, alias, as_double, name, tree

MOST_ARMS = 20
MOST_LEVELS = 20
MOST_COLUMNS = 100
TOO_BIG = 1e100  # squares of anything below are still doubles; NaN and infinity are above

CONTROL_NAMES = frozenset(
    (
        *("0", "c", "control", "controls", "control group", "comparison", "comparison group"),
        *("false", "no", "none", "untreated", "not offered", "usual", "usual services"),
        *("services as usual", "business as usual", "status quo", "standard", "placebo"),
        *("waitlist", "wait list"),
    )
)
_NUMBER = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL.*|FLOAT|DOUBLE|REAL")


def kind(type_: str) -> str:
    """What a column holds: "number", "boolean", "text" or "other" (dates, lists, …)."""
    if _NUMBER.fullmatch(type_):
        return "number"
    if type_ == "BOOLEAN":
        return "boolean"
    return "text" if type_ == "VARCHAR" or type_.startswith("ENUM") else "other"


@dataclass(frozen=True)
class Arm:
    """One arm: its value in the column, its label, people assigned, people analysed.

    `missing` have no outcome; `unweighted` have an outcome and no weight (or one of zero).
    """

    value: Plain
    label: str
    assigned: int
    missing: int
    unweighted: int
    used: int


@dataclass(frozen=True)
class Variable:
    """A column as a number: `raw` is a DOUBLE tree, null where missing.

    `origin` is near the mean of those who have it and stands in for those who do not. `flags` is
    true of a missingness indicator. `missing` counts analysed people without a value.
    """

    column: str
    raw: exp.Expr
    origin: float = 0.0
    missing: int = 0
    flags: bool = False

    @property
    def centred(self) -> exp.Expr:
        """The value minus the origin; 0 where missing."""
        away = exp.Sub(this=self.raw.copy(), expression=tree(self.origin))
        return exp.Coalesce(this=away, expressions=[tree(0.0)]) if self.missing else away


@dataclass(frozen=True)
class Frame:
    """Who is analysed, and how: what the first reading found."""

    view: str
    arm_column: str
    arms: tuple[Arm, ...]
    control: str
    control_guessed: bool
    no_arm: int
    blank_arms: bool
    outcome: Variable
    weight: exp.Expr | None
    share: bool = False
    covariates: tuple[Variable, ...] = ()

    @property
    def variables(self) -> tuple[Variable, ...]:
        """The outcome, then the covariates, then their missingness indicators."""
        return (self.outcome, *self.covariates)

    def arm(self, label: str) -> Arm:
        """The arm of a label."""
        return next(a for a in self.arms if a.label == label)

    @property
    def analysed(self) -> exp.Expr:
        """The condition of a row that is analysed."""
        known: exp.Expr = _present(name(self.arm_column))
        if self.blank_arms:  # a list of values costs as much as a scan: only where it is needed
            arms = [tree(a.value) for a in self.arms]
            known = exp.In(this=name(self.arm_column), expressions=arms)
        return exp.and_(known, self._complete)

    def analysed_in(self, label: str) -> exp.Expr:
        """The condition of a row that is analysed, in one arm."""
        value = tree(self.arm(label).value)
        return exp.and_(exp.EQ(this=name(self.arm_column), expression=value), self._complete)

    @property
    def _complete(self) -> exp.Expr:
        present = _present(self.outcome.raw)
        if self.weight is None:
            return present
        return exp.and_(present, exp.GT(this=self.weight.copy(), expression=tree(0.0)))


def _present(node: exp.Expr) -> exp.Expr:
    return exp.Not(this=_absent(node))


def _absent(node: exp.Expr) -> exp.Expr:
    return exp.Is(this=node.copy(), expression=exp.Null())


def _indicator(condition: exp.Expr, unless: exp.Expr | None = None) -> exp.Expr:
    """1.0 where the condition holds, 0.0 elsewhere; null where `unless` is null."""
    made = exp.case()
    if unless is not None:
        made = made.when(_absent(unless), exp.Null())
    return made.when(condition.copy(), tree(1.0)).else_(tree(0.0))


def _text(column: str) -> exp.Expr:
    """Text with blanks as null."""
    return exp.Nullif(this=exp.cast(name(column), "VARCHAR"), expression=tree(""))


def _yes_no(column: str) -> exp.Expr:
    said = exp.Lower(this=exp.Trim(this=exp.cast(name(column), "VARCHAR")))
    return (
        exp.case()
        .when(exp.EQ(this=said, expression=tree("yes")), tree(1.0))
        .when(exp.EQ(this=said.copy(), expression=tree("no")), tree(0.0))
    )


def as_number(column: str, type_: str) -> exp.Expr:
    """A number or boolean column as DOUBLE, null where missing."""
    if kind(type_) == "boolean":
        return as_double(exp.cast(name(column), "INTEGER"))
    return as_double(name(column))


def count(*, where: exp.Expr | None = None) -> exp.Expr:
    """COUNT(*), of the rows where a condition holds."""
    every: exp.Expr = exp.Count(this=exp.Star())
    return every if where is None else exp.Filter(this=every, expression=exp.Where(this=where))


def _most(label: str) -> exp.Expr:
    return exp.Ordered(this=name(label), desc=True, nulls_first=False)


def _unusable(node: exp.Expr) -> exp.Expr:
    """Not a number within reach: NaN, infinite, or beyond 1e100."""
    return exp.Not(this=exp.LT(this=exp.Abs(this=node.copy()), expression=tree(TOO_BIG)))


def read_arms(session: Engine, view: str, question: Question) -> Frame:
    """The arms and who is in them; raises PlanError and CannotAnswer, all coded."""
    types = session.columns(view)
    outcome = _outcome(session, view, question, types[question.outcome])
    weight = _weight(question, types)
    return _arms(session, view, question, types[question.arm], outcome, weight)


def read_columns(session: Engine, frame: Frame, question: Question) -> Frame:
    """Where each column lies, covariates as numbers; raises PlanError and CannotAnswer."""
    _enough(frame)
    return _ranges(session, frame, question, session.columns(frame.view))


def _outcome(session: Engine, view: str, question: Question, type_: str) -> Variable:
    column = question.outcome
    if kind(type_) == "text":
        answer = Variable(column, _yes_no(column))
        others = exp.and_(_present(_text(column)), _absent(answer.raw))
        query = exp.select(alias(count(where=others), "n")).from_(exp.table_(view, quoted=True))
        if session.run(query).one()["n"]:
            raise CannotAnswer("ANS-outcome-kind", column=column)
        return answer
    if kind(type_) == "other":
        raise CannotAnswer("ANS-outcome-kind", column=column)
    return Variable(column, as_number(column, type_))


def _weight(question: Question, types: dict[str, str]) -> exp.Expr | None:
    if question.weights is None:
        return None
    if kind(types[question.weights]) != "number":
        raise PlanError("PLAN-weights-kind", column=question.weights)
    return as_double(name(question.weights))


def arm_label(value: Any) -> str | None:
    """How a value of the arm column reads; None when it says nothing."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, str)):
        return str(value) if str(value).strip() else None
    return f"{value:g}" if float(value) != int(value) else str(int(value))


def _arms(
    session: Engine,
    view: str,
    question: Question,
    type_: str,
    outcome: Variable,
    weight: exp.Expr | None,
) -> Frame:
    column = question.arm
    if kind(type_) == "other":
        raise PlanError("PLAN-arm-kind", column=column)
    value = exp.cast(name(column), "VARCHAR") if type_.startswith("ENUM") else name(column)
    present = _present(outcome.raw)
    weighed = tree(True) if weight is None else exp.GT(this=weight.copy(), expression=tree(0.0))
    wrong = exp.false() if weight is None else _wrong_weight(weight)
    query = (
        exp.select(
            alias(value, "arm"),
            alias(count(), "assigned"),
            alias(count(where=present), "answered"),
            alias(count(where=exp.and_(present, weighed)), "used"),
            alias(count(where=wrong), "wrong"),
        )
        .from_(exp.table_(view, quoted=True))
        .group_by(value.copy())
        .order_by(*_most_first("assigned", "arm"))
        .limit(MOST_ARMS + 3)
    )
    rows = session.run(query).dicts()
    if sum(row["wrong"] for row in rows):
        raise PlanError("PLAN-weights-negative", column=question.weights)
    found = [(arm_label(row["arm"]), row) for row in rows]
    arms = [
        Arm(
            row["arm"],
            label,
            row["assigned"],
            row["assigned"] - row["answered"],
            row["answered"] - row["used"],
            row["used"],
        )
        for label, row in found
        if label is not None
    ]
    if len(arms) > MOST_ARMS:
        raise PlanError("PLAN-arm-many", column=column, most=MOST_ARMS)
    if not arms:
        raise CannotAnswer("ANS-one-arm", saw={"arms": 0}, column=column)
    by_text = any(isinstance(a.value, str) for a in arms)
    arms.sort(key=lambda a: a.label if by_text else float(a.value))  # type: ignore[arg-type]
    control, guessed = _control([a.label for a in arms], question.control, column)
    return Frame(
        view=view,
        arm_column=column,
        arms=tuple(arms),
        control=control,
        control_guessed=guessed,
        no_arm=sum(row["assigned"] for label, row in found if label is None),
        blank_arms=any(label is None and row["arm"] is not None for label, row in found),
        outcome=outcome,
        weight=weight,
    )


def _most_first(many: str, label: str) -> tuple[exp.Expr, exp.Expr]:
    """Order by a count, most first; ties by label, so that every engine gives the same rows."""
    count, name_ = (exp.column(c, quoted=True) for c in (many, label))
    return exp.Ordered(this=count, desc=True), exp.Ordered(this=name_, nulls_first=False)


def _wrong_weight(weight: exp.Expr) -> exp.Expr:
    negative = exp.LT(this=weight.copy(), expression=tree(0.0))
    return exp.or_(negative, exp.and_(_present(weight), _unusable(weight)))


def _control(labels: Sequence[str], asked: str | None, column: str) -> tuple[str, bool]:
    """The control's label, and whether it was a guess nobody confirmed."""
    if asked is not None:
        if asked not in labels:
            raise PlanError("PLAN-no-control", column=column, control=asked)
        return asked, False
    known = [a for a in labels if a.strip().lower() in CONTROL_NAMES]
    if len(known) > 1:
        raise PlanError("PLAN-control-unclear", column=column, n=len(known))
    return (known[0], False) if known else (labels[0], True)


def _enough(frame: Frame) -> None:
    if len(frame.arms) < 2:
        raise CannotAnswer("ANS-one-arm", saw={"arms": 1}, column=frame.arm_column)
    least = min(frame.arms, key=lambda a: a.used)
    if least.used < 2:
        raise CannotAnswer("ANS-few-in-arm", saw={"n": least.used}, needs={"least": 2})


def _ranges(session: Engine, frame: Frame, question: Question, types: dict[str, str]) -> Frame:
    """Where each column lies; covariates expanded to numbers."""
    if question.covariates:
        odd = [c for c in question.covariates if kind(types[c]) == "other"]
        if odd:
            raise PlanError("PLAN-covariate-kind", column=odd[0])
    plain = [
        Variable(c, as_number(c, types[c])) for c in question.covariates if kind(types[c]) != "text"
    ]
    asked = [frame.outcome, *plain]
    labels = "n", "low", "high", "mean"
    items = [
        alias(node, f"{label}{i}")
        for i, v in enumerate(asked)
        for label, node in zip(labels, _summary(v.raw), strict=True)
    ]
    query = exp.select(*items).from_(exp.table_(frame.view, quoted=True)).where(frame.analysed)
    found = session.run(query).one()
    n = sum(a.used for a in frame.arms)
    known = {
        v.column: _placed(v, n, *(found[f"{label}{i}"] for label in labels), first=i == 0)
        for i, v in enumerate(asked)
    }
    covariates: list[Variable] = []
    for c in question.covariates:
        covariates += [known[c]] if c in known else _levels(session, frame, c, n)
    flags = [_flag(v, n) for v in {v.column: v for v in covariates if v.missing}.values()]
    if len(covariates) + len(flags) > MOST_COLUMNS:
        raise PlanError("PLAN-covariates-many", most=MOST_COLUMNS)
    return replace(
        frame,
        outcome=known[question.outcome],
        covariates=(*covariates, *flags),
        share=(found["low0"], found["high0"]) == (0, 1) and _only_0_and_1(session, frame),
    )


def _only_0_and_1(session: Engine, frame: Frame) -> bool:
    y = frame.outcome.raw
    neither = exp.and_(*(exp.NEQ(this=y.copy(), expression=tree(bit)) for bit in (0.0, 1.0)))
    query = exp.select(alias(count(where=neither), "n")).from_(exp.table_(frame.view, quoted=True))
    return not session.run(query.where(frame.analysed)).one()["n"]


def _summary(node: exp.Expr) -> tuple[exp.Expr, ...]:
    plain = (each(this=node.copy()) for each in (exp.Count, exp.Min, exp.Max))
    return (*plain, exp.Avg(this=as_double(node)))


def _placed(
    variable: Variable,
    n: int,
    known: int,
    low: float | None,
    high: float | None,
    mean: float | None,
    *,
    first: bool,
) -> Variable:
    column = variable.column
    if low is not None and high is not None and not (low > -TOO_BIG and high < TOO_BIG):
        raise CannotAnswer("ANS-not-finite", column=column)
    if low is None or low == high or mean is None:
        if first:
            raise CannotAnswer("ANS-no-variation", column=column)
        raise PlanError("PLAN-covariate-constant", column=column)
    # 15 digits read back the same in every engine, and near is all an origin needs to be
    return replace(variable, origin=float(f"{mean:.15g}"), missing=n - known)


def _levels(session: Engine, frame: Frame, column: str, n: int) -> list[Variable]:
    """Text as one indicator a level; the first in sorted order is the reference, as in R."""
    said = _text(column)
    query = (
        exp.select(alias(said, "level"), alias(count(), "n"))
        .from_(exp.table_(frame.view, quoted=True))
        .where(frame.analysed)
        .group_by(said.copy())
        .order_by(*_most_first("n", "level"))
        .limit(MOST_LEVELS + 2)
    )
    counted = {row["level"]: row["n"] for row in session.run(query).dicts()}
    missing = counted.pop(None, 0)
    if len(counted) > MOST_LEVELS:
        raise PlanError("PLAN-covariate-levels", column=column, most=MOST_LEVELS)
    if len(counted) < 2:
        raise PlanError("PLAN-covariate-constant", column=column)
    return [
        Variable(
            column,
            _indicator(exp.EQ(this=said.copy(), expression=tree(level)), unless=said),
            float(f"{counted[level] / (n - missing):.15g}"),
            missing,
        )
        for level in sorted(counted)[1:]
    ]


def _flag(variable: Variable, n: int) -> Variable:
    share = float(f"{variable.missing / n:.15g}")
    return Variable(variable.column, _indicator(_absent(variable.raw)), share, flags=True)
