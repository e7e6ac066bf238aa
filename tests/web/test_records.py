"""Bring records: a file sent, looked at, corrected, imported, undone; two people at it at once."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.urls import reverse

from rung import cycle
from rung.errors import Problem, RecordsError
from rung.records.lab import Lab
from rung.records.mapping import FileMap
from rung.web import importing, place, work
from rung.web.models import Generation, Job, Program, Trace, Upload
from tests.cycle.sent import HEAD, people, person, table
from tests.web.bringing import (
    brought,
    column,
    csv,
    fields,
    imported,
    incoming,
    latest,
    page_of,
    send,
)
from tests.web.conftest import World


def _now(program: Program) -> Generation | None:
    program.refresh_from_db()
    return program.generation


# -- the way in


def test_from_a_file_to_records(world: World, empty: Program) -> None:
    """Sent, looked at, nobody's name on the page, imported; the bytes leave `incoming/`."""
    staff = world.client("staff")
    upload = brought(staff, empty, csv())
    assert incoming() == [upload.uid]
    page = staff.get(page_of(upload)).content.decode()
    assert "60 rows" in page
    for secret in ("Zyxander", "Quillfeather", "ZQ-4", "secret1.example", "plumage", "555-3"):
        assert secret not in page
    made = imported(staff, upload)
    assert _now(empty) == made
    assert made.summary["people"] == 60
    assert made.summary["came"]["sha256"] == upload.sha256
    assert incoming() == []
    upload.refresh_from_db()
    assert upload.looked is None  # no value of a cell stays in the database
    told = staff.get(reverse("records-was", args=[empty.uid, made.uid])).content.decode()
    assert "60 people came in" in told
    assert upload.sha256 in told
    room = staff.get(reverse("records", args=[empty.uid])).content.decode()
    assert "people.csv" in room
    assert upload.sha256[:12] in room
    assert staff.get(page_of(upload)).status_code == 302


def test_a_script_that_sends_the_file_is_told_where_to_go(world: World, empty: Program) -> None:
    answer = send(
        world.client("owner"), empty, csv(), headers={"X-Requested-With": "XMLHttpRequest"}
    )
    assert answer.status_code == 204
    assert answer["X-Next"] == reverse("work", args=[empty.uid, latest().uid])


def test_a_newer_file_says_who_is_new_changed_and_gone(world: World, empty: Program) -> None:
    staff = world.client("staff")
    imported(staff, brought(staff, empty, csv()))
    rows = people(60, 5)  # five are gone, five are new
    rows[0] = person(5, Status="Moved away")
    upload = brought(staff, empty, table(rows).encode())
    page = staff.get(page_of(upload)).content.decode()
    assert "What you said last time about people.csv" in page
    assert 'value="private/people.csv" checked' in page
    made = imported(staff, upload)
    changes = made.summary["changes"]
    assert (changes["new"], changes["gone"]) == (5, 5)
    told = staff.get(reverse("records-was", args=[empty.uid, made.uid])).content.decode()
    assert "60 people; 5 new" in told
    assert "5 people of the import before are not in this one" in told


def test_the_same_file_twice_is_said(world: World, empty: Program) -> None:
    staff = world.client("staff")
    made = imported(staff, brought(staff, empty, csv()))
    page = staff.get(page_of(brought(staff, empty, csv(), "copy.csv"))).content.decode()
    assert "This very file was already brought on" in page
    assert reverse("records-was", args=[empty.uid, made.uid]) in page


def test_undo_and_back(world: World, empty: Program) -> None:
    """Both are switches that are written down; a page that is too old switches nothing."""
    staff = world.client("staff")
    one = imported(staff, brought(staff, empty, csv()))
    two = imported(staff, brought(staff, empty, csv(5)))
    where = reverse("records-switch", args=[empty.uid])
    assert staff.post(where, {"to": one.uid, "seen": one.uid}).status_code == 302
    assert _now(empty) == two
    staff.post(where, {"to": one.uid, "seen": two.uid})
    assert _now(empty) == one
    two.refresh_from_db()
    assert two.state == Generation.State.UNDONE
    assert two.folder.is_dir()
    staff.post(where, {"to": two.uid, "seen": one.uid})
    assert _now(empty) == two
    staff.post(where, {"to": one.uid, "seen": two.uid})
    staff.post(where, {"to": "", "seen": one.uid})
    assert _now(empty) is None
    assert staff.get(reverse("records", args=[empty.uid])).status_code == 200
    staff.post(where, {"to": two.uid, "seen": ""})
    assert _now(empty) == two
    assert Trace.objects.filter(action="records.bring", thing=one.uid).count() == 2
    other = Generation.objects.create(program=world.other_program, number=1)
    assert staff.post(where, {"to": other.uid, "seen": two.uid}).status_code == 404


