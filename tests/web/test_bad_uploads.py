"""Bad input through the form: refused in clear words, nothing kept, the records as they were."""

from __future__ import annotations

import io
import re
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from rung.web import place, work
from rung.web.models import Job, Membership, Program, Upload
from tests.journeys.test_bad_input import CASES, QUICK, SECRETS, UNREADABLE
from tests.web.bringing import (
    brought,
    csv,
    fields,
    imported,
    incoming,
    latest,
    page_of,
    send,
)
from tests.web.conftest import World


def bomb() -> bytes:
    """A workbook of a few hundred kB that grows to hundreds of MB."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", "<Types/>")
        packed.writestr("xl/workbook.xml", "<workbook/>")
        with packed.open("xl/worksheets/sheet1.xml", "w") as sheet:
            for _ in range(300):
                sheet.write(b"0" * (1 << 20))
    return made.getvalue()


PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
REFUSED = {
    "an image as csv": ("people.csv", PNG, "a picture"),
    "an image": ("scan.png", PNG, "a picture"),
    "a PDF as xlsx": ("people.xlsx", b"%PDF-1.7\n" + bytes(500), "a PDF"),
    "a PDF": ("people.pdf", b"%PDF-1.7\n" + bytes(500), "a PDF"),
    "a program": ("people.exe", b"MZ\x90\0" + bytes(900), "a program"),
    "a program as csv": ("people.csv", b"\x7fELF\2\1\1\0" + bytes(900), "a program"),
    "a zip": ("people.zip", UNREADABLE["zip as workbook"][1], "a workbook or a zip archive"),
    "a workbook as csv": ("people.csv", UNREADABLE["workbook as csv"][1], "right ending"),
    "nothing in it": ("people.csv", b"", "is empty"),
    "an unknown ending": (*UNREADABLE["an ending no one knows"][:2], "ending"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_table_is_refused_at_once(case: str, world: World, empty: Program) -> None:
    name, content, words = REFUSED[case]
    answer = send(world.client("staff"), empty, content, name)
    assert answer.status_code == 422
    html = answer.content.decode()
    assert words in html
    assert "The file was not kept. The records are as they were." in html
    assert incoming() == []
    assert not Upload.objects.filter(program=empty).exists()


LATER = {
    **{k: v for k, v in UNREADABLE.items() if k not in ("empty", "an ending no one knows",
       "workbook as csv", "zip as csv", "parquet cut short", "binary")},
    "a zip bomb": ("people.xlsx", bomb(), {"REC-zip-bomb"}),
    "parquet cut short": UNREADABLE["parquet cut short"],
    "binary": UNREADABLE["binary"],
}  # fmt: skip


@pytest.mark.parametrize("case", LATER)
def test_what_cannot_be_read_is_said_and_not_kept(case: str, world: World, empty: Program) -> None:
    name, content, codes = LATER[case]
    staff = world.client("staff")
    answer = send(staff, empty, content, name)
    if answer.status_code == 302:
        work.now(latest())
        (upload,) = empty.uploads.all()
        assert {p["code"] for p in upload.problem or ()} <= codes
        html = staff.get(page_of(upload)).content.decode()
        assert "This file cannot be read" in html
        assert "not kept" in staff.get(reverse("records", args=[empty.uid])).content.decode()
    else:
        assert answer.status_code == 422
        html = answer.content.decode()
    for secret in SECRETS:
        assert secret not in html
    assert incoming() == []
    assert not list(empty.folder.glob("*"))


SHORT = (*QUICK[1:3], "many things at once", "hostile headers", "a million characters in a header")


@pytest.mark.parametrize(
    "case",
    [pytest.param(c, marks=() if c in SHORT else pytest.mark.deep) for c in CASES],
)
def test_every_damaged_file_comes_in_counted(case: str, world: World, empty: Program) -> None:
    """The spine's list, through the form: the same counts, and no cell on a page."""
    given = CASES[case]()
    staff = world.client("staff")
    upload = brought(staff, empty, given.content, f"people{given.ending}")
    pages = [staff.get(page_of(upload)).content.decode()]
    made = imported(staff, upload)
    assert made.summary["people"] == given.people
    told: dict[str, int] = {}
    for problem in made.summary["problems"]:
        told[problem["code"]] = told.get(problem["code"], 0) + (problem["rows"] or 0)
    assert {code: told.get(code) for code in given.told} == dict(given.told)
    pages.append(staff.get(reverse("records-was", args=[empty.uid, made.uid])).content.decode())
    pages.append(staff.get(reverse("fixes", args=[empty.uid])).content.decode())
    planted = [p for p in given.planted if p != "TODAY"]
    for html in pages:
        for secret in (*SECRETS, "<script>alert"):
            assert secret not in html
    for html in pages[1:]:
        for secret in planted:
            assert secret not in html


