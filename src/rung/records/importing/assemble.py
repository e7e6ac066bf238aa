"""From checked files to the lab's tables: journeys, and one table a kind of event.

A file that holds the first milestone (or a date of entry) tells periods of participation; such
files are stacked. Any other file about people is a form: it is joined by pseudonym, to the period
its own dates fall in, or to every period when it has none. Events keep one row a row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlglot import exp

from rung.records.check import ROOM, Checked
from rung.records.importing import cells
from rung.records.importing.layout import JOURNEYS, PERSON
from rung.records.importing.rules import OLDEST, YOUNGEST, age
from rung.records.importing.source import copy_to
from rung.records.lab import Milestone, Told
from rung.records.query import Session, alias, fill, load, name, tree
from rung.records.schema import CLOSING, STATUS_REACHES, TABLES

_KEPT = ("pid", "period", "entered_on")
_LONG = "milestones."
# a day that tells a milestone, and the column beside it that says whether it was one
FLAGS: Mapping[Told, str] = {
    "training.start_on": "received",
    "training.end_on": "completed",
    "credentials.earned_on": "earned",
    "employment.start_on": "employed",
}


@dataclass
class Assembly:
    """What goes together: the checked files (with `pid`) and the lab's milestones in order."""

    session: Session
    checked: Sequence[tuple[Checked, Path]]
    milestones: tuple[Milestone, ...]

    def _columns(self, path: Path) -> list[str]:
        cursor = self.session.execute(exp.select("*").from_(scan(path)).limit(0))
        return [d[0] for d in cursor.description or ()]

    def _bare(self, path: Path) -> list[str]:
        return [c for c in self._columns(path) if "." not in c]

    def _is_base(self, c: Checked) -> bool:
        names = {f.name for f in c.source.layout.fields}
        return about_people(c) and bool(
            {*(m.key for m in self.milestones[:1]), "entered_on"} & names
        )

    def journeys(self) -> tuple[exp.Expr, int]:
        """The query of `journeys`, and how many rows a second telling of a period gave up."""
        people = [(c, p) for c, p in self.checked if about_people(c)]
        base = [(c, p) for c, p in people if self._is_base(c)] or people[:1]
        forms = [(c, p) for c, p in people if (c, p) not in base]
        self.session.view("stacked", self._stack([p for _, p in base]))
        periods = fill(load(ROOM, "asm_periods"), {"base": exp.table_("stacked", quoted=True)})
        self.session.execute(temporary("periods", periods))
        told = self._count("stacked") - self._count("periods")
        query = exp.select("*").from_(named("periods"))
        for i, (c, path) in enumerate(forms):
            query = self._join(query, i, self._form(c, path))
        query = self._services(query)
        for m in self.milestones:
            if m.told_by:
                query = self._told_by_events(query, m)
        return self._finish(query), told

    def _count(self, table: str) -> int:
        row = self.session.execute(exp.select(exp.Count(this=exp.Star())).from_(named(table)))
        return int((row.fetchone() or (0,))[0])

    def _stack(self, paths: Sequence[Path]) -> exp.Query:
        entry = [f"{m.key}_on" for m in self.milestones[:1]]  # a lab may have no milestones yet
        parts: list[exp.Select] = []
        every = list(dict.fromkeys(c for p in paths for c in self._bare(p)))
        for i, path in enumerate(paths):
            have = self._bare(path)
            both = [name(c) for c in (*entry, "entered_on") if c in have]
            date: exp.Expr = exp.cast(exp.Null(), "DATE")
            if both:
                date = exp.Coalesce(this=both[0], expressions=both[1:])
            columns = [
                name(c) if c in have else alias(exp.Null(), c) for c in every if c != "entered_on"
            ]
            number = alias(exp.cast(tree(i), "SMALLINT"), "_source")
            parts.append(exp.select(*columns, alias(date, "entered_on"), number).from_(scan(path)))
        stacked: exp.Query = parts[0]
        for part in parts[1:]:
            stacked = exp.union(stacked, part, distinct=False)
        return stacked

    def _form(self, c: Checked, path: Path) -> tuple[str, list[str], bool]:
        """A form as one row a person and period (or a person): its table, columns, and which."""
        columns = [
            x
            for x in self._bare(path)
            if (not x.startswith("_") and x not in _KEPT) or x == "_birth"
        ]
        keys = [m.key for m in self.milestones if m.key in columns]
        dates = [name(f"{k}_on") for k in keys]
        source: exp.Expr = scan(path)
        if not dates:
            return self._grouped(path, source, columns, keys, ["pid"]), columns, False
        anchor = exp.Least(this=dates[0], expressions=dates[1:]) if dates[1:] else dates[0]
        placed = fill(
            load(ROOM, "asm_place"), {"periods": named("periods"), "form": source, "anchor": anchor}
        )
        rows = placed.subquery("t") if isinstance(placed, exp.Query) else source
        return self._grouped(path, rows, columns, keys, ["pid", "period"]), columns, True

    def _grouped(
        self, path: Path, rows: exp.Expr, columns: Sequence[str], keys: Sequence[str],
        by: Sequence[str],
    ) -> str:  # fmt: skip
        dates = {f"{k}_on" for k in keys}
        picked: list[exp.Expr] = [name(b) for b in by]
        for column in columns:
            node = name(column)
            if column in dates:
                node = exp.Min(this=node)
            elif column in keys:
                node = exp.Anonymous(this="bool_or", expressions=[node])
            else:
                node = exp.ArgMin(this=node, expression=name("_row"))
            picked.append(alias(node, column))
        grouped = exp.select(*picked).from_(rows).group_by(*(name(b) for b in by))
        label = f"form_{path.stem}"
        self.session.execute(temporary(label, grouped))
        return label

    def _join(
        self, query: exp.Select, number: int, form: tuple[str, list[str], bool]
    ) -> exp.Select:
        label, columns, dated = form
        inner = query.subquery("j")
        have = self._labels(query)
        on = [exp.EQ(this=name("pid", "j"), expression=name("pid", label))]
        if dated:
            on.append(exp.EQ(this=name("period", "j"), expression=name("period", label)))
        picked: list[exp.Expr] = []
        keys = {m.key for m in self.milestones}
        for column in have:
            node = name(column, "j")
            if column in columns:
                other = name(column, label)
                if column in keys:  # reached in either file is reached
                    yes = exp.or_(node.copy(), other.copy())
                    node = cells.case([(yes, exp.true())], exp.Coalesce(
                        this=node, expressions=[other]))  # fmt: skip
                else:
                    node = exp.Coalesce(this=node, expressions=[other])
            picked.append(alias(node, column))
        picked += [alias(name(c, label), c) for c in columns if c not in have]
        joined = exp.select(*picked).from_(inner)
        joined = joined.join(named(label), on=exp.and_(*on), join_type="left")
        self.session.execute(temporary(f"joined_{number}", joined))
        return exp.select("*").from_(named(f"joined_{number}"))

    def _services(self, query: exp.Select) -> exp.Select:
        """Add the last service of each period, where a file lists services."""
        day = "services.service_on"
        paths = [p for _, p in self.checked if day in self._columns(p)]
        if not paths:
            return query
        parts = [exp.select(name("pid"), alias(name(day), "day")).from_(scan(p)) for p in paths]
        rows: exp.Query = parts[0]
        for part in parts[1:]:
            rows = exp.union(rows, part, distinct=False)
        placed = fill(
            load(ROOM, "asm_place"),
            {"periods": named("periods"), "form": rows.subquery(), "anchor": name("day")},
        )
        latest = exp.Max(this=name("day"))
        last = exp.select(name("pid"), name("period"), alias(latest, "last_service_on"))
        last = last.from_(exp.Subquery(this=placed, alias="s"))
        self.session.execute(temporary("last", last.group_by(name("pid"), name("period"))))
        have = self._labels(query)
        seen: exp.Expr = name("last_service_on", "s")
        if "last_service_on" in have:
            seen = exp.Greatest(this=seen, expressions=[name("last_service_on", "j")])
        on = exp.and_(
            *(exp.EQ(this=name(k, "j"), expression=name(k, "s")) for k in ("pid", "period"))
        )
        picked = [alias(name(c, "j"), c) for c in have if c != "last_service_on"]
        joined = exp.select(*picked, alias(seen, "last_service_on")).from_(query.subquery("j"))
        return joined.join(exp.table_("last", quoted=True, alias="s"), on=on, join_type="left")

    def _told_by_events(self, query: exp.Select, m: Milestone) -> exp.Select:
        """Add a milestone that events tell: the first event of its kind in each period.

        An event without a day belongs to the first period; one that says no is not the milestone.
        """
        day = m.told_by
        flag = f"{day.partition('.')[0]}.{FLAGS[day]}" if day else ""
        parts: list[exp.Select] = []
        for _, path in self.checked:
            have = self._columns(path)
            for slot in dict.fromkeys(s for c in have if (s := _slot_of(c, day, flag)) is not None):
                on: exp.Expr = exp.cast(exp.Null(), "DATE")
                if day + slot in have:
                    on = name(day + slot)
                said: exp.Expr = cells.case([(cells.not_null(on), exp.true())], exp.Null())
                if flag + slot in have:
                    said = name(flag + slot)
                first = cells.case([(said.copy(), on.copy())], exp.Null())
                picked = (name("pid"), alias(said, "said"), alias(exp.cast(first, "DATE"), "day"))
                parts.append(exp.select(*picked).from_(scan(path)))
        if not parts:
            return query
        rows: exp.Query = parts[0]
        for part in parts[1:]:
            rows = exp.union(rows, part, distinct=False)
        placed = fill(
            load(ROOM, "asm_place"),
            {"periods": named("periods"), "form": rows.subquery(), "anchor": name("day")},
        )
        said_by = exp.select(
            name("pid"),
            name("period"),
            alias(exp.Anonymous(this="bool_or", expressions=[name("said")]), "said"),
            alias(exp.Min(this=name("day")), "day"),
        ).from_(exp.Subquery(this=placed, alias="s"))
        label = f"told_{m.key}"
        self.session.execute(temporary(label, said_by.group_by(name("pid"), name("period"))))
        have = self._labels(query)
        no_event = exp.Is(this=name("pid", "e"), expression=exp.Null())
        reached = cells.case([(no_event, exp.false())], name("said", "e"))
        dated: exp.Expr = name("day", "e")
        if m.key in have:
            either = exp.or_(name(m.key, "j"), name("said", "e"))
            reached = cells.case([(either, exp.true())], name(m.key, "j"))
        if f"{m.key}_on" in have:
            dated = exp.Coalesce(this=name(f"{m.key}_on", "j"), expressions=[dated])
        kept = [alias(name(c, "j"), c) for c in have if c not in (m.key, f"{m.key}_on")]
        on_ = exp.and_(
            *(exp.EQ(this=name(k, "j"), expression=name(k, "e")) for k in ("pid", "period"))
        )
        joined = exp.select(*kept, alias(reached, m.key), alias(dated, f"{m.key}_on"))
        joined = joined.from_(query.subquery("j"))
        return joined.join(exp.table_(label, quoted=True, alias="e"), on=on_, join_type="left")

    def _labels(self, query: exp.Select) -> list[str]:
        cursor = self.session.execute(query.limit(0))
        return [d[0] for d in cursor.description or ()]

    def _finish(self, query: exp.Select) -> exp.Select:
        return finish(query, self._labels(query), self.milestones)

    def long(self) -> None:
        """Turn every long milestone file into one with a column a milestone, in place."""
        keys = [m.key for m in self.milestones]
        for c, path in self.checked:
            if c.source.layout.map.table != "milestones":
                continue
            have = set(self._columns(path))
            which, on = name(f"{_LONG}milestone"), name(f"{_LONG}reached_on")
            if f"{_LONG}milestone" not in have:
                continue
            step = next(f for f in c.source.layout.fields if f.name == f"{_LONG}milestone")
            picked: list[exp.Expr] = [name("pid"), name("_row")]
            for m in self.milestones:
                own = {said.strip().lower() for said, key in step.own.items() if key == m.key}
                spelt = [tree(w) for w in {m.key, m.key.replace("_", " "), m.label.lower(), *own}]
                mine = exp.In(this=exp.Lower(this=which.copy()), expressions=spelt)
                date = on.copy() if f"{_LONG}reached_on" in have else exp.Null()
                said: exp.Expr = exp.true()
                if f"{_LONG}reached" in have:
                    said = exp.Coalesce(
                        this=cells.case([(cells.not_null(date), exp.true())], exp.Null()),
                        expressions=[name(f"{_LONG}reached")],
                    )
                dated = exp.cast(cells.case([(mine, date.copy())], exp.Null()), "DATE")
                picked.append(alias(dated, f"{m.key}_on"))
                flag = exp.cast(cells.case([(mine.copy(), said)], exp.Null()), "BOOLEAN")
                picked.append(alias(flag, m.key))
            wide = path.with_suffix(".wide")
            copy_to(self.session, exp.select(*picked).from_(scan(path)), wide)
            reached = exp.or_(*(cells.not_null(name(k)) for k in keys))
            row = exp.Anonymous(this="min", expressions=[name("_row"), tree(5)])
            unknown = exp.select(exp.Count(this=exp.Star()), row).from_(scan(wide))
            query = unknown.where(exp.not_(reached))
            n, first = self.session.execute(query).fetchone() or (0, ())
            if n:
                c.add("REC-milestone-unknown", step, n, first)
            wide.replace(path)

    def events(self) -> dict[str, exp.Expr]:
        """The query of every event table."""
        found: dict[str, exp.Expr] = {}
        for table in TABLES:
            if table in PERSON or table == "milestones":
                continue
            parts = [q for c, p in self.checked if (q := self._event(c, p, table)) is not None]
            if not parts:
                continue
            whole: exp.Query = parts[0]
            for part in parts[1:]:
                whole = union_by_name(whole, part)
            found[table] = whole
        return found

    def _event(self, c: Checked, path: Path, table: str) -> exp.Query | None:
        """The events of one kind in a file: one row a row, and one more for every further slot."""
        slots: dict[int, dict[str, str]] = {}
        for column in self._columns(path):
            of, _, rest = column.partition(".")
            label, _, slot = rest.partition(".")
            if of == table and label:
                slots.setdefault(int(slot or 1), {})[label] = column
        parts = [
            self._slot(c, path, table, slot, columns, slots) for slot, columns in slots.items()
        ]
        if not parts:
            return None
        whole: exp.Query = parts[0]
        for part in parts[1:]:
            whole = union_by_name(whole, part)
        return whole

    def _slot(
        self, c: Checked, path: Path, table: str, slot: int, columns: Mapping[str, str],
        slots: Mapping[int, Mapping[str, str]],
    ) -> exp.Select:  # fmt: skip
        picked = [name("pid")] if "pid" in {x.name for x in TABLES[table].columns} else []
        picked += [alias(name(column), label) for label, column in columns.items()]
        year = slots.get(1, {}).get("year")
        if table == "wages" and year and "quarter" not in columns:
            of_year: exp.Expr = tree(slot)
            if "quarter_of_year" in columns:
                of_year = name(columns["quarter_of_year"])
            four = exp.Mul(this=name(year), expression=tree(4))
            number = exp.Sub(this=exp.Add(this=four, expression=of_year), expression=tree(1))
            picked.append(alias(exp.cast(number, "INTEGER"), "quarter"))
        query = exp.select(*picked).from_(scan(path))
        if c.source.layout.map.table != table or len(slots) > 1:
            # a row with nothing of this kind in it is no event
            values = [
                cells.not_null(name(column))
                for label, column in columns.items()
                if not label.startswith("_") and not (table == "wages" and label == "year")
            ]
            query = query.where(exp.or_(*values))
        return query


