"""Caseloads: whose people someone may see, what is open, and what coaches learned.

The pages and the API both come here. Everything about people is kept in this process's memory
alone, for a few minutes: lists of pseudonyms with reasons, and names out of the key table. No
name is written to a cache, a row or a log.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from bisect import insort
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from django.db import transaction
from django.db.models import Max
from django.http import Http404

from rung import cycle
from rung.cycle.people import Named
from rung.discovery.caseload import Case, CaseloadSettings
from rung.errors import PlanError, Problem, RecordsError
from rung.messages import Scalar
from rung.records.schema import TABLES
from rung.share.release import Audience
from rung.web import access, clock, keys
from rung.web.models import FollowUp, Organisation, Program, User
from rung.web.store import ProgramLab, current

RESULTS: Final = ("verified", "not_retained", "not_reached")
_WHOLE = 500
"""A caseload up to this size has all its names read at once; of a larger one, a page's."""
_FEW = 8
_COACH = "coach "


class _Memory:
    """What was read lately, in this process alone; the oldest goes first."""

    def __init__(self, most: int, seconds: float) -> None:
        self.most, self.seconds = most, seconds
        self.kept: OrderedDict[Hashable, tuple[float, Any]] = OrderedDict()
        self.making: dict[Hashable, threading.Lock] = {}
        self.lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What is kept under `key`, or made now; who asks meanwhile waits for it."""
        with self.lock:
            if (found := self._fresh(key)) is not None:
                return found
            making = self.making.setdefault(key, threading.Lock())
        with making:
            with self.lock:
                if (found := self._fresh(key)) is not None:
                    return found
            made = make()
            self.put(key, made)
        return made

    def put(self, key: Hashable, made: Any) -> None:
        """Keep it."""
        with self.lock:
            self.kept[key] = time.monotonic(), made
            self.kept.move_to_end(key)
            self.making.pop(key, None)
            while len(self.kept) > self.most:
                self.kept.popitem(last=False)

    def _fresh(self, key: Hashable) -> Any:
        found = self.kept.get(key)
        if found is None or time.monotonic() - found[0] > self.seconds:
            return None
        self.kept.move_to_end(key)
        return found[1]

    def clear(self) -> None:
        """Forget everything."""
        with self.lock:
            self.kept.clear()


_loads = _Memory(24, 900)
_names = _Memory(24, 900)


def forget() -> None:
    """Drop everything that is remembered of people."""
    _loads.clear()
    _names.clear()


def looking_day(program: Program) -> dt.date | None:
    """The day follow-ups are due by; None, the records' own day, where the people are simulated."""
    return None if program.sample else clock.day()


def lab_of(program: Program) -> ProgramLab:
    """The lab as it is now; RecordsError before the first import."""
    lab = current(program)
    if lab is None:
        raise RecordsError("REC-not-imported", table="journeys")
    return lab


def generation(program: Program) -> str:
    """Which import this is; RecordsError before the first."""
    if program.generation is None:
        raise RecordsError("REC-not-imported", table="journeys")
    return program.generation.uid


# -- whose people


@dataclass(frozen=True)
class Whose:
    """Whose people someone looks at. `coach` is None for everyone's; `mine` when it is their own.

    `missing` says why there is nobody: "" (there is), "unnamed" (nobody said how the records
    name this coach), "unknown" (the records have nobody by that name)."""

    coach: str | None
    mine: bool = False
    missing: str = ""


def whose(user: Any, program: Program, standing: str, picked: str = "") -> Whose:
    """Whose people `user` sees; `picked` is a coach's key. Raises Http404 for a key of nobody."""
    own = access.staff_name(user, program.organisation)
    if standing not in access.MAY["caseload.all"]:
        known = {name for name, _ in coaches(program)}
        missing = "unnamed" if not own else "" if own in known else "unknown"
        return Whose(own, mine=True, missing=missing)
    if not picked:
        return Whose(None)
    named = keys.pid(program, picked)
    if not named.startswith(_COACH):
        raise Http404
    coach = named.removeprefix(_COACH)
    return Whose(coach, mine=coach == own)


def may_see(who: Whose, case: Case) -> bool:
    """Whether a person belongs to that caseload."""
    return not who.missing and (who.coach is None or case.coach == who.coach)


