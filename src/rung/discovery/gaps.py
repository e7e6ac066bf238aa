"""Where most people are lost, and for whom a step is harder than for everyone else.

Both are read off the journey's summary. A gap compares two disjoint groups of people who had both
reached the step before: the people of a level, and everyone else whose level is recorded. Every
gap looked at is counted, and the p of the one told is Holm's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rung.discovery import journey
from rung.discovery.journey import NOT_RECORDED, Kind, Summary
from rung.finding import (
    Cell,
    Column,
    Counts,
    Dimension,
    Estimand,
    Finding,
    Interval,
    Method,
    Note,
    Part,
    Refusal,
    Table,
)
from rung.messages import english
from rung.records.lab import Group
from rung.stats.intervals import newcombe, two_share_p, wilson

FEWEST = 5  # people on each side of a comparison that is looked at


@dataclass(frozen=True)
class Gap:
    """People of one level against everyone else, at one step."""

    group: Group
    level: str
    label: str
    milestone: int
    n: int
    reached: int
    others_n: int
    others_reached: int

    @property
    def difference(self) -> float:
        """Share of the level less share of everyone else."""
        return self.reached / self.n - self.others_reached / self.others_n

    @property
    def p(self) -> float:
        """Pooled z test, before any allowance for looking at many."""
        return two_share_p(self.reached, self.n, self.others_reached, self.others_n)


def _others(summary: Summary, group: Group, level: str) -> Counter[Kind]:
    """Everyone else: the other recorded levels of a partition, or who is not a member."""
    if not group.partition:
        rest = Counter(summary.everyone)
        rest.subtract(summary.by_level[group.key, level])
        rest.subtract(summary.by_level.get((group.key, NOT_RECORDED), Counter()))
        return rest
    rest = Counter()
    for key, other in summary.by_level:
        if key == group.key and other not in (level, NOT_RECORDED):
            rest.update(summary.by_level[key, other])
    return rest


def gaps(summary: Summary, group: Group) -> Iterator[Gap]:
    """Every level of a group at every step where both sides have enough people."""
    for level in summary.levels(group):
        if level == NOT_RECORDED:
            continue
        people, others = summary.by_level[group.key, level], _others(summary, group, level)
        for i in range(1, len(summary.milestones)):
            n, others_n = summary.reached(people, i - 1), summary.reached(others, i - 1)
            if min(n, others_n) >= FEWEST:
                yield Gap(
                    group,
                    level,
                    summary.label(group, level),
                    i,
                    n,
                    summary.reached(people, i),
                    others_n,
                    summary.reached(others, i),
                )


def _distinct(found: list[Gap], groups: Sequence[Group]) -> list[Gap]:
    """The different comparisons, smallest p first; the two sides of a pair are one.

    Of a pair the side for whom the step is harder stays.
    """
    sides = Counter((g.group.key, g.milestone) for g in found)
    pairs = {at for at, n in sides.items() if n == 2}
    partitions = {g.key for g in groups if g.partition}
    kept = [
        g
        for g in found
        if not (
            (g.group.key, g.milestone) in pairs
            and g.group.key in partitions
            and _mirror(g, found)
            and (g.difference > 0 or (g.difference == 0 and g.level > _mirror(g, found)[0].level))
        )
    ]
    return sorted(kept, key=lambda g: (g.p, -abs(g.difference), g.group.key, g.level))


def _mirror(gap: Gap, found: list[Gap]) -> list[Gap]:
    """The other side of a two-level comparison: the others of one are the people of the other."""
    return [
        g
        for g in found
        if (g.group.key, g.milestone) == (gap.group.key, gap.milestone)
        and g.level != gap.level
        and (g.n, g.reached) == (gap.others_n, gap.others_reached)
        and (g.others_n, g.others_reached) == (gap.n, gap.reached)
    ]


def _holm(ordered: list[Gap], at: int) -> float:
    """Holm's adjusted p of the comparison at place `at` of the ordered ones (holm1979)."""
    m = len(ordered)
    return min(1.0, max((m - j) * g.p for j, g in enumerate(ordered[: at + 1])))


def _step(summary: Summary, i: int) -> tuple[str, str]:
    return summary.milestones[i - 1].words, summary.milestones[i].words


