"""The six primary indicators of WIOA sec. 116(b)(2)(A), as the joint guidance defines them.

One query judges periods of participation (`sql/wioa.sql`); its rows are counted by kind, and their
earnings give the medians. Everything else is counting kinds. `docs/wioa.md` gives each rule with
its source.

- Whose exits are judged is the report's: 4 quarters before it for what is measured in the 2nd
  quarter after exit, 6 for what is measured in the 4th (`program_year`).
- A period of participation counts once in each indicator it belongs to, whatever its successes;
  a person with two exits counts twice.
- What is "not yet available" when the report's quarter ends is not employed, and no earnings.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal

from pydantic import Field
from sqlglot import exp

from rung.discovery import cohorts, journey, periods
from rung.discovery.journey import MOST_LEVELS, NOT_RECORDED
from rung.discovery.program_year import Q2_LAG, Q4_LAG, Report, Span
from rung.errors import CannotAnswer, PlanError
from rung.finding import Note, Origin
from rung.records import query
from rung.records.engine import Engine
from rung.records.lab import Group, Section
from rung.records.pirl.own import Asked
from rung.records.query import Name

Program = Literal[
    "all", "adult", "dislocated_worker", "youth", "adult_education", "wagner_peyser",
    "vocational_rehabilitation",
]  # fmt: skip
Indicator = Literal["er-q2", "er-q4", "median", "credential", "gains", "same-employer"]
INDICATORS: tuple[Indicator, ...] = (
    "er-q2", "er-q4", "median", "credential", "gains", "same-employer",
)  # fmt: skip
_LAG: Mapping[Indicator, int] = {
    "er-q2": Q2_LAG, "median": Q2_LAG, "er-q4": Q4_LAG, "credential": Q4_LAG,
    "same-employer": Q4_LAG,
}  # fmt: skip
_NOT_FOR_WAGNER_PEYSER = ("credential", "gains")  # 20 CFR 677.155(c)

REASONS = (
    "", "not-participant", "incumbent-only",
    "wioa-01", "wioa-02", "wioa-03", "wioa-04", "wioa-05", "wioa-06", "wioa-07",
    "named-05", "named-06", "named-07", "named-other",
)  # fmt: skip
"""Why a period is left out (PIRL 923), by its digit; "named-…" are no reason in its program."""
_OFFENDER = REASONS.index("wioa-07")  # stays in measurable skill gains
_NAMED = REASONS.index("named-05")
PROOFS = ("no-job-found", "wage-records", "federal", "military", "supplemental", "pending", "blank")
"""How a quarter's employment was established: PIRL 1603 and 1607, by their digit."""
_VERIFIED = 4  # the last proof that establishes a status
_YES, _PENDING = 1, 2
JUDGED = "wioa_judged"  # the periods of a report, kept while they are counted


class WioaSettings(Section):
    """`[wioa]`: what the standard leaves open, with the choice taken unless said otherwise.

    `not_training` are the types of training (PIRL 1303) that put nobody into the denominator of
    credential attainment; add "11" and "12" to leave out job readiness and the like. `one_year`
    is how many days after exit a credential still counts. `even_median` says what the median of
    an even number is; `several_employers` whether any employer common to both quarters is the
    same employer, or only the one that paid most; `gains_period` which participants a quarterly
    report's measurable skill gains are about.
    """

    not_training: Annotated[tuple[str, ...], Field(min_length=1)] = ("00", "01", "05")
    one_year: Annotated[int, Field(ge=1, le=730)] = 365
    even_median: Literal["mean", "lower", "upper"] = "mean"
    several_employers: Literal["any", "highest"] = "any"
    gains_period: Literal["report", "program year"] = "report"


