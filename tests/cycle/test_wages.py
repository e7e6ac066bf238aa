"""Wage requests: whose consent stands on the day, and extracts against their requests."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
import tomlkit

from rung import cycle
from rung.cli import main
from rung.errors import PlanError, RecordsError
from rung.records import privacy
from rung.records.lab import Lab
from rung.records.query import Session

DAY = dt.date(2026, 2, 1)
COLUMNS = "pid, purpose, given, given_on, expires_on, withdrawn_on"


def _clock() -> dt.datetime:
    return dt.datetime.combine(DAY, dt.time(9), dt.UTC)


def _lab(path: Path, *consents: str) -> Lab:
    """Three people; each consent is a row of SQL values."""
    lab = Lab.create(path, tomlkit.parse('[lab]\nprovider = "Bridge"\n'))
    with Session() as s:
        people = "(SELECT 'p' || i AS pid FROM range(1, 4) t(i))"
        s.connection.execute(f"COPY {people} TO '{lab.table('journeys')}'")
        s.connection.execute(
            f"""COPY (SELECT * FROM (VALUES {", ".join(consents)}) v({COLUMNS}))
                TO '{lab.table("consents")}'"""
        )
        keys = path / "keys.parquet"
        s.connection.execute(
            f"""COPY (SELECT 'p' || i AS pid, 'ZQX' || i AS id, 'Ana' AS first_name,
                'Lee' AS last_name, '90000000' || i AS ssn FROM range(1, 4) t(i)) TO '{keys}'"""
        )
        privacy.keep(lab, s, keys, privacy.key(lab))
        keys.unlink()
    return lab


def _row(pid: str, given_on: str, expires_on: str, withdrawn_on: str = "", **more: str) -> str:
    def day(text: str) -> str:
        return f"DATE '{text}'" if text else "NULL::DATE"

    purpose, given = more.get("purpose", "wage records"), more.get("given", "true")
    dates = ", ".join(map(day, (given_on, expires_on, withdrawn_on)))
    return f"('{pid}', '{purpose}', {given}, {dates})"


@pytest.mark.parametrize(
    ("consent", "reason"),
    [
        (_row("p1", "2025-01-01", "2026-02-01"), None),  # its last day is the day of the request
        (_row("p1", "2025-01-01", "2026-01-31"), "over"),
        (_row("p1", "2026-02-01", "2027-01-01"), None),  # given on the same day
        (_row("p1", "2026-02-02", "2027-01-01"), "not-yet"),
        (_row("p1", "", "2027-01-01"), "not-yet"),
        (_row("p1", "2025-01-01", ""), "open-ended"),
        (_row("p1", "2025-01-01", "2027-01-01", "2026-02-01"), "withdrawn"),
        (_row("p1", "2025-01-01", "2027-01-01", "2026-02-02"), None),  # only from tomorrow
        (_row("p1", "2025-01-01", "2027-01-01", purpose="photos"), "other-purpose"),
        (_row("p1", "2025-01-01", "2027-01-01", purpose=" Wage Records "), None),
        (_row("p1", "2025-01-01", "2027-01-01", given="false"), "no-consent"),
        (_row("p1", "2025-01-01", "2027-01-01", given="NULL"), "no-consent"),
    ],
)
def test_a_consent_on_the_day(tmp_path: Path, consent: str, reason: str | None) -> None:
    lab = _lab(tmp_path / "lab", consent)
    out = tmp_path / "r.csv"
    made = cycle.wage_request(lab, out, quarters="2024Q1..2025Q4", clock=_clock)
    left = {"no-consent": 2}
    if reason:
        left[reason] = left.get(reason, 0) + 1
    assert made.more == {
        "asked": 0 if reason else 1, "left_out": left, "day": "2026-02-01",
    }  # fmt: skip
    assert ("900000001" in out.read_text()) is (reason is None)


@pytest.mark.parametrize(
    ("scope", "reason"),
    [
        ("wage_records", None),
        ("contact|wage_records", None),
        ("employment|services", "other-scope"),
        ("employment", "other-scope"),
        ("", "no-scope"),
    ],
)
def test_a_consent_covers_the_records_it_names(
    tmp_path: Path, scope: str, reason: str | None
) -> None:
    lab = _lab(tmp_path / "lab", _row("p1", "2025-01-01", "2027-01-01"))
    with Session() as s:
        given = f"SELECT *, nullif('{scope}', '') AS scope FROM '{lab.table('consents')}'"
        s.connection.execute(f"CREATE TABLE c AS {given}")
        s.connection.execute(f"COPY c TO '{lab.table('consents')}'")
    made = cycle.wage_request(lab, tmp_path / "r.csv", quarters="2024Q1..2025Q4", clock=_clock)
    assert made.more["asked"] == (reason is None)
    assert made.more["left_out"] == {"no-consent": 2, **({reason: 1} if reason else {})}
    assert all(line for line in made.lines)


def test_a_purpose_of_ones_own(tmp_path: Path) -> None:
    lab = _lab(
        tmp_path / "lab",
        _row("p1", "2025-01-01", "2027-01-01", purpose="evaluation"),
        _row("p2", "2025-01-01", "2027-01-01"),
    )
    out = tmp_path / "r.csv"
    made = cycle.wage_request(
        lab, out, quarters="2024Q1..2025Q4", purpose="Evaluation", clock=_clock
    )
    assert made.more["left_out"] == {"no-consent": 1, "other-purpose": 1}
    assert out.read_text().splitlines()[1:] == ["900000001,Lee,Ana,20241,20254"]


def test_no_quarters(tmp_path: Path) -> None:
    lab = _lab(tmp_path / "lab", _row("p1", "2025-01-01", "2027-01-01"))
    with pytest.raises(PlanError) as e:
        cycle.wage_request(lab, tmp_path / "r.csv", quarters="2025Q4..2024Q1", clock=_clock)
    assert e.value.code == "PLAN-quarter"
    assert not (tmp_path / "r.csv").exists()


@pytest.mark.parametrize("layout", ["csv", "fixed"])
def test_request_and_extract(
    tmp_path: Path, layout: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """From the terminal: nothing that it prints tells a number or a name."""
    ends = "2999-01-01"
    lab = _lab(tmp_path / "lab", *(_row(f"p{i}", "2025-01-01", ends) for i in (1, 2)))
    request, extract = tmp_path / "r.txt", tmp_path / "sent.csv"
    extract.write_text(
        "ssn,quarter,amount,employer\n"
        "900-00-0001,2024Q1,100,A\n900-00-0001,2024Q1,200,A\n900000001,2023Q4,100,A\n"
        "900000009,2024Q1,100,A\n900000001,soon,100,A\n"
    )
    quarters = ["--quarters", "2024Q1..2025Q4", "--layout", layout, "--json"]
    shown = []
    for argv in (
        ["wages", "request", str(lab.path), "-o", str(request), *quarters],
        ["wages", "check", str(request), str(extract), "--json"],
        ["wages", "check", str(request), str(extract)],
    ):
        with pytest.raises(SystemExit) as e:
            main(argv)
        assert e.value.code == 0
        shown.append(capsys.readouterr().out)
    assert "9000000" not in "".join(shown)
    asked, found = map(json.loads, shown[:2])
    assert (asked["asked"], asked["left_out"]) == (2, {"no-consent": 1})
    assert {k: found[k] for k in ("asked", "answered", "silent", "unasked", "unasked_records")} == {
        "asked": 2, "answered": 1, "silent": 1, "unasked": 1, "unasked_records": 1,
    }  # fmt: skip
    assert (found["repeated"], found["outside"], found["unreadable"]) == (1, 1, 1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ssn,last_name,first_name,first_quarter,last_quarter\n",
        "ssn,last_name,first_name,first_quarter,last_quarter\n900000001,Lee,Ana,20241\n",
        "ssn,last_name,first_name,first_quarter,last_quarter\nZQX,Lee,Ana,20241,20254\n",
        "ssn,last_name,first_name,first_quarter,last_quarter\n900000001,Lee,Ana,20249,20254\n",
        "ssn,last_name,first_name,first_quarter,last_quarter\n900000001,Lee,Ana,20254,20241\n",
    ],
)
def test_what_is_no_request(tmp_path: Path, text: str) -> None:
    request, extract = tmp_path / "r.csv", tmp_path / "sent.csv"
    request.write_text(text)
    extract.write_text("ssn,quarter,amount\n900000001,2024Q1,100\n")
    with pytest.raises(RecordsError) as e:
        cycle.wage_check(request, extract)
    assert e.value.code == "REC-wage-request"
    assert "ZQX" not in str(e.value)
