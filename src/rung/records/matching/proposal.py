"""A proposed mapping, and how it is written into `lab.toml` for a person to correct."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import AoT, Table

from rung.errors import Problem
from rung.messages import english
from rung.records.files import reshape
from rung.records.files.sheet import ColumnProfile
from rung.records.lab import Group, Milestone, Told
from rung.records.mapping import FileMap
from rung.records.matching.headers import federal_number
from rung.records.matching.steps import BY_KEY, ORDER
from rung.records.schema import STATUS_REACHES, TABLES, Kind

SURE = 0.75  # below it a person is asked to look
TAB = "_tab"  # the column that says which tab a stacked row is from
NOT_DATA = frozenset({"Read me first", "Lists"})
"""Sheets of the blank intake workbook that hold no records."""


@dataclass(frozen=True, kw_only=True)
class SheetProfile:
    """One sheet as the matcher sees it: its file, its name, its columns in their order."""

    source: Path
    name: str
    columns: tuple[ColumnProfile, ...]


@dataclass(frozen=True, kw_only=True)
class Match:
    """One column's proposal. `refused` names the field left out unless someone says why."""

    header: str
    target: str
    sure: float  # 0..1
    alternatives: tuple[tuple[str, float], ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    strange: int = 0  # rows with a value no code list knows
    refused: str = ""


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """What is proposed for all files: maps, matches by file in column order, milestones, groups."""

    files: tuple[FileMap, ...]
    matches: tuple[tuple[Match, ...], ...]
    milestones: tuple[Milestone, ...]
    groups: tuple[Group, ...]
    problems: tuple[Problem, ...]

    @property
    def unsure(self) -> tuple[Match, ...]:
        """Columns a person is asked to look at."""
        return tuple(m for found in self.matches for m in found if m.sure < SURE)


def stacked(profiles: Sequence[SheetProfile]) -> list[tuple[SheetProfile, tuple[str, ...]]]:
    """Tabs of one workbook with nearly the same headers, as one sheet with the tabs' names."""
    groups: list[list[SheetProfile]] = []
    tabs = Counter(str(p.source) for p in profiles)  # with those that hold no records
    for each in profiles:
        if each.name in NOT_DATA:
            continue
        for group in groups:
            if group[0].source == each.source and reshape.alike(_headers(group[0]), _headers(each)):
                group.append(each)
                break
        else:
            groups.append([each])
    found = []
    for group in groups:
        whole = len(group) == tabs[str(group[0].source)]
        names = ("*",) if whole else tuple(s.name for s in group)
        found.append((_joined(group), names))
    return found


def _headers(sheet: SheetProfile) -> list[str]:
    return [c.header for c in sheet.columns]


def _joined(group: Sequence[SheetProfile]) -> SheetProfile:
    """Tabs as the import stacks them: by name, in the spelling of the first tab that has it."""
    if len(group) == 1:
        return group[0]
    parts: dict[str, list[ColumnProfile]] = {}
    for sheet in group:
        for column in sheet.columns:
            parts.setdefault(reshape.key(column.header), []).append(column)
    rows = Counter({s.name: max((c.rows for c in s.columns), default=0) for s in group})
    tab = ColumnProfile(
        header=TAB,
        rows=rows.total(),
        blanks=0,
        distinct=len(rows),
        common=tuple(sorted(rows.items(), key=lambda pair: (-pair[1], pair[0]))[:60]),
        sample=(),
        profiled=rows.total(),
    )
    return replace(group[0], columns=(*map(_added, parts.values()), tab))


def _added(parts: Sequence[ColumnProfile]) -> ColumnProfile:
    """One column's profiles from several tabs, added up."""
    counts: Counter[str] = Counter()
    for part in parts:
        counts.update(dict(part.common))
    common = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:60]
    return ColumnProfile(
        header=parts[0].header,
        rows=sum(p.rows for p in parts),
        blanks=sum(p.blanks for p in parts),
        distinct=max(max(p.distinct for p in parts), len(counts)),
        common=tuple(common),
        sample=tuple(dict.fromkeys(s for p in parts for s in p.sample)),
        profiled=sum(p.profiled for p in parts),
    )


