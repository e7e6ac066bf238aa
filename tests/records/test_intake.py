"""From files to checked tables: small files in, small tables out, every row accounted for."""

from __future__ import annotations

import datetime as dt
import os
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rung.errors import PlanError, RecordsError
from rung.records import intake, privacy
from rung.records.lab import Lab
from tests.records.intake_lab import bring, csv, found, lab, now, rows, wide

D = dt.date


def test_wide_file_becomes_journeys(tmp_path: Path) -> None:
    made = wide(
        tmp_path / "lab",
        [
            ["001", "Ana", "1/2/1990", "1/5/2024", "2/1/2024", "Graduated", "F", "North"],
            ["002", "Bo", "3/4/1985", "2/5/2024", "", "", "male", "Süd"],
        ],
    )
    imported = bring(made)
    assert imported.tables == {"journeys": 2}
    assert imported.people == 2
    assert not imported.problems
    assert rows(made, "journeys", "period", "entered_on", "applied", "enrolled_on", "enrolled",
                "completed_on", "completed", "gender", "site", "age_at_entry", "closed") == [
        (1, D(2024, 1, 5), True, D(2024, 2, 1), True, None, True, "female", "North", 34, False),
        (1, D(2024, 2, 5), True, None, False, None, False, "male", "Süd", 38, False),
    ]  # fmt: skip


def test_every_rule_counts_its_rows(tmp_path: Path) -> None:
    made = wide(
        tmp_path / "lab",
        [
            ["A1", "Ana", "1/2/1990", "1/5/2024", "2/1/2024", "31/02/2024", "F", "North"],
            ["A2", "Bo", "3/4/1985", "2/5/2024", "1/1/2024", "", "Z", "North"],
            ["A3", "Cy", "3/4/2020", "2/5/2024", "", "1900-01-00", "", "=1+A1|x"],
            ["", "Di", "3/4/1985", "2/5/2024"],
            ["A5", "Ed", "3/4/1985", "2/5/2024", "", "1/1/2099", "", "555-12-3456"],
            ["1.2E+05", "Flo", "3/4/1985", "2/5/2024"],
        ],
    )
    imported = bring(made)
    assert found(imported) == {
        ("REC-cell-unreadable", "Completed"): (2, (2, 4)),
        ("REC-milestone-order", "Enrolled"): (1, (3,)),
        ("REC-not-in-list", "Gender"): (1, (3,)),
        ("REC-age", "DOB"): (1, (4,)),
        ("REC-cell-formula", "Site"): (1, (4,)),
        ("REC-id-missing", "ID"): (1, (5,)),
        ("REC-future-date", "Completed"): (1, (6,)),
        ("REC-identifier-in-text", "Site"): (1, (6,)),
        ("REC-id-broken", "ID"): (1, (7,)),
    }
    (file,) = imported.report.files
    assert (file.rows, file.kept, file.set_aside) == (6, 4, 2)
    assert rows(made, "journeys", "completed", "_state_completed", "age_at_entry") == [
        (None, "invalid", 34), (False, "blank", 38), (None, "invalid", None), (None, "invalid", 38),
    ]  # fmt: skip
    fixes = {(f.problem.code, f.record, f.cell) for f in imported.report.fixes}
    assert ("REC-cell-unreadable", "A1", "31/02/2024") in fixes
    assert ("REC-milestone-order", "A2", "1/1/2024") in fixes


def test_exit_before_entry_and_schema_order(tmp_path: Path) -> None:
    text = csv([["ID", "In", "Out", "Job", "End"],
                ["1", "2/1/2024", "1/1/2024", "5/1/2024", "4/1/2024"],
                ["2", "2/1/2024", "3/1/2024", "5/1/2024", "6/1/2024"]])  # fmt: skip
    columns = {"ID": "id", "In": "milestones.applied", "Out": "enrolments.closed_on",
               "Job": "employment.start_on", "End": "employment.end_on"}  # fmt: skip
    made = lab(tmp_path / "lab", {"a.csv": text}, [{"path": "private/a.csv", "columns": columns}])
    assert found(bring(made)) == {
        ("REC-exit-before-entry", "Out"): (1, (2,)),
        ("REC-before", "End"): (1, (2,)),
    }
    assert rows(made, "journeys", "closed", "closed_on") == [
        (True, D(2024, 1, 1)), (True, D(2024, 3, 1)),
    ]  # fmt: skip
    assert rows(made, "employment", "start_on", order="end_on") == [(D(2024, 5, 1),)] * 2


