"""Running the web lab: its folder made ready, a server on this machine, a worker beside it.

Nothing here needs Django before `ready` has said which folder it is: the settings are read from
the environment. The worker is a process of its own. It holds the other end of a pipe and ends when
the pipe does, also when the server is killed, and on every system alike.
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rung.errors import RecordsError, UsageError
from rung.web import place

HOST = "127.0.0.1"
DAY = 86_400.0
WAIT = 12.0
"""Seconds a worker gets to end when the server does, before it is ended."""


def folder(given: Path | None) -> Path:
    """`given`, RUNG_LAB or `rung-lab`; the folder `web` inside it when it is an ordinary lab."""
    found = (given or place.home()).resolve()
    return found / "web" if (found / "lab.toml").is_file() else found


def existing(given: Path | None) -> Path:
    """The folder of a web lab that is there; UsageError when it is not."""
    home = folder(given)
    if not (home / "lab.sqlite3").is_file() and not os.environ.get("DATABASE_URL"):
        raise UsageError("USE-no-web-lab", folder=home.name)
    return home


def address() -> str:
    """Where people reach this lab, as far as it is known."""
    hosts = os.environ.get("RUNG_HOSTS", "").split(",")
    if hosts[0] and os.environ.get("RUNG_BEHIND_PROXY") == "1":
        return f"https://{hosts[0]}/"
    last = place.home() / "address"
    return last.read_text("ascii").strip() if last.is_file() else f"http://{HOST}:8000/"


def writable(home: Path) -> None:
    """Make the folder, for this user alone. UsageError where nothing can be written."""
    try:
        (home / "scratch").mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home / "scratch"):
            pass
    except OSError as e:
        raise UsageError("USE-folder", folder=home.name, reason=e.strerror or "?") from e


def ready(home: Path) -> None:
    """Make the folders and let Django know of them, in a process that serves nothing else."""
    try:
        import django
    except ModuleNotFoundError as e:
        raise UsageError("USE-no-web") from e
    writable(home)
    os.umask(0o077)  # whatever this process writes is for this user alone
    os.environ["RUNG_LAB"] = str(home)
    os.environ["DJANGO_SETTINGS_MODULE"] = "rung.web.settings"
    place.make().chmod(0o700)
    # what is too large for memory goes to the lab's own disk, which is as private as the lab
    tempfile.tempdir = str(home / "scratch")
    django.setup()


def prepare() -> None:
    """Bring the database to this version, from nothing or from an older one.

    RecordsError when it cannot be opened, or was made by a newer Rung.
    """
    from django.core.management import call_command
    from django.db import DatabaseError, connection
    from django.db.migrations.executor import MigrationExecutor
    from django.db.migrations.recorder import MigrationRecorder

    try:
        executor = MigrationExecutor(connection)
        known = set(executor.loader.disk_migrations or ())
        done = set(MigrationRecorder(connection).applied_migrations())
        if any(app == "web" for app, _ in done - known):
            raise RecordsError("REC-web-newer")
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
    except DatabaseError as e:
        raise RecordsError("REC-web-database", engine=connection.display_name) from e
    _tidy()


def _tidy() -> None:
    """Take away what work that was stopped has left, once it is a day old."""
    from rung.web import importing

    importing.tidy()
    for left in (place.home() / "scratch").iterdir():
        if left.stat().st_mtime < time.time() - DAY:
            shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink()


def listen(port: int) -> socket.socket:
    """A socket on this machine alone; 0 takes a free port. UsageError when it is taken."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if sys.platform == "win32":
        made.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    else:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((HOST, port))
        made.listen(1024)  # from here on a browser waits instead of being turned away
    except OSError as e:
        made.close()
        if e.errno in (errno.EADDRINUSE, getattr(errno, "WSAEACCES", None)):
            raise UsageError("USE-port", port=port) from e
        if isinstance(e, PermissionError):
            raise UsageError("USE-port-small", port=port) from e
        raise
    return made


def nobody() -> bool:
    """Whether no one can sign in yet."""
    from rung.web.models import User

    return not any(u.has_usable() for u in User.objects.filter(is_active=True))