def write(toml: tomlkit.TOMLDocument, proposal: Proposal) -> None:
    """Write `[[files]]`, `[[milestones]]` and `[[groups]]`, each line with how sure it is.

    Sections a person already has are kept: files are added after those of other paths, and
    milestones and groups are written only where there are none.
    """
    maps = [_file(f, m) for f, m in zip(proposal.files, proposal.matches, strict=True)]
    given = {f.path for f in proposal.files}
    kept = [each for each in toml.get("files", []) if each.get("path") not in given]
    toml.pop("files", None)
    _append(toml, "files", [*kept, *maps])
    if "milestones" not in toml:
        _append(toml, "milestones", [_milestone(m) for m in proposal.milestones])
    if "groups" not in toml:
        write_groups(toml, proposal.groups)


def write_groups(toml: tomlkit.TOMLDocument, groups: Sequence[Group]) -> None:
    """Write `[[groups]]` into a lab that has none."""
    _append(toml, "groups", [_group(g) for g in groups])


def revise(toml: tomlkit.TOMLDocument, old: str, proposal: Proposal) -> None:
    """Put a proposal's `[[files]]` in the place of those of the path `old`; comments are kept."""
    many = toml.get("files")
    if not isinstance(many, AoT):
        return write(toml, proposal)
    fresh = [_file(f, m) for f, m in zip(proposal.files, proposal.matches, strict=True)]
    places = [i for i, each in enumerate(many) if each.get("path") == old]
    for i, table in zip(places, fresh, strict=False):
        _amend(many[i], table)
    for table in fresh[len(places) :]:
        many.append(table)
    for i in reversed(places[len(fresh) :]):
        del many[i]
    return None


def _amend(old: Any, new: Any) -> None:
    """Make one table say what another says, touching only what differs."""
    for name in [k for k in old if k not in new]:
        del old[name]
    for name, value in new.items():
        if isinstance(value, Table) and isinstance(old.get(name), Table):
            _amend(old[name], value)
        elif name not in old or old[name] != value:
            old[name] = value


def drop(toml: tomlkit.TOMLDocument, path: str) -> None:
    """Take a file's `[[files]]` out."""
    many = toml.get("files", [])
    for i in reversed([i for i, each in enumerate(many) if each.get("path") == path]):
        del many[i]
    if not many:
        toml.pop("files", None)


def journey(toml: tomlkit.TOMLDocument, milestones: Sequence[Milestone]) -> None:
    """Make `[[milestones]]` these, in this order; comments of those that stay are kept."""
    have = {each["key"]: each for each in toml.get("milestones", [])}
    tables = []
    for each in milestones:
        table = have.get(each.key)
        fresh = _milestone(each)
        if isinstance(table, Table):
            _amend(table, fresh)
        tables.append(table if isinstance(table, Table) else fresh)
    toml.pop("milestones", None)
    _append(toml, "milestones", tables)


def _append(toml: tomlkit.TOMLDocument, name: str, tables: Sequence[Any]) -> None:
    if not tables:
        return
    many: AoT = tomlkit.aot()
    for table in tables:
        many.append(table)
    toml.append(name, many)


def _file(file: FileMap, found: Sequence[Match]) -> Table:
    table = tomlkit.table()
    table.add("path", file.path)
    if file.sheets != ("*",):
        table.add("sheets", list(file.sheets))
    table.add("table", file.table)
    table.add("dates", file.dates)
    columns = tomlkit.table()
    for match in found:
        columns.add(match.header, match.target)
        columns[match.header].comment(_remark(match))
    table.add("columns", columns)
    if file.values:
        values = tomlkit.table()
        for match in found:
            if match.values:
                one = tomlkit.table()
                if match.strange:
                    one.add(tomlkit.comment(english("label.map-strange", {"n": match.strange})))
                mixed = not all(raw.isdigit() for raw in match.values)
                for raw, code in match.values.items():
                    one.add(raw, code)
                    if mixed and raw.isdigit():  # a federal code among words
                        one[raw].comment(english("label.map-digit"))
                values.add(match.header, one)
        table.add("values", values)
    if file.because:
        because = tomlkit.table()
        for header, reason in file.because.items():
            because.add(header, reason)
        table.add("because", because)
    return table


def _remark(match: Match) -> str:
    """The comment beside a column: how sure, what else it could be, what is left out and why."""
    if match.refused:
        return english("label.map-refused", {"target": match.refused})
    words = english("label.map-sure", {"sure": f"{match.sure:.2f}"})
    if match.sure < SURE:
        words = english("label.map-look", {"sure": f"{match.sure:.2f}"})
        others = ", ".join(dict.fromkeys(t for t, _ in match.alternatives))
        if others:
            words += " " + english("label.map-or", {"others": others})
    return words


def _milestone(milestone: Milestone) -> Table:
    table = tomlkit.table()
    table.add("key", milestone.key)
    table.add("label", milestone.label)
    if milestone.done:
        table.add("done", milestone.done)
    if milestone.told_by:
        table.add("told_by", milestone.told_by)
    return table


