"""The field's standards: the federal indicators, federal records in and out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

from rung.cycle.discover import groups
from rung.cycle.outcome import AnyAnswer, Clock, Outcome, told
from rung.cycle.start import Written
from rung.discovery import indicators, periods
from rung.discovery.program_year import Report
from rung.discovery.wioa import Program, WioaSettings, asked_of, summarise
from rung.errors import PlanError
from rung.messages import sentence
from rung.records import engine as engines
from rung.records import exits as ended
from rung.records.engine import Engine
from rung.records.lab import Group, Lab
from rung.records.pirl import bring, pretend
from rung.records.pirl.bring import Brought
from rung.records.wages import Coverage
from rung.share.release import Audience


@dataclass(frozen=True)
class Proposal:
    """An exit, or a merge with the person's next period, that someone is to decide."""

    key: str
    period: ended.Period
    merge: bool


def wioa(
    path: Path,
    *,
    report: str,
    by: Sequence[str] = (),
    alone: bool = False,
    program: str = "all",
    as_of: dt.date | None = None,
    schema: str | None = None,
    engine: str = "duckdb",
    master: str = engines.LOCAL,
    audience: Audience | None = None,
    clock: Clock,
) -> Outcome:
    """The six primary indicators of WIOA for a report quarter: PY2025Q4, or PY2025 for its year.

    `path` is a lab, or a CSV of federal records (then `schema` may say the order of its columns).
    Over the four quarters that end with the report's, or that quarter `alone`; of everyone, or of
    a `program`; `by` names groups. `as_of` is the day up to which the records are complete
    (lab.toml's clock; else the report's last day). A lab of a provider's own records gives an
    analogue, labelled WIOA-style. Raises PlanError for a report, program or group that is none.
    """
    asked = Report.parse(report, alone=alone)
    chosen = _program(program)
    if (path / "lab.toml").is_file() or path.is_dir():
        return _of_lab(Lab.open(path), asked, chosen, by, as_of, engine, master, audience, clock)
    with TemporaryDirectory(prefix="rung-") as scratch:
        done = bring.bring(
            path, Path(scratch) / "lab", clock=clock, schema=schema, as_of=as_of, every_stage=True
        )
        lab = Lab.open(done.lab)
        return _of_lab(
            lab, asked, chosen, by, as_of, engine, master, audience, clock,
            problems=[p.to_json() for p in done.problems],
        )  # fmt: skip


def wioa_of(
    lab: Lab,
    *,
    report: str,
    by: Sequence[str] = (),
    audience: Audience | None = None,
    clock: Clock | None = None,
) -> Outcome:
    """The indicators of an opened lab, of everyone; without a `clock` nothing is released."""
    asked = Report.parse(report)
    return _of_lab(lab, asked, "all", by, None, "duckdb", engines.LOCAL, audience, clock)


