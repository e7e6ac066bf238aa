"""The JSON contract: one document a verb, and its schema, generated from the types.

`python -m rung.share.contract` prints the schema; `schema/rung-1.json` is its committed copy.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from rung import __version__
from rung.finding import answer_schema, to_json
from rung.share.release import AnyAnswer, Audience, Released

SCHEMA = 1


def envelope(
    verb: str,
    released: Iterable[Released[AnyAnswer]],
    *,
    provenance: Mapping[str, Any],
    audience: Audience,
) -> dict[str, Any]:
    """The document that `--json` prints; every answer must have been released to `audience`."""
    answers = []
    for each in released:
        if each.audience != audience:
            raise ValueError("an answer released to one audience is not shown to another")
        answers.append(to_json(each.answer))
    return {
        "rung": __version__,
        "schema": SCHEMA,
        "verb": verb,
        "audience": audience.kind,
        "answers": answers,
        "provenance": dict(provenance),
    }


def json_text(document: Mapping[str, Any]) -> str:
    """The document as text; NaN and infinities are our bug and raise ValueError."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2) + "\n"


def schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the document."""
    answer = answer_schema()
    definitions = answer.pop("$defs")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What every Rung verb prints under --json",
        "type": "object",
        "required": ["rung", "schema", "verb", "audience", "answers", "provenance"],
        "additionalProperties": False,
        "properties": {
            "rung": {"type": "string", "description": "version of Rung"},
            "schema": {"const": SCHEMA},
            "verb": {"type": "string"},
            "audience": {"enum": ["inside", "agreement", "outside"]},
            "answers": {"type": "array", "items": answer},
            "provenance": {"type": "object"},
        },
        "$defs": definitions,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(schema(), indent=2, ensure_ascii=False, sort_keys=True) + "\n")