def test_setting_aside_takes_the_bytes_away(world: World, empty: Program) -> None:
    staff = world.client("staff")
    upload = brought(staff, empty, csv())
    staff.post(reverse("records-aside", args=[empty.uid, upload.uid]))
    assert incoming() == []
    assert "set aside" in staff.get(page_of(upload)).content.decode()
    upload.refresh_from_db()
    assert upload.looked is None


# -- the mapping


def test_picks_are_kept_as_a_draft_and_obeyed(world: World, empty: Program) -> None:
    staff = world.client("staff")
    upload = brought(staff, empty, csv())
    said = fields(staff.get(page_of(upload)).content.decode())
    site = column(upload, "Site")
    answer = staff.post(page_of(upload), {**said, f"{site}-target": "groups.", "draft": "1"})
    assert answer.json()["version"] == upload.version + 1
    again = fields(staff.get(page_of(upload)).content.decode())
    assert again[f"{site}-target"] == "groups.site"
    assert again["version"] == str(answer.json()["version"])
    made = imported(staff, upload)
    (file,) = Lab.open(made.folder).sections("files", FileMap)
    assert file.columns["Site"] == "groups.site"


def test_steps_are_named_and_moved(world: World, empty: Program) -> None:
    staff = world.client("staff")
    upload = brought(staff, empty, csv())
    said = fields(staff.get(page_of(upload)).content.decode())
    first, second, *_ = said["step"]
    staff.post(page_of(upload), {**said, f"m-{first}": "Came to us", "move": f"{second}:-"})
    again = fields(staff.get(page_of(upload)).content.decode())
    assert again["step"][:2] == [second, first]
    made = imported(staff, upload)
    steps = Lab.open(made.folder).milestones
    assert [m.key for m in steps][:2] == [second, first]
    assert steps[1].label == "Came to us"


def test_values_get_a_meaning(world: World, empty: Program) -> None:
    staff = world.client("staff")
    upload = brought(staff, empty, csv())
    gender = column(upload, "Gender")
    page = staff.get(page_of(upload)).content.decode()
    (field,) = re.findall(rf'<label for="({gender}-v\d+)"><span class="example">Dama<', page)
    made = imported(staff, upload, **{field: "female"})
    (file,) = Lab.open(made.folder).sections("files", FileMap)
    assert file.values["Gender"]["Dama"] == "female"


def test_a_sensitive_column_needs_a_written_reason(world: World, empty: Program) -> None:
    staff = world.client("staff")
    head = ["Criminal Record" if h == "Disability" else h for h in HEAD]
    upload = brought(staff, empty, table(people(), head).encode())
    page = staff.get(page_of(upload)).content.decode()
    assert "Left out to protect people" in page
    name = column(upload, "Criminal Record")
    said = fields(page)
    assert said[f"{name}-target"] == "ignore"
    columns = upload.looked["proposed"]["tables"][0]["columns"] if upload.looked else []
    (given,) = [c for c in columns if c["header"] == "Criminal Record"]
    want = {**said, f"{name}-target": given["sensitive"], "do": "import"}
    answer = staff.post(page_of(upload), want)
    assert answer.status_code == 422
    html = answer.content.decode()
    assert "left out unless someone says why" in html
    assert f'href="#{name}-target"' in html
    assert re.search(rf'id="{name}-target"[^>]*aria-invalid="true"', html)
    because = {f"{name}-because": "Our funder asks who was turned away", f"{name}-target": ""}
    made = imported(staff, upload, **{**because, f"{name}-target": given["sensitive"]})
    (file,) = Lab.open(made.folder).sections("files", FileMap)
    assert file.because["Criminal Record"] == "Our funder asks who was turned away"


