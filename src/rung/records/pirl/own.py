"""A provider's own records as federal ones: the view `own`, a row a period of participation.

What a provider keeps is not what a state keeps, so what comes of it is an analogue, and is called
WIOA-style wherever it is shown:

- A person becomes a participant on the day of `enrolled` (or the journey's first milestone).
- The exit is the day of the last service, or of closing where no service is known, once the period
  is closed or 90 days have passed without a service.
- Training is the lab's table of trainings, or else the program itself, as occupational skills
  training; a passed certification or licensing exam is a measurable skill gain (1810).
- Employment is that of the table `outcomes`, or else of wage records.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from sqlglot import exp

from rung.records.lab import Milestone
from rung.records.pirl.elements import elements
from rung.records.query import Value, alias, load, name, tree
from rung.records.schema import STATES, TABLES, Column, Kind, Side

VIEW = "own"
QUIET = 90  # days without a service after which a period has ended (TAC-17-01)
_FACTS = ("participants", "enrolments")
_NOT_FACTS = {"100", "200", "2700", "900", "901", "923", "1001", "1004", "CALC4039"}


class _Engine(Protocol):
    def view(self, view: str, query: exp.Expr) -> None: ...
    def columns(self, view: str) -> dict[str, str]: ...
    def keep(self, view: str, query: exp.Expr, /, **values: Value) -> None: ...


def own_records(
    session: _Engine,
    tables: Iterable[str],
    milestones: Sequence[Milestone],
    as_of: dt.date,
    *,
    any_employer: bool = True,
    carried: Iterable[str] = (),
) -> None:
    """Make the table `own` of this session: columns of `pirl`, and `period`.

    `tables` are the lab's tables that the session has; `as_of` the day its records are of;
    `carried` are columns of the journeys that go along, for groups.
    """
    there = set(tables)
    have = session.columns("journeys")
    facts = _facts(have) | {c: name(c) for c in carried if c in have}
    session.view("own_people", _people(have, milestones, as_of, facts))
    _wages(session, "wages" in there)
    _training(session, "training" in there, have)
    _credentials(session, "credentials" in there)
    known = session.columns("outcomes") if "outcomes" in there else {}
    outcomes = {c: t for c, t in known.items() if c in ("pid", "period") or _is_outcome(c)}
    if "period" not in outcomes:
        outcomes = {}
    session.view("own_outcomes", _outcomes(outcomes))
    session.keep(
        VIEW,
        load("rung.records", "own_records"),
        any_employer=any_employer,
        facts=[name(c) for c in facts],
        **_jobs(outcomes),
    )


def _is_outcome(column: str) -> bool:
    return column.startswith(("employed_q", "match_q", "wages_q", "_state_employed", "same_emp"))


def _null(kind: str) -> exp.Expr:
    return exp.cast(exp.null(), kind)


def federal(column: Column, node: exp.Expr) -> exp.Expr:
    """Our code as the federal one; NULL for what has none."""
    if column.code_list is None:
        return exp.cast(node, "VARCHAR")
    case = exp.Case()
    done = set()
    for code, ours in column.code_list.pirl.items():
        if ours in STATES or ours in done:
            continue
        done.add(ours)
        value = exp.Boolean(this=ours == "yes") if column.kind is Kind.BOOLEAN else tree(ours)
        case = case.when(exp.EQ(this=node.copy(), expression=value), tree(code))
    return exp.cast(case.else_(exp.null()), "VARCHAR")


def _facts(have: Mapping[str, str]) -> dict[str, exp.Expr]:
    """Elements about people, by their column, from the journeys."""
    found: dict[str, exp.Expr] = {}
    for table in _FACTS:
        for column in TABLES[table].columns:
            known = column.pirl in elements() and column.pirl not in _NOT_FACTS
            if known and column.name in have and column.side is Side.RECORDS:
                e = elements()[column.pirl]
                if e.type in ("IN", "AN") and (e.codes or column.kind is not Kind.TEXT):
                    found[e.column] = federal(column, name(column.name))
    return found


def _people(
    have: Mapping[str, str],
    milestones: Sequence[Milestone],
    as_of: dt.date,
    facts: Mapping[str, exp.Expr],
) -> exp.Select:
    keys = [m.key for m in milestones]
    first = next((k for k in ("enrolled", "served") if k in keys and f"{k}_on" in have), "")
    entered = name(f"{first}_on") if first else name("entered_on")
    closed = name("closed_on") if "closed_on" in have else _null("DATE")
    last = name("last_service_on") if "last_service_on" in have else _null("DATE")
    quiet = exp.LTE(this=last.copy(), expression=tree(as_of - dt.timedelta(days=QUIET)))
    over = exp.or_(exp.not_(exp.paren(closed.copy().is_(exp.null()))), quiet)
    day = exp.func("greatest", exp.func("coalesce", last, closed), entered.copy())
    exited = exp.Case().when(exp.func("coalesce", over, exp.false()), day)
    exclusion: exp.Expr = _null("VARCHAR")
    if "wioa_exit" in have:
        exclusion = federal(TABLES["enrolments"].column("wioa_exit"), name("wioa_exit"))
    done = name("completed_on") if "completed_on" in have else _null("DATE")
    entered_by = exp.LTE(this=entered.copy(), expression=tree(as_of))
    return (
        exp.select(
            name("pid"),
            alias(name("period") if "period" in have else exp.cast(tree(1), "SMALLINT"), "period"),
            alias(entered, "entered_on"),
            alias(exited, "exited_on"),
            alias(exclusion, "exclusion"),
            alias(done, "finished_on"),
            *(alias(node, e) for e, node in facts.items()),
        )
        .from_("journeys")
        .where(entered_by)
    )


def _empty(columns: Mapping[str, str]) -> exp.Select:
    return exp.select(*(alias(_null(t), c) for c, t in columns.items())).where(exp.false())


def _wages(session: _Engine, there: bool) -> None:
    types = {"pid": "VARCHAR", "quarter": "INT", "employer": "VARCHAR", "amount": "DECIMAL(18, 4)"}
    if not there:
        session.view("own_wages", _empty(types))
        return
    have = session.columns("wages")
    picked = [alias(name(c) if c in have else _null(t), c) for c, t in types.items()]
    session.view("own_wages", exp.select(*picked).from_("wages"))


def _training(session: _Engine, there: bool, journeys: Mapping[str, str]) -> None:
    done = (
        exp.Case().when(name("completed"), tree("1")).when(exp.not_(name("completed")), tree("0"))
    )
    if not there:
        left = exp.func("coalesce", name("finished_on"), name("exited_on"))
        ended = exp.not_(exp.paren(name("finished_on").is_(exp.null())))
        over = exp.not_(exp.paren(name("exited_on").is_(exp.null())))
        session.view(
            "own_training",
            exp.select(
                name("pid"),
                alias(name("entered_on"), "start_on"),
                alias(left, "end_on"),
                alias(tree("06"), "type"),
                alias(exp.Case().when(ended, tree("1")).when(over, tree("0")), "completed"),
            ).from_("own_people"),
        )
        return
    have = session.columns("training")
    kind: exp.Expr = tree("06")
    if "type" in have:
        coded = federal(TABLES["training"].column("type"), name("type"))
        kind = exp.func("coalesce", coded, tree("06"))
    session.view(
        "own_training",
        exp.select(
            name("pid"),
            alias(name("start_on") if "start_on" in have else _null("DATE"), "start_on"),
            alias(name("end_on") if "end_on" in have else _null("DATE"), "end_on"),
            alias(kind, "type"),
            alias(done if "completed" in have else _null("VARCHAR"), "completed"),
        ).from_("training"),
    )


def _credentials(session: _Engine, there: bool) -> None:
    types = {"pid": "VARCHAR", "type": "VARCHAR", "earned_on": "DATE"}
    if not there:
        session.view("own_credentials", _empty(types))
        return
    have = session.columns("credentials")
    kind: exp.Expr = tree("7")
    if "type" in have:
        coded = federal(TABLES["credentials"].column("type"), name("type"))
        kind = exp.func("coalesce", coded, tree("7"))
    rows = exp.select(
        name("pid"),
        alias(kind, "type"),
        alias(name("earned_on") if "earned_on" in have else _null("DATE"), "earned_on"),
    ).from_("credentials")
    if "earned" in have:
        rows = rows.where(exp.func("coalesce", name("earned"), exp.true()))
    session.view("own_credentials", rows)


def _outcomes(have: Mapping[str, str]) -> exp.Select:
    """The lab's outcomes with federal codes; pending ones say 9."""
    if not have:
        return _empty({"pid": "VARCHAR", "period": "SMALLINT"})
    picked: list[exp.Expr] = [name("pid"), name("period")]
    for column in TABLES["outcomes"].columns:
        if column.name not in have or column.name in ("pid", "period"):
            continue
        node = name(column.name)
        if column.code_list is not None:
            node = federal(column, node)
        state = f"_state_{column.name}"
        if state in have:
            waits = exp.EQ(this=name(state), expression=tree("pending"))
            node = exp.Case().when(waits, tree("9")).else_(node)
        picked.append(alias(node, column.name))
    return exp.select(*picked).from_("outcomes")


