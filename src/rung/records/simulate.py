"""A sectoral training provider that never was, whose truth is known.

People apply, and climb six further steps or are lost on the way. Each person's chance at a step is

    logit(chance) = logit(declared chance) + frailty + class + shifts of the person's groups + arm

where frailty is the person's own, hidden, and the same at every step: people whom a change saves
at the margin do worse afterwards than people who would have come through anyway. Waits are whole
days: a least wait plus a Weibull number. One step is a planted bottleneck, one group at one step a
planted gap. The truth is computed on the whole draw with nothing cut off at the as-of date, both
from the chances and from what happened.

Every draw is a hash of (seed, person, name), so neither threads nor row order matter.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import tomlkit
from sqlglot import exp

from rung.documents import Document, canonical
from rung.errors import Problem, UsageError
from rung.records import query
from rung.records.lab import Lab
from rung.records.query import Name, Session
from rung.records.simulating import area, coaching, funding, sending
from rung.records.simulating.scenario import (
    COACHING,
    STEPS,
    Arm,
    Bottleneck,
    Level,
    Settings,
    Shift,
    Step,
    Trial,
    decided,
    hashed,
)

__all__ = [
    "COACHING",
    "EVENTS",
    "GROUPS",
    "STEPS",
    "Arm",
    "Bottleneck",
    "Settings",
    "Shift",
    "Step",
    "Trial",
    "Truth",
    "coached",
    "decided",
    "provider",
    "workbook",
]

ROOM = "rung.records"
MACROS = ("draw", "bell", "wait", "lot", "pay", "year_pay", "mess")
ROW_GROUP = 122_880

Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What is true of a simulated provider; see `to_json` for its document.

    `rates` maps "everyone" and each "group: level" to people and, per milestone, the share who
    reach it within the horizon: `expected` by their chances, `realised` in this draw. `arms` maps
    each arm to the same rates had everyone been offered it, mean earnings, and the differences
    from the first arm. `dirt` counts what was planted in the raw files, by file, column and kind.
    """

    people: int
    seed: int
    settings: Settings
    bottleneck: Bottleneck
    gap: Shift
    within_days: int
    in_time: Mapping[str, float]
    rates: Mapping[str, Mapping[str, Any]]
    arms: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    dirt: Mapping[str, Mapping[str, Mapping[str, int]]] = field(default_factory=dict)

    def document(self) -> Document:
        """The truth as a document."""
        return Document("simulation-truth", 1, _plain(asdict(self)))

    def save(self, path: Path) -> None:
        """Write the document."""
        path.write_bytes(canonical(self.document().to_json()))


def _plain(value: Any) -> Any:
    """JSON values: dates as text, tuples as lists."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value.isoformat() if isinstance(value, dt.date) else value


# --- trees for the queries ----------------------------------------------------------------------


def _logit(chance: float) -> float:
    return math.log(chance / (1 - chance))


def _moved(chance: float, points: float) -> float:
    """The shift on the logit scale that moves `chance` by `points`."""
    return _logit(min(0.995, max(0.005, chance + points))) - _logit(chance)


def _case(pairs: Iterable[tuple[exp.Expr, exp.Expr]], otherwise: exp.Expr) -> exp.Expr:
    case = exp.Case()
    for condition, value in pairs:
        case = case.when(condition, value)
    return case.else_(otherwise) if case.args.get("ifs") else otherwise


def _is(column: str, level: Level) -> exp.Expr:
    return exp.EQ(this=query.name(column), expression=query.tree(level))


def _sum(terms: Iterable[exp.Expr]) -> exp.Expr:
    total = query.tree(0.0)
    for term in terms:
        total = exp.Add(this=total, expression=term)
    return exp.paren(total)


def _shift(settings: Settings, step: Step, shifts: Iterable[Shift]) -> exp.Expr:
    """What a person's groups and arm add at one step."""
    terms = [
        _case(
            [(_is(s.column, s.level), query.tree(_moved(step.chance, s.points)))], query.tree(0.0)
        )
        for s in shifts
        if s.step == step.key
    ]
    arms = settings.trial.arms if settings.trial else ()
    for arm in arms:
        if step.key in arm.points:
            taken = exp.and_(_is("arm", arm.name), query.name("takes_up"))
            size = query.tree(_moved(step.chance, arm.points[step.key]))
            terms.append(_case([(taken, size)], query.tree(0.0)))
    return _sum(terms)


