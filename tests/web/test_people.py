"""Members, partners, keys, and the trail of what they did."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re

import pytest
from django.test import Client

from rung.web import clock, membership, tokens
from rung.web.access import MAY, trace
from rung.web.models import (
    Invitation,
    Membership,
    Organisation,
    Partnership,
    Program,
    Token,
    Trace,
    User,
)
from rung.web.views import audit
from tests.web.conftest import World

ROOMS = {
    "": "organisation.see",
    "new/": "program.make",
    "members/": "organisation.members",
    "audit/": "organisation.audit",
    "audit/rows.csv": "organisation.audit",
    "tokens/": "organisation.tokens",
}


@pytest.mark.parametrize(("room", "action"), ROOMS.items())
def test_each_role_opens_what_it_may(world: World, room: str, action: str) -> None:
    for who in world.people:
        status = world.client(who).get(f"/o/{world.provider.uid}/{room}").status_code
        if who == "nowhere":
            assert status == 404, who
        else:
            assert status == (200 if who in MAY[action] else 403), who
    assert world.client("stranger").get(f"/o/{world.provider.uid}/{room}").status_code == 302


def test_nobody_but_an_owner_changes_people(world: World) -> None:
    here = f"/o/{world.provider.uid}/"
    viewer = world.people["viewer"].uid
    posts = (
        "members/invite/", "members/partner/", f"members/{viewer}/", f"members/{viewer}/remove/",
        f"partners/{world.team.uid}/end/",
    )  # fmt: skip
    for who in ("staff", "coach", "analyst", "viewer", "advisor", "partner", "nowhere", "stranger"):
        expected = {"nowhere": 404, "stranger": 302}.get(who, 403)
        for post in posts:
            answer = world.client(who).post(
                here + post, {"email": "x@example.org", "role": "owner", "kind": "coach"}
            )
            assert answer.status_code == expected, (who, post)
    assert not Invitation.objects.exists()
    assert Partnership.objects.count() == 2
    assert Membership.objects.get(user=world.people["viewer"]).role == "viewer"


def test_a_program_is_made_with_its_sites(world: World) -> None:
    page = world.client("owner").post(
        f"/o/{world.provider.uid}/new/", {"name": "Nights", "sites": " Main  St \n\nHarbor\nHarbor"}
    )
    program = Program.objects.get(name="Nights")
    assert page.headers["Location"] == f"/p/{program.uid}/"
    assert sorted(s.name for s in program.sites.all()) == ["Harbor", "Main St"]


def test_an_owner_founds_another_organisation_and_nobody_else(world: World) -> None:
    new = {"name": "Second", "kind": "coach"}
    assert world.client("staff").post("/organisations/new/", new).status_code == 403
    world.client("owner").post("/organisations/new/", new)
    made = Organisation.objects.get(name="Second")
    assert Membership.objects.get(organisation=made).user == world.people["owner"]


def test_an_organisation_keeps_an_owner(world: World) -> None:
    browser, owner = world.client("owner"), world.people["owner"]
    here = f"/o/{world.provider.uid}/members/{owner.uid}/"
    for address, sent in ((here, {"role": "viewer"}), (here + "remove/", {})):
        page = browser.post(address, sent, follow=True)
        assert "needs an owner" in page.content.decode()
    assert Membership.objects.get(user=owner).role == "owner"
    # with a second owner the first may go
    browser.post(f"/o/{world.provider.uid}/members/{world.people['staff'].uid}/", {"role": "owner"})
    browser.post(here, {"role": "viewer"})
    assert Membership.objects.get(user=owner).role == "viewer"
    last = Membership.objects.get(user=world.people["staff"])
    with pytest.raises(membership.LastOwnerError):
        membership.remove(last)


def test_a_removed_members_open_tab_ends_here_and_not_elsewhere(world: World) -> None:
    staff = world.people["staff"]
    Membership.objects.create(user=staff, organisation=world.other, role="viewer")
    tab = world.client("staff")
    _, secret = tokens.make(staff, world.provider, "a tool", ["records:read"], 30)
    program = f"/p/{world.program.uid}/"
    assert tab.get(program).status_code == 200
    world.client("owner").post(f"/o/{world.provider.uid}/members/{staff.uid}/remove/")
    assert tab.get(program).status_code == 404
    assert tab.get(f"/o/{world.provider.uid}/").status_code == 404
    assert tab.post(f"{program}plan/", {"stuck_on": "late"}).status_code == 404
    assert tab.get(f"/p/{world.other_program.uid}/").status_code == 200
    assert tokens.authenticate(secret) is None


def test_an_ended_partner_sees_nothing_more(world: World) -> None:
    tab = world.client("advisor")
    program = f"/p/{world.program.uid}/"
    assert tab.get(program).status_code == 200
    world.client("owner").post(f"/o/{world.provider.uid}/partners/{world.team.uid}/end/")
    assert tab.get(program).status_code == 404
    assert world.program.name not in tab.get(f"/portfolio/{world.team.uid}/").content.decode()


def test_an_invitation_is_shown_once_and_withdrawn(world: World) -> None:
    browser = world.client("owner")
    here = f"/o/{world.provider.uid}/"
    page = browser.post(
        here + "members/invite/", {"email": "New@example.org", "role": "coach", "staff_name": "N"}
    ).content.decode()
    link = re.search(r"http://testserver(/invitation/[^\"]+)", page)
    assert link is not None
    again = browser.get(here + "members/").content.decode()
    assert link[1] not in again
    assert "new@example.org" in again
    kept = Invitation.objects.get()
    fresh = browser.post(f"{here}invitations/{kept.uid}/again/").content.decode()
    assert Client().get(link[1]).status_code == 404
    second = re.search(r"http://testserver(/invitation/[^\"]+)", fresh)
    assert second is not None
    kept = Invitation.objects.get()
    assert (kept.role, kept.staff_name) == ("coach", "N")
    browser.post(f"{here}invitations/{kept.uid}/withdraw/")
    assert Client().get(second[1]).status_code == 404
    # what is not of this organisation cannot be withdrawn here
    assert browser.post(f"{here}invitations/{kept.uid}/withdraw/").status_code == 404


def test_who_is_a_member_is_not_invited(world: World) -> None:
    page = world.client("owner").post(
        f"/o/{world.provider.uid}/members/invite/", {"email": "Staff@example.org", "role": "coach"}
    )
    assert "already" in page.content.decode()
    assert not Invitation.objects.exists()


def test_only_a_provider_invites_partners(world: World) -> None:
    page = world.client("partner").post(
        f"/o/{world.funder.uid}/members/partner/", {"email": "x@example.org", "kind": "coach"}
    )
    assert page.status_code == 403


# -- keys


def test_a_key_is_shown_once_and_does_what_its_scopes_say(world: World) -> None:
    browser = world.client("analyst")
    here = f"/o/{world.provider.uid}/tokens/"
    page = browser.post(here, {"name": "BI", "scopes": ["export", "records:read"], "days": "30"})
    secret = re.search(r"rung_[\w-]{40,}", page.content.decode())
    assert secret is not None
    assert secret[0] not in browser.get(here).content.decode()
    token = tokens.authenticate(secret[0])
    assert token is not None
    assert token.scopes == ["records:read", "export"]
    assert secret[0] not in str(vars(token))
    assert tokens.authenticate(secret[0] + "x") is None


@pytest.mark.parametrize(
    "sent",
    [
        {"name": "x", "scopes": ["everything"], "days": "30"},
        {"name": "x", "scopes": ["export"], "days": "366"},
        {"name": "x", "days": "30"},
    ],
)
def test_a_key_out_of_range_is_not_made(world: World, sent: dict[str, str]) -> None:
    page = world.client("owner").post(f"/o/{world.provider.uid}/tokens/", sent)
    assert page.status_code == 200
    assert not Token.objects.exists()


def test_make_refuses_what_the_form_refuses(world: World) -> None:
    for scopes, days in ((["everything"], 30), ([], 30), (["export"], 366), (["export"], 0)):
        with pytest.raises(ValueError, match="out of range"):
            tokens.make(world.people["owner"], world.provider, "x", scopes, days)


def test_a_key_ends_by_time_by_hand_and_with_its_maker(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = world.people["owner"]
    old, old_secret = tokens.make(owner, world.provider, "old", ["export"], 1)
    hand, hand_secret = tokens.make(owner, world.provider, "hand", ["export"], 365)
    _, gone_secret = tokens.make(world.people["staff"], world.provider, "gone", ["export"], 365)
    assert tokens.authenticate(old_secret) == old
    tokens.revoke(hand)
    assert tokens.authenticate(hand_secret) is None
    User.objects.filter(pk=world.people["staff"].pk).update(is_active=False)
    assert tokens.authenticate(gone_secret) is None
    later = clock.now() + dt.timedelta(days=1, seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert tokens.authenticate(old_secret) is None


def test_the_last_use_of_a_key_is_written_once_a_minute(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, secret = tokens.make(world.people["owner"], world.provider, "x", ["export"], 30)
    start = clock.now()
    seen = []
    for seconds in (0, 30, 59, 61):
        moment = start + dt.timedelta(seconds=seconds)
        monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
        tokens.authenticate(secret)
        token.refresh_from_db()
        assert token.used_at is not None
        seen.append(round((token.used_at - start).total_seconds()))
    assert seen == [0, 0, 0, 61]


def test_one_revokes_ones_own_keys_and_an_owner_everyones(world: World) -> None:
    key, _ = tokens.make(world.people["owner"], world.provider, "mine", ["export"], 30)
    here = f"/o/{world.provider.uid}/tokens/"
    assert "mine" not in world.client("analyst").get(here).content.decode()
    assert world.client("analyst").post(f"{here}{key.uid}/revoke/").status_code == 404
    theirs, _ = tokens.make(world.people["analyst"], world.provider, "theirs", ["export"], 30)
    assert "theirs" in world.client("owner").get(here).content.decode()
    world.client("owner").post(f"{here}{theirs.uid}/revoke/")
    theirs.refresh_from_db()
    assert theirs.revoked_at is not None


# -- the trail


def test_every_action_has_a_name() -> None:
    for action in MAY:
        assert audit.said(action) != action


def test_the_trail_says_who_what_and_whom_and_what_was_refused(world: World) -> None:
    world.client("viewer").get(f"/o/{world.provider.uid}/audit/")
    world.client("owner").post(
        f"/o/{world.provider.uid}/members/{world.people['coach'].uid}/", {"role": "staff"}
    )
    page = world.client("owner").get(f"/o/{world.provider.uid}/audit/").content.decode()
    assert "refused" in page
    assert "role: Coach" in page
    owner = world.people["owner"].uid
    mine = world.client("owner").get(f"/o/{world.provider.uid}/audit/?person={owner}")
    assert "refused" not in mine.content.decode()
    changed = world.client("owner").get(f"/o/{world.provider.uid}/audit/?action=member.changed")
    assert changed.context["page"].paginator.count == 1


def test_the_trail_is_paged(world: World) -> None:
    Trace.objects.bulk_create(
        Trace(organisation=world.provider, action="journey.see", user=world.people["staff"])
        for _ in range(2 * audit.A_PAGE)
    )
    page = world.client("owner").get(f"/o/{world.provider.uid}/audit/?action=journey.see&page=2")
    assert len(page.context["lines"]) == audit.A_PAGE
    assert "Page 2 of 2" in page.content.decode()


def test_the_trail_as_a_file_runs_no_formula(world: World) -> None:
    User.objects.filter(pk=world.people["staff"].pk).update(name='=HYPERLINK("x")')
    world.client("staff").get(f"/o/{world.provider.uid}/audit/")
    file = world.client("owner").get(f"/o/{world.provider.uid}/audit/rows.csv")
    text = b"".join(file.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    rows = list(csv.DictReader(io.StringIO(text)))
    refused = [row for row in rows if row["Allowed"] == "no"]
    assert refused[0]["Who"] == '\'=HYPERLINK("x")'
    assert refused[0]["Code"] == "organisation.audit"


def test_a_trail_is_of_one_organisation(world: World, rf: object) -> None:
    request = type("R", (), {"user": world.people["nowhere"]})()
    trace(request, "program.made", world.other, world.other_program)
    page = world.client("owner").get(f"/o/{world.provider.uid}/audit/?action=program.made")
    assert page.context["page"].paginator.count == 0