def reports(as_of: dt.date, n: int = 12) -> tuple[str, ...]:
    """The last report quarters that had ended by a day, the latest first: PY2025Q2, PY2025Q1, …"""
    found = [Report(year, quarter) for year in range(as_of.year - 1 - n // 4, as_of.year + 1)
             for quarter in (1, 2, 3, 4)]  # fmt: skip
    over = [r for r in found if r.last_day <= as_of]
    return tuple(str(r) for r in reversed(over))[:n]


def exit_review(lab: Lab) -> tuple[tuple[Proposal, ...], Mapping[str, str]]:
    """Proposed exits and merges with what was decided of each so far, by its key."""
    found, decided = ended.listed(lab)
    made = [Proposal(p.key, p, merge=False) for p in found if p.proposed]
    made += [Proposal(f"{p.key}+", p, merge=True) for p in found if p.merge_days is not None]
    return tuple(made), decided


def decide_exits(lab: Lab, decided: Mapping[str, str], *, clock: Clock) -> Written:
    """Write decisions into the review beside those made before, and do what was decided.

    Keys are those of `exit_review`; a decision is "exit" or "stay open", of a merge "merge" or
    "keep apart". Raises PlanError (PLAN-exit-decision) for another word.
    """
    for key, said in decided.items():
        if said not in (("merge", "keep apart") if key.endswith("+") else ("exit", "stay open")):
            raise PlanError("PLAN-exit-decision", decision=said[:20])
    ended.propose(lab, decided=decided)
    return exits(lab, apply=True, clock=clock)


def _of_lab(
    lab: Lab,
    asked: Report,
    program: Program,
    by: Sequence[str],
    as_of: dt.date | None,
    engine: str,
    master: str,
    audience: Audience | None,
    clock: Clock | None,
    **more: Any,
) -> Outcome:
    settings = lab.section("wioa", WioaSettings)
    known_by = as_of or lab.clock.as_of
    federal = lab.table("pirl").is_file()
    covered: Coverage | None = None
    if not federal:
        lab.need("journeys")
    with engines.over(lab, engine, master=master) as session:
        if federal:
            periods.pirl_periods(session)
            chosen = groups(lab, by, session.columns(periods.VIEW))
        else:
            chosen = groups(lab, by, session.columns("journeys"))
            covered = _own(lab, session, asked, known_by or asked.last_day, chosen, settings)
        if not federal and covered is None and not lab.table("outcomes").is_file():
            made: tuple[AnyAnswer, ...] = indicators.without_outcomes(asked)
        else:
            summary = summarise(
                session,
                asked,
                groups=chosen,
                settings=settings,
                program=program,
                known_by=known_by,
                own=not federal,
                notes=covered.notes() if covered else (),
                inputs=[lab.digest(f) for f in sorted((lab.path / "records").glob("*.parquet"))],
            )
            made = indicators.answers(summary)
        ran = session.engine
    return told(
        "wioa",
        made,
        audience=audience,
        exempt=lab.about.public_use,
        today=clock().date() if clock else None,
        ledger=lab.store,
        report=str(asked),
        alone=asked.alone,
        engine=ran,
        **more,
    )


def _own(
    lab: Lab,
    session: Engine,
    report: Report,
    as_of: dt.date,
    chosen: Sequence[Group],
    settings: WioaSettings,
) -> Coverage | None:
    """Make the view `periods` from a provider's own records; what their wage records cover."""
    carried = [c for g in chosen for c in (g.columns or (g.key,))]
    return periods.own_periods(
        session,
        tables=[t.stem for t in (lab.path / "records").glob("*.parquet")],
        milestones=lab.milestones,
        as_of=as_of,
        any_employer=settings.several_employers == "any",
        one_year=settings.one_year,
        carried=carried,
        asked=asked_of(report, settings),
    )


def import_pirl(
    path: Path,
    out: Path,
    *,
    clock: Clock,
    schema: str | None = None,
    as_of: dt.date | None = None,
    every_stage: bool = False,
    allow_ssn: str = "",
    provider: str = "",
) -> Brought:
    """A CSV of federal records (PIRL) into a new lab. See `rung.records.pirl.bring`."""
    return bring.bring(
        path,
        out,
        clock=clock,
        schema=schema,
        as_of=as_of,
        every_stage=every_stage,
        allow_ssn=allow_ssn,
        provider=provider,
    )


def export_pirl(lab: Lab, out: Path, *, header: bool = True, clock: Clock) -> Written:
    """A lab's records as a CSV of federal records; a provider's own become WIOA-style ones."""
    rows = bring.export(lab, out, header=header, clock=clock)
    line = sentence("label.pirl-exported", {"n": rows})
    return Written((line,), (out,), f"rung import pirl {out} -o LABDIR", {"rows": rows})


def _program(name: str) -> Program:
    for each in get_args(Program):
        if name.replace("-", "_") == each:
            found: Program = each
            return found
    raise PlanError("PLAN-wioa-program", program=name, known=", ".join(get_args(Program)))


def simulate_pirl(out: Path, *, people: int, seed: int, dirt: float = 0.0, clock: Clock) -> Written:
    """A simulated provider as a federal file, `out`/pirl.csv; see `rung.records.pirl.pretend`."""
    target = out / "pirl.csv" if out.suffix.lower() != ".csv" else out
    rows = pretend.write(target, people=people, seed=seed, dirt=dirt, clock=clock)
    line = sentence("label.pirl-exported", {"n": rows})
    more = {"people": people, "seed": seed, "dirt": dirt, "rows": rows}
    return Written((line,), (target,), f"rung import pirl {target} -o LABDIR", more)


def exits(lab: Lab, *, apply: bool = False, as_of: dt.date | None = None, clock: Clock) -> Written:
    """Exits by the 90-day rule and periods that are one: a review to decide, or what was decided.

    Without `apply` only `private/exits.xlsx` is written. See `rung.records.exits`.
    """
    done = ended.apply(lab, clock(), as_of) if apply else ended.propose(lab, as_of)
    counts = {"exits": done.exits, "blocked": done.blocked, "merges": done.merges,
              "set": done.set, "merged": done.merged}  # fmt: skip
    key = "label.exits-applied" if apply else "label.exits-proposed"
    files = (done.review,) if done.review else (lab.table("journeys"),)
    step = f"rung diagnose {lab.path}" if apply else f"rung exits {lab.path} --apply"
    return Written((sentence(key, counts),), files, step, counts)
