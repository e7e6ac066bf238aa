"""The key's organisation: members, invitations, audit, taking everything along, leaving."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse, Http404
from ninja import Router, Status

from rung.errors import PlanError, Problem
from rung.web import access, exporting, invitations, leaving, membership
from rung.web.apis.asking import Asked, Refused, needs
from rung.web.apis.shapes import (
    Count,
    ExportIn,
    InvitationIn,
    InvitationOut,
    JobOut,
    LeaveIn,
    MemberIn,
    MemberOut,
    Offset,
    OrganisationOut,
    TraceOut,
    TracesOut,
)
from rung.web.forms import Invite
from rung.web.models import Invitation, Job, Membership, Organisation, Trace

router = Router(tags=["organisation"])


def _here(scope: str, action: str, **answers: Any) -> dict[str, Any]:
    return needs(scope, action, of="organisation", **answers)


def _out(o: Organisation) -> OrganisationOut:
    return OrganisationOut(uid=o.uid, name=o.name, kind=o.kind, delete_after=o.delete_after)


@router.get("/organisation", **_here("organisation:read", "organisation.see", ok=OrganisationOut))
def organisation(request: Asked) -> OrganisationOut:
    """The organisation that this key is for."""
    return _out(request.organisation)


# -- members


@router.get(
    "/organisation/members",
    **_here("organisation:read", "organisation.members", ok=list[MemberOut]),
)
def members(request: Asked) -> list[MemberOut]:
    """Who may see the records, in which role."""
    listed = request.organisation.memberships.select_related("user").order_by("since", "pk")
    return [_member(m) for m in listed]


def _member(m: Membership) -> MemberOut:
    return MemberOut(uid=m.user.uid, name=m.user.name, email=m.user.email, role=m.role,
                     staff_name=m.staff_name, since=m.since)  # fmt: skip


def _one(request: Asked, uid: str) -> Membership:
    found = request.organisation.memberships.select_related("user").filter(user__uid=uid).first()
    if found is None:
        raise Http404
    return found


@router.patch(
    "/organisation/members/{user}",
    **_here("organisation:write", "organisation.members", ok=MemberOut),
)
def change(request: Asked, user: str, body: MemberIn) -> MemberOut:
    """Give a member a role and the name that the records have for them."""
    one = _one(request, user)
    try:
        membership.change(one, body.role, body.staff_name)
    except membership.LastOwnerError as error:
        raise Refused(409, "WEB-last-owner") from error
    access.trace(request, "member.changed", request.organisation, thing=user)
    return _member(_one(request, user))


@router.delete(
    "/organisation/members/{user}",
    **_here("organisation:write", "organisation.members", gone=None),
)
def remove(request: Asked, user: str) -> Status[None]:
    """Take a member out; their pages and keys here end at once."""
    one = _one(request, user)
    try:
        membership.remove(one)
    except membership.LastOwnerError as error:
        raise Refused(409, "WEB-last-owner") from error
    access.trace(request, "member.removed", request.organisation, thing=user)
    return Status(204, None)


# -- invitations


@router.get(
    "/organisation/invitations",
    **_here("organisation:read", "organisation.members", ok=list[InvitationOut]),
)
def waiting(request: Asked) -> list[InvitationOut]:
    """Places that are kept for people."""
    return [_kept(i) for i in invitations.waiting(request.organisation).filter(welcome=False)]


def _kept(i: Invitation, link: str | None = None) -> InvitationOut:
    return InvitationOut(uid=i.uid, email=i.email, role=i.role, partner_kind=i.partner_kind,
                         expires_at=i.expires_at, link=link)  # fmt: skip


@router.post(
    "/organisation/invitations",
    **_here("organisation:write", "organisation.members", made=InvitationOut),
)
def invite(request: Asked, body: InvitationIn) -> Status[InvitationOut]:
    """Keep a place for somebody; the link is shown this once."""
    form = Invite(body.model_dump(), organisation=request.organisation)
    if not form.is_valid():
        raise PlanError(
            Problem(code="WEB-api-request", column=field, weight="break") for field in form.errors
        )
    made, link = invitations.invite(request.organisation, by=request.user, **form.cleaned_data)
    access.trace(request, "member.invited", request.organisation, thing=made.uid)
    address = request.build_absolute_uri(link)
    invitations.post(made, address)
    return Status(201, _kept(made, address))


@router.delete(
    "/organisation/invitations/{invitation}",
    **_here("organisation:write", "organisation.members", gone=None),
)
def withdraw(request: Asked, invitation: str) -> Status[None]:
    """A place is no longer kept; its link ends."""
    kept = invitations.waiting(request.organisation).filter(welcome=False, uid=invitation)
    if not kept.delete()[0]:
        raise Http404
    access.trace(request, "invitation.withdrawn", request.organisation, thing=invitation)
    return Status(204, None)


# -- audit


@router.get("/organisation/audit", **_here("organisation:read", "organisation.audit", ok=TracesOut))
def audit(request: Asked, limit: Count = 100, offset: Offset = 0) -> TracesOut:
    """Who saw or changed what, newest first."""
    found = Trace.objects.filter(organisation=request.organisation)
    page = found.select_related("user", "program").order_by("-at", "-pk")[offset : offset + limit]
    lines = [
        TraceOut(
            at=t.at, who=t.user.email if t.user else None,
            program=t.program.uid if t.program else None, action=t.action, thing=t.thing,
            audience=t.audience, count=t.count, allowed=t.allowed, by_token=t.by_token,
        )
        for t in page
    ]  # fmt: skip
    return TracesOut(count=found.count(), offset=offset, lines=lines)


# -- everything in one file


@router.post("/organisation/exports", **_here("export", "organisation.export", begun=JobOut))
def export(request: Asked, body: ExportIn) -> Status[JobOut]:
    """Everything the organisation has, as a ZIP of open formats.

    Names and identifiers are in it only with `with_identifiers`.
    """
    job = exporting.start(
        request.organisation, request.user, with_identifiers=body.with_identifiers
    )
    action = "export.identifiers" if body.with_identifiers else "organisation.export"
    access.trace(request, action, request.organisation, thing=job.uid)
    return Status(202, JobOut.of(job))


def _job(request: Asked, uid: str) -> Job:
    found = exporting.jobs(request.organisation).filter(uid=uid).first()
    if found is None:
        raise Http404
    return found


@router.get("/organisation/exports/{job}", **_here("export", "organisation.export", ok=JobOut))
def exported(request: Asked, job: str) -> JobOut:
    """How far an export is."""
    return JobOut.of(_job(request, job))


_zip = _here("export", "organisation.export")
_zip["openapi_extra"]["responses"] = {
    200: {
        "description": "The file",
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.get("/organisation/exports/{job}/file", **_zip)
def fetch(request: Asked, job: str) -> FileResponse:
    """The ZIP, for a day."""
    made = _job(request, job)
    if made.state != Job.State.DONE or not exporting.file(made).is_file():
        raise Http404
    access.trace(request, "organisation.export", request.organisation, thing=made.uid)
    return FileResponse(
        exporting.file(made).open("rb"), as_attachment=True, filename="rung.zip",
        content_type="application/zip",
    )  # fmt: skip


# -- leaving


@router.post(
    "/organisation/deletion",
    **_here("organisation:write", "organisation.delete", begun=OrganisationOut),
)
def leave(request: Asked, body: LeaveIn) -> Status[OrganisationOut]:
    """Have everything erased in a week; the name of the organisation says that it is meant."""
    leaving.ask(request.organisation, body.name)
    access.trace(
        request, "organisation.leave", request.organisation, thing=request.organisation.uid
    )
    return Status(202, _out(request.organisation))


@router.delete(
    "/organisation/deletion",
    **_here("organisation:write", "organisation.delete", ok=OrganisationOut),
)
def stay(request: Asked) -> OrganisationOut:
    """Nothing is erased."""
    if request.organisation.delete_after is not None and not leaving.stay(request.organisation):
        raise Refused(409, "WEB-too-late")
    access.trace(request, "organisation.stay", request.organisation, thing=request.organisation.uid)
    request.organisation.refresh_from_db()
    return _out(request.organisation)
