"""How far people climbed: where their pay stood before a program and in the years after.

Each person's annual earnings, zeros included, are placed among the published percentiles of the
people of their area, age and year, so that growing older and rising prices are no climb. The year
before is one that ended before the fall in earnings that precedes entry (Ashenfelter 1978); where
the wage records do not reach back so far it is the last year before entry, and the answer says so.

One pass over the wage records gives a row a person (`sql/ladder_pay.sql`), a join on whole numbers
gives the ranks (`sql/ladder_place.sql`), and everything told is arithmetic on counts and sums by
where people stood before and after (`sql/ladder_pairs.sql`).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from sqlglot import exp

from rung.discovery.journey import MOST_LEVELS, NOT_RECORDED, members_of
from rung.errors import CannotAnswer, PlanError
from rung.finding import Note, Origin
from rung.messages import english
from rung.mobility import standing
from rung.mobility.area import Distribution
from rung.mobility.settings import LadderSettings
from rung.mobility.standing import BEFORE, LADDER, ROOM, YEARS, Moment, Work, kept
from rung.records import query
from rung.records.engine import Engine
from rung.records.lab import Group
from rung.records.poverty import GUIDELINES
from rung.records.query import Name, name, tree
from rung.records.wages import Coverage, coverage

RUNGS = 5  # fifths of the people
NONE, LOW, MIDDLE, HIGH = range(4)  # the four kinds of pay
_LOWER, _UPPER = 2, 4  # low and high pay, in poverty guidelines for one person


@dataclass(frozen=True)
class Tally:
    """People of one kind whose pay is known before and after.

    `ranked` have a rank in both years; the sums are over them. `rungs`, `pay`, `wage` and `poor`
    count people by (before, after): fifths of the people, kinds of pay, at the living wage or
    not, above the line of poverty or not (only those for whom it is known).
    """

    n: int = 0
    ranked: int = 0
    rank_before: float = 0.0
    rank_after: float = 0.0
    squares: float = 0.0
    dollars_before: float = 0.0
    dollars_after: float = 0.0
    dollar_squares: float = 0.0
    rungs: Counter[tuple[int, int]] = field(default_factory=Counter)
    pay: Counter[tuple[int, int]] = field(default_factory=Counter)
    wage: Counter[tuple[int, int]] = field(default_factory=Counter)
    poor: Counter[tuple[int, int]] = field(default_factory=Counter)
    clusters: Mapping[str, tuple[int, float]] = field(default_factory=dict)

    def __add__(self, other: Tally) -> Tally:
        clusters = dict(self.clusters)
        for key, (n, climb) in other.clusters.items():
            had = clusters.get(key, (0, 0.0))
            clusters[key] = (had[0] + n, had[1] + climb)
        return Tally(
            self.n + other.n,
            self.ranked + other.ranked,
            self.rank_before + other.rank_before,
            self.rank_after + other.rank_after,
            self.squares + other.squares,
            self.dollars_before + other.dollars_before,
            self.dollars_after + other.dollars_after,
            self.dollar_squares + other.dollar_squares,
            self.rungs + other.rungs,
            self.pay + other.pay,
            self.wage + other.wage,
            self.poor + other.poor,
            clusters,
        )

    @property
    def climb(self) -> float:
        """Mean percentiles climbed."""
        return (self.rank_after - self.rank_before) / self.ranked

    def spread(self) -> tuple[float, float] | None:
        """Standard error of the mean climb and its degrees of freedom; None for one person."""
        if self.clusters:
            return among({k: [v] for k, v in self.clusters.items()}, [(self.ranked, self.climb)])
        if self.ranked < 2:
            return None
        left = max(self.squares - self.ranked * self.climb**2, 0.0)
        return math.sqrt(left / (self.ranked - 1) / self.ranked), self.ranked - 1.0


def among(
    clusters: Mapping[str, Sequence[tuple[int, float]]], means: Sequence[tuple[int, float]]
) -> tuple[float, float] | None:
    """Standard error of a mean (or of the first less the second) of people in clusters.

    `clusters` has each one's people and sum for every mean. Liang and Zeger's (1986) sandwich with
    the factor G / (G − 1), and G − 1 degrees of freedom; None with one cluster.
    """
    if len(clusters) < 2:
        return None
    total = 0.0
    for parts in clusters.values():
        off = [(s - n * mean) / all_ for (n, s), (all_, mean) in zip(parts, means, strict=True)]
        total += (off[0] - sum(off[1:])) ** 2
    many = len(clusters)
    return math.sqrt(many / (many - 1) * total), many - 1.0


@dataclass(frozen=True)
class Stay:
    """People who got up by one year, and of them those who were still up in the next."""

    line: str  # "rung": a fifth higher than before; "pay": out of low pay
    first: Moment
    then: Moment
    n: Mapping[str | None, int]
    stayed: Mapping[str | None, int]


@dataclass(frozen=True)
class Ladder:
    """The summary. `tallies` maps (moment, arm, group key, level); ("", "") is everyone.

    `main` is the year the findings speak of. `left_out` counts people by reason for that year.
    `beyond` are those outside the published percentiles in either year.
    """

    settings: LadderSettings
    before: Moment
    after: tuple[Moment, ...]
    main: Moment
    groups: tuple[Group, ...]
    arms: tuple[str, ...]  # values, the comparison last; empty without a comparison
    tallies: Mapping[tuple[str, str | None, str, str], Tally]
    stays: tuple[Stay, ...]
    left_out: Mapping[str, int]
    beyond: int
    ranks: bool
    notes: tuple[Note, ...]
    origin: Origin

    def of(self, moment: Moment, arm: str = "", group: str = "", level: str = "") -> Tally:
        """One arm's people; without an arm everyone but the comparison."""
        control = self.arms[-1] if self.arms else None
        found = Tally()
        for (when, who, key, at), tally in self.tallies.items():
            mine = who == arm if arm else who != control or control is None
            if (when, key, at) == (moment.key, group, level) and mine:
                found += tally
        return found

    def levels(self, group: Group) -> tuple[str, ...]:
        """The levels of a group in order, "not recorded" last."""
        found = {level for _, _, key, level in self.tallies if key == group.key}
        return tuple(sorted(found, key=lambda level: (level == NOT_RECORDED, level)))

    def label(self, group: Group, level: str) -> str:
        """What people read for a level."""
        if level == NOT_RECORDED:
            return english("label.not-recorded")
        return group.labels.get(level, level)

    def arm_words(self, arm: str) -> str:
        """What people read for an arm."""
        return self.settings.arms.get(arm, arm)


