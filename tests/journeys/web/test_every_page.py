"""Every page a person can reach: the rules of accessibility, narrow screens, weight, keyboard."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.journeys.web.conftest import PASSWORD, Place
from tests.journeys.web.person import Person
from tests.journeys.web.test_staff import CSV, bring, new_program

pytestmark = pytest.mark.deep
KEYS = re.compile(r"[0-9a-f]{12,}|[0-9a-z]{40,}")
FILES = re.compile(r"\.(csv|xlsx|html|zip|json)$|/download/|/file/|^/api/")
FEWEST = 30
"""Fewer kinds of pages than this, and links are missing."""


def shape(path: str) -> str:
    """An address without what is different for each program or person."""
    return KEYS.sub("*", path)


def reached(person: Person, *starts: str) -> list[str]:
    """One address of every kind that can be reached by links, without files."""
    wanted, found, seen = ["/", *starts], [], set()
    while wanted:
        path = wanted.pop(0)
        kind = shape(path.partition("?")[0])
        if kind in seen or FILES.search(kind):
            continue
        seen.add(kind)
        status = person.go(path)
        assert status == 200, (kind, status)
        found.append(path)
        for link in person.page.get_by_role("link", include_hidden=True).all():
            href = urlsplit(link.get_attribute("href") or "")
            if not href.netloc and href.path:
                wanted.append(href.path + (f"?{href.query}" if href.query else ""))
    return found


@pytest.fixture(scope="module")
def pages(running: Place) -> list[str]:
    """Every kind of page that the owner of the sample reaches; a draft of a brief is there."""
    owner = running.owner()
    owner.go(running.sample + "briefs/new/")
    owner.press("web.briefs.see")
    owner.on("web.briefs.inside-title")
    new_program(owner, "Every page")
    bring(owner, "people.csv", CSV)
    mapping = urlsplit(owner.page.url).path
    found = reached(owner, running.sample, running.sample + "briefs/check/", mapping)
    owner.close()
    running.open = []
    assert len(found) >= FEWEST, [shape(p) for p in found]
    return found


def test_the_rules_do_find_what_breaks_them(lab: Place) -> None:
    person = lab.person(inspected=True)
    person.go("/")
    assert not person.breaks_rules()
    person.page.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend',"
        '\'<img src="data:,"><p class="quiet" id="faint">faint</p><input>\');'
        "document.getElementById('faint').style.color = '#ddd'"
    )
    found = " ".join(person.breaks_rules())
    for rule in ("image-alt", "color-contrast", "label"):
        assert rule in found, rule


def test_what_runs_off_the_side_is_found(lab: Place) -> None:
    person = lab.person(width=320)
    person.go("/")
    person.nothing_runs_off()
    person.page.evaluate("document.querySelector('main').append('x'.repeat(400))")
    with pytest.raises(AssertionError, match="the page"):
        person.nothing_runs_off()


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"dark": True},
        {"width": 390},
        {"width": 390, "dark": True},
        {"language": "es"},
        {"language": "es", "width": 390},
    ],
    ids=lambda how: "-".join(map(str, how.values())) or "plain",
)
def test_no_page_breaks_a_rule(lab: Place, pages: list[str], how: dict[str, Any]) -> None:
    owner = lab.owner(inspected=True, **how)
    wrong = {}
    for path in pages:
        owner.go(path)
        found = owner.breaks_rules()
        if found:
            wrong[shape(path)] = found
    assert not wrong


@pytest.mark.parametrize("width", [320, 640])  # 640: 1280 pixels at 200 %
@pytest.mark.parametrize("language", ["en", "es"])
def test_nothing_runs_off_a_narrow_page(
    lab: Place, pages: list[str], width: int, language: str
) -> None:
    owner = lab.owner(width=width, language=language)
    wrong = []
    for path in pages:
        owner.go(path)
        try:
            owner.nothing_runs_off()
        except AssertionError as e:
            wrong.append(str(e))
    assert not wrong


def too_small(person: Person) -> list[str]:
    """What is touched and is lower than 44 pixels."""
    found: list[str] = person.page.evaluate(
        """() => [...document.querySelectorAll("button, summary, .button, select, input")]
        .filter(e => e.checkVisibility({visibilityProperty: true}) && e.type !== "hidden")
        .filter(e => !["checkbox", "radio"].includes(e.type) && !e.closest(".unseen, .skip"))
        .filter(e => !e.matches(".unseen") && e.getBoundingClientRect().height < 43.5)
        .map(e => location.pathname.split("/").slice(3).join("/") + e.outerHTML.slice(0, 90))"""
    )
    return found


@pytest.mark.parametrize("width", [320, 390])
def test_everything_that_is_touched_is_large_enough(
    lab: Place, pages: list[str], width: int
) -> None:
    owner = lab.owner(width=width)
    small = []
    for path in pages:
        owner.go(path)
        small += too_small(owner)
    assert not small


def test_the_first_page_is_light(lab: Place) -> None:
    visitor = lab.person()
    done: list[Any] = []
    visitor.page.on("requestfinished", lambda r: done.append(r))
    visitor.go("/")
    visitor.page.wait_for_load_state("networkidle")
    sizes = [r.sizes()["responseBodySize"] for r in done]
    assert len(sizes) >= 4
    assert 5_000 < sum(sizes) < 100_000


# -- the keyboard alone


def tabbed(person: Person, name: str, most: int = 80) -> None:
    """Go to what is called `name` with the Tab key; the focus is seen at every stop."""
    seen = set()
    for _ in range(most):
        person.page.keyboard.press("Tab")
        assert person.focus_is_seen(), person.page.evaluate(
            "document.activeElement.outerHTML.slice(0, 200)"
        )
        at = person.page.evaluate(
            """() => { const e = document.activeElement;
            const label = e.labels?.[0]?.textContent ?? "";
            return (e.getAttribute("aria-label") || label || e.textContent).trim(); }"""
        )
        seen.add(at)
        if at == name:
            return
    raise AssertionError(f"never came to {name}, only to {sorted(seen)}")


def test_the_keyboard_alone_goes_from_signing_in_to_a_brief(lab: Place) -> None:
    lab.owner()
    person = lab.person()
    keys = person.page.keyboard
    person.go("/")
    keys.press("Tab")
    assert person.page.evaluate("document.activeElement.className") == "skip"
    assert person.focus_is_seen()
    keys.press("Enter")
    assert person.page.evaluate("document.activeElement.id") == "main"
    tabbed(person, str(person.words("web.front.email")))
    keys.type("ana@example.org")
    keys.press("Tab")
    keys.type(PASSWORD)
    keys.press("Enter")
    person.page.wait_for_url(re.compile(r"/(p/\w+/)?$"))
    # a menu opens, closes with Escape, and gives the focus back
    tabbed(person, "Ana Ruiz")
    keys.press("Enter")
    assert person.page.get_by_role("link", name="Riverside Works", exact=True).first.is_visible()
    keys.press("Tab")
    keys.press("Escape")
    assert person.page.evaluate("document.activeElement.textContent").strip() == "Ana Ruiz"
    assert not person.page.locator("details.menu[open]").count()
    person.go(lab.sample)
    tabbed(person, str(person.words("web.room.journey")))
    keys.press("Enter")
    person.page.wait_for_url(re.compile("/journey/"))
    tabbed(person, str(person.words("brief.numbers")))
    keys.press("Enter")
    assert person.page.evaluate("document.activeElement.parentElement.open")
    tabbed(person, str(person.words("web.journey.brief")))
    keys.press("Enter")
    person.on("web.briefs.title")
    write = person.link("web.briefs.write").or_(person.link("web.briefs.go-on"))
    tabbed(person, write.first.inner_text())
    keys.press("Enter")
    person.on("web.briefs.new-title")
    tabbed(person, str(person.words("web.briefs.see")))
    keys.press("Enter")
    person.page.wait_for_url(re.compile("/check/"))
