"""How a simulated provider sends its records: a workbook with a tab a term, and two CSV files.

With dirt above 0 it looks like the real thing: titles above the headers, merged and coloured
cells, misspelt headers, four ways to write a date, `$15.50/hr`, "Graduated" where a date belongs,
ids without their leading zeros, the same person twice. Every mess that is planted is counted, so
that a check can be held against it. Names are made from short lists of common ones; nobody is real.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomlkit
from openpyxl import Workbook
from openpyxl.styles import Font, PatternFill
from openpyxl.worksheet.worksheet import Worksheet
from sqlglot import exp

from rung.records import query
from rung.records.query import Name, Session

ROOM = "rung.records"
MOST_IN_WORKBOOK = 20_000

Dirt = Mapping[str, Mapping[str, Mapping[str, int]]]
"""Planted dirt by file, column (header) and kind; "rows" and "sheet" are not columns."""

FIRST = (
    "Aaliyah", "Abdul", "Alejandra", "Amara", "Andre", "Angela", "Anh", "Beatriz", "Brandon",
    "Bright", "Carmen", "Chloé", "Darnell", "Deja", "Diego", "Elena", "Fatima", "Gabriel", "Grace",
    "Hassan", "Imani", "Isaiah", "Jamal", "Jasmine", "José", "Joy", "Kayla", "Keisha", "Kwame",
    "Lan", "Luis", "Malik", "María", "Marcus", "Mei", "Miguel", "Naomi", "Nia", "Noor", "Omar",
    "Patience", "Precious", "Ramón", "Renée", "Rosa", "Ruth", "Samira", "Sofía", "Tamika",
    "Terrence", "Thuy", "Tyrone", "Vanessa", "Walter", "Xavier", "Yolanda", "Yusuf", "Zoë",
)  # fmt: skip
LAST = (
    "Adams", "Ali", "Alvarez", "Baker", "Banks", "Boateng", "Brooks", "Castillo", "Chen", "Cruz",
    "Davis", "Diaz", "Dixon", "D'Souza", "Edwards", "Farah", "Flores", "Ford", "García", "Gomez",
    "Grant", "Haile", "Harris", "Hernández", "Hill", "Hussein", "Ibarra", "Jackson", "Jean-Louis",
    "Johnson", "Khan", "King", "Kim", "Lewis", "López", "Martin", "Mensah", "Mitchell", "Mohamed",
    "Morales", "Nguyễn", "Núñez", "O'Brien", "Okafor", "Ortiz", "Patel", "Peña", "Pham", "Reyes",
    "Rivera", "Robinson", "Santos", "Scott", "Singh", "Torres", "Tran", "Turner", "Vega", "Walker",
    "Washington", "Williams", "Wright", "Yang", "Young",
)  # fmt: skip

SPELLINGS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "gender": {
        "Female": ("female", "F", "Female", "f", "FEMALE", "Woman"),
        "Male": ("male", "Male", "M", "m", "MALE", "Man"),
        "Non-binary": ("nonbinary", "Non-binary", "NB", "nonbinary"),
    },
    "race": {
        "American Indian or Alaska Native": (
            "american_indian", "American Indian or Alaska Native", "Native American"),
        "Asian": ("asian", "Asian", "asian"),
        "Black or African American": (
            "black", "Black or African American", "Black", "African American", "Black/AA"),
        "Hispanic or Latino": (
            "hispanic", "Hispanic or Latino", "Hispanic", "Latina/o", "hispanic"),
        "Middle Eastern or North African": (
            "middle_eastern", "Middle Eastern or North African", "MENA"),
        "Native Hawaiian or Pacific Islander": (
            "pacific_islander", "Native Hawaiian or Pacific Islander", "NHPI"),
        "White": ("white", "White", "white", "Caucasian"),
    },
    "education": {
        "No diploma": ("no_diploma", "No diploma", "Some HS", "Less than HS"),
        "High school diploma": ("hs_diploma", "High school diploma", "HS", "HS Diploma"),
        "GED": ("hs_equivalency", "GED", "HiSET", "ged"),
        "Some college": ("some_college", "Some college", "some college, no degree"),
        "Associate degree": ("associate", "Associate degree", "AA", "Associates"),
        "Bachelor's degree": ("bachelor", "Bachelor's degree", "BA/BS", "bachelors"),
    },
    "status": {
        "Applied": ("applied", "Applied", "applicant"),
        "Accepted": ("accepted", "Accepted", "ACCEPTED"),
        "Enrolled": ("enrolled", "Enrolled", "enrolled", "Active"),
        "Graduated": ("completed", "Graduated", "Grad", "graduated", "Completed"),
        "Placed": ("placed", "Placed", "Employed", "placed in job"),
        "Not accepted": ("denied", "Not accepted", "Denied", "not eligible"),
        "Dropped": ("withdrawn", "Dropped", "Withdrew", "dropped out", "W/D"),
        "Dismissed": ("dismissed", "Dismissed", "Terminated"),
        "Transferred": ("transferred", "Transferred", "transfer"),
        "Closed": ("closed", "Closed", "Exited"),
    },
    "attendance": {
        "Present": ("present", "Present", "P", "present", "X"),
        "Excused Absence": ("excused", "Excused Absence", "EA", "Excused"),
        "Unexcused Absence": ("absent", "Unexcused Absence", "A", "No show"),
    },
}  # fmt: skip
"""What a list holds -> the code it means, then the ways people write it."""

_ANY = ("spaces", "blank")
_ASKED = (*_ANY, "unknown_word")
_WORDS = (*_ASKED, "respelled", "respelled", "respelled")
_DATE = ("date_format", "date_format", "date_format", "spaces", "zero_date", "impossible_date",
         "wrong_year", "blank")  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A column of a list: where it comes from, its header (and a misspelt one), where it goes.

    `kinds` is the dirt that may fall on it, repeated where it is common; `word` is what people
    write in place of a date.
    """

    key: str
    header: str
    target: str
    kinds: tuple[str, ...] = _ANY
    misspelt: str = ""
    word: str = ""


