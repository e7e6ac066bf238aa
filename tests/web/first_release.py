"""Writes `data/first.sql` and `data/first.rung`: a web lab as the first release made it.

Run once, when it is released: `python -m tests.web.first_release`. From then on these files stay as
they are, and every later Rung must bring them forward.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from tests.web.running import clean, rung

DATA = Path(__file__).parent / "data"
ROWS = """
import datetime as dt, os, pathlib
from rung.web import server
server.ready(pathlib.Path(os.environ["RUNG_LAB"])); server.prepare()
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from rung.web.models import *
at = dt.datetime(2026, 3, 2, 9, 0, 0, 123456, tzinfo=dt.UTC)
day = dt.date(2026, 4, 1)
def uid(n): return f"{n:016x}"
us = Organisation.objects.create(uid=uid(1), name="Río Ñandú", made_at=at)
fund = Organisation.objects.create(uid=uid(2), name="A Fund", kind="funder", made_at=at)
ana = User.objects.create(uid=uid(3), email="ana@example.org", name="Ana", language="es",
    password="pbkdf2_sha256$1$salt$hash", joined_at=at)
Membership.objects.create(user=ana, organisation=us, role="coach", staff_name="A. Ruiz", since=at)
Partnership.objects.create(provider=us, partner=fund, since=at)
Invitation.objects.create(uid=uid(4), token_digest="a" * 64, organisation=us, role="viewer",
    email="b@example.org", by=ana, made_at=at, expires_at=at)
p = Program.objects.create(uid=uid(5), organisation=us, name="Welding", phase="learning",
    next_meeting=day, stuck_on="intake", made_at=at)
Site.objects.create(program=p, name="North")
Upload.objects.create(uid=uid(6), program=p, name="späte.csv", size=7, sha256="b" * 64, by=ana,
    state="imported", version=3, problem=[{"code": "REC-empty"}], at=at)
one = Generation.objects.create(uid=uid(7), program=p, number=1, by=ana, at=at,
    summary={"people": 40, "inputs": {"private/a.csv": "c" * 64}})
two = Generation.objects.create(uid=uid(8), program=p, number=2, base=one, state="undone", at=at)
p.generation = one
p.save()
Job.objects.create(uid=uid(9), program=p, organisation=us, kind="import", params={"n": 1},
    state="done", share=1, tries=1, result={"next": "/"}, by=ana, made_at=at, ended_at=at)
Paper.objects.create(program=p, kind="import", name="import", number=1, text="{}", digest="d" * 64,
    at=at)
Draft.objects.create(program=p, key="brief", body={"words": ["“x”", None, 1.5]}, by=ana, at=at)
FollowUp.objects.create(program=p, pid="e" * 24, due_days=90, due_on=day, result="verified",
    how="call", on=day, by=ana, at=at)
Brief.objects.create(uid=uid(10), program=p, generation=one, number=1, audience="outside",
    language="es", title="t", html="<p>é</p>", xlsx=bytes(range(256)), digest="f" * 64, at=at)
Token.objects.create(uid=uid(11), user=ana, organisation=us, name="key", digest="0" * 64,
    scopes=["answers:read"], made_at=at, expires_at=at)
Trace.objects.create(user=ana, organisation=us, program=p, action="journey.people", count=12,
    thing=uid(5), audience="inside", at=at)
EmailAddress.objects.create(user=ana, email=ana.email, verified=True, primary=True)
Authenticator.objects.create(user=ana, type="totp", data={"secret": "x"}, created_at=at)
"""


def main() -> None:
    """Write both."""
    with tempfile.TemporaryDirectory() as folder:
        lab = Path(folder) / "lab"
        subprocess.run([sys.executable, "-c", ROWS], check=True, env=clean(RUNG_LAB=str(lab)))
        (lab / "secret").write_text("the secret of a lab that never was, in its own folder\n")
        DATA.mkdir(exist_ok=True)
        rung("backup", DATA / "first.rung", "--lab", lab)
        with closing(sqlite3.connect(lab / "lab.sqlite3")) as plain:
            kept = [line for line in plain.iterdump() if 'INTO "web_shared_cache' not in line]
        (DATA / "first.sql").write_text("\n".join(kept) + "\n", "utf-8")


if __name__ == "__main__":
    main()
