"""Federal records as small tables, and the six indicators again, row by row.

`brute` was written from the guidance and not from the queries: it goes through the people one
after the other, in plain Python, and keeps no summary.
"""

from __future__ import annotations

import csv
import datetime as dt
import random
import statistics
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rung.records.query import Session

DATES = ("900", "901", "1406", "1407", "1801", "1803", "1805", "1806", "1807", "1808", "1809",
         "1810", "1811", "1813", "1814")  # fmt: skip
CODES = ("409", "903", "904", "905", "907", "910", "911", "917", "918", "919", "923", "1303",
         "1310", "1315", "1332", "1401", "1600", "1602", "1603", "1604", "1606", "1607", "1618",
         "1800", "1802", "1804", "1900", "1901")  # fmt: skip
MONEY = ("1704",)
GROUPS = {"site": "VARCHAR", "black": "BOOLEAN", "white": "BOOLEAN"}
NOT_YET = {"1600": "9", "1602": "9", "1604": "9", "1606": "9", "1603": "5", "1607": "5"}
EMPLOYED = {"1", "2", "3"}
TYPES = {
    "pid": "VARCHAR",
    **{f"e{n}": "DATE" for n in DATES},
    **{f"e{n}": "VARCHAR" for n in CODES},
    **{f"e{n}": "DECIMAL(18,4)" for n in MONEY},
    "_pending": "VARCHAR",
    **GROUPS,
}

Row = dict[str, Any]


def day(text: Any) -> dt.date | None:
    return dt.date.fromisoformat(text) if isinstance(text, str) else text


def person(pid: str = "p", **cells: Any) -> Row:
    """A record by element number (`e1602="1"`), as a federal file says it: 9 and 999999.99 too."""
    row: Row = {"pid": pid, **dict.fromkeys((*DATES, *CODES, *MONEY, *GROUPS))}
    for key, value in cells.items():
        number = key.removeprefix("e") if key not in GROUPS else key
        assert number in row, key
        row[number] = day(value) if number in DATES else value
    return row


def stored(row: Row) -> list[Any]:
    """The record as the checked table keeps it: what is not yet available is NULL, and told."""
    waiting = [n for n, code in NOT_YET.items() if row[n] == code]
    cells = dict(row)
    if row["1704"] is not None and float(row["1704"]) == 999_999.99:
        waiting.append("1704")
        cells["1704"] = None
    for number in waiting:
        cells[number] = None
    told = "".join(f",{n}" for n in waiting) + "," if waiting else ""
    return [cells["pid"], *(cells[n] for n in (*DATES, *CODES, *MONEY)), told,
            *(cells[g] for g in GROUPS)]  # fmt: skip


def load(session: Session, rows: Iterable[Row], name: str = "pirl") -> None:
    """The records as the table `pirl`; by way of a file, since they may be thousands."""
    with tempfile.NamedTemporaryFile("w", suffix=".csv", newline="", delete=False) as file:
        csv.writer(file).writerows(stored(r) for r in rows)
    columns = ", ".join(f"'{c}': '{t}'" for c, t in TYPES.items())
    session.connection.execute(
        f"CREATE OR REPLACE TABLE {name} AS FROM read_csv('{file.name}', header = false, "
        f"columns = {{{columns}}})"
    )
    Path(file.name).unlink()


# -- the second implementation


def quarter(index: int) -> tuple[dt.date, dt.date]:
    """Days of a calendar quarter counted from year 0."""
    year, q = divmod(index, 4)
    first = dt.date(year, 1 + 3 * q, 1)
    after = dt.date(year + (q == 3), (4 + 3 * q) % 12 or 12, 1)
    return first, after - dt.timedelta(1)


def windows(py: int, q: int, alone: bool) -> dict[str, tuple[dt.date, dt.date]]:
    """Spans of exits (or participation) of a report; PY Q1 begins in July of the year."""
    now = (py + (q > 2)) * 4 + (q + 1) % 4

    def of(lag: int) -> tuple[dt.date, dt.date]:
        first = now - lag if alone else now - lag - 3
        return quarter(first)[0], quarter(now - lag)[1]

    return {"Q2": of(4), "Q4": of(6), "PY": of(0)}


def within(d: dt.date | None, span: tuple[dt.date, dt.date]) -> bool:
    return d is not None and span[0] <= d <= span[1]


