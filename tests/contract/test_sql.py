"""Every analysis query stays in the portable subset."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlglot

from tests.contract.portable import faults

SRC = Path(__file__).parents[2] / "src/rung"
ANALYSES = sorted(
    p for room in ("discovery", "learning", "mobility") for p in (SRC / room / "sql").glob("*.sql")
)


@pytest.mark.parametrize("path", ANALYSES, ids=lambda p: p.stem)
def test_a_query_is_portable(path: Path) -> None:
    text = path.read_text("utf-8")
    assert not list(faults(sqlglot.parse_one(text, dialect="duckdb")))
    ordered = re.search(r"ORDER BY(.*)", text, re.DOTALL)
    if ordered:
        items = [i for i in ordered[1].split(",") if i.strip()]
        assert all("NULLS" in i for i in items), "NULLS are placed explicitly"


@pytest.mark.parametrize(
    "bad",
    [
        "SELECT a / b FROM t",
        "SELECT avg(a) FROM t",
        "SELECT CAST(CAST(a AS DOUBLE) AS BIGINT) FROM t",
        "SELECT a FROM t GROUP BY 1",
        "SELECT * FROM t JOIN u ON t.a < u.a",
        "SELECT TRY_CAST(a AS DATE) FROM t",
    ],
)
def test_the_lint_sees(bad: str) -> None:
    assert list(faults(sqlglot.parse_one(bad, dialect="duckdb")))


def test_every_sql_file_is_loaded_by_its_room() -> None:
    """A query that nobody loads is dead."""
    for path in SRC.rglob("sql/*.sql"):
        code = "".join(p.read_text("utf-8") for p in path.parents[1].rglob("*.py"))
        literal = f'"{path.stem}"' in code
        built = any(path.stem.startswith(p) for p in re.findall(r'f"([a-z_]+_)\{', code))
        assert literal or built, path.name
