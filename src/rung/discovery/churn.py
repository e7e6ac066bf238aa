"""The low-pay, no-pay cycle: quarters without pay, with low pay and above a line, and the moves.

Each covered quarter of a person is one of three: no pay, low pay (under the line) or above it. A
person *goes back and forth* in a window when they moved from no pay into low pay and from low pay
into no pay, in either order, between neighbouring quarters of it. People count in a window only
when each of its quarters is covered by the wage records: what is not known never becomes no pay.

A person's quarters are two 64-bit masks (`sql/churn_masks.sql`) and all counting is bit
arithmetic on a window's bits (`sql/churn.sql`), so that one pass over the wage records serves
every window, line and group. A mask holds 63 quarters; a longer coverage is refused, with the
advice to declare the years that matter.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Literal

from sqlglot import exp

from rung.discovery.journey import MOST_LEVELS, NOT_RECORDED, level_of, members_of
from rung.errors import CannotAnswer, PlanError
from rung.finding import Note, Origin
from rung.messages import english
from rung.records import query
from rung.records.engine import Engine
from rung.records.lab import Group
from rung.records.query import Name
from rung.records.wages import Coverage, coverage, quarter_in

MOST = 63  # quarters in a mask
LEAST, LONGEST = 3, 40  # quarters in a window: back and forth takes three
MASKS, CELLS = "churn_masks", "churn_cells"  # tables that are kept while a summary is made
WEEKS = 13  # of a quarter

When = Literal["before", "after", "last"]
By = Decimal | Mapping[int, Decimal]
"""An amount, or one from each of these quarters on (a minimum wage that was raised)."""


def _steps(amount: By, factor: Decimal) -> tuple[tuple[int, Decimal], ...]:
    given = amount if isinstance(amount, Mapping) else {0: amount}
    if not given or any(v <= 0 for v in given.values()) or factor <= 0:
        raise PlanError("PLAN-low-pay")
    return tuple((q, v * factor) for q, v in sorted(given.items()))


@dataclass(frozen=True)
class Line:
    """Pay under this is low pay: dollars a quarter, from each quarter on. `label` is for people."""

    label: str
    steps: tuple[tuple[int, Decimal], ...]

    @classmethod
    def dollars(cls, amount: By) -> Line:
        """So many dollars a quarter."""
        steps = _steps(amount, Decimal(1))
        return cls(english("label.line-dollars", {"amount": f"{steps[-1][1]:,.0f}"}), steps)

    @classmethod
    def hours(cls, hours_week: Decimal, minimum_wage: By) -> Line:
        """So many hours a week at the minimum wage, for the 13 weeks of a quarter."""
        steps = _steps(minimum_wage, hours_week * WEEKS)
        return cls(english("label.line-hours", {"hours": f"{hours_week:f}"}), steps)

    @classmethod
    def of_median(cls, share: Decimal, median: By) -> Line:
        """A share of the median pay in a quarter of the people who work in the area."""
        steps = _steps(median, share)
        return cls(english("label.line-median", {"percent": f"{100 * share:.0f}"}), steps)

    def times(self, factor: Decimal) -> Line:
        """The same line, higher or lower, for the sensitivity table."""
        label = english("label.line-times", {"line": self.label, "percent": f"{100 * factor:.0f}"})
        return Line(label, tuple((q, v * factor) for q, v in self.steps))

    def reached(self, amount: exp.Expr, quarter: exp.Expr) -> exp.Expr:
        """Whether an amount in a quarter is at the line or above it, as a tree."""
        first, *later = self.steps
        line: exp.Expr = query.tree(first[1])
        if later:
            case = exp.Case()
            for at, value in reversed(later):
                case = case.when(
                    exp.GTE(this=quarter.copy(), expression=query.tree(at)), query.tree(value)
                )
            line = case.else_(line)
        return exp.GTE(this=amount.copy(), expression=line)


OTHERS = (Decimal("0.75"), Decimal("1.25"))
"""The other lines of the sensitivity table, times the line that was asked for."""


@dataclass(frozen=True)
class Tally:
    """People of one group in one window. Sums are over the `n` whose quarters are all known.

    `people` is everyone; `undated` have no date to count from. `no_pay`, `low_pay`, `above` are
    quarters (`above_squared` the sum of each person's squared), `spells_…` runs of quarters
    (`below`: no or low pay), `exits` and `returns` moves over the line, `chances` the quarters
    below that have a next one. `ever_…` are people: above at some time; below with a next quarter;
    who then got above; who then fell back.
    """

    people: int
    undated: int
    n: int
    cycling: int
    no_pay: int
    low_pay: int
    above: int
    above_squared: int
    spells_no_pay: int
    spells_low_pay: int
    spells_below: int
    chances: int
    exits: int
    returns: int
    ever_above: int
    ever_below: int
    ever_out: int
    ever_back: int

    @property
    def uncovered(self) -> int:
        """People with a quarter of the window that nobody knows."""
        return self.people - self.undated - self.n

    def mean(self, total: str) -> float:
        """A sum of quarters or moves, per person."""
        return float(getattr(self, total)) / self.n

    @property
    def above_se(self) -> float | None:
        """Standard error of the mean number of quarters above the line; None for one person."""
        if self.n < 2:
            return None
        squares = self.above_squared - self.above**2 / self.n
        return math.sqrt(max(squares, 0.0) / (self.n - 1) / self.n)


_NUMBERS = tuple(f.name for f in fields(Tally))
NOBODY = Tally(*(0 for _ in _NUMBERS))


def _plus(a: Tally, b: Tally) -> Tally:
    return Tally(*(getattr(a, f) + getattr(b, f) for f in _NUMBERS))


@dataclass(frozen=True)
class Churn:
    """The summary of the cycle: tallies by window, line, and level of a group.

    `tallies` has (when, number of the line, group key, level) as its key, ("", "") for everyone.
    The first line is the one asked for.
    """

    window: int
    lines: tuple[Line, ...]
    whens: tuple[When, ...]
    groups: tuple[Group, ...]
    tallies: Mapping[tuple[When, int, str, str], Tally]
    covered: Coverage
    after_exit: bool
    notes: tuple[Note, ...]
    origin: Origin

    @property
    def main(self) -> When:
        """The window that the finding tells of."""
        return self.whens[-1]

    def everyone(self, when: When, line: int = 0) -> Tally:
        """Everyone in a window, by one of the lines."""
        return self.tallies[when, line, "", ""]

    def levels(self, group: Group) -> tuple[str, ...]:
        """The levels of a group in order, "not recorded" last."""
        found = {level for _, _, key, level in self.tallies if key == group.key}
        return tuple(sorted(found, key=lambda level: (level == NOT_RECORDED, level)))

    def label(self, group: Group, level: str) -> str:
        """What people read for a level."""
        if level == NOT_RECORDED:
            return english("label.not-recorded")
        return group.labels.get(level, level)


def summarise(
    engine: Engine,
    *,
    lines: Sequence[Line],
    window: int = 8,
    journeys: str | None = None,
    groups: Sequence[Group] = (),
    wages: str = "wages",
    covered: Coverage | None = None,
    after: Literal["entry", "exit"] = "exit",
    inputs: Sequence[str] = (),
) -> Churn:
    """Reduce wage records to the summary: one pass over them, then one over people a window.

    `wages` has pid, quarter (a number) and amount; a row a person, quarter and employer. With
    `journeys` there are two windows of `window` quarters for everyone's first period: before the
    quarter of entry, and after the quarter of exit (or entry); groups are its columns. Without it
    there is one, the last covered quarters, of the people in the records. Raises PlanError for a
    window or line that is none, CannotAnswer when nothing is covered or the coverage is too long.
    """
    if not LEAST <= window <= LONGEST:
        raise PlanError("PLAN-window", least=LEAST, most=LONGEST)
    start = len(engine.log)
    covered = coverage(engine, wages, declared=covered)
    have = engine.columns(journeys) if journeys else {}
    first = covered.first if journeys else max(covered.first, covered.last - window + 1)
    if covered.last - first >= MOST:
        raise CannotAnswer(
            "ANS-long-coverage", saw={"quarters": len(covered)}, needs={"most": MOST}
        )
    engine.keep(MASKS, _masks(lines, wages, first, covered))
    starts = _starts(have, after, first, window, covered)
    tallies: dict[tuple[When, int, str, str], Tally] = {}
    for when, at in starts.items():
        cells = _cells(len(lines), journeys, have, groups, at, window, first, covered)
        engine.keep(CELLS, cells)
        for i in range(len(lines)):
            found = _tallied(engine, groups if i == 0 else (), i, window)
            tallies |= {(when, i, key, level): t for (key, level), t in found.items()}
    if not any(t.n for t in tallies.values()):
        raise CannotAnswer("ANS-none-covered", needs={"quarters": window})
    return Churn(
        window=window,
        lines=tuple(lines),
        whens=tuple(starts),
        groups=tuple(groups),
        tallies=tallies,
        covered=covered,
        after_exit=after == "exit",
        notes=covered.notes(),
        origin=Origin(inputs=tuple(inputs), queries=tuple(engine.log[start:])),
    )


def _masks(lines: Sequence[Line], wages: str, first: int, covered: Coverage) -> exp.Expr:
    """The query of the masks, filled: one `enough_<i>` a line.

    That no amount is missing and none is a correction, as `covered` says, saves work.
    """
    one = exp.cast(query.tree(1), "BIGINT")
    place = exp.cast(exp.Sub(this=query.name("quarter"), expression=query.tree(first)), "INTEGER")
    bit = exp.Paren(this=exp.BitwiseLeftShift(this=one, expression=place))
    pay, quarter, amount = (query.name(c) for c in ("pay", "quarter", "amount"))
    some = exp.GT(this=amount.copy(), expression=query.tree(0))
    highest = query.tree(max(value for x in lines for _, value in x.steps))
    here: exp.Expr = exp.Case().when(some, bit.copy()).else_(query.tree(0))
    least: exp.Expr = query.tree(1)
    undecided: exp.Expr = exp.LT(this=query.name("amount", "wages"), expression=highest)
    if covered.waiting or covered.negative:
        here, undecided = bit.copy(), exp.true()
        least = exp.Min(this=exp.func("coalesce", amount.copy(), query.tree(-1)))

    def mask(condition: exp.Expr, here: exp.Expr, i: int) -> exp.Expr:
        case = exp.Case().when(condition, here.copy()).else_(query.tree(0))
        return query.alias(exp.func("bit_or", case, dialect=query.DIALECT), f"enough_{i}")

    decided = [query.name(f"enough_{i}") for i in range(len(lines))]
    both = decided[0]
    for each in decided[1:]:
        both = exp.BitwiseAnd(this=both, expression=each)
    final = []
    for i in range(len(lines)):
        once, again = (query.name(f"enough_{i}", t) for t in ("once", "again"))
        kept = exp.Paren(
            this=exp.BitwiseAnd(
                this=once, expression=exp.BitwiseNot(this=query.name("unsure", "again"))
            )
        )
        late = exp.BitwiseOr(this=exp.BitwiseOr(this=kept, expression=again),
                             expression=query.name("waiting", "again"))  # fmt: skip
        alone = query.name("pid", "again").is_(exp.null())
        final.append(query.alias(exp.Case().when(alone, once.copy()).else_(late), f"enough_{i}"))
    return query.fill(
        query.load("rung.discovery", "churn_masks"),
        {
            "wages": Name(wages),
            "first": first,
            "last": covered.last,
            "here": here,
            "least": least,
            "undecided": undecided,
            "once_enough": [mask(x.reached(amount, quarter), bit, i) for i, x in enumerate(lines)],
            "again_enough": [
                mask(x.reached(pay, quarter), query.name("here"), i) for i, x in enumerate(lines)
            ],
            "decided": both,
            "above_all": exp.and_(*(x.reached(pay, quarter) for x in lines)),
            "enough": final,
        },
    )


def _starts(
    have: Mapping[str, str], after: str, first: int, window: int, covered: Coverage
) -> dict[When, exp.Expr]:
    """The bit of each window's first quarter, as a tree over a person's row."""
    if not have:
        return {"last": query.tree(covered.last - window + 1 - first)}
    entered = quarter_in(query.name("entered_on"))
    ends = [query.name(c) for c in ("closed_on", "last_service_on") if c in have]
    left = entered
    if after == "exit" and ends:
        left = quarter_in(exp.Coalesce(this=ends[0], expressions=ends[1:]) if ends[1:] else ends[0])
    return {
        "before": exp.Sub(this=entered.copy(), expression=query.tree(first + window)),
        "after": exp.Sub(this=left.copy(), expression=query.tree(first - 1)),
    }


def _cells(
    lines: int,
    journeys: str | None,
    have: Mapping[str, str],
    groups: Sequence[Group],
    start: exp.Expr,
    window: int,
    first: int,
    covered: Coverage,
) -> exp.Expr:
    """The query of one window's kinds of people, filled."""
    people = exp.select("*").from_(exp.table_(journeys or MASKS, quoted=True))
    cells = query.load("rung.discovery", "churn_cells")
    if journeys is None:  # the people of the records are those who have masks
        for join in cells.find_all(exp.Join):
            join.pop()
    if "period" in have:  # a row a person: the first period
        since = query.name("period")
        people = people.where(
            exp.or_(since.is_(exp.null()), exp.LTE(this=since.copy(), expression=query.tree(1)))
        )
    levels = [f"g{i}" for i in range(len(groups))]
    named = [f"enough_{i}" for i in range(lines)]
    whole = _bits((1 << window) - 1)
    unknown = _bits(sum(1 << q - first for q in covered.missing if first <= q))
    latest = query.tree(covered.last - first + 1 - window)
    inside = exp.Between(this=query.name("start"), low=query.tree(0), high=latest)
    enough, cut = [], []
    for each in named:
        known = exp.func("coalesce", query.name(each, "masks"), query.tree(0))
        enough.append(query.alias(exp.BitwiseOr(this=known, expression=unknown.copy()), each))
        moved = exp.BitwiseRightShift(this=query.name(each), expression=query.name("start"))
        these = exp.BitwiseAnd(this=exp.Paren(this=moved), expression=whole.copy())
        cut.append(query.alias(exp.Case().when(inside.copy(), these).else_(whole.copy()), each))
    joined = {"people": people.subquery()} if journeys else {}
    return query.fill(
        cells,
        {
            **joined,
            "masks": Name(MASKS),
            "groups": [
                query.alias(level_of(g, have), at) for g, at in zip(groups, levels, strict=True)
            ],
            "levels": [Name(c) for c in levels],
            "start": start,
            "unknown": unknown,
            "latest": latest,
            "full": whole,
            "enough": enough,
            "cut": cut,
            "lines": [Name(c) for c in named],
        },
    )


def _bits(mask: int) -> exp.Expr:
    return exp.cast(query.tree(mask), "BIGINT")


def _tallied(
    engine: Engine, groups: Sequence[Group], line: int, window: int
) -> dict[tuple[str, str], Tally]:
    """The kept window by one line: everyone under ("", ""), and every level of every group."""
    levels = [Name(f"g{i}") for i in range(len(groups))]
    found = engine.run(
        query.load("rung.discovery", "churn"),
        cells=Name(CELLS),
        levels=levels,
        enough=Name(f"enough_{line}"),
        full=_bits((1 << window) - 1),
        but_last=_bits((1 << window - 1) - 1),
        sets=[
            exp.Tuple(expressions=[query.tree(c) for c in level])
            for level in ([], *([at] for at in levels))
        ],
    )
    return _rolled(found.rows, groups)


def _rolled(
    rows: Sequence[tuple[object, ...]], groups: Sequence[Group]
) -> dict[tuple[str, str], Tally]:
    tallies: dict[tuple[str, str], Tally] = {}
    for row in rows:
        at, numbers = row[: len(groups)], row[len(groups) :]
        tally = Tally(*(int(str(v or 0)) for v in numbers))
        found = next(((g, x) for g, x in zip(groups, at, strict=True) if x is not None), None)
        if found is None:
            tallies["", ""] = tally
            continue
        group, level = found
        for each in members_of(group, str(level)):
            before = tallies.get((group.key, each), NOBODY)
            tallies[group.key, each] = _plus(before, tally)
    for g in groups:
        count = sum(1 for key, _ in tallies if key == g.key)
        if count > MOST_LEVELS:
            raise CannotAnswer(
                "ANS-many-levels", saw={"levels": count}, needs={"most": MOST_LEVELS}, group=g.key
            )
    return tallies
