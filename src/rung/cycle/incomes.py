"""A file of people's incomes, made small enough to keep: what a question needs, and no names."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import BaseModel, ConfigDict
from sqlglot import exp

from rung.documents import file_digest
from rung.errors import RecordsError
from rung.learning.rows import kind
from rung.mobility.inequality import MOST_GROUPS
from rung.records import match, query, read
from rung.records.files.sheet import ColumnProfile
from rung.records.importing.source import copy_to
from rung.records.query import Session

MANY = 2_000
"""In so many rows, whole numbers that are all different are numbers of people, and no incomes."""
_VIEW = "people"
_TELLING = {"id", "participants.birth_date"}


class KeptIncomes(BaseModel):
    """What is kept of a file: columns of `numbers`, those that can tell `groups` apart (some are
    both), and the names of those that were `left_out`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    digest: str
    rows: int
    numbers: tuple[str, ...]
    groups: tuple[str, ...]
    left_out: tuple[str, ...]


def incomes_file(folder: Path) -> Path:
    """Where the columns lie that are kept in a folder."""
    return folder / "incomes.parquet"


def _told(folder: Path) -> Path:
    return folder / "incomes.json"


def kept_incomes(folder: Path) -> KeptIncomes | None:
    """What is kept in a folder; None when nothing is."""
    told = _told(folder)
    if not told.is_file() or not incomes_file(folder).is_file():
        return None
    return KeptIncomes.model_validate_json(told.read_text("utf-8"))


def delete_incomes(folder: Path) -> None:
    """Keep nothing any more."""
    for file in (incomes_file(folder), _told(folder)):
        file.unlink(missing_ok=True)


def keep_incomes(sent: Path, folder: Path) -> KeptIncomes:
    """Keep in `folder` what may be kept of the file `sent`; the file before it goes.

    Kept are numbers, and columns of few values that several people share. Left out are columns that
    are headed as names, contact details or numbers of people, numbers that count people, dates and
    text that differs from one person to the next. A database is not read: a view in somebody else's
    could read any file. Raises RecordsError as `records.read.attach` does, and REC-no-numbers when
    no column of numbers is left.
    """
    with TemporaryDirectory(prefix="rung-") as work, Session(spill=Path(work)) as session:
        read.attach(session, _VIEW, sent, Path(work))
        types = session.columns(_VIEW)
        numbers, groups = _usable(session, sent, types)
        if not numbers:
            raise RecordsError("REC-no-numbers", file=sent.name)
        kept = [c for c in types if c in {*numbers, *groups}]
        columns = exp.select(*(query.name(c) for c in kept))
        rows = copy_to(session, columns.from_(exp.table_(_VIEW, quoted=True)), incomes_file(folder))
    made = KeptIncomes(
        name=sent.name,
        digest=file_digest(incomes_file(folder)),
        rows=rows,
        numbers=tuple(numbers),
        groups=tuple(groups),
        left_out=tuple(c for c in types if c not in kept),
    )
    _told(folder).write_text(made.model_dump_json(), "utf-8")
    return made


def _usable(session: Session, sent: Path, types: dict[str, str]) -> tuple[list[str], list[str]]:
    """The columns that are numbers of something, and those that tell groups apart."""
    private = _private(sent, list(types))
    numbers, groups = [], []
    for column, type_ in types.items():
        holds = kind(type_)
        if column in private or holds == "other":
            continue
        filled, different, least, most = _values(session, column)
        if holds == "number" and not _counts_people(type_, filled, different, least, most):
            numbers.append(column)
        if different <= MOST_GROUPS and 2 * different <= filled:
            groups.append(column)
    return numbers, groups


def _private(sent: Path, headers: list[str]) -> set[str]:
    """Columns whose header says that they tell who somebody is."""
    profiles = tuple(
        ColumnProfile(header=h, rows=0, blanks=0, distinct=0, common=(), sample=(), profiled=0)
        for h in headers
    )
    sheet = match.SheetProfile(source=sent, name="", columns=profiles)
    return {
        m.header
        for found in match.propose([sheet]).matches
        for m in found
        if m.refused
        or m.target in _TELLING
        or m.target.startswith("private.")
        or _numbered(m.header)
    }


def _numbered(header: str) -> bool:
    """Whether a header says that it numbers something, whatever it numbers."""
    return header.casefold().replace("_", " ").split()[-1:] in (["id"], ["ids"], ["ssn"])


def _values(session: Session, column: str) -> tuple[int, int, object, object]:
    """Filled cells, different values, the least and the most."""
    value = query.name(column)
    each = (
        exp.select(query.alias(value, "value"), query.alias(exp.Count(this=exp.Star()), "n"))
        .from_(exp.table_(_VIEW, quoted=True))
        .where(value.is_(exp.null()).not_())
        .group_by(value)
    )
    told = exp.column("value")
    asked = exp.select(
        query.alias(exp.Sum(this=exp.column("n")), "filled"),
        query.alias(exp.Count(this=exp.Star()), "different"),
        query.alias(exp.Min(this=told), "least"),
        query.alias(exp.Max(this=told), "most"),
    ).from_(each.subquery("each_value"))
    row = session.run(asked).one()
    return int(row["filled"] or 0), int(row["different"]), row["least"], row["most"]


def _counts_people(type_: str, filled: int, different: int, least: object, most: object) -> bool:
    """Whether whole numbers are another one for everybody, as no incomes of many people are."""
    if "INT" not in type_ or not isinstance(least, int) or not isinstance(most, int):
        return False
    in_order = filled > 1 and most - least + 1 == filled
    return different == filled and (filled >= MANY or in_order)
