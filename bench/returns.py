"""1,000 draws of every figure of returns, beside drawing the same numbers once.

    python -m bench.returns

The spec is Job Corps: 21 years with errors, a tax, a benefit and a stipend, by four perspectives,
with the tornado and both correlations of errors. The yardstick is NumPy drawing 1,000 × streams ×
years normal numbers and multiplying them by one discount vector, in the same run. The house rule is
under 2 s.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from rung.returns.answers import answers
from rung.returns.spec import Spec

SPEC = Path(__file__).parents[1] / "docs" / "returns" / "job-corps.toml"
DRAWS, TIMES, MOST = 1000, 5, 2.0


def seconds(work: Callable[[], object]) -> float:
    """The middle of five runs, after one that does not count."""
    work()
    took = []
    for _ in range(TIMES):
        start = time.perf_counter()
        work()
        took.append(time.perf_counter() - start)
    return statistics.median(took)


def yardstick(streams: int, years: int) -> None:
    """What any program must do: draw the numbers and discount them."""
    drawn = np.random.default_rng(1).standard_normal((DRAWS, streams, years))
    (drawn @ (1.03 ** -np.arange(years))).sum(axis=1)


def main() -> None:
    """Print the figure, the yardstick and their ratio; fail above the rule."""
    spec = Spec.read(SPEC)
    ledger = spec.ledger()
    figures = len(answers(spec, n=DRAWS))
    ours = seconds(lambda: answers(spec, n=DRAWS))
    theirs = seconds(lambda: yardstick(len(ledger.streams), ledger.years))
    print(f"{figures} answers, {DRAWS:,} draws of {len(ledger.streams)} streams, "
          f"{ledger.years} years: {ours:.3f} s")  # fmt: skip
    print(f"drawing and discounting alone: {theirs * 1000:.2f} ms; ratio {ours / theirs:,.0f}")
    print(f"rule: under {MOST:g} s; used {ours / MOST:.0%}")
    if ours > MOST:
        raise SystemExit("slower than the rule")


if __name__ == "__main__":
    main()
