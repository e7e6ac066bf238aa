"""A team of coaches and the programs that let it in."""

from __future__ import annotations

import datetime as dt

import pytest

from rung.web import clock
from rung.web.models import Draft, Membership, Organisation, Partnership, Program
from tests.web.conftest import World


def _there(world: World) -> str:
    return f"/portfolio/{world.team.uid}/"


def test_a_team_sees_the_programs_that_let_it_in_and_no_other(world: World) -> None:
    page = world.client("advisor").get(_there(world)).content.decode()
    assert "Tech Pathways" in page
    assert "Elsewhere" not in page
    Partnership.objects.create(provider=world.other, partner=world.team)
    assert "Elsewhere" in world.client("advisor").get(_there(world)).content.decode()


def test_a_portfolio_is_for_the_team_alone(world: World) -> None:
    for who in ("owner", "staff", "coach", "analyst", "viewer", "partner", "nowhere"):
        assert world.client(who).get(_there(world)).status_code == 404, who
    assert world.client("stranger").get(_there(world)).status_code == 302
    # another kind of organisation has none
    assert world.client("partner").get(f"/portfolio/{world.funder.uid}/").status_code == 404


def test_what_needs_attention_stands_first(world: World) -> None:
    def program(name: str, **more: object) -> Program:
        return Program.objects.create(organisation=world.provider, name=name, **more)

    soon = clock.day() + dt.timedelta(days=3)
    Program.objects.filter(pk=world.program.pk).update(next_meeting=soon)
    program("Empty", next_meeting=soon)
    program("Stuck", next_meeting=soon, stuck_on="The export has no dates.")
    page = world.client("advisor").get(_there(world))
    assert [e.program.name for e in page.context["entries"]] == ["Stuck", "Empty", "Tech Pathways"]
    assert page.context["entries"][2].signs == ()
    assert "Of 3 programs, 2 need you" in page.content.decode()


def test_the_records_say_how_old_and_how_many_to_mend(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation = world.program.generation
    assert generation is not None
    generation.summary = {"problems": [{"code": "REC-a"}, {"code": "REC-b"}]}
    generation.save()
    later = clock.now() + dt.timedelta(days=60, hours=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    [entry] = world.client("advisor").get(_there(world)).context["entries"]
    assert (entry.days, entry.mend) == (60, 2)
    assert entry.signs == ("old", "mend", "no-meeting")


def _said(program: Program) -> tuple[object, str]:
    program.refresh_from_db()
    return program.next_meeting, program.stuck_on


def test_who_may_plan_plans(world: World) -> None:
    for who in (*world.people, "stranger"):
        Program.objects.update(stuck_on="")
        answer = world.client(who).post(
            f"/p/{world.program.uid}/plan/", {"stuck_on": who, "was_stuck": "", "next_meeting": ""}
        )
        may = who in ("owner", "staff", "advisor")
        assert (_said(world.program)[1] == who) is may, who
        assert answer.status_code == (302 if may or who == "stranger" else
                                      404 if who == "nowhere" else 403), who  # fmt: skip


def test_a_change_of_somebody_else_is_shown_and_not_overwritten(world: World) -> None:
    there = f"/p/{world.program.uid}/plan/"
    first = {"stuck_on": "No dates in the export.", "was_stuck": "", "next_meeting": "2026-05-04"}
    second = {"stuck_on": "Two people with one id.", "was_stuck": "", "next": _there(world)}
    assert world.client("staff").post(there, first).status_code == 302
    page = world.client("advisor").post(there, second)
    assert page.status_code == 409
    assert "Staff changed this" in page.content.decode()
    assert "No dates in the export." in page.content.decode()
    assert "Two people with one id." in page.content.decode()
    assert _said(world.program) == (dt.date(2026, 5, 4), "No dates in the export.")
    # having read it, the person may put theirs in its place
    form = dict(second, was_stuck="No dates in the export.", was_meeting="2026-05-04")
    done = world.client("advisor").post(there, form)
    assert done.headers["Location"] == _there(world)
    assert _said(world.program) == (None, "Two people with one id.")


def test_the_same_words_twice_are_no_conflict(world: World) -> None:
    there = f"/p/{world.program.uid}/plan/"
    for who in ("staff", "advisor"):
        answer = world.client(who).post(there, {"stuck_on": "Same.", "was_stuck": ""})
        assert answer.status_code == 302


def test_it_does_not_lead_to_another_host(world: World) -> None:
    sent = {"stuck_on": "x", "was_stuck": "", "next": "https://example.org/"}
    answer = world.client("staff").post(f"/p/{world.program.uid}/plan/", sent)
    assert answer.headers["Location"] == f"/p/{world.program.uid}/"


def test_what_one_writes_outlives_a_closed_tab_and_is_ones_own(world: World) -> None:
    there = f"/p/{world.program.uid}/plan/"
    sent = {"draft": "1", "stuck_on": "Half a sente", "was_stuck": ""}
    assert "Kept" in world.client("advisor").post(there, sent).json()["says"]
    assert _said(world.program) == (None, "")
    assert "Half a sente" in world.client("advisor").get(there).content.decode()
    assert "Half a sente" in world.client("advisor").get(_there(world)).content.decode()
    assert "Half a sente" not in world.client("staff").get(there).content.decode()
    world.client("advisor").post(there, {"stuck_on": "A sentence.", "was_stuck": ""})
    assert not Draft.objects.exists()


def test_a_date_that_is_none_is_asked_again(world: World) -> None:
    there = f"/p/{world.program.uid}/plan/"
    sent = {"next_meeting": "soon", "stuck_on": "kept", "was_stuck": ""}
    page = world.client("staff").post(there, sent)
    assert page.status_code == 200
    assert 'aria-invalid="true"' in page.content.decode()
    assert "kept" in page.content.decode()


def test_a_team_without_providers_reads_what_to_do(world: World) -> None:
    team = Organisation.objects.create(name="New Team", kind="coach")
    Membership.objects.create(user=world.people["nowhere"], organisation=team, role="owner")
    page = world.client("nowhere").get(f"/portfolio/{team.uid}/").content.decode()
    assert "once a provider invites your team" in page
