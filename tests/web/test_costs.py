"""The page of costs: a table is brought, checked, kept, and told inside and outside."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from rung.documents import Document
from rung.web.models import Paper, Trace
from tests.web.conftest import World

SHEET = b"""ingredient,component,stage,quantity,price,life,share,shared_by,in_kind
Coach,Coaching,,400,45,,,,
Teacher,Training,enrolled,1200,60,,,,
Laptops,Training,enrolled,40,900,4,,,
Rent,Facilities,,12,8000,,0.4,floor space,
Mentors,Coaching,,300,30,,,,yes
"""
TOTAL = 400 * 45 + 1200 * 60 + 40 * 242.12 + 12 * 8000 * 0.4 + 300 * 30
EFFECT = {"effect": "8", "effect_se": "3", "effect_unit": "point of completion"}


def page(world: World, who: str = "staff", language: str = "en", **given: str) -> str:
    browser = world.client(who)
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    answer = browser.get(reverse("costs", args=[world.program.uid]), given)
    assert answer.status_code == 200
    return answer.content.decode()


def bring(world: World, sheet: bytes | None = SHEET, status: int = 200, **given: str) -> str:
    sent: dict[str, object] = dict(given)
    if sheet is not None:
        sent["file"] = SimpleUploadedFile("costs.csv", sheet)
    place = reverse("costs-keep", args=[world.program.uid])
    answer = world.client("staff").post(place, sent, follow=True)
    assert answer.status_code == status
    return answer.content.decode()


def kept(world: World) -> list[dict[str, str]]:
    papers = Paper.objects.filter(program=world.program, kind="costs").order_by("number")
    return [dict(Document.parse(p.text).body) for p in papers]


def plain(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_an_empty_page_says_what_to_bring(world: World) -> None:
    said = page(world)
    assert "What does the program cost?" in said
    assert "shared_by" in said
    assert "<svg xmlns" not in said
    viewer = page(world, "viewer")
    assert "Nobody has brought the table yet" in viewer
    assert 'type="file"' not in viewer


def test_the_cost_of_each_and_where_it_goes(world: World) -> None:
    said = bring(world)
    told = re.search(r"<h1>Each of the ([\d,]+) people who entered cost \$([\d,]+)", said)
    assert told is not None
    n, each = (int(x.replace(",", "")) for x in told.groups())
    assert each == pytest.approx(TOTAL / n, rel=0.02)  # rounded as people speak
    assert said.count('class="rung-chart"') == 6  # milestones, components, stages; wide and narrow
    for words in ("Placed", "Training", "Facilities", "What was given is counted at"):
        assert words in said
    ids = re.findall(r'\bid="([^"]+)"', said)
    assert len(ids) == len(set(ids))
    assert page(world, "viewer").count('class="rung-chart"') == 6
    assert 'type="file"' not in page(world, "viewer")


def test_the_blank_table_is_one_that_can_be_filled_in(world: World) -> None:
    url = reverse("costs-file", args=[world.program.uid])
    blank = world.client("analyst").get(url, {"blank": "yes"}).content
    assert blank.startswith(b"\xef\xbb\xbfingredient,price,quantity,")
    filled = blank + b"Rent,4000,12" + b"," * 10 + b"\r\n" + b"," * 12 + b"\r\n"
    assert "Each of the" in bring(world, filled)
    assert world.client("analyst").get(url).content == filled
    assert world.client("viewer").get(url).status_code == 403


def test_an_effect_has_its_price_and_a_part_of_one_is_refused(world: World) -> None:
    said = plain(bring(world, SHEET, 200, **EFFECT))
    assert re.search(r"Each point of completion cost \$[\d,.]+", said)
    assert "fits these data" in said
    open_ended = plain(bring(world, None, 200, **{**EFFECT, "effect_se": "9"}))
    assert "may have no limit" in open_ended
    assert "∞" not in open_ended
    wrong = bring(world, None, status=422, effect="8")
    assert wrong.count("go together") == 2
    assert wrong.count('aria-invalid="true"') == 2
    assert len(kept(world)) == 2


def test_arms_are_compared_by_the_words_on_the_pages(world: World) -> None:
    said = bring(world, arm="gender=Women")
    assert "Cost by arm" in said
    assert "in the control arm" in said
    assert '<option value="gender=Women" selected>' in said
    assert bring(world, None, status=422, arm="gender=Martians")
    assert bring(world, None, status=422, arm="pid=1")


def test_the_file_stays_when_only_numbers_change_and_an_earlier_one_comes_back(
    world: World,
) -> None:
    first = bring(world)
    bring(world, SHEET.replace(b"8000", b"9000"), rate="5")
    assert [b["rate"] for b in kept(world)] == ["", "5"]
    earlier = page(world, version="1")
    assert "This is version 1, not the newest." in earlier
    again = bring(world, None, version="1")
    assert re.findall("<h1>.*?</h1>", again) == re.findall("<h1>.*?</h1>", first)
    assert [b["text"] == SHEET.decode() for b in kept(world)] == [True, False, True]
    url = reverse("costs", args=[world.program.uid])
    assert world.client("staff").get(url, {"version": "9"}).status_code == 404


@pytest.mark.parametrize(
    ("sheet", "told"),
    [
        (b"PK\x03\x04\x00\x00\xff\xfe", "has no column price"),
        (b"ingredient,price,quantity\nZQX,much,1\n", "column price that cannot be used"),
        (b"ingredient,price,quantity,stage\nRent,5,1,hired\n", "names a stage"),
        (b"ingredient,price,quantity,arm\nRent,5,1,offered\n", "choose below what to compare"),
        (b"ingredient,price,quantity,year\nRent,5,1,2024\nA,5,1,2025\n", "write below in dollars"),
        (b"ingredient,price,quantity\n" + b"Rent,5,1\n" * 30_000, "too long"),
        (b"", "No file came"),
    ],
)
def test_a_table_that_is_none_is_refused_whole(world: World, sheet: bytes, told: str) -> None:
    said = bring(world, sheet, status=422)
    assert "This could not be used" in said
    assert told in plain(said)
    assert "ZQX" not in said
    assert "--" not in plain(said.split("<main")[1])  # no words of the terminal
    assert not kept(world)


@pytest.mark.parametrize(
    "given",
    [{"rate": "-1"}, {"rate": "101"}, {"dollar_year": "1"}, {"effect": "1e99"}, {"cohort": "9999"},
     {"version": "7"}],
)  # fmt: skip
def test_numbers_that_are_none(world: World, given: dict[str, str]) -> None:
    bring(world, SHEET, 404 if "version" in given else 422, **given)
    assert not kept(world)


def test_outside_is_less_and_is_written_down(world: World) -> None:
    inside = bring(world, arm="gender=Women")
    outside = page(world, audience="outside")
    assert "This is what people outside may see" in outside
    assert plain(outside) != plain(inside)
    assert Trace.objects.filter(action="costs.see", audience="outside").exists()
    assert Trace.objects.filter(action="costs.bring").exists()


def test_spanish_has_no_english_left(world: World) -> None:
    bring(world, SHEET.replace(b"floor space", b"espacio"), arm="gender=Women",
          effect="8", effect_se="3", effect_unit="punto")  # fmt: skip
    html = page(world, language="es").split("<main")[1]
    said = plain(re.sub(r"<pre.*?</pre>|<code>.*?</code>", "", html, flags=re.DOTALL))
    for english in (" people ", " cost ", " arm ", " stage ", " each ", "counted", " Women "):
        assert english not in said, said[max(0, said.find(english) - 80) : said.find(english) + 80]


def test_before_records_the_table_is_kept_and_waits(world: World) -> None:
    world.program.generation = None
    world.program.save()
    said = bring(world)
    assert "The table is kept." in said
    assert len(kept(world)) == 1
