"""How quickly the web lab's pages come when many people look at once: `make bench-web`.

A provider of `--people` people is simulated and imported once; then `--users` browsers go from page
to page for `--seconds`, with about a second of thought between, on one machine with the server. The
table says for each page how long half of the visits, and 95 of 100, had to wait.
"""

from __future__ import annotations

import argparse
import random
import shutil
import statistics
import tempfile
import threading
import time
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

from tests.deep.browser import Browser
from tests.web.running import Served

HERE = Path(__file__).parent
PAGES = ("", "journey/", "fixes/", "people/", "people/retention/", "records/", "briefs/")
THOUGHT = 1.0
"""Seconds a person looks at a page, on average."""


def provider(people: int) -> Path:
    """An imported lab with everything that the pages show."""
    from rung import cycle
    from rung.records import simulate
    from rung.records.lab import Lab

    lab = HERE / "data" / f"web-{people}"
    if (lab / "done").exists():
        return lab
    shutil.rmtree(lab, ignore_errors=True)

    def clock() -> datetime:
        return datetime(2026, 3, 31, 9, tzinfo=UTC)

    with tempfile.TemporaryDirectory() as folder:
        files = simulate.coached(Path(folder), people=people, seed=1, dirt=0)
        cycle.init(files, lab, provider="Riverside Works", clock=clock)
    cycle.bring_in(Lab.open(lab), clock=clock)
    (lab / "done").touch()
    return lab


def look(browser: Browser, seed: int, end: float, at: str, waits: dict[str, list[float]]) -> None:
    """One person, from page to page."""
    draw = random.Random(seed)
    time.sleep(draw.uniform(0, THOUGHT))
    while time.monotonic() < end:
        page = draw.choice(PAGES)
        began = time.monotonic()
        browser.get(at + page)
        waits[page].append(time.monotonic() - began)
        time.sleep(draw.expovariate(1 / THOUGHT))


def measure(people: int, users: int, seconds: float, *words: str) -> dict[str, list[float]]:
    """How long each visit of each page had to wait, in seconds."""
    lab = provider(people)
    shutil.rmtree(lab / "web", ignore_errors=True)
    running = Served(lab, *words)
    try:
        browser = Browser(running.address)
        link = running.told["welcome"].removeprefix(browser.address)
        at = browser.submit(link, "password", name="Ana", email="ana@example.org",
                            password="a long enough phrase")  # fmt: skip
        waits: dict[str, list[float]] = defaultdict(list)
        for page in PAGES:  # each once: what is kept for later visits is there
            began = time.monotonic()
            browser.get(at + page)
            print(f"first visit {page or 'program':20} {time.monotonic() - began:6.2f} s")
        end = time.monotonic() + seconds
        crowd = [
            threading.Thread(target=look, args=(browser, i, end, at, waits)) for i in range(users)
        ]
        for each in crowd:
            each.start()
        for each in crowd:
            each.join()
        return waits
    finally:
        running.end()
        running.close()


def percentile(waits: list[float], share: float) -> float:
    """The wait that `share` of the visits did not exceed."""
    return sorted(waits)[min(len(waits) - 1, int(share * len(waits)))]


def main() -> None:
    """Print a line a page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=30)
    given = parser.parse_args()
    waits = measure(given.people, given.users, given.seconds)
    every = [w for page in waits.values() for w in page]
    for name, found in [*sorted(waits.items()), ("all", every)]:
        middle, slow = statistics.median(found) * 1000, percentile(found, 0.95) * 1000
        print(f"{name or 'program':20} {len(found):5} visits  {middle:6.0f} ms  {slow:6.0f} ms")


if __name__ == "__main__":
    main()
