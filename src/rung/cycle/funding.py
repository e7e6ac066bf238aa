"""Funders' definitions side by side with Rung's own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from rung.cycle.discover import groups
from rung.cycle.outcome import Clock, Outcome, told
from rung.discovery import funder_tables
from rung.discovery import funders as definitions
from rung.discovery.journey import JourneySettings
from rung.discovery.wioa import WioaSettings
from rung.errors import CannotAnswer
from rung.records import engine as engines
from rung.records.lab import Lab
from rung.share.release import Audience


def fiscal_years(as_of: dt.date) -> tuple[str, ...]:
    """The fiscal years that can be asked for: the last that had ended by a day, latest first."""
    return definitions.years(as_of)


def funders(
    lab: Lab,
    *,
    year: str | None = None,
    by: Sequence[str] = (),
    engine: str = "duckdb",
    master: str = engines.LOCAL,
    audience: Audience | None = None,
    clock: Clock | None = None,
) -> Outcome:
    """What each funder counts as completed, credential, placed and retained, beside Rung's own.

    `year` is a fiscal year like FY2025 (default: the last, July to June, that ended by the as-of
    date); each funder's own calendar says which days that is. Raises PlanError for definitions in
    lab.toml that cannot stand, a year or a group that is none; RecordsError without an import.
    """
    declared = definitions.declared(lab)
    number = definitions.year_named(year) if year else None
    lab.need("journeys")
    files = sorted((lab.path / "records").glob("*.parquet"))
    with engines.over(lab, engine, master=master) as session:
        chosen = groups(lab, by, session.columns("journeys"))
        try:
            summary = definitions.summarise(
                session,
                declared,
                tables=[f.stem for f in files],
                milestones=lab.milestones,
                journey_settings=lab.section("journey", JourneySettings),
                wioa_settings=lab.section("wioa", WioaSettings),
                year=number,
                groups=chosen,
                as_of=lab.clock.as_of,
                inputs=[lab.digest(f) for f in files],
            )
            made, number = funder_tables.answers(summary), summary.year
        except CannotAnswer as why:
            made = (funder_tables.refusal(why, number),)
        ran = session.engine
    return told(
        "funders",
        made,
        audience=audience,
        exempt=lab.about.public_use,
        today=clock().date() if clock else None,
        ledger=lab.store,
        year=number,
        engine=ran,
    )
