"""An organisation: its programs, and who may see them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages as said
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from rung import messages
from rung.web import invitations, membership
from rung.web.access import me, needs, signed_in, trace
from rung.web.forms import Invite, InvitePartner, Member, NewOrganisation, NewProgram, what_roles_do
from rung.web.models import Invitation, Membership, Organisation, Partnership, Role
from rung.web.views import audit, keys


@needs("organisation.see", of="organisation")
@require_GET
def organisation(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """What it is, its programs, who works beside it."""
    return render(
        request,
        "web/organisation.html",
        {
            "programs": organisation.programs.select_related("generation").order_by("name"),
            "partners": organisation.partners.select_related("partner").order_by("since"),
            "providers": organisation.providers.select_related("provider").order_by("since"),
            "provider": organisation.kind == Organisation.Kind.PROVIDER,
            "owns": membership.owns_any(me(request)),
        },
    )


@needs("program.make", of="organisation")
@require_http_methods(["GET", "POST"])
def program_new(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """Make a program: its name and sites."""
    form = NewProgram(request.POST or None)
    if request.method == "POST" and form.is_valid():
        program = form.save(organisation)
        trace(request, "program.made", organisation, program)
        return redirect("program", program.uid)
    return render(request, "web/program_new.html", {"form": form})


@signed_in
@require_http_methods(["GET", "POST"])
def organisation_new(request: HttpRequest) -> HttpResponse:
    """An owner of one organisation may found another."""
    if not membership.owns_any(me(request)):
        raise PermissionDenied
    form = NewOrganisation(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = invitations.found(me(request), **form.cleaned_data)
        trace(request, "organisation.made", made)
        return redirect("organisation", made.uid)
    return render(
        request, "web/organisation_new.html", {"form": form, "kinds": Organisation.Kind.values}
    )


# -- members


@needs("organisation.members", of="organisation")
@require_GET
def members(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """Who may see the records, in which role; who was invited."""
    return _members(request, organisation)


def _members(request: HttpRequest, organisation: Organisation, **more: Any) -> HttpResponse:
    provider = organisation.kind == Organisation.Kind.PROVIDER
    return render(
        request,
        "web/members.html",
        {
            "members": organisation.memberships.select_related("user").order_by("since"),
            "partners": organisation.partners.select_related("partner").order_by("since"),
            "waiting": invitations.waiting(organisation).filter(welcome=False),
            "provider": provider,
            "roles": Role.values if provider else (Role.OWNER, Role.STAFF),
            "does": what_roles_do(organisation),
            "kinds": invitations.PARTNERS,
            "invite": Invite(organisation=organisation, initial={"role": "staff"}),
            "invite_partner": InvitePartner(),
            **more,
        },
    )


@needs("organisation.members", of="organisation")
@require_POST
def invite(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """Keep a place for a member; the link is shown this once."""
    form = Invite(request.POST, organisation=organisation)
    if not form.is_valid():
        return _members(request, organisation, invite=form)
    made = invitations.invite(organisation, by=me(request), **form.cleaned_data)
    return _invited(request, organisation, made)


@needs("organisation.members", of="organisation")
@require_POST
def invite_partner(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """Keep a place for another organisation beside this provider."""
    form = InvitePartner(request.POST)
    if organisation.kind != Organisation.Kind.PROVIDER:
        raise PermissionDenied
    if not form.is_valid():
        return _members(request, organisation, invite_partner=form)
    made = invitations.invite(
        organisation,
        by=me(request),
        email=form.cleaned_data["email"],
        partner_kind=form.cleaned_data["kind"],
    )
    return _invited(request, organisation, made)


@needs("organisation.members", of="organisation")
@require_POST
def invite_again(request: HttpRequest, organisation: Organisation, invitation: str) -> HttpResponse:
    """A new link for a place that waits; the old link ends."""
    old = _waiting(organisation, invitation)
    made = invitations.invite(
        organisation,
        by=me(request),
        email=old.email,
        role=old.role,
        partner_kind=old.partner_kind,
        staff_name=old.staff_name,
    )
    return _invited(request, organisation, made)


def _invited(
    request: HttpRequest, organisation: Organisation, made: tuple[Invitation, str]
) -> HttpResponse:
    kept, link = made
    did = "partner.invited" if kept.partner_kind else "member.invited"
    trace(request, did, organisation, thing=kept.uid)
    address = request.build_absolute_uri(link)
    sent = invitations.post(kept, address)
    more = {"link": address, "invited": kept, "sent": sent, "post": bool(settings.EMAIL_HOST)}
    return _members(request, organisation, **more)


@needs("organisation.members", of="organisation")
@require_POST
def withdraw(request: HttpRequest, organisation: Organisation, invitation: str) -> HttpResponse:
    """A place is no longer kept; its link ends."""
    _waiting(organisation, invitation).delete()
    trace(request, "invitation.withdrawn", organisation, thing=invitation)
    said.success(request, messages.sentence("web.members.withdrawn"))
    return redirect("members", organisation.uid)


def _waiting(organisation: Organisation, uid: str) -> Invitation:
    return get_object_or_404(invitations.waiting(organisation).filter(welcome=False), uid=uid)


@needs("organisation.members", of="organisation")
@require_POST
def member(request: HttpRequest, organisation: Organisation, user: str) -> HttpResponse:
    """Change a member's role, or how the records name them."""
    one = get_object_or_404(Membership, organisation=organisation, user__uid=user)
    form = Member(request.POST)
    if not form.is_valid():
        return redirect("members", organisation.uid)
    try:
        membership.change(one, **form.cleaned_data)
    except membership.LastOwnerError:
        return _last_owner(request, organisation)
    trace(request, "member.changed", organisation, thing=user)
    said.success(request, messages.sentence("web.said.saved"))
    # who gave the role of owner away does not open this page any more
    stays = one.user_id != request.user.pk or form.cleaned_data["role"] == Role.OWNER
    return redirect("members" if stays else "organisation", organisation.uid)


