"""The low-pay, no-pay cycle, of a lab or of a file of wage records."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from rung.cycle.discover import groups
from rung.cycle.outcome import AnyAnswer, Clock, Outcome, told
from rung.discovery import churn_tables
from rung.discovery.churn import OTHERS, Line, summarise
from rung.documents import file_digest
from rung.errors import CannotAnswer, PlanError
from rung.records import engine as engines
from rung.records import wages
from rung.records.lab import Lab
from rung.share.release import Audience


def line_of(
    low_pay: Decimal | None = None,
    *,
    hours: Decimal | None = None,
    minimum_wage: Decimal | None = None,
    share: Decimal | None = None,
    median: Decimal | None = None,
) -> Line:
    """The line of low pay, told in one of three ways; PlanError (PLAN-low-pay) otherwise."""
    given = [low_pay is not None, hours is not None or minimum_wage is not None]
    given.append(share is not None or median is not None)
    if sum(given) == 1:
        if low_pay is not None:
            return Line.dollars(low_pay)
        if hours is not None and minimum_wage is not None:
            return Line.hours(hours, minimum_wage)
        if share is not None and median is not None:
            return Line.of_median(share, median)
    raise PlanError("PLAN-low-pay")


def churn(
    path: Path,
    *,
    line: Line,
    window: int = 8,
    by: Sequence[str] = (),
    coverage: str | None = None,
    after: Literal["entry", "exit"] = "exit",
    level: float = 0.95,
    engine: str = "duckdb",
    master: str = engines.LOCAL,
    audience: Audience | None = None,
    clock: Clock | None = None,
) -> Outcome:
    """Who moves back and forth between low pay and no pay, in windows of `window` quarters?

    `path` is a lab with wage records (before entry and after exit, by groups), or a file of wage
    records alone (Parquet, text, a spreadsheet, a DuckDB database with a table `wages`, a folder
    of Parquet files): the last covered quarters of the people in it. `coverage` declares what the
    records cover ("2019Q1-2024Q4"). The sensitivity table takes 75 % and 125 % of the line.
    Raises RecordsError, PlanError or CannotAnswer as `discovery.churn.summarise` does.
    """
    covered = wages.Coverage.named(coverage) if coverage else None
    lines = [line, *(line.times(factor) for factor in OTHERS)]
    if (path / "lab.toml").is_file():
        lab = Lab.open(path)
        lab.need("wages")
        lab.need("journeys")
        files = [lab.table("wages"), lab.table("journeys")]
        with engines.over(lab, engine, master=master) as session:
            chosen = groups(lab, by, session.columns("journeys"))
            found = _answers(
                session,
                level,
                lines=lines,
                window=window,
                journeys="journeys",
                groups=chosen,
                covered=covered,
                after=after,
                inputs=[lab.digest(f) for f in files],
            )
            ran = session.engine
        return _told(found, ran, audience, clock, lab)
    if by:
        raise PlanError("PLAN-no-group", group=by[0], known="")
    with (
        TemporaryDirectory(prefix="rung-") as work,
        engines.start(engine, master=master) as session,
    ):
        mended = engines.attach(session, "given", path, Path(work))
        wages.canonical(session, "given", "wages")
        parts = sorted(path.iterdir()) if path.is_dir() else [path]
        found = _answers(
            session,
            level,
            lines=lines,
            window=window,
            covered=covered,
            inputs=[file_digest(p) for p in parts],
        )
        ran = session.engine
    problems = [p.to_json() for p in mended]
    return _told(found, ran, audience, clock, None, problems=problems)


def _answers(session: engines.Engine, level: float, **asked: Any) -> tuple[AnyAnswer, ...]:
    """The answers, or the one refusal that says why there are none."""
    try:
        return churn_tables.answers(summarise(session, **asked), level)
    except CannotAnswer as why:
        return (churn_tables.refusal(why, asked["lines"], asked["window"]),)


def _told(
    answers: tuple[AnyAnswer, ...],
    ran: str,
    audience: Audience | None,
    clock: Clock | None,
    lab: Lab | None,
    **more: Any,
) -> Outcome:
    return told(
        "churn",
        answers,
        audience=audience,
        exempt=lab.about.public_use if lab else None,
        today=clock().date() if clock else None,
        ledger=lab.store if lab else None,
        engine=ran,
        **more,
    )
