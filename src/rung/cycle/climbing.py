"""How far people climbed: the ladder of a lab, its factors, and the measures of people's lives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from rung.cycle.discover import groups
from rung.cycle.outcome import AnyAnswer, Clock, Outcome, told
from rung.documents import file_digest
from rung.errors import CannotAnswer, RecordsError
from rung.learning.settings import DeclaredTest
from rung.mobility import area, hourly, ladder_tables
from rung.mobility.area import Distribution
from rung.mobility.ladder import Ladder, summarise
from rung.mobility.settings import LadderSettings
from rung.records import engine as engines
from rung.records.engine import Engine
from rung.records.lab import Lab
from rung.share.release import Audience


def ladder(
    lab: Lab,
    *,
    by: Sequence[str] = (),
    level: float = 0.95,
    engine: str = "duckdb",
    master: str = engines.LOCAL,
    audience: Audience | None = None,
    clock: Clock | None = None,
) -> Outcome:
    """Where did people stand before and after, among the people of their area, and who stayed up?

    What the lab declares in `[ladder]` decides what is told; without an area's percentiles the
    ranks are a Refusal and all that needs none is answered. `by` names groups. Raises RecordsError
    and PlanError for a file or a setting that is none.
    """
    settings = ladder_settings(lab)
    with engines.over(lab, engine, master=master) as session, _scratch() as work:
        made = _ladder(lab, settings, session, work, by, level)
        ran = session.engine
    return told(
        "mobility ladder",
        made,
        audience=audience,
        exempt=lab.about.public_use,
        today=clock().date() if clock else None,
        ledger=lab.store,
        engine=ran,
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


def _ladder(
    lab: Lab,
    settings: LadderSettings,
    session: Engine,
    work: Path,
    by: Sequence[str],
    level: float,
) -> tuple[AnyAnswer, ...]:
    try:
        made = ladder_tables.answers(_summary(lab, settings, session, work, by), level)
    except CannotAnswer as why:
        made = (ladder_tables.refusal(why, settings),)
    if settings.file or settings.table != "journeys":
        return made
    return (*made, *hourly.answers(_hourly(lab, settings, session, work), level))


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
    lab: Lab, settings: LadderSettings, session: Engine, work: Path, by: Sequence[str]
) -> Ladder:
    people = settings.table
    if settings.file:
        people, file = "ladder people", lab.path / settings.file
        if not file.is_file():
            raise RecordsError("REC-no-file", file=file.name)
        engines.attach(session, people, file, work)  # type: ignore[arg-type]
    else:
        file = lab.need(people)
    used = [file, *([lab.table("wages")] if lab.table("wages").is_file() else [])]
    distribution = percentiles(lab, settings)
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
