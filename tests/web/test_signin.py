"""Signing in and out, passwords, the second factor, and how long a session lasts."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

import pytest
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core import mail
from django.core.cache import cache
from django.test import Client
from pytest_django.fixtures import Settings

from rung.web import clock, invitations
from tests.web.conftest import World

PASSWORD = "a long password"
NEW = "another long password"


@pytest.fixture(autouse=True)
def _fresh(db: None) -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def _signs_in(email: str, password: str = PASSWORD, browser: Client | None = None, **more: str):  # type: ignore[no-untyped-def]
    sent = {"login": email, "password": password, **more}
    return (browser or Client()).post("/account/login/", sent)


def test_the_way_in_is_one_page(world: World) -> None:
    page = Client().get("/account/login/?next=/p/x/")
    assert (page.status_code, page.headers["Location"]) == (302, "/?next=%2Fp%2Fx%2F")
    wrong = _signs_in("staff@example.org", "wrong", next="/p/x/")
    assert wrong.status_code == 200
    assert "do not go together" in wrong.content.decode()
    assert 'value="/p/x/"' in wrong.content.decode()
    right = _signs_in("Staff@Example.org", next=f"/p/{world.program.uid}/")
    assert right.headers["Location"] == f"/p/{world.program.uid}/"


def test_nobody_signs_up(client: Client) -> None:
    for address in ("/account/signup/", "/accounts/signup/", "/account/email/"):
        assert client.get(address).status_code == 302


@pytest.mark.parametrize("email", ["staff@example.org", "nobody@example.org"])
def test_the_sixth_wrong_password_is_refused_also_for_unknown_addresses(
    world: World, email: str
) -> None:
    answers = [_signs_in(email, f"wrong {i}") for i in range(6)]
    said = ["Too many attempts" in a.content.decode() for a in answers]
    assert said == [False] * 5 + [True]
    assert {a.status_code for a in answers} == {200}
    # and the right one too, from now on for five minutes
    assert "Too many attempts" in _signs_in(email).content.decode()
    # others are not kept out
    assert _signs_in("viewer@example.org").status_code == 302


def test_known_and_unknown_addresses_read_alike(world: World) -> None:
    def text(email: str) -> str:
        page = _signs_in(email, "wrong").content.decode().replace(email, "")
        return re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", page)

    assert text("staff@example.org") == text("nobody@example.org")


def test_a_browser_that_tries_and_tries_is_told_to_wait(settings: Settings) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": "2/m/ip"}
    answers = [_signs_in(f"nobody{i}@example.org") for i in range(3)]
    assert [a.status_code for a in answers] == [200, 200, 429]
    assert "Wait a few minutes" in answers[-1].content.decode()


def test_what_is_counted_is_shared_by_every_server(settings: Settings) -> None:
    assert "DatabaseCache" in settings.CACHES["default"]["BACKEND"]


def test_a_forgotten_password_tells_nobody_who_has_an_account(
    world: World, settings: Settings
) -> None:
    assert "rung user add" in Client().get("/account/forgotten/").content.decode()
    settings.EMAIL_HOST = "post.example.org"
    answers = []
    for email in ("staff@example.org", "nobody@example.org"):
        page = Client().post("/account/forgotten/", {"email": email}, follow=True)
        answers.append(re.sub(r'value="[^"]*"', "", page.content.decode()))
    assert answers[0] == answers[1]
    assert [m.to for m in mail.outbox] == [["staff@example.org"]]
    link = re.search(r"http://testserver(/account/forgotten/\S+)", str(mail.outbox[0].body))
    assert link is not None
    browser = Client()
    form = browser.get(link[1], follow=True)
    browser.post(form.redirect_chain[-1][0], {"password1": NEW, "password2": NEW})
    assert browser.get(f"/p/{world.program.uid}/").status_code == 200
    assert _signs_in("staff@example.org").status_code == 200
    assert _signs_in("staff@example.org", NEW).status_code == 302


def test_signing_out_ends_the_session_for_a_copied_cookie(world: World) -> None:
    browser = Client()
    _signs_in("staff@example.org", browser=browser)
    thief = Client()
    thief.cookies["sessionid"] = browser.cookies["sessionid"].value
    program = f"/p/{world.program.uid}/"
    assert thief.get(program).status_code == 200
    assert browser.get("/account/logout/").status_code == 200
    browser.post("/account/logout/")
    assert thief.get(program).status_code == 302
    assert browser.get(program).status_code == 302


def test_a_session_ends_after_twelve_hours_however_busy(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = Client()
    _signs_in("staff@example.org", browser=browser)
    start = clock.now()
    program = f"/p/{world.program.uid}/"
    answers = []
    for hours in (0, 6, 11.9, 12.1):
        moment = start + dt.timedelta(hours=hours)
        monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
        answers.append(browser.get(program).status_code)
    assert answers == [200, 200, 200, 302]


def test_a_new_password_ends_the_other_sessions(world: World) -> None:
    here, there = Client(), Client()
    for browser in (here, there):
        _signs_in("staff@example.org", browser=browser)
    program = f"/p/{world.program.uid}/"
    sent = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    wrong = here.post("/account/password/", {**sent, "oldpassword": "wrong"})
    assert "not your password" in wrong.content.decode()
    assert there.get(program).status_code == 200
    assert here.post("/account/password/", sent).headers["Location"] == "/account/"
    assert here.get(program).status_code == 200
    assert there.get(program).status_code == 302


def test_ones_own_name(world: World) -> None:
    browser = world.client("viewer")
    browser.post("/account/", {"name": "Vera"})
    assert "Vera" in browser.get("/account/").content.decode()
    assert world.client("stranger").get("/account/").status_code == 302


def _code(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time())))))


def test_a_second_factor_is_turned_on_asked_for_and_replaced_by_a_code(world: World) -> None:
    browser = Client()
    _signs_in("staff@example.org", browser=browser)
    # something this important asks for the password once more
    again = browser.get("/account/factor/app/").headers["Location"]
    page = browser.post(again, {"password": PASSWORD}, follow=True).content.decode()
    assert 'src="data:image/svg+xml;base64,' in page
    secret = re.search(r'class="secret">(\w+)<', page)
    assert secret is not None
    wrong = browser.post("/account/factor/app/", {"code": "000000"})
    assert "not right" in wrong.content.decode()
    done = browser.post("/account/factor/app/", {"code": _code(secret[1])}, follow=True)
    codes = re.findall(r"<code>(\w+)</code>", done.content.decode())
    assert len(codes) == 10
    program = f"/p/{world.program.uid}/"

    other = Client()
    assert (
        _signs_in("staff@example.org", browser=other)
        .headers["Location"]
        .startswith("/account/factor/check/")
    )
    assert other.get(program).status_code == 302
    assert "not right" in other.post("/account/factor/check/", {"code": "1"}).content.decode()
    other.post("/account/factor/check/", {"code": codes[0]})
    assert other.get(program).status_code == 200
    # a recovery code works once
    third = Client()
    _signs_in("staff@example.org", browser=third)
    third.post("/account/factor/check/", {"code": codes[0]})
    assert third.get(program).status_code == 302
    # and one may begin again as somebody else
    third.post("/account/logout/")
    _signs_in("viewer@example.org", browser=third)
    assert third.get(program).status_code == 200


def test_a_new_password_by_link_does_not_pass_by_the_second_factor(world: World) -> None:
    staff = world.people["staff"]
    TOTP.activate(staff, generate_totp_secret())
    browser = Client()
    link = invitations.add_user(staff.email, "staff", world.provider.name)
    form = browser.get(link, follow=True).redirect_chain[-1][0]
    page = browser.post(form, {"password1": NEW, "password2": NEW})
    assert page.headers["Location"].startswith("/account/factor/check/")
    assert browser.get(f"/p/{world.program.uid}/").status_code == 302


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_page_of_signing_in_is_ours(world: World, language: str) -> None:
    browser = Client()
    _signs_in("staff@example.org", browser=browser)
    browser.post("/account/reauthenticate/", {"password": PASSWORD})
    browser.cookies["rung_language"] = language
    pages = [
        "/account/", "/account/logout/", "/account/password/", "/account/forgotten/",
        "/account/forgotten/sent/", "/account/forgotten/done/", "/account/forgotten/1-x/",
        "/account/reauthenticate/", "/account/factor/", "/account/factor/app/",
        "/account/inactive/",
    ]  # fmt: skip
    for address in pages:
        page = browser.get(address)
        assert page.status_code == 200, address
        text = page.content.decode()
        assert '<a class="mark" href="/">' in text, address
        assert f'<html lang="{language}">' in text
        assert "placeholder" not in text
        assert " style=" not in text
