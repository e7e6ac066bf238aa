"""Forgetting a person: out of the checked tables, the key table and Rung's own private files.

What is left is the digest of the pseudonym, as a document of kind `forgotten`: it says nothing of
the person, and lets every later import set their rows aside. The files that were received are
never changed, so that they stay proof of what was sent; they are counted, for whoever sent them.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlglot import exp

from rung.documents import Document
from rung.errors import PlanError, RecordsError
from rung.records import link_review, privacy, wage_imports
from rung.records.check import Records
from rung.records.importing import duplicates, sheets_out
from rung.records.importing.source import copy_to
from rung.records.intake import open_source
from rung.records.lab import Lab
from rung.records.mapping import FileMap
from rung.records.query import Session, name, tree


@dataclass(frozen=True)
class Known:
    """Someone of the lab: the pseudonym, and every id under which the files have them."""

    pid: str
    ids: tuple[str, ...]


def find(lab: Lab, person: str) -> Known:
    """Who has this id, as the files write it (or this pseudonym).

    Raises RecordsError: REC-forget-unknown when nobody has, REC-forget-several when two do.
    """
    with privacy.opened(lab, privacy.key(lab, make=False)) as keys, Session() as session:
        if keys is None:
            raise RecordsError("REC-forget-unknown")
        session.attach("keys", keys)
        wanted = exp.Anonymous(this="nfc_normalize", expressions=[tree(person.strip())])
        same = [exp.EQ(this=name(c), expression=wanted.copy()) for c in ("id", "pid")]
        rows = session.execute(
            exp.select(name("pid"), name("id")).from_("keys").where(exp.or_(*same))
        ).fetchall()
    if not rows:
        raise RecordsError("REC-forget-unknown")
    if len(rows) > 1:
        raise RecordsError("REC-forget-several", n=len(rows))
    ((pid, ident),) = rows
    return Known(pid, tuple(dict.fromkeys((ident, *_other_ids(lab, ident)))) if ident else ())


def _other_ids(lab: Lab, ident: str) -> Iterator[str]:
    """Ids that staff said are the same person's."""
    review = lab.path / "private" / "duplicates.xlsx"
    decided = duplicates.read_decisions(review)
    groups: dict[str, list[str]] = {}
    for key, kind, row in duplicates.read_review(review):
        if kind == "two ids" and decided.get(key) == duplicates.SAME:
            groups.setdefault(key, []).append(str(row.get("Id") or ""))
    for ids in groups.values():
        if ident in ids:
            yield from filter(None, ids)


def holding(lab: Lab, known: Known) -> Mapping[str, int]:
    """Rows about the person, by checked table; tables without any are left out."""
    found = {}
    with lab.session() as session:
        for path in sorted((lab.path / "records").glob("*.parquet")):
            if "pid" not in session.columns(path.stem):
                continue
            count = exp.select(exp.Count(this=exp.Star())).from_(exp.table_(path.stem, quoted=True))
            theirs = exp.EQ(this=name("pid"), expression=tree(known.pid))
            (n,) = session.execute(count.where(theirs)).fetchone() or (0,)
            if n:
                found[path.stem] = int(n)
    return found


def received(lab: Lab, known: Known, day: dt.date) -> Mapping[str, int | None]:
    """Rows about the person in each received file; None for one that cannot be read.

    A file that is read twice (two tabs) counts the rows of both.
    """
    digits = lab.section("records", Records).id_digits
    found: dict[str, int | None] = {}
    with (
        tempfile.TemporaryDirectory(dir=lab.path / "private", prefix=".work-") as folder,
        Session(spill=Path(folder) / "spill") as session,
    ):
        for i, given in enumerate(lab.sections("files", FileMap)):
            try:
                source = open_source(
                    session, lab.path / given.path, given, lab.milestones, Path(folder),
                    number=i, today=day,
                )  # fmt: skip
            except (PlanError, RecordsError):
                found[given.path] = None
                continue
            source.id_digits = digits
            if source.id is None:
                found.setdefault(given.path, 0)
                continue
            count = exp.select(exp.Count(this=exp.Star())).from_(source.table)
            theirs = exp.In(this=source.id, expressions=[tree(i) for i in known.ids])
            (n,) = session.execute(count.where(theirs)).fetchone() or (0,)
            before = found.get(given.path, 0)
            found[given.path] = None if before is None else before + int(n)
    sent = privacy.people(lab, [known.pid]).get(known.pid, {})
    found |= wage_imports.rows_of(lab, _numbers(known, sent))
    federal = lab.toml.unwrap().get("pirl", {}).get("file")
    if federal and lab.table("pirl").is_file():  # whose table has a row for each of the file
        found[str(federal)] = holding(lab, known).get("pirl", 0)
    return found


