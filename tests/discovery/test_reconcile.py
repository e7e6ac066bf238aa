"""Our number against last year's report, by other rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from rung.discovery import cohorts
from rung.discovery.reconcile import reconcile
from rung.errors import PlanError
from rung.finding import Finding, Table
from rung.records.lab import Milestone
from rung.records.query import Session
from tests.discovery.test_journey import MILESTONES, TYPES, person
from tests.tables import table

PEOPLE = [
    person("a", "2024-08-01", completed_on="2024-12-01"),  # FY2025 by both dates
    person("a", "2025-02-01", period=2, completed_on="2025-05-01"),  # the same person again
    person("b", "2024-02-01", completed_on="2024-07-10"),  # completes in FY2025, entered before
    person("c", "2025-05-01", completed_on="2025-08-01"),  # entered in FY2025, completes after
    person("d", "2024-09-01", completed=True),  # undated
    person("e", "2024-09-01", enrolled_on="2024-10-01"),
]


@pytest.fixture
def session() -> Iterator[Session]:
    with Session() as s:
        table(s, "journeys", TYPES, PEOPLE)
        yield s


def ask(session: Session, reported: int, **more: Any) -> tuple[Finding, dict[str, int], str]:
    given: dict[str, Any] = {"milestone": "completed", "period": "FY2025", **more}
    ours, rules = reconcile(session, milestones=MILESTONES, reported=reported, **given)
    assert isinstance(ours, Finding)
    assert isinstance(rules, Table)
    return ours, {str(r["rule"]): int(str(r["count"])) for r in rules.rows}, ours.caveats[0].code


def test_our_number_and_each_rule(session: Session) -> None:
    ours, rules, code = ask(session, 3)
    assert ours.value == 2  # a and b
    assert rules["rows, not unique people"] == 3
    assert rules["undated milestones counted in the year of entry"] == 3
    # a and c by date of entry, in the calendar year, and from October: two again, so not told
    assert set(rules.values()) == {2, 3, 4}
    (ours_in_words,) = (r for r, n in rules.items() if n == 2)
    assert ours_in_words.startswith("Rung's rule: unique people, by the milestone's own date")
    assert code == "reconcile-match"


def test_agreement_and_no_explanation(session: Session) -> None:
    assert ask(session, 2)[2] == "reconcile-agrees"
    assert ask(session, 500)[2] == "reconcile-none"


def test_entry_itself_can_be_reconciled(session: Session) -> None:
    ours, rules, _ = ask(session, 5, milestone="applied")
    assert ours.value == 4  # a, c, d, e entered in the year
    assert rules["rows, not unique people"] == 5


@pytest.mark.parametrize(
    "change", [{"milestone": "hired"}, {"period": "last year"}, {"period": "2024-13"}]
)
def test_what_cannot_be_asked(session: Session, change: dict[str, Any]) -> None:
    with pytest.raises(PlanError):
        ask(session, 1, **change)


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("2024", "2024-01-01", "2024-12-31"),
        ("FY2025", "2024-07-01", "2025-06-30"),
        ("PY2024", "2024-07-01", "2025-06-30"),
        ("2024Q3", "2024-07-01", "2024-09-30"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2024-12", "2024-12-01", "2024-12-31"),
    ],
)
def test_names_of_stretches_of_time(name: str, first: str, last: str) -> None:
    assert cohorts.span(name) == (dt.date.fromisoformat(first), dt.date.fromisoformat(last))


@pytest.mark.parametrize("name", ["", "24", "2024Q5", "FY25", "spring", "9999", "2024-00"])
def test_other_names_are_not(name: str) -> None:
    assert cohorts.span(name) is None


def test_rows_that_cannot_be_read_are_told(session: Session) -> None:
    session.connection.execute("ALTER TABLE journeys ADD COLUMN _state_completed VARCHAR")
    session.connection.execute("UPDATE journeys SET _state_completed = 'invalid' WHERE pid = 'e'")
    ours, _, _ = ask(session, 3)
    assert {n.code: n.params.get("n") for n in ours.caveats}["reconcile-unreadable"] == 1


def test_what_is_dated_after_the_as_of_date_is_not_counted(session: Session) -> None:
    ours, _, _ = ask(session, 3, as_of=dt.date(2024, 8, 1))
    assert ours.value == 1  # b; a completed in December


def test_a_skipped_milestone_counts_in_one_period(session: Session) -> None:
    table(
        session,
        "journeys",
        {**TYPES, "placed": "BOOLEAN", "placed_on": "DATE"},
        [[*person("a", "2024-01-01", completed_on="2024-06-01"), True, "2024-09-01"]],
    )
    steps = (*MILESTONES, Milestone(key="placed", label="Placed"))
    rule = "skipped milestones counted by the first later one"
    found = {}
    for year in ("FY2024", "FY2025"):
        _, rules = reconcile(
            session, milestones=steps, milestone="enrolled", period=year, reported=1
        )
        assert isinstance(rules, Table)
        found[year] = {str(r["rule"]): r["count"] for r in rules.rows}.get(rule, 0)
    assert found == {"FY2024": 1, "FY2025": 0}