def _by_arm(arms: Sequence[Arm], value: Callable[[Arm], float]) -> exp.Expr:
    return _case(((_is("arm", a.name), query.tree(float(value(a)))) for a in arms), query.tree(0.0))


def _draw(key: str, label: str) -> exp.Expr:
    return exp.func("draw", query.name(key), query.tree(label))


def _unit(trial: Trial) -> exp.Expr:
    """What ranks the units of an assignment."""
    return exp.func("lot", query.name("class_k" if trial.unit == "class" else "k"))


def _people(settings: Settings, gap: Shift, people: int, seed: int, arm: exp.Expr) -> exp.Expr:
    """The query of everyone, each assigned to `arm`."""
    trial = settings.trial
    arms = trial.arms if trial else ()
    offered = arms[1:]
    take_up = exp.LT(this=_draw("k", "take up"), expression=_by_arm(offered, lambda a: a.take_up))
    bonus = _by_arm(offered, lambda a: a.dollars)
    days = (settings.last_entry - settings.entries_from).days + 1
    halves = max(1, round(days / 182.6))
    values: dict[str, query.Value] = {
        "people": people,
        "seed": hashed(seed, "people"),
        "entries_from": settings.entries_from,
        "entry_days": days,
        "sites": len(settings.sites),
        "site": _case(
            (
                (exp.EQ(this=query.name("site_number"), expression=query.tree(i)), query.tree(site))
                for i, site in enumerate(settings.sites)
            ),
            exp.null(),
        ),
        "sections": max(1, round(people / (settings.class_size * halves * len(settings.sites)))),
        "missing": settings.missing,
        "frailty_sd": settings.frailty,
        "class_sd": settings.class_sd,
        "arm": arm,
        "takes_up": take_up,
        "bonus": _case([(query.name("takes_up"), bonus)], query.tree(0.0)),
        "attrition": _by_arm(arms, lambda a: a.lost),
    }
    for i, step in enumerate(settings.steps[1:], 1):
        values[f"base_{i}"] = _logit(step.chance)
        values[f"shift_{i}"] = _shift(settings, step, (gap, *(settings.shifts or ())))
        spread = math.gamma(1 + 1 / step.shape)
        values[f"least_{i}"], values[f"scale_{i}"] = step.least, step.more / spread
        values[f"shape_{i}"] = values[f"lost_shape_{i}"] = step.shape
        values[f"lost_least_{i}"], values[f"lost_scale_{i}"] = 0, step.lost_after / spread
    return query.fill(query.load(ROOM, "simulate_people"), values)


def _assignment(session: Session, trial: Trial) -> exp.Expr:
    """Who is in which arm: units ranked by their hash, cut at the exact counts of the arms."""
    unit = _unit(trial)
    units = int(session.run(query.load(ROOM, "simulate_units"), unit=unit).one()["n"])
    pairs: list[tuple[exp.Expr, exp.Expr]] = []
    upto = 0.0
    for arm in trial.arms[:-1]:
        upto += arm.share
        n = min(units - 1, round(units * upto))
        cut = session.run(query.load(ROOM, "simulate_unit"), unit=unit, n=n).one()["unit"]
        bound = exp.cast(exp.Literal.number(str(cut)), "UBIGINT", dialect=query.DIALECT)
        pairs.append((exp.LT(this=unit.copy(), expression=bound), query.tree(arm.name)))
    return _case(pairs, query.tree(trial.arms[-1].name))


# --- the truth ----------------------------------------------------------------------------------

GROUPS: Mapping[str, tuple[str, ...]] = {
    "gender": (),
    "race": (
        "race_american_indian",
        "race_asian",
        "race_black",
        "race_hispanic",
        "race_middle_eastern",
        "race_pacific_islander",
        "race_white",
    ),
    "age_group": (),
    "education": (),
    "language": (),
    "site": (),
}
"""The groups of a simulated lab: a column, or a name for several yes/no columns."""


