"""A provider's own records: wages joined to exits, against a second implementation and by hand."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from typing import Any

import pytest

from rung.discovery import periods, wioa
from rung.discovery.program_year import Report
from rung.discovery.wioa import INDICATORS, WioaSettings
from rung.errors import CannotAnswer
from rung.records.lab import Group
from rung.records.query import Session
from rung.records.wages import coverage
from tests.discovery.federal import CODES, DATES, MONEY, NOT_YET, Row, brute

AS_OF = dt.date(2026, 6, 30)
Rows = Sequence[tuple[Any, ...]]


def _table(session: Session, table: str, columns: dict[str, str], rows: Rows) -> None:
    lists = ", ".join(f"unnest(CAST(? AS {kind}[])) AS {c}" for c, kind in columns.items())
    session.connection.execute(
        f"CREATE OR REPLACE TABLE {table} AS SELECT {lists}",
        [[row[i] for row in rows] for i in range(len(columns))],
    )


def _lab(
    session: Session, journeys: Rows, wages: Rows, credentials: Rows = (), outcomes: Rows = ()
) -> list[str]:
    """The tables of a lab; the names of those that have rows."""
    given: dict[str, tuple[dict[str, str], Rows]] = {
        "journeys": ({"pid": "VARCHAR", "period": "SMALLINT", "entered_on": "DATE",
                      "last_service_on": "DATE", "closed_on": "DATE", "site": "VARCHAR"}, journeys),
        "wages": ({"pid": "VARCHAR", "quarter": "INTEGER", "employer": "VARCHAR",
                   "amount": "DECIMAL(18, 4)"}, wages),
        "credentials": ({"pid": "VARCHAR", "type": "VARCHAR", "earned_on": "DATE"}, credentials),
        "outcomes": ({"pid": "VARCHAR", "period": "SMALLINT", "employed_q2": "VARCHAR",
                      "wages_q2": "DECIMAL(18, 4)", "_state_employed_q2": "VARCHAR"}, outcomes),
    }  # fmt: skip
    for table, (columns, rows) in given.items():
        _table(session, table, columns, rows)
    return [table for table, (_, rows) in given.items() if rows]


def _own(session: Session, tables: list[str], **more: Any) -> None:
    periods.own_periods(session, tables=tables, milestones=(), **{"as_of": AS_OF, **more})


def _town(n: int, seed: int, as_of: dt.date) -> tuple[Rows, Rows, Rows]:
    """People with one or two periods, several employers a quarter, corrections and late amounts."""
    draw = random.Random(seed)
    journeys, wages, credentials = [], [], []
    for i in range(n):
        entered = dt.date(2023, 1, 1) + dt.timedelta(draw.randrange(700))
        for period in range(1, draw.choice((2, 2, 2, 3))):
            last = entered + dt.timedelta(draw.randrange(300))
            closed = draw.choice((last, last, None))
            journeys.append((f"p{i}", period, entered, last, closed, draw.choice("nse")))
            entered = last + dt.timedelta(draw.randrange(95, 400))
        for quarter in range(2022 * 4, 2026 * 4):
            if draw.random() < 0.5:
                for _ in range(draw.choice((1, 1, 1, 2, 3))):
                    amount = draw.choice((None, -50.0, *(draw.randrange(1, 900_000) / 100,) * 8))
                    wages.append((f"p{i}", quarter, draw.choice("uvwx"), amount))
        for _ in range(draw.choice((0, 0, 1, 1, 2, 3))):
            day = dt.date(2023, 6, 1) + dt.timedelta(draw.randrange(1100))
            kind = draw.choice(("hs", "license", "certification", "associate", "no_credential"))
            if day <= as_of:
                credentials.append((f"p{i}", kind, day))
    return journeys, wages, credentials


def _federal(session: Session) -> list[Row]:
    """The rows of `own` as a federal file says them, for the second implementation."""
    found = session.connection.execute("FROM own")
    names = [d[0] for d in found.description or ()]
    rows = []
    for cells in found.fetchall():
        own = dict(zip(names, cells, strict=True))
        row: Row = {n: own.get(f"e{n}") for n in (*DATES, *CODES, *MONEY)}
        for number, code in NOT_YET.items():
            if f",{number}," in own["_pending"]:
                row[number] = code
        rows.append(row)
    return rows


@pytest.mark.parametrize("report", ["PY2025Q4", "PY2025Q1", "PY2024Q3"])
@pytest.mark.parametrize("employers", ["any", "highest"])
def test_what_a_report_reads_is_what_all_of_it_says(report: str, employers: str) -> None:
    settings = WioaSettings(several_employers="any" if employers == "any" else "highest")
    asked, site = Report.parse(report), Group(key="site")
    town, made = _town(500, 11, asked.last_day), []
    for part in (None, wioa.asked_of(asked, settings)):
        with Session() as s:
            _own(
                s, _lab(s, *town), any_employer=employers == "any", carried=["site"], asked=part,
                as_of=asked.last_day,
            )  # fmt: skip
            made.append(wioa.summarise(s, asked, groups=[site], settings=settings))
            if part is None:
                slow = brute(_federal(s), asked.year, asked.quarter)
    whole, part_ = made
    for indicator in INDICATORS:
        for level in (None, *(("site", x) for x in "nse")):
            assert whole.tally(indicator, level) == part_.tally(indicator, level)
        told = part_.tally(indicator)
        assert told.n > 20
        assert (told.n, told.x) == (slow[indicator]["n"], slow[indicator]["x"])
    assert part_.tally("median").median == pytest.approx(float(slow["median"]["value"]))


def _exits(*pids: str) -> Rows:
    """People who left in the last quarter of 2024."""
    day = dt.date
    return [(p, 1, day(2024, 1, 5), day(2024, 11, 5), day(2024, 11, 5), "n") for p in pids]


def test_no_record_is_no_job_only_where_the_records_speak() -> None:
    journeys = _exits("paid", "none", "late", "less")
    q = 2024 * 4 + 3
    wages = [
        ("paid", q + 2, "u", 500.0), ("late", q + 2, "u", None), ("less", q + 2, "u", 200.0),
        ("less", q + 2, "v", -200.0), ("z", q + 1, "u", 1.0), ("z", q + 4, "u", 1.0),
    ]  # fmt: skip
    with Session() as s:
        _own(s, _lab(s, journeys, wages))
        found = {r[0]: r[1:] for r in s.connection.execute(
            "SELECT pid, e1602, e1704, e1604, e1606, _pending FROM own").fetchall()}  # fmt: skip
    # nobody has a record in the third quarter: it is not covered, and nobody knows
    assert found["paid"] == ("1", 500, None, "0", "")
    assert found["none"] == ("0", 0, None, "0", "")
    assert found["less"] == ("0", 0, None, "0", "")
    assert found["late"] == (None, None, None, "0", ",1602,1603,1704,")


def test_wages_speak_where_outcomes_do_not() -> None:
    journeys, q = _exits("said", "silent", "waits", "gone"), 2024 * 4 + 3
    wages = [(p, q + 2, "u", 900.0) for p in ("said", "silent", "waits")]
    wages += [("z", q + n, "u", 1.0) for n in (1, 2, 3, 4)]
    outcomes = [("said", 1, "not_employed", None, None), ("silent", 1, None, None, None),
                ("waits", 1, None, None, "pending")]  # fmt: skip
    with Session() as s:
        _own(s, _lab(s, journeys, wages, outcomes=outcomes))
        found = {r[0]: r[1:] for r in s.connection.execute(
            "SELECT pid, e1602, e1603, e1704 FROM own").fetchall()}  # fmt: skip
    assert found["said"][:2] == ("0", None)  # an outcome is never overruled
    assert found["silent"] == found["waits"] == ("1", "1", 900)
    assert found["gone"] == ("0", "0", 0)


def test_an_empty_table_of_wages_covers_nothing() -> None:
    with Session() as s:
        _lab(s, _exits("a"), [])
        with pytest.raises(CannotAnswer):
            coverage(s)
        covered = periods.own_periods(s, tables=["journeys", "wages"], milestones=(), as_of=AS_OF)
        assert covered is None
        assert s.connection.execute("SELECT e1602, _pending FROM own").fetchall() == [
            (None, ",1600,1601,1703,1602,1603,1704,1604,1605,1705,1606,1607,1706,")
        ]