def linked(lab: Lab, known: Known, day: dt.date) -> Mapping[str, int | None]:
    """Pairs of the person taken out of link reviews in the lab; see `link_review.forget`."""
    if not lab.store.names(link_review.PROPOSAL):
        return {}
    rows: dict[str, list[int]] = {}
    with (
        tempfile.TemporaryDirectory(dir=lab.path / "private", prefix=".work-") as folder,
        Session(spill=Path(folder) / "spill") as session,
    ):
        for i, given in enumerate(lab.sections("files", FileMap)):
            try:
                source = open_source(
                    session, lab.path / given.path, given, lab.milestones, Path(folder),
                    number=i, today=day,
                )  # fmt: skip
            except (PlanError, RecordsError):
                continue
            if source.id is None:
                continue
            theirs = exp.In(this=source.id, expressions=[tree(i) for i in known.ids])
            found = session.execute(exp.select(name("_row")).from_(source.table).where(theirs))
            mine = rows.setdefault(lab.digest(lab.path / given.path), [])
            mine += [int(row) for (row,) in found.fetchall()]
    return link_review.forget(lab.store, lab.path, rows)


def _numbers(known: Known, sent: Mapping[str, str | None]) -> list[str]:
    """Every name under which a wage file may have them."""
    digits = "".join(c for c in sent.get("ssn") or "" if c.isdigit())
    return [n for n in (known.pid, *known.ids, digits) if n]


def remove(lab: Lab, known: Known, tables: Sequence[str], day: dt.date) -> None:
    """Take the person out of these tables and of the private side.

    The mark for later imports comes first and the key table last: stopped half-way, it can simply
    be done again.
    """
    mark = privacy.mark(known.pid)
    body = {"digest": mark, "on": day.isoformat()}
    lab.store.put(mark[:40], Document(privacy.FORGOTTEN, 1, body))
    secret = privacy.key(lab, make=False)
    work = tempfile.TemporaryDirectory(dir=lab.path / "private", prefix=".keys-")
    with work as folder, Session(spill=Path(folder) / "spill") as session:
        sealed = lab.path / "private" / "pirl.enc"  # the named side of federal records, by row
        if sealed.is_file() and "pirl" in tables:
            rows = exp.select(name("_row")).from_(_scan(lab.table("pirl")))
            theirs = rows.where(exp.EQ(this=name("pid"), expression=tree(known.pid)))
            where = exp.Not(this=exp.In(this=name("_row"), query=theirs.subquery()))
            _reseal(session, sealed, Path(folder), secret, where)
        others = exp.NullSafeNEQ(this=name("pid"), expression=tree(known.pid))
        for table in tables:
            path = lab.table(table)
            copy_to(session, exp.select("*").from_(_scan(path)).where(others.copy()), path)
        _own_lists(lab, known)
        _reseal(session, privacy.keys_file(lab), Path(folder), secret, others)


def _reseal(session: Session, sealed: Path, folder: Path, secret: bytes, where: exp.Expr) -> None:
    """Keep only these rows of an encrypted table."""
    plain, left = folder / "plain.parquet", folder / "left.parquet"
    privacy.decrypt(sealed, plain, secret)
    copy_to(session, exp.select("*").from_(_scan(plain)).where(where), left)
    privacy.encrypt(left, sealed, secret)


def _own_lists(lab: Lab, known: Known) -> None:
    """Rung's own lists that name the person; the next import makes them again, without."""
    fixes, review = (lab.path / "private" / f for f in ("fix-list.xlsx", "duplicates.xlsx"))
    if _names(fixes, known):
        fixes.unlink()
    if _names(review, known):
        duplicates.write_review(review, (), duplicates.read_decisions(review))


def _names(path: Path, known: Known) -> bool:
    rows = sheets_out.rows(path) if path.is_file() else ()
    return any(str(cell) in known.ids for row in rows for cell in row.values())


def _scan(path: Path) -> exp.Expr:
    return exp.Anonymous(this="read_parquet", expressions=[tree(str(path))])
