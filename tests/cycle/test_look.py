"""Looking at a file that was sent: nothing is shown that says who someone is; picks are checked."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from rung import cycle
from rung.cycle import Looked
from rung.cycle.look import masked
from rung.errors import PlanError, RecordsError
from tests.cycle.sent import HEAD, ROWS, first, looked, people, person, pick, sent, table, targets

PRIVATE = ("Client ID", "First Name", "Last Name", "DOB", "SSN", "Phone", "Email", "Case Notes")


def flat(seen: Looked) -> str:
    return json.dumps(seen.to_json(), ensure_ascii=False)


def secrets(rows: list[list[str]]) -> set[str]:
    """Every private cell, and every word of one that could tell on its own."""
    cells = {row[HEAD.index(h)] for row in rows for h in PRIVATE}
    words = {w for c in cells for w in re.split(r"[\s@()]+", c) if len(w) > 5 and w != "matter"}
    return cells | words - {"housing", "secret"}


def test_a_draft_says_what_columns_hold_and_nothing_of_who_people_are(tmp_path: Path) -> None:
    rows = people()
    seen = looked(sent(tmp_path, table(rows)), tmp_path / "work")
    text = flat(seen)
    assert {s for s in secrets(rows) if s and s in text} == set()
    assert targets(seen) == {
        "Client ID": "id", "First Name": "private.first_name", "Last Name": "private.last_name",
        "DOB": "participants.birth_date", "SSN": "private.ssn", "Phone": "private.phone",
        "Email": "private.email", "Gender": "participants.gender", "Site": "enrolments.site",
        "Application Date": "milestones.applied", "Enrollment Date": "milestones.enrolled",
        "Graduation Date": "milestones.completed", "Status": "enrolments.status",
        "Disability": "participants.disability", "Case Notes": "private.notes",
    }  # fmt: skip
    columns = {c.header: c for c in seen.tables[0].columns}
    assert {h for h, c in columns.items() if c.masked} >= set(PRIVATE)
    assert columns["SSN"].examples == ("999-99-9999",)
    assert columns["Client ID"].examples == ("xx-9999",)
    assert columns["Email"].examples[0].startswith("xx9")
    assert not any(columns[h].seen or columns[h].values for h in PRIVATE)
    gender = columns["Gender"]
    assert (gender.rows, gender.filled, gender.distinct) == (ROWS, ROWS, 3)
    assert gender.values["F"] == "female"
    assert gender.seen == {"F": 20, "M": 20, "Dama": 20}
    assert [m.key for m in seen.milestones] == ["applied", "enrolled", "completed"]
    assert Looked.from_json(json.loads(text)) == seen
    assert not any((tmp_path / "work").iterdir())


def test_names_in_a_coded_column_stay_shapes(tmp_path: Path) -> None:
    """A column may be taken for what it is not: then its cells are still nobody's names."""
    rows = [person(i, Gender=person(i)[1] if i % 2 else "F") for i in range(40)]
    rows += [person(i, Site=f"555-12-{3000 + i}") for i in range(40, 44)]
    seen = looked(sent(tmp_path, table(rows)), tmp_path / "work")
    text = flat(seen)
    assert {s for s in secrets(rows) if s and s in text} == set()
    assert "555-12-30" not in text


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_a_file_of_few_rows_shows_no_text_that_is_not_a_code(tmp_path: Path, rows: int) -> None:
    given = [person(i, Site=f"Ward of {person(i)[1]}") for i in range(rows)]
    text = flat(looked(sent(tmp_path, table(given)), tmp_path / "work"))
    assert not [s for s in secrets(given) | {"Ward of"} if s and s in text]


def test_a_shape_is_short_and_says_nothing() -> None:
    assert masked("Zyxander O'Brien-Ümlauter, Jr 1987/02") == "xxxxxxxx x·xxxxx-xxxxxxx…"
    assert masked("٣٤ 山田") == "99 xx"
    assert masked("") == ""


