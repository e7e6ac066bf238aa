"""The checks of a federal file, in the order the field runs them.

Format, then valid values, then duplicates, then the 30 logic rules; a later stage runs when the
earlier ones found nothing, or when all are asked for. Signs, such as a column that says one thing
throughout, are told at any stage and stop none: they are what reviewers of outliers ask about.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Literal

import sqlglot
from sqlglot import exp

from rung.errors import Problem, worst_first
from rung.messages import Scalar
from rung.records.pirl import reading
from rung.records.pirl.elements import ID, Element, elements
from rung.records.pirl.reading import Text, counted, scan
from rung.records.pirl.rules import RULES
from rung.records.query import DIALECT, Session, alias, fill, load, name, tree

Stage = Literal["format", "values", "duplicates", "logic"]
STAGES: tuple[Stage, ...] = ("format", "values", "duplicates", "logic")
ENOUGH = 20  # records before a column is called constant, or short of zeros
_MANY_NINES = 0.05
# "did not self-identify" is an answer; as the answer of many, it is a sign
_ASKED = ("201", "202", "210", "211", "212", "213", "214", "215")
_INDUSTRY = ("404", "405", "406", "1614", "1615", "1616", "1617")
_OCCUPATION = ("403", "1306", "1311", "1316", "1610", "1612", "1613")
_VERSIONS = {  # NAICS codes that one edition alone has, with that edition
    "722110": 2007, "722211": 2007, "722212": 2007, "722213": 2007, "443111": 2007,
    "443112": 2007, "443120": 2007, "443130": 2007, "454111": 2012, "454112": 2012,
    "454113": 2012, "452111": 2012, "452112": 2012, "452910": 2012, "452990": 2012,
    "517110": 2012, "517210": 2012, "722511": 2012, "452210": 2017, "452311": 2017,
    "452319": 2017, "454110": 2017, "517311": 2017, "517312": 2017, "455110": 2022,
    "455211": 2022, "455219": 2022, "517111": 2022, "517112": 2022, "449210": 2022,
}  # fmt: skip
_EDITION = 2012  # "NAICS 4 to 6 digits" of the layout
_YEARS_OFF = 10
# one program may fund, train and exit everyone alike
_MAY_BE_ALIKE = frozenset(("1300", "1303", "1332", "1401", "1328"))


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What a check found: every problem, and the stages that ran."""

    problems: tuple[Problem, ...]
    stages: tuple[Stage, ...]

    @property
    def waiting(self) -> tuple[Stage, ...]:
        """Stages that did not run, because an earlier one found something."""
        return tuple(s for s in STAGES if s not in self.stages)


def checked(
    session: Session, text: Text, *, as_of: dt.date, every_stage: bool = False,
    ssn_allowed: bool = False,
) -> Checked:  # fmt: skip
    """Run the stages over a staged file. `as_of` is the day the records are of."""
    session.view("pirl_said", _said(text, as_of, ssn_allowed))
    runs: dict[Stage, Callable[[], list[Problem]]] = {
        "format": partial(_format, session, text),
        "values": partial(_values, session, text),
        "duplicates": partial(_duplicates, session, text),
        "logic": partial(_logic, session, text),
    }
    problems = [*text.problems, *_signs(session, text)]
    ran: list[Stage] = []
    for stage, run in runs.items():
        ran.append(stage)
        found = run()
        problems += found
        if found and not every_stage:
            break
    return Checked(problems=worst_first(problems), stages=tuple(ran))


def looks_like_ssn(text: exp.Expr, *, dashed: bool = False) -> exp.Expr:
    """Whether an id has the shape of a Social Security number."""
    pattern = r"^\d{3}-\d{2}-\d{4}$" if dashed else _PLAIN_SSN
    return exp.Anonymous(this="regexp_matches", expressions=[text, tree(pattern)])


# DuckDB's expressions look neither ahead nor behind: areas 000, 666 and 900 to 999 are spelt out
_PLAIN_SSN = (
    r"^(\d{3}-\d{2}-\d{4}|(00[1-9]|0[1-9]\d|[1-57-8]\d{2}|6[0-57-9]\d|66[0-57-9])"
    r"(0[1-9]|[1-9]\d)(000[1-9]|00[1-9]\d|0[1-9]\d{2}|[1-9]\d{3}))$"
)


