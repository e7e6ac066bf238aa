"""Folders as case-management systems export them, all the way into a lab."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest
from openpyxl import Workbook

from rung import cycle
from rung.cycle.start import Started, init

PEOPLE = ("0035e00000XyZ01AAA", "0035e00000XyZ02AAA", "0035e00000XyZ03AAA")
STAGES = ("Completed", "Withdrawn", "Active")
STARTS = (dt.date(2024, 1, 20), dt.date(2024, 1, 22), dt.date(2024, 2, 20))


def clock() -> dt.datetime:
    return dt.datetime(2026, 11, 22, tzinfo=dt.UTC)


def started(folder: Path, files: Mapping[str, list[str]]) -> Started:
    sent = folder / "sent"
    sent.mkdir()
    for name, lines in files.items():
        (sent / name).write_text("\n".join(lines) + "\n", "utf-8")
    made = init([sent], folder / "lab", clock=clock)
    assert made.failed is None
    return made


def targets(made: Started) -> dict[str, dict[str, str]]:
    return {
        Path(f.path).name: {m.header: m.target for m in found}
        for f, found in zip(made.proposed.files, made.proposed.matches, strict=True)
    }


def rows(folder: Path, table: str, columns: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        path = folder / f"lab/records/{table}.parquet"
        return connection.execute(f"SELECT {columns} FROM '{path}' ORDER BY ALL").fetchall()


@pytest.mark.parametrize("prefix", ["pmdm__", ""])
def test_program_management_module_by_api_names(tmp_path: Path, prefix: str) -> None:
    p = prefix
    made = started(
        tmp_path,
        {
            "ProgramEngagement.csv": [
                (
                    f"Id,{p}Contact__c,{p}Program__c,{p}Stage__c,{p}ApplicationDate__c,"
                    f"{p}StartDate__c,{p}EndDate__c"
                ),
                *(
                    f"a0B5e000003AbC{i}EAK,{who},Welding,{stage},2024-01-05,{start},"
                    for i, (who, stage, start) in enumerate(
                        zip(PEOPLE, STAGES, STARTS, strict=True)
                    )
                ),
            ],
            "ServiceDelivery.csv": [
                (
                    f"Id,{p}Contact__c,{p}Service__c,{p}DeliveryDate__c,{p}Quantity__c,"
                    f"{p}AttendanceStatus__c"
                ),
                f"b1,{PEOPLE[0]},Class,2024-02-01,2.00,Present",
                f"b2,{PEOPLE[1]},Class,2024-02-01,2.00,Unexcused Absence",
                f"b3,{PEOPLE[0]},Class,2024-02-08,2.00,Present",
            ],
        },
    )
    found = targets(made)
    assert found["ProgramEngagement.csv"][f"{p}Contact__c"] == "id"
    assert found["ProgramEngagement.csv"]["Id"] == "ignore"
    assert found["ServiceDelivery.csv"][f"{p}Contact__c"] == "id"
    assert made.imported is not None
    assert made.imported.people == 3
    assert not [q for q in made.imported.problems if q.code == "REC-unknown-person"]
    day = dt.date(2024, 2, 8)
    assert rows(tmp_path, "journeys", "enrolled_on, last_service_on") == [
        (STARTS[0], day), (STARTS[1], dt.date(2024, 2, 1)), (STARTS[2], None),
    ]  # fmt: skip
    assert {r[0] for r in rows(tmp_path, "services", "attendance")} == {"present", "absent"}


def test_program_management_module_by_labels_and_short_ids(tmp_path: Path) -> None:
    made = started(
        tmp_path,
        {
            "Program Engagements.csv": [
                (
                    "Program Engagement ID,Contact ID,Program: Program Name,Stage,Application Date,"
                    "Start Date,End Date,Last Service Date"
                ),
                *(
                    f"a0B5e000003AbC{i},{who[:15]},Welding,{stage},1/5/2024,"
                    f"{start.month}/{start.day}/{start.year},,2/28/2024"
                    for i, (who, stage, start) in enumerate(
                        zip(PEOPLE, STAGES, STARTS, strict=True)
                    )
                ),
            ]
        },
    )
    found = targets(made)["Program Engagements.csv"]
    assert found["Contact ID"] == "id"
    assert found["Stage"] == "enrolments.status"
    assert found["Last Service Date"] == "enrolments.last_service_on"
    assert [r[0] for r in rows(tmp_path, "journeys", "enrolled_on")] == list(STARTS)


def test_apricot_tiers_join_by_record_id_and_cells_hold_several_answers(tmp_path: Path) -> None:
    made = started(
        tmp_path,
        {
            "tier1.csv": [
                "Record ID,First Name,Last Name,DOB,Race,Date of Enrollment",
                "101,Ana,Ruiz,1990-01-02,Black or African American|White,2024-01-05",
                "102,Bo,Li,1985-03-02,Asian,2024-01-09",
                "103,Cy,Fox,1999-07-02,White,2024-02-09",
            ],
            "job_placement.csv": [
                "Record ID,Employer,Job Start Date,Hourly Wage",
                "101,Acme,2024-07-01,21.50",
                "102,Bolt,2024-08-01,19.00",
            ],
        },
    )
    assert made.imported is not None
    assert made.imported.people == 3
    assert rows(tmp_path, "journeys", "race_asian, race_black, race_white") == [
        (False, False, True), (False, True, True), (True, False, False),
    ]  # fmt: skip
    assert len(rows(tmp_path, "employment", "start_on, hourly_wage")) == 2
    assert b"Ruiz" not in (tmp_path / "lab/records/journeys.parquet").read_bytes()


def test_a_funder_s_flat_sheet_in_its_own_spelling(tmp_path: Path) -> None:
    made = started(
        tmp_path,
        {
            "outcomes.csv": [
                (
                    "Participant ID,900 Date of Program Entry (WIOA),birthday,Race1,Race2,Wage-Hr,"
                    "Hours-Wk,Receipt of SNAP,Non-Completion Exit Reason"
                ),
                "A-01,2024-01-05,1990-01-02,White,Asian,21.50,40,Yes,",
                "A-02,2024-01-09,1985-03-02,Black or African American,,19.00,32,No,Child care",
                "A-03,2024-02-09,1999-07-02,White,,,,No,Transportation",
            ]
        },
    )
    found = targets(made)["outcomes.csv"]
    assert found["Participant ID"] == "id"
    assert found["900 Date of Program Entry (WIOA)"] == "milestones.enrolled"
    assert found["birthday"] == "participants.birth_date"
    assert found["Receipt of SNAP"] == "participants.snap"
    assert found["Wage-Hr"].endswith(".hourly_wage")
    assert found["Hours-Wk"].endswith(".hours_week")
    assert found["Non-Completion Exit Reason"] == "enrolments.exit_reason"
    assert made.imported is not None
    assert made.imported.people == 3


def _sheet(book: Workbook, title: str, above: tuple[str, ...], rows: list[list[Any]]) -> None:
    sheet = book.create_sheet(title)
    for line in (*([each] for each in above), *rows):
        sheet.append(line)


def four_sheets(path: Path) -> None:
    """A funder's workbook of four sheets, with lines above the header and breaks in it."""
    book = Workbook()
    book.remove(book.worksheets[0])
    people = [f"CC-{1000 + i}" for i in range(12)]
    entered = [dt.date(2024, 1, 8) + dt.timedelta(days=11 * i) for i in range(12)]

    def later(i: int, days: int) -> dt.date:
        return entered[i] + dt.timedelta(days=days)

    above = ("Sector Partnership Grant: participants", "Grantee: Riverbend Works")
    heads = ["100 Unique Individual\nIdentifier", "First Name", "Last Name", "DOB", "Gender_12089",
             "Race1", "Race2", "Receipt of SNAP", "900 Date of Program\nEntry (WIOA)"]  # fmt: skip
    _sheet(book, "Personal Information", above, [
        heads,
        *([who, f"Ana{i}", "Lee", dt.date(1990, 1, 1 + i), ("Female", "Male")[i % 2],
           ("White", "Asian")[i % 2], "White" if i == 4 else None, ("Yes", "No")[i % 2], entered[i]]
          for i, who in enumerate(people)),
    ])  # fmt: skip
    _sheet(book, "Training", ("One row for each training",), [
        ["Participant ID", "Did participant receive training?_12089", "Start Date", "End Date",
         "Did participant complete training?_12089", "Reason Did Not Complete"],
        *([who, "Yes", later(i, 7), later(i, 90), ("No" if i % 4 == 0 else "Yes"),
           ("Child care" if i % 4 == 0 else None)] for i, who in enumerate(people)),
        [people[0], "Yes", later(0, 100), later(0, 160), "Yes", None],  # the second one is finished
    ])  # fmt: skip
    _sheet(book, "Credential", (), [
        ["Participant ID", "Did participant earn a credential?_12089",
         "Date Attained\nReecognized Credential", "Name of Credential"],
        *([who, ("No" if i == 1 else "Yes"), later(i, 95), "CompTIA A+"]
          for i, who in enumerate(people) if i < 6),
    ])  # fmt: skip
    _sheet(book, "Outcomes", ("Outcomes", "(all placements)"), [
        ["Participant ID", "Employer", "Job Title", "Start Date_2", "Wage-Hr", "Hours-Wk",
         "Health insurance", "PTO", "Placement made through this program?_12089"],
        *([who, "Acme", "Technician", later(i, 120), 17.5 + i, (40, 32)[i % 2],
           ("Yes", "No")[i % 2], "Yes", "Yes"] for i, who in enumerate(people) if i % 2),
    ])  # fmt: skip
    book.save(path)


