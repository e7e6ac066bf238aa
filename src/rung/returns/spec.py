"""SPEC.toml: what a program costs and what comes of it, written so that a manager can read it.

    [program]       name, people the figures rest on, dollar_year, design, published
    [[costs]]       name, paid_by, per_year (how sure, as in streams)
    [[streams]]     name, accounts, per_year; se or stars with rho, or covariance; observed;
                    dollar_year when it is not that of the program
    [[derived]]     name, of, rate (se), accounts: a rate of another stream
    [rates]         of, tax or poverty, fringe, benefits_lost: the usual rates of earnings
    [discount]      rate, first_year
    [draws]         n, seed, level
    [persistence]   of, years, fades: how long the last observed year goes on (a scenario)
    [perspectives]  show, and weights by income: elasticity, reference, income
    [reported]      society: a published total; what its accounts leave open is `other`
    [mvpf]          payers, beneficiaries
    [wider]         the wider economy (a scenario): displacement is never left out
    [ranges]        what the tornado tries: discount, cost, rates, persistence

Unknown keys are refused. All that is wrong is told at once, with its place. Accounts are those of
`streams.ACCOUNTS`, or `government` where a publication does not say which level.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from pydantic import ValidationError

from rung.documents import digest
from rung.errors import PlanError, Problem, RecordsError
from rung.messages import english, sentence
from rung.records.prices import Prices
from rung.returns.perspectives import PERSPECTIVES, Ledger, net_present_value
from rung.returns.settings import (
    UNSPLIT,
    Benefit,
    Cost,
    Derived,
    Money,
    Persistence,
    Perspective,
    Rates,
    Whole,
)
from rung.returns.streams import (
    ACCOUNTS,
    Array,
    Starred,
    Stream,
    covariance_of,
    derived,
    exponential,
    in_dollars_of,
    known,
    prolonged,
)

ENTERED = "federal"  # where dollars of an unsplit government are entered; its levels are not shown
STARS = {"***": (0.0, 0.01), "**": (0.01, 0.05), "*": (0.05, 0.1), "": (0.1, 1.0)}  # of p


@dataclass(frozen=True)
class Spec:
    """A SPEC.toml that was read and checked: `given` as written, `file` with its defaults."""

    given: Mapping[str, Any]
    file: Whole

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file; RecordsError (REC-no-file), PlanError (PLAN-spec-toml, PLAN-spec)."""
        if not path.is_file():
            raise RecordsError("REC-no-file", file=path.name)
        try:
            text = path.read_text("utf-8-sig")
        except UnicodeDecodeError as e:
            raise PlanError("PLAN-spec-toml", place="") from e
        return cls.parse(text)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read text; PlanError (PLAN-spec-toml) when it is not TOML, otherwise as `of`."""
        try:
            given = tomllib.loads(text)
        except tomllib.TOMLDecodeError as e:
            found = str(e).rpartition("(at ")[2].rstrip(")")
            near = sentence("label.spec-near", {"place": found}) if found != str(e) else ""
            raise PlanError("PLAN-spec-toml", place=near) from e
        return cls.of(given)

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """Check what was written; PlanError (PLAN-spec, …) with everything that is wrong."""
        try:
            file = Whole.model_validate(dict(given))
        except ValidationError as e:
            raise PlanError([_wrong(_place(x["loc"]), _kind(x["type"])) for x in e.errors()]) from e
        made = cls(given, file)
        problems = _unfit(file)
        if not problems:
            try:
                made.streams()
            except PlanError as e:
                problems = list(e.problems)
        if problems:
            raise PlanError(problems)
        return made

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what was written."""
        return digest(_plain(self.given))

    @property
    def seed(self) -> int:
        """The seed given, or one from the digest: the same question has the same draws."""
        given = self.file.draws.seed
        return int(self.digest[:12], 16) if given is None else given

    @property
    def unsplit(self) -> bool:
        """Whether some dollars are the government's without a level."""
        named: list[Iterable[str]] = [c.paid_by for c in self.file.costs]
        named += [s.accounts for s in self.file.streams]
        named += [d.accounts for d in self.file.derived]
        rates = self.file.rates
        if rates is not None:
            named += [rates.taxes, rates.benefits_lost]
        return any(UNSPLIT in a for a in named)

    @property
    def open_rho(self) -> bool:
        """Whether some errors are told year by year, but not how they go together."""
        return any(
            m.rho is None and sum(v != 0 for v in m.se or (m.per_year if m.stars else ())) > 1
            for m in (*self.file.costs, *self.file.streams)
        )

    @property
    def scenario(self) -> bool:
        """Whether some years were not observed."""
        return any(s.observed < s.years for s in self.streams())

    def payers(self) -> tuple[str, ...]:
        """Accounts whose dollar is the public's."""
        return _union(self.file.mvpf.payers)

    def beneficiaries(self) -> tuple[str, ...]:
        """Accounts whose gain is what people would pay for."""
        return _union(self.file.mvpf.beneficiaries)

    def streams(
        self, rho: float = 1.0, persistence: Persistence | None = None
    ) -> tuple[Stream, ...]:
        """The streams, costs first. `rho` stands where the file leaves it open."""
        lasts = persistence or self.file.persistence
        year = self.file.program.dollar_year
        made: list[Stream] = []
        problems: list[Problem] = []
        parts: list[Cost | Benefit] = [*self.file.costs, *self.file.streams]
        for part in parts:
            try:
                made.append(_stream(part, year, rho, lasts))
            except PlanError as e:
                problems.extend(e.problems)
        if problems:
            raise PlanError(problems)
        made += _of_others(made, [*self.file.derived, *_usual(self.file.rates)])
        if self.file.reported:
            made += self._unexplained(made, self.file.reported.society)
        return tuple(made)

    @property
    def unexplained(self) -> bool:
        """Whether a published total is not the sum of its published accounts."""
        return any(s.name == english("label.returns-unexplained") for s in self.streams())

    def _unexplained(self, made: list[Stream], society: float) -> list[Stream]:
        """What a published total has beyond its published accounts; rounding is no account."""
        ledger = self._ledger(tuple(made), self.file.discount.rate, 2, 1)
        left = society - net_present_value(ledger).value
        if abs(left) < len(made) / 2 + 0.5:  # each was printed to the dollar, and so was the total
            return []
        today = (1 + ledger.rate) ** ledger.first_year
        return [known(english("label.returns-unexplained"), {"other": 1.0}, [left * today], "")]

    def ledger(
        self,
        *,
        rho: float = 1.0,
        rate: float | None = None,
        persistence: Persistence | None = None,
        n: int | None = None,
        seed: int | None = None,
    ) -> Ledger:
        """The ledger of this file, with some of its settings changed."""
        return self._ledger(
            self.streams(rho, persistence),
            self.file.discount.rate if rate is None else rate,
            self.file.draws.n if n is None else n,
            self.seed if seed is None else seed,
        )

    def _ledger(self, streams: tuple[Stream, ...], rate: float, n: int, seed: int) -> Ledger:
        return Ledger(
            streams=streams,
            costs=frozenset(c.name for c in self.file.costs),
            rate=rate,
            first_year=self.file.discount.first_year,
            n=n,
            seed=seed,
            level=self.file.draws.level,
        )


