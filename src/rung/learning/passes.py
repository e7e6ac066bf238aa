"""The second and third reading of a test's rows: moments by arm, then residuals and leverage.

The columns are many and not known beforehand, so these queries are built as trees. Each returns
one row an arm. In the third, the coefficients stand in the text as literals: one nested select an
arm, covariates whitened first, so that residual, leverage and influence are each one short sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce

import numpy as np
from sqlglot import exp

from rung.learning.rows import Frame, Variable, arm_label, count
from rung.records.query import Session, alias, name, tree
from rung.stats.linear import POWER, ArmFit, Contrast, Fit, Residuals, Variance
from rung.stats.moments import Floats, Moments


def _plus(terms: Iterable[exp.Expr]) -> exp.Expr:
    return reduce(lambda a, b: exp.Add(this=a, expression=b), terms)


def _times(*factors: exp.Expr) -> exp.Expr:
    safe = [exp.paren(f, copy=False) if isinstance(f, exp.Binary) else f for f in factors]
    return reduce(lambda a, b: exp.Mul(this=a, expression=b), safe)


def _affine(constant: float, slopes: Floats, columns: Sequence[str]) -> exp.Expr:
    """constant + Σ slope · column, without the terms that are zero."""
    terms = [
        _times(tree(float(s)), name(c)) for s, c in zip(slopes, columns, strict=True) if s != 0
    ]
    return _plus([tree(float(constant)), *terms])


def _centred(frame: Frame, variables: Sequence[Variable], where: exp.Expr) -> exp.Select:
    """One row a person analysed: arm, w when there are weights, u0, u1, … near zero."""
    items = [alias(name(frame.arm_column), "arm")]
    if frame.weight is not None:
        items.append(alias(frame.weight, "w"))
    items += [alias(v.centred, f"u{i}") for i, v in enumerate(variables)]
    return exp.select(*items).from_(exp.table_(frame.view, quoted=True)).where(where)


def _weighted(frame: Frame, *factors: exp.Expr) -> exp.Expr:
    return _times(*([name("w")] if frame.weight is not None else []), *factors)


def read_moments(session: Session, frame: Frame) -> tuple[dict[str, Moments], dict[str, Floats]]:
    """Moments of outcome and covariates by arm label, and each column's plain sum, (p,).

    The plain (unweighted, origin added back) sums count people: yeses, and indicators' ones.
    """
    variables = frame.variables
    p = len(variables)
    columns = [f"u{i}" for i in range(p)]
    pairs = [(i, j) for i in range(p) for j in range(i, p)]
    items = [name("arm"), alias(count(), "n")]
    if frame.weight is not None:
        items.append(alias(exp.Sum(this=name("w")), "w"))
        items += [alias(exp.Sum(this=name(c)), f"plain{i}") for i, c in enumerate(columns)]
    items += [
        alias(exp.Sum(this=_weighted(frame, name(c))), f"s{i}") for i, c in enumerate(columns)
    ]
    items += [
        alias(exp.Sum(this=_weighted(frame, name(columns[i]), name(columns[j]))), f"s{i}_{j}")
        for i, j in pairs
    ]
    query = (
        exp.select(*items)
        .from_(_centred(frame, variables, frame.analysed).subquery("rows_by_arm"))
        .group_by(name("arm"))
    )
    origin = np.array([v.origin for v in variables])
    labels = tuple(f"u{i}" for i in range(p))
    found, plain = {}, {}
    for row in session.run(query).dicts():
        label = arm_label(row["arm"]) or ""
        products = np.zeros((p, p))
        for i, j in pairs:
            products[i, j] = products[j, i] = row[f"s{i}_{j}"]
        sums = [row[f"s{i}"] for i in range(p)]
        weight = float(row.get("w", row["n"]))
        found[label] = Moments.from_sums(labels, row["n"], weight, origin, sums, products)
        counted = sums if frame.weight is None else [row[f"plain{i}"] for i in range(p)]
        plain[label] = np.array(counted) + origin * row["n"]
    ordered = [a.label for a in frame.arms]
    return {a: found[a] for a in ordered}, {a: plain[a] for a in ordered}


def read_residuals(
    session: Session, frame: Frame, fitted: Fit, se: Variance
) -> dict[str, Residuals]:
    """Sums of squared residuals, the contrasts' meat and the largest leverage, by arm label."""
    columns = next(iter(fitted.arms.values())).moments.columns
    variables = [frame.variables[int(c[1:])] for c in columns]
    selects = []
    for i, (label, each) in enumerate(fitted.arms.items()):
        rows = _centred(frame, variables, frame.analysed_in(label))
        selects.append(_one_arm(frame, rows, i, label, each, fitted, se))
    query: exp.Expr = selects[0]
    for select in selects[1:]:
        query = exp.Union(this=query, expression=select, distinct=False)
    found = {}
    arms = list(fitted.arms)
    contrasts = list(fitted.contrasts)
    for row in session.run(query).dicts():
        meat = {t: row[f"meat{j}"] for j, t in enumerate(contrasts) if row[f"meat{j}"] is not None}
        found[arms[row["at"]]] = Residuals(row["squares"], meat, row["leverage"])
    return found


