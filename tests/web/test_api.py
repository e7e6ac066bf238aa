"""The API: each operation by key, scope and standing; and what it does, by the rooms' own hands."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from django.core.cache import caches
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from rung.share import contract
from rung.web import access, caseload, exporting, leaving, tokens, work
from rung.web.api import api
from rung.web.models import (
    Brief,
    FollowUp,
    Job,
    Membership,
    Organisation,
    Program,
    Token,
    Trace,
    User,
)
from tests.web.coached import ANA, BEN, HEADERS, LAST, rows
from tests.web.conftest import World
from tests.web.test_caseload import coached as coached
from tests.web.test_caseload import coached_folder as coached_folder

Json = dict[str, Any]


class Caller:
    """A program that holds a key."""

    def __init__(self, secret: str, program: Program) -> None:
        self.client = Client(headers={"authorization": f"Bearer {secret}"})
        self.at = f"/api/programs/{program.uid}"

    def ask(self, method: str, path: str, body: Any = None, status: int | None = 200) -> Any:
        """One request; its JSON."""
        place = path if path.startswith("/api/") else self.at + path
        more = {} if body is None else {
            "data": json.dumps(body), "content_type": "application/json",
        }  # fmt: skip
        answer = getattr(self.client, method)(place, **more)
        if status is not None:
            assert answer.status_code == status, answer.content[:900]
        if answer.headers.get("Content-Type", "").startswith("application/json"):
            return answer.json() if answer.content else None
        return answer

    def get(self, path: str, status: int = 200) -> Any:
        """GET."""
        return self.ask("get", path, status=status)


def key(world: World, who: str, scopes: tuple[str, ...] = tokens.API_SCOPES, **more: Any) -> Caller:
    """A key of somebody, for the organisation they belong to."""
    home = {"advisor": world.team, "partner": world.funder, "nowhere": world.other}
    token, secret = tokens.make(
        world.people[who], home.get(who, world.provider), "a program", scopes, 30
    )
    Token.objects.filter(pk=token.pk).update(**more)
    return Caller(secret, world.program)


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing counted yet; work without a heart, whose writes would wait for the test's own."""
    monkeypatch.setattr(work, "_beating", lambda job: nullcontext())
    caches["pages"].clear()
    yield
    caches["pages"].clear()


# -- who may what


def operations() -> list[tuple[str, str, str, str]]:
    """Every operation: method, path, scope, action."""
    from rung.web.apis.asking import Key

    found = []
    for path, place in ((p, v) for r in api._routers for p, v in r[1].path_operations.items()):
        for operation in place.operations:
            (auth,) = operation.auth_callbacks
            assert isinstance(auth, Key)
            for method in operation.methods:
                found.append((method.lower(), "/api" + path, auth.scope, auth.action))
    return sorted(found)


OPERATIONS = operations()


def filled(path: str, program: Program) -> str:
    """An address with things that are not there."""
    given = {"program": program.uid, "key": "a" * 40, "kind": "html"}
    for name in ("upload", "job", "brief", "user", "invitation"):
        given[name] = "0" * 16
    return path.format(**given)


def test_the_document_has_every_operation_and_is_for_everyone(db: None) -> None:
    page = Client().get("/api/openapi.json")
    assert page.status_code == 200
    listed = {(m, p) for p, place in page.json()["paths"].items() for m in place}
    assert listed == {(m, p) for m, p, _, _ in OPERATIONS}
    assert len(listed) >= 39
    assert Client().get("/api/docs").status_code == 404


def test_every_operation_by_key_scope_and_standing(world: World) -> None:
    callers = {who: key(world, who) for who in world.people}
    stranger = Caller("rung_nothing", world.program)

    def status(caller: Caller, method: str, place: str) -> tuple[int, str]:
        answer = getattr(caller.client, method)(place)
        body = answer.json() if "json" in answer.headers.get("Content-Type", "") else {}
        error = body.get("error", {}) if isinstance(body, dict) else {}
        return answer.status_code, str(error.get("code", ""))

    for method, path, scope, action in OPERATIONS:
        place = filled(path, world.program)
        asked = (method, path)
        assert status(stranger, method, place) == (401, "WEB-api-key"), asked
        for who in access.MEMBERS:
            found = status(callers[who], method, place)
            if who in access.MAY[action]:
                assert found[0] != 401, (asked, who, found)
                assert found[0] != 403 or found[1] == "WEB-no-caseload", (asked, who, found)
            else:
                assert found == (403, "WEB-denied"), (asked, who, found)
        if scope != "any":
            others = tuple(s for s in tokens.API_SCOPES if s != scope)
            found = status(key(world, "owner", others), method, place)
            assert found == (403, "WEB-api-scope"), asked
            assert Trace.objects.filter(allowed=False, by_token=True, action=action).exists()
        if "{program}" in path:
            for who in ("advisor", "partner", "nowhere"):
                assert status(callers[who], method, place) == (404, "WEB-missing"), (asked, who)


