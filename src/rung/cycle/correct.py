"""What people say of a draft: their picks, checked as a whole."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from rung.cycle.look import (
    Draft,
    Looked,
    LookedColumn,
    LookedTable,
    column_of,
    hidden,
    map_of,
    sensitive,
    single,
    step,
    steps,
    whole,
)
from rung.errors import PlanError, Problem
from rung.records import match
from rung.records.files.sheet import ColumnProfile
from rung.records.importing.layout import JOURNEYS, PERSON, Layout, needs_id, understand
from rung.records.lab import Milestone
from rung.records.matching.evidence import Order
from rung.records.schema import STATES, Kind

_NAMES = {"first_name", "last_name", "full_name"}
_NAMED = ("groups.", "milestones.", "private.")  # with a name that people may make up
_OWN_NAME = re.compile(r"(?:groups|milestones|private)\.[a-z][a-z0-9_]{0,39}\Z")
_NOWHERE = {"PLAN-map-target", "PLAN-map-target-near", "PLAN-map-table"}
_YES_NO = frozenset({"yes", "no"})


class Change(Draft):
    """What a person says of one column of table number `table`; None leaves it as it is.

    Without a header it is about the table: what its rows are (`kind`) and how its dates read.
    """

    table: int = 0
    header: str = ""
    target: str | None = None
    values: Mapping[str, str] | None = None
    because: str | None = None
    kind: str | None = None
    dates: Order | None = None


def corrected(
    looked: Looked,
    changes: Sequence[Change],
    *,
    milestones: Sequence[Milestone] | None = None,
) -> Looked:
    """The draft with people's picks; `milestones` are theirs too, in order, when given.

    Raises PlanError with every pick that cannot be: an unknown target, two columns for one thing,
    nothing that says who, a sensitive column without a reason, a code that is none.
    """
    fresh, wrong = drafted(looked, changes, milestones=milestones)
    if wrong:
        raise PlanError(wrong)
    return fresh


def drafted(
    looked: Looked,
    changes: Sequence[Change],
    *,
    milestones: Sequence[Milestone] | None = None,
) -> tuple[Looked, tuple[Problem, ...]]:
    """The same while people still work on it: the draft as it stands, and what cannot be so."""
    wrong: list[Problem] = []
    tables = list(looked.tables)
    touched: set[tuple[int, str]] = set()
    for change in changes:
        if not 0 <= change.table < len(tables):
            wrong.append(_wrong("REC-column-missing", looked, change.header))
            continue
        table = tables[change.table]
        at = next((i for i, c in enumerate(table.columns) if c.header == change.header), None)
        if at is not None:
            touched.add((change.table, change.header))
            columns = list(table.columns)
            columns[at] = _picked(columns[at], change)
            table = table.model_copy(update={"columns": tuple(columns)})
        elif change.header:
            wrong.append(_wrong("REC-column-missing", looked, change.header))
        said = {"table": change.kind, "dates": change.dates}
        tables[change.table] = table.model_copy(
            update={k: v for k, v in said.items() if v is not None}
        )
    fresh = looked.model_copy(update={"tables": tuple(tables)})
    if milestones is not None:
        fresh = fresh.model_copy(update={"milestones": tuple(milestones), "settled": True})
    known = {m.key: m for m in fresh.milestones} | {k: step(k) for k in steps(fresh)}
    for i, table in enumerate(fresh.tables):
        wrong += _checked(fresh, table, {h for n, h in touched if n == i}, tuple(known.values()))
    nowhere = any(p.code in _NOWHERE for p in wrong)
    return fresh if nowhere else whole(fresh), tuple(wrong)


def _wrong(code: str, looked: Looked, header: str, **params: str) -> Problem:
    return Problem(code=code, table=looked.name, column=header, weight="break", params=params)


def _picked(column: LookedColumn, change: Change) -> LookedColumn:
    target = column.target if change.target is None else change.target.strip()
    values: Mapping[str, str] = column.values
    if change.values is not None:
        values = {raw: code for raw, code in change.values.items() if code}
    elif target != column.target:
        profile = ColumnProfile(
            header=column.header,
            rows=column.rows,
            blanks=column.rows - column.filled,
            distinct=column.distinct,
            common=tuple(column.seen.items()),
            sample=(),
            profiled=column.rows,
        )
        values = match.values_of(target, profile)
    because = column.because if change.because is None else change.because.strip()
    return column.model_copy(
        update={
            "target": target,
            "values": values,
            "because": because,
            "sensitive": sensitive(target) or column.sensitive,
            "sure": 1.0,
            **hidden(target, column),
        }
    )


def _checked(
    looked: Looked, table: LookedTable, touched: set[str], known: Sequence[Milestone]
) -> list[Problem]:
    """Everything wrong with the mapping of one table."""
    wrong = [
        _wrong("PLAN-map-target", looked, c.header, target=c.target)
        for c in table.columns
        if c.header in touched and c.target.startswith(_NAMED) and not _OWN_NAME.match(c.target)
    ]
    headers = [c.header for c in table.columns]
    layout = None
    try:
        layout = understand(map_of(table, looked.name), headers, known, label=looked.name)
    except PlanError as e:
        said = {p.column for p in wrong}
        wrong += [p for p in e.problems if p.column not in said]
    for c in table.columns:
        if sensitive(c.target) and not c.because:
            wrong.append(_wrong("PLAN-map-because", looked, c.header, target=c.target))
        wrong += _codes(looked, c)
    by_target: dict[str, list[str]] = {}
    for c in table.columns:
        if single(c.target) and c.target != "id":  # two ids are told above
            by_target.setdefault(c.target, []).append(c.header)
    for target, headers in by_target.items():
        if len(headers) > 1 and touched.intersection(headers):
            header = next(h for h in reversed(headers) if h in touched)
            other = next(h for h in headers if h != header)
            wrong.append(_wrong("PLAN-map-twice", looked, header, target=target, other=other))
    if layout is not None and _nobody(layout):
        wrong.append(_wrong("PLAN-map-no-id", looked, ""))
    return wrong


def _nobody(layout: Layout) -> bool:
    """Whether rows are about people and no column says who; a name will do where a row is one."""
    named = any(f.private and f.name in _NAMES for f in layout.fields)
    people = layout.map.table in (JOURNEYS, *PERSON)
    used = bool(layout.fields)
    return used and needs_id(layout) and layout.id is None and not (people and named)


def _codes(looked: Looked, column: LookedColumn) -> list[Problem]:
    """Codes that the column's target does not have."""
    own = column_of(column.target)
    if own is not None and own.kind is Kind.CODE:
        codes = {*own.codes, *STATES}
    elif column.target.startswith("milestones.") or (own and own.kind is Kind.BOOLEAN):
        codes = {*_YES_NO, *STATES}
    else:
        return []
    said = {v.lower() for v in column.values.values()}
    strange = sorted(said - codes - {"true", "false", "reached", "not_reached", "not reached"})
    listed = ", ".join(sorted(codes)[:20])
    return [
        _wrong("PLAN-map-code", looked, column.header, given=code, codes=listed) for code in strange
    ]
