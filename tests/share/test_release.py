"""Who may see what: thresholds, rounding, the ledger, agreements."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rung.documents import FolderStore
from rung.errors import ReleaseError
from rung.finding import Counts, Exclusion, Finding, Note, Origin, Part, Refusal, Table, to_json
from rung.share.release import Agreement, AnyAnswer, Inside, Outside, Released, release
from rung.share.rounding import rounded
from rung.share.suppress import Thresholds
from tests.share import examples

DAY = dt.date(2026, 3, 1)


def outside(answer: AnyAnswer) -> AnyAnswer:
    return release([answer], Outside())[0].answer


def test_only_release_makes_released() -> None:
    with pytest.raises(TypeError, match="only rung"):
        Released(examples.journey(), Outside())
    released = release([examples.journey()], Outside())[0]
    with pytest.raises(TypeError, match="only rung"):
        replace(released, answer=examples.arms())


def test_inside_is_exact_and_leaves_no_trace(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    answer = examples.level(2, 7)
    (released,) = release([answer], Inside("director"), ledger=store, today=DAY)
    assert released.answer is answer
    assert released.exact
    assert store.names("release") == ()


def test_outside_hides_a_finding_of_few_people() -> None:
    for numerator, n in ((5, 9), (2, 40), (38, 40), (0, 40), (40, 40)):
        shown = outside(examples.level(numerator, n))
        assert isinstance(shown, Refusal)
        assert shown.code == "OUT-too-few"
        assert "does not mean there is no difference" in shown.text
        assert not any(c.isdigit() and c not in "130" for c in shown.text)
    assert isinstance(outside(examples.level(3, 10)), Finding)


def test_one_small_arm_hides_the_difference() -> None:
    parts = (Part("offered", 9, 6350.0), Part("not offered", 260, 4550.0))
    assert outside(examples.difference(1800, 500, 3100, parts=parts)).kind == "refusal"
    shares = (Part("offered", 100, 0.02, 2), Part("not offered", 100, 0.4, 40))
    assert (
        outside(examples.difference(-0.38, -0.5, -0.3, unit="share", parts=shares)).kind
        == "refusal"
    )


def test_a_difference_of_shares_without_its_counts_is_not_let_out() -> None:
    bare = replace(examples.difference(0.1, 0.01, 0.2, unit="share"), parts=())
    assert outside(bare).kind == "refusal"
    weighted = (Part("offered", 100, 0.01), Part("not offered", 100, 0.4))
    assert outside(replace(bare, parts=weighted)).kind == "refusal"


def test_outside_rounds_outward_in_json_too() -> None:
    shown = to_json(outside(examples.difference(1794.34, 550.57, 3038.11)))
    assert shown["value"] == 1800
    assert (shown["interval"]["low"], shown["interval"]["high"]) == (550, 3100)
    assert shown["se"] == 640
    assert shown["p"] == 0.01
    assert [p["value"] for p in shown["parts"]] == [6400, 4600]


def test_one_or_two_left_out_read_three_and_say_so() -> None:
    shown = outside(examples.difference(1794.34, 550.57, 3038.11))
    assert isinstance(shown, Finding)
    assert shown.counts.excluded == (Exclusion("missing-outcome", 3),)
    assert [c.code for c in shown.caveats] == ["few-left-out"]


def test_rates_are_made_again_from_what_is_left() -> None:
    table = examples.journey()
    rows = tuple({**r, "rate": 0.123, "low": 0.1, "high": 0.2} for r in table.rows)
    shown = outside(replace(table, rows=rows))
    assert isinstance(shown, Table)
    completed = shown.rows[3]
    assert (completed["rate"], completed["low"], completed["high"]) == (0.37, 0.32, 0.42)


def test_a_hidden_count_takes_its_rate_with_it_and_is_marked() -> None:
    shown = outside(examples.gap({"women": (180, 90), "men": (110, 50), "other": (12, 2)}))
    assert isinstance(shown, Table)
    row = shown.rows[2]
    assert row["n"] == 12
    hidden = {h.column for h in shown.hidden if h.row == 2}
    assert hidden == {"reached", "rate", "difference", "low", "high"}
    assert all(row[c] is None for c in hidden)
    # the next smallest protects it; a difference from everyone else would undo both
    assert [r["reached"] for r in shown.rows] == [90, None, None]
    assert [r["difference"] for r in shown.rows] == [None, None, None]


def test_bookkeeping_columns_go_whole() -> None:
    shown = outside(examples.arms())
    assert isinstance(shown, Table)
    assert shown.column("missing") == (None, None)
    assert shown.column("mean") == (4600, 6300)
    assert shown.column("n") == (260, 185)


def test_a_table_that_counts_nobody_is_not_let_out() -> None:
    table = examples.forest()
    columns = tuple(c for c in table.columns if c.role != "denominator")
    assert outside(replace(table, columns=columns)).kind == "refusal"


def test_a_table_with_nothing_left_is_a_refusal() -> None:
    assert outside(examples.gap({"women": (5, 3), "men": (4, 1)})).kind == "refusal"


def test_a_number_hidden_in_a_table_is_hidden_in_its_finding() -> None:
    table = examples.gap({"women": (180, 90), "men": (110, 50), "other": (12, 2)})
    finding = examples.level(50, 110)
    men = replace(finding, parts=(Part("men", 110, 50 / 110, 50),))
    together = [r.answer.kind for r in release([table, men], Outside())]
    assert together == ["table", "refusal"]
    assert outside(men).kind == "finding"


def _gap_finding(label: str, mine: tuple[int, int], others: tuple[int, int]) -> Finding:
    finding = examples.difference(-0.1, -0.2, 0.1, unit="share")
    return replace(
        finding,
        counts=Counts(mine[0] + others[0]),
        method=replace(finding.method, key="gap"),
        parts=tuple(
            Part(group, n, x / n, x) for group, (n, x) in ((label, mine), ("everyone else", others))
        ),
    )


def test_a_gap_is_told_only_where_the_journey_shows_everyone_else() -> None:
    open_ = examples.journey({"women": [180, 90], "men": [110, 50], "other": [40, 20]})
    finding = _gap_finding("women", (180, 90), (150, 70))
    assert [r.answer.kind for r in release([open_, finding], Outside())] == ["table", "finding"]
    closed = examples.journey({"women": [180, 90], "men": [110, 50], "other": [40, 2]})
    finding = _gap_finding("women", (180, 90), (150, 52))
    assert outside(finding).kind == "finding"
    assert [r.answer.kind for r in release([closed, finding], Outside())] == ["table", "refusal"]


def test_a_gap_has_differences_only_when_all_its_groups_are_shown() -> None:
    shown = outside(examples.gap({"women": (180, 90), "men": (110, 50), "other": (40, 20)}))
    assert isinstance(shown, Table)
    assert {c.name for c in shown.columns}.isdisjoint({"others_n", "others_reached"})
    assert [r["difference"] for r in shown.rows] == [0.03, -0.05, 0.02]
    table = examples.gap({"women": (180, 90), "men": (110, 50)}, others=(292, 141))
    some = outside(table)  # two people are in neither row
    assert isinstance(some, Table) or some.kind == "refusal"
    if isinstance(some, Table):
        assert [r["difference"] for r in some.rows] == [None, None]
        assert None in [r["n"] for r in some.rows]


def test_a_finding_is_not_hidden_because_a_number_is_the_same() -> None:
    table = examples.journey({"women": [100, 50], "men": [100, 50], "other": [36, 2]})
    finding = examples.level(36, 100)
    told = release([table, finding], Outside())
    assert told[1].answer.kind == "finding"


def test_a_loss_goes_with_the_milestones_that_are_hidden() -> None:
    finding = examples.level(38, 100)
    method = replace(finding.method, key="bottleneck")
    parts = (Part("Applied", 100, 1.0, 100), Part("Accepted", 100, 0.62, 62))
    loss = replace(finding, method=method, parts=parts)
    table = examples.journey(everyone=(100, 62, 60, 30))
    assert [r.answer.kind for r in release([table, loss], Outside())] == ["table", "finding"]
    later = (Part("Accepted", 100, 0.62, 62), Part("Enrolled", 100, 0.6, 60))
    hidden = replace(loss, parts=later)
    assert [r.answer.kind for r in release([table, hidden], Outside())] == ["table", "refusal"]


def test_entry_has_no_range_outside_when_it_has_none_inside() -> None:
    table = examples.journey()
    first = {**table.rows[0], "low": None, "high": None}
    shown = outside(replace(table, rows=(first, *table.rows[1:])))
    assert isinstance(shown, Table)
    assert (shown.rows[0]["rate"], shown.rows[0]["low"], shown.rows[0]["high"]) == (1, None, None)
    assert shown.rows[1]["low"] is not None


@pytest.mark.parametrize("late", [1, 2])
def test_one_or_two_who_came_late_are_not_a_subtraction_away(late: int) -> None:
    def with_late(n: int) -> Table:
        table = examples.journey(younger=0)
        row = dict(table.rows[3])
        row |= {"reached_any": int(row["reached"] or 0) + n}
        return replace(table, rows=(*table.rows[:3], row, *table.rows[4:]))

    for n, hidden in ((0, False), (5, False), (late, True)):
        shown = outside(with_late(n))
        assert isinstance(shown, Table)
        assert shown.rows[3]["reached"] is not None
        assert (shown.rows[3]["reached_any"] is None) == hidden
        assert (shown.rows[3]["in_progress"] is None) >= hidden


def test_one_or_two_too_young_are_not_a_subtraction_away() -> None:
    for younger, hidden in ((0, False), (2, True), (3, False)):
        shown = outside(examples.journey(younger=younger))
        assert isinstance(shown, Table)
        assert (shown.rows[3]["people"] is None) == hidden


def test_caveats_and_refusals_do_not_count_a_handful() -> None:
    caveats = (Note("few-left-out", {"n": 2}),)
    shown = outside(examples.difference(1794.34, 550.57, 3038.11, caveats=caveats))
    assert isinstance(shown, Finding)
    assert shown.caveats[0].params == {"n": "fewer than 3"}
    refused = replace(examples.refusal(), saw={"people": 7, "arms": 0})
    shown_refusal = outside(refused)
    assert isinstance(shown_refusal, Refusal)
    assert shown_refusal.saw == {"people": "fewer than 10", "arms": 0}


def test_queries_lose_numbers_from_records_and_keep_rules() -> None:
    sql = (
        "SELECT count(*) FROM journeys WHERE date_diff('day', entered_on, d) >= 365 "
        "AND age = 17 AND kind IN (4, 5) AND x * 0.73125 > 1"
    )
    table = replace(examples.journey(), origin=Origin(queries=(sql,)))
    (query,) = outside(table).origin.queries
    assert "365" in query
    assert not any(number in query for number in ("17", "4,", "5)", "0.73125"))
    assert query.count("$hidden") == 4


def test_thresholds_for_outside_only_go_up() -> None:
    with pytest.raises(ReleaseError) as raised:
        Outside(Thresholds(5, 1))
    assert raised.value.code == "OUT-thresholds"
    strict = Outside(Thresholds(30, 10))
    assert release([examples.level(9, 40)], strict)[0].answer.kind == "refusal"


def test_an_agreement_has_its_own_thresholds_and_ends() -> None:
    agreement = Agreement("State agency", "evaluation", DAY, Thresholds(5, 1), rounding=False)
    (released,) = release([examples.level(2, 7)], agreement, today=DAY)
    assert isinstance(released.answer, Finding)
    assert released.answer.value == pytest.approx(2 / 7)
    with pytest.raises(ReleaseError) as raised:
        release([examples.level(2, 7)], agreement, today=DAY + dt.timedelta(days=1))
    assert raised.value.code == "OUT-expired"
    with pytest.raises(ValueError, match="day"):
        release([examples.level(2, 7)], agreement)


def test_public_use_is_exact_and_says_why() -> None:
    answer = examples.level(2, 7)
    (released,) = release([answer], Outside(), exempt="public-use file of the experiment")
    assert released.answer == answer
    assert released.exempt == "public-use file of the experiment"


def test_the_ledger_keeps_digests_not_numbers(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    answers: list[AnyAnswer] = [examples.journey(), examples.level(2, 7)]
    release(answers, Outside(), today=DAY, ledger=store)
    release(answers[:1], Outside(), today=DAY, ledger=store)
    document = store.get("release", "outside", 1)
    assert document.body["date"] == "2026-03-01"
    assert [a["kind"] for a in document.body["answers"]] == ["table", "refusal"]
    assert store.history("release", "outside") == (1, 2)
    assert "0.37" not in json.dumps(document.to_json())
    agreement = Agreement("State agency", "evaluation", DAY)
    release(answers, agreement, today=DAY, ledger=store)
    assert len(store.names("release")) == 2


def test_small_groups_of_a_finding_hide_it() -> None:
    finding = replace(
        examples.difference(1794.34, 550.57, 3038.11),
        counts=Counts(445, {"a": 440, "b": 5}),
    )
    assert outside(finding).kind == "refusal"


@pytest.mark.parametrize(
    ("value", "unit", "to"),
    [(0.385, "share", 0.39), (0.125, "share", 0.13), (-0.125, "share", -0.13), (2.5, "days", 3)],
)
def test_halves_are_rounded_outside_as_they_are_said_inside(
    value: float, unit: str, to: float
) -> None:
    assert rounded(value, unit) == to


@given(
    st.floats(-1e6, 1e6, allow_nan=False),
    st.sampled_from(["share", "dollars", "days", "people", "number"]),
)
def test_rounding_is_stable_and_outward(value: float, unit: str) -> None:
    low, mid, high = (rounded(value, unit, t) for t in (-1, 0, 1))
    assert low <= value + 1e-6
    assert high >= value - 1e-6
    assert low <= mid <= high or abs(mid) >= 1000
    assert rounded(mid, unit) == mid
