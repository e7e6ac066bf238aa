"""A provider whose truth is known: the same from the same seed, and as true as it says."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rung.errors import PlanError, UsageError
from rung.learning.settings import DeclaredTest
from rung.records import query, simulate
from rung.records.lab import Lab
from rung.records.query import Session
from rung.records.schema import CLOSING
from rung.records.simulate import Arm, Settings, Shift, Trial, Truth
from rung.records.simulating import scenario

KEYS = [s.key for s in simulate.STEPS]
PLAIN = Settings(tables=())
PEOPLE = 200_000


def sql(files: Path, text: str) -> list[tuple[Any, ...]]:
    """Rows of a query over a lab's tables (tests may write SQL as they like)."""
    with Lab.open(files).session() as session:
        return session.connection.execute(text).fetchall()


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    """200,000 people, a test among them, long enough past that everyone is mature."""
    out = tmp_path_factory.mktemp("large") / "lab"
    settings = Settings(
        as_of=dt.date(2030, 6, 30),
        entries_to=dt.date(2026, 6, 30),
        trial=simulate.COACHING,
        tables=("services", "wages"),
    )
    return out, simulate.provider(out, people=PEOPLE, seed=7, settings=settings)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    out = tmp_path_factory.mktemp("small") / "lab"
    return out, simulate.provider(out, people=5_000, seed=3)


def test_same_seed_same_bytes_whatever_the_threads(tmp_path: Path) -> None:
    trial = Settings(trial=simulate.COACHING, tables=("wages",))
    for name, threads in (("a", 1), ("b", 4)):
        simulate.provider(tmp_path / name, people=130_000, seed=5, settings=trial, threads=threads)
    for file in sorted((tmp_path / "a" / "records").iterdir()):
        other = tmp_path / "b" / "records" / file.name
        assert file.read_bytes() == other.read_bytes(), file.name


def test_people_do_not_depend_on_how_many_there_are(tmp_path: Path) -> None:
    one = simulate.provider(tmp_path / "one", people=300, seed=5, settings=PLAIN)
    simulate.provider(tmp_path / "two", people=900, seed=5, settings=PLAIN)
    fewer = set(sql(tmp_path / "one", "SELECT pid, entered_on, gender, age_at_entry FROM journeys"))
    more = set(sql(tmp_path / "two", "SELECT pid, entered_on, gender, age_at_entry FROM journeys"))
    assert fewer < more
    assert one.people == len(fewer) == 300


def test_seeds_differ(tmp_path: Path) -> None:
    truths = [
        simulate.provider(tmp_path / str(s), people=200, seed=s, settings=PLAIN) for s in range(12)
    ]
    assert len({t.bottleneck.step for t in truths}) > 2
    assert len({(t.gap.column, t.gap.level, t.gap.step) for t in truths}) > 5
    pids = [{p for (p,) in sql(tmp_path / str(s), "SELECT pid FROM journeys")} for s in (0, 1)]
    assert not pids[0] & pids[1]


def test_draws_are_uniform_and_unrelated() -> None:
    """Across names, neighbouring people and neighbouring seeds; at most 4.5 standard errors."""
    names = ["gender", "race", "step 1", "step 2", "wait 1"]
    with Session() as session:
        session.execute(query.load(simulate.ROOM, "simulate_draw"))
        columns = ", ".join(
            f"draw(hash(xor(hash(i), {scenario.hashed(seed, 'people')}::UBIGINT)), '{name}')"
            f' AS "{name}/{seed}"'
            for name in names
            for seed in (1, 2)
        )
        cursor = session.connection.execute(f"SELECT {columns} FROM range(150000) AS t(i)")
        drawn = cursor.fetchnumpy()
    table = np.array(list(drawn.values()))
    n = table.shape[1]
    assert table.min() > 0
    assert table.max() < 1
    assert np.abs(table.mean(1) - 0.5).max() < 4.5 * math.sqrt(1 / 12 / n)
    related = np.corrcoef(np.vstack([table[:, :-1], table[:, 1:]]))
    assert np.abs(related - np.eye(len(related))).max() < 4.5 / math.sqrt(n)
    for row in table:
        counts = np.histogram(row, 64, (0, 1))[0]
        chi = ((counts - n / 64) ** 2 / (n / 64)).sum()
        assert abs(chi - 63) < 4.5 * math.sqrt(2 * 63)
    cells = np.histogram2d(table[0], table[2], 16, [[0, 1], [0, 1]])[0]
    chi = ((cells - n / 256) ** 2 / (n / 256)).sum()
    assert abs(chi - 255) < 4.5 * math.sqrt(2 * 255)


