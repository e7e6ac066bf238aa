"""Sentences: one catalogue for every caveat, refusal, error and label.

Code carries codes and parameters; this module turns them into a sentence of a language.
The catalogue is gettext (`locale/<language>/LC_MESSAGES/rung.po`), keyed by code, so that a
translation is a new file and never a change of code. `make messages` compiles it.
"""

from __future__ import annotations

import gettext
import string
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

LOCALE = Path(__file__).parent / "locale"

Scalar = str | int | float | bool | None
Params = Mapping[str, Scalar]


class _Words(string.Formatter):
    """`{n:# row|# rows}` is the form for one, or the form for any other number; # is the number."""

    def format_field(self, value: Any, format_spec: str) -> str:
        one, choice, many = format_spec.partition("|")
        if not choice:
            return str(super().format_field(value, format_spec))
        return (one if value == 1 else many).replace("#", f"{value:,}")


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation("rung", LOCALE, languages=[language, "en"])


def has(key: str, language: str = "en") -> bool:
    """Whether the catalogue of `language` (or English) has a sentence for `key`."""
    return _catalogue(language).gettext(key) != key


def sentence(key: str, params: Params | None = None, language: str = "en") -> str:
    """The sentence for `key` with its parameters filled in.

    Raises KeyError when the catalogue has no such key: a missing sentence is our bug and must
    fail a test, never reach a person as a bare code.
    """
    text = _catalogue(language).gettext(key)
    if text == key:
        raise KeyError(f"no sentence for {key!r} in the catalogue")
    return _Words().vformat(text, (), dict(params or {}))