@needs("organisation.members", of="organisation")
@require_POST
def remove(request: HttpRequest, organisation: Organisation, user: str) -> HttpResponse:
    """Take a member out; every open page of theirs here ends."""
    one = get_object_or_404(Membership, organisation=organisation, user__uid=user)
    try:
        membership.remove(one)
    except membership.LastOwnerError:
        return _last_owner(request, organisation)
    trace(request, "member.removed", organisation, thing=user)
    said.success(request, messages.sentence("web.members.removed"))
    return redirect("front") if user == me(request).uid else redirect("members", organisation.uid)


def _last_owner(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    said.error(request, messages.sentence("web.members.last-owner"))
    return redirect("members", organisation.uid)


@needs("organisation.members", of="organisation")
@require_POST
def end_partner(request: HttpRequest, organisation: Organisation, partner: str) -> HttpResponse:
    """A partner sees nothing of this provider any more."""
    one = get_object_or_404(Partnership, provider=organisation, partner__uid=partner)
    membership.end(one)
    trace(request, "partner.ended", organisation, thing=partner)
    said.success(request, messages.sentence("web.members.partner-ended"))
    return redirect("members", organisation.uid)


_HERE = "o/<slug:organisation>/"
urls = [
    path("organisations/new/", organisation_new, name="organisation-new"),
    path(_HERE, organisation, name="organisation"),
    path(_HERE + "new/", program_new, name="program-new"),
    path(_HERE + "members/", members, name="members"),
    path(_HERE + "members/invite/", invite, name="member-invite"),
    path(_HERE + "members/partner/", invite_partner, name="partner-invite"),
    path(_HERE + "members/<slug:user>/", member, name="member"),
    path(_HERE + "members/<slug:user>/remove/", remove, name="member-remove"),
    path(_HERE + "invitations/<slug:invitation>/again/", invite_again, name="invite-again"),
    path(_HERE + "invitations/<slug:invitation>/withdraw/", withdraw, name="invite-withdraw"),
    path(_HERE + "partners/<slug:partner>/end/", end_partner, name="partner-end"),
    path(_HERE + "audit/", audit.audit, name="audit"),
    path(_HERE + "audit/rows.csv", audit.rows, name="audit-rows"),
    path(_HERE + "tokens/", keys.tokens, name="tokens"),
    path(_HERE + "tokens/<slug:token>/revoke/", keys.revoke, name="token-revoke"),
]
