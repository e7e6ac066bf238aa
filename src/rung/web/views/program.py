"""A program's first page, and waiting for work."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.http import require_GET

from rung.web.access import needs
from rung.web.models import Job, Program
from rung.web.work import problems


@needs("program.see")
@require_GET
def program(request: HttpRequest, program: Program) -> HttpResponse:
    """Where this program stands and what to do next."""
    return render(request, "web/program.html", {})


@needs("program.see")
@require_GET
def waiting(request: HttpRequest, program: Program, job: str) -> HttpResponse:
    """How far a piece of work is; when it is done, on to where it leads."""
    work = get_object_or_404(Job, uid=job, program=program)
    leads = work.result.get("next") or work.params.get("next") or ""
    if work.state == Job.State.DONE and leads:
        if getattr(request, "htmx", False):
            response = HttpResponse()
            response["HX-Redirect"] = leads
            return response
        return redirect(leads)
    page = "web/waiting_part.html" if getattr(request, "htmx", False) else "web/waiting.html"
    return render(request, page, {"job": work, "problems": problems(work.problem)})


urls = [
    path("p/<slug:program>/", program, name="program"),
    path("p/<slug:program>/work/<slug:job>/", waiting, name="work"),
]
