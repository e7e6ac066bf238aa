"""Phase I, Discovery: diagnose and reconcile."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from rung.cycle.outcome import AnyAnswer, Clock, Outcome, told
from rung.discovery import cohorts, gaps, journey
from rung.discovery.journey import JourneySettings, Summary
from rung.discovery.reconcile import reconcile as reconciled
from rung.errors import CannotAnswer, PlanError
from rung.finding import Estimand, Method, Note, Refusal
from rung.records import engine as engines
from rung.records.lab import Group, Lab
from rung.records.mapping import FileMap
from rung.records.schema import TABLES
from rung.share.release import Audience


def groups(lab: Lab, by: Sequence[str], columns: Iterable[str]) -> tuple[Group, ...]:
    """The groups that `by` names: the lab's own, a column of the records, or a file's header."""
    known = {g.key: g for g in lab.groups}
    # a person's key, or the day of an event, would name the few who have it
    have = {c for c in columns if c != "pid" and not c.endswith("_on")}
    headers = {
        header.casefold(): target.rsplit(".", 1)[-1]
        for file in lab.sections("files", FileMap)
        for header, target in file.columns.items()
    }
    found = []
    for key in by:
        name = key if key in known or key in have else headers.get(key.casefold(), key)
        if name in known:
            found.append(_labelled(known[name]))
        elif name in have or name in cohorts.DERIVED:
            found.append(_labelled(Group(key=name, label=key if name != key else "")))
        else:
            choices = sorted({*known, *cohorts.DERIVED})
            raise PlanError("PLAN-no-group", group=key, known=", ".join(choices))
    return tuple(found)


def _labelled(group: Group) -> Group:
    """A group with the schema's words for its levels, where the lab gives none of its own."""
    words: dict[str, str] = {}
    for table in ("participants", "enrolments"):
        for column in TABLES[table].columns:
            if column.name == group.key:
                words.update(column.codes)
            elif column.name in group.columns:
                words[column.name] = column.meaning.rstrip(".")
    return group.model_copy(update={"labels": {**words, **group.labels}})


def answers(summary: Summary, level: float = 0.95) -> tuple[AnyAnswer, ...]:
    """Every answer of a diagnosis: the loss, the journey, the gap, then group by group."""
    made: list[AnyAnswer] = [gaps.bottleneck(summary, level), journey.table(summary, None, level)]
    gap = gaps.largest(summary, level)
    if gap is not None:
        made.append(gap)
    for group in summary.groups:
        made.append(journey.table(summary, group, level))
        compared = gaps.table(summary, group, level)
        if compared is not None:
            made.append(compared)
    return tuple(made)


def _refusal(why: CannotAnswer, lab: Lab) -> Refusal:
    milestones = lab.milestones
    return Refusal(
        estimand=Estimand(
            outcome=" → ".join(m.label for m in milestones),
            unit="share",
            population=lab.about.provider,
            contrast="",
            summary="share reached",
            horizon="",
        ),
        code=why.code,
        params=why.problems[0].params,
        saw=why.saw,
        needs=why.needs,
        method=Method(key="journey", assumptions=(Note("implied-rule"),), sources=("mdrc-eml",)),
    )


def found(
    lab: Lab,
    *,
    by: Sequence[str] | None = None,
    cohort: str | None = None,
    as_of: dt.date | None = None,
    within: int | None = None,
    level: float = 0.95,
    engine: str = "duckdb",
    master: str = engines.LOCAL,
) -> tuple[AnyAnswer, ...]:
    """The answers of a diagnosis, not yet released. `engine`: "duckdb", or "spark" at `master`."""
    settings = lab.section("journey", JourneySettings)
    if within is not None:
        if not 1 <= within <= journey.MOST_DAYS:
            raise PlanError("PLAN-within", days=within)
        settings = settings.model_copy(update={"within_days": within})
    journeys = lab.need("journeys")
    with engines.over(lab, engine, master=master) as session:
        keys = [g.key for g in lab.groups] if by is None else by
        chosen = groups(lab, keys, session.columns("journeys"))
        try:
            summary = journey.summarise(
                session,
                milestones=lab.milestones,
                groups=chosen,
                settings=settings,
                as_of=as_of or lab.clock.as_of,
                cohort=cohort,
                unit=lab.about.unit,
                inputs=(lab.digest(journeys),),
            )
        except CannotAnswer as why:
            return (_refusal(why, lab),)
    return answers(summary, level)


def diagnose(
    lab: Lab,
    *,
    by: Sequence[str] | None = None,
    cohort: str | None = None,
    as_of: dt.date | None = None,
    within: int | None = None,
    level: float = 0.95,
    engine: str = "duckdb",
    master: str = engines.LOCAL,
    audience: Audience | None = None,
    clock: Clock | None = None,
) -> Outcome:
    """Where are people lost, and for whom?

    `by` names groups (default: those of lab.toml), `cohort` a stretch of time or a class,
    `within` the H of "reached within H days". Raises PlanError for names the lab does not have,
    RecordsError when nothing was imported.
    """
    return told(
        "diagnose",
        found(
            lab,
            by=by,
            cohort=cohort,
            as_of=as_of,
            within=within,
            level=level,
            engine=engine,
            master=master,
        ),
        audience=audience,
        exempt=lab.about.public_use,
        today=clock().date() if clock else None,
        ledger=lab.store,
    )


def reconcile(
    lab: Lab,
    *,
    milestone: str,
    period: str,
    reported: int,
    audience: Audience | None = None,
    clock: Clock | None = None,
) -> Outcome:
    """Which rows, dates or rules make our number differ from the one in a report?"""
    if reported < 0:
        raise PlanError("PLAN-reported", reported=reported)
    journeys = lab.need("journeys")
    with lab.session() as session:
        counted = reconciled(
            session,
            milestones=lab.milestones,
            milestone=milestone,
            period=period,
            reported=reported,
            as_of=lab.clock.as_of,
            inputs=(lab.digest(journeys),),
        )
    return told(
        "reconcile",
        counted,
        audience=audience,
        exempt=lab.about.public_use,
        today=clock().date() if clock else None,
        ledger=lab.store,
    )
