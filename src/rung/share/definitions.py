"""Why definitions differ: what may be told of it beside the counts of each definition.

The people whom a definition counts, less those whom the first one counts, are those counted by it
alone less those counted by the first alone. So one hidden reason follows from the others and from
two shown numerators: the reasons of a definition are shown all or none, and none where its own
count, or that of the first definition, is hidden.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rung.finding import Cell, Table
from rung.share.cells import Place
from rung.share.suppress import Thresholds


def hide_reasons(
    tables: Sequence[Table],
    places: Mapping[int, frozenset[Place] | None],
    rules: Thresholds,
) -> dict[int, frozenset[Place]]:
    """What to hide in each table of reasons, by the table's identity."""
    found: dict[int, frozenset[Place]] = {}
    for table in tables:
        if table.name != "funders-why":
            continue
        gone = {row["definition"] for row in table.rows if _few(row["different"], rules)}
        for counts in tables:
            if counts.name != "funders" or counts.dimensions:
                continue
            if (counts.estimand.outcome, counts.estimand.horizon) == (
                table.estimand.outcome, table.estimand.horizon
            ):  # fmt: skip
                gone |= _hidden(counts, places[id(counts)])
        found[id(table)] = frozenset(
            (i, "different") for i, row in enumerate(table.rows) if row["definition"] in gone
        )
    return found


def _few(count: Cell, rules: Thresholds) -> bool:
    return isinstance(count, int) and 0 < count < rules.numerator


def _hidden(counts: Table, hidden: frozenset[Place] | None) -> set[Cell]:
    """The definitions whose counts are hidden; all of them when the first one's are."""
    named = [row["definition"] for row in counts.rows]
    if hidden is None:
        return set(named)
    gone = {named[i] for i, name in hidden if name in ("n", "x")}
    return set(named) if named[0] in gone else gone
