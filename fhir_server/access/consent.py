"""FHIR Consent as what it withholds: a rule beside the resource, and the Condition it comes to.

A Consent of scope patient-privacy that is active counts. Its provisions nest: one inside another is
an exception to it; of two beside each other the one that denies wins, and so does a Consent that
denies over one that permits. What cannot be judged here narrows a permit and never a denial.
https://hl7.org/fhir/R4/consent.html
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from fhir_server.fhir.dates import FOR_EVER, FOREVER_AGO, date_range
from fhir_server.fhir.errors import Invalid
from fhir_server.fhir.reference import target
from fhir_server.search.place import Place
from fhir_server.search.types.token import entries

Resource = Mapping[str, Any]
# A provision in the index: `deny`, and each list of what it is about that it has; see `_provision`.
Rule = dict[str, Any]

SCOPE = "http://terminology.hl7.org/CodeSystem/consentscope|patient-privacy"
CLASSES = "http://hl7.org/fhir/resource-types"

_OPT_OUT = frozenset({"OPTOUT", "OPTOUTE"})
_READING = frozenset({"access", "use", "disclose"})
# A caller is known by these; whether somebody is in a Group or CareTeam is not asked.
_KNOWN = ("Organization", "Practitioner", "Patient", "RelatedPerson")
_DEEPEST = 8


def rule(resource: Resource, place: Place) -> Rule | None:
    """Give what a well-made Consent withholds, as it stands in the index; None for nothing.

    The rule has besides the root provision's parts `patient`, an id.
    """
    if resource["resourceType"] != "Consent" or resource.get("status") != "active":
        return None
    if SCOPE not in _tokens([resource.get("scope", {})]):
        return None
    patient = _target(resource.get("patient"), place)
    if not patient.startswith("Patient/"):
        return None
    root = resource.get("provision", {})
    policies = {one.get("code") for one in resource.get("policyRule", {}).get("coding", ())}
    denied = root.get("type") == "deny" if "type" in root else bool(policies & _OPT_OUT)
    found = _provision(root, place, deny=denied, depth=0)
    return {"patient": patient.removeprefix("Patient/"), **found} if _denies(found) else None


def _denies(provision: Rule) -> bool:
    return provision["deny"] or any(map(_denies, provision.get("but", ())))


def _provision(given: Resource, place: Place, *, deny: bool, depth: int) -> Rule:
    """Give the parts of a provision, those it has: all of them have to be met.

    `period`, `data_period`: [low, high) in µs; `actors`: as `caller_names` gives them; `purposes`;
    `classes`; `codes` and `labels`: index strings; `data`: `Type/id` of single resources;
    `but`: its exceptions. `unsure` counts what is not judged here.
    """
    found: Rule = {"deny": deny}
    unsure: list[str] = []
    for name, (element, read) in _PARTS.items():
        if element in given:
            values, sure = read(given[element], place)
            if values:
                found[name] = values
            if not sure:
                unsure.append(name)
    if not deny and "action" in given and not _READING & _codes(given["action"]):
        unsure.append("actions")
    below = given.get("provision", ())
    if below and depth < _DEEPEST:
        found["but"] = [
            _provision(one, place, deny=one.get("type") != "permit", depth=depth + 1)
            for one in below
        ]
    elif below:
        # So deep a rule is not read: it is taken for a denial.
        found["deny"] = True
    return found | ({"unsure": unsure} if unsure else {})


def caller_names(
    user: str, client: str, organisations: Iterable[str], facilities: Iterable[str]
) -> frozenset[str]:
    """Give what an actor may be named by: `Type/id`, or `*|value` of an identifier."""
    named = {user, *(f"Organization/{one}" for one in organisations)} - {""}
    return frozenset({*named, *(f"*|{one}" for one in (client, *facilities) if one)})


Read = tuple[list[Any], bool]


def _period(value: Resource, place: Place) -> Read:
    try:
        low = date_range(value["start"], place.zone)[0] if "start" in value else FOREVER_AGO
        high = date_range(value["end"], place.zone)[1] if "end" in value else FOR_EVER
    except Invalid:
        return [], False
    return [low, high], True


def _actors(values: Sequence[Resource], place: Place) -> Read:
    found, sure = [], True
    for one in values:
        reference = one.get("reference", {})
        name = _target(reference, place)
        number = reference.get("identifier", {}).get("value")
        if name.partition("/")[0] in _KNOWN:
            found.append(name)
        elif not name and number:
            found.append(f"*|{number}")
        else:
            sure = False
    return found, sure


def _purposes(values: Sequence[Resource], _place: Place) -> Read:
    return sorted(one["code"] for one in values if "code" in one), all("code" in o for o in values)


def _classes(values: Sequence[Resource], _place: Place) -> Read:
    sure = all(one.get("system") == CLASSES and "code" in one for one in values)
    return sorted(one["code"] for one in values if one.get("system") == CLASSES), sure


def _concepts(values: Sequence[Resource], _place: Place) -> Read:
    return _tokens(values), all(_tokens([one]) for one in values)


def _labels(values: Sequence[Resource], _place: Place) -> Read:
    return _tokens([{"coding": values}]), all("code" in one for one in values)


def _data(values: Sequence[Resource], place: Place) -> Read:
    single = [one for one in values if one.get("meaning") == "instance"]
    found = [_target(one.get("reference"), place) for one in single]
    return [one for one in found if one], len(single) == len(values) and all(found)


_PARTS: Mapping[str, tuple[str, Callable[[Any, Place], Read]]] = {
    "period": ("period", _period),
    "data_period": ("dataPeriod", _period),
    "actors": ("actor", _actors),
    "purposes": ("purpose", _purposes),
    "classes": ("class", _classes),
    "codes": ("code", _concepts),
    "labels": ("securityLabel", _labels),
    "data": ("data", _data),
}


def _tokens(concepts: Iterable[Resource]) -> list[str]:
    """Give codes as the index has them; one without a system is one of any."""
    pairs = [
        (one.get("system", ""), one["code"])
        for concept in concepts
        for one in concept.get("coding", ())
        if "code" in one
    ]
    return [
        text
        for system, code in pairs
        for text in entries([(system, code)])
        if text.startswith("*|") != bool(system)
    ]


def _codes(concepts: Iterable[Resource]) -> set[str]:
    return {one["code"] for it in concepts for one in it.get("coding", ()) if "code" in one}


def _target(reference: Any, place: Place) -> str:
    text = reference.get("reference") if isinstance(reference, Mapping) else None
    return target(text, place.base_urls) if isinstance(text, str) else ""


def provisions(rule_: Rule) -> Iterator[Rule]:
    """Yield a rule's provision and all that are in it."""
    yield rule_
    for one in rule_.get("but", ()):
        yield from provisions(one)