# -- who sends it


@pytest.mark.parametrize(
    ("who", "status"),
    [("stranger", 302), ("nowhere", 404), ("partner", 404), ("viewer", 403), ("coach", 403),
     ("analyst", 403), ("advisor", 403)],
)  # fmt: skip
def test_whoever_may_not_writes_nothing(
    who: str, status: int, world: World, empty: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who they are is known before a byte of the file is read, token or not."""
    if who == "partner":
        status = 403
    monkeypatch.setattr(
        "django.http.request.HttpRequest.parse_file_upload",
        lambda *a: pytest.fail("the body was read"),
    )
    browser = world.client(who)
    browser.handler.enforce_csrf_checks = True
    assert send(browser, empty, csv()).status_code == status
    assert incoming() == []
    assert not Upload.objects.exists()


def test_a_form_without_its_token_leaves_nothing(world: World, empty: Program) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(world.people["staff"])
    assert send(browser, empty, csv()).status_code == 403
    assert incoming() == []
    assert not Upload.objects.exists()
    page = browser.get(reverse("records", args=[empty.uid])).content.decode()
    token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[-1]
    file = SimpleUploadedFile("people.csv", csv())
    where = reverse("records-add", args=[empty.uid])
    sent = browser.post(where, {"csrfmiddlewaretoken": token, "file": file})
    assert sent.status_code == 302
    assert len(incoming()) == 1


def test_no_other_page_takes_a_file(world: World, empty: Program) -> None:
    """Sent anywhere else, by anyone, a file is thrown away unread."""
    for who in ("stranger", "owner"):
        browser = Client(enforce_csrf_checks=True)
        if who != "stranger":
            browser.force_login(world.people[who])
        for where in ("/", "/language/", "/account/login/", f"/p/{empty.uid}/records/switch/"):
            browser.post(where, {"file": SimpleUploadedFile("people.csv", csv())})
    assert incoming() == []


def test_a_session_that_ends_in_the_middle(world: World, empty: Program) -> None:
    """The draft is where it was; nothing more is saved or sent."""
    staff = world.client("staff")
    upload = brought(staff, empty, csv())
    said = fields(staff.get(page_of(upload)).content.decode())
    staff.logout()
    assert staff.post(page_of(upload), {**said, "do": "import"}).headers["Location"] == "/"
    assert send(staff, empty, csv(5)).status_code == 302
    assert incoming() == [upload.uid]
    again = world.client("staff")
    assert again.get(page_of(upload)).status_code == 200


def test_a_removed_members_open_tab(world: World, empty: Program) -> None:
    staff = world.client("staff")
    upload = brought(staff, empty, csv())
    said = fields(staff.get(page_of(upload)).content.decode())
    Membership.objects.filter(user=world.people["staff"]).delete()
    assert staff.post(page_of(upload), {**said, "do": "import"}).status_code == 404
    assert send(staff, empty, csv()).status_code == 404
    assert staff.post(reverse("records-aside", args=[empty.uid, upload.uid])).status_code == 404
    assert incoming() == [upload.uid]
    assert not Job.objects.filter(kind="import").exists()


def test_another_programs_upload_is_not_there(world: World, empty: Program) -> None:
    """An address put together from two programs opens nothing."""
    upload = brought(world.client("staff"), empty, csv())
    elsewhere = world.client("nowhere")
    for name in ("records-mapping", "records-aside", "records-again"):
        where = reverse(name, args=[world.other_program.uid, upload.uid])
        assert elsewhere.post(where).status_code == 404


def test_the_wrong_method(world: World, empty: Program) -> None:
    owner = world.client("owner")
    assert owner.get(reverse("records-switch", args=[empty.uid])).status_code == 405
    assert owner.get(reverse("records-add", args=[empty.uid])).status_code == 302
    for name in ("records-add", "records-switch"):
        assert owner.put(reverse(name, args=[empty.uid]), b"x").status_code == 405
    assert owner.delete(reverse("records", args=[empty.uid])).status_code == 405


# -- odd names, sizes, forms


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../../etc/passwd.csv", "passwd.csv"),
        ("C:\\Users\\ana\\people.csv", "people.csv"),
        ("<script>alert(1)</script>.csv", "script_.csv"),
        ("gente\u202evsc.csv", "gentevsc.csv"),
        ("الناس.csv", "الناس.csv"),
        ("a" * 600 + ".csv", "a" * 160 + ".csv"),
        ("keys.enc", "sent_keys.enc"),
    ],
)
def test_names_are_only_names(name: str, kept: str, world: World, empty: Program) -> None:
    staff = world.client("staff")
    send(staff, empty, csv(), name)
    (upload,) = empty.uploads.all()
    assert upload.name == kept
    assert re.fullmatch(r"[0-9a-f]{16}", upload.file.name)
    assert upload.file.parent == place.incoming()
    assert "<script>alert" not in staff.get(reverse("records", args=[empty.uid])).content.decode()
    if "script" in name:
        work.now(latest())
        upload.refresh_from_db()
        assert "<script>alert" not in staff.get(page_of(upload)).content.decode()
        made = imported(staff, upload)
        assert (made.folder / "private" / kept).is_file()


def test_a_name_of_ten_thousand_letters(world: World, empty: Program) -> None:
    answer = send(world.client("staff"), empty, csv(), "é" * 10_000 + ".csv")
    assert answer.status_code in (302, 400)
    assert all(len(u.name) < 255 for u in empty.uploads.all())


def test_a_file_too_large(world: World, empty: Program, settings: pytest.FixtureRequest) -> None:
    settings.UPLOAD_BYTES = 3000  # type: ignore[attr-defined]
    staff = world.client("staff")
    answer = send(staff, empty, csv())
    assert answer.status_code == 422
    assert "The file is larger than" in answer.content.decode()
    assert incoming() == []
    said = staff.post(
        reverse("records-add", args=[empty.uid]), b"x", content_type="multipart/form-data",
        CONTENT_LENGTH=str(5 << 30),
    )  # fmt: skip
    assert said.status_code == 422
    assert not Upload.objects.exists()


def test_a_connection_that_breaks(world: World, empty: Program) -> None:
    staff = world.client("staff")
    body = (
        b'--xx\r\nContent-Disposition: form-data; name="file"; filename="people.csv"\r\n'
        b"Content-Type: text/csv\r\n\r\n" + csv()
    )  # the end never comes
    where = reverse("records-add", args=[empty.uid])
    answer = staff.post(where, body, content_type="multipart/form-data; boundary=xx")
    assert answer.status_code in (400, 422)
    assert incoming() == []
    assert not Upload.objects.exists()


def test_a_form_without_a_file_and_one_with_two(world: World, empty: Program) -> None:
    staff = world.client("staff")
    where = reverse("records-add", args=[empty.uid])
    assert "No file came" in staff.post(where, {}).content.decode()
    assert "No file came" in staff.post(where, {"file": "a word"}).content.decode()
    two = [SimpleUploadedFile("a.csv", csv()), SimpleUploadedFile("b.csv", csv(5))]
    assert staff.post(where, {"file": two}).status_code == 302
    assert len(incoming()) == 1


def test_a_mapping_form_gone_wrong(world: World, empty: Program) -> None:
    """Fields that no page of ours sends change nothing and break nothing."""
    staff = world.client("staff")
    upload = brought(staff, empty, csv())
    said = fields(staff.get(page_of(upload)).content.decode())
    odd = {"t0-kind": "nonsense", "t0-dates": "zzz", "move": "x:y", "c0-999-target": "id",
           "c9-0-target": "id", "step": ["<b>", "\1"], "replaces": "../../etc/passwd"}  # fmt: skip
    answer = staff.post(page_of(upload), {**said, **odd, "do": "import"})
    assert answer.status_code == 422
    assert staff.get(page_of(upload)).status_code == 200
    assert staff.post(page_of(upload), {"version": "x"}).status_code == 409
    assert staff.post(page_of(upload), {}).status_code == 409
    good = fields(staff.get(page_of(upload)).content.decode())
    imported(staff, upload, **{**good, "t0-kind": "journeys", "t0-dates": "mdy", "replaces": ""})
