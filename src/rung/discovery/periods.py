"""Periods of participation with the columns the federal indicators read: the view `periods`.

Made either from `pirl` (federal records, columns e100, e900, …) or from a provider's own tables
(see `own_periods`). Codes are the federal ones, as text; dates are dates; whether a program served
the person is true or false, never unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlglot import exp

from rung.records import query
from rung.records.engine import Engine
from rung.records.pirl.derive import facts
from rung.records.pirl.own import VIEW as OWN
from rung.records.pirl.own import own_records
from rung.records.wages import Coverage

VIEW = "periods"
TITLE_I = ("1", "2", "3")  # 903, 904, 905: local, statewide, both; 4 is a reportable individual

_DATES = {
    "entered_on": "900",
    "exited_on": "901",
    "credential_1_on": "1801",
    "credential_2_on": "1803",
    "credential_3_on": "1805",
    "graduate_on": "1814",
    "enrolled_after_on": "1406",
    "education_from": "1811",
    "education_to": "1813",
    "gain_level": "1806",
    "gain_postsecondary": "1807",
    "gain_secondary": "1808",
    "gain_milestone": "1809",
    "gain_skills": "1810",
}
_CODES = {
    "training_1": "1303",
    "training_2": "1310",
    "training_3": "1315",
    "credential_1": "1800",
    "credential_2": "1802",
    "credential_3": "1804",
    "placed_q2": "1900",
    "placed_q4": "1901",
}
_PENDING = {  # column: element, and the code that says "not yet available"
    "employed_q1": ("1600", "9"),
    "employed_q2": ("1602", "9"),
    "employed_q3": ("1604", "9"),
    "employed_q4": ("1606", "9"),
    "match_q2": ("1603", "5"),
    "match_q4": ("1607", "5"),
}
_SERVED: dict[str, tuple[str, tuple[str, ...]]] = {
    "adult": ("903", TITLE_I),
    "dislocated_worker": ("904", TITLE_I),
    "youth": ("905", TITLE_I),
    "adult_education": ("910", ("1",)),
    "vocational_rehabilitation": ("917", ("1", "3")),
    "wagner_peyser": ("918", ("1",)),
    "job_corps": ("911", ("1",)),
    "in_school": ("409", TITLE_I),
    "postsecondary": ("1332", ("1",)),
    "secondary": ("1401", ("1",)),
    "same_employer": ("1618", ("1",)),
}
# who is served by one of these is more than a Wagner-Peyser or incumbent-worker-training record
_OTHERS = ("adult", "dislocated_worker", "youth", "adult_education", "vocational_rehabilitation",
           "job_corps")  # fmt: skip
COLUMNS: tuple[str, ...] = (
    "pid", "exclusion", "wages_q2", "integrated", "youthbuild", "incumbent_only",
    "wagner_peyser_only", *_DATES, *_CODES, *_PENDING, *_SERVED,
)  # fmt: skip
"""Everything `wioa.sql` reads."""


def _is_one_of(value: exp.Expr, codes: Sequence[str]) -> exp.Expr:
    said = exp.In(this=value, expressions=[query.tree(c) for c in codes])
    return exp.func("coalesce", said, exp.false())


class _Pirl:
    """Elements of the table `pirl` as trees; NULL for one that the file does not have."""

    def __init__(self, have: Iterable[str]) -> None:
        self.have = set(have)

    def element(self, number: str, kind: str) -> exp.Expr:
        column = f"e{number}"
        return query.name(column) if column in self.have else exp.cast(exp.null(), kind)

    def code(self, number: str, digits: int = 1) -> exp.Expr:
        """A code as text with its leading zeros."""
        text = self.element(number, "VARCHAR")
        if digits == 1:
            return text
        return exp.func("lpad", text, query.tree(digits), query.tree("0"))

    def pending(self, number: str, code: str) -> exp.Expr:
        """A code whose "not yet available" is kept beside it."""
        if "_pending" not in self.have:
            return self.code(number)
        mark = exp.Like(this=query.name("_pending"), expression=query.tree(f"%,{number},%"))
        return exp.Case().when(mark, query.tree(code)).else_(self.code(number))

    def filled(self, number: str) -> exp.Expr:
        text = self.element(number, "VARCHAR")
        return exp.not_(exp.paren(text.is_(exp.null())))


def pirl_periods(session: Engine, source: str = "pirl") -> None:
    """Make the view `periods` from a table of federal records."""
    have = session.columns(source)
    pirl = _Pirl(have)
    columns: dict[str, exp.Expr] = {
        "pid": query.name("pid") if "pid" in have else pirl.element("100", "VARCHAR"),
        "exclusion": pirl.code("923", 2),
        "wages_q2": pirl.element("1704", "DECIMAL(18, 4)"),
        "integrated": pirl.filled("1407"),
        "youthbuild": pirl.filled("919"),
    }
    columns |= {c: pirl.element(e, "DATE") for c, e in _DATES.items()}
    columns |= {c: pirl.code(e, 2 if c.startswith("training") else 1) for c, e in _CODES.items()}
    columns |= {c: pirl.pending(e, code) for c, (e, code) in _PENDING.items()}
    served = {c: _is_one_of(pirl.code(e), codes) for c, (e, codes) in _SERVED.items()}
    columns |= served
    incumbent = _is_one_of(pirl.code("907"), ("1", "2", "3", "4", "5", "6"))
    elsewhere = exp.or_(*(served[c].copy() for c in _OTHERS), pirl.filled("919"))
    wagner = served["wagner_peyser"]
    columns["incumbent_only"] = exp.and_(
        incumbent, exp.not_(exp.paren(exp.or_(elsewhere.copy(), wagner.copy())))
    )
    columns["wagner_peyser_only"] = exp.and_(wagner.copy(), exp.not_(exp.paren(elsewhere)))
    _make(session, columns, source, have)


def _make(session: Engine, columns: dict[str, exp.Expr], source: str, have: Iterable[str]) -> None:
    rest = [query.name(c) for c in have if c not in columns]
    told = (c for c in facts(frozenset(have)) if c.alias_or_name not in {*columns, *have})
    picked = [*(query.alias(node, c) for c, node in columns.items()), *told]
    session.view(VIEW, exp.select(*picked, *rest).from_(exp.table_(source, quoted=True)))


def own_periods(session: Engine, **how: Any) -> Coverage | None:
    """Make the view `periods` from a provider's own tables (see `rung.records.pirl.own`).

    Returns what its wage records cover, if there are any.
    """
    covered = own_records(session, **how)
    pirl_periods(session, OWN)
    return covered
