"""Wage records at the size of a state: the floor, the six indicators, the pay cycle, pandas.

    make bench-wages                    ten million people, a hundred million wage rows
    PEOPLE=1000000 make bench-wages     a quick one

The floor is measured in the same run: one scan of the columns that are needed, and one hash join
of the two keys (person, quarter) with one row a person. Each job runs in a process of its own, so
that its peak memory is its own, with DuckDB held to 3 GB and free to spill. The history is kept in
`bench/history.csv`.

The people entered from 2023 to the spring of 2025 and left two to twelve months later. They have
five years of wages, 2021 to 2025: 45 % of quarters are paid, one in eight of those by two
employers, about ten rows a person. Four in ten have a credential. Exits spread over three years, of
which the report PY2025Q4 asks about eighteen months.
"""

from __future__ import annotations

import argparse
import datetime as dt
import math
import shutil
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

from bench.measure import DATA, Figures, apart, best, here, made, remember

MEMORY = "3GB"
FIRST, QUARTERS = 2021 * 4, 20
GROUPS = ("site", "gender", "education", "age_group")
TABLES = ("wages", "journeys", "credentials")
REPORT, AS_OF = "PY2025Q4", dt.date(2026, 6, 30)


def _file(table: str, people: int) -> Path:
    return DATA / f"wage-lab-{people}" / f"{table}.parquet"


_MADE = {
    "wages": """
        SELECT pid, quarter,
          CAST((hash(pid * 100003 + quarter * 7 + e) % 900000) / 100.0 AS DECIMAL(18, 4)) AS amount,
          CAST(hash(pid + quarter // 3 + e) % 20000 AS INTEGER) AS employer
        FROM (SELECT i // {quarters} AS pid, CAST({first} + i % {quarters} AS INTEGER) AS quarter
              FROM range({people} * {quarters}) t(i) WHERE hash(i) % 100 < 45),
          (SELECT unnest([0, 1]) AS e)
        WHERE e = 0 OR hash(pid * 31 + quarter) % 100 < 12""",
    "journeys": """
        SELECT pid, CAST(1 AS SMALLINT) AS period, entered_on,
          CASE WHEN hash(pid + 5) % 10 < 8 THEN left_on END AS completed_on,
          left_on AS last_service_on,
          CASE WHEN left_on < DATE '2025-12-31' THEN left_on END AS closed_on,
          CASE hash(pid + 1) % 4 WHEN 0 THEN 'a' WHEN 1 THEN 'b' WHEN 2 THEN 'c' ELSE 'd' END
            AS site,
          CASE hash(pid + 2) % 9 WHEN 0 THEN NULL WHEN 1 THEN 'male' WHEN 2 THEN 'male'
            WHEN 3 THEN 'male' ELSE 'female' END AS gender,
          CASE hash(pid + 3) % 3 WHEN 0 THEN 'none' WHEN 1 THEN 'hs' ELSE 'college' END
            AS education,
          CASE hash(pid + 4) % 4 WHEN 0 THEN '18-24' WHEN 1 THEN '25-34' WHEN 2 THEN '35-44'
            ELSE '45+' END AS age_group
        FROM (SELECT *, entered_on + CAST(60 + hash(pid + 6) % 300 AS INTEGER) AS left_on
              FROM (SELECT i AS pid,
                      DATE '2023-01-01' + CAST(hash(i) % 820 AS INTEGER) AS entered_on
                    FROM range({people}) t(i)))""",
    "credentials": """
        SELECT pid, TRUE AS earned,
          CASE hash(pid + 8) % 4 WHEN 0 THEN 'license' WHEN 1 THEN 'certification'
            WHEN 2 THEN 'hs' ELSE 'associate' END AS type,
          last_service_on + CAST(hash(pid + 9) % 200 AS INTEGER) - 60 AS earned_on
        FROM '{journeys}' WHERE hash(pid + 7) % 10 < 4""",
}


