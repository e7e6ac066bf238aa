"""A federal file into a lab, and back out of it.

private/<file>          as received
private/pirl.enc        OBS, 100, 200 and 2700 of each row; encrypted
records/pirl.parquet    every other element, by pseudonym, one row a period of participation
records/<table>.parquet journeys, training, credentials, outcomes, employment, made from it
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import tomlkit
from sqlglot import exp

from rung.documents import Document, file_digest
from rung.errors import PlanError, Problem, RecordsError, worst_first
from rung.records import intake, privacy, wage_imports
from rung.records.importing.source import copy_to
from rung.records.lab import Lab, Section
from rung.records.pirl import check, derive, own, reading
from rung.records.pirl.check import Checked, Stage
from rung.records.pirl.elements import PRIVATE, Element, elements
from rung.records.pirl.reading import Text, scan
from rung.records.query import MEMORY, Session, alias, name, tree
from rung.records.schema import TABLES

Clock = Callable[[], dt.datetime]
PIRL = "pirl"
_DAYS = 730  # by then the 2nd quarter after exit is over, for those who stay a year
_GROUPED = ("gender", "veteran", "disability", "education", "low_income")


class PirlSettings(Section):
    """`[pirl]`: the federal file of this lab, and the day its records are of."""

    file: str
    as_of: dt.date
    reason: str = ""  # why what tells of health, custody and death was imported
    order: str = ""  # the file with the order of the columns, for one without a header
    ssn: str = ""  # why element 100 may be a Social Security number


@dataclass(frozen=True, kw_only=True)
class Brought:
    """What an import did."""

    lab: Path
    problems: tuple[Problem, ...]
    stages: tuple[Stage, ...]
    waiting: tuple[Stage, ...]
    as_of: dt.date
    rows: int
    people: int
    tables: dict[str, int]

    def to_json(self) -> dict[str, Any]:
        """What was counted, no cell among it."""
        return {
            "lab": str(self.lab),
            "as_of": self.as_of.isoformat(),
            "rows": self.rows,
            "people": self.people,
            "tables": self.tables,
            "stages": list(self.stages),
            "waiting": list(self.waiting),
            "problems": [p.to_json() for p in self.problems],
        }


def bring(
    path: Path,
    out: Path,
    *,
    clock: Clock,
    schema: str | None = None,
    as_of: dt.date | None = None,
    every_stage: bool = False,
    allow_ssn: str = "",
    provider: str = "",
) -> Brought:
    """Import a CSV of federal records into a new lab folder `out`.

    `as_of` is the day the records are of; by default the latest day among their dates of entry,
    service, training and exit, and the ends of quarters with known outcomes, that is not in the
    future. `allow_ssn` is the reason why element 100 may be a Social Security number. Raises
    RecordsError with all that stops the import.
    """
    if (out / "lab.toml").exists():
        raise PlanError("PLAN-lab-exists", folder=out.name)
    with tempfile.TemporaryDirectory(prefix="rung-") as scratch:
        work = Path(scratch)
        with Session(spill=work / "spill", memory=MEMORY) as session:
            text = reading.staged(session, path, work, schema)
            if not text.rows:
                raise RecordsError("REC-header-only", file=path.name)
            _refuse_ssn(session, text, allow_ssn)
            day = as_of or _latest(session, text, clock().date())
            found = check.checked(
                session, text, as_of=day, every_stage=every_stage, ssn_allowed=bool(allow_ssn)
            )
            lab = Lab.create(out, _toml(text, path, day, as_of, provider))
            pirl: Any = lab.toml[PIRL]
            if schema and Path(schema).is_file():
                pirl["order"] = intake.receive(lab, Path(schema))
            elif schema:
                pirl["order"] = schema
            if allow_ssn:
                pirl["ssn"] = allow_ssn
            lab.save()
            intake.receive(lab, path)
            return _write(lab, session, text, path, found, day, clock)


def again(lab: Lab, *, clock: Clock) -> Brought:
    """Check a lab's federal file again, every stage of it, and make its tables anew.

    People whom the lab forgot are set aside. Raises RecordsError with all that stops the import.
    """
    settings = lab.section(PIRL, PirlSettings)
    path = lab.path / settings.file
    order = settings.order
    schema = (str(lab.path / order) if (lab.path / order).is_file() else order) if order else None
    with tempfile.TemporaryDirectory(prefix="rung-") as scratch:
        work = Path(scratch)
        with Session(spill=work / "spill", memory=MEMORY) as session:
            text = reading.staged(session, path, work, schema)
            if not text.rows:
                raise RecordsError("REC-header-only", file=path.name)
            _refuse_ssn(session, text, settings.ssn)
            day = lab.clock.as_of or _latest(session, text, clock().date())
            found = check.checked(
                session, text, as_of=day, every_stage=True, ssn_allowed=bool(settings.ssn)
            )
            text, gone = _without_forgotten(lab, session, text, work)
            found = replace(found, problems=worst_first([*found.problems, *gone]))
            done = _write(lab, session, text, path, found, day, clock)
    wage_imports.write(lab, lab.table(wage_imports.TABLE))
    return done


def _without_forgotten(
    lab: Lab, session: Session, text: Text, work: Path
) -> tuple[Text, list[Problem]]:
    """The staged file without rows of people who were forgotten, and how many these were."""
    marks = privacy.forgotten(lab)
    if not marks:
        return text, []
    privacy.use(session, privacy.key(lab))
    ident = exp.Anonymous(this="nfc_normalize", expressions=[exp.Trim(this=name("e100"))])
    known = exp.select("*", alias(privacy.pseudonym(ident), "pid")).from_(scan(text.path))
    theirs = exp.func("coalesce", privacy.marked(sorted(marks)), exp.false())
    row = exp.Anonymous(this="min", expressions=[name("_row"), tree(5)])
    count = exp.select(exp.Count(this=exp.Star()), row).from_(known.subquery("k"))
    n, first = session.execute(count.where(theirs.copy())).fetchone() or (0, [])
    star = exp.Star(except_=[exp.to_identifier("pid", quoted=True)])
    kept = exp.select(star).from_(known.subquery("k")).where(exp.not_(theirs))
    rows = copy_to(session, kept, work / "pirl_kept.parquet")
    said = Problem(code="REC-forgotten", table=text.label, column="100", rows=n,
                   first_rows=tuple(first), owner="data")  # fmt: skip
    return replace(text, path=work / "pirl_kept.parquet", rows=rows), [said] if n else []


def _refuse_ssn(session: Session, text: Text, allowed: str) -> None:
    if allowed:
        return
    ident = name("e100")
    dashed, plain = reading.counted(
        session,
        scan(text.path),
        [check.looks_like_ssn(ident, dashed=True), check.looks_like_ssn(ident)],
    )
    if dashed[0] or plain[0] * 2 > text.rows:
        n, rows = plain
        raise RecordsError(
            Problem(code="REC-pirl-ssn", table=text.label, column="100", rows=n,
                    first_rows=rows, weight="break")
        )  # fmt: skip


def _latest(session: Session, text: Text, clock: dt.date) -> dt.date:
    """The latest day of the records that is not in the future."""
    numbers = ("900", "901", "1004", "1302", "1308", "1801", "1811", "1813", "1806", "1809")
    here = [e for e in text.elements if e.number in numbers]
    if not here:
        return clock
    tops = []
    for i, e in enumerate(here):
        day = reading.value(e)
        past = exp.LTE(this=day.copy(), expression=tree(clock))
        tops.append(alias(exp.Max(this=exp.Case().when(past, day)), f"d{i}"))
    told = {e.number: e for e in text.elements}
    if "901" in told:  # an outcome that is known says that its quarter is over
        for n, number in enumerate(("1600", "1602", "1604", "1606"), 1):
            if number in told:
                known = exp.not_(exp.paren(reading.value(told[number]).is_(exp.null())))
                over = derive.quarter_after(reading.value(told["901"]), n)
                past = exp.LTE(this=over.copy(), expression=tree(clock))
                tops.append(
                    alias(exp.Max(this=exp.Case().when(exp.and_(known, past), over)), f"q{n}")
                )
    found = session.execute(exp.select(*tops).from_(scan(text.path))).fetchone() or ()
    return max((d for d in found if d is not None), default=clock)


# -- writing


def _aliased(node: exp.Expr, label: str) -> exp.Expr:
    """`node AS "label"`, the node itself and not a copy of it."""
    return exp.Alias(this=node, alias=exp.to_identifier(label, quoted=True))


def _checked(text: Text) -> exp.Select:
    """The checked table: pseudonym, row, age at entry, typed elements, what is pending."""
    have = {e.number for e in text.elements} - set(PRIVATE)
    open_ = [e for e in elements().values() if e.number in have]
    ident = exp.Anonymous(this="nfc_normalize", expressions=[exp.Trim(this=name("e100"))])
    typed = exp.select(
        alias(privacy.pseudonym(exp.Nullif(this=ident, expression=tree(""))), "pid"),
        name("_row"),
        *(_aliased(reading.value(e), e.column) for e in open_),
        _aliased(reading.pending(text.elements), "_pending"),
        copy=False,
    ).from_(scan(text.path), copy=False)
    ages = exp.select(name("_row", "s"), name("age", "s")).from_(exp.table_("pirl_said", alias="s"))
    known = exp.EQ(this=name("_row", "t"), expression=name("_row", "a"))
    age = exp.cast(name("age", "a"), "INTEGER")
    plausible = exp.Case().when(exp.Between(this=age.copy(), low=tree(0), high=tree(120)), age)
    return (
        exp.select("t.*", alias(exp.cast(plausible, "INTEGER"), "age_at_entry"))
        .from_(typed.subquery("t", copy=False), copy=False)
        .join(ages.subquery("a", copy=False), on=known, join_type="left", copy=False)
        .order_by(name("_row", "t"), copy=False)
    )


def _write(
    lab: Lab, session: Session, text: Text, path: Path, found: Checked, day: dt.date, clock: Clock
) -> Brought:
    secret = privacy.key(lab)
    privacy.use(session, secret)
    pirl = lab.table(PIRL)
    counts = {PIRL: copy_to(session, _checked(text), pirl)}
    session.attach(PIRL, pirl)
    have = session.columns(PIRL)
    for table, query in derive.tables(have).items():
        counts[table] = copy_to(session, query, lab.table(table))
    _seal(lab, session, text, secret)
    people = session.execute(
        exp.select(exp.Count(this=exp.Distinct(expressions=[name("pid")]))).from_(PIRL)
    ).fetchone()
    brought = Brought(
        lab=lab.path, problems=found.problems, stages=found.stages, waiting=found.waiting,
        as_of=day, rows=text.rows, people=int((people or (0,))[0]), tables=counts,
    )  # fmt: skip
    _document(lab, brought, path, clock)
    return brought


def _seal(lab: Lab, session: Session, text: Text, secret: bytes) -> None:
    """The private side: what names people, row by row and person by person."""
    with tempfile.TemporaryDirectory(dir=lab.path / "private", prefix=".work-") as folder:
        rows, keys = Path(folder) / "rows.parquet", Path(folder) / "keys.parquet"
        kept = [e for e in text.elements if e.number in PRIVATE]
        plain = [alias(reading.trimmed(e), e.column) for e in kept]
        copy_to(session, exp.select(name("_row"), *plain).from_(scan(text.path)), rows)
        privacy.encrypt(rows, lab.path / "private" / "pirl.enc", secret)
        ident = exp.Anonymous(this="nfc_normalize", expressions=[exp.Trim(this=name("e100"))])
        born = any(e.number == "200" for e in kept)
        picked: list[exp.Expr] = [
            alias(privacy.pseudonym(ident), "pid"),
            alias(exp.Max(this=ident.copy()), "id"),
        ]
        if born:
            picked.append(alias(exp.Max(this=reading.trimmed(elements()["200"])), "birth_date"))
        people = exp.select(*picked).from_(scan(text.path)).group_by(name("pid"))
        there = exp.not_(exp.paren(name("e100").is_(exp.null())))
        copy_to(session, people.where(there), keys)
        privacy.keep(lab, session, keys, secret)


def _document(lab: Lab, brought: Brought, path: Path, clock: Clock) -> None:
    body = brought.to_json()
    body |= {"lab": lab.path.name, "at": clock().isoformat(timespec="seconds")}
    body["inputs"] = {f"private/{path.name}": file_digest(path)}
    body["problems"] = [vars(p) | {"first_rows": list(p.first_rows)} for p in brought.problems]
    lab.store.put("import", Document("import", 1, body))


def _toml(
    text: Text, path: Path, day: dt.date, stated: dt.date | None, provider: str
) -> tomlkit.TOMLDocument:
    toml = tomlkit.document()
    toml["lab"] = {"provider": provider or path.stem, "program": "WIOA"}
    if stated is not None:
        toml["clock"] = {"as_of": stated}
    toml[PIRL] = {
        "file": f"private/{path.name}",
        "as_of": day,
        "reason": "the federal layout asks for them, and the indicators rest on them",
    }
    toml["journey"] = {"within_days": _DAYS}
    steps = tomlkit.aot()
    for key, label, done in (
        ("served", "Became a participant", "became participants"),
        ("exited", "Exited the program", "exited the program"),
        ("employed", "Employed in the 2nd quarter after exit",
         "were employed in the 2nd quarter after exit"),
    ):  # fmt: skip
        step = tomlkit.table()
        step.update({"key": key, "label": label, "done": done})
        steps.append(step)
    toml["milestones"] = steps
    if groups := _groups(text.elements):
        toml["groups"] = groups
    return toml


def _groups(have: Sequence[Element]) -> Any:
    here = {e.number for e in have}
    columns = TABLES["participants"].columns
    groups = tomlkit.aot()
    for column in columns:
        if column.name in _GROUPED and column.pirl in here:
            groups.append(_table({"key": column.name, "label": column.heading.lower()}))
    races = [c.name for c in columns if c.name.startswith("race_") and c.pirl in here]
    if races:
        groups.append(_table({"key": "race", "label": "race and ethnicity", "columns": races}))
    return groups


def _table(values: dict[str, Any]) -> Any:
    made = tomlkit.table()
    made.update(values)
    return made


# -- and out


def export(lab: Lab, target: Path, *, header: bool = True, clock: Clock) -> int:
    """Write a lab's records as a CSV of federal records; returns how many.

    Federal records leave as they came: every element in the layout's order, what is not yet
    available as 9, 5 or 999999.99, blank as blank. A provider's own records become WIOA-style ones
    (see `own`). `clock` gives the day of a lab that does not say of which day its records are.
    """
    secret = privacy.key(lab, make=False) if _sealed(lab) else b""
    with (
        tempfile.TemporaryDirectory(dir=lab.path / "private", prefix=".work-") as folder,
        lab.session() as session,
    ):
        source, named = _federal(lab, session, Path(folder), secret)
        if source is None:
            source, named = _owned(lab, session, Path(folder), secret, clock().date())
        columns = {*session.columns("outgoing"), *named}
        kept = [e for e in elements().values() if e.column in columns]
        rows = exp.select(
            *(alias(written(e, private=e.column in named), _heading(e)) for e in kept)
        ).from_(source.subquery("r"))
        return csv_out(session, rows.order_by(name("_row")), target, header=header)


def _sealed(lab: Lab) -> bool:
    return privacy.keys_file(lab).is_file()


def _federal(
    lab: Lab, session: Session, work: Path, secret: bytes
) -> tuple[exp.Select | None, tuple[str, ...]]:
    """Federal records with their private side beside them; None for a lab without any."""
    if not lab.table(PIRL).is_file():
        return None, ()
    session.view("outgoing", exp.select("*").from_(PIRL))
    plain = work / "rows.parquet"
    privacy.decrypt(lab.path / "private" / "pirl.enc", plain, secret)
    session.attach("named", plain)
    named = tuple(c for c in session.columns("named") if c != "_row")
    joined = (
        exp.select("p.*", *(name(c, "n") for c in named))
        .from_(exp.table_("outgoing", alias="p"))
        .join(
            exp.table_("named", alias="n"),
            on=exp.EQ(this=name("_row", "p"), expression=name("_row", "n")),
            join_type="left",
        )
    )
    return joined, named


def _owned(
    lab: Lab, session: Session, work: Path, secret: bytes, today: dt.date
) -> tuple[exp.Select, tuple[str, ...]]:
    """A provider's own records as federal ones, under the id that staff know where there is one."""
    lab.need("journeys")
    tables = [t.stem for t in (lab.path / "records").glob("*.parquet")]
    own.own_records(session, tables, lab.milestones, lab.clock.as_of or today)
    order = exp.Order(expressions=[exp.Ordered(this=name(c)) for c in ("e900", "pid", "period")])
    row = alias(exp.Window(this=exp.RowNumber(), order=order), "_row")
    session.view("outgoing", exp.select("*", row).from_(own.VIEW))
    plain = work / "keys.parquet"
    if secret:
        privacy.decrypt(privacy.keys_file(lab), plain, secret)
        session.attach("named", plain)
        known = session.columns("named")
    else:
        session.view("named", exp.select(exp.Distinct(expressions=[name("pid")])).from_(own.VIEW))
        known = {"pid": "VARCHAR"}
    ident = exp.func("coalesce", *(name(c, t) for c, t in (("id", "n"), ("pid", "p"))
                                   if t == "p" or c in known))  # fmt: skip
    named = {"e100": exp.func("left", ident, tree(elements()["100"].length))}
    if "birth_date" in known:
        digits = exp.Anonymous(
            this="regexp_replace",
            expressions=[name("birth_date", "n"), tree("-"), tree(""), tree("g")],
        )
        named["e200"] = digits
    joined = (
        exp.select("p.*", *(alias(node, c) for c, node in named.items()))
        .from_(exp.table_("outgoing", alias="p"))
        .join(
            exp.table_("named", alias="n"),
            on=exp.EQ(this=name("pid", "p"), expression=name("pid", "n")),
            join_type="left",
        )
    )
    return joined, tuple(named)


