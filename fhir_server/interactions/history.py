"""The history interaction of one resource.

https://hl7.org/fhir/R4/http.html#history
"""

from urllib.parse import urlencode

from fhir_server.fhir import bundle, dates
from fhir_server.fhir.errors import Invalid, NotFound
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions import respond
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.parameters import only
from fhir_server.interactions.write import check_id, check_type
from fhir_server.search.control import count_of
from fhir_server.store.documents import Stored

_TS_DIGITS = 18
_STATUS = {"create": "201", "update": "200", "delete": "204"}
_VERB = {"create": "POST", "update": "PUT", "delete": "DELETE"}


async def history(context: Context, request: FhirRequest, target: Target) -> FhirResponse:
    """Answer with all versions, newest first, deletions too; `_since` and `_count` narrow it."""
    type_, identity = target.type or "", target.id or ""
    check_type(context, type_)
    check_id(identity)
    given = only(request, "_since", "_count", "_before")
    limit = count_of(
        given.get("_count"), default=context.limits.default_count, cap=context.limits.max_count
    )
    since = dates.parse_instant(given["_since"]) if "_since" in given else None
    allow = context.allow("history-instance", type_)
    versions = await context.store.history(
        allow,
        type_,
        identity,
        since=since,
        before=_before(given, identity),
        limit=limit + 1,
        size=respond.PAGE,
    )
    if not versions and "_since" not in given and "_before" not in given:
        raise NotFound(f"{type_}/{identity} is not known.")
    links = [("self", _url(context, request.path, given))]
    told = versions[:limit]
    full = sum(len(stored.body or b"") for stored in told) >= respond.PAGE
    if told and (full or len(versions) > limit):
        older = {**given, "_before": str(told[-1].ts)}
        links.append(("next", _url(context, request.path, older)))
    body = bundle.bundle(
        "history",
        [_entry(context, stored) for stored in told],
        identity=context.new_id(),
        updated=dates.instant(context.now()),
        links=links,
    )
    return FhirResponse(200, body)


def _before(given: dict[str, str], identity: str) -> tuple[int, str] | None:
    text = given.get("_before")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _TS_DIGITS):
        raise Invalid("_before is where a page of history ended; follow the next link.")
    return int(text), identity


def _url(context: Context, path: str, given: dict[str, str]) -> str:
    query = f"?{urlencode(given)}" if given else ""
    return f"{context.base_url}/{path}{query}"


def _entry(context: Context, stored: Stored) -> bytes:
    path = f"{stored.type}/{stored.id}"
    url = stored.type if stored.method == "create" else path
    return bundle.history_entry(
        f"{context.base_url}/{path}",
        stored.body,
        {"method": _VERB[stored.method], "url": url},
        {
            "status": "201" if stored.version == 1 else _STATUS[stored.method],
            "etag": respond.etag(stored.version),
            "lastModified": dates.instant(stored.ts),
        },
    )
