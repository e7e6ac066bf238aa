"""Funders' definitions: a second implementation by hand, row by row, over generated people."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest

from rung import cycle
from rung.discovery.funder_states import IN_DENOMINATOR, OUTSIDE
from rung.discovery.funders import Funder, year_by
from rung.errors import PlanError
from rung.finding import Finding, Table
from rung.messages import english
from rung.records import simulate
from rung.records.lab import Lab
from rung.share.release import Outside

AS_OF = dt.date(2026, 3, 31)
STEPS = ("applied", "enrolled", "completed", "credentialed", "placed")
FUNDERS = """
[[funders]]
name = "Harbor"
version = "2025"
fiscal_year_starts = 1
year_of = "enrolled"

[funders.completed]
label = "Graduate"
reached = "completed"
among = ["applied", "enrolled"]

[funders.credential]
credential = ["license", "certification"]
after = "completed"
within_days = 120
year_of = "completed"

[funders.placed]
reached = "placed"
among = ["completed"]
after = "completed"
within_days = 180
hourly_wage = 17.5
hours_week = 30

[funders.retained]
working_days = 90
year_of = "placed"

[[funders]]
name = "Harbor"
version = "2026"
fiscal_year_starts = 10
count = "periods"
year_of = "exited"

[funders.completed]
reached = "completed"
within_days = 200
too_soon = "not counted"

[funders.credential]
credential = ["any"]

[funders.placed]
employed_quarter = 2
earnings = 3000

[funders.retained]
employed_quarter = 4
too_soon = "not counted"

[[funders]]
name = "Start"
version = "1"
fiscal_year_named = "start"
year_of = "entered"

[funders.placed]
reached = "placed"
hourly_wage = 16

