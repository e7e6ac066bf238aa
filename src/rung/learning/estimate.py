"""Did it work: an individually randomised test with two or more arms.

Difference in means, ANCOVA or Lin (2013), from summaries of the records; `docs/estimate.md` holds
every formula. What cannot be answered is a Refusal, what was not asked properly is a PlanError.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rung.errors import CannotAnswer, PlanError
from rung.finding import (
    Counts,
    Exclusion,
    Finding,
    Interval,
    Note,
    Origin,
    Part,
    Refusal,
    Strength,
)
from rung.learning.passes import read_moments, read_residuals
from rung.learning.question import FEW_EVENTS, SMALL_ARM, OutcomeWords, Question, check
from rung.learning.rows import Arm, Frame, read_arms, read_columns
from rung.messages import english
from rung.records.engine import Engine
from rung.stats.intervals import t_p, t_quantile, two_share_p
from rung.stats.linear import (
    POWER,
    Adjust,
    CollinearError,
    Contrast,
    Fit,
    Residuals,
    Variance,
    fit,
    residuals_of_means,
    standard_error,
)
from rung.stats.moments import Floats, Moments

# 1 − leverage below this: one person decides a coefficient, and no spread can be seen
_ALONE = 1e-9
# residual over total variation below this is rounding: the outcome follows from the covariates
_EXACT = 1e-20


def estimate(
    session: Engine,
    view: str,
    *,
    outcome: str,
    arm: str,
    control: str | None = None,
    covariates: Sequence[str] = (),
    adjust: Adjust = "none",
    weights: str | None = None,
    se: Variance = "hc2",
    level: float = 0.95,
    words: OutcomeWords | None = None,
    plan: str | None = None,
    inputs: Sequence[str] = (),
) -> tuple[Finding | Refusal, ...]:
    """The effect of each arm against the control, in arm order.

    The outcome is a number, a boolean, 0/1 or yes/no (the last three give a difference in shares).
    The control is the arm called `control`, else the one whose name says so (control, 0, no, …),
    else the first in order, with a caveat. `plan` and `inputs` are digests, for provenance. Each
    finding's `parts` are the arm, then the control, with raw means, yeses and people without an
    outcome. Any person without an outcome, or without an arm, makes the strength "randomised with
    departures".

    Raises PlanError for a question that is not whole. Sources: neyman1923, freedman2008, lin2013,
    zhao2024 (missing covariates), mackinnon1985, samii2012, welch1947 (variances).
    """
    question = Question(
        outcome=outcome,
        arm=arm,
        control=control,
        covariates=tuple(covariates),
        adjust=adjust,
        weights=weights,
        se=se,
        level=level,
        words=words or OutcomeWords(),
    )
    check(question, session.columns(view))
    start = len(session.log)

    def origin() -> Origin:
        return Origin(inputs=tuple(inputs), plan=plan, queries=tuple(session.log[start:]))

    frame: Frame | None = None
    try:
        frame = read_arms(session, view, question)
        frame = read_columns(session, frame, question)
        analysis = _analyse(session, frame, question)
    except CannotAnswer as e:
        return refusals(e, question, frame, origin())
    made = origin()
    return tuple(
        _finding(question, analysis, contrast, made)
        for contrast in analysis.fitted.contrasts.values()
    )


@dataclass(frozen=True)
class _Analysis:
    """Everything summed; nothing left but words."""

    frame: Frame
    moments: Mapping[str, Moments]
    plain: Mapping[str, Floats]
    fitted: Fit
    residuals: Mapping[str, Residuals]
    flags_dropped: bool


def _analyse(session: Engine, frame: Frame, question: Question) -> _Analysis:
    moments, plain = read_moments(session, frame)
    usable = _usable(frame, plain, question)
    fitted, dropped = _fit(frame, moments, usable, question)
    least = min(moments.values(), key=lambda m: m.n)
    own = 1 + len(usable) - 1 - len(dropped) if question.adjust == "lin" else 1
    if fitted.n - fitted.parameters < 1 or least.n < own + 1:
        raise CannotAnswer(
            "ANS-few-for-covariates", saw={"n": fitted.n}, needs={"coefficients": fitted.parameters}
        )
    if question.adjust == "none" and question.weights is None:
        residuals = residuals_of_means(fitted, question.se)
    else:
        residuals = read_residuals(session, frame, fitted, question.se)
    _judge(fitted, moments, residuals, question)
    kept = len(usable) - len(dropped)
    return _Analysis(
        frame, moments, plain, fitted, residuals, flags_dropped=kept < len(frame.variables)
    )


def _usable(frame: Frame, plain: Mapping[str, Floats], question: Question) -> list[str]:
    """Columns without the missingness indicators of too few people.

    An indicator needs two people on either side (in each arm for Lin): with one, that person's
    leverage is one. Without it the mean stands in alone, which is unbiased too.
    """
    sides = list(zip(frame.arms, plain.values(), strict=True))
    kept = []
    for i, variable in enumerate(frame.variables):
        ones = [(round(counts[i]), arm.used) for arm, counts in sides] if variable.flags else []
        if question.adjust != "lin" and ones:
            ones = [(sum(o for o, _ in ones), sum(n for _, n in ones))]
        if all(2 <= o <= n - 2 for o, n in ones):
            kept.append(f"u{i}")
    return kept


def _fit(
    frame: Frame, moments: Mapping[str, Moments], columns: list[str], question: Question
) -> tuple[Fit, list[str]]:
    """Fit; an indicator that repeats another says nothing new and is left out."""
    dropped: list[str] = []
    while True:
        kept = [c for c in columns if c not in dropped]
        try:
            chosen = {a: m.only(kept) for a, m in moments.items()}
            return fit(chosen, frame.control, question.adjust), dropped
        except CollinearError as e:
            variable = frame.variables[int(e.column[1:])]
            if not variable.flags:
                code = "PLAN-collinear" if e.arm is None else "PLAN-collinear-in-arm"
                raise PlanError(code, column=variable.column) from e
            dropped.append(e.column)


def _judge(
    fitted: Fit,
    moments: Mapping[str, Moments],
    residuals: Mapping[str, Residuals],
    question: Question,
) -> None:
    if question.se in POWER and max(r.leverage for r in residuals.values()) > 1 - _ALONE:
        raise CannotAnswer("ANS-leverage", se=question.se)
    total = sum(float(m.scatter[0, 0]) for m in moments.values())
    between = sum(c.value**2 for c in fitted.contrasts.values())
    squares = sum(r.squares for r in residuals.values())
    if not squares > _EXACT * (total + between * fitted.n):
        raise CannotAnswer("ANS-no-variation", column=question.outcome)


def _finding(
    question: Question, analysis: _Analysis, contrast: Contrast, origin: Origin
) -> Finding:
    frame = analysis.frame
    error, df = standard_error(analysis.fitted, contrast, analysis.residuals, question.se)
    reach = t_quantile(question.level, df) * error
    pair = (frame.arm(contrast.arm), frame.arm(frame.control))
    parts = tuple(_part(question, analysis, each) for each in pair)
    complete = not (frame.no_arm or any(a.missing for a in frame.arms))
    strength: Strength = "randomised" if complete else "randomised with departures"
    return Finding(
        estimand=question.estimand(question.contrast(contrast.arm, frame.control), frame.share),
        value=contrast.value,
        interval=Interval(
            pieces=((contrast.value - reach, contrast.value + reach),), level=question.level
        ),
        se=error,
        df=df,
        p=t_p(contrast.value / error, df),
        counts=Counts(
            analysed=sum(a.used for a in pair),
            by_group={p.group: p.n for p in parts},
            excluded=excluded(frame, pair),
        ),
        method=question.method(any(v.missing for v in frame.covariates)),
        strength=strength,
        parts=parts,
        caveats=_caveats(question, analysis, pair, parts, origin),
        origin=origin,
    )


def _part(question: Question, analysis: _Analysis, arm: Arm) -> Part:
    mean = float(analysis.moments[arm.label].mean[0])
    yes = round(float(analysis.plain[arm.label][0])) if analysis.frame.share else None
    if yes is not None and question.weights is None:
        mean = yes / arm.used
    return Part(question.words.arm(arm.label), arm.used, mean, yes, arm.missing)


def excluded(frame: Frame, pair: Sequence[Arm]) -> tuple[Exclusion, ...]:
    """Everyone of these arms who is left out, and rows that name no arm."""
    found = (
        Exclusion("missing-outcome", sum(a.missing for a in pair)),
        Exclusion("no-weight", sum(a.unweighted for a in pair)),
        Exclusion("no-arm", frame.no_arm),
    )
    return tuple(e for e in found if e.n)


def _caveats(
    question: Question,
    analysis: _Analysis,
    pair: tuple[Arm, Arm],
    parts: tuple[Part, ...],
    origin: Origin,
) -> tuple[Note, ...]:
    frame = analysis.frame
    found = [Note("no-plan")] if origin.plan is None else []
    if frame.control_guessed:
        found.append(Note("control-guessed", {"arm": question.words.arm(frame.control)}))
    if frame.no_arm:
        found.append(Note("no-arm", {"n": frame.no_arm}))
    found += missing_outcomes(*pair)
    holes = {v.column: v.missing for v in frame.covariates if v.missing}
    if holes:
        found.append(Note("missing-covariates", {"n": max(holes.values()), "columns": len(holes)}))
    if analysis.flags_dropped:
        found.append(Note("missing-flag-left-out"))
    if min(a.used for a in pair) < SMALL_ARM:
        found.append(Note("small-arm", {"n": min(a.used for a in pair)}))
    events = [e for p in parts if p.numerator is not None for e in (p.numerator, p.n - p.numerator)]
    if events and min(events) < FEW_EVENTS:
        found.append(Note("few-events", {"least": FEW_EVENTS}))
    return tuple(found)


def missing_outcomes(arm: Arm, control: Arm) -> list[Note]:
    """What to say about people without an outcome; more when the arms lost them unevenly.

    Uneven: five points or more apart, or further apart than chance (p < 0.05).
    """
    if not arm.missing + control.missing:
        return []
    shares = [a.missing / a.assigned for a in (arm, control)]
    p = two_share_p(arm.missing, arm.assigned, control.missing, control.assigned)
    uneven = abs(shares[0] - shares[1]) >= 0.05 or p < 0.05
    code = "missing-outcome-uneven" if uneven else "missing-outcome"
    said = {
        "n": arm.missing + control.missing,
        "arm": round(100 * shares[0], 1),
        "control": round(100 * shares[1], 1),
    }
    return [Note(code, said)]


def refusals(
    error: CannotAnswer, question: Question, frame: Frame | None, origin: Origin
) -> tuple[Refusal, ...]:
    """One Refusal for each comparison that was asked, as far as the arms are known."""
    problem = error.problems[0]
    params = {**problem.params}
    for key in (*error.saw, *error.needs):
        params.pop(key, None)
    others = [a.label for a in frame.arms if a.label != frame.control] if frame else []
    contrasts = [question.contrast(a, frame.control) for a in others] if frame else []
    return tuple(
        Refusal(
            estimand=question.estimand(contrast, share=bool(frame and frame.share)),
            code=error.code,
            method=question.method(),
            params=params,
            saw=error.saw,
            needs=error.needs,
            origin=origin,
        )
        for contrast in contrasts or [english("label.arms-compared")]
    )
