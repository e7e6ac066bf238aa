"""Plain words for a released answer: who, compared with whom, by when, how much, how sure.

Every sentence comes from the catalogue (`say.…`), so that another language is written and not
pasted together. Nothing is computed here: words use the released numbers, rounded as people speak.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from rung.finding import Cell, Counts, Finding, Interval, Part, Refusal, Table
from rung.messages import Scalar, english, has, phrase, sentence, word
from rung.share.numbers import amount, around, between, change, in_hundred, percent, with_year
from rung.share.release import AnyAnswer, Released


def headline(released: Released[AnyAnswer], language: str | None = None) -> str:
    """The finding in one line, fit for a title."""
    return _told(released.answer, language)[0]


def words(released: Released[AnyAnswer], language: str | None = None) -> str:
    """The answer in a few sentences, with its range."""
    return " ".join(_told(released.answer, language))


def beside_number(released: Released[AnyAnswer], language: str | None = None) -> str:
    """What is left to say where the headline, the number and its range already stand."""
    answer, told = released.answer, _told(released.answer, language)
    ranged = isinstance(answer, Finding) and answer.interval is not None and len(told) > 1
    return " ".join(told[1:-1] if ranged else told[1:])


def range_of(finding: Finding, language: str | None = None) -> str:
    """The range of a finding in words; empty when it has none."""
    ends, unit = finding.interval, finding.estimand.unit
    if ends is None or ends.kind == "complete count":
        return ""
    difference = len(finding.parts) > 1 and finding.method.key != "bottleneck"
    show = between if difference else around
    return either([show(a, b, unit, language) for a, b in ends.pieces], language)


def caveats(released: Released[AnyAnswer], language: str | None = None) -> tuple[str, ...]:
    """What a reader must know beside the answer: its caveats, and why it is shown exactly."""
    answer = released.answer
    notes = () if isinstance(answer, Refusal) else answer.caveats
    said = [note.words(language) for note in notes]
    if released.exempt:
        said.append(phrase("say.exempt", {"reason": released.exempt.rstrip(".")}, language))
    return tuple(said)


def how_sure(released: Released[AnyAnswer], language: str | None = None) -> str:
    """What kind of evidence this is, in a sentence."""
    answer = released.answer
    if isinstance(answer, Refusal):
        return phrase("say.sure-refused", {}, language)
    return phrase(f"say.sure-{answer.strength.replace(' ', '-')}", {}, language)


def left_out(counts: Counts | None, language: str | None = None) -> tuple[str, ...]:
    """Everyone who is not counted, with the reason."""
    return tuple(
        phrase(
            f"say.left-out-{'one' if e.n == 1 else 'many'}",
            {"n": e.n, "reason": phrase(f"excluded.{e.reason}", {}, language)},
            language,
        )
        for e in (counts.excluded if counts else ())
    )


def column_label(name: str, language: str | None = None) -> str:
    """What people read above a column."""
    key = f"column.{name}"
    return (
        phrase(key, {}, language) if has(key, language) else word(name.replace("_", " "), language)
    )


def _told(answer: AnyAnswer, language: str | None) -> list[str]:
    if isinstance(answer, Refusal):
        parts = ("what", "expected", "next")
        given = {**answer.params, **answer.saw, **answer.needs}
        return [sentence(f"{answer.code}.{p}", given, language) for p in parts]
    if isinstance(answer, Finding):
        return _Finding(answer, language).told()
    return _TABLES.get(answer.name, _plain_table)(answer, language)


def _open(text: str) -> str:
    """A sentence starts with a capital."""
    return text[:1].upper() + text[1:]


class _Finding:
    """One number in words."""

    def __init__(self, finding: Finding, language: str | None) -> None:
        self.finding, self.language = finding, language
        self.question = finding.estimand
        self.given: dict[str, Any] = {
            "outcome": self.question.outcome,
            "population": self.question.population,
            "horizon": self.question.horizon + self._adjusted(),
            "contrast": self.question.contrast,
            "n": finding.counts.analysed,
            "a": self._name(0),
            "b": self._name(1),
        }

    def _name(self, which: int) -> str:
        """A group as people say it; arms are in the provider's own words already."""
        if which >= len(self.finding.parts):
            return ""
        name = self.finding.parts[which].group
        return people(name, self.language) if self.finding.method.key == "gap" else name

    def _adjusted(self) -> str:
        """What an adjusted estimate allows for, so that two estimates never read the same."""
        key = f"say.adjusted-{self.finding.method.key}"
        return phrase(key, {}, self.language) if has(key, self.language) else ""

    def say(self, key: str, **more: Any) -> str:
        return _open(phrase(f"say.{key}", {**self.given, **more}, self.language))

    def told(self) -> list[str]:
        key = self.finding.method.key
        if key == "bottleneck":
            return self._bottleneck()
        if len(self.finding.parts) > 1:
            return self._difference("gap" if key == "gap" else "difference")
        return self._level()

    def _bottleneck(self) -> list[str]:
        told = [self.say("bottleneck")]
        came = self.finding.parts
        if len(came) > 1 and None not in (came[0].numerator, came[1].numerator):
            told.append(
                self.say(
                    "bottleneck-counts",
                    before=came[0].numerator,
                    after=came[1].numerator,
                    lost=(came[0].numerator or 0) - (came[1].numerator or 0),
                    entered=came[0].n,
                    percent=percent(self.finding.value),
                )
            )
        return [*told, *self._range_of_level()]

    def _level(self) -> list[str]:
        part = self.finding.parts[0] if self.finding.parts else None
        unit, value = self.question.unit, self.finding.value
        if unit == "share" and part is not None and part.numerator is not None:
            told = self.say("share", x=part.numerator, n=part.n, percent=percent(value))
        elif unit == "people":
            told = self.say("count", value=round(value))
        elif self.question.summary == "median":
            told = self.say("median", amount=amount(value, unit, self.language))
        else:
            said = with_year(
                amount(value, unit, self.language), self.question.dollar_year, self.language
            )
            told = self.say("level", amount=said)
        return [told, *self._range_of_level()]

    def _range_of_level(self) -> list[str]:
        interval = self.finding.interval
        if interval is None or interval.kind == "complete count":
            return []
        return [self.say("fits", range=range_of(self.finding, self.language))]

    def _difference(self, form: str) -> list[str]:
        finding, unit = self.finding, self.question.unit
        interval = finding.interval
        if interval is not None and interval.low < 0 < interval.high:
            return [self.say(f"{form}-unclear"), self._best_guess(interval)]
        sign = (finding.value > 0) - (finding.value < 0)
        how = {1: "more", 0: "same", -1: "less"}[sign]
        size = change(finding.value, unit, self.language)
        told = self.say(
            f"{form}-{how}",
            hundred=in_hundred(finding.value),
            change=with_year(size, self.question.dollar_year, self.language),
        )
        base = self._base(finding.parts) if form == "difference" else []
        return [told, *base] + (
            [self.say("fits", range=range_of(self.finding, self.language))] if interval else []
        )

    def _base(self, parts: Sequence[Part]) -> list[str]:
        """What each group had itself, beside the plain difference of the two."""
        a, b = parts[0].value, parts[1].value
        if a is None or b is None or self._adjusted():
            return []
        unit = self.question.unit
        first, second = (amount(v, unit, self.language) for v in (a, b))
        return [self.say("base", first=first, second=second)]

    def _best_guess(self, interval: Interval) -> str:
        size = change(self.finding.value, self.question.unit, self.language)
        return self.say(
            "best-guess",
            change=with_year(size, self.question.dollar_year, self.language),
            range=range_of(self.finding, self.language),
        )


