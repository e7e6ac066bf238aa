"""People: a coach's caseload, retention after placement, and who is behind a number.

These give rows of people, for staff who may see them; nothing here is released outside but the
table of `retention`. Names come from the encrypted key table, only when `names` is true, and the
caller answers for who may ask. They are in the result and nowhere else.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rung.cycle.discover import groups
from rung.cycle.outcome import AnyAnswer, Clock, Outcome, told
from rung.discovery import caseload as cases
from rung.discovery import journey
from rung.discovery import person as records
from rung.discovery import retention as kept
from rung.discovery.caseload import Case, CaseloadSettings
from rung.discovery.followups import PLACED, Check, Entered
from rung.discovery.journey import JourneySettings
from rung.discovery.members import Counted, Member, members
from rung.discovery.person import Job, Service, Step
from rung.errors import CannotAnswer
from rung.finding import Refusal
from rung.records import privacy
from rung.records.lab import Lab, Milestone
from rung.records.query import Session
from rung.share.release import Audience

CONTACTS = ("phone", "email")


@dataclass(frozen=True)
class Named:
    """What the key table says of a person; empty unless it was asked for."""

    name: str = ""
    contacts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class People:
    """A page of the people behind a number. `n` is that number; `named` is by pid."""

    n: int
    milestones: tuple[Milestone, ...]
    rows: tuple[Member, ...]
    named: Mapping[str, Named] = field(default_factory=dict)
    offset: int = 0
    as_of: dt.date


@dataclass(frozen=True, kw_only=True)
class Caseload:
    """A coach's people, most urgent first; `coach` is None for all coaches."""

    coach: str | None
    cases: tuple[Case, ...]
    as_of: dt.date
    day: dt.date  # by which follow-ups are due: the as-of date, or later
    settings: CaseloadSettings
    named: Mapping[str, Named] = field(default_factory=dict)

    @property
    def due_soon(self) -> tuple[Case, ...]:
        """Those with something due from now to `due_ahead_days` on, overdue matters aside."""
        end = self.day + dt.timedelta(days=self.settings.due_ahead_days)
        return tuple(
            c
            for c in self.cases
            if any(m.due_on and not m.overdue and m.due_on <= end for m in c.matters)
        )

    @property
    def overdue(self) -> tuple[Case, ...]:
        """Those with something overdue."""
        return tuple(c for c in self.cases if c.overdue)


@dataclass(frozen=True, kw_only=True)
class Person:
    """One person: how far they came and what is open (`case`), the day of each milestone, what
    they received (latest first), their jobs. `due` maps each follow-up to its day and what is
    known of it."""

    case: Case
    steps: tuple[Step, ...]
    services: tuple[Service, ...]
    jobs: tuple[Job, ...]
    due: Mapping[int, tuple[dt.date, Check | None]]
    named: Named
    as_of: dt.date
    day: dt.date


def as_of_day(lab: Lab, session: Session) -> dt.date:
    """The day the records speak of: the lab's clock, or the latest event recorded."""
    return lab.clock.as_of or journey.latest_event(session, lab.milestones)


def coaches(lab: Lab) -> tuple[tuple[str, int], ...]:
    """Names of coaches in the records, and how many people each goes along with."""
    lab.need("journeys")
    with lab.session() as session:
        return cases.coaches(session, milestones=lab.milestones, as_of=as_of_day(lab, session))


def caseload(
    lab: Lab,
    coach: str | None,
    *,
    as_of: dt.date | None = None,
    entered: Sequence[Entered] = (),
    everyone: bool = False,
    names: bool = False,
    day: dt.date | None = None,
) -> Caseload:
    """The people of a coach (None: of all) with an open matter and why; `everyone` for all people.

    `as_of` is the day to look from (default: the lab's); `entered` the follow-ups that staff
    entered by hand; `day` the day follow-ups are due by (default: `as_of`). Raises RecordsError
    when nothing was imported.
    """
    lab.need("journeys")
    settings = lab.section("caseload", CaseloadSettings)
    with lab.session() as session:
        as_of = as_of or as_of_day(lab, session)
        found = cases.caseload(
            session,
            milestones=lab.milestones,
            settings=settings,
            as_of=as_of,
            coach=coach,
            entered=entered,
            everyone=everyone,
            day=day,
        )
    return Caseload(
        coach=coach,
        cases=found,
        as_of=as_of,
        day=day or as_of,
        settings=settings,
        named=named(lab, (c.pid for c in found)) if names else {},
    )


