"""Everything that a file measures of one place, a row a measure."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from rung.errors import PlanError
from rung.finding import Cell, Column, Dimension, Estimand, Method, Note, Origin, Table
from rung.messages import english
from rung.mobility.places import answers
from rung.mobility.places.answers import Asked
from rung.mobility.places.compare import rank
from rung.mobility.places.reading import Places, Reading


def who(places: Places, asked: Asked) -> tuple[tuple[str, ...], Note]:
    """The place and its peers by code, and how these were found: the same for every measure.

    Raises PlanError (PLAN-no-place, PLAN-place-many, PLAN-peers).
    """
    if not 1 <= asked.peers <= answers.MOST_PEERS:
        raise PlanError("PLAN-peers", most=answers.MOST_PEERS)
    at = places.find(asked.place)
    found, how = answers.peers_of(places, asked, at)
    return tuple(places.ids[i] for i in (at, *found.rows)), how


def overview(
    places: Places, asked: Asked, readings: Sequence[Reading], how: Note, inputs: Sequence[str] = ()
) -> Table | None:
    """Each measure of the place: value, range, its peers' mean, its rank, how it stands, its flag.

    `readings` are of the place and then its peers, as `who` gave them. A measure that the place
    has no number of is left out; None where that is all of them. A place stands apart from its
    peers when the range of the difference to their mean, errors taken as independent, leaves zero
    out; without errors nothing is said.
    """
    known = [r for r in readings if math.isfinite(r.value[0])]
    if not known:
        return None
    flagged = any(math.isfinite(r.quality[0]) for r in known)
    dated = any(r.period for r in known)
    rows = [_row(r, asked.level, dated, flagged) for r in known]
    columns = [Column("measure", "key", "text"), Column("standing", "key", "text")]
    columns += [Column("value", "value"), Column("low", "low"), Column("high", "high")]
    columns += [Column("peers", "value"), Column("n_peers", "count"), Column("rank", "value")]
    columns += [Column("quality", "value")] if flagged else []
    columns += [Column("period", "key", "text")] if dated else []
    columns += [Column("column", "key", "text"), Column("unit", "key", "text")]
    told = sum(row["standing"] != "" for row in rows)
    notes = [Note("overview-many", {"n": told})] if told > 1 else []
    if any(math.isfinite(r.quality[0]) and r.quality[0] >= answers.POOR for r in known):
        notes.append(Note("overview-quality"))
    blank = len(readings) - len(known)
    if blank:
        notes.append(Note("overview-blank", {"n": blank}))
    if places.groups or len({m.family for m in places.layout.measures}) < len(
        places.layout.measures
    ):
        notes.append(Note("overview-everyone"))
    return Table(
        name="place-overview",
        estimand=Estimand(
            outcome=english("label.place-overview"),
            unit="number",
            population=places.names[places.find(asked.place)],
            contrast=english("label.place-peers", {"n": len(readings[0].value) - 1}),
            summary="place-overview",
            horizon=places.period or english("label.as-published"),
        ),
        columns=tuple(columns),
        rows=tuple(rows),
        dimensions=(Dimension("measure", False),),
        method=Method(
            key="place-overview",
            assumptions=(Note("places-as-published"), how, Note("places-apart")),
            sources=(answers.FILES[places.layout.key],),
        ),
        caveats=tuple(notes),
        level=asked.level,
        origin=Origin(inputs=tuple(inputs)),
    )


def _row(r: Reading, level: float, dated: bool, flagged: bool) -> dict[str, Cell]:
    own, se = float(r.value[0]), float(r.se[0])
    have = np.isfinite(r.value[1:])
    peers, errors = r.value[1:][have], r.se[1:][have]
    ends = answers.around(own, se, level)
    row: dict[str, Cell] = {"measure": r.measure.label, "column": r.measure.column}
    if dated:
        row["period"] = r.period
    row |= {"unit": english(f"label.unit-{r.measure.unit}"), "value": own}
    row |= {"low": ends[0] if ends else None, "high": ends[1] if ends else None}
    mean = float(peers.mean()) if len(peers) else None
    row |= {"peers": mean, "n_peers": len(peers)}
    row["rank"] = rank(np.array([own, *peers]), 0) if len(peers) else None
    row["standing"] = ""
    if mean is not None:
        gap = math.hypot(se, float(np.sqrt(np.sum(errors**2))) / len(peers))
        apart = answers.around(own - mean, gap, level)
        if apart is not None:
            how = "unclear" if apart[0] <= 0 <= apart[1] else "above" if apart[0] > 0 else "below"
            row["standing"] = english(f"label.standing-{how}")
    if flagged:
        row["quality"] = float(r.quality[0]) if math.isfinite(r.quality[0]) else None
    return row