def test_a_funders_workbook_of_four_sheets(tmp_path: Path) -> None:
    four_sheets(tmp_path / "participants.xlsx")
    made = init([tmp_path / "participants.xlsx"], tmp_path / "lab", clock=clock)
    assert made.failed is None
    assert made.imported is not None
    assert made.imported.people == 12
    found = {m.header: m.target for matches in made.proposed.matches for m in matches}
    assert found["100 Unique Individual Identifier"] == "id"
    assert found["900 Date of Program Entry (WIOA)"] == "milestones.enrolled"
    assert found["Reason Did Not Complete"] == "training.stop_reason"
    assert found["Date Attained Reecognized Credential"] == "credentials.earned_on"
    assert found["Start Date"] == "training.start_on"
    assert found["Start Date_2"] == "milestones.placed", "the same words mean the job there"
    told = {m.key: m.told_by for m in made.proposed.milestones}
    assert told == {
        "enrolled": "", "completed": "training.end_on", "credentialed": "credentials.earned_on",
        "placed": "",
    }  # fmt: skip
    journey = rows(tmp_path, "journeys", "enrolled_on, completed, completed_on, credentialed")
    first = journey[0]
    assert first[1:3] == (True, dt.date(2024, 1, 8) + dt.timedelta(days=160))
    assert [r[1] for r in journey] == [True, True, True, True, False, True, True, True, False, True,
                                       True, True]  # fmt: skip
    assert [r[3] for r in journey] == [True, False, True, True, True, True, *[False] * 6]
    assert len(rows(tmp_path, "training", "stop_reason")) == 13
    assert {r[0] for r in rows(tmp_path, "training", "stop_reason")} == {None, "childcare"}
    assert len(rows(tmp_path, "employment", "hourly_wage, paid_time_off")) == 6