def make(people: int) -> None:
    """The three tables of a lab, once."""
    from rung.records.query import Session

    if _file("credentials", people).exists():
        return
    _file("wages", people).parent.mkdir(parents=True, exist_ok=True)
    given = {"people": people, "first": FIRST, "quarters": QUARTERS,
             "journeys": _file("journeys", people)}  # fmt: skip
    with Session(memory=MEMORY, spill=DATA / "spill") as s:
        for table in TABLES:
            s.connection.execute(
                f"COPY ({_MADE[table].format(**given)}) TO '{_file(table, people)}'"
            )


# -- jobs; each prints nothing and returns a number that another can be held against


def _session(people: int, *tables: str) -> Any:
    from rung.records.query import Session

    session = Session(memory=MEMORY, threads=2, spill=DATA / "spill")
    for table in tables:
        session.attach(table, _file(table, people))
    return session


def scan(people: int) -> int:
    """One scan of the columns that the pay cycle needs."""
    with _session(people, "wages") as s:
        s.connection.execute("SELECT sum(pid), sum(quarter), sum(amount) FROM wages").fetchall()
    return people


def scan_wioa(people: int) -> int:
    """One scan of the columns that the six indicators need."""
    dates = ("entered_on", "completed_on", "last_service_on", "closed_on")
    wanted = {
        "wages": [f"sum({c})" for c in ("pid", "quarter", "amount", "employer")],
        "journeys": ["sum(pid)", *(f"count({c})" for c in (*dates, *GROUPS))],
        "credentials": ["sum(pid)", "count(type)", "count(earned_on)"],
    }
    with _session(people, *TABLES) as s:
        for table, columns in wanted.items():
            s.connection.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall()
    return people


def join(people: int) -> int:
    """One hash join of the two keys with a row a person: pay in the 2nd quarter after exit."""
    with _session(people, "wages", "journeys") as s:
        s.connection.execute(
            """SELECT count(*), sum(wages.amount) FROM wages
               JOIN (SELECT pid, CAST(extract(year FROM last_service_on) * 4
                       + extract(quarter FROM last_service_on) + 1 AS INTEGER) AS quarter
                     FROM journeys) AS people
               ON wages.pid = people.pid AND wages.quarter = people.quarter"""
        ).fetchall()
    return people


def wioa(people: int) -> int:
    """As `rung wioa LAB --report PY2025Q4 --by …`: all six indicators by four groups."""
    from rung.discovery import indicators, periods
    from rung.discovery.program_year import Report
    from rung.discovery.wioa import INDICATORS, WioaSettings, asked_of, summarise
    from rung.records.lab import Group

    report, settings = Report.parse(REPORT), WioaSettings()
    with _session(people, *TABLES) as s:
        periods.own_periods(
            s, tables=TABLES, milestones=(), as_of=AS_OF, carried=GROUPS,
            asked=asked_of(report, settings),
        )  # fmt: skip
        groups = [Group(key=g) for g in GROUPS]
        found = summarise(s, report, groups=groups, settings=settings, known_by=AS_OF, own=True)
        answers = indicators.answers(found)
    assert len(answers) == len(INDICATORS) + len(GROUPS)
    assert all(a.kind != "refusal" for a in answers)
    median = found.tally("median").median or 0
    return sum(found.tally(i).x for i in INDICATORS) + round(median)


