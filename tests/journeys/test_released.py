"""Nothing that may not be told leaves with --outside: in JSON, in words, in the page."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from rung.documents import digest
from tests.journeys.terminal import REPOSITORY, Ran, rung, text

FEW, SMALL = 3, 10
PEOPLE = re.compile(r"\b(\d[\d,]*) (?:people|men|women)\b", re.IGNORECASE)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A provider of sixty people: nearly every group is too small to publish."""
    lab = tmp_path_factory.mktemp("small") / "lab"
    assert rung("simulate", "provider", "--people", 60, "--seed", 12, "-o", lab).status == 0
    return lab


def told(ran: Ran) -> list[dict[str, Any]]:
    """The answers, each one checked."""
    assert ran.document["audience"] == "outside"
    for answer in ran.answers:
        {"table": _table, "finding": _finding, "refusal": _refusal}[answer["kind"]](answer)
    return ran.answers


def _few(n: Any) -> bool:
    return isinstance(n, int | float) and 0 < n < FEW


def _table(answer: dict[str, Any]) -> None:
    roles = {c["name"]: c["role"] for c in answer["columns"]}
    for row in answer["rows"]:
        for name, role in roles.items():
            if role in ("numerator", "count") and not isinstance(row[name], str):
                assert not _few(row[name]), (answer["name"], row)
            if role == "denominator":
                assert row[name] is None or row[name] >= SMALL, (answer["name"], row)
        for column in answer["columns"]:
            if column["of"]:
                n, of = (row[name] for name in column["of"])
                if row[column["name"]] is not None:
                    assert n is not None
                    assert of is not None
                    assert n >= FEW
                    assert of - n >= FEW or n == of, (answer["name"], row)
                    assert row[column["name"]] == round(row[column["name"]], 2)


def _finding(answer: dict[str, Any]) -> None:
    assert answer["counts"]["analysed"] >= SMALL
    assert all(n >= SMALL for n in answer["counts"]["by_group"].values())
    assert not any(_few(e["n"]) for e in answer["counts"]["excluded"])
    for part in answer["parts"]:
        assert part["n"] >= SMALL
        if part["numerator"] is not None:
            assert part["numerator"] >= FEW
    if answer["estimand"]["unit"] == "share":
        assert answer["value"] == round(answer["value"], 2)


def _refusal(answer: dict[str, Any]) -> None:
    assert "value" not in answer
    assert answer["code"].startswith(("OUT-", "ANS-"))


class Cells(HTMLParser):
    """The text of a page: its table cells, and everything else that is read."""

    def __init__(self) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.words: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open.append(tag)
        if tag == "td":
            self.cells.append("")
        for name, value in attrs:
            if name in ("title", "alt", "aria-label") and value:
                self.words.append(value)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "style" in self._open or "script" in self._open:
            return
        if "td" in self._open:
            self.cells[-1] += data
        self.words.append(data)


def numbers(words: str) -> Iterator[int]:
    """Every "N people" of a text."""
    for found in PEOPLE.findall(words):
        yield int(found.replace(",", ""))


def test_a_small_provider_tells_no_small_number(small: Path) -> None:
    inside = rung("diagnose", small, "--json")
    assert any(_few(v) for a in inside.answers for r in a.get("rows", ()) for v in r.values())
    answers = told(rung("diagnose", small, "--outside", "--json"))
    assert [a["estimand"]["outcome"] for a in answers]
    assert any(a["kind"] == "refusal" and a["code"] == "OUT-too-few" for a in answers)
    reconciled = rung("reconcile", small, "--milestone", "completed", "--period", "2024",
                      "--reported", 2, "--outside", "--json")  # fmt: skip
    told(reconciled)


def test_words_and_page_tell_no_small_number(small: Path) -> None:
    shown = rung("brief", small, "--outside")
    assert shown.status in (0, 12)
    assert shown.out
    page = Cells()
    page.feed((small / "out" / "brief-outside.html").read_text("utf-8"))
    cells = [c.strip() for c in page.cells]
    assert len(cells) > 5
    for cell in cells:
        if re.fullmatch(r"\d[\d,]*", cell):
            assert not _few(int(cell.replace(",", ""))), cell
    prose = " ".join(" ".join(page.words).split())
    for n in (*numbers(prose), *numbers(" ".join(shown.out.split()))):
        assert n == 0 or n >= FEW, n
    assert "too few to publish" in prose.lower()


