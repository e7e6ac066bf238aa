"""Plain words, from answers written by hand."""
# ruff: noqa: E501

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest

from rung.finding import Counts, Estimand, Finding, Interval, Note, Part, Table
from rung.share import numbers, say
from rung.share.release import AnyAnswer, Audience, Inside, Outside, release
from tests.share import examples

IN, OUT = Inside(), Outside()
OFFER = (Part("people offered coaching", 185, 0.757, 140), Part("those not", 260, 0.646, 168))
TRAINED = (Part("women", 180, 0.4, 72), Part("men", 110, 0.48, 53))
TRANS = str.maketrans({"\N{NO-BREAK SPACE}": " "})


def gap_finding(value: float, low: float, high: float) -> Finding:
    made = examples.difference(
        value,
        low,
        high,
        unit="share",
        outcome="completed training",
        population="people who enrolled",
        horizon="within 365 days of entry",
        parts=TRAINED,
        strength="described",
    )
    return replace(made, method=replace(made.method, key="gap"))


def bottleneck() -> Finding:
    made = examples.level(111, 412, population="everyone who applied")
    return replace(
        made,
        estimand=Estimand(
            "enrolled and not completed",
            "share",
            "everyone who applied",
            "between Enrolled and Completed",
            "largest loss between two milestones",
            "within 365 days of entry",
        ),
        parts=(Part("Enrolled", 412, 262 / 412, 262), Part("Completed", 412, 151 / 412, 151)),
        method=replace(made.method, key="bottleneck"),
    )


def days(value: float, low: float, high: float) -> Finding:
    parts = (Part("the new intake", 60, 30.0), Part("the old one", 70, 42.0))
    return examples.difference(
        value, low, high, unit="days", outcome="Wait", horizon="in 2024", parts=parts
    )


def early() -> Table:
    table = examples.journey()
    blank = {"rate": None, "low": None, "high": None, "entered": 0, "reached": 0}
    return replace(table, rows=tuple({**r, **blank} for r in table.rows))


def mean(value: float, **more: int) -> Finding:
    return Finding(
        estimand=Estimand(
            "Hourly wage at placement", "dollars", "people placed", "", "mean", "in 2024", **more
        ),
        value=value,
        interval=Interval(((15.2, 17.9),), 0.95),
        counts=Counts(140),
        method=examples.METHOD,
        strength="described",
    )


def counted(n: int) -> Finding:
    return Finding(
        estimand=Estimand(
            "completed", "people", "everyone in the records", "reported: 212", "count", "FY2025"
        ),
        value=n,
        interval=Interval(((n, n),), 0.95, "complete count"),
        counts=Counts(n),
        method=examples.METHOD,
        strength="described",
    )


GROUPS = {"women": (180, 120, 70), "men": (110, 60, 30), "other": (12, 5, 1)}
TOO_FEW = "This does not mean there is no difference."

