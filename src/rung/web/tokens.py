"""Keys for the API: made, shown once, recognised, revoked. Only a digest is kept.

A key can do what its scopes say and what its maker may do at that moment, whichever is less.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Q

from rung.web import clock
from rung.web.access import digest
from rung.web.models import Membership, Organisation, Token, User

API_SCOPES = (
    "records:read",
    "records:write",
    "people:read",
    "people:write",
    "answers:read",
    "briefs:read",
    "briefs:release",
    "organisation:read",
    "organisation:write",
    "export",
)
LONGEST = 365
"""Days; a key that nobody remembers does not last for ever."""
_USED = timedelta(minutes=1)


def make(
    user: User, organisation: Organisation, name: str, scopes: Iterable[str], days: int
) -> tuple[Token, str]:
    """A new key and its secret, which is not kept.

    Raises ValueError for no scope, an unknown one, or a life of less than 1 or over 365 days.
    """
    wanted = set(scopes)
    if not wanted or wanted - set(API_SCOPES) or not 1 <= days <= LONGEST:
        raise ValueError("scopes or days out of range")
    secret = "rung_" + secrets.token_urlsafe(32)
    token = Token.objects.create(
        user=user,
        organisation=organisation,
        name=name,
        digest=digest(secret),
        scopes=[s for s in API_SCOPES if s in wanted],
        expires_at=clock.now() + timedelta(days=days),
    )
    return token, secret


def authenticate(secret: str) -> Token | None:
    """The key with this secret, while it is good and its maker is still a member; else None."""
    now = clock.now()
    token = (
        Token.objects.select_related("user", "organisation")
        .filter(digest=digest(secret), revoked_at=None, expires_at__gt=now, user__is_active=True)
        .first()
    )
    if token is None:
        return None
    if not Membership.objects.filter(user=token.user, organisation=token.organisation).exists():
        return None
    # at most one write a minute, however often a program asks
    Token.objects.filter(pk=token.pk).filter(Q(used_at=None) | Q(used_at__lt=now - _USED)).update(
        used_at=now
    )
    return token


def revoke(token: Token) -> None:
    """End a key now; the moment of the first time stays."""
    Token.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=clock.now())
