"""Receiving large files: streamed to their place in pieces, hashed on the way, never in memory."""

from __future__ import annotations

import hashlib
import os
import secrets
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload

from rung.web import place


class Received(UploadedFile):  # type: ignore[type-arg]
    """A file that lies in `incoming/` under a random name, with its digest."""

    def __init__(self, path: str, sha256: str, **more: Any) -> None:
        super().__init__(file=None, **more)
        self.path = path
        self.sha256 = sha256


class Handler(FileUploadHandler):
    """Writes pieces straight into `incoming/`; a file over the limit ends the upload at once."""

    chunk_size = 1 << 20

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Open its place."""
        super().new_file(*args, **kwargs)
        self.path = place.incoming() / f".{secrets.token_hex(8)}.part"
        self.out = os.fdopen(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        self.hash = hashlib.sha256()
        self.bytes = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Keep one piece."""
        self.bytes += len(raw_data)
        if self.bytes > settings.UPLOAD_BYTES:
            self.upload_interrupted()
            raise StopUpload(connection_reset=True)
        self.hash.update(raw_data)
        self.out.write(raw_data)

    def file_complete(self, file_size: int) -> Received:
        """The whole file is there and on the disk."""
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
        if not self.out.closed:
            self.out.close()
        self.path.unlink(missing_ok=True)
