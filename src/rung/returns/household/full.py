"""The full model: PolicyEngine-US in a process of its own, spoken to in JSON.

It is free software under the AGPL and about 400 MB, takes half a minute to start, and is never
imported here. `RUNG_POLICYENGINE` names the interpreter of an environment that has it; without it
the interpreter that runs Rung is asked whether it has the package.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rung.documents import digest
from rung.errors import PlanError
from rung.returns.household.family import Family

SETTING = "RUNG_POLICYENGINE"
WORKER = Path(__file__).with_name("worker.py")
LIMIT = 300.0  # seconds
_PASSED = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TEMP", "TMP"),
    *("SYSTEMROOT", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "OMP_NUM_THREADS"),
)
COMPONENTS = (
    *("earnings", "partner_earnings", "payroll_tax", "income_tax", "care_credit"),
    *("child_credit", "eitc", "state_tax", "snap", "tanf", "housing", "child_care"),
    "health_premium",
)
Dollars = NDArray[np.float64]


@dataclass(frozen=True)
class Reply:
    """Components at each step of earnings, people with public health cover, and the version."""

    parts: Mapping[str, Dollars]
    covered: Dollars
    version: str


def interpreter() -> str | None:
    """The interpreter that has PolicyEngine-US, as far as can be told without starting it."""
    named = os.environ.get(SETTING, "").strip()
    if named:
        return named
    return sys.executable if find_spec("policyengine_us") else None


def version(python: str) -> str:
    """The model's version; PlanError (PLAN-policyengine) when that interpreter does not have it."""
    asks = "from importlib.metadata import version; print(version('policyengine-us'))"
    return _run([python, "-I", "-c", asks], "", 30.0).strip()


def ask(
    family: Family,
    year: int,
    low: float,
    high: float,
    count: int,
    *,
    cache: Path | None = None,
    limit: float = LIMIT,
) -> Reply:
    """Net income's components at `count` even steps of earnings, `low` to `high` dollars a year.

    With `cache` a folder, the reply is kept there under the digest of the request and the
    version. Raises PlanError: PLAN-policyengine when the model is not there, PLAN-policyengine-late
    after `limit` seconds, PLAN-policyengine-failed when it ends without a reply.
    """
    python = interpreter()
    if python is None:
        raise PlanError("PLAN-policyengine", setting=SETTING)
    asked: dict[str, Any] = {
        "adults": [0.0] + [family.partner_earnings] * (family.adults - 1),
        "ages": list(family.child_ages),
        "married": family.married,
        "state": family.state,
        "year": year,
        "hours": family.hours,
        "rent": 12 * family.rent,
        "childcare": 12 * family.childcare,
        "utilities": family.utilities,
        "has": sorted(family.has),
        "low": low,
        "high": high,
        "count": count,
    }
    kept = None
    if cache is not None:
        with_worker = {**asked, "model": version(python), "worker": WORKER.read_text("utf-8")}
        kept = cache / f"{digest(with_worker)}.json"
        if kept.is_file():
            return _read(kept.read_text("utf-8"), family)
    text = _run([python, "-I", str(WORKER)], json.dumps(asked), limit)
    reply = _read(text, family)
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(f".{os.getpid()}")
        part.write_text(text, "utf-8")
        part.replace(kept)
    return reply


def _run(command: list[str], given: str, limit: float) -> str:
    """What a program of its own says; it gets the request and no secret of our environment."""
    passed = {k: os.environ[k] for k in _PASSED if k in os.environ}
    try:
        done = subprocess.run(  # noqa: S603 (the interpreter is the user's own setting)
            command,
            input=given,
            capture_output=True,
            text=True,
            timeout=limit,
            check=False,
            env=passed,
        )
    except subprocess.TimeoutExpired:
        raise PlanError("PLAN-policyengine-late", seconds=round(limit)) from None
    except OSError:
        raise PlanError("PLAN-policyengine", setting=SETTING) from None
    if done.returncode:
        missing = "No module named" in done.stderr or "PackageNotFoundError" in done.stderr
        raise PlanError(
            "PLAN-policyengine" if missing else "PLAN-policyengine-failed", setting=SETTING
        )
    return done.stdout


def _read(text: str, family: Family) -> Reply:
    try:
        said = json.loads(text)
        parts = {name: np.asarray(v, dtype=np.float64) for name, v in said["parts"].items()}
        covered = parts.pop("covered")
        partner = np.full_like(parts["earnings"], family.partner_earnings)
        parts["partner_earnings"] = partner
        ordered = {name: parts[name] for name in COMPONENTS}
        return Reply(ordered, covered, str(said["version"]))
    except (ValueError, KeyError, TypeError):
        raise PlanError("PLAN-policyengine-failed", setting=SETTING) from None
