"""What it is worth, to whom: present values, ratios, rates of return and when they break even.

A ledger holds the streams and the draws of them; a perspective is a weight on each account, so
that society is the sum of the accounts by construction. Every figure is made from the same joint
draws. `costs` names the streams that are what the program takes; the rest is what comes of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rung.errors import CannotAnswer
from rung.returns.streams import ACCOUNTS, Stream, draws
from rung.stats.intervals import normal_quantile
from rung.stats.ratio import Pieces, fieller

Array = NDArray[np.float64]
Part = Literal["all", "costs", "rest"]

GOVERNMENT = ("federal", "state", "local")
PERSPECTIVES: Mapping[str, tuple[str, ...]] = {
    "society": ACCOUNTS,
    "participant": ("participant",),
    "government": GOVERNMENT,
    **{level: (level,) for level in GOVERNMENT},
    "employer": ("employer",),
    "funder": ("funder",),
    "other": ("other",),
}
"""Who is asked, and the accounts they have. Government and society are sums of others."""

_RATES = np.linspace(-7.0, 7.0, 2801)  # log of 1 + rate: from −99.9 % to more than 100,000 % a year


@dataclass(frozen=True)
class Estimate:
    """A figure and the values that the draws, or a set made from them, allow."""

    value: float
    pieces: Pieces
    se: float | None = None


@dataclass(frozen=True)
class Rate(Estimate):
    """An internal rate of return; the shares of draws that have none, or several."""

    none: float = 0.0
    several: float = 0.0


@dataclass(frozen=True, eq=False)
class Flows:
    """Dollars a person in each year: (years,) as estimated, (n, years) as drawn."""

    expected: Array
    drawn: Array

    def at(self, factors: Array) -> tuple[float, Array]:
        """The present value, and (n,) present values of the draws."""
        return float(self.expected @ factors), self.drawn @ factors


@dataclass(frozen=True, eq=False)
class Ledger:
    """Streams, what they are discounted at, and how many draws are taken.

    `rate` is real and a year; the first year of the streams is discounted `first_year` times
    (0: not at all). `level` is that of every range.
    """

    streams: tuple[Stream, ...]
    costs: frozenset[str]
    rate: float = 0.03
    first_year: float = 0
    n: int = 1000
    seed: int = 1
    level: float = 0.95

    @cached_property
    def years(self) -> int:
        """Years that any stream has."""
        return max(s.years for s in self.streams)

    @cached_property
    def observed(self) -> int:
        """Years that were observed of what comes of the program; later ones are scenario."""
        return max((s.observed for s in self.streams if s.name not in self.costs), default=0)

    @cached_property
    def _expected(self) -> Array:
        made = np.zeros((len(self.streams), self.years))
        for row, stream in zip(made, self.streams, strict=True):
            row[: stream.years] = stream.estimate
        return made

    @cached_property
    def _drawn(self) -> Array:
        return draws(self.streams, self.n, self.seed)

    @cached_property
    def factors(self) -> Array:
        """(years,) what a dollar of each year is worth today."""
        return discounts(self.years, self.rate, self.first_year)

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts that anything is entered in."""
        return tuple(a for a in ACCOUNTS if any(s.accounts.get(a) for s in self.streams))

    def bears_cost(self, perspective: str) -> bool:
        """Whether any of the program's cost is paid from this perspective's accounts."""
        mine = PERSPECTIVES[perspective]
        return any(s.accounts.get(a) for s in self.streams if s.name in self.costs for a in mine)

    def flows(
        self,
        perspective: str = "society",
        part: Part = "all",
        weights: Mapping[str, float] | None = None,
    ) -> Flows:
        """What the accounts of a perspective get in each year; `weights` counts some more."""
        mine = PERSPECTIVES[perspective]
        load = np.zeros(len(self.streams))
        for i, stream in enumerate(self.streams):
            if part == "all" or (stream.name in self.costs) == (part == "costs"):
                worth = ((a, stream.accounts.get(a, 0.0)) for a in mine)
                load[i] = sum((weights or {}).get(a, 1.0) * w for a, w in worth)
        return Flows(load @ self._expected, np.tensordot(self._drawn, load, axes=([1], [0])))

    def range(self, drawn: Array) -> tuple[float, float]:
        """The middle share of the draws."""
        tail = (1 - self.level) / 2
        # unbounded draws have no mean of neighbours: the nearest draw is taken
        low, high = np.quantile(drawn, [tail, 1 - tail], method="inverted_cdf")
        return float(low), float(high)


