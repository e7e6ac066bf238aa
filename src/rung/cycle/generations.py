"""What parents' incomes say of their children's: ranks, transitions, and who has more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from rung.cycle.outcome import AnyAnswer, Clock, Outcome, told
from rung.documents import file_digest
from rung.errors import CannotAnswer, PlanError, Problem, ReleaseError
from rung.finding import Origin
from rung.messages import english
from rung.mobility import copula_tables, generations_tables
from rung.mobility.copula import PercentileMatrix
from rung.mobility.copula_tables import Unlinked
from rung.mobility.generations import Generations, Question, margins, summarise
from rung.mobility.ranks import MARGINS, PERCENT
from rung.records import engine as engines
from rung.records.prices import Prices
from rung.records.query import Session
from rung.share.release import Agreement, Audience, Inside, Outside
from rung.share.suppress import Thresholds

LEVEL = 0.95


def generations(
    path: Path | None = None,
    *,
    parent: Sequence[str] = (),
    child: Sequence[str] = (),
    weights: str | None = None,
    by: str | None = None,
    parent_year: int | None = None,
    child_year: int | None = None,
    prices: Path | None = None,
    concept: str | None = None,
    margin: int = 0,
    unlinked: bool = False,
    matrix: Path | None = None,
    write_matrix: Path | None = None,
    level: float = LEVEL,
    audience: Audience | None = None,
    clock: Clock | None = None,
) -> Outcome:
    """Relative and absolute mobility between two generations.

    Three ways to ask:
    - `path` is a file with a row a pair (Parquet, text, a spreadsheet; of a DuckDB file the table
      `pairs`), `parent` and `child` name columns of income, several for several years;
    - with `unlinked`, the columns are two lists that are not of the same families (such as
      published percentiles): absolute mobility alone, within sharp bounds, and by a `matrix`;
    - a `matrix` without a `path`: what a published 100 by 100 matrix of ranks says.

    `parent_year` and `child_year` say of which years the dollars are (`prices` is a table of one's
    own, CSV with year, month and value); without them nobody has more than anybody. `margin` is
    what counts as ranking higher: by over 0, 10 or 20 hundredths. `write_matrix` is a file for the
    100 by 100 matrix of linked pairs, which `matrix` reads; to an audience outside it is written
    only when every cell has enough people. Raises RecordsError, ReleaseError, and PlanError for a
    question that is not whole or an argument that would not be used.
    """
    if not 0 < level < 1:
        raise PlanError("PLAN-level")
    if margin not in MARGINS:
        raise PlanError("PLAN-margin")
    said = concept or english("label.income")
    asked = Question(tuple(parent), tuple(child), weights, by, parent_year, child_year, said)
    if path is None:
        _all_used({"--write-matrix": write_matrix is not None, "--level": level != LEVEL})
        return _of_matrix(matrix, asked, unlinked, prices, margin, audience, clock)
    if not parent or not child:
        raise PlanError("PLAN-generations")
    unused = {"--matrix": matrix is not None and not unlinked, "--by": unlinked and by is not None,
              "--margin": unlinked and margin != 0, "--level": unlinked and level != LEVEL,
              "--write-matrix": unlinked and write_matrix is not None}  # fmt: skip
    _all_used(unused)
    known = Prices.read(prices) if prices else None
    inputs = [file_digest(p) for p in (sorted(path.iterdir()) if path.is_dir() else [path])]
    with TemporaryDirectory(prefix="rung-") as work, Session() as session:
        mended = engines.attach(session, "pairs", path, Path(work), table="pairs")
        made: tuple[AnyAnswer, ...]
        written: tuple[Path, ...] = ()
        try:
            if unlinked:
                made = _unlinked(session, asked, known, matrix, inputs)
            else:
                pairs = summarise(session, "pairs", asked, prices=known, inputs=inputs)
                made = generations_tables.answers(pairs, level, margin)
                written = _written(pairs, write_matrix, audience)
        except CannotAnswer as why:
            made = (generations_tables.refusal(why, asked, unlinked=unlinked),)
        ran = session.engine
    return told(
        "mobility generations",
        made,
        audience=audience,
        today=clock().date() if clock else None,
        files=written,
        engine=ran,
        problems=[p.to_json() for p in mended],
    )


def _written(pairs: Generations, file: Path | None, audience: Audience | None) -> tuple[Path, ...]:
    """The matrix of percentiles as a file; nothing of too few people goes outside."""
    if file is None:
        return ()
    tally = pairs.everyone
    staff = audience is None or isinstance(audience, Inside)
    rules = audience.thresholds if isinstance(audience, (Agreement, Outside)) else Thresholds()
    rows, columns = tally.counts.sum(axis=1), tally.counts.sum(axis=0)
    cells = tally.counts[rows > 0][:, columns > 0]
    few = cells.min() < rules.numerator or rows[rows > 0].min() < rules.denominator
    if few and not staff:
        raise ReleaseError("OUT-too-few", denominator=rules.denominator, numerator=rules.numerator)
    ranks = np.arange(1.0, PERCENT + 1)
    # a file says that it is not for release: it could come back as if somebody published it
    PercentileMatrix(tally.copula(), ranks, inside=bool(few)).write(file)
    return (file,)


def _unlinked(
    session: Session,
    asked: Question,
    prices: Prices | None,
    matrix: Path | None,
    inputs: Sequence[str],
) -> tuple[AnyAnswer, ...]:
    copula = PercentileMatrix.read(matrix) if matrix else None
    before, after, sizes, ran = margins(session, "pairs", asked, prices=prices)
    read = (*inputs, *([file_digest(matrix)] if matrix else []))
    origin = Origin(inputs=read, queries=ran)
    return Unlinked(before, after, sizes, asked, origin).answers(copula)


def _of_matrix(
    matrix: Path | None,
    asked: Question,
    unlinked: bool,
    prices: Path | None,
    margin: int,
    audience: Audience | None,
    clock: Clock | None,
) -> Outcome:
    """A published matrix is public: it is shown exactly, to anybody. One of few people is not."""
    if matrix is None:
        raise PlanError("PLAN-generations")
    given = {f"--{k.replace('_', '-')}": v != getattr(Question((), ()), k) for k, v in
             vars(asked).items()}  # fmt: skip
    _all_used({**given, "--unlinked": unlinked, "--prices": bool(prices), "--margin": margin != 0})
    read = PercentileMatrix.read(matrix)
    made = copula_tables.of_matrix(read, file_digest(matrix))
    return told(
        "mobility generations",
        made,
        audience=audience,
        exempt=None if read.inside else english("label.matrix-published"),
        today=clock().date() if clock else None,
    )


def _all_used(unused: Mapping[str, bool]) -> None:
    """An option that would change nothing is a mistake."""
    found = [option for option, is_unused in unused.items() if is_unused]
    if found:
        raise PlanError(Problem(code="PLAN-unused", params={"option": o}) for o in found)
