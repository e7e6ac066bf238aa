"""Federal records: headers, types, states, the stages of checks, and the way there and back."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from rung.errors import PlanError, Problem, RecordsError
from rung.records import privacy
from rung.records.lab import Lab
from rung.records.pirl import bring, check, elements, own, pretend, reading
from rung.records.pirl.bring import Brought
from rung.records.pirl.elements import matched
from rung.records.pirl.rules import RULES
from rung.records.query import Session
from tests.records.pirl_cases import BASE, CASES, TRAINED, Cells, after, write

AS_OF = dt.date(2026, 6, 30)
ELEMENTS = elements.elements()


def clock() -> dt.datetime:
    return dt.datetime(2026, 11, 22, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNG_KEY", "5a" * 32)


def imported(path: Path, lab: Path, **more: Any) -> Brought:
    given: dict[str, Any] = {"as_of": AS_OF, "every_stage": True, **more}
    return bring.bring(path, lab, clock=clock, **given)


def asked(sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        return connection.execute(sql).fetchall()


def rows(lab: Path, table: str = "pirl") -> list[tuple[Any, ...]]:
    return asked(f"FROM '{lab}/records/{table}.parquet'")


def codes(problems: Sequence[Problem]) -> set[str]:
    return {p.code for p in problems}


# -- headers


@pytest.mark.parametrize(
    ("header", "number"),
    [
        ("PIRL100", "100"),
        ("PIRL 201", "201"),
        ("PIRL108-A", "108-A"),
        ("PIRL108A", "108-A"),
        ("900 Date of Program Entry (WIOA)", "900"),
        ("900 - Date of Program Entry", "900"),
        ("Date of Program Entry", "900"),
        ("Program Start Date", "900"),
        ("201 Gender", "201"),
        ("DOB", "200"),
        ("1602", "1602"),
        ("pirl1704", "1704"),
        ("CALC4013", "CALC4013"),
        ("PIRL4013", "CALC4013"),
        ("OBS Number", "OBS"),
        ("\ufeffPIRL900", "900"),
        ("Date Attained Recognized Credential #2 (WIOA)", "1803"),
        ("Employed in 2nd Quarter\n After Exit Quarter (WIOA)", "1602"),
        ("Favorite color", ""),
    ],
)
def test_a_header_says_number_name_or_both(header: str, number: str) -> None:
    assert matched([header], "x") == (number,)


def test_every_element_is_known_by_number_by_name_and_by_both() -> None:
    for n, e in ELEMENTS.items():
        for header in (n if e.calculated else f"PIRL{n}", e.name, f"{n} {e.name}"):
            assert matched([header], "x") == (n,), header


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("300 Gender", "REC-pirl-disagree"),
        ("923 Title I Adult", "REC-pirl-disagree"),
        ("1700 Wages 2nd Quarter After Exit Quarter (WIOA)", "REC-pirl-disagree"),
        ("1314 Type of Training Service #3", "REC-pirl-disagree"),
        ("PIRL 3023", "REC-pirl-unknown-element"),
        ("9999 Something", "REC-pirl-unknown-element"),
        ("1800/1801 Credential type and date", "REC-pirl-two-in-one"),
        ("PIRL1602 PIRL1603", "REC-pirl-two-in-one"),
    ],
)
def test_a_wrong_number_is_never_a_guess(header: str, code: str) -> None:
    with pytest.raises(RecordsError) as e:
        matched(["PIRL100", header], "x")
    assert codes(e.value.problems) == {code}


def test_one_element_in_two_columns(tmp_path: Path) -> None:
    with pytest.raises(RecordsError) as e:
        matched(["PIRL100", "901", "Date of Program Exit"], "x")
    assert codes(e.value.problems) == {"REC-pirl-twice"}


def test_no_header_needs_a_schema_and_as_many_columns(tmp_path: Path) -> None:
    file = tmp_path / "plain.csv"
    file.write_text("1,P1,20240110,20240815\n2,P2,20240110,\n")
    with pytest.raises(RecordsError) as e:
        imported(file, tmp_path / "a")
    assert e.value.code == "REC-pirl-no-header"
    order = tmp_path / "order.txt"
    order.write_text("OBS,100\n900,901\n")
    done = imported(file, tmp_path / "b", schema=str(order))
    assert (done.rows, done.problems) == (2, ())
    assert rows(tmp_path / "b")[0][1] == 1  # no header: the first record is row 1
    order.write_text("OBS,100,900,901,923")
    for schema in (str(order), "PIRL2025"):
        with pytest.raises(RecordsError) as e:
            imported(file, tmp_path / "c", schema=schema)
        assert e.value.code == "REC-pirl-columns"
    with pytest.raises(RecordsError) as e:
        imported(file, tmp_path / "d", schema="PIRL2018")
    assert e.value.code == "REC-pirl-schema"


def test_a_row_of_another_width_stops_with_its_number(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", [{}, {"900": "20250101", "901": ""}])
    file.write_text(file.read_text() + "ZQX3,20240101\n")
    with pytest.raises(RecordsError) as e:
        imported(file, tmp_path / "lab")
    (problem,) = e.value.problems
    assert (problem.code, problem.first_rows) == ("REC-pirl-columns", (4,))
    assert not (tmp_path / "lab").exists()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "REC-empty"),
        ("PIRL100,PIRL900\n", "REC-header-only"),
        ("PIRL900,PIRL901\n20240101,\n", "REC-pirl-no-id"),
    ],
)
def test_files_without_records(tmp_path: Path, text: str, code: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(RecordsError) as e:
        imported(tmp_path / "a.csv", tmp_path / "lab")
    assert e.value.code == code


def test_a_compressed_file_with_other_marks(tmp_path: Path) -> None:
    text = "PIRL100|PIRL900|PIRL2701\nP1|20240110|Consejo de Bogotá\n"
    with gzip.open(tmp_path / "a.csv.gz", "wb") as file:
        file.write(text.encode("cp1252"))
    done = imported(tmp_path / "a.csv.gz", tmp_path / "lab")
    assert done.rows == 1
    assert "Consejo de Bogotá" in rows(tmp_path / "lab")[0]


# -- values and states


def _one(tmp_path: Path, cells: Cells) -> tuple[dict[str, Any], Brought]:
    done = imported(write(tmp_path / "one.csv", [cells]), tmp_path / "lab")
    names = [r[0] for r in asked(f"DESCRIBE FROM '{tmp_path}/lab/records/pirl.parquet'")]
    return dict(zip(names, rows(tmp_path / "lab")[0], strict=True)), done


def test_blank_is_not_zero_and_not_nine(tmp_path: Path) -> None:
    cells = {**after(2), "1600": "9", "1601": "5", "1703": "999999.99", "1606": "", "1607": "",
             "201": "9", "210": "0", "923": ""}  # fmt: skip
    row, _ = _one(tmp_path, cells)
    assert (row["e1602"], row["e1704"]) == ("1", 8200)
    assert row["_pending"] == ",1600,1601,1703,"
    assert row["e1600"] is row["e1601"] is row["e1703"] is None
    assert row["e1606"] is row["e923"] is None
    assert (row["e201"], row["e210"]) == ("9", "0")  # an answer, and a no
    state = asked(
        f"SELECT employed_q1, _state_employed_q1, employed_q2 "
        f"FROM '{tmp_path}/lab/records/outcomes.parquet'"
    )
    assert state == [(None, "pending", "employed")]


def test_what_does_not_fit_is_counted_and_left_out(tmp_path: Path) -> None:
    cells = {"901": "2024-08-15", "1704": "8,200", "1602": "7", "1303": "6", "103": "123456",
             "1301": " Trade School", "2109": "x"}  # fmt: skip
    row, done = _one(tmp_path, cells)
    assert row["e901"] is row["e1704"] is row["e1602"] is row["e103"] is None
    assert (row["e1303"], row["e1301"]) == ("06", "Trade School")
    told = {(p.code, p.column) for p in done.problems}
    assert told >= {
        ("REC-pirl-format", "901"), ("REC-pirl-format", "1704"), ("REC-pirl-value", "1602"),
        ("REC-pirl-unpadded", "1303"), ("REC-pirl-length", "103"), ("REC-pirl-spaces", "1301"),
    }  # fmt: skip
    for p in done.problems:
        said = p.what() + p.what("es") + p.expected("es") + p.next("es")
        assert "Trade" not in said
        assert "8,200" not in said


def test_dates_that_no_calendar_has(tmp_path: Path) -> None:
    row, done = _one(tmp_path, {"901": "20240230", "1801": "20241301"})
    assert row["e901"] is row["e1801"] is None
    assert [p.rows for p in done.problems if p.code == "REC-pirl-format"] == [1, 1]


def test_later_stages_wait(tmp_path: Path) -> None:
    bad_format = write(tmp_path / "a.csv", [{"901": "x", "1602": "7"}])
    done = imported(bad_format, tmp_path / "a", every_stage=False)
    assert (done.stages, done.waiting) == (("format",), ("values", "duplicates", "logic"))
    twice = write(tmp_path / "b.csv", [{}, {}])
    done = imported(twice, tmp_path / "b", every_stage=False)
    assert codes(done.problems) == {"REC-pirl-duplicate"}
    assert done.waiting == ("logic",)
    clean = imported(write(tmp_path / "c.csv", [{}]), tmp_path / "c", every_stage=False)
    assert (clean.waiting, clean.problems) == ((), ())


# -- the 30 rules


def test_there_are_thirty_rules_in_order() -> None:
    assert [r.code for r in RULES] == [f"REC-pirl-{i:02}" for i in range(1, 31)] == list(CASES)
    assert all(set(r.needs) <= set(ELEMENTS) and r.element in ELEMENTS for r in RULES)


def _checked(path: Path, work: Path) -> tuple[Problem, ...]:
    with Session() as session:
        text = reading.staged(session, path, work)
        return check.checked(session, text, as_of=AS_OF, every_stage=True).problems


@pytest.mark.parametrize("code", CASES)
def test_a_rule_finds_the_record_that_breaks_it_and_no_other(code: str, tmp_path: Path) -> None:
    bad, good = CASES[code]
    found = _checked(write(tmp_path / "bad.csv", bad), tmp_path)
    (problem,) = [p for p in found if p.code == code]
    assert problem.rows == 1
    assert problem.what() != problem.what("es")
    assert code not in codes(_checked(write(tmp_path / "good.csv", good), tmp_path))


def test_rules_of_a_clean_record_say_nothing(tmp_path: Path) -> None:
    whole = {**BASE, **TRAINED, **after(1), **after(2), **after(3), **after(4), "1618": "1",
             "923": "00", "201": "2", "202": "0", "203": "0", "300": "0", "301": "0", "407": "12",
             "408": "1", "409": "5", "603": "1", "802": "1", "1608": "1", "1615": "722511",
             "1612": "35201400", "1800": "6", "1801": "20240801", "1811": "20240115",
             "1813": "20240801", "1810": "20240801", "200": "19950101", "903": "1"}  # fmt: skip
    assert imported(write(tmp_path / "a.csv", [whole]), tmp_path / "lab").problems == ()


def test_a_rule_runs_only_where_the_file_has_what_it_needs(tmp_path: Path) -> None:
    # no element 1300 at all: details of training contradict nothing
    cells = {k: v for k, v in TRAINED.items() if k != "1300"}
    assert imported(write(tmp_path / "a.csv", [cells]), tmp_path / "lab").problems == ()


# -- people


def test_ids_that_look_like_social_security_numbers_are_refused(tmp_path: Path) -> None:
    for ident in ("123-45-6789", "123456789"):
        file = write(tmp_path / "a.csv", [{"100": ident}])
        with pytest.raises(RecordsError) as e:
            imported(file, tmp_path / "lab")
        assert e.value.code == "REC-pirl-ssn"
        assert ident not in str(e.value.to_json())
    done = imported(file, tmp_path / "lab", allow_ssn="the grant asks for them")
    assert done.rows == 1
    for fine in ("900123456", "000123456", "P23456789", "666121234"):
        imported(write(tmp_path / "b.csv", [{"100": fine}]), tmp_path / fine)


def test_no_table_names_a_person(tmp_path: Path) -> None:
    cells = {"OBS": "000000001", "100": "ZQXPERSON", "200": "19950101", "2700": "123456789"}
    imported(write(tmp_path / "a.csv", [cells]), tmp_path / "lab")
    for table in (tmp_path / "lab/records").glob("*.parquet"):
        found = str(asked(f"FROM '{table}'"))
        assert not any(v in found for v in ("ZQXPERSON", "123456789", "19950101"))
    lab = Lab.open(tmp_path / "lab")
    (pid,) = {r[0] for r in rows(tmp_path / "lab")}
    assert privacy.people(lab, [pid])[pid]["id"] == "ZQXPERSON"
    document = lab.store.get("import", "import").body
    assert "ZQXPERSON" not in str(document)
    assert document["rows"] == 1


def test_a_lab_is_never_written_over(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", [{}])
    imported(file, tmp_path / "lab")
    with pytest.raises(PlanError) as e:
        imported(file, tmp_path / "lab")
    assert e.value.code == "PLAN-lab-exists"


# -- there and back


def _everything(n: int, seed: int) -> list[dict[str, str]]:
    """Records with every element, each with any of its values, blank ones among them."""
    draw = random.Random(seed)
    made = []
    for i in range(n):
        row = {}
        for number, e in ELEMENTS.items():
            options = [*e.codes, e.pending, ""]
            if e.type == "DT":
                day = dt.date(2020, 1, 1) + dt.timedelta(draw.randrange(2500))
                options = [day.strftime("%Y%m%d"), ""]
            elif e.type == "DE":
                options = [f"{draw.randrange(0, 99_999_999) / 100:.2f}", "0.00", e.pending, ""]
            elif e.digits:
                options = [e.digits[:3], ""]
            elif not e.codes:
                size = min(e.length, 6)
                options = [str(draw.randrange(10**size)).zfill(size), ""]
            row[number] = draw.choice(options)
        row["100"] = f"P{i // 2:05}"
        made.append(row)
    return made


def test_import_export_import_is_the_same(tmp_path: Path) -> None:
    first = write(tmp_path / "first.csv", _everything(60, 3), base={})
    imported(first, tmp_path / "a")
    second = tmp_path / "second.csv"
    assert bring.export(Lab.open(tmp_path / "a"), second, clock=clock) == 60
    imported(second, tmp_path / "b")
    for table in sorted((tmp_path / "a/records").glob("*.parquet")):
        one, two = rows(tmp_path / "a", table.stem), rows(tmp_path / "b", table.stem)
        assert sorted(map(str, one)) == sorted(map(str, two)), table.stem
    assert rows(tmp_path / "a") == rows(tmp_path / "b")
    third = tmp_path / "third.csv"
    bring.export(Lab.open(tmp_path / "b"), third, clock=clock)
    assert second.read_bytes() == third.read_bytes()
    # what was sent is what is written: every cell, blank as blank and 9 as 9
    sent, written = (list(csv.DictReader(p.read_text().splitlines())) for p in (first, second))
    for a, b in zip(sent, written, strict=True):
        for number, e in ELEMENTS.items():
            key = f"PIRL{number}"
            assert a[key] == b[number if e.calculated or number == "OBS" else key], number


def test_without_a_header_as_the_federal_system_takes_it(tmp_path: Path) -> None:
    imported(write(tmp_path / "a.csv", [{}, {"100": "ZQX2"}]), tmp_path / "lab")
    bring.export(Lab.open(tmp_path / "lab"), tmp_path / "b.csv", header=False, clock=clock)
    assert (tmp_path / "b.csv").read_text() == "ZQX1,20240110,20240815\nZQX2,20240110,20240815\n"


def test_other_tables_are_made_for_the_other_verbs(tmp_path: Path) -> None:
    cells = {**TRAINED, **after(2), "201": "2", "213": "1", "215": "9", "1800": "6",
             "1801": "20240801", "1309": "20240301", "1310": "01"}  # fmt: skip
    done = imported(write(tmp_path / "a.csv", [cells, {"100": "P2", "901": ""}]), tmp_path / "lab")
    assert done.tables == {"pirl": 2, "journeys": 2, "training": 2, "credentials": 1, "outcomes": 2}
    found = asked(
        f"SELECT served_on, exited, exited_on, employed, employed_on, gender, race_black, "
        f"race_white FROM '{tmp_path}/lab/records/journeys.parquet' ORDER BY exited DESC"
    )
    day = dt.date
    assert found == [
        (day(2024, 1, 10), True, day(2024, 8, 15), True, day(2025, 3, 31), "female", True, None),
        (day(2024, 1, 10), False, None, False, None, None, None, None),
    ]


# -- a simulated provider


def test_a_simulated_provider_imports_cleanly(tmp_path: Path) -> None:
    file = tmp_path / "pirl.csv"
    pretend.write(file, people=600, seed=3, dirt=0.0, clock=clock)
    done = imported(file, tmp_path / "lab", as_of=None, every_stage=False)
    assert (done.problems, done.waiting) == ((), ())
    again = tmp_path / "again.csv"
    pretend.write(again, people=600, seed=3, dirt=0.0, clock=clock)
    assert file.read_bytes() == again.read_bytes()


def test_all_the_dirt_is_counted_and_explained(tmp_path: Path) -> None:
    file = tmp_path / "dirty.csv"
    pretend.write(file, people=900, seed=5, dirt=0.06, clock=clock)
    cells = list(csv.DictReader(file.read_text().splitlines()))
    done = imported(file, tmp_path / "lab", as_of=dt.date(2026, 3, 31))
    told = {(p.code, p.column): p.rows or 0 for p in done.problems}
    count = Counter[str]()
    for c in cells:
        count["order"] += bool(c["PIRL901"]) and not c["PIRL900"] <= c["PIRL901"] <= "20260331"
        count["short"] += 0 < len(c["PIRL1615"]) < 6
        count["edition"] += c["PIRL1615"] == "722110"
        count["occupation"] += 0 < len(c["PIRL1612"]) < 8
        count["nothing"] += c["PIRL1612"] == "99999999"
        count["nines"] += c["PIRL201"] == "9"
        count["zero"] += len(c["PIRL1303"]) == 1
        count["blank"] += not c["PIRL215"]
        lost = c["PIRL410"] and int(c["PIRL900"][:4]) - int(c["PIRL410"][:4]) >= 12
        count["dislocated"] += bool(lost)
    assert all(count.values())
    assert told["REC-pirl-04", "901"] == count["order"]
    assert told["REC-pirl-short-code", "1615"] == count["short"]
    assert told["REC-pirl-naics-year", "1615"] == count["edition"]
    assert told["REC-pirl-short-code", "1612"] == count["occupation"]
    assert told["REC-pirl-22", "1615"] == count["nothing"]
    assert told["REC-pirl-nines", "201"] == count["nines"]
    assert told["REC-pirl-unpadded", "1303"] == count["zero"]
    assert told["REC-pirl-blank-for-zero", "215"] == count["blank"]
    assert told["REC-pirl-dislocation", "410"] >= count["dislocated"]
    assert told["REC-pirl-constant", "408"] == len(cells)
    assert told["REC-pirl-19", "1602"] > 0  # 999999.99 kept forever


# -- a provider's own records as federal ones


def test_a_provider_s_own_records_by_hand() -> None:
    day = dt.date
    with Session() as s:
        s.connection.execute(
            """CREATE TABLE journeys AS FROM (VALUES
              ('a', 1::SMALLINT, DATE '2024-01-10', DATE '2024-01-20', DATE '2024-06-30',
               DATE '2024-08-01', NULL::DATE, 'female'),
              ('b', 1, DATE '2024-01-10', NULL, NULL, DATE '2024-02-01', NULL, 'male'),
              ('c', 1, DATE '2024-03-01', DATE '2024-03-01', NULL, DATE '2025-12-20', NULL, NULL)
            ) t(pid, period, entered_on, enrolled_on, completed_on, last_service_on, closed_on,
                gender)"""
        )
        s.connection.execute(
            """CREATE TABLE wages AS FROM (VALUES
              ('a', 2025 * 4 + 0, 'x', 4000.00), ('a', 2025 * 4 + 0, 'y', 1000.00),
              ('a', 2025 * 4 + 2, 'y', 7000.00), ('z', 2025 * 4 + 2, 'q', 1.00),
              ('z', 2024 * 4 + 3, 'q', 1.00), ('z', 2025 * 4 + 1, 'q', 1.00)
            ) t(pid, quarter, employer, amount)"""
        )
        s.connection.execute(
            "CREATE TABLE credentials AS SELECT 'a' AS pid, 'certification' AS type, "
            "DATE '2024-07-01' AS earned_on, TRUE AS earned"
        )
        made = own.own_records
        for any_employer, same in ((True, "1"), (False, "0")):
            made(s, ("wages", "credentials"), (), day(2025, 12, 31), any_employer=any_employer)
            found = {r["pid"]: r for r in _dicts(s)}
            assert set(found) == {"a", "b", "c"}
            a = found["a"]
            assert (a["e900"], a["e901"]) == (day(2024, 1, 10), day(2024, 8, 1))
            assert (a["e1602"], a["e1603"], a["e1704"]) == ("1", "1", 5000)
            assert (a["e1600"], a["e1703"]) == ("0", 0)
            assert (a["e1604"], a["e1606"], a["e1706"]) == ("0", "1", 7000)
            assert a["e1618"] == same
            assert (a["e1800"], a["e1801"], a["e1810"]) == ("6", day(2024, 7, 1), day(2024, 7, 1))
            assert (a["e1302"], a["e1308"], a["e1307"]) == (
                day(2024, 1, 10), day(2024, 6, 30), "1",
            )  # fmt: skip
            assert (a["e201"], a["e923"]) == ("2", "00")
            # left without finishing; the 4th quarter after exit is covered, with nothing in it
            assert (found["b"]["e1307"], found["b"]["e1606"]) == ("0", "0")
            # a service 11 days before the day of the records: still taking part
            assert found["c"]["e901"] is found["c"]["e1602"] is None


def _dicts(session: Session) -> list[dict[str, Any]]:
    found = session.connection.execute("FROM own")
    names = [d[0] for d in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
