"""Shapes of places: names, borders, middles, and outlines no finer than can be seen."""

from __future__ import annotations

import hashlib

import pytest

from rung.share.charts import map as maps
from rung.share.charts import shapes


def test_the_shapes_are_the_published_ones() -> None:
    """us-atlas 3.0.1, counties-10m.json, byte for byte."""
    file = shapes.file()
    assert file is not None
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    assert found == "145aaf5d1433352a6a1d8e86b5f149c7c653f9171baf14aaf75ee66575def1b0"
    assert len(shapes.of("counties")) == 3_231
    assert len(shapes.of("states")) == 56


def test_names() -> None:
    assert shapes.county_names()["36061"] == "New York, New York"
    assert shapes.state_names()["36"] == "New York"


def test_borders_are_between_two_states() -> None:
    states = shapes.of("states")
    island = shapes.borders({"15": states["15"], "36": states["36"]})
    assert island == []  # Hawaii touches nobody
    assert shapes.borders({"34": states["34"], "36": states["36"]})


@pytest.mark.parametrize(
    ("code", "longitude", "latitude"),
    [("36061", -73.97, 40.78), ("48201", -95.4, 29.85), ("15001", -155.5, 19.6)],
)
def test_a_mark_is_put_in_the_middle(code: str, longitude: float, latitude: float) -> None:
    assert shapes.middle(shapes.of("counties")[code]) == pytest.approx(
        (longitude, latitude), abs=0.12
    )


def test_a_mark_past_the_date_line_stays_with_its_state() -> None:
    longitude, _ = shapes.middle(shapes.of("states")["02"])
    assert -160 < longitude < -145


def test_the_frame_follows_the_state() -> None:
    def of(state: str) -> float:
        return shapes.proportion(g for c, g in shapes.of("counties").items() if c[:2] == state)

    assert of("47") < 0.3 < 0.75 < of("36") < 1 < of("50")
    assert 0.2 < of("72") < 0.3
    assert 0.5 < of("02") < 1  # not around the globe


def test_outlines_in_tenths_of_a_pixel() -> None:
    long = "M0,0L10.04,0L10.2,0.1L10,10L-0.5,9.96ZM3,3L3.1,3.1L3,3.2Z"
    assert maps._coarser(long) == "M0,0l10,0 0,10 -10.5,0Z"
    assert maps._tenths(-3) == "-.3"
    assert [maps._tenths(n) for n in (0, 7, 10, -25)] == ["0", ".7", "1", "-2.5"]
