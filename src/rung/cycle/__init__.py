"""One function per verb, over a lab or a file. Both front ends call these and nothing below."""

from rung.cycle.demo import demo as demo
from rung.cycle.discover import diagnose as diagnose
from rung.cycle.discover import reconcile as reconcile
from rung.cycle.lab import open_lab as open_lab
from rung.cycle.learn import estimate as estimate
from rung.cycle.outcome import Outcome as Outcome
from rung.cycle.people import Caseload as Caseload
from rung.cycle.people import Entered as Entered
from rung.cycle.people import People as People
from rung.cycle.people import Person as Person
from rung.cycle.people import caseload as caseload
from rung.cycle.people import coaches as coaches
from rung.cycle.people import people as people
from rung.cycle.people import person as person
from rung.cycle.people import retention as retention
from rung.cycle.run import brief as brief
from rung.cycle.run import run as run
from rung.cycle.start import check as check
from rung.cycle.start import init as init
from rung.cycle.start import simulate as simulate
from rung.cycle.start import template as template
