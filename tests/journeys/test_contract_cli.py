"""Every verb as it is used from outside: one document or plain words, and the promised status."""

from __future__ import annotations

import json
import math
import os
import pty
import random
import re
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any

import duckdb
import jsonschema
import openpyxl
import pytest
import tomlkit

from rung.cli.app import app
from rung.errors import PlanError
from rung.finding import Finding, to_json
from rung.learning.estimate import estimate
from rung.records import read, simulate
from rung.records.query import Session
from tests.journeys.terminal import REPOSITORY, Ran, rung, text

RUNG = Path(sys.executable).with_name("rung")
SCHEMA = json.loads((REPOSITORY / "schema" / "rung-1.json").read_text("utf-8"))
VERBS = sorted(str(c.name or c.callback.__name__) for c in app.registered_commands if c.callback)
ANSI = re.compile(r"\x1b\[")


def valid(ran: Ran) -> dict[str, Any]:
    """The document, which the published schema must accept; nothing went to standard error."""
    document = ran.document
    jsonschema.validate(document, SCHEMA)
    assert not ran.err
    assert "NaN" not in ran.out
    assert "Infinity" not in ran.out
    return document


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli") / "lab"
    made = rung("simulate", "provider", "--people", 400, "--seed", 4, "-o", folder, "--json")
    assert made.status == 0
    return folder


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three arms, two covariates, weights; a few outcomes missing."""
    draw = random.Random(20)
    rows = [["who", "group", "earned", "job", "age", "prior", "w"]]
    for i in range(240):
        arm = ["as usual", "coaching", "stipend"][draw.randrange(3)]
        prior = draw.gauss(900, 250)
        earned = 400 + 0.6 * prior + {"as usual": 0, "coaching": 90, "stipend": 160}[arm]
        told = "" if draw.random() < 0.04 else f"{earned + draw.gauss(0, 200):.2f}"
        job = int(draw.random() < 0.6)
        age, weight = draw.randint(18, 60), draw.uniform(0.5, 2)
        rows.append([f"P{i:04}", arm, told, str(job), str(age), f"{prior:.2f}", f"{weight:.4f}"])
    file = tmp_path_factory.mktemp("trial") / "trial.csv"
    file.write_text(text(rows), "utf-8")
    with duckdb.connect() as plain:
        plain.execute(f"COPY (FROM '{file}') TO '{file.with_suffix('.parquet')}'")
    return file


# --- help, versions, colours --------------------------------------------------------------------


@pytest.mark.parametrize("verb", [*([v] for v in VERBS), ["simulate", "provider"]], ids=" ".join)
def test_help_shows_an_example(verb: list[str]) -> None:
    ran = rung(*verb, "--help")
    assert ran.status == 0
    assert not ran.err
    example = re.search(r"Example: (rung .*)", ran.out)
    assert example
    assert example[1].split()[1 : 1 + len(verb)] == verb
    assert "--json" in ran.out or verb == ["work"]  # it runs until it is stopped: nothing to tell


def test_the_verbs_of_the_contract_are_there() -> None:
    promised = {"init", "check", "diagnose", "estimate", "reconcile", "brief", "run", "demo"}
    assert promised | {"template"} <= set(VERBS)
    assert rung("--version").out.strip() == "0.1.0"
    for alone in (rung(), rung("simulate")):
        assert alone.status == 0
        assert alone.out.startswith("Usage: rung")


def test_no_colours_unless_it_is_a_terminal(lab: Path, tmp_path: Path) -> None:
    command = [str(RUNG), "diagnose", str(lab), "--by", "gender"]
    piped = subprocess.run(command, capture_output=True, timeout=60, check=True)
    assert piped.stdout.strip()
    assert b"\x1b" not in piped.stdout + piped.stderr
    wrong = subprocess.run([str(RUNG), "diagnose", "nowhere"], capture_output=True, timeout=60)
    assert wrong.returncode == 10
    assert b"\x1b" not in wrong.stderr
    assert not wrong.stdout

    ours, theirs = pty.openpty()
    plain = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "TERM")}
    at_terminal = subprocess.Popen(
        command, stdout=theirs, stderr=theirs, env={**plain, "TERM": "xterm-256color"}
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:
            break
        if not part:
            break
        shown += part
    os.close(ours)
    assert at_terminal.wait(60) == 0
    assert ANSI.search(shown.decode("utf-8", "replace"))


def test_a_reader_that_goes_away_is_no_error(lab: Path) -> None:
    command = f"'{RUNG}' diagnose '{lab}' --json | head -c 20 >/dev/null; echo ${{PIPESTATUS[0]}}"
    ran = subprocess.run(["bash", "-c", command], capture_output=True, timeout=60, text=True)
    assert ran.stdout.strip() in ("0", "141")
    assert "Traceback" not in ran.stderr


# --- statuses and errors ------------------------------------------------------------------------


def test_every_exit_status(lab: Path, trial: Path, tmp_path: Path) -> None:
    few = tmp_path / "few.csv"
    few.write_text("y,arm\n1,a\n2,a\n3,a\n", "utf-8")
    narrow = tmp_path / "narrow"
    rung("simulate", "provider", "--people", 12, "--seed", 1, "-o", narrow)
    cases: list[tuple[int, str | None, list[object]]] = [
        (0, None, ["diagnose", lab]),
        (2, "USE-command", ["diagnose"]),
        (2, "USE-command", ["diagnose", lab, "--as-of", "31/02/2024"]),
        (2, "USE-command", ["estimate", trial, "--outcome", "earned"]),
        (2, "USE-command", ["simulate", "provider", "--people", 0, "-o", tmp_path / "x"]),
        (2, "USE-command", ["no-such-verb"]),
        (10, "REC-no-lab", ["diagnose", tmp_path]),
        (10, "REC-no-file", ["check", tmp_path / "nothing.csv"]),
        (10, "REC-no-file", ["estimate", "nothing.csv", "--outcome", "y", "--arm", "z"]),
        (11, "PLAN-no-group", ["diagnose", lab, "--by", "shoe size"]),
        (11, "PLAN-within", ["diagnose", lab, "--within", 0]),
        (11, "PLAN-no-column", ["estimate", trial, "--outcome", "nothing", "--arm", "group"]),
        (
            11,
            "PLAN-choice",
            ["estimate", trial, "--outcome", "earned", "--arm", "group", "--se", "hc9"],
        ),
        (
            11,
            "PLAN-covariates-unused",
            ["estimate", trial, "--outcome", "earned", "--arm", "group", "--covariates", "age"],
        ),
        (
            11,
            "PLAN-no-control",
            ["estimate", trial, "--outcome", "earned", "--arm", "group", "--control", "nobody"],
        ),
        (11, "PLAN-lab-exists", ["init", trial, "-o", lab]),
        (12, None, ["diagnose", lab, "--cohort", "1990"]),
        (12, None, ["estimate", few, "--outcome", "y", "--arm", "arm"]),
    ]
    for status, code, command in cases:
        told = rung(*command, "--json")
        assert told.status == status, command
        assert told.code == code, command
        assert not told.err
        words = rung(*command)
        assert words.status == status, command
        if code is None:
            valid(told)
            assert not words.err
            continue
        assert set(told.document) == {"error"}
        error = told.document["error"]
        assert {"code", "what", "where", "expected", "next"} <= set(error)
        assert all(error[part] for part in ("what", "expected", "next"))
        assert not words.out
        assert code in words.err
        assert error["what"] in " ".join(words.err.split())


def test_all_refused_answers_say_what_is_needed(lab: Path) -> None:
    document = valid(rung("diagnose", lab, "--cohort", "1990", "--json"))
    assert [a["kind"] for a in document["answers"]] == ["refusal"]
    assert "value" not in document["answers"][0]


# --- estimate -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("adjust", "se", "weights", "ending"),
    [
        *product(["none"], ["hc0", "hc1", "hc2", "hc3", "classical", "welch"], [None], [".csv"]),
        *product(["ancova", "lin"], ["hc0", "hc1", "hc2", "hc3", "classical"], [None], [".csv"]),
        *product(["none", "ancova", "lin"], ["hc2"], ["w"], [".csv"]),
        *product(["none", "ancova", "lin"], ["hc2"], [None, "w"], [".parquet"]),
    ],
)
def test_estimate_says_what_the_library_says(
    trial: Path, tmp_path: Path, adjust: Any, se: Any, weights: str | None, ending: str
) -> None:
    file = trial.with_suffix(ending)
    covariates = () if adjust == "none" else ("age", "prior")
    command: list[object] = ["estimate", file, "--outcome", "earned", "--arm", "group"]
    command += ["--control", "as usual", "--adjust", adjust, "--se", se, "--level", "0.9"]
    if covariates:
        command += ["--covariates", "age, prior"]
    if weights:
        command += ["--weights", weights]
    document = valid(rung(*command, "--json"))
    with Session() as session:
        read.attach(session, "data", file, tmp_path)
        wanted = estimate(
            session, "data", outcome="earned", arm="group", control="as usual",
            covariates=covariates, adjust=adjust, weights=weights, se=se, level=0.9,
        )  # fmt: skip
    told = document["answers"]
    contrasts = ["coaching compared with as usual", "stipend compared with as usual"]
    assert [a["estimand"]["contrast"] for a in told] == contrasts
    assert [a["caveats"][0]["code"] for a in told] == ["no-plan", "no-plan"]
    for answer, finding in zip(told, wanted, strict=True):
        assert isinstance(finding, Finding)
        assert {k: answer[k] for k in answer if k != "id"} == {
            k: v for k, v in json.loads(json.dumps(to_json(finding))).items() if k != "id"
        }
        assert answer["interval"]["level"] == 0.9
        assert answer["interval"]["low"] < answer["value"] < answer["interval"]["high"]


def test_estimate_is_right_by_hand(tmp_path: Path) -> None:
    """Two arms of three: the difference, Welch's error and his degrees of freedom."""
    file = tmp_path / "six.csv"
    file.write_text("y,arm\n1,no\n3,no\n5,no\n6,yes\n8,yes\n13,yes\n", "utf-8")
    told = valid(
        rung("estimate", file, "--outcome", "y", "--arm", "arm", "--control", "no", "--se",
             "welch", "--json")
    )["answers"]  # fmt: skip
    (answer,) = told
    a, b = 4 / 3, 13 / 3
    assert answer["value"] == pytest.approx(6)
    assert answer["se"] == pytest.approx(math.sqrt(a + b))
    assert answer["df"] == pytest.approx((a + b) ** 2 / (a * a / 2 + b * b / 2))
    assert answer["counts"]["by_group"] == {"yes": 3, "no": 3}