def test_a_key_ends(world: World) -> None:
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    key(world, "owner").get("/api/programs")
    key(world, "owner", revoked_at=now).get("/api/programs", 401)
    key(world, "owner", expires_at=now).get("/api/programs", 401)
    mine = key(world, "analyst")
    Membership.objects.filter(user=world.people["analyst"]).delete()
    mine.get("/api/programs", 401)
    browser = world.client("owner")  # a session is no key
    assert browser.get("/api/programs").status_code == 401


def test_a_key_asks_so_often_and_no_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rung.web.apis.asking.A_MINUTE", 3)
    monkeypatch.setattr("rung.web.apis.asking.time.time", lambda: 600.0)
    mine, other = key(world, "owner"), key(world, "staff")
    for _ in range(3):
        mine.get("/api/programs")
    assert mine.get("/api/programs", 429)["error"]["code"] == "WEB-api-often"
    other.get("/api/programs")


def test_an_error_never_repeats_what_was_sent(world: World) -> None:
    owner = key(world, "owner")
    for method, path, body in (
        ("post", "/briefs", {"audience": "Zqx Secret"}),
        ("get", "/caseload?limit=Zqx", None),
        ("get", "/answers/diagnose?by=Zqx", None),
        ("patch", "/uploads/Zqx", {"version": "Zqx"}),
    ):
        error = owner.ask(method, path, body, None)["error"]
        assert set(error) >= {"code", "what", "where", "expected", "next"}
        assert "Zqx" not in json.dumps(error), error
    raw = owner.client.post(owner.at + "/briefs", "{Zqx", content_type="application/json")
    assert raw.status_code == 400
    assert raw.json()["error"]["code"] == "WEB-api-request"
    assert b"Zqx" not in raw.content


# -- records


def sent(people: int = 40) -> bytes:
    """A file as a provider would send it."""
    out = io.StringIO()
    csv.writer(out).writerows([HEADERS, *rows(people)])
    return out.getvalue().encode()


def test_a_file_comes_in_is_corrected_imported_and_undone(world: World) -> None:
    owner, program = key(world, "staff"), world.program
    file = SimpleUploadedFile("people.csv", sent(), "text/csv")
    answer = owner.client.post(owner.at + "/uploads", {"file": file})
    assert answer.status_code == 202, answer.content
    begun = answer.json()
    uid = begun["upload"]["uid"]
    assert begun["upload"]["size"] == len(sent())
    work.now(Job.objects.get(uid=begun["job"]["uid"]))
    assert owner.get(f"/jobs/{begun['job']['uid']}")["state"] == "done"

    found = owner.get(f"/uploads/{uid}")
    assert found["state"] == "ready"
    columns = found["proposal"]["tables"][0]["columns"]
    phone = next(c for c in columns if c["header"] == "Phone")
    assert phone["masked"]
    assert "555" not in json.dumps(phone["examples"])
    pick = {"version": found["version"], "columns": [{"header": "Employer", "target": "ignore"}]}
    fresh = owner.ask("patch", f"/uploads/{uid}", pick)
    assert fresh["version"] == found["version"] + 1
    again = owner.ask("patch", f"/uploads/{uid}", pick, 409)
    assert again["error"]["code"] == "WEB-changed"
    unknown = {"version": fresh["version"], "columns": [{"header": "Nowhere", "target": "ignore"}]}
    assert "Nowhere" not in json.dumps(owner.ask("patch", f"/uploads/{uid}", unknown, 422))

    owner.ask("post", f"/uploads/{uid}/import", {"version": 0}, 409)
    begun = owner.ask("post", f"/uploads/{uid}/import", {"version": fresh["version"]}, 202)
    owner.ask("post", f"/uploads/{uid}/import", {"version": fresh["version"]}, 409)
    work.now(Job.objects.get(uid=begun["job"]["uid"]))
    made = owner.get("/generations")
    assert [g["number"] for g in made] == [2, 1]
    assert made[0]["current"]
    assert made[0]["base"] == made[1]["uid"]

    assert {"code", "what", "next", "count"} <= set(owner.get("/fixes")[0])
    assert owner.ask("get", "/fixes.xlsx").content[:2] == b"PK"
    key(world, "analyst").get("/fixes.xlsx", 403)

    back = {"to": made[1]["uid"]}
    owner.ask("put", "/current", {**back, "seen": "0" * 16}, 409)
    shown = owner.ask("put", "/current", {**back, "seen": made[0]["uid"]})
    assert shown["generation"] == made[1]["uid"]
    owner.ask("put", "/current", {"to": None, "seen": made[1]["uid"]})
    program.refresh_from_db()
    assert program.generation is None
    owner.ask("delete", f"/uploads/{uid}", None, 409)


