"""The review file of a linkage, the decisions a person writes into it, and what they come to.

The review file (CSV or a workbook) shows names side by side: it is made readable by its owner
alone and stays inside. The documents beside it hold none: a proposal is rows and chances under the
digests of both files; decisions are digests of pairs. Nothing is taken back, only decided again:
the later decision wins, and an empty cell leaves the earlier one standing.
"""

from __future__ import annotations

import csv
import datetime as dt
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from zipfile import BadZipFile

from sqlglot import exp

from rung.documents import Document, Store, digest, file_digest
from rung.errors import Problem, RecordsError
from rung.messages import sentence
from rung.records import read
from rung.records.files.reshape import numbered
from rung.records.importing.sheets_out import Page
from rung.records.importing.sheets_out import write as write_pages
from rung.records.importing.source import copy_to
from rung.records.link import SEED, SHOWN, Pair, Proposed
from rung.records.link_quality import LINE, Quality, judged
from rung.records.query import Session, alias, name

PROPOSAL, DECISIONS = "link-proposal", "link-decisions"
Decision = Literal["same", "different"]
_SAID: Mapping[str, Decision] = {
    **dict.fromkeys(("same", "yes", "mismo", "misma", "la misma", "sí", "si"), "same"),
    **dict.fromkeys(("different", "no", "distinto", "distinta", "diferente"), "different"),
}
_OWN = ("pair", "decision", "how", "words", "probability", "weight", "row_a", "row_b")
_LINKS = ("pair", "row_a", "row_b", "how", "weight", "probability")
_WORDS = ((0.99, "almost-sure"), (0.9, "likely"), (LINE, "perhaps"), (0.0, "unlikely"))


def pair_digest(files: Sequence[str], row_a: int, row_b: int) -> str:
    """What a pair is called in documents: a digest of both files' digests and the row numbers."""
    return digest(["pair", *files, row_a, row_b])[:32]


def words(pair: Pair) -> str:
    """How likely a pair is one person, in words."""
    if pair.probability is None:
        return sentence("link.against" if pair.against else "link.exact")
    return sentence(f"link.{next(w for p, w in _WORDS if pair.probability >= p)}")


def record(store: Store, proposed: Proposed, a: Path, b: Path, when: dt.datetime) -> Document:
    """Keep what was proposed, by the digests of both files; no value of a cell is in it."""
    files = [file_digest(a), file_digest(b)]
    pairs = [
        [pair_digest(files, p.row_a, p.row_b), p.row_a, p.row_b, p.how, p.weight, p.probability]
        for p in proposed.pairs
    ]
    made = Document(
        PROPOSAL,
        1,
        {
            "files": files,
            "rows": list(proposed.rows),
            "compared": list(proposed.compared),
            "ids": list(proposed.ids),
            "seed": SEED,
            "engine": proposed.engine,
            "quality": proposed.quality.to_json(),
            "pairs": pairs,
            "when": when.isoformat(timespec="seconds"),
        },
    )
    store.put(named(files), made)
    return made


def named(files: Sequence[str]) -> str:
    """What a linkage is called in documents, by the digests of its two files."""
    return "-".join(f[:16] for f in files)


def write(
    path: Path, proposed: Proposed, proposal: Document, decided: Mapping[str, Decision]
) -> None:
    """Write the review file, whole or not at all, for its owner's eyes.

    `decision` is filled in where a person decided before, and "same" where an id agrees and
    nothing speaks against it; a person may write over both.
    """
    shown = [
        c for c in SHOWN if any(v for s in proposed.beside for k, *v in s if k == c and any(v))
    ]
    header = (*_OWN, *(f"{c}_{side}" for c in shown for side in "ab"))
    lines: list[list[Any]] = []
    for pair, beside, kept in zip(
        proposed.pairs, proposed.beside, proposal.body["pairs"], strict=True
    ):
        given = "same" if pair.how != "model" and pair.proposed else ""
        said = {column: (a, b) for column, a, b in beside}
        lines.append(
            [
                kept[0], decided.get(kept[0], given), pair.how, words(pair), pair.probability,
                pair.weight, pair.row_a, pair.row_b, *(v or "" for c in shown for v in said[c]),
            ]
        )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix.lower() == ".xlsx":
        choices = {"decision": ("same", "different")}
        write_pages(path, {"pairs": Page(header, lines, choices, marked=("decision",))})
        return
    temporary = path.with_name(f".{path.name}.writing")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8-sig", newline="") as out:
        sheet = csv.writer(out, lineterminator="\r\n")
        sheet.writerow(header)
        for line in lines:
            sheet.writerow([read.safe_cell(v) if isinstance(v, str) else v for v in line])
    temporary.replace(path)


