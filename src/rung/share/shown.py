"""What is left of a table once counts are hidden, and what follows from counts that are shown.

Rates and ranges are made again from the counts that are shown. A gap leaves without its columns
of everyone else, and with a difference only where that adds nothing to the counts that are shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import pairwise

from rung.finding import Cell, Column, Hidden, Table
from rung.messages import english
from rung.share.cells import GAP_OTHERS, Place, counts_people
from rung.share.rounding import rounded
from rung.share.suppress import Thresholds
from rung.stats.intervals import newcombe, wilson


def covers(table: Table, gap: Table) -> bool:
    """Whether a journey has all the counts of a gap: the same groups and, in turn, its numbers."""
    shared = {d.name for d in gap.dimensions} & {d.name for d in table.dimensions}
    if table.name != "journey" or gap.name != "gap" or len(shared) != 1:
        return False
    key = shared.pop()
    steps: set[tuple[Cell, ...]] = set()
    for a, b in pairwise(table.rows):
        if a[key] == b[key]:
            steps.add((a[key], a.get("reached"), b.get("reached")))
    return all((r[key], r.get("n"), r.get("reached")) in steps for r in gap.rows)


def follows(
    table: Table, hidden: Iterable[Place], part: tuple[str, int, int], others: tuple[int, int]
) -> bool | None:
    """Whether a level's numbers and those of everyone else follow from what a journey shows.

    None when the journey does not have the level.
    """
    gone = set(hidden)
    label, *numbers = part
    for d in table.dimensions:
        if table.name != "journey" or label not in {r.get(d.name) for r in table.rows}:
            continue
        by: dict[Cell, list[int]] = {}
        for i, row in enumerate(table.rows):
            by.setdefault(row[d.name], []).append(i)
        blank = english("label.not-recorded")
        if d.partition:
            rest = [rows for level, rows in by.items() if level not in (label, d.total, blank)]
        else:
            rest = [by.get(d.total, [])]
        for k in range(1, len(by[label])):
            mine, *theirs = (
                [(rows[k - 1], "reached"), (rows[k], "reached")] for rows in (by[label], *rest)
            )
            if [table.rows[i]["reached"] for i, _ in mine] != numbers:
                continue
            whole = [
                sum(int(table.rows[pair[j][0]]["reached"] or 0) for pair in theirs) for j in (0, 1)
            ]
            if not d.partition:
                whole = [a - b for a, b in zip(whole, numbers, strict=True)]
            used = {p for pair in (mine, *theirs) for p in pair}
            if whole == list(others) and not used & gone:
                return True
        return False
    return None


def without_differences(table: Table, hidden: Iterable[Place], rules: Thresholds) -> list[int]:
    """Rows of a gap whose difference would say more than the counts that are shown.

    In a partition, everyone else are the other rows: all of them must be there and shown. With
    overlapping groups they are a group of their own, which needs the thresholds.
    """
    out = set(range(len(table.rows)))
    if table.name != "gap":
        return []
    gone = {i for i, _ in hidden}
    if any(d.partition for d in table.dimensions):
        if gone or not _adds_up(table):
            return sorted(out)
        return []
    for i, row in enumerate(table.rows):
        x, n = (row.get(name) for name in GAP_OTHERS)
        if i in gone or not isinstance(x, int) or not isinstance(n, int):
            continue
        if n >= rules.denominator and min(x, n - x) >= rules.numerator:
            out.remove(i)
    return sorted(out)


def _adds_up(table: Table) -> bool:
    """Whether everyone else of each row are the people of the other rows."""
    return all(
        row.get(f"others_{name}")
        == sum(int(r[name] or 0) for r in table.rows) - int(row[name] or 0)
        for row in table.rows
        for name in ("n", "reached")
    )


def without(table: Table, hidden: Iterable[Place], rules: Thresholds, *, rounding: bool) -> Table:
    """The table with those counts out, and every rate and range made again from what is left.

    A gap leaves without its columns of everyone else.
    """
    gone = set(hidden)
    alone = set(without_differences(table, gone, rules))
    columns = tuple(c for c in table.columns if table.name != "gap" or c.name not in GAP_OTHERS)
    rows: list[Mapping[str, Cell]] = []
    marks: list[Hidden] = []
    for i, row in enumerate(table.rows):
        full, shown = dict(row), dict[str, Cell]()
        _again(table, full)
        for column in columns:
            value = full[column.name]
            compared = i in alone and _value_of(table, column).interval == "newcombe"
            if value is not None and (compared or _rests_on(table, column, i, gone)):
                marks.append(Hidden(i, column.name, "too-few"))
                value = None
            shown[column.name] = _round(column, value) if rounding else value
        rows.append(shown)
    return replace(table, columns=columns, rows=tuple(rows), hidden=tuple(marks))


def unnamed(table: Table, rules: Thresholds) -> Table:
    """The table without the names of small groups that nobody chose to name, as one row.

    A column of a file may hold people's names, or what only one of them is.
    """
    free = {d.name: d.total for d in table.dimensions if not d.named}
    counted = next((c.name for c in table.columns if c.role == "denominator"), "")
    small = english("label.unnamed-groups")

    def many(row: Mapping[str, Cell]) -> bool:
        n = row.get(counted)
        return isinstance(n, int) and n >= rules.denominator

    rows: list[Mapping[str, Cell]] = []
    moved: dict[int, int] = {}
    for i, row in enumerate(table.rows):
        if not many(row) and any(row[k] != total for k, total in free.items()):
            keys = {c.name for c in table.columns if c.role == "key"}
            none: dict[str, Cell] = {k: row[k] if k in keys else None for k in row}
            row = none | {k: small for k, total in free.items() if row[k] != total}
        if row in rows:
            continue
        moved[i] = len(rows)
        rows.append(row)
    marks = [replace(h, row=moved[h.row]) for h in table.hidden if h.row in moved]
    return replace(table, rows=tuple(rows), hidden=tuple(marks)) if free else table


def _value_of(table: Table, column: Column) -> Column:
    """The value a range or an error belongs to: the nearest value column before it."""
    before = column
    for each in table.columns:
        if each.role == "value":
            before = each
        if each.name == column.name:
            break
    return before


def _rests_on(table: Table, column: Column, row: int, gone: set[Place]) -> bool:
    if column.role == "key":
        return False
    if (row, column.name) in gone:
        return True
    if counts_people(column) or column.role in ("numerator", "denominator"):
        return False
    # a value of unknown make, or against others, speaks of everyone in the row
    value = column if column.of else _value_of(table, column)
    everyone = tuple(
        c.name
        for c in table.columns
        if c.role in ("numerator", "denominator")
        and not (table.name == "gap" and c.name in GAP_OTHERS)
    )
    made_of = everyone if value.interval == "newcombe" or not value.of else value.of
    return any((row, name) in gone or table.rows[row][name] is None for name in made_of)


def _again(table: Table, row: dict[str, Cell]) -> None:
    """Make rates and ranges again from the counts that are shown."""
    level = table.level or 0.95
    ends = {c.role: c.name for c in table.columns if c.role in ("low", "high")}
    for column in table.columns:
        if not (column.of or column.interval) or row[column.name] is None:
            continue
        if column.interval == "median":  # made of records, not of counts
            continue
        owned = (
            "low" in ends
            and row[ends["low"]] is not None  # entry is no estimate: it has no range to make again
            and _value_of(table, _named(table, ends["low"])) is column
        )
        if column.interval == "newcombe":
            four = [row.get(k) for k in ("reached", "n", "others_reached", "others_n")]
            a, b, c, d = (v if isinstance(v, int) else 0 for v in four)
            if b and d:
                row[column.name] = a / b - c / d
                if owned:
                    row[ends["low"]], row[ends["high"]] = newcombe(a, b, c, d, level)
        elif column.of:
            x, n = (row[name] for name in column.of)
            if not isinstance(x, int) or not isinstance(n, int) or n <= 0:
                continue
            row[column.name] = x / n
            if column.interval == "wilson" and owned:
                row[ends["low"]], row[ends["high"]] = wilson(x, n, level)


def _named(table: Table, name: str) -> Column:
    return next(c for c in table.columns if c.name == name)


def _round(column: Column, value: Cell) -> Cell:
    exact = column.role in ("key", "numerator", "denominator") or counts_people(column)
    if exact or not isinstance(value, (int, float)):
        return value
    towards = {"low": -1, "high": 1, "se": 1}.get(column.role, 0)
    return rounded(float(value), column.unit, towards)
