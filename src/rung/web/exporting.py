"""Everything an organisation owns, in open formats, in one ZIP that its owner takes away.

Records go as Parquet and CSV, documents as JSON, briefs as they were released, the rest as CSV.
What says who people are (the files as they were sent, the key table in clear) goes along only when
an owner asks for it by name. The file waits for a day and is then taken away.
"""

from __future__ import annotations

import csv
import io
import json
import os
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from django.db.models import QuerySet
from sqlglot import exp

from rung import __version__
from rung.documents import canonical
from rung.errors import PlanError
from rung.messages import sentence
from rung.records import privacy
from rung.records.query import Session
from rung.web import access, clock, place, work
from rung.web.models import (
    Brief,
    FollowUp,
    Generation,
    Job,
    Membership,
    Organisation,
    Paper,
    Program,
    Trace,
    Upload,
    User,
)
from rung.web.store import ProgramLab, current

KEPT: Final = timedelta(days=1)
_ROWS = 20_000


def start(organisation: Organisation, by: User, *, with_identifiers: bool = False) -> Job:
    """Ask for the ZIP; the caller has checked that `by` owns the organisation.

    While one like it is being made, that one: a quick finger does not fill the disk.
    """
    begun = (Job.State.WAITING, Job.State.RUNNING)
    same = jobs(organisation).filter(state__in=begun, params__with_identifiers=with_identifiers)
    return same.first() or work.start(
        "export", by=by, organisation=organisation, with_identifiers=with_identifiers
    )


def jobs(organisation: Organisation) -> QuerySet[Job]:
    """The exports of the last day, newest first."""
    since = clock.now() - KEPT
    return Job.objects.filter(
        organisation=organisation, kind="export", made_at__gte=since
    ).order_by("-made_at")


def file(job: Job) -> Path:
    """Where the ZIP of an export is, or will be."""
    return place.incoming() / f".export-{job.uid}.zip"


def clean() -> None:
    """Take away exports that waited for a day, and what a stopped one left."""
    oldest = (clock.now() - KEPT).timestamp()
    for left in place.incoming().glob(".export-*"):
        with suppress(FileNotFoundError):  # one that is made meanwhile gets its name, or goes
            if left.stat().st_mtime < oldest:
                left.unlink()


@work.kind("export")
def _export(job: Job, tell: work.Tell) -> dict[str, Any]:
    organisation, by = job.organisation, job.by
    if organisation is None or by is None:
        raise ValueError("an export is an organisation's, for somebody")
    # the role is asked again: it may be another one since the export was asked for
    private = bool(job.params.get("with_identifiers"))
    if not access.may(by, "organisation.export", organisation):
        raise PlanError("WEB-denied")
    made, writing = file(job), file(job).with_suffix(".part")
    programs = list(organisation.programs.select_related("generation", "organisation"))
    with _sealed(writing), zipfile.ZipFile(writing, "w", zipfile.ZIP_DEFLATED) as out:
        for i, program in enumerate(programs):
            tell(sentence("web.export.telling", {"program": program.name}), i / len(programs))
            _program(out, program, private)
        _organisation(out, organisation)
        _text(out, "README.txt", _readme(organisation, programs, private))
    os.replace(writing, made)
    return {"bytes": made.stat().st_size}


@contextmanager
def _sealed(path: Path) -> Iterator[None]:
    """A file for this user alone, gone again when it does not come whole."""
    path.unlink(missing_ok=True)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise


# -- what goes in


def _program(out: zipfile.ZipFile, program: Program, private: bool) -> None:
    here = f"programs/{program.uid}"
    about = {
        "name": program.name,
        "phase": program.phase,
        "simulated": program.sample,
        "next_meeting": program.next_meeting.isoformat() if program.next_meeting else None,
        "stuck_on": program.stuck_on,
        "sites": list(program.sites.order_by("name").values_list("name", flat=True)),
    }
    _text(out, f"{here}/program.json", json.dumps(about, ensure_ascii=False, indent=2))
    lab = current(program)
    if lab is not None:
        _records(out, here, lab, private)
    for paper in Paper.objects.filter(program=program).order_by("kind", "name", "number"):
        _text(out, f"{here}/documents/{paper.kind}/{paper.name}-{paper.number}.json", paper.text)
    _table(
        out,
        f"{here}/follow-ups.csv",
        FollowUp.objects.filter(program=program).order_by("pk"),
        ("pid", "due_days", "due_on", "result", "how", "on", "by__email", "at"),
    )
    _table(
        out,
        f"{here}/imports.csv",
        Generation.objects.filter(program=program).order_by("number"),
        ("number", "uid", "state", "by__email", "at"),
    )
    _table(
        out,
        f"{here}/uploads.csv",
        Upload.objects.filter(program=program).order_by("pk"),
        ("uid", "name", "size", "sha256", "state", "by__email", "at"),
    )
    briefs = Brief.objects.filter(program=program).order_by("number")
    columns = ("number", "audience", "recipient", "purpose", "expires", "language", "title",
               "digest", "withdrawn_at", "by__email", "at")  # fmt: skip
    _table(out, f"{here}/briefs/briefs.csv", briefs, columns)
    for brief in briefs.iterator():
        _text(out, f"{here}/briefs/{brief.number}-{brief.language}.html", brief.html)
        out.writestr(f"{here}/briefs/{brief.number}-{brief.language}.xlsx", bytes(brief.xlsx))


