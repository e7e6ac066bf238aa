"""Places: files as they are downloaded, peers, ranks, shrinkage, and what is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rung.errors import CannotAnswer, PlanError, RecordsError
from rung.finding import Finding, Refusal, Table
from rung.mobility.places import answers, compare, reading
from rung.mobility.places.answers import Asked
from rung.mobility.places.compare import peers, rank, rank_set, shrink, spearman
from rung.mobility.places.layouts import recognise
from tests.mobility import places_files as files

# -- files


def test_every_layout_is_told_by_its_header(tmp_path: Path) -> None:
    made = {
        "atlas": files.atlas(tmp_path / "a.csv"),
        "atlas-map": files.atlas_map(tmp_path / "m.csv"),
        "social-capital": files.social_capital(tmp_path / "s.csv"),
        "urban": files.urban(tmp_path / "u.csv"),
        "cz-2014": files.cz_2014(tmp_path / "cz.xlsx"),
    }
    usual = {}
    for key, path in made.items():
        layout, measures = reading.measures(path, tmp_path)
        assert layout.key == key
        usual[key] = (layout.level, measures[0].column)
    assert usual == {
        "atlas": ("county", "kfr_pooled_pooled_p25"),
        "atlas-map": ("county", "Household_Income_rP_gP_p25"),
        "social-capital": ("county", "ec_county"),
        "urban": ("county", "share_employed"),
        "cz-2014": ("cz", "AM, 80-82 Cohort"),
    }


def test_a_header_that_is_none_of_them() -> None:
    assert recognise(["id", "earnings", "county"]) is None
    assert recognise(["year", "state", "county", "share_employed"]) is None  # no quality: not Urban
    assert recognise(["kfr_pooled_pooled_p25"]) is None  # of no place


def test_errors_and_groups_of_the_atlas(tmp_path: Path) -> None:
    found = reading.open_places(files.atlas(tmp_path / "a.csv"), tmp_path)
    assert found.measure.se == "kfr_pooled_pooled_p25_se"
    assert found.ids == tuple(files.COUNTIES)
    assert list(found.likeness) == ["pooled_pooled_count"]
    assert set(found.groups) == {
        "everyone", "female", "Black people", "Black people, female", "White people",
        "White people, female",
    }  # fmt: skip
    assert np.isnan(found.value[3])
    assert np.isnan(found.se[3])  # an error of nothing
    assert found.find("36005") == found.find("36-005") == 2
    jail = reading.open_places(tmp_path / "a.csv", tmp_path, measure="JAIL_pooled_pooled_p25")
    assert jail.measure.unit == "share"


def test_tracts_have_whole_codes(tmp_path: Path) -> None:
    found = reading.open_places(files.atlas(tmp_path / "t.csv", "tract"), tmp_path)
    assert found.layout.level == "tract"
    assert found.ids[0] == "36001000100"


def test_cohorts_of_the_atlas_are_its_past(tmp_path: Path) -> None:
    path = files.atlas(tmp_path / "a.csv")
    found = reading.open_places(path, tmp_path, measure="kir_pooled_pooled_p25_1992")
    assert list(found.periods) == ["1978", "1992"]
    assert set(found.periods["1978"]) == set(files.COUNTIES)


def test_a_maps_codes_lose_their_letters(tmp_path: Path) -> None:
    found = reading.open_places(files.atlas_map(tmp_path / "m.csv"), tmp_path)
    assert found.ids[0] == "36001"
    assert found.measure.unit == "dollars"
    assert found.find("county 2, ny") == 2


def test_urbans_ranges_flags_years_and_groups(tmp_path: Path) -> None:
    found = reading.open_places(files.urban(tmp_path / "u.csv"), tmp_path)
    assert found.period == "2022"
    assert list(found.periods) == ["2018", "2022"]
    assert set(found.groups) == {"Black, Non-Hispanic", "Hispanic"}
    assert found.measure.quality == "share_employed_quality"
    assert set(found.quality) <= {1.0, 2.0, 3.0}
    assert np.isnan(found.groups["Hispanic"][0][1])  # NA
    assert found.unread == 0
    income = reading.open_places(tmp_path / "u.csv", tmp_path, measure="pctl_income_20")
    assert income.measure.quality == "pctl_quality"  # one flag behind several measures
    assert income.measure.unit == "dollars"


def test_cities_of_urban(tmp_path: Path) -> None:
    found = reading.open_places(files.urban(tmp_path / "u.csv", place=True), tmp_path)
    assert found.layout.level == "place"
    assert found.ids[0] == "3600100"


def test_the_wide_files_are_narrowed(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    head = ["state", "county", "kfr_pooled_pooled_p25", "kfr_pooled_pooled_p25_se"]
    head += [f"kir_black_female_p{i}" for i in range(4200)]
    rows = [[*r, *["0.1"] * 4200] for r in (["36", "1", "0.4", "0.01"], ["36", "3", "0.5", "0.01"])]
    path.write_text("\n".join(",".join(r) for r in [head, *rows]) + "\n")
    found = reading.open_places(path, tmp_path)
    assert found.value.tolist() == [0.4, 0.5]


def test_characteristics_of_another_file(tmp_path: Path) -> None:
    other = tmp_path / "covariates.csv"
    lines = [f"{int(c[:2])},{int(c[2:])},{i / 50}" for i, c in enumerate(files.COUNTIES)]
    other.write_text("state,county,poor_share2010\n" + "\n".join(lines) + "\n")
    path = files.atlas(tmp_path / "a.csv")
    found = reading.open_places(
        path, tmp_path, like=("poor_share2010", "pooled_pooled_count"), characteristics=other
    )
    assert set(found.likeness) == {"poor_share2010", "pooled_pooled_count"}
    assert found.likeness["poor_share2010"][2] == pytest.approx(2 / 50)
    with pytest.raises(PlanError, match="no column named poor"):
        reading.open_places(path, tmp_path, like=("poor",))
    with pytest.raises(PlanError, match="no column named poor"):
        reading.open_places(path, tmp_path, like=("poor",), characteristics=other)
    other.write_text("cz,poor_share2010\n100,0.2\n")
    with pytest.raises(PlanError, match="by commuting zone"):
        reading.open_places(path, tmp_path, like=("poor_share2010",), characteristics=other)


def test_what_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n3,4\n")
    with pytest.raises(RecordsError, match="not a file of places"):
        reading.open_places(path, tmp_path)
    path = files.social_capital(tmp_path / "s.csv")
    path.write_text(path.read_text() + path.read_text().splitlines()[1] + "\n")
    with pytest.raises(RecordsError, match="more than once"):
        reading.open_places(path, tmp_path)
    path = files.atlas(tmp_path / "a.csv")
    with pytest.raises(PlanError, match="no measure"):
        reading.open_places(path, tmp_path, measure="kfr_martian_p25")
    found = reading.open_places(path, tmp_path)
    with pytest.raises(PlanError, match="no place Gotham"):
        found.find("Gotham")
    with pytest.raises(PlanError, match="name of 11 places"):
        reading.open_places(files.social_capital(tmp_path / "s.csv"), tmp_path).find("town 2")


# -- comparing


def test_peers_are_the_nearest_in_deviations_and_sizes_in_proportion() -> None:
    like = {"population": np.array([1e4, 2e4, 1e6, 1.1e4, np.nan]), "poor": np.zeros(5)}
    found = peers(like, 0, 3)
    assert found.rows.tolist() == [3, 1, 2]
    spread = np.nanstd(np.log(like["population"]))
    assert found.distance[1] == pytest.approx(np.log(2) / spread / np.sqrt(2))
    heavier = peers(like, 0, 3, {"population": 3.0})
    assert heavier.distance[1] == pytest.approx(np.log(2) / spread * np.sqrt(3 / 4))
    assert not len(peers(like, 4, 3).rows)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-5, 5), min_size=4, max_size=30), st.floats(0.1, 100), st.floats(-9, 9))
def test_the_unit_of_a_characteristic_changes_no_peer(
    x: list[float], scale: float, shift: float
) -> None:
    a = np.round(np.array(x), 3)
    one, two = (peers({"poor": v}, 0, 50) for v in (a, scale * a + shift))
    np.testing.assert_allclose(one.distance, two.distance, atol=1e-6)


def test_shrinkage_pulls_the_less_sure_further() -> None:
    y, se = np.array([0.0, 1.0, 2.0, 3.0, 3.0, np.nan]), np.array([0.1, 0.1, 0.1, 0.1, 1.5, 0.1])
    found = shrink(y, se)
    assert found is not None
    assert found.mean < found.value[4] < found.value[3] < 3
    assert found.reliability[4] < found.reliability[3]
    assert np.isnan(found.value[5])
    same = shrink(np.array([1.0, 1.01, 0.99, 1.0]), np.full(4, 0.5))
    assert same is not None
    assert same.tau2 == 0.0  # nothing between places beyond error: all are the mean
    assert same.value == pytest.approx([1.0] * 4)
    assert shrink(y[:2], se[:2]) is None


def test_ranks_without_error_are_certain_and_with_much_error_anything() -> None:
    y = np.array([5.0, 4.0, 3.0, 2.0, 1.0])
    assert [rank_set(y, np.zeros(5), j, 0.95) for j in range(5)] == [(j, j) for j in range(1, 6)]
    assert rank_set(y, np.full(5, 50.0), 2, 0.95) == (1, 5)
    assert rank(np.array([3.0, 3.0, 1.0]), 1) == 1
    assert rank_set(y, np.full(5, 0.3), 0, 0.95, seed=1) == rank_set(
        y, np.full(5, 0.3), 0, 0.95, seed=1
    )


def test_ranks_among_very_many_are_bounded_a_little_wider(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    y, se = rng.normal(0, 1, 400), rng.uniform(0.1, 0.3, 400)
    drawn = rank_set(y, se, 7, 0.95, draws=4_000)
    monkeypatch.setattr(compare, "MOST_DRAWN", 10)
    bound = rank_set(y, se, 7, 0.95)
    assert bound[0] <= drawn[0] <= drawn[1] <= bound[1]
    assert (bound[1] - bound[0]) - (drawn[1] - drawn[0]) < 20


def coverage(samples: int) -> float:
    """How often the set holds the true rank of a place in the middle of twenty."""
    rng, held = np.random.default_rng(3), 0
    truth = np.linspace(0, 1, 20)
    se = np.linspace(0.03, 0.12, 20)
    for i in range(samples):
        low, high = rank_set(truth + se * rng.standard_normal(20), se, 9, 0.95, draws=500, seed=i)
        held += low <= rank(truth, 9) <= high
    return held / samples


def test_the_rank_set_holds_the_true_rank() -> None:
    assert coverage(300) >= 0.92


@pytest.mark.deep
def test_the_rank_set_holds_the_true_rank_often_enough() -> None:
    assert coverage(5_000) >= 0.945


def test_shrunken_estimates_are_nearer_the_truth_and_their_ranges_hold() -> None:
    rng, raw, pulled, held = np.random.default_rng(8), 0.0, 0.0, 0
    for _ in range(60):
        truth, se = rng.normal(0.42, 0.03, 80), rng.uniform(0.005, 0.08, 80)
        y = truth + se * rng.standard_normal(80)
        found = shrink(y, se)
        assert found is not None
        raw += float(np.mean((y - truth) ** 2))
        pulled += float(np.mean((found.value - truth) ** 2))
        held += int(np.sum(np.abs(found.value - truth) <= 1.96 * found.se))
    assert pulled < 0.5 * raw
    assert held / (60 * 80) == pytest.approx(0.945, abs=0.015)


def test_rank_correlation_needs_places_and_variation() -> None:
    x = np.arange(12.0)
    assert spearman(x[:9], x[:9], 0.95) is None
    assert spearman(x, np.ones(12), 0.95) is None
    perfect = spearman(x, x**3, 0.95)
    assert perfect is not None
    assert (perfect.rho, perfect.places) == (1.0, 12)


# -- what is told


def told(tmp_path: Path, **asked: object) -> tuple[Finding | Table | Refusal, ...]:
    found = reading.open_places(files.social_capital(tmp_path / "s.csv"), tmp_path)
    given: dict[str, object] = {"place": files.TARGET, "peers": 5, **asked}
    return answers.answers(answers.beside(found, Asked(**given)))  # type: ignore[arg-type]


def test_a_place_beside_its_peers(tmp_path: Path) -> None:
    value, gap, among, everywhere, table, correlates = told(tmp_path)
    assert isinstance(value, Finding)
    assert isinstance(gap, Finding)
    assert isinstance(table, Table)
    assert isinstance(among, Finding)
    assert isinstance(everywhere, Finding)
    assert isinstance(correlates, Table)
    peers_ = [float(str(r["value"])) for r in table.rows[1:]]
    assert len(peers_) == 5
    assert gap.value == pytest.approx(value.value - sum(peers_) / 5)
    ends = [(float(str(r["low"])), float(str(r["high"]))) for r in table.rows]
    errors = [(b - a) / 2 / 1.959963984540054 for a, b in ends]
    assert gap.se == pytest.approx(np.sqrt(errors[0] ** 2 + sum(e * e for e in errors[1:]) / 25))
    assert among.counts.analysed == 6
    assert everywhere.counts.analysed == len(files.COUNTIES)
    assert among.origin.seed is not None
    assert any(n.code == "describes-not-cause" for n in correlates.caveats)


def test_peers_by_name(tmp_path: Path) -> None:
    *_, table, _ = told(tmp_path, against=("36001", "36003", "36005"))
    assert isinstance(table, Table)
    assert [r["code"] for r in table.rows] == ["36005", "36001", "36003"]
    assert "distance" not in table.rows[0]
    with pytest.raises(PlanError, match="not used to find peers"):
        told(tmp_path, against=("36001",), weights={"pop2018": 2.0})
    with pytest.raises(PlanError, match="between 1 and 500"):
        told(tmp_path, peers=0)


def test_a_file_without_errors_has_no_ranks(tmp_path: Path) -> None:
    found = reading.open_places(files.cz_2014(tmp_path / "cz.xlsx"), tmp_path)
    b = answers.beside(found, Asked("Town 3"))
    assert b.how.code == "peers-state"
    assert len(b.peers.rows) == 14
    made = answers.answers(b)
    assert [type(a) for a in made[:3]] == [Finding, Finding, Refusal]
    first, _, refused = made[:3]
    assert isinstance(first, Finding)
    assert first.interval is None
    assert isinstance(refused, Refusal)
    assert refused.code == "ANS-place-no-error"


def test_a_place_without_a_number(tmp_path: Path) -> None:
    found = reading.open_places(files.atlas(tmp_path / "a.csv"), tmp_path)
    with pytest.raises(CannotAnswer, match="no number of this measure"):
        answers.beside(found, Asked(files.COUNTIES[3]))


def test_a_poor_number_is_flagged(tmp_path: Path) -> None:
    found = reading.open_places(files.urban(tmp_path / "u.csv"), tmp_path)
    poor = found.ids[int(np.flatnonzero(found.quality == 3)[0])]
    first = answers.answers(answers.beside(found, Asked(poor)))[0]
    assert isinstance(first, Finding)
    assert "place-quality" in {n.code for n in first.caveats}


def test_the_change_over_time(tmp_path: Path) -> None:
    found = reading.open_places(files.urban(tmp_path / "u.csv"), tmp_path)
    made = answers.answers(answers.beside(found, Asked("36005")))
    change = next(a for a in made if a.method.key == "place-change")
    assert isinstance(change, Finding)
    (a, se_a), (z, se_z) = (found.periods[y]["36005"] for y in ("2018", "2022"))
    assert change.value == pytest.approx(z - a)
    assert change.se == pytest.approx(np.hypot(se_a, se_z))
    trend = next(a for a in made if a.method.key == "place-trend")
    assert isinstance(trend, Table)
    assert [r["period"] for r in trend.rows] == ["2018", "2022"]
