"""What each definition says of each period of a person: counted, or the first reason why not.

A state is one word (see `IN_DENOMINATOR` and `OUTSIDE`), the same vocabulary for Rung's own
definition, the WIOA-style one and funders', so that two of them can be laid side by side.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlglot import exp

from rung.discovery import cohorts, indicators, journey, periods
from rung.discovery.journey import LATE, UNDATED, UNKNOWN, JourneySettings
from rung.discovery.program_year import Report
from rung.discovery.wioa import Indicator, Kind, WioaSettings, keep_kinds, summarise
from rung.finding import Note
from rung.messages import Scalar
from rung.records import query
from rung.records.engine import Engine
from rung.records.lab import Milestone
from rung.records.query import Name

if TYPE_CHECKING:
    from rung.discovery.funders import Definition, Funder

OWN, WIOA = "Rung", "WIOA-style"
COUNTED = "counted"
IN_DENOMINATOR = frozenset((
    COUNTED, "not-reached", "too-late", "undated", "no-start", "not-recorded", "pay-below",
    "pay-unknown", "not-employed", "pending", "not-working", "not-verified",
))  # fmt: skip
OUTSIDE = frozenset((
    "later-period", "no-year-day", "other-year", "not-among", "too-soon", "not-exited", "left-out",
))  # fmt: skip
"""Reasons for which a person is not even in the denominator."""

_OWN = {
    "completed": "completed", "credential": "credentialed", "placed": "placed",
    "retained": "retained",
}  # fmt: skip
_FEDERAL: dict[str, Indicator] = {
    "credential": "credential", "placed": "er-q2", "retained": "er-q4",
}  # fmt: skip
_BASE, _JUDGED = "funder_base", "funder_judged"


@dataclass(frozen=True)
class Judge:
    """One definition: its name, each person's state as a tree, and what it says in notes."""

    name: str
    state: exp.Expr
    notes: tuple[Note, ...]


def _when(cases: Sequence[tuple[exp.Expr, str]], otherwise: str) -> exp.Expr:
    case = exp.Case()
    for condition, state in cases:
        case = case.when(condition.copy(), query.tree(state))
    return case.else_(query.tree(otherwise))


def _null(node: exp.Expr) -> exp.Expr:
    return exp.paren(node.copy()).is_(exp.null())


def _after(day: exp.Expr, limit: exp.Expr) -> exp.Expr:
    return exp.GT(this=day.copy(), expression=limit.copy())


def _plus(day: exp.Expr, days: int) -> exp.Expr:
    span = exp.Interval(this=query.tree(days), unit=exp.var("DAY"))
    return exp.cast(exp.Add(this=day.copy(), expression=span), "DATE")


def _first(days: Sequence[exp.Expr]) -> exp.Expr:
    """The first of these days that is known."""
    if len(days) < 2:
        return days[0] if days else exp.cast(exp.null(), "DATE")
    return exp.func("coalesce", *days)


def _day(day: dt.date) -> exp.Expr:
    return query.tree(day)


