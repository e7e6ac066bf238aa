"""The brief in a real browser: phone width, dark, keyboard, and the axe rules."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rung.share.release import Audience, Inside, Outside
from tests.share.test_brief import made

pytestmark = pytest.mark.deep
CHROMIUM = shutil.which("chromium")
WIDTHS = (320, 375, 768, 1280)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as p:
        found = p.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
        )
        yield found
        found.close()


def opened(browser: Any, path: Path, width: int = 1280, scheme: str = "light") -> Any:
    page = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=False
    ).new_page()
    page.goto(path.as_uri())
    return page


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "brief.html"
    file.write_text(made(), "utf-8")
    return file


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_runs_off_the_side(browser: Any, path: Path, width: int) -> None:
    page = opened(browser, path, width)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    shown = page.evaluate(
        "[...document.querySelectorAll('figure svg')].filter(e => e.getBoundingClientRect().width)"
        ".map(e => e.getBoundingClientRect().width)"
    )
    assert shown
    assert max(shown) <= width


def test_our_styles_pass_the_policy_and_nothing_is_fetched(browser: Any, path: Path) -> None:
    context = browser.new_context()
    page = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda m: said.append(m.text))
    page.on("request", lambda r: asked.append(r.url))
    page.goto(path.as_uri())
    assert said == []
    assert asked == [path.as_uri()]
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == "rgb(251, 250, 247)"


def test_dark_reaches_the_charts(browser: Any, path: Path) -> None:
    page = opened(browser, path, scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 22, 28)"
    fill = "getComputedStyle(document.querySelector('.rung-chart [fill=\"#1d5c9e\"]')).fill"
    assert page.evaluate(fill) == "rgb(127, 178, 232)"


def test_the_keyboard_reaches_the_numbers(browser: Any, path: Path) -> None:
    page = opened(browser, path)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.parentElement.open")
    height = page.evaluate("document.activeElement.getBoundingClientRect().height")
    assert height >= 44


@pytest.mark.parametrize("audience", [Inside(), Outside()])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_axe_finds_nothing(
    browser: Any, tmp_path: Path, audience: Audience, scheme: str, width: int
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    file = tmp_path / "brief.html"
    file.write_text(made(audience), "utf-8")
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True
    )
    page = context.new_page()
    page.goto(file.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
