"""People across two files that share no id: exact ids first, then a model of how names go wrong.

The model is that of Fellegi and Sunter (1969), fitted by expectation maximisation with Splink (the
extra `rung[link]`) on DuckDB; the same files and seed give the same pairs. It proposes; a person
decides, in the file that `records.link_review` writes. Nothing here logs or raises a cell's value.

Quality is how many of the pairs at or above `LINE` are right (precision) and how many of the true
pairs are at or above it (recall), of the pairs that some blocking rule brought together. From the
model: expected counts, with Wilson's interval, which is never too narrow for chances that differ
(Hoeffding 1956), if the model is right. From decisions, where there are some: see `judged`.
"""

from __future__ import annotations

import importlib
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from sqlglot import exp

from rung.errors import RecordsError
from rung.records import match, query, read
from rung.records.files.reshape import key, numbered
from rung.records.files.sheet import Sheet, copy, parquet_scan, stop
from rung.records.importing.cells import date_formats, snippet
from rung.records.matching.proposal import SheetProfile
from rung.records.query import Session, load, name, tree
from rung.stats.intervals import wilson

IDS = ("ssn", "id", "email")  # in the order in which they are believed
COMPARED = ("first_name", "last_name", "birth_date", "gender", "zip", "phone")
SHOWN = ("id", *COMPARED)
LINE = 0.5  # of the match probability: at or above it a pair is proposed as the same person
LEAST = 0.01  # pairs below it are not worth a person's look
SEED = 20240229
_TARGETS: Mapping[str, tuple[str, ...]] = {
    "id": ("id",),
    **{c: (f"private.{c}",) for c in ("ssn", "email", "first_name", "last_name", "full_name")},
    "birth_date": ("participants.birth_date", "private.birth_date"),
    "gender": ("participants.gender",),
    "zip": ("participants.zip", "private.zip"),
    "phone": ("private.phone",),
}
_BLOCKS: tuple[tuple[str, ...], ...] = (
    ("birth_date",),
    ("phone",),
    ("first_name", "last_name"),
    ("last_name", "zip"),
    ("first_name", "zip"),
)
# what the chances are learnt from: not a phone or a ZIP, where households would pass for people
_TEACH: tuple[tuple[str, ...], ...] = (("birth_date",), ("first_name", "last_name"))


@dataclass(frozen=True)
class Pair:
    """Row numbers as a person sees them; `weight` (log2 odds) and `probability` of the model.

    `how` is the id that is the same, or "model". `against`: the ids agree and the rest does not.
    """

    row_a: int
    row_b: int
    how: Literal["ssn", "id", "email", "model"]
    weight: float | None = None
    probability: float | None = None
    against: bool = False

    @property
    def proposed(self) -> bool:
        """Whether it stands at or above the line."""
        return not self.against if self.probability is None else self.probability >= LINE


@dataclass(frozen=True)
class Share:
    """A share with its 95 % interval; `source` is "model" or "decisions"."""

    value: float
    low: float
    high: float
    source: Literal["model", "decisions"]
    of: int

    def to_json(self) -> dict[str, Any]:
        """Rounded to what it can bear."""
        ends = {k: round(getattr(self, k), 4) for k in ("value", "low", "high")}
        return {**ends, "source": self.source, "of": self.of}


@dataclass(frozen=True)
class Quality:
    """Of the pairs at or above the line; None where nothing can be said."""

    precision: Share | None = None
    recall: Share | None = None

    def to_json(self) -> dict[str, Any]:
        """Both shares."""
        shares = {"precision": self.precision, "recall": self.recall}
        return {k: s.to_json() if s else None for k, s in shares.items()}


@dataclass(frozen=True)
class Proposed:
    """Pairs for a person to decide, exact ones first, then by probability.

    `beside[i]` is what both files say of pair i: (column, a, b). `modelled` is False when only ids
    were compared; `compared` are the columns both files have.
    """

    pairs: tuple[Pair, ...]
    beside: tuple[tuple[tuple[str, str | None, str | None], ...], ...]
    rows: tuple[int, int]
    compared: tuple[str, ...]
    ids: tuple[str, ...]
    modelled: bool
    quality: Quality = field(default_factory=Quality)
    engine: str = ""


def installed() -> bool:
    """Whether Splink can be imported."""
    try:
        importlib.import_module("splink")
    except ImportError:
        return False
    return True


