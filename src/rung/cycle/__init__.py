"""One function per verb, over a lab or a file. Both front ends call these and nothing below."""

from rung.cycle.demo import demo as demo
from rung.cycle.discover import diagnose as diagnose
from rung.cycle.discover import reconcile as reconcile
from rung.cycle.lab import open_lab as open_lab
from rung.cycle.learn import estimate as estimate
from rung.cycle.outcome import Outcome as Outcome
from rung.cycle.run import brief as brief
from rung.cycle.run import run as run
from rung.cycle.start import check as check
from rung.cycle.start import init as init
from rung.cycle.start import simulate as simulate
from rung.cycle.start import template as template
