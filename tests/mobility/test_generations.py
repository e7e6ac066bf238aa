"""`rung mobility generations`, from a file to released answers."""

from __future__ import annotations

import csv
import doctest
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rung import cycle
from rung.cli import main
from rung.errors import PlanError, ReleaseError
from rung.finding import Finding, Refusal, Table
from rung.mobility.copula import PercentileMatrix
from rung.records.prices import Prices
from rung.records.query import Session
from rung.share.release import Outside


def write(file: Path, head: Sequence[Any], rows: Any) -> Path:
    with file.open("w", newline="") as f:
        out = csv.writer(f)
        out.writerow(head)
        out.writerows(rows)
    return file


def simulated(n: int = 600, seed: int = 4) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    z, u = rng.standard_normal((2, n))
    parent = np.round(np.exp(10.4 + 0.7 * z), 2)
    child = np.round(np.exp(10.8 + 0.8 * (0.4 * z + 0.9 * u)), 2)
    parent[parent < 11000] = 0
    return {
        "parent": parent,
        "later": np.round(parent * np.exp(0.3 * rng.standard_normal(n)), 2),
        "child": child,
        "weight": np.round(rng.uniform(0.5, 2, n), 3),
        "place": np.where(np.arange(n) % 3 == 0, "hill", "valley"),
    }


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    made = simulated()
    return write(tmp_path / "pairs.csv", list(made), zip(*made.values(), strict=True))


def answers(path: Path | None, **asked: Any) -> dict[str, Any]:
    """Answers by their method's key or table's name."""
    found = cycle.generations(path, **asked)
    named = {}
    for released in found:
        a = released.answer
        key = a.name if isinstance(a, Table) else a.method.key
        named[key if key not in named else f"{key}-2"] = a
    return named


ASKED: dict[str, Any] = {"parent": ["parent"], "child": ["child"]}


def test_every_answer_of_linked_pairs(pairs: Path) -> None:
    found = answers(pairs, **ASKED, by="place", parent_year=2010, child_year=2010)
    assert set(found) == {
        "rank-rank", "expected-rank-line", "expected-rank-line-2", "expected-rank-cell",
        "expected-rank-cell-2", "transition-share", "absolute-mobility",
        "intergenerational-elasticity", "generations-zeros", "generations-ranks",
        "generations-fifths", "generations-stays", "generations-indices", "generations-direction",
        "generations-slope", "generations-expected-25", "generations-expected-75",
        "generations-up", "generations-above",
    }  # fmt: skip
    made = simulated()
    above = int((made["child"] > made["parent"]).sum())
    absolute = found["absolute-mobility"]
    assert isinstance(absolute, Finding)
    assert (absolute.value, absolute.parts[0].numerator) == (above / 600, above)
    assert absolute.estimand.dollar_year == 2010
    fifths = found["generations-fifths"]
    assert [r["n"] for r in fifths.rows[::5]] == [
        sum(int(r["reached"]) for r in fifths.rows[i : i + 5]) for i in range(0, 25, 5)
    ]
    ids = [a.id for a in found.values()]
    assert len(set(ids)) == len(ids)


def test_groups_keep_the_ranks_of_everyone(pairs: Path) -> None:
    """The expected rank of everyone is made of the groups' mean ranks; shares add up by people."""
    found = answers(pairs, **ASKED, by="place", parent_year=2010, child_year=2010)
    rows = {r["group"]: r for r in found["generations-above"].rows}
    assert rows["everyone"]["n"] == rows["hill"]["n"] + rows["valley"]["n"] == 600
    assert rows["everyone"]["reached"] == rows["hill"]["reached"] + rows["valley"]["reached"]
    up = {r["group"]: r for r in found["generations-up"].rows}
    assert up["everyone"]["n"] == up["hill"]["n"] + up["valley"]["n"]


