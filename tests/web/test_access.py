"""Every address × everyone: who may open what, written here by hand a second time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from rung.web import access, keys
from rung.web.models import (
    Brief,
    Generation,
    Invitation,
    Job,
    Organisation,
    Program,
    Token,
    Trace,
    Upload,
)
from tests.web.conftest import World

STAND = ("owner", "staff", "coach", "analyst", "viewer", "advisor", "partner")
MAY = {
    "program.see": "owner staff coach analyst viewer advisor",
    "program.edit": "owner staff",
    "program.plan": "owner staff advisor",
    "program.make": "owner",
    "records.bring": "owner staff",
    "records.see": "owner staff analyst",
    "fixes.see": "owner staff analyst advisor",
    "fixes.download": "owner staff",
    "journey.see": "owner staff coach analyst viewer advisor",
    "journey.people": "owner staff analyst",
    "people.names": "owner staff coach",
    "journey.match": "owner staff coach analyst viewer advisor",
    "caseload.own": "owner staff coach",
    "caseload.all": "owner staff",
    "caseload.write": "owner staff coach",
    "retention.see": "owner staff coach analyst viewer advisor",
    "standards.see": "owner staff coach analyst viewer advisor",
    "exits.decide": "owner staff",
    "people.forget": "owner",
    "returns.see": "owner staff coach analyst viewer advisor",
    "costs.see": "owner staff coach analyst viewer advisor",
    "costs.bring": "owner staff analyst",
    "mobility.see": "owner staff coach analyst viewer advisor",
    "mobility.bring": "owner staff analyst",
    "returns.write": "owner staff analyst",
    "incomes.see": "owner staff coach analyst viewer advisor",
    "incomes.bring": "owner staff analyst",
    "incomes.delete": "owner staff analyst",
    "household.see": "owner staff coach analyst viewer advisor",
    "places.see": "owner staff coach analyst viewer advisor",
    "places.bring": "owner staff analyst advisor",
    "brief.see": "owner staff coach analyst viewer advisor",
    "brief.write": "owner staff analyst",
    "brief.release": "owner staff",
    "released.see": "owner staff coach analyst viewer advisor partner",
    "organisation.see": "owner staff coach analyst viewer",
    "organisation.members": "owner",
    "organisation.audit": "owner",
    "organisation.export": "owner",
    "organisation.delete": "owner",
    "organisation.tokens": "owner staff analyst",
    "portfolio.see": "owner staff coach analyst viewer",
}
OPEN = {  # what strangers may open; everything else of theirs ends at the front page
    "front", "healthz", "language", "welcome", "invitation", "account_login", "account_logout",
    "account_inactive", "account_reset_password", "account_reset_password_done",
    "account_reset_password_from_key", "account_reset_password_from_key_done",
    "mfa_authenticate",
}  # fmt: skip


def patterns(
    found: list[URLPattern | URLResolver] | None = None, before: str = ""
) -> Iterator[tuple[str, URLPattern]]:
    """Every address of the pages; the API has a test of its own."""
    for each in get_resolver().url_patterns if found is None else found:
        place = before + str(each.pattern)
        if isinstance(each, URLResolver):
            if not place.startswith("api/"):
                yield from patterns(each.url_patterns, place)
        elif not place.startswith("api/"):
            yield place, each


PAGES = sorted({p.name or "": (p, place) for place, p in patterns()}.items())
GUARDED = [(name, p) for name, (p, _) in PAGES if getattr(p.callback, "of", "")]


def things(
    world: World, program: Program, organisation: Organisation
) -> dict[str, Callable[[], str]]:
    """For each part of an address, something that exists in this program or organisation."""
    now = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    later = now + dt.timedelta(days=3650)
    owner = world.people["owner"]

    def brief() -> str:
        number = Brief.objects.filter(program=program).count() + 1
        return Brief.objects.create(
            program=program, number=number, audience="outside", language="en", title="A brief",
            html="<p>A brief</p>", xlsx=b"PK", digest="0", by=owner,
        ).uid  # fmt: skip

    def generation() -> str:
        number = Generation.objects.filter(program=program).count() + 1
        return Generation.objects.create(program=program, number=number).uid

    def invitation() -> str:
        return Invitation.objects.create(
            token_digest=access.digest(str(Invitation.objects.count())),
            organisation=organisation, email="new@example.org", expires_at=later,
        ).uid  # fmt: skip

    def token() -> str:
        return Token.objects.create(
            user=owner, organisation=organisation, name="a", expires_at=later,
            digest=access.digest(str(Token.objects.count())),
        ).uid  # fmt: skip

    return {
        "program": lambda: program.uid,
        "organisation": lambda: organisation.uid,
        "upload": lambda: Upload.objects.create(program=program, name="a.csv").uid,
        "generation": generation,
        "job": lambda: Job.objects.create(program=program, kind="look", state="waiting").uid,
        "brief": brief,
        "key": lambda: keys.key(program, "ab" * 12),
        "user": lambda: world.people["viewer"].uid,
        "partner": lambda: world.team.uid,
        "invitation": invitation,
        "token": token,
        "table": lambda: "0",
        "column": lambda: "0",
        "kind": lambda: "html",
    }


def address(world: World, pattern: URLPattern, program: Program, organisation: Organisation) -> str:
    """The address of a page with existing things in it."""
    have = things(world, program, organisation)
    wanted = {k: have[k]() for k in pattern.pattern.converters}
    return reverse(str(pattern.name), kwargs=wanted)


def test_every_page_declares_who_may_open_it() -> None:
    for name, (pattern, place) in PAGES:
        action: Any = getattr(pattern.callback, "action", None)
        assert action is not None, place
        if action == "public":
            assert name in OPEN, f"{place} is open to strangers"
        elif action != "signed-in":
            assert action in MAY, place
            named = "program" if "<slug:program>" in place else "organisation"
            assert getattr(pattern.callback, "of", "") == named, place


def test_the_permissions_are_those_written_here() -> None:
    assert {a: set(who) for a, who in access.MAY.items()} == {
        a: set(who.split()) for a, who in MAY.items()
    }


@pytest.mark.parametrize("who", STAND)
def test_every_page_by_standing(world: World, who: str) -> None:
    browser = world.client(who)
    for name, pattern in GUARDED:
        action = getattr(pattern.callback, "action", "")
        home = world.team if name.startswith("portfolio") else world.provider
        # a portfolio is of its own members, and of nobody who only stands beside a provider
        allowed = who in MAY[action].split() if home is world.provider else who == "advisor"
        place = address(world, pattern, world.program, home)
        for method in (browser.get, browser.post):
            if method == browser.post and allowed:
                continue  # what a permitted change does is tested in its room
            before = Trace.objects.filter(allowed=False).count()
            status = method(place).status_code
            refusals = Trace.objects.filter(allowed=False).count() - before
            if allowed:
                assert status in {200, 302, 303, 404, 405, 409, 422}, (place, status)
                assert not refusals, place
            elif home is world.team:
                assert status == 404, (place, status)
            else:
                assert (status, refusals) == (403, 1), (place, status)


def test_every_page_for_those_who_stand_nowhere(world: World) -> None:
    browser = world.client("nowhere")
    for _, pattern in GUARDED:
        place = address(world, pattern, world.program, world.provider)
        assert browser.get(place).status_code == 404, place
        assert browser.post(place).status_code == 404, place


def test_a_thing_of_someone_else_under_my_own_address(world: World) -> None:
    """My program's address with another program's upload, job or brief in it opens nothing."""
    mine = things(world, world.program, world.provider)
    theirs = things(world, world.other_program, world.other)
    browser = world.client("owner")
    tried = 0
    for name, pattern in GUARDED:
        parts = set(pattern.pattern.converters)
        if not parts & {"upload", "generation", "job", "brief", "invitation", "token"}:
            continue
        wanted = {k: (mine if k in {"program", "organisation"} else theirs)[k]() for k in parts}
        place = reverse(name, kwargs=wanted)
        for method in (browser.get, browser.post):
            assert method(place).status_code in {404, 405}, place
        tried += 1
    assert tried >= 8


def test_every_page_for_a_stranger(world: World) -> None:
    for name, (pattern, _) in PAGES:
        if name in OPEN:
            continue
        place = address(world, pattern, world.program, world.provider)
        for answer in (Client().get(place), Client().post(place)):
            assert answer.status_code == 302, place
            assert answer.headers["Location"].split("?")[0] == "/", place
