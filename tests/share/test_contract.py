"""The JSON contract: what comes out is what the committed schema says."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from rung.finding import Interval
from rung.share import contract
from rung.share.release import AnyAnswer, Audience, Inside, Outside, release
from tests.share import examples

COMMITTED = Path(__file__).parents[2] / "schema" / "rung-1.json"

ANSWERS: list[AnyAnswer] = [
    examples.journey(),
    examples.journey({"women": (180, 120, 70), "men": (110, 60, 30), "other": (12, 5, 1)}),
    examples.gap({"women": (180, 90), "men": (110, 50), "other": (12, 2)}),
    examples.difference(1794.34, 550.57, 3038.11, dollar_year=1978),
    examples.level(151, 412),
    examples.level(1, 412),
    examples.arms(),
    examples.forest(),
    examples.refusal(),
]


def test_the_committed_schema_is_the_types() -> None:
    made = subprocess.run(
        [sys.executable, "-m", "rung.share.contract"], capture_output=True, text=True, check=True
    ).stdout
    assert COMMITTED.read_text("utf-8") == made, "run `make schema` and commit"


@pytest.mark.parametrize("audience", [Inside(), Outside()])
def test_every_document_fits_the_schema(audience: Audience) -> None:
    released = release(ANSWERS, audience)
    document = contract.envelope("diagnose", released, provenance={}, audience=audience)
    read = json.loads(contract.json_text(document))
    jsonschema.validate(read, json.loads(COMMITTED.read_text("utf-8")))
    assert read == document
    kinds = [a["kind"] for a in read["answers"]]
    assert kinds.count("refusal") == (1 if released[0].exact else 2)
    assert list(read) == ["rung", "schema", "verb", "audience", "answers", "provenance"]
    finding = next(a for a in read["answers"] if a["kind"] == "finding")
    assert {
        "id",
        "estimand",
        "value",
        "interval",
        "counts",
        "method",
        "strength",
        "caveats",
    } <= set(finding)
    assert {"pieces", "low", "high", "level", "kind"} == set(finding["interval"])


def test_unbounded_is_a_word_and_nan_never_leaves() -> None:
    open_ended = replace(
        examples.difference(5.0, 1.0, 9.0), interval=Interval(((1.0, math.inf),), 0.95)
    )
    document = contract.envelope(
        "estimate", release([open_ended], Outside()), provenance={}, audience=Outside()
    )
    assert document["answers"][0]["interval"]["high"] == "inf"
    with pytest.raises(ValueError, match="JSON"):
        contract.json_text({"x": math.nan})


def test_answers_for_one_audience_do_not_go_to_another() -> None:
    released = release([examples.journey()], Inside())
    with pytest.raises(ValueError, match="audience"):
        contract.envelope("diagnose", released, provenance={}, audience=Outside())
