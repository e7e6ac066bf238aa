"""Each person's pay in the years that count, and where it stands among the people of their area.

From wage records, in one pass: a row a person with the pay of each year of four quarters from their
own quarter of entry (or exit). Or from columns that hold a year's earnings already. A join on whole
numbers then gives each amount its rank.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlglot import exp

from rung.discovery.journey import level_of
from rung.errors import PlanError, Problem
from rung.messages import english
from rung.mobility.area import Distribution
from rung.mobility.settings import Annual, LadderSettings
from rung.records import engine as engines
from rung.records import query
from rung.records.engine import Engine
from rung.records.lab import Group
from rung.records.query import Name, name, tree
from rung.records.wages import Coverage, quarter_in

ROOM = "rung.mobility"
YEAR = 4  # quarters
BEFORE = "before"
YEARS, LADDER = "ladder_years", "ladder"  # tables that are kept: pay, and pay with ranks


@dataclass(frozen=True)
class Moment:
    """A year of four quarters: its column, its first quarter from a person's own, its words.

    `own` is the quarter it counts from ("entered" or "counted"). In a table of annual earnings
    `year` is the calendar year and there is no quarter.
    """

    key: str
    words: str
    start: int = 0
    own: str = "counted"
    year: int = 0
    older: int = 0  # years since entry, for the age band


@dataclass
class Work:
    """One ladder while it is made."""

    engine: Engine
    settings: LadderSettings
    groups: tuple[Group, ...]
    distribution: Distribution | None
    looked: tuple[Moment, ...] = ()
    have: Mapping[str, str] = field(default_factory=dict)

    @property
    def levels(self) -> list[str]:
        return [f"g{i}" for i in range(len(self.groups))]

    @property
    def arm(self) -> exp.Expr:
        return name("arm") if self.settings.arm else exp.cast(exp.null(), "VARCHAR")


def check(w: Work) -> None:
    """Every column that is named is there."""
    s = w.settings
    named = [c for c in (s.arm, s.cluster, s.area_column) if c]
    if s.before is not None:
        named += [m.column for m in (s.before, *s.after)]
    else:
        named += ["pid", "entered_on"]
    problems = [
        Problem(code="PLAN-no-column", column=c, weight="break") for c in named if c not in w.have
    ]
    if problems:
        raise PlanError(problems)


def kept(w: Work) -> dict[str, exp.Expr]:
    """What is carried along of a person: levels, arm, cluster, area, age, people at home."""
    s = w.settings
    text = {"arm": s.arm, "cluster": s.cluster, "area": s.area_column}
    found = {at: level_of(g, w.have) for g, at in zip(w.groups, w.levels, strict=True)}
    found |= {k: exp.cast(name(c), "VARCHAR") for k, c in text.items() if c}
    number = {"age": s.age, "household": s.household}
    found |= {k: exp.cast(name(c), "INTEGER") for k, c in number.items() if c in w.have}
    return found


# -- a year's pay of everyone


def annual(w: Work, before: Annual, people: str) -> None:
    """Earnings from columns that hold a year's, `before` the first of them."""
    given = {BEFORE: before} | {str(i): a for i, a in enumerate(w.settings.after, 1)}
    base = before.year
    w.looked = tuple(
        Moment(key, a.label, year=a.year, older=a.year - base) for key, a in given.items()
    )
    columns = [query.alias(node, c) for c, node in kept(w).items()]
    for key, a in given.items():
        columns.append(query.alias(exp.cast(name(a.column), "DECIMAL(18, 4)"), f"y_{key}"))
        columns.append(query.alias(tree(a.year), f"t_{key}"))
    w.engine.keep(YEARS, exp.select(*columns).from_(exp.table_(people, quoted=True)))


def quarterly(w: Work, people: str, wages: str, covered: Coverage) -> None:
    """Earnings from wage records, in years counted from each person's own quarters."""
    s = w.settings
    reach = s.quarters_before or s.dip_quarters + YEAR
    w.looked = tuple(
        Moment(key, words, start, own, older=older)
        for key, words, start, own, older in _windows(s)
        if start >= -reach
    )
    entered = quarter_in(name("entered_on"))
    ends = [name(c) for c in ("closed_on", "last_service_on") if c in w.have]
    counted = entered
    if s.count_from == "exit":
        last = exp.func("coalesce", *ends) if ends else exp.cast(exp.null(), "DATE")
        counted = quarter_in(last)
    sums, years = [], []
    for m in w.looked:
        start = exp.Add(this=name(m.own, "own"), expression=tree(m.start))
        end = exp.Add(this=name(m.own, "own"), expression=tree(m.start + YEAR - 1))
        inside = exp.Between(this=name("quarter", "wages"), low=start, high=end)
        amount = exp.Case().when(inside.copy(), name("amount", "wages"))
        blank = exp.and_(inside.copy(), name("amount", "wages").is_(exp.null()))
        waits = exp.Case().when(blank, tree(1)).else_(tree(0))
        sums.append(query.alias(exp.Sum(this=amount), f"y_{m.key}"))
        sums.append(query.alias(exp.Max(this=waits), f"w_{m.key}"))
        known = [
            exp.GTE(this=start.copy(), expression=tree(covered.first)),
            exp.LTE(this=end.copy(), expression=tree(covered.last)),
            *(
                exp.or_(
                    exp.LT(this=tree(q), expression=start.copy()),
                    exp.GT(this=tree(q), expression=end.copy()),
                )
                for q in sorted(covered.missing)
            ),
            exp.EQ(
                this=exp.func("coalesce", name(f"w_{m.key}", "summed"), tree(0)),
                expression=tree(0),
            ),
        ]
        zero = exp.cast(tree(0), "DECIMAL(18, 4)")
        pay = exp.func("coalesce", name(f"y_{m.key}", "summed"), zero)
        years.append(query.alias(exp.Case().when(exp.and_(*known), pay), f"y_{m.key}"))
        # the calendar year that most of the four quarters are in; the earlier of two halves
        later = exp.Paren(this=exp.Add(this=start.copy(), expression=tree(1)))
        quarters = exp.Div(this=query.as_double(later), expression=tree(4.0))
        years.append(query.alias(exp.cast(exp.func("floor", quarters), "INTEGER"), f"t_{m.key}"))
    carried = kept(w)
    journeys = exp.select("*").from_(exp.table_(people, quoted=True))
    if "period" in w.have:  # a row a person: the first period
        first = exp.LTE(this=name("period"), expression=tree(1))
        journeys = journeys.where(exp.or_(name("period").is_(exp.null()), first))
    w.engine.keep(
        YEARS,
        query.fill(
            query.load(ROOM, "ladder_pay"),
            {
                "people": journeys.subquery(),
                "wages": Name(wages),
                "entered": entered,
                "counted": counted,
                "kept": [query.alias(node, c) for c, node in carried.items()],
                "own": [Name(c, "own") for c in carried],
                "sums": sums,
                "years": years,
                "first": covered.first,
                "last": covered.last,
            },
        ),
    )


