"""What is told of a family: rung against rung, the falls, and net income wage by wage.

A family that has Medicaid, child-care, housing help or TANF is not told whether it is better off
by the built-in model, which knows none of them: a Refusal takes the place of that Finding.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rung.errors import CannotAnswer, PlanError
from rung.finding import (
    Cell,
    Column,
    Counts,
    Estimand,
    Finding,
    Method,
    Note,
    Part,
    Refusal,
    Row,
    Table,
)
from rung.messages import english
from rung.returns.household import federal, full, states
from rung.returns.household.cliffs import FALL_LEAST, Dollars, Step, falls, net_of, rungs
from rung.returns.household.family import (
    A_CHILD_IS,
    MOST_ROWS,
    Family,
    Wages,
    wrong_year,
)
from rung.returns.household.parameters import NEWEST, SNAP_GROSS, YEARS, Year

AnyAnswer = Finding | Table | Refusal
ALWAYS = ("earnings", "payroll_tax", "income_tax", "child_credit", "eitc", "snap")
"""Components with a column even where they are nothing all along."""
DOLLAR = "whole dollars"
MOST_POINTS = 5_000  # wages in one question to the full model: it takes no longer than one wage


@dataclass(frozen=True)
class Looked:
    """Net income and its components at wages from the lowest on, in even steps."""

    wages: Dollars
    parts: Mapping[str, Dollars]
    covered: Dollars | None = None
    version: str = ""

    @property
    def net(self) -> Dollars:
        """The sum of the components."""
        return net_of(self.parts)

    def at(self, wage: float) -> int:
        """Where a wage stands."""
        return int(np.argmin(np.abs(self.wages - wage)))


def check(family: Family, wages: Wages, year: int | None) -> Year:
    """The rules of the year; PlanError with everything that is wrong with what was asked."""
    problems = [*family.problems(), *wages.problems(), *wrong_year(year)]
    if problems:
        raise PlanError(problems)
    return YEARS[year or NEWEST]


def built_in(family: Family, wages: Wages, year: Year) -> Looked:
    """The built-in model, cent by cent, to twice the highest wage and $20 more."""
    low, high = round(100 * wages.low), round(100 * (2 * wages.high + 20))
    cents = np.arange(low, high + 1) / 100
    return Looked(cents, federal.components(family, cents * family.earnings(1.0), year))


def modelled(family: Family, wages: Wages, year: Year, cache: Path | None = None) -> Looked:
    """The full model, in the finest step that keeps its arrays small and meets every wage asked.

    Raises PlanError (PLAN-household-steps) when there is none: a wide range with odd cents.
    """
    asked = [round(100 * (w - wages.low)) for w in (*wages.grid, *(w for _, w in wages.path))]
    span = round(100 * (1.5 * wages.high + 10 - wages.low))
    fits = (s for s in (1, 5, 10, 25) if span // s < MOST_POINTS)
    step = next((s for s in fits if all(c % s == 0 for c in asked)), None)
    if step is None:
        raise PlanError("PLAN-household-steps", most=MOST_ROWS)
    count = span // step + 1
    grid = np.round(wages.low + np.arange(count) * step / 100, 2)
    each = family.earnings(1.0)
    ends = (each * float(grid[0]), each * float(grid[-1]))
    reply = full.ask(family, year.year, *ends, count, cache=cache)
    return Looked(grid, reply.parts, reply.covered, reply.version)


def answers(family: Family, wages: Wages, year: Year, found: Looked) -> tuple[AnyAnswer, ...]:
    """Findings (or one Refusal), the table of rungs, of falls, and of wages."""
    told = _Told(family, wages, year, found)
    steps = tuple(rungs(wages.path, found.wages, found.net))
    fallen = () if told.unknown else falls(found.wages, found.net, wages.high)
    out: list[AnyAnswer] = []
    if told.unknown:
        out.append(told.refusal())
    else:
        out += told.findings(steps, fallen)
        if len(fallen) > 1:
            out.append(told.falls(fallen))
    if steps:
        out.append(told.rungs(steps))
    return (*out, told.wages_table(told.marks(steps, fallen)))


class _Told:
    """The answers of one family."""

    def __init__(self, family: Family, wages: Wages, year: Year, found: Looked) -> None:
        self.family, self.wages, self.year, self.found = family, wages, year, found
        used = [k for k, v in found.parts.items() if k in ALWAYS or np.any(np.abs(v) >= 0.005)]
        self.parts = tuple(used)
        self.unknown = bool(family.has) and not found.version  # what net income really is

    def estimand(self, contrast: str, summary: str, outcome: str = "net-income") -> Estimand:
        return Estimand(
            outcome=english(f"label.household-{outcome}"),
            unit="dollars",
            population=population(self.family),
            contrast=contrast,
            summary=summary,
            horizon=english("label.in-a-year"),
            dollar_year=self.year.year,
        )

    def method(self, key: str) -> Method:
        notes = [Note("household-year", {"year": self.year.year, "fiscal": self.year.fiscal_year})]
        notes.append(Note("household-assumes"))
        notes += self._state()
        if self.family.children and not self.family.ages:
            notes.append(Note("household-ages", {"age": A_CHILD_IS}))
        if self.found.version:
            notes.append(Note("household-full", {"version": self.found.version}))
            if "housing" in self.family.has:
                notes.append(Note("household-rent"))
            if "medicaid" in self.family.has:
                notes.append(Note("household-health"))
            return Method(f"household-{key}", tuple(notes), ("policyengine",))
        utilities = states.UTILITY_SOURCES if self.family.utilities else ()
        return Method(f"household-{key}", tuple(notes), (*self.year.sources, *utilities))

    def _state(self) -> Iterator[Note]:
        """What the state's own choices in SNAP are for this family."""
        family, state = self.family, self.family.state
        if family.utilities:
            yield Note("household-utilities")
            if state in states.UTILITY_AREAS:
                area = english(f"label.household-area-{state}")
                yield Note("household-utilities-area", {"state": state_name(state), "area": area})
        if self.found.version:  # knows every state's, and is its own witness
            return
        limit = states.wider(state, family.childcare > 0, self.year.snap_on)
        if limit and limit.gross > SNAP_GROSS:
            yield Note(
                "household-wider",
                {"state": state_name(state), "percent": round(100 * limit.gross)},
            )
        if state in states.LEAST:
            yield Note(
                "household-least", {"state": state_name(state), "least": states.LEAST[state]}
            )

    def caveats(self) -> tuple[Note, ...]:
        left_out = "household-leaves-out-full" if self.found.version else "household-leaves-out"
        notes = [Note(left_out)]
        if not (self.family.rent or self.family.utilities):
            notes.append(Note("household-no-rent"))
        elif not self.family.utilities and self.family.state not in states.NO_ALLOWANCE:
            notes.append(Note("household-no-utilities"))
        return (*notes, Note("household-small", {"least": round(FALL_LEAST)}))

    def refusal(self) -> Refusal:
        why = CannotAnswer("ANS-household-help", setting=full.SETTING)
        return Refusal(
            estimand=self.estimand(self._range(), "difference in net income"),
            code=why.code,
            params=why.problems[0].params,
            method=self.method("step" if self.wages.path else "cliff"),
        )

    def _range(self) -> str:
        return english(
            "label.wages-from-to", {"low": wage(self.wages.low), "high": wage(self.wages.high)}
        )

    def findings(self, steps: tuple[Step, ...], fallen: tuple[Step, ...]) -> Iterator[Finding]:
        if steps:
            for step in steps:
                yield from self._step(step, "step")
        elif fallen:
            yield from self._step(min(fallen, key=lambda s: s.change), "cliff")
        elif self.wages.high > self.wages.low:  # one wage has no raise
            yield self._finding("no-cliff", 0.0, self._range(), "largest fall in net income", ())

    def _step(self, step: Step, key: str) -> Iterator[Finding]:
        contrast = english(
            "label.wage-against", {"after": wage(step.after), "before": wage(step.before)}
        )
        parts = (
            Part(wage(step.after), 1, step.net_after),
            Part(wage(step.before), 1, step.net_before),
        )
        summary = "difference in net income"
        yield self._finding(key, step.change, contrast, summary, parts)
        if step.change <= -FALL_LEAST:
            until = float("inf") if step.until is None else step.until
            yield self._finding(
                "next", until, contrast, "lowest wage with as much net income", (), "next-rung"
            )

    def _finding(
        self,
        key: str,
        value: float,
        contrast: str,
        summary: str,
        parts: tuple[Part, ...],
        outcome: str = "net-income",
    ) -> Finding:
        return Finding(
            estimand=self.estimand(contrast, summary, outcome),
            value=round(value, 2),
            counts=Counts(1),
            method=self.method(key),
            strength="described",
            parts=parts,
            caveats=self.caveats(),
        )

    def table(self, name: str, columns: tuple[Column, ...], rows: tuple[Row, ...]) -> Table:
        return Table(
            estimand=self.estimand(self._range(), "net income and its parts"),
            columns=columns,
            rows=rows,
            dimensions=(),
            method=self.method("table"),
            caveats=self.caveats(),
            name=name,
        )

    def falls(self, fallen: tuple[Step, ...]) -> Table:
        columns = (
            Column("from_hourly", "key", "dollars"),
            Column("worst_hourly", "value", "dollars"),
            Column("change", "value", DOLLAR),
            Column("until_hourly", "value", "dollars"),
        )
        rows = tuple(
            {
                "from_hourly": s.before,
                "worst_hourly": s.after,
                "change": round(s.change, 2),
                "until_hourly": s.until,
            }
            for s in fallen
        )
        return self.table("cliff-falls", columns, rows)

    def rungs(self, steps: tuple[Step, ...]) -> Table:
        """Component by component, from each rung to the next."""
        several = len(steps) > 1
        columns = (
            *((Column("step", "key"),) if several else ()),
            Column("component", "key"),
            Column("at_before", "value", DOLLAR),
            Column("at_after", "value", DOLLAR),
            Column("change", "value", DOLLAR),
        )
        rows: list[Row] = []
        for s in steps:
            a, b = self.found.at(s.before), self.found.at(s.after)
            given = {"before": wage(s.before), "after": wage(s.after), "name": s.name}
            label = english("label.wage-to-named" if s.name else "label.wage-to", given)
            for name in (*self.parts, "net"):
                line = self.found.net if name == "net" else self.found.parts[name]
                first, last = round(float(line[a]), 2), round(float(line[b]), 2)
                if name != "net" and first == last == 0:
                    continue
                row: dict[str, Cell] = {"step": label} if several else {}
                part = "federal" if name == "net" and self.unknown else name
                row["component"] = english(f"label.household-{part}")
                row |= {"at_before": first, "at_after": last, "change": round(last - first, 2)}
                rows.append(row)
        return self.table("rungs", columns, tuple(rows))

    def marks(self, steps: tuple[Step, ...], fallen: tuple[Step, ...]) -> dict[float, str]:
        """What is at a wage that stands in the table for its own sake, in order of weight."""
        found: dict[float | None, str] = {}
        for s in fallen:
            found |= {s.before: "before-fall", s.after: "after-fall", s.until: "high-again"}
        for s in steps:
            if s.change <= -FALL_LEAST and not self.unknown:
                found[s.until] = "next"
        found |= {w: "rung" for s in steps for w in (s.before, s.after)}
        ends = (self.wages.low, self.wages.high)
        return {
            w: english(f"label.household-at-{mark}")
            for w, mark in found.items()
            if w is not None and ends[0] <= w <= ends[1]
        }

    def wages_table(self, marks: Mapping[float, str]) -> Table:
        """A row a wage: the parts, net income, how far below an earlier high, marginal rate.

        The rungs, and the wages where a fall begins and ends, have rows of their own.
        """
        found, net = self.found, self.found.net
        high = np.maximum.accumulate(net)
        covered = found.covered if "medicaid" in self.family.has else None
        columns = (
            Column("hourly", "key", "dollars"),
            *(Column(name, "value", DOLLAR) for name in self.parts),
            Column("net", "value", DOLLAR),
            *(() if self.unknown else (Column("behind", "value", DOLLAR),)),
            Column("emtr", "value", "rate"),
            *((Column("covered", "count", "people"),) if covered is not None else ()),
            Column("mark", "key"),
        )
        rows: list[Row] = []
        for w in sorted({*self.wages.grid, *marks}):
            i, j = found.at(w), found.at(w + self.wages.step)
            more = float(found.parts["earnings"][j] - found.parts["earnings"][i])
            row: dict[str, Cell] = {"hourly": w}
            row |= {name: round(float(found.parts[name][i]), 2) + 0.0 for name in self.parts}
            row["net"] = round(float(net[i]), 2)
            if not self.unknown:
                row["behind"] = round(float(high[i] - net[i]), 2) + 0.0
            row["emtr"] = round(1 - float(net[j] - net[i]) / more, 4)
            if covered is not None:
                row["covered"] = round(float(covered[i]))
            row["mark"] = marks.get(w, "")
            rows.append(row)
        return self.table("cliff", columns, tuple(rows))


def wage(value: float) -> str:
    """A wage as it stands in an answer: "$19.50", "$17"."""
    return f"${value:,.0f}" if value == int(value) else f"${value:,.2f}"


def population(family: Family) -> str:
    """The family in words, in English."""
    adults = "two" if family.adults == 2 else "one"
    kids = {0: "none", 1: "one"}.get(family.children, "more")
    given = {"state": state_name(family.state)} | (
        {"n": family.children} if family.children > 1 else {}
    )
    return english(f"label.family-{adults}-{kids}", given)


def state_name(code: str) -> str:
    """New York for NY, in English."""
    return english("label.state-DC" if code == "DC" else f"web.state.{code}")
