"""Streams of dollars a person by year, with what is not known about them.

A stream is an estimate for each year since assignment (year 0) and the covariance of its errors.
Everything done to one (prices, decay, projection, discounting) is a linear map of its years, so
the covariance goes through the same map. `draws` is the only place where chance enters; streams are
jointly normal unless no more than stars was published of their errors. A stream that is a rate of
another (a tax on earnings) says so, and its draws follow its parent's.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rung.errors import PlanError, Problem, RecordsError
from rung.records.prices import Prices
from rung.stats.intervals import normal_quantiles

Array = NDArray[np.float64]

ACCOUNTS = ("participant", "federal", "state", "local", "employer", "funder", "other")
"""Who may gain or lose. They are disjoint: government is federal, state and local together, and
society is the sum of all seven."""

_ROUNDING = 1e-8  # a covariance computed from decimals may miss symmetry or sign by this much


@dataclass(frozen=True, eq=False)
class Starred:
    """Estimates of which a range of p is all that was published: each draw takes its own errors.

    `estimate` (k,) and `p` (k ranges) are as published, `rho` the correlation of errors of
    different years, and `to` (years, k) what was done to the published years since: prices,
    decay. An estimate of zero is known exactly. Where p may be as large as 1 the errors have no
    mean square, and their median is taken in every draw.
    """

    estimate: Array
    p: tuple[tuple[float, float], ...]
    rho: float
    to: Array

    @property
    def covariance(self) -> Array:
        """(years, years) of the draws."""
        means, squares = (
            np.array(m) for m in zip(*map(self._moments, range(len(self.p))), strict=True)
        )
        made = self.rho * np.outer(means, means)
        np.fill_diagonal(made, squares)
        return np.asarray(self.to @ made @ self.to.T)

    def _moments(self, year: int) -> tuple[float, float]:
        """The mean of one year's errors over its range of p, and of their squares."""
        low, high = self.p[year]
        errors = _errors(
            self.estimate[year], low + (high - low) * (np.arange(_STEPS) + 0.5) / _STEPS
        )
        if high >= 1:
            middle = float(np.median(errors))
            return middle, middle**2
        return float(errors.mean()), float((errors**2).mean())

    def draws(self, chance: np.random.Generator, n: int) -> Array:
        """(n, years) deviations from the estimate."""
        errors = np.empty((n, len(self.p)))
        for j, (low, high) in enumerate(self.p):
            if high >= 1 or not self.estimate[j]:
                errors[:, j] = self._moments(j)[0]
            else:
                errors[:, j] = se_from_p_range(self.estimate[j], low, high, chance, n)
        spread = root(covariance_of(np.ones(len(self.p)), self.rho))
        shocks = chance.standard_normal((n, spread.shape[1])) @ spread.T
        made: Array = (shocks * errors) @ self.to.T
        return made


_STEPS = 20_000  # of the midpoint rule over p


