"""One measure of every place in a file, with its error, its quality, and what places are like."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlglot import exp

from rung.errors import PlanError, RecordsError
from rung.messages import english
from rung.mobility.places.layouts import Layout, Measure, geography, level_name, recognise
from rung.records import query, read
from rung.records.files.sheet import Sheet
from rung.records.query import Session

Array = NDArray[np.float64]
Text = Mapping[str, Sequence[str | None]]
_RANGE = 2 * 1.959963984540054  # standard errors in a published 95 % range
_MISSING = {"", "na", "n/a", "nan", ".", "null", "none"}
_ALL = {"", "all", "total"}


@dataclass(frozen=True)
class Places:
    """A file of places, one row a place: the last period where it has several.

    `value`, `se` and `quality` have shape (n,), NaN where the file has none. `earlier` maps each
    period to the same three of the places there, by id; `groups` maps each group of people to
    their measure. `likeness` are the characteristics by name, shape (n,).
    """

    layout: Layout
    measure: Measure
    ids: tuple[str, ...]
    names: tuple[str, ...]
    states: tuple[str, ...]
    value: Array
    se: Array
    quality: Array
    likeness: Mapping[str, Array]
    period: str = ""
    periods: Mapping[str, Mapping[str, tuple[float, float]]] = field(default_factory=dict)
    groups: Mapping[str, tuple[Array, Array]] = field(default_factory=dict)
    unread: int = 0

    def find(self, place: str) -> int:
        """The row of a place, by its code or by its name (capitals do not count).

        Raises PlanError: PLAN-no-place, or PLAN-place-many when several have the name.
        """
        wanted = place.strip().casefold()
        code = re.sub(r"\D", "", wanted)
        if code and not re.search(r"[a-z]", wanted):
            for i, each in enumerate(self.ids):
                if each.lstrip("0") == code.lstrip("0"):
                    return i
        found = [i for i, n in enumerate(self.names) if n.casefold() == wanted]
        found = found or [i for i, n in enumerate(self.names) if n.casefold().startswith(wanted)]
        if len(found) == 1:
            return found[0]
        if found:
            raise PlanError("PLAN-place-many", place=place, places=len(found))
        raise PlanError("PLAN-no-place", place=place, kind=level_name(self.layout.level))


def open_places(
    path: Path,
    work: Path,
    *,
    measure: str | None = None,
    like: Sequence[str] = (),
    characteristics: Path | None = None,
) -> Places:
    """Read a file of places. `work` is a scratch folder.

    `like` names characteristics, of this file or of the file `characteristics`; without it the
    file's own column of population is taken, where it has one.
    Raises RecordsError (REC-places-layout, REC-place-twice, …) or PlanError (PLAN-no-measure,
    PLAN-no-column, PLAN-place-level).
    """
    sheet, layout = _sheet(path, work)
    chosen = layout.measure(measure)
    if chosen is None:
        raise PlanError("PLAN-no-measure", measure=str(measure), n=len(layout.measures))
    ours = {c.casefold(): c for c in (*layout.rest, *layout.sizes, *_columns(layout.measures))}
    mine = [ours[c.casefold()] for c in like if c.casefold() in ours]
    missing = [c for c in like if c.casefold() not in ours]
    if missing and characteristics is None:
        raise PlanError("PLAN-no-column", column=missing[0])
    if not like:
        mine = list(layout.sizes[:1])
    family = [m for m in layout.measures if m.family == chosen.family]
    wanted = {c for c, _ in layout.place} | set(mine)
    wanted |= {c for c in (layout.name, layout.state, layout.period, *(layout.subgroup or ())) if c}
    wanted |= {c for m in family for c in (m.column, m.se, m.quality, *(m.ends or ())) if c}
    text = _fetch(sheet, wanted, work)
    made = _places(path, layout, chosen, family, text, mine)
    if characteristics is None or not missing:
        return made
    return _with_others(made, _others(characteristics, work, layout, missing), missing)


@dataclass(frozen=True)
class Reading:
    """One measure of a few places, shape (places,) each; NaN where the file has none."""

    measure: Measure
    period: str
    value: Array
    se: Array
    quality: Array


def read_all(path: Path, work: Path, ids: Sequence[str]) -> tuple[Reading, ...]:
    """Everything a file measures of everyone in some places, in the order of `ids`.

    Of a measure with several years or cohorts the last is read in which any of these places has a
    number; groups of people are left out. Only the rows of the places leave the file.
    """
    sheet, layout = _sheet(path, work)
    chosen = _of_all(layout.measures)
    about = {c for c in (layout.period, *(layout.subgroup or ())) if c}
    columns = {c for m in chosen for c in (m.column, m.se, m.quality, *(m.ends or ())) if c}
    keys = {c for c, _ in layout.place}
    every = _fetch(sheet, keys, work)
    wanted = set(ids)
    last = layout.place[-1][0]
    cells = {c for c, i in zip(every[last], _ids(layout.place, every), strict=True) if i in wanted}
    text = _fetch(sheet, keys | about | columns, work, (last, sorted(c or "" for c in cells)))
    at: dict[tuple[str, str], int] = {}
    found = _ids(layout.place, text)
    periods = text[layout.period] if layout.period else [""] * len(found)
    for i in _of_everyone(layout, text):
        at[found[i], periods[i] or ""] = i
    return tuple(_reading(m, text, at, ids) for m in chosen)


def _of_all(measures: Sequence[Measure]) -> list[Measure]:
    """The measures of everyone, the last cohort of each, in the layout's order."""
    everyone = english("label.atlas-everyone")
    own = [m for m in measures if m.group in ("", everyone)]
    latest = {m.family: m.year for m in sorted(own, key=lambda m: m.year or 9999)}
    return [m for m in own if m.year == latest[m.family]]