def _heading(e: Element) -> str:
    return e.number if e.calculated or e.number == "OBS" else f"PIRL{e.number}"


def written(e: Element, *, private: bool = False) -> exp.Expr:
    """A typed element as the layout writes it."""
    value = name(e.column)
    if private:
        return value
    text: exp.Expr = exp.cast(value, "VARCHAR")
    if e.type == "DT":
        text = exp.Anonymous(this="strftime", expressions=[value, tree("%Y%m%d")])
    elif e.type == "DE":
        text = exp.cast(exp.cast(value, "DECIMAL(18, 2)"), "VARCHAR")
    if not e.pending:
        return text
    waits = exp.Like(this=name("_pending"), expression=tree(f"%,{e.number},%"))
    return exp.Case().when(waits, tree(e.pending)).else_(text)


def csv_out(session: Session, rows: exp.Select, target: Path, *, header: bool) -> int:
    """Write a query's rows as CSV, whole or not at all."""
    temporary = target.with_name(f".{target.name}.writing")
    made = exp.Copy(
        this=exp.Subquery(this=rows),
        kind=False,
        files=[tree(str(temporary))],
        params=[
            exp.CopyParameter(this=exp.var("FORMAT"), expression=exp.var("csv")),
            exp.CopyParameter(this=exp.var("HEADER"), expression=exp.Boolean(this=header)),
        ],
    )
    found = session.execute(made).fetchone()
    temporary.replace(target)
    return int(found[0]) if found else 0