@dataclass(frozen=True, eq=False)
class Stream:
    """Dollars a person in each year, and what one of them is worth to each account.

    `accounts` maps names of ACCOUNTS to what one dollar is worth to them: earnings
    {"participant": 1}, a tax {"participant": -1, "federal": 1}. `estimate` is (years,), index 0
    the year of assignment; `covariance` (years, years), zeros when known exactly. The first
    `observed` years were observed, later ones are scenario. With a `parent` the stream is `rate`
    times that stream, the rate known to a standard error of `rate_se` and independent of it.
    `starred` says that each draw takes errors of its own, of which `covariance` is the mean.
    Raises PlanError (PLAN-stream-…) when it is not whole.
    """

    name: str
    accounts: Mapping[str, float]
    estimate: Array
    covariance: Array
    observed: int
    source: str
    dollar_year: int | None = None
    parent: str | None = None
    rate: float = field(default=1.0, kw_only=True)
    rate_se: float = field(default=0.0, kw_only=True)
    starred: Starred | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        """Check that years, numbers, covariance and accounts fit together."""
        estimate = np.array(self.estimate, dtype=np.float64)
        covariance = np.array(self.covariance, dtype=np.float64)
        years = estimate.shape[0] if estimate.ndim == 1 else 0
        if not years or covariance.shape != (years, years) or not 0 <= self.observed <= years:
            raise PlanError("PLAN-stream-years", stream=self.name)
        numbers = [*self.accounts.values(), self.rate, self.rate_se]
        if not (np.isfinite(estimate).all() and np.isfinite(numbers).all()):
            raise PlanError("PLAN-stream-number", stream=self.name)
        unknown = [a for a in self.accounts if a not in ACCOUNTS]
        if unknown or not self.accounts:
            raise PlanError(
                Problem(
                    code="PLAN-stream-account",
                    params={"stream": self.name, "account": account, "known": ", ".join(ACCOUNTS)},
                    weight="break",
                )
                for account in unknown or [""]
            )
        if self.rate_se < 0:
            raise PlanError("PLAN-stream-covariance", stream=self.name)
        object.__setattr__(self, "estimate", estimate)
        object.__setattr__(self, "covariance", (covariance + covariance.T) / 2)
        root(covariance, self.name)

    @property
    def years(self) -> int:
        """How many years it has, year 0 included."""
        return int(self.estimate.shape[0])

    @property
    def se(self) -> Array:
        """(years,) standard errors."""
        made: Array = np.sqrt(np.diag(self.covariance).clip(0))
        return made


def known(
    name: str,
    accounts: Mapping[str, float],
    amounts: ArrayLike,
    source: str,
    dollar_year: int | None = None,
) -> Stream:
    """A stream that is known exactly, such as a cost from the books; all its years observed."""
    amount = np.atleast_1d(np.asarray(amounts, dtype=np.float64))
    zeros = np.zeros((amount.size, amount.size))
    return Stream(name, accounts, amount, zeros, amount.size, source, dollar_year)


def derived(
    name: str,
    accounts: Mapping[str, float],
    parent: Stream,
    rate: float,
    rate_se: float = 0.0,
    source: str = "",
) -> Stream:
    """A stream that is a rate of another: fringe benefits, taxes, a cut of transfers.

    With a rate of its own uncertainty, independent of the parent's,
    Var(rX) = r² Σ + s² (Σ + μμ′) (Goodman 1960).
    """
    mean, cov = parent.estimate, parent.covariance
    return Stream(
        name,
        accounts,
        rate * mean,
        rate**2 * cov + rate_se**2 * (cov + np.outer(mean, mean)),
        parent.observed,
        source or parent.source,
        parent.dollar_year,
        parent.name,
        rate=rate,
        rate_se=rate_se,
    )


RHOS = (0.0, 1.0)
"""How errors of different years go together when nobody published it: both are shown."""


def covariance_of(se: ArrayLike, rho: float) -> Array:
    """(years, years) covariance of standard errors (years,) with one correlation between years.

    A sum over years has the smallest standard error at ρ = 0 and the largest at ρ = 1 where its
    weights have one sign, as discount factors do.
    """
    errors = np.atleast_1d(np.asarray(se, dtype=np.float64))
    if not (np.isfinite(errors).all() and (errors >= 0).all() and 0 <= rho <= 1):
        raise PlanError("PLAN-stream-covariance", stream="")
    made: Array = np.outer(errors, errors) * (rho + (1 - rho) * np.eye(errors.size))
    return made


def se_from_p_range(
    estimate: float, low: float, high: float, seed: int | np.random.Generator, n: int = 1
) -> Array:
    """(n,) standard errors of an estimate published with no more than a range of its p-value.

    Three stars say 0 < p < 0.01: p is drawn uniformly from the range and
    SE = |estimate| / Φ⁻¹(1 − p/2) (Hendren and Sprung-Keyser 2020). Each draw of the estimate may
    take its own. Raises PlanError (PLAN-p-range) when 0 ≤ low < high ≤ 1 does not hold, or the
    estimate is zero: a p then says nothing of its error.
    """
    if not (0 <= low < high <= 1) or estimate == 0 or not np.isfinite(estimate):
        raise PlanError("PLAN-p-range")
    # random() is in [0, 1): one minus it keeps p above zero when the range begins there
    return _errors(estimate, low + (high - low) * (1 - np.random.default_rng(seed).random(n)))