def coaches(program: Program) -> tuple[tuple[str, int], ...]:
    """Coaches in the records and how many people each goes along with."""
    if program.generation is None:
        return ()
    key = ("coaches", program.generation.uid)
    found = _loads.get(key, lambda: cycle.coaches(lab_of(program)))
    return cast("tuple[tuple[str, int], ...]", found)


def coach_key(program: Program, coach: str) -> str:
    """What stands for a coach in an address."""
    return keys.key(program, _COACH + coach)


# -- what is open


@dataclass(frozen=True)
class Open:
    """A caseload with what is counted of it; `last` is the last answer that it knows of."""

    load: cycle.Caseload
    due: tuple[Case, ...]  # late, or due within the week; most urgent first
    reasons: int  # people with something open
    last: int

    @classmethod
    def of(cls, found: cycle.Caseload, last: int) -> Open:
        """Counted once: a caseload may be a hundred thousand people."""
        wanted = {c.pid for c in (*found.overdue, *found.due_soon)}
        due = tuple(c for c in found.cases if c.pid in wanted)
        return cls(found, due, sum(1 for c in found.cases if c.matters), last)


def opened(program: Program, coach: str | None, *, everyone: bool = False) -> Open:
    """The people of a coach (None: of all) with an open matter, or everyone; without names."""
    day, last = looking_day(program), last_entry(program)
    key = ("load", generation(program), coach, everyone, day)

    def make() -> Open:
        lab = lab_of(program)
        found = cycle.caseload(lab, coach, day=day, entered=entered(program), everyone=everyone)
        return Open.of(found, last)

    found = cast("Open", _loads.get(key, make))
    if found.last != last:
        found = _caught_up(program, found, everyone, last) or make()
        _loads.put(key, found)
    return found


def _caught_up(program: Program, found: Open, everyone: bool, last: int) -> Open | None:
    """The caseload with the people of the latest answers looked at again; None for too many."""
    new = FollowUp.objects.filter(program=program, pk__gt=found.last).values_list("pid", flat=True)
    changed = set(new[: _FEW + 1])
    if len(changed) > _FEW:
        return None
    cases = [c for c in found.load.cases if c.pid not in changed]
    for pid in changed:
        one = person(program, pid)
        if one is None or (found.load.coach is not None and one.case.coach != found.load.coach):
            continue
        if everyone or one.case.matters:
            insort(cases, one.case, key=lambda c: c.order)
    return Open.of(replace(found.load, cases=tuple(cases)), last)


def names(program: Program, coach: str | None, pids: Sequence[str]) -> Mapping[str, Named] | None:
    """Names by pid, for someone entitled to them; None when the key table cannot be opened."""
    known: dict[str, Named] = _names.get((generation(program), coach), dict)
    missing = [pid for pid in pids if pid not in known]
    if missing:
        try:
            found = cycle.named(lab_of(program), missing)
        except RecordsError:
            return None
        for pid in missing:
            known[pid] = found.get(pid, Named())
    return known


def named_page(
    program: Program, who: Whose, found: cycle.Caseload, page: Sequence[Case]
) -> Mapping[str, Named] | None:
    """Names for a page of a caseload: the whole caseload's at once, while it is not too large."""
    small = who.coach is not None and len(found.cases) <= _WHOLE
    return names(program, who.coach, [c.pid for c in (found.cases if small else page)])


def person(program: Program, pid: str) -> cycle.Person | None:
    """One person, without a name; None when the records have nobody by that pseudonym."""
    day = looking_day(program)

    def make() -> cycle.Person | None:
        return cycle.person(lab_of(program), pid, day=day, entered=entered(program, pid))

    key = ("person", generation(program), pid, day, last_entry(program))
    return cast("cycle.Person | None", _loads.get(key, make))


# -- what coaches learned


def entered(program: Program, pid: str | None = None) -> list[cycle.Entered]:
    """The follow-ups written by hand; of each, the row that was written last stands."""
    rows = FollowUp.objects.filter(program=program).order_by("pk")
    last = {(r.pid, r.due_days): r for r in (rows.filter(pid=pid) if pid else rows)}
    return [
        cycle.Entered(
            pid=r.pid,
            due_days=r.due_days,
            due_on=r.due_on or r.on,
            result=cast("Any", r.result),
            on=r.on,
            how=r.how,
        )
        for r in last.values()
    ]


def last_entry(program: Program, pid: str | None = None) -> int:
    """The number of the row that was written last (of a person); 0 when there is none."""
    rows = FollowUp.objects.filter(program=program)
    return (rows.filter(pid=pid) if pid else rows).aggregate(last=Max("pk"))["last"] or 0


