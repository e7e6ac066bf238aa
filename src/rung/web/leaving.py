"""An organisation leaves: its owner asks, a week passes, everything of it is erased.

Until then the owner can change their mind. What is erased: programs with their folders, files and
documents, members who belong nowhere else, keys, the audit trail. One line stays that says that an
organisation was erased, and when; it names nobody.
"""

from __future__ import annotations

import shutil
from datetime import timedelta

from django.db import close_old_connections, transaction
from django.db.models import Exists, OuterRef
from huey import crontab

from rung.errors import PlanError
from rung.web import answers, caseload, clock, exporting, importing, work
from rung.web.models import Job, Organisation, Trace, Upload, User

WAIT = timedelta(days=7)


def ask(organisation: Organisation, name: str) -> None:
    """Have an organisation erased in a week; `name` is its name, typed by its owner.

    Asking again changes nothing. Raises PlanError when the name is another.
    """
    if " ".join(name.split()) != " ".join(organisation.name.split()):
        raise PlanError("WEB-leave-name")
    if organisation.delete_after is None:
        organisation.delete_after = clock.now() + WAIT
        organisation.save(update_fields=["delete_after"])


def stay(organisation: Organisation) -> bool:
    """Nothing is erased; False when the week is over."""
    mine = Organisation.objects.filter(pk=organisation.pk, delete_after__gt=clock.now())
    return bool(mine.update(delete_after=None))


def erase_due() -> int:
    """Erase every organisation whose week is over; returns how many.

    Folders go before rows: what is stopped in between is found and finished the next time. One
    whose records are being worked on waits for that to end.
    """
    busy = Job.objects.filter(state=Job.State.RUNNING, organisation=OuterRef("pk"))
    due = list(Organisation.objects.filter(~Exists(busy), delete_after__lte=clock.now()))
    for organisation in due:
        _erase(organisation)
    return len(due)


def _erase(organisation: Organisation) -> None:
    # what still waits to be done does not begin any more
    Job.objects.filter(organisation=organisation, state=Job.State.WAITING).delete()
    for upload in Upload.objects.filter(program__organisation=organisation):
        upload.file.unlink(missing_ok=True)
    for job in Job.objects.filter(organisation=organisation, kind="export"):
        exporting.file(job).unlink(missing_ok=True)
    folders = [program.folder for program in organisation.programs.all()]
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    members = list(organisation.memberships.values_list("user_id", flat=True))
    uid = organisation.uid
    with transaction.atomic():
        organisation.delete()
        User.objects.filter(pk__in=members, memberships=None).delete()
        Trace.objects.create(action="organisation.erased", thing=uid, at=clock.now())
    for folder in folders:  # what somebody still wrote while it went
        shutil.rmtree(folder, ignore_errors=True)
    caseload.forget()
    answers.forget()


@work.queue.periodic_task(crontab(minute="11"))  # type: ignore[untyped-decorator]
def sweep() -> None:
    """Every hour: erase what is due, and take away exports that nobody fetched."""
    close_old_connections()
    try:
        erase_due()
        exporting.clean()
        importing.tidy()
    finally:
        close_old_connections()
