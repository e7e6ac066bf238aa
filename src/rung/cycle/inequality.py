"""How unequal the incomes in a file of people are, and between whom."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from rung.cycle.outcome import AnyAnswer, Clock, Outcome, told
from rung.documents import file_digest
from rung.errors import CannotAnswer, PlanError, Problem
from rung.finding import Finding
from rung.mobility import inequality_tables
from rung.mobility.inequality import Question, beside, summarise
from rung.mobility.resampling import studentised
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
    against: Path | None = None,
    level: float = 0.95,
    draws: int | None = None,
    seed: int | None = None,
    audience: Audience | None = None,
    clock: Clock | None = None,
) -> Outcome:
    """Gini, Theil, mean log deviation, Atkinson, Palma, quantile ratios and the Lorenz curve.

    `path` is a file of people (Parquet, text, a spreadsheet; of a DuckDB file the table `people`);
    `income`, `weights`, `by` and `over` name columns. With `by`, inequality between the groups and
    within them; with `over` (a year), every figure is of the last period, and its change since the
    first is told; `against` is an earlier file with the same columns, and tells what both in one
    would tell with `over`. With `draws`, the range of the Gini itself is by the studentised
    bootstrap of so many, from `seed`. Raises RecordsError, PlanError as
    `mobility.inequality.summarise` and `mobility.resampling.studentised` do, PLAN-against-over for
    both ways at once, and PLAN-seed-unused for a seed without draws.
    """
    if not 0 < level < 1:
        raise PlanError("PLAN-level")
    if over is not None and against is not None:
        raise PlanError("PLAN-against-over")
    if seed is not None and draws is None:
        raise PlanError("PLAN-seed-unused")
    question = Question(income, weights, by, over)
    files = [path] if against is None else [against, path]
    mended: list[Problem] = []
    with TemporaryDirectory(prefix="rung-") as work, Session() as session:
        for i, file in enumerate(files):
            folder = Path(work) / str(i)
            folder.mkdir()
            mended += engines.attach(session, f"people{i}", file, folder, table="people")
        made: tuple[AnyAnswer, ...]
        try:
            read = [
                summarise(session, f"people{i}", question, inputs=_digests(file))
                for i, file in enumerate(files)
            ]
            summary = read[0] if against is None else beside(read[0], read[1], _names(files))
            made = inequality_tables.answers(summary, level)
            if draws is not None and isinstance(made[0], Finding):
                made = (studentised(made[0], summary, draws, seed), *made[1:])
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


def _digests(path: Path) -> list[str]:
    return [file_digest(p) for p in (sorted(path.iterdir()) if path.is_dir() else [path])]


def _names(files: Sequence[Path]) -> tuple[str, str]:
    """What two files are called: their names, as short as keeps them apart."""
    first, last = ([f.stem, f.name, f"{f.resolve().parent.name}/{f.name}"] for f in files)
    for a, b in zip(first, last, strict=True):
        if a != b:
            return a, b
    return f"{first[0]} (1)", f"{last[0]} (2)"
