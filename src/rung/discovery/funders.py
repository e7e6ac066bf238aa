"""Funders' definitions: one record of each milestone inside, many ways to count it outside.

A funder declares in `lab.toml` what it calls completed, placed, retained and a credential: what has
to be on record, within how long, at what pay, among whom, and in which year. Each person gets one
state per definition (`COUNTED`, or the first reason why not), by Rung's own definition, by the
WIOA-style one where there is one, and by each funder's. One query counts people by their states of
all definitions together, so who is counted by one and not by another, and why, is arithmetic.

- Rung's own is that of the journey: people by their first period, who entered in the fiscal year
  July to June at least H days ago, and reached the milestone within H days.
- The WIOA-style one is the report of that program year: the same kinds of period, judged by the
  same rules (`wioa.Kind`), so its row is the number that `rung wioa` gives.
- Evidence from other tables (a credential, a job's pay, a follow-up) belongs to the period in which
  it falls: from its entry to before the next one.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal, get_args

from pydantic import Field
from sqlglot import exp

from rung.discovery import funder_states as states
from rung.discovery import journey
from rung.discovery.funder_states import COUNTED, IN_DENOMINATOR, WIOA, Judge
from rung.discovery.journey import MOST_LEVELS, NOT_RECORDED, JourneySettings
from rung.discovery.wioa import WioaSettings
from rung.errors import CannotAnswer, PlanError, Problem
from rung.finding import Note, Origin
from rung.records import query
from rung.records.engine import Engine
from rung.records.lab import Group, Lab, Milestone, Section
from rung.records.query import Name
from rung.records.schema import TABLES

Indicator = Literal["completed", "credential", "placed", "retained"]
INDICATORS: tuple[Indicator, ...] = get_args(Indicator)
EVENTS = ("entered", "exited")  # days that every lab has, beside those of its milestones
_TYPES = TABLES["credentials"].column("type").codes
_EVIDENCE = ("reached", "credential", "employed_quarter", "working_days")
_ONLY_WITH = {
    "within_days": ("reached", "credential"),
    "after": ("reached", "credential"),
    "hourly_wage": ("reached",),
    "hours_week": ("reached",),
    "earnings": ("employed_quarter",),
}


class Definition(Section):
    """`[funders.placed]` and its like: what a funder counts. Exactly one kind of evidence.

    `reached` is a milestone; `credential` types of credential (["any"]: every type);
    `employed_quarter` work in that quarter after exit; `working_days` a follow-up that found the
    person working so many days after the job began. `within_days` counts from `after` (entry by
    default). A wage or hours threshold asks for one job that meets all of them.
    """

    label: str = ""
    reached: str = ""
    credential: tuple[str, ...] = ()
    employed_quarter: Annotated[int, Field(ge=1, le=4)] | None = None
    working_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    among: tuple[str, ...] = ()
    year_of: str = ""
    after: str = ""
    within_days: Annotated[int, Field(ge=0, le=journey.MOST_DAYS)] | None = None
    hourly_wage: Annotated[Decimal, Field(gt=0)] | None = None
    hours_week: Annotated[Decimal, Field(gt=0)] | None = None
    earnings: Annotated[Decimal, Field(gt=0)] | None = None
    too_soon: Literal["left out", "not counted"] = "left out"

    @property
    def evidence(self) -> tuple[str, ...]:
        """The kinds of evidence that are given; one, in a definition that stands."""
        return tuple(k for k in _EVIDENCE if getattr(self, k))

    @property
    def unused(self) -> tuple[str, ...]:
        """Keys that say nothing with this kind of evidence."""
        (kind,) = self.evidence
        odd = [k for k, of in _ONLY_WITH.items() if getattr(self, k) and kind not in of]
        if self.after and self.within_days is None and "after" not in odd:
            odd.append("after")
        return tuple(odd)

    @property
    def named(self) -> tuple[tuple[str, str], ...]:
        """The milestones (or events) that it names, with the key that names them."""
        found = [("reached", self.reached), ("after", self.after), ("year_of", self.year_of)]
        return (*((k, m) for k, m in found if m), *(("among", m) for m in self.among))


class Funder(Section):
    """`[[funders]]`: who counts, by which version of its rules, in which years."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    version: Annotated[str, Field(min_length=1, max_length=40)]
    fiscal_year_starts: Annotated[int, Field(ge=1, le=12)] = 7
    fiscal_year_named: Literal["end", "start"] = "end"
    year_of: str = "entered"
    count: Literal["people", "periods"] = "people"
    completed: Definition | None = None
    credential: Definition | None = None
    placed: Definition | None = None
    retained: Definition | None = None

    @property
    def words(self) -> str:
        """What people read."""
        return f"{self.name} ({self.version})"

    def definition(self, indicator: Indicator) -> Definition | None:
        """What it counts under an indicator."""
        found: Definition | None = getattr(self, indicator)
        return found

    def span(self, year: int) -> tuple[dt.date, dt.date]:
        """First and last day of its fiscal year of that number."""
        month = self.fiscal_year_starts
        first = year - (month > 1 and self.fiscal_year_named == "end")
        begin, after = dt.date(first, month, 1), dt.date(first + 1, month, 1)
        return begin, after - dt.timedelta(days=1)


