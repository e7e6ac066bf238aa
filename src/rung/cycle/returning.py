"""What a program is worth: the returns of a SPEC.toml, and a quick marginal value."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rung.cycle.outcome import Clock, Outcome, told
from rung.errors import PlanError
from rung.returns import answers
from rung.returns.perspectives import PERSPECTIVES
from rung.returns.spec import Spec
from rung.share.release import Audience


def returns(
    spec: Path | Spec,
    *,
    perspectives: Sequence[str] = (),
    draws: int | None = None,
    seed: int | None = None,
    audience: Audience | None = None,
    clock: Clock | None = None,
) -> Outcome:
    """What a program is worth, to whom, and how sure: from a SPEC.toml or one that was read.

    Net present value, benefit-cost ratio, internal rate of return and break-even by perspective,
    the marginal value of public funds, and what the answer hangs on. `perspectives` are names of
    `PERSPECTIVES`; `draws` and `seed` take the place of those in the file. Raises RecordsError or
    PlanError as `Spec.read` does, PlanError (PLAN-no-perspective, PLAN-draws).
    """
    unknown = [p for p in perspectives if p not in PERSPECTIVES]
    if unknown:
        known = ", ".join(PERSPECTIVES)
        raise PlanError("PLAN-no-perspective", perspective=unknown[0], known=known)
    if (draws is not None and not 100 <= draws <= 100_000) or (seed is not None and seed < 0):
        raise PlanError("PLAN-draws", least=100, most=100_000)
    asked = Spec.read(spec) if isinstance(spec, Path) else spec
    return told(
        "returns",
        answers.answers(asked, perspectives=perspectives, n=draws, seed=seed),
        audience=audience,
        exempt=asked.file.program.published or None,
        today=clock().date() if clock else None,
        draws=asked.file.draws.n if draws is None else draws,
        seed=asked.seed if seed is None else seed,
    )


def mvpf(
    wtp: float,
    cost: float,
    *,
    wtp_se: float = 0.0,
    cost_se: float = 0.0,
    correlation: float = 0.0,
    level: float = 0.95,
) -> Outcome:
    """The marginal value of public funds: what people would pay, over net public cost.

    Dollars a person, any size; standard errors and their correlation give the values that the
    data allow. Raises PlanError (PLAN-errors) when those cannot be.
    """
    if wtp_se < 0 or cost_se < 0 or abs(correlation) > 1:
        raise PlanError("PLAN-errors")
    answer = answers.quick(wtp, cost, wtp_se, cost_se, correlation, level)
    return told("mvpf", [answer], wtp=wtp, cost=cost)