def test_what_is_no_file_of_records_is_refused(world: World) -> None:
    owner = key(world, "owner")
    assert owner.client.post(owner.at + "/uploads", {}).status_code == 422
    picture = SimpleUploadedFile("a.csv", b"\x89PNG\r\n\x1a\n" + bytes(200), "text/csv")
    answer = owner.client.post(owner.at + "/uploads", {"file": picture})
    assert answer.status_code == 422
    assert answer.json()["error"]["code"].startswith("REC-")
    denied = key(world, "viewer")
    file = SimpleUploadedFile("a.csv", b"a,b\n1,2\n", "text/csv")
    assert denied.client.post(denied.at + "/uploads", {"file": file}).status_code == 403


# -- answers


def test_answers_are_the_contracts(coached: World) -> None:
    viewer = key(coached, "viewer")
    schema = contract.schema()
    for path in ("diagnose", "diagnose?audience=outside", "diagnose?by=entry_year", "retention",
                 "retention?audience=outside",
                 "reconcile?milestone=enrolled&period=2025&reported=40"):  # fmt: skip
        document = viewer.get(f"/answers/{path}")
        jsonschema.validate(document, schema)
        assert document["audience"] == ("outside" if "outside" in path else "inside")
    assert not coached.program.papers.filter(kind="release").exists()
    assert viewer.get("/answers/diagnose?cohort=never", 422)["error"]["code"].startswith("PLAN-")
    coached.program.generation = None
    coached.program.save()
    assert viewer.get("/answers/diagnose", 422)["error"]["code"] == "REC-not-imported"


# -- people


def test_names_are_for_those_whose_role_may_see_them(coached: World) -> None:
    cell = "/answers/people?milestone=enrolled&counted=reached"
    for who, named in (("owner", True), ("analyst", False)):
        found = key(coached, who).get(cell)
        assert found["n"] == len(found["people"]) > 0
        assert all(bool(p["name"]) == named for p in found["people"])
    assert Trace.objects.filter(by_token=True, action="journey.people", count__gt=0).exists()


def test_a_coachs_key_sees_that_coachs_people(coached: World) -> None:
    coach, staff = key(coached, "coach"), key(coached, "staff")
    mine = coach.get("/caseload?show=all&limit=200")
    assert {p["coach"] for p in mine["people"]} == {ANA}
    assert all(p["name"].startswith("Given") for p in mine["people"])
    listed = {c["name"]: c["key"] for c in staff.get("/coaches")}
    bens = staff.get(f"/caseload?show=all&coach={listed[BEN]}")
    assert {p["coach"] for p in bens["people"]} == {BEN}
    coach.get("/people/" + bens["people"][0]["key"], 404)
    staff.get("/people/" + bens["people"][0]["key"])
    assert not any(w in json.dumps(mine).lower() for w in ("gender", "race", "disab"))
    Membership.objects.filter(user=coached.people["coach"]).update(staff_name="")
    assert coach.get("/caseload", 403)["error"]["code"] == "WEB-no-caseload"