def _reading(
    m: Measure, text: Text, at: Mapping[tuple[str, str], int], ids: Sequence[str]
) -> Reading:
    known = {
        p for (i, p), row in at.items() if i in ids and _number(text[m.column][row]) is not None
    }
    period = max(known, default="")
    rows = [at.get((i, period), -1) for i in ids]
    here = np.array([r >= 0 for r in rows], dtype=bool)
    value, se, quality = (np.full(len(ids), np.nan) for _ in range(3))
    value[here], se[here], quality[here] = _read(m, text, [r for r in rows if r >= 0], [0])
    return Reading(m, period or str(m.year or ""), value, se, quality)


def measures(path: Path, work: Path) -> tuple[Layout, tuple[Measure, ...]]:
    """The layout of a file and everything it measures."""
    layout = _sheet(path, work)[1]
    return layout, layout.measures


def _columns(found: Iterable[Measure]) -> list[str]:
    return [m.column for m in found]


# -- the file


def _sheet(path: Path, work: Path) -> tuple[Sheet, Layout]:
    """The tab that is a layout Rung knows. A file too wide for a reader is narrowed first."""
    try:
        sheets = read.open_sheets(path, work)
    except RecordsError as e:
        if e.code != "REC-too-wide":
            raise
        sheets = read.open_sheets(_narrowed(path, work), work)
    for sheet in sheets:
        layout = recognise(sheet.columns)
        if layout is not None:
            return sheet, layout
    raise RecordsError("REC-places-layout", file=path.name)


_KEPT = re.compile(r"(?i)state|county|tract|cz|czname|(kfr|jail)_\w+_p25(_se)?|\w*pooled_count")


def _narrowed(path: Path, work: Path) -> Path:
    """The widest published files hold ten thousand columns; these are the ones most asked for."""
    target = work / f"narrow-{path.stem}.csv"
    with path.open(newline="", encoding="utf-8-sig") as f, target.open("w", newline="") as out:
        rows, writer = csv.reader(f), csv.writer(out)
        header = next(rows)
        keep = [i for i, c in enumerate(header) if _KEPT.fullmatch(c)]
        writer.writerow([header[i] for i in keep])
        for row in rows:
            writer.writerow([row[i] if i < len(row) else "" for i in keep])
    return target


