"""`[[tests]]` of lab.toml: a test as the provider declares it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, model_validator

from rung.learning.question import OutcomeWords
from rung.messages import english
from rung.records.lab import Section
from rung.stats.linear import Adjust, Variance


class Grouping(Section):
    """`[[tests.groups]]`: a way to look at a test's result by who people are.

    Either `column`, whose values are the levels, with `cuts` for numbers (20, 25: under 20, 20 to
    under 25, 25 and over), or `columns`, yes/no columns of which each is a level (they may
    overlap; `otherwise` names the people who are in none of them).
    """

    label: str
    column: str = ""
    cuts: tuple[float, ...] = ()
    columns: Mapping[str, str] = {}
    otherwise: str = ""
    labels: Mapping[str, str] = {}

    @model_validator(mode="after")
    def _one_kind(self) -> Grouping:
        if bool(self.column) == bool(self.columns):
            raise ValueError("a grouping has either column or columns")
        if self.cuts and (self.columns or list(self.cuts) != sorted(set(self.cuts))):
            raise ValueError("cuts rise, and go with column")
        return self

    @property
    def named(self) -> tuple[str, ...]:
        """The columns it is made from."""
        return tuple(self.columns) or (self.column,)


class Moment(Section):
    """`[[tests.before_after]]`: a column that holds the same measure at another time."""

    column: str
    label: str


class DeclaredTest(Section):
    """One test: who was put where by lottery, what is looked at, and how.

    `table` is a checked table, or `file` a data file relative to the lab. `above` turns a number
    into yes/no (any earnings: `above = 0`). `squares` adds the squares of covariates. `adjust`
    lists the estimators to show, the first being the main one; `covariates` and `squares` serve
    those that use them.
    """

    key: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
    label: str
    table: str = "journeys"
    file: str = ""
    outcome: str
    above: float | None = None
    outcome_label: str = ""
    unit: str = ""
    dollar_year: int | None = None
    population: str = ""
    horizon: str = ""
    arm: str
    control: str | None = None
    arms: Mapping[str, str] = {}
    covariates: tuple[str, ...] = ()
    squares: tuple[str, ...] = ()
    adjust: Annotated[tuple[Adjust, ...], Field(min_length=1)] = ("none",)
    weights: str | None = None
    se: Variance = "hc2"
    level: Annotated[float, Field(gt=0, lt=1)] = 0.95
    groups: tuple[Grouping, ...] = ()
    before_after: tuple[Moment, ...] = ()

    @property
    def words(self) -> OutcomeWords:
        """The provider's own words for the question."""
        return OutcomeWords(
            label=self.outcome_label or self.label,
            unit=self.unit,
            dollar_year=self.dollar_year,
            population=self.population,
            horizon=self.horizon,
            arms=self.arms,
        )

    def squared(self, column: str) -> str:
        """The name of the column that holds a covariate's square."""
        return english("label.squared", {"column": column})
