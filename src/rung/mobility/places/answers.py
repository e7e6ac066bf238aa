"""What is told of one place: its value, peers, rank, groups, past, and what goes with it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rung.documents import digest
from rung.errors import CannotAnswer, PlanError
from rung.finding import (
    Cell,
    Column,
    Counts,
    Dimension,
    Estimand,
    Exclusion,
    Finding,
    Interval,
    Method,
    Note,
    Origin,
    Part,
    Refusal,
    Row,
    Table,
)
from rung.messages import english
from rung.mobility.places.compare import (
    Array,
    Peers,
    Shrunken,
    peers,
    rank,
    rank_set,
    shrink,
    spearman,
)
from rung.mobility.places.layouts import Level, level_name
from rung.mobility.places.reading import Places
from rung.stats.intervals import normal_quantile

Over = Literal["state", "nation"]
MAPPED: tuple[Level, ...] = ("county", "state")  # whose shapes Rung carries
MOST_PEERS = 500
POOR = 3  # Urban's flag for the weakest of three grades
UNSURE = 0.5  # reliability under which an estimate says more of all places than of this one
_SOURCES = {
    "place": ("chetty2018", "efron1973"),
    "place-gap": ("chetty2018",),
    "place-rank": ("mogstad2024",),
    "place-rank-all": ("mogstad2024",),
    "place-peers": ("efron1973",),
    "place-groups": ("chetty2018",),
    "place-trend": ("chetty2018",),
    "place-change": ("chetty2018",),
    "place-correlates": ("bonett2000", "chetty2014"),
    "place-map": ("chetty2018",),
    "place-map-nation": ("chetty2018",),
    "place-map-states": ("chetty2018",),
}
FILES = {
    "atlas": "chetty2018", "atlas-map": "chetty2018", "cz-2014": "chetty2014",
    "social-capital": "chetty2022", "urban": "urban2022",
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """One place of a file, beside its peers.

    `weights` of the characteristics (1 where not named); `peers` is how many; `against` names the
    peers instead. The seed of the draws is the digest of the question unless given.
    """

    place: str
    peers: int = 10
    against: tuple[str, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)
    level: float = 0.95
    seed: int | None = None


@dataclass(frozen=True)
class Beside:
    """A place with its peers, ready to be told."""

    places: Places
    asked: Asked
    at: int
    peers: Peers
    how: Note  # how the peers were found
    shrunken: Shrunken | None
    origin: Origin

    @property
    def name(self) -> str:
        """The place as the file calls it."""
        return self.places.names[self.at]


def beside(places: Places, asked: Asked, inputs: Sequence[str] = ()) -> Beside:
    """Find the place and its peers.

    Raises PlanError (PLAN-no-place, PLAN-place-many, PLAN-peers, PLAN-weight-unused) or
    CannotAnswer (ANS-place-missing, ANS-no-peers).
    """
    if not 1 <= asked.peers <= MOST_PEERS:
        raise PlanError("PLAN-peers", most=MOST_PEERS)
    at = places.find(asked.place)
    if not math.isfinite(places.value[at]):
        raise CannotAnswer("ANS-place-missing")
    unused = [c for c in asked.weights if c not in places.likeness or asked.against]
    if unused:
        raise PlanError("PLAN-weight-unused", column=unused[0])
    found, how = peers_of(places, asked, at, np.isfinite(places.value))
    if not len(found.rows):
        raise CannotAnswer("ANS-no-peers")
    seed = asked.seed
    if seed is None:
        told = [asked.place, places.measure.column, list(asked.against), asked.peers, asked.level]
        seed = int(digest([*told, *sorted(places.likeness), *inputs])[:8], 16)
    origin = Origin(inputs=tuple(inputs), seed=seed)
    return Beside(places, asked, at, found, how, shrink(places.value, places.se), origin)


def peers_of(
    places: Places, asked: Asked, at: int, known: NDArray[np.bool_] | None = None
) -> tuple[Peers, Note]:
    """The peers of a place, of those that have a number (`known`; all without it), and how."""
    if known is None:
        known = np.ones(len(places.ids), dtype=bool)
    if asked.against:
        rows = np.array([places.find(p) for p in asked.against], dtype=np.intp)
        rows = rows[(rows != at) & known[rows]]
        return Peers(rows, np.full(len(rows), np.nan)), Note("peers-named")
    if places.likeness:
        found = peers(places.likeness, at, asked.peers, asked.weights, known)
        names = ", ".join(
            name if asked.weights.get(name, 1.0) == 1.0 else f"{name} × {asked.weights[name]:g}"
            for name in places.likeness
        )
        return found, Note("peers-alike", {"n": len(found.rows), "columns": names})
    inside = known & np.array([_state(places, i) == _state(places, at) for i in range(len(known))])
    inside[at] = False
    state = _state(places, at) != ""
    rows = np.flatnonzero(inside)
    return Peers(rows, np.full(len(rows), np.nan)), Note(
        "peers-state" if state else "peers-everywhere"
    )


def _state(places: Places, at: int) -> str:
    """The state around a place; empty where it has none, or several."""
    if places.layout.level == "state":
        return ""
    if places.states[at]:
        return places.states[at]
    return "" if places.layout.level in ("cz", "zip") else places.ids[at][:2]


# -- what every answer has


def _method(key: str, b: Beside) -> Method:
    notes = [Note("places-as-published"), b.how]
    if key in ("place", "place-peers") and b.shrunken is not None:
        notes.append(Note("places-shrunken"))
    if key.startswith("place-rank"):
        notes.append(Note("rank-set"))
    if key == "place-gap":
        notes.append(Note("places-apart"))
    if key == "place-change":
        notes.append(Note("years-apart"))
    sources = dict.fromkeys((FILES[b.places.layout.key], *_SOURCES[key]))
    return Method(key=key, assumptions=tuple(notes), sources=tuple(sources))


def _estimand(b: Beside, key: str, unit: str | None = None) -> Estimand:
    return Estimand(
        outcome=b.places.measure.label,
        unit=unit or b.places.measure.unit,
        population=b.name,
        contrast=english("label.place-peers", {"n": len(b.peers.rows)}),
        summary=key,
        horizon=b.places.period or english("label.as-published"),
    )


def _caveats(b: Beside) -> tuple[Note, ...]:
    places, notes = b.places, []
    if not np.isfinite(places.se[b.at]):
        notes.append(Note("place-no-error"))
    if places.quality[b.at] >= POOR:
        notes.append(Note("place-quality"))
    if places.measure.family.startswith(("kfr@", "kir@")):
        notes.append(Note("place-rank-scale"))
    if b.shrunken is not None and b.shrunken.reliability[b.at] < UNSURE:
        notes.append(Note("place-unsure"))
    blank = int(np.sum(~np.isfinite(places.value)))
    if blank:
        notes.append(Note("places-blank", {"n": blank}))
    if places.unread:
        notes.append(Note("places-unread", {"n": places.unread}))
    return tuple(notes)


def _counts(b: Beside, places: int) -> Counts:
    blank = int(np.sum(~np.isfinite(b.places.value)))
    return Counts(places, excluded=(Exclusion("place-blank", blank),) if blank else ())


def around(value: float, se: float, level: float) -> tuple[float, float] | None:
    if not math.isfinite(se):
        return None
    reach = normal_quantile(level) * se
    return value - reach, value + reach


def _finding(
    b: Beside,
    key: str,
    value: float,
    ends: tuple[float, float] | None,
    se: float | None,
    parts: tuple[Part, ...],
    counted: int,
    unit: str | None = None,
) -> Finding:
    return Finding(
        estimand=_estimand(b, key, unit),
        value=value,
        se=se,
        interval=Interval((ends,), b.asked.level) if ends else None,
        counts=Counts(counted),
        parts=parts,
        method=_method(key, b),
        strength="described",
        caveats=_caveats(b),
        origin=b.origin,
    )


def value(b: Beside) -> Finding:
    """The place's own published estimate."""
    own, se = float(b.places.value[b.at]), float(b.places.se[b.at])
    known = se if math.isfinite(se) else None
    part = (Part(b.name, 1, own),)
    return _finding(b, "place", own, around(own, se, b.asked.level), known, part, 1)


