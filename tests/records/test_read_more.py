"""Other files, folders, sheets made of sheets, profiles, and data attached with types."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlglot import exp

from rung.errors import RecordsError
from rung.records import read
from rung.records.files import profile as profiles
from rung.records.files.sheet import copy
from rung.records.query import Session
from tests.records.test_read import code_of, found, numbers_of, one, put, rows_of


def parquet(path: Path, values: Sequence[tuple[Any, str, str]]) -> None:
    """A Parquet file of one row: (value, type, name) a column."""
    picks = [
        exp.alias_(exp.cast(exp.convert(v), kind), called, quoted=True)
        for v, kind, called in values
    ]
    with Session() as session:
        copy(session, exp.select(*picks), path)


def test_parquet_becomes_the_text_people_see(tmp_path: Path) -> None:
    parquet(
        tmp_path / "p.parquet",
        [
            ("007", "VARCHAR", "id"),
            ("2.0", "DOUBLE", "n"),
            ("2.5", "DOUBLE", "x"),
            ("2024-01-02", "DATE", "d"),
            ("2024-01-02", "TIMESTAMP", "t"),
            ("", "VARCHAR", "empty"),
            ("true", "BOOLEAN", 'b"; --'),
        ],
    )
    (sheet,) = read.open_sheets(tmp_path / "p.parquet", tmp_path)
    assert sheet.columns == ("id", "n", "x", "d", "t", "empty", 'b"; --')
    assert rows_of(sheet) == [("007", "2", "2.5", "2024-01-02", "2024-01-02", None, "true")]
    assert numbers_of(sheet) == [1]
    assert read.careful(sheet, tmp_path) is sheet


def test_parquet_that_is_none_or_empty(tmp_path: Path) -> None:
    assert code_of(tmp_path, "id,a\n1,2\n", "p.parquet") == "REC-parquet"
    query = exp.select(exp.alias_(exp.convert(1), "a")).where(exp.false())
    with Session() as session:
        copy(session, query, tmp_path / "e.parquet")
    with pytest.raises(RecordsError) as e:
        read.open_sheets(tmp_path / "e.parquet", tmp_path)
    assert e.value.code == "REC-header-only"


def stata(path: Path) -> None:
    pyreadstat = pytest.importorskip("pyreadstat")
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {
            "id": ["007", "008", ""],
            "sex": [1.0, 2.0, None],
            "wage": [15.5, None, 16.0],
            "day": [dt.date(2024, 1, 2), None, dt.date(2024, 2, 3)],
        }
    )
    write = pyreadstat.write_dta if path.suffix == ".dta" else pyreadstat.write_sav
    write(frame, str(path), variable_value_labels={"sex": {1: "Female", 2: "Male"}})


@pytest.mark.parametrize("ending", [".dta", ".sav"])
def test_statistics_files_give_their_labels(
    tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rung.records.files import statfiles

    monkeypatch.setattr(statfiles, "_CHUNK", 2)  # rows of two chunks are one sheet
    stata(tmp_path / f"people{ending}")
    (sheet,) = read.open_sheets(tmp_path / f"people{ending}", tmp_path / "work")
    assert rows_of(sheet) == [
        ("007", "Female", "15.5", "2024-01-02"),
        ("008", "Male", None, None),
        (None, None, "16", "2024-02-03"),
    ]
    assert numbers_of(sheet) == [1, 2, 3]
    with Session() as session:
        read.attach(session, "data", tmp_path / f"people{ending}", tmp_path / "work")
        assert session.columns("data") == {
            "id": "VARCHAR",
            "sex": "BIGINT",
            "wage": "DOUBLE",
            "day": "DATE",
        }


def test_statistics_files_without_the_part_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyreadstat", None)
    assert code_of(tmp_path, b"<stata_dta>", "x.dta") == "REC-statfiles"


@pytest.mark.parametrize("name", ["x.dta", "x.sav", "x.sas7bdat", "x.xpt"])
def test_broken_statistics_files(tmp_path: Path, name: str) -> None:
    pytest.importorskip("pyreadstat")
    assert code_of(tmp_path, b"not one of these at all" * 50, name) == "REC-statfile"


def test_an_unknown_ending_is_read_when_it_is_text(tmp_path: Path) -> None:
    assert rows_of(one(tmp_path, "id,a\n1,x\n", "export.out")) == [("1", "x")]
    assert code_of(tmp_path, bytes(range(256)) * 20, "export.out") == "REC-ending"


def test_a_folder_gives_every_file(tmp_path: Path) -> None:
    folder = tmp_path / "forms"
    folder.mkdir()
    put(folder, "id,exit\n1,2024\n", "exit.csv")
    put(folder, "id,name\n1,Ann\n", "intake.csv")
    put(folder, "see intake", "README.pdf")
    put(folder, "lock", "~$intake.xlsx")
    put(folder, "x", ".hidden.csv")
    sheets = read.open_sheets(folder, tmp_path / "work")
    assert [s.name for s in sheets] == ["exit", "intake"]
    assert found(sheets[0])["REC-left-out"].params["files"] == 1


def test_a_folder_tells_all_that_is_wrong_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "forms"
    folder.mkdir()
    put(folder, "", "a.csv")
    put(folder, "id\n", "b.csv")
    put(folder, "id\n1\n", "c.csv")
    with pytest.raises(RecordsError) as e:
        read.open_sheets(folder, tmp_path / "work")
    assert sorted(p.code for p in e.value.problems) == ["REC-empty", "REC-header-only"]


def test_a_folder_without_records(tmp_path: Path) -> None:
    put(tmp_path, "x", "README.pdf")
    with pytest.raises(RecordsError) as e:
        read.open_sheets(tmp_path, tmp_path / "work")
    assert e.value.code == "REC-folder"


def test_profiles_count_what_is_there(tmp_path: Path) -> None:
    rows = "".join(
        f"{i},{'x' if i % 3 else ' y '},{' ' if i % 2 else 'z' * 500}\n" for i in range(9)
    )
    sheet = one(tmp_path, "id,a,b\n" + rows)
    with Session() as session:
        ids, a, b = read.profile(session, sheet)
        again = read.profile(session, sheet)
    assert (ids.rows, ids.blanks, ids.distinct, ids.profiled) == (9, 0, 9, 9)
    assert a.common == (("x", 6), ("y", 3))
    assert (b.blanks, b.distinct, b.common) == (4, 1, (("z" * 200, 5),))
    assert set(ids.sample) == {str(i) for i in range(9)}
    assert again == (ids, a, b)


def test_profiles_of_large_files_sample_rows_and_count_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profiles, "_CELLS", 8_000)
    rows = [f"{i},{i % 7},{'' if i % 10 else 'x'}\n" for i in range(20_000)]
    sheet = one(tmp_path, "id,a,b\n" + "".join(rows))
    turned = one(tmp_path, "id,a,b\n" + "".join(reversed(rows)), "turned.csv")
    with Session() as session:
        ids, a, b = read.profile(session, sheet)
        other = read.profile(session, turned)
    assert (ids.rows, b.blanks) == (20_000, 18_000)
    assert 2_200 < ids.profiled < 3_200
    assert ids.distinct == ids.profiled
    assert len(ids.common) == 60
    assert len(ids.sample) == 100
    assert {v for v, _ in a.common} == set("0123456")
    assert other == (ids, a, b), "the order of rows does not matter"


def test_profiles_of_many_columns(tmp_path: Path) -> None:
    lines = [",".join(f"c{i}" for i in range(200))]
    lines += [",".join(str(i * j % 11) for i in range(200)) for j in range(30)]
    with Session() as session:
        made = read.profile(session, one(tmp_path, "\n".join(lines) + "\n"))
        assert len(session.log) == 3
    assert [p.header for p in made] == lines[0].split(",")
    assert made[0].common == (("0", 30),)
    assert all(sum(n for _, n in p.common) == 30 for p in made)


TYPED = (
    "id,zip,n,x,yes,day,moment,text,long,na,blank,late\n"
    "1,06511,1,1.5,TRUE,2024-01-02,2024-01-02 10:00,a,12345678901234567890,3,,1\n"
    "2,10001,,-.5e3,false,2024-02-29,2024-01-02T10:00:01, b,2,NA, ,2\n"
)


def test_attach_types_columns_over_all_rows(tmp_path: Path) -> None:
    late = "".join(f"{i},1,1,1,true,,,x,1,4,,{i}\n" for i in range(3, 30_000))
    path = put(tmp_path, TYPED + late + "9,1,1,1,true,,,x,1,4,,not a number\n")
    with Session() as session:
        problems = read.attach(session, "data", path, tmp_path / "work")
        assert session.columns("data") == {
            "id": "BIGINT",
            "zip": "VARCHAR",
            "n": "BIGINT",
            "x": "DOUBLE",
            "yes": "BOOLEAN",
            "day": "DATE",
            "moment": "TIMESTAMP",
            "text": "VARCHAR",
            "long": "VARCHAR",
            "na": "BIGINT",
            "blank": "VARCHAR",
            "late": "VARCHAR",
        }
        rows = session.run(exp.select("*").from_("data").limit(2)).rows
    assert rows[0][:5] == (1, "06511", 1, 1.5, True)
    assert rows[1][2:] == (
        *(
            None,
            -500.0,
            False,
            dt.date(2024, 2, 29),
            dt.datetime.fromisoformat("2024-01-02 10:00:01"),
        ),
        *("b", "2", None, None, "2"),
    )
    assert [(p.code, p.column, p.rows) for p in problems] == [("REC-marked-missing", "na", 1)]


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "-2", "+3"], "BIGINT"),
        (["0", "10"], "BIGINT"),
        (["00", "10"], "VARCHAR"),
        (["0.5", "1"], "DOUBLE"),
        (["1e400"], "VARCHAR"),
        (["inf"], "VARCHAR"),
        (["NaN"], "VARCHAR"),
        (["1_000"], "VARCHAR"),
        (["0x10"], "VARCHAR"),
        (["$15.50"], "VARCHAR"),
        (["1,5"], "VARCHAR"),
        (["2024-02-31"], "VARCHAR"),
        (["2024-1-2"], "VARCHAR"),
        (["TRUE", "0"], "VARCHAR"),
        (["9" * 18], "BIGINT"),
        (["9" * 19], "VARCHAR"),
    ],
)
def test_types_are_never_guessed_beyond_the_text(
    tmp_path: Path, cells: list[str], kind: str
) -> None:
    text = "k,v\n" + "".join(f'x,"{c}"\n' for c in cells)
    with Session() as session:
        read.attach(session, "data", put(tmp_path, text), tmp_path / "work")
        assert session.columns("data")["v"] == kind


def test_attach_parquet_as_it_is(tmp_path: Path) -> None:
    parquet(tmp_path / "d [1].parquet", [(1.0, "FLOAT", "x"), ("a", "VARCHAR", "arm")])
    with Session() as session:
        assert read.attach(session, "data", tmp_path / "d [1].parquet", tmp_path / "w") == ()
        assert session.columns("data") == {"x": "FLOAT", "arm": "VARCHAR"}
    assert not (tmp_path / "w").exists()


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("none.csv", None, "REC-no-file"),
        ("none.parquet", None, "REC-no-file"),
        ("bad.parquet", "x", "REC-parquet"),
        ("empty.csv", "", "REC-empty"),
        ("long.csv", "id,y\n1,2\n2,3\n3,4,5\n", "REC-ragged-long"),
    ],
)
def test_attach_refuses_what_cannot_be_used_whole(
    tmp_path: Path, name: str, content: str | None, code: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_text(content)
    with Session() as session, pytest.raises(RecordsError) as e:
        read.attach(session, "data", path, tmp_path / "work")
    assert e.value.code == code


def test_attach_finds_trouble_far_below(tmp_path: Path) -> None:
    text = "id,y\n" + "".join(f"{i},{i % 2}\n" for i in range(150_000)) + "x,1,2\n"
    with Session() as session, pytest.raises(RecordsError) as e:
        read.attach(session, "data", put(tmp_path, text), tmp_path / "work")
    assert e.value.code == "REC-ragged-long"
    assert e.value.problems[0].first_rows == (150_002,)
