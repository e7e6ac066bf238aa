"""What a program costs, by the ingredients method (Levin, McEwan, Belfield, Bowden and Shand 2018).

Each ingredient is a quantity of something at a price: hours of a coach, months of rent, laptops.
A price is of a year and is brought into dollars of another; what lasts for years is spread over
its life at a rate; what other programs use too is taken by a share, with the reason for it; what
was given counts at what it would have cost. Money stays decimal.

An ingredient belongs to a component, may serve those who reached a stage (a milestone), and may
belong to one arm of a test. Its quantity is written down, or is read from the log of services: the
sessions that people came to, or the hours recorded of them.
"""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field
from sqlglot import exp

from rung.discovery import cohorts
from rung.discovery.journey import level_of
from rung.documents import digest
from rung.errors import PlanError, Problem, RecordsError
from rung.records import query
from rung.records.engine import Engine
from rung.records.lab import Group, Section
from rung.records.prices import Prices
from rung.records.query import Name

REQUIRED = ("ingredient", "price")
COLUMNS = (
    *REQUIRED,
    *("quantity", "component", "stage", "arm", "year", "life", "share", "shared_by", "in_kind"),
    *("service", "per"),
)
"""Columns of a table of ingredients; the order does not matter."""

MOST_ROWS_TOLD = 5
MOST = Decimal(10**12)  # dollars or pieces; more is a slip of the pen
LONGEST_LIFE = Decimal(1000)  # years
EVERYONE = ""  # the arm of people when no arms are told apart


class CostSettings(Section):
    """`[costs]`: where the ingredients are, and how they are brought together."""

    ingredients: str = ""  # a CSV, from the lab's folder
    rate: Annotated[Decimal, Field(ge=0, le=1)] = Decimal("0.03")  # real, a year: of what lasts
    dollar_year: Annotated[int | None, Field(ge=1913, le=2100)] = None
    arm: str = ""  # the column with each person's arm
    control: str = ""  # the arm to compare with


@dataclass(frozen=True)
class Ingredient:
    """One row: a quantity of something at a price. `quantity` is None when a log gives it."""

    name: str
    price: Decimal
    quantity: Decimal | None = None
    component: str = ""
    stage: str = ""
    arm: str = ""
    year: int | None = None
    life: Decimal | None = None
    share: Decimal = Decimal(1)
    shared_by: str = ""
    in_kind: bool = False
    service: str = ""
    per: Literal["", "session", "quantity"] = ""


@dataclass(frozen=True)
class Attendance:
    """What people came to: sessions and quantity by service and arm."""

    sessions: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)
    quantity: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)

    def by_arm(self, ingredient: Ingredient) -> dict[str, Decimal]:
        """How much of an ingredient each arm used; empty when the log has none of it."""
        counted = self.quantity if ingredient.per == "quantity" else self.sessions
        found: dict[str, Decimal] = defaultdict(Decimal)
        for (service, arm), amount in counted.items():
            if service == ingredient.service and ingredient.arm in ("", arm):
                found[arm] += amount
        return dict(found)


@dataclass(frozen=True)
class Line:
    """An ingredient and its dollars, by arm."""

    ingredient: Ingredient
    dollars: Mapping[str, Decimal]

    @property
    def total(self) -> Decimal:
        """Dollars in all."""
        return sum(self.dollars.values(), Decimal(0))


def annuity(life: Decimal, rate: Decimal) -> Decimal:
    """The yearly cost of a dollar spent on what lasts `life` years: r(1+r)ⁿ / ((1+r)ⁿ − 1).

    Depreciation and the interest that the money would have earned together; 1/n at a rate of 0,
    and where life is so short that nothing is earned in it.
    """
    grown = (1 + rate) ** life
    return rate * grown / (grown - 1) if grown > 1 else 1 / life


# -- reading


