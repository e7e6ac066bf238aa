"""What the benchmarks share: a job in a process of its own, the best of a few, the history."""

from __future__ import annotations

import csv
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path

HERE = Path(__file__).parent
DATA = HERE / "data"
Figures = dict[str, float]
FIELDS = ("date", "machine", "people", "what", "ratio", "cpu_ratio", "target", "seconds",
          "other_seconds", "peak_mb")  # fmt: skip


def here(job: Callable[[int], object], people: int) -> None:
    """Run one job in this process; print its seconds, processor seconds and peak memory."""
    import duckdb  # imports are not what is compared
    import numpy  # noqa: F401
    import scipy.special  # noqa: F401

    import rung.discovery.churn
    import rung.discovery.journey
    import rung.learning.estimate  # noqa: F401

    assert duckdb.__version__
    start, cpu = time.perf_counter(), time.process_time()
    n = job(people)
    found = {
        "wall": time.perf_counter() - start,
        "cpu": time.process_time() - cpu,
        "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps({**found, "n": n if isinstance(n, int) else people}))


def apart(module: str, job: str, people: int) -> Figures:
    """One job of a benchmark in a process of its own, so that its peak memory is its own."""
    done = subprocess.run(
        [sys.executable, "-m", f"bench.{module}", "--people", str(people), "--one", job],
        capture_output=True,
        text=True,
        check=False,
        cwd=HERE.parent,
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    found: Figures = json.loads(done.stdout.splitlines()[-1])
    return found


def best(module: str, job: str, people: int, rounds: int) -> Figures:
    """The quickest of a few rounds by processor time: what else runs adds, and never takes away."""
    return min((apart(module, job, people) for _ in range(rounds)), key=lambda f: f["cpu"])


def made(module: str, people: int) -> None:
    """A benchmark's data, made by its `make` in a process of its own."""
    DATA.mkdir(exist_ok=True)
    subprocess.run(
        [sys.executable, "-c", f"from bench.{module} import make; make({people})"],
        check=True,
        cwd=HERE.parent,
    )


def remember(rows: Iterable[Mapping[str, object]], people: int) -> None:
    """Add rows to `bench/history.csv`."""
    history = HERE / "history.csv"
    new = not history.exists()
    with history.open("a", newline="") as f:
        writer = csv.DictWriter(f, FIELDS)
        if new:
            writer.writeheader()
        stamp = {
            "date": datetime.now().astimezone().date().isoformat(),
            "machine": f"{platform.machine()}, {os.cpu_count()} cores",
            "people": people,
        }
        writer.writerows({**stamp, **row} for row in rows)
