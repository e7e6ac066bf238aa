"""A running lab with its worker and its sample, a browser, and people who were invited into it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.web.person import WORK, Person
from tests.web.running import Served, served

CHROMIUM = shutil.which("chromium")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PASSWORD = "four words in a row"
OWNER = ("Ana Ruiz", "ana@example.org")
COACH = "Joyce Adeyemi"
"""A coach whom the sample's records name."""


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as p:
        found = p.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield found
        found.close()


@dataclass
class Place:
    """A running lab and who came in so far."""

    running: Served
    browser: Any
    cookies: dict[str, list[Any]] = field(default_factory=dict)
    sample: str = ""
    open: list[Person] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Where the lab is."""
        return str(self.running.address)

    def person(self, who: str = "", **how: Any) -> Person:
        """A browser in which `who` is signed in; nobody, when "". It is closed after the test."""
        person = Person(self.browser, self.address, cookies=self.cookies.get(who), **how)
        self.open.append(person)
        if who:
            person.speak()
        return person

    def owner(self, **how: Any) -> Person:
        """The owner of the sample's provider, who came by the link that the lab printed."""
        if "ana" not in self.cookies:
            first = self.person()
            first.come_in(self.running.told["welcome"], *OWNER, PASSWORD)
            first.sees("web.welcome.in", organisation="Riverside Works")
            self.sample = first.page.url.replace(self.address, "/")
            self.cookies["ana"] = first.context.cookies()
        return self.person("ana", **how)

    def invited(
        self, who: str, role: str = "", staff_name: str = "", team: str = "", name: str = ""
    ) -> None:
        """The owner invites someone, who comes in by the link: a member, or a partner's owner.

        `team` is "coach", "city" or "funder", and `name` that organisation's.
        """
        if who in self.cookies:
            return
        owner = self.owner()
        owner.go("/")
        owner.follow_home("Riverside Works")
        owner.follow("web.organisation.tab-members")
        email = f"{who}@example.org"
        if team:
            part = owner.unfold(owner.words("web.members.invite-partner"))
            part.get_by_label(owner.words("web.front.email"), exact=True).fill(email)
            part.get_by_label(owner.words("web.members.partner-kind"), exact=True).select_option(
                label=owner.words(f"web.kind.{team}")
            )
            part.get_by_role("button", name=owner.words("web.members.make-link")).click()
        else:
            part = owner.page.get_by_role("region", name=owner.words("web.members.invite"))
            part.get_by_label(owner.words("web.front.email"), exact=True).fill(email)
            part.get_by_label(owner.words("web.members.role"), exact=True).select_option(
                label=owner.words(f"web.role.{role}")
            )
            part.get_by_label(owner.words("web.members.staff-name"), exact=True).fill(staff_name)
            part.get_by_role("button", name=owner.words("web.members.make-link")).click()
        link = owner.page.get_by_label(owner.words("web.members.link"), exact=True).input_value()
        guest = self.person()
        guest.page.goto(link)
        if team:
            guest.write("web.invitation.organisation", name)
        guest.come_in("", who.title(), email, PASSWORD)
        guest.sees("web.welcome.in", organisation=name or "Riverside Works")
        self.cookies[who] = guest.context.cookies()
        guest.close()
        owner.close()
        self.open = [p for p in self.open if p not in (guest, owner)]


@pytest.fixture(scope="package")
def running(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with served(tmp_path_factory.mktemp("journeys") / "lab") as lab:
        place = Place(lab, browser)
        waits = place.person()
        waits.go("/")
        last = time.monotonic() + WORK
        while waits.page.get_by_text(waits.words("web.front.preparing")).count():
            assert time.monotonic() < last, lab_log(lab)[-2000:]
            waits.page.wait_for_timeout(1000)
            waits.page.reload()
        yield place
    log = lab_log(lab)
    assert "Traceback" not in log, log[-2000:]


def lab_log(lab: Served) -> str:
    """What the server said to whoever runs it."""
    return Path(lab.log.name).read_text()


@pytest.fixture
def lab(running: Place) -> Iterator[Place]:
    """The running lab. Afterwards every browser is closed, and nothing broke in any of them."""
    if not running.cookies:
        running.owner()
    yield running
    people, running.open = running.open, []
    for person in people:
        person.close()