PEOPLE = (
    Sent(key="id", header="ID", target="id", kinds=("lost_zeros",)),
    Sent(key="name", header="Name", target="private.full_name", misspelt="Name ",
         kinds=("spaces", "capitals", "emoji")),
    Sent(key="phone", header="Phone", target="private.phone", misspelt="Phone #"),
    Sent(key="email", header="Email", target="private.email", kinds=("spaces", "capitals")),
    Sent(key="dob", header="DOB", target="participants.birth_date",
         kinds=("date_format", "date_format", "zero_date", "blank")),
    Sent(key="age_group", header="Age Group", target="groups.age_group"),
    Sent(key="zip", header="Zip", target="participants.zip", kinds=("lost_zeros", "blank")),
    Sent(key="gender", header="Gender", target="participants.gender", misspelt="Gendr",
         kinds=_WORDS),
    Sent(key="race", header="Race", target="participants.race", misspelt="Race/Ethnicty",
         kinds=_WORDS),
    Sent(key="education", header="Education", target="participants.education", kinds=_WORDS),
    Sent(key="language", header="Language", target="participants.language", kinds=_ASKED),
    Sent(key="site", header="Site", target="enrolments.site", kinds=("spaces",)),
    Sent(key="applied", header="Application Date", target="milestones.applied",
         misspelt="Aplication Date",
         kinds=("date_format", "date_format", "date_format", "spaces", "impossible_date")),
    Sent(key="accepted", header="Accepted", target="milestones.accepted",
         kinds=(*_DATE, "no_date"), word="Yes"),
    Sent(key="enrolled", header="Start Date", target="milestones.enrolled",
         kinds=(*_DATE, "no_date"), word="Yes"),
    Sent(key="completed", header="Grad Date", target="milestones.completed",
         kinds=(*_DATE, "no_date", "no_date"), word="Graduated"),
    Sent(key="credential", header="Credential", target="credentials.credential"),
    Sent(key="credentialed", header="Cred Date", target="milestones.credentialed",
         misspelt="Cred\nDate", kinds=(*_DATE, "no_date"), word="Passed"),
    Sent(key="employer", header="Employer", target="employment.employer", misspelt="Employeer"),
    Sent(key="placed", header="Job Start", target="milestones.placed",
         kinds=(*_DATE, "no_date"), word="Hired"),
    Sent(key="wage", header="Wage", target="employment.hourly_wage",
         kinds=("money_words", "money_words", "money_words", "unknown_word", "blank")),
    Sent(key="hours", header="Hrs/wk", target="employment.hours_week", misspelt="Hrs/\nwk"),
    Sent(key="retained", header="90-day check", target="milestones.retained",
         kinds=(*_DATE, "no_date"), word="Yes"),
    Sent(key="status", header="Status", target="enrolments.status", misspelt="Statsu",
         kinds=("spaces", "respelled", "respelled", "respelled")),
    Sent(key="exit", header="Exit Date", target="enrolments.closed_on",
         kinds=("date_format", "date_format", "zero_date")),
    Sent(key="last_contact", header="Last Contact", target="enrolments.last_service_on",
         kinds=("date_format", "date_format", "spaces")),
    Sent(key="notes", header="Notes", target="private.notes", kinds=("emoji", "formula")),
)  # fmt: skip
TAB = Sent(key="tab", header="Cohort", target="enrolments.cohort", kinds=("spaces",))
ARM = Sent(key="arm", header="Group", target="enrolments.arm", kinds=("spaces",))
SERVICES = (
    Sent(key="id", header="Client ID", target="id", kinds=("lost_zeros",)),
    Sent(key="service_on", header="Date", target="services.service_on",
         kinds=("date_format", "date_format", "impossible_date", "blank")),
    Sent(key="service", header="Service", target="services.service", misspelt="Sevice"),
    Sent(key="attendance", header="Attendance", target="services.attendance", kinds=_WORDS),
)  # fmt: skip
WAGES = (
    Sent(key="id", header="ID", target="id", kinds=("lost_zeros",)),
    Sent(key="year", header="Year", target="wages.year", kinds=("spaces",)),
    Sent(key="quarter_of_year", header="Qtr", target="wages.quarter_of_year", kinds=("spaces",)),
    Sent(key="amount", header="Wages", target="wages.amount", kinds=("spaces", "blank")),
    Sent(key="employer", header="Employer", target="wages.employer"),
)


