"""The verbs of the web lab: serve, work, backup, restore, user add.

They need the optional part `web`; nothing of it is imported before a verb runs.
"""

from __future__ import annotations

import json
import re
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rung.web.backup import Done

WebLab = Annotated[Path | None, typer.Option("--lab", metavar="DIR", help="The web lab's folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of words.")]
Secret = Annotated[
    Path | None, typer.Option("--passphrase-file", help="A file with a passphrase in it.")
]
Role = StrEnum("Role", ["owner", "staff", "coach", "analyst", "viewer"])
Kind = StrEnum("Kind", ["provider", "coach", "city", "funder"])
user = typer.Typer(help="People who sign in to the web lab.", rich_markup_mode=None)


def _say(*lines: str) -> None:
    sys.stdout.write("".join(line + "\n" for line in lines))
    sys.stdout.flush()


def serve(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8000,
    lab: WebLab = None,
    no_sample: Annotated[
        bool, typer.Option("--no-sample", help="Begin empty, without the simulated provider.")
    ] = False,
    production: Annotated[
        bool, typer.Option("--production", help="Refuse every insecure setting.")
    ] = False,
    no_worker: Annotated[
        bool, typer.Option("--no-worker", help="Background work is done by `rung work`.")
    ] = False,
    threads: Annotated[int, typer.Option(min=1, max=64, help="Pages made at a time.")] = 8,
    as_json: AsJson = False,
) -> None:
    """Serve the web lab on this machine, with a simulated provider to look around in.

    Example: rung serve --lab riverbend-web
    """
    from rung.messages import sentence
    from rung.web import checks, server

    home = server.folder(lab)
    if production:
        checks.environment(home)
    sock = server.listen(port)
    server.ready(home)
    server.prepare()
    if production:
        for warning in checks.installed():
            typer.echo(f"{warning.what()} {warning.next()}", err=True)

    from rung.web import sample

    ordinary = home.parent if home.name == "web" and (home.parent / "lab.toml").is_file() else None
    if ordinary is not None:
        sample.adopt(ordinary)
    elif not (no_sample or production):
        sample.ask()

    def tell(address: str, welcome: str | None) -> None:
        if as_json:
            _say(json.dumps({"address": address, "welcome": welcome}))
            return
        _say(sentence("label.serving", {"address": address}))
        if welcome:
            _say(sentence("label.serving-first", {"link": welcome}))
        elif server.nobody():
            _say(sentence("label.serving-nobody"))
        _say(sentence("label.serving-stop"))

    server.serve(sock, tell, embedded=not no_worker, threads=threads)


def work(
    lab: WebLab = None,
    with_server: Annotated[bool, typer.Option("--with-server", hidden=True)] = False,
) -> None:
    """Do the web lab's background work: for `rung serve --no-worker`.

    Example: rung work --lab riverbend-web
    """
    _opened(lab)
    from rung.web import server

    server.work(with_server=with_server)


def _opened(lab: Path | None) -> None:
    """A web lab that is there, at this version."""
    from rung.web import server

    server.ready(server.existing(lab))
    server.prepare()


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write.")],
    lab: WebLab = None,
    passphrase_file: Secret = None,
    as_json: AsJson = False,
) -> None:
    """Write the whole web lab to one file, also while it is being used.

    Example: rung backup riverbend.rung --lab riverbend-web --passphrase-file passphrase
    """
    from rung.cli import show
    from rung.web import backup

    words = backup.passphrase(passphrase_file)
    _opened(lab)
    with show.progress(as_json) as progress:
        done = backup.write(file, words, progress=progress)
    _done(done, "label.backup-written", as_json)


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `rung backup` wrote.")],
    lab: WebLab = None,
    passphrase_file: Secret = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only say whether the file opens and is whole.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring a web lab back from a backup, into an empty folder.

    Example: rung restore riverbend.rung --lab riverbend-web
    """
    from rung.cli import show
    from rung.web import backup, server

    words = backup.passphrase(passphrase_file)
    with show.progress(as_json) as progress:
        if check:
            done = backup.verify(file, words, progress=progress)
        else:
            done = backup.read(file, server.folder(lab), words, progress=progress)
    _done(done, "label.backup-whole" if check else "label.backup-restored", as_json)


def _done(done: Done, said: str, as_json: bool) -> None:
    from rung.messages import sentence

    if as_json:
        _say(json.dumps(done.to_json()))
        return
    _say(sentence(said, {"file": str(done.file), "files": done.files, "rows": done.rows}))
    for note in done.notes:
        _say(sentence(note, {"n": len(done.missing)}))


@user.callback(invoke_without_command=True)
def _user(context: typer.Context) -> None:
    """People who sign in to the web lab."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit


@user.command("add")
def user_add(
    email: Annotated[str, typer.Argument(help="The person's address.")],
    organisation: Annotated[str, typer.Option(help="The organisation's name; made when new.")],
    role: Annotated[Role, typer.Option(help="What they may do.")] = Role.owner,
    kind: Annotated[Kind, typer.Option(help="What the organisation is.")] = Kind.provider,
    lab: WebLab = None,
    as_json: AsJson = False,
) -> None:
    """Give a person a place; prints the link by which they come in and choose a password.

    Example: rung user add ana@example.org --organisation Riverbend --role owner
    """
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", email):
        raise typer.BadParameter("an address is written name@example.org")
    from rung.web import server

    server.ready(server.folder(lab))
    server.prepare()
    from rung.messages import sentence
    from rung.web import invitations

    path = invitations.add_user(email, role.value, organisation, kind.value)
    link = server.address().rstrip("/") + path
    _say(json.dumps({"link": link}) if as_json else sentence("label.user-link", {"link": link}))


def add_to(app: typer.Typer) -> None:
    """Make these verbs known."""
    for verb in (serve, work, backup, restore):
        app.command()(verb)
    app.add_typer(user, name="user")
