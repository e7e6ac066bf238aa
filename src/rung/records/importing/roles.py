"""Who is in a file without taking part: volunteers, and people who give the services.

A program engagement may say what someone's role is. Only clients are participants; rows of the
others are set aside before anything is counted, and told by how many. A blank role is a client's.
"""

from __future__ import annotations

from sqlglot import exp

from rung.records.check import Checked
from rung.records.importing.assemble import named, temporary
from rung.records.query import Session, name, tree

CLIENT = "client"


def set_aside(session: Session, checked: Checked) -> None:
    """Find, keep and count the rows of people who do not take part."""
    layout = checked.source.layout
    fields = layout.named("role")
    if not fields or layout.id is None or layout.map.table != "journeys":
        return
    other = exp.NEQ(this=name("role"), expression=tree(CLIENT))
    rows = exp.select(name("_part"), name("_row"))
    rows = rows.from_(checked.source.values().subquery("v")).where(other)
    session.execute(temporary(_label(checked), rows))
    row = exp.Anonymous(this="min", expressions=[name("_row"), tree(5)])
    count = exp.select(exp.Count(this=exp.Star()), row).from_(named(_label(checked)))
    n, first = session.execute(count).fetchone() or (0, [])
    if n:
        checked.others = True
        checked.add("REC-not-client", fields[0], n, first)
        checked.set_aside += n


def without(checked: Checked, query: exp.Select) -> exp.Select:
    """`query` (with `_part` and `_row`) without them."""
    if not checked.others:
        return query
    rows = exp.select(name("_part"), name("_row")).from_(named(_label(checked)))
    here = exp.Tuple(expressions=[name("_part"), name("_row")])
    theirs = exp.In(this=here, query=rows.subquery())
    return exp.select("*").from_(query.subquery("v")).where(exp.Not(this=theirs))


def _label(checked: Checked) -> str:
    return f"{checked.source.view}_others"
