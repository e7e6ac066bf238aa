"""Disclosure control of a Table: which counts to hide so that small numbers stay unknown.

A row's counts are *primary* when showing them would speak of too few people: a denominator under
10; a numerator or its complement under 3 (nobody and everybody included); a difference of 1 or 2
between neighbouring milestones; an overlapping group that leaves a handful of others. Hiding them
is not enough when they can be worked out from the rest, so further rows are hidden, smallest
first, until the range that an outsider can compute for every primary number is at least as wide
as its threshold.

What an outsider knows is in `rung.share.cells`; the range is then a pair of linear programmes
(Fischetti and Salazar 2001). Smaller things go whole, for all rows of a table: where people stand
today (people, reached at any time, in progress, lost) and book-keeping (implied, undated, missing).

Two rules keep tables that are read together from undoing each other. What is hidden of everyone is
decided by everyone's numbers alone, so it is the same in every table, and such a milestone is
hidden for all levels of all groups; so two tables by different groups, which share only everyone,
tell no more together than apart. A gap never carries "everyone else", and its difference is shown
only where it follows from counts that are shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise

from rung.finding import Dimension, Table
from rung.share import within
from rung.share.cells import MILESTONE, PEOPLE, REACHED_ANY, SPLIT, Cells, Place, Uncheckable
from rung.stats.feasible import Relation, feasible_range


@dataclass(frozen=True)
class Thresholds:
    """The smallest numbers of people that may be shown."""

    denominator: int = 10
    numerator: int = 3


@dataclass
class _Suppression(Cells):
    """Which counts are hidden so far, and how vague each target must stay."""

    rules: Thresholds
    hidden: set[Place] = field(default_factory=set)
    targets: dict[tuple[Place, ...], int] = field(default_factory=dict)

    def hide(self, row: int, base: str | None = None) -> None:
        """Hide a row's counts; with `base`, all that rests on it at every milestone."""
        rows = self.people[self.who(row)] if base else [row]
        for i in rows:
            for name in self.main:
                rests = base is None or self.pairs.get(name) == base
                if rests and self.n((i, name)) is not None and (base or not self.entry(i)):
                    self.hidden.add((i, name))
            if base and self.n((i, base)) is not None:
                self.hidden.add((i, base))

    def find_primaries(self) -> None:
        """Hide every number that speaks of too few people, and want it vague."""
        self._as_for_everyone()
        for i in range(len(self.rows)):
            if self._planned(i):
                continue
            for base in self.bases:
                n = self.n((i, base))
                if n is not None and 0 < n < self.rules.denominator:
                    self.hide(i, base)
                    self.targets[((i, base),)] = self.rules.denominator
            for name in self.main:
                if self._small(i, name):
                    self.hide(i)
                    self._want_vague(i, name)
            if self.retention and self.n((i, "due")):
                self._few_unknown(i)
        for dimension in self.groups:
            if not dimension.partition:
                self._small_complements(dimension)
            if dimension.nested:
                self._small_differences(dimension)
        if self.milestones:
            self._small_steps()
        if self.overlap:
            self._small_steps_of_others()

    def _few_unknown(self, i: int) -> None:
        """Retention: one or two people of whom it is not known."""
        due, answered = self.n((i, "due")) or 0, self.n((i, "answered")) or 0
        if 0 < due < self.rules.denominator:
            self.hidden |= {(i, name) for name in (*self.bases, *self.main)}
        if 0 < due - answered < self.rules.numerator:
            self.hide(i, "answered")
            self.targets[((i, "due"), (i, "answered"))] = self.rules.numerator

    def _small_steps_of_others(self) -> None:
        """Overlapping groups: one or two of everyone else who stopped between two milestones."""
        whole = {self.rows[i][MILESTONE]: i for i in range(len(self.rows)) if self._planned(i)}
        for rows in self.people.values():
            for name in self.main if not self._planned(rows[0]) else ():
                others = None
                for i in rows:
                    total = whole.get(self.rows[i][MILESTONE])
                    if total is None or (i, name) in self.hidden:
                        continue
                    left = (self.n((total, name)) or 0) - (self.n((i, name)) or 0)
                    if others is not None and 0 < abs(others - left) < self.rules.numerator:
                        self.hide(i)
                    else:
                        others = left

    def _planned(self, row: int) -> bool:
        """Everyone: hidden or not by everyone's own numbers, which `protect` them."""
        return self.anchored and self.is_total(row)

    def _as_for_everyone(self) -> None:
        """Hide what is hidden of everyone, and the same milestones of every level."""
        totals = [i for i in range(len(self.rows)) if self._planned(i)]
        if not totals:
            return
        named = {d.name for d in self.groups if d.total is not None}
        alone = replace(
            self.table,
            columns=tuple(c for c in self.table.columns if c.name not in named),
            rows=tuple(self.rows[i] for i in totals),
            dimensions=tuple(d for d in self.table.dimensions if d.name not in named),
        )
        for k, name in places_to_hide(alone, self.rules):
            if not self.journey:
                if name in (*self.bases, *self.main):
                    self._hide_line(totals[k], name)
                continue
            for i, row in enumerate(self.rows):
                if name in self.bases and not self._planned(i):
                    self.hide(i, name)
                elif name in (*self.main, *self.bases):
                    same = row.get(MILESTONE) == self.rows[totals[k]].get(MILESTONE)
                    if same and (self._planned(i) or not self.entry(i)):
                        self.hidden.add((i, name))

    def _hide_line(self, like: int, count: str, *, levels: bool = False) -> None:
        """What rests on a count of a row's indicator, of the levels alone or of everyone too."""
        line = [self.rows[like][k] for k in self.line]
        for i, row in enumerate(self.rows):
            if [row[k] for k in self.line] == line and not (levels and self.is_total(i)):
                self.hide(i, count if count in self.bases else None)

    def hide_parts(self) -> None:
        """Indicators beside another one of the same people: see `within`. Levels go together."""
        if self.table.name == "funders":
            self._hide_too_close()
        if self.table.name != "wioa":
            return
        by = {(self.label(i), r["indicator"]): i for i, r in enumerate(self.rows)}
        for pair in within.PAIRS:
            part = within.label(pair.part)
            for (group, indicator), i in by.items():
                whole = by.get((group, within.label(pair.whole)))
                if indicator != part or whole is None or self.n((i, "n")) == 0:
                    continue
                counts = (self.n((whole, pair.of)), self.n((i, "n")))
                gone = (whole, pair.of) in self.hidden or (i, "n") in self.hidden
                if gone or within.too_close(*counts, pair, self.rules.numerator):
                    levels = not self.is_total(i) and bool(self.groups)
                    self._hide_line(i, "n", levels=levels)

    def _hide_too_close(self) -> None:
        """A definition that differs from an earlier one by one or two people: who knows that the
        one lies within the other would know of them. Levels go together."""
        by: dict[str, list[int]] = {}
        least = self.rules.numerator
        for i in range(len(self.rows)):
            by.setdefault(self.label(i) if self.groups else "", []).append(i)
        for rows in by.values():
            for at, i in enumerate(rows):
                others = (j for j in rows[:at] if (j, self.bases[0]) not in self.hidden)
                apart = (within.apart(self.rows[i], self.rows[j], least) for j in others)
                if any(map(self._any_few, apart)):
                    levels = bool(self.groups) and not self.is_total(i)
                    self._hide_line(i, self.bases[0], levels=levels)

    def _want_vague(self, i: int, name: str) -> None:
        """A numerator and its complement; they are as vague as each other beside their base."""
        self.targets[((i, name),)] = self.rules.numerator
        base = self.pairs.get(name)
        if base and (i, base) in self.hidden:
            self.targets[((i, base), (i, name))] = self.rules.numerator

    def _small(self, i: int, name: str) -> bool:
        x, base = self.n((i, name)), self.pairs.get(name)
        n = self.n((i, base)) if base else None
        if x is None or n == 0 or (self.entry(i) and x == n):
            return False
        if self.retention and self.n((i, "answered")) == 0:  # nothing is known of anyone
            return False
        if n is None:  # without a rate, nobody at all tells nothing of a person
            return 0 < x < self.rules.numerator
        return min(x, n - x) < self.rules.numerator

    def _small_complements(self, dimension: Dimension) -> None:
        """Overlapping groups: everyone minus the group must not be a handful."""
        for total, levels in self.lines(dimension):
            for i in levels if total is not None else ():
                for name in (*self.bases, *self.main):
                    whole, part = self.n((total or 0, name)), self.n((i, name))
                    base = name in self.bases
                    least = self.rules.denominator if base else self.rules.numerator
                    if whole is None or part is None or not 0 < whole - part < least:
                        continue
                    self.hide(i, name if base else None)
                    self.targets[((total or 0, name), (i, name))] = least

    def _small_differences(self, dimension: Dimension) -> None:
        """Levels that count the same people, and one or two more. What a finding counts stays."""
        told = self.table.counts.analysed if self.table.counts else 0
        for _, rows in self.lines(dimension):
            for name in self.bases:
                there = [(self.n((i, name)) or 0, i) for i in rows if (i, name) not in self.hidden]
                shown: list[int] = []
                for _, i in sorted(there, key=lambda p: (p[0] != told, -p[0], p[1])):
                    if any(self._few_apart(i, j, name) for j in shown):
                        self.hide(i, name)
                    else:
                        shown.append(i)

    def _small_steps(self) -> None:
        """Milestones shown one after the other: one or two people who stopped between them."""
        for rows in self.people.values():
            if self._planned(rows[0]):
                continue
            for name in self.main:
                shown = rows[0]
                for before, i in pairwise(rows):
                    if self._few_apart(before, i, name):
                        self.targets[((before, name), (i, name))] = self.rules.numerator
                    if (i, name) in self.hidden or self.n((i, name)) is None:
                        continue
                    if self._few_apart(shown, i, name):
                        self.hide(i)
                        self.targets[((shown, name), (i, name))] = self.rules.numerator
                    else:
                        shown = i

    def _few_apart(self, a: int, b: int, name: str) -> bool:
        before, after = self.n((a, name)), self.n((b, name))
        return (
            before is not None
            and after is not None
            and 0 < abs(before - after) < self.rules.numerator
        )

    def hide_standing(self) -> None:
        """Where people stand today: a column is shown for all rows or for none.

        `reached_any` less `reached` are those who came late or are too young to be judged, so it
        needs every `reached` shown; `people` less the base are the young, so it needs every base.
        """
        if not self.standing:
            return
        base_gone = any(name in self.bases for _, name in self.hidden)
        people = [self.n((i, PEOPLE)) or 0 for i in range(len(self.rows))]
        too_few = any(0 < n < self.rules.denominator for n in people)
        if self.overlap or base_gone or too_few or self._any_few(self._young()):
            gone = self.standing
        elif self.hidden or self._any_few(self._late()):
            gone = [n for n in self.standing if n != PEOPLE]
        elif self._any_few(self._stand()):
            gone = [n for n in self.standing if n in SPLIT]
        else:
            gone = []
        self._hide_columns(gone)

    def _hide_columns(self, names: Iterable[str]) -> None:
        self.hidden |= {(i, n) for n in names for i, r in enumerate(self.rows) if r[n] is not None}

    def _any_few(self, counts: Iterable[int]) -> bool:
        return any(0 < abs(n) < self.rules.numerator for n in counts)

    def _young(self) -> Iterator[int]:
        """People who entered too lately to be judged, in each row."""
        for i in range(len(self.rows)):
            people, base = self.n((i, PEOPLE)), self.n((i, self.bases[0]))
            yield (people or 0) - (base or 0)

    def _late(self) -> Iterator[int]:
        """What `reached_any` tells beside what else is in its row and in the one before."""
        for i, late in enumerate(self._young()):
            reached = self.n((i, REACHED_ANY))
            if reached is None:
                continue
            extra = reached - (self.n((i, self.main[0])) or 0)
            yield from (reached, extra, late - extra, (self.n((i, PEOPLE)) or 0) - reached)
        yield from self._steps(REACHED_ANY)

    def _stand(self) -> Iterator[int]:
        """Those lost and on the way, and by how much they change at each milestone."""
        for name in SPLIT:
            yield from (self.n((i, name)) or 0 for i in range(len(self.rows)))
            yield from self._steps(name)

    def _steps(self, name: str) -> Iterator[int]:
        for rows in self.people.values():
            for a, b in pairwise(rows):
                yield (self.n((a, name)) or 0) - (self.n((b, name)) or 0)

    def hide_sides(self) -> None:
        """Book-keeping columns go whole when they, or what they rest on, are small anywhere.
        Those of retention add up to what is shown, so they go together."""
        gone = []
        for name in self.side:
            numbers = [self.n((i, name)) for i in range(len(self.rows))]
            small = any(self._small_beside(i, v) for i, v in enumerate(numbers) if v is not None)
            among = self.among and any(numbers)
            if small or among or any(c in (*self.main, *self.bases) for _, c in self.hidden):
                gone.append(name)
        self._hide_columns(self.side if gone and self.retention else gone)

    def _small_beside(self, i: int, count: int) -> bool:
        """One or two people, by itself or as what is missing from a base in the same row."""
        beside = (*self.bases, *(self.main if self.anchored else ()))
        return self._any_few((count, *(count - (self.n((i, name)) or 0) for name in beside)))

    # -- the audit

    @cached_property
    def touching(self) -> dict[Place, list[Relation[Place]]]:
        """Relations that speak of a cell."""
        found: dict[Place, list[Relation[Place]]] = {}
        for relation in self.relations:
            for place in relation.terms:
                found.setdefault(place, []).append(relation)
        return found

    def width(self, target: tuple[Place, ...]) -> float:
        """How wide a count, or the difference of two, is to an outsider."""
        waiting = [p for p in target if p in self.hidden]
        terms = {p: (1.0 if p == target[0] else -1.0) for p in waiting}
        seen, known = set(waiting), dict[int, Relation[Place]]()
        while waiting:
            for relation in self.touching.get(waiting.pop(), ()):
                if id(relation) in known:
                    continue
                unknown = {p: c for p, c in relation.terms.items() if p in self.hidden}
                shown = sum(
                    c * (self.n(p) or 0) for p, c in relation.terms.items() if p not in self.hidden
                )
                known[id(relation)] = Relation(
                    unknown, relation.constant - shown, relation.at_least
                )
                waiting += [p for p in unknown if p not in seen]
                seen |= set(unknown)
        low, high = feasible_range(terms, list(known.values()))
        return high - low

    def protect(self) -> None:
        """Hide more until every primary number is vague enough."""
        settled = False
        while not settled:
            settled = True
            audited = [p for p in self.hidden if p[1] in (*self.bases, *self.main)]
            # what was hidden to protect another may be shown, but then it should be
            free = [p for p in sorted(audited) if not self.entry(p[0]) and not self._planned(p[0])]
            wanted = {(p,): 1 for p in free} | self.targets
            for target, need in wanted.items():
                while (before := self.width(target)) < need - 1e-6:
                    self._hide_one_more(target, before)
                    settled = False

    def _hide_one_more(self, target: tuple[Place, ...], before: float) -> None:
        row, name = next(p for p in target if p in self.hidden)
        base = name if name in self.bases else None
        kept = self.hidden
        same = self.people[self.who(row)]
        for i in (*self.beside(row), *(reversed(same) if not base else ())):
            self.hidden = set(kept)
            self.hide(i, base)
            if self.hidden != kept and self.width(target) > before + 1e-6:
                return
        # no single row helps: all levels of the milestones it speaks of, or of the whole walk
        self.hidden = set(kept)
        for rows in ([i for i, _ in target], same):
            for i in rows:
                for j in self.beside(i) if self.journey else ():
                    self.hide(j, base)
                if self.journey and not self._planned(i):
                    self.hide(i, base)
            if self.hidden != kept:
                return
        x, near = (*self.main, "")[0], self.beside(row)
        left = [i for i in range(len(self.rows)) if self.n((i, x)) and (i, x) not in kept]
        if left and sum(d.partition for d in self.groups) > 1:  # a matrix needs several at once
            self.hide(min(left, key=lambda i: (i not in near, self.n((i, x)))))
            return
        self.hide(row)
        if self.hidden == kept:
            raise Uncheckable


def places_to_hide(
    table: Table, rules: Thresholds, also: Iterable[Place] = (), *, covered: bool = False
) -> frozenset[Place]:
    """The counts of a table that may not be shown; `also` are hidden elsewhere.

    A `covered` table repeats counts of another one, where they are protected. Raises Uncheckable
    when the table has no counts or cannot be protected.
    """
    if not table.rows:
        return frozenset()
    cells = _Suppression(table, rules)
    for row, name in also:
        cells.hide(row, name if name in cells.bases else None)
        if (row, name) in cells.hidden:
            cells.targets[((row, name),)] = rules.numerator
    cells.find_primaries()
    if not covered:
        cells.protect()
    cells.hide_parts()
    cells.hide_standing()
    cells.hide_sides()
    return frozenset(cells.hidden)