def summarise(
    engine: Engine,
    settings: LadderSettings,
    work: Path,
    *,
    people: str = "journeys",
    wages: str | None = "wages",
    groups: Sequence[Group] = (),
    distribution: Distribution | None = None,
    inputs: Sequence[str] = (),
) -> Ladder:
    """Reduce records to the summary.

    `people` has pid, entered_on, the groups and what `settings` names; `wages` pid, quarter and
    amount, or None when `settings` names columns of annual earnings. `work` is a scratch folder
    that outlives the engine. Raises PlanError for a column that is not there, CannotAnswer when
    nobody's pay is known before and after.
    """
    started = len(engine.log)
    w = Work(engine, settings, tuple(groups), distribution, have=engine.columns(people))
    standing.check(w)
    notes: tuple[Note, ...] = ()
    if settings.before is not None:
        standing.annual(w, settings.before, people)
    else:
        if wages is None:
            raise CannotAnswer("ANS-no-wages")
        declared = Coverage.named(settings.coverage) if settings.coverage else None
        covered = coverage(engine, wages, declared=declared)
        notes = covered.notes()
        standing.quarterly(w, people, wages, covered)
    before, after, counted = standing.moments(w)
    if distribution is not None:
        standing.place(w, distribution, work, (before, *after))
    else:
        engine.view(LADDER, exp.select("*").from_(exp.table_(YEARS, quoted=True)))
    known = _known(w, before, after)
    usable = [m for m in after if sum(k[m.key] for k in known.values())]
    if not usable:
        raise CannotAnswer("ANS-ladder-nobody", saw={"people": counted})
    wanted = [m for m in usable if settings.before or int(m.key) <= settings.main]
    main = (wanted or usable)[-1]
    tallies = {k: t for m in usable for k, t in _pairs(w, before, m).items()}
    arms = _arms(w, known)
    return Ladder(
        settings=settings,
        before=before,
        after=tuple(usable),
        main=main,
        groups=w.groups,
        arms=arms,
        tallies=tallies,
        stays=tuple(_stays(w, before, usable)),
        left_out=_left_out(known, main, arms, ranks=distribution is not None),
        beyond=sum(k.get("beyond", 0) for k in known.values()),
        ranks=distribution is not None,
        notes=(*notes, *_notes(w, before, arms)),
        origin=Origin(inputs=tuple(inputs), queries=tuple(engine.log[started:])),
    )


