"""One place of a published file of mobility, beside the places like it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from rung.cycle.outcome import AnyAnswer, Clock, Outcome, told
from rung.documents import file_digest
from rung.errors import CannotAnswer, PlanError
from rung.messages import english
from rung.mobility.places import answers, overview, reading
from rung.mobility.places.answers import Asked, Over
from rung.mobility.places.layouts import Layout
from rung.mobility.places.reading import Places
from rung.share import charts
from rung.share.charts import shapes
from rung.share.release import Audience


def places(
    path: Path,
    *,
    place: str,
    measure: str | None = None,
    like: Mapping[str, float] | None = None,
    characteristics: Path | None = None,
    peers: int = 10,
    against: Sequence[str] = (),
    level: float = 0.95,
    seed: int | None = None,
    map_to: Path | None = None,
    over: Over | None = None,
    with_map: bool = False,
    audience: Audience | None = None,
    clock: Clock | None = None,
) -> Outcome:
    """A place's mobility: its value and range, its peers, its rank, groups, trend and correlates.

    `path` is a file as the Opportunity Atlas, the 2014 commuting-zone tables, the Social Capital
    Atlas or Urban Institute's mobility metrics publish it. `place` is a code (36061) or a name;
    `measure` a column; without it, the file's usual one, and an overview of all of them. Peers are
    the `peers` places nearest by the characteristics `like` (of the file, or of the file
    `characteristics`), each with its weight (1 is usual); or those named in `against`. `map_to`
    writes a map as SVG, `over` the place's "state" (the default by county) or the "nation" (by
    state, always); `with_map` adds its table where a map can be drawn. The data are public, and
    are shown to everyone alike.
    Raises RecordsError or PlanError as `mobility.places` does; PLAN-map, PLAN-map-level,
    PLAN-map-over, and PLAN-over-unused for `over` without a map.
    """
    if not 0 < level < 1:
        raise PlanError("PLAN-level")
    if over is not None and map_to is None and not with_map:
        raise PlanError("PLAN-over-unused")
    if map_to is not None and shapes.file() is None:
        raise PlanError("PLAN-map")
    weights = {c: w for c, w in (like or {}).items() if w != 1.0}
    asked = Asked(place, peers, tuple(against), weights, level, seed)
    files = [f for f in (path, characteristics) if f is not None]
    with TemporaryDirectory(prefix="rung-") as work:
        found = reading.open_places(
            path,
            Path(work),
            measure=measure,
            like=tuple(like or ()),
            characteristics=characteristics,
        )
        found = _named(found)
        can = found.layout.level in answers.MAPPED and shapes.file() is not None
        drawn = map_to is not None or (with_map and can)
        if drawn:
            answers.map_of(found.layout.level, over)
        inputs = [file_digest(f) for f in files]
        made: tuple[AnyAnswer, ...]
        try:
            b = answers.beside(found, asked, inputs)
            made = answers.answers(b, with_map=drawn, over=over)
        except CannotAnswer as why:
            made = (answers.refusal(None, why, "place", found),)
        if measure is None:
            made = _with_overview(made, path, Path(work), found, asked, inputs)
    outcome = told(
        "mobility places",
        made,
        audience=audience,
        exempt=english(f"label.public-{found.layout.key}"),
        today=clock().date() if clock else None,
        files=(map_to,) if map_to is not None and made[-1].method.key.startswith(_MAP) else (),
        layout=found.layout.key,
    )
    if outcome.files:
        shown = charts.svg(outcome.answers[-1])
        if shown is not None:
            outcome.files[0].write_text(shown, "utf-8")
    return outcome


_MAP = "place-map"


def _with_overview(
    made: tuple[AnyAnswer, ...],
    path: Path,
    work: Path,
    found: Places,
    asked: Asked,
    inputs: Sequence[str],
) -> tuple[AnyAnswer, ...]:
    """All the file measures of the place, ahead of the tables of one measure."""
    ids, how = overview.who(found, asked)
    everything = overview.overview(found, asked, reading.read_all(path, work, ids), how, inputs)
    if everything is None or len(everything.rows) < 2:  # of one measure all is told already
        return made
    at = next((i for i, a in enumerate(made) if a.kind == "table"), len(made))
    return (*made[:at], everything, *made[at:])


def alike(text: str | None) -> dict[str, float]:
    """What peers are alike in, as people write it: "population:2, poor_share2010" with weights.

    Raises PlanError (PLAN-like) for a weight that is no number above zero.
    """
    found: dict[str, float] = {}
    for part in (p.strip() for p in (text or "").split(",")):
        if not part:
            continue
        name, _, weight = part.rpartition(":") if ":" in part else (part, "", "1")
        try:
            found[name.strip()] = float(weight)
        except ValueError:
            raise PlanError("PLAN-like", given=part) from None
        if not name.strip() or not 0 < found[name.strip()] < 1e6:
            raise PlanError("PLAN-like", given=part)
    return found


def _named(found: Places) -> Places:
    """Counties and states by name where the file has codes alone and their shapes are here."""
    coded = found.layout.level in answers.MAPPED and found.layout.name is None
    if not coded or shapes.file() is None:
        return found
    names = shapes.county_names() if found.layout.level == "county" else shapes.state_names()
    return replace(found, names=tuple(names.get(i, i) for i in found.ids))


def place_file(path: Path) -> tuple[Layout, tuple[str, ...], tuple[tuple[str, str], ...]]:
    """What a file of places holds: its layout, its measures, and its places by code and name.

    For a form that lets people choose. Raises RecordsError (REC-places-layout, …).
    """
    with TemporaryDirectory(prefix="rung-") as work:
        found = _named(reading.open_places(path, Path(work)))
    named = sorted(zip(found.ids, found.names, strict=True), key=lambda p: (p[1].casefold(), p[0]))
    return found.layout, tuple(m.column for m in found.layout.measures), tuple(named)
