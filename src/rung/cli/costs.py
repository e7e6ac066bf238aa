"""The verb of costs."""

from __future__ import annotations

import math
from decimal import Decimal
from pathlib import Path
from typing import Annotated

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
    now,
)


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


def add_to(app: typer.Typer) -> None:
    """Make this verb known."""
    app.command()(costs)
