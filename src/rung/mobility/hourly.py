"""Hourly wages among the wages of the area's jobs, and who has a quality job.

The published wages (OEWS) are of jobs: nobody in them earns nothing, and only five percentiles are
told. Below the lowest and above the highest a wage is known to lie there and no closer, so the mean
rank has a lower and an upper bound, and its range covers both (Imbens and Manski 2004). Only people
with a known wage count: who has no job has no rank here. Where there is a comparison, each arm's
people stand in rows of their own.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlglot import exp

from rung.errors import PlanError, Problem
from rung.finding import (
    Answer,
    Cell,
    Column,
    Counts,
    Dimension,
    Estimand,
    Method,
    Note,
    Origin,
    Refusal,
    Table,
)
from rung.messages import english
from rung.mobility import standing
from rung.mobility.area import Distribution
from rung.mobility.settings import LadderSettings, QualityJob
from rung.mobility.standing import ROOM
from rung.records import query
from rung.records.engine import Engine
from rung.records.query import Name, name, tree
from rung.records.schema import TABLES
from rung.stats.intervals import bounded_mean, wilson

BEFORE, START = "before", "start"
Key = tuple[str, str]  # an arm, "" without one; a moment
VIEW = "hourly_jobs"
_BOUNDS = (
    Column("n", "denominator", "people"),
    Column("rank_least", "value"),
    Column("rank_most", "value"),
    Column("low", "low"),
    Column("high", "high"),
)
_CLIMB = (
    Column("n", "denominator", "people"),
    Column("climb_least", "value"),
    Column("climb_most", "value"),
    Column("low", "low"),
    Column("high", "high"),
)
_GOOD = (
    Column("n", "denominator", "people"),
    Column("good", "numerator", "people"),
    Column("good_share", "value", "share", of=("good", "n"), interval="wilson"),
    Column("low", "low", "share"),
    Column("high", "high", "share"),
)


@dataclass(frozen=True)
class Sums:
    """People at one moment: sums of a bound's low end, its high end, and their squares."""

    n: int
    low: float
    low_squares: float
    high: float
    high_squares: float

    def means(self) -> tuple[float, float]:
        """The mean's two bounds."""
        return self.low / self.n, self.high / self.n

    def ends(self, level: float) -> tuple[float, float] | None:
        """The range that covers the bounds; None for one person."""
        if self.n < 2:
            return None
        low, high = self.means()
        errors = [
            math.sqrt(max(squares - self.n * mean**2, 0.0) / (self.n - 1) / self.n)
            for squares, mean in ((self.low_squares, low), (self.high_squares, high))
        ]
        return bounded_mean(low, errors[0], high, errors[1], level)


@dataclass(frozen=True)
class Hourly:
    """Sums by arm and moment: where wages stood, how far they moved since before entry, good jobs.

    The arms are values of the arm's column, the comparison last; none without a comparison.
    """

    settings: LadderSettings
    stood: Mapping[Key, Sums]
    climbed: Mapping[Key, Sums]
    good: Mapping[Key, tuple[int, int]]
    origin: Origin

    @property
    def arms(self) -> tuple[str, ...]:
        """Whose rows a table has; ("",) without a comparison."""
        found = {arm for sums in (self.stood, self.good) for arm, _ in sums}
        return tuple(sorted(found, key=lambda arm: (arm == self.settings.control, arm)))


def summarise(
    engine: Engine,
    settings: LadderSettings,
    work: Path,
    *,
    people: str,
    jobs: str | None,
    checks: str | None,
    distribution: Distribution | None,
    inputs: Sequence[str] = (),
) -> Hourly:
    """Reduce jobs and follow-ups to sums by arm and moment.

    `people` has pid, entered_on and the arm; `jobs` pid, start_on, hourly_wage and what a quality
    job needs; `checks` pid, due_days, contacted_on and hourly_wage. Raises PlanError
    (PLAN-no-column).
    """
    started = len(engine.log)
    stood: dict[Key, Sums] = {}
    climbed: dict[Key, Sums] = {}
    good: dict[Key, tuple[int, int]] = {}
    if jobs is not None:
        engine.keep(VIEW, _jobs(engine, settings, people, jobs, checks))
        if settings.quality_job:
            rows = engine.run(query.load(ROOM, "hourly_good"), people=Name(VIEW)).dicts()
            good = {_key(r): (int(r["n"]), int(r["good"] or 0)) for r in rows if r["n"]}
        if distribution is not None:
            _placed(engine, distribution, work)
            found = engine.run(
                query.load(ROOM, "hourly_sums"), people=Name("hourly"), before=BEFORE
            )
            for row in found.dicts():
                stood[_key(row)] = Sums(
                    int(row["n"]),
                    *(float(row[c]) for c in ("low", "low_squares", "high", "high_squares")),
                )
                if row["moment"] != BEFORE and row["pairs"]:
                    climbed[_key(row)] = Sums(
                        int(row["pairs"]),
                        *(
                            float(row[c])
                            for c in ("least", "least_squares", "most", "most_squares")
                        ),
                    )
    return Hourly(
        settings, stood, climbed, good,
        Origin(inputs=tuple(inputs), queries=tuple(engine.log[started:])),
    )  # fmt: skip


