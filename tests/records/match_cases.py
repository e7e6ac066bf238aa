"""Sheets as providers send them: headers, what the cells look like, and the target that is right.

Written from what exports of Salesforce PMM, Apricot, ETO, CiviCRM, state workbooks and shared
spreadsheets look like, before the matcher ran on them. `SECOND` was written last, when the
matcher was done, and its first score is kept in `test_match.py`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rung.records.files.sheet import ColumnProfile
from rung.records.match import SheetProfile

ROWS = 240


class Case(NamedTuple):
    """One sheet: where it came from and (header, cells, right target) for each column."""

    file: str
    sheet: str
    columns: tuple[tuple[str, Sequence[str], str], ...]


def _dates(fmt: str, step: int = 3) -> tuple[str, ...]:
    first = dt.date(2023, 1, 9)
    return tuple((first + dt.timedelta(days=step * i)).strftime(fmt) for i in range(60))


_FIRST = ("Maria", "James", "Aisha", "Wei", "Luis", "Tanya", "Omar", "Grace", "Devon", "Priya")
_LAST = ("Lopez", "Smith", "Khan", "Chen", "Ortiz", "Brown", "Ali", "Kim", "Jones", "Patel")

US = _dates("%m/%d/%Y")
USY = _dates("%-m/%-d/%y", 2)
ISO = _dates("%Y-%m-%d")
FED = _dates("%Y%m%d")
BIRTH = tuple(f"{m:02d}/{d:02d}/{y}" for m, d, y in zip(
    range(1, 13), range(10, 22), range(1975, 1999, 2), strict=True))  # fmt: skip
BIRTH_ISO = tuple(f"{y}-{m:02d}-{d:02d}" for m, d, y in zip(
    range(1, 13), range(10, 22), range(1975, 1999, 2), strict=True))  # fmt: skip
BIRTH_FED = tuple(f"{y}{m:02d}{d:02d}" for m, d, y in zip(
    range(1, 13), range(10, 22), range(1975, 1999, 2), strict=True))  # fmt: skip
IDS = tuple(f"P{i:05d}" for i in range(60))
NUMBERS = tuple(str(10450 + 7 * i) for i in range(60))
SF = tuple(f"0035f00000Ab{i:02d}xQAA" for i in range(60))
SF2 = tuple(f"a0B5f00000Zk{i:02d}yEAC" for i in range(60))
FIRST = _FIRST * 2
LAST = _LAST * 2
NAMES = tuple(f"{f} {n}" for f in _FIRST for n in _LAST)[:60]
MAIL = tuple(f"{f.lower()}.{n.lower()}{i}@example.org"
             for i, (f, n) in enumerate(zip(_FIRST, _LAST, strict=True)))  # fmt: skip
PHONE = tuple(f"(555) 01{i:01d}-2{i:01d}44" for i in range(10))
SSNS = tuple(f"900-{10 + i:02d}-{1000 + 37 * i:04d}" for i in range(20))
ZIPS = ("60612", "60624", "60608", "01104", "60623", "60644")
MF = ("M", "F", "F", "M", "female", "Male", "F")
SEX = ("1", "2", "9", "2", "1")
FLAG = ("1", "0", "0", "1", "9")
BINARY = ("1", "0", "0", "1")
YN = ("Y", "N", "Y", "Y", "N")
YESNO = ("Yes", "No", "No", "Yes")
RACES = ("Black", "White", "Hispanic", "Asian", "Black", "Two or more", "Native American")
PIPED = ("Black or African American|White", "Asian", "Hispanic or Latino", "White", "Asian|White")
STATUSES = ("Enrolled", "Graduated", "Dropped", "Enrolled", "Graduated")
STAGES = ("Applied", "Application Denied", "Waitlisted", "Enrolled", "Active", "Completed",
          "Withdrawn")  # fmt: skip
COHORTS = ("Spring 2024", "Fall 2023", "Summer 2024")
PROGRAMS = ("CNA Training", "IT Support", "CDL")
SITES = ("Westside", "Downtown", "Pilsen")
EMPLOYERS = ("Rush Hospital", "Amazon", "Walgreens", "UPS", "City of Chicago", "Mercy Home",
             "Sysco", "CTA", "Loyola", "Jewel", "Target", "FedEx")  # fmt: skip
TITLES = ("CNA", "Help Desk Technician", "Driver", "Warehouse Associate", "Medical Assistant",
          "Patient Transporter", "Line Cook")  # fmt: skip
WAGE = ("$15.50/hr", "$18.00", "17", "16.25", "$21.00/hr", "$19/hour")
PLAIN_WAGE = ("15.50", "18", "17.25", "21", "16.75")
HOURS = ("40", "35", "20", "40", "37.5", "32")
NOTES = (
    "Called on Monday, left a message with her sister about the orientation.",
    "Needs help with bus fare and a letter for the landlord before the first week.",
    "Very motivated; asked about evening classes because of work at the store.",
    "Missed two sessions, will call back when the car is fixed, new number soon.",
    "Came in person with papers, still waiting for a copy of the birth certificate.",
)
CERTS = ("CNA", "CompTIA A+", "OSHA 10", "ServSafe", "CDL Class A")
CODES_SOC = ("31113100", "15123200", "53303200", "29205300")
NAICS = ("622110", "541512", "484110", "445110")
QUARTER_PAY = ("5200.00", "0", "7810.55", "999999.99", "6400.10", "8120.00")
EDU = ("HS Diploma", "GED", "Some College", "Associate's", "Less than HS", "Bachelor's")
MATCH = ("1", "0", "4", "5", "1")
STAFF = ("Dana R.", "Lee T.", "Sam W.")


def profile(header: str, cells: Sequence[str], rows: int = ROWS) -> ColumnProfile:
    """A profile as the reader makes it from cells repeated down the rows."""
    counts: dict[str, int] = {}
    for i in range(rows):
        cell = cells[i % len(cells)].strip()
        if cell:
            counts[cell] = counts.get(cell, 0) + 1
    common = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return ColumnProfile(
        header=header,
        rows=rows,
        blanks=rows - sum(counts.values()),
        distinct=len(counts),
        common=tuple(common[:60]),
        sample=tuple(sorted(counts))[:20],
        profiled=rows,
    )


def _letters(n: int) -> str:
    return chr(97 + n // 26 % 26) + chr(97 + n % 26)


def unique(cells: Sequence[str]) -> tuple[str, ...]:
    """Cells made distinct, one a row, as ids and names of people are."""
    made = []
    for i in range(ROWS):
        cell = cells[i % len(cells)]
        if i >= len(cells):
            if cells is SSNS:
                cell = f"9{i % 90 + 10}-{i % 80 + 10}-{2000 + i}"
            elif cells is NUMBERS:
                cell = str(20_000 + i)
            elif "@" in cell:
                cell = f"{_letters(i)}{cell}"
            else:
                cell = f"{cell}{_letters(i)}"
        made.append(cell)
    return tuple(made)


def sheet(case: Case) -> SheetProfile:
    """The sheet's profile."""
    return SheetProfile(
        source=Path(case.file),
        name=case.sheet,
        columns=tuple(
            profile(h, unique(c) if c in (IDS, NUMBERS, SF, NAMES, SSNS, MAIL) else c)
            for h, c, _ in case.columns
        ),
    )


