"""Briefs: from a draft to a document that was released, and who may read it.

A draft is kept while people write it; looking at what it would say releases nothing. Releasing
writes the ledger and keeps exactly the bytes that were given, under a number, in one transaction.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.http import HttpResponse

from rung import cycle
from rung.cycle import story
from rung.finding import Refusal, Table
from rung.messages import LANGUAGES, sentence, word
from rung.share import brief as page
from rung.share import say, workbook
from rung.share.release import Agreement, Audience, Inside, Outside
from rung.web import answers, clock
from rung.web.models import Brief, Draft, Generation, Membership, Organisation, Program, User
from rung.web.store import ProgramLab

AUDIENCES = ("inside", "agreement", "outside")
KEY = "brief"
FIELDS = ("audience", "recipient", "purpose", "expires", "partner", "language", "title")
_LONGEST = {"recipient": 200, "purpose": 300, "title": 300}
_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]+)">')
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


# -- a draft


@dataclass(frozen=True)
class Written:
    """What a draft says, cleaned; `parts` are keys of the brief's sections."""

    audience: str = "inside"
    recipient: str = ""
    purpose: str = ""
    expires: str = ""
    partner: str = ""
    language: str = "en"
    title: str = ""
    parts: tuple[str, ...] = ()

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Written:
        """Read a draft back; what it does not know is left out."""
        given = {k: str(body.get(k, "")).strip()[: _LONGEST.get(k, 20)] for k in FIELDS}
        if given["audience"] not in AUDIENCES:
            given["audience"] = "inside"
        if given["language"] not in LANGUAGES:
            given["language"] = "en"
        return cls(**given, parts=tuple(str(p) for p in body.get("parts") or ()))

    def to_json(self) -> dict[str, Any]:
        """As a draft keeps it."""
        return {**{k: getattr(self, k) for k in FIELDS}, "parts": list(self.parts)}

    def day(self) -> dt.date | None:
        """The last day of an agreement."""
        try:
            return dt.date.fromisoformat(self.expires)
        except ValueError:
            return None

    def to(self) -> Audience:
        """Who it is for; ValueError for an agreement that `wrong_with` would not let pass."""
        if self.audience == "inside":
            return Inside()
        if self.audience == "outside":
            return Outside()
        day = self.day()
        if day is None or not (self.recipient and self.purpose):
            raise ValueError("an agreement has a recipient, a purpose and a last day")
        return Agreement(self.recipient, self.purpose, day)


class Changed(Exception):  # noqa: N818 (it is a question to the writer)
    """Someone else saved the draft while this person was writing."""

    def __init__(self, draft: Draft) -> None:
        super().__init__("the draft was changed meanwhile")
        self.draft = draft


def draft_of(program: Program) -> Draft | None:
    """The brief that is being written."""
    return Draft.objects.filter(program=program, key=KEY).select_related("by").first()


def save(program: Program, written: Written, *, seen: int, by: User) -> int:
    """Keep a draft; returns its new version. `seen` is the version that the writer saw.

    Raises Changed when someone saved another since; the same words are no change.
    """
    with transaction.atomic():
        Program.objects.select_for_update().get(pk=program.pk)
        draft = draft_of(program)
        if draft is None:
            draft = Draft(program=program, key=KEY)
        elif draft.body == written.to_json():
            return draft.version
        elif draft.version != seen:
            raise Changed(draft)
        draft.body, draft.version = written.to_json(), draft.version + 1
        draft.by, draft.at = by, clock.now()
        draft.save()
        return draft.version


def wrong_with(written: Written, program: Program, generation: Generation) -> dict[str, str]:
    """What has to be said before it can be shown or released, by field."""
    wrong: dict[str, str] = {}
    known = {key for key, _ in parts(generation)}
    if not written.parts or not known.issuperset(written.parts):
        wrong["parts"] = sentence("web.briefs.parts-wrong")
    if written.audience != "agreement":
        return wrong
    if not written.recipient:
        wrong["recipient"] = sentence("web.briefs.recipient-wrong")
    if not written.purpose:
        wrong["purpose"] = sentence("web.briefs.purpose-wrong")
    day = written.day()
    if day is None or day < clock.day():
        wrong["expires"] = sentence("web.briefs.expires-wrong")
    if written.partner and partner_of(written, program) is None:
        wrong["partner"] = sentence("web.briefs.partner-wrong")
    return wrong


def partners(program: Program) -> QuerySet[Organisation]:
    """Organisations that the provider let in: an agreement can be addressed to one."""
    return Organisation.objects.filter(providers__provider=program.organisation).order_by("name")


def partner_of(written: Written, program: Program) -> Organisation | None:
    """The organisation that a draft is addressed to."""
    if written.audience != "agreement" or not written.partner:
        return None
    return partners(program).filter(uid=written.partner).first()


def parts(generation: Generation) -> tuple[tuple[str, str], ...]:
    """What a brief of these records can tell: key and words."""

    def make() -> tuple[tuple[str, str], ...]:
        lab = ProgramLab.of(generation)
        own = [(key, "") for key in ("journey", "whom")] if lab.milestones else []
        return (*own, *((t.key, t.label) for t in story.tests(lab)))

    found = answers.kept(generation, ("parts",), make)
    return tuple((k, word(w) if w else sentence(f"label.section-{k}")) for k, w in found)


# -- what it says


