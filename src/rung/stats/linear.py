"""Least squares for experiments, from per-arm moments: differences of means, ANCOVA, Lin (2013).

The covariates r of an arm are whitened: centred at the arm's mean and turned so that Σ w r rᵀ = I.
Then everything is a short sum. With y's slopes γ on r, a row of the arm has

    residual   e = (y − ȳ) − γ·r
    leverage   h = w (1/W + r·r)
    influence  g = c + d·r          on a contrast: the estimate is Σ w g y over all rows

and the variance of the contrast is Σ (w e g)² for HC0, with each term divided by (1 − h) for HC2
and (1 − h)² for HC3. One number a contrast is all that a second reading of the rows must bring
back: never the rows, nor the whole matrix. These are the sandwich estimators of the ordinary
design matrix (one dummy an arm; for Lin, covariates centred overall and crossed with the arms).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.linalg import solve_triangular

from rung.stats.moments import Floats, Moments, together

Adjust = Literal["none", "ancova", "lin"]
Variance = Literal["hc0", "hc1", "hc2", "hc3", "classical", "welch"]
POWER: Mapping[str, int] = {"hc2": 1, "hc3": 2}  # of (1 − h) in the sum; 0 for the others

# of a covariate's variation: what the others leave below this is rounding, not information
_RANK = 1e-11


class CollinearError(ValueError):
    """A covariate that does not vary, or that the earlier ones already give (within an arm)."""

    def __init__(self, column: str, arm: str | None) -> None:
        self.column, self.arm = column, arm
        super().__init__(f"{column!r} is constant or collinear")


@dataclass(frozen=True, eq=False)
class ArmFit:
    """One arm: its moments (outcome first), r = whitener @ (x − x̄), (k, k), and γ, (k,)."""

    moments: Moments
    whitener: Floats
    slopes: Floats


@dataclass(frozen=True, eq=False)
class Contrast:
    """One arm minus the control.

    `value` in the outcome's unit; `inverse` is its element of (X'WX)⁻¹; `influence` gives (c, d)
    for each arm whose rows have any, d of shape (k,).
    """

    arm: str
    value: float
    inverse: float
    influence: Mapping[str, tuple[float, Floats]]


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted regression: `parameters` counts its columns, `n` its rows."""

    arms: Mapping[str, ArmFit]
    control: str
    contrasts: Mapping[str, Contrast]
    n: int
    parameters: int


@dataclass(frozen=True)
class Residuals:
    """What the second reading brings back of one arm.

    `squares` is Σ w e², `meat` maps a contrast to Σ (w e g)² / (1 − h)^power, `leverage` is the
    largest h.
    """

    squares: float
    meat: Mapping[str, float]
    leverage: float


def whiten(scatter: Floats, floor: Floats, columns: tuple[str, ...], arm: str | None) -> Floats:
    """W, lower triangular, with W scatter Wᵀ = I; in standardised coordinates on the way.

    `floor` (k,) is each column's variation over everyone. Raises CollinearError for the first
    column that is constant or is given by those before it.
    """
    spread = np.diag(scatter)
    for column, own, all_ in zip(columns, spread, floor, strict=True):
        if not own > _RANK * all_:
            raise CollinearError(column, arm)
    scale = np.sqrt(spread)
    k = len(scale)
    lower = np.zeros((k, k))
    correlation = scatter / np.outer(scale, scale)
    for j in range(k):
        lower[j, :j] = solve_triangular(lower[:j, :j], correlation[:j, j], lower=True) if j else []
        left = 1 - lower[j] @ lower[j]
        if not left > _RANK:
            raise CollinearError(columns[j], arm)
        lower[j, j] = math.sqrt(left)
    if k == 0:
        return lower
    inverse: Floats = solve_triangular(lower, np.diag(1 / scale), lower=True)
    return inverse


