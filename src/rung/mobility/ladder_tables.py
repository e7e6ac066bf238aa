"""What is told of the ladder: how far people climbed, against whom, where to, and who stayed up."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from rung.discovery.journey import EVERYONE
from rung.errors import CannotAnswer
from rung.finding import (
    Answer,
    Cell,
    Column,
    Counts,
    Dimension,
    Estimand,
    Exclusion,
    Finding,
    Interval,
    Method,
    Note,
    Part,
    Refusal,
    Strength,
    Table,
)
from rung.messages import english
from rung.mobility.ladder import HIGH, LOW, MIDDLE, NONE, RUNGS, Ladder, Tally, among
from rung.mobility.settings import LadderSettings
from rung.mobility.standing import Moment
from rung.records.lab import Group
from rung.stats.intervals import paired_shares, t_quantile, wilson

WORDS = {NONE: "ladder-none", LOW: "ladder-low", MIDDLE: "ladder-middle", HIGH: "ladder-high"}
UNIT = "percentiles"
PLACES = ("stood_before", "stood_after")

_MEANS = (
    Column("n", "denominator", "people"),
    Column("difference", "value", "dollars"),
    Column("low", "low", "dollars"),
    Column("high", "high", "dollars"),
    Column("dollars_before", "value", "dollars"),
    Column("dollars_after", "value", "dollars"),
)
_RANKS = (
    Column("n", "denominator", "people"),
    Column("climb", "value"),
    Column("low", "low"),
    Column("high", "high"),
    Column("rank_before", "value"),
    Column("rank_after", "value"),
    *_MEANS[4:],
)
_SHARE = (
    Column("n", "denominator", "people"),
    Column("reaching", "numerator", "people"),
    Column("reaching_share", "value", "share", of=("reaching", "n"), interval="wilson"),
    Column("low", "low", "share"),
    Column("high", "high", "share"),
)
_MOVES = (
    Column("n", "denominator", "people"),
    Column("now_there", "numerator", "people"),
    Column("reaching_share", "value", "share", of=("now_there", "n"), interval="wilson"),
    Column("low", "low", "share"),
    Column("high", "high", "share"),
)
_MATRIX = (
    Column("n", "denominator", "people"),
    Column("moved", "numerator", "people"),
    Column("moved_share", "value", "share", of=("moved", "n")),
)
_CHANGE = (
    Column("n", "denominator", "people"),
    Column("above_before", "numerator", "people"),
    Column("share_before", "value", "share", of=("above_before", "n")),
    Column("above_after", "numerator", "people"),
    Column("share_after", "value", "share", of=("above_after", "n")),
    Column("difference", "value", "share"),
    Column("low", "low", "share"),
    Column("high", "high", "share"),
)
_STAYS = (
    Column("n", "denominator", "people"),
    Column("still_up", "numerator", "people"),
    Column("stayed_share", "value", "share", of=("still_up", "n"), interval="wilson"),
    Column("low", "low", "share"),
    Column("high", "high", "share"),
)


def method(settings: LadderSettings, key: str = "ladder") -> Method:
    """How it was made."""
    dip = Note("ladder-dip-rule", {"n": settings.dip_quarters})
    rules = [Note("ladder-rank-rule")]
    if not settings.before:
        rules += [dip, Note("ladder-year-rule"), Note("coverage-rule")]
    sources = ["ashenfelter1978", "heckmansmith1999", "hhs-guidelines"]
    if settings.cluster:
        sources.append("liang1986")
    return Method(key=key, assumptions=tuple(rules), sources=tuple(sources))


def refusal(why: CannotAnswer, settings: LadderSettings) -> Refusal:
    """Why nothing can be told of the ladder."""
    return Refusal(
        estimand=_question("label.ladder", UNIT, "mean climb", "", ""),
        code=why.code,
        params=why.problems[0].params,
        saw=why.saw,
        needs=why.needs,
        method=method(settings),
    )


def no_ranks(ladder: Ladder) -> Refusal:
    """Without the percentiles of an area nobody knows where an amount stands."""
    return Refusal(
        estimand=_asked(ladder, "label.ladder", UNIT, "mean climb"),
        code="ANS-no-percentiles",
        method=method(ladder.settings, "ladder-climb"),
        origin=ladder.origin,
    )


def _question(outcome: str, unit: str, summary: str, contrast: str, horizon: str) -> Estimand:
    people = english("label.ladder-people")
    return Estimand(english(outcome), unit, people, contrast, summary, horizon)


def _asked(
    ladder: Ladder, outcome: str, unit: str, summary: str, when: Moment | None = None
) -> Estimand:
    words = (when or ladder.main).words
    contrast = english("label.ladder-contrast", {"before": ladder.before.words})
    return _question(outcome, unit, summary, contrast, words)


def _counts(ladder: Ladder, n: int) -> Counts:
    left = ladder.left_out.items()
    return Counts(n, excluded=tuple(Exclusion(r, k) for r, k in left if k > 0))


def _caveats(ladder: Ladder, *more: Note) -> tuple[Note, ...]:
    found = [*more, *ladder.notes]
    if ladder.ranks and ladder.beyond:
        found.append(Note("ladder-beyond", {"n": ladder.beyond}))
    return tuple(found)


def _not_effect(ladder: Ladder) -> tuple[Note, ...]:
    return () if ladder.arms else (Note("ladder-not-effect"),)


# -- the findings


def climb(ladder: Ladder, level: float = 0.95) -> Finding | Refusal:
    """Mean percentiles climbed by the year the findings speak of; a Refusal with nobody ranked."""
    tally = ladder.of(ladder.main)
    question = _asked(ladder, "label.ladder", UNIT, "mean climb", ladder.main)
    made = method(ladder.settings, "ladder-climb")
    if not tally.ranked:
        return Refusal(
            estimand=question,
            code="ANS-ladder-unranked",
            method=made,
            saw={"people": tally.n},
            origin=ladder.origin,
        )
    n, ends = tally.ranked, _ends(tally, level)
    return Finding(
        estimand=question,
        value=tally.climb,
        interval=Interval((ends,), level) if ends else None,
        se=_se(tally),
        counts=_counts(ladder, n),
        parts=(
            Part(ladder.main.words, n, tally.rank_after / n),
            Part(ladder.before.words, n, tally.rank_before / n),
        ),
        method=made,
        strength="described",
        caveats=_caveats(ladder, *_not_effect(ladder)),
        origin=ladder.origin,
    )


def _se(tally: Tally) -> float | None:
    found = tally.spread() if tally.ranked else None
    return found[0] if found else None


def _ends(tally: Tally, level: float) -> tuple[float, float] | None:
    found = tally.spread() if tally.ranked else None
    if found is None:
        return None
    reach = t_quantile(level, found[1]) * found[0]
    return tally.climb - reach, tally.climb + reach


def effects(ladder: Ladder, level: float = 0.95) -> Iterator[Finding]:
    """Each arm's climb less that of the comparison: what is left once ageing and prices are out."""
    *arms, control = ladder.arms or ("",)
    base = ladder.of(ladder.main, control) if control else Tally()
    for arm in arms:
        mine = ladder.of(ladder.main, arm)
        if min(mine.ranked, base.ranked) < 2:
            continue
        se, df = _apart(mine, base)
        reach = t_quantile(level, df) * se
        value = mine.climb - base.climb
        names = ladder.arm_words(arm), ladder.arm_words(control)
        contrast = english("label.arm-against", {"arm": names[0], "control": names[1]})
        words = english("label.ladder"), english("label.ladder-people")
        yield Finding(
            estimand=Estimand(
                words[0], UNIT, words[1], contrast, "difference in mean climb", ladder.main.words
            ),
            value=value,
            interval=Interval(((value - reach, value + reach),), level),
            se=se,
            df=df,
            counts=Counts(
                mine.ranked + base.ranked,
                by_group={names[0]: mine.ranked, names[1]: base.ranked},
                clusters=len({*mine.clusters, *base.clusters}) or None,
            ),
            parts=(
                Part(names[0], mine.ranked, mine.climb),
                Part(names[1], base.ranked, base.climb),
            ),
            method=method(ladder.settings, "ladder-effect"),
            strength=_strength(ladder),
            caveats=_caveats(ladder, *_compared(ladder)),
            origin=ladder.origin,
        )


