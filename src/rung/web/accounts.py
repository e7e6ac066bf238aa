"""How allauth signs people in here: by invitation only, with no name or address in a log."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody signs up by themselves: a place is kept by an invitation."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Closed."""
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Home."""
        return "/"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Only where post is set up."""
        from django.conf import settings

        if settings.EMAIL_HOST:
            super().send_mail(template_prefix, email, context)
