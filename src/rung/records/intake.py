"""The import: from the files of `lab.toml` to checked tables, without identifiers.

    private/<file>          as received, never changed
    private/keys.enc        pseudonym -> id, names, contact details; encrypted
    private/duplicates.xlsx who may be the same person, for staff to decide
    records/<table>.parquet journeys and events, by pseudonym
    documents/import/       what came in, when, what was counted, what changed

New tables are made beside the old ones and take their place at the end, so that an import that
is stopped half-way leaves the lab as it was.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import tempfile
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp

from rung.documents import Document
from rung.errors import PlanError, Problem, RecordsError, worst_first
from rung.messages import sentence
from rung.records import check, match, privacy, read, wage_imports
from rung.records.check import Checked, Records, Report
from rung.records.importing import assemble, duplicates, roles
from rung.records.importing.assemble import Assembly, about_people, scan
from rung.records.importing.layout import JOURNEYS, understand, wanted
from rung.records.importing.source import Part, Source, copy_to, reader, stage
from rung.records.lab import Lab
from rung.records.mapping import FileMap
from rung.records.matching.proposal import SheetProfile
from rung.records.query import MEMORY, Session, alias, fill, load, name, tree

Clock = Callable[[], dt.datetime]
Progress = Callable[[str, float], None]


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What an import did. `changes` compares people with the import before; None at first."""

    report: Report
    tables: Mapping[str, int]  # rows of every table written
    people: int
    changes: Mapping[str, int] | None
    review: int = 0  # groups of possible duplicates that staff should decide
    document: int = 0

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything counted, worst first."""
        return self.report.problems


@dataclass
class _Run:
    lab: Lab
    session: Session
    work: Path
    clock: Clock
    tell: Progress
    forgotten: frozenset[str] = frozenset()  # marks of people who must not come back
    checked: list[Checked] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)

    def sources(self) -> None:
        """Stage and examine every file; all that is wrong with any of them is raised at once."""
        maps = self.lab.sections("files", FileMap)
        if not maps:
            raise PlanError("PLAN-no-files")
        rules = self.lab.section("records", Records)
        wrong: list[Problem] = []
        for i, given in enumerate(maps):
            self.tell(
                sentence("label.doing-read", {"file": Path(given.path).name}), 0.6 * i / len(maps)
            )
            try:
                source = open_source(
                    self.session, self.lab.path / given.path, given, self.lab.milestones, self.work,
                    number=i, today=self.clock().date(),
                )  # fmt: skip
            except (PlanError, RecordsError) as e:
                wrong += e.problems
                continue
            source.id_digits = rules.id_digits
            self.checked.append(
                check.examine(
                    self.session, source, allow_ssn=rules.ssn_ids, as_of=self.lab.clock.as_of
                )
            )
        wrong += [p for c in self.checked for p in c.problems if p.weight == "break"]
        if not any(about_people(c) for c in self.checked) and not wrong:
            wrong.append(Problem(code="PLAN-no-people", weight="break"))
        if not self.lab.milestones:
            wrong.append(Problem(code="PLAN-few-milestones", weight="break"))
        if wrong:
            mapped = any(p.code.startswith("PLAN") for p in wrong)
            raise (PlanError if mapped else RecordsError)(wrong)

    def twice(self) -> tuple[duplicates.Group, ...]:
        """Find people who stand twice, before anyone gets a pseudonym."""
        self.session.connection.execute("CREATE TEMP TABLE aliases (id VARCHAR, to_id VARCHAR)")
        review = self.lab.path / "private" / "duplicates.xlsx"
        decided = duplicates.read_decisions(review)
        groups: list[duplicates.Group] = []
        for c in self.checked:
            if about_people(c) and c.source.layout.map.table != "milestones":
                roles.set_aside(self.session, c)
                groups += duplicates.find(self.session, c, decided)
        if self.forgotten:
            groups = [g for g in groups if not any(map(self._gone, g.ids))]
        if groups or review.exists():  # what was decided of others stays
            duplicates.write_review(review, groups, decided)
        return tuple(g for g in groups if g.key not in decided)

    def _gone(self, ident: str) -> bool:
        return privacy.mark(privacy.of(ident, privacy.key(self.lab))) in self.forgotten

    def _identified(self, c: Checked, query: exp.Select) -> exp.Select:
        """`query` with `_id` as decided: merged, told apart, set aside where that was counted."""
        tables = self._tables()
        marks = f"{c.source.view}_marks"
        ident: exp.Expr = name("_id", "t")
        joined = exp.select().from_(roles.without(c, query).subquery("t"))
        if marks in tables:
            same = exp.and_(
                *(exp.EQ(this=name(k, "t"), expression=name(k, "m")) for k in ("_part", "_row"))
            )
            joined = joined.join(_table(marks, "m"), on=same, join_type="left")
            joined = joined.where(
                exp.Not(this=exp.Coalesce(this=name("aside", "m"), expressions=[exp.false()]))
            )
            ident = exp.Coalesce(this=name("new_id", "m"), expressions=[ident])
        if self._merged:
            same = exp.EQ(this=name("_id", "t"), expression=name("id", "a"))
            joined = joined.join(_table("aliases", "a"), on=same, join_type="left")
            ident = exp.Coalesce(this=name("to_id", "a"), expressions=[ident])
        star = exp.Column(this=exp.Star(except_=[exp.to_identifier("_id", quoted=True)]), table="t")
        joined = joined.select(alias(ident, "_id"), star)
        if c.source.layout.id is not None:
            joined = joined.where(
                exp.Not(this=exp.Is(this=name("_id", "t"), expression=exp.Null()))
            )
        return joined

    def _tables(self) -> set[str]:
        rows = self.session.connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
        return {r[0] for r in rows}

    @property
    def _merged(self) -> bool:
        query = exp.select(exp.Count(this=exp.Star())).from_(_table("aliases"))
        return bool((self.session.execute(query).fetchone() or (0,))[0])

    def _pids(self, query: exp.Select) -> exp.Select:
        star = exp.Star(except_=[exp.to_identifier("_id", quoted=True)])
        pid = alias(privacy.pseudonym(name("_id")), "pid")
        return exp.select(pid, star).from_(query.subquery("p"))

    def typed(self, c: Checked) -> exp.Select:
        """The checked rows of a file by pseudonym; none of people who were forgotten."""
        query = self._pids(self._identified(c, c.source.typed()))
        if not self.forgotten or c.source.id is None:
            return query
        theirs = privacy.marked(sorted(self.forgotten))
        row = exp.Anonymous(this="min", expressions=[name("_row"), exp.Literal.number(5)])
        count = exp.select(exp.Count(this=exp.Star()), row).from_(query.copy().subquery("f"))
        n, first = self.session.execute(count.where(theirs.copy())).fetchone() or (0, [])
        if n and not any(p.code == "REC-forgotten" for p in c.problems):
            c.add("REC-forgotten", c.source.layout.id, n, first)
            c.set_aside += n
        return exp.select("*").from_(query.subquery("f")).where(_others(theirs))

    def keys(self) -> Path:
        """The key table of this import: pseudonym, id and private text."""
        parts: list[exp.Query] = []
        for c in self.checked:
            if c.source.id is None:
                continue
            query = c.source.values(private=True)
            columns = [x.alias_or_name for x in query.selects]
            private = [x for x in columns if x.startswith("private.") and x != "private.birth_date"]
            picked = [name("_id"), name("_part"), name("_row"), *(name(x) for x in private)]
            if "_birth" in columns:
                picked.append(name("_birth"))
            rows = self._identified(c, exp.select(*picked).from_(query.subquery("v")))
            labels = {x: x.removeprefix("private.") for x in private}
            if "_birth" in columns:
                labels["_birth"] = "birth_date"
            parts.append(
                exp.select(
                    alias(privacy.pseudonym(name("_id")), "pid"),
                    alias(_as_given(c, name("_id")), "id"),
                    *(alias(name(x), label) for x, label in labels.items()),
                    alias(name("_row"), "_row"),
                ).from_(rows.subquery("k"))
            )
        whole = parts[0]
        for part in parts[1:]:
            whole = assemble.union_by_name(whole, part)
        labels_ = [c for c in self._labels(whole) if c not in ("pid", "_row")]
        latest = [alias(exp.ArgMax(this=name(c), expression=name("_row")), c) for c in labels_]
        grouped = exp.select(name("pid"), *latest).from_(whole.subquery("k"))
        query = grouped.group_by(name("pid"))
        if self.simple() is not None and len(parts) == 1:  # a row a person already
            query = exp.select(name("pid"), *map(name, labels_)).from_(whole.subquery("k"))
        if self.forgotten:
            theirs = privacy.marked(sorted(self.forgotten))
            query = exp.select("*").from_(query.subquery("f")).where(_others(theirs))
        path = self.work / "keys.parquet"
        copy_to(self.session, query, path)
        return path

    def _labels(self, query: exp.Query) -> list[str]:
        cursor = self.session.execute(query.copy().limit(0))
        return [d[0] for d in cursor.description or ()]

    def simple(self) -> Checked | None:
        """The one file that is `journeys` by itself: nothing joined, nobody twice."""
        people = [c for c in self.checked if about_people(c)]
        if len(people) != 1 or people[0].source.layout.map.table == "milestones":
            return None
        (only,) = people
        events = any("." in f.name for f in only.source.layout.fields if f.role == "column")
        events = events or any(m.told_by for m in self.lab.milestones)
        events = events or any(c.source.layout.named("services.service_on") for c in self.checked)
        if events or f"{only.source.view}_marks" in self._tables() or self._merged:
            return None
        return only

    def without_forgotten(self, report: Report) -> Report:
        """The report without cells of people who were forgotten."""
        if not self.forgotten:
            return report
        return replace(report, fixes=tuple(f for f in report.fixes if not self._gone(f.record)))

    def write(self, folder: Path) -> None:
        """Every table, into `folder`."""
        alone = self.simple()
        for i, c in enumerate(self.checked):
            if c is alone:
                self.paths.append(folder / f"{JOURNEYS}.parquet")
                self._straight(c, self.paths[-1])
            else:
                self.paths.append(self.work / f"checked_{i}.parquet")
                copy_to(self.session, self.typed(c), self.paths[-1])
            check.count(self.session, c, self.paths[-1])
        together = Assembly(
            self.session, list(zip(self.checked, self.paths, strict=True)), self.lab.milestones
        )
        together.long()
        for table, query in together.events().items():
            copy_to(self.session, query, folder / f"{table}.parquet")
        if alone is None:
            query, told = together.journeys()
            copy_to(self.session, query, folder / f"{JOURNEYS}.parquet")
            if told:
                first = next(c for c in self.checked if about_people(c))
                first.add("REC-same-period", first.source.layout.id, told)
                first.set_aside += told
        self._strangers(folder)

    def _straight(self, c: Checked, path: Path) -> None:
        query = self.typed(c)
        have = self._labels(query)
        entry = [f"{m.key}_on" for m in self.lab.milestones[:1]]  # a lab may have none yet
        entered = [x for x in (*entry, "entered_on") if x in have]
        date: exp.Expr = exp.cast(exp.Null(), "DATE")
        if entered:
            first, *others = (name(x) for x in entered)
            date = exp.Coalesce(this=first, expressions=others)
        one = alias(exp.cast(exp.Literal.number(1), "SMALLINT"), "period")
        drop = [x for x in ("entered_on", "_part") if x in have]
        if len(c.source.parts) > 1:
            drop.remove("_part")
        star = exp.Star(except_=[exp.to_identifier(x, quoted=True) for x in drop])
        query = exp.select(star if drop else exp.Star(), one, alias(date, "entered_on")).from_(
            query.subquery("e")
        )
        copy_to(
            self.session, assemble.finish(query, self._labels(query), self.lab.milestones), path
        )

    def _strangers(self, folder: Path) -> None:
        """Rows of forms and events whose person is in no journey."""
        journeys = folder / f"{JOURNEYS}.parquet"
        known = exp.select(name("pid")).from_(scan(journeys))
        for c, path in zip(self.checked, self.paths, strict=True):
            if path == journeys or c.source.layout.id is None:
                continue
            outside = exp.Not(this=exp.In(this=name("pid"), query=known.subquery()))
            row = exp.Anonymous(this="min", expressions=[name("_row"), exp.Literal.number(5)])
            query = exp.select(exp.Count(this=exp.Star()), row).from_(scan(path)).where(outside)
            n, first = self.session.execute(query).fetchone() or (0, [])
            if n:
                c.add("REC-unknown-person", c.source.layout.id, n, first)
                if about_people(c):
                    c.set_aside += n


def _others(theirs: exp.Expr) -> exp.Expr:
    """Everyone else, and rows of nobody."""
    return exp.Not(this=exp.Coalesce(this=theirs.copy(), expressions=[exp.false()]))


def _as_given(c: Checked, ident: exp.Expr) -> exp.Expr:
    """The id as in the file: without what tells two people of one id apart."""
    if c.source.layout.id is None:
        return exp.cast(exp.Null(), "VARCHAR")
    parts = [ident, tree("\x1f"), exp.Literal.number(1)]
    return exp.Anonymous(this="split_part", expressions=parts)


def _table(label: str, as_: str = "") -> exp.Table:
    return exp.table_(label, quoted=True, alias=as_ or None)


def open_source(
    session: Session,
    path: Path,
    given: FileMap,
    milestones: Sequence[Any],
    work: Path,
    *,
    number: int,
    today: dt.date,
) -> Source:
    """Read one file as its mapping says; its clean text is attached to the session."""
    sheets = wanted(read.open_sheets(path, work), given)
    headers = list(dict.fromkeys(h for s in sheets for h in s.columns))
    layout = understand(given, headers, milestones, label=path.name)
    parts: list[Part] = []
    for i, sheet in enumerate(sheets):
        parts.append(stage(session, sheet, layout, work / f"text_{number}_{i}.parquet", work))
    problems = [p for part in parts for p in part.sheet.problems]
    layout = type(layout)(
        label=layout.label, map=given, fields=layout.fields,
        problems=(*problems, *layout.problems),
    )  # fmt: skip
    source = Source(
        layout, tuple(parts), f"clean_{number}", reader(layout, today),
        tuple(m.key for m in milestones),
    )  # fmt: skip
    source.attach(session)
    return source


_OWN = frozenset(
    ("lab.key", "keys.enc", "duplicates.xlsx", "fix-list.xlsx", "con", "prn", "aux", "nul")
)
_LONGEST_NAME = 160  # bytes


def kept_name(given: str) -> str:
    """The name under which a file that its sender called `given` is kept in `private/`.

    Only its last part, printable, not hidden, not too long, and none of the lab's own files.
    """
    text = unicodedata.normalize("NFC", given).replace("\\", "/").rsplit("/", 1)[-1]
    text = "".join("_" if c in '<>:"|?*' or not c.isprintable() else c for c in text)
    text = text.strip(" .") or "file"
    stem, ending = os.path.splitext(text)
    ending = ending[:12]
    stem = stem.encode()[:_LONGEST_NAME].decode(errors="ignore").strip(" .") or "file"
    own = f"{stem}{ending}".casefold() in _OWN or stem.casefold() in _OWN
    return f"{'sent_' if own else ''}{stem}{ending}"


def place(source: Path, target: Path) -> None:
    """Put a file in a second place: the same bytes on the disk, or a copy where links fail."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        temporary = target.with_name(f".{target.name}.writing")
        shutil.copyfile(source, temporary)
        temporary.replace(target)


