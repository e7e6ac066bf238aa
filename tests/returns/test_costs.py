"""Costs: ingredients, what lasts, what is shared, arms, the log, a unit of effect."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from rung import cycle
from rung.cli.app import app
from rung.errors import PlanError, RecordsError
from rung.finding import Finding, Refusal, Table
from rung.records.lab import Lab
from rung.records.prices import Prices
from rung.records.simulate import provider
from rung.returns.costs import (
    Attendance,
    Ingredient,
    Written,
    annuity,
    decoded,
    dollar_year,
    lines,
    parse,
    read,
)
from rung.returns.costs_tables import Effect
from rung.share import say
from rung.share.release import Outside

# -- what lasts

# the capital recovery factor as interest tables print it: years, then 3, 5, 7 and 10 %
FACTORS = {
    1: ("1.0300", "1.0500", "1.0700", "1.1000"),
    5: ("0.2184", "0.2310", "0.2439", "0.2638"),
    10: ("0.1172", "0.1295", "0.1424", "0.1627"),
    20: ("0.0672", "0.0802", "0.0944", "0.1175"),
}


@pytest.mark.parametrize("life", FACTORS)
def test_the_yearly_cost_of_a_dollar_is_that_of_interest_tables(life: int) -> None:
    for rate, printed in zip(("0.03", "0.05", "0.07", "0.10"), FACTORS[life], strict=True):
        made = annuity(Decimal(life), Decimal(rate))
        assert abs(made - Decimal(printed)) <= Decimal("0.00005")


@given(life=st.integers(1, 60), rate=st.decimals("0.001", "0.5", places=3))
def test_yearly_costs_are_worth_the_price(life: int, rate: Decimal) -> None:
    worth = sum(annuity(Decimal(life), rate) / (1 + rate) ** t for t in range(1, life + 1))
    assert worth == pytest.approx(Decimal(1), rel=Decimal("1e-12"))


def test_without_interest_a_price_is_spread_evenly() -> None:
    assert annuity(Decimal(4), Decimal(0)) == Decimal("0.25")


# -- bringing together


def made(*ingredients: Ingredient, **more: object) -> list[Decimal]:
    return [x.total for x in lines(ingredients, **{"people": {"": 100}, **more})]  # type: ignore[arg-type]


def test_quantity_price_share_and_life() -> None:
    rent = Ingredient("Rent", Decimal(8_000), Decimal(12), share=Decimal("0.4"), shared_by="floor")
    laptops = Ingredient("Laptops", Decimal(900), Decimal(40), life=Decimal(4))
    assert made(rent, laptops, rate=Decimal("0.03")) == pytest.approx(
        [Decimal(38_400), Decimal("9684.9736269550968609245881")]  # by hand: 36,000 × .2690270
    )


def test_prices_of_other_years_come_into_dollars_of_one() -> None:
    index = Prices(
        {(y, m): Decimal(v) for y, v in ((2023, 300), (2025, 330)) for m in range(1, 13)}
    )
    old = Ingredient("Rent", Decimal(100), Decimal(1), year=2023)
    new = Ingredient("Coach", Decimal(100), Decimal(1), year=2025)
    assert made(old, new, year=2025, prices=index) == [Decimal(110), Decimal(100)]
    assert dollar_year([old, old], None) == 2023
    undated = Ingredient("Mugs", Decimal(5), Decimal(1))
    for rows, asked in (([old, new], None), ([old, undated], 2025), ([undated], 2025)):
        with pytest.raises(PlanError) as told:
            dollar_year(rows, asked)
        assert told.value.code == "PLAN-cost-years"


def test_arms_have_their_own_what_the_log_says_and_their_part_by_people() -> None:
    log = Attendance({("Coaching", "offered"): Decimal(30), ("Coaching", "control"): Decimal(2)})
    found = lines(
        [
            Ingredient("Rent", Decimal(100), Decimal(10)),
            Ingredient("Mentors", Decimal(50), Decimal(4), arm="offered"),
            Ingredient("Coach", Decimal(45), service="Coaching", per="session"),
        ],
        people={"offered": 75, "control": 25},
        log=log,
    )
    assert [dict(x.dollars) for x in found] == [
        {"offered": Decimal(750), "control": Decimal(250)},
        {"offered": Decimal(200)},
        {"offered": Decimal(1350), "control": Decimal(90)},
    ]


def test_what_serves_a_stage_is_split_by_who_came_to_it() -> None:
    """An arm of which more people enrol pays for more of the training."""
    teacher = Ingredient("Teacher", Decimal(100), Decimal(10), stage="enrolled")
    arms = {"offered": 50, "control": 50}
    for came, offered in (({"offered": 40, "control": 10}, 800), ({"offered": 0}, 500)):
        (line,) = lines([teacher], people=arms, stages={"enrolled": came})
        assert line.total == 1000
        assert line.dollars["offered"] == offered


def test_everything_an_ingredient_names_that_is_not_there_is_told_at_once() -> None:
    wrong = [
        Ingredient("A", Decimal(1), Decimal(1), stage="hired"),
        Ingredient("B", Decimal(1), Decimal(1), arm="offered"),
        Ingredient("C", Decimal(1), service="Yoga", per="session"),
    ]
    with pytest.raises(PlanError) as told:
        made(*wrong, stages={"placed": {"": 40}})
    assert {p.code for p in told.value.problems} == {
        "PLAN-cost-stage", "PLAN-cost-arm", "PLAN-cost-log",
    }  # fmt: skip


# -- reading


def test_a_table_is_read_with_its_columns_in_any_order(tmp_path: Path) -> None:
    file = tmp_path / "costs.csv"
    file.write_text(
        "price,ingredient,service,per,quantity,in_kind\n"
        '"$1,200.50",Rent,,,2,\n30,Mentors,Coaching,quantity,,yes\n'
    )
    rent, mentors = read(file)
    assert (rent.price, rent.quantity, rent.in_kind) == (Decimal("1200.50"), Decimal(2), False)
    assert (mentors.quantity, mentors.per, mentors.in_kind) == (None, "quantity", True)


def test_a_table_as_spreadsheets_save_it(tmp_path: Path) -> None:
    """Letters of Windows, rows of commas alone, and rows that are shorter than the header."""
    file = tmp_path / "costs.csv"
    file.write_bytes("ingredient,quantity,price,arm\nTutoría,2,30\n,,,\n\n".encode("cp1252"))
    (row,) = read(file)
    assert (row.name, row.price, row.arm) == ("Tutoría", Decimal(30), "")
    assert parse(decoded("\ufeffingredient,quantity,price\nA,1,2".encode()), "costs.csv")


def test_what_lasts_a_moment_is_used_up_at_once() -> None:
    assert annuity(Decimal("1e-30"), Decimal("0.03")) == Decimal("1e30")


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("Rent,1e999999,1,,,,,", "price"),
        ('Rent,"1,5",1,,,,,', "price"),
        ("Rent,5,1,1001,,,,", "life"),
        ("Rent,much,1,,,,,", "price"),
        ("Rent,-5,1,,,,,", "price"),
        ("Rent,NaN,1,,,,,", "price"),
        (",5,1,,,,,", "ingredient"),
        ("Rent,5,,,,,,", "quantity"),
        ("Rent,5,2,,,,Coaching,session", "quantity"),
        ("Rent,5,1,0,,,,", "life"),
        ("Rent,5,1,,1.5,hours,,", "share"),
        ("Rent,5,1,,0.5,,,", "shared_by"),
        ("Rent,5,1,,,hours,,", "shared_by"),
        ("Rent,5,,,,,Coaching,", "per"),
        ("Rent,5,1,,,,,session", "per"),
    ],
)
def test_a_row_that_cannot_be_used_is_told_without_its_cells(
    tmp_path: Path, row: str, column: str
) -> None:
    file = tmp_path / "costs.csv"
    file.write_text(f"ingredient,price,quantity,life,share,shared_by,service,per\n{row}\n")
    with pytest.raises(RecordsError) as told:
        read(file)
    (problem,) = told.value.problems
    assert (problem.code, problem.column, problem.first_rows) == ("REC-ingredients", column, (2,))


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("ingredient,colour\n", {"REC-ingredients-missing", "REC-ingredients-column"}),
        ("ingredient,price,quantity\n", {"REC-ingredients"}),
    ],
)
def test_a_table_that_is_none_is_told(tmp_path: Path, text: str, codes: set[str]) -> None:
    (tmp_path / "costs.csv").write_text(text)
    with pytest.raises(RecordsError) as told:
        read(tmp_path / "costs.csv")
    assert {p.code for p in told.value.problems} == codes
    with pytest.raises(RecordsError):
        read(tmp_path / "none.csv")


# -- a lab

TABLE = """ingredient,component,stage,quantity,price,share,shared_by,in_kind,service,per
Coach,Coaching,,,45,,,,Intake meeting,session
Teacher,Training,enrolled,1200,60,,,,,
Rent,Facilities,,12,8000,0.4,floor space,,,
Mentors,Coaching,placed,300,30,,,yes,,
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    folder = tmp_path_factory.mktemp("costs") / "lab"
    provider(folder, people=400, seed=3)
    (folder / "costs.csv").write_text(TABLE)
    return cycle.open_lab(folder)


