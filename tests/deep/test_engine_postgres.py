"""PostgreSQL as a source of tables: a server of our own, for as long as this test runs."""

from __future__ import annotations

import datetime as dt
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from rung.discovery import churn
from rung.discovery.churn import Line
from rung.errors import RecordsError
from rung.records import engine
from rung.records.query import Session

pytestmark = pytest.mark.deep
psycopg = pytest.importorskip("psycopg", reason="psycopg is not installed")


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    if not found and on_path is None:
        pytest.skip("PostgreSQL is not installed: no initdb")
    return found[-1].parent if found else Path(str(on_path)).parent


def _account() -> int | None:
    """Whom the server runs as: the server refuses to be root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_uid
        except KeyError:
            continue
    pytest.skip("PostgreSQL needs an account that is not root")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    binaries, account = _binaries(), _account()
    folder = Path(tempfile.mkdtemp(prefix="rung-postgres-"))
    if account is not None:
        os.chown(folder, account, -1)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    made = subprocess.run(
        [binaries / "initdb", "-D", folder / "data", "-U", "rung", "-A", "trust", "-E", "UTF8",
         "--locale=C", "--no-sync"],
        user=account, cwd="/", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    server = subprocess.Popen(
        [binaries / "postgres", "-D", folder / "data", "-p", str(port), "-c", "fsync=off",
         "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder}"],
        user=account, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    where = f"postgresql://rung@127.0.0.1:{port}/postgres"
    try:
        until = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(where, connect_timeout=2).close()
                break
            except psycopg.OperationalError:
                assert time.monotonic() < until, "the server did not start"
                time.sleep(0.2)
        yield where
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        shutil.rmtree(folder, ignore_errors=True)


def test_a_table_comes_over_as_it_is(address: str, tmp_path: Path) -> None:
    with psycopg.connect(address) as there:
        there.execute(
            """CREATE TABLE "odd ""name" (
                 pid text, quarter integer, amount numeric(12, 2), on_day date, ok boolean,
                 at timestamptz, "a,b" text, tags text[])"""
        )
        there.execute(
            """INSERT INTO "odd ""name" VALUES
                 ('ZQX1', 8090, 1234.50, '2024-02-29', true, '2024-02-29 12:00+02', 'x,"y"
                   z', '{a,b}'),
                 ('', NULL, -0.01, NULL, false, NULL, NULL, NULL),
                 (NULL, 8091, NULL, '1999-12-31', NULL, NULL, '', '{}')"""
        )
    target = tmp_path / "odd.parquet"
    assert engine.copy_table(address, 'odd "name', target) == 3
    with Session() as s:
        s.attach("odd", target)
        kinds = s.columns("odd")
        rows = s.connection.execute('SELECT pid, quarter, amount, on_day, ok, "a,b" FROM odd')
        found = rows.fetchall()
    assert kinds["amount"] == "DECIMAL(18,4)"
    assert (kinds["quarter"], kinds["on_day"], kinds["ok"]) == ("INTEGER", "DATE", "BOOLEAN")
    assert found[0][:5] == ("ZQX1", 8090, Decimal("1234.5000"), dt.date(2024, 2, 29), True)
    assert found[0][5].startswith('x,"y"\n')
    assert found[1] == ("", None, Decimal("-0.0100"), None, False, None)
    assert found[2] == (None, 8091, None, dt.date(1999, 12, 31), None, "")


def test_wage_records_of_a_database_answer(address: str, tmp_path: Path) -> None:
    with psycopg.connect(address) as there:
        there.execute("CREATE SCHEMA ui")
        there.execute(
            """CREATE TABLE ui.wages AS
               SELECT 'p' || p AS pid, 8080 + q AS quarter,
                 CAST(1000 * (1 + (p + q) % 4) AS numeric(12, 2)) AS amount
               FROM generate_series(1, 50) p, generate_series(0, 7) q WHERE (p * q) % 5 <> 3"""
        )
    target = tmp_path / "wages.parquet"
    rows = engine.copy_table(address, "wages", target, schema="ui")
    assert rows == 340
    with Session() as s:
        s.attach("wages", target)
        made = churn.summarise(s, lines=[Line.dollars(Decimal(3000))])
    everyone = made.everyone("last")
    assert everyone.n == 50
    assert everyone.no_pay == 50 * 8 - rows


def test_what_is_not_there_is_told_without_the_address(address: str, tmp_path: Path) -> None:
    for where, table in (
        (address, "none"),
        ("postgresql://someone:ZQXsecret@127.0.0.1:1/none", "wages"),
    ):
        with pytest.raises(RecordsError) as caught:
            engine.copy_table(where, table, tmp_path / "x.parquet")
        assert caught.value.code == "REC-postgres"
        assert "ZQX" not in str(caught.value.to_json())
    assert list(tmp_path.iterdir()) == []