def _strength(ladder: Ladder) -> Strength:
    if not ladder.settings.by_lottery:
        return "compared"
    return "randomised with departures" if any(ladder.left_out.values()) else "randomised"


def _compared(ladder: Ladder) -> tuple[Note, ...]:
    return () if ladder.settings.by_lottery else (Note("ladder-not-lottery"),)


def _apart(a: Tally, b: Tally) -> tuple[float, float]:
    """Standard error and degrees of freedom of the difference of two arms' climbs.

    Welch's, for people or for clusters that are each in one arm. Where clusters have people of
    both, what they share falls out of the difference.
    """
    if {*a.clusters} & {*b.clusters}:
        none = (0, 0.0)
        both = {
            k: [a.clusters.get(k, none), b.clusters.get(k, none)]
            for k in {*a.clusters, *b.clusters}
        }
        found = among(both, [(a.ranked, a.climb), (b.ranked, b.climb)])
        if found:
            return found
    (se_a, df_a), (se_b, df_b) = (t.spread() or (0.0, 1.0) for t in (a, b))
    total = se_a**2 + se_b**2
    parts = se_a**4 / df_a + se_b**4 / df_b
    return math.sqrt(total), total**2 / parts if parts else math.inf


# -- the tables


def _arms(ladder: Ladder) -> tuple[str, ...]:
    """Whose rows a table has: each arm's, or everyone's."""
    return ladder.arms or ("",)