def _one_arm(
    frame: Frame,
    rows: exp.Select,
    at: int,
    label: str,
    each: ArmFit,
    fitted: Fit,
    se: Variance,
) -> exp.Select:
    k = len(each.slopes)
    whites = [f"r{j}" for j in range(1, k + 1)]
    centred = [f"u{j}" for j in range(k + 1)]
    start = -(each.whitener @ each.moments.shift[1:])
    weight = [name("w")] if frame.weight is not None else []
    white = exp.select(
        *weight,
        name("u0"),
        *(
            alias(_affine(start[j], each.whitener[j, : j + 1], centred[1 : j + 2]), whites[j])
            for j in range(k)
        ),
    ).from_(rows.subquery("centred"))
    residual = _plus([name("u0"), _affine(-each.moments.shift[0], -each.slopes, whites)])
    leverage = _weighted(
        frame,
        _plus([tree(float(1 / each.moments.weight)), *(_times(name(r), name(r)) for r in whites)]),
    )
    influence = {t: _influence(c, label, whites) for t, c in fitted.contrasts.items()}
    terms = exp.select(
        *weight,
        alias(residual, "e"),
        alias(leverage, "h"),
        *(alias(g, f"g{j}") for j, g in enumerate(influence.values()) if g is not None),
    ).from_(white.subquery("whitened"))
    robust = se not in ("classical", "welch")
    return exp.select(
        alias(exp.cast(tree(at), "INTEGER"), "at"),
        alias(exp.Sum(this=_weighted(frame, name("e"), name("e"))), "squares"),
        alias(exp.Max(this=name("h")), "leverage"),
        *(
            alias(
                _meat(frame, f"g{j}", se)
                if robust and g is not None
                else exp.cast(exp.Null(), "DOUBLE"),
                f"meat{j}",
            )
            for j, g in enumerate(influence.values())
        ),
    ).from_(terms.subquery("terms"))


def _influence(contrast: Contrast, arm: str, whites: Sequence[str]) -> exp.Expr | None:
    if arm not in contrast.influence:
        return None
    constant, slopes = contrast.influence[arm]
    return _affine(constant, slopes, whites)


def _meat(frame: Frame, influence: str, se: Variance) -> exp.Expr:
    once = _weighted(frame, name("e"), name(influence))
    square = _times(exp.paren(once), exp.paren(once.copy()))
    room = exp.paren(exp.Sub(this=tree(1.0), expression=name("h")))
    for _ in range(POWER.get(se, 0)):
        # a leverage of one is refused afterwards; it must not be an error of the engine before
        divisor = exp.Nullif(this=room.copy(), expression=tree(0.0))
        square = exp.Div(this=square, expression=divisor)
    return exp.Sum(this=square)
