"""What a program costs: a person, a completer, a job kept, a point of effect."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from rung.cycle.discover import groups
from rung.cycle.outcome import AnyAnswer, Clock, Outcome, told
from rung.discovery import journey
from rung.discovery.journey import NOT_RECORDED, JourneySettings
from rung.documents import file_digest
from rung.errors import CannotAnswer, PlanError
from rung.finding import Estimand, Method, Note, Origin, Refusal
from rung.messages import english
from rung.records import engine as engines
from rung.records.engine import Engine
from rung.records.lab import Group, Lab
from rung.records.prices import Prices
from rung.returns import costs as costing
from rung.returns import costs_tables
from rung.returns.costs import CostSettings, Written
from rung.returns.costs_tables import Costs, Effect
from rung.share.release import Audience


def costs(
    lab: Lab,
    ingredients: Path | Written | None = None,
    *,
    rate: Decimal | None = None,
    dollar_year: int | None = None,
    prices: Path | None = None,
    cohort: str | None = None,
    as_of: dt.date | None = None,
    arm: str | None = None,
    control: str | None = None,
    effect: Effect | None = None,
    level: float = 0.95,
    audience: Audience | None = None,
    clock: Clock | None = None,
) -> Outcome:
    """What the program costs, from a table of ingredients and the lab's journeys and log.

    `ingredients` is a file, or the text of one. What is left out is taken from `[costs]` of
    lab.toml. `prices` is a price index of one's own (by default the packaged one, when prices are
    of other years than `dollar_year`). An arm is named as the records or as the lab's words have
    it. `effect` is what the cost is set beside. Raises RecordsError or PlanError as `returns.costs`
    does, PlanError (PLAN-cost-file) when no table is named, PLAN-cost-control for an arm column
    without a control.
    """
    settings = lab.section("costs", CostSettings)
    if ingredients is None and not settings.ingredients:
        raise PlanError("PLAN-cost-file")
    table = ingredients or lab.path / settings.ingredients
    if isinstance(table, Written):
        rows, digest = costing.parse(table.text, table.name), table.digest
    else:
        rows, digest = costing.read(table), file_digest(table)
    if effect is not None and not effect.se >= 0:
        raise PlanError("PLAN-errors")
    lab.need("journeys")
    asked = settings.model_copy(
        update={
            key: value
            for key, value in {
                "rate": rate, "dollar_year": dollar_year, "arm": arm, "control": control,
            }.items()
            if value is not None
        }
    )  # fmt: skip
    index = Prices.read(prices) if prices else None
    with engines.over(lab) as session:
        try:
            made = _costs(session, lab, rows, asked, index, cohort, as_of, digest)
            found: tuple[AnyAnswer, ...] = costs_tables.answers(made, effect, level)
        except CannotAnswer as why:
            found = (_refusal(why, lab),)
    return told(
        "costs",
        found,
        audience=audience,
        exempt=lab.about.public_use,
        today=clock().date() if clock else None,
        ledger=lab.store,
    )


def _costs(
    session: Engine,
    lab: Lab,
    rows: tuple[costing.Ingredient, ...],
    asked: CostSettings,
    index: Prices | None,
    cohort: str | None,
    as_of: dt.date | None,
    digest: str,
) -> Costs:
    if bool(asked.arm) != bool(asked.control):
        raise PlanError("PLAN-cost-control", known="–")
    chosen = groups(lab, [asked.arm] if asked.arm else [], session.columns("journeys"))
    inputs = [lab.digest(lab.table("journeys")), digest]
    summary = journey.summarise(
        session,
        milestones=lab.milestones,
        groups=chosen,
        settings=lab.section("journey", JourneySettings),
        as_of=as_of or lab.clock.as_of,
        cohort=cohort,
        unit=lab.about.unit,
        inputs=inputs,
    )
    people = {costing.EVERYONE: sum(summary.everyone.values())}
    control, labels = "", dict[str, str]()
    if chosen:
        labels = dict(chosen[0].labels)
        people = _people(summary, chosen[0])
        written = {label: level for level, label in labels.items() if label not in people}
        rows = tuple(replace(row, arm=written.get(row.arm, row.arm)) for row in rows)
        control = written.get(asked.control, asked.control)
        if not people.get(control) or len([a for a in people if a]) < 2:
            known = ", ".join(labels.get(a, a) for a in people if a)
            raise PlanError("PLAN-cost-control", known=known)
    log = None
    if any(i.service for i in rows) and lab.table("services").is_file():
        log = costing.attendance(session, cohort, chosen[0] if chosen else None)
        inputs.append(lab.digest(lab.table("services")))
    lines = costing.lines(
        rows,
        people=people,
        stages=_came(summary, chosen[0].key if chosen else None),
        log=log,
        rate=asked.rate,
        year=asked.dollar_year,
        prices=index,
    )
    return Costs(
        lines=lines,
        summary=summary,
        people=people,
        control=control,
        labels=labels,
        dollar_year=costing.dollar_year(rows, asked.dollar_year),
        rate=float(asked.rate),
        origin=Origin(
            inputs=tuple(sorted(inputs)),
            queries=tuple(session.log),
            as_of=summary.as_of.isoformat(),
        ),
    )


def _people(summary: journey.Summary, arm: Group) -> dict[str, int]:
    """The people of each arm; those whose arm is not known under EVERYONE."""
    return {
        costing.EVERYONE if level == NOT_RECORDED else level: sum(
            summary.by_level[arm.key, level].values()
        )
        for level in summary.levels(arm)
    }


def _came(summary: journey.Summary, arm: str | None) -> dict[str, dict[str, int]]:
    """Who came to each milestone, by arm."""
    arms = {costing.EVERYONE: summary.everyone}
    if arm is not None:
        arms = {
            costing.EVERYONE if level == NOT_RECORDED else level: kinds
            for (key, level), kinds in summary.by_level.items()
            if key == arm
        }
    return {
        step.key: {
            level: sum(n for kind, n in kinds.items() if kind.ever >= i)
            for level, kinds in arms.items()
        }
        for i, step in enumerate(summary.milestones)
    }


def _refusal(why: CannotAnswer, lab: Lab) -> Refusal:
    return Refusal(
        estimand=Estimand(
            outcome=english("label.cost-each"),
            unit="dollars",
            population=lab.about.provider,
            contrast="",
            summary="mean",
            horizon="",
        ),
        code=why.code,
        params=why.problems[0].params,
        saw=why.saw,
        needs=why.needs,
        method=Method(
            key="ingredients", assumptions=(Note("costs-ingredients"),), sources=("levin2018",)
        ),
    )
