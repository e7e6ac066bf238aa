"""Everything a column can be matched to, with the spellings of each, and how well cells fit it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from rung.records.lab import Milestone
from rung.records.matching.evidence import Shape, code_of, coded, fold, state_of, within, yes_no
from rung.records.matching.headers import Vocabulary, federal_names
from rung.records.matching.steps import BY_KEY, ORDER, STEPS
from rung.records.schema import (
    CLOSING,
    STATUS_REACHES,
    TABLES,
    YES_NO,
    CodeList,
    Column,
    Kind,
    Side,
)

_SYSTEM = (
    "created date", "created by", "last modified date", "last modified by", "system modstamp",
    "owner id", "record type", "record type id", "response id", "row id", "row number",
    "update or insert i u", "update or insert", "activity id", "case id", "obs number", "obs",
    "is deleted", "currency iso code", "date created", "date modified", "data entry date",
    "modified date", "form id", "submission id", "entry id", "url", "survey id", "last updated",
    "program engagement id", "service delivery id", "photo", "last viewed date", "record number",
    "last referenced date", "entered by", "updated by", "created on", "date entered", "row",
    "last modified", "program id", "service id", "created at", "updated at", "form version",
)  # fmt: skip
_LOOSE_IDS = {"id", "case id", "case number", "identifier", "record id", "contact", "client",
              "participant", "state id", "household id"}  # fmt: skip

_SECOND: Mapping[str, str] = {
    "900": "milestones.enrolled", "1309": "training.start_on.2", "1310": "training.type.2",
    "1311": "training.occupation.2", "1312": "training.completed.2", "1313": "training.end_on.2",
    "1314": "training.start_on.3", "1315": "training.type.3", "1316": "training.occupation.3",
    "1317": "training.completed.3", "1318": "training.end_on.3", "1802": "credentials.type.2",
    "1803": "credentials.earned_on.2", "1804": "credentials.type.3",
    "1805": "credentials.earned_on.3",
}  # fmt: skip


@dataclass(frozen=True)
class Candidate:
    """One thing a column can be: a column of the schema, a milestone, the id, or left out."""

    key: str  # "participants.gender", "milestones.placed", "id", "ignore"
    column: Column | None = None

    @property
    def table(self) -> str:
        """The table it belongs to."""
        return self.key.split(".")[0]

    @property
    def refused(self) -> bool:
        """Whether it is left out unless someone says why."""
        return self.column is not None and self.column.side is Side.REFUSED

    @property
    def target(self) -> str:
        """What stands in the mapping."""
        if self.column is not None and self.column.side is Side.PRIVATE:
            return f"private.{self.column.name}"
        return "ignore" if self.refused else self.key


@dataclass(frozen=True)
class Fit:
    """How well cells fit a candidate: share in 0..1 (None for no cells), values understood."""

    share: float | None
    values: Mapping[str, str] = field(default_factory=dict)
    strange: int = 0  # rows whose value is not understood


@cache
def candidates() -> Mapping[str, Candidate]:
    """Every candidate by key, in a fixed order."""
    found = {"id": Candidate("id", TABLES["participants"].column("pid"))}
    for table in TABLES.values():
        for column in table.columns:
            if column.name not in ("pid", "entered_on"):
                key = f"{table.name}.{column.name}"
                found[key] = Candidate(key, column)
    for step in STEPS:
        found[f"milestones.{step.key}"] = Candidate(f"milestones.{step.key}")
    found["ignore"] = Candidate("ignore")
    return found


@cache
def federal_targets() -> Mapping[str, str]:
    """Federal element number to the candidate's key (with a slot where there is one)."""
    found = {c.pirl: key for key, each in candidates().items() if (c := each.column) and c.pirl}
    return {**found, **_SECOND}


