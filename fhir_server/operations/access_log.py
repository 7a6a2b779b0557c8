"""The operation `Patient/$access-log`: who looked at this record, when, and what they were told.

The events are those of the audit, about this patient and nobody else.
"""

from dataclasses import dataclass
from typing import Any

from msgspec import structs

from fhir_server.access.caller import Caller
from fhir_server.fhir import json
from fhir_server.fhir.audit_event import BREAK_GLASS, DONE, TYPE
from fhir_server.fhir.errors import Forbidden, Invalid, NotFound
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions.authority import admitted
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.operation import Operation
from fhir_server.interactions.parameters import GENERAL
from fhir_server.interactions.search import answer, placed, read_query
from fhir_server.interactions.write import check_id
from fhir_server.search.condition import AnyOf, Condition
from fhir_server.store.documents import Stored

NAME = "$access-log"
_PARAMETERS = frozenset({"date", "_count", "_page"}) | GENERAL
_NEWEST = ("_sort", "-date")
_CITIZENS = frozenset({"Patient", "RelatedPerson"})
# How many names are looked up for one table.
_NAMED = ("Practitioner", "Organization")


@dataclass(frozen=True, slots=True)
class Row:
    """One access, for a person to read.

    `when` in µs; `who` and `organisation` are names, else references, else ""; `app` is the
    client's id; `what` are resource types; `interaction` is the code of the audit; `refused` says
    that nothing was told.
    """

    when: int
    who: str
    organisation: str
    app: str
    what: tuple[str, ...]
    interaction: str
    refused: bool
    break_glass: bool

    @property
    def outcome(self) -> str:
        """One word for what became of it."""
        return "denied" if self.refused else "break-glass" if self.break_glass else "allowed"


async def access_log(context: Context, request: FhirRequest, target: Target) -> FhirResponse:
    """Answer with a page of AuditEvents about the patient, newest first; `date` narrows it.

    Raises NotFound for whoever is not this patient's, Forbidden for a practitioner.
    """
    identity = target.id or ""
    check_id(identity)
    _check(context.caller, identity)
    unknown = {name for name, _ in request.parameters if name not in _PARAMETERS}
    if unknown:
        told = f"{min(unknown)[:64]!r} is not offered here; date, _count and _page are."
        raise Invalid(told, code="not-supported")
    allow = context.allow(NAME, TYPE)
    newest = structs.replace(request, parameters=(*request.parameters, _NEWEST))
    query = placed(
        read_query(context, newest, TYPE), f"Patient/{identity}/{NAME}", _about(identity)
    )
    applied = tuple(pair for pair in query.applied if pair != _NEWEST)
    return await answer(context, structs.replace(query, applied=applied), allow)


async def rows(context: Context, identity: str, limit: int) -> list[Row]:
    """Give the last accesses to a patient's record as the caller of `context` may see them.

    Raises as `$access-log` does.
    """
    target = Target("Patient", identity, operation=NAME[1:])
    path = f"Patient/{identity}/{NAME}"
    context = await admitted(context, NAME, FhirRequest("GET", path), target)
    check_id(identity)
    _check(context.caller, identity)
    query = read_query(context, FhirRequest("GET", TYPE, (_NEWEST,)), TYPE)
    allow = context.allow(NAME, TYPE)
    page = await context.store.search(allow, TYPE, _about(identity), query.sort, limit)
    events = [(one.ts, json.parse_object(one.body or b"{}")) for one in page.found]
    names = await _names(context, [event for _, event in events])
    return [_row(when, event, names) for when, event in events]


def _check(caller: Caller, identity: str) -> None:
    """Let through the patient himself, who stands for him, and systems with the scope.

    It is decided from who asks alone, so it says nothing of who is here.
    """
    kind = caller.user.partition("/")[0]
    if caller.unrestricted or (not caller.user and not caller.patient):
        return
    if kind not in _CITIZENS:
        raise Forbidden("The access log is for the patient, not for those who treat him.")
    if caller.patient != identity:
        raise NotFound(f"Patient/{identity} is not known.")


def _about(identity: str) -> Condition:
    return AnyOf("x.entity", (f"Patient/{identity}",))


def _row(when: int, event: dict[str, Any], names: dict[str, str]) -> Row:
    who = [one["who"] for one in event["agent"]]
    references = [one.get("reference", "") for one in who]
    people = [one for one in references if one and not one.startswith("Organization/")]
    organisations = [one for one in references if one.startswith("Organization/")]
    apps = [one["identifier"].get("value", "") for one in who if "identifier" in one]
    purposes = [code for one in event.get("purposeOfEvent", ()) for code in one["coding"]]
    return Row(
        when,
        names.get(people[0], people[0]) if people else "",
        names.get(organisations[0], organisations[0]) if organisations else "",
        apps[0] if apps else "",
        tuple(_kinds(event)),
        event["subtype"][-1]["code"],
        refused=event["outcome"] != DONE,
        break_glass=any(code.get("code") == BREAK_GLASS for code in purposes),
    )


def _kinds(event: dict[str, Any]) -> list[str]:
    """Give the types told of the patient; where none is noted, those of what it was about."""
    told: dict[str, None] = {}
    about: dict[str, None] = {}
    for one in event.get("entity", ()):
        reference = one.get("what", {}).get("reference", "")
        told |= dict.fromkeys(one.get("description", "").split())
        about |= dict.fromkeys([reference.partition("/")[0]] if reference else ())
    if len(about) > 1:
        about.pop("Patient", None)
    return [*(told or about)]


async def _names(context: Context, events: list[dict[str, Any]]) -> dict[str, str]:
    """Give the names of the practitioners and organisations the caller may read of."""
    wanted = {one["who"].get("reference", "") for event in events for one in event["agent"]}
    names: dict[str, str] = {}
    for type_ in _NAMED:
        allow = context.seen("read", type_)
        ids = [one.partition("/")[2] for one in wanted if one.startswith(f"{type_}/")]
        found = await context.store.read_many(allow, type_, ids) if allow and ids else {}
        names |= {f"{type_}/{one.id}": name for one in found.values() if (name := _name(one))}
    return names


def _name(stored: Stored) -> str:
    """Give what an Organization or the holder of a HumanName is called, in the order written."""
    resource = json.parse_object(stored.body or b"{}")
    name = resource.get("name", "")
    if isinstance(name, str):
        return name
    first = name[0] if name else {}
    written = " ".join([first.get("family", ""), *first.get("given", ())]).strip()
    return str(first.get("text") or written)


OPERATION = Operation(
    name="access-log",
    level="instance",
    handler=access_log,
    definition="http://fhir-server.vn/OperationDefinition/access-log",
    types=("Patient",),
    methods=("GET",),
    documentation="Who looked at this record, when, and what of it they were told.",
)
