"""Pseudonyms, and the encrypted table that alone links them to people.

A pseudonym is the SHA-256 of the lab's secret followed by the id in NFC, cut to 96 bits. The
secret comes first and the digest is cut, so that a longer id can never be guessed from a known
one; without the secret nobody can try ids one by one. The secret is in `private/lab.key`, or in
the environment as RUNG_KEY, and reaches SQL as a variable, never as text.

`private/keys.enc` is a Parquet table encrypted with AES-256-GCM in chunks. Each chunk is bound to
its place and the last one is marked (the STREAM construction: Hoang, Reyhanitabar, Rogaway and
Vizár 2015), so that a file cut short or put together anew does not open.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import struct
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from sqlglot import exp

from rung.errors import RecordsError
from rung.records.importing.source import copy_to
from rung.records.lab import Lab
from rung.records.query import Session, fill, load, name, tree

if TYPE_CHECKING:  # cryptography is imported where it is used: `rung --help` stays quick
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
DIGITS = 24  # of a pseudonym: 96 bits; two of 10 million people meet with odds of 1 in 10^15
FORGOTTEN = "forgotten"  # the kind of document that a forgotten person leaves
_MAGIC = b"RUNGKEYS"
_VERSION = 1
_HEADER = struct.Struct(">8sBxxxI16s8s")  # magic, version, chunk bytes, salt, nonce prefix
_CHUNK = 1 << 20
_TAG = 16


def key(lab: Lab, *, make: bool = True) -> bytes:
    """The lab's secret: RUNG_KEY (64 hex digits), or `private/lab.key`, made on first use."""
    if given := os.environ.get("RUNG_KEY"):
        try:
            secret = bytes.fromhex(given)
        except ValueError:
            secret = b""
        if len(secret) != KEY_BYTES:
            raise RecordsError("REC-key-shape")
        return secret
    file = lab.path / "private" / "lab.key"
    if not file.exists():
        if not make or keys_file(lab).exists():
            raise RecordsError("REC-key-missing")
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as f:
            f.write(secrets.token_hex(KEY_BYTES) + "\n")
            f.flush()
            os.fsync(f.fileno())
    try:
        secret = bytes.fromhex(file.read_text("ascii").strip())
    except ValueError:
        secret = b""
    if len(secret) != KEY_BYTES:
        raise RecordsError("REC-key-shape")
    return secret


def keys_file(lab: Lab) -> Path:
    """Where the encrypted key table is."""
    return lab.path / "private" / "keys.enc"


def use(session: Session, secret: bytes) -> None:
    """Let queries of this session make pseudonyms."""
    session.connection.execute("SET VARIABLE rung_key = ?", [secret])


def pseudonym(identifier: exp.Expr) -> exp.Expr:
    """The pseudonym of an id, as a tree; NULL for NULL."""
    secret = exp.Anonymous(this="getvariable", expressions=[tree("rung_key")])
    text = exp.Anonymous(this="encode", expressions=[identifier.copy()])
    joined = exp.DPipe(this=secret, expression=text)
    return exp.Left(
        this=exp.Anonymous(this="sha256", expressions=[joined]), expression=tree(DIGITS)
    )


def mark(pid: str) -> str:
    """The digest of a pseudonym: what is kept of someone who was forgotten."""
    return hashlib.sha256(pid.encode()).hexdigest()


def marked(marks: Iterable[str]) -> exp.Expr:
    """Whether the column `pid` is of someone with one of these marks, as a tree."""
    one = exp.Anonymous(this="sha256", expressions=[name("pid")])
    return exp.In(this=one, expressions=[tree(m) for m in marks])


def forgotten(lab: Lab) -> frozenset[str]:
    """The marks of everyone whom the lab forgot."""
    store = lab.store
    found = (store.get(FORGOTTEN, each).body.get("digest") for each in store.names(FORGOTTEN))
    return frozenset(m for m in found if isinstance(m, str))


def of(identifier: str, secret: bytes) -> str:
    """The pseudonym of one id, as `pseudonym` makes it in a query."""
    return hashlib.sha256(secret + identifier.encode()).hexdigest()[:DIGITS]


def _cipher(secret: bytes, salt: bytes) -> AESGCM:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    # a key of its own, so that pseudonyms and the table never share one
    return AESGCM(HKDF(SHA256(), KEY_BYTES, salt, b"rung keys 1").derive(secret))


def encrypt(plain: Path, sealed: Path, secret: bytes) -> None:
    """Write `plain` encrypted to `sealed`, whole or not at all."""
    temporary = sealed.with_name(f".{sealed.name}.writing")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with plain.open("rb") as source, os.fdopen(handle, "wb") as out:
        seal(source, out, secret)
        out.flush()
        os.fsync(out.fileno())
    temporary.replace(sealed)


