"""The six primary indicators: the calendar, published examples, and a second implementation."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from rung.discovery import indicators, periods, wioa
from rung.discovery.program_year import Q2_LAG, Q4_LAG, Report
from rung.discovery.supplemental import paid_in_quarter, supplemental
from rung.discovery.wioa import INDICATORS, Summary, WioaSettings
from rung.errors import PlanError
from rung.finding import Finding, Refusal, Table
from rung.records.lab import Group
from rung.records.query import Session
from rung.share import say
from rung.share.release import Outside, release
from tests.discovery.federal import Row, brute, crowd, load, person

SITE = Group(key="site", labels={"north": "North"})
RACE = Group(key="race", columns=("black", "white"))


@pytest.fixture
def session() -> Iterator[Session]:
    with Session() as s:
        yield s


def summarise(session: Session, rows: list[Row], report: str, **more: Any) -> Summary:
    load(session, rows)
    periods.pirl_periods(session)
    alone = more.pop("alone", False)
    return wioa.summarise(session, Report.parse(report, alone=alone), **more)


# -- time

TABLE = """
PY2025Q1 2024-07-01..2024-09-30 2024-01-01..2024-03-31 2023-10-01..2024-09-30 2023-04-01..2024-03-31
PY2025Q2 2024-10-01..2024-12-31 2024-04-01..2024-06-30 2024-01-01..2024-12-31 2023-07-01..2024-06-30
PY2025Q3 2025-01-01..2025-03-31 2024-07-01..2024-09-30 2024-04-01..2025-03-31 2023-10-01..2024-09-30
PY2025Q4 2025-04-01..2025-06-30 2024-10-01..2024-12-31 2024-07-01..2025-06-30 2024-01-01..2024-12-31
PY2026Q1 2025-07-01..2025-09-30 2025-01-01..2025-03-31 2024-10-01..2025-09-30 2024-04-01..2025-03-31
PY2026Q2 2025-10-01..2025-12-31 2025-04-01..2025-06-30 2025-01-01..2025-12-31 2024-07-01..2025-06-30
PY2026Q3 2026-01-01..2026-03-31 2025-07-01..2025-09-30 2025-04-01..2026-03-31 2024-10-01..2025-09-30
PY2026Q4 2026-04-01..2026-06-30 2025-10-01..2025-12-31 2025-07-01..2026-06-30 2025-01-01..2025-12-31
"""


@pytest.mark.parametrize("line", TABLE.strip().splitlines())
def test_whose_exits_feed_which_report(line: str) -> None:
    """TAC-17-04, table 2: two quarters' lag after the quarter measured."""
    name, *spans = line.split()
    alone, rolling = Report.parse(name, alone=True), Report.parse(name)
    made = [(r.exits(lag)) for r in (alone, rolling) for lag in (Q2_LAG, Q4_LAG)]
    assert [f"{a}..{b}" for a, b in made] == spans


def test_the_annual_report_is_the_fourth_quarter_s() -> None:
    report = Report.parse("PY2025")
    assert str(report) == "PY2025Q4"
    assert report.period == (dt.date(2025, 7, 1), dt.date(2026, 6, 30))
    assert report.last_day == dt.date(2026, 6, 30)
    # exits of July to September 2024 come first in the report for September 2025
    first = Report.parse("py2025q1", alone=True)
    assert first.exits(Q2_LAG) == (dt.date(2024, 7, 1), dt.date(2024, 9, 30))


@pytest.mark.parametrize("text", ["2025Q4", "PY25Q4", "PY2025Q5", "PY2025Q", "FY2025Q1", "", "PY1"])
def test_other_words_name_no_report(text: str) -> None:
    with pytest.raises(PlanError, match="names no report quarter"):
        Report.parse(text)


def test_a_year_alone_is_no_quarter() -> None:
    with pytest.raises(PlanError):
        Report.parse("PY2025", alone=True)


# -- the test vector of six people, and of eight


