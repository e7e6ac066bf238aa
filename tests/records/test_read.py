"""Delimited text: what is in the file is what the sheet gives, and every row is accounted for."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlglot import exp

from rung.errors import Problem, RecordsError
from rung.records import read
from rung.records.query import Session
from rung.records.read import Sheet


@cache
def _session() -> Session:
    """One for all tests: making it takes longer than most of them."""
    return Session(threads=1)


def rows_of(sheet: Sheet) -> list[tuple[Any, ...]]:
    """The sheet's rows, without the row number."""
    picks = [exp.column(exp.to_identifier(c, quoted=True)) for c in sheet.columns]
    return list(_session().run(exp.select(*picks).from_(sheet.scan)).rows)


def numbers_of(sheet: Sheet) -> list[int]:
    """The row number of each row, as a person sees it."""
    if sheet.numbered:
        return _session().run(exp.select("_row").from_(sheet.scan)).column("_row")
    count = exp.select(exp.Count(this=exp.Star())).from_(sheet.scan)
    return [sheet.header_row + 1 + i for i in range(_session().run(count).rows[0][0])]


def found(sheet: Sheet) -> dict[str, Problem]:
    """The sheet's problems by code."""
    return {p.code: p for p in sheet.problems}


def put(folder: Path, content: str | bytes, name: str = "people.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def one(folder: Path, content: str | bytes, name: str = "people.csv") -> Sheet:
    (sheet,) = read.open_sheets(put(folder, content, name), folder / "work")
    return sheet


def code_of(folder: Path, content: str | bytes, name: str = "people.csv") -> str:
    with pytest.raises(RecordsError) as e:
        one(folder, content, name)
    for problem in e.value.problems:
        assert problem.what()
        assert problem.expected()
        assert problem.next()
    return e.value.code


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_any_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    text = "id,name,wage\n1,Ann,15\n2,Bo,16\n".replace(",", delimiter)
    sheet = one(tmp_path, text)
    assert sheet.columns == ("id", "name", "wage")
    assert rows_of(sheet) == [("1", "Ann", "15"), ("2", "Bo", "16")]
    assert not sheet.numbered, "a clean file is scanned where it lies"
    assert sheet.problems == ()


def test_commas_in_cells_do_not_hide_the_semicolon(tmp_path: Path) -> None:
    sheet = one(tmp_path, "id;wage;tags\n1;15,50;a, b, c\n2;16,00;a, c, d\n")
    assert rows_of(sheet) == [("1", "15,50", "a, b, c"), ("2", "16,00", "a, c, d")]


def test_pipes_in_multi_select_cells_do_not_hide_the_comma(tmp_path: Path) -> None:
    sheet = one(tmp_path, "id,race\n1,Asian|White\n2,Black|White\n")
    assert sheet.columns == ("id", "race")
    assert rows_of(sheet)[0] == ("1", "Asian|White")


def test_excel_may_name_the_separator(tmp_path: Path) -> None:
    sheet = one(tmp_path, "sep=;\nid;a\n1;x\n")
    assert sheet.columns == ("id", "a")
    assert rows_of(sheet) == [("1", "x")]
    assert numbers_of(sheet) == [3]


def test_one_column_keeps_its_commas(tmp_path: Path) -> None:
    sheet = one(tmp_path, 'note\n"a, b"\nfoo, bar\nbaz\n')
    assert rows_of(sheet) == [("a, b",), ("foo, bar",), ("baz",)]


PEOPLE = "id,name\n1,José Núñez\n2,Zoë Ångström\n3,Chloë\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1", "mac_roman", "utf-32"]
)
def test_accents_survive_every_common_encoding(tmp_path: Path, encoding: str) -> None:
    sheet = one(tmp_path, PEOPLE.encode(encoding))
    assert sheet.columns == ("id", "name")
    assert [r[1] for r in rows_of(sheet)] == ["José Núñez", "Zoë Ångström", "Chloë"]
    assert ("REC-reencoded" in found(sheet)) == (not encoding.startswith("utf-8"))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_without_a_mark_is_seen_by_its_zeros(tmp_path: Path, encoding: str) -> None:
    sheet = one(tmp_path, PEOPLE.encode(encoding))
    assert [r[1] for r in rows_of(sheet)] == ["José Núñez", "Zoë Ångström", "Chloë"]


