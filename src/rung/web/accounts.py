"""How people sign in here: by invitation only, for half a day, with no name or address in a log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import lazystr

from rung import messages
from rung.web import clock


class _Said:
    """A sentence of the catalogue, said in the reader's language when it is shown."""

    def __init__(self, key: str) -> None:
        self.key = key

    def __str__(self) -> str:
        return messages.sentence(self.key)


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody signs up by themselves: a place is kept by an invitation."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        **{
            allauth: lazystr(_Said(f"web.account.{ours}"))
            for allauth, ours in (
                ("account_inactive", "inactive"),
                ("email_password_mismatch", "mismatch"),
                ("too_many_login_attempts", "too-many"),
                ("rate_limited", "too-many"),
                ("incorrect_password", "wrong-password"),
                ("enter_current_password", "wrong-password"),
            )
        },
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Closed."""
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Home."""
        return "/"

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """One's own page."""
        return reverse("account")

    def format_email_subject(self, subject: str) -> str:
        """As our catalogue has it."""
        return str(subject)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Only where post is set up."""
        if settings.EMAIL_HOST:
            super().send_mail(template_prefix, email, context)


class Factor(DefaultMFAAdapter):  # type: ignore[misc]
    """The second factor, in our words."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": lazystr(_Said("web.account.wrong-code")),
    }


class Session:
    """A session ends half a day after the person signed in, however busy it was since."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Sign out who has been in for too long; the page then asks to sign in again."""
        if request.user.is_authenticated:
            moment = clock.now().timestamp()
            since = request.session.setdefault("since", moment)
            if moment - since > settings.SESSION_COOKIE_AGE:
                logout(request)
        return self.next(request)


def too_many(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """429: someone tries passwords, or a finger is quick."""
    return render(request, "web/sorry.html", {"which": "many"}, status=429)
