"""Make expected.csv: PolicyEngine-US on a grid of families, wages from nothing to $90,000.

    python make.py WORKER.py > expected.csv

Run by the Python of an environment that has policyengine-us (versions.txt says which), with the
path of Rung's worker, whose `parts` asks it. The families are in families.json.
"""

from __future__ import annotations

import csv
import json
import runpy
import sys
from pathlib import Path
from typing import Any

COLUMNS = ("payroll_tax", "income_tax", "care_credit", "child_credit", "eitc", "snap")


def main() -> None:
    """One row a family, year and wage."""
    parts: Any = runpy.run_path(sys.argv[1])["parts"]
    families = json.loads(Path(__file__).with_name("families.json").read_text("utf-8"))
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(("family", "year", "earnings", *COLUMNS))
    for name, family in families.items():
        for year in (2025, 2026):
            asked = {**family, "year": year, "hours": 40, "has": []}
            found = parts({**asked, "low": 0, "high": 90_000, "count": 61})
            rows = zip(found["earnings"], *(found[c] for c in COLUMNS), strict=True)
            out.writerows((name, year, *(f"{v:.2f}" for v in row)) for row in rows)
            print(name, year, file=sys.stderr)


if __name__ == "__main__":
    main()