def six() -> list[Row]:
    ends: dict[str, Any] = {"e900": "2024-01-10", "e901": "2024-08-20", "e923": "00"}
    learns = {**ends, "e1303": "06"}
    late = dt.date(2024, 8, 20) + dt.timedelta(days=400)
    return [
        person("A", **learns, e1602="1", e1704="8200.00", e1606="1", e1618="1", e1800="6",
               e1801="2024-06-01", site="north"),
        person("B", **learns, e1602="1", e1704="6100.00", e1606="1", e1618="0", e1800="0",
               site="north"),
        person("C", **{**ends, "e1303": "01"}, e1602="2", e1704="9000.00", e1606="0", e1618="0"),
        person("D", **learns, e1602="9", e1704="999999.99", e1606="0", e1618="0", e1800="5",
               e1801=late, site="south"),
        person("E", **{**learns, "e923": "03"}, e1602="0", e1704="0", e1606="0", e1618="0",
               e1800="0", site="south"),
        person("F", **learns, e1602="0", e1704="0", e1606="1", e1618="0", e1800="1",
               e1801="2024-06-01", e1401="1", site="south"),
    ]  # fmt: skip


def eight() -> list[Row]:
    ends: dict[str, Any] = {"e900": "2024-01-10", "e901": "2024-08-20", "e923": "00"}
    return [
        *six(),
        person("G", **ends, e1303="06", e1602="9", e1606="9"),
        person("H", **ends, e1303="06", e1602="1", e1704="7000.00", e1606="0", e1618="0",
               e1800="0"),
    ]  # fmt: skip


def told(summary: Summary) -> dict[str, tuple[int, int, float | None]]:
    made = {i: summary.tally(i) for i in INDICATORS}
    return {i: (t.x, t.n, t.median) for i, t in made.items()}


@pytest.mark.parametrize("report", ["PY2025Q3", "PY2025Q4", "PY2026Q1"])
@pytest.mark.parametrize("known_by", [None, dt.date(2027, 1, 31)])
def test_six_people(session: Session, report: str, known_by: dt.date | None) -> None:
    if report == "PY2026Q1":  # the exits have left the four quarters of the 2nd quarter's set
        found = told(summarise(session, six(), report, known_by=known_by))
        assert found["er-q2"][1] == 0
        assert found["er-q4"] == (3, 5, None)
        return
    found = told(summarise(session, six(), report, known_by=known_by))
    assert found["er-q2"] == (3, 5, None)
    assert found["er-q4"] == (3, 5, None)
    assert found["median"] == (3, 3, 8200.0)
    assert found["credential"] == (2, 4, None)
    assert found["same-employer"] == (1, 3, None)


def test_eight_people(session: Session) -> None:
    found = told(summarise(session, eight(), "PY2025Q4"))
    assert found["er-q2"] == (4, 7, None)
    assert found["er-q4"] == (3, 7, None)
    assert found["median"] == (4, 4, 7600.0)
    assert found["credential"] == (2, 6, None)
    assert found["same-employer"] == (1, 4, None)


def test_a_quarter_alone(session: Session) -> None:
    found = told(summarise(session, six(), "PY2025Q4", alone=True))
    assert found["er-q2"][1] == found["er-q4"][1] == 0
    found = told(summarise(session, six(), "PY2025Q3", alone=True))
    assert found["er-q2"][1] == 0
    assert found["er-q4"] == (3, 5, None)


