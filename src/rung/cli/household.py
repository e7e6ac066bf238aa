"""The verb of a family's net income."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from rung.cli.options import AsJson, Language, finish, names_of


def _amount(text: str) -> float:
    try:
        return float(text.strip().replace(",", "").removeprefix("$"))
    except ValueError:
        raise typer.BadParameter("an amount is written 15 or 19.50") from None


def _range(text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    low, dots, high = text.partition("..")
    return (_amount(low), _amount(high if dots else low))


def _path(text: str | None) -> tuple[tuple[str, float], ...]:
    rungs = [part.rpartition("=") for part in names_of(text) or ()]
    return tuple((name.strip(), _amount(wage)) for name, _, wage in rungs)


def _ages(text: str | None) -> tuple[int, ...]:
    try:
        return tuple(int(age) for age in names_of(text) or ())
    except ValueError:
        raise typer.BadParameter("ages are whole years, like 4,7") from None


def household(
    state: Annotated[str, typer.Option(help="Where they live: NY, TX, DC.")],
    hourly: Annotated[
        str | None, typer.Option(help="Wages to look at, in dollars: 15..30.")
    ] = None,
    path: Annotated[
        str | None, typer.Option(help="Rungs of a career path: 15,17,24 or aide=15,nurse=24.")
    ] = None,
    adults: Annotated[int, typer.Option(help="1 or 2.")] = 1,
    children: Annotated[int | None, typer.Option(help="How many, 0 to 10.")] = None,
    ages: Annotated[str | None, typer.Option(help="The children's ages: 4,7.")] = None,
    married: Annotated[bool, typer.Option("--married", help="The two file together.")] = False,
    partner_earnings: Annotated[
        str, typer.Option(help="What the other adult earns, in dollars a year.")
    ] = "0",
    hours_per_week: Annotated[float, typer.Option(help="Paid hours a week.")] = 40.0,
    weeks: Annotated[float, typer.Option(help="Paid weeks a year.")] = 52.0,
    rent: Annotated[str, typer.Option(help="Rent, in dollars a month.")] = "0",
    utilities: Annotated[
        bool, typer.Option("--utilities", help="Heat or cooling is paid apart from the rent.")
    ] = False,
    childcare_cost: Annotated[str, typer.Option(help="Dollars a month.")] = "0",
    has: Annotated[
        str | None, typer.Option(help="Help the family gets: medicaid,childcare,housing,tanf.")
    ] = None,
    year: Annotated[int | None, typer.Option(help="The year of the rules.")] = None,
    step: Annotated[str, typer.Option(help="From one wage to the next, in dollars.")] = "0.50",
    model: Annotated[
        Literal["auto", "built-in", "full"],
        typer.Option(help="Taxes, credits and SNAP, or all rules (needs PolicyEngine-US)."),
    ] = "auto",
    cache: Annotated[
        Path | None, typer.Option(help="A folder that keeps replies of the full model.")
    ] = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """What does a raise leave a family with? Taxes, credits, help, and where net income falls.

    Example: rung household --state NY --adults 1 --children 2 --hourly 15..30
    """
    from rung import cycle, messages
    from rung.cli import show

    messages.speak(language)
    rungs, years = _path(path), _ages(ages)
    between = _range(hourly)
    if between is None:
        if not rungs:
            raise typer.BadParameter("say --hourly 15..30, or --path 15,17,24")
        between = (rungs[0][1], rungs[-1][1])
    family = cycle.Family(
        state=state,
        adults=adults,
        children=len(years) if children is None else children,
        ages=years,
        married=married,
        hours=hours_per_week,
        weeks=weeks,
        rent=_amount(rent),
        utilities=utilities,
        childcare=_amount(childcare_cost),
        partner_earnings=_amount(partner_earnings),
        has=frozenset(names_of(has) or ()),
    )
    wages = cycle.Wages(*between, step=_amount(step), path=rungs)
    with show.progress(as_json) as progress:
        progress(messages.sentence("label.household-asking"), 0.1)
        outcome = cycle.household(family, wages, year=year, model=model, cache=cache)
    finish(outcome, as_json)


def add_to(app: typer.Typer) -> None:
    """Hang the verb onto the app."""
    app.command()(household)