def test_a_follow_up_by_key(coached: World) -> None:
    coach = key(coached, "coach")
    due = next(
        p for p in coach.get("/caseload")["people"]
        if any(r["due_days"] == 90 for r in p["reasons"])
    )  # fmt: skip
    path = f"/people/{due['key']}"
    seen = coach.get(path)["last_entry"]
    body = {"due_days": 90, "result": "verified", "how": "phone", "on": LAST.isoformat()}
    made = coach.ask("post", path + "/follow-ups", {**body, "seen": seen}, 201)
    late = coach.ask("post", path + "/follow-ups", {**body, "seen": seen}, 409)
    assert late["error"]["code"] == "WEB-follow-up-written"
    coach.ask("post", path + "/follow-ups", {**body, "seen": made["number"]}, 201)
    assert FollowUp.objects.count() == 2
    wrong = {**body, "on": "2031-01-01", "how": "gossip", "seen": made["number"]}
    assert coach.ask("post", path + "/follow-ups", wrong, 422)["error"]["problems"]
    assert len(coach.get(path + "/follow-ups")) == 2
    table = coach.get("/answers/retention")["answers"][0]
    row = next(r for r in table["rows"] if r["after"] == "90 days")
    assert row["retained"] == 1


# -- briefs


def test_a_brief_is_looked_at_released_and_fetched(coached: World) -> None:
    staff = key(coached, "staff")
    body = {"audience": "outside", "language": "es"}
    shown = staff.ask("post", "/briefs/preview", body)
    assert shown["answers"]
    assert not Brief.objects.exists()
    made = staff.ask("post", "/briefs", body, 201)
    assert [b["uid"] for b in staff.get("/briefs")] == [made["uid"]]
    page = staff.ask("get", f"/briefs/{made['uid']}.html")
    assert page.content.decode().startswith("<!doctype html>")
    assert staff.ask("get", f"/briefs/{made['uid']}.xlsx").content[:2] == b"PK"
    staff.get(f"/briefs/{made['uid']}.pdf", 404)
    error = staff.ask("post", "/briefs", {"audience": "agreement"}, 422)["error"]
    assert error["code"] == "WEB-brief"
    key(coached, "analyst").ask("post", "/briefs", body, 403)


# -- the organisation


def test_members_invitations_and_the_trail(world: World) -> None:
    owner = key(world, "owner")
    here = "/api/organisation"
    assert owner.get(here)["name"] == "Riverside Works"
    people = {m["email"]: m["uid"] for m in owner.get(here + "/members")}
    coach, boss = people["coach@example.org"], people["owner@example.org"]
    body = {"role": "coach", "staff_name": "Ana Ruiz"}
    assert owner.ask("patch", f"{here}/members/{coach}", body)["staff_name"] == "Ana Ruiz"
    last = owner.ask("patch", f"{here}/members/{boss}", {"role": "viewer"}, 409)
    assert last["error"]["code"] == "WEB-last-owner"
    owner.ask("delete", f"{here}/members/{coach}", None, 204)
    asked = {"email": "new@example.org", "role": "staff"}
    made = owner.ask("post", here + "/invitations", asked, 201)
    assert made["link"].startswith("http://testserver/invitation/")
    (kept,) = owner.get(here + "/invitations")
    assert kept["link"] is None
    owner.ask("post", here + "/invitations", {**asked, "email": "viewer@example.org"}, 422)
    owner.ask("delete", f"{here}/invitations/{made['uid']}", None, 204)
    lines = owner.get(here + "/audit?limit=200")["lines"]
    assert {"member.changed", "member.removed", "member.invited"} <= {x["action"] for x in lines}
    assert all(x["by_token"] for x in lines)


def members_of(made: Path) -> Mapping[str, bytes]:
    with zipfile.ZipFile(made) as z:
        assert z.testzip() is None
        return {n: z.read(n) for n in z.namelist()}


def test_everything_in_one_file(coached: World) -> None:
    owner = key(coached, "owner")
    key(coached, "staff").ask("post", "/briefs", {"audience": "outside"}, 201)
    begun = owner.ask("post", "/api/organisation/exports", {}, 202)
    job = work.now(Job.objects.get(uid=begun["uid"]))
    assert owner.get(f"/api/organisation/exports/{job.uid}")["state"] == "done"
    file = owner.ask("get", f"/api/organisation/exports/{job.uid}/file")
    assert file.headers["Content-Type"] == "application/zip"
    assert b"".join(file.streaming_content)[:2] == b"PK"
    found = members_of(exporting.file(job))
    here = f"programs/{coached.program.uid}"
    for name in ("README.txt", "members.csv", "audit.csv", f"{here}/records/journeys.parquet",
                 f"{here}/records/journeys.csv", f"{here}/follow-ups.csv", f"{here}/lab.toml",
                 f"{here}/briefs/1-en.html", f"{here}/briefs/1-en.xlsx"):  # fmt: skip
        assert found[name], name
    assert any(n.startswith(f"{here}/documents/release/") for n in found)
    table = list(csv.reader(io.StringIO(found[f"{here}/records/journeys.csv"].decode())))
    assert len(table) == 61
    everything = b"".join(found.values())
    assert b"Given1" not in everything
    assert b"P1001" not in everything
    assert b"private/" not in "".join(n for n in found if n != "README.txt").encode()

    begun = owner.ask("post", "/api/organisation/exports", {"with_identifiers": True}, 202)
    job = work.now(Job.objects.get(uid=begun["uid"]))
    found = members_of(exporting.file(job))
    assert b"Given1" in found[f"{here}/private/people.csv"]
    assert any(n.endswith("caseload.csv") for n in found)
    assert not any(n.endswith(("lab.key", "keys.enc")) for n in found)
    assert Trace.objects.filter(action="export.identifiers", thing=job.uid).exists()
    for who in ("staff", "analyst", "viewer"):
        key(coached, who).ask("post", "/api/organisation/exports", {}, 403)
    exporting.file(job).unlink()
    owner.get(f"/api/organisation/exports/{job.uid}/file", 404)


