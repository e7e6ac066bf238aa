"""Two funders of a simulated provider, both invented: what each counts, in which years."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import tomlkit

FUNDERS: tuple[dict[str, Any], ...] = (
    {
        "name": "Harbor Skills Fund",
        "version": "2025.1",
        "fiscal_year_starts": 1,
        "year_of": "completed",
        "completed": {"reached": "completed", "year_of": "enrolled", "among": ["enrolled"]},
        "credential": {"credential": ["any"], "after": "completed", "within_days": 90},
        "placed": {
            "label": "Quality placement",
            "reached": "placed",
            "after": "completed",
            "within_days": 180,
            "hourly_wage": 17.5,
            "hours_week": 30,
        },
        "retained": {"working_days": 90, "year_of": "placed"},
    },
    {
        "name": "Tri-County Opportunity Grant",
        "version": "round 3",
        "fiscal_year_starts": 10,
        "year_of": "exited",
        "count": "periods",
        "completed": {"reached": "completed", "within_days": 270, "too_soon": "not counted"},
        "placed": {"employed_quarter": 1, "earnings": 3000},
        "retained": {"employed_quarter": 4, "too_soon": "not counted"},
    },
)


def declare(toml: tomlkit.TOMLDocument, milestones: Iterable[str]) -> None:
    """Write both into a `lab.toml`, unless its journey lacks a milestone that they name."""
    if not {"enrolled", "completed", "placed"} <= set(milestones):
        return
    funders = tomlkit.aot()
    for each in FUNDERS:
        funders.append(tomlkit.item(each))
    toml["funders"] = funders
