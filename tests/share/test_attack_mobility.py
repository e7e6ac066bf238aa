"""An outsider reads everything that one verb releases of a small program, or of a small file."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import linprog

from rung import cycle
from rung.errors import PlanError, RecordsError
from rung.finding import Dimension, Finding, Origin, Refusal, Table, to_json
from rung.mobility import ladder_tables
from rung.mobility.ladder import Ladder, Tally
from rung.mobility.settings import LadderSettings
from rung.mobility.standing import Moment
from rung.records.lab import Lab
from rung.records.simulate import provider
from rung.returns.costs_tables import Effect
from rung.share.release import AnyAnswer, Outside, release
from rung.share.rounding import rounded

LEVELS = ("oak", "elm", "ash", "yew")
SHARES = (0.72, 0.15, 0.08, 0.05)
DAY = dt.datetime(2026, 4, 1, tzinfo=dt.UTC)
UNNAMED = "groups too small to name"


class Knows:
    """Counts that nobody sees, and sums of them that everybody does."""

    def __init__(self, unknown: Iterable[str]) -> None:
        self.at = {name: i for i, name in enumerate(unknown)}
        self.equal: list[tuple[np.ndarray, float]] = []
        self.least: list[np.ndarray] = []

    def form(self, cells: Iterable[str]) -> np.ndarray:
        row = np.zeros(len(self.at))
        for cell in cells:
            row[self.at[cell]] += 1.0
        return row

    def told(self, cells: Iterable[str], value: object) -> None:
        if isinstance(value, int):
            self.equal.append((self.form(cells), value))

    def range(self, cells: Iterable[str]) -> tuple[int, int]:
        ends, cost = [], self.form(cells)
        equal = np.array([a for a, _ in self.equal]).reshape(-1, len(self.at))
        least = np.array(self.least).reshape(-1, len(self.at))
        both, near = np.vstack([equal, least]) != 0, cost != 0
        while (more := near | both[both[:, near].any(axis=1)].any(axis=0)).sum() > near.sum():
            near = more  # what has nothing to do with these counts only costs time
        eq, ub = equal[:, near].any(axis=1), least[:, near].any(axis=1)
        value = np.array([b for _, b in self.equal])
        for sign in (1.0, -1.0):
            found = linprog(
                sign * cost[near],
                A_eq=equal[eq][:, near],
                b_eq=value[eq],
                A_ub=-least[ub][:, near],
                b_ub=np.zeros(ub.sum()),
            )
            assert found.status in (0, 3), found.message
            ends.append(sign * float(found.fun or 0.0) if found.status == 0 else sign * -1e9)
        return math.ceil(ends[0] - 1e-6), math.floor(ends[1] + 1e-6)

    def keeps(self, cells: Sequence[str], truth: int, threshold: int, why: object) -> None:
        """At least three whole numbers are possible, the threshold or more among them."""
        low, high = self.range(cells)
        assert low <= truth <= high, (why, low, truth, high)
        assert high - low >= 2, (why, low, truth, high)
        assert high >= threshold, (why, low, truth, high)


# -- what no released answer may show, whatever the verb


def looks_safe(answer: AnyAnswer) -> None:
    """No denominator under 10, no 1 or 2 either way, nothing finer than it is rounded."""
    said = to_json(answer)
    assert "parts" not in said or answer.kind == "finding"
    if answer.kind == "refusal":
        assert not any(isinstance(v, int) and 0 < v < 10 for v in answer.saw.values())
        return
    counts = answer.counts
    if counts is not None:
        assert counts.analysed == 0 or counts.analysed >= 10
        assert all(n >= 10 for n in counts.by_group.values())
        assert all(e.n == 0 or e.n >= 3 for e in counts.excluded)
    for note in answer.caveats:
        assert not any(isinstance(v, int) and 0 < v < 3 for k, v in note.params.items() if k != "n")
    if isinstance(answer, Finding):
        for part in answer.parts:
            assert part.n >= 10
            assert part.numerator is None or 3 <= part.numerator <= part.n - 3
            assert part.missing == 0 or part.missing >= 3
        return
    roles = {c.name: c.role for c in answer.columns}
    for row in answer.rows:
        bases = {k: row[k] for k, role in roles.items() if role == "denominator"}
        for k, n in bases.items():
            assert n is None or n == 0 or int(n) >= 10, (answer.name, k, dict(row))
        for column in answer.columns:
            value = row[column.name]
            if column.role == "numerator" and isinstance(value, int):
                base = next((c.of[1] for c in answer.columns if c.of and c.of[0] == column.name),
                            next(iter(bases)))  # fmt: skip
                n = int(row[base] or 0)
                assert n == 0 or 3 <= value <= n - 3, (answer.name, dict(row))
            elif column.role == "count" and column.unit == "people" and isinstance(value, int):
                assert value == 0 or value >= 3, (answer.name, dict(row))
            elif column.role in ("value", "low", "high", "se") and isinstance(value, float):
                towards = {"low": -1, "high": 1, "se": 1}.get(column.role, 0)
                assert value == rounded(value, column.unit, towards), (answer.name, column)


def read(outcome: cycle.Outcome) -> list[AnyAnswer]:
    found = [r.answer for r in outcome]
    for answer in found:
        looks_safe(answer)
    return found


def by_name(answers: Iterable[AnyAnswer]) -> dict[str, Table]:
    return {a.name: a for a in answers if isinstance(a, Table)}


# -- two generations


def pairs(folder: Path, people: int, seed: int, *, weights: bool = False) -> Path:
    """Parents' and children's incomes, without ties but at zero, in groups of 1 to most."""
    rng = np.random.default_rng(seed)
    parent = np.exp(rng.normal(10, 1, people)).round(2)
    child = np.exp(0.6 * np.log(parent) + rng.normal(4, 0.8, people)).round(2)
    child[0] = 9e6  # one who has most of it
    parent[rng.random(people) < 0.03] = 0.0
    group = rng.choice(LEVELS, people, p=SHARES)
    weight = rng.integers(1, 4, people) if weights else np.ones(people, int)
    lines = ["parent,child,tree,w"]
    lines += [f"{p},{c},{g},{w}" for p, c, g, w in zip(parent, child, group, weight, strict=True)]
    file = folder / f"pairs-{people}-{seed}.csv"
    file.write_text("\n".join(lines), "utf-8")
    return file


ASKED = {"parent": ["parent"], "child": ["child"], "parent_year": 1980, "child_year": 2010}


def attack_generations(folder: Path, people: int, seed: int) -> int:
    """Fifths by group, by who has more than the parents and by who ranks higher, all unknown."""
    file = pairs(folder, people, seed)
    inside = by_name(r.answer for r in cycle.generations(file, **ASKED, by="tree"))  # type: ignore[arg-type]
    answers = read(cycle.generations(file, **ASKED, by="tree", audience=Outside()))  # type: ignore[arg-type]
    shown, fives = by_name(answers), range(5)
    labels = [str(r["parents"]) for r in inside["generations-stays"].rows]
    cells = {
        f"{g}{i}{j}{a}{h}": (g, i, j, a, h)
        for g in LEVELS for i in fives for j in fives for a in "+-"
        for h in (["+"] if j > i else ["-"] if j < i else ["+", "-"])
    }  # fmt: skip
    knows = Knows(cells)

    def where(g: str = "", i: int | None = None, j: int | None = None, a: str = "", h: str = ""):  # type: ignore[no-untyped-def]
        want = (g or None, i, j, a or None, h or None)
        return [
            name
            for name, cell in cells.items()
            if all(w is None or w == c for w, c in zip(want, cell, strict=True))
        ]

    def rows(table: Table) -> list[tuple[list[str], list[str], Mapping[str, object], object]]:
        """The cells of a row's n and of its x, and the row."""
        found: list[tuple[list[str], list[str], Mapping[str, object], object]] = []
        for row in table.rows:
            group = str(row.get("group", ""))
            g = "" if group in ("everyone", "") else group
            i = labels.index(str(row["parents"])) if "parents" in row else None
            if g == UNNAMED:
                continue
            kind = table.name.removeprefix("generations-")
            to = labels.index(str(row["children"])) if "children" in row else None
            made = {
                "fifths": (where(i=i), where(i=i, j=to)),
                "stays": (where(i=i), where(i=i, j=i)),
                "direction": (where(i=i), where(i=i, h="+")),
                "up": (where(g, i=0), where(g, i=0, j=4)),
                "above": (where(g), where(g, a="+")),
            }[kind]
            x = next(c.name for c in table.columns if c.role == "numerator")
            found.append((*made, row, row[x]))
        return found

    names = [f"generations-{k}" for k in ("fifths", "stays", "direction", "up", "above")]
    for i, label in enumerate(labels):  # how large a fifth is, everybody can guess
        size = next(r["n"] for r in inside["generations-stays"].rows if r["parents"] == label)
        knows.told(where(i=i), size)
    for name in names:
        for n, x, row, reached in rows(shown[name]) if name in shown else []:
            knows.told(n, row["n"])
            knows.told(x, reached)
    for answer in answers:
        if isinstance(answer, Finding) and answer.method.key == "transition-share":
            knows.told(where(i=0, j=4), answer.parts[0].numerator)
        if isinstance(answer, Finding) and answer.method.key == "absolute-mobility":
            knows.told(where(a="+"), answer.parts[0].numerator)
    tried = 0
    for name in names:
        for n, x, row, reached in rows(inside[name]):
            many, some = int(str(row["n"])), int(str(reached))
            if 0 < many < 10 and row.get("group", "everyone") != "everyone":
                knows.keeps(n, many, min(10, people // 5), (seed, name, row))
                tried += 1
            if many >= 10 and some < 3:
                knows.keeps(x, some, 3, (seed, name, row))
                tried += 1
            if many >= 10 and many - some < 3:
                knows.keeps([c for c in n if c not in set(x)], many - some, 3, (seed, name, row))
                tried += 1
    return tried


@pytest.mark.parametrize(("people", "seed"), [(40, 1), (60, 3), (120, 4), (400, 5)])
def test_two_generations_give_no_small_number(tmp_path: Path, people: int, seed: int) -> None:
    assert attack_generations(tmp_path, people, seed) > 0


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(10, 60))
def test_many_generations_give_no_small_number(tmp_path: Path, seed: int) -> None:
    assert attack_generations(tmp_path, 40 + 9 * (seed % 40), seed) > 0


def test_indices_of_a_matrix_that_is_not_shown_are_not_told(tmp_path: Path) -> None:
    """Five stays add up to an index: four that are shown would give the fifth."""
    file = pairs(tmp_path, 60, 3)
    shown = by_name(read(cycle.generations(file, **ASKED, audience=Outside())))  # type: ignore[arg-type]
    assert not {"generations-fifths", "generations-indices"} & set(shown)
    assert "generations-direction" in shown


def test_a_zero_among_the_incomes_of_many_is_not_counted_out(tmp_path: Path) -> None:
    """60 pairs, 59 without the one parent who has nothing: the difference is that parent."""
    for zeros in (1, 2, 3):
        file = tmp_path / f"{zeros}.csv"
        rows = [(0 if i < zeros else 1000 + 31 * i, 900 + 17 * (i * 7 % 60)) for i in range(60)]
        file.write_text("parent,child\n" + "\n".join(f"{p},{c}" for p, c in rows), "utf-8")
        answers = read(cycle.generations(file, **ASKED, audience=Outside()))  # type: ignore[arg-type]
        counted = {a.counts.analysed for a in answers if isinstance(a, Finding) and a.counts}
        for table in by_name(answers).values():
            if table.name == "generations-zeros":
                counted |= {int(n) for n in table.column("n") if isinstance(n, int)}
        assert counted == ({60, 57} if zeros == 3 else {60})


def test_a_matrix_of_few_people_does_not_come_back_as_a_published_one(tmp_path: Path) -> None:
    file, out = pairs(tmp_path, 60, 3), tmp_path / "matrix.csv"
    cycle.generations(file, **ASKED, write_matrix=out)  # type: ignore[arg-type]
    assert not any(
        isinstance(a, Refusal) for a in (r.answer for r in cycle.generations(matrix=out))
    )
    released = cycle.generations(matrix=out, audience=Outside())
    assert all(isinstance(r.answer, Refusal) and r.exempt is None for r in released)


# -- inequality


@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize(("people", "seed"), [(30, 1), (60, 2), (130, 3)])
def test_nobody_s_income_is_worked_out(
    tmp_path: Path, people: int, seed: int, weights: bool
) -> None:
    """One person has most of it: no mean tells it, nor what shares and ratios say of the mean."""
    file = pairs(tmp_path, people, seed, weights=weights)
    asked = {"income": "child", "by": "tree", "weights": "w" if weights else None}
    answers = read(cycle.inequality(file, **asked, audience=Outside()))  # type: ignore[arg-type]
    shown = by_name(answers)
    assert "inequality-parts" not in shown
    for row in shown["inequality-groups"].rows if "inequality-groups" in shown else []:
        assert row["mean"] is None
        assert row["income_share"] is None
    for row in shown["inequality"].rows:
        if people < 100 and str(row["index"]).startswith(("Palma", "90th", "Middle")):
            assert row["value"] is None


def test_a_mean_of_groups_that_share_it_evenly_is_told(tmp_path: Path) -> None:
    file = tmp_path / "even.csv"
    rows = [(1000 + 37 * i % 900, "oak" if i % 2 else "elm") for i in range(120)]
    file.write_text("pay,tree\n" + "\n".join(f"{p},{g}" for p, g in rows), "utf-8")
    outcome = cycle.inequality(file, income="pay", by="tree", audience=Outside())
    shown = by_name(read(outcome))
    assert all(r["mean"] and r["half_held_by"] for r in shown["inequality-groups"].rows)
    assert "inequality-parts" in shown


def test_the_shares_of_three_groups_do_not_give_a_hidden_one(tmp_path: Path) -> None:
    """Where everyone's mean may not be told, no group's mean and share of income give it."""
    file = tmp_path / "three.csv"
    rows = [(1000 + 37 * i % 900, LEVELS[i % 3]) for i in range(120)] + [(5_000_000, "oak")]
    file.write_text("pay,tree\n" + "\n".join(f"{p},{g}" for p, g in rows), "utf-8")
    outcome = cycle.inequality(file, income="pay", by="tree", audience=Outside())
    table = by_name(read(outcome)).get("inequality-groups")
    assert table is None or all(r["income_share"] is None for r in table.rows)


@pytest.mark.parametrize("verb", ["inequality", "generations"])
def test_names_in_a_file_stay_in_it(tmp_path: Path, verb: str) -> None:
    """A column of groups may hold people's names."""
    file = tmp_path / "named.csv"
    rows = [(1000 + i, 900 + 7 * i % 61, "oak" if i < 50 else f"Rosa {i}") for i in range(60)]
    file.write_text("parent,child,who\n" + "\n".join(f"{p},{c},{w}" for p, c, w in rows), "utf-8")
    if verb == "inequality":
        outcome = cycle.inequality(file, income="child", by="who", audience=Outside())
    else:
        outcome = cycle.generations(file, **ASKED, by="who", audience=Outside())  # type: ignore[arg-type]
    read(outcome)
    told = json.dumps(outcome.to_json()) + str(outcome) + outcome._repr_html_()
    assert "Rosa" not in told
    assert UNNAMED in told


# -- the ladder


def rungs(counts: np.ndarray) -> Ladder:
    """A ladder whose people stand so on the five rungs, before and after."""
    now, then = Moment("b", "before"), Moment("a", "in year 2 after entry")
    places = {(i + 1, j + 1): int(counts[i, j]) for i in range(5) for j in range(5)}
    n = int(counts.sum())
    tally = Tally(n=n, ranked=n, rank_before=30.0 * n, rank_after=40.0 * n,
                  squares=200.0 * n, rungs=Counter(places))  # fmt: skip
    return Ladder(
        LadderSettings(), now, (then,), then, (), (), {("a", None, "", ""): tally}, (), {}, 0,
        True, (), Origin(),
    )  # fmt: skip


def attack_rungs(people: int, seed: int) -> tuple[int, int]:
    """The matrix of rungs beside who moved up, stayed and moved down."""
    rng = np.random.default_rng(seed)
    start = rng.choice(5, people, p=[0.5, 0.25, 0.15, 0.07, 0.03])
    end = np.clip(start + rng.choice([-1, 0, 0, 1, 1, 2], people), 0, 4)
    truth = np.zeros((5, 5), int)
    np.add.at(truth, (start, end), 1)
    found = rungs(truth)
    made = [ladder_tables.moves(found), ladder_tables.matrix(found, "ladder-rungs")]
    released = [r.answer for r in release(made, Outside())]
    for answer in released:
        looks_safe(answer)
    knows = Knows(f"{i}{j}" for i in range(5) for j in range(5))
    everybody = [f"{i}{j}" for i in range(5) for j in range(5)]
    knows.told(everybody, people)
    shown = by_name(released)
    for way, row in enumerate(shown["ladder-moves"].rows if "ladder-moves" in shown else []):
        sign = (1, 0, -1)[way]
        cells = [f"{i}{j}" for i in range(5) for j in range(5) if np.sign(j - i) == sign]
        knows.told(cells, row["now_there"])
    matrix = shown.get("ladder-rungs")
    for at, row in enumerate(matrix.rows if matrix else []):
        knows.told([f"{at // 5}{j}" for j in range(5)], row["n"])
        knows.told([f"{at // 5}{at % 5}"], row["moved"])
    tried = 0
    for i, j in np.ndindex(5, 5):
        n, x = int(truth[i].sum()), int(truth[i, j])
        if n >= 10 and x < 3:
            knows.keeps([f"{i}{j}"], x, 3, (seed, i, j, truth.tolist()))
            tried += 1
        if 0 < n < 10 and j == 0:
            knows.keeps([f"{i}{k}" for k in range(5)], n, 10, (seed, i, truth.tolist()))
            tried += 1
    return tried, matrix is not None


def test_who_moved_up_does_not_give_a_cell_of_the_rungs() -> None:
    found = [attack_rungs(people, seed) for seed, people in enumerate((80, 150, 300, 600, 1500))]
    assert sum(tried for tried, _ in found) > 20
    assert any(shown for _, shown in found)


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(100, 160))
def test_many_ladders_give_no_small_cell(seed: int) -> None:
    attack_rungs(60 + 31 * (seed % 50), seed)


