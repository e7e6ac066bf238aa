"""Briefs: drafts that are not lost, previews that release nothing, releases that are recorded."""

from __future__ import annotations

import datetime as dt
import hashlib
import html
import io
import re
from typing import Any

import pytest
from openpyxl import load_workbook

from rung import cycle
from rung.records import privacy
from rung.share.release import Outside
from rung.web import briefing, clock
from rung.web.models import Brief, Draft, Organisation, Paper, Partnership, Program, Trace
from rung.web.store import ProgramLab
from tests.web.conftest import World

OUT = {"audience": "outside", "language": "en", "parts": ["journey"], "title": ""}
WHOLE = ["journey", "whom"]


def text(page: Any) -> str:
    """A page's words, as people read them."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.content.decode())).split())


def at(world: World, rest: str = "") -> str:
    return f"/p/{world.program.uid}/briefs/{rest}"


def write(world: World, who: str = "staff", **given: Any) -> Any:
    """Save a draft and see what it tells."""
    draft = Draft.objects.filter(program=world.program, key="brief").first()
    body = {**OUT, **given, "version": draft.version if draft else 0}
    return world.client(who).post(at(world, "new/"), body, follow=True)


def release(world: World, who: str = "staff", **given: Any) -> Brief:
    """Write a brief and release it."""
    assert write(world, **given).status_code == 200
    draft = Draft.objects.get(program=world.program, key="brief")
    page = world.client(who).post(at(world, "release/"), {"version": draft.version})
    assert page.status_code == 302
    found = Brief.objects.order_by("-number").first()
    assert found is not None
    return found


def agreement(world: World, days: int = 30, **given: Any) -> Brief:
    """A brief for the funder."""
    expires = (clock.day() + dt.timedelta(days=days)).isoformat()
    more = {"audience": "agreement", "recipient": "A Fund", "purpose": "Renewal of the grant"}
    return release(world, **{**more, "expires": expires, "partner": world.funder.uid, **given})


def test_looking_at_a_brief_releases_nothing(world: World) -> None:
    page = write(world)
    assert "Is this what you want to tell?" in text(page)
    assert "hidden" in text(page)
    preview = world.client("analyst").get(at(world, "preview/"))
    assert preview.status_code == 200
    assert "Preview: not released yet." in preview.content.decode()
    assert not Paper.objects.exists()
    assert not Brief.objects.exists()


def test_a_release_is_recorded_and_kept(world: World) -> None:
    brief = release(world, parts=WHOLE)
    assert (brief.number, brief.audience, brief.language) == (1, "outside", "en")
    assert brief.digest == hashlib.sha256(brief.html.encode()).hexdigest()
    assert Paper.objects.get(program=world.program).kind == "release"
    assert "Preview" not in brief.html
    assert not Draft.objects.exists()
    # what was given is what `cycle` gives outside
    assert world.program.generation is not None
    lab = ProgramLab.of(world.program.generation)
    outcome, _ = cycle.prepare(lab, audience=Outside(), recorded=False, clock=clock.now)
    ledger = lab.store.get("release", "outside").body
    assert [a["id"] for a in ledger["answers"]] == [r.answer.id for r in outcome]
    book = load_workbook(io.BytesIO(bytes(brief.xlsx)))
    assert len(book.sheetnames) > 2
    assert release(world).number == 2
    seen = Trace.objects.get(action="brief.released", thing=brief.uid)
    assert (seen.audience, seen.program) == ("outside", world.program)


def test_the_document_keeps_its_own_policy(world: World) -> None:
    brief = release(world)
    page = world.client("owner").get(f"/released/{brief.uid}/")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'; style-src 'sha256-" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script" not in policy
    assert page.content.decode() == brief.html
    file = world.client("viewer").get(at(world, f"{brief.uid}/brief.html"))
    assert file.content.decode() == brief.html
    assert file.headers["Content-Disposition"] == 'attachment; filename="brief-1.html"'
    sheet = world.client("viewer").get(at(world, f"{brief.uid}/brief.xlsx"))
    assert sheet.content == bytes(brief.xlsx)
    assert world.client("viewer").get(at(world, f"{brief.uid}/brief.exe")).status_code == 404


def test_spanish_and_parts(world: World) -> None:
    brief = release(world, language="es", parts=["journey"], title="Lo que vimos en 2024")
    assert '<html lang="es">' in brief.html
    assert "Lo que vimos en 2024" in brief.html
    whole = release(world, language="es", parts=WHOLE)
    assert len(whole.html) > 2 * len(brief.html)
    assert "Datos simulados" in brief.html or "simulad" in brief.html.lower()


def test_a_brief_for_staff_is_made_on_the_fly_and_never_released(world: World) -> None:
    page = write(world, audience="inside")
    assert "not for release" in text(page)
    for kind in ("html", "xlsx"):
        file = world.client("staff").get(at(world, f"inside/brief.{kind}"))
        assert file.status_code == 200
        assert "attachment" in file.headers["Content-Disposition"]
    version = Draft.objects.get(program=world.program, key="brief").version
    refused = world.client("owner").post(at(world, "release/"), {"version": version})
    assert refused.status_code == 422
    assert not Brief.objects.exists()
    assert not Paper.objects.exists()
    # what is meant for outside cannot be taken without releasing it
    write(world, audience="outside")
    assert world.client("staff").get(at(world, "inside/brief.html")).status_code == 404


def test_an_agreement_needs_its_terms(world: World) -> None:
    page = write(world, audience="agreement", expires="2001-01-01")
    assert page.status_code == 422
    said = text(page)
    for words in ("Name who receives it", "what they may use it for", "not over yet"):
        assert words in said
    assert "parts-wrong" in write(world, parts=[]).content.decode()


def test_a_draft_survives_and_two_writers_see_each_other(world: World) -> None:
    one, two = world.client("staff"), world.client("analyst")
    first = one.post(at(world, "new/"), {**OUT, "title": "Mine", "version": 0, "draft": "1"})
    assert first.json()["version"] == 1
    assert 'value="Mine"' in two.get(at(world, "new/")).content.decode()
    late = two.post(at(world, "new/"), {**OUT, "title": "Theirs", "version": 0, "draft": "1"})
    assert late.status_code == 409
    page = two.post(at(world, "new/"), {**OUT, "title": "Theirs", "version": 0})
    assert page.status_code == 409
    assert "Staff changed this draft" in text(page)
    assert 'value="Theirs"' in page.content.decode()  # what was written is not lost
    assert Draft.objects.get(program=world.program).body["title"] == "Mine"
    again = two.post(at(world, "new/"), {**OUT, "title": "Theirs", "version": 1})
    assert again.status_code == 302
    # nobody releases what they have not seen
    stale = one.post(at(world, "release/"), {"version": 1})
    assert stale.status_code == 409
    assert "Nothing was released" in text(stale)
    assert not Brief.objects.exists()


def test_who_may_write_and_release(world: World) -> None:
    assert write(world, who="analyst").status_code == 200
    version = Draft.objects.get(program=world.program, key="brief").version
    assert "Program staff can release it" in text(world.client("analyst").get(at(world, "check/")))
    for who in ("analyst", "coach", "viewer", "advisor", "partner"):
        page = world.client(who).post(at(world, "release/"), {"version": version})
        assert page.status_code == 403
    for who in ("coach", "viewer", "advisor", "partner"):
        for rest in ("new/", "check/", "preview/", "inside/brief.html"):
            assert world.client(who).get(at(world, rest)).status_code == 403
    assert not Brief.objects.exists()
    assert world.client("nowhere").get(at(world)).status_code == 404


def test_a_funder_reads_released_documents_and_nothing_else(world: World) -> None:
    brief = release(world)
    funder = world.client("partner")
    assert brief.title in text(funder.get("/released/"))
    assert funder.get(f"/released/{brief.uid}/").content.decode() == brief.html
    assert funder.get(f"/released/{brief.uid}/brief.xlsx").content == bytes(brief.xlsx)
    for rest in ("", f"{brief.uid}/brief.html"):
        assert funder.get(at(world, rest)).status_code == 403
    assert funder.get(f"/p/{world.program.uid}/").status_code == 403
    seen = Trace.objects.filter(action="released.see", thing=brief.uid, allowed=True)
    assert set(seen.values_list("user__email", flat=True)) == {"partner@example.org"}
    for who in ("nowhere", "stranger"):
        assert world.client(who).get(f"/released/{brief.uid}/").status_code in (302, 404)
        assert world.client(who).get(f"/released/{brief.uid}/brief.html").status_code in (302, 404)
    assert brief.title not in text(world.client("nowhere").get("/released/"))


def test_an_agreement_is_for_its_organisation_until_it_ends(world: World) -> None:
    brief = agreement(world)
    assert (brief.recipient, brief.partner) == ("A Fund", world.funder)
    funder, team = world.client("partner"), world.client("advisor")
    assert funder.get(f"/released/{brief.uid}/").status_code == 200
    assert team.get(f"/released/{brief.uid}/").status_code == 404  # another partner
    assert world.client("owner").get(f"/released/{brief.uid}/").status_code == 200
    brief.expires = clock.day() - dt.timedelta(days=1)
    brief.save()
    assert funder.get(f"/released/{brief.uid}/").status_code == 404
    assert funder.get(f"/released/{brief.uid}/brief.xlsx").status_code == 404
    assert brief.title not in text(funder.get("/released/"))
    denied = Trace.objects.filter(action="released.see", allowed=False, thing=brief.uid)
    assert denied.count() == 3
    assert "The agreement ended" in text(world.client("owner").get(at(world)))


def test_an_ended_partnership_ends_reading(world: World) -> None:
    brief = release(world)
    assert world.client("partner").get(f"/released/{brief.uid}/").status_code == 200
    Partnership.objects.filter(partner=world.funder).delete()
    assert world.client("partner").get(f"/released/{brief.uid}/").status_code == 404


def test_an_agreement_cannot_be_addressed_to_just_anyone(world: World) -> None:
    elsewhere = Organisation.objects.create(name="Not let in", kind="funder")
    expires = (clock.day() + dt.timedelta(days=3)).isoformat()
    more = {"recipient": "X", "purpose": "Y", "expires": expires, "partner": elsewhere.uid}
    page = write(world, audience="agreement", **more)
    assert page.status_code == 422
    assert "no longer a partner" in text(page)


def test_withdrawn_briefs_are_found_no_more(world: World) -> None:
    brief = release(world)
    denied = world.client("analyst").post(at(world, f"{brief.uid}/withdraw/"))
    assert denied.status_code == 403
    assert world.client("staff").post(at(world, f"{brief.uid}/withdraw/")).status_code == 302
    assert world.client("partner").get(f"/released/{brief.uid}/").status_code == 404
    page = world.client("staff").get(at(world))
    assert "Withdrawn on" in text(page)
    other = f"/p/{world.other_program.uid}/briefs/{brief.uid}/withdraw/"
    assert world.client("nowhere").post(other).status_code == 404


def test_a_release_that_fails_leaves_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    write(world)

    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(Brief.objects, "create", breaks)
    draft = Draft.objects.get(program=world.program, key="brief")
    assert world.program.generation is not None
    with pytest.raises(RuntimeError):
        briefing.release(
            world.program,
            world.program.generation,
            briefing.Written.of(draft.body),
            by=world.people["owner"],
        )
    assert not Paper.objects.exists()  # nor does the ledger say that it was released
    assert Draft.objects.exists()


def test_nobodys_name_is_in_any_brief(world: World) -> None:
    assert world.program.generation is not None
    lab = ProgramLab.of(world.program.generation)
    pids = [r.pid for r in cycle.people(lab, milestone="applied", limit=300).rows]
    known = privacy.people(lab, pids)
    private = {v for row in known.values() for v in row.values() if v and len(v) > 6} | set(pids)
    brief = release(world)
    write(world, audience="inside")
    staff = world.client("analyst").get(at(world, "inside/brief.html")).content.decode()
    for page in (brief.html, staff, world.client("viewer").get(at(world)).content.decode()):
        assert not any(value in page for value in private)


def test_names_typed_by_people_are_text(world: World) -> None:
    Program.objects.filter(pk=world.program.pk).update(name="<b>Bold</b> & Co")
    world.program.refresh_from_db()
    brief = release(world, title="<script>alert(1)</script>")
    assert "<script" not in brief.html
    assert "&lt;b&gt;Bold" in brief.html
    assert "<script>alert" not in world.client("owner").get(at(world)).content.decode()


def test_before_any_records(world: World) -> None:
    browser = world.client("nowhere")
    address = f"/p/{world.other_program.uid}/briefs/"
    assert "First bring records" in text(browser.get(address))
    assert browser.get(address + "new/").status_code == 302
    assert browser.get(address + "check/").status_code == 302
    assert browser.get(address + "preview/").status_code == 404
    assert browser.post(address + "release/", {"version": 1}).status_code == 302
