"""What the verbs share: options, the clock, and how an outcome ends."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    import datetime as dt

    from rung.cycle.outcome import Outcome
    from rung.share.release import Audience

LabPath = Annotated[Path, typer.Argument(metavar="LAB", help="A lab: a folder with a lab.toml.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of words.")]
ForOutside = Annotated[
    bool, typer.Option("--outside", help="Only what may be told to the public; recorded.")
]
Language = Annotated[
    Literal["en", "es"], typer.Option(help="The language of the words: en or es (JSON is English).")
]
Groups = Annotated[str | None, typer.Option(help="Groups to tell apart, separated by commas.")]
EngineName = Annotated[
    Literal["duckdb", "spark"], typer.Option("--engine", help="Where the queries run.")
]
SparkMaster = Annotated[
    str, typer.Option(help="Spark's address: local[2], spark://host:7077, yarn.")
]
Level = Annotated[float, typer.Option(min=0.5, max=0.999, help="How sure the ranges are.")]


def now() -> dt.datetime:
    """The system's clock, injected from here and nowhere else."""
    return datetime.now().astimezone()


def audience_of(outside: bool) -> Audience:
    from rung.share.release import Inside, Outside

    return Outside() if outside else Inside()


def day_of(text: str | None) -> dt.date | None:
    import datetime as dt

    if text is None:
        return None
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("a date is written YYYY-MM-DD, like 2025-06-30") from None
    if day.year < 1900:
        raise typer.BadParameter("the year must be 1900 or later")
    return day


def names_of(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    return tuple(part.strip() for part in text.split(",") if part.strip())


def finish(outcome: Outcome, as_json: bool, next_step: str = "") -> None:
    from rung.cli import show

    show.outcome(outcome, as_json=as_json, next_step=next_step)
    if outcome.refused:
        raise typer.Exit(12)


def show_help(context: typer.Context) -> None:
    """A command that only has commands of its own, called by itself, shows them."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit
