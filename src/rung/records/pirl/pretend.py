"""A simulated provider as a federal file, clean or with the dirt that state files are known for.

The dirt is the layout's own catalogue of what came (Appendix B): blank for 0, a column of one
value, industry codes that are short or of another edition, occupation codes that are short or all
nines, entry after exit, exits in the future, dates of dislocation years off, 999999.99 kept
forever, "did not self-identify" for many, leading zeros lost. Each is counted by the import.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from sqlglot import exp

from rung.errors import PlanError
from rung.records import simulate
from rung.records.files.sheet import csv_scan
from rung.records.lab import Lab
from rung.records.pirl import bring
from rung.records.query import Session, fill, load

MOST = 0.3  # share of records; "did not say" is three times as frequent


def write(out: Path, *, people: int, seed: int, dirt: float, clock: bring.Clock) -> int:
    """Write `out`, a CSV of federal records of a simulated provider; returns how many records.

    `dirt` is the share of records that each kind of dirt touches. The same seed makes the same
    file. Raises PlanError for more dirt than 0.3.
    """
    if not 0 <= dirt <= MOST:
        raise PlanError("PLAN-dirt", most=MOST)
    with tempfile.TemporaryDirectory(prefix="rung-") as scratch:
        folder = Path(scratch) / "lab"
        simulate.provider(folder, people=people, seed=seed)
        lab = Lab.open(folder)
        plain = Path(scratch) / "plain.csv"
        bring.export(lab, plain, clock=clock)
        with plain.open() as file:
            columns = file.readline().strip().split(",")
        with Session() as session:
            rows = csv_scan(plain, columns, delimiter=",", skip=1)
            as_of = lab.clock.as_of or clock().date()
            session.view("plain", exp.select("*").from_(rows))
            query = fill(
                load("rung.records", "simulate_pirl"),
                {"rows": exp.to_identifier("plain"), "seed": seed, "dirt": dirt, "as_of": as_of},
            )
            out.parent.mkdir(parents=True, exist_ok=True)
            whole = exp.select("*").from_(exp.Subquery(this=query, alias="d"))
            return bring.csv_out(session, whole, out, header=True)
