"""Where an amount stands among published percentiles, by hand and in the engine."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from rung.errors import PlanError, RecordsError
from rung.mobility import area, standing
from rung.mobility.area import Percentiles
from rung.records import query
from rung.records.query import Session, name
from tests.tables import table

HEAD = "area,year,age_from,age_to,percentile,earnings\n"


def places(at: str, dollars: str) -> Percentiles:
    points = tuple(float(p) for p in at.split())
    return Percentiles(points, tuple(Decimal(d) for d in dollars.split()))


def test_between_two_percentiles_it_is_a_straight_line() -> None:
    p = places("10 50 90", "1000 3000 9000")
    assert p.place(Decimal(1000)) == (10, 10)
    assert p.place(Decimal(2000)) == (30, 30)
    assert p.place(Decimal(6000)) == (70, 70)


def test_outside_the_published_only_bounds_are_known() -> None:
    p = places("10 50 90", "1000 3000 9000")
    assert p.place(Decimal(999)) == (0, 10)
    assert p.place(Decimal("9000.01")) == (90, 100)


def test_whoever_shares_an_amount_stands_in_the_middle() -> None:
    """Nothing at all spans 0 to 30 here; 3,000 dollars spans 50 to 60."""
    p = places("10 30 50 60 90", "0 0 3000 3000 9000")
    assert p.place(Decimal(0)) == (15, 15)
    assert p.place(Decimal(3000)) == (55, 55)
    assert p.place(Decimal("0.01"))[0] == pytest.approx(30, abs=1e-3)
    assert p.place(Decimal(-5)) == (0, 0)


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_a_rank_never_falls_as_dollars_rise(data: st.DataObject) -> None:
    amounts = st.decimals(0, 90_000, places=2)
    at = sorted(data.draw(st.sets(st.integers(1, 99), min_size=3, max_size=12)))
    dollars = sorted(data.draw(st.lists(amounts, min_size=len(at), max_size=len(at))))
    p = Percentiles(tuple(map(float, at)), tuple(d.quantize(area.STEP) for d in dollars))
    asked = sorted(data.draw(st.lists(amounts, min_size=2, max_size=12)))
    middles = [sum(p.place(d)) / 2 for d in asked]
    assert all(b >= a - 1e-9 for a, b in pairwise(middles))
    assert all(0 <= m <= 100 for m in middles)


def test_the_engine_places_as_by_hand(tmp_path: Path) -> None:
    """Every edge: below, above, on a percentile, on a shared amount, a cent to either side."""
    file = tmp_path / "p.csv"
    rows = [(10, "0"), (20, "0"), (40, "999.99"), (50, "1000"), (60, "2500.50"), (90, "41000")]
    file.write_text(HEAD + "".join(f"A,2024,16,99,{p},{d}\n" for p, d in rows))
    d = area.read(file)
    edges = {Decimal(x) for _, x in rows} | {Decimal(1500), Decimal(90000), Decimal("0.5")}
    asked = sorted({e + s for e in edges for s in (Decimal("-0.01"), Decimal(0), Decimal("0.01"))})
    with Session(threads=1) as session:
        people = [(str(i), a, 2024, 30) for i, a in enumerate(asked)]
        people += [("other year", Decimal(5), 2023, 30), ("too young", Decimal(5), 2024, 15)]
        kinds = {"pid": "VARCHAR", "pay": "DECIMAL(18,4)", "year": "INTEGER", "age": "INTEGER"}
        table(session, "people", kinds, [*people, ("no pay known", None, 2024, 30)])
        standing.attach(session, d, tmp_path, "pieces")
        cell = d.of(None, name("year"), name("age"))
        session.view(
            "ranked", standing.placed("people", kinds, d, cell, name("pay"), "x", "pieces")
        )
        select = "SELECT pid, pay, r_x, u_x FROM ranked"
        got = {r[0]: r[1:] for r in session.connection.execute(select).fetchall()}
    assert len(got) == len(people) + 1
    mine = next(iter(d.cells.values()))
    for i, amount in enumerate(asked):
        _, rank, spread = got[str(i)]
        low, high = mine.place(amount)
        assert (rank - spread, rank + spread) == pytest.approx((low, high), abs=1e-9), amount
    for nobody in ("other year", "too young", "no pay known"):
        assert got[nobody][1:] == (None, None)


def test_a_near_year_serves_when_it_may(tmp_path: Path) -> None:
    file = tmp_path / "p.csv"
    file.write_text(
        HEAD + "".join(f"A,{y},,,{p},{p * 10}\n" for y in (2020, 2023) for p in (10, 50, 90))
    )
    with Session(threads=1) as session:
        table(session, "years", {"y": "INTEGER"}, [(y,) for y in range(2018, 2027)])
        for off, wanted in ((0, {2020, 2023}), (1, {2019, 2020, 2021, 2022, 2023, 2024})):
            d = area.read(file, years_off=off)
            cell = query.alias(d.of(None, name("y"), None), "cell")
            rows = session.execute(exp.select(name("y"), cell).from_("years")).fetchall()
            found = {y: c for y, c in rows if c is not None and c % 1_000_000 // 100 in d.years}
            assert set(found) == wanted
    assert found[2021] == found[2020]
    assert found[2022] == found[2023]


def test_hourly_wages_as_the_bureau_writes_them(tmp_path: Path) -> None:
    file = tmp_path / "oews.csv"
    file.write_text(
        "AREA_TITLE,OCC_CODE,H_PCT10,H_PCT25,H_MEDIAN,H_PCT75,H_PCT90\n"
        "Here,00-0000,13.10,16.20,21.00,33.40,#\n"
        "Here,29-1141,30,35,40,45,50\n"
        "There,00-0000,12,15,20,30,*\n"
    )
    d = area.read(file, "hourly", area="Here")
    (p,) = d.cells.values()
    assert list(p.at) == [10, 25, 50, 75]
    assert p.place(Decimal("13.00")) == (0, 10)
    assert p.place(Decimal("40.00")) == (75, 100)
    assert p.place(Decimal("21.00")) == (50, 50)
    with pytest.raises(PlanError) as wrong:
        area.read(file, "hourly")
    assert wrong.value.code == "PLAN-ladder-area"


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ("A,2024,,,10,ZQX\nA,2024,,,20,5\nA,2024,,,30,6\n", "REC-percentiles"),
        ("A,2024,,,10,5\nA,2024,,,10,6\nA,2024,,,30,6\nA,2024,,,40,7\n", "REC-percentiles"),
        ("A,2024,,,10,5\nA,2024,,,100,6\nA,2024,,,30,6\n", "REC-percentiles"),
        ("", "REC-percentiles"),
        ("A,2024,,,10,5\nA,2024,,,20,4\nA,2024,,,30,6\n", "REC-percentiles-order"),
        ("A,2024,,,10,5\nA,2024,,,20,6\n", "REC-percentiles-order"),
        (
            "".join(
                f"A,2024,{a},{b},{p},{p}\n" for a, b in ((16, 30), (30, 50)) for p in (1, 2, 3)
            ),
            "REC-percentiles-order",
        ),
    ],
)
def test_a_table_that_is_none(tmp_path: Path, rows: str, code: str) -> None:
    file = tmp_path / "p.csv"
    file.write_text(HEAD + rows)
    with pytest.raises(RecordsError) as wrong:
        area.read(file)
    assert wrong.value.code == code
    assert "ZQX" not in str(wrong.value.to_json())
