"""What `rung serve --production` refuses: every insecure setting, all at once, with its mending.

`environment` looks at the environment and the folder and needs nothing of Django; `installed` asks
Django's own deployment check and the database.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import parse_qs, urlparse

from rung.errors import Problem, UsageError

Env = Mapping[str, str]
_HERE = ("127.0.0.1", "::1", "localhost")


def _wrong(code: str, **params: str) -> Problem:
    return Problem(code=code, params=params, weight="break")


def _secret(env: Env, home: Path) -> Iterator[Problem]:
    found = env.get("RUNG_SECRET_KEY", "")
    if len(found) < 50 or len(set(found)) < 10 or "insecure" in found.lower():
        yield _wrong("USE-production-secret")


def _hosts(env: Env, home: Path) -> Iterator[Problem]:
    hosts = [h.strip() for h in env.get("RUNG_HOSTS", "").split(",") if h.strip()]
    if not hosts or any(h.startswith((".", "*")) for h in hosts):
        yield _wrong("USE-production-hosts")


def _proxy(env: Env, home: Path) -> Iterator[Problem]:
    if env.get("RUNG_BEHIND_PROXY") != "1":
        yield _wrong("USE-production-https")


def _folder(env: Env, home: Path) -> Iterator[Problem]:
    """Whether others of this machine can read the folder, or a secret in it."""
    if os.name != "posix" or not home.exists():
        return
    others = stat.S_IRWXG | stat.S_IRWXO
    for path in (home, home / "secret", home / "lab.sqlite3", *home.glob("labs/*/*/private")):
        if path.exists() and path.stat().st_mode & others and home.stat().st_mode & others:
            yield _wrong("USE-production-folder", folder=home.name)
            return


def _database(env: Env, home: Path) -> Iterator[Problem]:
    """A database on another machine is spoken to over TLS, and its server is known."""
    url = urlparse(env.get("DATABASE_URL", ""))
    if not url.hostname or url.hostname in _HERE:
        return
    mode = parse_qs(url.query).get("sslmode", [""])[-1]
    if mode not in ("require", "verify-ca", "verify-full"):
        yield _wrong("USE-production-database")


def _debugging(env: Env, home: Path) -> Iterator[Problem]:
    for name in ("RUNG_DEBUG", "DJANGO_DEBUG", "DEBUG"):
        if env.get(name, "0").lower() not in ("", "0", "false", "no"):
            yield _wrong("USE-production-debug", name=name)


def _records_key(env: Env, home: Path) -> Iterator[Problem]:
    given = env.get("RUNG_KEY")
    if given is None:
        return
    try:
        key = bytes.fromhex(given)
    except ValueError:
        key = b""
    if len(key) != 32 or len(set(key)) < 8:
        yield _wrong("USE-production-records-key")


def _post(env: Env, home: Path) -> Iterator[Problem]:
    url = urlparse(env.get("RUNG_EMAIL_URL", ""))
    if url.scheme == "smtp+plain" and url.hostname not in _HERE:
        yield _wrong("USE-production-post")


_ALL: tuple[Callable[[Env, Path], Iterator[Problem]], ...] = (
    _secret,
    _hosts,
    _proxy,
    _folder,
    _database,
    _debugging,
    _records_key,
    _post,
)


def environment(home: Path, env: Env | None = None) -> None:
    """Let pass an environment (by default this process's) and folder that are safe.

    Sets RUNG_PRODUCTION for what follows. UsageError with every problem otherwise.
    """
    given = os.environ if env is None else env
    problems = [p for check in _ALL for p in check(given, home)]
    if problems:
        raise UsageError(problems)
    if env is None:
        os.environ["RUNG_PRODUCTION"] = "1"


def judge(failed: Iterable[str], *, sample: bool, post: bool) -> tuple[Problem, ...]:
    """Refuse checks of Django's that failed, and a `sample` beside real people.

    Returns what is only a pity: no post to send invitations with.
    """
    problems = [_wrong("USE-production-django", check=check) for check in failed]
    if sample:
        problems.append(_wrong("USE-production-sample"))
    if problems:
        raise UsageError(problems)
    return () if post else (Problem(code="USE-production-no-post"),)


def installed() -> tuple[Problem, ...]:
    """`judge` this lab, once Django is there."""
    from django.conf import settings
    from django.core import checks

    from rung.web.models import Program

    found = checks.run_checks(include_deployment_checks=True)
    failed = [str(c.id) for c in found if not c.is_silenced() and c.level >= checks.WARNING]
    sample = Program.objects.filter(sample=True).exists()
    return judge(failed, sample=sample, post=bool(settings.EMAIL_HOST))
