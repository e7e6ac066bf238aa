"""The addresses of allauth that are used here, and no others: sign in and out, password, factor."""

from __future__ import annotations

from typing import Any

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, re_path
from django.utils.http import urlencode

from rung.web.access import public, signed_in
from rung.web.views import welcome


@public
def login(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """The way in is the front page; only an attempt that failed is shown here."""
    if request.method == "POST":
        answer: HttpResponse = account.login(request, *args, **kwargs)
        return answer
    back = request.GET.get("next", "")
    return redirect("/?" + urlencode({"next": back}) if back else "/")


@public
def forgotten(request: HttpRequest) -> HttpResponse:
    """A link by post, where the lab sends any."""
    page = account.PasswordResetView.as_view(extra_context={"post": bool(settings.EMAIL_HOST)})
    answer: HttpResponse = page(request)
    return answer


urlpatterns = [
    path("", welcome.you, name="account"),
    path("login/", login, name="account_login"),
    # also for someone between the password and the second factor, who is not signed in yet
    path("logout/", public(account.logout), name="account_logout"),
    path("inactive/", public(account.account_inactive), name="account_inactive"),
    path("reauthenticate/", signed_in(account.reauthenticate), name="account_reauthenticate"),
    path("password/", signed_in(account.password_change), name="account_change_password"),
    path("password/set/", signed_in(account.password_set), name="account_set_password"),
    path("forgotten/", forgotten, name="account_reset_password"),
    path(
        "forgotten/sent/", public(account.password_reset_done), name="account_reset_password_done"
    ),
    re_path(
        r"^forgotten/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        public(account.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    path(
        "forgotten/done/",
        public(account.password_reset_from_key_done),
        name="account_reset_password_from_key_done",
    ),
    path("factor/", signed_in(mfa.index), name="mfa_index"),
    path("factor/check/", public(mfa.authenticate), name="mfa_authenticate"),
    path("factor/again/", signed_in(mfa.reauthenticate), name="mfa_reauthenticate"),
    path("factor/app/", signed_in(totp.activate_totp), name="mfa_activate_totp"),
    path("factor/app/off/", signed_in(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("factor/codes/", signed_in(codes.view_recovery_codes), name="mfa_view_recovery_codes"),
    path(
        "factor/codes/new/",
        signed_in(codes.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "factor/codes/file/",
        signed_in(codes.download_recovery_codes),
        name="mfa_download_recovery_codes",
    ),
]