def test_one_person_twice(tmp_path: Path) -> None:
    made = wide(
        tmp_path / "lab",
        [
            ["1", "Ana", "1/2/1990", "1/5/2024"],
            ["1", "Ana", "1/2/1990", "1/5/2024"],  # the same row again
            ["2", "Bo", "3/4/1985", "2/5/2024"],
            ["2", "Bo", "3/4/1985", "6/5/2025"],  # a second period
            ["3", "Cy", "3/4/1986", "2/5/2024", "3/1/2024"],
            ["3", "Cy", "3/4/1986", "2/5/2024", "3/9/2024"],  # one period, told twice
            ["4", "Di", "3/4/1987", "2/5/2024"],
            ["4", "Ed", "3/4/1999", "2/5/2024"],  # one id, two people
            ["5", "Flo", "3/4/1991", "2/5/2024"],
            ["6", "flo", "3/4/1991", "2/5/2024"],  # one person, two ids
        ],
    )
    imported = bring(made)
    assert found(imported) == {
        ("REC-row-twice", "ID"): (1, (3,)),
        ("REC-same-period", "ID"): (1, (7,)),
        ("REC-one-id-two-people", "ID"): (2, (8, 9)),
        ("REC-two-ids-one-person", "ID"): (2, (10, 11)),
    }
    assert imported.people == 7
    assert imported.review == 2
    assert rows(made, "journeys", "period", "enrolled_on") == [
        (1, None), (1, None), (2, None), (1, D(2024, 3, 1)), *[(1, None)] * 4,
    ]  # fmt: skip
    (file,) = imported.report.files
    assert file.rows == imported.tables["journeys"] + file.set_aside


def decide(made: Lab, said: dict[str, str]) -> None:
    """Fill in the review workbook as staff would."""
    from openpyxl import load_workbook

    path = made.path / "private" / "duplicates.xlsx"
    book = load_workbook(path)
    sheet = book.active
    assert sheet is not None
    for row in sheet.iter_rows(min_row=2):
        row[1].value = said[str(row[5].value)]
    book.save(path)


def test_decisions_are_obeyed(tmp_path: Path) -> None:
    made = wide(
        tmp_path / "lab",
        [
            ["4", "Di", "3/4/1987", "2/5/2024"],
            ["4", "Di", "4/3/1987", "2/5/2025"],
            ["5", "Flo", "3/4/1991", "2/5/2024"],
            ["6", "Flo", "3/4/1991", "2/5/2025"],
        ],
    )
    assert bring(made).people == 4
    decide(made, {"4": "same person", "5": "same person", "6": "same person"})
    imported = bring(made)
    assert imported.people == 2
    assert imported.review == 0
    assert not imported.problems
    assert rows(made, "journeys", "period") == [(1,), (2,), (1,), (2,)]


def test_forms_join_by_id(tmp_path: Path) -> None:
    files = {
        "intake.csv": csv([["Rec", "Applied"], ["01", "1/5/2024"], ["02", "1/6/2024"],
                           ["01", "1/5/2025"]]),
        "about.csv": csv([["Record", "Sex", "Born"], ["01", "F", "1/6/2000"],
                          ["02", "M", "1/6/1990"], ["09", "F", ""]]),
        "done.csv": csv([["Record", "Finished"], ["01", "6/1/2025"], ["02", "3/1/2024"]]),
        "serv.csv": csv([["Client", "Day", "What"], ["01", "2/1/2024", "Coaching"],
                         ["01", "7/1/2025", "Class"], ["02", "2/2/2024", "Class"]]),
    }  # fmt: skip
    maps = [
        {"path": "private/intake.csv", "columns": {"Rec": "id", "Applied": "milestones.applied"}},
        {"path": "private/about.csv", "table": "participants",
         "columns": {"Record": "id", "Sex": "participants.gender",
                     "Born": "participants.birth_date"}},
        {"path": "private/done.csv",
         "columns": {"Record": "id", "Finished": "milestones.completed"}},
        {"path": "private/serv.csv", "table": "services",
         "columns": {"Client": "id", "Day": "services.service_on", "What": "services.service"}},
    ]  # fmt: skip
    made = lab(tmp_path / "lab", files, maps)
    imported = bring(made)
    assert found(imported) == {("REC-unknown-person", "Record"): (1, (4,))}
    assert rows(made, "journeys", "period", "gender", "completed_on", "completed",
                "last_service_on", "age_at_entry", order="entered_on") == [
        (1, "female", None, None, D(2024, 2, 1), 23),
        (1, "male", D(2024, 3, 1), True, D(2024, 2, 2), 34),
        (2, "female", D(2025, 6, 1), True, D(2025, 7, 1), 24),
    ]  # fmt: skip
    assert imported.tables["services"] == 3