def discounts(years: int, rate: float, first_year: float = 0) -> Array:
    """(years,) 1 / (1 + rate)^(t + first_year)."""
    made: Array = np.power(1.0 + rate, -(np.arange(years) + first_year), dtype=np.float64)
    return made


def net_present_value(
    ledger: Ledger,
    perspective: str = "society",
    part: Part = "all",
    weights: Mapping[str, float] | None = None,
) -> Estimate:
    """Dollars of today a person: all that is gained less all that is paid."""
    value, drawn = ledger.flows(perspective, part, weights).at(ledger.factors)
    return Estimate(value, (ledger.range(drawn),), _spread(drawn))


def _spread(drawn: Array) -> float:
    return float(drawn.std(ddof=1)) if drawn.size > 1 else 0.0


def benefit_cost(ledger: Ledger, perspective: str = "society") -> Estimate:
    """Benefits a dollar of cost: net of everything else that comes of it, over the program's cost.

    The range is Fieller's set. CannotAnswer when the perspective pays nothing for the program
    (ANS-no-cost).
    """
    gain, gains = ledger.flows(perspective, "rest").at(ledger.factors)
    paid, pays = ledger.flows(perspective, "costs").at(ledger.factors)
    if paid >= 0:
        raise CannotAnswer("ANS-no-cost", perspective=perspective)
    pieces = fieller(gain, -paid, *moments(gains, -pays), level=ledger.level)
    return Estimate(gain / -paid, pieces)


def moments(a: Array, b: Array) -> tuple[float, float, float]:
    """Variances and covariance of two columns of draws; what never varies has exactly none."""
    cov = np.cov(a, b) if a.size > 1 else np.zeros((2, 2))
    still = np.array([np.ptp(x) <= 1e-12 * max(abs(float(x[0])), 1.0) for x in (a, b)])
    cov[still, :] = cov[:, still] = 0.0
    return float(cov[0, 0]), float(cov[1, 1]), float(cov[0, 1])


# -- the rate of return


def rates_of(flows: Array) -> list[float]:
    """Every rate above −100 % that makes (years,) flows worth nothing; empty when there is none."""
    found = np.trim_zeros(np.asarray(flows, dtype=np.float64))
    if found.size < 2:
        return []
    roots = np.roots(found[::-1])  # in x = 1/(1 + rate)
    real = roots[np.abs(roots.imag) <= 1e-7 * np.abs(roots)].real
    rates: list[float] = []
    for x in sorted(real[real > 0], reverse=True):
        better = _polished(found, float(x))
        if not rates or abs(1 / better - 1 - rates[-1]) > 1e-6:
            rates.append(1 / better - 1)
    return rates


def _polished(flows: Array, x: float) -> float:
    """A few steps of Newton's from a root that came from eigenvalues."""
    falling = flows[::-1]
    slope = np.polyder(falling)
    for _ in range(3):
        steep = float(np.polyval(slope, x))
        near = x - float(np.polyval(falling, x)) / steep if steep else x
        if not near > 0 or abs(near - x) > 1e-3 * x:
            break
        x = near
    return x


def _powers(years: int) -> Array:
    made: Array = np.exp(-np.outer(_RATES, np.arange(years)))
    return made


