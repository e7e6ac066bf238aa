"""The settings of a SPEC.toml, each part as it may be written; unknown keys are mistakes.

What the parts are for stands in `spec`; what each key takes, here.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    model_validator,
)
from pydantic_core import PydanticCustomError

from rung.returns.streams import ACCOUNTS

UNSPLIT: Final = "government"  # an account in a spec: which level is not told
MOST_YEARS = 60

Share = Annotated[FiniteFloat, Field(ge=0, le=1)]
Years = Annotated[list[FiniteFloat], Field(min_length=1, max_length=MOST_YEARS)]
Pair = Annotated[list[FiniteFloat], Field(min_length=2, max_length=2)]


def _one(value: object) -> object:
    """A name alone stands for the whole dollar."""
    return {value: 1.0} if isinstance(value, str) else value


def _accounts(value: dict[str, float]) -> dict[str, float]:
    if not value or any(name not in (*ACCOUNTS, UNSPLIT) for name in value):
        raise PydanticCustomError("account", "no such account")
    return value


def _payers(value: dict[str, float]) -> dict[str, float]:
    if abs(sum(value.values()) - 1) > 1e-9 or min(value.values()) < 0:
        raise PydanticCustomError("shares", "shares that do not add up to 1")
    return value


Accounts = Annotated[dict[str, FiniteFloat], BeforeValidator(_one), AfterValidator(_accounts)]
Payers = Annotated[Accounts, AfterValidator(_payers)]
Perspective = Literal[
    "society", "participant", "government", "federal", "state", "local", "employer", "funder",
    "other",
]  # fmt: skip


class Part(BaseModel):
    """Base of every part: strict about kinds, and about keys nobody knows."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Program(Part):
    """`[program]`. `published`: where every figure was printed, when it is public already."""

    name: str
    people: Annotated[int, Field(ge=1)]
    dollar_year: Annotated[int, Field(ge=1913, le=2100)]
    design: Literal["randomised", "randomised with departures", "compared", "described"] = (
        "described"
    )
    published: str = ""


class Money(Part):
    """Dollars a person by year; `se` with `rho`, or `covariance`, or `stars` say how sure."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    per_year: Years
    se: Years | None = None
    rho: Annotated[FiniteFloat, Field(ge=0, le=1)] | None = None
    covariance: list[list[FiniteFloat]] | None = None
    stars: (
        Annotated[list[Literal["", "*", "**", "***"]], Field(min_length=1, max_length=MOST_YEARS)]
        | None
    ) = None
    dollar_year: Annotated[int, Field(ge=1913, le=2100)] | None = None
    source: str = ""


class Cost(Money):
    """`[[costs]]`: what the program takes, as a positive number, and who pays it."""

    paid_by: Payers


class Benefit(Money):
    """`[[streams]]`: what comes of it; `observed` years are data, later ones a scenario."""

    accounts: Accounts
    observed: Annotated[int, Field(ge=0)] | None = None


class Derived(Part):
    """`[[derived]]`: a rate of another stream."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    of: str
    rate: FiniteFloat
    se: Annotated[FiniteFloat, Field(ge=0)] = 0.0
    accounts: Accounts
    source: str = ""


def _unsplit(value: object) -> object:
    """A number alone is government's, its level not told."""
    return {UNSPLIT: float(value)} if isinstance(value, int | float) else value


Level = Literal["government", "federal", "state", "local"]
Levels = Annotated[dict[Level, Share], BeforeValidator(_unsplit)]


CBO_2016 = (0.142, 0.235, 0.338, 0.339, 0.328, 0.325, 0.326, 0.327, 0.335)
"""Effective marginal tax rates without payroll tax, medians by household income: 0 to 49 % of the
poverty line, 50 to 99 %, and so on to 400 to 450 %. CBO (2016) as in Hendren and Sprung-Keyser."""


