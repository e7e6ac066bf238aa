"""A person's browser without JavaScript: cookies, forms as they stand, files sent in pieces."""

from __future__ import annotations

import http.client
import http.cookiejar
import secrets
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import cast

AWAY = (urllib.error.URLError, ConnectionError, http.client.HTTPException, TimeoutError, OSError)
"""What a browser meets when the server is gone."""


@dataclass
class Form:
    """What a form sends as it stands."""

    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self.select: tuple[str, list[tuple[str, bool]]] | None = None
        self.area: tuple[str, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        have = {k: v or "" for k, v in attrs}
        name = have.get("name", "")
        if tag == "form":
            self.found.append(Form(have.get("action", "")))
        elif not self.found or "disabled" in have:
            return
        elif tag == "input" and name and have.get("type") not in ("submit", "file"):
            box = have.get("type") in ("radio", "checkbox")
            if not box or "checked" in have:
                self.found[-1].fields.append((name, have.get("value", "on" if box else "")))
        elif tag == "select":
            self.select = (name, [])
        elif tag == "option" and self.select:
            self.select[1].append((have.get("value", ""), "selected" in have))
        elif tag == "textarea":
            self.area = (name, "")

    def handle_data(self, data: str) -> None:
        if self.area:
            self.area = (self.area[0], self.area[1] + data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self.select:
            name, options = self.select
            chosen = [v for v, picked in options if picked] or [v for v, _ in options[:1]]
            self.found[-1].fields += [(name, v) for v in chosen]
            self.select = None
        elif tag == "textarea" and self.area:
            self.found[-1].fields.append(self.area)
            self.area = None


class Browser:
    """Goes to addresses of one server."""

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")
        self.jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))

    def get(self, path: str) -> str:
        with self.opener.open(self.address + path, timeout=60) as page:
            return cast("bytes", page.read()).decode()

    def form(self, path: str, holding: str) -> Form:
        """The form of a page that has this field, or goes to this address."""
        reader = _Forms()
        reader.feed(self.get(path))
        for form in reader.found:
            if form.action == holding or any(name == holding for name, _ in form.fields):
                return form
        raise AssertionError(f"no form with {holding} on {path.split('/')[1]}")

    def submit(self, path: str, holding: str, **said: str) -> str:
        """Fill a form in and send it; the path where it leads."""
        form = self.form(path, holding)
        fields = [(k, v) for k, v in form.fields if k not in said] + list(said.items())
        body = urllib.parse.urlencode(fields).encode()
        with self.opener.open(self.address + (form.action or path), body, timeout=60) as page:
            page.read()
            return str(urllib.parse.urlparse(page.url).path)

    def send(
        self, path: str, to: str, name: str, size: int, pieces: Iterable[bytes]
    ) -> tuple[int, str]:
        """Send a file by the form of a page, in pieces; the status and where it leads."""
        form = self.form(path, to)
        token = dict(form.fields)["csrfmiddlewaretoken"]
        edge = secrets.token_hex(16)
        before = (
            f'--{edge}\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n'
            f'{token}\r\n--{edge}\r\nContent-Disposition: form-data; name="file"; '
            f'filename="{name}"\r\nContent-Type: application/octet-stream\r\n\r\n'
        ).encode()
        after = f"\r\n--{edge}--\r\n".encode()

        def body() -> Iterator[bytes]:
            yield before
            yield from pieces
            yield after

        host = self.address.removeprefix("http://")
        connection = http.client.HTTPConnection(host, timeout=300)
        try:
            connection.request(
                "POST", to, body(),
                {
                    "Content-Type": f"multipart/form-data; boundary={edge}",
                    "Content-Length": str(len(before) + size + len(after)),
                    "Cookie": "; ".join(f"{c.name}={c.value}" for c in self.jar),
                },
            )  # fmt: skip
            answer = connection.getresponse()
            answer.read()
            return answer.status, answer.headers.get("Location", "")
        finally:
            connection.close()
