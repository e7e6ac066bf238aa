"""A provider's own records as federal ones: the view `own`, a row a period of participation.

What a provider keeps is not what a state keeps, so what comes of it is an analogue, and is called
WIOA-style wherever it is shown:

- A person becomes a participant on the day of `enrolled` (or the journey's first milestone).
- The exit is the day of the last service, or of closing where no service is known, once the period
  is closed or 90 days have passed without a service.
- Training is the lab's table of trainings, or else the program itself, as occupational skills
  training; a passed certification or licensing exam is a measurable skill gain (1810).
- Employment in a quarter after exit is what the table `outcomes` says; where it says nothing of a
  person, or "not yet available", it is what wage records say. Within a quarter, employment and
  how it was established come from one source.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from sqlglot import exp

from rung.errors import CannotAnswer
from rung.records.engine import Engine
from rung.records.lab import Milestone
from rung.records.pirl.elements import elements
from rung.records.query import Value, alias, fill, load, name, tree
from rung.records.schema import STATES, TABLES, Column, Kind, Side
from rung.records.wages import Coverage, coverage, quarter_in, quarter_of

VIEW = "own"
QUIET = 90  # days without a service after which a period has ended (TAC-17-01)
_FACTS = ("participants", "enrolments")
_NOT_FACTS = {"100", "200", "2700", "900", "901", "923", "1001", "1004", "CALC4039"}


@dataclass(frozen=True)
class Asked:
    """What one report reads: periods that had not ended before `since`; pay in the 2nd quarter
    after exits up to `second`, and in the four quarters after exits up to `fourth`."""

    since: dt.date
    second: dt.date
    fourth: dt.date


def own_records(
    session: Engine,
    tables: Iterable[str],
    milestones: Sequence[Milestone],
    as_of: dt.date,
    *,
    any_employer: bool = True,
    one_year: int = 365,
    carried: Iterable[str] = (),
    asked: Asked | None = None,
) -> Coverage | None:
    """Make the table `own` of this session: columns of `pirl`, and `period`.

    `tables` are the lab's tables that the session has; `as_of` the day its records are of;
    `one_year` how many days after exit a credential belongs to the period; `carried` are columns
    of the journeys that go along, for groups. With `asked` it holds what one report reads, and is a
    view, to be read once. Returns what the wage records cover, if any do.
    """
    there = set(tables)
    have = session.columns("journeys")
    facts = _facts(have) | {c: name(c) for c in carried if c in have}
    dated = _people(have, milestones, as_of, facts).subquery("dated")
    quarters = (alias(quarter_in(name(f"{c}ed_on")), f"{to}_q")
                for c, to in (("enter", "entry"), ("exit", "exit")))  # fmt: skip
    people = exp.select("*", *quarters).from_(dated)
    if asked:
        late = exp.GTE(this=name("exited_on"), expression=tree(asked.since))
        people = people.where(exp.paren(exp.or_(name("exited_on").is_(exp.null()), late)))
    session.view("own_people", people)
    covered = _wages(session, "wages" in there, asked)
    _training(session, "training" in there)
    _credentials(session, "credentials" in there)
    known = session.columns("outcomes") if "outcomes" in there else {}
    outcomes = {c: t for c, t in known.items() if c in ("pid", "period") or _is_outcome(c)}
    if "period" not in outcomes:
        outcomes = {}
    session.view("own_outcomes", _outcomes(outcomes))
    given: dict[str, Value] = {
        "place": _place(any_employer),
        "slot": _slot(asked is not None),
        "types": _types(asked is not None),
        "after": _told(asked is not None),
        "one_year": one_year,
        "facts": [name(c) for c in facts],
        "trained": _trained("training" in there),
        **_jobs(outcomes, covered),
        **{f"known_{n}": _before(n, covered if asked is None else None) for n in (1, 2, 3)},
    }
    query = load("rung.records", "own_records")
    if asked:
        session.view(VIEW, fill(query, given))
    else:
        session.keep(VIEW, query, **given)
    return covered


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


def _wages(session: Engine, there: bool, asked: Asked | None) -> Coverage | None:
    """Keep the pay of the quarters that matter as `own_pay`; what the wage records cover."""
    types = {"pid": "VARCHAR", "quarter": "INT", "employer": "VARCHAR", "amount": "DECIMAL(18, 4)"}
    covered = None
    if there:
        with suppress(CannotAnswer):  # a table without a record tells of nobody
            covered = coverage(session)
    if covered is None:
        kinds = {"pid": "VARCHAR", "period": "SMALLINT", "away": "INT"} | types
        session.view("own_pay", _empty({c: t for c, t in kinds.items() if c != "quarter"}))
        return None
    have = session.columns("wages")
    picked = [alias(name(c) if c in have else _null(t), c) for c, t in types.items()]
    session.view("own_wages", exp.select(*picked).from_("wages"))
    entry, left = name("entry_q"), name("exit_q")

    def plus(quarter: exp.Expr, n: int) -> exp.Expr:
        return exp.Add(this=quarter.copy(), expression=tree(n))

    first: exp.Expr = exp.Sub(this=entry.copy(), expression=tree(3))
    last: exp.Expr = exp.func("coalesce", plus(left, 4), entry)
    whose: exp.Expr = exp.true()
    if asked:  # of the latest exits only the 2nd quarter after
        early = exp.LTE(this=left.copy(), expression=tree(quarter_of(asked.fourth)))
        first, last = (
            exp.Case().when(early.copy(), plus(left, four)).else_(plus(left, 2)) for four in (1, 4)
        )
        whose = exp.Between(this=name("exited_on"), low=tree(asked.since), high=tree(asked.second))
    session.keep("own_pay", load("rung.records", "own_pay"), first=first, last=last, whose=whose)
    return covered


def _covered(quarter: exp.Expr, covered: Coverage | None) -> exp.Expr:
    """Whether wage records speak of a quarter, as a tree."""
    if covered is None:
        return exp.false()
    inside: exp.Expr = exp.Between(
        this=quarter.copy(), low=tree(covered.first), high=tree(covered.last)
    )
    if covered.missing:
        gaps = exp.In(this=quarter.copy(), expressions=[tree(q) for q in sorted(covered.missing)])
        inside = exp.and_(inside, exp.not_(exp.paren(gaps)))
    return exp.paren(inside)


def _before(n: int, covered: Coverage | None) -> exp.Expr:
    return _covered(exp.Sub(this=name("entry_q"), expression=tree(n)), covered)


def _numbered(order: Sequence[tuple[str, bool]], *by: str) -> exp.Expr:
    """The place of a row among those with the same `by`, by (column, whether from the highest)."""
    ordered = [exp.Ordered(this=name(c), desc=d, nulls_first=False) for c, d in order]
    return exp.Window(
        this=exp.RowNumber(),
        partition_by=[name(c) for c in by],
        order=exp.Order(expressions=ordered),
    )


def _place(any_employer: bool) -> exp.Expr:
    """1 for each record of a quarter, or only for the one that paid most."""
    if any_employer:
        return tree(1)
    return _numbered((("amount", True), ("employer", False)), "pid", "period", "away")


def _slot(for_report: bool) -> exp.Expr:
    """Where a credential stands of the three that federal records hold: the first ones by date.

    A report asks whether there is one that counts, so there any but a diploma stands first;
    of diplomas, which are also a gain, one during participation stands apart from one after it.
    """
    if not for_report:
        return _numbered((("earned_on", False), ("type", False)), "pid", "period")
    diploma = exp.EQ(this=name("type"), expression=tree("1"))
    none = exp.EQ(this=name("type"), expression=tree("0"))
    case = exp.Case().when(none, tree(0)).when(exp.not_(exp.paren(diploma)), tree(1))
    return case.when(name("during"), tree(2)).else_(tree(3))


def _types(for_report: bool) -> list[exp.Expr]:
    """The types of the three credentials; in a report, what their places mean."""
    told = []
    for n, means in ((1, "7"), (2, "1"), (3, "1")):
        kind: exp.Expr = name(f"type_{n}", "credentials")
        if for_report:
            there = exp.not_(exp.paren(name(f"on_{n}", "credentials").is_(exp.null())))
            kind = exp.Case().when(there, tree(means))
        told.append(alias(kind, f"credential_{n}"))
    return told


def _told(for_report: bool) -> list[exp.Expr]:
    """Employment, proof and pay after exit by element; "not yet available" is NULL and told in
    `_pending`, but in a report, which only reads the code, stays 9."""
    told: list[exp.Expr] = []
    marks: list[exp.Expr] = []
    for n in (1, 2, 3, 4):
        pending = exp.EQ(this=name(f"job_{n}"), expression=tree("9"))
        numbers = (str(1598 + 2 * n), str(1599 + 2 * n), str(1702 + n))
        for number, what in zip(numbers, ("job", "proof", "paid"), strict=True):
            value: exp.Expr = name(f"{what}_{n}")
            if not for_report:
                known = exp.NEQ(this=name(f"job_{n}"), expression=tree("9"))
                value = exp.Case().when(known, value)
            elif what == "proof":
                value = exp.Case().when(pending.copy(), tree("5")).else_(value)
            told.append(alias(value, f"e{number}"))
        said = exp.Case().when(pending, tree(",".join((*numbers, "")))).else_(tree(""))
        marks.append(said)
    if for_report:
        return told
    pendings = (exp.EQ(this=name(f"job_{n}"), expression=tree("9")) for n in (1, 2, 3, 4))
    comma = exp.Case().when(exp.or_(*pendings), tree(",")).else_(tree(""))
    return [*told, alias(exp.func("concat", comma, *marks), "_pending")]


_TRAINED: Mapping[str, str] = {
    **{f"{what}_{n}": kind for what, kind in (("start", "DATE"), ("end", "DATE"),
                                              ("type", "VARCHAR"), ("done", "VARCHAR"))
       for n in (1, 2, 3)},
    "first_on": "DATE",
    "last_on": "DATE",
}  # fmt: skip


def _trained(there: bool) -> list[exp.Expr]:
    """Training of a period: of the lab's table, or the program itself as the one training."""
    if there:
        return [name(c, "trainings") for c in _TRAINED]
    finished, exited = (name(c, "people") for c in ("finished_on", "exited_on"))
    end = exp.func("coalesce", finished.copy(), exited.copy())
    done = (
        exp.Case()
        .when(exp.not_(exp.paren(finished.is_(exp.null()))), tree("1"))
        .when(exp.not_(exp.paren(exited.is_(exp.null()))), tree("0"))
    )
    own: dict[str, exp.Expr] = {
        "start_1": name("entered_on", "people"),
        "first_on": name("entered_on", "people"),
        "end_1": end,
        "last_on": end,
        "type_1": tree("06"),
        "done_1": done,
    }
    return [alias(own.get(c, _null(kind)).copy(), c) for c, kind in _TRAINED.items()]


