"""Small files in the layouts that people download. Every number in them is invented."""

from __future__ import annotations

import random
from pathlib import Path

COUNTIES = [f"36{i:03d}" for i in range(1, 41, 2)] + [f"34{i:03d}" for i in range(1, 21, 2)]
TARGET = "36005"


def atlas(path: Path, level: str = "county") -> Path:
    """Opportunity Atlas outcomes: state, county(, tract), kfr by race and gender, with errors."""
    r = random.Random(1)
    measures = [
        f"kfr_{race}_{gender}_p25"
        for race in ("pooled", "black", "white")
        for gender in ("pooled", "female")
    ]
    head = ["state", "county", *(["tract"] if level == "tract" else []), "cz", "czname"]
    for m in (*measures, "jail_pooled_pooled_p25"):
        head += [m, f"{m}_se"]
    head += ["kir_pooled_pooled_p25_1978", "kir_pooled_pooled_p25_1992", "pooled_pooled_count"]
    rows = []
    for at, code in enumerate(COUNTIES):
        row = [str(int(code[:2])), str(int(code[2:]))]
        row += [str(100 + at)] if level == "tract" else []
        row += ["19400", "New York"]
        for _ in measures:
            row += [f"{r.uniform(0.35, 0.5):.5f}", f"{r.uniform(0.002, 0.03):.5f}"]
        row += [f"{r.uniform(0.005, 0.03):.5f}", "0.00100"]
        row += [f"{r.uniform(0.3, 0.5):.4f}", f"{r.uniform(0.3, 0.5):.4f}"]
        rows.append([*row, str(r.randint(200, 90_000))])
    rows[3][head.index("kfr_pooled_pooled_p25")] = ""  # too few children
    return _write(path, head, rows)


def atlas_states(path: Path) -> Path:
    """An outcome of the Opportunity Atlas by state, as its county file is written."""
    r = random.Random(6)
    head = ["state", "kfr_pooled_pooled_p25", "kfr_pooled_pooled_p25_se", "pooled_pooled_count"]
    rows = [
        [str(i), f"{r.uniform(0.35, 0.5):.5f}", "0.00200", str(r.randint(9_000, 900_000))]
        for i in (*range(1, 57), 72)
        if i not in (3, 7, 14, 43, 52)
    ]
    return _write(path, head, rows)


def atlas_map(path: Path) -> Path:
    """A map's own download, with its prefixed codes."""
    r = random.Random(2)
    head = ["cty", "Name", "Household_Income_rP_gP_p25"]
    rows = [
        [f"cty{c}", f"County {i}, NY", f"{r.randint(25, 60)}000"] for i, c in enumerate(COUNTIES)
    ]
    return _write(path, head, rows)


def social_capital(path: Path) -> Path:
    """Social Capital Atlas by county."""
    r = random.Random(3)
    head = [
        "county",
        "county_name",
        "num_below_p50",
        "pop2018",
        "ec_county",
        "ec_se_county",
        "child_ec_county",
        "child_ec_se_county",
        "clustering_county",
        "volunteering_rate_county",
    ]
    rows = []
    for i, code in enumerate(COUNTIES):
        ec, pop = r.uniform(0.5, 1.2), r.randint(5_000, 900_000)
        rows.append(
            [
                str(int(code)), f"Town {i}, New York", str(pop // 9), str(pop), f"{ec:.5f}",
                f"{r.uniform(0.005, 0.06):.5f}", f"{ec + 0.05:.5f}", "0.02000", "0.10", "0.06",
            ]
        )  # fmt: skip
    return _write(path, head, rows)


def urban(path: Path, place: bool = False) -> Path:
    """Urban Institute's mobility metrics: years, ranges, quality flags, subgroups."""
    r = random.Random(4)
    kind = "place" if place else "county"
    head = (
        f"year,state,{kind},subgroup_type,subgroup,share_employed,share_employed_lb,"
        "share_employed_ub,share_employed_quality,pctl_income_20,pctl_income_50,pctl_quality"
    ).split(",")
    rows = []
    for year in ("2018", "2022"):
        for code in COUNTIES[:20]:
            for group in ("All", "Black, Non-Hispanic", "Hispanic"):
                v, h = r.uniform(0.6, 0.85), r.uniform(0.005, 0.08)
                own = code[2:] if not place else f"{int(code[2:]) * 100:05d}"
                numbers = [f"{v:.6f}", f"{v - h:.6f}", f"{v + h:.6f}", str(r.randint(1, 3))]
                if group == "Hispanic" and code == COUNTIES[1]:
                    numbers = ["NA"] * 4
                dollars = [f"{r.randint(9, 30)}000.5", f"{r.randint(35, 80)}000", "2"]
                kinds = "all" if group == "All" else "race-ethnicity"
                rows.append([year, code[:2], own, kinds, group, *numbers, *dollars])
    return _write(path, head, rows)


def cz_2014(path: Path) -> Path:
    """The 2014 online tables: a workbook with pages of notes above the header."""
    import openpyxl

    r = random.Random(5)
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    book.create_sheet("Notes").append(["These numbers are invented."])
    sheet = book.create_sheet("Online Data Table 5")
    for i in range(20):
        sheet.append([f"Note {i}: what a column means, in a long line of text."])
    sheet.append([])
    sheet.append(["CZ", "CZ Name", "State", "AM, 80-82 Cohort", "RM, 80-82 Cohort"])
    for i in range(30):
        row = [
            100 + i,
            f"Town {i}",
            "TN" if i % 2 else "NC",
            r.uniform(34, 50),
            r.uniform(0.2, 0.4),
        ]
        sheet.append(row)
    book.save(path)
    return path


def _write(path: Path, head: list[str], rows: list[list[str]]) -> Path:
    import csv

    with path.open("w", newline="") as f:
        csv.writer(f).writerows([head, *rows])
    return path