def in_time(settings: Settings) -> tuple[float, ...]:
    """Share within the horizon of the people who ever get there, by step.

    Waits do not depend on the person, so the days to a step are a sum of independent whole
    numbers: their probabilities are convolved exactly.
    """
    days = settings.within_days
    total = np.zeros(days + 1)
    total[0] = 1.0
    shares = [1.0]
    for step in settings.steps[1:]:
        scale = step.more / math.gamma(1 + 1 / step.shape)
        edge = np.maximum(np.arange(days + 2) - step.least, 0) / scale
        chance = np.diff(-np.expm1(-(edge**step.shape)))  # of waiting exactly 0, 1, … days
        total = np.convolve(total, chance)[: days + 1]
        shares.append(float(total.sum()))
    return tuple(shares)


def _rates(settings: Settings, sums: Mapping[str, Any], n: int) -> dict[str, Any]:
    """Rates of every milestone from sums over people."""
    share = in_time(settings)
    rates: dict[str, Any] = {}
    for i, step in enumerate(settings.steps):
        if i == 0:
            rates[step.key] = {"expected": 1.0, "realised": 1.0, "ever": 1.0}
        else:
            rates[step.key] = {
                "expected": sums[f"chance_{i}"] / n * share[i],
                "realised": sums[f"within_{i}"] / n,
                "ever": sums[f"ever_{i}"] / n,
            }
    return {"people": n, "milestones": rates}


def _true_rates(session: Session, settings: Settings) -> dict[str, dict[str, Any]]:
    """Rates of everyone and of every level of every group."""
    columns = [c for key, several in GROUPS.items() for c in (several or (key,))]
    levels = [Name(c) for c in columns]
    cells = session.run(
        query.load(ROOM, "simulate_truth"),
        levels=levels,
        view=Name("people"),
        horizon=settings.within_days,
    ).dicts()
    sums = [f"{what}_{i}" for what in ("chance", "ever", "within") for i in range(1, 7)]
    totals: dict[str, dict[str, Any]] = {}
    for cell in cells:
        names = ["everyone"]
        for key, several in GROUPS.items():
            if several:
                names += [f"{key}: {c}" for c in several if cell[c]]
            elif cell[key] is not None:
                names.append(f"{key}: {cell[key]}")
        for label in names:
            total = totals.setdefault(label, dict.fromkeys(("n", *sums), 0))
            for what in ("n", *sums):
                total[what] += cell[what]
    return {label: _rates(settings, t, t["n"]) for label, t in sorted(totals.items())}


def _true_arms(
    session: Session, settings: Settings, people: Callable[[exp.Expr], exp.Expr]
) -> dict[str, dict[str, Any]]:
    """For each arm, the outcomes had everyone been offered it, and the differences."""
    if settings.trial is None:
        return {}
    share = in_time(settings)
    found: dict[str, dict[str, Any]] = {}
    for arm in settings.trial.arms:
        session.view("offered", people(query.tree(arm.name)))
        got = session.run(
            query.load(ROOM, "simulate_effects"), view=Name("offered"), horizon=settings.within_days
        ).one()
        outcomes: dict[str, float] = {"earnings": got["earnings"], "employed": got["employed"]}
        for i, step in enumerate(settings.steps[1:], 1):
            outcomes[f"{step.key} expected"] = got[f"chance_{i}"] * share[i]
            outcomes[f"{step.key} realised"] = got[f"within_{i}"]
        found[arm.name] = {"taken_up": got["taken_up"], "outcomes": outcomes}
    control = found[settings.trial.arms[0].name]["outcomes"]
    for each in found.values():
        each["effects"] = {k: v - control[k] for k, v in each["outcomes"].items()}
    return found


# --- writing a lab ------------------------------------------------------------------------------

EVENTS = ("services", "wages", "employment", "credentials", "follow_ups")
LABELS: Mapping[str, str] = {
    "race_american_indian": "American Indian or Alaska Native",
    "race_asian": "Asian",
    "race_black": "Black or African American",
    "race_hispanic": "Hispanic or Latino",
    "race_middle_eastern": "Middle Eastern or North African",
    "race_pacific_islander": "Native Hawaiian or Pacific Islander",
    "race_white": "White",
}


