"""One cell: what it means, and what it is when it means nothing.

Every rule here is a function of the cell's own text, so that DuckDB works it out once per
different text of a dictionary-coded column and not once per row. A cell ends in one `Outcome`;
its value is NULL unless the outcome is a value. Nothing is guessed: text that is neither a value
nor a word for a state is counted, left out, and stays as it was in the file.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import cast

from sqlglot import exp

from rung.records.query import DIALECT, Value, fill, load, tree
from rung.records.schema import Column, Kind
from rung.records.schema.codes import NO, STATE_WORDS, STATES, YES

SPACE = " \t\r\n\v\f\u00a0\u2007\u202f\u3000\u200b\ufeff"
EARLIEST = dt.date(1900, 1, 1)


class Outcome(IntEnum):
    """What became of a cell; from INVALID on it is a problem, and only FORMULA keeps its value."""

    VALUE = 0
    BLANK = 1
    NOT_APPLICABLE = 2
    UNKNOWN = 3
    DECLINED = 4
    PENDING = 5
    INVALID = 6
    NOT_IN_LIST = 7
    OUT_OF_RANGE = 8
    TOO_EARLY = 9
    FUTURE = 10
    IDENTIFIER = 11
    FORMULA = 12

    @property
    def state(self) -> str:
        """The state it is kept as: one of `schema.codes.STATES`."""
        if self in (Outcome.VALUE, Outcome.FORMULA):
            return "value"
        return "invalid" if self >= Outcome.INVALID else self.name.lower()


@dataclass(frozen=True)
class Cell:
    """The trees of one column: `values` by the name they are stored under, and the outcome.

    Both may use the columns of `first`, made from the cell in a layer below them: what is long
    and asked for several times is written once.
    """

    values: Mapping[str, exp.Expr]
    outcome: exp.Expr
    first: Mapping[str, exp.Expr]


_YES_TARGETS = frozenset({"yes", "true", "reached"})
_NO_TARGETS = frozenset({"no", "false", "not_reached", "not reached"})
# a status word says that a milestone was reached where it is that milestone's own word:
# "enrolled" under "Completed" says where someone stands, not that they completed
_REACHED: Mapping[str, tuple[str, ...]] = {
    "applied": ("applied", "received"),
    "accepted": ("accepted", "approved", "admitted"),
    "enrolled": ("enrolled", "active", "started", "attended"),
    "completed": ("graduated", "graduate", "passed", "finished"),
    "credentialed": ("obtained", "earned", "received", "awarded", "certified", "passed"),
    "placed": ("placed", "hired", "employed", "working", "started"),
    "retained": ("retained", "employed", "working", "still employed"),
}
_REACHED_ANY = ("attended", "finished", "passed", "obtained", "received")


def _reached_words(key: str) -> tuple[str, ...]:
    """The words that say a milestone was reached, under its own header."""
    return _REACHED.get(key.split("_")[0], _REACHED_ANY)


_NOT_REACHED = (
    "withdrew", "withdrawn", "dropped", "dropped out", "failed", "did not pass", "did not finish",
    "denied", "rejected", "expelled", "no show", "unemployed", "dismissed", "terminated",
)  # fmt: skip

_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
_ORDERS: Mapping[str, tuple[str, ...]] = {
    "mdy": ("%m/%d/%y", "%m/%d/%Y", "%m-%d-%y", "%m-%d-%Y", "%m.%d.%y", "%m.%d.%Y"),
    "dmy": ("%d/%m/%y", "%d/%m/%Y", "%d-%m-%y", "%d-%m-%Y", "%d.%m.%y", "%d.%m.%Y"),
    "ymd": ("%y/%m/%d", "%y-%m-%d", "%y.%m.%d"),
}
_ANY_ORDER = (
    "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d",
    "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%B %d %Y", "%A, %B %d, %Y", "%a, %b %d, %Y",
    "%d-%b-%y", "%d-%b-%Y", "%d %b %y", "%d %b %Y", "%d %B %Y", "%d/%b/%Y", "%d%b%Y",
)  # fmt: skip


def _ref(cell: exp.Column, what: str) -> exp.Column:
    return exp.column(f"{cell.name}_{what}", quoted=True)


def snippet(which: str, **values: Value) -> exp.Expr:
    """The expression in `sql/<which>.sql`, filled in."""
    (made,) = fill(load("rung.records", which), values).expressions
    return cast(exp.Expr, made.unalias())


def clean(raw: exp.Expr) -> exp.Expr:
    """The cell trimmed and in NFC; NULL when blank."""
    return snippet("cell_clean", cell=raw, space=SPACE)


def fold(word: str) -> str:
    """What `cell_words.sql` makes of a word, in Python."""
    text = unicodedata.normalize("NFC", word).lower()
    return re.sub(r"[\W_]+", " ", text).strip()


def case(branches: Iterable[tuple[exp.Expr, exp.Expr]], default: exp.Expr) -> exp.Expr:
    """CASE WHEN … THEN … ELSE default END; just the default when there are no branches."""
    ifs = [exp.If(this=when, true=then) for when, then in branches]
    return exp.Case(ifs=ifs, default=default) if ifs else default


def one_of(node: exp.Expr, words: Sequence[str]) -> exp.Expr:
    """node IN (words)."""
    return exp.In(this=node.copy(), expressions=[tree(w) for w in words])


def is_null(node: exp.Expr) -> exp.Expr:
    """node IS NULL."""
    return exp.Is(this=node.copy(), expression=exp.Null())


def not_null(node: exp.Expr) -> exp.Expr:
    """node IS NOT NULL."""
    return exp.Not(this=is_null(node))


class Words:
    """Raw words to targets: the file's own map first, then exact spellings, then folded ones."""

    def __init__(self, own: Mapping[str, str]) -> None:
        self.own = {unicodedata.normalize("NFC", k).strip(SPACE): v for k, v in own.items()}
        self.exact: dict[str, str] = {}
        self.folded: dict[str, str] = {}
        for word, target in self.own.items():
            self.exact.setdefault(word.lower(), target)

    def add(self, target: str, spellings: Iterable[str]) -> None:
        """Spellings of a target; the first to claim a spelling keeps it."""
        for word in spellings:
            self.exact.setdefault(unicodedata.normalize("NFC", word).lower(), target)
            if folded := fold(word):
                self.folded.setdefault(folded, target)

    def states(self) -> Words:
        """Add the words for "not applicable", "unknown", "declined", "pending"."""
        for state, spellings in STATE_WORDS.items():
            self.add(state, spellings)
        return self

    def lookup(self, cell: exp.Expr) -> exp.Expr:
        """The target of a cell, or NULL."""
        lower, folded = exp.Lower(this=cell.copy()), snippet("cell_words", cell=cell)
        tiers = ((cell, self.own), (lower, self.exact), (folded, self.folded))
        found = [_in_map(node, words) for node, words in tiers if words]
        return exp.Coalesce(this=found[0], expressions=found[1:]) if found else exp.Null()