def _keys(ladder: Ladder, *names: str) -> tuple[list[Column], list[Dimension]]:
    """Key columns and dimensions, the arm last where there is one."""
    columns = [Column(n, "key", "text") for n in names]
    dimensions = [Dimension(n, n in PLACES, nested=n == "when") for n in names]
    if ladder.arms:
        columns.append(Column("arm", "key", "text"))
        dimensions.append(Dimension("arm", True))
    return columns, dimensions


def _who(ladder: Ladder, arm: str) -> dict[str, Cell]:
    return {"arm": ladder.arm_words(arm)} if ladder.arms else {}


def _made(
    ladder: Ladder,
    kind: str,
    outcome: str,
    unit: str,
    columns: Iterable[Column],
    rows: Iterable[dict[str, Cell]],
    dimensions: Iterable[Dimension],
    level: float | None = None,
    when: Moment | None = None,
    notes: tuple[Note, ...] = (),
    by: str = "",
) -> Table:
    tally = ladder.of(when or ladder.main)
    return Table(
        name=kind,
        estimand=_asked(ladder, outcome, unit, f"{kind} by {by}" if by else kind, when),
        columns=tuple(columns),
        rows=tuple(rows),
        dimensions=tuple(dimensions),
        method=method(ladder.settings),
        counts=_counts(ladder, tally.ranked if ladder.ranks else tally.n),
        caveats=_caveats(ladder, *_not_effect(ladder), *notes),
        level=level,
        origin=ladder.origin,
    )


def _means(tally: Tally, level: float, *, ranks: bool) -> dict[str, Cell]:
    n = tally.ranked if ranks else tally.n
    row: dict[str, Cell] = dict.fromkeys((c.name for c in (_RANKS if ranks else _MEANS)), None)
    row["n"] = n
    if tally.n:
        row["dollars_before"] = tally.dollars_before / tally.n
        row["dollars_after"] = tally.dollars_after / tally.n
    if tally.n and not ranks:
        row |= _gain(tally, level)
    if ranks and n:
        row["rank_before"], row["rank_after"] = tally.rank_before / n, tally.rank_after / n
        row["climb"] = tally.climb
        row["low"], row["high"] = _ends(tally, level) or (None, None)
    return row


def _gain(tally: Tally, level: float) -> dict[str, Cell]:
    """Mean dollars gained, with its range."""
    n = tally.n
    gain = (tally.dollars_after - tally.dollars_before) / n
    if n < 2:
        return {"difference": gain}
    left = max(tally.dollar_squares - n * gain**2, 0.0)
    reach = t_quantile(level, n - 1.0) * math.sqrt(left / (n - 1) / n)
    return {"difference": gain, "low": gain - reach, "high": gain + reach}


def means(ladder: Ladder, level: float = 0.95, group: Group | None = None) -> Table:
    """Pay and rank before and after, by year and arm; or by a group, in the main year."""
    columns: tuple[Column, ...] = _RANKS if ladder.ranks else _MEANS
    outcome = "label.ladder-means" if ladder.ranks else "label.ladder-dollars"
    if group is None:
        keys, dimensions = _keys(ladder, "when")
        rows = [
            {"when": m.words, **_who(ladder, arm),
             **_means(ladder.of(m, arm), level, ranks=ladder.ranks)}
            for m in ladder.after
            for arm in _arms(ladder)
        ]  # fmt: skip
        return _made(
            ladder,
            "ladder",
            "label.ladder-means",
            "number",
            (*keys, *columns),
            rows,
            dimensions,
            level,
        )
    keys = [Column(group.key, "key", "text")]
    rows = [
        {group.key: words, **_means(tally, level, ranks=ladder.ranks)}
        for words, tally in _levels(ladder, group)
    ]
    dimensions = [Dimension(group.key, group.partition, EVERYONE)]
    return _made(
        ladder, "ladder-groups", "label.ladder-groups" if ladder.ranks else outcome,
        "number" if ladder.ranks else "dollars",
        (*keys, *columns), rows, dimensions, level, ladder.main, (), group.key,
    )  # fmt: skip