# --- the queries --------------------------------------------------------------------------------


def _draw(label: str) -> exp.Expr:
    return exp.func("draw", query.name("h"), query.tree(label))


def _pick(options: Sequence[str], label: str) -> exp.Expr:
    """One of several texts."""
    place = exp.func("floor", exp.Mul(this=_draw(label), expression=query.tree(len(options))))
    index = exp.Add(this=query.tree(1), expression=exp.cast(place, "INTEGER"))
    return exp.func("list_extract", exp.Array(expressions=[query.tree(o) for o in options]), index)


def _word(column: Sent) -> exp.Expr:
    """What replaces the cell: another spelling of it, or the word for a date."""
    known = SPELLINGS.get(column.key)
    if not known:
        return query.tree(column.word) if column.word else exp.null()
    case = exp.Case(this=query.name(column.key))
    for i, (text, (_, *spelt)) in enumerate(known.items()):
        others = [s for s in spelt if s != text]
        case = case.when(query.tree(text), _pick(others, f"spelt {column.key} {i}"))
    return case


def _kind(column: Sent, dirt: float) -> exp.Expr:
    """The kind of dirt that falls on a cell; NULL is none."""
    cell = query.name(column.key)
    there = exp.and_(
        exp.Not(this=exp.Is(this=cell, expression=exp.null())),
        exp.LT(this=_draw(f"dirt {column.key}"), expression=query.tree(dirt)),
    )
    if "lost_zeros" in column.kinds:
        there = exp.and_(there, exp.func("starts_with", cell.copy(), query.tree("0")))
    if column.key in SPELLINGS:
        word = _word(column)
        there = exp.and_(there, exp.Not(this=exp.Is(this=exp.paren(word), expression=exp.null())))
    return exp.Case().when(there, _pick(column.kinds, f"kind {column.key}")).else_(exp.null())


def _messed(columns: Sequence[Sent], dirt: float, source: str, *keep: str) -> exp.Expr:
    """Every cell as it arrives, with the kind of dirt on it beside it."""
    kinds = [query.alias(_kind(c, dirt), f"kind_{c.key}") for c in columns]
    inner = exp.select(exp.Star(), *kinds).from_(exp.table_(source, quoted=True))
    cells = []
    for c in columns:
        cell = exp.func(
            "mess",
            query.name(f"kind_{c.key}"),
            query.name(c.key),
            _draw(f"how {c.key}"),
            _word(c),
        )
        cells.append(query.alias(cell, c.key))
    same = [query.name(k) for k in (*keep, *(f"kind_{c.key}" for c in columns))]
    again = query.alias(_draw("again"), "again")
    return exp.select(*same, *cells, again).from_(inner.subquery("kinds"))


def _counted(session: Session, view: str, columns: Sequence[Sent]) -> dict[str, dict[str, int]]:
    """How much of each kind fell on each column, in one pass."""
    wanted = [(c, kind) for c in columns for kind in dict.fromkeys(c.kinds)]
    items = []
    for i, (c, kind) in enumerate(wanted):
        on = exp.EQ(this=query.name(f"kind_{c.key}"), expression=query.tree(kind))
        items.append(query.alias(exp.func("count_if", on), f"n{i}"))
    row = session.run(exp.select(*items).from_(exp.table_(view, quoted=True))).rows[0]
    found: dict[str, dict[str, int]] = {}
    for (c, kind), n in zip(wanted, row, strict=True):
        if n:
            found.setdefault(c.header, {})[kind] = int(n)
    return found


