"""Every address of the web lab. A test holds that each declares who may open it."""

from __future__ import annotations

from django.urls import include, path

from rung.web.views import (
    briefs,
    caseload,
    costs,
    fixes,
    front,
    household,
    incomes,
    journey,
    leaving,
    mobility,
    organisation,
    places,
    portfolio,
    program,
    records,
    returns,
    standards,
    welcome,
)

urlpatterns = [
    path("", front.front, name="front"),
    path("healthz", front.healthz, name="healthz"),
    path("language/", front.language, name="language"),
    path("account/", include("rung.web.signing")),
    *welcome.urls,
    *portfolio.urls,
    *organisation.urls,
    *leaving.urls,
    *program.urls,
    *records.urls,
    *fixes.urls,
    *journey.urls,
    *caseload.urls,
    *standards.urls,
    *household.urls,
    *returns.urls,
    *costs.urls,
    *mobility.urls,
    *incomes.urls,
    *places.urls,
    *briefs.urls,
    path("api/", include("rung.web.api")),
]
handler400 = "rung.web.views.front.bad"
handler403 = "rung.web.views.front.denied"
handler404 = "rung.web.views.front.missing"
handler429 = "rung.web.accounts.too_many"
handler500 = "rung.web.views.front.broken"
