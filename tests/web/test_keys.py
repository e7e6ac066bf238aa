"""Keys that stand for people in addresses."""

from __future__ import annotations

import shutil

import pytest
from django.http import Http404

from rung.web import keys
from rung.web.models import Generation, Program
from tests.web.conftest import World

PID = "0123456789abcdef01234567"


def test_a_key_leads_back_and_says_nothing(world: World) -> None:
    key = keys.key(world.program, PID)
    assert keys.pid(world.program, key) == PID
    assert keys.key(world.program, PID) == key  # the same in every address
    assert PID not in key
    assert set(key) <= set("abcdefghijklmnopqrstuvwxyz234567")
    assert keys.key(world.program, PID[:-1] + "8")[:20] != key[:20]


def test_a_key_outlives_an_import(world: World) -> None:
    key = keys.key(world.program, PID)
    later = Generation.objects.create(program=world.program, number=2)
    assert world.program.generation is not None
    shutil.copytree(world.program.generation.folder, later.folder)
    world.program.generation = later
    assert keys.pid(world.program, key) == PID


@pytest.mark.parametrize("wrong", ["", "a", PID, "!" * 64, "a" * 64, "a" * 5000, "ñ" * 64])
def test_anything_else_is_no_key(world: World, wrong: str) -> None:
    with pytest.raises(Http404):
        keys.pid(world.program, wrong)


def test_a_changed_key_opens_nothing(world: World) -> None:
    key = keys.key(world.program, PID)
    changed = ("b" if key[30] == "a" else "a").join((key[:30], key[31:]))
    with pytest.raises(Http404):
        keys.pid(world.program, changed)


def test_a_key_opens_nothing_in_another_program(world: World) -> None:
    key = keys.key(world.program, PID)
    with pytest.raises(Http404):
        keys.pid(world.other_program, key)  # it has no records
    sister = Program.objects.create(organisation=world.provider, name="Sister")
    sister.generation = world.program.generation  # even with the same secret
    with pytest.raises(Http404):
        keys.pid(sister, key)
