"""Answers written by hand, as the analyses make them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
    Strength,
    Table,
)
from rung.stats.intervals import newcombe, wilson

METHOD = Method("journey", (Note("once-per-person", {"unit": "person"}),), ("wilson1927",))
MILESTONES = ("Applied", "Accepted", "Enrolled", "Completed", "Placed", "Retained")
# of everyone who entered a year ago or earlier, who reached what within a year
EVERYONE = (412, 330, 262, 151, 118, 74)


def journey_row(
    milestone: str, entered: int, reached: int, people: int, reached_any: int, lost: int
) -> dict[str, Cell]:
    low, high = wilson(reached, entered)
    return {
        "milestone": milestone,
        "entered": entered,
        "reached": reached,
        "rate": reached / entered,
        "low": low,
        "high": high,
        "implied": 0,
        "undated": 0,
        "unknown": 0,
        "people": people,
        "reached_any": reached_any,
        "in_progress": people - reached_any - lost,
        "lost": lost,
    }


_JOURNEY_COLUMNS = (
    Column("milestone", "key", "text"),
    Column("entered", "denominator", "people"),
    Column("reached", "numerator", "people"),
    Column("rate", "value", "share", of=("reached", "entered"), interval="wilson"),
    Column("low", "low", "share"),
    Column("high", "high", "share"),
    Column("implied", "count", "people"),
    Column("undated", "count", "people"),
    Column("unknown", "count", "people"),
    Column("people", "count", "people"),
    Column("reached_any", "count", "people"),
    Column("in_progress", "count", "people"),
    Column("lost", "count", "people"),
)


def journey_estimand(by: str = "") -> Estimand:
    return Estimand(
        outcome=" → ".join(MILESTONES),
        unit="share",
        population="everyone who applied (2024)" + (f", by {by}" if by else ""),
        contrast="",
        summary="share of those who applied that reached each milestone",
        horizon="within 365 days, as of 2025-12-31",
    )


def walk(counts: Sequence[int], younger: int = 0) -> list[dict[str, Cell]]:
    """The rows of one group: mature people by milestone, and `younger` who are all on the way."""
    people = counts[0] + younger
    return [
        journey_row(
            name,
            counts[0],
            n,
            people,
            n + (younger if i == 0 else 0),
            0 if i == 0 else (counts[0] - n) * 2 // 3,
        )
        for i, (name, n) in enumerate(zip(MILESTONES, counts, strict=False))
    ]


def journey(
    groups: Mapping[str, Sequence[int]] | None = None,
    *,
    by: str = "gender",
    partition: bool = True,
    everyone: Sequence[int] = EVERYONE,
    younger: int = 40,
) -> Table:
    """The journey of everyone, or by group with everyone as the margin."""
    rows: list[dict[str, Cell]] = []
    if groups is None:
        rows = walk(everyone, younger)
    else:
        whole = [sum(c) for c in zip(*groups.values(), strict=True)] if partition else everyone
        margins = [walk(c) for c in groups.values()]
        total = walk(whole)
        if partition:
            for i, row in enumerate(total):
                for name in ("lost", "in_progress", "reached_any", "people"):
                    row[name] = sum(int(m[i][name] or 0) for m in margins)
        for level, walked in zip(("everyone", *groups), (total, *margins), strict=True):
            rows += [{by: level, **row} for row in walked]
    key = (Column(by, "key", "text"),) if groups else ()
    dimension = (Dimension(by, partition, "everyone"),) if groups else ()
    return Table(
        name="journey",
        estimand=journey_estimand(by if groups else ""),
        columns=(*key, *_JOURNEY_COLUMNS),
        rows=tuple(rows),
        dimensions=(*dimension, Dimension("milestone", False)),
        method=METHOD,
        counts=Counts(everyone[0], excluded=(Exclusion("not-yet-mature", younger),)),
        level=0.95,
        origin=Origin(queries=("SELECT count(*) FROM journeys WHERE age = 17 AND x > 0.123",)),
    )


def gap(
    groups: Mapping[str, tuple[int, int]],
    *,
    by: str = "gender",
    partition: bool = True,
    others: tuple[int, int] | None = None,
) -> Table:
    """Each group (n, reached) against everyone else."""
    n = others[0] if others else sum(a for a, _ in groups.values())
    reached = others[1] if others else sum(b for _, b in groups.values())
    rows: list[dict[str, Cell]] = []
    for level, (a, b) in groups.items():
        low, high = newcombe(b, a, reached - b, n - a)
        rows.append(
            {
                "group": by,
                "level": level,
                "n": a,
                "reached": b,
                "rate": b / a,
                "others_n": n - a,
                "others_reached": reached - b,
                "difference": b / a - (reached - b) / (n - a),
                "low": low,
                "high": high,
            }
        )
    return Table(
        name="gap",
        estimand=Estimand(
            outcome="completed",
            unit="share",
            population="everyone who applied (2024)",
            contrast="each group versus everyone else",
            summary="difference in shares",
            horizon="within 365 days",
        ),
        columns=(
            Column("group", "key", "text"),
            Column("level", "key", "text"),
            Column("n", "denominator", "people"),
            Column("reached", "numerator", "people"),
            Column("rate", "value", "share", of=("reached", "n")),
            Column("others_n", "denominator", "people"),
            Column("others_reached", "numerator", "people"),
            Column("difference", "value", "share", interval="newcombe"),
            Column("low", "low", "share"),
            Column("high", "high", "share"),
        ),
        rows=tuple(rows),
        dimensions=(Dimension("level", partition),),
        method=METHOD,
        level=0.95,
    )


def difference(
    value: float,
    low: float,
    high: float,
    *,
    unit: str = "dollars",
    outcome: str = "earnings in the year after",
    contrast: str = "people offered coaching versus people not offered it",
    horizon: str = "in the following year",
    population: str = "everyone who applied",
    parts: tuple[Part, ...] = (Part("offered", 185, 6350.0), Part("not offered", 260, 4550.0)),
    strength: Strength = "randomised",
    dollar_year: int | None = None,
    summary: str = "difference in means",
    caveats: tuple[Note, ...] = (),
) -> Finding:
    """A difference between two groups."""
    return Finding(
        estimand=Estimand(outcome, unit, population, contrast, summary, horizon, dollar_year),
        value=value,
        interval=Interval(((low, high),), 0.95),
        se=(high - low) / 3.92,
        df=443.0,
        p=0.0079,
        counts=Counts(
            sum(p.n for p in parts),
            {p.group: p.n for p in parts},
            excluded=(Exclusion("missing-outcome", 2),),
        ),
        method=METHOD,
        strength=strength,
        parts=parts,
        caveats=caveats,
    )


def level(
    numerator: int, n: int, *, outcome: str = "completed", population: str = "people who applied"
) -> Finding:
    """The share of one group."""
    low, high = wilson(numerator, n)
    return Finding(
        estimand=Estimand(outcome, "share", population, "", "share reached", "within a year"),
        value=numerator / n,
        interval=Interval(((low, high),), 0.95),
        counts=Counts(n),
        method=METHOD,
        strength="described",
        parts=(Part("everyone", n, numerator / n, numerator),),
    )


def arms() -> Table:
    """What each arm looked like."""
    return Table(
        name="arms",
        estimand=Estimand("earnings", "dollars", "everyone", "each arm", "mean", "1978"),
        columns=(
            Column("arm", "key", "text"),
            Column("n", "denominator", "people"),
            Column("missing", "count", "people"),
            Column("mean", "value", "dollars"),
            Column("sd", "se", "dollars"),
        ),
        rows=(
            {"arm": "not offered", "n": 260, "missing": 2, "mean": 4554.8, "sd": 5483.8},
            {"arm": "offered", "n": 185, "missing": 4, "mean": 6349.14, "sd": 7867.4},
        ),
        dimensions=(Dimension("arm", True),),
        method=METHOD,
        strength="randomised",
    )


def forest() -> Table:
    """One contrast by group."""
    rows: tuple[dict[str, Cell], ...] = (
        {"group": "race", "level": "Black", "n": 371, "offered": 156, "not offered": 215,
         "estimate": 2028.7, "low": 646.7, "high": 3410.7},
        {"group": "race", "level": "Hispanic", "n": 39, "offered": 11, "not offered": 28,
         "estimate": -412.3, "low": -4790.0, "high": 3965.4},
        {"group": "race", "level": "White", "n": 35, "offered": 18, "not offered": 17,
         "estimate": 1290.0, "low": -3110.0, "high": 5690.0},
    )  # fmt: skip
    return Table(
        name="forest",
        estimand=Estimand(
            "earnings in 1978",
            "dollars",
            "everyone who applied",
            "offered versus not offered",
            "difference in means",
            "in 1978",
        ),
        columns=(
            Column("group", "key", "text"),
            Column("level", "key", "text"),
            Column("n", "denominator", "people"),
            Column("offered", "denominator", "people"),
            Column("not offered", "denominator", "people"),
            Column("estimate", "value", "dollars"),
            Column("low", "low", "dollars"),
            Column("high", "high", "dollars"),
        ),
        rows=rows,
        dimensions=(Dimension("level", True),),
        method=METHOD,
        strength="randomised",
        level=0.95,
    )


def refusal() -> Refusal:
    """A question that too few people can answer."""
    return Refusal(
        estimand=journey_estimand(),
        code="OUT-too-few",
        method=METHOD,
        needs={"denominator": 10, "numerator": 3},
    )
