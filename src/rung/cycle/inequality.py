"""How unequal the incomes in a file of people are, and between whom."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from rung.cycle.outcome import AnyAnswer, Clock, Outcome, told
from rung.documents import file_digest
from rung.errors import CannotAnswer, PlanError
from rung.mobility import inequality_tables
from rung.mobility.inequality import Question, summarise
from rung.records import engine as engines
from rung.records.query import Session
from rung.share.release import Audience


def inequality(
    path: Path,
    *,
    income: str,
    weights: str | None = None,
    by: str | None = None,
    over: str | None = None,
    level: float = 0.95,
    audience: Audience | None = None,
    clock: Clock | None = None,
) -> Outcome:
    """Gini, Theil, mean log deviation, Atkinson, Palma, quantile ratios and the Lorenz curve.

    `path` is a file of people (Parquet, text, a spreadsheet; of a DuckDB file the table `people`);
    `income`, `weights`, `by` and `over` name columns. With `by`, inequality between the groups and
    within them; with `over` (a year), every figure is of the last period, and its change since the
    first is told. Raises RecordsError, and PlanError as `mobility.inequality.summarise` does.
    """
    if not 0 < level < 1:
        raise PlanError("PLAN-level")
    question = Question(income, weights, by, over)
    with TemporaryDirectory(prefix="rung-") as work, Session() as session:
        mended = engines.attach(session, "people", path, Path(work), table="people")
        parts = sorted(path.iterdir()) if path.is_dir() else [path]
        made: tuple[AnyAnswer, ...]
        try:
            summary = summarise(session, "people", question, inputs=[file_digest(p) for p in parts])
            made = inequality_tables.answers(summary, level)
        except CannotAnswer as why:
            made = (inequality_tables.refusal(why, question),)
        ran = session.engine
    return told(
        "mobility inequality",
        made,
        audience=audience,
        today=clock().date() if clock else None,
        engine=ran,
        problems=[p.to_json() for p in mended],
    )
