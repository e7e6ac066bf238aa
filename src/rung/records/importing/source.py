"""One file on its way in: its text, staged once as Parquet, and the typed table it gives.

A file is read once, as text, into dictionary-coded Parquet on the private side. Everything after
that is columnar: what a cell means is worked out once per different text, so checking costs less
than reading did, and the text of every cell stays where it can be looked up.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlglot import exp

from rung.records import read
from rung.records.files.reshape import key
from rung.records.files.sheet import Sheet
from rung.records.importing import cells
from rung.records.importing.cells import Cell, Outcome, Reader, snippet
from rung.records.importing.layout import JOURNEYS, Field, Layout
from rung.records.importing.rules import OLDEST, YOUNGEST, Rule, age, entry, mask_names, masks
from rung.records.matching.proposal import TAB
from rung.records.query import DIALECT, Session, alias, name, tree

SAMPLE, FEW = 20_000, 17_000  # rows looked at; different texts that make a dictionary worth it
TINY = 64  # texts of a dictionary that is looked up in place; a larger one is joined
ID_SHAPES: Mapping[str, str] = {
    "ssn": r"\d{3}-\d{2}-\d{4}",
    "broken": r"\d(\.\d+)?[eE]\+?\d+|#(N/A|[A-Z0-9/]+[!?])",
}
"""Ids that are no ids: a Social Security number, and what a spreadsheet broke: 1.23E+05, #REF!."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One sheet as text Parquet: `c0`, `c1`, … in the layout's order (absent ones left out)."""

    sheet: Sheet
    path: Path
    fields: tuple[Field, ...]
    rows: int


def copy_to(session: Session, query: exp.Expr, path: Path) -> int:
    """Write a query's rows as Parquet, whole or not at all; returns how many."""
    temporary = path.with_name(f".{path.name}.writing")
    made = exp.Copy(
        this=exp.Subquery(this=query),
        kind=False,
        files=[exp.Literal.string(str(temporary))],
        params=[exp.CopyParameter(this=exp.var("FORMAT"), expression=exp.var("parquet"))],
    )
    found = session.execute(made).fetchone()
    temporary.replace(path)
    return int(found[0]) if found else 0


def stage(session: Session, sheet: Sheet, layout: Layout, path: Path, work: Path) -> Part:
    """Read a sheet once; by the careful reader when the fast one finds a row that does not fit."""

    def use(one: Sheet) -> Part:
        own = {key(c): name(c) for c in reversed(one.columns)}
        own[key(TAB)] = tree(one.name)
        here = tuple(f for f in layout.fields if key(f.header) in own)
        columns = [alias(own[key(f.header)], f.at) for f in here]
        if one.numbered:
            columns.append(name("_row"))
        elif not columns:
            columns.append(alias(name(one.columns[0]), "_none"))
        rows = copy_to(session, exp.select(*columns).from_(one.scan.copy()), path)
        return Part(sheet=one, path=path, fields=here, rows=rows)

    return read.either(sheet, work, use)


