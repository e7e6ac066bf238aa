"""Work in the background, and how far it is.

A Job row is the truth; the queue (huey) only wakes a worker. A worker that dies leaves its job
`running` with an old heartbeat: the next sweep gives it back, and since every job builds beside
what is there and switches at the end, doing it again is safe. After three tries it fails and
says so.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import timedelta
from importlib import import_module
from typing import Any

from django.db import IntegrityError, OperationalError, close_old_connections, transaction
from django.db.models import F
from huey import SqliteHuey, crontab
from huey.consumer import Consumer

from rung import messages
from rung.errors import Problem, RungError
from rung.web import clock, place
from rung.web.models import Job, Organisation, Program, User

Tell = Callable[[str, float], None]
Do = Callable[[Job, Tell], dict[str, Any]]

queue = SqliteHuey("rung", filename=str(place.home() / "queue.sqlite3"), timeout=20)
KINDS: dict[str, Do] = {}
SILENT = timedelta(seconds=30)
"""A worker that has not been heard of for so long is taken for dead."""
TRIES = 3
ME = f"{socket.gethostname()[:20]}:{os.getpid()}:{secrets.token_hex(3)}"


def kept(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """Problems as a database keeps them: codes and counts, so that any language can say them."""
    return [asdict(p) for p in problems]


def problems(rows: list[dict[str, Any]] | None) -> tuple[Problem, ...]:
    """Problems as they were kept."""
    found = []
    for row in rows or ():
        given: dict[str, Any] = {**row, "first_rows": tuple(row.get("first_rows") or ())}
        found.append(Problem(**given))
    return tuple(found)


def kind(name: str) -> Callable[[Do], Do]:
    """Declare how work of a kind is done: it gets its Job and `tell(what, share)`."""

    def declare(do: Do) -> Do:
        KINDS[name] = do
        return do

    return declare


def start(
    name: str,
    *,
    by: User | None,
    program: Program | None = None,
    organisation: Organisation | None = None,
    language: str | None = None,
    **params: Any,
) -> Job:
    """Ask for work; returns at once. The worker is woken when the transaction is through."""
    job = Job.objects.create(
        kind=name,
        by=by,
        program=program,
        organisation=organisation or (program.organisation if program else None),
        params={**params, "language": language or messages.current()},
    )
    transaction.on_commit(lambda: wake(job.uid))
    return job


@queue.task()  # type: ignore[untyped-decorator]
def wake(uid: str) -> None:
    """Do one job, when nobody else does."""
    close_old_connections()
    try:
        job = _claim(uid)
        if job is not None:
            _do(job)
    finally:
        close_old_connections()


@queue.periodic_task(crontab())  # type: ignore[untyped-decorator]
def sweep() -> None:
    """Give back what dead workers left, and wake for what waits."""
    close_old_connections()
    silent = clock.now() - SILENT
    dead = Job.objects.filter(state=Job.State.RUNNING, beat_at__lt=silent)
    dead.filter(tries__gte=TRIES).update(
        state=Job.State.FAILED,
        ended_at=clock.now(),
        problem=kept([Problem(code="WEB-stopped", weight="break")]),
    )
    dead.filter(tries__lt=TRIES).update(state=Job.State.WAITING, worker="")
    for uid in Job.objects.filter(state=Job.State.WAITING).values_list("uid", flat=True):
        wake(uid)


def _claim(uid: str) -> Job | None:
    """Take a waiting job; None when it is taken, or its program is at work on another."""
    try:
        with transaction.atomic():
            taken = Job.objects.filter(uid=uid, state=Job.State.WAITING).update(
                state=Job.State.RUNNING, worker=ME, beat_at=clock.now(), tries=F("tries") + 1
            )
    except IntegrityError:
        return None
    return (
        Job.objects.select_related("program", "organisation", "by").get(uid=uid) if taken else None
    )


def _do(job: Job) -> None:
    said = 0.0

    def tell(what: str, share: float) -> None:
        nonlocal said
        if time.monotonic() - said < 0.4:
            return
        said = time.monotonic()
        Job.objects.filter(pk=job.pk).update(what=what[:200], share=share, beat_at=clock.now())

    end: dict[str, Any]
    with messages.speaking(job.params.get("language")), _beating(job):
        try:
            result = KINDS[job.kind](job, tell)
            end = {"state": Job.State.DONE, "result": result, "share": 1.0}
        except RungError as error:
            end = {"state": Job.State.FAILED, "problem": kept(error.problems)}
        except Exception as error:  # our bug: it is logged, and its owner reads that it is ours
            logging.getLogger(__name__).exception("work failed: %s", job.kind)
            code = "WEB-full" if place.full(error) else "WEB-broken"
            broken = Problem(code=code, weight="break")
            end = {"state": Job.State.FAILED, "problem": kept([broken])}
    # only the worker that holds it may end it
    Job.objects.filter(pk=job.pk, worker=ME, state=Job.State.RUNNING).update(
        ended_at=clock.now(), **end
    )
    waiting = Job.objects.filter(state=Job.State.WAITING, program=job.program).order_by("made_at")
    for uid in waiting.values_list("uid", flat=True):
        wake(uid)


@contextmanager
def _beating(job: Job) -> Iterator[None]:
    """Say every few seconds that the work is alive, however long a step takes."""
    stop = threading.Event()

    def beat() -> None:
        while not stop.wait(5):
            # a database that is busy for long is no reason to die: the next beat tries again
            with suppress(OperationalError):
                Job.objects.filter(pk=job.pk).update(beat_at=clock.now())
        close_old_connections()

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(2)


class Worker(Consumer):  # type: ignore[misc]
    """Huey's consumer; whoever runs it decides which signals end it."""

    def __init__(self) -> None:
        super().__init__(queue, workers=1, periodic=True, initial_delay=0.05, max_delay=0.5)

    def _set_signal_handlers(self) -> None:
        pass


def _gone(worker: str) -> bool:
    """Whether a worker of this machine is known to run no more."""
    host, _, rest = worker.partition(":")
    if os.name == "nt" or host != ME.partition(":")[0]:
        return False  # signal 0 is no question on Windows: it ends the process
    try:
        os.kill(int(rest.partition(":")[0]), 0)
    except ProcessLookupError:
        return True
    except (OSError, ValueError):
        return False
    return False


PATIENCE = 8.0
"""Seconds a worker that is told to stop may take to end the work it has begun."""


def alone(watch: Callable[[Callable[[], None]], None]) -> None:
    """A worker process: give back what was left, then work until it is told to stop.

    `watch` gets the function that tells it. Work that does not end in time is handed back, to be
    done again by the next worker.
    """
    import_module("rung.web.jobs")  # makes the kinds of work known
    running = Job.objects.filter(state=Job.State.RUNNING).exclude(worker=ME)
    for name in set(running.values_list("worker", flat=True)):
        if _gone(name):  # known to be dead: no need to wait for its silence
            running.filter(worker=name).update(beat_at=clock.now() - 2 * SILENT)
    sweep.call_local()
    worker = Worker()
    watch(worker.stop_flag.set)
    worker.run()
    last = time.monotonic() + PATIENCE
    for _, thread in worker.worker_threads:
        thread.join(max(0.0, last - time.monotonic()))
    Job.objects.filter(state=Job.State.RUNNING, worker=ME).update(
        state=Job.State.WAITING, worker="", tries=F("tries") - 1
    )


def now(job: Job) -> Job:
    """Do a job here and now (tests, and commands that wait)."""
    import_module("rung.web.jobs")
    claimed = _claim(job.uid)
    if claimed is not None:
        _do(claimed)
    job.refresh_from_db()
    return job
