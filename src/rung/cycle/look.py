"""One file as it was sent: what its columns hold, what they seem to mean, and people's picks.

A `Looked` is a draft that leaves no cell behind that says who someone is: examples of ids, names,
contact details, birth dates and free text are shapes (letters x, digits 9). It goes to JSON and
back, so that it can wait until someone has corrected it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from rung.documents import file_digest
from rung.errors import Problem, RecordsError, worst_first
from rung.records import intake, match, read
from rung.records.files.reshape import alike, key
from rung.records.files.sheet import ColumnProfile
from rung.records.importing.layout import JOURNEYS
from rung.records.lab import Group, Lab, Milestone
from rung.records.mapping import IGNORE, FileMap, Target
from rung.records.matching.evidence import Order, number_of, year_of
from rung.records.matching.proposal import (
    TAB,
    Match,
    Proposal,
    SheetProfile,
    groups_of,
    milestones_of,
    stacked,
)
from rung.records.matching.steps import BY_KEY, ORDER
from rung.records.query import Session
from rung.records.schema import TABLES, Column, Kind, Side

EXAMPLES, LONGEST, FEW = 3, 24, 40

_NAMED = re.compile(r"(?P<kind>groups|milestones|private)\.(?P<name>[a-z][a-z0-9_]{0,39})\Z")
_DOUBTS = {"REC-match-id", "REC-match-number", "REC-match-refused", "REC-match-unsure"}


class Draft(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LookedColumn(Draft):
    """One column: what it is taken for, how sure that is (0 to 1), and what it holds.

    `values` maps raw values to codes; `seen` counts raw values of a column that has few and whose
    cells may be shown. `sensitive` names the field that is left out unless `because` says why it
    is needed. `remembered` says that an earlier file's mapping decided.
    """

    header: str
    target: str
    sure: float
    alternatives: tuple[str, ...] = ()
    rows: int = 0
    filled: int = 0
    distinct: int = 0  # in a large file, of the rows that were looked at
    examples: tuple[str, ...] = ()
    masked: bool = True
    values: Mapping[str, str] = {}
    seen: Mapping[str, int] = {}
    sensitive: str = ""
    because: str = ""
    remembered: bool = False


class LookedTable(Draft):
    """One table of the file: a sheet, or sheets that are alike and stand under one another."""

    sheets: tuple[str, ...] = ("*",)
    table: str = JOURNEYS
    dates: Order = "mdy"
    rows: int = 0
    columns: tuple[LookedColumn, ...]


class Looked(Draft):
    """A file that was looked at: what is proposed for it, to be corrected and then imported.

    `replaces` is the path in lab.toml of the earlier file that this one seems to be a newer
    version of; `remembered` the paths whose mapping was used again. `settled` says that the lab
    has its milestones already.
    """

    name: str  # as it is kept in `private/`
    digest: str  # SHA-256 of the file as received
    bytes: int
    tables: tuple[LookedTable, ...]
    milestones: tuple[Milestone, ...] = ()
    groups: tuple[Group, ...] = ()
    problems: tuple[Problem, ...] = ()
    replaces: str | None = None
    remembered: tuple[str, ...] = ()
    settled: bool = False

    @property
    def files(self) -> tuple[FileMap, ...]:
        """The mapping, a section a table, as `lab.toml` keeps it."""
        return tuple(map_of(t, f"private/{self.name}") for t in self.tables)

    @property
    def proposal(self) -> Proposal:
        """The same as the matcher's proposal, for writing into `lab.toml`."""
        return Proposal(
            files=self.files,
            matches=tuple(tuple(map(_match, t.columns)) for t in self.tables),
            milestones=self.milestones,
            groups=self.groups,
            problems=self.problems,
        )

    def to_json(self) -> dict[str, Any]:
        """The draft as JSON values; no id, name, contact detail, birth date or free text."""
        return self.model_dump(mode="json")

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Looked:
        """A draft read back; RecordsError (REC-document) when it is none."""
        try:
            return cls.model_validate(value)
        except ValidationError as e:
            raise RecordsError("REC-document") from e


# -- looking


