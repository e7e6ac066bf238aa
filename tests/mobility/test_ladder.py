"""The ladder against a second implementation; a planted climb; how often its ranges hold."""

from __future__ import annotations

import datetime as dt
import math
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from rung.errors import CannotAnswer, PlanError
from rung.finding import Finding, Refusal, Table
from rung.mobility import area, ladder_tables
from rung.mobility.area import Distribution, Percentiles
from rung.mobility.ladder import Ladder, Tally, summarise
from rung.mobility.settings import LadderSettings
from rung.records.lab import Group
from rung.records.poverty import guideline
from rung.records.query import Session
from rung.records.wages import Coverage
from rung.share.release import Inside, Outside, release
from rung.share.say import words
from rung.stats.intervals import t_quantile
from tests.tables import table

FIRST = 2018 * 4
LAST = 2024 * 4 + 3
COVERAGE = "2018Q1-2024Q4"
AT = (5.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 95.0, 99.0)


def distribution(years: Sequence[int] = range(2017, 2026)) -> Distribution:
    """An invented area: a fifth of the people earn nothing, pay rises with age and year."""
    cells = {}
    for year in years:
        for low, high, middle in ((16, 29, 20_000), (30, 99, 32_000)):
            dollars = [
                Decimal(0) if p <= 20 else Decimal(round(middle * 1.03 ** (year - 2020) * p / 50))
                for p in AT
            ]
            cells["here", year, low, high] = Percentiles(AT, tuple(dollars))
    return Distribution("earnings", cells)


def load(session: Session, people: Sequence[Mapping[str, Any]], wages: Sequence[Any]) -> None:
    kinds = {
        "pid": "VARCHAR", "entered_on": "DATE", "closed_on": "DATE", "age_at_entry": "INTEGER",
        "household_size": "INTEGER", "arm": "VARCHAR", "class": "VARCHAR", "site": "VARCHAR",
    }  # fmt: skip
    filled(session, "journeys", kinds, [[p.get(c) for c in kinds] for p in people])
    kinds = {"pid": "VARCHAR", "quarter": "INTEGER", "amount": "DECIMAL(18,4)"}
    filled(session, "wages", kinds, wages)


def filled(
    session: Session, view: str, kinds: Mapping[str, str], rows: Sequence[Sequence[Any]]
) -> None:
    """A table, column by column: thousands of rows at once."""
    lists = ", ".join(f"unnest(CAST(? AS {kind}[])) AS {c}" for c, kind in kinds.items())
    session.connection.execute(
        f"CREATE OR REPLACE TABLE {view} AS SELECT {lists}",
        [[row[i] for row in rows] for i in range(len(kinds))],
    )


def somebody(seed: int, n: int) -> tuple[list[dict[str, Any]], list[tuple[Any, ...]]]:
    """People and wages with everything in them: gaps, no dates, two employers, amounts to come."""
    draw = random.Random(seed)
    people, wages = [], []
    for i in range(n):
        entered = FIRST + draw.randrange(2, 24)
        person = {
            "pid": f"p{i}",
            "entered_on": None if draw.random() < 0.05 else _day(entered),
            "closed_on": _day(entered + draw.randrange(3)) if draw.random() < 0.8 else None,
            "age_at_entry": None if draw.random() < 0.05 else draw.randrange(15, 60),
            "household_size": None if draw.random() < 0.1 else draw.randrange(1, 6),
            "arm": draw.choice(["offered", "offered", "control", None]),
            "class": draw.choice("abcdefgh"),
            "site": draw.choice(["East", "West", None]),
        }
        people.append(person)
        for quarter in range(FIRST, LAST + 1):
            for _ in range(draw.choice([0, 0, 1, 1, 1, 2])):
                amount = Decimal(draw.randrange(0, 2_000_000)).scaleb(-2)
                wages.append((f"p{i}", quarter, None if draw.random() < 0.004 else amount))
    return people, wages


