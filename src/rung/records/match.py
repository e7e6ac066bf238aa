"""Proposes what each column of a provider's files means, says how sure it is, and shows its doubts.

From headers (in the spelling of many systems) and from what cells look like. Deterministic. A
proposal is written into `lab.toml` for a person to correct; the import obeys the file, not this
module. Values of identifiers and free text never leave it: only raw values of coded columns that
a code list knows are ever written.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from rung.errors import Problem
from rung.records.files.sheet import ColumnProfile
from rung.records.lab import Milestone
from rung.records.mapping import FileMap, Target
from rung.records.matching.evidence import Order, Shape, look
from rung.records.matching.headers import federal_names, federal_number, likeness, tokens, variants
from rung.records.matching.proposal import (
    NOT_DATA,
    SURE,
    TAB,
    Match,
    Proposal,
    SheetProfile,
    groups_of,
    milestones_of,
    stacked,
    write,
)
from rung.records.matching.targets import (
    Candidate,
    Fit,
    candidates,
    default_word,
    federal_targets,
    fit,
    telling,
    vocabulary,
)
from rung.records.schema import TABLES, Kind

TEMPLATE_SHEETS: Mapping[str, str] = {
    "People": "journeys",
    "Services": "services",
    "Credentials": "credentials",
    "Jobs": "employment",
    "Follow-ups": "follow_ups",
    "Supports": "supports",
}
"""Sheets of the blank intake workbook and the table each fills."""
__all__ = [
    "NOT_DATA",
    "SURE",
    "TEMPLATE_SHEETS",
    "Match",
    "Proposal",
    "SheetProfile",
    "propose",
    "write",
]

_FLAT = ("participants", "enrolments", "milestones", "employment", "credentials", "training",
         "outcomes", "referrals", "consents", "supports")  # fmt: skip
_NOT_FLAT = {  # on a sheet with a row a person these are milestones
    "employment.start_on", "employment.employed", "credentials.earned_on", "credentials.earned",
    "training.start_on", "training.end_on", "training.completed", "milestones.milestone",
    "milestones.reached", "milestones.reached_on", "supports.needed_on", "supports.referred_on",
    "supports.received_on", "supports.provider", "referrals.result", "referrals.score",
}  # fmt: skip
_EVENTS = tuple(t for t in TABLES if t not in ("participants", "enrolments"))
_THEMES = {"placed": "employment", "credentialed": "credentials", "started": "training"}


@dataclass(frozen=True)
class _Option:
    candidate: Candidate
    sure: float
    fit: Fit


@dataclass
class _Reading:
    """A column with everything it could be, before the sheet decides."""

    profile: ColumnProfile
    shape: Shape
    options: dict[str, _Option]
    number: str = ""  # federal element number
    disputed: bool = False  # the number says one thing, the name another


def propose(
    profiles: Sequence[SheetProfile],
    *,
    folder: str = "private",
    milestones: Sequence[Milestone] = (),
) -> Proposal:
    """Propose a mapping for the sheets of a lab.

    `folder` is where the files are, relative to the lab; `milestones` are those the lab already
    has, whose labels are then recognised as headers. Tabs of one workbook with the same headers
    stack into one file map.
    """
    known = tuple(milestones)
    files: list[FileMap] = []
    matches: list[tuple[Match, ...]] = []
    readings: list[list[_Reading]] = []
    problems: list[Problem] = []
    for sheet, names in stacked(profiles):
        read = [_read(column, known) for column in sheet.columns]
        table = _table(sheet, read)
        found = _settle(read, table, sheet.name)
        order, doubt = _order(read)
        problems += _problems(sheet, table, read, found, doubt)
        files.append(
            FileMap(
                path=f"{folder}/{sheet.source.name}" if folder else sheet.source.name,
                sheets=names,
                table=table,
                dates=order,
                columns={m.header: m.target for m in found},
                values={m.header: dict(m.values) for m in found if m.values},
            )
        )
        matches.append(found)
        readings.append(read)
    return Proposal(
        files=tuple(files),
        matches=tuple(matches),
        milestones=known or milestones_of(files, matches),
        groups=groups_of(files, matches),
        problems=tuple(problems),
    )


def _combine(name: float, share: float | None) -> float:
    """How sure a name and its cells make us; cells that disagree keep it at a half or below."""
    if share is None:
        return min(0.85 * name, 0.7)
    sure = 0.98 * name * (0.25 + 0.75 * min(share * 1.05, 1.0))
    return min(sure, 0.5) if share < 0.5 else sure


def _read(profile: ColumnProfile, known: tuple[Milestone, ...]) -> _Reading:
    shape = look(profile)
    words = vocabulary(known)
    federal = federal_number(profile.header)
    options: dict[str, _Option] = {}
    number, disputed, rest = "", False, profile.header
    if federal is not None:
        number, rest = federal
        official = federal_names()[number]
        disputed = bool(tokens(rest)) and likeness(rest, official) < 0.6
        target = federal_targets().get(number, "ignore")
        base = Target.read(target)
        key = f"{base.table}.{base.column}" if base.column else base.table
        candidate = candidates()[key]
        good = fit(candidate, shape, federal=True)
        if not disputed:
            sure = _combine(1.0 if tokens(rest) else 0.9, good.share)
            options[target] = _Option(replace(candidate, key=target), sure, good)
        elif not likely_count(rest):
            number, disputed, rest = "", False, profile.header
    scores = words.scores(rest or profile.header)
    for key, score in telling(shape).items():
        scores[key] = max(score, scores.get(key, 0.0))
    for key, score in scores.items():
        candidate = candidates().get(key) or Candidate(key)
        if score < 0.35:
            continue
        good = fit(candidate, shape, federal=bool(number) and not disputed)
        sure = _combine(score, good.share)
        sure = min(sure, 0.5) if disputed else sure
        if key not in options or options[key].sure < sure:
            options[key] = _Option(candidate, sure, good)
    return _Reading(profile, shape, options, number, disputed)


def likely_count(rest: str) -> bool:
    """Whether words after a number are a name, so that the number is one of an element.

    "180 day check" and "90 days" begin with a number of days.
    """
    first = tokens(rest)[:1]
    return first not in (("day",), ("hour",), ("month",), ("week",), ("year",))


def _allowed(candidate: Candidate, table: str) -> float:
    """How well a candidate belongs on a sheet of `table`: 0 to leave it out."""
    own = candidate.table
    if candidate.key in ("id", "ignore") or candidate.refused:
        return 1.0 if candidate.key != "id" or table not in ("seats", "employer_contacts") else 0.2
    if table == "journeys":
        return 1.0 if own in _FLAT and candidate.key not in _NOT_FLAT else 0.0
    if own == table:
        return 1.0 if candidate.column is not None else 0.0
    if own == "participants":
        return 0.95
    if own == "enrolments" and candidate.column is not None and candidate.column.kind is Kind.TEXT:
        return 0.93
    return 0.0


def _named(sheet: SheetProfile) -> dict[str, float]:
    """Tables that the sheet's or the file's name speaks of."""
    found: dict[str, float] = {}
    for text, strength in ((sheet.name, 2.0), (sheet.source.stem, 1.0)):
        said = set(tokens(text))
        for table in TABLES.values():
            for spelling in (table.name, *table.also):
                words = set(tokens(spelling))
                if words and words <= said:
                    name = (
                        "journeys" if table.name in ("participants", "enrolments") else table.name
                    )
                    bonus = strength * (len(words) / max(len(said), 1)) ** 0.5
                    found[name] = max(found.get(name, 0.0), bonus)
    return found


def _table(sheet: SheetProfile, read: Sequence[_Reading]) -> str:
    """Whether a row is a person (or period), or an event of which table."""
    if sheet.name in TEMPLATE_SHEETS:
        return TEMPLATE_SHEETS[sheet.name]
    named = _named(sheet)
    ids = [r for r in read if "id" in r.options and r.options["id"].sure > 0.6]
    many = bool(ids) and all(r.shape.filled > 5 and r.shape.unique < 0.95 for r in ids)
    totals: dict[str, float] = {}
    for table in ("journeys", *_EVENTS):
        total = named.get(table, 0.0)
        for r in read:
            fits = [
                o.sure * _allowed(o.candidate, table)
                for o in r.options.values()
                if o.candidate.key not in ("id", "ignore")
                and not (table != "journeys" and o.candidate.table == "participants")
            ]
            total += max((s for s in fits if s > 0.5), default=0.0)
        if ids and table not in ("seats", "employer_contacts"):
            total += 0.8 if many == (table != "journeys") else 0.0
        totals[table] = total
    best = max(totals.values())
    if totals["journeys"] >= best - 0.3 and not named.keys() - {"journeys"}:
        return "journeys"
    return next(t for t, v in totals.items() if v == best)


def _theme(key: str) -> str:
    table, _, name = key.partition(".")
    if table == "milestones":
        return "employment" if name.startswith("retained") else _THEMES.get(name, "enrolments")
    return "participants" if table == "id" else table


def _ranked(reading: _Reading, table: str, theme: str) -> list[tuple[float, float, _Option]]:
    """Options for a sheet of `table`, best first: (rank, sure, option)."""
    ranked = []
    for key, option in reading.options.items():
        allowed = _allowed(option.candidate, table)
        if number_target(reading, key):
            allowed = 1.0
        if allowed:
            sure = option.sure * allowed
            near = 0.06 if theme and _theme(option.candidate.key) == theme else 0.0
            ranked.append((sure + near, sure, option))
    return sorted(ranked, key=lambda r: (-r[0], r[2].candidate.key))


def number_target(reading: _Reading, key: str) -> bool:
    """Whether `key` is what the column's federal number stands for."""
    return bool(reading.number) and federal_targets().get(reading.number) == key


