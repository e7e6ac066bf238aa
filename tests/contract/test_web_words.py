"""No word of the web lab stands outside the catalogue: not in a template, not in Python."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from rung import messages

WEB = Path(__file__).parents[2] / "src/rung/web"
TEMPLATES = sorted(WEB.rglob("templates/**/*.html"))
PROPER = {"Rung"}  # names that are the same in every language
_DJANGO = re.compile(r"\{#.*?#\}|\{%\s*comment.*?endcomment\s*%\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_SILENT = re.compile(r"<(script|style)\b.*?</\1>|<!--.*?-->|<!doctype[^>]*>", re.DOTALL | re.I)
_SPOKEN = re.compile(
    r"\b(?:alt|title|placeholder|aria-label|aria-description|data-says|data-sending|data-failed|"
    r'data-unsaved|data-label|value)="([^"]*)"'
)


def words_of(text: str) -> list[str]:
    """What a person would read or hear that is written in the template itself."""
    bare = _DJANGO.sub(" ", text)
    bare = _SILENT.sub(" ", bare)
    spoken = [
        said
        for tag in re.findall(r"<[^>]+>", bare)
        for said in _SPOKEN.findall(tag)
        if not re.search(r"<(input|button|option|li|progress|meter)\b[^>]*value=", tag)
        or "aria-label" in tag
    ]
    shown = re.sub(r"<[^>]*>", " ", bare)
    shown = re.sub(r"&#?\w+;", " ", shown)
    found = re.findall(r"[^\W\d_]{2,}", " ".join([shown, *spoken]))
    return [w for w in found if w not in PROPER]


def test_the_finder_finds_words() -> None:
    assert words_of('<p title="Hello">{% t "a.b" %} there</p>') == ["there", "Hello"]
    assert words_of('<p class="lead">{{ name }} · {% t "x" %}</p>') == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(WEB)))
def test_templates_hold_no_words(path: Path) -> None:
    assert words_of(path.read_text("utf-8")) == []


@pytest.mark.parametrize("path", sorted(WEB.rglob("*.py")), ids=lambda p: str(p.relative_to(WEB)))
def test_python_holds_no_sentences(path: Path) -> None:
    """A literal that reads like a sentence, outside docstrings and our own errors."""
    if "migrations" in path.parts:
        return
    tree = ast.parse(path.read_text("utf-8"))
    # docstrings, of attributes too
    aside = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        # what only a programmer meets: raise ValueError(...), logging
        if isinstance(node, ast.Raise) or (
            isinstance(node, ast.Call) and "log" in ast.unparse(node.func).lower()
        ):
            aside |= {id(each) for each in ast.walk(node)}
    found = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in aside
        and re.match(r"[A-ZÁÉÍÓÚ¿¡][a-záéíóúñ']*(?: [a-záéíóúñ']+){2,}", node.value)
    ]
    assert found == []


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize(
    "code", ["ANS-no-cost", "ANS-no-irr", "ANS-no-break-even", "ANS-no-persistence",
             "ANS-mvpf-undefined", "ANS-mvpf-not-public"],
)  # fmt: skip
def test_who_filled_in_the_form_of_returns_reads_of_no_file(code: str, language: str) -> None:
    said = " ".join(messages.sentence(f"{code}.{p}", {}, language) for p in ("expected", "next"))
    assert "[" not in said
