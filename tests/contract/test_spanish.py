"""The Spanish catalogue: whole, with the same parameters, compiled, and Spanish."""

from __future__ import annotations

import asyncio
import re
import string
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from rung import messages
from rung.errors import PlanError, Problem
from rung.finding import Note
from rung.messages import LOCALE, sentence, word
from rung.records.matching.steps import STEPS
from rung.records.schema import TABLES
from tests.contract.compile_messages import compiled

CATALOGUES = ("rung", "web")
# right in both languages: forms without words, names, and two words that are the same
SAME = {"label.of-cohort", "brief.exact-p", "say.list", "label.day", "web.state.RI",
        "say.percentile-many"}  # fmt: skip
SAME_WORDS = {"No", "SSI", "SSDI", "Sector."}
# what ASCII Spanish looks like when the accents were forgotten
NO_ACCENT = re.compile(
    r"\b(numero|numeros|mas de|asi|aqui|tambien|despues|pagina|pagin|codigo|codigos|"
    r"informacion|revision|seccion|participacion|version|opcion|accion|region|todavia|"
    r"dia|dias|rapido|facil|dificil|quizas no|unico|ultimo|ultima|esta mal|"
    r"ano|anos|manana|pequeno|pequena|pequenos|espanol|senal)\b",
    re.IGNORECASE,
)
ENGLISH = re.compile(r"\b(the|and|with|people|rows|of the|file is|cannot|does not)\b")


def po(language: str, name: str) -> Catalog:
    with (LOCALE / language / "LC_MESSAGES" / f"{name}.po").open("rb") as f:
        return read_po(f)


def entries(language: str, name: str) -> dict[str, str]:
    return {str(m.id): str(m.string) for m in po(language, name) if m.id and not m.context}


def words() -> dict[str, str]:
    return {str(m.id): str(m.string) for m in po("es", "rung") if m.context == "word"}


