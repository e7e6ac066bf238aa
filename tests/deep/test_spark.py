"""Every analysis query gives the same answer on Apache Spark: counts exactly, floats to 1e-9."""

from __future__ import annotations

import datetime as dt
import math
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from sqlglot import exp

from rung import cycle
from rung.discovery import journey, periods, wioa
from rung.discovery.journey import JourneySettings
from rung.discovery.program_year import Report
from rung.discovery.reconcile import reconcile
from rung.discovery.wioa import WioaSettings
from rung.learning.declared import run_test
from rung.learning.estimate import estimate
from rung.learning.settings import DeclaredTest
from rung.records import simulate
from rung.records.lab import Group, Lab
from rung.records.query import Session
from tests.contract.portable import faults
from tests.discovery.federal import crowd, load

pytestmark = pytest.mark.deep


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    folder = tmp_path_factory.mktemp("spark") / "lab"
    simulate.provider(folder, people=3000, seed=11)
    return Lab.open(folder)


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("trial") / "trial.parquet"
    with Session() as s:
        s.connection.execute(
            f"""COPY (SELECT CASE i % 3 WHEN 0 THEN 'a' WHEN 1 THEN 'b' ELSE 'c' END AS arm,
                  CASE WHEN i % 17 = 0 THEN NULL ELSE hash(i) % 1000 / 7.0 END AS y,
                  CAST(hash(i + 1) % 60 AS INTEGER) AS age,
                  CASE WHEN i % 19 = 0 THEN NULL ELSE hash(i + 2) % 100 / 3.0 END AS prior,
                  CASE hash(i + 3) % 3 WHEN 0 THEN 'x' WHEN 1 THEN 'y' ELSE 'z' END AS site
                FROM range(900) t(i)) TO '{file}'"""
        )
    return file


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    if shutil.which("java") is None:
        pytest.skip("Java is not installed")
    sql = pytest.importorskip("pyspark.sql", reason="pyspark is not installed")
    session = (
        sql.SparkSession.builder.master("local[2]")
        .config("spark.driver.memory", "2g")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.ansi.enabled", "true")
        .getOrCreate()
    )
    yield session
    session.stop()


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


def _same(a: Any, b: Any) -> bool:
    a, b = _plain(a), _plain(b)
    if isinstance(a, float) or isinstance(b, float):
        return a is not None and b is not None and math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)
    return bool(a == b)


def _agree(spark: Any, session: Session) -> None:
    """Run everything the session ran again on Spark and compare row by row."""
    assert session.log
    for sql in session.log:
        tree = sqlglot.parse_one(sql, dialect="duckdb")
        assert not list(faults(tree))
        if isinstance(tree, exp.Create):  # a kept table: its rows, and for later queries a view
            session.connection.execute(sql)
            view, tree = tree.this.name, tree.expression
            sql = tree.sql(dialect="duckdb")
            spark.sql(tree.sql(dialect="spark")).createOrReplaceTempView(view)
        here = session.connection.execute(sql).fetchall()
        there = [tuple(r) for r in spark.sql(tree.sql(dialect="spark")).collect()]
        assert len(here) == len(there), sql
        if tree.args.get("order") is None:  # a row a group, in whatever order
            here, there = sorted(here, key=str), sorted(there, key=str)
        for mine, theirs in zip(here, there, strict=True):
            assert all(_same(a, b) for a, b in zip(mine, theirs, strict=True)), (sql, mine, theirs)


def test_the_journey_and_the_reconciliation_agree(lab: Lab, spark: Any) -> None:
    with Session() as s:
        s.attach("journeys", lab.table("journeys"))
        spark.read.parquet(str(lab.table("journeys"))).createOrReplaceTempView("journeys")
        for cohort in (None, "2024", "FY2025"):
            journey.summarise(
                s,
                milestones=lab.milestones,
                groups=lab.groups,
                settings=JourneySettings(),
                as_of=dt.date(2025, 9, 30) if cohort else None,
                cohort=cohort,
            )
        reconcile(s, milestones=lab.milestones, milestone="completed", period="FY2025", reported=1)
        _agree(spark, s)


