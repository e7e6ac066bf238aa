"""Headers: what a column's name says, whatever system or person wrote it.

A header is cut into tokens that no longer show its system (`pmdm__StartDate__c`, `Start Date_2`,
`Group :: Start Dt`, a line break, a typing error), and compared with spellings by the tokens they
share, weighted by how much a token tells.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from rapidfuzz import process
from rapidfuzz.distance import OSA

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[a-z]+|\d+(?:[a-z]+)?")
_CUSTOM = re.compile(r"__p?[cr]$")
_PACKAGE = re.compile(r"^[A-Za-z0-9]+__")
_QUESTION_ID = re.compile(r"_\d{3,}$")
_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_COPY = re.compile(r"[_.]\d{1,2}$")
_NUMBERED = re.compile(
    r"^\s*(?:pirl|element|wips)?[ _#.-]*((?:calc)?\d{3,4}(?:-?[abc])?)(?![a-z0-9])[\s:._-]*(.*)$",
    re.IGNORECASE | re.DOTALL,
)

_SAME = {
    "dt": "date", "dates": "date", "yr": "year", "hrs": "hour", "hr": "hour", "hrly": "hour",
    "hourly": "hour", "wk": "week", "weekly": "week", "wkly": "week", "cred": "credential",
    "certification": "cert", "certificate": "cert", "grad": "graduate", "graduation": "graduate",
    "graduated": "graduate", "completed": "complete", "completion": "complete",
    "application": "apply", "applied": "apply", "accepted": "accept", "acceptance": "accept",
    "admitted": "accept", "admission": "accept", "placed": "place", "placement": "place",
    "hired": "hire", "employment": "employ", "employed": "employ", "started": "start",
    "starting": "start", "begin": "start", "began": "start", "beginning": "start",
    "ended": "end", "ending": "end", "exited": "exit", "withdrew": "withdraw",
    "withdrawn": "withdraw", "withdrawal": "withdraw", "dropped": "drop", "attended": "attend",
    "training": "train", "trained": "train", "retained": "retain", "retention": "retain",
    "referred": "refer", "referral": "refer", "screened": "screen", "screening": "screen",
    "oriented": "orient", "orientation": "orient", "interviewed": "interview",
    "assessed": "assess", "assessment": "assess", "earned": "earn", "attained": "earn",
    "attainment": "earn", "obtained": "earn", "awarded": "earn", "received": "receive",
    "receipt": "receive", "receives": "receive", "receiving": "receive", "enrolment": "enroll",
    "enrollment": "enroll", "enrolled": "enroll", "enrol": "enroll", "enroling": "enroll",
    "enrolling": "enroll", "enroled": "enroll", "emp": "employer", "num": "number", "no": "number",
    "pct": "percent", "avg": "average", "addr": "address", "loc": "location", "edu": "education",
    "promoted": "promote", "promotion": "promote", "advanced": "advance",
    "advancement": "advance", "contacted": "contact", "working": "work", "benefit": "benefit",
    "closed": "close", "ethnic": "ethnicity", "racial": "race", "race": "race",
    "mos": "month", "mo": "month", "qtr": "quarter", "offender": "offender", "qtrly": "quarter",
    "quarterly": "quarter", "est": "estimate", "related": "relate", "inquired": "inquire",
    "inquiry": "inquire", "determined": "determine", "verified": "verify",
    "verification": "verify", "follow": "follow", "followup": "follow", "ups": "up",
}  # fmt: skip
_DROP = {
    "the", "a", "an", "of", "your", "is", "are", "was", "were", "did", "do", "does", "you", "what",
    "this", "that", "please", "select", "enter", "wioa", "mm", "dd", "yyyy", "yy", "check", "all",
    "if", "any", "to", "for", "on", "in", "at", "with", "by", "and", "or", "which",
    "have", "been", "ever", "has", "had", "be", "s", "my", "into",
}  # fmt: skip
_LIGHT: Mapping[str, float] = {
    "participant": 0.2, "client": 0.2, "student": 0.2, "applicant": 0.2, "learner": 0.2,
    "member": 0.2, "trainee": 0.2, "person": 0.2, "individual": 0.2, "contact": 0.35,
    "customer": 0.2, "date": 0.45, "day": 0.5, "name": 0.6, "type": 0.7, "status": 0.7,
    "number": 0.4, "program": 0.4, "current": 0.4, "total": 0.4, "other": 0.7, "information": 0.4,
    "actual": 0.2, "y": 0.05, "n": 0.05, "yes": 0.05, "est": 0.1, "estimate": 0.1, "usd": 0.1,
    "optional": 0.05, "required": 0.05, "initial": 0.4, "primary": 0.4, "us": 0.3, "per": 0.3,
    "1": 0.3, "2": 0.5, "3": 0.5, "4": 0.5, "field": 0.5, "cell": 0.8, "service": 0.8,
    "eligible": 0.8, "identify": 0.4, "self": 0.4, "level": 0.4, "office": 0.8, "home": 0.5,
    "made": 0.3, "through": 0.4,
}  # fmt: skip


_TURNS = frozenset({
    "desired", "desire", "expected", "goal", "previous", "prior", "child", "children", "mother",
    "father", "parent", "spouse", "partner", "next", "preferred", "target", "emergency", "planned",
    "interested", "interest", "supervisor", "guardian", "proposed", "future", "past",
    "survey", "former", "last", "anticipated", "projected", "household",
})  # fmt: skip
"""Words that make a column speak of someone else, or of another time than its other words say."""


def weight(token: str) -> float:
    """How much a token tells: 1 for most, less for words that stand in many headers."""
    if len(token) > 1 and token[0].isdigit():
        return 1.6  # 30, 90, 180 days
    return _LIGHT.get(token, 1.0)


def _canonical(token: str) -> str:
    token = _SAME.get(token, token)
    if len(token) > 3 and token.endswith("s") and not token.endswith(("ss", "us", "is")):
        token = token[:-1]
    return _SAME.get(token, token)


def tokens(text: str) -> tuple[str, ...]:
    """The telling words of a header, lower case, in one spelling each."""
    text = unicodedata.normalize("NFKC", text).replace("'", "").replace("’", "")
    text = text.replace("#", " ").replace("+", " plus ")
    found: list[str] = []
    for word in _WORD.findall(_CAMEL.sub(" ", text).lower()):
        token = _canonical(word)
        if token not in _DROP:
            found.append(token)
    return tuple(found)


def variants(header: str) -> dict[tuple[str, ...], float]:
    """Ways to read a header with how much each can be trusted, the whole first.

    Without system marks, the last part of a path, without what stands in brackets.
    """
    flat = " ".join(header.split())
    bare = _PACKAGE.sub("", _CUSTOM.sub("", flat))
    readings = [(bare, 1.0), (_QUESTION_ID.sub("", bare), 0.99), (_COPY.sub("", bare), 0.99)]
    for mark in ("::", ": ", " - "):
        if mark in bare:
            readings.append((bare.rsplit(mark, 1)[1], 0.99))
    outside = _BRACKETS.sub(" ", bare)
    lost = len(tokens(bare)) - len(tokens(outside))
    readings.append((outside, 0.99 if not lost else 0.92))
    found: dict[tuple[str, ...], float] = {}
    for text, trust in readings:
        words = tokens(text)
        if words:
            found.setdefault(words, trust)
    return found


@dataclass(frozen=True)
class Spelling:
    """One spelling of one target."""

    target: str
    words: tuple[str, ...]
    total: float
    factor: float = 1.0  # below 1 for spellings that are right only for want of a better one


class Vocabulary:
    """All spellings, indexed by token; scores a header against every target at once."""

    def __init__(self, spellings: Iterable[tuple[str, str, float]]) -> None:
        self._by_token: dict[str, list[Spelling]] = {}
        self._exact: dict[tuple[str, ...], list[Spelling]] = {}
        self._joined: dict[str, list[Spelling]] = {}
        factors: dict[tuple[str, tuple[str, ...]], float] = {}
        for target, text, factor in spellings:
            key = (target, tokens(text))
            factors[key] = max(factor, factors.get(key, 0.0))
        for (target, words), factor in factors.items():
            if not words:
                continue
            each = Spelling(target, words, sum(map(weight, set(words))), factor)
            self._exact.setdefault(words, []).append(each)
            self._joined.setdefault("".join(words), []).append(each)
            for word in set(words):
                self._by_token.setdefault(word, []).append(each)
        self._known = sorted({*self._by_token, *_SAME})

    def _mended(self, words: tuple[str, ...]) -> tuple[tuple[str, ...], float]:
        """Words with typing errors set right, and what the mending costs."""
        cost = 1.0
        mended: list[str] = []
        for word in words:
            if word not in self._by_token and len(word) >= 5 and word.isalpha():
                # one slip (a swap counts as one) in a short word, two in a long one
                slips = 1 if len(word) < 8 else 2
                found = process.extractOne(
                    word, self._known, scorer=OSA.distance, score_cutoff=slips
                )
                if found and found[0][0] == word[0]:
                    word, cost = _canonical(found[0]), cost * 0.97
            mended.append(word)
        return tuple(mended), cost

    def scores(self, header: str) -> dict[str, float]:
        """Target to likeness in 0..1, from the name alone."""
        best: dict[str, float] = {}

        def note(target: str, score: float) -> None:
            if score > best.get(target, 0.0):
                best[target] = score

        for given, trust in variants(header).items():
            words, cost = self._mended(given)
            cost *= trust
            for each in self._exact.get(words, ()):
                note(each.target, cost * each.factor)
            for each in self._joined.get("".join(words), ()):
                note(each.target, 0.985 * cost * each.factor)
            have = set(words)
            total = sum(map(weight, have))
            shared: dict[Spelling, float] = {}
            for word in sorted(have):
                for each in self._by_token.get(word, ()):
                    shared[each] = shared.get(each, 0.0) + weight(word)
            for each, common in shared.items():
                same = 2 * common / (total + each.total)
                if same >= 0.999:
                    same = 0.975
                if (have & _TURNS) - set(each.words):
                    same *= 0.65
                note(each.target, 0.97 * same * cost * each.factor)
        return best


@cache
def federal_names() -> Mapping[str, str]:
    """Federal element number (PIRL) to its official name."""
    text = resources.files("rung.records.schema").joinpath("pirl.csv").read_text("utf-8")
    return {row["number"]: row["name"] for row in csv.DictReader(text.splitlines())}


def federal_number(header: str) -> tuple[str, str] | None:
    """The federal element number a header begins with, and the words after it."""
    found = _NUMBERED.match(" ".join(header.split()))
    if not found:
        return None
    number = found[1].upper()
    if number not in federal_names() and re.fullmatch(r"108[ABC]", number):
        number = f"108-{number[-1]}"
    return (number, found[2].strip()) if number in federal_names() else None


def likeness(one: str, other: str) -> float:
    """How much two names say the same, 0..1: the share of telling words they have in common."""
    a, b = set(tokens(one)), set(tokens(other))
    total = sum(map(weight, a)) + sum(map(weight, b))
    return 2 * sum(map(weight, a & b)) / total if total else 0.0
