"""The page of places: a public file brought once, a place asked for, in both languages."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from rung.web import place
from rung.web.models import Paper
from rung.web.views import places
from tests.mobility import places_files as files
from tests.web.conftest import World


@pytest.fixture(autouse=True)
def nothing_brought() -> None:
    shutil.rmtree(place.home() / "published", ignore_errors=True)


def page(world: World) -> str:
    return reverse("places", args=[world.program.uid])


def bring(world: World, path: Path, who: str = "staff", name: str = "") -> tuple[int, str]:
    sent = SimpleUploadedFile(name or path.name, path.read_bytes())
    to = reverse("places-file", args=[world.program.uid])
    answer = world.client(who).post(to, {"file": sent}, follow=True)
    return answer.status_code, answer.content.decode()


def ask(world: World, who: str = "viewer", language: str = "en", **given: str) -> tuple[int, str]:
    browser = world.client(who)
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    answer = browser.get(page(world), {"peers": "6", **given})
    return answer.status_code, answer.content.decode()


def test_an_empty_page_says_what_to_bring(world: World) -> None:
    said = world.client("staff").get(page(world)).content.decode()
    assert "How does our place do?" in said
    assert 'type="file"' in said
    assert 'name="place"' not in said
    viewer = world.client("viewer").get(page(world)).content.decode()
    assert 'type="file"' not in viewer
    assert "Nobody has brought a file yet" in viewer


def test_a_file_is_brought_and_a_place_asked_for(world: World, tmp_path: Path) -> None:
    status, said = bring(world, files.social_capital(tmp_path / "social_capital_county.csv"))
    assert status == 200
    assert "Social Capital Atlas" in said
    assert "30 places, by county" in said
    assert '<option value="36005">' in said
    status, said = ask(world, place="36005")
    assert status == 200
    assert "economic connectedness" in said
    assert "Pulled together" in said
    assert said.count('class="rung-chart"') == 4  # the peers and the map, wide and narrow
    assert "of all measures" not in said
    assert "Volunteering" in said or "volunteering" in said  # the overview of the file's measures
    assert "counties around" in said
    assert re.search(r"ranks \d+ of 7", said)
    assert "does not say that one thing causes the other" in said
    status, said = ask(world, place="36005", language="es", like="pop2018:2")
    assert "Acercado al promedio" in said
    assert "pop2018 × 2" in said
    assert "Which place?" not in said


def test_the_map_of_the_nation_and_what_has_no_map(world: World, tmp_path: Path) -> None:
    bring(world, files.atlas(tmp_path / "a.csv"))
    said = ask(world, place="36005", over="nation", measure="kfr_pooled_pooled_p25")[1]
    assert "in the counties of the nation" in said
    assert '<option value="nation" selected>' in said
    assert ask(world, place="36005", over="moon")[0] == 200  # not asked: the form says so
    assert "in the counties" not in ask(world, place="36005", over="moon")[1]
    bring(world, files.cz_2014(tmp_path / "cz.xlsx"))
    said = ask(world, place="Town 3", over="nation")[1]
    assert "this file is by commuting zone" in said
    assert 'name="over"' not in said
    bring(world, files.atlas_states(tmp_path / "s.csv"))
    assert "The ring marks New York" in ask(world, place="New York")[1]


def test_the_outside_sees_the_same(world: World, tmp_path: Path) -> None:
    bring(world, files.atlas(tmp_path / "a.csv"))
    said = ask(world, place="36005")[1]
    assert 'class="audience outside"' in said
    assert "the Opportunity Atlas is public" in said


def test_what_goes_wrong_is_told_and_nothing_is_kept(world: World, tmp_path: Path) -> None:
    records = tmp_path / "people.csv"
    records.write_text("name,earnings\nZQX,12000\n")
    status, said = bring(world, records)
    assert status == 422
    assert "people.csv is not a file of places" in said
    assert "ZQX" not in said
    assert not Paper.objects.filter(kind="places").exists()
    assert not list((place.home() / "published").glob("*"))
    assert bring(world, records, who="viewer")[0] == 403
    bring(world, files.atlas(tmp_path / "a.csv"))
    status, said = ask(world, place="Gotham")
    assert status == 422
    assert "The file has no place Gotham." in said
    assert 'value="Gotham"' in said
    assert ask(world, place="36005", like="pooled_pooled_count:x")[0] == 422
    status, said = ask(world, place="36005", peers="0")
    assert status == 200
    assert "aria-invalid" in said
    status, said = ask(world, place=files.COUNTIES[3])  # a refusal: the publisher has no number
    assert status == 200
    assert "no number of this measure" in said


def test_names_of_files_stay_inside_their_folder(world: World, tmp_path: Path) -> None:
    bring(world, files.atlas(tmp_path / "a.csv"), name="../..//etc/<b>.csv")
    (kept,) = (place.home() / "published").glob("*/*")
    assert kept.name == "_b_.csv"


def test_the_lab_keeps_the_last_few_files(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "KEPT", 1)
    bring(world, files.atlas(tmp_path / "a.csv"))
    bring(world, files.urban(tmp_path / "u.csv"))
    assert len(list((place.home() / "published").iterdir())) == 1
    assert "Urban Institute" in ask(world)[1]
    for file in (place.home() / "published").glob("*/*"):
        file.unlink()
    assert 'name="place"' not in ask(world)[1]  # gone: it asks for a file again