def _training(session: Engine, there: bool) -> None:
    if not there:
        types = {"pid": "VARCHAR", "start_on": "DATE", "end_on": "DATE"}
        session.view("own_training", _empty({**types, "type": "VARCHAR", "completed": "VARCHAR"}))
        return
    done = (
        exp.Case().when(name("completed"), tree("1")).when(exp.not_(name("completed")), tree("0"))
    )
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


def _credentials(session: Engine, there: bool) -> None:
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


def _jobs(outcomes: Mapping[str, str], covered: Coverage | None) -> dict[str, exp.Expr]:
    """Employment, its proof and its pay in each quarter after exit, and the same employer."""
    made: dict[str, exp.Expr] = {}
    for n in (1, 2, 3, 4):
        job, match, wages = _by_wages(n, covered)
        if f"employed_q{n}" in outcomes:
            said, how, paid = (
                name(f"{c}_q{n}", "own_outcomes") if f"{c}_q{n}" in outcomes else _null(kind)
                for c, kind in (("employed", "VARCHAR"), ("match", "VARCHAR"),
                                ("wages", "DECIMAL(18, 4)"))
            )  # fmt: skip
            if covered is None:
                job, match, wages = said, how, paid
            else:
                pay = name(f"after_{n}", "paid")
                known = exp.NEQ(this=said, expression=tree("9"))
                job = _first(known, said, exp.func("coalesce", job, said.copy()))
                match = _first(known, how, match)
                wages = _first(known, exp.func("coalesce", paid, pay), wages)
        made |= {f"employed_{n}": job, f"match_{n}": match, f"wages_{n}": wages}
    both = exp.and_(*(_covered(_after(n), covered) for n in (2, 4)))
    some = exp.GT(this=name("n", "same"), expression=tree(0))
    same: exp.Expr = exp.Case().when(some, tree("1")).when(both, tree("0"))
    if "same_employer_q2_q4" in outcomes:
        same = exp.func("coalesce", name("same_employer_q2_q4", "own_outcomes"), same)
    return made | {"same": same}