def written(program: Program, pid: str) -> list[FollowUp]:
    """Everything written of a person, the latest first."""
    rows = FollowUp.objects.filter(program=program, pid=pid).select_related("by")
    return list(rows.order_by("-pk"))


def ways() -> Mapping[str, str]:
    """How it can be learned: the schema's codes with their words."""
    columns = TABLES["follow_ups"].columns
    return next(c for c in columns if c.name == "method").codes


@dataclass(frozen=True, kw_only=True)
class Learned:
    """What a coach learned: which follow-up, the answer, how, and the day it was learned."""

    due_days: int
    result: str
    how: str
    on: dt.date


class SomeoneElseWrote(Exception):  # noqa: N818 (it is a question to the writer)
    """Another answer came in while this one was being written."""

    def __init__(self, row: FollowUp) -> None:
        super().__init__("another answer was written meanwhile")
        self.row = row


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A follow-up that can be written: the day it is for, and the first day that says of it."""

    on: dt.date
    first: dt.date


def open_checks(program: Program, found: cycle.Person) -> dict[int, Asked]:
    """The follow-ups of a person whose day has come or is near, by their days."""
    rules = lab_of(program).section("caseload", CaseloadSettings)
    ahead = dt.timedelta(days=rules.due_ahead_days)
    return {
        days: Asked(on=on, first=on - ahead)
        for days, (on, _) in found.due.items()
        if on - ahead <= found.day
    }


def wrong_with(program: Program, found: cycle.Person, learned: Learned) -> list[Problem]:
    """What cannot be, each with its field as `column`; empty when all is well."""
    asked = open_checks(program, found)
    wrong: list[Problem] = []

    def no(code: str, field: str, **params: Scalar) -> None:
        wrong.append(Problem(code=code, column=field, params=params, weight="break"))

    if learned.due_days not in asked:
        no("WEB-follow-up-which", "due_days", open=", ".join(map(str, asked)) or "–")
    if learned.result not in RESULTS:
        no("WEB-follow-up-result", "result")
    if learned.how not in ways():
        no("WEB-follow-up-how", "how")
    mine = asked.get(learned.due_days)
    if mine is not None and not mine.first <= learned.on <= found.day:
        first, last = mine.first.isoformat(), found.day.isoformat()
        no("WEB-follow-up-day", "on", first=first, last=last)
    return wrong


def write(
    program: Program, found: cycle.Person, learned: Learned, *, by: User, seen: int
) -> FollowUp:
    """Write down what was learned. `seen` is the last row of this person that the writer saw.

    Raises PlanError with everything that cannot be, SomeoneElseWrote when another answer to the
    same follow-up came in since.
    """
    wrong = wrong_with(program, found, learned)
    if wrong:
        raise PlanError(wrong)
    pid = found.case.pid
    with transaction.atomic():
        # writers of one program wait for each other, so that none overlooks the other's row
        Program.objects.select_for_update().get(pk=program.pk)
        rows = FollowUp.objects.filter(program=program, pid=pid, due_days=learned.due_days)
        later = rows.filter(pk__gt=seen).select_related("by").order_by("-pk").first()
        if later is not None:
            raise SomeoneElseWrote(later)
        return FollowUp.objects.create(
            program=program,
            pid=pid,
            due_days=learned.due_days,
            due_on=found.due[learned.due_days][0],
            result=learned.result,
            how=learned.how,
            on=learned.on,
            by=by,
            at=clock.now(),
        )


# -- retention


def retention(program: Program, audience: Audience) -> cycle.Outcome:
    """Who still works, with worst and best bounds, as `audience` may see it; nothing is released.

    The outside view is for learning what may be told: only a brief goes out and is recorded.
    """
    day = looking_day(program)

    def make() -> cycle.Outcome:
        found = entered(program)
        return cycle.retention(lab_of(program), found, as_of=day, audience=audience)

    key = ("retention", generation(program), audience.kind, day, last_entry(program))
    return cast("cycle.Outcome", _loads.get(key, make))


def owners(organisation: Organisation) -> list[str]:
    """Whom to ask: the owners' names, as their colleagues know them."""
    found = User.objects.filter(memberships__organisation=organisation, memberships__role="owner")
    return [str(user) for user in found.order_by("name", "email")]
