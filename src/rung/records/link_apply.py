"""Links put to use: the number that another file has for someone goes into the lab's key table.

A provider's list may have no Social Security number, and a partner's file that has one no id of the
provider's. Once a person decided who is who, the other file's number stands in the encrypted key
table beside the person (`linked_ssn` or `linked_id`), and wage files find them by it. Nothing of
the checked tables changes by itself, and what a link gave is told apart from what the provider
sent: applied again after another decision, the column is made anew.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlglot import exp

from rung.documents import file_digest
from rung.errors import PlanError, RecordsError
from rung.records import link_review, privacy, read
from rung.records.files.reshape import key, numbered
from rung.records.importing.source import copy_to
from rung.records.intake import open_source
from rung.records.lab import Lab
from rung.records.mapping import FileMap
from rung.records.query import Session, alias, name
from rung.records.wage_imports import By

_CALLED: Mapping[By, tuple[str, ...]] = {
    "ssn": ("ssn", "socialsecuritynumber", "social"),
    "id": ("id", "clientid", "participantid", "personid", "recordid"),
}


@dataclass(frozen=True)
class Applied:
    """How many people have a number by a link now, by which one, and links that gave none.

    `twice` links share a row with another link; `unknown` are of rows that are in no checked table,
    and `without` of rows of the other file that have no number.
    """

    linked: int
    by: By
    twice: int
    unknown: int
    without: int


def apply(lab: Lab, ours: Path, theirs: Path, day: dt.date) -> Applied:
    """Write the numbers of `theirs` for everyone of `ours` who is linked to it now.

    `ours` is a file that the lab received. Raises RecordsError: REC-no-document when the two were
    never linked with this lab, REC-link-ours when the lab does not have the first file,
    REC-no-column when the second has no number.
    """
    files = [file_digest(ours), file_digest(theirs)]
    proposal = lab.store.get(link_review.PROPOSAL, link_review.named(files))
    said = link_review.standing_for(lab.store, proposal)
    same = [(int(p[1]), int(p[2])) for p in proposal.body["pairs"] if said.get(p[0]) == "same"]
    sides = Counter([("a", a) for a, _ in same] + [("b", b) for _, b in same])
    sure = [(a, b) for a, b in same if sides["a", a] == 1 and sides["b", b] == 1]
    with tempfile.TemporaryDirectory(dir=lab.path / "private", prefix=".work-") as folder:
        work = Path(folder)
        ids = _ids(lab, files[0], ours.name, work, day)
        by, numbers = _numbers(theirs, work)
        known = _people(lab)
        found: dict[str, str] = {}
        unknown = without = 0
        for a, b in sure:
            pid = known.get(ids.get(a) or "")
            number = numbers.get(b)
            unknown += pid is None
            without += pid is not None and not number
            if pid and number:
                found[pid] = number
        _keep(lab, f"linked_{by}", found)
    return Applied(len(found), by, len(same) - len(sure), unknown, without)


def _ids(lab: Lab, digest: str, called: str, work: Path, day: dt.date) -> dict[int, str]:
    """The id on each row of the lab's file with this digest."""
    for i, given in enumerate(lab.sections("files", FileMap)):
        path = lab.path / given.path
        if not path.is_file() or lab.digest(path) != digest:
            continue
        with Session(spill=work / "spill") as session:
            try:
                source = open_source(
                    session, path, given, lab.milestones, work, number=i, today=day
                )
            except PlanError:
                continue
            if source.id is None:
                continue
            rows = exp.select(name("_row"), alias(source.id, "id")).from_(source.table)
            return {int(r): str(v) for r, v in session.execute(rows).fetchall() if v is not None}
    raise RecordsError("REC-link-ours", file=called)


def _numbers(path: Path, work: Path) -> tuple[By, dict[int, str]]:
    """The number on each row of the other file: a Social Security number, else an id."""
    (sheet, *_) = read.open_sheets(path, work)
    columns = {key(c): c for c in sheet.columns}
    for by, called in _CALLED.items():
        column = next((columns[c] for c in called if c in columns), None)
        if column is None:
            continue

        def use(one: read.Sheet, column: str = column) -> list[tuple[int, str | None]]:
            with Session() as session:
                wanted = exp.select(name("_row"), exp.cast(name(column), "VARCHAR"))
                return session.execute(wanted.from_(numbered(one).subquery("t"))).fetchall()

        rows = read.either(sheet, work, use)
        told = {int(r): (v or "").strip() for r, v in rows}
        if by == "ssn":
            told = {r: "".join(c for c in v if c.isdigit()) for r, v in told.items()}
        return by, {r: v for r, v in told.items() if v}
    raise RecordsError("REC-no-column", table=path.name, column="ssn")


def _people(lab: Lab) -> dict[str, str]:
    """Pseudonyms by the id that the provider's files use."""
    with privacy.opened(lab, privacy.key(lab, make=False)) as keys, Session() as session:
        if keys is None:
            raise RecordsError("REC-not-imported", table="journeys")
        session.attach("keys", keys)
        rows = session.execute(exp.select(name("id"), name("pid")).from_("keys")).fetchall()
    return {str(ident): str(pid) for ident, pid in rows if ident is not None}


def _keep(lab: Lab, column: str, numbers: Mapping[str, str]) -> None:
    """Make one column of the key table anew."""
    secret = privacy.key(lab, make=False)
    with privacy.opened(lab, secret) as plain, Session() as session:
        if plain is None:
            return
        session.attach("keys", plain)
        kept = [c for c in session.columns("keys") if c != column]
        session.connection.execute("CREATE TABLE linked (pid VARCHAR, number VARCHAR)")
        if numbers:
            session.connection.executemany(
                "INSERT INTO linked VALUES (?, ?)", [list(item) for item in numbers.items()]
            )
        same = exp.EQ(this=name("pid", "keys"), expression=name("pid", "linked"))
        rows = exp.select(
            *(alias(name(c, "keys"), c) for c in kept), alias(name("number", "linked"), column)
        )
        rows = rows.from_("keys").join("linked", on=same, join_type="left")
        fresh = plain.with_name("linked.parquet")
        copy_to(session, rows, fresh)
        privacy.encrypt(fresh, privacy.keys_file(lab), secret)
