"""Taking everything along, and leaving."""

from __future__ import annotations

from typing import cast

from django.contrib import messages as say
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods

from rung.errors import PlanError
from rung.messages import sentence
from rung.web import exporting, leaving, work
from rung.web.access import me, needs, trace
from rung.web.models import Job, Organisation


@needs("organisation.export", of="organisation")
@require_http_methods(["GET", "POST"])
def export(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """Everything in one file: asked for here, fetched here."""
    if request.method == "POST":
        private = request.POST.get("with_identifiers") == "true"
        job = exporting.start(organisation, me(request), with_identifiers=private)
        action = "export.identifiers" if private else "organisation.export"
        trace(request, action, organisation, thing=job.uid)
        return redirect("organisation-export", organisation.uid)
    listed = list(exporting.jobs(organisation))
    rows = [(j, j.state == Job.State.DONE and exporting.file(j).is_file()) for j in listed]
    busy = any(j.state in (Job.State.WAITING, Job.State.RUNNING) for j in listed)
    problems = [p for j in listed[:1] for p in work.problems(j.problem)]
    return render(request, "web/export.html", {"jobs": rows, "busy": busy, "problems": problems})


@needs("organisation.export", of="organisation")
@require_GET
def fetch(request: HttpRequest, organisation: Organisation, job: str) -> HttpResponse:
    """The ZIP."""
    made = get_object_or_404(exporting.jobs(organisation), uid=job, state=Job.State.DONE)
    if not exporting.file(made).is_file():
        raise Http404
    trace(request, "organisation.export", organisation, thing=made.uid)
    name = f"rung-{made.made_at:%Y-%m-%d}.zip"
    sent = FileResponse(exporting.file(made).open("rb"), as_attachment=True, filename=name)
    return cast("HttpResponse", sent)


@needs("organisation.delete", of="organisation")
@require_http_methods(["GET", "POST"])
def leave(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """Have everything erased in a week, or change one's mind."""
    wrong = ""
    if request.method == "POST" and request.POST.get("do") == "stay":
        done = leaving.stay(organisation)
        trace(request, "organisation.stay", organisation, thing=organisation.uid)
        (say.success if done else say.warning)(
            request, sentence("web.leave.stays" if done else "web.leave.too-late")
        )
        return redirect("organisation-delete", organisation.uid)
    if request.method == "POST":
        try:
            leaving.ask(organisation, request.POST.get("name", ""))
        except PlanError as error:
            wrong = error.problems[0].what()
        else:
            trace(request, "organisation.leave", organisation, thing=organisation.uid)
            return redirect("organisation-delete", organisation.uid)
    context = {"wrong": wrong, "days": leaving.WAIT.days}
    return render(request, "web/leave.html", context, status=422 if wrong else 200)


_HERE = "o/<slug:organisation>/"
urls = [
    path(_HERE + "export/", export, name="organisation-export"),
    path(_HERE + "export/<slug:job>/", fetch, name="organisation-export-file"),
    path(_HERE + "delete/", leave, name="organisation-delete"),
]
