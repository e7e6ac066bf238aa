"""Sentences: one catalogue for every caveat, refusal, error and label.

Code carries codes and parameters; this module turns them into a sentence of a language.
The catalogue is gettext (`locale/<language>/LC_MESSAGES/rung.po`), keyed by code, so that a
translation is a new file and never a change of code. `make messages` compiles it.

A person reads the current language (`with speaking("es"):`), which belongs to a thread or task.
The JSON contract, ids and documents are English whatever it is: they ask for "en" by name.
"""

from __future__ import annotations

import gettext
import re
import string
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

LOCALE = Path(__file__).parent / "locale"
LANGUAGES = ("en", "es")

Scalar = str | int | float | bool | None
Params = Mapping[str, Scalar]

_current: ContextVar[str] = ContextVar("language", default="en")


def current() -> str:
    """The language that is spoken now."""
    return _current.get()


def speak(language: str) -> None:
    """Speak `language` from here on, in this thread or task. Raises ValueError for an unknown one.

    Prefer `speaking`, which stops by itself.
    """
    if language not in LANGUAGES:
        raise ValueError("no such language")
    _current.set(language)


@contextmanager
def speaking(language: str | None) -> Iterator[None]:
    """Speak `language` (None: the one spoken now) until the end of the block."""
    token = _current.set(_current.get())
    try:
        speak(language or current())
        yield
    finally:
        _current.reset(token)


class _Words(string.Formatter):
    """`{n:# row|# rows}` is the form for one, or the form for any other number; # is the number."""

    def format_field(self, value: Any, format_spec: str) -> str:
        one, choice, many = format_spec.partition("|")
        if not choice:
            return str(super().format_field(value, format_spec))
        return (one if value == 1 else many).replace("#", f"{value:,}")


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    languages = [language, "en"]
    found = gettext.translation("rung", LOCALE, languages)
    found.add_fallback(gettext.translation("web", LOCALE, languages))  # words of the web lab alone
    return found


def has(key: str, language: str | None = None) -> bool:
    """Whether the catalogue of `language` (or English) has a sentence for `key`."""
    return _catalogue(language or current()).gettext(key) != key


def sentence(key: str, params: Params | None = None, language: str | None = None) -> str:
    """The sentence for `key` with its parameters filled in; None is the current language.

    A parameter that is a date of the calendar (2025-05-03) is said as people do.
    Raises KeyError when the catalogue has no such key: a missing sentence is our bug and must
    fail a test, never reach a person as a bare code.
    """
    language = language or current()
    given = dict(params or {})
    said = {k: day(v, language) if isinstance(v, str) else v for k, v in given.items()}
    return _filled(key, said, language)


def english(key: str, params: Params | None = None) -> str:
    """The sentence in English, whatever is spoken: for answers, ids and documents.

    Its dates stay those of documents (2025-05-03).
    """
    return _filled(key, params or {}, "en")


def _filled(key: str, given: Params, language: str) -> str:
    text = _catalogue(language).gettext(key)
    if text == key:
        raise KeyError(f"no sentence for {key!r} in the catalogue")
    return _Words().vformat(text, (), given)


def phrase(key: str, params: Params | None = None, language: str | None = None) -> str:
    """A sentence about an answer: what its text parameters say is said in the language too."""
    language = language or current()
    given = {k: word(v, language) if isinstance(v, str) else v for k, v in (params or {}).items()}
    return sentence(key, given, language)


_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")


def day(text: str, language: str | None = None) -> str:
    """A day (2025-05-03) as people say it (May 3, 2025); any other text as it stands."""
    language = language or current()
    found = _DAY.fullmatch(text)
    months = _catalogue(language).gettext("label.months").split()
    if found is None or not 1 <= int(found[2]) <= len(months):
        return text
    given = {"year": found[1], "month": months[int(found[2]) - 1], "day": int(found[3])}
    return sentence("label.day", given, language)


