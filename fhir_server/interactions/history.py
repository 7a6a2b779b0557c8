"""The history interaction of one resource, of a type, and of the whole base.

https://hl7.org/fhir/R4/http.html#history
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from fhir_server.fhir import bundle, dates
from fhir_server.fhir.errors import Forbidden, Invalid, NotFound
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions import respond
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.parameters import only
from fhir_server.interactions.write import check_id, check_type
from fhir_server.search.condition import Condition
from fhir_server.search.control import count_of
from fhir_server.search.seal import seal, unseal
from fhir_server.store.documents import Stored

_TOTAL_MS = 1_000
_VERB = {"create": "POST", "update": "PUT", "patch": "PATCH", "delete": "DELETE"}
_REFUSED = {
    "_list": "_list is not supported on history: search for the List, and read what it names.",
    "_sort": "_sort is not a parameter of history in R4: it is newest first.",
}


async def history(context: Context, request: FhirRequest, target: Target) -> FhirResponse:
    """Answer with versions, newest first, deletions too, as `_since`, `_at`, `_count` ask.

    Without an id it is the history of the type, without a type that of the base.
    """
    if target.type is not None:
        check_type(context, target.type)
    if target.id is not None:
        check_id(target.id)
    given = _given(request)
    limit = count_of(
        given.get("_count"), default=context.limits.default_count, cap=context.limits.max_count
    )
    since = dates.parse_instant(given["_since"]) if "_since" in given else None
    at = dates.date_range(given["_at"], context.zone) if "_at" in given else None
    question = ("_history", request.path, since, at)
    before = _before(context, question, given.get("_page"))
    bounds: dict[str, Any] = {"since": since, "at": at}
    shape = {"limit": limit + 1, "size": respond.PAGE}
    versions = await _versions(context, target, before, bounds | shape)
    told = versions[:limit]
    full = sum(len(stored.body or b"") for stored in told) >= respond.PAGE
    links = [("self", _url(context, request, limit, given.get("_page")))]
    if told and (full or len(versions) > limit):
        last = (told[-1].ts, told[-1].type, told[-1].id)
        page = seal(context.cursor_key, question, last)
        links.append(("next", _url(context, request, limit, page)))
    body = bundle.bundle(
        "history",
        [_entry(context, stored) for stored in told],
        identity=context.new_id(),
        updated=dates.instant(context.now()),
        links=links,
        total=await _total(context, target, bounds),
    )
    return FhirResponse(200, body)


def _given(request: FhirRequest) -> dict[str, str]:
    refused = [reason for name, reason in _REFUSED.items() if name in dict(request.parameters)]
    if refused:
        raise Invalid(" ".join(refused), code="not-supported")
    return only(request, "_since", "_at", "_count", "_page")


def _before(
    context: Context, question: Sequence[Any], text: str | None
) -> tuple[int, str, str] | None:
    if text is None:
        return None
    ts, type_, identity = unseal(context.cursor_key, question, text)
    return ts, type_, identity


async def _versions(
    context: Context,
    target: Target,
    before: tuple[int, str, str] | None,
    asked: dict[str, Any],
) -> list[Stored]:
    if target.type is None:
        allowed = _allowed(context)
        return await context.store.system_history(allowed, before=before, **asked)
    level = "history-instance" if target.id else "history-type"
    allow = context.allow(level, target.type)
    last = (before[0], before[2]) if before else None
    found = await context.store.history(allow, target.type, target.id, before=last, **asked)
    known = found or not target.id
    if not (known or await context.store.history(allow, target.type, target.id, limit=1)):
        raise NotFound(f"{target.type}/{target.id} is not known.")
    return found


def _allowed(context: Context) -> dict[str, Condition]:
    """Give the access decision for each type the caller may see; Forbidden if there is none."""
    context.allow("history-system", None)
    seen = {type_: context.seen("history-type", type_) for type_ in context.spec.types}
    allowed = {type_: allow for type_, allow in seen.items() if allow}
    if not allowed:
        raise Forbidden("The history of no type is open to you.")
    return allowed


async def _total(context: Context, target: Target, bounds: dict[str, Any]) -> int | None:
    """Count the versions of one resource; what a type or the base has is not counted."""
    if target.type is None or target.id is None:
        return None
    allow = context.allow("history-instance", target.type)
    return await context.store.count_history(
        allow, target.type, target.id, max_ms=_TOTAL_MS, **bounds
    )


def _url(context: Context, request: FhirRequest, limit: int, page: str | None) -> str:
    """Give the link that repeats what was applied, from `page` on."""
    applied = {**dict(request.parameters), "_page": page}
    if "_count" in applied:
        applied["_count"] = str(limit)
    query = urlencode([(name, value) for name, value in applied.items() if value is not None])
    return f"{context.base_url}/{request.path}{'?' if query else ''}{query}"


def _entry(context: Context, stored: Stored) -> bytes:
    path = f"{stored.type}/{stored.id}"
    url = stored.type if stored.method == "create" else path
    status = "204" if stored.deleted else "201" if stored.created else "200"
    return bundle.history_entry(
        f"{context.base_url}/{path}",
        stored.body,
        {"method": _VERB[stored.method], "url": url},
        {
            "status": status,
            "etag": respond.etag(stored.version),
            "lastModified": dates.instant(stored.ts),
        },
    )
