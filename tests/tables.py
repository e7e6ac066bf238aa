"""Small tables in: rows written as Python values, attached to a session as records."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from rung.records.query import Session


def day(text: str | None) -> dt.date | None:
    """A date from ISO text."""
    return dt.date.fromisoformat(text) if text else None


def table(
    session: Session, name: str, types: dict[str, str], rows: Sequence[Sequence[Any]]
) -> None:
    """Create `name` with columns of the given SQL types; ISO text becomes a date."""
    quoted = {c.replace('"', '""'): t for c, t in types.items()}
    columns = ", ".join(f'"{c}" {t}' for c, t in quoted.items())
    session.connection.execute(f'CREATE OR REPLACE TABLE "{name}" ({columns})')
    if rows:
        marks = ", ".join("?" for _ in types)
        session.connection.executemany(
            f'INSERT INTO "{name}" VALUES ({marks})', [list(r) for r in rows]
        )
