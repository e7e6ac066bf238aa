"""Anything may be sent: what Python's csv wrote is what a sheet gives, and nothing else escapes."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

import openpyxl
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rung.errors import RungError
from rung.records import read
from rung.records.query import Session
from tests.records.test_read import numbers_of, rows_of

quick = settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)

# Text as people type and programs write it; no zero bytes (removed, tested apart), no lone
# surrogates (not text), no other line ends than \n (Excel's within a cell).
CELL = st.text(
    st.one_of(
        st.sampled_from("aZ09 ,;|\t\"'\n=-é🎓$%\\{}"),
        st.characters(exclude_categories=["Cs", "Cc"]),
    ),
    max_size=12,
)


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    """A header of at least two names, then rows with something in each."""
    n = draw(st.integers(2, 6))
    header = [f"name {i} {draw(CELL)}" for i in range(n)]
    filled = st.tuples(st.from_regex(r"[a-z]{1,5}", fullmatch=True), *[CELL] * (n - 1))
    return [header, *map(list, draw(st.lists(filled, min_size=1, max_size=12)))]


def written(table: list[list[str]], delimiter: str, end: str, quoting: int) -> str:
    out = io.StringIO()
    csv.writer(
        out,
        delimiter=delimiter,
        lineterminator=end,
        quoting=quoting,  # type: ignore[arg-type]
    ).writerows(table)
    return out.getvalue()


def speaks(error: RungError, code: str | None = None) -> None:
    """An error of ours: each problem has its sentences."""
    assert all(p.what() and p.expected() and p.next() for p in error.problems)
    assert code in (None, error.code)


def blank_to_none(cell: str) -> str | None:
    return cell or None


@quick
@given(
    table=tables(),
    delimiter=st.sampled_from(",\t;|"),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    titles=st.integers(0, 2),
)
def test_what_csv_wrote_is_what_a_sheet_gives(
    table: list[list[str]], delimiter: str, end: str, quoting: int, encoding: str, titles: int
) -> None:
    # csv cannot tell a separator that fills the cells from the true one: quote all of those
    if any(c in cell for row in table for cell in row for c in ",\t;|"):
        quoting = csv.QUOTE_ALL
    text = f"A report{end}" * titles + written(table, delimiter, end, quoting)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        path.write_bytes(text.encode(encoding))
        (sheet,) = read.open_sheets(path, Path(folder) / "work")
        expected = [tuple(map(blank_to_none, row)) for row in table[1:]]
        first = titles + 2
        for each in (sheet, read.careful(sheet, Path(folder) / "work")):
            assert len(each.columns) == len(table[0])
            assert rows_of(each) == expected
            assert numbers_of(each) == list(range(first, first + len(expected)))


RAGGED = st.lists(
    st.lists(st.from_regex(r'[a-z",\n ]{0,4}', fullmatch=True), max_size=6), max_size=15
)


@quick
@given(RAGGED)
def test_rows_in_are_rows_out_and_rows_told(rows: list[list[str]]) -> None:
    """Every record of a ragged file is in the sheet, or counted as blank or set aside."""
    table = [["id", "name", "wage"], ["1", "Ann", "15"], *rows, ["2", "Bo", "16"]]
    text = written(table, ",", "\n", csv.QUOTE_ALL)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        path.write_text(text)
        try:
            (sheet,) = read.open_sheets(path, Path(folder) / "work")
        except RungError as e:
            speaks(e, "REC-ragged")
            return
        told = sum(
            p.rows or 0 for p in sheet.problems if p.code in ("REC-blank-rows", "REC-ragged-long")
        )
        assert len(rows_of(sheet)) + told == len(table) - 1
        if len(sheet.columns) > 3:
            return  # most rows are wider than the header: the table is
        short = sum(p.rows or 0 for p in sheet.problems if p.code == "REC-ragged-short")
        filled = [r for r in rows if any(c.strip() for c in r)]
        assert short == sum(len(r) < 3 for r in filled)


MESSY = st.lists(
    st.sampled_from(
        ['"', '""', ",", ";", "\n", "\r\n", "\r", "a", "1", " ", "é", "\0", '"\n', ',"', "x,y"]
    ),
    max_size=60,
).map("".join)


@quick
@given(MESSY)
@example('id,name\n1,"Ann\n2,Bo"\n3,"C"d"\n')
def test_quotes_and_line_ends_in_any_disorder(text: str) -> None:
    """No row number twice, none out of order, and nothing but a coded error."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        path.write_bytes(text.encode())
        try:
            (sheet,) = read.open_sheets(path, Path(folder) / "work")
        except RungError as e:
            speaks(e)
            return
        numbers = numbers_of(sheet)
        assert numbers == sorted(set(numbers))
        assert sheet.rows in (None, len(numbers))
        # every letter typed under the header is in the sheet, unless rows were set aside
        if not any(p.code == "REC-ragged-long" for p in sheet.problems):
            cells = "".join(c or "" for row in rows_of(sheet) for c in row)
            body = cells.count("a") + cells.count("é")
            above = text.count("a") + text.count("é") - body
            assert above >= 0
            if sheet.header_row == 1 and "\n" in text:
                head = "".join(sheet.columns)
                assert above <= head.count("a") + head.count("é") + 1