# -- sums by where people stood


def _rung(rank: exp.Expr) -> exp.Expr:
    """The fifth of the people that a rank is in, 1 to 5."""
    share = exp.Div(this=query.as_double(rank), expression=tree(100.0 / RUNGS))
    whole = exp.cast(exp.func("floor", share), "INTEGER")
    return exp.func("least", exp.Add(this=whole, expression=tree(1)), tree(RUNGS))


def _by_year(w: Work, moment: Moment, more: bool) -> exp.Expr:
    """The guideline of a moment's year: of the first person, or of each further one."""
    case = exp.Case()
    for year, dollars in GUIDELINES[w.settings.guideline].items():
        on = exp.EQ(this=name(f"t_{moment.key}"), expression=tree(year))
        case = case.when(on, tree(dollars[more]))
    return case


def _flag(condition: exp.Expr) -> exp.Expr:
    """1 or 0; NULL where the condition is."""
    return exp.Case().when(condition, tree(1)).when(exp.not_(condition.copy()), tree(0))


def _kinds(w: Work, m: Moment) -> dict[str, exp.Expr]:
    """What is told of one year: rung, kind of pay, at the living wage, above poverty, rank."""
    s, pay = w.settings, name(f"y_{m.key}")
    nothing = exp.cast(exp.null(), "INTEGER")
    low: exp.Expr = exp.Mul(this=_by_year(w, m, more=False), expression=tree(_LOWER))
    high: exp.Expr = exp.Mul(this=_by_year(w, m, more=False), expression=tree(_UPPER))
    if s.low_pay and s.high_pay:
        low, high = tree(s.low_pay), tree(s.high_pay)
    kind = (
        exp.Case()
        .when(exp.LTE(this=pay.copy(), expression=tree(0)), tree(NONE))
        .when(exp.LT(this=pay.copy(), expression=low), tree(LOW))
        .when(exp.LT(this=pay.copy(), expression=high.copy()), tree(MIDDLE))
        .when(exp.GTE(this=pay.copy(), expression=high), tree(HIGH))
    )
    more: exp.Expr = tree(0)
    if "household" in kept(w):
        others = exp.Paren(this=exp.Sub(this=name("household"), expression=tree(1)))
        more = exp.Mul(this=others, expression=_by_year(w, m, more=True))
    family = exp.Paren(this=exp.Add(this=_by_year(w, m, more=False), expression=more))
    line = exp.Mul(this=family, expression=tree(s.poverty_multiple))
    wage: exp.Expr = nothing
    if s.living_wage:
        wage = _flag(exp.GTE(this=pay.copy(), expression=tree(s.living_wage * s.hours_year)))
    rank = name(f"r_{m.key}") if w.distribution else exp.cast(exp.null(), "DOUBLE")
    return {
        "rung": _rung(rank) if w.distribution else nothing,
        "pay": kind,
        "wage": wage,
        "poor": _flag(exp.GTE(this=pay.copy(), expression=line)),
        "rank": rank,
        "dollars": query.as_double(pay),
    }


def _ranked(w: Work, *moments: Moment) -> exp.Expr:
    """Whether someone has a rank in all of these years."""
    return exp.and_(*(exp.not_(name(f"r_{m.key}").is_(exp.null())) for m in moments))


def _sets(w: Work, more: Sequence[str]) -> list[exp.Expr]:
    """Groupings for everyone, and for each group by itself."""
    return [
        exp.Tuple(expressions=[name(c) for c in (*level, *more)])
        for level in ([], *([at] for at in w.levels))
    ]