CASES: tuple[Case, ...] = (
    Case("engagements.csv", "Program Engagements", (
        ("Program Engagement: Program Engagement Name", NAMES, "private.full_name"),
        ("Contact: Contact ID", SF, "id"),
        ("Program: Program Name", PROGRAMS, "enrolments.program"),
        ("Program Cohort: Program Cohort Name", COHORTS, "enrolments.cohort"),
        ("Stage", STAGES, "enrolments.status"),
        ("Application Date", US, "milestones.applied"),
        ("Start Date", US, "milestones.enrolled"),
        ("End Date", US, "enrolments.closed_on"),
        ("Last Service Date", US, "enrolments.last_service_on"),
        ("Attendance Rate", ("85%", "92%", "100%", "60%"), "enrolments.attendance_rate"),
    )),
    Case("pmdm__ProgramEngagement__c.csv", "pmdm__ProgramEngagement__c", (
        ("Id", SF2, "ignore"),
        ("pmdm__Contact__c", SF, "id"),
        ("pmdm__Stage__c", STAGES, "enrolments.status"),
        ("pmdm__ApplicationDate__c", ISO, "milestones.applied"),
        ("pmdm__StartDate__c", ISO, "milestones.enrolled"),
        ("pmdm__EndDate__c", ISO, "enrolments.closed_on"),
        ("pmdm__LastServiceDate__c", ISO, "enrolments.last_service_on"),
        ("pmdm__AttendanceRate__c", ("85.5", "92", "100", "60"), "enrolments.attendance_rate"),
    )),
    Case("service_delivery.csv", "ServiceDelivery__c", (
        ("Contact__c", SF[:20], "id"),
        ("Service__c", ("Job readiness workshop", "Tutoring", "Mock interview"),
         "services.service"),
        ("DeliveryDate__c", ISO, "services.service_on"),
        ("Quantity__c", ("1.00", "2.00", "1.50"), "services.quantity"),
        ("UnitOfMeasurement__c", ("Hours",), "services.unit"),
        ("AttendanceStatus__c", ("Present", "Unexcused Absence", "Excused Absence"),
         "services.attendance"),
        ("Service_Provider__c", STAFF, "services.staff"),
    )),
    Case("contacts.csv", "Contact", (
        ("Id", SF, "id"),
        ("FirstName", FIRST, "private.first_name"),
        ("LastName", LAST, "private.last_name"),
        ("Birthdate", BIRTH_ISO, "participants.birth_date"),
        ("Email", MAIL, "private.email"),
        ("MobilePhone", PHONE, "private.phone"),
        ("MailingPostalCode", ZIPS, "participants.zip"),
        ("MailingStreet", ("12 Oak St", "900 W Elm Ave", "3 Main St Apt 4"),
         "private.street_address"),
        ("Gender__c", MF, "participants.gender"),
    )),
    Case("apricot_placements.csv", "Job Placement", (
        ("Record ID", NUMBERS[:30], "id"),
        ("Employer Name", EMPLOYERS, "employment.employer"),
        ("Job Title", TITLES, "employment.title"),
        ("Job Start Date", US, "employment.start_on"),
        ("Starting Wage (per hour)", WAGE, "employment.hourly_wage"),
        ("Average Hours per Week", HOURS, "employment.hours_week"),
        ("Is this job training-related?", YESNO, "employment.training_related"),
        ("Benefits offered?", YESNO, "employment.benefits"),
        ("Health Insurance", YESNO, "employment.health_insurance"),
        ("Date Job Ended", ("", "", "05/11/2024", "", "07/21/2024"), "employment.end_on"),
        ("Reason Job Ended", ("", "Quit", "", "Laid off", "Better job"), "employment.end_reason"),
    )),
    Case("apricot_tier1.csv", "Tier 1 Profile", (
        ("Record ID", NUMBERS, "id"),
        ("Name (First)", FIRST, "private.first_name"),
        ("Name (Last)", LAST, "private.last_name"),
        ("Date of Birth", BIRTH, "participants.birth_date"),
        ("Race/Ethnicity (check all that apply)", PIPED, "participants.race"),
        ("Highest Level of Education", EDU, "participants.education"),
        ("Veteran?", YESNO, "participants.veteran"),
        ("Household Size", ("1", "3", "4", "2"), "participants.household_size"),
        ("Have you ever been convicted of a felony?", YESNO, "ignore"),
        ("Referral Source", ("Friend", "Library", "Agency", "Web"), "referrals.source"),
    )),
    Case("eto_touchpoint.xlsx", "TouchPoint Flat File", (
        ("Participant/Entity Identifier (PSID)", NUMBERS, "id"),
        ("First Name", FIRST, "private.first_name"),
        ("Last Name", LAST, "private.last_name"),
        ("Site Name", SITES, "enrolments.site"),
        ("Program Name", PROGRAMS, "enrolments.program"),
        ("Response ID", tuple(str(9_100_000 + i) for i in range(60)), "ignore"),
        ("Update or Insert (I/U)", ("I", "U"), "ignore"),
        ("Date of Program Enrollment", US, "milestones.enrolled"),
        ("Date Completed Program", US, "milestones.completed"),
        ("Employment Status at Intake", ("Unemployed", "Employed Part Time", "Unemployed"),
         "participants.work_at_entry"),
    )),
    Case("civicrm_cases.csv", "Cases", (
        ("Internal Contact ID", NUMBERS, "id"),
        ("Case ID", tuple(str(500 + i) for i in range(60)), "ignore"),
        ("Case Type", PROGRAMS, "enrolments.program"),
        ("Case Status", ("Ongoing", "Closed", "Completed", "Withdrawn"), "enrolments.status"),
        ("Case Start Date", ISO, "milestones.enrolled"),
        ("Case End Date", ISO, "enrolments.closed_on"),
        ("Constituent Information :: Gender Identity", MF, "participants.gender"),
        ("Intake :: Household Income", ("$18,000", "$0", "$24,500", "$31,000"),
         "participants.household_income"),
    )),
    Case("civicrm_activities.csv", "Activities", (
        ("Target Contact ID", NUMBERS[:25], "id"),
        ("Activity Type", ("Meeting", "Phone Call", "Workshop"), "services.service"),
        ("Activity Date", tuple(f"{d} 10:00" for d in ISO), "services.service_on"),
        ("Duration", ("30", "60", "45"), "services.quantity"),
        ("Details", NOTES, "private.notes"),
    )),
    Case("careerconnect.xlsx", "Personal Information", (
        ("100 Unique Individual Identifier (WIOA)", NUMBERS, "id"),
        ("DOB", BIRTH, "participants.birth_date"),
        ("201 Sex (WIOA)", SEX, "participants.gender"),
        ("210 Ethnicity: Hispanic / Latino (WIOA)", FLAG, "participants.race_hispanic"),
        ("213 Black / African American (WIOA)", FLAG, "participants.race_black"),
        ("211 American Indian / Alaska Native (WIOA)", FLAG, "participants.race_american_indian"),
        ("900 Date of Program Entry (WIOA)", FED, "milestones.enrolled"),
        ("901 Date of Program Exit (WIOA)", FED, "enrolments.closed_on"),
        ("408 Highest Educational Level Completed at Program Entry (WIOA)",
         ("1", "2", "4", "0", "8"), "participants.education"),
        ("Receipt of SNAP", YESNO, "participants.snap"),
        ("801 Ex-Offender Status at Program Entry (WIOA)", FLAG, "ignore"),
        ("Race - Self-Identify", RACES, "participants.race"),
    )),
    Case("careerconnect.xlsx", "Training", (
        ("100 Unique Individual Identifier (WIOA)", NUMBERS, "id"),
        ("Did participant receive training?_12089", YESNO, "training.received"),
        ("Training Provider", ("City Colleges", "Per Scholas", "Jane Addams"), "training.provider"),
        ("Start Dt", US, "training.start_on"),
        ("1303 Type of Training Service #1 (WIOA)", ("06", "01", "09", "06"), "training.type"),
        ("CIP Code", ("51.3902", "11.1006", "49.0205"), "training.cip"),
        ("Training Completed #1", BINARY, "training.completed"),
        ("Date Completed, or\nWithdrew from,\nTraining #1", US, "training.end_on"),
        ("1309 Date Entered Training #2", FED, "training.start_on.2"),
    )),
    Case("careerconnect.xlsx", "Credential", (
        ("100 Unique Individual Identifier (WIOA)", NUMBERS, "id"),
        ("Type of Reecognized Credential", ("5", "6", "4", "6"), "credentials.type"),
        ("Date Attained Recognized Credential (WIOA)", US, "credentials.earned_on"),
        ("Name of Credential", CERTS, "credentials.credential"),
    )),
    Case("careerconnect.xlsx", "Outcomes", (
        ("100 Unique Individual Identifier (WIOA)", NUMBERS, "id"),
        ("1600 Employed in 1st Quarter After Exit Quarter (WIOA)", FLAG, "outcomes.employed_q1"),
        ("Employed in 2nd Quarter After Exit Quarter (WIOA)", FLAG, "outcomes.employed_q2"),
        ("1603 Type of Employment Match 2nd Quarter After Exit Quarter (WIOA)", MATCH,
         "outcomes.match_q2"),
        ("Wages 2nd Quarter After Exit Quarter (WIOA)", QUARTER_PAY, "outcomes.wages_q2"),
        ("1702 Wages 1st Quarter Prior to Participation Quarter", QUARTER_PAY,
         "outcomes.wages_before_q1"),
        ("1618 Retention with the same employer in the 2nd Quarter and the 4th Quarter (WIOA)",
         BINARY, "outcomes.same_employer_q2_q4"),
    )),
    Case("grantee_flat.csv", "grantee_flat", (
        ("Participant ID", IDS, "id"),
        ("birthday", BIRTH, "participants.birth_date"),
        ("Program Start Date", US, "milestones.enrolled"),
        ("Hourly Earnings", PLAIN_WAGE, "employment.hourly_wage"),
        ("Weekly Hours (Est.)", HOURS, "employment.hours_week"),
        ("Food Stamps", YESNO, "participants.snap"),
        ("Race Ethnicity", RACES, "participants.race"),
        ("Non-Completion Exit Reason", ("", "Found employment", "", "Transportation"),
         "enrolments.exit_reason"),
        ("Placement made through this program?", YESNO, "employment.placed_by_program"),
        ("Program Completion Date", US, "milestones.completed"),
        ("PTO", YESNO, "employment.paid_time_off"),
    )),
    Case("grantee_jobs.xlsx", "Employment", (
        ("Client ID", IDS[:30], "id"),
        ("Company", EMPLOYERS, "employment.employer"),
        ("Wage-Hr", PLAIN_WAGE, "employment.hourly_wage"),
        ("Hours-Wk", HOURS, "employment.hours_week"),
        ("Start Date_2", US, "employment.start_on"),
        ("Employment Type", ("FT", "PT", "FT", "Temp"), "employment.type"),
        ("Sick Leave", YESNO, "employment.sick_leave"),
        ("Flexible Schedule", YESNO, "employment.flexible_schedule"),
        ("Training through employer", YESNO, "employment.employer_training"),
        ("Retirement Plan", YESNO, "employment.retirement"),
        ("NAICS", NAICS, "employment.industry"),
    )),
    Case("Cohort tracker.xlsx", "Spring 24", (
        ("Name", NAMES, "private.full_name"),
        ("Phone", PHONE, "private.phone"),
        ("Email", MAIL, "id"),
        ("DOB", BIRTH, "participants.birth_date"),
        ("Zip", ZIPS, "participants.zip"),
        ("Gender", ("M", "F", "male", "1", "F", "M"), "participants.gender"),
        ("Race", RACES, "participants.race"),
        ("Intake date", USY, "milestones.applied"),
        ("Cohort", COHORTS, "enrolments.cohort"),
        ("Start", USY, "milestones.enrolled"),
        ("End", USY, "enrolments.closed_on"),
        ("Status", STATUSES, "enrolments.status"),
        ("Credential", CERTS, "credentials.credential"),
        ("Cred date", USY, "milestones.credentialed"),
        ("Employer", EMPLOYERS, "employment.employer"),
        ("Title", TITLES, "employment.title"),
        ("Start date", USY, "milestones.placed"),
        ("Wage", WAGE, "employment.hourly_wage"),
        ("Hrs/wk", HOURS, "employment.hours_week"),
        ("Benefits", YN, "employment.benefits"),
        ("30 day check", YN, "milestones.retained_30"),
        ("90-day check", ("Y", "N", "3/4/24", "", "Y"), "milestones.retained_90"),
        ("180 Day Check (Y/N)", YN, "milestones.retained_180"),
        ("Notes", NOTES, "private.notes"),
    )),
    Case("etp.csv", "etp", (
        ("participant_id", IDS, "id"),
        ("program_name", PROGRAMS, "enrolments.program"),
        ("program_cip", ("51.3902", "11.1006", "49.0205"), "training.cip"),
        ("date_of_entry", ISO, "milestones.enrolled"),
        ("date_of_exit", ISO, "enrolments.closed_on"),
        ("type_of_exit", ("Completed", "Other", "Moved"), "enrolments.exit_reason"),
        ("obtained_credential", BINARY, "milestones.credentialed"),
    )),
    Case("ui_wages.csv", "ui_wages", (
        ("SSN", SSNS, "private.ssn"),
        ("pid", IDS[:40], "id"),
        ("UI Account", ("0012345678", "0098765432"), "wages.employer"),
        ("Year", ("2023", "2024"), "wages.year"),
        ("Quarter", ("1", "2", "3", "4"), "wages.quarter_of_year"),
        ("Wages", QUARTER_PAY, "wages.amount"),
        ("NAICS Code", NAICS, "wages.industry"),
    )),
    Case("wages_wide.csv", "wage records", (
        ("id", IDS, "id"),
        ("year", ("2022", "2023"), "wages.year"),
        ("q1_wage", QUARTER_PAY, "wages.amount"),
        ("q2_wage", QUARTER_PAY, "wages.amount.2"),
        ("q3_wage", QUARTER_PAY, "wages.amount.3"),
        ("q4_wage", QUARTER_PAY, "wages.amount.4"),
    )),
    Case("applicants.csv", "applicants", (
        ("ID", NUMBERS, "id"),
        ("Sex", MF, "participants.gender"),
        ("Applied", US, "milestones.applied"),
        ("Accepted?", YN, "milestones.accepted"),
        ("Enroled Date", US, "milestones.enrolled"),
        ("Graduated", YN, "milestones.completed"),
        ("Date of Placement", US, "milestones.placed"),
        ("Citizenship Status", ("US Citizen", "Permanent resident"), "ignore"),
        ("DV Survivor", YN, "ignore"),
        ("Social Security Number", SSNS, "private.ssn"),
        ("Site", SITES, "enrolments.site"),
        ("Case Manager", STAFF, "enrolments.coach"),
        ("How did you hear about us?", ("Friend", "Flyer", "Web"), "referrals.source"),
        ("T-shirt size", ("S", "M", "L", "XL"), "groups.t_shirt_size"),
    )),
)  # fmt: skip

