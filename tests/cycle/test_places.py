"""`mobility places` as a verb: words, charts, the map, and that the public sees the same."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from rung import cycle
from rung.cli import main
from rung.errors import PlanError
from rung.finding import Finding, Refusal, Table
from rung.share import charts, say, tables
from rung.share.release import Outside
from tests.mobility import places_files as files

KEYS = ["place", "place-gap", "place-rank", "place-rank-all", "place-overview", "place-peers"]


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
        if released.answer.method.key not in ("place-correlates", "place-overview"):
            for width in (charts.WIDE, charts.NARROW):
                drawn = charts.svg(released, width, "es")
                assert drawn is not None
                assert drawn.startswith("<svg")
            assert charts.describe(released, "es")
    assert "Places" in [h.label for h in tables.table(found[1]).heads]


def test_a_map_of_the_state_with_what_is_missing_hatched(tmp_path: Path) -> None:
    out = tmp_path / "out.svg"
    found = cycle.places(files.atlas(tmp_path / "a.csv"), place="36005", map_to=out)
    assert found.files == (out,)
    drawn = out.read_text()
    assert "nothing known" in drawn
    assert "url(#" in drawn  # the hatch
    answer = found[-1].answer
    assert isinstance(answer, Table)
    assert answer.name == "place-map"
    assert answer.rows[0] == {**answer.rows[0], "code": "36005", "place": "Bronx, New York"}
    assert len(answer.rows) == 20
    assert len(outlines(drawn)) == 62 + 1  # New York's counties, and the Bronx's own outline
    narrow = charts.svg(found[-1], charts.NARROW)
    assert narrow is not None
    assert 'width="320"' in narrow
    assert "36" not in charts.key(found[-1])


def outlines(svg: str) -> list[str]:
    """The shapes of land of a map: outlines longer than a symbol's or a ring's."""
    return [d for d in re.findall(r' d="([^"]+)"', svg) if len(d) > 100]


def test_a_map_of_the_nation_by_county(tmp_path: Path) -> None:
    out = tmp_path / "out.svg"
    found = cycle.places(files.atlas(tmp_path / "a.csv"), place="36005", map_to=out, over="nation")
    answer = found[-1].answer
    assert isinstance(answer, Table)
    assert answer.name == "place-map-nation"
    assert len(answer.rows) == len(files.COUNTIES)
    drawn = out.read_text()
    assert len(outlines(drawn)) == 5 + 1 + 1  # classes, nothing known, the borders of states
    assert len(drawn) < 600_000
    for language in ("en", "es"):
        assert "Bronx" in say.words(found[-1], language)
        assert charts.svg(found[-1], charts.NARROW, language) is not None
    assert "ring" in charts.key(found[-1])
    assert "nation's counties" in charts.describe(found[-1])


def test_a_file_by_state_is_a_map_of_the_states(tmp_path: Path) -> None:
    out, path = tmp_path / "out.svg", files.atlas_states(tmp_path / "s.csv")
    found = cycle.places(path, place="New York", map_to=out)
    answer = found[-1].answer
    assert isinstance(answer, Table)
    assert answer.name == "place-map-states"
    assert answer.rows[0]["code"] == "36"
    assert len(outlines(out.read_text())) == 51 + 1
    value, gap = found[0].answer, found[1].answer
    assert isinstance(value, Finding)
    assert value.estimand.population == "New York"
    assert gap.estimand.contrast == "its peers (10)"
    same = cycle.places(path, place="New York", map_to=tmp_path / "same.svg", over="nation")
    assert (tmp_path / "same.svg").read_text() == out.read_text()
    assert same[0].answer == found[0].answer
    with pytest.raises(PlanError, match="no map over one state"):
        cycle.places(path, place="36", map_to=out, over="state")


def test_what_has_no_map_says_why(tmp_path: Path) -> None:
    zones = files.cz_2014(tmp_path / "cz.xlsx")
    for path, place, kind in (
        (zones, "Town 3", "commuting zone"),
        (files.atlas(tmp_path / "t.csv", "tract"), "36005000102", "census tract"),
    ):
        with pytest.raises(PlanError, match=f"this file is by {kind}"):
            cycle.places(path, place=place, map_to=tmp_path / "o.svg")
        assert not (tmp_path / "o.svg").exists()
    with pytest.raises(PlanError, match="no map was asked for"):
        cycle.places(zones, place="Town 3", over="nation")


def test_a_place_without_a_number_has_no_map(tmp_path: Path) -> None:
    out = tmp_path / "o.svg"
    found = cycle.places(files.atlas(tmp_path / "a.csv"), place=files.COUNTIES[3], map_to=out)
    assert found.files == ()
    assert not out.exists()
    assert isinstance(found[0].answer, Refusal)
    assert [a.answer.method.key for a in found] == ["place", "place-overview"]


def test_all_measures_of_a_place(tmp_path: Path) -> None:
    path = files.social_capital(tmp_path / "s.csv")
    found = cycle.places(path, place="36005", peers=6)
    table = next(a.answer for a in found if a.answer.method.key == "place-overview")
    assert isinstance(table, Table)
    rows = {str(r["column"]): r for r in table.rows}
    assert list(rows) == [
        "ec_county", "child_ec_county", "clustering_county", "volunteering_rate_county",
    ]  # fmt: skip
    assert {r["n_peers"] for r in table.rows} == {6}
    for column, row in rows.items():  # the same as when it is asked for alone
        alone = cycle.places(path, place="36005", peers=6, measure=column)
        assert "place-overview" not in {a.answer.method.key for a in alone}
        value, gap = alone[0].answer, alone[1].answer
        assert isinstance(value, Finding)
        assert isinstance(gap, Finding)
        assert row["value"] == value.value
        assert row["peers"] == pytest.approx(gap.parts[1].value)
        if value.interval is None:
            assert (row["low"], row["standing"]) == (None, "")
            continue
        assert (row["low"], row["high"]) == pytest.approx(value.interval.pieces[0])
        assert gap.interval is not None
        low, high = gap.interval.pieces[0]
        assert row["standing"] == (
            "above its peers" if low > 0 else "below its peers" if high < 0
            else "cannot be told apart"
        )  # fmt: skip
        ranked = alone[2].answer
        assert isinstance(ranked, Finding)
        assert row["rank"] == ranked.value
    assert rows["volunteering_rate_county"]["unit"] == "share"
    grid = tables.table(next(a for a in found if a.answer is table))
    assert "6 %" in {c.text.replace("\N{NO-BREAK SPACE}", " ") for c in grid.rows[3]}
    assert "Unit" not in {h.label for h in grid.heads}


def test_all_measures_by_year_and_with_flags(tmp_path: Path) -> None:
    found = cycle.places(files.urban(tmp_path / "u.csv"), place="36005")
    table = next(a.answer for a in found if a.answer.method.key == "place-overview")
    assert isinstance(table, Table)
    assert {r["period"] for r in table.rows} == {"2022"}
    assert [r["quality"] for r in table.rows][1:] == [2.0, 2.0]
    assert [r["unit"] for r in table.rows] == ["share", "dollars", "dollars"]
    cohorts = cycle.places(files.atlas(tmp_path / "a.csv"), place="36005")
    table = next(a.answer for a in cohorts if a.answer.method.key == "place-overview")
    assert isinstance(table, Table)
    assert [(r["column"], r["period"]) for r in table.rows] == [
        ("kfr_pooled_pooled_p25", ""), ("kir_pooled_pooled_p25_1992", "1992"),
        ("jail_pooled_pooled_p25", ""),
    ]  # fmt: skip


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
    assert len(seeds - {None}) == 1  # the overview draws nothing
    main_words = "pop2018 × 2"
    assert main_words in json.dumps(told, ensure_ascii=False)


def test_what_a_form_can_offer(tmp_path: Path) -> None:
    layout, measures, places = cycle.place_file(files.social_capital(tmp_path / "s.csv"))
    assert layout.key == "social-capital"
    assert measures[0] == "ec_county"
    assert places[0][1].startswith("Town 0")