def test_what_happened_is_what_was_expected(large: tuple[Path, Truth]) -> None:
    """Every rate of every group lies within 4.5 standard errors of its expected value."""
    _, truth = large
    groups = [g for g in truth.rates.values() if g["people"] > 500]
    assert len(groups) > 20
    for group in groups:
        for rate in group["milestones"].values():
            se = math.sqrt(rate["expected"] * (1 - rate["expected"]) / group["people"])
            assert abs(rate["realised"] - rate["expected"]) <= 4.5 * se + 1e-12


def test_the_records_say_what_the_truth_says(large: tuple[Path, Truth]) -> None:
    out, truth = large
    for key in KEYS:
        ((n, share),) = sql(
            out,
            f"SELECT count(*), avg(CASE WHEN {key}_on <= entered_on + 365 THEN 1.0 ELSE 0 END)"
            " FROM journeys",
        )
        assert n == PEOPLE
        assert share == pytest.approx(truth.rates["everyone"]["milestones"][key]["realised"])
    ((share,),) = sql(
        out, "SELECT avg(CASE WHEN placed THEN 1.0 ELSE 0 END) FROM journeys WHERE race_black"
    )
    rate = truth.rates["race: race_black"]["milestones"]["placed"]
    assert share == pytest.approx(rate["ever"])


def test_planted_bottleneck_and_gap_are_there(large: tuple[Path, Truth]) -> None:
    _, truth = large
    rates = {k: v["ever"] for k, v in truth.rates["everyone"]["milestones"].items()}
    steps = {k: rates[k] / rates[b] for b, k in pairwise(KEYS)}
    assert min(steps, key=lambda k: steps[k]) == truth.bottleneck.step
    lost = {k: rates[b] - rates[k] for b, k in pairwise(KEYS)}
    assert max(lost, key=lambda k: lost[k]) == truth.bottleneck.step


def test_a_gap_is_as_large_as_declared(tmp_path: Path) -> None:
    gap = Shift(column="gender", level="female", step="completed", points=-0.25)
    settings = Settings(gap=gap, shifts=(), frailty=0.0, class_sd=0.0, tables=())
    truth = simulate.provider(tmp_path / "lab", people=PEOPLE, seed=2, settings=settings)

    def chance(level: str) -> float:
        got = truth.rates[f"gender: {level}"]["milestones"]
        return float(got["completed"]["ever"] / got["enrolled"]["ever"])

    base = next(s.chance for s in truth.settings.steps if s.key == "completed")
    assert chance("male") == pytest.approx(base, abs=0.008)
    assert chance("female") == pytest.approx(base - 0.25, abs=0.008)


def test_people_saved_at_the_margin_do_worse_afterwards(tmp_path: Path) -> None:
    """Lifting a step for everyone lowers the chance at the next, and only with frailty."""

    def after(frailty: float, points: float, name: str) -> float:
        arms = (Arm(name="a", share=0.5), Arm(name="b", share=0.5, points={"completed": points}))
        settings = Settings(
            bottleneck=simulate.Bottleneck(step="completed", chance=0.5),
            gap=Shift(column="gender", level="female", step="accepted", points=-0.2),
            frailty=frailty, trial=Trial(arms=arms), tables=(),
        )  # fmt: skip
        got = simulate.provider(tmp_path / name, people=PEOPLE, seed=4, settings=settings).arms
        of = got["b"]["outcomes"]
        control = got["a"]["outcomes"]
        return float(
            of["credentialed expected"] / of["completed expected"]
            - control["credentialed expected"] / control["completed expected"]
        )

    assert after(1.0, 0.3, "frail") < -0.01
    assert after(0.0, 0.3, "even") == pytest.approx(0, abs=0.001)


