"""The architecture as failing tests."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.compile_messages import LOCALE, compiled

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src/rung"
# a migration is written by the framework and never changed
FILES = sorted(p for p in SRC.rglob("*.py") if "migrations" not in p.parts)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SRC)))
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.count("\n") <= 650, "a file this long has two jobs"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = (node.end_lineno or node.lineno) - node.lineno
            assert length <= 75, f"{node.name} is {length} lines long"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SRC)))
def test_what_source_may_not_do(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            assert not node.module.startswith("scipy.stats")
        if isinstance(node, ast.Attribute):
            assert node.attr not in {"today", "utcnow"}, "time comes from a clock"
    text = path.read_text("utf-8")
    assert "np.random.seed" not in text
    assert not re.search(r"^import random$", text, re.MULTILINE)


def test_the_catalogue_is_compiled() -> None:
    for po in LOCALE.rglob("*.po"):
        assert po.with_suffix(".mo").read_bytes() == compiled(po), "run `make messages`"


def test_a_percentage_stands_apart_from_its_sign() -> None:
    """62 %, in both languages and everywhere."""
    close = [
        (po.name, line)
        for po in LOCALE.rglob("*.po")
        for line in po.read_text("utf-8").splitlines()
        if line.startswith("msgstr") and re.search(r"[0-9}]%|:\.\d%\}", line)
    ]
    assert not close


def _codes() -> set[str]:
    found: set[str] = set()
    for path in FILES:
        found |= set(
            re.findall(r'"((?:REC|PLAN|ANS|OUT|USE)-[a-z0-9-]+)"', path.read_text("utf-8"))
        )
    return found


def test_every_code_has_its_sentences() -> None:
    from rung.messages import has

    missing = {
        f"{c}.{p}" for c in _codes() for p in ("what", "expected", "next") if not has(f"{c}.{p}")
    }
    assert not missing


def test_every_note_method_and_source_exists() -> None:
    from rung.messages import has
    from rung.sources import SOURCES

    for path in FILES:
        text = path.read_text("utf-8")
        for code in re.findall(r'Note\(\s*"([a-z0-9-]+)"', text):
            assert has(f"note.{code}"), code
        for key in re.findall(r'key="([a-z0-9_.-]+)",\s*assumptions', text):
            assert has(f"method.{key}"), key
        for group in re.findall(r"sources=\(([^)]*)\)", text):
            for key in re.findall(r'"([a-z0-9-]+)"', group):
                assert key in SOURCES, key


def test_tracked_files_name_no_package_index_and_no_machine() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False, text=True
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    host = re.compile(
        'https?://[^ )>"]*(' + "|".join(("py" + "pi", "python" + "hosted", "npm" + "js")) + ")"
    )
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if path.suffix in {".png", ".mo", ".xlsx", ".parquet"} or not path.is_file():
            continue
        assert not host.search(path.read_text("utf-8", errors="replace")), name


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from rung.cli import main; sys.argv=['rung','--help']\n"
        "try:\n    main()\nexcept SystemExit: pass\n"
        "heavy={'numpy','scipy','duckdb','sqlglot','altair','pydantic','pandas','openpyxl'}&set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
