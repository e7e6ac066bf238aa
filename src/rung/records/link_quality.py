"""How good a linkage is: precision and recall at the line, each with a range.

Of the pairs that some blocking rule brought together, precision is the share of those at or above
`LINE` that are right, recall the share of the true ones that is at or above it.

**From the model** (`foreseen`), while nobody has decided. What is told is about these files, so the
range is one for what will turn out, not for an average: sums of coin tosses with the model's
chances. The chances themselves are uncertain, in two ways, and both are drawn:

- the model's m and u are shares counted in so many pairs, and so is how common true pairs are;
- mistakes do not come one by one, as the model has it: who moved has another phone as well, and
  some people's cells are all mistyped. So each pattern of agreement may be more or less telling
  than the model says, by a factor whose log2 has the standard deviation `MISFIT`; and so may all
  that stand above the line at once (`ABOVE`), and all below it (`BELOW`), where the model is worst:
  it learns from pairs that agree on a birth date or a full name, and sees too few of the true ones
  in which much is wrong. None of this shrinks as files grow. The three are set by simulation.

**From decisions** (`judged`), once there are some.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rung.stats.intervals import wilson

LINE = 0.5  # of the match probability: at or above it a pair is proposed as the same person
MISFIT, ABOVE, BELOW = 1.0, 2.0, 4.0  # bits; see tests/records/test_link_quality.py
DRAWS = 2000
Floats = NDArray[np.float64]


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

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Quality:
        """The shares that `to_json` wrote."""
        return cls(**{k: Share(**s) if s else None for k, s in body.items()})


@dataclass(frozen=True)
class Patterns:
    """Pairs by what agrees: (patterns,) weights in bits and counts; `levels` (patterns, columns) is
    the level of agreement of each column (-1 where one is empty), and `spread` the standard error
    in bits of each column's levels; `prior` that of how common true pairs are.
    """

    weights: Floats
    counts: NDArray[np.int64]
    levels: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 0), np.int64))
    spread: tuple[Floats, ...] = ()
    prior: float = 0.0

    @property
    def chances(self) -> Floats:
        """(patterns,): the match probability."""
        return _chance(self.weights)

    def shifted(self, draws: int, rng: np.random.Generator) -> Floats:
        """(draws, patterns): weights as they may be instead."""
        moved = self.weights + MISFIT * rng.standard_normal((draws, len(self.weights)))
        moved += self.prior * rng.standard_normal((draws, 1))
        up, down = (bits * rng.standard_normal((draws, 1)) for bits in (ABOVE, BELOW))
        moved += np.where(self.chances >= LINE, up, down)
        for column, errors in enumerate(self.spread):
            at = self.levels[:, column]
            # an empty cell tells nothing, whatever the errors are: the last of these is 0
            told = np.append(errors, 0.0) * rng.standard_normal((draws, len(errors) + 1))
            moved += told[:, at]
        return moved


def _chance(weights: Floats) -> Floats:
    return 1 / (1 + np.exp2(-np.clip(weights, -1000, 1000)))


def counted_error(share: float, of: float) -> float:
    """Standard error in bits of the log of a share counted in `of` cases; half a case at least."""
    seen = max(share * of, 0.5)
    return float(np.sqrt(max(1 - share, 0.0) / seen) / np.log(2))


def foreseen(found: Patterns, seed: int) -> Quality:
    """Precision and recall as the model expects them, with the range in which they will be found
    19 times in 20. The same seed gives the same range."""
    if not len(found.counts):
        return Quality()
    rng = np.random.default_rng(seed)
    up = found.chances >= LINE
    n = int(found.counts[up].sum())
    sure = found.chances * found.counts
    right, missed = float(sure[up].sum()), float(sure[~up].sum())
    drawn = rng.binomial(found.counts, _chance(found.shifted(DRAWS, rng)))
    hits, misses = drawn[:, up].sum(1), drawn[:, ~up].sum(1)
    precision = recall = None
    if n:
        precision = _ranged(right / n, hits / n, n)
    if right + missed >= 0.5:
        recall = _ranged(
            right / (right + missed), hits / np.maximum(hits + misses, 1), round(right + missed)
        )
    return Quality(precision, recall)


def _ranged(value: float, drawn: Floats, of: int) -> Share:
    low = float(np.quantile(drawn, 0.025, method="lower"))
    high = float(np.quantile(drawn, 0.975, method="higher"))
    return Share(value, min(low, value), max(high, value), "model", of)


def _decided(part: int, whole: int) -> Share | None:
    return Share(part / whole, *wilson(part, whole), "decisions", whole) if whole else None


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
    precision = _decided(sum(ups), len(ups))
    if precision is None:
        return model
    made = replace(model, precision=precision)
    if below and not downs:
        return made
    missed = _decided(sum(downs), len(downs)) or Share(0, 0, 0, "decisions", 0)
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
