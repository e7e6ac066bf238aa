"""How far people climbed, in words."""

from __future__ import annotations

from collections.abc import Callable

from rung.finding import Cell, Finding, Row, Table
from rung.messages import english, phrase, sentence, word
from rung.share.numbers import change, dollars, percent, tenths
from rung.share.say.pieces import opened, too_few

_UP = english("label.ladder-move-up")
Told = Callable[[Row], tuple[str, str] | None]


def _signed(value: float) -> str:
    return f"{'−' if value < 0 else ''}{tenths(value)}"


def climb(finding: Finding, language: str | None) -> list[str]:
    """From where to where of 100; what that means; then the range."""
    after, before = (_place(p.value) for p in finding.parts)
    ends = finding.interval
    given = {"before": before, "after": after, "horizon": finding.estimand.horizon,
             "size": _signed(abs(finding.value))}  # fmt: skip
    if ends is not None and ends.low < 0 < ends.high:
        key = "unclear"
    else:
        key = "same" if finding.value == 0 else "climb" if finding.value > 0 else "fell"
    told = [phrase(f"say.ladder-{key}", given, language)]
    told.append(phrase("say.ladder-rank", {"after": after}, language))
    told.append(phrase("say.ladder-n", {"n": finding.counts.analysed}, language))
    return [*told, *_range(finding, language)]


def effect(finding: Finding, language: str | None) -> list[str]:
    """How much more one arm climbed than the other, what each did, and the range."""
    ends = finding.interval
    given = {
        "a": word(finding.parts[0].group, language),
        "b": word(finding.parts[1].group, language),
        "horizon": finding.estimand.horizon,
        "size": _signed(abs(finding.value)),
    }
    if ends is not None and ends.low < 0 < ends.high:
        key = "unclear"
    else:
        key = "same" if finding.value == 0 else "more" if finding.value > 0 else "less"
    first, second = (_signed(p.value or 0.0) for p in finding.parts)
    base = {"a": given["a"], "b": given["b"], "first": first, "second": second}
    return [
        opened(phrase(f"say.ladder-effect-{key}", given, language)),
        opened(phrase("say.ladder-effect-base", base, language)),
        *_range(finding, language),
    ]


