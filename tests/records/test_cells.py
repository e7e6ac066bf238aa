"""What a cell means: text in, value and outcome out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from rung.records.importing import cells
from rung.records.importing.cells import Cell, Outcome, Reader
from rung.records.query import Session, alias, name
from rung.records.schema import STATE_WORDS, TABLES

READER = Reader("mdy", dt.date(2026, 11, 21))
D = dt.date
PEOPLE, ENROLMENTS = TABLES["participants"], TABLES["enrolments"]


def run(
    make: Callable[[exp.Column], Cell], texts: Sequence[str]
) -> list[tuple[tuple[Any, ...], Outcome]]:
    """Values and outcome of each text."""
    with Session() as session:
        session.connection.execute("CREATE TABLE raw (i INTEGER, x VARCHAR)")
        session.connection.executemany("INSERT INTO raw VALUES (?, ?)", list(enumerate(texts)))
        clean = exp.select(name("i"), alias(cells.clean(name("x")), "x")).from_("raw")
        cell = make(exp.column("x", quoted=True))
        first = [alias(node, label) for label, node in cell.first.items()]
        layer = exp.select("*", *first).from_(clean.subquery("t"))
        picks = [*cell.values.values(), cell.outcome]
        made = exp.select(*picks).from_(layer.subquery("t")).order_by("i")
        return [(tuple(r[:-1]), Outcome(r[-1])) for r in session.run(made).rows]


def column(
    table: str, label: str, own: Mapping[str, str] | None = None
) -> Callable[[exp.Column], Cell]:
    return lambda cell: READER.column(TABLES[table].column(label), own or {}, cell)


VALUE, INVALID = Outcome.VALUE, Outcome.INVALID


@pytest.mark.parametrize(
    ("text", "value", "outcome"),
    [
        ("01/05/2024", D(2024, 1, 5), VALUE),
        ("\u00a01/5/24 ", D(2024, 1, 5), VALUE),
        ("2024-01-05T10:00:00Z", D(2024, 1, 5), VALUE),
        ("12/31/2023 2:30 PM", D(2023, 12, 31), VALUE),
        ("Jan 5, 2024", D(2024, 1, 5), VALUE),
        ("5-Jan-24", D(2024, 1, 5), VALUE),
        ("20240105", D(2024, 1, 5), VALUE),
        ("45321", D(2024, 1, 30), VALUE),
        ("45321.75", D(2024, 1, 30), VALUE),
        ("31/02/2024", None, INVALID),
        ("13/05/2024", None, INVALID),
        ("1900-01-00", None, INVALID),
        ("2024-02-30", None, INVALID),
        ("0", None, INVALID),
        ("infinity", None, INVALID),
        ("epoch", None, INVALID),
        ("now", None, INVALID),
        ("🎉", None, INVALID),
        ("2024", None, INVALID),
        ("1/1/1850", None, Outcome.TOO_EARLY),
        ("03/04/124", None, Outcome.TOO_EARLY),
        ("1/1/2050", None, Outcome.FUTURE),
        ("N/A", None, Outcome.NOT_APPLICABLE),
        ("TBD", None, Outcome.PENDING),
        ("Declined", None, Outcome.DECLINED),
        ("unknown", None, Outcome.UNKNOWN),
        ("1/1/2001", None, Outcome.UNKNOWN),
        ("", None, Outcome.BLANK),
        (" \t\u200b", None, Outcome.BLANK),
    ],
)
def test_dates(text: str, value: D | None, outcome: Outcome) -> None:
    own = {"1/1/2001": "unknown"}  # the provider's own way to say so
    assert run(column("enrolments", "closed_on", own), [text]) == [((value,), outcome)]


def test_date_orders() -> None:
    text = "03/04/2025"
    for order, value in (("mdy", D(2025, 3, 4)), ("dmy", D(2025, 4, 3)), ("ymd", None)):
        reader = Reader(order, D(2026, 11, 21))
        made = run(partial(reader.date, ENROLMENTS.column("closed_on"), {}), [text])
        assert made[0][0] == (value,)


def test_two_digit_birth_years_are_past() -> None:
    made = run(column("participants", "birth_date"), ["3/4/68", "3/4/05"])
    assert [m[0][0] for m in made] == [D(1968, 3, 4), D(2005, 3, 4)]


@pytest.mark.parametrize(
    ("text", "on", "reached"),
    [
        ("1/5/2024", D(2024, 1, 5), True),
        ("Y", None, True),
        ("Graduated", None, True),
        ("Completed!", None, True),
        ("fin", None, True),
        ("", None, False),
        ("No", None, False),
        ("not completed", None, False),
        ("TBD", None, False),
        ("unknown", None, None),
        ("31/02/2024", None, None),
        ("1/1/2031", None, None),
        ("perhaps", None, None),
    ],
)
def test_milestones(text: str, on: D | None, reached: bool | None) -> None:
    made = run(lambda c: READER.milestone("completed", {"fin": "yes"}, c), [text])
    assert made[0][0] == (on, reached)


@pytest.mark.parametrize(
    ("text", "value", "outcome"),
    [
        ("$15.50/hr", Decimal("15.5"), VALUE),
        ("15.5 per hour", Decimal("15.5"), VALUE),
        ("17.00 hourly", Decimal(17), VALUE),
        (".5", Decimal("0.5"), VALUE),
        ("15,50", None, INVALID),
        ("$52,000/yr", None, INVALID),
        ("1e2", None, INVALID),
        ("0x1F", None, INVALID),
        ("1.2.3", None, INVALID),
        ("nan", None, Outcome.BLANK),
        ("-5", None, Outcome.OUT_OF_RANGE),
        ("(5)", None, Outcome.OUT_OF_RANGE),
        ("1,200", None, Outcome.OUT_OF_RANGE),
    ],
)
def test_money(text: str, value: Decimal | None, outcome: Outcome) -> None:
    assert run(column("participants", "wage_at_entry"), [text]) == [((value,), outcome)]


def test_counts_are_whole() -> None:
    made = run(column("participants", "household_size"), ["4", "4.0", "4.5", "four"])
    assert [m[0][0] for m in made] == [4, 4, None, None]


def test_quarters() -> None:
    texts = ["2024Q1", "Q3 2024", "2024-2", "20244", "4/2024", "2024", "2024Q5"]
    made = run(column("wages", "quarter"), texts)
    assert [m[0][0] for m in made] == [8096, 8098, 8097, 8099, 8099, None, None]


def test_codes_by_file_then_list_then_state() -> None:
    own = {"W": "female", "9": "declined"}
    texts = ["M", "w", "9", "Female ", "NON-BINARY", "Q", "Prefer not to say"]
    made = run(column("participants", "gender", own), texts)
    assert [m[0][0] for m in made] == ["male", "female", None, "female", "nonbinary", None, None]
    assert made[2][1] is made[6][1] is Outcome.DECLINED
    assert made[5][1] is Outcome.NOT_IN_LIST


def test_several_codes_in_one_cell() -> None:
    race = PEOPLE.column("race")
    texts = ["Black|White", "Black, Hispanic", "Hispanic or Latino", "White|foo", "declined", ""]
    made = run(column("participants", "race"), texts)
    labels = list(READER.column(race, {}, exp.column("x", quoted=True)).values)
    said = [{k for k, v in zip(labels, m[0], strict=True) if v} for m in made]
    assert said == [
        {"race_black", "race_white"}, {"race_black", "race_hispanic"}, {"race_hispanic"},
        {"race_white"}, set(), set(),
    ]  # fmt: skip
    # with a part that has no code, what was not said is unknown, not "no"
    assert made[3][1] is Outcome.NOT_IN_LIST
    assert made[3][0][labels.index("race_black")] is None
    assert made[4][1] is Outcome.DECLINED
    assert set(made[5][0]) == {None}


def test_text_that_identifies_or_runs() -> None:
    texts = ["North", "=cmd|' /C calc'!A0", "555-12-3456", "a@b.co", "(555) 123-4567", "été", "-5"]
    made = run(lambda c: cells.text("site", {"North": "N"}, c), texts)
    assert [m[0][0] for m in made] == ["N", texts[1], None, None, None, "été", "-5"]
    assert made[1][1] is Outcome.FORMULA
    assert {m[1] for m in made[2:5]} == {Outcome.IDENTIFIER}


KINDS = [
    ("enrolments", "closed_on"), ("participants", "gender"), ("participants", "snap"),
    ("participants", "wage_at_entry"), ("participants", "household_size"), ("wages", "quarter"),
    ("enrolments", "cohort"),
]  # fmt: skip


@given(st.sampled_from(KINDS), st.lists(st.text(max_size=12), min_size=1, max_size=20))
@settings(deadline=None, max_examples=20)
def test_a_cell_is_a_value_or_counted(kind: tuple[str, str], texts: list[str]) -> None:
    """Whatever is typed: a value exactly when the outcome says so, blank exactly when empty."""
    texts = [t.replace("\x00", "") for t in texts]
    for text, (values, outcome) in zip(texts, run(column(*kind), texts), strict=True):
        assert (values[0] is not None) == (outcome.state == "value")
        if outcome is Outcome.BLANK:
            assert text.strip(cells.SPACE).lower() in ("", *BLANK_WORDS)


BLANK_WORDS = {w.lower() for w in STATE_WORDS["blank"]} | {cells.fold(w) for w in
               STATE_WORDS["blank"]}  # fmt: skip
