"""What a file is made of: which bytes are text, in which encoding, and how to make it UTF-8."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from charset_normalizer import from_bytes

from rung.records.files.sheet import stop

HEAD = 1 << 20
_CHUNK = 1 << 22

# How files begin that are not text, and what they are called.
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "a zip archive or a workbook"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old or protected Office file"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x1f\x8b", "a compressed file"),
    (b"BZh", "a compressed file"),
    (b"\xfd7zXZ", "a compressed file"),
    (b"7z\xbc\xaf", "a compressed file"),
    (b"\x28\xb5\x2f\xfd", "a compressed file"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format 3", "a database"),
    (b"{\\rtf", "a text document"),
)
_BOMS: tuple[tuple[bytes, str], ...] = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_CONTROL = bytes(b for b in range(32) if b not in b"\t\n\r\f\x1a")
# Signs where writing has them: quotes around words, dashes between spaces, accents inside words.
_NATURAL = re.compile(
    r"(?<!\w)[“‘](?=\w)|(?<=[\w.,!?])[”’]|(?<= )[–—](?= )|(?<=\w)…"
    r"|(?<=[A-Za-z])[à-öø-ÿœšž]|[à-öø-ÿ](?=[a-z])|(?<![A-Za-z])[À-ÖØ-ÞŠŽ](?=[a-z])"
)
_FOREIGN = re.compile(r"[^\x00-\x7f]")
_ESCAPED = re.compile("[\udc80-\udcff]+")


def kind_of(head: bytes) -> str | None:
    """What a file is when it is not text; None when it may be text."""
    for magic, what in _MAGIC:
        if head.startswith(magic):
            return what
    start = head[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<table", b"<?xml", b"<meta")):
        return "a web page or XML"
    return None


def _wide(head: bytes) -> str | None:
    """UTF-16 without a mark: Latin text has a zero in every second byte."""
    half = len(head) // 2
    if half < 2:
        return None
    even, odd = head[0 : 2 * half : 2].count(0), head[1 : 2 * half : 2].count(0)
    if odd > 0.6 * half and even < 0.05 * half:
        return "utf-16-le"
    if even > 0.6 * half and odd < 0.05 * half:
        return "utf-16-be"
    return None


def _oddness(text: str) -> int:
    """How unlike writing a decoded text is: signs where no one puts them."""
    return len(_FOREIGN.findall(text)) - 2 * len(_NATURAL.findall(text))


def _legacy(head: bytes) -> str:
    """The encoding of text that is not Unicode.

    Between Windows and Mac Western the letters themselves decide: short names are too little for
    a statistical guess. Other scripts are left to charset-normalizer.
    """
    foreign = sum(b >= 0x80 for b in head)
    if foreign > 100 and foreign * 5 > len(head):  # one byte in five: not a Western language
        best = from_bytes(head[:100_000]).best()
        if best is not None and best.encoding not in ("ascii", "utf_8"):
            return best.encoding
    windows, mac = head.decode("cp1252", "replace"), head.decode("mac_roman")
    return "mac_roman" if _oddness(mac) < _oddness(windows) else "cp1252"


def encoding_of(path: Path, head: bytes, whole: bool) -> str:
    """The encoding of a text file from its first bytes; raises REC-not-text.

    `whole` says that `head` is the entire file.
    """
    what = kind_of(head)
    if what:
        raise stop("REC-not-text", path, looks=what)
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding
    wide = _wide(head)
    if wide:
        return wide
    control = len(head) - len(head.translate(None, _CONTROL))
    if control > 16 and control * 20 > len(head):
        raise stop("REC-not-text", path, looks="binary data")
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head, final=whole)
        return "utf-8"
    except UnicodeDecodeError:
        pass
    # one bad byte in a file that is otherwise rich in UTF-8 does not make it another encoding
    text = head.decode("utf-8", "surrogateescape")
    bad = len(_ESCAPED.findall(text))
    good = sum(c >= "\x80" for c in text) - bad
    return "utf-8" if good > 3 * bad else _legacy(head)


def _western(found: re.Match[str]) -> str:
    raw = found.group().encode("utf-8", "surrogateescape")
    try:
        return raw.decode("cp1252")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def mend(text: str) -> str:
    """Bytes that were not UTF-8 (decoded with surrogateescape) read as Windows Western."""
    return _ESCAPED.sub(_western, text)


def to_utf8(path: Path, encoding: str, target: Path) -> None:
    """A copy of a text file in UTF-8, piece by piece; no byte is dropped."""
    single = encoding in ("cp1252", "mac_roman", "latin_1")
    decoder = codecs.getincrementaldecoder(encoding)("surrogateescape" if single else "replace")
    with path.open("rb") as source, target.open("wb") as out:
        while chunk := source.read(_CHUNK):
            out.write(mend(decoder.decode(chunk)).encode("utf-8", "replace"))
        out.write(mend(decoder.decode(b"", final=True)).encode("utf-8", "replace"))
