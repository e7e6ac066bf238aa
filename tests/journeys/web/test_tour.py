"""The tour in docs/tour.md: its pictures are made by walking it (`make tour`)."""

from __future__ import annotations

import os
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.journeys.web.conftest import COACH, Place
from tests.journeys.web.person import Person
from tests.journeys.web.test_every_state import numbers, raised
from tests.journeys.web.test_staff import bring, word
from tests.mobility import places_files as files

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs/tour.md"
PICTURES = ROOT / "docs/tour"
ONE, ALL = 120_000, 2_000_000  # bytes


def named() -> list[str]:
    """The pictures that the page shows, in order."""
    return re.findall(r"\]\(tour/([\w-]+\.png)\)", PAGE.read_text("utf-8"))


def shoot(person: Person, name: str, below: Any = None) -> None:
    """Keep what is on the screen; `below` is scrolled to the top first, and less is kept."""
    assert f"{name}.png" in named()
    person.page.wait_for_load_state("networkidle")
    if below is not None:
        below.evaluate("e => window.scrollTo(0, e.getBoundingClientRect().top + scrollY - 16)")
    PICTURES.mkdir(exist_ok=True)
    size = person.page.viewport_size
    part = {"x": 0, "y": 0, "width": size["width"], "height": 600 if below else size["height"]}
    person.page.screenshot(path=PICTURES / f"{name}.png", clip=part, animations="disabled")


@pytest.mark.deep
@pytest.mark.skipif(not os.environ.get("TOUR"), reason="only `make tour` makes the pictures anew")
def test_the_tour_is_walked(lab: Place) -> None:
    owner = lab.owner()
    owner.page.set_viewport_size({"width": 1100, "height": 700})
    owner.go("/")
    owner.follow_home("Riverside Works")
    owner.follow("web.program-new.make")
    owner.write("web.program-new.name", "Tech Pathways")
    owner.press("web.program-new.make")
    shoot(owner, "01-begin")
    owner.follow("web.room.records")
    bring(owner)
    shoot(owner, "02-columns")
    owner.press("web.mapping.import")
    owner.worked("web.was.people")
    shoot(owner, "03-came-in")
    owner.follow("web.was.mend")
    shoot(owner, "04-fix-list")
    owner.follow("web.room.journey")
    articles = owner.page.get_by_role("article")
    shoot(owner, "05-lost")
    shoot(owner, "06-journey", articles.nth(1))
    owner.pick("web.journey.by", word(owner, "Education"))
    owner.press("web.journey.show")
    owner.sees("web.journey.lines-by")
    shoot(owner, "07-for-whom", owner.page.get_by_role("article").first)
    owner.follow("web.room.journey")
    lines = owner.page.get_by_role("region", name=owner.words("web.journey.lines"))
    lines.get_by_role("row").nth(4).get_by_role("link").nth(3).click()  # completed: lost
    owner.on("web.behind.title")
    shoot(owner, "08-behind")
    owner.follow("web.behind.back")
    owner.follow("web.match.open")
    owner.pick("web.match.milestone", "Enrolled")
    owner.write("web.match.period", "2024")
    owner.write("web.match.reported", "404")
    owner.press("web.match.compare")
    owner.sees("web.match.next-rule")
    shoot(owner, "09-report")
    owner.follow("web.room.briefs")
    owner.follow("web.briefs.write")
    owner.page.get_by_role("radio", name=owner.words("web.briefs.audience-outside")).check()
    owner.page.get_by_role("radio", name="Español").check()
    owner.press("web.briefs.see")
    owner.on("web.briefs.check-title")
    shoot(owner, "10-brief")
    on_a_phone(lab)
    further(owner, lab.sample)


def further(owner: Person, sample: str) -> None:
    """What it is worth, how far people climbed, and what others ask for: the sample's own rooms."""
    owner.go(sample + "standards/funders/")
    shoot(owner, "13-standards", owner.page.get_by_role("article").first)
    owner.go(sample + "returns/")
    numbers(owner)
    owner.sees("web.returns.next")
    shoot(owner, "14-worth", owner.page.get_by_role("article").nth(1))
    raised(owner, sample, "17", now="16")
    owner.sees("web.household.change")
    shoot(
        owner, "15-raise", owner.page.get_by_role("region", name=owner.words("web.household.line"))
    )
    owner.go(sample + "mobility/")
    ladder = owner.page.get_by_role("region", name=owner.words("web.mobility.where"))
    shoot(owner, "16-climbed", ladder)
    owner.go(sample + "places/")
    with TemporaryDirectory() as folder:
        file = files.social_capital(Path(folder) / "social_capital_county.csv")
        owner.page.get_by_label(owner.words("web.places.file"), exact=True).set_input_files(file)
        owner.press("web.places.keep")
        owner.write("web.places.place", "36005")
    owner.press("web.places.show")
    owner.sees("web.places.next")
    shoot(owner, "17-places", owner.page.get_by_role("article").nth(1))


def on_a_phone(lab: Place) -> None:
    """The coach's part of the tour."""
    lab.invited("joyce", role="coach", staff_name=COACH)
    coach = lab.person("joyce", phone=True)
    coach.go(lab.sample + "people/")
    shoot(coach, "11-my-people")
    coach.page.get_by_role("link", name=coach.words("web.people.write")).first.tap()
    coach.on("web.people.ask-title")
    shoot(coach, "12-follow-up")


def test_the_tour_shows_every_picture_and_each_is_small() -> None:
    shown = named()
    assert len(shown) >= 10
    assert sorted(shown) == sorted(p.name for p in PICTURES.glob("*.png"))
    sizes = {p.name: p.stat().st_size for p in PICTURES.glob("*.png")}
    assert max(sizes.values()) <= ONE, sizes
    assert sum(sizes.values()) < ALL
    for words in re.findall(r"!\[([^\]]*)\]", PAGE.read_text("utf-8")):
        assert len(words) > 30, "a picture is described"
