"""What rows must obey: one declaration a rule, one bit a rule in the row's mask.

A rule is a condition on the typed columns of one file. All rules of a file are worked out in the
same pass that types it; counting them is a scan of the masks alone.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from rung.errors import Weight
from rung.messages import Scalar
from rung.records.importing.layout import Field, Layout
from rung.records.query import name, tree
from rung.records.schema import Kind

BITS = 60  # rules in one BIGINT of the mask
OLDEST, YOUNGEST = 100, 14  # HGEI edits: an age at entry over 100 is an error, under 14 doubtful


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A condition that should be true of no row; it tells of `field`'s column."""

    code: str
    field: Field
    when: exp.Expr
    params: Mapping[str, Scalar] = dataclasses.field(default_factory=dict)
    weight: Weight = "care"


def _before(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    return exp.LT(this=left, expression=right)


def _milestones(layout: Layout, order: Sequence[str]) -> list[Rule]:
    here = {f.name: f for f in layout.fields if f.role == "milestone"}
    keys = [k for k in order if k in here]
    rules = []
    for i, key in enumerate(keys[1:], 1):
        earlier: list[exp.Expr] = [name(f"{k}_on") for k in keys[:i]]
        latest = exp.Greatest(this=earlier[0], expressions=earlier[1:]) if i > 1 else earlier[0]
        when = _before(name(f"{key}_on"), latest)
        rules.append(Rule(code="REC-milestone-order", field=here[key], when=when))
    return rules


def _entry(layout: Layout, order: Sequence[str]) -> exp.Expr | None:
    """The date a person entered, as this file tells it."""
    names = {f.name for f in layout.fields}
    found: list[exp.Expr] = [name(f"{order[0]}_on")] if order and order[0] in names else []
    if "entered_on" in names:
        found.append(name("entered_on"))
    if not found:
        return None
    return exp.Coalesce(this=found[0], expressions=found[1:]) if len(found) > 1 else found[0]


def _dates(layout: Layout) -> dict[str, Field]:
    """Date columns of the typed file by name, milestones among them."""
    found = {}
    for f in layout.fields:
        if f.role == "milestone":
            found[f"{f.name}_on"] = f
        elif f.role == "column" and f.column and f.column.kind is Kind.DATE:
            found[f.name] = f
    return found


def _declared(layout: Layout) -> list[Rule]:
    """`not_before` of the schema, where both columns are in the file."""
    dates = _dates(layout)
    rules = []
    for f in layout.fields:
        if f.role != "column" or f.column is None:
            continue
        for other in f.column.not_before:
            if f.beside(other) in dates:
                when = _before(name(f.name), name(f.beside(other)))
                other_header = dates[f.beside(other)].header
                rules.append(
                    Rule(code="REC-before", field=f, when=when, params={"other": other_header})
                )
    return rules


def rules(layout: Layout, order: Sequence[str], as_of: dt.date | None) -> tuple[Rule, ...]:
    """Every rule that concerns the columns of this file."""
    found = [*_milestones(layout, order), *_declared(layout)]
    entry = _entry(layout, order)
    dates = _dates(layout)
    if entry is not None:
        for key in ("closed_on", "last_service_on"):
            if key in dates:
                when = _before(name(key), entry.copy())
                found.append(Rule(code="REC-exit-before-entry", field=dates[key], when=when))
        found += [
            Rule(
                code="REC-age",
                field=f,
                when=exp.or_(
                    _before(name("_age"), tree(YOUNGEST)),
                    _before(tree(OLDEST), name("_age")),
                ),
                params={"youngest": YOUNGEST, "oldest": OLDEST},
            )
            for f in layout.named("birth_date")
        ]
    if as_of is not None:
        found += [
            Rule(
                code="REC-after-as-of",
                field=f,
                when=_before(tree(as_of), name(column)),
                params={"as_of": as_of.isoformat()},
            )
            for column, f in dates.items()
            if not column.startswith(("planned", "expected"))
        ]
    return tuple(found)


def age(birth: exp.Expr, entry: exp.Expr) -> exp.Expr:
    """Whole years from birth to entry."""
    return exp.Anonymous(this="date_sub", expressions=[tree("year"), birth.copy(), entry.copy()])


def entry(layout: Layout, order: Sequence[str]) -> exp.Expr | None:
    """The date of entry as this file tells it; None when it has none."""
    return _entry(layout, order)


def masks(conditions: Iterable[exp.Expr]) -> tuple[exp.Expr, ...]:
    """One BIGINT tree per sixty conditions; a condition that is unknown sets no bit."""
    conditions = list(conditions)
    words = []
    for start in range(0, len(conditions), BITS):
        word: exp.Expr = exp.cast(tree(0), "BIGINT")
        for i, when in enumerate(conditions[start : start + BITS]):
            bit = exp.Case(
                ifs=[exp.If(this=when.copy(), true=exp.cast(tree(1 << i), "BIGINT"))],
                default=exp.cast(tree(0), "BIGINT"),
            )
            word = exp.BitwiseOr(this=word, expression=bit)
        words.append(word)
    return tuple(words)


def mask_names(count: int) -> tuple[str, ...]:
    """`_problems`, `_problems_2`, …: the columns that hold the bits of `count` rules."""
    words = -(-count // BITS)
    return tuple("_problems" if i == 0 else f"_problems_{i + 1}" for i in range(words))
