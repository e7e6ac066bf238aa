"""What the answer hangs on: one parameter at a time from low to high, and the wider economy.

Both are scenarios. The tornado moves one setting and leaves the rest; the wider economy adds what
an estimate of effects does not hold (spending, displacement, a downturn), from parameters that
someone chose and said why.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

from rung.errors import PlanError
from rung.messages import english
from rung.returns.perspectives import PERSPECTIVES, Ledger, net_present_value
from rung.returns.settings import Downturn, Parameter, Persistence, Rates
from rung.returns.spec import Spec
from rung.stats.intervals import normal_quantile

EVEN = 0.005  # half a cent: a parameter that moves the answer by less does not move it


@dataclass(frozen=True)
class Tried:
    """One parameter: what it was set to, and the net present value at each setting."""

    parameter: str
    settings: str
    low: float
    high: float


def tornado(spec: Spec, perspective: str = "society") -> tuple[Tried, ...]:
    """Each parameter at its low and its high setting, the widest swing first.

    Estimates with an error go to the ends of their range, the discount rate, the cost, taxes and
    persistence to those of `[ranges]`. What moves nothing is left out.
    """
    made = [t for t in _tried(spec, perspective) if abs(t.high - t.low) > EVEN]
    return tuple(sorted(made, key=lambda t: (-abs(t.high - t.low), t.parameter)))


def _tried(spec: Spec, perspective: str) -> Iterator[Tried]:
    file, ranges = spec.file, spec.file.ranges
    base = spec.ledger(n=2)

    def npv(ledger: Ledger) -> float:
        return net_present_value(ledger, perspective).value

    now = npv(base)

    for stream in base.streams:
        factors = base.factors[: stream.years]
        sd = math.sqrt(max(float(factors @ stream.covariance @ factors), 0.0))
        if stream.parent is None and sd > 0:
            value = float(stream.estimate @ factors)
            reach = normal_quantile(base.level) * sd
            moves = reach * worth(base, stream.name, perspective)
            told = _dollars(value - reach, value + reach)
            yield Tried(stream.name, told, now - moves, now + moves)

    low, high = ranges.discount
    at = [npv(spec.ledger(n=2, rate=r)) for r in (low, high)]
    yield Tried(english("label.tried-discount"), _percent(low, high), *at)

    if file.costs:
        paid = net_present_value(base, perspective, "costs").value
        low, high = ranges.cost
        at = [now + (factor - 1) * paid for factor in (low, high)]
        yield Tried(english("label.tried-cost"), _percent(low, high), *at)

    tax = sum(file.rates.taxes.values()) if file.rates else 0.0
    if file.rates and tax > 0:
        low, high = ranges.tax
        at = [npv(_with_tax(spec, file.rates, t / tax).ledger(n=2)) for t in (low, high)]
        yield Tried(english("label.tried-tax"), _percent(low, high), *at)

    lasts = ranges.persistence or ([0, file.persistence.years] if file.persistence else None)
    if lasts:
        fades = file.persistence.fades if file.persistence else 0.0
        of = file.persistence.of if file.persistence else [file.rates.of] if file.rates else []
        tries = [Persistence(of=of, years=round(y), fades=fades) for y in lasts]
        at = [npv(spec.ledger(n=2, persistence=p)) for p in tries]
        settings = english("label.tried-years", {"low": round(lasts[0]), "high": round(lasts[1])})
        yield Tried(english("label.tried-persistence"), settings, *at)


def _with_tax(spec: Spec, rates: Rates, factor: float) -> Spec:
    tax = {level: rate * factor for level, rate in rates.taxes.items()}
    file = spec.file.model_copy(
        update={"rates": rates.model_copy(update={"tax": tax, "poverty": None})}
    )
    return Spec(spec.given, file)


def worth(ledger: Ledger, name: str, perspective: str) -> float:
    """What a dollar of a stream is worth to a perspective, with all that is a rate of it."""
    stream = next(s for s in ledger.streams if s.name == name)
    own = sum(stream.accounts.get(a, 0.0) for a in PERSPECTIVES[perspective])
    children = [s for s in ledger.streams if s.parent == name]
    return own + sum(c.rate * worth(ledger, c.name, perspective) for c in children)


def _percent(low: float, high: float) -> str:
    return english("label.tried-percent", {"low": f"{100 * low:g}", "high": f"{100 * high:g}"})


def _dollars(low: float, high: float) -> str:
    # to the step that may be told outside too: it is text, which nobody rounds later
    ends = [round(v, -2 if abs(v) >= 1000 else -1) for v in (low, high)]
    said = [f"{'−' if v < 0 else ''}${abs(v):,.0f}" for v in ends]
    return english("label.tried-dollars", {"low": said[0], "high": said[1]})


# -- the wider economy


@dataclass(frozen=True)
class Scenario:
    """A figure that rests on a parameter and not on an estimate: dollars a person."""

    name: str
    value: float
    low: float
    high: float


def wider(spec: Spec, ledger: Ledger) -> tuple[Scenario, ...]:
    """The wider economy: displacement first, then what follows from it.

    Present values a person, each at the parameters given and at the ends of their ranges. Raises
    PlanError (PLAN-no-displacement) without a share displaced, PLAN-spec without its stream.
    """
    asked = spec.file.wider
    if asked is None:
        return ()
    if asked.displacement is None:
        raise PlanError("PLAN-no-displacement")
    earned = next(s for s in ledger.streams if s.name == asked.of)
    added = float(earned.estimate @ ledger.factors[: earned.years])
    npv = {p: net_present_value(ledger, p).value for p in ("society", "participant", "government")}
    tied = {p: worth(ledger, asked.of, p) for p in npv}
    gone, spent, times = asked.displacement, asked.spent, asked.multiplier

    made = [
        _scenario("label.wider-displaced", lambda d: -d * added, gone),
        _scenario("label.wider-tax-base", lambda d: (1 - d) * added, gone),
        _scenario(
            "label.wider-budgets",
            lambda d: npv["government"] - d * tied["government"] * added,
            gone,
        ),
        _scenario(
            "label.wider-society", lambda d: npv["society"] - d * tied["society"] * added, gone
        ),
    ]
    if spent is not None:
        # those who are displaced have less to spend, as those who gain have more
        def spending(d: float, share: float) -> float:
            return share * (npv["participant"] - d * tied["participant"] * added)

        made.append(_scenario("label.wider-spending", spending, gone, spent))
        if times is not None:
            made.append(
                _scenario(
                    "label.wider-activity",
                    lambda d, share, factor: factor * spending(d, share),
                    *(gone, spent, times),
                )
            )
    return (*made, *(_downturn(asked.downturn) if asked.downturn else ()))


def _scenario(name: str, of: Callable[..., float], *parameters: Parameter) -> Scenario:
    """A figure at its parameters, and the lowest and highest at the ends of their ranges."""
    corners = [of(*c) for c in product(*((p.low, p.high) for p in parameters))]
    value = of(*(p.value for p in parameters))
    return Scenario(english(name), value, min(*corners, value), max(*corners, value))


def _downturn(d: Downturn) -> tuple[Scenario, ...]:
    """What each group loses of a year's pay in a downturn, and how much less the one loses."""
    lost, without = -d.pay_with * d.lost_with, -d.pay_without * d.lost_without
    figures = {
        "label.wider-downturn-with": lost,
        "label.wider-downturn-without": without,
        "label.wider-downturn-difference": lost - without,
    }
    return tuple(Scenario(english(k), v, v, v) for k, v in figures.items())
