"""A city analyst brings a published file and asks for their place, on a desk and on a phone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.web.conftest import Place
from tests.mobility import places_files as files

pytestmark = pytest.mark.deep


@pytest.mark.parametrize(
    "how",
    [{}, {"dark": True}, {"width": 320}, {"width": 320, "language": "es"}],
    ids=lambda how: "-".join(map(str, how.values())) or "plain",
)
def test_a_place_beside_its_peers(lab: Place, tmp_path: Path, how: dict[str, Any]) -> None:
    owner = lab.owner(inspected=True, **how)
    owner.go(lab.sample + "places/")
    owner.page.get_by_label(owner.words("web.places.file"), exact=True).set_input_files(
        files.atlas(tmp_path / "county_outcomes.csv")
    )
    owner.press("web.places.keep")
    owner.write("web.places.place", "36005")
    owner.press("web.places.show")
    owner.sees("web.places.next")
    assert not owner.breaks_rules()
    owner.nothing_runs_off()
    if folder := os.environ.get("RUNG_PICTURES"):
        name = "-".join(map(str, how.values())) or "plain"
        owner.page.screenshot(path=Path(folder) / f"places-{name}.png", full_page=True)