@dataclass(frozen=True)
class Written:
    """A table of ingredients as the text of a CSV, named as it was sent."""

    text: str
    name: str

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the text."""
        return digest(self.text)


def read(file: Path) -> tuple[Ingredient, ...]:
    """A CSV of ingredients, UTF-8 or as Windows writes it, with columns of COLUMNS.

    Raises RecordsError as `parse` does, and REC-no-file.
    """
    if not file.is_file():
        raise RecordsError("REC-no-file", file=file.name)
    return parse(decoded(file.read_bytes()), file.name)


def decoded(raw: bytes) -> str:
    """The text of a CSV: spreadsheets save it in UTF-8 or in the letters of Windows."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def parse(text: str, name: str) -> tuple[Ingredient, ...]:
    """The ingredients of a CSV's text; rows without a single cell filled in are passed over.

    Raises RecordsError with everything that is wrong: REC-ingredients-missing for a column that
    must be there, REC-ingredients-column for one that is not known, REC-ingredients for cells,
    REC-unreadable for what is no CSV.
    """
    heads, rows = _rows(text, name)
    wrong_heads = [("REC-ingredients-missing", c) for c in REQUIRED if c not in heads]
    wrong_heads += [("REC-ingredients-column", h) for h in heads if h not in COLUMNS][
        :MOST_ROWS_TOLD
    ]
    problems = [
        Problem(
            code=code,
            table=name,
            column=column[:40],
            params={"known": ", ".join(COLUMNS)},
            weight="break",
        )
        for code, column in wrong_heads
    ]
    if problems:
        raise RecordsError(problems)
    wrong: dict[str, list[int]] = defaultdict(list)
    found = []
    for line, cells in rows:
        made = _ingredient(dict(zip(heads, cells, strict=True)))
        if isinstance(made, Ingredient):
            found.append(made)
        else:
            for column in made:
                wrong[column].append(line)
    if wrong or not found:
        raise RecordsError(_told(wrong or {"ingredient": []}, name))
    return tuple(found)