def _group(group: Group) -> Table:
    table = tomlkit.table()
    table.add("key", group.key)
    if group.label:
        table.add("label", group.label)
    if group.columns:
        table.add("columns", list(group.columns))
    if group.labels:
        labels = tomlkit.inline_table()
        labels.update(dict(group.labels))
        table.add("labels", labels)
    return table


def _label(header: str) -> str:
    """A provider's header as a label people read: without system marks and the word date."""
    flat = re.sub(r"^[A-Za-z0-9]+__|__p?c$", "", " ".join(header.split()))
    flat = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", flat).replace("_", " ")
    flat = re.sub(r"\([^)]*\)|\?", "", flat)
    flat = re.sub(r"^(date|dt)\s+(of\s+)?|\s+(date|dt|on)$", "", flat.strip(), flags=re.I)
    return flat[:1].upper() + flat[1:].strip()


def milestones_of(
    files: Sequence[FileMap], matches: Sequence[Sequence[Match]]
) -> tuple[Milestone, ...]:
    """Milestones that columns date or tick, and those that a status implies, in their order."""
    labels: dict[str, str] = {}
    for file, found in zip(files, matches, strict=True):
        for match in found:
            table, _, name = match.target.partition(".")
            if table == "milestones" and file.table != "milestones":
                vague = {"start", "start date", "began", "begin", name}
                label = "" if federal_number(match.header) else _label(match.header)
                labels.setdefault(name, "" if label.lower() in vague else label)
            if match.target == "enrolments.status":
                for code in match.values.values():
                    if code in STATUS_REACHES:
                        labels.setdefault(STATUS_REACHES[code], "")
    told = _told_by_events(files, matches, labels) if labels else {}
    labels |= dict.fromkeys(told, "")
    made = []
    for name in sorted(labels, key=lambda k: (ORDER.get(k, len(ORDER)), k)):
        step = BY_KEY.get(name)
        # our words for the usual steps: a header is often short, or misspelt
        label = step.label if step else labels[name] or name.replace("_", " ").capitalize()
        done = step.done if step else ""
        made.append(Milestone(key=name, label=label, done=done, told_by=told.get(name, "")))
    return tuple(made)


_EVENTS: Mapping[str, tuple[Told, str]] = {
    "completed": ("training.end_on", "training.completed"),
    "credentialed": ("credentials.earned_on", "credentials.earned"),
    "placed": ("employment.start_on", "employment.employed"),
}


def _told_by_events(
    files: Sequence[FileMap], matches: Sequence[Sequence[Match]], told: Iterable[str]
) -> dict[str, Told]:
    """Milestones that no file of people tells, and a list of trainings, credentials or jobs does.

    The day a training ended says little by itself: it may have been left that day.
    """
    known = set(told)
    found: dict[str, Told] = {}
    for key, (day, flag) in _EVENTS.items():
        for file, columns in zip(files, matches, strict=True):
            targets = {m.target for m in columns} if file.table == day.partition(".")[0] else set()
            if key not in known and (flag in targets or (day in targets and key != "completed")):
                found[key] = day
    return found


_RACE = "participants.race"


def groups_of(files: Sequence[FileMap], matches: Sequence[Sequence[Match]]) -> tuple[Group, ...]:
    """Ways to look at people, from the columns that were found."""
    made: dict[str, Group] = {}
    races: dict[str, str] = {}
    declared = {c.name: c for c in TABLES["participants"].columns if c.name.startswith("race_")}
    declared.pop("race_question")
    for file, found in zip(files, matches, strict=True):
        for match in found if file.table == "journeys" else ():
            table, _, name = match.target.partition(".")
            if match.target == _RACE:
                races = {n: c.heading for n, c in declared.items()}
            elif name in declared:
                races.setdefault(name, declared[name].heading)
            elif table == "groups":
                made.setdefault(name, Group(key=name, label=_label(match.header)))
            elif table in ("participants", "enrolments"):
                column = TABLES[table].column(name)
                if column.group and column.kind in (Kind.CODE, Kind.TEXT, Kind.BOOLEAN):
                    labels = dict(column.codes)
                    made.setdefault(name, Group(key=name, label=column.heading, labels=labels))
    if races:
        in_order = {n: races[n] for n in declared if n in races}
        race = Group(
            key="race", label="Race and ethnicity", columns=tuple(in_order), labels=in_order
        )
        made = {"race": race, **made}
    return tuple(made.values())
