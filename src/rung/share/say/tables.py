"""Many numbers of one question in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise

from rung.finding import Cell, Table
from rung.messages import Scalar, english, phrase, sentence, word
from rung.share.numbers import amount, between, change, in_hundred, percent, with_year
from rung.share.say import costs, generations, household, inequality, mobility, places, returns
from rung.share.say.pieces import (
    column_label,
    estimate_columns,
    group_key,
    main_rows,
    opened,
    people,
    too_few,
)

Words = Callable[[Table, str | None], list[str]]


def told(table: Table, language: str | None) -> list[str]:
    """Sentences: the first is the headline."""
    return _TABLES.get(table.name, _plain_table)(table, language)


def _journey(table: Table, language: str | None) -> list[str]:
    by = group_key(table)
    if by is not None:
        return _journey_by_group(table, by, language)
    rows = main_rows(table)
    given = {"population": table.estimand.population, "horizon": table.estimand.horizon}
    rated = [r for r in rows[1:] if r["rate"] is not None]
    if not rated:
        key = "say.journey-hidden" if table.hidden else "say.journey-early"
        return [opened(phrase(key, {**given, "n": rows[0]["people"] or 0}, language))]
    last = rated[-1]
    told = phrase(
        "say.journey",
        {
            **given,
            "n": last["entered"],
            "x": last["reached"],
            "percent": percent(float(last["rate"] or 0)),
            "milestone": last["milestone"],
        },
        language,
    )
    shown = [(str(r["milestone"]), int(r["reached"] or 0)) for r in (rows[0], *rated)]
    before, after = max(pairwise(shown), key=lambda step: step[0][1] - step[1][1])
    loss: dict[str, Scalar] = {
        "before": before[0],
        "from": before[1],
        "after": after[0],
        "to": after[1],
    }
    return [opened(told), phrase("say.journey-loss", loss, language)]


def _journey_by_group(table: Table, by: str, language: str | None) -> list[str]:
    last = table.rows[-1]["milestone"]
    total = next((d.total for d in table.dimensions if d.name == by), None)
    ends = [r for r in table.rows if r["milestone"] == last and r[by] != total]
    said = [
        phrase("say.item", {"name": r[by], "value": percent(float(r["rate"]))}, language)
        for r in ends
        if r["rate"] is not None
    ]
    given = {
        "group": column_label(by, language),
        "milestone": last,
        "horizon": table.estimand.horizon,
        "population": table.estimand.population,
    }
    told = [opened(phrase("say.journey-groups", given, language))]
    if said:
        told.append(opened(phrase("say.list", {"list": "; ".join(said)}, language)))
    return told + too_few([str(r[by]) for r in ends if r["rate"] is None], table, language)


def _gap(table: Table, language: str | None) -> list[str]:
    by = group_key(table) or ""
    shown = [r for r in table.rows if r["difference"] is not None]
    told = []
    if shown:
        row = max(shown, key=lambda r: abs(float(r["difference"] or 0)))
        value, low, high = (float(row[k] or 0) for k in ("difference", "low", "high"))
        given = {
            "a": people(str(row[by]), language),
            "b": phrase("label.everyone-else", {}, language),
            "outcome": table.estimand.outcome,
            "population": table.estimand.population,
            "horizon": table.estimand.horizon,
            "hundred": in_hundred(value),
        }
        ends = between(low, high, "share", language)
        if low < 0 < high:
            more = {"change": change(value, "share", language), "range": ends}
            told = [
                phrase("say.gap-unclear", given, language),
                phrase("say.best-guess", more, language),
            ]
        else:
            key = "say.gap-more" if value > 0 else "say.gap-less"
            told = [
                phrase(key, given, language),
                phrase("say.fits", {"range": ends}, language),
            ]
    told += too_few([str(r[by]) for r in table.rows if r["difference"] is None], table, language)
    return [opened(t) for t in told]


def _forest(table: Table, language: str | None) -> list[str]:
    by = group_key(table) or ""
    value, low, high = estimate_columns(table)
    unit = table.estimand.unit
    said, hidden = [], []
    for row in table.rows:
        if row[value] is None:
            hidden.append(str(row[by]))
            continue
        size = change(float(row[value] or 0), unit, language)
        ends = between(float(row[low] or 0), float(row[high] or 0), unit, language)
        said.append(
            phrase("say.forest-item", {"name": row[by], "change": size, "range": ends}, language)
        )
    given = {
        "outcome": table.estimand.outcome,
        "contrast": table.estimand.contrast,
    }
    told = [opened(phrase("say.forest", given, language))]
    if said:
        told.append(opened(phrase("say.list", {"list": "; ".join(said)}, language)))
    return told + too_few(hidden, table, language)


def _arms(table: Table, language: str | None) -> list[str]:
    by = group_key(table) or ""
    value = estimate_columns(table)[0]
    unit = next(c.unit for c in table.columns if c.name == value)
    said, hidden = [], []
    for row in table.rows:
        if row[value] is None:
            hidden.append(str(row[by]))
            continue
        given = {"name": row[by], "value": amount(float(row[value] or 0), unit, language)}
        said.append(phrase("say.arm", {**given, "n": row["n"]}, language))
    given = {
        "outcome": with_year(
            word(table.estimand.outcome, language), table.estimand.dollar_year, language
        ),
        "list": "; ".join(said),
    }
    told = [opened(phrase("say.arms", given, language))] if said else []
    return told + too_few(hidden, table, language)


def _before_after(table: Table, language: str | None) -> list[str]:
    """Time by time, what each arm had on average."""
    value = estimate_columns(table)[0]
    unit = next(c.unit for c in table.columns if c.name == value)
    times: dict[str, list[str]] = {}
    for row in table.rows:
        if row[value] is not None:
            said = amount(float(row[value] or 0), unit, language)
            one = phrase("say.item", {"name": row["arm"], "value": said}, language)
            times.setdefault(str(row["when"]), []).append(one)
    listed = [
        phrase("say.time", {"when": when, "list": ", ".join(said)}, language)
        for when, said in times.items()
    ]
    given = {
        "outcome": with_year(
            word(table.estimand.outcome, language), table.estimand.dollar_year, language
        ),
        "list": "; ".join(listed),
    }
    return [opened(phrase("say.before-after", given, language))]


def bounds(row: Mapping[str, Cell], language: str | None = None) -> str:
    """The two bounds of a row of retention: "52 to 83 %"; empty when one is hidden."""
    low, high = row["low"], row["high"]
    if not isinstance(low, (int, float)) or not isinstance(high, (int, float)):
        return ""
    ends = (percent(float(low)), percent(float(high)))
    if ends[0] == ends[1]:
        return ends[0]
    first = ends[0].removesuffix("\N{NO-BREAK SPACE}%")
    return sentence("label.range", {"low": first, "high": ends[1]}, language)


def _retention(table: Table, language: str | None) -> list[str]:
    """The follow-up at 90 days, or else the last that can be told; then the others."""
    shown = [r for r in table.rows if bounds(r, language)]
    if not shown:
        return [sentence("say.retention-hidden", {}, language)]
    row = next((r for r in shown if r["after"] == _NINETY), shown[-1])
    low, high = (percent(float(row[k] or 0)) for k in ("low", "high"))
    given: dict[str, Scalar] = {"after": str(row["after"]), "n": row["due"], "low": low}
    sure = "-sure" if low == high else ""
    told = [opened(phrase(f"say.retention{sure}", {**given, "high": high}, language))]
    verified, known, due = (int(row[k] or 0) for k in ("retained", "answered", "due"))
    if row["share_known"] is not None:
        counted: dict[str, Scalar] = {"x": verified, "y": known - verified, "z": due - known}
        rate = percent(float(row["share_known"]))
        key = "say.retention-known" if due > known else "say.retention-all-known"
        told.append(sentence(key, {**counted, "rate": rate}, language))
    elif not known:
        told.append(sentence("say.retention-nothing", {}, language))
    others = [
        sentence(
            "say.item",
            {"name": word(str(r["after"]), language), "value": bounds(r, language)},
            language,
        )
        for r in shown
        if r is not row
    ]
    if others:
        told.append(sentence("say.retention-others", {"list": "; ".join(others)}, language))
    hidden = [word(str(r["after"]), language) for r in table.rows if not bounds(r, language)]
    return told + too_few(hidden, table, language)


_NINETY = english("label.after-days", {"n": 90})


def _wioa(table: Table, language: str | None) -> list[str]:
    given = {
        "group": column_label(table.columns[0].name, language),
        "horizon": table.estimand.horizon,
    }
    return [opened(phrase("say.wioa", given, language))]


def _churn(table: Table, language: str | None) -> list[str]:
    """Each row's value by window; by window and group there are too many for a sentence."""
    keys = [c.name for c in table.columns if c.role == "key"]
    if len(keys) > 1:
        return _plain_table(table, language)
    value = estimate_columns(table)[0]
    unit = next(c.unit for c in table.columns if c.name == value)
    said, hidden = [], []
    for row in table.rows:
        name = ", ".join(word(str(row[k]), language) for k in keys)
        if row[value] is None:
            hidden.append(name)
            continue
        told = amount(float(row[value] or 0), unit, language)
        said.append(sentence("say.item", {"name": name, "value": told}, language))
    if not said:
        return too_few(hidden, table, language)
    kind = table.name.removesuffix("-lines")
    told_ = [opened(phrase(f"say.{kind}", {"list": "; ".join(said)}, language))]
    back = [
        sentence(
            "say.item",
            {"name": word(str(r[keys[0]]), language), "value": percent(float(r["back_share"]))},
            language,
        )
        for r in (table.rows if kind == "churn-moves" else ())
        if r["back_share"] is not None
    ]
    if back:  # of the same people, not of those who got above
        told_.append(phrase("say.churn-back", {"list": "; ".join(back)}, language))
    return [*told_, *too_few(hidden, table, language)]


