"""What people write in the rooms of people: checked here, shown by the templates."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from rung import messages
from rung.web import invitations, tokens
from rung.web.models import Membership, Organisation, Program, Role, Site, User


class Line(forms.CharField):
    """One line of text: what breaks lines or turns the direction of writing becomes a space."""

    def to_python(self, value: Any) -> Any:
        """As people see it."""
        text = "".join(c if c.isprintable() or c == "\0" else " " for c in str(value or ""))
        return super().to_python(" ".join(text.split()))


def _text(longest: int, *, required: bool = True, complete: str = "off") -> Line:
    widget = forms.TextInput(attrs={"autocomplete": complete})
    return Line(max_length=longest, required=required, widget=widget)


def _address(complete: str = "off") -> forms.EmailField:
    return forms.EmailField(
        max_length=254, widget=forms.EmailInput(attrs={"autocomplete": complete})
    )


def _wrong(key: str) -> ValidationError:
    return ValidationError(messages.sentence(key))


class NewPerson(forms.Form):
    """Someone who comes by a link: a name, a password, and an address when the link has none."""

    name = _text(120, complete="name")
    email = _address("username")
    password = forms.CharField(
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, email: str = "", **more: Any) -> None:
        super().__init__(*args, **more)
        self.known = email
        if email:
            del self.fields["email"]

    def clean_email(self) -> str:
        """Nobody has it yet."""
        email: str = self.cleaned_data["email"].strip().lower()
        if User.objects.filter(email=email).exists():
            raise _wrong("web.welcome.taken")
        return email

    def clean(self) -> dict[str, Any]:
        """A password that is not the name or the address."""
        given = super().clean() or {}
        email = self.known or given.get("email", "")
        if given.get("password"):
            try:
                validate_password(given["password"], User(email=email, name=given.get("name", "")))
            except ValidationError as error:
                self.add_error("password", error)
        return given

    def save(self) -> User:
        """The new user."""
        given = self.cleaned_data
        return User.objects.create_user(
            self.known or given["email"],
            given["password"],
            name=given["name"],
            language=messages.current(),
        )


def what_roles_do(organisation: Organisation) -> str:
    """Where the catalogue says what a role may do there, up to the role."""
    beside = organisation.kind != Organisation.Kind.PROVIDER
    return "web.role-beside." if beside else "web.role-does."


class Partner(forms.Form):
    """Which organisation becomes the partner: one that the person owns, or a new one."""

    brings = forms.ChoiceField(required=False)
    founds = _text(160, required=False, complete="organization")

    def __init__(self, *args: Any, mine: list[Organisation], **more: Any) -> None:
        super().__init__(*args, **more)
        self.mine = mine
        self.fields["brings"] = forms.ChoiceField(
            required=False, choices=[("", ""), *((o.uid, o.name) for o in mine)]
        )

    def clean(self) -> dict[str, Any]:
        """One of the two."""
        given = super().clean() or {}
        if not given.get("brings") and not given.get("founds"):
            self.add_error("founds", _wrong("web.welcome.no-organisation"))
        return given


class You(forms.Form):
    """One's own name."""

    name = _text(120, complete="name")


class Invite(forms.Form):
    """A place for a member."""

    email = _address()
    role = forms.ChoiceField(choices=Role.choices)
    staff_name = _text(200, required=False)

    def __init__(self, *args: Any, organisation: Organisation, **more: Any) -> None:
        super().__init__(*args, **more)
        self.organisation = organisation

    def clean_email(self) -> str:
        """Someone who is not a member yet."""
        email: str = self.cleaned_data["email"].strip().lower()
        if Membership.objects.filter(organisation=self.organisation, user__email=email).exists():
            raise _wrong("web.members.already")
        return email


class InvitePartner(forms.Form):
    """A place for another organisation."""

    email = _address()
    kind = forms.ChoiceField(choices=[(k.value, k.value) for k in invitations.PARTNERS])


class Member(forms.Form):
    """A member's role, and how the records name them."""

    role = forms.ChoiceField(choices=Role.choices)
    staff_name = _text(200, required=False)


class NewOrganisation(forms.Form):
    """A name and what it is."""

    name = _text(160, complete="organization")
    kind = forms.ChoiceField(choices=Organisation.Kind.choices)


class NewProgram(forms.Form):
    """A name and its sites, one a line."""

    name = _text(160)
    sites = forms.CharField(required=False, max_length=8000, widget=forms.Textarea)

    def clean_sites(self) -> list[str]:
        """Each once, in the order written."""
        lines = (" ".join(line.split()) for line in self.cleaned_data["sites"].splitlines())
        sites = list(dict.fromkeys(line for line in lines if line))
        if any(len(site) > 160 for site in sites):
            raise _wrong("web.program-new.long")
        return sites

    def save(self, organisation: Organisation) -> Program:
        """The program with its sites."""
        program = Program.objects.create(organisation=organisation, name=self.cleaned_data["name"])
        Site.objects.bulk_create(
            Site(program=program, name=site) for site in self.cleaned_data["sites"]
        )
        return program


class NewToken(forms.Form):
    """A key's name, what it may do, and for how long."""

    name = _text(80)
    scopes = forms.MultipleChoiceField(choices=[(s, s) for s in tokens.API_SCOPES])
    days = forms.TypedChoiceField(coerce=int, choices=[(d, d) for d in (30, 90, 180, 365)])


class Plan(forms.Form):
    """A program's next meeting and what it is stuck on; `was_*` is what the writer had read."""

    next_meeting = forms.DateField(
        required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    stuck_on = _text(300, required=False)
    was_meeting = forms.DateField(required=False)
    was_stuck = forms.CharField(required=False, max_length=300, strip=False)
