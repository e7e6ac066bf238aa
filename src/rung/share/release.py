"""Release: the only maker of `Released`, which is all that any face, page or export accepts.

    inside      staff, by role: exact, marked "not for release", never in the ledger
    agreement   a named recipient and purpose until a day, with its own thresholds
    outside     everyone: small numbers hidden, figures rounded, written into the release ledger

What happens to an answer outside:

- Counts are hidden first (`suppress`), rates and ranges are then made again from what is left,
  and everything is rounded (`rounding`), in JSON too.
- A Finding is shown whole or not at all: every group it rests on needs the thresholds. One that
  may not be shown becomes a Refusal (OUT-too-few), which is never "no difference".
- The standard error goes up to two significant digits, the degrees of freedom down to whole ones
  and p up to two decimals (0.01 stands for "0.01 or less"): exact ones would give back the digits
  that rounding took.
- Counts of people left out that are 1 or 2 read 3 ("3 or fewer"), with a note that says so.
- Numbers in a query that come from records (decimals, and what a column is compared with) become
  `$hidden`; the declared rules (days, quarters) stay, so that the query can still be followed.

A public-use source may be exempt, with its reason: it is shown exactly, and says why.
"""

from __future__ import annotations

import datetime as dt
import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Generic, TypeVar

import sqlglot
from sqlglot import exp

from rung.documents import Document, Store, digest
from rung.errors import ReleaseError
from rung.finding import (
    Counts,
    Exclusion,
    Finding,
    Note,
    Origin,
    Part,
    Refusal,
    Table,
    to_json,
)
from rung.messages import Scalar, english
from rung.records.query import DIALECT
from rung.share import within
from rung.share.cells import Place, Uncheckable, said, said_of_everyone
from rung.share.definitions import hide_reasons
from rung.share.rounding import rounded
from rung.share.shown import covers, follows, unnamed, without
from rung.share.suppress import Thresholds, places_to_hide

AnyAnswer = Finding | Table | Refusal
A = TypeVar("A", bound=AnyAnswer, covariant=True)


@dataclass(frozen=True)
class Inside:
    """Staff of the provider, by role."""

    role: str = "staff"
    kind: Final[str] = field(default="inside", init=False)


@dataclass(frozen=True)
class Agreement:
    """A named recipient, for a purpose, until a day (included)."""

    recipient: str
    purpose: str
    expires: dt.date
    thresholds: Thresholds = field(default_factory=Thresholds)
    rounding: bool = True
    kind: Final[str] = field(default="agreement", init=False)


@dataclass(frozen=True)
class Outside:
    """Everyone. Thresholds can go up, never down."""

    thresholds: Thresholds = field(default_factory=Thresholds)
    rounding: Final[bool] = field(default=True, init=False)
    kind: Final[str] = field(default="outside", init=False)

    def __post_init__(self) -> None:
        """Refuse thresholds under the default."""
        least = Thresholds()
        if (
            self.thresholds.denominator < least.denominator
            or self.thresholds.numerator < least.numerator
        ):
            raise ReleaseError(
                "OUT-thresholds", denominator=least.denominator, numerator=least.numerator
            )


Audience = Inside | Agreement | Outside
_MAKER: Final = object()


