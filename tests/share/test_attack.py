"""An outsider with a linear programme, or with patience, tries to work out what was hidden."""

from __future__ import annotations

import math
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from rung.finding import Table
from rung.share.release import AnyAnswer, Outside, release
from tests.share.examples import MILESTONES, gap, journey

LEVELS = ("women", "men", "nonbinary", "unknown")


def outside(*answers: Table) -> list[AnyAnswer]:
    return [r.answer for r in release(answers, Outside())]


@st.composite
def walks(draw: st.DrawFn, milestones: int = 4) -> dict[str, list[int]]:
    """Small groups that go forward through milestones: the hard case for hiding."""
    found = {}
    for level in LEVELS[: draw(st.integers(2, 4))]:
        n = draw(st.integers(1, 60))
        counts = [n]
        for _ in range(milestones - 1):
            counts.append(draw(st.integers(0, counts[-1])))
        found[level] = counts
    return found


class Attack:
    """Everything an outsider can say of one count column of a released journey by group."""

    def __init__(self, groups: dict[str, list[int]], table: Table) -> None:
        self.levels, self.steps = list(groups), len(next(iter(groups.values())))
        self.truth = groups
        self.rows = {(r["gender"], r["milestone"]): r for r in table.rows}
        self.equal: list[tuple[np.ndarray, float]] = []
        self.least: list[tuple[np.ndarray, float]] = []
        self._know()

    def at(self, level: str, k: int) -> int:
        return self.levels.index(level) * self.steps + k

    def unit(self, *signed: tuple[int, float]) -> np.ndarray:
        row = np.zeros(len(self.levels) * self.steps)
        for i, sign in signed:
            row[i] = sign
        return row

    def _know(self) -> None:
        for k in range(self.steps):
            everyone = self.rows["everyone", MILESTONES[k]]
            total = everyone["entered"] if k == 0 else everyone["reached"]
            if not isinstance(total, int):
                continue
            self.equal.append((self.unit(*((self.at(v, k), 1.0) for v in self.levels)), total))
        for level in self.levels:
            for k in range(self.steps):
                row = self.rows[level, MILESTONES[k]]
                shown = row["entered"] if k == 0 else row["reached"]
                if isinstance(shown, int):
                    self.equal.append((self.unit((self.at(level, k), 1.0)), shown))
                if k:
                    forward = self.unit((self.at(level, k - 1), 1.0), (self.at(level, k), -1.0))
                    self.least.append((forward, 0.0))

    def width(self, cost: np.ndarray) -> float:
        found = [
            linprog(
                sign * cost,
                A_ub=-np.array([a for a, _ in self.least]),
                b_ub=-np.array([b for _, b in self.least]),
                A_eq=np.array([a for a, _ in self.equal]),
                b_eq=np.array([b for _, b in self.equal]),
            )
            for sign in (1.0, -1.0)
        ]
        if any(f.status == 3 for f in found):
            return math.inf
        return -float(found[1].fun or 0) - float(found[0].fun or 0)


def small(x: int, n: int) -> bool:
    return min(x, n - x) < 3


def attack_by_programme(groups: dict[str, list[int]]) -> None:
    (answer,) = outside(journey(groups))
    if not isinstance(answer, Table):
        return
    attack = Attack(groups, answer)
    for level, counts in groups.items():
        for k, x in enumerate(counts):
            row = attack.rows[level, MILESTONES[k]]
            wide = 0.0
            if k == 0 and x < 10:
                assert row["entered"] is None
                wide = 10.0
            elif k and small(x, counts[0]):
                assert row["reached"] is None
                assert row["rate"] is None
                wide = 3.0
            if wide:
                assert attack.width(attack.unit((attack.at(level, k), 1.0))) >= wide - 1e-6
            elif k and row["reached"] is None:
                assert attack.width(attack.unit((attack.at(level, k), 1.0))) >= 1


@settings(max_examples=30, deadline=None)
@given(walks())
def test_a_linear_programme_cannot_work_out_a_small_number(groups: dict[str, list[int]]) -> None:
    attack_by_programme(groups)


@pytest.mark.deep
@settings(max_examples=500, deadline=None)
@given(walks(milestones=6))
def test_a_linear_programme_cannot_work_out_many_tables(groups: dict[str, list[int]]) -> None:
    attack_by_programme(groups)


