"""Which patients a request names: in its URL, in what it sends, by a resource of theirs.

Naming gives nobody anything: of those named only the ones count whom the caller may act for.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fhir_server.fhir import json
from fhir_server.fhir.errors import Invalid
from fhir_server.fhir.exchange import FhirRequest
from fhir_server.interactions.context import Context, Target
from fhir_server.search.condition import AnyOf
from fhir_server.search.escape import split
from fhir_server.search.types import token

MOST = 1_000

_PAST = frozenset({"vread", "history-instance"})
# Parameters whose bare ids are patients', beside those that put a type into the compartment.
_PATIENT = frozenset({"patient", "subject"})
_CHAINED = re.compile(r"(patient|subject)(:Patient)?\.identifier", re.ASCII)
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)
_TYPED = re.compile(r"([A-Z][A-Za-z]{1,63})/([A-Za-z0-9\-.]{1,64})(?![A-Za-z0-9\-.])", re.ASCII)
_SENT = re.compile(rb"Patient/([A-Za-z0-9\-.]{1,64})(?![A-Za-z0-9\-.])")


@dataclass(frozen=True, slots=True)
class Named:
    """Ids of patients, and other resources, (type, id), that stand for theirs.

    `identifiers` are patients' as the index has them. `past`: the patients of former versions are
    meant too.
    """

    patients: frozenset[str] = frozenset()
    resources: frozenset[tuple[str, str]] = frozenset()
    identifiers: frozenset[str] = frozenset()
    past: bool = False

    def __bool__(self) -> bool:
        """Say whether anything is named."""
        return bool(self.patients or self.resources or self.identifiers)


def named(context: Context, code: str, request: FhirRequest, target: Target) -> Named:
    """Give what one request names."""
    pairs = {*_of_path(target), *_of_parameters(context, request, target)}
    known = [(type_, id_) for type_, id_ in pairs if type_ in context.spec.types]
    sent = request.body if request.resource is None else json.dump(request.resource)
    patients = {id_ for type_, id_ in known if type_ == "Patient"}
    patients.update(found.decode() for found in _SENT.findall(sent))
    others = frozenset(pair for pair in known if pair[0] != "Patient")
    past = code in _PAST or (code.startswith("$") and bool(target.version or not target.type))
    return Named(frozenset(patients), others, frozenset(_identifiers(request, target)), past)


def together(several: Iterable[Named]) -> Named:
    """Give what several requests name. Raises Invalid where that is too much."""
    patients: set[str] = set()
    resources: set[tuple[str, str]] = set()
    identifiers: set[str] = set()
    past = False
    for one in several:
        patients |= one.patients
        resources |= one.resources
        identifiers |= one.identifiers
        past |= one.past
    if max(len(patients), len(resources), len(identifiers)) > MOST:
        told = f"This names more than {MOST} patients or resources; send less at once."
        raise Invalid(told, code="too-costly")
    return Named(frozenset(patients), frozenset(resources), frozenset(identifiers), past)


def _of_path(target: Target) -> Iterator[tuple[str, str]]:
    if target.type and target.id and _ID.fullmatch(target.id):
        yield target.type, target.id


def _of_parameters(
    context: Context, request: FhirRequest, target: Target
) -> Iterator[tuple[str, str]]:
    type_ = target.compartment or target.type or ""
    codes = _PATIENT.union(context.spec.compartment("Patient").get(type_, ()))
    for given, value in request.parameters:
        name, _, modifier = given.partition(":")
        yield from _TYPED.findall(value)
        if name == "_id" and type_:
            yield from ((type_, id_) for id_ in _ids(value))
        elif name in codes and modifier in ("", "Patient"):
            yield from (("Patient", id_) for id_ in _ids(value))


def _identifiers(request: FhirRequest, target: Target) -> Iterator[str]:
    """Yield patients' identifiers, searched by or chained to; one without a value names nobody."""
    for name, value in request.parameters:
        own = name == "identifier" and target.type == "Patient"
        if own or _CHAINED.fullmatch(name):
            asked = token.asked("", split(value, ","))
            yield from asked.values if isinstance(asked, AnyOf) else ()


def _ids(value: str) -> Iterator[str]:
    return (one for one in value.split(",") if _ID.fullmatch(one))
