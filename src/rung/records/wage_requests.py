"""Asking a state for wage records, and checking what it sent against what was asked.

Only people whose consent stands may be asked about: given, for this purpose, covering wage records
(where the consents say which records they cover), with a day on which it ends, not over on the day
of the request, and not withdrawn. 20 CFR 603.5(d) wants it specific and not open-ended. Everyone
else is left out and counted by reason. States differ in the file they want; the fixed-width one
here has the first 45 positions of the layout in which they send wage records (SSN, first, middle
and last name), then the first and the last quarter as YYYYQ.
"""

from __future__ import annotations

import csv
import datetime as dt
import os
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from sqlglot import exp

from rung.errors import PlanError, RecordsError
from rung.records import privacy, query, read, wage_files
from rung.records.engine import Engine
from rung.records.lab import Lab
from rung.records.query import Name
from rung.records.wages import Coverage

PURPOSE = "wage records"
SCOPE = "wage_records"
_HEADER = ("ssn", "last_name", "first_name", "first_quarter", "last_quarter")
_REASONS = (
    "no-consent", "other-purpose", "other-scope", "no-scope", "open-ended", "not-yet", "over",
    "withdrawn",
)  # fmt: skip


@dataclass(frozen=True)
class Request:
    """Who was asked about (`pid`s, kept for the check), and how many were not, by reason.

    Reasons: no-consent, other-purpose, other-scope, no-scope, open-ended, not-yet, over,
    withdrawn, no-ssn.
    """

    asked: tuple[str, ...]
    left_out: Mapping[str, int]
    file: Path


def write(
    lab: Lab,
    target: Path,
    quarters: Coverage,
    *,
    day: dt.date,
    purpose: str = PURPOSE,
    layout: Literal["csv", "fixed"] = "csv",
) -> Request:
    """Write the request file, which only its owner can read; everyone of the lab is considered.

    `day` is the day of the request. Purposes are compared without case. Raises RecordsError when
    the lab has no consents (REC-not-imported), or its key table does not open.
    """
    lab.need("consents")
    lab.need("journeys")
    with lab.session() as session:
        have = session.columns("consents")
        ends = [query.alias(_or_null(c, have, "DATE"), c) for c in ("expires_on", "withdrawn_on")]
        rows = session.run(
            query.load("rung.records", "wage_consents"),
            people=Name("journeys"),
            consents=Name("consents"),
            purpose=query.alias(_or_null("purpose", have, "VARCHAR"), "purpose"),
            given_on=query.alias(_or_null("given_on", have, "DATE"), "given_on"),
            ends=ends,
            scope=query.alias(_scope(have), "scope"),
            covers=f"%|{SCOPE}|%",
            wanted=purpose.casefold(),
            day=day,
        ).dicts()
    left = Counter(_REASONS[row["reason"]] for row in rows if row["reason"] is not None)
    agreed = [row["pid"] for row in rows if row["reason"] is None]
    known = privacy.people(lab, agreed)
    asked = []
    for pid in agreed:
        digits = "".join(c for c in known.get(pid, {}).get("ssn") or "" if c.isdigit())
        if len(digits) == 9:
            asked.append((pid, digits, known[pid]))
        else:
            left["no-ssn"] += 1
    _save(target, [(ssn, who) for _, ssn, who in asked], quarters, layout)
    return Request(tuple(pid for pid, _, _ in asked), dict(sorted(left.items())), target)


def _scope(have: Mapping[str, str]) -> exp.Expr:
    """The codes of a consent between bars; one that covers wage records where no consent tells."""
    said = query.name("scope") if "scope" in have else query.tree(SCOPE)
    bars = exp.func("concat", query.tree("|"), said.copy(), query.tree("|"))
    return exp.Case().when(exp.not_(exp.paren(said).is_(exp.null())), bars)


def _or_null(column: str, have: Mapping[str, str], kind: str) -> exp.Expr:
    return query.name(column) if column in have else exp.cast(exp.null(), kind)


def _save(
    target: Path,
    people: list[tuple[str, Mapping[str, str | None]]],
    quarters: Coverage,
    layout: Literal["csv", "fixed"],
) -> None:
    """Write the file whole or not at all, for its owner's eyes."""
    ends = [f"{q // 4}{q % 4 + 1}" for q in (quarters.first, quarters.last)]
    temporary = target.with_name(f".{target.name}.writing")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as out:
        sheet = csv.writer(out, lineterminator="\r\n")
        if layout == "csv":
            sheet.writerow(_HEADER)
        for ssn, who in people:
            first, last = who.get("first_name") or "", who.get("last_name") or ""
            if layout == "csv":
                sheet.writerow([ssn, read.safe_cell(last), read.safe_cell(first), *ends])
            else:
                middle = (who.get("middle_name") or "")[:1]
                out.write(f"{ssn}{_fit(first, 15)}{_fit(middle, 1)}{_fit(last, 20)}")
                out.write("".join(ends) + "\r\n")
    temporary.replace(target)