def test_an_owner_takes_everything_from_the_page(coached: World) -> None:
    place = f"/o/{coached.provider.uid}/export/"
    browser = coached.client("owner")
    assert "Take everything with you" in browser.get(place).content.decode()
    assert browser.post(place).status_code == 302
    assert "http-equiv" in browser.get(place).content.decode()
    job = work.now(Job.objects.get(kind="export"))
    assert f"{place}{job.uid}/" in browser.get(place).content.decode()
    file = browser.get(f"{place}{job.uid}/")
    assert b"".join(file.streaming_content)[:2] == b"PK"  # type: ignore[attr-defined]
    assert coached.client("staff").get(place).status_code == 403


# -- leaving


def test_an_organisation_is_erased_after_a_week(
    coached: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, here = key(coached, "owner"), "/api/organisation/deletion"
    folder, provider = coached.program.folder, coached.provider
    key(coached, "staff").ask("post", here, {"name": provider.name}, 403)
    wrong = owner.ask("post", here, {"name": "Another Name"}, 422)
    assert wrong["error"]["code"] == "WEB-leave-name"
    asked = owner.ask("post", here, {"name": provider.name}, 202)
    assert asked["delete_after"]
    assert owner.ask("delete", here)["delete_after"] is None
    owner.ask("post", here, {"name": provider.name}, 202)
    assert leaving.erase_due() == 0
    assert folder.is_dir()

    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=8)
    monkeypatch.setattr("rung.web.clock.now", lambda: later)
    provider.refresh_from_db()
    assert not leaving.stay(provider)
    uid = provider.uid
    assert leaving.erase_due() == 1
    assert not folder.exists()
    assert not Organisation.objects.filter(uid=uid).exists()
    assert not Program.objects.filter(organisation__uid=uid).exists()
    for gone in ("owner", "coach", "viewer"):
        assert not User.objects.filter(email=f"{gone}@example.org").exists()
    for stays in ("advisor", "partner", "nowhere"):
        assert User.objects.filter(email=f"{stays}@example.org").exists()
    (line,) = Trace.objects.filter(thing=uid)
    assert (line.action, line.user, line.organisation) == ("organisation.erased", None, None)
    assert leaving.erase_due() == 0
    caseload.forget()


def test_the_page_asks_for_the_name_and_lets_one_stay(world: World) -> None:
    browser, place = world.client("owner"), f"/o/{world.provider.uid}/delete/"
    assert browser.post(place, {"name": "no"}).status_code == 422
    assert browser.post(place, {"name": "Riverside Works"}).status_code == 302
    assert "Riverside Works will be erased on" in browser.get(place).content.decode()
    assert "will be erased on" in browser.get(f"/o/{world.provider.uid}/").content.decode()
    browser.post(place, {"do": "stay"})
    world.provider.refresh_from_db()
    assert world.provider.delete_after is None
    assert world.client("staff").get(place).status_code == 403


def test_the_manual_names_every_operation(client: Client) -> None:
    manual = (Path(__file__).parents[2] / "docs/api.md").read_text("utf-8")
    described = client.get("/api/openapi.json").json()["paths"]
    listed = {f"`{m.upper()} {path}`" for path, ops in described.items() for m in ops}
    assert listed == set(re.findall(r"^\| (`[A-Z]+ /\S+`)", manual, re.MULTILINE))
