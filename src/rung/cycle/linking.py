"""People across two files that share no id: proposed, decided by a person, linked."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rung.cycle import wages
from rung.cycle.outcome import Clock
from rung.cycle.start import Written
from rung.documents import FolderStore, Store
from rung.errors import UsageError
from rung.messages import sentence
from rung.records import link as linkage
from rung.records import link_apply, link_review, wage_imports
from rung.records.lab import Lab
from rung.records.link_quality import Quality, Share


def _store(lab: Path | None, beside: Path) -> Store:
    return Lab.open(lab).store if lab else FolderStore(beside.parent / "documents")


def link(
    a: Path, b: Path, out: Path, *, exact: bool = False, lab: Path | None = None, clock: Clock
) -> Written:
    """Propose who of `a` is who of `b`, in a review file (CSV or XLSX) for a person to decide.

    What was proposed is kept in the lab's documents, or in `documents/` beside `out`. Decisions
    made before on the same two files are filled in. Raises RecordsError as `link.propose` does.
    """
    if out.suffix.lower() not in (".csv", ".xlsx"):
        raise UsageError("USE-link-file", file=out.name)
    store = _store(lab, out)
    with TemporaryDirectory(prefix="rung-") as work:
        proposed = linkage.propose(a, b, Path(work), exact=exact)
    kept = link_review.record(store, proposed, a, b, clock())
    link_review.write(out, proposed, kept, link_review.standing_for(store, kept))
    exact_pairs = sum(p.how != "model" for p in proposed.pairs)
    likely = sum(p.how == "model" and p.proposed for p in proposed.pairs)
    counts = {
        "exact": exact_pairs,
        "likely": likely,
        "doubtful": len(proposed.pairs) - exact_pairs - likely,
    }
    lines = [sentence("link.proposed", counts)]
    if not proposed.modelled:
        why = "link.no-model-asked" if exact or linkage.installed() else "link.no-model"
        lines.append(sentence(why))
    lines += [*_said(proposed.quality), sentence("link.private")]
    return Written(
        tuple(lines),
        (out,),
        f"rung link --decide {out} -o links.parquet",
        {
            **counts,
            "modelled": proposed.modelled,
            "compared": list(proposed.compared),
            "ids": list(proposed.ids),
            "quality": proposed.quality.to_json(),
            "engine": proposed.engine,
            "proposal": kept.digest,
        },
    )


def decide_links(pairs: Path, out: Path, *, lab: Path | None = None, clock: Clock) -> Written:
    """Record the decisions of a review file and write the links that stand (Parquet).

    Raises RecordsError as `link_review.decide` does.
    """
    with TemporaryDirectory(prefix="rung-") as work:
        done = link_review.decide(_store(lab, pairs), pairs, Path(work), clock())
    link_review.save(out, done.links)
    counts = {
        "same": done.same,
        "different": done.different,
        "undecided": done.undecided,
        "new": done.new,
        "reversed": done.reversed,
        "twice": done.twice,
    }
    lines = [sentence("link.decided", counts)]
    if done.twice:
        lines.append(sentence("link.twice", counts))
    lines += _said(done.quality)
    more = {**counts, "quality": done.quality.to_json(), "decisions": done.record.digest}
    return Written(tuple(lines), (out,), "", more)


def apply_links(lab: Lab, ours: Path, theirs: Path, *, clock: Clock) -> Written:
    """Put links to use: the number that `theirs` has for people of the lab goes into its key table.

    `ours` is a file that the lab received and that was linked to `theirs` with this lab. The lab's
    wage files are then read again. Raises RecordsError as `link_apply.apply` does.
    """
    done = link_apply.apply(lab, ours, theirs, clock().date())
    counts: dict[str, Any] = asdict(done)
    lines = [sentence("link.applied", {"n": done.linked})]
    lines += [
        sentence(f"link.applied-{why}", {"n": n})
        for why in ("twice", "unknown", "without")
        if (n := counts[why])
    ]
    step = f"rung import wages FILE -o {lab.path}"
    if wage_imports.declared(lab):
        again = wages.import_wages(lab, (), clock=clock)
        lines += again.lines
        step, counts = again.next_step, {**counts, "wages": again.more}
    return Written(tuple(lines), (), step, counts)


def _said(quality: Quality) -> list[str]:
    shares = (("precision", quality.precision), ("recall", quality.recall))
    return [_share(which, share) for which, share in shares if share]


def _share(which: str, share: Share) -> str:
    ends = {k: round(100 * v) for k, v in (("value", share.value), ("high", share.high))}
    # never round a lower end up: it promises
    ends["low"] = int(100 * share.low)
    return sentence(f"link.{which}-{share.source}", {**ends, "of": share.of})