def tables(outcome: cycle.Outcome) -> Mapping[str, Table]:
    return {r.answer.name: r.answer for r in outcome if isinstance(r.answer, Table)}


def truth(lab: Lab, sql: str) -> int:
    with duckdb.connect() as db:
        for name in ("journeys", "services"):
            db.execute(f"CREATE VIEW {name} AS FROM '{lab.table(name)}'")
        row = db.execute(sql).fetchone()
    return int(row[0]) if row else 0


def test_costs_of_a_lab_add_up_and_are_divided_by_those_who_came_so_far(lab: Lab) -> None:
    outcome = cycle.costs(lab, lab.path / "costs.csv")
    sessions = truth(
        lab,
        "SELECT count(*) FROM services WHERE service = 'Intake meeting' "
        "AND coalesce(attendance, 'present') = 'present'",
    )
    total = 45 * sessions + 72_000 + 38_400 + 9_000
    found = outcome[0].answer
    assert isinstance(found, Finding)
    assert found.value == pytest.approx(total / 400)
    told = tables(outcome)
    parts = {r["component"]: r["cost"] for r in told["costs"].rows}
    assert parts["Coaching"] == pytest.approx(45 * sessions + 9_000)
    assert sum(float(v or 0) for v in parts.values()) == pytest.approx(total)
    assert sum(float(v or 0) for v in told["costs"].column("share")) == pytest.approx(1)
    placed = truth(lab, "SELECT count(DISTINCT pid) FROM journeys WHERE placed OR retained")
    rows = {r["per"]: r for r in told["costs-per"].rows}
    assert rows["Started a job"]["n"] == placed
    assert rows["Started a job"]["cost_each"] == pytest.approx(total / placed)
    stage = {r["stage"]: r for r in told["costs-stages"].rows}
    assert stage["Started a job"]["cost_each"] == pytest.approx(9_000 / placed)
    assert sum(float(r["cost"] or 0) for r in stage.values()) == pytest.approx(total)