def one_of(row: Row, number: str, codes: Iterable[str]) -> bool:
    return row[number] in set(codes)


def programs(row: Row) -> set[str]:
    found = set()
    for name, number, codes in (
        ("adult", "903", "123"), ("dislocated_worker", "904", "123"), ("youth", "905", "123"),
        ("adult_education", "910", "1"), ("job_corps", "911", "1"),
        ("vocational_rehabilitation", "917", "13"), ("wagner_peyser", "918", "1"),
    ):  # fmt: skip
        if row[number] in set(codes):
            found.add(name)
    if row["919"]:
        found.add("youthbuild")
    return found


def reason(row: Row, rules: set[str]) -> str | None:
    """Why a record is out of exit-based indicators."""
    if row["900"] is None:
        return "not-participant"
    served = programs(row)
    if row["907"] in set("123456") and not served:
        return "incumbent-only"
    code = row["923"]
    if code in {"01", "02", "03", "04"}:
        return f"wioa-{code}"
    wants = {"05": "youth", "06": "vocational_rehabilitation", "07": "adult_education"}
    if code in wants and wants[code] in rules:
        return f"wioa-{code}"
    return None


def studied(row: Row, rules: set[str], left: Iterable[str], program: str) -> bool:
    """Whether credential attainment is asked of a record."""
    served = programs(row)
    if "wagner_peyser" in served and served == {"wagner_peyser"}:
        return False
    types = {row["1303"], row["1310"], row["1315"]} - {None}
    usual = bool(types - set(left)) or row["1332"] == "1" or row["1401"] == "1"
    in_school = row["409"] in set("123")
    out_of_school = (
        bool(types & {"06", "10"}) or row["1407"] is not None or row["1401"] == "1"
        or row["1332"] == "1" or "adult_education" in rules or "youthbuild" in served
        or "job_corps" in served
    )  # fmt: skip
    youth = in_school or out_of_school
    if program == "youth":
        return youth
    if program == "all" and "youth" in served:
        return youth or (usual and bool(served & {"adult", "dislocated_worker"}))
    return usual


def credentialed(row: Row, rules: set[str], one_year: int) -> bool:
    limit = row["901"] + dt.timedelta(days=one_year)
    after = any(row[n] in EMPLOYED for n in ("1600", "1602", "1604", "1606")) or within(
        row["1406"], (row["901"], limit)
    )
    for kind, on in (("1800", "1801"), ("1802", "1803"), ("1804", "1805")):
        if not within(row[on], (row["900"], limit)):
            continue
        if row[kind] in set("234567") or (row[kind] == "1" and after):
            return True
    return "vocational_rehabilitation" in rules and within(row["1814"], (row["900"], limit))


def gained(row: Row, span: tuple[dt.date, dt.date], program: str) -> bool:
    last = min(span[1], row["901"]) if row["901"] else span[1]
    seen = (max(span[0], row["900"]), last)
    kinds = ["1806"]
    if program != "adult_education" or row["1407"] is not None:
        kinds += ["1807", "1808", "1809", "1810"]
    if any(within(row[k], seen) for k in kinds):
        return True
    pairs = (("1800", "1801"), ("1802", "1803"), ("1804", "1805"))
    return any(row[kind] == "1" and within(row[on], seen) for kind, on in pairs)


