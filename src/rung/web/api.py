"""The API at `/api/`; its OpenAPI document is at `/api/openapi.json`.

Everything the pages do, by key: `Authorization: Bearer …`. Answers are the JSON contract's, and so
are errors. There is no page to try it out: that would load scripts from another host.
"""

from __future__ import annotations

from django.urls import path
from ninja import NinjaAPI

from rung import __version__
from rung.messages import english
from rung.web.apis import answers, asking, briefs, organisation, people, records

api = NinjaAPI(
    title="Rung",
    version=__version__,
    description=english("web.api.about"),
    docs_url=None,
    openapi_url="openapi.json",
    urls_namespace="api",
)
for room in (records, answers, people, briefs, organisation):
    api.add_router("", room.router)
asking.listen(api)

urlpatterns = [path("", api.urls)]
