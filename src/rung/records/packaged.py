"""`[[datasets]]`: public data that a Python package ships, read in a process of its own.

Such packages bring pandas and more; a process of its own keeps them out of ours, and the network
is never asked. The data land in the lab's `private/` like any file that was sent.
"""

from __future__ import annotations

import subprocess
import sys
from typing import Annotated, Literal

from pydantic import Field

from rung.errors import RecordsError
from rung.records.lab import Lab, Section

_READ = """
import importlib, sys
package, name, target = sys.argv[1:]
frame = importlib.import_module(f"{package}.{name}").load_pandas().data
# 32-bit floats are written as the doubles they are, so that no digit is invented or lost
wide = frame.astype({c: "float64" for c in frame.columns if str(frame[c].dtype) == "float32"})
wide.to_csv(target, index=False)
"""


class Dataset(Section):
    """One data set of a package; `file` is where it goes, relative to the lab."""

    file: str
    package: Literal["causaldata"]
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


def fetch(lab: Lab) -> int:
    """Write every declared data set that is not there yet; returns how many were written.

    Raises RecordsError (REC-package) when the package is not installed or has no such data set.
    """
    written = 0
    for each in lab.sections("datasets", Dataset):
        target = lab.path / each.file
        if target.is_file():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_suffix(".writing")
        done = subprocess.run(  # noqa: S603 (our own interpreter, our own script)
            [sys.executable, "-c", _READ, each.package, each.name, str(part)],
            capture_output=True,
            check=False,
            timeout=300,
        )
        if done.returncode:
            part.unlink(missing_ok=True)
            raise RecordsError("REC-package", package=each.package, dataset=each.name)
        part.replace(target)
        written += 1
    return written
