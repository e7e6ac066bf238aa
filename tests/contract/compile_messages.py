"""Compile every catalogue of sentences (`make messages`)."""

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
    catalogue.creation_date = "2026-01-01 00:00+0000"  # not now: the same words, the same bytes
    write_mo(out, catalogue)
    return out.getvalue()


if __name__ == "__main__":
    for each in sorted(LOCALE.rglob("*.po")):
        each.with_suffix(".mo").write_bytes(compiled(each))