def test_curly_quotes_of_windows(tmp_path: Path) -> None:
    sheet = one(tmp_path, "id,note\n1,“so-called” – it’s\n".encode("cp1252"))
    assert rows_of(sheet) == [("1", "“so-called” – it’s")]


def test_a_few_bad_bytes_in_utf8_are_mended_and_counted(tmp_path: Path) -> None:
    sheet = one(tmp_path, PEOPLE.encode() + "4,Renée\n".encode("cp1252"))
    assert rows_of(sheet)[-1] == ("4", "Renée")
    problem = found(sheet)["REC-encoding"]
    assert (problem.rows, problem.first_rows) == (1, (5,))


def test_bytes_that_no_encoding_has_are_kept(tmp_path: Path) -> None:
    sheet = one(tmp_path, b"id,name\n1,caf\xe9 \x81\n")
    assert rows_of(sheet) == [("1", "café \x81")]


def test_title_rows_above_the_header(tmp_path: Path) -> None:
    text = "Participants of Bright Path,,\nExported 2025-01-03,,\n\nid,name,start\n1,Ann,\n"
    sheet = one(tmp_path, text)
    assert sheet.columns == ("id", "name", "start")
    assert sheet.header_row == 4
    assert numbers_of(sheet) == [5]
    assert found(sheet)["REC-title-rows"].rows == 3


def test_a_title_that_spans_lines_is_one_row(tmp_path: Path) -> None:
    sheet = one(tmp_path, '"Participants\nof 2024",\nid,name\n1,Ann\n2,Bo\n')
    assert sheet.columns == ("id", "name")
    assert rows_of(sheet) == [("1", "Ann"), ("2", "Bo")]
    assert numbers_of(sheet) == [3, 4]


def test_of_two_levels_of_header_the_lower_is_meant(tmp_path: Path) -> None:
    text = "Person,,Training,\nid,name,start,end\n1,Ann,2024-01-02,2024-02-03\n"
    sheet = one(tmp_path, text)
    assert sheet.columns == ("id", "name", "start", "end")


def test_line_breaks_in_headers_become_spaces(tmp_path: Path) -> None:
    sheet = one(tmp_path, 'id,"Date of\r\nProgram  Entry"," x "\n1,2024,y\n')
    assert sheet.columns == ("id", "Date of Program Entry", "x")
    assert rows_of(sheet) == [("1", "2024", "y")]


def test_duplicate_empty_and_reserved_headers_are_renamed_and_told(tmp_path: Path) -> None:
    sheet = one(tmp_path, "id,ID,,Start,Start,_row\n1,2,3,4,5,6\n")
    assert sheet.columns == ("id", "ID_2", "column 3", "Start", "Start_2", "_row_2")
    assert rows_of(sheet) == [("1", "2", "3", "4", "5", "6")]
    assert found(sheet)["REC-header-repeated"].params["columns"] == 3
    assert found(sheet)["REC-header-empty"].params["places"] == "3"


def test_a_header_that_looks_like_a_person_is_told_without_its_values(tmp_path: Path) -> None:
    sheet = one(tmp_path, "1,2024-01-02,15.5,Ann\n2,2024-02-03,16.0,Bo\n")
    problem = found(sheet)["REC-no-header"]
    assert "Ann" not in str(problem.to_json())


HOSTILE = [
    '"; DROP TABLE people; --',
    'it\'s "quoted"',
    "$name",
    "{rows}",
    "naïve 🎓",
    "select",
    "a.b",
    "columns",
    "%s",
    "id')",
    "\\",
]


