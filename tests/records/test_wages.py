"""Wage records: files in, what they cover, pay around a person's own quarter, prices, requests."""

from __future__ import annotations

import datetime as dt
import sqlite3
import stat
import sys
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from rung.errors import CannotAnswer, PlanError, RecordsError
from rung.records import prices, privacy, wage_files, wage_requests, wages
from rung.records.lab import Lab
from rung.records.prices import Prices
from rung.records.query import Session
from rung.records.wage_files import Read
from rung.records.wages import Coverage

Q = wages.quarter_named


def rows(file: Path) -> list[tuple[Any, ...]]:
    with Session() as s:
        s.attach("t", file)
        return s.connection.execute("SELECT * FROM t").fetchall()


# -- files


def line(
    ssn: str, year: int, quarter: int, cents: str, account: str = "UI00000001", unit: str = "00001"
) -> str:
    made = (
        f"{ssn:<9}{'ANA':<15}{'M':<1}{'LOPEZ':<20}{'17':<2}{account:<10}{unit:<5}{'123456789':<9}"
    )
    return f"{made}{year:04d}{quarter}{cents:>10}"


def test_the_fixed_width_layout(tmp_path: Path) -> None:
    file, ids, out = tmp_path / "w.dat", tmp_path / "ids.csv", tmp_path / "w.parquet"
    lines = [
        line("123456789", 2024, 1, "0000123456"),
        line("123456789", 2024, 1, "0000123456"),  # the file was sent twice
        line("123456789", 2024, 1, "0000123456", unit="00002"),  # another unit that paid the same
        line("123456789", 2024, 2, "0000050000", account="UI00000002"),
        line("123456789", 2024, 2, "-000020000"),
        line("987654321", 2024, 1, "0000777777"),  # nobody asked about them
        line("000000000", 2024, 1, "0000000100"),  # no number
        line("123456789", 2024, 7, "0000000100"),  # no quarter
        line("123456789", 2024, 3, "00000ABCDE"),  # no wage
    ]
    assert {len(x) for x in lines} == {wage_files.WIDTH}
    file.write_text("\r\n".join(lines) + "\r\n")
    ids.write_text("pid,ssn\np1,123-45-6789\np2,222-33-4444\n")
    assert wage_files.told(file) == "fixed"
    found = wage_files.bring([file], out, ids=ids, by="ssn")
    assert found == Read(
        rows=9, kept=4, people=1, unreadable=3, strangers=1, repeated=1, negative=1
    )
    first, second = Q("2024Q1"), Q("2024Q2")
    assert [(p, q, a, e) for p, q, a, e, _ in rows(out)] == [
        ("p1", first, Decimal("1234.5600"), "UI00000001"),
        ("p1", first, Decimal("1234.5600"), "UI00000001"),
        ("p1", second, Decimal("-200.0000"), "UI00000001"),
        ("p1", second, Decimal("500.0000"), "UI00000002"),
    ]
    assert "123456789" not in out.read_bytes().decode("latin-1")


def test_a_wide_file_and_a_long_one_say_the_same(tmp_path: Path) -> None:
    wide, long = tmp_path / "wide.csv", tmp_path / "long.csv"
    wide.write_text(
        'id,year,q1_wage,q2_wage,q3_wage,q4_wage\nA1,2023,"$1,200.50",,0,300\nA2,2024,,,,9.99\n'
    )
    long.write_text(
        "pid,quarter,amount\nA1,2023Q1,1200.50\nA1,2023Q3,0\nA1,2023Q4,300\nA2,2024Q4,9.99\n"
    )
    found = [wage_files.bring([f], tmp_path / f"{f.stem}.parquet") for f in (wide, long)]
    assert [f.kept for f in found] == [4, 4]
    one, other = (rows(tmp_path / f"{f.stem}.parquet") for f in (wide, long))
    assert one == other
    assert one[0][:3] == ("A1", Q("2023Q1"), Decimal("1200.5000"))
    both = wage_files.bring([wide, long], tmp_path / "both.parquet")
    assert (both.rows, both.kept, both.repeated) == (8, 4, 4)


