"""The journey's pages: the numbers are cycle's, the people are those counted, nothing leaks."""

from __future__ import annotations

import html
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from rung import cycle
from rung.finding import Table
from rung.records import privacy
from rung.share import brief, say
from rung.share.release import Outside
from rung.web import answers
from rung.web.answers import Question
from rung.web.models import Job, Paper, Trace
from rung.web.store import ProgramLab
from tests.web.conftest import World


@pytest.fixture(autouse=True)
def _fresh() -> None:
    answers.forget()


def text(page: object) -> str:
    """A page's words, as people read them."""
    plain = re.sub(r"<[^>]+>", " ", page.content.decode())  # type: ignore[attr-defined]
    return " ".join(html.unescape(plain).split())


def at(world: World, rest: str = "") -> str:
    return f"/p/{world.program.uid}/journey/{rest}"


def lab_of(world: World) -> ProgramLab:
    assert world.program.generation is not None
    return ProgramLab.of(world.program.generation)


def journey(world: World, by: str = "") -> Table:
    """The journey as `cycle` gives it."""
    for each in cycle.diagnose(lab_of(world), by=[by] if by else None):
        table = each.answer
        if not isinstance(table, Table) or table.name != "journey":
            continue
        if (say.group_key(table) or "") == by:
            return table
    raise AssertionError(by)


def test_the_page_says_what_cycle_found(world: World) -> None:
    page = world.client("owner").get(at(world))
    found = cycle.diagnose(lab_of(world))
    assert page.status_code == 200
    assert f"<h1>{html.escape(say.headline(found[0]).rstrip('.'))}</h1>" in page.content.decode()
    for row in journey(world).rows:
        assert f"{row['reached']:,}" in text(page)
        assert f"{row['lost']:,}" in text(page)
    # who is counted, how, and the query stand behind it
    assert "SELECT" in text(page)


def test_groups_are_cycles_too(world: World) -> None:
    page = text(world.client("viewer").get(at(world, "?by=gender")))
    rows = journey(world, "gender").rows
    for row in (r for r in rows if r["milestone"] != rows[0]["milestone"]):
        assert f"({row['reached']:,})" in page, row


def test_cohort_and_days_are_asked(world: World) -> None:
    browser = world.client("analyst")
    page = text(browser.get(at(world, "?cohort=2023&within=180")))
    (table,) = [
        r.answer
        for r in cycle.diagnose(lab_of(world), by=[], cohort="2023", within=180)
        if isinstance(r.answer, Table)
    ]
    for row in table.rows:
        assert f"{row['reached']:,}" in page
    wrong = browser.get(at(world, "?within=soon&cohort=1066"))
    assert wrong.status_code == 200
    assert "whole number of days" in text(wrong)
    assert "not in these records" in text(wrong)
    assert browser.get(at(world, "?by=shoe_size")).status_code == 404


def test_a_young_cohort_is_never_a_percentage(world: World) -> None:
    page = world.client("owner").get(at(world, "?by=entry_quarter"))
    rows = journey(world, "entry_quarter").rows
    young = {str(r["entry_quarter"]) for r in rows if r["entered"] == 0}
    assert young
    for level in young:
        row = page.content.decode().split(f">{level} <span", 1)[1].split("</tr>")[0]
        assert "Too early for a percentage" in row
        assert "so far" in row
        assert "%" not in row
    partly = [r for r in rows if 0 < int(r["entered"] or 0) < int(r["people"] or 0)]
    assert partly
    assert "long enough ago" in text(page)


def test_levels_and_classes_do_not_stand_in_addresses(world: World) -> None:
    page = world.client("owner").get(at(world, "?by=site")).content.decode()
    asked = [urlsplit(html.unescape(h)).query for h in re.findall(r'href="([^"]+)"', page)]
    asked += re.findall(r'<option value="([^"]*)"', page)
    assert any("level=" in q for q in asked)
    for name in ("Harbor", "Eastside", "Northgate", "Fall", "Spring"):
        assert name in page
        assert not any(name in q for q in asked)