def how_many_rates(flows: Array) -> NDArray[np.int64]:
    """(n,) for each row of (n, years) flows: how many rates make it worth nothing (2: several).

    By Descartes' rule no change of sign means none and one change means one. Where there are
    more, the present value's own changes of sign are counted over a fine grid of rates.
    """
    changes = _changes(flows)
    count = np.minimum(changes, 1)
    more = changes > 1
    if more.any():
        count[more] = np.minimum(_changes(flows[more] @ _powers(flows.shape[1]).T), 2)
    return count


def _changes(rows: Array) -> NDArray[np.int64]:
    """Changes of sign along each row; zeros are passed over."""
    signs = np.sign(rows)
    where = np.where(signs != 0, np.arange(rows.shape[1]), 0)
    carried = np.take_along_axis(signs, np.maximum.accumulate(where, axis=1), axis=1)
    made: NDArray[np.int64] = (carried[:, 1:] * carried[:, :-1] < 0).sum(axis=1)
    return made


def internal_rate(ledger: Ledger, perspective: str = "society") -> Rate:
    """The rate of discount at which what is gained equals what is paid.

    The range is every rate at which the present value is not told from zero; it may be unbounded,
    or in pieces. CannotAnswer when no rate does it (ANS-no-irr) or several do (ANS-many-irr).
    """
    flows = ledger.flows(perspective)
    counts = how_many_rates(flows.drawn)
    none, several = float((counts == 0).mean()), float((counts == 2).mean())
    found = rates_of(flows.expected)
    if not found:
        raise CannotAnswer("ANS-no-irr", perspective=perspective)
    if len(found) > 1:
        raise CannotAnswer("ANS-many-irr", saw={"rates": f"{len(found)}"}, perspective=perspective)
    return Rate(found[0], _rates_allowed(flows, found[0], ledger.level), None, none, several)


def _rates_allowed(flows: Flows, rate: float, level: float) -> Pieces:
    """Every rate at which the present value is within z standard errors of zero."""
    if flows.drawn.shape[0] < 2 or np.ptp(flows.drawn, axis=0).max() == 0:
        return ((rate, rate),)
    z2 = normal_quantile(level) ** 2
    cov = np.atleast_2d(np.cov(flows.drawn, rowvar=False))
    years = np.arange(flows.expected.size)

    def excess(at: Array) -> Array:
        x = np.exp(-np.outer(at, years))
        made: Array = (x @ flows.expected) ** 2 - z2 * np.einsum("gi,ij,gj->g", x, cov, x)
        return made

    at = np.sort(np.append(_RATES, math.log1p(rate)))
    inside = excess(at) <= 0
    inside[np.searchsorted(at, math.log1p(rate))] = True
    edges = np.flatnonzero(np.diff(inside.astype(int)))
    ends = [_edge(excess, at[i], at[i + 1], bool(inside[i])) for i in edges]
    bounds = [math.expm1(e) for e in ends]
    if inside[0]:
        bounds.insert(0, -1.0)
    if inside[-1]:
        bounds.append(math.inf)
    return tuple(zip(bounds[::2], bounds[1::2], strict=True))


def _edge(excess: Callable[[Array], Array], low: float, high: float, inside: bool) -> float:
    for _ in range(60):
        middle = (low + high) / 2
        if bool(excess(np.array([middle]))[0] <= 0) == inside:
            low = middle
        else:
            high = middle
    return (low + high) / 2


# -- when it breaks even


def break_even_year(ledger: Ledger, perspective: str = "society") -> Estimate:
    """The first year from which what was gained so far is never again under what was paid.

    Year 0 is the first; present values. In a draw that does not break even within the years there
    are, it is unbounded. CannotAnswer (ANS-no-break-even) when the estimate itself does not.
    """
    flows = ledger.flows(perspective)
    year = _years_even(np.cumsum(flows.expected * ledger.factors)[None, :])[0]
    if math.isinf(year):
        years = {"years": f"{ledger.years}"}
        raise CannotAnswer("ANS-no-break-even", saw=years, perspective=perspective)
    drawn = _years_even(np.cumsum(flows.drawn * ledger.factors, axis=1))
    return Estimate(float(year), (ledger.range(drawn),))


