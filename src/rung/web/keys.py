"""A person's key: how addresses name someone without a pseudonym of the records.

The key is the pseudonym encrypted with AES-SIV (RFC 5297) under the lab's secret, bound to the
program: the same person has the same key in every generation, nobody without the secret can make
one or tell who it is, and a key of one program opens nothing in another.
"""

from __future__ import annotations

import base64
import binascii
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from django.http import Http404

from rung.records import privacy
from rung.records.lab import Lab
from rung.web.models import Program

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

LONGEST = 200


def key(program: Program, pid: str) -> str:
    """The key of a person of this program, for addresses: lower-case letters and digits 2 to 7."""
    sealed = _of(program).encrypt(pid.encode(), [program.uid.encode()])
    return base64.b32encode(sealed).decode().rstrip("=").lower()


def pid(program: Program, key: str) -> str:
    """Who a key is, as a pseudonym. Raises Http404 for anything that is no key of this program."""
    if not 0 < len(key) <= LONGEST:
        raise Http404
    try:
        sealed = base64.b32decode(key.upper() + "=" * (-len(key) % 8))
        return _of(program).decrypt(sealed, [program.uid.encode()]).decode()
    except (binascii.Error, InvalidTag, ValueError):
        raise Http404 from None


def _of(program: Program) -> AESSIV:
    if program.generation is None:
        raise Http404
    return _cipher(program.generation.folder)


@lru_cache(256)
def _cipher(folder: Path) -> AESSIV:
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    secret = privacy.key(Lab.open(folder))
    # a key of its own: pseudonyms and the key table use others
    return AESSIV(HKDF(SHA256(), 64, None, b"rung addresses 1").derive(secret))
