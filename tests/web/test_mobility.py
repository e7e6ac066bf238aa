"""The page of mobility: a simulated provider with wage records, an area brought, both languages."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from rung.documents import Document
from rung.records import simulate
from rung.web.models import Generation, Paper, Trace
from tests.web.conftest import World


@pytest.fixture(scope="module")
def climbers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lab with wage records, a lottery and an invented area."""
    folder = tmp_path_factory.mktemp("climbers") / "lab"
    simulate.provider(
        folder, people=1500, seed=3, settings=simulate.Settings(trial=simulate.COACHING)
    )
    return folder


@pytest.fixture
def climbing(world: World, climbers: Path) -> World:
    generation = Generation.objects.create(program=world.program, number=2)
    shutil.copytree(climbers, generation.folder)
    world.program.generation = generation
    world.program.save()
    return world


def page(world: World, who: str = "staff", language: str = "en", **given: str) -> str:
    browser = world.client(who)
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    answer = browser.get(reverse("mobility", args=[world.program.uid]), given)
    assert answer.status_code == 200
    return answer.content.decode()


def bring(world: World, text: bytes | None = None, who: str = "staff", **given: str) -> str:
    sent: dict[str, object] = dict(given)
    if text is not None:
        sent["file"] = SimpleUploadedFile("area.csv", text)
    place = reverse("mobility-area", args=[world.program.uid])
    return world.client(who).post(place, sent, follow=True).content.decode()


def plain(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_an_empty_page_says_what_to_bring(world: World) -> None:
    world.program.generation = None
    world.program.save()
    said = page(world)
    assert "How far did people climb?" in said
    assert "wage records of a year before entry" in said
    assert "<svg xmlns" not in said
    assert 'type="file"' not in page(world, "viewer")


def test_without_wage_records_it_says_so(world: World) -> None:
    said = page(world)
    assert "There are no wage records" in said
    assert "nan" not in plain(said).lower().split()


def test_the_finding_the_ladder_and_the_comparison(climbing: World) -> None:
    said = page(climbing)
    assert re.search(r"<h1>(People climbed|We cannot tell yet)", said)
    assert "coaching" in said
    assert said.count('class="rung-chart"') >= 4  # the rungs and the kinds of pay, wide and narrow
    for heading in (
        "Where people stand, and who stays up",
        "Living wage and the poverty guideline",
        "Hourly wages and quality jobs",
        "What cannot be told, and what to bring",
    ):
        assert heading in said
    ids = re.findall(r'\bid="([^"]+)"', said)
    assert len(ids) == len(set(ids))


def test_by_group_and_not_by_another(climbing: World) -> None:
    said = page(climbing, by="gender")
    assert "How far people climbed, group by group" in said
    assert "Women" in said
    ids = re.findall(r'\bid="([^"]+)"', said)
    assert len(ids) == len(set(ids))
    url = reverse("mobility", args=[climbing.program.uid])
    assert climbing.client("staff").get(url, {"by": "shoe"}).status_code == 404


def test_outside_is_less_and_is_written_down(climbing: World) -> None:
    inside, outside = page(climbing), page(climbing, audience="outside")
    assert "may be told to anyone" in outside
    assert outside != inside
    assert len(outside) < len(inside)
    assert Trace.objects.filter(action="mobility.see", audience="outside").exists()


def test_spanish_has_no_english_left(climbing: World) -> None:
    html = page(climbing, language="es", by="gender").split("<main")[1]
    said = plain(re.sub(r"<pre.*?</pre>", "", html, flags=re.DOTALL))  # queries are what they are
    for english in (" people ", " after entry", " before ", "percentiles climbed", "of 100",
                    " rung ", " year "):  # fmt: skip
        assert english not in said, said[max(0, said.find(english) - 80) : said.find(english) + 80]


def test_an_area_is_brought_checked_and_kept(climbing: World, climbers: Path) -> None:
    before = page(climbing)
    text = (climbers / "private/area-percentiles.csv").read_text("utf-8")
    richer = re.sub(r",(\d+)$", lambda m: f",{2 * int(m[1])}", text, flags=re.M)
    said = bring(climbing, b"\xef\xbb\xbf" + richer.encode(), living_wage="19.75")
    assert "In use now: area.csv" in said
    assert "$19.75" in said
    assert re.findall(r"<h1>(.*?)</h1>", said) != re.findall(r"<h1>(.*?)</h1>", before)
    # the wage alone changes nothing of the file
    again = bring(climbing, living_wage="25")
    assert "In use now: area.csv" in again
    assert "$25.00" in again
    papers = Paper.objects.filter(kind="ladder").order_by("number")
    bodies = [Document.parse(p.text).body for p in papers]
    assert [b["living_wage"] for b in bodies] == ["19.75", "25"]
    assert "$25.00" in page(climbing, "viewer")


@pytest.mark.parametrize(
    "sent",
    [b"year,percentile\n2024,5\n", b"\xff\xfe\x00bad", b"year,percentile,earnings\n2024,ZQX,5\n",
     b"area,year,percentile,earnings\n" + b"".join(
         f"{a},2024,{p},{p}\n".encode() for a in "AB" for p in (10, 50, 90))],
)  # fmt: skip
def test_a_file_that_is_none_is_refused_whole(climbing: World, sent: bytes) -> None:
    said = bring(climbing, sent, living_wage="20")
    assert "This could not be used" in said
    assert "ZQX" not in said
    assert not Paper.objects.filter(kind="ladder").exists()


def test_a_wage_that_is_none(climbing: World) -> None:
    for wage in ("0", "-3", "a lot", "1e9"):
        said = bring(climbing, living_wage=wage)
        assert 'aria-invalid="true"' in said
    assert not Paper.objects.filter(kind="ladder").exists()