def _settle(read: Sequence[_Reading], table: str, sheet: str) -> tuple[Match, ...]:
    """Choose for each column, in order: columns near one another speak of the same thing."""
    taken: dict[str, int] = {}
    whose = _whose_id(read, table)
    found: list[Match] = []
    theme = ""
    for at, reading in enumerate(read):
        if reading.profile.header == TAB:
            found.append(_of_tab(table, taken))
            continue
        ranked = [
            r for r in _ranked(reading, table, theme) if r[2].candidate.key != "id" or at == whose
        ]
        match = _choose(reading, ranked, table, taken)
        option = next((r[2] for r in ranked if r[2].candidate.target == match.target), None)
        if at != whose and "id" in reading.options and match.sure < reading.options["id"].sure:
            others = ((match.target, match.sure),) if match.target != "ignore" else ()
            match = replace(match, target="ignore", sure=0.85, values={}, alternatives=others)
        if option is not None and _exact(reading, option, table, sheet):
            match = replace(match, sure=1.0)
        if match.target not in ("id", "ignore") and not match.target.startswith("private"):
            theme = _theme(match.target)
        found.append(match)
    return _identified(found, read, table)


def _of_tab(table: str, taken: dict[str, int]) -> Match:
    """A tab a class is how cohorts are kept; where a column says the cohort, tabs are left out."""
    cohort = "enrolments.cohort"
    if table != "journeys" or cohort in taken:
        return Match(header=TAB, target="ignore", sure=0.8)
    return Match(header=TAB, target=cohort, sure=0.8, alternatives=(("enrolments.site", 0.5),))


