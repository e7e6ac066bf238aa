"""The demo: the whole of Rung on real and on simulated records."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rung
from rung.cycle.outcome import Clock, Outcome, Progress
from rung.cycle.run import brief, run
from rung.cycle.start import init
from rung.cycle.story import quiet
from rung.errors import UsageError
from rung.messages import sentence
from rung.records import intake
from rung.records.lab import Lab
from rung.share.release import Outside


@dataclass(frozen=True)
class Demo:
    """The two examples of the demo, as staff see them, and the briefs for outside."""

    nsw: Outcome
    provider: Outcome
    imported: intake.Imported
    briefs: tuple[Path, ...]

    def to_json(self) -> dict[str, Any]:
        """Both outcomes' documents and where the briefs are."""
        return {
            "national_supported_work": self.nsw.to_json(),
            "simulated_provider": self.provider.to_json(),
            "briefs": [str(b) for b in self.briefs],
        }


def example(name: str) -> Path:
    """The folder of an example that comes with Rung."""
    home = Path(rung.__file__).parent
    for place in (home / "examples" / name, home.parents[1] / "examples" / name):
        if place.is_dir():
            return place
    raise UsageError("USE-no-example", name=name)


def demo(out: Path, *, clock: Clock, progress: Progress = quiet) -> Demo:
    """National Supported Work, then a simulated provider's messy workbook; briefs of both.

    What is true of the simulated provider is in `examples/provider/truth.json`."""
    nsw = out / "nsw"
    shutil.rmtree(nsw, ignore_errors=True)
    shutil.copytree(example("nsw"), nsw, ignore=shutil.ignore_patterns("private", "records", "out"))
    real = run(Lab.open(nsw), clock=clock, progress=lambda w, s: progress(w, s / 4))

    provider = out / "provider"
    shutil.rmtree(provider, ignore_errors=True)
    started = init(
        [example("provider") / "applicants.xlsx"],
        provider,
        provider="Riverside Works",
        clock=clock,
        progress=lambda w, s: progress(w, 0.35 + s / 3),
    )
    if started.imported is None:
        raise started.failed or UsageError("USE-no-example", name="provider")
    lab = Lab.open(provider)
    found = run(lab, clock=clock, progress=lambda w, s: progress(w, 0.7 + s / 5))
    outside = brief(lab, audience=Outside(), clock=clock)
    progress(sentence("label.doing-brief"), 1.0)
    briefs = (*real.files, *found.files, *outside.files)
    return Demo(real, found, started.imported, briefs)
