"""What is told of a program's returns: findings by perspective, and the tables beside them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from rung.documents import digest
from rung.errors import CannotAnswer
from rung.finding import (
    Cell,
    Column,
    Counts,
    Dimension,
    Estimand,
    Finding,
    Interval,
    IntervalKind,
    Method,
    Note,
    Origin,
    Refusal,
    Strength,
    Table,
)
from rung.messages import english
from rung.returns import mvpf, sensitivity
from rung.returns.perspectives import (
    PERSPECTIVES,
    Estimate,
    Ledger,
    Rate,
    benefit_cost,
    break_even_persistence,
    break_even_year,
    income_weights,
    internal_rate,
    net_present_value,
    quadrants,
    shown,
)
from rung.returns.settings import Weights
from rung.returns.spec import Spec
from rung.stats.ratio import Pieces

AnyAnswer = Finding | Table | Refusal
Figure = Callable[[Ledger, str], Estimate]

_PEOPLE = Column("rests_on", "denominator", "people")
_KEY = Column("perspective", "key", "text")
_FIGURES: dict[str, tuple[Figure, str]] = {
    "npv": (net_present_value, "dollars"),
    "bcr": (benefit_cost, "number"),
    "irr": (internal_rate, "rate"),
    "break-even-year": (break_even_year, "number"),
    "break-even-persistence": (break_even_persistence, "number"),
}
_RATIOS = ("bcr", "irr", "break-even-year", "break-even-persistence")
_SOURCES = {
    "npv": ("boardman2018",),
    "npv-weighted": ("greenbook2022", "boardman2018"),
    "bcr": ("boardman2018", "fieller1954", "luxburg2009"),
    "irr": ("lorie1955", "boardman2018"),
    "break-even-year": ("boardman2018",),
    "break-even-persistence": ("boardman2018",),
    "mvpf": ("hendren2020", "fieller1954", "luxburg2009"),
    "mvpf-cost": ("hendren2020", "fieller1954", "luxburg2009"),
    "mvpf-least": ("hendren2020", "fieller1954", "luxburg2009"),
    "tornado": ("boardman2018",),
    "wider": ("crepon2013", "boardman2018"),
}


class Telling:
    """The answers of one spec: what they share, and each of them."""

    def __init__(self, spec: Spec, ledger: Ledger, asked: Sequence[str] = ()) -> None:
        self.spec, self.ledger = spec, ledger
        self.program = spec.file.program
        self.perspectives = shown(
            ledger, asked or spec.file.perspectives.show, unsplit=spec.unsplit
        )
        self.asked = tuple(asked)
        self.sure = any(s.covariance.any() for s in ledger.streams)  # errors are known
        self.dated = ledger.years > 1  # one sum has no years to break even in
        self.scenario = ledger.observed < ledger.years and any(
            s.observed < s.years for s in ledger.streams
        )

    @property
    def payers(self) -> tuple[str, ...]:
        """Whose ratios and rates are told: who pays and gets something back, or was asked for."""
        both = [p for p in self.perspectives if self.ledger.bears_cost(p)]
        back = [p for p in both if self.ledger.flows(p, "rest").expected.any()]
        return tuple(p for p in self.perspectives if p in self.asked or p in back)

    # -- what every answer says of itself

    def estimand(self, figure: str, unit: str, perspective: str, summary: str = "") -> Estimand:
        return Estimand(
            outcome=english(f"label.{figure}"),
            unit=unit,
            population=perspective,
            contrast=english("label.returns-contrast", {"program": self.program.name}),
            summary=summary or figure,
            horizon=self.horizon,
            dollar_year=self.program.dollar_year if unit == "dollars" else None,
        )

    @property
    def horizon(self) -> str:
        given = {"years": f"{self.ledger.years}", "rate": f"{100 * self.ledger.rate:g}"}
        if self.ledger.years > 1:
            return english("label.returns-horizon", given)
        if self.ledger.first_year == 0:  # one amount, which nothing was taken off
            return english("label.returns-horizon-sum")
        return english("label.returns-horizon-one", given)

    def method(self, key: str, *more: Note) -> Method:
        return Method(
            key=key,
            assumptions=(
                Note("returns-accounts"),
                Note("returns-discount", {"rate": f"{100 * self.ledger.rate:g}"}),
                *((Note("irr-unique"),) if key == "irr" else ()),
                *more,
            ),
            sources=_SOURCES.get(key, ("boardman2018",)),
        )

    @property
    def origin(self) -> Origin:
        return Origin(inputs=(self.spec.digest,), plan=self.spec.digest, seed=self.ledger.seed)

    @property
    def strength(self) -> Strength:
        """A scenario is no effect, however the effects in it were estimated."""
        return "described" if self.scenario else self.program.design

    def notes(self) -> tuple[Note, ...]:
        made = []
        if self.scenario:
            made.append(Note("returns-scenario", {"observed": self.ledger.observed}))
        if not self.dated:
            made.append(Note("returns-one-sum"))
        if not self.sure:
            made.append(Note("returns-no-se"))
        elif self.spec.open_rho:
            made.append(Note("returns-rho"))
        if self.spec.unsplit:
            made.append(Note("returns-unsplit"))
        if self.spec.unexplained:
            made.append(Note("returns-unexplained"))
        return tuple(made)

    def interval(self, pieces: Pieces) -> Interval | None:
        """The range; none when nothing was said of errors, or none of them matters here."""
        if not pieces or not self.sure or (len(pieces) == 1 and _no_wider(*pieces[0])):
            return None
        kind: IntervalKind = "scenario range" if self.scenario else "confidence"
        return Interval(pieces, self.ledger.level, kind)

    # -- findings

    def figure(self, key: str, perspective: str) -> Finding | Refusal:
        """One figure of one perspective, or why there is none."""
        make, unit = _FIGURES[key]
        question = self.estimand(key, unit, perspective)
        try:
            found = make(self.ledger, perspective)
        except CannotAnswer as why:
            return self._refused(question, self.method(key), why)
        more: tuple[Note, ...] = ()
        if isinstance(found, Rate) and max(found.none, found.several) >= 0.005:
            shares = {"none": f"{100 * found.none:.0f}", "several": f"{100 * found.several:.0f}"}
            more = (Note("irr-draws", shares),)
        return self._finding(question, key, found.value, found.pieces, found.se, more)

    def weighted(self, weights: Weights) -> Finding:
        """Society's net present value where a poorer person's dollar counts more."""
        factors = income_weights(weights.income, weights.reference, weights.elasticity)
        found = net_present_value(self.ledger, "society", weights=factors)
        given = {"elasticity": f"{weights.elasticity:g}", "reference": f"{weights.reference:,.0f}"}
        question = self.estimand("npv-weighted", "dollars", "society")
        more = (Note("returns-weights", given),)
        return self._finding(question, "npv-weighted", found.value, found.pieces, found.se, more)

    def public_value(self, found: mvpf.Value) -> Finding | Refusal:
        """The marginal value of public funds, by one way to value what people get."""
        key = {"earnings": "mvpf", "cost": "mvpf-cost", "least": "mvpf-least"}[found.valued]
        question = self.estimand(key, "number", "public funds", key)
        gain = {"wtp": round(found.wtp, 2)}
        note = Note("mvpf-figures", gain | {"cost": round(found.cost, 2)})
        if found.cost < 0:
            note = Note("mvpf-figures-saving", gain | {"saved": round(-found.cost, 2)})
        try:
            value = found.value
        except CannotAnswer as why:
            return self._refused(question, self.method(key, note), why)
        more = [note]
        if self.sure and max(found.infinite, found.undefined) >= 0.005:
            shares = {
                "infinite": f"{100 * found.infinite:.0f}",
                "undefined": f"{100 * found.undefined:.0f}",
            }
            more.append(Note("mvpf-draws", shares))
        return self._finding(question, key, value, found.pieces, None, tuple(more))

    def publicly_paid(self) -> tuple[mvpf.Value, ...]:
        """Values for each public dollar; none when no public dollar goes into the program."""
        payers = self.spec.payers()
        costs = [s for s in self.ledger.streams if s.name in self.ledger.costs]
        if not any(s.accounts.get(a) for s in costs for a in payers):
            return ()
        return mvpf.values(self.ledger, payers, self.spec.beneficiaries())

    def not_public(self) -> Refusal:
        """Why there is no value for each public dollar."""
        question = self.estimand("mvpf", "number", "public funds")
        return self._refused(question, self.method("mvpf"), CannotAnswer("ANS-mvpf-not-public"))

    def _finding(
        self,
        question: Estimand,
        key: str,
        value: float,
        pieces: Pieces,
        se: float | None,
        more: tuple[Note, ...],
    ) -> Finding:
        interval = self.interval(pieces)
        return Finding(
            estimand=question,
            value=value,
            interval=interval,
            se=se if interval else None,
            counts=Counts(self.program.people),
            method=self.method(key),
            strength=self.strength,
            caveats=(*more, *self.notes()),
            origin=self.origin,
        )

    def _refused(self, question: Estimand, method: Method, why: CannotAnswer) -> Refusal:
        given = {**why.problems[0].params}
        if "perspective" in given:
            given["perspective"] = english(f"label.who-{given['perspective']}")
        return Refusal(
            estimand=question,
            code=why.code,
            method=method,
            params={k: v for k, v in given.items() if k not in (*why.saw, *why.needs)},
            saw=why.saw,
            needs=why.needs,
            origin=self.origin,
        )

    # -- tables

    def _table(
        self,
        name: str,
        question: Estimand,
        columns: Sequence[Column],
        rows: Sequence[dict[str, Cell]],
        *,
        notes: Sequence[Note] = (),
        strength: Strength | None = None,
    ) -> Table:
        return Table(
            name=name,
            estimand=question,
            columns=(*columns, _PEOPLE),
            rows=tuple({**row, "rests_on": self.program.people} for row in rows),
            dimensions=tuple(Dimension(c.name, False) for c in columns if c.role == "key"),
            method=self.method(name),
            counts=Counts(self.program.people),
            strength=strength or self.strength,
            caveats=(*notes, *self.notes()),
            level=self.ledger.level,
            origin=self.origin,
        )

    def accounts(self) -> Table:
        """A row a perspective: what it gains, what it pays, and what that comes to."""
        made_of = _CELLS if self.dated else ("bcr",)
        rows: list[dict[str, Cell]] = []
        for p in self.perspectives:
            npv = net_present_value(self.ledger, p)
            ends = self.interval(npv.pieces)
            row: dict[str, Cell] = {
                "perspective": p,
                "gains": net_present_value(self.ledger, p, "rest").value,
                "costs": -net_present_value(self.ledger, p, "costs").value + 0.0,
                "npv": npv.value,
                "low": ends.low if ends else None,
                "high": ends.high if ends else None,
            }
            rows.append(row | {k: self._cell(_CELLS[k], p) for k in made_of})
        columns = (
            _KEY,
            Column("gains", "value", "dollars"),
            Column("costs", "value", "dollars"),
            Column("npv", "value", "dollars"),
            Column("low", "low", "dollars"),
            Column("high", "high", "dollars"),
            *(Column(k, "value", _FIGURES[_CELLS[k]][1]) for k in made_of),
        )
        return self._table("returns", self.estimand("returns", "dollars", ""), columns, rows)

    def _cell(self, key: str, perspective: str) -> Cell:
        if perspective not in self.payers:  # there is nothing to get back
            return None
        try:
            return _FIGURES[key][0](self.ledger, perspective).value
        except CannotAnswer:
            return None

    def together(self) -> Table:
        """Net present value when the errors of the years go together not at all, and wholly."""
        rows: list[dict[str, Cell]] = []
        for rho in (0.0, 1.0):
            ledger = self.spec.ledger(rho=rho, n=self.ledger.n, seed=self.ledger.seed)
            for p in self.perspectives:
                npv = net_present_value(ledger, p)
                (low, high) = npv.pieces[0]
                row: dict[str, Cell] = {"together": english(f"label.rho-{rho:g}"), "perspective": p}
                rows.append(row | {"npv": npv.value, "low": low, "high": high})
        columns = (
            Column("together", "key", "text"),
            _KEY,
            Column("npv", "value", "dollars"),
            Column("low", "low", "dollars"),
            Column("high", "high", "dollars"),
        )
        return self._table("rho", self.estimand("rho", "dollars", ""), columns, rows)

    def planes(self, values: Sequence[mvpf.Value]) -> Table:
        """How often gain comes with cost: of society, and of people and the public."""
        gains = self.ledger.flows("society", "rest").at(self.ledger.factors)[1]
        costs = -self.ledger.flows("society", "costs").at(self.ledger.factors)[1]
        found = {"label.plane-society": quadrants(gains, costs)}
        if values and values[0].plane:
            found["label.plane-public"] = values[0].plane
        rows: list[dict[str, Cell]] = [
            {
                "plane": english(key),
                "gain_cost": q.gain_cost,
                "gain_saving": q.gain_saving,
                "loss_cost": q.loss_cost,
                "loss_saving": q.loss_saving,
            }
            for key, q in found.items()
        ]
        names = ("gain_cost", "gain_saving", "loss_cost", "loss_saving")
        columns = (
            Column("plane", "key", "text"),
            *(Column(n, "value", "share") for n in names),
        )
        note = Note("returns-draws", {"n": self.ledger.n})
        question = self.estimand("quadrants", "share", "")
        return self._table("quadrants", question, columns, rows, notes=(note,))

    def tornado(self, perspective: str) -> Table:
        """One parameter at a time, the widest swing first."""
        now = net_present_value(self.ledger, perspective).value
        rows: list[dict[str, Cell]] = [
            {
                "parameter": t.parameter,
                "tried": t.settings,
                "npv": now,
                "npv_low": t.low,
                "npv_high": t.high,
            }
            for t in sensitivity.tornado(self.spec, perspective)
        ]
        columns = (
            Column("parameter", "key", "text"),
            Column("tried", "key", "text"),
            Column("npv", "value", "dollars"),
            Column("npv_low", "value", "dollars"),
            Column("npv_high", "value", "dollars"),
        )
        question = self.estimand("tornado", "dollars", perspective)
        note = Note("returns-one-at-a-time")
        return self._table("tornado", question, columns, rows, notes=(note,), strength="described")

    def wider(self) -> Table:
        """The wider economy: scenario figures, and what they rest on."""
        rows: list[dict[str, Cell]] = [
            {"figure": s.name, "amount": s.value, **_ends(s)}
            for s in sensitivity.wider(self.spec, self.ledger)
        ]
        columns = (
            Column("figure", "key", "text"),
            Column("amount", "value", "dollars"),
            Column("low", "low", "dollars"),
            Column("high", "high", "dollars"),
        )
        notes = [Note("returns-wider")]
        asked = self.spec.file.wider
        for key, p in asked.parameters() if asked else ():
            given = {k: f"{v:g}" for k, v in (("value", p.value), ("low", p.low), ("high", p.high))}
            name = english(f"label.parameter-{key}")
            notes.append(Note("returns-parameter", {"name": name, **given, "source": p.source}))
        if asked and asked.downturn:
            notes.append(Note("returns-downturn", {"source": asked.downturn.source}))
        question = self.estimand("wider", "dollars", "society")
        return self._table("wider", question, columns, rows, notes=notes, strength="described")


def _ends(s: sensitivity.Scenario) -> dict[str, Cell]:
    ranged = not _no_wider(s.low, s.high)
    return {"low": s.low if ranged else None, "high": s.high if ranged else None}


def _no_wider(low: float, high: float) -> bool:
    return math.isfinite(high) and high - low <= 1e-9 * max(abs(low), abs(high))


_CELLS = {"bcr": "bcr", "irr": "irr", "even_year": "break-even-year"}


def answers(
    spec: Spec,
    *,
    perspectives: Sequence[str] = (),
    n: int | None = None,
    seed: int | None = None,
) -> tuple[AnyAnswer, ...]:
    """Everything that follows from a spec, the accounts first.

    Ratios, rates and break-even are told of society and of whoever pays for the program, and of
    every perspective in `perspectives` (names of PERSPECTIVES); of one sum without years, ratios
    alone.
    """
    ledger = spec.ledger(n=n, seed=seed)
    told = Telling(spec, ledger, perspectives)
    made: list[AnyAnswer] = [told.accounts()]
    made += [told.figure("npv", p) for p in told.perspectives]
    if spec.file.perspectives.weights:
        made.append(told.weighted(spec.file.perspectives.weights))
    ratios = _RATIOS if told.dated else ("bcr",)
    made += [told.figure(key, p) for key in ratios for p in told.payers]
    public = told.publicly_paid()
    made += [told.public_value(v) for v in public]
    if ledger.costs and not public:
        made.append(told.not_public())
    if told.sure:
        if spec.open_rho:
            made.append(told.together())
        made.append(told.planes(public))
    swung = told.asked or ("society",)
    tables = [told.tornado(p) for p in PERSPECTIVES if p in swung]
    made += [t for t in tables if t.rows]
    if spec.file.wider:
        made.append(told.wider())
    return tuple(made)


def quick(
    wtp: float,
    cost: float,
    wtp_se: float = 0.0,
    cost_se: float = 0.0,
    correlation: float = 0.0,
    level: float = 0.95,
) -> Finding | Refusal:
    """The marginal value of public funds of two figures, dollars a person."""
    question = Estimand(
        outcome=english("label.mvpf"),
        unit="number",
        population="public funds",
        contrast="",
        summary="mvpf",
        horizon="",
    )
    method = Method(key="mvpf", assumptions=(Note("mvpf-rule"),), sources=_SOURCES["mvpf"])
    given = {"wtp": wtp, "cost": cost, "wtp_se": wtp_se, "cost_se": cost_se, "rho": correlation}
    origin = Origin(inputs=(digest(given),))
    try:
        value, pieces = mvpf.quick(wtp, cost, wtp_se, cost_se, correlation, level)
    except CannotAnswer as why:
        return Refusal(estimand=question, code=why.code, method=method, origin=origin)
    sure = wtp_se > 0 or cost_se > 0
    return Finding(
        estimand=question,
        value=value,
        interval=Interval(pieces, level) if sure else None,
        counts=Counts(0),
        method=method,
        strength="described",
        origin=origin,
    )
