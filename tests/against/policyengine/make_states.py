"""Make states.csv: SNAP by PolicyEngine-US in every state and DC, a row a state, family and year.

    python make_states.py WORKER.py > states.csv

Run by the Python of an environment that has policyengine-us (versions.txt says which), with the
path of Rung's worker, whose `situation` says the family. The families are in states.json. A column
a wage, from nothing to $90,000 a year by $750; dollars a month, in September.
"""

from __future__ import annotations

import csv
import json
import runpy
import sys
from pathlib import Path
from typing import Any

WAGES = range(0, 90_001, 750)
STATES = (
    *("AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "DC", "FL", "GA", "HI", "ID", "IL", "IN"),
    *("IA", "KS", "KY", "LA", "ME", "MD", "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV", "NH"),
    *("NJ", "NM", "NY", "NC", "ND", "OH", "OK", "OR", "PA", "RI", "SC", "SD", "TN", "TX", "UT"),
    *("VT", "VA", "WA", "WV", "WI", "WY"),
)


def together(make: Any, family: dict[str, Any], year: int) -> dict[str, Any]:
    """One situation of every state's family at every wage."""
    whole: dict[str, Any] = {}
    for state in STATES:
        for wage in WAGES:
            asked = {**family, "state": state, "year": year, "hours": 40, "has": []}
            one = make({**asked, "low": 0, "high": 1, "count": 2})
            one["people"]["adult0"]["employment_income"] = {str(year): wage}
            mark = f"{state}{wage}"
            for kind, units in one.items():
                if kind == "axes":
                    continue
                for name, unit in units.items():
                    if "members" in unit:
                        unit = {**unit, "members": [f"{m}-{mark}" for m in unit["members"]]}
                    whole.setdefault(kind, {})[f"{name}-{mark}"] = unit
    return whole


def main() -> None:
    """One row a family, year and state."""
    from policyengine_us import Simulation

    make: Any = runpy.run_path(sys.argv[1])["situation"]
    families = json.loads(Path(__file__).with_name("states.json").read_text("utf-8"))
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(("family", "year", "state", *WAGES))
    for name, family in families.items():
        for year in (2025, 2026):
            run = Simulation(situation=together(make, family, year))
            found = run.calculate("snap", f"{year}-09", map_to="household").astype(float)
            for state, row in zip(STATES, found.reshape(len(STATES), -1), strict=True):
                out.writerow((name, year, state, *(f"{v:g}" for v in row.round(2))))
            print(name, year, file=sys.stderr)


if __name__ == "__main__":
    main()
