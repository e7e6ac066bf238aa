"""`mobility places` as a verb: words, charts, the map, and that the public sees the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rung import cycle
from rung.cli import main
from rung.errors import PlanError
from rung.finding import Table
from rung.share import charts, say, tables
from rung.share.charts import map as maps
from rung.share.release import Outside
from tests.mobility import places_files as files

KEYS = ["place", "place-gap", "place-rank", "place-rank-all", "place-peers"]


@pytest.fixture
def shapes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three square counties in a row, in the layout of us-atlas."""
    arcs, counties = [], []
    for i, code in enumerate(("36001", "36003", "36005")):
        x = -76 + i
        arcs.append([[x, 42], [x, 43], [x + 1, 43], [x + 1, 42], [x, 42]])
        counties.append(
            {"type": "Polygon", "arcs": [[i]], "id": code, "properties": {"name": f"Square {i}"}}
        )
    states = [{"type": "Polygon", "arcs": [[0]], "id": "36", "properties": {"name": "New York"}}]
    topology: dict[str, Any] = {
        "type": "Topology",
        "arcs": arcs,
        "objects": {
            "counties": {"type": "GeometryCollection", "geometries": counties},
            "states": {"type": "GeometryCollection", "geometries": states},
        },
    }
    file = tmp_path / "shapes.json"
    file.write_text(json.dumps(topology))
    monkeypatch.setattr(maps, "_file", lambda: file)
    maps._shapes.cache_clear()


@pytest.fixture
def no_shapes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maps, "_file", lambda: None)


@pytest.mark.usefixtures("no_shapes")
def test_every_answer_is_said_and_drawn_in_both_languages(tmp_path: Path) -> None:
    found = cycle.places(files.atlas(tmp_path / "a.csv"), place="36005", peers=6)
    assert [r.answer.method.key for r in found] == [*KEYS, "place-groups", "place-correlates"]
    urban = cycle.places(files.urban(tmp_path / "u.csv"), place="36005")
    # Urban's files without populations: peers are the state, and nothing to correlate with
    assert {r.answer.method.key for r in urban} == {
        *KEYS, "place-change", "place-groups", "place-trend",
    }  # fmt: skip
    for released in (*found, *urban):
        english, spanish = say.words(released, "en"), say.words(released, "es")
        assert english != spanish
        assert "the " not in spanish
        assert tables.table(released, "es").rows
        if released.answer.method.key != "place-correlates":
            for width in (charts.WIDE, charts.NARROW):
                drawn = charts.svg(released, width, "es")
                assert drawn is not None
                assert drawn.startswith("<svg")
            assert charts.describe(released, "es")
    assert "Places" in [h.label for h in tables.table(found[1]).heads]


@pytest.mark.usefixtures("shapes")
def test_a_map_of_the_state_with_what_is_missing_hatched(tmp_path: Path) -> None:
    out = tmp_path / "out.svg"
    path = files.atlas(tmp_path / "a.csv")
    lines = path.read_text().splitlines()
    blank = lines[2].split(",")
    blank[4] = ""
    path.write_text("\n".join([lines[0], lines[1], ",".join(blank), *lines[3:]]) + "\n")
    found = cycle.places(path, place="36005", map_to=out)
    assert found.files == (out,)
    drawn = out.read_text()
    assert "nothing known" in drawn
    assert "url(#" in drawn  # the hatch
    assert "Square 2, New York" in drawn  # named from the shapes, since the file has codes alone
    answer = found[-1].answer
    assert isinstance(answer, Table)
    assert answer.rows[0]["code"] == "36005"
    assert len(answer.rows) == 20
    narrow = charts.svg(found[-1], charts.NARROW)
    assert narrow is not None
    assert 'width="320"' in narrow
    assert "36" not in charts.key(found[-1])


@pytest.mark.usefixtures("no_shapes")
def test_no_map_without_the_shapes(tmp_path: Path) -> None:
    path = files.social_capital(tmp_path / "s.csv")
    with pytest.raises(PlanError, match="shapes of counties"):
        cycle.places(path, place="36005", map_to=tmp_path / "out.svg")
    assert "place-map" not in {
        r.answer.method.key for r in cycle.places(path, place="36005", with_map=True)
    }


@pytest.mark.usefixtures("shapes")
def test_a_map_is_of_counties(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="drawn of counties"):
        cycle.places(files.cz_2014(tmp_path / "cz.xlsx"), place="Town 3", map_to=tmp_path / "o.svg")


def test_the_packaged_shapes_are_all_of_them() -> None:
    if not maps.installed():
        pytest.skip("the extra rung[maps] is not installed")
    names = maps.county_names()
    assert len(names) > 3_100
    assert names["36061"] == "New York, New York"


def test_the_public_sees_the_same(tmp_path: Path) -> None:
    path = files.social_capital(tmp_path / "s.csv")
    inside = cycle.places(path, place="36005")
    outside = cycle.places(path, place="36005", audience=Outside())
    assert [r.answer for r in inside] == [r.answer for r in outside]
    assert "public" in " ".join(say.caveats(outside[0]))


def test_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(files.social_capital(tmp_path / "s.csv"))
    asked = ["mobility", "places", path, "--place", "36005", "--like", "pop2018:2", "--json"]
    with pytest.raises(SystemExit) as ended:
        main(asked)
    assert not ended.value.code
    told = json.loads(capsys.readouterr().out)
    assert told["verb"] == "mobility places"
    assert told["provenance"]["layout"] == "social-capital"
    seeds = {a["seed"] for a in told["provenance"]["answers"].values()}
    assert len(seeds) == 1
    main_words = "pop2018 × 2"
    assert main_words in json.dumps(told, ensure_ascii=False)


def test_what_a_form_can_offer(tmp_path: Path) -> None:
    layout, measures, places = cycle.place_file(files.social_capital(tmp_path / "s.csv"))
    assert layout.key == "social-capital"
    assert measures[0] == "ec_county"
    assert places[0][1].startswith("Town 0")
