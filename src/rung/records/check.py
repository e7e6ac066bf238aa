"""The check of a file: every rule, counted, worst first.

Problems carry a code, a column, how many rows and the first of them as people see them in the
file; never a cell. `Fix` is the inside view of the same: the record as staff know it and the
text of the cell, for the list that goes back to the people who can mend it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlglot import exp

from rung.errors import Problem, Weight, worst_first
from rung.messages import Params, Scalar
from rung.records.files.sheet import label
from rung.records.importing.cells import Outcome
from rung.records.importing.layout import Field, needs_id
from rung.records.importing.rules import BITS, mask_names, rules
from rung.records.importing.source import ID_SHAPES, Source
from rung.records.lab import Section
from rung.records.query import Name, Session, alias, load, name, tree
from rung.records.read import SET_ASIDE

ROOM = "rung.records"
ENOUGH = 20  # rows before a column is called constant or empty
FIX_ROWS = 500  # cells of one problem that go on the fix list

CODES: Mapping[Outcome, str] = {
    Outcome.INVALID: "REC-cell-unreadable",
    Outcome.NOT_IN_LIST: "REC-not-in-list",
    Outcome.OUT_OF_RANGE: "REC-out-of-range",
    Outcome.TOO_EARLY: "REC-too-early",
    Outcome.FUTURE: "REC-future-date",
    Outcome.IDENTIFIER: "REC-identifier-in-text",
    Outcome.FORMULA: "REC-cell-formula",
}


class Records(Section):
    """`[records]` of `lab.toml`: what the import may do that it would not do by itself."""

    ssn_ids: str = ""  # the reason why Social Security numbers may serve as ids
    id_digits: int = 0  # ids of digits get lost leading zeros back, up to this many digits


@dataclass(frozen=True, kw_only=True)
class Fix:
    """One cell to mend: `record` and `cell` are as in the file. Inside only."""

    table: str
    row: int
    record: str
    column: str
    cell: str
    problem: Problem


@dataclass(frozen=True, kw_only=True)
class ColumnReport:
    """One column of a file: where it goes and how many cells are in each state."""

    table: str
    header: str
    target: str
    states: Mapping[str, int]
    sure: float | None = None


@dataclass(frozen=True, kw_only=True)
class FileReport:
    """One file: rows read, rows kept, rows set aside (each is in a counted problem)."""

    table: str
    rows: int
    kept: int
    set_aside: int


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a check found. `fixes` never leave the inside; `to_json` has none of them."""

    problems: tuple[Problem, ...]
    files: tuple[FileReport, ...]
    columns: tuple[ColumnReport, ...]
    fixes: tuple[Fix, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether nothing has to be mended before anything can be computed."""
        return not any(p.weight == "break" for p in self.problems)

    def to_json(self) -> dict[str, Any]:
        """Problems, files and columns as JSON values."""
        return {
            "problems": [p.to_json() for p in self.problems],
            "files": [vars(f) for f in self.files],
            "columns": [{**vars(c), "states": dict(c.states)} for c in self.columns],
        }


@dataclass(frozen=True)
class Found:
    """Where a problem's rows are: a condition on the clean text, or on a written file's masks."""

    problem: Problem
    field: Field
    when: exp.Expr
    path: Path | None = None


@dataclass
class Checked:
    """A source with everything found in it so far."""

    source: Source
    problems: list[Problem] = field(default_factory=list)
    set_aside: int = 0
    found: list[Found] = field(default_factory=list)
    others: bool = False  # rows of people who do not take part are set aside

    def add(
        self, code: str, field_: Field | None, rows: int, first: Sequence[int] = (), *,
        weight: Weight = "care", params: Params | None = None,
    ) -> Problem:  # fmt: skip
        """One more problem of this file."""
        problem = Problem(
            code=code,
            params=params or {},
            table=self.source.layout.label,
            column=field_.header if field_ else None,
            rows=rows,
            first_rows=tuple(first),
            weight=weight,
            owner=field_.owner if field_ else "data",
        )
        self.problems.append(problem)
        return problem

    def report(self) -> FileReport:
        """Rows in, rows kept, rows set aside (by the reader or by a rule)."""
        unread = sum(p.rows or 0 for p in self.source.layout.problems if p.code in SET_ASIDE)
        return FileReport(
            table=self.source.layout.label,
            rows=self.source.rows + unread,
            kept=self.source.rows - self.set_aside,
            set_aside=self.set_aside + unread,
        )

    def columns(self, sure: Mapping[str, float] | None = None) -> tuple[ColumnReport, ...]:
        """Every imported column with its states."""
        layout = self.source.layout
        found = []
        for f in layout.fields:
            states: dict[str, int] = {}
            for outcome, n in self.source.outcomes.get(f.at, {}).items():
                states[outcome.state] = states.get(outcome.state, 0) + n
            found.append(
                ColumnReport(
                    table=layout.label,
                    header=f.header,
                    target=layout.map.columns[f.header],
                    states=states,
                    sure=(sure or {}).get(f.header),
                )
            )
        return tuple(found)

    def fixes(self, session: Session, most: int = FIX_ROWS) -> tuple[Fix, ...]:
        """The cells to mend, at most `most` a problem."""
        source = self.source
        record = name(source.layout.id.at) if source.layout.id else tree("")
        where = [source.layout.label]
        if len(source.parts) > 1:  # row numbers are those of a tab
            where = [label(p.sheet.source, p.sheet.name) for p in source.parts]
        found: list[Fix] = []
        for each in self.found:
            cells = exp.select(name("_part"), name("_row"), record.copy(), name(each.field.at))
            cells = cells.from_(_view(source)).limit(most)
            if each.path:
                place = ("_part", "_row") if len(source.parts) > 1 else ("_row",)
                rows = exp.select(*map(name, place)).from_(_file(each.path)).limit(most)
                hit = exp.Tuple(expressions=[name(p) for p in place])
                cells = cells.where(exp.In(this=hit, query=rows.where(each.when.copy()).subquery()))
            else:
                cells = cells.where(each.when.copy())
            rows_found = session.execute(cells).fetchall()
            found += [
                Fix(
                    table=where[part],
                    row=row,
                    record=record_id or "",
                    column=each.field.header,
                    cell=cell or "",
                    problem=each.problem,
                )
                for part, row, record_id, cell in sorted(rows_found, key=lambda r: (r[0], r[1]))
            ]
        return tuple(found)


def examine(
    session: Session, source: Source, *, allow_ssn: str = "", as_of: dt.date | None = None
) -> Checked:
    """Look at every cell of a staged source: ids, cells, columns; and set up its row rules."""
    checked = Checked(source)
    checked.problems += source.layout.problems
    source.learn(session)
    _ids(session, checked, allow_ssn)
    for f in source.layout.fields:
        if f.at in source.cells:
            _column(session, checked, f)
        elif f.role == "private":
            filled = session.run(
                exp.select(exp.func("count", name(f.at)).as_("n")).from_(_view(source))
            ).one()["n"]
            source.outcomes[f.at] = {
                Outcome.VALUE: filled, Outcome.BLANK: source.rows - filled
            }  # fmt: skip
    source.rules = rules(source.layout, source.order, as_of)
    return checked


def _file(path: Path) -> exp.Expr:
    return exp.Anonymous(this="read_parquet", expressions=[tree(str(path))])


def _view(source: Source) -> exp.Table:
    return exp.table_(source.view, quoted=True)


def _ids(session: Session, checked: Checked, allow_ssn: str) -> None:
    source, f = checked.source, checked.source.layout.id
    if f is None:
        if needs_id(source.layout):
            people = source.id is not None
            checked.add(
                "REC-no-id" if people else "REC-no-id-events", None, source.rows,
                weight="care" if people else "break",
            )  # fmt: skip
        return
    seen = session.run(load(ROOM, "check_ids"), id=Name(f.at), clean=Name(source.view)).dicts()
    by_shape: dict[str, tuple[int, list[int]]] = {}
    for row in seen:
        n, first = by_shape.get(row["shape"], (0, []))
        by_shape[row["shape"]] = (n + row["n"], sorted([*first, *(row["first_rows"] or [])])[:5])
    filled = source.rows - by_shape.get("blank", (0, []))[0]
    source.outcomes[f.at] = {
        Outcome.VALUE: filled, Outcome.BLANK: source.rows - filled
    }  # fmt: skip
    refused = () if allow_ssn else (("ssn", "REC-id-ssn"),)
    for shape, code in (("blank", "REC-id-missing"), ("broken", "REC-id-broken"), *refused):
        n, first = by_shape.get(shape, (0, []))
        if not n:
            continue
        most = shape != "blank" and n * 2 >= filled
        problem = checked.add(code, f, n, first, weight="break" if most else "care")
        checked.set_aside += n
        source.drop_ids |= {shape}
        checked.found.append(Found(problem, f, _shape(f, shape)))
    n, first = by_shape.get("nine", (0, []))
    if n >= 5 and n * 10 >= 9 * filled and not allow_ssn:
        checked.add("REC-id-ssn", f, n, first, weight="break")
    _zeros(session, checked, f, seen, filled)


def _shape(f: Field, shape: str) -> exp.Expr:
    if shape == "blank":
        return exp.Is(this=name(f.at), expression=exp.Null())
    return exp.Anonymous(this="regexp_full_match", expressions=[name(f.at), tree(ID_SHAPES[shape])])


def _zeros(
    session: Session, checked: Checked, f: Field, seen: Iterable[Mapping[str, Any]], filled: int
) -> None:
    """Ids of digits that lost their leading zeros: shorter than those that kept them.

    Where none kept a zero, a few shorter ids among long ones are doubtful only when the numbers
    are sparse; a plain count 1, 2, 3 … has shorter ones too.
    """
    digits = [r for r in seen if r["digits"]]
    kept = [r["digits"] for r in digits if r["zero"]]
    total = sum(r["n"] for r in digits)
    if not digits:
        return
    usual = max(digits, key=lambda r: r["n"])["digits"]
    length = max(kept) if kept else usual
    short = [r for r in digits if r["digits"] < length and not r["zero"]]
    n = sum(r["n"] for r in short)
    largest = max(int(r["most"] or 0) for r in digits)
    sparse = length >= 5 and largest > 20 * max(filled, 1) and n / total <= 0.3
    if n and (kept or sparse) and not checked.source.id_digits:
        query = load(ROOM, "check_short")
        clean = Name(checked.source.view)
        first = session.run(query, id=Name(f.at), clean=clean, length=length).one()["first_rows"]
        checked.add("REC-id-zeros", f, n, first, params={"length": length})


def _column(session: Session, checked: Checked, f: Field) -> None:
    source = checked.source
    found = source.outcomes[f.at]
    if any(o >= Outcome.INVALID for o in found):
        rows = source.joined([f]).select(alias(source.outcome(f), "outcome"), name("_row"))
        first = {
            Outcome(r["outcome"]): r["first_rows"]
            for r in session.run(
                load(ROOM, "check_first"), rows=rows.subquery("t"), from_=int(Outcome.INVALID)
            ).dicts()
        }
        for o, rows in first.items():
            problem = checked.add(CODES[o], f, found[o], rows, params=_expected(f, source))
            checked.found.append(Found(problem, f, _became(source, f, o)))
    filled = source.rows - found.get(Outcome.BLANK, 0)
    attribute = f.role == "column" and f.column is not None and not f.name.startswith("closed")
    if source.rows < ENOUGH or not attribute:
        return
    if filled * 20 < source.rows:
        checked.add("REC-mostly-blank", f, source.rows - filled)
    elif f.column and f.column.group:
        same = session.run(load(ROOM, "check_same"), cell=Name(f.at), clean=Name(source.view))
        if same.one()["same"]:
            checked.add("REC-one-value", f, filled)


def _became(source: Source, f: Field, o: Outcome) -> exp.Expr:
    """The rows whose cell of this column had this outcome."""
    if f.at not in source.learnt:
        this = exp.EQ(this=source.outcome(f), expression=tree(int(o)))
        rows = source.joined([f]).select(name("_part"), name("_row")).where(this).limit(FIX_ROWS)
        hit = exp.Tuple(expressions=[name("_part"), name("_row")])
        return exp.In(this=hit, query=rows.subquery())
    this = exp.EQ(this=name("o"), expression=tree(int(o)))
    texts = exp.select(name("k")).from_(source.book(f)).where(this)
    return exp.In(this=name(f.at), query=texts.subquery())


def _expected(f: Field, source: Source) -> dict[str, Scalar]:
    """What a cell of this column should look like: limits and codes, never what was there."""
    column = f.column
    params: dict[str, Scalar] = {
        "kind": column.kind.value if column else "date" if f.role == "milestone" else "text",
        "order": {"mdy": "month/day/year", "dmy": "day/month/year", "ymd": "year-month-day"}[
            source.reader.order
        ],
        "low": str(column.low) if column and column.low is not None else "",
        "high": str(column.high) if column and column.high is not None else "",
    }
    codes = list(column.codes.values()) if column else []
    params["codes"] = ", ".join(codes[:12]) + (", …" if len(codes) > 12 else "")
    return params


def count(session: Session, checked: Checked, path: Path) -> None:
    """Count the row rules from the masks of the written file: a scan of those columns alone.

    `path` holds the rows of `Source.typed`.
    """
    source = checked.source
    skip = len(source.bad)
    words = mask_names(skip + len(source.rules))
    if not source.rules:
        return
    counts: list[exp.Expr] = []
    hits: list[exp.Expr] = []
    for i in range(len(source.rules)):
        word, bit = divmod(skip + i, BITS)
        hit = exp.NEQ(
            this=exp.Paren(this=exp.BitwiseAnd(this=name(words[word]), expression=tree(1 << bit))),
            expression=tree(0),
        )
        hits.append(hit)
        counts.append(exp.func("count_if", hit.copy()).as_(f"n_{i}"))
        row = exp.Case(ifs=[exp.If(this=hit.copy(), true=name("_row"))])
        counts.append(exp.Anonymous(this="min", expressions=[row, tree(5)]).as_(f"first_{i}"))
    marked = exp.or_(*(exp.NEQ(this=name(w), expression=tree(0)) for w in words))
    found = session.run(exp.select(*counts).from_(_file(path)).where(marked)).one()
    for i, rule in enumerate(source.rules):
        if n := found[f"n_{i}"]:
            first = found[f"first_{i}"] or []
            problem = checked.add(
                rule.code, rule.field, n, first, weight=rule.weight, params=rule.params
            )
            checked.found.append(Found(problem, rule.field, hits[i], path))


def gather(checked: Iterable[Checked], session: Session | None = None) -> Report:
    """One report of several files, worst first."""
    all_ = list(checked)
    return Report(
        problems=worst_first(p for c in all_ for p in c.problems),
        files=tuple(c.report() for c in all_),
        columns=tuple(column for c in all_ for column in c.columns()),
        fixes=tuple(x for c in all_ for x in c.fixes(session)) if session else (),
    )
