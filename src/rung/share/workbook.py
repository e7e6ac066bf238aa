"""The brief as an Excel workbook: what it says, a sheet for each table, methods and sources.

Counts are numbers and shares are percentages, as they were released; what is hidden says so in
words. Text is written as text, so that nothing a provider typed can run as a formula. The same
brief gives the same bytes.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rung import __version__
from rung.finding import Refusal
from rung.messages import Scalar, sentence, word
from rung.share import say, tables
from rung.share.brief import BriefInput, audience_words, exact, hiding
from rung.share.release import AnyAnswer, Released
from rung.share.tables import Text
from rung.sources import cite

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell, MergedCell
    from openpyxl.worksheet.worksheet import Worksheet

_FORMATS = {"share": "0%", "dollars": '"$"#,##0', "people": "#,##0", "days": "#,##0"}
_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest a ZIP can say
_STAMP = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*")
_HEAD = 3  # the row of a table sheet that holds its head


def write(path: Path, brief: BriefInput) -> Path:
    """Write the workbook, whole or not at all; returns where it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.stem}.writing")
    part.write_bytes(content(brief))
    part.replace(path)
    return path


def content(brief: BriefInput) -> bytes:
    """The workbook as bytes."""
    from openpyxl import Workbook

    book = Workbook()
    book.properties.creator, book.properties.language = "Rung", brief.language
    first = book.active
    assert first is not None  # noqa: S101 (a new workbook has a sheet)
    first.title = sentence("workbook.brief", {}, brief.language)
    _page(first, _told(brief), width=110)
    for number, each in enumerate(brief.answers(), 1):
        grid = tables.table(each, brief.language)
        if grid.rows:
            _table(book.create_sheet(_name(number, grid.title)), each, grid, brief.language)
    methods = book.create_sheet(sentence("workbook.methods", {}, brief.language))
    _page(methods, _methods(brief), width=110)
    out = io.BytesIO()
    book.save(out)
    return _same_every_time(out)


class _Line(str):
    """A line of a page; `size` is that of a heading, 0 for plain text."""

    size: int

    def __new__(cls, text: str, size: int = 0) -> _Line:
        line = super().__new__(cls, text)
        line.size = size
        return line


def _told(brief: BriefInput) -> Iterator[_Line]:
    language = brief.language

    def t(key: str, **params: Scalar) -> str:
        return sentence(key, params, language)

    first = next(brief.answers(), None)
    title = brief.title or (say.headline(first, language).rstrip(".") if first else brief.provider)
    yield _Line(title, 16)
    yield _Line(" · ".join(p for p in (brief.provider, brief.program) if p))
    yield _Line(audience_words(brief.audience, language))
    if brief.as_of:
        yield _Line(t("brief.as-of", as_of=brief.as_of))
    for section in brief.sections:
        yield _Line("")
        yield _Line(section.title, 13)
        for each in section.answers:
            yield _Line(say.words(each, language))
            yield _Line(say.how_sure(each, language))
            yield from map(_Line, say.caveats(each, language))
    if brief.next_steps:
        yield _Line("")
        yield _Line(t("brief.next"), 13)
        yield from map(_Line, brief.next_steps)
    yield _Line("")
    yield _Line(t("brief.hidden"), 13)
    yield _Line(hiding(brief, language))
    yield _Line("")
    yield _Line(t("brief.made", version=__version__))
    if brief.command:
        yield _Line(f"{t('brief.again')} {brief.command}")


def _methods(brief: BriefInput) -> Iterator[_Line]:
    language, cited = brief.language, dict[str, None]()
    yield _Line(sentence("workbook.methods", {}, language), 16)
    for number, each in enumerate(brief.answers(), 1):
        answer = each.answer
        cited |= dict.fromkeys(answer.method.sources)
        yield _Line("")
        yield _Line(f"{number}. {say.headline(each, language)}", 12)
        yield _Line(f"{answer.method.words(language)}.")
        yield from (_Line(note.words(language)) for note in answer.method.assumptions)
        population = word(answer.estimand.population, language)
        yield _Line(sentence("brief.population", {"population": population}, language))
        counts = None if isinstance(answer, Refusal) else answer.counts
        if counts:
            yield _Line(sentence("brief.analysed", {"n": counts.analysed}, language))
        for line in say.left_out(counts, language):
            yield _Line(sentence("brief.left-out", {"line": line}, language))
        if figures := exact(answer, language):
            yield _Line(figures)
        yield _Line(f"{sentence('brief.answer-id', {}, language)} {answer.id}")
    yield _Line("")
    yield _Line(sentence("brief.references", {}, language), 13)
    yield from (_Line(str(cite(key))) for key in cited)
    inputs = sorted({i for r in brief.answers() for i in r.answer.origin.inputs})
    if inputs:
        yield _Line("")
        yield _Line(sentence("brief.inputs", {}, language))
        yield from map(_Line, inputs)


def _page(sheet: Worksheet, lines: Iterator[_Line], width: int) -> None:
    from openpyxl.styles import Alignment, Font

    sheet.column_dimensions["A"].width = width
    for row, line in enumerate(lines, 1):
        cell = sheet.cell(row, 1)
        _write(cell, Text(line))
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        if line.size:
            cell.font = Font(bold=True, size=line.size)


def _table(
    sheet: Worksheet, released: Released[AnyAnswer], grid: tables.Grid, language: str
) -> None:
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    lines: list[Sequence[Text]] = [[Text(say.headline(released, language))], []]
    lines.append([Text(head.label) for head in grid.heads])
    lines += [*grid.rows, []]
    lines += [[Text(note)] for note in (*grid.notes, *say.caveats(released, language))]
    for row, line in enumerate(lines, 1):
        for column, text in enumerate(line, 1):
            _write(sheet.cell(row, column), text)
    sheet["A1"].font = Font(bold=True, size=14)
    for column, head in enumerate(grid.heads, 1):
        top = sheet.cell(_HEAD, column)
        top.font = Font(bold=True)
        top.alignment = Alignment(horizontal=head.align, wrap_text=True)
        sheet.column_dimensions[get_column_letter(column)].width = 30 if column == 1 else 18
    sheet.freeze_panes = f"A{_HEAD + 1}"


def _write(cell: Cell | MergedCell, text: Text) -> None:
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, MergedCell

    assert not isinstance(cell, MergedCell)  # noqa: S101 (nothing is merged here)
    if isinstance(text.value, (int, float)) and not text.hidden:
        cell.value = text.value
        small = text.unit == "share" and 0 < abs(text.value) < 0.01
        cell.number_format = "0.0%" if small else _FORMATS.get(text.unit, "General")
    elif text.text:
        cell.value = ILLEGAL_CHARACTERS_RE.sub("", text.text)[:32_767]
        cell.data_type = "s"  # a leading = stays text
        cell.quotePrefix = text.text.lstrip()[:1] in ("=", "+", "-", "@")  # and when it is edited


def _name(number: int, title: str) -> str:
    kept = "".join(c if c.isalnum() or c in " -" else " " for c in title)
    return f"{number} {' '.join(kept.split())}"[:31].strip()


def _same_every_time(saved: io.BytesIO) -> bytes:
    """The same workbook without the time at which it was made."""
    out = io.BytesIO()
    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "docProps/core.xml":
                data = _STAMP.sub(rb"\g<1>1980-01-01T00:00:00Z", data)
            entry = zipfile.ZipInfo(name, _TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, data)
    return out.getvalue()
