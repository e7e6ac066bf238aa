"""The same question on DuckDB and on Apache Spark: journey, gaps, estimate and the pay cycle."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from dataclasses import astuple
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlglot import exp

from rung import cycle
from rung.discovery import churn, gaps, journey
from rung.discovery.churn import Churn, Line
from rung.discovery.journey import JourneySettings
from rung.errors import PlanError, RecordsError
from rung.finding import to_json
from rung.learning.estimate import estimate
from rung.records import engine, simulate, wages
from rung.records.engine import SparkEngine
from rung.records.lab import Group, Lab
from rung.records.query import Session, alias, name
from rung.records.wages import Coverage

pytestmark = pytest.mark.deep

LINES = [Line.dollars({0: Decimal(2500), 8088: Decimal("3000.50")}), Line.dollars(Decimal(4000))]


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkEngine]:
    if shutil.which("java") is None:
        pytest.skip("Java is not installed")
    pytest.importorskip("pyspark.sql", reason="pyspark is not installed")
    with SparkEngine("local[2]") as found:
        yield found


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    folder = tmp_path_factory.mktemp("engines") / "lab"
    simulate.provider(folder, people=1500, seed=5)
    return Lab.open(folder)


def _attached(spark: SparkEngine, lab: Lab) -> None:
    for file in sorted((lab.path / "records").glob("*.parquet")):
        spark.attach(file.stem, file)


def _alike(a: Any, b: Any) -> bool:
    """Equal, with floats to 1e-9."""
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_alike(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(_alike(x, y) for x, y in zip(a, b, strict=True))
    return bool(a == b)


def test_the_journey_and_its_gaps(lab: Lab, spark: SparkEngine) -> None:
    _attached(spark, lab)
    found = []
    with lab.session() as here:
        for each in (here, spark):
            summary = journey.summarise(
                each,
                milestones=lab.milestones,
                groups=(Group(key="gender"), Group(key="site"), Group(key="entry_quarter")),
                settings=JourneySettings(),
            )
            answers = [gaps.bottleneck(summary), journey.table(summary), gaps.largest(summary)]
            found.append([to_json(a) for a in answers if a is not None])
    assert len(found[0]) == 3
    assert _alike(*found)


@pytest.mark.parametrize("se", ["hc2", "classical"])
def test_an_estimate(tmp_path: Path, spark: SparkEngine, se: Any) -> None:
    file = tmp_path / "trial.parquet"
    with Session() as here:
        here.connection.execute(
            f"""COPY (SELECT CASE i % 2 WHEN 0 THEN 'a' ELSE 'b' END AS arm,
                  CASE WHEN i % 17 = 0 THEN NULL ELSE hash(i) % 1000 / 7.0 END AS y,
                  CAST(hash(i + 1) % 60 AS INTEGER) AS age
                FROM range(700) t(i)) TO '{file}'"""
        )
        found = []
        for each in (here, spark):
            each.attach("data", file)
            answers = estimate(
                each,
                "data",
                outcome="y",
                arm="arm",
                control="a",
                covariates=("age",),
                adjust="lin",
                se=se,
            )
            found.append([to_json(a) for a in answers])
    assert found[0][0]["kind"] == "finding"
    assert _alike(*found)


def _tallies(made: Churn) -> dict[Any, Any]:
    return {key: astuple(t) for key, t in made.tallies.items()}


def test_the_pay_cycle_of_a_lab(lab: Lab, spark: SparkEngine) -> None:
    _attached(spark, lab)
    with lab.session() as here:
        made = [
            churn.summarise(
                each, lines=LINES, window=4, journeys="journeys", groups=[Group(key="gender")]
            )
            for each in (here, spark)
        ]
    assert made[0].everyone("after").cycling > 0
    assert made[0].covered == made[1].covered
    assert _tallies(made[0]) == _tallies(made[1])


def test_pay_before_and_after(lab: Lab, spark: SparkEngine) -> None:
    _attached(spark, lab)
    origin = alias(wages.quarter_in(name("entered_on")), "origin")
    people = exp.select("pid", origin).from_("journeys")
    covered = Coverage(8086, 8102, declared=True)
    query = wages.before_after(people, covered, 4, factor={8090: Decimal("1.05")})
    with lab.session() as here:
        one, other = (sorted(e.run(query).rows, key=str) for e in (here, spark))
    assert len(one) == 1500
    assert _alike(*([[_float(v) for v in row] for row in rows] for rows in (one, other)))


def _float(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


_RECORD = st.tuples(
    st.integers(0, 3),  # who
    st.integers(8080, 8095),
    st.one_of(st.none(), st.sampled_from((-2500, -1, 0, 1, 2499, 2500, 3000, 3001, 4000, 9999))),
)


@settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(cases=st.lists(st.lists(_RECORD, min_size=1, max_size=25), min_size=60, max_size=60))
def test_any_small_records_agree(
    tmp_path: Path, spark: SparkEngine, cases: list[list[tuple[int, int, int | None]]]
) -> None:
    """Sixty small tables at a time, told apart by a case id: Spark costs a tenth of a second each.

    A case is a level of a group, so that one query answers for all of them.
    """
    file, people = tmp_path / "wages.parquet", tmp_path / "journeys.parquet"
    rows = [(f"{c}-{who}", q, a) for c, case in enumerate(cases) for who, q, a in case]
    with Session() as here:
        here.connection.execute(
            f"""COPY (SELECT unnest(CAST(? AS VARCHAR[])) AS pid,
                  unnest(CAST(? AS INTEGER[])) AS quarter,
                  unnest(CAST(? AS DECIMAL(18, 4)[])) AS amount) TO '{file}'""",
            [[r[i] for r in rows] for i in range(3)],
        )
        here.connection.execute(
            f"""COPY (SELECT pid, split_part(pid, '-', 1) AS "case",
                  DATE '2022-02-01' + INTERVAL (hash(pid) % 24) MONTH AS entered_on
                FROM (SELECT DISTINCT pid FROM '{file}')) TO '{people}'"""
        )
        made = []
        for each in (here, spark):
            each.attach("wages", file)
            each.attach("journeys", people)
            made.append(
                churn.summarise(
                    each,
                    lines=LINES,
                    window=5,
                    journeys="journeys",
                    groups=[Group(key="case")],
                    covered=Coverage(8080, 8095, declared=True),
                )
            )
    assert _tallies(made[0]) == _tallies(made[1])
    assert len(made[0].levels(Group(key="case"))) == 60


def test_any_file_becomes_a_table_of_spark(tmp_path: Path, spark: SparkEngine) -> None:
    text, database = tmp_path / "w.csv", tmp_path / "w.duckdb"
    text.write_text("pid,quarter,amount\nZQX01,8090,100.5\nZQX02,8091,7.25\n")
    with Session() as here:
        here.connection.execute(f"ATTACH '{database}' AS made")
        here.connection.execute(f"CREATE TABLE made.wages AS SELECT * FROM '{text}'")
        here.connection.execute("DETACH made")
    for file in (text, database):
        engine.attach(spark, "wages", file, tmp_path)
        total = exp.select(alias(exp.Sum(this=name("quarter")), "q")).from_("wages")
        assert spark.run(total).rows == ((16181,),)
        assert list(spark.columns("wages")) == ["pid", "quarter", "amount"]


def test_what_spark_cannot_do_is_told(tmp_path: Path, spark: SparkEngine) -> None:
    with pytest.raises(PlanError, match="no address"):
        SparkEngine("mars://nowhere")
    with pytest.raises(RecordsError):
        spark.attach("wages", tmp_path / "none.parquet")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 and nothing else")
    with pytest.raises(RecordsError):
        spark.attach("wages", tmp_path / "broken.parquet")


def test_funders_definitions(lab: Lab) -> None:
    """Every definition counts the same people on both engines, and differs for the same reasons."""
    if shutil.which("java") is None:
        pytest.skip("Java is not installed")
    pytest.importorskip("pyspark.sql", reason="pyspark is not installed")
    here, there = (
        [to_json(r.answer) for r in cycle.funders(lab, by=["gender", "race"], engine=name_)]
        for name_ in ("duckdb", "spark")
    )
    assert len(here) > 8
    assert _alike(here, there)