def _records(out: zipfile.ZipFile, here: str, lab: ProgramLab, private: bool) -> None:
    for name in ("lab.toml", "records/import.json"):
        if (lab.path / name).is_file():
            out.write(lab.path / name, f"{here}/{name}")
    documents = lab.path / "documents"
    for each in sorted(documents.rglob("*.json")):
        inside = each.relative_to(documents).as_posix()
        out.writestr(f"{here}/documents/{inside}", each.read_bytes())
    with lab.session() as session:
        for each in sorted((lab.path / "records").glob("*.parquet")):
            out.write(each, f"{here}/records/{each.name}", zipfile.ZIP_STORED)
            _rows(out, f"{here}/records/{each.stem}.csv", session, each.stem)
    if private:
        _private(out, here, lab)


def _private(out: zipfile.ZipFile, here: str, lab: ProgramLab) -> None:
    """The files as they were sent, and who each pseudonym is, in clear."""
    hidden, private = {privacy.keys_file(lab).name, "lab.key"}, lab.path / "private"
    for each in sorted(private.rglob("*")):
        inside = each.relative_to(private)
        apart = any(part.startswith(".") for part in inside.parts)
        if each.is_file() and not apart and each.name not in hidden:
            # in a folder of their own: one of them may be called people.csv too
            out.write(each, f"{here}/private/sent/{inside.as_posix()}")
    with privacy.opened(lab, privacy.key(lab, make=False)) as plain, Session() as session:
        if plain is not None:
            out.write(plain, f"{here}/private/people.parquet", zipfile.ZIP_STORED)
            session.attach("people", plain)
            _rows(out, f"{here}/private/people.csv", session, "people")


def _organisation(out: zipfile.ZipFile, organisation: Organisation) -> None:
    about = {
        "name": organisation.name,
        "kind": organisation.kind,
        "made_at": organisation.made_at.isoformat(),
        "partners": [
            {"name": p.partner.name, "kind": p.partner.kind, "since": p.since.isoformat()}
            for p in organisation.partners.select_related("partner")
        ],
    }
    _text(out, "organisation.json", canonical(about).decode())
    _table(
        out,
        "members.csv",
        Membership.objects.filter(organisation=organisation).order_by("since"),
        ("user__name", "user__email", "role", "staff_name", "since"),
    )
    _table(
        out,
        "audit.csv",
        Trace.objects.filter(organisation=organisation).order_by("pk"),
        ("at", "user__email", "program__uid", "action", "thing", "audience", "count", "allowed",
         "by_token"),
    )  # fmt: skip


def _readme(organisation: Organisation, programs: Sequence[Program], private: bool) -> str:
    listed = "\n".join(f"  programs/{p.uid}: {p.name}" for p in programs)
    given = {
        "organisation": organisation.name,
        "on": clock.day().isoformat(),
        "version": __version__,
        "programs": listed or "  –",
    }
    parts = ["readme", "readme-private" if private else "readme-without"]
    return "\n\n".join(sentence(f"web.export.{p}", given) for p in parts) + "\n"


# -- how it is written


def _text(out: zipfile.ZipFile, name: str, text: str) -> None:
    out.writestr(name, text.encode())


def _table(out: zipfile.ZipFile, name: str, rows: QuerySet[Any], columns: Sequence[str]) -> None:
    """Rows of the database as CSV; a cell that a spreadsheet would run is marked as text."""
    heads = [c.replace("__", "_") for c in columns]
    listed: Iterable[Any] = rows.values_list(*columns).iterator()
    _csv(out, name, heads, ([_plain(cell) for cell in row] for row in listed))


def _rows(out: zipfile.ZipFile, name: str, session: Session, table: str) -> None:
    """A table of the records as CSV; the Parquet beside it has every cell exactly as it is."""
    cursor = session.execute(exp.select("*").from_(exp.table_(table, quoted=True)))
    heads = [d[0] for d in cursor.description or ()]

    def rows() -> Iterator[Sequence[Any]]:
        while some := cursor.fetchmany(_ROWS):
            yield from (list(map(_defused, row)) for row in some)

    _csv(out, name, list(map(_defused, heads)), rows())


def _csv(
    out: zipfile.ZipFile, name: str, heads: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    with out.open(name, "w", force_zip64=True) as raw, io.TextIOWrapper(raw, "utf-8") as text:
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(heads)
        writer.writerows(rows)


def _plain(cell: Any) -> Any:
    return cell.isoformat() if hasattr(cell, "isoformat") else _defused(cell)


def _defused(cell: Any) -> Any:
    """A cell that a spreadsheet would run is marked as text."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in "=+-@\t\r" and cell else cell