def receive(lab: Lab, path: Path) -> str:
    """Keep a file in `private/` as received; returns its path for `lab.toml`."""
    kept = lab.path / "private" / path.name
    if kept.resolve() != path.resolve():
        temporary = kept.with_name(f".{kept.name}.writing")
        if path.is_dir():
            shutil.copytree(path, kept, dirs_exist_ok=True)
        else:
            shutil.copyfile(path, temporary)
            temporary.replace(kept)
    return kept.relative_to(lab.path).as_posix()


def bring(
    lab: Lab,
    *,
    clock: Clock,
    progress: Progress | None = None,
    fixes: bool = True,
    memory: str = MEMORY,
) -> Imported:
    """Import every file of `lab.toml`.

    Raises PlanError or RecordsError, with everything that is wrong, when something must be mended
    first; the tables of the last import are then as they were. `fixes` gathers the cells to mend;
    `memory` bounds what DuckDB holds at once, the rest spills to `private/`.
    """
    private, records = lab.path / "private", lab.path / "records"
    for folder in (private, records):
        folder.mkdir(mode=0o700 if folder is private else 0o755, exist_ok=True)
    for left in (*private.glob(".work-*"), *private.glob(".keys-*"), *records.glob(".new-*")):
        shutil.rmtree(left, ignore_errors=True)  # of an import that was stopped
    with (
        tempfile.TemporaryDirectory(dir=private, prefix=".work-") as scratch,
        tempfile.TemporaryDirectory(dir=records, prefix=".new-") as new,
        Session(spill=Path(scratch) / "spill", memory=memory) as session,
    ):
        tell = progress or (lambda what, share: None)
        run = _Run(lab, session, Path(scratch), clock, tell, privacy.forgotten(lab))
        run.sources()
        tell(sentence("label.doing-twice"), 0.6)
        undecided = run.twice()
        secret = privacy.key(lab)
        privacy.use(session, secret)
        tell(sentence("label.doing-write"), 0.65)
        run.write(Path(new))
        tell(sentence("label.doing-compare"), 0.9)
        changes = _changes(session, lab, Path(new))
        report = run.without_forgotten(check.gather(run.checked, session if fixes else None))
        tell(sentence("label.doing-seal"), 0.92)
        people = _people(session, Path(new) / f"{JOURNEYS}.parquet", run.simple() is not None)
        privacy.keep(lab, session, run.keys(), secret)
        wage_imports.write(lab, Path(new) / f"{wage_imports.TABLE}.parquet")
        tell(sentence("label.doing-place"), 0.97)
        tables = _install(session, lab, Path(new))
        number = _document(lab, clock, report, tables, people, changes)
        tell("", 1.0)
    return Imported(
        report=report, tables=tables, people=people, changes=changes, review=len(undecided),
        document=number,
    )  # fmt: skip


