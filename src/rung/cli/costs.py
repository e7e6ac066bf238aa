"""The verbs of costs and of effects foretold."""

from __future__ import annotations

import math
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from rung.cli.options import (
    AsJson,
    ForOutside,
    LabPath,
    Language,
    Level,
    audience_of,
    day_of,
    finish,
    names_of,
    now,
)

if TYPE_CHECKING:
    from rung.returns.surrogate import Surrogate


def costs(
    lab: LabPath,
    ingredients: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A CSV of ingredients; by default lab.toml names it."),
    ] = None,
    rate: Annotated[
        float | None, typer.Option(min=0, max=1, help="Real rate a year of what lasts: 0.03.")
    ] = None,
    dollar_year: Annotated[int | None, typer.Option(help="The year of the dollars told.")] = None,
    prices: Annotated[
        Path | None, typer.Option(help="A price index: CSV with year, month, value.")
    ] = None,
    cohort: Annotated[
        str | None, typer.Option(help="Who: 2025, FY2025, PY2025, 2025Q1, or a cohort's name.")
    ] = None,
    as_of: Annotated[str | None, typer.Option(help="The day to speak of: 2025-06-30.")] = None,
    arm: Annotated[str | None, typer.Option(help="The column with each person's arm.")] = None,
    control: Annotated[str | None, typer.Option(help="The arm to compare with.")] = None,
    effect: Annotated[
        float | None, typer.Option(help="An effect to set the cost beside: 8 points.")
    ] = None,
    effect_se: Annotated[
        float | None, typer.Option(min=0, help="The standard error of the effect.")
    ] = None,
    effect_unit: Annotated[
        str | None, typer.Option(help="What one of it is: 'point of completion'.")
    ] = None,
    level: Level = 0.95,
    outside: ForOutside = False,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """What does the program cost: a person, a completer, a job kept, a point of effect?

    Example: rung costs riverbend --ingredients costs.csv --cohort 2025
    """
    from rung import cycle, messages
    from rung.cli import show
    from rung.returns.costs_tables import Effect

    messages.speak(language)
    told = [effect, effect_se, effect_unit]
    if any(x is not None for x in told) and None in told:
        raise typer.BadParameter("--effect, --effect-se and --effect-unit go together")
    beside = None
    if effect is not None and effect_se is not None and effect_unit is not None:
        if not (math.isfinite(effect) and math.isfinite(effect_se)):
            raise typer.BadParameter("an effect is a plain number")
        beside = Effect(effect, effect_se, effect_unit)
    with show.progress(as_json):
        outcome = cycle.costs(
            cycle.open_lab(lab),
            ingredients,
            rate=None if rate is None else Decimal(str(rate)),
            dollar_year=dollar_year,
            prices=prices,
            cohort=cohort,
            as_of=day_of(as_of),
            arm=arm,
            control=control,
            effect=beside,
            level=level,
            audience=audience_of(outside),
            clock=now,
        )
    finish(outcome, as_json)


def surrogate(
    experiment: Annotated[Path, typer.Argument(help="People of a test: arm, early outcomes.")],
    comparison: Annotated[
        Path, typer.Argument(help="People whose later outcome is known: the same, and the outcome.")
    ],
    outcome: Annotated[str, typer.Option(help="The later outcome's column, in the second file.")],
    early: Annotated[
        str, typer.Option(help="Early outcomes and the month of each: pay_18=18,pay_24=24.")
    ],
    training_ends: Annotated[
        float, typer.Option(min=0, help="Months after entry when the last people finish training.")
    ],
    arm: Annotated[str, typer.Option(help="The column with each person's arm.")],
    control: Annotated[str, typer.Option(help="The arm that was not offered the program.")],
    covariates: Annotated[
        str | None, typer.Option(help="Columns from before the test, separated by commas.")
    ] = None,
    unit: Annotated[
        Literal["dollars", "share", "number"], typer.Option(help="What the outcome is measured in.")
    ] = "dollars",
    level: Level = 0.95,
    outside: ForOutside = False,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """What later effect do the early outcomes of a test foretell?

    Example: rung surrogate test.csv past.csv --outcome pay_60 --early pay_18=18 --training-ends 12
    --arm arm --control control
    """
    from rung import cycle, messages

    messages.speak(language)
    outcome_told = cycle.foretell(
        experiment,
        comparison,
        outcome=outcome,
        surrogates=_early(early),
        training_ends=training_ends,
        arm=arm,
        control=control,
        covariates=names_of(covariates) or (),
        unit=unit,
        level=level,
        audience=audience_of(outside),
        clock=now,
    )
    finish(outcome_told, as_json)


def _early(text: str) -> tuple[Surrogate, ...]:
    from rung.returns.surrogate import Surrogate

    found = []
    for part in names_of(text) or ():
        name, _, month = part.rpartition("=")
        try:
            when = float(month)
        except ValueError:
            when = math.nan
        if not name or not math.isfinite(when):
            raise typer.BadParameter("early outcomes are written pay_18=18,pay_24=24")
        found.append(Surrogate(name, when))
    return tuple(found)


def add_to(app: typer.Typer) -> None:
    """Make these verbs known."""
    app.command()(costs)
    app.command()(surrogate)
