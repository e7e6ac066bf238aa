"""What an answer is: a Finding, a Table or a Refusal.

    Finding    one number: the question, the value, how sure, who is counted, how it was made
    Table      many numbers of one question: a journey, a curve, a matrix, a forest
    Refusal    no number: what was seen, what is needed

All are frozen and checked when made: NaN can never enter, a method is never empty, a Refusal has
nowhere to put a number. The question (`Estimand`) is stated before any estimator runs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import field
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    PlainSerializer,
    TypeAdapter,
    WithJsonSchema,
    computed_field,
)
from pydantic.dataclasses import dataclass

from rung.documents import digest
from rung.messages import Scalar, phrase, sentence

_CONFIG = ConfigDict(extra="ignore", arbitrary_types_allowed=False)


def _bound(value: Any) -> float:
    number = float(value)
    if math.isnan(number):
        raise ValueError("a bound is a number or unbounded, never NaN")
    return number


def _bound_out(value: float) -> float | str:
    return value if math.isfinite(value) else ("inf" if value > 0 else "-inf")


Bound = Annotated[
    float,
    BeforeValidator(_bound),
    PlainSerializer(_bound_out),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"enum": ["inf", "-inf"]}]}),
]
"""A number that may be unbounded; in JSON the unbounded are "inf" and "-inf"."""

IntervalKind = Literal[
    "confidence", "credible", "randomisation", "anytime-valid", "complete count", "scenario range"
]
Strength = Literal["randomised", "randomised with departures", "compared", "described"]
Role = Literal["key", "value", "low", "high", "se", "numerator", "denominator", "count"]


@dataclass(frozen=True, config=_CONFIG)
class Estimand:
    """The question, stated before any estimator ran.

    `outcome`, `population` and `contrast` are the provider's own words. `unit` is what the value
    is measured in: "share" (0 to 1; a difference of shares is also "share"), "dollars", "days",
    "people", "number". `summary` is what was asked of the outcome ("mean", "share reached",
    "difference in means"). `dollar_year` is the year whose dollars these are.
    """

    outcome: str
    unit: str
    population: str
    contrast: str
    summary: str
    horizon: str
    dollar_year: int | None = None


@dataclass(frozen=True, config=_CONFIG)
class Interval:
    """How sure: pieces of low to high (some intervals are unions or unbounded)."""

    pieces: tuple[tuple[Bound, Bound], ...]
    level: Annotated[float, Field(gt=0, lt=1)]
    kind: IntervalKind = "confidence"

    def __post_init__(self) -> None:
        """Pieces are ordered and do not run backwards."""
        ends = [end for piece in self.pieces for end in piece]
        if not ends or any(b < a for a, b in pairwise(ends)):
            raise ValueError("an interval has at least one piece, in order, low before high")

    @computed_field  # type: ignore[prop-decorator]
    @property
    def low(self) -> Bound:
        """The lowest end."""
        return self.pieces[0][0]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def high(self) -> Bound:
        """The highest end."""
        return self.pieces[-1][1]


@dataclass(frozen=True, config=_CONFIG)
class Exclusion:
    """People left out, and why. `reason` is a code with a sentence under `excluded.<reason>`."""

    reason: str
    n: int


@dataclass(frozen=True, config=_CONFIG)
class Counts:
    """Who is counted: analysed, by group in the design's order, clusters, everyone left out."""

    analysed: int
    by_group: Mapping[str, int] = field(default_factory=dict)
    clusters: int | None = None
    excluded: tuple[Exclusion, ...] = ()


@dataclass(frozen=True, config=_CONFIG)
class Note:
    """A code and its parameters; the sentence comes from the catalogue (`note.<code>`)."""

    code: str
    params: Mapping[str, Scalar] = field(default_factory=dict)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def text(self) -> str:
        """The sentence in English."""
        return self.words("en")

    def words(self, language: str | None = None) -> str:
        """The sentence in a language (None: the one spoken now)."""
        return phrase(f"note.{self.code}", self.params, language)


@dataclass(frozen=True, config=_CONFIG)
class Method:
    """How it was made. `assumptions` and `sources` are never empty."""

    key: str
    assumptions: Annotated[tuple[Note, ...], Field(min_length=1)]
    sources: Annotated[tuple[str, ...], Field(min_length=1)]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def name(self) -> str:
        """The name in English, from the catalogue (`method.<key>`)."""
        return self.words("en")

    def words(self, language: str | None = None) -> str:
        """The name in a language."""
        return sentence(f"method.{self.key}", {}, language)


@dataclass(frozen=True, config=_CONFIG)
class Origin:
    """Where a number comes from, enough to make it again."""

    inputs: tuple[str, ...] = ()  # SHA-256 of each input
    plan: str | None = None  # SHA-256 of the plan document
    queries: tuple[str, ...] = ()  # the SQL that ran, in order
    seed: int | None = None
    as_of: str | None = None


@dataclass(frozen=True, config=_CONFIG)
class Part:
    """One group a finding was made from: an arm, a cohort, a side of a gap.

    `value` is the group's own mean or share; `numerator` its count when the outcome is a share.
    """

    group: str
    n: int
    value: FiniteFloat | None = None
    numerator: int | None = None
    missing: int = 0


def _identity(answer: Finding | Table | Refusal) -> str:
    """Digest of the question, the method, the inputs and the plan; never of values or time."""
    return digest(
        {
            "kind": answer.kind,
            "estimand": TypeAdapter(Estimand).dump_python(answer.estimand, mode="json"),
            "method": answer.method.key if answer.method else None,
            "inputs": list(answer.origin.inputs),
            "plan": answer.origin.plan,
        }
    )[:24]


