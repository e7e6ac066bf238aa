"""What the web lab's database keeps: people, roles, work under way, documents, audit.

No participant's name or identifier is here: people of the records are pseudonyms (`pid`), and the
key table that links them stays encrypted in the program's own folder.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q

from rung.web import clock, place


def uid() -> str:
    """A name for addresses: random, says nothing."""
    return secrets.token_hex(8)


class People(BaseUserManager["User"]):
    """Makes users; addresses are kept in lower case."""

    def create_user(self, email: str, password: str | None = None, **more: Any) -> User:
        """A user with a password, or one who cannot sign in yet."""
        user = self.model(email=email.strip().lower(), **more)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        """By address, in any case."""
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser):
    """Someone who signs in."""

    uid = models.CharField(max_length=16, unique=True, default=uid)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    language = models.CharField(max_length=2, default="en")
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(default=clock.now)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[People] = People()

    def __str__(self) -> str:
        return self.name or self.email

    def has_usable(self) -> bool:
        """Whether this person can sign in with a password."""
        return self.has_usable_password()


class Organisation(models.Model):
    """A provider, a team of coaches beside providers, a city, or a funder."""

    class Kind(models.TextChoices):
        """What an organisation is."""

        PROVIDER = "provider"
        COACH = "coach"
        CITY = "city"
        FUNDER = "funder"

    uid = models.CharField(max_length=16, unique=True, default=uid)
    name = models.CharField(max_length=160)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.PROVIDER)
    made_at = models.DateTimeField(default=clock.now)
    delete_after = models.DateTimeField(null=True, blank=True)  # asked for; erased after this

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What a member may do; `access` says what each role allows."""

    OWNER = "owner"
    STAFF = "staff"
    COACH = "coach"
    ANALYST = "analyst"
    VIEWER = "viewer"


class Membership(models.Model):
    """One person in one organisation. `staff_name` is how the records name this coach."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=8, choices=Role.choices)
    staff_name = models.CharField(max_length=200, blank=True)
    since = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "organisation"], name="one_role_each")
        ]


class Partnership(models.Model):
    """A provider let another organisation in: its coaches advise, its funder reads releases."""

    provider = models.ForeignKey(Organisation, models.CASCADE, related_name="partners")
    partner = models.ForeignKey(Organisation, models.CASCADE, related_name="providers")
    since = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["provider", "partner"], name="partners_once")
        ]


class Invitation(models.Model):
    """A place kept for someone. Only a digest of its link is kept.

    With a `partner_kind` the person founds or brings an organisation of that kind, which becomes
    a partner; otherwise the person becomes a member with `role`. `welcome` is the link that a new
    lab prints for its first user.
    """

    uid = models.CharField(max_length=16, unique=True, default=uid)
    token_digest = models.CharField(max_length=64, unique=True)
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="invitations")
    email = models.EmailField(blank=True)
    role = models.CharField(max_length=8, choices=Role.choices, default=Role.VIEWER)
    partner_kind = models.CharField(max_length=10, blank=True)
    staff_name = models.CharField(max_length=200, blank=True)
    welcome = models.BooleanField(default=False)
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)


class Program(models.Model):
    """A program of an organisation: one lab, with its generations of records."""

    PHASES = ("discovery", "design", "learning", "sustainability")

    uid = models.CharField(max_length=16, unique=True, default=uid)
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="programs")
    name = models.CharField(max_length=160)
    phase = models.CharField(max_length=16, default="discovery")
    sample = models.BooleanField(default=False)  # simulated people: nothing here is real
    generation = models.ForeignKey(
        "Generation", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    next_meeting = models.DateField(null=True, blank=True)
    stuck_on = models.CharField(max_length=300, blank=True)
    made_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return self.name

    @property
    def folder(self) -> Path:
        """Where this program's generations are."""
        return place.labs() / self.uid


class Site(models.Model):
    """A place where a program runs; its name as the records write it."""

    program = models.ForeignKey(Program, models.CASCADE, related_name="sites")
    name = models.CharField(max_length=160)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["program", "name"], name="a_site_once")
        ]


class Upload(models.Model):
    """A file that was sent, and what a person decided its columns mean, until it is imported.

    `looked` is the proposal with every correction so far (a draft: it outlives a closed tab);
    `version` counts the saves, so that two people who edit see each other.
    """

    class State(models.TextChoices):
        """How far an upload has come."""

        RECEIVED = "received"
        READY = "ready"  # a mapping is proposed
        IMPORTING = "importing"
        IMPORTED = "imported"
        FAILED = "failed"
        SET_ASIDE = "set_aside"

    uid = models.CharField(max_length=16, unique=True, default=uid)
    program = models.ForeignKey(Program, models.CASCADE, related_name="uploads")
    name = models.CharField(max_length=255)
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RECEIVED)
    looked = models.JSONField(null=True, blank=True)
    version = models.IntegerField(default=0)
    edited_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    edited_at = models.DateTimeField(null=True, blank=True)
    problem = models.JSONField(null=True, blank=True)  # the error, as JSON of the error contract
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=clock.now)

    @property
    def file(self) -> Path:
        """Where the bytes are, until they are imported."""
        return place.incoming() / self.uid


