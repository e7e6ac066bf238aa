"""Everything that can go wrong, and how it is told.

    RungError
    ├── UsageError      USE-…   the command was not understood              exit  2
    ├── RecordsError    REC-…   the records cannot be used                  exit 10
    ├── PlanError       PLAN-…  the question, mapping or plan is not whole  exit 11
    ├── CannotAnswer    ANS-…   leaves its function as a Refusal            exit 12
    └── ReleaseError    OUT-…   may not be released                         exit 13

An error has four parts: what is wrong, where, what was expected, what to do next. The words live
in the catalogue under `<code>.what`, `.expected` and `.next`. Parameters are names, counts and
limits; a cell's value never enters one. All problems of one input are gathered and raised once,
worst first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from rung.messages import Params, Scalar, sentence, word

_OURS = frozenset({"kind", "looks", "order"})  # parameters that are our words, not the provider's

Weight = Literal["break", "care"]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing wrong with an input.

    `rows` counts the rows it touches and `first_rows` are the first few row numbers as a person
    sees them in the file (the header is row 1). `weight` is "break" when nothing can be computed
    before it is mended, "care" when the rows are counted and set aside.
    """

    code: str
    params: Params = field(default_factory=dict)
    table: str | None = None
    column: str | None = None
    rows: int | None = None
    first_rows: tuple[int, ...] = ()
    weight: Weight = "care"
    owner: str | None = None

    def _words(self, part: str, language: str | None) -> str:
        given: dict[str, Scalar] = {
            "table": self.table or "",
            "column": self.column or "",
            "rows": self.rows if self.rows is not None else 0,
            **self.params,
        }
        for name in _OURS.intersection(given):
            given[name] = word(str(given[name]), language)
        return sentence(f"{self.code}.{part}", given, language)

    def what(self, language: str | None = None) -> str:
        """What is wrong."""
        return self._words("what", language)

    def expected(self, language: str | None = None) -> str:
        """What would have been right."""
        return self._words("expected", language)

    def told(self, language: str | None = None) -> str:
        """What is wrong and what would have been right, in whole sentences."""
        return f"{self.what(language)} {self.expecting(language)}"

    def expecting(self, language: str | None = None) -> str:
        """What would have been right, said to be that."""
        return sentence("label.expecting", {"expected": self.expected(language)}, language)

    def next(self, language: str | None = None) -> str:
        """What to do next."""
        return self._words("next", language)

    def where(self) -> dict[str, Any]:
        """Table, column, how many rows, the first row numbers: only what is known."""
        known = {
            "table": self.table,
            "column": self.column,
            "rows": self.rows,
            "first_rows": list(self.first_rows) or None,
        }
        return {k: v for k, v in known.items() if v is not None}

    def to_json(self) -> dict[str, Any]:
        """The problem as the JSON contract shows it."""
        return {
            "code": self.code,
            "weight": self.weight,
            "table": self.table,
            "column": self.column,
            "count": self.rows,
            "first_rows": list(self.first_rows),
            "owner": self.owner,
            "what": self.what("en"),
            "expected": self.expected("en"),
            "next": self.next("en"),
        }


def worst_first(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Breaking problems before the others, then by how many rows they touch."""
    return tuple(
        sorted(
            problems, key=lambda p: (p.weight != "break", -(p.rows or 0), p.code, p.column or "")
        )
    )


class RungError(Exception):
    """Base of every error a user can cause. Carries one problem or several."""

    exit_status: ClassVar[int] = 1

    def __init__(self, problem: str | Problem | Iterable[Problem], /, **params: Scalar) -> None:
        if isinstance(problem, str):
            problem = Problem(code=problem, params=params, weight="break")
        found = (problem,) if isinstance(problem, Problem) else tuple(problem)
        if not found:
            raise ValueError("an error needs at least one problem")
        self.problems = worst_first(found)
        super().__init__(self.problems[0].what("en"))

    @property
    def code(self) -> str:
        """The code of the worst problem."""
        return self.problems[0].code

    def to_json(self) -> dict[str, Any]:
        """The error document of the JSON contract."""
        worst = self.problems[0]
        error: dict[str, Any] = {
            "code": worst.code,
            "what": worst.what("en"),
            "where": worst.where(),
            "expected": worst.expected("en"),
            "next": worst.next("en"),
        }
        if len(self.problems) > 1:
            error["problems"] = [p.to_json() for p in self.problems]
        return {"error": error}


class UsageError(RungError):
    """The command or call was not understood."""

    exit_status = 2


class RecordsError(RungError):
    """The records cannot be used as they are."""

    exit_status = 10


class PlanError(RungError):
    """The question, the mapping or the plan is not whole."""

    exit_status = 11


class CannotAnswer(RungError):  # noqa: N818 (it is an answer, not an accident)
    """A question that these records cannot answer; analyses turn it into a Refusal."""

    exit_status = 12

    def __init__(
        self,
        code: str,
        *,
        saw: Mapping[str, Scalar] | None = None,
        needs: Mapping[str, Scalar] | None = None,
        **params: Scalar,
    ) -> None:
        self.saw = dict(saw or {})
        self.needs = dict(needs or {})
        super().__init__(
            Problem(code=code, params={**self.saw, **self.needs, **params}, weight="break")
        )


class ReleaseError(RungError):
    """What was asked for may not be shown to that audience."""

    exit_status = 13
