"""The whole web lab in one file, written while it is used, and brought back from it.

The file is a zip: `manifest.json` (versions, migrations, SHA-256 of every member), `rows/` (the
database, a line a row), `labs/` (every generation), `incoming/` (files that wait to be imported)
and `secret`. With a passphrase the zip is sealed as the key table is, under a key that scrypt makes
of the passphrase. A file that several generations share by a link is stored once.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import stat
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import IO, Any, BinaryIO, cast

from pydantic import BaseModel, ConfigDict, ValidationError

from rung import __version__
from rung.errors import RecordsError, UsageError
from rung.messages import sentence
from rung.records import privacy
from rung.web import place, server

FORMAT = 1
_SEALED = b"RUNGBACK\x01"
_MANIFEST = "manifest.json"
_STORED = (".parquet", ".enc", ".xlsx", ".zip")  # are compressed, or cannot be
_PIECE = 1 << 20
LONGEST = 64 << 20
"""Bytes of a manifest that are read: 64 MB tell of half a million files."""

Progress = Callable[[str, float], None]


class Member(BaseModel):
    """One file in the backup."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    sha256: str
    size: int


class Manifest(BaseModel):
    """What a backup holds. `same` are files that are links to a member."""

    model_config = ConfigDict(extra="forbid")
    format: int
    rung: str
    made_at: datetime
    engine: str
    migrations: list[tuple[str, str]]
    columns: dict[str, list[str]]
    members: dict[str, Member] = {}
    same: dict[str, str] = {}
    missing: list[str] = []

    @property
    def files(self) -> int:
        """How many files come back."""
        return len(self.members) - len(self.columns) + len(self.same)


@dataclass(frozen=True)
class Done:
    """What was written or brought back. `notes` are keys of sentences a person should read."""

    file: Path
    files: int
    rows: int
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As one document."""
        notes = [sentence(n, {"n": len(self.missing)}, "en") for n in self.notes]
        return {"file": self.file.name, "files": self.files, "rows": self.rows,
                "missing": list(self.missing), "notes": notes}  # fmt: skip


def passphrase(file: Path | None) -> bytes | None:
    """What a passphrase file says. UsageError when others can read it, or it is short."""
    if file is None:
        return None
    if os.name == "posix" and file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise UsageError("USE-passphrase-open", file=file.name)
    found = file.read_bytes().strip()
    if len(found) < 12:
        raise UsageError("USE-passphrase-short", file=file.name)
    return found


def _key(words: bytes, salt: bytes) -> bytes:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    return Scrypt(salt=salt, length=32, n=1 << 17, r=8, p=1).derive(words)


# -- writing


@dataclass
class _Out:
    """A zip being written, with the digest of every member."""

    zip: zipfile.ZipFile
    members: dict[str, Member] = field(default_factory=dict)

    def put(self, name: str, pieces: Iterator[bytes]) -> None:
        info = zipfile.ZipInfo(name)
        info.external_attr = 0o600 << 16
        info.compress_type = zipfile.ZIP_STORED if name.endswith(_STORED) else zipfile.ZIP_DEFLATED
        digest, size = hashlib.sha256(), 0
        with self.zip.open(info, "w", force_zip64=True) as out:
            for piece in pieces:
                digest.update(piece)
                size += len(piece)
                out.write(piece)
        self.members[name] = Member(sha256=digest.hexdigest(), size=size)


def write(file: Path, words: bytes | None, *, progress: Progress) -> Done:
    """Back the lab up to `file`, whole or not at all, readable by this user alone.

    `server.ready` has been called. What a person changes meanwhile is in it or not, never half.
    """
    for last in (False, False, True):
        with ExitStack() as stack:
            temporary = file.with_name(f".{file.name}.{secrets.token_hex(4)}.writing")
            stack.callback(temporary.unlink, missing_ok=True)
            plain = stack.enter_context(_own(temporary))
            done = _filled(file, plain, progress)
            # a file that went between the rows and it: look again, the rows may know better now
            if done.missing and not last:
                continue
            if words is not None:
                plain.seek(0)
                sealed = file.with_name(f"{temporary.name}.sealed")
                stack.callback(sealed.unlink, missing_ok=True)
                with _own(sealed) as out:
                    seal(plain, out, words)
                    _flush(out)
                temporary, _ = sealed, plain.close()
            else:
                _flush(plain)
                plain.close()
            temporary.replace(file)
            return _noted(done, sealed=words is not None)
    raise AssertionError("the last try returns")


def seal(plain: BinaryIO, out: BinaryIO, words: bytes) -> None:
    """Write all of `plain` to `out`, for those alone who know the passphrase."""
    salt = secrets.token_bytes(16)
    out.write(_SEALED + salt)
    privacy.seal(plain, out, _key(words, salt))


def _own(path: Path) -> BinaryIO:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    return cast("BinaryIO", os.fdopen(handle, "w+b"))


def _flush(out: BinaryIO) -> None:
    out.flush()
    os.fsync(out.fileno())


def _filled(file: Path, plain: BinaryIO, progress: Progress) -> Done:
    from django.db import connection

    from rung.web import clock, rows

    progress(sentence("label.doing-backup"), 0.0)
    with zipfile.ZipFile(plain, "w", compresslevel=1, allowZip64=True) as made:
        out, count = _Out(made), 0
        columns: dict[str, list[str]] = {}
        with rows.snapshot():
            done = rows.migrations()
            for label, names, lines in rows.written():
                columns[label] = names
                told = _Counted(lines)
                out.put(f"rows/{label}", told)
                count += told.n
            wanted = list(_wanted())
        same, missing = _copied(out, wanted, progress)
        manifest = Manifest(
            format=FORMAT, rung=__version__, made_at=clock.now(), engine=connection.vendor,
            migrations=done, columns=columns, members=out.members, same=same, missing=missing,
        )  # fmt: skip
        made.writestr(_MANIFEST, manifest.model_dump_json(indent=1))
    return Done(file, manifest.files, count, tuple(missing))


class _Counted(Iterator[bytes]):
    """Lines, and how many went by."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self.lines, self.n = lines, 0

    def __next__(self) -> bytes:
        line = next(self.lines)
        self.n += 1
        return line