# --- picks --------------------------------------------------------------------------------------


def test_picks_are_taken_and_values_worked_out(tmp_path: Path) -> None:
    seen = looked(sent(tmp_path, table(people())), tmp_path / "work")
    fixed = cycle.corrected(
        seen,
        [
            pick("Gender", values={"F": "female", "M": "male", "Dama": "female", "": ""}),
            pick("Site", "groups.campus"),
            pick("Status", "ignore"),
            pick("Enrollment Date", "milestones.started"),
            pick("Case Notes", "ignore"),
            cycle.Change(dates="dmy"),
        ],
    )
    (file,) = fixed.files
    assert file.values["Gender"] == {"F": "female", "M": "male", "Dama": "female"}
    assert file.columns["Site"] == "groups.campus"
    assert file.dates == "dmy"
    assert [m.key for m in fixed.milestones] == ["applied", "started", "completed"]
    assert "campus" in {g.key for g in fixed.groups}
    # and back again: the codes of a status are known without reading the file once more
    again = cycle.corrected(fixed, [pick("Status", "enrolments.status")])
    assert again.files[0].values["Status"]["Dropped"] == "withdrawn"
    assert Looked.from_json(fixed.to_json()) == fixed


def test_everything_wrong_with_picks_is_said_at_once(tmp_path: Path) -> None:
    seen = looked(sent(tmp_path, table(people())), tmp_path / "work")
    with pytest.raises(PlanError) as told:
        cycle.corrected(
            seen,
            [
                pick("Graduation Date", "milestones.enrolled"),
                pick("Gender", values={"F": "fem"}),
                pick("Disability", "participants.health"),
                pick("Nowhere", "id"),
                pick("Status", "enrolments.statsu"),
            ],
        )
    assert sorted((p.code, p.column) for p in told.value.problems) == [
        ("PLAN-map-because", "Disability"), ("PLAN-map-code", "Gender"),
        ("PLAN-map-target-near", "Status"), ("PLAN-map-twice", "Graduation Date"),
        ("REC-column-missing", "Nowhere"),
    ]  # fmt: skip
    assert all(p.what() and p.expected() and p.next("es") for p in told.value.problems)


def test_someone_must_be_told_apart(tmp_path: Path) -> None:
    seen = looked(sent(tmp_path, table(people())), tmp_path / "work")
    nobody = [pick(h, "ignore") for h in ("Client ID", "First Name", "Last Name")]
    with pytest.raises(PlanError) as told:
        cycle.corrected(seen, nobody)
    assert [p.code for p in told.value.problems] == ["PLAN-map-no-id"]
    # a name will do, and so will a file that is left out whole
    assert cycle.corrected(seen, nobody[:2])
    assert cycle.corrected(seen, [pick(h, "ignore") for h in HEAD])


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("participants.gendre", "PLAN-map-target-near"),
        ("nonsense", "PLAN-map-target"),
        ("milestones.", "PLAN-map-target"),
        ("milestones.Hired!", "PLAN-map-target"),
        ("groups.<b>", "PLAN-map-target"),
        ("groups._tab", "PLAN-map-target"),
        ("id", "PLAN-map-two-ids"),
        ("services.service_on.x", "PLAN-map-target"),
    ],
)
def test_a_target_that_is_none(tmp_path: Path, target: str, code: str) -> None:
    seen = looked(sent(tmp_path, table(people(8))), tmp_path / "work")
    with pytest.raises(PlanError) as told:
        cycle.corrected(seen, [pick("Site", target)])
    assert told.value.code == code


def test_a_column_that_turns_out_to_be_private_is_hidden_again(tmp_path: Path) -> None:
    seen = looked(sent(tmp_path, table(people())), tmp_path / "work")
    fixed = cycle.corrected(seen, [pick("Site", "private.notes")])
    (site,) = (c for c in fixed.tables[0].columns if c.header == "Site")
    assert (site.masked, site.examples, dict(site.seen)) == (True, ("xxxxx",), {})


