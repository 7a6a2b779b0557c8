"""A part of a resource: what `_summary` and `_elements` leave of it, marked SUBSETTED.

https://hl7.org/fhir/R4/search.html#summary
https://hl7.org/fhir/R4/search.html#elements
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fhir_server.fhir.errors import Invalid, Issue, Unprocessable
from fhir_server.spec.structures import Element, Structures

SUMMARIES = ("true", "text", "data", "count", "false")
SUBSETTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
    "display": "Resource encoded in summary mode",
}
Resource = dict[str, Any]

_ALWAYS = frozenset({"id", "meta"})
# Types that are kept whole or not at all: a part of them says nothing.
_WHOLE = frozenset({"Extension", "Meta", "Narrative"})
_BUNDLES = frozenset({"searchset", "history", "batch-response", "transaction-response"})


@dataclass(frozen=True, slots=True)
class Subset:
    """What is asked for: a `summary` of true, text or data, or else `elements`.

    `elements` maps a type to the names of its root elements; the type "" is every type.
    """

    summary: str = ""
    elements: Mapping[str, frozenset[str]] = field(default_factory=dict)


def elements_of(structures: Structures, types: Iterable[str], text: str) -> Subset:
    """Read `_elements=identifier,Patient.name`: root elements of one of the types, without `[x]`.

    Raises Invalid with an issue for each name that is none.
    """
    known = {type_: {one.name for one in structures.elements(type_)} for type_ in types}
    wanted: dict[str, set[str]] = {}
    wrong = []
    for given in text.split(","):
        type_, _, name = given.strip().rpartition(".")
        name = name.removesuffix("[x]")
        among = [known[type_]] if type_ in known else [] if type_ else known.values()
        if not any(name in names for names in among):
            wrong.append(_no_element(given))
        wanted.setdefault(type_, set()).add(name)
    if wrong:
        raise Invalid(issues=wrong)
    return Subset(elements={type_: frozenset(names) for type_, names in wanted.items()})


def _no_element(given: str) -> Issue:
    told = f"_elements={given[:64]!r}: not a root element here, such as `name` or `Patient.name`."
    return Issue("not-supported", told)


def in_bundle(structures: Structures, bundle: Resource, subset: Subset) -> Resource:
    """Give the Bundle of an answer with its entries' resources cut; `_elements` spares includes.

    A Bundle that is no answer, such as a document, is given back as it is.
    """
    if bundle.get("type") not in _BUNDLES:
        return bundle
    spared = {"outcome"} if subset.summary else {"outcome", "include"}
    entries = [
        entry
        if "resource" not in entry or entry.get("search", {}).get("mode") in spared
        else {**entry, "resource": cut(structures, entry["resource"], subset)}
        for entry in bundle.get("entry", ())
    ]
    return {**bundle, "entry": entries} if entries else bundle


def cut(structures: Structures, resource: Resource, subset: Subset) -> Resource:
    """Give the part of the resource that is asked for, with the tag SUBSETTED.

    Its type, id, meta, mandatory and modifier elements always stay. An OperationOutcome, and a
    type `_elements` says nothing of, are given back as they are.
    """
    type_ = resource["resourceType"]
    wanted = subset.elements.get(type_, frozenset()) | subset.elements.get("", frozenset())
    if type_ == "OperationOutcome" or not (subset.summary or wanted):
        return resource
    if subset.summary == "true":
        kept = _summary(structures, type_, resource)
    else:
        stays = _RULES.get(subset.summary, lambda element: element.name in wanted)
        kept = {
            name: value for name, value in resource.items() if _root(structures, type_, name, stays)
        }
    head = {"resourceType": type_, "id": resource.get("id"), "meta": _tagged(resource)}
    kept = {**head, **kept, "meta": head["meta"]}
    return {name: value for name, value in kept.items() if value is not None}


_RULES: Mapping[str, Callable[[Element], bool]] = {
    "data": lambda element: element.name != "text",
    "text": lambda element: element.name == "text",
}


def _root(structures: Structures, type_: str, name: str, stays: Callable[[Element], bool]) -> bool:
    key = structures.keys(type_).get(name.removeprefix("_"))
    if key is None:
        return name == "resourceType"
    return key.key in _ALWAYS or _needed(key.element) or stays(key.element)


def _needed(element: Element) -> bool:
    return element.min > 0 or element.modifier


def _summary(structures: Structures, content: str, value: Resource) -> Resource:
    """Give the elements that are in the summary, and of those the parts that are."""
    keys = structures.keys(content)
    kept: Resource = {}
    for name, inner in value.items():
        key = keys.get(name.removeprefix("_"))
        if key is None or not (key.element.summary or _needed(key.element)):
            continue
        part = inner if name.startswith("_") else _parts(structures, key.content, inner)
        # What is mandatory and has nothing in the summary is not taken out.
        part = part or (inner if _needed(key.element) else part)
        if part not in ({}, []):
            kept[name] = part
    return kept


def _parts(structures: Structures, content: str, value: Any) -> Any:
    if isinstance(value, list):
        parts = [_parts(structures, content, one) for one in value]
        return [part for part in parts if part != {}]
    if not isinstance(value, dict) or content in _WHOLE:
        return value
    if "resourceType" in value:
        return cut(structures, value, Subset("true"))
    return _summary(structures, content, value)


def _tagged(resource: Resource) -> Resource:
    meta = resource.get("meta", {})
    tags = meta.get("tag", [])
    return meta if _marked(tags) else {**meta, "tag": [*tags, SUBSETTED]}


def _marked(tags: Iterable[Mapping[str, Any]]) -> bool:
    code, system = SUBSETTED["code"], SUBSETTED["system"]
    return any(tag.get("code") == code and tag.get("system") == system for tag in tags)


def refuse_subset(resource: Resource) -> None:
    """Raise Unprocessable where a well-made resource says it is only a part of itself."""
    if _marked(resource.get("meta", {}).get("tag", ())):
        raise Unprocessable(
            "The resource is tagged SUBSETTED: storing it would lose what was left out. "
            "Read it without _summary and _elements, and change that.",
            expression=f"{resource['resourceType']}.meta.tag",
        )
