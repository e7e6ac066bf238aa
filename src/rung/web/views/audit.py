"""The audit trail: who saw or changed what, in plain words."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from rung import messages
from rung.web.access import needs
from rung.web.models import Organisation, Trace, User

A_PAGE = 50


@dataclass(frozen=True)
class Line:
    """A row of the trail as it is read."""

    trace: Trace
    who: str
    what: str
    about: str


@needs("organisation.audit", of="organisation")
@require_GET
def audit(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """Newest first, by person and by what was done."""
    found, chosen = _chosen(request, organisation)
    page = Paginator(found, A_PAGE).get_page(request.GET.get("page"))
    everyone = Trace.objects.filter(organisation=organisation)
    return render(
        request,
        "web/audit.html",
        {
            "page": page,
            "lines": _lines(page.object_list),
            "chosen": chosen,
            "query": urlencode(chosen),
            "people": User.objects.filter(pk__in=everyone.values("user")).order_by("name", "email"),
            "actions": sorted(
                (said(a), a) for a in set(everyone.values_list("action", flat=True).distinct())
            ),
        },
    )


@needs("organisation.audit", of="organisation")
@require_GET
def rows(request: HttpRequest, organisation: Organisation) -> Any:
    """The same as a file."""
    found, _ = _chosen(request, organisation)
    answer = StreamingHttpResponse(_csv(found), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="audit.csv"'
    return answer


def said(action: str) -> str:
    """What an action is called; the code itself when nobody named it."""
    key = f"web.audit.{action}"
    return messages.sentence(key) if messages.has(key) else action


def _chosen(
    request: HttpRequest, organisation: Organisation
) -> tuple[QuerySet[Trace], dict[str, str]]:
    found = Trace.objects.filter(organisation=organisation).select_related("user", "program")
    chosen = {name: request.GET[name] for name in ("person", "action") if request.GET.get(name)}
    if "person" in chosen:
        found = found.filter(user__uid=chosen["person"])
    if "action" in chosen:
        found = found.filter(action=chosen["action"])
    return found.order_by("-at", "-pk"), chosen


def _lines(traces: Iterable[Trace]) -> list[Line]:
    """With the names of the people and organisations that something was done to."""
    rows = list(traces)
    things = {t.thing for t in rows if t.thing}
    names: dict[str, str] = {u.uid: str(u) for u in User.objects.filter(uid__in=things)}
    names |= {o.uid: str(o) for o in Organisation.objects.filter(uid__in=things)}
    nobody = messages.sentence("web.audit.nobody")
    return [
        Line(t, str(t.user) if t.user else nobody, said(t.action), names.get(t.thing, ""))
        for t in rows
    ]


class _Echo:
    """A file that gives back what is written."""

    def write(self, text: str) -> str:
        return text


def _csv(found: QuerySet[Trace]) -> Iterator[str]:
    writer: Any = csv.writer(_Echo())
    columns = ("at", "who", "what", "about", "program", "allowed", "people", "by-key", "action")
    yield "\ufeff" + writer.writerow(
        [messages.sentence(f"web.audit.column-{name}") for name in columns]
    )
    for number in Paginator(found, 1000):
        for line in _lines(number.object_list):
            t = line.trace
            yes = messages.sentence("web.audit.yes" if t.allowed else "web.audit.no")
            key = messages.sentence("web.audit.yes" if t.by_token else "web.audit.no")
            cells = (
                t.at.isoformat(timespec="seconds"), line.who, line.what, line.about,
                t.program.name if t.program else "", yes, t.count, key, t.action,
            )  # fmt: skip
            yield writer.writerow([_plain(cell) for cell in cells])


def _plain(cell: Any) -> Any:
    """Text that a spreadsheet would take for a formula is marked as text."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in "=+-@\t\r" and cell else cell