@pytest.mark.parametrize("numbered", [False, True])
def test_hostile_headers_are_only_names(tmp_path: Path, numbered: bool) -> None:
    import csv

    with (tmp_path / "h.csv").open("w", newline="") as f:
        csv.writer(f).writerows([HOSTILE, [str(i) for i in range(len(HOSTILE))]])
    (sheet,) = read.open_sheets(tmp_path / "h.csv", tmp_path / "work")
    if numbered:
        sheet = read.careful(sheet, tmp_path / "work")
    assert sheet.columns == tuple(HOSTILE)
    assert rows_of(sheet) == [tuple(str(i) for i in range(len(HOSTILE)))]
    with Session() as session:
        profiles = read.profile(session, sheet)
    assert [p.common for p in profiles] == [((str(i), 1),) for i in range(len(HOSTILE))]


def test_a_file_name_is_no_pattern(tmp_path: Path) -> None:
    folder = tmp_path / "lab [2024] *"
    folder.mkdir()
    put(folder, "id,a\n9,9\n", "people1.csv")
    sheet = one(folder, "id,a\n1,x\n", "people[1].csv")
    assert rows_of(sheet) == [("1", "x")]
    assert rows_of(read.careful(sheet, folder / "work")) == [("1", "x")]


def test_ragged_rows_are_counted_never_lost(tmp_path: Path) -> None:
    text = "id,a,b\n1,x\n2,x,y\n\n3,x,y,z\n4,x,y,\n,,\n5,x,y\n"
    sheet = one(tmp_path, text)
    assert rows_of(sheet) == [
        ("1", "x", None),
        ("2", "x", "y"),
        ("4", "x", "y"),
        ("5", "x", "y"),
    ]
    assert numbers_of(sheet) == [2, 3, 6, 8]
    problems = found(sheet)
    assert problems["REC-ragged-short"].first_rows == (2,)
    assert problems["REC-ragged-long"].first_rows == (5,)
    assert problems["REC-blank-rows"].first_rows == (4, 7)


def test_mostly_ragged_files_are_refused(tmp_path: Path) -> None:
    assert code_of(tmp_path, "id,a\n1,2\n" + "1,2,3\n1,2,3,4\n" * 4) == "REC-ragged"


def test_trailing_empty_columns_and_rows_are_dropped(tmp_path: Path) -> None:
    sheet = one(tmp_path, "id,a,,\n1,x,,\n2,y,,\n,,,\n,,,\n")
    assert sheet.columns == ("id", "a")
    assert rows_of(sheet) == [("1", "x"), ("2", "y")]
    assert set(found(sheet)) == {"REC-blank-rows"}


def test_columns_without_a_name_that_hold_something_are_kept(tmp_path: Path) -> None:
    sheet = one(tmp_path, "id,a\n1,x,2\n3,y,4\n")
    assert sheet.columns == ("id", "a", "column 3")
    assert rows_of(sheet) == [("1", "x", "2"), ("3", "y", "4")]


@pytest.mark.parametrize(
    ("line", "first"),
    [('1,"Ann,15', '"Ann'), ('1,"Ann" Lee,15', "Ann Lee"), ('1,Ann 5" tall,15', 'Ann 5" tall')],
)
def test_stray_quotes_never_swallow_rows(tmp_path: Path, line: str, first: str) -> None:
    sheet = one(tmp_path, f'id,name,wage\n{line}\n2,"B, o",16\n3,Cy,17\n')
    assert rows_of(sheet) == [("1", first, "15"), ("2", "B, o", "16"), ("3", "Cy", "17")]
    assert numbers_of(sheet) == [2, 3, 4]


def test_an_open_quote_at_the_end_of_the_file(tmp_path: Path) -> None:
    sheet = one(tmp_path, 'id,name\n1,Ann\n2,"Bo\n3,Cy')
    assert rows_of(sheet) == [("1", "Ann"), ("2", '"Bo'), ("3", "Cy")]
    assert found(sheet)["REC-quotes-odd"].first_rows == (3,)


def test_line_breaks_in_cells_are_kept_and_count_as_one_row(tmp_path: Path) -> None:
    sheet = one(tmp_path, 'id,note\n1,"two\nlines"\n2,x\n')
    assert rows_of(sheet) == [("1", "two\nlines"), ("2", "x")]
    assert numbers_of(sheet) == [2, 3]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_system(tmp_path: Path, end: str) -> None:
    sheet = one(tmp_path, f"id,a{end}1,x{end}2,y")
    assert rows_of(sheet) == [("1", "x"), ("2", "y")]


