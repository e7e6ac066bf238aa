"""What people pick on the mapping page, kept beside the proposal until the file is imported.

`Upload.looked` holds a `Draft`: the proposal as it was made and every pick so far. Picks need not
be right to be kept; `tried` says what they make of the proposal and what is still wrong.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Self

from django.http import QueryDict
from pydantic import BaseModel, ConfigDict, ValidationError

from rung import cycle
from rung.cycle.look import Looked, LookedColumn, column_of, in_order
from rung.errors import Problem, RecordsError
from rung.messages import current, has, sentence, word
from rung.records.importing.layout import JOURNEYS
from rung.records.lab import Milestone
from rung.records.mapping import IGNORE
from rung.records.matching.proposal import TAB
from rung.records.schema import NO, STATE_WORDS, TABLES, YES, Kind
from rung.web.models import Upload

OTHER = "other"  # "something else …": show everything there is
NAMED = ("groups.", "milestones.", "private.")
"""Targets that take their name from the column's header."""
DATES = ("mdy", "dmy", "ymd")
STATES = ("unknown", "declined", "not_applicable", "pending", "blank")
_SLOT = re.compile(r"(.+?)(?:\.(\d+)|_(\d))$")
_NAME = re.compile(r"(?:groups|milestones|private)\.[a-z][a-z0-9_]{0,39}")
_PARTS = re.compile(r"[|;\n,/]")
_MOST = 2_000  # characters of a reason or a name


