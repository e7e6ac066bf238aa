"""Ranks, slopes, transitions, elasticities and their errors against R: see r/generations.R.

The R code compares everyone with everyone; `slope_paper` is the formula of Chetverikov and Wilhelm
(2023) as the paper writes it.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from rung.mobility import elasticity, transitions
from rung.mobility.ranks import Cells, Effect, both, tallies

FOLDER = Path(__file__).parent / "generations"
CLOSE = 1e-8


def read(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open() as f:
        return list(csv.DictReader(f))


@cache
def ours(weighted: bool) -> dict[tuple[str, str], tuple[float, float | None]]:
    rows = read("pairs.csv")
    parent, child, weight = (
        np.array([float(r[c]) for r in rows]) for c in ("parent", "child", "weight")
    )
    w = weight if weighted else None
    level = np.array(["abc".index(r["group"]) for r in rows])
    x, y = both(parent, child, w)
    found: dict[tuple[str, str], tuple[float, float | None]] = {}
    cells = Cells.of(x, y, w, level)
    whole = tallies(x, y, w)[0]
    for group, tally, at in [("", whole, None)] + [
        (g, t, i) for i, (g, t) in enumerate(zip("abc", tallies(x, y, w, level, 3), strict=True))
    ]:

        def put(what: str, value: float, effect: Effect, group: str = group) -> None:
            found[group, what] = (value, cells.error(effect))

        put("slope", tally.line[0], cells.line(level=at))
        for rank in (0.25, 0.75):
            put(f"line{rank}", tally.fitted(rank), cells.line(rank, at))
        mean = tally.child[20:30].sum() / tally.joint[20:30].sum()
        put("cell", mean, cells.mean(0.2, 0.3, at))
        put("up", tally.matrix()[0, 4], cells.chance((0, 0.2), (0.8, 1), at))
        for margin, name in ((0, "higher0"), (10, "higher0.1")):
            effect = cells.directed(0, 0.2, margin / 100, level=at)
            put(name, tally.directed(0, 20, margin).share, effect)
    found["", "slope_paper"] = found["", "slope"]
    joint = whole.joint_shares()
    for name, index in transitions.INDICES.items():
        found["", name] = (index(joint), None)
    for i in range(5):
        for j in range(5):
            found["", f"fifths{i + 1}{j + 1}"] = (whole.matrix()[i, j], None)
    kept = (parent > 0) & (child > 0)
    ige = elasticity.log_log(parent[kept], child[kept], None if w is None else w[kept])
    kept = parent > 0
    expected = elasticity.expected(parent[kept], child[kept], None if w is None else w[kept])
    assert ige is not None
    assert expected is not None
    found["", "ige"], found["", "ige_expected"] = (ige.value, ige.se), (expected.value, expected.se)
    return found


@pytest.mark.parametrize(
    "row", read("expected.csv"), ids=lambda r: f"{r['weights']}-{r['group']}-{r['what']}"
)
def test_agrees_with_r(row: dict[str, str]) -> None:
    value, se = ours(row["weights"] == "yes")[row["group"], row["what"]]
    assert value == pytest.approx(float(row["value"]), rel=CLOSE)
    if row["se"]:
        assert se == pytest.approx(float(row["se"]), rel=CLOSE)