def test_what_cannot_be_is_said_at_its_column(world: World, empty: Program) -> None:
    staff = world.client("staff")
    upload = brought(staff, empty, csv())
    said = fields(staff.get(page_of(upload)).content.decode())
    site, ident = column(upload, "Site"), column(upload, "Client ID")
    twice = staff.post(
        page_of(upload), {**said, f"{site}-target": "participants.gender", "do": "import"}
    )
    assert twice.status_code == 422
    html = twice.content.decode()
    assert "cannot both be “Gender”" in html
    assert "lab.toml" not in html
    nobody = {f"{column(upload, h)}-target": "ignore" for h in ("First Name", "Last Name")}
    said = fields(html)
    without = staff.post(
        page_of(upload),
        {**said, **nobody, f"{site}-target": "enrolments.site", f"{ident}-target": "ignore",
         "do": "import"},
    )  # fmt: skip
    assert without.status_code == 422
    assert "No column says who each row is about" in without.content.decode()
    strange = staff.post(
        page_of(upload),
        {**fields(without.content.decode()), f"{site}-target": "participants.<b>x", "do": "import"},
    )
    assert strange.status_code == 422
    assert "<b>x" not in strange.content.decode()
    assert _now(empty) is None


def test_one_column_again_with_another_meaning(world: World, empty: Program) -> None:
    staff = world.client("staff")
    upload = brought(staff, empty, csv())
    name = column(upload, "Status")
    number = int(name.split("-")[1])
    where = reverse("records-column", args=[empty.uid, upload.uid, 0, number])
    part = staff.get(where, {f"{name}-target": "participants.gender"}).content.decode()
    assert "values have no meaning yet" in part
    assert f'name="{name}-for" value="participants.gender"' in part
    whole = staff.get(where, {f"{name}-target": "other"}).content.decode()
    assert whole.count("<optgroup") > 10
    assert (
        staff.get(reverse("records-column", args=[empty.uid, upload.uid, 0, 99])).status_code == 404
    )
    upload.refresh_from_db()
    assert upload.version == 1  # looking saves nothing


def test_asking_for_everything_without_javascript(world: World, empty: Program) -> None:
    staff = world.client("staff")
    upload = brought(staff, empty, csv())
    said = fields(staff.get(page_of(upload)).content.decode())
    name = column(upload, "Gender")
    answer = staff.post(page_of(upload), {**said, f"{name}-target": "other"})
    assert answer.status_code == 200
    (select,) = re.findall(rf'id="{name}-target".*?</select>', answer.content.decode(), re.DOTALL)
    assert select.count("<option") > 150


# -- two people at once


def test_two_people_who_edit_see_each_other(world: World, empty: Program) -> None:
    """Nothing is overwritten silently: the second sees both, and then decides."""
    staff, owner = world.client("staff"), world.client("owner")
    upload = brought(staff, empty, csv())
    site = f"{column(upload, 'Site')}-target"
    mine = fields(staff.get(page_of(upload)).content.decode())
    theirs = fields(owner.get(page_of(upload)).content.decode())
    owner.post(page_of(upload), {**theirs, site: "groups."})
    quiet = staff.post(page_of(upload), {**mine, site: "ignore", "draft": "1"})
    assert quiet.status_code == 409
    assert "Owner saved this page" in quiet.json()["says"]
    loud = staff.post(page_of(upload), {**mine, site: "ignore", "do": "import"})
    assert loud.status_code == 409
    html = loud.content.decode()
    assert "Owner saved this page after you opened it" in html
    assert re.search(r"<td>Leave out</td><td>A grouping of your own: Site</td>", html)
    upload.refresh_from_db()
    assert upload.state == Upload.State.READY
    kept = fields(html)
    assert kept[site] == "ignore"
    staff.post(page_of(upload), kept)  # “Keep mine”
    assert fields(owner.get(page_of(upload)).content.decode())[site] == "ignore"