@dataclass
class Source:
    """A file's staged parts and their layout; `view` is the name of its clean text."""

    layout: Layout
    parts: tuple[Part, ...]
    view: str
    reader: Reader
    order: tuple[str, ...]  # the lab's milestones
    outcomes: dict[str, dict[Outcome, int]] = field(default_factory=dict)  # by Field.at
    rules: tuple[Rule, ...] = ()
    id_digits: int = 0  # ids of fewer digits get their leading zeros back; 0 leaves them alone
    drop_ids: frozenset[str] = frozenset()  # shapes of ids that are set aside
    learnt: set[str] = field(default_factory=set)  # columns with a dictionary
    tiny: dict[str, dict[str, exp.Expr]] = field(default_factory=dict)  # … and its small ones

    @property
    def rows(self) -> int:
        """Rows read."""
        return sum(p.rows for p in self.parts)

    def attach(self, session: Session) -> None:
        """Name the text, with `_row` and `_part`: ids and private cells clean, others as they are.

        A column with a dictionary needs no cleaning row by row.
        """
        parts = [self._part(i, part) for i, part in enumerate(self.parts)]
        text: exp.Query = parts[0]
        for part in parts[1:]:
            text = exp.union(text, part, distinct=False)
        session.view(self.view, text)

    def learn(self, session: Session) -> None:
        """Work out every column once per different text, and count: the column's dictionary.

        A table `<view>_<at>` a column: `k` the text, `n` how many cells, `o` the outcome, and the
        values. A column of mostly different texts has none; its rows are worked out one by one.
        """
        fields = [f for f in self.layout.fields if f.at in self.cells]
        if not fields:
            return
        head = exp.select("*").from_(self.table).limit(SAMPLE)
        counts = [exp.Count(this=exp.Distinct(expressions=[name(f.at)])) for f in fields]
        distinct = session.execute(exp.select(*counts).from_(head.subquery("t"))).fetchone() or ()
        for f, different in zip(fields, distinct, strict=True):
            if different <= FEW:
                self._learn(session, f)
                query = exp.select("o", exp.func("sum", exp.column("n"))).from_(self.book(f))
            else:
                inner = self.joined([f]).select(alias(self.outcome(f), "o")).subquery("t")
                query = exp.select("o", exp.Count(this=exp.Star())).from_(inner)
            rows = session.execute(query.group_by("o")).fetchall()
            self.outcomes[f.at] = {Outcome(o): int(n) for o, n in rows}

    def _learn(self, session: Session, f: Field) -> None:
        text, cell = name(f.at), self.cells[f.at]
        number = exp.Count(this=exp.Star()).as_("n")
        texts = exp.select(text, number).from_(self.table).group_by(text.copy())
        first = [alias(node, label) for label, node in cell.first.items()]
        tidy = exp.select("*", _tidy(f)).from_(texts.subquery("t"))
        layer = exp.select("*", *first).from_(tidy.subquery("t"))
        query = exp.select(
            alias(text.copy(), "k"),
            "n",
            alias(cell.outcome, "o"),
            *(alias(value, label) for label, value in cell.values.items()),
        ).from_(layer.subquery("t"))
        made = exp.Create(
            this=self.book(f),
            kind="TABLE",
            replace=True,
            expression=query,
            properties=exp.Properties(expressions=[exp.TemporaryProperty()]),
        )
        session.execute(made)
        self.learnt.add(f.at)
        book = exp.select("*").from_(self.book(f)).where(cells.not_null(name("k")))
        rows = session.execute(book.limit(TINY + 1)).fetchall()
        if 0 < len(rows) <= TINY:
            self.tiny[f.at] = _maps(f, cell, rows)

    def book(self, f: Field) -> exp.Table:
        """The dictionary of a column."""
        return exp.table_(f"{self.view}_{f.at}", quoted=True)

    @property
    def table(self) -> exp.Table:
        """The clean text."""
        return exp.table_(self.view, quoted=True)

    def outcome(self, f: Field) -> exp.Expr:
        """What became of a cell, as a tree over the rows of `joined`."""
        if f.at not in self.learnt:
            return _spelt(self.cells[f.at], self.cells[f.at].outcome)
        blank = exp.cast(tree(int(Outcome.BLANK)), "UTINYINT", dialect=DIALECT)
        return exp.Coalesce(this=self._found(f, "o"), expressions=[blank])

    def _found(self, f: Field, label: str) -> exp.Expr:
        """What the dictionary of a column has for the cell."""
        if f.at in self.tiny:
            return name(f"{f.at}_{label}")
        return name(label, f"{self.view}_{f.at}")

    def _value(self, f: Field, label: str, value: exp.Expr) -> exp.Expr:
        if f.at not in self.learnt:
            return _spelt(self.cells[f.at], value)
        found = self._found(f, label)
        if f.role == "milestone" and label == f.name:  # blank is not reached, unknown is NULL
            return cells.case([(cells.is_null(name(f.at)), exp.false())], found)
        return found

    def joined(self, fields: Iterable[Field]) -> exp.Select:
        """The clean text with the dictionaries of some columns beside it."""
        fields = list(fields)
        below: list[exp.Expr] = []
        table: exp.Expr = self.table
        if rough := [f for f in fields if f.at not in self.learnt]:
            tidy = exp.select("*", *map(_tidy, rough)).from_(self.table)
            table = tidy.subquery("t")
        for f in fields:
            if f.at in self.tiny:
                below += [alias(m.copy(), f"{f.at}_{k}") for k, m in self.tiny[f.at].items()]
            elif f.at not in self.learnt:
                first = self.cells[f.at].first
                below += [alias(node, k) for k, node in first.items() if not _said(k)]
        query = exp.select().from_(table)
        if below:
            query = exp.select().from_(exp.select("*", *below).from_(table).subquery("t"))
        for f in fields:
            if f.at in self.learnt and f.at not in self.tiny:
                same = exp.EQ(this=name(f.at), expression=name("k", f"{self.view}_{f.at}"))
                query = query.join(self.book(f), on=same, join_type="left")
        return query

    def _part(self, number: int, part: Part) -> exp.Select:
        scan = exp.Anonymous(
            this="read_parquet",
            expressions=[
                tree(str(part.path)),
                exp.PropertyEQ(this=exp.to_identifier("file_row_number"), expression=exp.true()),
            ],
        )
        here = {f.at for f in part.fields}
        columns = [
            alias(
                exp.cast(exp.Null(), "VARCHAR")
                if f.at not in here
                else name(f.at)
                if f.at in self.cells
                else cells.clean(name(f.at)),
                f.at,
            )
            for f in self.layout.fields
        ]
        row: exp.Expr = name("_row")
        if not part.sheet.numbered:
            first = tree(part.sheet.header_row + 1)
            row = exp.Add(this=name("file_row_number"), expression=first)
        return exp.select(
            *columns,
            alias(exp.cast(row, "INTEGER"), "_row"),
            alias(exp.cast(tree(number), "SMALLINT"), "_part"),
        ).from_(scan)

    @cached_property
    def cells(self) -> Mapping[str, Cell]:
        """What each column's cells mean, by `Field.at`; the id and private text have no entry."""
        found: dict[str, Cell] = {}
        for f in self.layout.fields:
            cell = name(f"{f.at}_text")
            assert isinstance(cell, exp.Column)  # noqa: S101 (for the type checker)
            if f.role == "milestone":
                found[f.at] = self.reader.milestone(f.name, f.own, cell)
            elif f.role == "group":
                found[f.at] = cells.text(f.name, f.own, cell)
            elif f.column and f.name == "birth_date":
                found[f.at] = self.reader.date(f.column, f.own, cell)
            elif f.role == "column" and f.column:
                found[f.at] = self.reader.column(f.column, f.own, cell, spread="." not in f.name)
        return found

    @property
    def id(self) -> exp.Expr | None:
        """The id as the file has it: its column, else name and birth date, else the row.

        NULL where it is blank, or of a shape that is set aside (`drop_ids`).
        """
        if self.layout.id:
            given: exp.Expr = name(self.layout.id.at)
            if self.id_digits:
                given = snippet("id_zeros", id=given, digits=self.id_digits)
            shapes = [
                exp.Anonymous(this="regexp_full_match", expressions=[given.copy(), tree(pattern)])
                for shape, pattern in ID_SHAPES.items()
                if shape in self.drop_ids
            ]
            return cells.case([(exp.or_(*shapes), exp.Null())], given) if shapes else given
        if self.layout.map.table != JOURNEYS:
            return None
        known = self.layout.named("first_name", "last_name", "full_name", "birth_date", "email")
        if known:
            texts: list[exp.Expr] = [exp.Lower(this=name(f.at)) for f in known]
            return exp.Anonymous(this="concat_ws", expressions=[tree("\x1f"), *texts])
        label = tree(f"{self.layout.label}\x1f")
        return exp.Anonymous(
            this="concat", expressions=[label, name("_part"), tree("."), name("_row")]
        )

    def odd(self, f: Field) -> bool:
        """Whether some cell of the column is neither a value nor blank."""
        plain = (Outcome.VALUE, Outcome.BLANK)
        return any(n and o not in plain for o, n in self.outcomes.get(f.at, {}).items())

    def _typed(self, private: bool) -> exp.Select:
        """Ids, values under their stored names, outcomes of odd columns, row and part."""
        fields = [f for f in self.layout.fields if f.at in self.cells]
        values: dict[str, list[exp.Expr]] = {}
        yes_no: set[str] = set()
        for f in fields:
            for label, value in self.cells[f.at].values.items():
                stored = label if "." not in f.name else f.name
                stored = "_birth" if f.name == "birth_date" else stored
                values.setdefault(stored, []).append(self._value(f, label, value))
                if value.is_type("boolean"):
                    yes_no.add(stored)
        columns = [
            alias(self.id.copy() if self.id is not None else exp.Null(), "_id"),
            *(alias(_together(trees, label in yes_no), label) for label, trees in values.items()),
            *(alias(self.outcome(f), f"_o_{f.at}") for f in fields if self.odd(f)),
            name("_row"),
            name("_part"),
        ]
        if private:
            texts: dict[str, list[exp.Expr]] = {}
            for f in self.layout.fields:
                if f.private:
                    texts.setdefault(f"private.{f.name}", []).append(name(f.at))
            columns += [alias(_together(t, False), label) for label, t in texts.items()]
        return self.joined(fields).select(*columns)

    def values(self, *, private: bool = False) -> exp.Select:
        """`_id`, values, outcomes (`_o_…`), and the age at entry where birth and entry are known.

        With `private` also the private text, as `private.<name>`.
        """
        inner = self._typed(private)
        labels = [c.alias_or_name for c in inner.selects]
        entered = entry(self.layout, self.order)
        if "_birth" not in labels or entered is None:
            return inner
        years = age(name("_birth"), entered)
        inner = exp.select("*", alias(years, "_age")).from_(exp.Subquery(this=inner, alias="t"))
        plausible = exp.Between(this=name("_age"), low=tree(YOUNGEST), high=tree(OLDEST))
        computed: exp.Expr = cells.case([(plausible, name("_age"))], exp.Null())
        if "age_at_entry" in labels:
            computed = exp.Coalesce(this=name("age_at_entry"), expressions=[computed])
        columns = [name(label) for label in [*labels, "_age"] if label != "age_at_entry"]
        columns.append(alias(exp.cast(computed, "BIGINT"), "age_at_entry"))
        return exp.select(*columns).from_(exp.Subquery(this=inner, alias="t"))

    def typed(self) -> exp.Select:
        """The typed rows: `_id`, values, `_state_…` where a state is not plain, `_problems`."""
        inner = self.values()
        hidden: tuple[str, ...] = ("_o_", "_age")
        if entry(self.layout, self.order) is not None:  # else the age waits for another file
            hidden = (*hidden, "_birth")
        labels = [c.alias_or_name for c in inner.selects]
        columns: list[exp.Expr] = [name(x) for x in labels if not x.startswith(hidden)]
        columns += self._states()
        conditions = [self._bad(f) for f in self.bad] + [r.when for r in self.rules]
        words = masks(conditions)
        columns += [
            alias(word, label)
            for word, label in zip(words, mask_names(len(conditions)), strict=True)
        ]
        return exp.select(*columns).from_(exp.Subquery(this=inner, alias="t"))

    @property
    def bad(self) -> tuple[Field, ...]:
        """Columns with cells that are a problem; they take the first bits of the mask."""
        return tuple(
            f
            for f in self.layout.fields
            if any(n and o >= Outcome.INVALID for o, n in self.outcomes.get(f.at, {}).items())
        )

    def _bad(self, f: Field) -> exp.Expr:
        return exp.GTE(this=name(f"_o_{f.at}"), expression=tree(int(Outcome.INVALID)))

    def _states(self) -> list[exp.Expr]:
        found: dict[str, exp.Expr] = {}
        for f in self.layout.fields:
            if f.at not in self.cells or not self.odd(f) or f.private:
                continue
            seen = self.outcomes[f.at]
            state = cells.case(
                [
                    (exp.EQ(this=name(f"_o_{f.at}"), expression=tree(int(o))), tree(o.state))
                    for o, n in seen.items()
                    if n and o.state != "value"
                ],
                tree("value"),
            )
            stored = (
                f.beside(f"_state_{f.name.split('.')[1]}") if "." in f.name else f"_state_{f.name}"
            )
            found.setdefault(stored, alias(exp.cast(state, "VARCHAR"), stored))
        return list(found.values())