def _wanted() -> Iterator[Path]:
    """The folders and files that the rows speak of."""
    from django.db.models import Q

    from rung.web.models import Generation, Upload

    for generation in Generation.objects.select_related("program").order_by("pk"):
        yield generation.folder
    gone = (Upload.State.IMPORTED, Upload.State.SET_ASIDE)
    unread = Q(state=Upload.State.FAILED, looked=None)  # nothing is kept of what is no table
    for upload in Upload.objects.exclude(state__in=gone).exclude(unread).order_by("pk"):
        yield upload.file
    if not os.environ.get("RUNG_SECRET_KEY"):
        yield place.home() / "secret"


def _copied(out: _Out, wanted: list[Path], progress: Progress) -> tuple[dict[str, str], list[str]]:
    home, first = place.home(), dict[tuple[int, int], str]()
    same, missing = dict[str, str](), list[str]()
    for i, top in enumerate(wanted):
        progress(sentence("label.doing-backup"), (i + 1) / (len(wanted) + 1))
        if not top.exists():
            missing.append(top.relative_to(home).as_posix())
            continue
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            name = path.relative_to(home).as_posix()
            passing = any(p.startswith(".") for p in path.relative_to(home).parts)
            if passing or path.is_symlink() or not path.is_file():
                continue  # what begins with a point is being made, or was left half made
            about = path.stat()
            if about.st_nlink > 1 and (stored := first.get((about.st_dev, about.st_ino))):
                same[name] = stored
                continue
            first[about.st_dev, about.st_ino] = name
            try:
                source = path.open("rb")
            except FileNotFoundError:
                missing.append(name)
                continue
            with source:
                out.put(name, _pieces(source))
    return same, missing


def _pieces(source: IO[bytes]) -> Iterator[bytes]:
    while piece := source.read(_PIECE):
        yield piece


def _noted(done: Done, *, sealed: bool) -> Done:
    notes = ["label.backup-holds" if sealed else "label.backup-holds-open"]
    if os.environ.get("RUNG_KEY"):
        notes.append("label.backup-key-elsewhere")
    if done.missing:
        notes.append("label.backup-missing")
    return Done(done.file, done.files, done.rows, done.missing, tuple(notes))


# -- bringing back


def read(file: Path, home: Path, words: bytes | None, *, progress: Progress) -> Done:
    """Bring a lab back into `home`, which is missing or empty, whole or not at all.

    Everything is checked before anything is written. Takes Django's place in this process.
    """
    empty(home)
    home.parent.mkdir(parents=True, exist_ok=True)
    beside = home.with_name(f".{home.name}.restoring-{secrets.token_hex(4)}")
    beside.mkdir(mode=0o700)
    try:
        with opened(file, words, beside) as archive:
            manifest = checked(archive, progress)
            _extracted(archive, manifest, beside)
            server.ready(beside)
            count = _database(archive, manifest)
        shutil.rmtree(beside / "scratch", ignore_errors=True)
        if home.exists():
            home.rmdir()
        beside.replace(home)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    return Done(home, manifest.files, count, tuple(manifest.missing))


def empty(home: Path) -> None:
    """Raise UsageError when something is in the folder."""
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise UsageError("USE-folder-full", folder=home.name)


def verify(file: Path, words: bytes | None, *, progress: Progress) -> Done:
    """Whether a backup opens and is whole, without bringing anything back."""
    with TemporaryDirectory(prefix="rung-") as beside, opened(file, words, Path(beside)) as archive:
        manifest = checked(archive, progress)
        count = sum(sum(1 for _ in archive.open(f"rows/{r}")) for r in manifest.columns)
    return Done(file, manifest.files, count, tuple(manifest.missing))


