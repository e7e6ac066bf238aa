"""What a workbook's XML says beside its values: merged, coloured, hidden, broken cells.

The values come from calamine, which does not tell how a cell looks; a provider's colours, the
zeros in front of a ZIP code and #REF! are in the markup alone. One streaming pass; nothing is kept
but what is out of the ordinary.
"""

from __future__ import annotations

import posixpath
import re
import xml.etree.ElementTree as ET
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NamedTuple
from xml.parsers import expat

from rung.errors import RecordsError
from rung.records.files.sheet import stop

MOST_BYTES = 2_000_000_000
MOST_CELLS = 60_000_000
_SMALL, _RATIO = 50_000_000, 250
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    KeyError,
    ET.ParseError,
    expat.ExpatError,
)

_REF = re.compile(r"([A-Z]{1,3})(\d{1,7})")
_ZEROS = re.compile(r"0(?:0|-)+")
_PERCENT = re.compile(r"0(\.0+)?%")
_NOT_FORMAT = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
_PLAIN_FILLS = {"FFFFFFFF", "00FFFFFF", "FFFFFF"}
_DATE_FORMATS = {*range(14, 18), 22, *range(27, 32), 36, *range(50, 59)}


def guard(path: Path) -> None:
    """Refuse a workbook that grows beyond measure when unpacked, is locked or is broken.

    Sizes are measured by unpacking, since a zip's own figures may lie. Raises REC-zip-bomb,
    REC-protected, REC-workbook.
    """
    most = min(MOST_BYTES, max(_SMALL, _RATIO * path.stat().st_size))
    total = 0
    try:
        with zipfile.ZipFile(path) as packed:
            for each in packed.infolist():
                if each.flag_bits & 1:
                    raise stop("REC-protected", path)
                each.file_size = most + (1 << 21)  # more than is read: to the real end
                with packed.open(each) as f:
                    while piece := f.read(1 << 20):
                        total += len(piece)
                        if total > most:
                            raise stop("REC-zip-bomb", path, most=most // 1_000_000, ratio=_RATIO)
    except _BROKEN as e:
        raise stop("REC-workbook", path) from e


class Merge(NamedTuple):
    """A merged range: first and last row and column, from 0, inclusive."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass
class Marks:
    """What is out of the ordinary in one tab; rows and columns count from 0.

    `shown` is the text that people see where it differs from the stored value; `errors`,
    `unsaved` (formulas without a result) and `day_zero` are places; `coloured` maps a row to its
    columns with a fill.
    """

    merges: list[Merge] = field(default_factory=list)
    hidden_rows: list[int] = field(default_factory=list)
    coloured: dict[int, list[int]] = field(default_factory=dict)
    shown: dict[tuple[int, int], str] = field(default_factory=dict)
    errors: list[tuple[int, int]] = field(default_factory=list)
    unsaved: list[tuple[int, int]] = field(default_factory=list)
    day_zero: list[tuple[int, int]] = field(default_factory=list)
    box: list[int] = field(default_factory=lambda: [1 << 30, 1 << 30, -1, -1])

    @property
    def cells(self) -> int:
        """How many cells the filled rectangle has."""
        top, left, bottom, right = self.box
        return max(0, bottom - top + 1) * max(0, right - left + 1)


@dataclass(frozen=True)
class _Style:
    coloured: bool
    form: str


def _tag(name: str) -> str:
    return name.rpartition("}")[2]


def _fill_shows(fill: ET.Element) -> bool:
    """Whether a fill is a colour that a person would see."""
    for pattern in fill:
        kind = pattern.get("patternType", "none")
        if _tag(pattern.tag) != "patternFill" or kind == "gray125":
            return _tag(pattern.tag) == "gradientFill"
        if kind == "none":
            return False
        colours = {_tag(c.tag): c for c in pattern}
        front = colours.get("fgColor")
        if front is None:
            return True
        white = front.get("theme") == "0" and not front.get("tint")
        nothing = front.get("indexed") in ("9", "64", "65")
        return not (white or nothing or front.get("rgb", "").upper() in _PLAIN_FILLS)
    return False


def _styles(packed: zipfile.ZipFile) -> list[_Style]:
    try:
        root = ET.fromstring(_plain_xml(packed.read("xl/styles.xml")))  # noqa: S314
    except KeyError:
        return []
    parts = {_tag(e.tag): e for e in root}
    forms = {int(f.get("numFmtId", "0")): f.get("formatCode", "") for f in parts.get("numFmts", ())}
    forms = {9: "0%", 10: "0.00%", **dict.fromkeys(_DATE_FORMATS, "yyyy-mm-dd"), **forms}
    fills = [_fill_shows(f) for f in parts.get("fills", ())]
    made: list[_Style] = []
    for xf in parts.get("cellXfs", ()):
        fill = int(xf.get("fillId", "0"))
        made.append(
            _Style(
                coloured=fill < len(fills) and fills[fill],
                form=forms.get(int(xf.get("numFmtId", "0")), ""),
            )
        )
    return made


def _plain_xml(data: bytes) -> bytes:
    """XML without a document type: entities have no business in a workbook.

    The whole of it is looked at, since a long comment may stand before; and it has one byte a
    letter, since in UTF-16 the words would not be seen.
    """
    if b"\0" in data or b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise ValueError("a document type in a workbook")
    return data


def _places(packed: zipfile.ZipFile) -> dict[str, str]:
    """Where in the archive each tab is."""
    book = ET.fromstring(_plain_xml(packed.read("xl/workbook.xml")))  # noqa: S314
    links = ET.fromstring(  # noqa: S314
        _plain_xml(packed.read("xl/_rels/workbook.xml.rels"))
    )
    targets = {r.get("Id"): r.get("Target", "") for r in links}
    places: dict[str, str] = {}
    for sheet in book.iter():
        if _tag(sheet.tag) != "sheet":
            continue
        link = next((v for k, v in sheet.attrib.items() if k.endswith("}id")), None)
        target = targets.get(link, "")
        # a target is relative to xl/, or absolute with a leading slash
        place = target.lstrip("/") if target.startswith("/") else posixpath.join("xl", target)
        places[sheet.get("name", "")] = posixpath.normpath(place)
    return places


def read(path: Path) -> Mapping[str, Marks]:
    """The marks of every tab of an .xlsx or .xlsm workbook, by the tab's name.

    A workbook must have passed `guard`. Raises REC-workbook.
    """
    try:
        with zipfile.ZipFile(path) as packed:
            styles = _styles(packed)
            inside = set(packed.namelist())
            return {
                name: _scan(packed, place, styles)
                for name, place in _places(packed).items()
                if place in inside
            }
    except RecordsError:
        raise
    except _BROKEN as e:
        raise stop("REC-workbook", path) from e


def _column(letters: str) -> int:
    n = 0
    for c in letters:
        n = n * 26 + ord(c) - 64
    return n - 1


def _place(ref: str) -> tuple[int, int]:
    found = _REF.fullmatch(ref.replace("$", ""))
    if not found:
        raise ValueError("not a cell reference")
    return int(found[2]) - 1, _column(found[1])


def _number_shown(stored: str, form: str) -> str | None:
    """A stored number as its format shows it, when that changes what it says.

    Zeros in front (`00000`), dashes of an id (`000-00-0000`), and per cent; a date format on a
    number below one shows as day zero.
    """
    bare = _NOT_FORMAT.sub("", form).split(";")[0].lower()
    digits = form.replace("\\-", "-").replace('"-"', "-")
    zeros, percent = _ZEROS.fullmatch(digits), _PERCENT.fullmatch(digits)
    dated = any(c in bare for c in "yd")
    if not (zeros or percent or dated):
        return None
    try:
        number = Decimal(stored)
    except InvalidOperation:
        return None
    if zeros and 0 <= number < Decimal(10) ** 18:
        text = str(int(number.to_integral_value())).zfill(digits.count("0"))
        shown, rest = [], list(text)
        for c in reversed(digits):
            shown.append("-" if c == "-" else rest.pop())
        return "".join(rest) + "".join(reversed(shown))
    if percent:
        places = len(percent[1] or "")
        return f"{number * 100:.{max(0, places - 1)}f}%"
    return "1900-01-00" if dated and number < 1 else None


class _Reader:
    """Expat's handlers over one tab."""

    def __init__(self, styles: list[_Style]) -> None:
        self.marks = Marks()
        self._coloured = {str(i) for i, s in enumerate(styles) if s.coloured}
        self._forms = {str(i): s.form for i, s in enumerate(styles) if s.form}
        self._row = self._next = -1
        self._at = (-1, -1)
        self._kind = self._style = ""
        self._formula = False
        self._text: list[str] | None = None
        self._value = ""

    def start(self, tag: str, given: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        if tag == "c":
            self._cell(given)
        elif tag == "f":
            self._formula = True
        elif tag == "v":
            self._text = []
        elif tag == "t":  # inline text
            self._value = "text"
        elif tag == "row":
            self._row = int(given["r"]) - 1 if "r" in given else self._row + 1
            self._next = 0
            if given.get("hidden") in ("1", "true"):
                self.marks.hidden_rows.append(self._row)
        elif tag == "mergeCell":
            first, _, last = given["ref"].partition(":")
            self.marks.merges.append(Merge(*_place(first), *_place(last or first)))

    def _cell(self, given: dict[str, str]) -> None:
        ref = given.get("r")
        self._at = _place(ref) if ref else (self._row, self._next)
        self._next = self._at[1] + 1
        self._kind, self._style = given.get("t", "n"), given.get("s", "")
        self._formula, self._value = False, ""

    def characters(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def end(self, tag: str) -> None:
        tag = tag.rpartition(":")[2]
        if tag == "v" and self._text is not None:
            self._value, self._text = "".join(self._text), None
        elif tag == "c":
            self._done()

    def _done(self) -> None:
        marks, (row, column) = self.marks, self._at
        if self._style in self._coloured:
            marks.coloured.setdefault(row, []).append(column)
        if not self._value:
            if self._formula and self._kind != "str":
                marks.unsaved.append(self._at)
            return
        box = marks.box
        box[0], box[1] = min(box[0], row), min(box[1], column)
        box[2], box[3] = max(box[2], row), max(box[3], column)
        if self._kind == "e":
            marks.errors.append(self._at)
            marks.shown[self._at] = self._value
        elif self._kind == "n" and self._style in self._forms:
            shown = _number_shown(self._value, self._forms[self._style])
            if shown is not None:
                marks.shown[self._at] = shown
                if shown == "1900-01-00":
                    marks.day_zero.append(self._at)


def _scan(packed: zipfile.ZipFile, place: str, styles: list[_Style]) -> Marks:
    reader = _Reader(styles)
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    parser.StartDoctypeDeclHandler = _no_doctype
    with packed.open(place) as f:
        while piece := f.read(1 << 20):
            parser.Parse(piece, False)
    parser.Parse(b"", True)
    return reader.marks


def _no_doctype(*_: object) -> None:
    raise ValueError("a document type in a workbook")