class Rates(Part):
    """`[rates]`: of each dollar of earnings, how much is taxed, added as fringe, or lost as
    benefits. A tax or a benefit is one number, or a number a level of government; `poverty`, the
    household's income as a percentage of the poverty line, takes the tax from CBO_2016."""

    of: str = "Earnings"
    tax: Levels = {}
    poverty: Annotated[FiniteFloat, Field(ge=0, le=450)] | None = None
    fringe: Annotated[FiniteFloat, Field(ge=0)] | None = None
    benefits_lost: Levels = {}
    source: str = ""

    @property
    def taxes(self) -> dict[Level, float]:
        """The tax by level, as written or from the table."""
        if self.poverty is None:
            return self.tax
        return {UNSPLIT: CBO_2016[min(int(self.poverty // 50), len(CBO_2016) - 1)]}


class Discount(Part):
    """`[discount]`: real rate a year; how often the first year is discounted (0: not at all)."""

    rate: Annotated[FiniteFloat, Field(gt=-0.5, le=1)] = 0.03
    first_year: Annotated[FiniteFloat, Field(ge=0, le=5)] = 0.0


class Draws(Part):
    """`[draws]`: how many, from which seed (default: the digest of this file), how sure."""

    n: Annotated[int, Field(ge=100, le=100_000)] = 10_000
    seed: Annotated[int, Field(ge=0)] | None = None
    level: Annotated[FiniteFloat, Field(ge=0.5, le=0.999)] = 0.95


class Persistence(Part):
    """`[persistence]`: years after the last observed one, and the share lost in each."""

    of: list[str] = ["Earnings"]
    years: Annotated[int, Field(ge=0, le=MOST_YEARS)]
    fades: Share = 0.0


class Weights(Part):
    """`[perspectives.weights]`: a dollar counts (reference / income)^elasticity."""

    elasticity: Annotated[FiniteFloat, Field(ge=0, le=4)]
    reference: Annotated[FiniteFloat, Field(gt=0)]
    income: dict[str, Annotated[FiniteFloat, Field(gt=0)]]


class Perspectives(Part):
    """`[perspectives]`."""

    show: list[Perspective] = []
    weights: Weights | None = None


class Reported(Part):
    """`[reported]`: what a publication says society gains."""

    society: FiniteFloat


class Mvpf(Part):
    """`[mvpf]`: whose dollar is the public's, and whose gain people would pay for."""

    payers: list[Perspective] = ["government"]
    beneficiaries: list[Perspective] = ["participant"]


class Parameter(Part):
    """A number of a scenario, the range it is tried in, and where that comes from."""

    value: FiniteFloat
    low: FiniteFloat
    high: FiniteFloat
    source: Annotated[str, Field(min_length=1)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.low <= self.value <= self.high:
            raise PydanticCustomError("order", "low, value, high")
        return self


class Downturn(Part):
    """`[wider.downturn]`: yearly pay, and the share of it lost in a downturn, for both groups."""

    pay_with: Annotated[FiniteFloat, Field(ge=0)]
    pay_without: Annotated[FiniteFloat, Field(ge=0)]
    lost_with: Share
    lost_without: Share
    source: Annotated[str, Field(min_length=1)]


class Wider(Part):
    """`[wider]`. `displacement` is the share of the added earnings (`of`) that others lose,
    `spent` of every dollar gained what is spent, `multiplier` local activity a dollar spent."""

    of: str = "Earnings"
    displacement: Parameter | None = None
    spent: Parameter | None = None
    multiplier: Parameter | None = None
    downturn: Downturn | None = None

    def parameters(self) -> list[tuple[str, Parameter]]:
        """What the figures rest on, by name."""
        named = {k: getattr(self, k) for k in ("displacement", "spent", "multiplier")}
        return [(k, p) for k, p in named.items() if p is not None]


class Ranges(Part):
    """`[ranges]`: from – to, for the tornado; `cost` as factors of the cost given."""

    discount: Pair = [0.01, 0.07]
    cost: Pair = [0.8, 1.2]
    tax: Pair = [0.1, 0.3]
    persistence: Pair | None = None


class Whole(Part):
    """All of the file."""

    program: Program
    costs: list[Cost] = []
    streams: list[Benefit] = []
    derived: list[Derived] = []
    rates: Rates | None = None
    discount: Discount = Discount()
    draws: Draws = Draws()
    persistence: Persistence | None = None
    perspectives: Perspectives = Perspectives()
    reported: Reported | None = None
    mvpf: Mvpf = Mvpf()
    wider: Wider | None = None
    ranges: Ranges = Ranges()
