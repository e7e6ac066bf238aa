"""The pages of this room."""

from __future__ import annotations

from django.urls import URLPattern

urls: list[URLPattern] = []
