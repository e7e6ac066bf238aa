"""A family's net income: the rules, its falls, what it refuses, and the terminal."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rung import cycle
from rung.cli import main
from rung.errors import PlanError
from rung.finding import Finding, Refusal, Table
from rung.returns.household import answers, federal, full, states, worker
from rung.returns.household.cliffs import FALL_LEAST, falls, net_of, rungs
from rung.returns.household.family import HELP, STATES, Family, Wages
from rung.returns.household.parameters import NEWEST, YEARS
from rung.share import say

TWO = Family("NY", children=2, ages=(4, 7))
FEDERAL = Family("MS", children=2, ages=(4, 7))  # in a state with the federal limits alone


def parts(family: Family, *earnings: float, year: int = NEWEST) -> dict[str, list[float]]:
    found = federal.components(family, np.array(earnings), YEARS[year])
    return {k: v.tolist() for k, v in found.items()}


# -- published figures


@pytest.mark.parametrize(
    ("year", "most"),
    # Rev. Proc. 2024-40 section 2.06 and Rev. Proc. 2025-32 section 4.06: the largest credit
    [(2025, (649, 4_328, 7_152, 8_046)), (2026, (664, 4_427, 7_316, 8_231))],
)
def test_the_eitc_reaches_its_published_height_and_its_published_end(
    year: int, most: tuple[int, ...]
) -> None:
    # where it is gone, same tables: single or head of household, then joint
    gone = {
        2025: ((19_104, 26_214), (50_434, 57_554), (57_310, 64_430), (61_555, 68_675)),
        2026: ((19_540, 26_820), (51_593, 58_863), (58_629, 65_899), (62_974, 70_244)),
    }[year]
    credits_ = YEARS[year].credits
    for k in range(4):
        wages = np.arange(0, 80_000, 1.0)
        for status, end in zip(("head" if k else "single", "joint"), gone[k], strict=True):
            credit = federal.eitc(status, k, wages, credits_)  # type: ignore[arg-type]
            assert credit.max() == pytest.approx(most[k], abs=0.5)
            assert wages[np.flatnonzero(credit > 0)[-1]] == pytest.approx(end, abs=1)


@pytest.mark.parametrize(
    ("year", "region", "net", "gross"),
    [  # USDA FNS, SNAP income eligibility standards of the fiscal year, households of 1 to 4
        (2025, "48 states", (1_255, 1_704, 2_152, 2_600), (1_632, 2_215, 2_798, 3_380)),
        (2026, "48 states", (1_305, 1_763, 2_221, 2_680), (1_696, 2_292, 2_888, 3_483)),
        (2026, "AK", (1_630, 2_203, 2_776, 3_350), (2_118, 2_864, 3_609, 4_354)),
        (2026, "HI", (1_500, 2_027, 2_555, 3_082), (1_949, 2_635, 3_321, 4_007)),
    ],
)
def test_snap_income_limits_are_the_published_ones(
    year: int, region: Any, net: tuple[int, ...], gross: tuple[int, ...]
) -> None:
    figures = YEARS[year].snap[region]
    assert tuple(federal.income_limit(figures, n, 1.0) for n in (1, 2, 3, 4)) == net
    assert tuple(federal.income_limit(figures, n, 1.3) for n in (1, 2, 3, 4)) == gross


def test_snap_limits_of_the_largest_households_add_the_published_increment() -> None:
    figures = YEARS[2026].snap["48 states"]  # FNS: 8 people 4,513 and 5,867; each more 459 and 596
    assert [federal.income_limit(figures, n, 1.0) for n in (8, 9, 10)] == [4_513, 4_972, 5_431]
    assert [federal.income_limit(figures, n, 1.3) for n in (8, 9)] == [5_867, 6_463]


def test_one_family_by_hand() -> None:
    """One adult, children of 4 and 7, $31,200 in 2026, no rent: each line worked out on paper."""
    found = parts(TWO, 31_200.0)
    assert found["payroll_tax"] == [pytest.approx(-31_200 * 0.0765)]
    assert found["income_tax"] == [pytest.approx(-0.10 * (31_200 - 24_150))]
    assert found["eitc"] == [pytest.approx(7_316 - 0.2106 * (31_200 - 23_890))]
    # 705 against the tax; of the other 3,695 at most 2 × 1,700, and 15 % over 2,500 is more
    assert found["child_credit"] == [705 + 3_400]
    # 2,600 a month: less 520 and 209 is 1,871; 30 % of it up to 562; 785 − 562 = 223
    assert found["snap"] == [12 * 223]


# -- properties

FAMILIES = st.builds(
    Family,
    state=st.sampled_from(STATES),
    adults=st.just(2),
    married=st.booleans(),
    children=st.just(3),
    ages=st.tuples(*[st.integers(0, 18)] * 3),
    rent=st.floats(0, 3_000),
    utilities=st.booleans(),
    childcare=st.floats(0, 2_000),
    partner_earnings=st.floats(0, 60_000),
).filter(lambda family: not list(family.problems()))


@given(FAMILIES, st.floats(0, 200_000))
def test_components_add_up_and_zero_earnings_are_fine(family: Family, earnings: float) -> None:
    found = federal.components(family, np.array([0.0, earnings]), YEARS[NEWEST])
    assert tuple(found) == federal.COMPONENTS
    assert np.isfinite(list(found.values())).all()
    assert net_of(found) == pytest.approx(np.sum(list(found.values()), axis=0))
    assert all((found[k] <= 0).all() for k in ("payroll_tax", "income_tax"))
    assert all((found[k] >= 0).all() for k in ("child_credit", "care_credit", "eitc", "snap"))


@given(FAMILIES, st.permutations([0, 1, 2]))
def test_the_order_of_children_says_nothing(family: Family, order: list[int]) -> None:
    other = replace(family, ages=tuple(family.ages[i] for i in order))
    wages = np.arange(0, 90_000, 7_000.0)
    a, b = (federal.components(f, wages, YEARS[NEWEST]) for f in (family, other))
    assert all((a[k] == b[k]).all() for k in a)


@settings(max_examples=20)
@given(FAMILIES, st.sampled_from(sorted(YEARS)))
def test_net_income_is_continuous_but_for_the_declared_steps(family: Family, year: int) -> None:
    """Payroll tax, income tax and the EITC never jump; SNAP by dollars, and once by its limit."""
    wages = np.arange(0, 120_000, 1.0)
    found = federal.components(family, wages, YEARS[year])
    for name, steepest in (("payroll_tax", 0.1), ("income_tax", 0.37), ("eitc", 0.46)):
        assert np.abs(np.diff(found[name])).max() <= steepest + 1e-9, name
    # care: 1 point of at most $6,000 at a time, and what it leaves of the tax, for children; the
    # child credit's own steps begin at $200,000
    for name in ("care_credit", "child_credit"):
        assert np.abs(np.diff(found[name])).max() <= 60 + 1, name
    jumps = np.abs(np.diff(found["snap"]))
    assert (jumps > 12.5).sum() <= 1  # the income limit


@given(FAMILIES, st.floats(0, 100))
def test_the_answer_at_a_wage_does_not_depend_on_the_others(family: Family, wage: float) -> None:
    alone = federal.components(family, np.array([wage * 2080]), YEARS[NEWEST])
    among = federal.components(family, np.array([0.0, wage * 2080, 9e4]), YEARS[NEWEST])
    assert all(alone[k][0] == among[k][1] for k in alone)


# -- falls


def test_falls_are_found_with_their_worst_wage_and_what_makes_up_for_them() -> None:
    wages = np.arange(10, 20, 1.0)
    net = np.array([100, 200, 300, 150, 120, 250, 310, 320, 290, 330.0]) * 10
    (one,) = [s for s in falls(wages, net, 20) if s.before == 12]
    assert (one.after, one.change, one.until) == (14, -1800, 16)
    (two,) = [s for s in falls(wages, net, 20) if s.before == 17]
    assert (two.after, two.change, two.until) == (18, -300, 19)
    assert [s.before for s in falls(wages, net, 12)] == [12]


def test_a_fall_that_nothing_makes_up_for_has_no_end_and_a_small_one_is_none() -> None:
    wages, net = np.arange(4.0), np.array([0, 1_000, 400, 900.0])
    (fall,) = falls(wages, net, 3)
    assert fall.until is None
    assert falls(wages, np.array([0, 100, 100 - FALL_LEAST + 1, 200]), 3) == ()


def test_rungs_are_told_against_the_one_before() -> None:
    wages, net = np.array([15.0, 16, 17, 18]), np.array([100.0, 300, 250, 320])
    low, high = rungs((("a", 16), ("b", 17), ("c", 18)), wages, net)
    assert (low.change, low.until, low.name) == (-50, 18, "b")
    assert (high.change, high.until) == (70, 18)


# -- what is told


def household(family: Family = TWO, wages: Wages | None = None, **more: Any) -> cycle.Outcome:
    return cycle.household(family, wages or Wages(15, 30), model="built-in", **more)


def test_a_states_wider_limit_puts_the_fall_elsewhere() -> None:
    """3 people in New York: 150 % of the guideline is 3,331.25 a month; 200 % with paid care."""
    fall, after, _ = (r.answer for r in household())
    assert isinstance(fall, Finding)
    assert [p.group for p in fall.parts] == ["$19.22", "$19.21"]
    assert fall.value == pytest.approx(-563.25)
    assert isinstance(after, Finding)
    assert after.value == 19.67
    with_care = household(replace(TWO, childcare=800))[0].answer
    assert isinstance(with_care, Finding)
    assert [p.group for p in with_care.parts] == ["$25.63", "$25.62"]
    codes = [n.code for n in fall.method.assumptions]
    assert "household-wider" in codes
    assert "household-wider" not in [
        n.code for n in household(FEDERAL)[0].answer.method.assumptions
    ]


@pytest.mark.parametrize(
    ("rent", "utilities", "size", "caveat"),
    [
        (0, False, -563.25, "household-no-rent"),
        (1_200, False, -563.25, "household-no-utilities"),
        (1_200, True, -3_239.25, None),
    ],
)
def test_heat_makes_the_fall_deeper_and_what_was_not_said_is_named(
    rent: float, utilities: bool, size: float, caveat: str | None
) -> None:
    fall = household(replace(TWO, rent=rent, utilities=utilities))[0].answer
    assert isinstance(fall, Finding)
    assert fall.value == pytest.approx(size)
    said = {n.code for n in fall.caveats} - {"household-leaves-out", "household-small"}
    assert said == ({caveat} if caveat else set())


def test_a_wage_that_comes_to_the_limit_itself_is_within_it() -> None:
    """18.05 × 1,920 hours is 2,888 a month, the federal limit of 3 people to the dollar."""
    fall = household(replace(FEDERAL, weeks=48), Wages(15, 20))[0].answer
    assert isinstance(fall, Finding)
    assert fall.parts[0].group == "$18.06"
    for hours in (20, 25, 30, 32, 37.5, 40):
        for weeks in (26, 39, 48, 50, 52):
            each = replace(FEDERAL, hours=hours, weeks=weeks)
            exact = [c for c in range(500, 6_000) if c * hours * weeks == 288_800 * 12]
            for cents in exact:
                earned = np.array([cents, cents + 1]) / 100 * each.earnings(1.0)
                at, over = federal.components(each, earned, YEARS[2026])["snap"]
                assert at > over == 0


def test_a_fall_at_the_end_of_the_range_is_told_and_one_before_it_is_not() -> None:
    until = household(FEDERAL, Wages(15, 16.66, 0.01))[0].answer
    assert isinstance(until, Finding)
    assert until.value < -1_800  # the next cent above the range costs that much
    later = household(FEDERAL, Wages(16.67, 20))[0].answer
    assert isinstance(later, Finding)
    assert later.value == 0


@pytest.mark.parametrize(
    ("day", "state", "limit"),
    [  # the USDA's chart, and the days on which two states changed
        (date(2025, 6, 30), "AK", None),
        (date(2025, 7, 1), "AK", 2.0),
        (date(2026, 2, 28), "AZ", 1.85),
        (date(2026, 3, 1), "AZ", 2.0),
        (date(2026, 9, 1), "TX", 1.65),
        (date(2026, 9, 1), "OH", 1.3),
        (date(2026, 9, 1), "MS", None),
    ],
)
def test_which_limit_a_state_has_on_a_day(day: date, state: str, limit: float | None) -> None:
    found = states.wider(state, False, day)
    assert (found.gross if found else None) == limit


def test_every_state_has_its_limit_and_its_allowance() -> None:
    none = {s for s in STATES if states.wider(s, False, date(2026, 9, 1)) is None}
    assert none == {"AR", "KS", "MS", "MO", "SD", "TN", "UT", "WY"}
    for state in set(STATES) - set(states.NO_ALLOWANCE):
        for year in YEARS:
            allowed = [states.utility_allowance(state, n, year) for n in range(1, 13)]
            assert allowed == sorted(allowed)
            assert 250 < allowed[0] <= allowed[-1] < 1_200


def test_hawaii_has_no_single_allowance() -> None:
    with pytest.raises(PlanError) as wrong:
        household(Family("HI", utilities=True))
    assert wrong.value.code == "PLAN-household-utilities"


def test_snaps_income_limit_is_the_fall_that_is_told() -> None:
    """3 people: 130 % of the guideline is 2,888 a month, $16.66 an hour at 2,080 hours."""
    fall, after, table = (r.answer for r in household(FEDERAL))
    assert isinstance(fall, Finding)
    assert [p.group for p in fall.parts] == ["$16.67", "$16.66"]
    assert fall.value == pytest.approx(-1_840, abs=15)
    assert isinstance(after, Finding)
    assert after.value == pytest.approx(18.11, abs=0.02)
    assert isinstance(table, Table)
    assert table.name == "cliff"
    extra = {r["hourly"]: r["mark"] for r in table.rows if r["mark"]}
    assert extra == {16.66: "before a fall", 16.67: "after a fall", 18.11: "as high again"}
    plain = tuple(r["hourly"] for r in table.rows if not r["mark"])
    assert plain == tuple(15 + i / 2 for i in range(31))


def test_the_table_adds_up_and_its_rates_are_those_of_the_next_step() -> None:
    table = household()[-1].answer
    assert isinstance(table, Table)
    known = set(federal.COMPONENTS)
    plain = [r for r in table.rows if not r["mark"]]
    for row, after in pairwise(plain):
        cells = {k: float(v) for k, v in row.items() if k != "mark" and v is not None}
        assert cells["net"] == pytest.approx(sum(cells[k] for k in known & set(cells)), abs=0.05)
        more = float(after["earnings"] or 0) - cells["earnings"]
        kept = float(after["net"] or 0) - cells["net"]
        assert cells["emtr"] == pytest.approx(1 - kept / more, abs=1e-4)


def test_a_path_is_told_rung_by_rung() -> None:
    path = (("aide", 16.0), ("tech", 17.0), ("nurse", 24.0))
    wages = Wages(16, 24, path=path)
    less, until, more, table, _ = (r.answer for r in household(FEDERAL, wages))
    assert isinstance(less, Finding)
    assert isinstance(more, Finding)
    assert isinstance(until, Finding)
    assert isinstance(table, Table)
    assert less.value < 0 < more.value
    assert 17 < until.value < 24
    nets = [r for r in table.rows if r["component"] == "Net income"]
    assert [float(r["change"] or 0) for r in nets] == pytest.approx([less.value, more.value])


def test_a_family_with_help_is_not_told_whether_it_is_better_off() -> None:
    for kind in HELP:
        given_ = replace(TWO, has=frozenset({kind}))
        found = [r.answer for r in household(given_, Wages(15, 17, path=(("", 15.0), ("", 17.0))))]
        assert [a.code for a in found if isinstance(a, Refusal)] == ["ANS-household-help"]
        assert not [a for a in found if isinstance(a, Finding)]
        changes, line = (a for a in found if isinstance(a, Table))
        assert (changes.name, line.name) == ("rungs", "cliff")
        # nor by the back door: no net income by name, no fall, no wage that makes up for it
        assert "Net income" not in changes.column("component")
        assert "behind" not in {c.name for c in line.columns}
        assert {r["mark"] for r in line.rows} == {"", "a rung"}


def test_where_no_raise_costs_anything_it_is_said() -> None:
    found = household(Family("NY"), Wages(30, 40))[0]
    assert isinstance(found.answer, Finding)
    assert found.answer.value == 0
    assert "every raise leaves more" in str(found)


@pytest.mark.parametrize("language", ["en", "es"])
def test_words_chart_and_tables_in_both_languages(language: str) -> None:
    from rung.messages import speaking
    from rung.share import charts, say, tables

    with speaking(language):
        path = (("", 16.0), ("", 17.0))
        for released in household(FEDERAL, Wages(15, 30, path=path)):
            assert say.words(released)
            assert tables.table(released).rows
        drawn = charts.svg(released)
        assert drawn is not None
        assert "$17.65" in drawn  # what makes up for the fall from $16 to $17
        narrow = charts.svg(released, charts.NARROW)
        assert narrow is not None


def test_everything_wrong_is_told_at_once_and_no_value_is_repeated() -> None:
    family = Family(
        "ZQX", adults=3, children=2, ages=(41, 4), hours=0, rent=-7777, has=frozenset({"ZQX"})
    )
    with pytest.raises(PlanError) as wrong:
        cycle.household(family, Wages(30, 15, path=(("ZQX", 16.0),)), year=1887)
    codes = {p.code.removeprefix("PLAN-household-") for p in wrong.value.problems}
    assert codes == {
        *("state", "adults", "children", "hours", "amount", "help", "range", "path", "year")
    }
    told = json.dumps(wrong.value.to_json())
    assert not any(secret in told for secret in ("ZQX", "7777", "1887", "41"))


@pytest.mark.parametrize(
    "wages",
    [Wages(-1, 5), Wages(15, 501), Wages(float("nan"), 5), Wages(15.001, 20)],
)
def test_impossible_wages(wages: Wages) -> None:
    with pytest.raises(PlanError) as wrong:
        household(wages=wages)
    assert wrong.value.code == "PLAN-household-wage"


@pytest.mark.parametrize("step", [0, -1, 0.005, 0.01, float("inf"), float("nan")])
def test_impossible_steps(step: float) -> None:
    with pytest.raises(PlanError) as wrong:
        household(wages=Wages(15, 30, step))
    assert wrong.value.code == "PLAN-household-steps"


def test_the_terminal_prints_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    line = "household --state NY --adults 1 --children 2 --hourly 15..30 --model built-in --json"
    with pytest.raises(SystemExit) as left:
        main(line.split())
    assert left.value.code == 0
    said = json.loads(capsys.readouterr().out)
    assert said["verb"] == "household"
    assert [a["kind"] for a in said["answers"]] == ["finding", "finding", "table"]
    assert said["answers"][-1]["name"] == "cliff"


# -- the full model, as far as it can be tested without it


def test_the_worker_imports_nothing_that_is_not_python_s_own() -> None:
    """It is run by another interpreter, and never brings PolicyEngine into this one."""
    text = Path(worker.__file__).read_text("utf-8")
    assert not re.search(r"^\s*(?:from|import) rung", text, re.MULTILINE)
    assert "policyengine_us" not in sys.modules
    asked = {
        "adults": [0, 9_000], "ages": [4, 15], "married": False, "state": "NY", "year": 2026,
        "hours": 40, "rent": 12_000, "childcare": 6_000, "has": ["housing"],
        "low": 0, "high": 10, "count": 2,
    }  # fmt: skip
    made = worker.situation(asked)
    assert made["tax_units"]["second"]["members"] == ["adult1"]
    assert made["spm_units"]["spm"]["members"] == ["adult0", "adult1", "child0", "child1"]
    assert "childcare_hours_per_day" in made["people"]["child0"]
    assert "childcare_hours_per_day" not in made["people"]["child1"]


FAKE = """#!{python}
import json, sys
if "-c" in sys.argv:
    print("9.9"); sys.exit()