@dataclass
class Records:
    """A lab's records, made ready for judging: a row a period of participation."""

    session: Engine
    milestones: tuple[Milestone, ...]
    tables: frozenset[str]
    as_of: dt.date
    year: int
    journey: JourneySettings
    wioa_settings: WioaSettings
    _evidence: list[str] = field(default_factory=list)
    _federal: dict[Indicator, list[Kind]] = field(default_factory=dict)

    def prepare(self, carried: Sequence[str] = ()) -> None:
        """Make the table of periods with everything that more than one definition asks about."""
        have = self.session.columns("journeys")
        own = [] if "period" in have else [query.alias(exp.cast(query.tree(1), "INT"), "period")]
        steps = self.milestones[1:]
        due = query.alias(_plus(query.name("entered_on"), self.journey.within_days), "due")
        dated = exp.select("*", *own, due).from_("journeys").subquery("dated")
        path = query.alias(journey.path_of(steps, self.as_of), "_path")
        self.session.view("funder_journeys", exp.select("*", path).from_(dated))
        periods.own_periods(
            self.session,
            tables=[*self.tables],
            milestones=self.milestones,
            as_of=self.as_of,
            any_employer=self.wioa_settings.several_employers == "any",
            carried=carried,
        )
        report = Report(self.year - 1, 4)
        if {"outcomes", "wages"} & self.tables:
            summary = summarise(
                self.session, report, settings=self.wioa_settings, known_by=self.as_of, own=True
            )
            for indicator in _FEDERAL.values():
                if indicators.refusal(summary, indicator) is None:
                    self._federal[indicator] = list(summary.everyone)
        keep_kinds(self.session, "funder_kinds", report, settings=self.wioa_settings)
        jobs = [f"employed_q{n}" for n in (1, 2, 3, 4)]
        self.session.keep(
            _BASE,
            query.load("rung.discovery", "funder_people"),
            journeys=Name("funder_journeys"),
            periods=Name(periods.VIEW),
            after_exit=[
                *(query.alias(query.name(c, "periods"), f"_{c}") for c in jobs),
                *(query.alias(query.name(f"e{1702 + n}", "periods"), f"_pay_q{n}")
                  for n in (1, 2, 3, 4)),
            ],
            kinds=Name("funder_kinds"),
        )  # fmt: skip

    @property
    def people(self) -> str:
        """The view of periods with all evidence that was asked for so far."""
        seen = exp.select(exp.Column(this=exp.Star(), table=exp.to_identifier(_BASE))).from_(_BASE)
        for table in self._evidence:
            for column in self.session.columns(table):
                if column not in ("pid", "period"):
                    seen = seen.select(query.alias(query.name(column, table), f"{table}_{column}"))
            same = exp.and_(*(
                exp.EQ(this=query.name(c, _BASE), expression=query.name(c, table))
                for c in ("pid", "period")
            ))  # fmt: skip
            seen = seen.join(exp.table_(table, quoted=True), on=same, join_type="left")
        self.session.view(_JUDGED, seen)
        return _JUDGED

    # -- Rung's own, and the WIOA-style one

    def own(self, indicator: str) -> Judge | None:
        """The journey's: reached within H days, of those who entered in the year, long ago."""
        keys = [m.key for m in self.milestones]
        named = _OWN[indicator]  # "retained", and "retained_90" as matching proposes it
        key = next((k for k in keys[1:] if k == named or k.startswith(f"{named}_")), None)
        if key is None:
            return None
        at = keys.index(key)
        path = query.name("_path")
        paths = exp.select(query.alias(path, "path")).distinct().from_("funder_journeys")
        found = self.session.run(paths)
        reasons = {LATE: "too-late", UNDATED: "undated", UNKNOWN: "not-recorded"}
        by: dict[str, list[int]] = {}
        for code in found.column("path"):
            digits = tuple(int(code) >> 3 * i & 7 for i in range(len(keys) - 1))
            kind = journey.Kind(mature=True, gone=False, path=digits)
            state = COUNTED if kind.within >= at else reasons.get(digits[at - 1], "not-reached")
            by.setdefault(state, []).append(int(code))
        first, last = dt.date(self.year - 1, 7, 1), dt.date(self.year, 6, 30)
        entered = query.name("entered_on")
        cases = [
            (_after(query.name("period"), query.tree(1)), "later-period"),
            (_null(entered), "no-year-day"),
            (exp.not_(exp.paren(cohorts.between("entered_on", (first, last)))), "other-year"),
            (_after(query.name("due"), _day(self.as_of)), "too-soon"),
            *((path.copy().isin(*codes), state) for state, codes in sorted(by.items())),
        ]
        label = self.milestones[at].label
        span: dict[str, Scalar] = {"first": first.isoformat(), "last": last.isoformat()}
        days = self.journey.within_days
        note = Note("funder-own", {"milestone": label, "days": days, **span})
        return Judge(OWN, _when(cases, "not-reached"), (note,))

    def wioa(self, indicator: str) -> Judge | str | None:
        """That of the report of the program year; its reason when it has no number, None when
        WIOA has no such indicator."""
        asked = _FEDERAL.get(indicator)
        if asked is None:
            return None
        if asked not in self._federal:
            return "no-number"
        by: dict[str, list[int]] = {}
        for kind in self._federal[asked]:
            by.setdefault(_federal_state(kind, asked), []).append(kind.code)
        kind_ = query.name("_kind")
        cases: list[tuple[exp.Expr, str]] = [
            (kind_.copy().isin(*codes), state) for state, codes in sorted(by.items())
        ]
        cases.append((_null(query.name("_exited_on")), "not-exited"))
        note = Note("funder-wioa", {"report": str(Report(self.year - 1, 4))})
        return Judge(WIOA, _when(cases, "other-year"), (note,))

    # -- a funder's

    def funder(self, funder: Funder, rule: Definition, key: str) -> Judge | None:
        """A funder's definition; None when the table that it needs is not there."""
        (kind,) = rule.evidence
        needs = {
            "credential": {"credentials"},
            "working_days": {"follow_ups"},
            "reached": {"employment"} if rule.hourly_wage or rule.hours_week else set(),
        }
        if not needs.get(kind, set()) <= self.tables:
            return None
        if kind == "employed_quarter" and not {"outcomes", "wages"} & self.tables:
            return None
        event = rule.year_of or funder.year_of
        span = funder.span(self.year)
        year_day = self._day_of(event)
        first, last = (_day(d) for d in span)
        outside = exp.or_(exp.LT(this=year_day.copy(), expression=first), _after(year_day, last))
        cases: list[tuple[exp.Expr, str]] = []
        if funder.count == "people":
            cases.append((_after(query.name("period"), query.tree(1)), "later-period"))
        cases += [
            (_null(year_day), "not-exited" if event == "exited" else "no-year-day"),
            (exp.paren(outside), "other-year"),
            *((exp.not_(exp.paren(self._reached(m))), "not-among") for m in rule.among),
        ]
        judged = {
            "reached": self._milestone,
            "credential": self._credential,
            "employed_quarter": self._quarter,
            "working_days": self._follow_up,
        }[kind](rule, f"funder_{key}")
        notes = (self._year_note(funder, event, span), *self._notes(funder, rule))
        return Judge(funder.words, _when([*cases, *judged], COUNTED), notes)

    def _first(self, key: str) -> bool:
        return key == self.milestones[0].key

    def _day_of(self, event: str) -> exp.Expr:
        if event == "exited":
            return query.name("_exited_on")
        if event == "entered" or self._first(event):
            return query.name("entered_on")
        return query.name(f"{event}_on")

    def _reached(self, key: str) -> exp.Expr:
        """Whether a milestone was reached by the as-of date; never unknown."""
        if self._first(key):
            return exp.not_(_null(query.name("entered_on")))
        by_then = exp.LTE(this=self._day_of(key), expression=_day(self.as_of))
        said = exp.func("coalesce", query.name(key), exp.false())
        return exp.and_(said, exp.func("coalesce", by_then, exp.true()))

    def _window(self, rule: Definition) -> tuple[list[tuple[exp.Expr, str]], exp.Expr | None]:
        """Who has no day to count from or has not had the time yet, and the last day to count."""
        if rule.within_days is None:
            return [], None
        start = self._day_of(rule.after or "entered")
        due = _plus(start, rule.within_days)
        cases = [(_null(start), "no-start")]
        if rule.too_soon == "left out":
            cases.append((_after(due, _day(self.as_of)), "too-soon"))
        return cases, due

    def _milestone(self, rule: Definition, table: str) -> list[tuple[exp.Expr, str]]:
        cases, due = self._window(rule)
        on = self._day_of(rule.reached)
        unknown = query.name("entered_on" if self._first(rule.reached) else rule.reached)
        cases += [
            (_null(unknown), "not-recorded"),
            (exp.not_(exp.paren(self._reached(rule.reached))), "not-reached"),
        ]
        if due is not None:
            cases += [(_null(on), "undated"), (_after(on, due), "too-late")]
        if rule.hourly_wage is None and rule.hours_week is None:
            return cases
        self._jobs(rule, table)
        good, known = query.name(f"{table}_good_on"), query.name(f"{table}_known")
        below = exp.and_(_null(good), exp.EQ(this=known, expression=query.tree(1)))
        cases += [(below, "pay-below"), (_null(good), "pay-unknown")]
        if due is not None:
            cases.append((_after(good, due), "too-late"))
        return cases

    def _jobs(self, rule: Definition, table: str) -> None:
        """When the first job began that meets the thresholds, and whether any job's are known."""
        have = self.session.columns("employment")
        asked = {"hourly_wage": rule.hourly_wage, "hours_week": rule.hours_week}
        met: list[exp.Expr] = []
        known: list[exp.Expr] = []
        for column, least in asked.items():
            if least is None:
                continue
            value = (
                query.name(column, "employment") if column in have
                else exp.cast(exp.null(), "DECIMAL(18, 4)")
            )  # fmt: skip
            met.append(exp.GTE(this=value, expression=query.tree(least)))
            known.append(exp.not_(_null(value)))
        self.session.keep(
            table,
            query.load("rung.discovery", "funder_jobs"),
            people=Name(_BASE),
            employment=Name("employment"),
            met=exp.and_(*met),
            began=self._began(placed=True),
            known=exp.and_(*known),
            as_of=self.as_of,
        )
        self._evidence.append(table)

    def _dated(self, milestone: str) -> list[exp.Expr]:
        """The day of a milestone, if the journey has it."""
        keys = [m.key for m in self.milestones[1:]]
        return [query.name(f"{milestone}_on")] if milestone in keys else []

    def _began(self, *, placed: bool) -> exp.Expr:
        """The day a job began; `placed`: without one, the day the person was placed."""
        have = self.session.columns("employment") if "employment" in self.tables else {}
        days = [query.name("start_on", "employment")] if "start_on" in have else []
        return _first([*days, *(self._dated("placed") if placed else [])])

    def _credential(self, rule: Definition, table: str) -> list[tuple[exp.Expr, str]]:
        have = self.session.columns("credentials")
        kind = query.name("type", "credentials")
        wanted: exp.Expr = kind.isin(*rule.credential)
        if "any" in rule.credential:
            nothing = exp.EQ(this=kind.copy(), expression=query.tree("no_credential"))
            wanted = exp.not_(exp.func("coalesce", nothing, exp.false()))
        if "type" not in have:
            wanted = query.tree("any" in rule.credential)
        said = query.name("earned", "credentials") if "earned" in have else exp.true()
        days = [query.name("earned_on", "credentials")] if "earned_on" in have else []
        days += self._dated("credentialed")
        self.session.keep(
            table,
            query.load("rung.discovery", "funder_credentials"),
            people=Name(_BASE),
            credentials=Name("credentials"),
            earned=said,
            earned_on=_first(days),
            of_type=wanted,
            as_of=self.as_of,
        )  # fmt: skip
        self._evidence.append(table)
        cases, due = self._window(rule)
        on = query.name(f"{table}_earned_on")
        cases.append((_null(query.name(f"{table}_n")), "not-reached"))
        if due is not None:
            cases += [(_null(on), "undated"), (_after(on, due), "too-late")]
        return cases

    def _quarter(self, rule: Definition, _table: str) -> list[tuple[exp.Expr, str]]:
        n = rule.employed_quarter
        said, pay = query.name(f"_employed_q{n}"), query.name(f"_pay_q{n}")
        waits = exp.EQ(this=said.copy(), expression=query.tree("9"))
        cases = [
            (_null(query.name("_exited_on")), "not-exited"),
            (waits, "too-soon" if rule.too_soon == "left out" else "pending"),
            (_null(said), "not-recorded"),
            (exp.not_(said.copy().isin("1", "2", "3")), "not-employed"),
        ]
        if rule.earnings is not None:
            less = exp.LT(this=pay.copy(), expression=query.tree(rule.earnings))
            cases += [(_null(pay), "pay-unknown"), (less, "pay-below")]
        return cases

    def _follow_up(self, rule: Definition, table: str) -> list[tuple[exp.Expr, str]]:
        have = self.session.columns("follow_ups")
        asked = {"contacted_on": "DATE", "due_days": "INT", "employed": "BOOLEAN"}
        jobs = "employment" in self.tables
        if not jobs:
            nobody = exp.select(
                query.alias(exp.cast(exp.null(), "VARCHAR"), "pid"),
                query.alias(exp.cast(exp.null(), "DATE"), "start_on"),
            )
            self.session.view("funder_no_jobs", nobody.where(exp.false()))
        self.session.keep(
            table,
            query.load("rung.discovery", "funder_follow_ups"),
            people=Name(_BASE),
            follow_ups=Name("follow_ups"),
            employment=Name("employment" if jobs else "funder_no_jobs"),
            began=self._began(placed=False),
            placed_on=_first(self._dated("placed")),
            **{c: query.name(c, "follow_ups") if c in have else exp.cast(exp.null(), t)
               for c, t in asked.items()},
            days=rule.working_days,
            as_of=self.as_of,
        )  # fmt: skip
        self._evidence.append(table)
        start = query.name(f"{table}_started_on")
        cases = [(_null(start), "not-reached")]
        if rule.too_soon == "left out":
            due = _plus(start, rule.working_days or 0)
            cases.append((_after(due, _day(self.as_of)), "too-soon"))
        for column, state in (("working", COUNTED), ("not_working", "not-working")):
            one = exp.EQ(this=query.name(f"{table}_{column}"), expression=query.tree(1))
            cases.append((one, state))
        return [*cases, (exp.true(), "not-verified")]

    # -- what a definition says, in notes

    def _label(self, event: str) -> str:
        return next((m.label for m in self.milestones if m.key == event), event)

    def _year_note(self, funder: Funder, event: str, span: tuple[dt.date, dt.date]) -> Note:
        first, last = (day.isoformat() for day in span)
        given: dict[str, Scalar] = {"funder": funder.words, "first": first, "last": last}
        if event in ("entered", "exited"):
            return Note(f"funder-year-{event}", given)
        return Note("funder-year", {**given, "milestone": self._label(event)})

    def _notes(self, funder: Funder, rule: Definition) -> list[Note]:
        who = {"funder": funder.words}
        found: list[Note] = []
        if rule.label:
            found.append(Note("funder-calls", {**who, "label": rule.label}))
        if rule.among:
            named = ", ".join(self._label(m) for m in rule.among)
            found.append(Note("funder-among", {**who, "milestones": named}))
        if rule.reached:
            found.append(Note("funder-reached", {**who, "milestone": self._label(rule.reached)}))
        if "any" in rule.credential:
            found.append(Note("funder-any-credential", dict(who)))
        elif rule.credential:
            found.append(Note("funder-credential", {**who, "types": ", ".join(rule.credential)}))
        if rule.employed_quarter:
            found.append(Note("funder-quarter", {**who, "quarter": rule.employed_quarter}))
        if rule.working_days:
            found.append(Note("funder-working", {**who, "days": rule.working_days}))
        if rule.within_days is not None:
            after = self._label(rule.after or self.milestones[0].key)
            if rule.after in ("entered", "exited"):
                after = rule.after
            given_days: dict[str, Scalar] = {**who, "days": rule.within_days, "milestone": after}
            found.append(Note("funder-within", given_days))
        for key in ("hourly_wage", "hours_week", "earnings"):
            least = getattr(rule, key)
            if least is not None:
                code = f"funder-{key.replace('_', '-')}"
                found.append(Note(code, {**who, "least": str(least)}))
        if rule.too_soon == "not counted":
            found.append(Note("funder-soon-counts", dict(who)))
        return found


def _federal_state(kind: Kind, indicator: Indicator) -> str:
    """What the federal rules say of a kind of period, in our words."""
    if not kind.cohort(indicator):
        return "other-year"
    if kind.left_out(indicator):
        return "left-out"
    if kind.success(indicator):
        return COUNTED
    if indicator == "credential":
        return "not-reached"
    return "pending" if kind.pending(indicator) else "not-employed"
