"""docs/errors.md: every code has an entry, and every example and repair does what it says.

An entry is read from top to bottom in an empty folder that holds the files of "What the examples
use". A fenced block whose info string names a file is written there; a `console` block is run, one
`$ rung …` a line; a `python` block is run as it stands. What stands before `Repair:` must show the
code; what stands after it must not, and must end well. A repair without a command runs the last
one again.
"""

from __future__ import annotations

import contextlib
import functools
import io
import os
import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from rung.cli import main
from rung.errors import Problem, RungError
from rung.messages import has
from tests.contract.test_house import ROOT, _codes

MANUAL = ROOT / "docs/errors.md"
SECRET = "ZQX"  # what cells hold that must never be told
SHOWN = re.compile(r'"code": "((?:REC|PLAN|ANS|OUT|USE)-[a-z0-9-]+)"')
SLOW = {
    "PLAN-covariates-many",
    "REC-package",
    "REC-quotes",
    "REC-web-database",
    "REC-web-database-full",
    "REC-zip-bomb",
}
GROUPS = {
    "Records": "REC-",
    "Plan": "PLAN-",
    "Cannot answer": "ANS-",
    "Release": "OUT-",
    "Usage": "USE-",
}


@dataclass(frozen=True)
class Block:
    """A fenced block: `name` is the file it makes, or "" for what is run."""

    language: str
    name: str
    text: str


@dataclass
class Entry:
    """One code: its paragraph, its failing example and its repair."""

    code: str
    group: str
    meaning: str
    failing: list[Block] = field(default_factory=list)
    repair: list[Block] = field(default_factory=list)
    advice: str = ""


def _blocks(text: str) -> tuple[list[Block], str]:
    """Fenced blocks, and the words between them."""
    found, words, fence = [], [], re.compile(r"^```(\w+) ?(\S*)\n(.*?)^```\n?", re.M | re.S)
    at = 0
    for match in fence.finditer(text):
        words.append(text[at : match.start()])
        found.append(Block(match[1], match[2], match[3]))
        at = match.end()
    return found, "".join((*words, text[at:])).strip()


@functools.cache
def manual() -> tuple[list[Block], dict[str, Entry]]:
    """The blocks that every example has beside it, and the entries by code."""
    shared: list[Block] = []
    entries: dict[str, Entry] = {}
    for part in re.split(r"^## ", MANUAL.read_text("utf-8"), flags=re.M)[1:]:
        group, _, body = part.partition("\n")
        before, *texts = re.split(r"^### ", body, flags=re.M)
        shared += _blocks(before)[0]
        for text in texts:
            code, _, rest = text.partition("\n")
            failing, _, repair = rest.partition("\nRepair: ")
            entry = Entry(code.strip(), group.strip(), "")
            entry.failing, entry.meaning = _blocks(failing)
            entry.repair, entry.advice = _blocks(repair)
            assert entry.code not in entries, f"two entries for {entry.code}"
            entries[entry.code] = entry
    return shared, entries


ENTRIES = manual()[1]


def test_every_code_has_an_entry_and_every_entry_a_code() -> None:
    assert set(ENTRIES) == _codes()


def test_no_code_is_built_where_it_cannot_be_found() -> None:
    loose = re.compile(r"""f["'](?:REC|PLAN|ANS|OUT|USE)-|'(?:REC|PLAN|ANS|OUT|USE)-""")
    for path in (ROOT / "src/rung").rglob("*.py"):
        assert not loose.search(path.read_text("utf-8")), path.name


def test_the_catalogue_has_no_sentence_for_a_code_that_is_gone() -> None:
    said = (ROOT / "src/rung/locale/en/LC_MESSAGES/rung.po").read_text("utf-8")
    keys = set(re.findall(r'^msgid "((?:REC|PLAN|ANS|OUT|USE)-[a-z0-9-]+)\.\w+"', said, re.M))
    assert keys == _codes()
    assert all(has(f"{code}.what") for code in keys)


