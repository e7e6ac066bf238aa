"""What the records mean: one declaration per table and column, many uses.

From a declaration come the column's check, its page in the manual, its dummy data, the drop-down
in the intake workbook and what the matcher looks for. Facts carry their source (PIRL element
numbers, code lists).
"""

from __future__ import annotations

from collections.abc import Mapping

from rung.records.schema import manual
from rung.records.schema.codes import NO, STATE_WORDS, STATES, YES, YES_NO
from rung.records.schema.life import MEASURES
from rung.records.schema.people import CONSENTS, PARTICIPANTS, REFERRALS, SUPPORTS, VOICES
from rung.records.schema.program import (
    CREDENTIALS,
    ENROLMENTS,
    MILESTONES,
    SEATS,
    SERVICES,
    TRAINING,
)
from rung.records.schema.program_codes import CLOSING, STATUS_REACHES
from rung.records.schema.types import CodeList, Column, Kind, Side, TableSchema
from rung.records.schema.work import EMPLOYER_CONTACTS, EMPLOYMENT, FOLLOW_UPS, OUTCOMES, WAGES

__all__ = [
    "CLOSING",
    "NO",
    "STATES",
    "STATE_WORDS",
    "STATUS_REACHES",
    "TABLES",
    "YES",
    "YES_NO",
    "CodeList",
    "Column",
    "Kind",
    "Side",
    "TableSchema",
    "page",
]

TABLES: Mapping[str, TableSchema] = {
    table.name: table
    for table in (
        PARTICIPANTS,
        ENROLMENTS,
        MILESTONES,
        REFERRALS,
        SUPPORTS,
        SERVICES,
        TRAINING,
        CREDENTIALS,
        EMPLOYMENT,
        FOLLOW_UPS,
        WAGES,
        OUTCOMES,
        MEASURES,
        VOICES,
        CONSENTS,
        SEATS,
        EMPLOYER_CONTACTS,
    )
}
"""Every table Rung knows, people first."""


def page() -> str:
    """The manual page of the records in Markdown (`docs/records.md`)."""
    return manual.page(TABLES)
