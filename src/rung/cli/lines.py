"""Text and tables laid out for a terminal, without ever breaking a word.

Cells wrap at their plain spaces alone ("62 %" stays whole). Room goes first where it saves most
lines. A table too wide for the page is set row by row: what the row is about, and under it each
number after its column's name.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rung.share.tables import Align

GAP = 2
_NUMBERS_FIRST = 4  # a range on one line is worth as many lines of labels
_MOST_LINES = {"left": 3, "right": 2}  # labels are read, numbers are compared

Rows = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Laid:
    """The lines of a table's heads (none when it is set row by row) and of each of its rows."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def filled(text: str, width: int, hang: str = "", first: str | None = None) -> str:
    """A paragraph within `width`; it begins with `first`, later lines with `hang`."""
    start = hang if first is None else first
    return "\n".join(
        textwrap.wrap(
            text,
            width,
            initial_indent=start,
            subsequent_indent=hang,
            break_long_words=False,
            break_on_hyphens=False,
        )
    )


def laid(labels: Sequence[str], sides: Sequence[Align], rows: Rows, width: int) -> Laid:
    """A table within `width` columns, whole words; row by row when it does not fit otherwise."""
    columns = [
        _Column(label, side, tuple(row[i] for row in rows))
        for i, (label, side) in enumerate(zip(labels, sides, strict=True))
    ]
    room = width - GAP * (len(columns) - 1)
    if sum(c.least() for c in columns) > room:
        return Laid((), tuple(tuple(_alone(labels, sides, row, width)) for row in rows))
    widths = _widths(columns, room)
    heads = _beside(labels, sides, widths, low=True)
    return Laid(tuple(heads), tuple(tuple(_beside(row, sides, widths)) for row in rows))


@lru_cache(maxsize=8192)
def _wrapped(text: str, width: int) -> tuple[str, ...]:
    return tuple(filled(text, width).split("\n"))


def _longest_word(text: str) -> int:
    return max((len(word) for word in text.split(" ")), default=0)


@dataclass(frozen=True)
class _Column:
    label: str
    side: Align
    cells: tuple[str, ...]

    def least(self) -> int:
        """The width it cannot do without: whole words, and cells of few lines."""
        width = max(1, *(_longest_word(t) for t in (self.label, *self.cells)))
        longest = max(map(len, self.cells), default=0)
        while width < longest and self._tallest(width) > _MOST_LINES[self.side]:
            width += 1
        return width

    def most(self) -> int:
        return max(len(t) for t in (self.label, *self.cells))

    def lines(self, width: int, *, head: bool) -> int:
        texts = (self.label,) if head else self.cells
        return sum(len(_wrapped(t, width)) for t in texts)

    def _tallest(self, width: int) -> int:
        return max(len(_wrapped(t, width)) for t in self.cells)


def _widths(columns: Sequence[_Column], room: int) -> list[int]:
    """Widths that use the room where each character saves most lines: of rows, then of heads."""
    widths = [c.least() for c in columns]
    for head in (False, True):
        while True:
            left, best, which, more = room - sum(widths), 0.0, -1, 0
            for i, column in enumerate(columns):
                now = column.lines(widths[i], head=head)
                weight = 1 if head or column.side == "left" else _NUMBERS_FIRST
                for extra in range(1, min(left, column.most() - widths[i]) + 1):
                    saved = weight * (now - column.lines(widths[i] + extra, head=head)) / extra
                    if saved > best:
                        best, which, more = saved, i, extra
            if which < 0:
                break
            widths[which] += more
    return widths


def _beside(
    cells: Sequence[str], sides: Sequence[Align], widths: Sequence[int], *, low: bool = False
) -> list[str]:
    """One row of the table; `low` sets short cells at the foot of tall ones, as heads stand."""
    wrapped = [_wrapped(cell, width) for cell, width in zip(cells, widths, strict=True)]
    height = max(map(len, wrapped))
    blank = [("",) * (height - len(lines)) for lines in wrapped]
    tall = [(*b, *w) if low else (*w, *b) for w, b in zip(wrapped, blank, strict=True)]
    lines = []
    for at in range(height):
        parts = [
            t[at].rjust(width) if side == "right" else t[at].ljust(width)
            for t, side, width in zip(tall, sides, widths, strict=True)
        ]
        lines.append((" " * GAP).join(parts).rstrip())
    return lines


def _alone(
    labels: Sequence[str], sides: Sequence[Align], row: Sequence[str], width: int
) -> Iterator[str]:
    """A row by itself; an empty cell says nothing and is left out."""
    about, numbers = [], []
    for label, cell, side in zip(labels, row, sides, strict=True):
        if cell and side == "left":
            about.append(cell if sides.count("left") == 1 else f"{label}: {cell}")
        elif cell:
            numbers.append(f"{label}: {cell}")
    yield from _packed(about, width, "")
    yield from _packed(numbers, width, "  ")


def _packed(parts: Sequence[str], width: int, indent: str) -> Iterator[str]:
    """As many parts on a line as fit; a part is broken only when it fills a line alone."""
    line = ""
    for part in parts:
        more = f"{line} · {part}" if line else indent + part
        if line and len(more) > width:
            yield from filled(line.strip(), width, indent + "  ", indent).split("\n")
            more = indent + part
        line = more
    if line:
        yield from filled(line.strip(), width, indent + "  ", indent).split("\n")
