"""Answers: the JSON contract's envelope, for staff or as an outsider may see it."""

from __future__ import annotations

from typing import Annotated, Any, Literal, cast

from ninja import Router
from pydantic import Field

from rung.cycle.outcome import Outcome
from rung.errors import PlanError
from rung.share.release import Inside, Outside
from rung.web import access, answers, caseload
from rung.web.answers import Question
from rung.web.apis.asking import Asked, needs
from rung.web.apis.shapes import Envelope, Word
from rung.web.models import Generation

router = Router(tags=["answers"])
To = Literal["inside", "outside"]
Days = Annotated[int, Field(ge=1, le=36_500)]


def now(request: Asked) -> Generation:
    """The import that is current; RecordsError before the first."""
    caseload.generation(request.program)
    generation = cast("Generation", request.program.generation)
    generation.program = request.program
    return generation


def _told(request: Asked, action: str, outcome: Outcome) -> Any:
    access.trace(
        request, action, request.organisation, request.program, audience=outcome.audience.kind
    )
    return outcome.to_json()


@router.get(
    "/programs/{program}/answers/diagnose", **needs("answers:read", "journey.see", ok=Envelope)
)
def diagnose(
    request: Asked,
    program: str,
    by: Word = "",
    cohort: Word = "",
    within: Days | None = None,
    audience: To = "inside",
) -> Any:
    """Where people are lost, and for whom: journeys and gaps of all groups of the program.

    `by` is empty, entry_year or entry_quarter; `cohort` a year, quarter or class; `within` days.
    With audience=outside small numbers are hidden and figures rounded; nothing is released.
    """
    generation = now(request)
    if by and by not in answers.PERIODS:
        known = [key for key, _ in answers.choices(generation).groups]
        if by not in known:
            raise PlanError(
                "PLAN-no-group", group="by", known=", ".join([*known, *answers.PERIODS])
            )
    asked = Question(by, cohort, within, audience == "outside")
    return _told(request, "journey.see", answers.outcome(generation, asked))


@router.get(
    "/programs/{program}/answers/reconcile", **needs("answers:read", "journey.match", ok=Envelope)
)
def reconcile(
    request: Asked,
    program: str,
    milestone: Word,
    period: Word,
    reported: Annotated[int, Field(ge=0, le=999_999_999)],
) -> Any:
    """Why our count of a milestone in a period differs from a reported one; for staff."""
    generation = now(request)
    found = answers.reconciled(generation, milestone, period, reported)
    return _told(request, "journey.match", found)


@router.get(
    "/programs/{program}/answers/retention", **needs("answers:read", "retention.see", ok=Envelope)
)
def retention(request: Asked, program: str, audience: To = "inside") -> Any:
    """Who still works 30, 90, 180 and 365 days after the job began, at worst and at best."""
    to = Outside() if audience == "outside" else Inside()
    return _told(request, "retention.see", caseload.retention(request.program, to))