def _key(row: Mapping[str, Any]) -> Key:
    return row["arm"] or "", row["moment"]


def _jobs(
    engine: Engine, settings: LadderSettings, people: str, jobs: str, checks: str | None
) -> exp.Expr:
    have = engine.columns(people)
    arm: exp.Expr = exp.cast(exp.null(), "VARCHAR")
    if settings.arm:
        arm = exp.cast(name(settings.arm), "VARCHAR")
    own = exp.select("pid", "entered_on", query.alias(arm, "arm"))
    own = own.from_(exp.table_(people, quoted=True))
    if "period" in have:
        first = exp.LTE(this=name("period"), expression=tree(1))
        own = own.where(exp.or_(name("period").is_(exp.null()), first))
    if settings.arm:  # who is in no arm is compared with nobody
        own = own.where(exp.not_(arm.copy().is_(exp.null())))
    engine.view("hourly_people", own)
    columns = engine.columns(jobs)
    heard = _nobody()
    if checks:
        given = {"checks": Name(checks), "people": Name("hourly_people")}
        heard = query.fill(query.load(ROOM, "hourly_heard"), given)
    engine.view("hourly_heard", heard)
    begun: dict[str, query.Value] = {
        "people": Name("hourly_people"),
        "jobs": Name(jobs),
        "before": BEFORE,
        "start": START,
        "good": _good(settings.quality_job, columns),
    }
    engine.view("hourly_begun", query.fill(query.load(ROOM, "hourly_begun"), begun))
    both = {"begun": Name("hourly_begun"), "heard": Name("hourly_heard")}
    return query.fill(query.load(ROOM, "hourly_jobs"), both)


def _good(job: QualityJob | None, columns: Mapping[str, str]) -> exp.Expr:
    """Whether a job has all that a quality job has; NULL where what is known does not decide."""
    if job is None:
        return exp.cast(exp.null(), "BOOLEAN")
    asked = [("hourly_wage", job.wage), ("hours_week", job.hours_week)]
    numbers = [(c, least) for c, least in asked if least]
    missing = [c for c in (*(c for c, _ in numbers), *job.benefits) if c not in columns]
    if missing:
        raise PlanError([Problem(code="PLAN-no-column", column=c, weight="break") for c in missing])
    parts = [exp.GTE(this=name(c, "jobs"), expression=tree(least)) for c, least in numbers]
    return exp.and_(*parts, *(name(c, "jobs") for c in job.benefits))


def _nobody() -> exp.Expr:
    columns = {"pid": "VARCHAR", "arm": "VARCHAR", "moment": "VARCHAR", "wage": "DECIMAL(18, 4)",
               "year": "INTEGER", "good": "BOOLEAN"}  # fmt: skip
    nothing = [query.alias(exp.cast(exp.null(), kind), c) for c, kind in columns.items()]
    return exp.select(*nothing).where(exp.false())


def _placed(engine: Engine, distribution: Distribution, work: Path) -> None:
    """Make `hourly` of the jobs: the rank r_x of each wage, and its spread u_x."""
    standing.attach(engine, distribution, work, "hourly_pieces")
    dated = distribution.years != (0,)
    cell = distribution.of(None, name("year") if dated else tree(0), None)
    paid = exp.Case().when(exp.GT(this=name("wage"), expression=tree(0)), name("wage"))
    engine.view(
        "hourly",
        standing.placed(
            VIEW, ("pid", "arm", "moment"), distribution, cell, paid, "x", "hourly_pieces"
        ),
    )


# -- what is told


def _words(moment: str) -> str:
    if moment in (BEFORE, START):
        return english(f"label.hourly-{moment}")
    return english("label.hourly-check", {"n": int(moment)})


def _order(hourly: Hourly, sums: Mapping[Key, object]) -> list[Key]:
    """Before entry, the job's start, then the follow-ups by their days; in each, arm by arm."""
    moments = {m for _, m in sums}
    first = [m for m in (BEFORE, START) if m in moments]
    ordered = [*first, *sorted((m for m in moments if m.isdigit()), key=int)]
    return [(arm, m) for m in ordered for arm in hourly.arms if (arm, m) in sums]


