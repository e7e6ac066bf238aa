"""Someone at a browser, who finds things by the words on them.

Words come from the catalogue, so that one journey is walked in English and in Spanish. Nothing is
found by an id or a class: a page on which a person finds nothing must fail.
"""

from __future__ import annotations

import re
import string
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rung import messages

WAIT = 45_000
"""Milliseconds for a page; two cores may be busy."""
WORK = 300
"""Seconds for the worker to come to a piece of work and to end it, while its page says so."""

EVERY_RULE = {"rules": {"landmark-unique": {"enabled": False}, "target-size": {"enabled": True}}}
SEEN_OUTLINE = """() => {
  const at = document.activeElement, how = getComputedStyle(at), box = at.getBoundingClientRect();
  const drawn = how.outlineStyle !== "none" && parseFloat(how.outlineWidth) >= 2;
  const inside = box.width > 0 && box.bottom > 0 && box.top < innerHeight;
  return (drawn && inside) || at === document.body || at.tagName === "MAIN";
}"""
RUNS_OFF = """() => {
  const edge = document.documentElement.clientWidth;
  const scrolls = (e) => { for (; e; e = e.parentElement) {
    const how = getComputedStyle(e);
    if (how.overflowX !== "visible" || how.clipPath !== "none") return true;
  } return false; };
  const out = document.documentElement.scrollWidth > edge ? ["the page"] : [];
  for (const e of document.querySelectorAll("main *, header *")) {
    const box = e.getBoundingClientRect();
    if (box.width && box.right > edge + 1 && !scrolls(e)) out.push(e.outerHTML.slice(0, 90));
    const how = getComputedStyle(e);
    if (how.overflowX === "hidden" && how.clipPath === "none" && e.scrollWidth > e.clientWidth + 1)
      out.push("cut: " + e.outerHTML.slice(0, 90));
  }
  return out;
}"""


def words(key: str, language: str = "en", **params: Any) -> str | re.Pattern[str]:
    """What stands on the page for `key`: the sentence, or, where parameters are open, its shape."""
    template = messages._catalogue(language).gettext(key)
    fields = [name for _, name, _, _ in string.Formatter().parse(template) if name]
    if all(name in params for name in fields):
        return messages.sentence(key, params, language)
    shape = ""
    for literal, name, spec, _ in string.Formatter().parse(template):
        shape += re.escape(literal)
        if name in params:
            shape += re.escape(str(params[name]))
        elif spec and "|" in spec:  # {n:# row|# rows}
            forms = (re.escape(form).replace(r"\#", r"[\d,.]+") for form in spec.split("|"))
            shape += f"(?:{'|'.join(forms)})"
        elif name:
            shape += ".+?"
    return re.compile(f"^{shape}$", re.DOTALL)


