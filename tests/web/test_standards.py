"""Reports by the standards: numbers are cycle's, decisions are recorded, forgetting is whole."""

from __future__ import annotations

import html
import re
import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from rung import cycle
from rung.finding import Finding, Table
from rung.records import privacy, simulate
from rung.web import answers
from rung.web.models import FollowUp, Generation, Paper, Trace
from rung.web.store import ProgramLab
from tests.web.conftest import NOW, World
from tests.web.test_journey import text


@pytest.fixture(autouse=True)
def _fresh() -> None:
    answers.forget()


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("standards") / "lab"
    simulate.provider(folder, people=350, seed=4)
    return folder


@pytest.fixture
def full(world: World, simulated: Path) -> World:
    """The same people at work on a lab with services, credentials and wage records."""
    generation = world.program.generation
    assert generation is not None
    shutil.rmtree(generation.folder)
    shutil.copytree(simulated, generation.folder)
    return world


def at(world: World, rest: str = "") -> str:
    return f"/p/{world.program.uid}/standards/{rest}"


def lab_of(world: World) -> ProgramLab:
    assert world.program.generation is not None
    return ProgramLab.of(world.program.generation)


def test_the_indicators_are_those_of_the_terminal(full: World) -> None:
    page = text(full.client("viewer").get(at(full, "?which=PY2024Q4&by=gender")))
    found = cycle.wioa(lab_of(full).path, report="PY2024Q4", by=["gender"], clock=lambda: NOW)
    numbers = [a.answer for a in found if isinstance(a.answer, Finding)]
    assert len(numbers) > 3
    for each in numbers[:2]:
        part = each.parts[0]
        assert f"{part.numerator} of {part.n}" in page
    assert "WIOA-style" in page
    assert "Women" in page


def test_the_pay_cycle_and_what_it_is_asked(full: World) -> None:
    browser = full.client("analyst")
    page = text(browser.get(at(full, "pay/?low_pay=4,000&window=6")))
    found = cycle.churn(lab_of(full).path, line=cycle.line_of(Decimal("4000")), window=6)
    first = found[0].answer
    assert isinstance(first, Finding)
    assert f"{first.counts.analysed}" in page
    assert "6 quarters after exit" in page
    wrong = text(browser.get(at(full, "pay/?low_pay=lots")))
    assert "Write an amount above 0" in wrong


def test_without_wages_the_page_says_what_it_needs(world: World) -> None:
    assert "no wage records in this program yet" in text(
        world.client("owner").get(at(world, "pay/"))
    )


def test_funders_side_by_side(full: World) -> None:
    page = text(full.client("coach").get(at(full, "funders/")))
    year = cycle.fiscal_years(simulate.Settings().as_of)[0]
    for each in cycle.funders(lab_of(full), year=year):
        if isinstance(each.answer, Table) and each.answer.name == "funders":
            for row in each.answer.rows:
                assert str(row["definition"]) in page
                assert f"{row['x']:,}" in page
    assert "in another year" in page


def test_the_outside_view_hides_and_releases_nothing(full: World) -> None:
    browser = full.client("staff")
    for rest in ("?by=gender", "funders/?by=gender", "pay/?by=gender"):
        page = text(browser.get(at(full, rest + "&audience=outside")))
        assert "too few" in page.lower(), rest
        assert "Looking releases nothing" in page
    assert not Paper.objects.filter(kind="release").exists()
    assert Trace.objects.filter(action="standards.see", audience="outside").count() == 3


@pytest.mark.parametrize("rest", ["?by=shoe_size", "?which=PY1999Q1", "funders/?which=2025"])
def test_what_is_not_there_is_not_found(full: World, rest: str) -> None:
    assert full.client("owner").get(at(full, rest)).status_code == 404