@contextmanager
def opened(file: Path, words: bytes | None, beside: Path) -> Iterator[zipfile.ZipFile]:
    """The archive; its clear form lies in the folder `beside` meanwhile."""
    with ExitStack() as stack:
        source: BinaryIO = stack.enter_context(file.open("rb"))
        sealed = source.read(len(_SEALED)) == _SEALED
        if sealed and words is None:
            raise UsageError("USE-passphrase-missing", file=file.name)
        if sealed and words is not None:
            clear = beside / "opened"
            stack.callback(clear.unlink, missing_ok=True)
            plain = stack.enter_context(_own(clear))
            try:
                privacy.unseal(source, plain, _key(words, source.read(16)))
            except RecordsError as e:
                raise RecordsError("REC-backup-sealed", file=file.name) from e
            source = plain
        source.seek(0)
        try:
            archive = stack.enter_context(zipfile.ZipFile(source))
        except (zipfile.BadZipFile, OSError, ValueError) as e:
            raise RecordsError("REC-backup-foreign", file=file.name) from e
        yield archive


def checked(archive: zipfile.ZipFile, progress: Progress) -> Manifest:
    """The manifest, once every member is what it says and every path stays inside."""
    name = Path(str(archive.filename or "")).name
    try:
        with archive.open(_MANIFEST) as f:
            manifest = Manifest.model_validate_json(f.read(LONGEST))
    except (KeyError, zipfile.BadZipFile, ValidationError, OSError, EOFError) as e:
        raise RecordsError("REC-backup-foreign", file=name) from e
    if manifest.format != FORMAT:
        raise RecordsError("REC-web-newer")
    names, listed = archive.namelist(), set(manifest.members)
    paths = listed | set(manifest.same)
    whole = len(names) == len(set(names)) and set(names) == listed | {_MANIFEST}
    rows = {f"rows/{label}" for label in manifest.columns}
    if not whole or not rows <= listed or not set(manifest.same.values()) <= listed:
        raise RecordsError("REC-backup-damaged", file=name)
    if not all(map(_inside, paths)):
        raise RecordsError("REC-backup-foreign", file=name)
    total = sum(m.size for m in manifest.members.values()) or 1
    read = 0
    for member, about in manifest.members.items():
        progress(sentence("label.doing-restore"), read / total)
        digest = hashlib.sha256()
        try:
            with archive.open(member) as f:
                for piece in _pieces(f):
                    read += len(piece)
                    digest.update(piece)
        except (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError) as e:
            raise RecordsError("REC-backup-damaged", file=name) from e
        if digest.hexdigest() != about.sha256:
            raise RecordsError("REC-backup-damaged", file=name)
    return manifest


def _inside(name: str) -> bool:
    """Whether a path may be written: below what a lab has, with no way out, on any system."""
    parts = PurePosixPath(name).parts
    plain = name == "/".join(parts) and not any(
        p in ("..", ".") or set(p) & set('\\:*?"<>|\0') or p != p.strip() for p in parts
    )
    return plain and bool(parts) and (
        name == "secret" or (parts[0] in ("rows", "labs", "incoming") and len(parts) > 1)
    )  # fmt: skip


def _place(to: Path, name: str) -> Path:
    """Where a file goes; the folders on the way are for this user alone."""
    *folders, last = PurePosixPath(name).parts
    for folder in folders:
        to = to / folder
        to.mkdir(mode=0o700, exist_ok=True)
    return to / last


def _extracted(archive: zipfile.ZipFile, manifest: Manifest, to: Path) -> None:
    for name in manifest.members:
        if name.startswith("rows/"):
            continue
        target = _place(to, name)
        with archive.open(name) as source, _own(target) as out:
            shutil.copyfileobj(source, out, _PIECE)
            _flush(out)
    for name, stored in manifest.same.items():
        target = _place(to, name)
        try:
            target.hardlink_to(to / stored)
        except OSError:  # a disk that knows no links
            shutil.copy2(to / stored, target)


def _database(archive: zipfile.ZipFile, manifest: Manifest) -> int:
    from django.db import DatabaseError, connection

    from rung.web import rows

    def lines(label: str) -> Iterator[bytes]:
        with archive.open(f"rows/{label}") as f:
            yield from f

    try:
        count = rows.load(manifest.migrations, manifest.columns, lines)
    except DatabaseError as e:
        raise RecordsError("REC-web-database", engine=connection.display_name) from e
    server.prepare()
    from rung.web.models import Job

    # whoever was at it works there, not here
    Job.objects.filter(state=Job.State.RUNNING).update(state=Job.State.WAITING, worker="")
    with suppress(DatabaseError):
        connection.close()
    return count