def _in_map(node: exp.Expr, words: Mapping[str, str]) -> exp.Expr:
    keys, targets = ([tree(w) for w in side] for side in (words, words.values()))
    listed = exp.Map(keys=exp.Array(expressions=keys), values=exp.Array(expressions=targets))
    return exp.Anonymous(this="map_extract_value", expressions=[listed, node.copy()])


def _outcome(
    cell: exp.Expr, value: exp.Expr, said: exp.Expr, *rest: tuple[exp.Expr, Outcome],
    otherwise: Outcome,
) -> exp.Expr:  # fmt: skip
    def number(outcome: Outcome) -> exp.Expr:
        return exp.cast(tree(int(outcome)), "UTINYINT", dialect=DIALECT)

    # a value first: where texts are many, words are looked up for the few that are none
    branches = [
        (is_null(cell), number(Outcome.BLANK)),
        (not_null(value), number(Outcome.VALUE)),
    ]
    branches += [
        (exp.EQ(this=said.copy(), expression=tree(state)), number(Outcome[state.upper()]))
        for state in STATES
        if state != "value"
    ]
    branches += [(when, number(then)) for when, then in rest]
    return case(branches, number(otherwise))


def date_formats(order: str) -> exp.Expr:
    """How dates of a file with this order may be spelt, as a list for `cell_date.sql`."""
    days = (*_ORDERS[order], *_ANY_ORDER)
    with_time = [f"{day}{time}" for time in _TIMES for day in (days if not time else days[:8])]
    return exp.Array(expressions=[tree(f) for f in with_time])


