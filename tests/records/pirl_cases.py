"""A record that breaks each logic rule, and the same record mended."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

Cells = Mapping[str, str]
BASE: Cells = {"100": "ZQX1", "900": "20240110", "901": "20240815"}


def after(quarter: int, **more: str) -> dict[str, str]:
    """Employed, by wage records, in a quarter after exit."""
    n = 2 * quarter
    job, match, wages = str(1598 + n), str(1599 + n), str(1702 + quarter)
    return {job: "1", match: "1", wages: "8200.00", **more}


TRAINED = {"1300": "1", "1302": "20240115", "1303": "06", "1307": "1", "1308": "20240801"}

CASES: Mapping[str, tuple[list[Cells], list[Cells]]] = {
    "REC-pirl-01": ([{"100": ""}, {}], [{}]),
    "REC-pirl-02": ([{}, {"900": "20241001", "901": "20250110"}],
                    [{}, {"900": "20241201", "901": "20250110"}]),
    "REC-pirl-03": ([{"900": "20230101", "901": ""}, {"900": "20240801", "901": ""}],
                    [{"900": "20230101", "901": "20230301"}, {"900": "20240801", "901": ""}]),
    "REC-pirl-04": ([{"901": "20231215"}], [{}]),
    "REC-pirl-05": ([{"200": "20150101"}], [{"200": "19950101"}]),
    "REC-pirl-06": ([{"903": "4", "1001": ""}], [{"903": "4", "1001": "", "900": "", "901": ""}]),
    "REC-pirl-07": ([{"901": "", "923": "03"}], [{"923": "03"}]),
    "REC-pirl-08": ([{"923": "05", "905": "0"}], [{"923": "05", "905": "1"}]),
    "REC-pirl-09": ([{"1200": "20231231"}], [{"1200": "20240201"}]),
    "REC-pirl-10": ([{"1001": "20240301", "1003": "20240201"}],
                    [{"1001": "20240201", "1003": "20240301"}]),
    "REC-pirl-11": ([{**TRAINED, "1300": "0"}], [TRAINED]),
    "REC-pirl-12": ([{**TRAINED, "1303": ""}], [TRAINED]),
    "REC-pirl-13": ([{**TRAINED, "1308": "20240101"}], [TRAINED]),
    "REC-pirl-14": ([{**TRAINED, "1307": ""}], [TRAINED]),
    "REC-pirl-15": ([{"1300": "0", "1320": "0"}], [{"1300": "0", "1320": ""}]),
    "REC-pirl-16": ([after(2, **{"1603": "0"})], [after(2)]),
    "REC-pirl-17": ([after(2, **{"1602": "0", "1603": "0"})], [after(2)]),
    "REC-pirl-18": ([after(2, **{"1704": "999999.99"})], [after(2)]),
    "REC-pirl-19": ([{"901": "20220815", "900": "20220110", "1602": "9"}],
                    [{"901": "20220815", "900": "20220110", "1602": "0"}]),
    "REC-pirl-20": ([{"901": "20260315", "1606": "0"}], [{"901": "20260315", "1606": "9"}]),
    "REC-pirl-21": ([after(2, **{"1704": "82000.00"})], [after(2)]),
    "REC-pirl-22": ([after(2, **{"1615": "999999"})], [after(2, **{"1615": "722511"})]),
    "REC-pirl-23": ([after(2, **{"1606": "0", "1618": "1"})],
                    [after(2, **{"1606": "0", "1618": "0"})]),
    "REC-pirl-24": ([{"1602": "0", "1608": "0"}], [{"1602": "0", "1608": ""}]),
    "REC-pirl-25": ([{**TRAINED, "1800": "6", "1801": ""}],
                    [{**TRAINED, "1800": "6", "1801": "20240801"}]),
    "REC-pirl-26": ([{**TRAINED, "1800": "6", "1801": "20251001"}],
                    [{**TRAINED, "1800": "6", "1801": "20250801"}]),
    "REC-pirl-27": ([{"603": "1", "802": "0"}], [{"603": "1", "802": "1"}]),
    "REC-pirl-28": ([{"407": "12", "408": "1", "409": "4"}],
                    [{"407": "12", "408": "1", "409": "5"}]),
    "REC-pirl-29": ([{"202": "0", "203": "3"}], [{"202": "0", "203": "0"}]),
    "REC-pirl-30": ([{"1811": "20240301", "1813": "20240201"}],
                    [{"1811": "20240201", "1813": "20240301"}]),
}  # fmt: skip


def columns(rows: Iterable[Cells]) -> list[str]:
    """The elements of some records."""
    return list(dict.fromkeys(n for row in rows for n in row))


def write(path: Path, rows: Iterable[Cells], base: Cells = BASE) -> Path:
    """Records as a federal file, each over a plain one."""
    whole = [{**base, **row} for row in rows]
    header = columns(whole)
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow([f"PIRL{n}" for n in header])
        out.writerows([row.get(n, "") for n in header] for row in whole)
    return path