def test_answers_say_numerator_denominator_reasons_and_sources(session: Session) -> None:
    rows = six()
    for row, proof in zip(rows, ("1", "4", "2", "5", "0", "0"), strict=True):
        row["1603"] = proof
    made = indicators.answers(summarise(session, rows, "PY2025Q4", groups=(SITE,)))
    by = {a.method.key: a for a in made}
    rate = by["wioa-er-q2"]
    assert isinstance(rate, Finding)
    assert (rate.value, rate.parts[0].numerator, rate.counts.analysed) == (0.6, 3, 5)
    assert {e.reason: e.n for e in rate.counts.excluded} == {"wioa-03": 1}
    notes = {n.code: n.params for n in rate.caveats}
    assert notes["wioa-pending"] == {"n": 1}
    assert notes["wioa-verified"] == {"x": 4, "n": 5}
    assert notes["wioa-proofs"]["wage_records"] == notes["wioa-proofs"]["supplemental"] == 1
    median = by["wioa-median"]
    assert isinstance(median, Finding)
    assert (median.value, median.estimand.unit) == (8200.0, "dollars")
    assert by["wioa-gains"].kind == "refusal"  # nobody has a date of enrolling in education
    grid = by["wioa"]
    assert isinstance(grid, Table)
    north = {r["indicator"]: r for r in grid.rows if r["site"] == "North"}
    assert north["were employed in the 2nd quarter after exit"]["rate"] == 1.0
    assert next(r["median"] for r in north.values() if r["median"]) == 7150.0
    (said,) = (say.words(r) for r in release([rate], _inside()))
    assert said.startswith(
        "Among periods of participation that ended from July 1, 2024 to June 30, 2025, 3 of 5 "
        "(60\xa0%) were employed in the 2nd quarter after exit, WIOA report PY2025Q4."
    )
    (said,) = (say.words(r) for r in release([median], _inside()))
    assert re.match(r"Median earnings .*: \$8,200, the median of .* \(3 with earnings\)\.", said)


def _inside() -> Any:
    from rung.share.release import Inside

    return Inside()


# -- waiting for wage data


def test_before_the_lag_there_is_no_number_but_a_day(session: Session) -> None:
    early = dt.date(2026, 6, 29)
    made = indicators.answers(summarise(session, six(), "PY2025Q4", known_by=early))
    refused = {a.method.key: a for a in made if isinstance(a, Refusal)}
    assert set(refused) == {f"wioa-{i}" for i in INDICATORS}
    assert refused["wioa-er-q2"].code == "ANS-wioa-early"
    assert refused["wioa-er-q2"].needs == {"day": "2026-06-30"}
    assert refused["wioa-gains"].code == "ANS-wioa-nobody"
    assert not any(a.kind == "table" for a in made)


def test_after_the_lag_pending_is_not_employed(session: Session) -> None:
    rows = [person(str(i), e900="2024-01-01", e901="2024-08-01", e1602="9") for i in range(4)]
    final = summarise(session, rows, "PY2025Q4", known_by=dt.date(2026, 6, 30))
    assert final.tally("er-q2").n == 4
    answers = {a.method.key: a for a in indicators.answers(final)}
    assert isinstance(answers["wioa-er-q2"], Finding)
    assert answers["wioa-er-q2"].value == 0.0
    # nobody said of which day these records are, and all of it is pending: the data are not in
    unsaid = {a.method.key: a for a in indicators.answers(summarise(session, rows, "PY2025Q4"))}
    assert isinstance(unsaid["wioa-er-q2"], Refusal)
    assert unsaid["wioa-er-q2"].code == "ANS-wioa-pending"


# -- DOL's own examples (TAC-17-01)


def test_two_periods_of_one_person_are_two_exits(session: Session) -> None:
    rows = [
        person("x", e900="2021-09-10", e901="2021-11-15", e1602="1"),
        person("x", e900="2022-03-10", e901="2022-05-20", e1602="0"),
    ]
    assert told(summarise(session, rows, "PY2022Q4"))["er-q2"] == (1, 2, None)


def test_chris_has_two_periods_with_gains(session: Session) -> None:
    first = {"e900": "2022-10-02", "e901": "2023-02-10", "e1811": "2022-10-02"}
    rows = [
        person("chris", **first, e1806="2022-12-01", e1809="2023-01-15"),
        person("chris", e900="2023-06-11", e1811="2023-06-11", e1810="2023-06-29"),
    ]
    assert told(summarise(session, rows, "PY2022Q4"))["gains"] == (2, 2, None)