def look(
    path: Path, *, name: str, work: Path, lab: Lab | None = None, memory: str = "400MB"
) -> Looked:
    """Look at one file that was sent as `name`, wherever and however it is stored.

    `work` is a folder for scratch files, empty again afterwards. Raises RecordsError with
    everything that keeps the file from being read.
    """
    if not path.is_file():
        raise RecordsError("REC-no-file", file=intake.kept_name(name))
    work.mkdir(parents=True, exist_ok=True)
    known = lab.milestones if lab else ()
    with TemporaryDirectory(dir=work, prefix="look-") as scratch:
        sent = Path(scratch) / "sent" / intake.kept_name(name)
        intake.place(path, sent)
        with Session(spill=Path(scratch) / "spill", memory=memory) as session:
            sheets = read.open_sheets(sent, Path(scratch))
            profiles = [
                SheetProfile(
                    source=sent,
                    name=s.name,
                    columns=read.either(s, Path(scratch), lambda one: read.profile(session, one)),
                )
                for s in sheets
            ]
        proposed = match.propose(profiles, milestones=known)
        tables = [
            _table(file, found, sheet, known)
            for file, found, (sheet, _) in zip(
                proposed.files, proposed.matches, stacked(profiles), strict=True
            )
        ]
        if not tables:
            raise RecordsError("REC-header-only", file=sent.name)
        looked = Looked(
            name=sent.name,
            digest=file_digest(path),
            bytes=path.stat().st_size,
            tables=tuple(tables),
            milestones=proposed.milestones,
            groups=proposed.groups,
            problems=worst_first([*(p for s in sheets for p in s.problems), *proposed.problems]),
            settled=bool(known),
        )
    return _remembered(looked, lab) if lab else looked


def _table(
    file: FileMap, found: Sequence[Match], sheet: SheetProfile, known: Sequence[Milestone]
) -> LookedTable:
    profiles = {c.header: c for c in sheet.columns}
    return LookedTable(
        sheets=file.sheets,
        table=file.table,
        dates=file.dates,
        rows=max((c.rows for c in sheet.columns), default=0),
        columns=tuple(_column(m, profiles[m.header], known) for m in found),
    )


def _column(found: Match, profile: ColumnProfile, known: Sequence[Milestone]) -> LookedColumn:
    target, sure = found.target, found.sure
    others = tuple(dict.fromkeys(t for t, _ in found.alternatives))
    table, _, step = target.partition(".")
    if known and table == "milestones" and step not in {m.key for m in known}:
        # a lab's journey is people's to lengthen: a new step is offered, not taken
        others, target, sure = (target, *others), IGNORE, min(sure, 0.4)
    shown = _Shown(target, (*others, found.refused), profile, found.values)
    return LookedColumn(
        header=found.header,
        target=target,
        sure=round(sure, 2),
        alternatives=others,
        rows=profile.rows,
        filled=profile.rows - profile.blanks,
        distinct=profile.distinct,
        examples=shown.examples,
        masked=shown.masked,
        values=dict(found.values),
        seen=shown.seen,
        sensitive=found.refused,
    )


def masked(text: str) -> str:
    """The shape of a cell: letters x, digits 9, at most 24 signs; nothing of what it says."""
    shape = []
    for sign in unicodedata.normalize("NFC", text)[:LONGEST]:
        if sign.isalpha():
            shape.append("x")
        elif sign.isnumeric():
            shape.append("9")
        else:
            shape.append(sign if sign in " -/.,@():#+_" else "·")
    return "".join(shape) + ("…" if len(text) > LONGEST else "")


def column_of(target: str) -> Column | None:
    """The schema's column that a target names; None for an id, a milestone, a group, …"""
    try:
        table, rest, _ = Target.read(target)
    except ValueError:
        return None
    found = TABLES[table].columns if table in TABLES else ()
    return next((c for c in found if c.name == rest), None)