def people(name: str, language: str | None = None) -> str:
    """A group's name where people are meant: "women", but people recorded as “No diploma”."""
    plain = phrase("say.words-for-people", {}, language).split()
    if any(part.casefold() in plain for part in re.findall(r"\w+", name)):
        # some languages cannot do without the article
        among = f"the {name.casefold()}"
        known = word(among, language)
        return word(name, language) if known == among else known
    return phrase("say.recorded-as", {"name": name}, language)


def either(options: list[str], language: str | None) -> str:
    """One or the other, in words."""
    said = options[0]
    for option in options[1:]:
        said = phrase("say.or", {"first": said, "last": option}, language)
    return said


# -- tables


def main_rows(table: Table) -> list[Mapping[str, Cell]]:
    """The rows of everyone in a journey: all of them when it is not by group."""
    by = [d for d in table.dimensions if d.name != "milestone" and d.total is not None]
    return [r for r in table.rows if all(r[d.name] == d.total for d in by)]


def group_key(table: Table) -> str | None:
    """The column that tells groups apart, if there is one."""
    keys = [c.name for c in table.columns if c.role == "key" and c.name != "milestone"]
    return keys[-1] if keys else None


def _journey(table: Table, language: str | None) -> list[str]:
    by = group_key(table)
    if by is not None:
        return _journey_by_group(table, by, language)
    rows = main_rows(table)
    given = {"population": table.estimand.population, "horizon": table.estimand.horizon}
    rated = [r for r in rows[1:] if r["rate"] is not None]
    if not rated:
        key = "say.journey-hidden" if table.hidden else "say.journey-early"
        return [_open(phrase(key, {**given, "n": rows[0]["people"] or 0}, language))]
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
    return [_open(told), phrase("say.journey-loss", loss, language)]


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
    told = [_open(phrase("say.journey-groups", given, language))]
    if said:
        told.append(_open(phrase("say.list", {"list": "; ".join(said)}, language)))
    return told + _too_few([str(r[by]) for r in ends if r["rate"] is None], table, language)


