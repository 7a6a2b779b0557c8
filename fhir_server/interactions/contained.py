"""`_contained`: resources that stand inside others, told by what contains them or by themselves.

https://hl7.org/fhir/R4/search.html#contained
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from fhir_server.fhir import json
from fhir_server.fhir.errors import Invalid
from fhir_server.fhir.exchange import FhirResponse
from fhir_server.interactions import merging
from fhir_server.interactions.context import Context
from fhir_server.interactions.merging import Part
from fhir_server.search.condition import Condition, Nothing, either, inside, is_open, renamed
from fhir_server.search.index import CONTAINED_FIELD, index_fields
from fhir_server.search.match import matches
from fhir_server.search.merged import order_of
from fhir_server.search.query import SearchQuery
from fhir_server.store.documents import Stored


async def search(context: Context, query: SearchQuery) -> FhirResponse:
    """Answer a search of what is contained, and with `both` of the type itself.

    Every type that the caller may see and that may contain something is asked. Raises Invalid for
    what cannot be asked of what is contained.
    """
    if query.path != query.type:
        raise Invalid("_contained is searched in one type at a time.", code="not-supported")
    if is_open(query.condition) or query.includes:
        told = "_contained goes without chains, _has, includes and questions to value sets."
        raise Invalid(told, code="not-supported")
    order = order_of(dict(query.applied).get("_sort", ""))
    there = await context.store.collections()
    within = _within(query)
    parts = []
    for type_ in sorted(there & context.spec.types.keys()):
        allow = context.seen("search-type", type_)
        if allow and "contained" in context.spec.structures.keys(type_):
            own = query.condition if _own(query, type_) else Nothing()
            parts.append(Part(type_, either(own, within), allow))
    shown = partial(_shown, context, query) if query.contained_type == "contained" else list
    return await merging.answer(context, query, order, parts, shown)


def _own(query: SearchQuery, type_: str) -> bool:
    return query.contained == "both" and type_ == query.type


def _within(query: SearchQuery) -> Condition:
    """Hold where one contained resource of the type meets the condition; its id is its own."""
    condition = renamed(query.condition, lambda name: "x.id" if name == "_id" else name)
    return inside(f"x.{CONTAINED_FIELD}.{query.type}", condition)


def _shown(context: Context, query: SearchQuery, found: Sequence[Stored]) -> list[Stored]:
    return [one for stored in found for one in _matching(context, query, stored)]


def _matching(context: Context, query: SearchQuery, stored: Stored) -> Iterator[Stored]:
    """Yield what matches of a resource: itself, where it may, and what it contains."""
    resource = json.reload(stored.body or b"{}")
    if _own(query, stored.type) and _matches(context, query, resource, stored.ts):
        yield stored
    for one in resource.get("contained", ()):
        if one["resourceType"] == query.type and _matches(context, query, one, None):
            identity = f"{stored.id}#{one.get('id', '')}"
            yield Stored(stored.type, identity, stored.version, stored.ts, json.dump(one))


def _matches(
    context: Context, query: SearchQuery, resource: dict[str, Any], ts: int | None
) -> bool:
    identity = resource.get("id", "")
    fields = index_fields(context.spec, resource, context.place, identity=identity)
    return matches(query.condition, {"_id": identity, "ts": ts, "x": fields})
