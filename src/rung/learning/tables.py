"""The tables beside an estimate: each arm by itself, and before and after."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from rung.errors import CannotAnswer
from rung.finding import Column, Counts, Dimension, Method, Note, Origin, Refusal, Row, Table
from rung.learning.estimate import excluded, refusals
from rung.learning.passes import read_moments
from rung.learning.question import OutcomeWords, Question, check
from rung.learning.rows import Arm, Frame, read_arms, read_columns
from rung.learning.settings import Moment
from rung.messages import english
from rung.records.engine import Engine
from rung.stats.moments import Floats, Moments


def arms(
    session: Engine,
    view: str,
    *,
    outcome: str,
    arm: str,
    control: str | None = None,
    weights: str | None = None,
    words: OutcomeWords | None = None,
    plan: str | None = None,
    inputs: Sequence[str] = (),
) -> Table | Refusal:
    """Each arm: people assigned, with an outcome, without one, mean (or share) and spread.

    Columns arm, assigned, n, missing, yes (shares), mean, sd; with weights, mean and sd are
    weighted and the counts still count people. Raises PlanError.
    """
    question = Question(
        outcome=outcome, arm=arm, control=control, weights=weights, words=words or OutcomeWords()
    )

    def make(frame: Frame, origin: Callable[[], Origin]) -> tuple[Table, ...]:
        moments, plain = read_moments(session, frame)
        key = "share-by-arm" if frame.share else "mean-by-arm"
        estimand = replace(
            question.estimand(english("label.each-arm"), frame.share),
            summary=english(f"label.{key}"),
        )
        yes = (Column("yes", "numerator", "people"),) if frame.share else ()
        mean = Column(
            "mean", "value", estimand.unit, of=("yes", "n") if yes and not weights else None
        )
        made = Table(
            name="arms",
            estimand=estimand,
            columns=(
                Column("arm", "key", "text"),
                Column("assigned", "count", "people"),
                Column("n", "denominator", "people"),
                Column("missing", "count", "people"),
                *yes,
                mean,
                Column("sd", "count", estimand.unit),
            ),
            rows=tuple(
                _arm_row(frame, each, moments[each.label], plain[each.label], question)
                for each in frame.arms
            ),
            dimensions=(Dimension("arm", True),),
            method=Method(
                key="arm-means", assumptions=(Note("arms-by-lottery"),), sources=("neyman1923",)
            ),
            counts=everyone(frame, question),
            origin=origin(),
        )
        return (made,)

    return made_or_refused(session, view, question, make, plan, inputs)[0]


def made_or_refused(
    session: Engine,
    view: str,
    question: Question,
    make: Callable[[Frame, Callable[[], Origin]], tuple[Table, ...]],
    plan: str | None,
    inputs: Sequence[str],
) -> tuple[Table | Refusal, ...]:
    """Read the arms and the outcome, then make tables; what cannot be answered is refused."""
    check(question, session.columns(view))
    start = len(session.log)

    def origin() -> Origin:
        return Origin(inputs=tuple(inputs), plan=plan, queries=tuple(session.log[start:]))

    frame: Frame | None = None
    try:
        frame = read_arms(session, view, question)
        frame = read_columns(session, frame, question)
        return make(frame, origin)
    except CannotAnswer as e:
        return refusals(e, question, frame, origin())


def everyone(frame: Frame, question: Question) -> Counts:
    """Everyone in an arm: analysed, by arm, left out."""
    return Counts(
        analysed=sum(a.used for a in frame.arms),
        by_group={question.words.arm(a.label): a.used for a in frame.arms},
        excluded=excluded(frame, frame.arms),
    )


def _arm_row(frame: Frame, arm: Arm, moments: Moments, plain: Floats, question: Question) -> Row:
    yes = round(float(plain[0]))
    return {
        "arm": question.words.arm(arm.label),
        "assigned": arm.assigned,
        "n": arm.used,
        "missing": arm.missing,
        **({"yes": yes} if frame.share else {}),
        "mean": yes / arm.used if frame.share and frame.weight is None else float(moments.mean[0]),
        "sd": spread(moments),
    }


def spread(moments: Moments) -> float:
    """The (weighted) standard deviation of the first column, with n − 1 for n."""
    variance = float(moments.scatter[0, 0]) / moments.weight * moments.n / (moments.n - 1)
    return math.sqrt(max(variance, 0.0))


def over_time(
    session: Engine,
    view: str,
    *,
    moments: Sequence[Moment],
    outcome: str,
    arm: str,
    control: str | None = None,
    weights: str | None = None,
    words: OutcomeWords | None = None,
    plan: str | None = None,
    inputs: Sequence[str] = (),
) -> Table | Refusal:
    """The same measure before and after, by arm: columns arm, when, n, mean, sd.

    With the caveat of the dip: earnings fall before entry and recover anyway (ashenfelter1978).
    """
    question = Question(
        outcome=outcome, arm=arm, control=control, weights=weights, words=words or OutcomeWords()
    )
    found: list[Row] = []
    estimand = None
    answered = 0
    start = len(session.log)
    for each in moments:
        one = replace(question, outcome=each.column)
        made = arms(
            session,
            view,
            outcome=each.column,
            arm=arm,
            control=control,
            weights=weights,
            words=question.words,
        )
        if made.kind == "refusal":
            return made
        answered = max(answered, made.counts.analysed if made.counts else 0)
        estimand = replace(
            one.estimand(english("label.each-arm"), False),
            summary=english("label.before-after"),
        )
        for row in made.rows:
            found.append(
                {"arm": row["arm"], "when": each.label, **{c: row[c] for c in ("n", "mean", "sd")}}
            )
    if estimand is None:
        raise ValueError("a table over time needs one column or more")
    return Table(
        name="before-after",
        estimand=estimand,
        columns=(
            Column("arm", "key", "text"),
            Column("when", "key", "text"),
            Column("n", "denominator", "people"),
            Column("mean", "value", estimand.unit),
            Column("sd", "count", estimand.unit),
        ),
        rows=tuple(found),
        # each moment shows the same people again
        dimensions=(Dimension("arm", True), Dimension("when", False)),
        method=Method(
            key="arm-means",
            assumptions=(Note("same-measure"),),
            sources=("ashenfelter1978",),
        ),
        counts=Counts(analysed=answered),
        caveats=(Note("pre-program-dip"),),
        origin=Origin(inputs=tuple(inputs), plan=plan, queries=tuple(session.log[start:])),
    )