def _funders(table: Table, language: str | None) -> list[str]:
    """Each definition's rate; by group there are too many for a sentence."""
    if table.dimensions:
        return _plain_table(table, language)
    said = [
        phrase("say.item", {"name": r["definition"], "value": percent(float(r["rate"]))}, language)
        for r in table.rows
        if r["rate"] is not None
    ]
    hidden = [str(r["definition"]) for r in table.rows if r["x"] is None]
    if not said:
        return too_few(hidden, table, language)
    question = {"outcome": table.estimand.outcome, "horizon": table.estimand.horizon}
    told_ = phrase("say.funders", {**question, "list": "; ".join(said)}, language)
    return [opened(told_), *too_few(hidden, table, language)]


def _funders_why(table: Table, language: str | None) -> list[str]:
    question = {"outcome": table.estimand.outcome, "horizon": table.estimand.horizon}
    return [opened(phrase("say.funders-why", question, language))]


def _plain_table(table: Table, language: str | None) -> list[str]:
    question = table.estimand
    given = {
        "outcome": question.outcome,
        "population": question.population,
        "horizon": question.horizon,
    }
    return [opened(phrase("say.table", given, language))]


_TABLES: dict[str, Words] = {
    **household.TABLES,
    **costs.TABLES,
    **returns.TABLES,
    "journey": _journey,
    "gap": _gap,
    "forest": _forest,
    "arms": _arms,
    "before-after": _before_after,
    "retention": _retention,
    **dict.fromkeys(("churn", "churn-lines", "churn-quarters", "churn-moves"), _churn),
    "wioa": _wioa,
    **inequality.TABLES,
    **places.TABLES,
    **mobility.TABLES,
    **generations.TABLES,
    "funders": _funders,
    "funders-why": _funders_why,
}
