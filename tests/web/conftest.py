"""A small world: a provider with its people, a team of coaches, a funder, and strangers."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client

from rung import cycle
from rung.web import place, work
from rung.web.models import Generation, Membership, Organisation, Partnership, Program, Role, User

NOW = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)


@pytest.fixture(scope="session")
def sample_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A provider's lab, imported once."""
    folder = tmp_path_factory.mktemp("sample") / "lab"
    root = Path(__file__).parents[2]
    cycle.init([root / "examples/provider/applicants.xlsx"], folder, provider="Riverside Works",
               clock=lambda: NOW)  # fmt: skip
    return folder


@dataclass
class World:
    """Everyone and everything of the tests."""

    provider: Organisation
    program: Program
    people: dict[str, User]  # by standing: the five roles, advisor, partner, nowhere
    team: Organisation
    funder: Organisation
    other: Organisation
    other_program: Program

    def client(self, who: str) -> Client:
        """A browser in which `who` is signed in; "stranger" is nobody."""
        browser = Client()
        if who != "stranger":
            browser.force_login(self.people[who])
        return browser


@pytest.fixture
def world(db: None, sample_folder: Path) -> World:
    """A provider with one imported program, everyone with a standing, and another provider."""
    place.make()
    provider = Organisation.objects.create(name="Riverside Works", kind="provider")
    team = Organisation.objects.create(name="Mobility Team", kind="coach")
    funder = Organisation.objects.create(name="A Fund", kind="funder")
    other = Organisation.objects.create(name="Elsewhere", kind="provider")
    people = {
        who: User.objects.create_user(f"{who}@example.org", "a long password", name=who.title())
        for who in (*Role.values, "advisor", "partner", "nowhere")
    }
    for role in Role.values:
        Membership.objects.create(user=people[role], organisation=provider, role=role)
    Membership.objects.create(user=people["advisor"], organisation=team, role=Role.STAFF)
    Membership.objects.create(user=people["partner"], organisation=funder, role=Role.OWNER)
    Membership.objects.create(user=people["nowhere"], organisation=other, role=Role.OWNER)
    for partner in (team, funder):
        Partnership.objects.create(provider=provider, partner=partner)
    program = Program.objects.create(organisation=provider, name="Tech Pathways", sample=True)
    generation = Generation.objects.create(program=program, number=1)
    shutil.copytree(sample_folder, generation.folder)
    program.generation = generation
    program.save()
    elsewhere = Program.objects.create(organisation=other, name="Elsewhere")
    return World(provider, program, people, team, funder, other, elsewhere)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Callable[..., object]) -> None:
    """The table of the shared cache is made beside the migrations."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        call_command("createcachetable")


@pytest.fixture
def empty(world: World, monkeypatch: pytest.MonkeyPatch) -> Program:
    """A program of the same provider, before any import; nothing lies in `incoming/`."""
    # a test's transaction locks the database: a second connection could only wait
    monkeypatch.setattr(work, "_beating", lambda job: nullcontext())
    for left in place.incoming().glob("*"):
        left.unlink()
    return Program.objects.create(organisation=world.provider, name="New Start")