def test_a_number_with_dashes_is_the_same_person(tmp_path: Path) -> None:
    file, ids = tmp_path / "w.csv", tmp_path / "ids.csv"
    file.write_text("ssn,quarter,amount\n123-45-6789,2023Q1,100\n123456789,2023Q2,100\n")
    ids.write_text("pid,ssn\np1,123456789\n")
    found = wage_files.bring([file], tmp_path / "w.parquet", ids=ids, by="ssn")
    assert (found.kept, found.people, found.strangers) == (2, 1, 0)


def test_social_security_numbers_do_not_become_ids(tmp_path: Path) -> None:
    file = tmp_path / "w.csv"
    file.write_text("pid,quarter,amount\n123-45-6789,2023Q1,100\n")
    with pytest.raises(RecordsError) as caught:
        wage_files.bring([file], tmp_path / "w.parquet")
    assert caught.value.code == "REC-id-ssn"
    assert not (tmp_path / "w.parquet").exists()
    file.write_text("pid,quarter\nA1,2023Q1\n")
    with pytest.raises(RecordsError) as caught:
        wage_files.bring([file], tmp_path / "w.parquet")
    assert caught.value.code == "REC-no-column"


# -- what is covered


def _wages(s: Session, records: list[tuple[Any, ...]], state: bool = False) -> None:
    kinds = ["VARCHAR", "INTEGER", "DECIMAL(18, 4)", *(["VARCHAR"] if state else [])]
    names = ["pid", "quarter", "amount", *(["state"] if state else [])]
    lists = ", ".join(f"unnest(CAST(? AS {k}[])) AS {n}" for k, n in zip(kinds, names, strict=True))
    s.connection.execute(
        f"CREATE OR REPLACE TABLE wages AS SELECT {lists}",
        [[r[i] for r in records] for i in range(len(kinds))],
    )


def test_the_window_is_what_every_source_covers() -> None:
    with Session() as s:
        _wages(
            s,
            [("a", 10, 1, "OH"), ("a", 14, 1, "OH"), ("b", 12, 1, "KY"), ("b", 16, -2, "KY"),
             (None, 13, 1, "KY"), ("c", 12, None, "OH")],
            state=True,
        )  # fmt: skip
        found = wages.coverage(s)
    assert (found.first, found.last, found.missing) == (12, 14, frozenset({13}))
    assert (found.nameless, found.waiting, found.negative) == (1, 1, 1)
    assert {12, 14} == {q for q in range(20) if q in found}
    codes = [n.code for n in found.notes()]
    assert {"coverage-seen", "coverage-missing", "coverage-sources"} <= set(codes)


def test_no_common_window_is_an_answer() -> None:
    with Session() as s:
        _wages(s, [("a", 10, 1, "OH"), ("b", 12, 1, "KY")], state=True)
        with pytest.raises(CannotAnswer):
            wages.coverage(s)


@pytest.mark.parametrize("text", ["2019Q1-2024Q4", "2019Q1..2024q4", "2019-Q1 to 2024-Q4"])
def test_a_declared_window(text: str) -> None:
    found = Coverage.named(text)
    assert (found.first, found.last, found.declared) == (2019 * 4, 2024 * 4 + 3, True)


@pytest.mark.parametrize("text", ["", "2019Q1", "2024Q4-2019Q1", "2019Q5-2024Q1", "soon-2024Q1"])
def test_what_is_no_window(text: str) -> None:
    with pytest.raises(PlanError):
        Coverage.named(text)


# -- pay around a person's own quarter


def _around(
    records: list[tuple[Any, ...]], people: dict[str, int | None], covered: Coverage, **more: Any
) -> dict[tuple[str, int], Decimal | None]:
    listed = exp.Values(
        expressions=[
            exp.Tuple(expressions=[exp.Literal.string(p), exp.cast(exp.convert(o), "INTEGER")])
            for p, o in people.items()
        ],
        alias=exp.TableAlias(
            this=exp.to_identifier("v"),
            columns=[exp.to_identifier("pid"), exp.to_identifier("origin")],
        ),
    )
    with Session() as s:
        _wages(s, records)
        made = wages.by_quarter(
            exp.select("pid", "origin").from_(listed), covered, range(-3, 4), **more
        )
        return {(r["pid"], r["away"]): r["pay"] for r in s.run(made).dicts()}


