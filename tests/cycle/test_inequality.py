"""`mobility inequality` as a verb: its words, its chart, and what the public may see."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rung import cycle
from rung.cli import main
from rung.errors import PlanError
from rung.finding import Finding, Refusal, Table
from rung.share import charts, say
from rung.share.release import Outside


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two years, three towns; the last one is small."""
    rng = np.random.default_rng(5)
    file = tmp_path_factory.mktemp("people") / "people.csv"
    rows = ["pay,town,year,w"]
    for year, spread in ((2019, 0.5), (2024, 0.7)):
        for town, n in (("north", 120), ("south", 80), ("mill", 5)):
            pay = rng.lognormal(10, spread, n)
            rows += [f"{p:.2f},{town},{year},{rng.integers(1, 4)}" for p in pay]
    file.write_text("\n".join(rows) + "\n")
    return file


def test_everything_is_told_and_said_in_both_languages(people: Path) -> None:
    found = cycle.inequality(people, income="pay", weights="w", by="town", over="year")
    names = [a.name if isinstance(a, Table) else a.method.key for a in (r.answer for r in found)]
    assert names == [
        "gini", "gini-change", "inequality", "lorenz", "inequality-groups", "inequality-parts",
        "inequality-periods", "inequality-change",
    ]  # fmt: skip
    for released in found:
        english, spanish = say.words(released, "en"), say.words(released, "es")
        assert english != spanish
        assert "pay" in spanish
        assert "NaN" not in english
    assert say.headline(found[1]) == (
        "Pay became more unequal from 2019 to 2024: the Gini coefficient went from 0.27 to 0.36."
    )
    assert "has 1.5 times as much as the four tenths" in say.words(found[2])
    assert say.words(found[3]).startswith("The 50")


def test_the_curve_is_drawn_at_both_widths(people: Path) -> None:
    released = next(
        r for r in cycle.inequality(people, income="pay") if r.answer.method.key == "lorenz"
    )
    for width in (charts.WIDE, charts.NARROW):
        drawn = charts.svg(released, width)
        assert drawn is not None
        assert "same for all" in drawn
        assert float(drawn.split('width="')[1].split('"')[0]) <= width
    assert "410 people counted" in charts.describe(released)
    assert "Band" in charts.key(released)


def test_the_public_does_not_see_five_people(people: Path) -> None:
    found = cycle.inequality(people, income="pay", by="town", over="year", audience=Outside())
    groups = next(a for a in (r.answer for r in found) if a.method.key == "inequality-groups")
    assert isinstance(groups, Table)
    shown = {r["town"]: r for r in groups.rows}
    assert "mill" not in shown  # a file's group of five is not even named
    told = [t for t in ("north", "south") if t in shown and shown[t]["n"] is not None]
    assert len(told) == 1  # nor is a second one, from which the five could be taken
    assert all(r["gini"] is None for r in shown.values() if r["n"] is None)
    assert any(say.words(r) for r in found)


def test_fewer_than_ten_people_are_not_told_to_the_public(tmp_path: Path) -> None:
    file = tmp_path / "few.csv"
    file.write_text("pay\n" + "".join(f"{i}\n" for i in range(1, 9)))
    found = cycle.inequality(file, income="pay", audience=Outside())
    assert all(isinstance(r.answer, Refusal) for r in found)


def test_the_terminal(people: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["mobility", "inequality", str(people), "--income", "pay", "--json"])
    assert not ended.value.code
    told = json.loads(capsys.readouterr().out)
    assert told["verb"] == "mobility inequality"
    assert {a["kind"] for a in told["answers"]} == {"finding", "table"}
    with pytest.raises(SystemExit) as ended:
        main(["mobility", "inequality", str(people), "--income", "wage", "--json"])
    assert ended.value.code == 11
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "PLAN-no-column"
    with pytest.raises(PlanError):
        cycle.inequality(people, income="pay", level=1.5)


def test_two_files_tell_what_one_with_both_tells(people: Path, tmp_path: Path) -> None:
    head, *rows = people.read_text().splitlines()
    files = {year: tmp_path / f"people-{year}.csv" for year in ("2019", "2024")}
    for year, file in files.items():
        file.write_text("\n".join([head, *(r for r in rows if r.split(",")[2] == year)]) + "\n")
    asked: dict[str, Any] = {"income": "pay", "weights": "w", "by": "town"}
    one = [r.answer for r in cycle.inequality(people, over="year", **asked)]
    found = cycle.inequality(files["2024"], against=files["2019"], **asked)
    two = [r.answer for r in found]
    assert [a.method.key for a in two] == [a.method.key for a in one]
    for a, b in zip(one, two, strict=True):
        if isinstance(a, Table) and isinstance(b, Table):
            x, y = ([tuple(r.values())[1:] for r in t.rows] for t in (a, b))
            assert x == y
        elif isinstance(a, Finding) and isinstance(b, Finding):
            assert (a.value, a.interval, a.counts) == (b.value, b.interval, b.counts)
    assert "from people-2019 to people-2024" in say.headline(found[1])
    assert len(found[1].answer.origin.inputs) == 2
    with pytest.raises(PlanError, match="in two ways"):
        cycle.inequality(files["2024"], against=files["2019"], over="year", **asked)


def test_two_files_of_one_name(people: Path, tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    old = tmp_path / "old" / people.name
    old.write_bytes(people.read_bytes())
    found = cycle.inequality(people, income="pay", against=old)
    change = found[1].answer
    assert isinstance(change, Finding)
    assert [p.group for p in change.parts] == [f"{people.parent.name}/people.csv", "old/people.csv"]
    assert change.value == 0
    same = cycle.inequality(people, income="pay", against=people)[1].answer
    assert isinstance(same, Finding)
    assert [p.group for p in same.parts] == ["people (2)", "people (1)"]