# --- the files ----------------------------------------------------------------------------------


@dataclass
class Package:
    """What was sent: the `[[files]]` that describe it, and the dirt in it."""

    files: list[dict[str, Any]] = field(default_factory=list)
    dirt: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)


def _header(column: Sent, dirt: float) -> str:
    return column.misspelt if dirt and column.misspelt else column.header


def _mapping(path: str, table: str, columns: Sequence[Sent], dirt: float) -> dict[str, Any]:
    """The section of `lab.toml` that says what the columns and their words mean."""
    targets, values = {}, {}
    for c in columns:
        # a reader gives a header trimmed, its line breaks as spaces
        header = " ".join(_header(c, dirt).split())
        targets[header] = c.target
        known = SPELLINGS.get(c.key)
        if known:
            values[header] = {
                spelt: code for code, *ways in known.values() for spelt in ways
            }  # fmt: skip
            values[header] |= {text: ways[0] for text, ways in known.items()}
    return {"path": path, "table": table, "dates": "mdy", "columns": targets, "values": values}


_PLAIN_DATE = re.compile(r"\d\d/\d\d/\d{4}\Z")
_PLAIN_NUMBER = re.compile(r"[1-9]\d*(\.\d\d)?\Z")
_STAMP = b"2026-01-01T00:00:00Z"
_NUMBERS = {"wage", "hours", "id", "zip"}


def _cell(key: str, text: str | None) -> Any:
    """A cell as a spreadsheet keeps what was typed: a real date, a number, or text."""
    if text is None:
        return None
    if _PLAIN_DATE.match(text):
        try:
            return dt.datetime.strptime(text, "%m/%d/%Y").date()  # noqa: DTZ007
        except ValueError:
            return text
    if key in _NUMBERS and _PLAIN_NUMBER.match(text) and len(text) < 5 + (key == "wage"):
        return float(text) if "." in text else int(text)
    return text


def _put(sheet: Worksheet, row: int, columns: Sequence[Sent], cells: Sequence[str | None]) -> None:
    for i, (c, text) in enumerate(zip(columns, cells, strict=True), 1):
        value = _cell(c.key, text)
        if value is None:
            continue
        cell = sheet.cell(row, i)
        if isinstance(value, str) and value.startswith("="):
            cell.value, cell.data_type = value, "s"  # text that looks like a formula stays text
        else:
            cell.value = value
            if isinstance(value, dt.date):
                cell.number_format = "mm/dd/yyyy"


def _tab(
    book: Workbook, title: str, columns: Sequence[Sent], rows: Sequence[Sequence[Any]], dirt: float
) -> dict[str, int]:
    """One tab: titles, headers, people; returns what was done to it."""
    sheet = book.create_sheet(title)
    done: dict[str, int] = {}
    at = 1
    if dirt:
        sheet.cell(1, 1, f"Participant tracking, {title}").font = Font(bold=True, size=14)
        sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=8)
        sheet.cell(2, 1, "Yellow = call back. Ask before changing this sheet!")
        at = 4
        done |= {"title_rows": 2, "merged_cells": 1, "misspelt_headers": 0}
    for i, c in enumerate(columns, 1):
        header = _header(c, dirt)
        sheet.cell(at, i, header).font = Font(bold=True)
        if dirt:
            done["misspelt_headers"] += header != c.header
    yellow = PatternFill("solid", fgColor="FFFF00")
    for n, (blank, coloured, *cells) in enumerate(rows):
        at += 1
        if dirt and blank and n:
            done["blank_rows"] = done.get("blank_rows", 0) + 1
            at += 1
        _put(sheet, at, columns, cells)
        if dirt and coloured:
            done["coloured_rows"] = done.get("coloured_rows", 0) + 1
            for i in range(1, len(columns) + 1):
                sheet.cell(at, i).fill = yellow
    return done


def _book(session: Session, file: Path, columns: Sequence[Sent], dirt: float) -> dict[str, int]:
    """The workbook, a tab a term; returns what was done to its sheets."""
    rare = query.tree(dirt / 5)
    blank = exp.LT(this=_draw("blank row"), expression=rare)
    coloured = exp.LT(this=_draw("coloured"), expression=rare.copy())
    rows = session.run(
        exp.select(query.name("tab_name"), blank, coloured, *(query.name(c.key) for c in columns))
        .from_(exp.table_("arrived", quoted=True))
        .order_by("tab_start", "copy", "entered_on", "person")
    ).rows
    tabs: dict[str, list[Sequence[Any]]] = {}
    for tab, *rest in rows:
        tabs.setdefault(tab, []).append(rest)
    book = Workbook()
    del book["Sheet"]
    book.properties.creator = "Rung"
    done: dict[str, int] = {}
    for title, each in tabs.items():
        for what, n in _tab(book, title, columns, each, dirt).items():
            done[what] = done.get(what, 0) + n
    made = io.BytesIO()
    book.save(made)
    _without_clock(made, file)
    return done