class Generation(models.Model):
    """One import: a complete lab folder that nothing changes any more."""

    class State(models.TextChoices):
        """What became of it."""

        KEPT = "kept"
        UNDONE = "undone"

    uid = models.CharField(max_length=16, unique=True, default=uid)
    program = models.ForeignKey(Program, models.CASCADE, related_name="generations")
    number = models.IntegerField()
    base = models.ForeignKey("self", models.SET_NULL, null=True, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices, default=State.KEPT)
    summary = models.JSONField(default=dict)  # people, tables, changes, problems, files
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["program", "number"], name="generation_number")
        ]

    @property
    def folder(self) -> Path:
        """The lab folder."""
        return self.program.folder / self.uid


class Job(models.Model):
    """Work in the background. This row is the truth; the queue only wakes the worker."""

    class State(models.TextChoices):
        """How far it is."""

        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    uid = models.CharField(max_length=16, unique=True, default=uid)
    program = models.ForeignKey(Program, models.CASCADE, null=True, related_name="jobs")
    organisation = models.ForeignKey(Organisation, models.CASCADE, null=True, related_name="jobs")
    kind = models.CharField(max_length=30)
    params = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    what = models.CharField(max_length=200, blank=True)
    share = models.FloatField(default=0)
    tries = models.IntegerField(default=0)
    worker = models.CharField(max_length=40, blank=True)
    beat_at = models.DateTimeField(null=True, blank=True)
    problem = models.JSONField(null=True, blank=True)
    result = models.JSONField(default=dict)
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            # two imports of one program never run at once
            models.UniqueConstraint(
                fields=["program", "kind"], condition=Q(state="running"), name="one_running_each"
            )
        ]


class Paper(models.Model):
    """A version of a document of a program's lab: canonical JSON and its digest. Never changed."""

    program = models.ForeignKey(Program, models.CASCADE, related_name="papers")
    kind = models.CharField(max_length=80)
    name = models.CharField(max_length=80)
    number = models.IntegerField()
    text = models.TextField()
    digest = models.CharField(max_length=64)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["program", "kind", "name", "number"], name="paper_number"
            )
        ]


class Draft(models.Model):
    """Something a person is writing; it survives a closed tab. `version` counts the saves."""

    program = models.ForeignKey(Program, models.CASCADE, related_name="drafts")
    key = models.CharField(max_length=80)
    body = models.JSONField(default=dict)
    version = models.IntegerField(default=0)
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["program", "key"], name="a_draft_once")
        ]


class FollowUp(models.Model):
    """What a coach learned of someone's job; a correction is a later row, nothing is changed."""

    program = models.ForeignKey(Program, models.CASCADE, related_name="follow_ups")
    pid = models.CharField(max_length=64)
    due_days = models.IntegerField()
    due_on = models.DateField(null=True, blank=True)
    result = models.CharField(max_length=16)  # verified, not_retained, not_reached
    how = models.CharField(max_length=16, blank=True)
    on = models.DateField()
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["program", "pid", "due_days"])]


class Brief(models.Model):
    """A brief as it was released: exactly these bytes were given, and to whom."""

    uid = models.CharField(max_length=16, unique=True, default=uid)
    program = models.ForeignKey(Program, models.CASCADE, related_name="briefs")
    generation = models.ForeignKey(Generation, models.SET_NULL, null=True, related_name="+")
    number = models.IntegerField()
    audience = models.CharField(max_length=10)  # agreement or outside
    recipient = models.CharField(max_length=200, blank=True)
    purpose = models.CharField(max_length=300, blank=True)
    expires = models.DateField(null=True, blank=True)
    partner = models.ForeignKey(Organisation, models.SET_NULL, null=True, related_name="+")
    language = models.CharField(max_length=2)
    title = models.CharField(max_length=300)
    html = models.TextField()
    xlsx = models.BinaryField()
    digest = models.CharField(max_length=64)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["program", "number"], name="brief_number")
        ]


class Token(models.Model):
    """A key for the API: only its digest is kept; it can do what its scopes and its maker can."""

    uid = models.CharField(max_length=16, unique=True, default=uid)
    user = models.ForeignKey(User, models.CASCADE, related_name="tokens")
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    made_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)


class Trace(models.Model):
    """The audit trail: who saw or changed what. Rows are added and never changed.

    `thing` is a uid or a pseudonym, never a name; `count` is how many people were shown.
    """

    at = models.DateTimeField(default=clock.now)
    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    organisation = models.ForeignKey(Organisation, models.CASCADE, null=True, related_name="traces")
    program = models.ForeignKey(Program, models.SET_NULL, null=True, related_name="+")
    action = models.CharField(max_length=40)
    thing = models.CharField(max_length=80, blank=True)
    audience = models.CharField(max_length=10, blank=True)
    count = models.IntegerField(null=True, blank=True)
    allowed = models.BooleanField(default=True)
    by_token = models.BooleanField(default=False)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["organisation", "-at"])]
