"""The people half of a lab, on the sample: who is behind a number, caseloads, one person, names."""

from __future__ import annotations

import datetime as dt
import logging
from pathlib import Path

import pytest

from rung import cycle
from rung.cycle.discover import groups
from rung.discovery import journey
from rung.discovery.caseload import Case
from rung.discovery.journey import JourneySettings
from rung.discovery.members import Counted, members
from rung.errors import PlanError
from rung.finding import Table
from rung.records import privacy
from rung.records.lab import Lab
from rung.share.release import Outside

CLOCK = lambda: dt.datetime(2026, 4, 1, tzinfo=dt.UTC)  # noqa: E731
CELLS: tuple[Counted, ...] = (
    "entered", "reached", "implied", "undated", "unknown",
    "people", "reached_any", "in_progress", "lost",
)  # fmt: skip


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return cycle.sample(tmp_path_factory.mktemp("sample") / "lab", clock=CLOCK)


@pytest.mark.parametrize("cohort", [None, "2025", "FY2025"])
def test_every_cell_of_the_journey_is_its_people(lab: Lab, cohort: str | None) -> None:
    rules = lab.section("journey", JourneySettings)
    with lab.session() as session:
        chosen = groups(lab, ["race", "gender"], session.columns("journeys"))
        summary = journey.summarise(
            session,
            milestones=lab.milestones,
            groups=chosen,
            settings=rules,
            as_of=lab.clock.as_of,
            cohort=cohort,
        )
        tables = [journey.table(summary), *(journey.table(summary, g) for g in chosen)]
        for group, table in zip((None, *chosen), tables, strict=True):
            steps = {m.label: m.key for m in lab.milestones}
            for row in table.rows:
                if group and row["milestone"] not in ("Completed", "Working at 90 days"):
                    continue
                for cell in CELLS if group is None else ("entered", "reached", "lost"):
                    n, found = members(
                        session,
                        summary,
                        settings=rules,
                        milestone=steps[str(row["milestone"])],
                        counted=cell,
                        group=(group.key, str(row[group.key])) if group else None,
                        limit=1000,
                    )
                    assert n == len({m.pid for m in found}) == len(found) == row[cell], cell


def test_the_page_of_a_cell_is_what_the_table_shows(lab: Lab) -> None:
    (by_gender,) = [
        r.answer
        for r in cycle.diagnose(lab, by=["gender"], cohort="2025", within=200)
        if isinstance(r.answer, Table) and r.answer.columns[0].name == "gender"
        and r.answer.name == "journey"
    ]  # fmt: skip
    rows = [r for r in by_gender.rows if r["milestone"] == "Completed"]
    assert len(rows) >= 4  # everyone, three levels or more
    for row in rows:
        found = cycle.people(
            lab, milestone="completed", group=("gender", str(row["gender"])), cohort="2025",
            within=200, limit=1000,
        )  # fmt: skip
        assert found.n == len(found.rows) == row["reached"]


def test_not_reached_is_everyone_else(lab: Lab) -> None:
    def pids(counted: Counted) -> set[str]:
        found = cycle.people(lab, milestone="completed", counted=counted, limit=1000)
        return {m.pid for m in found.rows}

    assert pids("reached") | pids("not_reached") == pids("entered")
    assert not pids("reached") & pids("not_reached")


def test_pages_are_the_whole_in_order(lab: Lab) -> None:
    whole = cycle.people(lab, milestone="applied", counted="people", limit=1000)
    pages = [
        cycle.people(lab, milestone="applied", counted="people", limit=100, offset=o).rows
        for o in range(0, whole.n, 100)
    ]
    assert [m for page in pages for m in page] == list(whole.rows)
    entered = [m.dates["applied"] for m in whole.rows]
    assert entered == sorted(entered, key=lambda d: d or dt.date.min, reverse=True)
    beyond = cycle.people(lab, milestone="applied", counted="people", offset=whole.n)
    assert (beyond.n, beyond.rows) == (whole.n, ())


def test_names_that_are_not_there(lab: Lab) -> None:
    with pytest.raises(PlanError, match="graduated"):
        cycle.people(lab, milestone="graduated")
    with pytest.raises(PlanError, match="shoe"):
        cycle.people(lab, milestone="completed", group=("shoe", "left"))
    nobody = cycle.people(lab, milestone="completed", group=("gender", "no such level"))
    assert (nobody.n, nobody.rows) == (0, ())
    assert cycle.person(lab, "nobody") is None


