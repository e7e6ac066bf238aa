"""What happens around every request: security policy, language, errors, what templates know."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import translation

from rung import messages
from rung.errors import Problem, RungError
from rung.web import clock, place

Next = Callable[[HttpRequest], HttpResponse]


class Policy:
    """Content-Security-Policy and its kin; nothing personal is kept by a browser or a proxy."""

    def __init__(self, get_response: Next) -> None:
        self.next = get_response
        parts = settings.CONTENT_SECURITY_POLICY.items()
        self.policy = "; ".join(f"{name} {' '.join(sources)}" for name, sources in parts)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Add the headers."""
        response = self.next(request)
        response.headers.setdefault("Content-Security-Policy", self.policy)
        response.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
        response.headers["X-Content-Type-Options"] = "nosniff"
        if not request.path.startswith(settings.STATIC_URL):
            response.headers.setdefault("Cache-Control", "no-store")
        return response


class Language:
    """English or Spanish: the person's own choice, a cookie, or what the browser asks for."""

    def __init__(self, get_response: Next) -> None:
        self.next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Speak it in our catalogue and in the libraries'."""
        known = dict(settings.LANGUAGES)
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        if request.user.is_authenticated and not chosen:
            chosen = request.user.language
        language = chosen if chosen in known else translation.get_language_from_request(request)
        language = language if language in known else "en"
        request.LANGUAGE_CODE = language
        with messages.speaking(language), translation.override(language):
            response = self.next(request)
        response.headers["Content-Language"] = request.LANGUAGE_CODE
        return response


class Problems:
    """An error that says what to do becomes a page; one of ours becomes a plain apology."""

    def __init__(self, get_response: Next) -> None:
        self.next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on."""
        return self.next(request)

    def process_view(self, request: HttpRequest, view: Any, *given: Any) -> HttpResponse | None:
        """Refuse U+0000, which no database keeps and nobody types, before a view meets it."""
        if request.path.startswith("/api/"):  # after its key: a stranger learns nothing of a body
            return None
        form = request.content_type == "application/x-www-form-urlencoded"
        # a file that is sent is for its view alone to read
        sent = request.POST if form or not getattr(view, "csrf_exempt", False) else QueryDict()
        refuse_null(request.GET, sent)
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """A page with the four parts of every problem."""
        if request.path.startswith("/api/"):
            return None
        if place.full(error):
            problems = (Problem(code="WEB-full", weight="break"),)
            return render(request, "web/problem.html", {"problems": problems}, status=507)
        if not isinstance(error, RungError):
            return None
        return render(request, "web/problem.html", {"problems": error.problems}, status=422)


def refuse_null(*fields: QueryDict) -> None:
    """BadRequest for U+0000 in a name or a value."""
    if any("\0" in t for each in fields for name, vs in each.lists() for t in (name, *vs)):
        raise BadRequest


_PLACES = re.compile(r"/(invitation|welcome|account)/\S+")


class Bare(logging.Filter):
    """Logs hold no secret link, no e-mail address and no traceback's local values."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Take out what could say who."""
        text = record.getMessage()
        text = _PLACES.sub(r"/\1/…", text)
        record.msg, record.args = re.sub(r"\S+@\S+", "…", text), ()
        if record.exc_info and record.exc_info[1] is not None:
            # the message of an unexpected error may quote a value: only its kind and place stay
            error, tb = record.exc_info[1], record.exc_info[2]
            while tb is not None and tb.tb_next is not None:
                tb = tb.tb_next
            where = f"{tb.tb_frame.f_code.co_filename}:{tb.tb_lineno}" if tb else "?"
            record.msg += f" [{type(error).__name__} at {where}]"
            record.exc_info = record.exc_text = None
        return True


def surroundings(request: HttpRequest) -> dict[str, Any]:
    """What every template knows."""
    from rung.web import access, navigation

    program = getattr(request, "program", None)
    stands = getattr(request, "standing", None)
    return {
        "language": getattr(request, "LANGUAGE_CODE", "en"),
        "languages": settings.LANGUAGES,
        "program": program,
        "organisation": getattr(request, "organisation", None),
        "standing": stands,
        "can": {a for a, who in access.MAY.items() if stands in who},
        "rooms": navigation.rooms(request, program, stands),
        "places": navigation.places(request),
        "now": clock.now(),
    }