def _people(session: Session, path: Path, once: bool) -> int:
    count = exp.Count(this=exp.Star() if once else exp.Distinct(expressions=[name("pid")]))
    return int((session.execute(exp.select(count).from_(scan(path))).fetchone() or (0,))[0])


def _changes(session: Session, lab: Lab, new: Path) -> dict[str, int] | None:
    old, fresh = lab.table(JOURNEYS), new / f"{JOURNEYS}.parquet"
    if not old.exists():
        return None
    sides = []
    for path in (old, fresh):
        try:
            cursor = session.execute(exp.select("*").from_(scan(path)).limit(0))
        except duckdb.Error:
            if path is fresh:
                raise
            return None  # a damaged table is made anew
        sides.append([d[0] for d in cursor.description or () if not d[0].startswith("_")])
    both = [name(c) for c in sides[0] if c in sides[1]]
    query = fill(
        load(check.ROOM, "people_changed"),
        {"columns": [exp.cast(c, "VARCHAR") for c in both], "old": scan(old), "new": scan(fresh)},
    )
    cursor = session.execute(query)
    names = [d[0] for d in cursor.description or ()]
    row = cursor.fetchone() or ()
    return {n.removesuffix("_people"): int(v) for n, v in zip(names, row, strict=True)}


def _install(session: Session, lab: Lab, new: Path) -> dict[str, int]:
    """Put the new tables in place, journeys last, and take away those that are no more."""
    made = sorted(new.glob("*.parquet"), key=lambda p: (p.stem == JOURNEYS, p.stem))
    counts: dict[str, int] = {}
    for path in made:
        query = exp.select(exp.Count(this=exp.Star())).from_(scan(path))
        counts[path.stem] = int((session.execute(query).fetchone() or (0,))[0])
    for path in made:
        path.replace(lab.table(path.stem))
    for path in (lab.path / "records").glob("*.parquet"):
        if path.stem not in counts:
            path.unlink()
    return counts


