"""Records in: a file is kept as it was sent, looked at, and imported beside the current records.

An import builds a complete new generation in a folder of its own; at the end one transaction
makes it the program's current one, if nobody else did meanwhile: then it is built again on what
is current now, so that two files brought at once both end up in. Whatever stops an import leaves
a folder that no row speaks of, which `sweep` takes away after a day. Nothing that was imported is
ever deleted: going back is a switch.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import F, Max
from django.urls import reverse

from rung import cycle
from rung.cycle.bring import Brought
from rung.cycle.look import in_order
from rung.errors import Problem, RungError
from rung.messages import has, sentence
from rung.records import intake, read
from rung.records.lab import Lab, Milestone
from rung.records.mapping import FileMap
from rung.web import answers, clock, models, place, work
from rung.web.models import Generation, Job, Program, Upload, User
from rung.web.picks import Draft, known, told
from rung.web.receiving import Received

State = Upload.State
OLD = timedelta(days=1)
"""What no row speaks of and is older than this was left by something that was stopped."""
OPEN = timedelta(hours=1)
"""Names are read in seconds: what lies open for longer was left."""


# -- receiving


def refusal(path: Path, name: str) -> Problem | None:
    """Why a file is no table of records, as far as its name and first bytes tell."""
    problem = read.recognise(path, intake.kept_name(name))
    looks = str(problem.params.get("looks", "")) if problem else ""
    key = f"web.looks.{looks.split()[-1].lower()}" if looks else ""
    if problem is None or not has(key):
        return problem
    return replace(problem, params={**problem.params, "looks": sentence(key)})


def take(received: Received, program: Program, user: User) -> Upload:
    """Keep a received file under a name of its own, and a row that speaks of it."""
    with transaction.atomic():
        upload = Upload.objects.create(
            program=program,
            name=intake.kept_name(received.name or ""),
            size=received.size or 0,
            sha256=received.sha256,
            by=user,
            at=clock.now(),
        )
        os.replace(received.path, upload.file)
    return upload


def start_look(upload: Upload, user: User) -> Job:
    """Look at a file that was received."""
    return work.start(
        "look", by=user, program=upload.program, upload=upload.uid, next=mapping_page(upload)
    )


def mapping_page(upload: Upload) -> str:
    """Where people say what its columns mean."""
    return reverse("records-mapping", args=[upload.program.uid, upload.uid])


def at_work(upload: Upload) -> Job | None:
    """The job that works on this upload now, or waits to."""
    busy = (Job.State.WAITING, Job.State.RUNNING)
    jobs = Job.objects.filter(program=upload.program, kind__in=("look", "import"), state__in=busy)
    return next((j for j in jobs if j.params.get("upload") == upload.uid), None)


def settle(upload: Upload) -> None:
    """Give an upload back to people when the work on it ended without saying so."""
    if upload.state == State.IMPORTING and at_work(upload) is None:
        upload.refresh_from_db()
        if upload.state == State.IMPORTING:
            Upload.objects.filter(pk=upload.pk, state=State.IMPORTING).update(state=State.READY)
            upload.refresh_from_db()


def save(upload: Upload, said: Draft, *, version: int, by: User) -> bool:
    """Keep the picks; False when somebody saved since `version` was read, or it is too late."""
    done = Upload.objects.filter(
        pk=upload.pk, version=version, state__in=(State.READY, State.FAILED)
    ).update(looked=said.to_json(), version=F("version") + 1, edited_by=by, edited_at=clock.now())
    if done:
        upload.version, upload.looked = version + 1, said.to_json()
    return bool(done)


def keeps_from(upload: Upload, draft: Draft) -> tuple[Problem, ...]:
    """What must be mended before a file can be imported as it is mapped."""
    wrong = draft.tried()[1]
    if (draft.replaces or "") not in {"", *files(upload.program)}:
        wrong = (*wrong, Problem(code="WEB-replaced", weight="break"))
    return wrong


def start(upload: Upload, by: User) -> Job | None:
    """Begin the import of an upload as it was read; None when somebody was quicker."""
    with transaction.atomic():
        started = Upload.objects.filter(
            pk=upload.pk, state__in=(State.READY, State.FAILED), version=upload.version
        ).update(state=State.IMPORTING, problem=None)
        if not started:
            return None
        return work.start("import", by=by, program=upload.program, upload=upload.uid)


def put_aside(upload: Upload) -> bool:
    """Take an upload away, with its bytes and what was shown of them; False when it is too late."""
    done = Upload.objects.filter(
        pk=upload.pk, state__in=(State.RECEIVED, State.READY, State.FAILED)
    ).update(state=State.SET_ASIDE, looked=None, version=F("version") + 1)
    if done:
        upload.file.unlink(missing_ok=True)
    return bool(done)


def brought_before(program: Program, sha256: str) -> Generation | None:
    """The latest import that had this very file."""
    for generation in program.generations.select_related("by").order_by("-number"):
        if sha256 in (generation.summary.get("inputs") or {}).values():
            return generation
    return None


# -- the work


@work.kind("look")
def _look(job: Job, tell: work.Tell) -> dict[str, Any]:
    upload = Upload.objects.select_related("program__generation").get(uid=job.params["upload"])
    if upload.state == State.RECEIVED:
        tell(sentence("web.records.looking"), 0.1)
        base, scratch = upload.program.generation, place.incoming() / f".look-{upload.uid}"
        shutil.rmtree(scratch, ignore_errors=True)
        try:
            looked = cycle.look(
                upload.file,
                name=upload.name,
                work=scratch,
                lab=Lab.open(base.folder) if base else None,
            )
        except RungError as error:
            _move(upload, State.RECEIVED, state=State.FAILED, problem=work.kept(error.problems))
            upload.file.unlink(missing_ok=True)
        else:
            draft = Draft(proposed=looked).to_json()
            _move(upload, State.RECEIVED, state=State.READY, looked=draft, version=F("version") + 1)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return {"next": mapping_page(upload)}


def _move(upload: Upload, was: str, **to: Any) -> bool:
    return bool(Upload.objects.filter(pk=upload.pk, state=was).update(**to))


@work.kind("import")
def _import(job: Job, tell: work.Tell) -> dict[str, Any]:
    """Bring an upload in, or the same files again with what people decided of duplicates."""
    if job.program is None:
        raise ValueError("an import is a program's")
    sweep(job.program)
    if made := _made_by(job, job.program):  # the worker died after the switch
        return {"next": generation_page(made)}
    upload = Upload.objects.filter(program=job.program, uid=job.params.get("upload") or "").first()
    try:
        generation = _brought(job, job.program, upload, tell)
    except RungError as error:
        if upload is None:
            raise
        problem = work.kept(_in_words(p) for p in error.problems)
        _move(upload, State.IMPORTING, state=State.FAILED, problem=problem)
        return {"next": mapping_page(upload)}
    except Exception:
        if upload is not None:
            _move(upload, State.IMPORTING, state=State.READY)
        raise
    if upload is not None:
        upload.file.unlink(missing_ok=True)
    answers.prepare(generation)
    return {"next": generation_page(generation)}


def _made_by(job: Job, program: Program) -> Generation | None:
    """What this very job has made already."""
    return next((g for g in program.generations.all() if g.summary.get("job") == job.uid), None)


def _in_words(problem: Problem) -> Problem:
    """A problem of the import as the mapping page says it; targets are named there."""
    if problem.code == "REC-no-file":
        return Problem(code="WEB-replaced", weight="break", params=problem.params)
    return told(problem, known())


def _brought(job: Job, program: Program, upload: Upload | None, tell: work.Tell) -> Generation:
    draft = Draft.of(upload) if upload else None
    while True:
        base = Program.objects.select_related("generation").get(pk=program.pk).generation
        uid = models.uid()
        folder = program.folder / uid
        try:
            lab = _next(base, folder, program, upload, draft, job.params.get("decisions") or {})
            brought = cycle.bring_in(lab, clock=clock.now, progress=tell)
            made = keep(program, base, uid, brought, job=job, upload=upload)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        if made is not None:
            return made
        shutil.rmtree(folder, ignore_errors=True)  # someone was quicker: build on theirs
        if made := _made_by(job, program):
            return made  # it was this job, given to another worker when this one was silent


def _next(
    base: Generation | None,
    folder: Path,
    program: Program,
    upload: Upload | None,
    draft: Draft | None,
    decisions: Mapping[str, str],
) -> Lab:
    old = Lab.open(base.folder) if base else None
    incoming: list[cycle.Incoming] = []
    steps: tuple[Milestone, ...] | None = None
    if upload is not None and draft is not None:
        looked, wrong = draft.tried()
        if wrong:
            raise RungError(wrong)
        incoming.append(cycle.Incoming(path=upload.file, looked=looked, replaces=draft.replaces))
        if draft.picks.milestones is not None:
            mine = {m.key: m for m in looked.milestones}
            before = {m.key: m for m in (old.milestones if old else ())}
            steps = in_order(looked.milestones, {**before, **mine})
    folder.parent.mkdir(parents=True, exist_ok=True)
    return cycle.next_generation(
        old,
        folder,
        incoming,
        provider=program.organisation.name,
        program=program.name,
        decisions=decisions,
        milestones=steps,
    )


def keep(
    program: Program,
    base: Generation | None,
    uid: str,
    brought: Brought,
    *,
    job: Job | None = None,
    upload: Upload | None = None,
    by: User | None = None,
) -> Generation | None:
    """Make a finished folder (named `uid`) the program's current generation.

    None when `base` is not current any more, or the upload was taken away: nothing was done then.
    """
    summary = {**brought.to_json(), "job": job.uid if job else ""}
    summary.pop("columns")  # long, and in the folder
    if upload is not None:
        summary["came"] = {"name": upload.name, "size": upload.size, "sha256": upload.sha256}
    with transaction.atomic():
        now = Program.objects.select_for_update().get(pk=program.pk)
        if now.generation_id != (base.pk if base else None):
            return None
        last = now.generations.aggregate(last=Max("number"))["last"] or 0
        made = Generation.objects.create(
            uid=uid,
            program=now,
            number=last + 1,
            base=base,
            summary=summary,
            by=by or (job.by if job else None),
            at=clock.now(),
        )
        now.generation = made
        now.save(update_fields=["generation"])
        if upload is not None:
            # nothing of its cells stays in the database
            Upload.objects.filter(pk=upload.pk).update(
                state=State.IMPORTED, problem=None, looked=None
            )
    made.program = program
    return made


def generation_page(generation: Generation) -> str:
    """Where one import is told."""
    return reverse("records-was", args=[generation.program.uid, generation.uid])


# -- going back and forth


def chain(generation: Generation | None) -> Iterator[Generation]:
    """A generation and those it was built on, newest first."""
    every = {g.pk: g for g in generation.program.generations.all()} if generation else {}
    while generation is not None:
        yield generation
        generation = every.get(generation.base_id or 0)


def switch(program: Program, to: Generation | None, *, seen: str) -> bool:
    """Make another generation the current one; nothing is deleted.

    `seen` is the uid of the one that was current when the person looked ("" for none); False,
    and nothing done, when it is not any more.
    """
    with transaction.atomic():
        now = Program.objects.select_for_update().get(pk=program.pk)
        current = Generation.objects.filter(pk=now.generation_id or 0).first()
        if (current.uid if current else "") != seen:
            return False
        now.generation = to
        now.save(update_fields=["generation"])
        kept = [g.pk for g in chain(to)]
        mine = Generation.objects.filter(program=now)
        mine.filter(pk__in=kept).update(state=Generation.State.KEPT)
        mine.exclude(pk__in=kept).update(state=Generation.State.UNDONE)
    return True


def files(program: Program) -> dict[str, str]:
    """The files of the current generation: their paths and the names that people know."""
    if program.generation is None:
        return {}
    paths = Lab.open(program.generation.folder).sections("files", FileMap)
    return {f.path: Path(f.path).name for f in paths}


# -- what is to be mended

NOTES = frozenset(
    (
        "REC-blank-rows", "REC-header-long", "REC-left-out", "REC-marked-missing", "REC-nul",
        "REC-reencoded", "REC-tab-empty", "REC-title-rows",
    )
)  # fmt: skip
"""What was noticed and needs nobody."""
OWNERS = ("data", "intake", "instruction")


def kind_of(problem: Problem) -> tuple[str, str, str]:
    """What people would call one thing to mend: weight, code and whose it is."""
    owner = problem.owner if problem.owner in OWNERS else "data"
    return (problem.weight, problem.code, owner)


def kinds(problems: Iterable[Problem]) -> int:
    """How many things there are to mend."""
    return len({kind_of(p) for p in problems if p.code not in NOTES})


# -- what is left behind


def sweep(program: Program) -> None:
    """Take away the folders of imports that never ended, and names that lay open meanwhile."""
    known = set(program.generations.values_list("uid", flat=True))
    for folder in program.folder.glob("*/") if program.folder.is_dir() else ():
        if folder.name not in known and _old(folder):
            shutil.rmtree(folder, ignore_errors=True)
    # a process that is killed while it reads names leaves the key table in clear
    for left in program.folder.glob("*/private/.keys-*"):
        if _old(left, OPEN):
            shutil.rmtree(left, ignore_errors=True)


def tidy() -> None:
    """Take away whatever was left behind: a server as it starts, and its worker every hour.

    Nothing beside a database without programs: it is a new one, and not the one that speaks of
    these files.
    """
    programs = list(Program.objects.all())
    if programs:
        clean()
    for program in programs:
        sweep(program)


def clean() -> None:
    """Take away what killed uploads and looks left in `incoming/`; a server calls it as it starts.

    A file that is still being sent is written to, and so is never old.
    """
    waits = (State.RECEIVED, State.READY, State.IMPORTING, State.FAILED)
    known = set(Upload.objects.filter(state__in=waits).values_list("uid", flat=True))
    for left in place.incoming().glob("*"):
        if left.name in known or not _old(left):
            continue
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


def _old(path: Path, than: timedelta = OLD) -> bool:
    try:
        return path.stat().st_mtime < (clock.now() - than).timestamp()
    except FileNotFoundError:
        return False
