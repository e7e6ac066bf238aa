"""What a `[[files]]` section means for the sheets it names: which column becomes what.

A mapping is checked here as a whole, against the schema and the lab's milestones; everything
wrong with it is raised once.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from rung.errors import PlanError, Problem
from rung.records.files.reshape import key
from rung.records.files.sheet import Sheet
from rung.records.lab import OWN, Milestone
from rung.records.mapping import IGNORE, FileMap, Target
from rung.records.matching.proposal import TAB
from rung.records.schema import TABLES, Column, Kind, Side, TableSchema

JOURNEYS = "journeys"
PERSON = ("participants", "enrolments")  # tables whose columns stand in `journeys`
Role = Literal["id", "column", "milestone", "group", "private"]


@dataclass(frozen=True, kw_only=True)
class Field:
    """One header that is imported.

    `at` is its name in the staged text, `name` the name it is stored under (`<table>.<column>`
    in event tables, bare in `journeys`), `own` the file's map of its values.
    """

    at: str
    header: str
    role: Role
    name: str
    own: Mapping[str, str]
    table: str = JOURNEYS
    column: Column | None = None

    @property
    def private(self) -> bool:
        """Whether its text stays on the private side."""
        return self.role == "private"

    def beside(self, column: str) -> str:
        """The name of another column of the same table and slot."""
        table, dot, rest = self.name.partition(".")
        _, second, slot = rest.partition(".")
        return f"{table}.{column}{second}{slot}" if dot else column

    @property
    def owner(self) -> str:
        """Who mends it."""
        return self.column.owner if self.column else "data"


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A file's mapping, understood. `problems` are columns left out that a person should know."""

    label: str
    map: FileMap
    fields: tuple[Field, ...]
    problems: tuple[Problem, ...] = ()

    @property
    def id(self) -> Field | None:
        """The column that says whose row it is."""
        return next((f for f in self.fields if f.role == "id"), None)

    def named(self, *names: str) -> tuple[Field, ...]:
        """The fields stored under these names."""
        return tuple(f for f in self.fields if f.name in names)


def _wrong(code: str, label: str, header: str, **params: str) -> Problem:
    return Problem(code=code, table=label, column=header, weight="break", params=params)


def _field(
    header: str, target: str, milestones: Iterable[str], tables: Mapping[str, TableSchema]
) -> Field | str:
    """The field a target means, or the known target nearest to it."""
    keys = list(milestones)
    try:
        kind, rest, slot = Target.read(target)
    except ValueError:
        return ""
    blank = Field(at="", header=header, role="group", name=rest, own={})
    if target == "id":
        return replace(blank, role="id", name="id")
    if kind == "private" and rest:
        return replace(blank, role="private")
    if kind == "groups" and rest:
        taken = {*OWN, *keys, *(f"{k}_on" for k in keys)}
        return f"groups.own_{rest.lstrip('_')}" if rest in taken or rest[0] == "_" else blank
    if kind == "milestones" and rest in keys:
        return replace(blank, role="milestone")
    known: list[str] = list(keys) if kind == "milestones" else []
    if kind in tables:
        for column in tables[kind].columns:
            if column.name == rest:
                return _of_column(blank, tables[kind], column, slot)
        known += [c.name for c in tables[kind].columns]
    near = difflib.get_close_matches(rest, known, 1, 0.6)
    if near:
        return f"{kind}.{near[0]}"
    kinds = ["id", IGNORE, "groups", "private", "milestones", *tables]
    near = difflib.get_close_matches(kind, kinds, 1, 0.75) if kind not in kinds else []
    return (f"{near[0]}.{rest}" if rest else near[0]) if near else ""


def _of_column(blank: Field, table: TableSchema, column: Column, slot: int) -> Field:
    if column.name == "pid":
        return replace(blank, role="id", name="id")
    if column.side is Side.PRIVATE or column.name == "birth_date":
        # a birth date tells people apart: it stays with the names, the age goes to the records
        return replace(blank, role="private", name=column.name, table=table.name, column=column)
    name = column.name if table.name in PERSON else f"{table.name}.{column.name}"
    if slot > 1 and table.name not in PERSON:
        name = f"{name}.{slot}"
    return replace(blank, role="column", name=name, table=table.name, column=column)


def understand(
    given: FileMap,
    headers: Iterable[str],
    milestones: Iterable[Milestone],
    *,
    label: str,
    tables: Mapping[str, TableSchema] = TABLES,
) -> Layout:
    """The fields of a file; PlanError (PLAN-map-…) with everything wrong in its mapping."""
    keys = [m.key for m in milestones]
    present = {key(h): h for h in headers}
    mapped = {key(h) for h in given.columns}
    wrong: list[Problem] = []
    noted: list[Problem] = []
    fields: list[Field] = []
    if given.table != JOURNEYS and given.table not in tables:
        wrong.append(_wrong("PLAN-map-table", label, "", name=given.table))
    for header, target in given.columns.items():
        if key(header) not in present and header != TAB:
            noted.append(Problem(code="REC-column-missing", table=label, column=header))
            continue
        if target == IGNORE:
            continue
        field = _field(header, target, keys, tables)
        if isinstance(field, str):
            code = "PLAN-map-target-near" if field else "PLAN-map-target"
            wrong.append(_wrong(code, label, header, target=target, near=field))
            continue
        refused = field.column is not None and field.column.side is Side.REFUSED
        if refused and not given.because.get(header, "").strip():
            noted.append(Problem(code="REC-refused", table=label, column=header, owner="data"))
            continue
        fields.append(replace(field, at=f"c{len(fields)}", own=given.values.get(header, {})))
    for same, header in present.items():
        if same not in mapped:
            noted.append(Problem(code="REC-column-not-mapped", table=label, column=header))
    if sum(f.role == "id" for f in fields) > 1:
        second = [f for f in fields if f.role == "id"][1]
        wrong.append(_wrong("PLAN-map-two-ids", label, second.header))
    if wrong:
        raise PlanError(wrong)
    return Layout(label=label, map=given, fields=tuple(fields), problems=tuple(noted))


def wanted(sheets: Iterable[Sheet], given: FileMap) -> tuple[Sheet, ...]:
    """The sheets of a file that its mapping names; PlanError when one is not there."""
    sheets = tuple(sheets)
    if "*" in given.sheets:
        return sheets
    names = {s.name for s in sheets}
    missing = [n for n in given.sheets if n not in names]
    if missing:
        raise PlanError([_wrong("PLAN-map-sheet", given.path, "", name=each) for each in missing])
    return tuple(s for s in sheets if s.name in given.sheets)


def needs_id(layout: Layout) -> bool:
    """Whether rows of this table belong to people."""
    table = TABLES.get(layout.map.table)
    return table is None or any(c.name == "pid" and c.kind is Kind.ID for c in table.columns)
