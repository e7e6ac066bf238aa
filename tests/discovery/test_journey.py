"""The journey: small tables in, small tables out."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rung.discovery import gaps, journey
from rung.discovery.journey import JourneySettings, Summary
from rung.errors import CannotAnswer, PlanError, RecordsError
from rung.finding import Finding
from rung.records.lab import Group, Milestone
from rung.records.query import Session
from rung.stats.intervals import newcombe, two_share_p, wilson
from tests.tables import table

MILESTONES = (
    Milestone(key="applied", label="Applied", done="applied"),
    Milestone(key="enrolled", label="Enrolled", done="enrolled"),
    Milestone(key="completed", label="Completed", done="completed training"),
)
TYPES = {
    "pid": "VARCHAR",
    "period": "SMALLINT",
    "gender": "VARCHAR",
    "race_black": "BOOLEAN",
    "race_white": "BOOLEAN",
    "cohort": "VARCHAR",
    "entered_on": "DATE",
    "enrolled": "BOOLEAN",
    "enrolled_on": "DATE",
    "completed": "BOOLEAN",
    "completed_on": "DATE",
    "closed": "BOOLEAN",
    "closed_on": "DATE",
    "last_service_on": "DATE",
}
AS_OF = dt.date(2025, 6, 30)
RULES = JourneySettings(within_days=100, lost_after_days=30)
GENDER = Group(key="gender", labels={"f": "Women", "m": "Men"})
RACE = Group(key="race", columns=("race_black", "race_white"))


@pytest.fixture
def session() -> Iterator[Session]:
    with Session() as s:
        yield s


def person(pid: str, entered: str | None, **more: Any) -> list[Any]:
    row: dict[str, Any] = dict.fromkeys(TYPES)
    row.update(pid=pid, period=1, entered_on=entered, enrolled=False, completed=False, closed=False)
    row.update(more)
    for m in ("enrolled", "completed"):
        if row[f"{m}_on"]:
            row[m] = True
    return list(row.values())


def summarise(session: Session, rows: list[list[Any]], **more: Any) -> Summary:
    table(session, "journeys", TYPES, rows)
    given: dict[str, Any] = {"milestones": MILESTONES, "settings": RULES, "as_of": AS_OF, **more}
    return journey.summarise(session, **given)


def rows(summary: Summary, group: Group | None = None) -> dict[Any, dict[str, Any]]:
    made = journey.table(summary, group)
    key = group.key if group else None
    return {((r[key], r["milestone"]) if key else r["milestone"]): dict(r) for r in made.rows}


def test_one_denominator_is_kept_and_young_cohorts_have_no_percentage(session: Session) -> None:
    found = rows(
        summarise(
            session,
            [
                person("a", "2025-01-01", enrolled_on="2025-01-20", completed_on="2025-03-01"),
                person("b", "2025-01-01", enrolled_on="2025-02-01"),  # quiet since: lost
                person("c", "2025-01-01"),
                person("d", "2025-01-01", enrolled_on="2025-06-15"),  # too late for 100 days
                person("e", "2025-06-01", enrolled_on="2025-06-20"),  # young: in progress
                person("f", "2025-06-20", closed=True),  # young and gone
            ],
        )
    )
    assert [found[m]["entered"] for m in ("Applied", "Enrolled", "Completed")] == [4, 4, 4]
    assert [found[m]["reached"] for m in ("Applied", "Enrolled", "Completed")] == [4, 2, 1]
    assert found["Completed"]["rate"] == 0.25
    assert (found["Completed"]["low"], found["Completed"]["high"]) == wilson(1, 4)
    assert found["Enrolled"]["people"] == 6
    assert found["Enrolled"]["reached_any"] == 4
    assert (found["Enrolled"]["lost"], found["Enrolled"]["in_progress"]) == (2, 0)
    # d enrolled two weeks ago and e ten days ago: both may still complete
    assert (found["Completed"]["lost"], found["Completed"]["in_progress"]) == (3, 2)


def test_only_young_people_means_counts_without_rates(session: Session) -> None:
    summary = summarise(session, [person("a", "2025-06-01"), person("b", "2025-06-02")])
    found = rows(summary)
    assert found["Enrolled"]["rate"] is None
    assert found["Enrolled"]["people"] == 2
    assert gaps.bottleneck(summary).kind == "refusal"
    assert "none-mature" in {n.code for n in journey.caveats(summary)}


def test_a_skipped_milestone_is_implied_and_counted_as_such(session: Session) -> None:
    found = rows(
        summarise(
            session,
            [person("a", "2025-01-01", completed_on="2025-02-01"), person("b", "2025-01-01")],
        )
    )
    assert (found["Enrolled"]["reached"], found["Enrolled"]["implied"]) == (1, 1)
    assert (found["Completed"]["reached"], found["Completed"]["implied"]) == (1, 0)


def test_undated_counts_in_rates_and_is_told(session: Session) -> None:
    summary = summarise(
        session,
        [person("a", "2025-01-01", completed=True), person("b", "2025-01-01", completed=None)],
    )
    found = rows(summary)
    assert (found["Completed"]["reached"], found["Completed"]["undated"]) == (1, 1)
    assert found["Completed"]["unknown"] == 1
    assert ("undated", 1) in {(n.code, n.params.get("n")) for n in journey.caveats(summary)}


def test_events_after_the_as_of_date_have_not_happened(session: Session) -> None:
    found = rows(
        summarise(
            session,
            [
                person(
                    "a", "2024-01-01", enrolled_on="2025-07-15", closed=True, closed_on="2025-08-01"
                ),
                person("b", "2026-01-01"),
            ],
        )
    )
    assert found["Enrolled"]["reached_any"] == 0
    assert found["Enrolled"]["people"] == 1


def test_everyone_left_out_is_counted_with_the_reason(session: Session) -> None:
    summary = summarise(
        session,
        [
            person("a", "2024-03-01"),
            person("a", "2025-01-01", period=2),
            person("b", None),
            person("c", "2025-12-01"),
            person("d", "2023-01-01"),
            person("e", "2024-12-31"),
        ],
        cohort="2024",
    )
    made = journey.counts(summary)
    assert made.analysed == 2
    assert {e.reason: e.n for e in made.excluded} == {
        "later-period": 1,
        "no-entry-date": 1,
        "after-as-of": 1,
        "other-cohort": 1,
    }


def test_groups_partition_or_overlap(session: Session) -> None:
    people = [
        person(
            "a",
            "2025-01-01",
            gender="f",
            race_black=True,
            race_white=True,
            enrolled_on="2025-01-10",
        ),
        person("b", "2025-01-01", gender="m", race_white=True),
        person("c", "2025-01-01", gender=None, race_black=True),
    ]
    summary = summarise(session, people, groups=(GENDER, RACE))
    by_gender = rows(summary, GENDER)
    assert by_gender["Women", "Enrolled"]["reached"] == 1
    assert by_gender["not recorded", "Enrolled"]["entered"] == 1
    assert (
        sum(by_gender[g, "Applied"]["entered"] for g in ("Women", "Men", "not recorded"))
        == by_gender["everyone", "Applied"]["entered"]
    )
    by_race = rows(summary, RACE)
    assert by_race["race_black", "Applied"]["entered"] == 2
    assert by_race["race_white", "Applied"]["entered"] == 2


def test_a_gap_compares_disjoint_people_at_one_step(session: Session) -> None:
    people = [
        person(
            f"f{i}",
            "2025-01-01",
            gender="f",
            enrolled_on="2025-01-05",
            completed_on="2025-03-01" if i < 10 else None,
        )
        for i in range(40)
    ] + [
        person(
            f"m{i}",
            "2025-01-01",
            gender="m",
            enrolled_on="2025-01-05",
            completed_on="2025-03-01" if i < 30 else None,
        )
        for i in range(40)
    ]
    summary = summarise(session, people, groups=(GENDER,))
    gap = gaps.largest(summary)
    assert isinstance(gap, Finding)
    assert abs(gap.value) == pytest.approx(0.5)
    assert gap.interval is not None
    assert gap.interval.pieces[0] in (newcombe(10, 40, 30, 40), newcombe(30, 40, 10, 40))
    assert {n.code: n.params.get("n") for n in gap.caveats}[
        "looked-at-many"
    ] == 2  # two steps, one pair
    made = gaps.table(summary, GENDER)
    assert made is not None
    assert [r["gender"] for r in made.rows] == ["Women", "Men"]


def test_the_bottleneck_is_the_largest_loss(session: Session) -> None:
    people = [
        person(f"a{i}", "2025-01-01", enrolled_on="2025-01-05" if i < 8 else None)
        for i in range(10)
    ]
    lost = gaps.bottleneck(summarise(session, people))
    assert isinstance(lost, Finding)
    assert lost.value == 0.8
    assert [p.numerator for p in lost.parts] == [8, 0]


def test_as_of_defaults_to_the_latest_event_never_to_today(session: Session) -> None:
    summary = summarise(session, [person("a", "2024-01-01", enrolled_on="2024-05-05")], as_of=None)
    assert summary.as_of == dt.date(2024, 5, 5)
    assert "as-of-latest" in {n.code for n in summary.notes}


def test_closing_statuses_may_be_declared(session: Session) -> None:
    types = {**TYPES, "status": "VARCHAR"}
    table(
        session,
        "journeys",
        types,
        [[*person("a", "2025-06-20"), "withdrawn"], [*person("b", "2025-06-20"), "active"]],
    )
    summary = journey.summarise(
        session,
        milestones=MILESTONES,
        settings=JourneySettings(closing=("withdrawn",)),
        as_of=AS_OF,
    )
    assert rows(summary)["Enrolled"]["lost"] == 1


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"milestones": MILESTONES[:1]}, PlanError),
        ({"groups": (Group(key="colour"),)}, PlanError),
        ({"cohort": "spring class"}, None),
        ({"milestones": (*MILESTONES, Milestone(key="placed", label="Placed"))}, RecordsError),
        ({"as_of": dt.date(1990, 1, 1)}, CannotAnswer),
    ],
)
def test_what_cannot_be_asked(
    session: Session, change: dict[str, Any], error: type[Exception] | None
) -> None:
    people = [person("a", "2025-01-01")]
    if error is None:
        with pytest.raises(CannotAnswer):
            summarise(session, people, **change)
        return
    with pytest.raises(error):
        summarise(session, people, **change)


def test_hostile_names_are_harmless(session: Session) -> None:
    name = 'x"; DROP TABLE journeys; --'
    types = {**TYPES, name: "VARCHAR"}
    table(session, "journeys", types, [[*person("a", "2025-01-01"), "'; --"]])
    summary = journey.summarise(
        session, milestones=MILESTONES, settings=RULES, as_of=AS_OF, groups=(Group(key=name),)
    )
    assert summary.levels(summary.groups[0]) == ("'; --",)


def test_too_many_levels_is_refused(session: Session) -> None:
    people = [person(str(i), "2025-01-01", cohort=f"c{i}") for i in range(journey.MOST_LEVELS + 1)]
    with pytest.raises(CannotAnswer) as e:
        summarise(session, people, groups=(Group(key="cohort"),))
    assert e.value.code == "ANS-many-levels"


def test_a_constant_hazard_shows_a_rate_that_does_not_drift(session: Session) -> None:
    """Enrolment comes at a constant daily hazard; whatever the as-of date, the rate is 1 − e^(−λH).

    The naive share (reached so far, of all who entered) drifts by more than 20 points here.
    """
    session.connection.execute(
        """
        CREATE TABLE journeys AS
        SELECT CAST(i AS VARCHAR) AS pid, CAST(1 AS SMALLINT) AS period,
          DATE '2023-01-01' + CAST(i % 730 AS INTEGER) AS entered_on,
          TRUE AS enrolled,
          DATE '2023-01-01' + CAST(i % 730 AS INTEGER)
            + CAST(floor(-200 * ln((hash(i * 7919 + 13) % 1000003 + 0.5) / 1000003)) AS INTEGER)
            AS enrolled_on
        FROM range(400000) t(i)
        """
    )
    truth = 1 - math.exp(-100 / 200)
    naive = []
    for as_of in ("2023-07-01", "2024-01-01", "2024-07-01", "2025-01-01", "2026-06-30"):
        summary = journey.summarise(
            session,
            milestones=MILESTONES[:2],
            settings=JourneySettings(within_days=99),  # floor: day 99 is the 100th
            as_of=dt.date.fromisoformat(as_of),
        )
        row = rows(summary)["Enrolled"]
        sd = math.sqrt(truth * (1 - truth) / row["entered"])
        assert abs(row["rate"] - truth) < 4 * sd
        naive.append(row["reached_any"] / row["people"])
    assert max(naive) - min(naive) > 0.2


dates = st.dates(dt.date(2024, 1, 1), dt.date(2025, 12, 31))


@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), dates),
            st.sampled_from([True, False, None]),
            st.one_of(st.none(), dates),
            st.sampled_from([True, False, None]),
            st.one_of(st.none(), dates),
            st.booleans(),
            st.one_of(st.none(), dates),
            st.sampled_from(["f", "m", None]),
        ),
        min_size=1,
        max_size=25,
    )
)
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)
def test_a_second_implementation_agrees(session: Session, people: list[tuple[Any, ...]]) -> None:
    """Row by row in Python, written from the docs, against the query."""
    made = []
    for i, (
        entered,
        enrolled,
        enrolled_on,
        completed,
        completed_on,
        closed,
        service,
        gender,
    ) in enumerate(people):
        made.append(
            person(
                str(i),
                entered,
                gender=gender,
                enrolled=True if enrolled_on else enrolled,
                enrolled_on=enrolled_on,
                completed=True if completed_on else completed,
                completed_on=completed_on,
                closed=closed,
                last_service_on=service,
            )
        )
    expected: dict[str, Counter[str]] = {m.label: Counter() for m in MILESTONES}
    keys = list(TYPES)
    counted = 0
    for values in made:
        r = dict(zip(keys, values, strict=True))
        if r["entered_on"] is None or r["entered_on"] > AS_OF:
            continue
        counted += 1
        own = {
            m: bool(r[m]) and (r[f"{m}_on"] is None or r[f"{m}_on"] <= AS_OF)
            for m in ("enrolled", "completed")
        }
        late = {
            m: own[m] and r[f"{m}_on"] is not None and (r[f"{m}_on"] - r["entered_on"]).days > 100
            for m in own
        }
        quick = {m: own[m] and not late[m] for m in own}
        if r["completed_on"] is None and late["enrolled"]:
            quick["completed"] = False  # undated, after a step that was too late
        mature = (AS_OF - r["entered_on"]).days >= 100
        dated = [d for d in (r["enrolled_on"], r["completed_on"]) if d and d <= AS_OF]
        service = [r["last_service_on"]] if r["last_service_on"] else []
        seen = [r["entered_on"], *dated, *service]
        gone = r["closed"] or (AS_OF - max(seen)).days >= 30
        ever = {
            "Applied": True,
            "Enrolled": own["enrolled"] or own["completed"],
            "Completed": own["completed"],
        }
        within = {
            "Applied": True,
            "Enrolled": quick["enrolled"] or quick["completed"],
            "Completed": quick["completed"],
        }
        for label in expected:
            c = expected[label]
            c["people"] += 1
            c["entered"] += mature
            c["reached"] += mature and within[label]
            c["reached_any"] += ever[label]
            c["lost"] += gone and not ever[label]
            c["in_progress"] += not gone and not ever[label]
    if not counted:
        with pytest.raises(CannotAnswer):
            summarise(session, made)
        return
    found = rows(summarise(session, made, groups=(GENDER,)))
    for label, c in expected.items():
        assert {k: found[label][k] for k in c} == dict(c)


def test_a_cohort_and_later_periods_bound_every_answer(session: Session) -> None:
    people = [
        person(f"x{i}", "2025-01-01", cohort="x", enrolled_on="2025-01-05", completed=True)
        for i in range(10)
    ]
    people += [person(f"x{i}", "2025-02-01", cohort="x", period=2) for i in range(10)]
    people += [person(f"y{i}", "2025-01-01", cohort="y") for i in range(10)]
    lost = gaps.bottleneck(summarise(session, people, cohort="x"))
    assert isinstance(lost, Finding)
    assert lost.value == 0
    assert lost.counts.analysed == lost.parts[0].n == 10
    notes = {n.code: n.params for n in lost.caveats}
    assert notes["undated"]["n"] == 10
    assert "undated" not in {
        n.code for n in journey.caveats(summarise(session, people, cohort="y"))
    }


def test_a_young_cohort_is_refused_though_older_people_stand_beside_it(session: Session) -> None:
    people = [person("a", "2025-01-01", cohort="x"), person("b", "2025-06-01", cohort="y")]
    summary = summarise(session, people, cohort="y")
    assert gaps.bottleneck(summary).kind == "refusal"
    assert "none-mature" in {n.code for n in journey.caveats(summary)}


def test_undated_after_a_late_step_is_not_in_time(session: Session) -> None:
    found = rows(
        summarise(session, [person("a", "2025-01-01", enrolled_on="2025-06-01", completed=True)])
    )
    assert [found[m]["reached"] for m in ("Enrolled", "Completed")] == [0, 0]
    assert found["Completed"]["reached_any"] == 1


def test_people_without_any_recorded_group_are_not_everyone_else(session: Session) -> None:
    people = [
        person(f"b{i}", "2025-01-01", race_black=True, race_white=False) for i in range(6)
    ] + [person(f"w{i}", "2025-01-01", race_black=False, race_white=True) for i in range(7)]
    people += [person(f"n{i}", "2025-01-01") for i in range(20)]
    summary = summarise(session, people, groups=(RACE,))
    assert summary.levels(RACE) == ("race_black", "race_white", "not recorded")
    black = next(g for g in gaps.gaps(summary, RACE) if g.level == "race_black")
    assert (black.n, black.others_n) == (6, 7)


def test_the_p_told_is_holms(session: Session) -> None:
    """Three levels, two steps: 58/60 against 28/40 and 29/40 at the first, nothing after."""
    people = []
    for level, n, reached in (("a", 60, 58), ("b", 40, 28), ("c", 40, 29)):
        people += [
            person(
                f"{level}{i}",
                "2025-01-01",
                gender=level,
                enrolled_on="2025-01-05" if i < reached else None,
            )
            for i in range(n)
        ]
    gap = gaps.largest(summarise(session, people, groups=(Group(key="gender"),)))
    assert isinstance(gap, Finding)
    assert gap.parts[0].group == "b"  # told of those for whom it is harder, not of a
    looked = {n.code: n.params for n in gap.caveats}["looked-at-many"]["n"]
    assert looked == 6
    p_a, p_b = two_share_p(58, 60, 57, 80), two_share_p(28, 40, 87, 100)
    assert gap.p == pytest.approx(max(6 * p_a, 5 * p_b))


def test_what_came_after_a_past_as_of_date_is_told(session: Session) -> None:
    people = [person("a", "2024-01-01", enrolled_on="2025-05-05"), person("b", "2024-01-01")]
    summary = summarise(session, people, as_of=dt.date(2024, 12, 31))
    assert "as-of-past" in {n.code for n in summary.notes}
    assert rows(summary)["Enrolled"]["lost"] == 2  # what will come is no activity yet