def _fetch(
    sheet: Sheet,
    wanted: Iterable[str],
    work: Path,
    where: tuple[str, Sequence[str]] | None = None,
) -> Text:
    """Columns of a sheet as text, in the file's order; with `where`, a column's rows in a list."""
    names = [c for c in sheet.columns if c in set(wanted)]

    def take(each: Sheet) -> Text:
        with Session(threads=2) as session:
            picks = [query.alias(query.name(c), f"c{i}") for i, c in enumerate(names)]
            asked = exp.select(*picks).from_(each.scan)
            if where is not None:
                cells = [query.tree(cell) for cell in where[1]]
                asked = asked.where(exp.In(this=query.name(where[0]), expressions=cells))
            found = session.execute(asked).fetchall()
        return {c: [row[i] for row in found] for i, c in enumerate(names)}

    return read.either(sheet, work, take)


# -- the places


def _places(
    path: Path,
    layout: Layout,
    chosen: Measure,
    family: Sequence[Measure],
    text: Text,
    like: Sequence[str],
) -> Places:
    ids = _ids(layout.place, text)
    everyone = _of_everyone(layout, text)
    periods = text[layout.period] if layout.period else [""] * len(ids)
    latest = _latest(chosen, periods, text, everyone)
    rows = [i for i in everyone if ids[i] and (periods[i] or "") == latest]
    if len({ids[i] for i in rows}) < len(rows):
        raise RecordsError(
            "REC-place-twice", file=path.name, n=len(rows) - len({ids[i] for i in rows})
        )
    count = [0]
    value, se, quality = _read(chosen, text, rows, count)
    names = text[layout.name] if layout.name else ids
    states = text[layout.state] if layout.state else [""] * len(ids)
    return Places(
        layout,
        chosen,
        tuple(ids[i] for i in rows),
        tuple((names[i] or ids[i]).strip() for i in rows),
        tuple((states[i] or "").strip() for i in rows),
        value,
        se,
        quality,
        {c: _numbers(text[c], rows, count) for c in like},
        latest,
        _by_period(layout, chosen, family, text, ids, everyone, periods),
        _by_group(layout, chosen, family, text, ids, rows, periods),
        count[0],
    )


def _ids(parts: Sequence[tuple[str, int]], text: Text) -> list[str]:
    """A code a row, with its zeros in front; a part that is the whole code already stands alone."""
    whole = sum(width for _, width in parts)
    found = []
    for row in zip(*(text[c] for c, _ in parts), strict=True):
        last = _digits(row[-1])
        if len(parts) > 1 and len(last) > parts[-1][1]:
            found.append(last.zfill(whole))
            continue
        codes = [_digits(cell).zfill(width) for cell, (_, width) in zip(row, parts, strict=True)]
        found.append("" if any(not _digits(cell) for cell in row) else "".join(codes))
    return found


def _digits(cell: str | None) -> str:
    """A code as it is written in any of the files: "1001.0", "cty01001" and "1001" alike."""
    return re.sub(r"\D", "", re.sub(r"\.0+$", "", cell or ""))


def _of_everyone(layout: Layout, text: Text) -> list[int]:
    if layout.subgroup is None:
        return list(range(len(text[layout.place[0][0]])))
    return [i for i, s in enumerate(text[layout.subgroup[1]]) if (s or "").casefold() in _ALL]


def _latest(chosen: Measure, periods: Sequence[str | None], text: Text, rows: Sequence[int]) -> str:
    """The last period in which the measure has a number."""
    known = {periods[i] or "" for i in rows if _number(text[chosen.column][i]) is not None}
    return max(known, default="")


def _number(cell: str | None) -> float | None:
    """A cell as a number; None when it is empty, says missing, or is no number."""
    try:
        number = float((cell or "").replace(",", "").replace("$", "").strip())
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _numbers(cells: Sequence[str | None], rows: Sequence[int], unread: list[int]) -> Array:
    found = np.full(len(rows), np.nan)
    for at, i in enumerate(rows):
        number = _number(cells[i])
        if number is not None:
            found[at] = number
        elif (cells[i] or "").strip().casefold() not in _MISSING:
            unread[0] += 1
    return found


