"""The surrogate index: a long-run effect foretold from outcomes seen soon after the program.

In a comparison sample with the long-run outcome, the outcome is regressed on the surrogates and
covariates; the prediction for each person of an experiment is the index, and its difference
between the arms is the effect (Athey, Chetty, Imbens and Kang 2019). It is the effect when

- the program moves the long-run outcome only by way of the surrogates (surrogacy),
- surrogates and outcome go together in the comparison sample as they do in the experiment, and
- the index is linear in what was put into it.

No standard error knows whether these hold. The first fails where something seen is passing: pay
that is low because people still train, or a first job that came early. So surrogates measured
before training ends are refused.

With W the arms' difference of mean surrogates and covariates and b the regression's coefficients,
the effect is W·b. Its influence functions stack two independent samples:
Var = Var(difference of the index) + Wᵀ Var(b) W, the second heteroskedasticity-robust (HC2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rung.errors import CannotAnswer, PlanError
from rung.finding import (
    Column,
    Counts,
    Dimension,
    Estimand,
    Exclusion,
    Finding,
    Interval,
    Method,
    Note,
    Origin,
    Part,
    Refusal,
    Row,
    Table,
)
from rung.messages import english
from rung.stats.intervals import normal_quantile

Array = NDArray[np.float64]

PEOPLE_A_COLUMN = 10  # of the comparison sample, for each surrogate and covariate
MOST_UNLIKE = 0.5  # share of the experiment that the comparison sample has nobody like


@dataclass(frozen=True)
class Surrogate:
    """A short-run outcome and when it was measured, in months since entry."""

    name: str
    month: float


@dataclass(frozen=True, eq=False)
class Like:
    """One surrogate or covariate in both samples. `apart` is in SDs of the comparison sample."""

    name: str
    surrogate: bool
    comparison: float
    experiment: float
    apart: float
    outside: float


@dataclass(frozen=True, eq=False)
class Index:
    """A foretold effect. `se` is of the whole, `se_arms` of the arms and `se_index` of the fit."""

    value: float
    se_arms: float
    se_index: float
    coefficients: Array
    r_squared: float
    arms: tuple[float, float]
    people: tuple[int, int]
    fitted_on: int
    missing: tuple[int, int]
    unlike: float
    likeness: tuple[Like, ...]

    @property
    def se(self) -> float:
        """Both sources of error together."""
        return sqrt(self.se_arms**2 + self.se_index**2)


def _table(columns: Sequence[ArrayLike], n: int) -> Array:
    made = np.empty((n, len(columns)))
    for i, column in enumerate(columns):
        values = np.asarray(column, dtype=np.float64)
        if values.shape != (n,):
            raise PlanError("PLAN-surrogate-rows")
        made[:, i] = values
    return made


@dataclass(frozen=True, eq=False)
class _Line:
    """Least squares on columns in SDs about their means: q r is the design, constant first."""

    middle: Array
    spread: Array
    rows: Array
    q: Array
    r: Array
    b: Array
    residual: Array

    @classmethod
    def through(cls, columns: Array, y: Array) -> Self:
        """The line through a sample; CannotAnswer when a column is constant or given by others."""
        middle, spread = columns.mean(axis=0), columns.std(axis=0)
        if not (spread > 1e-12 * np.maximum(1.0, np.abs(middle))).all():
            raise CannotAnswer("ANS-surrogate-collinear")
        rows = (columns - middle) / spread
        q, r = np.linalg.qr(np.column_stack([np.ones(y.size), rows]))
        if np.abs(np.diag(r)).min() < 1e-9 * sqrt(y.size):
            raise CannotAnswer("ANS-surrogate-collinear")
        b = np.linalg.solve(r, q.T @ y)
        return cls(middle, spread, rows, q, r, b, y - q @ (q.T @ y))

    @property
    def leverage(self) -> Array:
        """(m,) of each row."""
        made: Array = (self.q**2).sum(axis=1)
        return made

    @property
    def coefficients(self) -> Array:
        """(1 + k,) in the units of the columns."""
        slopes = self.b[1:] / self.spread
        return np.append(self.b[0] - slopes @ self.middle, slopes)

    def past(self, rows: Array) -> NDArray[np.bool_]:
        """(n, k) which values lie past the smallest or the largest of the sample."""
        made: NDArray[np.bool_] = (rows < self.rows.min(axis=0)) | (rows > self.rows.max(axis=0))
        return made

    def unlike(self, rows: Array) -> float:
        """The share of rows past the sample's values, or farther from its middle than any of it."""
        design = np.column_stack([np.ones(len(rows)), rows])
        far = (np.linalg.solve(self.r.T, design.T) ** 2).sum(axis=0) > self.leverage.max()
        return float((far | self.past(rows).any(axis=1)).mean())

    def se_along(self, away: Array) -> float:
        """The HC2 standard error of away·b, where `away` (k,) is a difference of two means."""
        reach = self.q @ np.linalg.solve(self.r.T, np.append(0.0, away))
        scores = self.residual * reach / np.sqrt(np.maximum(1 - self.leverage, 1e-12))
        return float(np.sqrt(scores @ scores))


