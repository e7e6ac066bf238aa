"""Folders as case-management systems export them, all the way into a lab."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

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