def gap(b: Beside) -> Finding:
    """The place less the mean of its peers; the error of both, taken as independent."""
    rows, k = b.peers.rows, len(b.peers.rows)
    mean = float(b.places.value[rows].mean())
    own = float(b.places.value[b.at])
    se = math.hypot(b.places.se[b.at], float(np.sqrt(np.sum(b.places.se[rows] ** 2))) / k)
    like = english("label.place-peers", {"n": k})
    parts = (Part(b.name, 1, own), Part(like, k, mean))
    known = se if math.isfinite(se) else None
    ends = around(own - mean, se, b.asked.level)
    return _finding(b, "place-gap", own - mean, ends, known, parts, k + 1)


def ranked(b: Beside, everywhere: bool = False) -> Finding | Refusal:
    """Where the place stands, 1 the highest, among its peers or all places with an error."""
    places = b.places
    key = "place-rank-all" if everywhere else "place-rank"
    able = np.isfinite(places.value) & np.isfinite(places.se)
    rows = (
        np.flatnonzero(able)
        if everywhere
        else np.array([b.at, *(r for r in b.peers.rows if able[r])], dtype=np.intp)
    )
    if not able[b.at] or len(rows) < 2:
        return refusal(b, CannotAnswer("ANS-place-no-error"), key)
    at = int(np.flatnonzero(rows == b.at)[0])
    own = rank(places.value[rows], at)
    low, high = rank_set(
        places.value[rows], places.se[rows], at, b.asked.level, seed=b.origin.seed or 0
    )
    part = (Part(b.name, len(rows), float(own)),)
    ends = (float(low), float(high))
    return _finding(b, key, float(own), ends, None, part, len(rows), "number")