class _Kept(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Pick(_Kept):
    """What a person said of one column; None where it is as proposed."""

    target: str | None = None
    because: str | None = None
    values: Mapping[str, str] | None = None


class Picks(_Kept):
    """Everything that people said of a file, by place of table and column."""

    columns: Mapping[int, Mapping[int, Pick]] = {}
    kinds: Mapping[int, str] = {}
    dates: Mapping[int, str] = {}
    milestones: tuple[tuple[str, str], ...] | None = None  # key and label, in order
    replaces: str | None = None  # None: as proposed; "": beside the others

    def of(self, table: int, column: int) -> Pick:
        """What was said of one column."""
        return self.columns.get(table, {}).get(column, Pick())


class Draft(_Kept):
    """A proposal and the picks."""

    proposed: Looked
    picks: Picks = Picks()

    @classmethod
    def of(cls, upload: Upload) -> Self:
        """The draft of an upload; RecordsError when there is none."""
        try:
            return cls.model_validate(upload.looked)
        except ValidationError as e:
            raise RecordsError("REC-document") from e

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return self.model_dump(mode="json")

    def having(self, picks: Picks) -> Draft:
        """The same proposal with other picks."""
        return self.model_copy(update={"picks": picks})

    def tried(self) -> tuple[Looked, tuple[Problem, ...]]:
        """What the picks make of the proposal, and what cannot be so."""
        fresh, wrong = cycle.drafted(self.proposed, self._changes())
        if self.picks.milestones is not None:
            mine = {m.key: m for m in fresh.milestones}
            said = [_called(mine[key], name) for key, name in self.picks.milestones if key in mine]
            steps = in_order(said, {**mine, **{m.key: m for m in said}})
            fresh = fresh.model_copy(update={"milestones": steps})
        return fresh, wrong

    def _changes(self) -> list[cycle.Change]:
        tables = self.proposed.tables
        changes = []
        for t, table in enumerate(tables):
            kind, dates = self.picks.kinds.get(t), self.picks.dates.get(t)
            if kind or dates:
                said = {"table": t, "kind": kind or None, "dates": dates or None}
                changes.append(cycle.Change.model_validate(said))
            for i, column in enumerate(table.columns):
                pick = self.picks.of(t, i)
                if pick != Pick():
                    changes.append(cycle.Change(table=t, header=column.header, **pick.model_dump()))
        return changes

    @property
    def replaces(self) -> str | None:
        """The path of the file whose place this one takes."""
        picked = self.picks.replaces
        return self.proposed.replaces if picked is None else picked or None


def _called(step: Milestone, name: str) -> Milestone:
    name = name.strip()
    if not name or name == step.label:
        return step
    return step.model_copy(update={"label": name, "done": ""})


# -- what a form says


def read(post: QueryDict, draft: Draft) -> Picks:
    """The picks of a posted form; what it does not mention stays as it was."""
    before = draft.picks
    columns: dict[int, dict[int, Pick]] = {}
    kinds, dates = dict(before.kinds), dict(before.dates)
    heads = ((kinds, "kind", (JOURNEYS, *TABLES)), (dates, "dates", DATES))
    fresh = draft.tried()[0]
    for t, table in enumerate(draft.proposed.tables):
        for picked, field, known_ in heads:
            if (given := post.get(f"t{t}-{field}")) in known_:
                proposed = table.table if field == "kind" else table.dates
                picked[t] = "" if given == proposed else given
        now = fresh.tables[t].columns
        taken = [c.target for c in now]
        for i, column in enumerate(table.columns):
            pick = _pick(post, f"c{t}-{i}", column, now[i], before.of(t, i), taken)
            if pick != Pick():
                columns.setdefault(t, {})[i] = pick
    mine = {m.key: m.label for m in fresh.milestones}
    steps = tuple(
        (k, _own(_text(post, f"m-{k}"), mine[k])) for k in post.getlist("step") if k in mine
    )
    replaces = _text(post, "replaces") if "replaces" in post else before.replaces
    return Picks(
        columns=columns,
        kinds={k: v for k, v in kinds.items() if v},
        dates={k: v for k, v in dates.items() if v},
        milestones=_steps(steps, fresh.milestones, before.milestones, post.get("move", "")),
        replaces=replaces,
    )


def _text(post: QueryDict, name: str) -> str:
    """A line that a person wrote: printable, not without end."""
    return "".join(c for c in post.get(name, "") if c.isprintable()).strip()[:_MOST]


def _own(said: str, label: str) -> str:
    """A milestone's name as a form gives it; the page shows ours in the reader's language."""
    said = " ".join(said.split())[:80]
    return label if not said or said == word(label) else said


def _pick(
    post: QueryDict, name: str, proposed: LookedColumn, now: LookedColumn, before: Pick,
    taken: Sequence[str],
) -> Pick:  # fmt: skip
    target = _text(post, f"{name}-target")
    if target in NAMED:
        target = named(target, proposed.header, taken)
    elif not _possible(target):
        target = now.target
    because = before.because
    if f"{name}-because" in post:
        because = _text(post, f"{name}-because") or None
    values = before.values if target == now.target else None
    if post.get(f"{name}-for") == target:
        said = _said(post, name, proposed, now, target)
        same = target == now.target and said == dict(now.values)
        values = before.values if same else said
    return Pick(
        target=None if target == proposed.target else target, because=because, values=values
    )


def _possible(target: str) -> bool:
    """Whether a column can be this at all; what no page of ours sends cannot."""
    own = _NAME.fullmatch(target) is not None
    return own or target in ("id", IGNORE) or column_of(target) is not None


def named(kind: str, header: str, taken: Sequence[str]) -> str:
    """A target of the provider's own, called after the column's header."""
    own = "_".join(re.findall(r"[a-z0-9]+", header.lower()))[:36].strip("_") or "column"
    target = kind + (own if own[0].isalpha() else f"c_{own}")
    free, n = target, 1
    while free in taken:
        n += 1
        free = f"{target}_{n}"
    return free


def raws(column: LookedColumn) -> tuple[str, ...]:
    """The values of a column that may be shown, in the order of the form's fields."""
    return tuple(dict.fromkeys([*column.seen, *column.values]))


def _said(
    post: QueryDict, name: str, proposed: LookedColumn, now: LookedColumn, target: str
) -> dict[str, str]:
    mine = now.values if target == now.target else {}
    said = dict(mine)
    for j, raw in enumerate(raws(proposed)):
        if f"{name}-v{j}" not in post:
            continue
        code = _text(post, f"{name}-v{j}")
        said.pop(raw, None)
        if code and (raw in mine or code != implied(raw, target)):
            said[raw] = code
    return said


def implied(raw: str, target: str) -> str:
    """The code that a raw value has without a map: a state, or yes and no."""
    bare = raw.strip().lower()
    for state, words in STATE_WORDS.items():
        if bare in words:
            return state
    if target.startswith("milestones.") or has_yes_no(target):
        return "yes" if bare in YES else "no" if bare in NO else ""
    return ""


def has_yes_no(target: str) -> bool:
    """Whether a target is told by yes and no."""
    column = column_of(target)
    return column is not None and column.kind is Kind.BOOLEAN


def meant(raw: str, column: LookedColumn) -> str:
    """The code of a raw value as things stand; "" when it has none."""
    said = {k.strip().lower(): v for k, v in column.values.items()}
    return said.get(raw.strip().lower()) or implied(raw, column.target)


def together(raw: str, column: LookedColumn) -> bool:
    """Whether a cell lists several values, each of which has a meaning."""
    parts = [p.strip() for p in _PARTS.split(raw) if p.strip()]
    return len(parts) > 1 and all(meant(p, column) for p in parts)


def _steps(
    given: tuple[tuple[str, str], ...],
    steps: Sequence[Milestone],
    before: tuple[tuple[str, str], ...] | None,
    move: str,
) -> tuple[tuple[str, str], ...] | None:
    """The milestones as a form has them; None while they are as proposed."""
    if not given:
        return before
    rows = list(given)
    key, _, way = move.partition(":")
    at = next((i for i, row in enumerate(rows) if row[0] == key), None)
    if at is not None:
        to = at + (1 if way == "+" else -1)
        if 0 <= to < len(rows):
            rows[at], rows[to] = rows[to], rows[at]
    same = [(m.key, m.label) for m in steps] == rows
    return before if same else tuple(rows)


# -- words


def known(milestones: Sequence[Milestone] = ()) -> dict[str, cycle.Choice]:
    """Every choice by its target; the first where two tables have one."""
    found: dict[str, cycle.Choice] = {}
    for choice in cycle.choices(current(), milestones):
        found.setdefault(choice.target, choice)
    return found


def label(target: str, choices: Mapping[str, cycle.Choice]) -> str:
    """A target as people say it."""
    choice = choices.get(target)
    if choice is not None:
        return choice.label
    kind, _, own = target.partition(".")
    numbered = _SLOT.fullmatch(target)
    if numbered and numbered[1] in choices:
        number = numbered[2] or numbered[3]
        return f"{choices[numbered[1]].label} ({number})"
    if f"{kind}." in choices or kind == "milestones":
        heading = choices[f"{kind}."].label if f"{kind}." in choices else ""
        said = own.replace("_", " ").capitalize()
        return f"{heading}: {said}" if heading else said
    return target


def codes(target: str, choices: Mapping[str, cycle.Choice]) -> dict[str, str]:
    """What a raw value of this target may mean, states included; empty where nothing is mapped."""
    choice = choices.get(target)
    if choice is not None:
        own = dict(choice.codes)
    elif target.startswith("milestones."):
        own = {c: sentence(f"choice.{c}") for c in ("yes", "no")}
    else:
        own = {}
    return own | {s: sentence(f"web.state.{s}") for s in STATES} if own else {}


def left_out(target: str) -> bool:
    """Whether a target means that the column is not imported."""
    return target == IGNORE


def told(problem: Problem, choices: Mapping[str, cycle.Choice]) -> Problem:
    """A problem whose targets are said as people say them, in the page's own words."""
    params = dict(problem.params)
    for key in ("target", "near"):
        if params.get(key):
            params[key] = label(str(params[key]), choices)
    code = "WEB-" + problem.code.partition("-")[2]
    params["column"] = column_name(problem.column or "")
    if has(f"{code}.what"):
        return Problem(
            code=code, params=params, table=problem.table, column=problem.column,
            rows=problem.rows, first_rows=problem.first_rows, weight=problem.weight,
        )  # fmt: skip
    return Problem(**{**vars(problem), "params": params})


def column_name(header: str) -> str:
    """A header as people call it; the reader's own columns have names in words."""
    return sentence("web.mapping.tab") if header == TAB else header
