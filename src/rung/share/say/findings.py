"""One number in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rung.finding import Finding, Interval, Part
from rung.messages import has, phrase
from rung.share.numbers import amount, change, in_hundred, percent, with_year
from rung.share.say import costs, generations, household, inequality, mobility, places, returns
from rung.share.say.pieces import opened, people, range_of

Words = Callable[[Finding, str | None], list[str]]


def told(finding: Finding, language: str | None) -> list[str]:
    """Sentences: the first is the headline, the last the range."""
    own = OWN.get(finding.method.key)
    return own(finding, language) if own else _Finding(finding, language).told()


OWN: dict[str, Words] = {
    **household.FINDINGS,
    **costs.FINDINGS,
    **returns.FINDINGS,
    **inequality.FINDINGS,
    **places.FINDINGS,
    **mobility.FINDINGS,
    **generations.FINDINGS,
}
"""Methods whose one number has words of its own, by the method's key."""


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
        return opened(phrase(f"say.{key}", {**self.given, **more}, self.language))

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