def fit(
    treated: ArrayLike,
    experiment: Sequence[ArrayLike],
    outcome: ArrayLike,
    comparison: Sequence[ArrayLike],
    *,
    surrogates: Sequence[Surrogate],
    covariates: Sequence[str] = (),
    training_ends: float,
) -> Index:
    """The effect that the surrogates foretell.

    `treated` (n,) is true for those offered the program; `experiment` has a column (n,) for each
    of the surrogates, then of the covariates, and `comparison` the same (m,) beside the long-run
    `outcome` (m,). NaN is a missing value; people with one are left out and counted. People count
    the same: no weights, no clusters. `training_ends` is the last month of training of the slowest.
    Raises PlanError (PLAN-surrogate-early, PLAN-surrogate-rows), CannotAnswer
    (ANS-surrogate-few, ANS-surrogate-collinear, ANS-surrogate-unlike).
    """
    names = [*(s.name for s in surrogates), *covariates]
    for early in (s for s in surrogates if s.month <= training_ends):
        raise PlanError(
            "PLAN-surrogate-early", surrogate=early.name, month=early.month, ends=training_ends
        )
    if not surrogates or not len(names) == len(experiment) == len(comparison):
        raise PlanError("PLAN-surrogate-rows")
    arm, y = np.asarray(treated, dtype=bool), np.asarray(outcome, dtype=np.float64)
    here, there = _table(experiment, arm.size), _table(comparison, y.size)
    whole = np.isfinite(here).all(axis=1)
    complete = np.isfinite(there).all(axis=1) & np.isfinite(y)
    missing = (int((~whole).sum()), int((~complete).sum()))
    arm, here, there, y = arm[whole], here[whole], there[complete], y[complete]
    people = (int(arm.sum()), int((~arm).sum()))
    need = PEOPLE_A_COLUMN * len(names)
    if min(people) < 2 or y.size < need:
        saw = {"comparison": int(y.size), "arm": min(people)}
        raise CannotAnswer("ANS-surrogate-few", saw=saw, needs={"people": need})
    line = _Line.through(there, y)
    here = (here - line.middle) / line.spread
    unlike = line.unlike(here)
    if unlike > MOST_UNLIKE:
        saw, most = {"outside": round(100 * unlike)}, {"most": round(100 * MOST_UNLIKE)}
        raise CannotAnswer("ANS-surrogate-unlike", saw=saw, needs=most)
    foretold = line.b[0] + here @ line.b[1:]
    arms = (float(foretold[arm].mean()), float(foretold[~arm].mean()))
    apart, out = here.mean(axis=0), line.past(here).mean(axis=0)
    at = line.middle + line.spread * apart
    return Index(
        value=arms[0] - arms[1],
        se_arms=sqrt(sum(foretold[a].var(ddof=1) / a.sum() for a in (arm, ~arm))),
        se_index=line.se_along(here[arm].mean(axis=0) - here[~arm].mean(axis=0)),
        coefficients=line.coefficients,
        r_squared=float(1 - line.residual @ line.residual / np.sum((y - y.mean()) ** 2)),
        arms=arms,
        people=people,
        fitted_on=int(y.size),
        missing=missing,
        unlike=unlike,
        likeness=tuple(
            Like(name, i < len(surrogates), *map(float, (line.middle[i], at[i], apart[i], out[i])))
            for i, name in enumerate(names)
        ),
    )


