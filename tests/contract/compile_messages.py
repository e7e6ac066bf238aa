"""Compile every catalogue of sentences (`make messages`)."""

import datetime as dt
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE = Path(__file__).parents[2] / "src/rung/locale"


def compiled(po: Path) -> bytes:
    """The .mo bytes of a .po file."""
    import io

    out = io.BytesIO()
    with po.open("rb") as f:
        catalogue = read_po(f)
    # not the time of compiling: the same words give the same bytes
    catalogue.creation_date = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    write_mo(out, catalogue)
    return out.getvalue()


if __name__ == "__main__":
    for each in sorted(LOCALE.rglob("*.po")):
        each.with_suffix(".mo").write_bytes(compiled(each))
