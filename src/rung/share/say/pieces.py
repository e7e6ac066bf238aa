"""What the words of findings and of tables share."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rung.finding import Cell, Finding, Table
from rung.messages import has, phrase, word
from rung.share.numbers import around, between


def range_of(finding: Finding, language: str | None = None) -> str:
    """The range of a finding in words; empty when it has none."""
    ends, unit = finding.interval, finding.estimand.unit
    if ends is None or ends.kind == "complete count":
        return ""
    difference = len(finding.parts) > 1 and finding.method.key != "bottleneck"
    show = between if difference else around
    return either([show(a, b, unit, language) for a, b in ends.pieces], language)


def column_label(name: str, language: str | None = None) -> str:
    """What people read above a column."""
    key = f"column.{name}"
    return (
        phrase(key, {}, language) if has(key, language) else word(name.replace("_", " "), language)
    )


def opened(text: str) -> str:
    """A sentence starts with a capital."""
    return text[:1].upper() + text[1:]


def people(name: str, language: str | None = None) -> str:
    """A group's name where people are meant: "women", but people recorded as “No diploma”."""
    plain = phrase("say.words-for-people", {}, language).split()
    if any(part.casefold() in plain for part in re.findall(r"\w+", name)):
        # some languages cannot do without the article
        among = f"the {name.casefold()}"
        known = word(among, language)
        return word(name, language) if known == among else known
    return phrase("say.recorded-as", {"name": name}, language)


def either(options: list[str], language: str | None) -> str:
    """One or the other, in words."""
    said = options[0]
    for option in options[1:]:
        said = phrase("say.or", {"first": said, "last": option}, language)
    return said


def main_rows(table: Table) -> list[Mapping[str, Cell]]:
    """The rows of everyone in a journey: all of them when it is not by group."""
    by = [d for d in table.dimensions if d.name != "milestone" and d.total is not None]
    return [r for r in table.rows if all(r[d.name] == d.total for d in by)]


def group_key(table: Table) -> str | None:
    """The column that tells groups apart, if there is one."""
    keys = [c.name for c in table.columns if c.role == "key" and c.name != "milestone"]
    return keys[-1] if keys else None


def too_few(names: list[str], table: Table, language: str | None) -> list[str]:
    if not names:
        return []
    key = "say.too-few-for" if table.hidden else "say.too-early-for"
    said = [word(n, language) for n in names]
    apart = "; " if any(", " in name for name in said) else ", "
    return [phrase(key, {"names": apart.join(said)}, language)]


def estimate_columns(table: Table) -> tuple[str, str, str]:
    value = next(c.name for c in table.columns if c.role == "value")
    low = next((c.name for c in table.columns if c.role == "low"), "")
    high = next((c.name for c in table.columns if c.role == "high"), "")
    return value, low, high
