"""SAS, Stata and SPSS files, by the optional part `statfiles` (pyreadstat), as sheets of text."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rung.records.files.sheet import (
    MOST_COLUMNS,
    Sheet,
    TextTable,
    clean_header,
    label,
    stop,
    work_file,
)
from rung.records.files.workbook import text_of

_READERS = {
    ".sas7bdat": "read_sas7bdat",
    ".xpt": "read_xport",
    ".dta": "read_dta",
    ".sav": "read_sav",
    ".zsav": "read_sav",
}
ENDINGS = set(_READERS)
_CHUNK = 50_000  # rows held at once

Read = Callable[..., tuple[dict[str, list[Any]], Any]]


def _reader(path: Path) -> Read:
    try:
        import pyreadstat
    except ImportError as e:
        raise stop("REC-statfiles", path) from e
    read: Read = getattr(pyreadstat, _READERS[path.suffix.lower()])
    return read


def _text(value: Any, words: Mapping[Any, str]) -> str:
    if value is None or value != value:  # NaN is how a missing number arrives
        return ""
    if words and value in words:
        return str(words[value])
    if isinstance(value, (str, int, float, dt.date, dt.time, dt.timedelta)):
        return value if isinstance(value, str) else text_of(value)
    return str(value)


def sheet(path: Path, work: Path, *, labels: bool = True) -> Sheet:
    """The file's one table as text.

    Values that the file gives a label ("1 = Male") are read as their label, or as the value when
    `labels` is false. Raises REC-statfiles, REC-statfile, REC-header-only, REC-too-wide.
    """
    read = _reader(path)
    start, table = 0, None
    try:
        while True:
            try:
                columns, meta = read(
                    str(path), output_format="dict", row_offset=start, row_limit=_CHUNK
                )
            except Exception as e:  # pyreadstat raises its own and many built-in errors
                raise stop("REC-statfile", path) from e
            if table is None:
                given = list(meta.column_names)
                if len(given) > MOST_COLUMNS:
                    raise stop("REC-too-wide", path, columns=len(given), most=MOST_COLUMNS)
                header = clean_header(given, label(path, path.stem), 0)
                target = work_file(work, path, f"data {labels}", ".parquet")
                table = TextTable(target, header.names)
            words = [meta.variable_value_labels.get(c, {}) if labels else {} for c in given]
            values = [columns.get(c, []) for c in given]
            size = len(values[0]) if values else 0
            for i in range(size):
                row = [_text(v[i], w) for v, w in zip(values, words, strict=True)]
                table.add(start + i + 1, row)
            if size < _CHUNK:
                break
            start += size
        if not table.rows:
            raise stop("REC-header-only", path)
    except BaseException:
        if table is not None:
            table.abandon()
        raise
    return Sheet(
        source=path,
        name=path.stem,
        columns=header.names,
        scan=table.close(),
        header_row=0,
        numbered=True,
        rows=table.rows,
        problems=header.problems,
    )
