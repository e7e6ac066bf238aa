"""A backup is the whole lab or none of it, whatever happens meanwhile."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from rung.cycle import simulate
from rung.errors import RungError
from rung.web import backup
from tests.web.conftest import NOW
from tests.web.running import clean, get, rung, served

MADE = """
import datetime as dt, os, pathlib, sys
from rung.web import server
server.ready(pathlib.Path(os.environ["RUNG_LAB"])); server.prepare()
from rung.cycle import simulate
from rung.web import place
from rung.web.models import *
at = dt.datetime(2026, 3, 2, 9, 0, 0, 123456, tzinfo=dt.UTC)
org = Organisation.objects.create(name="Río Ñandú", made_at=at)
user = User.objects.create_user("ana@example.org", "a long password", name="Ana")
Membership.objects.create(user=user, organisation=org, role="owner")
program = Program.objects.create(organisation=org, name="Welding", next_meeting=dt.date(2026, 4, 1))
one = Generation.objects.create(program=program, number=1, by=user, summary={"people": 40})
simulate(one.folder, people=40, seed=2, clock=lambda: at)
two = Generation.objects.create(program=program, number=2, base=one)
for file in one.folder.rglob("*"):
    if file.is_file():
        here = two.folder / file.relative_to(one.folder)
        here.parent.mkdir(parents=True, exist_ok=True)
        os.link(file, here)
program.generation = two
program.save()
waits = Upload.objects.create(program=program, name="späte Ärzte.csv", size=7, at=at)
waits.file.write_bytes(b"id\\n1\\n2\\n")
Upload.objects.create(program=program, name="gone.csv", state="imported")
Upload.objects.create(program=program, name="no table.pdf", state="failed", problem=[{"code": "x"}])
Draft.objects.create(program=program, key="brief", body={"words": ["“x”", None, 1.5]})
Brief.objects.create(program=program, number=1, audience="outside", language="es", title="t",
    html="<p>é</p>", xlsx=bytes(range(256)), digest="d")
Job.objects.create(program=program, kind="import", state="running", worker="elsewhere:1:x")
for i in range(int(sys.argv[1])):
    Trace.objects.create(user=user, organisation=org, program=program, action="a", thing=str(i))
