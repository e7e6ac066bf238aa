"""Rung as a person meets it: a command in, what it prints and its exit status out."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from rung.cli import main

REPOSITORY = Path(__file__).parents[2]
STATUSES = {0, 2, 10, 11, 12, 13}


@dataclass(frozen=True)
class Ran:
    """What a command left: its exit status and what it printed."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on standard output; nothing may stand before or after it."""
        return cast("dict[str, Any]", json.loads(self.out))

    @property
    def code(self) -> str | None:
        """The code of the error under --json."""
        error = self.document.get("error")
        return error["code"] if error else None

    @property
    def codes(self) -> dict[str, int]:
        """Rows by code of every problem told, in an error or in a report."""
        error = self.document.get("error")
        told = [*(error.get("problems") or [error | {"count": None}])] if error else []
        told += self.document.get("problems", [])
        if self.document.get("verb") == "init":
            told += self.document.get("import", {}).get("problems", [])
        found: dict[str, int] = {}
        for problem in told:
            found[problem["code"]] = found.get(problem["code"], 0) + (problem["count"] or 0)
        return found

    @property
    def answers(self) -> list[dict[str, Any]]:
        """The answers of a verb."""
        return cast("list[dict[str, Any]]", self.document["answers"])

    def table(self, name: str, *dimensions: str) -> list[dict[str, Any]]:
        """The rows of a named table, by the milestones alone or by the groups given."""
        for answer in self.answers:
            if answer["kind"] == "table" and answer["name"] == name:
                split = tuple(d["name"] for d in answer["dimensions"])
                if set(dimensions) <= set(split) and len(split) == 1 + len(dimensions):
                    return cast("list[dict[str, Any]]", answer["rows"])
        raise LookupError(name)


def rung(*arguments: object) -> Ran:
    """Run a command in this process; it may end in no way but those that are promised."""
    out, err = io.StringIO(), io.StringIO()
    status: object = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main([str(a) for a in arguments])
        except SystemExit as left:
            status = left.code
    ran = Ran(status if isinstance(status, int) else 1, out.getvalue(), err.getvalue())
    assert "USE-bug" not in ran.out + ran.err, (arguments, ran.out[-2000:], ran.err[-2000:])
    assert "Traceback" not in ran.out + ran.err, ran.err
    assert ran.status in STATUSES, (arguments, ran)
    return ran


def text(rows: Sequence[Sequence[str]], separator: str = ",") -> str:
    """Rows as a CSV text with the line ends of Windows."""
    made = io.StringIO()
    csv.writer(made, delimiter=separator).writerows(rows)
    return made.getvalue()
