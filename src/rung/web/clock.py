"""The web's clock: the only place of the web lab that asks the system what time it is."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone


def now() -> dt.datetime:
    """The moment, with its time zone."""
    return timezone.localtime(timezone.now())


def day() -> dt.date:
    """The calendar day where the lab is."""
    return now().date()