def test_years_that_differ_by_one_person_do_not_tell_that_one_s_pay(tmp_path: Path) -> None:
    """The mean before of 40 people and of 39 of them is what one had."""
    now, main, later = Moment("b", "before"), Moment("a", "year 2"), Moment("c", "year 3")

    def of(n: int) -> Tally:
        return Tally(n=n, ranked=n, rank_before=30.0 * n, rank_after=40.0 * n, squares=200.0 * n)

    tallies: dict[tuple[str, str | None, str, str], Tally] = {
        ("a", None, "", ""): of(40),
        ("c", None, "", ""): of(39),
    }
    found = Ladder(
        LadderSettings(), now, (main, later), main, (), (), tallies, (), {}, 0, True, (), Origin()
    )
    (table,) = release([ladder_tables.means(found)], Outside())
    assert isinstance(table.answer, Table)
    assert [r["n"] for r in table.answer.rows] == [40, None]


# -- what a lab's records tell


@pytest.fixture(scope="module")
def labs(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Lab]:
    folder = tmp_path_factory.mktemp("labs")
    found = {}
    for people in (30, 80, 400):
        provider(folder / str(people), people=people, seed=5)
        (folder / str(people) / "costs.csv").write_text(INGREDIENTS, "utf-8")
        found[people] = Lab.open(folder / str(people))
    return found