def retention(
    lab: Lab,
    entered: Sequence[Entered] = (),
    *,
    as_of: dt.date | None = None,
    audience: Audience | None = None,
    clock: Clock | None = None,
) -> Outcome:
    """Who still works 30, 90, 180 and 365 days after the job began, with worst and best bounds.

    One table, or a Refusal when nobody was placed. Raises RecordsError when nothing was imported.
    """
    return told(
        "retention",
        (retained(lab, entered, as_of=as_of),),
        audience=audience,
        exempt=lab.about.public_use,
        today=clock().date() if clock else None,
        ledger=lab.store,
    )


def retained(
    lab: Lab, entered: Sequence[Entered] = (), *, as_of: dt.date | None = None
) -> AnyAnswer:
    """The answer of `retention`, not yet released."""
    rules = lab.section("caseload", CaseloadSettings)
    tables = [lab.need("journeys")]
    tables += [t for n in ("employment", "follow_ups") if (t := lab.table(n)).is_file()]
    done = next((m.words for m in lab.milestones if m.key == PLACED), "")
    with lab.session() as session:
        try:
            found = kept.tally(
                session,
                milestones=lab.milestones,
                rules=rules,
                as_of=as_of or as_of_day(lab, session),
                entered=entered,
                inputs=tuple(lab.digest(t) for t in tables),
            )
            return kept.table(found, done)
        except CannotAnswer as why:
            return Refusal(
                estimand=kept.estimand(done, as_of or lab.clock.as_of),
                code=why.code,
                saw=why.saw,
                needs=why.needs,
                method=kept.METHOD,
            )


def people(
    lab: Lab,
    *,
    milestone: str,
    counted: Counted = "reached",
    group: tuple[str, str] | None = None,
    cohort: str | None = None,
    as_of: dt.date | None = None,
    within: int | None = None,
    names: bool = False,
    limit: int = 50,
    offset: int = 0,
) -> People:
    """Exactly the people whom a cell of the journey's table counted, latest entry first.

    `milestone` is the row's key, `counted` its column ("not_reached" is entered less reached),
    `group` a group's key and the level as the table shows it; `cohort`, `as_of` and `within` as
    for `diagnose`. Raises PlanError for names that the lab does not have.
    """
    settings = lab.section("journey", JourneySettings)
    if within is not None:
        settings = settings.model_copy(update={"within_days": within})
    lab.need("journeys")
    with lab.session() as session:
        have = session.columns("journeys")
        summary = journey.summarise(
            session,
            milestones=lab.milestones,
            groups=groups(lab, [group[0]], have) if group else (),
            settings=settings,
            as_of=as_of or lab.clock.as_of,
            cohort=cohort,
            unit=lab.about.unit,
        )
        n, rows = members(
            session,
            summary,
            settings=settings,
            milestone=milestone,
            counted=counted,
            group=(summary.groups[0].key, group[1]) if group else None,
            limit=limit,
            offset=offset,
        )
    return People(
        n=n,
        milestones=summary.milestones,
        rows=rows,
        named=named(lab, (r.pid for r in rows)) if names else {},
        offset=offset,
        as_of=summary.as_of,
    )


def person(
    lab: Lab,
    pid: str,
    *,
    as_of: dt.date | None = None,
    entered: Sequence[Entered] = (),
    names: bool = False,
    day: dt.date | None = None,
) -> Person | None:
    """One person; None when the records have nobody by that pseudonym. `day` as for `caseload`."""
    lab.need("journeys")
    settings = lab.section("caseload", CaseloadSettings)
    with lab.session() as session:
        as_of = as_of or as_of_day(lab, session)
        found = cases.caseload(
            session,
            milestones=lab.milestones,
            settings=settings,
            as_of=as_of,
            pid=pid,
            entered=[e for e in entered if e.pid == pid],
            everyone=True,
            day=day,
        )
        if not found:
            return None
        (case,) = found
        steps = records.steps(session, lab.milestones, pid)
        services, jobs = records.services(session, pid), records.jobs(session, pid)
    start, due = case.start_on, dict[int, tuple[dt.date, Check | None]]()
    if start is not None:
        for days in settings.days:
            due[days] = (start + dt.timedelta(days=days), case.follow_ups.get(days))
    return Person(
        case=case,
        steps=steps,
        services=services,
        jobs=jobs,
        due=due,
        named=named(lab, [pid]).get(pid, Named()) if names else Named(),
        as_of=as_of,
        day=day or as_of,
    )


def named(lab: Lab, pids: Iterable[str]) -> dict[str, Named]:
    """Names and ways to reach people, from the key table; nothing else of it."""
    return {
        pid: Named(
            name=" ".join(filter(None, (known.get(c) for c in _names(known)))),
            contacts={c: value for c in CONTACTS if (value := known.get(c))},
        )
        for pid, known in privacy.people(lab, pids).items()
    }


def _names(known: Mapping[str, str | None]) -> tuple[str, ...]:
    return ("full_name",) if known.get("full_name") else ("first_name", "last_name")
