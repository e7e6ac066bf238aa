"""Why our number differs from last year's report: the same records, counted by other rules.

A report of "212 completed in FY2025" leaves much unsaid. Each of these choices is one a provider
makes without noticing; Rung counts all combinations and shows which give the reported number.

- who counts: people, or rows (someone with two periods counts twice);
- the date: the milestone's own date, or the date of entry (a cohort's completions);
- the year: July to June, October to September (federal), the calendar year;
- undated milestones: left out, or counted when the person entered in the period;
- skipped milestones: left out, or implied by a later one dated in the period.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product

from sqlglot import exp

from rung.discovery import cohorts
from rung.errors import PlanError
from rung.finding import (
    Answer,
    Cell,
    Column,
    Counts,
    Dimension,
    Estimand,
    Finding,
    Interval,
    Method,
    Note,
    Origin,
    Table,
)
from rung.messages import english
from rung.records import query
from rung.records.lab import Milestone
from rung.records.query import Name, Session

SHOWN = 12


@dataclass(frozen=True)
class Rule:
    """One way of counting; the defaults are Rung's."""

    who: str = "people"
    date: str = "own"
    year: str = "stated"
    undated: bool = False
    implied: bool = False

    def changes(self) -> tuple[str, ...]:
        """Which choices differ from Rung's, as codes (`label.rule-…`)."""
        ours = Rule()
        found = []
        if self.who != ours.who:
            found.append("rows")
        if self.date != ours.date:
            found.append("entry-cohort")
        if self.year != ours.year:
            found.append(self.year)
        if self.undated:
            found.append("undated")
        if self.implied:
            found.append("implied")
        return tuple(found)

    def words(self) -> str:
        """What people read."""
        changes = self.changes()
        if not changes:
            return english("label.rule-ours")
        return "; ".join(english(f"label.rule-{c}") for c in changes)


def _years(period: str) -> dict[str, tuple[dt.date, dt.date]]:
    """The stated period, and other years that go by the same number."""
    stated = cohorts.span(period)
    if stated is None:
        raise PlanError("PLAN-period", period=period)
    found = {"stated": stated}
    if (stated[1] - stated[0]).days >= 364:
        year = int("".join(c for c in period if c.isdigit()))
        found["calendar-year"] = (dt.date(year, 1, 1), dt.date(year, 12, 31))
        found["federal-year"] = (dt.date(year - 1, 10, 1), dt.date(year, 9, 30))
        found["july-june"] = (dt.date(year - 1, 7, 1), dt.date(year, 6, 30))
        for key in ("calendar-year", "federal-year", "july-june"):
            if found[key] == stated:
                del found[key]
    return found


def _reached(milestone: Milestone) -> exp.Expr:
    return exp.func("coalesce", query.name(milestone.key), exp.false())


def _first(later: Sequence[Milestone], period: tuple[dt.date, dt.date]) -> exp.Expr:
    """The earliest date of a later milestone lies in the period: each person in one period."""
    dates = [query.name(f"{m.key}_on") for m in later]
    earliest = dates[0] if len(dates) == 1 else exp.func("least", *dates)
    return exp.and_(
        exp.GTE(this=earliest, expression=query.tree(period[0])),
        exp.LTE(this=earliest.copy(), expression=query.tree(period[1])),
    )


def _condition(
    rule: Rule, milestone: Milestone, later: Sequence[Milestone], period: tuple[dt.date, dt.date]
) -> exp.Expr:
    entered = cohorts.between("entered_on", period)
    reached = _reached(milestone)
    on = f"{milestone.key}_on"
    dated = exp.not_(exp.Is(this=query.name(on), expression=exp.null()))
    if rule.date == "entry":
        ways = [exp.and_(reached, entered) if rule.undated else exp.and_(reached, dated, entered)]
    else:
        ways = [exp.and_(reached, cohorts.between(on, period))]
        if rule.undated:
            ways.append(exp.and_(reached.copy(), exp.not_(dated), entered))
    if rule.implied and later:
        when = entered.copy() if rule.date == "entry" else _first(later, period)
        ways.append(
            exp.and_(exp.not_(reached.copy()), exp.or_(*(_reached(m) for m in later)), when)
        )
    return exp.or_(*ways)


def _count(rule: Rule, condition: exp.Expr) -> exp.Expr:
    counted = exp.Distinct(expressions=[query.name("pid")]) if rule.who == "people" else exp.Star()
    return exp.Filter(this=exp.Count(this=counted), expression=exp.Where(this=condition))


