"""Linkage: exact ids, names with mistakes whose truth is known, and a person's decisions."""

from __future__ import annotations

import csv
import datetime as dt
import sys
from pathlib import Path

import duckdb
import pytest

from rung import cycle
from rung.cli import main
from rung.documents import FolderStore
from rung.errors import RecordsError, UsageError
from rung.records import link, link_review
from tests.records.link_cases import HEADER, people, two_files, write

NAMES = ("Zqxana", "Zqxbeto")  # must never be told


def _now() -> dt.datetime:
    return dt.datetime(2025, 6, 30, 12, tzinfo=dt.UTC)


@pytest.fixture
def ids(tmp_path: Path) -> tuple[Path, Path]:
    """Eight people under one numbering; two of theirs are others, one number was used again."""
    ours = [[f"C{i:03}", *p] for i, p in enumerate(people(8, 3))]
    theirs = [list(row) for row in ours[::-1]]
    theirs[0][0], theirs[1][0] = "C900", "C901"
    theirs[2][2:4] = ["Somebody", "1951-01-01"]
    ours[0][1], theirs[-1][1] = NAMES
    header = ["Client ID", *HEADER]
    return write(tmp_path / "a.csv", header, ours), write(tmp_path / "b.csv", header, theirs)


def _lines(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as f:
        return list(csv.DictReader(f))


def _decide(path: Path, lines: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as f:
        sheet = csv.DictWriter(f, lines[0])
        sheet.writeheader()
        sheet.writerows(lines)


def _links(path: Path) -> list[tuple[int, int]]:
    with duckdb.connect() as c:
        return c.execute("SELECT row_a, row_b FROM read_parquet(?)", [str(path)]).fetchall()


def test_ids_are_linked_exactly_and_what_speaks_against_is_said(
    ids: tuple[Path, Path], tmp_path: Path
) -> None:
    made = cycle.link(*ids, tmp_path / "pairs.csv", exact=True, clock=_now)
    lines = _lines(tmp_path / "pairs.csv")
    assert {(int(x["row_a"]), int(x["row_b"])) for x in lines} == {(i, 11 - i) for i in range(2, 8)}
    against = [x for x in lines if not x["decision"]]
    assert [(x["row_a"], x["words"]) for x in against] == [
        ("7", "the same id, but another name and birth date")
    ]
    assert made.more["exact"] == 6
    assert made.more["quality"] == {"precision": None, "recall": None}
    assert (tmp_path / "pairs.csv").stat().st_mode & 0o777 == 0o600


def test_two_providers_own_numbers_are_not_an_id(ids: tuple[Path, Path], tmp_path: Path) -> None:
    text = ids[1].read_text("utf-8").replace("Client ID", "Participant No", 1)
    ids[1].write_text(text, "utf-8")
    with pytest.raises(RecordsError, match="too little in common"):
        link.propose(*ids, tmp_path, exact=True)


def test_decisions_are_obeyed_and_a_later_one_wins(
    ids: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs, links = tmp_path / "pairs.csv", tmp_path / "links.parquet"
    assert _run("link", *map(str, ids), "--exact", "-o", str(pairs)) == 0
    assert _run("link", "--decide", str(pairs), "-o", str(links)) == 0
    assert _links(links) == [(i, 11 - i) for i in range(2, 7)]
    lines = _lines(pairs)
    lines[0]["decision"], lines[-1]["decision"] = "distinta", "Same"
    _decide(pairs, lines)
    done = cycle.decide_links(pairs, links, clock=_now)
    assert _links(links) == [(i, 11 - i) for i in range(3, 8)]
    assert (done.more["new"], done.more["reversed"]) == (1, 1)
    # an empty cell leaves what was decided; a new review file shows it
    lines[0]["decision"] = ""
    _decide(pairs, lines)
    assert cycle.decide_links(pairs, links, clock=_now).more["different"] == 1
    cycle.link(*ids, pairs, exact=True, clock=_now)
    assert _lines(pairs)[0]["decision"] == "different"
    store = FolderStore(tmp_path / "documents")
    (label,) = store.names(link_review.DECISIONS)
    assert len(store.history(link_review.DECISIONS, label)) == 2
    assert store.get(link_review.DECISIONS, label, 1).body["when"]
    told = capsys.readouterr()
    kept = "".join(p.read_text("utf-8") for p in (tmp_path / "documents").rglob("*.json"))
    for name in (*NAMES, "Somebody"):
        assert name not in told.out + told.err + kept
        assert name.encode() not in links.read_bytes()


def _run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    return int(stopped.value.code or 0)


def test_what_is_no_decision_is_refused(ids: tuple[Path, Path], tmp_path: Path) -> None:
    pairs, links = tmp_path / "pairs.csv", tmp_path / "links.parquet"
    cycle.link(*ids, pairs, exact=True, clock=_now)
    lines = _lines(pairs)
    for column, said, code in (
        ("decision", NAMES[0], "REC-link-word"),
        ("pair", NAMES[0], "REC-link-pair"),
    ):
        _decide(pairs, [{**lines[0], column: said}, *lines[1:]])
        with pytest.raises(RecordsError) as refused:
            cycle.decide_links(pairs, links, clock=_now)
        assert refused.value.code == code
        assert refused.value.problems[0].first_rows == (2,)
        assert NAMES[0] not in str(refused.value.to_json())
    with pytest.raises(RecordsError) as refused:
        cycle.decide_links(ids[0], links, clock=_now)
    assert refused.value.code == "REC-link-review"
    with pytest.raises(UsageError):
        cycle.link(*ids, tmp_path / "pairs.txt", exact=True, clock=_now)
    assert not links.exists()


def test_a_workbook_is_reviewed_as_well(ids: tuple[Path, Path], tmp_path: Path) -> None:
    pairs, links = tmp_path / "pairs.xlsx", tmp_path / "links.parquet"
    cycle.link(*ids, pairs, exact=True, clock=_now)
    assert pairs.stat().st_mode & 0o777 == 0o600
    assert cycle.decide_links(pairs, links, clock=_now).more["same"] == 5


def test_without_splink_the_message_says_what_to_install(
    ids: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "splink", None)
    made = cycle.link(*ids, tmp_path / "pairs.csv", clock=_now)
    assert not made.more["modelled"]
    assert made.more["exact"] == 6
    assert any("rung[link]" in line for line in made.lines)
    a, b, _ = two_files(tmp_path, shared=10, alone=5)
    with pytest.raises(RecordsError) as refused:
        link.propose(a, b, tmp_path)
    assert refused.value.code == "REC-link-splink"
    assert "rung[link]" in refused.value.problems[0].next()


def test_names_with_mistakes_are_found_as_well_as_is_said(tmp_path: Path) -> None:
    pytest.importorskip("splink", reason="LINKAGE NOT TESTED: pip install 'rung[link]'")
    a, b, truth = two_files(tmp_path, seed=6)
    found = link.propose(a, b, tmp_path, least=0.0)
    assert found.modelled
    met = {(p.row_a, p.row_b) for p in found.pairs} & truth  # people whom some rule brings together
    up = {(p.row_a, p.row_b) for p in found.pairs if p.proposed}
    precision, recall = found.quality.precision, found.quality.recall
    assert precision is not None
    assert recall is not None
    assert precision.low <= len(up & truth) / len(up) <= precision.high
    assert recall.low <= len(up & truth) / len(met) <= recall.high
    assert len(up & truth) / len(truth) > 0.95
    again = tmp_path / "again"
    again.mkdir()
    assert link.propose(a, b, again, least=0.0) == found
    # a person who knows the truth decides every pair: what is said now is what is so
    pairs = tmp_path / "pairs.csv"
    cycle.link(a, b, pairs, clock=_now)
    lines = _lines(pairs)
    for line in lines:
        same = (int(line["row_a"]), int(line["row_b"])) in truth
        line["decision"] = "same" if same else "different"
    _decide(pairs, lines)
    done = cycle.decide_links(pairs, tmp_path / "links.parquet", clock=_now)
    assert set(_links(tmp_path / "links.parquet")) <= truth
    assert done.more["quality"]["precision"]["source"] == "decisions"
    assert done.more["quality"]["precision"]["value"] == round(len(up & truth) / len(up), 4)


def test_files_that_share_nobody_and_chances_that_vanish(tmp_path: Path) -> None:
    pytest.importorskip("splink", reason="LINKAGE NOT TESTED: pip install 'rung[link]'")
    for folder, shared, seed in ((tmp_path / "none", 0, 5), (tmp_path / "vanish", 300, 13)):
        folder.mkdir()
        a, b, truth = two_files(folder, shared=shared, seed=seed)
        up = {(p.row_a, p.row_b) for p in link.propose(a, b, folder).pairs if p.proposed}
        assert up <= truth
        assert len(up) >= 0.95 * len(truth)
