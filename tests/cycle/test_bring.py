"""A lab grows by generations: each import makes a new one, and the one before stays as it was."""

from __future__ import annotations

import io
import json
import os
import random
import signal
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import openpyxl
import pytest

from rung import cycle
from rung.cycle import Brought, Incoming
from rung.documents import Document, file_digest
from rung.errors import PlanError, RecordsError
from rung.records import intake, privacy
from rung.records.lab import Lab, Milestone
from rung.records.mapping import FileMap
from rung.share.release import Outside
from tests.cycle.sent import (
    ROWS,
    bytes_of,
    first,
    looked,
    now,
    people,
    person,
    pick,
    sent,
    table,
)


def test_a_first_import_tells_everything_a_page_needs(tmp_path: Path) -> None:
    lab = first(tmp_path)
    done = cycle.last_import(lab)
    assert done is not None
    assert (done.people, done.tables, done.changes, done.review) == (
        ROWS,
        {"journeys": 60},
        None,
        0,
    )
    path = tmp_path / "uploads/5f0c9d2e4a"
    assert done.inputs == {"private/clients.csv": file_digest(path)}
    assert Brought.from_json(json.loads(json.dumps(done.to_json()))) == done
    (unread,) = (p for p in done.problems if p.code == "REC-not-in-list")
    assert (unread.column, unread.rows, unread.first_rows[:2]) == ("Gender", 20, (4, 7))
    assert (unread.weight, unread.table, unread.owner) == ("care", "clients.csv", "intake")
    assert cycle.problems(lab) == done.problems
    (lab.path / "records/import.json").unlink()  # as of a lab that another program imported
    assert cycle.problems(lab) == done.problems
    book = openpyxl.load_workbook(cycle.fix_list(lab))
    assert book.sheetnames[0] == "Summary"
    text = json.dumps(done.to_json())
    assert not [w for row in people() for w in (row[0], row[1], row[4], row[6]) if w in text]
    # and it is a lab like any other
    assert cycle.diagnose(lab).answers
    assert lab.about.provider == "Bridge Street"
    assert (lab.path / "private").stat().st_mode & 0o777 == 0o700


def test_a_newer_file_takes_the_place_of_the_older_and_undo_is_going_back(tmp_path: Path) -> None:
    lab = first(tmp_path)
    before = bytes_of(lab.path)
    rows = [*people()[1:], person(90), person(91)]
    rows[0][10] = ""  # one who turned out not to have enrolled
    path = sent(tmp_path / "uploads", table(rows), "77")
    seen = looked(path, tmp_path / "work", "clients Q2.csv", lab)
    two = cycle.next_generation(
        lab, tmp_path / "two", [Incoming(path=path, looked=seen, replaces=seen.replaces)]
    )
    assert [f.path for f in two.sections("files", FileMap)] == ["private/clients Q2.csv"]
    assert not (two.path / "private/clients.csv").exists()
    done = cycle.bring_in(two, clock=now)
    assert done.changes == {"new": 2, "gone": 1, "changed": 1, "same": 58}
    assert bytes_of(lab.path) == before
    # the same people have the same pseudonyms, and whoever is gone can still be named
    assert privacy.key(two) == privacy.key(lab)
    with lab.session() as one, two.session() as other:
        olds, news = (
            {r[0] for r in s.connection.execute("SELECT pid FROM journeys").fetchall()}
            for s in (one, other)
        )
    assert len(olds & news) == 59
    (gone,) = olds - news
    assert privacy.people(two, [gone])[gone]["id"] == "ZQ-4000"
    # going back is opening the folder before; what was learnt there is still there
    back = Lab.open(lab.path)
    assert cycle.last_import(back) is not None
    assert cycle.last_import(back).people == ROWS  # type: ignore[union-attr]
    # generation three stands on two without one file more on the disk
    three = cycle.next_generation(two, tmp_path / "three", [])
    kept = "private/clients Q2.csv"
    assert (three.path / kept).stat().st_ino == (two.path / kept).stat().st_ino
    assert cycle.bring_in(three, clock=now).changes == {
        "new": 0, "gone": 0, "changed": 0, "same": 61
    }  # fmt: skip


