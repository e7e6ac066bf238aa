"""Places kept for people: made, found by their link, accepted once, withdrawn.

A link is a secret; only its digest is kept. A link that is wrong, used, withdrawn or too old finds
nothing, and nobody learns which of these it was.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import send_mail
from django.db import models, transaction
from django.urls import reverse

from rung import messages
from rung.web import clock
from rung.web.access import digest
from rung.web.models import Invitation, Membership, Organisation, Partnership, Role, User

LASTS = timedelta(days=14)
WELCOME_LASTS = timedelta(days=3)
PARTNERS = (Organisation.Kind.COACH, Organisation.Kind.CITY, Organisation.Kind.FUNDER)


class GoneError(Exception):
    """The invitation was used, withdrawn, or is too old."""


def invite(
    organisation: Organisation,
    *,
    by: User | None,
    email: str,
    role: str = Role.VIEWER,
    partner_kind: str = "",
    staff_name: str = "",
) -> tuple[Invitation, str]:
    """Keep a place for `email`; returns it with the path of its link, which is not kept.

    An invitation of the same kind that waits for the same address is replaced: its link ends.
    """
    email = email.strip().lower()
    waiting(organisation).filter(email=email, partner_kind=partner_kind).delete()
    return _make(
        organisation,
        by=by,
        email=email,
        role=role,
        partner_kind=partner_kind,
        staff_name=staff_name,
    )


def welcome(organisation: Organisation) -> str:
    """The path of a link for the first owner of a new lab; earlier such links end."""
    waiting(organisation).filter(welcome=True).delete()
    return _make(organisation, by=None, role=Role.OWNER, welcome=True)[1]


def _make(
    organisation: Organisation,
    *,
    by: User | None,
    role: str,
    email: str = "",
    partner_kind: str = "",
    staff_name: str = "",
    welcome: bool = False,
) -> tuple[Invitation, str]:
    token = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        organisation=organisation,
        by=by,
        email=email,
        role=role,
        partner_kind=partner_kind,
        staff_name=staff_name,
        welcome=welcome,
        token_digest=digest(token),
        expires_at=clock.now() + (WELCOME_LASTS if welcome else LASTS),
    )
    return invitation, reverse("welcome" if welcome else "invitation", args=[token])


def waiting(organisation: Organisation) -> models.QuerySet[Invitation]:
    """Invitations that can still be accepted, oldest first."""
    return Invitation.objects.filter(
        organisation=organisation, accepted_at=None, expires_at__gt=clock.now()
    ).order_by("made_at")


def find(token: str, *, welcome: bool) -> Invitation | None:
    """The invitation of a link, when it can be accepted now."""
    return (
        Invitation.objects.select_related("organisation", "by")
        .filter(
            token_digest=digest(token),
            welcome=welcome,
            accepted_at=None,
            expires_at__gt=clock.now(),
        )
        .first()
    )


@transaction.atomic
def accept(invitation: Invitation, user: User, founds: str = "", brings: str = "") -> Organisation:
    """Make `user` a member, or their organisation a partner; returns that organisation.

    A partner's organisation is founded by its name (`founds`) or brought by its uid (`brings`),
    which `user` must own and which must be of the kind asked for. Someone who is a member already
    keeps their role. Raises GoneError when another was quicker.
    """
    taken = Invitation.objects.filter(
        pk=invitation.pk, accepted_at=None, expires_at__gt=clock.now()
    ).update(accepted_at=clock.now())
    if not taken:
        raise GoneError
    if not invitation.partner_kind:
        Membership.objects.get_or_create(
            user=user,
            organisation=invitation.organisation,
            defaults={"role": invitation.role, "staff_name": invitation.staff_name},
        )
        return invitation.organisation
    partner = (
        owned(user, invitation.partner_kind).get(uid=brings)
        if brings
        else found(user, founds, invitation.partner_kind)
    )
    Partnership.objects.get_or_create(provider=invitation.organisation, partner=partner)
    return partner


def owned(user: User, kind: str) -> models.QuerySet[Organisation]:
    """The organisations of a kind that `user` owns, by name."""
    return Organisation.objects.filter(
        kind=kind, memberships__user=user, memberships__role=Role.OWNER
    ).order_by("name")


@transaction.atomic
def found(user: User, name: str, kind: str) -> Organisation:
    """A new organisation whose owner is `user`."""
    organisation = Organisation.objects.create(name=name, kind=kind)
    Membership.objects.create(user=user, organisation=organisation, role=Role.OWNER)
    return organisation


@transaction.atomic
def add_user(
    email: str,
    role: str,
    organisation_name: str,
    kind: str = Organisation.Kind.PROVIDER,
) -> str:
    """Give `email` a role in the organisation of that name, which is made when it is missing.

    Returns the path of a link, good for one use and three days, with which the person sets a
    password and is in. Raises ValueError for a role or kind that does not exist.
    """
    if role not in Role.values or kind not in Organisation.Kind.values:
        raise ValueError("no such role or kind of organisation")
    organisation = Organisation.objects.filter(name=organisation_name).order_by("made_at").first()
    if organisation is None:
        organisation = Organisation.objects.create(name=organisation_name, kind=kind)
    user = User.objects.filter(email=email.strip().lower()).first()
    if user is None:
        user = User.objects.create_user(email)
    Membership.objects.update_or_create(
        user=user, organisation=organisation, defaults={"role": role}
    )
    return reverse(
        "account_reset_password_from_key",
        kwargs={
            "uidb36": user_pk_to_url_str(user),
            "key": default_token_generator.make_token(user),
        },
    )


def post(invitation: Invitation, address: str) -> bool:
    """Send the link where post is set up; whether it went out."""
    if not settings.EMAIL_HOST or not invitation.email:
        return False
    said: dict[str, messages.Scalar] = {
        "organisation": invitation.organisation.name,
        "by": str(invitation.by or "Rung"),
        "address": address,
        "days": LASTS.days,
    }
    try:
        sent = send_mail(
            " ".join(messages.sentence("web.invitation.mail-subject", said).split()),
            messages.sentence("web.invitation.mail", said),
            settings.DEFAULT_FROM_EMAIL,
            [invitation.email],
        )
    except OSError:  # the post office is away (smtplib's errors too): the link is on the page
        return False
    return sent == 1
