"""`[ladder]` of lab.toml: where earnings come from, what they are held against, and since when."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from rung.records.lab import Section
from rung.records.poverty import Where

Amount = Annotated[Decimal, Field(gt=0, le=10_000_000)]


class Annual(Section):
    """A column that holds a year's earnings: `year` is the calendar year they are of."""

    column: str
    label: str
    year: Annotated[int, Field(ge=1900, le=2200)]


class QualityJob(Section):
    """`[ladder.quality_job]`: a job is good when it has all of this.

    `wage` is dollars an hour at least; `benefits` are yes/no columns of the table of jobs.
    """

    wage: Amount
    hours_week: Annotated[Decimal, Field(ge=0, le=120)] = Decimal(0)
    benefits: tuple[str, ...] = ()


class LadderSettings(Section):
    """`[ladder]`.

    Earnings come from the wage records, in years of four quarters counted from each person's own,
    or from columns that hold a year's earnings (`before` and `after`, of `table` or `file`).
    """

    distribution: str = ""  # a CSV of percentiles of people's annual earnings, zeros included
    hourly: str = ""  # a CSV of the percentiles of hourly wages, as OEWS has them
    occupation: str = "00-0000"  # whose hourly wages: all occupations
    area: str = ""
    area_column: str = ""
    years_off: Annotated[int, Field(ge=0, le=5)] = 0
    years: Annotated[tuple[Annotated[int, Field(ge=1, le=15)], ...], Field(min_length=1)] = (
        1, 2, 3,
    )  # fmt: skip
    main: Annotated[int, Field(ge=1, le=15)] = 2
    count_from: Literal["entry", "exit"] = "entry"
    dip_quarters: Annotated[int, Field(ge=0, le=12)] = 4
    quarters_before: Annotated[int, Field(ge=1, le=60)] | None = None
    coverage: str = ""
    table: str = "journeys"
    file: str = ""
    before: Annual | None = None
    after: tuple[Annual, ...] = ()
    age: str = "age_at_entry"
    household: str = "household_size"
    arm: str = ""
    control: str = ""
    arms: Mapping[str, str] = {}
    by_lottery: bool = False
    cluster: str = ""
    living_wage: Amount | None = None
    living_wage_for: str = ""
    hours_year: Annotated[Decimal, Field(gt=0, le=8_784)] = Decimal(2080)
    guideline: Where = "contiguous"
    poverty_multiple: Annotated[Decimal, Field(gt=0, le=10)] = Decimal(2)
    low_pay: Amount | None = None
    high_pay: Amount | None = None
    quality_job: QualityJob | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if bool(self.before) != bool(self.after):
            raise ValueError("a year before goes with years after")
        if list(self.years) != sorted(set(self.years)):
            raise ValueError("years rise")
        if bool(self.low_pay) != bool(self.high_pay):
            raise ValueError("low_pay and high_pay go together")
        if self.low_pay and self.high_pay and self.low_pay >= self.high_pay:
            raise ValueError("low pay lies under high pay")
        if self.control and not self.arm:
            raise ValueError("control is a value of arm")
        if self.area and self.area_column:
            raise ValueError("an area, or a column of areas")
        return self
