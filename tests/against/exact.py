"""Exact least squares in fractions: who is right where floating point loses digits.

Nothing is rounded until the last step, the square root. Slow, short and independent of both Rung
and R. Used on the badly scaled data, where R's own columns cost it digits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

Matrix = list[list[Fraction]]


def solve(a: Matrix, b: Matrix) -> Matrix:
    """a⁻¹ b by Gauss–Jordan; a is square and regular."""
    n = len(a)
    rows = [[*a[i], *b[i]] for i in range(n)]
    for i in range(n):
        pivot = next(r for r in range(i, n) if rows[r][i])
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [v / rows[i][i] for v in rows[i]]
        for r in range(n):
            if r != i and rows[r][i]:
                factor = rows[r][i]
                rows[r] = [v - factor * p for v, p in zip(rows[r], rows[i], strict=True)]
    return [row[n:] for row in rows]


def _dot(a: Sequence[Fraction], b: Sequence[Fraction]) -> Fraction:
    return sum((x * y for x, y in zip(a, b, strict=True)), Fraction(0))


def design(
    treated: Sequence[int], covariates: Matrix, adjust: str, weights: Sequence[Fraction]
) -> Matrix:
    """Rows of (1, z[, x][, z·(x − x̄)]), the ordinary design matrix of each estimator."""
    if adjust == "none":
        return [[Fraction(1), Fraction(z)] for z in treated]
    total = sum(weights)
    middle = [_dot(weights, column) / total for column in zip(*covariates, strict=True)]
    rows = []
    for z, x in zip(treated, covariates, strict=True):
        away = [v - m for v, m in zip(x, middle, strict=True)]
        crossed = [z * v for v in away] if adjust == "lin" else []
        rows.append([Fraction(1), Fraction(z), *away, *crossed])
    return rows


def effect(
    y: Sequence[Fraction], x: Matrix, w: Sequence[Fraction], se: str
) -> tuple[float, float, int]:
    """Estimate, standard error and df of the second column of x, weighted by w."""
    n, k = len(y), len(x[0])
    cross = [
        [sum((wi * r[i] * r[j] for wi, r in zip(w, x, strict=True)), Fraction(0)) for j in range(k)]
        for i in range(k)
    ]
    moment = [
        [sum((wi * r[i] * v for wi, r, v in zip(w, x, y, strict=True)), Fraction(0))]
        for i in range(k)
    ]
    identity = [[Fraction(int(i == j)) for j in range(k)] for i in range(k)]
    inverse = solve(cross, identity)
    beta = [_dot(row, [m[0] for m in moment]) for row in inverse]
    errors = [v - _dot(r, beta) for v, r in zip(y, x, strict=True)]
    if se == "classical":
        squares = sum((wi * e * e for wi, e in zip(w, errors, strict=True)), Fraction(0))
        variance = squares / (n - k) * inverse[1][1]
    else:
        power = {"hc2": 1, "hc3": 2}.get(se, 0)
        variance = Fraction(0)
        for wi, r, e in zip(w, x, errors, strict=True):
            leverage = wi * _dot(r, [_dot(row, r) for row in inverse]) if power else Fraction(0)
            variance += (wi * e * _dot(inverse[1], r)) ** 2 / (1 - leverage) ** power
        if se == "hc1":
            variance = variance * n / (n - k)
    return float(beta[1]), math.sqrt(variance), n - k
