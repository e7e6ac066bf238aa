"""Funders' definitions side by side: a table an indicator, one of the reasons, and by group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rung.discovery.funder_states import Judge
from rung.discovery.funders import Compared, Summary
from rung.discovery.journey import EVERYONE, NOT_RECORDED
from rung.errors import CannotAnswer
from rung.finding import Cell, Column, Dimension, Estimand, Method, Note, Refusal, Table
from rung.messages import english
from rung.records.lab import Group

_COLUMNS = (
    Column("definition", "key", "text"),
    Column("n", "denominator", "people"),
    Column("x", "numerator", "people"),
    Column("rate", "value", "share", of=("x", "n")),
    Column("only_here", "count", "people"),
    Column("not_here", "count", "people"),
)
_WHY = (
    Column("definition", "key", "text"),
    Column("counted", "key", "text"),
    Column("reason", "key", "text"),
    Column("different", "count", "people"),
)


def answers(summary: Summary) -> tuple[Table | Refusal, ...]:
    """Each indicator of everyone by every definition, why they differ, then by each group."""
    made: list[Table | Refusal] = []
    for compared in summary.compared:
        if not any(compared.row(i).n for i in range(len(compared.judges))):
            made.append(_refusal(summary, compared))
            continue
        made.append(table(summary, compared))
        why = reasons(summary, compared)
        if why is not None:
            made.append(why)
        made += [table(summary, compared, group) for group in summary.groups]
    return tuple(made)


def refusal(why: CannotAnswer, year: int | None) -> Refusal:
    """Why nothing can be told by any definition."""
    return Refusal(
        estimand=_question(english("label.funder-all"), year),
        code=why.code,
        params=why.problems[0].params,
        saw=why.saw,
        needs=why.needs,
        method=_method(()),
    )


def _question(outcome: str, year: int | None, group: Group | None = None) -> Estimand:
    population = english("label.funder-people")
    if group is not None:
        given = {"population": population, "group": group.words}
        population = english("label.by-group", given)
    return Estimand(
        outcome=outcome,
        unit="share",
        population=population,
        contrast="",
        summary="share, by each definition",
        horizon=english("label.funder-year", {"year": year}) if year else "",
    )


def _estimand(summary: Summary, compared: Compared, group: Group | None = None) -> Estimand:
    return _question(english(f"label.funder-{compared.indicator}"), summary.year, group)


def _method(judges: Sequence[Judge]) -> Method:
    said = tuple(note for judge in judges for note in judge.notes)
    return Method(
        key="funders",
        assumptions=(*said, Note("funder-first-reason")),
        sources=("tac1701", "mdrc-eml"),
    )


def _caveats(summary: Summary, compared: Compared) -> Iterator[Note]:
    for name in compared.without:
        yield Note("funder-without", {"funder": name})
    yield Note("funder-several")
    yield from summary.notes


def _refusal(summary: Summary, compared: Compared) -> Refusal:
    return Refusal(
        estimand=_estimand(summary, compared),
        code="ANS-funder-nobody",
        method=_method(compared.judges),
        params={"year": summary.year},
        origin=summary.origin,
    )


def table(summary: Summary, compared: Compared, group: Group | None = None) -> Table:
    """A row a definition; with a group a row a definition and level, everyone first."""
    rows: list[dict[str, Cell]] = []
    parts: list[tuple[str, tuple[str, str] | None]] = [(EVERYONE, None)]
    if group is not None:
        parts += [(_level(group, each), (group.key, each)) for each in compared.levels(group)]
    for i, judge in enumerate(compared.judges):
        for label, level in parts:
            row: dict[str, Cell] = {"definition": judge.name}
            if group is not None:
                row[group.key] = label
            counted = compared.row(i, level)
            rows.append(row | {
                "n": counted.n,
                "x": counted.x,
                "rate": counted.x / counted.n if counted.n else None,
                "only_here": counted.only_here,
                "not_here": counted.not_here,
            })  # fmt: skip
    keys = () if group is None else (Column(group.key, "key", "text"),)
    split = () if group is None else (Dimension(group.key, group.partition, EVERYONE),)
    return Table(
        name="funders",
        estimand=_estimand(summary, compared, group),
        columns=(*keys, *_COLUMNS),
        rows=tuple(rows),
        dimensions=split,
        method=_method(compared.judges),
        caveats=tuple(_caveats(summary, compared)),
        origin=summary.origin,
    )


def reasons(summary: Summary, compared: Compared) -> Table | None:
    """Why each definition counts people whom the first one does not, and the other way round."""
    first = compared.judges[0].name
    rows: list[dict[str, Cell]] = []
    for i, judge in enumerate(compared.judges[1:], 1):
        both = zip(("only-here", "not-here"), compared.reasons(i), strict=True)
        for which, why in both:
            said = english(f"label.funder-{which}", {"first": first})
            for state, people in sorted(why.items(), key=lambda item: (-item[1], item[0])):
                reason = english(f"label.funder-why-{state}")
                row = {"definition": judge.name, "counted": said, "reason": reason}
                rows.append({**row, "different": people})
    if not rows:
        return None
    return Table(
        name="funders-why",
        estimand=_estimand(summary, compared),
        columns=_WHY,
        rows=tuple(rows),
        dimensions=(),
        method=_method(compared.judges),
        caveats=tuple(_caveats(summary, compared)),
        origin=summary.origin,
    )


def _level(group: Group, level: str) -> str:
    if level == NOT_RECORDED:
        return english("label.not-recorded")
    return group.labels.get(level, level)