def test_one_exit_and_gains_in_two_program_years(session: Session) -> None:
    rows = [person("y", e900="2021-08-05", e901="2022-11-10", e1811="2021-08-05", e1602="1",
                   e1606="1", e1303="06")]  # fmt: skip
    assert told(summarise(session, rows, "PY2021Q4"))["gains"][1] == 1
    assert told(summarise(session, rows, "PY2022Q4"))["gains"][1] == 1
    assert told(summarise(session, rows, "PY2023Q4"))["gains"][1] == 0
    # a November exit: Q2 after exit ends on 30 June, Q4 on 31 December of the next year
    assert told(summarise(session, rows, "PY2023Q2", alone=True))["er-q2"] == (1, 1, None)
    assert told(summarise(session, rows, "PY2023Q4", alone=True))["er-q4"] == (1, 1, None)


def test_a_gain_after_exit_or_outside_the_year_is_none(session: Session) -> None:
    part = {"e900": "2025-08-01", "e901": "2026-01-31", "e1811": "2025-08-01"}
    for on in ("2025-07-31", "2026-02-01", "2026-07-01"):
        found = told(summarise(session, [person(**part, e1809=on)], "PY2025Q4"))
        assert found["gains"] == (0, 1, None), on
    diploma = person(**part, e1800="1", e1801="2025-12-01")
    assert told(summarise(session, [diploma], "PY2025Q4"))["gains"] == (1, 1, None)
    done = person(**{**part, "e900": "2025-01-01", "e1811": "2025-01-01"}, e1813="2025-06-30")
    assert told(summarise(session, [done], "PY2025Q4"))["gains"] == (0, 0, None)


@pytest.mark.parametrize(
    ("rate", "per", "hours", "wages"),
    [
        ("7.25", "hour", "32", "3016.00"),
        ("290", "week", None, "3770.00"),
        ("580", "two weeks", None, "3770.00"),
        ("1256.67", "month", None, "3770.01"),
        ("15080", "year", None, "3770.00"),
    ],
)
def test_a_rate_becomes_a_quarter_s_wages(rate: str, per: Any, hours: Any, wages: str) -> None:
    """TAC-17-04, conversions."""
    week = Decimal(hours) if hours else None
    assert supplemental(Decimal(rate), per, week) == Decimal(wages)
    begun = dt.date(2024, 6, 1)
    whole = paid_in_quarter(2025 * 4, Decimal(rate), per, week, start=begun)
    assert whole == Decimal(wages)


def test_only_what_was_paid_in_the_quarter() -> None:
    index, rate = 2025 * 4 + 1, Decimal("910")  # 91 days: ten dollars a day … times 13
    assert supplemental(rate, "week") == Decimal("11830.00")
    half = paid_in_quarter(index, rate, "week", start=dt.date(2025, 6, 17))
    assert half == Decimal("1820.00")  # 14 of 91 days
    over = dt.date(2025, 3, 31)
    assert paid_in_quarter(index, rate, "week", start=dt.date(2025, 1, 1), end=over) == 0


def test_a_rate_that_is_not_whole() -> None:
    for args in ((Decimal(10), "hour"), (Decimal(10), "week", Decimal(40)), (Decimal(-1), "week")):
        with pytest.raises(PlanError):
            supplemental(*args)


# -- exit reasons, youth, choices


def _out(session: Session, code: str, **cells: Any) -> dict[str, int]:
    row = person(e900="2024-01-01", e901="2024-08-01", e923=code, e1602="1", **cells)
    return dict(summarise(session, [row], "PY2025Q4").tally("er-q2").excluded)


