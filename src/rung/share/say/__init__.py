"""Plain words for a released answer: who, compared with whom, by when, how much, how sure.

Every sentence comes from the catalogue (`say.…`), so that another language is written and not
pasted together. Nothing is computed here: words use the released numbers, rounded as people speak.
"""

from __future__ import annotations

from rung.finding import Counts, Finding, Refusal
from rung.messages import phrase
from rung.share.release import AnyAnswer, Released
from rung.share.say import findings, returns, tables
from rung.share.say.pieces import column_label as column_label
from rung.share.say.pieces import either as either
from rung.share.say.pieces import group_key as group_key
from rung.share.say.pieces import main_rows as main_rows
from rung.share.say.pieces import opened
from rung.share.say.pieces import people as people
from rung.share.say.pieces import range_of as range_of
from rung.share.say.tables import bounds as bounds


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
    if answer.strength == "described" and answer.method.key in returns.ASSUMED:
        return phrase("say.sure-assumed", {}, language)
    return phrase(f"say.sure-{answer.strength.replace(' ', '-')}", {}, language)


def reason(released: Released[AnyAnswer], language: str | None = None) -> str:
    """Why there is no answer, without the question: alike for all that are refused alike."""
    answer = released.answer
    return answer.words(language) if isinstance(answer, Refusal) else ""


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


def _told(answer: AnyAnswer, language: str | None) -> list[str]:
    if isinstance(answer, Refusal):
        what, *more = answer.sentences(language)
        return [_named(answer, what, language), *more]
    if isinstance(answer, Finding):
        return findings.told(answer, language)
    return tables.told(answer, language)


_MANY_ALIKE = frozenset(
    {
        *("OUT-too-few", "ANS-wioa-early", "ANS-wioa-pending", "ANS-wioa-nobody"),
        *("ANS-wioa-not-asked", "ANS-place-missing", "ANS-place-no-error"),
    }
)
"""Refusals whose own words do not say which of many questions they are about."""


def _named(refusal: Refusal, what: str, language: str | None) -> str:
    if refusal.code not in _MANY_ALIKE:
        return what
    question = refusal.estimand
    given = {"outcome": question.outcome, "horizon": question.horizon, "what": what}
    key = "say.refused" if question.horizon else "say.refused-always"
    return opened(phrase(key, given, language))
