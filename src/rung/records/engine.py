"""Where queries run: DuckDB on this machine, or Apache Spark, from one text.

    Session      DuckDB, the default: Parquet, CSV or a DuckDB database file (`records/query.py`)
    SparkEngine  Apache Spark: a local one, a cluster by its address, or the one that is running
                 already (Databricks, a Hadoop cluster's notebook)
    copy_table   a table of PostgreSQL, brought over as Parquet

An analysis asks for an `Engine` and never for one of them. Queries are trees of the portable
subset, so translating is a matter of spelling; `docs/decisions/0010-engines.md` says what differs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

import duckdb
from sqlglot import exp

from rung.errors import PlanError, Problem, RecordsError
from rung.records import read
from rung.records.importing.source import copy_to
from rung.records.query import Result, Session, Value, fill, kept, name, text, tree

if TYPE_CHECKING:
    from rung.records.lab import Lab

EngineName = Literal["duckdb", "spark"]
LOCAL = "local[2]"
_MASTER = re.compile(r"local(\[(\d+|\*)(,\d+)?\])?|yarn|(spark|k8s|sc)://\S+")
_DATABASES = {".duckdb", ".ddb", ".db"}
_TYPES = {"string": "VARCHAR", "int": "INTEGER", "timestamp_ntz": "TIMESTAMP"}


class Engine(Protocol):
    """What an analysis needs: tables by name, and rows from a tree.

    `log` has the text of every query that ran, in DuckDB's dialect whatever the engine.
    """

    log: list[str]

    @property
    def engine(self) -> str:
        """Name and version, for provenance."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def close(self) -> None:
        """Let go of files and memory."""

    def attach(self, view: str, path: Path | Iterable[Path]) -> None:
        """Make one Parquet file (or several with the same columns) a table named `view`."""

    def view(self, view: str, query: exp.Expr) -> None:
        """Name a query, so that other queries can use it as a table."""

    def keep(self, view: str, query: exp.Expr, /, **values: Value) -> None:
        """Fill and run a query once, and keep its rows as a table of this session."""

    def run(self, query: exp.Expr, /, **values: Value) -> Result:
        """Fill, run and remember a query; returns its rows."""

    def columns(self, view: str) -> dict[str, str]:
        """The columns of a table and their types (DuckDB's names), in order."""


def _plain(value: Any) -> Any:
    """Sums of whole numbers come back from Spark as decimals without places."""
    if isinstance(value, Decimal) and value.as_tuple().exponent == 0:
        return int(value)
    return value