def test_the_manual_is_in_order_and_whole() -> None:
    order = [(list(GROUPS).index(e.group), e.code) for e in ENTRIES.values()]
    assert order == sorted(order)
    for e in ENTRIES.values():
        assert e.code.startswith(GROUPS[e.group]), e.code
        assert e.meaning, e.code
        assert e.advice, e.code
        assert any(not b.name for b in e.failing), f"{e.code} runs nothing"


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The simulated provider that "What the examples use" makes."""
    folder = tmp_path_factory.mktemp("errors")
    (command,) = (b for b in manual()[0] if b.language == "console")
    with contextlib.chdir(folder):
        assert _console(command.text)[0] == 0
    return folder / "lab"


def _run_rung(line: str) -> tuple[int, str]:
    program, *arguments = shlex.split(line, comments=True)
    assert program == "rung", line
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            main([*arguments, "--json"])
        except SystemExit as e:
            return int(e.code or 0), out.getvalue()
    raise AssertionError("main always leaves by SystemExit")


def _console(text: str) -> tuple[int, str]:
    """The last exit status, and all that was printed."""
    status, told = 0, ""
    for line in text.splitlines():
        assert line.startswith("$ "), line
        status, said = _run_rung(line.removeprefix("$ "))
        told += said
    return status, told


def _python(text: str, space: dict[str, Any]) -> tuple[int, str]:
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            exec(compile(text, "errors.md", "exec"), space)
        except RungError as e:
            codes = "".join(f'"code": "{p.code}"\n' for p in e.problems)
            return e.exit_status, f"{out.getvalue()}{codes}{e.to_json()}"
    return 0, out.getvalue()


def _played(blocks: list[Block], space: dict[str, Any]) -> tuple[int, str]:
    """Write and run blocks in order; the last exit status and everything told."""
    status, told = 0, ""
    for block in blocks:
        if block.name:
            path = Path(block.name.removeprefix("+"))
            path.parent.mkdir(parents=True, exist_ok=True)
            before = "".join(b.text for b in manual()[0] if block.name == f"+{b.name}")
            path.write_bytes((before + block.text).encode())
            continue
        assert block.language in ("console", "python"), block.language
        run = _console(block.text) if block.language == "console" else _python(block.text, space)
        status, told = run[0], told + run[1]
    return status, told


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """An empty folder to work in, with no key of a lab in the environment."""
    kept = os.environ.pop("RUNG_KEY", None)
    with contextlib.chdir(tmp_path):
        yield tmp_path
    os.environ.pop("RUNG_KEY", None)
    if kept is not None:
        os.environ["RUNG_KEY"] = kept


def _shows(code: str, told: str) -> bool:
    return code in SHOWN.findall(told)


@pytest.mark.parametrize(
    "code",
    [pytest.param(c, marks=pytest.mark.deep if c in SLOW else ()) for c in sorted(ENTRIES)],
)
def test_the_example_shows_it_and_the_repair_mends_it(
    code: str, folder: Path, simulated: Path
) -> None:
    entry = ENTRIES[code]
    blocks = [*entry.failing, *entry.repair]
    _played([b for b in manual()[0] if b.name], {})
    if any(re.search(r"\blab\b", b.text + b.name) for b in blocks):
        shutil.copytree(simulated, folder / "lab")
    space: dict[str, Any] = {"__name__": "errors"}
    _, told = _played(entry.failing, space)
    assert _shows(code, told), told[-3000:]
    assert code == "USE-bug" or not _shows("USE-bug", told), told[-3000:]
    repair = entry.repair
    if all(b.name for b in repair):
        repair = [*repair, [b for b in entry.failing if not b.name][-1]]
    status, after = _played(repair, space)
    assert not _shows(code, after), after[-3000:]
    assert status == 0, after[-3000:]
    assert SECRET not in told + after


def test_what_was_expected_is_a_sentence_of_its_own() -> None:
    problem = Problem(code="PLAN-level")
    assert problem.told("en").endswith(" Expected: A share such as 0.95 or 0.9.")
    assert problem.told("es").startswith(problem.what("es") + " Se esperaba: ")