def reconcile(
    session: Session,
    *,
    milestones: Sequence[Milestone],
    milestone: str,
    period: str,
    reported: int,
    as_of: dt.date | None = None,
    inputs: Sequence[str] = (),
    view: str = "journeys",
) -> tuple[Answer, ...]:
    """Our count of a milestone in a period, and which rules would give the reported one.

    Returns a Finding (our count, complete) and a Table of rules, nearest to the report first.
    Raises PlanError for an unknown milestone or period.
    """
    keys = [m.key for m in milestones]
    if milestone not in keys:
        raise PlanError("PLAN-no-milestone", milestone=milestone, known=", ".join(keys))
    at = keys.index(milestone)
    target = milestones[at]
    years = _years(period)
    if as_of is not None:  # what is dated later has not happened yet
        years = {k: (first, min(last, as_of)) for k, (first, last) in years.items()}
    if at == 0:  # entry has one date, and nothing to imply
        rules = [Rule(who=w, year=y) for w, y in product(("people", "rows"), years)]
    else:
        rules = [
            Rule(*choice)
            for choice in product(
                ("people", "rows"), ("own", "entry"), years, (False, True), (False, True)
            )
        ]
    start = len(session.log)
    result = session.run(
        query.load("rung.discovery", "reconcile"),
        counts=[
            query.alias(
                _count(r, _target(r, target, milestones[at + 1 :], years[r.year], at)), f"r{i}"
            )
            for i, r in enumerate(rules)
        ]
        + [query.alias(_unreadable(target, session.columns(view)), "unreadable")],
        journeys=Name(view),
    )
    *numbers, unreadable = result.rows[0]
    found = dict(zip(rules, numbers, strict=True))
    notes = []
    if unreadable:
        notes.append(Note("reconcile-unreadable", {"n": unreadable, "milestone": target.label}))
    return _answers(
        found,
        target,
        period,
        reported,
        notes,
        Origin(inputs=tuple(inputs), queries=tuple(session.log[start:])),
    )


def _unreadable(milestone: Milestone, columns: Iterable[str]) -> exp.Expr:
    """Rows whose cell for this milestone could not be read: the import kept their state."""
    state = f"_state_{milestone.key}"
    if state not in set(columns):
        return query.tree(0)
    invalid = exp.EQ(this=query.name(state), expression=query.tree("invalid"))
    return exp.Filter(this=exp.Count(this=exp.Star()), expression=exp.Where(this=invalid))


def _target(
    rule: Rule,
    target: Milestone,
    later: Sequence[Milestone],
    years: tuple[dt.date, dt.date],
    at: int,
) -> exp.Expr:
    if at == 0:
        return cohorts.between("entered_on", years)
    return _condition(rule, target, later, years)


def _plainer(a: Rule, b: Rule) -> bool:
    """Whether `a` changes only some of what `b` changes."""
    return set(a.changes()) < set(b.changes())


def _answers(
    found: dict[Rule, int],
    target: Milestone,
    period: str,
    reported: int,
    notes: Sequence[Note],
    origin: Origin,
) -> tuple[Answer, ...]:
    ours = found[Rule()]
    question = Estimand(
        outcome=target.words,
        unit="people",
        population=english("label.everyone-recorded"),
        contrast=english("label.reported", {"reported": reported}),
        summary="count",
        horizon=period,
    )
    method = Method(key="reconcile", assumptions=(Note("counted-by-rule"),), sources=("mdrc-eml",))
    match = sorted(
        (r for r, n in found.items() if n == reported and r.changes()),
        key=lambda r: len(r.changes()),
    )
    if ours == reported:
        note = Note("reconcile-agrees")
    elif match:
        note = Note("reconcile-match", {"rule": match[0].words(), "n": len(match)})
    else:
        note = Note("reconcile-none", {"n": len(found)})
    plainest = [
        r for r, n in found.items() if not any(_plainer(o, r) for o, m in found.items() if m == n)
    ]
    nearest = sorted(plainest, key=lambda r: (abs(found[r] - reported), len(r.changes())))
    shown = [r for i, r in enumerate(nearest) if i < SHOWN or r == Rule()]
    rows: list[dict[str, Cell]] = [
        {"rule": r.words(), "count": found[r], "difference": found[r] - reported} for r in shown
    ]
    return (
        Finding(
            estimand=question,
            value=ours,
            interval=Interval(((ours, ours),), 0.95, "complete count"),
            counts=Counts(ours),
            method=method,
            strength="described",
            caveats=(note, *notes),
            origin=origin,
        ),
        Table(
            name="reconcile",
            estimand=replace(question, summary="count by rule"),
            columns=(
                Column("rule", "key", "text"),
                Column("count", "value", "people"),
                Column("difference", "count", "people"),
            ),
            rows=tuple(rows),
            dimensions=(Dimension("rule", False),),
            method=method,
            caveats=(note,),
            origin=origin,
        ),
    )
