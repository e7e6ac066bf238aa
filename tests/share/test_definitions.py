"""Definitions side by side, outside: what differs by one or two people is not told."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from rung.discovery import funder_tables
from rung.discovery.funder_states import COUNTED, Judge
from rung.discovery.funders import Compared, Summary
from rung.finding import Origin, Table
from rung.records.lab import Group
from rung.share.release import Outside, release

NAMES = ("Rung", "Harbor (1)", "Grant (2)")
SAID = (COUNTED, "not-reached", "too-late", "other-year")
GENDER = Group(key="gender")


def summary(by_level: dict[str, Counter[tuple[str, ...]]]) -> Summary:
    everyone: Counter[tuple[str, ...]] = Counter()
    for people in by_level.values():
        everyone += people
    compared = Compared(
        indicator="placed",
        judges=tuple(Judge(name, exp.true(), ()) for name in NAMES),
        everyone=everyone,
        by_level={("gender", level): people for level, people in by_level.items()},
    )
    return Summary(
        year=2025, as_of=dt.date(2026, 1, 1), groups=(GENDER,), compared=(compared,),
        notes=(), origin=Origin(),
    )  # fmt: skip


def outside(made: Summary) -> tuple[Table, Table | None, Table]:
    """Counts, reasons and counts by group as they leave; a refusal leaves as an empty table."""
    answers = funder_tables.answers(made)
    shown = [r.answer for r in release(answers, Outside())]
    tables = [
        s if isinstance(s, Table) else _emptied(a) for a, s in zip(answers, shown, strict=True)
    ]
    why = next((t for t in tables if t.name == "funders-why"), None)
    plain, grouped = (t for t in tables if t.name == "funders")
    return plain, why, grouped


def _emptied(answer: object) -> Table:
    assert isinstance(answer, Table)
    keys = {c.name for c in answer.columns if c.role == "key"}
    rows = tuple({k: v if k in keys else None for k, v in r.items()} for r in answer.rows)
    return Table(**{**vars(answer), "rows": rows})


people = st.dictionaries(
    st.tuples(*(st.sampled_from(SAID) for _ in NAMES)),
    st.one_of(st.integers(1, 4), st.integers(5, 40)),
    min_size=2,
    max_size=6,
).map(Counter)
labs = st.fixed_dictionaries({"woman": people, "man": people}).map(summary)


def _members(made: Summary, at: int, which: str, level: str | None = None) -> Counter[object]:
    """People by their states: those in a definition's denominator, numerator, or between."""
    rest = [s for s in SAID if s not in (COUNTED, "other-year")]
    inside = {"n": [COUNTED, *rest], "x": [COUNTED], "rest": rest}[which]
    said = made.compared[0].people(("gender", level) if level else None)
    return Counter({s: c for s, c in said.items() if s[at] in inside})


@settings(max_examples=50, deadline=None)
@given(labs)
def test_nobody_follows_from_two_definitions_of_which_one_lies_within_the_other(
    made: Summary,
) -> None:
    plain, _, grouped = outside(made)
    for table, level in ((plain, None), (grouped, "woman"), (grouped, "man")):
        rows = [r for r in table.rows if r.get("gender", level) == level]
        for a, one in enumerate(rows):
            for b, other in enumerate(rows):
                for which in ("n", "x", "rest"):
                    needed = [r[c] for r in (one, other) for c in ("n", "x")]
                    if which == "n":
                        needed = [one["n"], other["n"]]
                    if which == "x":
                        needed = [one["x"], other["x"]]
                    mine, theirs = (_members(made, k, which, level) for k in (a, b))
                    nested = not (mine - theirs)
                    apart = (theirs - mine).total()
                    if None not in needed and nested and apart in (1, 2):
                        raise AssertionError((level, which, one, other))


@settings(max_examples=50, deadline=None)
@given(labs)
def test_no_reason_follows_from_the_others(made: Summary) -> None:
    plain, why, _ = outside(made)
    if why is None:
        return
    counts = {r["definition"]: r for r in plain.rows}
    for name in NAMES[1:]:
        cells = [r["different"] for r in why.rows if r["definition"] == name]
        hidden = [c is None for c in cells]
        assert all(hidden) or not any(hidden), "all or none"
        assert all(c is None or c >= 3 for c in cells if isinstance(c, int) or c is None)
        if counts[name]["x"] is None or counts["Rung"]["x"] is None:
            assert all(hidden)


@settings(max_examples=50, deadline=None)
@given(labs)
def test_small_counts_stay_and_no_level_is_hidden_alone(made: Summary) -> None:
    plain, _, grouped = outside(made)
    for row in (*plain.rows, *grouped.rows):
        for column, least in (("n", 10), ("x", 3), ("only_here", 3), ("not_here", 3)):
            value = row[column]
            if isinstance(value, int) and column == "n":
                assert value == 0 or value >= least
            elif isinstance(value, int) and column == "x":
                whole = row["n"]
                assert isinstance(whole, int)
                assert whole == 0 or min(value, whole - value) >= least
            elif isinstance(value, int):
                assert value == 0 or value >= least
    shown = {r["definition"]: r["x"] for r in plain.rows}
    for name in NAMES:
        rows = [r for r in grouped.rows if r["definition"] == name]
        whole, *levels = (r["x"] for r in rows)
        if any(r["n"] is not None for r in grouped.rows):  # a table with nothing left goes whole
            assert whole == shown[name], "everyone is hidden in every table or in none"
        if whole is not None:
            assert sum(v is None for v in levels) != 1


def test_definitions_are_told_beside_each_other_where_each_has_people_of_its_own() -> None:
    far = {
        (COUNTED, "other-year", "not-reached"): 29,
        ("other-year", COUNTED, "not-reached"): 30,
        ("not-reached", "other-year", COUNTED): 70,
        ("other-year", "too-late", COUNTED): 40,
    }
    plain, why, _ = outside(summary({"woman": Counter(far), "man": Counter(far)}))
    assert [r["x"] for r in plain.rows] == [58, 60, 220]
    assert why is not None
    assert all(r["different"] is not None for r in why.rows)


def test_one_person_between_two_definitions_is_not_told() -> None:
    near = {(COUNTED, COUNTED, "not-reached"): 30, ("too-late", "too-late", COUNTED): 30,
            (COUNTED, "too-late", "other-year"): 1}  # fmt: skip
    plain, why, _ = outside(summary({"woman": Counter(near), "man": Counter()}))
    by = {r["definition"]: r for r in plain.rows}
    assert by["Rung"]["x"] == 31
    assert by["Harbor (1)"]["x"] is None
    assert why is not None
    assert all(r["different"] is None for r in why.rows if r["definition"] == "Harbor (1)")
