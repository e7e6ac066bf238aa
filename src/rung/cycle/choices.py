"""Everything a column of a file may be set to, in the words that people read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rung.messages import sentence, word
from rung.records.lab import Milestone
from rung.records.mapping import IGNORE
from rung.records.matching.steps import STEPS
from rung.records.schema import TABLES, Column, Kind, Side


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One target. `group` is the table or kind it belongs to, with `heading` as its words.

    `codes` are the codes that raw values may stand for, with their words; empty where there are
    none. `sensitive` needs a reason. A target that ends in "." wants a name of the provider's own.
    """

    target: str
    label: str
    group: str
    heading: str
    meaning: str = ""
    sensitive: bool = False
    private: bool = False
    codes: Mapping[str, str] = field(default_factory=dict)


def choices(language: str, milestones: Sequence[Milestone] = ()) -> tuple[Choice, ...]:
    """What a column may be: the id, the journey's steps, each table, private, own groups, nothing.

    `milestones` are those of the lab or draft; the usual ones it does not have are offered after.
    """

    def plain(target: str, group: str, *, private: bool = False) -> Choice:
        said = sentence(f"choice.{group}", language=language)
        meaning = sentence(f"choice.{group}-means", language=language)
        return Choice(
            target=target, label=said, group=group, heading=said, meaning=meaning, private=private
        )

    yes_no = {code: sentence(f"choice.{code}", language=language) for code in ("yes", "no")}
    steps = {m.key: m.label for m in milestones}
    for step in STEPS:
        steps.setdefault(step.key, word(step.label, language))
    heading = sentence("choice.milestones", language=language)
    made = [plain("id", "id")]
    made += [
        Choice(
            target=f"milestones.{key}", label=label, group="milestones", heading=heading,
            codes=yes_no,
        )
        for key, label in steps.items()
    ]  # fmt: skip
    for table in TABLES.values():
        if table.name == "milestones":
            continue
        heading = sentence(f"choice.table-{table.name}", language=language)
        for column in table.columns:
            if column.name not in ("pid", "entered_on"):
                made.append(_column(table.name, heading, column, language, yes_no))
    made.append(plain("groups.", "groups"))
    made.append(plain("private.", "private", private=True))
    made.append(plain(IGNORE, "ignore"))
    return tuple(made)


def _column(
    table: str, heading: str, column: Column, language: str, yes_no: Mapping[str, str]
) -> Choice:
    private = column.side is Side.PRIVATE
    codes = {code: word(label, language) for code, label in column.codes.items()}
    return Choice(
        target=f"private.{column.name}" if private else f"{table}.{column.name}",
        label=word(column.heading, language),
        group=table,
        heading=heading,
        meaning=word(column.meaning, language),
        sensitive=column.side is Side.REFUSED,
        private=private or column.name == "birth_date",
        codes=yes_no if column.kind is Kind.BOOLEAN else codes,
    )