[funders.retained]
working_days = 45
too_soon = "not counted"
"""


@dataclass
class Lives:
    """Generated people as plain rows."""

    journeys: list[dict[str, Any]] = field(default_factory=list)
    employment: list[dict[str, Any]] = field(default_factory=list)
    credentials: list[dict[str, Any]] = field(default_factory=list)
    follow_ups: list[dict[str, Any]] = field(default_factory=list)
    outcomes: list[dict[str, Any]] = field(default_factory=list)


def lives(seed: int, people: int) -> Lives:
    rng = random.Random(seed)
    made = Lives()

    def day(first: dt.date, most: int, blank: float = 0.1) -> dt.date | None:
        return None if rng.random() < blank else first + dt.timedelta(days=rng.randrange(most))

    for i in range(people):
        pid, start = f"p{i}", dt.date(2023, 1, 1)
        for period in range(1, 1 + rng.choice((1, 1, 1, 2))):
            entered = day(start, 900, 0.03)
            row: dict[str, Any] = {"pid": pid, "period": period, "entered_on": entered}
            row["gender"] = rng.choice(("woman", "man", None))
            at = entered or start
            for step in STEPS[1:]:
                row[step] = rng.choice((True, True, True, False, None))
                row[f"{step}_on"] = None
                if row[step]:
                    row[f"{step}_on"] = day(at, 200, 0.15)
                    at = row[f"{step}_on"] or at
            row["closed_on"] = day(at, 200, 0.3)
            row["closed"] = row["closed_on"] is not None
            row["last_service_on"] = day(at, 60, 0.1)
            made.journeys.append(row)
            start = at + dt.timedelta(days=150)
            for n in (2, 4):
                made_ = rng.choice(("0", "1", "1", "9", None))
                row[f"_q{n}"] = made_
            codes = {"0": "not_employed", "1": "employed", "9": None, None: None}
            made.outcomes.append({
                "pid": pid, "period": period,
                **{f"employed_q{n}": codes[row[f"_q{n}"]] for n in (2, 4)},
                **{f"_state_employed_q{n}": "pending" if row[f"_q{n}"] == "9" else "value"
                   for n in (2, 4)},
                "wages_q2": rng.choice((None, 1500, 3000, 9000)) if row["_q2"] == "1" else None,
            })  # fmt: skip
        for _ in range(rng.randrange(3)):
            made.employment.append({
                "pid": pid, "start_on": day(dt.date(2023, 3, 1), 1000),
                "hourly_wage": rng.choice((None, 15, 17.5, 21)),
                "hours_week": rng.choice((None, 20, 30, 40)),
            })  # fmt: skip
        for _ in range(rng.randrange(3)):
            made.credentials.append({
                "pid": pid, "type": rng.choice(("license", "certification", "no_credential", None)),
                "earned_on": day(dt.date(2023, 3, 1), 1000),
                "earned": rng.choice((True, None, False)),
            })  # fmt: skip
        for _ in range(rng.randrange(4)):
            made.follow_ups.append({
                "pid": pid, "contacted_on": day(dt.date(2023, 6, 1), 1100),
                "due_days": rng.choice((None, 30, 90)), "employed": rng.choice((True, False, None)),
            })  # fmt: skip
    return made


TYPES = {
    **dict.fromkeys(("pid", "gender", "type"), "VARCHAR"),
    **dict.fromkeys(("closed", "earned", "employed", *STEPS), "BOOLEAN"),
    **dict.fromkeys(("hourly_wage", "hours_week", "wages_q2"), "DECIMAL(18,4)"),
    **dict.fromkeys(("period", "due_days"), "INTEGER"),
}


def lab_of(folder: Path, made: Lives, funders: str = FUNDERS) -> Lab:
    folder.mkdir()
    steps = "".join(f'\n[[milestones]]\nkey = "{k}"\nlabel = "{k.title()}"\n' for k in STEPS)
    (folder / "lab.toml").write_text(
        f'[lab]\nprovider = "Made up"\n\n[clock]\nas_of = {AS_OF}\n{steps}{funders}', "utf-8"
    )
    (folder / "records").mkdir()
    (folder / "documents").mkdir()
    for name, rows in vars(made).items():
        if not rows:
            continue
        columns = [c for c in rows[0] if not c.startswith("_q")]
        kinds = {c: TYPES.get(c, "DATE" if c.endswith("_on") else "VARCHAR") for c in columns}
        with duckdb.connect() as connection:
            made_of = ", ".join(f'"{c}" {k}' for c, k in kinds.items())
            connection.execute(f"CREATE TABLE t ({made_of})")
            connection.executemany(
                f"INSERT INTO t VALUES ({', '.join('?' * len(columns))})",
                [[row[c] for c in columns] for row in rows],
            )
            connection.execute(f"COPY t TO '{folder / 'records' / name}.parquet' (FORMAT parquet)")
    return Lab.open(folder)


# --- by hand: a person at a time ------------------------------------------------------------------


def _days(n: int) -> dt.timedelta:
    return dt.timedelta(days=n)


def exit_of(row: Mapping[str, Any]) -> dt.date | None:
    """The 90-day rule: the last service (or the closing) of a period that is over."""
    entered, last = row["enrolled_on"], row["last_service_on"]
    if entered is None or entered > AS_OF:
        return None
    if not (row["closed_on"] or (last and last <= AS_OF - _days(90))):
        return None
    ended: dt.date = max(last or row["closed_on"], entered)
    return ended


class ByHand:
    """Judges one definition of one funder, a period at a time."""

    def __init__(self, made: Lives, year: int) -> None:
        self.made, self.year = made, year
        self.of: dict[str, dict[str, list[dict[str, Any]]]] = {}
        for table in ("journeys", "employment", "credentials", "follow_ups"):
            for row in getattr(made, table):
                self.of.setdefault(row["pid"], {}).setdefault(table, []).append(row)

    def mine(
        self, row: Mapping[str, Any], table: str, when: str, otherwise: str = ""
    ) -> list[dict[str, Any]]:
        """Rows of a table that fall into a period; those without a day too.

        `otherwise` is the milestone whose day stands for one that is not recorded.
        """
        rows = [dict(r) for r in self.of[row["pid"]].get(table, [])]
        for each in rows:
            each[when] = each[when] or (row[f"{otherwise}_on"] if otherwise else None)
        if row["entered_on"] is None:
            return [r for r in rows if r[when] is None]
        later = [
            j["entered_on"]
            for j in self.of[row["pid"]]["journeys"]
            if j["entered_on"] and j["entered_on"] > row["entered_on"]
        ]
        end = min(later, default=dt.date.max)
        return [
            r
            for r in rows
            if r[when] is None or (row["entered_on"] <= r[when] < end and r[when] <= AS_OF)
        ]

    def event(self, row: Mapping[str, Any], name: str) -> dt.date | None:
        if name == "exited":
            return exit_of(row)
        known: dt.date | None = row[
            "entered_on" if name in ("entered", "applied") else f"{name}_on"
        ]
        return known

    def has(self, row: Mapping[str, Any], step: str) -> bool:
        if step == "applied":
            return row["entered_on"] is not None
        on = row[f"{step}_on"]
        return bool(row[step]) and (on is None or on <= AS_OF)

    def state(self, row: Mapping[str, Any], funder: Funder, indicator: Any) -> str:
        rule = funder.definition(indicator)
        assert rule is not None
        if funder.count == "people" and row["period"] > 1:
            return "later-period"
        event = rule.year_of or funder.year_of
        day = self.event(row, event)
        if day is None:
            return "not-exited" if event == "exited" else "no-year-day"
        starts = {("Harbor", "2025"): (self.year, 1), ("Harbor", "2026"): (self.year - 1, 10),
                  ("Start", "1"): (self.year, 7)}[funder.name, funder.version]  # fmt: skip
        first = dt.date(*starts, 1)
        if not first <= day < first.replace(year=first.year + 1):
            return "other-year"
        if not all(self.has(row, step) for step in rule.among):
            return "not-among"
        due = None
        if rule.within_days is not None:
            start = self.event(row, rule.after or "entered")
            if start is None:
                return "no-start"
            due = start + _days(rule.within_days)
            if due > AS_OF and rule.too_soon == "left out":
                return "too-soon"
        if rule.employed_quarter:
            return self.quarter(row, rule)
        if rule.working_days:
            return self.working(row, rule)
        if rule.credential:
            return self.credential(row, rule, due)
        return self.milestone(row, rule, due)

    def milestone(self, row: Mapping[str, Any], rule: Any, due: dt.date | None) -> str:
        if row[rule.reached] is None:
            return "not-recorded"
        if not self.has(row, rule.reached):
            return "not-reached"
        on = row[f"{rule.reached}_on"]
        if due is not None and on is None:
            return "undated"
        if due is not None and on > due:
            return "too-late"
        least = [(k, v) for k in ("hourly_wage", "hours_week") if (v := getattr(rule, k))]
        if not least:
            return "counted"
        jobs = self.mine(row, "employment", "start_on", "placed")
        jobs = [j for j in jobs if j["start_on"]]
        told = [j for j in jobs if all(j[k] is not None for k, _ in least)]
        good = [j["start_on"] for j in told if all(j[k] >= v for k, v in least)]
        if not good:
            return "pay-below" if told else "pay-unknown"
        return "too-late" if due is not None and min(good) > due else "counted"

    def credential(self, row: Mapping[str, Any], rule: Any, due: dt.date | None) -> str:
        earned = [
            c["earned_on"]
            for c in self.mine(row, "credentials", "earned_on", "credentialed")
            if c["earned"] is not False
            and (c["type"] in rule.credential
                 or ("any" in rule.credential and c["type"] != "no_credential"))
        ]  # fmt: skip
        if not earned:
            return "not-reached"
        dated = [d for d in earned if d]
        if due is None or (dated and min(dated) <= due):
            return "counted"
        return "too-late" if dated else "undated"

    def quarter(self, row: Mapping[str, Any], rule: Any) -> str:
        if exit_of(row) is None:
            return "not-exited"
        said = row[f"_q{rule.employed_quarter}"]
        if said == "9":
            return "too-soon" if rule.too_soon == "left out" else "pending"
        if said is None:
            return "not-recorded"
        if said == "0":
            return "not-employed"
        if rule.earnings is None:
            return "counted"
        (paid,) = (o["wages_q2"] for o in self.made.outcomes
                   if (o["pid"], o["period"]) == (row["pid"], row["period"]))  # fmt: skip
        if paid is None:
            return "pay-unknown"
        return "pay-below" if paid < rule.earnings else "counted"

    def working(self, row: Mapping[str, Any], rule: Any) -> str:
        jobs = [j["start_on"] for j in self.mine(row, "employment", "start_on") if j["start_on"]]
        placed = row["placed_on"] if row["placed_on"] and row["placed_on"] <= AS_OF else None
        start = min(jobs, default=placed)
        if start is None:
            return "not-reached"
        due = start + _days(rule.working_days)
        if due > AS_OF and rule.too_soon == "left out":
            return "too-soon"
        late = [
            f["employed"]
            for f in self.mine(row, "follow_ups", "contacted_on")
            if (f["contacted_on"] is None or f["contacted_on"] >= start)
            and ((f["due_days"] or 0) >= rule.working_days
                 or (f["contacted_on"] and f["contacted_on"] >= due))
        ]  # fmt: skip
        if True in late:
            return "counted"
        return "not-working" if False in late else "not-verified"


def _tables(lab: Lab, year: str, **more: Any) -> dict[tuple[str, str], Table]:
    outcome = cycle.funders(lab, year=year, **more)
    tables = [r.answer for r in outcome if isinstance(r.answer, Table)]
    return {(t.name, t.estimand.outcome): t for t in tables if not t.dimensions}


@pytest.mark.parametrize(("seed", "year"), [(1, 2024), (2, 2025), (4, 2026)])
def test_each_person_by_hand_gives_the_same_counts(tmp_path: Path, seed: int, year: int) -> None:
    made = lives(seed, 300)
    lab = lab_of(tmp_path / "lab", made)
    hand = ByHand(made, year)
    tables = _tables(lab, f"FY{year}")
    seen: Counter[str] = Counter()
    for funder in lab.sections("funders", Funder):
        for indicator in ("completed", "credential", "placed", "retained"):
            if funder.definition(indicator) is None:
                continue
            states = Counter(hand.state(row, funder, indicator) for row in made.journeys)
            seen += states
            table = tables["funders", english(f"label.funder-{indicator}")]
            (row,) = (r for r in table.rows if r["definition"] == funder.words)
            n = sum(c for s, c in states.items() if s in IN_DENOMINATOR)
            assert (row["n"], row["x"]) == (n, states["counted"]), (funder.words, indicator)
    assert len(seen) > 12, "the people bring nearly every reason up"


@pytest.mark.parametrize("seed", [5, 6])
def test_who_differs_and_why_by_hand(tmp_path: Path, seed: int) -> None:
    """Two definitions of one funder's name laid side by side, person by person."""
    made = lives(seed, 250)
    both = FUNDERS.split("[[funders]]")
    lab = lab_of(tmp_path / "lab", made)
    assert len(both) == 4
    hand, tables = ByHand(made, 2025), _tables(lab, "FY2025")
    one, two, _ = lab.sections("funders", Funder)
    own = own_states(made)
    for funder in (one, two):
        said = [hand.state(row, funder, "completed") for row in made.journeys]
        only = Counter(o for s, o in zip(said, own, strict=True) if s == "counted" != o)
        lacks = Counter(s for s, o in zip(said, own, strict=True) if o == "counted" != s)
        outcome = english("label.funder-completed")
        (row,) = (r for r in tables["funders", outcome].rows if r["definition"] == funder.words)
        assert (row["only_here"], row["not_here"]) == (only.total(), lacks.total())
        told = {
            (r["counted"], r["reason"]): r["different"]
            for r in tables["funders-why", outcome].rows
            if r["definition"] == funder.words
        }
        wanted = {
            (
                english(f"label.funder-{which}", {"first": "Rung"}),
                english(f"label.funder-why-{s}"),
            ): n
            for which, found in (("only-here", only), ("not-here", lacks))
            for s, n in found.items()
        }
        assert told == wanted