def declared(lab: Lab) -> tuple[Funder, ...]:
    """The funders of a lab; PlanError with every definition that cannot stand.

    PLAN-funder-rule: not one kind of evidence, or a key that the evidence does not use;
    PLAN-funder-milestone: no such milestone; PLAN-funder-twice: a name and version given twice.
    """
    funders = lab.sections("funders", Funder)
    keys = {*(m.key for m in lab.milestones), *EVENTS}
    problems: list[Problem] = []
    seen: set[str] = set()
    for funder in funders:
        if funder.words in seen:
            problems.append(_problem("PLAN-funder-twice", funder.words))
        seen.add(funder.words)
        if funder.year_of not in keys:
            problems.append(_unknown(funder, "year_of", funder.year_of, keys))
        for indicator in INDICATORS:
            rule = funder.definition(indicator)
            if rule is None:
                continue
            where = {"funder": funder.words, "indicator": indicator}
            if len(rule.evidence) != 1:
                problems.append(Problem(
                    code="PLAN-funder-rule", weight="break",
                    params={**where, "keys": ", ".join(rule.evidence) or "-"},
                ))  # fmt: skip
                continue
            if rule.unused or not set(rule.credential) <= {"any", *_TYPES}:
                odd = (*rule.evidence, *rule.unused, *rule.credential)
                problems.append(Problem(
                    code="PLAN-funder-rule", weight="break",
                    params={**where, "keys": ", ".join(odd)},
                ))  # fmt: skip
            problems += [
                _unknown(funder, f"{indicator}.{key}", name, keys)
                for key, name in rule.named
                if name not in (keys if key in ("after", "year_of") else keys - {*EVENTS})
            ]
    if problems:
        raise PlanError(problems)
    return funders


def _problem(code: str, funder: str) -> Problem:
    return Problem(code=code, params={"funder": funder}, weight="break")


def _unknown(funder: Funder, key: str, name: str, known: Iterable[str]) -> Problem:
    return Problem(
        code="PLAN-funder-milestone",
        weight="break",
        params={
            "funder": funder.words, "key": key, "milestone": name, "known": ", ".join(sorted(known))
        },
    )  # fmt: skip


_YEAR = re.compile(r"FY(\d{4})", re.IGNORECASE)


def year_named(text: str) -> int:
    """The number of a fiscal year written FY2025; PlanError (PLAN-funder-year) when it is none."""
    found = _YEAR.fullmatch(text.strip())
    if not found or not 1950 <= int(found[1]) <= 2150:
        raise PlanError("PLAN-funder-year", year=text.strip()[:20])
    return int(found[1])


def years(as_of: dt.date, n: int = 6) -> tuple[str, ...]:
    """The last fiscal years, July to June, that had ended by a day, the latest first."""
    return tuple(f"FY{year_by(as_of) - i}" for i in range(n))


def year_by(as_of: dt.date) -> int:
    """The last fiscal year, July to June, that had ended on a day."""
    return as_of.year - (as_of < dt.date(as_of.year, 6, 30))


States = tuple[str, ...]
"""One person's state by each definition of an indicator, in their order."""