_STATES = (
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ "
    "NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY"
)
# What an answer says about itself is English (its id rests on it). A page in another language
# reads it backwards through the sentences it was made of; the first that fits is taken.
_MADE_OF = (
    *(
        f"label.{key}"
        for key in (
            *("place-peers", "as-published", "measure-at"),
            *("public-atlas", "public-atlas-map", "public-cz-2014"),
            *("public-social-capital", "public-urban"),
            *("level-tract", "level-county", "level-cz", "level-zip", "level-place"),
            *("file", "level-state", "place-overview", "unit-share", "unit-dollars", "unit-number"),
            *("standing-above", "standing-below", "standing-unclear"),
            *("atlas-everyone", "atlas-white", "atlas-black", "atlas-hisp", "atlas-asian"),
            *("atlas-natam", "atlas-other", "atlas-male", "atlas-female"),
            *("measure-kfr", "measure-kir", "measure-jail", "measure-kfr_top20"),
            *("measure-kfr_top01", "measure-working", "measure-married", "measure-teenbrth"),
            *("measure-household_income", "measure-household_income_at_age_35"),
            *("measure-am, 80-82 cohort", "measure-rm, 80-82 cohort", "measure-prob_p1_k5"),
            *("measure-ec", "measure-child_ec", "measure-clustering", "measure-support_ratio"),
            *("measure-volunteering_rate", "measure-civic_organizations"),
            "measure-share_employed",
        )
    ),
    *(
        f"label.{key}"
        for key in (
            *("income", "pairs", "matrix-people", "unlinked-people", "parents", "children"),
            "unnamed-groups",
            *("both-lists", "fifth-1", "fifth-2", "fifth-3", "fifth-4", "fifth-5", "percentile"),
            *("slope-by-years", "rank-slope", "expected-line", "expected-cell", "mean-ranks"),
            *("bottom-to-top", "transitions", "stays", "indices", "index-trace"),
            *("index-determinant", "index-eigenvalue", "index-steps", "higher", "higher-by"),
            *("elasticity-zeros", "elasticity", "zeros-out", "zeros-as", "zeros-expected"),
            *("above-parents", "years-averaged", "copula-any", "copula-same"),
            *("copula-independent", "copula-matrix", "matrix-published", "by-column"),
        )
    ),
    "label.state-DC",
    *(f"web.state.{code}" for code in _STATES.split()),
    "label.in-a-year",
    *(
        f"label.family-{key}"
        for key in (*("one-none", "one-one", "one-more", "two-none", "two-one", "two-more"),)
    ),
    *("label.wage-against", "label.wages-from-to", "label.wage-to-named", "label.wage-to"),
    *(
        f"label.household-{key}"
        for key in (
            *("net-income", "next-rung", "exempt", "earnings", "partner_earnings", "net"),
            *("payroll_tax", "income_tax", "care_credit", "child_credit", "eitc", "state_tax"),
            *("snap", "tanf", "housing", "child_care", "health_premium", "federal"),
            *("at-rung", "at-next", "at-before-fall", "at-after-fall", "at-high-again"),
            *("area-NY", "area-AK"),
        )
    ),
    *(
        f"label.{key}"
        for key in (
            *("npv", "npv-weighted", "bcr", "irr", "break-even-year", "break-even-persistence"),
            *("mvpf", "mvpf-cost", "mvpf-least", "returns", "rho", "quadrants", "tornado"),
            *(
                "wider",
                "returns-contrast",
                "returns-horizon",
                "returns-horizon-one",
                "returns-horizon-sum",
                "rho-0",
                "rho-1",
            ),
            *("plane-society", "plane-public", "returns-unexplained"),
            *("parameter-displacement", "parameter-spent", "parameter-multiplier"),
            *("tried-discount", "tried-cost", "tried-tax", "tried-persistence"),
            *("tried-percent", "tried-years", "tried-dollars"),
            *(
                f"{rate}-{level}"
                for rate in ("tax", "benefits-lost")
                for level in ("government", "federal", "state", "local")
            ),
            "fringe",
            *(
                f"wider-{figure}"
                for figure in (
                    *("displaced", "tax-base", "budgets", "society", "spending", "activity"),
                    *("downturn-with", "downturn-without", "downturn-difference"),
                )
            ),
            *(
                f"{kind}-{account}"
                for kind in ("account", "who")
                for account in (
                    *("society", "participant", "government", "federal", "state", "local"),
                    *("employer", "funder", "other"),
                )
            ),
            *(
                f"spec-{kind}"
                for kind in (
                    *("missing", "unknown", "account", "shares", "choice", "length", "list"),
                    *("text", "section", "range", "number", "taken", "twice", "unused", "stream"),
                    "tax-twice",
                    *("order", "other"),
                )
            ),
        )
    ),
    *(
        f"label.{key}"
        for key in (
            *("gini", "gini-change", "inequality", "lorenz", "inequality-groups"),
            *("inequality-parts", "inequality-periods", "inequality-change"),
            *("inequality-people", "inequality-by", "from-period"),
            *("index-gini", "index-theil", "index-mld", "index-ge-2", "index-atkinson-05"),
            *("index-atkinson-1", "index-atkinson-2", "index-palma", "index-s80-s20"),
            *("index-p90-p10", "index-p90-p50", "index-p50-p10"),
        )
    ),
    *(
        f"label.{key}"
        for key in (
            *("measures", "measures-people", "factors", "factors-people", "factors-place"),
            *("better-more", "public-tables", "factors-mean", "factors-change", "factors-now"),
            "factors-place-all",
            *("better-less", "whom-people", "whom-place"),
            *(f"measure-{k}" for k in ("earnings", "wellbeing", "stress", "contacts", "savings")),
            *(f"measure-{k}" for k in ("debt", "behind", "housing")),
            *(f"factor-{k}" for k in ("education", "jobs", "wealth", "social", "policy")),
            *("indicator-credential", "indicator-training", "indicator-pay", "indicator-paid"),
            *("indicator-rank", "indicator-living-wage", "indicator-wellbeing"),
            *("indicator-savings", "indicator-debt", "indicator-behind", "indicator-contacts"),
            *("indicator-coached", "indicator-housing", "indicator-supports"),
            *(f"indicator-place-{k}" for k in ("preschool", "degree", "employed", "living-pay")),
            *(f"indicator-place-{k}" for k in ("collections", "owners", "connected")),
            *(f"indicator-place-{k}" for k in ("associations", "uninsured", "rent")),
        )
    ),
    *(f"label.hourly-{key}" for key in ("before", "start", "check", "people")),
    *(
        f"label.ladder{key}"
        for key in (
            *("-next", "", "-people", "-contrast", "-before-dip", "-before", "-after-entry"),
            *("-none", "-low", "-middle", "-high", "-rung", "-rungs", "-kinds", "-lines"),
            *("-stays", "-poverty", "-living-wage", "-up-rung", "-up-pay", "-after-exit"),
            *("-hourly", "-hourly-climb", "-quality", "-change", "-moves", "-means", "-groups"),
            "-dollars",
            *("-move-up", "-move-same", "-move-down"),
        )
    ),
    "label.not-recorded",
    *(
        f"label.{key}"
        for key in (
            *("cost-each", "costs-by", "costs-per", "costs", "costs-other", "costs-stages"),
            *("costs-any", "costs-arms", "cost-effect", "likeness", "foretold"),
            *("surrogate-offered", "surrogate-control", "surrogate-comparison"),
            *("churn", "churn-above", "churn-moves", "churn-people-both", "churn-line"),
            *("line-times", "line-dollars", "line-hours", "line-median"),
            *("when-before", "when-after-exit", "when-after-entry", "when-last"),
        )
    ),
    "label.everyone-else",
    "label.everyone-recorded",
    "label.everyone-assigned",
    "label.as-recorded",
    "label.arms-compared",
    "label.each-arm",
    "label.reported",
    "label.rule-ours",
    "label.rule-rows",
    "label.rule-entry-cohort",
    "label.rule-calendar-year",
    "label.rule-federal-year",
    "label.rule-july-june",
    "label.rule-undated",
    "label.rule-implied",
    "label.horizon",
    "label.between",
    "label.each-against-others",
    "label.against-others",
    "label.arm-against",
    "label.and-not",
    "label.by-group-of",
    "label.by-group",
    "label.of-cohort",
    "label.people-placed",
    "label.people-who",
    "label.everyone-who",
    "label.squared",
    "label.from-to-under",
    "label.under",
    "label.fewer-than",
    "label.and-over",
    "label.above",
    "label.retention",
    "label.known-on",
    "label.after-days",
    "say.recorded-as",
    *(
        f"label.funder-{key}"
        for key in (
            *("people", "year", "all", "completed", "credential", "placed", "retained"),
            *("only-here", "not-here", "style"),
            *(
                f"why-{state}"
                for state in (
                    *("not-reached", "too-late", "undated", "no-start", "not-recorded"),
                    *("pay-below", "pay-unknown", "not-employed", "pending", "not-working"),
                    *("not-verified", "later-period", "no-year-day", "other-year", "not-among"),
                    *("too-soon", "not-exited", "left-out"),
                )
            ),
        )
    ),
    *(
        f"label.wioa-{key}"
        for key in (
            *("er-q2", "er-q4", "median", "credential", "gains", "same-employer"),
            *("indicators", "everyone", "exits", "served", "of"),
            *("report", "report-alone", "style-report", "style-report-alone"),
            *("program-adult", "program-dislocated-worker", "program-youth"),
            *("program-adult-education", "program-wagner-peyser"),
            "program-vocational-rehabilitation",
        )
    ),
)
_FRAMES = (
    "label.by-group",
    "label.by-group-of",
    "label.of-cohort",
    "label.wioa-of",
)  # only around our own words
_LISTS = (" → ", "; ", ", ")


