"""Whatever is sent, the API answers as its document says, never with an error of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from rung.web import caseload, keys, tokens, work
from rung.web.models import Upload
from rung.web.wsgi import application
from tests.web.conftest import World
from tests.web.test_caseload import coached as coached
from tests.web.test_caseload import coached_folder as coached_folder

NOT_OURS = [
    ignored_auth,  # strangers are tried below; the key is not one that was made up
    positive_data_acceptance,  # what fits the schema may still be refused: a day, a name, a code
]


@pytest.fixture
def _still(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The end of a request does not close the test's connection; a key may ask very often."""
    monkeypatch.setattr(work, "_beating", lambda job: nullcontext())
    monkeypatch.setattr("rung.web.apis.asking.A_MINUTE", 10**9)
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.mark.deep
@pytest.mark.usefixtures("_still")
def test_every_operation_answers_as_its_document_says(coached: World) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", application)
    program = coached.program
    upload = Upload.objects.create(program=program, name="a.csv")
    pid = caseload.opened(program, None, everyone=True).load.cases[0].pid
    real = {"program": program.uid, "upload": upload.uid, "key": keys.key(program, pid)}
    _, secret = tokens.make(
        coached.people["owner"], coached.provider, "a program", tokens.API_SCOPES, 30
    )
    asked = 0
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()

        @settings(
            max_examples=10,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def one(case: Any) -> None:
            nonlocal asked
            given_path = case.path_parameters or {}
            case.path_parameters = {k: real.get(k, v) for k, v in given_path.items()}
            answer = case.call(headers={"Authorization": f"Bearer {secret}"})
            case.validate_response(answer, excluded_checks=NOT_OURS)
            stranger = case.call(headers={"Authorization": "Bearer rung_nothing"})
            assert stranger.status_code == 401
            asked += 1

        one()
    assert asked > 150
    coached.provider.refresh_from_db()
    assert coached.provider.delete_after is None
