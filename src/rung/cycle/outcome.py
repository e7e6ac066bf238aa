"""What a verb gives back: released answers, where they come from, and the files written."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rung import __version__
from rung.documents import Store
from rung.finding import Finding, Refusal, Table
from rung.share import contract
from rung.share.release import Audience, Inside, Released, release

AnyAnswer = Finding | Table | Refusal
Clock = Callable[[], dt.datetime]
Progress = Callable[[str, float], None]
"""Called with what is being done and the share done (0 to 1)."""


@dataclass(frozen=True)
class Outcome:
    """One verb's result, for both front ends. Iterating gives the released answers."""

    verb: str
    audience: Audience
    answers: tuple[Released[AnyAnswer], ...]
    provenance: dict[str, Any] = field(default_factory=dict)
    files: tuple[Path, ...] = ()

    def __iter__(self) -> Iterator[Released[AnyAnswer]]:
        return iter(self.answers)

    def __len__(self) -> int:
        return len(self.answers)

    def __getitem__(self, at: int) -> Released[AnyAnswer]:
        return self.answers[at]

    def __str__(self) -> str:
        return "\n".join(str(r) for r in self.answers)

    def _repr_html_(self) -> str:
        """A notebook shows every answer, one under the other."""
        return "\n".join(r._repr_html_() for r in self.answers)

    @property
    def findings(self) -> tuple[Released[AnyAnswer], ...]:
        """The answers that are one number."""
        return tuple(r for r in self.answers if r.answer.kind == "finding")

    @property
    def refused(self) -> bool:
        """Whether every answer is a Refusal (exit status 12)."""
        return bool(self.answers) and all(r.answer.kind == "refusal" for r in self.answers)

    def to_json(self) -> dict[str, Any]:
        """The document of the JSON contract."""
        return contract.envelope(
            self.verb, self.answers, audience=self.audience, provenance=self.provenance
        )


def provenance(answers: Sequence[Released[AnyAnswer]], **more: Any) -> dict[str, Any]:
    """Where the numbers come from: software, inputs, and the queries behind each answer."""
    import duckdb

    inputs = sorted({i for r in answers for i in r.answer.origin.inputs})
    return {
        "engine": f"duckdb {duckdb.__version__}",
        "python": ".".join(str(v) for v in sys.version_info[:3]),
        "rung": __version__,
        "inputs": inputs,
        "answers": {
            r.answer.id: {
                "as_of": r.answer.origin.as_of,
                "plan": r.answer.origin.plan,
                "queries": list(r.answer.origin.queries),
                "seed": r.answer.origin.seed,
            }
            for r in answers
        },
        **more,
    }


def told(
    verb: str,
    answers: Sequence[AnyAnswer],
    *,
    audience: Audience | None = None,
    exempt: str | None = None,
    today: dt.date | None = None,
    ledger: Store | None = None,
    files: Sequence[Path] = (),
    **more: Any,
) -> Outcome:
    """Release answers to an audience (staff, unless said otherwise) and wrap them up.

    `ledger` is the lab's store; without `today` nothing is written into it."""
    audience = audience or Inside()
    kept = ledger if today is not None else None
    released = release(answers, audience, exempt=exempt, today=today, ledger=kept)
    return Outcome(verb, audience, released, provenance(released, **more), tuple(files))
