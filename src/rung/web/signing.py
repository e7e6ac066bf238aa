"""The addresses of allauth that are used here, and no others: sign in and out, password, factor."""

from __future__ import annotations

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from django.urls import path

from rung.web.access import public, signed_in

urlpatterns = [
    path("login/", public(account.login), name="account_login"),
    path("logout/", signed_in(account.logout), name="account_logout"),
    path("inactive/", public(account.account_inactive), name="account_inactive"),
    path("reauthenticate/", signed_in(account.reauthenticate), name="account_reauthenticate"),
    path("password/", signed_in(account.password_change), name="account_change_password"),
    path("password/set/", signed_in(account.password_set), name="account_set_password"),
    path("forgotten/", public(account.password_reset), name="account_reset_password"),
    path(
        "forgotten/sent/", public(account.password_reset_done), name="account_reset_password_done"
    ),
    path(
        "forgotten/<uidb36>-<key>/",
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
