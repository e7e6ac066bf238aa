"""Places in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from rung.finding import Finding, Table
from rung.messages import Scalar, english, phrase
from rung.share.numbers import amount, around, between, change
from rung.share.say.pieces import opened


def _given(answer: Finding | Table) -> dict[str, Scalar]:
    question = answer.estimand
    return {
        "name": question.population,
        "outcome": question.outcome,
        "like": question.contrast,
        "horizon": question.horizon,
    }


def place(finding: Finding, language: str | None) -> list[str]:
    """The value, and its range."""
    unit, ends = finding.estimand.unit, finding.interval
    said = amount(finding.value, unit, language)
    told = [opened(phrase("say.place", {**_given(finding), "value": said}, language))]
    if ends is None:
        return told
    fits = around(ends.low, ends.high, unit, language)
    return [*told, opened(phrase("say.fits", {"range": fits}, language))]


def gap(finding: Finding, language: str | None) -> list[str]:
    """More, less or not to be told; then by how much."""
    unit, ends = finding.estimand.unit, finding.interval
    given = {**_given(finding), "change": change(finding.value, unit, language)}
    unclear = ends is not None and ends.low < 0 < ends.high
    told = [
        opened(phrase("say.place-gap-unclear" if unclear else "say.place-gap", given, language))
    ]
    if ends is None:
        return told
    fits = between(ends.low, ends.high, unit, language)
    if unclear:
        given = {"change": given["change"], "range": fits}
        return [*told, opened(phrase("say.best-guess", given, language))]
    return [*told, opened(phrase("say.fits", {"range": fits}, language))]


def change_over(finding: Finding, language: str | None) -> list[str]:
    """From the first year or cohort to the last; then by how much."""
    unit, ends = finding.estimand.unit, finding.interval
    last, first = finding.parts
    given = {**_given(finding), "change": change(finding.value, unit, language)}
    given |= {"first": first.group, "last": last.group}
    unclear = ends is not None and ends.low < 0 < ends.high
    key = "say.place-change-unclear" if unclear else "say.place-change"
    told = [opened(phrase(key, given, language))]
    if ends is None:
        return told
    fits = between(ends.low, ends.high, unit, language)
    key = "say.best-guess" if unclear else "say.fits"
    return [*told, opened(phrase(key, {"change": given["change"], "range": fits}, language))]


def rank(finding: Finding, language: str | None) -> list[str]:
    """Where it stands, and which places fit."""
    ends, n = finding.interval, finding.counts.analysed
    given = {**_given(finding), "rank": round(finding.value), "n": n}
    told = [opened(phrase(f"say.{finding.method.key}", given, language))]
    if ends is None:
        return told
    low, high = round(ends.low), round(ends.high)
    key = "say.place-rank-sure" if low == high else "say.place-rank-fits"
    return [*told, phrase(key, {"low": low, "high": high}, language)]


def _listed(table: Table, language: str | None) -> list[str]:
    key = table.columns[0].name
    unit = next(c.unit for c in table.columns if c.name == "value")
    said = [
        phrase(
            "say.item",
            {"name": r[key], "value": amount(float(r["value"]), unit, language)},
            language,
        )
        for r in table.rows
        if r["value"] is not None
    ]
    given = {**_given(table), "list": "; ".join(said)}
    return [opened(phrase(f"say.{table.name}", given, language))]


def _plain(table: Table, language: str | None) -> list[str]:
    return [opened(phrase(f"say.{table.name}", _given(table), language))]


def _overview(table: Table, language: str | None) -> list[str]:
    """How many measures stand above, below and level with the peers'."""
    by = Counter(str(r["standing"]) for r in table.rows)
    given: dict[str, Scalar] = {**_given(table), "n": len(table.rows)}
    given |= {k: by[english(f"label.standing-{k}")] for k in ("above", "below", "unclear")}
    told = by.total() - by[""]
    if not told:
        return [opened(phrase("say.place-overview-plain", given, language))]
    given["plain"] = by[""]
    key = "say.place-overview-some" if by[""] else "say.place-overview"
    return [opened(phrase(key, given, language))]


def _correlates(table: Table, language: str | None) -> list[str]:
    told = []
    for row in table.rows:
        rho, low, high = (float(row[k] or 0) for k in ("rho", "low", "high"))
        how = "unclear" if low < 0 < high else "more" if rho > 0 else "less"
        given = {"outcome": table.estimand.outcome, "characteristic": row["characteristic"]}
        told.append(opened(phrase(f"say.place-correlates-{how}", given, language)))
    return told


TABLES: dict[str, Callable[[Table, str | None], list[str]]] = {
    "place-peers": _plain,
    "place-groups": _listed,
    "place-trend": _listed,
    "place-correlates": _correlates,
    **dict.fromkeys(("place-map", "place-map-nation", "place-map-states"), _plain),
    "place-overview": _overview,
}
FINDINGS = {
    "place": place,
    "place-gap": gap,
    "place-change": change_over,
    "place-rank": rank,
    "place-rank-all": rank,
}