def welcome() -> str | None:
    """The path of the first person's link; None once somebody can sign in, or nobody is awaited."""
    from rung.web import invitations
    from rung.web.models import Organisation

    organisation = Organisation.objects.order_by("pk").first()
    return invitations.welcome(organisation) if organisation is not None and nobody() else None


def serve(
    sock: socket.socket,
    tell: Callable[[str, str | None], None],
    *,
    embedded: bool = True,
    threads: int = 8,
) -> None:
    """Serve until Ctrl-C or SIGTERM. `tell` gets the address and the first person's link, or None.

    The folder is ready and prepared. Ends within half a minute, with everything it started.
    """
    from rung.web.wsgi import application

    (place.home() / "address").write_text(f"http://{HOST}:{sock.getsockname()[1]}/\n", "ascii")
    at, path = address(), welcome()
    running = _waitress(application, sock, threads)
    signal.signal(signal.SIGTERM, _stop)
    try:
        with _worker() if embedded else _nothing():
            tell(at, at.rstrip("/") + path if path else None)
            running.run()  # also swallows Ctrl-C, after the requests that were begun
    except (KeyboardInterrupt, SystemExit):
        pass
    finally:
        running.close()


def _stop(number: int, frame: Any) -> None:
    raise SystemExit(0)


def _waitress(application: Any, sock: socket.socket, threads: int) -> Any:
    from django.conf import settings
    from waitress.server import create_server

    proxy: dict[str, Any] = {}
    if os.environ.get("RUNG_BEHIND_PROXY") == "1":
        # it listens on this machine alone, so its proxy is on this machine too
        proxy = {
            "trusted_proxy": HOST,
            "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto"},
        }
    return create_server(
        application,
        sockets=[sock],
        threads=threads,
        clear_untrusted_proxy_headers=True,
        max_request_body_size=settings.UPLOAD_BYTES + (1 << 20),
        inbuf_overflow=256 << 10,  # longer bodies wait on the disk
        outbuf_overflow=1 << 20,
        max_request_header_size=64 << 10,
        connection_limit=200,
        channel_timeout=120,
        cleanup_interval=15,
        ident=None,
        expose_tracebacks=False,
        **proxy,
    )


@contextmanager
def _nothing() -> Iterator[None]:
    yield


@contextmanager
def _worker() -> Iterator[None]:
    """A worker process while the block runs; one that dies is started again, less and less soon."""
    ended = threading.Event()
    child: list[subprocess.Popen[bytes]] = []
    lock = threading.Lock()

    def keep() -> None:
        pause = 1.0
        while not ended.is_set():
            with lock:
                if ended.is_set():
                    return
                child[:] = [_started()]
            began = time.monotonic()
            child[0].wait()
            pause = 1.0 if time.monotonic() - began > 60 else min(30.0, pause * 2)
            ended.wait(pause)

    keeper = threading.Thread(target=keep, daemon=True)
    keeper.start()
    try:
        yield
    finally:
        with lock:
            ended.set()
            for each in child:
                if each.stdin is not None:
                    each.stdin.close()
        for each in child:
            try:
                each.wait(WAIT)
            except subprocess.TimeoutExpired:
                each.kill()
                each.wait()
        keeper.join(1)


def _started() -> subprocess.Popen[bytes]:
    """A worker that ends with us. It is in a group of its own, so that Ctrl-C is ours to hear."""
    apart: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    command = [sys.executable, "-m", "rung", "work", "--lab", str(place.home()), "--with-server"]
    return subprocess.Popen(  # noqa: S603 (this Python, and a folder)
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, **apart
    )


def work(*, with_server: bool = False) -> None:
    """Work in the background until Ctrl-C, SIGTERM, or the end of the server that started us."""
    from rung.web import work

    def watch(stop: Callable[[], None]) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop())
        if with_server:
            threading.Thread(target=_until_end, args=(stop,), daemon=True).start()

    work.alone(watch)
    sys.stderr.flush()
    os._exit(0)  # work that was handed back may still hold threads: they end here


def _until_end(stop: Callable[[], None]) -> None:
    """Read what the server never writes: the end comes when it is gone."""
    while os.read(0, 1024):
        pass
    stop()
