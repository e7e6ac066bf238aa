"""What is asked of a test: its words, its choices, and whether they go together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import get_args

from rung.errors import PlanError, Problem
from rung.finding import Estimand, Method, Note
from rung.messages import english
from rung.stats.linear import Adjust, Variance

SMALL_ARM = 20  # people below whom a range is called rough
FEW_EVENTS = 5  # answers of one kind below which a range of a share is called rough

METHODS: Mapping[str, tuple[str, str]] = {
    "none": ("difference-in-means", "neyman1923"),
    "ancova": ("ancova", "freedman2008"),
    "lin": ("lin", "lin2013"),
}
_SE_SOURCES: Mapping[str, tuple[str, ...]] = {
    "hc2": ("mackinnon1985", "samii2012"),
    "welch": ("welch1947",),
    "classical": (),
}


@dataclass(frozen=True, kw_only=True)
class OutcomeWords:
    """The provider's own words for a question.

    `unit` defaults to "share" for a yes/no outcome and "number" otherwise. `arms` maps a value of
    the arm column to what people read. `dollar_year` is the year whose dollars these are.
    """

    label: str = ""
    unit: str = ""
    dollar_year: int | None = None
    population: str = ""
    horizon: str = ""
    arms: Mapping[str, str] = field(default_factory=dict)

    def arm(self, label: str) -> str:
        """What people read for an arm."""
        return self.arms.get(label, label)


@dataclass(frozen=True, kw_only=True)
class Question:
    """Everything `estimate` was asked, checked to be whole."""

    outcome: str
    arm: str
    control: str | None = None
    covariates: tuple[str, ...] = ()
    adjust: Adjust = "none"
    weights: str | None = None
    se: Variance = "hc2"
    level: float = 0.95
    words: OutcomeWords = field(default_factory=OutcomeWords)

    def estimand(self, contrast: str, share: bool) -> Estimand:
        """The question in words."""
        words = self.words
        unit = words.unit or ("share" if share else "number")
        return Estimand(
            outcome=words.label or self.outcome,
            unit=unit,
            population=words.population or english("label.everyone-assigned"),
            contrast=contrast,
            summary=english("label.difference-shares" if share else "label.difference-means"),
            horizon=words.horizon or english("label.as-recorded"),
            dollar_year=words.dollar_year,
        )

    def contrast(self, arm: str, control: str) -> str:
        """An arm compared with the control, in words."""
        return english(
            "label.arm-against", {"arm": self.words.arm(arm), "control": self.words.arm(control)}
        )

    def method(self, imputed: bool = False) -> Method:
        """The estimator, what it assumes, and who wrote it down."""
        key, source = METHODS[self.adjust]
        assumptions = [Note("arms-by-lottery"), Note("own-arm-only"), Note(f"se-{self.se}")]
        if self.adjust != "none":
            assumptions.append(Note("covariates-before"))
        if self.weights:
            assumptions.append(Note("weights-given"))
        sources = (source, *_SE_SOURCES.get(self.se, ("mackinnon1985",)))
        return Method(
            key=key,
            assumptions=tuple(assumptions),
            sources=(*sources, *(("zhao2024",) if imputed else ())),
        )


def check(question: Question, columns: Mapping[str, str]) -> None:
    """Raise one PlanError with everything that does not go together, worst first."""
    problems = [*_names(question, columns), *_choices(question)]
    if problems:
        raise PlanError(problems)


def _break(code: str, column: str | None = None, **params: str | int | float) -> Problem:
    return Problem(code=code, column=column, params=params, weight="break")


def _names(question: Question, columns: Mapping[str, str]) -> list[Problem]:
    weights = (question.weights,) if question.weights else ()
    named: Sequence[str] = (question.outcome, question.arm, *question.covariates, *weights)
    absent = [c for c in dict.fromkeys(named) if c not in columns]
    twice = [c for c in dict.fromkeys(named) if named.count(c) > 1]
    return [
        *(_break("PLAN-no-column", c) for c in absent),
        *(_break("PLAN-column-twice", c) for c in twice),
    ]


def _choices(question: Question) -> list[Problem]:
    found = []
    for option, given, allowed in (
        ("adjust", question.adjust, get_args(Adjust)),
        ("se", question.se, get_args(Variance)),
    ):
        if given not in allowed:
            found.append(_break("PLAN-choice", option=option, allowed=", ".join(allowed)))
    if not 0 < question.level < 1:
        found.append(_break("PLAN-level"))
    if question.covariates and question.adjust == "none":
        found.append(_break("PLAN-covariates-unused"))
    if not question.covariates and question.adjust in ("ancova", "lin"):
        found.append(_break("PLAN-no-covariates", adjust=question.adjust))
    if question.se == "welch" and (question.covariates or question.weights):
        found.append(_break("PLAN-welch"))
    return found