def changed(b: Beside) -> Finding | None:
    """The last year or cohort of the place less its first; None where it has not two."""
    own = b.places.ids[b.at]
    found = {p: cells[own] for p, cells in b.places.periods.items() if own in cells}
    if len(found) < 2:
        return None
    (first, (a, se_a)), *_, (last, (z, se_z)) = found.items()
    se = math.hypot(se_a, se_z)
    known = se if math.isfinite(se) else None
    parts = (Part(last, 1, z), Part(first, 1, a))
    return _finding(b, "place-change", z - a, around(z - a, se, b.asked.level), known, parts, 1)


# -- tables


def _table(
    b: Beside, key: str, columns: Sequence[Column], rows: Sequence[Row], dimension: str
) -> Table:
    return Table(
        name=key,
        estimand=_estimand(b, key),
        columns=tuple(columns),
        rows=tuple(rows),
        dimensions=(Dimension(dimension, False),),
        method=_method(key, b),
        caveats=_caveats(b) + (Note("describes-not-cause"),) * (key == "place-correlates"),
        level=b.asked.level,
        origin=b.origin,
    )


def _cell(number: float) -> float | None:
    return float(number) if math.isfinite(number) else None


def _ranged(value: float, se: float, level: float) -> dict[str, Cell]:
    low, high = around(value, se, level) or (None, None)
    return {"value": _cell(value), "low": low, "high": high}


def _columns(unit: str, *between: Column) -> tuple[Column, ...]:
    return (
        Column("value", "value", unit),
        Column("low", "low", unit),
        Column("high", "high", unit),
        *between,
    )


def peers_table(b: Beside) -> Table:
    """The place and its peers, nearest first: as published and pulled together, side by side."""
    places, unit = b.places, b.places.measure.unit
    flagged = np.isfinite(places.quality).any()
    rows, taken = [], {"place", "code", "value", "low", "high", "shrunken", "quality", "distance"}
    named = {c: f"like_{c}" if c in taken else c for c in places.likeness}
    distances = (0.0, *b.peers.distance)
    for at, distance in zip((b.at, *b.peers.rows), distances, strict=True):
        row: dict[str, Cell] = {"place": places.names[at], "code": places.ids[at]}
        row |= _ranged(float(places.value[at]), float(places.se[at]), b.asked.level)
        if b.shrunken is not None:
            row["shrunken"] = _cell(float(b.shrunken.value[at]))
            row["reliability"] = _cell(float(b.shrunken.reliability[at]))
        if flagged:
            row["quality"] = _cell(float(places.quality[at]))
        if np.isfinite(b.peers.distance).any():
            row["distance"] = _cell(float(distance))
        row |= {named[c]: _cell(float(x[at])) for c, x in places.likeness.items()}
        rows.append(row)
    columns = [Column("place", "key", "text"), Column("code", "key", "text"), *_columns(unit)]
    kinds = {"shrunken": unit, "reliability": "share", "quality": "number", "distance": "number"}
    columns += [Column(c, "value", kind) for c, kind in kinds.items() if c in rows[0]]
    columns += [Column(c, "value") for c in named.values()]
    return _table(b, "place-peers", columns, rows, "place")


def groups_table(b: Beside) -> Table | None:
    """Each group of people in the place, beside the same group among the peers."""
    rows = []
    for group, (values, errors) in b.places.groups.items():
        if not math.isfinite(values[b.at]):
            continue
        row: dict[str, Cell] = {"group": group}
        row |= _ranged(float(values[b.at]), float(errors[b.at]), b.asked.level)
        rows.append(row | {"peers": _mean(values[b.peers.rows])})
    if len(rows) < 2:
        return None
    unit = b.places.measure.unit
    columns = (Column("group", "key", "text"), *_columns(unit, Column("peers", "value", unit)))
    return _table(b, "place-groups", columns, rows, "group")