def _spellings(known: Sequence[Milestone]) -> Iterator[tuple[str, str, float]]:
    for key, each in candidates().items():
        column = each.column
        if column is None:
            continue
        yield key, column.heading, 1.0
        yield key, column.name, 1.0
        for text in column.also:
            yield key, text, 0.97 if key == "id" and text in _LOOSE_IDS else 1.0
        if column.pirl in federal_names():
            yield key, federal_names()[column.pirl], 1.0
    for step in STEPS:
        yield f"milestones.{step.key}", step.key, 0.96 if step.key == "started" else 1.0
        for text in (step.label, f"{step.label} date", *step.also):
            yield f"milestones.{step.key}", text, 1.0
        for text in step.loose:
            yield f"milestones.{step.key}", text, 0.96
    for milestone in known:
        for text in (milestone.key, milestone.label, f"{milestone.label} date"):
            yield f"milestones.{milestone.key}", text, 1.0
    for n in "1234":
        for text in (f"q{n} wage", f"q{n} earnings", f"quarter {n} wages", f"wages quarter {n}"):
            yield "wages.amount", text, 1.0
    for text in _SYSTEM:
        yield "ignore", text, 1.0
    ours = federal_targets()
    for number, official in federal_names().items():
        if number not in ours:
            yield "ignore", f"federal {official}", 1.0


@cache
def vocabulary(known: tuple[Milestone, ...] = ()) -> Vocabulary:
    """The spellings of every candidate; `known` are milestones a lab already has."""
    return Vocabulary(_spellings(known))


def fit(candidate: Candidate, shape: Shape, *, federal: bool) -> Fit:
    """How well the cells fit; `federal` when the header carries a federal element number."""
    if not shape.cells:
        return Fit(None)
    if candidate.key == "ignore" or candidate.refused:  # a sensitive name is enough
        return Fit(1.0)
    if candidate.table == "milestones" and candidate.column is None:
        return _milestone(candidate.key.split(".")[1], shape)
    column = candidate.column
    assert column is not None  # noqa: S101 - every other candidate is a column
    if candidate.key == "id":
        return Fit(_id(shape))
    if column.side is Side.PRIVATE:
        return Fit(_private(column.name, shape))
    if column.kind is Kind.CODE and column.code_list is not None:
        return _coded(column, column.code_list, shape, federal=federal)
    if column.kind is Kind.BOOLEAN:
        share, values, strange = coded(shape.cells, YES_NO, many=False, federal=federal)
        if federal and share < 0.9:
            share, values, strange = coded(shape.cells, YES_NO, many=False, federal=False)
        news = {raw: code for raw, code in values.items() if yes_no(raw) is None}
        return Fit(max(share, 0.2 if shape["date"] < 0.5 else 0.05), news, strange)
    return Fit(_plain(column, shape))


def _coded(column: Column, codes: CodeList, shape: Shape, *, federal: bool) -> Fit:
    tries = [coded(shape.cells, codes, many=column.many, federal=False)]
    if codes.pirl:
        numbers = coded(shape.cells, codes, many=False, federal=True)
        if federal or (numbers[0] > 0.95 and tries[0][0] < 0.5):
            tries.insert(0, numbers)
    share, values, strange = max(tries, key=lambda t: t[0])
    if not federal and codes.pirl and share < 1:  # "1" among "M" and "F"
        for cell, n in shape.cells:
            code = code_of(cell, codes, federal=True) if cell not in values else None
            if code is not None and cell.isdigit():
                values[cell] = code
                strange -= n
    if shape["date"] > 0.3 or shape["email"] > 0.3:
        return Fit(0.1 * share)
    words = share if shape.distinct > 60 or shape.words > 6 else 0.45 + 0.55 * share
    return Fit(max(share, words if shape["number"] < 0.5 else share), values, strange)


def _milestone(key: str, shape: Shape) -> Fit:
    step = shape["step"]
    values: dict[str, str] = {}
    known = strange = 0
    statuses = TABLES["enrolments"].column("status").code_list
    assert statuses is not None  # noqa: S101 - declared with a list
    step_ = BY_KEY.get(key)
    own = {*step_.also, *step_.loose} if step_ else set()
    for cell, n in shape.cells:
        if fold(cell) in {"y", "n"} or yes_no(cell) is not None:
            known += n
            continue
        if fold(cell) in own:  # "Passed" under a credential's date: this very step
            values[cell] = "yes"
            known += n
            continue
        code = code_of(cell, statuses)
        reached = STATUS_REACHES.get(code or "")
        if code in CLOSING:
            values[cell] = "no"
        elif reached and key in ORDER and key in BY_KEY:
            values[cell] = "yes" if ORDER[reached] >= ORDER[key] else "no"
        else:
            strange += n
            continue
        known += n
    total = sum(n for _, n in shape.cells)
    if shape["date"] > 0:
        strange = round(total * (1 - step))
        middle = shape.middle_year
        if middle is not None and middle < 1990:
            return Fit(0.3)
        return Fit(step, {r: v for r, v in values.items() if known}, max(strange, 0))
    return Fit(max(step, 0.9 * known / total), values, strange)


