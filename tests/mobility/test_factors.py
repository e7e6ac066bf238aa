"""Check-ins by hand, the well-being scale as published, and the indicators of the five factors."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rung import cycle
from rung.cli import main
from rung.errors import RecordsError
from rung.finding import Refusal, Table
from rung.mobility import changes, factors
from rung.mobility.changes import MEASURES, Changes, MeasuresSettings, Pairs
from rung.mobility.factors import FACTORS, INDICATORS
from rung.records import simulate
from rung.records.lab import Group, Lab
from rung.records.query import Session
from rung.records.wellbeing import SCORES, score
from rung.returns import measures
from rung.share.release import Inside, Outside, release
from rung.share.say import words
from rung.stats.intervals import t_quantile
from tests.tables import table

ENTERED = dt.date(2024, 3, 1)


def day(after: int) -> dt.date:
    return ENTERED + dt.timedelta(days=after)


@pytest.mark.parametrize(
    ("total", "age", "aloud", "published"),
    # the four lists of the Bureau's guide (December 2015): both ends, the middle, and some between
    [
        (0, 18, False, 14), (20, 40, False, 50), (33, 61, False, 68), (40, 61, False, 86),
        (0, 62, False, 14), (20, 70, False, 53), (33, 62, False, 73), (40, 90, False, 95),
        (0, 30, True, 16), (20, 61, True, 52), (33, 25, True, 70), (40, 18, True, 91),
        (0, 62, True, 18), (20, 65, True, 50), (33, 80, True, 67), (40, 62, True, 87),
    ],
)  # fmt: skip
def test_the_scale_is_the_published_one(total: int, age: int, aloud: bool, published: int) -> None:
    assert score(total, age, read_aloud=aloud) == published


def test_the_scale_rises_and_refuses() -> None:
    for scores in SCORES.values():
        assert len(scores) == 41
        assert list(scores) == sorted(scores)
    for total, age in ((-1, 30), (41, 30), (20, 17)):
        with pytest.raises(ValueError, match="scale"):
            score(total, age)


KINDS = {
    "pid": "VARCHAR", "measured_on": "DATE", "wellbeing_total": "INTEGER",
    "wellbeing_score": "DECIMAL(18,4)", "read_aloud": "BOOLEAN", "savings": "DECIMAL(18,4)",
    "behind": "BOOLEAN", "housing_now": "VARCHAR",
}  # fmt: skip
ROWS: Sequence[tuple[Any, ...]] = (
    # a: a total alone, read aloud later; the last check-in of each side counts
    ("a", day(-90), 5, None, None, 1, True, "shelter"),
    ("a", day(10), 20, None, None, 100, True, "shelter"),
    ("a", day(90), 30, None, None, 999, False, "owns"),
    ("a", day(400), 33, None, True, 500, False, "rents"),
    # b: 61 on entry, 62 by the second; a score beside the total stands as it is
    ("b", day(0), 20, None, False, None, False, "rents"),
    ("b", day(366), 20, None, False, 50, True, "shared"),
    ("c", day(5), 20, 44, None, 10, None, None),
    ("c", day(200), None, 40, None, 0, None, None),
    ("d", day(300), 20, None, None, 5, False, "owns"),
    ("nobody", day(5), 20, None, None, 5, False, "owns"),
)
PEOPLE = (("a", ENTERED, 30, "East"), ("b", ENTERED, 61, "West"), ("c", ENTERED, 40, None),
          ("d", ENTERED, 40, "East"))  # fmt: skip


def load(session: Session, rows: Sequence[tuple[Any, ...]] = ROWS) -> None:
    table(session, "measures", KINDS, rows)
    people = {"pid": "VARCHAR", "entered_on": "DATE", "age_at_entry": "INTEGER", "site": "VARCHAR"}
    table(session, "journeys", people, PEOPLE)


def found(**more: Any) -> Changes:
    with Session(threads=1) as session:
        load(session, more.pop("rows", ROWS))
        return changes.summarise(session, MeasuresSettings(), **more)


def test_by_hand() -> None:
    got = found(groups=[Group(key="site")])
    by = {m.key: m for m in MEASURES}
    scores = got.of(by["wellbeing"])
    # a: 50 then 70 (read aloud); b: 50 then 53 (now 62); c: the scores given, 44 then 40
    assert (scores.n, scores.before, scores.after) == (3, 50 + 50 + 44, 70 + 53 + 40)
    assert scores.squares == 20**2 + 3**2 + 4**2
    savings = got.of(by["savings"])
    assert (savings.n, savings.before, savings.after) == (2, 110, 500)
    behind = got.of(by["behind"])
    assert (behind.n, behind.rose, behind.fell) == (2, 1, 1)
    home = got.of(by["housing"])
    assert (home.n, home.before, home.after) == (2, 1, 1)
    assert got.of(by["wellbeing"], "site", "East").n == 1
    assert got.levels(Group(key="site")) == ("East", "West", "not recorded")
    assert got.of(by["stress"]).n == 0


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), min_size=2, max_size=20))
@settings(max_examples=50, deadline=None)
def test_the_range_is_student_s(pairs: list[tuple[float, float]]) -> None:
    moved = [b - a for a, b in pairs]
    n, mean = len(pairs), math.fsum(moved) / len(pairs)
    mine = Pairs(
        n, sum(a for a, _ in pairs), sum(b for _, b in pairs), math.fsum(d * d for d in moved)
    )
    by_hand = math.sqrt(math.fsum((d - mean) ** 2 for d in moved) / (n - 1) / n)
    assert mine.se == pytest.approx(by_hand, abs=1e-5)
    read = factors._mean(mine, 0.95)
    assert read is not None
    assert read.high is not None
    assert read.high == pytest.approx(mean + t_quantile(0.95, n - 1) * by_hand, abs=1e-3)


def test_measures_are_told_by_unit_and_group() -> None:
    rows = [
        (f"{p}{i}", when, total, None, None, money, i % 3 == 0, "rents" if i % 2 else "shared")
        for i in range(40)
        for p, when, total, money in (("x", day(1), 10 + i % 9, 50 + i), ("x", day(300), 14, 90))
    ]
    people = [(f"x{i}", ENTERED, 30, "East" if i % 2 else "West") for i in range(40)]
    with Session(threads=1) as session:
        load(session, rows)
        kinds = {"pid": "VARCHAR", "entered_on": "DATE", "age_at_entry": "INTEGER",
                 "site": "VARCHAR"}  # fmt: skip
        table(session, "journeys", kinds, people)
        got = changes.summarise(session, MeasuresSettings(), groups=[Group(key="site")])
    made = measures.answers(got, None)
    assert [a.name for a in made if isinstance(a, Table)] == [
        *("measures-dollars", "measures-points", "measures-share"),
        *("measures-dollars", "measures-points", "measures-share"),
    ]
    for audience in (Inside(), Outside()):
        for one in release(made, audience):
            for language in ("en", "es"):
                said = words(one, language)
                assert said
                assert "None" not in said
    nothing = measures.answers(found(measures=None), None)
    assert isinstance(nothing[0], Refusal)
    assert nothing[0].code == "ANS-no-measures"


def test_each_indicator_is_declared_whole_and_in_the_manual() -> None:
    page = (Path(__file__).parents[2] / "docs/mobility.md").read_text("utf-8")
    for i in INDICATORS:
        assert i.words
        assert i.better
        assert i.gap in ("race", "gender", "income")
        assert i.key.removeprefix("place-") in page, i.key
    assert len({i.key for i in INDICATORS}) == len(INDICATORS)
    for factor in FACTORS:
        assert {i.whom for i in INDICATORS if i.factor == factor} == {"people", "place"}


def test_a_place_over_time(tmp_path: Path) -> None:
    file = tmp_path / "place.csv"
    file.write_text(
        "indicator,year,value,low,high\n"
        "uninsured,2023,8,7,9\nuninsured,2015,12,11,13\nowners,2020,55,,\nrent,2010,40,,\n"
        "rent,2020,46,,\n"
    )
    got = factors.read_places(file)
    read = got["place-uninsured"]
    assert (read.before, read.after, read.change) == (12, 8, -4)
    reach = math.hypot(1, 1) / 1.6448536 * 1.9599640  # margins of 90 percent
    assert read.low == pytest.approx(-4 - reach)
    assert got["place-owners"].change is None
    assert got["place-rent"].low is None
    file.write_text("indicator,year,value,low,high\nZQX,2023,8,7,9\nrent,2020,5,9,2\n")
    with pytest.raises(RecordsError) as wrong:
        factors.read_places(file)
    assert wrong.value.problems[0].rows == 2
    assert "ZQX" not in str(wrong.value.to_json())


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("factors") / "lab"
    simulate.provider(folder, people=900, seed=2)
    (folder / "private/place.csv").write_text(
        "indicator,year,value,low,high\nuninsured,2015,12,11,13\nuninsured,2023,8,7,9\n"
    )
    toml = (folder / "lab.toml").read_text("utf-8")
    (folder / "lab.toml").write_text(toml + '\n[factors]\nplaces = "private/place.csv"\n')
    return folder


def test_the_verbs(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for verb in ("ladder", "factors"):
        for more in ([], ["--outside"], ["--json"], ["--language", "es"]):
            with pytest.raises(SystemExit) as left:
                main(["mobility", verb, str(lab), *more])
            assert left.value.code == 0
            assert "USE-bug" not in capsys.readouterr().out
    with pytest.raises(SystemExit) as refused:
        main(["mobility", "measures", str(lab)])
    assert refused.value.code == 12


def test_which_are_moving(lab: Path) -> None:
    told = cycle.factors(Lab.open(lab))
    by = {r.answer.name: r for r in told if isinstance(r.answer, Table)}
    assert list(by) == ["factors-mean", "factors-change", "factors-now", "factors-place"]
    assert "pay in a year, dollars, for the better" in words(by["factors-mean"])
    assert "without health insurance (of 100), for the better" in words(by["factors-place"])
    moved = by["factors-mean"].answer
    assert isinstance(moved, Table)
    # an end that was rounded to zero is still on one side of it
    for low, high, clear in ((0.0, 8.0, True), (-8.0, 0.0, True), (-1.0, 8.0, False)):
        rows = tuple({**r, "low": low, "high": high} for r in moved.rows[:1])
        (one,) = release([replace(moved, rows=rows, id="")], Inside())
        said = words(one)
        assert ("clearly moving" not in said) == clear
    outside = cycle.factors(Lab.open(lab), audience=Outside())
    place = outside[3].answer
    assert isinstance(place, Table)
    assert -4 in place.column("change")  # public already: shown as it is


def test_the_simulated_ladder_is_what_its_files_say(lab: Path) -> None:
    """Mean pay after, added up from the Parquet files without the ladder's queries."""
    found = cycle.ladder(Lab.open(lab))
    (years,) = (a for r in found if isinstance(a := r.answer, Table) and a.name == "ladder")
    with Session(threads=1) as session:
        for name in ("journeys", "wages"):
            session.attach(name, lab / f"records/{name}.parquet")
        (mean, n), = session.connection.execute(
            """WITH own AS (SELECT pid, year(entered_on) * 4 + quarter(entered_on) - 1 AS q
                            FROM journeys),
                    span AS (SELECT min(quarter) AS a, max(quarter) AS b FROM wages)
               SELECT avg(coalesce(paid, 0)), count(*) FROM own CROSS JOIN span LEFT JOIN (
                 SELECT own.pid, sum(amount) AS paid FROM own JOIN wages USING (pid)
                 WHERE quarter BETWEEN q + 5 AND q + 8 GROUP BY own.pid
               ) AS sums ON own.pid = sums.pid
               WHERE q - 8 >= a AND q + 8 <= b"""
        ).fetchall()  # fmt: skip
    row = years.rows[1]
    assert row["n"] == n
    assert row["dollars_after"] == pytest.approx(float(mean), rel=1e-9)


def test_the_supported_work_experiment(tmp_path: Path) -> None:
    """Means of 1978 as Dehejia and Wahba (1999, table 2) have them: 6,349 against 4,555 dollars."""
    if find_spec("causaldata") is None:
        pytest.skip("the data are a package of their own")
    example = Path(__file__).parents[2] / "examples/nsw/lab.toml"
    (tmp_path / "lab.toml").write_text(example.read_text("utf-8"))
    lab = Lab.open(tmp_path)
    cycle.prepare(lab, clock=lambda: dt.datetime(2026, 3, 31, tzinfo=dt.UTC))
    first, means, kinds, *_ = (r.answer for r in cycle.ladder(lab))
    assert isinstance(first, Refusal)  # nobody brought the percentiles of 1974
    assert isinstance(means, Table)
    assert isinstance(kinds, Table)
    assert [round(float(v or 0)) for v in means.column("dollars_after")] == [6349, 4555]
    assert sum(int(v or 0) for v in kinds.column("moved")) == 445
