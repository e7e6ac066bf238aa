"""Tests as lab.toml declares them: arms, estimates, groups, before and after."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from rung.errors import PlanError
from rung.finding import Finding, Refusal, Table
from rung.learning.declared import run_test
from rung.learning.groups import by_groups
from rung.learning.settings import DeclaredTest, Grouping
from rung.learning.tables import arms
from rung.stats.intervals import chi2_p
from tests.learning.data import one, opened, trial

DATA = trial(120, arms=("control", "program"))


def run(columns: dict[str, Any], **declared: Any) -> tuple[Finding | Table | Refusal, ...]:
    test = DeclaredTest(
        **{"key": "t", "label": "T", "table": "people", "outcome": "y", "arm": "z", **declared}
    )
    with opened(columns) as session:
        return run_test(session, test)


def forest(columns: dict[str, Any], *groups: Grouping, **asked: Any) -> Table:
    with opened(columns) as session:
        (found,) = by_groups(
            session, "people", **{"outcome": "y", "arm": "z", "groups": groups, **asked}
        )
    assert found.kind == "table"
    return found


def test_answers_come_in_the_order_declared() -> None:
    found = run(
        DATA,
        covariates=["x"],
        adjust=["none", "lin"],
        groups=[{"label": "Site", "column": "site"}],
        before_after=[{"column": "x", "label": "before"}, {"column": "y", "label": "after"}],
    )
    assert [a.name if a.kind == "table" else a.method.key for a in found] == [
        "difference-in-means",
        "lin",
        "arms",
        "forest",
        "before-after",
    ]
    assert len({a.id for a in found}) == 5
    assert found[-1].kind == "table"
    assert [c.code for c in found[-1].caveats] == ["pre-program-dip"]
    assert "ashenfelter1978" in found[-1].method.sources


def test_arms_count_everyone_assigned() -> None:
    data = {**DATA, "y": [None, *DATA["y"][1:]]}
    with opened(data) as session:
        table = arms(session, "people", outcome="y", arm="z")
    assert table.kind == "table"
    assert sum(int(n or 0) for n in table.column("assigned")) == 120
    assert sum(int(n or 0) for n in table.column("n")) == 119
    assert sum(int(n or 0) for n in table.column("missing")) == 1


def test_weighted_arms_weigh_the_mean_and_count_people() -> None:
    found, table = run(DATA, weights="w", adjust=["none"])
    assert table.kind == "table"
    assert found.kind == "finding"
    assert {r["mean"] for r in table.rows} == {p.value for p in found.parts}
    assert table.column("n") == (60, 60)
    found, shares = run(DATA, weights="w", outcome="yes")
    assert shares.kind == "table"
    assert found.kind == "finding"
    assert {r["mean"] for r in shares.rows} == {p.value for p in found.parts}
    assert {r["yes"] for r in shares.rows} == {p.numerator for p in found.parts}
    assert next(c for c in shares.columns if c.name == "mean").of is None


def test_above_makes_a_share_and_keeps_what_is_missing_missing() -> None:
    limit = sorted(DATA["y"])[60]
    data = {**DATA, "y": [None, *DATA["y"][1:]]}
    found, _ = run(data, above=limit)
    assert found.kind == "finding"
    assert found.estimand.unit == "share"
    assert sum(p.numerator or 0 for p in found.parts) == sum(v > limit for v in DATA["y"][1:])
    assert found.counts.analysed == 119


def test_above_does_not_hide_what_is_no_number() -> None:
    found = run({**DATA, "y": [float("nan"), *DATA["y"][1:]]}, above=0)
    assert {a.code for a in found if a.kind == "refusal"} == {"ANS-not-finite"}


def test_squares_are_covariates() -> None:
    found = run(DATA, covariates=["age"], squares=["age"], adjust=["ancova"])[0]
    by_hand = one(
        {**DATA, "age2": [v * v for v in DATA["age"]]}, adjust="ancova", covariates=("age", "age2")
    )
    assert found.kind == "finding"
    assert found.value == pytest.approx(by_hand.value, rel=1e-10)


@pytest.mark.parametrize(
    ("declared", "code"),
    [
        ({"squares": ["x"]}, "PLAN-covariates-unused"),
        ({"weights": "w", "groups": [{"label": "G", "column": "site"}]}, "PLAN-groups-weighted"),
        ({"squares": ["site"], "adjust": ["lin"]}, "PLAN-not-a-number"),
        ({"squares": ["gone"], "adjust": ["lin"]}, "PLAN-no-column"),
        ({"outcome": "site", "above": 0}, "PLAN-not-a-number"),
        ({"groups": [{"label": "G", "column": "gone"}]}, "PLAN-no-column"),
        ({"groups": [{"label": "G", "column": "y"}]}, "PLAN-group-levels"),
        ({"before_after": [{"label": "G", "column": "gone"}]}, "PLAN-no-column"),
        ({"squares": ["x"], "adjust": ["lin"]}, "PLAN-column-twice"),
    ],
)
def test_declarations_that_do_not_fit_the_data(declared: dict[str, Any], code: str) -> None:
    with pytest.raises(PlanError) as caught:
        run({**DATA, "x squared": DATA["x"]}, **declared)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "wrong",
    [
        {"label": "G"},
        {"label": "G", "column": "a", "columns": {"b": "B"}},
        {"label": "G", "column": "a", "cuts": [3, 2]},
        {"label": "G", "columns": {"b": "B"}, "cuts": [2]},
    ],
)
def test_groupings_are_of_one_kind(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Grouping(**wrong)


def test_each_level_is_a_difference_in_means_of_its_own() -> None:
    found = forest(DATA, Grouping(label="Site", column="site"))
    assert found.column("level") == ("east", "north", "west")
    for row in found.rows:
        at = [i for i, s in enumerate(DATA["site"]) if s == row["level"]]
        alone = one({c: [v[i] for i in at] for c, v in DATA.items()})
        assert row["difference"] == pytest.approx(alone.value)
        assert row["se"] == pytest.approx(alone.se)
        assert row["control_n"] == alone.parts[1].n
    differences = [(float(r["difference"] or 0), float(r["se"] or 0)) for r in found.rows]
    weight = [1 / s**2 for _, s in differences]
    middle = sum(w * d for w, (d, _) in zip(weight, differences, strict=True)) / sum(weight)
    q = sum(w * (d - middle) ** 2 for w, (d, _) in zip(weight, differences, strict=True))
    assert set(found.column("p_differs")) == {chi2_p(q, 2)}


def test_cuts_put_everyone_in_one_level() -> None:
    data = {**DATA, "age": [None, *DATA["age"][1:]]}
    found = forest(data, Grouping(label="Age", column="age", cuts=(30, 40)))
    assert found.column("level") == ("under 30", "30 to under 40", "40 and over", "not recorded")
    people = sum(int(r["control_n"] or 0) + int(r["treated_n"] or 0) for r in found.rows)
    assert people == 120
    assert found.rows[-1]["difference"] is None
    assert "group-few" in [c.code for c in found.caveats]


def test_overlapping_groups_are_shown_and_not_tested() -> None:
    a = [int(i % 2 == 0) for i in range(120)]
    b = [int(i % 3 == 0) for i in range(120)]
    group = Grouping(label="Race", columns={"a": "A", "b": "B"}, otherwise="Neither")
    found = forest({**DATA, "a": a, "b": b}, group)
    assert found.column("level") == ("A", "B", "Neither")
    assert set(found.column("p_differs")) == {None}
    assert "groups-overlap" in [c.code for c in found.caveats]
    apart = forest({**DATA, "a": a, "b": [1 - v for v in a]}, group)
    assert apart.column("level") == ("A", "B")
    assert None not in apart.column("p_differs")


def test_every_other_arm_has_a_forest() -> None:
    data = trial(120, arms=("control", "a", "b"))
    with opened(data) as session:
        found = by_groups(
            session, "people", outcome="yes", arm="z", groups=[Grouping(label="S", column="site")]
        )
    assert [f.estimand.contrast for f in found] == [
        "a compared with control, by group",
        "b compared with control, by group",
    ]
    assert all(f.kind == "table" and "treated_yes" in f.rows[0] for f in found)