INGREDIENTS = """ingredient,component,stage,quantity,price
Teachers,Staff,,2,50000
Mentors,Coaching,placed,30,30
"""


def costs(lab: Lab, audience: Outside | None) -> cycle.Outcome:
    return cycle.costs(
        lab, lab.path / "costs.csv", arm="gender", control="nonbinary",
        effect=Effect(5.0, 1.0, "point"), audience=audience,
    )  # fmt: skip


def outcomes(lab: Lab) -> dict[str, cycle.Outcome]:
    """Everything that these verbs tell of a lab."""
    by = ("gender", "site")
    return {
        "ladder": cycle.ladder(lab, by=by),
        "factors": cycle.factors(lab),
        "churn": cycle.churn(lab.path, line=cycle.line_of(Decimal(3000)), by=by),
        "funders": cycle.funders(lab, by=by),
        "wioa": cycle.wioa(lab.path, report="PY2024Q4", clock=lambda: DAY, by=by),
        "costs": costs(lab, None),
    }


class Groups(Knows):
    """Tables by group: each level's counts, and everyone's, who stand in several tables."""

    def __init__(self, inside: Sequence[AnyAnswer], outside: Sequence[AnyAnswer]) -> None:
        self.small: list[tuple[list[str], int, int]] = []
        self.names: dict[str, object] = {}
        self.sums: dict[str, list[str]] = {}
        self.less: list[tuple[str, str]] = []
        for full, shown in zip(inside, outside, strict=True):
            if not isinstance(full, Table):
                continue
            by = [d for d in full.dimensions if d.total]
            for at, row in enumerate(full.rows if by else ()):
                seen = shown.rows[at] if isinstance(shown, Table) else {}
                self._row(full, by[0], row, seen)
        super().__init__(self.names)
        for cell, value in self.names.items():
            self.told([cell], value)
        for everyone, cells in self.sums.items():  # a key: one table's levels of one column
            total = everyone.partition("#")[0]
            self.equal.append((self.form(cells) - self.form([total]), 0.0))
        self.least += [self.form([a]) - self.form([b]) for a, b in self.less]

    def _row(
        self, table: Table, by: Dimension, row: Mapping[str, object], seen: Mapping[str, object]
    ) -> None:
        other = [row[c.name] for c in table.columns if c.role == "key" and c.name != by.name]
        about = f"{table.name}|{table.estimand.outcome}|{table.estimand.horizon}|{other}"
        whole = row[by.name] == by.total
        level = "" if whole else f"{by.name}={row[by.name]}"
        for c in table.columns:
            if c.role not in ("numerator", "denominator") or row[c.name] is None:
                continue
            cell, everyone = f"{about}|{c.name}|{level}", f"{about}|{c.name}|"
            known = self.names.get(cell)
            self.names[cell] = seen.get(c.name) if known is None else known
            if not whole and by.partition:
                self.sums.setdefault(f"{everyone}#{by.name}", []).append(cell)
            elif not whole:
                self.less.append((everyone, cell))
        for x, n in sorted({c.of for c in table.columns if c.of and c.of[0] != c.of[1]}):
            if isinstance(row[n], int) and isinstance(row[x], int):
                ends = f"{about}|{n}|{level}", f"{about}|{x}|{level}"
                self.less.append(ends)
                self._want(*ends, int(str(row[n])), int(str(row[x])))

    def _want(self, n: str, x: str, many: int, some: int) -> None:
        if 0 < many < 10:
            self.small.append(([n], many, 10))
        elif many and some < 3:
            self.small.append(([x], some, 3))

    def attack(self) -> int:
        for cells, truth, threshold in self.small:
            self.keeps(cells, truth, threshold, cells)
        return len(self.small)


