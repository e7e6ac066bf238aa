"""Members and partners of an organisation: roles changed, people removed, partnerships ended."""

from __future__ import annotations

from django.db import transaction

from rung.web import clock
from rung.web.models import Invitation, Membership, Organisation, Partnership, Role, Token, User


class LastOwnerError(Exception):
    """An organisation keeps at least one owner."""


@transaction.atomic
def change(membership: Membership, role: str, staff_name: str) -> None:
    """Give a member a role and the name that the records have for them. Raises LastOwnerError."""
    _keep_an_owner(membership, role)
    Membership.objects.filter(pk=membership.pk).update(role=role, staff_name=staff_name)


@transaction.atomic
def remove(membership: Membership) -> None:
    """Take someone out: pages, API keys and invitations here end at once. Raises LastOwnerError."""
    _keep_an_owner(membership, None)
    Token.objects.filter(
        user_id=membership.user_id, organisation_id=membership.organisation_id, revoked_at=None
    ).update(revoked_at=clock.now())
    # a place that was kept for them would be a way back in
    Invitation.objects.filter(
        organisation_id=membership.organisation_id, email=membership.user.email, accepted_at=None
    ).delete()
    Membership.objects.filter(pk=membership.pk).delete()


def _keep_an_owner(membership: Membership, role: str | None) -> None:
    # the organisation's row is the lock: two owners who demote each other are served in turn
    Organisation.objects.select_for_update().get(pk=membership.organisation_id)
    owners = Membership.objects.filter(
        organisation_id=membership.organisation_id, role=Role.OWNER
    ).values_list("pk", flat=True)
    if role != Role.OWNER and list(owners) == [membership.pk]:
        raise LastOwnerError


@transaction.atomic
def end(partnership: Partnership) -> None:
    """A partner no longer sees anything of the provider."""
    partnership.delete()


def owns_any(user: User) -> bool:
    """Whether `user` owns an organisation, and so may found another."""
    return Membership.objects.filter(user=user, role=Role.OWNER).exists()