def _rows(path: Path, work: Path) -> list[tuple[int, str, str]]:
    """(row, pair, decision) of a review file; RecordsError (REC-link-review) when it is none."""
    (sheet, *_) = read.open_sheets(path, work)
    if not {"pair", "decision"} <= set(sheet.columns):
        raise RecordsError("REC-link-review", file=path.name)
    picks = [name(c) for c in ("_row", "pair", "decision")]
    with Session(threads=1) as session:

        def use(one: read.Sheet) -> list[tuple[Any, ...]]:
            query = exp.select(*picks).from_(numbered(one).subquery("t"))
            return session.execute(query).fetchall()

        rows = read.either(sheet, work, use)
    return [(int(row), (pair or "").strip(), (said or "").strip()) for row, pair, said in rows]


@dataclass(frozen=True)
class Decided:
    """What a review comes to: `links` are (pair, row_a, row_b, how, weight, probability)."""

    links: tuple[tuple[Any, ...], ...]
    new: int
    reversed: int
    same: int
    different: int
    undecided: int
    twice: int  # rows of either file in more than one link
    quality: Quality
    record: Document


def decide(store: Store, path: Path, work: Path, when: dt.datetime) -> Decided:
    """Record the decisions of a review file, and work out what stands.

    Raises RecordsError: REC-link-review (no review file), REC-link-word (a decision that is no
    such word), REC-link-pair (pairs that were never proposed, or of several linkages).
    """
    rows = _rows(path, work)
    proposal = _proposal(store, path, rows)
    known = {p[0]: p for p in proposal.body["pairs"]}
    _refuse(path, "REC-link-pair", [n for n, pair, _ in rows if pair not in known])
    _refuse(path, "REC-link-word", [n for n, _, said in rows if said and _word(said) is None])
    fresh = {pair: word for _, pair, said in rows if (word := _word(said))}
    label = named(proposal.body["files"])
    before = standing(store, label)
    changed = {p: d for p, d in fresh.items() if before.get(p) != d}
    made = Document(
        DECISIONS,
        1,
        {
            "files": list(proposal.body["files"]),
            "review": file_digest(path),
            "proposal": proposal.digest,
            "decisions": dict(sorted(changed.items())),
            "when": when.isoformat(timespec="seconds"),
        },
    )
    if changed:
        store.put(label, made)
    now = {**before, **fresh}
    links = tuple(tuple(p) for p in known.values() if now.get(p[0]) == "same")
    modelled = [p for p in known.values() if p[3] == "model"]
    model = Quality.from_json(proposal.body["quality"])
    sides = [(p[5] >= LINE, None if p[0] not in now else now[p[0]] == "same") for p in modelled]
    times = Counter([("a", link[1]) for link in links] + [("b", link[2]) for link in links])
    said = Counter(now[p] for p in known if p in now)
    return Decided(
        links=links,
        new=len(changed.keys() - before.keys()),
        reversed=len(changed.keys() & before.keys()),
        same=said["same"],
        different=said["different"],
        undecided=len(known) - said.total(),
        twice=sum(n > 1 for n in times.values()),
        quality=judged(sides, model),
        record=made,
    )


def _word(said: str) -> Decision | None:
    return _SAID.get(said.casefold())


def _refuse(path: Path, code: str, rows: Sequence[int]) -> None:
    if rows:
        where = {"file": path.name}
        raise RecordsError(
            Problem(
                code=code, params=where, table=path.name, rows=len(rows),
                first_rows=tuple(rows[:5]), weight="break",
            )
        )  # fmt: skip


def _proposal(store: Store, path: Path, rows: Sequence[tuple[int, str, str]]) -> Document:
    """The latest proposal that the review's first known pair is in."""
    wanted = {pair for _, pair, _ in rows}
    for label in store.names(PROPOSAL):
        for number in reversed(store.history(PROPOSAL, label)):
            found = store.get(PROPOSAL, label, number)
            if any(p[0] in wanted for p in found.body["pairs"]):
                return found
    _refuse(path, "REC-link-pair", [n for n, _, _ in rows])
    raise RecordsError("REC-link-review", file=path.name)


def standing(store: Store, label: str) -> dict[str, Decision]:
    """Every pair's decision of one linkage as it stands: of several, the later."""
    now: dict[str, Decision] = {}
    for number in store.history(DECISIONS, label):
        now.update(store.get(DECISIONS, label, number).body["decisions"])
    return now


def standing_for(store: Store, proposal: Document) -> dict[str, Decision]:
    """The same, for the files of a proposal."""
    return standing(store, named(proposal.body["files"]))


