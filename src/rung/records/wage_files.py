"""Wage records as they arrive, to the canonical table: long, wide, or a state's fixed-width file.

    long    a row a person, employer and quarter, the columns named as in `wages`
    wide    a row a person (and employer) and year: id, year, q1_wage … q4_wage
    fixed   the layout in which states send wage records to the Census Bureau, 86 characters a
            line: SSN 1-9, first name 10-24, middle 25, last 26-45, state FIPS 46-47, UI account
            48-57, reporting unit 58-62, EIN 63-71, year 72-75, quarter 76, wage 77-86 in cents

People in wage files are known by their Social Security number. It never reaches the canonical
table: `ids` links it to our own `pid`, and records of people who are not in it are counted and
left out, for nobody asked about them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from sqlglot import exp

from rung.errors import Problem, RecordsError
from rung.records import read
from rung.records.importing.source import copy_to
from rung.records.query import Name, Session, Value, alias, fill, load, name, tree

Layout = Literal["long", "wide", "fixed"]
FIXED = {
    "ssn": (1, 9), "first": (10, 15), "middle": (25, 1), "last": (26, 20), "state": (46, 2),
    "account": (48, 10), "unit": (58, 5), "ein": (63, 9), "year": (72, 4), "quarter": (76, 1),
    "wage": (77, 10),
}  # fmt: skip
"""The fixed-width layout: first position (from 1) and length."""
WIDTH = 86
_LONG = ("pid", "quarter", "amount")


@dataclass(frozen=True)
class Read:
    """What was read: rows of the files, records and people that were kept, and what was not.

    `unreadable` rows have no person, quarter or amount that reads; `strangers` are of people who
    are not among the ids; `repeated` rows say exactly what another says (and count once, for a
    file sent twice); `negative` ones are corrections, which are kept.
    """

    rows: int
    kept: int
    people: int
    unreadable: int
    strangers: int
    repeated: int
    negative: int


def bring(
    files: Sequence[Path],
    target: Path,
    *,
    layout: Layout | None = None,
    ids: Path | None = None,
    by: str = "id",
) -> Read:
    """Read wage files to one Parquet file of the `wages` table.

    `layout` is told from each file when it is not given. `ids` (a table with `pid` and the column
    `by`: of a lab's opened key table that is `ssn`) says who is who; without it an id stands as it
    is, except a Social Security number, which is refused (REC-id-ssn). Raises RecordsError for
    files that cannot be read.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=target.parent, prefix=".wages-") as folder, Session() as session:
        work = Path(folder)
        parts = []
        for i, file in enumerate(files):
            parts.append(typed(session, f"given_{i}", file, work, layout))
        whole = parts[0] if len(parts) == 1 else exp.union(*parts, distinct=False)
        session.keep("typed", whole)
        who: Value = Name("known")
        if ids is None:
            _refuse_ssn(session, files[0])
            session.view(
                "known", exp.select("id", alias(name("id"), "pid")).distinct().from_("typed")
            )
        else:
            read.attach(session, "keys", ids, work)
            have = session.columns("keys")
            if not {by, f"linked_{by}"} & have.keys():
                raise RecordsError("REC-no-column", table=ids.name, column=by)
            session.view("known", _ids(by, have))
        counted = session.run(
            load("rung.records", "wage_files_count"), typed=Name("typed"), ids=who
        )
        kept = fill(load("rung.records", "wage_files"), {"typed": Name("typed"), "ids": who})
        n = copy_to(session, kept, target)
    one = counted.one()
    given_rows = int(one["rows"])
    return Read(
        rows=given_rows,
        kept=n,
        people=int(one["people"]),
        unreadable=int(one["unreadable"]),
        strangers=int(one["strangers"]),
        repeated=given_rows - int(one["unreadable"]) - int(one["strangers"]) - n,
        negative=int(one["negative"]),
    )


def typed(
    session: Session, given: str, file: Path, work: Path, layout: Layout | None = None
) -> exp.Query:
    """A file's rows as a query: id as given (so in memory only), quarter, amount, employer, state.

    NULL where a cell does not read. `given` names the view that is made of the file.
    """
    kind = layout or told(file)
    if kind == "fixed":
        _lines(session, given, file)
    else:
        read.attach(session, given, file, work)
    rows = _typed(session, given, kind).subquery("t")
    star = exp.Star(except_=[exp.to_identifier("id", quoted=True)])
    return exp.select(alias(_plain("id"), "id"), star).from_(rows)