def test_files_beside_one_another_and_without_one(tmp_path: Path) -> None:
    lab = first(tmp_path)
    text = table(
        [[f"ZQ-{4000 + i}", f"03/{i % 28 + 1:02}/2024", "Coaching"] for i in range(30)],
        ["Client ID", "Service Date", "Service"],
    )
    path = sent(tmp_path / "uploads", text, "88")
    seen = looked(path, tmp_path / "work", "clients.csv", lab)  # the same name, another file
    assert seen.replaces is None
    events = [pick("Service Date", "services.service_on"), pick("Service", "services.service")]
    seen = cycle.corrected(seen, [cycle.Change(kind="services"), *events])
    two = cycle.next_generation(lab, tmp_path / "two", [Incoming(path=path, looked=seen)])
    assert [f.path for f in two.sections("files", FileMap)] == [
        "private/clients.csv", "private/clients (2).csv"
    ]  # fmt: skip
    done = cycle.bring_in(two, clock=now)
    assert done.tables == {"journeys": 60, "services": 30}
    three = cycle.next_generation(two, tmp_path / "three", [], without=["private/clients (2).csv"])
    assert not (three.path / "private/clients (2).csv").exists()
    assert cycle.bring_in(three, clock=now).tables == {"journeys": 60}
    assert not three.table("services").exists()
    assert two.table("services").exists()
    for gone in ("private/nothing.csv", "../one/lab.toml"):
        with pytest.raises(RecordsError):
            cycle.next_generation(two, tmp_path / "four", [], without=[gone])
    assert not (tmp_path / "four").exists()


def test_lab_toml_keeps_what_people_wrote(tmp_path: Path) -> None:
    lab = first(tmp_path)
    text = (lab.path / "lab.toml").read_text("utf-8")
    text = text.replace("[[milestones]]", "# as the board decided\n[[milestones]]", 1)
    text = text.replace('Site = "', '# the campus\nSite = "').replace("[lab]", "# ours\n[lab]")
    text += "\n[journey] # settings\nwithin_days = 200\n"
    (lab.path / "lab.toml").write_text(text, "utf-8")
    path = tmp_path / "uploads/5f0c9d2e4a"
    seen = looked(path, tmp_path / "work", lab=(lab := Lab.open(lab.path)))
    seen = cycle.corrected(seen, [pick("Site", "groups.campus"), pick("Case Notes", "ignore")])
    two = cycle.next_generation(
        lab, tmp_path / "two", [Incoming(path=path, looked=seen, replaces=seen.replaces)],
        program="Nursing",
    )  # fmt: skip
    said = (two.path / "lab.toml").read_text("utf-8")
    for words in ("# as the board decided", "# the campus", "# ours", "# settings", "Nursing"):
        assert words in said
    assert Lab.open(two.path).sections("files", FileMap) == seen.files
    assert two.milestones == lab.milestones
    # the journey, as people want it from here on
    steps = [Milestone(key="enrolled", label="Joined"), Milestone(key="completed", label="Done")]
    three = cycle.next_generation(two, tmp_path / "three", [], milestones=steps)
    assert [m.label for m in Lab.open(three.path).milestones] == ["Joined", "Done"]


def test_a_step_that_people_add_finds_its_place(tmp_path: Path) -> None:
    lab = first(tmp_path)
    text = table(
        [[f"ZQ-{4000 + i}", "01/20/2024"] for i in range(30)], ["Client ID", "Accepted Date"]
    )
    path = sent(tmp_path / "uploads", text, "99")
    seen = looked(path, tmp_path / "work", "accepted.csv", lab)
    assert seen.files[0].columns["Accepted Date"] == "ignore"
    seen = cycle.corrected(seen, [pick("Accepted Date", "milestones.accepted")])
    two = cycle.next_generation(lab, tmp_path / "two", [Incoming(path=path, looked=seen)])
    assert [m.key for m in two.milestones] == ["applied", "accepted", "enrolled", "completed"]
    cycle.bring_in(two, clock=now)
    with two.session() as session:
        assert session.connection.execute(
            "SELECT count(*) FROM journeys WHERE accepted"
        ).fetchone() == (30,)


# --- who may be one person ----------------------------------------------------------------------


def test_decisions_are_offered_obeyed_and_remembered(tmp_path: Path) -> None:
    rows = people()
    rows += [person(3, Client_ID="ZQ-9003"), person(5, Client_ID="ZQ-9005")]
    lab = first(tmp_path, rows)
    before = bytes_of(lab.path)
    pairs = cycle.duplicates(lab)
    assert {p.kind for p in pairs} == {"two ids"}
    assert sorted(sorted(r["Id"] for r in p.rows) for p in pairs) == [
        ["ZQ-4003", "ZQ-9003"], ["ZQ-4005", "ZQ-9005"]
    ]  # fmt: skip
    assert all(r["First Name"] for p in pairs for r in p.rows)
    assert cycle.last_import(lab).review == 2  # type: ignore[union-attr]
    same, other = pairs
    said = {same.key: "same person", other.key: "different people"}
    two = cycle.next_generation(lab, tmp_path / "two", [], decisions=said)
    done = cycle.bring_in(two, clock=now)
    assert (done.people, done.review) == (61, 0)
    assert {p.key: p.decision for p in cycle.duplicates(two)} == said
    assert bytes_of(lab.path) == before
    # without the file the question is not asked, but the answer is not lost
    path = sent(tmp_path / "uploads", table(people()), "55")
    seen = looked(path, tmp_path / "work", "clients.csv", two)
    three = cycle.next_generation(
        two, tmp_path / "three", [Incoming(path=path, looked=seen, replaces=seen.replaces)]
    )
    cycle.bring_in(three, clock=now)
    assert cycle.duplicates(three) == ()
    again = sent(tmp_path / "uploads", table(rows), "56")
    seen = looked(again, tmp_path / "work", "clients.csv", three)
    four = cycle.next_generation(
        three, tmp_path / "four", [Incoming(path=again, looked=seen, replaces=seen.replaces)]
    )
    assert cycle.bring_in(four, clock=now).people == 61
    with pytest.raises(ValueError, match="a decision is"):
        cycle.next_generation(four, tmp_path / "five", [], decisions={same.key: "maybe"})
    assert not (tmp_path / "five").exists()