def _tests(trial: Trial, raw: bool) -> list[dict[str, Any]]:
    """The declared tests. Earnings at follow-up are not part of what a provider sends."""
    same = {
        "population": "people who applied",
        "arm": "arm",
        "control": trial.arms[0].name,
    }
    completed = {"key": "completed", "label": "Completed training", "outcome": "completed",
                 "unit": "share", "horizon": "by the as-of date"}  # fmt: skip
    year = "in the four quarters after the quarter of entry"
    earnings = {"key": "earnings", "label": "Earnings", "outcome": "outcome_earnings",
                "unit": "dollars", "horizon": year, "covariates": ["earnings_before",
                "age_at_entry"], "adjust": ["none", "lin"]}  # fmt: skip
    employed = {"key": "employed", "label": "Any job", "outcome": "outcome_employed",
                "unit": "share", "horizon": year}  # fmt: skip
    return [each | same for each in ((completed,) if raw else (earnings, employed, completed))]


def lab_toml(settings: Settings, raw: bool = False) -> tomlkit.TOMLDocument:
    """The `lab.toml` of the provider; `raw` when its records are still to be imported."""
    toml = tomlkit.document()
    toml.add(tomlkit.comment("A simulated provider: nobody in these records is a real person."))
    toml["lab"] = {"provider": settings.provider, "program": settings.program, "unit": "person"}
    toml["clock"] = {"as_of": settings.as_of}
    steps = tomlkit.aot()
    for step in settings.steps:
        steps.append(tomlkit.item({"key": step.key, "label": step.label, "done": step.done}))
    toml["milestones"] = steps
    groups = tomlkit.aot()
    for key, several in GROUPS.items():
        group: dict[str, Any] = {"key": key}
        if several:
            group |= {"label": "race and ethnicity", "columns": list(several)}
            group["labels"] = {c: LABELS[c] for c in several}
        groups.append(tomlkit.item(group))
    toml["groups"] = groups
    toml["journey"] = {
        "within_days": settings.within_days,
        "lost_after_days": settings.lost_after_days,
    }
    toml["ladder"] = area.settings_of(settings)
    if settings.trial and settings.trial.unit == "person":
        tests = tomlkit.aot()
        for each in _tests(settings.trial, raw):
            tests.append(tomlkit.item(each))
        toml["tests"] = tests
    funding.declare(toml, (step.key for step in settings.steps))
    return toml


def _events(settings: Settings, people: int) -> tuple[str, ...]:
    if settings.tables is None:
        return EVENTS if people <= 200_000 else ()
    unknown = sorted(set(settings.tables) - set(EVENTS))
    if unknown:
        raise ValueError(f"no such event table: {unknown[0]}")
    return settings.tables


def _write(session: Session, view: str, file: Path) -> None:
    copy = query.load(ROOM, "simulate_write")
    session.execute(query.fill(copy, {"view": Name(view), "file": str(file)}))


def _view(view: str, settings: Settings) -> exp.Expr:
    """The query of one table of the provider's records."""
    trial: list[exp.Expr] = []
    if settings.trial:
        columns = query.load(ROOM, "simulate_trial")
        trial = list(query.fill(columns, {"last_quarter": settings.last_quarter}).expressions)
    given: dict[str, dict[str, query.Value]] = {
        "known": {"as_of": settings.as_of, "closed_share": settings.closed},
        "journeys": {"trial": trial},
        "wages": {
            "quarters_before": settings.quarters_before,
            "last_quarter": settings.last_quarter,
        },
        "follow_ups": {"as_of": settings.as_of},
    }
    return query.fill(query.load(ROOM, f"simulate_{view}"), given.get(view, {}))


def _views(session: Session, settings: Settings, tables: Sequence[str]) -> None:
    """Name the tables of the provider's records as queries over everyone."""
    for view in ("known", "journeys", *tables):
        session.view(view, _view(view, settings))


@contextmanager
def _open(
    settings: Settings,
    gap: Shift,
    people: int,
    seed: int,
    *,
    tables: Sequence[str] = (),
    threads: int | None = None,
) -> Iterator[tuple[Session, Callable[[exp.Expr], exp.Expr]]]:
    """A session in which every table of the simulation is a view, and the query of everyone."""

    def everyone(arm: exp.Expr) -> exp.Expr:
        return _people(settings, gap, people, seed, arm)

    with Session(threads=threads) as session:
        for macro in MACROS:
            session.execute(query.load(ROOM, f"simulate_{macro}"))
        session.view("people", everyone(exp.cast(exp.null(), "VARCHAR")))
        if settings.trial:
            session.view("people", everyone(_assignment(session, settings.trial)))
        _views(session, settings, tables)
        yield session, everyone