@dataclass(frozen=True)
class Kind:
    """One kind of period: the digits of `sql/wioa.sql`."""

    code: int

    def digit(self, at: int) -> int:
        """The digit at a place, the first being 0."""
        return self.code >> 4 * at & 15

    def cohort(self, indicator: Indicator) -> bool:
        """Whether the period falls in the indicator's span, before anything is left out."""
        if indicator == "gains":
            return self.digit(2) == 1 and self.digit(13) > 0
        return self.digit(0 if _LAG[indicator] == Q2_LAG else 1) == 1

    def left_out(self, indicator: Indicator) -> str:
        """Why it is not counted; "" when it is."""
        reason = self.digit(3)
        kept_in_gains = indicator == "gains" and reason == _OFFENDER
        if 0 < reason < _NAMED and not kept_in_gains:
            return REASONS[reason]
        employed_q2 = self.digit(4) == _YES
        if indicator in ("median", "same-employer") and not employed_q2:
            return "not-employed-q2"
        if indicator == "median" and not self.digit(10):
            return "no-wages"
        if indicator == "credential" and not self.digit(11):
            return "no-education"
        return ""

    def success(self, indicator: Indicator) -> bool:
        """Whether a counted period is one of the numerator."""
        return {
            "er-q2": self.digit(4) == _YES or self.digit(5) == 1,
            "er-q4": self.digit(7) == _YES or self.digit(8) == 1,
            "median": True,
            "credential": self.digit(11) == 2,
            "gains": self.digit(13) == 2,
            "same-employer": self.digit(12) == 1,
        }[indicator]

    def proof(self, indicator: Indicator) -> int | None:
        """How its employment was established; None where the indicator asks for none."""
        if indicator in ("credential", "gains"):
            return None
        return self.digit(9 if indicator == "er-q4" else 6)

    def verified(self, indicator: Indicator) -> bool:
        """Whether a source says of each quarter that the indicator rests on."""
        places = {"er-q4": (9,), "same-employer": (6, 9)}.get(indicator, (6,))
        return all(self.digit(p) <= _VERIFIED for p in places)

    def pending(self, indicator: Indicator) -> bool:
        """Whether it counts as not employed only because it was still "not yet available"."""
        if indicator in ("credential", "gains"):
            return False
        return self.digit(7 if indicator == "er-q4" else 4) == _PENDING


@dataclass(frozen=True)
class Tally:
    """One indicator of one group. `n` is the denominator, `x` the numerator.

    `median` and its number of earners are for median earnings alone, where `x` is `n`.
    """

    n: int = 0
    x: int = 0
    excluded: Mapping[str, int] = field(default_factory=dict)
    named: int = 0  # with an exit reason that is none in this program
    verified: int = 0
    pending: int = 0
    proofs: Mapping[str, int] = field(default_factory=dict)
    median: float | None = None


