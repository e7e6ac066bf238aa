"""The 90-day rule: what extends a period, what blocks its exit, and periods that are one."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rung.errors import PlanError
from rung.records import exits
from rung.records.exits import EXIT, MERGE, ExitRules, Period
from rung.records.lab import Lab
from rung.records.query import Session
from tests.tables import table

DAY = dt.date
AS_OF = DAY(2025, 6, 30)
JOURNEYS = {"pid": "VARCHAR", "period": "SMALLINT", "entered_on": "DATE", "closed_on": "DATE",
            "closed": "BOOLEAN", "planned_end_on": "DATE"}  # fmt: skip
SERVICES = {"pid": "VARCHAR", "service_on": "DATE", "service": "VARCHAR", "attendance": "VARCHAR"}


def judged(people: list[list[Any]], services: list[list[Any]], **more: Any) -> dict[str, Period]:
    with Session() as s:
        table(s, "journeys", JOURNEYS, people)
        table(s, "services", SERVICES, services)
        found = exits.periods(s, ExitRules(**more), AS_OF, ("journeys", "services"))
    return {p.key: p for p in found}


def person(pid: str, entered: str, period: int = 1, closed: str | None = None,
           planned: str | None = None) -> list[Any]:  # fmt: skip
    return [pid, period, entered, closed, closed is not None, planned]


def test_the_exit_is_the_last_qualifying_service_after_ninety_quiet_days() -> None:
    quiet, recent = AS_OF - dt.timedelta(90), AS_OF - dt.timedelta(89)
    found = judged(
        [person("a", "2024-09-01"), person("b", "2024-09-01"), person("c", "2024-09-01")],
        [["a", "2025-01-05", "Class", None], ["a", quiet, "Class", "present"],
         ["b", recent, "Class", None]],
    )  # fmt: skip
    assert (found["a-1"].verdict, found["a-1"].last_on) == ("ended", quiet)
    assert found["b-1"].verdict == "open"
    # no service at all: what is known is the entry
    assert (found["c-1"].verdict, found["c-1"].last_on) == ("ended", DAY(2024, 9, 1))


@pytest.mark.parametrize(
    "service", ["Follow-up call", "Supportive services: bus pass", "Self-service kiosk", "FOLLOWUP"]
)
def test_follow_up_support_and_self_service_do_not_extend(service: str) -> None:
    found = judged(
        [person("a", "2024-09-01")],
        [["a", "2025-01-05", "Class", None], ["a", "2025-06-20", service, None]],
    )
    assert (found["a-1"].verdict, found["a-1"].last_on) == ("ended", DAY(2025, 1, 5))
    assert found["a-1"].other_on == DAY(2025, 6, 20)


def test_what_is_planned_blocks_the_exit() -> None:
    found = judged(
        [person("a", "2024-09-01"), person("b", "2024-09-01", planned="2025-09-30"),
         person("c", "2024-09-01")],
        [["a", "2024-10-01", "Class", None], ["a", "2025-08-01", "Welding class", None],
         ["b", "2024-10-01", "Class", None],
         ["c", "2024-10-01", "Class", None], ["c", "2025-08-01", "Follow-up", None]],
    )  # fmt: skip
    assert {k: p.verdict for k, p in found.items()} == {
        "a-1": "planned", "b-1": "planned", "c-1": "ended",
    }  # fmt: skip
    assert found["a-1"].planned_on == DAY(2025, 8, 1)


def test_who_did_not_come_was_not_served() -> None:
    found = judged(
        [person("a", "2024-09-01")],
        [["a", "2024-10-01", "Class", "present"], ["a", "2025-06-01", "Class", "absent"]],
    )
    assert found["a-1"].last_on == DAY(2024, 10, 1)


def test_periods_closer_than_ninety_days_are_proposed_as_one() -> None:
    found = judged(
        [person("a", "2024-01-01", 1, "2024-03-01"), person("a", "2024-05-29", 2, "2024-07-01"),
         person("a", "2024-09-29", 3)],
        [["a", "2024-03-01", "Class", None]],
    )  # fmt: skip
    assert [found[f"a-{i}"].merge_days for i in (1, 2, 3)] == [89, None, None]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 500), st.booleans(), st.booleans()), max_size=12))
def test_the_rule_once_more_in_plain_python(drawn: list[tuple[int, bool, bool]]) -> None:
    start = DAY(2024, 9, 1)
    services = [["a", start + dt.timedelta(n), "Class" if extends else "Follow-up",
                 "present" if came else "absent"] for n, extends, came in drawn]  # fmt: skip
    (period,) = judged([person("a", "2024-09-01")], services).values()
    days = [start + dt.timedelta(n) for n, extends, came in drawn if extends and came]
    past, future = [d for d in days if d <= AS_OF], [d for d in days if d > AS_OF]
    last = max(past, default=start)
    if future:
        assert (period.verdict, period.planned_on) == ("planned", min(future))
    else:
        ended = (AS_OF - last).days >= 90
        assert (period.verdict, period.last_on) == ("ended" if ended else "open", last)


def _lab(folder: Path) -> Lab:
    folder.mkdir()
    (folder / "lab.toml").write_text(f'[lab]\nprovider = "X"\n\n[clock]\nas_of = {AS_OF}\n')
    for room in ("private", "records", "documents"):
        (folder / room).mkdir()
    people = [
        person("a", "2024-01-01", 1, "2024-03-01"), person("a", "2024-04-01", 2, "2024-07-01"),
        person("a", "2024-09-01", 3), person("b", "2024-09-01", 1, "2025-05-05"),
    ]  # fmt: skip
    services = [["a", "2024-03-01", "Class", None], ["a", "2024-07-01", "Class", None],
                ["a", "2024-11-01", "Class", None], ["b", "2024-12-01", "Class", None]]  # fmt: skip
    with Session() as s:
        table(s, "journeys", JOURNEYS, people)
        table(s, "services", SERVICES, services)
        for name in ("journeys", "services"):
            s.connection.execute(f"COPY {name} TO '{folder}/records/{name}.parquet'")
    return Lab.open(folder)


def _decide(path: Path, decisions: dict[str, str]) -> None:
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    for row in sheet.iter_rows(min_row=1):
        if row[0].value in decisions:
            row[1].value = decisions[str(row[0].value)]
    book.save(path)
    book.close()


def _journeys(lab: Lab) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        return connection.execute(
            f"SELECT pid, period, entered_on, closed_on, closed FROM '{lab.table('journeys')}' "
            "ORDER BY ALL"
        ).fetchall()


def test_nothing_changes_before_someone_decides(tmp_path: Path) -> None:
    lab = _lab(tmp_path / "lab")
    before = _journeys(lab)
    proposed = exits.propose(lab)
    # a-3 never closed; b-1 closed by hand months after the last service; a-1 to a-2 in 31 days,
    # a-2 to a-3 in 62
    assert (proposed.exits, proposed.merges, proposed.blocked) == (2, 2, 0)
    assert _journeys(lab) == before
    when = dt.datetime(2025, 7, 1, tzinfo=dt.UTC)
    assert exits.apply(lab, when).set == 0
    assert _journeys(lab) == before


def test_what_was_decided_is_done_and_kept(tmp_path: Path) -> None:
    lab = _lab(tmp_path / "lab")
    review = exits.propose(lab).review
    assert review is not None
    _decide(review, {"a-3": EXIT, "b-1": "stay open", "a-1+": MERGE, "a-2+": MERGE})
    assert exits.propose(lab).review == review  # asking again keeps what was decided
    when = dt.datetime(2025, 7, 1, tzinfo=dt.UTC)
    done = exits.apply(lab, when)
    assert (done.set, done.merged) == (1, 2)
    assert _journeys(lab) == [
        ("a", 1, DAY(2024, 1, 1), DAY(2024, 11, 1), True),
        ("b", 1, DAY(2024, 9, 1), DAY(2025, 5, 5), True),
    ]
    body = lab.store.get("exits", "exits").body
    assert body["exits"] == {"a-3": "2024-11-01"}
    assert body["merged"] == ["a-1", "a-2"]
    assert (lab.path / "private/journeys-before.parquet").is_file()


def test_a_decision_that_is_none(tmp_path: Path) -> None:
    lab = _lab(tmp_path / "lab")
    review = exits.propose(lab).review
    assert review is not None
    _decide(review, {"a-3": "merge"})
    with pytest.raises(PlanError) as e:
        exits.apply(lab, dt.datetime(2025, 7, 1, tzinfo=dt.UTC))
    assert e.value.code == "PLAN-exit-decision"
