"""Rung, the economic mobility lab: where are people lost, what would help, did it work?

    >>> import rung
    >>> lab = rung.open("examples/nsw")
    >>> lab.run()

Names are loaded when they are first used, so that importing Rung costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rung.cycle import Outcome as Outcome
    from rung.cycle import estimate as estimate
    from rung.cycle import open_lab as open  # noqa: A004
    from rung.errors import RungError as RungError
    from rung.finding import Finding as Finding
    from rung.finding import Refusal as Refusal
    from rung.finding import Table as Table
    from rung.share.release import Agreement as Agreement
    from rung.share.release import Inside as Inside
    from rung.share.release import Outside as Outside

__version__ = "0.1.0"

_PLACES = {
    "Agreement": ("rung.share.release", "Agreement"),
    "Finding": ("rung.finding", "Finding"),
    "Inside": ("rung.share.release", "Inside"),
    "Outcome": ("rung.cycle", "Outcome"),
    "Outside": ("rung.share.release", "Outside"),
    "Refusal": ("rung.finding", "Refusal"),
    "RungError": ("rung.errors", "RungError"),
    "Table": ("rung.finding", "Table"),
    "estimate": ("rung.cycle", "estimate"),
    "open": ("rung.cycle", "open_lab"),
}

__all__ = [
    "Agreement",
    "Finding",
    "Inside",
    "Outcome",
    "Outside",
    "Refusal",
    "RungError",
    "Table",
    "__version__",
    "estimate",
    "open",
]


def __getattr__(name: str) -> Any:
    try:
        module, attribute = _PLACES[name]
    except KeyError:
        raise AttributeError(f"rung has no {name!r}") from None
    return getattr(importlib.import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted(__all__)