def _levels(ladder: Ladder, group: Group) -> Iterator[tuple[str, Tally]]:
    """Everyone but the comparison, then level by level, in the main year."""
    yield EVERYONE, ladder.of(ladder.main)
    for each in ladder.levels(group):
        yield ladder.label(group, each), ladder.of(ladder.main, "", group.key, each)


def _moved(
    counts: Counter[tuple[int, int]], names: Sequence[tuple[int, str]]
) -> Iterator[dict[str, Cell]]:
    """Every move from each place to each, with the people who were in the first."""
    for a, before in names:
        n = sum(v for (start, _), v in counts.items() if start == a)
        for b, after in names:
            people = counts[a, b]
            share = people / n if n else None
            yield {
                "stood_before": before, "stood_after": after,
                "n": n, "moved": people, "moved_share": share,
            }  # fmt: skip


def matrix(ladder: Ladder, kind: str = "ladder-kinds") -> Table:
    """Where people went from where they were, in the main year.

    "ladder-rungs" is by fifths of the area's people, "ladder-kinds" by no, low, middle and high
    pay.
    """
    rungs = kind == "ladder-rungs"
    if rungs:
        names = [(i, english("label.ladder-rung", {"n": i})) for i in range(1, RUNGS + 1)]
    else:
        names = [(i, english(f"label.{key}")) for i, key in WORDS.items()]
    keys, dimensions = _keys(ladder, *PLACES)
    rows = [
        {**_who(ladder, arm), **row}
        for arm in _arms(ladder)
        for row in _moved(_part(ladder.of(ladder.main, arm), rungs=rungs), names)
    ]
    made = _made(
        ladder, kind, f"label.{kind}", "share",
        (*keys, *_MATRIX), rows, dimensions, when=ladder.main,
    )  # fmt: skip
    return replace(made, sums=_summed(len(names), len(_arms(ladder)))) if rungs else made


