"""What is told of the low-pay, no-pay cycle: a finding, three tables, and the other lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from rung.discovery.churn import NOBODY, Churn, Line, Tally, When
from rung.discovery.journey import EVERYONE
from rung.errors import CannotAnswer
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
    Part,
    Refusal,
    Table,
)
from rung.messages import english
from rung.records.lab import Group
from rung.records.wages import quarter_name
from rung.stats.intervals import normal_quantile, wilson

Kind = Literal["churn", "churn-quarters", "churn-moves"]


_MAIN = Column("cycling_share", "value", "share", of=("cycling", "n"), interval="wilson")
_SHARE = (
    Column("n", "denominator", "people"),
    Column("cycling", "numerator", "people"),
    _MAIN,
    Column("low", "low", "share"),
    Column("high", "high", "share"),
)
_QUARTERS = (
    Column("n", "denominator", "people"),
    Column("ever_above", "numerator", "people"),
    Column("quarters_above", "value"),
    Column("low", "low"),
    Column("high", "high"),
    Column("quarters_low", "value"),
    Column("quarters_none", "value"),
    Column("spells", "value"),
)
_MOVES = (
    Column("ever_below", "denominator", "people"),
    Column("ever_out", "numerator", "people"),
    Column("out_share", "value", "share", of=("ever_out", "ever_below"), interval="wilson"),
    Column("low", "low", "share"),
    Column("high", "high", "share"),
    Column("stayed", "numerator", "people"),
    Column("ever_back", "numerator", "people"),
    Column("back_share", "value", "share", of=("ever_back", "ever_below")),
)


def when_words(churn: Churn, when: When) -> str:
    """A window in words: "in the 8 quarters after exit"."""
    if when == "last":
        last = quarter_name(churn.covered.last)
        return english("label.when-last", {"window": churn.window, "last": last})
    if when == "before":
        return english("label.when-before", {"window": churn.window})
    key = "label.when-after-exit" if churn.after_exit else "label.when-after-entry"
    return english(key, {"window": churn.window})


def _method(lines: Sequence[Line], window: int) -> Method:
    return Method(
        key="churn-masks",
        assumptions=(
            Note("churn-rule", {"window": window}),
            Note("churn-line", {"line": lines[0].label}),
            Note("coverage-rule"),
        ),
        sources=("stewart2007", "shildrick2012", "wilson1927"),
    )


def refusal(why: CannotAnswer, lines: Sequence[Line], window: int) -> Refusal:
    """Why nothing can be told of the cycle."""
    return Refusal(
        estimand=Estimand(
            outcome=english("label.churn"),
            unit="share",
            population=english("label.churn-people-both", {"window": window}),
            contrast=english("label.churn-line", {"line": lines[0].label}),
            summary="share going back and forth",
            horizon="",
        ),
        code=why.code,
        params=why.problems[0].params,
        saw=why.saw,
        needs=why.needs,
        method=_method(lines, window),
    )


def _estimand(churn: Churn, outcome: str, unit: str, summary: str, when: When | None) -> Estimand:
    return Estimand(
        outcome=english(outcome, {"window": churn.window} if outcome.endswith("above") else {}),
        unit=unit,
        population=english("label.churn-people-both", {"window": churn.window}),
        contrast=english("label.churn-line", {"line": churn.lines[0].label}),
        summary=summary,
        horizon=when_words(churn, when) if when else "; ".join(
            when_words(churn, w) for w in churn.whens
        ),
    )  # fmt: skip


def _counts(churn: Churn, when: When) -> Counts:
    tally = churn.everyone(when)
    left = {"quarters-not-known": tally.uncovered, "no-window-date": tally.undated}
    return Counts(tally.n, excluded=tuple(Exclusion(r, n) for r, n in left.items() if n))


def _caveats(churn: Churn) -> tuple[Note, ...]:
    more = Note("churn-in-file") if churn.main == "last" else Note("churn-not-effect")
    return (*churn.notes, more)


def finding(churn: Churn, level: float = 0.95) -> Finding | Refusal:
    """The share of people who go back and forth in the window after the program (or the last)."""
    tally = churn.everyone(churn.main)
    question = _estimand(churn, "label.churn", "share", "share going back and forth", churn.main)
    if not tally.n:
        return Refusal(
            estimand=question,
            code="ANS-none-covered",
            method=_method(churn.lines, churn.window),
            needs={"quarters": churn.window},
            origin=churn.origin,
        )
    return Finding(
        estimand=question,
        value=tally.cycling / tally.n,
        interval=Interval((wilson(tally.cycling, tally.n, level),), level),
        counts=_counts(churn, churn.main),
        parts=(
            Part(when_words(churn, churn.main), tally.n, tally.cycling / tally.n, tally.cycling),
        ),
        method=_method(churn.lines, churn.window),
        strength="described",
        caveats=_caveats(churn),
        origin=churn.origin,
    )


def _share_row(t: Tally, level: float) -> dict[str, Cell]:
    ends = wilson(t.cycling, t.n, level) if t.n else (None, None)
    share = t.cycling / t.n if t.n else None
    return {"n": t.n, "cycling": t.cycling, "cycling_share": share, "low": ends[0], "high": ends[1]}


def _quarters_row(t: Tally, level: float) -> dict[str, Cell]:
    row: dict[str, Cell] = dict.fromkeys((c.name for c in _QUARTERS), None)
    row |= {"n": t.n, "ever_above": t.ever_above}
    if not t.n:
        return row
    mean, se = t.mean("above"), t.above_se
    if se is not None:
        reach = normal_quantile(level) * se
        row |= {"low": max(0.0, mean - reach), "high": mean + reach}
    return row | {
        "quarters_above": mean,
        "quarters_low": t.mean("low_pay"),
        "quarters_none": t.mean("no_pay"),
        "spells": t.mean("spells_below"),
    }


def _moves_row(t: Tally, level: float) -> dict[str, Cell]:
    ends = wilson(t.ever_out, t.ever_below, level) if t.ever_below else (None, None)
    return {
        "ever_below": t.ever_below,
        "ever_out": t.ever_out,
        "out_share": t.ever_out / t.ever_below if t.ever_below else None,
        "low": ends[0],
        "high": ends[1],
        "stayed": t.ever_out - t.ever_back,
        "ever_back": t.ever_back,
        "back_share": t.ever_back / t.ever_below if t.ever_below else None,
    }


_KINDS = {
    "churn": (_SHARE, _share_row, "label.churn", "share", "share going back and forth"),
    "churn-quarters": (_QUARTERS, _quarters_row, "label.churn-above", "number", "mean"),
    "churn-moves": (_MOVES, _moves_row, "label.churn-moves", "share", "share above and back"),
}


def table(
    churn: Churn,
    kind: Kind = "churn",
    group: Group | None = None,
    level: float = 0.95,
) -> Table:
    """One of the three tables: who goes back and forth, quarters by pay, moves over the line.

    A row a window; with a group a row a window and level, everyone first.
    """
    columns, row, outcome, unit, summary = _KINDS[kind]
    rows: list[dict[str, Cell]] = []
    for when in churn.whens:
        said: dict[str, Cell] = {"when": when_words(churn, when)}
        if group is None:
            rows.append({**said, **row(churn.everyone(when), level)})
            continue
        rows.append({**said, group.key: EVERYONE, **row(churn.everyone(when), level)})
        for each in churn.levels(group):
            tally = churn.tallies.get((when, 0, group.key, each), NOBODY)
            rows.append({**said, group.key: churn.label(group, each), **row(tally, level)})
    keys = [Column("when", "key", "text")]
    dimensions = [Dimension("when", False)]
    if group is not None:
        keys.append(Column(group.key, "key", "text"))
        dimensions.append(Dimension(group.key, group.partition, EVERYONE))
    return Table(
        name=kind,
        estimand=_estimand(churn, outcome, unit, summary, None),
        columns=(*keys, *columns),
        rows=tuple(rows),
        dimensions=tuple(dimensions),
        method=_method(churn.lines, churn.window),
        counts=_counts(churn, churn.main),
        caveats=_caveats(churn),
        level=level,
        origin=churn.origin,
    )


def lines_table(churn: Churn, level: float = 0.95) -> Table:
    """The sensitivity table: the main window again by each of the lines."""
    rows = [
        {"line": line.label, **_share_row(churn.everyone(churn.main, i), level)}
        for i, line in enumerate(churn.lines)
    ]
    return Table(
        name="churn-lines",
        estimand=_estimand(churn, "label.churn", "share", "share by line", churn.main),
        columns=(Column("line", "key", "text"), *_SHARE),
        rows=tuple(rows),
        dimensions=(Dimension("line", False),),
        method=_method(churn.lines, churn.window),
        counts=_counts(churn, churn.main),
        caveats=_caveats(churn),
        level=level,
        origin=churn.origin,
    )


def answers(churn: Churn, level: float = 0.95) -> tuple[Finding | Table | Refusal, ...]:
    """Everything: the share, the three tables, the other lines, then each group's tables."""
    made: list[Finding | Table | Refusal] = [finding(churn, level)]
    kinds: tuple[Kind, ...] = (
        "churn", "churn-quarters", "churn-moves",
    )  # fmt: skip
    made += [table(churn, kind, None, level) for kind in kinds]
    if len(churn.lines) > 1:
        made.append(lines_table(churn, level))
    made += [table(churn, kind, g, level) for g in churn.groups for kind in kinds[:2]]
    return tuple(made)
