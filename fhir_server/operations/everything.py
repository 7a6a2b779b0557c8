"""The operation `$everything` of a Patient or an Encounter: the compartment, and what supports it.

https://hl7.org/fhir/R4/patient-operation-everything.html
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from fhir_server.fhir import bundle, dates, json, reference
from fhir_server.fhir.errors import Invalid, Unprocessable
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions import respond
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.operation import Operation
from fhir_server.operations import compartment
from fhir_server.operations.bodies import bodies, size
from fhir_server.operations.current import current, key
from fhir_server.operations.inputs import inputs
from fhir_server.search import cursor
from fhir_server.search.compartment import about, happened
from fhir_server.search.condition import Between, Condition, Everything, both
from fhir_server.search.query import BY_ID, SearchQuery
from fhir_server.store.documents import Stored

NAME = "$everything"
_INPUTS = {
    "start": "valueDate",
    "end": "valueDate",
    "_since": "valueInstant",
    "_type": "valueCode*",
    "_count": "valueInteger",
    "_page": "valueString",
}
_PATIENT, _ENCOUNTER = "Patient", "Encounter"


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked: times in µs, `types` empty for all, `given` as the links repeat it."""

    root: str
    id: str
    types: frozenset[str]
    count: int
    low: int | None = None
    high: int | None = None
    since: int | None = None
    page: str | None = None
    given: tuple[tuple[str, str], ...] = ()

    @property
    def query(self) -> SearchQuery:
        """The wish as a search, which is what a page's link is signed for."""
        path = f"{self.root}/{self.id}/{NAME}"
        return SearchQuery(
            self.root,
            Everything(),
            count=self.count,
            after=self.page,
            applied=self.given,
            path=path,
        )


async def everything(context: Context, request: FhirRequest, target: Target) -> FhirResponse:
    """Answer with a page of the compartment, the root first, and what its resources refer to.

    Raises Invalid, NotFound, Gone, and Unprocessable (too-costly) where a page refers to too much.
    """
    wish = _wish(context, request, *key(context, target))
    root = await current(context, NAME, wish.root, wish.id)
    found, next_page = await _page(context, wish, root)
    included = await _included(context, wish, found)
    links = [("self", _url(context, wish, wish.page))]
    if next_page:
        links.append(("next", _url(context, wish, next_page)))
    body = bundle.bundle(
        "searchset",
        [*_entries(context, found, "match"), *_entries(context, included, "include")],
        identity=context.new_id(),
        updated=dates.instant(context.now()),
        links=links,
    )
    return FhirResponse(200, body)


async def of_all(context: Context, request: FhirRequest, target: Target) -> FhirResponse:
    """Refuse: without an id it would be everything of everybody. Raises Invalid."""
    _ = context, request
    told = f"Name the {target.type}: {target.type}/{{id}}/{NAME}. For several, search each type."
    raise Invalid(told, code="not-supported")


def _wish(context: Context, request: FhirRequest, root: str, identity: str) -> Wish:
    given = inputs(context, request, _INPUTS)
    wanted = [one for text in given.get("_type", ()) for one in text.split(",")]
    if wrong := compartment.unknown(context, wanted):
        raise Invalid(f"_type={wrong[0][:64]!r} is no resource type here.", code="value")
    start, end = (given.get(name) for name in ("start", "end"))
    low = dates.date_range(start, context.zone)[0] if start else None
    high = dates.date_range(end, context.zone)[1] if end else None
    if low is not None and high is not None and low >= high:
        raise Invalid("start is after end.", code="value")
    repeated = [(name, str(given[name])) for name in ("start", "end", "_since") if name in given]
    return Wish(
        root,
        identity,
        frozenset(wanted),
        count=_count(context, given.get("_count", context.limits.default_count)),
        low=low,
        high=high,
        since=dates.parse_instant(given["_since"]) if "_since" in given else None,
        page=given.get("_page"),
        given=(*repeated, *((("_type", ",".join(wanted)),) if wanted else ())),
    )


def _count(context: Context, asked: int) -> int:
    if asked < 1:
        most = context.limits.max_count
        raise Invalid(f"_count is a number from 1 to {most}, not {asked}.", code="value")
    return min(asked, context.limits.max_count)


