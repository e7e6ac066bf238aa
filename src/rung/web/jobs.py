"""Every kind of background work: importing this module makes them known to a worker."""

from __future__ import annotations

from rung.web import exporting as exporting
from rung.web import importing as importing
from rung.web import leaving as leaving
from rung.web import sample as sample
from rung.web.work import KINDS as KINDS
