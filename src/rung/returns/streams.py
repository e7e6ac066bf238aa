"""Streams of dollars a person by year, with what is not known about them.

A stream is an estimate for each year since assignment (year 0) and the covariance of its errors.
Everything done to one (prices, decay, projection, discounting) is a linear map of its years, so
the covariance goes through the same map and the streams stay jointly normal: `draws` is the only
place where chance enters. A stream that is a rate of another (a tax on earnings) says so, and its
draws follow its parent's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rung.errors import PlanError, Problem

Array = NDArray[np.float64]

ACCOUNTS = ("participant", "federal", "state", "local", "employer", "funder", "other")
"""Who may gain or lose. They are disjoint: government is federal, state and local together, and
society is the sum of all seven."""

_ROUNDING = 1e-8  # a covariance computed from decimals may miss symmetry or sign by this much


@dataclass(frozen=True, eq=False)
class Stream:
    """Dollars a person in each year, and what one of them is worth to each account.

    `accounts` maps names of ACCOUNTS to what one dollar is worth to them: earnings
    {"participant": 1}, a tax {"participant": -1, "federal": 1}. `estimate` is (years,), index 0
    the year of assignment; `covariance` (years, years), zeros when known exactly. The first
    `observed` years were observed, later ones are scenario. With a `parent` the stream is `rate`
    times that stream, the rate known to a standard error of `rate_se` and independent of it.
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
        if stream.parent is None:
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