@dataclass(frozen=True)
class Released(Generic[A]):
    """An answer as an audience may see it. Only `release` can make one."""

    answer: A
    audience: Audience
    exempt: str | None = None  # the reason why a public-use source is shown exactly
    maker: object = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse to be made anywhere else."""
        if self.maker is not _MAKER:
            raise TypeError("only rung.share.release.release makes Released answers")
        object.__setattr__(self, "maker", None)

    def __str__(self) -> str:
        from rung.share.say import words  # it imports this module

        return words(self)

    def _repr_html_(self) -> str:
        """A notebook shows the answer as words, chart and table."""
        from rung.share.brief import fragment  # it imports this module

        return fragment(self)

    @property
    def exact(self) -> bool:
        """Whether nothing was hidden or rounded."""
        return self.audience.kind == "inside" or self.exempt is not None


def release(
    answers: Iterable[AnyAnswer],
    audience: Audience,
    *,
    exempt: str | None = None,
    today: dt.date | None = None,
    ledger: Store | None = None,
) -> tuple[Released[AnyAnswer], ...]:
    """The answers as `audience` may see them, in order.

    `today` (from the caller's clock) is needed for an agreement and for the ledger. Answers that
    will be seen together should be released together: a number hidden in one is then hidden in
    the others. Raises ReleaseError when an agreement has expired.
    """
    answers = tuple(answers)
    if isinstance(audience, Inside):
        return tuple(Released(a, audience, exempt, _MAKER) for a in answers)
    if (isinstance(audience, Agreement) or ledger is not None) and today is None:
        raise ValueError("an agreement and the ledger need the day of the release")
    if isinstance(audience, Agreement) and today is not None and today > audience.expires:
        raise ReleaseError("OUT-expired", expires=audience.expires.isoformat())
    shown = answers if exempt else _suppressed(answers, audience)
    released = tuple(Released(a, audience, exempt, _MAKER) for a in shown)
    if ledger is not None and today is not None:
        _record(ledger, released, audience, today, exempt)
    return released


# -- the ledger


def _record(
    ledger: Store,
    released: Sequence[Released[AnyAnswer]],
    audience: Agreement | Outside,
    today: dt.date,
    exempt: str | None,
) -> None:
    """Write who was shown what: digests, never numbers."""
    rules = audience.thresholds
    who: dict[str, Scalar | dict[str, int]] = {
        "kind": audience.kind,
        "thresholds": {"denominator": rules.denominator, "numerator": rules.numerator},
    }
    name = audience.kind
    if isinstance(audience, Agreement):
        who |= {"recipient": audience.recipient, "purpose": audience.purpose}
        who |= {"expires": audience.expires.isoformat()}
        name = f"agreement-{digest(audience.recipient)[:12]}"
    body = {
        "date": today.isoformat(),
        "audience": who,
        "answers": [
            {"id": r.answer.id, "kind": r.answer.kind, "digest": digest(to_json(r.answer))}
            for r in released
        ],
    }
    if exempt:
        body["exempt"] = exempt
    ledger.put(name, Document("release", 1, body))


# -- hiding


def _suppressed(
    answers: Sequence[AnyAnswer], audience: Agreement | Outside
) -> tuple[AnyAnswer, ...]:
    rules, rounding = audience.thresholds, audience.rounding
    tables = [a for a in answers if isinstance(a, Table)]
    places, told = _linked(tables, rules)
    places |= hide_reasons(tables, places, rules)
    apart = _beside_each_other(answers, rules)
    out: list[AnyAnswer] = []
    for answer in answers:
        if isinstance(answer, Finding) and answer.method.key in apart:
            out.append(_too_few(answer, rules))
        elif isinstance(answer, Table):
            hidden = places[id(answer)]
            out.append(
                _too_few(answer, rules) if hidden is None else _table(answer, hidden, audience)
            )
        elif isinstance(answer, Finding) and (
            _undoes(answer, tables, places) or _counts_left_out(answer, answers, rules)
        ):
            out.append(_too_few(answer, rules))
        elif isinstance(answer, Finding):
            out.append(_finding(answer, rules, rounding, told))
        else:
            out.append(_refusal(answer, rules))
    return tuple(out)


def _beside_each_other(answers: Sequence[AnyAnswer], rules: Thresholds) -> set[str]:
    """Federal indicators that would tell of too few beside another one."""
    found = [a for a in answers if isinstance(a, Finding) and a.method.key.startswith("wioa-")]
    small = {
        f.method.key.removeprefix("wioa-")
        for f in found
        if not all(_enough(p, rules) for p in _parts(f) or ())
    }
    return {f"wioa-{i}" for i in within.retold(found, rules.numerator, small)}


def _counts_left_out(finding: Finding, answers: Sequence[AnyAnswer], rules: Thresholds) -> bool:
    """Whether another answer about the same people counts one or two whom this one left out."""
    if not any(0 < e.n < rules.numerator for e in finding.counts.excluded):
        return False
    whom = (finding.estimand.population, finding.estimand.horizon)
    return any(
        0 < other.counts.analysed - finding.counts.analysed < rules.numerator
        for other in answers
        if not isinstance(other, Refusal)
        and other.counts is not None
        and (other.estimand.population, other.estimand.horizon) == whom
    )


def _linked(
    tables: Sequence[Table], rules: Thresholds
) -> tuple[dict[int, frozenset[Place] | None], set[tuple[str, int]]]:
    """What to hide in each table (None: all of it), the same number hidden in every table.

    Also what is hidden, by the name that parts of a finding have: the level, or the milestone.
    """
    places: dict[int, frozenset[Place] | None] = {}
    says: dict[int, dict[Place, tuple[str, int]]] = {}
    covered = {id(t): any(covers(other, t) for other in tables) for t in tables}
    for table in tables:
        key = id(table)
        if not all(_enough(p, rules) for p in table.parts):
            places[key], says[key] = None, {}
            continue
        try:
            says[key] = said(table)
        except Uncheckable:
            places[key], says[key] = None, {}
            continue
        try:
            places[key] = places_to_hide(table, rules, covered=covered[key])
        except Uncheckable:
            places[key] = None
    told: dict[int, set[tuple[str, int]]] = {key: set() for key in places}
    while True:
        hidden = {key: _gone(says[key], found) for key, found in places.items()}
        if hidden == told:
            break
        told = hidden
        for table in tables:
            key = id(table)
            found = places[key]
            elsewhere = set().union(*(facts for other, facts in told.items() if other != key))
            also = [place for place, fact in says[key].items() if fact in elsewhere]
            if found is not None and not found.issuperset(also):
                try:
                    more = places_to_hide(table, rules, also, covered=covered[key])
                    places[key] = found | more
                except Uncheckable:
                    places[key] = None
    return places, set().union(*told.values(), _hidden_of_everyone(tables, places, rules))


def _hidden_of_everyone(
    tables: Sequence[Table], places: Mapping[int, frozenset[Place] | None], rules: Thresholds
) -> set[tuple[str, int]]:
    """What no table shows of everyone at a milestone."""
    gone, shown = set[tuple[str, int]](), set[tuple[str, int]]()
    for table in (t for t in tables if t.name == "journey" and t.rows):
        try:
            says = said_of_everyone(table)
        except Uncheckable:
            continue
        hidden = _gone(says, places[id(table)])
        gone |= hidden
        shown |= set(says.values()) - hidden
    return gone - shown


def _gone(
    says: Mapping[Place, tuple[str, int]], hidden: frozenset[Place] | None
) -> set[tuple[str, int]]:
    return {fact for place, fact in says.items() if hidden is None or place in hidden}


def _undoes(
    finding: Finding, tables: Sequence[Table], places: Mapping[int, frozenset[Place] | None]
) -> bool:
    """Whether a gap tells of "everyone else" what the journey by that group does not show."""
    if finding.method.key != "gap" or len(finding.parts) != 2:
        return False
    part, others = finding.parts
    if part.numerator is None or others.numerator is None:
        return True
    mine, theirs = (part.group, part.n, part.numerator), (others.n, others.numerator)
    found = set()
    for table in tables:
        hidden = places[id(table)]
        if hidden is None:
            hidden = frozenset((i, name) for i, row in enumerate(table.rows) for name in row)
        found.add(follows(table, hidden, mine, theirs))
    return False in found and True not in found


def _table(table: Table, hidden: frozenset[Place], audience: Agreement | Outside) -> AnyAnswer:
    rules = audience.thresholds
    shown = unnamed(without(table, hidden, rules, rounding=audience.rounding), rules)
    numbers = [c.name for c in shown.columns if c.role != "key"]
    if table.rows and shown.hidden and all(r[c] is None for r in shown.rows for c in numbers):
        return _too_few(table, rules)
    told = table.counts
    if told and 0 < told.analysed < rules.denominator:  # the largest number of people is too few
        told = None
    counts, few = _counts(told, rules) if told else (None, False)
    notes = _notes(table.caveats, rules) + ((Note("few-left-out", {"n": rules.numerator}),) * few)
    return replace(shown, counts=counts, caveats=notes, origin=_origin(table.origin))


def _too_few(answer: AnyAnswer, rules: Thresholds) -> Refusal:
    return Refusal(
        estimand=answer.estimand,
        code="OUT-too-few",
        method=answer.method,
        needs={"denominator": rules.denominator, "numerator": rules.numerator},
        id=answer.id,
    )


def _finding(
    finding: Finding, rules: Thresholds, rounding: bool, told: set[tuple[str, int]]
) -> AnyAnswer:
    parts = _parts(finding)
    if parts is None or not all(_enough(p, rules) for p in parts):
        return _too_few(finding, rules)
    if finding.method.key != "gap" and _retold(parts, told):
        return _too_few(finding, rules)
    counts, few = _counts(finding.counts, rules)
    if finding.counts.analysed < rules.denominator or (
        finding.counts.by_group and not counts.by_group
    ):
        return _too_few(finding, rules)
    few = few or any(0 < p.missing < rules.numerator for p in finding.parts)
    notes = _notes(finding.caveats, rules, few) + (
        (Note("few-left-out", {"n": rules.numerator}),) * few
    )
    shown = replace(
        finding,
        counts=counts,
        parts=tuple(
            replace(p, missing=_at_least(p.missing, rules.numerator)) for p in finding.parts
        ),
        caveats=notes,
        origin=_origin(finding.origin),
    )
    return _rounded(shown) if rounding else shown


def _parts(finding: Finding) -> tuple[Part, ...] | None:
    """The groups a finding rests on; None when it does not say, and so cannot be checked."""
    share = finding.estimand.unit == "share"
    if finding.method.key == "bottleneck":
        # who came in is everyone; who was lost is what the finding tells
        n = finding.counts.analysed
        came = [p for p in finding.parts if p.numerator != p.n]
        return (*came, Part("", n, finding.value, round(finding.value * n)))
    if finding.parts:
        return tuple(
            replace(p, numerator=round(p.value * p.n))
            if share and p.numerator is None and p.value is not None
            else p
            for p in finding.parts
        )
    by_group = finding.counts.by_group
    if not share:
        whole = by_group or {"": finding.counts.analysed}
        return tuple(Part(group, n) for group, n in whole.items())
    if by_group or not 0 <= finding.value <= 1:
        return None  # a difference of shares without its numerators
    n = finding.counts.analysed
    return (Part("", n, finding.value, round(finding.value * n)),)


def _retold(parts: Sequence[Part], told: set[tuple[str, int]]) -> bool:
    """Whether a part repeats a number that a table hides of the same group or milestone."""
    return any((part.group, n) in told for part in parts for n in (part.n, part.numerator))


def _enough(part: Part, rules: Thresholds) -> bool:
    if part.n < rules.denominator:
        return False
    x = part.numerator
    return x is None or min(x, part.n - x) >= rules.numerator


def _at_least(n: int, least: int) -> int:
    """0 as it is; 1 and 2 as 3."""
    return least if 0 < n < least else n


def _counts(counts: Counts, rules: Thresholds) -> tuple[Counts, bool]:
    """Counts without small numbers, and whether any was changed."""
    few = any(0 < e.n < rules.numerator for e in counts.excluded)
    small = any(n < rules.denominator for n in counts.by_group.values())
    return (
        replace(
            counts,
            by_group={} if small else counts.by_group,
            excluded=tuple(
                Exclusion(e.reason, _at_least(e.n, rules.numerator)) for e in counts.excluded
            ),
        ),
        few,
    )


def _vague(params: Mapping[str, Scalar], least: int) -> dict[str, Scalar]:
    """Parameters of a sentence without small counts and without more digits than people speak."""

    def each(value: Scalar) -> Scalar:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return value
        if isinstance(value, int):
            return english("label.fewer-than", {"n": least}) if 0 < value < least else value
        return _significant(value) if math.isfinite(value) else value

    return {k: each(v) for k, v in params.items()}


def _notes(notes: tuple[Note, ...], rules: Thresholds, few: bool = False) -> tuple[Note, ...]:
    """Caveats an outsider may read; one that cannot be said without its small count is left out.

    When a `few` were left out somewhere, shares in a caveat could give their number away.
    """
    found: list[Note] = []
    for note in notes:
        vague = Note(note.code, _vague(note.params, rules.numerator))
        try:
            vague.words("en")
            if few and any(isinstance(v, float) for v in note.params.values()):
                raise ValueError
        except (ValueError, TypeError):
            vague = Note("few-unsaid", {"n": rules.numerator})
        if vague not in found:
            found.append(vague)
    return tuple(found)


def _refusal(refusal: Refusal, rules: Thresholds) -> Refusal:
    """A refusal may count people too: what it saw is told as "fewer than"."""
    vague = replace(
        refusal,
        params=_vague(refusal.params, rules.denominator),
        saw=_vague(refusal.saw, rules.denominator),
        origin=_origin(refusal.origin),
    )
    try:
        vague.words("en")
    except (ValueError, TypeError):
        return _too_few(refusal, rules)
    return vague


# -- rounding


def _significant(value: float, digits: int = 2, up: bool = False) -> float:
    if value == 0:
        return 0.0
    places = digits - 1 - math.floor(math.log10(abs(value)))
    scaled = value * 10.0**places
    whole = math.ceil(scaled - 1e-9) if up else round(scaled)
    return round(whole / 10.0**places, max(places, 0))


def _rounded(finding: Finding) -> Finding:
    unit = finding.estimand.unit
    interval = finding.interval
    if interval is not None:
        pieces = tuple(
            (rounded(low, unit, -1), rounded(high, unit, 1)) for low, high in interval.pieces
        )
        interval = replace(interval, pieces=_merged(pieces))
    df = finding.df
    return replace(
        finding,
        value=rounded(finding.value, unit),
        interval=interval,
        se=None if finding.se is None else _significant(finding.se, up=True),
        df=None if df is None else (float(math.floor(df)) if math.isfinite(df) else df),
        p=None if finding.p is None else min(1.0, max(0.01, math.ceil(finding.p * 100) / 100)),
        parts=tuple(
            replace(p, value=None if p.value is None else rounded(p.value, unit))
            for p in finding.parts
        ),
    )


def _merged(pieces: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    """Pieces that touch after rounding become one."""
    out: list[tuple[float, float]] = []
    for low, high in pieces:
        if out and low <= out[-1][1]:
            out[-1] = (out[-1][0], max(high, out[-1][1]))
        else:
            out.append((low, high))
    return tuple(out)


# -- provenance


def _origin(origin: Origin) -> Origin:
    return replace(origin, queries=tuple(_shape(q) for q in origin.queries))


def _is_level(text: exp.Literal) -> bool:
    """Whether a text is a value of a column that a query gives a number: a group's, or a name."""
    same = text.parent
    when = same.parent if isinstance(same, exp.EQ) else None
    return (
        same is not None
        and isinstance(same.this, exp.Cast)
        and isinstance(when, exp.If)
        and isinstance(when.args["true"], exp.Literal)
    )


@functools.lru_cache(maxsize=64)  # the tables of one answer come from the same queries
def _shape(sql: str) -> str:
    """A query without the numbers, and the names of levels, that come from records."""
    tree = sqlglot.parse_one(sql, dialect=DIALECT)
    for number in list(tree.find_all(exp.Literal)):
        if number.is_string:
            if _is_level(number):
                number.replace(exp.Placeholder(this="hidden"))
            continue
        exact = not number.is_int
        compared = isinstance(number.parent, (exp.EQ, exp.NEQ, exp.In)) and any(
            number.parent.find_all(exp.Column)
        )
        if exact or (compared and number.this not in ("0", "1")):
            number.replace(exp.Placeholder(this="hidden"))
    return tree.sql(dialect=DIALECT, pretty=True, copy=False)
