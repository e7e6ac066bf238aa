"""What a simulated provider is: steps, a planted bottleneck and gap, tests; what the seed decides.

Chances are declared for a person of average frailty in no shifted group; everything that differs
between people is a shift on the logit scale, declared as the points it moves that chance by.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

Level = str | bool


@dataclass(frozen=True, kw_only=True)
class Step:
    """One milestone: the chance to reach it from the one before, and the wait.

    `chance` is that of a person of average frailty in no shifted group. The wait is `least` days
    plus a Weibull number with mean `more` and `shape`; people who do not get there are lost after
    a Weibull number of days with mean `lost_after` and the same shape.
    """

    key: str
    label: str
    done: str
    chance: float = 1.0
    least: int = 0
    more: float = 0.0
    shape: float = 1.0
    lost_after: float = 0.0


STEPS = (
    Step(key="applied", label="Applied", done="applied"),
    Step(key="accepted", label="Accepted", done="were accepted",
         chance=0.90, more=10, shape=1.3, lost_after=14),
    Step(key="enrolled", label="Enrolled", done="enrolled",
         chance=0.89, least=3, more=20, shape=1.3, lost_after=21),
    Step(key="completed", label="Completed training", done="completed training",
         chance=0.88, least=56, more=18, shape=1.5, lost_after=35),
    Step(key="credentialed", label="Earned a credential", done="earned a credential",
         chance=0.90, more=16, shape=1.2, lost_after=40),
    Step(key="placed", label="Started a job", done="started a job",
         chance=0.88, more=30, shape=1.1, lost_after=60),
    Step(key="retained", label="Still working after 90 days", done="were working 90 days later",
         chance=0.87, least=90, more=5, shape=1.0, lost_after=45),
)  # fmt: skip
"""The journey of a sectoral program. The first step is the entry: everyone has it."""


@dataclass(frozen=True, kw_only=True)
class Bottleneck:
    """The step where most people are lost, and the chance to get past it."""

    step: str
    chance: float


@dataclass(frozen=True, kw_only=True)
class Shift:
    """A group whose chance at one step is other than its peers', by `points` (0 to 1)."""

    column: str
    level: Level
    step: str
    points: float


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One arm of a test, offered at entry.

    `points` maps steps to the change in chance among those who take the offer up; `dollars` is
    the change in pay in each quarter with a job after the quarter of entry. `lost` is the share
    whose earnings are not found at follow-up.
    """

    name: str
    share: float
    take_up: float = 1.0
    points: Mapping[str, float] = field(default_factory=dict)
    dollars: float = 0.0
    lost: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A test: the arms, control first, and what is drawn by lot: a person or a whole class."""

    arms: tuple[Arm, ...]
    unit: str = "person"


COACHING = Trial(
    arms=(
        Arm(name="usual services", share=0.5, lost=0.12),
        Arm(name="coaching", share=0.5, take_up=0.8, lost=0.08, dollars=400.0,
            points={"completed": 0.06, "placed": 0.05}),
    )
)  # fmt: skip
"""A test to start from: coaching offered to half of the applicants, taken up by 8 in 10."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The provider. What is None is drawn from the seed.

    People enter evenly from `entries_from` to `entries_to` (default: the as-of date); moving the
    as-of date alone leaves every person's journey as it was. `tables` names the event tables to
    write beside `journeys`; by default all of them up to 200,000 people and none above.
    """

    provider: str = "Riverside Works"
    program: str = "Sector training"
    as_of: dt.date = dt.date(2026, 3, 31)
    entries_from: dt.date = dt.date(2022, 7, 1)
    entries_to: dt.date | None = None
    steps: tuple[Step, ...] = STEPS
    bottleneck: Bottleneck | None = None
    gap: Shift | None = None
    shifts: tuple[Shift, ...] | None = None
    sites: tuple[str, ...] = ("Eastside", "Harbor", "Northgate")
    class_size: int = 25
    class_sd: float = 0.1
    frailty: float = 0.6
    missing: float = 0.02
    closed: float = 0.65
    constant_hazard: bool = False
    trial: Trial | None = None
    tables: tuple[str, ...] | None = None
    within_days: int = 365
    lost_after_days: int = 90
    quarters_before: int = 8
    wage_lag: int = 2

    @property
    def last_entry(self) -> dt.date:
        """The last day on which people enter."""
        return self.entries_to or self.as_of

    @property
    def last_quarter(self) -> int:
        """The last quarter whose wages have arrived by the as-of date."""
        return self.as_of.year * 4 + (self.as_of.month - 1) // 3 - self.wage_lag

    def step(self, key: str) -> int:
        """The position of a step (0 is the entry)."""
        return [s.key for s in self.steps].index(key)