def test_a_sensitive_column_needs_a_reason(tmp_path: Path) -> None:
    head = [*HEAD[:-2], "Felony Conviction", HEAD[-1]]
    seen = looked(sent(tmp_path, table(people(), head)), tmp_path / "work")
    (column,) = (c for c in seen.tables[0].columns if c.header == "Felony Conviction")
    assert (column.target, column.sensitive) == ("ignore", "participants.criminal_record")
    assert set(column.examples) == {"xxx", "xx"}
    wanted = pick("Felony Conviction", "participants.criminal_record")
    with pytest.raises(PlanError, match="left out unless"):
        cycle.corrected(seen, [wanted])
    fixed = cycle.corrected(seen, [wanted.model_copy(update={"because": "Employers ask"})])
    assert fixed.files[0].because == {"Felony Conviction": "Employers ask"}


# --- remembering --------------------------------------------------------------------------------


def test_an_earlier_mapping_wins(tmp_path: Path) -> None:
    path = sent(tmp_path / "uploads", table(people()))
    seen = cycle.corrected(
        looked(path, tmp_path / "work"),
        [
            pick("Site", "groups.campus"),
            pick("Gender", values={"F": "female", "M": "male", "Dama": "female"}),
            pick("Disability", "participants.health", because="A grant asks for it"),
            pick("Status", "ignore"),
            cycle.Change(dates="dmy"),
        ],
    )
    lab = cycle.next_generation(
        None, tmp_path / "one", [cycle.Incoming(path=path, looked=seen)], provider="P"
    )
    # the next quarter: a new column, one that is gone, a header typed otherwise
    head = [*(h.upper() if h == "Site" else h for h in HEAD[:-1]), "Hired Date"]
    rows = [[*row[:-1], "07/01/2024"] for row in people(40, start=20)]
    later = sent(tmp_path / "uploads", table(rows, head), "77aa")
    for name in ("clients.csv", "Clients Q2.csv"):
        again = looked(later, tmp_path / "work", name, lab)
        (file,) = again.files
        assert again.replaces == "private/clients.csv"
        assert again.remembered == ("private/clients.csv",)
        assert file.columns["SITE"] == "groups.campus"
        assert file.columns["Status"] == "ignore"
        assert file.values["Gender"]["Dama"] == "female"
        assert file.because == {"Disability": "A grant asks for it"}
        assert file.dates == "dmy"
        said = {c.header: c.remembered for c in again.tables[0].columns}
        assert said["SITE"]
        assert not said["Hired Date"]
        # a new step is offered, never added to a lab's journey unasked
        (hired,) = (c for c in again.tables[0].columns if c.header == "Hired Date")
        assert (hired.target, hired.alternatives[0]) == ("ignore", "milestones.placed")
        assert ("REC-column-missing", "Case Notes") in {(p.code, p.column) for p in again.problems}
        added = cycle.corrected(again, [pick("Hired Date", "milestones.placed")])
        assert [m.key for m in added.milestones] == ["applied", "enrolled", "completed", "placed"]


def test_a_file_of_other_columns_replaces_nothing(tmp_path: Path) -> None:
    lab = first(tmp_path)
    text = table(
        [[f"ZQ-{4000 + i}", "03/01/2024", "Coaching"] for i in range(30)],
        ["Client ID", "Service Date", "Service"],
    )
    seen = looked(sent(tmp_path / "uploads", text, "88"), tmp_path / "work", "services.csv", lab)
    assert (seen.replaces, seen.remembered) == (None, ())
    assert seen.tables[0].table == "services"


# --- files that cannot be read ------------------------------------------------------------------


def test_a_draft_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(RecordsError) as told:
        Looked.from_json({"name": "x"})
    assert told.value.code == "REC-document"
