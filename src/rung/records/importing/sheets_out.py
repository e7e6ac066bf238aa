"""Workbooks for people to read and fill in. Text is text: nothing in them runs as a formula."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from rung.errors import RecordsError

_LONGEST = 1_000  # characters of a cell that are shown
_INK, _PAPER, _MARK = "FF1B2430", "FFF0ECE2", "FFFBE9C6"


@dataclass(frozen=True)
class Page:
    """One sheet: header, lines, columns with a drop-down, and columns whose cells are marked."""

    header: Sequence[str]
    lines: Sequence[Sequence[Any]]
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    marked: tuple[str, ...] = ()
    note: str = ""


def _plain(value: Any) -> Any:
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    if value is None or isinstance(value, int | float):
        return value
    text = ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", str(value))
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _fill(sheet: Any, page: Page) -> None:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    head, mark = PatternFill("solid", fgColor=_PAPER), PatternFill("solid", fgColor=_MARK)
    bold, wrap = Font(bold=True, color=_INK), Alignment(wrap_text=True, vertical="top")

    def cell(value: Any, column: str = "") -> Any:
        made = WriteOnlyCell(sheet, _plain(value))
        if isinstance(made.value, str):
            # text that begins with = stays text, also when the sheet is edited later
            made.data_type = "s"
            made.quotePrefix = made.value[:1] in "=+-@|\t"
            made.alignment = wrap
        if column in page.marked:
            made.fill = mark
        return made

    for i, title in enumerate(page.header, 1):
        longest = max([len(str(line[i - 1] or "")) for line in page.lines[:200]] + [len(title)])
        sheet.column_dimensions[get_column_letter(i)].width = min(60, longest + 3)
    first = 3 if page.note else 1
    sheet.freeze_panes = f"A{first + 1}"
    for title, options in page.choices.items():
        letter = get_column_letter(page.header.index(title) + 1)
        rule = DataValidation(type="list", formula1=f'"{",".join(options)}"', allow_blank=True)
        rule.add(f"{letter}{first + 1}:{letter}{first + max(1, len(page.lines))}")
        sheet.data_validations.append(rule)
    if page.note:
        sheet.append([cell(page.note)])
        sheet.append([])
    titles = [cell(title) for title in page.header]
    for each in titles:
        each.fill, each.font = head, bold
    sheet.append(titles)
    for line in page.lines:
        sheet.append([cell(v, c) for v, c in zip(line, page.header, strict=True)])


def write(path: Path, pages: Mapping[str, Page]) -> None:
    """Write a workbook, whole or not at all, readable by its owner alone."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    for title, page in pages.items():
        _fill(book.create_sheet(_title(title, book.sheetnames)), page)
    temporary = path.with_name(f".{path.stem}.writing.xlsx")
    book.save(temporary)
    os.chmod(temporary, 0o600)
    temporary.replace(path)


def _title(text: str, taken: Sequence[str]) -> str:
    clean = "".join(" " if c in r"[]:*?/\'" else c for c in text).strip()[:28] or "Sheet"
    title, n = clean, 1
    while title.lower() in {t.lower() for t in taken}:
        n += 1
        title = f"{clean} {n}"
    return title


def rows(path: Path) -> Iterator[Mapping[str, Any]]:
    """The rows of a workbook's first sheet by its header; raises REC-workbook."""
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, InvalidFileException, KeyError, ValueError, SyntaxError) as e:
        raise RecordsError("REC-workbook", file=path.name) from e
    try:
        lines = iter(book.worksheets[0].iter_rows(values_only=True))
        header = [str(h or "") for h in next(lines, ())]
        for line in lines:
            yield dict(zip(header, line, strict=False))
    finally:
        book.close()
