"""What coaches of a simulated provider keep beside the list of people: four more CSV files.

    caseloads.csv     who goes along with whom, and when the program is planned to end
    attendance.csv    who came to what, and who did not
    follow-ups.csv    calls 30, 90, 180 and 365 days after a job began
    wages.csv         what the state answered to a request for wage records

They are about the same people, ids and days as the list, with a little of the same dirt.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rung.records import query
from rung.records.query import Session
from rung.records.simulating import sending
from rung.records.simulating.scenario import Settings
from rung.records.simulating.sending import Sent

COACHES = ("Alma Reyes", "Devon Clark", "Joyce Adeyemi", "Minh Tran")
PROGRAM_DAYS = 70

COACHED = (
    Sent(key="id", header="ID", target="id", kinds=("lost_zeros",)),
    Sent(key="coach", header="Career Coach", target="enrolments.coach", kinds=("spaces",)),
    Sent(key="planned_end", header="Planned End Date", target="enrolments.planned_end_on",
         kinds=("date_format", "spaces")),
)  # fmt: skip
ATTENDED = (
    Sent(key="id", header="Client ID", target="id", kinds=("lost_zeros",)),
    Sent(key="service_on", header="Service Date", target="services.service_on",
         kinds=("date_format", "spaces")),
    Sent(key="service", header="Service", target="services.service"),
    Sent(key="attendance", header="Attendance", target="services.attendance",
         kinds=("spaces", "respelled")),
    Sent(key="staff", header="Staff Name", target="services.staff", kinds=("spaces",)),
)  # fmt: skip
CHECKED = (
    Sent(key="id", header="ID", target="id", kinds=("lost_zeros",)),
    Sent(key="due_days", header="Follow-Up Day", target="follow_ups.due_days"),
    Sent(key="called_on", header="Follow-Up Date", target="follow_ups.contacted_on",
         kinds=("date_format", "spaces")),
    Sent(key="reached", header="Reached", target="follow_ups.reached", kinds=("spaces",)),
    Sent(key="works", header="Still Employed", target="follow_ups.employed", kinds=("spaces",)),
    Sent(key="method", header="Contact Method", target="follow_ups.method", kinds=("spaces",)),
)  # fmt: skip
PAID = (
    Sent(key="id", header="ID", target="id", kinds=("lost_zeros",)),
    Sent(key="year", header="Year", target="wages.year", kinds=("spaces",)),
    Sent(key="quarter_of_year", header="Qtr", target="wages.quarter_of_year", kinds=("spaces",)),
    Sent(key="amount", header="Wages", target="wages.amount", kinds=("spaces",)),
    Sent(key="employer", header="Employer", target="wages.employer", kinds=("spaces",)),
)  # fmt: skip


def send(session: Session, folder: Path, settings: Settings, *, dirt: float) -> tuple[Path, ...]:
    """Write the four files; needs the views of the simulation, `wages` among them."""
    given: dict[str, tuple[str, Sequence[Sent], dict[str, query.Value]]] = {
        "caseloads.csv": (
            "simulate_coached",
            COACHED,
            {"coaches": list(COACHES), "many": len(COACHES), "program_days": PROGRAM_DAYS},
        ),
        "attendance.csv": (
            "simulate_attended",
            ATTENDED,
            {"staff": list(COACHES), "many": len(COACHES)},
        ),
        "follow-ups.csv": ("simulate_checked", CHECKED, {"as_of": settings.as_of}),
        "wages.csv": ("simulate_sent_wages", PAID, {}),
    }
    files = []
    for name, (source, columns, values) in given.items():
        session.view(source, query.fill(query.load(sending.ROOM, source), values))
        files.append(folder / name)
        sending.csv(session, source, files[-1], columns, dirt)
    return tuple(files)