"""


def made(lab: Path, traces: int = 3) -> Path:
    """A web lab with something in every corner."""
    subprocess.run(
        [sys.executable, "-c", MADE, str(traces)], check=True, env=clean(RUNG_LAB=str(lab))
    )
    return lab


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("backup") / "lab")


@pytest.fixture(scope="module")
def kept(lab: Path) -> Path:
    """A backup of it."""
    file = lab.with_name("lab.rung")
    told = rung("backup", file, "--lab", lab)
    assert told["rows"] > 10
    assert not told["missing"]
    assert any("not encrypted" in note for note in told["notes"])
    return file


def rows(lab: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the tables that a backup keeps."""
    with closing(sqlite3.connect(lab / "lab.sqlite3")) as plain:
        names = [n for (n,) in plain.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        kept = [n for n in names if n.startswith(("web_", "account_", "mfa_")) and "cache" not in n]
        return {n: sorted(plain.execute(f"SELECT * FROM {n}")) for n in kept}


def files(lab: Path) -> dict[str, str]:
    """The digest of every file that a backup keeps."""
    found = [lab / "secret", *(lab / "labs").rglob("*"), *(lab / "incoming").rglob("*")]
    return {
        str(p.relative_to(lab)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in found
        if p.is_file()
    }


def test_what_comes_back_is_what_was_there(lab: Path, kept: Path, tmp_path: Path) -> None:
    assert kept.stat().st_mode & 0o777 == 0o600
    told = rung("restore", kept, "--lab", tmp_path / "again")
    again = tmp_path / "again"
    before, after = rows(lab), rows(again)
    (job,) = before["web_job"]
    back = tuple({"running": "waiting", "elsewhere:1:x": ""}.get(v, v) for v in job)
    before["web_job"] = [back]  # nobody is at it any more
    assert before == after
    assert told["rows"] == sum(map(len, after.values()))
    assert files(lab) == files(again)
    tables = list(again.rglob("journeys.parquet"))
    assert len(tables) == 2
    assert tables[0].samefile(tables[1])
    assert (again / "lab.sqlite3").stat().st_mode & 0o077 == 0
    assert all(p.stat().st_mode & 0o077 == 0 for p in again.rglob("*"))
    with served(again, "--no-worker") as running:
        assert get(running.address)[0] == 200
        assert running.told["welcome"] is None
    assert sorted(p.name for p in tmp_path.iterdir()) == ["again", "again.log"]


def test_a_sealed_backup_opens_with_its_passphrase_alone(
    lab: Path, kept: Path, tmp_path: Path
) -> None:
    words, others, file = tmp_path / "words", tmp_path / "others", tmp_path / "lab.rung"
    for each in (words, others):
        each.touch(0o600)
        each.write_text(f"a passphrase of {each.name}\n")
    rung("backup", file, "--lab", lab, "--passphrase-file", words)
    secret = (lab / "secret").read_bytes().strip()
    with zipfile.ZipFile(kept) as plain:
        assert plain.read("secret").strip() == secret
    assert b"labs/" not in file.read_bytes()
    assert not zipfile.is_zipfile(file)
    for given, code in (((), "USE-passphrase-missing"), ((others,), "REC-backup-sealed")):
        more = [x for g in given for x in ("--passphrase-file", g)]
        status = 2 if code.startswith("USE") else 10
        error = rung("restore", file, "--lab", tmp_path / "x", *more, status=status)["error"]
        assert error["code"] == code
        assert not (tmp_path / "x").exists()
    assert rung("restore", file, "--check", "--passphrase-file", words)["rows"] > 10
    assert sorted(p.name for p in tmp_path.iterdir()) == ["lab.rung", "others", "words"]


@pytest.mark.deep
def test_a_backup_under_writes_is_one_moment(tmp_path: Path) -> None:
    """Someone adds pairs of rows all the while; a backup never has one of a pair."""
    lab = made(tmp_path / "lab", 2000)
    script = """
import os, pathlib
from rung.web import server
server.ready(pathlib.Path(os.environ["RUNG_LAB"]))
from django.db import transaction
from rung.web.models import Draft, Trace
while True:
    with transaction.atomic():
        t = Trace.objects.create(action="pair", thing="x")
        Draft.objects.create(program_id=1, key=f"pair-{t.pk}")
    print(t.pk, flush=True)
"""
    with subprocess.Popen(
        [sys.executable, "-c", script], env=clean(RUNG_LAB=str(lab)), stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None
        counts = []
        try:
            for number in range(3):
                writer.stdout.readline()
                file = tmp_path / f"{number}.rung"
                rung("backup", file, "--lab", lab)
                with zipfile.ZipFile(file) as plain:
                    traces = plain.read("rows/web.trace").decode().count('"pair"')
                    drafts = plain.read("rows/web.draft").decode().count('"pair-')
                assert traces == drafts
                counts.append(traces)
        finally:
            writer.kill()
    assert counts[0] < counts[1] < counts[2]
    rung("restore", tmp_path / "2.rung", "--lab", tmp_path / "again")
    assert len([r for r in rows(tmp_path / "again")["web_trace"] if "pair" in r]) == counts[2]


def changed(kept: Path, file: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """A backup whose members were changed."""
    with zipfile.ZipFile(kept) as plain:
        members = {name: plain.read(name) for name in plain.namelist()}
    change(members)
    with zipfile.ZipFile(file, "w") as out:
        for name, content in members.items():
            out.writestr(name, content)
    return file


def _manifest(members: dict[str, bytes], change: Callable[[dict[str, Any]], None]) -> None:
    manifest = json.loads(members["manifest.json"])
    change(manifest)
    members["manifest.json"] = json.dumps(manifest).encode()


def _smuggle(name: str) -> Callable[[dict[str, bytes]], None]:
    def change(members: dict[str, bytes]) -> None:
        content = b"out"
        members[name] = content
        digest = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
        _manifest(members, lambda m: m["members"].update({name: digest}))

    return change


def _one(members: dict[str, bytes], name: str) -> str:
    return next(n for n in members if n.endswith(name))


DAMAGE: dict[str, tuple[Callable[[dict[str, bytes]], None], str]] = {
    "a changed table": (
        lambda m: m.update({_one(m, "journeys.parquet"): b"PAR1"}), "REC-backup-damaged"
    ),
    "a changed row": (
        lambda m: m.update({"rows/web.user": m["rows/web.user"].replace(b"ana", b"eva")}),
        "REC-backup-damaged",
    ),
    "a missing file": (lambda m: m.__delitem__("secret"), "REC-backup-damaged"),
    "one file too many": (lambda m: m.update({"labs/x/y": b"z"}), "REC-backup-damaged"),
    "no manifest": (lambda m: m.__delitem__("manifest.json"), "REC-backup-foreign"),
    "a way out": (_smuggle("../out"), "REC-backup-foreign"),
    "a way out below": (_smuggle("labs/x/../../../out"), "REC-backup-foreign"),
    "a root": (_smuggle("/out"), "REC-backup-foreign"),
    "a drive": (_smuggle("labs/C:/out"), "REC-backup-foreign"),
    "a Windows path": (_smuggle("labs\\..\\out"), "REC-backup-foreign"),
    "the database itself": (_smuggle("lab.sqlite3"), "REC-backup-foreign"),
    "a link out": (
        lambda m: _manifest(m, lambda x: x["same"].update({"../out": "secret"})),
        "REC-backup-foreign",
    ),
    "a newer form": (
        lambda m: _manifest(m, lambda x: x.update({"format": 2})), "REC-web-newer"
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", DAMAGE)
def test_a_changed_backup_brings_nothing_back(what: str, kept: Path, tmp_path: Path) -> None:
    change, code = DAMAGE[what]
    file = changed(kept, tmp_path / "changed.rung", change)
    with pytest.raises(RungError) as refused:
        backup.read(file, tmp_path / "again", None, progress=lambda _w, _s: None)
    assert refused.value.code == code
    assert [p.name for p in tmp_path.iterdir()] == ["changed.rung"]


def test_a_backup_cut_short_or_with_a_flipped_bit_is_refused(kept: Path, tmp_path: Path) -> None:
    whole = kept.read_bytes()
    at = whole.index(b"PAR1") + 100
    for content in (
        whole[: len(whole) // 2],
        whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :],
    ):
        (tmp_path / "cut.rung").write_bytes(content)
        with pytest.raises(RungError) as refused:
            backup.verify(tmp_path / "cut.rung", None, progress=lambda _w, _s: None)
        assert refused.value.code in ("REC-backup-damaged", "REC-backup-foreign")


def test_a_backup_from_a_newer_rung_is_refused_with_its_rows_unread(
    kept: Path, tmp_path: Path
) -> None:
    def later(members: dict[str, bytes]) -> None:
        _manifest(members, lambda m: m["migrations"].append(["web", "9999_later"]))

    file = changed(kept, tmp_path / "later.rung", later)
    error = rung("restore", file, "--lab", tmp_path / "again", status=10)["error"]
    assert error["code"] == "REC-web-newer"
    assert [p.name for p in tmp_path.iterdir()] == ["later.rung"]


def test_a_backup_that_fails_leaves_the_one_before(lab: Path, tmp_path: Path) -> None:
    file = tmp_path / "lab.rung"
    file.write_bytes(b"the one before")
    script = """
import os, pathlib
from rung.web import backup, server
server.ready(pathlib.Path(os.environ["RUNG_LAB"])); server.prepare()
def full(*_):
    raise OSError(28, "No space left on device")
backup._copied = full
backup.write(pathlib.Path(os.environ["FILE"]), None, progress=lambda w, s: None)
"""
    env = clean(RUNG_LAB=str(lab), FILE=str(file))
    done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True)
    assert "No space left" in done.stderr
    assert file.read_bytes() == b"the one before"
    assert [p.name for p in tmp_path.iterdir()] == ["lab.rung"]


def test_nothing_is_restored_over_something(kept: Path, tmp_path: Path) -> None:
    simulate(tmp_path / "lab", people=20, seed=1, clock=lambda: NOW)
    (tmp_path / "lab/lab.toml").unlink()
    error = rung("restore", kept, "--lab", tmp_path / "lab", status=2)["error"]
    assert error["code"] == "USE-folder-full"
