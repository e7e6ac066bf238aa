"""The page of returns: a form or a file, every version kept, inside and outside, both languages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from rung.returns.spec import Spec
from rung.web.models import Paper, Trace
from tests.web.conftest import World

EXAMPLES = Path(__file__).parents[2] / "docs" / "returns"
FORM = "application/x-www-form-urlencoded"
SHORT = {
    "way": "short", "cost": "6800", "payer": "funder", "effects": "-900 1,800 2300 $2200",
    "errors_": "350 500 600 650", "tax": "14", "lasts": "3", "people": "412", "year": "2024",
    "design": "randomised",
}  # fmt: skip


def page(world: World, **more: Any) -> str:
    return reverse("returns", args=[world.program.uid])


def send(world: World, who: str = "staff", **given: Any) -> tuple[int, str]:
    place = reverse("returns-keep", args=[world.program.uid])
    answer = world.client(who).post(place, given, follow=True)
    return answer.status_code, answer.content.decode()


def texts() -> list[str]:
    from rung.documents import Document

    papers = Paper.objects.filter(kind="returns").order_by("number")
    return [str(Document.parse(p.text).body["toml"]) for p in papers]


def test_an_empty_page_says_what_to_bring(world: World) -> None:
    said = world.client("staff").get(page(world)).content.decode()
    assert "What is the program worth, and to whom?" in said
    assert "Bring two things" in said
    assert "<svg xmlns" not in said
    viewer = world.client("viewer").get(page(world)).content.decode()
    assert "<textarea" not in viewer


def test_a_few_numbers_become_a_file_and_an_answer(world: World) -> None:
    status, said = send(world, **SHORT)
    assert status == 200
    assert "society as a whole" in said
    assert said.count('class="rung-chart"') == 4  # who gains and what it hangs on, wide and narrow
    assert "no public dollar goes into this program" in said
    assert "a scenario" in said
    (text,) = texts()
    spec = Spec.parse(text)
    assert spec.file.program.name == "Tech Pathways"
    assert spec.file.streams[0].per_year == [-900, 1800, 2300, 2200]
    assert spec.file.rates is not None
    assert spec.file.rates.tax == {"government": pytest.approx(0.14)}
    # what was written stands there, to be changed
    assert 'value="-900 1,800 2300 $2200"' in said


def test_a_form_as_a_browser_sends_it(world: World) -> None:
    place = reverse("returns-keep", args=[world.program.uid])
    browser = world.client("staff")
    answer = browser.post(place, urlencode(SHORT), content_type=FORM, follow=True)
    assert "society as a whole" in answer.content.decode()
    file = {"way": "file", "toml": (EXAMPLES / "year-up.toml").read_text("utf-8")}
    answer = browser.post(place, urlencode(file), content_type=FORM, follow=True)
    assert "$0.43" in answer.content.decode()
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(world.people["staff"])
    for body in (SHORT, file):
        assert strict.post(place, body).status_code == 403
        assert strict.post(place, urlencode(body), content_type=FORM).status_code == 403
    assert len(texts()) == 2


def test_versions_are_added_and_never_changed(world: World) -> None:
    send(world, **SHORT)
    send(world, **SHORT)  # the same again is no new version
    assert len(texts()) == 1
    send(world, **{**SHORT, "cost": "2000"})
    assert len(texts()) == 2
    old = world.client("viewer").get(page(world) + "?version=1").content.decode()
    assert "version 1, not the newest" in old
    assert world.client("viewer").get(page(world) + "?version=9").status_code == 404
    assert world.client("viewer").get(page(world) + "?version=x").status_code == 404


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda p: p.stem)
def test_every_example_may_be_pasted(world: World, path: Path) -> None:
    text = path.read_text("utf-8")
    status, said = send(world, way="file", toml=text.replace("\n", "\r\n"))
    assert status == 200
    assert texts() == [text]
    assert "nan" not in re.sub(r"<[^>]+>", " ", said).lower().split()
    got = world.client("viewer").get(reverse("returns-file", args=[world.program.uid]))
    assert got.content.decode() == text
    assert "attachment" in got["Content-Disposition"]


def test_a_file_may_be_sent(world: World) -> None:
    raw = (EXAMPLES / "year-up.toml").read_bytes()
    file = SimpleUploadedFile("spec.toml", b"\xef\xbb\xbf" + raw)
    status, said = send(world, way="file", toml="", file=file)
    assert status == 200
    assert "$0.43" in said
    assert texts() == [raw.decode()]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[program\n", "does not read as TOML"),
        ("colour = 1\n[program]\nname = 'x'\n", "there is no such setting"),
        ("", "it is missing"),
        ("a = \x01", "does not read as TOML"),
        ("x" * 100_001, "does not read as TOML"),
        ("[wider.spent]\nvalue = 1\n", "it is missing"),
    ],
    ids=["bracket", "unknown", "empty", "nul", "long", "wider"],
)
def test_what_is_wrong_is_told_and_what_was_written_stays(
    world: World, text: str, told: str
) -> None:
    send(world, **SHORT)
    status, said = send(world, way="file", toml=text)
    assert status == 200
    assert told in said
    assert "Nothing was changed" in said
    assert len(texts()) == 1
    if 0 < len(text) < 1000 and "\0" not in text:
        assert text.splitlines()[0].replace("'", "&#x27;") in said


def test_a_file_that_is_no_text(world: World) -> None:
    file = SimpleUploadedFile("spec.toml", b"\xff\xfe\x00\x81")
    status, said = send(world, way="file", file=file)
    assert status == 200
    assert "does not read as TOML" in said


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("cost", "many"), ("cost", "-1"), ("effects", ""), ("effects", "-900 lots"),
        ("effects", "1e999"), ("errors_", "1 2"), ("tax", "140"), ("people", "0"),
        ("payer", "me"), ("design", "hope"), ("year", "24"), ("lasts", "100"),
    ],
)  # fmt: skip
def test_a_form_says_at_its_field_what_is_wrong(world: World, field: str, value: str) -> None:
    status, said = send(world, **{**SHORT, field: value})
    assert status == 200
    assert "errorlist" in said or "Nothing was changed" in said
    assert not texts()


def test_outside_is_rounded_previewed_and_written_down(world: World) -> None:
    send(world, **SHORT)
    before = Trace.objects.filter(audience="outside").count()
    papers = Paper.objects.count()
    said = world.client("viewer").get(page(world) + "?audience=outside").content.decode()
    assert "This is what the public may see" in said
    assert Trace.objects.filter(audience="outside").count() == before + 1
    assert Paper.objects.count() == papers  # no release was made
    inside = world.client("viewer").get(page(world)).content.decode()
    assert re.findall(r"\$[\d,]{5,}", inside) != re.findall(r"\$[\d,]{5,}", said)
    send(world, **{**SHORT, "people": "9"})
    few = world.client("viewer").get(page(world) + "?audience=outside").content.decode()
    assert "Too few people" in few
    assert not re.search(r"\$[\d,]{4,}", few.split("<details>")[0].split("<main")[1])


def test_it_speaks_spanish(world: World) -> None:
    send(world, **SHORT)
    browser = world.client("staff")
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "es"
    said = browser.get(page(world)).content.decode()
    bare = re.sub(r"<(svg|pre|textarea)\b.*?</\1>", " ", said, flags=re.DOTALL)
    assert "la sociedad en su conjunto" in bare
    for english in ("worth", "society", "years,", "discounted", "fits these", "Change"):
        assert english not in re.sub(r"<[^>]+>", " ", bare), english


def test_a_viewer_may_look_but_not_write(world: World) -> None:
    send(world, **SHORT)
    place = reverse("returns-keep", args=[world.program.uid])
    assert world.client("viewer").post(place, SHORT).status_code == 403
    assert world.client("staff").get(place).status_code == 405
    assert len(texts()) == 1
