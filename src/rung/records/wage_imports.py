"""A lab's wage files: kept as received, declared in `lab.toml`, and read again at every import.

    [[wage_files]]
    path = "private/extract.dat"
    layout = "fixed"
    by = "ssn"

People in them are found by the lab's own key table; records of anyone else are counted and left
out.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import tomlkit
from sqlglot import exp

from rung.errors import RecordsError
from rung.records import privacy, read, wage_files
from rung.records.importing.assemble import scan, union_by_name
from rung.records.importing.source import copy_to
from rung.records.lab import Lab, Section
from rung.records.query import Session, alias, name, tree
from rung.records.wage_files import Layout, Read

TABLE = "wages"
By = Literal["ssn", "id", "pid"]


class WageFile(Section):
    """`[[wage_files]]`: a file of wage records, its layout, and by what it names people."""

    path: str
    layout: Layout
    by: By


def declared(lab: Lab) -> tuple[WageFile, ...]:
    """The wage files of a lab."""
    return lab.sections("wage_files", WageFile)


def declare(lab: Lab, paths: Sequence[str], layout: Layout | None, by: By | None) -> None:
    """Write received files into `lab.toml`; one of the same name takes the place of the old.

    Raises RecordsError when a file cannot be told.
    """
    known = {f.path: f for f in declared(lab)}
    for path in paths:
        kind = layout or wage_files.told(lab.path / path)
        named = by or _named_by(lab.path / path, kind)
        known[path] = WageFile(path=path, layout=kind, by=named)
    many = tomlkit.aot()
    for each in known.values():
        table = tomlkit.table()
        table.update(each.model_dump())
        many.append(table)
    lab.toml["wage_files"] = many
    lab.save()


def _named_by(file: Path, layout: Layout) -> By:
    """Whether a file names people by Social Security number, by our pseudonym, or by an id."""
    if layout == "fixed":
        return "ssn"
    with tempfile.TemporaryDirectory(prefix="rung-") as work, Session() as session:
        read.attach(session, "given", file, Path(work))
        have = {c.casefold() for c in session.columns("given")}
    return "pid" if "pid" in have else "id" if "id" in have else "ssn"


def write(lab: Lab, target: Path) -> Read | None:
    """Read every declared file into one table of wages, `target`; None when none is declared.

    What the files of `[[files]]` already put there stands beside it. Raises RecordsError for a file
    that cannot be read, and when the key table has nothing to know people by.
    """
    given = declared(lab)
    if not given:
        return None
    with (
        privacy.opened(lab, privacy.key(lab, make=False)) as keys,
        tempfile.TemporaryDirectory(dir=lab.path / "private", prefix=".work-") as folder,
    ):
        if keys is None:
            raise RecordsError("REC-not-imported", table="journeys")
        found: list[Read] = []
        parts: list[Path] = []
        for layout, by in dict.fromkeys((f.layout, f.by) for f in given):
            alike = [lab.path / f.path for f in given if (f.layout, f.by) == (layout, by)]
            parts.append(Path(folder) / f"part_{len(parts)}.parquet")
            found.append(wage_files.bring(alike, parts[-1], layout=layout, ids=keys, by=by))
        _together(parts, target)
    return _sum(found)


def _together(parts: Sequence[Path], target: Path) -> None:
    """One table of these, and of what is there already."""
    with Session() as session:
        files = [*parts, *([target] if target.is_file() else [])]
        scans = [exp.select("*").from_(scan(each)) for each in files]
        whole: exp.Query = scans[0]
        for each in scans[1:]:
            whole = union_by_name(whole, each)
        temporary = target.with_name(f".{target.name}.writing")
        copy_to(session, whole, temporary)
    temporary.replace(target)


def _sum(found: Iterable[Read]) -> Read:
    parts = [vars(r) for r in found]
    # people of two files by two keys may be the same: the most that one file has is a floor
    return Read(**{k: (max if k == "people" else sum)(p[k] for p in parts) for k in parts[0]})


def rows_of(lab: Lab, ids: Iterable[str]) -> dict[str, int | None]:
    """Rows of each declared file about someone known by any of these; None where unreadable."""
    wanted = [tree(i) for i in ids]
    found: dict[str, int | None] = {}
    for given in declared(lab):
        with (
            tempfile.TemporaryDirectory(dir=lab.path / "private", prefix=".work-") as folder,
            Session() as session,
        ):
            try:
                rows = wage_files.typed(
                    session, "given", lab.path / given.path, Path(folder), given.layout
                )
            except RecordsError:
                found[given.path] = None
                continue
            count = exp.select(alias(exp.Count(this=exp.Star()), "n")).from_(rows.subquery("t"))
            theirs = exp.In(this=name("id"), expressions=wanted) if wanted else exp.false()
            (n,) = session.execute(count.where(theirs)).fetchone() or (0,)
            found[given.path] = int(n)
    return found
