"""Every row of the web lab's database as text, of one moment, for any engine; and back in.

A line is one row, a JSON list in the order of the columns. Rows come back through the models as
they were at the backup's migrations, so that an older backup opens and is then brought forward.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.apps import apps as present
from django.core.management.color import no_style
from django.db import connection, models, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from rung.errors import RecordsError

APPS = ("web", "account", "mfa")  # sessions are left behind: everybody signs in again
Name = tuple[str, str]


@contextmanager
def snapshot() -> Iterator[None]:
    """One moment of the database, without holding up those who write."""
    connection.ensure_connection()
    if connection.vendor == "sqlite":
        # the usual transaction takes the writer's lock; a reader's sees one moment without it
        mode, connection.transaction_mode = connection.transaction_mode, "DEFERRED"  # type: ignore[attr-defined]
    try:
        with transaction.atomic():
            if connection.vendor == "postgresql" and not _nested():
                with connection.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield
    finally:
        if connection.vendor == "sqlite":
            connection.transaction_mode = mode  # type: ignore[attr-defined]


def _nested() -> bool:
    return bool(connection.savepoint_ids)


def _tables(apps: Any) -> dict[str, type[models.Model]]:
    found = [m for m in apps.get_models(include_auto_created=True) if m._meta.app_label in APPS]
    return {m._meta.label_lower: m for m in found if m._meta.managed and not m._meta.proxy}


def _columns(model: type[models.Model]) -> list[Any]:
    return list(model._meta.concrete_fields)


def migrations() -> list[Name]:
    """What has been done to this database, in order of name."""
    return sorted(MigrationRecorder(connection).applied_migrations())


def written() -> Iterator[tuple[str, list[str], Iterator[bytes]]]:
    """Each table's name, its columns and its rows as lines. Inside `snapshot`."""
    for label, model in sorted(_tables(present).items()):
        columns = [f.attname for f in _columns(model)]
        rows = model._base_manager.order_by("pk").values_list(*columns).iterator(2000)
        yield label, columns, (_line(row) for row in rows)


def _line(row: Sequence[Any]) -> bytes:
    return json.dumps(list(row), default=_plain, separators=(",", ":")).encode() + b"\n"


def _plain(value: Any) -> str:
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(bytes(value)).decode()
    raise TypeError(f"a row holds a {type(value).__name__}")


def load(
    done: Iterable[Name],
    columns: Mapping[str, Sequence[str]],
    lines: Callable[[str], Iterator[bytes]],
) -> int:
    """Put rows into a database without people, at the migrations they had; how many there are.

    RecordsError when they come from a newer Rung, or the database is not empty.
    """
    executor = MigrationExecutor(connection)
    graph, wanted = executor.loader.graph, set(done)
    if not {n for n in wanted if n[0] in APPS} <= set(graph.nodes):
        raise RecordsError("REC-web-newer")
    if "web_user" in connection.introspection.table_names():
        model = present.get_model("web", "User")
        if model._base_manager.exists():
            raise RecordsError("REC-web-database-full")
    wanted &= set(graph.nodes)
    before = {p.key for n in wanted for p in graph.node_map[n].parents if p.key[0] == n[0]}
    leaves = sorted(wanted - before)
    executor.migrate(leaves)
    then = _tables(executor.loader.project_state(leaves).apps)
    count = 0
    with transaction.atomic():
        for label, names in columns.items():
            count += _filled(then[label], names, lines(label))
        connection.check_constraints()
        _sequences(list(then.values()))
    return count


def _filled(model: type[models.Model], names: Sequence[str], lines: Iterator[bytes]) -> int:
    fields = {f.attname: f for f in _columns(model)}
    count, batch = 0, list[models.Model]()
    for line in lines:
        row = dict(zip(names, json.loads(line), strict=True))
        batch.append(model(**{name: fields[name].to_python(row[name]) for name in names}))
        if len(batch) == 500:
            model._base_manager.bulk_create(batch)
            count, batch = count + len(batch), []
    model._base_manager.bulk_create(batch)
    return count + len(batch)


def _sequences(tables: list[type[models.Model]]) -> None:
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), tables):
            cursor.execute(statement)
