"""Financial and life measures as outcomes: before and after, by group, beside earnings.

The Financial Well-Being Scale, savings, debt, housing, stress: what a provider asks people more
than once. They stand beside earnings because a raise can be eaten by what it costs to work.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rung.discovery.journey import EVERYONE, NOT_RECORDED
from rung.finding import (
    Answer,
    Cell,
    Column,
    Counts,
    Dimension,
    Estimand,
    Method,
    Note,
    Refusal,
    Table,
)
from rung.messages import english
from rung.mobility.changes import Changes, Measure, Pairs
from rung.mobility.ladder import Ladder
from rung.records.lab import Group
from rung.stats.intervals import paired_shares, t_quantile

_SHARES = (
    Column("n", "denominator", "people"),
    Column("above_before", "numerator", "people"),
    Column("share_before", "value", "share", of=("above_before", "n")),
    Column("above_after", "numerator", "people"),
    Column("share_after", "value", "share", of=("above_after", "n")),
    Column("difference", "value", "share"),
    Column("low", "low", "share"),
    Column("high", "high", "share"),
)


def _means(unit: str) -> tuple[Column, ...]:
    return (
        Column("n", "denominator", "people"),
        Column("difference", "value", unit),
        Column("low", "low", unit),
        Column("high", "high", unit),
        Column("mean_before", "value", unit),
        Column("mean_after", "value", unit),
    )


def _method(changes: Changes) -> Method:
    s = changes.settings
    days = {"before": s.before_within_days, "after": s.after_days}
    return Method("measures", (Note("measures-rule", days),), ("cfpb2015", "bonett2012"))


def _question(unit: str, summary: str) -> Estimand:
    return Estimand(
        english("label.measures"), unit, english("label.measures-people"), "", summary, ""
    )


def _mean_row(pairs: Pairs, level: float) -> dict[str, Cell]:
    row: dict[str, Cell] = dict.fromkeys((c.name for c in _means("")), None)
    row["n"] = pairs.n
    if not pairs.n:
        return row
    row |= {"difference": pairs.change, "mean_before": pairs.before / pairs.n,
            "mean_after": pairs.after / pairs.n}  # fmt: skip
    if pairs.se is not None:
        reach = t_quantile(level, pairs.n - 1.0) * pairs.se
        row |= {"low": pairs.change - reach, "high": pairs.change + reach}
    return row


def _share_row(pairs: Pairs, level: float) -> dict[str, Cell]:
    row: dict[str, Cell] = dict.fromkeys((c.name for c in _SHARES), None)
    before, after = round(pairs.before), round(pairs.after)
    row |= {"n": pairs.n, "above_before": before, "above_after": after}
    if not pairs.n:
        return row
    low, high = paired_shares(pairs.rose, pairs.fell, pairs.n, level)
    shares: dict[str, Cell] = {"share_before": before / pairs.n, "share_after": after / pairs.n}
    return row | shares | {"difference": pairs.change, "low": low, "high": high}


def earned(ladder: Ladder | None, group: str = "", level: str = "") -> Pairs:
    """Pay in a year before and after, as another measure; nothing without wage records."""
    if ladder is None:
        return Pairs()
    t = ladder.of(ladder.main, "", group, level)
    return Pairs(t.n, t.dollars_before, t.dollars_after, t.dollar_squares)


def _rows(
    changes: Changes,
    measures: Iterable[Measure],
    ladder: Ladder | None,
    group: Group | None,
    level: float,
    unit: str,
) -> Iterator[dict[str, Cell]]:
    levels = [("", EVERYONE)]
    if group is not None:
        found = {*changes.levels(group), *(ladder.levels(group) if ladder else ())}
        for each in sorted(found, key=lambda v: (v == NOT_RECORDED, v)):
            words = english("label.not-recorded") if each == NOT_RECORDED else each
            levels.append((each, group.labels.get(each, words)))
    make = _share_row if unit == "share" else _mean_row

    def told(words: str, pairs_of: dict[str, Pairs]) -> Iterator[dict[str, Cell]]:
        for each, who in levels:
            row: dict[str, Cell] = {"measure": words}
            if group is not None:
                row[group.key] = who
            yield {**row, **make(pairs_of[each], level)}

    if unit == "dollars" and ladder is not None:
        pays = {
            each: earned(ladder, group.key if each and group else "", each) for each, _ in levels
        }
        yield from told(english("label.measure-earnings"), pays)
    for m in measures:
        mine = {
            each: changes.of(m, group.key if each and group else "", each) for each, _ in levels
        }
        yield from told(m.words, mine)


def tables(
    changes: Changes, ladder: Ladder | None, group: Group | None = None, level: float = 0.95
) -> Iterator[Table]:
    """A table a unit: dollars (pay first), points on a scale, shares of people."""
    for unit in ("dollars", "points", "share"):
        told = [m for m in changes.told if m.unit == unit]
        if not told:
            continue
        columns = (
            _SHARES if unit == "share" else _means("dollars" if unit == "dollars" else "number")
        )
        keys = [Column("measure", "key", "text")]
        dimensions = [Dimension("measure", False)]
        if group is not None:
            keys.append(Column(group.key, "key", "text"))
            dimensions.append(Dimension(group.key, group.partition, EVERYONE))
        yield Table(
            name=f"measures-{unit}",
            estimand=_question(unit, f"measures-{unit}" + (f" by {group.key}" if group else "")),
            columns=(*keys, *columns),
            rows=tuple(_rows(changes, told, ladder, group, level, unit)),
            dimensions=tuple(dimensions),
            method=_method(changes),
            counts=Counts(max(changes.of(m).n for m in told)),
            caveats=(Note("measures-not-effect"), Note("measures-who-answers")),
            level=level,
            origin=changes.origin,
        )


def answers(changes: Changes, ladder: Ladder | None, level: float = 0.95) -> tuple[Answer, ...]:
    """Every table, of everyone and then by group; a Refusal where nobody was asked twice."""
    if not changes.told:
        return (
            Refusal(
                estimand=_question("points", "measures"),
                code="ANS-no-measures",
                method=_method(changes),
                origin=changes.origin,
            ),
        )
    made = list(tables(changes, ladder, None, level))
    for group in changes.groups:
        made += tables(changes, ladder, group, level)
    return tuple(made)