@dataclass
class SparkEngine:
    """Apache Spark over Parquet files or a catalogue's tables.

    `master` is an address as Spark spells it (`local[2]`, `spark://host:7077`, `yarn`, `k8s://…`,
    or `sc://…` of Spark Connect). Where a Spark session runs already in this process it is used,
    whatever the address, and is left running. A table of a catalogue becomes one of ours by
    `view("wages", sqlglot.parse_one("SELECT * FROM main.ui.wages"))`.

    Raises PlanError (PLAN-spark) when Spark is not installed, not reachable or not an address.
    """

    master: str = LOCAL
    log: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not _MASTER.fullmatch(self.master):
            raise PlanError("PLAN-spark", kind="no address that Spark knows")
        try:
            from pyspark.sql import SparkSession
        except ImportError as e:
            raise PlanError("PLAN-spark", kind="PySpark is not installed") from e
        running = SparkSession.getActiveSession()
        self._ours = running is None
        self.spark: Any = running or self._started(SparkSession.builder)
        self._kept: set[str] = set()

    def _started(self, builder: Any) -> Any:
        if self.master.startswith("sc://"):
            builder = builder.remote(self.master)
        else:
            builder = builder.master(self.master)
        settings = {"spark.sql.session.timeZone": "UTC", "spark.sql.ansi.enabled": "true"}
        if self.master.startswith("local"):
            settings |= {
                "spark.driver.host": "127.0.0.1",
                "spark.driver.bindAddress": "127.0.0.1",
                "spark.driver.memory": "2g",
                "spark.sql.shuffle.partitions": "4",
                "spark.ui.enabled": "false",
                "spark.ui.showConsoleProgress": "false",
                "spark.log.level": "ERROR",
            }
        for key, value in settings.items():
            builder = builder.config(key, value)
        try:
            return builder.getOrCreate()
        except Exception as e:  # Java missing, a cluster that does not answer: many types, one news
            raise PlanError("PLAN-spark", kind="it did not start; it needs Java 17") from e

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def engine(self) -> str:
        """Name and version, for provenance."""
        return f"spark {self.spark.version}"

    def close(self) -> None:
        """Let go of kept tables, and of Spark itself when this engine started it."""
        for view in tuple(self._kept):
            self._let_go(view)
        if self._ours:
            self.spark.stop()

    def attach(self, view: str, path: Path | Iterable[Path]) -> None:
        """Make one Parquet file (or several with the same columns) a table named `view`.

        Raises RecordsError: REC-no-file, or REC-parquet when one is damaged.
        """
        paths = [path] if isinstance(path, Path) else list(path)
        missing = [p for p in paths if not p.exists()]
        if missing:
            raise RecordsError("REC-no-file", file=missing[0].name)
        try:
            made = self.spark.read.parquet(*[str(p.resolve()) for p in paths])
        except Exception as e:  # py4j and analysis errors share no base that can be imported
            raise RecordsError("REC-parquet", file=paths[0].name) from e
        made.createOrReplaceTempView(view)

    def view(self, view: str, query: exp.Expr) -> None:
        """Name a query, so that other queries can use it as a table."""
        self.spark.sql(query.sql(dialect="spark")).createOrReplaceTempView(view)

    def keep(self, view: str, query: exp.Expr, /, **values: Value) -> None:
        """Fill a query and keep its rows, computed once, when first used."""
        filled = fill(query, values)
        self.log.append(text(kept(view, filled)))
        self._let_go(view)
        self.view(view, filled)
        self.spark.catalog.cacheTable(view)
        self._kept.add(view)

    def _let_go(self, view: str) -> None:
        if view in self._kept:
            self.spark.catalog.uncacheTable(view)
            self._kept.discard(view)

    def run(self, query: exp.Expr, /, **values: Value) -> Result:
        """Fill, run and remember a query; returns its rows."""
        filled = fill(query, values)
        self.log.append(text(filled))
        found = self.spark.sql(filled.sql(dialect="spark"))
        rows = tuple(tuple(_plain(v) for v in row) for row in found.collect())
        return Result(tuple(found.columns), rows, self.log[-1])

    def columns(self, view: str) -> dict[str, str]:
        """The columns of a table and their types (DuckDB's names), in order."""
        return {c: _TYPES.get(kind, kind.upper()) for c, kind in self.spark.table(view).dtypes}


def start(kind: str = "duckdb", *, master: str = LOCAL, **settings: Any) -> Session | SparkEngine:
    """An engine by its name; `settings` are `Session`'s (memory, threads, spill).

    Raises PlanError (PLAN-engine) for a name that is none.
    """
    if kind == "duckdb":
        return Session(**settings)
    if kind == "spark":
        return SparkEngine(master)
    raise PlanError("PLAN-engine", engine=kind)


def over(lab: Lab, kind: str = "duckdb", *, master: str = LOCAL) -> Session | SparkEngine:
    """An engine with every checked table of a lab attached under its own name."""
    if kind == "duckdb":
        return lab.session()
    engine = start(kind, master=master)
    for file in sorted((lab.path / "records").glob("*.parquet")):
        engine.attach(file.stem, file)
    return engine


def attach(
    engine: Engine, view: str, path: Path, work: Path, *, table: str = "wages"
) -> tuple[Problem, ...]:
    """Make a file the table `view` of any engine, and say what was mended on the way.

    Parquet goes as it is, a folder of Parquet files as one table; of a DuckDB database file it is
    the table `table`; text and spreadsheets are typed by DuckDB and written to `work` first, which
    must outlive the engine. Raises RecordsError for what cannot be read.
    """
    parts = sorted(path.glob("*.parquet")) if path.is_dir() else []
    if parts or path.suffix.lower() in (".parquet", ".pq"):
        engine.attach(view, parts or path)
        return ()
    if isinstance(engine, Session):
        if path.suffix.lower() in _DATABASES and path.is_file():
            _attach_database(engine, view, path, table)
            return ()
        return read.attach(engine, view, path, work)
    with Session() as session:
        mended = attach(session, view, path, work, table=table)
        target = work / f"{view}.parquet"
        copy_to(session, exp.select("*").from_(exp.table_(view, quoted=True)), target)
    engine.attach(view, target)
    return mended


