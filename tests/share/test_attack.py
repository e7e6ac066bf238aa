"""An outsider with a linear programme, or with patience, tries to work out what was hidden."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from rung.cycle import discover
from rung.finding import Finding, Table
from rung.records.lab import Lab
from rung.records.simulate import provider
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
            assert all(abs(b - a) not in (1, 2) for a, b in pairwise(shown))
            assert name == "reached" or not {1, 2} & set(shown)


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


# -- everything one diagnosis releases, read together

Cell = tuple[str, str, int, str]
"""A count: the group, its level ("everyone" for all), the milestone's place, the column."""
Terms = Mapping[Cell, float]
COUNTS = ("reached", "people", "reached_any", "in_progress", "lost")


def key_of(table: Table) -> str:
    """The group a journey or a gap is by; "" for the journey of everyone."""
    return next((d.name for d in table.dimensions if d.name != "milestone"), "")


class Reader:
    """One who reads all the tables and findings, and knows how the counts hang together."""

    def __init__(self, inside: Sequence[AnyAnswer], words: Sequence[str]) -> None:
        self.words = list(words)
        self.truth: dict[Cell, int] = {}
        self.levels: dict[str, list[str]] = {}
        self.equal: list[tuple[Terms, float]] = []
        self.least: list[tuple[Terms, float]] = []
        for table in inside:
            if isinstance(table, Table) and table.name == "journey":
                self._grid(table)
        self.at = {cell: i for i, cell in enumerate(self.truth)}
        self._hang_together()

    def cell(self, group: str, level: str, k: int, name: str) -> Cell:
        return ("" if level == "everyone" else group, level, k, name)

    def rows(self, table: Table) -> list[tuple[str, str, int, Mapping[str, object]]]:
        by, steps = key_of(table), len(self.words)
        return [
            (by, str(r[by]) if by else "everyone", i % steps, r) for i, r in enumerate(table.rows)
        ]

    def _grid(self, table: Table) -> None:
        for by, level, k, row in self.rows(table):
            if level != "everyone" and level not in self.levels.setdefault(by, []):
                self.levels[by].append(level)
            for name in COUNTS:
                self.truth[self.cell(by, level, k, name)] = int(str(row[name]))

    def _hang_together(self) -> None:
        for (by, level, k, name), _ in self.truth.items():
            c = {n: self.cell(by, level, k, n) for n in COUNTS}
            if name == "reached":
                self.least.append(({c["reached_any"]: 1.0, c["reached"]: -1.0}, 0.0))
                whole = {c["people"]: 1.0, **{c[n]: -1.0 for n in COUNTS[2:]}}
                self.equal.append((whole, 0.0))
            if k:
                before = self.cell(by, level, k - 1, name)
                sign = -1.0 if name in ("in_progress", "lost") else 1.0
                self.least.append(({before: sign, c[name]: -sign}, 0.0))
                if name == "people":
                    self.equal.append(({before: 1.0, c[name]: -1.0}, 0.0))
            elif name == "reached":
                self.equal.append(({c["people"]: 1.0, c["reached_any"]: -1.0}, 0.0))
            if level == "everyone":
                for group, levels in self.levels.items():
                    parts = {(group, each, k, name): 1.0 for each in levels}
                    self.equal.append(({**parts, (by, level, k, name): -1.0}, 0.0))

    def told(self, cell: Cell, value: object) -> None:
        if isinstance(value, int):
            assert value == self.truth[cell]
            self.equal.append(({cell: 1.0}, value))

    def share(self, x: Terms, n: Terms, low: float, high: float) -> None:
        """A rounded share of two sums."""
        for sign, end in ((1.0, low), (-1.0, high)):
            terms = {cell: sign * a for cell, a in x.items()}
            for cell, a in n.items():
                terms[cell] = terms.get(cell, 0.0) - sign * end * a
            self.least.append((terms, -1e-7))

    def others(self, by: str, level: str, k: int) -> Terms:
        rest = [v for v in self.levels[by] if v not in (level, "not recorded")]
        return {self.cell(by, v, k, "reached"): 1.0 for v in rest}

    def read(self, answer: AnyAnswer) -> None:
        if isinstance(answer, Table) and answer.name == "journey":
            for by, level, k, row in self.rows(answer):
                for name in COUNTS:
                    self.told(self.cell(by, level, k, name), row[name])
                self.told(self.cell(by, level, 0, "reached"), row["entered"])
                self.rate(by, level, k, 0, row["rate"])
        elif isinstance(answer, Table) and answer.name == "gap":
            k, by = self.words.index(answer.estimand.outcome), key_of(answer)
            assert not any(c.name.startswith("others") for c in answer.columns)
            for row in answer.rows:
                level = str(row[by])
                self.told(self.cell(by, level, k - 1, "reached"), row["n"])
                self.told(self.cell(by, level, k, "reached"), row["reached"])
                self.rate(by, level, k, k - 1, row["rate"])
                self.difference(by, level, k, row["difference"])
                if row["difference"] is not None:
                    assert all(r["reached"] is not None for r in answer.rows)
        elif isinstance(answer, Finding):
            self.parts(answer)

    def rate(self, by: str, level: str, k: int, base: int, value: object) -> None:
        if isinstance(value, float):
            x, n = self.cell(by, level, k, "reached"), self.cell(by, level, base, "reached")
            self.share({x: 1.0}, {n: 1.0}, value - 0.005, value + 0.005)

    def difference(self, by: str, level: str, k: int, value: object) -> None:
        if isinstance(value, float):
            x, n = (self.truth[self.cell(by, level, j, "reached")] for j in (k, k - 1))
            rest = x / n - value
            mine, base = self.others(by, level, k), self.others(by, level, k - 1)
            self.share(mine, base, rest - 0.005, rest + 0.005)

    def parts(self, finding: Finding) -> None:
        if finding.method.key == "bottleneck":
            for part in finding.parts:
                k = self.labels.index(part.group)
                self.told(("", "everyone", k, "reached"), part.numerator)
        elif finding.method.key == "gap":
            k, (part, rest) = self.words.index(finding.estimand.outcome), finding.parts
            by = next(g for g, levels in self.levels.items() if part.group in levels)
            for j, mine, theirs in (
                (k - 1, part.n, rest.n),
                (k, part.numerator, rest.numerator),
            ):
                self.told(self.cell(by, part.group, j, "reached"), mine)
                assert theirs is not None
                self.equal.append((self.others(by, part.group, j), theirs))

    labels: Sequence[str] = ()

    def solve(self) -> None:
        """Gather what is known into matrices."""

        def matrix(of: list[tuple[Terms, float]]) -> tuple[np.ndarray, np.ndarray]:
            left = np.zeros((len(of), len(self.at)))
            for i, (terms, _) in enumerate(of):
                for cell, a in terms.items():
                    left[i, self.at[cell]] += a
            return left, np.array([b for _, b in of])

        self.known, self.bounds = matrix(self.equal), matrix(self.least)

    def range(self, terms: Terms) -> tuple[int, int]:
        """The whole numbers that a count can be."""
        cost = np.zeros(len(self.at))
        for cell, a in terms.items():
            cost[self.at[cell]] += a
        ends = []
        for sign in (1.0, -1.0):
            found = linprog(
                sign * cost,
                A_ub=-self.bounds[0],
                b_ub=-self.bounds[1],
                A_eq=self.known[0],
                b_eq=self.known[1],
            )
            assert found.status == 0, found.message
            ends.append(sign * float(found.fun or 0.0))
        return math.ceil(ends[0] - 1e-6), math.floor(ends[1] + 1e-6)

    def small(self) -> list[tuple[Terms, int]]:
        """Every count that may not be known, and the threshold it is under."""
        found: list[tuple[Terms, int]] = []
        for (by, level, k, name), x in self.truth.items():
            cell = (by, level, k, name)
            entry = self.cell(by, level, 0, name)
            if name in ("reached", "people") and k == 0 and 0 < x < 10:
                found.append(({cell: 1.0}, 10))
            differences = []
            if name == "reached" and k and self.truth[entry]:
                if x < 3:
                    found.append(({cell: 1.0}, 3))
                if self.truth[entry] - x < 3:
                    found.append(({entry: 1.0, cell: -1.0}, 3))
            elif name not in ("reached", "people") and 0 < x < 3:
                found.append(({cell: 1.0}, 3))
            if k:
                differences.append(self.cell(by, level, k - 1, name))
            if name in ("people", "reached_any"):
                differences.append(self.cell(by, level, k, "reached"))
            if name == "reached_any":
                differences.append(self.cell(by, level, k, "people"))
            for other in differences:
                less = x - self.truth[other]
                if 0 < abs(less) < 3 and not (name == "people" and k):
                    sign = 1.0 if less > 0 else -1.0
                    found.append(({cell: sign, other: -sign}, 3))
        return found