SECOND: tuple[Case, ...] = (
    Case("Intake Form Responses.xlsx", "Form Responses 1", (
        ("Timestamp", tuple(f"{d} 14:22:05" for d in US), "ignore"),
        ("What is your first name?", FIRST, "private.first_name"),
        ("What is your last name?", LAST, "private.last_name"),
        ("Best phone number to reach you", PHONE, "private.phone"),
        ("Email Address", MAIL, "id"),
        ("What is your date of birth?", BIRTH, "participants.birth_date"),
        ("What is your gender?", ("Female", "Male", "Non-binary", "Prefer not to say"),
         "participants.gender"),
        ("What is the highest level of education you have completed?", EDU,
         "participants.education"),
        ("Are you currently employed?", YESNO, "participants.work_at_entry"),
        ("Do you receive SNAP (food stamps)?", YESNO, "participants.snap"),
        ("Do you have reliable transportation?", YESNO, "participants.has_car"),
        ("Are you legally authorized to work in the US?", YESNO, "ignore"),
        ("Anything else we should know?", NOTES, "private.notes"),
    )),
    Case("roster_2024.csv", "roster_2024", (
        ("StudentID", IDS, "id"),
        ("FName", FIRST, "private.first_name"),
        ("LName", LAST, "private.last_name"),
        ("Age", ("19", "24", "31", "45"), "participants.age_at_entry"),
        ("EthnicGroup", RACES, "participants.race"),
        ("EnrollDt", US, "milestones.enrolled"),
        ("GradDt", US, "milestones.completed"),
        ("WithdrawDt", US, "enrolments.closed_on"),
        ("WithdrawReason", ("", "Childcare", "", "Moved"), "enrolments.exit_reason"),
        ("Campus", SITES, "enrolments.site"),
        ("Instructor", STAFF, "enrolments.coach"),
        ("PlacementDt", US, "milestones.placed"),
        ("PlacementEmployer", EMPLOYERS, "employment.employer"),
        ("StartWage", PLAIN_WAGE, "employment.hourly_wage"),
        ("FT_PT", ("FT", "PT"), "employment.type"),
    )),
    Case("WIPS_extract.csv", "WIPS_extract", (
        ("PIRL 100", NUMBERS, "id"),
        ("PIRL 200", BIRTH_FED, "participants.birth_date"),
        ("PIRL201", SEX, "participants.gender"),
        ("PIRL 202", FLAG, "participants.disability"),
        ("PIRL 300", FLAG, "participants.veteran"),
        ("PIRL 803", BINARY, "participants.english_learner"),
        ("PIRL900", FED, "milestones.enrolled"),
        ("PIRL901", FED, "enrolments.closed_on"),
        ("PIRL 1602", FLAG, "outcomes.employed_q2"),
        ("PIRL1704", QUARTER_PAY, "outcomes.wages_q2"),
        ("PIRL1800", ("5", "6", "0"), "credentials.type"),
    )),
    Case("retention.xlsx", "Retention Checks", (
        ("Client No.", IDS[:40], "id"),
        ("Follow-up Type", ("30", "90", "180"), "follow_ups.due_days"),
        ("Date Contacted", US, "follow_ups.contacted_on"),
        ("Contact Made?", YESNO, "follow_ups.reached"),
        ("Still employed?", YESNO, "follow_ups.employed"),
        ("Same Employer (Y/N)", YN, "follow_ups.same_employer"),
        ("Current wage", WAGE, "follow_ups.hourly_wage"),
        ("How contacted", ("Phone", "Text", "Email"), "follow_ups.method"),
    )),
    Case("support_services_log.csv", "support_services_log", (
        ("Participant ID", IDS[:40], "id"),
        ("Type of Support", ("Bus pass", "Childcare", "Uniform"), "supports.support"),
        ("Date Requested", US, "supports.needed_on"),
        ("Date Provided", US, "supports.received_on"),
        ("Amount ($)", ("$45.00", "$120.00", "$60"), "supports.amount"),
        ("Vendor", ("CTA", "Walmart", "Bright Horizons"), "supports.provider"),
    )),
    Case("tracker_v3_FINAL.xlsx", "Sheet1", (
        ("Partcipant ID", IDS, "id"),
        ("Gendr", MF, "participants.gender"),
        ("Date\nApplied", US, "milestones.applied"),
        ("Orientation Date", US, "milestones.oriented"),
        ("Interview\nDate", US, "milestones.interviewed"),
        ("Accepted Date", US, "milestones.accepted"),
        ("Class Start", US, "milestones.started"),
        ("Certifcation Date", US, "milestones.credentialed"),
        ("Hire Date", US, "milestones.placed"),
        ("Hourly Rate", WAGE, "employment.hourly_wage"),
        ("6 Month Retention", YN, "milestones.retained_180"),
        ("Military Veteran", YN, "participants.veteran"),
        ("# of Dependents", ("0", "1", "2", "3"), "participants.dependents"),
        ("Convictions", YN, "ignore"),
        ("Mental Health Diagnosis", YN, "ignore"),
        ("Caseworker Comments", NOTES, "private.notes"),
    )),
)  # fmt: skip