def _fit(text: str, width: int) -> str:
    """Upper case, one line, exactly so many characters."""
    return " ".join(text.split()).upper()[:width].ljust(width)


@dataclass(frozen=True)
class Extract:
    """What a state sent, against what was asked. People: asked, with a record, silent, unasked.

    Silence inside the coverage is no pay, and outside it is not known; a person about whom nobody
    asked is in the extract by mistake. `repeated` counts records that stand twice (same person,
    quarter, employer), `outside` records of quarters that were not asked for, and `unreadable`
    rows of a file have no person or no quarter that reads.
    """

    asked: int
    answered: int
    silent: int
    unasked: int
    unasked_records: int
    repeated: int
    outside: int
    unreadable: int = 0


def check(engine: Engine, request: Request, quarters: Coverage, *, wages: str = "wages") -> Extract:
    """Compare an extract (the view `wages`) with the request it answers.

    Raises RecordsError (REC-no-column) when the extract is no table of wage records.
    """
    have = engine.columns(wages)
    for column in ("pid", "quarter"):
        if column not in have:
            raise RecordsError("REC-no-column", table=wages, column=column)
    employer = query.name("employer") if "employer" in have else query.tree("")
    rows = engine.run(
        query.load("rung.records", "wage_extract"),
        wages=Name(wages),
        employer=employer,
        first=quarters.first,
        last=quarters.last,
    ).dicts()
    asked = set(request.asked)
    ours = [row for row in rows if row["pid"] in asked]
    others = [row for row in rows if row["pid"] not in asked]
    return Extract(
        asked=len(asked),
        answered=len(ours),
        silent=len(asked) - len(ours),
        unasked=len(others),
        unasked_records=sum(int(row["n"]) for row in others),
        repeated=sum(int(row["n"]) - int(row["different"]) for row in ours),
        outside=sum(int(row["outside"]) for row in ours),
    )


def check_files(request: Path, extract: Path, work: Path) -> Extract:
    """The same of two files: a request as `write` made it, and what a state sent.

    People are compared by Social Security number, in memory; scratch files go to `work`. Raises
    RecordsError: REC-wage-request, or what is wrong with the extract.
    """
    asked, quarters = _requested(request)
    with query.Session() as session:
        session.keep("sent", wage_files.typed(session, "given", extract, work))
        columns = [query.alias(query.name("id"), "pid"), query.name("quarter")]
        rows = exp.select(*columns, query.name("employer")).from_("sent")
        reads = exp.and_(*(exp.not_(query.name(c).is_(exp.null())) for c in ("id", "quarter")))
        session.view("wages", rows.where(reads))
        bad = exp.select(query.alias(exp.Count(this=exp.Star()), "n")).from_("sent")
        unreadable = int(session.run(bad.where(exp.not_(reads))).one()["n"])
        found = check(session, Request(asked, {}, request), quarters)
    return replace(found, unreadable=unreadable)


def _requested(file: Path) -> tuple[tuple[str, ...], Coverage]:
    """Who is asked about in a request file, and for which quarters."""
    try:
        lines = file.read_text("utf-8").splitlines()
    except FileNotFoundError:
        raise RecordsError("REC-no-file", file=file.name) from None
    except (OSError, UnicodeDecodeError):
        raise RecordsError("REC-wage-request", file=file.name) from None
    if lines and lines[0] == ",".join(_HEADER):
        rows = [(row[0], *row[-2:]) for row in csv.reader(lines[1:]) if len(row) == len(_HEADER)]
    else:
        rows = [(line[:9], line[45:50], line[50:]) for line in lines]
    ends = {(first, last) for _, first, last in rows}
    known = all(re.fullmatch(r"\d{9}", ssn) for ssn, _, _ in rows)
    if len(ends) != 1 or not known or len(rows) < len(lines) - 1:
        raise RecordsError("REC-wage-request", file=file.name)
    first, last = (re.sub(r"^(\d{4})([1-4])$", r"\1Q\2", end) for end in ends.pop())
    try:
        window = Coverage.named(f"{first}-{last}")
    except PlanError:
        raise RecordsError("REC-wage-request", file=file.name) from None
    return tuple(ssn for ssn, _, _ in rows), window
