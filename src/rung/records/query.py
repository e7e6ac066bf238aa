"""Queries: SQL files, filled in on the parsed tree, run where the records are, remembered.

A query is a file beside the module that uses it (`discovery/sql/journey.sql`), written in the
portable subset of DuckDB's dialect. `$name` placeholders stand for identifiers (`Name`), lists of
anything, literals (Python values) or trees (`sqlglot.exp`); an empty list drops its clause. Text
is never pasted together. Every query that ran is kept on its session, for provenance.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import numpy as np
import sqlglot
from numpy.typing import NDArray
from sqlglot import exp

from rung.errors import RecordsError

DIALECT = "duckdb"
MEMORY = "1500MB"  # that DuckDB may hold; past it, work spills to disk


class Name(NamedTuple):
    """An identifier, always quoted: a column, or a column of a table."""

    column: str
    table: str | None = None


Plain = str | int | float | bool | Decimal | dt.date | None
Value = Plain | Name | exp.Expr | Sequence["Plain | Name | exp.Expr"]


def tree(value: Plain | Name | exp.Expr) -> exp.Expr:
    """One placeholder's value as a tree."""
    if isinstance(value, exp.Expr):
        return value.copy()
    if isinstance(value, Name):
        return exp.column(
            exp.to_identifier(value.column, quoted=True),
            table=exp.to_identifier(value.table, quoted=True) if value.table else None,
        )
    if isinstance(value, bool):
        return exp.Boolean(this=value)
    if isinstance(value, dt.date):
        return exp.cast(exp.Literal.string(value.isoformat()), "DATE")
    if isinstance(value, float):
        # repr is the shortest text that reads back as the same double; the sign apart, because
        # sqlglot spells a negative number without its exponent, hundreds of zeros long
        size: exp.Expr = exp.Literal.number(repr(abs(value)))
        return exp.cast(size if value >= 0 else exp.Neg(this=size), "DOUBLE")
    if isinstance(value, Decimal):
        return exp.Literal.number(str(value))
    return exp.convert(value)


def name(column: str, table: str | None = None) -> exp.Expr:
    """A quoted column as a tree, for select lists that are built."""
    return tree(Name(column, table))


def as_double(node: exp.Expr) -> exp.Expr:
    """CAST(node AS DOUBLE): the portable subset wants it before division and sums of doubles."""
    return exp.cast(node.copy(), "DOUBLE")


def alias(node: exp.Expr, label: str) -> exp.Expr:
    """`node AS "label"`."""
    return exp.alias_(node, label, quoted=True)


@cache
def _parsed(package: str, query: str) -> exp.Expr:
    text = resources.files(package).joinpath("sql", f"{query}.sql").read_text("utf-8")
    return sqlglot.parse_one(text, dialect=DIALECT)


def load(package: str, query: str) -> exp.Expr:
    """The query in `<package>/sql/<query>.sql`, parsed; a fresh copy each time."""
    return _parsed(package, query).copy()


def _drop(node: exp.Expr) -> None:
    """Remove a clause whose list is empty: GROUP BY, ORDER BY, a select item, or a condition."""
    parent: Any = node.parent
    if isinstance(parent, exp.Ordered):
        node, parent = parent, parent.parent
    if isinstance(parent, (exp.Group, exp.Order)):
        node.pop()
        if not parent.expressions:
            parent.pop()
        return
    if isinstance(parent, exp.Select):
        node.pop()
        return
    while parent is not None and not isinstance(node, exp.Predicate):
        node, parent = parent, parent.parent
    if isinstance(parent, exp.Connector):
        other = parent.right if parent.left is node else parent.left
        parent.replace(other.pop())
    elif isinstance(parent, (exp.Where, exp.Having)):
        parent.pop()
    else:
        node.replace(exp.true())


def fill(query: exp.Expr, values: Mapping[str, Value]) -> exp.Expr:
    """Fill `$name` placeholders on a copy of the tree.

    Raises KeyError for a placeholder without a value and for a value without a placeholder:
    an argument that a query does not use is a mistake.
    """
    query = query.copy()
    used: set[str] = set()
    for holder in list(query.find_all(exp.Placeholder)):
        key = holder.this
        value = values[key]
        used.add(key)
        parent = holder.parent
        if isinstance(parent, exp.Table) and isinstance(value, Name):
            holder.replace(exp.to_identifier(value.column, quoted=True))
        elif isinstance(value, Sequence) and not isinstance(value, (str, Name)):
            many = [tree(v) for v in value]
            if not many:
                _drop(holder)
            elif isinstance(parent, exp.Ordered):
                parent.replace([_ordered(parent, v) for v in many])
            else:
                holder.replace(many)
        else:
            holder.replace(tree(value))
    unused = set(values) - used
    if unused:
        raise KeyError(f"the query has no place for {sorted(unused)}")
    return query


