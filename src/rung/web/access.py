"""Who may do what: the only module that decides it.

A person *stands* somewhere towards an organisation: with a role (a member), as an `advisor` (a
member of a team of coaches that the organisation invited), as a `partner` (a member of a funder
or a city that it invited), or nowhere. `MAY` says which standings may do each action. Views and
the API declare their action; nothing is shown that is not declared.

Someone who stands nowhere learns nothing, not even that a thing exists (404). Someone who stands
somewhere but may not do this is told so (403), and it is written down.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import urlencode

from rung.web import clock
from rung.web.models import (
    Membership,
    Organisation,
    Partnership,
    Program,
    Role,
    Token,
    Trace,
    User,
)

ADVISOR, PARTNER = "advisor", "partner"
MEMBERS = frozenset(Role.values)
STANDINGS = (*Role.values, ADVISOR, PARTNER)

_ALL = MEMBERS | {ADVISOR}
_HANDS = frozenset({Role.OWNER, Role.STAFF})
MAY: Mapping[str, frozenset[str]] = {
    # a program
    "program.see": _ALL,
    "program.edit": _HANDS,
    "program.plan": _HANDS | {ADVISOR},  # next meeting, what they are stuck on
    "program.make": frozenset({Role.OWNER}),
    # records
    "records.bring": _HANDS,
    "records.see": _HANDS | {Role.ANALYST},  # what came in, when, with which digest
    "fixes.see": _HANDS | {Role.ANALYST, ADVISOR},  # counts and rows, no person's record
    "fixes.download": _HANDS,
    # discovery
    "journey.see": _ALL,
    "journey.people": _HANDS | {Role.ANALYST},  # pseudonyms; names need people.names
    "people.names": _HANDS | {Role.COACH},
    "journey.match": _ALL,
    # my people
    "caseload.own": frozenset({Role.COACH}) | _HANDS,
    "caseload.all": _HANDS,
    "caseload.write": frozenset({Role.COACH}) | _HANDS,
    "retention.see": _ALL,
    # the field's standards
    "standards.see": _ALL,
    "exits.decide": _HANDS,
    "people.forget": frozenset({Role.OWNER}),
    # returns
    "returns.see": _ALL,
    "costs.see": _ALL,
    "costs.bring": _HANDS | {Role.ANALYST},  # the table holds what people are paid
    "mobility.see": _ALL,
    "mobility.bring": _HANDS | {Role.ANALYST},
    "returns.write": _HANDS | {Role.ANALYST},
    "incomes.see": _ALL,
    "incomes.bring": _HANDS | {Role.ANALYST},
    "incomes.delete": _HANDS | {Role.ANALYST},
    "household.see": _ALL,  # a calculator: no records
    "places.see": _ALL,  # public data: no records
    "places.bring": _HANDS | {Role.ANALYST, ADVISOR},
    # share
    "brief.see": _ALL,
    "brief.write": _HANDS | {Role.ANALYST},
    "brief.release": _HANDS,
    "released.see": _ALL | {PARTNER},
    # the organisation
    "organisation.see": MEMBERS,
    "organisation.members": frozenset({Role.OWNER}),
    "organisation.audit": frozenset({Role.OWNER}),
    "organisation.export": frozenset({Role.OWNER}),
    "organisation.delete": frozenset({Role.OWNER}),
    "organisation.tokens": frozenset({Role.OWNER, Role.STAFF, Role.ANALYST}),
    "portfolio.see": MEMBERS,  # of a team of coaches
}
QUIET = frozenset(
    {
        *("program.see", "program.plan", "records.see", "organisation.see", "portfolio.see"),
        *("household.see", "places.see"),
    }
)
"""Looking at these alone is not written down: they show nobody's records."""


def standing(user: Any, organisation: Organisation) -> str | None:
    """How `user` stands towards `organisation`: a role, "advisor", "partner", or None."""
    if not user.is_authenticated or not user.is_active:
        return None
    member = Membership.objects.filter(user=user, organisation=organisation).first()
    if member is not None:
        return member.role
    kinds = set(
        Partnership.objects.filter(
            provider=organisation, partner__memberships__user=user
        ).values_list("partner__kind", flat=True)
    )
    if Organisation.Kind.COACH in kinds:
        return ADVISOR
    return PARTNER if kinds else None


