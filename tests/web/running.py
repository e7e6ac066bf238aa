"""`rung serve` and its kin as processes of their own, and what they say."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

RUNG = [sys.executable, "-m", "rung"]


def clean(**more: str) -> dict[str, str]:
    """An environment in which nothing is said about a web lab."""
    ours = ("RUNG_", "DJANGO_", "DATABASE_URL")
    return {k: v for k, v in os.environ.items() if not k.startswith(ours)} | more


def rung(*words: object, status: int = 0, env: Mapping[str, str] | None = None) -> Any:
    """A command's JSON, in a process of its own."""
    done = subprocess.run(
        [*RUNG, *map(str, words), "--json"], capture_output=True, text=True, env=clean(**env or {})
    )
    assert done.returncode == status, done.stderr + done.stdout
    return json.loads(done.stdout)


def get(address: str) -> tuple[int, str, str]:
    """Status, final address and text of a page."""
    try:
        with urllib.request.urlopen(address, timeout=40) as page:
            return page.status, page.url, page.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, address, refused.read().decode()


class Served:
    """A running `rung serve`."""

    def __init__(self, lab: Path, *words: str, port: str = "0", **env: str) -> None:
        self.began = time.monotonic()
        self.log = lab.with_name(f"{lab.name}.log").open("a+")
        self.process = subprocess.Popen(
            [*RUNG, "serve", "--port", port, "--lab", str(lab), "--json", *words],
            stdout=subprocess.PIPE, stderr=self.log, text=True, env=clean(**env),
        )  # fmt: skip
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        assert said, self.errors()
        self.told: dict[str, Any] = json.loads(said)
        self.address = self.told["address"]

    def errors(self) -> str:
        self.log.seek(0)
        return self.log.read()

    def worker(self) -> int | None:
        """The worker's process number."""
        for line in Path("/proc").glob("[0-9]*/stat"):
            try:
                state, parent = line.read_text().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            if int(parent) == self.process.pid and state != "Z":
                return int(line.parent.name)
        return None

    def end(self, how: int = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.process.wait(30)

    def close(self) -> None:
        """Let go of what it says."""
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.log.close()


@contextmanager
def served(lab: Path, *words: str, **env: str) -> Iterator[Served]:
    """A web lab that is ended in the end."""
    running = Served(lab, *words, **env)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.end()
        running.close()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until(true: Any, seconds: float = 30) -> None:
    """Wait for something to become true."""
    last = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < last, "waited in vain"
        time.sleep(0.1)


linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