def pandas_wioa(people: int) -> int:
    """The same six indicators by the same four groups, as most people would write it in pandas."""
    import pandas as pd

    who = pd.read_parquet(_file("journeys", people))
    dates = ["entered_on", "completed_on", "last_service_on", "closed_on"]
    who[dates] = who[dates].apply(pd.to_datetime)
    who["exit_q"] = who.last_service_on.dt.year * 4 + who.last_service_on.dt.quarter - 1
    who["in_q2"] = who.exit_q.between(2024 * 4 + 2, 2025 * 4 + 1)
    who["in_q4"] = who.exit_q.between(2024 * 4, 2024 * 4 + 3)
    wages = pd.read_parquet(_file("wages", people))
    wages = wages.merge(who.loc[who.in_q2 | who.in_q4, ["pid", "exit_q"]], on="pid")
    wages["away"] = wages.quarter - wages.exit_q
    wages = wages[wages.away.between(1, 4)].assign(amount=lambda w: w.amount.astype(float))
    pay = wages.groupby(["pid", "away"]).amount.sum().unstack(fill_value=0.0)
    who = who.join(pay.add_prefix("pay_"), on="pid")
    by_employer = wages[wages.away.isin([2, 4])].groupby(["pid", "away", "employer"]).amount.sum()
    by_employer = by_employer[by_employer > 0].reset_index()
    both = by_employer.groupby(["pid", "employer"]).away.nunique()
    who["same"] = who.pid.isin(both[both == 2].index.get_level_values("pid"))
    who["ever"] = (who[[f"pay_{n}" for n in (1, 2, 3, 4)]] > 0).any(axis=1)
    got = pd.read_parquet(_file("credentials", people)).drop(columns="earned")
    got["earned_on"] = pd.to_datetime(got.earned_on)
    who = who.merge(got, on="pid", how="left")
    year = who.last_service_on + pd.Timedelta(days=365)
    in_time = who.earned_on.between(who.entered_on, year)
    who["credential"] = in_time & ((who.type != "hs") | who.ever)
    start, end = pd.Timestamp(2025, 7, 1), pd.Timestamp(2026, 6, 30)
    who["served"] = (who.entered_on <= end) & (who.last_service_on >= start)
    gained = who.type.isin(["license", "certification", "hs"])
    who["gain"] = gained & who.earned_on.between(who.entered_on, who.last_service_on) & (
        who.earned_on >= start)  # fmt: skip
    ever: dict[tuple[str, str | None], Any] = {}
    total = 0
    for by in (None, *GROUPS):
        for name, cohort, success in (
            ("er-q2", who.in_q2, who.pay_2 > 0),
            ("er-q4", who.in_q4, who.pay_4 > 0),
            ("credential", who.in_q4, who.credential),
            ("gains", who.served, who.gain),
            ("same", who.in_q4 & (who.pay_2 > 0), who.same),
        ):
            these = success[cohort]
            ever[name, by] = these.groupby(who[by]).mean() if by else these.mean()
            total += 0 if by else int(these.sum())
        earned = who.pay_2[who.in_q2 & (who.pay_2 > 0)]
        ever["median", by] = earned.groupby(who[by]).median() if by else earned.median()
    earners = int((who.in_q2 & (who.pay_2 > 0)).sum())
    return total + earners + round(float(ever["median", None]))


def _churn(people: int, *, others: int, by: bool, window: int = 8) -> int:
    from rung.discovery.churn import OTHERS, Line, summarise
    from rung.records.lab import Group
    from rung.records.wages import Coverage

    line = Line.dollars(Decimal(3000))
    with _session(people, "wages", "journeys") as s:
        made = summarise(
            s,
            lines=[line, *(line.times(f) for f in OTHERS[:others])],
            window=window,
            journeys="journeys" if by else None,
            groups=[Group(key="site")] if by else (),
            covered=Coverage(FIRST, FIRST + QUARTERS - 1, declared=True),
        )
    cycling: int = made.everyone(made.main).cycling
    return cycling


def churn(people: int) -> int:
    """`rung churn WAGES --low-pay 3000`: the last eight quarters, three lines."""
    return _churn(people, others=2, by=False)


def churn_all(people: int) -> int:
    """The pay cycle over all twenty quarters, one line."""
    return _churn(people, others=0, by=False, window=QUARTERS)


def churn_whole(people: int) -> int:
    """As `rung churn LAB` runs it: before entry and after exit, three lines, by a group of four."""
    return _churn(people, others=2, by=True)