def _place(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"


def percentiles(low: float, high: float, language: str | None = None) -> str:
    """A range of percentiles: "2.1 to 6.4 percentiles"."""
    ends = {"low": _signed(low), "high": _signed(high)}
    return sentence("say.ladder-from-to", ends, language)


def _range(finding: Finding, language: str | None) -> list[str]:
    ends = finding.interval
    if ends is None:
        return []
    said = percentiles(ends.low, ends.high, language)
    return [phrase("say.ladder-range", {"range": said}, language)]


# -- tables


def _title(table: Table, language: str | None) -> str:
    question = table.estimand
    key = "ladder-title" if question.horizon else "ladder-title-plain"
    given = {"outcome": question.outcome, "horizon": question.horizon}
    return opened(
        phrase(f"say.{key}", given if question.horizon else {"outcome": given["outcome"]}, language)
    )


def _rows(table: Table) -> list[Row]:
    """The rows that are said aloud: those of the year the table speaks of; the rest is in it."""
    when = table.estimand.horizon
    if not any(r.get("when") == when for r in table.rows):
        return list(table.rows)
    return [r for r in table.rows if r["when"] == when]


def _row_name(table: Table, row: Row, language: str | None) -> str:
    keys = [c.name for c in table.columns if c.role == "key"]
    said = table.estimand.horizon
    shown = [k for k in keys if k != "move" and not (k == "when" and row[k] == said)]
    return ", ".join(word(str(row[k]), language) for k in shown)


def _told(
    table: Table, key: str, said: list[str], hidden: list[str], language: str | None
) -> list[str]:
    """The title, the list, and who is not shown."""
    told = [_title(table, language)]
    if said:
        told.append(opened(phrase(f"say.{key}", {"list": "; ".join(said)}, language)))
    return told + too_few([h for h in hidden if h], table, language)


def _item(name: str, value: str, language: str | None) -> str:
    if not name:
        return value
    return sentence("say.item", {"name": name, "value": value}, language)


def _listed(table: Table, key: str, told: Told, language: str | None) -> list[str]:
    """Each row, from what to what."""
    said, hidden = [], []
    for row in _rows(table):
        name, found = _row_name(table, row, language), told(row)
        if found is None:
            hidden.append(name)
            continue
        given = {"name": name, "before": found[0], "after": found[1]}
        form = "ladder-item" if name else "ladder-item-plain"
        given = given if name else {"before": found[0], "after": found[1]}
        said.append(sentence(f"say.{form}", given, language))
    return _told(table, key, said, hidden, language)


def _both(a: Cell, b: Cell, show: Callable[[float], str]) -> tuple[str, str] | None:
    if not isinstance(a, (int, float)) or not isinstance(b, (int, float)):
        return None
    return show(float(a)), show(float(b))


def _means(table: Table, language: str | None) -> list[str]:
    if any(c.name == "climb" for c in table.columns):
        return _listed(
            table, "ladder",
            lambda r: _both(r["rank_before"], r["rank_after"], _place), language,
        )  # fmt: skip
    return _listed(
        table, "ladder-dollars",
        lambda r: _both(r["dollars_before"], r["dollars_after"], dollars), language,
    )  # fmt: skip


def _change(table: Table, language: str | None) -> list[str]:
    return _listed(
        table, "ladder-change",
        lambda r: _both(r["share_before"], r["share_after"], percent), language,
    )  # fmt: skip


def _moves(table: Table, language: str | None) -> list[str]:
    """Where the people went who stood lowest before, arm by arm."""
    arms = any(c.name == "arm" for c in table.columns)
    kind = "rung" if table.name == "ladder-rungs" else "kind"
    told: dict[Cell, str] = {}
    for row in table.rows:
        arm = row["arm"] if arms else None
        if arm in told or row["moved_share"] is None:
            continue
        from_here = [
            r
            for r in table.rows
            if r["stood_before"] == row["stood_before"] and (not arms or r["arm"] == arm)
        ]
        there = [
            {
                "name": word(str(r["stood_after"]), language),
                "value": percent(float(r["moved_share"])),
            }
            for r in from_here
            if r["moved_share"]  # where nobody went is in the table
        ]
        said = [sentence(f"say.ladder-{kind}-item", to, language) for to in there]
        given: dict[str, str | int] = {
            "n": int(row["n"] or 0), "before": str(row["stood_before"]), "list": "; ".join(said)
        }  # fmt: skip
        if arms:
            told[arm] = phrase("say.ladder-moves-arm", {**given, "arm": str(arm)}, language)
        else:
            told[arm] = phrase(f"say.ladder-moves-{kind}s", given, language)
    return [_title(table, language), *(opened(one) for one in told.values())]


def _shares(table: Table, language: str | None) -> list[str]:
    """Each row's share; of those who moved, who got up."""
    of = next(c.name for c in table.columns if c.role == "value")
    rows = _rows(table)
    if table.name == "ladder-stays":  # the first step; the later ones are in the table
        rows = [r for r in rows if r["when"] == rows[0]["when"]]
    said, hidden = [], []
    for row in rows:
        if row.get("move", _UP) != _UP:
            continue
        name = _row_name(table, row, language)
        if row[of] is None:
            if row["n"] != 0:
                hidden.append(name)
            continue
        said.append(_item(name, percent(float(row[of] or 0)), language))
    return _told(table, table.name, said, hidden, language)


def _hourly(table: Table, language: str | None) -> list[str]:
    """Between which bounds, moment by moment."""
    names = [c.name for c in table.columns if c.role == "value"]
    said, hidden = [], []
    for row in table.rows:
        name = _row_name(table, row, language)
        low, high = (row[c] for c in names)
        if not isinstance(low, (int, float)) or not isinstance(high, (int, float)):
            hidden.append(name)
            continue
        ends = f"{low:.0f}", f"{high:.0f}"
        if ends[0] == ends[1]:
            said.append(sentence("say.item", {"name": name, "value": ends[0]}, language))
            continue
        given = {"name": name, "low": ends[0], "high": ends[1]}
        said.append(sentence("say.ladder-hourly-item", given, language))
    return _told(table, table.name, said, hidden, language)


def _measures(table: Table, language: str | None) -> list[str]:
    """Each measure's change."""
    unit = next(c.unit for c in table.columns if c.name == "difference")
    said, hidden = [], []
    for row in table.rows:
        name, value = _row_name(table, row, language), row["difference"]
        if not isinstance(value, (int, float)):
            if row["n"] != 0:
                hidden.append(name)
            continue
        told = change(float(value), unit, language)
        said.append(sentence("say.item", {"name": name, "value": told}, language))
    return _told(table, "measures", said, hidden, language)


_BETTER = english("label.better-more")


def _factors(table: Table, language: str | None) -> list[str]:
    """What is clearly moving, which way, and how much nobody measured."""
    hidden = {h.row for h in table.hidden}
    value = next(c.name for c in table.columns if c.name in _NOW)
    missing = sum(1 for i, r in enumerate(table.rows) if r[value] is None and i not in hidden)
    told = [_title(table, language)]
    if table.name == "factors-now":
        known = [
            (word(str(r["indicator"]), language), percent(float(r[value] or 0)))
            for r in table.rows
            if r[value] is not None
        ]
        said = [sentence("say.item", {"name": a, "value": b}, language) for a, b in known]
        if said:
            told.append(phrase("say.factors-now", {"list": "; ".join(said)}, language))
    elif missing < len(table.rows):
        moving = _moving(table, language)
        key = "factors" if moving else "factors-none"
        told.append(phrase(f"say.{key}", {"list": "; ".join(moving)} if moving else {}, language))
    if missing:
        told.append(sentence("say.factors-missing", {"n": missing}, language))
    return told


_NOW = ("after_value", "share_after", "reaching_share")


def _moving(table: Table, language: str | None) -> list[str]:
    """Indicators whose range of change lies on one side of zero."""
    found = []
    for row in table.rows:
        low, high = row["low"], row["high"]
        if not isinstance(low, (int, float)) or not isinstance(high, (int, float)):
            continue
        if not (low < 0 < high) and (low or high):  # an end may have been rounded to zero
            key = "better" if (high > 0) == (row["better"] == _BETTER) else "worse"
            given = {"name": word(str(row["indicator"]), language)}
            found.append(sentence(f"say.factors-{key}", given, language))
    return found


FINDINGS = {"ladder-climb": climb, "ladder-effect": effect}
TABLES = {
    "ladder": _means,
    "ladder-groups": _means,
    "ladder-rungs": _moves,
    "ladder-kinds": _moves,
    "ladder-moves": _shares,
    "ladder-lines": _shares,
    "ladder-change": _change,
    "ladder-stays": _shares,
    "ladder-quality": _shares,
    **dict.fromkeys(("measures-dollars", "measures-points", "measures-share"), _measures),
    **dict.fromkeys((f"factors-{k}" for k in ("mean", "change", "now", "place")), _factors),
    "ladder-hourly": _hourly,
    "ladder-hourly-climb": _hourly,
}
