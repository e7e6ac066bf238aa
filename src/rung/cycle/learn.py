"""Phase III, the learning cycle: did it work?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rung.cycle.outcome import Clock, Outcome, told
from rung.documents import file_digest
from rung.learning.estimate import estimate as estimated
from rung.records import engine as engines
from rung.share.release import Audience


def estimate(
    data: Path,
    *,
    outcome: str,
    arm: str,
    control: str | None = None,
    covariates: Sequence[str] = (),
    adjust: Any = "none",
    weights: str | None = None,
    se: Any = "hc2",
    level: float = 0.95,
    engine: str = "duckdb",
    master: str = engines.LOCAL,
    audience: Audience | None = None,
    clock: Clock | None = None,
) -> Outcome:
    """The effect of each arm against the control, from one file with a row a person.

    `engine` is where the queries run ("duckdb", or "spark" at `master`).

    Raises RecordsError for a file that cannot be read, PlanError for a question that is not whole.
    """
    with (
        TemporaryDirectory(prefix="rung-") as work,
        engines.start(engine, master=master) as session,
    ):
        mended = engines.attach(session, "data", data, Path(work), table="data")
        ran = session.engine
        found = estimated(
            session,
            "data",
            outcome=outcome,
            arm=arm,
            control=control,
            covariates=covariates,
            adjust=adjust,
            weights=weights,
            se=se,
            level=level,
            inputs=tuple(map(file_digest, sorted(data.iterdir()) if data.is_dir() else (data,))),
        )
    return told(
        "estimate",
        found,
        audience=audience,
        today=clock().date() if clock else None,
        problems=[p.to_json() for p in mended],
        engine=ran,
    )