def _day(quarter: int) -> dt.date:
    return dt.date(quarter // 4, quarter % 4 * 3 + 2, 11)


# -- the second implementation: no SQL, one person at a time


def _pay(pid: str, start: int, by: Mapping[str, list[Any]], covered: Coverage) -> Decimal | None:
    quarters = range(start, start + 4)
    if any(q not in covered for q in quarters):
        return None
    mine = [a for q, a in by.get(pid, []) if q in quarters]
    return None if None in mine else sum(mine, Decimal(0))


def _rank(d: Distribution, pay: Decimal, year: int, age: int | None) -> float | None:
    for (_, y, low, high), p in d.cells.items():
        if y == year and age is not None and low <= age <= high:
            return sum(p.place(pay)) / 2
    return None


def _year(start: int) -> int:
    """The calendar year that has most of the four quarters; of two halves the earlier."""
    years = Counter((q // 4) for q in range(start, start + 4))
    return min(years, key=lambda y: (-years[y], y))


def _kind(pay: Decimal, year: int) -> int | None:
    if pay <= 0:
        return 0
    if not 2017 <= year <= 2026:
        return None
    return 1 if pay < 2 * guideline(year) else 2 if pay < 4 * guideline(year) else 3


def expected(
    people: Sequence[Mapping[str, Any]],
    wages: Sequence[Any],
    d: Distribution,
    s: LadderSettings,
    k: int,
    covered: Coverage,
) -> Tally:
    by: dict[str, list[Any]] = {}
    for pid, quarter, amount in wages:
        by.setdefault(pid, []).append((quarter, amount))
    n = ranked = 0
    before_sum = after_sum = squares = 0.0
    rungs: Counter[Any] = Counter()
    pays: Counter[Any] = Counter()
    wage: Counter[Any] = Counter()
    poor: Counter[Any] = Counter()
    for p in people:
        if p["entered_on"] is None or p["arm"] == "control":
            continue
        own = p["entered_on"].year * 4 + (p["entered_on"].month - 1) // 3
        sides = []
        for start, older in ((own - 8, -2), (own + 4 * k - 3, k)):
            pay = _pay(p["pid"], start, by, covered)
            year = _year(start)
            age = None if p["age_at_entry"] is None else p["age_at_entry"] + older
            line = None
            if p["household_size"] and 2017 <= year <= 2026:
                line = 2 * guideline(year, p["household_size"])
            sides.append((pay, year, age, line))
        (a, year_a, age_a, line_a), (b, year_b, age_b, line_b) = sides
        if a is None or b is None:
            continue
        n += 1
        pays[_kind(a, year_a), _kind(b, year_b)] += 1
        full = (s.living_wage or 0) * s.hours_year
        wage[int(a >= full), int(b >= full)] += 1
        if line_a is not None and line_b is not None:
            poor[int(a >= line_a), int(b >= line_b)] += 1
        x, y = _rank(d, a, year_a, age_a), _rank(d, b, year_b, age_b)
        if x is None or y is None:
            continue
        ranked += 1
        before_sum, after_sum, squares = before_sum + x, after_sum + y, squares + (y - x) ** 2
        rungs[min(5, int(x // 20) + 1), min(5, int(y // 20) + 1)] += 1
    return Tally(
        n=n, ranked=ranked, rank_before=before_sum, rank_after=after_sum, squares=squares,
        rungs=rungs, pay=pays, wage=wage, poor=poor,
    )  # fmt: skip


SETTINGS = LadderSettings(
    coverage=COVERAGE, living_wage=Decimal(20), arm="arm", control="control", by_lottery=True
)


def ladder(
    session: Session, work: Path, settings: LadderSettings = SETTINGS, **more: Any
) -> Ladder:
    more.setdefault("distribution", distribution())
    return summarise(session, settings, work, **more)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_is_the_second_implementation_s(tmp_path: Path, seed: int) -> None:
    people, wages = somebody(seed, 150)
    covered = Coverage.named(COVERAGE)
    with Session(threads=2) as session:
        load(session, people, wages)
        found = ladder(session, tmp_path)
    assert [m.key for m in found.after] == ["1", "2", "3"]
    assert (found.before.key, found.main.key) == ("dip", "2")
    for moment in found.after:
        mine = found.of(moment)
        theirs = expected(people, wages, distribution(), SETTINGS, int(moment.key), covered)
        for name in ("n", "ranked", "rungs", "wage", "poor"):
            assert getattr(mine, name) == getattr(theirs, name), (moment.key, name)
        known = Counter({k: v for k, v in theirs.pay.items() if None not in k})
        assert mine.pay == known
        for name in ("rank_before", "rank_after", "squares"):
            assert getattr(mine, name) == pytest.approx(getattr(theirs, name), rel=1e-9)


def test_groups_and_arms_add_up_to_everyone(tmp_path: Path) -> None:
    people, wages = somebody(4, 150)
    group = Group(key="site")
    with Session(threads=2) as session:
        load(session, people, wages)
        found = ladder(session, tmp_path, groups=[group])
    everyone = found.of(found.main)
    by_site = [found.of(found.main, "", "site", level) for level in found.levels(group)]
    assert sum(t.n for t in by_site) == everyone.n
    assert sum(t.squares for t in by_site) == pytest.approx(everyone.squares)
    assert found.arms == ("offered", "control")
    assert ("ladder-all-but", {"control": "control"}) in [(n.code, n.params) for n in found.notes]
    nobody_s = sum(1 for p in people if p["arm"] is None)
    assert 0 < everyone.n - found.of(found.main, "offered").n <= nobody_s
    left = sum(found.left_out.values())
    counted = sum(1 for p in people if p["arm"] != "control")
    assert everyone.ranked + left == counted


def test_row_order_and_a_quarter_told_in_two_parts_change_nothing(tmp_path: Path) -> None:
    people, wages = somebody(5, 60)
    halves = [(p, q, a and a / 2) for p, q, a in wages for _ in range(2)]
    found = []
    for rows in (wages, list(reversed(wages)), halves):
        with Session(threads=2) as session:
            load(session, people, rows)
            made = ladder(session, tmp_path)
            found.append(made.of(made.main))
    assert found[1].rungs == found[0].rungs == found[2].rungs
    assert found[1].rank_after == pytest.approx(found[0].rank_after)


def test_a_quarter_nobody_covers_is_not_known_and_never_nothing(tmp_path: Path) -> None:
    person = {"pid": "a", "entered_on": _day(FIRST + 12), "age_at_entry": 40}
    other = {"pid": "b", "entered_on": _day(FIRST + 12), "age_at_entry": 40}
    wages = [("a", FIRST + 13, Decimal(8000)), ("b", FIRST + 30, Decimal(1))]
    settings = LadderSettings(coverage=COVERAGE)
    with Session(threads=1) as session:
        load(session, [person, other], wages)
        whole = ladder(session, tmp_path, settings)
        assert whole.of(whole.main).n == 2
        assert whole.of(whole.after[0]).pay == Counter({(0, 1): 1, (0, 0): 1})
        short = LadderSettings(coverage="2019Q2-2024Q4")
        fewer = ladder(session, tmp_path, short)
        assert fewer.before.key == "last"  # the year before the dip is not covered
        assert "ladder-dip" in {note.code for note in fewer.notes}
        with pytest.raises(CannotAnswer) as nobody:
            ladder(session, tmp_path, LadderSettings(coverage="2020Q3-2024Q4"))
        assert nobody.value.code == "ANS-ladder-nobody"
        asked = LadderSettings(coverage=COVERAGE, quarters_before=4)
        assert ladder(session, tmp_path, asked).before.key == "last"
        # read off the records a quarter without any record of anyone is a gap
        with pytest.raises(CannotAnswer):
            ladder(session, tmp_path, LadderSettings())


def planted(
    rng: np.random.Generator, n: int, climb: float, noise: float, classes: int = 0
) -> tuple[list[dict[str, Any]], list[tuple[Any, ...]]]:
    """People whose true ranks before and after are known: before 25 to 55, after `climb` more."""
    d = distribution()
    people, wages = [], []
    shared = rng.normal(0, noise, classes) if classes else np.zeros(1)
    for i in range(n):
        entered = FIRST + 8 + int(rng.integers(8))
        of_class = int(rng.integers(classes)) if classes else 0
        rank = rng.uniform(25, 55)
        later = float(np.clip(rank + climb + rng.normal(0, noise) + shared[of_class], 21, 98))
        people.append(
            {"pid": f"p{i}", "entered_on": _day(entered), "age_at_entry": 40,
             "class": f"c{of_class}", "arm": "control" if i % 2 else "offered"}
        )  # fmt: skip
        for start, at in ((entered - 8, rank), (entered + 5, later)):
            p = d.cells["here", _year(start), 30, 99]
            dollars = Decimal(str(np.interp(at, AT[2:], [float(x) for x in p.dollars[2:]])))
            wages += [(f"p{i}", start + j, (dollars / 4).quantize(area.STEP)) for j in range(4)]
    return people, wages


def test_a_planted_climb_comes_back(tmp_path: Path) -> None:
    """Twelve percentiles, whatever the year: rising prices and pay are no climb."""
    people, wages = planted(np.random.default_rng(6), 120, climb=12, noise=0)
    with Session(threads=2) as session:
        load(session, people, wages)
        found = ladder_tables.climb(ladder(session, tmp_path, LadderSettings(coverage=COVERAGE)))
    assert isinstance(found, Finding)
    assert found.value == pytest.approx(12, abs=0.01)
    assert found.interval is not None
    assert found.interval.high - found.interval.low < 0.01


def drawn(rng: np.random.Generator, n: int, climb: float, classes: int) -> Tally:
    """A tally of people whose ranks rose by `climb` on average, with what classes share."""
    of = rng.integers(classes, size=n) if classes else np.zeros(n, dtype=int)
    before = rng.uniform(25, 55, n)
    moved = climb + rng.normal(0, 8, n) + (rng.normal(0, 4, classes)[of] if classes else 0)
    clusters = {
        str(c): (int((of == c).sum()), float(moved[of == c].sum()))
        for c in (np.unique(of) if classes else ())
    }
    return Tally(
        n=n, ranked=n, rank_before=float(before.sum()), rank_after=float((before + moved).sum()),
        squares=float((moved**2).sum()), clusters=clusters,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("n", "classes", "low", "high"), [(25, 0, 0.94, 0.96), (60, 12, 0.93, 0.965)]
)
def test_ranges_hold_as_often_as_they_say(n: int, classes: int, low: float, high: float) -> None:
    """The climb and the difference of two arms, 4,000 draws: simulation error 0.35 in 100."""
    rng, draws, hits, apart = np.random.default_rng(7), 4000, 0, 0
    for _ in range(draws):
        a, b = drawn(rng, n, 10, classes), drawn(rng, n, 7, classes)
        if classes:  # classes of their own in each arm
            b = replace(b, clusters={f"other {k}": v for k, v in b.clusters.items()})
        ends = ladder_tables._ends(a, 0.95)
        assert ends is not None
        hits += ends[0] <= 10 <= ends[1]
        se, df = ladder_tables._apart(a, b)
        apart += abs(a.climb - b.climb - 3) <= t_quantile(0.95, df) * se
    for held in (hits / draws, apart / draws):
        assert low <= held <= high, held


def test_classes_widen_the_range(tmp_path: Path) -> None:
    """A class that moves together tells less than as many people on their own; by hand."""
    people, wages = planted(np.random.default_rng(8), 120, climb=5, noise=10, classes=10)
    with Session(threads=2) as session:
        load(session, people, wages)
        alone = ladder(session, tmp_path, LadderSettings(coverage=COVERAGE))
        settings = LadderSettings(coverage=COVERAGE, cluster="class", arm="arm", control="control")
        together = ladder(session, tmp_path, settings)
    a = alone.of(alone.main).spread()
    everyone = together.of(together.main, "offered") + together.of(together.main, "control")
    b = everyone.spread()
    assert a is not None
    assert b is not None
    assert b[0] > a[0]
    groups = everyone.clusters.values()
    by_hand = sum((s - n * everyone.climb) ** 2 for n, s in groups) / everyone.ranked**2
    assert b[0] == pytest.approx(math.sqrt(by_hand * len(groups) / (len(groups) - 1)))
    assert b[1] == len(groups) - 1
    # arms that share every class: what the classes have in common falls out of the difference
    (effect,) = ladder_tables.effects(together)
    arms = [together.of(together.main, arm).spread() for arm in together.arms]
    assert effect.se is not None
    assert effect.se < math.hypot(*(s[0] for s in arms if s))


def test_everything_is_told_and_adds_up(tmp_path: Path) -> None:
    people, wages = somebody(9, 400)
    with Session(threads=2) as session:
        load(session, people, wages)
        found = ladder(session, tmp_path, groups=[Group(key="site")])
    made = ladder_tables.answers(found)
    names = [a.name if isinstance(a, Table) else a.kind for a in made]
    assert names == [
        "finding", "finding", "ladder", "ladder-moves", "ladder-rungs", "ladder-kinds",
        "ladder-lines", "ladder-change", "ladder-stays", "ladder-groups", "ladder-change",
    ]  # fmt: skip
    assert isinstance(made[1], Finding)
    assert made[1].strength == "randomised with departures"
    moves, rungs = made[3], made[4]
    assert isinstance(moves, Table)
    assert isinstance(rungs, Table)
    for arm in ("offered", "control"):
        tally = found.of(found.main, arm)
        rows = [r for r in rungs.rows if r["arm"] == arm]
        assert sum(int(r["moved"] or 0) for r in rows) == tally.ranked
        (up,) = (
            r["now_there"]
            for r in moves.rows
            if (r["arm"], r["move"]) == (arm, "a rung or more higher")
        )
        assert up == sum(n for (a, b), n in tally.rungs.items() if b > a)
    for audience in (Inside(), Outside()):
        for released in release(made, audience):
            for language in ("en", "es"):
                said = words(released, language)
                assert said
                assert "None" not in said
                assert "{" not in said


def test_nobody_outside_learns_of_too_few(tmp_path: Path) -> None:
    people, wages = somebody(10, 60)
    with Session(threads=2) as session:
        load(session, people, wages)
        found = ladder(session, tmp_path, groups=[Group(key="site")])
    for released in release(ladder_tables.answers(found), Outside()):
        answer = released.answer
        if isinstance(answer, Table):
            for row in answer.rows:
                n, moved = row.get("n"), row.get("moved")
                assert n is None or int(n) == 0 or int(n) >= 10
                assert moved is None or n is None or int(n) == 0 or 3 <= int(moved) <= int(n) - 3


def test_without_percentiles_the_rest_is_answered(tmp_path: Path) -> None:
    people, wages = somebody(11, 80)
    with Session(threads=2) as session:
        load(session, people, wages)
        found = ladder(session, tmp_path, distribution=None)
    made = ladder_tables.answers(found)
    assert isinstance(made[0], Refusal)
    assert made[0].code == "ANS-no-percentiles"
    assert [a.name for a in made if isinstance(a, Table)] == [
        "ladder", "ladder-kinds", "ladder-lines", "ladder-change", "ladder-stays",
    ]  # fmt: skip
    assert {s.line for s in found.stays} == {"pay"}


def test_columns_that_hold_a_year_s_earnings(tmp_path: Path) -> None:
    """As in the Supported Work records: a file with an arm and one column a year."""
    rows = [(str(i % 2), 1000.0 * (i % 3), 9000.0 + 500 * (i % 5), 30) for i in range(60)]
    kinds = {"treat": "VARCHAR", "re20": "DOUBLE", "re24": "DOUBLE", "age": "INTEGER"}
    settings = LadderSettings.model_validate(
        {
            "before": {"column": "re20", "label": "in 2020", "year": 2020},
            "after": [{"column": "re24", "label": "in 2024", "year": 2024}],
            "age": "age",
            "arm": "treat",
            "control": "0",
        }
    )
    with Session(threads=1) as session:
        table(session, "file", kinds, rows)
        found = ladder(session, tmp_path, settings, people="file", wages=None)
    d = distribution()
    ranks = [
        (_rank(d, Decimal(a), 2020, 30), _rank(d, Decimal(b), 2024, 34))
        for arm, a, b, _ in rows
        if arm == "1"
    ]
    mean = sum(y - x for x, y in ranks if x is not None and y is not None) / len(ranks)
    assert found.of(found.main).climb == pytest.approx(mean)
    assert not [n for n in found.notes if n.code == "ladder-dip"]


def test_what_is_asked_must_be_there(tmp_path: Path) -> None:
    people, wages = somebody(12, 20)
    with Session(threads=1) as session:
        load(session, people, wages)
        with pytest.raises(PlanError) as gone:
            ladder(session, tmp_path, LadderSettings(arm="ZQX", control="a"))
        assert gone.value.code == "PLAN-no-column"
        with pytest.raises(PlanError) as none:
            ladder(session, tmp_path, LadderSettings(coverage=COVERAGE, arm="arm", control="ZQX"))
        assert none.value.code == "PLAN-ladder-control"
        with pytest.raises(CannotAnswer):
            ladder(session, tmp_path, wages=None)
    for wrong in (
        {"years": [2, 1]},
        {"low_pay": 5},
        {"low_pay": 5, "high_pay": 4},
        {"control": "x"},
        {"area": "a", "area_column": "b"},
        {"before": {"column": "a", "label": "b", "year": 2020}},
    ):
        with pytest.raises(ValidationError):
            LadderSettings.model_validate(wrong)