def brute(
    rows: Iterable[Row],
    py: int,
    q: int,
    *,
    alone: bool = False,
    program: str = "all",
    one_year: int = 365,
    left: Iterable[str] = ("00", "01", "05"),
    even: str = "mean",
) -> dict[str, dict[str, Any]]:
    """Numerator, denominator, value and exclusions of every indicator, one record at a time."""
    spans = windows(py, q, alone)
    out: dict[str, dict[str, Any]] = {
        i: {"n": 0, "x": 0, "out": Counter()}
        for i in ("er-q2", "er-q4", "median", "credential", "gains", "same-employer")
    }
    wages: list[float] = []

    def count(indicator: str, success: bool) -> None:
        out[indicator]["n"] += 1
        out[indicator]["x"] += success

    for row in rows:
        served = programs(row)
        if program != "all" and program not in served:
            continue
        rules = served if program == "all" else {program}
        why = reason(row, rules)
        youth = "youth" in rules
        if within(row["901"], spans["Q2"]):
            job = row["1602"] in EMPLOYED
            if why:
                out["er-q2"]["out"][why] += 1
                out["median"]["out"][why] += 1
            else:
                count("er-q2", job or (youth and row["1900"] in EMPLOYED))
                amount = row["1704"]
                if not job:
                    out["median"]["out"]["not-employed-q2"] += 1
                elif row["1603"] == "5" or amount is None or float(amount) in (0.0, 999_999.99):
                    out["median"]["out"]["no-wages"] += 1
                else:
                    count("median", True)
                    wages.append(float(amount))
        if within(row["901"], spans["Q4"]):
            for indicator in ("er-q4", "credential", "same-employer"):
                if why:
                    out[indicator]["out"][why] += 1
            if not why:
                count("er-q4", row["1606"] in EMPLOYED or (youth and row["1901"] in EMPLOYED))
                if studied(row, rules, left, program):
                    count("credential", credentialed(row, rules, one_year))
                else:
                    out["credential"]["out"]["no-education"] += 1
                if row["1602"] in EMPLOYED:
                    count("same-employer", row["1618"] == "1")
                else:
                    out["same-employer"]["out"]["not-employed-q2"] += 1
        begun, ended = row["900"], row["901"]
        taking_part = (
            begun is not None
            and begun <= spans["PY"][1]
            and (ended is None or ended >= spans["PY"][0])
        )
        learning = (
            row["1811"] is not None
            and row["1811"] <= spans["PY"][1]
            and (row["1813"] is None or row["1813"] >= spans["PY"][0])
        )
        if taking_part and learning:
            if why and why != "wioa-07":
                out["gains"]["out"][why] += 1
            else:
                count("gains", gained(row, spans["PY"], program))
    middles: dict[str, Any] = {
        "mean": statistics.median,
        "lower": statistics.median_low,
        "upper": statistics.median_high,
    }
    out["median"]["value"] = middles[even](wages) if wages else None
    return out


# -- people made up, every code among them


def _somewhen(draw: random.Random, first: str, last: str, missing: float) -> dt.date | None:
    if draw.random() < missing:
        return None
    a, b = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
    return a + dt.timedelta(draw.randrange((b - a).days + 1))


def crowd(n: int, seed: int) -> Iterator[Row]:
    """People with every code of every element, in and out of range, some nonsense among them."""
    draw = random.Random(seed)
    choices: Mapping[str, tuple[Any, ...]] = {
        "409": ("1", "2", "3", "4", "5", "6", None),
        **dict.fromkeys(("903", "904", "905"), ("0", "1", "2", "3", "4", None, "0", None)),
        "907": ("0", None, "0", "1", "2", "3", "4", "5", "6", "0", None),
        "910": ("0", "1", "9", None, "0"),
        "911": ("0", "1", "2", "9", None, "0"),
        "917": ("0", "1", "2", "3", "9", None, "0"),
        "918": ("0", "1", "2", "9", None, "1"),
        "919": (None, None, None, None, "YB123"),
        "923": ("00", None, "00", None, "00", "01", "02", "03", "04", "05", "06", "07", "08"),
        **{k: (None, None, *(f"{i:02}" for i in range(13))) for k in ("1303", "1310", "1315")},
        "1332": ("0", "1", None, None),
        "1401": ("0", "1", None, None),
        **dict.fromkeys(("1600", "1602", "1604", "1606"), ("0", "1", "1", "2", "3", "9", None)),
        **dict.fromkeys(("1603", "1607"), ("0", "1", "1", "2", "3", "4", "5", None)),
        "1618": ("0", "1", None),
        **dict.fromkeys(("1800", "1802", "1804"), (None, *"01234567")),
        **dict.fromkeys(("1900", "1901"), (None, *"0123")),
        "site": ("north", "south", None),
        "black": (True, False, None),
        "white": (True, False, None),
    }
    for i in range(n):
        row = person(f"p{i}")
        for key, options in choices.items():
            row[key] = draw.choice(options)
        row["900"] = _somewhen(draw, "2022-06-01", "2026-06-30", 0.05)
        row["901"] = _somewhen(draw, "2023-01-01", "2026-06-30", 0.2)
        for key in DATES[2:]:
            row[key] = _somewhen(draw, "2022-06-01", "2027-03-01", 0.5)
        row["1704"] = draw.choice((None, 0, 999_999.99, draw.randrange(1, 3_000_000) / 100))
        yield row
