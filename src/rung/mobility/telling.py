"""What every answer about linked generations shares: who, in which ranks, with what range."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from rung.discovery.journey import EVERYONE
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
    Table,
)
from rung.messages import english
from rung.mobility.generations import Generations, Question
from rung.mobility.ranks import Floats
from rung.stats.intervals import normal_quantile, wilson

TIED = 0.05  # a share of one generation with one income that a reader should know of


def fifth(at: int) -> str:
    """What people read for a fifth of ranks: "lowest fifth"."""
    return english(f"label.fifth-{at + 1}")


def method(key: str, sources: Sequence[str], *notes: Note, ranked: bool = True) -> Method:
    """A method with what all of them assume."""
    of_ranks = (Note("ranks-whole"), Note("ranks-estimated")) if ranked else ()
    return Method(key=key, assumptions=(*of_ranks, *notes), sources=tuple(sources))


def money(question: Question) -> Note:
    """In whose dollars two generations are compared."""
    before, after = question.parent_year, question.child_year
    if before == after:
        return Note("same-dollars", {"year": after})
    return Note("cpi-u", {"from": before, "to": after})


def share_range(value: float, se: float, n: int, level: float = 0.95) -> tuple[float, float]:
    """A range of a share on the scale of its log odds; Wilson's where nobody or all are in."""
    if not 0 < value < 1 or se <= 0:
        return wilson(round(value * n), n, level)
    middle = math.log(value / (1 - value))
    reach = normal_quantile(level) * se / (value * (1 - value))
    return 1 / (1 + math.exp(reach - middle)), 1 / (1 + math.exp(-reach - middle))


@dataclass(frozen=True)
class Telling:
    """Linked pairs and how they are told: `margin` is what counts as a climb, in hundredths."""

    pairs: Generations
    level: float = 0.95
    margin: int = 0

    @property
    def question(self) -> Question:
        """What was asked."""
        return self.pairs.question

    @cached_property
    def counts(self) -> Counts:
        """Pairs, and those left out."""
        left = (Exclusion(k, n) for k, n in self.pairs.excluded.items())
        return Counts(self.pairs.n, excluded=tuple(left))

    def estimand(
        self, outcome: str, unit: str, summary: str, *, year: int | None = None, **given: Any
    ) -> Estimand:
        """The question of one answer; `given` fills the outcome's words."""
        contrast = ""
        if summary == "by group":
            contrast = english("label.by-column", {"column": self.question.by or ""})
        return Estimand(
            outcome=english(outcome, {"concept": self.question.concept, **given}),
            unit=unit,
            population=english("label.pairs"),
            contrast=contrast,
            summary=summary,
            horizon="",
            dollar_year=year,
        )

    @cached_property
    def caveats(self) -> tuple[Note, ...]:
        """Ties that a reader should know of, and incomes of one column."""
        found = []
        cells, asked = self.pairs.cells, self.question
        for side, incomes, rank, columns in (
            ("parents", self.pairs.parent, cells.parent, asked.parent),
            ("children", self.pairs.child, cells.child, asked.child),
        ):
            zero, any_one = self._tied(incomes, rank)
            if max(zero, any_one) >= TIED:
                kind, share = ("zero", zero) if zero >= TIED else ("one", any_one)
                # in steps of five: of a few people a whole percent would be a count of them
                percent = 5 * max(1, math.floor(20 * share))
                found.append(Note(f"tied-{side}-{kind}", {"percent": f"{percent}"}))
            if len(columns) == 1:
                found.append(Note(f"one-year-{side}"))
        return tuple(found)

    def _tied(self, incomes: Floats, rank: Floats) -> tuple[float, float]:
        """The share without income, and the largest share with one rank."""
        _, at = np.unique(rank, return_inverse=True)
        largest = float(np.bincount(at, weights=self.pairs.cells.share).max())
        zero, weights = incomes == 0, self.pairs.weights
        none = zero.mean() if weights is None else weights[zero].sum() / weights.sum()
        return float(none), largest

    def ends(self, value: float, se: float) -> tuple[float, float]:
        """A normal range."""
        reach = normal_quantile(self.level) * se
        return value - reach, value + reach

    def share_ends(self, value: float, se: float, n: int) -> tuple[float, float]:
        """The range of a share."""
        return share_range(value, se, n, self.level)

    def finding(
        self, question: Estimand, value: float, ends: tuple[float, float], se: float, how: Method,
        **more: Any,
    ) -> Finding:  # fmt: skip
        """One number of everyone; `more` replaces counts, parts or caveats."""
        given: dict[str, Any] = {
            "counts": self.counts,
            "parts": (Part(EVERYONE, self.pairs.n, value),),
            "caveats": self.caveats,
            **more,
        }
        return Finding(
            estimand=question, value=value, se=se, interval=Interval((ends,), self.level),
            method=how, strength="described", origin=self.pairs.origin, **given,
        )  # fmt: skip

    def table(
        self, name: str, question: Estimand, columns: Sequence[Column],
        rows: Sequence[dict[str, Cell]], dimensions: Sequence[Dimension], how: Method,
        *notes: Note, parts: tuple[Part, ...] = (),
    ) -> Table:  # fmt: skip
        """Many numbers, with the same caveats."""
        return Table(
            name=name, estimand=question, columns=tuple(columns), rows=tuple(rows),
            dimensions=tuple(dimensions), method=how, counts=self.counts, level=self.level,
            caveats=(*notes, *self.caveats), parts=parts, origin=self.pairs.origin,
        )  # fmt: skip

    def refusal(self, question: Estimand, code: str, how: Method, **given: Any) -> Refusal:
        """No number, and why."""
        return Refusal(
            estimand=question, code=code, method=how, origin=self.pairs.origin, **given
        )  # fmt: skip

    def share_columns(self, x: str) -> tuple[Column, ...]:
        """Counts and their share, which is made of them only where everyone counts the same."""
        of = None if self.question.weights else (x, "n")
        return (
            Column("n", "denominator", "people"), Column(x, "numerator", "people"),
            Column("share", "value", "share", of=of),
            Column("low", "low", "share"), Column("high", "high", "share"),
        )  # fmt: skip

    def share_row(self, x: str, found: Share | None) -> dict[str, Cell]:
        """The cells of those columns; without a share where there is nobody."""
        if found is None:
            return {"n": 0, x: 0, "share": None, "low": None, "high": None}
        low, high = self.share_ends(found.value, found.se, found.n)
        return {"n": found.n, x: found.people, "share": found.value, "low": low, "high": high}

    def number_columns(self, value: str) -> tuple[Column, ...]:
        """A number of so many people, with its range."""
        return (
            Column("n", "denominator", "people"), Column(value, "value"),
            Column("low", "low"), Column("high", "high"),
        )  # fmt: skip

    def number_row(
        self, column: str, n: int, value: float | None, se: float | None
    ) -> dict[str, Cell]:
        """The cells of those columns; no range without an error."""
        low, high = (None, None) if value is None or se is None else self.ends(value, se)
        return {"n": n, column: value, "low": low, "high": high}


@dataclass(frozen=True)
class Share:
    """A share (weighted where there are weights), the people it counts, of how many, its error."""

    value: float
    people: int
    n: int
    se: float

    def part(self, group: str, weights: str | None) -> Part:
        """The share as part of a finding; a weighted one is not its counts' ratio."""
        return Part(group, self.n, self.value, self.people if weights is None else None)