def _jobs(outcomes: Mapping[str, str]) -> dict[str, exp.Expr]:
    """Employment, its proof and its pay in each quarter after exit."""
    made: dict[str, exp.Expr] = {}
    for n in (1, 2, 3, 4):
        pay = name(f"after_{n}", "paid")
        if f"employed_q{n}" in outcomes:
            made[f"employed_{n}"] = name(f"employed_q{n}", "own_outcomes")
            made[f"match_{n}"] = (
                name(f"match_q{n}", "own_outcomes") if f"match_q{n}" in outcomes
                else _null("VARCHAR")
            )  # fmt: skip
            made[f"wages_{n}"] = (
                name(f"wages_q{n}", "own_outcomes") if f"wages_q{n}" in outcomes else pay
            )
            continue
        quarter = exp.Add(this=name("exit_q", "people"), expression=tree(n))
        covered = exp.LTE(this=quarter, expression=name("last_q", "cover"))
        some = exp.GT(this=pay.copy(), expression=tree(0))
        left = exp.not_(exp.paren(name("exited_on", "people").is_(exp.null())))
        for key, yes, no, waits in (("employed", "1", "0", "9"), ("match", "1", "0", "5")):
            made[f"{key}_{n}"] = (
                exp.Case()
                .when(some.copy(), tree(yes))
                .when(covered.copy(), tree(no))
                .when(left.copy(), tree(waits))
            )
        made[f"wages_{n}"] = (
            exp.Case()
            .when(some.copy(), pay)
            .when(covered.copy(), exp.cast(tree(0), "DECIMAL(18, 4)"))
        )
    if "same_employer_q2_q4" in outcomes:
        made["same"] = name("same_employer_q2_q4", "own_outcomes")
    else:
        both = exp.LTE(
            this=exp.Add(this=name("exit_q", "people"), expression=tree(4)),
            expression=name("last_q", "cover"),
        )
        made["same"] = exp.Case().when(
            exp.GT(this=name("n", "same"), expression=tree(0)), tree("1")
        ).when(both, tree("0"))  # fmt: skip
    return made
