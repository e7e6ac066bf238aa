"""Words, days and answers in templates. Every visible word comes through `t`."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import template
from django.core.cache import caches
from django.utils import formats
from django.utils.safestring import SafeString, mark_safe

from rung import messages
from rung.documents import digest
from rung.errors import Problem
from rung.finding import to_json

register = template.Library()


@register.simple_tag
def t(key: str, **params: Any) -> str:
    """The sentence of the catalogue in the reader's language; Django escapes it."""
    return messages.sentence(key, params)


@register.filter
def word(text: str) -> str:
    """A word of the schema in the reader's language."""
    return messages.word(text)


@register.filter
def day(value: dt.date | dt.datetime | str | None) -> str:
    """A day as people write it: May 3, 2025."""
    if not value:
        return ""
    if isinstance(value, str):
        value = dt.date.fromisoformat(value[:10])
    return formats.date_format(value, "DATE_FORMAT")


@register.filter
def share(value: float) -> int:
    """A share as whole percent, for a progress bar."""
    return round(100 * value)


@register.filter
def get(mapping: Any, key: Any) -> Any:
    """`mapping[key]`, or nothing."""
    try:
        return mapping.get(key)
    except AttributeError:
        return None


@register.filter
def todo(problem: Problem) -> str:
    """What to do about a problem, on these pages and not in a file or a terminal."""
    key = f"web.next.{problem.code}"
    if not messages.has(key):
        return problem.next()
    return messages.sentence(key, {"column": problem.column or "", **problem.params})


@register.simple_tag
def answer(released: Any, heading: int = 2) -> SafeString:
    """A released answer: headline, number, chart, and what lies behind it."""
    from rung.share import brief

    # drawing a chart takes longer than all the rest of a page: the same answer is drawn once
    shown = (digest(to_json(released.answer)), repr(released.audience), released.exempt)
    key = digest([*shown, messages.current(), heading])
    text = caches["pages"].get(key)
    if text is None:
        text = brief.article(released, messages.current(), heading)
        caches["pages"].set(key, text, 3600)
    return mark_safe(str(text))  # noqa: S308 (escaped where it is made)