CASES: list[tuple[AnyAnswer, Audience, str]] = [
    (
        examples.level(151, 412),
        IN,
        (
            "Among people who applied, 151 of 412 (37 %) completed, within a year. "
            "Anything from 32 to 41 in 100 fits these data."
        ),
    ),
    (
        examples.level(1, 1),
        IN,
        "Among people who applied, 1 of 1 (100 %) completed, within a year.",
    ),
    (examples.level(0, 40), IN, "0 of 40 (0 %) completed"),
    (examples.level(2, 900), IN, "2 of 900 (0.2 %) completed"),
    (examples.level(2, 40), OUT, f"Too few people to publish. {TOO_FEW}"),
    (examples.level(5, 9), OUT, "join small groups that belong together"),
    (
        gap_finding(-0.08, -0.15, -0.01),
        IN,
        (
            "Women completed training less often than men, by 8 in 100, counting people who enrolled, "
            "within 365 days of entry. Anything between 1 and 15 in 100 less fits these data."
        ),
    ),
    (
        gap_finding(0.08, 0.01, 0.15),
        IN,
        "Women completed training more often than men, by 8 in 100",
    ),
    (
        gap_finding(-0.05, -0.12, 0.02),
        IN,
        (
            "We cannot tell yet whether women completed training more or less often than men, counting "
            "people who enrolled, within 365 days of entry. The best guess is 5 in 100 less, and "
            "anything from 12 in 100 less to 2 in 100 more fits these data."
        ),
    ),
    (gap_finding(-0.004, -0.009, -0.001), IN, "by 0.4 in 100"),
    (
        bottleneck(),
        IN,
        (
            "More people are lost between Enrolled and Completed than at any other step. "
            "Of 262 people who came that far, 151 went on: the program lost 111 of the 412 who entered "
            "(27 %) at this step, within 365 days of entry. "
            "Anything from 23 to 31 in 100 fits these data."
        ),
    ),
    (bottleneck(), OUT, "the program lost 111 of the 412 who entered (27 %)"),
    (
        examples.difference(1794.34, 550.57, 3038.11, dollar_year=1978),
        IN,
        (
            "Earnings in the year after: about $1,790 more (in 1978 dollars) for offered than for not "
            "offered, in the following year. It was $6,350 for offered and $4,550 for not "
            "offered. Anything between $550 and $3,040 more fits these data."
        ),
    ),
    (
        examples.difference(1794.34, 550.57, 3038.11),
        OUT,
        (
            "about $1,800 more for offered than for not offered, in the following year. "
            "It was $6,400 for offered and $4,600 for not offered. "
            "Anything between $550 and $3,100 more fits these data."
        ),
    ),
    (
        examples.difference(1180, -240, 2600),
        IN,
        (
            "Earnings in the year after: we cannot tell yet whether it is more or less for offered than "
            "for not offered, in the following year. The best guess is $1,180 more, and anything from "
            "$240 less to $2,600 more fits these data."
        ),
    ),
    (examples.difference(-1180, -2600, -40), IN, "about $1,180 less for offered than"),
    (examples.difference(0, -40, 40), IN, "The best guess is no difference"),
    (examples.difference(0, 0, 0), IN, "the same for offered and for not offered"),
    (examples.difference(40, 0, 90), IN, "Anything from no difference to $90 more fits"),
    (
        examples.difference(
            0.11,
            0.03,
            0.19,
            unit="share",
            outcome="Working in 1978",
            horizon="in 1978",
            parts=OFFER,
        ),
        IN,
        (
            "Working in 1978: about 11 in 100 more for people offered coaching than for those not, in "
            "1978. It was 76 % for people offered coaching and "
            "65 % for those not. Anything between 3 and 19 in 100 more fits these data."
        ),
    ),
    (
        replace(examples.difference(50, 10, 90), interval=Interval(((10, math.inf),), 0.95)),
        IN,
        "$10 more, or anything above fits these data.",
    ),
    (
        replace(examples.difference(-50, -90, -10), interval=Interval(((-math.inf, -10),), 0.95)),
        IN,
        "Anything up to $10 less fits these data.",
    ),
    (
        replace(examples.difference(50, 10, 90), interval=Interval(((10, 20), (40, 90)), 0.95)),
        IN,
        "Anything between $10 and $20 more, or anything between $40 and $90 more, fits these data.",
    ),
    (days(-12.3, -19.8, -4.6), IN, "Wait: about 12 days less for the new intake than for the old"),
    (days(-1.2, -2.1, -0.9), IN, "Anything between 1 day and 2 days less fits these data."),
    (days(3, -1, 7), IN, "anything from 1 day less to 7 days more fits these data."),
    (mean(16.5), IN, "Hourly wage at placement: $16.50 on average among people placed, in 2024"),
    (mean(16.5, dollar_year=2024), IN, "$16.50 (in 2024 dollars) on average"),
    (mean(16.5), OUT, "Hourly wage at placement: $16.50 on average"),
    (
        counted(205),
        IN,
        "We count 205 people who completed (everyone in the records; FY2025).",
    ),
    (
        examples.journey(),
        IN,
        (
            "Everyone who applied (2024): of 412 people, 74 (18 %) reached “Retained”, within 365 days, as "
            "of 2025-12-31. The biggest loss is between “Enrolled” and “Completed”: 262 people came that far "
            "and 151 went on."
        ),
    ),
    (early(), IN, "It is too early for percentages: 452 people are on their way"),
    (
        examples.journey(GROUPS),
        IN,
        "How many reached “Enrolled”, within 365 days, as of 2025-12-31, by gender. Women: 39 %; men: 27 %; other: 8 %.",
    ),
    (
        examples.journey(GROUPS),
        OUT,
        (
            "How many reached “Enrolled”, within 365 days, as of 2025-12-31, by gender. Women: 39 %. "
            f"Too few people to publish for: men, other. {TOO_FEW}"
        ),
    ),
    (
        examples.gap({"women": (180, 60), "men": (190, 90)}),
        IN,
        (
            "Women completed less often than everyone else, by 14 in 100, counting everyone who applied "
            "(2024), within 365 days. Anything between 4 and 24 in 100 less fits these data."
        ),
    ),
    (
        examples.gap({"women": (180, 90), "men": (110, 50), "other": (12, 2)}),
        OUT,
        f"Too few people to publish for: women, men, other. {TOO_FEW}",
    ),
    (examples.gap({"women": (5, 2), "men": (6, 2)}), OUT, f"Too few people to publish. {TOO_FEW}"),
    (
        examples.arms(),
        IN,
        "Earnings, on average: not offered $4,550 (260 people); offered $6,350 (185 people).",
    ),
    (examples.arms(), OUT, "not offered $4,600 (260 people); offered $6,300 (185 people)."),
    (
        examples.forest(),
        IN,
        (
            "Earnings in 1978, offered versus not offered, group by group. Black $2,030 more (anything between $650 and "
            "$3,410 more); Hispanic $410 less (anything from $4,790 less to $3,970 more); White $1,290 "
            "more (anything from $3,110 less to $5,690 more)."
        ),
    ),
    (examples.refusal(), IN, f"Too few people to publish. {TOO_FEW}"),
    (
        replace(examples.arms(), name="something else"),
        IN,
        "Earnings (everyone; 1978): see the table.",
    ),
]


