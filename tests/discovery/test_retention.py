"""Retention: everyone whose day has come is counted once, and the bounds assume nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rung.discovery import retention
from rung.discovery.followups import Entered, FollowUpRules
from rung.discovery.retention import Placements, Tally
from rung.errors import CannotAnswer
from rung.finding import Origin, Table
from rung.records.lab import Milestone
from rung.records.query import Session
from rung.share import charts, say, tables
from rung.share.release import AnyAnswer, Inside, Outside, Released, release
from tests.tables import table as rows_in

AS_OF = dt.date(2026, 3, 31)
RULES = FollowUpRules()
MILESTONES = (
    Milestone(key="applied", label="Applied"),
    Milestone(key="placed", label="Placed"),
    Milestone(key="retained_90", label="Working at 90 days"),
)
JOURNEYS = {
    "pid": "VARCHAR",
    "entered_on": "DATE",
    "placed": "BOOLEAN",
    "placed_on": "DATE",
    "retained_90": "BOOLEAN",
    "retained_90_on": "DATE",
}
EMPLOYMENT = {"pid": "VARCHAR", "start_on": "DATE"}
FOLLOW_UPS = {
    "pid": "VARCHAR",
    "due_days": "BIGINT",
    "contacted_on": "DATE",
    "reached": "BOOLEAN",
    "employed": "BOOLEAN",
}


def back(days: int | None) -> dt.date | None:
    return None if days is None else AS_OF - dt.timedelta(days=days)


@pytest.fixture
def session() -> Iterator[Session]:
    with Session() as s:
        yield s


def tallied(
    session: Session,
    people: list[dict[str, Any]],
    follow_ups: list[dict[str, Any]],
    entered: list[Entered],
) -> Placements:
    rows_in(session, "journeys", JOURNEYS, [[p[c] for c in JOURNEYS] for p in people])
    jobs = [[p["pid"], p["start_on"]] for p in people if p["start_on"]]
    rows_in(session, "employment", EMPLOYMENT, jobs)
    rows_in(session, "follow_ups", FOLLOW_UPS, [[f[c] for c in FOLLOW_UPS] for f in follow_ups])
    return retention.tally(
        session, milestones=MILESTONES, rules=RULES, as_of=AS_OF, entered=entered
    )


def by_hand(
    people: list[dict[str, Any]], follow_ups: list[dict[str, Any]], entered: list[Entered]
) -> list[tuple[int, int, int, int]]:
    """The same, a person and a follow-up at a time, with no query."""
    found = []
    for days in RULES.days:
        count = dict.fromkeys(("verified", "not_retained", "not_reached", "not_asked"), 0)
        for p in people:
            start = p["placed_on"] if p["placed_on"] and p["placed_on"] <= AS_OF else None
            if p["start_on"] and p["entered_on"] <= p["start_on"] <= AS_OF:
                start = p["start_on"]
            if start is None or start + dt.timedelta(days=days) > AS_OF:
                continue
            answers: list[tuple[dt.date, bool, bool]] = []  # day, by hand, says no
            tried = False
            for f in follow_ups:
                on = f["contacted_on"]
                mine = f["pid"] == p["pid"] and f["due_days"] == days
                if not mine or (on and not start <= on <= AS_OF):
                    continue
                if f["employed"] is not None:
                    answers.append((on or dt.date.min, False, not f["employed"]))
                tried = tried or f["reached"] is not None or on is not None
            for e in entered:
                if (e.pid, e.due_days) == (p["pid"], days):
                    tried = True
                    if e.result != "not_reached":
                        answers.append((e.on, True, e.result == "not_retained"))
            kept = p["retained_90"] and (not p["retained_90_on"] or p["retained_90_on"] <= AS_OF)
            if days == 90 and kept:
                answers.append((p["retained_90_on"] or dt.date.min, False, False))
            said = max(answers)[2] if answers else None
            known = {None: "not_reached" if tried else "not_asked", True: "not_retained"}
            count[known.get(said, "verified")] += 1
        found.append(tuple(count.values()))
    return found  # type: ignore[return-value]


def _placed(p: dict[str, Any]) -> bool:
    """Whether a person had a job by the as-of date, dated or not."""
    marked = p["placed"] and (p["placed_on"] is None or p["placed_on"] <= AS_OF)
    job = p["start_on"] and p["entered_on"] <= p["start_on"] <= AS_OF
    return bool(marked or job)


days_ago = st.integers(-20, 500).map(back)
maybe = st.none() | st.booleans()


@st.composite
def providers(draw: st.DrawFn) -> Any:
    people = []
    for i in range(draw(st.integers(1, 7))):
        p: dict[str, Any] = {"pid": f"p{i}", "entered_on": back(draw(st.integers(100, 500)))}
        p |= {"placed_on": draw(st.none() | days_ago), "start_on": draw(st.none() | days_ago)}
        p |= {"retained_90": draw(maybe), "retained_90_on": draw(st.none() | days_ago)}
        p["placed"] = p["placed_on"] is not None or draw(maybe)
        people.append(p)
    who, due = st.sampled_from([p["pid"] for p in people]), st.sampled_from([30, 60, 90, 180, 365])
    row = st.fixed_dictionaries(
        {
            "pid": who,
            "due_days": due,
            "contacted_on": st.none() | days_ago,
            "reached": maybe,
            "employed": maybe,
        }
    )
    hand = st.builds(
        Entered,
        pid=who,
        due_days=due,
        due_on=st.just(AS_OF),
        result=st.sampled_from(["verified", "not_retained", "not_reached"]),
        on=days_ago,
    )
    return people, draw(st.lists(row, max_size=12)), draw(st.lists(hand, max_size=4))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(providers())
def test_it_is_what_counting_by_hand_gives(session: Session, provider: Any) -> None:
    expected = by_hand(*provider)
    if not any(_placed(p) for p in provider[0]):
        with pytest.raises(CannotAnswer, match="placed in a job"):
            tallied(session, *provider)
        return
    found = tallied(session, *provider)
    got = [(t.verified, t.not_retained, t.not_reached, t.not_asked) for t in found.tallies]
    assert got == expected
    assert all(a.due >= b.due for a, b in zip(found.tallies, found.tallies[1:], strict=False))
    if found.tallies[0].due:
        made = retention.table(found)
        for row in made.rows:
            low, high = float(row["low"] or 0), float(row["high"] or 0)
            parts = ("retained", "not_retained", "not_reached", "not_asked")
            assert sum(int(row[p] or 0) for p in parts) == row["due"]
            assert 0 <= low <= high <= 1
            if row["share_known"] is not None:
                assert low <= float(row["share_known"]) <= high
            unknown = int(row["not_reached"] or 0) + int(row["not_asked"] or 0)
            assert high - low == pytest.approx(unknown / int(row["due"] or 1))
        counts = made.counts
        assert counts is not None
        assert counts.analysed + sum(e.n for e in counts.excluded) == found.placed


def test_the_bounds_are_reached_by_the_worst_and_the_best_that_can_be_true(
    session: Session,
) -> None:
    """Manski (1990): each way the unknown could have gone lies between, and both ends are one."""
    known, unknown = [True, True, False], 3
    people = [
        {"pid": f"p{i}", "entered_on": back(300), "placed": True, "placed_on": back(100),
         "start_on": None, "retained_90": None, "retained_90_on": None}
        for i in range(6)
    ]  # fmt: skip
    rows = [
        {"pid": f"p{i}", "due_days": 90, "contacted_on": back(5), "reached": True, "employed": w}
        for i, w in enumerate(known)
    ]
    row = retention.table(tallied(session, people, rows, [])).rows[1]
    could = {
        (sum(known) + sum(way)) / 6 for way in product([False, True], repeat=unknown)
    }  # fmt: skip
    assert (row["low"], row["high"]) == (min(could), max(could))


def made(*tallies: Tally, undated: int = 0) -> Table:
    placed = max(t.due for t in tallies) + undated
    return retention.table(
        Placements(
            tallies=tallies, placed=placed, undated=undated, as_of=AS_OF, origin=Origin()
        )
    )  # fmt: skip


def shown(table: Table, audience: Inside | Outside) -> Released[AnyAnswer]:
    return release([table], audience)[0]


BIG = (Tally(30, 80, 15, 10, 5), Tally(90, 52, 18, 15, 5), Tally(180, 30, 12, 20, 10))


def test_large_numbers_leave_as_they_are_and_bounds_round_outward() -> None:
    out = shown(made(*BIG), Outside()).answer
    assert isinstance(out, Table)
    assert out.hidden == ()
    assert (out.rows[1]["low"], out.rows[1]["high"]) == (0.57, 0.80)  # 52/90, 72/90
    assert out.rows[1]["share_known"] == 0.74


NUMBERS = ("due", "answered", "retained", "possible", "not_retained", "not_reached", "not_asked")


def consistent(row: dict[str, Any], most: int) -> Iterator[dict[str, int]]:
    """Every way the four kinds of people could be, given what is shown of a row."""
    for v, x in product(range(most + 1), repeat=2):
        for r, a in product(range(most + 1), repeat=2):
            kinds = {"due": v + x + r + a, "answered": v + x, "retained": v}
            kinds |= {"possible": v + r + a, "not_retained": x, "not_reached": r, "not_asked": a}
            if all(row[c] is None or row[c] == kinds[c] for c in NUMBERS if c in row):
                yield kinds


@settings(max_examples=25, deadline=None)
@given(st.tuples(*(st.integers(0, 16) for _ in range(4))))
def test_outside_no_small_number_can_be_worked_out(tally: tuple[int, int, int, int]) -> None:
    """What is hidden stays vague to whoever tries every way the people could be."""
    one = Tally(90, *tally)
    if not one.due:
        return
    out = shown(made(one), Outside()).answer
    if not isinstance(out, Table):
        return
    ways = list(consistent(dict(out.rows[0]), 17))
    assert any(w["retained"] == one.verified for w in ways)
    if one.due < 10:
        raise AssertionError("a table of so few people is not shown")
    if not one.answered:
        return  # nothing is known of anyone
    for small in ("retained", "not_retained"):
        true = {"retained": one.verified, "not_retained": one.not_retained}[small]
        if true < 3:
            seen = {w[small] for w in ways}
            assert max(seen) - min(seen) >= 3, small
    unknown = one.due - one.answered
    if 0 < unknown < 3:
        seen = {w["due"] - w["answered"] for w in ways}
        assert max(seen) - min(seen) >= 3
    for small in ("not_reached", "not_asked"):
        if 0 < getattr(one, small) < 3:
            assert len({w[small] for w in ways}) >= 3


def test_a_small_row_is_hidden_and_the_others_are_not() -> None:
    out = shown(made(*BIG, Tally(365, 4, 2, 3, 0)), Outside()).answer
    assert isinstance(out, Table)
    assert {h.row for h in out.hidden if h.column in ("due", "retained", "low", "high")} == {3}
    told = say.words(shown(made(*BIG, Tally(365, 4, 2, 3, 0)), Outside()))
    assert "365 days" in told.split("Too few people")[1]


def test_nobody_known_is_told_and_bounds_are_the_whole_range() -> None:
    inside = shown(made(Tally(30, 0, 0, 6, 6)), Inside())
    assert "between 0" in say.words(inside)
    assert "not known of anyone" in say.words(inside)
    grid = tables.table(inside)
    assert [c.text for c in grid.rows[0]][-2:] == ["", "0 to 100\N{NO-BREAK SPACE}%"]


@pytest.mark.parametrize("language", ["en", "es"])
def test_words_table_and_chart(language: str) -> None:
    inside = shown(made(*BIG, undated=4), Inside())
    words = say.words(inside, language)
    for number in ("58", "80", "90", "52", "18", "20", "74"):
        assert number in words
    heads = [h.label for h in tables.table(inside, language).heads]
    assert len(set(heads)) == len(heads) == 9
    assert not {"possible", "low", "high"} & set(heads)
    drawn = charts.svg(inside, language=language)
    assert drawn is not None
    assert ("58 to 80" if language == "en" else "58 a 80") in drawn
    assert charts.key(inside, language) != charts.key(inside, "es" if language == "en" else "en")
    counts = inside.answer.counts  # type: ignore[union-attr]
    assert "4" in say.left_out(counts, language)[0]


def test_when_all_is_known_there_is_one_share() -> None:
    told = say.words(shown(made(Tally(90, 9, 3, 0, 0)), Inside()))
    assert "75" in told
    assert "between" not in told


def test_a_day_that_nobody_came_to_is_a_caveat() -> None:
    found = made(Tally(30, 5, 1, 0, 0), Tally(90, 0, 0, 0, 0))
    assert len(found.rows) == 1
    assert [n.code for n in found.caveats] == ["retention-none-due"]


def test_refusals(session: Session) -> None:
    nobody = {"pid": "a", "entered_on": back(300), "placed": False, "placed_on": None}
    nobody |= {"start_on": None, "retained_90": None, "retained_90_on": None}
    with pytest.raises(CannotAnswer, match="placed in a job"):
        tallied(session, [nobody], [], [])
    late = nobody | {"placed_on": back(10), "placed": True}
    with pytest.raises(CannotAnswer) as why:
        retention.table(tallied(session, [late], [], []))
    assert why.value.code == "ANS-no-follow-up-due"
    undated = nobody | {"placed": True}
    found = tallied(session, [late | {"placed_on": back(40)}, undated | {"pid": "b"}], [], [])
    assert (found.placed, found.undated) == (2, 1)