def test_arms_are_net_of_what_controls_receive(lab: Lab) -> None:
    by = "gender"  # any column of two levels will do
    outcome = cycle.costs(
        lab,
        lab.path / "costs.csv",
        arm=by,
        control="male",
        effect=Effect(5.0, 0.0, "point"),
    )
    rows = {r["arm"]: r for r in tables(outcome)["costs-arms"].rows}
    everyone = sum(int(r["n"] or 0) for r in rows.values())
    assert everyone == 400
    whole = sum(float(r["cost"] or 0) for r in rows.values())
    first = outcome[0].answer
    assert isinstance(first, Finding)
    assert whole == pytest.approx(float(first.value) * 400)
    assert rows["Men"]["cost_net"] is None
    women, men = (float(rows[k]["cost_each"] or 0) for k in ("Women", "Men"))
    assert rows["Women"]["cost_net"] == pytest.approx(women - men)
    # an arm may be named by its words, also in the table
    sheet = "ingredient,quantity,price,arm\nA,1,500,Women\nB,1,500,male\n"
    named = cycle.costs(lab, Written(sheet, "costs.csv"), arm=by, control="Men")
    spent = {r["arm"]: r["cost"] for r in tables(named)["costs-arms"].rows}
    assert spent["Women"] == spent["Men"] == 500
    # a program that costs less than what controls receive has no cost for a point
    alone = Written("ingredient,quantity,price,arm\nA,1,500,Women\n", "costs.csv")
    less = cycle.costs(lab, alone, arm=by, control="Women", effect=Effect(5.0, 1.0, "point"))
    answer = less[-1].answer
    assert isinstance(answer, Refusal)
    assert answer.code == "ANS-cost-less"
    with pytest.raises(PlanError) as told:
        cycle.costs(lab, lab.path / "costs.csv", arm=by, control="nobody")
    assert told.value.code == "PLAN-cost-control"


