"""The rail: a program's rooms under its four phases, the phase of the page opened on a phone."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from rung.web.navigation import PHASES
from tests.web.conftest import World


def rail(world: World, room: str, who: str = "owner") -> list[str]:
    """The items of the rail, phase by phase."""
    page = world.client(who).get(reverse(room, args=[world.program.uid])).content.decode()
    inner = page.partition('<ol class="rungs">')[2].partition("</ol>")[0]
    return re.split(r"(?=<li[^>]*>(?:<a class=\"there\"[^>]*>[^<]*</a>)?<span)", inner)[1:]


@pytest.mark.parametrize(
    ("room", "opened"),
    [("program", "design"), ("records", "discovery"), ("standards-pay", "discovery"),
     ("mobility", "sustainability"), ("returns", "sustainability")],
)  # fmt: skip
def test_the_phase_of_the_page_is_open(world: World, room: str, opened: str) -> None:
    world.program.phase = "design"
    world.program.save()
    items = rail(world, room)
    assert len(items) == len(PHASES)
    for phase, item in zip(PHASES, items, strict=True):
        assert ('class="open"' in item) == (phase == opened), (phase, item)
        assert ('aria-current="step"' in item) == (phase == "design")  # where the program stands
        # on a phone the name of another phase leads to its first room, where it has one
        assert ('class="there"' in item) == (bool(PHASES[phase]) and phase != opened)


def test_a_closed_phase_leads_to_the_first_room_one_may_enter(world: World) -> None:
    first = re.search(r'class="there" href="([^"]+)"', rail(world, "mobility", "viewer")[0])
    assert first is not None
    assert first[1] == reverse("journey", args=[world.program.uid])  # records and fixes are staff's
    assert world.client("viewer").get(first[1]).status_code == 200