def test_the_order_of_dates_and_flags(small: tuple[Path, Truth]) -> None:
    out, truth = small
    as_of = truth.settings.as_of.isoformat()
    columns = [f"{k}_on" for k in KEYS]
    closing = ", ".join(f"'{code}'" for code in sorted(CLOSING))
    wrong = " OR ".join(
        [f"{k} IS NULL OR {k} <> ({k}_on IS NOT NULL) OR {k}_on > DATE '{as_of}'" for k in KEYS]
        + [f"{b} < {a}" for a, b in pairwise(columns)]
        + [f"({b} IS NOT NULL AND {a} IS NULL)" for a, b in pairwise(columns)]
        + [
            "entered_on IS DISTINCT FROM applied_on",
            "closed <> (closed_on IS NOT NULL)",
            "closed_on < last_service_on",
            "last_service_on < entered_on",
            f"greatest(closed_on, last_service_on) > DATE '{as_of}'",
            f"closed AND status NOT IN ('placed', {closing})",
            f"NOT closed AND status IN ({closing})",
            "retained AND status <> 'placed'",
        ]
    )
    assert sql(out, f"SELECT count(*) FROM journeys WHERE {wrong}") == [(0,)]


def test_nobody_who_takes_part_is_out_of_sight(small: tuple[Path, Truth]) -> None:
    """At the as-of date everyone is retained, closed, seen within two weeks, or truly lost."""
    out, truth = small
    as_of = truth.settings.as_of.isoformat()
    rows = sql(
        out,
        "SELECT count(*) FILTER (WHERE NOT closed AND NOT retained AND "
        f"date_diff('day', last_service_on, DATE '{as_of}') >= 14), "
        f"count(*) FILTER (WHERE NOT closed AND last_service_on > DATE '{as_of}' - 14) "
        "FROM journeys",
    )
    lost, active = rows[0]
    assert lost > 500
    assert active > 200
    last = sql(
        out,
        "SELECT count(*) FROM journeys LEFT JOIN (SELECT pid, max(service_on) AS seen FROM services"
        " WHERE attendance = 'present' GROUP BY pid) USING (pid)"
        " WHERE seen IS DISTINCT FROM last_service_on",
    )
    assert last == [(0,)]


def test_events_agree_with_journeys(small: tuple[Path, Truth]) -> None:
    out, _ = small
    for table, key, date in (("credentials", "credentialed", "earned_on"),
                             ("employment", "placed", "start_on")):  # fmt: skip
        pair = sql(
            out,
            f"SELECT count(*), count(j.pid), count({key}_on) FROM journeys AS j"
            f" FULL JOIN {table} AS e ON e.pid = j.pid AND e.{date} = j.{key}_on"
            f" WHERE e.pid IS NOT NULL OR {key}",
        )[0]
        assert len(set(pair)) == 1
    answered = sql(
        out,
        "SELECT count(*) FROM follow_ups JOIN journeys USING (pid)"
        " WHERE due_days = 90 AND NOT employed AND retained",
    )
    assert answered == [(0,)]
    pay = dict(sql(
        out,
        "SELECT CASE WHEN rel < -1 THEN 'before' WHEN rel < 1 THEN 'dip' ELSE 'after' END, count(*)"
        " / count(DISTINCT rel) * avg(amount) FROM (SELECT amount, quarter - extract(year FROM"
        " entered_on) * 4 - extract(quarter FROM entered_on) + 1 AS rel FROM"
        " wages JOIN journeys USING (pid) WHERE entered_on < DATE '2025-01-01')"
        " WHERE rel < 4 GROUP BY 1",
    ))  # fmt: skip
    assert float(pay["dip"]) < 0.6 * float(pay["before"])
    assert float(pay["after"]) > 1.1 * float(pay["before"])


