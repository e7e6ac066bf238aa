"""From federal records to the tables every other verb reads: journeys, training, outcomes, …

The checked table `pirl` keeps the records as they are; these are made from it, by the federal
numbers and codes that the schema's declarations carry.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sqlglot import exp

from rung.records.pirl.elements import elements
from rung.records.query import alias, name, tree
from rung.records.schema import STATES, TABLES, Column, Kind, Side

_OWN = {"100", "200", "2700", "900", "901", "CALC4039"}
_SLOTS = (
    {"start_on": "1302", "type": "1303", "occupation": "1306", "completed": "1307",
     "end_on": "1308", "provider": "1301", "cip": "1305", "delivery": "1328", "ita": "1319",
     "pell": "1320"},
    {"start_on": "1309", "type": "1310", "occupation": "1311", "completed": "1312",
     "end_on": "1313"},
    {"start_on": "1314", "type": "1315", "occupation": "1316", "completed": "1317",
     "end_on": "1318"},
)  # fmt: skip
_CREDENTIALS = (("1800", "1801"), ("1802", "1803"), ("1804", "1805"))


def tables(have: Iterable[str], source: str = "pirl") -> dict[str, exp.Select]:
    """The query of each table that the columns of `source` can give."""
    here = frozenset(have)
    made = {"journeys": _journeys(here, source)}
    if any(_in(here, s["start_on"]) or _in(here, s["type"]) for s in _SLOTS):
        made["training"] = _stacked(_training(here, source))
    if any(_in(here, kind) for kind, _ in _CREDENTIALS):
        made["credentials"] = _stacked(_credentials(here, source))
    outcomes = [c for c in TABLES["outcomes"].columns if c.pirl not in _OWN and _in(here, c.pirl)]
    if outcomes:
        made["outcomes"] = _outcomes(here, source, outcomes)
    if _in(here, "2118"):
        made["employment"] = _employment(here, source)
    return made


def _in(have: frozenset[str], number: str) -> bool:
    return number in elements() and elements()[number].column in have


def _from(source: str) -> exp.Select:
    return exp.select().from_(exp.table_(source, quoted=True))


def _element(have: frozenset[str], number: str, kind: str = "VARCHAR") -> exp.Expr:
    if _in(have, number):
        return name(elements()[number].column)
    return exp.cast(exp.null(), kind)


def _filled(node: exp.Expr) -> exp.Expr:
    return exp.not_(exp.paren(node.is_(exp.null())))


def coded(column: Column, node: exp.Expr) -> exp.Expr:
    """A federal code as ours; NULL for one that is a state."""
    if column.code_list is None:
        kinds = {Kind.INTEGER: "BIGINT", Kind.DECIMAL: "DECIMAL(18, 4)", Kind.DATE: "DATE"}
        return exp.cast(node, kinds[column.kind]) if column.kind in kinds else node
    case = exp.Case()
    for federal, code in column.code_list.pirl.items():
        if code in STATES:
            continue
        own = exp.Boolean(this=code == "yes") if column.kind is Kind.BOOLEAN else tree(code)
        case = case.when(exp.EQ(this=node.copy(), expression=tree(federal)), own)
    return case.else_(exp.null())


def facts(have: frozenset[str]) -> Iterator[exp.Expr]:
    """Columns about people and their enrolment, but for what is imported only with a reason."""
    done = set()
    for table in ("participants", "enrolments"):
        for column in TABLES[table].columns:
            taken = column.pirl in _OWN or column.name in done or column.side is not Side.RECORDS
            if column.pirl and not taken and _in(have, column.pirl):
                done.add(column.name)
                yield alias(coded(column, _element(have, column.pirl)), column.name)


def _period() -> exp.Expr:
    return exp.cast(
        exp.Window(
            this=exp.RowNumber(),
            partition_by=[name("pid")],
            order=exp.Order(expressions=[exp.Ordered(this=name("e900")),
                                         exp.Ordered(this=name("_row"))]),
        ),
        "SMALLINT",
    )  # fmt: skip


def quarter_after(exit_: exp.Expr, quarters: int) -> exp.Expr:
    """The last day of a quarter after the quarter of exit."""
    start = exp.Anonymous(this="date_trunc", expressions=[tree("quarter"), exit_])
    months = exp.Interval(this=tree(str(3 * quarters + 3)), unit=exp.var("MONTH"))
    day = exp.Interval(this=tree("1"), unit=exp.var("DAY"))
    later = exp.Sub(this=exp.Add(this=start, expression=months), expression=day)
    return exp.cast(later, "DATE")


def _journeys(have: frozenset[str], source: str) -> exp.Select:
    entered, left = _element(have, "900", "DATE"), _element(have, "901", "DATE")
    job = _element(have, "1602")
    known = [exp.In(this=job.copy(), expressions=[tree(c) for c in ("1", "2", "3")])]
    waits = exp.and_(_filled(left.copy()), job.copy().is_(exp.null()))
    employed = exp.Case().when(known[0], exp.true()).when(waits, exp.null()).else_(exp.false())
    columns: list[exp.Expr] = [
        name("pid"),
        alias(_period(), "period"),
        alias(entered, "entered_on"),
        name("age_at_entry"),
        alias(entered.copy(), "served_on"),
        alias(exp.true(), "served"),
        alias(left, "exited_on"),
        alias(_filled(left.copy()), "exited"),
        alias(exp.Case().when(known[0].copy(), quarter_after(left.copy(), 2)), "employed_on"),
        alias(employed, "employed"),
        alias(exp.Case().when(_filled(left.copy()), tree("closed")).else_(tree("active")),
              "status"),
        alias(_filled(left.copy()), "closed"),
        alias(left.copy(), "closed_on"),
        alias(exp.func("coalesce", _element(have, "1004", "DATE"), left.copy(), entered.copy()),
              "last_service_on"),
    ]  # fmt: skip
    own = {"age_at_entry", "last_service_on", "closed_on"}
    columns += [c for c in facts(have) if c.alias_or_name not in own]
    return _from(source).select(*columns).where(_filled(entered.copy()))


def _stacked(parts: Iterable[exp.Select]) -> exp.Select:
    found = list(parts)
    whole: exp.Query = found[0]
    for part in found[1:]:
        whole = exp.union(whole, part, distinct=False)
    return exp.select("*").from_(whole.subquery("s"))


def _row(
    table: str,
    have: frozenset[str],
    source: str,
    numbers: Mapping[str, str],
    columns: Iterable[str],
) -> exp.Select:
    """One slot of a table: `numbers` says which element is which column."""
    picked = []
    for each in columns:
        column = TABLES[table].column(each)
        node = _element(have, numbers[each]) if each in numbers else exp.cast(exp.null(), "VARCHAR")
        if each not in numbers or not _in(have, numbers[each]):
            kinds = {Kind.BOOLEAN: "BOOLEAN", Kind.DATE: "DATE"}
            node = exp.cast(exp.null(), kinds.get(column.kind, "VARCHAR"))
            picked.append(alias(node, each))
        else:
            picked.append(alias(coded(column, node), each))
    return _from(source).select(name("pid"), *picked)


def _training(have: frozenset[str], source: str) -> Iterator[exp.Select]:
    every = tuple(_SLOTS[0])
    for slot in _SLOTS:
        kind = _element(have, slot["type"])
        some = exp.func("coalesce", exp.NEQ(this=kind, expression=tree("00")), exp.false())
        there = exp.or_(some, _filled(_element(have, slot["start_on"], "DATE")))
        yield _row("training", have, source, slot, every).where(there)


def _credentials(have: frozenset[str], source: str) -> Iterator[exp.Select]:
    for kind, on in _CREDENTIALS:
        if not _in(have, kind):
            continue
        numbers = {"type": kind, "earned_on": on}
        earned = exp.NEQ(this=_element(have, kind), expression=tree("0"))
        row = _row("credentials", have, source, numbers, ("type", "earned_on"))
        yield row.select(alias(exp.true(), "earned")).where(earned)


def _outcomes(have: frozenset[str], source: str, columns: Iterable[Column]) -> exp.Select:
    """A row a period, with the state of what is not yet available beside its column."""
    picked: list[exp.Expr] = [name("pid"), alias(_period(), "period")]
    for column in columns:
        e = elements()[column.pirl]
        picked.append(alias(coded(column, name(e.column)), column.name))
        if e.pending:
            waits = exp.Like(this=name("_pending"), expression=tree(f"%,{e.number},%"))
            state = exp.Case().when(waits, tree("pending"))
            picked.append(alias(exp.cast(state, "VARCHAR"), f"_state_{column.name}"))
    return _from(source).select(*picked).where(_filled(_element(have, "900", "DATE")))


def _employment(have: frozenset[str], source: str) -> exp.Select:
    begun = _element(have, "2118", "DATE")
    columns = [name("pid"), alias(exp.true(), "employed"), alias(begun, "start_on"),
               alias(_element(have, "1610"), "occupation")]  # fmt: skip
    return _from(source).select(*columns).where(_filled(begun.copy()))
