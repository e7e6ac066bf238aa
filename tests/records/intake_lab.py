"""A small lab for the tests of the import: text files in, tables out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tomlkit

from rung.records import intake
from rung.records.intake import Imported
from rung.records.lab import Lab

TODAY = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
STEPS = ("applied", "enrolled", "completed")


def now() -> dt.datetime:
    return TODAY


def csv(rows: Sequence[Sequence[str]]) -> str:
    quoted = [",".join('"' + c.replace('"', '""') + '"' for c in row) for row in rows]
    return "\r\n".join(quoted) + "\r\n"


def lab(
    path: Path,
    files: Mapping[str, str],
    maps: Sequence[Mapping[str, Any]],
    *,
    steps: Sequence[str] = STEPS,
    more: Mapping[str, Any] | None = None,
) -> Lab:
    """A lab with these files in `private/` and these `[[files]]`."""
    toml = tomlkit.document()
    toml["lab"] = {"provider": "Test"}
    toml["milestones"] = [{"key": k, "label": k.capitalize()} for k in steps]
    toml["files"] = [dict(m) for m in maps]
    for section, values in (more or {}).items():
        toml[section] = values
    made = Lab.create(path, toml)
    for name, text in files.items():
        (path / "private" / name).write_text(text, "utf-8")
    return made


WIDE: Mapping[str, str] = {
    "ID": "id",
    "Name": "private.full_name",
    "DOB": "participants.birth_date",
    "Applied": "milestones.applied",
    "Enrolled": "milestones.enrolled",
    "Completed": "milestones.completed",
    "Gender": "participants.gender",
    "Site": "enrolments.site",
}


def wide(path: Path, rows: Sequence[Sequence[str]], **more: Any) -> Lab:
    """A lab of one wide file; cells in the order of `WIDE`, short rows filled with blanks."""
    header = list(WIDE)
    filled = [[*row, *[""] * (len(header) - len(row))] for row in rows]
    return lab(
        path,
        {"people.csv": csv([header, *filled])},
        [{"path": "private/people.csv", "columns": WIDE, **more.pop("map", {})}],
        **more,
    )


def bring(made: Lab) -> Imported:
    return intake.bring(made, clock=now)


def rows(made: Lab, table: str, *columns: str, order: str = "_row") -> list[tuple[Any, ...]]:
    """Some columns of a checked table."""
    listed = ", ".join(f'"{c}"' for c in columns)
    with made.session() as session:
        return session.connection.execute(
            f'SELECT {listed} FROM "{table}" ORDER BY {order}'
        ).fetchall()


def found(imported: Imported) -> dict[tuple[str, str | None], tuple[int | None, tuple[int, ...]]]:
    """Problems by code and column: rows, first rows."""
    return {(p.code, p.column): (p.rows, p.first_rows) for p in imported.problems}