def test_a_group_without_a_pair_has_no_number(tmp_path: Path) -> None:
    rows: list[Any] = [(p, c, "here") for p, c in TWELVE] + [("", 30000, "there"), (1, 2, "")]
    file = write(tmp_path / "pairs.csv", ["parent", "child", "place"], rows)
    found = answers(file, **ASKED, by="place", parent_year=2010, child_year=2010)
    for name, value in (
        ("generations-slope", "slope"),
        ("generations-expected-25", "expected_rank"),
        ("generations-up", "share"),
        ("generations-above", "share"),
    ):
        rows_ = {r["group"]: r for r in found[name].rows}
        assert list(rows_) == ["everyone", "here", "there", "not recorded"]
        assert rows_["here"][value] is not None
        assert rows_["there"]["n"] == 0
        assert rows_["there"][value] is None
    assert found["generations-slope"].rows[3]["slope"] is None  # one pair


def test_weights_count_and_their_shares_are_not_ratios(pairs: Path) -> None:
    plain = answers(pairs, **ASKED)
    weighted = answers(pairs, **ASKED, weights="weight")
    assert plain["rank-rank"].value != weighted["rank-rank"].value
    assert next(c for c in plain["generations-fifths"].columns if c.name == "share").of
    assert not next(c for c in weighted["generations-fifths"].columns if c.name == "share").of


def test_prices_turn_parents_dollars_into_childrens(pairs: Path, tmp_path: Path) -> None:
    """Prices double: a parent's 20,000 are 40,000."""
    index = [(y, m, v) for y, v in ((1980, 50), (2010, 100)) for m in range(1, 13)]
    prices = write(tmp_path / "prices.csv", ["year", "month", "value"], index)
    found = answers(pairs, **ASKED, parent_year=1980, child_year=2010, prices=prices)
    made = simulated()
    expected = float((made["child"] > 2 * made["parent"]).mean())
    assert found["absolute-mobility"].value == pytest.approx(expected)
    assert Prices.read(prices).of_year(2010) == 2 * Prices.read(prices).of_year(1980)


def test_without_years_nobody_has_more_and_the_rest_is_told(pairs: Path) -> None:
    found = answers(pairs, **ASKED, parent_year=1980)
    assert isinstance(found["absolute-mobility"], Refusal)
    assert found["absolute-mobility"].code == "ANS-dollar-years"
    assert isinstance(found["rank-rank"], Finding)


def test_several_years_are_averaged_and_fewer_are_shown(pairs: Path) -> None:
    found = answers(pairs, parent=["parent", "later"], child=["child"])
    first, both = found["generations-years"].rows
    assert first["slope"] == answers(pairs, **ASKED)["rank-rank"].value
    assert both["slope"] == found["rank-rank"].value
    assert found["generations-years"].caveats[0].code in ("tied-parents-zero", "one-year-children")


def test_who_is_left_out_is_counted(tmp_path: Path) -> None:
    rows: list[Any] = [(20000 + 500 * i, 30000 + (i * 7919) % 9000, 1 + i % 2) for i in range(20)]
    rows += [("", 30000, 1), (20000, "", 1), (20100, "", 1), ("", "", 1), (21000, 31000, 0)]
    file = write(tmp_path / "pairs.csv", ["parent", "child", "w"], rows)
    found = answers(file, **ASKED, weights="w")["rank-rank"]
    assert found.counts.analysed == 20
    assert {e.reason: e.n for e in found.counts.excluded} == {
        "parent-income-missing": 1,
        "child-income-missing": 2,
        "both-incomes-missing": 1,
        "weight-missing": 1,
    }


TWELVE = [(20000 + 900 * i, 25000 + (i * 7919) % 30000) for i in range(12)]


