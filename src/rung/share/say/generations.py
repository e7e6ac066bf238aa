"""Two generations in words."""

from __future__ import annotations

import math
from collections.abc import Callable

from rung.finding import Finding, Table
from rung.messages import Scalar, phrase, sentence, word
from rung.share.numbers import amount, percent
from rung.share.say.pieces import estimate_columns, opened, range_of, too_few

_Words = Callable[[Finding, str | None], list[str]]


def _of(finding: Finding, told: str, language: str | None) -> str:
    """A sentence with how many people it counts, where that is known."""
    n = finding.parts[0].n if finding.parts else finding.counts.analysed
    if not n:
        return opened(told)
    given: dict[str, Scalar] = {"told": told.rstrip("."), "n": n}
    return opened(sentence("say.generations-of", given, language)) + "."


def _points(value: float) -> str:
    return f"{abs(value):.1f}"


def _signed(value: float) -> str:
    return f"{'−' if value < -0.05 else ''}{_points(value)}"


def _range(finding: Finding, key: str, scale: float, language: str | None) -> list[str]:
    ends = finding.interval
    if ends is None or not (math.isfinite(ends.low) and math.isfinite(ends.high)):
        return []
    given = {"low": _signed(scale * ends.low), "high": _signed(scale * ends.high)}
    return [sentence(key, given, language)]


def _slope(finding: Finding, language: str | None) -> list[str]:
    which = "lower" if finding.value < 0 else "higher"
    given = {
        "points": _points(10 * finding.value),
        "direction": sentence(f"say.rank-{which}", {}, language),
    }
    told = _of(finding, sentence("say.rank-rank", given, language), language)
    return [told, *_range(finding, "say.rank-rank-range", 10, language)]


def _elasticity(finding: Finding, language: str | None) -> list[str]:
    which = "less" if finding.value < 0 else "more"
    given = {
        "percent": _points(10 * finding.value),
        "direction": sentence(f"say.elasticity-{which}", {}, language),
    }
    told = _of(finding, sentence("say.elasticity", given, language), language)
    return [told, *_range(finding, "say.elasticity-range", 10, language)]


def _fits(finding: Finding, language: str | None) -> list[str]:
    if finding.interval is None:
        return []
    return [opened(sentence("say.fits", {"range": range_of(finding, language)}, language))]


def _expected(finding: Finding, language: str | None) -> list[str]:
    given = {
        "outcome": finding.estimand.outcome,
        "value": amount(finding.value, "number", language),
    }
    told = _of(finding, phrase("say.expected-rank", given, language), language)
    return [told, *_fits(finding, language)]


def _share(finding: Finding, language: str | None) -> list[str]:
    year = finding.estimand.dollar_year
    given = {
        "outcome": finding.estimand.outcome,
        "percent": percent(finding.value),
        "year": year,
    }
    key = "say.generations-share" + ("-year" if year is not None else "")
    told = _of(finding, phrase(key, given, language), language)
    return [told, *_fits(finding, language)]


FINDINGS: dict[str, _Words] = {
    **dict.fromkeys(("rank-rank", "rank-rank-matrix"), _slope),
    "intergenerational-elasticity": _elasticity,
    **{f"expected-rank-{by}{of}": _expected for by in ("line", "cell") for of in ("", "-matrix")},
    **dict.fromkeys(
        ("transition-share", "transition-matrix", "absolute-mobility", "absolute-copula"), _share
    ),
}
"""Words of the findings, by the method's key."""


# -- tables


def _listed(table: Table, language: str | None) -> list[str]:
    """Each row's value."""
    key = table.columns[0].name
    value = estimate_columns(table)[0]
    unit = next(c.unit for c in table.columns if c.name == value)
    said, hidden = [], []
    for row in table.rows:
        name = word(str(row[key]), language)
        if row[value] is None:
            hidden.append(str(row[key]))
            continue
        told = amount(float(row[value] or 0), unit, language)
        said.append(sentence("say.item", {"name": name, "value": told}, language))
    if not said:
        return too_few(hidden, table, language)
    given = {"outcome": table.estimand.outcome, "list": "; ".join(said)}
    return [
        opened(phrase("say.generations-list", given, language)),
        *too_few(hidden, table, language),
    ]


def _ends(table: Table, language: str | None) -> list[str]:
    """Mean ranks where parents rank lowest and highest."""
    shown = [r for r in table.rows if r["mean_rank"] is not None]
    if len(shown) < 2:
        return _table(table, language)
    first, last = (amount(float(shown[i]["mean_rank"] or 0), "number", language) for i in (0, -1))
    given = {"outcome": table.estimand.outcome, "first": first, "last": last}
    return [opened(phrase("say.generations-ends", given, language))]


def _fifths(table: Table, language: str | None) -> list[str]:
    shares = [row["share"] for row in table.rows]
    corners = [shares[at] for at in (0, 4, 24)]
    if any(v is None for v in corners):
        return _table(table, language)
    stay, rise, top = (percent(float(v or 0)) for v in corners)
    given = {"stay": stay, "rise": rise, "top": top}
    return [opened(phrase("say.generations-fifths", given, language))]


def _bounds(table: Table, language: str | None) -> list[str]:
    row = next(r for r in table.rows if r["low"] is not None or r["share"] is None)
    if row["low"] is None or row["high"] is None:
        return _table(table, language)
    ends = {k: percent(float(row[k] or 0)) for k in ("low", "high")}
    given = {"outcome": table.estimand.outcome, **ends}
    return [opened(phrase("say.generations-bounds", given, language))]


def _table(table: Table, language: str | None) -> list[str]:
    given = {"outcome": table.estimand.outcome}
    return [opened(phrase("say.generations-table", given, language))]


TABLES: dict[str, Callable[[Table, str | None], list[str]]] = {
    **{
        f"generations-{kind}": _listed
        for kind in ("slope", "expected-25", "expected-75", "up", "above", "zeros", "years")
    },
    **{f"generations-{kind}": _listed for kind in ("indices", "direction")},
    "generations-stays": _table,
    "generations-ranks": _ends,
    "generations-fifths": _fifths,
    "generations-bounds": _bounds,
}
"""Words of the tables, by name."""