asked = json.load(sys.stdin)
names = {names!r}
n = asked["count"]
step = (asked["high"] - asked["low"]) / max(n - 1, 1)
earned = [asked["low"] + i * step for i in range(n)]
parts = {{name: [0.0] * n for name in names}}
parts["earnings"] = earned
parts["housing"] = [9000.0 if e < 36000 else 0.0 for e in earned]
parts["covered"] = [3.0] * n
open({log!r}, "a").write("asked\\n")
import os
assert not [k for k in os.environ if k.startswith(("RUNG_", "DJANGO_", "DATABASE_"))]
json.dump({{"version": "9.9", "parts": parts}}, sys.stdout)
"""


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that answers as the full model does; the file it writes a line to when asked."""
    log, program = tmp_path / "log", tmp_path / "model"
    names = [c for c in full.COMPONENTS if c != "partner_earnings"]
    program.write_text(FAKE.format(python=sys.executable, names=names, log=str(log)))
    program.chmod(0o755)
    monkeypatch.setenv(full.SETTING, str(program))
    return log


def test_the_full_model_answers_what_the_federal_one_refuses(stand_in: Path) -> None:
    path = (("", 17.0), ("", 19.5))
    family = replace(TWO, has=frozenset({"housing"}))
    found = [r.answer for r in cycle.household(family, Wages(15, 20, path=path))]
    first = found[0]
    assert isinstance(first, Finding)
    assert first.value == pytest.approx(2.5 * 2080 - 9_000)
    assert first.method.sources == ("policyengine",)
    until = found[1]
    assert isinstance(until, Finding)
    assert until.value == pytest.approx(17 + 9_000 / 2080, abs=0.01)