def test_long_milestones_become_columns(tmp_path: Path) -> None:
    files = {
        "people.csv": csv([["ID", "Sex"], ["1", "F"], ["2", "M"]]),
        "steps.csv": csv([["ID", "Step", "Day"], ["1", "Applied", "1/5/2024"],
                          ["1", "Completed", "5/5/2024"], ["2", "applied", "1/6/2024"],
                          ["2", "dreamt", "1/7/2024"]]),
    }  # fmt: skip
    maps = [
        {"path": "private/people.csv", "table": "participants",
         "columns": {"ID": "id", "Sex": "participants.gender"}},
        {"path": "private/steps.csv", "table": "milestones",
         "columns": {"ID": "id", "Step": "milestones.milestone",
                     "Day": "milestones.reached_on"}},
    ]  # fmt: skip
    made = lab(tmp_path / "lab", files, maps)
    imported = bring(made)
    assert found(imported)["REC-milestone-unknown", "Step"] == (1, (5,))
    assert rows(made, "journeys", "gender", "entered_on", "applied_on", "completed_on",
                order="gender") == [
        ("female", D(2024, 1, 5), D(2024, 1, 5), D(2024, 5, 5)),
        ("male", D(2024, 1, 6), D(2024, 1, 6), None),
    ]  # fmt: skip


def test_slots_and_wages_by_quarter(tmp_path: Path) -> None:
    text = csv([["ID", "Applied", "Job 1", "Job 2"], ["1", "1/5/2024", "Nurse", "Cook"],
                ["2", "1/5/2024", "", ""]])  # fmt: skip
    wages = csv(
        [["ID", "Year", "Q1", "Q2"], ["1", "2024", "$5,100.25", ""], ["2", "2024", "1", "2"]]
    )
    maps = [
        {"path": "private/a.csv", "columns": {"ID": "id", "Applied": "milestones.applied",
         "Job 1": "employment.title", "Job 2": "employment.title.2"}},
        {"path": "private/w.csv", "table": "wages", "columns": {"ID": "id", "Year": "wages.year",
         "Q1": "wages.amount", "Q2": "wages.amount.2"}},
    ]  # fmt: skip
    made = lab(tmp_path / "lab", {"a.csv": text, "w.csv": wages}, maps)
    imported = bring(made)
    assert not imported.problems
    assert rows(made, "employment", "title", order="title") == [("Cook",), ("Nurse",)]
    assert rows(made, "wages", "quarter", "amount", order="amount") == [
        (8096, Decimal(1)), (8097, Decimal(2)), (8096, Decimal("5100.25")),
    ]  # fmt: skip


def test_status_without_a_date_is_reached(tmp_path: Path) -> None:
    text = csv([["ID", "Applied", "Status"], ["1", "1/5/2024", "Graduated"],
                ["2", "1/5/2024", "Withdrawn"]])  # fmt: skip
    columns = {"ID": "id", "Applied": "milestones.applied", "Status": "enrolments.status"}
    made = lab(tmp_path / "lab", {"a.csv": text}, [{"path": "private/a.csv", "columns": columns}])
    bring(made)
    assert rows(made, "journeys", "completed", "completed_on", "closed") == [
        (True, None, False), (None, None, True),
    ]  # fmt: skip


