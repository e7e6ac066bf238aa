"""The second and third reading of a test's rows: moments by arm, then residuals and leverage.

The columns are many and not known beforehand, so these queries are built as trees. Each returns
one row an arm. In the third, the coefficients stand in the text as literals, chosen by
arm; covariates are whitened first, so that residual, leverage and influence are each one short sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce

import numpy as np
from sqlglot import exp

from rung.learning.rows import Frame, Variable, arm_label, count
from rung.records.engine import Engine
from rung.records.query import alias, name, tree
from rung.stats.linear import POWER, Fit, Residuals, Variance
from rung.stats.moments import Floats, Moments


def _plus(terms: Iterable[exp.Expr]) -> exp.Expr:
    return reduce(lambda a, b: exp.Add(this=a, expression=b), terms)


def _times(*factors: exp.Expr) -> exp.Expr:
    safe = [exp.paren(f, copy=False) if isinstance(f, exp.Binary) else f for f in factors]
    return reduce(lambda a, b: exp.Mul(this=a, expression=b), safe)


def _centred(frame: Frame, variables: Sequence[Variable], where: exp.Expr) -> exp.Select:
    """One row a person analysed: arm, w when there are weights, u0, u1, … near zero."""
    items = [alias(name(frame.arm_column), "arm")]
    if frame.weight is not None:
        items.append(alias(frame.weight, "w"))
    items += [alias(v.centred, f"u{i}") for i, v in enumerate(variables)]
    return exp.select(*items).from_(exp.table_(frame.view, quoted=True)).where(where)


def _weighted(frame: Frame, *factors: exp.Expr) -> exp.Expr:
    return _times(*([name("w")] if frame.weight is not None else []), *factors)


def read_moments(session: Engine, frame: Frame) -> tuple[dict[str, Moments], dict[str, Floats]]:
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
    session: Engine, frame: Frame, fitted: Fit, se: Variance
) -> dict[str, Residuals]:
    """Sums of squared residuals, the contrasts' meat and the largest leverage, by arm label."""
    columns = next(iter(fitted.arms.values())).moments.columns
    variables = [frame.variables[int(c[1:])] for c in columns]
    whites = [f"r{j}" for j in range(1, len(columns))]
    people = _centred(frame, variables, frame.analysed).subquery("centred")
    terms = _terms(frame, fitted, whites, people).subquery("terms")
    robust = se not in ("classical", "welch")
    contrasts = list(fitted.contrasts) if robust else []
    query = (
        exp.select(
            name("arm"),
            alias(exp.Sum(this=_weighted(frame, name("e"), name("e"))), "squares"),
            alias(exp.Max(this=name("h")), "leverage"),
            *(alias(_meat(frame, f"g{j}", se), f"meat{j}") for j in range(len(contrasts))),
        )
        .from_(terms)
        .group_by(name("arm"))
    )
    return {
        arm_label(row["arm"]) or "": Residuals(
            row["squares"],
            {t: row[f"meat{j}"] for j, t in enumerate(contrasts)},
            row["leverage"],
        )
        for row in session.run(query).dicts()
    }


def _terms(frame: Frame, fitted: Fit, whites: Sequence[str], people: exp.Expr) -> exp.Select:
    """One row a person analysed: arm, w, residual e, leverage h, influence g0, g1, …"""
    arms = fitted.arms
    weight = [name("w")] if frame.weight is not None else []
    centred = [f"u{j}" for j in range(1, len(whites) + 1)]
    starts = {a: -(each.whitener @ each.moments.shift[1:]) for a, each in arms.items()}
    white = exp.select(
        name("arm"),
        *weight,
        name("u0"),
        *(
            alias(
                _by_arm(
                    frame,
                    {a: (starts[a][j], each.whitener[j, : j + 1]) for a, each in arms.items()},
                    centred[: j + 1],
                ),
                r,
            )
            for j, r in enumerate(whites)
        ),
    ).from_(people)
    means = {a: (-each.moments.shift[0], -each.slopes) for a, each in arms.items()}
    flat = np.zeros(len(whites))
    alone = {a: (1 / each.moments.weight, flat) for a, each in arms.items()}
    squares = [_times(name(r), name(r)) for r in whites]
    return exp.select(
        name("arm"),
        *weight,
        alias(_plus([name("u0"), _by_arm(frame, means, whites)]), "e"),
        alias(_weighted(frame, _plus([_by_arm(frame, alone, whites), *squares])), "h"),
        *(
            alias(
                _by_arm(frame, {a: c.influence.get(a, (0.0, flat)) for a in arms}, whites), f"g{j}"
            )
            for j, c in enumerate(fitted.contrasts.values())
        ),
    ).from_(white.subquery("whitened"))


def _by_arm(
    frame: Frame, lines: Mapping[str, tuple[float, Floats]], columns: Sequence[str]
) -> exp.Expr:
    """Each arm's constant + Σ slope · column; what the arms share is written once."""
    constants = {a: float(constant) for a, (constant, _) in lines.items()}
    slopes = [s for _, s in lines.values()]
    if all(np.array_equal(s, slopes[0]) for s in slopes):
        first = _choose(frame, {a: tree(c) for a, c in constants.items()})
        return _plus([first, *_products(slopes[0], columns)])
    return _choose(
        frame,
        {a: _plus([tree(constants[a]), *_products(s, columns)]) for a, (_, s) in lines.items()},
    )


def _products(slopes: Floats, columns: Sequence[str]) -> list[exp.Expr]:
    return [_times(tree(float(s)), name(c)) for s, c in zip(slopes, columns, strict=True) if s != 0]


def _choose(frame: Frame, branches: Mapping[str, exp.Expr]) -> exp.Expr:
    """The branch of the row's arm."""
    *others, (_, last) = branches.items()
    if all(each == last for _, each in others):
        return last
    made = exp.case()
    for label, each in others:
        value = tree(frame.arm(label).value)
        made = made.when(exp.EQ(this=name("arm"), expression=value), each)
    return made.else_(last)


def _meat(frame: Frame, influence: str, se: Variance) -> exp.Expr:
    once = _weighted(frame, name("e"), name(influence))
    square = _times(exp.paren(once), exp.paren(once.copy()))
    room = exp.paren(exp.Sub(this=tree(1.0), expression=name("h")))
    for _ in range(POWER.get(se, 0)):
        # a leverage of one is refused afterwards; it must not be an error of the engine before
        divisor = exp.Nullif(this=room.copy(), expression=tree(0.0))
        square = exp.Div(this=square, expression=divisor)
    return exp.Sum(this=square)