class _Answer:
    """What the three kinds share: an id made of the question, and a place for provenance."""

    id: str

    def __post_init__(self) -> None:
        """Fill in the id when it was not read back from a document."""
        if not self.id:
            object.__setattr__(self, "id", _identity(self))  # type: ignore[arg-type]


@dataclass(frozen=True, kw_only=True, config=_CONFIG)
class Finding(_Answer):
    """One number and everything a reader needs to judge it.

    `value` may be unbounded where the question's own definition says so: a benefit that costs
    nothing on balance has an infinite value for money.
    """

    estimand: Estimand
    value: Bound
    counts: Counts
    method: Method
    strength: Strength
    interval: Interval | None = None
    se: Annotated[FiniteFloat, Field(ge=0)] | None = None
    df: Bound | None = None
    p: Annotated[float, Field(ge=0, le=1)] | None = None
    parts: tuple[Part, ...] = ()
    caveats: tuple[Note, ...] = ()
    origin: Annotated[Origin, Field(exclude=True)] = Origin()
    id: str = ""
    kind: Literal["finding"] = "finding"


@dataclass(frozen=True, config=_CONFIG)
class Column:
    """A column of a Table.

    `of` names the numerator and denominator columns a rate is made of, so that a release can
    compute it again after it hid counts; `interval` says by which method its range is made.
    """

    name: str
    role: Role
    unit: str = "number"
    of: tuple[str, str] | None = None
    interval: str | None = None


@dataclass(frozen=True, config=_CONFIG)
class Dimension:
    """A way the people are split. A partition adds up to its margin; overlapping groups do not.

    `total` is the level that stands for everyone, when the table has such rows.
    """

    name: str
    partition: bool
    total: str | None = None
    # for a release alone: levels that count the same people, more or less of them, as years do;
    # and levels that nobody named, which are whatever stands in a column of records
    nested: Annotated[bool, Field(exclude=True)] = False
    named: Annotated[bool, Field(exclude=True)] = True


Cell = str | int | FiniteFloat | None
Row = Mapping[str, Cell]


@dataclass(frozen=True, config=_CONFIG)
class Hidden:
    """A cell that was taken out before release; `reason` has a sentence (`hidden.<reason>`)."""

    row: int
    column: str
    reason: str


@dataclass(frozen=True, kw_only=True, config=_CONFIG)
class Table(_Answer):
    """Many numbers of one question. Rows map column names to cells; None is "no number"."""

    estimand: Estimand
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    dimensions: tuple[Dimension, ...]
    method: Method
    strength: Strength = "described"
    counts: Counts | None = None
    caveats: tuple[Note, ...] = ()
    hidden: tuple[Hidden, ...] = ()
    level: float | None = None  # of the ranges in low/high columns
    name: str = ""  # which table of its kind: "journey", "gap", "arms", …
    # for a release alone: groups that every number rests on, beside those in the rows; and rows
    # (by place) whose counts together another answer tells
    parts: Annotated[tuple[Part, ...], Field(exclude=True)] = ()
    sums: Annotated[tuple[tuple[int, ...], ...], Field(exclude=True)] = ()
    origin: Annotated[Origin, Field(exclude=True)] = Origin()
    id: str = ""
    kind: Literal["table"] = "table"

    def column(self, name: str) -> tuple[Cell, ...]:
        """One column's cells, in row order."""
        return tuple(row[name] for row in self.rows)


@dataclass(frozen=True, kw_only=True, config=_CONFIG)
class Refusal(_Answer):
    """An analysis that cannot be done. It has no number and cannot be overridden."""

    estimand: Estimand
    code: str
    method: Method
    params: Mapping[str, Scalar] = field(default_factory=dict)
    saw: Mapping[str, Scalar] = field(default_factory=dict)
    needs: Mapping[str, Scalar] = field(default_factory=dict)
    origin: Annotated[Origin, Field(exclude=True)] = Origin()
    id: str = ""
    kind: Literal["refusal"] = "refusal"

    @computed_field  # type: ignore[prop-decorator]
    @property
    def text(self) -> str:
        """What cannot be answered, why, and what would help, in English."""
        return self.words("en")

    def words(self, language: str | None = None) -> str:
        """The same in a language."""
        return " ".join(self.sentences(language))

    def sentences(self, language: str | None = None) -> tuple[str, str, str]:
        """Why there is no answer, what is needed for one, and what to do next."""
        given = {**self.params, **self.saw, **self.needs}
        what, needed, after = (
            phrase(f"{self.code}.{part}", given, language) for part in ("what", "expected", "next")
        )
        return what, phrase("say.needed", {"needed": needed}, language), after


Answer = Annotated[Finding | Table | Refusal, Field(discriminator="kind")]
_ADAPTER: TypeAdapter[Finding | Table | Refusal] = TypeAdapter(Answer)


def to_json(answer: Finding | Table | Refusal) -> dict[str, Any]:
    """The answer as the JSON contract shows it (its origin travels in the provenance)."""
    value: dict[str, Any] = _ADAPTER.dump_python(answer, mode="json")
    return value


def from_json(value: Mapping[str, Any]) -> Finding | Table | Refusal:
    """Read an answer back."""
    return _ADAPTER.validate_python(dict(value))


def answer_schema() -> dict[str, Any]:
    """JSON Schema of an answer, generated from these types."""
    return _ADAPTER.json_schema(mode="serialization")


def refused(answers: Iterable[Finding | Table | Refusal]) -> bool:
    """Whether every answer is a Refusal (exit status 12)."""
    return all(a.kind == "refusal" for a in answers)