def test_arms_of_a_few_people_are_not_told(tmp_path: Path) -> None:
    file = tmp_path / "few.csv"
    rows = [[f"P{i}", "offer" if i < 8 else "usual", str(i * 37 % 101)] for i in range(60)]
    file.write_text(text([["who", "arm", "y"], *rows]), "utf-8")
    command = ["estimate", file, "--outcome", "y", "--arm", "arm", "--json"]
    assert rung(*command).status == 0
    ran = rung(*command, "--outside")
    assert ran.status == 12
    assert [a["code"] for a in told(ran)] == ["OUT-too-few"]
    assert "sql" not in json.dumps(ran.document["provenance"]).lower() or "37" not in ran.out


def test_the_ledger_says_who_was_told_what(tmp_path: Path) -> None:
    lab = tmp_path / "lab"
    rung("simulate", "provider", "--people", 300, "--seed", 3, "-o", lab)
    ledger = lab / "documents" / "release"
    rung("diagnose", lab)
    assert not ledger.exists()
    ran = rung("diagnose", lab, "--outside", "--by", "gender", "--json")
    (first,) = ledger.rglob("*.json")
    entry = json.loads(first.read_text("utf-8"))
    assert entry["audience"]["kind"] == "outside"
    assert [a["digest"] for a in entry["answers"]] == [digest(a) for a in ran.answers]
    assert "exempt" not in entry
    rung("diagnose", lab, "--outside", "--by", "")
    assert len(list(ledger.rglob("*.json"))) == 2
    assert json.loads(first.read_text("utf-8")) == entry


def test_supported_work_is_exempt_and_says_why(tmp_path: Path) -> None:
    pytest.importorskip("causaldata.nsw_mixtape")
    lab = tmp_path / "nsw"
    shutil.copytree(REPOSITORY / "examples" / "nsw", lab)
    shutil.rmtree(lab / "out", ignore_errors=True)
    ran = rung("run", lab, "--outside", "--json")
    assert ran.status == 0
    effect = ran.answers[0]
    assert (round(effect["value"], 2), round(effect["se"], 2)) == (1794.34, 671.00)
    (entry,) = (lab / "documents" / "release").rglob("*.json")
    assert "public" in json.loads(entry.read_text("utf-8"))["exempt"]
    html = (lab / "out" / "brief-outside.html").read_text("utf-8")
    assert "public since 1986" in html


@pytest.mark.deep
def test_no_face_takes_an_answer_that_was_not_released(tmp_path: Path) -> None:
    """The type checker refuses a Finding where a Released one is needed, on every face."""
    file = tmp_path / "leak.py"
    file.write_text(
        """\
from collections.abc import Sequence
from rung.cycle.outcome import Outcome
from rung.finding import Finding
from rung.share import brief, charts, contract, say, tables
from rung.share.release import Inside, Outside, Released

def leak(finding: Finding, fine: Released[Finding]) -> None:
    say.words(finding)
    tables.table(finding)
    charts.svg(finding)
    brief.fragment(finding)
    brief.Section("leak", (finding,))
    contract.envelope("leak", (finding,), audience=Outside(), provenance={})
    Outcome("leak", Inside(), (finding,))

    say.words(fine)
    tables.table(fine)
    charts.svg(fine)
    brief.fragment(fine)
    contract.envelope("fine", (fine,), audience=Outside(), provenance={})
""",
        "utf-8",
    )
    ran = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", str(REPOSITORY / "pyproject.toml"),
         "--cache-dir", str(tmp_path / "cache"), str(file)],
        cwd=REPOSITORY, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    wrong = {int(n) for n in re.findall(r"leak\.py:(\d+): error", ran.stdout)}
    assert wrong == set(range(8, 15)), ran.stdout