def _union(perspectives: list[Perspective]) -> tuple[str, ...]:
    found = {a for p in perspectives for a in PERSPECTIVES[p]}
    return tuple(a for a in ACCOUNTS if a in found)


def _entered(accounts: Mapping[str, float]) -> dict[str, float]:
    """Accounts of the ledger: an unsplit government is entered under one of its levels."""
    made: dict[str, float] = {}
    for name, worth in accounts.items():
        account = ENTERED if name == UNSPLIT else name
        made[account] = made.get(account, 0.0) + worth
    return made


def _stream(part: Cost | Benefit, year: int, rho: float, lasts: Persistence | None) -> Stream:
    """One part of the file as a stream: a cost is paid, a benefit may go on."""
    estimate = np.array(part.per_year)
    years = estimate.size
    covariance: Array = np.zeros((years, years))
    together = rho if part.rho is None else part.rho
    starred = None
    if part.covariance is not None:
        covariance = np.array(part.covariance)
    elif part.se is not None:
        covariance = covariance_of(part.se, together)
    elif part.stars is not None:
        ranges = tuple(STARS[s] for s in part.stars)
        starred = Starred(estimate, ranges, together, np.eye(years))
        covariance = starred.covariance
    if isinstance(part, Cost):
        accounts = {a: -share for a, share in _entered(part.paid_by).items()}
        seen = years
    else:
        accounts = _entered(part.accounts)
        seen = years if part.observed is None else part.observed
    own = part.dollar_year or year
    made = Stream(
        part.name, accounts, estimate, covariance, seen, part.source, own, starred=starred
    )
    if own != year:
        made = in_dollars_of(made, Prices.packaged(), year)
    if lasts is None or part.name not in lasts.of or not lasts.years:
        return made
    return prolonged(made, exponential(lasts.years, lasts.fades))


def _usual(rates: Rates | None) -> list[Derived]:
    """Taxes, fringe and lost benefits as rates of earnings."""
    if rates is None:
        return []

    def rate(name: str, value: float, accounts: dict[str, float]) -> Derived:
        return Derived(
            name=english(name), of=rates.of, rate=value, accounts=accounts, source=rates.source
        )

    made = [
        rate(f"label.tax-{level}", value, {"participant": -1.0, level: 1.0})
        for level, value in rates.taxes.items()
    ]
    if rates.fringe is not None:
        made.append(rate("label.fringe", rates.fringe, {"participant": 1.0}))
    made += [
        rate(f"label.benefits-lost-{level}", value, {"participant": -1.0, level: 1.0})
        for level, value in rates.benefits_lost.items()
    ]
    return made