def _limit(given: float | str | None) -> dt.date | None:
    return dt.date.fromisoformat(given) if isinstance(given, str) else None


@dataclass(frozen=True)
class Reader:
    """How the cells of one file read: the order of its dates, and the last day that can be."""

    order: str
    until: dt.date

    def _date(
        self, cell: exp.Column, column: Column | None, own: Mapping[str, str]
    ) -> tuple[exp.Expr, exp.Expr, tuple[tuple[exp.Expr, Outcome], ...]]:
        """How the cell reads as a date (`<cell>_read`), its value, and what else may be wrong."""
        parsed = snippet("cell_date", cell=cell, formats=date_formats(self.order))
        if column and column.name == "birth_date":
            parsed = snippet("cell_birth", cell=cell, date=parsed, today=self.until)
        read = _ref(cell, "read")
        low, high = (_limit(column.low), _limit(column.high)) if column else (None, None)
        # a plan may lie ahead (a consent that ends, an expected end); an event may not
        ahead = column is not None and column.name.startswith(("expires", "expected", "planned"))
        last = high or (None if ahead else self.until)
        early = exp.LT(this=read, expression=tree(max(low or EARLIEST, EARLIEST)))
        rest: list[tuple[exp.Expr, Outcome]] = [(early, Outcome.TOO_EARLY)]
        if last:
            late = exp.GT(this=read.copy(), expression=tree(last))
            rest.append((late, Outcome.OUT_OF_RANGE if high else Outcome.FUTURE))
        value = case([(_wrong(own, cell, rest), exp.Null())], read.copy())
        return parsed, exp.cast(value, "DATE"), tuple(rest)

    def date(self, column: Column, own: Mapping[str, str], cell: exp.Column) -> Cell:
        """A date, at most today."""
        said = _ref(cell, "said")
        read, value, rest = self._date(cell, column, own)
        outcome = _outcome(cell, value, said, *rest, otherwise=Outcome.INVALID)
        first = {said.name: Words(own).states().lookup(cell), f"{cell.name}_read": read}
        return Cell({column.name: value}, outcome, first)

    def milestone(self, key: str, own: Mapping[str, str], cell: exp.Column) -> Cell:
        """`<key>_on` DATE and `<key>` BOOLEAN: reached, not reached, unknown.

        A blank is "not reached"; a word such as "Graduated" is reached without a date; text that
        cannot be read, and a date that lies ahead, are unknown.
        """
        words = Words({k: _yes_no(v) for k, v in own.items()})
        words.add("yes", (*YES, *_reached_words(key), key, key.replace("_", " ")))
        words.add("no", (*NO, *_NOT_REACHED, *(f"not {w}" for w in (*_reached_words(key), key))))
        said = _ref(cell, "said")
        read, on, rest = self._date(cell, None, own)
        reached = case(
            [
                (not_null(on), exp.true()),
                (is_null(cell), exp.false()),
                (one_of(said, ["yes"]), exp.true()),
                (one_of(said, ["no", "not_applicable", "pending", "blank"]), exp.false()),
            ],
            exp.Null(),
        )
        word = case([(one_of(said, ["yes", "no"]), said.copy())], exp.Null())
        value = exp.func("coalesce", exp.cast(on.copy(), "VARCHAR"), word)
        outcome = _outcome(cell, value, said, *rest, otherwise=Outcome.INVALID)
        first = {said.name: words.states().lookup(cell), f"{cell.name}_read": read}
        return Cell({f"{key}_on": on, key: exp.cast(reached, "BOOLEAN")}, outcome, first)

    def column(
        self, column: Column, own: Mapping[str, str], cell: exp.Column, *, spread: bool = True
    ) -> Cell:
        """The cell of a column of the schema.

        `spread` turns a column of several codes into one yes or no per code, `<name>_<code>`;
        else its codes are kept as text, joined by `|`.
        """
        match column.kind:
            case Kind.DATE:
                return self.date(column, own, cell)
            case Kind.BOOLEAN:
                return _boolean(column, own, cell)
            case Kind.CODE if column.many:
                return _many(column, own, cell, spread)
            case Kind.CODE:
                return _code(column, own, cell)
            case Kind.INTEGER | Kind.DECIMAL | Kind.QUARTER:
                return _number(column, own, cell)
            case Kind.ID | Kind.TEXT:
                return text(column.name, own, cell)


