"""The web lab survives being killed: nothing half is kept, work goes on, nobody is left behind."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.deep.browser import AWAY, Browser
from tests.web.running import Served, alive, linux, until

pytestmark = [pytest.mark.deep, linux]
WORKBOOK = Path(__file__).parents[2] / "examples/provider/applicants.xlsx"
KILLS = 12


def ask(lab: Path, query: str) -> list[tuple[Any, ...]]:
    """What the database says, to someone who only reads."""
    with closing(sqlite3.connect(f"file:{lab}/lab.sqlite3?mode=ro", uri=True, timeout=20)) as plain:
        return plain.execute(query).fetchall()


class Person(threading.Thread):
    """Someone who brings a workbook and imports it, again and again, and waits while it is away."""

    def __init__(self, browser: Browser, lab: Path, program: str) -> None:
        super().__init__(daemon=True)
        self.browser, self.lab, self.program = browser, lab, program
        self.done = threading.Event()
        self.imports = 0
        self.broken: BaseException | None = None

    def run(self) -> None:
        while not self.done.is_set():
            try:
                self.step()
            except AWAY:
                pass
            except sqlite3.OperationalError:  # killed while it is being made
                pass
            except BaseException as e:
                self.broken = e
                return
            time.sleep(0.15)

    def step(self) -> None:
        here = f"/p/{self.program}/records/"
        rows = ask(self.lab, "SELECT u.uid, u.state FROM web_upload u JOIN web_program p"
                   f" ON p.id = u.program_id WHERE p.uid = '{self.program}'")  # fmt: skip
        open_ = [(uid, state) for uid, state in rows if state in ("received", "ready", "importing")]
        self.imports = sum(state == "imported" for _, state in rows)
        if not open_:
            content = WORKBOOK.read_bytes()
            status, leads = self.browser.send(
                here, f"{here}add/", "applicants.xlsx", len(content), [content]
            )
            assert status == 302, status
            assert "/jobs/" in leads
        for uid, state in open_:
            if state == "ready":
                self.browser.submit(f"{here}{uid}/", "version", do="import")
            else:
                self.browser.get(here)


def whole(lab: Path, digests: dict[str, str]) -> int:
    """Nothing half is kept: the database, every generation and every file that waits."""
    assert ask(lab, "PRAGMA integrity_check") == [("ok",)]
    assert not ask(lab, "PRAGMA foreign_key_check")
    known = ask(lab, "SELECT p.uid, g.uid, g.number FROM web_generation g"
                     " JOIN web_program p ON p.id = g.program_id")  # fmt: skip
    for program, generation, _ in known:
        folder = lab / "labs" / program / generation
        assert (folder / "lab.toml").is_file()
        for table in (folder / "records").glob("*.parquet"):
            digest = hashlib.sha256(table.read_bytes()).hexdigest()
            assert digests.setdefault(str(table), digest) == digest, "a generation was changed"
            with duckdb.connect() as plain:
                (rows,) = plain.execute(f"SELECT count(*) FROM '{table}'").fetchone() or (0,)
            assert rows > 0
        assert (folder / "records/journeys.parquet").is_file()
        assert (folder / "private/keys.enc").is_file()
    gone = ask(lab, "SELECT count(*) FROM web_program p WHERE p.generation_id IS NOT NULL"
                    " AND p.generation_id NOT IN (SELECT id FROM web_generation)")  # fmt: skip
    assert gone == [(0,)]
    for uid, size, digest, state in ask(lab, "SELECT uid, size, sha256, state FROM web_upload"):
        if state in ("received", "ready"):
            content = (lab / "incoming" / uid).read_bytes()
            assert len(content) == size
            assert hashlib.sha256(content).hexdigest() == digest
        assert state != "failed"
    return len(known)


def test_a_server_or_worker_killed_at_any_moment_leaves_a_whole_lab(tmp_path: Path) -> None:
    lab, draw = tmp_path / "lab", random.Random(11)
    digests: dict[str, str] = {}
    workers: set[int] = set()
    running = Served(lab)
    browser = Browser(running.address)
    link = running.told["welcome"].removeprefix(browser.address)
    at = browser.submit(link, "password", name="Ana", email="ana@example.org",
                        password="a long enough phrase")  # fmt: skip
    assert at.startswith("/p/")
    (organisation,) = ask(lab, "SELECT uid FROM web_organisation")[0]
    program = browser.submit(f"/o/{organisation}/new/", "name", name="Welding").split("/")[2]
    person = Person(browser, lab, program)
    person.start()
    port = running.address.rstrip("/").rpartition(":")[2]
    try:
        for number in range(KILLS):
            time.sleep(draw.uniform(0.3, 6.0))
            worker = running.worker()
            if worker:
                workers.add(worker)
            if number % 3 == 2 and worker:
                os.kill(worker, signal.SIGKILL)
            else:
                running.process.kill()
                running.process.wait(10)
                for each in workers:
                    until(lambda each=each: not alive(each), 20)
                whole(lab, digests)
                running = again(lab, running, port)
            assert person.broken is None, person.broken
        made = whole(lab, digests)
        until(lambda: person.imports >= 2 or person.broken, 90)
        until(lambda: ask(lab, "SELECT generation_id FROM web_program WHERE sample")[0][0], 60)
        assert person.broken is None, person.broken
        assert whole(lab, digests) >= max(made, 3)
    finally:
        person.done.set()
        person.join(70)
        last = running.worker()
        running.end()
        running.close()
    failed = ask(lab, "SELECT kind, problem FROM web_job WHERE state = 'failed'")
    assert all("WEB-stopped" in problem for _, problem in failed), failed
    assert last is None or not alive(last)
    assert "Traceback" not in (tmp_path / "lab.log").read_text()


def again(lab: Path, before: Served, port: str) -> Served:
    """The server starts anew at the same address, where browsers look for it."""
    before.close()
    return Served(lab, port=port)