def test_cells_that_end_in_a_quote_or_begin_with_another_line_end(tmp_path: Path) -> None:
    """DuckDB takes the first line end it sees for the file's, be it inside quotes."""
    expected = [("1", "a\r\nb"), ("2", '5 foot 10"'), ("3", "z")]
    for end in ("\n", "\r\n"):
        text = end.join(["id,a", '1,"a\r\nb"', '2,"5 foot 10"""', "3,z", ""])
        sheet = one(tmp_path, text)
        assert rows_of(sheet) == expected
        assert rows_of(read.careful(sheet, tmp_path / "work")) == expected


def test_mixed_line_ends(tmp_path: Path) -> None:
    sheet = one(tmp_path, "id,a\r\n1,x\n2,y\r3,z\r\n")
    assert rows_of(sheet) == [("1", "x"), ("2", "y"), ("3", "z")]


def test_zero_bytes_are_removed_and_counted(tmp_path: Path) -> None:
    sheet = one(tmp_path, b"id,a\n1,x\0y\n2,z\n")
    assert rows_of(sheet) == [("1", "xy"), ("2", "z")]
    assert found(sheet)["REC-nul"].first_rows == (2,)


def test_million_character_cells(tmp_path: Path) -> None:
    sheet = one(tmp_path, "id,note,b\n1," + "é" * 1_000_000 + ",x\n2,,y\n")
    assert [(r[0], len(r[1] or ""), r[2]) for r in rows_of(sheet)] == [
        ("1", 1_000_000, "x"),
        ("2", 0, "y"),
    ]


def test_quoted_and_bare_empty_cells_are_both_null(tmp_path: Path) -> None:
    sheet = one(tmp_path, 'id,a,b\n1,"",\n')
    assert rows_of(sheet) == rows_of(read.careful(sheet, tmp_path / "work")) == [("1", None, None)]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "REC-empty"),
        (b"\xef\xbb\xbf", "REC-empty"),
        (b" \r\n\n\t\n", "REC-empty"),
        (b",,,\n,,,\n", "REC-empty"),
        (b"id,name\n", "REC-header-only"),
        (b"id,name\n,\n\n", "REC-header-only"),
        (b"PK\x03\x04" + b"\0" * 60, "REC-not-text"),
        (b"%PDF-1.7\n1 0 obj", "REC-not-text"),
        (bytes(range(256)) * 20, "REC-not-text"),
        (b"\x1f\x8b\x08" + b"\0" * 60, "REC-not-text"),
        (b"<!DOCTYPE html><html><table><tr><td>1</td></tr></table>", "REC-not-text"),
        (",".join(f"c{i}" for i in range(5000)).encode() + b"\n1,2\n", "REC-too-wide"),
    ],
)
def test_what_is_no_table_ends_in_a_coded_error(tmp_path: Path, content: bytes, code: str) -> None:
    assert code_of(tmp_path, content) == code


def test_quotes_that_never_close_give_up_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rung.records.files import delimited

    monkeypatch.setattr(delimited, "_REREAD", 10_000)
    text = "id,a\n" + '1,"x""y\n' * 2000
    assert code_of(tmp_path, text) == "REC-quotes"


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(RecordsError) as e:
        read.open_sheets(tmp_path / "none.csv", tmp_path)
    assert e.value.code == "REC-no-file"


GOOD = [f'{i},"Ann, of {i}",2024-01-02,some text here\n'.encode() for i in range(40_000)]
FOUR = b"id,name,start,note\n"
TROUBLES = {
    "short": b"7,8,9\n",
    "one": b"7\n",
    "long": b"7,8,9,10,11\n",
    "bad byte": b"7,8\xe9,9,10\n",
    "open quote": b'7,"8,9,10\n',
    "text after a quote": b'7,"8"x,9,10\n',
    "other line end": b"7,8,9,10\r\n",
    "line end in a cell": b"7,8\r,9,10\n",
    "wide cell": b'7,"' + b"x\n" * 1_500_000 + b'",9,10\n',
}


