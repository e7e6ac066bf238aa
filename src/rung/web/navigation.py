"""Where a person can go: the rooms of a program under the four phases, and the other places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from rung.web.access import MAY
from rung.web.models import Membership, Organisation, Program

PHASES: dict[str, tuple[tuple[str, str, str], ...]] = {
    # phase -> (name of the room, its URL, the action it needs)
    "discovery": (
        ("records", "records", "records.see"),
        ("fixes", "fixes", "fixes.see"),
        ("journey", "journey", "journey.see"),
        ("people", "people", "caseload.own"),
        ("standards", "standards", "standards.see"),
        ("briefs", "briefs", "brief.see"),
    ),
    "design": (),
    "learning": (),
    "sustainability": (
        ("returns", "returns", "returns.see"),
        ("costs", "costs", "costs.see"),
        ("household", "household", "household.see"),
        ("mobility", "mobility", "mobility.see"),
        ("incomes", "incomes", "incomes.see"),
        ("places", "places", "places.see"),
    ),
}
"""A phase without rooms is shown, so that people see where the road goes."""


@dataclass(frozen=True)
class Room:
    """A link of the rail."""

    name: str
    url: str
    here: bool


@dataclass(frozen=True)
class Phase:
    """A rung of the rail: `here` where the program stands, `open` where this page is."""

    name: str
    rooms: tuple[Room, ...]
    here: bool
    open: bool


def rooms(request: HttpRequest, program: Program | None, standing: str | None) -> list[Phase]:
    """The rail of a program, as far as this person may go."""
    if program is None:
        return []
    match = request.resolver_match
    name = (match.url_name or "") if match else ""
    at = name.split("-")[0]
    inside = next((p for p, listed in PHASES.items() if any(at == r[1] for r in listed)), None)
    return [
        Phase(
            phase,
            tuple(
                Room(room, reverse(url, args=[program.uid]), at == url)
                for room, url, action in listed
                if standing in MAY[action]
            ),
            here=phase == program.phase,
            open=phase == (inside or program.phase),
        )
        for phase, listed in PHASES.items()
    ]


def places(request: HttpRequest) -> list[dict[str, Any]]:
    """The organisations of this person, for the menu at the top."""
    user = getattr(request, "user", None)  # none yet for a host that is not ours
    if user is None or not user.is_authenticated:
        return []
    mine = Membership.objects.filter(user=user).select_related("organisation")
    return [
        {
            "organisation": m.organisation,
            "role": m.role,
            "portfolio": m.organisation.kind == Organisation.Kind.COACH,
        }
        for m in mine.order_by("organisation__name")
    ]