def _without_clock(made: io.BytesIO, file: Path) -> None:
    """Write a workbook whose bytes do not tell when it was made: same seed, same file."""
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for each in old.infolist():
            content = old.read(each)
            if each.filename == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", _STAMP, content)
            new.writestr(zipfile.ZipInfo(each.filename), content, zipfile.ZIP_DEFLATED)


def _csv(session: Session, view: str, file: Path, columns: Sequence[Sent], dirt: float) -> None:
    named = [query.alias(query.name(c.key), _header(c, dirt)) for c in columns]
    copy = query.load(ROOM, "simulate_csv")
    values: dict[str, query.Value] = {"columns": named, "view": Name(view), "file": str(file)}
    session.execute(query.fill(copy, values))


def csv(
    session: Session, view: str, file: Path, columns: Sequence[Sent], dirt: float
) -> dict[str, dict[str, int]]:
    """Mess up a view and write it as a CSV file; returns the dirt by column."""
    messed = f"messed {view}"
    session.view(messed, _messed(columns, dirt, view))
    _csv(session, messed, file, columns, dirt)
    return _counted(session, messed, columns)


def _people(session: Session, file: Path, columns: Sequence[Sent], dirt: float, people: int) -> Any:
    """The list of people; a workbook or, when there are too many, a CSV file."""
    sent = query.load(ROOM, "simulate_sent")
    names: dict[str, query.Value] = {
        "first": list(FIRST), "firsts": len(FIRST), "last": list(LAST), "lasts": len(LAST),
    }  # fmt: skip
    session.view("sent", query.fill(sent, names))
    session.view(
        "messed",
        _messed(columns, dirt, "sent", "person", "h", "entered_on", "tab_name", "tab_start"),
    )
    arrived = query.load(ROOM, "simulate_arrived")
    rows = query.fill(arrived, {"share": dirt / 4, "people": people})
    if file.suffix == ".xlsx":  # few enough to work out once
        table = exp.table_("arrived", quoted=True)
        session.execute(exp.Create(this=table, kind="TABLE", expression=rows))
    else:
        session.view("arrived", rows)
    found: dict[str, dict[str, int]] = _counted(session, "arrived", columns)
    copies = session.run(query.load(ROOM, "simulate_copies")).one()
    if dirt:
        found["rows"] = {k: int(v) for k, v in copies.items()}
    if file.suffix == ".xlsx":
        done = _book(session, file, columns, dirt)
        if done:
            found["sheet"] = done
    else:
        _csv(session, "arrived", file, columns, dirt)
    return found


def workbook(session: Session, file: Path, *, dirt: float, people: int, arms: bool) -> Any:
    """Write the list of people; returns the dirt by column. Needs the views of the simulation."""
    columns = (*PEOPLE, *((ARM,) if arms else ()))
    return _people(session, file, columns, dirt, people)


def send(
    session: Session,
    folder: Path,
    *,
    dirt: float,
    people: int,
    arms: bool,
    tables: Sequence[str],
) -> Package:
    """Write the files into `folder` (a lab's `private/`) and describe them."""
    package = Package()
    book = people <= MOST_IN_WORKBOOK
    name = "applicants.xlsx" if book else "applicants.csv"
    columns = (*PEOPLE, *(() if book else (TAB,)), *((ARM,) if arms else ()))
    package.dirt[name] = _people(session, folder / name, columns, dirt, people)
    package.files.append(_mapping(f"private/{name}", "journeys", columns, dirt))
    for table, kept in (("services", SERVICES), ("wages", WAGES)):
        if table not in tables:
            continue
        view, file = f"sent_{table}", folder / f"{table}.csv"
        session.view(view, query.load(ROOM, f"simulate_{view}"))
        package.dirt[file.name] = csv(session, view, file, kept, dirt)
        package.files.append(_mapping(f"private/{file.name}", table, kept, dirt))
    return package


def describe(toml: tomlkit.TOMLDocument, package: Package) -> None:
    """Add the `[[files]]` to a `lab.toml`."""
    files = tomlkit.aot()
    for each in package.files:
        files.append(tomlkit.item(each))
    toml["files"] = files
