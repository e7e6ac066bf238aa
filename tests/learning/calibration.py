"""Coverage of the intervals, over re-randomisations of fixed populations.

`python -m tests.learning.calibration` writes the table of docs/calibration.md. Each draw keeps
everybody's potential outcomes and deals the arms anew, as an experiment does; the interval is
right when it holds the true average effect of these very people.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rung.stats.intervals import t_quantile
from rung.stats.linear import (
    POWER,
    Adjust,
    Fit,
    Residuals,
    Variance,
    fit,
    residuals_of_means,
    standard_error,
)
from rung.stats.moments import Floats, Moments

PAGE = Path(__file__).parents[2] / "docs/calibration.md"
BEGIN, END = "<!-- estimate: begin -->", "<!-- estimate: end -->"
METHODS: tuple[tuple[str, Adjust, Variance], ...] = (
    ("difference in means, HC2", "none", "hc2"),
    ("difference in means, Welch", "none", "welch"),
    ("difference in means, classical", "none", "classical"),
    ("ANCOVA, HC2", "ancova", "hc2"),
    ("Lin, HC2", "lin", "hc2"),
    ("Lin, HC3", "lin", "hc3"),
)


@dataclass(frozen=True)
class Population:
    """People with both outcomes known: `without` and `with_` the offer (n,), covariates (n, k)."""

    name: str
    without: Floats
    with_: Floats
    covariates: Floats
    treated: int
    low: float  # stated limits of the coverage of a 95 % interval
    high: float

    @property
    def effect(self) -> float:
        """The average effect among these people."""
        return float(np.mean(self.with_ - self.without))


def populations(seed: int = 7) -> list[Population]:
    """One where theory is exact, one like earnings, one small."""
    rng = np.random.default_rng(seed)

    def normal(n: int) -> tuple[Floats, Floats]:
        x = rng.normal(size=(n, 2))
        return 10 + x @ np.array([2.0, 1.0]) + 3 * rng.normal(size=n), x

    y, x = normal(200)
    same = Population("200 people, the same effect for all, halves", y, y + 2, x, 100, 0.94, 0.96)
    x = rng.normal(size=(300, 2))
    works = rng.random(300) < 1 / (1 + np.exp(-0.6 - x[:, 0]))
    earnings = np.where(works, np.exp(8.3 + 0.4 * x[:, 0] + 0.8 * rng.normal(size=300)), 0)
    more = np.where(rng.random(300) < 0.2, 4000.0, 0.0) + earnings * 1.1
    skewed = Population(
        "300 people, earnings with many zeros, uneven effect, one third offered",
        *(earnings, more, x, 100, 0.93, 0.99),
    )
    y, x = normal(30)
    small = Population(
        "30 people, the same effect for all, 10 offered", y, y + 2, x, 10, 0.92, 0.985
    )
    return [same, skewed, small]


def read_in_memory(fitted: Fit, rows: dict[str, Floats], se: Variance) -> dict[str, Residuals]:
    """The second reading, of rows in memory (outcome first), written as its definition says."""
    found = {}
    for arm, own in rows.items():
        each = fitted.arms[arm]
        away = own - each.moments.mean
        white = away[:, 1:] @ each.whitener.T
        e = away[:, 0] - white @ each.slopes
        h = 1 / each.moments.weight + (white**2).sum(axis=1)
        meat = {}
        for t, contrast in fitted.contrasts.items():
            if arm in contrast.influence:
                constant, slopes = contrast.influence[arm]
                g = constant + white @ slopes
                meat[t] = float((((e * g) ** 2) / (1 - h) ** POWER.get(se, 0)).sum())
        found[arm] = Residuals(float((e**2).sum()), meat, float(h.max()))
    return found


def estimate(rows: dict[str, Floats], adjust: Adjust, se: Variance) -> tuple[float, float, float]:
    """Estimate, standard error, df of program against control, from rows in memory."""
    columns = [f"c{i}" for i in range(next(iter(rows.values())).shape[1])]
    if adjust == "none":
        rows, columns = {a: r[:, :1] for a, r in rows.items()}, columns[:1]
    fitted = fit({a: Moments.of(columns, r) for a, r in rows.items()}, "control", adjust)
    contrast = fitted.contrasts["program"]
    read = residuals_of_means if adjust == "none" else None
    second = read(fitted, se) if read else read_in_memory(fitted, rows, se)
    return (contrast.value, *standard_error(fitted, contrast, second, se))


def deal(people: Population, offered: np.ndarray) -> dict[str, Floats]:
    """What an experiment would see: each arm's outcomes and covariates."""
    return {
        "control": np.column_stack([people.without, people.covariates])[~offered],
        "program": np.column_stack([people.with_, people.covariates])[offered],
    }


@dataclass(frozen=True)
class Coverage:
    """How often a 95 % interval held the truth, with its simulation error, and its mean width."""

    share: float
    error: float
    width: float


def coverage(
    people: Population, adjust: Adjust, se: Variance, draws: int, seed: int = 11
) -> Coverage:
    """Over `draws` re-randomisations, the arm sizes fixed."""
    rng = np.random.default_rng(seed)
    n = len(people.without)
    held = np.empty(draws, bool)
    width = np.empty(draws)
    for i in range(draws):
        offered = np.zeros(n, bool)
        offered[np.argpartition(rng.random(n), people.treated)[: people.treated]] = True
        value, error, df = estimate(deal(people, offered), adjust, se)
        reach = t_quantile(0.95, df) * error
        held[i] = abs(value - people.effect) <= reach
        width[i] = 2 * reach
    share = float(held.mean())
    return Coverage(share, float(np.sqrt(share * (1 - share) / draws)), float(width.mean()))


def report(draws: int, say: Callable[[str], None] = lambda _: None) -> str:
    """The table of docs/calibration.md."""
    lines = [
        f"Each line: {draws:,} re-randomisations; in brackets the simulation error.",
        "",
        "| people | method | a 95 % interval holds the truth | mean width | stated limits |",
        "|---|---|---|---|---|",
    ]
    for people in populations():
        for name, adjust, se in METHODS:
            found = coverage(people, adjust, se, draws)
            lines.append(
                f"| {people.name} | {name} | {100 * found.share:.1f} % ({100 * found.error:.1f}) "
                f"| {found.width:,.4g} | {100 * people.low:g} to {100 * people.high:g} % |"
            )
            say(lines[-1])
    return "\n".join(lines)


if __name__ == "__main__":
    table = report(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000, print)
    page = PAGE.read_text("utf-8")
    before, _, rest = page.partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n{table}\n{END}{rest.partition(END)[2]}", "utf-8")
