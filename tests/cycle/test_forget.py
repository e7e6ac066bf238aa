"""Forgetting a person: gone from every file, kept away by later imports, and told where counted."""

from __future__ import annotations

import datetime as dt
import json
from csv import reader
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from rung import cycle
from rung.cli import main
from rung.errors import RecordsError
from rung.records import intake, privacy
from rung.records.lab import Lab
from rung.records.query import Session
from rung.share.release import Outside
from tests.records.intake_lab import csv, lab, now, rows
from tests.records.pirl_cases import write

COLUMNS = {
    "ID": "id",
    "Name": "private.full_name",
    "Applied": "milestones.applied",
    "Enrolled": "milestones.enrolled",
    "Site": "groups.site",
}
PEOPLE = [
    ["ID", "Name", "Applied", "Enrolled", "Site"],
    *[[f"A{i}", f"Name{i}", "2024-01-05", "2024-02-05", f"Place{i}"] for i in range(1, 31)],
]
SERVICES = [["ID", "Day"], ["A1", "2024-03-04"], ["A2", "2024-03-04"], ["A2", "2024-04-04"]]


@pytest.fixture
def made(tmp_path: Path) -> Lab:
    maps = [
        {"path": "private/people.csv", "columns": COLUMNS},
        {
            "path": "private/services.csv",
            "table": "services",
            "columns": {"ID": "id", "Day": "services.service_on"},
        },
    ]
    files = {"people.csv": csv(PEOPLE), "services.csv": csv(SERVICES)}
    new = lab(tmp_path / "lab", files, maps, steps=("applied", "enrolled"))
    intake.bring(new, clock=now)
    return new


def _pid(made: Lab, ident: str) -> str:
    return privacy.of(ident, privacy.key(made))


def _traces(made: Lab, pid: str) -> set[str]:
    """Files of records with a piece of the pseudonym in their bytes (compressed ones break it)."""
    pieces = [pid[i : i + 8].encode() for i in range(len(pid) - 7)]
    files = (f for f in (made.path / "records").iterdir() if f.is_file())
    return {f.name for f in files if any(p in f.read_bytes() for p in pieces)}


def test_gone_from_every_file(made: Lab) -> None:
    pid = _pid(made, "A2")
    assert _traces(made, pid) == {"journeys.parquet", "services.parquet"}
    done = cycle.forget(made, " A2\n", clock=now)
    assert done.removed == {"journeys": 1, "services": 2}
    assert done.still == {"private/people.csv": 1, "private/services.csv": 2}
    assert _traces(made, pid) == set()
    assert len(rows(made, "journeys", "pid")) == 29
    assert rows(made, "services", "pid", order="pid") == [(_pid(made, "A1"),)]
    assert not privacy.people(made, [pid])
    assert set(privacy.people(made, [_pid(made, "A1")])) == {_pid(made, "A1")}
    assert "A2" not in json.dumps(done.to_json())


def test_the_mark_is_a_digest_of_the_pseudonym_alone(made: Lab) -> None:
    pid = _pid(made, "A2")
    cycle.forget(made, "A2", clock=now)
    (name,) = made.store.names("forgotten")
    body = made.store.get("forgotten", name).body
    assert body == {"digest": privacy.mark(pid), "on": "2026-11-21"}
    for path in (made.path / "documents").rglob("*.json"):
        assert pid not in path.read_text()
        assert "Name2" not in path.read_text()


def test_the_same_files_do_not_bring_them_back(made: Lab) -> None:
    cycle.forget(made, "A2", clock=now)
    again = intake.bring(made, clock=now)
    assert again.people == 29
    said = [p for p in again.problems if p.code == "REC-forgotten"]
    told = {p.table: (p.column, p.rows, p.first_rows) for p in said}
    assert told == {"people.csv": ("ID", 1, (3,)), "services.csv": ("ID", 2, (3, 4))}
    by_table = {f.table: (f.rows, f.kept, f.set_aside) for f in again.report.files}
    assert by_table == {"people.csv": (30, 29, 1), "services.csv": (3, 1, 2)}
    pid = _pid(made, "A2")
    assert (pid,) not in rows(made, "journeys", "pid")
    assert not privacy.people(made, [pid])
    with pytest.raises(RecordsError) as e:
        cycle.forget(made, "A2", clock=now)
    assert [p.code for p in e.value.problems] == ["REC-forget-unknown"]