def _years_even(total: Array) -> Array:
    """(n,) the year after the last one under zero; unbounded when that is the last there is."""
    tiny = 1e-9 * np.abs(total).max(axis=1, initial=1.0, keepdims=True)
    under = total < -tiny
    last = np.where(under.any(axis=1), total.shape[1] - 1 - np.argmax(under[:, ::-1], axis=1), -1)
    return np.where(last == total.shape[1] - 1, np.inf, last + 1.0)


def break_even_persistence(ledger: Ledger, perspective: str = "society") -> Estimate:
    """How many more years the last observed year's effect would have to last to break even.

    Only what was observed counts; the effect of its last year (all that comes of the program but
    its cost) stays as it is for so many years. 0 when that is not needed. Raises CannotAnswer
    (ANS-no-persistence) when no number of years is enough.
    """
    paid, rest = (ledger.flows(perspective, part) for part in ("costs", "rest"))
    seen = ledger.observed
    if not seen:
        raise CannotAnswer("ANS-no-persistence", perspective=perspective)

    def years(costs: Array, gains: Array) -> Array:
        so_far = costs @ ledger.factors + gains[:, :seen] @ ledger.factors[:seen]
        last = gains[:, seen - 1] * ledger.factors[seen - 1]
        with np.errstate(divide="ignore", invalid="ignore"):
            need = np.where(last > 0, -so_far / last, np.inf)  # in last years, undiscounted
            if ledger.rate:
                left = -need * ledger.rate
                need = np.where(left > -1, -np.log1p(left) / math.log1p(ledger.rate), np.inf)
        made: Array = np.where(so_far >= 0, 0.0, need)
        return made

    value = float(years(paid.expected[None, :], rest.expected[None, :])[0])
    if math.isinf(value):
        raise CannotAnswer("ANS-no-persistence", perspective=perspective)
    return Estimate(value, (ledger.range(years(paid.drawn, rest.drawn)),))


# -- how often, and for whom


@dataclass(frozen=True)
class Quadrants:
    """Shares of draws on the plane of gain and cost; on an axis counts as gain, and as no cost."""

    gain_cost: float
    gain_saving: float
    loss_cost: float
    loss_saving: float


def quadrants(gains: Array, costs: Array) -> Quadrants:
    """Where (n,) draws of gain and of net cost fall."""
    gain, dear = gains >= 0, costs > 0
    shares = (gain & dear, gain & ~dear, ~gain & dear, ~gain & ~dear)
    return Quadrants(*(float(s.mean()) for s in shares))


def income_weights(
    incomes: Mapping[str, float], reference: float, elasticity: float
) -> dict[str, float]:
    """What a dollar is worth to each account's people: (reference / income)^elasticity.

    1 where no income is given. Source: HM Treasury (2022), annex 3.
    """
    return {a: (reference / income) ** elasticity for a, income in incomes.items()}


def shown(ledger: Ledger, asked: Sequence[str] = (), unsplit: bool = False) -> tuple[str, ...]:
    """The perspectives to tell of: those asked for, or society and every account in use.

    Government stands for its levels; they stand beside it unless the ledger has government
    `unsplit`.
    """
    if asked:
        return tuple(p for p in PERSPECTIVES if p in asked)
    used = set(ledger.accounts)
    levels = [level for level in GOVERNMENT if level in used]
    hide = set(GOVERNMENT) if unsplit or len(levels) < 2 else set()
    return tuple(
        p
        for p, accounts in PERSPECTIVES.items()
        if p == "society" or (used.intersection(accounts) and p not in hide)
    )