@pytest.mark.parametrize(
    ("rows", "more", "code"),
    [
        ([(p, "") for p, _ in TWELVE], {}, "ANS-one-generation"),
        ([(p, "") if i % 2 else ("", c) for i, (p, c) in enumerate(TWELVE)], {},
         "ANS-one-generation"),
        (TWELVE[:9], {}, "ANS-few-pairs"),
        ([(20000, c) for _, c in TWELVE], {}, "ANS-one-rank"),
    ],
)  # fmt: skip
def test_what_cannot_be_ranked_is_refused(
    tmp_path: Path, rows: list[Any], more: dict[str, Any], code: str
) -> None:
    file = write(tmp_path / "pairs.csv", ["parent", "child"], rows)
    outcome = cycle.generations(file, **ASKED, **more)
    assert outcome.refused
    assert outcome[0].answer.code == code  # type: ignore[union-attr]


def test_numbers_without_end_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "pairs.parquet"
    with Session(threads=1) as s:
        s.connection.execute(
            f"""COPY (SELECT CAST(i AS DOUBLE) AS parent,
                  CASE i WHEN 3 THEN CAST('Infinity' AS DOUBLE) ELSE i END AS child
                FROM range(20) t(i)) TO '{file}'"""
        )
    assert answers(file, **ASKED)["rank-rank"].code == "ANS-not-finite"


def test_weights_of_zero_or_below(tmp_path: Path) -> None:
    head = ["parent", "child", "w"]
    file = write(tmp_path / "pairs.csv", head, [(*r, 0) for r in TWELVE])
    outcome = cycle.generations(file, **ASKED, weights="w")
    assert outcome[0].answer.code == "ANS-no-weight"  # type: ignore[union-attr]
    file = write(
        tmp_path / "pairs.csv", head, [(*r, 1 - 2 * (i == 4)) for i, r in enumerate(TWELVE)]
    )
    with pytest.raises(PlanError) as caught:
        cycle.generations(file, **ASKED, weights="w")
    assert caught.value.code == "PLAN-weights-negative"


def test_incomes_below_zero_have_ranks_and_no_elasticity(tmp_path: Path) -> None:
    rows = [(-500, TWELVE[0][1]), *TWELVE[1:]]
    found = answers(write(tmp_path / "pairs.csv", ["parent", "child"], rows), **ASKED)
    assert found["intergenerational-elasticity"].code == "ANS-negative-income"
    assert isinstance(found["rank-rank"], Finding)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({}, "PLAN-generations"),
        ({"parent": ["parent"]}, "PLAN-generations"),
        ({"parent": ["parnet"], "child": ["child"]}, "PLAN-no-column"),
        ({"parent": ["place"], "child": ["child"]}, "PLAN-generation-kind"),
        ({**ASKED, "weights": "place"}, "PLAN-weights-kind"),
        ({**ASKED, "margin": 5}, "PLAN-margin"),
        ({**ASKED, "matrix": Path("m.csv")}, "PLAN-unused"),
        ({**ASKED, "unlinked": True, "by": "place"}, "PLAN-unused"),
        ({**ASKED, "unlinked": True, "margin": 10}, "PLAN-unused"),
        ({**ASKED, "unlinked": True, "write_matrix": Path("m.csv")}, "PLAN-unused"),
        ({**ASKED, "unlinked": True, "level": 0.9}, "PLAN-unused"),
        ({**ASKED, "level": 1.0}, "PLAN-level"),
    ],
)
def test_a_question_that_is_not_whole(pairs: Path, asked: dict[str, Any], code: str) -> None:
    with pytest.raises(PlanError) as caught:
        cycle.generations(pairs, **asked)
    assert caught.value.code == code


def test_two_lists_that_are_not_linked(pairs: Path, tmp_path: Path) -> None:
    matrix = tmp_path / "m.csv"
    ranks = list(range(1, 101))
    write(matrix, ["parent_rank", *ranks], [(r, *[0.01] * 100) for r in ranks])
    years: dict[str, Any] = {"parent_year": 2010, "child_year": 2010}
    found = answers(pairs, **ASKED, unlinked=True, matrix=matrix, **years)
    rows = {r["who_comes_from_where"]: r for r in found["generations-bounds"].rows}
    made = simulated()
    exact = float((made["child"][None, :] > made["parent"][:, None]).mean())
    assert rows["where one starts says nothing"]["share"] == pytest.approx(exact)
    assert found["absolute-copula"].value == pytest.approx(exact)
    any_ = rows["nothing is known of it (bounds)"]
    assert any_["low"] <= (made["child"] > made["parent"]).mean() <= any_["high"]
    refused = answers(pairs, **ASKED, unlinked=True)
    assert [a.code for a in refused.values()] == ["ANS-dollar-years"]


