"""Indicators that are about part of the people of another one, and must not tell them apart.

Median earnings are of those employed in the 2nd quarter after exit; the same-employer measure is
of the same people among exits of the 4th; credential attainment is of those of the 4th who were in
training. Two counts shown side by side show their difference too: when that speaks of one or two
people (or, of employment, of nobody: everyone was employed), the part is not shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from rung.finding import Cell, Finding, Row
from rung.messages import english


class Within(NamedTuple):
    """`part` counts, as its denominator, some of those that `whole` counts in column `of`."""

    whole: str
    of: str
    part: str
    nobody_tells: bool  # whether no difference at all says something of everyone


PAIRS = (
    Within("er-q2", "x", "median", nobody_tells=False),
    Within("er-q2", "n", "median", nobody_tells=True),
    Within("er-q4", "n", "same-employer", nobody_tells=True),
    Within("er-q4", "n", "credential", nobody_tells=False),
)


def label(indicator: str) -> str:
    """What a table calls an indicator."""
    return english(f"label.wioa-{indicator}")


def too_close(whole: Cell, part: Cell, pair: Within, least: int) -> bool:
    """Whether two counts beside each other tell of too few people."""
    if not isinstance(whole, int) or not isinstance(part, int):
        return False
    return (0 if pair.nobody_tells else 1) <= whole - part < least


def retold(findings: Iterable[Finding], least: int, hidden: Iterable[str]) -> set[str]:
    """Indicators whose finding must stay away; `hidden` are those that are not shown anyway."""
    gone = set(hidden)
    found: Mapping[str, Finding] = {
        f.method.key.removeprefix("wioa-"): f for f in findings if f.method.key.startswith("wioa-")
    }
    for pair in PAIRS:
        if pair.whole not in found or pair.part not in found:
            continue
        whole, part = found[pair.whole].parts[0], found[pair.part].parts[0]
        count = whole.numerator if pair.of == "x" else whole.n
        if too_close(count, part.n, pair, least) or (pair.of == "x" and pair.whole in gone):
            gone.add(pair.part)
    return gone


def apart(one: Row, other: Row, least: int) -> Iterator[int]:
    """By how much two definitions of a table differ: in whom they judge, do not count, and count.

    Where one and the first definition each count several whom the other does not, neither lies
    within the other, and how many they count says nothing of anyone.
    """

    def count(row: Row, column: str) -> int:
        value = row.get(column)
        return value if isinstance(value, int) else 0

    n, x = (count(one, c) - count(other, c) for c in ("n", "x"))
    yield from (n, n - x)
    each = min(count(one, c) for c in ("only_here", "not_here"))
    if other.get("only_here") is not None or each < least:
        yield x
