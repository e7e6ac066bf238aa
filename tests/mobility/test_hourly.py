"""Hourly wages with bounds, and quality jobs, against lists of jobs worked through by hand."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rung.errors import PlanError
from rung.finding import Counts, Refusal, Table
from rung.mobility import hourly
from rung.mobility.area import Distribution, Percentiles
from rung.mobility.settings import LadderSettings
from rung.records.query import Session
from rung.share.release import Inside, Outside, release
from rung.share.say import words
from rung.stats.intervals import bounded_mean, normal_quantile
from tests.tables import table

WAGES = Percentiles((10, 25, 50, 75, 90), tuple(map(Decimal, ("12", "15", "20", "30", "45"))))
AREA = Distribution("hourly", {("", 0, 0, 200): WAGES})
ENTERED = dt.date(2024, 3, 1)
JOBS: Sequence[tuple[Any, ...]] = (
    # before entry the last one counts, after it the first; of two on one day the better paid
    ("a", dt.date(2022, 1, 1), 50, 40, True),
    ("a", dt.date(2023, 6, 1), 11, 20, False),
    ("a", dt.date(2024, 9, 1), 20, 40, True),
    ("a", dt.date(2024, 11, 1), 60, 40, True),
    ("b", dt.date(2023, 1, 1), 15, 40, None),
    ("b", ENTERED, 25, 40, None),
    ("c", dt.date(2024, 5, 1), 18, 40, False),
    ("c", dt.date(2024, 5, 1), 30, 40, False),
    ("d", None, 30, 40, True),
    ("e", dt.date(2024, 5, 1), None, 40, True),
)
CHECKS: Sequence[tuple[Any, ...]] = (
    ("a", 90, dt.date(2024, 12, 1), 45),
    ("a", 90, dt.date(2024, 12, 9), 20),
    ("b", 90, dt.date(2024, 6, 1), None),
)
SETTINGS = LadderSettings.model_validate(
    {"quality_job": {"wage": 18, "hours_week": 30, "benefits": ["health_insurance"]}}
)


def load(session: Session) -> None:
    table(
        session,
        "journeys",
        {"pid": "VARCHAR", "entered_on": "DATE", "period": "SMALLINT"},
        [(p, ENTERED, 1) for p in "abcde"] + [("a", dt.date(2025, 1, 1), 2), ("f", None, 1)],
    )
    jobs = {"pid": "VARCHAR", "start_on": "DATE", "hourly_wage": "DECIMAL(18,4)",
            "hours_week": "DECIMAL(18,4)", "health_insurance": "BOOLEAN"}  # fmt: skip
    table(session, "employment", jobs, JOBS)
    checks = {"pid": "VARCHAR", "due_days": "INTEGER", "contacted_on": "DATE",
              "hourly_wage": "DECIMAL(18,4)"}  # fmt: skip
    table(session, "follow_ups", checks, CHECKS)


def found(session: Session, work: Path, **more: Any) -> hourly.Hourly:
    asked: dict[str, Any] = {
        "people": "journeys", "jobs": "employment", "checks": "follow_ups", "distribution": AREA,
    }  # fmt: skip
    return hourly.summarise(session, SETTINGS, work, **(asked | more))


def test_by_hand(tmp_path: Path) -> None:
    with Session(threads=1) as session:
        load(session)
        got = found(session, tmp_path)
    before, start, check = (got.stood["", m] for m in ("before", "start", "90"))
    # a: 11 lies below the 10th percentile, anywhere from 0 to 10; b: 15 is the 25th
    assert (before.n, before.low, before.high) == (2, 25, 35)
    # a: 20 is the 50th; b: 25 half-way to the 75th; c: 30, the better paid of the two
    assert (start.n, start.low, start.high) == (3, 50 + 62.5 + 75, 50 + 62.5 + 75)
    assert (check.n, check.low) == (1, 50)  # the last word
    climb = got.climbed["", "start"]
    assert (climb.n, climb.low, climb.high) == (2, 40 + 37.5, 50 + 37.5)
    # before, both wages are too low; after, of b's job it is not known whether it insures
    assert got.good == {("", "before"): (2, 0), ("", "start"): (2, 1)}


def test_arm_by_arm_beside_the_comparison(tmp_path: Path) -> None:
    arms = {"arm": "offered", "control": "no", "arms": {"yes": "Offered", "no": "Not offered"}}
    settings = LadderSettings.model_validate({**SETTINGS.model_dump(), **arms})
    people = [("a", "yes"), ("b", "no"), ("c", "yes"), ("d", "no"), ("e", None)]
    with Session(threads=1) as session:
        load(session)
        table(
            session,
            "journeys",
            {"pid": "VARCHAR", "entered_on": "DATE", "period": "SMALLINT", "offered": "VARCHAR"},
            [(p, ENTERED, 1, arm) for p, arm in people],
        )
        alone = found(session, tmp_path)
        got = hourly.summarise(
            session, settings, tmp_path,
            people="journeys", jobs="employment", checks="follow_ups", distribution=AREA,
        )  # fmt: skip
    assert got.arms == ("yes", "no")
    # of a and c, who were offered, and of b, who was not
    assert [(got.stood[k].n, got.stood[k].low) for k in (("yes", "start"), ("no", "start"))] == [
        (2, 50 + 75), (1, 62.5),
    ]  # fmt: skip
    for moment in ("before", "start"):
        both = [got.stood[arm, moment] for arm in got.arms]
        assert sum(b.high for b in both) == alone.stood["", moment].high
    stood, climbed, good = hourly.answers(got)
    assert isinstance(stood, Table)
    assert [(r["when"], r["arm"]) for r in stood.rows][2:4] == [
        ("at the start of the first job after entry", "Offered"),
        ("at the start of the first job after entry", "Not offered"),
    ]
    assert stood.counts == Counts(3)
    assert isinstance(climbed, Table)
    assert isinstance(good, Table)
    assert [(r["arm"], r["n"], r["good"]) for r in good.rows] == [
        ("Offered", 1, 0), ("Not offered", 1, 0), ("Offered", 2, 1),
    ]  # fmt: skip
    for language in ("en", "es"):
        for one in release((stood, climbed, good), Inside()):
            assert "Not offered" in words(one, language)


def test_a_wage_too_low_decides_without_the_rest(tmp_path: Path) -> None:
    with Session(threads=1) as session:
        load(session)
        table(
            session,
            "employment",
            {"pid": "VARCHAR", "start_on": "DATE", "hourly_wage": "DECIMAL(18,4)",
             "hours_week": "DECIMAL(18,4)", "health_insurance": "BOOLEAN"},
            [("a", ENTERED, 12, None, None), ("b", ENTERED, 22, None, True)],
        )  # fmt: skip
        assert found(session, tmp_path, checks=None).good == {("", "start"): (1, 0)}


def test_what_it_tells_and_what_it_refuses(tmp_path: Path) -> None:
    with Session(threads=1) as session:
        load(session)
        whole = hourly.answers(found(session, tmp_path))
        nothing = hourly.answers(found(session, tmp_path, jobs=None))
        with pytest.raises(PlanError):
            hourly.summarise(
                session,
                LadderSettings.model_validate({"quality_job": {"wage": 1, "benefits": ["ZQX"]}}),
                tmp_path,
                people="journeys", jobs="employment", checks=None, distribution=None,
            )  # fmt: skip
    assert [a.name for a in whole if isinstance(a, Table)] == [
        "ladder-hourly", "ladder-hourly-climb", "ladder-quality",
    ]  # fmt: skip
    codes = [a.code for a in nothing if isinstance(a, Refusal)]
    assert codes == ["ANS-no-hourly", "ANS-no-quality-job"]
    for audience in (Inside(), Outside()):
        for one in release((*whole, *nothing), audience):
            assert all("None" not in words(one, language) for language in ("en", "es"))


@pytest.mark.parametrize("level", [0.9, 0.95])
def test_the_range_of_bounds(level: float) -> None:
    """Bounds that meet have the ordinary range; far apart each end has the one-sided quantile."""
    two = normal_quantile(level)
    assert bounded_mean(5, 2, 5, 2, level) == pytest.approx((5 - 2 * two, 5 + 2 * two))
    one = normal_quantile(2 * level - 1)
    assert bounded_mean(0, 1, 50, 1, level) == pytest.approx((-one, 50 + one), abs=1e-6)
    low, high = bounded_mean(0, 1, 1, 1, level)
    c = -low
    inside = math.erf((c + 1) / math.sqrt(2)) / 2 + math.erf(c / math.sqrt(2)) / 2
    assert inside == pytest.approx(level, abs=1e-9)
    assert high == pytest.approx(1 + c)
    with pytest.raises(ValueError, match="bound"):
        bounded_mean(2, 1, 1, 1)
