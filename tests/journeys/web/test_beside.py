"""Those beside the program's staff: a coach on a phone, the coaching team, a funder, strangers."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.journeys.web.conftest import COACH, Place
from tests.journeys.web.person import Person
from tests.journeys.web.test_staff import CSV, bring, column, means, new_program

pytestmark = pytest.mark.deep


def test_a_coach_follows_up_on_a_phone(lab: Place) -> None:
    lab.invited("joyce", role="coach", staff_name=COACH)
    coach = lab.person("joyce", phone=True)
    coach.go(lab.sample + "people/")
    due = int(coach.title.split()[0])
    card = (
        coach.page.get_by_role("main")
        .get_by_role("listitem")
        .filter(has=coach.page.get_by_role("link", name=coach.words("web.people.write")))
        .filter(has_text=re.compile("follow-up"))
        .first
    )
    name = card.get_by_role("heading").inner_text()
    card.get_by_role("heading").get_by_role("link").tap()
    assert coach.title == name
    coach.page.get_by_role("link", name=coach.words("web.people.write")).first.tap()
    coach.on("web.people.ask-title", name=name)
    verified = re.compile(f"^{coach.words('web.people.is-verified')}")
    coach.page.get_by_role("radio", name=verified).tap()
    ways = coach.page.get_by_label(coach.words("web.people.ask-how"), exact=True)
    ways.select_option(index=1)
    coach.nothing_runs_off()
    coach.button("web.people.save").tap()
    coach.sees("web.people.written")
    coach.go(lab.sample + "people/")
    assert int(coach.title.split()[0]) == due - 1
    assert coach.page.get_by_role("heading", name=name, exact=True).count() == 0
    coach.nothing_runs_off()


def planned(person: Person, program: str) -> Any:
    """A program in the portfolio, its plan unfolded."""
    card = person.page.get_by_role("main").get_by_role("listitem").filter(has_text=program).first
    card.locator("summary").click()
    return card


def test_a_coaching_team_sees_who_invited_it_and_loses_nobodys_change(lab: Place) -> None:
    lab.invited("mina", team="coach", name="Mobility Team")
    first, second = lab.person("mina"), lab.owner()
    first.go("/")
    first.follow_home("Mobility Team")
    mine = planned(first, "Sector training")
    assert "Riverside Works" in mine.inner_text()
    second.go("/")
    second.page.get_by_role("link", name="Sector training").first.click()
    second.follow("web.program.plan")
    second.write("web.plan.meeting", "2031-05-06")
    second.press("web.said.save")
    second.sees("web.said.saved")
    mine.get_by_label(first.words("web.plan.meeting"), exact=True).fill("2031-07-08")
    mine.get_by_role("button", name=first.words("web.said.save")).click()
    first.sees("web.plan.changed-by", name="Ana Ruiz")  # theirs stands, mine is in the form
    assert "May 6, 2031" in first.page.get_by_role("main").inner_text()
    field = first.page.get_by_label(first.words("web.plan.meeting"), exact=True)
    assert field.input_value() == "2031-07-08"
    first.press("web.said.save")
    first.sees("web.said.saved")
    assert "July 8, 2031" in first.page.get_by_role("main").inner_text()
    # names of people are the program's
    assert first.go(lab.sample + "people/") == 403
    first.on("web.sorry.denied")


def test_a_provider_that_invited_nobody_is_in_no_portfolio(lab: Place) -> None:
    lab.invited("mina", team="coach", name="Mobility Team")
    owner = lab.owner()
    owner.go("/")
    owner.follow_home("Riverside Works")
    owner.follow("web.organisation-new.link")
    owner.page.get_by_label(owner.words("web.invitation.organisation"), exact=True).fill(
        "Elsewhere"
    )
    owner.press("web.organisation-new.make")
    owner.follow("web.program-new.make")
    owner.write("web.program-new.name", "Quiet Program")
    owner.press("web.program-new.make")
    hidden = owner.page.url
    team = lab.person("mina")
    team.go("/")
    team.follow_home("Mobility Team")
    said = team.page.get_by_role("main").inner_text()
    assert "Sector training" in said
    assert "Quiet Program" not in said
    assert team.go(hidden) == 404
    team.on("web.sorry.missing")


def test_a_funder_reads_what_was_released_and_nothing_else(lab: Place) -> None:
    lab.invited("fay", team="funder", name="A Fund")
    owner, funder = lab.owner(), lab.person("fay")
    funder.go("/")
    funder.on("web.released.title")  # what one may read is where one comes in
    assert funder.page.get_by_text("What the fund may know").count() == 0
    owner.go(lab.sample + "briefs/")
    (owner.link("web.briefs.write").or_(owner.link("web.briefs.go-on"))).first.click()
    owner.page.get_by_role("radio", name=owner.words("web.briefs.audience-outside")).check()
    owner.write("web.briefs.title-label", "What the fund may know")
    owner.press("web.briefs.see")
    owner.press("web.briefs.release")
    owner.on("web.briefs.title")
    funder.page.reload()
    funder.page.get_by_role("link", name="What the fund may know").first.click()
    assert funder.title == "What the fund may know"
    for room in ("", "journey/", "people/", "records/", "fixes/", "briefs/"):
        assert funder.go(lab.sample + room) == 403, room
    owner.go(lab.sample + "briefs/")
    owner.unfold(owner.words("web.briefs.withdraw"))
    owner.page.get_by_role("button", name=owner.words("web.briefs.withdraw-do")).first.click()
    funder.go("/released/")
    assert funder.page.get_by_text("What the fund may know").count() == 0


def test_a_visitor_is_shown_the_door_everywhere(lab: Place) -> None:
    lab.owner()
    visitor = lab.person()
    for path in ("", "journey/", "people/", "records/", "fixes/", "briefs/", "settings/", "plan/"):
        visitor.go(lab.sample + path)
        visitor.on("web.front.title")
        assert "Sector training" not in visitor.page.content()
    assert visitor.go("/api/programs") in (401, 404)


def test_a_removed_member_sees_nothing_in_the_open_tab(lab: Place) -> None:
    lab.invited("remo", role="viewer")
    gone, owner = lab.person("remo"), lab.owner()
    gone.go(lab.sample + "journey/")
    owner.go("/")
    owner.follow_home("Riverside Works")
    owner.follow("web.organisation.tab-members")
    card = owner.page.get_by_role("listitem").filter(has_text="remo@example.org").first
    card.locator("summary").click()
    card.get_by_role("button", name=owner.words("web.members.remove-now", name="Remo")).click()
    owner.sees("web.members.removed")
    gone.press("web.journey.show")
    gone.page.wait_for_load_state()
    assert gone.page.get_by_text("Sector training").count() == 0
    assert gone.title in (gone.words("web.sorry.missing"), gone.words("web.front.title"))


def test_a_session_that_ends_in_the_middle_keeps_the_draft(lab: Place) -> None:
    lab.invited("sam", role="staff")
    owner = lab.owner()
    new_program(owner, "Interrupted")
    staff = lab.person("sam")
    staff.go(owner.page.url)
    bring(staff, "people.csv", CSV)
    address = staff.page.url
    wanted = staff.words("choice.ignore")
    column(staff, "Gender").select_option(label=wanted)
    staff.sees("web.mapping.saved")
    staff.context.clear_cookies()
    column(staff, "Name").select_option(label=wanted)
    staff.sees("web.mapping.unsaved")  # it is told, at once
    staff.press("web.mapping.import")
    staff.page.wait_for_load_state()
    staff.go(address)
    staff.sign_in("sam@example.org", "four words in a row")
    staff.on("web.mapping.title")
    assert means(staff, "Gender") == wanted
    staff.press("web.mapping.import")
    staff.worked("web.was.people", n=60)


def test_two_people_on_one_mapping_are_told_of_each_other(lab: Place) -> None:
    lab.invited("sam", role="staff")
    first, second = lab.owner(), lab.person("sam")
    new_program(first, "Together")
    bring(first, "people.csv", CSV)
    second.go(first.page.url)
    ignored = first.words("choice.ignore")
    column(first, "Gender").select_option(label=ignored)
    first.sees("web.mapping.saved")
    column(second, "Completed").select_option(label=ignored)
    second.sees("web.mapping.moved", who="Ana Ruiz")
    second.press("web.mapping.save")
    second.sees("web.mapping.moved-title", who="Ana Ruiz")
    said = second.page.get_by_role("alert").inner_text()
    assert "Gender" in said
    assert "Completed" in said
    second.press("web.mapping.keep-mine")
    second.sees("web.mapping.saved")
    first.page.reload()
    assert means(first, "Completed") == ignored
