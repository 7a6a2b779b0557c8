"""What one request may reach, looked up before it is run: care relations, consents, labels.

All of it is what is committed before the request, and less than a second old (store/relations).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

from fhir_server.access.caller import Caller, Level, Part, Reach
from fhir_server.access.consent import caller_names
from fhir_server.access.labels import LABELS
from fhir_server.access.withheld import Asker, withheld
from fhir_server.fhir.dates import DAY
from fhir_server.fhir.errors import Forbidden
from fhir_server.fhir.exchange import FhirRequest
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.named import Named, named, together
from fhir_server.search.condition import AnyOf, Condition

# A Bundle reaches nothing itself; each of its entries is admitted for what it names.
_BUNDLE = "transaction"
_SEARCHES = frozenset({"search-type", "search-system", "history-type", "history-system"})
_READS = _SEARCHES | {"read", "vread", "history-instance", "search-compartment"}
# v3-PurposeOfUse, by who asks. http://terminology.hl7.org/ValueSet/v3-PurposeOfUse
_PURPOSES = {
    "Practitioner": frozenset({"TREAT"}),
    "Patient": frozenset({"PATRQT"}),
    "RelatedPerson": frozenset({"PATRQT", "FAMRQT"}),
}

_NOTHING: Mapping[str, Condition] = MappingProxyType({})

Asked = tuple[str, FhirRequest, Target]


async def admitted(context: Context, code: str, request: FhirRequest, target: Target) -> Context:
    """Give the context of a caller whose `reach` is known; `code` is the interaction's.

    Raises Forbidden where a patient has to be named and none is, Invalid where too many are.
    """
    caller = context.caller
    if code == _BUNDLE or caller.unrestricted or caller.reach is not None:
        return context
    return await admitted_all(context, [(code, request, target)])


async def admitted_all(context: Context, asked: Sequence[Asked]) -> Context:
    """Give the context for several requests that are one step: what all of them name together."""
    caller = context.caller
    if caller.unrestricted or caller.reach is not None:
        return context
    reach = await (context.reaching or _reach)(context, asked)
    return context.but(caller=caller.reaching(reach))


async def in_care(context: Context, patients: Collection[str] | None = None) -> frozenset[str]:
    """Give the patients, of these or of all, whom the caller may act for by a standing relation."""
    standing = await _standing(context, patients)
    return frozenset(one["patient"] for one in standing)


async def proxies(context: Context, related: Collection[str]) -> Mapping[str, str]:
    """Give by patient's id the RelatedPerson, of these, who stands for him now.

    Whoever chooses such a patient acts as that RelatedPerson: it is his fhirUser then.
    """
    held = await context.store.relations.held(related)
    now = context.now()
    standing = (one for one in held if one["kind"] == "proxy" and one["until"] > now)
    return {one["patient"]: one["holder"] for one in standing}


async def _reach(context: Context, asked: Sequence[Asked]) -> Reach:
    caller = context.caller
    kind = caller.user.partition("/")[0]
    if kind in ("Practitioner", "PractitionerRole"):
        return await _of_practitioner(context, asked)
    if kind in ("Patient", "RelatedPerson"):
        # Whatever a citizen asks, it reaches the same.
        key = ("reach", caller)
        return await context.store.relations.fresh(key, partial(_of_citizen, context))
    # Whose context it is without a user, nobody can say.
    return Reach() if kind or caller.patient else await _of_system(context, asked)


async def _of_citizen(context: Context) -> Reach:
    """Give a citizen his own record, or as a RelatedPerson that of whom he stands for."""
    caller = context.caller
    kind, _, own = caller.user.partition("/")
    mine = frozenset({own}) if kind == "Patient" else await in_care(context)
    return Reach(_parts(caller, mine), await _withheld(context, mine), caller.clearance)


async def _of_practitioner(context: Context, asked: Sequence[Asked]) -> Reach:
    """Give a practitioner those whom the request names and his organisations have in care."""
    caller = context.caller
    wanted, rows = _wanted(context, asked), _own_rows(caller, asked)
    if not wanted and not rows:
        _refuse_unnamed(context, asked)
    patients = {*await _patients(context, wanted), caller.patient} - {""}
    # What names nobody, or nothing that is, costs the same question.
    standing = await _standing(context, patients or {""})
    mine = frozenset(one["patient"] for one in standing)
    opened = {one["patient"] for one in standing if one["kind"] == "break-glass"}
    if mine and mine <= opened:
        # The glass is broken for these alone: nothing else is seen with the same eyes.
        return Reach(_parts(caller, mine), cleared=LABELS, broken=mine)
    kept = await _withheld_of_all(context, opened) if rows else None
    if rows and kept is None:
        rows = {}
        if not wanted:
            raise _unnamed()
    if kept is None:
        kept = await _withheld(context, mine - opened)
    return Reach(_parts(caller, mine, rows), kept, caller.clearance, frozenset(opened))


async def _of_system(context: Context, asked: Sequence[Asked]) -> Reach:
    """Give a system, as far as it is registered, all that consents do not withhold from it."""
    caller = context.caller
    whole = await context.store.relations.fresh(("reach", caller), partial(_of_all, context))
    if whole is not None:
        return whole
    wanted = _wanted(context, asked)
    if not wanted:
        _refuse_unnamed(context, asked)
    patients = frozenset(await _patients(context, wanted))
    kept = await _withheld(context, patients)
    return Reach({"system": Part(patients)}, kept, caller.clearance)


async def _of_all(context: Context) -> Reach | None:
    """Give what a system reaches whoever is named; None where the consents are too many to ask."""
    rules = await context.store.relations.all_rules(context.limits.max_denials)
    if rules is None:
        return None
    kept = withheld(context.spec, rules, _asker(context)) if rules else _NOTHING
    return Reach({"system": Part(None)}, kept, context.caller.clearance)


def _parts(
    caller: Caller, mine: frozenset[str], rows: Mapping[str, Condition] = MappingProxyType({})
) -> Mapping[Level, Part]:
    return {"patient": Part(mine & {caller.patient}), "user": Part(mine, rows)}


def _wanted(context: Context, asked: Iterable[Asked]) -> Named:
    return together(named(context, *one) for one in asked)


async def _patients(context: Context, wanted: Named) -> set[str]:
    """Give the patients named, by id or identifier, and those of the resources named."""
    found = set(wanted.patients)
    if wanted.identifiers:
        found |= await context.store.relations.patients_with(wanted.identifiers)
    by_type: dict[str, set[str]] = {}
    for type_, id_ in wanted.resources:
        by_type.setdefault(type_, set()).add(id_)
    for type_, ids in by_type.items():
        if type_ in context.spec.compartment("Patient"):
            found |= await context.store.relations.patients_of(type_, ids, past=wanted.past)
    return found


async def _standing(
    context: Context, patients: Collection[str] | None = None
) -> list[dict[str, Any]]:
    """Give the caller's relations that have not ended; care ends some days after it is over."""
    caller, now = context.caller, context.now()
    holders = [caller.user, *(f"Organization/{one}" for one in caller.organisations)]
    held = await context.store.relations.held(holders, patients)
    grace = {"care": context.limits.care_grace_days * DAY}
    return [one for one in held if one["until"] + grace.get(one["kind"], 0) > now]