def test_own_lists_do_not_name_them_again(tmp_path: Path) -> None:
    """Neither the fix list nor the review of possible duplicates."""
    people = [
        ["ID", "Name", "Born", "Applied"],
        ["A1", "Ana Ruiz", "1990-04-03", "soon"],
        ["A2", "Ana Ruiz", "1990-04-03", "2024-01-05"],
        ["A3", "Bo Lee", "1991-04-03", "2024-01-05"],
    ]
    columns = {
        "ID": "id",
        "Name": "private.full_name",
        "Born": "participants.birth_date",
        "Applied": "milestones.applied",
    }
    new = lab(
        tmp_path / "lab",
        {"people.csv": csv(people)},
        [{"path": "private/people.csv", "columns": columns}],
    )
    first = intake.bring(new, clock=now)
    assert "A1" in {f.record for f in first.report.fixes}
    assert len(cycle.duplicates(new)) == 1
    cycle.forget(new, "A1", clock=now)
    assert cycle.duplicates(new) == ()
    again = intake.bring(new, clock=now)
    assert "A1" not in {f.record for f in again.report.fixes}
    assert cycle.duplicates(new) == ()
    assert again.people == 2


def test_nobody_has_the_id(made: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    before = {p: p.read_bytes() for p in made.path.rglob("*") if p.is_file()}
    with pytest.raises(SystemExit) as e:
        main(["forget", "ZQX77", "--lab", str(made.path), "--json"])
    out = capsys.readouterr()
    assert e.value.code == 10
    assert "REC-forget-unknown" in out.out + out.err
    assert "ZQX77" not in out.out + out.err
    assert {p: p.read_bytes() for p in made.path.rglob("*") if p.is_file()} == before


def test_two_people_of_one_id(made: Lab, tmp_path: Path) -> None:
    keys = tmp_path / "more.parquet"
    with Session() as s:
        s.connection.execute(f"COPY (SELECT 'p1' AS pid, 'A1' AS id) TO '{keys}'")
        privacy.keep(made, s, keys, privacy.key(made))
    with pytest.raises(RecordsError) as e:
        cycle.forget(made, "A1", clock=now)
    assert [p.code for p in e.value.problems] == ["REC-forget-several"]
    assert cycle.forget(made, _pid(made, "A1"), clock=now).removed == {"journeys": 1, "services": 1}


def test_what_had_counted_them(made: Lab) -> None:
    """By day and file: before they came, while they were there, and from files that are gone."""
    whole = (made.path / "private/people.csv").read_bytes()
    early, late = (dt.datetime(2026, 12, d, tzinfo=dt.UTC) for d in (1, 5))

    def show(day: dt.datetime) -> None:
        cycle.diagnose(made, audience=Outside(), clock=lambda: day)

    show(now())  # the import of the fixture held them
    without = [r for r in PEOPLE if r[0] != "A2"]
    (made.path / "private/people.csv").write_text(csv(without))
    (made.path / "private/services.csv").write_text(csv(SERVICES[:2]))
    intake.bring(made, clock=lambda: early)
    show(early + dt.timedelta(days=1))  # this one did not, but its file goes now
    (made.path / "private/people.csv").write_bytes(whole)
    intake.bring(made, clock=lambda: late)
    show(late)
    cycle.run(made, clock=lambda: late)
    done = cycle.forget(made, "A2", clock=lambda: late)
    told = [(t.kind, t.date, t.counted) for t in done.told]
    assert told == [
        ("release", "2026-11-21", "yes"),
        ("release", "2026-12-02", "maybe"),
        ("release", "2026-12-05", "yes"),
        ("findings", None, "yes"),
    ]
    assert done.out == ("brief-inside.html",)


def test_released_after_they_were_gone(made: Lab) -> None:
    cycle.forget(made, "A2", clock=now)
    later = now() + dt.timedelta(days=2)
    intake.bring(made, clock=lambda: later)
    cycle.diagnose(made, audience=Outside(), clock=lambda: later)
    done = cycle.forget(made, "A1", clock=lambda: later)
    assert [(t.date, t.counted) for t in done.told] == [("2026-11-23", "yes")]


def test_the_id_comes_from_standard_input(
    made: Lab, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO("A2\n"))
    with pytest.raises(SystemExit) as e:
        main(["forget", "--lab", str(made.path), "--json"])
    assert e.value.code == 0
    document = json.loads(capsys.readouterr().out)
    assert document["removed"] == {"journeys": 1, "services": 2}
    assert document["still"] == {"private/people.csv": 1, "private/services.csv": 2}


def test_federal_records(tmp_path: Path) -> None:
    """Their named side goes too; the file that was received is counted."""
    ids = ("ZQX1", "ZQX2", "ZQX2", "ZQX3")
    entered = ("20240110", "20220110", "20240110", "20240110")
    left = ("20240815", "20220815", "20240815", "20240815")
    cells = [{"100": i, "900": e, "901": x} for i, e, x in zip(ids, entered, left, strict=True)]
    source = write(tmp_path / "pirl.csv", cells)
    cycle.import_pirl(source, tmp_path / "lab", clock=now, every_stage=True)
    new = Lab.open(tmp_path / "lab")
    pid = _pid(new, "ZQX2")
    done = cycle.forget(new, "ZQX2", clock=now)
    assert done.removed["pirl"] == 2
    assert done.still == {"private/pirl.csv": 2}
    assert _traces(new, pid) == set()
    cycle.export_pirl(new, tmp_path / "out.csv", clock=now)
    text = (tmp_path / "out.csv").read_text()
    assert text.count("ZQX") == 2
    assert "ZQX2" not in text
    plain = tmp_path / "rows.parquet"
    privacy.decrypt(new.path / "private" / "pirl.enc", plain, privacy.key(new))
    with Session() as s:
        s.attach("named", plain)
        kept = s.connection.execute("SELECT e100 FROM named ORDER BY e100").fetchall()
    assert kept == [("ZQX1",), ("ZQX3",)]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_out_of_link_reviews_and_lists_of_links(tmp_path: Path, kind: str) -> None:
    columns = {**COLUMNS, "Email": "private.email"}
    people = [
        [*PEOPLE[0], "Email"],
        *[[*row, f"zqx{row[0]}@example.org"] for row in PEOPLE[1:6]],
    ]
    maps = [{"path": "private/people.csv", "columns": columns}]
    new = lab(tmp_path / "lab", {"people.csv": csv(people)}, maps, steps=("applied", "enrolled"))
    intake.bring(new, clock=now)
    theirs = tmp_path / "theirs.csv"
    theirs.write_text("Email,Wage\n" + "".join(f"zqxA{i}@example.org,20\n" for i in (1, 2, 3)))
    ours, review = new.path / "private/people.csv", new.path / f"private/pairs.{kind}"
    cycle.link(ours, theirs, review, exact=True, lab=new.path, clock=now)
    cycle.decide_links(review, new.path / "private/links.parquet", lab=new.path, clock=now)
    before = _review(review)
    assert len(before) == 3
    done = cycle.forget(new, "A2", clock=now)
    assert done.reviews == {"private/links.parquet": 1, f"private/pairs.{kind}": 1}
    after = _review(review)
    assert len(after) == 2
    assert not any("zqxa2" in str(cell).casefold() for row in after for cell in row)
    with Session() as s:
        s.attach("links", new.path / "private/links.parquet")
        rows_left = s.connection.execute("SELECT row_a FROM links ORDER BY 1").fetchall()
    assert rows_left == [(2,), (4,)]
    review.unlink()
    again = cycle.forget(new, "A3", clock=now)
    assert again.reviews["private/links.parquet"] == 1
    assert None in again.reviews.values(), "its review is somewhere else"


def _review(path: Path) -> list[tuple[Any, ...]]:
    if path.suffix == ".csv":
        return [tuple(row) for row in reader(StringIO(path.read_text("utf-8-sig")))][1:]
    return list(load_workbook(path)["pairs"].iter_rows(min_row=2, values_only=True))


def test_told_before_it_is_done(made: Lab) -> None:
    told = cycle.forget(made, "A1", clock=now, only_tell=True)
    assert told.removed == {"journeys": 1, "services": 1}
    assert cycle.forget(made, "A1", clock=now).removed == told.removed
