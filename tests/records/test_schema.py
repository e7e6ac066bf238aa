from __future__ import annotations

from pathlib import Path

import pytest

from rung.records import schema
from rung.records.mapping import Target
from rung.records.matching.evidence import code_of, fold, state_of, yes_no
from rung.records.matching.headers import federal_names, likeness
from rung.records.schema import NO, STATE_WORDS, STATES, TABLES, YES, Column, Kind, Side
from rung.sources import SOURCES

DOCS = Path(__file__).parents[2] / "docs"
COLUMNS = [(t, c) for t in TABLES.values() for c in t.columns]
CODED = [(t, c) for t, c in COLUMNS if c.kind is Kind.CODE]


def test_the_manual_page_is_the_committed_one() -> None:
    """`schema.page()` makes it: write it to docs/records.md again."""
    assert (DOCS / "records.md").read_text("utf-8") == schema.page()


def test_names_are_plain_and_different() -> None:
    for table in TABLES.values():
        names = [c.name for c in table.columns]
        assert len(names) == len(set(names)), table.name
        assert all(n.isidentifier() and n == n.lower() and not n.startswith("_") for n in names)
        assert set(table.key) <= {*names}


def test_people_and_periods_share_no_name() -> None:
    """Both stand in `journeys` under their bare name."""
    people, periods = ({c.name for c in TABLES[t].columns} for t in ("participants", "enrolments"))
    assert people & periods == {"pid"}


def test_headings_within_a_table_are_different() -> None:
    for table in TABLES.values():
        headings = [c.heading for c in table.columns]
        assert len(headings) == len(set(headings)), table.name


@pytest.mark.parametrize(("table", "column"), CODED, ids=lambda x: getattr(x, "name", ""))
def test_code_lists_are_whole(table: schema.TableSchema, column: Column) -> None:
    codes = column.code_list
    assert codes is not None
    assert column.codes == codes.codes
    assert len(codes.codes) >= 2
    assert not set(codes.codes) & set(STATES), "a code must not read as a state"
    assert set(codes.spelt) <= set(codes.codes)
    assert set(codes.asked) <= set(codes.codes)
    assert set(codes.pirl.values()) <= set(codes.codes) | set(STATES)
    assert codes.source in {"", *SOURCES}
    for code, label in codes.codes.items():
        assert code_of(code, codes) == code
        assert code_of(label, codes) == code
    for choice, code in zip(codes.choices, codes.codes, strict=True):
        assert code_of(choice, codes) == code, "a drop-down's choice must read back"


def test_spellings_say_one_thing() -> None:
    for _, column in CODED:
        assert column.code_list is not None
        seen: dict[str, str] = {}
        for code, spellings in column.code_list.spelt.items():
            for raw in map(fold, spellings):
                assert seen.setdefault(raw, code) == code, (column.name, raw)


def test_yes_no_and_states_do_not_overlap() -> None:
    assert not {*map(fold, YES)} & {*map(fold, NO)}
    words = [fold(w) for spellings in STATE_WORDS.values() for w in spellings]
    assert len(words) == len(set(words))
    assert set(STATE_WORDS) <= set(STATES)
    for word in words:
        assert state_of(word.upper()) is not None
        assert yes_no(word) is None


def test_federal_numbers_exist_and_name_the_same_thing() -> None:
    """The element's official name and one of our spellings share most of their words."""
    for _, column in COLUMNS:
        if column.pirl:
            official = federal_names()[column.pirl]
            ours = (column.heading, column.meaning, *column.also)
            assert max(likeness(official, each) for each in ours) >= 0.6, (column.name, official)


def test_federal_numbers_are_used_once() -> None:
    numbers = [c.pirl for _, c in COLUMNS if c.pirl and c.name != "pid"]
    assert len(numbers) == len(set(numbers))


def test_limits_are_in_order_and_dates_are_named() -> None:
    for table, column in COLUMNS:
        if column.kind in (Kind.INTEGER, Kind.DECIMAL) and column.high is not None:
            assert column.low is not None
            assert float(column.low) < float(column.high)
        for name in column.not_before:
            assert table.column(name).kind is Kind.DATE


@pytest.mark.parametrize(
    "name",
    ["first_name", "last_name", "ssn", "email", "phone", "street_address", "notes"],
)
def test_what_tells_who_someone_is_stays_private(name: str) -> None:
    assert TABLES["participants"].column(name).side is Side.PRIVATE


@pytest.mark.parametrize(
    "name",
    ["criminal_record", "incarcerated", "released_on", "immigration_status", "health",
     "domestic_violence"],
)  # fmt: skip
def test_what_can_harm_someone_is_left_out(name: str) -> None:
    column = TABLES["participants"].column(name)
    assert column.side is Side.REFUSED
    assert not column.group


def test_race_is_one_yes_or_no_a_category_with_the_question() -> None:
    people = TABLES["participants"]
    flags = [
        c.name for c in people.columns if c.name.startswith("race_") and c.kind is Kind.BOOLEAN
    ]
    assert len(flags) == 7
    assert set(people.column("race_question").codes) == {"omb1997", "omb2024", "own"}


@pytest.mark.parametrize("text", ["id", "ignore", "participants.gender", "training.start_on.2"])
def test_targets_read_back(text: str) -> None:
    assert str(Target.read(text)) == text


@pytest.mark.parametrize("text", ["", "gender", "a.", "a.b.c", "a.b.2.3", ".b"])
def test_what_is_no_target_is_said(text: str) -> None:
    with pytest.raises(ValueError, match="not a target"):
        Target.read(text)