def _place(hourly: Hourly, at: Key) -> dict[str, Cell]:
    """The cells that say when, and whose row it is."""
    arm, moment = at
    settings = hourly.settings
    who: dict[str, Cell] = {"arm": settings.arms.get(arm, arm)} if settings.arm else {}
    return {"when": _words(moment), **who}


def _method(key: str) -> Method:
    if key == "hourly":
        return Method(key, (Note("hourly-rule"),), ("oews", "imbens2004"))
    return Method(key, (Note("quality-job-rule"),), ("wilson1927",))


def _question(outcome: str, unit: str, summary: str) -> Estimand:
    return Estimand(
        english(f"label.{outcome}"), unit, english("label.hourly-people"), "", summary, ""
    )


def _table(
    hourly: Hourly,
    key: str,
    outcome: str,
    unit: str,
    columns: Sequence[Column],
    rows: Sequence[dict[str, Cell]],
    level: float,
    notes: tuple[Note, ...],
) -> Table:
    people: Counter[Cell] = Counter()  # at each moment, of all arms
    for row in rows:
        people[row["when"]] += int(row["n"] or 0)
    keys = ("when", "arm") if hourly.settings.arm else ("when",)
    return Table(
        name=outcome,
        estimand=_question(outcome, unit, outcome),
        columns=(*(Column(k, "key", "text") for k in keys), *columns),
        rows=tuple(rows),
        dimensions=tuple(Dimension(k, k == "arm") for k in keys),
        method=_method(key),
        counts=Counts(max(people.values())),
        caveats=notes,
        level=level,
        origin=hourly.origin,
    )


def _bounds(
    hourly: Hourly, sums: Mapping[Key, Sums], names: tuple[str, str], level: float
) -> list[dict[str, Cell]]:
    rows: list[dict[str, Cell]] = []
    for at in _order(hourly, sums):
        each = sums[at]
        least, most = each.means()
        low, high = each.ends(level) or (None, None)
        rows.append(
            {**_place(hourly, at), "n": each.n, names[0]: least, names[1]: most,
             "low": low, "high": high}
        )  # fmt: skip
    return rows


def _refusal(hourly: Hourly, code: str, key: str, outcome: str) -> Refusal:
    return Refusal(
        estimand=_question(outcome, "percentiles" if key == "hourly" else "share", outcome),
        code=code,
        method=_method(key),
        origin=hourly.origin,
    )


def answers(hourly: Hourly, level: float = 0.95) -> tuple[Answer, ...]:
    """Where wages stand, how far they moved, and good jobs; a Refusal for what cannot be told."""
    made: list[Answer] = []
    known = Note("hourly-known")
    if hourly.stood:
        rows = _bounds(hourly, hourly.stood, ("rank_least", "rank_most"), level)
        made.append(
            _table(hourly, "hourly", "ladder-hourly", "number", _BOUNDS, rows, level, (known,))
        )
    else:
        made.append(_refusal(hourly, "ANS-no-hourly", "hourly", "ladder-hourly"))
    if hourly.climbed:
        rows = _bounds(hourly, hourly.climbed, ("climb_least", "climb_most"), level)
        made.append(
            _table(hourly, "hourly", "ladder-hourly-climb", "number", _CLIMB, rows, level, (known,))
        )
    job = hourly.settings.quality_job
    if job is None or not hourly.good:
        return (*made, _refusal(hourly, "ANS-no-quality-job", "quality-job", "ladder-quality"))
    good: list[dict[str, Cell]] = []
    for at in _order(hourly, hourly.good):
        n, x = hourly.good[at]
        low, high = wilson(x, n, level)
        good.append(
            {**_place(hourly, at), "n": n, "good": x, "good_share": x / n,
             "low": low, "high": high}
        )  # fmt: skip
    notes = (_rule(job), Note("hourly-known"))
    made.append(_table(hourly, "quality-job", "ladder-quality", "share", _GOOD, good, level, notes))
    return tuple(made)


def _rule(job: QualityJob) -> Note:
    """What a good job is here."""
    known = {c.name: c.heading for c in TABLES["employment"].columns}
    benefits = ", ".join(known.get(b, b.replace("_", " ")) for b in job.benefits)
    given = {"wage": f"{job.wage:,.2f}", "hours": f"{job.hours_week:f}", "benefits": benefits}
    return Note("quality-job-benefits" if benefits else "quality-job-wage", given)