class Person:
    """A browser of one person: its own cookies, a width, a language, perhaps no JavaScript."""

    def __init__(
        self,
        browser: Any,
        address: str,
        *,
        language: str = "en",
        width: int = 1280,
        phone: bool = False,
        dark: bool = False,
        javascript: bool = True,
        cookies: list[Any] | None = None,
        inspected: bool = False,
    ) -> None:
        self.address, self.language = address.rstrip("/"), language
        self.asked: list[str] = []
        self.troubles: list[str] = []
        self.context = browser.new_context(
            base_url=address,
            viewport={"width": 390, "height": 844} if phone else {"width": width, "height": 900},
            has_touch=phone,
            is_mobile=phone,
            device_scale_factor=1,
            color_scheme="dark" if dark else "light",
            java_script_enabled=javascript,
            locale={"en": "en-US", "es": "es-US"}[language],
            timezone_id="America/New_York",
            bypass_csp=inspected,  # only for the accessibility rules, which are a script of ours
            reduced_motion="reduce",
        )
        self.context.set_default_timeout(WAIT)
        self.context.add_cookies(cookies or [])
        self.context.on("request", lambda r: self.asked.append(r.url))
        self.page: Any = None
        self.tab()

    def tab(self) -> Any:
        """Open another tab and look at it."""
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda e: self.troubles.append(f"script: {e}"))
        self.page.on("console", self._console)
        self.page.on("response", self._response)
        return self.page

    def _console(self, message: Any) -> None:
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.troubles.append(message.text)

    def _response(self, response: Any) -> None:
        if response.status >= 500:
            self.troubles.append(f"{response.status} {urlsplit(response.url).path}")

    def close(self) -> None:
        """Close the browser. Nothing broke, and no other host was asked for anything."""
        self.context.close()
        assert not self.troubles, self.troubles
        here = urlsplit(self.address).netloc
        foreign = [u for u in self.asked if urlsplit(u).netloc not in ("", here)]
        assert not foreign, foreign

    # -- words

    def words(self, key: str, **params: Any) -> str | re.Pattern[str]:
        """The words of `key` in this person's language."""
        return words(key, self.language, **params)

    @property
    def title(self) -> str:
        """The question or finding at the top of the page."""
        return str(self.page.get_by_role("heading", level=1).inner_text())

    def sees(self, key: str, **params: Any) -> Any:
        """Wait until the page says it."""
        found = self.page.get_by_text(self.words(key, **params)).first
        found.wait_for()
        return found

    def on(self, key: str, **params: Any) -> None:
        """Wait until the page's title is this."""
        name = self.words(key, **params)
        self.page.get_by_role("heading", level=1, name=name).wait_for()

    def titled(self, text: str) -> None:
        """Wait until the page's title is this text."""
        self.page.get_by_role("heading", level=1, name=text, exact=True).wait_for()

    def worked(self, key: str, **params: Any) -> None:
        """Wait for the worker for as long as the page says that it waits or works, then `on`."""
        there = self.page.get_by_role("heading", level=1, name=self.words(key, **params))
        waits = self.page.get_by_role("heading", level=1, name=self.words("web.waiting.title"))
        broken = self.page.get_by_role("heading", level=1, name=self.words("web.sorry.broken"))
        there.or_(waits).or_(broken).first.wait_for()
        last = time.monotonic() + WORK
        while waits.count() and not there.count():
            failed = self.page.get_by_role("alert")
            assert not failed.count(), failed.all_inner_texts()
            assert time.monotonic() < last, self.page.get_by_role("main").inner_text()
            self.page.wait_for_timeout(250)
        there.or_(broken).first.wait_for()
        assert not broken.count(), self.troubles

    # -- doing

    def go(self, path: str) -> int:
        """Type an address; the status of the page."""
        answer = self.page.goto(path)
        return int(answer.status) if answer else 0

    def link(self, key: str, **params: Any) -> Any:
        """A link with these words."""
        return self.page.get_by_role("link", name=self.words(key, **params), exact=True)

    def button(self, key: str, **params: Any) -> Any:
        """A button with these words."""
        return self.page.get_by_role("button", name=self.words(key, **params), exact=True)

    def follow(self, key: str, **params: Any) -> None:
        """Click a link."""
        self.link(key, **params).first.click()

    def press(self, key: str, **params: Any) -> None:
        """Click a button."""
        self.button(key, **params).first.click()

    def send(self, key: str, **params: Any) -> None:
        """Click a button and wait for the page that answers, though the old one looks like it."""
        with self.page.expect_navigation():
            self.press(key, **params)

    def write(self, key: str, text: str, **params: Any) -> None:
        """Write into the field with this label."""
        self.page.get_by_label(self.words(key, **params), exact=True).first.fill(text)

    def pick(self, key: str, option: str | re.Pattern[str], **params: Any) -> None:
        """Pick from the list with this label, by the words of the option."""
        field = self.page.get_by_label(self.words(key, **params), exact=True).first
        for each in field.get_by_role("option").all():
            name = each.text_content() or ""
            if re.fullmatch(option, name) if isinstance(option, re.Pattern) else option == name:
                field.select_option(label=name)
                return
        raise AssertionError(f"nothing to pick under {key}")

    def unfold(self, name: str | re.Pattern[str]) -> Any:
        """Open what unfolds under these words; gives its element."""
        if isinstance(name, re.Pattern):  # a summary may say more than these words
            name = re.compile(name.pattern.rstrip("$"), re.DOTALL)
        summary = self.page.locator("summary").filter(has_text=name).first
        summary.click()
        return summary.locator("xpath=..")

    @contextmanager
    def downloading(self, into: Path) -> Iterator[Path]:
        """What is pressed inside gives a file: it lies at the path afterwards."""
        with self.page.expect_download() as coming:
            yield into
        coming.value.save_as(into)

    def follow_home(self, name: str) -> None:
        """Go to an organisation by the menu under one's own name."""
        self.page.get_by_role("navigation", name=self.words("web.nav.places")).locator(
            "summary"
        ).click()
        self.page.get_by_role("link", name=name, exact=True).first.click()

    # -- looking

    def nothing_runs_off(self) -> None:
        """No page scrolls sideways and nothing is cut, with everything unfolded."""
        self.page.evaluate("document.querySelectorAll('main details').forEach(d => d.open = true)")
        found = self.page.evaluate(RUNS_OFF)
        assert not found, (urlsplit(self.page.url).path, self.title, found[:4])

    def focus_is_seen(self) -> bool:
        """Whether what has the focus is on the screen with an outline of at least two pixels."""
        return bool(self.page.evaluate(SEEN_OUTLINE))

    def breaks_rules(self) -> list[str]:
        """What axe finds against WCAG 2.2 A and AA and its best practices, everything unfolded."""
        from axe_playwright_python.sync_playwright import Axe

        self.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        # two tables of a brief may rightly say the same headline
        found = Axe().run(self.page, options=EVERY_RULE).response["violations"]
        return [
            f"{v['id']}: {v['help']}: {node['html'][:160]}"
            for v in found
            for node in v["nodes"][:3]
        ]

    # -- coming in

    def speak(self) -> None:
        """Ask for the pages in this person's language, if they are in another one."""
        self.go("/")
        if self.page.locator("html").get_attribute("lang") != self.language:
            name = {"en": "English", "es": "Español"}[self.language]
            self.page.get_by_role("button", name=name, exact=True).click()
            self.page.locator(f"html[lang={self.language}]").wait_for(state="attached")

    def come_in(self, link: str, name: str, email: str, password: str) -> None:
        """Follow a welcome link or an invitation and make an account."""
        if link:
            self.page.goto(link)
        self.write("web.welcome.name", name)
        if self.page.get_by_label(self.words("web.front.email"), exact=True).count():
            self.write("web.front.email", email)
        self.write("web.front.password", password)
        begin = self.button("web.welcome.begin")
        (begin if begin.count() else self.button("web.invitation.accept")).click()

    def sign_in(self, email: str, password: str) -> None:
        """On a page that asks for it."""
        self.write("web.front.email", email)
        self.write("web.front.password", password)
        self.press("web.front.sign-in")
