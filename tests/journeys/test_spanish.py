"""Rung in Spanish, as a person meets it: what is printed, the brief, the workbook; JSON is not."""

from __future__ import annotations

import datetime as dt
import html
import re
from pathlib import Path

import openpyxl
import pytest
from babel.messages.pofile import read_po

from rung import cycle, messages
from rung.errors import PlanError
from rung.messages import LOCALE
from rung.share.release import Outside
from tests.journeys.terminal import rung


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("es") / "lab"
    made = rung(
        *("simulate", "provider", "--people", 400, "--seed", 4, "--trial", "-o", folder, "--json")
    )
    assert made.status == 0
    return folder


def clock() -> dt.datetime:
    """The day of every release here."""
    return dt.datetime(2026, 5, 1, tzinfo=dt.UTC)


def seen(page: str) -> str:
    """What a reader sees or hears of a page, queries and sources left out."""
    page = re.sub(r"<(style|pre|code)\b.*?</\1>", " ", page, flags=re.S)
    page = re.sub(r'<ol class="small">.*?</ol>', " ", page, flags=re.S)
    attributes = " ".join(re.findall(r'aria-label="([^"]*)"', page))
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page) + attributes))


def ours(text: str, lab: Path) -> str:
    """Text without the provider's own words, which stay as the provider wrote them."""
    text = re.sub(r"\s+", " ", text)  # a terminal breaks lines
    for own in re.findall(r'= "([^"]{12,})"', (lab / "lab.toml").read_text("utf-8")):
        text = text.replace(own, " ")
    return text


def english() -> list[tuple[str, re.Pattern[str]]]:
    """English sentences of three words or more, with anything where a parameter stands."""
    found = []
    with (LOCALE / "en" / "LC_MESSAGES" / "rung.po").open("rb") as f:
        for message in read_po(f):
            text = str(message.string)
            bare = re.sub(r"\{[^}]*\}", " ", text)
            if message.id and len(re.findall(r"[A-Za-z]{2,}", bare)) >= 3:
                parts = [re.escape(p.strip()) for p in re.split(r"\{[^}]*\}", text)]
                longest = max(parts, key=len)
                found.append((str(message.id), re.compile(rf"(?<!\w){longest}(?!\w)")))
    return [(key, p) for key, p in found if len(re.findall(r"[A-Za-z]{2,}", p.pattern)) >= 3]


@pytest.mark.parametrize("outside", [False, True])
def test_a_spanish_brief_has_no_english_sentence(lab: Path, tmp_path: Path, outside: bool) -> None:
    file = tmp_path / "informe.html"
    told = [*(["--outside"] if outside else []), "--language", "es", "-o", file]
    ran = rung("brief", lab, *told)
    assert ran.status == 0
    page = file.read_text("utf-8")
    assert '<html lang="es">' in page
    text = ours(seen(page), lab)
    patterns = english()
    assert len(patterns) > 300
    assert not [key for key, pattern in patterns if pattern.search(text)]
    assert not [key for key, pattern in patterns if pattern.search(ours(ran.out, lab))]
    assert "Mujeres" in text
    assert not re.search(r"\b(Women|Female|everyone|not recorded|Reached)\b", text)


def test_diagnose_speaks_spanish_and_its_json_english(lab: Path) -> None:
    ran = rung("diagnose", lab, "--language", "es")
    assert ran.status == 0
    assert "se pierden más personas" in ran.out.lower()
    assert "hasta el 31 de marzo de" in re.sub(r"\s+", " ", ran.out)
    assert not [key for key, p in english() if p.search(re.sub(r"\s+", " ", ran.out))]
    plain = rung("diagnose", lab, "--json")
    assert rung("diagnose", lab, "--json", "--language", "es").document == plain.document


def test_an_error_is_told_in_spanish(lab: Path) -> None:
    ran = rung("diagnose", lab, "--by", "shoe-size", "--language", "es")
    assert ran.status == 11
    assert "No hay una columna shoe-size" in ran.err
    assert "Se esperaba" in ran.err
    same = rung("diagnose", lab, "--by", "shoe-size", "--language", "es", "--json")
    assert same.document["error"]["what"].startswith("There is no column")
    assert messages.current() == "en"  # the next command is not spoken to in Spanish


def test_a_language_rung_does_not_speak_is_wrong_usage(lab: Path) -> None:
    assert rung("diagnose", lab, "--language", "fr").status == 2


def test_the_brief_as_a_workbook(lab: Path, tmp_path: Path) -> None:
    file = tmp_path / "informe.html"
    ran = rung("brief", lab, "--xlsx", "--language", "es", "-o", file, "--outside")
    assert ran.status == 0
    book = openpyxl.load_workbook(file.with_suffix(".xlsx"))
    assert book.sheetnames[0] == "Informe"
    cells = (c for s in book.worksheets for row in s.iter_rows() for c in row if c.value)
    text = ours("\n".join(str(c.value) for c in cells), lab)
    assert not [key for key, pattern in english() if pattern.search(text)]
    assert "Mujeres" in text


def test_answers_are_the_same_in_both_languages(lab: Path) -> None:
    opened = cycle.open_lab(lab)
    before = sorted(lab.rglob("*.html"))
    there, spanish = cycle.brief_page(opened, language="es", clock=clock)
    here, english_page = cycle.brief_page(opened, language="en", clock=clock)
    assert [r.answer.id for r in there] == [r.answer.id for r in here]
    assert there.to_json()["answers"] == here.to_json()["answers"]
    assert '<html lang="es">' in spanish
    assert '<html lang="en">' in english_page
    assert sorted(lab.rglob("*.html")) == before


def test_some_sections_alone(lab: Path) -> None:
    opened = cycle.open_lab(lab)
    outcome, page = cycle.brief_page(
        opened, audience=Outside(), title="Our question", sections=["journey"], clock=clock
    )
    assert len(outcome) == 2
    assert "Our question" in page
    assert "For whom?" not in page
    with pytest.raises(PlanError):
        cycle.brief_page(opened, sections=["nothing"], clock=clock)