def _method() -> Method:
    return Method(
        key="surrogate-index",
        assumptions=(
            Note("surrogacy"),
            Note("surrogate-comparable"),
            Note("surrogate-linear"),
        ),
        sources=("athey2019", "mackinnon1985"),
    )


def refusal(why: CannotAnswer, question: Estimand) -> Refusal:
    """Why nothing can be foretold."""
    return Refusal(
        estimand=question,
        code=why.code,
        params=why.problems[0].params,
        saw=why.saw,
        needs=why.needs,
        method=_method(),
    )


def answers(
    index: Index,
    question: Estimand,
    *,
    surrogates: Sequence[Surrogate],
    level: float = 0.95,
    origin: Origin | None = None,
) -> tuple[Finding | Table, ...]:
    """The foretold effect, and how alike the two samples are.

    The strength is "compared" whatever the experiment was: the index rests on people who were not
    in it. The standard error holds the fit of the index and the luck of the draw between arms; a
    note says that it holds nothing of a failure of surrogacy.
    """
    reach = normal_quantile(level) * index.se
    left = {"surrogate-missing": sum(index.missing)}
    counts = Counts(
        sum(index.people) + index.fitted_on,
        by_group=dict(
            zip(_groups(), (*index.people, index.fitted_on), strict=True),
        ),
        excluded=tuple(Exclusion(reason, n) for reason, n in left.items() if n),
    )
    first = min(s.month for s in surrogates)
    notes = (
        Note("surrogate-se"),
        Note("surrogate-when", {"months": f"{first:g}"}),
        Note("surrogate-fit", {"percent": round(100 * index.r_squared)}),
        Note("surrogate-unlike", {"percent": round(100 * index.unlike)}),
    )
    found = Finding(
        estimand=question,
        value=index.value,
        se=index.se,
        interval=Interval(((index.value - reach, index.value + reach),), level),
        counts=counts,
        parts=tuple(
            Part(group, n, value)
            for group, n, value in zip(_groups(), index.people, index.arms, strict=False)
        ),
        method=_method(),
        strength="compared",
        caveats=notes,
        origin=origin or Origin(),
    )
    return found, _likeness(index, question, counts, origin or Origin())


def _groups() -> tuple[str, str, str]:
    made = [english(f"label.surrogate-{g}") for g in ("offered", "control", "comparison")]
    return made[0], made[1], made[2]


def _likeness(index: Index, question: Estimand, counts: Counts, origin: Origin) -> Table:
    rows: list[Row] = [
        {
            "column": like.name,
            "n": sum(index.people),
            "comparison": like.comparison,
            "experiment": like.experiment,
            "apart": like.apart,
        }
        for like in index.likeness
    ]
    return Table(
        name="likeness",
        estimand=replace(
            question, outcome=english("label.likeness"), unit="number", summary="mean"
        ),
        columns=(
            Column("column", "key", "text"),
            Column("n", "denominator", "people"),
            Column("comparison", "value"),
            Column("experiment", "value"),
            Column("apart", "value"),
        ),
        rows=tuple(rows),
        dimensions=(Dimension("column", False),),
        method=_method(),
        strength="described",
        counts=counts,
        origin=origin,
    )
