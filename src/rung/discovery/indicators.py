"""The primary indicators as answers: one number each, and a table by group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rung.discovery.journey import EVERYONE, NOT_RECORDED
from rung.discovery.program_year import Report
from rung.discovery.wioa import (
    INDICATORS,
    PROOFS,
    Indicator,
    Summary,
    Tally,
    WioaSettings,
)
from rung.finding import (
    Cell,
    Column,
    Counts,
    Dimension,
    Estimand,
    Exclusion,
    Finding,
    Method,
    Note,
    Origin,
    Part,
    Refusal,
    Table,
)
from rung.messages import Scalar, english
from rung.records.lab import Group
from rung.stats.intervals import wilson

LEVEL = 0.95
_LABEL = {i: f"label.wioa-{i}" for i in INDICATORS}
_PROOF_COLUMNS = {proof: proof.replace("-", "_") for proof in PROOFS}


def answers(summary: Summary) -> tuple[Finding | Table | Refusal, ...]:
    """Each indicator of everyone, then all of them by each group."""
    made: list[Finding | Table | Refusal] = []
    for indicator in INDICATORS:
        made.append(refusal(summary, indicator) or _finding(summary, indicator))
    made += [t for g in summary.groups if (t := table(summary, g)) is not None]
    return tuple(made)


def without_outcomes(report: Report) -> tuple[Refusal, ...]:
    """What a lab without employment after exit is told: no number, and what is needed."""
    empty = Summary(
        report=report, settings=WioaSettings(), program="all", groups=(), everyone=Counter(),
        by_level={}, medians={}, known_by=report.last_day, stated=False, own=True, notes=(),
        origin=Origin(),
    )  # fmt: skip
    return tuple(
        Refusal(estimand=estimand(empty, i), code="ANS-wioa-no-outcomes", method=method(empty, i))
        for i in INDICATORS
    )


def estimand(summary: Summary, indicator: Indicator) -> Estimand:
    """The question, with the exits it is about."""
    first, last = (day.isoformat() for day in summary.span(indicator))
    frame = "label.wioa-served" if indicator == "gains" else "label.wioa-exits"
    population = english(frame, {"first": first, "last": last})
    if summary.program != "all":
        words = english(f"label.wioa-program-{summary.program.replace('_', '-')}")
        population = english("label.wioa-of", {"population": population, "program": words})
    return Estimand(
        outcome=english(_LABEL[indicator]),
        unit="dollars" if indicator == "median" else "share",
        population=population,
        contrast="",
        summary="median" if indicator == "median" else "share",
        horizon=_report(summary),
    )


def _report(summary: Summary) -> str:
    frame = "label.wioa-style-report" if summary.own else "label.wioa-report"
    if summary.report.alone:
        frame += "-alone"
    return english(frame, {"report": str(summary.report)})


def method(summary: Summary, indicator: Indicator) -> Method:
    """How it is made, with what the standard leaves open and how it was settled."""
    settings = summary.settings
    notes = [Note("wioa-periods"), Note("wioa-lagged")]
    if indicator == "credential":
        left = ", ".join(settings.not_training)
        notes.append(Note("wioa-credential", {"types": left, "days": settings.one_year}))
    elif indicator == "median":
        notes.append(Note(f"wioa-median-{settings.even_median}"))
    elif indicator == "same-employer":
        notes.append(Note(f"wioa-employers-{settings.several_employers}"))
    elif indicator == "gains":
        notes = [Note("wioa-periods"), Note("wioa-gains")]
    return Method(
        key=f"wioa-{indicator}",
        assumptions=tuple(notes),
        sources=("tac1701", "tac1704", "tac1901", "wioa116"),
    )


def refusal(summary: Summary, indicator: Indicator) -> Refusal | None:
    """Why an indicator has no number, when it has none."""
    due, counted = summary.report.last_day, summary.tally(indicator)
    code = ""
    saw: dict[str, Scalar] = {}
    needs: dict[str, Scalar] = {}
    if indicator not in summary.asked:
        code = "ANS-wioa-not-asked"
    elif indicator != "gains" and summary.known_by < due:
        code = "ANS-wioa-early"
        saw, needs = {"as_of": summary.known_by.isoformat()}, {"day": due.isoformat()}
    elif not summary.stated and _all_pending(summary, indicator):
        code, saw = "ANS-wioa-pending", {"n": counted.pending}
        needs = {"day": due.isoformat()}
    elif not counted.n:
        code, saw = "ANS-wioa-nobody", {"left_out": sum(counted.excluded.values())}
    if not code:
        return None
    return Refusal(
        estimand=estimand(summary, indicator),
        code=code,
        method=method(summary, indicator),
        saw=saw,
        needs=needs,
        origin=summary.origin,
    )


def _all_pending(summary: Summary, indicator: Indicator) -> bool:
    """Whether nothing is known yet of the quarter an indicator rests on."""
    if indicator in ("credential", "gains"):
        return False
    rate = summary.tally("er-q4" if indicator == "er-q4" else "er-q2")
    if indicator == "same-employer":  # its own cohort, by the 2nd quarter
        rate = summary.tally(indicator)
        return not rate.n and rate.pending > 0
    return rate.n > 0 and rate.pending == rate.n


def _finding(summary: Summary, indicator: Indicator) -> Finding:
    counted = summary.tally(indicator)
    value = counted.median if counted.median is not None else counted.x / counted.n
    share = indicator != "median"
    return Finding(
        estimand=estimand(summary, indicator),
        value=value,
        counts=_counts(counted),
        parts=(Part(EVERYONE, counted.n, value, counted.x if share else None),),
        method=method(summary, indicator),
        strength="described",
        caveats=tuple(_caveats(summary, indicator, counted)),
        origin=summary.origin,
    )


def _counts(counted: Tally) -> Counts:
    excluded = sorted(counted.excluded.items())
    return Counts(counted.n, excluded=tuple(Exclusion(r, n) for r, n in excluded))


def _caveats(summary: Summary, indicator: Indicator, counted: Tally) -> Iterator[Note]:
    if summary.own:
        yield Note("wioa-style")
    if indicator == "same-employer":
        yield Note("wioa-statewide")
    if indicator == "gains" and summary.known_by < summary.report.last_day:
        yield Note("wioa-gains-so-far", {"as_of": summary.known_by.isoformat()})
    if counted.pending:
        yield Note("wioa-pending", {"n": counted.pending})
    if counted.named:
        yield Note("wioa-named", {"n": counted.named})
    if counted.proofs:
        yield Note("wioa-verified", {"x": counted.verified, "n": counted.n})
        mix = {_PROOF_COLUMNS[p]: counted.proofs.get(p, 0) for p in PROOFS}
        yield Note("wioa-proofs", dict(mix))
    yield from summary.notes


_COLUMNS = (
    Column("indicator", "key", "text"),
    Column("n", "denominator", "people"),
    Column("x", "numerator", "people"),
    Column("rate", "value", "share", of=("x", "n"), interval="wilson"),
    Column("low", "low", "share"),
    Column("high", "high", "share"),
    # rests on its own count of earners, and cannot be made again from counts
    Column("median", "value", "dollars", of=("n", "n"), interval="median"),
    Column("verified", "count", "people"),
    *(Column(name, "count", "people") for name in _PROOF_COLUMNS.values()),
    Column("excluded", "count", "people"),
)


def table(summary: Summary, group: Group) -> Table | None:
    """Every indicator by the levels of a group; None when no indicator has a number."""
    asked = [i for i in INDICATORS if refusal(summary, i) is None]
    if not asked:
        return None
    parts: list[tuple[str, tuple[str, str] | None]] = [(EVERYONE, None)]
    parts += [(_level(group, each), (group.key, each)) for each in summary.levels(group)]
    rows: list[dict[str, Cell]] = []
    for indicator in asked:
        for label, level in parts:
            counted = summary.tally(indicator, level)
            rows.append({group.key: label, **_row(indicator, counted)})
    question = estimand(summary, asked[0])
    return Table(
        name="wioa",
        estimand=Estimand(
            outcome=english("label.wioa-indicators"),
            unit="share",
            population=english(
                "label.by-group",
                {"population": english("label.wioa-everyone"), "group": group.words},
            ),
            contrast="",
            summary="the primary indicators",
            horizon=question.horizon,
        ),
        columns=(Column(group.key, "key", "text"), *_COLUMNS),
        rows=tuple(rows),
        dimensions=(Dimension(group.key, group.partition, EVERYONE),),
        method=Method(
            key="wioa",
            assumptions=(Note("wioa-periods"), Note("wioa-lagged"), Note("wioa-gains")),
            sources=("tac1701", "tac1704", "tac1901", "wioa116"),
        ),
        caveats=((Note("wioa-style"),) if summary.own else ()) + summary.notes,
        level=LEVEL,
        origin=summary.origin,
    )


def _level(group: Group, level: str) -> str:
    if level == NOT_RECORDED:
        return english("label.not-recorded")
    return group.labels.get(level, level)


def _row(indicator: Indicator, counted: Tally) -> dict[str, Cell]:
    share = indicator != "median"
    proofs = counted.proofs
    ends = wilson(counted.x, counted.n, LEVEL) if share and counted.n else (None, None)
    return {
        "indicator": english(_LABEL[indicator]),
        "n": counted.n,
        "x": counted.x if share else None,
        "rate": counted.x / counted.n if share and counted.n else None,
        "low": ends[0],
        "high": ends[1],
        "median": counted.median,
        "verified": counted.verified if proofs else None,
        **{name: proofs.get(p, 0) if proofs else None for p, name in _PROOF_COLUMNS.items()},
        "excluded": sum(counted.excluded.values()),
    }