def own_states(made: Lives) -> list[str]:
    """Rung's own, by hand: the first period, entered July to June, reached within a year."""
    states = []
    for row in made.journeys:
        entered = row["entered_on"]
        if row["period"] > 1:
            states.append("later-period")
        elif entered is None:
            states.append("no-year-day")
        elif not dt.date(2024, 7, 1) <= entered <= dt.date(2025, 6, 30):
            states.append("other-year")
        elif entered + _days(365) > AS_OF:
            states.append("too-soon")
        else:
            states.append(_own(row, entered + _days(365)))
    return states


def _own(row: Mapping[str, Any], due: dt.date) -> str:
    late = False
    reached = False
    for step in STEPS[1:]:
        on = row[f"{step}_on"]
        if not row[step] or (on and on > AS_OF):
            continue
        late = late or bool(on and on > due)
        if (on and on <= due) or (on is None and not late):
            reached = reached or STEPS.index(step) >= STEPS.index("completed")
    if reached:
        return "counted"
    on = row["completed_on"]
    if row["completed"] is None:
        return "not-recorded"
    if not row["completed"] or (on and on > AS_OF):
        return "not-reached"
    return "undated" if on is None else "too-late"


def _clock() -> dt.datetime:
    return dt.datetime(2026, 4, 1, tzinfo=dt.UTC)


