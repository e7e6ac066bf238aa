"""Returns in words: what a program is worth, to whom, and how sure."""

from __future__ import annotations

import math
from collections.abc import Callable

from rung.finding import Finding, Table
from rung.messages import phrase, sentence, word
from rung.share.numbers import between, dollars, percent, plain
from rung.share.say.pieces import either, opened


def who(perspective: str, language: str | None = None) -> str:
    """A perspective as people say it: "society as a whole", "participants"."""
    return sentence(f"label.who-{perspective}", {}, language)


def _said(key: str, finding: Finding, language: str | None, **more: object) -> str:
    question = finding.estimand
    given = {"horizon": question.horizon, **{k: str(v) for k, v in more.items()}}
    if question.population != "public funds":
        given["who"] = who(question.population, language)
    return opened(phrase(f"say.{key}", given, language))


def _pieces(
    finding: Finding, language: str | None, show: Callable[[float], str], more: str = "or-more"
) -> list[str]:
    """The range in words: an interval, half-lines, infinity alone, or anything at all."""
    if finding.interval is None:
        return []
    told = []
    for low, high in finding.interval.pieces:
        if low == high == math.inf:
            told.append(sentence("say.without-limit", {}, language))
        elif math.isinf(low) and math.isinf(high):
            told.append(sentence("say.any-value", {}, language))
        elif math.isinf(high):
            told.append(sentence(f"say.{more}", {"low": show(low)}, language))
        elif math.isinf(low):
            told.append(sentence("say.or-less", {"high": show(high)}, language))
        else:
            given = {"first": show(low), "last": show(high)}
            told.append(sentence("say.around", given, language))
    key = "say.scenario-fits" if finding.interval.kind == "scenario range" else "say.fits"
    return [opened(sentence(key, {"range": either(told, language)}, language))]


def _npv(finding: Finding, language: str | None) -> list[str]:
    value, year = finding.value, finding.estimand.dollar_year
    how = "even" if round(value) == 0 else "more" if value > 0 else "less"
    size = dollars(abs(value))
    kind = "npv-weighted" if finding.method.key == "npv-weighted" else "npv"
    told = [
        _said(f"{kind}-{how}", finding, language, amount=size),
        _said("npv-horizon", finding, language, year=year),
    ]
    if finding.interval is not None:
        ends = finding.interval
        scenario = ends.kind == "scenario range"
        range_ = between(ends.low, ends.high, "dollars", language)
        key = "say.scenario-fits" if scenario else "say.fits"
        told.append(opened(sentence(key, {"range": range_}, language)))
    return told


def _bcr(finding: Finding, language: str | None) -> list[str]:
    told = _said("bcr", finding, language, amount=dollars(finding.value))
    return [told, *_pieces(finding, language, dollars)]


def _irr(finding: Finding, language: str | None) -> list[str]:
    key = "irr" if finding.value >= 0 else "irr-loss"
    told = _said(key, finding, language, percent=_rate(abs(finding.value)))
    return [told, *_pieces(finding, language, _rate)]


def _rate(value: float) -> str:
    size = abs(value)
    said = percent(size) if size >= 0.1 else f"{100 * size:.1f}\N{NO-BREAK SPACE}%"
    return f"{'−' if value < 0 else ''}{said}"


def _break_even(finding: Finding, language: str | None) -> list[str]:
    key = "break-even" if finding.value > 0 else "break-even-at-once"
    told = _said(key, finding, language, year=plain(finding.value))
    return [told, *_pieces(finding, language, lambda v: _year(v, language), "or-later")]


def _year(value: float, language: str | None) -> str:
    return sentence("say.year", {"year": plain(value)}, language)


def _persistence(finding: Finding, language: str | None) -> list[str]:
    key = "persistence" if finding.value > 0 else "persistence-none"
    told = _said(key, finding, language, years=_years(finding.value))
    return [told, *_pieces(finding, language, _years)]


def _years(value: float) -> str:
    return f"{value:.1f}" if value < 10 else plain(value)


def _mvpf(finding: Finding, language: str | None) -> list[str]:
    key = finding.method.key
    if math.isinf(finding.value):
        told = _said(f"{key}-infinite", finding, language)
    else:
        told = _said(key, finding, language, amount=_cents(finding.value))
    return [told, *_pieces(finding, language, _cents)]


def _cents(value: float) -> str:
    """Dollars; what would be a few cents keeps three digits."""
    return dollars(value) if abs(value) >= 0.1 or value == 0 else f"${value:.3f}"


FINDINGS = {
    "npv": _npv,
    "npv-weighted": _npv,
    "bcr": _bcr,
    "irr": _irr,
    "break-even-year": _break_even,
    "break-even-persistence": _persistence,
    "mvpf": _mvpf,
    "mvpf-cost": _mvpf,
    "mvpf-least": _mvpf,
}


# -- tables


def _accounts(table: Table, language: str | None) -> list[str]:
    """Who gains and who pays, in one sentence each."""
    rows = {str(r["perspective"]): r["npv"] for r in table.rows}
    told = {
        "gains": [who(p, language) for p, v in rows.items() if p != "society" and _number(v) > 0],
        "pays": [who(p, language) for p, v in rows.items() if p != "society" and _number(v) < 0],
    }
    made = [opened(phrase("say.returns", {"horizon": table.estimand.horizon}, language))]
    made += [
        opened(sentence(f"say.returns-{key}", {"list": _and(names, language)}, language))
        for key, names in told.items()
        if names
    ]
    return made


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _and(names: list[str], language: str | None) -> str:
    *before, last = names
    if not before:
        return last
    return sentence("say.and", {"first": ", ".join(before), "last": last}, language)


def _rho(_table: Table, language: str | None) -> list[str]:
    return [sentence("say.rho", {}, language)]


def _quadrants(table: Table, language: str | None) -> list[str]:
    row = table.rows[-1]
    if row["gain_cost"] is None:
        return [sentence("say.quadrants", {}, language)]
    names = ("gain_cost", "gain_saving", "loss_cost", "loss_saving")
    given = {k: percent(_number(row[k])) for k in names}
    key = "say.quadrants-shares"
    plane = word(str(row["plane"]), language)
    return [sentence("say.quadrants", {}, language),
            sentence(key, {**given, "plane": plane}, language)]  # fmt: skip


def _tornado(table: Table, language: str | None) -> list[str]:
    perspective = who(table.estimand.population, language)
    shown = [r for r in table.rows if r["npv_low"] is not None]
    if not shown:
        return [opened(sentence("say.tornado-none", {"who": perspective}, language))]
    first = shown[0]
    given = {
        "who": perspective,
        "parameter": word(str(first["parameter"]), language),
        "low": dollars(_number(first["npv_low"])),
        "high": dollars(_number(first["npv_high"])),
    }
    return [opened(sentence("say.tornado", given, language))]


def _wider(_table: Table, language: str | None) -> list[str]:
    return [sentence("say.wider", {}, language)]


TABLES = {
    "returns": _accounts,
    "rho": _rho,
    "quadrants": _quadrants,
    "tornado": _tornado,
    "wider": _wider,
}
ASSUMED = frozenset((*FINDINGS, *TABLES))
"""Methods whose answers, where no effect was measured, rest on assumptions and not on records."""