def test_the_outside_view_hides_and_releases_nothing(world: World) -> None:
    page = text(world.client("staff").get(at(world, "?by=race&audience=outside")))
    assert "too few to publish" in page.lower()
    assert "may be told to anyone" in page
    assert "releases nothing" in page
    assert "journey/people" not in page
    assert not Paper.objects.filter(program=world.program).exists()
    # the same as the terminal would show of all groups together
    found = cycle.diagnose(lab_of(world), audience=Outside())
    shown = answers.outcome(lab_generation(world), Question("race", outside=True))
    assert [r.answer for r in shown] == [r.answer for r in found]
    seen = Trace.objects.filter(action="journey.see", audience="outside")
    assert seen.count() == 1


def lab_generation(world: World):  # type: ignore[no-untyped-def]
    assert world.program.generation is not None
    return world.program.generation


@pytest.mark.parametrize("by", ["", "gender", "race", "entry_year"])
def test_the_people_are_exactly_those_counted(world: World, by: str) -> None:
    browser = world.client("analyst")
    page = browser.get(at(world, f"?by={by}")).content.decode()
    links = [
        (html.unescape(href), int(number.replace(",", "")))
        for href, number in re.findall(r'<a href="([^"]+journey/people/[^"]+)">([\d,]+)</a>', page)
    ]
    assert len(links) > 5
    for href, number in links[:: max(1, len(links) // 6)]:
        drilled = browser.get(href)
        assert drilled.status_code == 200
        assert f"{number:,} {'person is' if number == 1 else 'people are'} behind" in text(drilled)
        assert drilled.content.decode().count('<th scope="row">') == min(50, number)


def test_every_person_is_there_once_over_the_pages(world: World) -> None:
    browser = world.client("owner")
    first = at(world, "people/?milestone=completed&counted=reached")
    page = browser.get(first)
    n = int(re.search(r"([\d,]+) people are behind", text(page))[1].replace(",", ""))  # type: ignore[index]
    keys: list[str] = []
    for number in range(1, -(-n // 50) + 1):
        shown = browser.get(f"{first}&page={number}").content.decode()
        keys += re.findall(r"/people/([a-z2-7]+)/", shown)
    assert len(keys) == len(set(keys)) == n
    assert browser.get(f"{first}&page=999").status_code == 404


def test_names_are_for_staff_alone(world: World) -> None:
    lab = lab_of(world)
    found = cycle.people(lab, milestone="completed", names=True)
    names = [who.name for who in found.named.values() if who.name]
    assert len(names) > 20
    address = at(world, "people/?milestone=completed&counted=reached")
    for who in ("owner", "staff"):
        assert names[0] in text(world.client(who).get(address))
    page = world.client("analyst").get(address)
    assert page.status_code == 200
    assert not any(name in text(page) for name in names)
    assert not any(pid in page.content.decode() for pid in found.named)
    assert "Person 1" in text(page)
    for who in ("coach", "viewer", "advisor", "partner"):
        assert world.client(who).get(address).status_code == 403
    traced = Trace.objects.filter(action="journey.people", count__isnull=False)
    assert set(traced.values_list("count", flat=True)) == {50}


@pytest.mark.parametrize("who", ["analyst", "coach", "viewer", "advisor"])
def test_no_identifier_is_on_the_journeys_pages(world: World, who: str) -> None:
    lab = lab_of(world)
    pids = [r.pid for r in cycle.people(lab, milestone="applied", limit=500).rows]
    known = privacy.people(lab, pids)
    private = {v for row in known.values() for k, v in row.items() if v and len(v) > 6}
    browser = world.client(who)
    for rest in ("", "?by=gender", "?by=entry_year", "match/"):
        page = browser.get(at(world, rest)).content.decode()
        assert not any(value in page for value in (*private, *pids))
        if who != "analyst":
            assert "journey/people/" not in page


def test_people_are_asked_for_by_what_the_lab_has(world: World) -> None:
    browser = world.client("owner")
    for wrong in (
        "milestone=flown&counted=reached",
        "milestone=completed&counted=everything",
        "milestone=completed",
        "milestone=completed&counted=reached&by=gender&level=0123456789abcdef",
        "milestone=completed&counted=reached&page=-1",
    ):
        assert browser.get(at(world, f"people/?{wrong}")).status_code == 404


def test_a_report_is_matched_and_its_draft_kept(world: World) -> None:
    browser = world.client("viewer")
    given = {"milestone": "completed", "period": "2023", "reported": "150"}
    page = browser.post(at(world, "match/"), given, follow=True)
    found = cycle.reconcile(lab_of(world), milestone="completed", period="2023", reported=150)
    assert say.headline(found[0]).rstrip(".") in text(page)
    assert f"The report said 150. {say.caveats(found[0])[0]}" in text(page)
    for row in found[1].answer.rows:  # type: ignore[union-attr]
        assert f"{row['count']:,}" in text(page)
    again = world.client("viewer").get(at(world, "match/"))  # another day, another tab
    assert say.headline(found[0]).rstrip(".") in text(again)
    other = text(world.client("owner").get(at(world, "match/")))
    assert "last report?" in other


def test_a_wrong_period_is_told_at_its_field(world: World) -> None:
    browser = world.client("owner")
    given = {"milestone": "completed", "period": "last spring", "reported": "many"}
    page = browser.post(at(world, "match/"), given, follow=True)
    assert "Type a whole number" in text(page)
    page = browser.post(at(world, "match/"), {**given, "reported": "12"}, follow=True)
    assert 'aria-describedby="period-hint period-wrong"' in page.content.decode()
    assert 'value="last spring"' in page.content.decode()


def test_before_any_records_the_page_says_what_to_bring(world: World) -> None:
    browser = world.client("nowhere")
    for rest in ("", "match/"):
        page = browser.get(f"/p/{world.other_program.uid}/journey/{rest}")
        assert page.status_code == 200
        assert "Bring a spreadsheet" in text(page)
    address = f"/p/{world.other_program.uid}/journey/people/?milestone=x&counted=reached"
    assert browser.get(address).status_code == 404


def test_spanish(world: World) -> None:
    browser = world.client("owner")
    browser.cookies["rung_language"] = "es"
    page = text(browser.get(at(world, "?by=entry_quarter")))
    assert "Muy pronto para un porcentaje" in page
    assert "hasta ahora" in page
    assert "¿Quién llegó a qué paso" in page
    assert "Too early" not in page
    assert "detrás de este número" in text(
        browser.get(at(world, "people/?milestone=completed&counted=reached"))
    )


def test_a_question_is_asked_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    generation = lab_generation(world)
    answers.prepare(generation)
    assert Job.objects.get(kind="warm").params["generation"] == generation.uid
    answers.warm(generation)

    def asked_again(*_: object, **__: object) -> None:
        raise AssertionError("asked again")

    monkeypatch.setattr(cycle, "diagnose", asked_again)
    monkeypatch.setattr(brief, "article", asked_again)
    for who in ("owner", "viewer"):
        browser = world.client(who)
        assert browser.get(at(world)).status_code == 200
        browser.cookies["rung_language"] = "es"
        assert browser.get(at(world, "?by=entry_year" if who == "owner" else "")).status_code == 200


def test_a_stranger_and_someone_from_elsewhere(world: World, client: Client) -> None:
    assert client.get(at(world)).status_code == 302
    assert world.client("nowhere").get(at(world)).status_code == 404
    assert world.client("partner").get(at(world)).status_code == 403
    assert "level" not in parse_qs(urlsplit(at(world)).query)
