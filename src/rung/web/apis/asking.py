"""Who asks, by which key, whether they may, how often; and how the API says no.

An operation declares a scope and an action (`needs`). A key does what its scopes say and what its
maker may do at that moment, in the one organisation it was made for: anything of another
organisation is not there (404).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

from django.core.cache import caches
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.security import HttpBearer

from rung.errors import PlanError, Problem, ReleaseError, RungError
from rung.web import access, tokens
from rung.web.middleware import refuse_null
from rung.web.models import Organisation, Program, Token, User

A_MINUTE: Final = 600
"""Requests of one key in a minute."""
ANY: Final = "any"
"""In place of a scope: any good key."""


class Asked(HttpRequest):
    """A request behind `needs`: whose key, in which organisation, about which program."""

    user: User
    token: Token
    organisation: Organisation
    program: Program
    standing: str


class Where(Schema):
    """Where something is wrong; only what is known."""

    table: str | None = None
    column: str | None = None
    rows: int | None = None
    first_rows: list[int] | None = None


class Wrong(Schema):
    """What is wrong, where, what was expected, what to do next."""

    code: str
    what: str
    where: dict[str, Any]
    expected: str
    next: str
    problems: list[dict[str, Any]] | None = None


class Error(Schema):
    """Every refusal of the API, in the shape of the JSON contract."""

    error: Wrong


class Refused(RungError):  # noqa: N818 (its code says what is wrong)
    """Something that the API refuses; it brings its status."""

    def __init__(self, status: int, code: str, **params: Any) -> None:
        super().__init__(Problem(code=code, params=params, weight="break"))
        self.status = status


class Key(HttpBearer):
    """`Authorization: Bearer …`, and what this operation needs of it."""

    def __init__(self, scope: str, action: str, of: str) -> None:
        super().__init__()
        if action not in access.MAY or scope not in (*tokens.API_SCOPES, ANY):
            raise ValueError(f"no such scope or action: {scope}, {action}")
        self.scope, self.action, self.of = scope, action, of

    def authenticate(self, request: HttpRequest, token: str) -> Token:
        """The key, when it is good for this operation here; else an exception."""
        key = tokens.authenticate(token)
        if key is None:
            raise AuthenticationError
        _count(key)
        request.user = key.user
        asked = access.asked(request)
        asked.token = key
        given = request.resolver_match.kwargs if request.resolver_match else {}
        program = _program(key, str(given["program"])) if self.of == "program" else None
        asked.organisation, asked.program = key.organisation, program
        if self.scope != ANY and self.scope not in key.scopes:
            access.trace(request, self.action, key.organisation, program, allowed=False)
            raise Refused(403, "WEB-api-scope", scope=self.scope)
        access.check(request, self.action, key.organisation, program)
        refuse_null(request.GET)
        if request.content_type == "application/json" and b"\\u0000" in request.body:
            raise BadRequest
        return key


def _program(key: Token, uid: str) -> Program:
    """A program of the key's organisation; of any other it is as if there were none."""
    mine = Program.objects.select_related("organisation", "generation__program")
    program = mine.filter(uid=uid, organisation=key.organisation).first()
    if program is None:
        raise Http404
    return program


def _count(key: Token) -> None:
    """Let a key ask so often in a minute and no more."""
    minute = int(time.time() // 60)
    name, cache = f"api-{key.uid}-{minute}", caches["pages"]  # each server process counts
    cache.add(name, 0, 120)
    try:
        asked = cache.incr(name)
    except ValueError:  # it left the cache in between
        return
    if asked > A_MINUTE:
        raise Refused(429, "WEB-api-often", most=A_MINUTE)


def needs(scope: str, action: str, *, of: str = "program", **answers: Any) -> dict[str, Any]:
    """What an operation declares: its scope, its action, and what it answers.

    `of` is "program" (its address has one) or "organisation" (the key's). `answers` gives the
    schema of each good status as `ok=…`, `made=…` (201), `begun=…` (202) or `gone=…` (204).
    """
    status = {"ok": 200, "made": 201, "begun": 202, "gone": 204}
    responses: dict[int, Any] = {status[k]: v for k, v in answers.items()}
    return {
        "auth": Key(scope, action, of),
        "response": responses | dict.fromkeys((400, 401, 403, 404, 409, 413, 422, 429), Error),
        "openapi_extra": {"x-scope": scope, "x-action": action},
        "exclude_none": False,
        "by_alias": True,
    }


# -- saying no


def say_no(status: int, error: RungError, more: Mapping[str, Any] | None = None) -> JsonResponse:
    """An error in the shape of the JSON contract."""
    said = error.to_json()
    said["error"].setdefault("problems", None)
    said["error"]["where"] |= dict(more or {})
    return JsonResponse(said, status=status)


def status_of(error: RungError) -> int:
    """The status that goes with an error of ours."""
    if isinstance(error, Refused):
        return error.status
    return 403 if isinstance(error, ReleaseError) else 422


def listen(api: NinjaAPI) -> None:
    """Make every refusal one of ours."""

    @api.exception_handler(AuthenticationError)
    def _stranger(request: HttpRequest, error: Exception) -> HttpResponse:
        response = say_no(401, PlanError("WEB-api-key"))
        response["WWW-Authenticate"] = "Bearer"
        return response

    @api.exception_handler(PermissionDenied)
    def _denied(request: HttpRequest, error: Exception) -> HttpResponse:
        return say_no(403, PlanError("WEB-denied"))

    @api.exception_handler(Http404)
    def _missing(request: HttpRequest, error: Exception) -> HttpResponse:
        return say_no(404, PlanError("WEB-missing"))

    @api.exception_handler(ValidationError)
    def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
        # names of fields and rules; never what was sent
        fields = [
            {"field": ".".join(str(p) for p in e["loc"]), "rule": e["type"]} for e in error.errors
        ]
        return say_no(422, PlanError("WEB-api-request"), {"fields": fields})

    @api.exception_handler(HttpError)
    def _unread(request: HttpRequest, error: HttpError) -> HttpResponse:
        return say_no(error.status_code, PlanError("WEB-api-request"))

    @api.exception_handler(RungError)
    def _ours(request: HttpRequest, error: RungError) -> HttpResponse:
        return say_no(status_of(error), error)
