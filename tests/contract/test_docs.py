"""The documentation runs, and names what exists."""

from __future__ import annotations

import doctest
import os
import re
from pathlib import Path

import pytest

import rung
from rung.cli import main
from rung.discovery.caseload import CaseloadSettings
from rung.discovery.funders import Definition, Funder
from rung.discovery.journey import JourneySettings
from rung.discovery.wioa import WioaSettings
from rung.learning.settings import DeclaredTest
from rung.mobility.changes import MeasuresSettings
from rung.mobility.factors import FactorsSettings
from rung.mobility.settings import Annual, LadderSettings, QualityJob
from rung.records.exits import ExitRules
from rung.records.lab import About, Group, Milestone
from rung.records.mapping import FileMap
from rung.records.pirl.bring import PirlSettings
from rung.records.wage_imports import WageFile

ROOT = Path(__file__).parents[2]


def test_the_tutorial_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    failed, tried = doctest.testfile(str(ROOT / "docs/tutorial.md"), module_relative=False)
    assert tried > 20
    assert not failed


@pytest.mark.parametrize(
    "section",
    [
        *(About, FileMap, Milestone, Group, JourneySettings, CaseloadSettings, DeclaredTest),
        *(WioaSettings, PirlSettings, ExitRules, WageFile),
        *(LadderSettings, Annual, QualityJob, MeasuresSettings, FactorsSettings),
    ],
)
def test_every_setting_is_documented(section: type) -> None:
    page = (ROOT / "docs/lab.md").read_text("utf-8")
    fields: dict[str, object] = getattr(section, "model_fields")  # noqa: B009
    missing = [f for f in fields if f"`{f}`" not in page and f"[[tests.{f}]]" not in page]
    assert not missing


@pytest.mark.parametrize("section", [Funder, Definition])
def test_every_key_of_a_funder_is_documented(section: type) -> None:
    page = (ROOT / "docs/funders.md").read_text("utf-8")
    fields: dict[str, object] = getattr(section, "model_fields")  # noqa: B009
    assert not [f for f in fields if f"`{f}`" not in page]


def test_links_between_pages_lead_somewhere() -> None:
    for page in [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "examples").glob("*.md"),
    ]:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            if not target.startswith("http"):
                assert os.path.exists(page.parent / target), (page.name, target)


def test_public_names_are_exactly_these() -> None:
    assert rung.__all__ == sorted(rung.__all__)
    assert dir(rung) == rung.__all__
    for name in rung.__all__:
        assert getattr(rung, name) is not None
    with pytest.raises(AttributeError):
        _ = rung.nothing


def test_the_readmes_session_says_what_rung_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first lines a reader sees are what the commands print."""
    shown = (ROOT / "README.md").read_text("utf-8").split("```console\n")[1].split("```")[0]
    lines = shown.splitlines()
    commands = [line[2:].split()[1:] for line in lines if line.startswith("$ ")]
    for command in commands:
        arguments = [
            str(ROOT / a)
            if a.startswith("examples/")
            else a.replace("riverside", str(tmp_path / "r"))
            for a in command
        ]
        with pytest.raises(SystemExit) as done:
            main(arguments)
        assert done.value.code == 0
        printed = " ".join(capsys.readouterr().out.split())
    promised = " ".join(" ".join(line for line in lines if not line.startswith("$ ")).split())
    assert promised in printed
