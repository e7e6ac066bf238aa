"""The bibliography: one entry a paper, cited by key wherever a method, rule or fact rests on it."""

from __future__ import annotations

from rung.sources import programs, worth
from rung.sources.entry import Source as Source

SOURCES: dict[str, Source] = {s.key: s for s in (*programs.ENTRIES, *worth.ENTRIES)}


def cite(key: str) -> Source:
    """The entry for `key`; KeyError when the bibliography has none."""
    return SOURCES[key]