def parameters(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("name", CATALOGUES)
def test_every_sentence_is_there(name: str) -> None:
    assert set(entries("es", name)) == set(entries("en", name))
    assert all(entries("es", name).values())


@pytest.mark.parametrize("name", CATALOGUES)
def test_a_sentence_has_the_same_parameters(name: str) -> None:
    english, spanish = entries("en", name), entries("es", name)
    unlike = {
        key
        for key, text in english.items()
        if key != "say.words-for-people" and parameters(text) != parameters(spanish[key])
    }
    assert not unlike


def test_a_form_for_one_has_a_form_for_many() -> None:
    for key, text in entries("es", "rung").items():
        for _, name, spec, _ in string.Formatter().parse(text):
            if name and spec and "|" in spec:
                one, many = spec.split("|")
                assert one != many, key
                assert ("#" in one) <= ("#" in many), key


@pytest.mark.parametrize("name", CATALOGUES)
def test_nothing_was_left_in_english(name: str) -> None:
    english = entries("en", name)
    same = {k for k, v in entries("es", name).items() if v == english[k] and re.search(r"[a-z]", v)}
    bare = {k for k in same if re.search(r"[A-Za-z]{2}", re.sub(r"\{[^}]*\}", "", english[k]))}
    assert not {k for k in bare - SAME if " " in english[k]}
    left = {
        k: v
        for k, v in entries("es", name).items()
        if ENGLISH.search(re.sub(r"`[^`]*`|“[^”]*”|\{[^}]*\}|\"[^\"]*\"|--\w+", "", v))
    }
    assert not {k for k in left if k not in {"say.words-for-people"}}


@pytest.mark.parametrize("name", CATALOGUES)
def test_accents_and_marks(name: str) -> None:
    said = {**entries("es", name), **(words() if name == "rung" else {})}
    for key, text in said.items():
        assert not NO_ACCENT.search(re.sub(r"\{[^}]*\}", "", text)), key
        asked = len(re.findall(r"\?(?!\w)", text))  # not the start of a web address's query
        assert text.count("¿") == asked, key
        assert text.count("¡") == text.count("!") - text.count("#REF!"), key
        assert not re.search(r"\bt[uú] |\btus\b|\bvosotros\b", text), key  # usted throughout


def test_a_sentence_ends_as_in_english() -> None:
    for name in CATALOGUES:
        english = entries("en", name)
        for key, text in entries("es", name).items():
            if english[key].endswith("."):
                assert text.endswith((".", ").")), key


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_it_is_compiled(language: str) -> None:
    for name in CATALOGUES:
        source = LOCALE / language / "LC_MESSAGES" / f"{name}.po"
        assert source.with_suffix(".mo").read_bytes() == compiled(source), "run `make messages`"


def test_what_the_records_call_things_is_said_in_spanish() -> None:
    said = {
        text
        for table in TABLES.values()
        for text in (
            table.meaning,
            *(t for c in table.columns for t in (c.heading, c.meaning, *c.codes.values())),
        )
    }
    said |= {text for step in STEPS for text in (step.label, step.done)}
    assert {t for t in said if word(t, "es") == t} <= SAME_WORDS
    assert {k for k, v in words().items() if k == v} <= SAME_WORDS
    assert word("Women", "es") == "Mujeres"
    assert word("Women", "en") == "Women"
    assert word("Harbor house", "es") == "Harbor house"


@pytest.mark.parametrize(
    ("english", "spanish"),
    [
        ("between Applied and Night class", "entre “Solicitud presentada” y “Night class”"),
        ("within 90 days of entry, as of 2025-05-03",
         "en los 90 días después de entrar, con registros hasta el 3 de mayo de 2025"),
        ("Applied, Enrolled", "Solicitud presentada, Inscripción"),
        ("Applied, Night class", "Applied, Night class"),
        ("Applied → Night class", "Applied → Night class"),
        ("under 25", "menos de 25"),
        ("reported: 1,212", "cifra del informe: 1,212"),
        ("people who moved (North)", "las personas que moved (North)"),
        ("Mothers, by choice", "Mothers, by choice"),
        ("everyone who applied (2024), by gender",
         "todas las personas que presentaron su solicitud (2024), por género"),
    ],
)  # fmt: skip
def test_what_an_answer_was_made_of_is_read_back(english: str, spanish: str) -> None:
    assert word(english, "es") == spanish
    assert word(english, "en") == english.replace("2025-05-03", "May 3, 2025")


def test_documents_keep_the_dates_that_sentences_say_in_words() -> None:
    given: dict[str, messages.Scalar] = {"days": 90, "as_of": "2025-05-03"}
    assert messages.english("label.horizon", given).endswith("as of 2025-05-03")
    assert sentence("label.horizon", given, "en").endswith("as of May 3, 2025")
    assert word("2025-05-03", "en") == "2025-05-03"  # alone it is a value, as in a table
    assert word("Night class of 2025-05-03", "en") == "Night class of 2025-05-03"


@pytest.mark.parametrize(
    ("day", "english", "said"),
    [
        ("2025-05-03", "May 3, 2025", "3 de mayo de 2025"),
        ("1978-12-31", "December 31, 1978", "31 de diciembre de 1978"),
        ("2025-13-01", "2025-13-01", "2025-13-01"),
        ("on 2025-05-03", "on 2025-05-03", "on 2025-05-03"),
    ],
)
def test_days(day: str, english: str, said: str) -> None:
    assert messages.day(day, "es") == said
    assert messages.day(day, "en") == english
    assert said in sentence("brief.as-of", {"as_of": day}, "es")


def test_the_language_belongs_to_a_thread_and_a_task() -> None:
    with messages.speaking("es"):
        assert sentence("label.who") == "Quiénes"
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(sentence, "label.who").result() == "Who"
        with messages.speaking(None):
            assert messages.current() == "es"
    assert sentence("label.who") == "Who"

    async def one(language: str) -> str:
        with messages.speaking(language):
            await asyncio.sleep(0)
            return sentence("label.who")

    async def both() -> list[str]:
        return list(await asyncio.gather(one("es"), one("en"), one("es")))

    assert asyncio.run(both()) == ["Quiénes", "Who", "Quiénes"]


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="language"), messages.speaking("xx"):
        pass
    assert messages.current() == "en"


def test_json_is_english_whatever_is_spoken() -> None:
    with messages.speaking("es"):
        problem = Problem(code="REC-id-missing", rows=2, column="ID")
        assert problem.what().startswith("2 filas no tienen")
        assert problem.to_json()["what"].startswith("2 rows have")
        error = PlanError("PLAN-within", days=0)
        assert str(error).startswith("0 is not")
        assert error.to_json()["error"]["next"].startswith("Try")
        assert error.problems[0].next().startswith("Pruebe")
        assert Note("none-mature", {"days": 90}).text.startswith("No one entered")
        assert Note("none-mature", {"days": 90}).words().startswith("Nadie entró")


def test_a_provider_s_column_is_never_translated() -> None:
    problem = Problem(code="REC-mostly-blank", column="Gender", rows=9, table="Status")
    assert problem.what("es").startswith("Gender está vacía")


def test_catalogues_are_where_the_package_is() -> None:
    assert Path(messages.__file__).parent == LOCALE.parent