def forget(store: Store, folder: Path, rows: Mapping[str, Sequence[int]]) -> dict[str, int | None]:
    """Take someone's pairs out of review files and lists of links in a lab's folder.

    `rows` are the rows that they stand on, by the digest of each file. Returns how many were taken
    out by file; None under the name of a linkage whose review is not in the folder: it names them
    wherever it was put. Documents hold row numbers and digests alone, and stay.
    """
    found: dict[str, int | None] = {}
    for label in store.names(PROPOSAL):
        theirs: set[str] = set()
        for number in store.history(PROPOSAL, label):
            body = store.get(PROPOSAL, label, number).body
            sides = [set(rows.get(each, ())) for each in body["files"]]
            theirs |= {p[0] for p in body["pairs"] if p[1] in sides[0] or p[2] in sides[1]}
        if not theirs:
            continue
        here = {
            path.relative_to(folder).as_posix(): n
            for path in sorted((*folder.glob("*.*"), *folder.glob("private/*.*"),
                                *folder.glob("out/*.*")))
            if (n := _without(path, theirs)) is not None
        }  # fmt: skip
        reviewed = any(not path.endswith(".parquet") for path in here)
        found |= here if reviewed else {**here, label: None}
    return found


def _without(path: Path, pairs: set[str]) -> int | None:
    """Take these pairs out of a review file, or of links; None when it is neither."""
    if path.name.startswith("."):
        return None
    if path.suffix.lower() == ".csv":
        return _lines_without(path, pairs)
    if path.suffix.lower() == ".xlsx":
        return _sheet_without(path, pairs)
    return _links_without(path, pairs) if path.suffix.lower() == ".parquet" else None


def _lines_without(path: Path, pairs: set[str]) -> int | None:
    try:
        with path.open(encoding="utf-8-sig", newline="") as given:
            header, *lines = csv.reader(given)
    except (OSError, UnicodeDecodeError, ValueError, csv.Error):
        return None
    if tuple(header[: len(_OWN)]) != _OWN:
        return None
    kept = [line for line in lines if not line or line[0] not in pairs]
    if len(kept) < len(lines):
        temporary = path.with_name(f".{path.name}.writing")
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8-sig", newline="") as out:
            csv.writer(out, lineterminator="\r\n").writerows([header, *kept])
        temporary.replace(path)
    return len(lines) - len(kept)


def _sheet_without(path: Path, pairs: set[str]) -> int | None:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(path)
    except (OSError, ValueError, KeyError, InvalidFileException, BadZipFile):
        return None
    if "pairs" not in book.sheetnames:
        return None
    sheet = book["pairs"]
    gone = [i for i, row in enumerate(sheet.iter_rows(values_only=True), 1) if row[0] in pairs]
    for i in reversed(gone):
        sheet.delete_rows(i)
    if gone:
        temporary = path.with_name(f".{path.name}.writing")
        book.save(temporary)
        temporary.chmod(0o600)
        temporary.replace(path)
    return len(gone)


def _links_without(path: Path, pairs: set[str]) -> int | None:
    with Session(threads=1) as session:
        try:
            session.attach("links", path)
        except RecordsError:
            return None
        if tuple(session.columns("links")) != _LINKS:
            return None
        theirs = exp.In(this=name("pair"), expressions=[exp.Literal.string(p) for p in pairs])
        count = exp.select(exp.Count(this=exp.Star())).from_("links").where(theirs.copy())
        (n,) = session.execute(count).fetchone() or (0,)
        if n:
            temporary = path.with_name(f".{path.name}.writing")
            copy_to(session, exp.select("*").from_("links").where(exp.not_(theirs)), temporary)
            temporary.chmod(0o600)
            temporary.replace(path)
    return int(n)


def save(path: Path, links: Sequence[tuple[Any, ...]]) -> None:
    """Write links as Parquet: pair, row_a, row_b, how, weight, probability; no name in it."""
    kinds = ("VARCHAR", "BIGINT", "BIGINT", "VARCHAR", "DOUBLE", "DOUBLE")
    path.parent.mkdir(parents=True, exist_ok=True)
    with Session(threads=1) as session:
        session.connection.execute(
            "CREATE TABLE links (pair VARCHAR, row_a BIGINT, row_b BIGINT, how VARCHAR,"
            " weight DOUBLE, probability DOUBLE)"
        )
        if links:
            session.connection.executemany("INSERT INTO links VALUES (?, ?, ?, ?, ?, ?)", links)
        picks = [alias(exp.cast(name(c), k), c) for c, k in zip(_LINKS, kinds, strict=True)]
        copy_to(session, exp.select(*picks).from_("links").order_by("row_a", "row_b"), path)
    path.chmod(0o600)
