"""The newer rooms, as the people do who come for them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.journeys.web.conftest import COACH, Place
from tests.journeys.web.person import Person
from tests.journeys.web.test_every_page import tabbed
from tests.journeys.web.test_every_state import SHEET, area, costs, numbers
from tests.journeys.web.test_staff import CSV, bring, new_program, word
from tests.mobility import incomes_files
from tests.mobility import places_files as files

pytestmark = pytest.mark.deep


def said(person: Person) -> str:
    return str(person.page.get_by_role("main").inner_text())


def percentiles(least: int) -> bytes:
    """An area where the lowest twentieth earn `least` dollars a year, the next as much more."""
    rows = [f"{y},{p},{least * p // 5}\n" for y in range(2021, 2027) for p in range(5, 100, 5)]
    return ("year,percentile,earnings\n" + "".join(rows)).encode()


def test_a_manager_brings_the_area_and_reads_the_ladder(lab: Place) -> None:
    manager = lab.owner()
    area(manager, lab.sample, "our-area.csv", percentiles(500))
    manager.sees("web.mobility.brought", file="our-area.csv")
    poor = manager.title
    area(manager, lab.sample, "notes.csv", b"year,percentile\n2024,5\n")
    manager.sees("web.mobility.kept-nothing")
    area(manager, lab.sample, "rich-area.csv", percentiles(4000))
    manager.sees("web.mobility.brought", file="rich-area.csv")
    assert manager.title != poor  # among richer people the same pay is a lower rung
    manager.write("web.mobility.living-wage", "19.75")
    manager.send("web.mobility.keep")  # a wage alone: the file stays
    manager.sees("web.mobility.brought", file="rich-area.csv")
    part = manager.unfold(manager.words("web.mobility.lines"))
    assert "$19.75" in part.inner_text()
    gender = word(manager, "gender")
    manager.pick("web.journey.by", gender[0].upper() + gender[1:])
    manager.send("web.journey.show")
    assert "by=gender" in manager.page.url
    manager.follow("web.journey.to-outside")
    manager.sees("web.mobility.outside-why")
    manager.follow("web.journey.to-inside")
    manager.sees("web.mobility.inside-why")
    assert "by=gender" in manager.page.url


def test_staff_ask_what_it_is_worth_and_release_nothing(lab: Place, tmp_path: Path) -> None:
    lab.invited("sam", role="staff")
    staff, owner = lab.person("sam"), lab.owner()
    new_program(owner, "Worth it")
    program = urlsplit(owner.page.url).path.removesuffix("records/")
    staff.go(program)
    staff.follow("web.room.returns")
    staff.on("web.returns.title")
    numbers(staff, errors="400")
    staff.sees("web.returns.errors-length", n=3)  # beside its field, and what was written stays
    assert "-900 1800 2300" in [i.input_value() for i in staff.page.locator("input").all()]
    numbers(staff)
    staff.sees("web.returns.next")
    first = staff.title
    assert "$" in first
    numbers(staff, effects="-900 800 900")
    staff.sees("web.returns.next")
    assert staff.title != first
    staff.unfold(staff.words("web.returns.file"))
    staff.follow("web.returns.version", number=1)
    staff.sees("web.returns.earlier-this", number=1)
    assert staff.title == first
    staff.unfold(staff.words("web.returns.file"))
    with staff.downloading(tmp_path / "SPEC.toml") as spec:
        staff.follow("web.returns.download")
    assert "1800" in spec.read_text()
    staff.follow("web.returns.to-newest")
    staff.follow("web.journey.to-outside")
    staff.sees("web.returns.outside-why")
    owner.go("/released/")
    assert "Worth it" not in said(owner)
    owner.go(program + "briefs/")
    assert owner.page.get_by_role("main").get_by_role("listitem").count() == 0


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_manager_counts_what_it_costs_without_javascript(
    lab: Place, tmp_path: Path, language: str
) -> None:
    lab.owner()
    manager = lab.person("ana", language=language, javascript=False, width=390)
    manager.go(lab.sample + "returns/")
    manager.follow("web.returns.to-costs")
    with manager.downloading(tmp_path / "blank.csv") as blank:
        manager.follow("web.costs.blank")
    heads = blank.read_text("utf-8-sig").strip().split(",")
    assert {"ingredient", "price", "quantity", "stage"} <= set(heads)
    costs(manager, lab.sample, SHEET, effect="8")
    manager.sees("web.costs.next")
    first = manager.title
    assert "$" in first
    costs(manager, lab.sample, SHEET.replace(b"8000", b"28000"))
    manager.sees("web.costs.next")
    assert manager.title != first
    costs(manager, lab.sample, b"ingredient,price,quantity,stage\nRent,8000,24,hired\n")
    manager.sees("web.mobility.kept-nothing")
    manager.go(lab.sample + "costs/")
    manager.unfold(manager.words("web.costs.kept"))
    manager.follow("web.returns.version", number=1)
    assert manager.title == first
    manager.send("web.costs.keep")  # an earlier table again
    assert manager.title == first
    manager.follow("web.journey.to-outside")
    manager.sees("web.mobility.outside-why")


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_coach_and_a_participant_look_at_a_raise_by_keyboard(lab: Place, language: str) -> None:
    lab.invited("joyce", role="coach", staff_name=COACH)
    coach = lab.person("joyce", language=language)
    keys, asked = coach.page.keyboard, lab.sample + "household/"
    coach.go(lab.sample)
    tabbed(coach, str(coach.words("web.room.household")))
    keys.press("Enter")
    coach.on("web.household.title")
    for field, text in (("now", "16"), ("offered", "17")):
        tabbed(coach, str(coach.words(f"web.household.{field}")))
        keys.type(text)
    tabbed(coach, str(coach.words("web.household.state")))
    keys.type("Texas")
    tabbed(coach, str(coach.words("web.household.ages")))
    keys.type("4, 7")
    tabbed(coach, str(coach.words("web.household.has-medicaid")))
    keys.press("Space")
    keys.press("Enter")  # sends the form, as in every field
    coach.sees("web.household.line-federal")  # what is not known is not guessed
    tabbed(coach, str(coach.words("web.household.has-medicaid")))
    keys.press("Space")
    tabbed(coach, str(coach.words("web.household.show")))
    keys.press("Enter")
    coach.sees("web.household.line")
    assert "$17" in coach.title
    tabbed(coach, str(coach.words("web.household.every-wage")))
    keys.press("Enter")
    assert coach.page.evaluate("document.activeElement.parentElement.open")
    assert coach.page.url.endswith(asked)  # nothing of it stands in the address
    coach.go(asked)
    coach.on("web.household.title")  # and nothing was kept
    assert "$17" not in said(coach)


def test_a_city_analyst_brings_a_file_and_a_viewer_reads_it(lab: Place, tmp_path: Path) -> None:
    lab.invited("cleo", role="analyst")
    lab.invited("vera", role="viewer")
    analyst, viewer = lab.person("cleo"), lab.person("vera", phone=True)
    analyst.go(lab.sample)
    analyst.follow("web.room.places")
    sent: Any = analyst.page.get_by_label(analyst.words("web.places.file"), exact=True)
    sent.set_input_files({"name": "x.csv", "mimeType": "text/csv", "buffer": CSV})
    analyst.send("web.places.keep")
    analyst.sees("web.places.wrong")  # records of people are no file of places
    sent = analyst.page.get_by_label(analyst.words("web.places.file"), exact=True)
    sent.set_input_files(files.social_capital(tmp_path / "social_capital_county.csv"))
    analyst.send("web.places.keep")
    analyst.write("web.places.place", "Gotham")
    analyst.send("web.places.show")
    analyst.sees("web.places.wrong")
    analyst.write("web.places.place", "36005")
    analyst.send("web.places.show")
    analyst.sees("web.places.next")
    viewer.go(urlsplit(analyst.page.url).path + "?" + urlsplit(analyst.page.url).query)
    assert viewer.title == analyst.title
    assert viewer.page.get_by_label(viewer.words("web.places.file"), exact=True).count() == 0
    viewer.nothing_runs_off()


def test_a_city_analyst_asks_about_incomes_and_leaves_none_of_them(lab: Place) -> None:
    lab.invited("cleo", role="analyst")
    analyst = lab.person("cleo", language="es", javascript=False)
    analyst.go(lab.sample)
    analyst.follow("web.room.incomes")
    sent: Any = analyst.page.get_by_label(analyst.words("web.incomes.file"), exact=True)
    buffer = incomes_files.city()
    sent.set_input_files({"name": "city.csv", "mimeType": "text/csv", "buffer": buffer})
    analyst.send("web.incomes.keep")
    analyst.pick("web.incomes.income", "earnings")
    analyst.pick("web.incomes.by", "county")
    analyst.send("web.incomes.show")
    analyst.sees("web.incomes.next-apart")
    analyst.follow("web.incomes.rise")
    analyst.pick("web.incomes.parent", "parents")
    analyst.pick("web.incomes.child", "empty")
    analyst.send("web.incomes.show")
    assert analyst.page.get_by_label(analyst.words("web.incomes.child"), exact=True).get_attribute(
        "aria-invalid"
    )
    analyst.pick("web.incomes.child", "own")
    analyst.send("web.incomes.show")
    analyst.sees("web.incomes.next-rise")
    analyst.follow("web.journey.to-outside")
    analyst.follow("web.journey.to-inside")
    analyst.send("web.incomes.delete")
    analyst.on("web.incomes.title")
    analyst.sees("web.incomes.bring")


def test_a_manager_declines_an_exit(lab: Place) -> None:
    manager = lab.owner()
    manager.go(lab.sample)
    manager.follow("web.room.standards")
    manager.follow("web.tab.standards-exits")
    manager.on("web.standards.exits-n")
    before = int(manager.title.split()[0].replace(",", ""))
    manager.press("web.standards.exits-do")
    manager.sees("web.standards.exits-nothing")
    card = manager.page.get_by_role("main").get_by_role("listitem").filter(
        has=manager.page.get_by_role("group")
    )  # fmt: skip
    declines = re.compile(
        f"^({manager.words('web.standards.exits-decline')}"
        f"|{manager.words('web.standards.exits-apart')})$"
    )
    card.first.get_by_role("radio", name=declines).check()
    manager.press("web.standards.exits-do")
    manager.on("web.standards.exits-n", n=before - 1)
    manager.sees("web.standards.exits-declined", n=1)


def test_a_manager_forgets_a_person(lab: Place) -> None:
    manager = lab.owner()
    new_program(manager, "Forgotten")
    bring(manager, "people.csv", CSV)
    manager.press("web.mapping.import")
    manager.worked("web.was.people", n=60)
    manager.follow("web.room.standards")
    manager.follow("web.tab.standards-forget")
    for again in (False, True):  # told first, and nothing done until it is confirmed
        manager.write("web.standards.forget-who", "00007")
        manager.press("web.standards.forget-look")
        manager.on("web.standards.forget-sure")
        if not again:
            manager.follow("web.standards.forget-keep")
    confirm = manager.words("web.standards.forget-confirm")
    manager.page.get_by_role("checkbox", name=confirm).check()
    manager.press("web.standards.forget-do")
    manager.on("web.standards.forgot")
    assert "00007" not in said(manager)
    manager.follow("web.tab.standards-forget")
    manager.write("web.standards.forget-who", "00007")
    manager.press("web.standards.forget-look")
    manager.sees("web.standards.wrong")
    manager.follow("web.room.journey")
    assert "59" in said(manager)
