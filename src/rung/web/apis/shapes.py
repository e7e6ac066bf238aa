"""What the API gives and takes, for its OpenAPI document."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal, cast

from ninja import Schema
from pydantic import ConfigDict, Field, StringConstraints

from rung.errors import Problem
from rung.web.models import Generation, Job, Program, Upload
from rung.web.work import problems

Count = Annotated[int, Field(ge=1, le=200)]
Offset = Annotated[int, Field(ge=0, le=10_000_000)]
Word = Annotated[str, StringConstraints(max_length=300, pattern=r"^[^\x00]*$")]


class Taken(Schema):
    """What is sent: nothing that is not known."""

    model_config = ConfigDict(extra="forbid")


class ProgramOut(Schema):
    """A program."""

    uid: str
    name: str
    phase: str
    simulated: bool
    generation: str | None
    imported_at: dt.datetime | None

    @classmethod
    def of(cls, p: Program) -> ProgramOut:
        """From its row."""
        g = p.generation
        return cls(
            uid=p.uid, name=p.name, phase=p.phase, simulated=p.sample,
            generation=g.uid if g else None, imported_at=g.at if g else None,
        )  # fmt: skip


class ProblemOut(Schema):
    """One thing wrong, as the JSON contract has it."""

    code: str
    weight: str
    table: str | None
    column: str | None
    count: int | None
    first_rows: list[int]
    owner: str | None
    what: str
    expected: str
    next: str

    @classmethod
    def of(cls, problem: Problem) -> ProblemOut:
        """In English, as the contract is."""
        return cls(**problem.to_json())


class JobOut(Schema):
    """Background work: ask again until it is done or failed."""

    uid: str
    kind: str
    state: Literal["waiting", "running", "done", "failed"]
    what: str
    share: float
    problems: list[ProblemOut]
    made_at: dt.datetime
    ended_at: dt.datetime | None

    @classmethod
    def of(cls, job: Job) -> JobOut:
        """From its row."""
        return cls(
            uid=job.uid, kind=job.kind, state=cast("Any", job.state), what=job.what,
            share=job.share,
            problems=[ProblemOut.of(p) for p in problems(job.problem)],
            made_at=job.made_at, ended_at=job.ended_at,
        )  # fmt: skip


class UploadOut(Schema):
    """A file that was sent."""

    uid: str
    name: str
    size: int
    sha256: str
    state: str
    version: int
    at: dt.datetime

    @classmethod
    def of(cls, u: Upload) -> UploadOut:
        """From its row."""
        return cls(uid=u.uid, name=u.name, size=u.size, sha256=u.sha256, state=u.state,
                   version=u.version, at=u.at)  # fmt: skip


class Begun(Schema):
    """Work that was begun on an upload."""

    upload: UploadOut
    job: JobOut


class ProposalOut(UploadOut):
    """What a file seems to hold, with every pick so far; identifiers are shapes.

    `proposal` is a draft as `rung.cycle.Looked` writes it. `problems` is what must be mended
    before it can be imported.
    """

    proposal: dict[str, Any] | None
    replaces: str | None
    problems: list[ProblemOut]


class ColumnPick(Taken):
    """What one column means; what is left out stays as it is."""

    table: Annotated[int, Field(ge=0, le=1000)] = 0
    header: Annotated[str, StringConstraints(max_length=2000)]
    target: Word | None = None
    values: dict[Word, Word] | None = None
    because: Annotated[str, StringConstraints(max_length=2000)] | None = None


class TablePick(Taken):
    """What the rows of a table are, and how its dates read."""

    table: Annotated[int, Field(ge=0, le=1000)] = 0
    kind: Word | None = None
    dates: Literal["mdy", "dmy", "ymd"] | None = None


class StepPick(Taken):
    """A milestone: its key and what people call it."""

    key: Word
    label: Annotated[str, StringConstraints(max_length=80)]


class Correction(Taken):
    """Picks for a mapping; `version` is the one that was read."""

    version: Annotated[int, Field(ge=0, le=2**31 - 1)]
    columns: list[ColumnPick] = Field(default_factory=list, max_length=5000)
    tables: list[TablePick] = Field(default_factory=list, max_length=1000)
    milestones: Annotated[list[StepPick], Field(max_length=200)] | None = None
    replaces: Word | None = None


class Version(Taken):
    """The version that was read."""

    version: Annotated[int, Field(ge=0, le=2**31 - 1)]


class GenerationOut(Schema):
    """One import."""

    uid: str
    number: int
    state: str
    current: bool
    base: str | None
    people: int | None
    changes: dict[str, int] | None
    tables: dict[str, int]
    inputs: dict[str, str]
    at: dt.datetime

    @classmethod
    def of(cls, g: Generation, program: Program) -> GenerationOut:
        """From its row and what the import kept of itself."""
        told = g.summary
        return cls(
            uid=g.uid, number=g.number, state=g.state, current=g.pk == program.generation_id,
            base=g.base.uid if g.base else None, people=told.get("people"),
            changes=told.get("changes"), tables=told.get("tables") or {},
            inputs=told.get("inputs") or {}, at=g.at,
        )  # fmt: skip


class Switch(Taken):
    """The import to show: null for none, when the first is undone. `seen` is the current one."""

    to: Annotated[str, StringConstraints(max_length=16)] | None
    seen: Annotated[str, StringConstraints(max_length=16)] = ""


class Envelope(Schema):
    """Answers as the JSON contract has them; `schema/rung-1.json` describes each."""

    model_config = ConfigDict(populate_by_name=True)

    rung: str
    schema_: int = Field(alias="schema")
    verb: str
    audience: Literal["inside", "agreement", "outside"]
    answers: list[dict[str, Any]]
    provenance: dict[str, Any]


class Reason(Schema):
    """Why to get in touch: a code with its numbers, and the sentence."""

    code: str
    params: dict[str, Any]
    text: str
    due_on: dt.date | None
    overdue: int
    due_days: int | None


class CaseOut(Schema):
    """One person of a caseload. `key` addresses the person; `name` is null without names."""

    key: str
    name: str | None
    coach: str
    stage: str
    last_contact: dt.date | None
    due_on: dt.date | None
    overdue: int
    reasons: list[Reason]


class CaseloadOut(Schema):
    """People to reach, most urgent first."""

    as_of: dt.date
    day: dt.date
    count: int
    offset: int
    people: list[CaseOut]


class CoachOut(Schema):
    """A coach in the records; `key` picks the caseload."""

    key: str
    name: str
    people: int


class CheckOut(Schema):
    """What is known of one follow-up."""

    due_days: int
    due_on: dt.date
    open: bool
    result: str | None
    on: dt.date | None
    how: str | None


class StepOut(Schema):
    """A milestone and its day."""

    key: str
    label: str
    reached: bool | None
    on: dt.date | None


class ServiceOut(Schema):
    """One service, received or missed."""

    on: dt.date
    service: str
    attendance: str


class WorkOut(Schema):
    """One job on record."""

    employer: str
    title: str
    start_on: dt.date | None
    end_on: dt.date | None


class PersonOut(Schema):
    """One person."""

    case: CaseOut
    contacts: dict[str, str]
    steps: list[StepOut]
    services: list[ServiceOut]
    jobs: list[WorkOut]
    follow_ups: list[CheckOut]
    last_entry: int


class FollowUpOut(Schema):
    """What somebody wrote down; a later row for the same follow-up stands."""

    number: int
    due_days: int
    due_on: dt.date | None
    result: str
    how: str
    on: dt.date
    by: str | None
    at: dt.datetime


class FollowUpIn(Taken):
    """What was learned. `seen` is the person's `last_entry` that was read before writing."""

    due_days: Annotated[int, Field(ge=1, le=3650)]
    result: Literal["verified", "not_retained", "not_reached"]
    how: Word
    on: dt.date
    seen: Annotated[int, Field(ge=0, le=2**62)] = 0