def _plain(column: str) -> exp.Expr:
    """An id as text; a Social Security number without its dashes, however it was written."""
    return exp.Anonymous(
        this="regexp_replace",
        expressions=[
            exp.cast(name(column), "VARCHAR"),
            tree(r"^(\d{3})-(\d{2})-(\d{4})$"),
            tree(r"\1\2\3"),
        ],
    )


def _ids(by: str, have: Mapping[str, str]) -> exp.Query:
    """Id and pid; what a link gave (see `link_apply`) stands beside what the provider sent."""
    parts = []
    for column in (by, f"linked_{by}"):
        if column in have:
            known = exp.not_(name(column).is_(exp.null()))
            parts.append(exp.select(alias(_plain(column), "id"), "pid").from_("keys").where(known))
    return exp.union(*parts) if len(parts) > 1 else parts[0].distinct()


def told(file: Path) -> Layout:
    """Which of the layouts a file has, by its first line."""
    if file.suffix.lower() in (".parquet", ".pq"):
        with Session() as session:
            session.attach("given", file)
            have = {c.casefold() for c in session.columns("given")}
        return "wide" if "q1_wage" in have else "long"
    if not file.is_file():
        raise RecordsError("REC-no-file", file=file.name)
    with file.open("rb") as f:
        first = f.readline(65536).rstrip(b"\r\n")
    if len(first) == WIDTH and first[:9].isdigit() and first[71:76].isdigit():
        return "fixed"
    return "wide" if b"q1_wage" in first.lower() else "long"


def _lines(session: Session, view: str, file: Path) -> None:
    """A file as lines of text, one column `line`; any byte that is no text is kept as one."""
    if not file.is_file():
        raise RecordsError("REC-no-file", file=file.name)
    options: dict[str, exp.Expr] = {
        "header": exp.false(),
        "delim": tree("\x1f"),
        "quote": tree(""),
        "escape": tree(""),
        "auto_detect": exp.false(),
        "encoding": tree("latin-1"),
        "columns": exp.Struct(
            expressions=[
                exp.PropertyEQ(
                    this=exp.to_identifier("line", quoted=True), expression=tree("VARCHAR")
                )
            ]
        ),
    }
    given = [exp.EQ(this=exp.column(k), expression=v) for k, v in options.items()]
    scan = exp.Anonymous(this="read_csv", expressions=[tree(str(file)), *given])
    session.view(view, exp.select("line").from_(scan))


def _typed(session: Session, given: str, layout: Layout) -> exp.Query:
    """Rows of id, quarter, amount, employer, state; NULL where a cell does not read."""
    if layout == "fixed":
        cuts = {
            column: exp.func("substring", name("line"), *map(tree, FIXED[column]))
            for column in ("ssn", "state", "account", "unit", "year", "quarter", "wage")
        }
        values: dict[str, Value] = {"lines": Name(given), **cuts}
        return _query(fill(load("rung.records", "wage_files_fixed"), values))
    have = {c.casefold(): c for c in session.columns(given)}
    person = next((have[c] for c in ("pid", "id", "ssn") if c in have), None)
    wanted = ("year", *(f"q{q}_wage" for q in range(1, 5))) if layout == "wide" else ("amount",)
    missing = [c for c in wanted if c not in have]
    if layout == "long" and "quarter" not in have:
        missing.append("quarter")
    if person is None or missing:
        raise RecordsError("REC-no-column", table="wages", column=missing[0] if missing else "id")
    extra: dict[str, Value] = {
        c: name(have[c]) if c in have else exp.null() for c in ("employer", "state")
    }
    filled: dict[str, Value] = {"given": Name(given), "id": name(person), **extra}
    if layout == "wide":
        filled |= {c: name(have[c]) for c in wanted}
        return _query(fill(load("rung.records", "wage_files_wide"), filled))
    filled |= {
        "quarter": name(have["quarter"]),
        "amount": name(have["amount"]),
        "year": name(have["year"]) if "year" in have else exp.null(),
    }
    return _query(fill(load("rung.records", "wage_files_long"), filled))


def _query(node: exp.Expr) -> exp.Query:
    if not isinstance(node, exp.Query):
        raise TypeError("a query file holds a query")
    return node


def _refuse_ssn(session: Session, file: Path) -> None:
    """Ids that look like Social Security numbers may not become ours."""
    shape = exp.Anonymous(
        this="regexp_full_match", expressions=[name("id"), tree(r"\d{3}-?\d{2}-?\d{4}")]
    )
    count = exp.select(alias(exp.Count(this=exp.Star()), "n")).from_("typed").where(shape)
    n = int(session.run(count).one()["n"])
    if n:
        raise RecordsError(
            Problem(code="REC-id-ssn", table=file.name, column="id", rows=n, weight="break")
        )
