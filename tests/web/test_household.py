"""The page of a raise: what it shows, and that nothing entered is kept anywhere."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from rung import cycle
from rung.web.views import household
from tests.web.conftest import World

GIVEN = {
    "now": "16.37", "offered": "17.41", "hours": "40", "state": "TX", "adults": "1",
    "ages": "4, 7", "rent": "913", "childcare": "", "partner": "",
}  # fmt: skip


def page(world: World) -> str:
    return reverse("household", args=[world.program.uid])


def posted(world: World, who: str = "coach", **more: Any) -> str:
    answer = world.client(who).post(page(world), {**GIVEN, **more})
    assert answer.status_code == 200
    return answer.content.decode()


def everything() -> list[tuple[Any, ...]]:
    """Every row of every table."""
    found: list[tuple[Any, ...]] = []
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names()):
            cursor.execute(f'SELECT * FROM "{table}"')
            found += [(table, *row) for row in cursor.fetchall()]
    return found


def test_it_asks_first_and_then_says_what_changes(world: World) -> None:
    first = world.client("coach").get(page(world)).content.decode()
    assert "What does a raise leave the family with?" in first
    assert "<table" not in first
    said = posted(world)
    assert "At $17.41 an hour" in said
    assert "$16.37" in said
    assert "SNAP (food)" in said
    assert '<svg xmlns="http://www.w3.org/2000/svg" class="rung-chart"' in said
    assert 'value="16.37"' in said  # what was entered stands there, to be changed


def test_a_fall_says_what_the_next_rung_must_pay(world: World) -> None:
    said = posted(world, now="16", offered="17", state="MS", rent="")
    assert "is worse off than at $16" in said
    assert "the next rung must pay at least" in said


def test_help_that_it_does_not_know_is_not_guessed(world: World) -> None:
    said = posted(world, has=["medicaid", "housing"])
    assert "We cannot say whether this raise" in said
    assert "worse off than" not in said
    assert (
        "makes up for"
        not in said.partition("<form class")[0].partition("<figure")[2].partition("<figcaption")[0]
    )


def test_it_speaks_spanish(world: World) -> None:
    browser = world.client("coach")
    browser.cookies["language"] = "es"
    from django.conf import settings

    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "es"
    said = browser.post(
        page(world), {**GIVEN, "now": "16", "offered": "17", "state": "MS"}
    ).content.decode()
    assert "Con $17 por hora" in said
    assert "queda peor que con $16" in said
    assert "an hour" not in said


def test_another_language_keeps_what_was_entered(world: World) -> None:
    browser = world.client("coach")
    first = browser.get(page(world)).content.decode()
    assert 'form="look"' not in first  # nothing to keep: the language goes its usual way
    english = browser.post(page(world), GIVEN).content.decode()
    assert english.count('form="look" formnovalidate name="language"') == 2
    answer = browser.post(page(world), {**GIVEN, "utilities": "on", "language": "es"})
    said = answer.content.decode()
    assert answer.headers["Content-Language"] == "es"
    assert '<html lang="es">' in said
    assert "Con $17.41 por hora" in said
    assert 'value="16.37"' in said
    assert 'name="utilities" checked' in said
    again = browser.get(page(world)).content.decode()  # and it is remembered
    assert '<html lang="es">' in again
    odd = browser.post(page(world), {**GIVEN, "language": "xx"}).content.decode()
    assert '<html lang="es">' in odd


def test_heat_paid_apart_from_the_rent_counts_as_the_states_allowance(world: World) -> None:
    without, with_it = posted(world), posted(world, utilities="on")
    assert "so: it gets more SNAP then" in without
    assert "the state&#x27;s allowance" in with_it
    assert "no single allowance" in posted(world, utilities="on", state="HI")


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("state", "ZZ", "ZZ"),
        ("now", "-3", "0"),
        ("ages", "four", "whole years"),
        ("ages", "4, 44", "0 to 18"),
        ("offered", "12", "must be higher than the wage now"),
        ("hours", "400", "100"),
        ("rent", "-1", "0"),
        ("adults", "3", "3"),
        ("now", "16.375", "whole cents"),
    ],
)
def test_what_is_wrong_stands_at_its_field(world: World, field: str, value: str, told: str) -> None:
    said = posted(world, **{field: value})
    assert "errorlist" in said
    assert told in said
    assert "rung-chart" not in said


def test_nothing_entered_is_kept_logged_or_put_into_an_address(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    browser = world.client("coach")
    browser.get(page(world))
    before = everything()
    with caplog.at_level(logging.DEBUG):
        answer = browser.post(page(world), GIVEN)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Location" not in answer.headers
    assert everything() == before
    assert not any(secret in caplog.text for secret in ("16.37", "17.41", "913"))
    # an address with numbers in it changes nothing
    asked = browser.get(page(world), GIVEN).content.decode()
    assert 'value="16.37"' not in asked
    assert "rung-chart" not in asked


def test_it_is_one_view_for_everyone_and_says_so(world: World) -> None:
    said = world.client("viewer").get(page(world)).content.decode()
    assert "the same inside and outside" in said
    assert 'class="audience outside"' in said
    rail = (
        world.client("advisor").get(reverse("program", args=[world.program.uid])).content.decode()
    )
    assert page(world) in rail


def test_a_form_from_elsewhere_is_refused(world: World) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(world.people["coach"])
    assert browser.post(page(world), GIVEN).status_code == 403


def test_the_full_model_is_asked_one_at_a_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def answer(*_: Any, model: str, **__: Any) -> cycle.Outcome:
        asked.append(model)
        return cycle_household(*_, model="built-in")

    cycle_household = cycle.household
    monkeypatch.setattr(cycle, "full_model", lambda: True)
    monkeypatch.setattr(cycle, "household", answer)
    assert 'name="full"' in world.client("coach").get(page(world)).content.decode()
    assert "rung-chart" in posted(world, full="on")
    with household._ONE:
        assert "Someone else is asking the full model" in posted(world, full="on")
        assert "rung-chart" in posted(world)
    assert asked == ["full", "built-in"]