# --- things that go wrong on the way ------------------------------------------------------------


def test_a_lab_folder_that_is_taken(tmp_path: Path) -> None:
    lab = first(tmp_path)
    with pytest.raises(PlanError) as told:
        cycle.next_generation(None, lab.path, [])
    assert told.value.code == "PLAN-lab-exists"
    with pytest.raises(RecordsError) as early:
        cycle.fix_list(cycle.next_generation(lab, tmp_path / "two", []))
    assert early.value.code == "REC-not-imported"


KILLED = """
import sys, datetime as dt
from pathlib import Path
from rung import cycle
from rung.records.lab import Lab
base, folder = map(Path, sys.argv[1:])
lab = cycle.next_generation(Lab.open(base), folder, [])
print("made", flush=True)
cycle.bring_in(lab, clock=lambda: dt.datetime(2026, 11, 21, tzinfo=dt.UTC),
               progress=lambda what, share: print(share, flush=True))
print("done", flush=True)
"""


@pytest.mark.deep
def test_an_import_stopped_half_way_touches_nothing(tmp_path: Path) -> None:
    lab = first(tmp_path)
    before = bytes_of(lab.path)
    stops = []
    for i, wanted in enumerate((0.6, 0.65, 0.92, 0.97)):
        running = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(lab.path), str(tmp_path / f"g{i}")],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert running.stdout is not None
        for line in running.stdout:
            if line[0].isdigit() and float(line) >= wanted:
                break
        os.kill(running.pid, signal.SIGKILL)
        stops.append(running.wait())
        running.stdout.close()
        assert bytes_of(lab.path) == before
    assert stops == [-signal.SIGKILL] * 4
    # the next one is as if nothing had been
    two = cycle.next_generation(Lab.open(lab.path), tmp_path / "two", [])
    assert cycle.bring_in(two, clock=now).changes == {
        "new": 0, "gone": 0, "changed": 0, "same": 60
    }  # fmt: skip


def test_where_links_fail_files_are_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object) -> None:
        raise OSError("not on this disk")

    monkeypatch.setattr(os, "link", no_links)
    path = sent(tmp_path, table(people()))
    seen = looked(path, tmp_path / "work")
    lab = cycle.next_generation(None, tmp_path / "one", [Incoming(path=path, looked=seen)])
    kept = lab.path / "private/clients.csv"
    assert kept.read_bytes() == path.read_bytes()
    assert kept.stat().st_ino != path.stat().st_ino


NAMES: Mapping[str, str] = {
    "../../etc/passwd.csv": "passwd.csv",
    "C:\\Users\\Ana\\people.csv": "people.csv",
    "lab.key": "sent_lab.key",
    "Duplicates.XLSX": "sent_Duplicates.XLSX",
    "keys.enc": "sent_keys.enc",
    ".hidden.csv": "hidden.csv",
    "..": "file",
    "": "file",
    "con.csv": "sent_con.csv",
    "a\x00b\n\u202egpj.csv": "a_b__gpj.csv",
    'who?*<">|:.csv': "who_______.csv",
    "résumé 山田.csv": "résumé 山田.csv",
    "n" * 300 + ".csv": "n" * 160 + ".csv",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_name_stays_in_its_folder(name: str, tmp_path: Path) -> None:
    assert intake.kept_name(name) == NAMES[name]
    path = sent(tmp_path / "uploads", table(people(12)))
    seen = looked(path, tmp_path / "work", name)
    lab = cycle.next_generation(None, tmp_path / "one", [Incoming(path=path, looked=seen)])
    assert cycle.bring_in(lab, clock=now).people == 12
    assert (lab.path / "private" / NAMES[name]).read_bytes() == path.read_bytes()
    assert {p.name for p in tmp_path.iterdir()} == {"uploads", "work", "one"}


def workbook() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["ID", "Applied"], ["ZQX-1", "2024-01-02"]):
        sheet.append(row)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def bomb() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", "<workbook/>")
        packed.writestr("xl/worksheets/sheet1.xml", b" " * 60_000_000)
    return made.getvalue()