def test_rungs_own_row_is_the_journeys_and_the_federal_row_is_wioas(tmp_path: Path) -> None:
    made = lives(7, 300)
    lab = lab_of(tmp_path / "lab", made)
    tables = _tables(lab, "FY2025")
    (journey,) = (
        r.answer for r in cycle.diagnose(lab, by=(), cohort="FY2025")
        if isinstance(r.answer, Table) and r.answer.name == "journey"
    )  # fmt: skip
    named = {"completed": "Completed", "credential": "Credentialed", "placed": "Placed"}
    for indicator, label in named.items():
        (ours,) = (r for r in journey.rows if r["milestone"] == label)
        row = tables["funders", english(f"label.funder-{indicator}")].rows[0]
        assert (row["definition"], row["n"], row["x"]) == ("Rung", ours["entered"], ours["reached"])
    federal = {
        r.answer.method.key: r.answer.parts[0]
        for r in cycle.wioa(lab.path, report="PY2024Q4", clock=_clock)
        if isinstance(r.answer, Finding)
    }
    for indicator, key in (
        ("credential", "credential"),
        ("placed", "er-q2"),
        ("retained", "er-q4"),
    ):
        table = tables["funders", english(f"label.funder-{indicator}")]
        (row,) = (r for r in table.rows if r["definition"] == "WIOA-style")
        part = federal[f"wioa-{key}"]
        assert (row["n"], row["x"]) == (part.n, part.numerator)