@pytest.mark.parametrize(("answer", "audience", "expected"), CASES)
def test_words(answer: AnyAnswer, audience: Audience, expected: str) -> None:
    said = say.words(release([answer], audience)[0]).translate(TRANS)
    assert expected in said
    if expected.endswith(".") and said.startswith(expected[:20]) and ". " in expected:
        assert said.startswith(expected)


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 40


BANNED = re.compile(
    r"\b(significan\w*|p-value|confidence|interval|null|hypothes\w*|only|just|unfortunately|"
    r"fail\w*|dropped out|drop-?outs?|cases|statistic\w*|estimat\w*|coefficient)\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize(("answer", "audience"), [(a, b) for a, b, _ in CASES])
def test_no_banned_words(answer: AnyAnswer, audience: Audience) -> None:
    released = release([answer], audience)[0]
    said = " ".join([say.words(released), say.headline(released), say.how_sure(released)])
    assert not BANNED.findall(said)
    assert "  " not in said
    assert "None" not in said
    assert "nan" not in said.lower().split()
    assert said[0].isupper()


def test_headline_is_the_first_sentence() -> None:
    released = release([bottleneck()], IN)[0]
    assert say.words(released).startswith(say.headline(released))
    assert say.headline(released).count(".") == 1


def test_a_refusal_names_its_question_and_says_what_is_needed() -> None:
    few = examples.refusal()
    asked = [replace(few, estimand=replace(few.estimand, outcome=o), id="") for o in ("one", "two")]
    one, two = release(asked, OUT)
    assert say.headline(one).startswith(f"One, {few.estimand.horizon}: Too few people to publish.")
    assert say.words(two).startswith("Two, ")
    assert say.reason(one) == say.reason(two)
    assert " What is needed: At least 10 people counted" in say.words(one)
    assert " Se necesita: Al menos 10 personas" in say.words(one, "es")
    lasting = replace(few, estimand=replace(few.estimand, outcome="one", horizon=""), id="")
    assert say.headline(release([lasting], OUT)[0]).startswith("One: Too few")


def test_caveats_are_sentences_and_exemption_says_why() -> None:
    answer = examples.difference(
        1794.34, 550.57, 3038.11, caveats=(Note("few-left-out", {"n": 3}),)
    )
    (released,) = release([answer], OUT, exempt="public-use file")
    assert say.caveats(released) == (
        "Where one or two people were left out, the count reads 3.",
        "Shown exactly, without hiding small numbers: public-use file.",
    )


def test_strength_is_told_in_words() -> None:
    released = release([examples.difference(5, 1, 9), bottleneck(), examples.refusal()], IN)
    said = [say.how_sure(r) for r in released]
    assert said[0].startswith("A lottery decided")
    assert "does not say what caused it" in said[1]
    assert "worse than none" in said[2]


def test_left_out_counts_people() -> None:
    counts = examples.journey().counts
    assert say.left_out(counts) == ("40 people: entered too recently to be judged",)
    assert say.left_out(None) == ()


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.624, "62 %"),
        (0.125, "13 %"),
        (0.7 - 0.315, "39 %"),  # a hair under the half, as sums leave it
        (0.004, "0.4 %"),
        (0.998, "99.8 %"),
        (0, "0 %"),
        (1, "100 %"),
    ],
)
def test_percent(value: float, said: str) -> None:
    assert numbers.percent(value).translate(TRANS) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (1794.34, "$1,790"),
        (-240.3, "−$240"),
        (12345, "$12,300"),
        (16.5, "$16.50"),
        (7, "$7"),
        (0.046, "$0.05"),
        (0, "$0"),
    ],
)
def test_dollars(value: float, said: str) -> None:
    assert numbers.dollars(value) == said


def test_the_smallest_numbers_are_written_out() -> None:
    assert numbers.plain(0.0000564) == "0.0000564"
    assert numbers.plain(0.000246) == "0.000246"
    assert numbers.plain(1234.5) == "1,230"


def test_percentiles_are_told_in_tenths_and_by_name() -> None:
    assert numbers.change(0.983, "percentiles") == "1 percentile more"
    assert numbers.change(-4.26, "percentiles", "es") == "4.3 percentiles menos"
    assert numbers.between(2.14, 6.42, "percentiles") == (
        "anything between 2.1 and 6.4 percentiles more"
    )


def test_column_labels_fall_back_to_the_name() -> None:
    assert say.column_label("in_progress") == "In progress"
    assert say.column_label("people_offered") == "people offered"