def me(request: HttpRequest) -> User:
    """Who asks, behind `needs` or `signed_in`: there it is never a stranger."""
    return cast("User", request.user)


def may(user: Any, action: str, organisation: Organisation) -> bool:
    """Whether `user` may do `action` in `organisation`."""
    return standing(user, organisation) in MAY[action]


def staff_name(user: Any, organisation: Organisation) -> str:
    """How the organisation's records name this user, for a caseload; "" when nobody said."""
    member = Membership.objects.filter(user=user, organisation=organisation).first()
    return member.staff_name if member else ""


def trace(
    request: HttpRequest,
    action: str,
    organisation: Organisation | None,
    program: Program | None = None,
    *,
    thing: str = "",
    audience: str = "",
    count: int | None = None,
    allowed: bool = True,
) -> None:
    """Write down what was seen or changed."""
    user = request.user if request.user.is_authenticated else None
    Trace.objects.create(
        user=user,
        organisation=organisation,
        program=program,
        action=action,
        thing=thing,
        audience=audience,
        count=count,
        allowed=allowed,
        by_token=bool(getattr(request, "token", None)),
        at=clock.now(),
    )


View = Callable[..., HttpResponse]


class Asked(HttpRequest):
    """A request behind `needs`: whose thing it is about, and how the one who asks stands to it."""

    program: Program | None
    organisation: Organisation
    standing: str | None
    token: Token


def asked(request: HttpRequest) -> Asked:
    """The request as `needs` (or a key's check) leaves it."""
    return cast("Asked", request)


def _declared(view: View, action: str, of: str = "") -> View:
    """The view with its declaration on it, where the tests of every address look."""
    vars(view).update(action=action, of=of)
    return view


def sign_in_first(request: HttpRequest) -> HttpResponse:
    """Send a stranger to the front page, and back here afterwards."""
    back = request.get_full_path() if request.method == "GET" else ""
    return redirect("/?" + urlencode({"next": back}) if back else "/")


def needs(action: str, *, of: str = "program") -> Callable[[View], View]:
    """Declare the action of a view whose address names a program or an organisation.

    The view gets the object in place of its uid. `of` is "program" or "organisation".
    """
    if action not in MAY:
        raise ValueError(f"no such action: {action}")

    def declare(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return sign_in_first(request)
            thing = found(of, kwargs.pop(of))
            program = thing if isinstance(thing, Program) else None
            organisation = program.organisation if program else cast("Organisation", thing)
            check(request, action, organisation, program)
            asked(request).program, asked(request).organisation = program, organisation
            return view(request, thing, *args, **kwargs)

        return _declared(guarded, action, of)

    return declare


def signed_in(view: View) -> View:
    """Declare a view that any signed-in person may open; it shows that person's own things."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return sign_in_first(request)
        return view(request, *args, **kwargs)

    return _declared(guarded, "signed-in")


def public(view: View) -> View:
    """Declare a view that strangers may open."""
    return _declared(view, "public")


def found(of: str, uid: str) -> Program | Organisation:
    """The program or organisation with this uid, or 404."""
    kind: Any = {"program": Program, "organisation": Organisation}[of]
    query = kind.objects.select_related("organisation") if of == "program" else kind.objects
    thing = query.filter(uid=uid).first()
    if thing is None:
        raise Http404
    return cast("Program | Organisation", thing)


def check(
    request: HttpRequest, action: str, organisation: Organisation, program: Program | None = None
) -> str:
    """Let pass who may; returns the standing. 404 for someone who stands nowhere, else 403."""
    stands = standing(request.user, organisation)
    asked(request).standing = stands
    if stands is None:
        raise Http404
    if stands not in MAY[action]:
        trace(request, action, organisation, program, allowed=False)
        raise PermissionDenied
    if action not in QUIET:
        trace(request, action, organisation, program)
    return stands


def digest(token: str) -> str:
    """What is kept of a secret link or API key: 256 bits of randomness need no salt."""
    return hashlib.sha256(token.encode()).hexdigest()