async def _page(context: Context, wish: Wish, root: Stored) -> tuple[list[Stored], str | None]:
    """Give the resources of a page, and the text of the next link's `_page`, None at the end.

    The order is type by type, by id: what is written meanwhile moves nothing.
    """
    position = cursor.unseal(context.cursor_key, wish.query)
    last_type, last_id = map(str, position.values) if position else ("", "")
    found = [] if position or (wish.types and wish.root not in wish.types) else [root]
    room = respond.PAGE
    for type_ in await _types(context, wish):
        allow = context.seen(NAME, type_)
        if type_ < last_type or allow is None:
            continue
        rest = Between("_id", f"{last_id}\0", None) if type_ == last_type else Everything()
        asked = both(_asked(context, wish, type_), rest)
        missing = wish.count - len(found)
        rows = await context.store.search(allow, type_, asked, (BY_ID,), max(missing, 1), size=room)
        found += rows.found[: max(missing, 0)]
        room -= sum(map(size, rows.found))
        if rows.more or (rows.found and missing < 1) or room <= 0:
            return found, _sealed(context, wish, found[-1], type_)
    return found, None


async def _types(context: Context, wish: Wish) -> list[str]:
    there = await compartment.types(context, wish.root)
    return [type_ for type_ in there if not wish.types or type_ in wish.types]


def _asked(context: Context, wish: Wish, type_: str) -> Condition:
    since = Between("ts", wish.since, None, single=True) if wish.since else Everything()
    when = happened(context.spec, type_, wish.low, wish.high)
    return both(about(context.spec, wish.root, wish.id, type_), when, since)


def _sealed(context: Context, wish: Wish, last: Stored, type_: str) -> str:
    """Seal where the page ended; the root is before every type."""
    place = (last.type, last.id) if last.type != wish.root else (type_, "")
    return cursor.seal(context.cursor_key, wish.query, cursor.Position(0, place))


async def _included(context: Context, wish: Wish, found: Sequence[Stored]) -> list[Stored]:
    """Give what the page's resources refer to, one step, outside the compartment's own types."""
    wanted: dict[str, set[str]] = {}
    inside = {*context.spec.compartment(wish.root), wish.root}
    for type_, identity in _targets(context, found):
        if type_ not in inside and (not wish.types or type_ in wish.types):
            wanted.setdefault(type_, set()).add(identity)
    most = context.limits.max_includes
    if sum(map(len, wanted.values())) > most:
        told = f"This page refers to more than {most} resources; ask for less with _count."
        raise Unprocessable(told, code="too-costly")
    included: list[Stored] = []
    room = respond.PAGE
    for type_, ids in sorted(wanted.items()):
        allow = context.seen(NAME, type_)
        rows = await bodies(context, allow, type_, sorted(ids), room) if allow else {}
        room -= sum(map(size, rows.values()))
        included += rows.values()
    return included


def _targets(context: Context, found: Iterable[Stored]) -> Iterator[tuple[str, str]]:
    for stored in found:
        resource: dict[str, Any] = json.parse_object(stored.body or b"{}")
        for _, text in reference.references(resource):
            target = reference.parse(reference.target(text, (context.base_url,)))
            if target.kind == "relative" and target.type in context.spec.types:
                yield target.type, target.id


def _entries(context: Context, found: Iterable[Stored], mode: str) -> Iterator[bytes]:
    for one in found:
        url = f"{context.base_url}/{one.type}/{one.id}"
        yield bundle.search_entry(url, one.body or b"", mode)


def _url(context: Context, wish: Wish, page: str | None) -> str:
    pairs = [*wish.given, ("_count", str(wish.count)), *([("_page", page)] if page else ())]
    return f"{context.base_url}/{wish.root}/{wish.id}/{NAME}?{urlencode(pairs)}"


_OF_PATIENT = Operation(
    name="everything",
    level="instance",
    handler=everything,
    definition="http://hl7.org/fhir/OperationDefinition/Patient-everything",
    types=(_PATIENT,),
    documentation="All there is about a Patient or of an Encounter, and what it refers to.",
)
_OF_ENCOUNTER = replace(
    _OF_PATIENT,
    definition="http://hl7.org/fhir/OperationDefinition/Encounter-everything",
    types=(_ENCOUNTER,),
)
OPERATIONS = (
    _OF_PATIENT,
    _OF_ENCOUNTER,
    replace(_OF_PATIENT, level="type", handler=of_all),
)
