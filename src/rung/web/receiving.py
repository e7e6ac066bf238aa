"""Receiving large files: streamed to their place in pieces, hashed on the way, never in memory.

Only the view that is for it takes files: anywhere else a request's files are thrown away unread
(`FILE_UPLOAD_HANDLERS` is empty), so that nobody fills the disk before it is known who they are.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST

from rung.web import place
from rung.web.access import needs

ROOM = 1 << 20
"""What a request has beside its file."""
View = Callable[..., HttpResponse]


class Received(UploadedFile):  # type: ignore[type-arg]
    """A file that lies in `incoming/` under a random name, with its digest."""

    def __init__(self, path: str, sha256: str, **more: Any) -> None:
        super().__init__(file=None, **more)
        self.path = path
        self.sha256 = sha256

    @property
    def place(self) -> Path:
        """Where it lies."""
        return Path(self.path)

    def close(self) -> None:
        """It is on the disk; nothing is open."""


class Handler(FileUploadHandler):
    """Writes pieces straight into `incoming/`; a file over the limit ends the upload at once."""

    chunk_size = 1 << 20

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.made: list[Path] = []
        self.too_large = False
        self.out: BinaryIO | None = None

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Open its place."""
        super().new_file(*args, **kwargs)
        self.path = place.incoming() / f".{secrets.token_hex(8)}.part"
        self.made.append(self.path)
        self.out = os.fdopen(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        self.hash = hashlib.sha256()
        self.bytes = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Keep one piece."""
        self.bytes += len(raw_data)
        if self.bytes > settings.UPLOAD_BYTES:
            self.too_large = True
            self.upload_interrupted()
            raise StopUpload(connection_reset=True)
        self.hash.update(raw_data)
        if self.out is not None:
            self.out.write(raw_data)

    def file_complete(self, file_size: int) -> Received:
        """The whole file is there and on the disk."""
        if self.out is not None:
            self.out.flush()
            os.fsync(self.out.fileno())
            self.out.close()
        return Received(
            str(self.path),
            self.hash.hexdigest(),
            name=self.file_name,
            content_type=self.content_type,
            size=self.bytes,
            charset=self.charset,
        )

    def upload_interrupted(self) -> None:
        """Leave nothing of a file that did not come whole."""
        if self.out is not None and not self.out.closed:
            self.out.close()
        if self.made:
            self.made[-1].unlink(missing_ok=True)


def receives(view: View) -> View:
    """A view that takes files. Whatever it does not move to a place of its own is taken away."""

    @wraps(view)
    def receiving(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        handler = Handler(request)
        request.upload_handlers = [handler]
        try:
            return view(request, *args, **kwargs)
        finally:
            _tidy(handler)

    return receiving


def brings(action: str) -> Callable[[View], View]:
    """A program's view that takes a file by POST, of those who may do `action`.

    Who may is known before any of the body is read. The check of the form's token reads the whole
    body, so it comes after the check of the person.
    """

    def made(view: View) -> View:
        return csrf_exempt(needs(action)(require_POST(receives(csrf_protect(view)))))

    return made


def _tidy(handler: Handler) -> None:
    """Take away what nobody took over: a refused form, a second file, a connection that broke."""
    if handler.out is not None and not handler.out.closed:
        handler.out.close()
    for path in handler.made:
        path.unlink(missing_ok=True)


def too_large(request: HttpRequest) -> bool:
    """Whether the file is larger than the lab takes, as the request says or as was seen."""
    try:
        said = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        said = 0
    seen = any(getattr(h, "too_large", False) for h in request.upload_handlers)
    return seen or said > settings.UPLOAD_BYTES + ROOM
