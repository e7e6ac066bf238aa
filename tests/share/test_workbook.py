"""The brief as a workbook: typed, whole, harmless, and nothing hidden in it."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from python_calamine import CalamineWorkbook

from rung.finding import Finding, Refusal, Table
from rung.share import workbook
from rung.share.brief import BriefInput, Section
from rung.share.release import Audience, Inside, Outside, release
from rung.sources import cite
from tests.share import examples

GROUPS = {"Women": (180, 90), "Men": (160, 60)}
EVIL = '=HYPERLINK("http://x")'


def brief(
    answers: list[Finding | Table | Refusal],
    audience: Audience | None = None,
    language: str = "en",
    **more: Any,
) -> BriefInput:
    audience = audience or Outside()
    sections = (Section("Where?", release(answers, audience)),)
    given: dict[str, Any] = {"title": "", "provider": "Harbor", "as_of": "2025-05-03", **more}
    return BriefInput(audience=audience, sections=sections, language=language, **given)


def sheets(made: bytes) -> dict[str, list[list[Any]]]:
    book = openpyxl.load_workbook(io.BytesIO(made))
    return {s.title: [list(row) for row in s.iter_rows(values_only=True)] for s in book.worksheets}


def cells(rows: list[list[Any]]) -> list[Any]:
    return [value for row in rows for value in row if value is not None]


def xml(made: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(made)) as z:
        return "\n".join(z.read(n).decode() for n in z.namelist() if n.endswith((".xml", ".rels")))


def test_the_first_sheet_says_what_the_brief_says() -> None:
    shown = brief([examples.journey(), examples.gap(GROUPS)], next_steps=("Ask them.",))
    first = cells(next(iter(sheets(workbook.content(shown)).values())))
    assert first[0].startswith("Everyone who applied")
    assert first[1:4] == ["Harbor", "Outside: for everyone", "Records as of May 3, 2025"]
    assert "Where?" in first
    assert "Ask them." in first
    assert any("does not mean there is no difference" in line for line in first)


def test_numbers_are_the_released_ones() -> None:
    shown = brief([examples.journey(), examples.gap(GROUPS)])
    made = sheets(workbook.content(shown))
    assert len(made) == 4
    for released, rows in zip(shown.answers(), list(made.values())[1:3], strict=True):
        table = released.answer
        assert isinstance(table, Table)
        numbers = sorted(v for v in cells(rows) if isinstance(v, (int, float)))
        shown_columns = {c.name for c in table.columns if c.role not in ("key", "low", "high")}
        known = {
            float(v)
            for row in table.rows
            for k, v in row.items()
            if k in shown_columns and isinstance(v, (int, float))
        }
        assert numbers
        assert {float(n) for n in numbers} <= known
        for column in ("reached", "rate"):
            assert {float(v) for v in table.column(column) if v is not None} <= set(numbers)


def test_shares_are_percentages_and_counts_are_counts() -> None:
    made = workbook.content(brief([examples.journey()]))
    sheet = openpyxl.load_workbook(io.BytesIO(made)).worksheets[1]
    formats = {c.number_format for row in sheet.iter_rows() for c in row if c.data_type == "n"}
    assert {"0%", "#,##0"} <= formats


def test_another_reader_reads_the_same(tmp_path: Path) -> None:
    path = workbook.write(tmp_path / "new" / "brief.xlsx", brief([examples.journey()]))
    made = sheets(path.read_bytes())
    book = CalamineWorkbook.from_path(path)
    assert book.sheet_names == list(made)
    for name, rows in made.items():
        theirs = [v for row in book.get_sheet_by_name(name).to_python() for v in row if v != ""]
        assert theirs == cells(rows)
    assert [p.name for p in path.parent.iterdir()] == ["brief.xlsx"]


def test_nothing_hidden_is_anywhere_in_the_file() -> None:
    groups = {"Women": (7919, 4001), "Men": (6007, 3001), "Nonbinary": (5, 2)}
    answer = examples.gap(groups)
    shown = brief([answer])
    kept = next(shown.answers()).answer
    assert isinstance(kept, Table)
    assert kept.hidden
    said = xml(workbook.content(shown))
    for row, released in zip(answer.rows, kept.rows, strict=True):
        for name, value in row.items():
            if isinstance(value, float) and released.get(name) is None:
                assert repr(value) not in said
            if isinstance(value, int) and value > 100 and released.get(name) is None:
                assert str(value) not in said
    assert "too few to publish" in said
    assert "It protects people" in said


def test_a_refusal_has_words_and_no_sheet() -> None:
    made = sheets(workbook.content(brief([examples.level(1, 9)])))
    assert list(made) == ["Brief", "Methods and sources"]
    assert any("Too few people to publish" in str(v) for v in cells(made["Brief"]))


def test_text_cannot_run() -> None:
    groups = {EVIL: (180, 90), "+1": (110, 50), "@SUM(A1)\x07": (60, 20), "-2+3": (70, 30)}
    made = workbook.content(brief([examples.gap(groups)], title="=1+1", provider="@x"))
    book = openpyxl.load_workbook(io.BytesIO(made))
    found = [
        c for s in book.worksheets for row in s.iter_rows() for c in row if c.value is not None
    ]
    assert all(c.data_type != "f" for c in found)
    assert "<f>" not in xml(made)
    texts = {c.value: c for c in found if isinstance(c.value, str)}
    for evil in (EVIL, "+1", "@SUM(A1)", "-2+3", "=1+1", "@x"):
        assert texts[evil].quotePrefix
    assert not texts["Reached"].quotePrefix


def test_the_same_brief_gives_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = brief([examples.journey(), examples.gap(GROUPS)])
    first = workbook.content(shown)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert workbook.content(shown) == first


def test_sheet_names_are_short_and_apart() -> None:
    table = examples.arms()
    long = replace(table, estimand=replace(table.estimand, outcome="a/b:c*d?[e] " * 9))
    names = list(sheets(workbook.content(brief([long, long], Inside()))))
    assert len(set(names)) == 4
    assert all(len(n) <= 31 for n in names)


def test_methods_say_how_and_cite() -> None:
    made = sheets(workbook.content(brief([examples.gap(GROUPS)])))
    said = cells(made["Methods and sources"])
    assert any("The question is about" in line for line in said)
    assert all(str(cite(key)) in said for key in examples.gap(GROUPS).method.sources)


def test_in_spanish() -> None:
    shown = brief([examples.journey(), examples.gap(GROUPS)], language="es")
    made = sheets(workbook.content(shown))
    assert next(iter(made)) == "Informe"
    assert list(made)[-1] == "Métodos y fuentes"
    assert "Registros hasta el 3 de mayo de 2025" in cells(made["Informe"])
    assert "Etapa" in cells(list(made.values())[1])
