"""The first page, health, language, and the pages of errors."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseServerError, JsonResponse
from django.shortcuts import redirect, render
from django.template import loader
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from rung import __version__, messages
from rung.errors import PlanError
from rung.web import sample
from rung.web.access import public
from rung.web.models import Membership, Organisation, Program


@public
@require_GET
def front(request: HttpRequest) -> HttpResponse:
    """A stranger reads what Rung is and signs in; everyone else sees their programs."""
    if not request.user.is_authenticated:
        # shown here and not at an address of its own: the way in is one page
        return render(
            request,
            "web/front.html",
            {
                "form": LoginForm(request=request),
                "next": _local(request, request.GET.get("next")),
                "preparing": sample.preparing(),
            },
        )
    mine = Membership.objects.filter(user=request.user).select_related("organisation")
    programs = list(
        Program.objects.filter(organisation__memberships__user=request.user)
        .select_related("organisation", "generation")
        .order_by("organisation__name", "name")
    )
    kinds = {m.organisation.kind for m in mine}
    if kinds == {Organisation.Kind.COACH}:
        return redirect("portfolio", mine[0].organisation.uid)
    beside = {Organisation.Kind.CITY, Organisation.Kind.FUNDER}
    if kinds and kinds <= beside and not programs:
        return redirect("released")
    if len(programs) == 1 and len(mine) == 1:
        return redirect("program", programs[0].uid)
    page = {
        "programs": programs,
        "memberships": mine,
        "releases": bool(kinds & beside),
    }
    return render(request, "web/home.html", page)


def _local(request: HttpRequest, address: str | None) -> str:
    """Where to go afterwards, when it is a page of ours."""
    safe = url_has_allowed_host_and_scheme(address, {request.get_host()}, request.is_secure())
    return address or "" if safe else ""


@public
@require_GET
def healthz(request: HttpRequest) -> HttpResponse:
    """Whether the lab can answer: its database is there."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok", "rung": __version__})


@public
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Remember the language a person chose."""
    chosen = request.POST.get("language", "")
    response = redirect(_local(request, request.POST.get("next")) or "/")
    remember_language(request, response, chosen)
    return response


def remember_language(request: HttpRequest, response: HttpResponse, chosen: str) -> None:
    """In a cookie, and with the person when somebody is signed in; what is no language, never."""
    if chosen not in dict(settings.LANGUAGES):
        return
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        chosen,
        max_age=365 * 86400,
        httponly=True,
        samesite="Lax",
        secure=settings.PRODUCTION,
    )
    if request.user.is_authenticated:
        request.user.language = chosen
        request.user.save(update_fields=["language"])


def _sorry(request: HttpRequest, status: int, which: str) -> HttpResponse:
    if request.path.startswith("/api/"):
        return JsonResponse(PlanError(f"WEB-{which}").to_json(), status=status)
    return render(request, "web/sorry.html", {"which": which}, status=status)


def bad(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """400."""
    return _sorry(request, 400, "bad")


def expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that is no longer good: the session ended or the page is old."""
    return _sorry(request, 403, "expired")


def denied(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """403."""
    return _sorry(request, 403, "denied")


def missing(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """404; a stranger is asked to sign in, so that an address tells nothing."""
    if not request.user.is_authenticated and not request.path.startswith("/api/"):
        return redirect("/")
    return _sorry(request, 404, "missing")


def broken(request: HttpRequest) -> HttpResponse:
    """500: a page that needs neither the database nor anything that may just have broken."""
    if request.path.startswith("/api/"):
        return _sorry(request, 500, "broken")
    page = loader.render_to_string("web/broken.html", {"language": messages.current()})
    return HttpResponseServerError(page)
