"""The counts of a Table, and what an outsider knows of them: what disclosure control looks at.

The outsider is assumed to know all that is shown, that partitions add up to totals (known from
elsewhere when they are not in the table), that people on a journey only go forward, and that a
denominator stays the same through the milestones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from rung.finding import Cell, Column, Dimension, Table
from rung.stats.feasible import Relation

MILESTONE = "milestone"
Place = tuple[int, str]
"""A cell: row number and column name."""

# where people on a journey stand today; those short of a milestone are on the way or lost
PEOPLE, REACHED_ANY, SPLIT = "people", "reached_any", ("in_progress", "lost")
GAP_OTHERS = ("others_reached", "others_n")


class Uncheckable(Exception):  # noqa: N818 (not an accident: the release answers with a refusal)
    """Nothing in the table says how many people a number speaks of, or nothing can be shown."""


@dataclass
class Cells:
    """The counts of a table and everything that ties them together.

    Raises Uncheckable when nothing says how many people a number speaks of.
    """

    table: Table

    def __post_init__(self) -> None:
        self.rows = (*self.table.rows, *_left_over(self.table))
        self.journey = self.table.name == "journey"
        self.retention = self.table.name == "retention"
        # everyone stands in other tables too
        split = {d.name for d in self.table.dimensions if d.total is not None}
        self.anchored = self.journey or bool(split)
        # a row speaks of an indicator, a definition or a year, by the levels of a group
        self.line = [] if self.journey else [k for k in self.keys if k not in split]
        self.milestones = MILESTONE in self.rows[0]
        role = {c.name: c.role for c in self.table.columns}
        if self.table.name == "gap":
            role = {n: r for n, r in role.items() if n not in GAP_OTHERS}
        self.bases = [n for n, r in role.items() if r == "denominator"]
        counts = [c.name for c in self.table.columns if counts_people(c)]
        if not self.bases and (not counts or "value" in role.values()):
            raise Uncheckable
        standing = (PEOPLE, REACHED_ANY, *SPLIT)
        self.standing = [n for n in standing if self.journey and self.bases and n in counts]
        main = [n for n, r in role.items() if r == "numerator"]
        self.main = main if self.bases else counts
        known = {*self.bases, *self.main, *self.standing}
        self.side = [n for n in counts if n not in known]
        self.groups = [d for d in self.table.dimensions if d.name != MILESTONE and d.name in role]
        overlapping = any(not d.partition for d in self.groups)
        self.overlap = self.journey and overlapping
        self.among = self.anchored and overlapping

    # -- reading

    def n(self, place: Place) -> int | None:
        """The count in a cell; None when there is none."""
        value = self.rows[place[0]].get(place[1])
        return int(value) if isinstance(value, (int, float)) else None

    def who(self, row: int) -> tuple[Cell, ...]:
        """The group a row speaks of, whatever the milestone."""
        return tuple(self.rows[row][k] for k in self.keys)

    @cached_property
    def keys(self) -> list[str]:
        """The columns that tell groups apart."""
        return [c.name for c in self.table.columns if c.role == "key" and c.name != MILESTONE]

    def label(self, row: int) -> str:
        """The group as other answers name it."""
        named = [d.name for d in self.groups] or self.keys
        return " · ".join(str(self.rows[row][k]) for k in named)

    @cached_property
    def people(self) -> dict[tuple[Cell, ...], list[int]]:
        """Rows of each group, in the order of the milestones."""
        found: dict[tuple[Cell, ...], list[int]] = {}
        for i in range(len(self.rows)):
            found.setdefault(self.who(i), []).append(i)
        return found

    @cached_property
    def pairs(self) -> dict[str, str]:
        """The denominator of each main column."""
        pairs: dict[str, str] = {}
        for c in sorted(self.table.columns, key=lambda c: c.role != "value"):
            if c.of:  # the value's own before those of its ends
                pairs.setdefault(*c.of)
        for name in self.main if self.bases else ():
            pairs.setdefault(name, self.bases[0])
        return {a: b for a, b in pairs.items() if a in self.main and b in self.bases}

    def entry(self, row: int) -> bool:
        """The first milestone: everyone is there by definition, which tells nothing."""
        return self.milestones and self.people[self.who(row)][0] == row

    def lines(self, dimension: Dimension) -> Iterator[tuple[int | None, list[int]]]:
        """For each setting of the other keys: the margin's row, and the rows of the levels."""
        keys = [c.name for c in self.table.columns if c.role == "key" and c.name != dimension.name]
        by: dict[tuple[Cell, ...], list[int]] = {}
        for i, row in enumerate(self.rows):
            by.setdefault(tuple(row[k] for k in keys), []).append(i)
        for rows in by.values():
            total = [i for i in rows if self._total(i, dimension)]
            yield (total[0] if total else None), [i for i in rows if i not in total]

    def _total(self, row: int, dimension: Dimension) -> bool:
        return dimension.total is not None and self.rows[row][dimension.name] == dimension.total

    def is_total(self, row: int) -> bool:
        """A row that stands for everyone in some dimension."""
        return any(self._total(row, d) for d in self.groups)

    def beside(self, row: int) -> list[int]:
        """Rows that share a margin with this one, the smallest first, margins last."""
        found = {
            i
            for d in self.groups
            if d.partition
            for total, levels in self.lines(d)
            if row == total or row in levels
            for i in (*levels, *([] if total is None else [total]))
        }
        if self.anchored:
            found = {i for i in found if not self.is_total(i)}
        count = (*self.bases[:1], *self.main)[0]
        return sorted(found - {row}, key=lambda i: (self.is_total(i), self.n((i, count)) or 0, i))

    # -- what an outsider knows

    @cached_property
    def relations(self) -> list[Relation[Place]]:
        """What an outsider knows of the audited counts, shown or hidden."""
        found: list[Relation[Place]] = []
        for dimension in self.groups:
            for total, levels in self.lines(dimension):
                for name in (*self.bases, *self.main):
                    margin = self._margin if dimension.partition else self._inside
                    found += margin(total, levels, name)
        for i in range(len(self.rows)):
            for low, high in self.pairs.items():
                sure = self.entry(i) and self.n((i, low)) == self.n((i, high))
                if self.n((i, low)) is not None and self.n((i, high)) is not None:
                    found.append(Relation({(i, high): 1.0, (i, low): -1.0}, at_least=not sure))
        for added in self.table.sums:
            for name in self.main:
                whole = sum(self.n((i, name)) or 0 for i in added)
                found.append(Relation({(i, name): 1.0 for i in added}, whole))
        for rows in self.people.values():
            for a, b in pairwise(rows) if self.milestones else ():
                found += self._forward(a, b)
        if self.retention:  # those unknown are working at most, less those verified
            terms = {"possible": 1.0, "retained": -1.0, "due": -1.0, "answered": 1.0}
            rows_ = range(len(self.rows))
            found += [Relation({(i, name): c for name, c in terms.items()}) for i in rows_]
        return found

    def _margin(self, total: int | None, levels: list[int], name: str) -> list[Relation[Place]]:
        numbers = [self.n((i, name)) for i in levels]
        if None in numbers:
            return []
        whole = sum(v for v in numbers if v is not None)
        terms = {(i, name): 1.0 for i in levels}
        everyone = self.n((total, name)) if total is not None else None
        if total is None or everyone is None:
            return [Relation(terms, whole)]
        # who has no level is taken as known too: reports say how many are blank
        return [Relation({**terms, (total, name): -1.0}, whole - everyone)]

    def _inside(self, total: int | None, levels: list[int], name: str) -> list[Relation[Place]]:
        whole = self.n((total, name)) if total is not None else None
        return [
            Relation({(total, name): 1.0, (i, name): -1.0}, at_least=True)
            for i in levels
            if total is not None and whole is not None and (self.n((i, name)) or 0) <= whole
        ]

    def _forward(self, a: int, b: int) -> Iterator[Relation[Place]]:
        for name in (*self.bases, *self.main):
            before, after = self.n((a, name)), self.n((b, name))
            if before is None or after is None:
                continue
            terms = {(a, name): 1.0, (b, name): -1.0}
            if name in self.bases and before == after:
                yield Relation(terms)
            elif name in self.main and before >= after:
                yield Relation(terms, at_least=True)