def _slot_of(column: str, *of: str) -> str | None:
    """ "" for one of these columns, ".2" for its second slot; None for another column."""
    for each in of:
        if column == each or re.fullmatch(re.escape(each) + r"\.\d+", column):
            return column.removeprefix(each)
    return None


def about_people(c: Checked) -> bool:
    """Whether the file tells about people and periods (and not events, seats or employers)."""
    return c.source.layout.map.table in (JOURNEYS, *PERSON, "milestones")


def finish(query: exp.Select, have: Iterable[str], milestones: Sequence[Milestone]) -> exp.Select:
    """The columns of `journeys` in their order, with every milestone and the closing of a case.

    A status that says a milestone was reached ("Graduated" in a status column) makes it reached,
    without a date, where the file has no date for it.
    """
    have = list(have)
    entered: exp.Expr = name("entered_on")
    entry = [f"{m.key}_on" for m in milestones[:1] if f"{m.key}_on" in have]
    if entry:
        entered = exp.Coalesce(this=entered, expressions=[name(entry[0])])
    picked: list[exp.Expr] = [name("pid"), name("period"), alias(entered, "entered_on")]
    done = {*_KEPT, "_birth"}
    if "_birth" in have:
        years = age(name("_birth"), entered)
        fits = exp.Between(this=years, low=tree(YOUNGEST), high=tree(OLDEST))
        known: exp.Expr = exp.cast(cells.case([(fits, years.copy())], exp.Null()), "BIGINT")
        if "age_at_entry" in have:
            known = exp.Coalesce(this=name("age_at_entry"), expressions=[known])
        picked.append(alias(known, "age_at_entry"))
        done.add("age_at_entry")
    for m in milestones:
        on, key = f"{m.key}_on", m.key
        date = name(on) if on in have else exp.cast(exp.Null(), "DATE")
        said: exp.Expr = name(key) if key in have else exp.cast(exp.Null(), "BOOLEAN")
        statuses = [s for s, k in STATUS_REACHES.items() if k == key]
        if "status" in have and statuses:
            says = exp.In(this=name("status"), expressions=[tree(s) for s in statuses])
            said = cells.case([(says, exp.true())], said)
        picked += [alias(date, on), alias(said, key)]
        done |= {on, key}
    status = name("status") if "status" in have else exp.cast(exp.Null(), "VARCHAR")
    closed_on = name("closed_on") if "closed_on" in have else exp.cast(exp.Null(), "DATE")
    closing: list[exp.Expr] = [
        exp.In(
            this=exp.cast(status.copy(), "VARCHAR"), expressions=[tree(s) for s in sorted(CLOSING)]
        )
    ]
    closed = cells.case([(exp.or_(cells.not_null(closed_on), *closing), exp.true())], exp.false())
    last = name("last_service_on") if "last_service_on" in have else exp.cast(exp.Null(), "DATE")
    picked += [
        alias(status, "status"), alias(closed, "closed"), alias(closed_on, "closed_on"),
        alias(last, "last_service_on"),
    ]  # fmt: skip
    done |= {"status", "closed", "closed_on", "last_service_on"}
    rest = [c for c in have if c not in done and "." not in c and c != "_id"]
    picked += [name(c) for c in sorted(rest, key=lambda c: c.startswith("_"))]
    return exp.select(*picked).from_(query.subquery("j"))


def union_by_name(left: exp.Query, right: exp.Query) -> exp.Query:
    """UNION ALL BY NAME: a column that one side lacks is NULL."""
    return exp.Union(this=left, expression=right, distinct=False, by_name=True)


def scan(path: Path) -> exp.Anonymous:
    """read_parquet of one file."""
    return exp.Anonymous(this="read_parquet", expressions=[tree(str(path))])


def named(label: str) -> exp.Table:
    """A table of the session, its name quoted."""
    return exp.table_(label, quoted=True)


def temporary(label: str, query: exp.Expr) -> exp.Create:
    """Keep what a query gives under a name, for the session."""
    return exp.Create(
        this=named(label),
        kind="TABLE",
        replace=True,
        expression=query,
        properties=exp.Properties(expressions=[exp.TemporaryProperty()]),
    )
