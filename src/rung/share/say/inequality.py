"""Inequality in words."""

from __future__ import annotations

from collections.abc import Callable

from rung.discovery.journey import EVERYONE
from rung.finding import Cell, Finding, Row, Table
from rung.messages import english, phrase
from rung.share.numbers import percent
from rung.share.say.pieces import opened


def _number(value: Cell, places: int = 2) -> str:
    return f"{value:.{places}f}" if isinstance(value, (int, float)) else ""


def _of(outcome: str, key: str) -> str:
    """The income a question is about, as its column is called."""
    before, _, after = english(f"label.{key}", {"income": "\0"}).partition("\0")
    return outcome.removeprefix(before).removesuffix(after)


def gini(finding: Finding, language: str | None) -> list[str]:
    """The coefficient and what its ends would mean; then its range."""
    question, ends = finding.estimand, finding.interval
    given = {"income": _of(question.outcome, "gini"), "horizon": question.horizon}
    n, value = finding.counts.analysed, _number(finding.value)
    told = [opened(phrase("say.gini", {**given, "n": n, "value": value}, language))]
    if ends is None:
        return told
    low, high = _number(ends.low), _number(ends.high)
    of = phrase("say.around", {"first": low, "last": high}, language)
    return [*told, opened(phrase("say.fits", {"range": of}, language))]


def gini_change(finding: Finding, language: str | None) -> list[str]:
    """From what to what; then the range of the change."""
    question, ends = finding.estimand, finding.interval
    last, first = (_number(p.value) for p in finding.parts)
    given = {"income": _of(question.outcome, "gini-change"), "horizon": question.horizon}
    sure = ends is not None and not ends.low < 0 < ends.high
    how = ("more" if finding.value > 0 else "less") if sure else "unclear"
    told = [opened(phrase(f"say.gini-{how}", {**given, "first": first, "last": last}, language))]
    if ends is None:
        return told
    low, high = (f"{v:+.3f}".replace("-", "−") for v in (ends.low, ends.high))
    return [*told, phrase("say.gini-changed", {"low": low, "high": high}, language)]


def _indices(table: Table, language: str | None) -> list[str]:
    question = table.estimand
    given = {"outcome": question.outcome, "horizon": question.horizon}
    told = [opened(phrase("say.inequality", given, language))]
    for key in ("palma", "p90-p10"):
        label = english(f"label.index-{key}")
        row = next((r for r in table.rows if r["index"] == label), None)
        if row is not None and row["value"] is not None:
            times = _number(row["value"], 1)
            words = f"say.inequality-{key.partition('-')[0]}"
            told.append(phrase(words, {"times": times}, language))
    return told


def _curve(table: Table, language: str | None) -> list[str]:
    shown = [r for r in table.rows if r["income_share"] is not None]
    if not shown:
        return _hidden(table, language)
    row = min(shown, key=lambda r: abs(float(r["poorest"] or 0) - 0.5))
    given = {
        "income": _of(table.estimand.outcome, "lorenz"),
        "horizon": table.estimand.horizon,
        "people": percent(float(row["poorest"] or 0)),
        "share": percent(float(row["income_share"] or 0)),
    }
    return [opened(phrase("say.lorenz", given, language))]


def _hidden(table: Table, language: str | None) -> list[str]:
    return [opened(phrase("say.inequality-hidden", {"outcome": table.estimand.outcome}, language))]


def _listed(table: Table, language: str | None) -> list[str]:
    """The Gini of each row by its name."""
    key = table.columns[0].name
    said = [
        phrase("say.item", {"name": r[key], "value": _number(r["gini"])}, language)
        for r in table.rows
        if r["gini"] is not None
    ]
    if not said:
        return _hidden(table, language)
    given = {"income": _of(table.estimand.outcome, table.name), "list": "; ".join(said)}
    return [opened(phrase(f"say.{table.name}", given, language))]


def _parts(table: Table, language: str | None) -> list[str]:
    row = next((r for r in table.rows if r["between_share"] is not None), None)
    if row is None:
        return _hidden(table, language)
    given = {
        "income": _of(table.estimand.outcome, table.name),
        "index": row["index"],
        "share": percent(float(row["between_share"] or 0)),
    }
    return [opened(phrase("say.inequality-parts", given, language))]


def _change(table: Table, language: str | None) -> list[str]:
    row: Row | None = next((r for r in table.rows if r[table.columns[0].name] == EVERYONE), None)
    if row is None or row["together"] is None:
        return _hidden(table, language)
    names = ("together", "inside", "size", "relative_income")
    given = {
        "income": _of(table.estimand.outcome, table.name),
        "horizon": table.estimand.horizon,
        **{k: f"{float(row[k] or 0):+.3f}".replace("-", "−") for k in names},
    }
    return [opened(phrase("say.inequality-change", given, language))]


TABLES: dict[str, Callable[[Table, str | None], list[str]]] = {
    "inequality": _indices,
    "lorenz": _curve,
    "inequality-groups": _listed,
    "inequality-periods": _listed,
    "inequality-parts": _parts,
    "inequality-change": _change,
}
FINDINGS = {"gini": gini, "gini-change": gini_change}