def counts_people(column: Column) -> bool:
    """Whether a column counts people beside any rate."""
    return column.role == "count" and column.unit == "people"


def _left_over(table: Table) -> tuple[Mapping[str, Cell], ...]:
    """People that a gap counts among "everyone else" but gives no row of their own."""
    key = next((d.name for d in table.dimensions if d.partition), None)
    if table.name != "gap" or key is None:
        return ()

    def whole(column: str) -> set[int]:
        cells = [(r.get(column), r.get(f"others_{column}")) for r in table.rows]
        return {a + b if isinstance(a, int) and isinstance(b, int) else -1 for a, b in cells}

    left: dict[str, Cell] = dict.fromkeys(table.rows[0])
    for column in ("n", "reached"):
        known = whole(column)
        if len(known) != 1 or -1 in known:
            return ()
        left[column] = known.pop() - sum(int(r[column] or 0) for r in table.rows)
    return ({**left, key: "everyone not named"},) if left["n"] else ()


def said(table: Table) -> dict[Place, tuple[str, int]]:
    """What a count says of a group: the same group and number in two tables is the same fact."""
    if not table.rows:
        return {}
    cells = Cells(table)
    return {
        (i, name): (cells.label(i), n)
        for i in range(len(table.rows))
        for name in (*cells.bases, *cells.main)
        if (n := cells.n((i, name))) is not None and not cells.is_total(i) and cells.label(i)
    }


def said_of_everyone(table: Table) -> dict[Place, tuple[str, int]]:
    """What the rows of everyone say of each milestone, which findings name their parts by."""
    cells = Cells(table)
    return {
        (i, name): (str(row[MILESTONE]), n)
        for i, row in enumerate(table.rows)
        for name in (*cells.bases, *cells.main)
        if MILESTONE in row and (cells.is_total(i) or not cells.groups)
        if (n := cells.n((i, name))) is not None
    }
