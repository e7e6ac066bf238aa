"""Rebuild the generated pages and run every example (`make docs`)."""

from __future__ import annotations

import doctest
import sys
from pathlib import Path

HERE = Path(__file__).parent


def pages() -> dict[Path, str]:
    """Every generated page and what it should say."""
    from rung.records import schema
    from rung.records.pirl import manual

    return {HERE / "records.md": schema.page(), HERE / "pirl.md": manual.page()}


def main() -> None:
    """Write the pages, run the tutorial."""
    for path, text in pages().items():
        path.write_text(text, "utf-8")
        print(f"wrote {path.name}")
    failed, tried = doctest.testfile(str(HERE / "tutorial.md"), module_relative=False)
    print(f"tutorial.md: {tried} examples, {failed} failed")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