def _yes_no(target: str) -> str:
    plain = target.lower()
    return "yes" if plain in _YES_TARGETS else "no" if plain in _NO_TARGETS else plain


def _wrong(
    own: Mapping[str, str], cell: exp.Expr, rest: Iterable[tuple[exp.Expr, Outcome]]
) -> exp.Expr:
    """Whether a date or number does not count: outside its limits, or a state in the own map.

    Words for a state are no dates or numbers; only the file's own map can say that one is.
    """
    states = [one_of(cell, [k for k, v in Words(own).own.items() if v in STATES])] if own else []
    return exp.or_(*states, *(when.copy() for when, _ in rest)) if states or rest else exp.false()


def _boolean(column: Column, own: Mapping[str, str], cell: exp.Column) -> Cell:
    words = Words({k: _yes_no(v) for k, v in own.items()})
    words.add("yes", YES)
    words.add("no", NO)
    said = _ref(cell, "said")
    value = case(
        [(one_of(said, ["yes"]), exp.true()), (one_of(said, ["no"]), exp.false())], exp.Null()
    )
    value = exp.cast(value, "BOOLEAN")
    outcome = _outcome(cell, value, said, otherwise=Outcome.NOT_IN_LIST)
    return Cell({column.name: value}, outcome, {said.name: words.states().lookup(cell)})


def _words_of(column: Column, own: Mapping[str, str]) -> Words:
    words = Words(own)
    for code, label in column.codes.items():
        words.add(code, (code, code.replace("_", " "), label))
    if column.code_list:
        for code, spellings in column.code_list.spelt.items():
            words.add(code, spellings)
    return words.states()


def _code(column: Column, own: Mapping[str, str], cell: exp.Column) -> Cell:
    said = _ref(cell, "said")
    codes = list(column.codes)
    value = case([(one_of(said, codes), said.copy())], exp.Null())
    # stored as an enumeration: three times as fast to write as free text
    kind = exp.DataType(
        this=exp.DataType.Type.ENUM, expressions=[exp.Literal.string(c) for c in codes]
    )
    value = exp.Cast(this=value, to=kind)
    outcome = _outcome(cell, value, said, otherwise=Outcome.NOT_IN_LIST)
    return Cell({column.name: value}, outcome, {said.name: _words_of(column, own).lookup(cell)})


def _listed(codes: Iterable[str]) -> exp.Expr:
    return exp.Array(expressions=[tree(c) for c in codes])


def _all_in(parts: exp.Expr, codes: Iterable[str]) -> exp.Expr:
    return exp.Anonymous(this="list_has_all", expressions=[_listed(codes), parts.copy()])


