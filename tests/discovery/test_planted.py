"""The diagnosis finds what was planted, in at least 95 of 100 simulated providers."""

from __future__ import annotations

from pathlib import Path

import pytest

from rung.discovery import gaps, journey
from rung.discovery.journey import JourneySettings
from rung.finding import Finding
from rung.records import simulate
from rung.records.lab import Lab


def found(folder: Path, seed: int) -> tuple[bool, bool]:
    """Whether the largest loss is the planted bottleneck, and the gap told is the planted one."""
    truth = simulate.provider(folder, people=2000, seed=seed)
    lab = Lab.open(folder)
    with lab.session() as session:
        summary = journey.summarise(
            session,
            milestones=lab.milestones,
            groups=lab.groups,
            settings=JourneySettings(),
            as_of=lab.clock.as_of,
        )
    labels = {m.key: m for m in lab.milestones}
    lost, gap = gaps.bottleneck(summary), gaps.largest(summary)
    assert isinstance(lost, Finding)
    assert isinstance(gap, Finding)
    assert gap.p is not None
    planted = truth.gap
    group = next(g for g in lab.groups if planted.column in (g.key, *g.columns))
    level = planted.column if group.columns else str(planted.level)
    return (
        lost.parts[1].group == labels[truth.bottleneck.step].label,
        gap.estimand.outcome == labels[planted.step].words
        and gap.parts[0].group == group.labels.get(level, level)
        and gap.value < 0
        and gap.p < 0.05,
    )


@pytest.mark.parametrize(
    ("seeds", "least"), [(20, 19), pytest.param(100, 95, marks=pytest.mark.deep)]
)
def test_the_planted_bottleneck_and_gap_are_found(tmp_path: Path, seeds: int, least: int) -> None:
    results = [found(tmp_path / str(seed), seed) for seed in range(seeds)]
    bottlenecks, told = (sum(column) for column in zip(*results, strict=True))
    assert bottlenecks >= least, bottlenecks
    assert told >= least, told
