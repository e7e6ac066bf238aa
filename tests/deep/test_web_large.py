"""A file of a gigabyte comes in without a gigabyte of memory."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deep.browser import Browser
from tests.deep.test_web_kill import ask
from tests.web.running import linux, rung, served, until

pytestmark = [pytest.mark.deep, linux]
SIZE, MOST = 1 << 30, 1 << 30


def peak(pid: int) -> int:
    """The most memory a process has held, in bytes."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) * 1024


def rows() -> Iterator[bytes]:
    """A provider's export of a gigabyte, in pieces, with no end of people."""
    sent, number = 0, 0
    piece = b"ID,Applied,Enrolled,Gender,Site\n"
    while sent + len(piece) < SIZE:
        yield piece
        sent += len(piece)
        piece = b"".join(
            b"%08d,2023-%02d-%02d,2023-12-%02d,%s,Site %d\n"
            % (i, 1 + i % 11, 1 + i % 28, 1 + i % 28, b"FM"[i % 2 : i % 2 + 1], i % 9)
            for i in range(number, number + 20_000)
        )
        number += 20_000
    yield b"\n" * (SIZE - sent)


def test_a_gigabyte_comes_in_and_is_looked_at_in_little_memory(tmp_path: Path) -> None:
    lab = tmp_path / "lab"
    rung("user", "add", "x@example.org", "--organisation", "Bridge", "--lab", lab)
    with served(lab, "--no-sample") as running:
        browser = Browser(running.address)
        link = running.told["welcome"].removeprefix(browser.address)
        browser.submit(link, "password", name="Ana", email="ana@example.org",
                       password="a long enough phrase")  # fmt: skip
        (organisation,) = ask(lab, "SELECT uid FROM web_organisation")[0]
        program = browser.submit(f"/o/{organisation}/new/", "name", name="Welding").split("/")[2]
        here = f"/p/{program}/records/"
        digest = hashlib.sha256()

        def told() -> Iterator[bytes]:
            for piece in rows():
                digest.update(piece)
                yield piece

        began = time.monotonic()
        status, leads = browser.send(here, f"{here}add/", "all.csv", SIZE, told())
        took = time.monotonic() - began
        assert (status, "/jobs/" in leads) == (302, True)
        (uid, size, sha256) = ask(lab, "SELECT uid, size, sha256 FROM web_upload")[0]
        assert (size, sha256) == (SIZE, digest.hexdigest())
        assert (lab / "incoming" / uid).stat().st_size == SIZE
        until(lambda: ask(lab, "SELECT state FROM web_upload") != [("received",)], 240)
        assert ask(lab, "SELECT state FROM web_upload") == [("ready",)]
        worker = running.worker()
        assert worker
        server, helper = peak(running.process.pid), peak(worker)
        print(f"\n1 GB in {took:.0f} s; server {server >> 20} MB, worker {helper >> 20} MB")
        assert server < MOST
        assert helper < MOST
        assert not list((lab / "scratch").iterdir())