def _mean(values: Array) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else None


def trend_table(b: Beside) -> Table | None:
    """The place in each year or cohort, beside the same peers then."""
    own, rows = b.places.ids[b.at], []
    others = [b.places.ids[r] for r in b.peers.rows]
    for period, found in b.places.periods.items():
        if own not in found:
            continue
        row: dict[str, Cell] = {"period": period, **_ranged(*found[own], b.asked.level)}
        then = np.array([found[i][0] for i in others if i in found])
        rows.append(row | {"peers": _mean(then)})
    if len(rows) < 2:
        return None
    unit = b.places.measure.unit
    columns = (Column("period", "key", "text"), *_columns(unit, Column("peers", "value", unit)))
    return _table(b, "place-trend", columns, rows, "period")


def correlates_table(b: Beside) -> Table | None:
    """Rank correlation of the measure with each characteristic, over all places."""
    rows: list[dict[str, Cell]] = []
    for name, x in b.places.likeness.items():
        found = spearman(x, b.places.value, b.asked.level)
        if found is not None:
            rows.append(
                {
                    "characteristic": name, "n_places": found.places,
                    "rho": found.rho, "low": found.low, "high": found.high,
                }
            )  # fmt: skip
    if not rows:
        return None
    columns = (
        Column("characteristic", "key", "text"),
        Column("n_places", "count"),
        Column("rho", "value"),
        Column("low", "low"),
        Column("high", "high"),
    )
    return _table(b, "place-correlates", columns, rows, "characteristic")


def map_of(level: Level, over: Over | None) -> str:
    """Which map a file has: "place-map", "place-map-nation" or "place-map-states".

    A file by county is drawn over the place's state unless the nation is asked for; a file by
    state over the nation. Raises PlanError: PLAN-map-level for other kinds of place, PLAN-map-over
    for states over one state.
    """
    if level not in MAPPED:
        raise PlanError("PLAN-map-level", kind=level_name(level))
    if level == "state":
        if over == "state":
            raise PlanError("PLAN-map-over")
        return "place-map-states"
    return "place-map-nation" if over == "nation" else "place-map"


def map_table(b: Beside, over: Over | None = None) -> Table:
    """The place, then every place that is on its map. Raises PlanError as `map_of` does."""
    places = b.places
    key = map_of(places.layout.level, over)
    state, own = places.ids[b.at][:2], places.ids[b.at]
    rows: list[dict[str, Cell]] = [
        {"place": places.names[i], "code": code, "value": _cell(float(places.value[i]))}
        for i, code in enumerate(places.ids)
        if key != "place-map" or code[:2] == state
    ]
    rows.sort(key=lambda r: (r["code"] != own, str(r["code"])))
    unit = places.measure.unit
    columns = (
        Column("place", "key", "text"),
        Column("code", "key", "text"),
        Column("value", "value", unit),
    )
    return _table(b, key, columns, rows, "place")


def refusal(b: Beside | None, why: CannotAnswer, key: str, places: Places | None = None) -> Refusal:
    """Why an answer has no number."""
    if b is not None:
        estimand, method = _estimand(b, key), _method(key, b)
    else:
        measure = places.measure if places else None
        estimand = Estimand(
            measure.label if measure else "", measure.unit if measure else "number", "", "", key,
            english("label.as-published"),
        )  # fmt: skip
        source = FILES[places.layout.key] if places else "chetty2018"
        method = Method(key=key, assumptions=(Note("places-as-published"),), sources=(source,))
    return Refusal(
        estimand=estimand,
        code=why.code,
        params=why.problems[0].params,
        saw=why.saw,
        needs=why.needs,
        method=method,
        origin=b.origin if b is not None else Origin(),
    )


def answers(
    b: Beside, *, with_map: bool = False, over: Over | None = None
) -> tuple[Finding | Table | Refusal, ...]:
    """Everything that the file can tell of the place by one measure; the map comes last."""
    made: list[Finding | Table | Refusal | None] = [
        value(b), gap(b), ranked(b), peers_table(b), groups_table(b), trend_table(b),
        correlates_table(b),
    ]  # fmt: skip
    if isinstance(made[2], Finding):  # the ranks
        made.insert(3, ranked(b, everywhere=True))
    made.insert(2, changed(b))
    if with_map:
        made.append(map_table(b, over))
    return tuple(a for a in made if a is not None)
