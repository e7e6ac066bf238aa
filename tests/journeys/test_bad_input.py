"""Bad input from end to end: a coded error or a counted problem, and the number that is right.

Ninety people apply, sixty enrol, thirty complete. Each case damages their file in one way and says
what must be told, how many people must come out, and which of its cells must never be shown.
"""

from __future__ import annotations

import io
import json
import random
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
from openpyxl.styles import PatternFill

from tests.journeys.terminal import Ran, rung, text

HEAD = ["ID", "First Name", "Last Name", "Email", "Gender", "Site", "Applied", "Enrolled",
        "Completed", "Exit Date", "Status", "Notes"]  # fmt: skip
ID, FIRST, EMAIL, GENDER, SITE, APPLIED, ENROLLED, COMPLETED, EXIT, STATUS, NOTES = (
    HEAD.index(h) for h in HEAD if h != "Last Name"
)
Rows = list[list[str]]
WHOLE = (90, 60, 30)
SECRETS = ("Zyrelda", "Quimbrok", "zyr@", "plumage")
"""Pieces of every name, e-mail address and note of the file."""


def people(n: int = 90) -> Rows:
    """Everyone applied in January 2022; whoever enrolled did so in March, completed in July."""
    rows = []
    for i in range(n):
        day = f"{i % 28 + 1:02}"
        enrolled = f"03/{day}/2022" if i % 3 else ""
        completed = f"07/{day}/2022" if i % 3 == 1 else ""
        status = "Completed" if completed else "Enrolled" if enrolled else "Applied"
        rows.append(
            [f"{i + 1:05}", f"Zyrelda{letters(i)}", f"Quimbrok{letters(i)}", f"zyr@q{i}.example",
             "FM"[i % 2], ["North", "South"][i // 2 % 2], f"01/{day}/2022", enrolled, completed,
             f"08/{day}/2022" if completed else "", status, f"plumage {i}"]
        )  # fmt: skip
    return rows


def letters(i: int) -> str:
    return chr(97 + i // 26) + chr(97 + i % 26)


def workbook(rows: Sequence[Sequence[Any]], change: Callable[[Any], None] | None = None) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in [HEAD, *rows]:
        sheet.append([c or None for c in row])
    if change:
        change(sheet)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def zipped(name: str, content: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return made.getvalue()


def safe(ran: Ran, *planted: str) -> Ran:
    """Nothing of what stands in a cell is told."""
    for secret in (*SECRETS, *planted):
        for told in (ran.out, ran.err):
            assert secret not in told, secret
    return ran


# --- files that cannot be read ------------------------------------------------------------------

UNREADABLE: Mapping[str, tuple[str, bytes, set[str]]] = {
    "empty": ("people.csv", b"", {"REC-empty"}),
    "a mark and nothing else": ("people.csv", b"\xef\xbb\xbf", {"REC-empty"}),
    "blank lines": ("people.csv", b" \r\n\r\n  \r\n", {"REC-empty"}),
    "header only": ("people.csv", text([HEAD]).encode(), {"REC-header-only"}),
    "binary": ("people.csv", random.Random(3).randbytes(6000), {"REC-not-text"}),
    "zip as csv": ("people.csv", zipped("a.csv", text([HEAD, *people()])), {"REC-not-text"}),
    "workbook as csv": ("people.csv", workbook(people()), {"REC-not-text"}),
    "zip as workbook": ("people.xlsx", zipped("a.csv", text([HEAD, *people()])), {"REC-workbook"}),
    "workbook cut short": ("people.xlsx", workbook(people())[:3000], {"REC-workbook"}),
    "workbook of nothing": ("people.xlsx", workbook([]), {"REC-header-only", "REC-tab-empty"}),
    "workbook with a password": (
        "people.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4000),
        {"REC-protected", "REC-workbook"},
    ),
    "parquet cut short": ("people.parquet", b"PAR1" + bytes(50), {"REC-parquet"}),
    "an ending no one knows": ("people.bak", random.Random(4).randbytes(900), {"REC-ending"}),
}  # fmt: skip


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_cannot_be_read_is_said_by_every_verb(case: str, tmp_path: Path) -> None:
    name, content, codes = UNREADABLE[case]
    file = tmp_path / name
    file.write_bytes(content)
    for command in (
        ["check", file],
        ["init", file, "-o", tmp_path / "lab"],
        ["estimate", file, "--outcome", "Completed", "--arm", "Gender"],
    ):
        ran = safe(rung(*command, "--json"))
        assert ran.status == 10, command
        assert set(ran.codes) <= codes, command
        assert ran.document["error"]["next"]
        assert safe(rung(*command)).status == 10
    assert not (tmp_path / "lab" / "lab.toml").exists()


# --- files with something wrong in them ---------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A damaged file: its bytes, the rows in it, problems told, people who come out.

    `journey` is who applied, enrolled, completed; `planted` must not be shown.
    """

    content: bytes
    told: Mapping[str, int] = field(default_factory=dict)
    journey: tuple[int, int, int] = WHOLE
    people: int = 90
    rows: int = 90
    planted: tuple[str, ...] = ()
    ending: str = ".csv"


def _cells(*changes: tuple[int, int, str], **more: Any) -> Case:
    rows = people()
    for row, column, cell in changes:
        rows[row][column] = cell
    return Case(text([HEAD, *rows]).encode(), **more)


def _headed(changes: Mapping[int, str], **more: Any) -> Case:
    head = list(HEAD)
    for column, title in changes.items():
        head[column] = title
    return Case(text([head, *people()]).encode(), **more)


def _lines(change: Callable[[list[str]], None], **more: Any) -> Case:
    lines = text([HEAD, *people()]).splitlines(keepends=True)
    change(lines)
    return Case("".join(lines).encode(), **more)


def _long(lines: list[str]) -> None:
    lines[10] = lines[10].rstrip("\r\n") + ",glimmer,glimmer\r\n"  # row 10: one who never enrolled


def _short(lines: list[str]) -> None:
    lines[4] = ",".join(lines[4].split(",")[:7]) + "\r\n"  # row 5: never enrolled


def _blank(lines: list[str]) -> None:
    lines.insert(6, "\r\n")
    lines.insert(20, ",,,,\r\n")


def _titles(lines: list[str]) -> None:
    lines[:0] = ["Participant tracking\r\n", "as of yesterday\r\n", "\r\n"]


def _merged(sheet: Any) -> None:
    sheet.merge_cells(start_row=3, end_row=5, start_column=SITE + 1, end_column=SITE + 1)
    sheet.cell(8, 2).fill = PatternFill("solid", fgColor="FFFF00")


def _formulas(sheet: Any) -> None:
    # a formula that was never worked out has no value: the cell is empty, and that is told
    sheet.cell(5, APPLIED + 1).value = "=TODAY()"
    sheet.cell(6, NOTES + 1).value = "=1+1"


def _twice() -> Case:
    rows = people()
    again = [*rows[3][:APPLIED], "02/20/2022", "", "", "", "Applied", ""]  # a second period
    return Case(
        text([HEAD, *rows, rows[3], rows[3], again]).encode(),
        told={"REC-row-twice": 2}, rows=93,
    )  # fmt: skip


def _two_people_of_one_id() -> Case:
    rows = people()
    other = ["00004", "Zyreldaxx", "Quimbrokxx", "zyr@other.example", *rows[6][4:]]
    return Case(text([HEAD, *rows, other]).encode(), told={"REC-one-id-two-people": 2},
                journey=(91, 60, 30), people=91, rows=91)  # fmt: skip


def _zeros() -> Case:
    rows = people()
    for row in rows[:40]:
        row[ID] = str(int(row[ID]))
    return Case(text([HEAD, *rows]).encode(), told={"REC-id-zeros": 40})


MILLION = "glimmer" * 143_000

CASES: Mapping[str, Callable[[], Case]] = {
    "nothing wrong": lambda: _cells(),
    "semicolons": lambda: Case(text([HEAD, *people()], ";").encode()),
    "tabs": lambda: Case(text([HEAD, *people()], "\t").encode()),
    "pipes": lambda: Case(text([HEAD, *people()], "|").encode()),
    "utf-16": lambda: Case(
        text([HEAD, *people()]).encode("utf-16"), told={"REC-reencoded": 0}
    ),
    "windows-1252": lambda: Case(
        text([HEAD, *people()]).replace("North", "Nörth").encode("cp1252"),
        told={"REC-reencoded": 0},
    ),
    "title rows": lambda: _lines(_titles, told={"REC-title-rows": 3}),
    "blank rows": lambda: _lines(_blank, told={"REC-blank-rows": 2}),
    "a row too long": lambda: _lines(
        _long, told={"REC-ragged-long": 1}, journey=(89, 60, 30), people=89, planted=("glimmer",)
    ),
    "a row too short": lambda: _lines(_short, told={"REC-ragged-short": 1}),
    "merged cells and colours": lambda: Case(
        workbook(people(), _merged), told={"REC-merged": 3, "REC-colour": 1}, ending=".xlsx"
    ),
    "formulas in a workbook": lambda: Case(
        workbook(people(), _formulas), told={"REC-formula": 2}, ending=".xlsx",
        journey=(89, 60, 30), planted=("TODAY",),
    ),
    "one header twice": lambda: _headed({NOTES: "Gender"}, told={"REC-header-repeated": 0}),
    "an empty header": lambda: _headed({NOTES: ""}, told={"REC-header-empty": 0}),
    "nul bytes": lambda: Case(
        text([HEAD, *people()]).encode().replace(b"Quimbrokad", b"Quim\0brokad"),
        told={"REC-nul": 1},
    ),
    "a million characters in a name": lambda: _cells((7, FIRST, MILLION), planted=("glimmer",)),
    "a million characters in a date": lambda: _cells(
        (9, ENROLLED, MILLION), told={"REC-cell-unreadable": 1}, planted=("glimmer",)
    ),
    "a million characters in a header": lambda: _headed(
        {NOTES: "h" * 1_000_000}, told={"REC-header-long": 0}
    ),
    "days that never were": lambda: _cells(
        (0, APPLIED, "31/02/2024"), (3, APPLIED, "1900-01-00"), (6, APPLIED, "02/30/2022"),
        told={"REC-cell-unreadable": 3}, journey=(87, 60, 30),
        planted=("31/02/2024", "1900-01-00", "02/30/2022"),
    ),
    "a year long gone": lambda: _cells(
        (0, APPLIED, "01/05/0022"), told={"REC-too-early": 1}, journey=(89, 60, 30)
    ),
    "a year to come": lambda: _cells(
        (0, APPLIED, "01/05/2322"), told={"REC-future-date": 1}, journey=(89, 60, 30)
    ),
    "milestones out of order": lambda: _cells(
        (1, COMPLETED, "02/14/2022"), (2, ENROLLED, "12/05/2021"),
        told={"REC-milestone-order": 2},
    ),
    "exits before entries": lambda: _cells(
        (1, EXIT, "01/01/2021"), (4, EXIT, "01/01/2021"), told={"REC-exit-before-entry": 2}
    ),
    "the same person twice": _twice,
    "one id, two people": _two_people_of_one_id,
    "ids without their zeros": _zeros,
    "ids that are missing": lambda: _cells(
        (0, ID, ""), (3, ID, "  "), told={"REC-id-missing": 2}, journey=(88, 60, 30), people=88
    ),
    "ids that Excel broke": lambda: _cells(
        (0, ID, "1.23E+11"), (3, ID, "#REF!"), told={"REC-id-broken": 2}, journey=(88, 60, 30),
        people=88, planted=("1.23E+11",),
    ),
    "emoji and accents": lambda: _cells(
        (0, FIRST, "Zoë 🎓"), (1, NOTES, "très 🏠 bien"), (2, STATUS, "Enrolled 🎉"),
        planted=("Zoë", "très", "🎉"),
    ),
    "accents typed in two ways": lambda: _cells(
        *((i, SITE, ["Pe\u00f1a", "Pen\u0303a"][i % 2]) for i in range(90))
    ),
    "formulas in a csv": lambda: _cells(
        (0, FIRST, "=cmd|' /C calc'!A0"), (1, SITE, '=HYPERLINK("http://x.example")'),
        (0, ENROLLED, "=TODAY()"), (2, STATUS, "@SUM(A1)"), (3, NOTES, "+1+cmd"),
        told={"REC-cell-formula": 1, "REC-cell-unreadable": 1, "REC-not-in-list": 1},
        planted=("cmd|", "TODAY", "@SUM"),
    ),
    "hostile headers": lambda: _headed(
        {SITE: "Si\"te'; DROP TABLE journeys;--", STATUS: "<script>alert(1)</script>",
         GENDER: "Gen\nder", NOTES: "$outcome {x} [bold]"}
    ),
    "an unclosed quote": lambda: _cells((3, NOTES, 'plumage "')),
    "many things at once": lambda: _cells(
        (0, APPLIED, "31/02/2024"), (3, APPLIED, "1900-01-00"), (1, COMPLETED, "02/01/2022"),
        (2, ENROLLED, "12/05/2021"), (4, EXIT, "01/01/2021"), (6, FIRST, "Zoë 🎓"),
        (9, STATUS, "@SUM(A1)"), (12, ENROLLED, "=TODAY()"),
        told={"REC-cell-unreadable": 3, "REC-milestone-order": 2, "REC-exit-before-entry": 1,
              "REC-not-in-list": 1},
        journey=(88, 60, 30), planted=("31/02", "1900-01", "Zoë", "@SUM", "TODAY"),
    ),
    "words where dates belong": lambda: _cells(
        (0, ENROLLED, "N/A"), (3, ENROLLED, "not yet"), (6, ENROLLED, "blorptastic"),
        told={"REC-cell-unreadable": 1}, planted=("blorptastic",),
    ),
}  # fmt: skip


QUICK = (
    "semicolons", "title rows", "a row too long", "a row too short", "merged cells and colours",
    "formulas in a workbook", "one header twice", "nul bytes", "a million characters in a name",
    "a million characters in a header", "many things at once", "the same person twice",
    "one id, two people", "ids without their zeros", "ids that Excel broke", "hostile headers",
)  # fmt: skip
"""Read once here; the deep tests take every case through every verb."""


@pytest.mark.parametrize("name", QUICK)
def test_what_is_wrong_is_counted_and_the_number_is_right(name: str, tmp_path: Path) -> None:
    case = CASES[name]()
    file, lab = tmp_path / f"people{case.ending}", tmp_path / "lab"
    file.write_bytes(case.content)
    made = safe(rung("init", file, "-o", lab, "--json"), *case.planted)
    assert made.status == 0
    _told(made, case)
    assert made.document["import"]["people"] == case.people
    _every_row_is_accounted_for(lab, case)
    _journey(lab, case)
    _nothing_private_outside(lab, case.planted)


@pytest.mark.deep
@pytest.mark.parametrize("name", CASES)
def test_every_verb_tells_the_same(name: str, tmp_path: Path) -> None:
    case = CASES[name]()
    file, lab = tmp_path / f"people{case.ending}", tmp_path / "lab"
    file.write_bytes(case.content)
    alone = safe(rung("check", file, "--json"), *case.planted)
    safe(rung("check", file), *case.planted)
    assert safe(rung("init", file, "-o", lab), *case.planted).status == 0
    again = safe(rung("check", lab, "--json"), *case.planted)
    for ran in (alone, again):
        assert ran.status == 0
        _told(ran, case)
    assert again.document["files"] == alone.document["files"]
    changes = again.document["import"]["changes"]
    assert changes == {"new": 0, "changed": 0, "gone": 0, "same": case.people}
    _every_row_is_accounted_for(lab, case)
    _journey(lab, case)
    for command in (["diagnose", lab], ["brief", lab, "--outside"], ["run", lab]):
        safe(rung(*command), *case.planted)
    _nothing_private_outside(lab, case.planted)


def _told(ran: Ran, case: Case) -> None:
    assert {code: ran.codes.get(code) for code in case.told} == dict(case.told)


def _journey(lab: Path, case: Case) -> None:
    command: list[object] = ["diagnose", lab, "--by", "", "--as-of", "2023-12-31", "--json"]
    rows = safe(rung(*command), *case.planted).table("journey")
    assert tuple(r["reached"] for r in rows) == case.journey
    assert {r["entered"] for r in rows} == {case.journey[0]}


def _every_row_is_accounted_for(lab: Path, case: Case) -> None:
    """Rows in the file are rows kept and rows set aside, each of which stands in a problem."""
    newest = max((lab / "documents" / "import").rglob("*.json"))
    told = json.loads(newest.read_text("utf-8"))
    (file,) = told["files"]
    assert file["rows"] == case.rows
    assert file["rows"] == file["kept"] + file["set_aside"]
    aside = {"REC-ragged-long", "REC-row-twice", "REC-same-period", "REC-id-missing",
             "REC-id-broken"}  # fmt: skip
    assert file["set_aside"] == sum(p["count"] or 0 for p in told["problems"] if p["code"] in aside)
    assert len(told["inputs"]) == 1


def _nothing_private_outside(lab: Path, planted: Sequence[str]) -> None:
    for folder in ("records", "documents", "out"):
        for file in (lab / folder).rglob("*"):
            if not file.is_file():
                continue
            content = file.read_bytes()
            if file.suffix == ".parquet":
                with duckdb.connect() as plain:
                    content = str(plain.execute(f"FROM '{file}'").fetchall()).encode()
            for secret in SECRETS:
                assert secret.encode() not in content, (file.name, secret)
            if file.suffix != ".parquet":
                for secret in planted:
                    assert secret.encode() not in content, (file.name, secret)


# --- what we write ------------------------------------------------------------------------------


def test_nothing_we_write_runs_as_a_formula(tmp_path: Path) -> None:
    """Formulas in every column and header; then every workbook and page is looked through."""
    evil = ("=cmd|' /C calc'!A0", "+1+cmd|'x'!A1", "-2+3", "@SUM(1+1)", "\t=1+1")
    rows = people()
    for i, row in enumerate(rows[:20]):
        for column in (FIRST, SITE, STATUS, ENROLLED, NOTES, GENDER):
            row[column] = evil[i % len(evil)]
    rows.append([rows[30][ID], *rows[31][1:]])  # a decision to make
    head = [*HEAD[:-1], '=HYPERLINK("http://x.example","Notes")']
    file, lab = tmp_path / "people.csv", tmp_path / "lab"
    file.write_text(text([head, *rows]), "utf-8")
    assert rung("init", file, "-o", lab).status == 0
    assert rung("check", lab).status == 0
    assert rung("brief", lab).status == 0
    assert rung("template", "-o", lab / "out" / "blank.xlsx").status == 0
    books = [*lab.rglob("*.xlsx")]
    assert {b.name for b in books} == {"fix-list.xlsx", "duplicates.xlsx", "blank.xlsx"}
    seen = 0
    for path in books:
        for sheet in openpyxl.load_workbook(path):
            for cell in (c for row in sheet.iter_rows() for c in row):
                assert cell.data_type != "f", (path.name, cell.coordinate)
                if isinstance(cell.value, str) and cell.value.startswith(("=", "+", "-", "@")):
                    seen += 1
                    assert cell.quotePrefix, (path.name, cell.coordinate)
    assert seen > 50
    html = (lab / "out" / "brief-inside.html").read_text("utf-8")
    assert "http://x.example" not in html


def test_markup_in_names_stays_text(tmp_path: Path) -> None:
    """A site that is a script, in the words, the table and the page."""
    rows = people()
    for row in rows:
        row[SITE] = row[SITE].replace("North", "<script>alert('n')</script>[red]&amp;")
    file, lab = tmp_path / "people.csv", tmp_path / "lab"
    file.write_text(text([HEAD, *rows]), "utf-8")
    assert rung("init", file, "-o", lab, "--provider", "<b>Us</b> [bold]").status == 0
    shown = rung("diagnose", lab, "--by", "Site", "--as-of", "2023-12-31")
    assert "<script>" in "".join(shown.out.split())
    assert rung("brief", lab).status == 0
    html = (lab / "out" / "brief-inside.html").read_text("utf-8")
    assert "<script>alert" not in html
    assert "<b>Us</b>" not in html


# --- estimate -----------------------------------------------------------------------------------


def _trial(change: Callable[[Rows], None] = lambda rows: None) -> str:
    """Ten in each arm: 10, 11, … 19 with the offer, 0, 1, … 9 without. The difference is 10."""
    rows = [["who", "arm", "y"]]
    rows += [[f"{i:03}", "offer" if i < 10 else "usual", str(10 + i if i < 10 else i - 10)]
             for i in range(20)]  # fmt: skip
    change(rows)
    return text(rows)


def _set(row: int, column: int, cell: str) -> Callable[[Rows], None]:
    def change(rows: Rows) -> None:
        rows[row][column] = cell

    return change


TRIALS: Mapping[str, tuple[str, float | None, str]] = {
    "as it should be": (_trial(), 10, ""),
    "money and blanks": (_trial(_set(11, 2, "")), 14.5 - 5, ""),
    "words in the outcome": (_trial(_set(3, 2, "glimmer")), None, "ANS-outcome-kind"),
    "infinity in the outcome": (_trial(_set(3, 2, "inf")), None, "ANS-"),
    "nan in the outcome": (_trial(_set(3, 2, "nan")), 133 / 9 - 4.5, ""),
    "a row too long": (_trial(lambda r: r[5].append("x")), None, "REC-ragged-long"),
    "nobody's arm": (_trial(_set(1, 1, "")), 15 - 4.5, ""),
    "a hostile arm": (_trial().replace("usual", "us'u\"al; DROP TABLE data;--"), 10, ""),
    "hostile columns": (_trial().replace("arm", '"a""r\'m; --"').replace(",y", ",<y>"), 10, ""),
    "one arm": (_trial().replace("usual", "offer"), None, "ANS-one-arm"),
    "one arm typed in three ways": (
        _trial().replace("usual", "caf\u00e9", 5).replace("usual", "cafe\u0301", 3)
        .replace("usual", "caf\u00e9 "), 10, "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TRIALS)
def test_estimate_is_right_or_says_why_not(name: str, tmp_path: Path) -> None:
    content, value, code = TRIALS[name]
    file = tmp_path / "trial.csv"
    file.write_text(content, "utf-8")
    arm, outcome = ("a\"r'm; --", "<y>") if name == "hostile columns" else ("arm", "y")
    command: list[object] = ["estimate", file, "--outcome", outcome, "--arm", arm]
    ran = rung(*command, "--json")
    assert "glimmer" not in ran.out
    if value is None:
        assert ran.status in (10, 12)
        found = ran.code or ran.answers[0]["code"]
        assert found.startswith(code)
        return
    (answer,) = ran.answers
    sign = -1 if answer["estimand"]["contrast"].endswith("compared with offer") else 1
    assert answer["value"] == pytest.approx(sign * value)
