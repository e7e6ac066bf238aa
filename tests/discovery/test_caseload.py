"""A coach's people: reasons from what the program did, never from who a person is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import sqlglot
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlglot import exp

from rung.discovery import caseload as room
from rung.discovery import followups
from rung.discovery.caseload import Case, CaseloadSettings
from rung.discovery.followups import Entered
from rung.errors import PlanError
from rung.messages import sentence
from rung.records.lab import Milestone
from rung.records.query import Session
from tests.tables import table

AS_OF = dt.date(2026, 3, 31)
RULES = CaseloadSettings()
MILESTONES = (
    Milestone(key="applied", label="Applied", done="applied"),
    Milestone(key="completed", label="Completed"),
    Milestone(key="placed", label="Placed"),
    Milestone(key="retained_90", label="Working at 90 days"),
)
JOURNEYS = {
    "pid": "VARCHAR",
    "period": "SMALLINT",
    "coach": "VARCHAR",
    "entered_on": "DATE",
    "completed": "BOOLEAN",
    "completed_on": "DATE",
    "placed": "BOOLEAN",
    "placed_on": "DATE",
    "retained_90": "BOOLEAN",
    "retained_90_on": "DATE",
    "closed": "BOOLEAN",
    "closed_on": "DATE",
    "last_service_on": "DATE",
    "planned_end_on": "DATE",
    "gender": "VARCHAR",
    "race_black": "BOOLEAN",
    "disability": "BOOLEAN",
    "age_at_entry": "BIGINT",
}
SERVICES = {"pid": "VARCHAR", "service_on": "DATE", "attendance": "VARCHAR", "staff": "VARCHAR"}
FOLLOW_UPS = {
    "pid": "VARCHAR",
    "due_days": "BIGINT",
    "contacted_on": "DATE",
    "reached": "BOOLEAN",
    "employed": "BOOLEAN",
}
EMPLOYMENT = {"pid": "VARCHAR", "start_on": "DATE", "end_on": "DATE"}


def back(days: int) -> dt.date:
    """A day before the as-of date."""
    return AS_OF - dt.timedelta(days=days)


def person(pid: str, **more: Any) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(JOURNEYS)
    row |= {"pid": pid, "period": 1, "coach": "Ann", "closed": False, "entered_on": back(200)}
    row |= dict.fromkeys(("completed", "placed", "retained_90"), False) | more
    for key in ("completed", "placed", "retained_90"):
        row[key] = row[key] or row[f"{key}_on"] is not None
    return row


@pytest.fixture
def session() -> Iterator[Session]:
    with Session() as s:
        yield s


def cases(
    session: Session,
    people: list[dict[str, Any]],
    *,
    services: list[tuple[str, int, str]] | None = None,
    follow_ups: list[tuple[Any, ...]] | None = None,
    jobs: list[tuple[Any, ...]] | None = None,
    without: tuple[str, ...] = (),
    **more: Any,
) -> dict[str, Case]:
    kept = {c: t for c, t in JOURNEYS.items() if c not in without}
    table(session, "journeys", kept, [[p[c] for c in kept] for p in people])
    if services is not None:
        table(session, "services", SERVICES, [[p, back(d), a, "Sam"] for p, d, a in services])
    if follow_ups is not None:
        table(session, "follow_ups", FOLLOW_UPS, follow_ups)
    if jobs is not None:
        table(session, "employment", EMPLOYMENT, jobs)
    asked: dict[str, Any] = {"settings": RULES, "as_of": AS_OF, **more}
    found = room.caseload(session, milestones=MILESTONES, **asked)
    return {c.pid: c for c in found}


def codes(case: Case) -> list[str]:
    return [n.code.removeprefix("care-") for n in case.reasons]


def test_absences_count_in_the_last_days_and_are_no_contact(session: Session) -> None:
    found = cases(
        session,
        [person("a", last_service_on=back(2)), person("b", last_service_on=back(13))],
        services=[
            *(("a", days, "absent") for days in (2, 13, 14)),
            ("a", 15, "present"),
            *(("b", 2, "excused"), ("b", 5, "absent"), ("b", 13, "present")),
        ],
    )
    assert list(found) == ["a"]
    assert codes(found["a"]) == ["absences", "no-contact"]
    assert found["a"].reasons[0].words() == "2 absences in 14 days"
    assert found["a"].reasons[1].words() == "no contact for 15 days"
    assert found["a"].last_contact == back(15)
    counted = CaseloadSettings(count_excused=True)
    assert set(cases(session, [person("b")], settings=counted)) == {"b"}


def test_a_contact_long_before_the_latest_absences_is_found(session: Session) -> None:
    people = [person("a", entered_on=back(400), last_service_on=back(50))]
    services = [("a", 120, "present"), ("a", 50, "absent")]
    (case,) = cases(session, people, services=services).values()
    assert (case.last_contact, codes(case)) == (back(120), ["dormant"])
    assert case.due_on is None


@pytest.mark.parametrize(
    ("days", "said"), [(13, []), (14, ["no-contact"]), (89, ["no-contact"]), (90, ["dormant"])]
)
def test_silence(session: Session, days: int, said: list[str]) -> None:
    found = cases(session, [person("a", last_service_on=back(days))], everyone=True)
    assert codes(found["a"]) == said
    if said == ["no-contact"]:
        assert found["a"].due_on == back(days - 14)
        assert found["a"].overdue == days - 14


def test_whoever_left_or_has_a_job_is_not_called_absent(session: Session) -> None:
    quiet = {"last_service_on": back(40)}
    found = cases(
        session,
        [
            person("closed", closed=True, **quiet),
            person("placed", placed_on=back(60), **quiet),
            person("closes later", closed=True, closed_on=AS_OF + dt.timedelta(days=1), **quiet),
            person("job", **quiet),
        ],
        jobs=[("job", back(50), None)],
        everyone=True,
    )
    assert {p: codes(c) for p, c in found.items()} == {
        "closed": [],
        "placed": ["follow-up-late"],
        "closes later": ["no-contact"],
        "job": ["follow-up-late"],
    }


def test_a_program_that_should_have_ended(session: Session) -> None:
    recent = {"last_service_on": back(3), "planned_end_on": back(5)}
    found = cases(session, [person("a", **recent), person("b", completed_on=back(6), **recent)])
    assert {p: codes(c) for p, c in found.items()} == {"a": ["planned-end"]}
    assert (found["a"].due_on, found["a"].overdue) == (back(5), 5)


@pytest.mark.parametrize(
    ("started", "said", "due"),
    [
        (22, [], None),
        (23, ["follow-up"], 7),
        (30, ["follow-up"], 0),
        (31, ["follow-up-late"], -1),
        (82, ["follow-up-late"], -52),
        (83, ["follow-up-late", "follow-up"], -53),
        (90, ["follow-up"], 0),
        (150, ["follow-up-late"], -60),
        (151, [], None),
        (425, ["follow-up-late"], -60),
        (426, [], None),
    ],
)
def test_a_follow_up_opens_is_late_and_passes(
    session: Session, started: int, said: list[str], due: int | None
) -> None:
    (case,) = cases(session, [person("a", placed_on=back(started))], everyone=True).values()
    assert codes(case) == said
    assert case.due_on == (None if due is None else AS_OF + dt.timedelta(days=due))


def test_an_answer_closes_a_follow_up_and_a_try_does_not(session: Session) -> None:
    people = [person(p, placed_on=back(95)) for p in "abcd"] + [
        person("e", placed_on=back(95), retained_90_on=back(2))
    ]
    rows: list[tuple[Any, ...]] = [
        ("a", 90, back(3), True, True),
        ("b", 90, back(3), False, None),
        ("c", 90, back(3), True, False),
        ("d", None, back(3), False, None),  # the day says which one it is
    ]
    found = cases(session, people, follow_ups=rows, everyone=True)
    said = {p: codes(c) for p, c in found.items()}
    again = ["follow-up-again"]
    assert said == {"a": [], "b": again, "c": [], "d": again, "e": []}
    assert found["b"].reasons[0].params["tried"] == back(3).isoformat()
    assert found["e"].follow_ups[90].result == "verified"


def test_what_was_entered_by_hand_stands_and_an_older_answer_does_not(session: Session) -> None:
    def hand(pid: str, result: Any, on: dt.date) -> Entered:
        return Entered(pid=pid, due_days=90, due_on=back(5), result=result, on=on)

    entered = [
        hand("a", "verified", AS_OF + dt.timedelta(days=30)),  # after the records end
        hand("b", "not_reached", AS_OF),  # a try undoes no answer
        hand("c", "not_retained", back(3)),  # the same day: by hand
        hand("d", "verified", back(4)),  # an older one
        hand("nobody", "verified", AS_OF),
    ]
    rows = [(p, 90, back(3), True, p != "d") for p in "bcd"]
    people = [person(p, placed_on=back(95)) for p in "abcd"]
    found = cases(session, people, follow_ups=rows, entered=entered, everyone=True)
    stands = {p: c.follow_ups[90].result for p, c in found.items()}
    assert stands == {
        "a": "verified",
        "b": "verified",
        "c": "not_retained",
        "d": "not_retained",
    }


def test_the_job_on_record_comes_before_the_milestone(session: Session) -> None:
    jobs = [("a", back(300), back(250)), ("a", back(31), None), ("b", back(40), back(10))]
    found = cases(
        session,
        [person("a", placed_on=back(200)), person("b", placed_on=back(200))],
        jobs=jobs,  # the first job of a was before entry
    )
    assert {p: c.start_on for p, c in found.items()} == {"a": back(31), "b": back(40)}
    assert codes(found["b"]) == ["job-ended", "follow-up-late"][::-1]


def test_the_latest_period_counts(session: Session) -> None:
    people = [
        person("a", coach="Old", last_service_on=back(20)),
        person("a", period=2, coach="Ann", last_service_on=back(1)),
    ]
    assert cases(session, people, coach="Old", everyone=True) == {}
    (case,) = cases(session, people, coach="Ann", everyone=True).values()
    assert case.last_contact == back(1)


def test_order_is_by_what_is_most_overdue_then_due_then_pid(session: Session) -> None:
    people = [
        person("z", placed_on=back(28)),
        person("y", placed_on=back(26)),
        person("dormant", last_service_on=back(150)),
        person("b", last_service_on=back(20)),
        person("a", last_service_on=back(20)),
        person("late", placed_on=back(80)),
    ]
    found = cases(session, people)
    assert list(found) == ["late", "a", "b", "z", "y", "dormant"]


def test_coaches_and_the_staff_of_the_latest_service(session: Session) -> None:
    people = [person("a"), person("b", coach="Bo"), person("c", coach=None)]
    cases(session, people)
    known = {"milestones": MILESTONES, "as_of": AS_OF}
    assert room.coaches(session, **known) == (("Ann", 1), ("Bo", 1))  # type: ignore[arg-type]
    services = [("a", 30, "present"), ("b", 20, "present")]
    found = cases(session, people, services=services, without=("coach",), coach="Sam")
    assert set(found) == {"a", "b"}
    assert room.coaches(session, **known) == (("Sam", 2),)  # type: ignore[arg-type]


def test_a_lab_without_services_follow_ups_or_jobs(session: Session) -> None:
    bare = ("coach", "last_service_on", "planned_end_on", "closed_on", "retained_90_on")
    people = [person("a", entered_on=back(20))]
    (case,) = cases(session, people, without=bare[:4]).values()
    assert (case.coach, codes(case)) == ("", ["no-contact"])


def test_every_reason_is_said_in_both_languages() -> None:
    given: dict[str, Any] = {"n": 2, "days": 90, "on": "2026-05-03", "tried": "2026-05-04"}
    for code in ("absences", "no-contact", "dormant", "planned-end", "job-ended"):
        english, spanish = (sentence(f"note.care-{code}", given, x) for x in ("en", "es"))
        assert english != spanish
    assert sentence("note.care-follow-up", given, "es").endswith("3 de mayo de 2026")


# -- no trait in any reason


def _columns_read(session: Session) -> set[str]:
    found: set[str] = set()
    view = "SELECT sql FROM duckdb_views() WHERE view_name = 'rung caseload'"
    made = [row[0] for row in session.connection.execute(view).fetchall()]
    assert len(made) == 1
    for sql in (*session.log, *made):
        tree = sqlglot.parse_one(sql, dialect="duckdb")
        stars = [s for s in tree.find_all(exp.Star) if not isinstance(s.parent, exp.Count)]
        assert not stars, "a star could let a trait in"
        found |= {c.name for c in tree.find_all(exp.Column)}
    return found


def test_no_query_reads_a_trait(session: Session) -> None:
    cases(
        session,
        [person("a", placed_on=back(95)), person("b")],
        services=[("b", 3, "absent")],
        follow_ups=[("a", 90, back(3), False, None)],
        jobs=[("a", back(95), None)],
    )
    read = _columns_read(session)
    assert {"pid", "coach", "attendance", "service_on", "due_days", "placed_on"} <= read
    assert {"gender", "race_black", "disability", "age_at_entry"} <= followups.TRAITS
    assert not read & followups.TRAITS
    for columns in (room.JOURNEYS, room.SERVICES, room.EMPLOYMENT):
        assert not set(columns) & followups.TRAITS


def test_a_milestone_named_like_a_trait_is_not_read(session: Session) -> None:
    odd = (*MILESTONES, Milestone(key="disability", label="?"))
    table(session, "journeys", JOURNEYS, [list(person("a", disability=True).values())])
    room.caseload(session, milestones=odd, settings=RULES, as_of=AS_OF)
    assert not _columns_read(session) & followups.TRAITS


people_ = st.lists(
    st.fixed_dictionaries(
        {
            "last_service_on": st.integers(0, 120).map(back),
            "placed_on": st.none() | st.integers(0, 430).map(back),
            "planned_end_on": st.none() | st.integers(-5, 40).map(back),
            "closed": st.booleans(),
        }
    ),
    min_size=1,
    max_size=6,
)
traits = st.fixed_dictionaries(
    {
        "gender": st.sampled_from(["female", "male", None]),
        "race_black": st.sampled_from([True, False, None]),
        "disability": st.sampled_from([True, False, None]),
        "age_at_entry": st.none() | st.integers(16, 90),
    }
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(people=people_, data=st.data())
def test_changing_every_trait_leaves_every_reason(
    session: Session, people: list[dict[str, Any]], data: st.DataObject
) -> None:
    def drawn() -> dict[str, Case]:
        rows = [person(f"p{i}", **p, **data.draw(traits)) for i, p in enumerate(people)]
        return cases(session, data.draw(st.permutations(rows)), everyone=True)

    first, second = drawn(), drawn()
    assert list(first.items()) == list(second.items())


def test_everyone_at_once_is_every_coach_one_by_one(session: Session) -> None:
    people = [
        person(f"p{i}", coach="ABC"[i % 3], last_service_on=back(i * 3), placed_on=placed)
        for i in range(30)
        for placed in [back(i * 15) if i % 2 else None]
    ]
    whole = cases(session, people)
    parts = {p: c for coach in "ABC" for p, c in cases(session, people, coach=coach).items()}
    assert parts == whole
    (one,) = cases(session, people, pid="p7", everyone=True).values()
    assert one == cases(session, people, everyone=True)["p7"]


def test_a_lab_without_milestones_says_what_is_missing() -> None:
    with Session() as session, pytest.raises(PlanError) as wrong:
        room.caseload(
            session, milestones=(), settings=CaseloadSettings(), as_of=dt.date(2026, 3, 31)
        )
    assert wrong.value.code == "PLAN-few-milestones"
