"""The terminal: `rung <verb>` parses, calls one function of `cycle`, and prints.

Exit status: 0 answers, 1 our bug, 2 wrong usage, 10 records unusable, 11 plan, 12 every answer
refused, 13 may not be released, 130 interrupted.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Sequence
from typing import Any


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command and leave with its exit status; no traceback reaches a user."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    from rung import messages

    with messages.speaking("en"):  # until a verb is told to speak another
        status = _run(arguments, as_json="--json" in arguments)
    sys.exit(status)


@functools.cache
def _verbs() -> Any:
    """Every verb with its options, once for a process that runs several."""
    from typer.main import get_command

    from rung.cli.app import app

    return get_command(app)


def _run(arguments: list[str], *, as_json: bool) -> int:
    import typer

    try:
        status = _verbs().main(args=arguments, prog_name="rung", standalone_mode=False)
        return status if isinstance(status, int) else 0
    except (typer.Abort, KeyboardInterrupt):
        return _interrupted()
    except SystemExit as stop:
        # the parser meets a closed pipe before we do: it wraps standard output and leaves with 1
        closed = type(sys.stdout).__name__ == "PacifyFlushWrapper"
        return 0 if closed else int(stop.code or 0)
    except BrokenPipeError:
        # the reader of our output has gone; nothing is left to tell anyone
        sys.stderr.close()
        return 0
    except Exception as error:
        if hasattr(error, "format_message"):  # the parser's own errors
            return _usage(error, as_json=as_json)
        return _failed(error, as_json=as_json)


def _interrupted() -> int:
    from rung.messages import sentence

    sys.stderr.write(sentence("label.stopped") + "\n")
    return 130


def _usage(error: object, *, as_json: bool) -> int:
    from rung.cli import show
    from rung.errors import UsageError

    message = getattr(error, "format_message", lambda: str(error))()
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "rung"
    return show.error(
        UsageError("USE-command", message=message.rstrip("."), command=command), as_json=as_json
    )


def _failed(error: Exception, *, as_json: bool) -> int:
    from rung.cli import show
    from rung.errors import RungError, UsageError

    if isinstance(error, RungError):
        return show.error(error, as_json=as_json)
    if os.environ.get("RUNG_DEBUG"):
        raise error
    if isinstance(error, OSError) and error.filename:  # a full disk, no permission, a folder's name
        named = UsageError(
            "USE-file", file=os.path.basename(error.filename), reason=error.strerror or "?"
        )
        return show.error(named, as_json=as_json)
    # our bug: say where it happened, but no value that might come from a record
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    place = f"{at.tb_frame.f_globals.get('__name__', '?')}:{at.tb_lineno}" if at else "?"
    bug = UsageError("USE-bug", kind=type(error).__name__, place=place)
    show.error(bug, as_json=as_json)
    return 1