def _errors(estimate: float, p: Array) -> Array:
    made: Array = abs(estimate) / normal_quantiles(1 - np.minimum(p, 1 - 1e-12))
    return made


def in_dollars_of(stream: Stream, prices: Prices, year: int, *, first: int | None = None) -> Stream:
    """The stream in dollars of one year, by a price index.

    With `first`, the calendar year of year 0, each amount is in dollars of its own year; without,
    all are in dollars of the stream's `dollar_year`. Raises PlanError (PLAN-stream-dollars) when
    neither is known, PLAN-no-price when the index lacks a year.
    """
    _alone(stream)
    if first is None and stream.dollar_year is None:
        raise PlanError("PLAN-stream-dollars", stream=stream.name)
    own = [stream.dollar_year if first is None else first + t for t in range(stream.years)]
    base = prices.of_year(year)
    factor = {y: float(base / prices.of_year(y)) for y in set(own) if y is not None}
    made = _mapped(stream, np.diag([factor[y] for y in own if y is not None]), stream.observed)
    return replace(made, dollar_year=year)


# -- after the last observed year: scenarios, as shares of the last observed effect


def constant(years: int) -> Array:
    """(years,) the effect lasts so many years more, then ends."""
    return np.ones(years)


def linear(years: int) -> Array:
    """(years,) the effect shrinks by the same amount each year, to nothing in the last of them."""
    return 1 - np.arange(1, years + 1) / years if years else np.ones(0)


def exponential(years: int, fades: float) -> Array:
    """(years,) the effect loses a share of what is left each year."""
    made: Array = np.power(1.0 - fades, np.arange(1.0, years + 1))
    return made


@dataclass(frozen=True)
class Profile:
    """Mean earnings by age, from a table of the user's; between two ages on a straight line."""

    ages: tuple[float, ...]
    levels: tuple[float, ...]

    @classmethod
    def read(cls, file: Path) -> Self:
        """A CSV with `age` and `level`; RecordsError (REC-no-file, REC-no-column, REC-profile)."""
        if not file.is_file():
            raise RecordsError("REC-no-file", file=file.name)
        try:
            with file.open(encoding="utf-8-sig", newline="") as f:
                rows = sorted((float(r["age"]), float(r["level"])) for r in csv.DictReader(f))
        except KeyError as e:
            raise RecordsError("REC-no-column", table=file.name, column=str(e.args[0])) from e
        except (ValueError, TypeError) as e:
            raise RecordsError("REC-profile", file=file.name) from e
        ages, levels = tuple(a for a, _ in rows), tuple(v for _, v in rows)
        if not rows or len(set(ages)) < len(ages) or not all(0 < v < np.inf for v in levels):
            raise RecordsError("REC-profile", file=file.name)
        return cls(ages, levels)

    def shares(self, age: float, years: int, growth: float = 0.0) -> Array:
        """(years,) what the effect of someone of `age` becomes when it stays the same share of pay.

        `age` is that of the last observed year; `growth` is of real pay at a given age, a year.
        Raises PlanError (PLAN-profile-age) past the ages of the table: none is guessed.
        """
        if not self.ages[0] <= age <= age + years <= self.ages[-1]:
            raise PlanError(
                "PLAN-profile-age", first=self.ages[0], last=self.ages[-1], age=age + years
            )
        at = np.interp(age + np.arange(years + 1), self.ages, self.levels)
        made: Array = at[1:] / at[0] * np.power(1.0 + growth, np.arange(1.0, years + 1))
        return made


