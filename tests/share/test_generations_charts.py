"""Charts and words of two generations, from hand-written answers."""

from __future__ import annotations

import pytest

from rung.finding import (
    Column,
    Counts,
    Dimension,
    Estimand,
    Finding,
    Interval,
    Method,
    Note,
    Part,
    Table,
)
from rung.share import charts, say
from rung.share.release import Inside, Released, release

METHOD = Method(key="rank-rank", assumptions=(Note("ranks-whole"),), sources=("chetty2014",))
FIFTHS = ("lowest fifth", "second fifth", "middle fifth", "fourth fifth", "highest fifth")


def estimand(outcome: str, unit: str) -> Estimand:
    return Estimand(outcome, unit, "children with their parents", "", "mean", "")


def released(answer: Table | Finding) -> Released[Table | Finding]:
    (shown,) = release([answer], Inside())
    return shown  # type: ignore[return-value]


def fifths(hidden: int = 0) -> Table:
    rows = [
        {"parents": a, "children": b, "share": None if i * 5 + j < hidden else 0.1 + 0.01 * (i + j)}
        for i, a in enumerate(FIFTHS)
        for j, b in enumerate(FIFTHS)
    ]
    return Table(
        name="generations-fifths",
        estimand=estimand("where children stand, by where their parents stood", "share"),
        columns=(
            Column("parents", "key", "text"),
            Column("children", "key", "text"),
            Column("share", "value", "share"),
        ),
        rows=tuple(rows),
        dimensions=(Dimension("parents", True), Dimension("children", True)),
        method=METHOD,
    )


def ranks(values: tuple[float | None, ...]) -> Table:
    rows = [
        {
            "percentile": (i + 1) * 20,
            "n": 40,
            "mean_rank": v,
            "low": v and v - 3,
            "high": v and v + 3,
            "fitted_rank": 40.0 + i * 5,
        }
        for i, v in enumerate(values)
    ]
    return Table(
        name="generations-ranks",
        estimand=estimand("mean rank of children by their parents' rank", "number"),
        columns=(
            Column("percentile", "key"),
            Column("n", "denominator", "people"),
            Column("mean_rank", "value"),
            Column("low", "low"),
            Column("high", "high"),
            Column("fitted_rank", "value"),
        ),
        rows=tuple(rows),
        dimensions=(Dimension("percentile", True),),
        method=METHOD,
    )


@pytest.mark.parametrize("width", [charts.WIDE, charts.NARROW])
def test_the_square_has_every_share(width: int) -> None:
    drawn = charts.svg(released(fifths()), width)
    assert drawn is not None
    assert "18\N{NO-BREAK SPACE}%" in drawn
    assert drawn.count("\N{NO-BREAK SPACE}%<") == 25
    assert float(drawn.split('viewBox="0 0 ')[1].split()[0]) <= width


def test_a_hidden_share_is_hatched_and_says_so() -> None:
    drawn = charts.svg(released(fifths(2)))
    assert drawn is not None
    assert drawn.count(">few<") == 2
    assert "url(#" in drawn
    assert charts.svg(released(fifths(25))) is None


def test_dots_stand_along_the_line() -> None:
    drawn = charts.svg(released(ranks((35.0, 42.0, None, 55.0, 61.0))))
    assert drawn is not None
    assert "Parents' rank of 100" in drawn or "Parents&#39; rank of 100" in drawn
    assert charts.svg(released(ranks((None,) * 5))) is None


def test_words_of_the_tables() -> None:
    assert say.words(released(fifths())) == (
        "Of children whose parents are in the lowest fifth, 10\N{NO-BREAK SPACE}% stay there and "
        "14\N{NO-BREAK SPACE}% reach the highest; of those whose parents are in the highest, "
        "18\N{NO-BREAK SPACE}% stay."
    )
    assert say.words(released(ranks((35.0, None, None, None, 61.0)))) == (
        "Mean rank of children by their parents' rank: 35 of 100 where parents rank lowest, 61 "
        "where they rank highest."
    )


def slope(value: float, low: float, high: float) -> Released[Table | Finding]:
    return released(
        Finding(
            estimand=estimand("rank-rank slope of income", "number"),
            value=value,
            interval=Interval(((low, high),), 0.95),
            counts=Counts(1200),
            parts=(Part("everyone", 1200, value),),
            method=METHOD,
            strength="described",
        )
    )


def test_words_of_the_slope() -> None:
    assert say.words(slope(0.341, 0.289, 0.393)) == (
        "Parents who rank 10 points of 100 higher have children who rank 3.4 points higher on "
        "average (1,200 counted). Anything from 2.9 to 3.9 points fits these data."
    )
    assert "1.2 points lower" in say.words(slope(-0.12, -0.3, 0.06))
    assert "−3.0 to 0.6 points" in say.words(slope(-0.12, -0.3, 0.06))
    assert "3.4 puntos más alto" in say.words(slope(0.341, 0.289, 0.393), "es")