def propose(
    a: Path, b: Path, work: Path, *, exact: bool = False, seed: int = SEED, least: float = LEAST
) -> Proposed:
    """Pairs of rows of two files that may be the same person.

    Pairs of one id (`IDS`; the provider's own id only under the same heading) first; the model for
    everyone else, unless `exact`. Without Splink, files that share an id give exact pairs alone.
    Raises RecordsError: REC-link-columns when the files have too little in common to compare,
    REC-link-splink when the model is needed and Splink is not installed, and as reading does.
    """
    # one thread: the order in which Splink meets rows, and so its last digits, never change
    with Session(threads=1, spill=work / "spill") as session:
        headers = [_side(session, view, path, work) for view, path in (("a", a), ("b", b))]
        both = [c for c in (*IDS, *COMPARED) if all(_known(session, v, c) for v in ("a", "b"))]
        ids = [c for c in IDS if c in both]
        if "id" in ids and len({key(h.get("id", "")) for h in headers}) > 1:
            ids.remove("id")  # two providers' own numberings
        compared = tuple(c for c in COMPARED if c in both)
        enough = len(compared) >= 3 and any(set(block) <= set(compared) for block in _BLOCKS)
        if not ids and (exact or not enough):
            raise RecordsError("REC-link-columns", a=a.name, b=b.name)
        pairs = _exact(session, ids)
        modelled, quality = not exact and enough, Quality()
        if modelled and not installed():
            if not ids:
                raise RecordsError("REC-link-splink")
            modelled = False
        if modelled:
            every = _model(session, compared, seed)
            taken = ({p.row_a for p in pairs}, {p.row_b for p in pairs})
            rest = [p for p in every if p.row_a not in taken[0] and p.row_b not in taken[1]]
            quality = expected([p.probability or 0.0 for p in rest])
            pairs += [p for p in rest if (p.probability or 0.0) >= least]
        return Proposed(
            pairs=tuple(pairs),
            beside=_beside(session, pairs),
            rows=(_count(session, "a"), _count(session, "b")),
            compared=compared,
            ids=tuple(ids),
            modelled=modelled,
            quality=quality,
            engine=session.engine + (f", splink {_splink().__version__}" if modelled else ""),
        )


def _side(session: Session, view: str, path: Path, work: Path) -> dict[str, str]:
    """Make a file's people the table `view`; the header of each column that is used."""
    sheets = read.stack_alike(read.open_sheets(path, work))
    if len(sheets) > 1:
        raise stop("REC-which-sheet", path, sheets=len(sheets))
    staged = work / f"link_{view}.parquet"

    def use(sheet: Sheet) -> SheetProfile:
        copy(session, numbered(sheet), staged)
        columns = read.profile(session, sheet)
        return SheetProfile(source=sheet.source, name=sheet.name, columns=columns)

    proposal = match.propose([read.either(sheets[0], work, use)], folder="")
    meant: dict[str, str] = {}
    for found in proposal.matches[0]:
        target = found.target
        # where no column is an id the matcher falls back on one that tells people apart: a phone
        if target == "id" and found.sure <= 0.5 and found.alternatives:
            target = found.alternatives[0][0]
        for column, targets in _TARGETS.items():
            if target in targets:
                meant.setdefault(column, found.header)
    cells: dict[str, query.Value] = {
        c: name(meant[c]) if c in meant else tree(None) for c in _TARGETS
    }
    cell = exp.column("said_birth_date")
    birth = snippet("cell_date", cell=cell, formats=date_formats(proposal.files[0].dates))
    session.view(f"text_{view}", exp.select("*").from_(parquet_scan(staged)))
    cells |= {"given": query.Name(f"text_{view}"), "birth": birth}
    session.keep(view, load("rung.records", "link_side"), **cells)
    return meant


def _count(session: Session, view: str, column: str | None = None) -> int:
    counted = exp.Count(this=name(column) if column else exp.Star())
    return int(session.run(exp.select(counted).from_(view)).rows[0][0])


def _known(session: Session, view: str, column: str) -> bool:
    return _count(session, view, column) > 0


def _exact(session: Session, ids: Sequence[str]) -> list[Pair]:
    pairs: list[Pair] = []
    taken: tuple[set[int], set[int]] = (set(), set())
    for which in ids:
        found = session.run(load("rung.records", "link_exact"), which=query.Name(which))
        for row_a, row_b, against in found.rows:
            if row_a in taken[0] or row_b in taken[1]:
                continue
            taken[0].add(row_a)
            taken[1].add(row_b)
            how: Any = which
            pairs.append(Pair(int(row_a), int(row_b), how, against=bool(against)))
    return pairs


def _splink() -> Any:
    return importlib.import_module("splink")


@contextmanager
def _quiet() -> Iterator[None]:
    """Splink says what it does on its log and in warnings; a column's values may stand in them."""
    log = logging.getLogger("splink")
    before, spread = log.level, log.propagate
    log.setLevel(logging.CRITICAL + 1)
    log.propagate = False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(before)
        log.propagate = spread


def _comparison(column: str) -> Any:
    made = importlib.import_module("splink.comparison_library")
    if column in ("first_name", "last_name"):
        return made.JaroWinklerAtThresholds(column, [0.92, 0.85])
    if column in ("birth_date", "phone"):
        return made.DamerauLevenshteinAtThresholds(column, 1)
    if column == "zip":
        return made.LevenshteinAtThresholds(column, 1)
    return made.ExactMatch(column)