def test_a_point_of_effect_has_a_price_only_where_the_effect_is_told_from_zero(lab: Lab) -> None:
    def priced(value: float, se: float) -> Finding | Refusal:
        outcome = cycle.costs(lab, lab.path / "costs.csv", effect=Effect(value, se, "point"))
        answer = outcome[-1].answer
        assert isinstance(answer, Finding | Refusal)
        said = " ".join(say.words(outcome[-1], "en"))
        assert " more" not in said.replace("one more", "")  # a price, not a difference
        assert say.words(outcome[-1], "es")
        return answer

    sure = priced(8, 2)
    assert isinstance(sure, Finding)
    assert sure.interval is not None
    each = float(sure.value) * 8
    # with a cost that is known, the ends are the cost over the ends of the effect
    z = 1.959963984540054
    assert sure.interval.low == pytest.approx(each / (8 + 2 * z))
    assert sure.interval.high == pytest.approx(each / (8 - 2 * z))
    unsure = priced(2, 2)
    assert isinstance(unsure, Finding)
    assert unsure.interval is not None
    assert unsure.interval.high == float("inf")
    assert len(unsure.interval.pieces) == 2
    none = priced(0, 0)
    assert isinstance(none, Refusal)
    assert none.code == "ANS-ratio"


def test_a_cohort_has_its_own_people_and_its_own_log(lab: Lab) -> None:
    outcome = cycle.costs(lab, lab.path / "costs.csv", cohort="2024")
    people = truth(lab, "SELECT count(*) FROM journeys WHERE year(entered_on) = 2024")
    assert tables(outcome)["costs-per"].rows[0]["n"] == people
    sessions = truth(
        lab,
        "SELECT count(*) FROM services JOIN journeys USING (pid) WHERE service = 'Intake meeting' "
        "AND coalesce(attendance, 'present') = 'present' AND year(entered_on) = 2024",
    )
    found = {r["component"]: r["cost"] for r in tables(outcome)["costs"].rows}
    assert found["Coaching"] == pytest.approx(45 * sessions + 9_000)


def test_the_verb_tells_words_and_one_document(lab: Lab) -> None:
    asked = ["costs", str(lab.path), "--ingredients", str(lab.path / "costs.csv")]
    run = CliRunner()
    document = json.loads(run.invoke(app, [*asked, "--json"]).stdout)
    assert document["verb"] == "costs"
    assert document["answers"][0]["method"]["sources"] == ["levin2018"]
    for language in ("en", "es"):
        said = run.invoke(app, [*asked, "--outside", "--language", language])
        assert said.exit_code == 0
    assert run.invoke(app, [*asked, "--effect", "8"]).exit_code == 2


def test_lab_toml_may_name_the_table(lab: Lab, tmp_path: Path) -> None:
    with pytest.raises(PlanError) as told:
        cycle.costs(lab)
    assert told.value.code == "PLAN-cost-file"
    toml = lab.path / "lab.toml"
    before = toml.read_text("utf-8")
    try:
        toml.write_text(before + '\n[costs]\ningredients = "costs.csv"\nrate = 0.05\n', "utf-8")
        named = cycle.costs(cycle.open_lab(lab.path))
    finally:
        toml.write_text(before, "utf-8")
    assert named[0].answer == cycle.costs(lab, lab.path / "costs.csv")[0].answer


def test_outside_a_milestone_of_few_people_has_no_cost(lab: Lab) -> None:
    few = cycle.costs(lab, lab.path / "costs.csv", cohort="2024-03", audience=Outside())
    for released in few:
        answer = released.answer
        if isinstance(answer, Table):
            for row in answer.rows:
                n = row.get("n")
                assert n is None or int(n) == 0 or int(n) >= 10
                if n is None:
                    assert row.get("cost_each") is None