# --- what the seed decides ----------------------------------------------------------------------


def _uniform(seed: int, name: str) -> float:
    """A number in [0, 1) from the seed and a name."""
    return hashed(seed, name) / 2**64


def hashed(seed: int, name: str) -> int:
    """64 bits from the seed and a name."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{name}".encode()).digest()[:8], "big")


def _choose(seed: int, name: str, options: Sequence[Any]) -> Any:
    return options[int(_uniform(seed, name) * len(options))]


def decided(settings: Settings, seed: int) -> tuple[Settings, Bottleneck, Shift]:
    """The settings with all that was left to the seed filled in, the bottleneck and the gap."""
    _sound(settings)
    keys = [s.key for s in settings.steps]
    bottleneck = settings.bottleneck or Bottleneck(
        step=_choose(seed, "bottleneck", keys[2:-1]),
        chance=round(0.42 + 0.10 * _uniform(seed, "bottleneck chance"), 3),
    )
    steps = tuple(
        replace(s, chance=bottleneck.chance) if s.key == bottleneck.step else s
        for s in settings.steps
    )
    if settings.constant_hazard:
        steps = tuple(
            replace(s, least=0, shape=1.0, more=s.least + s.more, lost_after=s.least + s.more)
            for s in steps
        )
    groups: list[tuple[str, Level]] = [
        ("gender", "female"),
        ("age_group", "18-24"),
        ("race_black", True),
        ("race_hispanic", True),
        ("education", "no_diploma"),
        *(("site", site) for site in settings.sites),
    ]
    column, level = _choose(seed, "gap group", groups)
    gap = settings.gap or Shift(
        column=column,
        level=level,
        step=_choose(seed, "gap step", [k for k in keys[1:-1] if k != bottleneck.step]),
        points=-round(0.22 + 0.08 * _uniform(seed, "gap size"), 3),
    )
    shifts = settings.shifts
    if shifts is None:
        shifts = (
            Shift(column="age_group", level="45+", step="placed", points=-0.02),
            Shift(column="education", level="bachelor", step="completed", points=0.03),
            *(
                Shift(column="site", level=s, step="enrolled",
                      points=round(0.04 * _uniform(seed, f"site {s}") - 0.02, 3))
                for s in settings.sites
            ),
        )  # fmt: skip
    whole = replace(settings, bottleneck=bottleneck, steps=steps, gap=gap, shifts=shifts)
    return whole, bottleneck, gap


def _sound(settings: Settings) -> None:
    """ValueError for settings that would not do what they say."""
    keys = [s.key for s in settings.steps]
    trial = settings.trial
    named = [settings.bottleneck, settings.gap, *(settings.shifts or ())]
    steps = {each.step for each in named if each}
    if keys != [s.key for s in STEPS]:
        raise ValueError("the simulated journey has the seven steps of STEPS, in order")
    if settings.last_entry < settings.entries_from:
        raise ValueError("people enter from a day to a later one")
    if trial:
        steps |= {step for arm in trial.arms for step in arm.points}
        control = trial.arms[0]
        if trial.unit not in ("person", "class"):
            raise ValueError("what is drawn by lot is a person or a class")
        if len(trial.arms) < 2 or abs(sum(a.share for a in trial.arms) - 1) > 1e-9:
            raise ValueError("a test has two arms or more, whose shares make 1")
        if control.points or control.dollars or control.take_up != 1:
            raise ValueError("the first arm is the control: nothing is offered in it")
    if unknown := steps - set(keys[1:]):
        raise ValueError(f"no such step to climb: {min(unknown)}")