def _pairs(w: Work, before: Moment, after: Moment) -> dict[tuple[str, str | None, str, str], Tally]:
    """Tallies of one year after; ranks count where there is one in both years."""
    kinds = ("rung", "pay", "wage", "poor", "rank", "dollars")
    both = [_kinds(w, m) for m in (before, after)]
    given = {
        f"{k}_{side}": of[k]
        for k in kinds
        for side, of in zip((BEFORE, "after"), both, strict=True)
    }
    if w.distribution:  # both ranks or neither, so that all is told of the same people
        ranked = _ranked(w, before, after)
        for k in ("rung", "rank"):
            for side in (BEFORE, "after"):
                given[f"{k}_{side}"] = exp.Case().when(ranked.copy(), given[f"{k}_{side}"])
    by = [f"{k}_{side}" for k in kinds[:4] for side in (BEFORE, "after")]
    found = w.engine.run(
        query.load(ROOM, "ladder_pairs"),
        levels=[Name(c) for c in w.levels],
        arm=w.arm,
        people=Name(LADDER),
        sets=_sets(w, ("arm", *by)),
        **given,
    )
    tallies: dict[tuple[str, str | None, str, str], Tally] = {}
    for row in found.dicts():
        _add(w, tallies, after, row, _tally(row))
    if w.settings.cluster and w.distribution:
        _cluster(w, tallies, before, after)
    _few_levels(w, tallies)
    return tallies


def _tally(row: Mapping[str, Any]) -> Tally:
    n = int(row["n"])
    ranked = row["rung_before"] is not None

    def pair(kind: str) -> Counter[tuple[int, int]]:
        a, b = row[f"{kind}_before"], row[f"{kind}_after"]
        return Counter() if a is None or b is None else Counter({(int(a), int(b)): n})

    def total(column: str) -> float:
        return float(row[column] or 0.0)

    return Tally(
        n=n,
        ranked=n if ranked else 0,
        rank_before=total("rank_before"),
        rank_after=total("rank_after"),
        squares=total("squares"),
        dollars_before=total("dollars_before"),
        dollars_after=total("dollars_after"),
        dollar_squares=total("dollar_squares"),
        rungs=pair("rung"),
        pay=pair("pay"),
        wage=pair("wage"),
        poor=pair("poor"),
    )


def _add(
    w: Work,
    tallies: dict[tuple[str, str | None, str, str], Tally],
    moment: Moment,
    row: Mapping[str, Any],
    tally: Tally,
) -> None:
    """A row's tally to everyone, or to the levels its group's code stands for."""
    arm = row["arm"]
    found = next(
        ((g, row[at]) for g, at in zip(w.groups, w.levels, strict=True) if row[at] is not None),
        None,
    )
    places = [("", "")]
    if found is not None:
        places = [(found[0].key, each) for each in members_of(found[0], str(found[1]))]
    for key, level in places:
        at = (moment.key, arm, key, level)
        tallies[at] = tallies.get(at, Tally()) + tally


def _cluster(
    w: Work,
    tallies: dict[tuple[str, str | None, str, str], Tally],
    before: Moment,
    after: Moment,
) -> None:
    climb = exp.Sub(this=name(f"r_{after.key}"), expression=name(f"r_{before.key}"))
    paid = exp.not_(name(f"y_{after.key}").is_(exp.null()))
    rows = w.engine.run(
        query.load(ROOM, "ladder_clusters"),
        levels=[Name(c) for c in w.levels],
        arm=w.arm,
        cluster=exp.func("coalesce", name("cluster"), tree("")),
        climb=exp.Case().when(paid, climb),
        people=Name(LADDER),
        sets=_sets(w, ("arm", "cluster")),
    )
    for row in rows.dicts():
        mine = {str(row["cluster"]): (int(row["n"]), float(row["climb"]))}
        _add(w, tallies, after, row, Tally(clusters=mine))


def _few_levels(w: Work, tallies: Mapping[tuple[str, str | None, str, str], Tally]) -> None:
    for g in w.groups:
        count = len({level for _, _, key, level in tallies if key == g.key})
        if count > MOST_LEVELS:
            raise CannotAnswer(
                "ANS-many-levels", saw={"levels": count}, needs={"most": MOST_LEVELS}, group=g.key
            )


def _counted(condition: exp.Expr, label: str) -> exp.Expr:
    one = exp.Case().when(condition, tree(1)).else_(tree(0))
    return query.alias(exp.Sum(this=one), label)