def _problem(
    code: str, text: Text, element: Element | None, n: int, rows: Sequence[int], **params: Scalar
) -> Problem:
    given = dict(params)
    if element is not None:
        given |= {"element": element.number, "name": element.name}
    return Problem(
        code=code, table=text.label, column=element.number if element else None, rows=n,
        first_rows=tuple(rows), params=given, owner="data",
    )  # fmt: skip


def _by_element(
    session: Session, text: Text, tests: dict[str, Callable[[Element], exp.Expr]]
) -> list[Problem]:
    asked = [(code, e, test(e)) for code, test in tests.items() for e in text.elements]
    asked = [a for a in asked if a[2] != exp.false()]
    found = counted(session, scan(text.path), [a[2] for a in asked])
    return [
        _problem(code, text, e, n, rows, **_expected(e))
        for (code, e, _), (n, rows) in zip(asked, found, strict=True)
        if n
    ]


def _expected(e: Element) -> dict[str, Scalar]:
    shape = {"DT": "YYYYMMDD", "DE": "000000.00", "IN": "digits", "AN": "text"}[e.type]
    return {"shape": shape, "length": e.length, "codes": ", ".join(e.codes) or e.digits or "-"}


def _format(session: Session, text: Text) -> list[Problem]:
    return _by_element(
        session,
        text,
        {
            "REC-pirl-format": reading.misfit,
            "REC-pirl-spaces": reading.spaced,
            "REC-pirl-unpadded": reading.unpadded,
        },
    )


def _values(session: Session, text: Text) -> list[Problem]:
    return _by_element(
        session,
        text,
        {
            "REC-pirl-value": lambda e: reading.not_allowed(e) if _listed(e) else exp.false(),
            "REC-pirl-length": lambda e: exp.false() if _listed(e) else reading.not_allowed(e),
        },
    )


def _listed(e: Element) -> bool:
    return bool(e.codes or e.digits)


def _duplicates(session: Session, text: Text) -> list[Problem]:
    have = {e.number for e in text.elements}
    keys = [f"e{n}" for n in (ID, "900", "901") if n in have]
    query = fill(load("rung.records", "pirl_twice"), {"keys": [name(k) for k in keys]})
    n, rows = session.execute(query).fetchone() or (0, None)
    if not n:
        return []
    return [_problem("REC-pirl-duplicate", text, elements()[ID], int(n), rows or ())]


def _said(text: Text, as_of: dt.date, ssn_allowed: bool) -> exp.Expr:
    """Typed elements with the codes that the file says, NULL for those it does not have."""
    here = {e.number: e for e in text.elements}
    picked: list[exp.Expr] = [name("_row")]
    for e in _read_by_rules():
        node: exp.Expr = exp.cast(exp.null(), e.stored)
        if e.number in here:
            node = reading.value(e)
            if e.pending:
                code = exp.cast(tree(e.pending), e.stored)
                waits = exp.func("coalesce", reading.is_pending(e), exp.false())
                node = exp.Case().when(waits, code).else_(node)
        picked.append(_named(node, e.column))
    typed = exp.select(*picked, copy=False).from_(scan(text.path), copy=False)
    shaped = exp.false() if ssn_allowed else looks_like_ssn(name("e100"), dashed=True)
    query = load("rung.records", "pirl_said")
    return fill(
        query,
        {"typed": typed.subquery(), "as_of": as_of, "day_after": as_of + dt.timedelta(days=1),
         "ssn_shaped": shaped},
    )  # fmt: skip


def _named(node: exp.Expr, label: str) -> exp.Alias:
    """`node AS label` without a copy of the node, for select lists of hundreds of columns."""
    return exp.Alias(this=node, alias=exp.to_identifier(label, quoted=True))


@cache
def _read_by_rules() -> tuple[Element, ...]:
    """The elements that some rule or sign reads."""
    said = " ".join(rule.when for rule in RULES)
    columns = {*re.findall(r"\be\d+[a-c]?\b", said), "e100", "e200", "e410", "e900", "e901"}
    return tuple(e for e in elements().values() if e.column in columns)


@cache
def _condition(code: str) -> exp.Expr:
    when = next(rule.when for rule in RULES if rule.code == code)
    return sqlglot.parse_one(when, dialect=DIALECT)