def seal(source: BinaryIO, out: BinaryIO, secret: bytes) -> None:
    """Write everything of `source` encrypted to `out`."""
    header = _HEADER.pack(_MAGIC, _VERSION, _CHUNK, secrets.token_bytes(16), secrets.token_bytes(8))
    salt, prefix = header[16:32], header[32:40]
    cipher = _cipher(secret, salt)
    out.write(header)
    block, number = source.read(_CHUNK), 0
    while True:
        following = source.read(_CHUNK)
        nonce = _nonce(prefix, number, last=not following)
        out.write(cipher.encrypt(nonce, block, header))
        if not following:
            return
        block, number = following, number + 1


def unseal(source: BinaryIO, out: BinaryIO, secret: bytes) -> None:
    """Write what `seal` wrote in clear to `out`; RecordsError (REC-keys-sealed) if it is not."""
    for block in _opened(source.read(_HEADER.size), source, secret):
        out.write(block)


def _nonce(prefix: bytes, number: int, *, last: bool) -> bytes:
    return prefix + struct.pack(">I", number << 1 | last)


def decrypt(sealed: Path, plain: Path, secret: bytes) -> None:
    """Write `sealed` in clear to `plain`; RecordsError (REC-keys-sealed) when it does not open."""
    with sealed.open("rb") as source, plain.open("wb") as out:
        unseal(source, out, secret)


def _opened(header: bytes, source: BinaryIO, secret: bytes) -> Iterator[bytes]:
    from cryptography.exceptions import InvalidTag

    if len(header) != _HEADER.size or not header.startswith(_MAGIC):
        raise RecordsError("REC-keys-sealed")
    _, version, chunk, salt, prefix = _HEADER.unpack(header)
    if version != _VERSION:
        raise RecordsError("REC-keys-version", version=version)
    cipher = _cipher(secret, salt)
    block, number = source.read(chunk + _TAG), 0
    while True:
        following = source.read(chunk + _TAG)
        try:
            yield cipher.decrypt(_nonce(prefix, number, last=not following), block, header)
        except InvalidTag as e:
            raise RecordsError("REC-keys-sealed") from e
        if not following:
            return
        block, number = following, number + 1


@contextmanager
def opened(lab: Lab, secret: bytes) -> Iterator[Path | None]:
    """The key table in clear, as a Parquet file that is gone afterwards; None before any import."""
    if not keys_file(lab).exists():
        yield None
        return
    with tempfile.TemporaryDirectory(dir=lab.path / "private", prefix=".keys-") as folder:
        plain = Path(folder) / "keys.parquet"
        decrypt(keys_file(lab), plain, secret)
        yield plain


def keep(lab: Lab, session: Session, fresh: Path, secret: bytes) -> None:
    """Merge new rows of the key table (Parquet: pid, id, private columns) into `keys.enc`.

    What the new import says of a person stands; people and columns it does not have are kept.
    """
    with opened(lab, secret) as old:
        if old is None:
            encrypt(fresh, keys_file(lab), secret)
            return
        before, after = _columns(session, old), _columns(session, fresh)
        columns = [
            _newer(column, column in before, column in after)
            for column in dict.fromkeys([*after, *before])
            if column != "pid"
        ]
        merged = old.with_name("merged.parquet")
        query = load("rung.records", "keys_merge")
        filled = fill(query, {"old": _scan(old), "new": _scan(fresh), "columns": columns})
        copy_to(session, filled, merged)
        encrypt(merged, keys_file(lab), secret)


def _scan(path: Path) -> exp.Expr:
    return exp.Anonymous(this="read_parquet", expressions=[tree(str(path))])


def _columns(session: Session, path: Path) -> list[str]:
    cursor = session.execute(exp.select("*").from_(_scan(path)).limit(0))
    return [d[0] for d in cursor.description or ()]


def _newer(column: str, before: bool, after: bool) -> exp.Expr:
    sides = [name(column, t) for t, there in (("new", after), ("old", before)) if there]
    node = exp.Coalesce(this=sides[0], expressions=sides[1:]) if len(sides) > 1 else sides[0]
    return exp.alias_(node, column, quoted=True)


def people(lab: Lab, pids: Iterable[str]) -> Mapping[str, Mapping[str, str | None]]:
    """Who these pseudonyms are: id and private columns by pid. For entitled staff only.

    Unknown pseudonyms are left out. Raises RecordsError when the key or the table is not right.
    """
    secret = key(lab, make=False)
    wanted = sorted(set(pids))
    with opened(lab, secret) as plain, Session() as session:
        if plain is None or not wanted:
            return {}
        listed = exp.In(this=name("pid"), expressions=[tree(p) for p in wanted])
        cursor = session.execute(exp.select("*").from_(_scan(plain)).where(listed))
        columns = [d[0] for d in cursor.description or ()]
        rows = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
    return {r.pop("pid"): {k: None if v is None else str(v) for k, v in r.items()} for r in rows}
