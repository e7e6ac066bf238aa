"""The web lab as a Django application."""

from __future__ import annotations

from django.apps import AppConfig


class Web(AppConfig):
    """Its label is `web`."""

    name = "rung.web"
    label = "web"
    default = True