def test_what_events_tell_can_be_left_to_them_in_lab_toml(tmp_path: Path) -> None:
    """The second period's training is the second period's; a milestone of their own stands."""
    (tmp_path / "lab/private").mkdir(parents=True)
    (tmp_path / "lab/records").mkdir()
    (tmp_path / "lab/documents").mkdir()
    (tmp_path / "lab/lab.toml").write_text(
        """
[lab]
provider = "Bridge"

[[milestones]]
key = "enrolled"
label = "Enrolled"

[[milestones]]
key = "completed"
label = "Completed"
told_by = "training.end_on"

[[files]]
path = "private/people.csv"
dates = "ymd"
columns = { ID = "id", Start = "milestones.enrolled", Done = "milestones.completed" }

[[files]]
path = "private/training.csv"
table = "training"
dates = "ymd"
columns = { ID = "id", End = "training.end_on", Finished = "training.completed" }
""",
        "utf-8",
    )
    (tmp_path / "lab/private/people.csv").write_text(
        "ID,Start,Done\nA,2023-01-05,\nA,2024-06-01,\nB,2024-01-05,2024-03-01\nC,2024-01-05,\n"
        "D,2024-01-05,\n"
    )
    (tmp_path / "lab/private/training.csv").write_text(
        "ID,End,Finished\nA,2024-09-01,yes\nB,2024-05-01,yes\nC,2024-05-01,no\nD,,yes\n"
    )
    checked = cycle.check(tmp_path / "lab", clock=clock)
    assert checked.imported is not None
    assert checked.imported.people == 4
    assert rows(tmp_path, "journeys", "enrolled_on, completed, completed_on")[0:1] == [
        (dt.date(2023, 1, 5), False, None)
    ]
    told = {
        (r[0], r[1]): r[2]
        for r in rows(tmp_path, "journeys", "enrolled_on, completed, completed_on")
    }
    assert told[dt.date(2024, 6, 1), True] == dt.date(2024, 9, 1)
    assert told[dt.date(2024, 1, 5), True] in (dt.date(2024, 3, 1), None)
    assert (dt.date(2024, 1, 5), False) in told