def test_who_is_left_out_depends_on_the_program(session: Session) -> None:
    for code in ("01", "02", "03", "04"):
        assert _out(session, code) == {f"wioa-{code}": 1}
    for code, stream in (("05", {"e905": "1"}), ("06", {"e917": "1"}), ("07", {"e910": "1"})):
        assert _out(session, code, **stream) == {f"wioa-{code}": 1}
        assert _out(session, code) == {}
    row = person(e900="2024-01-01", e901="2024-08-01", e923="07", e910="1", e1811="2024-01-01",
                 e1602="1")  # fmt: skip
    summary = summarise(session, [row], "PY2024Q4")
    assert summary.tally("gains").n == 1  # in custody: stays in measurable skill gains
    named = summarise(session, [person(e900="2024-01-01", e901="2024-08-01", e923="05")],
                      "PY2025Q4")  # fmt: skip
    assert (named.tally("er-q2").n, named.tally("er-q2").named) == (1, 1)
    both = person(e900="2024-01-01", e901="2024-08-01", e923="05", e905="1", e903="1")
    for program, n in (("all", 0), ("youth", 0), ("adult", 1)):
        found = summarise(session, [both], "PY2025Q4", program=program)
        assert found.tally("er-q2").n == n


def test_education_is_success_for_youth_alone(session: Session) -> None:
    row = {"e900": "2024-01-01", "e901": "2024-08-01", "e1602": "0", "e1606": "0", "e1900": "2",
           "e1901": "1"}  # fmt: skip
    assert told(summarise(session, [person(**row)], "PY2025Q4"))["er-q2"] == (0, 1, None)
    youth = told(summarise(session, [person(**row, e905="2")], "PY2025Q4"))
    assert (youth["er-q2"], youth["er-q4"]) == ((1, 1, None), (1, 1, None))
    assert youth["median"][1] == 0  # placement in education brings no wage


def test_wagner_peyser_is_asked_three_and_the_employer_measure(session: Session) -> None:
    row = person(e900="2024-01-01", e901="2024-08-01", e918="1", e1303="06", e1602="1")
    summary = summarise(session, [row], "PY2025Q4", program="wagner_peyser")
    codes = {a.method.key: a for a in indicators.answers(summary)}
    for i in ("credential", "gains"):
        refusal = codes[f"wioa-{i}"]
        assert isinstance(refusal, Refusal)
        assert refusal.code == "ANS-wioa-not-asked"
    assert summarise(session, [row], "PY2025Q4").tally("credential").n == 0


def test_open_choices_are_settings(session: Session) -> None:
    ends = {"e900": "2024-01-01", "e901": "2024-08-01", "e1602": "1"}
    rows = [person(str(i), **ends, e1303="12", e1704=w, e1800="6", e1801="2025-08-02")
            for i, w in enumerate((5000, 6000))]  # fmt: skip
    usual = told(summarise(session, rows, "PY2025Q4"))
    assert usual["median"][2] == 5500.0
    assert usual["credential"] == (0, 2, None)
    for rule, middle in (("lower", 5000.0), ("upper", 6000.0)):
        kept = WioaSettings(even_median=rule, one_year=366)
        found = told(summarise(session, rows, "PY2025Q4", settings=kept))
        assert found["median"][2] == middle
        assert found["credential"] == (2, 2, None)
    strict = WioaSettings(not_training=("00", "01", "05", "11", "12"))
    assert told(summarise(session, rows, "PY2025Q4", settings=strict))["credential"][1] == 0


# -- thousands of people, judged twice


def _agree(found: wioa.Tally, again: dict[str, Any]) -> None:
    assert (found.n, found.x) == (again["n"], again["x"])
    assert found.excluded == dict(again["out"])
    if "value" in again:
        assert found.median == (again["value"] and pytest.approx(again["value"], rel=1e-12))


@pytest.fixture(scope="module")
def everybody() -> Iterator[tuple[Session, list[Row]]]:
    with Session() as s:
        rows = list(crowd(6000, 1))
        load(s, rows)
        periods.pirl_periods(s)
        yield s, rows


