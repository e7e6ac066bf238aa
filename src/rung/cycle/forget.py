"""Forgetting a person: what was removed, what still has them, and what had counted them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from rung.cycle.outcome import Clock
from rung.messages import sentence
from rung.records import forget as records
from rung.records.lab import Lab

Counted = Literal["yes", "maybe"]


@dataclass(frozen=True, kw_only=True)
class Told:
    """Something made from records that held the person; `maybe` when those files are gone.

    `kind` is "release" (shown to an agreement's recipient or outside) or "findings" (of `run`).
    """

    kind: str
    name: str
    number: int
    date: str | None
    counted: Counted


@dataclass(frozen=True, kw_only=True)
class Forgotten:
    """What forgetting did; nothing here names the person.

    `removed` is rows by checked table. `still` is rows by received file, which only its sender can
    mend (None: it could not be read). `out` are briefs and other files that stay as they were.
    `reviews` is pairs taken out by link review; None for a review that is not in the lab.
    """

    removed: Mapping[str, int]
    still: Mapping[str, int | None]
    told: tuple[Told, ...]
    out: tuple[str, ...]
    reviews: Mapping[str, int | None]

    @property
    def lines(self) -> tuple[str, ...]:
        """What still has the person, what had counted them, and what stays, in words."""
        said = []
        for path, n in self.still.items():
            code = "label.forgotten-unread" if n is None else "label.forgotten-still"
            said.append(sentence(code, {"file": path} if n is None else {"file": path, "n": n}))
        for each in self.told:
            code = f"label.forgotten-{each.kind}-{each.counted}"
            number: dict[str, str | int] = {"name": each.name, "number": each.number}
            said.append(sentence(code, number | ({"date": each.date} if each.date else {})))
        for path, n in self.reviews.items():
            given: dict[str, str | int] = {"file": path} if n is None else {"file": path, "n": n}
            code = "label.forgotten-review-elsewhere" if n is None else "label.forgotten-review"
            said += [sentence(code, given)] if n != 0 else []
        if self.out:
            said.append(sentence("label.forgotten-out", {"files": ", ".join(self.out)}))
        return tuple(said)

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "removed": dict(self.removed),
            "still": dict(self.still),
            "told": [vars(t) for t in self.told],
            "out": list(self.out),
            "reviews": dict(self.reviews),
        }


def found(lab: Lab, person: str) -> str:
    """The pseudonym of someone given by the id as the files write it; raises as `forget` does."""
    return records.find(lab, person).pid


def forget(lab: Lab, person: str, *, clock: Clock, only_tell: bool = False) -> Forgotten:
    """Remove someone, given by the id as the provider's files write it, for good.

    With `only_tell` nothing is removed: the same is told of what would be, for someone who is still
    to confirm it (link reviews are then not looked at).

    Raises RecordsError: REC-forget-unknown, REC-forget-several (neither repeats the id), or what
    is wrong with the key table.
    """
    day = clock().date()
    known = records.find(lab, person)
    tables = records.holding(lab, known)
    files = records.received(lab, known, day)
    told = (*_releases(lab, files, held=bool(tables)), *_findings(lab, tables))
    reviews: Mapping[str, int | None] = {}
    if not only_tell:
        reviews = records.linked(lab, known, day)
        records.remove(lab, known, tuple(tables), day)
    out = sorted(p.name for p in (lab.path / "out").glob("*") if p.is_file())
    return Forgotten(
        removed=tables,
        still={path: n for path, n in files.items() if n != 0},
        told=told,
        out=tuple(out),
        reviews=reviews,
    )


def _releases(lab: Lab, files: Mapping[str, int | None], *, held: bool) -> Iterable[Told]:
    """The ledger's entries, each with the imports that were the latest on its day.

    `held` is whether the tables hold the person, and so the last import did.
    """
    store = lab.store
    imports = [store.get("import", "import", n).body for n in store.history("import", "import")]
    known = {lab.digest(lab.path / p): n for p, n in files.items() if (lab.path / p).is_file()}
    now: Counted | None = "yes" if held else None
    days: list[tuple[str, Counted | None]] = [
        (str(body["at"])[:10], now if body is imports[-1] else _held(body["inputs"], known))
        for body in imports
    ]
    for name in store.names("release"):
        for number in store.history("release", name):
            date = str(store.get("release", name, number).body["date"])
            before = [(day, said) for day, said in days if day <= date]
            # two imports of one day: the ledger has no hour, so either may have been shown
            said = [s for day, s in before if day in (date, before[-1][0])]
            counted: Counted | None = now if not imports else None
            if "yes" in said:
                counted = "yes"
            elif "maybe" in said or (imports and not said):
                counted = "maybe"
            if counted:
                yield Told(kind="release", name=name, number=number, date=date, counted=counted)


def _held(inputs: Mapping[str, str], known: Mapping[str, int | None]) -> Counted | None:
    """Whether the files of an import held the person, as far as they are still here."""
    rows = [known.get(digest) for digest in inputs.values()]
    if any(rows):
        return "yes"
    return "maybe" if None in rows else None


def _findings(lab: Lab, tables: Iterable[str]) -> Iterable[Told]:
    """Findings that `run` kept: by the digests of the tables they were made from."""
    store, now = lab.store, {lab.digest(lab.table(t)) for t in tables}
    for name in store.names("findings"):
        for number in store.history("findings", name):
            inputs = set(store.get("findings", name, number).body.get("inputs", ()))
            counted: Counted = "yes" if inputs & now else "maybe"
            yield Told(kind="findings", name=name, number=number, date=None, counted=counted)