def _maps(f: Field, cell: Cell, rows: Sequence[Sequence[Any]]) -> dict[str, exp.Expr]:
    """A small dictionary as one map a value: DuckDB looks a text up once a row group."""
    keys = exp.Array(expressions=[tree(row[0]) for row in rows])
    found: dict[str, exp.Expr] = {}
    for i, label in enumerate(("o", *cell.values)):
        values: exp.Expr = exp.Array(expressions=[tree(row[2 + i]) for row in rows])
        kind: Any = exp.DataType.build("UTINYINT", dialect=DIALECT)
        if label != "o":
            kind = cell.values[label].args["to"]
        listed = exp.DataType(this=exp.DataType.Type.ARRAY, expressions=[kind.copy()], nested=True)
        values = exp.Cast(this=values, to=listed)
        map_ = exp.Map(keys=keys.copy(), values=values)
        found[label] = exp.Anonymous(this="map_extract_value", expressions=[map_, name(f.at)])
    return found


def _tidy(f: Field) -> exp.Expr:
    """The clean text of a column, `<at>_text`."""
    return alias(cells.clean(name(f.at)), f"{f.at}_text")


def _said(label: str) -> bool:
    return label.endswith("_said")


def _spelt(cell: Cell, node: exp.Expr) -> exp.Expr:
    """The tree with its words written out where it asks for them.

    Row by row, words are looked up where nothing else fits, not in a layer below for every cell.
    """

    def write_out(each: exp.Expr) -> exp.Expr:
        if isinstance(each, exp.Column) and _said(each.name):
            return cell.first[each.name].copy()
        return each

    return node.copy().transform(write_out)


def _together(trees: Sequence[exp.Expr], yes_no: bool) -> exp.Expr:
    """Several columns of one target: the first that has a value; of yes and no, any yes."""
    if len(trees) == 1:
        return trees[0].copy()
    first = exp.Coalesce(this=trees[0].copy(), expressions=[t.copy() for t in trees[1:]])
    if yes_no:
        return exp.Coalesce(
            this=cells.case([(exp.or_(*(t.copy() for t in trees)), exp.true())], exp.Null()),
            expressions=[first],
        )
    return first


def reader(layout: Layout, today: dt.date) -> Reader:
    """How the cells of this file read."""
    return Reader(layout.map.dates, today)