@dataclass(frozen=True)
class Told:
    """One answer in a summary: its headline, how many figures are hidden, or all of it."""

    headline: str
    hidden: int = 0
    withheld: bool = False


@dataclass(frozen=True)
class Made:
    """A brief as bytes, and what was hidden in it."""

    title: str
    html: str
    xlsx: bytes
    told: tuple[Told, ...]
    hiding: str


def made(program: Program, generation: Generation, written: Written) -> Made:
    """What the brief would say; nothing is released. Raises ReleaseError."""
    key = ("brief", written, program.name, program.organisation.name, program.sample, clock.day())

    def make() -> Made:
        return _made(program, _prepared(program, generation, written, recorded=False))

    return answers.kept(generation, key, make)


def _prepared(
    program: Program, generation: Generation, written: Written, *, recorded: bool
) -> page.BriefInput:
    lab = ProgramLab.of(generation)
    lab.program = program
    known = [key for key, _ in parts(generation)]
    _, shown = cycle.prepare(
        lab,
        audience=written.to(),
        language=written.language,
        title=written.title,
        sections=[key for key in known if key in written.parts],
        recorded=recorded,
        clock=clock.now,
    )
    # the lab knows the names of its import; a program may have another one by now
    return replace(shown, provider=program.organisation.name, program=program.name, command="")


def _made(program: Program, shown: page.BriefInput) -> Made:
    language = shown.language
    text = page.html(shown)
    if program.sample:
        text = marked(text, sentence("web.nav.sample", language=language))
    told = []
    for each in shown.answers():
        hidden = len(each.answer.hidden) if isinstance(each.answer, Table) else 0
        withheld = isinstance(each.answer, Refusal)
        told.append(Told(say.headline(each).rstrip("."), hidden, withheld))
    first = next(shown.answers(), None)
    title = shown.title or (say.headline(first, language).rstrip(".") if first else program.name)
    return Made(title, text, workbook.content(shown), tuple(told), page.hiding(shown, None))


def marked(text: str, words: str) -> str:
    """The document with a line above its title: that it is a preview, or about nobody real."""
    line = f'<p class="sure">{html.escape(words)}</p>\n<h1>'
    return text.replace("<h1>", line, 1)


# -- released


def release(
    program: Program,
    generation: Generation,
    written: Written,
    *,
    by: User,
    draft: Draft | None = None,
) -> Brief:
    """Release a brief: the ledger and the document, both or neither.

    The caller has asked `wrong_with`. `draft` is the one that it was written in, which ends with
    it. Raises ReleaseError for an agreement that has ended, ValueError for staff's own brief,
    which is never released, Changed when someone saved the draft, or released it, meanwhile.
    """
    if written.audience == "inside":
        raise ValueError("a brief for staff is not released")
    document = made(program, generation, written)  # long work first, outside the transaction
    audience = written.to()
    with transaction.atomic():
        Program.objects.select_for_update().get(pk=program.pk)
        if draft is not None:  # two clicks are one release, and nobody's writing is lost
            gone, _ = Draft.objects.filter(pk=draft.pk, version=draft.version).delete()
            if not gone:
                raise Changed(draft_of(program) or draft)
        _prepared(program, generation, written, recorded=True)
        last = program.briefs.aggregate(last=Max("number"))["last"] or 0
        return Brief.objects.create(
            program=program,
            generation=generation,
            number=last + 1,
            audience=audience.kind,
            recipient=written.recipient if written.audience == "agreement" else "",
            purpose=written.purpose if written.audience == "agreement" else "",
            expires=written.day() if written.audience == "agreement" else None,
            partner=partner_of(written, program),
            language=written.language,
            title=document.title[:300],
            html=document.html,
            xlsx=document.xlsx,
            digest=hashlib.sha256(document.html.encode()).hexdigest(),
            by=by,
            at=clock.now(),
        )


def readable(user: User) -> QuerySet[Brief]:
    """The released briefs that a person may read where they are a guest or a member.

    A partner reads what was released outside by providers that let it in, and agreements
    addressed to it until they end; members read all of their own.
    """
    mine = Membership.objects.filter(user=user).values("organisation")
    own = Q(program__organisation__in=mine)
    guest = Q(program__organisation__partners__partner__in=mine) & (
        Q(audience="outside") | Q(audience="agreement", partner__in=mine, expires__gte=clock.day())
    )
    found = Brief.objects.filter(own | guest, withdrawn_at=None).distinct()
    return found.select_related("program__organisation", "partner").order_by("-at", "-pk")


def ended(brief: Brief) -> bool:
    """Whether the agreement it was given under is over."""
    return brief.expires is not None and brief.expires < clock.day()


def document(text: str) -> HttpResponse:
    """A brief as a page of its own, under its own content security policy.

    The policy is read from the document itself: it lets in the styles of the version of Rung that
    made it, which may be older than this one.
    """
    response = HttpResponse(text)
    found = _POLICY.search(text)
    policy = html.unescape(found[1]) if found else "default-src 'none'"
    response["Content-Security-Policy"] = (
        f"{policy}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return response


def attachment(content: str | bytes, kind: str, name: str) -> HttpResponse:
    """A file to keep: `kind` is html or xlsx."""
    response = HttpResponse(content) if kind == "xlsx" else document(str(content))
    response["Content-Type"] = XLSX if kind == "xlsx" else "text/html; charset=utf-8"
    response["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return response