class _Shown:
    """Which cells of a column may be shown as they are: those that say nothing of who it is."""

    def __init__(
        self, target: str, others: Sequence[str], profile: ColumnProfile, known: Mapping[str, str]
    ) -> None:
        self.known = known
        filled = (profile.rows - profile.blanks) * profile.profiled / (profile.rows or 1)
        self.few = profile.distinct <= FEW and profile.distinct <= 0.25 * filled
        self.kind = self._kind(target, others)
        may = {c: n for c, n in profile.common if self._may(c)}
        # of few different cells the commonest tell most; of many, any do
        cells = [c for c, _ in profile.common] if may else list(profile.sample)
        texts = [c if c in may else masked(c) for c in cells or profile.sample]
        self.masked = not may
        self.examples = tuple(dict.fromkeys(texts))[:EXAMPLES]
        words = {c: n for c, n in may.items() if year_of(c) is None}
        self.seen = dict(list(words.items())[:FEW]) if self.kind in ("words", "codes") else {}

    def _kind(self, target: str, others: Sequence[str]) -> str:
        column = column_of(target)
        table = target.partition(".")[0]
        if column is not None:
            if column.side is not Side.RECORDS or column.name == "birth_date":
                return "private"
            if column.kind in (Kind.CODE, Kind.BOOLEAN):
                return "codes"
            if column.kind is Kind.DATE:
                return "dates"
            numbers = (Kind.INTEGER, Kind.DECIMAL, Kind.QUARTER)
            return "numbers" if column.kind in numbers else "words"
        if table == "milestones":
            return "codes"
        if table == IGNORE and any(_personal(o) for o in others):
            return "private"
        return "words" if table in ("groups", IGNORE) else "private"

    def _may(self, cell: str) -> bool:
        if self.kind == "private":
            return False
        date = year_of(cell) is not None
        if self.kind in ("dates", "codes") and date:
            return True
        digits = sum(s.isnumeric() for s in cell)
        if "@" in cell or len(cell) > 60 or digits > 7 or len(cell.split()) > 6 or date:
            return False
        if self.kind == "numbers":
            return number_of(cell) is not None
        return self.few or (self.kind == "codes" and cell in self.known)


def _personal(target: str) -> bool:
    """Whether a target holds what says who someone is, or is left out by default."""
    column = column_of(target)
    if column is not None:
        return column.side is not Side.RECORDS or column.name == "birth_date"
    return target.partition(".")[0] in ("id", "private")


# -- what an earlier file's mapping says


def _remembered(looked: Looked, lab: Lab) -> Looked:
    """The draft as an earlier mapping of the same file, or of the same headers, would have it."""
    earlier = lab.sections("files", FileMap)
    same = [f for f in earlier if Path(f.path).name.casefold() == looked.name.casefold()]
    tables: list[LookedTable] = []
    used: dict[str, None] = {}
    problems = list(looked.problems)
    for table in looked.tables:
        old = _earlier(table, same, lone=len(looked.tables) == len(same) == 1) or _earlier(
            table, earlier
        )
        if old is None:
            tables.append(table)
            continue
        used[old.path] = None
        tables.append(_again(table, old))
        here = {key(c.header) for c in table.columns}
        problems += [
            Problem(code="REC-column-missing", table=looked.name, column=h)
            for h, target in old.columns.items()
            if target != IGNORE and key(h) not in here and h != TAB
        ]
    paths = [f.path for f in same if f.path in used] or list(used)
    settled = {c.header for t in tables for c in t.columns if c.remembered}
    return whole(
        looked.model_copy(
            update={
                "tables": tuple(tables),
                "problems": worst_first(
                    p for p in problems if not (p.code in _DOUBTS and p.column in settled)
                ),
                "replaces": paths[0] if paths else None,
                "remembered": tuple(used),
            }
        )
    )


def _earlier(table: LookedTable, files: Sequence[FileMap], *, lone: bool = False) -> FileMap | None:
    """The earlier file whose headers are most alike; half of them will do under a `lone` name."""
    headers = {key(c.header) for c in table.columns}
    best, most = None, 0.0
    for file in files:
        old = {key(h) for h in file.columns}
        both = len(headers & old)
        near = alike(headers, old) or (lone and 2 * both >= min(len(headers), len(old)))
        if near and both / len(headers | old) > most:
            best, most = file, both / len(headers | old)
    return best


