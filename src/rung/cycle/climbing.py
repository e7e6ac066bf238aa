"""How far people climbed: the ladder of a lab, its factors, and the measures of people's lives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rung.cycle.discover import groups
from rung.cycle.outcome import AnyAnswer, Clock, Outcome, told
from rung.discovery.journey import latest_event
from rung.documents import file_digest
from rung.errors import CannotAnswer, RecordsError
from rung.learning.settings import DeclaredTest
from rung.messages import english
from rung.mobility import area, changes, hourly, ladder_tables
from rung.mobility import factors as indicators
from rung.mobility.area import Distribution
from rung.mobility.changes import Changes, MeasuresSettings
from rung.mobility.factors import FactorsSettings
from rung.mobility.ladder import Ladder, summarise
from rung.mobility.settings import LadderSettings
from rung.records import engine as engines
from rung.records.engine import Engine
from rung.records.lab import Lab
from rung.records.query import tree
from rung.returns import measures as life
from rung.share.release import Audience


@dataclass(frozen=True)
class Area:
    """What someone brings beside a lab: an area's percentiles as the text of a CSV, named as it
    was sent; which of its areas; the living wage, dollars an hour."""

    text: str = ""
    name: str = ""
    area: str = ""
    living_wage: Decimal | None = None

    def read(self) -> Distribution | None:
        """The percentiles, or None without a text. Raises RecordsError and PlanError."""
        if not self.text:
            return None
        return area.parse(self.text, self.name, area=self.area, years_off=_BROUGHT_OFF)

    def over(self, settings: LadderSettings) -> LadderSettings:
        """A lab's settings with what was brought in their place."""
        wage = {"living_wage": self.living_wage} if self.living_wage else {}
        return settings.model_copy(update=wage)


_BROUGHT_OFF = 1  # the percentiles of a year are published when it is long over


def ladder(
    lab: Lab,
    *,
    by: Sequence[str] = (),
    brought: Area | None = None,
    level: float = 0.95,
    engine: str = "duckdb",
    master: str = engines.LOCAL,
    audience: Audience | None = None,
    clock: Clock | None = None,
) -> Outcome:
    """Where did people stand before and after, among the people of their area, and who stayed up?

    What the lab declares in `[ladder]` decides what is told; without an area's percentiles the
    ranks are a Refusal and all that needs none is answered. `by` names groups; what was `brought`
    beside the lab goes before what it declares. Raises RecordsError and PlanError for a file or a
    setting that is none.
    """
    with engines.over(lab, engine, master=master) as session, _scratch() as work:
        climb = _climbed(lab, session, work, by, brought)
        made = _ladder(climb, session, work, level)
        ran = session.engine
    return told("mobility ladder", made, engine=ran, **_released(lab, audience, clock))


def measures(
    lab: Lab,
    *,
    by: Sequence[str] = (),
    level: float = 0.95,
    audience: Audience | None = None,
    clock: Clock | None = None,
) -> Outcome:
    """How did money, housing and stress change, beside earnings? From check-ins, asked twice."""
    lab.need("journeys")
    with lab.session() as session, _scratch() as work:
        climb = _climbed(lab, session, work, by, None)
        made = life.answers(_changes(lab, session, by), climb.ladder, level)
    return told("mobility measures", made, **_released(lab, audience, clock))


def factors(
    lab: Lab,
    *,
    brought: Area | None = None,
    level: float = 0.95,
    audience: Audience | None = None,
    clock: Clock | None = None,
) -> Outcome:
    """Which of the five factors of mobility are moving, for the people and for the place?"""
    lab.need("journeys")
    with lab.session() as session, _scratch() as work:
        climb = _climbed(lab, session, work, (), brought)
        made = _factors(climb, session, _changes(lab, session, ()), level)
    return _factors_told(lab, made, audience, clock)


def standing(
    lab: Lab,
    *,
    by: Sequence[str] = (),
    brought: Area | None = None,
    level: float = 0.95,
    audience: Audience | None = None,
    clock: Clock | None = None,
) -> tuple[Outcome, Outcome, Outcome]:
    """The answers of `ladder`, `measures` and `factors` of one look at the records."""
    lab.need("journeys")
    with lab.session() as session, _scratch() as work:
        climb = _climbed(lab, session, work, by, brought)
        rungs = _ladder(climb, session, work, level)
        changed = _changes(lab, session, by)
        lives = life.answers(changed, climb.ladder, level)
        all_ = _changes(lab, session, ()) if by else changed
        moving = _factors(climb, session, all_, level)
        ran = session.engine
    asked = _released(lab, audience, clock)
    return (
        told("mobility ladder", rungs, engine=ran, **asked),
        told("mobility measures", lives, **asked),
        _factors_told(lab, moving, audience, clock),
    )


@dataclass(frozen=True)
class _Climb:
    """A lab's ladder, or why there is none."""

    lab: Lab
    settings: LadderSettings
    found: Ladder | CannotAnswer

    @property
    def ladder(self) -> Ladder | None:
        return self.found if isinstance(self.found, Ladder) else None


def _climbed(
    lab: Lab, session: Engine, work: Path, by: Sequence[str], brought: Area | None
) -> _Climb:
    """The ladder, where the lab can tell of pay before and after."""
    brought = brought or Area()
    settings = brought.over(ladder_settings(lab))
    distribution = brought.read() or percentiles(lab, settings)
    try:
        found = _summary(lab, settings, distribution, session, work, by)
    except CannotAnswer as why:
        return _Climb(lab, settings, why)
    return _Climb(lab, settings, found)