def _exact(reading: _Reading, option: _Option, table: str, sheet: str) -> bool:
    """Whether a column is one of the blank intake workbook's, with cells that fit."""
    column, share = option.candidate.column, option.fit.share
    if TEMPLATE_SHEETS.get(sheet) != table or (share is not None and share < 0.9):
        return False
    headings = {column.heading} if column else set()
    if option.candidate.table == "milestones" and column is None:
        return reading.profile.header.endswith(" (date)")
    return reading.profile.header in headings


def _whose_id(read: Sequence[_Reading], table: str) -> int | None:
    """Which column is the person's id: the surest, then one that names a person rather than the
    row's own Id (in Salesforce every object has both), then the one with most different cells."""
    if table in ("seats", "employer_contacts"):
        return None
    best: tuple[float, bool, float] = (0.45, False, 0.0)
    whose = None
    for at, reading in enumerate(read):
        option = reading.options.get("id")
        if option is None:
            continue
        rivals = [
            o.sure for k, o in reading.options.items() if k != "id" and _allowed(o.candidate, table)
        ]
        if max(rivals, default=0.0) > option.sure:
            continue
        row_s_own = reading.profile.header.strip().casefold() == "id"
        score = (round(option.sure, 6), not row_s_own, reading.shape.unique)
        if score > best:
            best, whose = score, at
    return whose