def test_levels_add_up_to_everyone(tmp_path: Path) -> None:
    lab = lab_of(tmp_path / "lab", lives(8, 300))
    outcome = cycle.funders(lab, year="FY2025", by=["gender"])
    grouped = [r.answer for r in outcome if isinstance(r.answer, Table) and r.answer.dimensions]
    assert len(grouped) == 4
    for table in grouped:
        for name in {row["definition"] for row in table.rows}:
            rows = [r for r in table.rows if r["definition"] == name]
            for column in ("n", "x", "only_here", "not_here"):
                whole, *parts = (r[column] for r in rows)
                if whole is not None:
                    assert whole == sum(int(p or 0) for p in parts)


def test_every_state_has_its_words() -> None:
    for state in (IN_DENOMINATOR | OUTSIDE) - {"counted"}:
        assert english(f"label.funder-why-{state}")


def test_a_definition_whose_table_is_missing_is_told_not_guessed(tmp_path: Path) -> None:
    made = lives(9, 200)
    made.follow_ups, made.outcomes = [], []
    tables = _tables(lab_of(tmp_path / "lab", made), "FY2025")
    table = tables["funders", english("label.funder-placed")]
    assert [r["definition"] for r in table.rows] == ["Rung", "Harbor (2025)", "Start (1)"]
    without = {n.params["funder"] for n in table.caveats if n.code == "funder-without"}
    assert without == {"WIOA-style", "Harbor (2026)"}
    assert ("funders", english("label.funder-retained")) not in tables


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda t: t.replace('reached = "completed"', 'reached = "graduated"', 1),
         "PLAN-funder-milestone"),
        (lambda t: t.replace('year_of = "enrolled"', 'year_of = "hired"', 1),
         "PLAN-funder-milestone"),
        (lambda t: t.replace('reached = "completed"', 'reached = "exited"', 1),
         "PLAN-funder-milestone"),
        (lambda t: t.replace("employed_quarter = 2", 'employed_quarter = 2\nreached = "placed"'),
         "PLAN-funder-rule"),
        (lambda t: t.replace('credential = ["any"]', 'label = "none"'), "PLAN-funder-rule"),
        (lambda t: t.replace('"certification"', '"diploma"'), "PLAN-funder-rule"),
        (lambda t: t.replace("working_days = 90", "working_days = 90\nwithin_days = 10"),
         "PLAN-funder-rule"),
        (lambda t: t.replace("within_days = 200", 'after = "enrolled"'), "PLAN-funder-rule"),
        (lambda t: t.replace('version = "2026"', 'version = "2025"'), "PLAN-funder-twice"),
        (lambda t: t.replace("fiscal_year_starts = 1\n", "fiscal_year_starts = 13\n"),
         "PLAN-lab-toml"),
    ],
)  # fmt: skip
def test_a_definition_that_cannot_stand_is_told(
    tmp_path: Path, change: Callable[[str], str], code: str
) -> None:
    lab = lab_of(tmp_path / "lab", lives(10, 20), change(FUNDERS))
    with pytest.raises(PlanError) as told:
        cycle.funders(lab)
    assert {p.code for p in told.value.problems} == {code}


