"""Whose file it is, told by its header: where the places stand, and what is measured.

atlas            Opportunity Atlas outcomes: kfr_black_female_p25, …_se, by tract, county or
                 commuting zone; cohorts as kfr_pooled_pooled_p25_1992
atlas-map        a map's own download: tract or cty or cz, Name, Household_Income_rB_gF_p25
cz-2014          the 2014 online tables, by commuting zone or county: "AM, 80-82 Cohort", or
                 e_rank_b and s_rank
social-capital   Social Capital Atlas by county or ZIP: ec_county, ec_se_county
urban            Urban Institute's mobility metrics by county or place: year, state, county,
                 measures with _lb, _ub and _quality beside them
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from rung.messages import english, has

Level = Literal["tract", "county", "cz", "zip", "place", "state"]
_RACES = "pooled|white|black|hisp|asian|natam|aian|other"
_ATLAS = re.compile(
    rf"(?P<outcome>[a-z0-9_]+?)_(?P<race>{_RACES})_(?P<gender>pooled|male|female)_"
    r"(?P<at>p\d+|mean)(?P<se>_se)?(?:_(?P<year>(?:19|20)\d\d))?(?P<error>_se)?",
)
_MAP = re.compile(r"(?P<outcome>.+)_r(?P<race>[PBWHAN])_g(?P<gender>[PMF])_p(?P<at>\d+|all)")
_SHORT = {
    "P": "pooled", "B": "black", "W": "white", "H": "hisp", "A": "asian", "N": "natam",
    "M": "male", "F": "female",
}  # fmt: skip
_COUNT = re.compile(rf"((kid|{_RACES})_)+.*(count|_n)")
SIZES = (
    "population", "pop2018", "pop2000", "cz_pop2000", "cty_pop2000", "census 2000 population",
    "pooled_pooled_count", "kid_pooled_pooled_n", "num_below_p50", "kid_pooled_pooled_blw_p50_n",
)  # fmt: skip
_NAMES = ("place_name", "county_name", "name", "county name", "state_name", "statename")
_ZONES = ("czname", "cz_name", "cz name")  # the name of the zone around a county, or of the zone
_STATES = ("state_name", "state", "stateabbrv", "statename")
_WIDTH = {"state": 2, "county": 3, "tract": 6, "place": 5, "zip": 5}


def level_name(level: Level) -> str:
    """A kind of place in words."""
    return english(f"label.level-{level}")


@dataclass(frozen=True)
class Measure:
    """One measured column, and what stands beside it.

    `family` is what it shares with the same measure for other people (`group`) or other cohorts
    (`year`). The error is a column of standard errors (`se`) or the two ends of a 95 % range.
    """

    column: str
    family: str
    group: str = ""
    year: int | None = None
    se: str | None = None
    ends: tuple[str, str] | None = None
    quality: str | None = None
    unit: str = "number"

    @property
    def label(self) -> str:
        """What it is called: in words where Rung has them, else as the column."""
        outcome, _, at = self.family.partition("@")
        said = f"label.measure-{outcome.lower()}"
        name = english(said) if has(said, "en") else outcome
        if not at:
            return name
        if at == "all":
            return name
        return english("label.measure-at", {"what": name, "percentile": at.removeprefix("p")})


@dataclass(frozen=True)
class Layout:
    """A recognised file: `place` are the columns that make an id, each with its width."""

    key: str
    level: Level
    place: tuple[tuple[str, int], ...]
    name: str | None
    state: str | None
    measures: tuple[Measure, ...]
    period: str | None = None
    subgroup: tuple[str, str] | None = None
    sizes: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()  # columns that may be characteristics

    def measure(self, column: str | None) -> Measure | None:
        """The measure of a column (capitals do not count); the layout's first without one."""
        if column is None:
            return self.measures[0]
        wanted = column.casefold()
        return next((m for m in self.measures if m.column.casefold() == wanted), None)


def recognise(columns: Sequence[str]) -> Layout | None:
    """The layout of a header; None when it is none that Rung knows."""
    low = {c.casefold(): c for c in columns}
    place = geography(columns)
    if place is None:
        return None
    for key, find in _FINDERS.items():
        measures = tuple(find(columns, low))
        if not measures:
            continue
        used = {c for m in measures for c in (m.column, m.se, m.quality, *(m.ends or ()))}
        used |= {c for c, _ in place[1]}
        names = _ZONES if place[0] == "cz" else _NAMES
        name, state = _first(low, names), _first(low, _STATES)
        if place[0] != "state" and name in (low.get("state_name"), low.get("statename")):
            name = None  # the state around a place is not its name
        period = low.get("year") if key == "urban" else None
        kinds = low.get("subgroup_type"), low.get("subgroup")
        sub = (kinds[0], kinds[1]) if kinds[0] and kinds[1] else None
        used |= {name, state, period, *kinds}
        return Layout(
            key, place[0], place[1], name, state, measures, period, sub,
            sizes=tuple(low[s] for s in SIZES if s in low),
            rest=tuple(c for c in columns if c not in used),
        )  # fmt: skip
    return None


def _first(low: Mapping[str, str], names: Iterable[str]) -> str | None:
    return next((low[n] for n in names if n in low), None)


def geography(columns: Sequence[str]) -> tuple[Level, tuple[tuple[str, int], ...]] | None:
    """The finest kind of place that a header names, and the columns of its id."""
    low = {c.casefold(): c for c in columns}

    def parts(*names: str) -> tuple[tuple[str, int], ...]:
        return tuple((low[n], _WIDTH[n]) for n in names if n in low)

    if "tract" in low:
        return "tract", parts("state", "county", "tract")
    if "zip" in low:
        return "zip", parts("zip")
    if "place" in low and "state" in low:
        return "place", parts("state", "place")
    for column in ("cty", "county fips code", "geoid"):
        if column in low:
            return "county", ((low[column], 5),)
    if "county" in low:
        return "county", parts("state", "county") if _codes(low) else ((low["county"], 5),)
    if "cz" in low:
        return "cz", ((low["cz"], 0),)
    return ("state", parts("state")) if "state" in low else None


