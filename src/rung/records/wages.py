"""Wage records: what they cover, and pay by quarter counted from a person's own.

Everything here rests on one rule. **Inside the coverage window no record means no pay; outside it
means that nobody knows.** The window is declared, or read off the records: from the first quarter
of the source that begins last to the last quarter of the source that ends first, without the
quarters in which there is no record of anyone. What is read off is said in a caveat, for the
records cannot tell how much of the last quarter had arrived.

A quarter is a number, `year * 4 + quarter - 1`. Dollars are DECIMAL until an average is taken.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from sqlglot import exp

from rung.errors import CannotAnswer, PlanError, RecordsError
from rung.finding import Note
from rung.records import query
from rung.records.engine import Engine
from rung.records.query import Name

MOST_QUARTERS = 60  # on each side of a person's own
_QUARTER = re.compile(r"(\d{4})-?Q([1-4])", re.IGNORECASE)


def quarter_of(day: dt.date) -> int:
    """The calendar quarter of a day, as a number."""
    return day.year * 4 + (day.month - 1) // 3


def quarter_name(quarter: int) -> str:
    """How people write a quarter: 2024Q3."""
    return f"{quarter // 4}Q{quarter % 4 + 1}"


def quarter_named(text: str) -> int:
    """The quarter of a name like 2024Q3; PlanError (PLAN-quarter) when it is none."""
    found = _QUARTER.fullmatch(text.strip())
    if not found:
        raise PlanError("PLAN-quarter")
    return int(found[1]) * 4 + int(found[2]) - 1


def quarter_in(column: exp.Expr) -> exp.Expr:
    """The quarter of a date column, as a tree."""
    year, of_year = (
        exp.Extract(this=exp.var(part), expression=column.copy()) for part in ("year", "quarter")
    )
    four = exp.Mul(this=exp.Paren(this=year), expression=query.tree(4))
    sum_ = exp.Sub(this=exp.Add(this=four, expression=of_year), expression=query.tree(1))
    return exp.cast(sum_, "INTEGER")


@dataclass(frozen=True)
class Coverage:
    """The quarters that wage records speak of: `first` to `last`, both included.

    `missing` are quarters inside of which there is no record of anyone. `sources` has each
    source's own first and last quarter. `nameless`, `waiting` and `negative` count records
    without a person, without an amount yet, and corrections below zero (which are added in).
    """

    first: int
    last: int
    declared: bool = False
    missing: frozenset[int] = frozenset()
    sources: Mapping[str, tuple[int, int]] | None = None
    nameless: int = 0
    waiting: int = 0
    negative: int = 0

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise PlanError("PLAN-quarter")

    @classmethod
    def named(cls, text: str) -> Coverage:
        """A declared window like "2019Q1-2024Q4"; PlanError (PLAN-quarter) when it is none."""
        ends = re.findall(r"\d{4}-?Q[1-4]", text, re.IGNORECASE)
        if len(ends) != 2 or not re.fullmatch(r"\s*\S+?\s*(?:-|–|\.\.|to)\s*\S+\s*", text):
            raise PlanError("PLAN-quarter")
        return cls(quarter_named(ends[0]), quarter_named(ends[1]), declared=True)

    def __contains__(self, quarter: int) -> bool:
        return self.first <= quarter <= self.last and quarter not in self.missing

    def __len__(self) -> int:
        return self.last - self.first + 1

    def notes(self) -> tuple[Note, ...]:
        """What a reader must know of the window."""
        ends = {"first": quarter_name(self.first), "last": quarter_name(self.last)}
        found = [Note("coverage-declared" if self.declared else "coverage-seen", ends)]
        if self.missing:
            names = ", ".join(quarter_name(q) for q in sorted(self.missing))
            found.append(Note("coverage-missing", {"quarters": names}))
        if len({*(self.sources or {}).values()}) > 1:
            found.append(Note("coverage-sources", {"n": len(self.sources or {})}))
        for code, n in (("wages-waiting", self.waiting), ("wages-negative", self.negative)):
            if n:
                found.append(Note(code, {"n": n}))
        return (*found, Note("wages-not-all-work"))


def canonical(engine: Engine, given: str, view: str) -> None:
    """Make `view` of the table `given`: the columns of wage records, whatever its quarters are.

    A quarter is a number already, or text like 2024Q3, or a `year` beside a quarter of 1 to 4;
    an amount that is not a decimal becomes one. Raises RecordsError (REC-no-column) when the
    person, the quarter or the amount is not there.
    """
    have = engine.columns(given)
    for column in ("pid", "quarter", "amount"):
        if column not in have and not (column == "quarter" and "quarter_of_year" in have):
            raise RecordsError("REC-no-column", table=view, column=column)
    quarter = query.name("quarter" if "quarter" in have else "quarter_of_year")
    if "year" in have:
        four = exp.Mul(this=query.name("year"), expression=query.tree(4))
        added = exp.Add(this=four, expression=exp.Paren(this=quarter))
        quarter = exp.Sub(this=added, expression=query.tree(1))
    elif have["quarter"].startswith(("VARCHAR", "STRING")):
        year, of_year = (
            exp.cast(exp.func("substring", quarter.copy(), query.tree(a), query.tree(n)), "INTEGER")
            for a, n in ((1, 4), (6, 1))
        )
        four = exp.Mul(this=year, expression=query.tree(4))
        quarter = exp.Sub(this=exp.Add(this=four, expression=of_year), expression=query.tree(1))
    amount = query.name("amount")
    if not have["amount"].startswith("DECIMAL"):
        amount = exp.cast(amount, "DECIMAL(18, 4)")
    picked = {"pid": query.name("pid"), "quarter": exp.cast(quarter, "INTEGER"), "amount": amount}
    picked |= {c: query.name(c) for c in ("employer", "state", "source") if c in have}
    columns = [query.alias(node, column) for column, node in picked.items()]
    engine.view(view, exp.select(*columns).from_(exp.table_(given, quoted=True)))


def coverage(engine: Engine, view: str = "wages", *, declared: Coverage | None = None) -> Coverage:
    """What the records of `view` cover, by state (or `source`) where they tell it.

    A declared window stands as it is; odd records are counted all the same. Raises CannotAnswer
    (ANS-no-wages) when there is no record, or no quarter that every source covers.
    """
    odd = {r["what"]: r["n"] for r in engine.run(_load("wages_odd"), wages=Name(view)).dicts()}
    if declared is not None:
        return replace(declared, declared=True, **odd)
    have = engine.columns(view)
    by = next((c for c in ("source", "state") if c in have), None)
    told = [query.name(by)] if by else []
    # a file's statistics say that every record has a person: then the column is not read
    who = query.name("pid") if odd["nameless"] else query.tree(1)
    rows = engine.run(
        _load("wages_covered"),
        source=[query.alias(each, "source") for each in told],
        by=told,
        who=who,
        wages=Name(view),
    ).dicts()
    seen: dict[str, set[int]] = {}
    for row in rows:
        if row["quarter"] is not None and row["n"]:
            seen.setdefault(row.get("source") or "", set()).add(row["quarter"])
    if not seen:
        raise CannotAnswer("ANS-no-wages")
    first, last = max(map(min, seen.values())), min(map(max, seen.values()))
    if last < first:
        raise CannotAnswer("ANS-no-wages")
    gaps = set(range(first, last + 1)).difference(*seen.values())
    sources = {s: (min(q), max(q)) for s, q in seen.items()}
    return Coverage(first, last, missing=frozenset(gaps), sources=sources, **odd)


def _load(name: str) -> exp.Expr:
    return query.load("rung.records", name)


def by_quarter(
    people: exp.Expr,
    covered: Coverage,
    aways: Iterable[int],
    *,
    wages: str = "wages",
    factor: Mapping[int, Decimal] | None = None,
) -> exp.Expr:
    """Pay by person and quarter from their own, as a query for any engine.

    `people` is a query with `pid` and `origin` (the quarter they are counted from, or NULL); each
    of `aways` is so many quarters after it (negative: before). `factor` turns dollars of a quarter
    into those of another (`prices.factors`). Rows: pid, away, quarter, pay (dollars), records.
    """
    rows = [exp.Tuple(expressions=[query.tree(a)]) for a in sorted(set(aways))]
    listed = exp.Values(
        expressions=rows,
        alias=exp.TableAlias(this=exp.to_identifier("listed"), columns=[exp.to_identifier("away")]),
    )
    real: exp.Expr = query.tree(1)
    if factor:
        steps = exp.Case()
        for quarter, each in sorted(factor.items()):
            on = exp.EQ(this=query.name("quarter", "wanted"), expression=query.tree(quarter))
            steps = steps.when(on, query.tree(each))
        real = steps
    return query.fill(
        _load("wages_quarters"),
        {
            "wages": Name(wages),
            "people": exp.Subquery(this=people),
            "aways": exp.select("away").from_(listed).subquery(),
            "first": covered.first,
            "last": covered.last,
            "missing": sorted(covered.missing),
            "factor": real,
        },
    )


def before_after(
    people: exp.Expr,
    covered: Coverage,
    quarters: int,
    *,
    wages: str = "wages",
    factor: Mapping[int, Decimal] | None = None,
) -> exp.Expr:
    """Pay in the `quarters` before and after each person's own quarter, as a query.

    Rows: pid, before, after (dollars over all the quarters; NULL unless every one of them is
    known), first_paid (the first quarter after with pay, counted from their own; NULL when none).
    The quarter itself belongs to neither side.
    """
    if not 1 <= quarters <= MOST_QUARTERS:
        raise PlanError("PLAN-window", least=1, most=MOST_QUARTERS)
    aways = [a for a in range(-quarters, quarters + 1) if a]
    rows = by_quarter(people, covered, aways, wages=wages, factor=factor)
    return query.fill(
        _load("wages_before_after"),
        {"rows": exp.Subquery(this=rows), "quarters": quarters},
    )