def _first(condition: exp.Expr, yes: exp.Expr, no: exp.Expr) -> exp.Expr:
    return exp.Case().when(condition.copy(), yes.copy()).else_(no.copy())


def _after(n: int) -> exp.Expr:
    return exp.Add(this=name("exit_q", "people"), expression=tree(n))


def _by_wages(n: int, covered: Coverage | None) -> tuple[exp.Expr, exp.Expr, exp.Expr]:
    """Employment, its proof and pay by wage records; NULL of a quarter that nobody knows."""
    if covered is None:
        # without outcomes either, all that is left to say is that it is not here yet
        left = exp.not_(exp.paren(name("exited_on", "people").is_(exp.null())))
        return (
            exp.Case().when(left, tree("9")),
            exp.Case().when(left.copy(), tree("5")),
            _null("DECIMAL(18, 4)"),
        )
    pay, waits = name(f"after_{n}", "paid"), name(f"waits_{n}", "paid")
    some = exp.GT(this=pay.copy(), expression=tree(0))
    waiting: exp.Expr = exp.EQ(this=waits.copy(), expression=tree(1))
    if not covered.waiting:
        waiting = exp.false()
    inside = _covered(_after(n), covered)
    later = exp.GT(this=_after(n), expression=tree(covered.last))
    told = [
        exp.Case()
        .when(some.copy(), tree(yes))
        .when(waiting.copy(), tree(pending))
        .when(inside.copy(), tree("0"))
        .when(later.copy(), tree(pending))
        for yes, pending in (("1", "9"), ("1", "5"))
    ]
    nothing = exp.and_(inside, exp.not_(exp.paren(exp.func("coalesce", waiting, exp.false()))))
    wages = exp.Case().when(some, pay).when(nothing, exp.cast(tree(0), "DECIMAL(18, 4)"))
    return told[0], told[1], wages