def _document(
    lab: Lab, clock: Clock, report: Report, tables: Mapping[str, int], people: int,
    changes: Mapping[str, int] | None,
) -> int:  # fmt: skip
    files = {
        f.path: lab.digest(lab.path / f.path)
        for f in lab.sections("files", FileMap)
        if (lab.path / f.path).is_file()
    }
    body = {
        "at": clock().isoformat(timespec="seconds"),
        "inputs": files,
        "tables": dict(tables),
        "people": people,
        "changes": dict(changes) if changes else None,
        **report.to_json(),
    }
    said = ("what", "expected", "next")  # words are made again, in the reader's language
    body["problems"] = [
        {k: v for k, v in p.to_json().items() if k not in said} | {"params": dict(p.params)}
        for p in report.problems
    ]
    return lab.store.put("import", Document("import", 1, body))


def problems(lab: Lab) -> tuple[Problem, ...]:
    """Everything that the last import in the lab's documents counted; empty before any."""
    if not lab.store.history("import", "import"):
        return ()
    body = lab.store.get("import", "import").body
    try:
        return tuple(
            Problem(
                code=p["code"], params=p.get("params", {}), table=p["table"], column=p["column"],
                rows=p["count"], first_rows=tuple(p["first_rows"]), weight=p["weight"],
                owner=p["owner"],
            )
            for p in body["problems"]
        )  # fmt: skip
    except (KeyError, TypeError) as e:
        raise RecordsError("REC-document") from e