def _known(w: Work, before: Moment, after: Sequence[Moment]) -> dict[str | None, dict[str, int]]:
    """By arm: people, those known before, before and in each year, and ranked in each."""
    had = exp.not_(name(f"y_{before.key}").is_(exp.null()))
    counts = [_counted(had, BEFORE)]
    for m in after:
        paid = exp.and_(had.copy(), exp.not_(name(f"y_{m.key}").is_(exp.null())))
        counts.append(_counted(paid, m.key))
        if w.distribution:
            counts.append(_counted(exp.and_(paid.copy(), _ranked(w, before, m)), f"ranked {m.key}"))
    if w.distribution and after:
        outside = exp.or_(
            *(exp.GT(this=name(f"u_{m.key}"), expression=tree(0.0)) for m in (before, after[0]))
        )
        counts.append(_counted(exp.and_(_ranked(w, before, after[0]), outside), "beyond"))
    rows = w.engine.run(
        query.load(ROOM, "ladder_known"), arm=w.arm, people=Name(LADDER), known=counts
    ).dicts()
    return {r.pop("arm"): {k: int(v or 0) for k, v in r.items()} for r in rows}


def _left_out(
    known: Mapping[str | None, Mapping[str, int]],
    main: Moment,
    arms: Sequence[str],
    *,
    ranks: bool,
) -> dict[str, int]:
    """People who are not in the main answer, by reason; the comparison is not among them."""
    mine = [k for arm, k in known.items() if not arms or arm != arms[-1]]

    def total(what: str) -> int:
        return sum(k[what] for k in mine)

    left = {
        "pay-before-unknown": total("people") - total(BEFORE),
        "pay-after-unknown": total(BEFORE) - total(main.key),
    }
    if ranks:
        left["no-percentiles"] = total(main.key) - total(f"ranked {main.key}")
    return left


def _arms(w: Work, known: Mapping[str | None, object]) -> tuple[str, ...]:
    """The arms, the comparison last; PlanError (PLAN-ladder-control) when it is not among them."""
    s = w.settings
    if not s.arm:
        return ()
    found = sorted(a for a in known if a is not None)
    if s.control not in found:
        raise PlanError("PLAN-ladder-control", column=s.arm)
    return (*(a for a in found if a != s.control), s.control)


def _stays(w: Work, before: Moment, after: Sequence[Moment]) -> Iterator[Stay]:
    """Of those up in one year, who is up in the next: a rung higher, and out of low pay."""
    kinds = {m.key: _kinds(w, m) for m in (before, *after)}
    steps = list(pairwise(after))
    counts, asked = [], []
    for i, (a, b) in enumerate(steps):
        both = exp.and_(*(exp.not_(name(f"y_{m.key}").is_(exp.null())) for m in (before, a, b)))
        for line in ("rung", "pay") if w.distribution else ("pay",):
            start, at, then = (kinds[m.key][line] for m in (before, a, b))
            floor = start if line == "rung" else tree(LOW)
            known = exp.and_(both.copy(), exp.not_(then.copy().is_(exp.null())))
            up = exp.and_(known, exp.GT(this=at, expression=floor.copy()))
            if line == "pay":
                up = exp.and_(up, exp.LTE(this=start, expression=floor.copy()))
            stayed = exp.and_(up.copy(), exp.GT(this=then, expression=floor.copy()))
            counts += [_counted(up, f"up {line} {i}"), _counted(stayed, f"stay {line} {i}")]
            asked.append((line, i, a, b))
    if not counts:
        return
    rows = w.engine.run(
        query.load(ROOM, "ladder_known"), arm=w.arm, people=Name(LADDER), known=counts
    ).dicts()
    for line, i, a, b in asked:
        up_, stay_ = (
            {r["arm"]: int(r[f"{what} {line} {i}"] or 0) for r in rows} for what in ("up", "stay")
        )
        yield Stay(line, a, b, up_, stay_)


def _notes(w: Work, before: Moment, arms: Sequence[str]) -> tuple[Note, ...]:
    """What a reader must know, from what the lab has and lacks."""
    s = w.settings
    found = []
    if arms:  # a figure without an arm leaves the comparison out
        found.append(Note("ladder-all-but", {"control": s.arms.get(arms[-1], arms[-1])}))
    if before.key == "last" and s.dip_quarters:
        found.append(Note("ladder-dip"))
    if not s.living_wage:
        found.append(Note("ladder-no-living-wage"))
    if "household" not in kept(w):
        found.append(Note("ladder-one-person"))
    if w.distribution and w.distribution.years_off:
        found.append(Note("ladder-years-off", {"n": w.distribution.years_off}))
    return tuple(found)
