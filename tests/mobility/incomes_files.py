"""A file of people's incomes, and of their parents', as a city's analyst has it."""

from __future__ import annotations

import numpy as np

PEOPLE = 300


def city(**more: list[object]) -> bytes:
    """People with incomes of their own and of their parents."""
    r = np.random.default_rng(5)
    parent, noise = r.normal(size=(2, PEOPLE))
    names: list[object] = [f"ZQX{i}" for i in range(PEOPLE)]
    columns: dict[str, list[object]] = {
        "name": names,
        "county": [*(("Kings", "Queens")[i % 2] for i in range(PEOPLE - 4)), *["Tiny"] * 4],
        "year": [2015 + i // 150 for i in range(PEOPLE)],
        "weight": list(np.round(r.uniform(1, 3, PEOPLE), 2)),
        "earnings": list(np.round(np.exp(10 + parent))),
        "parents": list(np.round(np.exp(10 + parent))),
        "own": list(np.round(np.exp(10.2 + 0.6 * parent + 0.8 * noise))),
        "empty": [""] * PEOPLE,
        **more,
    }
    rows = zip(*columns.values(), strict=True)
    return "\n".join([",".join(columns), *(",".join(map(str, row)) for row in rows)]).encode()
