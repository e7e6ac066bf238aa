"""The page of incomes: a file brought without its names, two questions, and the file's end."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from rung import cycle
from rung.web import importing, place
from rung.web.models import Program, Trace
from tests.mobility.incomes_files import PEOPLE, city
from tests.web.conftest import World


def bring(
    world: World, content: bytes, who: str = "analyst", name: str = "city.csv"
) -> tuple[int, str]:
    to = reverse("incomes-file", args=[world.program.uid])
    sent = {"file": SimpleUploadedFile(name, content)}
    answer = world.client(who).post(to, sent, follow=True)
    return answer.status_code, answer.content.decode()


def ask(world: World, who: str = "viewer", language: str = "en", **given: str) -> tuple[int, str]:
    browser = world.client(who)
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    answer = browser.get(reverse("incomes", args=[world.program.uid]), given)
    return answer.status_code, answer.content.decode()


def at_field(page: str, field: str) -> str:
    """What is said below a field that is marked."""
    found = re.search(
        rf'name="{field}"[^>]*aria-invalid="true".*?errorlist[^>]*>(.*?)</ul>', page, re.S
    )
    assert found, field
    return re.sub("<[^>]+>", "", found[1])


def title(page: str) -> str:
    found = re.search("<h1>(.*?)</h1>", page)
    assert found
    return found[1]


@pytest.fixture
def brought(world: World) -> World:
    assert bring(world, city())[0] == 200
    return world


def test_an_empty_page_says_what_happens_to_a_file(world: World) -> None:
    said = ask(world, "staff")[1]
    assert title(said) == "How far apart are incomes, and do children rise?"
    assert "deletes the file itself at once" in said
    assert "nothing here is real" in said  # the world's program is a sample
    assert 'type="file"' in said
    assert 'name="income"' not in said
    seen = ask(world, "viewer", "es")[1]
    assert 'type="file"' not in seen
    assert "Nadie ha traído todavía un archivo de ingresos" in seen


def test_names_are_not_kept_and_a_button_deletes_the_rest(brought: World) -> None:
    said = ask(brought)[1]
    assert "1 column was not kept" in said
    assert "nothing here is real" not in said  # people may have brought a real one
    assert "<p>name</p>" in said
    assert "<option>earnings</option>" in said
    assert "Delete these columns" not in said  # a viewer looks
    kept = [f for f in brought.program.folder.iterdir() if f.is_file()]
    assert len(kept) == 2
    assert not any(b"ZQX" in f.read_bytes() for f in kept)
    assert not list(place.incoming().glob(".*.part"))
    to = reverse("incomes-delete", args=[brought.program.uid])
    assert brought.client("viewer").post(to).status_code == 403
    assert brought.client("analyst").post(to, follow=True).status_code == 200
    assert not any(f.is_file() for f in brought.program.folder.iterdir())
    assert 'name="income"' not in ask(brought, income="earnings")[1]
    assert Trace.objects.filter(action="incomes.delete", allowed=True).count() == 1
    assert brought.client("analyst").get(to).status_code == 405


def test_what_is_swept_away_is_no_file_of_incomes(
    brought: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "_old", lambda *_: True)
    importing.sweep(brought.program)
    assert cycle.kept_incomes(brought.program.folder) is not None


def test_how_far_apart_incomes_are(brought: World) -> None:
    status, said = ask(brought, income="earnings", by="county", weights="weight")
    assert status == 200
    assert "the Gini coefficient of earnings is 0." in title(said)
    assert 'class="rung-chart"' in said  # the Lorenz curve
    assert "lies between groups" in said
    assert "Tiny" in said
    assert 'class="audience outside"' not in said
    found = cycle.inequality(cycle.incomes_file(brought.program.folder), income="earnings")
    value = getattr(found[0].answer, "value", None)
    assert f"{value:.2f}" in title(ask(brought, income="earnings")[1])
    spanish = ask(brought, language="es", income="earnings", over="year")[1]
    assert "Entre 150 personas" in title(spanish)
    assert "Ver qué se puede contar afuera" in spanish


def test_whether_children_rise(brought: World) -> None:
    rise = {"about": "rise", "parent": "parents", "child": "own"}
    status, said = ask(brought, **rise)
    assert status == 200
    assert "Parents who rank 10 points of 100 higher" in title(said)
    assert said.count('class="rung-chart"') >= 4  # the fifths and the ranks, wide and narrow
    assert "It is not said of which years" in said
    assert "--parent-year" not in re.sub("(?s)<article.*?</article>", "", said)
    both = ask(brought, **rise, parent_year="2015", child_year="2015", by="county")[1]
    assert "Children whose income is above their parents" in both
    assert "It is not said of which years" not in both
    assert "Los padres con un rango" in title(ask(brought, language="es", **rise)[1])


def test_the_outside_sees_no_small_group(brought: World) -> None:
    asked = {"income": "earnings", "by": "county"}
    said = ask(brought, **asked, audience="outside")[1]
    assert 'class="audience outside"' in said
    assert "Queens" in said
    assert "groups too small to name" in said
    assert "Tiny" not in said
    assert "Tiny" in ask(brought, **asked)[1]
    assert "What Rung holds" not in said
    assert 'type="file"' not in ask(brought, "staff", **asked, audience="outside")[1]
    assert Trace.objects.filter(action="incomes.see", audience="outside").count() == 2


@pytest.mark.parametrize(
    ("given", "field", "told"),
    [
        ({"income": "county"}, "income", "The income column county is not a number."),
        ({"income": "gone"}, "income", "no column named gone"),
        ({"income": ""}, "income", "required"),
        ({"income": "earnings", "weights": "county"}, "weights", "is not a number"),
        ({"income": "earnings", "by": "own"}, "by", "too many to compare"),
        ({"income": "earnings", "weights": "zero"}, "income", "Fewer than two people"),
        ({"income": "earnings", "weights": "debt"}, "weights", "below zero"),
        ({"income": "earnings", "over": "once"}, "over", "one period only"),
        ({"about": "rise", "parent": "parents", "child": "empty"}, "child", "No row has"),
        ({"about": "rise", "parent": "county", "child": "own"}, "parent", "is not a number"),
        ({"about": "rise", "parent": "parents", "child": "own", "weights": "zero"}, "weights",
         "sum to zero"),
        ({"about": "rise", "parent": "parents", "child": "own", "child_year": "12"}, "child_year",
         "1900"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_where_it_was_picked(
    world: World, given: dict[str, str], field: str, told: str
) -> None:
    debts: list[object] = [-5.5 if i % 3 else 9.5 for i in range(PEOPLE)]
    bring(world, city(zero=[0] * PEOPLE, debt=debts, once=[2020] * PEOPLE))
    status, said = ask(world, **given)
    assert status == 422
    assert told in at_field(said, field)
    assert " --" not in said
    assert title(said) == "How far apart are incomes, and do children rise?"


def test_incomes_below_zero_are_told_and_the_rest_is_answered(world: World) -> None:
    bring(world, city(debt=[-500.5 if i < 20 else 100.0 * i for i in range(PEOPLE)]))
    status, said = ask(world, income="debt")
    assert status == 200
    assert "What could not be answered" in said
    bring(world, city(debt=[-5.5] * PEOPLE))
    assert ask(world, income="debt")[0] == 422  # no mean to compare with


def test_what_cannot_be_brought_leaves_what_there_is(
    brought: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, said = bring(brought, b"name,income\nZQX,$5\nZQY,$7\n", name="words.csv")
    assert status == 422
    assert "words.csv has no column of numbers" in said
    assert "ZQX" not in said
    assert bring(brought, b"PK\x03\x04 no workbook", name="a.xlsx")[0] == 422
    assert bring(brought, b"")[0] == 422
    assert bring(brought, city(), who="viewer")[0] == 403
    assert bring(brought, city(), who="advisor")[0] == 403
    to = reverse("incomes-file", args=[brought.program.uid])
    nothing = brought.client("staff").post(to)
    assert nothing.status_code == 422
    monkeypatch.setattr(settings, "UPLOAD_BYTES", 1000)
    status, said = bring(brought, city() * 200)
    assert status == 422
    assert "too large" in said or "larger" in said
    kept = cycle.kept_incomes(brought.program.folder)
    assert kept is not None
    assert kept.name == "city.csv"
    assert not list(place.incoming().glob(".*.part"))


def test_names_of_files_stay_inside_their_folder(world: World, empty: Program) -> None:
    world.program = empty  # nothing was imported: it has no folder yet
    assert not empty.folder.exists()
    assert bring(world, city(), name="../../..//etc/<b>.csv")[0] == 200
    kept = cycle.kept_incomes(empty.folder)
    assert kept is not None
    assert kept.name == "_b_.csv"
    assert ask(world, income="earnings")[0] == 200