def _too_few(names: list[str], table: Table, language: str | None) -> list[str]:
    if not names:
        return []
    key = "say.too-few-for" if table.hidden else "say.too-early-for"
    return [phrase(key, {"names": ", ".join(word(n, language) for n in names)}, language)]


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
    told += _too_few([str(r[by]) for r in table.rows if r["difference"] is None], table, language)
    return [_open(t) for t in told]


def _estimate_rows(table: Table) -> tuple[str, str, str]:
    value = next(c.name for c in table.columns if c.role == "value")
    low = next((c.name for c in table.columns if c.role == "low"), "")
    high = next((c.name for c in table.columns if c.role == "high"), "")
    return value, low, high


def _forest(table: Table, language: str | None) -> list[str]:
    by = group_key(table) or ""
    value, low, high = _estimate_rows(table)
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
    told = [_open(phrase("say.forest", given, language))]
    if said:
        told.append(_open(phrase("say.list", {"list": "; ".join(said)}, language)))
    return told + _too_few(hidden, table, language)


def _arms(table: Table, language: str | None) -> list[str]:
    by = group_key(table) or ""
    value = _estimate_rows(table)[0]
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
    told = [_open(phrase("say.arms", given, language))] if said else []
    return told + _too_few(hidden, table, language)


def _before_after(table: Table, language: str | None) -> list[str]:
    """Time by time, what each arm had on average."""
    value = _estimate_rows(table)[0]
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
    return [_open(phrase("say.before-after", given, language))]


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
    told = [_open(phrase(f"say.retention{sure}", {**given, "high": high}, language))]
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
    return told + _too_few(hidden, table, language)


_NINETY = english("label.after-days", {"n": 90})


def _wioa(table: Table, language: str | None) -> list[str]:
    given = {
        "group": column_label(table.columns[0].name, language),
        "horizon": table.estimand.horizon,
    }
    return [_open(phrase("say.wioa", given, language))]


def _churn(table: Table, language: str | None) -> list[str]:
    """Each row's value: by window, or by window and group."""
    keys = [c.name for c in table.columns if c.role == "key"]
    value = _estimate_rows(table)[0]
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
        return _too_few(hidden, table, language)
    kind = table.name.removesuffix("-lines")
    told_ = _open(phrase(f"say.{kind}", {"list": "; ".join(said)}, language))
    return [told_, *_too_few(hidden, table, language)]


def _plain_table(table: Table, language: str | None) -> list[str]:
    question = table.estimand
    given = {
        "outcome": question.outcome,
        "population": question.population,
        "horizon": question.horizon,
    }
    return [_open(phrase("say.table", given, language))]


_TABLES = {
    "journey": _journey,
    "gap": _gap,
    "forest": _forest,
    "arms": _arms,
    "before-after": _before_after,
    "retention": _retention,
    **dict.fromkeys(("churn", "churn-lines", "churn-quarters", "churn-moves"), _churn),
    "wioa": _wioa,
}
