"""The verbs. Each parses its arguments, calls one function of `cycle`, and prints the outcome."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from rung.cli import costs, federal, household, link, mobility, returns, standards, web
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
    day_of,
    finish,
    names_of,
    now,
    show_help,
)

app = typer.Typer(
    name="rung",
    help="The economic mobility lab: where are people lost, what would help, did it work?",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
simulate = typer.Typer(help="Make records whose truth is known.", rich_markup_mode=None)
app.add_typer(simulate, name="simulate")


@simulate.callback(invoke_without_command=True)
def _simulate(context: typer.Context) -> None:
    """Make records whose truth is known."""
    show_help(context)


@app.callback(invoke_without_command=True)
def _start(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Where are people lost, what would help, did it work?"""
    if version:
        from rung import __version__

        typer.echo(__version__)
        raise typer.Exit
    show_help(context)


@app.command()
def init(
    files: Annotated[list[Path], typer.Argument(help="Files or folders as they were sent to you.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The new lab's folder.")] = Path("lab"),
    provider: Annotated[str, typer.Option(help="The provider's name.")] = "",
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """Start a lab from files: propose what each column means, then import.

    Example: rung init applicants.xlsx services.csv -o riverbend
    """
    from rung import cycle, messages
    from rung.cli import show

    messages.speak(language)
    with show.progress(as_json) as progress:
        made = cycle.init(files, out, provider=provider, clock=now, progress=progress)
    show.started(made, as_json=as_json)


@app.command()
def check(
    path: Annotated[Path, typer.Argument(metavar="FILE|LAB", help="A file, or a lab to re-read.")],
    fix_list: Annotated[
        Path | None, typer.Option(help="Where to write the fix list (a workbook).")
    ] = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """Check records: every problem counted, worst first, with who can mend it.

    A lab is read again from its files; what is new, changed or gone is told.

    Example: rung check riverbend
    """
    from rung import cycle, messages
    from rung.cli import show

    messages.speak(language)
    with show.progress(as_json) as progress:
        report = cycle.check(path, fix_list=fix_list, clock=now, progress=progress)
    show.checked(report, as_json=as_json)


@app.command()
def diagnose(
    lab: LabPath,
    by: Groups = None,
    cohort: Annotated[
        str | None, typer.Option(help="Who entered when: 2024, FY2025, 2024Q3, or a class.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option(help="The day the records speak of (YYYY-MM-DD).")
    ] = None,
    within: Annotated[
        int | None, typer.Option(help="Days a person has to reach a milestone.")
    ] = None,
    engine: EngineName = "duckdb",
    spark_master: SparkMaster = "local[2]",
    level: Level = 0.95,
    outside: ForOutside = False,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """Where are people lost, and for whom?

    Example: rung diagnose riverbend --by gender,site --within 180
    """
    from rung import cycle, messages
    from rung.cli import show

    messages.speak(language)
    with show.progress(as_json):
        outcome = cycle.diagnose(
            cycle.open_lab(lab),
            by=names_of(by),
            cohort=cohort,
            as_of=day_of(as_of),
            within=within,
            level=level,
            engine=engine,
            master=spark_master,
            audience=audience_of(outside),
            clock=now,
        )
    finish(outcome, as_json, f"rung brief {lab}")


@app.command()
def estimate(
    data: Annotated[Path, typer.Argument(help="CSV, Parquet or a spreadsheet: a row a person.")],
    outcome: Annotated[str, typer.Option(help="The column that was to change.")],
    arm: Annotated[str, typer.Option(help="The column with each person's arm.")],
    control: Annotated[str | None, typer.Option(help="The arm to compare with.")] = None,
    covariates: Annotated[
        str | None, typer.Option(help="Columns from before assignment, separated by commas.")
    ] = None,
    adjust: Annotated[str, typer.Option(help="none, ancova or lin.")] = "none",
    weights: Annotated[str | None, typer.Option(help="A column of weights.")] = None,
    se: Annotated[str, typer.Option(help="hc0, hc1, hc2, hc3, classical or welch.")] = "hc2",
    engine: EngineName = "duckdb",
    spark_master: SparkMaster = "local[2]",
    level: Level = 0.95,
    outside: ForOutside = False,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """Did it work? People assigned at random, compared arm by arm.

    Example: rung estimate trial.csv --outcome earned --arm group --control "as usual"
    """
    from rung import cycle, messages
    from rung.cli import show

    messages.speak(language)
    with show.progress(as_json):
        found = cycle.estimate(
            data,
            outcome=outcome,
            arm=arm,
            control=control,
            covariates=names_of(covariates) or (),
            adjust=adjust,
            weights=weights,
            se=se,
            level=level,
            engine=engine,
            master=spark_master,
            audience=audience_of(outside),
            clock=now,
        )
    finish(found, as_json)


@app.command()
def reconcile(
    lab: LabPath,
    milestone: Annotated[str, typer.Option(help="The milestone's key in lab.toml.")],
    period: Annotated[str, typer.Option(help="The report's period: FY2025, 2024, 2024Q3.")],
    reported: Annotated[int, typer.Option(help="The number that was reported.")],
    outside: ForOutside = False,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """Why does our number differ from the one in last year's report?

    Example: rung reconcile riverbend --milestone completed --period FY2025 --reported 212
    """
    from rung import cycle, messages

    messages.speak(language)
    outcome = cycle.reconcile(
        cycle.open_lab(lab),
        milestone=milestone,
        period=period,
        reported=reported,
        audience=audience_of(outside),
        clock=now,
    )
    finish(outcome, as_json)


@app.command()
def brief(
    lab: LabPath,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Where to write it.")] = None,
    xlsx: Annotated[bool, typer.Option("--xlsx", help="Also write it as a workbook.")] = False,
    outside: ForOutside = False,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """Write the brief: one HTML file with what was found, for whom, how sure, and how.

    Example: rung brief riverbend --outside -o riverbend.html
    """
    from rung import cycle, messages
    from rung.cli import show

    messages.speak(language)
    with show.progress(as_json) as progress:
        outcome = cycle.brief(
            cycle.open_lab(lab),
            out=out,
            audience=audience_of(outside),
            xlsx=xlsx,
            clock=now,
            progress=progress,
        )
    finish(outcome, as_json)


@app.command()
def run(
    lab: LabPath,
    outside: ForOutside = False,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """Go through everything the lab declares: import, diagnose, test, brief.

    Example: rung run examples/nsw
    """
    from rung import cycle, messages
    from rung.cli import show

    messages.speak(language)
    with show.progress(as_json) as progress:
        outcome = cycle.run(
            cycle.open_lab(lab), audience=audience_of(outside), clock=now, progress=progress
        )
    finish(outcome, as_json)


@app.command()
def demo(
    out: Annotated[Path, typer.Option("-o", "--out", help="Where to put the demo.")] = Path("demo"),
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """See the whole of Rung on real and simulated records, in under two minutes.

    Example: rung demo -o demo
    """
    from rung import cycle, messages
    from rung.cli import show

    messages.speak(language)
    with show.progress(as_json) as progress:
        shown = cycle.demo(out, clock=now, progress=progress)
    show.demo(shown, as_json=as_json)


@app.command()
def template(
    out: Annotated[Path, typer.Option("-o", "--out", help="The workbook to write.")] = Path(
        "intake.xlsx"
    ),
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """Write a blank intake workbook with drop-downs, for providers who keep spreadsheets.

    Example: rung template -o intake.xlsx
    """
    from rung import cycle, messages
    from rung.cli import show

    messages.speak(language)
    show.written(cycle.template(out), as_json=as_json, verb="template")


@simulate.command("provider")
def simulate_provider(
    people: Annotated[int, typer.Option(min=1, help="How many people apply.")] = 2000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same people.")] = 1,
    out: Annotated[Path, typer.Option("-o", "--out", help="The lab's folder.")] = Path("simulated"),
    dirt: Annotated[
        float, typer.Option(min=0, max=0.5, help="Share of cells messed up, as in real exports.")
    ] = 0.0,
    trial: Annotated[
        bool, typer.Option("--trial", help="Half of them are offered coaching by lottery.")
    ] = False,
    truth: Annotated[Path | None, typer.Option(help="Where to write what is true.")] = None,
    shape: Annotated[
        Literal["lab", "pirl"], typer.Option("--format", help="A lab, or a federal file (PIRL).")
    ] = "lab",
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """Simulate a training provider: known losses, gaps, delays, effects.

    Example: rung simulate provider --people 2000 --seed 7 -o sample --truth truth.json
    """
    from rung import cycle, messages
    from rung.cli import show

    messages.speak(language)
    if shape == "pirl":
        if trial or truth:
            raise typer.BadParameter("--trial and --truth go with --format lab")
        made = cycle.simulate_pirl(out, people=people, seed=seed, dirt=dirt, clock=now)
        show.written(made, as_json=as_json, verb="simulate")
        return
    with show.progress(as_json) as progress:
        made = cycle.simulate(
            out,
            people=people,
            seed=seed,
            dirt=dirt,
            trial=trial,
            truth=truth,
            clock=now,
            progress=progress,
        )
    show.written(made, as_json=as_json, verb="simulate")


web.add_to(app)

standards.add_to(app)
federal.add_to(app)
link.add_to(app)
mobility.add_to(app)
returns.add_to(app)
costs.add_to(app)
household.add_to(app)