@dataclass(frozen=True)
class Row:
    """One definition's count in one group: people it counts, among how many.

    `only_here` counts those whom it counts and the first definition does not; `not_here` those
    whom the first definition counts and it does not. Both are None for the first itself.
    """

    n: int
    x: int
    only_here: int | None
    not_here: int | None


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One indicator by every definition of it: people by their states, overall and by level."""

    indicator: Indicator
    judges: tuple[Judge, ...]
    everyone: Counter[States]
    by_level: Mapping[tuple[str, str], Counter[States]]
    without: tuple[str, ...] = ()  # definitions that these records cannot judge

    def people(self, level: tuple[str, str] | None = None) -> Counter[States]:
        """Everyone, or the people of a level of a group."""
        return self.everyone if level is None else self.by_level.get(level, Counter())

    def row(self, at: int, level: tuple[str, str] | None = None) -> Row:
        """The counts of definition number `at`."""
        n = x = only_here = not_here = 0
        for said, people in self.people(level).items():
            here, first = said[at] == COUNTED, said[0] == COUNTED
            n += people * (said[at] in IN_DENOMINATOR)
            x += people * here
            only_here += people * (here and not first)
            not_here += people * (first and not here)
        if not at:
            return Row(n, x, None, None)
        return Row(n, x, only_here, not_here)

    def reasons(self, at: int) -> tuple[Counter[str], Counter[str]]:
        """Why people counted by definition `at` are not by the first, and the other way round."""
        only_here: Counter[str] = Counter()
        not_here: Counter[str] = Counter()
        for said, people in self.everyone.items():
            here, first = said[at] == COUNTED, said[0] == COUNTED
            if here and not first:
                only_here[said[0]] += people
            elif first and not here:
                not_here[said[at]] += people
        return only_here, not_here

    def levels(self, group: Group) -> tuple[str, ...]:
        """The levels of a group in order, "not recorded" last."""
        found = [level for key, level in self.by_level if key == group.key]
        return tuple(sorted(found, key=lambda level: (level == NOT_RECORDED, level)))


@dataclass(frozen=True, kw_only=True)
class Summary:
    """Every indicator of a fiscal year by every definition."""

    year: int
    as_of: dt.date
    groups: tuple[Group, ...]
    compared: tuple[Compared, ...]
    notes: tuple[Note, ...]
    origin: Origin


def summarise(
    session: Engine,
    funders: Sequence[Funder],
    *,
    tables: Sequence[str],
    milestones: Sequence[Milestone],
    journey_settings: JourneySettings,
    wioa_settings: WioaSettings,
    year: int | None = None,
    groups: Sequence[Group] = (),
    as_of: dt.date | None = None,
    inputs: Sequence[str] = (),
) -> Summary:
    """Count every indicator by Rung's definition, the WIOA-style one and each funder's.

    `tables` are the lab's tables that the session has; `year` a fiscal year's number (default: the
    last that ended by the as-of date). Raises PlanError for groups that the records do not have,
    CannotAnswer when no day is recorded at all.
    """
    have = session.columns("journeys")
    journey.check(have, milestones, groups)
    begun = len(session.log)
    notes: list[Note] = []
    if as_of is None:
        as_of = journey.latest_event(session, milestones)
        notes.append(Note("as-of-latest", {"as_of": as_of.isoformat()}))
    year = year_by(as_of) if year is None else year
    rooms = states.Records(
        session, tuple(milestones), frozenset(tables), as_of, year, journey_settings, wioa_settings
    )
    rooms.prepare([c for g in groups for c in (g.columns or (g.key,)) if c in have])
    compared = []
    for indicator in INDICATORS:
        judges, without = _judges(rooms, funders, indicator)
        if judges:
            everyone, by_level = _counted(session, rooms.people, judges, groups)
            compared.append(
                Compared(
                    indicator=indicator, judges=tuple(judges), everyone=everyone,
                    by_level=by_level, without=tuple(without),
                )
            )  # fmt: skip
    return Summary(
        year=year,
        as_of=as_of,
        groups=tuple(groups),
        compared=tuple(compared),
        notes=tuple(notes),
        origin=Origin(
            inputs=tuple(inputs), queries=tuple(session.log[begun:]), as_of=as_of.isoformat()
        ),
    )


def _judges(
    rooms: states.Records, funders: Sequence[Funder], indicator: Indicator
) -> tuple[list[Judge], list[str]]:
    """The definitions of an indicator that these records can judge, and those they cannot."""
    found: list[Judge] = []
    without: list[str] = []
    own = rooms.own(indicator)
    if own is not None:
        found.append(own)
    federal = rooms.wioa(indicator)
    if isinstance(federal, Judge):
        found.append(federal)
    elif federal is not None:
        without.append(WIOA)
    for i, funder in enumerate(funders):
        rule = funder.definition(indicator)
        if rule is None:
            continue
        judge = rooms.funder(funder, rule, f"{indicator}_{i}")
        if judge is None:
            without.append(funder.words)
        else:
            found.append(judge)
    return found, without


def _counted(
    session: Engine, people: str, judges: Sequence[Judge], groups: Sequence[Group]
) -> tuple[Counter[States], dict[tuple[str, str], Counter[States]]]:
    """People by their states of all definitions, overall and by level of each group."""
    have = session.columns(people)
    levels = [Name(f"g{i}") for i in range(len(groups))]
    marks = [Name(f"s{i}") for i in range(len(judges))]
    found = session.run(
        query.load("rung.discovery", "funders"),
        people=Name(people),
        groups=[
            query.alias(journey.level_of(g, have), at.column)
            for g, at in zip(groups, levels, strict=True)
        ],
        states=[query.alias(j.state, m.column) for j, m in zip(judges, marks, strict=True)],
        levels=levels,
        marks=marks,
        sets=[
            exp.Tuple(expressions=[query.tree(c) for c in (*marks, *level)])
            for level in ([], *([at] for at in levels))
        ],
    )
    everyone: Counter[States] = Counter()
    by_level: dict[tuple[str, str], Counter[States]] = {}
    for row in found.rows:
        at, said, n = row[: len(groups)], tuple(row[len(groups) : -1]), int(row[-1])
        which = next(((g, x) for g, x in zip(groups, at, strict=True) if x is not None), None)
        if which is None:
            everyone[said] += n
            continue
        group, level = which
        for each in journey.members_of(group, level):
            by_level.setdefault((group.key, each), Counter())[said] += n
    for g in groups:
        count = sum(1 for key, _ in by_level if key == g.key)
        if count > MOST_LEVELS:
            raise CannotAnswer(
                "ANS-many-levels", saw={"levels": count}, needs={"most": MOST_LEVELS}, group=g.key
            )
    return everyone, by_level