def test_reimport_says_who_is_new_changed_gone(tmp_path: Path) -> None:
    first = [["1", "Ana", "", "1/5/2024"], ["2", "Bo", "", "1/5/2024"], ["3", "Cy", "", "1/6/2024"]]
    made = wide(tmp_path / "lab", first)
    assert bring(made).changes is None
    again = wide(
        tmp_path / "other", [first[0], [*first[1], "2/1/2024"], ["4", "Di", "", "1/6/2024"]]
    )
    (again.path / "private/people.csv").replace(made.path / "private/people.csv")
    imported = bring(made)
    assert imported.changes == {"new": 1, "gone": 1, "changed": 1, "same": 1}
    body = made.store.get("import", "import").body
    assert body["changes"] == imported.changes
    assert body["at"] == now().isoformat(timespec="seconds")
    # whoever is gone stays in the key table
    with privacy.opened(made, privacy.key(made)) as plain:
        assert plain is not None
        with made.session() as session:
            session.attach("keys", plain)
            ids = session.connection.execute("SELECT id FROM keys ORDER BY id").fetchall()
    assert ids == [("1",), ("2",), ("3",), ("4",)]


PLANTED = ("Zyxander Quillfeather", "zq-99182", "zq@secret.example", "078-05-1120", "555-867-5309")


def test_checked_tables_hold_no_identifier(tmp_path: Path) -> None:
    """Names, ids, SSNs and contact details are nowhere outside private/, wherever typed."""
    who, ident, mail, ssn, phone = PLANTED
    text = csv([["ID", "Name", "Mail", "Applied", "Completed", "Sex", "Site", "SSN"],
                [ident, who, mail, "1/5/2024", ssn, who, phone, ssn],
                ["b", "B", "b@c.de", "1/5/2024", mail, mail, mail, "1"]])  # fmt: skip
    columns = {"ID": "id", "Name": "private.full_name", "Mail": "participants.email",
               "Applied": "milestones.applied", "Completed": "milestones.completed",
               "Sex": "participants.gender", "Site": "groups.site",
               "SSN": "participants.ssn"}  # fmt: skip
    made = lab(tmp_path / "lab", {"a.csv": text}, [{"path": "private/a.csv", "columns": columns}])
    bring(made)
    pids = [r[0] for r in rows(made, "journeys", "pid")]
    for folder in ("records", "documents"):
        for file in (f for f in (made.path / folder).rglob("*") if f.is_file()):
            stored = file.read_bytes()
            if file.suffix == ".parquet":
                with made.session() as session:
                    stored += str(session.connection.execute(
                        f"SELECT * FROM '{file}'").fetchall()).encode()  # fmt: skip
            assert not [p for p in PLANTED if p.encode() in stored], file
    sealed = privacy.keys_file(made).read_bytes()
    assert not [p for p in PLANTED if p.encode() in sealed]
    assert privacy.people(made, pids[:1])[pids[0]] == {
        "id": ident, "full_name": who, "email": mail, "ssn": ssn,
    }  # fmt: skip


def test_refused_fields_need_a_reason(tmp_path: Path) -> None:
    text = csv([["ID", "Applied", "Record"], ["1", "1/5/2024", "Y"]])
    columns = {"ID": "id", "Applied": "milestones.applied",
               "Record": "participants.criminal_record"}  # fmt: skip
    made = lab(tmp_path / "a", {"a.csv": text}, [{"path": "private/a.csv", "columns": columns}])
    assert ("REC-refused", "Record") in found(bring(made))
    assert "criminal_record" not in made.session().columns("journeys")
    why = {"path": "private/a.csv", "columns": columns, "because": {"Record": "reentry program"}}
    made = lab(tmp_path / "b", {"a.csv": text}, [why])
    assert not bring(made).problems
    assert "criminal_record" in made.session().columns("journeys")


def test_social_security_numbers_are_no_ids(tmp_path: Path) -> None:
    people = [["078-05-1120", "A", "", "1/5/2024"], ["219-09-9999", "B", "", "1/5/2024"]]
    made = wide(tmp_path / "a", people)
    with pytest.raises(RecordsError) as raised:
        bring(made)
    assert raised.value.code == "REC-id-ssn"
    assert not list((made.path / "records").glob("*.parquet"))
    allowed = wide(tmp_path / "b", people, more={"records": {"ssn_ids": "no other id exists"}})
    assert bring(allowed).people == 2


