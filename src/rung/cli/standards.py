"""The verbs of the field's standards: the pay cycle, wage records, forgetting a person."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Literal

import typer

from rung.cli.options import (
    AsJson,
    EngineName,
    ForOutside,
    Groups,
    LabPath,
    Language,
    Level,
    SparkMaster,
    audience_of,
    finish,
    names_of,
    now,
    show_help,
)

wages = typer.Typer(
    help="Ask a state for wage records, and check what it sent.", rich_markup_mode=None
)


def _amount(text: str | None) -> Decimal | None:
    if text is None:
        return None
    try:
        amount = Decimal(text.replace(",", "").removeprefix("$"))
    except InvalidOperation:
        raise typer.BadParameter("an amount is written 3000 or 15.50") from None
    if not amount.is_finite():
        raise typer.BadParameter("an amount is written 3000 or 15.50")
    return amount


def churn(
    path: Annotated[
        Path, typer.Argument(metavar="LAB|WAGES", help="A lab, or a file of wage records.")
    ],
    low_pay: Annotated[
        str | None, typer.Option(help="Pay in a quarter under this is low pay, in dollars.")
    ] = None,
    hours: Annotated[
        str | None, typer.Option(help="Or: so many hours a week at --minimum-wage.")
    ] = None,
    minimum_wage: Annotated[str | None, typer.Option(help="Dollars an hour.")] = None,
    share: Annotated[
        str | None, typer.Option(help="Or: this share (like 0.6) of --median.")
    ] = None,
    median: Annotated[
        str | None, typer.Option(help="The area's median pay in a quarter, in dollars.")
    ] = None,
    window: Annotated[int, typer.Option(help="Quarters that are looked at.")] = 8,
    by: Groups = None,
    coverage: Annotated[
        str | None, typer.Option(help="What the wage records cover: 2019Q1-2024Q4.")
    ] = None,
    after: Annotated[
        Literal["exit", "entry"], typer.Option(help="Count the quarters after exit, or entry.")
    ] = "exit",
    engine: EngineName = "duckdb",
    spark_master: SparkMaster = "local[2]",
    level: Level = 0.95,
    outside: ForOutside = False,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """Who moves back and forth between low pay and no pay, before the program and after?

    Example: rung churn riverbend --low-pay 3000 --window 8 --by gender
    """
    from rung import cycle, messages
    from rung.cli import show

    messages.speak(language)
    line = cycle.line_of(
        _amount(low_pay),
        hours=_amount(hours),
        minimum_wage=_amount(minimum_wage),
        share=_amount(share),
        median=_amount(median),
    )
    with show.progress(as_json):
        outcome = cycle.churn(
            path,
            line=line,
            window=window,
            by=names_of(by) or (),
            coverage=coverage,
            after=after,
            level=level,
            engine=engine,
            master=spark_master,
            audience=audience_of(outside),
            clock=now,
        )
    finish(outcome, as_json)


def forget(
    person: Annotated[
        str, typer.Argument(help="Their id as your files write it; left out, it is asked for.")
    ] = "",
    lab: Annotated[Path, typer.Option(metavar="LAB", help="A lab: a folder.")] = Path(),
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """Remove a person from keys and records for good, and say what had counted them.

    Example: rung forget --lab riverbend < id.txt
    """
    import sys

    from rung import cycle, messages
    from rung.cli import show

    messages.speak(language)
    if not person:  # read from here, the id stays out of the shell's history
        if sys.stdin.isatty():
            person = typer.prompt(messages.sentence("label.forget-who"), hide_input=True, err=True)
        else:
            person = sys.stdin.readline()
    show.forgotten(cycle.forget(cycle.open_lab(lab), person, clock=now), as_json=as_json)


@wages.callback(invoke_without_command=True)
def _wages(context: typer.Context) -> None:
    """Ask a state for wage records, and check what it sent."""
    show_help(context)


@wages.command()
def request(
    lab: LabPath,
    out: Annotated[Path, typer.Option("-o", "--out", help="The request file to write.")],
    quarters: Annotated[str, typer.Option(help="First to last quarter: 2024Q1..2025Q4.")],
    layout: Annotated[
        Literal["csv", "fixed"], typer.Option(help="A CSV, or fixed-width lines.")
    ] = "csv",
    purpose: Annotated[
        str, typer.Option(help="What people consented to, as in the consents.")
    ] = "wage records",
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """Write a request for the wage records of everyone whose consent stands today.

    Example: rung wages request riverbend -o request.csv --quarters 2024Q1..2025Q4
    """
    from rung import cycle, messages
    from rung.cli import show

    messages.speak(language)
    made = cycle.wage_request(
        cycle.open_lab(lab), out, quarters=quarters, purpose=purpose, layout=layout, clock=now
    )
    show.written(made, as_json=as_json, verb="wages request")


@wages.command()
def check(
    request: Annotated[Path, typer.Argument(help="The request, as Rung wrote it.")],
    extract: Annotated[Path, typer.Argument(help="The file that the state sent.")],
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """Check a state's wage records against the request they answer.

    Example: rung wages check request.csv extract.dat
    """
    from rung import cycle, messages
    from rung.cli import show

    messages.speak(language)
    show.written(cycle.wage_check(request, extract), as_json=as_json, verb="wages check")


def add_to(app: typer.Typer) -> None:
    """Make these verbs known."""
    for verb in (churn, forget):
        app.command()(verb)
    app.add_typer(wages, name="wages")