def fit(moments: Mapping[str, Moments], control: str, adjust: Adjust) -> Fit:
    """Fit outcome (first column) on arms and covariates (the others), from per-arm moments.

    `moments` maps an arm to its summary, control included. Raises CollinearError.
    Sources: neyman1923, freedman2008 (ANCOVA), lin2013.
    """
    everyone = together(moments.values())
    k = len(everyone.columns) - 1
    n = everyone.n
    if adjust == "lin":
        arms = {a: _line(m, m.scatter, everyone, a) for a, m in moments.items()}
        parameters = len(arms) * (1 + k)
    else:
        pooled = np.sum([m.scatter for m in moments.values()], axis=0)
        arms = {a: _line(m, pooled, everyone, None) for a, m in moments.items()}
        parameters = len(arms) + k
    make = _lin_contrast if adjust == "lin" else _ancova_contrast
    contrasts = {a: make(arms, a, control, everyone) for a in moments if a != control}
    return Fit(arms, control, contrasts, n, parameters)


def _line(own: Moments, scatter: Floats, everyone: Moments, arm: str | None) -> ArmFit:
    floor = np.diag(everyone.scatter)[1:]
    whitener = whiten(scatter[1:, 1:], floor, own.columns[1:], arm)
    return ArmFit(own, whitener, whitener @ scatter[1:, 0])


def _away(a: Moments, b: Moments) -> Floats:
    """Mean of a minus mean of b, without loss when they share an origin."""
    return (a.origin - b.origin) + (a.shift - b.shift)


def _ancova_contrast(
    arms: Mapping[str, ArmFit], arm: str, control: str, everyone: Moments
) -> Contrast:
    one, other = arms[arm], arms[control]
    apart = _away(one.moments, other.moments)
    turned = one.whitener @ apart[1:]
    constant = {arm: 1 / one.moments.weight, control: -1 / other.moments.weight}
    touched = arms if turned.size else (arm, control)
    return Contrast(
        arm,
        float(apart[0] - one.slopes @ turned),
        float(1 / one.moments.weight + 1 / other.moments.weight + turned @ turned),
        {a: (constant.get(a, 0.0), -turned) for a in touched},
    )


def _lin_contrast(
    arms: Mapping[str, ArmFit], arm: str, control: str, everyone: Moments
) -> Contrast:
    value, inverse = 0.0, 0.0
    influence = {}
    for a, sign in ((arm, 1.0), (control, -1.0)):
        each = arms[a]
        away = _away(each.moments, everyone)
        turned = each.whitener @ away[1:]
        value += sign * float(away[0] - each.slopes @ turned)
        inverse += float(1 / each.moments.weight + turned @ turned)
        influence[a] = (sign / each.moments.weight, -sign * turned)
    return Contrast(arm, value, inverse, influence)


def residuals_of_means(fitted: Fit, se: Variance) -> dict[str, Residuals]:
    """The second reading, without reading: exact when there are no covariates and no weights."""
    found = {}
    for a, each in fitted.arms.items():
        n, squares = each.moments.n, float(each.moments.scatter[0, 0])
        meat = {
            t: squares * contrast.influence[a][0] ** 2 / (1 - 1 / n) ** POWER.get(se, 0)
            for t, contrast in fitted.contrasts.items()
            if a in contrast.influence
        }
        found[a] = Residuals(squares, meat, 1 / n)
    return found


def standard_error(
    fitted: Fit, contrast: Contrast, residuals: Mapping[str, Residuals], se: Variance
) -> tuple[float, float]:
    """Standard error of a contrast, and its degrees of freedom.

    df is n − k for classical and HC0 to HC3 (as estimatr's lm_robust), Welch–Satterthwaite's for
    welch (as its difference_in_means). Sources: mackinnon1985, samii2012, welch1947.
    """
    df = float(fitted.n - fitted.parameters)
    if se == "welch":
        return _welch(fitted, contrast)
    if se == "classical":
        squares = sum(r.squares for r in residuals.values())
        return math.sqrt(squares / df * contrast.inverse), df
    meat = sum(r.meat[contrast.arm] for a, r in residuals.items() if a in contrast.influence)
    if se == "hc1":
        meat *= fitted.n / df
    return math.sqrt(meat), df


def _welch(fitted: Fit, contrast: Contrast) -> tuple[float, float]:
    parts = []
    for a in (contrast.arm, fitted.control):
        own = fitted.arms[a].moments
        parts.append((float(own.scatter[0, 0]) / (own.n - 1) / own.n, own.n - 1))
    variance = sum(v for v, _ in parts)
    df = variance**2 / sum(v**2 / m for v, m in parts) if variance else math.nan
    return math.sqrt(variance), df