def test_no_record_inside_is_zero_and_outside_is_not_known() -> None:
    covered = Coverage(10, 14, missing=frozenset({13}))
    found = _around([("a", 12, 500), ("a", 12, 250), ("a", 15, 9)], {"a": 12, "b": None}, covered)
    assert [found["a", away] for away in range(-3, 4)] == [None, 0, 0, 750, None, 0, None]
    assert all(found["b", away] is None for away in range(-3, 4))


@settings(max_examples=60, deadline=None)
@given(
    records=st.lists(
        st.tuples(
            st.sampled_from(("a", "b")),
            st.integers(0, 12),
            st.one_of(st.none(), st.integers(-500, 9000)),
        ),
        min_size=1,
        max_size=20,
    ),
    origin=st.integers(-2, 14),
    first=st.integers(0, 6),
    length=st.integers(1, 6),
)
def test_a_quarter_is_known_exactly_when_it_is_covered(
    records: list[tuple[str, int, int | None]], origin: int, first: int, length: int
) -> None:
    covered = Coverage(first, first + length - 1, declared=True)
    found = _around(records, {"a": origin, "c": origin}, covered)
    for (pid, away), pay in found.items():
        mine = [a for p, q, a in records if (p, q) == (pid, origin + away)]
        if origin + away not in covered or None in mine:
            assert pay is None
        else:
            assert pay == sum(a for a in mine if a is not None)


def test_before_and_after_need_every_quarter() -> None:
    people = exp.select("*").from_("people")
    with Session() as s:
        s.connection.execute(
            "CREATE TABLE people AS SELECT 'p' || o AS pid, o AS origin FROM range(12, 18) t(o)"
        )
        _wages(s, [("p14", 13, 100), ("p14", 16, 300), ("p13", 14, 50), ("p17", 16, 1)])
        made = wages.before_after(people, Coverage(12, 17), 2)
        found = {r[0]: r[1:] for r in s.run(made).rows}
    assert found["p14"] == (100, 300, 2)
    assert found["p13"] == (None, 50, 1)
    assert found["p15"] == (0, 0, None)
    assert found["p17"] == (1, None, None)
    with pytest.raises(PlanError):
        wages.before_after(people, Coverage(12, 17), 0)


# -- prices


def _index() -> dict[tuple[int, int], Decimal]:
    return {(y, m): Decimal(100 + 12 * (y - 2020) + m) for y in (2020, 2021) for m in range(1, 13)}


def test_real_dollars() -> None:
    index = Prices(_index())
    assert index.of_quarter(Q("2020Q1")) == 102
    assert index.of_year(2021) == Decimal("118.5")
    factors = index.factors([Q("2020Q1")], year=2021)
    assert factors == {Q("2020Q1"): Decimal("1.16176471")}
    quarter = Q("2020Q1")
    found = _around(
        [("a", quarter, 1000)], {"a": quarter}, Coverage(quarter, quarter), factor=factors
    )
    assert found["a", 0] == Decimal("1161.76471")
    with pytest.raises(PlanError, match="2022-01"):
        index.of_quarter(Q("2022Q1"))


def test_a_table_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    file.write_text(
        "year,month,value\n" + "".join(f"{y},{m},{v}\n" for (y, m), v in _index().items())
    )
    assert Prices.read(file) == Prices(_index())
    for bad in (
        "year,month\n2020,1\n",
        "year,month,value\n2020,13,1\n",
        "year,month,value\n2020,1,x\n",
    ):
        file.write_text(bad)
        with pytest.raises(RecordsError):
            Prices.read(file)