@pytest.mark.parametrize("adjust", ["none", "ancova", "lin"])
@pytest.mark.parametrize("se", ["hc2", "hc3", "classical"])
def test_estimates_agree(trial: Path, spark: Any, adjust: Any, se: Any) -> None:
    with Session() as s:
        s.attach("data", trial)
        spark.read.parquet(str(trial)).createOrReplaceTempView("data")
        covariates = () if adjust == "none" else ("age", "prior", "site")
        found = estimate(
            s,
            "data",
            outcome="y",
            arm="arm",
            control="a",
            covariates=covariates,
            adjust=adjust,
            se=se,
        )
        assert [f.kind for f in found] == ["finding", "finding"]
        _agree(spark, s)


def test_results_by_group_and_over_time_agree(trial: Path, spark: Any) -> None:
    test = DeclaredTest.model_validate(
        {
            "key": "y",
            "label": "Y",
            "outcome": "y",
            "arm": "arm",
            "control": "a",
            "groups": [
                {"label": "Site", "column": "site"},
                {"label": "Age", "column": "age", "cuts": [20, 40]},
            ],
            "before_after": [
                {"column": "prior", "label": "before"},
                {"column": "y", "label": "after"},
            ],
        }
    )
    with Session() as s:
        s.attach("data", trial)
        spark.read.parquet(str(trial)).createOrReplaceTempView("data")
        found = run_test(s, test, view="data")
        assert {a.kind for a in found} == {"finding", "table"}
        _agree(spark, s)


def _clock() -> dt.datetime:
    return dt.datetime(2026, 11, 22, tzinfo=dt.UTC)


def test_the_federal_indicators_agree(spark: Any, tmp_path: Path) -> None:
    """The six indicators and their medians, of thousands of made-up people, by groups."""
    groups = (Group(key="site"), Group(key="race", columns=("black", "white")))
    with Session() as s:
        load(s, crowd(4000, 2))
        file = tmp_path / "pirl.parquet"
        s.connection.execute(f"COPY pirl TO '{file}'")
        s.connection.execute("DROP TABLE pirl")
        s.attach("pirl", file)
        periods.pirl_periods(s)
        made = tmp_path / "periods.parquet"
        s.connection.execute(f"COPY periods TO '{made}'")
        s.connection.execute("DROP VIEW periods")
        s.attach("periods", made)
        spark.read.parquet(str(made)).createOrReplaceTempView("periods")
        wioa.summarise(s, Report.parse("PY2025Q4"), groups=groups)
        wioa.summarise(s, Report.parse("PY2025Q2"), groups=groups, program="youth")
        for rule in ("lower", "upper"):
            settings = WioaSettings(even_median=rule)
            wioa.summarise(s, Report.parse("PY2024Q4"), settings=settings)
        _agree(spark, s)


def test_federal_periods_are_made_alike(spark: Any, tmp_path: Path) -> None:
    """The whole way on Spark, from federal records and from a provider's own."""
    folder = tmp_path / "state"
    with Session() as s:
        load(s, crowd(1500, 3))
        (folder / "records").mkdir(parents=True)
        s.connection.execute(f"COPY pirl TO '{folder}/records/pirl.parquet'")
    (folder / "lab.toml").write_text('[lab]\nprovider = "State"\n')
    provider = tmp_path / "provider"
    simulate.provider(provider, people=800, seed=4)
    for lab, by in ((folder, ("site",)), (provider, ("gender",))):
        said = [
            cycle.wioa(lab, report="PY2024Q4", by=by, engine=engine, clock=_clock).to_json()
            for engine in ("duckdb", "spark")
        ]
        here, there = (d["answers"] for d in said)
        assert here == there
