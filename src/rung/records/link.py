"""People across two files that share no id: exact ids first, then a model of how names go wrong.

The model is that of Fellegi and Sunter (1969), fitted by expectation maximisation with Splink (the
extra `rung[link]`) on DuckDB; the same files and seed give the same pairs. It proposes; a person
decides, in the file that `records.link_review` writes. Nothing here logs or raises a cell's value.

How good the pairs are is told with them: see `link_quality`.
"""

from __future__ import annotations

import importlib
import logging
import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from sqlglot import exp

from rung.errors import RecordsError
from rung.records import match, query, read
from rung.records.files.reshape import key, numbered
from rung.records.files.sheet import Sheet, copy, parquet_scan, stop
from rung.records.importing.cells import date_formats, snippet
from rung.records.link_quality import LINE, Patterns, Quality, counted_error, foreseen
from rung.records.matching.proposal import SheetProfile
from rung.records.query import Session, load, name, tree

IDS = ("ssn", "id", "email")  # in the order in which they are believed
COMPARED = ("first_name", "last_name", "birth_date", "gender", "zip", "phone")
SHOWN = ("id", *COMPARED)
LEAST = 0.01  # pairs below it are not worth a person's look
SEED = 20240229
_SAMPLED = 2_000_000  # pairs in which agreement by chance is counted
_GUESS = 0.3  # bits: strict agreement finds half of the true pairs, or nearly all of them
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
            taken = ({p.row_a for p in pairs}, {p.row_b for p in pairs})
            rest, patterns = _model(session, compared, seed, taken)
            quality = foreseen(patterns, seed)
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


def _model(
    session: Session, compared: Sequence[str], seed: int, taken: tuple[set[int], set[int]]
) -> tuple[list[Pair], Patterns]:
    """Every pair of rows not taken that a blocking rule brings together, likeliest first; and what
    agrees in them, with how surely the model knows what that tells."""
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
        linker.training.estimate_u_using_random_sampling(max_pairs=_SAMPLED, seed=seed)
        # where nobody agrees on all of it, training would take families for people
        for block in _TEACH if learn else ():
            if set(block) <= set(compared) and _pairs_of(session, block):
                before = linker.misc.save_model_to_json()
                try:
                    linker.training.estimate_parameters_using_expectation_maximisation(
                        splink.block_on(*block), record_sample_proportion=1.0
                    )
                except ValueError:
                    # a chance that falls to nothing stops Splink halfway, with the model half
                    # changed: the other block's chances, or its first guess, stand
                    linker = splink.Linker(frames, before, log_level=None)
        found = linker.inference.predict(threshold_match_probability=0.0).as_record_list()
        fitted = linker.misc.save_model_to_json()
    own = [c for c in ("first_name", "birth_date") if c in compared]
    # a household shares a family name, a ZIP code and a phone; that alone makes no one the same
    kept = [
        r
        for r in found
        if (not own or any(r.get(f"mw_{c}", 0.0) >= 0 for c in own))
        and int(r["unique_id_l"]) not in taken[0]
        and int(r["unique_id_r"]) not in taken[1]
    ]
    pairs = [
        Pair(
            int(r["unique_id_l"]),
            int(r["unique_id_r"]),
            "model",
            round(float(r["match_weight"]), 4),
            round(float(r["match_probability"]), 6),
        )
        for r in kept
    ]
    size = _count(session, "a") * _count(session, "b")
    pairs.sort(key=lambda p: (-(p.weight or 0.0), p.row_a, p.row_b))
    return pairs, _patterns(kept, fitted, size)


def _patterns(found: Sequence[Mapping[str, Any]], fitted: Mapping[str, Any], size: int) -> Patterns:
    """Pairs by what agrees in them. `size` is how many pairs of rows the two files have.

    The m of a level was counted in the pairs that the model takes for true, its u in those that
    were drawn, and how common true pairs are in those that agree strictly, of which nobody knows
    whether they are half of the true ones or nearly all. An m of nothing is raised to half a case.
    """
    columns = [c["output_column_name"] for c in fitted["comparisons"]]
    true = sum(float(r["match_probability"]) for r in found)
    drawn = min(_SAMPLED, size)
    least = 0.5 / max(true, 0.5)  # a share of which no case was seen is not known to be less
    told, raised, spread = [], [], []
    for comparison in fitted["comparisons"]:
        shares = [
            (float(x["m_probability"]), float(x["u_probability"]))
            for x in comparison["comparison_levels"]
            if x.get("m_probability") and x.get("u_probability")
        ]
        told.append(np.asarray([math.log2(m / u) for m, u in shares]))
        raised.append([max(0.0, math.log2(least / m)) for m, _ in shares])
        spread.append(np.asarray(
            [math.hypot(counted_error(m, true), counted_error(u, drawn)) for m, u in shares]
        ))  # fmt: skip

    def level(column: int, weight: float) -> int:
        """The level by its weight; a column that is empty in one of the rows tells nothing."""
        if weight == 0.0 or not len(told[column]):
            return -1
        return int(np.argmin(np.abs(told[column] - weight)))

    seen: dict[tuple[int, ...], tuple[float, int]] = {}
    for r in found:
        key = tuple(level(i, float(r.get(f"mw_{c}", 0.0))) for i, c in enumerate(columns))
        more = sum(raised[i][at] for i, at in enumerate(key) if at >= 0)
        seen[key] = (float(r["match_weight"]) + more, seen.get(key, (0.0, 0))[1] + 1)
    keys = sorted(seen)
    return Patterns(
        weights=np.asarray([seen[k][0] for k in keys]),
        counts=np.asarray([seen[k][1] for k in keys], dtype=np.int64),
        levels=np.asarray(keys, dtype=np.int64).reshape(len(keys), len(columns)),
        spread=tuple(spread),
        prior=math.hypot(1 / math.sqrt(max(true, 1.0)) / math.log(2), _GUESS),
    )


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