def test_a_wide_range_is_asked_in_wider_steps_and_odd_cents_in_it_are_refused(
    stand_in: Path,
) -> None:
    wide = cycle.household(TWO, Wages(0, 300, 1.0)).answers[-1].answer
    assert isinstance(wide, Table)
    assert wide.column("hourly")[-1] == 300
    with pytest.raises(PlanError) as wrong:
        cycle.household(TWO, Wages(0, 300, 1.0, (("", 17.01), ("", 20.0))))
    assert wrong.value.code == "PLAN-household-steps"


def test_replies_are_kept_by_the_digest_of_what_was_asked(stand_in: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = cycle.household(TWO, Wages(15, 20), cache=cache)
    again = cycle.household(TWO, Wages(15, 20), cache=cache)
    assert stand_in.read_text().count("asked") == 1
    assert [r.answer for r in first] == [r.answer for r in again]
    cycle.household(TWO, Wages(15, 21), cache=cache)
    assert len(list(cache.iterdir())) == 2
    cycle.household(TWO, Wages(15, 21))
    assert stand_in.read_text().count("asked") == 3


def test_without_the_full_model_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(full.SETTING, "no-such-python")
    with pytest.raises(PlanError) as wrong:
        cycle.household(TWO, Wages(15, 20), model="full")
    assert wrong.value.code == "PLAN-policyengine"
    monkeypatch.delenv(full.SETTING)
    monkeypatch.setattr(full, "find_spec", lambda _name: None)
    assert not cycle.full_model()
    with pytest.raises(PlanError) as wrong:
        cycle.household(TWO, Wages(15, 20), model="full")
    assert wrong.value.code == "PLAN-policyengine"
    assert cycle.household(TWO, Wages(15, 20)).provenance["model"] == "built-in"


def test_every_parameter_has_a_source() -> None:
    from rung.sources import SOURCES

    for year in YEARS.values():
        assert set(year.sources) <= set(SOURCES)
        assert answers.check(TWO, Wages(15, 20), year.year) is year


def test_one_wage_has_no_raise_to_judge(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main(["household", "--state", "NY", "--children", "1", "--hourly", "0"])
    assert done.value.code == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "At $0 an hour, a family of one adult and one child in New York has $" in said
    assert "raise" not in said.split("net income")[0]
    assert "at $0," not in said


@pytest.mark.parametrize(("code", "spanish"), [("NY", "Nueva York"), ("DC", "Washington D. C.")])
def test_the_state_is_named_in_both_languages(code: str, spanish: str) -> None:
    family = cycle.Family(state=code)
    first = cycle.household(family, cycle.Wages(15, 20))[0]
    assert f" in {code}" not in say.words(first, "en")
    assert f" en {spanish}" in say.words(first, "es")
