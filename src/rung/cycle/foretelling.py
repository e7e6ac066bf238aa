"""A later effect foretold from early outcomes, by a group whose later outcome is known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlglot import exp

from rung.cycle.outcome import AnyAnswer, Clock, Outcome, told
from rung.documents import file_digest
from rung.errors import CannotAnswer, PlanError, Problem
from rung.finding import Estimand, Origin
from rung.messages import english
from rung.records import engine as engines
from rung.records import query
from rung.records.query import Name, Session
from rung.returns import surrogate
from rung.returns.surrogate import Surrogate
from rung.share.release import Audience

_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL",
            "BOOLEAN")  # fmt: skip


def foretell(
    experiment: Path,
    comparison: Path,
    *,
    outcome: str,
    surrogates: Sequence[Surrogate],
    training_ends: float,
    arm: str,
    control: str,
    covariates: Sequence[str] = (),
    unit: str = "dollars",
    level: float = 0.95,
    audience: Audience | None = None,
    clock: Clock | None = None,
) -> Outcome:
    """The effect on a later `outcome` that early outcomes foretell, and how alike the samples are.

    `experiment` is a file of people with the column `arm` (everyone not `control` was offered the
    program), the surrogates and the covariates; `comparison` one with these and the later outcome.
    Raises RecordsError, PlanError (PLAN-no-column, PLAN-surrogate-number, PLAN-no-control,
    PLAN-surrogate-early, PLAN-level).
    """
    if not 0 < level < 1:
        raise PlanError("PLAN-level")
    names = [*(s.name for s in surrogates), *covariates]
    question = Estimand(
        outcome=outcome,
        unit=unit,
        population=english("label.everyone-assigned"),
        contrast=english("label.arms-compared"),
        summary="difference in means",
        horizon=english("label.foretold"),
    )
    with TemporaryDirectory(prefix="rung-") as work, Session() as session:
        for view, path in (("experiment", experiment), ("comparison", comparison)):
            (folder := Path(work) / view).mkdir()
            engines.attach(session, view, path, folder, table="people")
        here = _measures(session, "experiment", names, arm)
        there = _measures(session, "comparison", [outcome, *names], None)
        arms = here.pop("arm")
        if not (arms == control).any():
            raise PlanError(Problem(code="PLAN-no-control", column=arm, weight="break"))
        origin = Origin(
            inputs=tuple(sorted(file_digest(p) for p in (experiment, comparison))),
            queries=tuple(session.log),
        )
    found: tuple[AnyAnswer, ...]
    try:
        index = surrogate.fit(
            arms != control,
            [here[f"m{i}"] for i in range(len(names))],
            there["m0"],
            [there[f"m{i + 1}"] for i in range(len(names))],
            surrogates=surrogates,
            covariates=covariates,
            training_ends=training_ends,
        )
        found = surrogate.answers(
            index, question, surrogates=surrogates, level=level, origin=origin
        )
    except CannotAnswer as why:
        found = (surrogate.refusal(why, question),)
    return told("surrogate", found, audience=audience, today=clock().date() if clock else None)


def _measures(
    session: Session, view: str, names: Sequence[str], arm: str | None
) -> dict[str, NDArray[Any]]:
    """Columns m0, m1, … as numbers, and the arm as text."""
    have = session.columns(view)
    missing = [n for n in (*names, *([arm] if arm else [])) if n not in have]
    words = [n for n in names if n in have and not have[n].startswith(_NUMBERS)]
    problems = [Problem(code="PLAN-no-column", params={"column": n}, weight="break", table=view)
                for n in missing]  # fmt: skip
    problems += [Problem(code="PLAN-surrogate-number", column=n, weight="break") for n in words]
    if problems:
        raise PlanError(problems)
    nan = query.as_double(exp.Literal.string("NaN"))
    text = exp.cast(query.name(arm), "VARCHAR") if arm else exp.Literal.string("")
    found = session.arrays(
        query.load("rung.returns", "measures"),
        arm=text,
        measures=[
            query.alias(exp.func("coalesce", query.as_double(query.name(n)), nan.copy()), f"m{i}")
            for i, n in enumerate(names)
        ],
        people=Name(view),
    )
    return {k: v if k == "arm" else v.astype(np.float64) for k, v in found.items()}