def pandas_churn(people: int) -> int:
    """The same cycle over all twenty quarters as most people would write it in pandas."""
    import pandas as pd

    wages = pd.read_parquet(_file("wages", people), columns=["pid", "quarter", "amount"])
    wages["amount"] = wages.amount.astype(float)
    paid = wages.groupby(["pid", "quarter"], sort=False)["amount"].sum().unstack(fill_value=0.0)
    paid = paid.sort_index(axis=1)
    state = (paid > 0).astype("int8") + (paid >= 3000).astype("int8")
    before, after = state.iloc[:, :-1].to_numpy(), state.iloc[:, 1:].to_numpy()
    up, down = ((before == 0) & (after == 1)).any(1), ((before == 1) & (after == 0)).any(1)
    (state == 2).sum(axis=1).mean()
    return int((up & down).sum())


JOBS: dict[str, Callable[[int], int]] = {
    f.__name__: f
    for f in (scan, scan_wioa, join, churn, churn_all, churn_whole, wioa, pandas_churn, pandas_wioa)
}
COMPARED = (  # what, the jobs of its floor, the target
    ("wioa", ("scan_wioa", "join"), 3),
    ("churn", ("scan",), 6),
    ("churn_all", ("scan",), 6),
    ("churn_whole", ("scan",), None),
)


def _row(what: str, ours: Figures, other: Figures, target: float | None) -> dict[str, object]:
    row = {
        "what": what,
        "ratio": round(ours["wall"] / other["wall"], 2),
        "cpu_ratio": round(ours["cpu"] / other["cpu"], 2),
        "target": target,
        "seconds": round(ours["wall"], 2),
        "other_seconds": round(other["wall"], 2),
        "peak_mb": round(ours["mb"]),
    }
    wanted = f"target {target} x; " if target else ""
    most = "" if what.startswith("pandas") else " (target under 4,000)"
    print(
        f"  {what}: {row['ratio']} x ({wanted}processor time {row['cpu_ratio']} x), "
        f"{row['seconds']} s against {row['other_seconds']} s, "
        f"peak {row['peak_mb']:,} MB{most}",
        flush=True,
    )
    return row


def _size(people: int, rounds: int, costs: dict[str, list[float]]) -> list[dict[str, object]]:
    """Every comparison at one size."""
    made("wages", people)
    floors = {job: best("wages", job, people, rounds) for job in ("scan", "scan_wioa", "join")}
    told = ", ".join(f"{job} {f['wall']:.2f} s" for job, f in floors.items())
    print(f"{people:,} people: {told}", flush=True)
    rows = []
    for job, floor, target in COMPARED:
        ours = best("wages", job, people, rounds)
        costs.setdefault(job, []).append(ours["cpu"])
        whole = {k: sum(floors[f][k] for f in floor) for k in ("wall", "cpu")}
        rows.append(_row(f"{job} / {' + '.join(floor)}", ours, whole, target))
    return rows


def main() -> None:
    """Measure at three sizes up to the one asked for, print ratios and the exponent of growth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        here(JOBS[asked.one], asked.people)
        return
    sizes = [asked.people // 100, asked.people // 10, asked.people]
    costs: dict[str, list[float]] = {}
    for people in sizes:
        rows = _size(people, asked.rounds, costs)
    for job, each in costs.items():
        for (a, b), (x, y) in zip(pairwise(sizes), pairwise(each), strict=True):
            exponent = math.log(y / x) / math.log(b / a)
            print(f"exponent of {job}'s time, {a:,} to {b:,} people: {exponent:.2f} (linear is 1)")
    remember(rows, asked.people)
    compared = min(asked.people, 1_000_000)
    made("wages", compared)
    print(f"pandas at {compared:,} people, its time and memory over ours:")
    against = []
    for job, other in (("wioa", "pandas_wioa"), ("churn_all", "pandas_churn")):
        ours, theirs = best("wages", job, compared, asked.rounds), apart("wages", other, compared)
        if ours["n"] != theirs["n"]:
            raise SystemExit(f"{job}: {ours['n']} here and {theirs['n']} in pandas")
        against.append(_row(f"{other} / {job}", theirs, ours, None))
        print(f"    its memory is {theirs['mb'] / ours['mb']:.1f} x ours, and the answer the same")
    remember(against, compared)
    shutil.rmtree(DATA / "spill", ignore_errors=True)


if __name__ == "__main__":
    main()
