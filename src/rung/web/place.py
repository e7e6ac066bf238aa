"""Where a web lab keeps its things: one folder, given by RUNG_LAB, or `rung-lab` beside you.

lab.sqlite3   people, roles, drafts, documents, audit (unless DATABASE_URL names PostgreSQL)
queue.sqlite3 background work that waits
secret        what signs sessions, made on first use (unless RUNG_SECRET_KEY is set)
labs/         one folder a program: its generations of records
incoming/     files as they were sent, until they are imported or set aside
answers/      what pages showed lately, to be shown again at once; can be thrown away
published/    the last few public files of places; can be thrown away
scratch/      what does not fit into memory while it is received; gone with the request
"""

from __future__ import annotations

import errno
import os
import secrets
from pathlib import Path


def home() -> Path:
    """The web lab's folder."""
    return Path(os.environ.get("RUNG_LAB") or "rung-lab").resolve()


def labs() -> Path:
    """Where the programs' generations are."""
    return home() / "labs"


def incoming() -> Path:
    """Where files lie that were sent and not yet imported."""
    return home() / "incoming"


def make() -> Path:
    """Make the folders, for this user alone; returns the web lab's folder."""
    for folder in (home(), labs(), incoming(), home() / "static"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return home()


def full(error: BaseException) -> bool:
    """Whether something could not be written because the disk, or this user's part, is full."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", 0))


def secret() -> str:
    """RUNG_SECRET_KEY, or a secret of this lab's own, made once and readable by this user alone."""
    if given := os.environ.get("RUNG_SECRET_KEY"):
        return given
    file = home() / "secret"
    if not file.is_file():
        if not home().is_dir():  # tools that only read the settings leave nothing behind
            return secrets.token_urlsafe(48)
        try:
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:  # another process of this lab was quicker
            return file.read_text("ascii").strip()
        with os.fdopen(handle, "w") as f:
            f.write(secrets.token_urlsafe(48) + "\n")
            f.flush()
            os.fsync(f.fileno())
    return file.read_text("ascii").strip()
