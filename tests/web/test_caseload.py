"""My people: a coach sees their own and why, writes down what was learned, and nothing leaks."""

from __future__ import annotations

import datetime as dt
import logging
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse

from rung import cycle
from rung.web import caseload, keys
from rung.web.models import Draft, FollowUp, Generation, Membership, Trace
from tests.web.coached import ANA, BEN, LAST, lab
from tests.web.conftest import World


@pytest.fixture(scope="session")
def coached_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lab whose records name coaches, imported once."""
    return lab(tmp_path_factory.mktemp("coached") / "lab")


@pytest.fixture
def coached(world: World, coached_folder: Path) -> Iterator[World]:
    """The world, with a program whose records name Ana and Ben; the coach is Ana."""
    caseload.forget()
    generation = Generation.objects.create(program=world.program, number=2)
    shutil.copytree(coached_folder, generation.folder)
    world.program.generation = generation
    world.program.save()
    Membership.objects.filter(user=world.people["coach"]).update(staff_name=ANA)
    yield world
    caseload.forget()


def people(world: World, coach: str | None, *, everyone: bool = True) -> cycle.Caseload:
    return caseload.opened(world.program, coach, everyone=everyone).load


def with_job(world: World, coach: str, check: int = 90) -> str:
    """Someone of a coach whose follow-up is due."""
    found = people(world, coach).cases
    return next(c.pid for c in found if any(m.due_days == check for m in c.matters))


def at(world: World, name: str, *more: str) -> str:
    return reverse(name, args=[world.program.uid, *more])


def key_of(world: World, pid: str) -> str:
    return keys.key(world.program, pid)


def answer(**more: str) -> dict[str, str]:
    return {
        "due_days": "90", "result": "verified", "how": "phone", "on": LAST.isoformat(),
        "seen": "0", "version": "0", **more,
    }  # fmt: skip


# -- who sees whom


def test_a_coach_sees_their_own_people_with_reasons_and_no_score(coached: World) -> None:
    page = coached.client("coach").get(at(coached, "people"))
    text = page.content.decode()
    due = caseload.opened(coached.program, ANA).due
    assert f"{len(due)} people to reach this week" in text
    assert "90-day follow-up was due on" in text
    mine = {c.pid for c in people(coached, ANA).cases}
    shown = set(re.findall(r"/people/([a-z2-7]{20,})/follow-up/", text))
    assert shown
    assert {keys.pid(coached.program, key) for key in shown} <= mine
    assert "score" not in re.sub(r"Nobody is scored", "", text)


def test_a_coach_cannot_open_another_coachs_person(coached: World) -> None:
    other = key_of(coached, people(coached, BEN).cases[0].pid)
    own = key_of(coached, people(coached, ANA).cases[0].pid)
    browser = coached.client("coach")
    assert browser.get(at(coached, "people-person", own)).status_code == 200
    for name in ("people-person", "people-followup"):
        assert browser.get(at(coached, name, other)).status_code == 404
    assert browser.post(at(coached, "people-followup", other), answer()).status_code == 404
    assert not FollowUp.objects.exists()
    assert coached.client("staff").get(at(coached, "people-person", other)).status_code == 200


def test_a_coach_cannot_pick_another_coach(coached: World) -> None:
    ben = caseload.coach_key(coached.program, BEN)
    text = coached.client("coach").get(at(coached, "people") + f"?show=all&coach={ben}")
    assert f"{len(people(coached, ANA).cases)}" in text.content.decode()
    picked = coached.client("staff").get(at(coached, "people") + f"?show=all&coach={ben}")
    assert BEN in picked.content.decode()
    nobody = at(coached, "people") + "?coach=" + key_of(coached, people(coached, BEN).cases[0].pid)
    assert coached.client("staff").get(nobody).status_code == 404


@pytest.mark.parametrize("who", ["viewer", "analyst", "advisor", "partner"])
def test_others_do_not_see_people(coached: World, who: str) -> None:
    key = key_of(coached, people(coached, ANA).cases[0].pid)
    browser = coached.client(who)
    for address in (
        at(coached, "people"),
        at(coached, "people-person", key),
        at(coached, "people-followup", key),
    ):
        assert browser.get(address).status_code == 403
    assert coached.client("nowhere").get(at(coached, "people")).status_code == 404


def test_a_coach_whom_nobody_named_is_told_whom_to_ask(coached: World) -> None:
    Membership.objects.filter(user=coached.people["coach"]).update(staff_name="")
    text = coached.client("coach").get(at(coached, "people")).content.decode()
    assert "Nobody has said how the records name you" in text
    assert "Owner" in text
    Membership.objects.filter(user=coached.people["coach"]).update(staff_name="Zoe Nobody")
    text = coached.client("coach").get(at(coached, "people")).content.decode()
    assert "The records name nobody as your participant" in text


def test_before_records_the_page_says_what_will_be_here(coached: World) -> None:
    coached.program.generation = None
    coached.program.save()
    assert "No records yet" in coached.client("owner").get(at(coached, "people")).content.decode()
    key = "a" * 40
    assert coached.client("owner").get(at(coached, "people-person", key)).status_code == 404


# -- what never shows


TRAITS = re.compile(r"\b(Black|White|Asian|Female|Male|Non-binary|[Nn]onbinary|[Ww]omen)\b")


def test_no_trait_is_on_a_page_or_in_a_reason(coached: World) -> None:
    browser = coached.client("owner")
    key = key_of(coached, people(coached, ANA).cases[0].pid)
    pages = [
        browser.get(at(coached, "people") + "?show=all"),
        browser.get(at(coached, "people-person", key)),
        browser.get(at(coached, "people-followup", key)),
    ]
    for page in pages:
        assert not TRAITS.search(page.content.decode())
    for case in people(coached, None).cases:
        for why in case.reasons:
            assert not re.search(r"race|gender|disab|age_", why.code + str(why.params))


def test_names_are_on_pages_and_nowhere_else(
    coached: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    browser = coached.client("coach")
    pid = with_job(coached, ANA)
    key = key_of(coached, pid)
    name = cycle.named(caseload.lab_of(coached.program), [pid])[pid].name
    assert name.startswith("Given")
    page = browser.get(at(coached, "people-person", key))
    assert name in page.content.decode()
    browser.post(at(coached, "people-followup", key), answer(draft="1"))
    browser.post(at(coached, "people-followup", key), answer())
    listed = browser.get(at(coached, "people")).content.decode()
    addresses = " ".join(re.findall(r'(?:href|action|src)="([^"]*)"', listed))
    for hidden in ("Given", "Family", pid):
        assert hidden not in addresses
        assert hidden not in caplog.text
    for model in apps.get_app_config("web").get_models():
        for row in model.objects.values_list():  # type: ignore[attr-defined]
            assert "Given" not in str(row)
    assert Trace.objects.filter(thing=pid, action="people.names").exists()


def test_without_the_table_of_names_people_have_numbers(coached: World) -> None:
    generation = coached.program.generation
    assert generation is not None
    (generation.folder / "private" / "keys.enc").write_bytes(b"broken")
    text = coached.client("coach").get(at(coached, "people")).content.decode()
    assert "The table of names cannot be opened here" in text
    assert re.search(r"Person [0-9A-F]{6}", text)
    assert "Given" not in text
    (generation.folder / "private" / "lab.key").unlink()
    again = coached.client("coach").get(at(coached, "people"))
    assert again.status_code in (200, 422)


# -- what was learned


def test_an_answer_is_written_and_a_correction_is_a_later_row(coached: World) -> None:
    browser, pid = coached.client("coach"), with_job(coached, ANA)
    address = at(coached, "people-followup", key_of(coached, pid))
    page = browser.get(address)
    assert page.status_code == 200
    assert 'value="pay' not in page.content.decode()  # only ways that the schema knows
    assert browser.post(address, answer(result="not_retained")).status_code == 302
    row = FollowUp.objects.get()
    assert (row.pid, row.due_days, row.result, row.how) == (pid, 90, "not_retained", "phone")
    seen = str(row.pk)
    assert browser.post(address, answer(seen=seen)).status_code == 302
    assert FollowUp.objects.count() == 2
    found = caseload.person(coached.program, pid)
    assert found is not None
    assert found.case.follow_ups[90].result == "verified"
    assert 90 not in {m.due_days for m in found.case.matters}


def test_the_second_of_two_writers_sees_the_first_answer_and_confirms(coached: World) -> None:
    pid = with_job(coached, ANA)
    address = at(coached, "people-followup", key_of(coached, pid))
    first, second = coached.client("coach"), coached.client("staff")
    seen = re.search(r'name="seen" value="(\d+)"', second.get(address).content.decode())
    assert seen is not None
    first.post(address, answer(result="not_reached"))
    page = second.post(address, answer(seen=seen[1]))
    text = page.content.decode()
    assert page.status_code == 409
    assert "Not reached" in text
    assert "Coach" in text
    assert FollowUp.objects.count() == 1
    again = re.search(r'name="seen" value="(\d+)"', text)
    assert again is not None
    assert second.post(address, answer(seen=again[1])).status_code == 302
    assert [r.result for r in FollowUp.objects.order_by("pk")] == ["not_reached", "verified"]


def test_a_draft_survives_a_closed_tab_and_is_the_writers_own(coached: World) -> None:
    pid = with_job(coached, ANA)
    address = at(coached, "people-followup", key_of(coached, pid))
    coach = coached.client("coach")
    kept = coach.post(address, {"draft": "1", "result": "not_reached", "how": "text"})
    assert kept.json()["version"] == 1
    assert 'value="not_reached" required checked' in coach.get(address).content.decode()
    staff = coached.client("staff").get(address).content.decode()
    assert 'value="not_reached" required checked' not in staff
    coach.post(address, answer())
    assert not Draft.objects.exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"due_days": "365"}, "Choose one of the follow-ups"),
        ({"due_days": "x"}, "Choose one of the follow-ups"),
        ({"result": "maybe"}, "Say whether the person works"),
        ({"how": "gossip"}, "Say how it was learned"),
        ({"on": "2031-01-01"}, "This day cannot say anything"),
        ({"on": "2025-01-01"}, "This day cannot say anything"),
        ({"on": "soon"}, "This day cannot say anything"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_lost(
    coached: World, change: dict[str, str], said: str
) -> None:
    pid = with_job(coached, ANA)
    page = coached.client("coach").post(
        at(coached, "people-followup", key_of(coached, pid)), answer(**change)
    )
    assert page.status_code == 422
    assert said in page.content.decode()
    assert not FollowUp.objects.exists()


def test_an_answer_changes_the_bounds(coached: World) -> None:
    browser, pid = coached.client("coach"), with_job(coached, ANA)

    def row() -> Mapping[str, object]:
        from rung.finding import Table
        from rung.share.release import Inside

        table = caseload.retention(coached.program, Inside()).answers[0].answer
        assert isinstance(table, Table)
        return next(r for r in table.rows if r["after"] == "90 days")

    before = row()
    browser.post(at(coached, "people-followup", key_of(coached, pid)), answer())
    after = row()
    assert (before["low"], before["high"]) == (0.0, 1.0)
    assert after["retained"] == 1
    assert isinstance(after["low"], float)
    assert after["low"] > 0
    text = browser.get(at(coached, "people-retention")).content.decode()
    assert "Why there are two ends" in text
    outside = browser.get(at(coached, "people-retention") + "?view=outside").content.decode()
    assert "Small numbers are hidden" in outside


def test_a_year_old_import_is_told_and_follow_ups_go_on(
    coached: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    coached.program.sample = False
    coached.program.save()
    later = LAST + dt.timedelta(days=60)
    monkeypatch.setattr("rung.web.clock.day", lambda: later)
    text = coached.client("coach").get(at(coached, "people")).content.decode()
    assert "The records are not new any more" in text
    found = people(coached, ANA)
    assert (found.as_of, found.day) == (LAST, later)
    quiet = [w for c in found.cases for w in c.reasons if w.code == "care-no-contact"]
    assert all(int(str(w.params["days"])) < 400 for w in quiet)


@pytest.mark.deep
def test_a_hundred_thousand_people_answer_quickly(world: World, tmp_path: Path) -> None:
    folder = lab(tmp_path / "large" / "lab", 100_000)
    generation = Generation.objects.create(program=world.program, number=2)
    shutil.move(folder, generation.folder)
    world.program.generation = generation
    world.program.save()
    Membership.objects.filter(user=world.people["coach"]).update(staff_name=ANA)
    for who in ("coach", "owner"):
        browser: Client = world.client(who)
        for query in ("", "?show=reason&page=7", "?show=all"):
            browser.get(at(world, "people") + query)
            took = []  # processor time: other work on the machine does not count
            for _ in range(5):
                begun = time.thread_time()
                assert browser.get(at(world, "people") + query).status_code == 200
                took.append(time.thread_time() - begun)
            assert sorted(took)[2] < 0.1, (who, query, took)
    pid = next(c.pid for c in people(world, ANA).cases if any(m.due_days == 90 for m in c.matters))
    world.client("coach").post(at(world, "people-followup", key_of(world, pid)), answer())
    begun = time.thread_time()
    found = caseload.opened(world.program, None)
    assert pid not in {c.pid for c in found.due}
    assert time.thread_time() - begun < 1  # one person is looked at again, not all
    caseload.forget()