@pytest.mark.parametrize("place", [30_000, 39_998, 40_000])
@pytest.mark.parametrize("trouble", list(TROUBLES))
def test_trouble_far_below_the_head_raises_in_the_fast_scan(
    tmp_path: Path, trouble: str, place: int
) -> None:
    """The fast scan may fail; it may not lose a row. Then the careful one accounts for all."""
    path = tmp_path / "big.csv"
    with path.open("wb") as f:
        f.writelines([FOUR, *GOOD[:place], TROUBLES[trouble], *GOOD[place:]])
    (sheet,) = read.open_sheets(path, tmp_path / "work")
    assert not sheet.numbered
    with Session() as session, pytest.raises(duckdb.Error):
        session.run(exp.select(*(exp.Max(this=exp.column(c)) for c in sheet.columns)).from_(
            sheet.scan
        ))  # fmt: skip
    if place == 40_000:
        total = read.either(sheet, tmp_path / "work", lambda s: _accounted(s))
        # a carriage return in a cell cuts its row in two, and both halves are told
        assert total == 40_001 + (trouble == "line end in a cell")


def _accounted(sheet: Sheet) -> int:
    """Rows given plus rows told: nothing else may happen to a row."""
    set_aside = sum(
        p.rows or 0 for p in sheet.problems if p.code in ("REC-ragged-long", "REC-blank-rows")
    )
    with Session() as session:
        last = exp.Max(this=exp.Length(this=exp.column("note")))
        n = session.run(exp.select(exp.Count(this=exp.Star()), last).from_(sheet.scan)).rows[0][0]
    return int(n) + set_aside


def test_blank_lines_far_below_hold_nothing_and_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "big.csv"
    path.write_bytes(FOUR + b"".join(GOOD) + b"\n\n")
    (sheet,) = read.open_sheets(path, tmp_path / "work")
    assert _accounted(sheet) == len(GOOD)


def test_problems_speak(tmp_path: Path) -> None:
    """Every problem of a hopeless file has its three sentences and no cell's value."""
    text = 'T\n\nid,id,,d\n1,"SECRET,x\n2,SECRET\n\n3,SECRET,x,y,SECRET\n4,\0SECRET,x,y\n5,a,b,c\n'
    sheet = one(tmp_path, text.encode() + b"6,\xe9SECRET,b,c\n")
    assert len(sheet.problems) >= 6
    for problem in sheet.problems:
        said = " ".join((problem.what(), problem.expected(), problem.next()))
        assert "SECRET" not in said + str(problem.to_json())
        assert "{" not in said


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1"])
def test_written_cells_never_run(text: str) -> None:
    assert read.safe_cell(text) == "'" + text


@pytest.mark.parametrize("text", ["", "Ann", "1=2", "a@b.org", "-3.5", "+15", "2024-01-02", "é"])
def test_written_cells_that_are_harmless_stay(text: str) -> None:
    assert read.safe_cell(text) == text


@pytest.mark.deep
@pytest.mark.parametrize("trouble", list(TROUBLES))
def test_trouble_at_row_a_million_raises(tmp_path: Path, trouble: str) -> None:
    path = tmp_path / "big.csv"
    with path.open("wb") as f:
        f.write(FOUR)
        for _ in range(25):
            f.writelines(GOOD)
        f.write(TROUBLES[trouble])
        for _ in range(10):
            f.writelines(GOOD)
    (sheet,) = read.open_sheets(path, tmp_path / "work")
    assert not sheet.numbered
    everything = exp.select(*(exp.Max(this=exp.column(c)) for c in sheet.columns))
    with Session() as session, pytest.raises(duckdb.Error):
        session.run(everything.from_(sheet.scan))
    careful = read.careful(sheet, tmp_path / "work")
    assert _accounted(careful) == 35 * len(GOOD) + 1 + (trouble == "line end in a cell")
