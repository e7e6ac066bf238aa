"""The ladder drawn: bars and flows add up, the comparison is grey, what is hidden says so."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from rung.finding import Column, Dimension, Estimand, Method, Note, Row, Table
from rung.share import charts
from rung.share.release import Inside, Outside, release

MOVES = {(1, 1): 40, (1, 2): 20, (2, 1): 10, (2, 2): 30}


def table(arms: tuple[str, ...] = ("",), moves: dict[tuple[int, int], int] | None = None) -> Table:
    found = moves or MOVES
    before = {i: sum(n for (a, _), n in found.items() if a == i) for i in (1, 2)}
    keys = ("stood_before", "stood_after", *(("arm",) if arms != ("",) else ()))
    rows: list[Row] = [
        {
            "stood_before": f"rung {a} of 5",
            "stood_after": f"rung {b} of 5",
            **({"arm": arm} if arm else {}),
            "n": before[a],
            "moved": n,
            "moved_share": n / before[a],
        }
        for arm in arms
        for (a, b), n in found.items()
    ]
    return Table(
        name="ladder-rungs",
        estimand=Estimand("moves among the five rungs", "share", "people", "", "ladder-rungs", ""),
        columns=(
            *(Column(k, "key", "text") for k in keys),
            Column("n", "denominator", "people"),
            Column("moved", "numerator", "people"),
            Column("moved_share", "value", "share", of=("moved", "n")),
        ),
        rows=tuple(rows),
        dimensions=tuple(Dimension(k, True) for k in keys),
        method=Method("ladder", (Note("ladder-rank-rule"),), ("hhs-guidelines",)),
    )


@pytest.mark.parametrize("width", [charts.WIDE, charts.NARROW])
@pytest.mark.parametrize("arms", [("",), ("offered", "not offered")])
def test_bars_and_flows(width: int, arms: tuple[str, ...]) -> None:
    (released,) = release([table(arms)], Inside())
    svg = charts.svg(released, width)
    assert svg is not None
    said = re.findall(r">([^<>]+)</text>", svg)
    assert said.count("60 %".replace(" ", "\N{NO-BREAK SPACE}")) == len(arms)
    assert said.count("before") == len(arms)
    flows = re.findall(r'<path[^>]*fill="(#[0-9a-f]+)"[^>]*opacity', svg)
    flows += re.findall(r'<path[^>]*opacity[^>]*fill="(#[0-9a-f]+)"', svg)
    assert len(flows) == 4 * len(arms)
    assert ("#8b919b" in svg) == (len(arms) > 1)
    assert all(f"{arm} · 100" in said for arm in arms if arm)
    for name in ("offered", "rung 1 of 5"):
        assert (name in svg) == (name in str(table(arms).rows))
    words = charts.describe(released)
    assert words
    assert charts.key(released)


def test_what_is_hidden_says_so() -> None:
    """Moves of two people are not drawn; those left of their bar are hatched."""
    small = table(moves={(1, 1): 40, (1, 2): 20, (2, 1): 2, (2, 2): 38})
    (outside,) = release([small], Outside())
    answer = outside.answer
    if answer.kind == "table":
        svg = charts.svg(outside)
        assert svg is not None
        assert "too few to publish" in svg
        assert "url(#" in svg
    (inside,) = release([small], Inside())
    assert "too few" not in (charts.svg(inside) or "")


def test_nobody_is_no_chart() -> None:
    empty = [{**row, "n": 0, "moved": 0, "moved_share": None} for row in table().rows]
    (released,) = release([replace(table(), rows=tuple(empty))], Inside())
    assert charts.svg(released) is None