def attack_a_diagnosis(folder: Path, people: int, seed: int) -> tuple[int, int]:
    provider(folder / "lab", people=people, seed=seed)
    lab = Lab.open(folder / "lab")
    inside = discover.found(lab, by=("gender", "site"))
    reader = Reader(inside, [m.words for m in lab.milestones])
    reader.labels = [m.label for m in lab.milestones]
    released = [r.answer for r in release(inside, Outside())]
    for answer in released:
        reader.read(answer)
    reader.solve()
    targets = reader.small()
    for terms, threshold in targets:
        low, high = reader.range(terms)
        assert high - low >= 2, (seed, terms, low, high)
        assert high >= threshold, (seed, terms, low, high)
    return len(targets), sum(a.kind != "refusal" for a in released)


@pytest.mark.parametrize(
    ("people", "seed"), [(120, 3), (120, 5), (120, 6), (80, 1), (150, 2), (100, 4)]
)
def test_a_whole_diagnosis_gives_no_small_number(tmp_path: Path, people: int, seed: int) -> None:
    targets, shown = attack_a_diagnosis(tmp_path, people, seed)
    assert targets > 20
    assert shown >= 2


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(10, 50))
def test_many_diagnoses_give_no_small_number(tmp_path: Path, seed: int) -> None:
    assert attack_a_diagnosis(tmp_path, 60 + 13 * (seed % 40), seed)[0]
