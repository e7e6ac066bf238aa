"""Running the web lab: served from an empty folder, with its worker, and stopped."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from rung.cycle import simulate
from rung.errors import RungError
from rung.web import checks, server
from tests.web.conftest import NOW
from tests.web.running import Served, alive, get, linux, rung, served, until


def addresses(urls: list[URLPattern | URLResolver], before: str = "") -> Iterator[tuple[str, Any]]:
    """Every address of the web lab, its parts filled with what nobody has."""
    for each in urls:
        here = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from addresses(each.url_patterns, here)
        else:
            found = re.sub(
                r"<(?:int:)?\w+>|<int:\w+>", "7", re.sub(r"<(?:slug|str):\w+>", "x", here)
            )
            yield re.sub(r"[\^$\\]", "", found), each.callback


@pytest.fixture(scope="module")
def cold(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A lab served from an empty folder."""
    with served(tmp_path_factory.mktemp("cold") / "lab") as running:
        running.told["first"] = str(time.monotonic() - running.began)
        yield running


@pytest.mark.deep
def test_an_empty_folder_answers_within_half_a_minute(cold: Served) -> None:
    status, _, page = get(cold.address)
    assert status == 200
    assert "<h1" in page
    assert time.monotonic() - cold.began < 30
    assert json.loads(get(cold.address + "healthz")[2])["status"] == "ok"


@pytest.mark.deep
def test_every_other_address_refuses_a_stranger(cold: Served) -> None:
    seen = 0
    for path, view in addresses(get_resolver().url_patterns):
        if getattr(view, "action", "") == "public" or path == "api/openapi.json":
            continue  # that one says what the API can do, and nothing of anyone
        status, at, page = get(cold.address + path)
        seen += 1
        refused = status in (401, 403, 404, 405) or at.startswith(cold.address + "?next=")
        assert refused or at.rstrip("/") + "/" == cold.address, (path, status, at)
        assert "Riverside Works" not in page, path
    assert seen > 15


@pytest.mark.deep
def test_the_link_that_is_printed_lets_the_first_person_in(cold: Served) -> None:
    assert cold.told["welcome"].startswith(cold.address + "welcome/")
    assert get(cold.told["welcome"])[0] == 200


@pytest.mark.deep
def test_another_server_is_told_that_the_port_is_taken(cold: Served, tmp_path: Path) -> None:
    port = cold.address.rstrip("/").rpartition(":")[2]
    error = rung("serve", "--port", port, "--lab", tmp_path / "other", status=2)["error"]
    assert error["code"] == "USE-port"
    assert not (tmp_path / "other").exists()


@linux
@pytest.mark.deep
def test_a_worker_that_dies_is_started_again_and_ends_with_a_killed_server(tmp_path: Path) -> None:
    with served(tmp_path / "lab", "--no-sample") as running:
        assert running.told["welcome"] is None
        until(running.worker)
        first = running.worker()
        assert first
        os.kill(first, signal.SIGKILL)
        until(lambda: running.worker() not in (None, first))
        second = running.worker()
        assert second
        running.process.kill()
        running.process.wait(5)
        until(lambda: not alive(second), 15)
    log = (tmp_path / "lab.log").read_text()
    assert "Traceback" not in log, log


@linux
@pytest.mark.deep
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_asked_to_stop_takes_its_worker_along(tmp_path: Path, how: int) -> None:
    with served(tmp_path / "lab", "--no-sample") as running:
        until(running.worker)
        worker = running.worker()
        assert worker
        began = time.monotonic()
        assert running.end(how) == 0
        assert time.monotonic() - began < 25
        assert not alive(worker)
    assert "Traceback" not in (tmp_path / "lab.log").read_text()


@pytest.mark.deep
def test_an_ordinary_lab_becomes_the_first_program(tmp_path: Path) -> None:
    lab = tmp_path / "lab"
    simulate(lab, people=60, seed=3, clock=lambda: NOW)
    before = {p: p.read_bytes() for p in lab.rglob("*") if p.is_file()}
    with served(lab, "--no-worker") as running:
        assert get(running.address)[0] == 200
        assert running.told["welcome"]
    (program,) = (lab / "web" / "labs").iterdir()
    (generation,) = program.iterdir()
    for path, content in before.items():
        assert path.read_bytes() == content
        assert (generation / path.relative_to(lab)).read_bytes() == content
    table = "records/journeys.parquet"
    assert (generation / table).samefile(lab / table)
    with served(lab, "--no-worker"):
        assert len(list(program.iterdir())) == 1