def largest(summary: Summary, level: float = 0.95) -> Finding | Refusal | None:
    """The gap with the strongest evidence, with Holm's p; None when no groups were asked for."""
    if not summary.groups:
        return None
    found = [g for group in summary.groups for g in gaps(summary, group)]
    method = Method(
        key="gap",
        assumptions=(Note("disjoint-groups"), Note("within-days", {"days": summary.within_days})),
        sources=("newcombe1998", "holm1979"),
    )
    if not found:
        question = Estimand(
            "",
            "share",
            journey.estimand(summary).population,
            "",
            "difference in shares",
            journey.horizon(summary),
        )
        return Refusal(
            estimand=question,
            code="ANS-no-gap",
            method=method,
            needs={"fewest": FEWEST},
            origin=summary.origin,
        )
    ordered = _distinct(found, summary.groups)
    # told of those for whom a step is harder, when there are any
    at = next((i for i, g in enumerate(ordered) if g.difference < 0), 0)
    gap, p = ordered[at], _holm(ordered, at)
    before, after = _step(summary, gap.milestone)
    caveats = [Note("looked-at-many", {"n": len(ordered)})]
    if p > 1 - level:
        caveats.append(Note("gap-may-be-chance"))
    return Finding(
        estimand=Estimand(
            outcome=after,
            unit="share",
            population=english("label.people-who", {"done": before}),
            contrast=english(
                "label.against-others", {"level": gap.label, "group": gap.group.words}
            ),
            summary="difference in shares",
            horizon=journey.horizon(summary),
        ),
        value=gap.difference,
        interval=Interval(
            (newcombe(gap.reached, gap.n, gap.others_reached, gap.others_n, level),), level
        ),
        p=p,
        counts=Counts(
            gap.n + gap.others_n, {gap.label: gap.n, english("label.everyone-else"): gap.others_n}
        ),
        parts=(
            Part(gap.label, gap.n, gap.reached / gap.n, gap.reached),
            Part(
                english("label.everyone-else"),
                gap.others_n,
                gap.others_reached / gap.others_n,
                gap.others_reached,
            ),
        ),
        method=method,
        strength="described",
        caveats=(*caveats, *journey.caveats(summary)),
        origin=summary.origin,
    )


def table(summary: Summary, group: Group, level: float = 0.95) -> Table | None:
    """All levels of a group at the step where they differ most clearly; None without a step."""
    found = list(gaps(summary, group))
    if not found:
        return None
    at = min(found, key=lambda g: (g.p, -abs(g.difference))).milestone
    before, after = _step(summary, at)
    rows: list[dict[str, Cell]] = []
    for g in sorted((g for g in found if g.milestone == at), key=lambda g: g.difference):
        low, high = newcombe(g.reached, g.n, g.others_reached, g.others_n, level)
        rows.append(
            {
                group.key: g.label,
                "n": g.n,
                "reached": g.reached,
                "rate": g.reached / g.n,
                "others_n": g.others_n,
                "others_reached": g.others_reached,
                "difference": g.difference,
                "low": low,
                "high": high,
            }
        )
    return Table(
        name="gap",
        estimand=Estimand(
            outcome=after,
            unit="share",
            population=english("label.people-who", {"done": before}),
            contrast=english("label.each-against-others", {"group": group.words}),
            summary="difference in shares",
            horizon=journey.horizon(summary),
        ),
        columns=(
            Column(group.key, "key", "text"),
            Column("n", "denominator", "people"),
            Column("reached", "numerator", "people"),
            Column("rate", "count", "share", of=("reached", "n")),
            Column("others_n", "denominator", "people"),
            Column("others_reached", "numerator", "people"),
            Column("difference", "value", "share", of=("reached", "n"), interval="newcombe"),
            Column("low", "low", "share"),
            Column("high", "high", "share"),
        ),
        rows=tuple(rows),
        dimensions=(Dimension(group.key, group.partition),),
        method=Method(
            key="gap",
            assumptions=(
                Note("disjoint-groups"),
                Note("within-days", {"days": summary.within_days}),
            ),
            sources=("newcombe1998",),
        ),
        counts=journey.counts(summary),
        caveats=(
            Note("looked-at-many", {"n": len(_distinct(found, [group]))}),
            *journey.caveats(summary),
        ),
        level=level,
        origin=summary.origin,
    )


def bottleneck(summary: Summary, level: float = 0.95) -> Finding | Refusal:
    """The step between two milestones at which most people are lost, as a share of all entrants."""
    method = journey.method(summary)
    method = Method(key="bottleneck", assumptions=method.assumptions, sources=method.sources)
    population = journey.estimand(summary).population
    entered = summary.mature(summary.everyone)
    if not entered:
        return Refusal(
            estimand=Estimand(
                "", "share", population, "", "largest loss", journey.horizon(summary)
            ),
            code="ANS-none-mature",
            method=method,
            saw={"people": sum(summary.everyone.values())},
            needs={"days": summary.within_days},
            origin=summary.origin,
        )
    steps = range(1, len(summary.milestones))
    reached = [summary.reached(summary.everyone, i) for i in range(len(summary.milestones))]
    at = max(steps, key=lambda i: reached[i - 1] - reached[i])
    lost = reached[at - 1] - reached[at]
    before, after = _step(summary, at)
    return Finding(
        estimand=Estimand(
            outcome=english("label.and-not", {"before": before, "after": after}),
            unit="share",
            population=population,
            contrast=english(
                "label.between",
                {"before": summary.milestones[at - 1].label, "after": summary.milestones[at].label},
            ),
            summary="largest loss between two milestones",
            horizon=journey.horizon(summary),
        ),
        value=lost / entered,
        interval=Interval((wilson(lost, entered, level),), level),
        counts=journey.counts(summary),
        parts=(
            Part(
                summary.milestones[at - 1].label,
                entered,
                reached[at - 1] / entered,
                reached[at - 1],
            ),
            Part(summary.milestones[at].label, entered, reached[at] / entered, reached[at]),
        ),
        method=method,
        strength="described",
        caveats=journey.caveats(summary),
        origin=summary.origin,
    )