def check_file(
    path: Path,
    *,
    clock: Callable[[], dt.datetime],
    work: Path,
    as_of: dt.date | None = None,
) -> Report:
    """Check one file by itself, with the mapping that the matcher proposes for it.

    Nothing is written but scratch files in `work`. Raises RecordsError when it cannot be read.
    """
    with Session(spill=work / "spill") as session:
        sheets = read.open_sheets(path, work)
        profiles = [
            SheetProfile(
                source=s.source,
                name=s.name,
                columns=read.either(s, work, lambda one: read.profile(session, one)),
            )
            for s in sheets
        ]
        proposal = match.propose(profiles, folder="")
        all_: list[Checked] = []
        sure: list[dict[str, float]] = []
        for i, (given, found) in enumerate(zip(proposal.files, proposal.matches, strict=True)):
            place = path if path.is_file() else path / given.path
            source = open_source(
                session, place, given, proposal.milestones, work, number=i, today=clock().date()
            )
            checked = check.examine(session, source, as_of=as_of)
            if given.table == JOURNEYS:
                duplicates.find(session, checked, {})
            typed = work / f"checked_{i}.parquet"
            copy_to(session, source.typed(), typed)
            check.count(session, checked, typed)
            all_.append(checked)
            sure.append({m.header: m.sure for m in found})
        report = check.gather(all_, session)
        return Report(
            problems=worst_first([*report.problems, *proposal.problems]),
            files=report.files,
            columns=tuple(
                column for c, s in zip(all_, sure, strict=True) for column in c.columns(s)
            ),
            fixes=report.fixes,
        )
