"""The National Supported Work demonstration, re-done from its lab.toml.

Dehejia and Wahba (1999), Table 3, row NSW: 1,794 (633) unadjusted and 1,672 (638) adjusted for age,
age squared, schooling, no degree, Black, Hispanic and earnings in 1974 and 1975. Both standard
errors are the classical ones. Data: nsw_mixtape of the Python package causaldata.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rung.finding import Finding, Table
from rung.learning.declared import run_test
from rung.learning.settings import DeclaredTest
from rung.records.lab import Lab
from rung.records.query import Session

LAB = Path(__file__).parents[2] / "examples/nsw"
pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("causaldata") is None, reason="causaldata (the demo group) is absent"
)
# its own process: the package brings pandas, which the core never loads
WRITE = (
    "import sys, causaldata; "
    "causaldata.nsw_mixtape.load_pandas().data.to_csv(sys.argv[1], index=False)"
)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    file = tmp_path_factory.mktemp("nsw") / "nsw_mixtape.csv"
    subprocess.run([sys.executable, "-W", "ignore", "-c", WRITE, str(file)], check=True)
    with Session() as opened:
        opened.connection.read_csv(str(file)).create_view("nsw")
        yield opened


PLAIN: dict[str, object] = {"adjust": ("none",), "covariates": (), "squares": ()}


def declared(key: str, **changed: object) -> DeclaredTest:
    tests = {t.key: t for t in Lab.open(LAB).sections("tests", DeclaredTest)}
    return tests[key].model_copy(update=changed)


def findings(session: Session, test: DeclaredTest) -> dict[str, Finding]:
    answers = run_test(session, test, view="nsw")
    return {a.method.key: a for a in answers if a.kind == "finding"}


def tables(session: Session, test: DeclaredTest) -> dict[str, Table]:
    return {a.name: a for a in run_test(session, test, view="nsw") if a.kind == "table"}


def test_the_numbers_of_the_main_job(session: Session) -> None:
    found = findings(session, declared("earnings"))["difference-in-means"]
    offered, not_offered = found.parts
    assert (offered.n, not_offered.n) == (185, 260)
    assert not_offered.value == pytest.approx(4554.80, abs=0.005)
    assert found.value == pytest.approx(1794.34, abs=0.005)
    assert found.se == pytest.approx(671.00, abs=0.005)
    welch = findings(session, declared("earnings", se="welch", **PLAIN))
    assert welch["difference-in-means"].se == pytest.approx(671.00, abs=0.005)
    assert welch["difference-in-means"].df == pytest.approx(307.13, abs=0.005)


def test_as_published(session: Session) -> None:
    found = findings(session, declared("earnings", se="classical"))
    unadjusted, adjusted = found["difference-in-means"], found["ancova"]
    assert unadjusted.value == pytest.approx(1794, abs=0.5)
    assert unadjusted.se == pytest.approx(633, abs=0.5)
    assert adjusted.value == pytest.approx(1672, abs=0.5)
    assert adjusted.se == pytest.approx(638, abs=0.5)


def test_employment(session: Session) -> None:
    found = findings(session, declared("employment"))["difference-in-means"]
    offered, not_offered = found.parts
    assert (offered.numerator, not_offered.numerator) == (140, 168)
    assert not_offered.value == pytest.approx(0.646, abs=0.0005)
    assert found.value == pytest.approx(0.111, abs=0.0005)


def test_groups_and_before_and_after(session: Session) -> None:
    found = tables(session, declared("earnings"))
    assert found["forest"].column("level") == (
        *("Black", "Hispanic", "Neither", "High school diploma", "No diploma"),
        *("under 20", "20 to under 25", "25 to under 30", "30 and over"),
    )
    people = [int(r["control_n"] or 0) + int(r["treated_n"] or 0) for r in found["forest"].rows]
    assert (sum(people[:3]), sum(people[3:5]), sum(people[5:])) == (445, 445, 445)
    before = found["before-after"]
    assert before.column("when") == ("1974", "1974", "1975", "1975", "1978", "1978")
    assert before.caveats[0].code == "pre-program-dip"
    # the dip: earnings in 1975 below those of 1974, and above both without the offer in 1978
    assert [round(float(v or 0)) for v in before.column("mean")][::2] == [2107, 1267, 4555]
