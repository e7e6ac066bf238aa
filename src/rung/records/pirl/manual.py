"""The page of federal records: written from the declarations, never by hand."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from string import Template

from rung.messages import english, sentence
from rung.records.pirl.elements import elements
from rung.records.pirl.rules import RULES


def _rules() -> Iterator[str]:
    for rule in RULES:
        what = english(f"{rule.code}.what", {"rows": 2}).rsplit(" (", 1)[0]
        right = sentence(f"{rule.code}.expected", language="en")
        needs = ", ".join(rule.needs) or "-"
        mark = " *(doubtful)*" if rule.severity == "doubtful" else ""
        yield f"| `{rule.code}` | {what}{mark} | {right} | {rule.tag} | {needs} |"


def _elements() -> Iterator[str]:
    for e in elements().values():
        length = "8.2" if e.type == "DE" else str(e.length)
        codes = " ".join(e.codes) or (f"any of {e.digits}" if e.digits else "")
        mark = " †" if e.source == "reported" else ""
        yield f"| {e.number} | {e.name}{mark} | {e.type} | {length} | {codes} | {e.pending} |"


def page() -> str:
    """The page in Markdown (`docs/pirl.md`)."""
    frame = resources.files("rung.records.pirl").joinpath("page.md").read_text("utf-8")
    return Template(frame).substitute(rules="\n".join(_rules()), elements="\n".join(_elements()))