def _codes(low: Mapping[str, str]) -> bool:
    """Whether state and county stand apart (elsewhere "county" is the whole code)."""
    return "state" in low and "ec_county" not in low


def _atlas(columns: Sequence[str], _low: Mapping[str, str]) -> list[Measure]:
    found: dict[str, Measure] = {}
    errors: dict[tuple[str, ...], str] = {}
    for column in columns:
        m = _ATLAS.fullmatch(column)
        if m is None:
            continue
        which = (m["outcome"], m["race"], m["gender"], m["at"], m["year"] or "")
        if m["se"] or m["error"]:
            errors[which] = column
            continue
        unit = "number" if m["outcome"] in ("kfr", "kir") else "share"
        found[column] = Measure(
            column,
            f"{m['outcome']}@{m['at']}" if m["at"] != "mean" else f"{m['outcome']}@all",
            _people(m["race"], m["gender"]),
            int(m["year"]) if m["year"] else None,
            unit=unit,
        )
        found[column] = replace(found[column], se="\0".join(which))
    measures = [replace(m, se=errors.get(tuple((m.se or "").split("\0")))) for m in found.values()]
    return sorted(measures, key=_usual)


def _usual(m: Measure) -> tuple[bool, bool, bool, bool]:
    """Household income rank of everyone's children of parents at p25 first; the rest in order."""
    family, _, at = m.family.partition("@")
    everyone = _people("pooled", "pooled")
    return not family.casefold().startswith(("kfr", "household_income")), at != "p25", (
        m.group != everyone
    ), m.year is None  # fmt: skip


def _people(race: str, gender: str) -> str:
    """Whom a column is of, in words: "Black people, women"; everyone."""
    race = "natam" if race == "aian" else race
    if (race, gender) == ("pooled", "pooled"):
        return english("label.atlas-everyone")
    if race == "pooled":
        return english(f"label.atlas-{gender}")
    said = english(f"label.atlas-{race}")
    return said if gender == "pooled" else f"{said}, {english(f'label.atlas-{gender}')}"


def _atlas_map(columns: Sequence[str], low: Mapping[str, str]) -> list[Measure]:
    if "name" not in low:
        return []
    found = []
    for column in columns:
        m = _MAP.fullmatch(column)
        if m is not None:
            dollars = "income" in m["outcome"].casefold()
            at = "all" if m["at"] == "all" else f"p{m['at']}"
            found.append(
                Measure(
                    column,
                    f"{m['outcome']}@{at}",
                    _people(_SHORT[m["race"]], _SHORT[m["gender"]]),
                    unit="dollars" if dollars else "share",
                )
            )
    return sorted(found, key=_usual)


_CZ_2014 = {
    "am, 80-82 cohort": "number", "e_rank_b": "number", "rm, 80-82 cohort": "number",
    "s_rank": "number", "p(child in q5 | parent in q1), 80-85 cohort": "share",
    "prob_p1_k5": "share",
}  # fmt: skip


def _cz_2014(_columns: Sequence[str], low: Mapping[str, str]) -> list[Measure]:
    return [Measure(low[c], c, unit=unit) for c, unit in _CZ_2014.items() if c in low]


def _social(columns: Sequence[str], low: Mapping[str, str]) -> list[Measure]:
    at = "county" if "ec_county" in low else "zip" if "ec_zip" in low else None
    if at is None:
        return []
    stems = [c.removesuffix(f"_{at}") for c in columns if c.endswith(f"_{at}")]
    return [
        Measure(
            f"{stem}_{at}",
            stem,
            se=f"{stem}_se_{at}" if f"{stem}_se" in stems else None,
            unit="share" if stem == "volunteering_rate" else "number",
        )
        for stem in sorted(stems, key=lambda s: s != "ec")
        if not stem.endswith("_se")
    ]


_BESIDE = ("_lb", "_ub", "_quality", "_ci", "_ci_low", "_ci_high")


def _urban(columns: Sequence[str], low: Mapping[str, str]) -> list[Measure]:
    qualities = [c for c in columns if c.casefold().endswith("_quality")]
    if not {"year", "state"} <= set(low) or not qualities:
        return []
    about = {
        "year",
        "state",
        *_STATES,
        *_NAMES,
        *_ZONES,
        "county",
        "place",
        "subgroup_type",
        "subgroup",
    }
    found = []
    for i, column in enumerate(columns):
        name = column.casefold()
        if name in about or name in SIZES or name.endswith(_BESIDE):
            continue
        # one flag stands behind the measures it is of
        after = (c for c in columns[i + 1 :] if c.casefold().endswith("_quality"))
        own = low.get(f"{name}_quality") or next(after, None)
        ends = low.get(f"{name}_lb"), low.get(f"{name}_ub")
        unit = "share" if name.startswith("share_") else "dollars" if "income" in name else "number"
        found.append(
            Measure(
                column, column, quality=own, unit=unit,
                ends=(ends[0], ends[1]) if ends[0] and ends[1] else None,
            )
        )  # fmt: skip
    return found


_FINDERS: Mapping[str, Callable[[Sequence[str], Mapping[str, str]], list[Measure]]] = {
    "social-capital": _social,
    "urban": _urban,
    "atlas": _atlas,
    "atlas-map": _atlas_map,
    "cz-2014": _cz_2014,
}
