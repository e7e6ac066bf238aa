"""The same person twice: found before pseudonyms are made, and decided by people.

Inside one file the same row may stand twice (the copy is set aside), one period may be told in
two ways (the first is kept), one id may belong to two people, and one person may have two ids.
The last two are for staff: they are listed in `private/duplicates.xlsx` with a column to decide
in. Until someone decides, they are counted as different people, and the import says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlglot import exp

from rung.records.check import ROOM, Checked, Found
from rung.records.importing import roles, sheets_out
from rung.records.importing.assemble import named, temporary
from rung.records.importing.rules import entry
from rung.records.query import Name, Session, alias, fill, load, name, tree

SAME, DIFFERENT = "same person", "different people"
MOST = 5_000  # groups listed for review
_ROWS = 20  # rows shown of one group
_WHY = {"one id": "One id, different people?", "two ids": "Same name and birth date, two ids"}
_BEFORE = "Decided before; not in these files"
_NAMES = ("first_name", "middle_name", "last_name", "full_name")


@dataclass(frozen=True, kw_only=True)
class Group:
    """Rows that may be one person: `kind` is "one id" or "two ids"."""

    kind: str
    table: str
    ids: tuple[str, ...]
    rows: tuple[Mapping[str, Any], ...]  # row number, id, and the private columns

    @property
    def key(self) -> str:
        """What a decision is remembered by."""
        text = "\x1f".join((self.kind, *self.ids))
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def _name(checked: Checked) -> exp.Expr:
    fields = checked.source.layout.named(*_NAMES)
    if not fields:
        return exp.cast(exp.Null(), "VARCHAR")
    return exp.Anonymous(
        this="concat_ws", expressions=[tree(" "), *(name(f"private.{f.name}") for f in fields)]
    )


def _rows(checked: Checked) -> exp.Expr:
    return roles.without(checked, checked.source.values(private=True)).subquery("r")


def find(session: Session, checked: Checked, decided: Mapping[str, str]) -> tuple[Group, ...]:
    """Mark the duplicates of one file, count them, and list what people have to decide.

    Leaves tables `<view>_marks` (_part, _row, aside, new_id) and adds to `aliases` (id, to_id).
    """
    source = checked.source
    ids = f"{source.view}_twice"
    if source.layout.id is None or source.id is None:
        return ()
    found = fill(load(ROOM, "dup_ids"), {"id": source.id, "clean": Name(source.view)})
    session.execute(temporary(ids, found))
    groups: list[Group] = []
    many = session.execute(exp.select(exp.Count(this=exp.Star())).from_(named(ids))).fetchone()
    if many and many[0]:
        _mark(session, checked, ids)
        groups += _one_id(session, checked, decided)
        _again(session, checked)
    if "birth_date" in {f.name for f in source.layout.fields} and source.layout.named(*_NAMES):
        groups += _two_ids(session, checked, decided)
    return tuple(groups)


def _mark(session: Session, checked: Checked, ids: str) -> None:
    """`<view>_marks`: every row of a repeated id, and what it is."""
    source = checked.source
    labels = {c.alias_or_name for c in source.values(private=True).selects}
    entered = entry(source.layout, source.order) or exp.cast(exp.Null(), "DATE")
    birth = name("_birth") if "_birth" in labels else exp.cast(exp.Null(), "DATE")
    texts = [name(label) for label in sorted(labels) if label not in ("_row", "_part")]
    query = fill(
        load(ROOM, "dup_rows"),
        {
            "entry": entered,
            "birth": birth,
            "name": _name(checked),
            "texts": texts,
            "rows": _rows(checked),
            "ids": Name(ids),
        },
    )
    session.execute(temporary(f"{source.view}_marks", query))
    marks = named(f"{source.view}_marks")
    changes = {"aside": "BOOLEAN", "new_id": "VARCHAR"}
    for column, kind in changes.items():
        add = exp.Alter(
            this=marks.copy(),
            kind="TABLE",
            actions=[
                exp.ColumnDef(
                    this=exp.to_identifier(column), kind=exp.DataType.build(kind, dialect="duckdb")
                )
            ],
        )
        session.execute(add)
    session.execute(exp.update(marks, {"aside": name("twice"), "new_id": name("_id")}))
    _count(session, checked, "REC-row-twice", name("twice"), aside=True)


def _count(session: Session, checked: Checked, code: str, when: exp.Expr, *, aside: bool) -> None:
    source = checked.source
    marks = named(f"{source.view}_marks")
    query = exp.select(
        exp.Count(this=exp.Star()),
        exp.Anonymous(this="min", expressions=[name("_row"), tree(5)]),
    ).from_(marks)
    n, first = session.execute(query.where(when.copy())).fetchone() or (0, [])
    if not n:
        return
    problem = checked.add(code, source.layout.id, n, first)
    if aside:
        checked.set_aside += n
    rows = exp.select(name("_part"), name("_row")).from_(marks).where(when.copy())
    hit = exp.In(this=exp.Tuple(expressions=[name("_part"), name("_row")]), query=rows.subquery())
    if source.layout.id:
        checked.found.append(Found(problem, source.layout.id, hit))


def _one_id(session: Session, checked: Checked, decided: Mapping[str, str]) -> list[Group]:
    """One id, two birth dates or names: other people, unless someone said the same."""
    source = checked.source
    marks = named(f"{source.view}_marks")
    doubtful = exp.select(name("_id")).from_(marks).where(name("doubtful")).distinct()
    ids = [r[0] for r in session.execute(doubtful.order_by("_id").limit(MOST)).fetchall()]
    if not ids:
        return []
    groups = _listed(session, checked, "one id", [(i,) for i in ids])
    same = [g.ids[0] for g in groups if decided.get(g.key) == SAME]
    other: exp.Expr = name("other")
    if same:
        listed = exp.In(this=name("_id"), expressions=[tree(i) for i in same])
        other = exp.and_(other, exp.Not(this=listed))
    new = exp.DPipe(
        this=exp.DPipe(this=name("_id"), expression=tree("\x1f")), expression=name("who")
    )
    session.execute(exp.update(marks, {"new_id": new}, where=other.copy()))
    undecided = [g for g in groups if g.key not in decided]
    if undecided:
        _said(checked, "REC-one-id-two-people", undecided)
    return groups


def _said(checked: Checked, code: str, groups: Sequence[Group]) -> None:
    rows = sorted(r["row"] for g in groups for r in g.rows)
    checked.add(code, checked.source.layout.id, len(rows), rows[:5], params={"groups": len(groups)})


def _again(session: Session, checked: Checked) -> None:
    """The same period told twice: the first row stands."""
    marks = named(f"{checked.source.view}_marks")
    number = exp.Window(
        this=exp.RowNumber(),
        partition_by=[name("new_id"), name("entered")],
        order=exp.Order(expressions=[exp.Ordered(this=name(c)) for c in ("_part", "_row")]),
    )
    ranked = exp.select(name("_part"), name("_row"), alias(number, "nth")).from_(marks)
    ranked = ranked.where(exp.Not(this=name("twice")))
    later = (
        exp.select(name("_part"), name("_row"))
        .from_(ranked.subquery("t"))
        .where(exp.GT(this=name("nth"), expression=tree(1)))
    )
    hit = exp.In(this=exp.Tuple(expressions=[name("_part"), name("_row")]), query=later.subquery())
    session.execute(exp.update(marks, {"aside": exp.true()}, where=hit))
    when = exp.and_(name("aside"), exp.Not(this=name("twice")))
    _count(session, checked, "REC-same-period", when, aside=True)


def _two_ids(session: Session, checked: Checked, decided: Mapping[str, str]) -> list[Group]:
    """One name and birth date, several ids: other people, unless someone said the same."""
    query = fill(
        load(ROOM, "dup_names"),
        {"name": _name(checked), "birth": name("_birth"), "rows": _rows(checked), "most": MOST},
    )
    found = session.execute(query).fetchall()
    groups = _listed(session, checked, "two ids", [tuple(ids) for _, ids in found])
    pairs = [(other, g.ids[0]) for g in groups if decided.get(g.key) == SAME for other in g.ids[1:]]
    if pairs:
        session.connection.executemany("INSERT INTO aliases VALUES (?, ?)", pairs)
    undecided = [g for g in groups if g.key not in decided]
    if undecided:
        _said(checked, "REC-two-ids-one-person", undecided)
    return groups


def _place(row: tuple[Any, ...]) -> tuple[int, int]:
    return row[0], row[1]


def _listed(
    session: Session, checked: Checked, kind: str, found: Sequence[tuple[str, ...]]
) -> list[Group]:
    """The groups of these ids, each with its first rows; one scan for all of them."""
    source = checked.source
    if source.id is None or not found:
        return []
    private = [f for f in source.layout.fields if f.private]
    place = [exp.Ordered(this=name(c)) for c in ("_part", "_row")]
    nth = exp.Window(
        this=exp.RowNumber(),
        partition_by=[source.id.copy()],
        order=exp.Order(expressions=place),
    )
    wanted = [tree(i) for i in dict.fromkeys(i for ids in found for i in ids)]
    inner = (
        exp.select(
            name("_part"),
            name("_row"),
            alias(source.id.copy(), "_who"),
            *(name(f.at) for f in private),
            alias(nth, "_nth"),
        )
        .from_(source.table)
        .where(exp.In(this=source.id.copy(), expressions=wanted))
    )
    query = exp.select("*").from_(inner.subquery("t"))
    query = query.where(exp.LTE(this=name("_nth"), expression=tree(_ROWS)))
    rows: dict[str, list[tuple[Any, ...]]] = {}
    for row in session.execute(query.order_by(name("_part"), name("_row"))).fetchall():
        rows.setdefault(row[2], []).append(row)

    def shown(row: tuple[Any, ...]) -> Mapping[str, Any]:
        cells = {f.header: cell for f, cell in zip(private, row[3:-1], strict=True)}
        return {**cells, "row": row[1], "id": row[2]}

    return [
        Group(
            kind=kind,
            table=source.layout.label,
            ids=ids,
            rows=tuple(
                map(shown, sorted((r for i in ids for r in rows.get(i, ())), key=_place)[:_ROWS])
            ),
        )
        for ids in found
    ]


def read_decisions(path: Path) -> dict[str, str]:
    """Decisions by group, from the review workbook as people left it."""
    if not path.exists():
        return {}
    decided: dict[str, str] = {}
    for row in sheets_out.rows(path):
        said = str(row.get("Decision") or "").strip().lower()
        if said in (SAME, DIFFERENT) and row.get("Group"):
            decided[str(row["Group"])] = said
    return decided


def read_review(path: Path) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """The listed rows: key and kind of their group, and the row as it was written."""
    kinds = {why: kind for kind, why in _WHY.items()}
    for row in sheets_out.rows(path) if path.exists() else ():
        kind = kinds.get(str(row.get("Why it is listed") or ""))
        if kind and row.get("Group"):
            yield str(row["Group"]), kind, row


def write_review(path: Path, groups: Iterable[Group], decided: Mapping[str, str]) -> None:
    """The review workbook: one row a row of the file, decisions made so far filled in.

    Decisions on groups that are not in these files stand at the end, so that none is forgotten.
    """
    groups = list(groups)
    private = list(
        dict.fromkeys(k for g in groups for r in g.rows for k in r if k not in ("row", "id"))
    )
    header = ["Group", "Decision", "Why it is listed", "File", "Row", "Id", *private]
    lines = [
        [g.key, decided.get(g.key, ""), _WHY[g.kind], g.table, r["row"], r["id"],
         *(r.get(k) for k in private)]
        for g in groups
        for r in g.rows
    ]  # fmt: skip
    listed = {g.key for g in groups}
    before = [k for k in decided if k not in listed]
    lines += [[k, decided[k], _BEFORE, "", "", "", *("" for _ in private)] for k in before]
    sheets_out.write(
        path,
        {"Review": sheets_out.Page(header, lines, choices={"Decision": (SAME, DIFFERENT)})},
    )
