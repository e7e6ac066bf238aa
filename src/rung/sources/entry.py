"""What an entry of the bibliography is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """One publication, rule or data set."""

    key: str
    authors: str
    year: int
    title: str
    venue: str
    link: str = ""

    def __str__(self) -> str:
        end = f" {self.link}" if self.link else ""
        return f"{self.authors} ({self.year}). {self.title}. {self.venue}.{end}"
