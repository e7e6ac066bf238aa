"""Coming in by a link: the first user of a lab, new members, partners; and one's own page."""

from __future__ import annotations

from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages as said
from django.contrib.auth import login
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods

from rung import messages
from rung.web import invitations
from rung.web.access import me, public, signed_in, trace
from rung.web.forms import NewPerson, Partner, You, what_roles_do
from rung.web.models import Invitation, Organisation, User


@public
@require_http_methods(["GET", "POST"])
def welcome(request: HttpRequest, token: str) -> HttpResponse:
    """The link a new lab prints: its first owner."""
    return _come_in(request, invitations.find(token, welcome=True))


@public
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """The link of an invitation."""
    return _come_in(request, invitations.find(token, welcome=False))


def _come_in(request: HttpRequest, kept: Invitation | None) -> HttpResponse:
    if kept is None:
        return _gone(request)
    who = _who(request, kept)
    page: dict[str, Any] = {"invitation": kept, "of": kept.organisation, "who": who}
    page["does"] = what_roles_do(kept.organisation)
    posted = request.POST if request.method == "POST" else None
    if who in ("another", "elsewhere"):
        return render(request, "web/invitation.html", page)
    forms: list[Any] = []
    if who == "new":
        page["person"] = NewPerson(posted, email=kept.email)
        forms.append(page["person"])
    if kept.partner_kind:
        mine = list(invitations.owned(me(request), kept.partner_kind)) if who == "you" else []
        page["partner"] = Partner(posted, mine=mine)
        forms.append(page["partner"])
    missing = [form for form in forms if not form.is_valid()]  # each is asked: all is said at once
    if posted is None or missing:
        return render(request, "web/invitation.html", page)
    return _accepted(request, kept, page)


def _who(request: HttpRequest, kept: Invitation) -> str:
    """Who opens a link: "you" for whom it is, a "new" person, "elsewhere" signed in with another
    address, or "another" who has an account and has to sign in."""
    if request.user.is_authenticated:
        return "you" if kept.email in ("", request.user.email) else "elsewhere"
    if kept.email and User.objects.filter(email=kept.email).exists():
        return "another"
    return "new"


def _accepted(request: HttpRequest, kept: Invitation, page: dict[str, Any]) -> HttpResponse:
    partner = page["partner"].cleaned_data if "partner" in page else {}
    try:
        with transaction.atomic():
            user = page["person"].save() if "person" in page else me(request)
            organisation = invitations.accept(
                kept, user, partner.get("founds", ""), partner.get("brings", "")
            )
    except invitations.GoneError:
        return _gone(request)
    if "person" in page:
        login(request, user, "allauth.account.auth_backends.AuthenticationBackend")
    did = "partner.joined" if kept.partner_kind else "member.joined"
    trace(request, did, kept.organisation, thing=user.uid)
    said.success(request, messages.sentence("web.welcome.in", {"organisation": organisation.name}))
    return redirect(_first_page(organisation))


def _first_page(organisation: Organisation) -> str:
    program = organisation.programs.order_by("made_at").first()
    if program is not None:
        return reverse("program", args=[program.uid])
    if organisation.kind == Organisation.Kind.COACH:
        return reverse("portfolio", args=[organisation.uid])
    return reverse("organisation", args=[organisation.uid])


def _gone(request: HttpRequest) -> HttpResponse:
    return render(request, "web/sorry.html", {"which": "gone"}, status=404)


@signed_in
@require_http_methods(["GET", "POST"])
def you(request: HttpRequest) -> HttpResponse:
    """One's own name, password and second factor."""
    user = me(request)
    form = You(request.POST or None, initial={"name": user.name})
    if request.method == "POST" and form.is_valid():
        user.name = form.cleaned_data["name"]
        user.save(update_fields=["name"])
        said.success(request, messages.sentence("web.said.saved"))
        return redirect("account")
    return render(request, "web/you.html", {"form": form, "factor": is_mfa_enabled(user)})


urls = [
    path("welcome/<str:token>/", welcome, name="welcome"),
    path("invitation/<str:token>/", invitation, name="invitation"),
]