def test_arms_keep_their_order_whichever_is_the_control(trial: Path) -> None:
    base = ["estimate", trial, "--outcome", "job", "--arm", "group", "--json"]
    told = valid(rung(*base, "--control", "coaching"))["answers"]
    contrasts = [a["estimand"]["contrast"] for a in told]
    assert contrasts == ["as usual compared with coaching", "stipend compared with coaching"]
    assert {a["estimand"]["unit"] for a in told} == {"share"}
    both = valid(rung(*base))["answers"]
    assert "no-plan" in {c["code"] for c in both[0]["caveats"]}
    swapped = {a["estimand"]["contrast"]: a["value"] for a in both}
    assert swapped["coaching compared with as usual"] == pytest.approx(-told[0]["value"])


def test_estimate_counts_the_missing(trial: Path) -> None:
    told = valid(rung("estimate", trial, "--outcome", "earned", "--arm", "group", "--json"))
    missing = sum(line.split(",")[2] == "" for line in trial.read_text("utf-8").splitlines()[1:])
    in_arms = {part["group"]: part["missing"] for a in told["answers"] for part in a["parts"]}
    assert sum(in_arms.values()) == missing > 0


# --- records ------------------------------------------------------------------------------------


def test_init_check_and_diagnose(tmp_path: Path) -> None:
    """A CSV and a workbook become a lab; the provider's own column names group people."""
    people = [["Client ID", "Applied", "Enrolled", "Completed", "Gendr", "Campus"]]
    for i in range(90):
        day = f"{i % 28 + 1:02}"
        people.append(
            [f"{i:05}", f"01/{day}/2023", f"02/{day}/2023" if i % 3 else "",
             f"05/{day}/2023" if i % 3 == 1 else "", "FM"[i % 2], ["North", "South"][i // 45]]
        )  # fmt: skip
    (tmp_path / "a.csv").write_text(text(people), "utf-8")
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Client ID", "Date", "Service"])
    for i in range(90):
        sheet.append([f"{i:05}", f"02/{i % 28 + 1:02}/2024", "Coaching"])
    book.save(tmp_path / "b.xlsx")
    lab = tmp_path / "lab"

    made = rung("init", tmp_path / "a.csv", tmp_path / "b.xlsx", "-o", lab, "--json")
    assert made.status == 0
    document = made.document
    assert document["verb"] == "init"
    assert document["answers"] == []
    targets = {(c["file"], c["column"]): c["target"] for c in document["columns"]}
    assert targets["private/a.csv", "Client ID"] == "id"
    assert targets["private/a.csv", "Gendr"] == "participants.gender"
    assert document["import"]["people"] == 90
    assert document["import"]["tables"] == {"journeys": 90, "services": 90}

    again = rung("check", lab, "--json").document
    assert again["import"]["changes"] == {"new": 0, "changed": 0, "gone": 0, "same": 90}
    assert (lab / "private" / "fix-list.xlsx").is_file()
    assert {f["table"]: f["kept"] for f in again["files"]} == {"a.csv": 90, "b.xlsx": 90}

    answers = valid(rung("diagnose", lab, "--json", "--by", "Gendr,Campus"))
    told = [d["name"] for a in answers["answers"] if a["kind"] == "table" for d in a["dimensions"]]
    assert {"gender", "milestone"} < set(told)
    ran = rung("diagnose", lab, "--json", "--by", "Gendr")
    rows = ran.table("journey")
    assert [(r["milestone"], r["entered"], r["reached"]) for r in rows] == [
        ("Applied", 90, 90), ("Enrolled", 90, 60), ("Completed", 90, 30),
    ]  # fmt: skip
    split = {
        (r["gender"], r["milestone"]): (r["entered"], r["reached"])
        for r in ran.table("journey", "gender")
    }
    assert split["Women", "Enrolled"] == (45, 30)
    assert split["Men", "Completed"] == (45, 15)
    same = valid(rung("diagnose", lab, "--json", "--by", "gender"))["answers"]
    assert [a.get("rows") for a in same] == [a.get("rows") for a in ran.answers]


def test_check_one_file(tmp_path: Path) -> None:
    rows = [["ID", "Applied", "Enrolled", "Gender"]]
    rows += [[f"{i:04}", "01/05/2024", "02/05/2024", "F"] for i in range(30)]
    rows[4][1], rows[7][1], rows[9][2] = "31/31/2024", "soon-ish", "01/01/2024"
    file = tmp_path / "people.csv"
    file.write_text(text(rows), "utf-8")
    fixes = tmp_path / "fix.xlsx"
    ran = rung("check", file, "--json", "--fix-list", fixes)
    assert ran.status == 0
    assert sorted(tmp_path.iterdir()) == [fixes, file]
    found = {(p["code"], p["column"]): p for p in ran.document["problems"]}
    unread = found["REC-cell-unreadable", "Applied"]
    assert (unread["table"], unread["count"], unread["first_rows"]) == ("people.csv", 2, [5, 8])
    order = found["REC-milestone-order", "Enrolled"]
    assert (order["count"], order["first_rows"]) == (1, [10])
    assert all(p["what"] and p["expected"] and p["next"] for p in found.values())
    counts = [p["count"] or 0 for p in ran.document["problems"]]
    assert counts == sorted(counts, reverse=True)
    words = rung("check", file)
    assert words.status == 0
    assert "2 cells in Applied" in " ".join(words.out.split())


def test_a_file_that_is_no_journey_is_checked_but_makes_no_lab(tmp_path: Path) -> None:
    trial = tmp_path / "trial.csv"
    trial.write_text(text([["who", "x"], *([f"P{i}", str(i * 1.5)] for i in range(40))]), "utf-8")
    assert rung("check", trial, "--json").status == 0
    made = rung("init", trial, "-o", tmp_path / "lab", "--json")
    assert made.status == 11
    assert made.code == "PLAN-few-milestones"
    assert (tmp_path / "lab" / "lab.toml").is_file()
    words = rung("init", trial, "-o", tmp_path / "other")
    assert words.status == 11
    assert "lab.toml" in words.out
    assert "PLAN-few-milestones" in words.err


# --- diagnose, reconcile ------------------------------------------------------------------------


def test_diagnose_with_every_option(lab: Path) -> None:
    plain = valid(rung("diagnose", lab, "--json"))
    assert plain["audience"] == "inside"
    assert plain["provenance"]["inputs"]
    assert {"finding", "table"} <= {a["kind"] for a in plain["answers"]}
    chosen = rung(
        "diagnose", lab, "--json", "--by", "gender,site", "--cohort", "2024", "--as-of",
        "2025-12-31", "--within", "180", "--level", "0.8",
    )  # fmt: skip
    document = valid(chosen)
    for answer in document["answers"]:
        if answer["kind"] != "refusal":
            assert "180 days" in answer["estimand"]["horizon"]
            assert "2025-12-31" in answer["estimand"]["horizon"]
    first = document["answers"][0]
    assert first["interval"]["level"] == 0.8
    entered = chosen.table("journey")[0]
    everyone = rung("diagnose", lab, "--json").table("journey")[0]
    assert 0 < entered["people"] < everyone["people"]
    split = chosen.table("journey", "site")
    sites = [r for r in split if r["site"] != "everyone" and r["milestone"] == "Applied"]
    assert sum(r["people"] for r in sites) == entered["people"]


def test_diagnose_counts_what_the_table_holds(lab: Path) -> None:
    """The journey by plain SQL over the checked table: the same people, the same days."""
    rows = rung("diagnose", lab, "--json", "--within", "365").table("journey")
    as_of = tomlkit.parse((lab / "lab.toml").read_text("utf-8")).unwrap()["clock"]["as_of"]
    with duckdb.connect() as plain:
        found = plain.execute(
            f"""SELECT count(*), count_if(placed_on <= applied_on + 365)
                FROM '{lab}/records/journeys.parquet'
                WHERE period = 1 AND applied_on <= CAST(? AS DATE) - 365""",
            [as_of],
        ).fetchone()
    last = next(r for r in rows if r["milestone"] == "Started a job")
    assert (last["entered"], last["reached"]) == found


def test_reconcile_adds_up(lab: Path) -> None:
    command: list[object] = ["reconcile", lab, "--milestone", "completed", "--period", "FY2025"]
    ran = rung(*command, "--reported", 50, "--json")
    document = valid(ran)
    assert ran.status == 0
    ours = document["answers"][0]
    with duckdb.connect() as plain:
        counted = plain.execute(
            f"""SELECT count(*) FROM '{lab}/records/journeys.parquet'
                WHERE completed_on BETWEEN DATE '2024-07-01' AND DATE '2025-06-30'"""
        ).fetchone()
    assert counted == (ours["value"],)
    assert rung(*command, "--reported", -1, "--json").code == "PLAN-reported"
    odd = rung("reconcile", lab, "--milestone", "completed", "--period", "last year",
               "--reported", 3, "--json")  # fmt: skip
    assert odd.code == "PLAN-period"
    none = rung("reconcile", lab, "--milestone", "nothing", "--period", "2025", "--reported", 3,
                "--json")  # fmt: skip
    assert none.code == "PLAN-no-milestone"


# --- simulate, brief, run, template, demo -------------------------------------------------------


def test_simulate_tells_the_truth_and_repeats_itself(tmp_path: Path) -> None:
    lab, told = tmp_path / "one", tmp_path / "truth.json"
    ran = rung(
        "simulate", "provider", "--people", 60, "--seed", 9, "-o", lab, "--dirt", "0.05", "--truth",
        told, "--json",
    )  # fmt: skip
    assert ran.status == 0
    assert ran.document["people"] == 60
    assert 0 < ran.document["import"]["people"] <= ran.document["import"]["tables"]["journeys"]
    again = simulate.provider(tmp_path / "two", people=60, seed=9, dirt=0.05)
    again.save(tmp_path / "again.json")
    truth = json.loads(told.read_text("utf-8"))
    assert truth == json.loads((tmp_path / "again.json").read_text("utf-8"))
    assert truth["people"] == 60
    assert {"bottleneck", "gap", "rates", "dirt"} <= set(truth)
    for name in ("applicants.xlsx", "services.csv", "wages.csv"):
        sent = [(tmp_path / n / "private" / name).read_bytes() for n in ("one", "two")]
        assert sent[0] == sent[1]


def test_brief_and_run_write_one_file(lab: Path, tmp_path: Path) -> None:
    page = tmp_path / "b.html"
    brief = rung("brief", lab, "-o", page, "--json")
    assert valid(brief)["verb"] == "brief"
    html = page.read_text("utf-8")
    assert html.startswith("<!doctype html>")
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", html)
    ran = rung("run", lab)
    assert ran.status == 0
    assert (lab / "out" / "brief-inside.html").is_file()
    assert "brief-inside.html" in ran.out
    assert not [p for p in (lab / "out").iterdir() if p.suffix == ".writing"]
    kept = list((lab / "documents").rglob("*.json"))
    assert kept
    assert valid(rung("run", lab, "--json"))["verb"] == "run"


def test_template_is_a_workbook(tmp_path: Path) -> None:
    ran = rung("template", "-o", tmp_path / "blank.xlsx", "--json")
    assert ran.status == 0
    assert ran.document["files"] == [str(tmp_path / "blank.xlsx")]
    book = openpyxl.load_workbook(tmp_path / "blank.xlsx")
    assert any(sheet.data_validations.dataValidation for sheet in book)


@pytest.mark.deep
def test_demo_from_an_empty_folder(tmp_path: Path) -> None:
    ran = subprocess.run(
        [str(RUNG), "demo", "-o", "shown", "--json"],
        cwd=tmp_path, capture_output=True, timeout=120, text=True, check=True,
    )  # fmt: skip
    document = json.loads(ran.stdout)
    nsw = document["national_supported_work"]
    jsonschema.validate(nsw, SCHEMA)
    jsonschema.validate(document["simulated_provider"], SCHEMA)
    effect = nsw["answers"][0]
    assert round(effect["value"], 2) == 1794.34
    assert len(document["briefs"]) == 3
    assert all((tmp_path / b).is_file() for b in document["briefs"])
    words = subprocess.run(
        [str(RUNG), "demo", "-o", "shown"], cwd=tmp_path, capture_output=True, timeout=120,
        text=True, check=True,
    )  # fmt: skip
    assert "brief" in words.stdout
    assert not words.stderr


def test_the_library_raises_what_the_terminal_prints(trial: Path) -> None:
    import rung as package

    with pytest.raises(PlanError) as raised:
        package.estimate(trial, outcome="nothing", arm="group")
    told = rung("estimate", trial, "--outcome", "nothing", "--arm", "group", "--json")
    assert raised.value.to_json() == told.document
