"""What a stranger meets."""

from __future__ import annotations

import pytest
from django.test import Client, RequestFactory

from tests.web.conftest import World


@pytest.mark.django_db
def test_a_stranger_reads_what_rung_is_and_signs_in(client: Client) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert "Sign in" in page.content.decode()
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert len(page.content) < 100_000


@pytest.mark.django_db
def test_the_lab_says_it_is_well(client: Client) -> None:
    assert client.get("/healthz").json()["status"] == "ok"


def test_every_other_page_refuses_a_stranger(world: World) -> None:
    for address in ("/p/" + world.program.uid + "/", "/portfolio/x/", "/nothing-here/"):
        page = world.client("stranger").get(address)
        assert page.status_code == 302
        assert page.headers["Location"].startswith("/")


@pytest.mark.django_db
def test_the_first_page_speaks_spanish(client: Client) -> None:
    client.post("/language/", {"language": "es", "next": "/"})
    assert "Iniciar sesión" in client.get("/").content.decode()


def test_the_page_of_a_broken_lab_needs_nothing(rf: RequestFactory) -> None:
    from rung.web.views.front import broken

    page = broken(rf.get("/p/x/"))
    assert page.status_code == 500
    assert "Something broke on our side" in page.content.decode()


def test_everyone_starts_where_their_work_is(world: World) -> None:
    starts = {
        "owner": f"/p/{world.program.uid}/",
        "advisor": f"/portfolio/{world.team.uid}/",
        "partner": "/released/",
    }
    for who, place in starts.items():
        assert world.client(who).get("/").headers["Location"] == place