def locked() -> bytes:
    office = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    return office + bytes(504) + "EncryptedPackage".encode("utf-16-le") + bytes(4000)


PICTURE = b"\x89PNG\r\n\x1a\n" + random.Random(1).randbytes(3000)
BAD: Mapping[str, tuple[str, bytes, str]] = {
    "empty": ("people.csv", b"", "REC-empty"),
    "a header alone": ("people.csv", b"ID,Applied\n", "REC-header-only"),
    "a workbook called csv": ("people.csv", workbook(), "REC-not-text"),
    "a PDF called csv": ("people.csv", b"%PDF-1.7\n" + bytes(2000), "REC-not-text"),
    "a zip called csv": ("people.csv", bomb(), "REC-not-text"),
    "a picture called csv": ("people.csv", PICTURE, "REC-not-text"),
    "a picture called xlsx": ("people.xlsx", PICTURE, "REC-workbook"),
    "a picture": ("people.png", PICTURE, "REC-ending"),
    "a zip bomb": ("people.xlsx", bomb(), "REC-zip-bomb"),
    "a password": ("people.xlsx", locked(), "REC-protected"),
    "a workbook cut short": ("people.xlsx", workbook()[:3000], "REC-workbook"),
    "no ending": ("people", PICTURE, "REC-ending"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_file_that_cannot_be_read_says_why(case: str, tmp_path: Path) -> None:
    name, content, code = BAD[case]
    path = sent(tmp_path / "uploads", content)
    with pytest.raises(RecordsError) as told:
        looked(path, tmp_path / "work", name)
    assert told.value.code == code
    assert told.value.problems[0].params["file"] == name
    assert "ZQX" not in str(told.value.to_json())
    assert not any((tmp_path / "work").iterdir())


def test_a_workbook_with_two_tables_is_two_sections(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    clients = book.active
    assert clients is not None
    clients.title = "Clients"
    services = book.create_sheet("Services")
    clients.append(["Client ID", "Application Date", "Enrollment Date"])
    services.append(["Client ID", "Service Date", "Service"])
    for i in range(30):
        clients.append([f"c{i}", f"1/{i % 28 + 1}/2024", f"2/{i % 28 + 1}/2024"])
        services.append([f"c{i % 10}", f"3/{i % 28 + 1}/2024", "Coaching"])
    made = io.BytesIO()
    book.save(made)
    path = sent(tmp_path / "uploads", made.getvalue())
    seen = looked(path, tmp_path / "work", "both.xlsx")
    assert [(t.sheets, t.table) for t in seen.tables] == [
        (("Clients",), "journeys"), (("Services",), "services")
    ]  # fmt: skip
    lab = cycle.next_generation(None, tmp_path / "one", [Incoming(path=path, looked=seen)])
    assert cycle.bring_in(lab, clock=now).tables == {"journeys": 30, "services": 30}
    again = looked(path, tmp_path / "work", "both.xlsx", lab)
    two = cycle.next_generation(
        lab, tmp_path / "two", [Incoming(path=path, looked=again, replaces=again.replaces)]
    )
    assert two.sections("files", FileMap) == lab.sections("files", FileMap)


# --- documents ----------------------------------------------------------------------------------


class Kept:
    """A store of another kind, as the web lab's database."""

    def __init__(self) -> None:
        self.all: dict[tuple[str, str], list[Document]] = {}

    def put(self, name: str, document: Document) -> int:
        many = self.all.setdefault((document.kind, name), [])
        many.append(document)
        return len(many)

    def get(self, kind: str, name: str, number: int | None = None) -> Document:
        return self.all[kind, name][(number or 0) - 1]

    def history(self, kind: str, name: str) -> tuple[int, ...]:
        return tuple(range(1, len(self.all.get((kind, name), [])) + 1))

    def names(self, kind: str) -> tuple[str, ...]:
        return tuple(sorted(n for k, n in self.all if k == kind))


STORE = Kept()


class Elsewhere(Lab):
    """A lab whose documents are not in its folder."""

    @property
    def store(self) -> Kept:
        return STORE


def test_every_document_goes_to_the_labs_own_store(tmp_path: Path) -> None:
    lab = Elsewhere.open(first(tmp_path).path)
    STORE.all.clear()
    two = Elsewhere.open(cycle.next_generation(lab, tmp_path / "two", []).path)
    files = bytes_of(two.path / "documents")
    cycle.bring_in(two, clock=now)
    cycle.run(two, clock=now)
    cycle.brief(two, audience=Outside(), clock=now)
    cycle.diagnose(two, audience=Outside(), clock=now)
    assert {kind for kind, _ in STORE.all} == {"import", "findings", "release"}
    assert bytes_of(two.path / "documents") == files