def test_moving_the_as_of_date_leaves_journeys_as_they_were(tmp_path: Path) -> None:
    """A journey seen earlier is the same journey, cut off at the earlier date."""
    early, late = dt.date(2024, 6, 30), dt.date(2026, 3, 31)
    for name, day in (("early", early), ("late", late)):
        settings = Settings(as_of=day, entries_to=late, tables=())
        simulate.provider(tmp_path / name, people=3_000, seed=8, settings=settings)
    columns = ", ".join(
        ["pid", "entered_on", "gender"]
        + [f"CASE WHEN {k}_on <= DATE '{early}' THEN {k}_on END" for k in KEYS]
    )
    cut = f"SELECT {columns} FROM journeys WHERE entered_on <= DATE '{early}' ORDER BY 1"
    assert sql(tmp_path / "early", cut) == sql(tmp_path / "late", cut)


def test_with_a_constant_hazard_the_mature_rate_does_not_drift(tmp_path: Path) -> None:
    late = dt.date(2026, 6, 30)
    settings = Settings(as_of=late, entries_to=late, constant_hazard=True, tables=())
    truth = simulate.provider(tmp_path / "lab", people=PEOPLE, seed=6, settings=settings)
    true = truth.rates["everyone"]["milestones"]["completed"]["expected"]
    assert truth.in_time["completed"] < 0.99
    for day in ("2023-12-31", "2024-12-31", "2025-12-31"):
        ((n, rate),) = sql(
            tmp_path / "lab",
            f"SELECT count(*), avg(CASE WHEN completed_on <= entered_on + 365 THEN 1.0 ELSE 0 END)"
            f" FROM journeys WHERE entered_on <= DATE '{day}' - 365",
        )
        assert abs(rate - true) < 4 * math.sqrt(true * (1 - true) / n)


@pytest.mark.parametrize("unit", ["person", "class"])
def test_assignment_is_exact(tmp_path: Path, unit: str) -> None:
    arms = (Arm(name="a", share=0.25), Arm(name="b", share=0.25), Arm(name="c", share=0.5))
    settings = Settings(trial=Trial(arms=arms, unit=unit), tables=())
    simulate.provider(tmp_path / "lab", people=4_001, seed=9, settings=settings)
    of = "pid" if unit == "person" else "class"
    rows = dict(sql(tmp_path / "lab", f"SELECT arm, count(DISTINCT {of}) FROM journeys GROUP BY 1"))
    units = sum(rows.values())
    assert rows["a"] == round(units * 0.25)
    assert rows["a"] + rows["b"] == round(units * 0.5)
    ((mixed,),) = sql(
        tmp_path / "lab",
        "SELECT count(*) FROM (SELECT class FROM journeys GROUP BY 1"
        " HAVING count(DISTINCT arm) > 1)",
    )
    assert (mixed == 0) == (unit == "class")


def test_effects_and_attrition_are_as_declared(large: tuple[Path, Truth]) -> None:
    out, truth = large
    usual, coaching = (
        dict(zip(("n", "earnings", "sd", "found", "completed", "taken"), row, strict=True))
        for row in sql(
            out,
            "SELECT count(*), avg(outcome_earnings), stddev(outcome_earnings), "
            "count(outcome_earnings) / count(*), avg(CAST(completed_on <= entered_on + 365 AND "
            "completed AS INTEGER)), avg(CAST(offer_taken AS INTEGER)) FROM journeys "
            "GROUP BY arm ORDER BY arm DESC",
        )
    )
    assert usual["n"] == coaching["n"] == PEOPLE / 2
    assert usual["taken"] == 0
    assert coaching["taken"] == pytest.approx(0.8, abs=0.006)
    assert 1 - usual["found"] == pytest.approx(0.12, abs=0.005)
    assert 1 - coaching["found"] == pytest.approx(0.08, abs=0.005)
    effect = truth.arms["coaching"]["effects"]
    se = math.hypot(usual["sd"], coaching["sd"]) / math.sqrt(0.88 * PEOPLE / 2)
    assert effect["earnings"] > 10 * se
    assert coaching["earnings"] - usual["earnings"] == pytest.approx(effect["earnings"], abs=4 * se)
    se = math.sqrt(0.5 / (PEOPLE / 2))
    assert effect["completed realised"] > 4 * se
    difference = coaching["completed"] - usual["completed"]
    assert difference == pytest.approx(effect["completed realised"], abs=4 * se)
    assert effect["completed realised"] == pytest.approx(effect["completed expected"], abs=2e-3)