def _of_others(made: list[Stream], asked: list[Derived]) -> list[Stream]:
    """The derived streams, each after the one it is a rate of."""
    found: dict[str, Stream] = {s.name: s for s in made}
    left = list(asked)
    while left:
        ready = [d for d in left if d.of in found]
        if not ready:
            raise PlanError("PLAN-stream-parent", stream=left[0].name, parent=left[0].of)
        for d in ready:
            accounts = _entered(d.accounts)
            found[d.name] = derived(d.name, accounts, found[d.of], d.rate, d.se, d.source)
        left = [d for d in left if d not in ready]
    return list(found.values())[len(made) :]


# -- what is wrong


_KINDS = {
    "missing": "missing",
    "extra_forbidden": "unknown",
    "account": "account",
    "shares": "shares",
    "order": "order",
    "literal_error": "choice",
    "too_short": "length",
    "too_long": "length",
    "list_type": "list",
    "string_type": "text",
    "model_type": "section",
    "dict_type": "section",
}


def _kind(error: str) -> str:
    if error.startswith(("greater_than", "less_than")):
        return "range"
    if error.startswith(("float", "int", "finite")):
        return "number"
    return _KINDS.get(error, "other")


def _place(where: tuple[int | str, ...]) -> tuple[str, str]:
    """The section and the key as they are written: streams[2], se[1]."""
    parts: list[str] = []
    for each in where:
        if isinstance(each, int):
            parts[-1] += f"[{each + 1}]"
        elif each not in ("[key]",):
            parts.append(each)
    return parts[0], ".".join(parts[1:])


def _wrong(place: tuple[str, str], kind: str) -> Problem:
    section, key = place
    return Problem(
        code="PLAN-spec",
        params={"kind": english(f"label.spec-{kind}"), "key": f"[{section}] {key}".strip()},
        table=f"[{section}]",
        column=key or None,
        weight="break",
    )


def _unfit(file: Whole) -> list[Problem]:
    """What each part is right about alone and wrong about together."""
    found: list[Problem] = []
    money: list[tuple[str, Money]] = [
        *((f"costs[{i}]", c) for i, c in enumerate(file.costs, 1)),
        *((f"streams[{i}]", s) for i, s in enumerate(file.streams, 1)),
    ]
    names = [(place, m.name) for place, m in money]
    names += [(f"derived[{i}]", d.name) for i, d in enumerate(file.derived, 1)]
    if not money:
        found.append(_wrong(("streams", ""), "missing"))
    taken: set[str] = set()
    for place, name in names:
        if name in taken:
            found.append(_wrong((place, "name"), "taken"))
        taken.add(name)
    for place, m in money:
        sure = {"se": m.se, "covariance": m.covariance, "stars": m.stars}
        given = [k for k, v in sure.items() if v is not None]
        found += [_wrong((place, k), "twice") for k in given[1:]]
        found += [
            _wrong((place, k), "length")
            for k, v in sure.items()
            if v is not None and len(v) != len(m.per_year)
        ]
        if m.rho is not None and m.se is None and m.stars is None:
            found.append(_wrong((place, "rho"), "unused"))
        if m.se is not None and min(m.se) < 0:
            found.append(_wrong((place, "se"), "range"))
        if isinstance(m, Benefit) and m.observed is not None and m.observed > len(m.per_year):
            found.append(_wrong((place, "observed"), "range"))
    if file.persistence and not {b.name for b in file.streams}.issuperset(file.persistence.of):
        found.append(_wrong(("persistence", "of"), "stream"))
    if file.rates and file.rates.tax and file.rates.poverty is not None:
        found.append(_wrong(("rates", "poverty"), "tax-twice"))
    if file.rates and file.rates.of not in taken:
        found.append(_wrong(("rates", "of"), "stream"))
    if file.perspectives.weights:
        unknown = set(file.perspectives.weights.income) - set(ACCOUNTS)
        if unknown:
            found.append(_wrong(("perspectives", "weights.income"), "account"))
    if file.wider is not None and file.wider.of not in taken:
        found.append(_wrong(("wider", "of"), "stream"))
    if file.wider is not None and file.wider.displacement is None:
        found.append(Problem(code="PLAN-no-displacement", table="[wider]", weight="break"))
    return found


def _plain(value: Any) -> Any:
    """JSON's own kinds; a date or time of TOML as text."""
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return value if isinstance(value, str | int | float | bool) else str(value)
