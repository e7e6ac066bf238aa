"""What a family has left as its wage rises, and where it falls."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from rung.cycle.outcome import Outcome, told
from rung.messages import english
from rung.returns.household import answers as household_answers
from rung.returns.household import full
from rung.returns.household.family import HELP as HELP
from rung.returns.household.family import MOST_CHILDREN as MOST_CHILDREN
from rung.returns.household.family import STATES as STATES
from rung.returns.household.family import Family as Family
from rung.returns.household.family import Wages as Wages
from rung.share.release import Audience, Outside

Model = Literal["auto", "built-in", "full"]


def household(
    family: Family,
    wages: Wages,
    *,
    year: int | None = None,
    model: Model = "auto",
    cache: Path | None = None,
    audience: Audience | None = None,
) -> Outcome:
    """Net income as a family's wage rises: taxes, credits, help, falls, and what makes up for them.

    The built-in model, or the full one (PolicyEngine-US, in its own process): "auto" takes
    the full one where it is set up. `cache` is a
    folder for the full model's replies; without it nothing is kept. No records are read, so the
    answers are exact for every audience. Raises PlanError with everything that is wrong.
    """
    rules = household_answers.check(family, wages, year)
    fully = model == "full" or (model == "auto" and full_model())
    found = (
        household_answers.modelled(family, wages, rules, cache)
        if fully
        else household_answers.built_in(family, wages, rules)
    )
    return told(
        "household",
        household_answers.answers(family, wages, rules, found),
        audience=audience or Outside(),
        exempt=english("label.household-exempt"),
        model=f"policyengine-us {found.version}" if found.version else "built-in",
    )


def full_model() -> bool:
    """Whether the full model is set up on this machine."""
    return full.interpreter() is not None