def _many(column: Column, own: Mapping[str, str], cell: exp.Column, spread: bool) -> Cell:
    """Several codes in a cell, joined by | or ;, or by commas and slashes where that leaves codes
    alone ("Hispanic, Latino or Spanish" is one code)."""
    words, codes = _words_of(column, own), list(column.codes)
    each = words.lookup(exp.column("x"))
    by_comma, by_bar = (
        snippet("cell_many", cell=cell, each=each, separators=separators)
        for separators in (r"[|;\n,/]", r"[|;\n]")
    )
    said, comma, bar = _ref(cell, "said"), _ref(cell, "comma"), _ref(cell, "bar")
    first = {said.name: words.lookup(cell), comma.name: by_comma, bar.name: by_bar}
    split = case(
        [
            (not_null(said), exp.Array(expressions=[said.copy()])),
            (_all_in(comma, codes), comma.copy()),
        ],
        bar,
    )
    good = _all_in(split, codes)
    outcome = _outcome(
        cell, case([(good, exp.true())], exp.Null()), said, otherwise=Outcome.NOT_IN_LIST
    )
    if not spread:
        joined = exp.Anonymous(
            this="array_to_string",
            expressions=[exp.Anonymous(this="list_sort", expressions=[split]), tree("|")],
        )
        value = exp.cast(case([(good.copy(), joined)], exp.Null()), "VARCHAR")
        return Cell({column.name: value}, outcome, first)
    values: dict[str, exp.Expr] = {}
    for code in codes:
        has = exp.Anonymous(this="list_contains", expressions=[split.copy(), tree(code)])
        yes_no = case([(has, exp.true()), (good.copy(), exp.false())], exp.Null())
        values[f"{column.name}_{code}"] = exp.cast(yes_no, "BOOLEAN")
    return Cell(values, outcome, first)


def _number(column: Column, own: Mapping[str, str], cell: exp.Column) -> Cell:
    said, parsed = _ref(cell, "said"), _ref(cell, "read")
    quarter = column.kind is Kind.QUARTER
    read = snippet("cell_quarter" if quarter else "cell_number", cell=cell)
    first = {said.name: Words(own).states().lookup(cell), parsed.name: read}
    kind = "INTEGER" if quarter else "DECIMAL(18, 4)"
    if column.kind is Kind.INTEGER:
        kind = "BIGINT"
    rest: list[tuple[exp.Expr, Outcome]] = []
    if column.low is not None:
        below = exp.LT(this=parsed.copy(), expression=exp.Literal.number(str(column.low)))
        rest.append((below, Outcome.OUT_OF_RANGE))
    if column.high is not None:
        above = exp.GT(this=parsed.copy(), expression=exp.Literal.number(str(column.high)))
        rest.append((above, Outcome.OUT_OF_RANGE))
    wrong = _wrong(own, cell, rest)
    if column.kind is Kind.INTEGER:
        part = exp.NEQ(this=exp.Floor(this=parsed.copy()), expression=parsed.copy())
        wrong = exp.or_(wrong, part)
    value = exp.cast(case([(wrong, exp.Null())], parsed.copy()), kind, dialect=DIALECT)
    outcome = _outcome(cell, value, said, *rest, otherwise=Outcome.INVALID)
    return Cell({column.name: value}, outcome, first)


SSN = r"\d{3}-\d{2}-\d{4}"
_IDENTIFIER = rf"{SSN}|[^@\s]+@[^@\s]+\.[^@\s]+|\+?1?[ .-]?\(?\d{{3}}\)?[ .-]\d{{3}}[ .-]\d{{4}}"
_FORMULA = r"[=@].*|[+-].*[A-Za-z(|!].*|\|.*"


def text(label: str, own: Mapping[str, str], cell: exp.Column) -> Cell:
    """Text as written (NFC, trimmed), or as the file's map renames it.

    Text that is an SSN, an email address or a phone number does not belong in a checked table and
    is left out; text that a spreadsheet would run as a formula is kept and counted.
    """
    said = _ref(cell, "said")
    states = {k: v for k, v in own.items() if v in STATES}
    renamed = {k: v for k, v in own.items() if v not in STATES}
    shown = case([(one_of(cell, [k]), tree(v)) for k, v in renamed.items()], cell.copy())

    def looks(pattern: str) -> exp.Expr:
        return exp.func("regexp_full_match", cell.copy(), tree(pattern), tree("s"), dialect=DIALECT)

    identifier = looks(_IDENTIFIER)
    value = case([(exp.or_(not_null(said), identifier), exp.Null())], shown)
    keeps = case([(exp.or_(identifier, looks(_FORMULA)), exp.Null())], value)
    outcome = _outcome(
        cell, keeps, said, (identifier, Outcome.IDENTIFIER), otherwise=Outcome.FORMULA
    )
    first = {said.name: Words(states).states().lookup(cell)}
    return Cell({label: exp.cast(value, "VARCHAR")}, outcome, first)
