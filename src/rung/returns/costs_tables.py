"""What is told of costs: a person, a milestone, a component, a stage, an arm, a point of effect."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from rung.discovery.journey import Summary
from rung.errors import CannotAnswer
from rung.finding import (
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
    Origin,
    Part,
    Refusal,
    Row,
    Table,
)
from rung.messages import english
from rung.returns.costs import EVERYONE, Line
from rung.stats.ratio import fieller

_PEOPLE = Column("n", "denominator", "people")
_DOLLARS = Column("cost", "value", "dollars")
_EACH = Column("cost_each", "value", "dollars")
_KIND = Column("in_kind", "value", "dollars")


@dataclass(frozen=True)
class Effect:
    """An effect that the cost is set beside: so many of `unit` a person, with its error."""

    value: float
    se: float
    unit: str


@dataclass(frozen=True)
class Costs:
    """The lines of a cohort of people and how far those came.

    `people` maps each arm to its people ({"": n} when none are told apart); `control` is the arm
    to compare with, "" when there is none. `labels` has the words for arms that have some.
    """

    lines: tuple[Line, ...]
    summary: Summary
    people: Mapping[str, int]
    control: str
    dollar_year: int | None
    rate: float
    origin: Origin
    labels: Mapping[str, str] = field(default_factory=dict)

    def words(self, arm: str) -> str:
        """What people read for an arm."""
        return self.labels.get(arm, arm) or english("label.not-recorded")

    @property
    def total(self) -> float:
        """Dollars in all, what was given included."""
        return float(sum(line.total for line in self.lines))

    def of_arm(self, arm: str) -> float:
        """Dollars of one arm."""
        return float(sum(line.dollars.get(arm, 0) for line in self.lines))

    @property
    def reached(self) -> tuple[int, ...]:
        """People who came to each milestone by the as-of date; the first is entry."""
        everyone = self.summary.everyone
        return tuple(
            sum(n for kind, n in everyone.items() if kind.ever >= i)
            for i in range(len(self.summary.milestones))
        )


def _method(costs: Costs | None = None) -> Method:
    notes = [Note("costs-ingredients"), Note("costs-whose")]
    lines = costs.lines if costs else ()
    if costs and any(line.ingredient.life is not None for line in lines):
        notes.append(Note("costs-annuity", {"percent": f"{100 * costs.rate:g}"}))
    if any(line.ingredient.shared_by for line in lines):
        keys = dict.fromkeys(i.shared_by for i in (x.ingredient for x in lines) if i.shared_by)
        notes.append(Note("costs-shared", {"keys": "; ".join(keys)}))
    if any(line.ingredient.in_kind for line in lines):
        notes.append(Note("costs-in-kind"))
    if any(line.ingredient.service for line in lines):
        notes.append(Note("costs-log"))
    return Method(key="ingredients", assumptions=tuple(notes), sources=("levin2018",))


def _question(costs: Costs, outcome: str, summary: str, **more: str) -> Estimand:
    who = costs.summary
    return Estimand(
        outcome=english(outcome, more),
        unit="dollars",
        population=who.cohort or english("label.everyone-recorded"),
        contrast="",
        summary=summary,
        horizon=english("label.costs-by", {"day": who.as_of.isoformat()}),
        dollar_year=costs.dollar_year,
    )


def _counts(costs: Costs) -> Counts:
    who = costs.summary
    return Counts(
        costs.reached[0],
        excluded=tuple(Exclusion(r, n) for r, n in sorted(who.left_out.items()) if n),
    )


def each(costs: Costs) -> Finding:
    """Dollars a person who entered: a count of costs over a count of people, without a range."""
    n = costs.reached[0]
    value = costs.total / n
    return Finding(
        estimand=_question(costs, "label.cost-each", "mean"),
        value=value,
        counts=_counts(costs),
        parts=(Part(costs.summary.milestones[0].label, n, value),),
        method=_method(costs),
        strength="described",
        caveats=(*costs.summary.notes, Note("costs-average")),
        origin=costs.origin,
    )


def _table(
    costs: Costs,
    name: str,
    outcome: str,
    key: str,
    columns: Sequence[Column],
    rows: Sequence[Row],
    *,
    partition: bool = True,
    nested: bool = False,
    parts: tuple[Part, ...] = (),
) -> Table:
    return Table(
        name=name,
        estimand=_question(costs, outcome, "total"),
        columns=(Column(key, "key", "text"), *columns),
        rows=tuple(rows),
        dimensions=(Dimension(key, partition, nested=nested),),
        parts=parts,
        method=_method(costs),
        counts=_counts(costs),
        caveats=costs.summary.notes,
        origin=costs.origin,
    )


def per_milestone(costs: Costs) -> Table:
    """All costs over the people who came to each milestone: per applicant, completer, placement."""
    rows: list[Row] = [
        {"per": step.label, "n": n, "cost_each": costs.total / n if n else None}
        for step, n in zip(costs.summary.milestones, costs.reached, strict=True)
    ]
    columns = (_PEOPLE, _EACH)
    table = _table(
        costs, "costs-per", "label.costs-per", "per", columns, rows, partition=False, nested=True
    )
    return replace(table, caveats=(*table.caveats, Note("costs-all")))


def components(costs: Costs) -> Table:
    """Dollars by component, those that were given among them, and the share of all."""

    def part(line: Line) -> str:
        return line.ingredient.component or english("label.costs-other")

    n = costs.reached[0]
    rows: list[Row] = [
        {**row, "n": n, "share": row["cost"] / costs.total if costs.total else None}
        for row in _added(costs.lines, "component", part)
    ]
    columns = (_PEOPLE, _DOLLARS, _KIND, Column("share", "value", "share"))
    return _table(costs, "costs", "label.costs", "component", columns, rows, partition=False)


def _added(lines: Sequence[Line], key: str, of: Callable[[Line], str]) -> list[dict[str, Any]]:
    """Dollars and those in kind, added up by a key, the largest first."""
    cost: dict[str, float] = defaultdict(float)
    given: dict[str, float] = defaultdict(float)
    for line in lines:
        cost[of(line)] += float(line.total)
        given[of(line)] += float(line.total) if line.ingredient.in_kind else 0.0
    order = sorted(cost, key=lambda k: (-cost[k], k))
    return [{key: k, "cost": cost[k], "in_kind": given[k]} for k in order]


def stages(costs: Costs) -> Table | None:
    """What serves those who came to a stage, over them; None when no ingredient names one."""
    found: dict[str, float] = defaultdict(float)
    for line in costs.lines:
        found[line.ingredient.stage] += float(line.total)
    if set(found) <= {""}:
        return None
    rows: list[Row] = []
    for step, n in zip(costs.summary.milestones, costs.reached, strict=True):
        if step.key in found:
            cost = found[step.key]
            rows.append(
                {"stage": step.label, "n": n, "cost": cost, "cost_each": cost / n if n else None}
            )
    if "" in found:
        n, cost = costs.reached[0], found[""]
        rows.append(
            {"stage": english("label.costs-any"), "n": n, "cost": cost, "cost_each": cost / n}
        )
    columns = (_PEOPLE, _DOLLARS, _EACH)
    return _table(
        costs, "costs-stages", "label.costs-stages", "stage", columns, rows,
        partition=False, nested=True,
    )  # fmt: skip


def arms(costs: Costs) -> Table | None:
    """Dollars a person by arm, and net of what controls receive; None without arms."""
    if not costs.control:
        return None
    rows: list[Row] = []
    base = costs.of_arm(costs.control) / costs.people[costs.control]
    for arm, n in costs.people.items():
        each = costs.of_arm(arm) / n if n else None
        net: Cell = None if each is None or arm == costs.control else each - base
        rows.append(
            {
                "arm": costs.words(arm),
                "n": n,
                "cost": costs.of_arm(arm),
                "cost_each": each,
                "cost_net": net,
            }
        )
    columns = (
        _PEOPLE,
        _DOLLARS,
        _EACH,
        Column("cost_net", "value", "dollars"),
    )
    # a cost net of the controls' tells what those cost, and so how many they are
    rests = (Part(costs.words(costs.control), costs.people[costs.control]),)
    return _table(costs, "costs-arms", "label.costs-arms", "arm", columns, rows, parts=rests)


def net_each(costs: Costs) -> float:
    """Dollars a person of the arms offered something, less what a control person receives."""
    if not costs.control:
        return costs.total / costs.reached[0]
    offered = [a for a in costs.people if a not in (costs.control, EVERYONE)]
    spent, n = sum(costs.of_arm(a) for a in offered), sum(costs.people[a] for a in offered)
    return spent / n - costs.of_arm(costs.control) / costs.people[costs.control]


def per_effect(costs: Costs, effect: Effect, level: float = 0.95) -> Finding | Refusal:
    """Dollars for each unit of effect, with Fieller's set: it may be unbounded.

    Costs are counted and have no error; the effect has. Where zero effect is not told from what
    was found, no finite price of a unit can be given. Refused (ANS-cost-less) where people cost
    less than controls: the ratio would be negative, as it is of a harm that costs more.
    """
    question = _question(costs, "label.cost-effect", "ratio", unit=effect.unit)
    method = Method(
        key="cost-effect",
        assumptions=(Note("costs-known"), *_method(costs).assumptions),
        sources=("levin2018", "fieller1954"),
    )
    net = net_each(costs)
    try:
        if net < 0:
            raise CannotAnswer("ANS-cost-less", unit=effect.unit)
        pieces = fieller(net, effect.value, 0.0, effect.se**2, level=level)
        if effect.value == 0:
            raise CannotAnswer("ANS-ratio")
    except CannotAnswer as why:
        return Refusal(
            estimand=question,
            code=why.code,
            params=why.problems[0].params,
            method=method,
            origin=costs.origin,
        )
    caveat = Note("costs-net") if costs.control else Note("costs-gross")
    arms = {costs.words(arm): n for arm, n in costs.people.items()}
    counts = _counts(costs)
    return Finding(
        estimand=question,
        value=net / effect.value,
        interval=Interval(pieces, level) if effect.se else None,
        counts=replace(counts, by_group=arms) if costs.control else counts,
        method=method,
        strength="described",
        caveats=(*costs.summary.notes, caveat),
        origin=costs.origin,
    )


def answers(
    costs: Costs, effect: Effect | None = None, level: float = 0.95
) -> tuple[Finding | Table | Refusal, ...]:
    """Everything: a person, milestones, components, stages, arms, a unit of effect."""
    made: list[Finding | Table | Refusal | None] = [each(costs), per_milestone(costs)]
    made += [components(costs), stages(costs), arms(costs)]
    if effect is not None:
        made.append(per_effect(costs, effect, level))
    return tuple(a for a in made if a is not None)
