"""Keys for the API: who made them, what they may do, until when."""

from __future__ import annotations

from typing import Any

from django.contrib import messages as said
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from rung import messages
from rung.web import tokens as keys
from rung.web.access import asked, me, needs, trace
from rung.web.forms import NewToken
from rung.web.models import Organisation, Role, Token


@needs("organisation.tokens", of="organisation")
@require_http_methods(["GET", "POST"])
def tokens(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """The keys that this person may see, and making one; the secret is shown this once."""
    form = NewToken(request.POST or None, initial={"days": 90})
    page: dict[str, Any] = {"form": form, "scopes": keys.API_SCOPES}
    if request.method == "POST" and form.is_valid():
        token, page["secret"] = keys.make(me(request), organisation, **form.cleaned_data)
        trace(request, "token.made", organisation, thing=token.uid)
        page["form"] = NewToken(initial={"days": 90})
    page["tokens"] = _mine(request, organisation).order_by("-made_at")
    return render(request, "web/tokens.html", page)


@needs("organisation.tokens", of="organisation")
@require_POST
def revoke(request: HttpRequest, organisation: Organisation, token: str) -> HttpResponse:
    """End a key now."""
    keys.revoke(get_object_or_404(_mine(request, organisation), uid=token))
    trace(request, "token.revoked", organisation, thing=token)
    said.success(request, messages.sentence("web.tokens.revoked-now"))
    return redirect("tokens", organisation.uid)


def _mine(request: HttpRequest, organisation: Organisation) -> Any:
    """One's own keys; an owner sees everyone's."""
    all_here = Token.objects.filter(organisation=organisation).select_related("user")
    owner = asked(request).standing == Role.OWNER
    return all_here if owner else all_here.filter(user=me(request))
