"""The low-pay, no-pay cycle against a second implementation, row by row, and against windows."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rung.discovery import churn, churn_tables
from rung.discovery.churn import Churn, Line, Tally
from rung.errors import CannotAnswer, PlanError
from rung.finding import Finding, Refusal, Table
from rung.messages import phrase
from rung.records.lab import Group
from rung.records.query import Session
from rung.records.wages import Coverage, coverage
from rung.share.release import Inside, Outside, release
from rung.share.say import words

FIRST = 2022 * 4
LINE = Line.dollars(Decimal(3000))


@dataclass(frozen=True)
class Wage:
    pid: str
    quarter: int
    amount: Decimal | None


@dataclass(frozen=True)
class Person:
    pid: str
    entered: int | None
    left: int | None
    site: str | None


def _day(quarter: int | None) -> dt.date | None:
    return None if quarter is None else dt.date(quarter // 4, quarter % 4 * 3 + 2, 15)


def load(session: Session, wages: Iterable[Wage], people: Iterable[Person] | None = None) -> None:
    """The two tables, as an import leaves them."""
    kinds = {"pid": "VARCHAR", "quarter": "INTEGER", "amount": "DECIMAL(18, 4)"}
    _table(session, "wages", kinds, [(w.pid, w.quarter, w.amount) for w in wages])
    if people is not None:
        kinds = {"pid": "VARCHAR", "entered_on": "DATE", "closed_on": "DATE", "site": "VARCHAR"}
        rows = [(p.pid, _day(p.entered), _day(p.left), p.site) for p in people]
        _table(session, "journeys", kinds, rows)


def _table(
    session: Session, table: str, kinds: dict[str, str], rows: Sequence[Sequence[Any]]
) -> None:
    lists = ", ".join(f"unnest(CAST(? AS {kind}[])) AS {c}" for c, kind in kinds.items())
    session.connection.execute(
        f"CREATE OR REPLACE TABLE {table} AS SELECT {lists}",
        [[row[i] for row in rows] for i in range(len(kinds))],
    )


# -- the second implementation: no masks, no SQL, a list of states a person


def _states(
    pid: str, wages: Sequence[Wage], first: int, length: int, line: Decimal, covered: Coverage
) -> list[str] | None:
    found = []
    for quarter in range(first, first + length):
        if quarter not in covered:
            return None
        mine = [w.amount for w in wages if w.pid == pid and w.quarter == quarter]
        known = sum((a for a in mine if a is not None), Decimal(0))
        if None in mine and known < line:
            return None
        found.append("above" if known >= line else "low" if known > 0 else "none")
    return found


def _spells(states: Sequence[bool]) -> int:
    return sum(1 for i, here in enumerate(states) if here and (i == 0 or not states[i - 1]))


def _tally(people: Sequence[list[str] | None], undated: int) -> Tally:
    t: defaultdict[str, int] = defaultdict(int)
    t["people"], t["undated"] = len(people) + undated, undated
    for states in people:
        if states is None:
            continue
        t["n"] += 1
        pairs = list(pairwise(states))
        for state, name in (("none", "no_pay"), ("low", "low_pay"), ("above", "above")):
            t[name] += states.count(state)
        t["above_squared"] += states.count("above") ** 2
        t["spells_no_pay"] += _spells([s == "none" for s in states])
        t["spells_low_pay"] += _spells([s == "low" for s in states])
        t["spells_below"] += _spells([s != "above" for s in states])
        t["cycling"] += ("none", "low") in pairs and ("low", "none") in pairs
        out = [i for i, (a, b) in enumerate(pairs) if a != "above" and b == "above"]
        back = [i for i, (a, b) in enumerate(pairs) if a == "above" and b != "above"]
        t["chances"] += sum(a != "above" for a, _ in pairs)
        t["exits"] += len(out)
        t["returns"] += len(back)
        t["ever_above"] += "above" in states
        t["ever_below"] += any(a != "above" for a, _ in pairs)
        t["ever_out"] += bool(out)
        t["ever_back"] += bool(out) and any(i > out[0] for i in back)
    return Tally(**{f.name: t[f.name] for f in fields(Tally)})


def brute(
    wages: Sequence[Wage],
    people: Sequence[Person] | None,
    window: int,
    covered: Coverage,
    line: Decimal = Decimal(3000),
) -> dict[tuple[str, str], Tally]:
    """Tallies by window and site ("" for everyone), counted the slow way."""
    if people is None:
        pids = sorted({w.pid for w in wages if w.quarter > covered.last - window
                       and covered.first <= w.quarter <= covered.last})  # fmt: skip
        start = covered.last - window + 1
        found = [_states(p, wages, start, window, line, covered) for p in pids]
        return {("last", ""): _tally(found, 0)}
    made = {}
    for when in ("before", "after"):
        for site in ("", *{p.site or "not recorded" for p in people}):
            these = [p for p in people if site in ("", p.site or "not recorded")]
            anchors = [(p.pid, p.entered if when == "before" else p.left) for p in these]
            found = [
                _states(
                    pid, wages, at - window if when == "before" else at + 1, window, line, covered
                )
                for pid, at in anchors
                if at is not None
            ]
            made[when, site] = _tally(found, len(these) - len(found))
    return made


def _found(result: Churn) -> dict[tuple[str, str], Tally]:
    return {(when, level): t for (when, i, _, level), t in result.tallies.items() if i == 0}


def _people(seed: int, count: int, quarters: int) -> tuple[list[Wage], list[Person]]:
    """People with every kind of record: two and three employers, corrections, amounts to come."""
    pick = random.Random(seed)
    wages, people = [], []
    for k in range(count):
        pid, work = f"p{k:05d}", pick.random()
        for quarter in range(FIRST, FIRST + quarters):
            if pick.random() > work:
                continue
            for _ in range(pick.choice((1, 1, 1, 1, 2, 2, 3, 4))):
                amount = Decimal(pick.choice((1, 800, 1500, 2200, 2999, 3000, 5000, 9000)))
                kind = pick.random()
                wages.append(
                    Wage(
                        pid,
                        quarter,
                        None if kind < 0.01 else -amount if kind < 0.04 else amount,
                    )
                )
        entered = pick.randrange(FIRST - 2, FIRST + quarters) if pick.random() < 0.97 else None
        left = None if entered is None or pick.random() < 0.05 else entered + pick.randrange(4)
        people.append(Person(pid, entered, left, pick.choice((None, "north", "south"))))
    return wages, people


@pytest.mark.parametrize(("seed", "window"), [(1, 4), (2, 8), (3, 3), (4, 5)])
def test_the_masks_count_what_a_list_of_states_counts(seed: int, window: int) -> None:
    wages, people = _people(seed, 700, 20)
    covered = Coverage(FIRST, FIRST + 19, declared=True)
    with Session() as s:
        load(s, wages, people)
        result = churn.summarise(
            s,
            lines=[LINE],
            window=window,
            journeys="journeys",
            groups=[Group(key="site")],
            covered=covered,
        )
    assert _found(result) == brute(wages, people, window, covered)
    assert result.everyone("after").cycling > 0
    assert result.everyone("after").uncovered > 0


_WAGES = st.lists(
    st.builds(
        Wage,
        pid=st.sampled_from(("a", "b", "c")),
        quarter=st.integers(FIRST, FIRST + 9),
        amount=st.one_of(
            st.none(), st.sampled_from((-3000, -1, 0, 1, 1500, 2999, 3000, 3001)).map(Decimal)
        ),
    ),
    min_size=1,
    max_size=40,
)
_PEOPLE = st.tuples(
    *(
        st.builds(
            Person,
            pid=st.just(pid),
            entered=st.one_of(st.none(), st.integers(FIRST - 3, FIRST + 12)),
            left=st.one_of(st.none(), st.integers(FIRST - 3, FIRST + 12)),
            site=st.one_of(st.none(), st.just("north")),
        )
        for pid in ("a", "b", "c", "d")
    )
)


@settings(max_examples=60, deadline=None)
@given(
    wages=_WAGES, people=_PEOPLE, window=st.integers(3, 6), hole=st.integers(0, 9),
    plain=st.booleans(),
)  # fmt: skip
def test_any_small_records_agree(
    wages: list[Wage], people: tuple[Person, ...], window: int, hole: int, plain: bool
) -> None:
    if plain:  # nothing missing, no corrections
        wages = [replace(w, amount=abs(w.amount or Decimal(0))) for w in wages]
    covered = Coverage(FIRST, FIRST + 9, declared=False, missing=frozenset({FIRST + hole}))
    with Session() as s:
        load(s, wages, people)
        whole = brute(wages, people, window, covered)
        slow = {k: v for k, v in whole.items() if k[1] == ""}
        got = {}
        # the way for records with corrections holds for any; the quicker one for those without
        odd = coverage(s, declared=covered)
        rows = []
        for each in (replace(odd, waiting=1), odd):
            s.keep(churn.MASKS, churn._masks([LINE], "wages", covered.first, each))
            rows.append(sorted(s.connection.execute(f"FROM {churn.MASKS}").fetchall()))
        assert rows[0] == rows[1]
        starts = churn._starts(s.columns("journeys"), "exit", covered.first, window, covered)
        for when, at in starts.items():
            have = s.columns("journeys")
            cells = churn._cells(1, "journeys", have, (), at, window, covered.first, covered)
            s.keep(churn.CELLS, cells)
            got[when, ""] = churn._tallied(s, (), 0, window)["", ""]
    assert got == slow


def test_a_window_function_gives_the_same_moves() -> None:
    """A third way: states by LAG over every quarter of every person, in SQL that shares nothing."""
    wages, _ = _people(9, 1500, 12)
    wages = [w for w in wages if w.amount is not None]
    covered = Coverage(FIRST, FIRST + 11, declared=True)
    with Session() as s:
        load(s, wages)
        result = churn.summarise(s, lines=[LINE], window=12, covered=covered)
        slow = s.connection.execute(
            f"""WITH grid AS (
                  SELECT pid, q FROM (SELECT DISTINCT pid FROM wages),
                    (SELECT unnest(range({FIRST}, {FIRST + 12})) AS q)),
                paid AS (
                  SELECT grid.pid, q, coalesce(sum(amount), 0) AS pay
                  FROM grid LEFT JOIN wages ON wages.pid = grid.pid AND wages.quarter = q
                  GROUP BY grid.pid, q),
                states AS (
                  SELECT pid, q, CASE WHEN pay >= 3000 THEN 2 WHEN pay > 0 THEN 1 ELSE 0 END AS s
                  FROM paid),
                moves AS (
                  SELECT pid, s, lag(s) OVER (PARTITION BY pid ORDER BY q) AS was FROM states),
                people AS (
                  SELECT pid, count_if(was = 0 AND s = 1) AS up,
                    count_if(was = 1 AND s = 0) AS down,
                    count_if(was < 2 AND s = 2) AS out, count_if(was = 2 AND s < 2) AS back,
                    count_if(s = 2) AS above, count_if(s = 0 AND coalesce(was, 9) <> 0) AS spells
                  FROM moves GROUP BY pid)
                SELECT count(*), count_if(up > 0 AND down > 0), sum(out), sum(back), sum(above),
                  sum(spells) FROM people"""
        ).fetchone()
    t = result.everyone("last")
    assert slow == (t.n, t.cycling, t.exits, t.returns, t.above, t.spells_no_pay)


# -- the rules, one at a time


def _one(amounts: Sequence[int | None], window: int | None = None, **more: Any) -> Tally:
    """One person, from the first covered quarter on; None is a quarter without a record."""
    wages = [Wage("a", FIRST + i, Decimal(a)) for i, a in enumerate(amounts) if a is not None]
    covered = Coverage(FIRST, FIRST + len(amounts) - 1, declared=True)
    with Session() as s:
        load(s, wages)
        found = churn.summarise(
            s, lines=[LINE], window=window or len(amounts), covered=covered, **more
        )
    return found.everyone("last")


def test_what_going_back_and_forth_is() -> None:
    assert _one([None, 100, None]).cycling == 1
    assert _one([100, None, 100]).cycling == 1
    assert _one([100, None, None]).cycling == 0
    assert _one([9000, None, 9000, None]).cycling == 0, "from above the line is another story"
    assert _one([None, 100, 9000, 100, None]).cycling == 1
    assert _one([None, 100, 9000, None]).cycling == 0


def test_the_line_itself_is_above_it() -> None:
    t = _one([3000, 2999, 3001])
    assert (t.above, t.low_pay, t.no_pay) == (2, 1, 0)


def test_missing_is_never_no_pay() -> None:
    """The same person, with coverage of one quarter less, is not counted at all."""
    wages = [Wage("a", FIRST + 1, Decimal(100)), Wage("b", FIRST + 3, Decimal(100))]
    people = [Person("a", FIRST - 1, FIRST, None)]
    for last, n in ((FIRST + 4, 1), (FIRST + 3, 0)):
        with Session() as s:
            load(s, [*wages, Wage("b", FIRST - 9, Decimal(1))], people)
            covered = Coverage(FIRST - 9, last, declared=True)
            found = churn.summarise(s, lines=[LINE], window=4, journeys="journeys", covered=covered)
            after = found.everyone("after")
            assert (after.n, after.uncovered, after.no_pay) == (n, 1 - n, 3 * n)


def test_employers_of_one_quarter_are_added_up() -> None:
    wages = [Wage("b", FIRST + 2, Decimal(1)), Wage("a", FIRST, Decimal(1600))]
    wages += [Wage("a", FIRST, Decimal(1400))]
    wages += [Wage("a", FIRST + 1, Decimal(5000)), Wage("a", FIRST + 1, Decimal(-5000))]
    with Session() as s:
        load(s, wages)
        t = churn.summarise(s, lines=[LINE], window=3).everyone("last")
    assert (t.above, t.low_pay, t.no_pay) == (1, 1, 4)


def test_63_quarters_fit_and_64_are_refused() -> None:
    wages = [Wage("a", FIRST + i, Decimal(9000)) for i in range(64)]
    people = [Person("a", FIRST + 40, FIRST + 52, None)]
    for first, fits in ((FIRST + 1, True), (FIRST, False)):
        covered = Coverage(first, FIRST + 63, declared=True)
        with Session() as s:
            load(s, wages, people)
            if fits:
                found = churn.summarise(
                    s, lines=[LINE], window=8, journeys="journeys", covered=covered
                )
                assert found.everyone("after").above == 8
                assert found.everyone("before").above == 8
            else:
                with pytest.raises(CannotAnswer, match="64 quarters"):
                    churn.summarise(s, lines=[LINE], journeys="journeys", covered=covered)


def test_a_line_that_was_raised_and_the_other_kinds_of_line() -> None:
    raised = Line.dollars({0: Decimal(1000), FIRST + 1: Decimal(2000)})
    wages = [Wage("a", FIRST + i, Decimal(1500)) for i in range(3)]
    with Session() as s:
        load(s, wages)
        t = churn.summarise(s, lines=[raised], window=3).everyone("last")
    assert (t.above, t.low_pay) == (1, 2)
    assert Line.hours(Decimal(20), Decimal("15.5")).steps == ((0, Decimal("4030.0")),)
    assert Line.of_median(Decimal("0.6"), Decimal(9000)).steps == ((0, Decimal("5400.0")),)
    for bad in (Decimal(0), Decimal(-1)):
        with pytest.raises(PlanError):
            Line.dollars(bad)


@pytest.mark.parametrize("window", [2, 41])
def test_a_window_has_its_limits(window: int) -> None:
    with Session() as s:
        load(s, [Wage("a", FIRST, Decimal(1))])
        with pytest.raises(PlanError):
            churn.summarise(s, lines=[LINE], window=window)


# -- answers


@pytest.fixture(scope="module")
def summary() -> Churn:
    wages, people = _people(21, 900, 24)
    lines = [LINE, *(LINE.times(f) for f in churn.OTHERS)]
    with Session() as s:
        load(s, wages, people)
        return churn.summarise(
            s, lines=lines, window=6, journeys="journeys", groups=[Group(key="site")]
        )


def test_more_is_low_pay_under_a_higher_line(summary: Churn) -> None:
    lower, upper = (summary.everyone("after", i) for i in (1, 2))
    assert lower.low_pay < summary.everyone("after").low_pay < upper.low_pay
    assert lower.no_pay == upper.no_pay
    for t in summary.tallies.values():
        assert t.no_pay + t.low_pay + t.above == t.n * summary.window
        assert t.ever_back <= t.ever_out <= t.ever_below <= t.n


def test_groups_add_up_to_everyone(summary: Churn) -> None:
    for when in summary.whens:
        by_site = [
            t for (w, i, key, _), t in summary.tallies.items() if (w, i, key) == (when, 0, "site")
        ]
        for f in fields(Tally):
            total = getattr(summary.everyone(when), f.name)
            assert sum(getattr(t, f.name) for t in by_site) == total


def test_answers_say_who_is_left_out(summary: Churn) -> None:
    found = churn_tables.finding(summary)
    assert isinstance(found, Finding)
    t = summary.everyone("after")
    assert found.value == t.cycling / t.n
    assert {e.reason: e.n for e in found.counts.excluded} == {
        "quarters-not-known": t.uncovered,
        "no-window-date": t.undated,
    }
    assert {"coverage-seen", "wages-negative", "churn-not-effect"} <= {
        n.code for n in found.caveats
    }


def test_every_answer_is_told_in_both_languages(summary: Churn) -> None:
    told = release(churn_tables.answers(summary), Inside())
    assert len(told) == 7
    for each in told:
        english, spanish = words(each, "en"), words(each, "es")
        assert english
        assert english != spanish
        for text in ("above", "quarter", "people", "back and forth"):
            assert text not in spanish, spanish
        for note in each.answer.caveats if not isinstance(each.answer, Refusal) else ():
            assert phrase(f"note.{note.code}", note.params, "es") != note.text


def test_outside_sees_no_small_numbers() -> None:
    wages, people = _people(33, 60, 16)
    with Session() as s:
        load(s, wages, people)
        small = churn.summarise(
            s, lines=[LINE], window=3, journeys="journeys", groups=[Group(key="site")]
        )
    for each in release(churn_tables.answers(small), Outside()):
        if not isinstance(each.answer, Table):
            continue
        for row in each.answer.rows:
            n, x = row.get("n"), row.get("cycling")
            if isinstance(x, int):
                assert isinstance(n, int)
                assert 3 <= x <= n - 3
            assert n is None or int(n) == 0 or int(n) >= 10


def test_nobody_covered_is_an_answer_and_not_a_zero() -> None:
    with Session() as s:
        load(s, [Wage("a", FIRST, Decimal(1))], [Person("a", FIRST, FIRST, None)])
        with pytest.raises(CannotAnswer, match="Nobody has 4 quarters"):
            churn.summarise(s, lines=[LINE], window=4, journeys="journeys")
        load(s, [])
        with pytest.raises(CannotAnswer):
            churn.summarise(s, lines=[LINE])