async def _withheld(context: Context, patients: Collection[str]) -> Mapping[str, Condition]:
    """Give what the consents of these patients keep from the caller."""
    rules = await context.store.relations.rules(patients) if patients else []
    return withheld(context.spec, rules, _asker(context)) if rules else {}


async def _withheld_of_all(
    context: Context, opened: Collection[str] = ()
) -> Mapping[str, Condition] | None:
    """Give what all consents keep from the caller; None where they are too many to ask."""
    relations, asker = context.store.relations, _asker(context)
    rules = await relations.all_rules(context.limits.max_denials)
    if not rules:
        return None if rules is None else _NOTHING

    async def compiled() -> Mapping[str, Condition]:
        return withheld(context.spec, [one for one in rules if one["patient"] not in opened], asker)

    key = ("withheld", asker.names, asker.purposes, frozenset(opened))
    return await relations.fresh(key, compiled)


def _asker(context: Context) -> Asker:
    caller = context.caller
    kind, _, own = caller.user.partition("/")
    names = caller_names(caller.user, caller.client, caller.organisations, caller.facilities)
    return Asker(names, context.now(), _PURPOSES.get(kind), own if kind == "Patient" else "")


def _own_rows(caller: Caller, asked: Iterable[Asked]) -> Mapping[str, Condition]:
    """Give what a practitioner may read, not write, whoever it is about: the work of the day.

    Encounters are his organisations', Appointments his own: R4 has no organisation in them.
    """
    types = {target.type for code, _, target in asked if code in _READS}
    mine = tuple(f"Organization/{one}" for one in caller.organisations)
    rows: dict[str, Condition] = {"Appointment": AnyOf("x.actor", (caller.user,))}
    if mine:
        rows["Encounter"] = AnyOf("x.service-provider", mine)
    return {type_: one for type_, one in rows.items() if type_ in types}


def _refuse_unnamed(context: Context, asked: Iterable[Asked]) -> None:
    """Raise Forbidden for a search of what is about patients; nothing else is looked at here."""
    compartment = context.spec.compartment("Patient")
    for code, request, target in asked:
        given = dict(request.parameters).get("_type", "")
        types = [target.type] if target.type else given.split(",") if given else list(compartment)
        if code in _SEARCHES and not compartment.keys().isdisjoint(types):
            raise _unnamed()


def _unnamed() -> Forbidden:
    return Forbidden(
        "A search has to name the patients it is about: patient=, subject=, or _id of Patient. "
        "Encounters of your organisation and your Appointments can be searched without."
    )