@pytest.mark.deep
def test_a_database_of_a_newer_rung_is_left_alone(tmp_path: Path) -> None:
    import sqlite3

    rung("user", "add", "ana@example.org", "--organisation", "Bridge", "--lab", tmp_path)
    with sqlite3.connect(tmp_path / "lab.sqlite3") as plain:
        plain.execute(
            "INSERT INTO django_migrations (app, name, applied)"
            " VALUES ('web', '9999_later', '2030-01-01')"
        )
    plain.close()
    error = rung("serve", "--port", 0, "--lab", tmp_path, status=10)["error"]
    assert error["code"] == "REC-web-newer"


def test_a_port_of_its_own_is_on_this_machine_alone() -> None:
    with server.listen(0) as sock:
        host, port = sock.getsockname()
        assert host == "127.0.0.1"
        assert port > 1024
        with pytest.raises(RungError) as taken:
            server.listen(port)
        assert taken.value.code == "USE-port"


SAFE = {
    "RUNG_SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "RUNG_HOSTS": "lab.example.org",
    "RUNG_BEHIND_PROXY": "1",
}


def test_production_names_every_insecure_setting_at_once(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    unsafe = {
        "RUNG_HOSTS": "*",
        "RUNG_KEY": "00",
        "DATABASE_URL": "postgres://me:word@db.example.org/rung",
        "RUNG_DEBUG": "1",
        "RUNG_EMAIL_URL": "smtp+plain://mail.example.org",
    }
    with pytest.raises(RungError) as refused:
        checks.environment(tmp_path, unsafe)
    named = ("secret", "hosts", "https", "folder", "database", "debug", "records-key", "post")
    codes = {p.code for p in refused.value.problems}
    assert codes == {f"USE-production-{what}" for what in named}
    tmp_path.chmod(0o700)
    checks.environment(tmp_path, SAFE)
    assert "db.example.org" not in json.dumps(refused.value.to_json())


@pytest.mark.deep
def test_production_serves_https_only_and_believes_its_own_proxy(tmp_path: Path) -> None:
    lab = tmp_path / "lab"
    rung("serve", "--production", "--lab", lab, status=2)
    link = rung("user", "add", "a@example.org", "--organisation", "Bridge", "--lab", lab, env=SAFE)
    assert link["link"].startswith("https://lab.example.org/")
    with served(lab, "--production", "--no-worker", **SAFE) as running:
        assert running.address == "https://lab.example.org/"
        port = int((lab / "address").read_text().strip(" /\n").rpartition(":")[2])

        def ask(*headers: str, host: str = "lab.example.org") -> str:
            with socket.create_connection(("127.0.0.1", port), timeout=20) as plain:
                lines = ["GET / HTTP/1.1", f"Host: {host}", "Connection: close", *headers, "", ""]
                plain.sendall("\r\n".join(lines).encode())
                return b"".join(iter(lambda: plain.recv(65536), b"")).decode()

        assert " 301 " in ask().splitlines()[0]
        page = ask("X-Forwarded-Proto: https", "X-Forwarded-For: 192.0.2.7")
        assert " 200 " in page.splitlines()[0]
        for said in ("Strict-Transport-Security", "Secure", "Content-Security-Policy", "DENY"):
            assert said in page, said
        assert "Server:" not in page
        assert " 400 " in ask("X-Forwarded-Proto: https", host="evil.example.org").splitlines()[0]


def test_the_manual_names_every_setting_and_no_other() -> None:
    root = Path(__file__).parents[2]
    named = re.compile(r"(?:RUNG_[A-Z_]+|DATABASE_URL)")
    manual = set(named.findall((root / "docs/web.md").read_text("utf-8")))
    source = "".join(p.read_text("utf-8") for p in (root / "src/rung").rglob("*.py"))
    read = set(re.findall(r"""environ\.get\(\s*"((?:RUNG_|DATABASE_)[A-Z_]+)""", source))
    # set by `--production`, and for those who mend Rung itself
    assert manual == read - {"RUNG_PRODUCTION", "RUNG_DEBUG"}