def _factors(
    climb: _Climb, session: Engine, changed: Changes, level: float
) -> tuple[AnyAnswer, ...]:
    lab = climb.lab
    named = lab.section("factors", FactorsSettings).places
    files = sorted((lab.path / "records").glob("*.parquet"))
    found = indicators.summarise(
        session,
        tables=[f.stem for f in files],
        as_of=tree(lab.clock.as_of or latest_event(session, lab.milestones)),
        ladder=climb.ladder,
        changes=changed,
        places=indicators.read_places(lab.path / named, level) if named else None,
        level=level,
        inputs=[lab.digest(f) for f in files],
    )
    return indicators.tables(found, level)


def _factors_told(
    lab: Lab, made: tuple[AnyAnswer, ...], audience: Audience | None, clock: Clock | None
) -> Outcome:
    *people, place = made
    asked = _released(lab, audience, clock)
    mine = told("mobility factors", people, **asked)
    # a place's own numbers are public: there is nobody in them to protect
    theirs = told("mobility factors", [place], **asked | {"exempt": english("label.public-tables")})
    return replace(mine, answers=(*mine.answers, *theirs.answers))


def _released(lab: Lab, audience: Audience | None, clock: Clock | None) -> dict[str, Any]:
    """To whom, and where it is written down."""
    return {
        "audience": audience,
        "exempt": lab.about.public_use,
        "today": clock().date() if clock else None,
        "ledger": lab.store,
    }


def _changes(lab: Lab, session: Engine, by: Sequence[str]) -> Changes:
    file = lab.table("measures")
    there = file.is_file()
    return changes.summarise(
        session,
        lab.section("measures", MeasuresSettings),
        measures="measures" if there else None,
        groups=groups(lab, by, session.columns("journeys")),
        inputs=[lab.digest(file)] if there else [],
    )


@contextmanager
def _scratch() -> Iterator[Path]:
    with TemporaryDirectory(prefix="rung-") as folder:
        yield Path(folder)


def ladder_settings(lab: Lab) -> LadderSettings:
    """`[ladder]`; the arms of the lab's lottery serve where it names none."""
    settings = lab.section("ladder", LadderSettings)
    if settings.arm:
        return settings
    for test in lab.sections("tests", DeclaredTest):
        same = (test.file, test.table) == (settings.file, settings.table)
        if same and test.control is not None:
            arms = {"arm": test.arm, "control": test.control, "arms": test.arms}
            return settings.model_copy(update={**arms, "by_lottery": True})
    return settings


def percentiles(lab: Lab, settings: LadderSettings) -> Distribution | None:
    """The area's percentiles of earnings, when the lab has them."""
    if not settings.distribution:
        return None
    return area.read(
        lab.path / settings.distribution,
        area=settings.area,
        every_area=bool(settings.area_column),
        years_off=settings.years_off,
    )


def _ladder(climb: _Climb, session: Engine, work: Path, level: float) -> tuple[AnyAnswer, ...]:
    settings, found = climb.settings, climb.found
    made: tuple[AnyAnswer, ...]
    if isinstance(found, Ladder):
        made = ladder_tables.answers(found, level)
    else:
        made = (ladder_tables.refusal(found, settings),)
    if settings.file or settings.table != "journeys":
        return made
    return (*made, *hourly.answers(_hourly(climb.lab, settings, session, work), level))


def _hourly(lab: Lab, settings: LadderSettings, session: Engine, work: Path) -> hourly.Hourly:
    """Hourly wages of a lab's own jobs and follow-ups."""
    have = {t: session.columns(t) for t in ("employment", "follow_ups") if lab.table(t).is_file()}
    jobs = "employment" if {"start_on", "hourly_wage"} <= {*have.get("employment", ())} else None
    heard = {"due_days", "contacted_on", "hourly_wage"} <= {*have.get("follow_ups", ())}
    distribution = None
    if settings.hourly:
        distribution = area.read(
            lab.path / settings.hourly,
            "hourly",
            area=settings.area,
            occupation=settings.occupation,
            years_off=settings.years_off,
        )
    digests = [lab.digest(lab.table(t)) for t in have]
    return hourly.summarise(
        session,
        settings,
        work,
        people="journeys",
        jobs=jobs,
        checks="follow_ups" if heard else None,
        distribution=distribution,
        inputs=[*digests, *([distribution.digest] if distribution else [])],
    )


def _summary(
    lab: Lab,
    settings: LadderSettings,
    distribution: Distribution | None,
    session: Engine,
    work: Path,
    by: Sequence[str],
) -> Ladder:
    people = settings.table
    if settings.file:
        people, file = "ladder people", lab.path / settings.file
        if not file.is_file():
            raise RecordsError("REC-no-file", file=file.name)
        engines.attach(session, people, file, work)
    else:
        file = lab.need(people)
    used = [file, *([lab.table("wages")] if lab.table("wages").is_file() else [])]
    digests = [file_digest(f) if settings.file else lab.digest(f) for f in used]
    if distribution is not None:
        digests.append(distribution.digest)
    return summarise(
        session,
        settings,
        work,
        people=people,
        wages="wages" if lab.table("wages").is_file() else None,
        groups=groups(lab, by, session.columns(people)),
        distribution=distribution,
        inputs=digests,
    )