def test_two_files_at_once_both_end_up_in(
    world: World, empty: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second import finds that the records moved on, and is built again on them."""
    staff = world.client("staff")
    one = brought(staff, empty, csv(0, 30), "north.csv")
    two = brought(staff, empty, csv(30, 30), "south.csv")
    jobs = []
    for upload in (one, two):
        said = fields(staff.get(page_of(upload)).content.decode())
        staff.post(page_of(upload), {**said, "replaces": "", "do": "import"})
        jobs.append(latest())
    real, built = cycle.bring_in, []

    def meanwhile(lab: Any, **more: Any) -> Any:
        done = real(lab, **more)
        built.append(lab.path)
        if len(built) == 1:  # while the second is at it, the first comes in
            importing._import(jobs[0], lambda what, share: None)
        return done

    monkeypatch.setattr(cycle, "bring_in", meanwhile)
    assert work.now(jobs[1]).state == Job.State.DONE
    now = _now(empty)
    assert now is not None
    assert now.summary["people"] == 60
    assert {f.path for f in Lab.open(now.folder).sections("files", FileMap)} == {
        "private/north.csv", "private/south.csv",
    }  # fmt: skip
    assert len(built) == 3
    assert not built[0].exists()
    assert [g.number for g in importing.chain(now)] == [2, 1]


def test_only_one_import_of_a_program_runs(world: World, empty: Program) -> None:
    staff = world.client("staff")
    upload = brought(staff, empty, csv())
    said = fields(staff.get(page_of(upload)).content.decode())
    staff.post(page_of(upload), {**said, "do": "import"})
    again = staff.post(page_of(upload), {**said, "do": "import"})
    assert again.status_code == 302
    assert Job.objects.filter(program=empty, kind="import").count() == 1
    late = staff.post(page_of(upload), {**said, "draft": "1"})
    assert late.status_code == 409
    staff.post(reverse("records-aside", args=[empty.uid, upload.uid]))
    assert upload.file.is_file()


# -- what is stopped half-way


def test_an_import_that_cannot_be_comes_back_to_its_page(
    world: World, empty: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    staff = world.client("staff")
    upload = brought(staff, empty, csv())
    said = fields(staff.get(page_of(upload)).content.decode())

    def fails(*args: Any, **more: Any) -> Any:
        raise RecordsError(
            [Problem(code="REC-id-ssn", table="people.csv", column="Client ID", weight="break")]
        )

    monkeypatch.setattr(cycle, "bring_in", fails)
    staff.post(page_of(upload), {**said, "do": "import"})
    job = work.now(latest())
    assert job.result["next"] == page_of(upload)
    html = staff.get(page_of(upload)).content.decode()
    assert "The import stopped here" in html
    assert f'href="#{column(upload, "Client ID")}-target"' in html
    assert "Use another number that tells people apart" in html
    assert _now(empty) is None
    assert not list(empty.folder.glob("*"))
    monkeypatch.undo()
    upload.refresh_from_db()
    imported(staff, upload)


def test_a_bug_of_ours_leaves_the_draft(
    world: World, empty: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    staff = world.client("staff")
    upload = brought(staff, empty, csv())
    said = fields(staff.get(page_of(upload)).content.decode())
    monkeypatch.setattr(cycle, "bring_in", lambda *a, **k: 1 / 0)
    staff.post(page_of(upload), {**said, "do": "import"})
    assert work.now(latest()).state == Job.State.FAILED
    assert staff.get(page_of(upload)).status_code == 200


def test_a_worker_that_died_after_the_switch_does_not_import_twice(
    world: World, empty: Program
) -> None:
    staff = world.client("staff")
    made = imported(staff, brought(staff, empty, csv()))
    job = latest()
    Job.objects.filter(pk=job.pk).update(state=Job.State.WAITING)
    assert work.now(job).result["next"].endswith(f"{made.uid}/")
    assert empty.generations.count() == 1


def test_a_worker_that_died_leaves_its_folder_for_a_day(world: World, empty: Program) -> None:
    staff = world.client("staff")
    made = imported(staff, brought(staff, empty, csv()))
    old, young = empty.folder / "dead", empty.folder / "beef"
    for folder in (old, young):
        folder.mkdir()
        (folder / "lab.toml").write_text("")
    _age(old)
    _age(made.folder)
    importing.sweep(empty)
    assert not old.exists()
    assert young.exists()
    assert made.folder.exists()


def test_killed_uploads_are_cleaned_by_age(world: World, empty: Program) -> None:
    upload = brought(world.client("staff"), empty, csv())
    left = [place.incoming() / name for name in (".old.part", ".young.part", "0123456789abcdef")]
    for path in left:
        path.write_bytes(b"half")
    for path in (left[0], left[2], upload.file):
        _age(path)
    importing.clean()
    assert incoming() == sorted([".young.part", upload.uid])


def _age(path: Path) -> None:
    old = time.time() - 2 * 86400
    os.utime(path, (old, old))


def test_a_file_that_is_gone_is_said(world: World, empty: Program) -> None:
    staff = world.client("staff")
    upload = brought(staff, empty, csv())
    upload.file.unlink()
    assert "The file is no longer here" in staff.get(page_of(upload)).content.decode()
    assert "bring it again" in staff.get(reverse("records", args=[empty.uid])).content.decode()
    assert staff.post(page_of(upload), {"do": "import", "version": "1"}).status_code == 409


def test_a_look_that_was_stopped_can_be_asked_for_again(world: World, empty: Program) -> None:
    staff = world.client("staff")
    send(staff, empty, csv())
    Job.objects.all().update(state=Job.State.FAILED)
    (upload,) = empty.uploads.all()
    assert "Nobody has looked at this file yet" in staff.get(page_of(upload)).content.decode()
    staff.post(reverse("records-again", args=[empty.uid, upload.uid]))
    work.now(latest())
    assert "60 rows" in staff.get(page_of(upload)).content.decode()


# -- people who stand twice


def test_doubles_are_decided_and_counted_again(world: World, empty: Program) -> None:
    staff = world.client("staff")
    rows = people(20)
    rows.append(["ZQ-9999", *person(3)[1:]])  # the same name and birth date, another number
    made = imported(staff, brought(staff, empty, table(rows).encode()))
    assert (made.summary["people"], made.summary["review"]) == (21, 1)
    where = reverse("records-twice", args=[empty.uid])
    html = staff.get(where).content.decode()
    assert "Bartholomea" in html
    trace = Trace.objects.filter(action="people.names", program=empty).latest("pk")
    assert trace.count == 2
    assert world.client("analyst").get(where).status_code == 403
    assert world.client("coach").get(where).status_code == 403
    (key,) = set(re.findall(r'name="(d-[0-9a-f]{12})"', html))
    assert staff.post(where, {key: ""}).headers["Location"] == where
    staff.post(where, {key: "same person"})
    job = work.now(latest())
    assert job.state == Job.State.DONE, job.problem
    now = _now(empty)
    assert now is not None
    assert (now.summary["people"], now.summary["review"]) == (20, 0)
    assert "Everything is decided" in staff.get(where).content.decode()


# -- the fix list


def test_the_fix_list_tells_counts_and_no_cell(world: World, empty: Program) -> None:
    staff = world.client("staff")
    rows = people()
    for i in (3, 7):
        rows[i] = person(i, Application_Date="glimmerday")
    rows[9] = person(9, DOB="glimmerbirth")
    imported(staff, brought(staff, empty, table(rows).encode()))
    where = reverse("fixes", args=[empty.uid])
    html = staff.get(where).content.decode()
    assert "glimmer" not in html
    assert "2 rows" in html
    assert "5, 9" in html  # as people see them in the file
    assert "lab.toml" not in html
    assert "Whoever keeps the file" in html
    owners = re.findall(r"\?who=(\w+)", html)
    for who in owners:
        assert staff.get(where, {"who": who}).status_code == 200
    assert world.client("advisor").get(where).status_code == 200
    book = staff.get(reverse("fixes-download", args=[empty.uid]))
    assert "attachment" in book.headers["Content-Disposition"]
    assert book.headers["Cache-Control"] == "no-store"
    path = place.home() / "got.xlsx"
    path.write_bytes(b"".join(book.streaming_content))  # type: ignore[attr-defined]
    cells = {str(c.value) for sheet in openpyxl.load_workbook(path) for row in sheet for c in row}
    assert "glimmerday" in cells
    assert world.client("advisor").get(
        reverse("fixes-download", args=[empty.uid])
    ).status_code == 403  # fmt: skip
    assert Trace.objects.filter(action="fixes.download", allowed=True, program=empty).exists()
    imported(staff, brought(staff, empty, csv()))
    assert "Is it getting better?" in staff.get(where).content.decode()


def test_empty_rooms_say_what_will_be_here(world: World, empty: Program) -> None:
    owner = world.client("owner")
    for name, words in (
        ("fixes", "After the first import"),
        ("records", "None yet"),
        ("records-twice", "will be listed here"),
    ):
        assert words in owner.get(reverse(name, args=[empty.uid])).content.decode()
    assert owner.get(reverse("fixes-download", args=[empty.uid])).status_code == 302


def test_records_of_a_lab_made_elsewhere_are_shown(world: World) -> None:
    """The sample was imported by the terminal: nothing is known of it but its folder."""
    owner = world.client("owner")
    (made,) = world.program.generations.all()
    assert owner.get(reverse("records", args=[world.program.uid])).status_code == 200
    page = owner.get(reverse("records-was", args=[world.program.uid, made.uid]))
    assert "imported elsewhere" in page.content.decode()
    fixes = owner.get(reverse("fixes", args=[world.program.uid])).content.decode()
    assert "kinds of things" in fixes


def test_the_rooms_speak_spanish(world: World, empty: Program) -> None:
    staff = world.client("staff")
    staff.post("/language/", {"language": "es"})
    upload = brought(staff, empty, csv())
    assert "¿Qué significan estas columnas?" in staff.get(page_of(upload)).content.decode()
    imported(staff, upload)
    assert "¿Qué hay que corregir" in staff.get(reverse("fixes", args=[empty.uid])).content.decode()