def test_names_come_only_when_asked_and_only_names(
    lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    without = cycle.people(lab, milestone="completed")
    assert without.named == {}
    asked = cycle.people(lab, milestone="completed", names=True, limit=5)
    known = privacy.people(lab, [m.pid for m in asked.rows])
    assert len(known) == 5
    for pid, who in known.items():
        assert asked.named[pid].name == who["full_name"]
        assert set(asked.named[pid].contacts) <= {"phone", "email"}
        assert "notes" in who
        assert who["full_name"] not in caplog.text
    pid = asked.rows[0].pid
    assert cycle.person(lab, pid).named.name == ""  # type: ignore[union-attr]
    one = cycle.person(lab, pid, names=True)
    assert one is not None
    assert one.named == asked.named[pid]


def test_every_coach_has_something_to_do_this_week(lab: Lab) -> None:
    coaches = cycle.coaches(lab)
    assert len(coaches) == 4
    due, codes = 0, set[str]()
    whole: list[Case] = []
    for coach, n in coaches:
        found = cycle.caseload(lab, coach, names=True)
        assert 3 < len(found.cases) < n
        assert found.overdue
        assert all(c.coach == coach and found.named[c.pid].name for c in found.cases)
        due += len(found.due_soon)
        codes |= {r.code for c in found.cases for r in c.reasons}
        whole += found.cases
    assert due >= 4
    assert {"care-absences", "care-no-contact", "care-follow-up", "care-follow-up-late"} <= codes
    coached = [c for c in cycle.caseload(lab, None).cases if c.coach]
    assert sorted(whole, key=lambda c: c.order) == coached


def test_a_follow_up_entered_by_hand_goes_through(lab: Lab) -> None:
    def followed(c: Case) -> bool:
        return any(m.due_days for m in c.matters)

    before = cycle.caseload(lab, None)
    case = next(c for c in before.cases if followed(c))
    matter = next(m for m in case.matters if m.due_days)
    assert matter.due_on is not None
    assert matter.due_days is not None
    entered = [
        cycle.Entered(
            pid=case.pid, due_days=matter.due_days, due_on=matter.due_on, result="verified",
            on=dt.date(2026, 4, 20), how="phone",
        )
    ]  # fmt: skip
    after = {c.pid: c for c in cycle.caseload(lab, None, entered=entered).cases}
    assert case.pid not in after or matter not in after[case.pid].matters
    one = cycle.person(lab, case.pid, entered=entered)
    assert one is not None
    due_on, check = one.due[matter.due_days]
    assert due_on == matter.due_on
    assert check is not None
    assert (check.result, check.how, check.by_hand) == ("verified", "phone", True)
    if matter.due_on <= lab.clock.as_of:  # type: ignore[operator]
        was, now = cycle.retention(lab)[0].answer, cycle.retention(lab, entered)[0].answer
        assert isinstance(was, Table)
        assert isinstance(now, Table)
        rows = {r["after"]: r for r in was.rows}
        changed = [r for r in now.rows if r != rows[r["after"]]]
        assert [r["after"] for r in changed] == [f"{matter.due_days} days"]
        assert changed[0]["retained"] == int(rows[changed[0]["after"]]["retained"] or 0) + 1


def test_retention_of_the_sample_has_bounds_for_staff_and_outside(lab: Lab) -> None:
    inside = cycle.retention(lab)
    (table,) = (r.answer for r in inside)
    assert isinstance(table, Table)
    assert [r["after"] for r in table.rows] == ["30 days", "90 days", "180 days", "365 days"]
    assert all(0 < float(r["low"] or 0) < float(r["high"] or 0) < 1 for r in table.rows)
    assert table.origin.inputs
    assert not {p for q in table.origin.queries for p in _pids(lab) if p in q}
    out = cycle.retention(lab, audience=Outside(), clock=CLOCK)
    assert isinstance(out[0].answer, Table)
    assert len(list((lab.path / "documents" / "release").rglob("*.json"))) == 1


def _pids(lab: Lab) -> set[str]:
    return {m.pid for m in cycle.people(lab, milestone="applied", limit=1000).rows}


def test_one_person(lab: Lab) -> None:
    cases = cycle.caseload(lab, None, everyone=True).cases
    pid = next(c.pid for c in cases if c.coach and c.start_on)
    one = cycle.person(lab, pid)
    assert one is not None
    assert [s.milestone for s in one.steps] == list(lab.milestones)
    assert one.steps[0].reached
    assert one.services
    assert [s.on for s in one.services] == sorted((s.on for s in one.services), reverse=True)
    assert one.jobs
    assert set(one.due) == {30, 90, 180, 365}


def test_the_sample_is_the_same_every_time(lab: Lab, tmp_path: Path) -> None:
    from rung.cycle.sample import files

    sent = files(tmp_path)
    assert [f.name for f in sent] == [
        "applicants.xlsx", "caseloads.csv", "attendance.csv", "follow-ups.csv", "wages.csv",
    ]  # fmt: skip
    for file in sent:
        assert file.read_bytes() == (lab.path / "private" / file.name).read_bytes()
    with pytest.raises(PlanError, match=r"lab\.toml"):
        cycle.sample(lab.path, clock=CLOCK)


def test_every_page_of_the_sample_has_something_to_show(lab: Lab) -> None:
    found = cycle.diagnose(lab)
    kinds = {r.answer.kind for r in found}
    assert {"finding", "table"} <= kinds
    assert {r.answer.method.key for r in found.findings} >= {"bottleneck", "gap"}
    checked = cycle.check(lab.path, clock=CLOCK)
    assert checked.report.problems
    assert checked.imported is not None
    assert set(checked.imported.tables) >= {"journeys", "services", "follow_ups", "employment"}
    climbed = cycle.ladder(lab)[0].answer
    assert climbed.kind == "finding"
    assert climbed.counts.analysed > 50