def _id(shape: Shape) -> float:
    if max(shape["email"], shape["date"]) > 0.5:
        return 0.15
    if shape["ssn"] > 0.5:
        return 0.4
    if shape["key"] >= 0.8:
        return 1.0 if shape["yes_no"] < 0.5 else 0.4
    return 0.6 if shape.words < 1.2 and shape["key"] > 0 else 0.3 * (1 - shape["date"])


def _private(name: str, shape: Shape) -> float:
    if name in ("email", "phone"):
        return shape[name]
    if name == "ssn":
        return max(shape["ssn"], shape["nine"])
    if max(shape["date"], shape["email"]) > 0.5:
        return 0.2
    if name in ("first_name", "last_name", "middle_name", "full_name"):
        if name == "full_name" and shape["key"] > 0.8:
            return 0.7  # the name of a record, as PE-000123
        return max(shape["name"], 0.3) if shape["yes_no"] < 0.5 else 0.3
    if name == "notes":
        return 1.0 if shape.words >= 3 else 0.75 if shape["yes_no"] < 0.5 else 0.3
    if name == "street_address":
        return 1.0 if shape.words >= 2 else 0.6
    return 0.9 if shape["yes_no"] < 0.5 else 0.4


def _plain(column: Column, shape: Shape) -> float:
    kind, name = column.kind, column.name
    if kind is Kind.DATE:
        middle = shape.middle_year
        old = middle is not None and middle < (2013 if name == "birth_date" else 1990)
        right = old if name == "birth_date" else not old
        return shape["date"] * (1.0 if right else 0.35)
    if kind is Kind.QUARTER:
        return shape["quarter"]
    if kind in (Kind.INTEGER, Kind.DECIMAL):
        return max(_number(column, shape), 0.4 * shape["number"])
    shapes = {"zip": "zip", "occupation": "soc", "cip": "cip"}
    if name in shapes:
        return max(shape[shapes[name]], 0.3)
    if name == "industry":
        return max(shape["naics"], 0.6)
    if max(shape["date"], shape["email"], shape["ssn"]) > 0.5:
        return 0.15
    if column.kind is Kind.ID:
        return 0.95
    if shape["yes_no"] > 0.9 and not column.group:
        return 0.35
    if name in ("employer", "title") and shape["number"] > 0.5:
        return 0.3
    if shape["yes_no"] > 0.9:
        return 0.5
    return 0.95 if shape.words <= 6 else 0.5


def _number(column: Column, shape: Shape) -> float:
    low = float(column.low) if column.low is not None else None
    high = float(column.high) if column.high is not None else None
    return within(shape, low, high)


def telling(shape: Shape) -> dict[str, float]:
    """Candidates that cells alone suggest, when a header says nothing."""
    found: dict[str, float] = {}
    for name, sure in (("email", 0.93), ("ssn", 0.94), ("phone", 0.86)):
        if shape[name] > 0.8:
            found[f"participants.{name}"] = sure
    if shape["date"] > 0.5 or shape["number"] > 0.5 or shape["yes_no"] > 0.8:
        return found
    for key, least, sure in (
        ("participants.gender", 2, 0.72),
        ("participants.race", 3, 0.74),
        ("participants.education", 3, 0.72),
        ("enrolments.status", 3, 0.62),
    ):
        column = candidates()[key].column
        if column is None or column.code_list is None or not least <= shape.distinct <= 25:
            continue
        share, _, _ = coded(shape.cells, column.code_list, many=column.many, federal=False)
        if share > 0.9:
            found[key] = sure
    return found


def default_word(raw: str) -> bool:
    """Whether a raw value is understood everywhere, so that no map repeats it."""
    return yes_no(raw) is not None or state_of(raw) is not None
