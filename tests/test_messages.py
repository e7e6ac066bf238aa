"""Sentences: parameters, and the form for one or for many."""

from __future__ import annotations

import pytest

from rung.errors import Problem
from rung.messages import sentence


@pytest.mark.parametrize(
    ("rows", "said"), [(1, "1 row has"), (2, "2 rows have"), (12_345, "12,345 rows have")]
)
def test_one_or_many(rows: int, said: str) -> None:
    assert Problem(code="REC-id-missing", rows=rows).what().startswith(said)


def test_a_parameter_is_never_read_as_a_form() -> None:
    problem = Problem(code="REC-merged", rows=1, table="a|b {rows} #")
    assert problem.what().startswith("1 cell of a|b {rows} # is merged")


def test_a_missing_sentence_is_our_bug() -> None:
    with pytest.raises(KeyError):
        sentence("REC-such-a-code-does-not-exist.what")
