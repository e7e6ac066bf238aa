"""What a terminal shows at any width: whole words, nothing lost, nothing past the edge."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from rung.cli import lines

WORDS = st.lists(st.text("abcdefghij", min_size=1, max_size=9), max_size=9)
CELLS = WORDS.map(" ".join)
TABLES = st.integers(1, 7).flatmap(
    lambda n: st.tuples(
        st.lists(CELLS, min_size=n, max_size=n),
        st.lists(st.sampled_from(("left", "right")), min_size=n, max_size=n),
        st.lists(st.lists(CELLS, min_size=n, max_size=n), max_size=4),
    )
)


def _all(made: lines.Laid) -> list[str]:
    return [*made.heads, *(line for row in made.rows for line in row)]


@settings(max_examples=150)
@given(TABLES, st.integers(30, 110))
def test_words_stay_whole_and_within_the_page(
    table: tuple[list[str], list[str], list[list[str]]], width: int
) -> None:
    labels, sides, rows = table
    made = lines.laid(labels, sides, rows, width)  # type: ignore[arg-type]
    assert max(map(len, _all(made)), default=0) <= width
    for row, shown in zip(rows, made.rows, strict=True):
        said = [w.rstrip(":") for line in shown for w in line.split() if w != "·"]
        for word in " ".join(row).split():
            assert word in said


def test_a_number_and_its_sign_stay_together() -> None:
    share = "62\N{NO-BREAK SPACE}%"
    assert lines.filled(f"so many of all, {share}", 19).split("\n")[1] == share


def test_labels_get_the_room_that_numbers_do_not_need() -> None:
    label = "a full-time year at $21.50 an hour, the living wage"
    made = lines.laid(
        ("What", "People who reach it"), ("left", "right"), [(label, "1,212")] * 3, 60
    )
    assert all(len(row) == 1 for row in made.rows)


def test_a_table_too_wide_is_set_row_by_row_with_every_number_named() -> None:
    labels = ("When", *(f"Number {i} of people" for i in range(8)))
    row = ("in year 1 after entry", *("1,212",) * 7, "")
    made = lines.laid(labels, ("left", *("right",) * 8), [row], 40)
    assert not made.heads
    assert made.rows[0][0] == "in year 1 after entry"
    text = " ".join(made.rows[0])
    assert "Number 6 of people: 1,212" in text
    assert "Number 7" not in text  # an empty cell says nothing


def test_rows_told_apart_by_two_columns_name_both() -> None:
    labels = ("Stood before", "Stands after", "People who moved there of all")
    made = lines.laid(labels, ("left", "left", "right"), [("rung 1", "rung 2", "9")], 20)
    assert made.rows[0][:2] == ("Stood before: rung 1", "Stands after: rung 2")