@pytest.mark.parametrize(
    ("report", "alone", "program", "settings"),
    [
        ((2025, 4), False, "all", {}),
        ((2025, 1), False, "youth", {}),
        ((2024, 3), True, "adult", {"one_year": 366}),
        ((2024, 2), False, "adult_education", {"even_median": "upper"}),
        ((2025, 2), False, "vocational_rehabilitation", {"even_median": "lower"}),
        ((2025, 3), True, "all", {"not_training": ("00", "01", "05", "11", "12")}),
    ],
)
def test_every_record_judged_again_by_hand(
    everybody: tuple[Session, list[Row]],
    report: tuple[int, int],
    alone: bool,
    program: Any,
    settings: dict[str, Any],
) -> None:
    session, rows = everybody
    asked = Report(*report, alone)
    rules = WioaSettings(**settings)
    summary = wioa.summarise(session, asked, program=program, groups=(SITE, RACE), settings=rules)
    choices: dict[str, Any] = {
        "one_year": summary.settings.one_year,
        "left": summary.settings.not_training,
        "even": summary.settings.even_median,
    }

    def again(some: list[Row]) -> dict[str, Any]:
        return brute(some, *report, alone=alone, program=program, **choices)

    parts: dict[Any, list[Row]] = {None: rows}
    for site in ("north", "south"):
        parts["site", site] = [r for r in rows if r["site"] == site]
    parts["site", "not recorded"] = [r for r in rows if r["site"] is None]
    for member in ("black", "white"):
        parts["race", member] = [r for r in rows if r[member]]
    parts["race", "not recorded"] = [r for r in rows if r["black"] is r["white"] is None]
    for level, some in parts.items():
        wanted = again(some)
        for i in INDICATORS:
            _agree(summary.tally(i, level), wanted[i])


def test_adding_somebody_elsewhere_changes_nothing(session: Session) -> None:
    rows = list(crowd(300, 9))
    before = told(summarise(session, rows, "PY2025Q4"))
    apart = person("new", e900="2018-01-01", e901="2018-06-01", e1602="1", e1811="2018-01-01")
    assert told(summarise(session, [*rows, apart], "PY2025Q4")) == before
    assert told(summarise(session, rows[::-1], "PY2025Q4")) == before


# -- outside


def _many(n: int, employed: int, earners: int) -> list[Row]:
    rows = []
    for i in range(n):
        wages = 5000 + i if i < earners else None
        rows.append(
            person(str(i), e900="2024-01-01", e901="2024-08-01", e1303="06",
                   e1602="1" if i < employed else "0", e1704=wages, e1606="1" if i % 2 else "0",
                   e1618="1" if i % 3 else "0", site="north" if i % 2 else "south")
        )  # fmt: skip
    return rows


def test_outside_small_medians_are_hidden(session: Session) -> None:
    few = indicators.answers(summarise(session, _many(40, 9, 9), "PY2025Q4"))
    shown = {r.answer.method.key: r.answer for r in release(few, Outside())}
    assert shown["wioa-er-q2"].kind == "finding"
    assert shown["wioa-median"].kind == "refusal"
    many = indicators.answers(summarise(session, _many(40, 30, 30), "PY2025Q4"))
    shown = {r.answer.method.key: r.answer for r in release(many, Outside())}
    median = shown["wioa-median"]
    assert isinstance(median, Finding)
    assert median.value == 5000.0  # to the nearest hundred


def test_outside_two_counts_do_not_tell_the_few_between_them(session: Session) -> None:
    # 30 employed, 29 of them with wages: the median would tell of one person without
    made = indicators.answers(summarise(session, _many(40, 30, 29), "PY2025Q4", groups=(SITE,)))
    shown = {r.answer.method.key: r.answer for r in release(made, Outside())}
    assert shown["wioa-er-q2"].kind == "finding"
    assert shown["wioa-median"].kind == "refusal"
    grid = shown["wioa"]
    assert isinstance(grid, Table)
    earners = [r for r in grid.rows if str(r["indicator"]).startswith("median")]
    assert earners
    assert all(r["n"] is None and r["median"] is None for r in earners)
    rates = [r for r in grid.rows if str(r["indicator"]).startswith("were employed in the 2nd")]
    assert all(r["n"] is not None for r in rates)