class MemberOfCell(Schema):
    """One person behind a number."""

    key: str
    name: str | None
    status: str
    dates: dict[str, dt.date | None]


class BehindOut(Schema):
    """A page of the people behind a number; `n` is that number."""

    n: int
    as_of: dt.date
    offset: int
    people: list[MemberOfCell]


class BriefIn(Taken):
    """A brief: for whom, in which language, and which parts (default: all)."""

    audience: Literal["agreement", "outside"]
    language: Literal["en", "es"] = "en"
    title: Word = ""
    parts: Annotated[list[Word], Field(max_length=100)] | None = None
    recipient: Annotated[str, StringConstraints(max_length=200)] = ""
    purpose: Annotated[str, StringConstraints(max_length=300)] = ""
    expires: dt.date | None = None
    partner: Annotated[str, StringConstraints(max_length=16)] = ""


class Headline(Schema):
    """One answer of a brief in a line, and what is hidden of it."""

    headline: str
    hidden: int
    withheld: bool


class PreviewOut(Schema):
    """What a brief would say; nothing is released."""

    title: str
    hiding: str
    answers: list[Headline]
    html: str


class BriefOut(Schema):
    """A brief as it was released."""

    uid: str
    number: int
    audience: str
    recipient: str
    purpose: str
    expires: dt.date | None
    language: str
    title: str
    digest: str
    withdrawn_at: dt.datetime | None
    at: dt.datetime


class OrganisationOut(Schema):
    """The key's organisation."""

    uid: str
    name: str
    kind: str
    delete_after: dt.datetime | None


class MemberOut(Schema):
    """A member."""

    uid: str
    name: str
    email: str
    role: str
    staff_name: str
    since: dt.datetime


class MemberIn(Taken):
    """A member's role, and how the records name them."""

    role: Literal["owner", "staff", "coach", "analyst", "viewer"]
    staff_name: Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")] = ""


class InvitationIn(MemberIn):
    """A place for somebody."""

    email: Annotated[str, StringConstraints(max_length=254)]


class InvitationOut(Schema):
    """A place that is kept. `link` is shown this once, when it is made."""

    uid: str
    email: str
    role: str
    partner_kind: str
    expires_at: dt.datetime
    link: str | None = None


class TraceOut(Schema):
    """One line of the audit trail."""

    at: dt.datetime
    who: str | None
    program: str | None
    action: str
    thing: str
    audience: str
    count: int | None
    allowed: bool
    by_token: bool


class TracesOut(Schema):
    """A page of the audit trail, newest first."""

    count: int
    offset: int
    lines: list[TraceOut]


class ExportIn(Taken):
    """`with_identifiers` adds the files as sent and the key table in clear."""

    with_identifiers: bool = False


class LeaveIn(Taken):
    """The organisation's name, typed, so that it is meant."""

    name: Annotated[str, StringConstraints(max_length=160)]