def test_outside_small_groups_are_not_told(tmp_path: Path) -> None:
    made = simulated(300)
    made["place"] = np.array(["tiny"] * 4 + ["hill", "valley"] * 148)
    file = write(tmp_path / "pairs.csv", list(made), zip(*made.values(), strict=True))
    outcome = cycle.generations(file, **ASKED, by="place", audience=Outside())
    slopes = next(r.answer for r in outcome if getattr(r.answer, "name", "") == "generations-slope")
    assert isinstance(slopes, Table)
    shown = {str(r["group"]): r for r in slopes.rows}
    assert "tiny" not in shown  # a name that stands in a file may be a person's
    few = shown["groups too small to name"]
    assert few["slope"] is None
    assert few["n"] is None
    assert len({"hill", "valley"} & set(shown)) == 1  # or the four could be worked out
    for at in (2, 4):  # three people in a percentile
        assert outcome[at].answer.method.key == "expected-rank-cell"
        assert outcome[at].answer.kind == "refusal"


def test_a_published_matrix_is_shown_exactly(tmp_path: Path) -> None:
    ranks = list(range(1, 101))
    file = write(tmp_path / "m.csv", ["child_rank", *ranks], [(r, *[0.01] * 100) for r in ranks])
    outcome = cycle.generations(matrix=file, audience=Outside())
    assert outcome[0].answer.value == pytest.approx(0, abs=1e-12)  # type: ignore[union-attr]
    assert all(r.exempt for r in outcome)
    with pytest.raises(PlanError) as caught:
        cycle.generations(matrix=file, parent=["p"], margin=10)
    assert {p.params["option"] for p in caught.value.problems} == {"--parent", "--margin"}


def test_the_matrix_of_percentiles_can_be_written_and_read(pairs: Path, tmp_path: Path) -> None:
    """Put on the same incomes, it gives back the share above that linked pairs have, nearly."""
    file = tmp_path / "matrix.csv"
    years: dict[str, Any] = {"parent_year": 2010, "child_year": 2010}
    linked = cycle.generations(pairs, **ASKED, **years, write_matrix=file)
    assert linked.files == (file,)
    matrix = PercentileMatrix.read(file)
    assert matrix.shares.sum(axis=0) == pytest.approx(np.ones(100))
    assert matrix.shares.sum(axis=1) == pytest.approx(np.ones(100))
    found = answers(pairs, **ASKED, unlinked=True, matrix=file, **years)
    made = simulated()
    exact = float((made["child"] > made["parent"]).mean())
    assert found["absolute-copula"].value == pytest.approx(exact, abs=0.005)
    with pytest.raises(ReleaseError) as caught:
        cycle.generations(pairs, **ASKED, audience=Outside(), write_matrix=file)
    assert caught.value.code == "OUT-too-few"


def test_the_terminal_tells_it(pairs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["mobility", "generations", str(pairs), "--parent", "parent", "--child", "child"]
    with pytest.raises(SystemExit) as stopped:
        main([*command, "--json"])
    assert stopped.value.code == 0
    document = json.loads(capsys.readouterr().out)
    assert document["verb"] == "mobility generations"
    assert document["answers"][0]["method"]["key"] == "rank-rank"
    with pytest.raises(SystemExit):
        main([*command, "--language", "es"])
    told = capsys.readouterr().out
    assert "10 puntos de 100" in told
    assert "lowest fifth" not in told
    assert "income" not in told


def test_the_page_about_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = Path(__file__).parents[2] / "docs/generations.md"
    failed, tried = doctest.testfile(str(page), module_relative=False)
    assert tried > 10
    assert not failed