def test_the_packaged_index_is_read_from_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the package's data file is opened; the package, which can download, is not run."""
    package = tmp_path / "cpi"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')\n")
    db = sqlite3.connect(package / "cpi.db")
    db.execute("CREATE TABLE indexes (series TEXT, year INTEGER, period TEXT, value REAL)")
    made = [(prices.SERIES, y, f"M{m:02d}", float(v)) for (y, m), v in _index().items()]
    made += [(prices.SERIES, 2020, "M13", 1.0), ("CUSR0000SA0", 2020, "M01", 9.0)]
    db.executemany("INSERT INTO indexes VALUES (?, ?, ?, ?)", made)
    db.commit()
    db.close()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "cpi", raising=False)
    assert Prices.packaged() == Prices(_index())
    monkeypatch.setattr(prices, "find_spec", lambda _: None)
    with pytest.raises(PlanError):
        Prices.packaged()
    assert not isinstance(sys.modules.get("cpi"), ModuleType)


# -- requests


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """Seven people; the key table has their numbers, the consents say what each agreed to."""
    lab = Lab.create(tmp_path / "lab", tomlkit.parse('[lab]\nprovider = "Bridge"\n'))
    secret = privacy.key(lab)
    with Session() as s:
        s.connection.execute(
            f"""COPY (SELECT 'p' || i AS pid, DATE '2024-01-01' AS entered_on
                FROM range(1, 9) t(i)) TO '{lab.table("journeys")}'"""
        )
        s.connection.execute(
            f"""COPY (SELECT * FROM (VALUES
                ('p1', 'Wage records', true, DATE '2024-01-01', DATE '2027-01-01', NULL::DATE),
                ('p2', 'photos', true, DATE '2024-01-01', DATE '2027-01-01', NULL),
                ('p3', 'wage records', true, DATE '2024-01-01', NULL, NULL),
                ('p4', 'wage records', true, DATE '2024-01-01', DATE '2025-01-01', NULL),
                ('p5', 'wage records', true, DATE '2024-01-01', DATE '2027-01-01',
                 DATE '2024-06-01'),
                ('p6', 'wage records', false, DATE '2024-01-01', DATE '2027-01-01', NULL),
                ('p8', 'wage records', true, DATE '2024-01-01', DATE '2027-01-01', NULL))
              v(pid, purpose, given, given_on, expires_on, withdrawn_on))
              TO '{lab.table("consents")}'"""
        )
        keys = tmp_path / "keys.parquet"
        s.connection.execute(
            f"""COPY (SELECT 'p' || i AS pid, 'ID' || i AS id, 'Ana' AS first_name,
                  CASE WHEN i = 1 THEN '=López' ELSE 'Lee' END AS last_name,
                  CASE WHEN i < 8 THEN '123-45-678' || i END AS ssn
                FROM range(1, 9) t(i)) TO '{keys}'"""
        )
        privacy.keep(lab, s, keys, secret)
    return lab


def test_a_request_names_only_people_whose_consent_stands(lab: Lab, tmp_path: Path) -> None:
    target, window = tmp_path / "request.csv", Coverage.named("2023Q1-2025Q4")
    made = wage_requests.write(lab, target, window, day=dt.date(2026, 2, 1))
    assert made.asked == ("p1",)
    once = dict.fromkeys(("other-purpose", "open-ended", "over", "withdrawn", "no-ssn"), 1)
    assert made.left_out == {"no-consent": 2, **once}
    text = target.read_text()
    assert text.splitlines()[1] == "123456781,'=López,Ana,20231,20254"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert len(text.splitlines()) == 2
    wage_requests.write(lab, target, window, day=dt.date(2026, 2, 1), layout="fixed")
    assert target.read_bytes().decode() == f"123456781{'ANA':<15} {'=LÓPEZ':<20}2023120254\r\n"


def test_an_extract_against_its_request(lab: Lab, tmp_path: Path) -> None:
    window = Coverage.named("2023Q1-2025Q4")
    request = wage_requests.Request(("p1", "p2", "p3"), {}, tmp_path / "r")
    with Session() as s:
        first = window.first
        _wages(s, [("p1", first, 1), ("p1", first, 2), ("p1", first - 1, 1), ("p9", first, 1),
                   ("p9", first + 1, 1), ("p2", first, 3)])  # fmt: skip
        found = wage_requests.check(s, request, window)
    assert found == wage_requests.Extract(
        asked=3, answered=2, silent=1, unasked=1, unasked_records=2, repeated=1, outside=1
    )
