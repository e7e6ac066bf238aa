"""The verbs of returns: what a program is worth, and to whom."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from rung.cli.options import (
    AsJson,
    ForOutside,
    Language,
    Level,
    audience_of,
    finish,
    names_of,
    now,
)


def _dollars(text: str) -> float:
    try:
        amount = float(text.replace(",", "").replace("$", ""))
    except ValueError:
        raise typer.BadParameter("an amount is written 2139 or -850.50") from None
    if not math.isfinite(amount) or not (amount == 0 or 1e-6 <= abs(amount) <= 1e15):
        raise typer.BadParameter("an amount is written 2139 or -850.50")
    return amount


def returns(
    spec: Annotated[Path, typer.Argument(metavar="SPEC.toml", help="Costs and effects by year.")],
    perspective: Annotated[
        str | None,
        typer.Option(help="Whose view, separated by commas: society,participant,government…"),
    ] = None,
    draws: Annotated[
        int | None, typer.Option(help="How many draws; in the file by default.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Where the draws start.")] = None,
    outside: ForOutside = False,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """What is the program worth, to whom, and when does it pay for itself?

    Example: rung returns docs/returns/workadvance.toml --perspective society,government
    """
    from rung import cycle, messages
    from rung.cli import show

    messages.speak(language)
    with show.progress(as_json):
        outcome = cycle.returns(
            spec,
            perspectives=names_of(perspective) or (),
            draws=draws,
            seed=seed,
            audience=audience_of(outside),
            clock=now,
        )
    finish(outcome, as_json)


def mvpf(
    wtp: Annotated[str, typer.Option(help="What people would pay for it, dollars a person.")],
    cost: Annotated[str, typer.Option(help="What it costs the public on balance, dollars.")],
    wtp_se: Annotated[str, typer.Option(help="Its standard error, if known.")] = "0",
    cost_se: Annotated[str, typer.Option(help="Its standard error, if known.")] = "0",
    correlation: Annotated[
        float, typer.Option(min=-1, max=1, help="Of the errors of the two.")
    ] = 0.0,
    level: Level = 0.95,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """What do people get for each public dollar, once savings and taxes are counted?

    Example: rung mvpf --wtp 2139 --cost 3555
    """
    from rung import cycle, messages

    messages.speak(language)
    outcome = cycle.mvpf(
        _dollars(wtp),
        _dollars(cost),
        wtp_se=_dollars(wtp_se),
        cost_se=_dollars(cost_se),
        correlation=correlation,
        level=level,
    )
    finish(outcome, as_json)


def add_to(app: typer.Typer) -> None:
    """Make these verbs known."""
    app.command()(returns)
    app.command()(mvpf)
