"""Coming in by a link."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.core import mail
from django.test import Client
from pytest_django.fixtures import Settings

from rung.web import clock, invitations
from rung.web.models import Invitation, Membership, Organisation, Partnership, Trace, User
from tests.web.conftest import World

NEW = {"name": "Ana Ruiz", "email": "Ana@example.org", "password": "four words in a row"}


@pytest.mark.django_db
def test_the_first_user_becomes_owner_and_is_in(client: Client) -> None:
    provider = Organisation.objects.create(name="Riverside Works")
    link = invitations.welcome(provider)
    assert "Riverside Works" in client.get(link).content.decode()
    page = client.post(link, NEW)
    assert page.headers["Location"] == f"/o/{provider.uid}/"
    assert client.get(page.headers["Location"]).status_code == 200
    user = User.objects.get(email="ana@example.org")
    assert Membership.objects.get(user=user, organisation=provider).role == "owner"


def test_the_first_user_is_led_to_the_program(world: World, client: Client) -> None:
    page = client.post(invitations.welcome(world.provider), NEW)
    assert page.headers["Location"] == f"/p/{world.program.uid}/"


@pytest.mark.django_db
def test_wrong_used_and_old_links_get_one_answer(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = Organisation.objects.create(name="Riverside Works")
    used = invitations.welcome(provider)
    client.post(used, NEW)
    replaced = invitations.welcome(provider)
    old = invitations.welcome(provider)
    later = clock.now() + invitations.WELCOME_LASTS + dt.timedelta(minutes=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    stranger = Client()
    answers = {
        (page.status_code, re.sub(r'value="[^"]*"', "", page.content.decode()))
        for link in ("/welcome/never-was/", used, replaced, old, "/invitation/never-was/")
        for page in (stranger.get(link), stranger.post(link, NEW))
    }
    assert len(answers) == 1
    assert "no longer good" in next(iter(answers))[1]
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_a_password_that_is_easy_is_refused_with_what_was_written_kept(client: Client) -> None:
    link = invitations.welcome(Organisation.objects.create(name="Riverside Works"))
    page = client.post(link, {**NEW, "password": "password"}).content.decode()
    assert 'aria-invalid="true"' in page
    assert "Ana Ruiz" in page
    assert not User.objects.exists()
    assert Invitation.objects.get().accepted_at is None


def _invited(world: World, **more: str) -> str:
    return invitations.invite(world.provider, by=world.people["owner"], **more)[1]


def test_a_new_member_sets_name_and_password_once(world: World) -> None:
    link = _invited(world, email="new@example.org", role="coach", staff_name="N. Ew")
    browser = Client()
    browser.post(link, {"name": "New", "password": NEW["password"], "email": "x@example.org"})
    member = Membership.objects.get(user__email="new@example.org")
    assert (member.role, member.staff_name) == ("coach", "N. Ew")
    assert Client().get(link).status_code == 404
    assert Trace.objects.filter(action="member.joined", thing=member.user.uid).exists()
    assert not User.objects.filter(email="x@example.org").exists()


def test_only_the_digest_of_a_link_is_kept(world: World) -> None:
    link = _invited(world, email="new@example.org")
    token = link.split("/")[2]
    kept = Invitation.objects.get()
    assert token not in str(vars(kept))
    assert len(kept.token_digest) == 64


def test_an_invitation_is_for_its_address_alone(world: World) -> None:
    link = _invited(world, email="nowhere@example.org", role="staff")
    # someone with an account signs in first; nobody takes it over with a new password
    page = Client().post(link, {"name": "X", "password": NEW["password"]}).content.decode()
    assert "Sign in" in page
    assert not Membership.objects.filter(
        user=world.people["nowhere"], organisation=world.provider
    ).exists()
    other = world.client("partner").post(link)
    assert "another address" in other.content.decode()
    assert "nowhere@example.org" not in other.content.decode()
    assert world.client("nowhere").post(link).status_code == 302
    assert Membership.objects.get(
        user=world.people["nowhere"], organisation=world.provider
    ).role == "staff"  # fmt: skip


def test_a_member_who_accepts_again_keeps_the_role(world: World) -> None:
    link = _invited(world, email="owner@example.org", role="viewer")
    world.client("owner").post(link)
    member = Membership.objects.get(user=world.people["owner"], organisation=world.provider)
    assert member.role == "owner"


def test_two_who_accept_at_once_are_one(world: World) -> None:
    link = _invited(world, email="nowhere@example.org")
    kept = invitations.find(link.split("/")[2], welcome=False)
    assert kept is not None
    invitations.accept(kept, world.people["nowhere"])
    with pytest.raises(invitations.GoneError):
        invitations.accept(kept, world.people["partner"])


def test_a_partner_founds_its_organisation(world: World) -> None:
    link = _invited(world, email="team@example.org", partner_kind="coach")
    browser = Client()
    missing = browser.post(link, {"name": "T", "password": NEW["password"]})
    assert "Write the name" in missing.content.decode()
    page = browser.post(link, {"name": "T", "password": NEW["password"], "founds": "New Team"})
    team = Organisation.objects.get(name="New Team")
    assert team.kind == "coach"
    assert page.headers["Location"] == f"/portfolio/{team.uid}/"
    assert Partnership.objects.filter(provider=world.provider, partner=team).exists()
    assert browser.get(page.headers["Location"]).status_code == 200
    assert not Membership.objects.filter(
        user__email="team@example.org", organisation=world.provider
    ).exists()


def test_a_partner_brings_only_what_it_owns_of_that_kind(world: World) -> None:
    link = _invited(world, email="partner@example.org", partner_kind="funder")
    Partnership.objects.all().delete()
    browser = world.client("partner")
    assert "A Fund" in browser.get(link).content.decode()
    browser.post(link, {"brings": world.team.uid})
    assert not Partnership.objects.exists()
    browser.post(link, {"brings": world.funder.uid})
    assert Partnership.objects.get().partner == world.funder


def test_rung_user_add_gives_a_role_and_a_link_for_a_password(world: World) -> None:
    link = invitations.add_user("Ops@example.org", "owner", "Harbor Jobs")
    made = Organisation.objects.get(name="Harbor Jobs")
    assert made.kind == "provider"
    browser = Client()
    form = browser.get(link, follow=True)
    address = form.redirect_chain[-1][0]
    page = browser.post(address, {"password1": NEW["password"], "password2": NEW["password"]})
    assert page.status_code == 302
    assert browser.get(f"/o/{made.uid}/").status_code == 200
    assert "no longer good" in Client().get(link, follow=True).content.decode()
    # the same organisation the second time; another role for the same person
    invitations.add_user("ops@example.org", "staff", "Harbor Jobs")
    assert Organisation.objects.filter(name="Harbor Jobs").count() == 1
    assert Membership.objects.get(user__email="ops@example.org").role == "staff"
    with pytest.raises(ValueError, match="no such role"):
        invitations.add_user("ops@example.org", "king", "Harbor Jobs")


def test_an_invitation_goes_by_post_where_there_is_any(world: World, settings: Settings) -> None:
    send = {"email": "new@example.org", "role": "staff"}
    world.client("owner").post(f"/o/{world.provider.uid}/members/invite/", send)
    assert not mail.outbox
    settings.EMAIL_HOST = "post.example.org"
    world.client("owner").post(f"/o/{world.provider.uid}/members/invite/", send)
    assert mail.outbox[0].to == ["new@example.org"]
    link = re.search(r"http://testserver(/invitation/\S+)", str(mail.outbox[0].body))
    assert link is not None
    assert Client().get(link[1]).status_code == 200
    # the first link ended when the second was made
    assert Invitation.objects.count() == 1
