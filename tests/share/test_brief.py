"""The brief as a file: whole, safe, and silent about what was hidden."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import itertools
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from rung.share import brief
from rung.share.brief import BriefInput, Section
from rung.share.release import Agreement, AnyAnswer, Audience, Inside, Outside, release
from tests.share import examples
from tests.share.test_say import bottleneck, gap_finding

EVIL = '<script>alert("x")</script>'


def made(audience: Audience | None = None, level: str = "other", title: str = "") -> str:
    audience = audience or Outside()
    groups = {"women": (180, 150, 97), "men": (113, 90, 58), level: (12, 7, 1)}
    answers: list[AnyAnswer] = [
        bottleneck(),
        examples.journey(),
        gap_finding(-0.08, -0.15, -0.01),
        examples.journey(groups),
        examples.gap({k: v[::2] for k, v in groups.items()}),
        examples.difference(1794.34, 550.57, 3038.11, dollar_year=1978),
        examples.forest(),
        examples.arms(),
        examples.level(1, 40),
    ]
    found = release(answers, audience, today=dt.date(2026, 1, 1))
    return brief.html(
        BriefInput(
            title=title,
            provider="Harbor & Works",
            program="Welding",
            as_of="2025-12-31",
            audience=audience,
            sections=(Section("Where are people lost?", found[:2]), Section("Whom?", found[2:])),
            next_steps=("Ask ten people who left what would have kept them.",),
            command="rung diagnose harbor --outside",
        )
    )


class Tags(HTMLParser):
    """Every opening tag with its attributes, and whether tags close in order."""

    VOID = frozenset({"meta", "br", "link", "img"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_needs_nothing_else() -> None:
    page = made()
    tags = Tags(page)
    assert tags.open == []
    names = [tag for tag, _ in tags.found]
    assert not {"script", "link", "img", "iframe"} & set(names)
    ids = [a["id"] for _, a in tags.found if "id" in a]
    assert len(ids) == len(set(ids))
    assert all(a["href"].startswith("#") for t, a in tags.found if t == "a" and a["href"])
    assert {f"#{i}" for i in ids} >= {a["href"] for t, a in tags.found if t == "a"}
    assert not any(k.startswith("on") or k == "style" for _, a in tags.found for k in a)
    assert "url(http" not in page
    assert "@import" not in page


def test_headings_go_down_one_step_at_a_time() -> None:
    levels = [int(tag[1]) for tag, _ in Tags(made()).found if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))


def test_the_security_policy_lets_in_our_styles_alone() -> None:
    page = made()
    styles = set(re.findall(r"<style>(.*?)</style>", page, re.DOTALL))
    assert len(styles) == 2
    for style in styles:
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert f"sha256-{digest}" in page.replace("&#43;", "+")
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page


def test_nothing_in_the_records_can_become_markup() -> None:
    page = made(Inside(), level=EVIL, title=EVIL)
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_hidden_numbers_are_nowhere_on_the_page() -> None:
    inside, outside = made(Inside()), made()
    for number in (">58<", "1794.34", "550.57", "$1,790"):
        assert number not in outside
    assert ">58<" in inside
    assert "too few to publish" in outside
    assert "too few to publish" not in inside
    assert "This does not mean there is no difference." in outside


def test_it_says_who_may_see_it() -> None:
    assert "Inside: for staff, not for release" in made(Inside())
    assert "Outside: for everyone" in made()
    agreement = Agreement("State agency", "evaluation", dt.date(2026, 12, 31))
    assert "Under agreement: for State agency, until December 31, 2026" in made(agreement)
    released = release([bottleneck()], Inside())
    with pytest.raises(ValueError, match="audience"):
        BriefInput("x", "y", Outside(), (Section("z", released),))


def test_it_answers_every_question_a_reader_has() -> None:
    page = made()
    for words in (
        "More people are lost between Enrolled and Completed",  # what was found
        "The question is about everyone who applied",  # for whom
        "fits these data",  # how sure
        "Not counted: 40 people: entered too recently to be judged.",  # what was left out
        "What to do next",
        "Wilson, E. B. (1927)",  # with which method
        "FROM journeys",  # how to make it again
        "rung diagnose harbor --outside",
        "A lottery decided",
    ):
        assert words in page, words


def test_it_is_the_same_every_time() -> None:
    assert made() == made()


def test_a_brief_of_refusals_is_a_brief() -> None:
    found = release([replace(examples.refusal(), id="x")], Outside())
    page = brief.html(BriefInput("", "Harbor", Outside(), (Section("Q", found),)))
    assert re.search(r"<title>[^<]+: Too few people to publish", page)
    assert "a number that cannot be trusted is worse than none" in page


def test_a_notebook_shows_words_chart_and_table() -> None:
    (journey, refused) = release([examples.journey(), examples.level(1, 9)], Outside())
    shown = journey._repr_html_()
    assert Tags(shown).open == []
    assert "reached “Retained”" in shown
    assert "<svg" in shown
    assert "<td>151</td>" in shown
    assert "Outside: for everyone" in shown
    assert "Too few people to publish" in refused._repr_html_()


def test_an_article_that_is_not_drawn_keeps_its_number() -> None:
    (released,) = release([gap_finding(-0.08, -0.15, -0.01)], Inside())
    whole, short = brief.article(released), brief.article(released, drawn=False)
    assert "<svg" in whole
    assert "<svg" not in short
    assert "<figcaption" not in short
    assert '<p class="number">' in short