def _rows(text: str, name: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The headers, and each row that has anything in it with its line."""
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        heads = [h.strip() for h in next(reader, [])]
        empty = [""] * len(heads)
        rows = [
            (reader.line_num, [v.strip() for v in [*row, *empty][: len(heads)]])
            for row in reader
            if any(v.strip() for v in row)
        ]
    except csv.Error as e:
        raise RecordsError("REC-unreadable", file=name) from e
    return heads, rows


def _told(wrong: Mapping[str, Sequence[int]], table: str) -> list[Problem]:
    return [
        Problem(
            code="REC-ingredients",
            table=table,
            column=column,
            rows=len(lines),
            first_rows=tuple(lines[:MOST_ROWS_TOLD]),
            weight="break",
        )
        for column, lines in wrong.items()
    ]


_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+(\.\d*)?")


def _number(text: str, *, above: bool = False, most: Decimal = MOST) -> Decimal | None:
    """A number from 0 (`above` it) to `most`; None for another. A comma stands before thousands."""
    plain = text.replace("$", "").strip()
    if "," in plain and not _THOUSANDS.fullmatch(plain):
        return None
    try:
        value = Decimal(plain.replace(",", ""))
    except InvalidOperation:
        return None
    right = value.is_finite() and (value > 0 if above else value >= 0) and value <= most
    return value if right else None


_YES_NO = {"": False, "no": False, "n": False, "0": False, "yes": True, "y": True, "1": True}


def _ingredient(row: Mapping[str, str]) -> Ingredient | list[str]:
    """An ingredient, or the columns in which it is wrong."""
    said = {c: row.get(c, "") for c in COLUMNS}
    numbers = {
        "price": _number(said["price"]),
        "quantity": _number(said["quantity"]) if said["quantity"] else None,
        "life": _number(said["life"], above=True, most=LONGEST_LIFE) if said["life"] else None,
        "share": _number(said["share"], above=True) if said["share"] else Decimal(1),
    }
    year = int(said["year"]) if said["year"].isdecimal() and len(said["year"]) == 4 else None
    given, share = numbers["quantity"], numbers["share"]
    from_log = bool(said["service"])
    right = {
        "ingredient": bool(said["ingredient"]),
        "price": numbers["price"] is not None,
        # one way to tell how much, and only one
        "quantity": not said["quantity"] if from_log else given is not None,
        "life": not said["life"] or numbers["life"] is not None,
        "share": share is not None and share <= 1,
        # a share is taken for a reason
        "shared_by": share is None or share > 1 or bool(said["shared_by"]) == (share < 1),
        "year": not said["year"] or year is not None,
        "in_kind": said["in_kind"].lower() in _YES_NO,
        "per": said["per"] in (("session", "quantity") if from_log else ("",)),
    }
    wrong = [column for column, fine in right.items() if not fine]
    if wrong or numbers["price"] is None or share is None:
        return wrong
    per: Literal["", "session", "quantity"] = "quantity" if said["per"] == "quantity" else "session"
    return Ingredient(
        name=said["ingredient"],
        price=numbers["price"],
        quantity=given,
        component=said["component"],
        stage=said["stage"],
        arm=said["arm"],
        year=year,
        life=numbers["life"],
        share=share,
        shared_by=said["shared_by"],
        in_kind=_YES_NO[said["in_kind"].lower()],
        service=said["service"],
        per=per if from_log else "",
    )


def attendance(session: Engine, cohort: str | None = None, arm: Group | None = None) -> Attendance:
    """What people of a cohort came to, from the tables `services` and `journeys`.

    A row counts unless it says that the person did not come. Quantities are added as they stand:
    a log that mixes hours and minutes under one service adds up both.
    """
    have, people = session.columns("services"), session.columns("journeys")
    came: exp.Expr = exp.true()
    if "attendance" in have:
        present = exp.EQ(this=query.name("attendance"), expression=query.tree("present"))
        came = exp.func("coalesce", present, exp.true())
    amount = query.as_double(query.name("quantity")) if "quantity" in have else query.tree(0.0)
    result = session.run(
        query.load("rung.returns", "attendance"),
        arm=level_of(arm, people) if arm else query.tree(EVERYONE),
        journeys=Name("journeys"),
        services=Name("services"),
        chosen=cohorts.condition(cohort, people) if cohort else exp.true(),
        quantity=amount,
        came=came,
    )
    sessions: dict[tuple[str, str], Decimal] = {}
    quantity: dict[tuple[str, str], Decimal] = {}
    for row in result.dicts():
        key = (str(row["service"] or ""), str(row["arm"] or ""))
        sessions[key] = Decimal(int(row["sessions"]))
        quantity[key] = Decimal(str(round(float(row["quantity"] or 0.0), 6)))
    return Attendance(sessions, quantity)


# -- bringing together


def dollar_year(ingredients: Iterable[Ingredient], asked: int | None) -> int | None:
    """The year whose dollars the costs are in: the one asked for, or the only one there is.

    Raises PlanError (PLAN-cost-years) when prices are of several years, or some of none, and no
    year was asked for, or when one without a year would have to be brought into dollars of one.
    """
    years = {i.year for i in ingredients}
    if len(years) > 1 and (asked is None or None in years):
        raise PlanError("PLAN-cost-years", years=len(years))
    if asked is not None and years == {None}:
        raise PlanError("PLAN-cost-years", years=0)
    return asked if asked is not None else next(iter(years), None)


def lines(
    ingredients: Sequence[Ingredient],
    *,
    people: Mapping[str, int],
    stages: Mapping[str, Mapping[str, int]] | None = None,
    log: Attendance | None = None,
    rate: Decimal = Decimal("0.03"),
    year: int | None = None,
    prices: Prices | None = None,
) -> tuple[Line, ...]:
    """Each ingredient in dollars of `year`, by arm.

    `people` maps each arm to its people ({"": n} when none are told apart), `stages` the key of
    each stage to the people of each arm who came to it. An ingredient of no arm in particular is
    split as the log has it, otherwise by the people who came to its stage (by all of them where
    it has none, or nobody came).
    Raises PlanError with everything that is wrong: PLAN-cost-stage, PLAN-cost-arm, PLAN-cost-log,
    PLAN-cost-years, PLAN-no-price.
    """
    in_year = dollar_year(ingredients, year)
    problems: list[Problem] = []
    made: list[Line] = []
    came = stages or {}
    for ingredient in ingredients:
        wrong = _unknown(ingredient, people, came, log)
        problems += wrong
        if wrong:
            continue
        there = came.get(ingredient.stage, {})
        used = _used(ingredient, there if any(there.values()) else people, log or Attendance())
        price = ingredient.price * ingredient.share
        if ingredient.life is not None:
            price *= annuity(ingredient.life, rate)
        if in_year is not None and ingredient.year not in (None, in_year):
            index = prices or Prices.packaged()
            price *= index.of_year(in_year) / index.of_year(int(ingredient.year or 0))
        made.append(Line(ingredient, {arm: amount * price for arm, amount in used.items()}))
    if problems:
        raise PlanError(problems)
    return tuple(made)


def _used(
    ingredient: Ingredient, people: Mapping[str, int], log: Attendance
) -> Mapping[str, Decimal]:
    """How much each arm used."""
    if ingredient.quantity is None:
        return log.by_arm(ingredient)
    if ingredient.arm:
        return {ingredient.arm: ingredient.quantity}
    everyone = sum(people.values())
    return {arm: ingredient.quantity * n / everyone for arm, n in people.items()}


def _unknown(
    ingredient: Ingredient,
    people: Mapping[str, int],
    stages: Iterable[str],
    log: Attendance | None,
) -> list[Problem]:
    """What an ingredient names that is not there; its own name is the provider's word."""

    def problem(code: str, **params: str) -> Problem:
        return Problem(code=code, params={"ingredient": ingredient.name, **params}, weight="break")

    found = []
    if ingredient.stage and ingredient.stage not in stages:
        found.append(problem("PLAN-cost-stage", known=", ".join(stages)))
    if ingredient.arm and ingredient.arm not in people:
        found.append(problem("PLAN-cost-arm", known=", ".join(a for a in people if a) or "–"))
    elif ingredient.service and (log is None or not log.by_arm(ingredient)):
        found.append(problem("PLAN-cost-log"))
    return found
