"""What `estimate` says, refuses and rejects."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import pytest

from rung.errors import PlanError, RungError
from rung.finding import Finding, Refusal
from rung.learning.estimate import estimate
from rung.learning.question import OutcomeWords
from tests.learning.data import Columns, ask, one, opened, trial


def notes(found: Finding) -> list[str]:
    return [c.code for c in found.caveats]


def refused(columns: Columns, **asked: Any) -> Refusal:
    answers = ask(columns, **asked)
    assert all(a.kind == "refusal" for a in answers)
    first = answers[0]
    assert isinstance(first, Refusal)
    assert first.text
    return first


def rejected(columns: Columns, **asked: Any) -> PlanError:
    with pytest.raises(PlanError) as caught:
        ask(columns, **asked)
    problem = caught.value.problems[0]
    assert problem.what()
    assert problem.expected()
    assert problem.next()
    return caught.value


def test_a_finding_carries_its_question_its_people_and_its_queries() -> None:
    words = OutcomeWords(
        label="earnings",
        unit="dollars",
        dollar_year=2025,
        population="applicants of 2024",
        horizon="in the year after entry",
        arms={"program": "offered coaching", "control": "not offered"},
    )
    found = one(trial(), words=words, inputs=("abc",), plan="def")
    assert found.estimand.contrast == "offered coaching compared with not offered"
    assert (found.estimand.unit, found.estimand.dollar_year) == ("dollars", 2025)
    assert [p.group for p in found.parts] == ["offered coaching", "not offered"]
    assert found.counts.by_group == {"offered coaching": 30, "not offered": 30}
    assert found.counts.analysed == 60
    assert found.value == pytest.approx((found.parts[0].value or 0) - (found.parts[1].value or 0))
    assert found.strength == "randomised"
    assert (found.origin.inputs, found.origin.plan) == (("abc",), "def")
    assert len(found.origin.queries) == 3
    assert notes(found) == []


def test_without_a_plan_the_answer_says_so() -> None:
    assert notes(one(trial())) == ["no-plan"]


def test_only_the_queries_of_this_answer_are_kept() -> None:
    with opened(trial()) as session:
        first = estimate(session, "people", outcome="y", arm="z")
        again = estimate(session, "people", outcome="y", arm="z")
    assert first[0].origin.queries == again[0].origin.queries


YES_NO: dict[str, list[Any]] = {
    "numbers": [1, 0, 1, 1, 0, 0, 1, 0],
    "floats": [1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0],
    "booleans": [True, False, True, True, False, False, True, False],
    "words": ["Yes", "no", "yes", "YES", "No", "no", " yes", "no"],
}


@pytest.mark.parametrize("kind", YES_NO)
def test_yes_no_outcomes_give_shares(kind: str) -> None:
    found = one({"z": ["treatment"] * 4 + ["control"] * 4, "y": YES_NO[kind]})
    assert found.estimand.unit == "share"
    assert found.value == pytest.approx(0.5)
    assert [(p.n, p.numerator, p.value) for p in found.parts] == [(4, 3, 0.75), (4, 1, 0.25)]
    assert {"few-events", "small-arm"} <= set(notes(found))


def test_weighted_shares_count_people_and_weigh_the_mean() -> None:
    found = one(
        {
            "z": ["treatment"] * 4 + ["control"] * 4,
            "y": YES_NO["numbers"],
            "w": [3, 1, 1, 1, 1, 1, 1, 1],
        },
        weights="w",
    )
    assert (found.parts[0].numerator, found.parts[0].n) == (3, 4)
    assert found.parts[0].value == pytest.approx(5 / 6)


def test_three_arms_come_in_arm_order_each_against_the_control() -> None:
    found = ask(trial(90, arms=("usual", "cash", "coaching")))
    assert [f.estimand.contrast for f in found] == [
        "cash compared with usual",
        "coaching compared with usual",
    ]


@pytest.mark.parametrize(
    ("arms", "control"),
    [
        (("Control", "B"), "Control"),
        (("program", "comparison"), "comparison"),
        ((1, 0), "0"),
        ((True, False), "false"),
        ((2.0, 0.0), "0"),
        (("10", "9"), "10"),
        ((10, 9), "9"),
    ],
)
def test_the_control_is_found_by_name_else_first_in_order(
    arms: tuple[Any, Any], control: str
) -> None:
    found = one({"z": [arms[0]] * 3 + [arms[1]] * 3, "y": [1.0, 2, 4, 2, 3, 7]})
    assert found.parts[1].group == control
    guessed = control in ("9", "10")
    assert ("control-guessed" in notes(found)) is guessed


def test_two_possible_controls_ask_which() -> None:
    data: Columns = {"z": ["control"] * 3 + ["no"] * 3, "y": [1.0, 2, 4, 2, 3, 7]}
    assert rejected(data).code == "PLAN-control-unclear"
    assert one(data, control="no").parts[1].group == "no"


def test_people_without_an_outcome_are_counted_by_arm() -> None:
    data = trial()
    gone = [None if i in (0, 1) else v for i, v in enumerate(data["y"])]
    found = one({**data, "y": gone})
    assert found.counts.analysed == 58
    assert [(e.reason, e.n) for e in found.counts.excluded] == [("missing-outcome", 2)]
    assert sum(p.missing for p in found.parts) == 2
    assert found.strength == "randomised with departures"
    assert any(c.startswith("missing-outcome") for c in notes(found))


def test_losing_one_arm_more_than_the_other_is_said_louder() -> None:
    data = trial()
    lost = [None if z == "program" and i % 3 == 0 else y
            for i, (z, y) in enumerate(zip(data["z"], data["y"], strict=True))]  # fmt: skip
    found = one({**data, "y": lost})
    assert "missing-outcome-uneven" in notes(found)
    even = {**trial(400), "y": [None if i in (0, 1) else v for i, v in enumerate(trial(400)["y"])]}
    assert "missing-outcome" in notes(one(even))


@pytest.mark.parametrize("blank", [None, "", "  "])
def test_rows_without_an_arm_are_counted(blank: str | None) -> None:
    data = trial()
    found = one({**data, "z": [blank, blank, *data["z"][2:]]})
    assert [(e.reason, e.n) for e in found.counts.excluded] == [("no-arm", 2)]
    assert found.counts.analysed == 58
    assert "no-arm" in notes(found)


def test_zero_and_missing_weights_leave_people_out_and_say_so() -> None:
    data = trial()
    found = one({**data, "w": [0.0, None, *data["w"][2:]]}, weights="w")
    assert [(e.reason, e.n) for e in found.counts.excluded] == [("no-weight", 2)]


def test_a_covariate_with_gaps_keeps_everyone() -> None:
    data = trial()
    gaps = [None if i % 9 == 0 else v for i, v in enumerate(data["x"])]
    found = one({**data, "x": gaps}, adjust="lin", covariates=("x",))
    assert found.counts.analysed == 60
    assert found.df == 60 - 2 * 3
    assert "missing-covariates" in notes(found)
    assert "zhao2024" in found.method.sources


def test_two_covariates_missing_together_share_one_mark() -> None:
    data = trial()
    hole = {c: [None if i % 9 == 0 else v for i, v in enumerate(data[c])] for c in ("x", "age")}
    found = one({**data, **hole}, adjust="ancova", covariates=("x", "age"))
    assert found.df == 60 - 2 - 3
    assert "missing-flag-left-out" in notes(found)


def test_a_single_gap_has_no_mark_of_its_own() -> None:
    data = trial()
    found = one({**data, "x": [None, *data["x"][1:]]}, adjust="lin", covariates=("x",))
    assert found.df == 60 - 4
    assert "missing-flag-left-out" in notes(found)


def test_text_is_spread_into_indicators_with_the_first_level_as_reference() -> None:
    data = trial()
    spread = {level: [int(s == level) for s in data["site"]] for level in ("north", "west")}
    a = one(data, adjust="lin", covariates=("site", "x"))
    b = one({**data, **spread}, adjust="lin", covariates=("north", "west", "x"))
    assert a.value == pytest.approx(b.value, rel=1e-10)
    assert a.se == pytest.approx(b.se, rel=1e-10)
    assert a.df == b.df == 60 - 8


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"outcome": "nope"}, "PLAN-no-column"),
        ({"outcome": "z"}, "PLAN-column-twice"),
        ({"adjust": "lin", "covariates": ("x", "x")}, "PLAN-column-twice"),
        ({"adjust": "lin", "covariates": ("x", "y")}, "PLAN-column-twice"),
        ({"adjust": "best"}, "PLAN-choice"),
        ({"se": "hc9"}, "PLAN-choice"),
        ({"level": 95}, "PLAN-level"),
        ({"level": math.nan}, "PLAN-level"),
        ({"covariates": ("x",)}, "PLAN-covariates-unused"),
        ({"adjust": "lin"}, "PLAN-no-covariates"),
        ({"se": "welch", "weights": "w"}, "PLAN-welch"),
        ({"se": "welch", "adjust": "lin", "covariates": ("x",)}, "PLAN-welch"),
        ({"control": "other"}, "PLAN-no-control"),
        ({"arm": "x"}, "PLAN-arm-many"),
        ({"weights": "site"}, "PLAN-weights-kind"),
        ({"weights": "below"}, "PLAN-weights-negative"),
        ({"weights": "endless"}, "PLAN-weights-negative"),
        ({"adjust": "ancova", "covariates": ("same",)}, "PLAN-covariate-constant"),
        ({"adjust": "ancova", "covariates": ("empty",)}, "PLAN-covariate-constant"),
        ({"adjust": "ancova", "covariates": ("names",)}, "PLAN-covariate-levels"),
        ({"adjust": "ancova", "covariates": ("x", "twice")}, "PLAN-collinear"),
        ({"adjust": "ancova", "covariates": ("x", "age", "sum")}, "PLAN-collinear"),
        ({"adjust": "ancova", "covariates": ("arm_again",)}, "PLAN-collinear"),
        ({"adjust": "lin", "covariates": ("within",)}, "PLAN-collinear-in-arm"),
    ],
)
def test_questions_that_are_not_whole(asked: dict[str, Any], code: str) -> None:
    data = trial()
    n = len(data["y"])
    program = [int(z == "program") for z in data["z"]]
    data |= {
        "below": [-1.0, *data["w"][1:]],
        "endless": [math.inf, *data["w"][1:]],
        "same": [3] * n,
        "empty": [None] * n,
        "names": [f"n{i}" for i in range(n)],
        "twice": [2 * v + 1 for v in data["x"]],
        "sum": [a + b for a, b in zip(data["x"], data["age"], strict=True)],
        "arm_again": program,
        "within": [p * v for p, v in zip(program, data["x"], strict=True)],
    }
    error = rejected(data, **asked)
    assert error.code == code
    if code.startswith("PLAN-collinear"):
        assert error.problems[0].params["column"] in ("twice", "sum", "arm_again", "within")


def test_all_that_is_wrong_is_said_at_once() -> None:
    error = rejected(trial(), outcome="nope", level=2.0, covariates=("gone",))
    assert sorted(p.code for p in error.problems) == [
        "PLAN-covariates-unused",
        "PLAN-level",
        "PLAN-no-column",
        "PLAN-no-column",
    ]


ARMS = ["control"] * 4 + ["program"] * 4
PLAIN: list[Any] = [1.0, 3, 2, 5, 4, 6, 8, 7]


@pytest.mark.parametrize(
    ("columns", "asked", "code"),
    [
        ({"z": ["control"] * 4, "y": PLAIN[:4]}, {}, "ANS-one-arm"),
        ({"z": [None] * 4, "y": PLAIN[:4]}, {}, "ANS-one-arm"),
        ({"z": [], "y": []}, {}, "ANS-one-arm"),
        ({"z": ARMS[3:], "y": PLAIN[3:]}, {}, "ANS-few-in-arm"),
        ({"z": ARMS, "y": [*PLAIN[:4], 1.0, None, None, None]}, {}, "ANS-few-in-arm"),
        ({"z": ARMS, "y": [None] * 8}, {}, "ANS-few-in-arm"),
        ({"z": ARMS, "y": [2.0] * 8}, {}, "ANS-no-variation"),
        ({"z": ARMS, "y": [0.1] * 4 + [0.7] * 4}, {}, "ANS-no-variation"),
        ({"z": ARMS, "y": [True] * 8}, {}, "ANS-no-variation"),
        ({"z": ARMS, "y": list("abcdefgh")}, {}, "ANS-outcome-kind"),
        ({"z": ARMS, "y": ["yes", "no", "maybe"] + ["yes"] * 5}, {}, "ANS-outcome-kind"),
        ({"z": ARMS, "y": [*PLAIN[:7], math.inf]}, {}, "ANS-not-finite"),
        ({"z": ARMS, "y": [*PLAIN[:7], math.nan]}, {}, "ANS-not-finite"),
        ({"z": ARMS, "y": [*PLAIN[:7], 1e200]}, {}, "ANS-not-finite"),
        (
            {"z": ARMS, "y": PLAIN, "x": [*PLAIN[:7], -math.inf]},
            {"adjust": "ancova", "covariates": ("x",)},
            "ANS-not-finite",
        ),
        (
            {"z": ARMS, "y": PLAIN, "x": PLAIN},
            {"adjust": "ancova", "covariates": ("x",)},
            "ANS-no-variation",
        ),
        (
            {"z": ARMS, "y": PLAIN, "a": [1, 2, 2, 1, 1, 3, 1, 1], "b": [5, 1, 1, 2, 2, 2, 2, 9],
             "c": [1, 4, 9, 1, 0, 3, 4, 4]},
            {"adjust": "lin", "covariates": ("a", "b", "c")},
            "ANS-few-for-covariates",
        ),
        (
            {"z": ARMS, "y": PLAIN, "x": [0, 0, 0, 1, 0, 0, 0, 0]},
            {"adjust": "ancova", "covariates": ("x",)},
            "ANS-leverage",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_refused_without_a_number(
    columns: Columns, asked: dict[str, Any], code: str
) -> None:
    assert refused(columns, **asked).code == code


def test_classical_does_not_mind_leverage() -> None:
    data: Columns = {"z": ARMS, "y": PLAIN, "x": [0, 0, 0, 1, 0, 0, 0, 0]}
    assert one(data, adjust="ancova", covariates=("x",), se="classical").df == 5


def test_one_arm_of_yeses_alone_is_still_a_comparison() -> None:
    data: Columns = {"z": ["control"] * 20 + ["offer"] * 20, "y": [1] * 20 + [0, 1] * 10}
    assert one(data).value == pytest.approx(-0.5)


def test_hostile_names_and_values_are_only_names_and_values() -> None:
    y, z, x = 'y"; DROP TABLE people; --', "$arm 'x'", "SELECT"
    data = trial()
    arms = [{"control": "control", "program": "'; DROP TABLE people; --"}[v] for v in data["z"]]
    hostile = {y: data["y"], z: arms, x: ["'" + s for s in data["site"]]}
    with opened(hostile) as session:
        (found,) = estimate(session, "people", outcome=y, arm=z, adjust="lin", covariates=(x,))
        assert found.kind == "finding"
        assert session.connection.execute("SELECT count(*) FROM people").fetchall() == [(60,)]
    plain = one(data, adjust="lin", covariates=("site",))
    assert found.value == pytest.approx(plain.value, rel=1e-12)


def test_columns_named_as_ours_are_not_confused_with_them() -> None:
    """Aliases of our queries (n, arm, assigned, level, u0, …) may be columns of the data."""
    data = trial()
    data["site"] = [None if i % 9 == 0 else s for i, s in enumerate(data["site"])]
    plain = one(data, adjust="lin", covariates=("x", "site"), weights="w")
    for names in (
        ("u1", "assigned", "u0", "arm", "n"),
        ("arm", "u0", "w", "level", "u2"),
        ("assigned", "wrong", "n", "used", "arm"),
        ("n", "arm", "e", "r1", "h"),
    ):
        renamed = dict(zip(names, (data[c] for c in ("y", "z", "x", "site", "w")), strict=True))
        y, z, x, site, w = names
        found = one(renamed, outcome=y, arm=z, adjust="lin", covariates=(x, site), weights=w)
        assert found.value == pytest.approx(plain.value, rel=1e-12)
        assert found.se == pytest.approx(plain.se, rel=1e-12)


DAYS = [dt.date(2025, 1, 1 + i) for i in range(8)]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"arm": "day"}, "PLAN-arm-kind"),
        ({"weights": "day"}, "PLAN-weights-kind"),
        ({"adjust": "lin", "covariates": ("day",)}, "PLAN-covariate-kind"),
        (
            {"adjust": "lin", "covariates": tuple(f"c{i}" for i in range(101))},
            "PLAN-covariates-many",
        ),
    ],
)
def test_dates_are_not_numbers_and_a_hundred_columns_are_enough(
    asked: dict[str, Any], code: str
) -> None:
    many = {f"c{i}": [float((i + 3 * j * j) % 19) for j in range(8)] for i in range(101)}
    assert rejected({"z": ARMS, "y": PLAIN, "day": DAYS, **many}, **asked).code == code


def test_a_date_is_no_outcome() -> None:
    assert refused({"z": ARMS, "y": DAYS}).code == "ANS-outcome-kind"


def test_errors_never_show_a_value() -> None:
    data: Columns = {"z": ARMS, "y": PLAIN, "x": ["secret-7"] * 8}
    for asked in ({"adjust": "ancova", "covariates": ("x",)}, {"outcome": "x"}):
        try:
            said = " ".join(a.text for a in ask(data, **asked) if a.kind == "refusal")
        except RungError as e:
            said = str(e.to_json())
        assert said
        assert "secret" not in said


def test_large_outcomes_far_from_zero_keep_their_digits() -> None:
    far = [1e9 + v for v in PLAIN]
    found = one({"z": ARMS, "y": far})
    assert found.value == pytest.approx(3.5, rel=1e-9)
    assert found.se == pytest.approx(one({"z": ARMS, "y": PLAIN}).se, rel=1e-9)


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_do_not_matter(threads: int) -> None:
    """200,000 rows, so that DuckDB splits the work."""
    from rung.records.query import Session

    found = []
    for number in (1, threads):
        with Session(threads=number) as session:
            session.connection.execute(
                "CREATE TABLE people AS SELECT CASE WHEN hash(i) % 2 = 0 THEN 'control' "
                "ELSE 'program' END AS z, 1e4 + hash(i + 1) % 1000 / 7.0 AS y, "
                "hash(i + 2) % 50 AS x FROM range(200000) t(i)"
            )
            (one_,) = estimate(
                session, "people", outcome="y", arm="z", adjust="lin", covariates=("x",)
            )
            assert one_.kind == "finding"
            found.append(one_)
    assert found[0].value == pytest.approx(found[1].value, rel=1e-9)
    assert found[0].se == pytest.approx(found[1].se, rel=1e-9)