def _model(session: Session, compared: Sequence[str], seed: int) -> list[Pair]:
    """Every pair that a blocking rule brings together, likeliest first."""
    splink = _splink()
    backend = importlib.import_module("splink.backends.duckdb")
    blocks = [b for b in _BLOCKS if set(b) <= set(compared)]
    sure = [c for c in ("first_name", "last_name", "birth_date", "phone") if c in compared][:3]
    with _quiet():
        api = backend.DuckDBAPI(connection=session.connection)
        columns = ["unique_id", *compared]
        frames = []
        for view in ("a", "b"):
            session.keep(f"link_{view}", exp.select(*map(name, columns)).from_(view))
            frames.append(api.register(f"link_{view}", dataset_display_name=view))
        settings = splink.SettingsCreator(
            link_type="link_only",
            comparisons=[_comparison(c) for c in compared],
            blocking_rules_to_generate_predictions=[splink.block_on(*b) for b in blocks],
            em_convergence=0.005,
            max_iterations=10,
            retain_matching_columns=False,
            retain_intermediate_calculation_columns=True,  # the weight of each column, `mw_…`
        )
        linker = splink.Linker(frames, settings, log_level=None)
        # strict agreement finds about two true pairs in three; without any, Splink's own guess
        learn = _pairs_of(session, sure)
        if learn:
            linker.training.estimate_probability_two_random_records_match(
                [splink.block_on(*sure)], recall=0.67
            )
        linker.training.estimate_u_using_random_sampling(max_pairs=2e6, seed=seed)
        # where nobody agrees on all of it, training would take families for people
        for block in _TEACH if learn else ():
            if set(block) <= set(compared) and _pairs_of(session, block):
                # a chance that falls to nothing stops Splink: the other block's, or its first
                # guess, then stands
                with suppress(ValueError):
                    linker.training.estimate_parameters_using_expectation_maximisation(
                        splink.block_on(*block), record_sample_proportion=1.0
                    )
        found = linker.inference.predict(threshold_match_probability=0.0).as_record_list()
    own = [c for c in ("first_name", "birth_date") if c in compared]
    pairs = [
        Pair(
            int(r["unique_id_l"]),
            int(r["unique_id_r"]),
            "model",
            round(float(r["match_weight"]), 4),
            round(float(r["match_probability"]), 6),
        )
        for r in found
        # a household shares a family name, a ZIP code and a phone; that alone makes no one the same
        if not own or any(r[f"mw_{c}"] >= 0 for c in own)
    ]
    return sorted(pairs, key=lambda p: (-(p.weight or 0.0), p.row_a, p.row_b))


def _pairs_of(session: Session, block: Sequence[str]) -> bool:
    same = exp.and_(*(exp.EQ(this=name(c, "a"), expression=name(c, "b")) for c in block))
    met = exp.select(tree(1)).from_("a").join("b", on=same).limit(1)
    return bool(session.run(met).rows)


def _beside(
    session: Session, pairs: Sequence[Pair]
) -> tuple[tuple[tuple[str, str | None, str | None], ...], ...]:
    """What the two files say of each pair. A Social Security number is compared, never shown."""
    session.connection.execute("CREATE TABLE pairs (place BIGINT, row_a BIGINT, row_b BIGINT)")
    if pairs:
        rows = [(i, p.row_a, p.row_b) for i, p in enumerate(pairs)]
        values = exp.values(rows, alias="t", columns=["place", "row_a", "row_b"])
        session.execute(exp.insert(exp.select("*").from_(values), "pairs"))
    found = session.execute(load("rung.records", "link_beside")).fetchall()
    return tuple(
        tuple((c, row[2 + 2 * i], row[3 + 2 * i]) for i, c in enumerate(SHOWN)) for row in found
    )


def expected(chances: Sequence[float]) -> Quality:
    """Precision and recall at the line as the model itself expects them."""
    above = [p for p in chances if p >= LINE]
    right, true = round(sum(above)), round(sum(chances))
    return Quality(
        _share(min(right, len(above)), len(above), "model"), _share(min(right, true), true, "model")
    )


def _share(part: int, whole: int, source: Literal["model", "decisions"]) -> Share | None:
    if not whole:
        return None
    return Share(part / whole, *wilson(part, whole), source, whole)


def judged(pairs: Sequence[tuple[bool, bool | None]], model: Quality) -> Quality:
    """Quality from a person's decisions on modelled pairs: (at or above the line, same or not).

    Pairs that were decided stand for the others on their side of the line. Precision is the share
    of "same" above it, with Wilson's interval. Recall needs decisions on both sides (or nothing
    below): its range puts the ends of both Wilson intervals together, so it is wider than 95 %
    needs. What decisions cannot say stays the model's.
    """
    above = [same for up, same in pairs if up]
    below = [same for up, same in pairs if not up]
    ups = [s for s in above if s is not None]
    downs = [s for s in below if s is not None]
    precision = _share(sum(ups), len(ups), "decisions")
    if precision is None:
        return model
    made = replace(model, precision=precision)
    if below and not downs:
        return made
    missed = _share(sum(downs), len(downs), "decisions") or Share(0, 0, 0, "decisions", 0)
    n, m = len(above), len(below)

    def recall(right: float, wrong: float) -> float:
        return right * n / (right * n + wrong * m) if right * n + wrong * m else 0.0

    return replace(
        made,
        recall=Share(
            recall(precision.value, missed.value),
            recall(precision.low, missed.high),
            recall(precision.high, missed.low),
            "decisions",
            len(ups) + len(downs),
        ),
    )