def test_volunteers_and_service_providers_are_left_out_and_counted(tmp_path: Path) -> None:
    made = started(
        tmp_path,
        {
            "ProgramEngagement.csv": [
                (
                    "Id,pmdm__Contact__c,pmdm__Program__c,pmdm__Stage__c,pmdm__Role__c,"
                    "pmdm__ApplicationDate__c,pmdm__StartDate__c"
                ),
                f"a1,{PEOPLE[0]},Welding,Active,Client,2024-01-05,2024-01-20",
                f"a2,{PEOPLE[1]},Welding,Active,Volunteer,2024-01-05,2024-01-22",
                f"a3,{PEOPLE[2]},Welding,Active,Service Provider,2024-01-05,2024-02-20",
                f"a4,{PEOPLE[2]},Welding,Active,Client,2024-01-05,2024-02-20",
                "a5,0035e00000XyZ04AAA,Welding,Completed,,2024-01-05,2024-03-20",
            ],
            "Contact.csv": [
                "Contact ID,First Name,Last Name,Birthdate",
                *(f"{who},Ana,Ruiz{i},199{i}-01-02" for i, who in enumerate(PEOPLE)),
            ],
        },
    )
    assert targets(made)["ProgramEngagement.csv"]["pmdm__Role__c"] == "enrolments.role"
    assert made.imported is not None
    assert made.imported.people == 3, "who helps and takes part is a participant"
    (problem,) = (p for p in made.imported.problems if p.code == "REC-not-client")
    assert problem.rows == 2
    assert problem.first_rows == (3, 4)
    starts = [r[0] for r in rows(tmp_path, "journeys", "enrolled_on")]
    assert starts == [STARTS[0], STARTS[2], dt.date(2024, 3, 20)]


def test_several_answers_in_a_cell_of_an_event(tmp_path: Path) -> None:
    made = started(
        tmp_path,
        {
            "people.csv": [
                "Client ID,Enrollment Date",
                *(f"P-{101 + i},2024-01-0{i + 1}" for i in range(6)),
            ],
            "supportive services.csv": [
                "Client ID,Support Type,Date Needed",
                "P-101,Child care|Transportation,2024-02-05",
                "P-101,Housing,2024-02-15",
                "P-102,Transportation,2024-02-06",
            ],
        },
    )
    assert made.imported is not None
    assert [r[0] for r in rows(tmp_path, "supports", "support")] == [
        "childcare|transport", "housing", "transport",
    ]  # fmt: skip
