"""Milestones that training providers have, in the order of a journey, and how headers call them."""

from __future__ import annotations

from dataclasses import dataclass

from rung.records.schema import TABLES


@dataclass(frozen=True)
class Step:
    """One usual milestone: key, label, what people did who reached it, spellings of headers.

    `loose` spellings are right only where nothing else claims them.
    """

    key: str
    label: str
    done: str
    also: tuple[str, ...]
    loose: tuple[str, ...] = ()


def _spelt(table: str, *columns: str) -> tuple[str, ...]:
    return tuple(s for c in columns for s in TABLES[table].column(c).also)


_GENERIC = {"start date", "start dt", "start", "begin date", "termination date", "issue date",
            "date issued", "working", "passed"}  # fmt: skip


def _sharp(spellings: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(s for s in spellings if s not in _GENERIC)


def _retained(days: int, *months: str) -> Step:
    forms = (
        *("check", "check in", "retention", "follow up", "retained", "employed", "status", ""),
        *("still employed", "verification", "job retention", "employment retention"),
    )
    times = (f"{days} day", f"{days} days", f"{days}d", *months)
    return Step(
        f"retained_{days}",
        f"Working at {days} days",
        f"were working {days} days later",
        tuple(f"{time} {form}".strip() for time in times for form in forms),
    )


STEPS: tuple[Step, ...] = (
    Step(
        "applied", "Applied", "applied",
        ("application date", "applied", "date applied", "date of application", "apply date",
         "application received date", "application submitted date", "intake date", "applied on",
         "date of intake", "intake", "registration date", "date registered", "app date",
         "sign up date", "interest form date", "intake completed", "application completed"),
    ),
    Step(
        "oriented", "Came to orientation", "came to orientation",
        ("orientation date", "attended orientation", "orientation", "information session date",
         "info session date", "date of orientation", "attended info session"),
    ),
    Step(
        "assessed", "Took the entry test", "took the entry test",
        ("assessment date", "tabe date", "test date", "date assessed", "assessment completed",
         "casas date", "date of assessment", "entrance test date"),
    ),
    Step(
        "interviewed", "Interviewed", "were interviewed",
        ("interview date", "interviewed", "date of interview", "date interviewed",
         "admissions interview date"),
    ),
    Step(
        "accepted", "Accepted", "were accepted",
        ("accepted", "acceptance date", "date accepted", "admission date", "date of acceptance",
         "approved date", "approval date", "date approved", "selected date", "accepted on",
         "offer date", "screened in", "selection date", "accepted into program",
         "accepted y n", "date admitted"),
    ),
    Step(
        "enrolled", "Enrolled", "enrolled",
        ("enrollment date", "date enrolled", "date of enrollment", "enrolled", "enrolled on",
         "program start date", "date of program entry", "entry date", "date of entry",
         "program entry date", "date of program enrollment", "case start date", "start date",
         "start", "program enrollment date", "program begin date", "date started", "start dt",
         "program start", "enrollment start date", "began program", "enrolled y n",
         "program admission date", "date of program start", "engagement start date"),
    ),
    Step(
        "started", "Started class", "started class",
        ("training start date", "class start date", "first day of class", "started class",
         "first day of training", "started training", "date training started", "class start",
         "date training began", "training start", "training begin date", "showed up day 1"),
    ),
    Step(
        "completed", "Completed", "completed the program",
        ("completion date", "date completed", "graduation date", "graduated", "completed",
         "date of completion", "program completion date", "completed program", "grad date",
         "date graduated", "date completed program", "completed training", "graduate",
         "training completion date", "date training completed", "training completed",
         "finished program", "completion", "completed on", "program completed", "completed y n",
         "training end date", "date completed training", "did participant complete training",
         "graduated y n", "successfully completed", "course completion date", "date of graduation",
         "class completion date", "graduated on"),
    ),
    Step(
        "credentialed", "Earned a credential", "earned a credential",
        (*_sharp(_spelt("credentials", "earned_on", "earned")), "credentialed"),
        ("issue date", "date issued", "passed"),
    ),
    Step(
        "placed", "Placed in a job", "were placed in a job",
        (*_sharp(_spelt("employment", "start_on", "employed")), "placed", "placement",
         "job placement", "date employed", "hired", "placed y n", "employed at exit", "placed on",
         "placed in job", "placed in employment", "employed after program", "got a job"),
        ("start date", "start", "start dt", "begin date", "working"),
    ),
    _retained(30, "1 month"),
    _retained(60, "2 month"),
    _retained(90, "3 month"),
    _retained(120, "4 month"),
    _retained(180, "6 month"),
    _retained(365, "12 month", "1 year", "one year"),
    Step(
        "retained", "Kept the job", "kept the job",
        ("retained", "retention", "job retention", "still employed", "retention date",
         "retained y n", "retained employment", "job retained"),
    ),
    Step(
        "advanced", "Moved up", "moved up",
        ("promotion date", "promoted", "date promoted", "advanced", "advancement date",
         "wage increase date", "raise date", "received promotion", "promotion"),
    ),
)  # fmt: skip

BY_KEY = {step.key: step for step in STEPS}
ORDER = {step.key: i for i, step in enumerate(STEPS)}