def _summed(k: int, arms: int) -> tuple[tuple[int, ...], ...]:
    """Rows of the rungs that `moves` adds up, arm by arm: those up, on the same rung, and down."""
    moved = {i: i % k - i // k for i in range(k * k)}
    ways = ([i for i, by in moved.items() if by > 0], [i for i, by in moved.items() if by == 0],
            [i for i, by in moved.items() if by < 0])  # fmt: skip
    return tuple(tuple(a * k * k + i for i in cells) for a in range(arms) for cells in ways)


def _part(tally: Tally, *, rungs: bool) -> Counter[tuple[int, int]]:
    return tally.rungs if rungs else tally.pay


def _share(x: int, n: int, names: Sequence[Column], level: float) -> dict[str, Cell]:
    """A count, its share and Wilson's range, under the names that a table gives them."""
    ends = wilson(x, n, level) if n else (None, None)
    _, count, share, low, high = (c.name for c in names)
    return {"n": n, count: x, share: x / n if n else None, low: ends[0], high: ends[1]}


def _change(counts: Counter[tuple[int, int]], level: float) -> dict[str, Cell]:
    n = sum(counts.values())
    row: dict[str, Cell] = dict.fromkeys((c.name for c in _CHANGE), None)
    row |= {"n": n, "above_before": 0, "above_after": 0}
    if not n:
        return row
    before, after = counts[1, 0] + counts[1, 1], counts[0, 1] + counts[1, 1]
    low, high = paired_shares(counts[0, 1], counts[1, 0], n, level)
    return row | {
        "above_before": before,
        "share_before": before / n,
        "above_after": after,
        "share_after": after / n,
        "difference": (after - before) / n,
        "low": low,
        "high": high,
    }


def _reaching(counts: Counter[tuple[int, int]], side: int, level: float) -> dict[str, Cell]:
    """Who reaches a line, before (0) or after (1)."""
    x = sum(v for k, v in counts.items() if k[side])
    return _share(x, sum(counts.values()), _SHARE, level)


def _lines(ladder: Ladder) -> list[tuple[str, str]]:
    """The lines that are looked at: the field of a tally, and the words."""
    s = ladder.settings
    multiple = {"percent": f"{100 * s.poverty_multiple:.0f}"}
    found = [("poor", english("label.ladder-poverty", multiple))]
    if s.living_wage:
        amount = {"amount": f"{s.living_wage:,.2f}"}
        found.insert(0, ("wage", english("label.ladder-living-wage", amount)))
    return found


def _looked(ladder: Ladder) -> list[tuple[str, str]]:
    """The lines of which anything is known."""
    return [
        (f, words)
        for f, words in _lines(ladder)
        if any(sum(getattr(t, f).values()) for t in ladder.tallies.values())
    ]


def lines(ladder: Ladder, level: float = 0.95) -> Table | None:
    """Who reaches a living wage, and the line of poverty: before, and year by year."""
    looked = _looked(ladder)
    keys, dimensions = _keys(ladder, "measure", "when")
    # people before are those of the main year, so that the two can be held side by side
    moments = [(ladder.before, ladder.main, 0), *((m, m, 1) for m in ladder.after)]
    rows = [
        {"measure": words, "when": shown.words, **_who(ladder, arm),
         **_reaching(getattr(ladder.of(m, arm), f), side, level)}
        for f, words in looked
        for shown, m, side in moments
        for arm in _arms(ladder)
    ]  # fmt: skip
    return _made(
        ladder, "ladder-lines", "label.ladder-lines", "share",
        (*keys, *_SHARE), rows, dimensions, level, None, (Note("ladder-own-pay"),),
    ) if looked else None  # fmt: skip


def change(ladder: Ladder, level: float = 0.95, group: Group | None = None) -> Table | None:
    """The same people before and in the main year, line by line; by arm, or by a group."""
    looked = _looked(ladder)
    if group is None:
        keys, dimensions = _keys(ladder, "measure")
        whom = [(_who(ladder, arm), ladder.of(ladder.main, arm)) for arm in _arms(ladder)]
    else:
        keys = [Column("measure", "key", "text"), Column(group.key, "key", "text")]
        dimensions = [Dimension("measure", False), Dimension(group.key, group.partition, EVERYONE)]
        whom = [({group.key: words}, tally) for words, tally in _levels(ladder, group)]
    rows = [
        {"measure": words, **who, **_change(getattr(tally, f), level)}
        for f, words in looked
        for who, tally in whom
    ]
    return _made(
        ladder, "ladder-change", "label.ladder-change", "share",
        (*keys, *_CHANGE), rows, dimensions, level, ladder.main, (Note("ladder-own-pay"),),
        group.key if group else "",
    ) if looked else None  # fmt: skip


_WAYS = ("up", "same", "down")


def moves(ladder: Ladder, level: float = 0.95) -> Table:
    """Who stands a rung or more higher than before, on the same one, or lower, in the main year."""
    keys, dimensions = _keys(ladder)
    keys.append(Column("move", "key", "text"))
    rows: list[dict[str, Cell]] = []
    for arm in _arms(ladder):
        counts: Counter[str] = Counter()
        for (a, b), v in ladder.of(ladder.main, arm).rungs.items():
            counts[_WAYS[(b <= a) + (b < a)]] += v
        for way in _WAYS:
            words = english(f"label.ladder-move-{way}")
            row = _share(counts[way], counts.total(), _MOVES, level)
            rows.append({**_who(ladder, arm), "move": words, **row})
    return _made(
        ladder, "ladder-moves", "label.ladder-moves", "share",
        (*keys, *_MOVES), rows, (*dimensions, Dimension("move", True)), level,
    )  # fmt: skip


def stays(ladder: Ladder, level: float = 0.95) -> Table | None:
    """Of the people who got up by one year, those who were still up in the next."""
    if not ladder.stays:
        return None
    keys, dimensions = _keys(ladder, "measure", "when")
    rows: list[dict[str, Cell]] = []
    for stay in ladder.stays:
        words = english(f"label.ladder-up-{stay.line}")
        when = english("label.ladder-next", {"first": stay.first.words, "then": stay.then.words})
        for arm in _arms(ladder):
            n = sum(v for k, v in stay.n.items() if k == arm or not ladder.arms)
            x = sum(v for k, v in stay.stayed.items() if k == arm or not ladder.arms)
            row = _share(x, n, _STAYS, level)
            rows.append({"measure": words, "when": when, **_who(ladder, arm), **row})
    return _made(
        ladder, "ladder-stays", "label.ladder-stays", "share",
        (*keys, *_STAYS), rows, dimensions, level,
    )  # fmt: skip


def answers(ladder: Ladder, level: float = 0.95) -> tuple[Answer, ...]:
    """Everything that the records can tell; a Refusal in place of what they cannot."""
    made: list[Answer | None] = [climb(ladder, level) if ladder.ranks else no_ranks(ladder)]
    if ladder.ranks:
        made += effects(ladder, level)
    made.append(means(ladder, level))
    if ladder.ranks:
        made += [moves(ladder, level), matrix(ladder, "ladder-rungs")]
    made += [matrix(ladder), lines(ladder, level), change(ladder, level), stays(ladder, level)]
    for group in ladder.groups:
        made += [means(ladder, level, group), change(ladder, level, group)]
    return tuple(a for a in made if a is not None)