@settings(max_examples=20, deadline=None)
@given(walks())
def test_shown_milestones_never_differ_by_one_or_two_people(groups: dict[str, list[int]]) -> None:
    (answer,) = outside(journey(groups))
    if not isinstance(answer, Table):
        return
    for level in ("everyone", *groups):
        for name in ("reached", "reached_any", "lost", "in_progress"):
            cells = [r[name] for r in answer.rows if r["gender"] == level]
            shown = [c for c in cells if isinstance(c, int)]
            if name in ("reached", "reached_any"):
                assert all(abs(b - a) not in (1, 2) for a, b in pairwise(shown))
            else:
                assert not {1, 2} & set(shown)


@settings(max_examples=25, deadline=None)
@given(walks(milestones=2))
def test_patience_finds_many_tables_that_fit(groups: dict[str, list[int]]) -> None:
    """Every whole-number table with the released cells and margins is tried."""
    groups = {k: [min(n, 14), min(x, n, 14)] for k, (n, x) in list(groups.items())[:3]}
    (answer,) = outside(journey(groups))
    if not isinstance(answer, Table):
        return
    rows = {r["gender"]: r for r in answer.rows if r["milestone"] == MILESTONES[1]}
    if rows["everyone"]["reached"] is None:
        return
    people = sum(n for n, _ in groups.values())
    reached = sum(x for _, x in groups.values())

    def fits(level: str, top: int) -> list[tuple[int, int]]:
        n, x = rows[level]["entered"], rows[level]["reached"]
        return [
            (a, b)
            for a in (range(top + 1) if n is None else [int(n)])
            for b in (range(a + 1) if x is None else [int(x)])
        ]

    possible: dict[str, set[int]] = {level: set() for level in groups}
    for tried in product(*(fits(level, min(people, 42)) for level in list(groups)[:-1])):
        n, x = people - sum(a for a, _ in tried), reached - sum(b for _, b in tried)
        if (n, x) in set(fits(list(groups)[-1], n)) and 0 <= x <= n:
            for level, (_, b) in zip(groups, (*tried, (n, x)), strict=True):
                possible[level].add(b)
    for level, (n, x) in groups.items():
        if small(x, n) and n >= 10:
            assert len(possible[level]) >= 4


@settings(max_examples=20, deadline=None)
@given(
    st.lists(
        st.integers(1, 80).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))),
        min_size=2,
        max_size=5,
    )
)
def test_a_gap_gives_nothing_away_against_the_journey(cells: list[tuple[int, int]]) -> None:
    """The same numbers in two tables: what one hides the other does not show."""
    groups = {f"site {i}": c for i, c in enumerate(cells)}
    walk = {k: [n, x] for k, (n, x) in groups.items()}
    if sum(n for n, _ in cells) == max(n for n, _ in cells):
        return
    told, way = outside(gap(groups, by="site"), journey(walk, by="site"))
    for level, (n, x) in groups.items():
        hidden_somewhere = n < 10 or small(x, n)
        for answer in (told, way):
            if not isinstance(answer, Table):
                continue
            key = "level" if answer.name == "gap" else "site"
            row = next(
                r
                for r in answer.rows
                if r[key] == level and r.get("milestone", MILESTONES[1]) == MILESTONES[1]
            )
            if hidden_somewhere:
                assert row["reached"] is None
    if isinstance(told, Table) and isinstance(way, Table):
        in_gap = {r["level"] for r in told.rows if r["reached"] is None}
        in_way = {
            r["site"]
            for r in way.rows
            if r["milestone"] == MILESTONES[1] and r["reached"] is None and r["site"] != "everyone"
        }
        assert in_gap == in_way


@pytest.mark.parametrize(("n", "hidden"), [(95, True), (91, True), (90, False), (100, False)])
def test_an_overlapping_group_must_not_leave_a_handful(n: int, hidden: bool) -> None:
    table = journey(
        {"any white": (n, n // 2), "any Black": (40, 20)},
        by="race",
        partition=False,
        everyone=(100, 55),
    )
    (answer,) = outside(table)
    assert isinstance(answer, Table)
    first = next(r for r in answer.rows if r["race"] == "any white")
    assert (first["entered"] is None) == hidden
