"""Rows of text for every answer, and Excel that cannot run anything."""

from __future__ import annotations

from dataclasses import replace

from rung.finding import Part
from rung.share import tables
from rung.share.release import Inside, Outside, release
from tests.share import examples

HIDDEN = examples.gap({"women": (180, 90), "men": (110, 50), "other": (12, 2)})


def text(grid: tables.Grid) -> list[list[str]]:
    return [[c.text.replace("\N{NO-BREAK SPACE}", " ") for c in row] for row in grid.rows]


def test_a_journey_is_a_row_a_milestone() -> None:
    grid = tables.table(release([examples.journey()], Outside())[0])
    assert [h.label for h in grid.heads] == [
        "Milestone", "Counted", "Reached", "Share", "Range",
        "All who entered", "Reached so far", "In progress", "Lost",
    ]  # fmt: skip
    assert text(grid)[3] == [
        "Completed",
        "412",
        "151",
        "37 %",
        "32 to 42 %",
        "452",
        "151",
        "127",
        "174",
    ]
    assert [h.align for h in grid.heads[:2]] == ["left", "right"]


def test_hidden_cells_say_so_and_empty_ones_do_not() -> None:
    grid = tables.table(release([HIDDEN], Outside())[0])
    other = grid.rows[2]
    assert other[0].text == "gender"
    assert other[3].text == "too few to publish"
    assert other[3].hidden
    assert grid.notes[0].startswith("“Too few to publish” does not mean")
    inside = tables.table(release([HIDDEN], Inside())[0])
    assert not any(c.hidden for row in inside.rows for c in row)
    assert inside.notes == ()


def test_a_difference_shows_both_sides_and_its_range() -> None:
    grid = tables.table(release([examples.difference(1794.34, 550.57, 3038.11)], Inside())[0])
    assert text(grid) == [
        ["offered", "185", "$6,350", ""],
        ["not offered", "260", "$4,550", ""],
        ["Difference", "445", "$1,790 more", "$550 more to $3,040 more"],
    ]
    shares = (Part("a", 100, 0.4, 40), Part("b", 100, 0.3, 30))
    grid = tables.table(
        release([examples.difference(0.1, -0.03, 0.23, unit="share", parts=shares)], Inside())[0]
    )
    assert text(grid)[2][-2:] == ["10 in 100 more", "3 in 100 less to 23 in 100 more"]


def test_a_refusal_has_no_rows() -> None:
    grid = tables.table(release([examples.level(1, 9)], Outside())[0])
    assert grid.rows == ()
    assert ": Too few people" in grid.notes[0]


def test_every_row_is_as_wide_as_its_head() -> None:
    for answer in (examples.arms(), examples.forest(), HIDDEN, examples.level(30, 90)):
        for audience in (Inside(), Outside()):
            grid = tables.table(release([answer], audience)[0])
            assert {len(row) for row in grid.rows} == {len(grid.heads)}


def test_a_column_of_ranges_stands_only_where_there_is_one() -> None:
    forest = examples.forest()
    ranged = {h.label for h in tables.table(release([forest], Inside())[0]).heads}
    low, high = (next(c.name for c in forest.columns if c.role == r) for r in ("low", "high"))
    bare = replace(forest, rows=tuple({**r, low: None, high: None} for r in forest.rows))
    alone = {h.label for h in tables.table(release([bare], Inside())[0]).heads}
    assert len(ranged - alone) == 1