def test_earnings_are_those_of_the_wage_records(large: tuple[Path, Truth]) -> None:
    out, _ = large
    ((different, n),) = sql(
        out,
        "SELECT count(*) FILTER (WHERE abs(outcome_earnings - coalesce(paid, 0)) > 0.005), count(*)"
        " FROM (SELECT pid, outcome_earnings, extract(year FROM entered_on) * 4"
        " + extract(quarter FROM entered_on) - 1 AS q FROM journeys WHERE outcome_earnings IS NOT"
        " NULL) AS j LEFT JOIN (SELECT w.pid, sum(amount) AS paid FROM wages AS w"
        " JOIN journeys AS j ON w.pid = j.pid AND w.quarter - (extract(year FROM"
        " entered_on) * 4 + extract(quarter"
        " FROM entered_on) - 1) BETWEEN 1 AND 4 GROUP BY 1) AS p USING (pid)",
    )
    assert n > 150_000
    assert different == 0


def test_the_lab_opens_and_the_truth_is_a_document(small: tuple[Path, Truth]) -> None:
    out, truth = small
    lab = Lab.open(out)
    assert [m.key for m in lab.milestones] == KEYS
    assert {g.key for g in lab.groups} == set(simulate.GROUPS)
    assert lab.clock.as_of == truth.settings.as_of
    assert all(v["people"] > 0 for v in truth.rates.values())
    truth.save(out / "truth.json")
    document = truth.document().parse((out / "truth.json").read_bytes())
    assert document.kind == "simulation-truth"
    assert document.body["bottleneck"]["step"] == truth.bottleneck.step
    assert document.digest == truth.document().digest


def test_numbers_out_of_range_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="0 people"):
        simulate.provider(tmp_path / "a", people=0, seed=1)
    simulate.provider(tmp_path / "b", people=1, seed=1)
    with pytest.raises(PlanError):
        simulate.provider(tmp_path / "b", people=1, seed=1)
    with pytest.raises(ValueError, match="no such event table"):
        simulate.provider(tmp_path / "c", people=1, seed=1, settings=Settings(tables=("dreams",)))


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        (Settings(gap=Shift(column="site", level="x", step="sat", points=0.1)), "no such step"),
        (Settings(trial=Trial(arms=(Arm(name="a", share=1.0),))), "two arms"),
        (
            Settings(
                trial=Trial(arms=(Arm(name="a", share=0.5, dollars=1), Arm(name="b", share=0.5)))
            ),
            "control",
        ),
        (Settings(trial=replace(simulate.COACHING, unit="town")), "by lot"),
        (Settings(entries_to=dt.date(2020, 1, 1)), "later one"),
        (Settings(steps=simulate.STEPS[:3]), "seven steps"),
    ],
)
def test_settings_that_would_not_do_what_they_say(settings: Settings, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        simulate.decided(settings, 1)


def test_declared_tests_are_of_columns_that_are_there(tmp_path: Path) -> None:
    settings = Settings(trial=simulate.COACHING, tables=())
    simulate.provider(tmp_path / "lab", people=400, seed=1, settings=settings)
    lab = Lab.open(tmp_path / "lab")
    declared = lab.sections("tests", DeclaredTest)
    assert [t.key for t in declared] == ["earnings", "employed", "completed"]
    with lab.session() as session:
        have = session.columns("journeys")
    assert {c for t in declared for c in (t.outcome, t.arm, *t.covariates)} <= set(have)