def _logic(session: Session, text: Text) -> list[Problem]:
    have = {e.number for e in text.elements}
    asked = [r for r in RULES if have.issuperset(r.needs)]
    tests = [_condition(r.code) for r in asked]
    found = counted(session, exp.table_("pirl_said"), tests)
    known = elements()
    return [
        _problem(rule.code, text, known[rule.element], n, rows, tag=rule.tag)
        for rule, (n, rows) in zip(asked, found, strict=True)
        if n
    ]


# -- signs


def _signs(session: Session, text: Text) -> list[Problem]:
    here = {e.number: e for e in text.elements}
    tests: list[tuple[str, Element, exp.Expr]] = []
    for number in (*_INDUSTRY, *_OCCUPATION):
        if number in here:
            digits = 6 if number in _INDUSTRY else 8
            cell = reading.trimmed(here[number])
            shorter = exp.LT(this=exp.Length(this=cell.copy()), expression=tree(digits))
            tests.append(("REC-pirl-short-code", here[number], shorter))
        if number in here and number in _INDUSTRY:
            older = [tree(c) for c, year in _VERSIONS.items() if year != _EDITION]
            other = exp.In(this=reading.trimmed(here[number]), expressions=older)
            tests.append(("REC-pirl-naics-year", here[number], other))
    found = counted(session, scan(text.path), [t for _, _, t in tests])
    told = [
        _problem(code, text, e, n, rows, digits=6 if e.number in _INDUSTRY else 8)
        for (code, e, _), (n, rows) in zip(tests, found, strict=True)
        if n
    ]
    told += _dislocated(session, text)
    if text.rows >= ENOUGH:
        told += _throughout(session, text)
    return told


def _dislocated(session: Session, text: Text) -> list[Problem]:
    """Dates of dislocation that lie years from the entry, or after the exit."""
    if not {"410", "900"} <= {e.number for e in text.elements}:
        return []
    early = exp.cast(
        exp.Sub(this=name("e900"), expression=exp.Interval(
            this=tree(str(_YEARS_OFF)), unit=exp.var("YEAR"))), "DATE",
    )  # fmt: skip
    odd = exp.or_(
        exp.LT(this=name("e410"), expression=early),
        exp.GT(this=name("e410"), expression=exp.func("coalesce", name("e901"), name("as_of"))),
    )
    ((n, rows),) = counted(session, exp.table_("pirl_said"), [odd])
    element = elements()["410"]
    if not n:
        return []
    return [_problem("REC-pirl-dislocation", text, element, n, rows, years=_YEARS_OFF)]


def _throughout(session: Session, text: Text) -> list[Problem]:
    """Columns that say one thing for everyone, never say no, or mostly "did not say"."""
    cells = [
        e for e in text.elements
        if e.codes and not e.number.startswith("9") and e.number not in _MAY_BE_ALIKE
    ]  # fmt: skip
    picked: list[exp.Expr] = []
    for i, e in enumerate(cells):
        cell = reading.said(e)
        for label, node in (
            ("filled", exp.Count(this=cell.copy())),
            ("kinds", exp.Count(this=exp.Distinct(expressions=[cell.copy()]))),
            ("zeros", _count(cell, "0")),
            ("nines", _count(cell, "9")),
        ):
            picked.append(alias(node, f"{label}{i}"))
    if not picked:
        return []
    found = session.execute(exp.select(*picked).from_(scan(text.path))).fetchone() or ()
    told: list[Problem] = []
    for i, e in enumerate(cells):
        filled, kinds, zeros, nines = (int(v) for v in found[4 * i : 4 * i + 4])
        blank = text.rows - filled
        if filled == text.rows and kinds == 1:
            told.append(_problem("REC-pirl-constant", text, e, filled, ()))
        elif e.yes_no and kinds == 1 and not zeros and not nines and blank:
            told.append(_problem("REC-pirl-blank-for-zero", text, e, blank, ()))
        if e.number in _ASKED and nines >= _MANY_NINES * text.rows and kinds > 1:
            share = f"{100 * nines / text.rows:.0f}"
            told.append(_problem("REC-pirl-nines", text, e, nines, (), percent=share))
    return told


def _count(cell: exp.Expr, code: str) -> exp.Expr:
    same = exp.EQ(this=cell.copy(), expression=tree(code))
    return exp.Count(this=exp.Case().when(same, tree(1)))
