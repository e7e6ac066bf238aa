"""What an attacker, a full disk or a quick finger tries, and what must come of it."""

from __future__ import annotations

import datetime as dt
import errno
import io
import os
import re
import shutil
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from rung import cycle
from rung.records.lab import Lab
from rung.share import charts
from rung.web import (
    backup,
    briefing,
    exporting,
    importing,
    invitations,
    leaving,
    membership,
    work,
)  # fmt: skip
from rung.web.models import (
    Brief,
    Draft,
    Generation,
    Invitation,
    Job,
    Membership,
    Program,
    Role,
    Site,
    Upload,
    User,
)
from tests.web.bringing import brought, csv, fields, imported, incoming, latest, page_of, send
from tests.web.conftest import World
from tests.web.test_access import PAGES, address
from tests.web.test_api import key
from tests.web.test_briefs import OUT, at, write

EVIL = "<script>alert(1)</script>\"onmouseover='alert(2)'"


# -- code in words


class Page(HTMLParser):
    """What a browser would run, or fetch from elsewhere, in a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.runs: list[str] = []
        self.style = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Scripts and styles in the page, handlers, and addresses of other places."""
        given = dict(attrs)
        self.style = tag == "style"
        if tag in ("iframe", "object", "embed", "base") or (tag == "script" and "src" not in given):
            self.runs.append(tag)
        for name, value in attrs:
            there = (value or "").strip().lower()
            elsewhere = there.startswith(("javascript:", "data:text", "//", "http"))
            if name.startswith("on") or name == "style":
                self.runs.append(f"{tag} {name}")
            if name in ("href", "src", "action", "formaction", "hx-get", "hx-post") and elsewhere:
                self.runs.append(f"{tag} {name}={there}")

    def handle_data(self, data: str) -> None:
        """The one style that the policy knows by its digest may stand in a page."""
        if self.style and data.strip() and charts.allowed(data) != charts.allowed(charts.STYLE):
            self.runs.append("style")
        self.style = False


@pytest.mark.parametrize("who", ["owner", "advisor", "partner"])
def test_words_that_are_code_stay_words_on_every_page(world: World, who: str) -> None:
    for organisation in (world.provider, world.team, world.funder):
        organisation.name += EVIL
        organisation.save()
    world.program.name, world.program.stuck_on = f"P{EVIL}", EVIL
    world.program.save()
    User.objects.update(name=EVIL)
    Membership.objects.update(staff_name=EVIL)
    Site.objects.create(program=world.program, name=EVIL)
    Upload.objects.create(program=world.program, name=f"{EVIL}.csv")
    browser, told = world.client(who), 0
    for name, (pattern, _) in PAGES:
        if name in ("account_logout", "account_reset_password_from_key"):
            continue
        home = world.team if name.startswith("portfolio") else world.provider
        answer = browser.get(address(world, pattern, world.program, home))
        assert answer.status_code < 500, name
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"], name
        assert "no-store" in answer.headers["Cache-Control"], name
        for header in ("X-Frame-Options", "Referrer-Policy", "X-Content-Type-Options"):
            assert header in answer.headers, (name, header)
        if answer.headers["Content-Type"].startswith("text/html") and not answer.streaming:
            text = answer.content.decode()
            assert not Page(text).runs, (name, Page(text).runs)
            told += "alert(1)" in text
    assert told > 3


def test_records_that_are_code_stay_words(world: World, empty: Program) -> None:
    """Headers, values, classes, milestones and the file's own name."""
    staff = world.client("staff")
    head, *lines = csv().decode().splitlines()
    text = "\n".join([f'{head},"{EVIL.replace(chr(34), "")}"', *(f"{x},<img src=x onerror=a()>"
                      if i % 2 else f"{x},=cmd|calc" for i, x in enumerate(lines))])  # fmt: skip
    upload = brought(staff, empty, text.encode(), "<b onmouseover=a()>.csv")
    pages = [page_of(upload)]
    assert not Page(staff.get(pages[0]).content.decode()).runs
    said = fields(staff.get(pages[0]).content.decode())
    mine = [k for k in said if k.endswith("-target")][-1]
    made = imported(staff, upload, **{mine: "groups."})
    for room in ("records", "fixes", "journey", "records-twice", "people", "program"):
        page = staff.get(reverse(room, args=[empty.uid]), follow=True)
        assert page.status_code == 200, room
        assert not Page(page.content.decode()).runs, room
    empty.refresh_from_db()
    (group,) = [g for g in Lab.open(made.folder).groups if "script" in g.key]
    page = staff.get(reverse("journey", args=[empty.uid]), {"by": group.key})
    assert "onerror" in page.content.decode()
    assert not Page(page.content.decode()).runs


# -- forms from elsewhere


def test_no_form_is_taken_without_its_token(world: World) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(world.people["owner"])
    for name, (pattern, _) in PAGES:
        if name == "account_reset_password_from_key":
            continue
        home = world.team if name.startswith("portfolio") else world.provider
        status = browser.post(address(world, pattern, world.program, home)).status_code
        # 404: an owner of one organisation stands nowhere towards the other
        assert status in (403, 404, 405), (name, status)