def test_lost_leading_zeros(tmp_path: Path) -> None:
    made = wide(tmp_path / "a", [[i, "", "", "1/5/2024"] for i in ("00123", "456", "00789")])
    assert found(bring(made)) == {("REC-id-zeros", "ID"): (1, (3,))}
    declared = {"records": {"id_digits": 5}}
    given = [[i, "", "", "1/5/2024"] for i in ("00123", "456", "X9")]
    mended = wide(tmp_path / "c", given, more=declared)
    assert not bring(mended).problems
    pids = [r[0] for r in rows(mended, "journeys", "pid")]
    known = privacy.people(mended, pids)
    assert [known[p]["id"] for p in pids] == ["00123", "00456", "X9"]
    plain = wide(tmp_path / "b", [[str(i), "", "", "1/5/2024"] for i in range(1, 120)])
    assert not [p for p in bring(plain).problems if p.code == "REC-id-zeros"]


def test_everything_wrong_with_a_mapping_at_once(tmp_path: Path) -> None:
    text = csv([["ID", "B", "C"], ["1", "2", "3"]])
    columns = {"ID": "id", "B": "participants.gendr", "C": "milestones.nowhere"}
    maps = [{"path": "private/a.csv", "columns": columns},
            {"path": "private/gone.csv", "columns": {"ID": "id"}}]  # fmt: skip
    made = lab(tmp_path / "lab", {"a.csv": text}, maps)
    with pytest.raises(PlanError) as raised:
        bring(made)
    assert {p.code for p in raised.value.problems} == {
        "PLAN-map-target-near", "PLAN-map-target", "REC-no-file",
    }  # fmt: skip
    near = next(p for p in raised.value.problems if p.code == "PLAN-map-target-near")
    assert near.params["near"] == "participants.gender"


@pytest.mark.parametrize(
    "header",
    ['a"b', "x'; DROP TABLE journeys; --", "pid", "_row", "k", "$name", "🎓 done", "c1", "select"],
)
def test_hostile_headers(tmp_path: Path, header: str) -> None:
    text = csv([["ID", "Applied", header], ["1", "1/5/2024", "x"], ["2", "1/6/2024", "y"]])
    columns = {"ID": "id", "Applied": "milestones.applied"}
    made = lab(
        tmp_path / "lab", {"a.csv": text},
        [{"path": "private/a.csv", "columns": {**columns, header: "groups.mine"}}],
    )  # fmt: skip
    imported = bring(made)
    assert imported.tables == {"journeys": 2}
    if header != "_row":  # the reader renames it: the mapping names a column that is not there
        assert rows(made, "journeys", "mine") == [("x",), ("y",)]


def test_long_cells_and_emoji(tmp_path: Path) -> None:
    made = wide(
        tmp_path / "lab",
        [["é1", "N" * 1_000_000, "1/2/1990", "1/5/2024", "x" * 1_000_000, "", "🙂", "Café 🎓"],
         ["e\u03012", "B", "1/2/1991", "1/5/2024"]],
    )  # fmt: skip
    imported = bring(made)
    assert found(imported)["REC-cell-unreadable", "Enrolled"] == (1, (2,))
    assert rows(made, "journeys", "site", "enrolled")[0] == ("Café 🎓", None)
    pids = [r[0] for r in rows(made, "journeys", "pid")]
    assert [p["id"] for p in privacy.people(made, pids).values()].count("\u00e92") == 1


def test_a_stopped_import_leaves_the_lab_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = wide(tmp_path / "lab", [["1", "Ana", "", "1/5/2024"]])
    bring(made)
    before = made.table("journeys").read_bytes()
    keys = privacy.keys_file(made).read_bytes()
    (made.path / "private/people.csv").write_text("ID,Applied\n1,1/5/2025\n2,1/5/2025\n", "utf-8")
    for step in ("_changes", "_people"):
        with monkeypatch.context() as patch:
            patch.setattr(intake, step, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                bring(made)
        assert made.table("journeys").read_bytes() == before
        assert privacy.keys_file(made).read_bytes() == keys
        assert not [p for p in (made.path / "private").iterdir() if p.name.startswith(".")]


CELL = st.one_of(
    st.sampled_from(["", "1/5/2024", "Y", "M", "female", "31/02/2024", "N/A", "=x", "1", "0012",
                     "45321", "1900-01-00", "Graduated", "🎉", "078-05-1120", "1.2E+05"]),
    st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=6),
)  # fmt: skip