def _windows(s: LadderSettings) -> Iterator[tuple[str, str, int, str, int]]:
    """Key, words, first quarter, whose quarter, years since entry: of each year looked at."""
    ago = s.dip_quarters
    if ago:
        words = english("label.ladder-before-dip", {"n": ago})
        yield "dip", words, -(ago + YEAR), "entered", round(-(ago + YEAR / 2) / YEAR)
    yield "last", english("label.ladder-before"), -YEAR, "entered", -1
    for k in s.years:
        words = english(f"label.ladder-after-{s.count_from}", {"n": k})
        yield str(k), words, YEAR * (k - 1) + 1, "counted", k


def moments(w: Work) -> tuple[Moment, tuple[Moment, ...], int]:
    """The year before, the years after, and how many people there are.

    The year before the dip serves when it is known for half as many people as the last one.
    """
    counts = [query.alias(exp.Count(this=name(f"y_{m.key}")), m.key) for m in w.looked]
    rows = w.engine.run(
        query.load(ROOM, "ladder_known"), arm=w.arm, people=Name(YEARS), known=counts
    ).dicts()
    n = {m.key: sum(r[m.key] for r in rows) for m in w.looked}
    by = {m.key: m for m in w.looked}
    after = tuple(m for m in w.looked if m.key.isdigit())
    early = "dip" in by and n["dip"] > 0 and 2 * n["dip"] >= n["last"]
    before = by[BEFORE] if BEFORE in by else by["dip" if early else "last"]
    return before, after, sum(r["people"] for r in rows)


# -- where each year's pay stands


def place(w: Work, d: Distribution, work: Path, moments: Sequence[Moment]) -> None:
    """Make `ladder` of `ladder_years`: ranks r_<moment> and spreads u_<moment> beside the pay."""
    attach(w.engine, d, work, "ladder_pieces")
    columns = [c for c in w.engine.columns(YEARS) if c != "pid"]  # nobody is looked up again
    view = YEARS
    for i, m in enumerate(moments):
        age = None
        if "age" in columns:
            age = exp.Paren(this=exp.Add(this=name("age"), expression=tree(m.older)))
        area = name("area") if "area" in columns else None
        cell = d.of(area, name(f"t_{m.key}"), age)
        query_ = placed(view, columns, d, cell, name(f"y_{m.key}"), m.key, "ladder_pieces")
        view = f"ladder_at_{i}"
        w.engine.view(view, query_)
        columns += [f"r_{m.key}", f"u_{m.key}"]
    w.engine.keep(LADDER, exp.select("*").from_(exp.table_(view, quoted=True)))


def attach(engine: Engine, distribution: Distribution, work: Path, view: str) -> None:
    """Make a distribution's stretches a table of the engine."""
    file = distribution.write(work / f"{view}.csv")
    engines.attach(engine, view, file, work)


def placed(
    view: str,
    columns: Iterable[str],
    distribution: Distribution,
    cell: exp.Expr,
    amount: exp.Expr,
    key: str,
    pieces: str,
) -> exp.Expr:
    """The rows of a view with the rank of an amount (`r_<key>`) and its spread (`u_<key>`)."""
    dollars = query.as_double(amount)
    past = exp.Sub(this=dollars.copy(), expression=name("start_at", "pieces"))
    gained = exp.Mul(this=name("slope", "pieces"), expression=exp.Paren(this=past))
    rank = exp.Add(this=name("rank_at", "pieces"), expression=gained)
    return query.fill(
        query.load(ROOM, "ladder_place"),
        {
            "kept": [Name(c, "people") for c in columns],
            "placed": [
                query.alias(rank, f"r_{key}"),
                query.alias(name("spread", "pieces"), f"u_{key}"),
            ],
            "cell": cell,
            "bin": distribution.bin_of(amount),
            "people": Name(view),
            "pieces": Name(pieces),
            "amount": dollars,
        },
    )