@pytest.mark.parametrize("there", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_nobody_is_sent_elsewhere(world: World, there: str) -> None:
    password = "a long password"
    sent = [
        Client().post("/account/login/", {"login": "staff@example.org", "password": password,
                                          "next": there}),
        world.client("staff").post("/account/logout/", {"next": there}),
        world.client("staff").post("/account/reauthenticate/", {"password": password,
                                                                "next": there}),
        Client().post("/language/", {"language": "es", "next": there}),
    ]  # fmt: skip
    assert [answer.headers["Location"] for answer in sent] == ["/"] * 4


# -- numbers, letters


def test_numbers_without_end_are_refused(world: World) -> None:
    browser, there = world.client("staff"), reverse("journey", args=[world.program.uid])
    for text in ("0000019999999", "000001" + "0" * 5000, "-1", "NaN", "²", "1e9"):
        assert browser.get(there, {"within": text}).status_code == 200, text[:20]
    asked = {"milestone": "enrolled", "counted": "reached"}
    for text in ("0000001" + "0" * 30, "0000001" + "0" * 5000, "-1", "²"):
        assert browser.get(f"{there}people/", {**asked, "page": text}).status_code == 404


def test_what_no_database_keeps_is_refused_everywhere(world: World) -> None:
    owner, o, p = world.client("owner"), world.provider.uid, world.program.uid
    assert owner.get(f"/o/{o}/audit/", {"person": "a\0b"}).status_code == 400
    assert owner.post(f"/p/{p}/settings/", {"name": "a\0b"}).status_code == 400
    body = {"to": None, "seen": "a\0b"}
    key(world, "owner").ask("put", "/current", body, 400)
    key(world, "owner").ask("put", "/current", {"to": None, "seen": "ab"}, None)


def test_a_name_of_two_lines_is_one_line(world: World, settings: Any) -> None:
    """A line break in a subject would begin another header of the letter."""
    settings.EMAIL_HOST = "localhost"
    owner = world.client("owner")
    owner.post("/organisations/new/", {"name": "A\r\nBcc: x@example.org\u202e", "kind": "coach"})
    made = world.people["owner"].memberships.get(organisation__kind="coach").organisation
    assert made.name == "A Bcc: x@example.org"
    made.name = "A\nBcc: x@example.org"
    made.save()
    sent = {"email": "new@example.org", "role": "staff"}
    assert owner.post(f"/o/{made.uid}/members/invite/", sent).status_code == 200
    assert "\n" not in mail.outbox[-1].subject
    assert mail.outbox[-1].recipients() == ["new@example.org"]


# -- who is out stays out


def test_a_place_kept_for_someone_removed_is_no_way_back(world: World) -> None:
    viewer = world.people["viewer"]
    kept, _ = invitations.invite(
        world.provider, by=world.people["owner"], email=viewer.email, role=Role.OWNER
    )
    membership.remove(viewer.memberships.get())
    assert not Invitation.objects.filter(pk=kept.pk).exists()


# -- nothing is lost, nothing is done twice


def test_a_brief_released_by_key_leaves_the_draft_that_somebody_writes(world: World) -> None:
    write(world, title="Mine")
    key(world, "staff").ask("post", "/briefs", {"audience": "outside"}, 201)
    assert Draft.objects.get(program=world.program, key="brief").body["title"] == "Mine"


def test_what_is_saved_while_a_brief_is_released_is_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(world)
    draft = Draft.objects.get(program=world.program, key="brief")
    real = briefing.made

    def meanwhile(*given: Any) -> Any:
        monkeypatch.setattr(briefing, "made", real)
        written = briefing.Written.of({**OUT, "title": "Newer"})
        briefing.save(world.program, written, seen=draft.version, by=world.people["owner"])
        return real(*given)

    monkeypatch.setattr(briefing, "made", meanwhile)
    page = world.client("staff").post(at(world, "release/"), {"version": draft.version})
    assert page.status_code == 409
    assert not Brief.objects.exists()
    assert Draft.objects.get(program=world.program, key="brief").body["title"] == "Newer"


def test_what_nobody_has_read_is_not_released(world: World) -> None:
    """Another import came in between the preview and the button."""
    preview = write(world).content.decode()
    (read,) = re.findall(r'name="records" value="(\w+)"', preview)
    before = world.program.generation
    assert before is not None
    assert before.uid == read
    world.program.generation = Generation.objects.create(program=world.program, number=2)
    shutil.copytree(before.folder, world.program.generation.folder)
    world.program.save()
    draft = Draft.objects.get(program=world.program, key="brief")
    sent = {"version": draft.version, "records": read}
    page = world.client("staff").post(at(world, "release/"), sent)
    assert page.status_code == 409
    assert "Other records came in" in page.content.decode()
    assert not Brief.objects.exists()


def test_a_worker_that_wakes_again_does_not_import_twice(
    world: World, empty: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was silent, its work was given to another, and now it goes on."""
    staff = world.client("staff")
    upload = brought(staff, empty, csv())
    staff.post(page_of(upload), {**fields(staff.get(page_of(upload)).content.decode()),
                                 "do": "import"})  # fmt: skip
    job, real = latest(), cycle.bring_in

    def slept(*given: Any, **more: Any) -> Any:
        monkeypatch.setattr(cycle, "bring_in", real)
        importing._import(job, lambda what, share: None)  # the other one
        return real(*given, **more)

    bytes_ = upload.file.read_bytes()
    monkeypatch.setattr(cycle, "bring_in", slept)
    monkeypatch.setattr(Path, "unlink", lambda *a, **k: None)  # so that both have the file
    assert work.now(job).state == Job.State.DONE, job.problem
    monkeypatch.undo()
    assert bytes_
    assert empty.generations.count() == 1
    assert [p.name for p in empty.folder.iterdir()] == [empty.generations.get().uid]


def test_an_organisation_at_work_is_erased_when_the_work_has_ended(
    world: World, empty: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=8)
    monkeypatch.setattr("rung.web.clock.now", lambda: later)
    world.provider.delete_after = later - dt.timedelta(days=1)
    world.provider.save()
    job = Job.objects.create(organisation=world.provider, program=empty, kind="import",
                             state="running")  # fmt: skip
    assert leaving.erase_due() == 0
    assert world.program.folder.is_dir()
    Job.objects.filter(pk=job.pk).update(state="done")
    assert leaving.erase_due() == 1
    assert not world.program.folder.exists()


def test_files_beside_a_new_database_are_left_alone(world: World, empty: Program) -> None:
    """A server that was given another database's address by mistake takes nothing away."""
    upload = brought(world.client("staff"), empty, csv())
    os.utime(upload.file, (0, 0))
    folder = world.program.folder
    Program.objects.all().delete()
    importing.tidy()
    assert upload.file.is_file()
    assert folder.is_dir()


# -- names that lie open


def test_names_left_open_by_a_killed_process_go_and_are_in_no_backup(
    world: World, tmp_path: Path
) -> None:
    generation = world.program.generation
    assert generation is not None
    private = generation.folder / "private"
    old, young = private / ".keys-old", private / ".keys-young"
    for left in (old, young):
        left.mkdir()
        (left / "keys.parquet").write_bytes(b"names")
    os.utime(old, (0, 0))
    made = tmp_path / "lab.backup"
    with made.open("w+b") as out:
        backup._filled(made, out, lambda what, share: None)
        names = zipfile.ZipFile(out).namelist()
    assert any(n.endswith("private/keys.enc") for n in names)
    assert not [n for n in names if "/.keys-" in n]
    importing.tidy()
    assert not old.exists()
    assert young.is_dir()


# -- spreadsheets


def test_records_taken_along_as_csv_run_no_formula(world: World, empty: Program) -> None:
    staff = world.client("staff")
    head, first, *lines = csv().decode().splitlines()
    sent = "\n".join([f"{head},First Name", f"{first},=1+1", *(f"{x},Ann" for x in lines)])
    imported(staff, brought(staff, empty, sent.encode()))
    job = work.now(exporting.start(world.provider, world.people["owner"], with_identifiers=True))
    assert job.state == Job.State.DONE, job.problem
    with zipfile.ZipFile(exporting.file(job)) as z:
        told = z.read(f"programs/{empty.uid}/private/people.csv").decode()
    assert "'=1+1" in told
    assert not re.search(r"(^|,)=1", told, re.MULTILINE)
    exporting.file(job).unlink()


def test_one_file_of_everything_at_a_time(world: World) -> None:
    owner = world.people["owner"]
    first = exporting.start(world.provider, owner)
    assert exporting.start(world.provider, owner) == first
    other = exporting.start(world.provider, owner, with_identifiers=True)
    assert other != first
    Job.objects.filter(pk=first.pk).update(state=Job.State.DONE)
    assert exporting.start(world.provider, owner) not in (first, other)


# -- a full disk


def test_a_full_disk_is_said_and_leaves_nothing_half(
    world: World, empty: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    staff = world.client("staff")

    class Full(io.BytesIO):
        def write(self, data: Any, /) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    def full(handle: int, mode: str) -> Full:
        os.close(handle)
        return Full()

    monkeypatch.setattr("rung.web.receiving.os.fdopen", full)
    answer = send(staff, empty, csv())
    monkeypatch.undo()
    assert answer.status_code == 507
    assert "no room left" in answer.content.decode()
    assert incoming() == []
    assert not Upload.objects.exists()


def test_a_disk_that_fills_during_an_import_changes_nothing(
    world: World, empty: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    staff = world.client("staff")
    upload = brought(staff, empty, csv())
    said = fields(staff.get(page_of(upload)).content.decode())

    def full(*given: Any, **more: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(cycle, "bring_in", full)
    staff.post(page_of(upload), {**said, "do": "import"})
    job = work.now(latest())
    assert job.problem
    assert job.problem[0]["code"] == "WEB-full"
    monkeypatch.undo()
    assert not list(empty.folder.glob("*"))
    assert Generation.objects.filter(program=empty).count() == 0
    assert staff.get(page_of(upload)).status_code == 200