def _step(candidate: Candidate) -> bool:
    return candidate.table == "milestones" and candidate.column is None


def _choose(
    reading: _Reading,
    ranked: list[tuple[float, float, _Option]],
    table: str,
    taken: dict[str, int],
) -> Match:
    header = reading.profile.header
    spare = _fallback(reading, table)
    # a milestone that is none spoils the journey: it needs more than a likeness
    least = {True: 0.68, False: 0.45}
    options = [r for r in ranked if r[1] >= least[_step(r[2].candidate) and not reading.disputed]]
    weak = bool(options) and options[0][1] < 0.6 and not reading.disputed
    if not options or (weak and spare.target != "ignore"):
        others = tuple((r[2].candidate.target, round(r[1], 2)) for r in ranked[:2])
        target = spare.target if spare.target == "ignore" else _numbered(spare.target, taken)
        taken[target] = taken.get(target, 0) + 1
        return replace(spare, target=target, alternatives=(*spare.alternatives, *others))
    for rank, sure, option in options:
        free = _free(reading, option.candidate, taken)
        if free is None:
            continue
        behind = [r for r in options if r[2].candidate.target != option.candidate.target]
        gap = min((rank - r[0] for r in behind if r[0] <= rank), default=1.0)
        doubt = 0.25 * max(0.0, 1 - gap / 0.06)
        crowded = option is not options[0][2]
        sure = min(sure * (1 - doubt), 0.5 if crowded else 0.99)
        taken[free] = taken.get(free, 0) + 1
        coded = _emitted(option)
        return Match(
            header=header,
            target=free,
            sure=round(sure, 2),
            alternatives=tuple(
                (r[2].candidate.target, round(r[1], 2)) for r in behind[:2] if r[1] > 0.45
            ),
            values=coded,
            strange=option.fit.strange,
            refused=option.candidate.key if option.candidate.refused else "",
        )
    first = options[0]
    return Match(
        header=header,
        target="ignore",
        sure=0.4,
        alternatives=((first[2].candidate.target, round(first[1], 2)),),
    )


def _emitted(option: _Option) -> dict[str, str]:
    """The value map of a coded column: only values a code list knows, never others."""
    candidate = option.candidate
    column = candidate.column
    if candidate.refused or candidate.target.startswith("private."):
        return {}
    if column is not None and column.kind not in (Kind.CODE, Kind.BOOLEAN):
        return {}
    boolean = column is None or column.kind is Kind.BOOLEAN
    return {
        raw: code
        for raw, code in option.fit.values.items()
        if not (boolean and default_word(raw)) and len(raw) <= 60
    }


def values_of(target: str, profile: ColumnProfile) -> dict[str, str]:
    """The value map that is proposed for a column when people say what it is."""
    try:
        kind, column, _ = Target.read(target)
    except ValueError:
        return {}
    name = f"{kind}.{column}"
    if name not in candidates() and kind != "milestones":
        return {}
    candidate = candidates().get(name) or Candidate(name)
    federal = federal_number(profile.header) is not None
    return _emitted(_Option(candidate, 1.0, fit(candidate, look(profile), federal=federal)))


def _slot(header: str) -> int:
    for words in variants(header):
        for word in words:
            found = re.fullmatch(r"q?([1-9])(?:st|nd|rd|th)?", word)
            if found:
                return int(found[1])
    copy = re.search(r"[_.](\d)$", header.strip())
    return int(copy[1]) if copy else 0


def _free(reading: _Reading, candidate: Candidate, taken: Mapping[str, int]) -> str | None:
    """The target with a free slot; None when another column already has it."""
    target, table = candidate.target, candidate.table
    if target in ("ignore", "participants.race"):
        return target
    if target.startswith("private."):
        return _numbered(target, taken)
    event = table in TABLES and table not in ("participants", "enrolments", "outcomes")
    if event and candidate.column is not None and Target.read(target).slot == 1:
        slot = _slot(reading.profile.header)
        if slot > 1 and (table == "wages" or target in taken):
            target = f"{target}.{slot}"
    return None if target in taken else target