@cache
def _readings() -> tuple[tuple[str, re.Pattern[str]], ...]:
    found = []
    for key in _MADE_OF:
        text, pattern = _catalogue("en").gettext(key), ""
        for literal, name, spec, _ in string.Formatter().parse(text):
            pattern += re.escape(literal)
            if name:
                pattern += f"(?P<{name}>{'[0-9,]+' if spec else '.+?'})"
        found.append((key, re.compile(pattern, re.DOTALL)))
    return tuple(found)


def word(text: str, language: str | None = None) -> str:
    """What our records and answers call something, said in a language.

    The catalogue has these by the English text itself (context "word"). A phrase that an answer
    was given by one of our sentences, and a list of such, is said again. Anything else is the
    provider's own and stays as it is. In English only what holds a date is said again; a date
    alone is a value and stays.
    """
    language = language or current()
    dated = _DAY.search(text)
    if not text or (language == "en" and (dated is None or dated[0] == text)):
        return text
    return _again(text, language) or text


def _again(text: str, language: str) -> str | None:
    said = _catalogue(language).pgettext("word", text)
    if said != text:
        return said
    for mark in _LISTS:
        # text without the mark would be asked for again, and again
        parts = [_again(part, language) for part in text.split(mark)] if mark in text else []
        if parts and all(parts):
            return mark.join(part for part in parts if part)
    for key, pattern in _readings():
        found = pattern.fullmatch(text)
        if found and (key not in _FRAMES or language == "en" or _again(found[1], language)):
            given: dict[str, Scalar] = {}
            for name, value in found.groupdict().items():
                plain = value.replace(",", "")
                given[name] = int(plain) if plain.isdigit() else word(value, language)
            return sentence(key, given, language)
    return None
