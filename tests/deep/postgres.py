"""A PostgreSQL of the tests' own: Debian's programs, a folder that goes away, a free port.

The server refuses to run as root, so root lends it another user.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

PLACES = ("/usr/lib/postgresql", "/usr/local/pgsql", "/opt/homebrew/opt")


def programs() -> Path:
    """Where `initdb` and `postgres` are; skips loudly when they are nowhere."""
    found = sorted(p.parent for place in PLACES for p in Path(place).glob("*/bin/initdb"))
    if not found and (named := shutil.which("initdb")):
        found = [Path(named).parent]
    if not found:
        pytest.skip("PostgreSQL is not installed: the web lab is NOT tested on it here")
    return found[-1]


def _lent() -> dict[str, Any]:
    if os.getuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise AssertionError("no user to lend to PostgreSQL")


class Cluster:
    """A running server; `database` makes a new one and returns its address."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.made = 0

    def url(self, name: str = "postgres") -> str:
        return f"postgres://rung@127.0.0.1:{self.port}/{name}"

    def database(self) -> str:
        self.made += 1
        name = f"lab{self.made}"
        with psycopg.connect(self.url(), autocommit=True) as plain:
            plain.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Start a server and stop it."""
    bin_, lent = programs(), _lent()
    folder = Path(tempfile.mkdtemp(prefix="rung-pg-"))
    if lent:
        os.chown(folder, lent["user"], lent["group"])
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    data = folder / "data"
    quiet: dict[str, Any] = {"cwd": folder, "stdout": subprocess.DEVNULL, "env": {"LC_ALL": "C"}}
    subprocess.run(
        [bin_ / "initdb", "-D", data, "-U", "rung", "-A", "trust", "-E", "UTF8", "-N"],
        check=True, **quiet, **lent,
    )  # fmt: skip
    server = subprocess.Popen(
        [bin_ / "postgres", "-D", data, "-k", folder, "-h", "127.0.0.1", "-p", str(port), "-F"],
        stderr=subprocess.DEVNULL, **quiet, **lent,
    )  # fmt: skip
    try:
        made = Cluster(port)
        for _ in range(300):
            try:
                psycopg.connect(made.url()).close()
                break
            except psycopg.OperationalError:
                assert server.poll() is None, "PostgreSQL did not start"
                time.sleep(0.1)
        else:
            raise AssertionError("PostgreSQL does not answer")
        yield made
    finally:
        server.terminate()
        server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)