def _numbered(target: str, taken: Mapping[str, int]) -> str:
    """The target, or the target with the first free number behind it."""
    n, free = 1, target
    while free in taken:
        n += 1
        free = f"{target}_{n}"
    return free


def _clean(header: str) -> str:
    words = re.findall(r"[a-z0-9]+", header.lower())
    name = "_".join(words)[:40].strip("_") or "column"
    return name if name[0].isalpha() else f"c_{name}"[:40]


def _fallback(reading: _Reading, table: str) -> Match:
    """What an unknown column becomes: kept private, a grouping of the provider's own, left out."""
    header, shape = reading.profile.header, reading.shape
    name = _clean(header)
    if not shape.cells:
        return Match(header=header, target="ignore", sure=0.6)
    text = shape["number"] < 0.5 and shape["date"] < 0.5 and shape["yes_no"] < 0.9
    if reading.number and not reading.disputed:
        return Match(header=header, target="ignore", sure=0.9)
    few = 2 <= shape.distinct <= 25 and shape.unique <= 0.25 and shape.words <= 5
    if text and few and table == "journeys":
        return Match(
            header=header, target=f"groups.{name}", sure=0.55, alternatives=(("ignore", 0.3),)
        )
    if text and not few:
        return Match(
            header=header, target=f"private.{name}", sure=0.55, alternatives=(("ignore", 0.3),)
        )
    others = ((f"milestones.{name}", 0.4),) if shape["date"] > 0.8 and table == "journeys" else ()
    return Match(header=header, target="ignore", sure=0.4, alternatives=others)


def _identified(found: list[Match], read: Sequence[_Reading], table: str) -> tuple[Match, ...]:
    """Without an id, the most personal column that is different in every row stands in for it."""
    if table in ("seats", "employer_contacts") or any(m.target == "id" for m in found):
        return tuple(found)
    for wanted in ("private.ssn", "private.email", "private.phone", "private.full_name"):
        for at, (match, reading) in enumerate(zip(found, read, strict=True)):
            whole = reading.profile.blanks == 0 and reading.shape.unique >= 0.98
            if match.target == wanted and (whole or table != "journeys"):
                found[at] = replace(
                    match,
                    target="id",
                    sure=0.5,
                    alternatives=((match.target, match.sure),),
                )
                return tuple(found)
    return tuple(found)


def _order(read: Iterable[_Reading]) -> tuple[Order, bool]:
    """How dates read, from cells that read one way only, and whether cells disagree."""
    votes: Counter[Order] = Counter()
    for reading in read:
        if reading.shape["date"] > 0.3:
            votes.update(reading.shape.orders)
    slashed: list[tuple[int, Order]] = [(votes["mdy"], "mdy"), (votes["dmy"], "dmy")]
    most, order = max(slashed, key=lambda v: v[0])
    if most == 0:
        return ("ymd" if votes["ymd"] else "mdy"), False
    return order, min(v for v, _ in slashed) > 0


def _problems(
    sheet: SheetProfile,
    table: str,
    read: Sequence[_Reading],
    found: Sequence[Match],
    doubt: bool,
) -> list[Problem]:
    where = {"file": sheet.source.name, "sheet": sheet.name}
    problems = []
    if table not in ("seats", "employer_contacts"):
        sure = [m for m in found if m.target == "id"]
        if not sure or sure[0].sure <= 0.5:
            problems.append(
                Problem(
                    code="REC-match-id",
                    params=where,
                    table=table,
                    column=sure[0].header if sure else None,
                    weight="care" if sure else "break",
                )
            )
    if doubt:
        problems.append(Problem(code="REC-match-dates", params=where, table=table))
    for reading, match in zip(read, found, strict=True):
        column = match.header
        if reading.disputed:
            params = {**where, "number": reading.number, "name": federal_names()[reading.number]}
            problems.append(
                Problem(code="REC-match-number", params=params, table=table, column=column)
            )
        elif match.refused:
            problems.append(
                Problem(
                    code="REC-match-refused",
                    params={**where, "target": match.refused},
                    table=table,
                    column=column,
                )
            )
        elif match.sure < SURE and reading.shape.cells:
            problems.append(
                Problem(
                    code="REC-match-unsure",
                    params={**where, "target": match.target},
                    table=table,
                    column=column,
                )
            )
    return problems