@pytest.mark.parametrize(
    "people", [30, *(pytest.param(n, marks=pytest.mark.deep) for n in (80, 400))]
)
def test_a_lab_s_answers_by_group_give_no_small_number(labs: dict[int, Lab], people: int) -> None:
    tried = 0
    for outcome in outcomes(labs[people]).values():
        inside = [r.answer for r in outcome]
        shown = [r.answer for r in release(inside, Outside())]
        for answer in shown:
            looks_safe(answer)
        tried += Groups(inside, shown).attack()
    assert tried > 20


def test_neighbouring_milestones_of_costs_do_not_tell_of_one_person(labs: dict[int, Lab]) -> None:
    for lab in labs.values():
        tables = by_name(r.answer for r in costs(lab, Outside()))
        for name in ("costs-per", "costs-stages"):
            there = tables[name].column("n") if name in tables else ()
            shown = [int(n) for n in there if isinstance(n, int)]
            assert not {abs(a - b) for a in shown for b in shown} & {1, 2}
        assert "costs-arms" not in tables  # the controls are a handful


def test_people_are_not_a_group(labs: dict[int, Lab]) -> None:
    for column in ("pid", "entered_on"):
        with pytest.raises(PlanError) as told:
            cycle.ladder(labs[30], by=(column,), audience=Outside())
        assert told.value.code == "PLAN-no-group"


def test_what_is_exempt_cannot_be_a_lab_s_records(labs: dict[int, Lab]) -> None:
    """Published places are shown exactly: no table of a lab passes for a file of them."""
    for file in sorted((labs[30].path / "records").glob("*.parquet")):
        with pytest.raises(RecordsError):
            cycle.places(file, place="1", audience=Outside())
    exempt = [r for r in cycle.factors(labs[30], audience=Outside()) if r.exempt]
    assert [getattr(r.answer, "name", "") for r in exempt] == ["factors-place"]
    assert all(c.unit != "people" for r in exempt for c in getattr(r.answer, "columns", ()))