def tally(kinds: Mapping[Kind, int], indicator: Indicator) -> Tally:
    """Count one indicator over kinds of period."""
    excluded: Counter[str] = Counter()
    proofs: Counter[str] = Counter()
    n = x = named = verified = pending = 0
    for kind, count in kinds.items():
        if not kind.cohort(indicator):
            continue
        reason = kind.left_out(indicator)
        if reason in ("", "not-employed-q2"):
            pending += count * kind.pending(indicator)
        if reason:
            excluded[reason] += count
            continue
        n += count
        x += count * kind.success(indicator)
        named += count * (kind.digit(3) >= _NAMED)
        proof = kind.proof(indicator)
        if proof is not None:
            verified += count * kind.verified(indicator)
            proofs[PROOFS[proof]] += count
    return Tally(n, x, dict(excluded), named, verified, pending, dict(proofs))


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The additive summary of a report, and the medians: overall and by level of each group."""

    report: Report
    settings: WioaSettings
    program: Program
    groups: tuple[Group, ...]
    everyone: Counter[Kind]
    by_level: Mapping[tuple[str, str], Counter[Kind]]
    medians: Mapping[tuple[str, str] | None, float]
    known_by: dt.date
    stated: bool  # whether someone said `known_by`
    own: bool  # a provider's own records: an analogue, never the federal number
    notes: tuple[Note, ...]
    origin: Origin

    def tally(self, indicator: Indicator, level: tuple[str, str] | None = None) -> Tally:
        """One indicator, of everyone or of a level of a group."""
        kinds = self.everyone if level is None else self.by_level.get(level, Counter())
        found = tally(kinds, indicator)
        if indicator != "median" or not found.n:
            return found
        return replace(found, median=self.medians[level])

    def levels(self, group: Group) -> tuple[str, ...]:
        """The levels of a group in order, "not recorded" last."""
        found = [level for key, level in self.by_level if key == group.key]
        return tuple(sorted(found, key=lambda level: (level == NOT_RECORDED, level)))

    def span(self, indicator: Indicator) -> Span:
        """The exits (for gains: the participation) that an indicator is about."""
        if indicator == "gains":
            return gains_span(self.report, self.settings)
        return self.report.exits(_LAG[indicator])

    @property
    def asked(self) -> tuple[Indicator, ...]:
        """The indicators that apply to the program."""
        if self.program != "wagner_peyser":
            return INDICATORS
        return tuple(i for i in INDICATORS if i not in _NOT_FOR_WAGNER_PEYSER)


def asked_of(report: Report, settings: WioaSettings) -> Asked:
    """Which exits and quarters of pay a report asks about."""
    second, fourth = report.exits(Q2_LAG), report.exits(Q4_LAG)
    first = min(fourth[0], gains_span(report, settings)[0])
    return Asked(since=first, second=second[1], fourth=fourth[1])


def gains_span(report: Report, settings: WioaSettings) -> Span:
    """Which participation measurable skill gains are about."""
    first, last = report.period
    if settings.gains_period == "program year" and not report.alone:
        first = dt.date(report.year, 7, 1)
    return first, last


def _asked(report: Report, settings: WioaSettings) -> dict[str, Any]:
    spans = {
        "q2": report.exits(Q2_LAG),
        "q4": report.exits(Q4_LAG),
        "period": gains_span(report, settings),
    }
    return {
        f"{key}_{end}": day
        for key, span in spans.items()
        for end, day in zip(("from", "to"), span, strict=True)
    }


def _streams(program: Program) -> dict[str, exp.Expr]:
    """Whose rules hold: those of the program asked for, or of every program a person is in."""
    everyone = program == "all"

    def when(stream: Program) -> exp.Expr:
        if everyone:
            return query.name(stream)
        return exp.true() if program == stream else exp.false()

    titled = [query.name(s) for s in ("adult", "dislocated_worker")]
    return {
        "only": exp.true() if everyone else query.name(program),
        "youth": when("youth"),
        "rehabilitation": when("vocational_rehabilitation"),
        "adult_education": when("adult_education"),
        # out-of-school youth have a denominator of their own, unless also served as adults
        "adult_rule": exp.paren(exp.or_(exp.not_(query.name("youth")), *titled))
        if everyone
        else (exp.false() if program == "youth" else exp.true()),
    }


def summarise(
    session: Engine,
    report: Report,
    *,
    groups: Sequence[Group] = (),
    settings: WioaSettings | None = None,
    program: Program = "all",
    known_by: dt.date | None = None,
    own: bool = False,
    notes: Sequence[Note] = (),
    inputs: Sequence[str] = (),
    view: str = periods.VIEW,
) -> Summary:
    """Reduce the view `periods` to its summary.

    `known_by` is the day up to which the records are complete; by default the report's last day,
    which is when the wage data of its cohorts are in. `own` says that the records are a
    provider's own. Raises PlanError for groups that the records do not have.
    """
    settings = settings or WioaSettings()
    have = session.columns(view)
    _check(have, groups)
    begun = len(session.log)
    levels, marks = [f"g{i}" for i in range(len(groups))], _marks(groups)
    carried = {at: journey.level_of(g, have) for at, g in zip(levels, groups, strict=True)}
    carried |= {at: node for at, (_, _, node) in marks.items() if node is not None}
    _judge(session, JUDGED, carried, report, settings, program, view)
    found = session.run(
        query.load("rung.discovery", "wioa_kinds"),
        judged=Name(JUDGED),
        levels=[Name(at) for at in levels],
        sets=_sets(levels, "kind"),
    )
    everyone, by_level = _rolled_up(found.rows, groups)
    medians = _medians(session, marks, settings)
    return Summary(
        report=report,
        settings=settings,
        program=program,
        groups=tuple(groups),
        everyone=everyone,
        by_level=by_level,
        medians=medians,
        known_by=known_by or report.last_day,
        stated=known_by is not None,
        own=own,
        notes=tuple(notes),
        origin=Origin(
            inputs=tuple(inputs),
            queries=tuple(session.log[begun:]),
            as_of=(known_by or report.last_day).isoformat(),
        ),
    )


def keep_kinds(
    session: Engine,
    table: str,
    report: Report,
    *,
    settings: WioaSettings,
    program: Program = "all",
    view: str = periods.VIEW,
) -> None:
    """Keep the kind of each period of the view `periods`: a table of pid, period and kind.

    The same query as `summarise`; periods that fall in no span of the report have no row.
    """
    whose = {c: query.name(c) for c in ("pid", "period")}
    _judge(session, table, whose, report, settings, program, view)


def _judge(
    session: Engine,
    table: str,
    carried: Mapping[str, exp.Expr],
    report: Report,
    settings: WioaSettings,
    program: Program,
    view: str,
) -> None:
    """Keep the periods of a report with their kind, what counts for the median, and `carried`."""
    made = {at: node for at, node in carried.items() if node != query.name(at)}
    session.keep(
        table,
        query.load("rung.discovery", "wioa"),
        groups=[query.alias(node, at) for at, node in made.items()],
        levels=[Name(at) for at in carried],
        periods=Name(view),
        one_year=settings.one_year,
        not_training=list(settings.not_training),
        every_gain=exp.false() if program == "adult_education" else exp.true(),
        named=_NAMED,
        **_asked(report, settings),
        **_streams(program),
    )


def _sets(levels: Sequence[str], *more: str) -> list[exp.Expr]:
    """Grouping sets: everyone, then each of the levels."""
    return [
        exp.Tuple(expressions=[query.name(c) for c in (*more, *level)])
        for level in ((), *((at,) for at in levels))
    ]


def _check(have: Mapping[str, str], groups: Sequence[Group]) -> None:
    for g in groups:
        for c in g.columns or (g.key,):
            if c not in have and c not in cohorts.DERIVED:
                known = ", ".join(cohorts.DERIVED)
                raise PlanError("PLAN-no-group", group=c, known=known)
            if g.columns and have.get(c) != "BOOLEAN":
                raise PlanError("PLAN-not-yes-no", column=c)


def _rolled_up(
    rows: Sequence[tuple[Any, ...]], groups: Sequence[Group]
) -> tuple[Counter[Kind], dict[tuple[str, str], Counter[Kind]]]:
    everyone: Counter[Kind] = Counter()
    by_level: dict[tuple[str, str], Counter[Kind]] = {}
    for *at, code, n in rows:
        kind = Kind(int(code))
        found = next(
            ((g, level) for g, level in zip(groups, at, strict=True) if level is not None), None
        )
        if found is None:
            everyone[kind] += int(n)
            continue
        group, level = found
        for each in journey.members_of(group, level):
            by_level.setdefault((group.key, each), Counter())[kind] += int(n)
    for g in groups:
        count = sum(1 for key, _ in by_level if key == g.key)
        if count > MOST_LEVELS:
            raise CannotAnswer(
                "ANS-many-levels", saw={"levels": count}, needs={"most": MOST_LEVELS}, group=g.key
            )
    return everyone, by_level


_Mark = tuple[Group, str | None, exp.Expr | None]


def _marks(groups: Sequence[Group]) -> dict[str, _Mark]:
    """What the medians are taken by, by column: a group's levels as they are, or a column of its
    own for each member of an overlapping group, since medians do not add up."""
    found: dict[str, _Mark] = {}
    for i, g in enumerate(groups):
        if g.partition:
            found[f"g{i}"] = g, None, None
            continue
        unknown = exp.and_(*(query.name(c).is_(exp.null()) for c in g.columns))
        marks = {**{c: query.name(c) for c in g.columns}, NOT_RECORDED: unknown}
        for j, (level, mark) in enumerate(marks.items()):
            said = exp.Case().when(mark, query.tree("y")).else_(query.tree("n"))
            found[f"m{i}_{j}"] = g, level, said
    return found


def _medians(
    session: Engine, marks: Mapping[str, _Mark], settings: WioaSettings
) -> dict[tuple[str, str] | None, float]:
    """Median earnings of everyone (None) and of each level."""
    names = list(marks)

    def asked(middles: Sequence[exp.Expr]) -> list[tuple[int | None, str, float]]:
        """Each grouping and level with the middle of its grouping (of everyone: the first)."""
        found = session.run(
            query.load("rung.discovery", "wioa_earnings"),
            judged=Name(JUDGED),
            levels=[Name(at) for at in names],
            middles=middles,
            sets=_sets(names),
        )
        told: list[tuple[int | None, str, float]] = []
        for row in found.rows:
            at, n, several = row[: len(names)], row[len(names)], row[len(names) + 1 :]
            which = next((i for i, level in enumerate(at) if level is not None), None)
            if n:
                middle = several[0 if which is None or len(several) == 1 else which + 1]
                told.append((which, "" if which is None else at[which], float(middle)))
        return told

    told = asked([query.alias(exp.Median(this=query.as_double(query.name("wages"))), "median")])
    if settings.even_median != "mean":
        told = asked(_beside(told, names, settings.even_median))
    medians: dict[tuple[str, str] | None, float] = {}
    for which, level, median in told:
        if which is None:
            medians[None] = median
            continue
        group, member, _ = marks[names[which]]
        if member is None:
            medians[group.key, level or NOT_RECORDED] = median
        elif level == "y":
            medians[group.key, member] = median
    return medians


def _beside(
    told: Sequence[tuple[int | None, str, float]], names: Sequence[str], rule: str
) -> list[exp.Expr]:
    """The nearest wages at or below (or above) the halfway medians: of everyone, then of each
    grouping by its levels. No wages lie between the two in the middle, so these are they."""
    wages = query.name("wages")
    picked: list[exp.Expr] = []
    for which in (None, *range(len(names))):
        cuts = [(level, median) for at, level, median in told if at == which]
        cut: exp.Expr = exp.cast(exp.null(), "DOUBLE")
        if which is None:
            cut = query.tree(cuts[0][1]) if cuts else cut
        elif cuts:
            case = exp.Case()
            for level, median in cuts:
                same = exp.EQ(this=query.name(names[which]), expression=query.tree(level))
                case = case.when(same, query.tree(median))
            cut = case.else_(exp.null())
        side = exp.LTE if rule == "lower" else exp.GTE
        near = exp.Case().when(side(this=wages.copy(), expression=exp.paren(cut)), wages.copy())
        best = exp.Max(this=near) if rule == "lower" else exp.Min(this=near)
        picked.append(query.alias(best, f"middle_{'all' if which is None else which}"))
    return picked