def _attach_database(session: Session, view: str, path: Path, table: str) -> None:
    """One table of a DuckDB database file, which is opened for reading only."""
    options = [exp.AttachOption(this=exp.var("READ_ONLY"))]
    alias = exp.alias_(exp.Literal.string(str(path)), f"{view}_file", quoted=True)
    try:
        session.execute(exp.Attach(this=alias, expressions=options))
        there = exp.table_(table, catalog=f"{view}_file", quoted=True)
        session.view(view, exp.select("*").from_(there))
    except duckdb.Error as e:
        raise RecordsError("REC-database", file=path.name, table=table) from e


# -- PostgreSQL


_POSTGRES = {
    "boolean": "BOOLEAN",
    "smallint": "SMALLINT",
    "integer": "INTEGER",
    "bigint": "BIGINT",
    "numeric": "DECIMAL(18, 4)",
    "money": "DECIMAL(18, 4)",
    "real": "DOUBLE",
    "double precision": "DOUBLE",
    "date": "DATE",
    "timestamp without time zone": "TIMESTAMP",
    "timestamp with time zone": "TIMESTAMPTZ",
}


def copy_table(address: str, table: str, target: Path, *, schema: str = "public") -> int:
    """Copy one table of PostgreSQL to Parquet, typed as it is there; returns its rows.

    `address` is a `postgresql://…` address or a libpq string; it is never logged or shown. Empty
    text stays apart from NULL. Numerics become DECIMAL(18, 4), as money is here; types that have
    no counterpart arrive as text. Everything is read in one read-only transaction.
    Raises RecordsError (REC-postgres) when there is no such server, table or right to read it.
    """
    import psycopg
    from psycopg import sql

    with TemporaryDirectory(dir=target.parent, prefix=".postgres-") as folder:
        sent = Path(folder) / "table.csv"
        try:
            with psycopg.connect(address, connect_timeout=10) as connection:
                connection.read_only = True
                types: dict[str, str] = dict(
                    connection.execute(
                        "SELECT column_name, data_type FROM information_schema.columns "
                        "WHERE table_schema = %s AND table_name = %s ORDER BY ordinal_position",
                        (schema, table),
                    ).fetchall()
                )
                if not types:
                    raise RecordsError("REC-postgres", table=table)
                query = sql.SQL("COPY {} TO STDOUT (FORMAT csv, FORCE_QUOTE *)").format(
                    sql.Identifier(schema, table)
                )
                with sent.open("wb") as out, connection.cursor().copy(query) as copy:
                    for block in copy:
                        out.write(block)
        except psycopg.Error as e:
            raise RecordsError("REC-postgres", table=table) from e
        with Session() as session:
            return _typed(session, sent, types, target)


def _typed(session: Session, sent: Path, types: dict[str, str], target: Path) -> int:
    """Write what PostgreSQL sent as Parquet. Unquoted and empty is NULL, quoted and empty is ''."""
    columns = exp.Struct(
        expressions=[
            exp.PropertyEQ(
                this=exp.to_identifier(c, quoted=True),
                expression=exp.Literal.string(_POSTGRES.get(kind, "VARCHAR")),
            )
            for c, kind in types.items()
        ]
    )
    given: dict[str, exp.Expr] = {
        "header": exp.false(),
        "delim": tree(","),
        "quote": tree('"'),
        "escape": tree('"'),
        "nullstr": tree(""),
        "allow_quoted_nulls": exp.false(),
        "auto_detect": exp.false(),
        "columns": columns,
    }
    options = [exp.EQ(this=exp.column(k), expression=v) for k, v in given.items()]
    scan = exp.Anonymous(this="read_csv", expressions=[tree(str(sent)), *options])
    return copy_to(session, exp.select(*[name(c) for c in types]).from_(scan), target)
