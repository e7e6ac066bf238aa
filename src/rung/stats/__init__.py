"""Arithmetic on summaries and arrays; it never sees a file or a person."""
