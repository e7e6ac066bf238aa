"""rung returns and rung mvpf: the contract, the audiences, both languages."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

import pytest

from rung import cycle
from rung.cli import main
from rung.errors import PlanError
from rung.finding import Finding, Refusal, Table
from rung.messages import speaking
from rung.share import say
from rung.share.release import Outside
from rung.share.tables import table

EXAMPLES = Path(__file__).parents[2] / "docs" / "returns"
WORKS = EXAMPLES / "riverbend.toml"


def clock() -> dt.datetime:
    return dt.datetime(2025, 3, 1, tzinfo=dt.UTC)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    with pytest.raises(SystemExit) as done:
        main([*arguments, "--json"])
    code = done.value.code
    return int(code or 0), json.loads(capsys.readouterr().out)


def test_figures_are_found_by_name_and_perspective(capsys: pytest.CaptureFixture[str]) -> None:
    status, told = run(capsys, "returns", str(EXAMPLES / "year-up.toml"), "--seed", "5")
    assert status == 0
    found = {(a["estimand"]["summary"], a["estimand"]["population"]): a for a in told["answers"]}
    assert found["npv", "society"]["value"] == pytest.approx(-15375.5, abs=1)
    assert found["npv", "government"]["method"]["key"] == "npv"
    assert found["bcr", "society"]["value"] == pytest.approx(0.4565, abs=0.0005)
    assert found["irr", "society"]["value"] < 0
    assert found["mvpf", "public funds"]["value"] == pytest.approx(0.43, abs=0.005)
    assert found["mvpf-cost", "public funds"]["value"] == pytest.approx(1.04, abs=0.005)
    assert told["provenance"]["seed"] == 5
    rows = {r["perspective"]: r for r in told["answers"][0]["rows"]}
    parts = rows["participant"]["npv"] + rows["government"]["npv"]
    assert rows["society"]["npv"] == pytest.approx(parts)
    assert told["answers"][0]["name"] == "returns"
    names = [a["name"] for a in told["answers"] if a["kind"] == "table"]
    assert names == ["returns", "quadrants", "tornado"]


def test_infinite_is_inf_and_undefined_a_refusal(capsys: pytest.CaptureFixture[str]) -> None:
    status, told = run(capsys, "mvpf", "--wtp", "2529", "--cost", "-4095")
    assert (status, told["answers"][0]["value"]) == (0, "inf")
    status, told = run(capsys, "mvpf", "--wtp", "2139", "--cost", "3555")
    assert told["answers"][0]["value"] == pytest.approx(0.6017, abs=0.00005)
    assert told["answers"][0]["interval"] is None
    status, told = run(capsys, "mvpf", "--wtp", "-2,729", "--cost=-$3,520")
    assert (status, told["answers"][0]["kind"]) == (12, "refusal")
    assert told["answers"][0]["code"] == "ANS-mvpf-undefined"
    errors = ("--wtp-se", "800", "--cost-se", "2500")
    status, told = run(capsys, "mvpf", "--wtp", "2139", "--cost", "3555", *errors)
    assert told["answers"][0]["interval"]["pieces"][-1][1] == "inf"
    status, _ = run(capsys, "mvpf", "--wtp", "1", "--cost", "2", "--wtp-se", "-1")
    assert status == 11


def test_a_published_spec_is_shown_exactly_and_another_is_rounded() -> None:
    published = cycle.returns(EXAMPLES / "nsw-youth.toml", audience=Outside())
    assert all(r.exempt for r in published)
    own = cycle.returns(WORKS, audience=Outside())
    npv = next(r.answer for r in own if isinstance(r.answer, Finding))
    assert npv.value == round(npv.value, -2)
    assert not any(isinstance(r.answer, Refusal) and r.answer.code == "OUT-too-few" for r in own)


def test_a_spec_of_too_few_people_tells_nothing_outside() -> None:
    from rung.returns.spec import Spec

    text = WORKS.read_text("utf-8").replace("people = 412", "people = 9")
    told = cycle.returns(Spec.parse(text), audience=Outside())
    assert {r.answer.code for r in told if isinstance(r.answer, Refusal)} >= {"OUT-too-few"}
    assert not any(isinstance(r.answer, Finding | Table) for r in told)


def test_a_scenario_is_no_effect() -> None:
    for released in cycle.returns(WORKS):
        answer = released.answer
        if isinstance(answer, Finding):
            assert answer.strength == "described"
            assert answer.interval is None or answer.interval.kind == "scenario range"
    wider = next(r.answer for r in cycle.returns(WORKS) if _name(r.answer) == "wider")
    assert isinstance(wider, Table)
    assert {n.code for n in wider.caveats} >= {"returns-wider", "returns-parameter"}


def _name(answer: Finding | Table | Refusal) -> str:
    return answer.name if isinstance(answer, Table) else ""


def test_asked_perspectives_are_all_told() -> None:
    told = cycle.returns(WORKS, perspectives=["funder", "participant"])
    seen = {(r.answer.estimand.summary, r.answer.estimand.population, r.answer.kind) for r in told}
    assert ("bcr", "participant", "refusal") in seen
    assert ("bcr", "funder", "finding") in seen
    assert not any(p == "society" for s, p, _ in seen if s in ("npv", "bcr"))
    with pytest.raises(PlanError) as why:
        cycle.returns(WORKS, perspectives=["me"])
    assert why.value.code == "PLAN-no-perspective"
    with pytest.raises(PlanError):
        cycle.returns(WORKS, draws=3)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda p: p.stem)
def test_words_in_both_languages(path: Path) -> None:
    """Every answer has words, none of English is left in the Spanish ones, none is too learned."""
    for released in cycle.returns(path, perspectives=["society", "participant", "government"]):
        for language in ("en", "es"):
            with speaking(language):
                words = f"{say.words(released)} {' '.join(say.caveats(released))}"
                grid = table(released, narrow=True)
            heads = " ".join(h.label for h in grid.heads)
            for learned in ("significant", "p-value", "confidence interval"):
                assert learned not in words
            if language == "es":
                plain = words
                for own in (released.exempt or "", *_sources(path)):
                    plain = plain.replace(own, "")
                for english in (" the ", " over ", " of ", "society", "discounted", " and "):
                    assert english not in f" {plain} {heads} ", (english, plain, heads)


def _sources(path: Path) -> list[str]:
    """What the file says in its own words."""
    return re.findall(r'^source = "(.*)"$', path.read_text("utf-8"), re.M)


def test_the_terminal_reads_well(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main(["returns", str(WORKS), "--perspective", "society"])
    assert not done.value.code
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 100
    assert "Anything from" in printed
    assert "nan" not in printed
    assert "inf " not in printed