def _ordered(like: exp.Ordered, value: exp.Expr) -> exp.Expr:
    each = like.copy()
    each.set("this", value)
    return each


def text(query: exp.Expr, dialect: str = DIALECT, *, copy: bool = True) -> str:
    """The query as SQL text of a dialect; without `copy` its tree is used up by being written."""
    return query.sql(dialect=dialect, pretty=True, copy=copy)


def kept(view: str, query: exp.Expr) -> exp.Create:
    """The statement that keeps a query's rows as a table."""
    return exp.Create(
        this=exp.table_(view, quoted=True), kind="TABLE", replace=True, expression=query
    )


@dataclass(frozen=True)
class Result:
    """What a query gave: column names and rows of Python values."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    sql: str

    def dicts(self) -> list[dict[str, Any]]:
        """Each row as a dict."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    def one(self) -> dict[str, Any]:
        """The only row; ValueError when there is not exactly one."""
        (row,) = self.rows
        return dict(zip(self.columns, row, strict=True))

    def column(self, which: str) -> list[Any]:
        """One column's values."""
        at = self.columns.index(which)
        return [row[at] for row in self.rows]


@dataclass
class Session:
    """A DuckDB connection over files of records; the only place where SQL runs.

    `memory` bounds DuckDB (past it, work spills to `spill`). Queries that ran are in `log`.
    """

    memory: str = MEMORY
    threads: int | None = None
    spill: Path | None = None
    log: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        settings: dict[str, str | bool | int | float | list[str]] = {"memory_limit": self.memory}
        if self.threads:
            settings["threads"] = self.threads
        if self.spill:
            settings["temp_directory"] = str(self.spill)
        self.connection = duckdb.connect(":memory:", config=settings)
        # standard output belongs to the caller: one document under --json, and nothing else
        self.connection.execute("SET enable_progress_bar = false")
        self.connection.execute("SET autoinstall_known_extensions = false")
        self.connection.execute("SET autoload_known_extensions = false")

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def engine(self) -> str:
        """What runs the queries, for provenance."""
        return f"duckdb {duckdb.__version__}"

    def close(self) -> None:
        """Let go of files and memory."""
        self.connection.close()

    def attach(self, view: str, path: Path | Iterable[Path]) -> None:
        """Make one Parquet file (or several with the same columns) a table named `view`.

        Raises RecordsError: REC-no-file, or REC-parquet when one is damaged.
        """
        paths = [path] if isinstance(path, Path) else list(path)
        missing = [p for p in paths if not p.exists()]
        if missing:
            raise RecordsError("REC-no-file", file=missing[0].name)
        scan = exp.func("read_parquet", exp.Array(expressions=[tree(str(p)) for p in paths]))
        try:
            self.view(view, exp.select("*").from_(scan))
        except duckdb.Error as e:
            raise RecordsError("REC-parquet", file=paths[0].name) from e

    def view(self, view: str, query: exp.Expr) -> None:
        """Name a query, so that other queries can use it as a table."""
        made = exp.Create(
            this=exp.table_(view, quoted=True),
            kind="VIEW",
            replace=True,
            expression=query,
        )
        self.execute(made)

    def keep(self, view: str, query: exp.Expr, /, **values: Value) -> None:
        """Fill and run a query once, and keep its rows as a table of this session."""
        sql = text(kept(view, fill(query, values)), copy=False)
        self.log.append(sql)
        self.connection.execute(sql)

    def execute(self, query: exp.Expr) -> duckdb.DuckDBPyConnection:
        """Run a tree without remembering it: for set-up, and for copying to files."""
        return self.connection.execute(query.sql(dialect=DIALECT))

    def run(self, query: exp.Expr, /, **values: Value) -> Result:
        """Fill, run and remember a query; returns its rows."""
        sql = text(fill(query, values), copy=False)
        self.log.append(sql)
        cursor = self.connection.execute(sql)
        columns = tuple(d[0] for d in cursor.description or ())
        return Result(columns, tuple(cursor.fetchall()), sql)

    def arrays(self, query: exp.Expr, /, **values: Value) -> dict[str, NDArray[Any]]:
        """Fill, run and remember a query of numbers, none missing; returns its columns."""
        sql = text(fill(query, values), copy=False)
        self.log.append(sql)
        found = self.connection.execute(sql).fetchnumpy()
        return {column: np.asarray(each) for column, each in found.items()}

    def columns(self, view: str) -> dict[str, str]:
        """The columns of a table and their types, in order."""
        rows = self.connection.execute(
            exp.Describe(this=exp.table_(view, quoted=True)).sql(dialect=DIALECT)
        ).fetchall()
        return {row[0]: row[1] for row in rows}
