"""Linkage: people across two files that share no id."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rung.cli.options import AsJson, Language, now


def link(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="A B", help="Two files with people in them.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="The review file (.csv, .xlsx), or links.")
    ] = None,
    decide: Annotated[
        Path | None, typer.Option(help="A review file in which a person decided.")
    ] = None,
    exact: Annotated[
        bool, typer.Option("--exact", help="Only by ids that both files have.")
    ] = False,
    apply: Annotated[
        bool,
        typer.Option("--apply", help="Use the links: B's numbers for people of --lab, whose A is."),
    ] = False,
    lab: Annotated[
        Path | None, typer.Option(help="The lab that remembers; else a folder beside the file.")
    ] = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """Who in one file is who in another? Proposed for a person to decide, then linked.

    Example: rung link ours.csv theirs.csv -o pairs.csv
    """
    from rung import cycle, messages
    from rung.cli import show

    messages.speak(language)
    if decide is not None:
        if files or exact or apply:
            raise typer.BadParameter("--decide takes a review file and nothing else")
        done = cycle.decide_links(decide, out or Path("links.parquet"), lab=lab, clock=now)
    else:
        if files is None or len(files) != 2:
            raise typer.BadParameter("two files are linked: rung link A.csv B.csv -o pairs.csv")
        first, second = files
        if apply:
            if lab is None or exact or out:
                raise typer.BadParameter("--apply takes two files and --lab")
            used = cycle.apply_links(cycle.open_lab(lab), first, second, clock=now)
            show.written(used, as_json=as_json, verb="link")
            return
        with show.progress(as_json):
            done = cycle.link(
                first, second, out or Path("pairs.csv"), exact=exact, lab=lab, clock=now
            )
    show.written(done, as_json=as_json, verb="link")


def add_to(app: typer.Typer) -> None:
    """Make this verb known."""
    app.command()(link)