def _again(table: LookedTable, old: FileMap) -> LookedTable:
    said = {key(h): h for h in old.columns}
    columns = []
    for c in table.columns:
        header = said.get(key(c.header))
        if header is None:
            columns.append(c)
            continue
        target = old.columns[header]
        values = dict(old.values.get(header, {}))
        if target == c.target:
            values = {**c.values, **values}
        columns.append(
            c.model_copy(
                update={
                    "target": target,
                    "values": values,
                    "because": old.because.get(header, ""),
                    "sensitive": sensitive(target) or c.sensitive,
                    "sure": 1.0,
                    "remembered": True,
                    **hidden(target, c),
                }
            )
        )
    taken = {c.target for c in columns if c.remembered}
    for i, c in enumerate(columns):
        if not c.remembered and c.target in taken and single(c.target):
            others = (c.target, *c.alternatives)
            columns[i] = c.model_copy(
                update={"target": IGNORE, "sure": 0.4, "alternatives": others, "values": {}}
            )
    return table.model_copy(
        update={"columns": tuple(columns), "table": old.table, "dates": old.dates}
    )


def hidden(target: str, column: LookedColumn) -> dict[str, Any]:
    """Nothing of a column is shown any more when it turns out to be private."""
    if column.masked or not _personal(target):
        return {}
    examples = tuple(dict.fromkeys(map(masked, column.examples)))
    return {"examples": examples, "masked": True, "seen": {}, "values": {}}


def sensitive(target: str) -> str:
    column = column_of(target)
    return target if column is not None and column.side is Side.REFUSED else ""


def single(target: str) -> bool:
    """Whether one column alone of a table may have this target."""
    return target not in (IGNORE, "participants.race") and not target.startswith("private.")


# -- the whole of it


def whole(looked: Looked) -> Looked:
    """The draft with the milestones and groups that its columns now speak of.

    Targets that are none, which a person may still have to mend, speak of nothing.
    """
    matches = [
        tuple(_match(c) for c in t.columns if _NAMED.match(c.target) or column_of(c.target))
        for t in looked.tables
    ]
    spoken = {m.key: m for m in milestones_of(looked.files, matches)}
    mine = {m.key: m for m in looked.milestones}
    wanted = set(mine) | steps(looked) if looked.settled else set(spoken)
    made = {k: mine.get(k) or spoken.get(k) or step(k) for k in wanted}
    return looked.model_copy(
        update={
            "milestones": in_order(looked.milestones, made),
            "groups": groups_of(looked.files, matches),
        }
    )


def steps(looked: Looked) -> set[str]:
    """The milestones that columns date or tick."""
    found = [
        _NAMED.match(c.target) for t in looked.tables for c in t.columns if t.table != "milestones"
    ]
    return {m["name"] for m in found if m and m["kind"] == "milestones"}


def step(name: str) -> Milestone:
    """A milestone by its key: the usual one, or one named after it."""
    usual = BY_KEY.get(name)
    label = usual.label if usual else name.replace("_", " ").capitalize()
    return Milestone(key=name, label=label, done=usual.done if usual else "")


def in_order(given: Sequence[Milestone], wanted: Mapping[str, Milestone]) -> tuple[Milestone, ...]:
    """`wanted` milestones: those given in their order, others where the usual journey has them."""
    made = [wanted[m.key] for m in given if m.key in wanted]
    last = len(ORDER)
    for name in sorted(wanted, key=lambda k: (ORDER.get(k, last), k)):
        if name in {m.key for m in made}:
            continue
        at = next(
            (i for i, m in enumerate(made) if ORDER.get(m.key, last) > ORDER.get(name, last)),
            len(made),
        )
        made.insert(at, wanted[name])
    return tuple(made)


def _match(column: LookedColumn) -> Match:
    refused = column.sensitive if column.target == IGNORE else ""
    others = tuple((t, 0.0) for t in column.alternatives)
    return Match(
        header=column.header,
        target=column.target,
        sure=column.sure,
        alternatives=others,
        values=column.values,
        refused=refused,
    )


def map_of(table: LookedTable, path: str) -> FileMap:
    return FileMap(
        path=path,
        sheets=table.sheets,
        table=table.table,
        dates=table.dates,
        columns={c.header: c.target for c in table.columns},
        values={c.header: c.values for c in table.columns if c.values},
        because={c.header: c.because for c in table.columns if c.because},
    )
