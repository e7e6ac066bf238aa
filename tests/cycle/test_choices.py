"""What a column may be: every table of the contract has words, in both languages."""

from __future__ import annotations

import pytest

from rung import cycle
from rung.records.schema import TABLES


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_table_can_be_chosen_by_name(language: str) -> None:
    groups = {c.group: c.heading for c in cycle.choices(language)}
    assert set(TABLES) - {"milestones"} <= set(groups)
    assert all(heading and "choice." not in heading for heading in groups.values())
    assert len(set(groups.values())) == len(groups)