def test_exits_are_accepted_declined_or_left(full: World) -> None:
    browser = full.client("staff")
    before, _ = cycle.exit_review(lab_of(full))
    page = browser.get(at(full, "exits/")).content.decode()
    marks = list(dict.fromkeys(re.findall(r'type="radio" name="([a-z2-7]+)"', page)))
    assert 3 <= len(marks) <= 25
    for proposal in before:
        assert proposal.period.pid not in page
    kept = browser.post(at(full, "exits/"), {marks[0]: "yes", marks[1]: "no", marks[2]: ""})
    assert kept.status_code == 302
    after, decided = cycle.exit_review(lab_of(full))
    assert sorted(decided.values()) == ["exit", "stay open"]
    assert len(after) == len(before) - 1
    document = lab_of(full).store.get("exits", "exits").body
    assert len(document["exits"]) == 1
    again = browser.get(at(full, "exits/")).content.decode()
    assert f'name="{marks[0]}"' not in again
    assert f'name="{marks[1]}"' not in again, "what was declined is not asked again"
    assert "1 proposal was declined" in text(browser.get(at(full, "exits/")))
    assert browser.post(at(full, "exits/"), {marks[2]: "perhaps"}).status_code == 302
    assert len(cycle.exit_review(lab_of(full))[1]) == 2


def test_exits_without_services_say_so(world: World) -> None:
    page = text(world.client("owner").get(at(world, "exits/")))
    assert "services" in page


def _someone(world: World) -> tuple[str, str]:
    lab = lab_of(world)
    with privacy.opened(lab, privacy.key(lab)) as keys, lab.session() as session:
        assert keys is not None
        session.attach("keys", keys)
        pid, ident = session.connection.execute(
            "SELECT pid, id FROM keys WHERE pid IN (SELECT pid FROM journeys) ORDER BY id LIMIT 1"
        ).fetchall()[0]
    return pid, ident


def _rows(generation: Generation, pid: str) -> int:
    with ProgramLab.of(generation).session() as session:
        asked = "SELECT count(*) FROM journeys WHERE pid = ?"
        return int(session.connection.execute(asked, [pid]).fetchall()[0][0])


def test_forgetting_someone_is_confirmed_and_reaches_every_import(world: World) -> None:
    now = world.program.generation
    assert now is not None
    earlier = Generation.objects.create(program=world.program, number=7)
    shutil.copytree(now.folder, earlier.folder)
    pid, ident = _someone(world)
    FollowUp.objects.create(program=world.program, pid=pid, due_days=30, result="verified",
                            on=NOW.date())  # fmt: skip
    browser = world.client("owner")
    page = browser.post(at(world, "forget/"), {"person": ident})
    assert page.status_code == 200
    assert "This cannot be undone." in text(page)
    assert ident not in text(page)
    assert pid not in page.content.decode()
    assert _rows(now, pid) == 1, "nothing is removed before it is confirmed"
    (who,) = re.findall(r'name="who" value="([^"]+)"', page.content.decode())
    done = browser.post(at(world, "forget/"), {"who": who, "confirm": "yes"})
    assert "This person is forgotten" in text(done)
    assert "from 2 imports" in text(done)
    assert _rows(now, pid) == _rows(earlier, pid) == 0
    assert not FollowUp.objects.filter(pid=pid).exists()
    assert privacy.mark(pid) in privacy.forgotten(lab_of(world))
    again = browser.post(at(world, "forget/"), {"who": who, "confirm": "yes"})
    assert again.status_code == 422


def test_nobody_of_that_id(world: World) -> None:
    page = world.client("owner").post(at(world, "forget/"), {"person": "ZQX-nobody"})
    assert page.status_code == 422
    assert "ZQX-nobody" not in page.content.decode()


def test_only_who_may_sees_the_tab(full: World) -> None:
    for who, n in (("owner", 5), ("staff", 4), ("coach", 3), ("advisor", 3)):
        page = full.client(who).get(at(full)).content.decode()
        tabs = page.split('class="tabs"')[1].split("</ul>")[0]
        assert tabs.count("<li>") == n, who


def test_in_spanish_nothing_is_left_in_english(full: World) -> None:
    browser = full.client("owner")
    browser.post("/language/", {"language": "es", "next": "/"})
    page = text(browser.get(at(full, "funders/?by=gender")))
    assert "Informes según los estándares" in page
    assert "en otro año" in page
    assert "Estilo WIOA" in page
    assert "in another year" not in page
    assert "by each definition" not in html.unescape(page)
