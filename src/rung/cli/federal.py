"""The field's standards: wioa, funders, exits, import pirl, export pirl."""

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
    SparkMaster,
    audience_of,
    day_of,
    finish,
    names_of,
    now,
    show_help,
)

AsOf = Annotated[str | None, typer.Option(help="The day the records are of (YYYY-MM-DD).")]
bring = typer.Typer(help="Records in the field's own formats, into a lab.", rich_markup_mode=None)
give = typer.Typer(help="A lab's records in the field's own formats.", rich_markup_mode=None)


@bring.callback(invoke_without_command=True)
def _bring(context: typer.Context) -> None:
    """Records in the field's own formats, into a lab."""
    show_help(context)


@give.callback(invoke_without_command=True)
def _give(context: typer.Context) -> None:
    """A lab's records in the field's own formats."""
    show_help(context)


def wioa(
    path: Annotated[
        Path, typer.Argument(metavar="FILE|LAB", help="A federal file (PIRL), or a lab.")
    ],
    report: Annotated[str, typer.Option(help="The report quarter: PY2025Q4, or PY2025.")],
    by: Groups = None,
    alone: Annotated[
        bool, typer.Option("--alone", help="That quarter by itself, not the four it ends.")
    ] = False,
    program: Annotated[
        str, typer.Option(help="adult, dislocated-worker, youth, ...; everyone by default.")
    ] = "all",
    as_of: AsOf = None,
    schema: Annotated[
        str | None, typer.Option(help="The order of the columns of a file without a header.")
    ] = None,
    engine: EngineName = "duckdb",
    spark_master: SparkMaster = "local[*]",
    outside: ForOutside = False,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """The six primary indicators of WIOA, for a report quarter.

    Example: rung wioa pirl.csv --report PY2025Q4
    """
    from rung import cycle, messages
    from rung.cli import show

    messages.speak(language)
    with show.progress(as_json):
        outcome = cycle.wioa(
            path,
            report=report,
            by=names_of(by) or (),
            alone=alone,
            program=program,
            as_of=day_of(as_of),
            schema=schema,
            engine=engine,
            master=spark_master,
            audience=audience_of(outside),
            clock=now,
        )
    finish(outcome, as_json)


@bring.command("pirl")
def import_pirl(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV of federal records.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The new lab's folder.")] = Path("lab"),
    schema: Annotated[
        str | None,
        typer.Option(help="For a file without a header: a file with the element numbers in order."),
    ] = None,
    as_of: AsOf = None,
    every: Annotated[
        bool, typer.Option("--all", help="Run every stage of checks, whatever an earlier finds.")
    ] = False,
    allow_ssn: Annotated[
        str, typer.Option(help="Why element 100 may be a Social Security number.")
    ] = "",
    provider: Annotated[str, typer.Option(help="The provider's name.")] = "",
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """Read a Participant Individual Record Layout file into a new lab, and check it.

    Example: rung import pirl py2025q4.csv -o state
    """
    from rung import cycle, messages
    from rung.cli import show

    messages.speak(language)
    with show.progress(as_json):
        done = cycle.import_pirl(
            path,
            out,
            clock=now,
            schema=schema,
            as_of=day_of(as_of),
            every_stage=every,
            allow_ssn=allow_ssn,
            provider=provider,
        )
    show.brought(done, as_json=as_json)


@bring.command("wages")
def import_wages(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files of wage records.")],
    lab: Annotated[Path, typer.Option("-o", "--out", metavar="LAB", help="The lab's folder.")],
    layout: Annotated[
        Literal["long", "wide", "fixed"] | None,
        typer.Option(help="How the files are laid out; told from each by default."),
    ] = None,
    by: Annotated[
        Literal["ssn", "id", "pid"] | None,
        typer.Option(help="What names people in them; told from each by default."),
    ] = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """Read wage records (long, wide, or a state's fixed-width layout) into a lab.

    Example: rung import wages extract.dat -o riverbend
    """
    from rung import cycle, messages
    from rung.cli import show

    messages.speak(language)
    with show.progress(as_json):
        done = cycle.import_wages(cycle.open_lab(lab), files, layout=layout, by=by, clock=now)
    show.written(done, as_json=as_json, verb="import wages")


@give.command("pirl")
def export_pirl(
    lab: LabPath,
    out: Annotated[Path, typer.Option("-o", "--out", help="The CSV to write.")] = Path("pirl.csv"),
    no_header: Annotated[
        bool, typer.Option("--no-header", help="Without a header row, as WIPS takes it.")
    ] = False,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """Write a lab's records as federal records (PIRL).

    Example: rung export pirl state -o again.csv
    """
    from rung import cycle, messages
    from rung.cli import show

    messages.speak(language)
    done = cycle.export_pirl(cycle.open_lab(lab), out, header=not no_header, clock=now)
    show.written(done, as_json=as_json, verb="export")


def funders(
    lab: LabPath,
    year: Annotated[
        str | None, typer.Option(help="A fiscal year: FY2025; the last one by default.")
    ] = None,
    by: Groups = None,
    engine: EngineName = "duckdb",
    spark_master: SparkMaster = "local[2]",
    outside: ForOutside = False,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """What each funder counts as completed, placed and retained, beside Rung's own, and why.

    Example: rung funders riverbend --year FY2025 --by gender
    """
    from rung import cycle, messages
    from rung.cli import show

    messages.speak(language)
    with show.progress(as_json):
        outcome = cycle.funders(
            cycle.open_lab(lab),
            year=year,
            by=names_of(by) or (),
            engine=engine,
            master=spark_master,
            audience=audience_of(outside),
            clock=now,
        )
    finish(outcome, as_json)


def exits(
    lab: LabPath,
    apply: Annotated[
        bool, typer.Option("--apply", help="Do what was decided in private/exits.xlsx.")
    ] = False,
    as_of: AsOf = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """Propose exits after 90 days without a service, and periods that are one, for staff to decide.

    Example: rung exits riverbend
    """
    from rung import cycle, messages
    from rung.cli import show

    messages.speak(language)
    done = cycle.exits(cycle.open_lab(lab), apply=apply, as_of=day_of(as_of), clock=now)
    show.written(done, as_json=as_json, verb="exits")


def add_to(app: typer.Typer) -> None:
    """Make these verbs known."""
    app.command()(wioa)
    app.command()(funders)
    app.command()(exits)
    app.add_typer(bring, name="import")
    app.add_typer(give, name="export")
