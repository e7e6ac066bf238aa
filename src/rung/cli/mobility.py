"""The verbs of mobility: how far people climbed."""

from __future__ import annotations

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

mobility = typer.Typer(help="How far people climbed.", rich_markup_mode=None)


@mobility.callback(invoke_without_command=True)
def _mobility(context: typer.Context) -> None:
    """How far people climbed."""
    show_help(context)


@mobility.command()
def ladder(
    lab: LabPath,
    by: Groups = None,
    engine: EngineName = "duckdb",
    spark_master: SparkMaster = "local[2]",
    level: Level = 0.95,
    outside: ForOutside = False,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """Where did people's pay stand before and after, and who stayed up?

    Example: rung mobility ladder riverside --by gender
    """
    from rung import cycle, messages
    from rung.cli import show

    messages.speak(language)
    with show.progress(as_json):
        outcome = cycle.ladder(
            cycle.open_lab(lab),
            by=names_of(by) or (),
            level=level,
            engine=engine,
            master=spark_master,
            audience=audience_of(outside),
            clock=now,
        )
    finish(outcome, as_json)


@mobility.command()
def inequality(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file with a row a person.")],
    income: Annotated[str, typer.Option(help="The column of income.")],
    weights: Annotated[
        str | None, typer.Option(help="The column that says how many people a row stands for.")
    ] = None,
    by: Annotated[str | None, typer.Option(help="The column of groups to tell apart.")] = None,
    over: Annotated[
        str | None, typer.Option(help="The column of periods, like the year: what changed?")
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Or: an earlier file with the same columns."),
    ] = None,
    level: Level = 0.95,
    draws: Annotated[
        int | None,
        typer.Option(help="The Gini's range by so many draws: 999 where a few have very much."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Where the draws start.")] = None,
    outside: ForOutside = False,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """How unequal are incomes, between groups and inside them, and what changed?

    Example: rung mobility inequality people.csv --income earnings --by county
    """
    from rung import cycle, messages
    from rung.cli import show

    messages.speak(language)
    with show.progress(as_json):
        outcome = cycle.inequality(
            file,
            income=income,
            weights=weights,
            by=by,
            over=over,
            against=against,
            level=level,
            draws=draws,
            seed=seed,
            audience=audience_of(outside),
            clock=now,
        )
    finish(outcome, as_json)


@mobility.command()
def generations(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="A file with a row a child and parents.")
    ] = None,
    parent: Annotated[
        str | None, typer.Option(help="Column of parents' income; several years by commas.")
    ] = None,
    child: Annotated[
        str | None, typer.Option(help="Column of children's income; several years by commas.")
    ] = None,
    weights: Annotated[str | None, typer.Option(help="Column of weights.")] = None,
    by: Annotated[str | None, typer.Option(help="Column of groups to tell apart.")] = None,
    parent_year: Annotated[int | None, typer.Option(help="Year of the parents' dollars.")] = None,
    child_year: Annotated[int | None, typer.Option(help="Year of the children's dollars.")] = None,
    prices: Annotated[
        Path | None, typer.Option(help="A price index of your own: CSV with year, month, value.")
    ] = None,
    concept: Annotated[
        str | None, typer.Option(help='What the income is, in words: "family income before tax".')
    ] = None,
    margin: Annotated[
        int, typer.Option(help="Points of 100 that count as ranking higher: 0, 10 or 20.")
    ] = 0,
    unlinked: Annotated[
        bool, typer.Option("--unlinked", help="The columns are two lists, not linked families.")
    ] = False,
    matrix: Annotated[
        Path | None, typer.Option(help="A 100 by 100 matrix of ranks, as CSV.")
    ] = None,
    write_matrix: Annotated[
        Path | None, typer.Option(help="Write the 100 by 100 matrix of ranks to this CSV.")
    ] = None,
    level: Level = 0.95,
    outside: ForOutside = False,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """Do children's incomes follow their parents', and do they have more?

    Example: rung mobility generations pairs.csv --parent parent --child child --by state
    """
    from rung import cycle, messages
    from rung.cli import show

    messages.speak(language)
    with show.progress(as_json):
        outcome = cycle.generations(
            file,
            parent=names_of(parent) or (),
            child=names_of(child) or (),
            weights=weights,
            by=by,
            parent_year=parent_year,
            child_year=child_year,
            prices=prices,
            concept=concept,
            margin=margin,
            unlinked=unlinked,
            matrix=matrix,
            write_matrix=write_matrix,
            level=level,
            audience=audience_of(outside),
            clock=now,
        )
    finish(outcome, as_json)


@mobility.command()
def places(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file as it was downloaded.")],
    place: Annotated[str, typer.Option(help="The place: its code (36061), or its name.")],
    measure: Annotated[
        str | None, typer.Option(help="The column to look at; each kind of file has a usual one.")
    ] = None,
    like: Annotated[
        str | None,
        typer.Option(help="What peers are alike in, with weights: population:2,poor_share2010."),
    ] = None,
    characteristics: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A second file that has those columns.")
    ] = None,
    peers: Annotated[int, typer.Option(help="How many peers.")] = 10,
    against: Annotated[
        str | None, typer.Option(help="Or: the peers themselves, separated by commas.")
    ] = None,
    map_to: Annotated[
        Path | None, typer.Option("--map", metavar="SVG", help="Write a map here.")
    ] = None,
    over: Annotated[
        Literal["state", "nation"] | None, typer.Option(help="What the map shows.")
    ] = None,
    level: Level = 0.95,
    seed: Annotated[int | None, typer.Option(help="Where the draws for ranks start.")] = None,
    outside: ForOutside = False,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """How does a place do beside places like it, and how sure is that?

    Example: rung mobility places county_outcomes_simple.csv --place 36061 --map out.svg
    """
    from rung import cycle, messages
    from rung.cli import show

    messages.speak(language)
    with show.progress(as_json):
        outcome = cycle.places(
            file,
            place=place,
            measure=measure,
            like=cycle.alike(like),
            characteristics=characteristics,
            peers=peers,
            against=names_of(against) or (),
            level=level,
            seed=seed,
            map_to=map_to,
            over=over,
            audience=audience_of(outside),
            clock=now,
        )
    finish(outcome, as_json)


@mobility.command()
def factors(
    lab: LabPath,
    level: Level = 0.95,
    outside: ForOutside = False,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """Which of the five factors of mobility are moving, for the people and for the place?

    Example: rung mobility factors riverside
    """
    from rung import cycle, messages

    messages.speak(language)
    outcome = cycle.factors(
        cycle.open_lab(lab), level=level, audience=audience_of(outside), clock=now
    )
    finish(outcome, as_json)


@mobility.command()
def measures(
    lab: LabPath,
    by: Groups = None,
    level: Level = 0.95,
    outside: ForOutside = False,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """How did money, housing and stress change, beside earnings?

    Example: rung mobility measures riverside --by gender
    """
    from rung import cycle, messages

    messages.speak(language)
    outcome = cycle.measures(
        cycle.open_lab(lab),
        by=names_of(by) or (),
        level=level,
        audience=audience_of(outside),
        clock=now,
    )
    finish(outcome, as_json)


def add_to(app: typer.Typer) -> None:
    """Make these verbs known."""
    app.add_typer(mobility, name="mobility")