def _read(
    m: Measure, text: Text, rows: Sequence[int], unread: list[int]
) -> tuple[Array, Array, Array]:
    """Value, standard error and quality of some rows; an error without a value is none."""
    nothing = np.full(len(rows), np.nan)
    value = _numbers(text[m.column], rows, unread)
    se = nothing
    if m.se is not None:
        se = _numbers(text[m.se], rows, unread)
    elif m.ends is not None:
        low, high = (_numbers(text[c], rows, unread) for c in m.ends)
        se = (high - low) / _RANGE
    se = np.where(np.isfinite(value) & (se >= 0), se, np.nan)
    quality = nothing if m.quality is None else _numbers(text[m.quality], rows, unread)
    return value, se, quality


def _by_period(
    layout: Layout,
    chosen: Measure,
    family: Sequence[Measure],
    text: Text,
    ids: Sequence[str],
    everyone: Sequence[int],
    periods: Sequence[str | None],
) -> dict[str, dict[str, tuple[float, float]]]:
    """The measure in each year (rows) or cohort (columns), by place; empty without either."""
    found: dict[str, dict[str, tuple[float, float]]] = {}
    if layout.period is not None:
        value, se, _ = _read(chosen, text, everyone, [0])
        for at, i in enumerate(everyone):
            if math.isfinite(value[at]):
                found.setdefault(periods[i] or "", {})[ids[i]] = (value[at], se[at])
    for m in family if chosen.year is not None else ():
        if m.group == chosen.group and m.year is not None:
            value, se, _ = _read(m, text, everyone, [0])
            cohort = found.setdefault(str(m.year), {})
            for at, i in enumerate(everyone):
                if math.isfinite(value[at]):
                    cohort[ids[i]] = (value[at], se[at])
    return dict(sorted(found.items())) if len(found) > 1 else {}


def _by_group(
    layout: Layout,
    chosen: Measure,
    family: Sequence[Measure],
    text: Text,
    ids: Sequence[str],
    rows: Sequence[int],
    periods: Sequence[str | None],
) -> dict[str, tuple[Array, Array]]:
    """The measure for each group of people: columns of the Atlas, rows of Urban's files."""
    found = {
        m.group: _read(m, text, rows, [0])[:2] for m in family if m.group and m.year == chosen.year
    }
    if layout.subgroup is None:
        return found if len(found) > 1 else {}
    at = {ids[i]: k for k, i in enumerate(rows)}
    wanted, groups = (periods[rows[0]] if rows else ""), text[layout.subgroup[1]]
    for i, group in enumerate(groups):
        if ids[i] in at and periods[i] == wanted and (group or "").casefold() not in _ALL:
            empty = (np.full(len(rows), np.nan), np.full(len(rows), np.nan))
            value, se = found.setdefault(str(group), empty)
            one, error, _ = _read(chosen, text, [i], [0])
            value[at[ids[i]]], se[at[ids[i]]] = one[0], error[0]
    return found


# -- characteristics of another file


def _others(
    path: Path, work: Path, layout: Layout, wanted: Sequence[str]
) -> tuple[dict[str, int], dict[str, list[str | None]]]:
    """Rows by place and the columns asked for, of a second file of the same kind of place."""
    sheets = read.open_sheets(path, work)
    for sheet in sheets:
        found = geography(sheet.columns)
        low = {c.casefold(): c for c in sheet.columns}
        absent = [c for c in wanted if c.casefold() not in low]
        if found is None or absent:
            continue
        if found[0] != layout.level:
            raise PlanError(
                "PLAN-place-level", looks=level_name(found[0]), kind=level_name(layout.level)
            )
        text = _fetch(sheet, {c for c, _ in found[1]} | {low[c.casefold()] for c in wanted}, work)
        rows = {each: i for i, each in enumerate(_ids(found[1], text)) if each}
        return rows, {c: list(text[low[c.casefold()]]) for c in wanted}
    columns = {c.casefold() for s in sheets for c in s.columns}
    raise PlanError(
        "PLAN-no-column", column=next((c for c in wanted if c.casefold() not in columns), wanted[0])
    )


def _with_others(
    places: Places,
    others: tuple[dict[str, int], dict[str, list[str | None]]],
    wanted: Sequence[str],
) -> Places:
    rows, text = others
    likeness = dict(places.likeness)
    for column in wanted:
        cells = [text[column][rows[i]] if i in rows else None for i in places.ids]
        likeness[column] = _numbers(cells, range(len(cells)), [0])
    return replace(places, likeness=likeness)
