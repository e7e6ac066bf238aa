"""Bringing a file through the form, as the tests of the records' rooms do it."""

from __future__ import annotations

import re
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from rung.web import place, work
from rung.web.models import Generation, Job, Program, Upload
from tests.cycle.sent import people, table


def csv(start: int = 0, n: int = 60) -> bytes:
    """A provider's list of people, from number `start` on."""
    return table(people(n, start)).encode()


def send(
    browser: Client, program: Program, content: bytes, name: str = "people.csv", **more: Any
) -> HttpResponse:
    """What the form sends."""
    file = SimpleUploadedFile(name, content)
    answer = browser.post(reverse("records-add", args=[program.uid]), {"file": file}, **more)
    assert isinstance(answer, HttpResponse)
    return answer


def brought(browser: Client, program: Program, content: bytes, name: str = "people.csv") -> Upload:
    """A file that was sent and looked at."""
    answer = send(browser, program, content, name)
    assert answer.status_code == 302, answer.content.decode()
    job = latest()
    assert job.kind == "look"
    assert work.now(job).state == Job.State.DONE, job.problem
    return Upload.objects.get(uid=job.params["upload"])


def latest() -> Job:
    job = Job.objects.exclude(kind="warm").order_by("-pk").first()
    assert job is not None
    return job


def page_of(upload: Upload) -> str:
    return reverse("records-mapping", args=[upload.program.uid, upload.uid])


def fields(html: str) -> dict[str, Any]:
    """What the mapping form would send as it stands."""
    (form,) = re.findall(r'<form method="post" id="mapping".*?</form>', html, re.DOTALL)
    found: dict[str, Any] = {}
    for tag in re.findall(r"<input [^>]*>", form):
        name, value = _attribute(tag, "name"), _attribute(tag, "value")
        if 'type="radio"' in tag and " checked" not in tag:
            continue
        if name == "step":
            found.setdefault(name, []).append(value)
        elif name:
            found[name] = value
    for tag, options in re.findall(r"(<select [^>]*>)(.*?)</select>", form, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        first = re.search(r'<option value="([^"]*)"', options)
        picked = chosen or first
        found[_attribute(tag, "name")] = picked[1] if picked else ""
    return found


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    return found[1] if found else ""


def column(upload: Upload, header: str, table: int = 0) -> str:
    """What the fields of a column are called."""
    columns = upload.looked["proposed"]["tables"][table]["columns"] if upload.looked else []
    return f"c{table}-{[c['header'] for c in columns].index(header)}"


def imported(browser: Client, upload: Upload, **changes: Any) -> Generation:
    """A looked-at file brought in as proposed, with changes to the form."""
    said = fields(browser.get(page_of(upload)).content.decode())
    answer = browser.post(page_of(upload), {**said, **changes, "do": "import"})
    assert answer.status_code == 302, answer.content.decode()
    job = work.now(latest())
    assert job.kind == "import"
    assert job.state == Job.State.DONE, job.problem
    upload.refresh_from_db()
    assert upload.state == Upload.State.IMPORTED, upload.problem
    made = Generation.objects.order_by("-pk").first()
    assert made is not None
    assert job.result["next"] == reverse("records-was", args=[upload.program.uid, made.uid])
    return made


def incoming() -> list[str]:
    """What lies in `incoming/`."""
    return sorted(p.name for p in place.incoming().glob("*"))