NAMES = ["t.csv", "t.xlsx", "t.xls", "t.ods", "t.xlsb", "t.parquet", "t.dta", "t.tsv", "t.any"]


@quick
@given(
    data=st.one_of(
        st.binary(max_size=400),
        st.tuples(
            st.sampled_from(
                [
                    b"PK\x03\x04",
                    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
                    b"PAR1",
                    b"\xff\xfe",
                    b"id,a\n",
                ]
            ),
            st.binary(max_size=400),
        ).map(b"".join),
    ),
    name=st.sampled_from(NAMES),
)
def test_bytes_end_in_rows_or_in_a_coded_error(data: bytes, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        try:
            for sheet in read.open_sheets(path, Path(folder) / "work"):
                with Session() as session:
                    made = read.either(
                        sheet,
                        Path(folder) / "work",
                        lambda s, session=session: read.profile(session, s),  # type: ignore[misc]
                    )
                assert [p.header for p in made] == list(sheet.columns)
        except RungError as e:
            speaks(e)


@quick
@given(st.lists(st.text(max_size=20), min_size=1, max_size=8))
@example(["id", "ID", "Id ", "", "  ", "_row", "_tab", "id_2", "İ", "ß", "SS"])
def test_headers_of_any_text_become_distinct_columns(cells: list[str]) -> None:
    from rung.records.files.sheet import clean_header

    header = clean_header(cells, "t", 1)
    assert len(header.names) == len(cells)
    folded = {n.casefold() for n in header.names}
    assert len(folded) == len(cells)
    assert not folded & {"_row", "_tab"}
    assert all(n and n.isprintable() for n in header.names)


XLSX_CELL = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**14), 10**14),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=10),
)


def shown(value: object) -> str | None:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return None if value is None or value == "" else str(value)


@settings(quick, max_examples=60)
@given(
    st.lists(st.lists(XLSX_CELL, min_size=3, max_size=3), min_size=1, max_size=8),
    st.integers(0, 3),
)
def test_what_a_workbook_holds_is_what_a_sheet_gives(rows: list[list[object]], titles: int) -> None:
    book = openpyxl.Workbook()
    tab = book.worksheets[0]
    for _ in range(titles):
        tab.append(["A report"])
    tab.append(["id", "one", "two", "three"])
    for i, row in enumerate(rows):
        tab.append([f"p{i}", *row])
        for cell in tab[tab.max_row]:
            if isinstance(cell.value, str):
                cell.data_type = "s"  # "=x" is text here
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.xlsx"
        book.save(path)
        (sheet,) = read.open_sheets(path, Path(folder) / "work")
        assert rows_of(sheet) == [(f"p{i}", *map(shown, row)) for i, row in enumerate(rows)]
        assert numbers_of(sheet) == [titles + 2 + i for i in range(len(rows))]


@quick
@given(st.text(max_size=30))
def test_a_safe_cell_never_starts_a_formula(text: str) -> None:
    safe = read.safe_cell(text)
    assert safe in (text, "'" + text)
    if safe[:1] in ("=", "@", "\t", "\r"):
        raise AssertionError(safe)
    if safe[:1] in ("+", "-"):
        float(safe)