@given(st.lists(st.lists(CELL, min_size=8, max_size=8), min_size=1, max_size=8))
@settings(deadline=None, max_examples=15, suppress_health_check=list(HealthCheck))
def test_rows_in_are_rows_out_and_rows_counted(
    tmp_path_factory: pytest.TempPathFactory, table: list[list[str]]
) -> None:
    made = wide(tmp_path_factory.mktemp("rows") / "lab", table)
    try:
        imported = bring(made)
    except RecordsError as e:
        weights = {p.weight for p in e.problems}
        if weights != {"break"}:
            raise
        return
    (file,) = imported.report.files
    assert file.rows == imported.tables["journeys"] + file.set_aside
    counted = {"REC-id-missing", "REC-id-broken", "REC-id-ssn", "REC-row-twice", "REC-same-period"}
    assert file.set_aside == sum(p.rows or 0 for p in imported.problems if p.code in counted)
    for column in imported.report.columns:
        assert sum(column.states.values()) == file.rows


def test_the_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = wide(tmp_path / "lab", [["1", "Ana", "", "1/5/2024"]])
    bring(made)
    file = made.path / "private/lab.key"
    assert file.stat().st_mode & 0o777 == 0o600
    (pid,) = (r[0] for r in rows(made, "journeys", "pid"))
    assert len(pid) == 24
    secret = file.read_text("ascii").strip()
    file.unlink()
    with pytest.raises(RecordsError, match="secret"):
        bring(made)
    monkeypatch.setenv("RUNG_KEY", secret)
    bring(made)
    assert rows(made, "journeys", "pid") == [(pid,)]
    monkeypatch.setenv("RUNG_KEY", os.urandom(32).hex())
    with pytest.raises(RecordsError) as raised:
        privacy.people(made, [pid])
    assert raised.value.code == "REC-keys-sealed"


def test_sealed_files_do_not_open_when_changed(tmp_path: Path) -> None:
    secret, plain = os.urandom(32), tmp_path / "plain"
    plain.write_bytes(os.urandom(2_500_000))
    sealed, back = tmp_path / "sealed", tmp_path / "back"
    privacy.encrypt(plain, sealed, secret)
    privacy.decrypt(sealed, back, secret)
    assert back.read_bytes() == plain.read_bytes()
    whole = sealed.read_bytes()
    chunk = (1 << 20) + 16
    head, body = whole[:40], whole[40:]
    cut = [
        whole[:-1], head + body[: 2 * chunk], head + body[chunk:], whole + b"x",
        head + body[chunk : 2 * chunk] + body[:chunk] + body[2 * chunk :],
        whole[:20] + bytes([whole[20] ^ 1]) + whole[21:], head[:10], b"",
    ]  # fmt: skip
    for bad in cut:
        sealed.write_bytes(bad)
        with pytest.raises(RecordsError):
            privacy.decrypt(sealed, back, secret)


def test_where_someone_stands_does_not_say_they_completed(tmp_path: Path) -> None:
    """A status word counts under its own milestone; under another it is unknown, and counted."""
    made = wide(
        tmp_path / "lab",
        [
            ["1", "", "", "1/5/2024", "Active", "Enrolled"],
            ["2", "", "", "1/5/2024", "Enrolled", "Active"],
            ["3", "", "", "1/5/2024", "Enrolled", "Graduated"],
            ["4", "", "", "1/5/2024", "Enrolled", "Working"],
        ],
    )
    found = bring(made)
    assert rows(made, "journeys", "enrolled", "completed") == [
        (True, None),
        (True, None),
        (True, True),
        (True, None),
    ]
    assert sum(p.rows or 0 for p in found.problems if p.column == "Completed") == 3