def _asked(people: int, dirt: float) -> None:
    problems = []
    if people < 1:
        problems.append(
            Problem(code="USE-simulate-people", params={"people": people}, weight="break")
        )
    if not 0 <= dirt <= 0.5:
        problems.append(Problem(code="USE-simulate-dirt", params={"dirt": dirt}, weight="break"))
    if problems:
        raise UsageError(problems)


def provider(
    out: Path,
    *,
    people: int,
    seed: int,
    dirt: float = 0.0,
    settings: Settings | None = None,
    raw: bool | None = None,
    progress: Progress | None = None,
    threads: int | None = None,
) -> Truth:
    """Write a lab folder of a simulated provider and return what is true of it.

    `people` is how many ever apply (those who do so after the as-of date are not on record yet).
    With `raw` the lab holds what a provider would send, in `private/` with its `[[files]]` in
    `lab.toml`, and no checked tables: those are for the import to make. By default that is done
    when `dirt`, the share of cells to mess up (0 to 0.5), is above 0. `progress` is told what is
    being done. Raises UsageError for numbers out of range, PlanError when `out` has a lab.
    """
    _asked(people, dirt)
    tell = progress or (lambda _: None)
    whole, bottleneck, gap = decided(settings or Settings(), seed)
    tables = _events(whole, people)
    as_sent = bool(dirt) if raw is None else raw
    lab = Lab.create(out, lab_toml(whole, as_sent))
    area.write(out / "private", whole)
    planted: sending.Dirt = {}
    with _open(whole, gap, people, seed, tables=tables, threads=threads) as (session, everyone):
        if as_sent:
            tell("files")
            package = sending.send(
                session,
                out / "private",
                dirt=dirt,
                people=people,
                arms=whole.trial is not None,
                tables=tables,
            )
            sending.describe(lab.toml, package)
            lab.save()
            planted = package.dirt
        else:
            for table in ("journeys", *tables):
                tell(table)
                _write(session, table, lab.table(table))
        tell("truth")
        return _truth(session, everyone, whole, (bottleneck, gap), people, seed, planted)


def workbook(
    file: Path, *, people: int, seed: int, dirt: float = 0.05, settings: Settings | None = None
) -> Truth:
    """Write only the workbook a provider would send (at most 20,000 people), and its truth."""
    _asked(people, dirt)
    whole, bottleneck, gap = decided(settings or Settings(), seed)
    with _open(whole, gap, people, seed) as (session, everyone):
        arms = whole.trial is not None
        planted = {file.name: sending.workbook(session, file, dirt=dirt, people=people, arms=arms)}
        return _truth(session, everyone, whole, (bottleneck, gap), people, seed, planted)


def coached(
    folder: Path, *, people: int, seed: int, dirt: float = 0.05, settings: Settings | None = None
) -> tuple[Path, ...]:
    """Write what a small provider with career coaches would send, into `folder`.

    The workbook of people, and beside it who coaches whom, an attendance log, follow-ups and wage
    records."""
    _asked(people, dirt)
    whole, _, gap = decided(settings or Settings(), seed)
    file = folder / "applicants.xlsx"
    with _open(whole, gap, people, seed) as (session, _everyone):
        session.view("known whole", _view("known", whole))
        told = query.load(ROOM, "simulate_told")
        session.view("known", query.fill(told, {"known": Name("known whole")}))
        sending.workbook(session, file, dirt=dirt, people=people, arms=False)
        session.view("wages", _view("wages", whole))
        return (file, *coaching.send(session, folder, whole, dirt=dirt / 2))


def _truth(
    session: Session,
    everyone: Callable[[exp.Expr], exp.Expr],
    settings: Settings,
    planted: tuple[Bottleneck, Shift],
    people: int,
    seed: int,
    dirt: sending.Dirt,
) -> Truth:
    share = in_time(settings)
    return Truth(
        people=people,
        seed=seed,
        settings=settings,
        bottleneck=planted[0],
        gap=planted[1],
        within_days=settings.within_days,
        in_time=dict(zip((s.key for s in settings.steps), share, strict=True)),
        rates=_true_rates(session, settings),
        arms=_true_arms(session, settings, everyone),
        dirt=dirt,
    )
