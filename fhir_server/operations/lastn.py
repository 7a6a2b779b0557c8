"""The operation `Observation/$lastn`: the last observations of each kind that a search finds.

https://hl7.org/fhir/R4/observation-operation-lastn.html
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from fhir_server.fhir import bundle, dates, json
from fhir_server.fhir.errors import Invalid, Unprocessable
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions import questions, respond
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.operation import Operation
from fhir_server.interactions.parameters import GENERAL, searched
from fhir_server.operations.bodies import bodies
from fhir_server.operations.inputs import inputs
from fhir_server.search import control
from fhir_server.search.condition import Condition
from fhir_server.search.include import is_include
from fhir_server.search.query import SearchQuery
from fhir_server.search.types.token import ANY_SYSTEM
from fhir_server.store.documents import Stored

NAME, OBSERVATION = "$lastn", "Observation"
MAX_LOOKED_AT = 10_000
MAX_GIVEN = 1_000
_WHOSE = ("patient", "subject")

# By id, what makes an observation one of a kind: its codings, or its text.
Kinds = Mapping[str, Sequence[str]]


async def lastn(context: Context, request: FhirRequest, _: Target) -> FhirResponse:
    """Answer with the last `max` observations of each code, newest first.

    Raises Invalid for a search that cannot be read or is of nobody, and Unprocessable
    (too-costly) where it finds, or would give, too much.
    """
    most, query = _asked(context, request)
    allow = context.allow(NAME, OBSERVATION)
    condition = await questions.settled(context, OBSERVATION, query.condition)
    found = await context.store.fields(
        allow, OBSERVATION, condition, ("code", "date"), MAX_LOOKED_AT + 1
    )
    _bounded(len(found), MAX_LOOKED_AT, "find", "Narrow it by code, category or date.")
    newest = sorted(found, key=lambda id_: (_when(found[id_]), id_), reverse=True)
    kinds = await _kinds(context, allow, found)
    ids = [id_ for group in grouped(newest, kinds) for id_ in group[:most]]
    _bounded(len(ids), MAX_GIVEN, "give", "Ask for fewer with max.")
    rows = await bodies(context, allow, OBSERVATION, ids, respond.PAGE)
    here = urlencode([("max", str(most)), *query.applied])
    return _answer(context, here, [rows[id_] for id_ in ids if id_ in rows])


def _asked(context: Context, request: FhirRequest) -> tuple[int, SearchQuery]:
    """Give `max` and the search; its parameters may stand in the URL or in Parameters."""
    names = {*context.spec.search_params(OBSERVATION), *(name for name, _ in request.parameters)}
    known = dict.fromkeys(names - GENERAL, "valueString*") | {"max": "valuePositiveInt"}
    given = inputs(context, request, known)
    most = given.pop("max", 1)
    pairs = [(name, text) for name, texts in given.items() for text in texts]
    shaping = sorted(name for name, _ in pairs if name in control.NAMES or is_include(name))
    if shaping:
        told = f"{shaping[0]} is not offered here: all is given at once, newest first."
        raise Invalid(told, code="not-supported")
    if not any(name.partition(":")[0] in _WHOSE for name, _ in pairs):
        raise Invalid("Say whose observations, with patient or subject.", code="required")
    query = searched(context, OBSERVATION, pairs)
    return most, query


def _bounded(size: int, bound: int, verb: str, way_out: str) -> None:
    if size > bound:
        told = f"This would {verb} more than {bound} observations. {way_out}"
        raise Unprocessable(told, code="too-costly")


def _when(fields: Mapping[str, Any]) -> int:
    when = fields.get("date", {}).get("lo", dates.FOREVER_AGO)
    return int(when)


async def _kinds(context: Context, allow: Condition, found: Mapping[str, Any]) -> Kinds:
    """Give what the codes say; only what has no coding is read for its text."""
    kinds = {
        id_: [text for text in fields.get("code", ()) if not text.startswith(f"{ANY_SYSTEM}|")]
        for id_, fields in found.items()
    }
    bare = [id_ for id_, codings in kinds.items() if not codings]
    _bounded(len(bare), MAX_GIVEN, "read", "Most of these have no coding; narrow it by date.")
    rows = await bodies(context, allow, OBSERVATION, bare, respond.PAGE)
    texts = {id_: json.parse_object(row.body or b"{}").get("code", {}) for id_, row in rows.items()}
    # No coding is kept under any system, so that no text is taken for one.
    said = {id_: f"{ANY_SYSTEM}|{code['text']}" for id_, code in texts.items() if "text" in code}
    return {id_: codings or [said.get(id_, id_)] for id_, codings in kinds.items()}


def grouped(ids: Iterable[str], kinds: Kinds) -> list[list[str]]:
    """Give the ids in groups: two are of one kind when one coding is equal, or through a third.

    Groups stand in the order of their first id, and ids as they were given.
    """
    leader: dict[str, str] = {}

    def lead(kind: str) -> str:
        leader.setdefault(kind, kind)
        while leader[kind] != kind:
            leader[kind] = kind = leader[leader[kind]]
        return kind

    order = list(ids)
    for id_ in order:
        first, *others = map(lead, kinds[id_])
        for other in others:
            leader[lead(other)] = lead(first)
    groups: dict[str, list[str]] = {}
    for id_ in order:
        groups.setdefault(lead(kinds[id_][0]), []).append(id_)
    return list(groups.values())


def _answer(context: Context, here: str, rows: Sequence[Stored]) -> FhirResponse:
    url = f"{context.base_url}/{OBSERVATION}"
    body = bundle.bundle(
        "searchset",
        [bundle.search_entry(f"{url}/{row.id}", row.body or b"") for row in rows],
        identity=context.new_id(),
        updated=dates.instant(context.now()),
        links=[("self", f"{url}/{NAME}?{here}")],
        total=len(rows),
    )
    return FhirResponse(200, body)


OPERATION = Operation(
    name="lastn",
    level="type",
    handler=lastn,
    definition="http://hl7.org/fhir/OperationDefinition/Observation-lastn",
    types=(OBSERVATION,),
    documentation="The last observations of each code that a search finds.",
)
