"""The newer rooms in the states that matter, and the pages of those who are not the owner.

A page is looked at once in each of a few ways, and everything is asked of it there: the rules of
accessibility, that nothing runs off, that what is touched is large enough.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.journeys.web.conftest import COACH, Place
from tests.journeys.web.person import Person
from tests.journeys.web.test_every_page import reached, shape, too_small
from tests.journeys.web.test_staff import CSV, bring, new_program
from tests.mobility import incomes_files
from tests.mobility import places_files as files

pytestmark = pytest.mark.deep
ROOMS = ("returns/", "household/", "mobility/", "places/", "standards/", "standards/pay/",
         "standards/funders/", "standards/exits/", "standards/forget/",
         "incomes/", "costs/")  # fmt: skip
WAYS: tuple[dict[str, Any], ...] = (
    {},
    {"width": 320, "language": "es"},
    {"dark": True, "language": "es"},
)
Go = Callable[[Person], None]


def named(how: dict[str, Any]) -> str:
    return "-".join(map(str, how.values())) or "plain"


def numbers(person: Person, effects: str = "-900 1800 2300", errors: str = "400 500 600") -> None:
    """Fill in the form of returns and send it."""
    if not person.page.get_by_label(person.words("web.returns.cost"), exact=True).is_visible():
        person.unfold(person.words("web.returns.short"))
    given = {"cost": "5200", "effects": effects, "errors": errors, "tax": "15", "lasts": "5",
             "people": "480", "year": "2024"}  # fmt: skip
    for field, text in given.items():
        person.write(f"web.returns.{field}", text)
    person.pick("web.returns.design", person.words("web.returns.design-randomised"))
    person.send("web.returns.show")


def raised(
    person: Person, program: str, offered: str = "19.50", *has: str, now: str = "17"
) -> None:
    """Ask what a raise leaves a mother of two in Georgia with."""
    person.go(program + "household/")
    person.write("web.household.now", now)
    person.write("web.household.offered", offered)
    person.pick("web.household.state", person.words("web.state.GA"))
    person.write("web.household.ages", "4, 7")
    for each in has:
        person.page.get_by_label(person.words(f"web.household.has-{each}"), exact=True).check()
    person.press("web.household.show")


def area(person: Person, program: str, name: str, content: bytes) -> None:
    """Bring percentiles of an area."""
    person.go(program + "mobility/")
    sent = {"name": name, "mimeType": "text/csv", "buffer": content}
    person.page.get_by_label(person.words("web.mobility.file"), exact=True).set_input_files(sent)
    person.send("web.mobility.keep")


SHEET = b"""ingredient,component,stage,quantity,price,in_kind
Coach,Coaching,,4000,45,
Teacher,Training,enrolled,6200,60,
Rent,Facilities,,24,8000,
Mentors,Coaching,placed,900,30,yes
"""


def costs(person: Person, program: str, sheet: bytes = SHEET, effect: str = "") -> None:
    """Bring a table of ingredients, perhaps with an effect."""
    person.go(program + "costs/")
    sent = {"name": "costs.csv", "mimeType": "text/csv", "buffer": sheet}
    person.page.get_by_label(person.words("web.costs.file"), exact=True).set_input_files(sent)
    if effect:
        person.write("web.costs.effect", effect)
        person.write("web.costs.effect-se", "3")
        person.write("web.costs.effect-unit", "point")
    person.send("web.costs.keep")


def incomes(person: Person, program: str, content: bytes = b"") -> None:
    """Bring a file of incomes."""
    person.go(program + "incomes/")
    sent = {"name": "a.csv", "mimeType": "text/csv", "buffer": content or incomes_files.city()}
    person.page.get_by_label(person.words("web.incomes.file"), exact=True).set_input_files(sent)
    person.send("web.incomes.keep")


@pytest.fixture(scope="module")
def states(running: Place, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Go]:
    """How to come to each state: of a program without records, of one without wages, and filled."""
    owner = running.owner()
    new_program(owner, "No records")
    bare = urlsplit(owner.page.url).path.removesuffix("records/")
    new_program(owner, "No wages")
    poor = urlsplit(owner.page.url).path.removesuffix("records/")
    bring(owner, "people.csv", CSV)
    owner.press("web.mapping.import")
    owner.worked("web.was.people", n=60)
    full = running.sample
    owner.go(full + "returns/")
    numbers(owner)
    owner.sees("web.returns.next")
    owner.go(full + "places/")
    owner.page.get_by_label(owner.words("web.places.file"), exact=True).set_input_files(
        files.social_capital(tmp_path_factory.mktemp("places") / "social_capital_county.csv")
    )
    owner.press("web.places.keep")
    owner.on("web.places.title")
    costs(owner, full, effect="8")
    owner.sees("web.costs.next")
    costs(owner, bare)
    owner.sees("web.costs.no-records")
    incomes(owner, full)
    owner.sees("web.incomes.kept")
    owner.close()
    running.open = []

    def at(path: str, status: int = 200) -> Go:
        def go(person: Person) -> None:
            assert person.go(path) == status, path

        return go

    def forgets(person: Person) -> None:
        person.go(full + "standards/forget/")
        person.write("web.standards.forget-who", "nobody")
        person.press("web.standards.forget-look")
        person.sees("web.standards.wrong")

    def wrong_numbers(person: Person) -> None:
        person.go(bare + "returns/")
        numbers(person, errors="400")
        person.page.locator("[aria-invalid=true]").first.wait_for()

    def no_area(person: Person) -> None:
        area(person, full, "area.csv", b"year,percentile\n2024,5\n")
        person.sees("web.mobility.wrong")

    def no_incomes(person: Person) -> None:
        incomes(person, full, b"name,income\nA,$5\nB,$7\n")
        person.sees("web.incomes.wrong")

    def no_costs(person: Person) -> None:
        costs(person, full, b"ingredient,price,stage\nRent,much,hired\n", effect="8")
        person.sees("web.costs.bring")
        person.sees("web.mobility.kept-nothing")

    def raise_told(offered: str, *has: str) -> Go:
        def go(person: Person) -> None:
            raised(person, full, offered, *has)
            person.sees("web.household.change")

        return go

    def raise_wrong(person: Person) -> None:
        raised(person, full, "12")
        person.sees("web.household.not-higher")

    looks = {f"empty {r}": at(bare + r) for r in ROOMS if r not in ("household/", "returns/")}
    looks |= {f"no wages {r}": at(poor + r) for r in ROOMS[2:3] + ROOMS[4:8]}
    outside = "?audience=outside"
    children = (
        "incomes/?about=rise&parent=parents&child=own&by=county&parent_year=2015&child_year=2015"
    )
    filled = ("returns/", "mobility/", "standards/", "standards/pay/", "standards/funders/")
    looks |= {f"outside {r}": at(full + r + outside) for r in filled}
    looks |= {f"by gender {r}": at(full + r + "?by=gender") for r in filled[1:]}
    return looks | {
        "returns filled": at(full + "returns/"),
        "returns wrong": wrong_numbers,
        "pay wrong": at(full + "standards/pay/?low_pay=a+lot"),
        "a place": at(full + "places/?place=36005&peers=6"),
        "no such place": at(full + "places/?place=Gotham&peers=6", 422),
        "incomes": at(full + "incomes/?income=earnings&by=county&over=year&weights=weight"),
        "incomes outside": at(full + "incomes/?income=earnings&by=county&audience=outside"),
        "incomes wrong": at(full + "incomes/?income=county&by=own&weights=gone", 422),
        "children, not asked": at(full + "incomes/?about=rise"),
        "children": at(full + children),
        "children outside": at(full + children + "&audience=outside"),
        "children wrong": at(full + "incomes/?about=rise&parent=parents&child=empty", 422),
        "no incomes": no_incomes,
        "costs": at(full + "costs/"),
        "costs outside": at(full + "costs/?audience=outside"),
        "costs, none brought": at(poor + "costs/"),
        "costs wrong": no_costs,
        "a raise": raise_told("19.50"),
        "a raise, not known": raise_told("19.50", "medicaid", "housing"),
        "a raise, wrong": raise_wrong,
        "no area": no_area,
        "nobody to forget": forgets,
    }


def trouble(person: Person) -> list[str]:
    """Everything that is wrong with the page as it stands."""
    found = too_small(person) if person.page.viewport_size["width"] < 400 else []
    try:
        person.nothing_runs_off()
    except AssertionError as wrong:
        found.append(str(wrong))
    return found + person.breaks_rules()


@pytest.mark.parametrize("how", WAYS, ids=named)
def test_every_state_of_the_newer_rooms(
    lab: Place, states: dict[str, Go], how: dict[str, Any]
) -> None:
    owner = lab.owner(inspected=True, **how)
    wrong = {}
    for name, go in states.items():
        go(owner)
        assert owner.page.get_by_role("heading", level=1).count() == 1, name
        assert owner.page.locator("button.primary:visible").count() <= 2, name
        if found := trouble(owner):
            wrong[name] = found
    assert not wrong


GUESTS: dict[str, tuple[dict[str, str], set[str], set[str]]] = {
    # who -> how invited, rooms that the rail offers, rooms it does not
    "joyce": (
        {"role": "coach", "staff_name": COACH},
        {"people/", "household/", "mobility/", "standards/"},
        {"records/", "fixes/", "standards/exits/", "standards/forget/"},
    ),
    "vera": (
        {"role": "viewer"},
        {"journey/", "returns/", "costs/", "places/", "incomes/"},
        {"records/", "people/", "standards/exits/"},
    ),
    "mina": (
        {"team": "coach", "name": "Mobility Team"},
        {"fixes/", "places/", "standards/", "household/", "incomes/"},
        {"records/", "people/", "standards/forget/"},
    ),
    "fay": ({"team": "funder", "name": "A Fund"}, set(), {"journey/", "mobility/", "places/"}),
}


@pytest.mark.parametrize("who", GUESTS)
def test_every_page_of_those_who_are_not_the_owner(lab: Place, who: str) -> None:
    """Every link of theirs leads somewhere, and what they reach keeps the rules, also narrow."""
    how, offered, kept = GUESTS[who]
    lab.invited(who, **how)
    guest = lab.person(who, inspected=True, width=320)
    pages = reached(guest) if who == "fay" else reached(guest, lab.sample)
    kinds = {shape(p.partition("?")[0]) for p in pages}
    mine = shape(lab.sample)
    assert {mine + r for r in offered} <= kinds, kinds
    assert not {mine + r for r in kept} & kinds, kinds
    wrong = {}
    for path in pages:
        guest.go(path)
        if found := trouble(guest):
            wrong[shape(path)] = found
    assert not wrong
    for room in kept:
        assert guest.go(lab.sample + room) == 403, room
        assert not guest.breaks_rules()
        assert re.search(r"\S", guest.title)