@pytest.mark.parametrize("year", ["2025", "FY25", "FY12025", "PY2025", "FY1900"])
def test_a_year_that_is_none_is_told(tmp_path: Path, year: str) -> None:
    lab = lab_of(tmp_path / "lab", lives(11, 20))
    with pytest.raises(PlanError) as told:
        cycle.funders(lab, year=year)
    assert told.value.code == "PLAN-funder-year"


def test_the_year_by_default_has_ended(tmp_path: Path) -> None:
    assert year_by(dt.date(2025, 6, 29)) == 2024
    assert year_by(dt.date(2025, 6, 30)) == 2025
    lab = lab_of(tmp_path / "lab", lives(12, 200))
    assert cycle.funders(lab).provenance["year"] == 2025


def test_a_funders_fiscal_year_is_its_own() -> None:
    def span(**more: Any) -> tuple[dt.date, dt.date]:
        return Funder(name="F", version="1", **more).span(2025)

    assert span() == (dt.date(2024, 7, 1), dt.date(2025, 6, 30))
    assert span(fiscal_year_starts=10) == (dt.date(2024, 10, 1), dt.date(2025, 9, 30))
    assert span(fiscal_year_starts=1) == (dt.date(2025, 1, 1), dt.date(2025, 12, 31))
    named = {"fiscal_year_named": "start"}
    assert span(**named) == (dt.date(2025, 7, 1), dt.date(2026, 6, 30))
    assert span(fiscal_year_starts=1, **named) == (dt.date(2025, 1, 1), dt.date(2025, 12, 31))


def test_a_year_without_anyone_is_refused(tmp_path: Path) -> None:
    lab = lab_of(tmp_path / "lab", lives(13, 50))
    answers = [r.answer for r in cycle.funders(lab, year="FY2019")]
    assert {a.kind for a in answers} == {"refusal"}


def test_jobs_and_credentials_without_a_day_of_their_own(tmp_path: Path) -> None:
    """A flat list of people dates the placement, and gives the job's pay without a day."""
    made = lives(14, 250)
    for row in (*made.employment, *made.credentials):
        row.pop("start_on", None)
        row.pop("earned_on", None)
    lab = lab_of(tmp_path / "lab", made)
    for row in made.employment:
        row["start_on"] = None
    for row in made.credentials:
        row["earned_on"] = None
    hand, tables = ByHand(made, 2025), _tables(lab, "FY2025")
    (one, *_) = lab.sections("funders", Funder)
    for indicator in ("credential", "placed", "retained"):
        states = Counter(hand.state(row, one, indicator) for row in made.journeys)
        table = tables["funders", english(f"label.funder-{indicator}")]
        (shown,) = (r for r in table.rows if r["definition"] == one.words)
        assert shown["x"] == states["counted"] > 0


def test_the_sample_lab_declares_two_funders(tmp_path: Path) -> None:
    simulate.provider(tmp_path / "lab", people=300, seed=3)
    assert "[[funders]]" in (tmp_path / "lab/lab.toml").read_text("utf-8")
    outcome = cycle.funders(Lab.open(tmp_path / "lab"), audience=Outside())
    names = {r["definition"] for t in outcome if isinstance(t.answer, Table) for r in t.answer.rows}
    assert len(names - {"Rung", "WIOA-style"}) == 2