def prolonged(stream: Stream, shares: ArrayLike, *, anchor: int = 1) -> Stream:
    """The stream with years after its observed ones, each a share of the last observed effect.

    The shares may be a product: `profile.shares(30, 10) * exponential(10, 0.1)`; none at all is
    "nothing after what was observed". With `anchor` over 1 the mean of so many last observed
    years goes on instead of one year. Later years that the stream had are replaced. The error of
    what goes on is that of the anchor; that the scenario itself may be wrong is in no error.
    """
    _alone(stream)
    after: Array = np.atleast_1d(np.asarray(shares, dtype=np.float64))
    seen = stream.observed
    if not 1 <= anchor <= seen:
        raise PlanError("PLAN-stream-years", stream=stream.name)
    keep = np.eye(seen, stream.years)
    last = keep[seen - anchor : seen].mean(axis=0)
    return _mapped(stream, np.vstack([keep, np.outer(after, last)]), seen)


def _mapped(stream: Stream, to: Array, observed: int) -> Stream:
    """The stream after a linear map of its years; its covariance goes through the same map."""
    starred = stream.starred
    return replace(
        stream,
        estimate=to @ stream.estimate,
        covariance=to @ stream.covariance @ to.T,
        observed=observed,
        starred=starred and replace(starred, to=to @ starred.to),
    )


def _alone(stream: Stream) -> None:
    if stream.parent is not None:  # it would no longer be a rate of what its parent is
        raise PlanError("PLAN-stream-follows", stream=stream.name, parent=stream.parent)


def root(covariance: ArrayLike, name: str = "") -> Array:
    """(years, rank) matrix R with R R′ = covariance; it may be singular, as ρ = 1 makes it.

    Raises PlanError (PLAN-stream-covariance) when it is not symmetric or no covariance at all.
    """
    matrix = np.asarray(covariance, dtype=np.float64)
    size = float(np.abs(matrix).max(initial=0.0))
    if not np.isfinite(size) or np.abs(matrix - matrix.T).max(initial=0.0) > _ROUNDING * size:
        raise PlanError("PLAN-stream-covariance", stream=name)
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    if values.min(initial=0.0) < -_ROUNDING * max(size, 1e-300) * len(matrix):
        raise PlanError("PLAN-stream-covariance", stream=name)
    kept = values > _ROUNDING**2 * size
    made: Array = vectors[:, kept] * np.sqrt(values[kept])
    return made


def draws(streams: Sequence[Stream], n: int, seed: int) -> Array:
    """(n, streams, years) joint draws; a stream with fewer years has zeros after its last.

    Streams are independent of each other unless one is a rate of another: then it is that
    stream's draw times a draw of the rate. A stream's draws rest on the seed and its name alone,
    so adding or leaving out another stream does not move them.
    Raises PlanError (PLAN-stream-twice, PLAN-stream-parent).
    """
    order = _parents_first(streams)
    made = np.zeros((n, len(streams), max((s.years for s in streams), default=0)))
    place = {s.name: i for i, s in enumerate(streams)}
    for stream in order:
        chance = np.random.default_rng([seed, _number(stream.name)])
        here = made[:, place[stream.name], : stream.years]
        if stream.starred is not None:
            here[:] = stream.estimate + stream.starred.draws(chance, n)
        elif stream.parent is None:
            spread = root(stream.covariance, stream.name)
            here[:] = stream.estimate + chance.standard_normal((n, spread.shape[1])) @ spread.T
        else:
            rate = stream.rate + stream.rate_se * chance.standard_normal((n, 1))
            here[:] = rate * made[:, place[stream.parent], : stream.years]
    return made


def _number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")


def _parents_first(streams: Sequence[Stream]) -> list[Stream]:
    """The streams, each after the one it is a rate of."""
    names = [s.name for s in streams]
    for name in names:
        if names.count(name) > 1:
            raise PlanError("PLAN-stream-twice", stream=name)
    done: list[Stream] = [s for s in streams if s.parent is None]
    left = [s for s in streams if s.parent is not None]
    while left:
        ready = [s for s in left if any(s.parent == d.name for d in done)]
        if not ready:
            raise PlanError("PLAN-stream-parent", stream=left[0].name, parent=left[0].parent)
        done += ready
        left = [s for s in left if s not in ready]
    return done
