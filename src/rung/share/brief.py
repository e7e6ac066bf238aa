"""The brief: one HTML file that anyone can open, read, print and keep.

What was found, for whom, how sure, what was left out, what to do next, with which method, and
the query behind each number. No network, no script; details unfold by themselves; it reads on a
phone of 320 px, in the dark, on paper and by ear. It shows released answers and computes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources

import jinja2
from markupsafe import Markup

from rung import __version__
from rung.finding import Finding, Refusal
from rung.messages import Scalar, sentence, word
from rung.share import charts, say, tables
from rung.share.numbers import amount, change, with_year
from rung.share.release import Agreement, AnyAnswer, Audience, Inside, Released
from rung.sources import cite

PHASES = ("discovery", "design", "learning", "sustainability")


@dataclass(frozen=True)
class Section:
    """One question of a brief and its answers."""

    title: str
    answers: tuple[Released[AnyAnswer], ...]


@dataclass(frozen=True)
class BriefInput:
    """Everything a brief shows.

    `title` is a question or a finding; without one, the first answer's headline is used. `phase`
    is one of PHASES. `command` is what to type to make the numbers again.
    """

    title: str
    provider: str
    audience: Audience
    sections: tuple[Section, ...]
    program: str = ""
    as_of: str = ""
    phase: str = "discovery"
    next_steps: tuple[str, ...] = ()
    command: str = ""
    language: str = "en"

    def __post_init__(self) -> None:
        """Refuse answers that were released to someone else."""
        if any(r.audience != self.audience for r in self.answers()):
            raise ValueError("a brief shows answers released to its own audience")

    def answers(self) -> Iterator[Released[AnyAnswer]]:
        """Every answer, in order."""
        return (r for s in self.sections for r in s.answers)


@dataclass(frozen=True)
class _Shown:
    """One answer as the template sets it."""

    place: int
    headline: str
    rest: str
    refused: bool
    number: str
    beside: str
    wide: Markup | None
    narrow: Markup | None
    key: str
    sure: str
    caveats: Sequence[str]
    grid: tables.Grid
    population: str
    analysed: int | None
    left_out: Sequence[str]
    method: str
    assumptions: Sequence[str]
    exact: str
    sources: Sequence[int]
    queries: Sequence[str]
    id: str


@dataclass
class _References:
    """Numbers for sources, in the order they are met."""

    keys: list[str] = field(default_factory=list)

    def number(self, key: str) -> int:
        if key not in self.keys:
            self.keys.append(key)
        return self.keys.index(key) + 1


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("rung.share"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _css() -> str:
    return resources.files("rung.share").joinpath("style", "rung.css").read_text("utf-8")


def _policy() -> str:
    """A content security policy that lets nothing in but our own styles."""

    return f"default-src 'none'; style-src {charts.allowed(_css())} {charts.allowed(charts.STYLE)}"


def html(brief: BriefInput) -> str:
    """The whole page as text."""
    language = brief.language

    def t(key: str, **params: Scalar) -> str:
        return sentence(key, params, language)

    references = _References()
    place = iter(range(1, 10_000))
    sections = [
        {
            "title": s.title,
            "answers": [_shown(r, next(place), references, language) for r in s.answers],
        }
        for s in brief.sections
    ]
    first = next(brief.answers(), None)
    told = say.headline(first, language) if first else ""
    title = brief.title or told.rstrip(".")
    page = _environment().get_template("brief.html")
    return page.render(
        brief=brief if brief.title else _titled(brief, title),
        language=language,
        lead="" if title == told.rstrip(".") else told,
        audience=audience_words(brief.audience, language),
        hiding=hiding(brief, language),
        sections=sections,
        phases=PHASES,
        references=[str(cite(k)) for k in references.keys],
        inputs=sorted({i for r in brief.answers() for i in r.answer.origin.inputs}),
        version=__version__,
        css=Markup(_css()),  # noqa: S704 (our own file)
        policy=_policy(),
        heading=3,
        cited=(),
        t=t,
    )


def article(
    released: Released[AnyAnswer],
    language: str | None = None,
    heading: int = 2,
    said: Collection[str] = (),
    drawn: bool = True,
) -> str:
    """One answer as an article of a page that has our stylesheet: all that the brief shows of it.

    `heading` is the level of its headline; 0 when it is the title of the page already. `said` are
    caveats that stand higher on the page, and are not said again. What is not `drawn` has no chart:
    another article of the page draws it.
    """

    def t(key: str, **params: Scalar) -> str:
        return sentence(key, params, language)

    references = _References()
    # the place names its elements; an answer stands on a page once
    shown = _shown(released, int(released.answer.id[:6], 16), references, language)
    shown = replace(shown, caveats=[c for c in shown.caveats if c not in said])
    if not drawn:
        shown = replace(shown, wide=None, narrow=None, key="")
    cited = [str(cite(key)) for key in references.keys]
    page = _environment().get_template("article.html")
    return page.render(a=shown, heading=heading, cited=cited, t=t)


def fragment(released: Released[AnyAnswer], language: str | None = None) -> str:
    """One answer as words, chart and table: what a notebook shows."""
    return (
        _environment()
        .get_template("answer.html")
        .render(
            a=_shown(released, 1, _References(), language),
            audience=audience_words(released.audience, language),
        )
    )


def _titled(brief: BriefInput, title: str) -> BriefInput:
    return BriefInput(**{**vars(brief), "title": title})


def audience_words(audience: Audience, language: str | None) -> str:
    """For whom this is."""
    given: dict[str, Scalar] = {}
    if isinstance(audience, Agreement):
        given = {"recipient": audience.recipient, "expires": audience.expires.isoformat()}
    return sentence(f"brief.audience-{audience.kind}", given, language)


def hiding(brief: BriefInput, language: str | None) -> str:
    """What was hidden and rounded, or why nothing was."""
    audience = brief.audience
    if isinstance(audience, Inside):
        return sentence("brief.hidden-inside", {}, language)
    exempt = next((r.exempt for r in brief.answers() if r.exempt), None)
    if exempt:
        return sentence("say.exempt", {"reason": exempt}, language)
    rules = audience.thresholds
    given = {"denominator": rules.denominator, "numerator": rules.numerator}
    return sentence("brief.hidden-outside", given, language)


def _shown(
    released: Released[AnyAnswer], place: int, references: _References, language: str | None
) -> _Shown:
    answer = released.answer
    headline = say.headline(released, language)
    counts = None if isinstance(answer, Refusal) else answer.counts
    number, beside = _number(answer, language)
    wide, narrow = (charts.svg(released, w, language) for w in (charts.WIDE, charts.NARROW))
    return _Shown(
        place=place,
        headline=headline.rstrip("."),
        rest=say.beside_number(released, language),
        refused=isinstance(answer, Refusal),
        number=number,
        beside=beside,
        wide=Markup(wide) if wide else None,  # noqa: S704 (escaped where it is made)
        narrow=Markup(narrow) if narrow else None,  # noqa: S704
        key=charts.key(released, language) if wide else "",
        sure=say.how_sure(released, language),
        caveats=say.caveats(released, language),
        grid=tables.table(released, language),
        population=word(answer.estimand.population, language),
        analysed=counts.analysed if counts and not _of_places(answer) else None,
        left_out=say.left_out(counts, language),
        method=answer.method.words(language),
        assumptions=[note.words(language) for note in answer.method.assumptions],
        exact=exact(answer, language),
        sources=[references.number(key) for key in answer.method.sources],
        queries=answer.origin.queries,
        id=answer.id,
    )


def _of_places(answer: AnyAnswer) -> bool:
    """Whether an answer counts places, where others count people."""
    return answer.method.key.startswith("place")


def _number(answer: AnyAnswer, language: str | None) -> tuple[str, str]:
    """The one number of a finding, and its range and n to stand beside it."""
    if not isinstance(answer, Finding):
        return "", ""
    unit, ends = answer.estimand.unit, say.range_of(answer, language)
    difference = len(answer.parts) > 1 and answer.method.key != "bottleneck"
    show = change if difference else amount
    number = with_year(show(answer.value, unit, language), answer.estimand.dollar_year, language)
    given: dict[str, Scalar] = {"n": answer.counts.analysed}
    if _of_places(answer):
        return number, ends
    scenario = answer.interval is not None and answer.interval.kind == "scenario range"
    form = "beside-n" if not ends else "beside-scenario" if scenario else "beside"
    return number, sentence(f"brief.{form}", {**given, "range": ends}, language)


def exact(answer: AnyAnswer, language: str | None) -> str:
    """The figures that belong in methods and nowhere else."""
    if not isinstance(answer, Finding):
        return ""
    known = {
        "se": answer.se,
        "df": answer.df,
        "p": answer.p,
        "level": answer.interval.level if answer.interval else None,
    }
    said = [
        sentence(f"brief.exact-{k}", {k: f"{100 * v:g}" if k == "level" else f"{v:,.4g}"}, language)
        for k, v in known.items()
        if v is not None
    ]
    return " ".join(said)
