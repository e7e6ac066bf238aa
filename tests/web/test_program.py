"""A program's first page: where it stands and the one thing to do next."""

from __future__ import annotations

import datetime as dt
import html
import re
from typing import Any

import pytest

from rung import cycle
from rung.errors import PlanError
from rung.records.lab import Lab
from rung.share import say
from rung.web import answers, caseload, importing
from rung.web.models import Draft, Generation, Trace, Upload
from rung.web.store import ProgramLab
from tests.web.conftest import World


def text(page: Any) -> str:
    """A page's words, as people read them."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.content.decode())).split())


def here(world: World) -> str:
    return f"/p/{world.program.uid}/"


def primary(page: Any) -> str:
    """Where the one primary button leads."""
    found: list[str] = re.findall(r'class="button primary" href="([^"]+)"', page.content.decode())
    assert len(found) == 1
    return found[0]


def test_the_main_finding_is_the_title(world: World) -> None:
    page = world.client("viewer").get(here(world))
    assert world.program.generation is not None
    lab = ProgramLab.of(world.program.generation)
    found = cycle.diagnose(lab)
    assert f"<h1>{html.escape(say.headline(found[0]).rstrip('.'))}</h1>" in page.content.decode()
    mend = importing.kinds(cycle.problems(Lab.open(lab.path)))
    assert mend > 3
    assert f"{mend} things in the records" in text(page)
    assert primary(page) == here(world) + "journey/"


def test_before_records_it_says_what_to_bring(world: World) -> None:
    page = world.client("nowhere").get(f"/p/{world.other_program.uid}/")
    assert "Bring the records you have" in text(page)
    assert primary(page) == f"/p/{world.other_program.uid}/records/"


def test_the_next_step_follows_the_state(world: World) -> None:
    staff = world.client("staff")
    Draft.objects.create(program=world.program, key="brief", body={}, version=1)
    assert primary(staff.get(here(world))) == here(world) + "briefs/new/"
    assert primary(world.client("viewer").get(here(world))) == here(world) + "journey/"
    Generation.objects.update(at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    assert primary(staff.get(here(world))) == here(world) + "briefs/new/"  # simulated: never old
    world.program.sample = False
    world.program.save()
    assert primary(staff.get(here(world))) == here(world) + "records/"
    upload = Upload.objects.create(program=world.program, name="x.csv", state="ready")
    assert primary(staff.get(here(world))) == importing.mapping_page(upload)


def test_who_is_due_is_for_who_has_a_caseload(world: World) -> None:
    due = len(caseload.opened(world.program, None).due)
    said = f"{due:,} people" if due else "Nobody"
    page = text(world.client("staff").get(here(world)))
    assert "To reach this week" in page
    assert said in page
    for who in ("viewer", "analyst", "advisor"):
        assert "To reach this week" not in text(world.client(who).get(here(world)))


def test_a_very_large_caseload_is_counted_on_its_own_page(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    Generation.objects.update(summary={"people": 100_000})
    monkeypatch.setattr(caseload, "opened", None)  # it would take seconds: nobody asks
    page = text(world.client("staff").get(here(world)))
    assert "100,000 people" in page
    assert "See the list" in page


def test_records_that_answer_nothing_say_why(world: World) -> None:
    assert world.program.generation is not None
    toml = world.program.generation.folder / "lab.toml"
    text_before, _, _ = toml.read_text("utf-8").partition("[[milestones]]")
    toml.write_text(text_before, "utf-8")
    answers.warm(world.program.generation)  # an import is not undone by it
    page = world.client("staff").get(here(world))
    assert page.status_code == 200
    assert "do not answer yet" in text(page)
    assert PlanError("PLAN-few-milestones").problems[0].what() in text(page)


def test_settings_are_for_owners_and_staff(world: World) -> None:
    address = here(world) + "settings/"
    given = {"name": "New name", "phase": "design", "sites": "Harbor\n\nEastside\nHarbor"}
    for who in ("coach", "analyst", "viewer", "advisor", "partner"):
        assert world.client(who).get(address).status_code == 403
        assert world.client(who).post(address, given).status_code == 403
    staff = world.client("staff")
    seen = re.search(r'name="seen" value="(\w+)"', staff.get(address).content.decode())
    assert seen is not None
    page = staff.post(address, {**given, "seen": seen[1]}, follow=True)
    assert "New name" in text(page)
    world.program.refresh_from_db()
    assert world.program.phase == "design"
    assert sorted(s.name for s in world.program.sites.all()) == ["Eastside", "Harbor"]
    assert Trace.objects.filter(action="program.changed").count() == 1
    # someone who saw the old page is told, and loses nothing
    late = world.client("owner").post(address, {**given, "name": "Mine", "seen": seen[1]})
    assert late.status_code == 409
    assert "Someone changed this" in text(late)
    assert 'value="Mine"' in late.content.decode()
    world.program.refresh_from_db()
    assert world.program.name == "New name"


def test_settings_say_what_is_missing(world: World) -> None:
    address = here(world) + "settings/"
    page = world.client("owner").post(address, {"name": " ", "phase": "flying", "sites": ""})
    assert page.status_code == 422
    assert "needs a name" in text(page)
    assert "four phases" in text(page)


def test_spanish(world: World) -> None:
    browser = world.client("owner")
    browser.cookies["rung_language"] = "es"
    page = text(browser.get(here(world)))
    assert "En qué punto está el programa" in page
    assert "Ver el recorrido" in page
